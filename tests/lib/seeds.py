# SPDX-License-Identifier: Apache-2.0
"""The files that fuzzing starts from, by harness."""

import os
import random
import struct
import subprocess
import tempfile
import zlib

import elfmake
import programs
from elfmake import Elf, SHF_ALLOC, SHF_COMPRESSED, SHT_NOTE, SHT_RELA, SHT_SYMTAB

HUGE = 1 << 60
STT_FUNC = 2

C_FORMS = {
    "c-dwarf5": ("sum.c", ("-O2", "-g"), None),
    "c-dwarf4": ("sum.c", ("-O2", "-gdwarf-4", "-no-pie"), None),
    "c-dwarf2": ("sum.c", ("-O0", "-gdwarf-2", "-gstrict-dwarf"), None),
    "c-zlib": ("sum.c", ("-O2", "-g", "-gz"), None),
    "c-clang": ("sum.c", ("-O2", "-g"), "clang"),
    "c-split": ("sum.c", ("-O2", "-g", "-gsplit-dwarf"), None),
    "c-object": ("sum.c", ("-O2", "-g", "-c"), None),
    "c-shared": ("sum.c", ("-O2", "-fPIC", "-shared", "-s"), None),
    "cc-dwarf5": ("printer.cc", ("-O2", "-g"), None),
}
# Large files, so only a few; one for each layout of the tables.
GO_FORMS = [("1.15", "default"), ("1.19", "stripped"), ("1.24", "default"), ("1.27", "default")]


# What the files depend on.
MADE_BY = [
    __file__,
    elfmake.__file__,
    *(os.path.join(programs.ROOT, "tests", f) for f in ("fuzz/go_seeds.c", "unit/go_image.c")),
    *(os.path.join(programs.SOURCES, "c", f) for f in ("sum.c", "printer.cc")),
    os.path.join(programs.SOURCES, "go", "tiny", "main.go"),
]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def built(fn, *args):
    """The bytes of a built program, or nothing when this machine cannot build it."""
    try:
        yield read(fn(*args))
    except programs.CannotBuild:
        pass


def c_programs():
    for name, (source, flags, cc) in C_FORMS.items():
        for data in built(programs.c, source, flags, cc):
            yield name, data
    with tempfile.TemporaryDirectory() as tmp:
        for name, args in (
            ("c-zstd", ["--compress-debug-sections=zstd"]),
            ("c-zdebug", ["--compress-debug-sections=zlib-gnu"]),
            ("c-only-debug", ["--only-keep-debug"]),
            ("c-stripped", ["--strip-all", "--add-gnu-debuglink=/dev/null"]),
        ):
            out = os.path.join(tmp, name)
            source = programs.c("sum.c", ("-O2", "-g"))
            p = subprocess.run(["objcopy", *args, source, out], capture_output=True, check=False)
            if p.returncode == 0:
                yield name, read(out)


def go_programs():
    for version, form in GO_FORMS:
        for data in built(programs.go, "tiny", version, form):
            yield f"go{version}-{form}", data


def go_images():
    """Small ones, made by hand in the layout of each version."""
    with tempfile.TemporaryDirectory() as tmp:
        binary = os.path.join(tmp, "go_seeds")
        sources = [os.path.join(programs.ROOT, "tests", d) for d in ("fuzz/go_seeds.c", "unit/go_image.c")]
        includes = ["-I" + os.path.join(programs.ROOT, d) for d in ("src", "tests/unit")]
        programs.run(["gcc", "-D_GNU_SOURCE", "-o", binary, *includes, *sources])
        out = os.path.join(tmp, "out")
        os.mkdir(out)
        programs.run([binary, out])
        for name in sorted(os.listdir(out)):
            yield name, read(os.path.join(out, name))


# --- malicious files: each is wrong in one way that a careless reader falls for ---


def plain():
    """A right one, to be made wrong."""
    e = Elf()
    e.add(".text", b"\x55\x48\x89\xe5\x5d\xc3" * 8, flags=SHF_ALLOC | elfmake.SHF_EXEC)
    e.add_symbols([("main", 0x4000B0, 6, STT_FUNC), ("other", 0x4000B6, 6, STT_FUNC)])
    return e


