# SPDX-License-Identifier: Apache-2.0
"""Stacks: what ustack tells is what the traced program says of itself, from the first instruction on."""

import json
import os
import re
import signal
import subprocess

from harness import cases, timeout

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]
C_FLAGS = ("-O2", "-g", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls")
ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
FRAME = re.compile(r" {8}(\S.*?)(?:\+(\d+)|( \[inlined\]))?(?:@(\S+):(\d+))?$")
PERF_FRAME = re.compile(r"\t([0-9a-f]+) (\S.*?)(?:\+(\d+)|( \[inlined\]))? \((.*)\)$")


def chains_of(text):
    """number -> the names that the program printed, leaf first."""
    found = {}
    for line in text.splitlines():
        if line.startswith("chain "):
            _, number, *names = line.split()
            found[int(number)] = names
    return found


def stacks_of(text, pattern=FRAME):
    """The stacks in what stoat printed, as lists of matches."""
    stacks, inside = [], False
    for line in text.splitlines():
        m = pattern.match(line)
        if m and not inside:
            stacks.append([])
        if m:
            stacks[-1].append(m)
        inside = bool(m)
    return stacks


def names_of(stack):
    return [m[1] for m in stack]


def need_bpf(t):
    t.need_root()


def trace(t, script, command, *args, rc=0):
    need_bpf(t)
    return t.stoat("-q", *args, "-e", script, "-c", command, rc=rc)


def shown_of(t, path, func):
    return json.loads(t.stoat("show", "-f", "json", path, func).out.splitlines()[0])


def disassembled(t, path, low, high):
    return t.sh("objdump", "-d", "--no-show-raw-insn", f"--start-address={low}", f"--stop-address={high}", path).out


def sites(t, path, func):
    """Offsets in func: its entry, its returns, and an instruction after each call."""
    shown = shown_of(t, path, func)
    start = int(shown["address"], 16)
    code = disassembled(t, path, start, start + shown["size"])
    after, was_call = [], False
    for line in code.splitlines():
        m = re.match(r"\s+([0-9a-f]+):\s+(\S+)", line)
        if m:
            if was_call:
                after.append(int(m[1], 16) - start)
            was_call = m[2].startswith("call")
    exits = [e["offset"] for e in shown["exits"] if e["instruction"] == "ret"]
    return shown["entry"]["offset"], exits, after


def check_chains(t, out, offset=None, exact=True):
    """Every stack equals the chain of the call that it belongs to, in order."""
    want = list(chains_of(out).values())
    got = stacks_of(out)
    t.eq(len(got), len(want), f"number of stacks\n{out}")
    for g, w in zip(got, want):
        names = names_of(g)
        t.eq(names if exact else names[: len(w)], w)
        if offset is not None:
            t.eq(int(g[0][2]), offset)


SCRIPT = 'uprobe:{path}:"{func}"{off} {{ printf("at%s\\n", ustack) }}'


# --- Go ---


@timeout(300)
@cases([(v, f) for v in VERSIONS for f in ("default", "stripped", "pie")])
def test_go_entry(t, version, form):
    path = t.go("chain", version, form)
    r = trace(t, SCRIPT.format(path=path, func="main.leaf", off=""), path)
    check_chains(t, r.out, sites(t, path, "main.leaf")[0])


@timeout(300)
@cases(VERSIONS)
def test_go_returns_and_inside(t, version):
    path = t.go("chain", version)
    _, exits, after = sites(t, path, "main.leaf")
    t.check(exits and after, "sites of main.leaf")
    for off in (*exits, after[0]):
        r = trace(t, SCRIPT.format(path=path, func="main.leaf", off=f"+{off}"), path)
        check_chains(t, r.out, off)


@cases(VERSIONS)
def test_go_every_instruction(t, version):
    """Where the frame is being made and unmade no caller is lost, and none is invented."""
    path = t.go("chain", version)
    shown = shown_of(t, path, "main.leaf")
    start = int(shown["address"], 16)
    code = disassembled(t, path, start, start + shown["size"])
    found = [(int(m[1], 16) - start, m[2]) for m in re.finditer(r"^\s+([0-9a-f]+):\s+(\S+)", code, re.M)]
    entry = shown["entry"]["offset"]
    for off, name in found:
        # What comes before the entry may run twice; what comes behind the return runs when the stack grows.
        if off < entry or name in ("nop", "int3"):
            continue
        r = trace(t, SCRIPT.format(path=path, func="main.leaf", off=f"+{off}"), path)
        check_chains(t, r.out, off)
        if name == "ret":
            break


@cases(VERSIONS)
def test_go_function_without_a_frame(t, version):
    path = t.go("chain", version)
    r = trace(t, SCRIPT.format(path=path, func="main.bare", off=""), path)
    got = [names_of(s) for s in stacks_of(r.out)]
    t.eq(len(got), 2)
    t.eq(got[0][:5], ["main.bare", "main.small", "main.smaller", "main.inlining", "main.everything"])
    t.eq(got[1][:3], ["main.bare", "main.deferring", "main.everything"])


@cases(VERSIONS)
def test_go_many_functions_at_once(t, version):
    """Sites whose frames differ share a program."""
    path = t.go("chain", version)
    script = f"""uprobe:{path}:main.leaf, uprobe:{path}:main.bare, uprobe:{path}:main.d*, uprobe:{path}:main.large
        {{ @[func, ustack(3)] = count(); }}"""
    r = trace(t, script, path)
    got = {m[1]: names_of(stacks_of(m[2])[0]) for m in re.finditer(r"^@\[(\S+), \n((?: {8}.*\n)+)\]", r.out, re.M)}
    t.check(set(got) >= {"main.leaf", "main.bare", "main.direct", "main.deep", "main.deferring", "main.large"}, r.out)
    for func, names in got.items():
        t.eq(names[0], func)
    t.eq(got["main.deferring"][:3], ["main.deferring", "main.everything", "main.main"])
    t.eq(got["main.large"][:2], ["main.large", "main.everything.func2"])


@cases(VERSIONS)
def test_go_map_keys_after_the_program_has_ended(t, version):
    path = t.go("chain", version, "pie")
    r = trace(t, f'uprobe:{path}:"main.leaf" {{ @[ustack] = count(); }}', f"{path} 3")
    want = sorted(" ".join(c) for c in chains_of(r.out).values())
    text = r.out[r.out.index("@[") :]
    got = sorted(" ".join(names_of(s)) for s in stacks_of(text))
    t.eq(got, want)
    t.eq(re.findall(r"^\]: (\d+)$", text, re.M), ["3"] * len(want))


@cases(VERSIONS)
def test_go_lines_on_request(t, version):
    path = t.go("chain", version)
    script = "config = { show_debug_info = true } " + SCRIPT.format(path=path, func="main.leaf", off="")
    r = trace(t, script, path)
    check_chains(t, r.out)
    for stack in stacks_of(r.out):
        t.check(all(m[4] and int(m[5]) > 0 for m in stack), stack)
        t.check(stack[0][4].endswith("/chain/main.go"), stack[0][4])
    inlining = stacks_of(r.out)[1]
    with open("tests/programs/go/chain/main.go", encoding="utf-8") as f:
        source = f.read().splitlines()
    # A frame's line is that of the call.
    for m, words in zip(inlining[1:4], ("leaf(n) + bare(n)", "small(n) * 2", "smaller(n) + 1")):
        t.check(words in source[int(m[5]) - 1], (m[0], words))


def test_go_through_c(t):
    path = t.go("chain", "1.24", "cgo")
    r = trace(t, SCRIPT.format(path=path, func="main.leaf", off=""), path)
    want = list(chains_of(r.out).values())
    got = [names_of(s) for s in stacks_of(r.out)]
    t.eq(got[:7], want[:7])
    t.eq(got[7][:3], ["main.leaf", "main.direct", "main.fromC"])


@cases(["1.15", "1.24"])
def test_modes_and_limits(t, version):
    path = t.go("chain", version)
    bare = SCRIPT.format(path=path, func="main.leaf", off="")
    chains = list(chains_of(trace(t, bare, path).out).values())

    r = trace(t, bare.replace("ustack", "ustack(3)"), path)
    # What Go's compiler puts between a caller and what it calls counts, and is not told.
    for stack, chain in zip(stacks_of(r.out), chains):
        t.check(names_of(stack) == chain[: len(stack)] and len(stack) in (2, 3), names_of(stack))
    t.eq([len(s) for s in stacks_of(r.out)].count(3), len(chains) - (version != "1.15"))
    r = trace(t, bare.replace("ustack", "ustack(1)"), path)
    t.eq([len(s) for s in stacks_of(r.out)], [1] * len(chains))

    r = trace(t, bare.replace("ustack", "ustack(perf)"), path)
    got = stacks_of(r.out, PERF_FRAME)
    t.check([[m[2] for m in s] for s in got if len(s) < 9][:2] == chains[:2], r.out)
    t.check(all(os.path.samefile(m[5], path) for s in got for m in s), got[0][0][0])

    r = trace(t, bare.replace("ustack", "ustack(raw, 4)"), path)
    numbers = [int(line, 16) for line in re.findall(r"^ *([0-9a-f]{5,16})$", r.out, re.M)]
    t.eq(len(numbers), 4 * len(chains), r.out)
    start = int(shown_of(t, path, "main.leaf")["address"], 16)
    t.eq(numbers[0], start + sites(t, path, "main.leaf")[0])


def test_usym_and_func(t):
    path = t.go("chain", "1.24")
    script = f'uprobe:{path}:"main.deep" {{ printf("%s|%s|%s\\n", func, usym(reg("ip")), usym(reg("ip"))) }}'
    r = trace(t, script, path)
    lines = [line for line in r.out.splitlines() if "|" in line]
    t.eq(lines, ["main.deep|main.deep|main.deep"] * 6)
    r = trace(t, f'uprobe:{path}:"main.inlining" {{ @[usym(reg("ip")), func] = count(); }}', path)
    t.check("@[main.inlining, main.inlining]: 1" in r.out, r.out)


def test_many_stacks_in_one_clause(t):
    """The kernel's verifier must not go through their loops in all combinations."""
    need_bpf(t)
    path = t.c("chain.c", *C_FLAGS)
    stacks = ", ".join(f"ustack({n})" for n in (127, 3, 9, 50, 127, 2))
    script = f"uprobe:{path}:deep {{ @[{stacks}] = count(); @[{stacks}] = count(); }}"
    r = t.stoat("-d", "verifier", "-e", script)
    (processed,) = re.findall(r"processed (\d+) insns", r.out + r.err)
    t.check(int(processed) < 200000, processed)


# --- C ---


@cases([("-O2",), ("-O0",), ("-O2", "-no-pie"), ("-O1", "-fcf-protection=branch")])
def test_c_entry(t, *flags):
    path = t.c("chain.c", *C_FLAGS, *flags)
    r = trace(t, SCRIPT.format(path=path, func="leaf", off=""), path)
    check_chains(t, r.out, exact=False)


@cases(["-O2", "-O0"])
def test_c_every_instruction(t, level):
    path = t.c("chain.c", *C_FLAGS, level)
    _, exits, after = sites(t, path, "direct")
    start = 0
    for off in (start, *exits, *after):
        r = trace(t, SCRIPT.format(path=path, func="direct", off=f"+{off}" if off else ""), path)
        (stack,) = stacks_of(r.out)
        t.eq(names_of(stack)[:2], ["direct", "main"], f"at +{off}")


def test_c_map_keys_after_the_program_has_ended(t):
    path = t.c("chain.c", *C_FLAGS)
    r = trace(t, f"uprobe:{path}:leaf {{ @[ustack(8)] = count(); }}", f"{path} 2")
    want = sorted(c[:8] for c in chains_of(r.out).values())
    got = sorted(names_of(s) for s in stacks_of(r.out[r.out.index("@[") :]))
    t.eq([g[: len(w)] for g, w in zip(got, want)], want)


def test_c_lines_and_inlined(t):
    path = t.c("chain.c", *C_FLAGS)
    script = "config = { show_debug_info = true } " + SCRIPT.format(path=path, func="leaf", off="")
    stacks = stacks_of(trace(t, script, path).out)
    t.eq(names_of(stacks[3])[:4], ["leaf", "small", "inlining", "main"])
    t.check(all(m[4].endswith("chain.c") for m in stacks[3][:4]), stacks[3][1][0])


# --- several processes ---


@timeout(200)
def test_two_processes(t):
    """Both have ended when their stacks are printed; the same place at two addresses."""
    need_bpf(t)
    path = t.go("chain", "1.24", "pie")
    script = f'uprobe:{path}:"main.leaf" {{ @[pid, ustack(4)] = count(); @all[ustack(2)] = count(); }}'
    env = dict(os.environ, **{ATTACHED: "1"})
    with subprocess.Popen(
        [t.stoat_path, "-q", "-e", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as p:
        for line in p.stdout:
            if line.strip() == ATTACHED:
                break
        programs = [subprocess.Popen([path, "5"], stdout=subprocess.PIPE, text=True) for _ in range(2)]
        outs = [q.communicate()[0] for q in programs]
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=60)
    t.eq(p.returncode, 0, err)
    for q, said in zip(programs, outs):
        want = sorted(c[:3] for c in chains_of(said).values())
        mine = re.findall(rf"^@\[{q.pid}, \n((?: {{8}}.*\n)+)\]: 5$", out, re.M)
        t.eq(sorted(names_of(stacks_of(text)[0])[:3] for text in mine), want, out)
    t.check("main.leaf+" in out and "0x" not in out, out)


def test_process_that_was_there_before(t):
    """-p: its maps are read while it lives."""
    need_bpf(t)
    path = t.go("chain", "1.24", "pie")
    with subprocess.Popen([path, "100000"], stdout=subprocess.DEVNULL) as q:
        try:
            script = f'uprobe:{path}:"main.leaf" {{ @[ustack(2)] = count(); }} interval:ms:300 {{ exit() }}'
            r = t.stoat("-q", "-p", str(q.pid), "-e", script)
        finally:
            q.kill()
    got = {" ".join(names_of(s)) for s in stacks_of(r.out)}
    t.check("main.leaf main.direct" in got and "main.leaf main.small" in got, r.out)


def test_interval_of_a_busy_program(t):
    """profile: an interrupted program, whose first address is no return address."""
    need_bpf(t)
    path = t.go("calls", "1.24")
    r = trace(t, "profile:hz:997 { @[ustack(20)] = count(); }", f"{path} 400000000")
    t.check("main.main" in {n for s in stacks_of(r.out) for n in names_of(s)}, r.out)


def test_return_probes_have_names_after_the_end(t):
    path = t.c("plus.c")
    script = f"uretprobe:{path}:sum {{ @s[ustack(1)] = count(); @u[usym(reg(\"ip\"))] = count() }}"
    r = t.stoat("-q", "-c", f"{path} 3 4", "-e", script)
    t.eq(r.out.count("main"), 2, "names of the caller")


@cases(["1.15", "1.19", "1.24", "1.27"])
def test_below_a_fault(t, version):
    """The function at whose first instruction a signal came, and not what is before it in the file."""
    t.need_root()
    path = t.go("errands", version)
    r = t.stoat("-q", "-c", f"{path} fault", "-e", f"uprobe:{path}:runtime.gopanic {{ @[ustack] = count(); }}")
    t.check(re.search(r"runtime\.sigpanic\+\d+\n +main\.nilRead\+\d+\n", r.out), r.describe())
    r = t.stoat("stacks", path, "runtime.gopanic", "--folded", "-q", "-c", f"{path} fault")
    t.check("main.nilRead;runtime.sigpanic" in r.out, r.describe())
