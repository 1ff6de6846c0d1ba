# SPDX-License-Identifier: Apache-2.0
"""Entries and returns of Go functions on stacks that move, on goroutines that change threads, under
panics and Goexit. tests/programs/go/storm counts its own calls; each has a number of its own as its
argument and gives it back, so that a return that is paired with the wrong entry is seen."""

import os
import re
import shutil
import signal
import subprocess
import time

import diffs
import programs
import storm
from harness import cases, timeout
from storm import FINE, MODES

VERSIONS = programs.known_versions()


def run_storm(t, version, mode, n, text=None, seconds=100, form="default"):
    path = t.go("storm", version, form)
    text = text(path) if text else storm.script(path)
    r = t.stoat("-c", f"{path} {mode} {n} {FINE}", "-e", text, rc=FINE, seconds=seconds)
    t.check("wrong 0\n" in r.out, f"the program finds its results right\n{r.describe()}")
    return r


def compare(t, r):
    t.eq(list(storm.differences(storm.told(r.out), r.out)), [], r.describe())


def number_before(text, words):
    m = re.search(rf"^stoat: ([\d,]+) {words}", text, re.M)
    return int(m[1].replace(",", "")) if m else 0


@cases([(v, m) for v in VERSIONS for m in MODES])
@timeout(200)
def test_pairs(t, version, mode):
    t.need_root()
    r = run_storm(t, version, mode, MODES[mode])
    compare(t, r)
    unwound = sum(w.calls - w.returns for w in storm.told(r.out).values())
    ended = number_before(r.err, "calls? ended without a return")
    still_open = number_before(r.err, "calls? had not returned")
    t.eq(ended + still_open, unwound, f"calls that did not return\n{r.describe()}")
    t.check("without an entry" not in r.err, r.err)
    t.eq("panic" in r.err, ended > 0, r.err)


@cases(["uprobe {} args.id", "uprobe {} args", "uretprobe {} args.id", "uretprobe {} retval.0",
        "uprobe {} vars.id"])
def test_without_debug_information(t, text):
    """It is not said that there is no such parameter or result."""
    path = t.go("storm", "1.24", "stripped")
    kind, place, value = text.format(f"{path}:main.spin").split(" ")
    r = t.stoat("-e", f"{kind}:{place} {{ print({value}) }}", rc=1)
    t.check(f"{value.split('.')[0]}: no DWARF in it" in r.err and r.err.count("error:") == 1, r.err)


@cases(["1.19", "1.24", "1.27"])
def test_words_without_debug_information(t, version):
    """The first argument and the first result as bare words; goroutines and durations as ever."""
    t.need_root()
    path = t.go("storm", version, "stripped")
    r = t.stoat("-c", f"{path} migrate 20 {FINE}", "-e", f"""
uprobe:{path}:main.blocks {{ @args = sum(arg0); }}
uretprobe:{path}:main.blocks /goid > 1 && duration > 0/ {{ @n = count(); @results = sum(retval); }}""", rc=FINE)
    w = storm.told(r.out)["main.blocks"]
    t.eq(re.findall(r"^@(\w+): (\d+)$", r.out, re.M),
         [("args", str(w.sum_in)), ("n", str(w.returns)), ("results", str(w.sum_out))], r.describe())


@cases(VERSIONS)
@timeout(200)
def test_every_function(t, version):
    """The whole runtime under return probes: scheduler, garbage collector, signals, system stacks."""
    t.need_root()
    path = t.go("storm", version)
    want = storm.last_word(t.sh(path, "mixed", "2", str(FINE), rc=FINE).out, "checksum")
    text = f"""
uprobe:{path}:* {{ @entries = count(); }}
uretprobe:{path}:* {{ @returns = count(); @longest = max(duration); }}"""
    start = time.monotonic_ns()
    r = t.stoat("-c", f"{path} mixed 2 {FINE}", "-e", text, rc=FINE, seconds=150)
    took = time.monotonic_ns() - start
    t.eq((storm.last_word(r.out, "wrong"), storm.last_word(r.out, "checksum")), ("0", want), r.describe())
    got = {name: int(n) for name, n in re.findall(r"^@(\w+): (\d+)$", r.out, re.M)}
    t.check(0 < got["longest"] < took, f"longest {got['longest']} of {took} ns\n{r.err}")
    t.check(10_000 < got["returns"] < got["entries"], str(got))
    t.check("without an entry" not in r.err and "not followed" not in r.err, r.err)


