# SPDX-License-Identifier: Apache-2.0
"""stoat show: its text, its JSON, and what it tells of programs that say little of themselves."""

import json
import os
import re
import shutil

import programs
from harness import cases

VERSIONS = programs.known_versions()


def shown(t, path, *patterns, args=()):
    r = t.stoat("show", "-f", "json", *args, path, *patterns)
    return {f["name"]: f for f in map(json.loads, r.out.splitlines())}


def lines_of(text, label):
    """The rows of a section: label in the first column, then rows without one."""
    rows = []
    inside = False
    for line in text.splitlines():
        if line.startswith(label + " "):
            inside = True
        elif not line.startswith(" "):
            inside = False
        if inside:
            rows.append(line[len(label):].split())
    return rows


def test_text(t):
    r = t.stoat("show", t.go("shop", "1.24"), "main.(*Store).Put")
    head, signature, blank, *rest = r.out.splitlines()
    t.check(re.fullmatch(r"main\.\(\*Store\)\.Put +store\.go:\d+ +go1\.24\S*, register ABI \(ABIInternal\), \d+ bytes", head), head)
    t.eq(signature, "  func (s *main.Store) Put(e *main.Entry) error")
    t.eq(blank, "")
    (entry,) = lines_of(r.out, "entry")
    t.eq(entry[1:4], ["push", "rbp", "emulated"])
    exits = [row for row in lines_of(r.out, "exits") if row[0].startswith("+")]
    t.check(len(exits) >= 2 and all(row[1:] == ["ret", "stepped"] for row in exits), exits)
    t.eq(lines_of(r.out, "at entry"), [["s", "*main.Store", "rax"], ["e", "*main.Entry", "rbx"]])
    t.eq(lines_of(r.out, "at exits"), [["result", "0", "error", "tab", "rax,", "data", "rbx"]])
    t.check(any(row[0] == "known" for row in lines_of(r.out, "locals")), r.out)
    t.check("note" not in r.out, "all is known")


@cases(VERSIONS)
def test_entry_is_cheap_and_reasoned(t, version):
    f = shown(t, t.go("shop", version), "main.(*Store).Put")["main.(*Store).Put"]
    t.eq(f["entry"]["cost"], "emulated")
    t.check("stack check" in f["entry"]["reason"], f["entry"])
    if programs.minor(version) < 20:
        t.eq(f["entry"]["condition"], "not taken")
    else:
        t.eq(f["entry"]["instruction"], "push rbp")


def test_asm(t):
    path = t.go("shop", "1.24")
    r = t.stoat("show", "--asm", path, "main.(*Store).Put")
    asm = r.out.split("\nasm\n")[1].splitlines()
    marked = [line for line in asm if "==>" in line]
    f = shown(t, path, "main.(*Store).Put", args=["--asm"])["main.(*Store).Put"]
    t.eq(len(asm), len(f["asm"]))
    t.eq(len(marked), 1 + len(f["exits"]))
    t.check("push rbp" in marked[0] and marked[0].endswith("; entry"), marked[0])
    t.check(all(line.endswith("; exit") for line in marked[1:]), marked)


def test_panicking_only(t):
    funcs = shown(t, t.go("zoo", "1.24"), "main.*")
    endless = [f for f in funcs.values() if not f["exits"] and f["panics"]]
    t.check(endless, "a function that only panics")
    r = t.stoat("show", t.go("zoo", "1.24"), endless[0]["name"])
    t.check("none: it ends by panic or exit only" in r.out, r.out)


@cases(["1.15", "1.19", "1.24", "1.26", "1.27"])
def test_wrapper_ends_in_a_tail_jump(t, version):
    funcs = shown(t, t.go("zoo", version), "zoo/asm.*")
    (tail,) = [f for n, f in funcs.items() if n.startswith("zoo/asm.Tail") and f["language"] == "assembly"]
    t.check(any(e.get("tail_jump_to", "").startswith("zoo/asm.Add") for e in tail["exits"]), tail["exits"])


