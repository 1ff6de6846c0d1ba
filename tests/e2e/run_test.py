# SPDX-License-Identifier: Apache-2.0
"""Sessions: phases, signals, exit statuses, the command of -c, losses, every kind of probe."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time

from harness import cases, timeout

HELLO = 'BEGIN { printf("hi\\n"); exit() }'


@contextlib.contextmanager
def started(t, *args, env=None, stdout=subprocess.PIPE):
    """stoat in the background, ended when the test is."""
    p = subprocess.Popen(
        [t.stoat_path, *map(os.fspath, args)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=dict(os.environ, **(env or {})),
        text=True,
    )
    try:
        yield p
    finally:
        if p.poll() is None:
            p.kill()
        p.communicate()


def wait_attached(t, p):
    line = p.stderr.readline()
    t.check(line.startswith("Attached "), f"attached, not {line!r}")


def finish(p, seconds=20):
    out, err = p.communicate(timeout=seconds)
    return out, err


def rows(out):
    """{key: number} of a map's rows."""
    return {k: int(v) for k, v in re.findall(r"^@\w*\[(.*)\]: (-?\d+)$", out, re.M)}


# --- phases and exit statuses ---


def test_begin_that_exits(t):
    t.need_root()
    r = t.stoat("-e", HELLO)
    t.eq(r.out, "hi\n")
    t.eq(r.err, "Attached 1 probe\n")
    t.eq(t.stoat("-q", "-e", HELLO).err, "")


def test_begin_and_end_alone_end_by_themselves(t):
    t.need_root()
    r = t.stoat("-q", "-e", 'END { printf("b\\n") } BEGIN { printf("a\\n") }')
    t.eq(r.out, "a\nb\n")


def test_exit_status_of_the_script(t):
    t.need_root()
    t.stoat("-e", "BEGIN { exit(3) } END { exit(4) }", rc=3)
    t.stoat("-e", "interval:ms:1 { exit(5) }", rc=5)
    t.stoat("-e", "BEGIN { exit() } interval:s:100 {}", rc=0)


def test_maps_are_printed_at_the_end(t):
    t.need_root()
    program = 'BEGIN { @b[2] = 1; @a = 5; @c["x", 1] = 2; exit() } END { if (0) { @unset = 1 } }'
    r = t.stoat("-q", "-e", program)
    t.check(r.out.startswith("\n\n@a: 5\n"), r.out)
    t.check("@b[2]: 1\n" in r.out and "@c[x, 1]: 2\n" in r.out, r.out)
    t.check("unset" not in r.out, "what was never set is not there")
    r = t.stoat("-q", "-e", "config = { print_maps_on_exit=0 } BEGIN { @a = 5; exit() }")
    t.eq(r.out, "")


def test_end_runs_after_everything_else(t):
    t.need_root()
    r = t.stoat("-q", "-e", 'interval:ms:5 { @ = count(); exit() } END { printf("e\\n"); clear(@) }')
    t.eq(r.out, "e\n")


def test_interrupt_prints_the_maps(t):
    t.need_root()
    with started(t, "-e", "interval:ms:10 { @ = count() }") as p:
        wait_attached(t, p)
        time.sleep(0.2)
        p.send_signal(signal.SIGINT)
        out, _ = finish(p)
    t.eq(p.returncode, 0)
    t.check(re.fullmatch(r"\n\n@: \d+\n", out), out)


def test_second_interrupt_leaves_at_once(t):
    t.need_root()
    # END takes long: the first interrupt gets there, the second one does not wait for it.
    program = 'interval:s:100 {} END { system("sleep 4") }'
    with started(t, "--unsafe", "-e", program) as p:
        wait_attached(t, p)
        p.send_signal(signal.SIGINT)
        time.sleep(0.5)
        start = time.monotonic()
        p.send_signal(signal.SIGINT)
        p.wait(timeout=20)
        spent = time.monotonic() - start
    t.check(spent < 2, f"it left at once, not after {spent} s")
    t.eq(p.returncode, -signal.SIGINT)


def test_sigterm_ends_in_order(t):
    t.need_root()
    with started(t, "-e", 'interval:s:100 {} END { printf("end\\n") }') as p:
        wait_attached(t, p)
        p.terminate()
        out, _ = finish(p)
    t.eq((p.returncode, out), (0, "end\n"))