@cases([(v, f) for v in ["1.15", "1.19", "1.27"] for f in ["noopt", "pie", "cgo"]])
@timeout(200)
def test_pairs_in_other_forms(t, version, form):
    t.need_root()
    for mode in ["mixed", "preempt"]:
        compare(t, run_storm(t, version, mode, MODES[mode], form=form))


@cases(VERSIONS)
def test_pairs_without_symbols(t, version):
    """There are no arguments then; entries, returns and times are the same."""
    t.need_root()

    def text(path):
        names = storm.NUMBERED + [storm.STEP]
        return f"""
{storm.probes("uprobe", path, names)} {{ @calls[func] = count(); }}
{storm.probes("uretprobe", path, names)} {{ @returns[func] = count(); @took[func] = sum(duration); }}"""

    for mode in ["mixed", "preempt"]:
        r = run_storm(t, version, mode, MODES[mode], text, form="stripped")
        got = storm.rows(r.out)
        for name, w in storm.told(r.out).items():
            if name.endswith(storm.WRAPPER):
                continue
            t.eq((got["calls"][name], got["returns"].get(name, 0)), (w.calls, w.returns), f"{name}\n{r.describe()}")
            if w.outer:
                t.check(w.inner <= got["took"][name] <= w.outer, f"times of {name}\n{r.describe()}")


@cases(["1.15", "1.19", "1.24", "1.27"])
def test_called_from_c(t, version):
    """C, Go's export and Go in one program, on threads that Go has not made."""
    t.need_root()
    path = t.go("callback", version, "cgo")
    text = f"""
uprobe:{path}:main.deep {{ @entries = count(); }}
uretprobe:{path}:main.deep, uretprobe:{path}:main.called {{
    @[func] = count();
    if (args.id != retval || duration <= 0) {{ @wrong = count(); }}
}}
uretprobe:{path}:main.called {{ @text[str(args.text)] = count(); }}
uretprobe:{path}:loop {{ @loops[args.arg] = count(); }}"""
    r = t.stoat("-q", "-c", path, "-e", text)
    deep = 4 * 5 * sum(range(1, 41))
    lines = [line for line in r.out.split("\n") if line]
    want = [f"@[main.called]: 800\n@[main.deep]: {deep}", f"@entries: {deep}", "@text[from C]: 800"]
    want += [f"@loops[0x{i}]: 1" for i in range(4)]
    t.eq(sorted(lines), sorted("\n".join(want).split("\n")), r.err)


@cases(["1.15", "1.19", "1.27"])
def test_shared_library(t, version):
    """Go in a library that a program of C loads. Where g is in no register, nothing tells what belongs together,
    and stoat says so."""
    t.need_root()
    library = t.go("callback", version, "c-shared")
    command = f"{t.c('loader.c', '-O1', '-pthread')} {library}"
    text = f"""uprobe:{library}:main.deep {{ @entries = count(); }}
uretprobe:{library}:main.deep {{ @returns = count(); if (args.id != retval) {{ @wrong = count(); }} }}"""
    calls = 3 * (2 * sum(range(1, 41)) + sum(range(1, 21)))
    if programs.minor(version) >= 17:
        r = t.stoat("-q", "-c", command, "-e", text)
        t.eq([line for line in r.out.split("\n") if line], [f"@entries: {calls}", f"@returns: {calls}"], r.err)
        return
    r = t.stoat("-q", "-c", command, "-e", text, rc=1)
    t.check("cannot be told apart" in r.err and "dynamic linker" in r.err, r.err)
    text = text.replace("args.id", "retval")
    r = t.stoat("-q", "-c", command, "-e", text)
    t.eq([line for line in r.out.split("\n") if line], [f"@entries: {calls}", f"@returns: {calls}"], r.err)


