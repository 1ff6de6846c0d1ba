#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instruction boundaries and returns of functions as objdump sees them.

    objdump_boundaries.py FILE < FUNCTIONS

Reads lines "VADDR SIZE" in hexadecimal and prints for each what the tool "boundaries" prints:
"VADDR COUNT HASH RETS BAD". Both outputs are equal where both decoders agree. OBJDUMP in the
environment names another objdump (for arm64).
"""

import bisect
import os
import re
import subprocess
import sys
from array import array

CHUNK = 1 << 22
FNV_START = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3
MASK = (1 << 64) - 1

# objdump prints a prefix that it finds no use for as a line of its own; it belongs to the
# instruction after it, unless a symbol begins there.
PREFIX = (
    rb"(?:rep[nz]*|repz|lock|[c-g]s|ss|data16|addr32|bnd|notrack|xacquire|xrelease"
    rb"|rex(?:\.[WRXB]+)?)"
)
LINE = re.compile(
    rb"^(?P<symbol>[0-9a-f]{16} <.*>:)$"
    rb"|^ *([0-9a-f]+):\t(?:"
    rb"(?P<lone>" + PREFIX + rb"(?: +" + PREFIX + rb")*) *$"
    rb"|(?:" + PREFIX + rb" +)*(?P<ret>ret\w*)(?: .*)?$"
    # These are two instructions, fwait and the one without waiting.
    rb"|(?P<wait>f(?:stcw|stsw|stenv|save|init|clex)\b)"
    rb"|(?P<bad>(?:" + PREFIX + rb" +)*(?:\(bad\)|\.byte))"
    rb")?",
    re.MULTILINE,
)


def read_functions(stream):
    for line in stream:
        words = line.split()
        yield int(words[0], 16), int(words[1], 16)


def lines_of(path):
    """objdump's output in pieces that end at a line's end."""
    objdump = os.environ.get("OBJDUMP", "objdump")
    options = ["-d", "-z", "--no-show-raw-insn"]
    with open(path, "rb") as file:
        if file.read(20)[18] == 62:
            options += ["-M", "intel"]
    with subprocess.Popen([objdump, *options, path], stdout=subprocess.PIPE) as process:
        rest = b""
        while True:
            chunk = process.stdout.read(CHUNK)
            if not chunk:
                break
            whole, _, tail = chunk.rpartition(b"\n")
            yield rest + whole + b"\n"
            rest = tail
        yield rest
    if process.returncode != 0:
        sys.exit(f"objdump failed with {process.returncode}")


def disassemble(path):
    """Addresses of all instructions, of all returns, and of what is no instruction."""
    addresses, returns, bad = array("Q"), array("Q"), array("Q")
    prefix_at = None
    for piece in lines_of(path):
        for match in LINE.finditer(piece):
            kind = match.lastgroup
            if kind == "symbol":
                if prefix_at is not None:
                    bad.append(prefix_at)
                    prefix_at = None
                continue
            address = int(match[2], 16)
            if kind == "lone":
                if prefix_at is None:
                    prefix_at = address
                continue
            if prefix_at is not None:
                address, prefix_at = prefix_at, None
            if kind == "bad":
                bad.append(address)
                continue
            addresses.append(address)
            if kind == "ret":
                returns.append(address)
            elif kind == "wait":
                addresses.append(address + 1)
    return addresses, returns, bad


def between(numbers, start, end):
    return numbers[bisect.bisect_left(numbers, start) : bisect.bisect_left(numbers, end)]


def main():
    functions = list(read_functions(sys.stdin))
    # Sections come in the file's order, which need not be that of their addresses.
    addresses, returns, bad = (
        array("Q", sorted(numbers)) for numbers in disassemble(sys.argv[1])
    )
    for vaddr, size in functions:
        end = vaddr + size
        bad_here = between(bad, vaddr, end)
        if bad_here:
            end = bad_here[0]
        inside = between(addresses, vaddr, end)
        value = FNV_START
        for address in inside:
            value = ((value ^ address) * FNV_PRIME) & MASK
        rets = ",".join(f"{a:x}" for a in between(returns, vaddr, end))
        stop = f"{end:x}" if bad_here else "-"
        print(f"{vaddr:x} {len(inside)} {value:016x} {rets or '-'} {stop}")


if __name__ == "__main__":
    main()
