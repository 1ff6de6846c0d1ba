# SPDX-License-Identifier: Apache-2.0
"""`stoat gen`: every template is run, by stoat and by the newest bpftrace, on a program that tells
itself what there was to see (tests/programs/go/errands)."""

import json
import os
import re
import shutil
import stat
import subprocess
import time
from collections import Counter

import gen
from harness import cases, timeout

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]
FORMS = ["default", "stripped"]
# Which are run by bpftrace, too: each version once, and without symbols.
BY_BPFTRACE = [(v, "default") for v in VERSIONS] + [("1.27", "stripped"), ("1.24", "pie")]
RUNS = [(v, f, "stoat") for v in VERSIONS for f in FORMS] + [("1.24", "pie", "stoat")]
RUNS += [(v, f, "bpftrace") for v, f in BY_BPFTRACE]
TYPED = [(v, f, r) for v, f, r in RUNS if f != "stripped"]


def run(t, version, form, runner, template, kind, *keys):
    t.need_root()
    path = t.go("errands", version, form)
    script, said = gen.write(t, template, path, *keys)
    if form != "stripped":
        t.eq(said.err, "")
    return finish(t, script, path, form, runner, kind)


def finish(t, script, path, form, runner, kind):
    # bpftrace does not probe a program without symbols otherwise.
    options = ["--unsafe"] if form == "stripped" else []
    if runner == "stoat":
        return gen.by_stoat(t, script, f"{path} {kind}", *options)
    r = gen.by_bpftrace(t, script, f"{path} {kind}", *options)
    t.eq(gen.shown_warnings(r.err), [], r.describe())
    return r


# --- templates ---


@cases(RUNS)
@timeout(200)
def test_latency(t, version, form, runner):
    """Every return is counted, none of a call that ended otherwise; nothing is left of those."""
    t.need_root()
    path = t.go("errands", version, form)
    script, _ = gen.write(t, "latency", path, "symbol=main.deep", "symbol=main.half")
    text = gen.read(script)
    t.check("\tclear(@start);\n" in text, text)
    script = t.file("script.bt", text.replace("\tclear(@start);\n", '\tprintf("left %d\\n", len(@start));\n'))
    r = finish(t, script, path, form, runner, "call")
    t.eq(r.own("left"), ["0"], r.describe())
    t.eq(gen.histogram_total(r.out, "main.deep"), 210, r.describe())
    t.eq(gen.histogram_total(r.out, "main.half"), 1, r.describe())
    t.check("add 3 deep 210 of 930" in r.out, r.describe())


@cases([(v, f, "stoat") for v in VERSIONS for f in ["default"]] + [("1.27", "default", "bpftrace")])
@timeout(200)
def test_no_template(t, version, form, runner):
    """A program and a function alone: how long it takes. With --empty: the probes alone."""
    t.need_root()
    path = t.go("errands", version, form)
    script, _ = gen.write(t, path, "main.deep")
    r = finish(t, script, path, form, runner, "call")
    t.eq(gen.histogram_total(r.out, "main.deep"), 210, r.describe())
    script, _ = gen.write(t, path, "main.deep", "--empty")
    text = gen.read(script)
    t.eq(text.count("{\n}\n"), 2, text)
    t.check("entry of main.deep" in text and "exits of main.deep" in text, text)
    # What is filled in counts every call and every return.
    entry, exits = '\t@n["entry"] = count();\n', '\t@n["exit"] = count();\n'
    filled = text.replace("{\n}\n", "{\n" + entry + "}\n", 1)
    filled = filled.replace("{\n}\n", "{\n" + exits + "}\n", 1)
    r = finish(t, t.file("filled.bt", filled), path, form, runner, "call")
    t.check("@n[entry]: 930\n" in r.out and "@n[exit]: 210\n" in r.out, r.describe())


def lines_of(r, name):
    return [m[1] for m in map(re.compile(rf"\d+ ([<>] {re.escape(name)}.*)").fullmatch, r.lines) if m]


