# SPDX-License-Identifier: Apache-2.0
"""What cannot be read in a Go program is no zero: predicates are false, nothing is stored or counted
with it, and it is shown as what it is. C programs are traced as bpftrace traces them."""

import json
import os
import re

from harness import cases, timeout

BUILDS = [(v, f) for v in ("1.15", "1.24", "1.27") for f in ("default", "noopt")]

# nilLink is called once, with nil; it returns nil, too.
NIL = """
uprobe:./values:main.nilLink /args.l.value < 400/ { @less = count(); }
uprobe:./values:main.nilLink /args.l.value >= 400/ { @more = count(); }
uprobe:./values:main.nilLink /args.l.value != 7 || args.l == nil/ { @or = count(); }
uprobe:./values:main.nilLink /args.l == nil || args.l.value == 7/ { @first = count(); }
uprobe:./values:main.nilLink /!(args.l.value == 7)/ { @not = count(); }
uprobe:./values:main.nilLink /args.l.name != "x"/ { @text = count(); }
uprobe:./values:main.nilLink /str(args.l.name) != "x"/ { @text2 = count(); }
uprobe:./values:main.nilLink /len(args.l.name) == 0/ { @len = count(); }
uprobe:./values:main.nilLink {
	@key[args.l.value] = count();
	@key2[1, args.l.value] = 2;
	@avg = avg(args.l.value);
	@sum = sum(args.l.value);
	@set = args.l.value;
	@all = *args.l;
	@inc[args.l.value]++;
	@plus += args.l.value;
	@name[args.l.name] = count();
	if (args.l.value == 0) { @then = count(); } else { @else = count(); }
	if (args.l.next.value) { @then = count(); } else { @else = count(); }
	@cond = args.l.value == 0 ? 1 : 2;
	for ($i : 0..args.l.value) { @loop = count(); }
	while (args.l.value == 0) { @loop = count(); }
	@end = count();
	printf("%d|%6d|%s|%v|%x|%p|%c|%-14d|%t\\n", args.l.value, args.l.value, args.l.value,
		args.l.value, args.l.value, args.l.next, args.l.value, args.l.value,
		args.l.value == 0);
	printf("%d %s %d %s %d\\n", 1, args.l.name, args.l.value, str(args.l.name), 2);
	print(args.l.value);
	print(*args.l);
	print((args.l.name, 3));
	print(args.l.next.next.value);
	return;
}
uretprobe:./values:main.nilLink /retval.value < 400/ { @less = count(); }
uretprobe:./values:main.nilLink {
	@key[retval.value] = count();
	@avg = avg(retval.value);
	printf("%d %v\\n", retval.value, retval);
	@end = count();
}
"""

LINES = """
<unreadable>|<unreadable>|<unreadable>|<unreadable>|<unreadable>|<unreadable>|<unreadable>|<unreadable>  |<unreadable>
1 <unreadable> <unreadable> <unreadable> 2
<unreadable>
<unreadable>
(<unreadable>, 3)
<unreadable>
<unreadable> nil
"""


def run(t, program, script, *options, arg=""):
    t.need_root()
    command = "'./%s %s'" % (os.path.basename(program), arg)
    command = " ".join([t.stoat_path, "-q", *options, t.file("t.bt", script), "-c", command])
    return t.sh("sh", "-c", command, cwd=os.path.dirname(program))


@cases(BUILDS)
@timeout(120)
def test_what_is_behind_nil_is_no_zero(t, version, form):
    r = run(t, t.go("values", version, form), NIL)
    maps = dict(re.findall(r"^(@.*?): (.*)$", r.out, re.M))
    t.eq(maps, {"@first": "1", "@end": "2", "@name[<unreadable>]": "1"})
    lines = LINES.strip().split("\n")
    start = r.out.index(lines[0])
    t.eq(re.findall(r"^[^\n]*<unreadable>[^\n]*$", r.out[start:], re.M)[: len(lines)], lines)
    t.check("cannot read memory, 1 time" in r.err, r.err)