@cases(VERSIONS)
def test_stripped_keeps_what_is_true(t, version):
    whole = shown(t, t.go("shop", version), "main.*")
    bare = shown(t, t.go("shop", version, "stripped"), "main.*")
    t.eq(sorted(bare), sorted(whole))
    for name, f in whole.items():
        b = bare[name]
        for key in ("size", "line", "abi"):
            t.eq(b[key], f[key], f"{name} {key}")
        t.eq(os.path.basename(b["file"]), os.path.basename(f["file"]), name)
        t.eq([e["offset"] for e in b["exits"]], [e["offset"] for e in f["exits"]], name)
        t.eq(b["entry"]["offset"], f["entry"]["offset"], name)
        t.check(any("no DWARF" in n for n in b["notes"]), b["notes"])
    if programs.minor(version) >= 17:
        put = bare["main.(*Store).Put"]
        t.eq([w["place"] for p in put["parameters"] for w in p["words"]], ["rax", "rbx"])


def copies(f):
    return sorted((c["caller"], os.path.basename(c["file"]), c["line"]) for c in f["inlined_copies"])


@cases(VERSIONS)
def test_inlined_copies_by_dwarf_and_by_pclntab(t, version):
    path, bare = t.go("zoo", version), t.go("zoo", version, "stripped")
    compared = 0
    for name in ("runtime.add", "runtime.(*mspan).base", "main.helper", "runtime.readUnaligned64"):
        r = t.stoat("show", "-f", "json", path, name, rc=None)
        b = t.stoat("show", "-f", "json", bare, name, rc=None)
        if r.rc or b.rc:
            continue
        got, want = copies(json.loads(b.out)), copies(json.loads(r.out))
        # The same call can leave several copies in DWARF (a function inlined twice over).
        t.eq(sorted(set(got)), sorted(set(want)), name)
        compared += len(got)
    t.check(compared > 0, "copies to compare")


