# SPDX-License-Identifier: Apache-2.0
"""Arguments, results and local variables of Go functions: tests/programs/go/values says what it passes
and returns, in the words in which stoat prints it, and both must say the same."""

import os
import re

import programs
import values
from harness import cases, timeout

VERSIONS = programs.known_versions()
EDGES = "edges.go"
FORMS = ["default", "noopt", "pie", "cgo"]


def listed(t, path):
    return set(t.stoat("list", path, "main.*").out.splitlines())


def script(t, path, version, is_edge):
    names = listed(t, path)
    clauses = []
    for f in values.read()[0]:
        if programs.minor(version) < programs.minor(f.version):
            continue
        symbol = values.symbol_of(f.name, names)
        t.check(symbol, f"{f.name} is in the program")
        if (f.file == EDGES) == is_edge:
            clauses += f.clauses(f'{path}:"{symbol}"')
    return "\n".join(clauses)


def said_by(t, path, text, env=None):
    """What stoat and the program say: lines whose second word is a mark."""
    out = os.path.join(t.tmp, "out")
    r = t.stoat("-q", "-o", out, "-c", path, t.file("script.bt", text), env=env, seconds=100)
    with open(out, encoding="utf-8", errors="surrogateescape") as f:
        got = [line for line in f.read().split("\n") if line]
    return r, got, [line for line in r.out.split("\n") if line]


def compare(t, r, got, want):
    for i, line in enumerate(want):
        t.check(i < len(got), f"after {i} lines: {line!r} is missing\n{r.err}")
        t.eq(got[i], line, f"line {i + 1}\n{r.err}")
    t.eq(got[len(want) :], [], "lines behind the last one")


def names_in(text):
    return set(re.findall(r'printf\("(.+?) [<=>] ', text))


def is_of(line, names):
    """Whether the program says it of one of these functions."""
    m = re.match("(.+?) [<=>] ", line)
    return m and m[1] in names


@cases([(v, f) for v in VERSIONS for f in FORMS])
@timeout(120)
def test_values(t, version, form):
    t.need_root()
    path = t.go("values", version, form)
    text = script(t, path, version, is_edge=False)
    r, got, want = said_by(t, path, text)
    names = names_in(text)
    compare(t, r, got, [w for w in want if is_of(w, names)])
    t.eq(r.err, "", "messages")


@cases([(v, "default") for v in VERSIONS] + [("1.24", "noopt")])
def test_edges(t, version, form):
    """Texts longer than the limit, zero bytes, nil, and how values look by themselves."""
    t.need_root()
    path = t.go("values", version, form)
    text = script(t, path, version, is_edge=True)
    r, got, want = said_by(t, path, text, env={"BPFTRACE_MAX_STRLEN": "100"})
    names = names_in(text)
    compare(t, r, got, [w for w in want if is_of(w, names)])
    # nilLink reads through nil twice: at the entry, and what is kept for the return.
    t.check("cannot read memory" in r.err, f"what is not readable is counted\n{r.err}")


@cases([(v, f) for v in VERSIONS for f in ["default", "noopt"]])
def test_locals(t, version, form):
    """Variables at lines: what is printed is right. An optimised program may not have all of them
    there; then stoat says so and prints nothing."""
    t.need_root()
    path = t.go("values", version, form)
    refused = 0
    places = values.read()[1]
    for place in places:
        out = os.path.join(t.tmp, "out")
        r = t.stoat("-q", "-o", out, "-c", path, "-e", place.clause(path), rc=None)
        if r.rc == 1 and form == "default":
            t.check("vars." in r.err and "line" in r.err, f"where it could be read is told\n{r.describe()}")
            refused += 1
            continue
        t.eq(r.rc, 0, r.describe())
        with open(out, encoding="utf-8") as f:
            got = f.read().split("\n")
        want = [line for line in r.out.split("\n") if line.startswith(place.name + " @ ")]
        compare(t, r, got[:-1], want)
    t.check(refused < len(places), "some can be read")


