# SPDX-License-Identifier: Apache-2.0
"""Types of the kernel in scripts: curtask and what it leads to, compared with what the process says
of itself, with /proc and with bpftrace."""

import json
import os
import platform
import re

from harness import cases

BTF = "/sys/kernel/btf/vmlinux"


def need(t):
    t.need_root()
    if not os.path.exists(BTF):
        t.skip("this kernel does not tell its types")


def said(t, text, *args):
    """What a script's BEGIN prints, line by line."""
    need(t)
    return t.stoat("-q", *args, "-e", f"BEGIN {{ {text} exit() }}").out.splitlines()


def seen(t, action, *args, program="tls.c"):
    """(words of the program, lines of the script) of a uprobe on look()."""
    need(t)
    if platform.machine() != "x86_64":
        t.skip("the program is of x86-64")
    path = t.c(program)
    out = os.path.join(t.tmp, "out")
    r = t.stoat("-q", "-o", out, *args, "-c", path, "-e", f"uprobe:{path}:look {{ {action} }}")
    with open(out, encoding="utf-8") as f:
        return r.out.split(), f.read().splitlines()


# --- the task ---


def test_task_is_the_process(t):
    words, lines = seen(
        t,
        'printf("%d %d %d\\n", curtask->tgid, curtask->real_parent->tgid, curtask->pid);'
        "print(curtask->comm); print(((struct task_struct *)curtask)->group_leader->pid);",
    )
    t.eq(lines, [" ".join(words[:3]), "tls of stoat", words[0]])


def test_thread_pointer_leads_to_the_programs_memory(t):
    words, lines = seen(
        t, "$tls = curtask->thread.fsbase; print($tls); $g = *(uint64 *)($tls - 8); print($g);"
    )
    t.eq(lines, words[3:5])


def test_goroutine_is_below_the_thread_pointer(t):
    """Go keeps it there, and since 1.17 in R14, too."""
    need(t)
    path = t.go("tiny", "1.24")
    text = '$g = *(uint64 *)(curtask->thread.fsbase - 8); print($g == reg("r14") && $g != 0);'
    r = t.stoat("-q", "-c", path, "-e", f"uprobe:{path}:main.main {{ {text} exit() }}")
    t.check("true" in r.out.splitlines(), r.out)


def test_pointer_of_the_kernel_stays_one(t):
    words, lines = seen(
        t,
        "$t = (struct task_struct *)curtask;"
        "print(((struct task_struct *)kptr((uint64)$t))->pid);"
        "@t = $t; print(@t->pid); $pp = (struct task_struct *)$t->group_leader; print($pp->pid);",
    )
    t.eq(lines[:3], [words[0]] * 3)


def test_struct_of_the_program_comes_first(t):
    _, lines = seen(t, "print(sizeof(struct pid)); print(((struct pid *)arg1)->second);")
    t.eq(lines, ["8", "2"])
    need(t)
    t.check(int(said(t, "print(sizeof(struct pid));")[0]) > 8, "the kernel's own is larger")


def test_struct_of_the_script_comes_before_the_kernels(t):
    need(t)
    own = "struct task_struct { int a; int b; }; "
    r = t.stoat("-q", "-e", own + "BEGIN { print(sizeof(struct task_struct)); $x = curtask->b; exit() }")
    t.eq(r.out, "8\n")
    r = t.stoat("-e", own + "BEGIN { print(curtask->pid) }", rc=1)
    t.check("struct task_struct has no field 'pid'" in r.err, r.err)


# --- values of every kind ---


