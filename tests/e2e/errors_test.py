# SPDX-License-Identifier: Apache-2.0
"""What goes wrong has one clear message each, on stderr, and its exit status."""

import os
import re
import shutil
import subprocess

from harness import cases, timeout


def fails(t, *args, rc=2, says=(), **kwargs):
    r = t.stoat(*args, rc=rc, **kwargs)
    t.eq(r.out, "", "nothing on stdout")
    t.check(r.err.startswith("stoat: error: "), r.err)
    for text in says:
        t.check(text in r.err, f"{text!r} in {r.err!r}")
    return r


def test_usage(t):
    fails(t, rc=1, says=["no command", "--help"])
    fails(t, "lits", rc=1, says=["no command 'lits'", "list"])
    fails(t, "list", rc=1, says=["no target", "usage: stoat list"])
    fails(t, "show", "/bin/true", rc=1, says=["no function", "usage: stoat show"])
    fails(t, "list", "--frob", "x", rc=1, says=["unknown option --frob"])
    fails(t, "list", "-Z", "x", rc=1, says=["unknown option -Z"])
    fails(t, "list", "-f", "xml", "x", rc=1, says=["text|json", "xml"])
    fails(t, "list", "x", "-o", rc=1, says=["--output needs an argument"])
    fails(t, "list", "", rc=1, says=["empty"])


@cases([
    (["time", "PATH", "main.f", "-w", "x"], ["unknown option -w", "stoat trace has conditions"]),
    (["count", "PATH", "main.f", "--where=x"], ["unknown option --where", "stoat trace has conditions"]),
    (["trace", "PATH", "main.f", "--json"], ["unknown option --json", "-f json is what you mean"]),
    (["trace", "PATH", "main.f", "--limi", "3"], ["unknown option --limi", "did you mean --limit?"]),
    (["help", "tarce"], ["no command 'tarce'", "did you mean 'trace'?"]),
])
def test_options_of_others(t, words, says):
    fails(t, *["/bin/true" if w == "PATH" else w for w in words], rc=1, says=says)


def test_help_about_a_command(t):
    t.eq(t.stoat("help", "trace").out, t.stoat("trace", "--help").out)


@cases(["--help", "-h", "help"])
def test_help(t, flag):
    r = t.stoat(flag)
    t.check("list" in r.out and "show" in r.out and r.err == "", r.out)


@cases(["list", "show"])
def test_command_help_has_examples(t, command):
    r = t.stoat(command, "--help")
    t.check(f"usage: stoat {command}" in r.out and "examples:" in r.out, r.out)


def test_version(t):
    t.check(t.stoat("--version").out.startswith("stoat "), "the version")


def test_targets_that_are_no_programs(t):
    fails(t, "list", "/nowhere/at/all", says=["no such file", "/nowhere/at/all"])
    fails(t, "list", "no-such-command-anywhere", says=["no such file or command"])
    fails(t, "list", "/etc", says=["is a directory"])
    fails(t, "list", t.file("empty", ""), says=["is empty"])
    fails(t, "list", t.file("script", "#!/bin/sh\n"), says=["is a script"])
    fails(t, "list", t.file("text", "hello\n" * 20), says=["not an ELF file"])
    fails(t, "list", "/dev/null", says=["not a regular file"])
    os.mkfifo(os.path.join(t.tmp, "fifo"))
    fails(t, "list", os.path.join(t.tmp, "fifo"), says=["not a regular file"])
    fails(t, "list", "4194303999", says=["no such file or command"])


def test_unreadable(t):
    path = t.file("secret", "x" * 100)
    os.chmod(path, 0)
    if os.geteuid() != 0:
        fails(t, "list", path, says=["Permission denied"])
        return
    # As root every file can be read: try as another user.
    os.chmod(t.tmp, 0o755)
    binary = os.path.join(t.tmp, "stoat")
    shutil.copy(t.stoat_path, binary)
    p = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", binary, "list", path],
                       capture_output=True, text=True, check=False)
    t.eq(p.returncode, 2, p.stderr)
    t.check("Permission denied" in p.stderr, p.stderr)


def elf_header(t, **fields):
    with open("/bin/true", "rb") as f:
        data = bytearray(f.read())
    for off, value in fields.values():
        data[off : off + len(value)] = value
    return t.file("altered", bytes(data))


def test_other_machines(t):
    fails(t, "list", elf_header(t, machine=(18, b"\xf3\x00")), says=["for another machine", "243"])
    fails(t, "list", elf_header(t, elf_class=(4, b"\x01")), says=["32-bit"])
    fails(t, "list", elf_header(t, order=(5, b"\x02")), says=["big-endian"])
    fails(t, "list", elf_header(t, core=(16, b"\x04\x00")), says=["core dump"])
    fails(t, "list", elf_header(t, obj=(16, b"\x01\x00")), says=["object file"])
    with open("/bin/true", "rb") as f:
        fails(t, "list", t.file("cut", f.read(100)), says=["truncated"])