@cases([(v, f, r) for v, f, r in TYPED if v != "1.15"])
@timeout(200)
def test_args(t, version, form, runner):
    """Typed arguments and results of methods and functions, as the program passed them."""
    names = ["main.(*store).Add", "main.sum", "main.half", "errands/lib%2ev2.Twice", "main.(*cover).Add"]
    r = run(t, version, form, runner, "args", "call", *["symbol=" + name for name in names])
    store = re.search(r"^call store (0x[0-9a-f]+)", r.out, re.M)[1]
    got = lines_of(r, names[0])
    t.eq(got[0], f'> main.(*store).Add(s={store}, key="first", n=3, quick=true, small=-5, at={{X:7 Y:-8}})', r.describe())
    t.eq(got[1], "< main.(*store).Add = (true, interface 0x0 0x0)", r.describe())
    t.eq(got[2], f'> main.(*store).Add(s={store}, key="", n=-1, quick=false, small=127, at={{X:-1 Y:1}})', r.describe())
    t.check(re.fullmatch(r"< .* = \(false, interface 0x[0-9a-f]{5,} 0x[0-9a-f]{5,}\)", got[3]), r.describe())
    t.eq(got[4], f'> main.(*store).Add(s={store}, key="a longer key than others", n={1 << 40}, quick=true, small=0, at={{X:0 Y:0}})')
    call, result = lines_of(r, names[1])
    t.check(re.fullmatch(
        r'> main.sum\(ctx=interface 0x\w+ 0x\w+, list=\[len 3 cap 3 at 0x\w+\], text="text", any=interface 0x\w+ 0x\w+, '
        r"f=0x\w+, a=1, b=2, c=3, d=65535\)", call), call)
    t.eq(result, '< main.sum = (total=12, name="text")')
    call, result = lines_of(r, names[2])
    t.eq(call, f"> main.half(x=? (in a vector register), n={(1 << 63) + 2})")
    t.eq(result, f"< main.half = (? (in a vector register), {(1 << 62) + 1})")
    t.eq(lines_of(r, names[3]), ["> errands/lib%2ev2.Twice(n=21)", "< errands/lib%2ev2.Twice = (42)"])
    # A wrapper of Go 1.27 ends by a jump to the method: what it returns is not there yet.
    result = lines_of(r, names[4])[1]
    t.eq(result, "< main.(*cover).Add = " + ("(?)" if version == "1.27" else "(true, interface 0x0 0x0)"))


@cases([("1.15", "default", "stoat"), ("1.15", "default", "bpftrace")])
@timeout(200)
def test_args_on_the_stack(t, version, form, runner):
    """Go 1.15 passes everything on the stack, floating point too."""
    r = run(t, version, form, runner, "args", "call", "symbol=main.half", "symbol=main.sum")
    call, result = lines_of(r, "main.half")
    t.eq(call, f"> main.half(x=bits 0x4008000000000000, n={(1 << 63) + 2})")
    t.eq(result, f"< main.half = (bits 0x3ff8000000000000, {(1 << 62) + 1})")
    call, result = lines_of(r, "main.sum")
    t.check('text="text"' in call and "list=[len 3 cap 3 at 0x" in call and "d=65535" in call, call)
    t.eq(result, '< main.sum = (total=12, name="text")')


@cases(RUNS)
@timeout(200)
def test_goroutine(t, version, form, runner):
    r = run(t, version, form, runner, "goroutine", "spawn")
    seen = Counter(re.findall(r"^(\d+) starts (\d+): ", r.out, re.M))
    for pair in r.own("spawn"):
        parent, child = pair.split()
        t.eq(seen[(parent, child)], 1, f"{pair}\n{r.describe()}")
    t.eq(len(r.own("spawn")), 10)
    if form == "default":
        t.check(re.search(r"^@starts\[main\.doSpawn(\.func1)?, main\.", r.out, re.M), r.describe())


@cases(RUNS)
@timeout(200)
def test_httpsnoop(t, version, form, runner):
    r = run(t, version, form, runner, "httpsnoop", "http")
    seen = [m[1] for m in map(re.compile(r"([A-Z]+ http://.*) \d+ us").fullmatch, r.lines) if m]
    t.eq(sorted(seen), sorted(r.own("http")), r.describe())
    t.eq(len(seen), 24)


