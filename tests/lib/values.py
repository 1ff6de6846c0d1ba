# SPDX-License-Identifier: Apache-2.0
"""The script that stands in the comments of tests/programs/go/values: what stoat is to print of each
function, in the words of the program itself."""

import os
import re

import programs

FOLDER = os.path.join(programs.SOURCES, "go", "values")
COMMENT = re.compile(r"\s*// (in|out|for|from): (.*)")
FUNC = re.compile(r"func (?:\((?:\w+ )?(\*?)(\w+)(?:\[\w+\])?\) )?(\w+)[\[(]")
CLOSURE = re.compile(r"\s*return func\(.*// (\S+)$")
PLACE = re.compile(r".*// at: (.*)")


class Function:
    """What is printed at its entry ("in"), at its returns ("out"), both with the arguments of printf."""

    def __init__(self, name, file, notes):
        self.file = file
        self.name = notes.get("for", name)
        self.entry = notes.get("in")
        self.result = notes.get("out")
        self.version = notes.get("from", "1.15")

    def clauses(self, probe):
        """probe: the function as scripts name it."""
        found = []
        if self.entry:
            found.append(f"uprobe:{probe} {{ {printf(self.name, '<', self.entry)} }}")
        at_return = [printf(self.name, "=", self.entry)] if self.entry else []
        at_return += [printf(self.name, ">", self.result)] if self.result else []
        found.append(f"uretprobe:{probe} {{ {' '.join(at_return)} }}")
        return found


class Place:
    """A line at which local variables are printed."""

    def __init__(self, name, file, line, text):
        self.name, self.file, self.line, self.text = name, file, line, text

    def clause(self, path):
        return f"uprobe:{path}@{self.file}:{self.line} {{ {printf(self.name, '@', self.text)} }}"


def printf(name, mark, text):
    """A call of printf that puts name and mark in front of what text (a format and arguments) prints."""
    form, arguments = re.fullmatch(r'"((?:[^"\\]|\\.)*)"(.*)', text).groups()
    return f'printf("{name} {mark} {form}\\n"{arguments});'


def name_of(m):
    star, receiver, name = m.groups()
    if not receiver:
        return name
    return f"(*{receiver}).{name}" if star else f"{receiver}.{name}"


def read():
    """All functions and places, in the order of the files."""
    functions, places = [], []
    for file in sorted(os.listdir(FOLDER)):
        if not file.endswith(".go"):
            continue
        with open(os.path.join(FOLDER, file), encoding="utf-8") as f:
            read_file(file, f.read().splitlines(), functions, places)
    return functions, places


def read_file(file, lines, functions, places):
    notes, func, n_places = {}, "", 0
    for number, line in enumerate(lines, 1):
        if m := COMMENT.fullmatch(line):
            notes[m[1]] = m[2]
        elif (m := FUNC.match(line)) or (c := CLOSURE.match(line)):
            func, n_places = (name_of(m) if m else c[1]), 0
            if notes:
                functions.append(Function(func, file, notes))
            notes = {}
        elif m := PLACE.match(line):
            n_places += 1
            places.append(Place(f"{func}.{n_places}", file, number, m[1]))


def symbol_of(name, listed):
    """The function as this binary calls it: generic ones are named after the shapes of their types."""
    if "[" not in name:
        return "main." + name if "main." + name in listed else None
    for symbol in listed:
        if "go.shape." in symbol and re.sub(r"go\.shape\.|_\d+(?=[,\]])", "", symbol) == "main." + name:
            return symbol
    return None