@cases(["1.15", "1.21", "1.24", "1.27"])
def test_list_counts_the_copies_that_show_lists(t, version):
    for form in ("default", "stripped"):
        path = t.go("zoo", version, form)
        rows = [json.loads(line) for line in t.stoat("list", "-f", "json", path).out.splitlines()]
        copied = [r for r in rows if r["inlined_copies"]]
        t.check(len(copied) > 10, f"{len(copied)} functions have copies")
        for r in copied[:: len(copied) // 8]:
            f = shown(t, path, r.get("symbol", r["name"])).popitem()[1]
            t.eq(len(f["inlined_copies"]), r["inlined_copies"], r["name"])


def test_function_that_is_only_inlined(t):
    r = t.stoat("show", t.go("zoo", "1.24"), "runtime.add")
    t.check("every call of it was inlined" in r.out and "copies" in r.out, r.out)


@cases(VERSIONS)
def test_arm64(t, version):
    path = t.go("zoo", version, "arm64")
    f = shown(t, path, "zoo/kinds.String")["zoo/kinds.String"]
    words = [w["place"] for p in f["parameters"] for w in p["words"]]
    t.eq(words, ["x0", "x1"] if programs.minor(version) >= 18 else ["[sp+0x8]", "[sp+0x10]"])
    t.check(f["exits"] and all(e["instruction"].startswith("ret") for e in f["exits"]), f["exits"])
    bare = shown(t, t.go("zoo", version, "arm64-stripped"), "zoo/kinds.String")["zoo/kinds.String"]
    t.eq([e["offset"] for e in bare["exits"]], [e["offset"] for e in f["exits"]])


@cases(["1.19", "1.22", "1.24", "1.27"])
def test_generic_dictionary(t, version):
    funcs = shown(t, t.go("zoo", version), "zoo/kinds.*Pair*Store")
    (f,) = [f for f in funcs.values() if "go.shape" in f["name"]]
    hidden = [p for p in f["parameters"] if p.get("hidden")]
    t.eq(len(hidden), 1, f["parameters"])
    t.eq(hidden[0]["words"][0]["place"], "rax" if version == "1.19" else "rbx")


def test_blank_parameters(t):
    for version in VERSIONS:
        f = shown(t, t.go("zoo", version), "zoo/kinds.Blank")["zoo/kinds.Blank"]
        y = [p for p in f["parameters"] if p["name"] == "y"][0]
        want = "[sp+0x28]" if programs.minor(version) < 17 else "rsi" if version != "" else ""
        t.eq(y["words"][0]["place"], want, version)


def test_c_signature_and_copies(t):
    path = t.c("sum.c", "-O2", "-g")
    f = shown(t, path, "main")["main"]
    t.eq((f["language"], f["abi"]), ("C", "C"))
    r = t.stoat("show", path, "mean_of")
    t.check("every call of it was inlined" in r.out, r.out)


def split_debug(t, path):
    """A stripped copy of the program and its debug file, which names it by build id and debuglink."""
    program, debug = os.path.join(t.tmp, "prog"), os.path.join(t.tmp, "prog.debug")
    shutil.copy(path, program)
    t.sh("objcopy", "--only-keep-debug", program, debug)
    t.sh("strip", program)
    t.sh("objcopy", f"--add-gnu-debuglink={debug}", program)
    return program, debug


def test_separate_debug_file(t):
    path = t.c("printer.cc", "-O2", "-g")
    want = shown(t, path, "*::event_printer*")
    program, debug = split_debug(t, path)
    t.eq(shown(t, program, "*::event_printer*"), want, "beside the program")
    # Elsewhere, by its build id.
    note = t.sh("readelf", "-n", program).out
    build_id = re.search(r"Build ID: ([0-9a-f]+)", note).group(1)
    folder = os.path.join(t.tmp, "debug", ".build-id", build_id[:2])
    os.makedirs(folder)
    os.rename(debug, os.path.join(folder, build_id[2:] + ".debug"))
    t.stoat("show", program, "*::event_printer*", rc=2)
    args = ["--debuginfo", os.path.join(t.tmp, "debug")]
    t.eq(shown(t, program, "*::event_printer*", args=args), want, "by build id")


def test_debug_file_of_another_build_is_refused(t):
    program, debug = split_debug(t, t.c("printer.cc", "-O2", "-g"))
    with open(debug, "ab") as f:
        f.write(b"changed")
    t.sh("objcopy", "--remove-section=.note.gnu.build-id", program)
    r = t.stoat("show", program, "*event_printer*", rc=2)
    t.check("another build" in r.err, r.err)


def test_json_is_one_object_a_line(t):
    r = t.stoat("show", "-f", "json", t.go("zoo", "1.24"), "main.*", "zoo/*")
    rows = [json.loads(line) for line in r.out.splitlines()]
    t.check(len(rows) > 50, len(rows))
    for f in rows:
        t.check(f["name"] and f["entry"]["address"].startswith("0x"), f["name"])
        t.eq(int(f["entry"]["address"], 16) - int(f["address"], 16), f["entry"]["offset"])


@cases(["1.15", "1.21", "1.24", "1.27"])
def test_stack_check_of_a_plugin(t, version):
    """morestack is reached through a stub of the linker there."""
    path = t.go("plug", version, "plugin")
    funcs = shown(t, path, "*.Deep").values()
    t.check(funcs, "the function is there")
    for f in funcs:
        t.check("stack check" in f["entry"]["reason"], f["entry"])


@cases(["1.24", "1.26", "1.27"])
def test_jumps_through_a_register_are_exits(t, version):
    """Wrappers of interface methods leave that way from Go 1.26 on."""
    funcs = shown(t, t.go("zoo", version), "*", args=["--asm"])
    t.check(len(funcs) > 1000, len(funcs))
    for name, f in funcs.items():
        if re.fullmatch(r"jmp r\w+", f.get("asm", [{"instruction": ""}])[-1]["instruction"]):
            t.check(f["exits"], name)


def test_last_component(t):
    r = t.stoat("show", t.c("printer.cc", "-O2", "-g"), "event_printer")
    t.check(r.out.startswith("events::event_printer("), r.out)
    r = t.stoat("show", t.go("zoo", "1.24"), "Apply")
    t.check(r.out.startswith("zoo/kinds.Apply[go.shape."), r.out)


def test_unused_parameters_are_lost_when_the_stack_grows(t):
    f = shown(t, t.go("zoo", "1.24"), "zoo/kinds.(*Counter).Add")["zoo/kinds.(*Counter).Add"]
    t.check(not any(p.get("lost_when_stack_grows") for p in f["parameters"]), f["parameters"])
    lost = [f["name"] for f in shown(t, t.go("zoo", "1.24"), "zoo/*", "runtime.*").values()
            if any(p.get("lost_when_stack_grows") for p in f["parameters"])]
    t.check(lost, "some function does not use a parameter")