@cases(RUNS)
@timeout(200)
def test_tcpremote(t, version, form, runner):
    r = run(t, version, form, runner, "tcpremote", "dial")
    seen = [m[1] for m in map(re.compile(r"\d+ (\S+:\d+)").fullmatch, r.lines) if m]
    t.eq(sorted(seen), sorted(line.split()[0] for line in r.own("dial")), r.describe())
    t.check(len(seen) >= 3, r.describe())


@cases(RUNS)
@timeout(200)
def test_tlssecrets(t, version, form, runner):
    """The lines of the program's own key log."""
    r = run(t, version, form, runner, "tlssecrets", "tls")
    seen = [line for line in r.lines if re.match(r"[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$", line)]
    t.eq(sorted(seen), sorted(r.own("tls")), r.describe())
    t.eq(len(seen), 3 * 2 + 3 * 8)


@cases(RUNS)
@timeout(200)
def test_shortread(t, version, form, runner):
    r = run(t, version, form, runner, "shortread", "read")
    t.eq(len(r.own("read")), 3, r.describe())
    who = r"main\.readSome" if form == "default" else r"\S+"
    counts = Counter()
    for m in re.finditer(rf"^@shortreads\[{who}, (with an error|without an error), \n(?: +.*\n)+\]: (\d+)$", r.out, re.M):
        counts[m[1]] += int(m[2])
    t.eq(counts, {"with an error": 2, "without an error": 1}, r.describe())


@cases(RUNS)
@timeout(200)
def test_recover(t, version, form, runner):
    r = run(t, version, form, runner, "recover", "recover")
    t.eq(r.own("recover"), ["10"])
    rows = re.findall(r"^@recovered\[(\S+), \n((?: +.*\n)+)\]: (\d+)$", r.out, re.M)
    t.eq(sum(int(n) for _, _, n in rows), 10, r.describe())
    if form == "default":
        t.eq(rows[0][0], "main.careful.func1")
        t.check("main.careful+" in rows[0][1] and "main.doRecover+" in rows[0][1], r.describe())


@cases(RUNS)
@timeout(200)
def test_random(t, version, form, runner):
    r = run(t, version, form, runner, "random", "random")
    seen = Counter("".join(line.split()[1:]) for line in r.lines if re.fullmatch(r"\d+( [0-9a-f]{2})+", line))
    t.eq(len(r.own("random")), 3)
    for text in r.own("random"):
        t.eq(seen[text], 1, r.describe())


# --- sites ---


def show(t, path, name):
    return json.loads(t.stoat("show", "-f", "json", path, name).out)


def objdump_returns(t, path, name):
    t.need_tool("objdump")
    out = t.sh("objdump", "-w", "--disassemble=" + name, path, seconds=100).out
    return [int(m[1], 16) for m in re.finditer(r"^ *([0-9a-f]+):\t(?:[0-9a-f]{2} )+\s*\tret", out, re.M)]


@cases(VERSIONS)
@timeout(200)
def test_exits_of_a_long_function(t, version):
    """A function of more than 300 lines: the exits are the returns that objdump finds."""
    path = t.go("errands", version)
    name = "encoding/asn1.parseField"
    script, _ = gen.write(t, "skeleton", path, "symbol=" + name)
    start = int(show(t, path, name)["address"], 16)
    exits = gen.read(script).partition("exits of")[2]
    offsets = [int(m[1]) for m in re.finditer(r'"\+(\d+)', exits)]
    found = objdump_returns(t, path, name)
    t.eq([start + off for off in offsets] or [int(m[1], 16) for m in re.finditer(r":0x([0-9a-f]+)", exits)], found)
    t.check(len(found) > 10, str(found))


