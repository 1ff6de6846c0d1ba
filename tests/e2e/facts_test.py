# SPDX-License-Identifier: Apache-2.0
"""What target/ knows and no command shows: the tool facts prints it, other tools and the program say whether it is right."""

import collections
import json
import re

import programs
from harness import ROOT, cases, timeout

FORMS = ("default", "stripped", "pie", "cgo", "cgostrip")


def facts(t, *args):
    return t.sh(t.lib_tool("facts"), *args).out.splitlines()


# --- exits ---

OBJDUMP_LABEL = re.compile(r"([0-9a-f]+) <(.*)>:")
OBJDUMP_RET = re.compile(r"\s+([0-9a-f]+):\s+(?:repz )?ret\b")


def rets_by_objdump(t, path, prefix):
    """name -> addresses of its RETs."""
    found, name = collections.defaultdict(list), ""
    for line in t.sh("objdump", "-d", "--no-show-raw-insn", path, seconds=100).out.splitlines():
        if m := OBJDUMP_LABEL.fullmatch(line):
            name = m[2]
        elif (m := OBJDUMP_RET.match(line)) and name.startswith(prefix):
            found[name].append(int(m[1], 16))
    return dict(found)


@cases(programs.known_versions())
def test_exits(t, version):
    """The same as those of show (the tool compares), and every RET that objdump sees."""
    path = t.go("grow", version)
    got = collections.defaultdict(list)
    for line in facts(t, "exits", path, "runtime.*", "main.*"):
        name, vaddr, kind, sp = line.rsplit(" ", 3)
        if kind == "ret":
            got[name].append(int(vaddr, 16))
            t.eq(sp, "0", line)
    want = rets_by_objdump(t, path, ("runtime.", "main."))
    want = {n: v for n, v in want.items() if n in got or n.startswith("main.")}
    t.check(len(want) > 800, len(want))
    t.eq({n: v for n, v in got.items() if n in want}, want)


@cases(programs.known_versions())
def test_exit_after_a_recovered_panic(t, version):
    """A function whose deferred call recovers leaves by the RET behind its call of runtime.deferreturn."""
    path = t.go("grow", version)
    lines = t.sh("objdump", "-d", "--no-show-raw-insn", "--disassemble=main.survive", path).out.splitlines()
    calls = [i for i, line in enumerate(lines) if re.search(r"call.*<runtime\.deferreturn", line)]
    behind = next(m for m in map(OBJDUMP_RET.match, lines[calls[-1]:]) if m)
    got = [line.split() for line in facts(t, "exits", path, "main.survive")]
    t.check(["main.survive", f"0x{int(behind[1], 16):x}", "ret", "0"] in got, got)


@cases(programs.known_versions())
def test_exits_without_debug_information(t, version):
    want = facts(t, "exits", t.go("grow", version), "main.*")
    got = facts(t, "exits", t.go("grow", version, "stripped"), "main.*")
    names = {line.split()[0] for line in got}
    t.check(len(names) >= 10, names)
    t.eq(got, [line for line in want if line.split()[0] in names])


# --- goroutines ---

# version: goid, parentGoid, startpc, gopc, atomicstatus, m.curg
G_OFFSETS = {
    "1.15": (152, -1, 296, 280, 144, 192),
    "1.19": (152, -1, 312, 296, 144, 192),
    "1.21": (152, 272, 296, 280, 144, 192),
    "1.22": (152, 272, 296, 280, 144, 192),
    "1.23": (160, 280, 304, 288, 152, 192),
    "1.24": (160, 280, 304, 288, 152, 192),
    "1.26": (152, 280, 304, 288, 144, 184),
    "1.27": (152, 280, 304, 288, 144, 184),
}
G_FIELDS = ("goid", "parentGoid", "startpc", "gopc", "atomicstatus", "m.curg")


def goroutine(t, path, func):
    """field -> offset; reg and tls may be None."""
    words = facts(t, "g", path, func)[0].split()[1:]
    return {k: None if v == "-" else int(v) for k, v in zip(words[::2], words[1::2])}


