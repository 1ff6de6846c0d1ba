# SPDX-License-Identifier: Apache-2.0
"""Strings, slices, arrays, maps, channels, nil and fields of Go's structs, where the functions of two
programs begin: tests/programs/go/zoo and tests/programs/go/fields say what they pass."""

from harness import cases

BUILDS = [(v, f) for v in ["1.15", "1.19", "1.24", "1.27"] for f in ["default", "noopt"]]


def ran(t, program, version, form, clauses, *options, env=None):
    """What the clauses, by function, print; and what is told on stderr."""
    t.need_root()
    path = t.go(program, version, form)
    script = "\n".join("uprobe:%s:%s { %s }" % (path, f, body) for f, body in clauses)
    r = t.stoat("-q", *options, "-c", path, "-e", script, env=env)
    return [line for line in r.out.splitlines() if line and line != "zoo: all fine"], r.err


STRINGS = [
    (
        "zoo/kinds.String",
        """printf("%s|%d|%c|%r|%s|%s|%d\\n", args.s, len(args.s), args.s[2], buf(args.s), str(args.s),
            str(args.s, 3), strlen(args.s));
        print(args.s); print(args); print((args.s, 1));
        @kept = args.s; @by[args.s, 5] = count(); $s = args.s;
        printf("%s %d %d\\n", $s, strlen($s), len($s));
        printf("%d%d%d%d ", args.s == "seven b", args.s == "seven c", args.s != "seven", args.s == "");
        printf("%d%d%d%d ", args.s == args.s, $s == args.s, $s == "seven b", $s != "seven bb");
        printf("%d%d%d\\n", strncmp(args.s, "seven x", 6) == 0, strcontains(args.s, "ven"),
            strcontains(args.s, "x"));""",
    ),
    ("zoo/kinds.Array1Nested", 'printf("%s %d\\n", args.y[0], len(args.y[0])); print(args.y);'),
]


@cases(BUILDS)
def test_strings(t, version, form):
    got, err = ran(t, "zoo", version, form, STRINGS)
    want = [
        "seven b|7|v|seven b|seven b|sev|7",
        "seven b",
        '{s: "seven b"}',
        "(seven b, 1)",
        "seven b 7 7",
        "1010 1111 110",
        "in an array 11",
        '[1]string{"in an array"}',
        "@by[seven b, 5]: 1",
        "@kept: seven b",
    ]
    t.eq(got, want, err)
    t.eq(err, "", "messages")


def test_string_predicates(t):
    t.need_root()
    path = t.go("zoo")
    clauses = [
        'uprobe:%s:zoo/kinds.String /args.s %s/ { print("%s") }' % (path, test, name)
        for test, name in [
            ('== "seven b"', "same"),
            ('== "seven B"', "other"),
            ('!= "seven b"', "not the same"),
            ('== "seven bb"', "longer"),
            ('== ""', "empty"),
        ]
    ]
    r = t.stoat("-q", "-c", path, "-e", "\n".join(clauses))
    t.eq(r.out.splitlines(), ["zoo: all fine", "same"], r.err)


