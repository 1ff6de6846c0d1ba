# SPDX-License-Identifier: Apache-2.0
"""Whole values of Go: tests/programs/go/whole writes each of its values as stoat must show it, before it
passes it on; both must say the same."""

import json
import os
import re

import programs
import whole
from harness import cases, timeout

VERSIONS = programs.known_versions()
FORMS = ["default", "noopt", "pie", "cgo"]
BUILDS = [(v, f) for v in VERSIONS for f in FORMS]
FEWER = [(v, "default") for v in VERSIONS] + [("1.15", "noopt"), ("1.24", "noopt"), ("1.24", "pie"), ("1.27", "cgo")]
SOME = [(v, "default") for v in ("1.15", "1.22", "1.24", "1.27")]
# A line of output is never longer, whatever it shows.
LINE_MAX = 100_000

# These lead far: through interfaces, and through what Go's own types are made of.
FAR = ["interfaces.go", "errors.go", "locks.go", "contexts.go", "newer120.go"]
# What is in these says another thing than their text does.
OWN = ["secrets.go", "results.go", "huge.go"]

def files(*without):
    return [f for f in whole.functions() if f.file not in (*without, *OWN)]


def of_files(*names):
    return [f for f in whole.functions() if f.file in names]


def clauses(t, path, functions):
    """For those functions that this version has."""
    names = set(t.stoat("list", path, "main.*").out.split())
    there = [f for f in functions if f"main.{f.name}" in names]
    return [f.name for f in there], "\n".join(f.clause(path) for f in there)


def run(t, path, text, *options, arguments="", env=None, seconds=100):
    """The lines of stoat and of the program, and stoat's messages."""
    out = os.path.join(t.tmp, "out")
    command = f"{path} {arguments}"
    r = t.stoat("-q", "-o", out, *options, "-c", command, t.file("script.bt", text), env=env, seconds=seconds)
    with open(out, encoding="utf-8", errors="surrogateescape") as f:
        got = f.read()
    t.check(max(map(len, got.split("\n"))) <= LINE_MAX, "lines have an end")
    return whole.flat([line for line in got.split("\n") if line]), r.out.split("\n"), r.err


def compare(t, got, said, names, err=""):
    want = [line for line in said if line.split(" ")[0] in names]
    t.check(want, "the program says something")
    wrong = []
    for i, line in enumerate(want):
        t.check(i < len(got), f"after {i} lines: {line!r} is missing\n{err}")
        m = re.fullmatch(r"(\w+) ~ (\d+)", line)
        if m:
            t.check(got[i].startswith(m[1] + " "), f"line {i + 1} is of {m[1]}: {got[i][:200]}")
            check_cut(t, m[1], int(m[2]), got[i].split(" ", 1)[1])
        elif got[i] != line:
            wrong.append(f"got  {got[i][:1500]}\nwant {line[:1500]}")
    t.check(not wrong, f"{len(wrong)} of {len(want)} lines differ\n" + "\n".join(wrong[:12]) + f"\n{err}")
    t.eq(got[len(want) :], [], "lines behind the last one")


# --- what is cut ---


def check_cut(t, name, n, text):
    whole.check_shape(t, text)
    {
        "bigMap": check_map,
        "hugeMap": check_map,
        "bigSyncMap": check_map,
        "hugeArray": check_array,
        "hugeList": check_list,
        "hugeLists": check_lists,
        "wideItems": check_wide,
    }[name](t, n, text)


def check_map(t, n, text):
    """Entries that are in the map, in order, and how many there are beside them."""
    found, more = whole.entries(t, text)
    t.check(all(v == 3 * k for k, v in found.items()), f"each value is of its key: {text[:200]}")
    t.eq(list(found), sorted(found), "keys are in order")
    # Of a hash trie nobody knows how many it has.
    is_trie = "sync.Map{" in text and more is None
    t.check(len(found) < n if is_trie else len(found) + more == n, f"{len(found)} and {more} of {n}")
    # What is left of a map that was large once may lie anywhere.
    t.check(len(found) <= 64 and (found or n <= 16), f"{len(found)} of {n} entries are shown")


