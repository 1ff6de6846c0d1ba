# SPDX-License-Identifier: Apache-2.0
"""What tests/programs/go/mixed passes: interfaces and funcs among other fields, pointers to what has
items, values of no size, and numbers that C reads another way."""

import json
import re

from harness import cases

BUILDS = [(v, f) for v in ("1.15", "1.19", "1.24", "1.27") for f in ("default", "noopt", "pie")]


def ran(t, version, form, script, *options):
    """What the script prints: BIN in it is the program."""
    t.need_root()
    path = t.go("mixed", version, form)
    r = t.stoat("-q", *options, "-c", path, "-e", script.replace("BIN", path))
    t.eq(r.err, "", "messages")
    return [line for line in r.out.splitlines() if line]


NAMES = """
uprobe:BIN:main.structs {
	print(args.b); print(args.t); print(*args.o); print(args.o.In); print(args.o.A); print(args.e);
	$t = args.t; print($t); print($t.E); print((1, args.t)); printf("%s %s\\n", args.t, args.e.error);
	@k[args.t] = args.e;
}
uprobe:BIN:main.arrays {
	print(args.a); print(*args.p); print(*args.b); print(args.b[1]); @a[args.a] = *args.b;
}
uretprobe:BIN:main.structs { print(args.t); print(args.o.In); }
uretprobe:BIN:main.back { print(retval); print(retval.t); @r = retval; }
"""


@cases(BUILDS)
def test_names_in_structs_and_arrays(t, version, form):
    mine = '&main.MyErr{Code: 42, Text: "mine"}'
    timed = "main.Timed{E: %s, D: 1ns}" % mine
    inner = 'main.Timed{E: error "file does not exist", D: 2ns}'
    second = "main.Timed{E: &main.MyErr{Code: 5}, D: 1s}"
    # What the script keeps has names of types in place of what interfaces hold.
    kept = "{ .E = *main.MyErr, .D = 1ns }"
    want = [
        "main.Both{E: %s, F: main.main}" % mine,
        timed,
        'main.Outer{N: 7, In: %s, A: [2]interface {}{nil, "text"}}' % inner,
        inner,
        '[2]interface {}{nil, "text"}',
        "main.Embeds{error: main.Plain(3), N: 4}",
        kept,
        "*main.MyErr",
        "(1, %s)" % timed,
        timed + " main.Plain(3)",
        timed,
        inner,
        "[2]error{nil, %s}" % mine,
        '[2]error{error "x", nil}',
        "[3]main.Timed{{}, {E: main.Plain(1), D: 5ns}, {}}",
        "main.Timed{E: main.Plain(1), D: 5ns}",
        "(%s, main.Plain(5))" % second,
        second,
        "@a[[nil,*main.MyErr]]: [{ .E = nil, .D = 0s },{ .E = main.Plain, .D = 5ns },{ .E = nil, .D = 0s }]",
        "@k[%s]: { .error = main.Plain, .N = 4 }" % kept,
        "@r: ({ .E = *main.MyErr, .D = 1s }, main.Plain)",
    ]
    t.eq(ran(t, version, form, NAMES), want)


@cases(BUILDS)
def test_many_names_in_one_value(t, version, form):
    script = "uprobe:BIN:main.many { print(*args.m); print(*args.t); print(args.t.A); @ = *args.m; @t = *args.t; }"
    mine = '&main.MyErr{Code: 42, Text: "mine"}'
    got = ran(t, version, form, script, "--items", "126")
    t.eq(got[0], "main.Many{A: [126]error{nil, %s, %smain.Plain(1)}, B: [2]func(){main.main, nil}}" % (mine, "nil, " * 123))
    t.eq(got[1:3], ["main.TooMany{A: [2]interface {}{1, nil}}", "[2]interface {}{1, nil}"])
    t.eq(got[3], "@: { .A = [nil,*main.MyErr,%smain.Plain], .B = [main.main,nil] }" % ("nil," * 123))
    iface = "{ .type = 0x[0-9a-f]{5,}, .data = 0x[0-9a-f]{5,} },{ .type = 0x0, .data = 0x0 }"
    error = "{ .tab = 0x0, .data = 0x0 }"
    words = r"@t: { .A = \[%s\], .B = \[%s,%s\], .C = \[(nil,){124}nil\] }" % (iface, error, error)
    t.check(re.fullmatch(words, got[4]), got[4])
    t.eq(got[5:], [])