@cases([(v, r) for v in VERSIONS for r in gen.RUNNERS] + [("pie", r) for r in gen.RUNNERS])
@timeout(200)
def test_probes_hit_where_they_are_written(t, version, runner):
    """bpftrace 0.27 forgets the offset of a name with '*' in it: the instruction pointer tells."""
    t.need_root()
    version, form = ("1.24", "pie") if version == "pie" else (version, "default")
    path = t.go("errands", version, form)
    names = ["main.(*store).Add", "main.deep", "runtime.goexit1"]
    script, _ = gen.write(t, "skeleton", path, *["symbol=" + name for name in names])
    text = gen.read(script).replace("{\n}\n", "{\n\t@ip[reg(\"ip\")] = count();\n}\n")
    r = finish(t, t.file("filled.bt", text), path, form, runner, "call")
    wanted = set()
    for name in names[:2]:
        about = show(t, path, name)
        start = int(about["address"], 16)
        wanted |= {start + s["offset"] for s in [about["entry"], *about["exits"]]}
    seen = {int(m[1]) for m in re.finditer(r"^@ip\[(\d+)\]: \d+$", r.out, re.M)}
    # A PIE is somewhere else by a multiple of pages.
    shift = min(seen) - min(wanted) if form == "pie" else 0
    if form == "pie":
        shifts = Counter((s - w) for s in seen for w in wanted if (s - w) % 4096 == 0)
        shift = shifts.most_common(1)[0][0]
    missing = {w + shift for w in wanted} - seen
    # The compiler may have made exits that this program never takes.
    t.check(len(missing) <= 1, f"{[hex(m) for m in missing]}\n{r.describe()}")
    t.check("@ip[" in r.out, r.describe())


def test_no_inlined_copies(t):
    """A probe is where it is written, and not at inlined copies, where arguments are elsewhere."""
    t.need_root()
    path = t.go("errands", "1.27")
    script, _ = gen.write(t, "skeleton", path, "symbol=reflect.Value.Kind")
    t.check('"reflect.Value.Kind"+0\n' in gen.read(script), gen.read(script))
    plan = t.stoat("-d", "plan", script).out
    t.check("clause 1: 1 probe, 1 site\n" in plan, plan)


# --- versions of bpftrace ---


@cases([(v, d) for v in VERSIONS for d in ["0.11", "0.17", "0.20.2", "0.23", "v0.27.1", "1.0"]])
def test_dialects(t, version, dialect):
    """Each version gets what it can read, and an error instead of what it cannot."""
    path = t.go("errands", version)
    script, _ = gen.write(t, "latency", path, "symbol=main.deep", version=dialect)
    text = gen.read(script)
    is_old = dialect in ("0.11", "0.17", "0.20.2")
    t.eq("for ($call : @start)" in text, not is_old, text)
    t.eq("delete(@start[" in text, is_old, text)
    t.eq("_ = delete(" in text, dialect in ("v0.27.1", "1.0"), text)
    if version == "1.15":
        t.eq("uptr(" in text, dialect != "0.11", text)
        t.check("needs a kernel with BTF" in text, text)
    else:
        t.check('reg("r14")' in text and "curtask" not in text, text)
    for template in ["httpsnoop", "tlssecrets"]:
        _, r = gen.write(t, template, path, version=dialect, rc=2 if dialect == "0.11" else 0)
        t.eq("needs bpftrace 0.17 or newer" in r.err, dialect == "0.11", r.describe())


@cases([(v, template) for v in ["1.15", "1.27"] for template in
        ["latency", "args", "goroutine", "httpsnoop", "tcpremote", "tlssecrets", "shortread", "recover", "random"]])
@timeout(100)
def test_old_bpftrace_compiles_it(t, version, template):
    """bpftrace 0.17, where it is installed: its compiler takes the script (Debian's attaches none)."""
    t.need_root()
    bpftrace = t.need_tool("bpftrace")
    said = t.sh(bpftrace, "--version").out
    m = re.match(r"bpftrace v(0\.(\d+))", said)
    if not m or int(m[2]) > 20:
        t.skip(f"the bpftrace here is {said.strip()}, not 0.17")
    path = t.go("errands", version)
    keys = ["symbol=main.half"] if template in ("latency", "args") else []
    script, _ = gen.write(t, template, path, *keys, version="0.17")
    r = t.sh(bpftrace, "-d", script, rc=None)
    t.eq(r.rc, 0, f"{gen.read(script)}\n{r.err[-2000:]}")


def fake_bpftrace(t, version, bfd):
    """A bpftrace that only tells its version and how it was built."""
    text = f'#!/bin/sh\ncase $1 in\n--version) echo "bpftrace v{version}" ;;\n--info) echo "  bfd: {bfd}" ;;\nesac\n'
    path = t.file("bin/bpftrace", text)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return dict(os.environ, PATH=os.path.dirname(path) + ":" + os.environ["PATH"])