SLICES = [
    (
        "zoo/kinds.Slice",
        """$i = 4; $s = args.s; @s = args.s; $far = 5;
        printf("%d %d %d %d %d\\n", len(args.s), cap(args.s), args.s[$i], args.s == nil, len($s));
        printf("%d %d\\n", args.s[$far], len(@s));""",
    ),
    (
        "zoo/kinds.NamedSlice",
        """$i = 1; @n[args.s[0]] = args.s[1];
        printf("%d %s %s %d %c %d\\n", len(args.s), args.s[0], args.s[$i], len(args.s[1]), args.s[1][2],
            args.s[1] == "two");""",
    ),
    (
        "zoo/kinds.StringsAndSlice",
        """printf("%s %s %s %d %r %r %d %d\\n", args.a, args.b, args.c, args.s[5], buf(args.s),
            buf(args.s, 2), args.x, args.z);""",
    ),
    ("zoo/kinds.Variadic", 'printf("%d %s\\n", len(args.rest), args.rest[2]);'),
    ("zoo/kinds.VariadicNone", 'printf("%d %d\\n", len(args.rest), args.rest == nil); print(args.rest);'),
    (
        "zoo/kinds.Array2",
        """$i = 1; $far = 2;
        printf("%x %x %d %d %d\\n", args.x[0], args.x[$i], len(args.x), cap(args.x), args.x[$far]);
        print(args.x);""",
    ),
    ("zoo/kinds.Map", 'printf("%d %d\\n", len(args.m), args.m == nil); $m = args.m; print(len($m));'),
    ("zoo/kinds.Chan", 'printf("%d %d %d\\n", len(args.c), cap(args.c), args.c != nil);'),
    ("zoo/kinds.ReceiveChan", 'printf("%d %d\\n", len(args.c), cap(args.c));'),
    ("zoo/kinds.Pointer", '$p = nil; printf("%d %d\\n", args.p == nil, $p == nil); print($p);'),
]


@cases(BUILDS)
def test_slices_maps_nil(t, version, form):
    got, err = ran(t, "zoo", version, form, SLICES)
    want = [
        "0 1",
        "nil",
        "5 7 0 0 5",
        "<unreadable> 5",
        "2 one two 3 o 1",
        "4445 4647 2 2 <unreadable>",
        "[2]int{17477, 17991}",
        "2 0",
        "2",
        "0 3 1",
        "1 1",
        "3 c",
        "0 1",
        "nil",
        "aaa bbbb ccccc 0 \\x00\\x00\\x00\\x00\\x00\\x00 \\x00\\x00 33 35",
        "@n[one]: two",
    ]
    t.eq([line for line in got if not line.startswith("@s: [5/7]0x")], want, err)
    t.eq(err.count("index out of bounds, 1 time"), 2, err)


STRUCTS = [
    (
        "zoo/kinds.Nested",
        """$r = args.r; @tag[args.r.Max] = args.r.Tag;
        printf("%d %x %s %d %d %s\\n", args.r.Min.Y, args.r.Max.X, args.r.Tag, len(args.r.Tag),
            args.r.Tag == "rect", $r.Tag);
        print(args.r); print(args.r.Max);""",
    ),
    (
        "zoo/kinds.MixedStruct",
        """printf("%d %x %x %s %d %x\\n", args.m.A, args.m.B, args.m.C, args.m.D, args.m.E, args.m.G);""",
    ),
    ("zoo/kinds.GapsStruct", 'printf("%x %x\\n", args.g.A, args.g.B);'),
    ("zoo/kinds.BigStruct", 'printf("%d %d %d\\n", args.b.A, args.b.J, args.x);'),
    (
        "zoo/kinds.EmbeddedStruct",
        'printf("%d %d %d %d\\n", args.e.X, args.e.Point.Y, len(args.e.Tag), args.e.Rect == nil);',
    ),
]


@cases(BUILDS)
def test_structs(t, version, form):
    got, err = ran(t, "zoo", version, form, STRUCTS)
    want = [
        "2 30 rect 4 1 rect",
        'kinds.Rect{Min: kinds.Point{X: 1, Y: 2}, Max: kinds.Point{X: 48, Y: 64}, Tag: "rect"}',
        "kinds.Point{X: 48, Y: 64}",
        "-1 21222324 3132 mixed 1 7172737475767778",
        "81 8283",
        "1 10 11",
        "7 8 0 0",
        "@tag[{ .X = 48, .Y = 64 }]: rect",
    ]
    t.eq(got, want, err)
    t.eq(err, "", "messages")