def with_section(name, data=b"", kind=1, flags=0, **fields):
    e = plain()
    e.add(name, data, kind, flags, **fields)
    return e.build()


def with_header(**header):
    e = plain()
    e.header = header
    return e.build()


def with_segment(*fields):
    e = plain()
    e.add_segment(*fields)
    return e.build()


def compressed(kind, size, data):
    return with_section(
        ".debug_info", struct.pack("<IIQQ", kind, 0, size, 1) + data, flags=SHF_COMPRESSED
    )


def zdebug(size, data):
    return with_section(".zdebug_info", b"ZLIB" + struct.pack(">Q", size) + data)


def note(namesz, descsz, rest=b"GNU\0"):
    data = struct.pack("<III", namesz, descsz, 3) + rest
    return with_section(".note.gnu.build-id", data, SHT_NOTE, SHF_ALLOC)


def bad_symbols(entsize=24, link=3, size=72, names=b"\0main", off=None):
    e = Elf()
    fields = {"entsize": entsize, "link": link, "size": size}
    if off is not None:
        fields["off"] = off
    sym = elfmake.SYM.pack(1, 0x12, 0, 1, 0x400000, HUGE) + elfmake.SYM.pack(HUGE >> 30, 2, 0, 1, 1, 1)
    e.add(".symtab", b"\0" * 24 + sym, SHT_SYMTAB, **fields)
    e.add(".text", b"\xc3", flags=SHF_ALLOC)
    e.add(".strtab", names, elfmake.SHT_STRTAB)
    return e.build()


def many_sections(n):
    e = plain()
    for i in range(n):
        e.add(".debug_info", b"", link=i, info=i)
    return e.build()


def extended_numbering(count):
    """e_shnum 0: section 0 tells how many there are."""
    e = plain()
    e.sections[0].fields = {"size": count, "link": count & 0xFFFFFFFF}
    e.header = {"shnum": 0, "shstrndx": 0xFFFF}
    return e.build()


def malicious():
    bomb = zlib.compress(b"\0" * (1 << 24), 9)
    yield "plain", plain().build()
    yield "only-magic", b"\x7fELF"
    yield "empty", b""
    yield "header-cut", plain().build()[:63]
    yield "header-alone", plain().build()[:64]
    for field, values in {
        "shoff": [1, HUGE, (1 << 64) - 1, (1 << 64) - 64], "shnum": [0, 0xFFFF], "shentsize": [0, 1, 63, 65],
        "shstrndx": [0, 0xFFFE, 0xFFFF, 1], "phoff": [1, HUGE, (1 << 64) - 1], "phnum": [0, 0xFFFF],
        "phentsize": [0, 1, 55, 57], "machine": [0, 3, 183, 243], "type": [0, 1, 3, 4], "ehsize": [0],
        "ident": [b"\x7fELF\1\1\1" + b"\0" * 9, b"\x7fELF\2\2\1" + b"\0" * 9, b"\x7fELF\0\0\0" + b"\0" * 9],
    }.items():
        for i, value in enumerate(values):
            yield f"header-{field}-{i}", with_header(**{field: value})
    yield "sections-many", many_sections(3000)
    for i, count in enumerate([0, 4, 0xFFFFFFFF, HUGE]):
        yield f"sections-extended-{i}", extended_numbering(count)
    for i, fields in enumerate(
        [{"off": HUGE}, {"off": (1 << 64) - 8}, {"size": HUGE}, {"size": (1 << 64) - 1}, {"name_off": 0xFFFFFFFF},
         {"off": HUGE, "size": (1 << 64) - HUGE}, {"vaddr": (1 << 64) - 1, "size": 100}, {"align": 0}]
    ):
        yield f"section-{i}", with_section(".debug_info", b"x" * 100, **fields)
        yield f"section-alloc-{i}", with_section(".data", b"x" * 100, flags=SHF_ALLOC, **fields)
    top = (1 << 64) - 1
    for i, fields in enumerate(
        [(1, 5, 0, 0, top, top), (1, 5, HUGE, 0x400000, 8, 8), (1, 5, top, 0, 8, 8), (1, 5, 0, top, 64, 64),
         (1, 5, 0, 0x400000, 64, 8), (1, 5, 0, top - 63, 64, 128, 0), (4, 4, 0, 0, HUGE, HUGE), (1, 5, 64, 64, top - 63, 0, top)]
    ):
        yield f"segment-{i}", with_segment(*fields)
    for i, args in enumerate(
        [(1, HUGE, b""), (1, 1 << 40, bomb), (1, 1 << 24, bomb), (1, 10, bomb), (1, 1 << 25, bomb), (2, HUGE, b""),
         (2, 1 << 40, b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 16), (3, 8, b"x" * 8), (1, 0, b""), (1, 100, b"\x78\x9c" + b"\xff" * 50)]
    ):
        yield f"compressed-{i}", compressed(*args)
        yield f"zdebug-{i}", zdebug(args[1], args[2])
    yield "zdebug-cut", with_section(".zdebug_info", b"ZLIB\0")
    yield "compressed-cut", with_section(".debug_info", b"\1\0\0\0", flags=SHF_COMPRESSED)
    for i, args in enumerate([(4, HUGE >> 30, b""), (0xFFFFFFFF, 4), (4, 0xFFFFFFFF), (4, 20), (4, 3, b"GNU\0abc"), (0, 0)]):
        yield f"note-{i}", note(*args)
    for i, fields in enumerate(
        [{}, {"entsize": 0}, {"entsize": 1}, {"entsize": 25}, {"link": 0}, {"link": 999}, {"link": 1}, {"size": HUGE},
         {"size": 71}, {"names": b""}, {"names": b"main" * 100}, {"off": (1 << 64) - 24}]
    ):
        yield f"symbols-{i}", bad_symbols(**fields)
    for i, (data, fields) in enumerate(
        [(struct.pack("<QQQ", HUGE, 8, HUGE) * 3, {"entsize": 24}), (b"x" * 23, {"entsize": 24}), (b"x" * 64, {"entsize": 0}),
         (struct.pack("<QQQ", 0x400000, 8, 0x400000) * 2000, {"entsize": 24}), (b"x" * 64, {"entsize": 8, "size": HUGE})]
    ):
        yield f"rela-{i}", with_section(".rela.dyn", data, SHT_RELA, SHF_ALLOC, **fields)
    for i, data in enumerate([b"", b"x", b"file.debug\0\0", b"../../etc/passwd\0\0\0\0abcd", b"a" * 5000, b"file.debug\0\0abcd"]):
        yield f"debuglink-{i}", with_section(".gnu_debuglink", data)


