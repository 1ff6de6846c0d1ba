# SPDX-License-Identifier: Apache-2.0
"""The commands of the articles that stoat starts from, as somebody who has read them types them:
offsets found by hand in a disassembly, sarg0, reg("ax"), words on the stack. The programs have the
articles' functions; Go 1.15 passes arguments on the stack, the others in registers."""

import os
import re
import shutil
import signal
import subprocess
import time

from harness import cases, timeout

STACK = "1.15"
REGISTERS = ["1.19", "1.24", "1.27"]
ALL = [STACK, *REGISTERS]
INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\t(?:[0-9a-f]{2} )+\s*\t(\S+)\s*(.*)")
SECONDS = 60


class Instruction:
    def __init__(self, offset, name, operands):
        self.offset = offset
        self.name = name
        self.operands = operands


def disassemble(t, path, function):
    """What `objdump --disassemble=FUNCTION` shows, with offsets from the function's start."""
    t.need_tool("objdump")
    out = t.sh("objdump", "-w", "--disassemble=" + function, path).out
    found = [m for m in map(INSTRUCTION.fullmatch, out.splitlines()) if m]
    t.check(found, f"{function} is in {path}")
    start = int(found[0].group(1), 16)
    return [Instruction(int(m.group(1), 16) - start, m.group(2), m.group(3)) for m in found]


def returns(t, path, function):
    return [i.offset for i in disassemble(t, path, function) if i.name.startswith("ret")]


def place(t, path, name):
    """Puts a program where the article has it."""
    target = os.path.join(t.tmp, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(path, target)
    return target


def go(t, program, version, name):
    return place(t, t.go(program, version, "nol"), name)


def stoat(t, *args, rc=0, stdin=None, env=None):
    return t.sh(t.stoat_path, *args, rc=rc, stdin=stdin, env=env, cwd=t.tmp, seconds=SECONDS)


def lines_with(out, start):
    return [line for line in out.splitlines() if line.startswith(start)]


def as_bpftrace(t):
    """An environment in which `bpftrace` is stoat."""
    os.makedirs(os.path.join(t.tmp, "alias"))
    os.symlink(t.stoat_path, os.path.join(t.tmp, "alias", "bpftrace"))
    return {"PATH": os.path.join(t.tmp, "alias") + ":" + os.environ["PATH"]}


class Tracer:
    """A tracer in one terminal, for programs in another one."""

    def __init__(self, t, args, env=None):
        self.t = t
        self.err = os.path.join(t.tmp, "tracer.err")
        with open(self.err, "wb") as err:
            self.process = subprocess.Popen(
                args, cwd=t.tmp, env=dict(os.environ, **(env or {})), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=err, text=True,
            )
        self.wait_until_attached()

    def messages(self):
        with open(self.err, encoding="utf-8") as f:
            return f.read()

    def wait_until_attached(self):
        deadline = time.monotonic() + 30
        while "ttached" not in self.messages():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                self.t.fail(f"it does not attach:\n{self.messages()}")
            time.sleep(0.02)

    def interrupt(self):
        """Ctrl-C; gives what it has printed."""
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=30)
        self.t.eq(self.process.returncode, 0, f"its exit status\n{self.messages()}")
        return out


# --- challenges-of-bpf-tracing-go.md ---

SUM = """#!/usr/bin/env bpftrace

uprobe:./sum:"sum"
{
    printf("args: %d + %d\\n", arg0, arg1);
}

uretprobe:./sum:"sum"
{
    printf("result: %d\\n", reg("ax"));
}
"""


def test_sum_script(t):
    t.need_root()
    place(t, t.c("plus.c"), "sum")
    path = t.file("sum.bt", SUM)
    os.chmod(path, 0o755)
    tracer = Tracer(t, ["./sum.bt"], as_bpftrace(t))
    t.eq(t.sh("./sum", "2", "3", cwd=t.tmp).out, "5\n")
    t.eq(t.sh("./sum", "20", "-21", cwd=t.tmp).out, "-1\n")
    out = tracer.interrupt()
    t.eq(out.split("\n")[:2], ["args: 2 + 3", "result: 5"])
    t.eq(out.split("\n")[2], "args: 20 + -21")


