# SPDX-License-Identifier: Apache-2.0
"""stoat count: what it counts is what the programs have counted themselves, and every option of it."""

import json
import os
import re
import time

import storm
import terminal
from counts import table
from harness import cases, timeout

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]


@cases([(v, "default") for v in VERSIONS] + [("1.24", "stripped"), ("1.19", "stripped")])
@timeout(200)
def test_counts_are_the_programs_own(t, version, form):
    t.need_root()
    path = t.go("storm", version, form)
    r = t.stoat("count", path, "main.*", "-c", f"{path} mixed 3 {storm.FINE}", rc=storm.FINE)
    rows, others = table(r.out)
    told = storm.told(r.out)
    t.check(told, r.describe())
    for name, w in told.items():
        t.eq(rows.get(name), w.calls, f"calls of {name}")
    names = t.stoat("list", path, "main.*").out.splitlines()
    t.eq(len(rows) + others, len(set(names)), "functions in all")
    t.eq(list(rows.values()), sorted(rows.values(), reverse=True), "the largest first")
    t.check(re.search(rf"^stoat: {len(names)} functions, \d+ sites in \S+storm \(go[\d.]+\); until the command ends$",
                      r.err, re.M), r.err)


def test_c(t):
    t.need_root()
    path = t.c("calls.c", "-O2", "-g", "-pthread")
    r = t.stoat("count", path, "hit", "main", "-c", f"{path} 3000 0", "-q")
    t.eq((table(r.out), r.err), (({"hit": 3000, "main": 1}, 0), ""), r.describe())


def test_json(t):
    t.need_root()
    path = t.go("calls")
    r = t.stoat("count", path, "main.*", "-c", f"{path} 3000 0", "-q", "-f", "json")
    line = json.loads(r.out.splitlines()[-1])
    t.eq(line["type"], "table", r.describe())
    t.eq(line["data"][0], {"function": "main.hit", "calls": 3000}, r.describe())
    names = t.stoat("list", path, "main.*").out.splitlines()
    t.eq(len(line["data"]) + line["others"], len(names), r.describe())


def test_printed_script_does_the_same(t):
    t.need_root()
    path = t.go("calls")
    words = ["count", path, "main.*", "runtime.main", "strconv.Atoi", "-i", "10s", "--for", "5m"]
    command = ["-c", f"{path} 3000 0", "-q"]
    script = t.stoat(*words, "--print-script").out
    file = t.file("count.bt", script)

    def told(*args):
        return re.sub(r" ns [\d.]+", "", t.stoat(*args, *command).out)

    t.eq(told(file), told(*words), script)
    t.eq(told("-e", script), told(*words), script)
    out = os.path.join(t.tmp, "out")
    t.stoat(*words, "--print-script", "-o", out)
    with open(out, encoding="utf-8") as f:
        t.eq(f.read(), script, "-o")


def test_a_function_that_is_meant_twice_is_counted_once(t):
    t.need_root()
    path = t.go("calls")
    command = ["-c", f"{path} 500 0", "-q"]
    for words in (["hit", "main.*"], ["main.*", "main.hit"], ["main.h*", "main.*"], ["main.*", "*hit", "*.hit"]):
        r = t.stoat("count", path, *words, *command)
        t.eq(table(r.out)[0]["main.hit"], 500, r.describe())
        names = t.stoat("list", path, "main.*", "*hit").out.splitlines()
        t.eq(len(table(r.out)[0]) + table(r.out)[1], len(names), r.describe())


def test_interval_and_for(t):
    t.need_root()
    path = t.go("calls")
    start = time.monotonic()
    r = t.stoat("count", path, "main.*", "-c", f"{path} 40000 2000 2", "-i", "300ms", "--for", "1s")
    t.check(0.9 < time.monotonic() - start < 5, f"took {time.monotonic() - start}")
    tables = r.out.split("\n\n")
    t.check(3 <= len(tables) <= 5, r.describe())
    hits = [table(part)[0].get("main.hit", 0) for part in tables]
    t.check(hits == sorted(hits) and 1000 < hits[-1] < 4000, str(hits))
    t.check("; for 1s" in r.err, r.err)