FIELDS = [
    (
        "main.embeds",
        """printf("%s %d %d %s %s\\n", args.h.Both, args.h.Same, args.h.Low.Same, args.h.Deep, args.h.Ends[1]);
        printf("%s %d %d %d %s\\n", args.p.Both, args.p.Same, args.p.Left.Both, args.p.Twice.Right.Both,
            args.p.Ends[0]);
        printf("%s %s %s\\n", (*args.q).Both, args.q.Deep, (**args.q).Low.Deep);""",
    ),
    (
        "main.items",
        """$i = 1; $j = 3;
        printf("%s %d %s %s %s\\n", args.a[1].Name, args.a[0].Size, args.a[1].Parts[0].Name,
            args.a[1].Next.Name, args.a[1].Tags[1]);
        printf("%s %s %d\\n", args.b[0].Name, args.b[0].Parts[0].Tags[0], args.b[1] == nil);
        printf("%s %d %s %d\\n", args.c[2][1], len(args.c[1]), args.d[2], cap(args.c));
        printf("%s %s %s\\n", args.e[$i].Name, args.e[$j].Name, args.e[1].Parts[0].Name);
        print(*args.d); print(args.e[3].Tags);""",
    ),
    ("main.near", 'printf("%s %d\\n", args.n.Name, args.n.In.N);'),
    (
        "main.nils",
        """printf("%d%d%d%d%d%d ", args.n.M == nil, args.n.C == nil, args.n.S == nil, args.n.P == nil,
            args.n.F == nil, args.n.I == nil);
        printf("%d%d%d%d%d%d ", args.none.M == nil, args.none.C == nil, args.none.S == nil,
            args.none.P == nil, args.none.F == nil, args.none.I == nil);
        printf("%d %d %d %d %d\\n", len(args.n.M), len(args.n.C), cap(args.n.C), len(args.none.M),
            cap(args.none.C));
        print(args.none);""",
    ),
]


@cases(BUILDS)
def test_fields(t, version, form):
    got, err = ran(t, "fields", version, form, FIELDS, "--zeros")
    want = [
        "own 4 1 deep last",
        "own 4 2 3 first",
        "own deep deep",
        "two -1 one one t2",
        "two t1 1",
        "c 0 z 3",
        "two one one",
        '[3]string{"x", "y", "z"}',
        '[2]string{"t1", ""}',
        "near 77",
        "000000 111111 1 0 2 0 0",
        "main.Nil{M: nil, C: nil, S: nil, P: nil, F: nil, I: nil}",
    ]
    t.eq(got, want, err)
    t.eq(err, "", "messages")


COMPARE = [
    (
        "main.compare",
        """$a = args.a; $b = args.b; @[args.a, args.b] = count();
        printf("%d%d %d%d%d %d%d\\n", args.a == args.b, args.a != args.b, $a == $b, $a == args.b,
            args.b == $a, args.a == "with\\0zero", $a == "with");""",
    )
]


@cases(BUILDS)
def test_comparisons_are_exact(t, version, form):
    got, err = ran(t, "fields", version, form, COMPARE)
    text = "a longer text of which the start is the same"
    want = ["10 111 00", "01 000 00", "01 000 00", "01 000 10", "01 000 01"]
    t.eq(got[:5], want, err)
    keys = [(text, text), (text, text[:-1] + "f"), ("", text), ("with\0zero", "with\0zer0"), ("with", "with\0zero")]
    t.eq(sorted(got[5:]), sorted("@[%s, %s]: 1" % k for k in keys), "keys")


def test_long_texts_are_marked(t):
    body = """$s = args.s; @s = args.s; @k[args.s] = 1;
        printf("%s|%s|%s|%d|%d|%d\\n", args.s, $s, str(args.s, 3), len(args.s), args.s == "seven b", $s == "seve");"""
    for limit, shown in [("7", "seven b"), ("8", "seven b"), ("6", "seven ..."), ("4", "seve...")]:
        got, err = ran(
            t, "zoo", "1.24", "default", [("zoo/kinds.String", body)], env={"BPFTRACE_MAX_STRLEN": limit}
        )
        t.eq(got, ["%s|%s|sev|7|1|0" % (shown, shown), "@k[%s]: 1" % shown, "@s: " + shown], limit + err)
    got, err = ran(
        t,
        "zoo",
        "1.24",
        "default",
        [("zoo/kinds.String", 'printf("%s %s\\n", args.s, args.s); print(args.s == str(args.s)); @ = args.s;')],
        env={"BPFTRACE_MAX_STRLEN": "30000"},
    )
    t.eq(got, ["seven b seven b", "true", "@: seven b"], err)


