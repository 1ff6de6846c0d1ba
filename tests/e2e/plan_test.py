# SPDX-License-Identifier: Apache-2.0
"""Attach points become sites: functions, offsets, addresses, lines, libraries, USDT, tracepoints."""

import json
import os
import re
import shutil
import subprocess

import programs
from harness import cases

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]


class Plan:
    def __init__(self, r):
        self.out, self.err, self.rc = r.out, r.err, r.rc
        self.clauses = []
        for line in r.out.splitlines():
            if line.startswith("clause "):
                self.clauses.append([])
            elif line.startswith("  ") and not line.startswith("  left out"):
                cells = re.split(r"  +", line.strip())
                if line.startswith("   "):
                    cells.insert(0, self.clauses[-1][-1][0])
                self.clauses[-1].append(cells)

    @property
    def rows(self):
        return [row for clause in self.clauses for row in clause]

    @property
    def texts(self):
        return [row[0] for row in self.rows]

    @property
    def vaddrs(self):
        return [int(row[2], 16) for row in self.rows]


def plan(t, script, *args, rc=0, params=()):
    path = t.file("script.bt", script)
    return Plan(t.sh(t.lib_tool("plan"), *args, path, *params, rc=rc))


def refused(t, script, words, *args):
    p = plan(t, script, *args, rc=1)
    t.check(words in p.err, f"{words!r} in\n{p.err}")
    return p


def shown(t, path, *patterns):
    r = t.stoat("show", "-f", "json", path, *patterns)
    return list(map(json.loads, r.out.splitlines()))


# --- functions ---


@cases([(v, f) for v in VERSIONS for f in ("default", "stripped", "pie")])
def test_entries_are_those_of_show(t, version, form):
    path = t.go("shop", version, form)
    want = {(f["name"], f["entry"]["offset"]) for f in shown(t, path, "main.*", "strconv.*", "sync.*")}
    p = plan(t, f"uprobe:{path}:main.*, u:{path}:strconv.*, UPROBE:{path}:sync.* {{ }}")
    got = {(name, int(off, 16)) for name, off in (row[1].rsplit("+", 1) for row in p.rows)}
    # Of two names for one address show tells both.
    t.check(got <= want, got - want)
    t.check(len(got) > 20 and len(got) >= len(want) * 0.9, (len(got), len(want)))


def test_pointer_method_is_a_name(t):
    path = t.go("shop", "1.24")
    p = plan(t, f'uprobe:{path}:"main.(*Store).Put" {{ }} uprobe:{path}:main.(*Store).Put {{ }}')
    t.eq(p.texts, [f"uprobe:{path}:main.(*Store).Put"] * 2)
    p = plan(t, f'uprobe:{path}:"main.(*Store).Put"+4 {{ }} uprobe:{path}:*Store).Put + 0x4 {{ }}')
    t.eq(p.texts, [f"uprobe:{path}:main.(*Store).Put+4"] * 2)
    t.check(all(row[1] == "main.(*Store).Put+0x4" for row in p.rows), p.out)
    refused(t, f"u:{path}:main.*+4 {{ }}", "an offset is in one function")


@cases(VERSIONS)
def test_return_probe_on_go_is_on_its_exits(t, version):
    """Never the kernel's own return probe: it would crash the program."""
    path = t.go("shop", version)
    (f,) = shown(t, path, "main.handle")
    exits = [int(x["address"], 16) for x in f["exits"]]
    p = plan(t, f"uretprobe:{path}:main.handle {{ }}")
    t.check(len(exits) > 1, f"{exits}")
    t.eq(p.vaddrs, exits)
    t.eq({row[-1] for row in p.rows}, {"returns"})
    all_of_main = plan(t, f"ur:{path}:main.* {{ }}")
    t.check("+0x0" not in " ".join(row[1] for row in all_of_main.rows), all_of_main.out)
    refused(t, f"uretprobe:{t.go('zoo', version)}:main.fail {{ }}", "it never returns")