SWAP_STACK = """#!/usr/bin/env bpftrace

uprobe:./swapper:"main.swap"
{
    printf("swapping \\"%s\\" and \\"%s\\"\\n",
        str(sarg0, sarg1), str(sarg2, sarg3));
}

uprobe:./swapper:"main.swap"+OFFSET
{
    printf("results: \\"%s\\" and \\"%s\\"\\n",
        str(*(reg("sp")+0x28), *(reg("sp")+0x30)),
        str(*(reg("sp")+0x38), *(reg("sp")+0x40))
        )
}
"""

SWAP_REGISTERS = """#!/usr/bin/env bpftrace

uprobe:./swapper:"main.swap"
{
    printf("swapping \\"%s\\" and \\"%s\\"\\n",
      str(reg("ax")), str(reg("cx")));
}

uprobe:./swapper:"main.swap"+OFFSET
{
    printf("results: \\"%s\\" and \\"%s\\"\\n",
      str(reg("ax")), str(reg("cx")));
}
"""


@cases(ALL)
def test_swapper(t, version):
    t.need_root()
    path = go(t, "swapper", version, "swapper")
    offset = returns(t, path, "main.swap")[-1]
    script = SWAP_STACK if version == STACK else SWAP_REGISTERS
    t.file("swapper.bt", script.replace("OFFSET", str(offset)))
    r = stoat(t, "swapper.bt", "-c", "./swapper hello go")
    want = ["go hello", 'results: "go" and "hello"', 'swapping "hello" and "go"']
    t.eq(sorted(line for line in r.out.splitlines() if line), want)


@cases(REGISTERS)
def test_swapper_uretprobe(t, version):
    """As the article tries it first: the kernel's uretprobe breaks Go programs, stoat's is another one."""
    t.need_root()
    go(t, "swapper", version, "swapper")
    script = 'uretprobe:./swapper:"main.swap" { printf("%s\\n", str(reg("ax"))); }'
    r = stoat(t, "-q", "-e", script, "-c", "./swapper hello go")
    t.eq(sorted(r.out.split("\n")), ["", "go", "go hello"])


@cases(ALL)
def test_swapper_by_name(t, version):
    t.need_root()
    go(t, "swapper", version, "swapper")
    script = '''uretprobe:./swapper:main.swap { printf("swap(%s, %s) = (%s, %s)\\n", args.x, args.y, retval.0, retval.1) }'''
    r = stoat(t, "-q", "-e", script, "-c", "./swapper hello go")
    t.eq(sorted(r.out.split("\n")), ["", "go hello", "swap(hello, go) = (go, hello)"])


STACKER = """#!/usr/bin/env bpftrace

uprobe:./stacker:"main.stacker"+OFFSET
{
    printf("result: \\"%s\\"\\n", str(reg("ax")));
}
"""


@cases(REGISTERS)
@timeout(180)
def test_stacker(t, version):
    """A stack that moves while the function runs: the offset of its RET is safe."""
    t.need_root()
    path = go(t, "stacker", version, "stacker")
    offset = returns(t, path, "main.stacker")[0]
    t.file("stacker.bt", STACKER.replace("OFFSET", str(offset)))
    r = stoat(t, "stacker.bt", "-c", "./stacker 200000")
    text = f"hello: {200000 * 199999}"
    t.check(f"{text}\n" in r.out, f"the program ends well\n{r.describe()}")
    t.check(f'result: "{text}' in r.out, f"its result is seen\n{r.describe()}")


@cases(ALL)
def test_stacker_by_name(t, version):
    """The stack moves between the two: n is its value at the entry."""
    t.need_root()
    go(t, "stacker", version, "stacker")
    script = 'uretprobe:./stacker:main.stacker { printf("%d: %s\\n", args.count, retval) }'
    r = stoat(t, "-q", "-e", script, "-c", "./stacker 200000")
    text = f"hello: {200000 * 199999}"
    t.eq(sorted(r.out.split("\n")), ["", f"200000: {text}", text])


APPLY = "example.com/orch/nomad.(*nomadFSM).Apply"
LATENCY = """
uprobe:./bin/nomad:"{name}"+{offset:#x}
{{
  @usecs = hist((nsecs - @start[{key}]) / 1000);
  delete(@start[{key}]);
}}
"""


