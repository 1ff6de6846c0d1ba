# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb on a zoo: stops at the entry site and at each exit that `stoat show -f json` (the
file STOAT_SHOW) names, reads every word where it says that it is, and compares with the comments in
the zoo's source. Prints "WORDS wrong: ..." lines and a count."""

import json
import os
import re
import struct
import sys

import gdb

sys.path.insert(0, os.path.join(os.environ["STOAT_ROOT"], "tests", "lib"))
sys.dont_write_bytecode = True

import zoo  # noqa: E402

FLAGS_CF_ZF = 0x41


def plain_name(name):
    """Without type arguments and ABI suffix, as the comments name functions."""
    if name.endswith(".abi0"):
        name = name[: -len(".abi0")]
    while "[" in name:
        start = name.index("[")
        depth = 0
        for i in range(start, len(name)):
            depth += {"[": 1, "]": -1}.get(name[i], 0)
            if depth == 0:
                break
        name = name[:start] + name[i + 1 :]
    return name


def memory(address, size):
    data = gdb.selected_inferior().read_memory(address, size).tobytes()
    return int.from_bytes(data, "little")


def register(name, size):
    if name.startswith("xmm"):
        bits = int(gdb.parse_and_eval(f"${name}.v2_int64[0]"))
    else:
        bits = int(gdb.parse_and_eval(f"(unsigned long)${name}"))
    return bits & ((1 << (8 * size)) - 1)


def read_word(word):
    (piece,) = word["pieces"]
    size = word["size"]
    if piece["kind"] == "register":
        return register(piece["register"], size)
    if piece["kind"] == "memory":
        base = int(gdb.parse_and_eval(f"(unsigned long)${piece['register']}"))
        return memory(base + piece["off"], size)
    raise ValueError(f"cannot read {piece}")


def symbol(name):
    return int(gdb.parse_and_eval(f"&'{name}'"))


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


def words_of(values, is_result):
    """path -> word. Results without a name are r0, r1, ...; parameters without one _0, _1, ..."""
    found = {}
    number = 0
    for v in values:
        if v.get("hidden"):
            continue
        name = v["name"] or (f"r{number}" if is_result else f"_{number}")
        for w in v["words"]:
            found[name + w["path"]] = w
            if is_result:
                found[f"r{number}" + w["path"]] = w
        number += 1
    return found


def compare(func, where, wanted, values, is_bare_assembly):
    found = words_of(values, where == "result")
    if is_bare_assembly:
        # No DWARF describes it: the runtime's record tells the words of parameters, without names.
        found = {path: word for (path, _), word in zip(wanted, found.values())}
        # Up to Go 1.16 there is no such record either.
        wanted = wanted if where == "arg" and found else []
    for path, value in wanted:
        word = found.get(path)
        if not word:
            print(f"WORDS wrong: {func.name}: no {where} {path} among {sorted(found)}")
        elif "pieces" not in word:
            print(f"WORDS unknown: {func.name}: {where} {path}")
        else:
            why = problem(value, read_word(word), word["size"])
            if why:
                print(f"WORDS wrong: {func.name}: {where} {path}={value} in {word['place']} {why}")


class Stop:
    def __init__(self, func, shown, where, condition):
        self.func, self.shown, self.where, self.condition = func, shown, where, condition

    def counts(self):
        if not self.condition:
            return True
        return int(gdb.parse_and_eval("$eflags + 0")) & FLAGS_CF_ZF == 0

    def check(self):
        wanted = self.func.args if self.where == "arg" else self.func.results
        values = self.shown["parameters" if self.where == "arg" else "results"]
        is_bare = self.shown["language"] == "assembly" and not self.shown["results"]
        compare(self.func, self.where, wanted, values, is_bare)


def load_shown():
    funcs = zoo.functions()
    with open(os.environ["STOAT_SHOW"], encoding="utf-8") as f:
        for line in f:
            shown = json.loads(line)
            # Of assembly the code itself, not the wrapper around it.
            if shown["name"].startswith("zoo/asm.") and shown["language"] != "assembly":
                continue
            func = funcs.get(plain_name(shown["name"]))
            if func and re.fullmatch(r"[^\[]*(\[.*\])?[^\[]*", shown["name"]):
                yield func, shown


def load_bias():
    """How far from its file's addresses the program was loaded."""
    files = gdb.execute("info files", to_string=True)
    with open(gdb.current_progspace().filename, "rb") as f:
        (entry,) = struct.unpack("<Q", f.read(32)[24:])
    return int(re.search(r"Entry point: (0x[0-9a-f]+)", files).group(1), 16) - entry


def main():
    gdb.execute("set pagination off")
    gdb.execute("set language c")
    gdb.execute("starti", to_string=True)
    stops = {}
    bias = load_bias()
    for func, shown in load_shown():
        entry = shown["entry"]
        stops[int(entry["address"], 16) + bias] = Stop(func, shown, "arg", entry.get("condition"))
        for e in shown["exits"]:
            if "tail_jump_to" not in e:
                stops[int(e["address"], 16) + bias] = Stop(func, shown, "result", None)
    breakpoints = {pc: gdb.Breakpoint(f"*{pc:#x}", internal=True) for pc in stops}
    wanted = {(s.func.name, s.where) for s in stops.values()}
    done = set()
    while done != wanted:
        try:
            gdb.execute("continue", to_string=True)
        except gdb.error:
            break
        if not gdb.selected_inferior().pid:
            break
        pc = gdb.selected_frame().pc()
        stop = stops.get(pc)
        if not stop or (stop.func.name, stop.where) in done or not stop.counts():
            continue
        done.add((stop.func.name, stop.where))
        breakpoints[pc].enabled = False
        try:
            stop.check()
        except Exception as e:
            print(f"WORDS wrong: {stop.func.name}: {stop.where}: {type(e).__name__} {e}")
    for name, where in sorted(wanted - done):
        print(f"WORDS missed: {name}: {where}")
    print(f"WORDS checked: {len(done)} of {len(wanted)}")


main()