def test_table_is_redrawn_on_a_terminal(t):
    t.need_root()
    path = t.go("calls")
    words = ["count", path, "main.*", "runtime.s*", "-i", "200ms", "-q", "-c", f"sh -c 'exec {path} 1500 1500 2 >/dev/null 2>&1'"]
    out = terminal.run([t.stoat_path, *words], rows=12, columns=40)
    pieces = re.split(r"\r\x1b\[(\d+)A\x1b\[J", out)
    t.check(len(pieces) >= 7, out)
    for text, up in zip(pieces[0::2], pieces[1::2]):
        lines = text.replace("\r", "").splitlines()
        shown = [line for line in lines if not line.startswith("calls ")]
        t.eq(len(shown), int(up), out)
        t.check(len(shown) < 12 and max(map(len, shown)) <= 40, out)
        t.check(re.search(r"\.\.\.  \d+ more functions", text), out)
    t.check("more functions" not in pieces[-1] and table(pieces[-1].replace("\r", "").replace("1,500", "1500"))[0]["main.hit"] == 1500, out)


@timeout(200)
def test_hundreds_of_functions_at_once(t):
    """The whole program by one wildcard: attached within a second, and all of it is called or told."""
    t.need_root()
    path = t.go("calls")
    n = len(t.stoat("list", path).out.splitlines())
    start = time.monotonic()
    r = t.stoat("count", path, "*", "-c", f"{path} 10 0")
    took = time.monotonic() - start
    rows, others = table(r.out)
    t.check(rows["main.hit"] == 10 and rows["runtime.main"] == 1, r.describe())
    t.check(n > 1000 and n - 10 <= len(rows) + others <= n, f"{len(rows)} and {others} of {n}")
    t.check(took < 5, f"took {took} s")


@cases([
    (["count"], 1, "no target given"),
    (["count", "PATH"], 1, "no function given"),
    (["count", "./nosuch", "f"], 2, "no such file: ./nosuch"),
    (["count", "nosuch-command", "f"], 2, "no file, command or library 'nosuch-command'"),
    (["count", "999999999", "f"], 2, "no process 999999999"),
    (["count", "PATH", "main.nosuch"], 2, "no function 'main.nosuch'"),
    (["count", "PATH", "main.hitt"], 2, "near: main.hit"),
    (["count", "PATH", "main.nosuch*"], 2, "no function matches 'main.nosuch*'"),
    (["count", "PATH", "hit", "--for", "10"], 1, "--for takes a time with its unit, like 10s, 500ms or 2m, not '10'"),
    (["count", "PATH", "hit", "--for", "0s"], 1, "--for takes a time"),
    (["count", "PATH", "hit", "-i", "x"], 1, "--interval takes a time"),
    (["count", "PATH", "hit", "-p", "1", "-c", "true"], 1, "-p and -c exclude each other"),
    (["count", "PATH", "hit", "--all-processes"], 1, "--all-processes is for a TARGET that is a pid"),
    (["count", "PATH", "hit", "-p", "1", "--all-processes"], 1, "--all-processes and -p or -c exclude each other"),
    (["count", "PATH", "hit", "-p", "abc"], 1, "-p takes the number of a process"),
    (["count", "PATH", "hit", "-f", "xml"], 1, "--format takes one of text|json, not 'xml'"),
    (["count", "PATH", "hit", "--nosuch"], 1, "unknown option --nosuch"),
])
def test_mistakes(t, words, rc, message):
    path = t.go("calls")
    r = t.stoat(*[path if w == "PATH" else w for w in words], rc=rc)
    t.check(message in r.err and r.err.count("stoat: error:") == 1 and not r.out, r.describe())


def test_help(t):
    r = t.stoat("count", "--help")
    examples = r.out.split("\nexamples:\n")[1].strip().splitlines()
    t.check("usage: stoat count [OPTION...] TARGET FUNC..." in r.out and len(examples) == 2, r.describe())


ELSEWHERE = "stoat: warning: nothing was hit: with -c only the command's own process is traced"


@cases([
    ("sh -c 'PATH; true'", True),  # another process
    ("sh -c 'exec PATH'", False),  # the same one
    ("PATH", False),
    ("true", True),
])
def test_a_command_that_runs_the_program_in_another_process(t, command, is_elsewhere):
    t.need_root()
    path = t.go("shop", "1.27")
    command = command.replace("PATH", path)
    r = t.stoat("count", path, "main.handle", "-q", "-c", command)
    t.eq(ELSEWHERE in r.err, is_elsewhere, r.describe())
    t.eq("25  main.handle" in r.out, not is_elsewhere, r.describe())
    script = f"BEGIN {{ }} uprobe:{path}:main.handle {{ @ = count() }} interval:ms:1 {{ @a = 1 }}"
    r = t.stoat("-q", "-e", script, "-c", command)
    t.eq(ELSEWHERE in r.err, is_elsewhere, r.describe())
    # One that has the program, but does not call the function.
    r = t.stoat("count", path, "main.NewStore", "-q", "-c", path)
    t.check(ELSEWHERE not in r.err, r.describe())
