# SPDX-License-Identifier: Apache-2.0
"""stoat show on C++: parameters at the entry site and results at the exits, read by a debugger."""

import json
import math
import os
import re
import struct

from harness import ROOT, cases, timeout

SOURCE = os.path.join(ROOT, "tests", "programs", "c", "byvalue.cc")


def expected():
    """function -> (args, results): path -> bits, as the comments in the source say."""
    found = {}
    args = results = None
    with open(SOURCE, encoding="utf-8") as f:
        for line in f:
            if line.startswith("// args:"):
                args = dict(w.split("=") for w in line[8:].strip().split(", "))
            elif line.startswith("// result:"):
                words = line[10:].split()
                results = dict(w.split("=") if "=" in w else ("", w) for w in words)
            elif line.startswith("NOINLINE") and args is not None:
                found[re.search(r"(\w+)\(", line).group(1)] = (args, results)
    return found


def x87_bits(value):
    """The ten bytes of an x87 number: 64 bits of fraction with the leading one, exponent, sign."""
    fraction, exponent = math.frexp(abs(value))
    return (int(value < 0) << 79) | ((exponent + 16382) << 64) | int(fraction * 2**64)


def bits_of(text, size):
    kind, _, number = text.rpartition(":")
    if kind == "f32":
        return struct.unpack("<I", struct.pack("<f", float(number)))[0]
    if kind == "f64":
        return struct.unpack("<Q", struct.pack("<d", float(number)))[0]
    if kind == "x87":
        return x87_bits(float(number))
    return int(number, 0) & ((1 << (8 * size)) - 1)


def register_off(place):
    """Which byte of the register a piece begins at."""
    return int(place.split(">>")[1]) // 8 if ">>" in place else 0


def gdb_expression(p, place, at, size):
    """size (at most 8) bytes of a piece from byte at on."""
    mask = (1 << (8 * size)) - 1
    reg = "$" + p.get("register", "")
    if p["kind"] == "register":
        at += register_off(place)
        value = f"${p['register']}.v2_int64[{at // 8}]" if reg.startswith("$xmm") else reg
        return f"((unsigned long){value} >> {at % 8 * 8}) & {mask:#x}"
    if p["kind"] == "memory":
        return f"*(unsigned long*)((char*){reg} + {p['off'] + at}) & {mask:#x}"
    if p["kind"] == "indirect":
        return f"*(unsigned long*)(*(char**)((char*){reg} + {p['off']}) + {p['then_off'] + at}) & {mask:#x}"
    raise ValueError(p)


def chunks(word):
    """(offset in the word, gdb expression) of all bytes of a word; eight at most in each."""
    for p, place in zip(word["pieces"], word["place"].split(", ")):
        for at in range(0, p["size"], 8):
            yield p["at"] + at, gdb_expression(p, place, at, min(8, p["size"] - at))


def read_words(t, path, f, site, words):
    """path -> bits, at that address of the function."""
    commands = ["set pagination off", "set language c", "starti", f"break *({f['name']} + {site['offset']})", "continue"]
    for name, w in words.items():
        commands += [f"printf \"WORD {name} {at} %lu\\n\", (unsigned long)({e})" for at, e in chunks(w)]
    r = t.sh("gdb", "-nx", "-batch", "-iex", "set auto-load no", *[a for c in commands for a in ("-ex", c)], path)
    if "ptrace: Operation not permitted" in r.err:
        t.skip("gdb may not trace here")
    got = {}
    for m in re.finditer(r"WORD (\S*) (\d+) (\d+)", r.out):
        got[m.group(1)] = got.get(m.group(1), 0) | int(m.group(3)) << (8 * int(m.group(2)))
    return got


def placed_words(values):
    return {(v["name"] or "R") + w["path"]: w for v in values for w in v["words"] if "pieces" in w}


def check_words(t, path, f, site, values, wanted):
    words = placed_words(values)
    got = read_words(t, path, f, site, words)
    for key, text in wanted.items():
        if text == "none":
            t.check(key not in words, f"{f['name']}: {key} has no place")
            continue
        t.check(key in got, f"{f['name']}: {key} among {sorted(got)}")
        value = got[key] & ((1 << 80) - 1) if text.startswith("x87:") else got[key]
        t.eq(value, bits_of(text, words[key]["size"]), f"{f['name']}: {key} in {words[key]['place']}")


@timeout(240)
@cases([(cc, o) for cc in ("g++", "clang++") for o in ("-O0", "-O1", "-O2")])
def test_c_words(t, cc, level):
    t.need_tool("gdb")
    t.need_tool(cc)
    path = t.c("byvalue.cc", level, "-g", cc=cc)
    for name, (args, results) in expected().items():
        f = json.loads(t.stoat("show", "-f", "json", path, name).out)
        check_words(t, path, f, f["entry"], f["parameters"], args)
        results = {"R" + key: text for key, text in results.items()}
        check_words(t, path, f, f["exits"][-1], f["results"], results)


LOCAL = r"""
static volatile long sink;
#define NOINLINE __attribute__((noinline))
// The first and the last are not used: callers need not pass them.
static NOINLINE long local(long unused, long n, long m, long last) { sink = n; return n + m; }
static NOINLINE long unused_last(long n, long last) { sink = n; return n; }
NOINLINE long global(long unused, long n) { sink = n; return n; }
static long pointed(long unused, long n) { sink = n; return n + 1; }
long (*volatile pointer)(long, long) = pointed;
int main(int argc, char **argv)
{
	(void)argv;
	sink = local(1, argc, 7, 3) + local(2, argc + 1, 7, 4) + unused_last(argc, 1) + unused_last(5, argc);
	return (int)(global(argc, 3) + pointer(1, argc));
}
"""


