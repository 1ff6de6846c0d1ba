# SPDX-License-Identifier: Apache-2.0
"""What the functions of tests/programs/go/zoo are called with: the comments above them, read.

    // args: s.ptr="seven b", s.len=7
    // results: r0=?
"""

import os
import re
import struct

ZOO = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "programs", "go", "zoo"
)
FUNC = re.compile(r"func (?:\((?:\w+ )?(\*?\w+)(\[.*?\])?\) )?(\w+)(\[.*?\])?\(")
WORD = re.compile(r'([\w.\[\]]+)=("[^"]*"|[^",]+)(?:, |$)')


class Value:
    """One word: kind is int, f32, f64, text, symbol or any (some address, not zero)."""

    def __init__(self, text):
        self.text = text
        if text == "?":
            self.kind, self.value = "any", None
        elif text[0] == '"':
            self.kind, self.value = "text", text[1:-1]
        elif text[0] == "&":
            self.kind, self.value = "symbol", text[1:]
        elif text.startswith(("f32:", "f64:")):
            self.kind, self.value = text[:3], float(text[4:])
        else:
            self.kind, self.value = "int", int(text, 0)

    def bits(self, size):
        """The word as an unsigned number of that many bytes; only for numbers."""
        if self.kind == "f32":
            return struct.unpack("<I", struct.pack("<f", self.value))[0]
        if self.kind == "f64":
            return struct.unpack("<Q", struct.pack("<d", self.value))[0]
        return self.value & ((1 << (8 * size)) - 1)

    def __repr__(self):
        return self.text


class Func:
    def __init__(self, name, is_generic, args, results):
        self.name = name
        self.is_generic = is_generic
        self.args = args  # [(path, Value)]
        self.results = results


def parse_words(text, where):
    words = []
    pos = 0
    while pos < len(text):
        m = WORD.match(text, pos)
        if not m:
            raise ValueError(f"{where}: cannot read {text[pos:]!r}")
        words.append((m.group(1), Value(m.group(2))))
        pos = m.end()
    return words


def symbol_name(package, m):
    receiver, receiver_params, name, params = m.groups()
    if not receiver:
        return f"{package}.{name}", bool(params)
    if receiver.startswith("*"):
        receiver = f"({receiver})"
    return f"{package}.{receiver}.{name}", bool(receiver_params)


def functions(has_generics=True):
    """name -> Func. Generic functions are named without their type arguments."""
    found = {}
    for folder, package in (("kinds", "zoo/kinds"), ("asm", "zoo/asm")):
        for file in sorted(os.listdir(os.path.join(ZOO, folder))):
            if file.endswith(".go") and (has_generics or not file.startswith("generic")):
                for f in parse_file(os.path.join(ZOO, folder, file), package):
                    found[f.name] = f
    return found


def parse_file(path, package):
    args = results = None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            where = f"{path}:{number}"
            if line.startswith("// args:"):
                args = parse_words(line[len("// args:") :].strip(), where)
            elif line.startswith("// results:"):
                results = parse_words(line[len("// results:") :].strip(), where)
            elif line.startswith("func ") and args is not None:
                name, is_generic = symbol_name(package, FUNC.match(line))
                yield Func(name, is_generic, args, results)
                args = results = None
