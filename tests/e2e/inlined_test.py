# SPDX-License-Identifier: Apache-2.0
"""Functions that the compiler has put into their callers: their copies are probed, and that is said."""

import re

import programs
from harness import cases

# main.isExpired(e, limit) of shop is inlined into Get (20 calls reach it, limit is a constant there) and
# into Count (once for each of 20 entries, limit is a parameter).
KEPT = 20


@cases(programs.known_versions())
def test_copies_are_probed(t, version):
    t.need_root()
    path = t.go("shop", version)
    r = t.stoat("-c", path, "-e", f"uprobe:{path}:main.isExpired {{ @[args.e.Key] = count(); @f[func] = count(); }}")
    t.check("every call of 'main.isExpired' was inlined: its 2 copies are probed: "
            "main.(*Store).Get (store.go:38), main.(*Store).Count (store.go:61)" in r.err, r.err)
    t.check("Attached 2 probes" in r.err, r.err)
    keys = dict(re.findall(r"^@\[(user/\d+)\]: (\d+)$", r.out, re.M))
    t.eq(keys, {f"user/{i}": "2" for i in range(KEPT)}, r.describe())
    t.check(f"@f[main.isExpired]: {2 * KEPT}\n" in r.out, r.out)


@cases(programs.known_versions())
def test_copies_without_the_argument_are_left_out(t, version):
    t.need_root()
    path = t.go("shop", version)
    r = t.stoat("-c", path, "-e", f"uprobe:{path}:main.isExpired {{ @[args.limit] = count(); }}")
    t.check("1 inlined copy of main.isExpired is left out: args.limit cannot be read in main.(*Store).Get" in r.err, r.err)
    t.check("Attached 1 probe\n" in r.err, r.err)
    t.eq(re.findall(r"^@\[(.*)\]: (\d+)$", r.out, re.M), [("1h0m0s", str(KEPT))], r.describe())


def test_what_copies_cannot_do(t):
    path = t.go("shop", "1.24")
    r = t.stoat("-e", f"uretprobe:{path}:main.isExpired {{ }}", rc=1)
    t.check("every call of 'main.isExpired' was inlined" in r.err and "copies: main.(*Store).Get" in r.err, r.err)
    r = t.stoat("-e", f"uprobe:{path}:main.isExpired {{ print(args.e.Kay) }}", rc=1)
    t.check("main.Entry has no field 'Kay'" in r.err and "near: Key" in r.err, r.err)
    r = t.stoat("-e", f"uprobe:{path}:main.isExpired {{ print(args.nosuch) }}", rc=1)
    t.check("no place is left for this clause" in r.err, r.err)


@cases(["1.19", "1.24", "1.27"])
def test_functions_with_code_and_copies(t, version):
    """The function itself and all of its copies; a return probe tells what it does not see."""
    path = t.go("shop", version)
    name = "runtime.Gosched"
    r = t.stoat("-d", "plan", "-e", f"uprobe:{path}:{name} {{ }}")
    n = int(re.search(rf"some calls of '{name}' were inlined: its (\d+) copies are probed", r.err)[1])
    t.eq(len(re.findall("inlined at", r.out)), n, r.describe())
    t.check(f"clause 1: {n + 1} probes" in r.out, r.out)
    r = t.stoat("-d", "plan", "-e", f"uretprobe:{path}:{name} {{ }}")
    t.check(f"calls of its {n} copies have no return and are not seen" in r.err, r.err)
    t.check("inlined at" not in r.out and "returns" in r.out, r.out)
    r = t.stoat("-d", "plan", "-e", f"uprobe:{path}:runtime.Gosche* {{ }}")
    t.check("inlined" not in r.out + r.err, r.describe())
