# SPDX-License-Identifier: Apache-2.0
"""Go's floating point and complex numbers, durations, bools, interfaces and functions in scripts,
against what Go itself prints for them."""

import os
import re

from harness import cases, timeout

BUILDS = [(v, f) for v in ("1.15", "1.19", "1.24", "1.27") for f in ("default", "noopt", "pie")]

# Each line as reals prints it.
SAMPLES = """
uprobe:./reals:main.look {
	printf("%v %v %s %s %v %v %d %d %d %u ", args.p.F, args.p.S, args.p.C, args.p.H, args.p.D,
		args.p.T, (int64)args.p.F, (int64)args.p.S, (int8)args.p.F, (uint32)args.p.F);
	printf("%s %s %s %s %s\\n", typename(args.p.Any), typename(args.p.Err), args.p.Any, args.p.Err, args.p.Call);
	printf("%.3f|%12.2e|%-12g|%+G|%010.1f\\n", args.p.F, args.p.F, args.p.S, args.p.S, args.p.F);
	printf("%q|%12q|%-8q\\n", args.p.Name, args.p.Name, args.p.Name);
	printf("%t %t %t %t %t %t ", args.p.F == args.p.At[1], args.p.F < 1.5, args.p.F <= 100,
		args.p.F > 0, 1 <= args.p.F, args.p.F != args.p.At[0]);
	printf("%t %t %t %t %t %t\\n", args.p.S == 0, args.p.S < 0.25, args.p.C == args.p.C,
		args.p.H.real == args.p.S && args.p.H.imag == 1, args.p.Any == nil, args.p.Err != nil);
}
"""

IN_USE = """
uprobe:./reals:main.look {
	@f[args.p.F > 1.5] = count();
	$e = args.p.Err;
	if ($e != nil) { @type[$e, args.p.Any] = count(); @kept[typename($e)] = $e; }
	$d = args.p.Ds[1];
	@d[$d + $d] = args.p.Ds[1];
	@n[$d * 2] = sum(args.p.Ds[1]);
	@last = args.p.At;
	@c = args.p.C;
}
uprobe:./reals:main.look /args.p.Call == nil/ { @nil[args.p.Call, args.p.Any] = count(); }
uretprobe:./reals:main.look { @func[args.p.Call, typename(args.p.T)] = count(); }
"""


def run(t, program, script, *options):
    """What a script prints while the program runs in its own folder."""
    t.need_root()
    path = t.file("t.bt", script)
    folder = os.path.dirname(program)
    script = "%s -q %s %s -c ./%s" % (t.stoat_path, " ".join(options), path, os.path.basename(program))
    return t.sh("sh", "-c", script, cwd=folder)


@cases(BUILDS)
@timeout(240)
def test_samples_are_as_go_prints_them(t, version, form):
    program = t.go("reals", version, form)
    r = run(t, program, SAMPLES)
    t.eq(r.err, "")
    got = r.out.splitlines()
    want = t.sh(program, "print").out.splitlines()
    t.eq(len(got), len(want))
    for i, (g, w) in enumerate(zip(got, want)):
        t.eq(g, w, f"line {i}")


@cases(BUILDS)
@timeout(240)
def test_values_in_maps_and_variables(t, version, form):
    r = run(t, t.go("reals", version, form), IN_USE)
    t.eq(r.err, "")
    got = dict(re.findall(r"^(@.*?): (.*)$", r.out, re.M))
    path_error = "*os.PathError" if version == "1.15" else "*fs.PathError"
    want = {
        "@type[*errors.errorString, int]": "400",
        "@type[*errors.errorString, string]": "400",
        "@type[main.failure, []string]": "400",
        f"@type[{path_error}, main.Celsius]": "400",
        "@kept[*errors.errorString]": "*errors.errorString",
        "@kept[main.failure]": "main.failure",
        f"@kept[{path_error}]": path_error,
        "@d[2ns]": "1ns",
        "@n[2]": "2000",
        "@nil[nil, nil]": "400",
        "@func[nil, main.Celsius]": "400",
        "@func[main.next, main.Celsius]": "1600",
    }
    for key, value in want.items():
        t.eq(got.get(key), value, key)
    t.eq(int(got["@f[true]"]) + int(got["@f[false]"]), 2000)
    m = re.match(r"\((-?[\d.]+(?:e[-+]\d+)?)[-+]", got["@c"])
    t.eq(got["@last"], f"[{m.group(1)},2]")


