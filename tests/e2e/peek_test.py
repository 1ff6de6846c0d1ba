# SPDX-License-Identifier: Apache-2.0
"""What belongs to a value: the table of value/, followed from outside of a running program by
tests/tools/peek. The program is tests/programs/go/depot."""

import os
import re
import struct
import subprocess
import time

import whole
from harness import cases, timeout
from programs import go_nm, minor

VERSIONS = ("1.15", "1.19", "1.21", "1.22", "1.23", "1.24", "1.26", "1.27")
BUILDS = [(v, f) for v in VERSIONS for f in ("default", "pie", "no DWARF")]

ANY = "interface {}"
# variable: (type, the texts that must be found and no others, numbers that must be found)
VALUES = {
    "text": ("string", ["text zero"], []),
    "raw": ("main.Raw", ["raw bytes"], []),
    "empty": ("string", [], []),
    "item": ("main.Item", ["item one", "item two", "item tag", "item tag2"], [0x1101, 0x1102]),
    "items": ("[]main.Item", ["items a", "items b", "items c"], []),
    "ptrs": ("[]*main.Item", ["ptrs a", "ptrs b"], []),
    "names": ("main.Names", ["names a", "names b"], []),
    "array": ("[3]*main.Item", ["array a", "array b"], []),
    "pptr": ("**main.Item", ["pptr item"], []),
    "wide": ("main.Wide", ["wide last row", "wide next", "wide last"], []),
    "anyInt": (ANY, [], [0x2201]),
    "anyStr": (ANY, ["anyStr text"], []),
    "anyPtr": (ANY, ["anyPtr item"], []),
    "anyVal": (ANY, ["anyVal item"], []),
    "anyMap": (ANY, ["anyMap key"], [0x2202]),
    "anyHnd": (ANY, ["anyHnd item"], []),
    "anyOne": (ANY, ["anyOne item"], []),
    "anySli": (ANY, ["anySli a"], []),
    "anyErr": (ANY, ["anyErr text"], []),
    "anyTyp": (ANY, ["anyTyp text"], []),
    "anyTo": (ANY, ["anyTo item"], []),
    "anyFun": (ANY, [], []),
    "anyAny": (ANY, ["anyAny a", "anyAny b", "anyAny c", "anyAny d"], []),
    "anyPan": (ANY, [], [3]),
    "shape": ("main.Shape", ["shape square"], []),
    "circle": ("main.Shape", ["circle round"], []),
    "handle": ("main.Shape", ["handle item"], []),
    "shapes": ("[]main.Shape", ["shapes a", "shapes b"], []),
    "fun": ("func(string) string", [], []),
    "noFun": ("func()", [], []),
    "noMap": ("map[string]string", [], []),
    "noAny": (ANY, [], []),
    "small": ("map[string]string", ["small k1", "small v1", "small k2", "small v2"], []),
    "structs": ("map[main.Key]main.Item", ["structs key", "structs item"], []),
    "indirect": (
        "map[main.Big]main.Big",
        [f"indirect {part} {i}" for part in ("key", "value") for i in range(3)],
        [0x3400, 0x3401, 0x3402],
    ),
    "halfway": ("map[int64]string", [f"halfway {i}" for i in range(53)], []),
    "dropped": ("map[int64]string", ["dropped 0"], []),
    "sets": ("map[string]struct {}", ["sets key"], []),
    "anyKeys": ("map[interface {}]interface {}", ["anyKeys key", "anyKeys value", "anyKeys five"], [5]),
    "nested": ("map[string]map[string][]string", ["nested a", "nested b", "nested c"], []),
    "scalars": ("map[int32]int64", [], [0x3301]),
    "pointers": ("map[string]*main.Item", ["pointers key", "pointers item"], []),
    "channel": ("chan int", [], [2, 3]),
    "syncMap": ("sync.Map", ["syncMap key", "syncMap value", "syncMap item"], [5]),
    "syncOld": ("sync.Map", ["syncOld key", "syncOld value", "syncOld new", "syncOld other"], []),
    "value": ("sync/atomic.Value", ["value item"], []),
    "builder": ("strings.Builder", ["builder text"], []),
    "buffer": ("bytes.Buffer", ["buffer text"], []),
    "number": ("*math/big.Int", [], [7**100 >> 64 * i & (1 << 64) - 1 for i in range(5)]),
    "ctx": ("context.Context", ["ctx key", "ctx value"], []),
    "loop": ("*main.Item", ["loop self"], []),
    "bad": ("*main.Item", ["bad item", "bad tag"], []),
}
NEW_VALUES = {
    "pointer": ("sync/atomic.Pointer[main.Item]", ["pointer item"], []),
    "pair": ("main.Pair[string,*main.Item]", ["pair first", "pair item", "pair key", "pair value"], []),
    "anyPair": (ANY, ["anyPair item"], []),
    "addr": ("net/netip.Addr", ["addr0"], []),
}
# As Go prints their names, which is what is known without debug information.
SHORT = {
    "sync/atomic.Value": "atomic.Value",
    "sync/atomic.Pointer[main.Item]": "atomic.Pointer[main.Item]",
    "*math/big.Int": "*big.Int",
    "net/netip.Addr": "netip.Addr",
}
ITEM = re.compile(r"(\d+) (\d+) (\d+) (\d+) (\d+) (.*)")