def test_what_is_not_readable(t):
    body = """printf("%s %d %d\\n", args.a, len(args.a), args.a == "12345"); $a = args.a; @a = args.a;
        print($a); print(args.c[2]); printf("%d\\n", len(args.b)); print(args.b[0]); print(args.b);"""
    got, err = ran(t, "fields", "1.24", "default", [("main.wild", body)])
    none = "<unreadable>"
    t.eq(got, [f"{none} 5 {none}", none, none, "-8", none, none, f"@a: {none}"], err)
    t.check("a length below 0, 1 time" in err and "index out of bounds, 1 time" in err, err)
    t.eq(err.count("cannot read memory, 1 time"), 5, err)
    body = 'printf("%s|%s\\n", args.b[1].Name, args.c[1][0]); print(args.b[7].Size);'
    got, err = ran(t, "fields", "1.24", "default", [("main.items", body)])
    t.eq(got, ["<unreadable>|<unreadable>", "<unreadable>"], err)
    t.eq(err.count("index out of bounds, 1 time"), 2, err)


@cases(["1.24", "1.15"])
def test_mistakes(t, version):
    zoo, fields = t.go("zoo", version), t.go("fields", version)
    for path, function, body, message in [
        (zoo, "zoo/kinds.String", 'print(args.s < "a")', "a string can be compared with == and != only"),
        (zoo, "zoo/kinds.String", "print(args.s + 1)", "'+' takes numbers, not string"),
        (zoo, "zoo/kinds.String", "print(args.s == 1)", "string cannot be compared with int64"),
        (zoo, "zoo/kinds.String", "print(args.s == nil)", "a string is never nil"),
        (zoo, "zoo/kinds.String", "if (args.s) { }", 'compare it: args.s != ""'),
        (zoo, "zoo/kinds.String", "print(cap(args.s))", "cap() takes a slice, an array or a channel, not string"),
        (zoo, "zoo/kinds.Slice", "print(args.s[-1])", "an index is never negative"),
        (zoo, "zoo/kinds.Slice", "print(str(args.s))", "str() takes an address, not []int32"),
        (zoo, "zoo/kinds.Slice", "if (args.s) { }", "compare it: args.s != nil"),
        (zoo, "zoo/kinds.Map", "print(args.m[1])", "stoat does not look into Go's maps: map[string]int"),
        (zoo, "zoo/kinds.Array2", "print(args.x[2])", "the array has 2 items: there is no [2]"),
        (zoo, "zoo/kinds.Int", "print(args.x == nil)", "int is never nil"),
        (zoo, "zoo/kinds.GapsStruct", "print(args.g._)", "has no field '_'"),
        (zoo, "zoo/kinds.Nested", "print(args.r.min)", "near: Min"),
        (fields, "main.embeds", "print(args.h.Twice.Both)", "'Both' is ambiguous: Left.Both and Right.Both"),
        (fields, "main.embeds", "print(args.p.dep)", "near: Deep"),
        (fields, "main.bytes", 'print(args.b == "x")', "str(args.b) is text"),
        (fields, "main.bytes", "print((string)args.b)", "str(args.b) is text"),
    ]:
        r = t.stoat("-e", "uprobe:%s:%s { %s }" % (path, function, body), rc=1)
        t.check(message in r.err, "%s\n%s" % (message, r.err))
        t.check("^" in r.err, "a caret\n" + r.err)


def test_some_fields_are_not_there(t):
    """A float is in a vector register; the struct as a whole is not readable, its neighbours are."""
    path = t.go("zoo", "1.24")
    for body in ["print(args.m)", "print(args.m.F)"]:
        r = t.stoat("-e", "uprobe:%s:zoo/kinds.MixedStruct { %s }" % (path, body), rc=1)
        t.check("in a vector register, which a probe cannot read" in r.err, r.err)
