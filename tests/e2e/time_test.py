# SPDX-License-Identifier: Apache-2.0
"""stoat time: its figures are what the programs have counted and measured themselves."""

import json
import re
import signal
import subprocess

import terminal
from harness import cases, timeout
from times import histograms, tables

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]
FORMS = [(v, "default") for v in VERSIONS] + [("1.24", "stripped"), ("1.19", "stripped")]
# A bucket is a 32nd of its lower end wide; a call takes longer for the one who measures around it.
BUCKET = 1 / 32


@cases(FORMS)
@timeout(200)
def test_calls_and_errors_are_the_programs_own(t, version, form):
    """As fast as the program can, on many goroutines: nothing is lost."""
    t.need_root()
    path = t.go("naps", version, form)
    r = t.stoat("time", path, "main.quick", "plain", "-c", f"{path} storm 3000 40", "-q")
    told = re.search(r"^main.quick (\d+) (\d+)$", r.out, re.M)
    rows = tables(r.out)[-1]
    errors = "-" if form == "stripped" else told[2]
    t.eq((rows["main.quick"]["CALLS"], rows["main.quick"]["ERRORS"]), (told[1], errors), r.describe())
    t.eq((rows["main.plain"]["CALLS"], rows["main.plain"]["ERRORS"]), ("1200", "-"), r.describe())
    t.eq(sum(n for _, n in histograms(r.out)["main.quick"]), int(told[1]), r.describe())
    t.eq(r.err, "")


