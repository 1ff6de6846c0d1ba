# SPDX-License-Identifier: Apache-2.0
"""What tracing costs: stoat beside bpftrace, and beside an empty BPF program (tests/tools/floor.c)."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

from measure import STOAT, measure, programs, row, tracers

HITS = 200_000
EVENTS = 1_000_000
RATE = 200_000
WORKERS = 2
# bpftrace ends at 1,024 probes unless it is told otherwise.
LIMITS = {"BPFTRACE_MAX_PROBES": "100000", "BPFTRACE_MAX_BPF_PROGS": "100000"}
ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
SECONDS = 300
PATIENCE = 100
ROUNDS = 5
# Nanoseconds that print(args.p) may take longer than a probe that does nothing.
WHOLE_TARGET = 3_000
FIELDS = """{
    printf("%d %s %s %d %d %d %s %d\\n", args.p.id, args.p.name, args.p.path, args.p.size, args.p.ok, args.p.retries,
        args.p.comment, args.p.priority);
}"""


def start_up():
    print("\nstart and end: BEGIN { exit() }")
    ours = None
    for t in tracers():
        seconds, size = measure([*t.command, "-e", "BEGIN { exit() }"], inside=t.inside)
        ours = ours or seconds
        row(t.name, f"{seconds * 1000:8.1f} ms", f"{size:6.1f} MB", f"{seconds / ours:6.1f}x")


# --- one hit ---


def nanoseconds(args):
    """Nanoseconds a call that tests/programs/*/calls tells; None if the command fails."""
    p = subprocess.run(args, capture_output=True, text=True, timeout=SECONDS, check=False)
    m = re.search(r"^calls \d+ ns ([0-9.]+)$", p.stdout, re.M)
    return float(m[1]) if m else None


def best_in_turn(commands):
    """name -> best of ROUNDS; one after the other each time, so that a busy machine is busy for all."""
    best = {name: float("inf") for name in commands}
    for _ in range(ROUNDS):
        for name, args in commands.items():
            took = nanoseconds(args) if best[name] else None
            best[name] = min(best[name], took) if took else None
    return best


def entry_offset(path, func):
    p = subprocess.run([STOAT, "show", "-f", "json", path, func], capture_output=True, text=True, check=True)
    return json.loads(p.stdout.splitlines()[0])["entry"]["offset"]


def one_hit(title, path, func):
    command = f"{path} {HITS}"
    floor = "an empty BPF program, same site"
    commands = {"": command.split(), floor: [programs.lib_tool("floor"), path, func, "--", *command.split()]}
    offset = entry_offset(path, func)
    for t in tracers():
        sites = [("", f'"{func}"'), (", same site", f'"{func}"+{offset}')]
        for words, site in sites[: 1 if t.command == [STOAT] or not offset else 2]:
            script = f"uprobe:{path}:{site} {{ @ = count(); }}"
            commands[t.name + words] = [*t.args, "-e", script, "-c", command]
    print(f"\none hit of an entry probe, @ = count(): {title}")
    best = best_in_turn(commands)
    bare = best.pop("")
    for name, took in best.items():
        if took and best[floor]:
            row(name, f"{took - bare:8.0f} ns", f"{(took - bare) / (best[floor] - bare):6.2f}x")
        else:
            row(name, "does not run here")


def typed_call(path):
    """Entry and return of one call, with two arguments and the result by name."""
    func, command = "main.typed", f"{path} typed {HITS // 4}"
    floor = "an empty BPF program, same sites"
    commands = {"": command.split(), floor: [programs.lib_tool("floor"), "-r", path, func, "--", *command.split()]}
    for words, script in {
        "two arguments, result: @ = sum()": "{ @ = sum(len(args.key) + args.n + retval); }",
        "two arguments, result: @[key] = sum()": "{ @[args.key] = sum(args.n + retval); }",
        "two arguments, result: printf": '{ printf("%s %d %d\\n", args.key, args.n, retval); }',
        "duration: @ = hist()": "{ @ = hist(duration); }",
    }.items():
        commands[words] = [STOAT, "-q", "-o", "/dev/null", "-e", f"uretprobe:{path}:{func} {script}", "-c", command]
    # With the RET in BPF. Without "writable registers" (stoat info) that makes no difference.
    script = f"config = {{ ret_in_bpf = true }} uretprobe:{path}:{func} {script}"
    commands["the same, ret_in_bpf = true"] = [STOAT, "-q", "-o", "/dev/null", "-e", script, "-c", command]
    print("\none call, probed at its entry and its return: Go 1.24")
    best = best_in_turn(commands)
    bare = best.pop("")
    for name, took in best.items():
        if took and best[floor]:
            row(name, f"{took - bare:8.0f} ns", f"{(took - bare) / (best[floor] - bare):6.2f}x")
        else:
            row(name, "does not run here")


def whole_value(path):
    """What a struct of eight fields costs to print, three of them strings, over a probe that does nothing."""
    command, site = f"{path} record {HITS // 4}", f"uprobe:{path}:main.record"
    empty, printed = "a probe that does nothing", "print(args.p)"
    commands = {"": command.split()}
    for words, clause in {empty: "{ }", printed: "{ print(args.p); }", "printf of its fields": FIELDS}.items():
        commands[words] = [STOAT, "-q", "-o", "/dev/null", "-e", f"{site} {clause}", "-c", command]
    print("\none hit, printing a struct of eight fields behind a pointer: Go 1.24")
    best = best_in_turn(commands)
    bare = best.pop("")
    for name, took in best.items():
        if not took or not best[empty]:
            row(name, "does not run here")
        elif name == empty:
            row(name, f"{took - bare:8.0f} ns")
        else:
            target = f"({WHOLE_TARGET:,} ns at most)" if name == printed else ""
            more = f"{took - best[empty]:8.0f} ns more"
            row(name, f"{took - bare:8.0f} ns", more, f"{lost_in(commands[name]):,} of {HITS // 4:,} lost", target)


def lost_in(args):
    """Events that were lost in one more run."""
    p = subprocess.run(args, capture_output=True, text=True, timeout=SECONDS, check=False)
    m = re.search(r"([\d,]+) events? lost", p.stderr)
    return int(m[1].replace(",", "")) if m else 0


# --- many sites ---


def attach_and_detach(tracer, script):
    """Milliseconds until everything is attached, and from Ctrl-C to the end; None if it fails or takes
    longer than PATIENCE."""
    env = dict(os.environ, **LIMITS, **{ATTACHED: "1"})
    start = time.monotonic()
    with subprocess.Popen(
        [*tracer.args, "-e", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env
    ) as p:
        killer = threading.Timer(PATIENCE, p.kill)
        killer.start()
        try:
            if not any(line.strip() == ATTACHED for line in p.stdout):
                return None
            attached = time.monotonic()
            p.send_signal(signal.SIGINT)
            p.stdout.read()
            if p.wait() == -signal.SIGKILL:
                return None
            return (attached - start) * 1000, (time.monotonic() - attached) * 1000
        finally:
            killer.cancel()


def best_of(fn, runs):
    results = [fn() for _ in range(runs)]
    return None if None in results else tuple(map(min, zip(*results)))


def some_package(path, want):
    """A pattern that matches about as many functions, and how many."""
    names = subprocess.run([STOAT, "list", path], capture_output=True, text=True, check=True).stdout.splitlines()
    counts = {}
    for name in names:
        package = re.match(r"(?:.*/)?[^.]*\.", name.split("[")[0])
        if package:
            counts[package[0]] = counts.get(package[0], 0) + 1
    package = min(counts, key=lambda p: abs(counts[p] - want))
    return package + "*", counts[package]


def many_sites(path):
    pattern, n = some_package(path, 1800)
    print(f"\n{n:,} functions with one wildcard ({pattern}): until attached, from Ctrl-C to the end")
    floor = programs.lib_tool("floor")
    p = subprocess.run([floor, path, pattern, "--", "true"], capture_output=True, text=True, check=False)
    if m := re.search(r"attach_ms ([0-9.]+) detach_ms ([0-9.]+)", p.stderr):
        row("one link of an empty program", f"{float(m[1]):8.0f} ms", f"{float(m[2]):8.0f} ms  (waited for)")
    for t in tracers():
        runs = 3 if t.command == [STOAT] else 1
        one = best_of(lambda t=t: attach_and_detach(t, f"uprobe:{path}:main.main {{ @ = count(); }}"), runs)
        many = best_of(lambda t=t: attach_and_detach(t, f"uprobe:{path}:{pattern} {{ @ = count(); }}"), runs)
        for words, took in (("", many), (", one function", one)):
            if took:
                row(t.name + words, f"{took[0]:8.0f} ms", f"{took[1]:8.0f} ms")
            else:
                row(t.name + words, f"fails, or takes longer than {PATIENCE} s")


# --- events ---


def events(tracer, path, func, rate):
    """(calls made, lines printed, calls a second), None if it fails."""
    script = f'uprobe:{path}:"{func}" {{ printf("hit %d\\n", pid); }}'
    command = f"{path} {EVENTS} {rate} {WORKERS}"
    with tempfile.NamedTemporaryFile("r") as out:
        p = subprocess.run(
            [*tracer.args, "-o", out.name, "-e", script, "-c", command],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )
        printed = sum(line.startswith("hit ") for line in out)
    made = re.search(r"^calls (\d+) per_second (\d+)", p.stdout, re.M)
    if p.returncode != 0 or not made:
        return None
    return int(made[1]), printed, int(made[2])


def many_events(title, path, func):
    print(f"\nprintf on {EVENTS:,} calls by {WORKERS} threads, {title}")
    for words, rate in ((f"at {RATE:,} a second", RATE), ("as fast as they come", 1_000_000_000)):
        for t in tracers():
            result = events(t, path, func, rate)
            if not result:
                row(f"{t.name}, {words}", "does not run")
                continue
            made, printed, per_second = result
            kept = per_second * printed / made
            row(f"{t.name}, {words}", f"{per_second:10,} calls/s", f"{abs(made - printed):9,} {'lost' if made >= printed else 'too many'}", f"{kept:10,.0f} events/s")


def main(compiler):
    if os.geteuid() != 0:
        print("\ntracing: needs root")
        return
    go = programs.go("calls", "1.24")
    # So that its first instruction is one that the kernel emulates.
    flags = ("-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer", "-fcf-protection=none")
    c = programs.c("calls.c", ("-O2", "-g", "-pthread", *flags))
    start_up()
    one_hit("Go 1.24", go, "main.hit")
    one_hit("C", c, "hit")
    typed_call(go)
    whole_value(go)
    many_sites(compiler)
    many_events("Go 1.24", go, "main.hit")