def check_array(t, n, text):
    m = re.fullmatch(r'&main\.Table\{Name: "table", Cells: \[100000\]int\{(.*), \+(\d+) more\}.*\}', text)
    t.check(m, f"a cut array: {text[:200]} ... {text[-100:]}")
    shown = [int(i) for i in m[1].split(", ")]
    t.eq(shown, list(range(len(shown))), "items are in order")
    t.eq(len(shown) + int(m[2]), n)


def cut_end(t, text, n, shown):
    m = re.fullmatch(r".*\+(\d+) more\}", text)
    t.check(m, f"a cut list: {text[:100]} ... {text[-100:]}")
    t.eq(int(m[1]) + len(shown), n, "how many there are")
    t.eq(shown, list(range(len(shown))), "items are in order")
    t.check(0 < len(shown) <= 64, f"{len(shown)} items are shown")


def check_list(t, n, text):
    t.check(text.startswith('[]main.Item{{Name: "nnn'), text[:100])
    t.check('..., Tags: []string{"ttt' in text, "what the first items lead to is there")
    ids = all_ids(text)
    cut_end(t, text, n, [0, *ids])


def all_ids(text):
    return whole.all_between("{ID: ", ",", text)


def check_lists(t, n, text):
    shown = text.count("[0, 1, 2, ")
    t.check(0 < shown <= 64, f"{shown} lists are shown")
    t.check(text.endswith(f"+{n - 64} more}}"), text[-100:])


def check_wide(t, n, text):
    t.check(text.startswith("[]main.Wide{{}, {Words: [25]int64{1, 0, "), text[:100])
    cut_end(t, text, n, [0, *whole.all_between("[25]int64{", ",", text)])


# --- text ---


@cases(BUILDS)
@timeout(120)
def test_values(t, version, form):
    t.need_root()
    path = t.go("whole", version, form)
    names, text = clauses(t, path, files(*FAR))
    # A place that has two times a year, so that Local is no UTC where zones are installed.
    got, said, err = run(t, path, text, env={"TZ": "Europe/Berlin"})
    compare(t, got, said, names, err)
    t.eq(err, "", "messages")


@cases(BUILDS)
@timeout(120)
def test_values_that_lead_far(t, version, form):
    t.need_root()
    path = t.go("whole", version, form)
    names, text = clauses(t, path, of_files(*FAR))
    got, said, err = run(t, path, text, arguments="depth=24", env={"STOAT_MAX_DEPTH": "24"})
    compare(t, got, said, names, err)
    t.eq(err, "", "messages")


@cases(SOME)
def test_locks_need_no_depth(t, version, form):
    """A mutex, a sync.Map and the like count as one reference at most."""
    t.need_root()
    path = t.go("whole", version, form)
    names, text = clauses(t, path, of_files("locks.go"))
    got, said, err = run(t, path, text)
    compare(t, got, said, names, err)


@cases(FEWER)
@timeout(120)
def test_huge(t, version, form):
    t.need_root()
    path = t.go("whole", version, form)
    names, text = clauses(t, path, of_files("huge.go"))
    got, said, err = run(t, path, text)
    compare(t, got, said, names, err)


PRINTED = """
uprobe:%(path)s:main.mixed { printf("p "); print(args.x); }
uprobe:%(path)s:main.items { print(args.x); }
uprobe:%(path)s:main.ints /len(args.x) == 3/ { print((1, args.x)); print(args); }
uprobe:%(path)s:main.several { print(args.p); print(args.q); print(args.list); print(args.none); print(args.p.X); }
uprobe:%(path)s:main.registry { @kept = args.x == nil; print(args.x); }
"""