def test_installed_version(t):
    path = t.go("errands", "1.27")
    r = t.stoat("gen", path, "main.deep", env=fake_bpftrace(t, "0.17.0", "yes"))
    t.check("for bpftrace 0.17," in r.out and "delete(@start[" in r.out, r.out)
    r = t.stoat("gen", path, "main.deep", env=fake_bpftrace(t, "0.27.1", "yes"))
    t.check("for bpftrace 0.27.1," in r.out, r.out)
    env = dict(os.environ, PATH=t.tmp)
    t.check("for bpftrace 0.27," in t.stoat("gen", path, "main.deep", env=env).out, "none is installed")
    r = t.stoat("gen", path, "main.deep", env=fake_bpftrace(t, "what", "yes"), rc=2)
    t.check("which is no version" in r.err and "--bpftrace VERSION" in r.err, r.err)
    r = t.stoat("gen", path, "main.deep", env=fake_bpftrace(t, "0.9.4", "yes"), rc=2)
    t.check("too old" in r.err, r.err)


def test_no_disassembler(t):
    """Nothing is written that the bpftrace here would refuse."""
    path = t.go("errands", "1.27")
    r = t.stoat("gen", path, "main.deep", env=fake_bpftrace(t, "0.17.0", "no"), rc=2)
    t.eq(r.out, "")
    t.check("without a disassembler library" in r.err and "bfd: yes" in r.err, r.err)
    # Said otherwise it is for another machine.
    r = t.stoat("gen", path, "main.deep", "--bpftrace", "0.17", env=fake_bpftrace(t, "0.17.0", "no"))
    t.check("whose --info says 'bfd: yes'" in r.out, r.out)


def test_many_probes(t):
    path = t.go("errands", "1.27")
    script, r = gen.write(t, "skeleton", path, "symbol=runtime.*")
    m = re.search(r"has ([\d,]+) probes, more than bpftrace 0\.27 takes by itself: run it with BPFTRACE_MAX_PROBES=(\d+)", r.err)
    t.check(m, r.err)
    text = gen.read(script)
    t.eq(len(re.findall(r"^uprobe:", text, re.M)), int(m[2]))
    t.check(f"// run with BPFTRACE_MAX_PROBES={m[2]}\n" in text, text[:600])


# --- the target ---


def test_head(t):
    path = t.go("errands", "1.27")
    text = gen.read(gen.write(t, path, "main.deep")[0])
    build_id = re.search(r"Build ID: (\w+)", t.sh("readelf", "-n", path).out)[1]
    t.check(text.startswith("#!/usr/bin/env bpftrace\n// latency, for bpftrace 0.27, by stoat "), text[:300])
    t.check(f"// program   {path} (go1.27" in text and f"// build id  {build_id}\n" in text, text[:600])
    old = gen.read(gen.write(t, t.go("errands", "1.15"), "main.deep")[0])
    t.check("go tool buildid" in old, old[:600])


def test_pid(t):
    """A running process: the path of its file."""
    path = t.go("naps", "1.27")
    p = subprocess.Popen([path, "sleep", "2000"], stdout=subprocess.DEVNULL)
    try:
        while os.readlink(f"/proc/{p.pid}/exe") != path:
            time.sleep(0.01)
        r = t.stoat("gen", "--bpftrace", "0.27", "skeleton", str(p.pid), "symbol=main.main")
    finally:
        p.kill()
        p.wait()
    t.check(f"uprobe:{path}:" in r.out, r.out)


def test_relative_path_and_last_name(t):
    """Attach points have the whole path; a function may be called by its last part."""
    path = t.go("errands", "1.27")
    r = t.sh(t.stoat_path, "gen", "--bpftrace", "0.27", "./errands", "doRecover", cwd=os.path.dirname(path))
    t.check(f'uprobe:{path}:"main.doRecover"' in r.out, r.out)


def test_arm64(t):
    """Read, not run: registers by the kernel's names there."""
    path = t.go("errands", "1.27", "arm64")
    r = t.stoat("gen", "--bpftrace", "0.27", "latency", path, "symbol=main.deep")
    t.check('(int64)reg("r28")' in r.out and 'reg("sp")' in r.out, r.out)
    r = t.stoat("gen", "--bpftrace", "0.27", "args", path, "symbol=main.half")
    t.check('reg("r0")' in r.out, r.out)