@cases(VERSIONS)
@timeout(200)
def test_percentiles_are_the_programs_own(t, version):
    t.need_root()
    path = t.go("naps", version)
    r = t.stoat("time", path, "nap", "-c", f"{path} sleep 200", "-f", "json", "-q", "--no-hist")
    told = re.search(r"^main.nap (.*)$", r.out, re.M)[1].split()
    calls, errors, *own = map(int, told)
    row = json.loads(r.out.splitlines()[-1])["data"][0]
    t.eq((row["function"], row["calls"], row["errors"]), ("main.nap", calls, errors), r.describe())
    # What lies between the program's two clocks and ours: two probes.
    for key, want in zip(["p50_ns", "p90_ns", "p99_ns"], own):
        t.check(abs(row[key] - want) <= want * BUCKET + 300_000, f"{key} is {row[key]}, not {want}")
    t.check(own[3] <= row["max_ns"] <= own[3] + 1_000_000, f"{row['max_ns']}, not {own[3]}")
    t.check(row["mean_ns"] == row["total_ns"] // calls, r.describe())


def test_c(t):
    t.need_root()
    path = t.c("calls.c", "-O2", "-g", "-pthread")
    r = t.stoat("time", path, "hit", "-c", f"{path} 3000 0", "-q")
    row = tables(r.out)[-1]["hit"]
    t.eq((row["CALLS"], row["ERRORS"]), ("3000", "-"), r.describe())
    t.eq(sum(n for _, n in histograms(r.out)["hit"]), 3000, r.describe())


@cases([("goid", r"main.quick\|[1-9]\d*", 5), ("gofunc", r"main.quick\|main.stormMode.func1", 1),
        ("args.id", r"main.quick\|\d", 10)])
def test_by(t, key, pattern, n):
    t.need_root()
    path = t.go("naps", "1.24")
    r = t.stoat("time", path, "quick", "--by", key, "-c", f"{path} storm 10 5", "-q", "--no-hist")
    rows = tables(r.out)[-1]
    t.check(re.search(rf"^FUNCTION +{key.upper()} +CALLS ", r.out, re.M), r.describe())
    t.check(len(rows) == n and all(re.fullmatch(pattern, name) for name in rows), r.describe())
    t.eq(sum(int(row["CALLS"]) for row in rows.values()), 50, r.describe())
    r = t.stoat("time", path, "quick", "--by", key, "-c", f"{path} storm 10 5", "-q", "-f", "json")
    rows = json.loads(r.out.splitlines()[-2])["data"]
    t.check(len(rows) == n and all(key in row and row["calls"] for row in rows), r.describe())


def test_by_several_without_blanks(t):
    t.need_root()
    path = t.go("naps", "1.24")
    words = ["time", path, "quick", "--by", "goid,(args.id, 3).1,gofunc", "--no-hist", "-q"]
    command = ["-c", f"{path} storm 10 5"]
    r = t.stoat(*words, *command)
    t.check(re.search(r"^FUNCTION +GOID +\(ARGS.ID, 3\).1 +GOFUNC +CALLS ", r.out, re.M), r.describe())
    r = t.stoat(*words, *command, "-f", "json")
    row = json.loads(r.out.splitlines()[-1])["data"][0]
    keys = ["function", "goid", "(args.id, 3).1", "gofunc", "calls"]
    t.eq(list(row)[:5], keys, r.describe())


@cases(["time", "count"])
def test_last_table_is_there_once(t, command):
    t.need_root()
    path = t.go("naps")
    r = t.stoat(command, path, "nap", "-i", "300ms", "--for", "900ms", "-q", "-c", f"{path} sleep 200")
    t.eq(len(re.findall(r"main\.nap +\d|\d  main\.nap", r.out)), 3, r.describe())


def test_reader_that_goes_away(t):
    """Also when the table is longer than what is kept back."""
    t.need_root()
    path = t.go("naps", "1.24")
    words = ["time", path, "quick", "--by", "goid", "-q", "-c", f"{path} storm 10 2000"]
    with subprocess.Popen([t.stoat_path, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        p.stdout.readline()
        p.stdout.close()
        err = p.stderr.read()
    # 141: the program's own line came when there was no reader any more, and SIGPIPE ended it.
    t.check(p.returncode in (0, 128 + signal.SIGPIPE) and err == "", f"exit status {p.returncode}, stderr {err}")


def test_more_lines_than_there_is_room_for(t):
    t.need_root()
    path = t.go("naps", "1.24")
    r = t.stoat("time", path, "quick", "--by", "goid", "--no-hist", "-o", "/dev/null", "-c", f"{path} storm 1 6000")
    t.check(re.search(r"warning: 1,\d+ hits are not in the table: it has room for 4,096 lines \(STOAT_MAX_MAP_KEYS=N",
                      r.err), r.describe())


def test_end_of_the_process_is_told(t):
    t.need_root()
    path = t.go("naps")
    with subprocess.Popen([path, "sleep", "100"], stdout=subprocess.DEVNULL) as p:
        r = t.stoat("time", str(p.pid), "main.nap", "--no-hist")
    t.check(f"stoat: process {p.pid} has ended\n" in r.err, r.describe())


def test_last_line_begins_a_line(t):
    """A terminal shows ^C and stays in that line."""
    t.need_root()
    path = t.go("naps")
    with terminal.Session([t.stoat_path, "time", path, "main.nap", "--no-hist"], t.tmp, {}) as s:
        t.check(s.read_until("Ctrl-C to stop"), s.seen)
        s.send("\x03")
        t.check(s.read_until(r"\^C\r\n(.*\r\n)*stoat: \d+ hits?, "), repr(s.seen))


def test_interval_in_a_pipe(t):
    t.need_root()
    path = t.go("naps")
    words = ["time", path, "nap", "--no-hist", "-c", f"{path} sleep 100", "-q"]
    r = t.stoat(*words, "-i", "300ms", "--for", "1s")
    seen = tables(r.out)
    calls = [int(table["main.nap"]["CALLS"]) for table in seen if table]
    t.check(3 <= len(calls) <= 5 and calls == sorted(calls) and calls[0] < calls[-1], r.describe())
    rates = [float(table["main.nap"]["/s"]) for table in seen if table]
    t.check(all(20 < rate < 150 for rate in rates), r.describe())
    r = t.stoat(*words, "--for", "1s")
    t.eq(len(tables(r.out)), 1, r.describe())
    r = t.stoat(*words, "-i", "300ms", "--for", "1s", "-f", "json")
    lines = [json.loads(line) for line in r.out.splitlines() if line.startswith('{"type": "times"')]
    t.check(3 <= len(lines) <= 5, r.describe())
    t.check(all(2e8 < line["interval_ns"] < 6e8 for line in lines[:-1]), r.describe())


def test_printed_script_does_the_same(t):
    t.need_root()
    path = t.go("naps")
    words = ["time", path, "main.quick", "plain", "nap", "--by", "goid != 0"]
    command = ["-c", f"{path} storm 100 1", "-q"]

    def told(*args):
        r = t.stoat(*args, *command)
        return [(name, row["CALLS"], row["ERRORS"]) for name, row in tables(r.out)[-1].items()]

    script = t.stoat(*words, "--print-script").out
    t.eq(told(t.file("time.bt", script)), told(*words), script)
    t.check(len(told(*words)) == 3, script)


@cases([76, 60, 50, 36])
def test_redrawn_on_a_terminal(t, columns):
    """What does not fit is left out: names give way first, but not to nothing."""
    t.need_root()
    path = t.go("naps")
    words = ["time", path, "main.*", "runtime.s*", "-i", "200ms", "-q", "-c", f"sh -c 'exec {path} sleep 120 >/dev/null 2>&1'"]
    out = terminal.run([t.stoat_path, *words], rows=12, columns=columns)
    pieces = re.split(r"\r\x1b\[(\d+)A\x1b\[J", out)
    t.check(len(pieces) >= 7, out)
    for text, up in zip(pieces[0::2], pieces[1::2]):
        lines = text[text.index("FUNCTION"):].replace("\r", "").splitlines()
        t.eq(len(lines), int(up), out)
        t.check(len(lines) < 12 and max(map(len, lines)) <= columns, out)
        t.check(re.search(r"^\d+ more func", text, re.M) and re.search(r"^\d+ other func", text, re.M), out)
    last = pieces[-1].replace("\r", "")
    t.eq(tables(last)[-1]["main.nap"]["CALLS"], "120", out)
    t.check("\n\nmain.nap\n" in last, out)


def test_lines_of_the_command_stay(t):
    """Where it writes to the same terminal, a table does not take the place of the one before."""
    t.need_root()
    path = t.go("naps")
    out = terminal.run([t.stoat_path, "time", path, "main.nap", "-i", "200ms", "-q", "--no-hist", "-c", f"{path} sleep 120"])
    t.check("\x1b[J" not in out and len(tables(out.replace("\r", ""))) >= 3, out)
    t.check("main.nap 120 " in out, out)


def test_calls_in_flight_are_told(t):
    t.need_root()
    path = t.go("naps")
    with subprocess.Popen([path, "sleep", "2000"], stdout=subprocess.DEVNULL) as p:
        try:
            r = t.stoat("time", str(p.pid), "nap", "sleepMode", "--for", "1s", "--no-hist")
        finally:
            p.send_signal(signal.SIGKILL)
    t.check(re.search(r"1 call had not returned|1 return was without an entry", r.err), r.describe())
    t.check("main.sleepMode" not in r.out, r.describe())


def test_failed_in_scripts(t):
    t.need_root()
    path = t.go("naps")
    command = ["-c", f"{path} storm 700 1", "-q"]
    r = t.stoat("-e", f"uretprobe:{path}:main.* {{ if (failed) {{ @[func] = count(); }} }}", *command)
    t.check(r.out.endswith("@[main.quick]: 100\n"), r.describe())
    r = t.stoat("-e", f"uretprobe:{path}:main.plain {{ @ = times(duration); }}", *command)
    t.check(re.search(r"^@:\n +\S+  \|@", r.out, re.M), r.describe())
    r = t.stoat("-e", f"uprobe:{path}:main.plain {{ @ = count(); exit(failed); }}", rc=1)
    t.check("failed is not there in uprobe probes" in r.err, r.describe())


@cases([
    (["time", "PATH", "nap", "-i", "x"], 1, "--interval takes a time"),
    (["time", "PATH", "nap", "--by", "args.nosuch"], 1, "has no parameter 'nosuch'"),
    (["time", "PATH", "main.nosuch"], 2, "no function 'main.nosuch'"),
    (["time", "PATH"], 1, "no function given"),
])
def test_mistakes(t, words, rc, message):
    path = t.go("naps")
    r = t.stoat(*[path if w == "PATH" else w for w in words], rc=rc)
    t.check(message in r.err and not r.out, r.describe())


def test_help(t):
    r = t.stoat("time", "--help")
    examples = r.out.split("\nexamples:\n")[1].strip().splitlines()
    t.check("usage: stoat time [OPTION...] TARGET FUNC..." in r.out and len(examples) == 2, r.describe())
