# SPDX-License-Identifier: Apache-2.0
"""Instruction boundaries and RETs equal objdump's, for every function of large programs."""

import json
import subprocess

import programs
from harness import ROOT, cases, timeout


def functions(t, path):
    """Lines "VADDR SIZE" of the functions that the symbol table knows."""
    lines = set()
    for line in t.sh("nm", "-S", "--defined-only", path).out.splitlines():
        fields = line.split()
        if len(fields) >= 4 and fields[2] in "tTwW":
            lines.add(f"{fields[0]} {fields[1]}\n")
    return sorted(lines)


def check_boundaries(t, path, at_least):
    wanted = functions(t, path)
    t.check(len(wanted) >= at_least, f"{len(wanted)} functions")
    listing = t.file("functions", "".join(wanted))
    ours = t.sh("sh", "-c", f"{t.lib_tool('boundaries')} {path} < {listing}", seconds=200).out.splitlines()
    with open(listing, encoding="ascii") as f:
        p = subprocess.run(["/usr/bin/python3", "tests/tools/objdump_boundaries.py", path], stdin=f,
                           capture_output=True, text=True, cwd=ROOT, timeout=250, check=False)
    t.eq(p.returncode, 0, p.stderr)
    theirs = p.stdout.splitlines()
    t.eq(len(ours), len(theirs))
    differ = [(a, b) for a, b in zip(ours, theirs) if a != b]
    t.check(not differ, f"{len(differ)} differ, first: {differ[:2]}")


@timeout(600)
@cases(["1.24", "1.27"])
def test_go_compiler_decodes_as_objdump_says(t, version):
    t.need_tool("objdump")
    check_boundaries(t, t.go_compiler(version), 15000)


@cases([v for v in programs.known_versions() if v not in ("1.24", "1.27")])
def test_go_program_decodes_as_objdump_says(t, version):
    check_boundaries(t, t.go("zoo", version), 1000)


@cases([("-O0", "-g"), ("-O3", "-g")])
def test_cpp_program_decodes_as_objdump_says(t, *flags):
    check_boundaries(t, t.c("printer.cc", *flags), 10)


def test_exits_of_show_are_those_of_the_decoder(t):
    """show's exits are the RETs that objdump prints, function by function."""
    path = t.go("zoo", "1.24")
    rets = {}
    name = None
    for line in t.sh("objdump", "-d", "--no-show-raw-insn", path).out.splitlines():
        if line.endswith(">:"):
            name = line.split("<", 1)[1][:-2]
        elif "\tret" in line and name:
            rets.setdefault(name, []).append(int(line.split(":")[0], 16))
    shown = t.stoat("show", "-f", "json", path, "main.*", "runtime.g*", "zoo/*").out
    checked = 0
    for f in map(json.loads, shown.splitlines()):
        got = [int(e["address"], 16) for e in f["exits"] if "tail_jump_to" not in e]
        t.eq(got, rets.get(f.get("symbol", f["name"]), []), f["name"])
        checked += 1
    t.check(checked > 200, f"{checked} functions")