# What a variable holds, and what was kept from the entry.
VARIABLES = """
uprobe:./values:main.nilLink {
	$x = args.l.value;
	$y = $x;
	$y++;
	$z = $y + 1;
	@set = $z;
	@key[$z] = count();
	$m = *args.l;
	@name[$m.name] = count();
	if ($z == 1) { @then = 1; } else { @else = 1; }
	$t = (1, args.l.value);
	$s = args.l.name;
	printf("v %d %d %d %s %d %s %v\\n", $x, $y, $z, $m.name, $m.value, $s, $t);
	for ($i : 0..3) { $x = $i; if ($i == 1) { $x = args.l.value; } @loop[$i] = $x; }
	$x = 5;
	printf("v %d\\n", $x);
	@found[1] = 7;
	if (find(@found[1], $z)) { printf("v %d\\n", $z); }
}
uretprobe:./values:main.nilLink /args.l.value == 0/ { @pred = 1; }
uretprobe:./values:main.nilLink {
	@kept[args.l.value] = count();
	@sum = sum(args.l.value);
	@keptname[args.l.name] = count();
	printf("k %d %s %v %d\\n", args.l.value, args.l.name, *args.l, args.l == nil);
	$k = args.l.value;
	printf("k %d %v\\n", $k, (args.l == nil, $k, args.l.next.name));
}
uprobe:./values:main.chained { $v = args.l.value; $n = args.l.next.value; printf("c %d %d\\n", $v, $n); }
uretprobe:./values:main.chained { printf("c %d %d\\n", args.l.value, args.l.next.value); }
"""

SHOWN = """
v <unreadable> <unreadable> <unreadable> <unreadable> <unreadable> <unreadable> <unreadable>
v 5
k <unreadable> <unreadable> <unreadable> 1
k <unreadable> (true, <unreadable>, <unreadable>)
c 1 2
c 1 2
"""


@cases(BUILDS)
@timeout(120)
def test_variables_and_kept_values(t, version, form):
    r = run(t, t.go("values", version, form), VARIABLES)
    shown = re.findall(r"^[vkc] .*$", r.out, re.M)
    want = SHOWN.strip().split("\n")
    want.insert(2, "v 7")
    t.eq(sorted(shown), sorted(want), r.err)
    maps = dict(re.findall(r"^(@.*?): (.*)$", r.out, re.M))
    t.eq(maps, {"@loop[0]": "0", "@loop[2]": "2", "@found[1]": "7", "@keptname[<unreadable>]": "1"}, r.err)


# Several values are shown without those that cannot be read, also where they are kept from the entry.
SEVERAL = """
uprobe:./values:main.nilLink {
	print((args.l, args.l.value, *args.l));
	printf("%v\\n", (a=args.l.name, b=args.l));
}
uretprobe:./values:main.nilLink {
	print((args.l.value, args.l));
	print((args.l, retval, retval.value));
	printf("%v\\n", (a=args.l.value, b=args.l, c=retval));
}
"""


@cases(BUILDS)
@timeout(60)
def test_of_several_values_the_others_are_shown(t, version, form):
    r = run(t, t.go("values", version, form), SEVERAL)
    got = re.findall(r"^(?:[({].*nil.*)$", r.out, re.M)
    t.eq(got, ["(nil, <unreadable>, <unreadable>)", "{a: <unreadable>, b: nil}", "(<unreadable>, nil)",
               "(nil, nil, <unreadable>)", "{a: <unreadable>, b: nil, c: nil}"], r.out + r.err)


@timeout(60)
def test_json_has_null(t):
    script = """uprobe:./values:main.nilLink {
        print(args.l.value);
        print((args.l.value, 2, args.l.name));
        print((1, (2, args.l.value)));
        print(*args.l);
        printf("%d", args.l.value);
        @m[1] = args.l.value;
    }"""
    r = run(t, t.go("values"), script, "-f", "json")
    lines = [json.loads(line) for line in r.out.splitlines() if line.startswith("{")]
    got = [line["data"] for line in lines if line["type"] in ("value", "printf", "map")]
    t.eq(got, [None, [None, 2, None], [1, None], None, "<unreadable>"], r.out)


def test_in_c_it_is_zero(t):
    program = t.c("demo.c")
    script = """uprobe:./%s:visit /args.it->id == 102 && args.it->next->id == 0/ {
        @key[args.it->next->id] = count();
        @set = args.it->next->big;
        $x = args.it->next->id + 1;
        if (args.it->next->id == 0) { @then = $x; }
        printf("%%d %%d %%s|\\n", $x, args.it->next->id, args.it->next->name);
        print((1, args.it->next->small));
    }""" % os.path.basename(program)
    r = run(t, program, script, arg="structs")
    lines = [line for line in r.out.splitlines() if line.startswith(("@", "1", "("))]
    t.eq(lines, ["1 0 |", "(1, 0)", "@key[0]: 1", "@set: 0", "@then: 1"], r.out + r.err)
