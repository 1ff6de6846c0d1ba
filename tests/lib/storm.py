# SPDX-License-Identifier: Apache-2.0
"""What stoat is to see of tests/programs/go/storm: the script, and the program's own numbers."""

import re

# Status of a program that found nothing wrong with itself.
FINE = 7
# How many rounds of each mode are worth a test.
MODES = {"deep": 30, "preempt": 20, "gc": 40, "panic": 15, "goexit": 40, "migrate": 60, "tail": 20, "mixed": 10,
         "abyss": 3000, "profiled": 20}
NUMBERED = ["leaf", "spin", "deep", "alloc", "blocks", "throws", "middle", "maybe", "recovers", "panicsAgain",
            "nested", "exits", "falls", "(*inner).tail"]  # fmt: skip
STEP = "(*walker).step"
WRAPPER = "(*outer).tail"
MAP_ROW = re.compile(r"^@(\w+)\[(main\.\S+)\]: (-?\d+)$", re.M)


class Told:
    """What the program says of one function."""

    def __init__(self, numbers=(0,) * 6):
        self.calls, self.returns, self.sum_in, self.sum_out, self.inner, self.outer = numbers

    def add(self, other):
        return Told([a + b for a, b in zip(vars(self).values(), vars(other).values())])


def told(out):
    """function -> what the program says of it"""
    found = {}
    for line in out.splitlines():
        name, *words = line.split(" ")
        if len(words) == 6 and name.startswith("main."):
            found[name] = Told(list(map(int, words)))
    return found


def last_word(out, name):
    m = re.search(rf"^{name} (-?\d+)$", out, re.M)
    return m and m[1]


def probes(kind, path, names):
    return ", ".join(f'{kind}:{path}:"main.{n}"' for n in names)


def script(path):
    return f"""
{probes("uprobe", path, NUMBERED + [STEP])} {{ @calls[func] = count(); @in[func] = sum(args.id); }}
{probes("uretprobe", path, NUMBERED)} {{
    @returns[func] = count();
    @out[func] = sum(retval);
    @kept[func] = sum(args.id);
    @took[func] = sum(duration);
    if (args.id != retval) {{ @wrong[func] = count(); }}
}}
{probes("uretprobe", path, [STEP])} {{
    @returns[func] = count();
    @out[func] = sum(retval.0);
    @kept[func] = sum(args.id);
    if (args.id != retval.0 || (args.n > 0) != retval.1) {{ @wrong[func] = count(); }}
}}
{probes("uprobe", path, [WRAPPER])} {{ @calls[func] = count(); }}
{probes("uretprobe", path, [WRAPPER])} {{ @returns[func] = count(); }}
"""


def rows(out):
    """map -> function -> number"""
    found = {}
    for name, func, n in MAP_ROW.findall(out):
        found.setdefault(name, {})[func] = int(n)
    return found


def differences(want, out):
    """Sentences on what stoat has printed and the program says otherwise."""
    got = rows(out)
    if not want:
        yield "the program tells nothing"
    for name, w in want.items():
        expected = {"calls": w.calls, "returns": w.returns}
        if not name.endswith(WRAPPER):
            expected.update({"in": w.sum_in, "out": w.sum_out, "kept": w.sum_out})
        for key, n in expected.items():
            have = got.get(key, {}).get(name, 0)
            if have != n:
                yield f"{name}: {key} is {have}, not {n}"
        took = got.get("took", {}).get(name, 0)
        if w.outer and not w.inner <= took <= w.outer:
            yield f"{name}: {took} ns are not between {w.inner} and {w.outer}"
    for name, n in got.get("wrong", {}).items():
        yield f"{name}: {n} returns with another call's argument"