# --- templates of the user's ---

USER = """//: Who asks for how much.
//: symbol=FUNCTION  what is looked at
//: min=N  not less than that
{{each f in symbol}}
{{entry f}}
{
{{if has min}}
	if ({{word f.1}} < {{key min}}) { return; }
{{end}}
	@[usym({{caller}})] = count();
}
{{end}}
"""


@cases(list(gen.RUNNERS))
@timeout(100)
def test_user_template(t, runner):
    t.need_root()
    path = t.go("errands", "1.27")
    template = t.file("who.bt", USER)
    script, r = gen.write(t, template, path, "symbol=main.deepIn", "min=4")
    t.check('if (reg("bx") < 4) { return; }' in gen.read(script), gen.read(script))
    r = finish(t, script, path, "default", runner, "call")
    t.eq(re.findall(r"^@\[main\.doCall\]: (\d+)$", r.out, re.M), ["10", "10"], r.describe())
    r = t.stoat("gen", "--bpftrace", "0.27", template, path, "symbol=main.deepIn", "max=4", rc=1)
    t.check("takes no max=" in r.err and "it takes: min=N  not less than that" in r.err, r.err)


@cases([
    ("{{entry f}}", "no function is called 'f' here"),
    ("{{func f = main.nothing}}", "no function 'main.nothing' in"),
    ("{{func f = main.half}}\n{{arg f.y}}", "main.half has no parameter 'y'"),
    ("{{func f = main.half}}\n{{arg f.n.z}}", "uint64 has no 'z'"),
    ("{{func f = main.half}}\n{{arg f.x}}", "'x' is in a vector register"),
    ("{{func f = main.sum}}\n{{arg f.list}}", "a slice has three words: say .ptr, .len or .cap"),
    ("{{func f = main.sum}}\n{{arg f.any}}", "an interface has two words"),
    ("{{func f = main.(*store).Add}}\n{{arg f.s.nam}}", "main.store has no field 'nam'"),
    ("{{func f = main.(*store).Add}}\n{{arg f.at}}", "main.point is no single value"),
    ("{{func f = main.half}}\n{{word f.7}}", "word 7 of the arguments of main.half"),
    ("{{func f = main.half}}\n{{exit f}}", "nothing is called 'exit'"),
    ("{{func f = main.main}}\n{{goid}}", "goid of which goroutine"),
    ("{{if weather}}x{{end}}", "a condition is one of"),
    ("{{each f in symbol}}", "{{end}} is missing"),
    ("{{end}}", "there is no block that it belongs to"),
    ("{{target}} {{entry", "'{{' without '}}'"),
    ("{{use nothing}}", "no template is called 'nothing'"),
    ("{{field $x net/url.URL.Hos}}", "has no field 'Hos'"),
    ("{{field $x main.nothing.a}}", "no description of the type main.nothing"),
    ("{{delete @x}}", "it is written {{delete @map[key]}}"),
    ("{{func f = runtime.panicwrap}}\n{{exits f}}", "runtime.panicwrap has no exits: it does not return"),
    ("{{error never}}", "never"),
    ("{{note it is {{target}}}}", "a hole cannot have another one in it"),
    ("{{func f = main.d*}}", "not a pattern"),
    ("{{func f = main.(*cover).Add}}\n{{result f.0}}", "results of main.(*cover).Add are not known where it ends"),
    ("{{func f = main.half(x float64, n uint64}}", "')' is missing"),
    ("{{each f in symbol}}x{{end}}", "needs symbol=..."),
])
def test_template_errors(t, text, wanted):
    """One error with its place, and nothing is written."""
    template = t.file("mine.bt", "// a script\n" + text + "\n")
    r = t.stoat("gen", "--bpftrace", "0.27", template, t.go("errands", "1.27"), rc=2)
    t.check(wanted in r.err, r.err)
    t.eq(r.out, "")
    t.eq(len(re.findall(r"^stoat: error:", r.err, re.M)), 1, r.err)
    if "{{error" not in text and "{{each f in symbol}}x" not in text:
        t.check(re.search(r"mine\.bt:[23]:\d+: ", r.err) and "^" in r.err, r.err)


