# SPDX-License-Identifier: Apache-2.0
"""Several programs at one RET. Where the kernel lets programs write registers (stoat info), each of them executes the
RET itself; what each sees must be as if it were alone. (tests/kernels runs such cases on kernels that do.)"""

import json
import os
import re
import signal
import subprocess
import time

import storm
from harness import cases, timeout
from storm import FINE

VERSIONS = ["1.15", "1.21", "1.24", "1.27"]
# All that a program can get from the stack and the registers.
LOOKS = """
    @{n}calls[func] = count(); @{n}out[func] = sum(retval); @{n}in[func] = sum(args.id); @{n}sp = sum(reg("sp"));
    @{n}ip[func] = sum(reg("ip")); @{n}stacks[ustack(3)] = count(); if (duration == 0) {{ @{n}none = count(); }}"""
NAMES = ["leaf", "deep", "blocks", "spin"]


def looks(path, n):
    return f"{storm.probes('uretprobe', path, NAMES)} {{{LOOKS.format(n=n)} }}\n"


def seen(text, n):
    """What the program of that letter has found."""
    found = {}
    for name, value in re.findall(rf"^@{n}(\w+[^:]*|\w+\[\n(?:.*\n)*?\]): (\d+)$", text, re.M):
        found[name] = value
    return found


def check(t, r, told, letters):
    first = seen(r.out, letters[0])
    t.check(len(first) > 4 * len(NAMES), r.describe())
    for n in letters[1:]:
        t.eq(seen(r.out, n), first, f"{n}\n{r.describe()}")
    for name in NAMES:
        w = told[f"main.{name}"]
        got = [int(first[f"{k}[main.{name}]"]) for k in ("calls", "out", "in")]
        t.eq(got, [w.returns, w.sum_out, w.sum_in], f"{name}\n{r.describe()}")
    t.check("@anone" not in r.out and "without an entry" not in r.err, r.describe())


@cases(VERSIONS)
@timeout(100)
def test_clauses_at_one_return(t, version):
    """Three; of the second one the predicate is false, the third is told where the RETs are."""
    t.need_root()
    path = t.go("storm", version)
    exits = json.loads(t.stoat("show", "-f", "json", path, "main.leaf").out)["exits"]
    rets = ", ".join(f"uprobe:{path}:main.leaf+{e['offset']}" for e in exits)
    text = f'{rets} {{ @by_offset = sum(reg("sp")); }} uretprobe:{path}:main.leaf {{ @by_exit = sum(reg("sp")); }}\n'
    text += looks(path, "a") + looks(path, "b").replace("{", "/pid == 0/ {", 1) + looks(path, "c")
    r = t.stoat("-c", f"{path} mixed 3 {FINE}", "-e", text, rc=FINE, seconds=80)
    t.eq(storm.last_word(r.out, "wrong"), "0", r.describe())
    check(t, r, storm.told(r.out), "ac")
    sums = dict(re.findall(r"^@by_(\w+): (\d+)$", r.out, re.M))
    t.check(sums["offset"] == sums["exit"] != "0", str(sums))


@cases([("1.15", "1", "1"), ("1.24", "1", "1"), ("1.24", "0", "1"), ("1.27", "1", "0")])
@timeout(100)
def test_two_tracers_at_one_return(t, version, other, own):
    """Started before and ended after the other one; with and without RETs in BPF."""
    t.need_root()
    path = t.go("storm", version)
    out = os.path.join(t.tmp, "other")
    with open(out, "w", encoding="utf-8") as f:
        p = subprocess.Popen([t.stoat_path, "-e", looks(path, "a")], stdout=f, stderr=subprocess.STDOUT,
                             env=dict(os.environ, STOAT_RET_IN_BPF=other))  # fmt: skip
    try:
        for _ in range(100):
            with open(out, encoding="utf-8") as f:
                if "Attached" in f.read():
                    break
            time.sleep(0.1)
        r = t.stoat("-c", f"{path} mixed 3 {FINE}", "-e", looks(path, "b"), rc=FINE, seconds=80,
                    env={"STOAT_RET_IN_BPF": own})  # fmt: skip
    finally:
        p.send_signal(signal.SIGINT)
        p.wait(20)
    with open(out, encoding="utf-8") as f:
        r.out += f.read()
    t.eq(storm.last_word(r.out, "wrong"), "0", r.describe())
    check(t, r, storm.told(r.out), "ba")


@cases(["1", "0"])
def test_ret_in_bpf(t, value):
    """The setting, in the listing of a program."""
    t.need_root()
    has = '"write_regs":{"supported":true' in t.stoat("info", "-f", "json").out.replace(" ", "")
    path = t.go("storm")
    text = t.stoat("-d", "bpf", "-e", f"config = {{ ret_in_bpf = {value} }} uretprobe:{path}:main.leaf {{ @ = count(); }}").out
    t.eq("; RET\n" in text, has and value == "1", text)
    # Nothing of it elsewhere: where calls begin, and in C.
    c = t.c("returns.c", "-O2", "-g", "-pthread")
    for place in [f"uprobe:{path}:main.leaf", f"uretprobe:{c}:main"]:
        text = t.stoat("-d", "bpf", "-e", f"{place} {{ @ = count(); }}").out
        t.check("RET" not in text and "returned" not in text, text)