def test_sigusr1_prints_the_maps(t):
    t.need_root()
    with started(t, "-e", "BEGIN { @a = 1 } interval:s:100 {}") as p:
        wait_attached(t, p)
        p.send_signal(signal.SIGUSR1)
        t.eq(p.stdout.readline(), "@a: 1\n")
        p.send_signal(signal.SIGINT)
        finish(p)


def test_signal_probe(t):
    t.need_root()
    with started(t, "-e", 'self:signal:SIGUSR1 { printf("usr1\\n") } interval:s:100 {}') as p:
        wait_attached(t, p)
        p.send_signal(signal.SIGUSR1)
        t.eq(p.stdout.readline(), "usr1\n")
        p.send_signal(signal.SIGINT)
        finish(p)


def test_notification_of_the_attached(t):
    t.need_root()
    env = {"__BPFTRACE_NOTIFY_PROBES_ATTACHED": "1"}
    r = t.stoat("-e", "interval:ms:1 { exit() }", env=env)
    t.check("__BPFTRACE_NOTIFY_PROBES_ATTACHED\n" in r.out, r.out)


def test_closed_output_ends_quietly(t):
    t.need_root()
    script = t.file("closed.sh", """timeout 20 "$1" -q -e "$2" | head -1; echo ${PIPESTATUS[0]}\n""")
    # The second one writes nothing after its reader has gone.
    for program in ('interval:ms:5 { printf("x\\n") }', 'BEGIN { printf("x\\n") } i:s:100 {}'):
        r = t.sh("bash", script, t.stoat_path, program)
        t.eq((r.out, r.err), ("x\n0\n", ""), program)


def test_dry_run_prints_nothing(t):
    t.need_root()
    r = t.stoat("--dry-run", "-e", 'BEGIN { printf("hi\\n") } interval:ms:1 { printf("x\\n") }')
    t.eq(r.out, "")


# --- -c and -p ---


def test_child_is_traced_from_its_first_instruction(t):
    t.need_root()
    plus = t.c("plus.c")
    r = t.stoat("-c", f"{plus} 3 4", "-e", f"uprobe:{plus}:main,uprobe:{plus}:sum {{ @[func] = count() }}")
    t.check("7\n" in r.out, "its output is ours")
    t.eq(rows(r.out), {"main": 1, "sum": 1})


def test_child_alone_is_traced(t):
    t.need_root()
    plus = t.c("plus.c")
    command = f"sh -c '{plus} 1 2; {plus} 1 2; exec {plus} 3 4'"
    r = t.stoat("-c", command, "-e", f"uprobe:{plus}:sum {{ @ = count() }}")
    t.check("@: 1\n" in r.out, f"the processes that it starts are others\n{r.out}")


def test_child_status(t):
    t.need_root()
    t.stoat("-c", "sh -c 'exit 7'", "-e", "END {}", rc=7)
    t.stoat("-c", "sh -c 'kill -9 $$'", "-e", "END {}", rc=128 + 9)
    t.stoat("-c", "true", "-e", "END {}", rc=0)
    # What the script says comes first.
    t.stoat("-c", "sh -c 'exit 7'", "-e", "END { exit(3) }", rc=3)


def test_child_ends_the_session(t):
    t.need_root()
    r = t.stoat("-q", "-c", "sleep 0.2", "-e", 'interval:s:100 {} END { printf("end\\n") }')
    t.eq(r.out, "end\n")


def test_child_that_cannot_run(t):
    t.need_root()
    r = t.stoat("-c", "no-such-command", "-e", 'BEGIN { printf("x") }', rc=2)
    t.eq((r.out, r.err), ("", "stoat: error: -c: no command 'no-such-command' on PATH\n"))
    text = t.file("text", "no program")
    os.chmod(text, 0o755)
    r = t.stoat("-c", "'open", "-e", "END {}", rc=1)
    t.check("a quote is not closed" in r.err, r.err)
    r = t.stoat("-c", "/", "-e", "END {}", rc=2)
    t.check("no program that can be run" in r.err, r.err)


def test_script_with_mistakes_starts_no_child(t):
    mark = os.path.join(t.tmp, "mark")
    t.stoat("-c", f"touch {mark}", "-e", "BEGIN { print(nosuch) }", rc=1)
    t.check(not os.path.exists(mark), "the command did not run")