def test_byte_and_rune(t):
    script = "uprobe:./zoo:zoo/kinds.Int { print(((byte)0x141, (rune)-1, sizeof(rune), *(byte *)reg(\"sp\") < 256)); }"
    r = run(t, t.go("zoo"), script)
    t.check("(65, -1, 4, true)\n" in r.out, r.describe())


def test_names_beyond_ascii(t):
    script = """
uprobe:./reals:main.measured { $größe = args.größe; @ñ = args.ñ.幅; print(($größe, args.ñ.Länge, vars.größe)); }
uretprobe:./reals:main.measured { print(args.ñ.Länge); }
"""
    r = run(t, t.go("reals"), script)
    t.eq(r.err, "")
    t.check("(7, 8, 7)\n" in r.out and "\n8\n" in r.out and "@ñ: 9\n" in r.out, r.describe())


@cases(BUILDS)
@timeout(240)
def test_what_has_no_name(t, version, form):
    script = """
uprobe:./reals:main.madeUp { printf("made %s %s\\n", args.x, typename(args.x)); @[args.x != nil] = count(); }
uprobe:./reals:main.lost { printf("lost %s %s %v\\n", args.p.Any, args.p.Err, args.p.Call); }
"""
    r = run(t, t.go("reals", version, form), script)
    t.check(re.search(r"^made \((0x[0-9a-f]{6,})\)\(\.\.\.\) \1$", r.out, re.M), r.describe())
    t.check("lost <unreadable> <unreadable> <unreadable>\n" in r.out, r.describe())
    t.check("@[true]: 1\n" in r.out, r.describe())


NAMES = """
uprobe:./reals:main.look /typename(args.p.Err) == "main.failure"/ { @failure = count(); }
uprobe:./reals:main.look /args.p.Err == "*%0.PathError" || args.p.Any == "string"/ { @path = count(); }
uprobe:./reals:main.look /args.p.Err == "*%1.PathError"/ { @full = count(); }
uprobe:./reals:main.look /typename(args.p.Any) != "main.Celsius"/ { @other = count(); }
uprobe:./reals:main.look /"nil" == args.p.Any/ { @nil = count(); }
uprobe:./reals:main.look /args.p.Call == "main.next" && gofunc == "runtime.main"/ { @next = count(); }
uprobe:./reals:main.look { $e = args.p.Err; if ($e == "*errors.errorString") { @kept = count(); } }
uretprobe:./reals:main.look /args.p.Err == "main.failure"/ { @returns = count(); }
"""


@cases(BUILDS)
@timeout(240)
def test_names_are_compared(t, version, form):
    names = ("os", "os") if version == "1.15" else ("fs", "io/fs")
    r = run(t, t.go("reals", version, form), NAMES.replace("%0", names[0]).replace("%1", names[1]))
    t.eq(r.err, "")
    want = {"failure": 400, "path": 800, "full": 400, "other": 1600, "nil": 400, "next": 1600,
            "kept": 800, "returns": 400}
    t.eq(dict((k, int(v)) for k, v in re.findall(r"^@(.*): (.*)$", r.out, re.M)), want)


@cases([(v, f) for v in ("1.15", "1.19", "1.24", "1.27") for f in ("default", "pie")])
def test_wrappers_are_compared(t, version, form):
    """go work(x) starts with a function of the compiler's, which has the name of what it calls."""
    script = """
uprobe:./tls:main.park { @n[gofunc] = count(); }
uprobe:./tls:main.park /gofunc == "main.work"/ { @is = count(); }
uprobe:./tls:main.park /gofunc != "main.work"/ { @is_not = count(); }
"""
    r = run(t, t.go("tls", version, form), script)
    t.check("@is: 1\n" in r.out and "@is_not" not in r.out, r.describe())