@cases(SOME)
def test_print(t, version, form):
    t.need_root()
    path = t.go("whole", version, form)
    got, said, err = run(t, path, PRINTED % {"path": path})
    words = {name: [line.split(" ", 1)[1] for line in said if line.startswith(name + " ")] for name in ("mixed", "items", "registry")}
    want = ["(1, []int{1, -2, 3})", "{x: []int{1, -2, 3}}", *words["items"], *("p " + w for w in words["mixed"])]
    want += ["&main.Point{X: 1, Y: 2}", "main.Point{}", "nil", "nil", "1", *words["registry"], "@kept: false"]
    t.eq([line for line in got if line], want, err)


# --- results ---

RESULTS = """
uretprobe:PATH:main.find { printf("find = %v\\n", args.p); printf("find > %v %v\\n", retval.found, retval.err); }
uretprobe:PATH:main.change { printf("change = %v %v\\n", args.x, args.m); printf("change > %v\\n", retval); }
uretprobe:PATH:main.build {
    printf("build > %v %v %v %v\\n", retval.item, retval.dict, retval.list, retval.ok);
}
"""
UNNAMED = """
uretprobe:PATH:main.unnamedResults { printf("unnamedResults > %v %v %v\\n", retval.0, retval.1, retval.2); }
"""


@cases(FEWER)
def test_results(t, version, form):
    """Also arguments at the return, as they were at the entry."""
    t.need_root()
    path = t.go("whole", version, form)
    text = RESULTS + UNNAMED
    got, said, err = run(t, path, text.replace("PATH", path))
    compare(t, got, said, ["find", "change", "build", "unnamedResults"], err)


@cases(SOME)
def test_print_results(t, version, form):
    t.need_root()
    path = t.go("whole", version, form)
    text = "uretprobe:PATH:main.find { print(retval); print(args); } uretprobe:PATH:main.change { print(retval); }"
    got, _, err = run(t, path, text.replace("PATH", path))
    want = [
        '(&main.Item{ID: 3, Name: "key", Tags: []string{"key"}}, nil)',
        '{p: &main.Point{X: 1, Y: 3}, key: "key"}',
        '(nil, error "no key")',
        '{p: &main.Point{X: 1}, key: ""}',
        "(&main.Item{ID: 7}, &main.CodeError{Code: 8})",
        '{p: &main.Point{X: 1, Y: 3}, key: "odd"}',
        '[]string{"old", "new"}',
    ]
    t.eq(got, want, err)


# --- limits ---


def limited(t, path, functions, **limits):
    """As the settings say it, and as the environment does."""
    names, text = clauses(t, path, functions)
    settings = {"depth": "max_depth", "items": "max_items", "text": "max_value_strlen", "zeros": "value_zeros"}
    arguments = " ".join(f"{k}={v}" for k, v in limits.items())
    config = "config = { %s }\n" % "; ".join(f"{settings[k]} = {v}" for k, v in limits.items())
    env = {"STOAT_" + settings[k].upper(): str(v) for k, v in limits.items()}
    for text_, env_ in ((config + text, None), (text, env)):
        got, said, err = run(t, path, text_, arguments=arguments, env=env_)
        compare(t, got, said, names, err)


@cases([(v, d) for v in ("1.15", "1.24", "1.27") for d in (1, 2, 5)])
def test_depth(t, version, depth):
    t.need_root()
    functions = [f for f in of_files("lists.go", "pointers.go", "maps.go") if f.name != "bigMap"]
    limited(t, t.go("whole", version), functions, depth=depth)


@cases(["1.15", "1.24"])
def test_depth_zero(t, version):
    """Nothing is followed but strings."""
    t.need_root()
    path = t.go("whole", version)
    names = {f.name: f for f in of_files("pointers.go", "lists.go", "maps.go")}
    text = "\n".join(names[n].clause(path) for n in ("chain", "items", "intPointer", "textMap", "array"))
    got, _, err = run(t, path, "config = { max_depth = 0 }\n" + text)
    t.check(set(got) == {
        "chain &main.Node{...}", "items []main.Item{+3 more}", "intPointer &...", "intPointer nil",
        "textMap map[string]int{...}", "array [3]int{7, 0, 9}",
    }, f"{got}\n{err}")