def test_return_probe_on_c(t):
    path = t.c("sum.c")
    (entry, back) = plan(t, f"u:{path}:by_value {{ }} ur:{path}:by_value {{ }}").rows
    t.eq(back[0], f"uretprobe:{path}:by_value")
    t.eq(back[1], "by_value+0x0")
    t.eq(entry[0], f"uprobe:{path}:by_value")
    refused(t, f"ur:{path}:by_value+4 {{ }}", "a whole function, not on an offset")
    refused(t, f"ur:{path}:0x1000 {{ }}", "a whole function, not on an address")
    refused(t, f"ur:{path}@sum.c:40 {{ }}", "a whole function, not on a source line")


def test_near_names_and_inlined_ones(t):
    path = t.go("zoo", "1.24")
    refused(t, f"u:{path}:main.mian {{ }}", "near: main.main")
    p = plan(t, f"u:{path}:runtime.add {{ }}")
    t.check("every call of 'runtime.add' was inlined" in p.err, p.err)
    t.check(re.search(r"copies are probed: \S+ \(\w+\.go:\d+\), .* and \d+ more", p.err), p.err)
    t.check(len(p.rows) > 10 and all("inlined at" in row[-1] for row in p.rows), p.out)
    p = refused(t, f"ur:{path}:runtime.add {{ }}", "every call of 'runtime.add' was inlined")
    t.check(re.search(r"copies: \S+ \(\w+\.go:\d+, 0x[0-9a-f]+\), .* and \d+ more", p.err), p.err)
    refused(t, f"u:{path}:nothing* {{ }}", "no function matches 'nothing*'")


def test_missing_is_what_the_options_say(t):
    path = t.c("sum.c")
    script = f"u:{path}:by_value, u:{path}:nosuch {{ }}"
    refused(t, script, "no function 'nosuch'")
    t.check("stoat: warning" in plan(t, script, "-M", "warn").err, "a warning")
    t.eq(plan(t, script, "-M", "ignore").err, "")


def test_cpp_names(t):
    path = t.c("printer.cc", "-O0", "-g")
    symbols = [line.split(None, 2)[1:] for line in t.sh("nm", path).out.splitlines() if " T _Z" in line]
    mangled = symbols[0][1]
    name = t.sh("c++filt", mangled).out.strip()
    bare = name.split("(")[0]
    p = plan(t, f'u:{path}:{mangled} {{ }} u:{path}:cpp:"{bare}" {{ }} u:{path}:"{name}" {{ }}')
    t.eq(p.clauses[0][0][0], f"uprobe:{path}:{mangled}")
    t.check([f"uprobe:{path}:cpp:{mangled}"] == [r[0] for r in p.clauses[1] if mangled in r[0]], p.out)
    t.eq(p.clauses[2][0][2], p.clauses[0][0][2])


# --- offsets ---


def boundaries(t, path, name):
    """Offsets of a function's instructions, as objdump tells them, and the function's size."""
    out = t.sh("nm", "-S", path).out
    start, size = re.search(rf"^(\w+) (\w+) [tT] {re.escape(name)}$", out, re.M).groups()
    start, size = int(start, 16), int(size, 16)
    asm = t.sh("objdump", "-d", f"--start-address={start}", f"--stop-address={start + size}", path).out
    lines = re.findall(r"^ +([0-9a-f]+):\t[^\t\n]+\t", asm, re.M)
    return start, size, {int(a, 16) - start for a in lines}


def check_offsets(t, probed, symbol, path, name):
    start, size, want = boundaries(t, path, name)
    offsets = list(range(min(size, 200)))
    want &= set(offsets)
    got, by_address = set(), set()
    # Only so many errors are told, so that many wrong ones need many runs.
    for low in range(0, len(offsets), 20):
        some = offsets[low:low + 20]
        p = plan(t, "".join(f'u:{probed}:"{symbol}"+{o} {{ }}\n' for o in some), rc=None)
        got |= {int(row[1].rsplit("+", 1)[1], 16) for row in p.rows}
        p = plan(t, "".join(f"u:{probed}:{start + o:#x} {{ }}\n" for o in some), rc=None)
        by_address |= {int(row[2], 16) - start for row in p.rows}
    t.eq(sorted(got), sorted(want), "offsets that are taken")
    t.eq(sorted(by_address), sorted(want), "addresses that are taken")


@cases([(v, f) for v in VERSIONS for f in ("default", "stripped")])
def test_only_instruction_boundaries(t, version, form):
    check_offsets(t, t.go("shop", version, form), "main.handle", t.go("shop", version), "main.handle")