@cases(["1.23", "1.27"])
def test_results_that_are_left_out(t, version):
    """The compiler does not write them down, which is not the same as that there are none."""
    path = t.go("values", version)
    for value in ("retval", "retval.0"):
        r = t.stoat("-e", f"uretprobe:{path}:main.rangesUnnamed {{ print({value}); }}", rc=1)
        t.check("it is not known whether main.rangesUnnamed has results" in r.err, r.err)
    t.check("results without names are not known" in t.stoat("show", path, "main.rangesUnnamed").out, "show")
    r = t.stoat("-e", f"uretprobe:{path}:main.ranges {{ print(retval.err); }}", rc=1)
    t.check("places of results are not known: Go leaves blank ones out" in r.err, r.err)


KEYS = """
uprobe:%(path)s:main.str { @s[args.s] = count(); @last = args.s; }
uprobe:%(path)s:main.compared / args.s == "go" || args.s == "og" / { @go[args.s] = count(); }
uprobe:%(path)s:main.twoTexts { @two[args.b, len(args.a)] = args.a; $v = args.b; @v = $v; }
uprobe:%(path)s:main.durations { @d[args.d] = count(); @longest = max(args.d); }
uprobe:%(path)s:main.anything { @types[args.a, args.b] = count(); }
uprobe:%(path)s:main.functions { @f[args.f] = count(); }
uprobe:%(path)s:main.bools { @b[args.yes, args.no] = count(); }
uretprobe:%(path)s:main.fails { @failed[args.way] = retval.err; @ok[retval.err == nil] = count(); }
uretprobe:%(path)s:main.str { @grown[args.s] = retval; }
uprobe:%(path)s:main.floats { @deg = args.r.deg; }
"""
IN_MAPS = """
@s[hello]: 1
@s[x]: 1
@s[]: 1
@s[grüße, 世界]: 1
@go[go]: 1
@go[og]: 1
@two[second, 5]: first
@v: second
@d[1.5µs]: 1
@d[0s]: 1
@d[-1h0m0s]: 1
@longest: 90000000000
@types[nil, *main.link]: 1
@types[int, nil]: 1
@types[string, main.point]: 1
@f[main.someText]: 1
@f[nil]: 1
@b[true, false]: 1
@failed[0]: nil
@failed[1]: *errors.errorString
@failed[2]: *main.myError
@ok[false]: 2
@ok[true]: 1
@grown[hello]: hello!
@grown[]: !
@deg: 36.6
"""


@cases(["1.15", "1.22", "1.27"])
def test_in_maps(t, version):
    """The same values as keys, in maps and in variables."""
    t.need_root()
    path = t.go("values", version)
    r = t.stoat("-q", "-c", path, "-e", KEYS % {"path": path})
    lines = set(r.out.split("\n"))
    missing = [line for line in IN_MAPS.split("\n") if line and line not in lines]
    maps = "\n".join(line for line in r.out.split("\n") if line.startswith("@"))
    t.eq(missing, [], f"lines that are missing\n{maps}\n{r.err}")


@cases([(v, f) for v in ["1.15", "1.19", "1.27"] for f in ["default", "noopt"]])
def test_argument_words(t, version, form):
    """argN and sargN are the words of the arguments, wherever this version passes them."""
    t.need_root()
    path = t.go("values", version, form)
    for name in ("arg", "sarg"):
        words = ", ".join(f"{name}{i}" for i in range(8))
        text = f'uprobe:{path}:main.nine {{ printf("%d %d %d %d %d %d %d %d %s\\n", {words}, str({name}8, {name}9)); }}'
        r = t.stoat("-q", "-c", path, "-e", text)
        t.check("\n1 2 3 4 5 6 7 8 ninth\n" in r.out, f"words by {name}\n{r.describe()}")
        text = f'uprobe:{path}:"main.(*account).add" {{ printf("%s %d\\n", str(*(uint64*){name}0, 3), {name}1); }}'
        r = t.stoat("-q", "-c", path, "-e", text)
        t.check("\nann -300\n" in r.out, f"the receiver is the first\n{r.describe()}")