@cases(["1.15", "1.24"])
def test_items(t, version):
    t.need_root()
    limited(t, t.go("whole", version), of_files("lists.go", "texts.go"), items=2)
    limited(t, t.go("whole", version), of_files("lists.go"), items=100)


@cases(["1.15", "1.24"])
def test_items_of_maps(t, version):
    t.need_root()
    path = t.go("whole", version)
    text = 'config = { max_items = 3 }\nuprobe:PATH:main.intMap { printf("%v\\n", args.x); }'
    got, said, err = run(t, path, text.replace("PATH", path))
    want = [line.split(" ", 1)[1] for line in said if line.startswith("intMap ")]
    t.eq(len(got), len(want), err)
    for line, full in zip(got, want):
        if line == "nil" or full == "nil":
            t.eq(line, full)
            continue
        found, more = whole.entries(t, line)
        there, _ = whole.entries(t, full)
        t.check(found.items() <= there.items(), f"{line} is a part of {full}")
        t.eq(len(found), min(3, len(there)), f"{line} of {full}")
        t.eq(len(found) + more, len(there), f"{line} of {full}")


@cases(["1.15", "1.24"])
def test_text(t, version):
    t.need_root()
    functions = [f for f in of_files("texts.go", "structs.go") if f.name != "text"]
    limited(t, t.go("whole", version), functions, text=4)
    limited(t, t.go("whole", version), of_files("texts.go"), text=1000)


@cases(["1.15", "1.19", "1.24", "1.27"])
@timeout(240)
def test_zeros(t, version):
    t.need_root()
    functions = of_files("lists.go", "texts.go", "structs.go", "pointers.go", "scalars.go", "clocks.go")
    limited(t, t.go("whole", version), functions, zeros=1)


@cases(["1.15", "1.24"])
def test_bytes(t, version):
    """However few bytes there are, what is shown is well formed and begins as it should."""
    t.need_root()
    path = t.go("whole", version)
    names, text = clauses(t, path, of_files("structs.go", "lists.go", "maps.go", "interfaces.go", "errors.go", "huge.go"))
    for size in (64, 500, 4000):
        got, said, err = run(t, path, f"config = {{ max_value_bytes = {size} }}\n" + text)
        want = [line for line in said if line.split(" ")[0] in names]
        t.eq([line.split(" ")[0] for line in got], [line.split(" ")[0] for line in want], err)
        for line in got:
            whole.check_shape(t, line.split(" ", 1)[1])
            t.check(len(line) < 20 * size + 2000, f"{len(line)} characters of {size} bytes")
            t.check("unreadable" not in line, f"what is left out is no unreadable memory: {line[:200]}")


@cases(["max_depth = 33", "max_items = 5000", "max_value_strlen = 5000", "max_value_bytes = 1000000", "max_depth = -1"])
def test_limits_have_limits(t, setting):
    path = t.go("whole")
    r = t.stoat("-e", f"config = {{ {setting} }} uprobe:{path}:main.ints {{ print(args.x); }}", rc=1)
    t.check(setting.split()[0] in r.err and "^" in r.err, r.err)


# --- secrets ---