def test_functions_that_are_not_there(t):
    path = t.go("zoo", "1.24")
    r = fails(t, "show", path, "zoo/kinds.Strin", says=["no function 'zoo/kinds.Strin'", "go1.24", "near: "])
    t.check("zoo/kinds.String" in r.err, r.err)
    t.check(r.err.split("near: ")[1].count(",") <= 4, "five near names at most")
    fails(t, "list", path, "nothing.like.this*", says=["no function matches 'nothing.like.this*'"])
    fails(t, "list", path, "main.*", "nothing.like.this*", says=["nothing.like.this*"])
    r = fails(t, "show", path, "String", says=["'String' names", "say which one"])
    t.check("zoo/kinds.String" in r.err or "more" in r.err, r.err)


def test_stripped_c_program_has_no_names(t):
    fails(t, "list", t.c("sum.c", "-O2", "-static-pie", strip=True), says=["stripped"])


def test_show_function_by_last_component(t):
    r = t.stoat("show", t.go("zoo", "1.24"), "EmptyStruct")
    t.check(r.out.startswith("zoo/kinds.EmptyStruct "), r.out)


def test_damaged_section_is_unpacked_once(t):
    """Every function asks for it; memory must not grow with their number."""
    path = t.go("zoo", "1.21")
    found = {}
    for line in t.sh("readelf", "-SW", path).out.splitlines():
        m = re.search(r"\] (\.debug_\w+) +PROGBITS +\w+ (\w+) (\w+) ", line)
        if m:
            found[m.group(1)] = (int(m.group(2), 16), int(m.group(3), 16))
    offset, size = found[".debug_loc"]
    with open(path, "rb") as f:
        data = bytearray(f.read())
    data[offset + size - 3] ^= 0xff
    bad = t.file("damaged", bytes(data))
    r = t.sh("sh", "-c", f'ulimit -v 300000; "{t.stoat_path}" list -v "{bad}"')
    t.check(len(r.out.splitlines()) > 1000, "the names are there")
    t.check(".debug_loc" in r.err and "damaged" in r.err, r.err)


def test_output_does_not_destroy(t):
    own = os.path.join(t.tmp, "own")
    shutil.copy(t.c("sum.c"), own)
    size = os.path.getsize(own)
    fails(t, "list", "-o", own, own, rc=1, says=["would overwrite"])
    t.eq(os.path.getsize(own), size)
    keep = t.file("keep", "keep this")
    fails(t, "show", "-o", keep, own, "main", "no_such_function_here", says=["no function"])
    with open(keep, encoding="ascii") as f:
        t.eq(f.read(), "keep this")


def test_names_cannot_command_the_terminal(t):
    source = t.file("esc.s", '.globl "a\x1b[31mb"\n.type "a\x1b[31mb", @function\n.text\n"a\x1b[31mb": ret\n.size "a\x1b[31mb", 1\n')
    out = os.path.join(t.tmp, "esc")
    t.sh("gcc", "-nostdlib", "-shared", "-o", out, source)
    r = t.stoat("list", out)
    t.check("\x1b" not in r.out and "\\x1b[31m" in r.out, repr(r.out))
    r = fails(t, "show", out, "a\x1b[31mc")
    t.check("\x1b" not in r.err, repr(r.err))


@timeout(300)
def test_more_functions_than_programs_can_be_made_for(t):
    t.need_root()
    r = t.stoat("trace", t.go("web", "1.24"), "*", "--for", "100ms", rc=1)
    t.check(re.search(r"error: its functions have so many kinds of parameters and results that it takes "
                      r"\d{4,5} BPF programs: at most 4096 are made\n.*trace --no-args", r.err), r.describe())


def test_args_named_twice(t):
    fails(t, "trace", t.go("calls"), "main.hit", "--args", "n, m,n", rc=1, says=["--args names 'n' twice"])


def test_text_of_c_is_read_by_str(t):
    path = os.path.join(t.tmp, "greet")
    source = t.file("greet.c", "int greet(const char *s) { return *s; }\nint main(void) { return greet(\"\"); }\n")
    t.sh("gcc", "-g", "-O0", "-o", path, source)
    r = t.stoat("-d", "types", "-e", f'uprobe:{path}:greet {{ print(args.s == "hello"); }}', rc=1)
    t.check("str(args.s) is text" in r.err, r.describe())


def test_a_text_is_not_in_an_interface(t):
    r = t.stoat("-d", "types", "-e", f'uretprobe:{t.go("naps")}:main.nap {{ if (retval.1 == "even") {{ exit(); }} }}', rc=1)
    t.check("has no type 'even'" in r.err and "the name of the type in it" in r.err, r.describe())