def test_values_of_every_kind(t):
    lines = said(
        t,
        """
        $t = curtask;
        print($t->nsproxy->uts_ns->name.nodename);
        print($t->cpus_mask.bits[0] == $t->cpus_ptr->bits[0]);
        print(str($t->mm->exe_file->f_path.dentry->d_name.name));
        print($t->signal->pids[1]->numbers[0].nr == pid || $t->signal->pids[1]->level > 0);
        print(($t->comm, strlen($t->comm), $t->comm == "stoat"));
        print((enum pid_type)1);
        print(sizeof(struct list_head)); print(sizeof(enum pid_type)); print(sizeof(union sigval));
        print(offsetof(struct list_head, prev)); print(sizeof(dev_t)); print((dev_t)7);
        print($t->se.load); print(typename($t->se)); print($t->real_parent != $t);
        """,
    )
    name = os.path.basename(t.stoat_path)
    head = [platform.node(), "true", name, "true", f"({name}, {len(name)}, {str(name == 'stoat').lower()})"]
    t.eq(lines[:5], head)
    t.eq(lines[5:12], ["PIDTYPE_TGID", "16", "4", "8", "8", "4", "7"])
    t.check(re.fullmatch(r"\{ \.weight = \d+, \.inv_weight = \d+ \}", lines[12]), lines[12])
    t.eq(lines[13:], ["struct sched_entity", "true"])


def test_bit_fields(t):
    lines = said(
        t,
        "$t = curtask; print($t->in_execve); print($t->sched_reset_on_fork); $b = $t->in_execve + 5; print($b);",
    )
    t.eq(lines, ["0", "0", "5"])


def test_maps_and_variables_keep_them(t):
    need(t)
    r = t.stoat(
        "-q",
        "-f",
        "json",
        "-e",
        "BEGIN { @name[curtask->comm] = curtask->tgid; @task = curtask; $s = curtask->se; "
        "@load = $s.load; @id = @task->tgid; let $x : struct task_struct *; $x = @task; "
        "@same = $x->tgid == pid; exit() }",
    )
    maps = {}
    for line in r.out.splitlines():
        maps.update(json.loads(line).get("data", {}))
    (pid,) = maps["@name"].values()
    t.eq(maps["@id"], pid)
    t.check(maps["@load"]["weight"] > 0, maps)
    t.check(maps["@same"] in (1, True), maps)


def test_struct_of_the_script_holds_the_kernels(t):
    lines = said_with(
        t,
        "struct mine { struct list_head l; int x; struct task_struct *t; struct list_head two[2]; dev_t d; };",
        "print(sizeof(struct mine)); print(offsetof(struct mine, x)); print(offsetof(struct mine, d)); "
        "if (0) { print(((struct mine *)1)->t->pid); }",
    )
    t.eq(lines, ["72", "16", "64"])


def test_struct_that_the_script_only_names(t):
    own = "struct task_holder { struct task_struct *t; };"
    lines = said_with(
        t,
        own,
        "$h = (struct task_holder *)kptr((uint64)curtask + offsetof(struct task_struct, group_leader)); "
        "print($h->t->tgid == pid); $all = *$h->t; print($all.tgid == pid); print($h->t[0].tgid == pid); "
        "print($all.real_parent->tgid == ppid);",
    )
    t.eq(lines, ["true"] * 4)


def said_with(t, types, text):
    need(t)
    return t.stoat("-q", "-e", f"{types} BEGIN {{ {text} exit() }}").out.splitlines()


# --- compared with bpftrace ---


@cases(
    [
        "print(((struct task_struct *)curtask)->comm)",
        "print(((struct task_struct *)curtask)->static_prio)",
        "print(((struct task_struct *)curtask)->policy)",
        "print(((struct task_struct *)curtask)->nsproxy->uts_ns->name.release)",
        "print(((struct task_struct *)curtask)->thread.tls_array[0].limit0)",
        "print(((struct task_struct *)curtask)->cpus_mask.bits[0])",
        "print(((struct task_struct *)curtask)->real_parent->real_parent->real_parent->tgid >= 0)",
        "print(sizeof(struct task_struct))",
        "print(sizeof(struct file))",
    ]
)
def test_as_bpftrace(t, action):
    need(t)
    bpftrace = t.need_tool("bpftrace")
    path = t.c("tls.c")
    script = f"uprobe:{path}:look {{ {action}; exit() }}"
    out = os.path.join(t.tmp, "out")

    def lines(tool):
        r = t.sh(tool, "-q", "-o", out, "-e", script, "-c", path, rc=None)
        with open(out, encoding="utf-8") as f:
            return r, [line.replace("true", "1") for line in f.read().splitlines() if line]

    # On a busy machine an old bpftrace sees its child end before it has read the event.
    for _ in range(5):
        r, theirs = lines(bpftrace)
        if r.rc != 0:
            t.skip("bpftrace cannot: " + r.err.strip().splitlines()[-1])
        if theirs:
            break
    else:
        t.skip("bpftrace has seen nothing")
    t.eq(lines(t.stoat_path)[1], theirs)


