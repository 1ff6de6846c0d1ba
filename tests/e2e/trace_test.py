# SPDX-License-Identifier: Apache-2.0
"""stoat trace, every option of it: lines, conditions, limits, terminals, JSON; tests/programs/go/nest says
what is called."""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter

import terminal
from harness import cases, timeout

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]
LINE = re.compile(r"(\d\d:\d\d:\d\d\.\d{6})  +(\d+|-)  (\S+?)(\(.*\)?)  (\d[\d.]*(?:ns|us|ms|s))")
ENDED = re.compile(r" (panicked|ended without a return)(  <?[\d.]+(?:ns|us|ms|s))?$")
TRACED = ["main.check", "main.fact", "main.guarded", "main.middle", "main.boom", "main.leaf", "main.outer"]


def calls(out):
    """function, arguments and results of each line about a call that has returned"""
    return [(m[3], m[4]) for line in out.splitlines() if (m := LINE.fullmatch(line)) and "still open" not in line and "never returned" not in line and not ENDED.search(line)]


def counts(out):
    return Counter(name for name, _ in calls(out))


def objects(out):
    """What -f json has written; the program's own output is in between."""
    return [json.loads(line) for line in out.splitlines() if line.startswith('{"type"')]


# nest 3: so often each of them returns
def want(rounds):
    return {
        "main.outer": rounds, "main.check": rounds, "main.fact": 3 * rounds, "main.guarded": rounds,
        "main.leaf": 5 * rounds,
    }  # fmt: skip


@cases([(v, "default") for v in VERSIONS] + [("1.24", "stripped"), ("1.24", "pie"), ("1.19", "stripped")])
@timeout(200)
def test_a_line_for_each_call(t, version, form):
    t.need_root()
    path = t.go("nest", version, form)
    r = t.stoat("trace", path, *TRACED, "-c", f"{path} 3")
    t.eq(dict(counts(r.out)), want(3), r.describe())
    # middle and boom, in guarded and in worker
    gone = re.findall(r"^stoat: (\d+) calls? (?:ended without a return|had not returned)", r.err, re.M)
    t.eq(sum(map(int, gone)), 12, r.err)
    got = [text for name, text in calls(r.out) if name == "main.fact"]
    if form == "stripped":
        t.check(all(re.match(r"\((arg0|sarg0)=0x[123]\b", text) for text in got), r.out)
        t.eq(r.err.count("arguments are words"), 1, r.err)
        t.check("no DWARF in it" in r.err, r.err)
        return
    t.eq(got, ["(n=1) = 1", "(n=2) = 2", "(n=3) = 6"] * 3, r.describe())
    t.check("arguments are words" not in r.err, r.err)
    got = [text for name, text in calls(r.out) if name == "main.check"]
    item = (
        '&main.item{name: "größer", price: 3, tags: []string{"a", "b"}, next: &main.item{name: "next", '
        r"raw: []byte(0x[0-9a-f]{64}...)}, raw: []byte(0x[0-9a-f]{64}...)}"
    )
    for n, text in enumerate(got):
        result = '(0, error "odd: größer als null")' if n % 2 else f"({n}, nil)"
        pattern = re.escape(f"(n={n}, it=") + item.replace("(0x", r"\(0x").replace("...)", r"\.\.\.\)")
        pattern = pattern.replace("[]string", r"\[\]string").replace("[]byte", r"\[\]byte")
        t.check(re.fullmatch(pattern + re.escape(f") = {result}"), text), text)


@cases(VERSIONS)
def test_entry(t, version):
    t.need_root()
    path = t.go("nest", version)
    r = t.stoat("trace", path, "main.boom", "main.fact", "--entry", "-q", "-c", f"{path} 1")
    lines = [re.sub(r"^\S+ +", "", line) for line in r.out.splitlines()]
    want = ["main.fact(n=3)", "main.fact(n=2)", "main.fact(n=1)", "main.boom(n=0)", "main.boom(n=0)"]
    t.eq([line.split("  ")[1] for line in lines], want, r.describe())
    t.eq(r.err, "", "nothing waits for a return")