# --- code, for the decoder ---


def code():
    with tempfile.TemporaryDirectory() as tmp:
        source = programs.c("sum.c", ("-O2", "-g"))
        out = os.path.join(tmp, "text")
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", source, out], check=True)
        yield "c-text", read(out)
    yield "prologues", bytes.fromhex("493b66107602 4883ec20 554889e5 c3 f30f1efa 0f1f4000 cc e800000000")
    yield "vector", bytes.fromhex("c5f877 62f17c4810c1 c4e27d18c0 62f1fd486f06 66660f1f840000000000 f0480fb111")
    yield "prefixes", b"\x66" * 20 + b"\xf0\xf2\xf3\x2e\x36\x3e\x26\x64\x65\x67\x48\x4f" * 4
    yield "every-byte", bytes(range(256)) + b"".join(b"\x0f" + bytes([b]) for b in range(256))


# --- scripts ---


def scripts():
    for stage in ["ast", "types"]:
        folder = os.path.join(programs.ROOT, "tests", "golden", stage)
        for name in sorted(os.listdir(folder)):
            if name.endswith(".bt"):
                yield name, read(os.path.join(folder, name))


def templates():
    folder = os.path.join(programs.ROOT, "src", "gen", "templates")
    for name in sorted(os.listdir(folder)):
        yield name, read(os.path.join(folder, name))
    yield "words", (
        b"{{if has symbol}}{{key symbol}}{{else if go < 1.2}}{{note x}}{{end}}{{use unwound map=@a also=@b,@c}}"
        b"{{each f in symbol}}{{entry f}}{{arg f.a.b.0.len}}{{word f.3}}{{end}}{{be64 $p + 1}}{{delete @a[1, 2]}}"
        b"{{func f = main or x.(*T).m(a *b.C, c []d) (e error)}}{{field $x a/b.C.d}}{{caller}}{{goid $g}}"
    )


# --- values ---