def test_only_instruction_boundaries_in_c(t):
    path = t.c("sum.c")
    check_offsets(t, path, "by_value", path, "by_value")


def test_wrong_offsets_are_explained(t):
    path = t.c("sum.c")
    _, size, good = boundaries(t, path, "many")
    bad = min(set(range(size)) - good)
    before, after = max(o for o in good if o < bad), min(o for o in good if o > bad)
    p = refused(t, f"u:{path}:many+{bad} {{ }}", f"many+{bad:#x} is in the middle of an instruction")
    t.check(re.search(rf"begin at \+{before:#x} \(.*\) and at \+{after:#x} \(", p.err), p.err)
    p = refused(t, f"u:{path}:many+{size} {{ }}", f"behind the end of many, which has {size} bytes")
    t.check(f"last instruction begins at +{max(good):#x}" in p.err, p.err)
    refused(t, f"u:{path}:many+99999999999 {{ }}", "behind the end")
    refused(t, f"u:{path}:0x10 {{ }}", "no function is known at 0x10")
    refused(t, f"u:{path}:0x1000+4 {{ }}", "an address takes no offset")
    bare = t.c("sum.c", strip=True)
    start, _, _ = boundaries(t, path, "many")
    refused(t, f"u:{bare}:{start:#x} {{ }}", "no function is known")


# --- lines ---


def addr2line(t, path, vaddr, version=None):
    if version:
        out = t.sh("go", "tool", "addr2line", path, stdin=hex(vaddr), env=programs.go_env(version)).out
        where = out.splitlines()[1]
    else:
        where = t.sh("addr2line", "-e", path, hex(vaddr)).out.split()[0]
    return os.path.basename(where.rsplit(":", 1)[0]), int(where.rsplit(":", 1)[1])


@cases(VERSIONS)
def test_go_lines(t, version):
    path = t.go("shop", version)
    source = open(os.path.join(programs.SOURCES, "go", "shop", "main.go"), encoding="utf-8").read().splitlines()
    seen = 0
    for number, text in enumerate(source, 1):
        if "store.Put(" in text or "store.Get(" in text or text.startswith("func handle"):
            p = plan(t, f"uprobe:{path}@shop/main.go:{number} {{ }}")
            t.eq(len(p.rows), 1, text)
            t.check(p.rows[0][1].startswith("main.handle+"), p.out)
            if not text.startswith("func"):
                t.eq(addr2line(t, path, p.vaddrs[0], version), ("main.go", number))
            seen += 1
    t.eq(seen, 3)
    head = next(n for n, text in enumerate(source, 1) if text.startswith("func handle"))
    entry = plan(t, f"u:{path}:main.handle {{ }} u:{path}@main.go:{head} {{ }}")
    t.eq(entry.vaddrs[0], entry.vaddrs[1], "a function's own line is where its calls are counted")
    refused(t, f"u:{path}@main.go:{head - 1} {{ }}", f"the nearest line with code: {head}")
    refused(t, f"u:{path}@nosuch.go:3 {{ }}", "was not compiled from a file 'nosuch.go'")
    refused(t, f"u:{t.go('shop', version, 'stripped')}@main.go:{head} {{ }}", "source lines need debug information")


def test_c_lines(t):
    path = t.c("sum.c", "-O0", "-g")
    source = open(os.path.join(programs.SOURCES, "c", "sum.c"), encoding="utf-8").read().splitlines()
    loop = next(n for n, text in enumerate(source, 1) if "it->number.i;" in text and "sum +=" in text)
    p = plan(t, f"u:{path}@sum.c:{loop} {{ }}")
    t.eq(addr2line(t, path, p.vaddrs[0]), ("sum.c", loop))
    t.check(p.rows[0][1].startswith("sum_list+"), p.out)
    column = len(source[loop - 1].expandtabs(1)) - len(source[loop - 1].expandtabs(1).lstrip()) + 1
    refused(t, f"u:{path}@sum.c:{loop}:{column + 50} {{ }}", "begins at column")
    refused(t, f"u:{path}@sum.c:1 {{ }}", "no code begins at line 1")