def test_signature_of_a_stripped_program(t):
    """A template's own words are taken only as far as the program agrees."""
    path = t.go("errands", "1.27", "stripped")
    fine = t.file("fine.bt", "{{func f = main.half(x float64, n uint64) (a float64, b uint64)}}\n{{arg f.n}} {{result f.b}}\n")
    r = t.stoat("gen", "--bpftrace", "0.27", fine, path)
    t.check('\nreg("ax") reg("ax")\n' in r.out, r.out)
    wrong = t.file("wrong.bt", "{{func f = main.half(n uint64)}}\n{{arg f.n}}\n")
    r = t.stoat("gen", "--bpftrace", "0.27", wrong, path, rc=2)
    t.check("main.half has other parameters" in r.err, r.err)
    for text, wanted in [("(n uint64", "')' is missing"), ("(n *)", "a type is missing"), ("(n main.no)", "no description of the type main.no")]:
        bad = t.file("bad.bt", "{{func f = main.half" + text + "}}\n")
        r = t.stoat("gen", "--bpftrace", "0.27", bad, path, rc=2)
        t.check(wanted in r.err, r.err)


@cases(["[3]int, map[string]int) (x int", "a, b chan int, f func(int) (string, error)", "i interface{}, v ...*int) error",
        "m map[[2]string][]*int, e <-chan struct{}", ""])
def test_types_as_go_has_them(t, params):
    """They are understood; that they are not those of the function is another matter."""
    path = t.go("errands", "1.27", "stripped")
    end = "" if params.endswith("error") else ")"
    template = t.file("x.bt", "{{func f = main.main(" + params + end + "}}\n{{name f}}\n")
    r = t.stoat("gen", "--bpftrace", "0.27", template, path, rc=None)
    t.check(r.rc == 0 or "main.main has other parameters" in r.err, r.err)


# --- mistakes ---


@cases([("1.15", "net.*"), ("1.19", "net.*"), ("1.27", "net.*")])
def test_patterns_of_large_values(t, version, pattern):
    """What is too long or too deep is cut, and what has no place is a question mark."""
    path = t.go("errands", version)
    script, _ = gen.write(t, "args", path, "symbol=" + pattern)
    text = gen.read(script)
    t.check(text.count("printf(") > 100 and "..." in text, text[:2000])
    t.stoat("-d", "types", script, seconds=100, env={"STOAT_MAX_PROBES": "10000"})


def test_overlapping_patterns(t):
    """Each function once."""
    path = t.go("errands", "1.27")
    text = gen.read(gen.write(t, "skeleton", path, "main.deep", "main.dee*", "symbol=main.deepIn")[0])
    t.eq(text.count("// entry of main.deep\n"), 1, text)
    t.eq(text.count("// entry of main.deepIn\n"), 1, text)


def test_paths_that_bpftrace_cannot_take(t):
    path = t.go("errands", "1.27")
    for name in ["a*b", "a[b]", "a\\b", 'a"b', "a\nb"]:
        copy = shutil.copy(path, os.path.join(t.tmp, name))
        r = t.stoat("gen", "--bpftrace", "0.27", copy, "main.deep", rc=2)
        t.check("bpftrace takes no path with" in r.err, r.err)
    copy = shutil.copy(path, os.path.join(t.tmp, "a b,c"))
    r = t.stoat("gen", "--bpftrace", "0.27", copy, "main.deep")
    t.check(f'uprobe:"{copy}":"main.deep"' in r.out, r.out)


def test_output_is_not_the_template(t):
    template = t.file("mine.bt", USER)
    path = t.go("errands", "1.27")
    r = t.stoat("gen", "--bpftrace", "0.27", template, path, "main.deep", "-o", template, rc=1)
    t.check("would write over the template" in r.err and gen.read(template) == USER, r.err)


