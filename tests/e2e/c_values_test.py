# SPDX-License-Identifier: Apache-2.0
"""Arguments, results and variables of C functions by name, at the entry and at the return."""

import os

from harness import cases

FORMS = [("-O2", "-g", "-fno-optimize-sibling-calls"), ("-O0", "-g"), ("-O2", "-g", "-fno-optimize-sibling-calls", "-static")]
SCRIPT = """
uprobe:%(path)s:factorial { printf("factorial < %%d %%s\\n", args.n, args.node.name); }
uretprobe:%(path)s:factorial {
    printf("factorial > %%d %%s %%s %%d\\n", args.n, args.node->name, args.node.next.name, retval);
}
uprobe:%(path)s:choose { printf("choose < %%s %%d %%d\\n", args.node.name, args.which, args.c); }
uretprobe:%(path)s:choose { printf("choose > %%s %%d %%s\\n", args.node.name, args.which, str(retval)); }
uretprobe:%(path)s:jumps { printf("jumps > %%d %%d %%d\\n", args.id, args.depth, retval); }
uretprobe:%(path)s:copy {
    printf("copy > %%d %%d %%s %%s\\n", args.node.value, retval.value, args.node.name, retval.next.name);
}
uretprobe:%(path)s:loop { printf("loop > %%d %%d\\n", args.n, retval); }
"""


@cases(FORMS)
def test_values(t, *flags):
    t.need_root()
    path = t.c("typed.c", *flags)
    out = os.path.join(t.tmp, "out")
    r = t.stoat("-q", "-o", out, "-c", path, "-e", SCRIPT % {"path": path})
    with open(out, encoding="utf-8") as f:
        t.eq(f.read().split("\n"), r.out.split("\n"), r.err)
    # jumps leaves by longjmp three times, each time with three calls open; the last ones cannot be
    # told from calls that go on.
    t.check("without a return" in r.err, r.err)
    t.check("without an entry" not in r.err, r.err)


def test_base_classes_and_enumerators(t):
    t.need_root()
    script = """
uprobe:%p:paint { print(*args.b); print(args.b.w); }
uprobe:%p:paint /args.c == GREEN/ { print((BLUE == args.c, args.b->color != RED)); }
uretprobe:%p:paint /args.c == BLUE/ { print("blue"); }
"""
    path = t.c("bases.cc", "-O1", "-g")
    r = t.stoat("-q", "-e", script.replace("%p", path), "-c", path)
    t.eq(r.err, "")
    box = "{ .Named = { .id = 1 }, .shapes::Sized = { .w = 2, .h = 3 }, .color = GREEN }"
    lines = [line for line in r.out.splitlines() if line and line != "4"]
    t.eq(lines, [box, "2", "(false, true)", box, "2", "blue"])
    r = t.stoat("-e", f"uprobe:{path}:paint {{ print(args.c == GREN) }}", rc=1)
    t.check("unknown name 'GREN'" in r.err, r.err)