@cases(VERSIONS)
def test_where(t, version):
    t.need_root()
    path = t.go("nest", version)

    def found(condition, *functions):
        r = t.stoat("trace", path, *functions, "-w", condition, "-q", "-c", f"{path} 4")
        return [name + text for name, text in calls(r.out)]

    t.eq(found("args.n == 2 && retval > 1", "main.fact"), ["main.fact(n=2) = 2"] * 4)
    slow = ["main.slow(n=2) = 3", "main.slow(n=3) = 4"]
    t.eq(found("duration > args.n * 1ms && duration < 1m && args.n > 1", "main.slow"), slow)
    t.eq(found("duration < 2000us && args.n > 1", "main.slow"), [])
    t.eq(len(found("retval.1 != nil", "main.check")), 2)
    t.eq(len(found('retval.1 != nil && args.it.name == "größer" && goid == 1', "main.check")), 2)
    t.eq(found("args.n > 100 / 2", "main.check", "main.fact"), [])
    t.eq(found("goid == 0", "main.fact"), [])


@cases([("1.15", "stripped"), ("1.19", "stripped"), ("1.24", "stripped"), ("1.27", "stripped"), ("1.24", "default")])
@timeout(200)
def test_where_with_words(t, version, form):
    """They are those of the entry: when fact returns, its first register holds the result."""
    t.need_root()
    path = t.go("nest", version, form)

    def found(condition, *functions):
        r = t.stoat("trace", path, *functions, "-w", condition, "-q", "-c", f"{path} 3")
        return [re.split("  +", line)[2] for line in r.out.splitlines() if " main." in line], r.err

    got, err = found("arg0 == 2", "main.fact")
    want = "main.fact(n=2) = 2" if form == "default" else "main.fact(?)" if version == "1.15" else "main.fact(arg0=0x2)"
    t.eq(got, [want] * 3, err)
    t.eq(found("arg0 == 3 && duration > 1h", "main.fact")[0], [])
    if version == "1.15":
        return
    got, err = found("arg1 != 0", "main.fact", "main.check", "main.guarded")
    t.check(len(got) == 3 and all(line.startswith("main.check(") for line in got), f"{got}\n{err}")
    t.check("2 functions are left out, which have no arg1: main.fact, main.guarded" in err, err)
    r = t.stoat("trace", path, "main.fact", "main.guarded", "-w", "arg1 != 0", "-c", "true", rc=1)
    t.check("none of these 2 functions has arg1" in r.err, r.err)


@cases([(v, funcs) for v in ("1.19", "1.24", "1.27") for funcs in ("apart", "*")])
def test_words(t, version, funcs):
    """Which words are shown of a function does not depend on the others; none is made up."""
    t.need_root()
    path = t.go("areas", version, "stripped")
    names = ["main.(*circle).Area", "main.two", "main.twelve", "main.none"]
    runs = [[n] for n in names] if funcs == "apart" else [["main.*", "*circle).Area"]]
    got = {}
    for words in runs:
        r = t.stoat("trace", path, *words, "-q", "-c", path)
        got |= {c.split("(arg")[0].removesuffix("()"): c for c in re.findall(r"  (main\..*\))  ", r.out)}
    t.check(re.fullmatch(r"main\.\(\*circle\)\.Area\(arg0=0x\w+, arg1=0x5, arg2=<unreadable>\)", got[names[0]]), got)
    t.eq(got[names[1]], "main.two(arg0=0x7, arg1=0x8)")
    t.check(re.fullmatch(r"main\.twelve\((arg\d=0x\w+, ){9}\.\.\.\)", got[names[2]]), got)
    t.eq(got[names[3]], "main.none()")
    r = t.stoat("trace", path, "main.twelve", "-f", "json", "-c", path)
    t.check(objects(r.out)[1]["has_more_args"], r.out)


@cases([("1.15", "default"), ("1.24", "default"), ("1.27", "default"), ("1.24", "stripped")])
def test_a_line_for_each_panic(t, version, form):
    """With the arguments of the entry, and how long it took if what was seen next is the return around it."""
    t.need_root()
    path = t.go("nest", version, form)
    r = t.stoat("trace", path, "main.guarded", "main.middle", "main.boom", "-q", "-c", f"{path} 3")
    got = re.findall(r"  main\.(\w+)\((?:n|arg0)=(?:0x)?(\d)\) panicked  (<?)[\d.]+[a-z]+$", r.out, re.M)
    # guarded recovers from three, worker from three more, after which nothing shows the last ones.
    t.eq(got[:6], [(f, str(n), "") for n in range(3) for f in ("boom", "middle")], r.describe())
    t.eq(set(got[6:]), {(f, str(n), "<") for n in range(2) for f in ("boom", "middle")}, r.describe())
    r = t.stoat("trace", path, "main.guarded", "main.middle", "-f", "json", "-c", f"{path} 1")
    ended = [o for o in objects(r.out) if o.get("panicked")]
    t.eq([(o["func"], *o["args"].values()) for o in ended], [("main.middle", 0)], r.out)
    t.check(ended[0]["duration_ns"] > 0 and "is_shorter" not in ended[0], r.out)


