# SPDX-License-Identifier: Apache-2.0
"""stoat trace --tree and --chrome: calls inside of calls, as tests/programs/go/nest makes them."""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter

import storm
import terminal
from harness import cases, timeout

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]
ALL = [
    f"main.{f}" for f in
    ["outer", "check", "fact", "guarded", "middle", "boom", "leaf", "spawn", "child", "slow"]
]  # fmt: skip
TIMES = re.compile(r"(?<! ) +<?[\d.]+(?:ns|us|ms|s)(?:  self [\d.]+(?:ns|us|ms|s))?$")

OUTER = """\
main.outer(n=0) = 1
  main.check(n=0) = (0, nil)
  main.fact(n=3) = 6
    main.fact(n=2) = 2
      main.fact(n=1) = 1
  main.guarded(n=0) = 1
    main.middle(n=0) panicked
      main.boom(n=0) panicked
        main.leaf(n=0) = 1
  main.spawn(n=0)
    go main.child -> GO A
    go main.child -> GO B
  main.slow(n=0) = 1
    main.leaf(n=0) = 1
"""
DROPPED = "main.middle(...) panicked\n  main.boom(...) panicked\n"


def trees(out):
    """(goroutine, the tree without times, each of its lines without the goroutine's column)"""
    found = []
    for line in out.splitlines():
        line = TIMES.sub("", line)
        if m := re.match(r"((?:GO|TID) \d+  )", line):
            found.append([m[1].split()[1], len(m[1]), line[m[0].__len__() :] + "\n"])
        elif found and line.startswith(" " * found[-1][1]):
            found[-1][2] += line[found[-1][1] :] + "\n"
    return [(goid, text) for goid, _, text in found]


@cases([(v, "default") for v in VERSIONS] + [("1.24", "stripped"), ("1.15", "stripped")])
def test_tree(t, version, form):
    """Recursion, panics that are recovered, calls of the deferred function, goroutines that are started."""
    t.need_root()
    path = t.go("nest", version, form)
    args = [] if form == "stripped" else ["--args", "n"]
    r = t.stoat("trace", path, *ALL, *args, "--tree", "-q", "-c", f"{path} 1")
    found = trees(r.out)
    if form == "stripped":
        found = [(g, text.replace("(?)", "()")) for g, text in found]
        found = [(g, re.sub(r"\((?:s?arg\d=\w+(?:, )?)*\)(?: = \w+)?", "()", text)) for g, text in found]
        want = re.sub(r"\(n=\d\)(?: = (?:\(0, nil\)|\d))?", "()", OUTER)
    else:
        want = OUTER
    first = next(text for _, text in found if text.startswith("main.outer"))
    if (version, form) == ("1.15", "stripped"):
        # Where newproc1's result is on the stack nothing tells.
        want = re.sub(r" +go .*\n", "", want)
    started = re.findall(r"-> GO (\d+)", first)
    for name, goid in zip("AB", started):
        first = first.replace(f"-> GO {goid}\n", f"-> GO {name}\n")
    t.eq(first, want, r.out)
    # What worker's panics have ended does not hold what comes after it.
    t.eq(re.sub(r"\(.*\)", "(...)", [text for goid, text in found if goid == "1"][1]), DROPPED, r.out)
    t.check([text for goid, text in found if goid == "1"][2].startswith("main.leaf("), r.out)
    children = sorted(goid for goid, text in found if text.startswith("main.child("))
    t.eq(children, sorted(started) or children, r.out)
    t.eq(len(children), 2, r.out)
    for line in r.out.splitlines():
        if "main.fact(n=3)" in line:
            t.check(re.search(r"self [\d.]+", line), line)


@cases(["1.15", "1.24"])
def test_times_add_up(t, version):
    """A call's own time and those of the calls in it are all of it."""
    t.need_root()
    path = t.go("nest", version)
    r = t.stoat("trace", path, "main.outer", "main.slow", "--tree", "--no-args", "-q", "-c", f"{path} 30")
    units = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    rows = re.findall(r"([\d.]+)(ns|us|ms|s)  self ([\d.]+)(ns|us|ms|s)\n(?: +go .*\n)* +main\.slow\S+ = \d+ +([\d.]+)(ns|us|ms|s)", r.out)
    t.eq(len(rows), 30, r.describe())
    for all_n, all_u, self_n, self_u, inner_n, inner_u in rows:
        whole = float(all_n) * units[all_u]
        parts = float(self_n) * units[self_u] + float(inner_n) * units[inner_u]
        t.check(abs(whole - parts) < whole * 0.02, f"{whole} is not {parts}")