def memories():
    """What fuzz_look takes: memory in which any small number is an address, a length or a flag."""
    r = random.Random(1)
    words = [0, 0, 0, 1, 2, 3, 5, 8, 64, 128, 1 << 32 | 1, 0x0505050505050505, 0x8080808080800101, HUGE]
    addresses = [*range(0x40, 0x140, 0x40), *range(0, 0x400, 0x38)]
    for root in range(60):
        n = r.choice([32, 64, 128, 200])
        memory = [r.choice(words if r.random() < 0.5 else addresses) for _ in range(n)]
        head = bytes([r.choice([0, 0, 2]), r.choice([0, 20, 100]), root])
        yield f"memory-{root:02}", head + struct.pack(f"<{n}Q", *memory)


# --- the kernel's types ---


class Btf:
    """Types one after the other, with a name, a kind, how many items, a size or type, and words."""

    def __init__(self):
        self.types, self.strings, self.n = b"", b"\0", 0

    def name(self, text):
        at = len(self.strings) if text else 0
        self.strings += text.encode() + b"\0" if text else b""
        return at

    def add(self, name, kind, n, size, *words):
        words = [self.name(w) if isinstance(w, str) else w for w in words]
        info = kind << 24 | n
        self.types += struct.pack(f"<{3 + len(words)}I", self.name(name), info, size, *words)
        self.n += 1
        return self.n

    def file(self):
        n = len(self.types)
        return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, n, n, len(self.strings)) + self.types + self.strings


INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST = range(1, 11)
FUNC, FUNC_PROTO, TYPE_TAG, ENUM64 = 12, 13, 18, 19
BIT_FIELDS = 1 << 7  # of a kind's byte


def kernel_types():
    b = Btf()
    number = b.add("int", INT, 0, 4, 1 << 24 | 32)
    char = b.add("char", INT, 0, 1, 8)
    text = b.add("", ARRAY, 0, 0, char, number, 16)
    const = b.add("", CONST, 0, char)
    tag = b.add("user", TYPE_TAG, 0, const)
    string = b.add("", PTR, 0, tag)
    b.add("far", FWD, 0, 0)
    color = b.add("color", ENUM, 2, 4, "RED", 0, "BLUE", 1 << 31)
    b.add("wide", ENUM64 | BIT_FIELDS, 1, 8, "W", 1, 2)
    union = b.add("", UNION, 2, 4, "all", number, 0, "part", char, 0)
    proto = b.add("", FUNC_PROTO, 2, number, "a", string, 0, 0)
    b.add("run", FUNC, 1, proto)
    alias = b.add("alias_t", TYPEDEF, 0, number)
    to_task = b.add("", PTR, 0, b.n + 2)
    b.add("task", STRUCT | BIT_FIELDS, 6, 48, "id", alias, 0, "low", number, 3 << 24 | 32,
          "comm", text, 64, "next", to_task, 192, "color", color, 256, "", union, 288)
    yield "btf-task", b.file()
    b = Btf()
    for _ in range(12):
        b.add("", UNION, 2, 8, "", b.n + 2, 0, "x", b.n + 2, 0)
    b.add("a", STRUCT, 2, 8, "", b.n + 1, 0, "b", 1, 0)
    b.add("loop", TYPEDEF, 0, b.n + 1)
    b.add("", PTR, 0, b.n + 1)
    b.add("huge", TYPEDEF, 0, b.n + 2)
    b.add("", ARRAY, 0, 0, b.n + 1, 1, 0xFFFFFFFF)
    yield "btf-loops", b.file()


HARNESSES = {
    "elf": [malicious, c_programs],
    "dwarf": [c_programs, go_programs],
    "buildinfo": [go_images, go_programs],
    "pclntab": [go_images, go_programs],
    "insn": [code],
    "btf": [kernel_types],
    "script": [scripts],
    "check": [scripts],
    "code": [scripts],
    "gen": [templates],
    "out": [scripts, code],
    "look": [memories],
}


def of(harness):
    """(file name, bytes, how many variants it is worth)"""
    for group in HARNESSES.get(harness, [malicious, c_programs, go_programs]):
        for name, data in group():
            # Large files take long; the malicious ones are many, and near to each other.
            worth = 160 if group is not malicious and len(data) < 200_000 else 12
            yield name, data, worth