def test_words_that_nothing_tells(t):
    """Go 1.15: not how many there are, but whether there are any; of open calls, too."""
    t.need_root()
    path = t.go("areas", "1.15", "stripped")
    r = t.stoat("trace", path, "main.two", "main.none", "main.rests", "-q", "-c", path)
    t.eq(re.findall(r"  (main\..*\))  ", r.out), ["main.two(?)", "main.none()", "main.rests(?)"], r.describe())


def test_where_with_names_of_results(t):
    t.need_root()
    path = t.go("shop")
    r = t.stoat("trace", path, "Get", "-w", "duration > 1h || retval.err == nil", "-q", "-c", path)
    t.eq(len(calls(r.out)), 20, r.describe())
    t.check(calls(r.out)[0][1].endswith('key="user/0") = ("user 0", nil)'), r.out)


@timeout(200)
def test_where_without_a_match_sends_nothing(t):
    """200,000 calls a second from several goroutines: no event comes, none is lost."""
    t.need_root()
    path = t.go("calls")
    command = ["-c", f"{path} 400000 200000 4"]
    r = t.stoat("trace", path, "hit", "-w", "retval < 0", "-f", "json", *command)
    t.eq([o["type"] for o in objects(r.out)], ["attached_probes"], r.describe())
    t.check(" 0 events in " in r.err and ", 0 lost;" in r.err, r.describe())
    t.check(re.search(r"^calls 400000 per_second", r.out, re.M), r.describe())


@cases([("1.15", 1), ("1.15", 7), ("1.24", 1), ("1.24", 100), ("1.24", 1000), ("1.27", 100)])
def test_limit_is_exact(t, version, n):
    """Also when many threads call at once."""
    t.need_root()
    path = t.go("nest", version)
    r = t.stoat("trace", path, "main.leaf", "-n", str(n), "-q", "-c", f"{path} threads 20000 8")
    t.eq(len(r.out.splitlines()), n, r.describe())
    t.eq(len(calls(r.out)), n, r.describe())


def test_limit_with_where(t):
    t.need_root()
    path = t.go("nest")
    r = t.stoat("trace", path, "main.leaf", "-n", "50", "-w", "args.n % 2 == 1", "-q", "-c", f"{path} threads 20000 8")
    found = [int(re.search(r"n=(\d+)", text)[1]) for _, text in calls(r.out)]
    t.eq((len(found), {n % 2 for n in found}), (50, {1}), r.describe())


@cases(VERSIONS)
def test_args(t, version):
    t.need_root()
    path = t.go("nest", version)

    def first(*options):
        r = t.stoat("trace", path, "main.check", *options, "-n", "1", "-q", "-c", f"{path} 1")
        return calls(r.out)[0][1]

    t.eq(first("--args", "n"), "(n=0) = (0, nil)")
    t.check(re.match(r"\(it=&main.item\{.*\}, n=0\) = ", first("--args", "it, n")), first("--args", "it, n"))
    t.eq(first("--no-args"), "(...) = (0, nil)")
    t.check(", next: &main.item{...}," in first("--depth", "1"), first("--depth", "1"))
    t.check('[]string{"a", +1 more}' in first("--items", "1"), first("--items", "1"))
    t.check("price: 0" in first("--zeros"), first("--zeros"))
    t.check("tags: <redacted>" in first("--redact", "tags"), first("--redact", "tags"))


