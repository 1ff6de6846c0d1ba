# SPDX-License-Identifier: Apache-2.0
"""Addresses to names: files against what other tools say of them, processes alive and ended."""

import os
import random
import re
import shutil
import subprocess

import programs
from harness import cases, timeout

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]


class Frame:
    def __init__(self, line):
        self.func, off, self.path, pos, inlined = line.split("\t")
        self.off = int(off)
        self.file, _, number = pos.rpartition(":")
        self.line = int(number)
        self.is_inlined = inlined == "inlined"

    @property
    def pos(self):
        return f"{os.path.basename(self.file)}:{self.line}"


def parse(text):
    """The frames of each answer."""
    answers, frames = [], []
    for line in text.split("\n")[:-1]:
        if line:
            frames.append(Frame(line))
        else:
            answers.append(frames)
            frames = []
    return answers


def ask_file(t, path, addresses, *options):
    text = "".join(f"file {path} {a:x}\n" for a in addresses)
    return parse(t.sh(t.lib_tool("symbols"), *options, stdin=text).out)


def text_section(t, path):
    for line in t.sh("readelf", "-WS", path).out.splitlines():
        m = re.match(r"\s*\[\s*\d+\] \.text\s+PROGBITS\s+(\w+)\s+(\w+)\s+(\w+)", line)
        if m:
            return int(m[1], 16), int(m[3], 16)
    return t.fail(f"{path} has no .text")


def some_addresses(t, path, n):
    low, size = text_section(t, path)
    numbers = random.Random(n)
    return [low + numbers.randrange(size) for _ in range(n)]


def base(pos):
    return os.path.basename(re.sub(r" \(discriminator.*", "", pos)).replace("?", "0")


def binutils(t, path, addresses):
    """(function, file:line) of each frame, by addr2line."""
    out = t.sh("addr2line", "-e", path, "-i", "-f", "-a", stdin="".join(f"{a:x}\n" for a in addresses)).out
    answers, lines = [], out.splitlines()
    i = 0
    while i < len(lines):
        if re.fullmatch(r"0x[0-9a-f]+", lines[i]):
            answers.append([])
            i += 1
        else:
            answers[-1].append((lines[i], base(lines[i + 1])))
            i += 2
    return answers


def llvm(t, path, addresses):
    """The same by llvm-symbolizer."""
    tool = t.need_tool("llvm-symbolizer")
    out = t.sh(
        tool, "-e", path, "-i", "-f=linkage", "--no-demangle", stdin="".join(f"0x{a:x}\n" for a in addresses)
    ).out
    answers = []
    for block in out.split("\n\n")[: len(addresses)]:
        lines = [line for line in block.splitlines() if line]
        answers.append([(lines[i], base(lines[i + 1].rsplit(":", 1)[0])) for i in range(0, len(lines) - 1, 2)])
    return answers


