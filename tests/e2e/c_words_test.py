# SPDX-License-Identifier: Apache-2.0
"""stoat show on C++: parameters at the entry site and results at the exits, read by a debugger."""

import json
import os
import re
import struct

from harness import ROOT, cases

SOURCE = os.path.join(ROOT, "tests", "programs", "c", "byvalue.cc")


def expected():
    """function -> (args, results): path -> bits, as the comments in the source say."""
    found = {}
    args = results = None
    with open(SOURCE, encoding="utf-8") as f:
        for line in f:
            if line.startswith("// args:"):
                args = dict(w.split("=") for w in line[8:].strip().split(", "))
            elif line.startswith("// result:"):
                words = line[10:].split()
                results = dict(w.split("=") if "=" in w else ("", w) for w in words)
            elif line.startswith("NOINLINE") and args is not None:
                found[re.search(r"(\w+)\(", line).group(1)] = (args, results)
    return found


def bits_of(text, size):
    if text.startswith("f32:"):
        return struct.unpack("<I", struct.pack("<f", float(text[4:])))[0]
    if text.startswith("f64:"):
        return struct.unpack("<Q", struct.pack("<d", float(text[4:])))[0]
    return int(text, 0) & ((1 << (8 * size)) - 1)


TYPES = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long"}


def gdb_expression(word):
    (p,) = word["pieces"]
    mask = (1 << (8 * word["size"])) - 1
    if p["kind"] == "register":
        shift = int(word["place"].split(">>")[1]) if ">>" in word["place"] else 0
        reg = p["register"]
        value = f"(unsigned long)${reg}.v2_int64[0]" if reg.startswith("xmm") else f"(unsigned long)${reg}"
        return f"({value} >> {shift}) & {mask:#x}"
    if p["kind"] == "memory":
        return f"*({TYPES[word['size']]}*)((char*)${p['register']} + {p['off']})"
    raise ValueError(p)


def read_words(t, path, f, site, words):
    """path -> bits, at that address of the function."""
    commands = ["set pagination off", "set language c", "starti", f"break *({f['name']} + {site['offset']})", "continue"]
    commands += [f"printf \"WORD {name} %lu\\n\", (unsigned long)({gdb_expression(w)})" for name, w in words.items()]
    r = t.sh("gdb", "-nx", "-batch", "-iex", "set auto-load no", *[a for c in commands for a in ("-ex", c)], path)
    if "ptrace: Operation not permitted" in r.err:
        t.skip("gdb may not trace here")
    return {m.group(1): int(m.group(2)) for m in re.finditer(r"WORD (\S*) (\d+)", r.out)}


@cases([(cc, o) for cc in ("g++", "clang++") for o in ("-O0", "-O1", "-O2")])
def test_c_words(t, cc, level):
    t.need_tool("gdb")
    t.need_tool(cc)
    path = t.c("byvalue.cc", level, "-g", cc=cc)
    for name, (args, results) in expected().items():
        f = json.loads(t.stoat("show", "-f", "json", path, name).out)
        words = {p["name"] + w["path"]: w for p in f["parameters"] for w in p["words"] if "pieces" in w}
        got = read_words(t, path, f, f["entry"], words)
        for key, text in args.items():
            t.check(key in got, f"{name}: {key} among {sorted(got)}")
            t.eq(got[key], bits_of(text, words[key]["size"]), f"{name}: {key} in {words[key]['place']}")
        words = {"R" + w["path"]: w for p in f["results"] for w in p["words"] if "pieces" in w}
        got = read_words(t, path, f, f["exits"][-1], words)
        for key, text in results.items():
            t.eq(got["R" + key], bits_of(text, words["R" + key]["size"]), f"{name}: result{key}")