@cases([(v, f) for v in programs.known_versions() for f in FORMS])
def test_g(t, version, form):
    """What DWARF says, or without it what the table says and the runtime's code confirms."""
    got = goroutine(t, t.go("tls", version, form), "main.main")
    t.eq(tuple(got[f] for f in G_FIELDS), G_OFFSETS[version])
    t.eq((got["stack.hi"], got["m"]), (8, 48))
    t.eq(got["reg"], 14 if programs.minor(version) >= 17 else None)
    t.check(got["tls"] is not None, got)


@cases([("1.24", "1.21", False), ("1.24", "1.26", False), ("1.24", "1.28", False), ("1.24", "1.25", True),
        ("1.19", "1.20", True), ("1.15", "1.16", True), ("1.22", "1.23", False), ("1.27", "1.24", False)])
def test_g_is_not_guessed(t, version, said, is_known):
    """Without DWARF the layout of a version counts only if the code is so; a version between two known ones gets
    that of the one whose code it has."""
    with open(t.go("tls", version, "stripped"), "rb") as f:
        content = f.read()
    changed = re.sub(rb"go" + re.escape(version.encode()) + rb"\b", b"go" + said.encode(), content)
    t.check(changed != content, "no version to change")
    path = t.file("changed", changed)
    r = t.sh(t.lib_tool("facts"), "g", path, "main.main", rc=None)
    if is_known:
        t.eq((r.rc, f" goid {G_OFFSETS[version][0]} " in r.out), (0, True), r.describe())
    else:
        t.check(r.rc == 1 and "keeps the id of a goroutine is not known" in r.err, r.describe())


@cases(programs.known_versions())
def test_g_of_assembly(t, version):
    path = t.go("tls", version)
    t.eq(goroutine(t, path, "runtime.memmove")["reg"], None)


@cases(programs.known_versions())
def test_g_of_plugins(t, version):
    """Only the dynamic linker knows where a plugin's thread-local data is."""
    t.eq(goroutine(t, t.go("plug", version, "plugin"), "runtime.newproc1")["tls"], None)


GDB_G = """
set pagination off
set breakpoint pending off
handle SIGURG nostop noprint
set language c
break *{park}
run
set $g = *(unsigned long *)($fs_base + ({tls}))
set $m = *(unsigned long *)($g + {m})
printf "GOT g=%lx r14=%lx curg=%lx goid=%ld parent=%ld start=%lx gopc=%lx status=%d above=%d id=%ld\\n", \\
  $g, $r14, *(unsigned long *)($m + {curg}), *(long *)($g + {goid}), *(long *)($g + {parent}), \\
  *(long *)($g + {startpc}), *(long *)($g + {gopc}), *(int *)($g + {atomicstatus}), \\
  *(unsigned long *)($g + {hi}) > (unsigned long)$rsp && \
  *(unsigned long *)($g + {hi}) - (unsigned long)$rsp < 65536, (long)$rax
kill
"""


def functions(t, path, pattern):
    """name -> what show says."""
    return {f["name"]: f for f in map(json.loads, t.stoat("show", "-f", "json", path, pattern).out.splitlines())}


