# SPDX-License-Identifier: Apache-2.0
"""Return probes where they could do harm, or where calls are hard to follow: the program ends as it would
without a probe, and what is said of calls is true."""

import os
import re
import shutil

from harness import cases

ENDS = 3


def built(t):
    return t.c("returns.c", "-O2", "-g", "-pthread")


def values(text):
    return dict(re.findall(r"^(@\S*): (.*)$", text, re.M))


def section(t, path, name):
    """File offset and size."""
    t.need_tool("readelf")
    for line in t.sh("readelf", "-SW", path).out.splitlines():
        m = re.match(rf"\s*\[\s*\d+\] {re.escape(name)}\s+\S+\s+\S+\s+([0-9a-f]+) ([0-9a-f]+)", line)
        if m:
            return int(m[1], 16), int(m[2], 16)
    return t.fail(f"no {name} in {path}")


@cases(["1.15", "1.24", "1.27"])
def test_go_whose_table_is_damaged(t, version):
    """Never the kernel's return probe on what may be Go."""
    own = os.path.join(t.tmp, "own")
    shutil.copy(t.go("storm", version), own)
    off, _ = section(t, own, ".gopclntab")
    with open(own, "r+b") as f:
        f.seek(off)
        f.write(b"\xe7")
    r = t.stoat("-e", f"uretprobe:{own}:main.deep {{ }}", rc=1)
    t.check("this is a Go program whose function table cannot be read" in r.err, r.err)
    r = t.stoat("-d", "plan", "-e", f"uretprobe:{own}:main.* {{ }}", rc=None)
    t.check("clause 1: 0 probes, 0 sites" in r.out, r.describe())


def test_the_start_of_a_program(t):
    t.need_root()
    path = built(t)
    r = t.stoat("-c", f"{path} a b", "-e", f"uretprobe:{path}:* {{ @[func] = count(); }}", rc=ENDS)
    t.check("argc 3" in r.out and "@[main]: 1" in r.out, r.describe())
    t.check("_start: the program begins there" in r.err, r.err)
    r = t.stoat("-e", "uretprobe:libc:_setjmp { }", rc=1)
    t.check("it saves or changes the stack itself" in r.err or "no function" in r.err, r.err)


def test_tail_calls_of_c(t):
    t.need_root()
    path = built(t)
    r = t.stoat("-c", f"{path} tail", "-e", f"""
uretprobe:{path}:tail, uretprobe:{path}:leaf {{
    @n[func] = count(); @ns[func] = sum(duration); if (retval != args.id + 1) {{ @wrong = count(); }}
}}""", rc=ENDS)
    got = values(r.out)
    t.eq((got["@n[leaf]"], got["@n[tail]"], "@wrong" in got), ("200", "100", False), r.describe())
    t.check("without" not in r.err, r.err)


def test_loops_at_the_start(t):
    t.need_root()
    path = built(t)
    r = t.stoat("-c", f"{path} loop", "-e", f"uretprobe:{path}:last {{ @v[args.p->v] = count(); }}", rc=ENDS)
    t.eq(values(r.out), {"@v[1]": "10"}, r.describe())
    r = t.stoat("-d", "plan", "-e", f"uprobe:{path}:last {{ }}")
    t.check("last begins with a loop: each round is a hit" in r.err or "a loop leads back" not in r.out, r.describe())


def test_longjmp(t):
    t.need_root()
    path = built(t)
    r = t.stoat("-c", f"{path} jump", "-e",
                f"uretprobe:{path}:jumps, uretprobe:{path}:leaf {{ @[func] = count(); @d = sum(duration); }}", rc=ENDS)
    t.eq(values(r.out)["@[leaf]"], "1", r.describe())
    ended = re.search(r"(\d+) calls ended without a return", r.err)
    left = re.search(r"(\d+) calls? had not returned", r.err)
    n = sum(int(m[1]) for m in (ended, left) if m)
    t.check(n > 0 and "@[jumps]" not in r.out, r.describe())


def test_room_is_given_back(t):
    """One call is open at a time, by many threads one after the other."""
    t.need_root()
    path = built(t)
    r = t.stoat("-c", f"{path} threads", "-e", f"uretprobe:{path}:leaf {{ @ = count(); @d = sum(duration); }}", rc=ENDS,
                env={"STOAT_MAX_CALLS": "8"})
    t.eq(values(r.out)["@"], "300", r.describe())
    t.check("not followed" not in r.err, r.err)