@cases([(cc, o) for cc in ("gcc", "clang") for o in ("-O0", "-O1", "-O2", "-O3")])
def test_local_functions(t, cc, level):
    """Compilers pass the parameters of local functions as they like: no place is made up."""
    t.need_tool(cc)
    path = t.file("local", "")
    t.sh(cc, level, "-g", "-o", path, t.file("local.c", LOCAL))
    names = ("local", "unused_last", "global", "pointed")
    places = {}
    for name in names:
        (line,) = [x for x in t.stoat("show", "-f", "json", path, name + "*").out.splitlines() if x]
        f = json.loads(line)
        for p in f["parameters"]:
            places[name, p["name"]] = p["words"][0].get("place")
    t.eq([places["global", "unused"], places["global", "n"]], ["rdi", "rsi"])
    t.eq([places["pointed", "unused"], places["pointed", "n"]], ["rdi", "rsi"])
    asked = [places[f, p] for f, p in (("local", "unused"), ("local", "n"), ("local", "m"), ("local", "last"))]
    asked += [places["unused_last", "n"], places["unused_last", "last"]]
    if level == "-O0" or (cc, level) == ("gcc", "-O1"):
        t.eq(asked, ["rdi", "rsi", "rdx", "rcx", "rdi", "rsi"])
    else:
        t.eq(asked, [None, "rdi", None, None, "rdi", None])


# By function and word: the place that AAPCS64, 6.8.2, has for it; R is the result, "-" no place.
ARM = r"""
typedef struct { float x, y, z; } hfa3;
typedef struct { double a, b, c, d; } hfa4;
typedef struct { struct { double re; } p; double im; } nested;
typedef struct { long a, b; } pair;
typedef struct { long a[3]; } big;
typedef struct { float f; int i; } mixed;
typedef struct { __int128 v; } wide16;
typedef float floats4 __attribute__((vector_size(16)));
// R.x=v0 R.z=v2 a.x=v0 a.y=v1 a.z=v2 d=v3 b.x=v4 b.z=v6 c.x=[sp] c.y=[sp+0x4] c.z=[sp+0x8] f=[sp+0x10]
hfa3 hfas(hfa3 a, double d, hfa3 b, hfa3 c, float f) { return a; }
// R.a=v0 R.d=v3 n=x0 h.a=v0 h.d=v3 q.p.re=v4 q.im=v5 last=v6
hfa4 floats(long n, hfa4 h, nested q, float last) { return h; }
// R.a=x0 R.b=x1 a=x0 p.a=x1 p.b=x2 m.f=x3 m.i=x3>>32 b.a[0]=[x4] b.a[2]=[x4+0x10] c=x5
pair pairs(long a, pair p, mixed m, big b, int c) { return p; }
// R=x0,x1 a=x0 i=x2,x3 b=x4 j=x6,x7 c=[sp]
__int128 wide(long a, __int128 i, long b, __int128 j, long c) { return i; }
// R=v0 a=x0 s.v=x2,x3 v[0]=v0 v[3]=v0>>96 l=v1 z.real=v2 z.imag=v3
long double vectors(long a, wide16 s, floats4 v, long double l, _Complex float z) { return l; }
// R.a[0]=- a=x0 g=x6 p.a=[sp] p.b=[sp+0x8] h=[sp+0x10] i.a[0]=[[sp+0x18]] i.a[2]=[[sp+0x18]+0x10]
big full(long a, long b, long c, long d, long e, long f, long g, pair p, long h, big i) { return i; }
// R=x0 a=x6 t=x7 i=[sp] b=[sp+0x10] u.v=[sp+0x20]
long stack(pair p, pair q, pair s, long a, long t, __int128 i, long b, wide16 u) { return a; }
int main(void) { return 0; }
"""


def test_arm64(t):
    """Without optimisation DWARF does not tell where parameters come in: the convention does."""
    t.need_tool("aarch64-linux-gnu-gcc")
    path = t.file("arm", "")
    t.sh("aarch64-linux-gnu-gcc", "-O0", "-g", "-o", path, t.file("arm.c", ARM))
    lines = ARM.splitlines()
    for comment, code in zip(lines, lines[1:]):
        if not comment.startswith("// "):
            continue
        name = re.search(r"(\w+)\(", code).group(1)
        f = json.loads(t.stoat("show", "-f", "json", path, name).out)
        words = placed_words(f["parameters"] + f["results"])
        for key, place in (w.split("=") for w in comment[3:].split()):
            got = words[key]["place"].replace(" ", "") if key in words else "-"
            t.eq(got, place, f"{name}: {key}")


RUST = """
#[inline(never)] #[no_mangle] pub fn add(a: u64, b: f64) -> u64 { std::hint::black_box(a) + b as u64 }
fn main() { println!("{}", add(1, 2.0)); }
"""


@cases([(0, [None, None]), (2, ["rdi", "xmm0"])])
def test_rust(t, level, wanted):
    """Rust promises no convention, so that only registers that DWARF names are known. The slots that it
    names without optimisation are relative to a stack pointer that is not yet so at the entry."""
    t.need_tool("rustc")
    path = t.file("add", "")
    t.sh("rustc", "-g", "-C", f"opt-level={level}", "-o", path, t.file("add.rs", RUST))
    f = json.loads(t.stoat("show", "-f", "json", path, "add").out)
    t.eq([p["words"][0].get("place") for p in f["parameters"]], wanted)