@cases([(v, f) for v in programs.known_versions() for f in ("default", "stripped", "cgo", "cgostrip")])
def test_g_of_a_process(t, version, form):
    """A stopped goroutine has its facts there: gdb reads what the tool names."""
    t.need_tool("gdb")
    path = t.go("tls", version, form)
    g = goroutine(t, path, "main.park")
    funcs = functions(t, path, "main.*")
    park, main = funcs["main.park"], funcs["main.main"]
    names = {"hi": g["stack.hi"], "curg": g["m.curg"], "parent": max(g["parentGoid"], 0)}
    text = GDB_G.format(park=park["address"], **{k: v for k, v in {**g, **names}.items() if "." not in k})
    out = t.sh("gdb", "-nx", "-batch", "-x", t.file("g.gdb", text), path, seconds=100).out
    line = next((x for x in out.splitlines() if x.startswith("GOT ")), None)
    t.check(line, out)
    got = dict(word.split("=") for word in line.split()[1:])
    t.eq(got["curg"], got["g"])
    t.eq((got["status"], got["above"]), ("2", "1"), line)
    started = next(n for n, f in funcs.items() if f["address"] == "0x" + got["start"])
    # "go work(...)" starts a wrapper that has the arguments.
    t.check(re.fullmatch(r"main\.(work|main\.(gowrap1|func1))", started), started)
    if g["reg"]:
        t.eq((got["r14"], got["id"]), (got["g"], got["goid"]), line)
    if g["parentGoid"] > 0:
        t.eq(got["parent"], "1", line)
    gopc = int(got["gopc"], 16) - int(main["address"], 16)
    t.check(0 < gopc < main["size"], line)


# --- variables ---


def check_vars(t, path, at_least, command, *args):
    """gdb reads the same at every instruction that it comes to."""
    t.need_tool("gdb")
    told = t.file("vars.tsv", "\n".join(facts(t, command, path, *args)) + "\n")
    r = t.sh(
        "gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", "tests/lib/gdb_vars.py", "--args", path,
        env={"STOAT_ROOT": ROOT, "STOAT_VARS": told}, seconds=200,
    )
    if "ptrace: Operation not permitted" in r.err:
        t.skip("gdb may not trace here")
    t.eq([line for line in r.out.splitlines() if line.startswith("VARS wrong")], [])
    m = re.search(r"VARS agreed: (\d+) words", r.out)
    t.check(m and int(m[1]) >= at_least, f"{at_least} words to compare\n{r.describe()}")


@timeout(240)
@cases([(v, f) for v in programs.known_versions() for f in ("default", "noopt")])
def test_vars_of_go(t, version, form):
    check_vars(t, t.go("shop", version, form), 1500, "vars", "1", "main.*")


@timeout(240)
@cases([(v, "default") for v in programs.known_versions()] + [("1.15", "noopt"), ("1.27", "noopt")])
def test_vars_of_every_kind(t, version, form):
    check_vars(t, t.go("zoo", version, form), 400, "vars", "1", "main.*")


@timeout(240)
@cases([("-O0", "-g"), ("-O1", "-g"), ("-O2", "-g"), ("-O2", "-g", "-fomit-frame-pointer", "-static"),
        ("-Og", "-g", "-fstack-protector-all")])
def test_vars_of_c(t, *flags):
    check_vars(t, t.c("sum.c", *flags), 200, "vars", "1", "main", "sum_list*")
    check_vars(t, t.c("printer.cc", *flags), 600, "vars", "1", "*events::*", "main")
    check_vars(t, t.c("constants.c", *flags), 10, "vars", "1", "main")


@timeout(240)
@cases(["-O1", "-O2"])
def test_vars_of_templates(t, level):
    """Much that is inlined, at some of the instructions."""
    check_vars(t, t.c("inlines.cc", level, "-g"), 200, "vars", "3", "*")


@timeout(240)
@cases([("-O0", "-g"), ("-O2", "-g")])
def test_vars_of_clang(t, *flags):
    t.need_tool("clang")
    check_vars(t, t.c("sum.c", *flags, cc="clang"), 200, "vars", "1", "main", "sum_list*")


def test_where_variables_are(t):
    """The nearest line whose probe can read it; empty for what is no variable of the function."""
    path = t.go("shop", "1.24")
    lines = facts(t, "elsewhere", path, "main.handle", "0", "user", "got", "nosuch")
    t.eq(lines, ["user: it is at lines 24-28 (try main.go:24)", "got: it is at line 28 (try main.go:28)", "nosuch: "])


def test_where_floats_are(t):
    """No probe sees a register for floating point."""
    path = t.go("zoo", "1.24")
    f = functions(t, path, "main.callMany")["main.callMany"]
    x = next(v for v in f["locals"] if v["name"] == "x")
    off = int(x["readable"][0]["from"], 16) - int(f["address"], 16)
    t.eq(facts(t, "elsewhere", path, "main.callMany", str(off), "x"), ["x: it is in a floating-point register here"])