def test_process_with_its_threads(t):
    t.need_root()
    grow = t.go("grow", "1.24")
    command = f"{grow} 1000"
    program = f'uprobe:{grow}:main.leaf {{ @ = count(); @tids[tid] = count() }}'
    r = t.stoat("-c", command, "-e", program, seconds=120)
    want = int(re.search(r"^main\.leaf (\d+)$", r.out, re.M)[1])
    t.eq(int(re.search(r"^@: (\d+)$", r.out, re.M)[1]), want, "calls counted")
    t.check(len(rows(r.out)) > 1, "on several threads")


def test_process_that_ends(t):
    t.need_root()
    with subprocess.Popen(["sleep", "1"]) as target:
        r = t.stoat("-p", str(target.pid), "-e", 'interval:s:100 {} END { printf("end\\n") }')
    t.eq(r.out, "end\n")
    r = t.stoat("-p", str(target.pid), "-e", "END {}", rc=2)
    t.eq(r.err, f"stoat: error: no process {target.pid} (-p)\n")


def test_process_alone_is_traced(t):
    t.need_root()
    program = "uprobe:libc:clock_nanosleep { @[pid] = count() } interval:ms:500 { exit() }"
    sleep = ["sh", "-c", "while :; do sleep 0.02; done"]
    loop = "import time\nprint(1, flush=True)\nwhile 1: time.sleep(.01)"
    with subprocess.Popen(["python3", "-c", loop], stdout=subprocess.PIPE) as target, \
            subprocess.Popen(sleep) as other:
        try:
            target.stdout.readline()
            r = t.stoat("-p", str(target.pid), "-e", program)
        finally:
            target.kill()
            other.kill()
    t.eq(list(rows(r.out)), [str(target.pid)])


# --- every kind of probe ---


def test_uprobe_and_uretprobe(t):
    t.need_root()
    plus = t.c("plus.c")
    program = f"""uprobe:{plus}:sum {{ printf("%d + %d\\n", arg0, arg1) }}
        uretprobe:{plus}:sum {{ printf("= %d\\n", retval) }}"""
    r = t.stoat("-q", "-c", f"{plus} 3 4", "-e", program)
    t.check("3 + 4\n= 7\n" in r.out, r.out)


@timeout(300)
@cases(["1.15", "1.19", "1.24"])
def test_counts_are_exact(t, version):
    """Stacks grow, the scheduler interrupts: every call counts once."""
    t.need_root()
    grow = t.go("grow", version)
    program = f"uprobe:{grow}:main.* {{ @[func] = count() }}"
    r = t.stoat("-c", f"{grow} 2000", "-e", program, seconds=200)
    counted = rows(r.out)
    wanted = re.findall(r"^(main\.\S+) (\d+)$", r.out, re.M)
    t.check(len(wanted) > 5, "functions are called")
    for name, want in wanted:
        t.eq(counted.get(name), int(want), name)


def test_stacks_by_build_id(t):
    t.need_root()
    plus = t.c("plus.c")
    r = t.stoat("-q", "-c", f"{plus} 1 2", "-e", f"uprobe:{plus}:sum {{ print(ustack(build_id)) }}")
    note = t.sh("readelf", "-n", plus).out
    build_id = re.search(r"Build ID: (\w+)", note)[1]
    vaddr = int([s for s in t.sh("nm", plus).out.splitlines() if s.endswith(" sum")][0].split()[0], 16)
    # The first segments of such a program stand in the file as they do in memory.
    t.check(f"\n{build_id} {vaddr:#x}\n{build_id} 0x" in r.out, r.out)


def test_usdt_with_a_semaphore(t):
    t.need_root()
    usdt = t.c("usdt.c")
    r = t.stoat("-q", "-c", usdt, "-e",
                f'usdt:{usdt}:shop:sold {{ printf("%d %d\\n", arg0, arg1) }}')
    t.check("9 900\n" in r.out, r.out)


def test_tracepoint_of_a_process(t):
    t.need_root()
    program = (
        "tracepoint:syscalls:sys_enter_exit_group / pid == cpid / "
        '{ printf("%d\\n", args.error_code) }'
    )
    r = t.stoat("-q", "-c", "sh -c 'exit 9'", "-e", program, rc=9)
    t.eq(r.out, "9\n")


