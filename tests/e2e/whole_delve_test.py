# SPDX-License-Identifier: Apache-2.0
"""Whole values beside Delve's: the arguments of the same calls of tests/programs/go/whole, once as
stoat's JSON has them, once as a debugger reads them while the program is stopped."""

import ast
import json
import os
import re

from harness import cases, timeout

# Functions whose argument Delve reads rightly where they begin: of structs in registers it does not.
NAMES = """ints bools names nested items rows itemPointers pairs array arrayOfLists grid intMap textMap structMap
arrayMap boolMap pointerMap listMap mapMap setMap byteMap namedMap textLists registry mixedPointer tree twice
intPointer textPointer namePointer listPointer arrayPointer mapPointer textList someBytes hash textStruct byteLists""".split()

# Runs inside of Delve: a line "VALUE function [name, kind, value, length, address, base, children]" for
# each stop. Its language has no recursion; main is what "source" runs.
SCRIPT = """
config = {
    "FollowPointers": True, "MaxVariableRecurse": 12, "MaxStringLen": 1000, "MaxArrayValues": 100, "MaxStructFields": -1,
}
scalars = [%(scalars)s]

def flat(v):
    value = str(v.Value) if v.Kind in scalars else ""
    if v.Kind == "string":
        value = v.Value
    return [v.Name, v.Kind, value, v.Len, v.Addr, v.Base, []]

def dump(root):
    top = flat(root)
    waiting = [(root, top)]
    for i in range(100000):
        if i >= len(waiting):
            break
        v, into = waiting[i]
        for child in v.Children:
            one = flat(child)
            into[6].append(one)
            waiting.append((child, one))
    return top

def main():
    for name in [%(names)s]:
        create_breakpoint({"FunctionName": "main." + name, "Name": name})
    for i in range(100000):
        state = dlv_command("continue")
        stack = stacktrace(-1, 1).Locations
        v = eval(None, "x", config).Variable
        print("VALUE", stack[0].Function.Name_, repr(dump(v)))
"""


def number(text, kind):
    return text == "True" if kind == "bool" else int(text)


SCALARS = ["int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "bool"]
# What Delve shows in a way of its own.
NOT_COMPARED = ("interface", "func", "chan", "unsafe.Pointer", "float32", "float64", "complex64", "complex128", "uintptr")


def of_delve(v):
    _, kind, value, n, _, base, children = v
    if kind in SCALARS:
        return number(value, kind)
    if kind == "string":
        return value if len(value.encode()) == n else [n, value]
    if kind == "struct":
        return {c[0]: of_delve(c) for c in children if c[0] != "_" and c[1] not in NOT_COMPARED}
    if kind == "ptr":
        return None if is_nil(children) else ["&", of_delve(children[0])]
    if kind in ("slice", "array"):
        return None if kind == "slice" and not base and not n else [n, [of_delve(c) for c in children]]
    if kind == "map":
        if not base and not n:
            return None
        return in_order([[of_delve(k), of_delve(e)] for k, e in zip(children[::2], children[1::2])])
    raise ValueError(f"{kind} of Delve")


def is_nil(children):
    return not children or not children[0][4]


def in_order(entries):
    return ["map", sorted(entries, key=json.dumps)]


def of_stoat(v):
    if not isinstance(v, dict):
        return v
    name = v["type"]
    if "name" in v or "closed" in v:
        return v
    if "fields" in v:
        inside = {k: of_stoat(f) for k, f in v["fields"].items()}
        return ["&", inside] if name.startswith("*") else inside
    if "items" in v:
        return [v["len"], [of_stoat(i) for i in v["items"]]]
    if "entries" in v:
        entries = v["entries"]
        if isinstance(entries, dict):
            return in_order([[k, of_stoat(e)] for k, e in entries.items()])
        return in_order([[of_stoat(e["key"]), of_stoat(e["value"])] for e in entries])
    if name == "string":
        return [v["len"], v["text"]]
    if "hex" in v or "text" in v:
        # Bytes.
        content = bytes.fromhex(v["hex"]) if "hex" in v else v["text"].encode()
        items = [v["len"], list(content)[:100]]
        return ["&", items] if name.startswith("*") else items
    if "value" in v:
        return ["&", of_stoat(v["value"])]
    if "closed" in v:
        # Channels are not compared.
        return name
    raise ValueError(f"{v} of stoat")


def by_delve(t, dlv, path):
    """[(function, value)] of each stop, in order; skips if this Delve cannot read the program."""
    script = SCRIPT % {
        "names": ", ".join(f'"{n}"' for n in NAMES), "scalars": ", ".join(f'"{k}"' for k in SCALARS),
    }
    star = t.file("values.star", script)
    init = t.file("init", f"config source-list-line-count 0\nsource {star}\nexit\n")
    r = t.sh(
        dlv, "exec", "-r", "stdout:/dev/null", "--check-go-version=false", "--allow-non-terminal-interactive=true",
        "--init", init, path, rc=None, env={"HOME": t.tmp, "TERM": "dumb"}, seconds=90,
    )
    found = [re.fullmatch(r"VALUE main\.(\w+) (.*)", line) for line in r.out.splitlines()]
    found = [(m[1], ast.literal_eval(m[2])) for m in found if m]
    if not found:
        lines = (r.err + r.out).strip().splitlines() or ["it says nothing"]
        t.skip(f"this Delve cannot debug the program: {lines[-1]}")
    return found


def by_stoat(t, path):
    clauses = [f'uprobe:{path}:main.{n} {{ printf("{n}"); print(args.x); }}' for n in NAMES]
    out = os.path.join(t.tmp, "out")
    env = {"STOAT_MAX_DEPTH": "16", "STOAT_MAX_ITEMS": "100", "STOAT_MAX_VALUE_STRLEN": "1000"}
    r = t.stoat("-q", "-f", "json", "-o", out, "-c", path, "-e", "\n".join(clauses), env=env)
    found, name = [], None
    with open(out, encoding="utf-8") as f:
        for event in map(json.loads, f):
            if event["type"] == "printf":
                name = event["data"]
            elif event["type"] == "value":
                found.append((name, event["data"]))
    return found, r.err


@cases(["1.19", "1.21", "1.22"])
@timeout(120)
def test_values_as_delve_reads_them(t, version):
    t.need_root()
    dlv = t.need_tool("dlv")
    path = t.go("whole", version, "noopt")
    theirs = by_delve(t, dlv, path)
    t.check(len(theirs) > 70, f"Delve has stopped at {len(theirs)} calls")
    ours, err = by_stoat(t, path)
    t.eq([name for name, _ in ours], [name for name, _ in theirs], err)
    wrong = []
    for i, ((name, our), (_, their)) in enumerate(zip(ours, theirs)):
        want = of_delve(their)
        got = without(of_stoat(our), want)
        if got != want:
            wrong.append(f"{name}, call {i}\n  stoat {json.dumps(got)[:600]}\n  Delve {json.dumps(want)[:600]}")
    t.check(not wrong, f"{len(wrong)} of {len(ours)} differ\n" + "\n".join(wrong[:10]))


def without(got, want):
    """got, without the fields that are not compared."""
    if isinstance(got, dict) and isinstance(want, dict):
        return {k: without(v, want[k]) for k, v in got.items() if k in want}
    if isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
        return [without(g, w) for g, w in zip(got, want)]
    return got
