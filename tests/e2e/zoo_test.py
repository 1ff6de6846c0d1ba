# SPDX-License-Identifier: Apache-2.0
"""The test programs themselves: they build, they run, and their comments say what they do."""

import os
import re

import programs
import zoo
from harness import ROOT, cases

NATIVE = [f for f in programs.GO_FORMS if not f.startswith(("arm64", "plugin", "c-shared"))]
ALL = [(v, f) for v in programs.known_versions() for f in NATIVE]


@cases(ALL)
def test_zoo_runs(t, version, form):
    t.eq(t.sh(t.go("zoo", version, form)).out, "zoo: all fine\n")


@cases(programs.known_versions())
def test_grow_counts(t, version):
    r = t.sh(t.go("grow", version))
    counts = dict(line.split(" ") for line in r.out.splitlines())
    t.check(counts, "counts are printed")
    for name, count in counts.items():
        t.check(name.startswith("main.") and int(count) > 0, f"{name} {count}")


@cases(["arm64", "arm64-stripped"])
def test_zoo_builds_for_arm64(t, form):
    with open(t.go("zoo", "1.24", form), "rb") as f:
        t.eq(f.read(20)[18:20], b"\xb7\x00", "e_machine")


def test_zoo_comments_are_complete(t):
    funcs = zoo.functions()
    t.check(len(funcs) >= 70, f"{len(funcs)} functions with comments")
    for name in os.listdir(os.path.join(zoo.ZOO, "kinds")):
        with open(os.path.join(zoo.ZOO, "kinds", name), encoding="utf-8") as f:
            for line in re.findall(r"//go:noinline\n(func .*)", f.read()):
                func, _ = zoo.symbol_name("zoo/kinds", zoo.FUNC.match(line))
                t.check(func in funcs, f"{func} has a comment")


def test_zoo_comments_are_true(t):
    t.need_tool("gdb")
    r = t.sh(
        "gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", "tests/lib/gdb_zoo.py", "--args", t.go("zoo", "1.15", "noopt"),
        env={"STOAT_ROOT": ROOT},
    )
    if "ptrace: Operation not permitted" in r.err:
        t.skip("gdb may not trace here")
    t.eq([line for line in r.out.splitlines() if line.startswith("ZOO wrong")], [])
    m = re.search(r"ZOO checked: (\d+) of (\d+)\n", r.out)
    t.check(m and m.group(1) == m.group(2), f"all functions were checked\n{r.describe()}")


def test_c_programs_run(t):
    for flags in (("-O0", "-g"), ("-O2", "-g"), ("-O2", "-gdwarf-4")):
        t.eq(t.sh(t.c("sum.c", *flags)).out, "sum 5050 mean 50.5\n")
        t.eq(t.sh(t.c("printer.cc", *flags)).out, "13 events, finalized\n")