SECRETS = """
uprobe:PATH:main.login { printf("%v\\n", args.x); print(args); }
uprobe:PATH:main.loginValue { printf("%v\\n", args.x); }
uprobe:PATH:main.headers { printf("%v\\n", args.x); }
uprobe:PATH:main.settings { printf("%v\\n", args.x); }
uprobe:PATH:main.visit { print(args); print(args.card); }
uretprobe:PATH:main.login { print(args.x); }
"""
LOGIN = (
    'main.Login{User: "ann", Password: <redacted>, AuthToken: <redacted>, api_key: <redacted>, PIN: 7, '
    "SecretNumber: <redacted>, HasPassword: true, PrivateKey: <redacted>, Cookies: <redacted>, "
    'Authorization: <redacted>, Inner: struct{ClientSecret: <redacted>, Note: "note"}}'
)
BOB = (
    'main.Login{User: "bob", Password: <redacted>, AuthToken: <redacted>, api_key: <redacted>, '
    "SecretNumber: <redacted>, PrivateKey: <redacted>, Cookies: <redacted>, Authorization: <redacted>, "
    "Inner: struct{ClientSecret: <redacted>}}"
)
HEADERS = 'map[string][]string{"Accept": ["text/html"], "Authorization": <redacted>, "Set-Cookie": <redacted>, "X-Api-Key": <redacted>}'
SETTINGS = 'map[string]interface {}{"db_password": <redacted>, "list": []int{1}, "name": "n", "token": <redacted>, "use_token": true}'
CARD = '&main.Card{Owner: "ann", Number: "hide-me", Code: 23551}'


@cases(FEWER)
def test_secrets(t, version, form):
    t.need_root()
    path = t.go("whole", version, form)
    got, _, err = run(t, path, SECRETS.replace("PATH", path))
    want = []
    for login in ("&" + LOGIN, "&" + BOB):
        want += [login, f"{{x: {login}}}", login]
    want += [LOGIN, HEADERS, SETTINGS, f"{{id: 1, password: <redacted>, card: {CARD}}}", CARD]
    t.eq(got, want, err)


@cases([("1.15", "text"), ("1.24", "text"), ("1.24", "json"), ("1.27", "json")])
def test_redact(t, version, form):
    """More patterns: a glob, and a word that is found inside of names. Nothing of it is in the output."""
    t.need_root()
    path = t.go("whole", version)
    options = ["-f", form, "--redact", "num*", "--redact", "code", "--redact", "USER"]
    got, _, err = run(t, path, SECRETS.replace("PATH", path), *options)
    # Digits of addresses say nothing.
    text = re.sub("0x[0-9a-f]{6,12}\\b", "ADDR", "\n".join(got))
    for hidden in ("hide", "23551", "686964652d6d65", '"ann", Pass', "bob"):
        t.check(hidden not in text, f"{hidden} is not shown\n{text[:3000]}\n{err}")
    if form == "text":
        card = '&main.Card{Owner: "ann", Number: <redacted>, Code: <redacted>}'
        t.check(card in got, f"{card}\n{text}")
        t.check(text.count("User: <redacted>") == 7, f"users\n{text}")


@cases(["1.15", "1.24"])
def test_a_password_in_a_url(t, version):
    t.need_root()
    path = t.go("whole", version)
    for form in ("text", "json"):
        text = "uprobe:PATH:main.link { print(args.x); } uprobe:PATH:main.user { print(args.x); print(args); }"
        got, _, err = run(t, path, text.replace("PATH", path), "-f", form)
        t.check("xxxxx" in "\n".join(got), err)
        t.check("pa55" not in "\n".join(got) and "hidden" not in "\n".join(got), "\n".join(got)[:2000])


# --- JSON ---

JSON = """
uprobe:PATH:main.several { print(args); }
uprobe:PATH:main.mixedPointer { print(args.x); }
uprobe:PATH:main.chain { print(args.x); }
uprobe:PATH:main.ints { print(args.x); }
uprobe:PATH:main.textMap { print(args.x); }
uprobe:PATH:main.structMap { print(args.x); }
uprobe:PATH:main.someBytes { print(args.x); }
uprobe:PATH:main.textList { print(args.x); }
uprobe:PATH:main.numbers { print(args.x); }
uprobe:PATH:main.channel { print(args.x); }
uprobe:PATH:main.function { print(args.x); }
uprobe:PATH:main.event { print(args.x); }
uprobe:PATH:main.address { print(args.x); }
uprobe:PATH:main.fails { print(args.x); }
uprobe:PATH:main.anything { print(args.x); }
uprobe:PATH:main.mutex { print(args.x); }
uprobe:PATH:main.intPointer { print(args.x); }
uprobe:PATH:main.registry { print(args.x); }
uprobe:PATH:main.user { print(args.x); }
uretprobe:PATH:main.find { print(retval); }
"""