def test_interval_and_profile(t):
    t.need_root()
    program = "profile:hz:99 { @p = count() } interval:ms:50 { @i = count() } interval:s:1 { exit() }"
    r = t.stoat("-e", program)
    got = dict(re.findall(r"^@(\w): (\d+)$", r.out, re.M))
    t.check(15 <= int(got["i"]) <= 21, f"about 20 intervals, not {got['i']}")
    t.check(int(got["p"]) > 50, f"about 99 samples on each CPU, not {got['p']}")


def test_software_event(t):
    t.need_root()
    r = t.stoat("-e", "software:context-switches:1 { @ = count() } interval:ms:300 { exit() }")
    t.check(int(re.search(r"@: (\d+)", r.out)[1]) > 5, r.out)


def test_watchpoint(t):
    t.need_root()
    source = t.file("w.c", """
        volatile long watched = 1; // in no page that the kernel clears
        int main(void) { for (int i = 0; i < 5; i++) watched++; return 0; }
        """)
    exe = os.path.join(t.tmp, "w")
    t.sh("gcc", "-O1", "-no-pie", "-o", exe, source)
    line = [s for s in t.sh("nm", exe).out.splitlines() if s.endswith(" watched")][0]
    r = t.stoat("-c", exe, "-e", f"watchpoint:0x{line.split()[0]}:8:w {{ @ = count() }}")
    t.check("@: 5\n" in r.out, r.out)


def test_many_functions_attach_and_detach_fast(t):
    t.need_root()
    shop = t.go("shop", "1.24")
    start = time.monotonic()
    r = t.stoat("-e", f"BEGIN {{ @ = 1 }} uprobe:{shop}:* {{ @n = count() }} interval:ms:1 {{ exit() }}")
    spent = time.monotonic() - start
    n = int(re.search(r"Attached (\d+) probes", r.err)[1])
    t.check(n > 1500, f"{n} probes")
    t.check(spent < 3, f"{n} probes took {spent:.2f} s")


def test_nothing_stays_behind(t):
    t.need_root()
    plus = t.c("plus.c")
    with started(t, "-e", f"uprobe:{plus}:sum {{ @ = count() }}") as p:
        wait_attached(t, p)
        p.kill()
        finish(p)
    t.eq(t.sh(plus, "1", "2").out, "3\n", "the program runs on")


# --- output ---


def test_json(t):
    t.need_root()
    program = """BEGIN { printf("a\\n"); print((1, "b")); @m[1, "x"] = 2; @h = hist(5);
        print(@m); time("%H\\n"); errorf("bad %d", 1); exit() }"""
    r = t.stoat("-f", "json", "-e", program)
    lines = [json.loads(s) for s in r.out.splitlines()]
    t.eq(lines[0], {"type": "attached_probes", "count": 1, "data": {"probes": 1}})
    t.eq(lines[1], {"type": "printf", "data": "a\n"})
    t.eq(lines[2], {"type": "value", "data": [1, "b"]})
    t.eq(lines[3], {"type": "map", "data": {"@m": {"1,x": 2}}})
    t.eq([s["type"] for s in lines[4:]], ["time", "errorf", "hist", "map"])
    t.eq((lines[5]["msg"], lines[5]["line"]), ("bad 1", 2))


def test_output_file(t):
    t.need_root()
    path = os.path.join(t.tmp, "out")
    r = t.stoat("-o", path, "-e", HELLO)
    t.eq(r.out, "")
    with open(path) as f:
        t.eq(f.read(), "hi\n")
    t.stoat("-o", path, "-e", "BEGIN { nosuch() }", rc=1)
    with open(path) as f:
        t.eq(f.read(), "hi\n", "a script with mistakes writes over nothing")


def test_events_come_within_a_tenth_of_a_second(t):
    t.need_root()
    with started(t, "-q", "-e", 'interval:ms:300 { printf("%lld\\n", nsecs) }') as p:
        late = []
        for _ in range(4):
            line = p.stdout.readline()
            late.append(time.clock_gettime_ns(time.CLOCK_BOOTTIME) - int(line))
        p.send_signal(signal.SIGINT)
        finish(p)
    t.check(min(late) < 100e6, f"late by {late} ns")


@cases(["line", "full", "none"])
def test_buffering(t, mode):
    t.need_root()
    t.eq(t.stoat("-q", "-B", mode, "-e", HELLO).out, "hi\n")