def test_lines_of_inlined_code(t):
    path = t.c("sum.c", "-O2", "-g")
    source = open(os.path.join(programs.SOURCES, "c", "sum.c"), encoding="utf-8").read().splitlines()
    line = next(n for n, text in enumerate(source, 1) if "(double)sum / (double)n" in text)
    p = plan(t, f"u:{path}@sum.c:{line} {{ }}")
    t.check(p.rows and "mean_of" not in p.rows[0][1], p.out)


# --- which program ---


def test_libraries(t):
    p = plan(t, "u:libc:malloc, u:libc.so.6:malloc { } u:libc:*alloc { }")
    t.check(re.fullmatch(r"uprobe:/\S*/libc\.so\.6:malloc", p.texts[0]), p.texts[0])
    t.eq(p.texts[0], p.texts[1])
    vaddrs = [int(row[2], 16) - int(row[1].rsplit("+", 1)[1], 16) for row in p.clauses[1]]
    t.eq(len(vaddrs), len(set(vaddrs)), "a call counts once, whatever names its function has")
    names = {row[0].rsplit(":", 1)[1] for row in p.clauses[1]}
    t.check({"malloc", "calloc", "realloc"} <= names, names)


def test_commands_patterns_and_links(t):
    path = t.c("sum.c")
    folder = t.tmp
    for name in ("one", "two"):
        shutil.copy(path, os.path.join(folder, name))
    os.symlink("one", os.path.join(folder, "link"))
    t.file("three", "no program")
    p = plan(t, f"u:{folder}/*o*:many {{ }} u:{folder}/link:many {{ }} u:{folder}/t*:many {{ }}")
    t.eq([os.path.basename(x.rsplit(":", 1)[0]) for x in p.texts], ["one", "two", "link", "two"])
    refused(t, f"u:{folder}/x*:many {{ }}", "no program matches")
    refused(t, f'u:"{folder}/*o*":many {{ }}', "no such file")
    env = dict(os.environ, PATH=folder + ":" + os.environ["PATH"])
    script = t.file("s.bt", "u:two:many { }")
    r = t.sh(t.lib_tool("plan"), script, env=env)
    t.check(f"uprobe:{os.path.realpath(folder)}/two:many" in r.out, r.out)


def test_other_machines_programs_are_refused(t):
    refused(t, f"u:{t.go('zoo', '1.24', 'arm64')}:main.main {{ }}", "is a program for arm64")


def test_process(t):
    path = os.path.realpath(t.go("shop", "1.24"))
    with subprocess.Popen([path, "30"], stdout=subprocess.DEVNULL) as child:
        try:
            pid = str(child.pid)
            for script in ("u::main.handle", "u:main.handle", "u:*:main.handle", f"u:{pid}:main.handle",
                           "u:sho?:main.handle"):
                p = plan(t, script + " { }", "-p", pid)
                t.eq(len(p.rows), 1, script)
                t.check(p.texts[0] in (f"uprobe:{path}:main.handle", f"uprobe:/proc/{pid}/exe:main.handle"),
                        p.texts)
        finally:
            child.kill()
    refused(t, "u::f { }", "no process", "-p", "4000000")
    refused(t, "u:*:f { }", "say which one with -p")


def test_limits(t):
    path = t.go("shop", "1.24")
    refused(t, f"u:{path}:runtime.* {{ }}", "too many probes", "-m", "100")
    p = plan(t, f"u:{path}:runtime.* {{ }}", "-m", "100", "-l")
    t.check(len(p.rows) > 500, "one link is one probe")


# --- usdt ---


def notes(t, path):
    out = t.sh("readelf", "-n", "-W", path).out
    found = re.findall(r"Provider: (\S+)\s+Name: (\S+)\s+Location: (\S+),.*Semaphore: (\S+)", out)
    return [(f"{prov}:{name}", int(at, 16), int(sem, 16)) for prov, name, at, sem in found]


@cases([("-no-pie",), ("-pie", "-fPIE")])
def test_usdt(t, *flags):
    path = t.c("usdt.c", "-O2", "-g", *flags)
    want = notes(t, path)
    p = plan(t, f"usdt:{path}:* {{ }}")
    rows = [r for r in p.rows if r[0].startswith("usdt")]
    t.eq(sorted((r[0].split(":", 2)[2], int(r[2], 16)) for r in rows), sorted(w[:2] for w in want))
    t.eq([r[0].split(":", 2)[2] for r in rows if "semaphore" in r[-1]], ["shop:sold"])
    for form in ("shop:count", "count", "sh*:cou?t", ":count"):
        p = plan(t, f"U:{path}:{form} {{ }}")
        t.eq(len(p.clauses[0]), 2, form)
        t.eq(set(r[0] for r in p.clauses[0]), {f"usdt:{path}:shop:count"}, form)
    refused(t, f"usdt:{path}:cuont {{ }}", "near: count")
    refused(t, f"usdt:{path}:other:count {{ }}", "no USDT probe 'other:count'")
    refused(t, f"usdt:{t.c('sum.c')}:x {{ }}", "no USDT probes in")