def nomad_script(key, offsets):
    """As the article's shell script writes it, one clause for each RET."""
    text = (
        "#!/usr/bin/env bpftrace\n/*\nGet Nomad FSM.Apply latency\n*/\n"
        f'\nuprobe:./bin/nomad:"{APPLY}"\n{{\n  @start[{key}] = nsecs;\n}}\n'
    )
    return text + "".join(LATENCY.format(name=APPLY, offset=o, key=key) for o in offsets)


@cases(ALL)
@timeout(180)
def test_nomad_latency(t, version):
    t.need_root()
    path = go(t, "nomad", version, "bin/nomad")
    offsets = returns(t, path, APPLY)
    t.check(len(offsets) >= 50, f"Apply has fifty returns, {len(offsets)} seen")
    t.file("nomad.bt", nomad_script("str(*sarg1)" if version == STACK else "tid", offsets))
    r = stoat(t, "nomad.bt", "-c", "./bin/nomad")
    t.check("100\n" in r.out, f"the program counts its calls\n{r.describe()}")
    rows = re.findall(r"^[\[(].*\s(\d+) \|", r.out, flags=re.M)
    t.eq(sum(map(int, rows)), 100, f"calls in the histogram\n{r.out}")
    t.check("@start" not in r.out, f"each start has found its end\n{r.out}")


@cases(ALL)
def test_nomad_in_one_line(t, version):
    """The histogram is that of the program, which measures around the calls: nearly every call is in
    the same row, and there are as many."""
    t.need_root()
    go(t, "nomad", version, "bin/nomad")
    script = 'uretprobe:./bin/nomad:"*nomadFSM).Apply" { @us = hist(duration / 1000) }'
    r = stoat(t, "-e", script, "-c", "./bin/nomad work")
    own = {int(low): int(n) for low, n in re.findall(r"^us (\d+) (\d+)$", r.out, flags=re.M)}
    got = {size_of(low): int(n) for low, n in re.findall(r"^[\[(](\w+).*\s(\d+) \|", r.out, flags=re.M)}
    t.eq((sum(own.values()), sum(got.values())), (100, 100), "calls in both")
    apart = sum(abs(own.get(low, 0) - got.get(low, 0)) for low in own | got) // 2
    t.check(apart <= 5 and len(own) >= 4, f"{apart} calls in other rows\n{r.out}")


def size_of(text):
    return int(text[:-1]) * 1024 if text.endswith("K") else int(text)


# --- bpftrace-on-go.md ---

PUT = "example.com/store/vault.(*BarrierView).Put"


def test_first_argument(t):
    t.need_root()
    go(t, "vault", STACK, "bin/vault")
    name = "example.com/store/vault.Plain"
    script = f'uprobe:./bin/vault:{name} {{\n    printf("%d\\n", sarg0)\n}}'
    r = stoat(t, "-e", script, "-c", "./bin/vault")
    t.eq(sorted(r.out.split()), ["11", "3", "66"])


def test_structure_by_value(t):
    t.need_root()
    go(t, "vault", STACK, "bin/vault")
    script = 'uprobe:./bin/vault:*.Plain { printf("%d %d %d\\n", sarg0, sarg1, sarg2) }'
    r = stoat(t, "-e", script, "-c", "./bin/vault")
    t.check("11 22 33\n" in r.out, f"the words of the structure\n{r.describe()}")


STORAGE = """
    struct storage_entry {
        char* key;
        uint64_t klen;
        char* value;
        uint64_t vlen;
        uint64_t vcap;
    };

    // ENTRY is *StorageEntry
    uprobe:./bin/vault:"%(name)s" {
        printf(
            "BarrierView.Put: %%s\\n",
            str(
                ((struct storage_entry*)ENTRY)->key,
                ((struct storage_entry*)ENTRY)->klen
            )
        );
    }

    uprobe:./bin/vault:"%(name)s" {
        printf(
            "BarrierView.Put: %%s\\n",
            str(
                ((struct storage_entry*)ENTRY)->value,
                ((struct storage_entry*)ENTRY)->vlen
            )
        );
    }
"""