def test_names_in_json(t):
    got = ran(t, "1.24", "default", "uprobe:BIN:main.structs { print(*args.o); @ = *args.o; }", "-f", "json")
    want = '{"N": 7, "In": {"E": "*errors.errorString", "D": 2}, "A": [null,"string"]}'
    t.check(any(want in line for line in got), got)
    value = next(e["data"] for e in map(json.loads, got) if e["type"] == "value")
    error = value["fields"]["In"]["fields"]["E"]
    t.eq((error["type"], error["text"]), ("*errors.errorString", "file does not exist"))
    t.eq(value["fields"]["A"], {"type": "[2]interface {}", "len": 2, "items": [None, "text"]})
    t.eq((value["type"], value["fields"]["N"]), ("main.Outer", 7))


CASTS = """
uprobe:BIN:main.casts {
	print((((main.MyErr *)args.e).Code, ((main.MyErr *)args.e).Text, *(int64 *)args.p));
	$e = (main.MyErr *)args.i; print($e.Code); print((void *)args.e != 0);
}
uretprobe:BIN:main.casts { print((((main.MyErr *)args.e).Code, ((main.MyErr *)args.i).Text)); }
uretprobe:BIN:main.back { print((((main.MyErr *)retval.t.E).Code, *(main.Plain *)retval.err)); }
uprobe:BIN:main.structs { print((((main.MyErr *)args.t.E).Code, *(main.Plain *)args.e.error)); }
uprobe:BIN:main.pointers { print((args.g[1], (*args.d)[1], (*args.c)[1], ((int64 *)args.n)[0])); }
uretprobe:BIN:main.pointers { print((args.g[2], (*args.d)[2])); }
"""


@cases(BUILDS)
def test_what_is_in_interfaces_and_behind_pointers(t, version, form):
    want = ["(42, 3)", "(5, 5)", "(42, mine, 9)", "43", "true", "(42, value)", "(21, 11, 101, 9)", "(22, 12)"]
    t.eq(ran(t, version, form, CASTS), want)


NUMBERS = """
uprobe:BIN:main.numbers {
	printf("%d %d %d %d %d %d %d|", args.a, args.b, args.c, args.d, args.e, args.s, *args.u);
	printf("%i %ld %u %x %12d %d\\n", args.d, args.d, args.d, args.c, args.c, (uint32)args.c);
}
uprobe:BIN:main.runes {
	printf("%c%c%c%c%c%c|%3c|%-3c|", args.r, args.s[0], args.s[1], args.s[2], args.s[3], args.s[4], args.r,
		args.s[0]);
	printf("%d %c\\n", args.r, 65);
}
"""


@cases(BUILDS)
def test_numbers_and_runes(t, version, form):
    most = "18446744073709551615"
    want = [
        "255 65535 4294967295 %s %s -1 4294967295|%s %s %s ffffffff   4294967295 -1" % ((most,) * 5),
        "é世A😀��|  é|世  |233 A",
    ]
    t.eq(ran(t, version, form, NUMBERS), want)


LENGTHS = """
uprobe:BIN:main.arrays { print((len(args.p), cap(args.p), len(args.b), cap(args.b))); }
uretprobe:BIN:main.arrays { print((len(args.p), len(args.b))); }
"""


@cases(BUILDS)
def test_length_of_what_a_pointer_points_to(t, version, form):
    t.eq(ran(t, version, form, LENGTHS), ["(2, 2, 3, 3)", "(2, 3)"])


NILS = """
uprobe:BIN:main.slices { $s = args.a; $s = nil; print(($s, len($s), $s == nil)); $t = nil; $t = args.a; print(len($t)); }
uprobe:BIN:main.pointers { $m = args.m; $m = nil; print($m); @m = args.d; @m = nil; }
uprobe:BIN:main.structs {
	$e = args.t.E; $e = nil; print($e); $f = args.b.F; $f = nil; print(($f, $f == nil));
	@e = args.t.E; @e = nil; @s[1] = nil; @s[2] = args.t.E;
}
"""


@cases(BUILDS)
def test_nil_is_assigned(t, version, form):
    want = ["nil", "(nil, true)", "nil", "(nil, 0, true)", "3"]
    t.eq(ran(t, version, form, NILS), want + ["@e: nil", "@m: nil", "@s[1]: nil", "@s[2]: *main.MyErr"])


EMPTIES = """
uprobe:BIN:main.empties {
	print((args.a, args.s, args.e, len(args.a), cap(args.p), len(args.l))); print(args.a);
	$a = args.a; print($a); @v = args.s;
}
uprobe:BIN:main.holes {
	print(args.h); print(*args.p); print((args.h.B, args.p.C, args.h.F, len(args.p.B)));
	$h = args.h; print($h); @k[args.h] = 1;
}
uretprobe:BIN:main.empties { print((args.a, args.s)); }
uretprobe:BIN:main.holes { print((args.h, args.p.C)); }
"""