def test_usdt_arguments(t):
    path = t.c("usdt.c", "-O2", "-g", "-no-pie")
    p = plan(t, f"usdt:{path}:odd {{ }} usdt:{path}:count {{ }}")
    args = re.findall(r"^arg (\d+)\.(\d+) kind (\d+) size (\d+) signed (\d) reg (\d+) index (\d+) scale (\d) off (.*)$",
                      p.out, re.M)
    stock = int(re.search(r"(\w+) B stock", t.sh("nm", path).out).group(1), 16)
    kinds = [int(a[2]) for a in args]
    t.eq(kinds[:5], [1, 1, 2, 4, 4], "ah, xmm1, memory, a segment, junk")
    t.eq(kinds[5:9], [3, 0, 3, 3], "relative to a symbol, a constant, by index, a symbol")
    t.eq([int(a[8]) for a in args[5:9]], [stock + 24, -7, stock, stock + 8])


# --- tracepoints ---


def in_tracefs(t, command):
    """Runs it where tracefs is mounted for it alone, in {tr}."""
    t.need_root()
    folder = os.path.join(t.tmp, "tr")
    os.makedirs(folder, exist_ok=True)
    r = t.sh("unshare", "-m", "sh", "-c", f"mount -t tracefs none {folder} || exit 99; " + command.format(tr=folder),
             rc=None)
    if r.rc == 99 or "unshare failed" in r.err:
        t.skip("tracefs cannot be mounted here")
    return r


def test_tracepoints(t):
    tool = t.lib_tool("plan")
    script = t.file("t.bt", "t:sched:sched_switch { } tracepoint:syscalls:sys_enter_open* { } t:*:sched_wakeup { }")
    p = Plan(in_tracefs(t, f"{tool} -T {{tr}} {script}; cat {{tr}}/events/sched/sched_switch/id >&2"))
    t.check(p.rows[0][1].startswith(f"id {p.err.strip()}, "), p.out)
    t.eq(p.clauses[2][0][0], "tracepoint:sched:sched_wakeup")
    t.check("tracepoint:syscalls:sys_enter_openat" in p.texts, p.texts)
    script = t.file("w.bt", 't:sched:sched_swich { }\nt:shced:x { }\nt:nosuch*:* { }\nt:"sched/sched_switch":id { }')
    r = in_tracefs(t, f"{tool} -T {{tr}} {script}")
    for words in ("is called 'sched:sched_swich'", "near: sched_switch", "near: sched\n", "no tracepoint matches",
                  "has no '/'"):
        t.check(words in r.err, r.err)


def test_every_tracepoint_is_understood(t):
    script = t.file("t.bt", "t:*:* { }")
    r = in_tracefs(t, f"{t.lib_tool('plan')} -T {{tr}} {script}; echo ===; "
                      "for f in {tr}/events/*/*/format; do echo $f $(grep -c field: $f) $(grep ^ID: $f); done")
    ours, theirs = r.out.split("===\n")
    want = {}
    for line in theirs.splitlines():
        path, fields, _, number = line.split()
        group, name = path.split("/")[-3:-1]
        if group != "ftrace":
            want[f"tracepoint:{group}:{name}"] = f"id {number}, {fields} fields"
    got = {cells[0]: cells[1] for cells in (re.split("  +", line.strip()) for line in ours.splitlines()[1:])}
    t.eq(got, want)


def test_without_tracefs(t):
    if os.path.isdir("/sys/kernel/tracing/events") or os.path.isdir("/sys/kernel/debug/tracing/events"):
        t.skip("tracefs is mounted here")
    p = refused(t, "t:sched:sched_switch { }", "tracefs, which is not mounted")
    t.check("mount -t tracefs" in p.err, p.err)