@cases(VERSIONS)
def test_args_of_many_functions(t, version):
    """Each shows those that it has; a condition leaves out functions that do not have what it is about."""
    t.need_root()
    path = t.go("shop", version)

    def texts(*words):
        r = t.stoat(*words, "-c", path)
        return dict(re.findall(r"  main\.(?:\(\*Store\)\.)?(\w+)\((.*?)\)", r.out)), r

    words = ["trace", path, "main.(*Store).Get", "main.(*Store).Put", "main.(*Store).Count", "main.serve"]
    got, r = texts(*words, "--args", "key,longerThan", "-q")
    t.eq(got, {"Get": 'key="user/19"', "Put": "...", "Count": "longerThan=1h0m0s", "serve": "..."}, r.describe())
    t.check("left out" not in r.err, r.err)
    condition = ["-w", 'args.key == "user/7" || args.key == "user/9"', "--args", "key,e", "-f", "json"]
    _, r = texts(*words, *condition)
    found = [(o["func"], o["args"]) for o in objects(r.out) if o["type"] == "call"]
    t.eq(found, [("main.(*Store).Get", {"key": f"user/{n}"}) for n in (7, 9)], r.describe())
    t.check("stoat: warning: 3 functions are left out, which have no parameter 'key': " in r.err, r.err)
    t.check(all(name in r.err for name in ("main.(*Store).Put", "main.(*Store).Count", "main.serve")), r.err)
    script = t.file("trace.bt", t.stoat(*words, *condition, "--print-script").out)
    r = t.stoat(script, "-f", "json", "-q", "-c", path)
    t.eq([(o["func"], o["args"]) for o in objects(r.out) if o["type"] == "call"], found, r.describe())


@cases([
    (["--args", "e,keyy"], "--args:1:3: none of these 11 functions has a parameter 'keyy'\n  e,keyy\n    ^~~~\n  near: key"),
    (["--args", "none"], "none of these 11 functions has a parameter 'none'\n  none\n  ^~~~\n  they have: "),
    (["-w", "args.keyy != args.key"],
     "--where:1:6: none of these 11 functions has a parameter 'keyy'\n  args.keyy != args.key\n       ^~~~\n  near: key"),
    (["-w", "args.key != args.r.key"], "none of these 11 functions has all parameters that are asked for"),
])  # fmt: skip
def test_args_that_no_function_has(t, options, message):
    path = t.go("shop", "1.27")
    r = t.stoat("trace", path, "main.*", *options, "-c", "true", rc=1)
    t.check(message in r.err and r.err.count("stoat: error:") == 1 and not r.out, r.describe())


@cases(VERSIONS)
def test_stack(t, version):
    t.need_root()
    path = t.go("nest", version)
    r = t.stoat("trace", path, "main.check", "-s", "-n", "1", "-q", "-c", f"{path} 1")
    lines = r.out.splitlines()
    t.check(LINE.fullmatch(lines[0]), r.describe())
    names = [re.sub(r"\+\d+$", "", line.strip()) for line in lines[1:] if line]
    t.eq(names[:3], ["main.check", "main.outer", "main.main"], r.describe())
    r = t.stoat("trace", path, "main.check", "-s", "-n", "1", "-q", "-f", "json", "-c", f"{path} 1")
    stack = [o for o in objects(r.out) if o["type"] == "call"][0]["stack"]
    t.check("main.outer" in str(stack), str(stack))


@cases(VERSIONS)
def test_json(t, version):
    t.need_root()
    path = t.go("nest", version)
    r = t.stoat("trace", path, "main.check", "main.fact", "-q", "-f", "json", "-c", f"{path} 2")
    found = [o for o in objects(r.out) if o["type"] == "call"]
    t.eq(Counter(o["func"] for o in found), Counter({"main.fact": 6, "main.check": 2}), r.describe())
    for o in found:
        t.check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", o["time"]), str(o))
        t.check(o["goid"] == 1 and o["pid"] > 1 and o["tid"] >= o["pid"] and o["duration_ns"] > 0, str(o))
    facts = [(o["args"], o["results"]) for o in found if o["func"] == "main.fact"]
    t.eq(facts[:3], [({"n": 1}, 1), ({"n": 2}, 2), ({"n": 3}, 6)], r.describe())
    item = [o for o in found if o["func"] == "main.check"][1]["args"]["it"]
    t.eq((item["type"], item["fields"]["name"]), ("*main.item", "größer"), str(item))
    error = [o for o in found if o["func"] == "main.check"][1]["results"]
    t.check("odd: größer als null" in json.dumps(error, ensure_ascii=False), str(error))