@cases(VERSIONS)
def test_tree_with_where(t, version):
    """What is asked for, and the calls that it is in."""
    t.need_root()
    path = t.go("nest", version)
    words = ["main.outer", "main.fact", "--no-args", "--tree", "-w", "retval == 2"]
    r = t.stoat("trace", path, *words, "-q", "-c", f"{path} 1")
    found = [re.sub(r" +go main.*\n", "", text) for _, text in trees(r.out)]
    t.eq(found, ["main.outer(...)\n  main.fact(...)\n    main.fact(...) = 2\n"], r.describe())
    r = t.stoat("trace", path, *ALL, "--no-args", "--tree", "-w", "duration > 1h", "-q", "-c", f"{path} 2")
    t.eq(trees(r.out), [], r.describe())


@cases(["1.15", "1.24"])
def test_tree_with_functions_that_do_not_have_the_argument(t, version):
    """They never match, but they are around those that do, and return."""
    t.need_root()
    path = t.go("shop", version)
    words = ["main.serve", "main.handle", "main.(*Store).Get", "--tree", "--args", "key"]
    r = t.stoat("trace", path, *words, "-w", 'args.key == "user/3"', "-c", path)
    lines = [TIMES.sub("", line) for line in r.out.splitlines() if "main." in line]
    t.check(re.fullmatch(r"GO \d+  main\.serve\(\.\.\.\)", lines[0]), r.describe())
    want = ["main.handle(...)", '  main.(*Store).Get(key="user/3") = ("user 3", nil)']
    t.eq([line.removeprefix(" " * (len(lines[1]) - len(lines[1].lstrip()))) for line in lines[1:]], want, r.describe())
    t.check("2 functions are left out, which have no parameter 'key': main.serve, main.handle" in r.err, r.err)
    t.check("without a return" not in r.err, r.err)


@cases(["1.15", "1.24"])
def test_tree_with_limit(t, version):
    t.need_root()
    path = t.go("nest", version)
    r = t.stoat("trace", path, "main.outer", "main.fact", "--tree", "--args", "n", "-n", "2", "-q", "-c", f"{path} 3")
    want = "main.outer(...) has not returned\n  main.fact(...) has not returned\n    main.fact(n=2) = 2\n      main.fact(n=1) = 1\n"
    t.eq([text for _, text in trees(r.out)], [want], r.describe())


@cases(["1.15", "1.24"])
def test_tree_with_limit_has_panics(t, version):
    t.need_root()
    path = t.go("nest", version)
    r = t.stoat("trace", path, "main.guarded", "main.middle", "--tree", "--args", "n", "-n", "2", "-q", "-c", f"{path} 3")
    want = [f"main.guarded(n={n}) = {n + 1}\n  main.middle(n={n}) panicked\n" for n in range(2)]
    t.eq([text for _, text in trees(r.out)], want, r.describe())


@cases(["1.15", "1.24"])
def test_tree_within_a_budget(t, version):
    """A call is in the trees with its return, or not at all; times of its own that may be others' are marked."""
    t.need_root()
    path = t.go("nest", version)
    words = ["main.outer", "main.fact", "main.leaf", "--args", "n", "--max-rate", "5", "-c", f"{path} 40"]
    r = t.stoat("trace", path, *words, "--tree")
    t.check("hits dropped by max_rate" in r.err and "without" not in r.err, r.err)
    t.check(not re.search("has not returned|ended|panicked", r.out), r.out)
    t.check(all(" self <=" in line for line in r.out.splitlines()[-5:] if " self " in line), r.out)
    told = Counter(re.findall(r"main\.(\w+)\(", r.out))
    t.check(0 < told["outer"] < 40 and told["fact"] < 120, r.out)
    events, _ = chrome(t, path, *words)
    t.check(all(e["ph"] in "XMsf" for e in events) and sum(e["ph"] == "X" for e in events) < 300, str(events))