def test_cat_join_system_time(t):
    t.need_root()
    path = t.file("text", "content\n")
    r = t.stoat("-q", "-e", f'BEGIN {{ cat("%s", "{path}"); time("%H:%M\\n"); exit() }}')
    t.check(re.fullmatch(r"content\n\d\d:\d\d\n", r.out), r.out)
    r = t.stoat("-q", "--unsafe", "-e", 'BEGIN { system("echo %d; exit 3", 5); exit() }')
    t.eq(r.out, "5\n")
    t.check("ended with status 3" in r.err, r.err)
    r = t.stoat("-e", 'BEGIN { system("echo hi"); exit() }', rc=1)
    t.check("--unsafe" in r.err, r.err)


# --- what goes wrong ---


def test_full_map_is_told(t):
    t.need_root()
    program = "BEGIN { $i = 0; while ($i < 50) { @m[$i] = 1; $i++; } exit() }"
    r = t.stoat("-e", program, env={"BPFTRACE_MAX_MAP_KEYS": "10"})
    t.eq(len(rows(r.out)), 10)
    t.check(re.search(r"warning: @m is full: 40 updates did not fit into its 10 entries", r.err), r.err)
    t.check("BPFTRACE_MAX_MAP_KEYS" in r.err, "what would help")


def test_lost_events_are_told(t):
    t.need_root()
    program = 'BEGIN { $i = 0; while ($i < 20000) { printf("%s\\n", "0123456789"); $i++; } exit() }'
    env = {"BPFTRACE_PERF_RB_PAGES": "1"}
    r = t.stoat("-e", program, env=env, rc=None)
    lost = re.search(r"warning: ([\d,]+) events lost", r.err)
    t.check(lost, r.err)
    n = int(lost[1].replace(",", "")) + len(r.out.splitlines())
    t.check(n in (20000, 20001), f"lost and printed, with or without the exit(): {n}")
    r = t.stoat("-f", "json", "-e", program, env=env, rc=None)
    t.check('"type": "lost_events"' in r.out, "in JSON too")


def test_unreadable_memory_is_told_by_place(t):
    t.need_root()
    r = t.stoat("-e", 'BEGIN { print(str(uptr(123)));\n print(*(uint64 *)uptr(8)); exit() }')
    t.check("warning: one-liner:1:" in r.err and "warning: one-liner:2:" in r.err, r.err)
    t.check("cannot read memory, 1 time\n" in r.err, r.err)


def test_without_privileges(t):
    t.need_root()
    t.need_tool("setpriv")
    text = "stoat: error: cannot attach: needs root, or CAP_BPF and CAP_PERFMON (run with sudo)\n"
    r = t.sh("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
             "--bounding-set=-all", t.stoat_path, "-e", HELLO, rc=2)
    t.eq((r.out, r.err), ("", text))
    r = t.sh("setpriv", "--bounding-set=-all", "--inh-caps=-all", t.stoat_path, "-e", HELLO, rc=2)
    t.eq(r.err, text)


def test_in_a_user_namespace(t):
    t.need_root()
    t.need_tool("unshare")
    r = t.sh("unshare", "-U", "-r", t.stoat_path, "-e", HELLO, rc=None)
    t.eq(r.rc, 2, r.err)
    t.check("cannot attach: " in r.err and r.err.count("\n") == 1, r.err)


def test_lines_stay_whole_beside_the_commands(t):
    """The traced program writes to the same file while stoat does."""
    line = "x" * 400
    writes = "import os, time\nfor _ in range(600): os.write(1, b'c\\n'); time.sleep(0.0004)"
    probe = "tracepoint:syscalls:sys_enter_write /pid == cpid/"
    script = '%s { unroll(100) { printf("%s\\n") } }' % (probe, line)
    path = os.path.join(t.tmp, "out")
    with open(path, "w", encoding="utf-8") as f:
        p = subprocess.run(
            [t.stoat_path, "-q", "-c", f'python3 -c "{writes}"', "-e", script], stdout=f, check=False
        )
    t.eq(p.returncode, 0, "exit status")
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    t.eq(sorted(set(lines)), ["c", line], "lines")
    t.check(lines.count(line) > 3000, "many of them")


def test_failures_are_json_too(t):
    r = t.stoat("-f", "json", "-e", "BEGIN { print(*(int32*)0); exit() }")
    last = json.loads(r.out.splitlines()[-1])
    want = {"type": "runtime_error", "msg": "cannot read memory, 1 time", "filename": "one-liner"}
    t.eq(last, {**want, "line": 1, "col": 15}, "what is told at the end")


