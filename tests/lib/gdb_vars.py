# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb: stops at instructions for which the tool facts tells the readable variables (the
file STOAT_VARS), reads their words where it says, and compares with gdb's own reading of the
variables in scope there. Prints "VARS wrong: ..." lines and a count."""

import os
import sys

import gdb

sys.path.insert(0, os.path.join(os.environ["STOAT_ROOT"], "tests", "lib"))
sys.dont_write_bytecode = True

from gdb_locals import CannotSay, bits_of, load_bias, memory, register, step  # noqa: E402

# enum place_kind
REG, MEM, ADDR, CONST, VALUE, VADDR, DEREF = 1, 2, 4, 6, 8, 9, 10
DWARF_REGISTERS = "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()
STOPS_MAX = int(os.environ.get("STOAT_STOPS", "600"))


def read(frame, block, name):
    """The variable that the name means at the frame's line, by gdb; Go's variables on the heap are pointers "&name"."""
    block = block or frame.block()
    while block:
        found = {s.name: s for s in block if s.name in (name, "&" + name)}
        for symbol in (found.get("&" + name), found.get(name)):
            if not symbol:
                continue
            value = symbol.value(frame)
            if value.is_optimized_out:
                continue
            if not symbol.is_argument and symbol.line >= frame.find_sal().line:
                raise CannotSay("gdb does not care whether it is declared yet")
            return value.dereference() if symbol.name[0] == "&" else value
        if found or block.function:
            break
        block = block.superblock
    raise CannotSay("not in scope, or optimised out")


class Variable:
    def __init__(self, fields):
        self.func, pc, entry, self.name, mark, self.inlined = fields
        self.pc, self.is_hidden = int(pc, 16), mark == "hidden"
        # What debug information says there of parameters and captured variables is often wrong: the calling
        # convention counts.
        self.is_incoming = not self.inlined and self.pc <= int(entry, 16)
        self.words, self.places = [], []

    def own_word(self, off, size, bias):
        """The word as the places tell it."""
        for kind, reg, at, then, start, length in self.places:
            if not (start <= off and (length == 0 or off + size <= start + length)):
                continue
            off -= start
            if kind == REG:
                bits = register(DWARF_REGISTERS[reg]) >> (8 * (at + off))
            elif kind == MEM:
                bits = memory(register(DWARF_REGISTERS[reg]) + at + off, size)
            elif kind == ADDR:
                bits = memory(at + bias + off, size)
            elif kind == CONST:
                bits = at >> (8 * off)
            elif kind == VALUE:
                bits = register(DWARF_REGISTERS[reg]) + at
            elif kind == VADDR:
                bits = at + bias
            elif kind == DEREF:
                bits = memory(memory(register(DWARF_REGISTERS[reg]) + at, 8) + then + off, size)
            else:
                raise CannotSay(f"kind {kind}")
            return bits & ((1 << (8 * size)) - 1)
        raise CannotSay("no piece")

    def gdb_word(self, frame, block, path, size):
        try:
            value = read(frame, block, self.name)
            for name in [n for n in path.replace("[", ".[").split(".") if n]:
                value = step(value, name)
            return bits_of(value, size)
        except (gdb.error, RuntimeError, ValueError) as e:
            raise CannotSay(str(e)) from None


def load():
    at = {}
    last = None
    with open(os.environ["STOAT_VARS"], encoding="utf-8") as f:
        for line in f:
            kind, *fields = line.rstrip("\n").split("\t")
            if kind == "VAR":
                last = Variable(fields)
                at.setdefault(last.pc, []).append(last)
            elif kind == "WORD":
                last.words.append((fields[0], int(fields[1]), int(fields[2])))
            else:
                last.places.append(tuple(map(int, fields)))
    keep = max(1, len(at) // STOPS_MAX)
    return dict(list(at.items())[::keep])


def block_of(variable, bias):
    """The block of the inlined function that declares it; None if it is not one."""
    block, found, n = gdb.block_for_pc(variable.pc + bias), None, 0
    while block and not block.is_static:
        if block.function and block.function.name == variable.inlined:
            found, n = block, n + 1
        block = block.superblock
    return found if n == 1 else None


def frame_of(variable, bias):
    """gdb's frame for the function that declares it, and a block of it; None if there are several."""
    frame, found, n = gdb.newest_frame(), None, 0
    while frame.type() == gdb.INLINE_FRAME:
        if frame.name() == variable.inlined:
            found, n = frame, n + 1
        frame = frame.older()
    if not variable.inlined:
        return frame, None
    if n == 1:
        return found, None
    # Where it begins gdb stops in the caller.
    block = block_of(variable, bias)
    return (frame, block) if block and n == 0 else (None, None)


def check(variables, bias):
    agreed, names = 0, set()
    for v in variables:
        frame, block = frame_of(v, bias)
        first = (v.name, v.inlined) not in names
        names.add((v.name, v.inlined))
        if frame is None or v.is_hidden or v.is_incoming or not first:
            continue
        for path, off, size in v.words:
            try:
                want, got = v.gdb_word(frame, block, path, size), v.own_word(off, size, bias)
            except CannotSay:
                continue
            if want == got:
                agreed += 1
            else:
                print(f"VARS wrong: {v.func} {v.pc:#x} {v.inlined}: {v.name}{path}: {got:#x}, not {want:#x}: {v.places}")
    return agreed


def main():
    gdb.execute("set pagination off")
    gdb.execute("set language c")
    gdb.execute("starti", to_string=True)
    bias = load_bias()
    at = load()
    for pc in at:
        gdb.Breakpoint(f"*{pc + bias:#x}", internal=True, temporary=True)
    agreed = stops = 0
    while True:
        try:
            gdb.execute("continue", to_string=True)
        except gdb.error:
            break
        if not gdb.selected_inferior().pid:
            break
        variables = at.get(gdb.newest_frame().pc() - bias, [])
        stops += bool(variables)
        agreed += check(variables, bias)
    print(f"VARS agreed: {agreed} words at {stops} stops")


main()