def test_texts_that_old_versions_cannot_take(t):
    path = t.go("errands", "1.27")
    r = t.stoat("gen", "--bpftrace", "0.11", "args", path, "main.(*store).Add")
    m = re.search(r"run it with BPFTRACE_STRLEN=(\d+)", r.err)
    t.check(m and f"// run with BPFTRACE_STRLEN={m[1]}\n" in r.out, r.describe())
    t.check("BPFTRACE_STRLEN=N" in r.out, r.out)
    r = t.stoat("gen", "--bpftrace", "0.17", "args", path, "main.(*store).Add")
    t.eq(r.err, "")
    r = t.stoat("gen", "--bpftrace", "0.27", "args", path, "main.(*store).Add")
    t.check("BPFTRACE_MAX_STRLEN=N" in r.out, r.out)


def test_errors(t):
    path = t.go("errands", "1.27")
    stripped = t.go("errands", "1.27", "stripped")
    c = t.c("returns.c")
    for args, rc, wanted in [
        (["latency", path], 2, "template 'latency' needs symbol=..."),
        (["latency", path, "symbol=main.deeep"], 2, "no function 'main.deeep' in"),
        (["latency", path, "symbol=main.deeep"], 2, "main.deep"),
        (["latency", path, "symbl=main.deep"], 1, "template 'latency' takes no symbl="),
        (["httpsnoop", path, "main.deep"], 1, "template 'httpsnoop' takes no function"),
        (["latency", path, "runtime.panicwrap"], 2, "none of these functions returns"),
        (["latency", path, "symbol=a\nb"], 1, "the value of symbol= has a control character"),
        (["unwound", path], 2, "'unwound' is neither a template nor a program"),
        ([t.file("text.sh", "#!/bin/sh\nexec ./errands\n"), path], 1, "is no program, and no template"),
        ([t.file("zeros", b"{{a}}\0"), path], 1, "is no program, and no template"),
        (["latncy", path, "symbol=main.deep"], 2, "did you mean 'latency'?"),
        (["latncy", path], 2, "templates: latency, skeleton, args, goroutine, httpsnoop, tcpremote"),
        (["args", stripped, "symbol=main.half"], 2, "parameters and results of main.half are not known"),
        (["args", stripped, "symbol=main.half"], 2, "no DWARF in it"),
        (["latency", c, "symbol=main"], 2, "is no Go program"),
        (["latency", path, "symbol="], 1, "'symbol=' has no value"),
        (["latency"], 1, "no target given"),
        ([path], 1, "no function given"),
        ([], 1, "no target given"),
        (["latency", path, "main.deep", "--empty"], 1, "--empty is for a program without a template"),
        (["latency", path, "main.deep", "--bpftrace", "new"], 1, "--bpftrace takes a version"),
        (["latency", path, "main.deep", "--bpftrace", "0.9"], 1, "before 0.11"),
        (["latency", path, "main.doHTTP.*"], 0, ""),
        (["latency", path, "Read"], 2, "'Read' names"),
        (["recover", t.go("depot", "1.27")], None, ""),
        (["httpsnoop", t.go("tiny", "1.27")], 2, "no function matches 'net/http.(*Client).do' in"),
    ]:
        r = t.stoat("gen", *args, *([] if "--bpftrace" in args else ["--bpftrace", "0.27"]), rc=rc)
        t.check(wanted in r.err, f"{args}\n{r.err}")
        if rc:
            t.eq(r.out, "", str(args))


def test_help_and_list(t):
    """Both say what each template prints."""
    for args in [["gen", "--help"], ["gen", "--list"]]:
        out = t.stoat(*args).out
        for name in ["latency", "skeleton", "args", "goroutine", "httpsnoop", "tcpremote", "tlssecrets", "shortread", "recover", "random"]:
            t.check(re.search(rf"^  {name} +\w", out, re.M), out)
        t.check("unwound" not in out, out)


def test_docs_tell_every_template(t):
    with open(os.path.join(gen.root(), "docs", "gen.md"), encoding="utf-8") as f:
        text = f.read()
    for name in re.findall(r"^  (\w+) ", t.stoat("gen", "--list").out, re.M):
        t.check(f"`{name}`" in text, f"docs/gen.md has nothing of {name}")
    with open(os.path.join(gen.root(), "src", "gen", "verbs.c"), encoding="utf-8") as f:
        verbs = re.findall(r'\{ "(\w+)", (?:put_|NULL, offsetof)', f.read())
    for verb in verbs:
        t.check("{{" + verb in text, f"docs/gen.md has nothing of {{{{{verb}}}}}")
