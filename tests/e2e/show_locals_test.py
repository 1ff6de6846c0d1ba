# SPDX-License-Identifier: Apache-2.0
"""stoat show: local variables are readable where it says, at the places that it says: compared with
what a debugger reads there."""

import json
import re

from harness import ROOT, cases, timeout


def check_with_gdb(t, path, at_least, *patterns):
    t.need_tool("gdb")
    shown = t.file("show.json", t.stoat("show", "-f", "json", path, *patterns).out)
    r = t.sh(
        "gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", "tests/lib/gdb_locals.py", "--args", path,
        env={"STOAT_ROOT": ROOT, "STOAT_SHOW": shown}, seconds=200,
    )
    if "ptrace: Operation not permitted" in r.err:
        t.skip("gdb may not trace here")
    t.eq([line for line in r.out.splitlines() if line.startswith("LOCALS wrong")], [])
    m = re.search(r"LOCALS agreed: (\d+) words", r.out)
    t.check(m and int(m.group(1)) >= at_least, f"{at_least} words to compare\n{r.describe()}")


@timeout(240)
@cases([(v, f) for v in ("1.15", "1.19", "1.22", "1.24", "1.26", "1.27") for f in ("default", "noopt", "pie")])
def test_go_locals(t, version, form):
    check_with_gdb(t, t.go("shop", version, form), 20, "main.*")


@cases([("-O0", "-g"), ("-O2", "-g"), ("-O3", "-g", "-gdwarf-4"), ("-O2", "-g", "-fomit-frame-pointer", "-static")])
def test_c_locals(t, *flags):
    check_with_gdb(t, t.c("sum.c", *flags), 10, "main", "sum_list*")
    check_with_gdb(t, t.c("printer.cc", *flags), 10, "*events::*", "main")


def test_clang_locals(t):
    t.need_tool("clang")
    for flags in (("-O0", "-g"), ("-O2", "-g")):
        check_with_gdb(t, t.c("sum.c", *flags, cc="clang"), 5, "main", "sum_list*")


def test_the_id_of_the_event_printer(t):
    """The seed's question: in which register is printf_id, and where?"""
    path = t.c("printer.cc", "-O2", "-g")
    f = json.loads(t.stoat("show", "-f", "json", path, "*::event_printer").out)
    (local,) = [v for v in f["locals"] if v["name"] == "printf_id" and "inlined_function" not in v]
    registers = {p["register"] for s in local["readable"] for p in s["pieces"] if p["kind"] == "register"}
    t.check(registers, local)
    # Where it is compared with the constants, it is in the register that is told for that address.
    asm = json.loads(t.stoat("show", "--asm", "-f", "json", path, "*::event_printer").out)["asm"]
    base = int(f["address"], 16)
    compared = 0
    for line in asm:
        m = re.fullmatch(r"cmp (r\w+), 0x75(3[0-9a-f])", line["instruction"])
        if not m:
            continue
        at = base + line["offset"]
        told = [p["register"] for s in local["readable"] if int(s["from"], 16) <= at < int(s["to"], 16) for p in s["pieces"]]
        t.eq(told, [m.group(1)], f"at {at:#x}")
        compared += 1
    t.check(compared >= 3, f"{compared} comparisons found")
