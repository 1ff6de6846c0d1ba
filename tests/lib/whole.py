# SPDX-License-Identifier: Apache-2.0
"""What tests/programs/go/whole and its like have: which functions there are, how a script shows their
arguments, and how lines of whole values are read."""

import os
import re

import programs

FUNC = re.compile(r"((?://.*\n)*)//go:noinline\nfunc (\w+)\((\w*)", re.M)


class Function:
    """One function whose argument is printed; as_args: by print(args)."""

    def __init__(self, name, param, file, as_args):
        self.name, self.param, self.file, self.as_args = name, param, file, as_args

    def clause(self, path):
        body = f'printf("{self.name} %v\\n", args.{self.param});'
        if self.as_args:
            body = f'printf("{self.name} "); print(args);'
        return f'uprobe:{path}:"main.{self.name}" {{ {body} }}'


def functions(program="whole"):
    """Those with a parameter, in the order of the files."""
    folder = os.path.join(programs.SOURCES, "go", program)
    found = []
    for file in sorted(f for f in os.listdir(folder) if f.endswith(".go")):
        with open(os.path.join(folder, file), encoding="utf-8") as f:
            for comment, name, param in FUNC.findall(f.read()):
                if param and name != "use":
                    found.append(Function(name, param, file, "// as: args\n" in comment))
    return found


def flat(lines):
    """Values that are broken into indented lines become one line again: texts in them never are."""
    found = []
    for line in lines:
        if not found or not line.startswith((" ", "}", "]", ")")):
            found.append(line)
            continue
        last, line = found[-1], line.strip()
        if line[0] in "}])":
            found[-1] = last.removesuffix(",") + line
        else:
            found[-1] = last + ("" if last.endswith(("{", "[", "(")) else " ") + line
    return found


QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def check_shape(t, text):
    """Whether all quotes and brackets of a value have an end, and nothing odd stands between them."""
    t.check("\n" not in text and text.isprintable(), f"printable: {text[:200]!r}")
    rest = QUOTED.sub("Q", text)
    t.check('"' not in rest, f"quotes end: {text[:300]}")
    # A channel's type has an arrow, which is no bracket; a redacted value and an unreadable one have.
    open_ones = []
    for c in re.sub("[^][(){}]", "", rest):
        if c in "([{":
            open_ones.append(c)
        else:
            t.check(open_ones and open_ones.pop() + c in ("()", "[]", "{}"), f"brackets match: {text[:300]}")
    t.eq(open_ones, [], f"brackets end: {text[:300]}")


ENTRY = re.compile(r"(-?\d+): (-?\d+)(?:, |$)")


def entries(t, text):
    """The {key: value} of "map[int]int{1: 3, +4 more}" and how many more there are; None if it is cut
    without saying so: "sync.Map{1: 3, ...}"."""
    m = re.fullmatch(r"[^{]*\{(.*?)(?:(?:, )?(?:\+(\d+) more|(\.\.\.)))?\}", text)
    t.check(m, f"a map of numbers: {text[:200]}")
    found = [(int(k), int(v)) for k, v in ENTRY.findall(m[1])]
    t.eq(ENTRY.sub("", m[1]), "", "what is no entry")
    t.eq(len(dict(found)), len(found), f"keys are different: {text[:200]}")
    return dict(found), None if m[3] else int(m[2] or 0)


def all_between(first, last, text):
    """The numbers between two texts, in order."""
    return [int(n) for n in re.findall(f"{re.escape(first)}(\\d+){re.escape(last)}", text)]