ZOO = """
uprobe:./zoo:zoo/kinds.Bool { printf("Bool %t %s %d\\n", args.x, args.x, args.x); }
uprobe:./zoo:zoo/kinds.Eface { printf("Eface %s %v\\n", typename(args.x), args.x); @[args.x] = count(); }
uprobe:./zoo:zoo/kinds.Iface { printf("Iface %s %s %d\\n", args.s, typename(args.s), args.s != nil); }
uprobe:./zoo:zoo/kinds.Errors {
	printf("Errors %s %s %d %d\\n", args.err, args.none, args.err == args.none, args.err == args.err);
}
uprobe:./zoo:zoo/kinds.Func { printf("Func %s\\n", args.f); }
uprobe:./zoo:zoo/kinds.NamedFunc { printf("NamedFunc %s %s\\n", args.h, typename(args.h)); }
uprobe:./zoo:zoo/kinds.Std {
	printf("Std %s %d %s\\n", args.d, args.d, typename(args.d));
	print((args.d + args.d, args.d * 2, args.d > 1s)); @s = sum(args.d);
}
uprobe:./zoo:zoo/kinds.Named { print(("day", args.day, typename(args.day))); @day[args.day] = count(); }
uretprobe:./zoo:zoo/kinds.Multi { print((retval.2, typename(retval.2), retval.3)); }
"""

ZOO_PRINTS = """Bool true true 1
Eface *int &20819
Iface &kinds.Square{Side: 9} *kinds.Square 1
Errors error "odd" nil 0 1
Func main.next
NamedFunc main.next kinds.Handler
Std 1.5s 1500000000 time.Duration
(3s, 3000000000, true)
(day, 5, kinds.Weekday)
(*errors.errorString, *errors.errorString, true)
@[*int]: 1
@day[5]: 1
@s: 1500000000
zoo: all fine"""


@cases(BUILDS)
@timeout(120)
def test_zoo(t, version, form):
    r = run(t, t.go("zoo", version, form), ZOO)
    t.eq(r.err, "")
    got = [line for line in r.out.splitlines() if line]
    t.eq(sorted(got), sorted(ZOO_PRINTS.splitlines()))


@cases([b for b in BUILDS if b[0] in ("1.24", "1.27")])
@timeout(120)
def test_types_of_generic_functions_are_compared(t, version, form):
    script = """
uprobe:./zoo:"zoo/kinds.Sum[go.shape.int]" /typename(args.a) == "int"/ { @is = count(); }
uprobe:./zoo:"zoo/kinds.Sum[go.shape.int]" /typename(args.a) != "int"/ { @is_not = count(); }
uretprobe:./zoo:zoo/kinds.Multi /typename(retval.2) == "*errors.errorString"/ { @returned = count(); }
uretprobe:./zoo:zoo/kinds.Multi { $e = retval.2; @["*errors.errorString" == $e] = count(); }
"""
    r = run(t, t.go("zoo", version, form), script)
    t.eq(r.err, "")
    for line in ("@is: 1", "@returned: 1", "@[true]: 1"):
        t.check(f"{line}\n" in r.out, r.describe())
    t.check("@is_not" not in r.out, r.describe())


# What generic functions were really called with. Go 1.19 counts the types of a shape's name.
GENERIC = """
uprobe:./zoo:"zoo/kinds.Sum[go.shape.int%0]" { print(("Sum", typename(args.a), typename(args.b))); }
uprobe:./zoo:"zoo/kinds.Apply[go.shape.string%0,go.shape.int%1]" {
	print(("Apply", typename(args.s), typename(args.f)));
}
uretprobe:./zoo:"zoo/kinds.(*Pair[go.shape.string%0,go.shape.int%1]).Store" {
	print(("Store", typename(args.key), typename(args.value), typename(args.p)));
}
"""


@cases([b for b in BUILDS if b[0] != "1.15"])
@timeout(120)
def test_generic_types(t, version, form):
    numbers = ("_0", "_1") if version == "1.19" else ("", "")
    script = GENERIC.replace("%0", numbers[0]).replace("%1", numbers[1])
    r = run(t, t.go("zoo", version, form), script)
    got = r.out
    for line in (
        "(Sum, int, int)",
        "(Apply, []string, func(string) int)",
        "(Store, string, int, *kinds.Pair[string,int])",
    ):
        t.check(f"{line}\n" in got, r.describe())