@cases(ALL)
def test_vault_put(t, version):
    t.need_root()
    go(t, "vault", version, "bin/vault")
    entry = "sarg3" if version == STACK else 'reg("di")'
    script = STORAGE.replace("ENTRY", entry) % {"name": PUT}
    r = stoat(t, "-e", script, "-c", "./bin/vault", env={"BPFTRACE_STRLEN": "164"})
    found = [line[len("BarrierView.Put: ") :] for line in lines_with(r.out, "BarrierView.Put: ")]
    t.eq(found[0::2], ["key-0", "key-1", "key-2"])
    for i, value in enumerate(found[1::2]):
        start = f'{{"lease_id":"auth/{i}","long":"000'
        t.check(value.startswith(start), f"{value!r} is the start of the value")
        t.check(160 <= len(value) <= 166, f"{len(value)} characters of {value!r}, not all")


@cases(ALL)
def test_vault_by_name(t, version):
    t.need_root()
    go(t, "vault", version, "bin/vault")
    script = f'uprobe:./bin/vault:"{PUT}" {{ printf("%s\\n", args.entry.Key) }}'
    r = stoat(t, "-q", "-e", script, "-c", "./bin/vault")
    t.eq(sorted(r.out.split("\n"))[:4], ["", "3 66", "key-0", "key-1"])
    script = STORAGE.replace("ENTRY", "args.entry") % {"name": PUT}
    r = stoat(t, "-q", "-e", script, "-c", "./bin/vault")
    keys = [line.split()[-1] for line in lines_with(r.out, "BarrierView.Put: key")]
    t.eq(keys, ["key-0", "key-1", "key-2"], "through the article's own structure")


# --- golang-bpf-worker.md ---


@cases(ALL)
def test_worker_times(t, version):
    t.need_root()
    go(t, "worker", version, "bin/worker")
    times = "sarg2" if version == STACK else 'reg("cx")'
    script = f'uprobe:./bin/worker:"main.(*Worker).work"\n{{ printf("times: %d\\n", {times}) }}'
    r = stoat(t, "-e", script, "-c", "./bin/worker")
    t.eq(sorted(lines_with(r.out, "times: ")), [f"times: {i}" for i in range(10)])
    t.check("1035\n" in r.out, "the program's own output")


@cases(ALL)
def test_worker_count(t, version):
    t.need_root()
    go(t, "worker", version, "bin/worker")
    script = 'uprobe:./bin/worker:"main.(*State).Inc" { @count++ } END{ printf("%d\\n", @count); }'
    tracer = Tracer(t, [t.stoat_path, "-e", script])
    t.eq(t.sh("./bin/worker", cwd=t.tmp).out, "1035\n")
    out = tracer.interrupt()
    t.eq(out.split(), ["45", "@count:", "45"])


@cases(ALL)
def test_worker_increments(t, version):
    """The counter in memory, at the instruction that is about to write it."""
    t.need_root()
    path = go(t, "worker", version, "bin/worker")
    code = disassemble(t, path, "main.(*State).Inc")
    store, register = next(
        (after.offset, m.group(2))
        for before, after in zip(code, code[1:])
        if before.name == "inc"
        and (m := re.fullmatch(r"(%\w+),\(%r(\w+)\)", after.operands))
        and m.group(1) == before.operands
    )
    script = (
        f'uprobe:./bin/worker:"main.(*State).Inc"+{store:#x} {{ printf("%d\\n", *reg("{register}")) }}'
    )
    r = stoat(t, "-e", script, "-c", "./bin/worker")
    t.eq(sorted(map(int, r.out.split())), [*range(45), 1035])


@cases(ALL)
def test_worker_results(t, version):
    t.need_root()
    path = go(t, "worker", version, "bin/worker")
    offset = returns(t, path, "main.(*Worker).results")[0]
    values = '*(reg("sp")+0x18), *(reg("sp")+0x20)' if version == STACK else 'reg("bx"), reg("cx")'
    script = f"""uprobe:./bin/worker:"main.(*Worker).results"+{offset:#x}
{{
    printf("len: %d, cap: %d\\n", {values});
}}"""
    r = stoat(t, "-e", script, "-c", "./bin/worker")
    caps = [0, 1, 2, 4, 4, 8, 8, 8, 8, 16]
    t.eq(lines_with(r.out, "len: "), [f"len: {i}, cap: {c}" for i, c in enumerate(caps)])