def held(t, path, *options):
    """What is told of nest when it waits with calls open."""
    words = [t.stoat_path, "trace", path, *options, "-q", "-c", f"{path} 1 hold"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        line = p.stdout.readline()
        while line != "held\n" and line:
            line = p.stdout.readline()
        time.sleep(0.3)
        p.send_signal(signal.SIGINT)
        # Its input stays open, so that the calls do.
        return p.stdout.read(), p.stderr.read()


@cases(VERSIONS)
def test_open_calls_are_told_at_the_end(t, version):
    """With their arguments and since when; not the one that Goexit has ended with its goroutine."""
    t.need_root()
    path = t.go("nest", version)
    out, err = held(t, path, "main.wait", "main.waitFor", "main.ends")
    lines = re.findall(r"^\S+ +(\d+)  main\.(\w+)\((.*)\)  still open  ([\d.]+)(ms|s)$", out, re.M)
    t.eq(sorted(line[1] for line in lines), ["wait", "waitFor", "waitFor"], out + err)
    t.eq(sorted(re.findall(r'waitFor\(name="(\w+)"', out)), ["first", "second"], out)
    t.check(all(unit == "s" or float(n) > 250 for *_, n, unit in lines), out)
    t.check("3 calls had not returned when the trace ended" in err, err)
    t.check("1 call ended without a return" in err, err)
    out, err = held(t, path, "main.wait", "main.waitFor", "-f", "json")
    found = [o for o in objects(out) if o["type"] == "call"]
    t.eq([o["open"] for o in found], [True] * 3, out)
    t.check(all(o["duration_ns"] > 250e6 and "results" not in o for o in found), out)
    for options in (["-w", "duration > 1ms"], ["-n", "5"]):
        out, err = held(t, path, "main.wait", *options)
        t.eq(out, "", f"only what the options ask for\n{err}")


@cases(VERSIONS)
def test_calls_that_never_returned(t, version):
    """Of a program that has ended no call is open, whatever has ended it."""
    t.need_root()
    path = t.go("nest", version)
    words = [path, "main.wait", "main.waitFor", "main.ends", "-q", "-c", f"{path} 1 hold"]
    r = t.stoat("trace", *words, stdin="\n")
    t.check("still open" not in r.out, r.describe())
    gone = re.findall(r"  main\.(\w+)\(.*\)  never returned  [\d.]+m?s$", r.out, re.M)
    t.eq(sorted(gone), ["ends", "waitFor", "waitFor"], r.describe())
    r = t.stoat("trace", *words, "-f", "json", stdin="\n")
    found = [o for o in objects(r.out) if o["type"] == "call" and "never_returned" in o]
    t.eq(sorted(o["func"] for o in found), ["main.ends", "main.waitFor", "main.waitFor"], r.describe())
    t.check(all("open" not in o and "results" not in o for o in found), r.out)


def test_c(t):
    t.need_root()
    path = t.c("calls.c", "-O2", "-g", "-pthread")
    r = t.stoat("trace", path, "hit", "-q", "-c", f"{path} 3 0")
    t.eq([text for _, text in calls(r.out)], ["(n=0) = 1", "(n=1) = 2", "(n=2) = 3"], r.describe())
    t.check(all(int(LINE.fullmatch(line)[2]) > 1 for line in r.out.splitlines() if "hit" in line), r.describe())
    r = t.stoat("trace", path, "hit", "-q", "--tree", "-c", f"{path} 2 0")
    t.check(re.search(r"^TID \d+  hit\(n=0\) = 1 +[\d.]+us$", r.out, re.M), r.describe())
    r = t.stoat("trace", path, "hit", "-q", "-f", "json", "-n", "1", "-c", f"{path} 2 0")
    t.check("goid" not in [o for o in objects(r.out) if o["type"] == "call"][0], r.describe())


def test_cpp(t):
    t.need_root()
    path = t.c("whole.cc", "-O0", "-g")
    r = t.stoat("trace", path, "shop::Order::follow", "-c", path)
    t.check(re.search(r"^\S+ +\d+  shop::Order::follow\(shop::Order\*\)\(this=&shop::Order\{.*, next=&shop::Order\{.*\}\)", r.out, re.M),
            r.describe())  # fmt: skip


@cases(["lines", "where", "tree", "chrome", "stripped"])
def test_printed_script_does_the_same(t, form):
    t.need_root()
    path = t.go("nest", "1.24", "stripped" if form == "stripped" else "default")
    out = os.path.join(t.tmp, "out")
    options = {
        "lines": ["--depth", "1"], "where": ["-w", "args.n == 2", "-n", "2"], "tree": ["--tree", "--zeros"],
        "chrome": ["--chrome", out], "stripped": [],
    }[form]  # fmt: skip
    words = ["trace", path, "main.fact", "main.guarded", "main.middle", *options]
    script = t.stoat(*words, "--print-script").out
    t.check(not os.path.exists(out), "--print-script writes nothing else")

    def told(*args):
        text = t.stoat(*args, "-q", "-c", f"{path} 2").out
        if form == "chrome" and os.path.exists(out):
            with open(out, encoding="utf-8") as f:
                text = f.read()
            os.unlink(out)
        text = re.sub(r"\d\d:\d\d:\d\d\.\d{6}", "TIME", text)
        text = re.sub(r'"(ts|dur|pid)":[\d.]+', "N", text)
        return re.sub(r" +<?[\d.]+(ns|us|ms|s)\b", " N", text)

    file = t.file("trace.bt", script)
    t.eq(told(file, *(["-o", out] if form == "chrome" else [])), told(*words), script)


# --- terminals ---

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def screen(t, *words, columns, env=None):
    out = terminal.run([t.stoat_path, "trace", *words, "-q"], columns=columns, env=env)
    return out.replace("\r", "")


@cases([60, 80, 100, 140, 400])
def test_lines_fit_a_terminal(t, columns):
    t.need_root()
    path = t.go("nest")
    out = screen(t, path, *TRACED, "-c", f"{path} 2", columns=columns)
    lines = [COLOUR.sub("", line) for line in out.splitlines()]
    t.check(re.fullmatch(r"TIME +GO  CALL", lines[0]), out)
    t.check(all(len(line) <= columns for line in lines if "main." in line), out)
    found = counts("\n".join(lines))
    t.eq(dict(found), want(2), f"durations are there\n{out}")
    for line in lines:
        if "main.check(" in line:
            t.check(columns < 80 or re.search(r" = \(0, (nil|error \".*)\)  \d", line), line)
            t.check("�" not in line, line)
        if "main.fact(n=3)" in line:
            t.check(" = 6  " in line, line)
    if columns >= 120:
        t.check('error "odd: größer als null"' in out, out)
    wide = screen(t, path, *TRACED, "-c", f"{path} 2", "--wide", columns=columns)
    t.check('next: &main.item{name: "next"' in wide, wide)


def test_errors_are_red(t):
    t.need_root()
    path = t.go("nest")
    words = [path, "main.check", "-c", f"{path} 2"]
    out = screen(t, *words, columns=200)
    t.check('(0, \x1b[31merror "odd: größer als null"\x1b[0m)' in out, repr(out))
    t.check("\x1b" not in screen(t, *words, columns=200, env={"NO_COLOR": "1"}), "NO_COLOR")
    t.check("\x1b" not in screen(t, *words, columns=200, env={"TERM": "dumb"}), "TERM=dumb")
    r = t.stoat("trace", *words, "-q")
    t.check("\x1b" not in r.out and "TIME" not in r.out, r.describe())


# --- mistakes ---


@cases([
    (["hit", "--where", "args.m > 1"], "--where:1:6: main.hit has no parameter 'm'\n  args.m > 1\n       ^\n  it has: n int"),
    (["hit", "--where", "duration >"], "--where:1:11: expected an expression, found its end\n  duration >\n            ^"),
    (["hit", "--where", "duration = 5ms"], "--where:1:10: expected an operator or the end, found '='"),
    (["hit", "--where", "1) { exit(); } if (1"], "--where:1:2: expected an operator or the end, found ')'"),
    (["hit", "--where", "args.n > 5mss"], "--where:1:"),
    (["hit", "--where", "retval.err != nil"], "--where:1:"),
    (["hit", "--where", "nosuch == 1"], "--where:1:1: unknown name 'nosuch'"),
    (["hit", "--args", "n,m"], "--args:1:3: main.hit has no parameter 'm'\n  n,m\n    ^\n  it has: n int"),
    (["typed", "--args", "kye"], "it has: key string, n int"),
    (["hit", "--args", "n+1"], "--args takes names of parameters, like a,b; not 'n+1'"),
    (["hit", "--args", ""], "--args takes names of parameters"),
    (["hit", "--args", "n", "--no-args"], "--args and --no-args exclude each other"),
    (["hit", "--limit", "0"], "--limit takes a number of calls, not '0'"),
    (["hit", "--limit", "x"], "--limit takes a number of calls, not 'x'"),
    (["hit", "--depth", "99"], "--depth takes a number from 0 to 32, not '99'"),
    (["hit", "--tree", "--entry"], "--tree excludes --entry, --chrome and -f json"),
    (["hit", "--tree", "--stack"], "--tree and --stack exclude each other"),
    (["hit", "--chrome", "x", "--entry"], "--chrome excludes --entry and -f json"),
    (["hit", "--chrome", "x", "-o", "y"], "--chrome says where the output goes: -o is too much"),
])  # fmt: skip
def test_mistakes(t, words, message):
    path = t.go("calls")
    r = t.stoat("trace", path, *words, "-c", "true", rc=1)
    t.check(message in r.err and r.err.count("stoat: error:") == 1 and not r.out, r.describe())
    t.check("uretprobe" not in r.err, "a script that nobody has seen is not shown")


def test_values_that_cannot_be_read_are_named_once(t):
    t.need_root()
    path = t.go("reals")
    r = t.stoat("trace", path, "main.inRegisters", "main.look", "main.next", "-c", path)
    t.eq(r.err.count("left out"), 1, r.err)
    t.check("2 values are left out, f of main.inRegisters and others" in r.err, r.err)
    t.check(re.search(r"main\.inRegisters\(x=0\)", r.out), r.describe())


def test_help(t):
    r = t.stoat("trace", "--help")
    examples = r.out.split("\nexamples:\n")[1].strip().splitlines()
    t.check("usage: stoat trace [OPTION...] TARGET FUNC..." in r.out and len(examples) == 2, r.describe())
    t.check(max(map(len, r.out.splitlines())) <= 100, r.out)


@timeout(100)
def test_several_processes(t):
    """Each line says which it is about; two goroutines of one number are two."""
    t.need_root()
    path = t.go("naps", "1.24")
    words = {
        "lines": ["trace", "main.nap", "--args", "ms", "-q"],
        "tree": ["trace", "main.nap", "--args", "ms", "--tree", "-q"],
        "watch": ["watch", "main.nap", "-q"],
        "time": ["time", "main.nap", "--by", "goid", "--no-hist", "-q"],
        "stacks": ["stacks", "main.nap", "-q"],
    }  # fmt: skip
    with subprocess.Popen([path, "sleep", "2000"]) as a, subprocess.Popen([path, "sleep", "2000"]) as b:
        pids = {str(a.pid), str(b.pid)}
        out = {k: t.stoat(w[0], path, *w[1:], "--for", "500ms").out for k, w in words.items()}
        one = t.stoat("trace", path, "main.nap", "--args", "ms", "-q", "-p", str(a.pid), "--for", "500ms").out
        a.kill()
        b.kill()
    t.eq(set(re.findall(r"^\S+ +(\d+) +1  main\.nap\(", out["lines"], re.M)), pids, out["lines"])
    t.eq(set(re.findall(r"^PID (\d+)  GO 1  main\.nap\(", out["tree"], re.M)), pids, out["tree"])
    t.eq(set(re.findall(r"^\S+ +(\d+) +1  main\.nap  ms=", out["watch"], re.M)), pids, out["watch"])
    t.eq(set(re.findall(r"^main\.nap +(\d+) +1 ", out["time"], re.M)), pids, out["time"])
    t.eq(out["stacks"].count("main.nap+"), 1, out["stacks"])
    t.check(re.search(r"^\S+ +1  main\.nap\(", one, re.M), one)


def test_why_it_failed_is_there_at_any_depth(t):
    t.need_root()
    path = t.go("shop", "1.27")
    r = t.stoat("trace", path, "main.(*Store).Put", "-w", "failed", "--depth", "0", "-c", path, "-q")
    t.check('e=&main.Entry{...}) = error "store full"' in r.out, r.describe())


def test_stacks_end_where_the_goroutine_was_started(t):
    t.need_root()
    path = t.go("naps", "1.24")
    words = ["trace", path, "main.quick", "--stack", "--no-args", "-n", "1", "-q", "-c", f"{path} storm 1 1"]
    r = t.stoat(*words)
    t.check(re.search(r"\n +runtime\.goexit\+\d+\n +created by main\.stormMode\+\d+\n\n", r.out), r.describe())
    r = t.stoat(*words, "-f", "json")
    t.check(re.search(r'"created_by": "main\.stormMode\+\d+"', r.out), r.describe())
    r = t.stoat("trace", path, "main.stormMode", "-s", "-q", "-c", f"{path} storm 1 1")
    t.check("runtime.main+" in r.out and "created by" not in r.out, r.describe())
