# SPDX-License-Identifier: Apache-2.0
"""Whole values that nobody holds still, and values that are broken on purpose: stoat shows what it can,
in lines that have an end and can be read, and the program does not notice."""

import os
import re

import whole
from harness import cases, timeout

LINE_MAX = 100_000
# What leads from everywhere to everywhere may be as long as any value may be.
KNOT_MAX = 1_100_000

RACE = """
config = { max_items = 8; max_value_strlen = 32 }
uprobe:PATH:main.small { printf("small %v\\n", args.x); }
uprobe:PATH:main.state / args.n % 64 == 0 / { printf("state %v\\n", args.x); }
uprobe:PATH:main.parts / args.n % 32 == 0 / { print(args); }
"""
CALLS = 200_000


@cases(["1.15", "1.23", "1.24", "1.27"])
@timeout(120)
def test_values_that_change(t, version):
    t.need_root()
    path = t.go("wholerace", version)
    out = os.path.join(t.tmp, "out")
    r = t.stoat("-q", "-o", out, "-c", f"{path} {CALLS} 2", "-e", RACE.replace("PATH", path), seconds=110)
    t.eq(r.out, f"fine {CALLS}\n", r.err)
    kinds = {"small &main.Small{": 0, "state &main.State{": 0, "{m: ": 0}
    with open(out, encoding="utf-8") as f:
        lines = whole.flat([line for line in f.read().split("\n") if line])
    for line in lines:
        kind = next((k for k in kinds if line.startswith(k)), None)
        t.check(kind, f"the line begins as one of them does: {line[:200]}")
        kinds[kind] += 1
        t.check(len(line) <= LINE_MAX, f"{len(line)} characters: {line[:200]}")
        whole.check_shape(t, line)
    lost = sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) events? lost", r.err))
    made = CALLS + 2 * -(-CALLS // 2 // 64) + 2 * -(-CALLS // 2 // 32)
    t.check(sum(kinds.values()) + lost == made, f"{kinds} of {made}, {lost} lost\n{r.err}")
    t.check(all(kinds.values()), f"{kinds}\n{r.err}")


NAMES = """pointer list bigOne text ints bytesOf texts pointers nothings dict anything fails function channel clock
mutex syncMap buffer builder address link bigNumber graph many""".split()

MMM = "m" * 256
NUMBER = str(0x6D6D6D6D6D6D6D6D)
PLACES = "small|protected|unmapped|kernel|direct|noncanonical|top|last"
UNREADABLE = ".*<unreadable>.*"
# (function, which one) -> how it looks. What none fits only has to be well formed.
LOOKS = [
    (f"(pointer|bigOne) ({PLACES})", "&<unreadable>"),
    (f"list ({PLACES})", r"&main\.Node\{N: 1, Next: &main\.Node\{N: 2, Next: &<unreadable>\}\}"),
    (f"pointers ({PLACES})", r"\[\]\*main\.Point\{&\{X: 1, Y: 2\}, &<unreadable>, &\{X: 3, Y: 4\}\}"),
    (f"clock ({PLACES})", r"&2020-01-02 03:04:05\.000000006 \+0000 UTC"),
    (f"link ({PLACES})", r'&url\.URL\("http:.*host.*"\)'),
    (f"channel ({PLACES})", r"\(chan int\)\(<unreadable>\)"),
    (f"function ({PLACES})", "<unreadable>"),
    (f"dict ({PLACES})", r"map\[int\]int\{<unreadable>\}"),
    (f"syncMap ({PLACES})", r"&sync\.Map\{.*<unreadable>.*\}"),
    (
        f"many ({PLACES})",
        r'&main\.Many\{Before: "before", Text: <unreadable>, List: \[\]int\{<unreadable>\}, '
        r'Map: map\[int\]int\{<unreadable>\}, Any: <unreadable>, Ptr: &<unreadable>, After: "after"\}',
    ),
    (f"text at-({PLACES})", "&<unreadable>"),
    (f"ints at-({PLACES})", r"\[\]int\{<unreadable>\}"),
    (f"texts at-({PLACES})", r"\[\]string\{<unreadable>\}"),
    (f"(bytesOf|address|buffer|builder|bigNumber) at-({PLACES})", UNREADABLE),
    ("text (huge|large)", rf'&"{MMM}"\.\.\.'),
    ("bytesOf (huge|large)", rf'\[\]byte\("{MMM}"\.\.\.\)'),
    ("builder (huge|large)", rf'&strings\.Builder\("{MMM}"\.\.\.\)'),
    ("ints huge", rf"\[\]int\{{{NUMBER}(, {NUMBER}){{63}}, \+{(1 << 62) - 64} more\}}"),
    ("ints large", rf"\[\]int\{{{NUMBER}(, {NUMBER}){{63}}, \+{(1 << 40) - 64} more\}}"),
    ("(text|ints|texts|bytesOf) .*-nowhere", UNREADABLE + "|.*nil.*"),
    ("anything type-.*", r"<unreadable>|\(0x[0-9a-f]+\)\(.*\)"),
    ("anything (data|direct)-.*", UNREADABLE + r"|\*(os|fs)\.PathError .*"),
    ("fails tab-.*", "<unreadable>"),
    ("fails data-.*", UNREADABLE + r"|\*(os|fs)\.PathError .*"),
    ("list overlapping", r"&main\.Node\{N: \d+, Next: &main\.Node\{N: \d+, .*"),
    ("dict (directory|buckets)", r"map\[int\]int\{.*"),
    ("graph .*", r'&main\.Graph\{Name: "g", Edges: \[\]\*main\.Graph\{.*'),
]


@cases(["1.15", "1.19", "1.23", "1.24", "1.26", "1.27"])
@timeout(120)
def test_values_that_are_broken(t, version):
    t.need_root()
    path = t.go("wholewild", version)
    out = os.path.join(t.tmp, "out")
    text = "\n".join(f'uprobe:{path}:main.{n} {{ printf("{n} %v\\n", args.x); }}' for n in NAMES)
    # The runtime looks for pointers that cannot be right when it moves a stack: here there are some.
    r = t.stoat("-q", "-o", out, "-c", path, "-e", text, env={"GODEBUG": "invalidptr=0"})
    said = r.out.split("\n")
    t.eq(said[-2:], ["fine", ""], r.err)
    said = said[:-2]
    with open(out, encoding="utf-8") as f:
        got = f.read().split("\n")[:-1]
    t.eq([line.split(" ")[0] for line in got], [line.split(" ")[0] for line in said], r.err)
    wrong = []
    for line, name in zip(got, said):
        value = line.split(" ", 1)[1]
        whole.check_shape(t, value)
        limit = KNOT_MAX if name.startswith("graph ") else LINE_MAX
        t.check(len(value) <= limit, f"{name}: {len(value)} characters: {value[:300]}")
        look = next((look for which, look in LOOKS if re.fullmatch(which, name)), None)
        if look and not re.fullmatch(look, value):
            wrong.append(f"{name}: {value[:400]}\n    want {look[:400]}")
    t.check(not wrong, f"{len(wrong)} look otherwise\n" + "\n".join(wrong[:20]) + f"\n{r.err}")


@cases(["1.15", "1.24"])
@timeout(60)
def test_broken_values_in_json(t, version):
    """Each line can be parsed, and what is not readable says so."""
    t.need_root()
    json_check = "import json, sys\nfor line in sys.stdin: json.loads(line)"
    path = t.go("wholewild", version)
    out = os.path.join(t.tmp, "out")
    text = "\n".join(f"uprobe:{path}:main.{n} {{ print(args.x); }}" for n in NAMES)
    r = t.stoat("-q", "-f", "json", "-o", out, "-c", path, "-e", text, env={"GODEBUG": "invalidptr=0"})
    t.check(r.out.endswith("fine\n"), r.describe())
    t.sh("sh", "-c", f'python3 -c "$0" <{out}', json_check)
    with open(out, encoding="utf-8") as f:
        content = f.read()
    calls = len(r.out.splitlines()) - 1
    t.check(calls > 300, f"{calls} calls")
    t.eq(len(re.findall(r'^\{"type": ?"value"', content, re.M)), calls, "one for each call")
    t.check(re.search(r'\{"unreadable": ?true\}', content), "what is not readable is marked")
