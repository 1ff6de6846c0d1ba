# SPDX-License-Identifier: Apache-2.0
"""Budgets: --max-rate, --max-cpu, and the last line that says what tracing has cost."""

import re

from counts import table
from harness import cases

VERSIONS = ["1.15", "1.24"]
RATE = 100


def number(text):
    return int(text.replace(",", ""))


def summary(t, r):
    """Hits, events, and what else the last line says."""
    m = re.search(r"stoat: ([\d,]+) hits?, ([\d,]+) events? in \S+, 0 lost(.*)$", r.err, re.M)
    t.check(m, r.describe())
    return number(m[1]), number(m[2]), m[3]


def dropped(t, rest):
    m = re.search(r"([\d,]+) hits dropped by max_rate", rest)
    t.check(m, rest)
    return number(m[1])


@cases(VERSIONS)
def test_rate(t, version):
    """A full bucket, and what flows in while the program runs."""
    t.need_root()
    path = t.go("calls", version)
    r = t.stoat("count", path, "main.hit", "--max-rate", str(RATE), "-c", f"{path} 3000 3000 2")
    counted = table(r.out)[0]["main.hit"]
    hits, _, rest = summary(t, r)
    # Up to Go 1.20 a restart of the function after its stack has grown hits the entry again.
    t.check(3000 <= hits < 3100, f"{hits} hits")
    t.eq(counted + dropped(t, rest), 3000, r.describe())
    t.check(RATE <= counted <= 10 * RATE, f"{counted} were counted")


@cases(VERSIONS)
def test_rate_of_calls(t, version):
    """A call is traced or not: no return is without its entry."""
    t.need_root()
    path = t.go("calls", version)
    r = t.stoat("trace", path, "main.hit", "--max-rate", str(RATE), "-c", f"{path} 3000 3000 2")
    lines = [line for line in r.out.splitlines() if "main.hit(" in line]
    hits, events, rest = summary(t, r)
    t.check(6000 <= hits < 6100 and events == len(lines), r.err)
    t.eq(len(lines) + dropped(t, rest), 3000, r.err)
    t.check("without an entry" not in r.err, r.err)
    for line in lines:
        m = re.search(r"main\.hit\(n=(\d+)\) = (\d+) ", line)
        t.check(m and int(m[2]) == int(m[1]) + 1, line)


def test_rate_in_a_script(t):
    t.need_root()
    path = t.go("calls")
    r = t.stoat("-e", "config = { max_rate = 7 } uprobe:%s:main.hit { @ = count() }" % path, "-c", f"{path} 500 0")
    t.check(7 <= int(re.search(r"@: (\d+)", r.out)[1]) < 500, r.describe())


def test_cpu(t):
    """What costs too much is taken off, and the rest goes on."""
    t.need_root()
    path = t.go("calls")
    r = t.stoat("count", path, "main.hit", "--max-cpu", "1", "--for", "100s", "-c", f"{path} 20000000 0")
    t.check(re.search(r"warning: uprobe:\S+:main\.hit took most of \d+% of a CPU \(max_cpu is 1%\): it is detached",
                      r.err), r.describe())
    t.check(table(r.out)[0]["main.hit"] < 20000000, r.describe())
    # The command is not ended for it.
    t.check("the command goes on until it ends" in r.err and "calls 20000000" in r.out, r.describe())


def test_cpu_of_several_functions(t):
    """They share a program: all that are detached are named."""
    t.need_root()
    path = t.go("calls")
    names = ["main.hit", "main.miss", "main.number"]
    r = t.stoat("count", path, *names, "--max-cpu", "1", "--for", "100s", "-c", f"{path} 20000000 0")
    m = re.search(r"warning: 3 functions, which share a program, took most of \d+% of a CPU \(max_cpu is 1%\), "
                  r"and are detached: (.*)", r.err)
    t.check(m and sorted(m[1].split(", ")) == names, r.describe())
    t.check(table(r.out)[0]["main.hit"] < 20000000, r.describe())
    r = t.stoat("trace", path, "main.hit", "--no-args", "-o", "/dev/null", "--max-cpu", "1", "-c", f"{path} 5000000 0")
    t.check("main.hit took most of" in r.err and "share a program" not in r.err, r.describe())


def test_cpu_that_is_enough(t):
    t.need_root()
    path = t.go("calls")
    r = t.stoat("count", path, "main.hit", "--max-cpu", "100", "-c", f"{path} 4000 2000 1")
    t.eq(table(r.out)[0]["main.hit"], 4000, r.describe())
    t.check("detached" not in r.err, r.err)


def test_cost_of_a_call(t):
    t.need_root()
    path = t.go("calls")
    r = t.stoat("count", path, "main.hit", "-c", f"{path} 5000 0")
    hits, events, rest = summary(t, r)
    t.eq((hits, events), (5000, 1), "hits, events")
    t.check(re.search(r"; about [\d.]+(ns|us|ms) added to each call$", rest), rest)


def test_cost_of_go_statements_stands_apart(t):
    """Trees look at all of them, traced calls near or not."""
    t.need_root()
    path = t.go("nest")
    r = t.stoat("trace", path, "main.boom", "--tree", "-c", f"{path} 40", "-o", "/dev/null")
    hits, _, rest = summary(t, r)
    told = re.search(r"; about \S+ added to each call, \S+ to each of ([\d,]+) go statements$", rest)
    starts = int(told[1].replace(",", "")) if told else 0
    t.check(starts > 40, r.describe())
    # Of a call that ends in a panic what is kept and that it has begun.
    t.eq((hits - starts) % 2, 0, r.describe())
    t.check(hits > starts, r.describe())


def test_quiet(t):
    t.need_root()
    path = t.go("calls")
    t.eq(t.stoat("count", path, "main.hit", "-q", "-c", f"{path} 50 0").err, "", "stderr")


@cases([(o, n) for o in ("--max-rate", "--max-cpu", "--items") for n in ("many", "0", "-5", "99999999")])
def test_no_number(t, option, number):
    r = t.stoat("trace", t.go("calls"), "main.hit", option, number, rc=1)
    t.check(re.search(rf"{option} takes a number from 1 to \d+, not '{number}'", r.err), r.err)


def test_numbers_with_their_units(t):
    r = t.stoat("count", t.go("calls"), "main.hit", "--max-rate", "5/s", "--max-cpu", "5%", "--print-script")
    t.check("; max_rate = 5; max_cpu = 5 }" in r.out, r.out)