@cases(["1.15", "1.19", "1.27"])
def test_go_with_few_symbols(t, version):
    """What is not in the symbol table is in Go's own."""
    t.need_root()
    t.need_tool("objcopy")
    own = os.path.join(t.tmp, "own")
    t.sh("objcopy", "--strip-all", "--keep-symbol=main.deep", t.go("storm", version), own)
    r = t.stoat("-c", f"{own} deep 20 7", "-e", f"uprobe:{own}:main.deep {{ @ = count(); }}", rc=7)
    told = re.search(r"^main\.deep (\d+)", r.out, re.M)[1]
    t.eq(values(r.out)["@"], told, r.describe())


# --- exceptions ---

def thrown(t):
    return t.c("throws.cc", "-O2", "-g")


def test_exceptions_pass(t):
    """The kernel's return probe would end the program: what is thrown is caught as without probes."""
    t.need_root()
    path = thrown(t)
    r = t.stoat("trace", path, "mid(int)", "plain", "guard(int)", "-c", f"{path} 6")
    t.check("caught 4" in r.out, r.describe())
    got = re.findall(r"\d  (\w+)\S*\(n=(\d)\) = (-?\d+) ", r.out)
    want = [(f, n, str(v)) for n, v in (("1", 4), ("2", 6), ("4", 10), ("5", 12))
            for f, v in (("mid", v), ("plain", v + 1), ("guard", v + 1))]
    want += [("guard", "0", "-1"), ("guard", "3", "-1")]
    t.eq(sorted(got), sorted(want), r.describe())
    t.check("4 calls ended without a return" in r.err, r.err)
    t.check("warning" not in r.err, r.err)
    r = t.stoat("-c", f"{path} 6", "-e", f"uretprobe:{path}:plain {{ @[args.n, retval] = count(); }}")
    t.eq(r.out.count("]: 1\n"), 4, r.describe())


def test_exceptions_within_a_budget(t):
    """A call that is not looked at ends without a return, too."""
    t.need_root()
    path = thrown(t)
    r = t.stoat("trace", path, "mid(int)", "plain", "--max-rate", "3", "-c", f"{path} 20000")
    t.check("hits dropped by max_rate" in r.err and "not followed" not in r.err, r.err)
    t.check("still open" not in r.out and "never returned" not in r.out, r.out)


def test_an_exit_that_exceptions_hide(t):
    """A jump into another function: probed only if somebody wants the kernel's return probe all the same."""
    t.need_root()
    path = thrown(t)
    r = t.stoat("trace", path, "tail(int)", "-c", f"{path} 6", rc=1)
    t.check("cannot probe tail(int): at +" in r.err and "would end the program" in r.err, r.err)
    t.check("kernel_returns" in r.err and "--entry" in r.err, r.err)
    t.eq(t.stoat("trace", path, "tail(int)", "--entry", "-c", f"{path} 6").out.count("tail(int)(n="), 6)
    r = t.stoat("trace", path, "tail(int)", "--kernel-returns", "-c", f"{path} 0")
    t.check("caught 0" in r.out, r.describe())
    plan = t.stoat("-d", "plan", "-e", f"config = {{ kernel_returns=1 }} uretprobe:{path}:_Z4taili {{ }}").out
    t.check("the kernel's return probe" in plan, plan)
    plan = t.stoat("-d", "plan", "-e", f"uretprobe:{path}:* {{ }}").out
    t.check("kernel's return probe\n" not in plan.replace("with the kernel's", ""), plan)
    t.check("[clone .cold]: it is a part of a function" in plan, plan)


RUST = """
#[inline(never)]
fn check(n: u64) -> u64 { if n % 2 == 0 { panic!("even") } n + 1 }
#[inline(never)]
fn outer(n: u64) -> u64 { let v = check(std::hint::black_box(n)); std::hint::black_box(v) * 2 }
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let n = (0..6).filter(|n| std::panic::catch_unwind(|| outer(*n)).is_err()).count();
    println!("caught {n}");
}
"""


def test_rust_panics_pass(t):
    t.need_root()
    t.need_tool("rustc")
    path = os.path.join(t.tmp, "panics")
    t.sh("rustc", "-g", "-C", "opt-level=2", "-o", path, t.file("panics.rs", RUST))
    r = t.stoat("-c", path, "-e", f"uretprobe:{path}:*outer* {{ @[func] = count(); }}")
    t.check("caught 3" in r.out, r.describe())
    t.check(re.search(r"@\[.*outer.*\]: 3", r.out), r.describe())


def test_c_libraries_that_call_back(t):
    """The program may throw in what it gives to qsort; malloc has the kernel's return probe."""
    plan = t.stoat("-d", "plan", "-e", "uretprobe:libc:malloc { }").out
    t.check("the kernel's return probe" in plan, plan)
    r = t.stoat("-d", "plan", "-e", "uretprobe:libc:qsort { }", rc=None)
    t.check("the kernel's return probe\n" not in r.out, r.describe())