@cases(BUILDS)
def test_values_of_no_size(t, version, form):
    holes = 'main.Holes{A: 1, D: main.Plain(2), E: "end"}'
    kept = "{ .A = 1, .B = [], .C = {}, .D = main.Plain, .E = end, .F = {} }"
    want = [
        "([0]int{}, struct{}, main.Empty{}, 0, 0, 3)",
        "[0]int{}",
        "[0]int{}",
        "([0]int{}, struct{})",
        holes,
        holes,
        "([0]int64{}, struct{}, main.Empty{}, 0)",
        kept,
        "(%s, struct{})" % holes,
        "@k[%s]: 1" % kept,
        "@v: {}",
    ]
    t.eq(ran(t, version, form, EMPTIES), want)


@cases(BUILDS)
def test_what_is_no_slice(t, version, form):
    got = ran(t, version, form, "uprobe:BIN:main.slices { print(args.odd); print(len(args.odd)); @ = args.odd; }")
    t.eq(got, ["<unreadable>", "5", "@: <unreadable>"])


@cases(["1.15", "1.24", "1.27"])
def test_kept_values_have_room_for_themselves(t, version):
    """However little is kept of what they refer to."""
    body = "uretprobe:BIN:main.many { print(*args.m); print(args.m == nil); print(*args.t); print(args.t == nil) }"
    lines = ran(t, version, "default", "config = { max_kept_value_bytes = 64 } " + body)
    t.check(re.fullmatch(r"main\.Many\{A: \[126\]error\{nil, &main\.MyErr\{\.\.\.\}, (nil, )+\+62 more\}, "
                         r"B: \[2\]func\(\)\{main\.main, nil\}\}", lines[0]), str(lines))
    t.eq(lines[1:], ["false", "main.TooMany{A: [2]interface {}{int(...), nil}}", "false"])
    lines = ran(t, version, "default", "config = { max_kept_value_bytes = 15800 } " + body)
    t.check('&main.MyErr{Code: 42, Text: "mine"}' in lines[0], str(lines))
    t.eq(lines[1:], ["false", "main.TooMany{A: [2]interface {}{1, nil}}", "false"])
    path = t.go("mixed", version)
    r = t.stoat("-e", "config = { max_kept_value_bytes = 16384 } " + body.replace("BIN", path), rc=1)
    t.check("with this, more than 31 KB are kept of a call until it returns" in r.err, r.err)
    t.eq(r.err.count("error:"), 1, r.err)


MISTAKES = [
    ("casts", "print((uint64)args.e)", "an interface is no number and no address", "(void *)args.e"),
    ("casts", "$e = args.e; print((void *)$e)", "the name of a type or a function is no number"),
    ("pointers", "print(args.c[1])", "*string is a pointer, which has no items in Go", "(*args.c)[...]"),
    ("pointers", "print(args.d[1])", "*[]int is a pointer, which has no items in Go", "(*args.d)[...]"),
    ("pointers", "print(args.f[1].N)", "*main.Outer is a pointer, which has no items in Go"),
    ("pointers", "print(args.n[0])", "*int is a pointer, which has no items in Go"),
    ("pointers", 'print(args.m["a"])', "stoat does not look into Go's maps: map[string]int"),
    ("pointers", "print(args.m[1])", "stoat does not look into Go's maps: map[string]int"),
    ("structs", 'printf("%p", args.b.F)', "%p takes a number, not a func"),
    ("structs", 'printf("%d", args.t.E)', "%d takes a number, not an interface"),
    ("numbers", "print(len(args.a))", "len() takes a string, a slice, an array, a map, a channel or a stack"),
    ("pointers", "print(len(args.d))", "not *[]int", "len(*args.d)"),
    ("pointers", "print(cap(args.d))", "cap() takes a slice, an array or a channel, not *[]int", "cap(*args.d)"),
    ("empties", "print(args.l[0])", "struct {} has no bytes: there is nothing to be read"),
    ("empties", "print(*args.p)", "[0]int has no bytes: there is nothing to be read"),
    ("empties", "print(args.a[0])", "the array has 0 items: there is no [0]"),
    ("empties", "@[args.a] = 1", "a key of @ has no bytes"),
]


@cases(["1.15", "1.24"])
def test_mistakes(t, version):
    path = t.go("mixed", version)
    for function, body, *messages in MISTAKES:
        r = t.stoat("-e", "uprobe:%s:main.%s { %s }" % (path, function, body), rc=1)
        for message in messages:
            t.check(message in r.err, "%s\n%s" % (message, r.err))
        t.check("^" in r.err, "a caret\n" + r.err)