@cases(["deep", "migrate", "mixed"])
def test_few_can_be_open(t, mode):
    """What does not fit is counted, and what does is right."""
    t.need_root()
    path = t.go("storm")
    text = f"""uretprobe:{path}:main.deep, uretprobe:{path}:main.blocks {{
    @n = count();
    if (args.id != retval) {{ @wrong = count(); }}
}}"""
    r = t.stoat("-c", f"{path} {mode} 40 {FINE}", "-e", text, rc=FINE, env={"STOAT_MAX_CALLS": "16"})
    calls = sum(w.calls for name, w in storm.told(r.out).items() if name in ("main.deep", "main.blocks"))
    seen = int(re.search(r"^@n: (\d+)$", r.out, re.M)[1])
    left_out = number_before(r.err, "(?:calls|returns) (?:was|were) without an entry")
    m = re.search(r"warning: ([\d,]+) calls not followed to the return: at most 16 ", r.err)
    t.check(m and "@wrong" not in r.out, r.describe())
    t.eq((seen + left_out, int(m[1].replace(",", ""))), (calls, left_out), r.describe())


@timeout(300)
def test_many_calls_are_exact(t):
    t.need_root()
    r = run_storm(t, "1.24", "exact", 200_000, seconds=250)
    compare(t, r)
    t.check(sum(w.calls for w in storm.told(r.out).values()) >= 200_000, "as many calls as were asked for")


@cases(VERSIONS)
def test_goroutines(t, version):
    """A call returns on the goroutine that it began on, whatever thread that is."""
    t.need_root()

    def text(path):
        parent = "" if programs.minor(version) < 21 else "@parents[parent_goid] = count();"
        return f"""
uprobe:{path}:main.blocks {{ @g[args.id] = goid; @t[args.id] = tid; @n[gofunc] = count(); {parent} }}
uretprobe:{path}:main.blocks {{
    if (@g[args.id] == goid) {{ @same = count(); }} else {{ @other = count(); }}
    if (@t[args.id] != tid) {{ @moved = count(); }}
    delete(@g[args.id]);
    delete(@t[args.id]);
}}
"""

    r = run_storm(t, version, "migrate", 200, text)
    calls = storm.told(r.out)["main.blocks"].calls
    t.check(f"\n@same: {calls}\n" in r.out, f"{calls} calls on the same goroutine\n{r.describe()}")
    t.check("@other" not in r.out and "@g[" not in r.out, f"no call on another one\n{r.describe()}")
    t.check(f"\n@n[main.spread.func1]: {calls}\n" in r.out, f"what the goroutines run\n{r.describe()}")
    moved = re.search(r"^moved (\d+)$", r.out, re.M)
    # The program looks a moment later and earlier than stoat does.
    by_stoat = re.search(r"^@moved: (\d+)$", r.out, re.M)
    t.check(int(moved[1]) > 0 and by_stoat, f"some go on in another thread\n{r.describe()}")
    if programs.minor(version) >= 21:
        t.check(f"\n@parents[1]: {calls}\n" in r.out, f"the main goroutine started them\n{r.describe()}")


def endless(path, mode):
    """The program, which goes on until its input ends."""
    args = [path, mode, "100", str(FINE), "until"]
    return subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def end_well(t, p):
    t.eq(p.poll(), None, "the program still runs")
    out, _ = p.communicate()
    t.eq((p.returncode, storm.last_word(out, "wrong")), (FINE, "0"), f"its status, and calls with wrong results\n{out}")


@cases([(v, m) for v in ["1.15", "1.24", "1.27"] for m in ["deep", "migrate", "panic"]])
def test_attached_in_the_middle(t, version, mode):
    """Calls that are under way when stoat comes return without an entry: nothing gets another's values.
    When stoat leaves, the program goes on."""
    t.need_root()
    path = shutil.copy(t.go("storm", version), t.tmp)
    text = storm.script(path) + "interval:ms:200 { exit(); }"
    seen = 0
    with endless(path, mode) as p:
        for _ in range(2):
            r = t.stoat("-p", str(p.pid), "-e", text)
            rows = storm.rows(r.out)
            seen += sum(rows.get("returns", {}).values())
            t.eq(rows.get("wrong"), None, f"returns with another call's argument\n{r.describe()}")
        end_well(t, p)
    t.check(seen > 100, f"{seen} returns are seen")