# --- mistakes ---


def refused(t, text, *words):
    r = t.stoat("-e", text, rc=1)
    for w in words:
        t.check(w in r.err, f"{w!r} in {r.err}")
    return r.err


def test_unknown_names_have_near_ones(t):
    need(t)
    err = refused(
        t, "BEGIN { print(curtask->pidd) }", "struct task_struct has no field 'pidd'", "near: pid"
    )
    t.check("\n                         ^~~~\n" in err, err)
    refused(t, "BEGIN { $x = (struct task_strukt *)1 }", "unknown type 'struct task_strukt'", "struct task_struct")
    refused(t, "BEGIN { print(sizeof(union task_struct)) }", "unknown type 'union task_struct'")
    refused(t, "BEGIN { print(curtask->se.load.wait) }", "struct load_weight has no field 'wait'")


def without(t, content, *args, rc=0):
    """stoat where the kernel's file of types is that, or none."""
    t.need_root()
    t.need_tool("unshare")
    folder = os.path.join(t.tmp, "btf")
    os.makedirs(folder, exist_ok=True)
    if content is not None:
        t.file("btf/vmlinux", content)
    script = f'mount --bind "{folder}" /sys/kernel/btf && exec "$@"'
    return t.sh("unshare", "-m", "sh", "-c", script, "sh", t.stoat_path, *args, rc=rc)


def test_kernel_without_types(t):
    need(t)
    for text, word in (
        ("BEGIN { print(curtask->pid) }", "has no field 'pid'"),
        ("BEGIN { print(sizeof(struct task_struct)) }", "unknown type 'struct task_struct'"),
        ("struct s { struct task_struct *t; }; BEGIN { print(((struct s *)1)->t->pid) }", "is not defined"),
    ):
        err = without(t, None, "-e", text, rc=1).err
        t.eq(err.count("error:"), 1)
        for w in (word, "^", "does not tell its types", BTF, "define it before the first probe: struct task_struct"):
            t.check(w in err, f"{w!r} in {err}")
    r = without(
        t, None, "-q", "-e", "struct task_struct { int a; }; BEGIN { print(sizeof(*curtask)); print(curtask != 0); exit() }"
    )
    t.eq(r.out, "4\ntrue\n")
    t.eq(without(t, None, "-q", "-e", "BEGIN { print(curtask != 0); exit() }").out, "true\n")


def test_kernel_with_damaged_types(t):
    need(t)
    with open(BTF, "rb") as f:
        whole = f.read()
    for content in (b"", b"x", whole[:1000000], bytes(len(whole))):
        err = without(t, content, "-e", "BEGIN { print(curtask->pid) }", rc=1).err
        t.check("does not tell its types" in err and BTF in err, err)


# --- nothing is read before it is needed ---


def opens(t, text):
    out = os.path.join(t.tmp, "strace")
    strace = [t.need_tool("strace"), "-f", "-o", out, "-e", "trace=openat,open"]
    # A build with AddressSanitizer cannot look for leaks there.
    t.sh(*strace, t.stoat_path, "-d", "types", "-e", text, env={"ASAN_OPTIONS": "detect_leaks=0"})
    with open(out, encoding="utf-8") as f:
        return f.read().count(BTF)


def test_types_are_read_once_and_only_when_needed(t):
    need(t)
    t.eq(opens(t, "struct s { int a; }; BEGIN { $x = (struct s *)1; print(pid); print($x->a) }"), 0)
    t.eq(opens(t, "BEGIN { print(curtask->pid); print(sizeof(struct file)) }"), 1)