def test_floats_on_the_stack(t):
    script = """
uretprobe:./zoo:zoo/kinds.Float64 { printf("%v %f\\n", args.x, retval); }
uretprobe:./zoo:zoo/kinds.Complex64 { printf("%v %.1f\\n", args.x, retval); }
uprobe:./zoo:zoo/kinds.MixedStruct { printf("%d %g\\n", args.m.A, args.m.F); }
"""
    r = run(t, t.go("zoo", "1.15"), script)
    t.eq(r.err, "")
    t.eq(r.out, "zoo: all fine\n-2.25 -4.500000\n(1.5-2.5i) (2.5-2.5i)\n-1 0.5\n")


MISTAKES = [
    ("inRegisters { print(args.f) }", "args.f is float64: it is passed in a vector register, which a probe cannot read"),
    ("look { print(args.p.F + 1) }", "'+' takes whole numbers, not float64: floating point has no arithmetic"),
    ("look { print(-args.p.T) }", "'-' takes whole numbers, not main.Celsius: floating point has no arithmetic"),
    ("look { print(p.F) }", "args.p is a parameter of main.look\n"),
    ("look { print(goroutine) }", "it is called goid here"),
    ("look { print(args.p.Err == NULL) }", "it is called nil here"),
    ("look { print(args.p.Err != 0) }", "write nil: args.p.Err != nil"),
    ("look { print(0 == args.p.Ds) }", "write nil: args.p.Ds == nil"),
    ("look { print(duration) }", "it is there in a uretprobe of the same function"),
    ("look { print(args.p.F, args.p.S) }", "print((a, b)) prints several values"),
    ("look { @ = hist(args.p.F) }", "(int64) makes a floating point number whole"),
    ("look /args.p.Err/ { print(1) }", "compare it: args.p.Err != nil"),
    ("look /args.p.F/ { print(1) }", "compare it: args.p.F != 0"),
    ("look { printf(\"%d\", args.p.F) }", "%d takes a number, not a floating point number"),
    ("look { printf(\"%f\", args.p.I) }", "%f takes a floating point number, not a number: %d prints it"),
    ("look { print(args.p.F == args.p.S) }", "float64 cannot be compared with float32"),
    ("look { print(args.p.C < args.p.C) }", "complex128 can be compared with == and != only"),
    ("look { print(args.p.Err < args.p.Err) }", "interface can be compared with == and != only"),
    ("look /args.p.Err == \"main.failur\"/ { print(1) }", "has no type 'main.failur'\n"),
    ("look /args.p.Err == \"main.failur\"/ { print(1) }", "near: main.failure"),
    ("look /args.p.Call != \"next\"/ { print(1) }", "has no function 'next'\n"),
    ("look /args.p.Call != \"next\"/ { print(1) }", "near: main.next"),
    ("look { @x = args.p.S; @x = 2.5 }", "the values of @x are float32, not float64"),
]


def test_mistakes(t):
    t.need_root()
    program = t.go("reals")
    for clause, message in MISTAKES:
        r = t.stoat("-e", f"uprobe:{program}:main.{clause}", rc=1)
        t.check(message in r.err, f"{clause}\n{r.err}")
    r = t.stoat("-e", f"uprobe:{program}:main.look {{ print(args.p.D.Seconds); }}", rc=1)
    t.check("no field 'Seconds'" in r.err and "cast it" not in r.err, r.err)
    r = t.stoat("-e", f"uprobe:{program}:main.look {{ print(args.p.b); print(q); }}", rc=1)
    t.check("near: B\n" in r.err and r.err.count("near") == 1, r.err)


def test_json(t):
    script = """
uprobe:./reals:main.look /args.p.Ds[1] == 1ns/ {
	print((args.p.At[1], args.p.Ds[1], args.p.Call, args.p.C)); exit();
}
"""
    r = run(t, t.go("reals"), script, "-f json")
    duration = '{"type": "time.Duration", "ns": 1, "text": "1ns"}'
    t.check('{"type": "value", "data": [2,%s,null,"(0-0i)"]}\n' % duration in r.out, r.describe())