def compare(t, path, addresses, theirs, least):
    """The same chains of positions; least: how many of the addresses both must know."""
    ours = ask_file(t, path, addresses, "-l", "-r")
    t.eq(len(ours), len(theirs), "number of answers")
    same, wrong = 0, []
    for a, o, want in zip(addresses, ours, theirs):
        if not o or want[0][1].endswith(":0"):
            continue
        if [f.pos for f in o] == [pos for _, pos in want]:
            same += 1
        else:
            wrong.append((hex(a), [(f.func, f.pos) for f in o], want))
    t.check(len(wrong) <= len(addresses) // 500, f"{len(wrong)} wrong: {wrong[:3]}")
    t.check(same >= least * len(addresses), f"{same} of {len(addresses)} compared")
    return ours


# --- Go ---


@timeout(300)
@cases(VERSIONS)
def test_go_as_its_own_addr2line(t, version):
    path = t.go("zoo", version)
    addresses = some_addresses(t, path, 4000)
    ours = ask_file(t, path, addresses, "-l")
    env = programs.go_env(version)
    text = "".join(f"0x{a:x}\n" for a in addresses)
    out = t.sh("go", "tool", "addr2line", path, stdin=text, env=env).out.splitlines()
    t.eq(len(out), 2 * len(addresses))
    known = 0
    for a, frames, func, pos in zip(addresses, ours, out[::2], out[1::2]):
        if not frames:  # filling between functions, which the other tool takes as code
            continue
        known += 1
        t.eq(frames[-1].func, func, hex(a))
        t.eq(f"{frames[0].file}:{frames[0].line}", pos, hex(a))
        t.check(all(f.is_inlined for f in frames[:-1]) and not frames[-1].is_inlined, hex(a))
    t.check(known > 3500, known)


@timeout(300)
@cases(VERSIONS)
def test_go_inlined_chains_as_in_dwarf(t, version):
    path = t.go("zoo", version)
    addresses = some_addresses(t, path, 3000)
    # pclntab is not as precise as DWARF in a handful of places.
    ours = compare(t, path, addresses, llvm(t, path, addresses), 0.85)
    t.check(sum(len(o) > 1 for o in ours) > 100, "inlined chains")


@timeout(300)
@cases(VERSIONS)
def test_go_stripped_tells_the_same(t, version):
    whole, stripped = t.go("zoo", version), t.go("zoo", version, "stripped")
    if text_section(t, whole) != text_section(t, stripped):
        t.skip("the two builds differ in their code")
    addresses = some_addresses(t, whole, 3000)
    text = "".join(f"file {{}} {a:x}\n" for a in addresses)
    tool = t.lib_tool("symbols")
    a, b = (t.sh(tool, "-l", stdin=text.replace("{}", path)).out for path in (whole, stripped))
    t.check(a == b, "stripped and not stripped differ")


def test_go_arm64(t):
    path = t.go("zoo", "1.24", "arm64")
    addresses = some_addresses(t, path, 2000)
    compare(t, path, addresses, llvm(t, path, addresses), 0.8)


def test_cgo_has_c_names_too(t):
    path = t.go("zoo", "1.24", "cgo")
    addresses = some_addresses(t, path, 3000)
    for name in ("crosscall1", "x_cgo_init", "main"):
        start = int(re.search(rf"^(\w+) . {name}$", t.sh("nm", path).out, re.M)[1], 16)
        t.eq(ask_file(t, path, [start + 1])[0][-1].func, name)
    compare(t, path, addresses, llvm(t, path, addresses), 0.8)


# --- C, C++, Rust ---


@timeout(300)
@cases(
    [
        ("gcc", ("-O2", "-g")),
        ("gcc", ("-O3", "-g", "-gdwarf-4", "-no-pie")),
        ("gcc", ("-O2", "-g", "-flto")),
        ("gcc", ("-O2", "-g", "-gz", "-ffunction-sections")),
        ("clang", ("-O2", "-g")),
        ("clang", ("-O3", "-g", "-gdwarf-4")),
    ]
)
def test_cpp_inlined_chains(t, cc, flags):
    path = t.c("inlines.cc", *flags, cc={"gcc": "g++", "clang": "clang++"}[cc])
    addresses = some_addresses(t, path, 3000)
    # binutils 2.40 knows too little of what clang writes.
    theirs = (llvm if cc == "clang" or shutil.which("llvm-symbolizer") else binutils)(t, path, addresses)
    ours = compare(t, path, addresses, theirs, 0.6)
    for o, want in zip(ours, theirs):
        for f, (name, _) in zip(o[:-1], want):
            if name.startswith("_Z"):
                t.eq(f.func, name)


def test_cpp_as_addr2line(t):
    path = t.c("inlines.cc", "-O2", "-g")
    addresses = some_addresses(t, path, 2000)
    compare(t, path, addresses, binutils(t, path, addresses), 0.8)


@timeout(300)
def test_cpp_symbols_as_gdb(t):
    gdb = t.need_tool("gdb")
    path = t.c("inlines.cc", "-O2", "-g")
    addresses = some_addresses(t, path, 2000)
    questions = "".join(f"info symbol 0x{a:x}\n" for a in addresses)
    script = t.file("gdb.in", f"set print asm-demangle off\nset print demangle off\n{questions}")
    out = t.sh(gdb, "-nx", "-batch", "-x", script, path, seconds=120).out.splitlines()
    t.eq(len(out), len(addresses))
    symbols = {}
    for line in t.sh("nm", path).out.splitlines():
        words = line.split()
        if len(words) == 3:
            symbols.setdefault(int(words[0], 16), set()).add(words[2])
    names = [s for group in symbols.values() for s in group]
    where = {name: a for a, group in symbols.items() for name in group if names.count(name) == 1}
    known = 0
    for a, frames, line in zip(addresses, ask_file(t, path, addresses, "-r"), out):
        m = re.fullmatch(r"(\S+?)(?: \+ (\d+))? in section .text", line)
        if not frames or not m or m[1] not in where:
            continue
        known += 1
        t.eq(frames[-1].off, int(m[2] or 0), hex(a))
        t.check(frames[-1].func in symbols[where[m[1]]], (hex(a), frames[-1].func, line))
    t.check(known > 1500, known)


def test_cpp_names_are_demangled(t):
    path = t.c("inlines.cc", "-O2", "-g")
    low = int(t.sh(f"nm {path} | grep ' _ZN4shop5Shelf5weigh'").out.split()[0], 16)
    (frame,) = ask_file(t, path, [low])[0][-1:]
    t.check(frame.func.startswith("shop::Shelf::weigh(std::map<"), frame.func)
    chains = ask_file(t, path, range(low, low + 400), "-l")
    t.check(any("shop::Box<int>::get" in f.func and f.is_inlined for c in chains for f in c), "Box::get")
    # Without lines nothing of DWARF is read.
    t.check(all(len(c) <= 1 for c in ask_file(t, path, range(low, low + 400))), "one frame")


RUST = """
#[inline(never)]
fn outer(v: &[u32]) -> u32 { let mut s = 1; for x in v { s = inner(s, *x); } s }
#[inline(always)]
fn inner(s: u32, x: u32) -> u32 { if x == 77 { println!("{}", s); } s.rotate_left(3) ^ x.wrapping_mul(0x55) }
fn main() { let v: Vec<u32> = std::env::args().map(|a| a.len() as u32).collect(); println!("{}", outer(&v)); }
"""


def test_rust_inlined_chains(t):
    t.need_tool("rustc")
    path = os.path.join(t.tmp, "inl")
    t.sh("rustc", "-g", "-C", "opt-level=2", "-o", path, t.file("inl.rs", RUST))
    low, size, *_ = (int(x, 16) for x in t.sh(f"nm -CS {path} | grep inl::outer").out.split()[:2])
    addresses = range(low, low + size)
    compare(t, path, addresses, llvm(t, path, addresses), 0.5)
    frames = [f for c in ask_file(t, path, addresses, "-l") for f in c]
    t.check(any(f.func.startswith("inl::inner") and f.is_inlined for f in frames), {f.func for f in frames})
    t.check(any(f.func.startswith("inl::outer") and not f.is_inlined for f in frames), {f.func for f in frames})


# --- processes ---


class Mapped:
    """tests/programs/c/mapped.c as a process."""

    def __init__(self, *args):
        self.p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.at = dict(self.line() for _ in range(3))
        self.pid = self.p.pid

    def line(self):
        name, address = self.p.stdout.readline().split()
        return name, int(address, 16)

    def say(self, text):
        self.p.stdin.write(text + "\n")
        self.p.stdin.flush()

    def end(self):
        self.p.kill()
        self.p.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        self.p.stdin.close()
        self.p.stdout.close()


class Symbols:
    """tests/tools/symbols.c as a process that is asked."""

    def __init__(self, t, *args):
        self.p = subprocess.Popen(
            [t.lib_tool("symbols"), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def say(self, text):
        self.p.stdin.write(text + "\n")
        self.p.stdin.flush()

    def ask(self, text):
        self.say(text)
        frames = []
        while (line := self.p.stdout.readline()) not in ("\n", ""):
            frames.append(Frame(line[:-1]))
        return frames

    def user(self, pid, address):
        return self.ask(f"user {pid} {address:x}")

    def process(self, pid):
        """Returns when it is done."""
        self.say(f"process {pid}")
        self.ask("kernel 0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.stdin.close()
        self.p.wait()
        self.p.stdout.close()


def check_mapped(t, s, m, path=None):
    for name in ("local", "shared"):
        (f,) = s.user(m.pid, m.at[name] + 2)
        t.eq((f.func, f.off), (name, 2))
        if path:
            t.eq(f.path, path)
    (f,) = s.user(m.pid, m.at["qsort"])
    t.eq((f.func, f.off), ("qsort", 0))
    t.check("libc" in f.path, f.path)


@cases([("-O2", "-g"), ("-O2", "-g", "-no-pie"), ("-O2", "-static-pie")])
def test_process_alive_and_ended(t, *flags):
    path = t.c("mapped.c", *flags)
    with Symbols(t) as s, Mapped(path) as m:
        if "-static-pie" in flags:
            s.process(m.pid)
            t.eq(s.user(m.pid, m.at["local"])[0].func, "local")
            t.eq(s.user(m.pid, m.at["qsort"])[0].func, "qsort")
            return
        s.process(m.pid)
        m.end()
        check_mapped(t, s, m, os.path.realpath(path))
        t.eq(s.user(m.pid, 0x1234)[0].func, "")


def test_process_lines(t):
    path = t.c("mapped.c")
    with Symbols(t, "-l") as s, Mapped(path) as m:
        frames = s.user(m.pid, m.at["local"])
        t.eq(frames[-1].func, "local")
        t.check(frames[-1].file.endswith("/mapped.c") and frames[-1].line > 20, frames[-1].pos)


def test_deleted_program(t):
    path = shutil.copy(t.c("mapped.c"), os.path.join(t.tmp, "gone"))
    with Symbols(t) as s, Mapped(path) as m:
        os.unlink(path)
        check_mapped(t, s, m, os.path.realpath(t.tmp) + "/gone (deleted)")


def test_file_replaced_under_its_name(t):
    """Two processes of one path whose file was exchanged in between."""
    path = shutil.copy(t.c("mapped.c", "-O0"), os.path.join(t.tmp, "prog"))
    with Symbols(t) as s, Mapped(path) as old:
        s.process(old.pid)
        shutil.copy(t.c("mapped.c", "-O2", "-fno-plt", "-falign-functions=128"), path + ".new")
        os.rename(path + ".new", path)
        with Mapped(path) as new:
            check_mapped(t, s, new, path)
            check_mapped(t, s, old)


def test_file_written_over(t):
    """Copied over in place, as a careless installation does: what is known of it ends, we do not."""
    library = shutil.copy(
        t.c("mapped.c", "-DLIBRARY", "-shared", "-fPIC", "-O2", "-g"), os.path.join(t.tmp, "library.so")
    )
    with Symbols(t, "-l") as s, Mapped(t.c("mapped.c")) as m:
        m.say(f"load {library}")
        _, address = m.line()
        s.process(m.pid)
        m.end()
        os.truncate(library, 0)
        t.eq(s.user(m.pid, address)[0].func, "")
        t.eq(s.user(m.pid, m.at["local"])[-1].func, "local")


def test_other_mount_namespace(t):
    t.need_root()
    t.need_tool("unshare")
    folder = os.path.join(t.tmp, "inside")
    os.mkdir(folder)
    program = t.c("mapped.c")
    script = f"mount -t tmpfs none {folder} && cp {program} {folder}/prog && exec {folder}/prog"
    with Symbols(t) as s, Mapped("unshare", "-m", "sh", "-c", script) as m:
        t.check(not os.path.exists(folder + "/prog"), "the file is not seen from here")
        s.process(m.pid)
        m.end()
        check_mapped(t, s, m, folder + "/prog")


def test_library_that_is_loaded_later(t):
    library = t.c("mapped.c", "-DLIBRARY", "-shared", "-fPIC", "-O2", "-g")
    with Symbols(t) as s, Mapped(t.c("mapped.c")) as m:
        s.process(m.pid)
        m.say(f"load {library}")
        name, address = m.line()
        (f,) = s.user(m.pid, address + 1)
        t.eq((f.func, f.off, f.path), (name, 1, os.path.realpath(library)))


def test_process_that_becomes_another_program(t):
    other = shutil.copy(t.c("mapped.c", "-O2", "-no-pie", "-fno-inline"), os.path.join(t.tmp, "other"))
    with Symbols(t) as s, Mapped(t.c("mapped.c", "-O2", "-no-pie")) as m:
        check_mapped(t, s, m)
        m.say(f"exec {other}")
        m.at = dict(m.line() for _ in range(3))
        for _ in range(20):
            s.process(m.pid)
        check_mapped(t, s, m, other)


def test_debug_file_by_build_id(t):
    """A stripped program's local functions are in its debug file alone."""
    path = shutil.copy(t.c("mapped.c", "-O2", "-g", "-Wl,--build-id"), os.path.join(t.tmp, "prog"))
    build_id = re.search(r"Build ID: (\w+)", t.sh("readelf", "-n", path).out)[1]
    folder = os.path.join(t.tmp, "debug", ".build-id", build_id[:2])
    os.makedirs(folder)
    t.sh("objcopy", "--only-keep-debug", path, f"{folder}/{build_id[2:]}.debug")
    t.sh("strip", path)
    with Symbols(t) as s, Symbols(t, "-l", "-d", f"{t.tmp}/debug") as with_debug, Mapped(path) as m:
        t.eq(s.user(m.pid, m.at["local"])[0].func, "")
        frames = with_debug.user(m.pid, m.at["local"])
        t.eq(frames[-1].func, "local")
        t.check(frames[-1].line > 20, frames[-1].pos)


def test_vdso(t):
    with open("/proc/self/maps", encoding="utf-8") as f:
        low, high = next((int(x, 16) for x in line.split()[0].split("-")) for line in f if "[vdso]" in line)
    with open("/proc/self/mem", "rb") as f:
        f.seek(low)
        image = t.file("vdso.so", f.read(high - low))
    functions = [line.split() for line in t.sh("nm", "-D", image).out.splitlines() if " T " in line]
    t.check(functions, "functions in the vDSO")
    with Symbols(t) as s:
        for address, _, name in functions:
            (frame,) = s.user(os.getpid(), low + int(address, 16))
            t.eq((frame.func, frame.off, frame.path), (name.split("@")[0], 0, "[vdso]"))


def test_kernel(t):
    t.need_root()
    known = []
    with open("/proc/kallsyms", encoding="utf-8") as f:
        for line in f:
            words = line.split()
            if words[1] in "tTwW":
                known.append((int(words[0], 16), words[2], words[3] if len(words) > 3 else ""))
    if not any(a for a, _, _ in known):
        t.skip("this kernel hides its addresses")
    names = {}
    for address, name, module in known:
        names.setdefault(address, (name, module))
    with Symbols(t) as s:
        for address in random.Random(1).sample(sorted(names), 300):
            (f,) = s.ask(f"kernel {address:x}")
            t.eq((f.func, f.path, f.off), (*names[address], 0))
        t.eq(s.ask("kernel 1"), [])


# --- hostile ---


def test_names_that_lie(t):
    """A program may have any name, and may be no longer what it was."""
    for name in ("a\nb", "[vdso]", "x (deleted)", "c d", "é"):
        path = shutil.copy(t.c("mapped.c"), os.path.join(t.tmp, name))
        with Symbols(t) as s, Mapped(path) as m:
            s.process(m.pid)
            t.eq(s.user(m.pid, m.at["local"])[0].func, "local")