def is_address(value):
    return isinstance(value, str) and re.fullmatch("0x[0-9a-f]+", value)


def without_addresses(value):
    """Addresses are of another run each time; that they are some is all there is to check."""
    if isinstance(value, dict):
        return {k: "ADDR" if k == "addr" and is_address(v) else without_addresses(v) for k, v in value.items()}
    return [without_addresses(v) for v in value] if isinstance(value, list) else value


def struct(name, **fields):
    return {"type": name, "fields": fields}


def pointer(name, **fields):
    return {"type": "*" + name, "addr": "ADDR", "fields": fields}


def listed(name, *items, **rest):
    return {"type": name, "len": len(items), "items": list(items), **rest}


NOTHING = pointer(
    "main.Mixed", Base=struct("main.Base", ID=0, notes=None), Point=None, Name="", Color=0,
    inner=struct("main.small", a=0, b="", c=None), anon={"type": "struct { A int; B int }", "fields": {"A": 0, "B": 0}},
    Empty={"type": "struct {}", "fields": {}}, Holes=listed("[0]int64"),
    Chars={"type": "[4]byte", "len": 4, "hex": "00000000"}, Ints=None, byName=None, any=None, run=None, done=None,
)
CHAIN = pointer(
    "main.Node", N=1, Next=pointer("main.Node", N=2, Next=pointer("main.Node", N=3, Next={"type": "*main.Node", "addr": "ADDR", "cut": True}))
)
CYCLE = pointer(
    "main.Node", N=1, Next=pointer("main.Node", N=2, Next=pointer("main.Node", N=3, Next={"type": "*main.Node", "addr": "ADDR", "cycle": True}))
)
WANT = {
    "several": [{
        "p": pointer("main.Point", X=1, Y=2), "q": struct("main.Point", X=0, Y=0), "list": None, "none": None,
        "key": "user/7", "e": None,
    }],
    "mixedPointer": {1: NOTHING, 2: None},
    "chain": {0: pointer("main.Node", N=1, Next=None), 2: CHAIN, 4: CYCLE},
    "ints": {0: listed("[]int", 1, -2, 3), 1: listed("[]int"), 2: None, 6: {"type": "[]int", "len": 1000, "items": list(range(64)), "more": 936}},
    "textMap": {0: {"type": "map[string]int", "len": 5, "entries": {"": 0, "a": 1, "a\n": 5, "b": 2, "ä": 4}}},
    "structMap": [{"type": "map[main.Key]main.Point", "len": 3, "entries": [
        {"key": struct("main.Key", A=0, B="z"), "value": struct("main.Point", X=3, Y=0)},
        {"key": struct("main.Key", A=1, B="a"), "value": struct("main.Point", X=0, Y=0)},
        {"key": struct("main.Key", A=1, B="b"), "value": struct("main.Point", X=1, Y=2)},
    ]}],
    "someBytes": {
        0: {"type": "[]byte", "len": 10, "text": "some text\n"}, 2: None, 3: {"type": "[]byte", "len": 4, "hex": "deadbeef"},
        8: {"type": "[]byte", "len": 400, "text": "ab" * 128, "cut": True}, 9: {"type": "[]byte", "len": 1000, "hex": "00" * 256, "cut": True},
    },
    "textList": [listed("[]string", "one", "", "three", {"type": "string", "len": 300, "text": "z" * 256, "cut": True})],
    "numbers": {0: pointer(
        "main.Numbers", F32=1.5, F64=-2.25e-7, C64="(1-2i)", C128="(0.5+1e+30i)", R=0.1, I8=-128, U64="18446744073709551615", P=7,
    )},
    "channel": {0: None, 2: {"type": "chan int", "len": 2, "cap": 3, "closed": False}, 3: {"type": "chan int", "len": 1, "cap": 2, "closed": True}},
    "function": {0: None, 1: {"type": "func(int) int", "name": "main.double"}, 2: {"type": "func(int) int", "name": "main.(*Point).scale-fm"}},
    "event": {1: pointer(
        "main.Event", Name="e", At={"type": "time.Time", "text": "2026-11-28 17:24:23.123456789 +0000 UTC"},
        Took={"type": "time.Duration", "ns": 1500000000, "text": "1.5s"}, Zero={"type": "time.Time", "text": "0001-01-01 00:00:00 +0000 UTC"},
    )},
    "address": {0: None, 1: {"type": "net.IP", "text": "192.168.1.1"}, 3: {"type": "net.IP", "text": "::1"}},
    "anything": {0: None, 1: True, 2: 5, 3: {"type": "int8", "value": -8}, 14: 1.5, 17: "text", 23: {"type": "main.Color", "value": 2},
                 28: struct("main.Point", X=1, Y=2), 29: pointer("main.Point", X=3, Y=4), 32: {"type": "*int", "addr": "ADDR", "value": 7}},
    "mutex": {2: {"type": "*sync.Mutex", "addr": "ADDR", "value": {"type": "sync.Mutex", "text": "locked, 3 waiting"}}},
    "intPointer": {0: {"type": "*int", "addr": "ADDR", "value": 5}, 1: None},
    "registry": {1: pointer(
        "main.Registry",
        ByName={"type": "map[string]*main.Item", "len": 1, "entries": {"i": pointer("main.Item", ID=1, Name="", Tags=None)}},
        counts={"type": "map[main.Color]int", "len": 2, "entries": [{"key": 1, "value": 0}, {"key": 2, "value": 3}]},
        empty={"type": "map[string]int", "len": 0, "entries": {}},
    )},
    "user": {2: pointer("url.Userinfo", username="ann", password={"redacted": True}, passwordSet=True)},
}


