# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb on a zoo of Go 1.15, where all arguments and results are on the stack: compares
what it finds with what the comments say. Knows nothing of stoat."""

import os
import sys

import gdb

sys.path.insert(0, os.path.join(os.environ["STOAT_ROOT"], "tests", "lib"))
sys.dont_write_bytecode = True

import zoo  # noqa: E402

PARTS = {"ptr": ("str", "array"), "len": ("len",), "cap": ("cap",), "type": ("_type",),
         "tab": ("tab",), "data": ("data",), "real": (), "imag": ()}


def part(value, name):
    """One step of a path: a field, an item, or a header word."""
    if name.startswith("["):
        return value[int(name[1:-1])]
    fields = [f.name for f in value.type.strip_typedefs().fields()]
    for candidate in (name, *PARTS.get(name, ())):
        if candidate in fields:
            return value[candidate]
    raise KeyError(f"no {name} in {fields}")


def word(variable, steps):
    value = variable
    for i, step in enumerate(steps):
        if step in ("real", "imag"):
            half = value.type.sizeof // 2
            return memory(int(value.address) + (half if step == "imag" else 0), half)
        value = part(value, step)
    return memory(int(value.address), value.type.sizeof)


def memory(address, size):
    data = gdb.selected_inferior().read_memory(address, size).tobytes()
    return int.from_bytes(data, "little"), size


def symbol(name):
    return int(gdb.parse_and_eval(f"(unsigned long)&'{name}'"))


def problem(value, bits, size):
    if value.kind == "any":
        return None if bits else "is 0"
    if value.kind == "symbol":
        want = symbol(value.value)
    elif value.kind == "text":
        text = value.value.encode()
        got = gdb.selected_inferior().read_memory(bits, len(text)).tobytes()
        return None if got == text else f"points to {got!r}"
    else:
        want = value.bits(size)
    return None if bits == want else f"is {bits:#x}, not {want:#x}"


def variables(frame):
    """Parameters and results, in order of declaration; results are those whose name says so."""
    block = frame.block()
    while not block.function:
        block = block.superblock
    return {s.name: s.value(frame) for s in block if s.is_argument}


def compare(func, words, found, where):
    # Results without a name are ~rN, where N counts parameters and results.
    results = [n for n in found if n.startswith("~r")]
    for path, value in words:
        first, *steps = path.replace("[", ".[").split(".")
        name = results[int(first[1:])] if where == "result" and first not in found else first
        why = problem(value, *word(found[name], steps))
        if why:
            print(f"ZOO wrong: {func.name}: {where} {path}={value} {why}")


def returns_of(name):
    for line in gdb.execute(f"disassemble '{name}'", to_string=True).splitlines():
        fields = line.split()
        if fields[-1].startswith("ret") and fields[0].startswith("0x"):
            yield int(fields[0], 16)


def main():
    gdb.execute("set pagination off")
    gdb.execute("set language c")
    gdb.execute("starti", to_string=True)
    checked = 0
    at = {}
    for func in zoo.functions(has_generics=False).values():
        # Assembly has no DWARF.
        if func.name.startswith("zoo/asm."):
            continue
        entry = symbol(func.name)
        at[entry] = (func, "arg")
        for pc in returns_of(func.name):
            at[pc] = (func, "result")
    for pc in at:
        gdb.execute(f"tbreak *{pc:#x}", to_string=True)
    done = set()
    wanted = {(func.name, where) for func, where in at.values()}
    while done != wanted:
        try:
            gdb.execute("continue", to_string=True)
        except gdb.error:
            break
        if not gdb.selected_inferior().pid:
            break
        frame = gdb.selected_frame()
        func, where = at.get(frame.pc(), (None, None))
        if func and (func.name, where) not in done:
            done.add((func.name, where))
            try:
                compare(func, func.args if where == "arg" else func.results, variables(frame), where)
                checked += 1
            except Exception as e:
                print(f"ZOO wrong: {func.name}: {where}: {type(e).__name__} {e}")
    print(f"ZOO checked: {checked} of {len(wanted)}")


main()