def test_open_calls_in_a_tree(t):
    t.need_root()
    path = t.go("nest")
    r = t.stoat("trace", path, "main.main", "main.wait", "main.fact", "--no-args", "--tree", "--for", "1s", "-c",
                f"{path} 1 hold", stdin=None)  # fmt: skip
    t.check("main.main(" in r.out, r.describe())
    with subprocess.Popen([t.stoat_path, "trace", path, "main.waitFor", "--tree", "-q", "--for", "1s", "-c", f"{path} 1 hold"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:  # fmt: skip
        out = p.stdout.read()
    t.eq(sorted(re.findall(r'main\.waitFor\(name="(\w+)", .* has not returned', out)), ["first", "second"], out)


@cases([("1.15", 1000), ("1.24", 1000), ("1.27", 1000)])
@timeout(200)
def test_deep_tree(t, version, levels):
    """Calls that are nested very deeply, and all left at once."""
    t.need_root()
    path = t.go("storm", version)
    r = t.stoat("trace", path, "main.falls", "main.spin", "--tree", "--no-args", "-q", "-c",
                f"{path} abyss {levels} {storm.FINE}", rc=storm.FINE, seconds=120)  # fmt: skip
    found = trees(r.out)
    told = storm.told(r.out)
    n_returned = sum(text.count("main.falls(...) = ") for _, text in found)
    t.eq(n_returned, told["main.falls"].returns, "returns")
    n_gone = sum(text.count("main.falls(...) panicked") for _, text in found)
    t.eq(n_gone, told["main.falls"].calls - told["main.falls"].returns, "calls without one")
    t.eq({goid for goid, text in found if "main.spin" in text}, {"1"})
    t.check(all(text.startswith("main.spin") for _, text in found if "main.spin" in text), f"spin is in no call of falls\n{r.err}")


@timeout(200)
def test_deeper_than_a_tree_can_be(t):
    """What a tree does not have is said."""
    t.need_root()
    path = t.go("storm")
    r = t.stoat("trace", path, "main.falls", "main.spin", "--tree", "--no-args", "-q", "-c", f"{path} abyss 4200")
    t.eq(r.out.count("main.falls(...) "), 8 * 4096)
    t.check("840 calls are in no tree: 4,096 others were open around them" in r.err, r.err)


BABBLE = """\
(i=0; while [ $i -lt 30000 ]; do echo said in between; i=$((i+1)); done) &
exec "$@"
"""


@timeout(200)
def test_lines_of_others_stand_between_ours(t):
    """A tree is much longer than what a pipe takes at once, and the command writes to the same pipe."""
    t.need_root()
    path = t.go("storm")
    script = os.path.join(t.tmp, "babble")
    with open(script, "w", encoding="utf-8") as f:
        f.write(BABBLE)
    words = ["trace", path, "main.falls", "main.spin", "--tree", "--no-args", "-q", "-c", f"/bin/sh {script} {path} abyss 1000"]
    with subprocess.Popen([t.stoat_path, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        out = b""
        while part := os.read(p.stdout.fileno(), 8192):
            out += part
            time.sleep(0.0002)
    lines = [TIMES.sub("", line.strip()) for line in out.decode().splitlines()]
    ours = re.compile(r"(GO 1  )?main\.(?:falls|spin)\(\.\.\.\) (= \d+|panicked)|said in between|main\.\S+(?: -?\d+){6}|\w+ -?\d+")
    t.eq([line for line in lines if not ours.fullmatch(line)], [])
    t.eq(sum("main.falls(" in line for line in lines), 8 * 1001)


@cases(["1.15", "1.24", "1.27"])
@timeout(200)
def test_many_goroutines_at_once(t, version):
    """All calls of a storm are in trees, in the right number."""
    t.need_root()
    path = t.go("storm", version)
    names = ["main.deep", "main.recovers", "main.throws", "main.maybe", "main.nested", "main.blocks"]
    r = t.stoat("trace", path, *names, "--tree", "--no-args", "-q", "-c", f"{path} mixed 6 {storm.FINE}",
                rc=storm.FINE, seconds=120)  # fmt: skip
    t.check("lost" not in r.err, r.err)
    told = storm.told(r.out)
    got = Counter(m[1] for _, text in trees(r.out) for m in re.finditer(r"^ *(main\.\w+)\(\.\.\.\) = ", text, re.M))
    for name in names:
        t.eq(got[name], told[name].returns, f"returns of {name}")


@timeout(200)
def test_memory_is_bounded(t):
    """Goroutines that have ended are forgotten: 5 times as many take no more memory."""
    t.need_root()
    path = t.go("nest")

    def peak(n):
        command = ["/usr/bin/env", "python3", "-c", """if True:
            import resource, subprocess, sys
            subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""]  # fmt: skip
        words = ["trace", path, "main.guarded", "main.middle", "main.fact", "--tree", "--no-args", "-q"]
        return int(t.sh(*command, t.stoat_path, *words, "-c", f"{path} many {n}", seconds=120).out)

    few, many = peak(4000), peak(20000)
    t.check(many < few * 1.3 + 4000, f"{few} KB, then {many} KB")


def test_tree_fits_a_terminal(t):
    t.need_root()
    path = t.go("nest")
    words = [t.stoat_path, "trace", path, "main.outer", "main.check", "main.fact", "--tree", "-q", "-c", f"{path} 2"]
    for columns in (80, 100, 200):
        out = terminal.run(words, columns=columns)
        lines = re.sub(r"\x1b\[[0-9;]*m|\r", "", out).splitlines()
        t.check(all(len(line) <= columns for line in lines if "main." in line), out)
        t.eq(sum(bool(TIMES.search(line)) for line in lines if "main." in line), 10, out)
        t.check("�" not in out, out)


# --- traces for Perfetto and chrome://tracing ---


def check_trace(t, events):
    """What the format asks for; slices of a track are inside of each other or apart; both ends of an
    arrow are in slices."""
    slices, names, arrows = {}, {}, {}
    for e in events:
        t.check({"ph", "pid", "tid", "ts", "name"} <= e.keys(), str(e))
        t.check(isinstance(e["ts"], (int, float)) and isinstance(e["pid"], int) and isinstance(e["tid"], int), str(e))
        t.check(e["ph"] in "XMBsf", str(e))
        track = (e["pid"], e["tid"])
        if e["ph"] == "X":
            t.check(e["dur"] >= 0 and isinstance(e["args"], dict), str(e))
            slices.setdefault(track, []).append((e["ts"], round(e["ts"] + e["dur"], 3), e["name"]))
        elif e["ph"] == "B":
            slices.setdefault(track, []).append((e["ts"], float("inf"), e["name"]))
        elif e["ph"] == "M":
            t.eq(e["name"], "thread_name", str(e))
            names[track] = e["args"]["name"]
        else:
            t.check(e["bp"] == "e" and e["name"] == "go", str(e))
            t.check((e["id"], e["ph"]) not in arrows, f"twice: {e}")
            arrows[e["id"], e["ph"]] = e
    for track, found in slices.items():
        t.check(track in names, f"track {track} has no name")
        stack = []
        for start, end, name in sorted(found, key=lambda s: (s[0], -s[1])):
            while stack and stack[-1][1] <= start:
                stack.pop()
            t.check(not stack or end <= stack[-1][1], f"{name} {start}..{end} crosses {stack[-1:]}")
            stack.append((start, end))
    for (number, phase), e in arrows.items():
        t.check((number, "f" if phase == "s" else "s") in arrows, f"half an arrow: {e}")
        around = [s for s in slices[e["pid"], e["tid"]] if s[0] <= e["ts"] <= s[1]]
        t.check(around, f"no slice around {e}")
        if phase == "s":
            t.check(e["ts"] <= arrows[number, "f"]["ts"], f"backwards: {e}")
    return slices, names, arrows


def chrome(t, *words, rc=0):
    path = os.path.join(t.tmp, "trace.json")
    r = t.stoat("trace", *words, "--chrome", path, "-q", rc=rc, seconds=120)
    with open(path, encoding="utf-8") as f:
        return json.load(f), r


@cases([(v, "default") for v in VERSIONS] + [("1.24", "stripped")])
def test_chrome(t, version, form):
    t.need_root()
    path = t.go("nest", version, form)
    events, _ = chrome(t, path, *ALL, "-c", f"{path} 3")
    slices, names, arrows = check_trace(t, events)
    got = Counter(name for found in slices.values() for *_, name in found)
    want = {"main.outer": 3, "main.fact": 9, "main.leaf": 15, "main.child": 6, "main.spawn": 3, "main.slow": 3,
            "main.check": 3, "main.guarded": 3, }  # fmt: skip
    panicked = {"main.middle": 3, "main.boom": 3} if "1.24" > version else {"main.middle": 6, "main.boom": 6}
    t.eq(dict(got), want | panicked)
    ended = [e for e in events if e["ph"] == "X" and e["args"].get("panicked")]
    t.eq(Counter(e["name"] for e in ended), panicked)
    t.eq(len(arrows), 12, "an arrow to each child")
    t.check(any(name == "goroutine 1 runtime.main" for name in names.values()), str(names))
    t.eq(sum(bool(re.fullmatch(r"goroutine \d+ main\.child", name)) or "spawn" in name for name in names.values()), 6, str(names))
    if form == "default":
        fact = [e["args"] for e in events if e["name"] == "main.fact"][0]
        t.eq(fact, {"args": {"n": 1}, "results": 1})


@cases(["1.15", "1.24"])
@timeout(200)
def test_chrome_of_a_storm(t, version):
    t.need_root()
    path = t.go("storm", version)
    names = ["main.deep", "main.recovers", "main.throws", "main.maybe", "main.nested", "main.blocks", "main.spin"]
    events, r = chrome(t, path, *names, "--no-args", "-c", f"{path} mixed 4 {storm.FINE}", rc=storm.FINE)
    slices, *_ = check_trace(t, events)
    told = storm.told(r.out)
    got = Counter(e["name"] for e in events if e["ph"] == "X" and not e["args"].get("panicked"))
    for name in names:
        t.eq(got[name], told[name].returns, f"returns of {name}")


def test_chrome_with_where_and_limit(t):
    t.need_root()
    path = t.go("nest")
    events, _ = chrome(t, path, "main.fact", "main.spawn", "main.child", "-w", "duration < 1h && duration > 0", "-c", f"{path} 1")
    t.eq(len(check_trace(t, events)[2]), 4)
    events, _ = chrome(t, path, "main.fact", "-w", "retval == 2", "-c", f"{path} 3")
    t.eq([e["name"] for e in events if e["ph"] != "M"], ["main.fact"] * 3)
    events, _ = chrome(t, path, "main.fact", "-n", "4", "-c", f"{path} 3")
    t.eq([e["name"] for e in events if e["ph"] != "M"], ["main.fact"] * 4)
    events, _ = chrome(t, path, "main.fact", "-w", "retval == 77", "-c", f"{path} 3")
    t.eq(events, [])


def test_chrome_interrupted_is_complete(t):
    """Ctrl-C while calls are open."""
    t.need_root()
    path = t.go("nest")
    out = os.path.join(t.tmp, "trace.json")
    words = [t.stoat_path, "trace", path, "main.leaf", "main.wait", "main.waitFor", "--chrome", out, "-q", "-c", f"{path} 2 hold"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        while p.stdout.readline() not in ("held\n", ""):
            pass
        time.sleep(0.3)
        p.send_signal(signal.SIGINT)
        p.stdout.read()
    with open(out, encoding="utf-8") as f:
        events = json.load(f)
    slices, *_ = check_trace(t, [e for e in events if e["ph"] != "B"])
    t.eq(sorted(e["name"] for e in events if e["ph"] == "B"), ["main.wait", "main.waitFor", "main.waitFor"])
    args = [e["args"]["args"]["name"] for e in events if e["ph"] == "B" and e["name"] == "main.waitFor"]
    t.eq(sorted(args), ["first", "second"])
    t.check({(e["pid"], e["tid"]) for e in events} == {(e["pid"], e["tid"]) for e in events if e["ph"] == "M"}, str(events))
    t.check(any(s[2] == "main.leaf" for found in slices.values() for s in found), str(slices))
