# SPDX-License-Identifier: Apache-2.0
"""Whole values of C and C++: tests/programs/c/whole.c and whole.cc write each as stoat must show it."""

import json
import os
import re

import whole
from harness import cases

C = """point point_pointer list scalars texts number holder bits lists refs boxed tree large""".split()
CC = ["order", "pair", "account", "text"]
BUILDS = [
    ("whole.c", "gcc", "-O2 -g"), ("whole.c", "gcc", "-O0 -g -fcf-protection=none"), ("whole.c", "clang", "-O2 -g"),
    ("whole.cc", "g++", "-O2 -g"), ("whole.cc", "g++", "-O0 -g"), ("whole.cc", "clang++", "-O2 -g"),
]


def symbols(t, path, program):
    """{what lines begin with: the function as scripts name it}"""
    if program == "whole.c":
        return {n: n for n in C}
    listed = t.stoat("list", path, "*shop*").out.splitlines()
    return {n: next(f for f in listed if re.match(rf"(shop::{n}\(|_ZN4shop\d+{n}E)", f)) for n in CC}


def run(t, path, text, *options, env=None):
    out = os.path.join(t.tmp, "out")
    r = t.stoat("-q", "-o", out, *options, "-c", path, "-e", text, env=env)
    with open(out, encoding="utf-8") as f:
        return [line for line in f.read().split("\n") if line], r.out.splitlines(), r.err


@cases(BUILDS)
def test_values(t, program, cc, flags):
    t.need_root()
    path = t.c(program, *flags.split(), cc=cc)
    functions = symbols(t, path, program)
    text = "\n".join(f'uprobe:{path}:"{f}" {{ printf("{n} %v\\n", args.x); }}' for n, f in functions.items())
    got, said, err = run(t, path, text)
    got = whole.flat(got)
    t.eq(len(said), 19 if program == "whole.c" else 10, "lines of the program")
    wrong = [f"got  {g[:1000]}\nwant {w[:1000]}" for g, w in zip(got, said) if g != w]
    t.check(not wrong, f"{len(wrong)} of {len(said)} lines differ\n" + "\n".join(wrong) + err)
    t.eq(len(got), len(said), f"lines\n{err}")
    t.check("hide-me" not in "\n".join(got), "a secret is not shown")


def test_zeros_and_limits(t):
    t.need_root()
    path = t.c("whole.c")
    text = f'uprobe:{path}:NAME {{ printf("%v\\n", args.x); }}'
    got, _, err = run(t, path, text.replace("NAME", "list"), env={"STOAT_VALUE_ZEROS": "1", "STOAT_MAX_DEPTH": "1"})
    t.eq(got, ["&(struct node){.value = 1, .next = &(struct node){...}}"] * 3, err)
    got, _, err = run(t, path, text.replace("NAME", "point_pointer"), env={"STOAT_VALUE_ZEROS": "1"})
    t.eq(got, ["&(struct point){.x = 0, .y = 7}", "NULL", "&<unreadable>"], err)
    got, _, err = run(t, path, "config = { max_value_strlen = 3 }\n" + text.replace("NAME", "texts"))
    t.check('.text = "tex"..., .empty = "", .utf8 = "gr' in got[0], got)


def test_json(t):
    t.need_root()
    path = t.c("whole.c")
    got, _, err = run(t, path, f"uprobe:{path}:list {{ call(); }}", "-f", "json")
    values = [e["args"]["x"] for e in map(json.loads, got) if e["type"] == "call"]
    t.eq(len(values), 3, err)
    ends = []
    for v in values:
        for n in (1, 2, 3):
            t.eq((v["type"], v["fields"]["value"]), ("struct node *", n), got)
            v = v["fields"]["next"]
        ends.append(v and {k: e for k, e in v.items() if k != "addr"})
    t.eq(ends, [None, {"type": "struct node *", "cut": True}, {"type": "struct node *", "cycle": True}])
