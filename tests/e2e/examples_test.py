# SPDX-License-Identifier: Apache-2.0
"""Every script of examples/ runs, and says what the traced program knows."""

import os
import re
import shutil

from harness import ROOT, cases

EXAMPLES = os.path.join(ROOT, "examples")
REGISTERS = ["1.19", "1.24", "1.27"]
CALLS = {"step_one": 3, "step_two": 2, "step_three": 1}


def example(t, name, *args, rc=0):
    """Runs one in a folder with the programs in it; its options come first."""
    t.need_root()
    shutil.copy(t.c("demo.c"), os.path.join(t.tmp, "demo"))
    shutil.copy(t.c("plus.c"), os.path.join(t.tmp, "sum"))
    path = os.path.join(EXAMPLES, name + ".bt")
    return t.sh(t.stoat_path, path, *args, rc=rc, cwd=t.tmp)


def copy_go(t, program, version):
    shutil.copy(t.go(program, version, "nol"), os.path.join(t.tmp, program))


def counts(out, name):
    return {m[1]: int(m[2]) for m in re.finditer(rf"^@{name}\[(.*)\]: (\d+)$", out, flags=re.M)}


def rows(out):
    return sum(int(n) for n in re.findall(r"^[\[(].*\s(\d+) \|", out, flags=re.M))


def test_all_are_here(t):
    """No example without a test."""
    with open(__file__, encoding="utf-8") as f:
        used = set(re.findall(r'example\(\s*t, "([\w-]+)"', f.read()))
    there = {name[: -len(".bt")] for name in os.listdir(EXAMPLES)}
    t.eq(there - used, set(), "examples that no test runs")


def test_calls(t):
    r = example(t, "calls", "-c", "./demo steps", "./demo", "step_*")
    t.eq(counts(r.out, "calls"), CALLS)


def test_latency(t):
    r = example(t, "latency", "-c", "./demo results", "./demo", "outcome")
    t.eq(rows(r.out), 4)


def test_arguments(t):
    r = example(t, "arguments", "-c", "./sum 2 3", "./sum", "sum")
    t.check("{ .a = 2, .b = 3 }\n" in r.out, f"the arguments\n{r.describe()}")
    t.check("5\n" in r.out, "the program's own output")


@cases(REGISTERS)
def test_go_strings(t, version):
    copy_go(t, "swapper", version)
    r = example(t, "go-strings", "-c", "./swapper hello world", "./swapper", "main.swap")
    t.check("hello, world\n" in r.out, f"the arguments\n{r.describe()}")


def test_go_stack_args(t):
    copy_go(t, "swapper", "1.15")
    r = example(t, "go-stack-args", "-c", "./swapper hello world", "./swapper", "main.swap")
    t.check("hello, world\n" in r.out, f"the arguments\n{r.describe()}")


@cases(REGISTERS)
def test_go_struct(t, version):
    copy_go(t, "vault", version)
    r = example(t, "go-struct", "-c", "./vault")
    size = len('{"lease_id":"auth/0","long":""}') + 200
    found = re.findall(r"^key-\d, \d+ bytes$", r.out, flags=re.M)
    t.eq(found, [f"key-{i}, {size} bytes" for i in range(3)])
    t.check(f".count = 3, .average = {size}, .total = {3 * size}" in r.out, f"stats\n{r.out}")


@cases(["1.15", *REGISTERS])
def test_go_calls(t, version):
    copy_go(t, "shop", version)
    r = example(t, "go-calls", "-c", "./shop", "./shop", "main.handle")
    t.eq(len(re.findall(r"^goroutine \d+, \d+ us, main.handle$", r.out, flags=re.M)), 25, r.out)
    t.check(' r: main.request{id: 7, key: "user/7", ' in r.out, f"arguments\n{r.out}")
    t.check('{store: &main.Store{entries: map[string]*main.Entry{"user/0": &{Key: "user/0", ' in r.out, f"what they lead to\n{r.out}")
    t.eq((r.out.count("\ntrue\n"), r.out.count("\nfalse\n")), (20, 5), f"results\n{r.out}")


@cases(["1.15", *REGISTERS])
def test_go_latency(t, version):
    copy_go(t, "nomad", version)
    r = example(t, "go-latency", "-c", "./nomad", "./nomad", "*nomadFSM).Apply")
    t.eq(rows(r.out), 100, r.out)


@cases(["1.15", *REGISTERS])
def test_go_errors(t, version):
    copy_go(t, "shop", version)
    r = example(t, "go-errors", "-c", "./shop")
    want = {f"*errors.errorString, user/{i}": 1 for i in range(20, 25)}
    t.eq(counts(r.out, "refused"), want)


@cases(["1.15", *REGISTERS])
def test_go_goroutines(t, version):
    copy_go(t, "worker", version)
    r = example(t, "go-goroutines", "-c", "./worker", "./worker", "main.(*Worker).work")
    t.eq(len(counts(r.out, "goroutines")), 10, r.out)
    started = counts(r.out, "")
    t.eq(list(started.values()), [10], r.out)
    t.check(next(iter(started)).startswith("main.main."), r.out)


def test_callers(t):
    r = example(t, "callers", "-c", "./demo level", "./demo", "level")
    t.check(re.search(r"level\+\d+\n\s+level\+\d+\n", r.out), f"a recursion's frames\n{r.out}")
    found = re.findall(r"^\]: (\d+)$", r.out, flags=re.M)
    t.eq(sum(map(int, found)), 5, f"calls\n{r.out}")


def test_allocations(t):
    r = example(t, "allocations", "-c", "ls /")
    t.check(rows(r.out) > 0 and "@total: " in r.out, f"sizes\n{r.describe()}")


def test_syscalls(t):
    r = example(t, "syscalls", "-c", "./demo kernel")
    calls = counts(r.out, "calls")
    t.eq((calls.get("getppid"), calls.get("write"), calls.get("close", 0) > 0), (3, 2, True))
    t.check("getppid" in counts(r.out, "usecs"), f"its time\n{r.out}")


def test_writes(t):
    r = example(t, "writes", "-c", "echo hello")
    t.check("fd 1, 6 bytes: hello\\x0a\n" in r.out, f"what it writes\n{r.describe()}")


def test_profile(t):
    r = example(t, "profile", "-c", "./demo spin")
    t.check("do_spin+" in r.out, f"the function that runs\n{r.describe()}")
    samples = int(re.search(r"^@samples: (\d+)$", r.out, flags=re.M)[1])
    t.check(samples > 3, f"{samples} samples")


def test_top(t):
    r = example(t, "top", "-c", "./demo steps sleep", "./demo", "step_*")
    t.check(re.match(r"\d\d:\d\d:\d\d\n", r.out), f"the time\n{r.describe()}")
    t.eq(counts(r.out, "calls"), CALLS)