# --- copies ---


@cases([(v, f) for v in programs.known_versions() for f in ("default", "stripped")])
def test_copies(t, version, form):
    """One site each, with the parameters that the function itself would have."""
    path = t.go("shop", version, form)
    lines = facts(t, "copies", path, "main.isExpired")
    t.eq([line.split()[1].split("+")[0] for line in lines], ["main.(*Store).Get", "main.(*Store).Count"])
    t.eq([re.search(r"line (\d+)", line)[1] for line in lines], ["38", "61"])
    t.eq(facts(t, "copies", path, "main.nosuch"), [])
    if form == "default":
        told = [line.split("\t") for line in facts(t, "copyvars", path, "main.isExpired")]
        t.check(["main.(*Store).Get", "e"] in [[v[1], v[4]] for v in told if v[0] == "VAR"], told)
        check_vars(t, path, 2, "copyvars", "main.isExpired")


@cases(["1.24", "1.27"])
def test_copies_are_instructions(t, version):
    """Of a big program, none in a stack check."""
    path = t.go_compiler(version)
    sites = [line.split() for line in facts(t, "copies", path, "errors.New", "runtime.acquirem", "runtime.add")]
    t.check(len(sites) > 200, len(sites))
    addresses = [int(s[0], 16) for s in sites]
    t.eq(len(set(addresses)), len(addresses))
    funcs = {s[1].rsplit("+", 1)[0] for s in sites}
    for name in sorted(funcs)[:20]:
        f = functions(t, path, name)[name]
        at = int(f["address"], 16)
        code = t.sh("objdump", "-d", "--no-show-raw-insn", f"--start-address={at}",
                    f"--stop-address={at + f['size']}", path).out
        boundaries = {int(m[1], 16) for m in re.finditer(r"^\s+([0-9a-f]+):\t", code, re.M)}
        for s in sites:
            if s[1].rsplit("+", 1)[0] == name:
                t.check(int(s[0], 16) in boundaries and int(s[0], 16) >= int(f["entry"]["address"], 16), s)


# --- what Go values point to ---


@cases([(v, f) for v in programs.known_versions() for f in ("default", "stripped", "pie", "cgostrip")])
def test_type_names(t, version, form):
    """As the program itself prints them."""
    path = t.go("types", version, form)
    lines = [line.split(" ", 1) for line in t.sh(path).out.splitlines()]
    main = int(functions(t, path, "main.main")["main.main"]["address"], 16)
    bias = int(lines[0][0], 16) - main
    t.check(form == "pie" or bias == 0, bias)
    names = [name for _, name in lines[1:]]
    t.check(len(names) > 40, names)
    t.eq(facts(t, "types", path, *(hex(int(a, 16) - bias) for a, _ in lines[1:])), names)
    r = t.sh(t.lib_tool("facts"), "types", path, hex(main), rc=1)
    t.check("has no Go type at" in r.err, r.err)


@cases([(v, f) for v in programs.known_versions() for f in ("default", "stripped")])
def test_function_names(t, version, form):
    """A goroutine starts with the function of its go statement, whatever the compiler wraps around it."""
    path = t.go("tls", version, form)
    funcs = functions(t, path, "main.*")
    for name, f in funcs.items():
        want = "main.work" if re.fullmatch(r"main\.main\.(gowrap1|func1)", name) else name
        t.eq(facts(t, "funcs", path, f["address"]), [want])
    inside = hex(int(funcs["main.main"]["address"], 16) + 1)
    t.eq(facts(t, "funcs", path, inside), [""])


@timeout(240)
@cases([(v, f) for v in programs.known_versions() for f in ("default", "noopt")])
def test_vars_of_one_name(t, version, form):
    """The first is the one in the innermost block and the innermost inlined function."""
    check_vars(t, t.go("shadow", version, form), 100, "vars", "1", "main.*")