def test_command_ends_with_the_session(t):
    path = os.path.join(t.tmp, "sleeper")
    os.symlink("/bin/sleep", path)
    t.stoat("-c", f"{path} 1000", "-e", "interval:ms:50 { exit() }")
    for _ in range(100):
        left = [p for p in os.listdir("/proc") if p.isdigit() and is_running(p, path)]
        if not left:
            break
        time.sleep(0.05)
    t.eq(left, [], "processes left")


def is_running(pid, path):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().startswith(path.encode() + b"\0")
    except OSError:
        return False


FLOOD = 'interval:ms:1 { unroll(50) { printf("%s\\n") } }' % ("x" * 100)


def test_reader_that_leaves_a_flood(t):
    """As `stoat ... | head -1`, with much more to come."""
    with started(t, "-q", "-e", FLOOD) as p:
        p.stdout.readline()
        p.stdout.close()
        t.eq(p.wait(10), 0, "exit status")
        t.eq(p.stderr.read(), "", "stderr")


def test_full_disk_is_told(t):
    with open("/dev/full", "w", encoding="utf-8") as f, started(t, "-q", "-e", HELLO, stdout=f) as p:
        t.eq(p.wait(10), 2, "exit status")
        t.check("No space left on device" in p.stderr.read(), "why")


def test_second_interrupt_leaves_a_stuck_output(t):
    with started(t, "-q", "-e", FLOOD) as p:
        time.sleep(1)
        p.send_signal(signal.SIGINT)
        time.sleep(0.2)
        t.eq(p.poll(), None, "after the first one it still writes")
        p.send_signal(signal.SIGINT)
        t.eq(p.wait(10), -signal.SIGINT, "after the second one")


def test_hangup_prints_the_maps(t):
    with started(t, "-e", "BEGIN { @ = 1 } interval:s:100 {}") as p:
        wait_attached(t, p)
        p.send_signal(signal.SIGHUP)
        t.check("@: 1" in p.stdout.read(), "the map is printed")
        t.eq(p.wait(10), 0, "exit status")


def test_number_of_a_thread(t):
    program = "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start(); time.sleep(60)"
    with subprocess.Popen(["python3", "-c", program]) as p:
        try:
            threads = [str(p.pid)]
            while len(threads) < 2:
                threads = os.listdir(f"/proc/{p.pid}/task")
            tid = max(threads, key=int)
            r = t.stoat("-p", tid, "-e", "END {}", rc=1)
            t.check(f"{tid} is a thread of process {p.pid}" in r.err, r.err)
        finally:
            p.kill()


# Installs a filter that answers bpf(2) as a kernel without it does, then becomes the command.
WITHOUT_BPF = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
NR_BPF, ENOSYS, ALLOW, ERRNO = 321, 38, 0x7fff0000, 0x50000
filter = [(0x20, 0, 0, 0), (0x15, 0, 1, NR_BPF), (0x06, 0, 0, ERRNO | ENOSYS), (0x06, 0, 0, ALLOW)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *f) for f in filter))
prog = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(filter), ctypes.addressof(code)))
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, ctypes.c_ulong(2), ctypes.c_ulong(ctypes.addressof(prog)), 0, 0) != 0:
    sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_kernel_without_bpf(t):
    args = ["python3", "-c", WITHOUT_BPF, t.stoat_path, "-e", HELLO]
    p = subprocess.run(args, capture_output=True, text=True, check=False)
    if p.returncode == 77:
        t.skip("system calls cannot be filtered here")
    t.eq((p.returncode, p.stdout), (2, ""), "exit status and output")
    t.check(p.stderr.startswith("stoat: error: cannot trace: this kernel has no BPF\n"), p.stderr)


def test_process_that_runs_another_file(t):
    """The program was built anew while it ran."""
    path = os.path.join(t.tmp, "sleeper")
    shutil.copy("/bin/sleep", path)
    with subprocess.Popen([path, "60"]) as p:
        try:
            script = "uprobe:libc:malloc {} interval:ms:50 { exit() }"
            r = t.stoat("-q", "-p", str(p.pid), "-e", script)
            t.eq(r.err, "", "a file that is mapped")
            plus = t.c("plus.c")
            r = t.stoat("-q", "-p", str(p.pid), "-e", script.replace("libc:malloc", f"{plus}:sum"))
            t.check(f"process {p.pid} has not mapped {plus}" in r.err, r.err)
        finally:
            p.kill()