@cases(ALL)
def test_worker_by_name(t, version):
    t.need_root()
    go(t, "worker", version, "bin/worker")
    script = """uretprobe:./bin/worker:"main.(*State).Inc" { printf("inc %d\\n", retval) }
uretprobe:./bin/worker:"main.(*Worker).results" { printf("%d: len: %d, cap: %d\\n", args.w.id, len(retval), cap(retval)) }
uretprobe:./bin/worker:"main.(*Worker).work" { @[args.times] = count(); @n = max(goid) }"""
    r = stoat(t, "-e", script, "-c", "./bin/worker")
    t.eq(sorted(int(line[4:]) for line in lines_with(r.out, "inc ")), list(range(1, 46)))
    caps = [0, 1, 2, 4, 4, 8, 8, 8, 8, 16]
    t.eq([line for line in r.out.split("\n") if "len: " in line], [f"{i}: len: {i}, cap: {c}" for i, c in enumerate(caps)])
    t.eq(sorted(lines_with(r.out, "@[")), [f"@[{i}]: 1" for i in range(10)])


# --- go-bpf-gen.md: what it writes ---

GENERATED = """
struct g {
	char _padding[152];
	int goid;
};

uprobe:./bin/worker:runtime.execute {
	// map thread id to goroutine id
	$g = (struct g*)(reg("ax"));
	@gids[tid] = $g->goid;
}
END {
	clear(@gids);
}

uprobe:./bin/worker:"main.(*Worker).work" {
	$gid = @gids[tid];
	@start[$gid] = nsecs;
}
"""
GENERATED_EXIT = """

uprobe:./bin/worker:"main.(*Worker).work" + %d {
	$gid = @gids[tid];
	@durations = hist((nsecs - @start[$gid])/1000000);
	delete(@start[$gid]);
}
"""


@cases(["1.19"])
def test_generated_latency(t, version):
    t.need_root()
    path = go(t, "worker", version, "bin/worker")
    exits = returns(t, path, "main.(*Worker).work")
    t.file("test.bt", GENERATED + "".join(GENERATED_EXIT % offset for offset in exits))
    r = stoat(t, "--unsafe", "test.bt", "-c", "./bin/worker")
    rows = re.findall(r"^[\[(].*\s(\d+) \|", r.out, flags=re.M)
    t.eq(sum(map(int, rows)), 10, f"calls in the histogram\n{r.out}")
    t.check("@start" not in r.out and "@gids" not in r.out, f"nothing is left over\n{r.out}")


# --- reading-local-variables.md ---


def test_local_variable(t):
    """A local variable, where the compiler compares it with a constant that the source names."""
    t.need_root()
    path = place(t, t.c("printer.cc"), "printer")
    symbol = "_ZN6events13event_printerEPvS0_i"
    compare = next(
        i for i in disassemble(t, path, symbol) if re.match(r"\$0x7530,%r\w+", i.operands)
    )
    register = compare.operands.partition("%r")[2]
    script = (
        'BEGIN { print("trigger!") }\n'
        f'uprobe:./printer:{symbol}+{compare.offset} {{ print(reg("{register}")); exit() }}\n'
    )
    r = stoat(t, "-", "-c", "./printer", stdin=script)
    found = [line for line in r.out.splitlines() if line and "events" not in line]
    t.eq(found, ["trigger!", "5"])


def test_local_variable_every_time(t):
    t.need_root()
    path = place(t, t.c("printer.cc"), "printer")
    symbol = "_ZN6events13event_printerEPvS0_i"
    code = disassemble(t, path, symbol)
    compare = next(i for i in code if re.match(r"\$0x7530,%r\w+", i.operands))
    register = compare.operands.partition("%r")[2]
    script = f'uprobe:./printer:{symbol}+{compare.offset} {{ printf("id %d\\n", reg("{register}")) }}'
    r = stoat(t, "-e", script, "-c", "./printer")
    ids = [5, 10001, 20002, *range(30001, 30010), 30000]
    t.eq(lines_with(r.out, "id "), [f"id {i}" for i in ids])
