# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb: stops where `stoat show -f json` (the file STOAT_SHOW) says that local variables
become readable, reads their words there, and compares with gdb's own reading of the same variables.
Prints "LOCALS wrong: ..." lines and a count."""

import json
import os
import re
import struct
import sys

import gdb

sys.path.insert(0, os.path.join(os.environ["STOAT_ROOT"], "tests", "lib"))
sys.dont_write_bytecode = True

STOPS_MAX = 400
PARTS = {"ptr": ("str", "array"), "len": ("len",), "cap": ("cap",), "type": ("_type",),
         "tab": ("tab",), "data": ("data",)}
CONCRETE = {"register", "memory", "constant", "computed", "indirect", "static"}


class CannotSay(Exception):
    """gdb has no value to compare with."""


def step(value, name):
    if name.startswith("["):
        return value[int(name[1:-1])]
    fields = {f.name: f for f in value.type.strip_typedefs().fields()}
    for candidate in (name, *PARTS.get(name, ())):
        if candidate in fields:
            return value[fields[candidate]]
    raise CannotSay(f"no {name} in {list(fields)}")


def bits_of(value, size):
    kind = value.type.strip_typedefs()
    if value.is_optimized_out or kind.sizeof != size:
        raise CannotSay("optimised out, or another size")
    if kind.code == gdb.TYPE_CODE_FLT:
        return int.from_bytes(struct.pack({4: "<f", 8: "<d"}[size], float(value)), "little")
    if kind.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ARRAY):
        raise CannotSay("no scalar")
    return int(value) & ((1 << (8 * size)) - 1)


def gdb_word(frame, local, word):
    try:
        value = frame.read_var(local["name"])
    except ValueError as e:
        raise CannotSay(str(e)) from None
    for name in [n for n in word["path"].replace("[", ".[").split(".") if n]:
        value = step(value, name)
    try:
        return bits_of(value, word["size"])
    except gdb.error as e:
        raise CannotSay(str(e)) from None


def register(name):
    return int(gdb.parse_and_eval(f"(unsigned long)${name}"))


def memory(address, size):
    try:
        return int.from_bytes(gdb.selected_inferior().read_memory(address, size).tobytes(), "little")
    except gdb.MemoryError:
        raise CannotSay("memory is not readable") from None


def stoat_word(stretch, piece, off, size, bias):
    kind = piece["kind"]
    at = off - piece["at"]
    if kind == "register":
        if not re.fullmatch(r"r[a-z0-9]+", piece["register"]):
            raise CannotSay("vector register")
        bits = register(piece["register"]) >> (8 * at)
    elif kind == "constant":
        bits = piece["off"] >> (8 * at)
    elif kind == "computed" and "register" in piece:
        bits = register(piece["register"]) + piece["off"]
    elif kind == "memory":
        bits = memory(register(piece["register"]) + piece["off"] + at, size)
    elif kind == "static":
        bits = memory(piece["off"] + bias + at, size)
    elif kind == "cfa":
        frame = stretch["frame"]
        bits = memory(register(frame["cfa_register"]) + frame["cfa_off"] + piece["off"] + at, size)
    elif kind == "indirect" and "register" in piece:
        inner = memory(register(piece["register"]) + piece["off"], 8)
        bits = memory(inner + piece["then_off"] + at, size)
    else:
        raise CannotSay(kind)
    return bits & ((1 << (8 * size)) - 1)


def words_of(local, stretch):
    """(word, piece that holds it)"""
    for word in local["words"]:
        for piece in stretch["pieces"]:
            end = piece["at"] + (piece["size"] or 1 << 30)
            if piece["at"] <= word["at"] and word["at"] + word["size"] <= end and piece["kind"] != "none":
                yield word, piece


class Place:
    def __init__(self, shown, local, stretch):
        self.shown, self.local, self.stretch = shown, local, stretch

    def check(self, frame, bias):
        """How many words agree; prints those that do not."""
        agreed = 0
        for word, piece in words_of(self.local, self.stretch):
            try:
                want = gdb_word(frame, self.local, word)
                got = stoat_word(self.stretch, piece, word["at"], word["size"], bias)
            except CannotSay:
                continue
            if got == want:
                agreed += 1
            else:
                name = self.local["name"] + word["path"]
                print(f"LOCALS wrong: {self.shown['name']}: {name} at {frame.pc() - bias:#x}: {got:#x}, "
                      f"not {want:#x}: {self.stretch['place']}")
        return agreed


def load_places():
    places = {}
    with open(os.environ["STOAT_SHOW"], encoding="utf-8") as f:
        for shown in map(json.loads, f):
            names = [v["name"] for v in shown.get("locals", []) if "inlined_function" not in v]
            for local in shown.get("locals", []):
                if "inlined_function" in local or names.count(local["name"]) != 1:
                    continue
                for stretch in local["readable"]:
                    where = stretch.get("frame", stretch)
                    # A variable in the frame cannot be told where the frame is not made.
                    if any(p["kind"] == "cfa" for p in stretch["pieces"]) and "frame" not in stretch:
                        continue
                    places.setdefault(int(where["from"], 16), []).append(Place(shown, local, stretch))
    return dict(list(places.items())[:STOPS_MAX])


def load_bias():
    files = gdb.execute("info files", to_string=True)
    with open(gdb.current_progspace().filename, "rb") as f:
        (entry,) = struct.unpack("<Q", f.read(32)[24:])
    return int(re.search(r"Entry point: (0x[0-9a-f]+)", files).group(1), 16) - entry


def main():
    gdb.execute("set pagination off")
    gdb.execute("set language c")
    gdb.execute("starti", to_string=True)
    bias = load_bias()
    places = load_places()
    for pc in places:
        gdb.Breakpoint(f"*{pc + bias:#x}", internal=True, temporary=True)
    agreed = stops = 0
    while True:
        try:
            gdb.execute("continue", to_string=True)
        except gdb.error:
            break
        if not gdb.selected_inferior().pid:
            break
        frame = gdb.selected_frame()
        while frame.type() == gdb.INLINE_FRAME:
            frame = frame.older()
        for place in places.get(frame.pc() - bias, []):
            stops += 1
            agreed += place.check(frame, bias)
    print(f"LOCALS agreed: {agreed} words at {stops} stops")


if __name__ == "__main__":
    main()
