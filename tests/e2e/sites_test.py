# SPDX-License-Identifier: Apache-2.0
"""Entry sites and exits on the real kernel: a probe there counts what the program counts itself."""

import json
import os
import shutil

import programs
from harness import cases

NOT_TAKEN = "!jbe"


def shown(t, path, *patterns):
    r = t.stoat("show", "-f", "json", path, *patterns)
    return {f["name"]: f for f in map(json.loads, r.out.splitlines())}


def hits(t, path, sites, command):
    """sites: (file offset, condition). Runs command; how often each was hit, and what it printed."""
    # A copy of its own: a probe counts whoever runs the file.
    own = os.path.join(t.tmp, "own")
    shutil.copy(path, own)
    command = [own if word == path else word for word in command]
    specs = [off + (":" + cond if cond else "") for off, cond in sites]
    r = t.sh(t.tool("hits"), own, *specs, "--", *command, rc=None, seconds=100)
    if r.rc == 77:
        t.skip(r.err.strip())
    t.eq(r.rc, 0, r.describe())
    counts, rest = {}, []
    for line in r.out.splitlines():
        fields = line.split()
        if len(fields) == 2 and fields[0].startswith("0x"):
            counts[int(fields[0], 16)] = int(fields[1])
        else:
            rest.append(fields)
    return counts, {f[0]: int(f[1]) for f in rest if len(f) == 2}


def entry_of(f):
    return f["entry"]["file_offset"], NOT_TAKEN if f["entry"].get("condition") == "not taken" else ""


def counted_functions(t, path, funcs):
    """Names of functions that the program counts. What the compiler calls its closure depends on inlining."""
    names = [line.split()[0] for line in t.sh(path).out.splitlines()]
    known = [n for n in names if n in funcs]
    t.check(len(known) >= 7 and len(known) + 1 >= len(names), f"{names} {list(funcs)}")
    return known


@cases([(v, f) for v in programs.known_versions() for f in ("default", "pie", "stripped", "noopt")])
def test_entry_is_hit_once_per_call(t, version, form):
    """Deep recursion in fresh goroutines grows stacks; preemption makes functions start again."""
    t.need_root()
    path = t.go("grow", version, form)
    funcs = shown(t, path, "main.*")
    counted = counted_functions(t, path, funcs)
    sites = [entry_of(funcs[name]) for name in counted]
    got, want = hits(t, path, sites, [path])
    t.eq({n: got[int(off, 16)] for n, (off, _) in zip(counted, sites)}, {n: want[n] for n in counted})


@cases(["1.15", "1.24"])
def test_first_instruction_counts_too_many(t, version):
    """Why the entry is elsewhere: shows that the program does what it is for."""
    t.need_root()
    path = t.go("grow", version)
    funcs = shown(t, path, "main.*")
    counted = counted_functions(t, path, funcs)
    sites = [(funcs[name]["file_offset"], "") for name in counted]
    got, want = hits(t, path, sites, [path])
    more = [n for n, (off, _) in zip(counted, sites) if got[int(off, 16)] > want[n]]
    t.check(more, f"{got} {want}")


@cases(programs.known_versions())
def test_exits_are_hit_once_per_call(t, version):
    t.need_root()
    path = t.go("grow", version)
    funcs = shown(t, path, "main.*")
    counted = counted_functions(t, path, funcs)
    exits = {n: [e["file_offset"] for e in funcs[n]["exits"]] for n in counted}
    got, want = hits(t, path, [(off, "") for offs in exits.values() for off in offs], [path])
    # A function that panics and does not recover is left without a return.
    want["main.panics"] = 0
    t.eq({n: sum(got[int(off, 16)] for off in offs) for n, offs in exits.items()},
         {n: want[n] for n in counted})


def test_c_entry(t):
    t.need_root()
    path = t.c("sum.c", "-O0", "-g", "-fcf-protection")
    f = shown(t, path, "sum_list")["sum_list"]
    got, _ = hits(t, path, [entry_of(f)], [path])
    want, _ = hits(t, path, [(f["file_offset"], "")], [path])
    t.eq(list(got.values()), list(want.values()))
    t.check(list(got.values())[0] > 0, got)