def values_by_function(t, path, text):
    """{function: [value of each call]}"""
    functions = re.findall(r"^u\w+:PATH:main\.(\w+) ", text, re.M)
    found = {}
    for name in functions:
        clause = next(line for line in text.splitlines() if f":main.{name} " in line)
        found[name] = clause
    marked = "\n".join(c.replace("{ print", '{ printf("of %s", "' + n + '"); print') for n, c in found.items())
    got, _, err = run(t, path, marked.replace("PATH", path), "-f", "json", env={"STOAT_MAX_DEPTH": "3"})
    values, name = {n: [] for n in functions}, None
    for line in got:
        event = json.loads(line)
        if event["type"] == "printf":
            name = event["data"].removeprefix("of ")
        elif event["type"] == "value":
            values[name].append(without_addresses(event["data"]))
    return values, err


@cases(SOME)
def test_json(t, version, form):
    t.need_root()
    path = t.go("whole", version, form)
    values, err = values_by_function(t, path, JSON)
    wrong = []
    for name, want in WANT.items():
        for i, value in enumerate(want) if isinstance(want, list) else want.items():
            got = values[name][i] if i < len(values[name]) else "nothing"
            if got != value:
                wrong.append(f"{name} {i}\n  got  {json.dumps(got)}\n  want {json.dumps(value)}")
    t.check(not wrong, f"{len(wrong)} differ\n" + "\n".join(wrong[:10]) + err)
    # Errors have their text, and those that are structs their fields as well.
    texts = [v.get("text") for v in values["fails"] if isinstance(v, dict)]
    for text in ("cause", "second: first: cause", "dial tcp 127.0.0.1:1: connect: connection refused", "no such file or directory"):
        t.check(text in texts, f"{text!r} is one of {texts}")
    path_error = next(v for v in values["fails"] if isinstance(v, dict) and v.get("text", "").startswith("open /nowhere"))
    t.eq((path_error["fields"]["Op"], path_error["fields"]["Path"]), ("open", "/nowhere/at all"))
    t.eq(values["find"][1]["found"], None)
    t.eq(values["find"][1]["err"]["text"], "no key")