class Item:
    def __init__(self, line, data):
        m = ITEM.fullmatch(line)
        self.depth, self.number, self.size, self.want, self.flags = map(int, m.groups()[:5])
        self.type = m.group(6)
        self.data = data

    @property
    def words(self):
        return struct.unpack(f"<{len(self.data) // 8}Q", self.data[: len(self.data) & ~7])


class Running:
    """A program that waits for its input to end."""

    def __init__(self, t, path):
        self.t = t
        self.path = path
        self.peek = t.lib_tool("peek", "unit/value_walk.c")
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        t.eq(self.process.stdout.readline(), b"ready\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def items(self, address, type_name, *options):
        """The items of a snapshot of what is at that address in the file."""
        r = self.t.sh(self.peek, "-x", *options, str(self.process.pid), self.path, hex(address), type_name)
        items = []
        for line in r.out.splitlines():
            if ITEM.fullmatch(line):
                items.append(Item(line, b""))
            else:
                items[-1].data += bytes.fromhex(line.replace(" ", ""))
        return items


class Depot(Running):
    """A running depot."""

    def __init__(self, t, version, form):
        self.has_dwarf = form != "no DWARF"
        path = t.go("depot", version, form if self.has_dwarf else "default")
        self.symbols = {name: address for address, _, name in go_nm(version, path)}
        if not self.has_dwarf:
            bare = os.path.join(t.tmp, "depot")
            t.sh("objcopy", "--strip-debug", path, bare)
            path = bare
        super().__init__(t, path)

    def look(self, variable, type_name, *options):
        """The items of a global variable's snapshot."""
        if not self.has_dwarf:
            type_name = SHORT.get(type_name, type_name)
        return self.items(self.symbols["main." + variable], type_name, *options)


def texts(items):
    return [i.data.decode(errors="replace") for i in items if i.number == 0]


def check(t, name, items, wanted, numbers):
    t.eq(sorted(set(texts(items))), sorted(set(wanted)), name)
    found = {word for i in items for word in i.words}
    for n in numbers:
        t.check(n in found, f"{name} has {n:#x} in {[i.type for i in items]}")


@cases(BUILDS)
@timeout(120)
def test_every_kind(t, version, form):
    values = VALUES if minor(version) < 19 else {**VALUES, **NEW_VALUES}
    with Depot(t, version, form) as depot:
        for name, (type_name, wanted, numbers) in values.items():
            if not depot.has_dwarf and name in ("noFun", "nested"):
                continue  # the type is not at run time
            check(t, name, depot.look(name, type_name, "-d", "7"), wanted, numbers)


@cases(VERSIONS)
def test_large_maps(t, version):
    with Depot(t, version, "default") as depot:
        wanted = [f"grown {i}" for i in range(0, 96, 4)]
        found = texts(depot.look("grown", "map[string]int64", "-n", "1000", "-b", "65536"))
        t.eq(sorted(found), sorted(wanted))
        wanted = [f"syncBig {i}" for i in range(60)]
        found = texts(depot.look("syncBig", "sync.Map", "-n", "200", "-b", "65536"))
        t.eq(sorted(found), sorted(wanted))


@cases(VERSIONS)
def test_times_and_errors(t, version):
    with Depot(t, version, "default") as depot:
        items = depot.look("local", "time.Time")
        t.check({i.depth for i in items} == {0}, "times are flat")
        t.check(any(text in ("Europe/Berlin", "CEST") for text in texts(items)), texts(items))
        items = depot.look("utc", "time.Time")
        t.check(len(items) <= 3, [i.type for i in items])
        items = depot.look("failed", "error")
        t.check({"failed op", "failed url", "file does not exist"} <= set(texts(items)), texts(items))


@cases(VERSIONS)
def test_secrets(t, version):
    with Depot(t, version, "default") as depot:
        items = depot.look("login", "main.Login")
        t.eq(texts(items), ["login user"])
        t.check(0x4402 not in items[0].words and 0x4401 in items[0].words, items[0].words)
        items = depot.look("private", "crypto/rsa.PrivateKey")
        words = {word for i in items for word in i.words}
        t.check(0x4404 in words and 0x4405 not in words, words)
        t.check(0x4403 in words, words)


# (function, its argument's type, the variables that it gets one after the other)
PASSED = [
    ("passItem", "main.Item", ["item"]),
    ("passItems", "[]main.Item", ["items"]),
    ("passPtrs", "[]*main.Item", ["ptrs"]),
    ("passArray", "[3]*main.Item", ["array"]),
    ("passWide", "main.Wide", ["wide"]),
    ("passPptr", "**main.Item", ["pptr"]),
    ("passAny", ANY, [
        "anyInt", "anyStr", "anyPtr", "anyVal", "anyMap", "anyHnd", "anyOne", "anySli", "anyErr", "anyTyp", "anyTo",
        "anyFun", "anyAny", "anyPan", "noAny",
    ]),
    ("passShapes", "[]main.Shape", ["shapes"]),
    ("passError", "error", ["failed"]),
    ("passContext", "context.Context", ["ctx"]),
    ("passTexts", "map[string]string", ["small", "noMap"]),
    ("passStructs", "map[main.Key]main.Item", ["structs"]),
    ("passIndirect", "map[main.Big]main.Big", ["indirect"]),
    ("passGrown", "map[string]int64", ["grown"]),
    ("passHalfway", "map[int64]string", ["halfway", "dropped"]),
    ("passAnyKeys", "map[interface {}]interface {}", ["anyKeys"]),
    ("passNested", "map[string]map[string][]string", ["nested"]),
    ("passPointers", "map[string]*main.Item", ["pointers"]),
    ("passChannel", "chan int", ["channel"]),
    ("passSync", "*sync.Map", ["syncRef", "syncBigRef", "syncOldRef"]),
    ("passTime", "time.Time", ["local", "utc"]),
    ("passNumber", "*math/big.Int", ["number"]),
    ("passLogin", "main.Login", ["login"]),
    ("passPointer", "*main.Item", ["loop", "deep", "bad"]),
    ("passLink", "*net/url.URL", ["link"]),
    ("passMany", "[]int64", ["many"]),
]
LIMITS = {"max_depth": 3, "max_items": 64, "max_value_strlen": 256, "max_value_bytes": 32768}


def as_stoat_shows(t, depot, limits):
    """{function: [value of each call]} of one pass over all of them, by probes."""
    clauses = [f'uprobe:{depot.path}:main.{f} {{ printf("{f} %v\\n", args.x); }}' for f, _, _ in PASSED]
    settings = "config = { %s }\n" % "; ".join(f"{k} = {v}" for k, v in limits.items())
    end = f'uprobe:{depot.path}:main.passEnd {{ printf("end\\n"); @n++; if (@n == 2) {{ clear(@n); exit(); }} }}'
    out = os.path.join(t.tmp, "out")
    script = t.file("script.bt", "\n".join([settings, *clauses, end]))
    with subprocess.Popen([t.stoat_path, "-q", "-o", out, "-p", str(depot.process.pid), script]) as stoat:
        # The first passes may come before the probes.
        while stoat.poll() is None:
            depot.process.stdin.write(b"\n")
            depot.process.stdin.flush()
            time.sleep(0.1)
        t.eq(stoat.returncode, 0, "stoat")
    with open(out, encoding="utf-8") as f:
        lines = whole.flat([line for line in f.read().split("\n") if line])
    first = lines.index("end")
    found = {}
    for line in lines[first + 1 : lines.index("end", first + 1)]:
        name, value = line.split(" ", 1)
        found.setdefault(name, []).append(value)
    return found


@cases([(v, size) for v in ("1.15", "1.23", "1.24", "1.27") for size in (32768, 4096)])
def test_probes_see_the_same(t, version, size):
    """What BPF programs follow is what the table says, up to the same limits."""
    t.need_root()
    limits = {**LIMITS, "max_value_bytes": size}
    options = [o for k, v in zip("dnsb", limits.values()) for o in (f"-{k}", str(v))]
    with Depot(t, version, "default") as depot:
        found = as_stoat_shows(t, depot, limits)
        for name, type_name, variables in PASSED:
            t.eq(len(found[name]), len(variables), name)
            for variable, got in zip(variables, found[name]):
                address = hex(depot.symbols["main." + variable])
                r = t.sh(depot.peek, "-v", *options, str(depot.process.pid), depot.path, address, type_name)
                t.eq(got, whole.flat(r.out.splitlines())[0], f"{name} of {variable}")


def test_limits(t):
    with Depot(t, "1.24", "default") as depot:
        for depth in range(12):
            items = depot.look("deep", "*main.Item", "-d", str(depth))
            t.eq(len(texts(items)), min(depth, 10), f"depth {depth}")
            t.eq(max(i.depth for i in items), min(depth, 10))
        (_, long) = depot.look("long", "string", "-s", "64")
        t.eq((long.size, long.want), (64, 10000))
        (_, many) = depot.look("many", "[]int64", "-n", "10")
        t.eq((many.size, many.want), (80, 800000))
        (_, many) = depot.look("many", "[]int64", "-n", "4096")
        t.eq((many.size, many.want), (8192, 800000))
        items = depot.look("bad", "*main.Item")
        t.eq([i.flags for i in items if i.size == 0], [1])
        for size in (64, 100, 200, 1000, 4096):
            items = depot.look("anyAny", ANY, "-b", str(size))
            t.check(sum(24 + (i.size + 7) // 8 * 8 for i in items) <= size, size)


def symbol(t, path, name):
    return next(int(line.split()[0], 16) for line in t.sh("nm", path).out.splitlines() if line.split()[-1] == name)


@cases([("-O0",), ("-O2",), ("-O1", "-static"), ("-O1", "-fno-pie", "-no-pie")])
def test_c(t, *flags):
    path = t.c("hoard.c", "-g", *flags)
    with Running(t, path) as program:

        def look(name, type_name, *options):
            return program.items(symbol(t, path, name), type_name, *options)

        items = look("first", "struct node")
        t.eq(texts(items), ["name first", "line 0", "line 2", "town here", "name last"])
        t.check(b"my" not in items[0].data and 0x5501 == items[4].data[0] + 256 * items[4].data[1], items[0].data)
        t.eq([i.type for i in items if i.number], ["struct node", "struct place", "struct node", "int", "unsigned char"])
        t.eq(sorted(texts(look("last", "node_t"))), ["name last", "town here"])
        # Any struct that begins with a char *.
        (_, text) = look("long_pointer", "struct place", "-s", "100")
        t.eq((text.size, text.want), (100, 0xFFFFFFFF))
        (_, text) = look("nothing", "struct place")
        t.eq((text.size, text.want), (0, 0))
        items = look("large", "struct large")
        t.eq(([i.size for i in items], texts(items)), ([8192, 10], ["large name"]))


def test_cpp(t):
    path = t.c("hoard.cc", "-g", "-O1")
    with Running(t, path) as program:
        items = program.items(symbol(t, path, "derived"), "ns::Derived")
        t.eq(texts(items), ["short name", "a name that is referred to", "a name that is owned by a pointer"])
        t.eq([i.depth for i in items if i.type == "int"], [1])


def test_all_types_are_numbered(t):
    """Of a program of 28 MB, and of what debug information says of a small one."""
    peek = t.lib_tool("peek", "unit/value_walk.c")
    for version in ("1.24", "1.27"):
        path = t.go_compiler(version)
        words = t.sh(peek, "-m", path, "error").out.split()
        facts = dict(zip(words[::2], map(float, words[1::2])))
        n = len(t.sh(peek, "-a", path).out.splitlines())
        t.check(n > 4000 and facts["types"] > n * 0.9, (n, facts))
        t.check(facts["bytes"] < 1 << 20 and facts["ms"] < 200, facts)
        words = t.sh(peek, "-m", path, "bytes.Buffer").out.split()
        t.check(float(words[1]) < 20, words)
