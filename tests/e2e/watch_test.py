# SPDX-License-Identifier: Apache-2.0
"""stoat watch: variables at a place, a line a pass."""

import json
import os
import re

import terminal
from harness import ROOT, cases

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]
LINE = re.compile(r"\d\d:\d\d:\d\d\.\d{6} +(\d+|-)  (\S+)  (.*)")


def marked(program, mark):
    """main.go:LINE of a comment in a Go program of the tests."""
    with open(os.path.join(ROOT, "tests/programs/go", program, "main.go"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    return f"main.go:{next(i for i, line in enumerate(lines, 1) if mark in line)}"


def rows(out):
    """(goroutine, place, values) of each line"""
    return [m.groups() for m in map(LINE.fullmatch, out.splitlines()) if m]


@cases(VERSIONS)
def test_a_line(t, version):
    t.need_root()
    path = t.go("naps", version)
    place = marked("naps", "watched here")
    r = t.stoat("watch", path, place, "level", "-c", f"{path} steps 7 1", "-q")
    t.eq([row[1:] for row in rows(r.out)], [(place, f"level={i // 3}") for i in range(7)], r.describe())
    r = t.stoat("watch", path, place, "-c", f"{path} steps 1 1")
    readable = re.findall(r"(\w+)=", r.out)
    told = re.findall(r"^stoat: (\w+) is not readable at \S+; it is ", r.err, re.M)
    t.eq(sorted(readable + told), ["level", "name"], r.describe())
    t.check(f"stoat: {place}, 1 site in {path}" in r.err, r.describe())


@cases(VERSIONS)
def test_a_function(t, version):
    t.need_root()
    path = t.go("naps", version)
    r = t.stoat("watch", path, "main.step", "-c", f"{path} steps 3 2", "-q")
    t.eq(sorted(row[1:] for row in rows(r.out)),
         [("main.step", f"level=0 name=\"worker {i // 3}\"") for i in range(6)], r.describe())
    t.eq(len({row[0] for row in rows(r.out)}), 2, r.describe())
    r = t.stoat("watch", path, "main.step", "name", "-c", f"{path} steps 1 1", "-q")
    t.eq([row[2] for row in rows(r.out)], ['name="worker 0"'], r.describe())


@cases(VERSIONS)
def test_a_line_of_an_inlined_function(t, version):
    """The variables of the functions around it are none of that line's."""
    t.need_root()
    path = t.go("shadow", version)
    place = marked("shadow", "three functions are here")
    r = t.stoat("watch", path, place, "-c", path)
    got = rows(r.out)
    t.check(got and all(set(re.findall(r"(\w+)=", row[2])) <= {"n", "x"} for row in got), r.describe())
    t.eq(re.findall(r"^stoat: (\w+) is not readable", r.err, re.M), [n for n in ("n", "x") if n + "=" not in r.out])
    r = t.stoat("watch", path, place, "i", "-c", path, rc=2)
    t.check(f"there is no variable 'i' at {place}" in r.err, r.err)
    r = t.stoat("-e", f"uprobe:{path}@{place} {{ print(vars.i) }}", rc=1)
    t.check(f"there is no variable 'i' at {place}" in r.err, r.err)


def test_an_instruction(t):
    t.need_root()
    path = t.go("shop", "1.27")
    shown = t.stoat("show", path, "main.(*Store).Get").out
    off = re.search(r"locals +e +\S+ +lines \S+ +\+(0x[0-9a-f]+)\.\.", shown)[1]
    r = t.stoat("watch", path, f"*Store).Get+{off}", "e.User", "e", "-n", "2", "-c", path, "-q")
    got = rows(r.out)
    t.eq(len(got), 2, r.describe())
    t.eq(got[1][1:], (f"main.(*Store).Get+{off}",
                      'e.User="user 1" e=&main.Entry{Key: "user/1", User: "user 1", TTL: 1m0s}'), r.describe())


@cases(VERSIONS)
def test_changed(t, version):
    """Each goroutine has its own last values."""
    t.need_root()
    path = t.go("naps", version)
    words = ["watch", path, "main.step", "--changed", "-c", f"{path} steps 30 4", "-q"]
    r = t.stoat(*words)
    got = rows(r.out)
    t.eq(len(got), 40, r.describe())
    for goid in {row[0] for row in got}:
        levels = [int(re.search(r"level=(\d+)", row[2])[1]) for row in got if row[0] == goid]
        t.eq(levels, list(range(10)), r.describe())
    t.eq(len(rows(t.stoat(*words, "-n", "7").out)), 7)


@cases(VERSIONS)
def test_what_cannot_be_read_is_told_alone(t, version):
    """nilLink is called once, with nil."""
    t.need_root()
    path = t.go("values", version)
    words = ["watch", path, "main.nilLink", "l.value", "l", "l.next.name", "-c", path, "-q"]
    want = "l.value=<unreadable> l=nil l.next.name=<unreadable>"
    for options in ([], ["--changed"]):
        r = t.stoat(*words, *options)
        t.eq([row[1:] for row in rows(r.out)], [("main.nilLink", want)], r.describe())
    r = t.stoat(*words, "-f", "json")
    got = [json.loads(line)["values"] for line in r.out.splitlines() if '"watch"' in line]
    lost = {"unreadable": True}
    t.eq(got, [{"l.value": lost, "l": None, "l.next.name": lost}], r.describe())
    r = t.stoat("watch", path, "main.chained", "l.value", "l.next.next.next.value", "--changed", "-c", path, "-q")
    t.eq([row[2] for row in rows(r.out)], ["l.value=1 l.next.next.next.value=<unreadable>"], r.describe())


def test_stripped(t):
    t.need_root()
    path = t.go("naps", "1.24", "stripped")
    command = ["-c", f"{path} steps 2 1", "-q"]
    r = t.stoat("watch", path, "main.step", *command)
    t.check(all("arg0=0x0 arg1=0xc" in row[2] for row in rows(r.out)) and len(rows(r.out)) == 2, r.describe())
    r = t.stoat("watch", path, "main.step", "level", *command, rc=2)
    t.check("variable 'level': no DWARF in it" in r.err, r.describe())
    r = t.stoat("watch", path, "main.go:1", *command, rc=2)
    t.check("source lines need debug information" in r.err, r.describe())


def test_c(t):
    t.need_root()
    path = t.c("calls.c", "-O0", "-g", "-pthread")
    r = t.stoat("watch", path, "hit", "-n", "2", "-c", f"{path} 3000 0", "-q")
    t.check(len(rows(r.out)) == 2 and all(int(row[0]) > 1 and row[1] == "hit" for row in rows(r.out)), r.describe())


def test_json(t):
    t.need_root()
    path = t.go("naps")
    r = t.stoat("watch", path, "main.step", "-c", f"{path} steps 4 1", "-q", "-f", "json", "--changed")
    lines = [json.loads(line) for line in r.out.splitlines() if '"watch"' in line]
    t.eq([(line["func"], line["place"], line["values"]) for line in lines],
         [("main.step", "main.step", {"level": i, "name": "worker 0"}) for i in range(2)], r.describe())
    t.check(all(line["goid"] > 0 and line["time"].endswith("Z") for line in lines), r.describe())


def test_printed_script_does_the_same(t):
    t.need_root()
    path = t.go("naps")
    for options in ([], ["--changed"], ["-n", "3"], ["--changed", "-n", "3"]):
        words = ["watch", path, marked("naps", "watched here"), "level", *options]
        command = ["-c", f"{path} steps 15 1", "-q"]
        script = t.file("watch.bt", t.stoat(*words, "--print-script").out)
        want = [row[1:] for row in rows(t.stoat(*words, *command).out)]
        t.check(want, str(options))
        t.eq([row[1:] for row in rows(t.stoat(script, *command).out)], want, str(options))


def test_values_give_way_on_a_terminal(t):
    t.need_root()
    path = t.go("shop", "1.27")
    words = ["watch", path, "main.handle", "-q", "-n", "3", "-c", path]
    out = terminal.run([t.stoat_path, *words], columns=70).replace("\r", "")
    t.check(re.search(r"^TIME +GO  PLACE +VALUES$", out, re.M), out)
    t.check(len(rows(out)) == 3 and all(len(line) <= 70 for line in out.splitlines()), out)
    out = terminal.run([t.stoat_path, *words, "--wide"], columns=70).replace("\r", "")
    t.check(any(len(line) > 70 for line in out.splitlines()), out)


@cases([
    (["watch", "PATH"], 1, "no place given"),
    (["watch", "PATH", "store.go:39", "e"], 2,
     "variable 'e' is not readable at store.go:39; it is at line 38 (try store.go:38)"),
    (["watch", "PATH", "store.go:38", "nosuch"], 2, "there is no variable 'nosuch' at store.go:38"),
    (["watch", "PATH", "store.go:9999"], 2, "store.go"),
    (["watch", "PATH", "store.go:9999"], 2, "the nearest line with code: "),
    (["watch", "PATH", "store.go:0"], 2, "no code begins at line 0 of store.go"),
    (["watch", "PATH", "main.handle+9999"], 1, "error: +0x270f is behind the end of main.handle, which has "),
    (["watch", "PATH", "main.handle+1"], 1, "error: main.handle+0x1 is in the middle of an instruction"),
    (["watch", "PATH", "main.*+4"], 1, "an offset is in one function: 'main.*' means 11"),
    (["watch", "PATH", "main.nosuch"], 2, "no function 'main.nosuch'"),
    (["watch", "PATH", "main.handle", "-n", "x"], 1, "--limit takes a number of lines, not 'x'"),
])
def test_mistakes(t, words, rc, message):
    path = t.go("shop", "1.27")
    r = t.stoat(*[path if w == "PATH" else w for w in words], rc=rc)
    t.check(message in r.err and r.err.count("stoat: ") == 1 and not r.out, r.describe())


def test_copies(t):
    """What is the same of several copies is told once; a function that is inlined everywhere is watched."""
    t.need_root()
    r = t.stoat("watch", t.go("web", "1.24"), marked("web", "AddInt64(&s.writes"), "--for", "1ms")
    notes = re.findall(r"^stoat: .* is not readable at .*$", r.err, re.M)
    t.check("2 sites" in r.err and notes and len(notes) == len(set(notes)), r.describe())
    path = t.go("shop", "1.27")
    r = t.stoat("watch", path, "main.isExpired", "-n", "2", "-c", path)
    t.check("left out" not in r.err and len(rows(r.out)) == 2 and r.out.count("e=") == 2, r.describe())


def test_help(t):
    r = t.stoat("watch", "--help")
    examples = r.out.split("\nexamples:\n")[1].strip().splitlines()
    t.check("usage: stoat watch [OPTION...] TARGET PLACE [VAR...]" in r.out and len(examples) == 2, r.describe())