@cases(["deep", "migrate", "panic"])
def test_killed_in_the_middle(t, mode):
    """The kernel takes the probes away; the program goes on."""
    t.need_root()
    path = shutil.copy(t.go("storm"), t.tmp)
    with endless(path, mode) as p:
        for delay in (0.05, 0.15):
            args = [t.stoat_path, "-p", str(p.pid), "-e", storm.script(path)]
            with subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tracer:
                t.check("Attached" in tracer.stderr.readline(), "it attaches")
                time.sleep(delay)
                tracer.kill()
        end_well(t, p)


def test_several_processes(t):
    """One session sees all of them, each with goroutines and stacks of its own at the same addresses."""
    t.need_root()
    path = shutil.copy(t.go("storm"), t.tmp)
    run = "; ".join([f"{path} mixed 8 & {path} deep 20 & {path} panic 8 & {path} migrate 50"] * 2)
    args = [t.stoat_path, "-e", storm.script(path)]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        try:
            while "Attached" not in (line := p.stderr.readline()):
                t.check(line, "it attaches")
            r = t.sh("sh", "-c", f"{run}; wait", seconds=60)
        finally:
            p.send_signal(signal.SIGINT)
        out = p.stdout.read()
    total = {}
    for line in r.out.splitlines():
        for name, told in storm.told(line).items():
            total[name] = total.get(name, storm.Told()).add(told)
    t.eq(list(storm.differences(total, out)), [], r.out)


def bpftrace(t):
    """bpftrace's command, the newest one if scripts/peer has made its root."""
    if not diffs.peer_missing():
        return [diffs.PEER, "--run", "bpftrace"]
    return [t.need_tool("bpftrace")]


@timeout(120)
def test_why_not_the_kernels(t):
    """A return probe of the kernel ends the program that the article shows; stoat's does not."""
    t.need_root()
    path = t.go("stacker", "1.24", "nol")
    command = f"{path} 200000"
    text = 'uretprobe:%s:"main.stacker" { printf("returned\\n"); }' % path
    # The garbage collector or a growing stack finds the kernel's address first; the words differ.
    r = t.sh(*bpftrace(t), "-e", text, "-c", command, rc=None)
    t.check(re.search("unexpected return pc|unknown caller pc|SIGSEGV|SIGILL", r.err), f"the program dies\n{r.describe()}")
    t.check("hello" not in r.out, f"without its result\n{r.describe()}")
    r = t.stoat("-q", "-c", command, "-e", text)
    t.eq(r.out, f"hello: {200000 * 199999}\nreturned\n", "under stoat it does not end")


def test_two_at_once(t):
    """The breakpoints of one tracer are not the program's code to another one."""
    t.need_root()
    path = shutil.copy(t.go("storm"), t.tmp)
    before = t.stoat("show", path, "main.leaf", "main.spin", "main.deep").out
    first = subprocess.Popen(
        [t.stoat_path, "-e", f"{storm.script(path)} interval:s:60 {{ exit(); }}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    with first:
        try:
            while "Attached" not in (line := first.stderr.readline()):
                t.check(line, "the first one attaches")
            t.eq(t.stoat("show", path, "main.leaf", "main.spin", "main.deep").out, before, "what show says")
            r = t.stoat("-c", f"{path} deep 10 {FINE}", "-e", storm.script(path), rc=FINE)
        finally:
            first.send_signal(signal.SIGINT)
        compare(t, r)
        seen, here = storm.rows(first.stdout.read()), storm.rows(r.out)
        for name in ("calls", "returns", "in", "out", "kept"):
            t.eq(seen[name], here[name], "both see the same")


def test_soak_sample(t):
    """A few of the 10,000 runs of `make soak`."""
    t.need_root()
    r = t.sh(os.path.join(programs.ROOT, "tests", "soak"), "-n", "24", "-b", "3", "--calls", "0", seconds=100)
    t.check("24 runs" in r.out, r.describe())
