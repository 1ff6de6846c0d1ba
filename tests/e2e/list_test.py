# SPDX-License-Identifier: Apache-2.0
"""stoat list: the names are exactly those that the toolchain's own tools know."""

import json
import os
import shutil

import programs
from harness import cases

WITH_SYMBOLS = ["default", "nol", "noopt", "pie", "trimpath", "cgo"]
WITHOUT = {"stripped": "default", "cgostrip": "cgo"}
VERSIONS = programs.known_versions()

# Marks of the linker at the ends of text; they have no code.
MARKS = {"runtime.text", "runtime.etext"}


def names(result):
    return result.out.splitlines()


def difference(got, want):
    got, want = sorted(got), sorted(want)
    return {
        "only in stoat": sorted(set(got) - set(want))[:5],
        "only in the other": sorted(set(want) - set(got))[:5],
        "counts": (len(got), len(want)),
    }


def check_same(t, got, want):
    t.check(len(want) > 500, f"{len(want)} names to compare with")
    t.check(sorted(got) == sorted(want), f"{difference(got, want)}")


@cases([(v, f) for v in VERSIONS for f in WITH_SYMBOLS])
def test_list_equals_nm(t, version, form):
    path = t.go("zoo", version, form)
    want = [name for _, letter, name in programs.go_nm(version, path) if letter in "Tt"]
    check_same(t, names(t.stoat("list", path)), [n for n in want if n not in MARKS])


@cases([(v, f) for v in VERSIONS for f in WITHOUT])
def test_list_stripped_equals_pclntab(t, version, form):
    # Read by Go's library from the twin that was not stripped: strip may take away what it needs.
    r = t.sh(t.go("pclist", version), t.go("zoo", version, WITHOUT[form]))
    check_same(t, names(t.stoat("list", t.go("zoo", version, form))), names(r))


@cases(VERSIONS)
def test_list_without_section_headers(t, version):
    """The table is found by its structure alone."""
    for form in ("stripped", "pie"):
        path = t.go("zoo", version, form)
        want = names(t.sh(t.go("pclist", version), path))
        bare = os.path.join(t.tmp, "bare-" + form)
        shutil.copy(path, bare)
        with open(bare, "r+b") as f:
            f.seek(0x28)
            f.write(bytes(8))  # e_shoff
            f.seek(0x3C)
            f.write(bytes(4))  # e_shnum, e_shstrndx
        check_same(t, names(t.stoat("list", bare)), want)


def test_list_is_sorted_and_patterns_choose(t):
    path = t.go("zoo", "1.24")
    all_names = names(t.stoat("list", path))
    t.eq(all_names, sorted(all_names, key=str.encode))
    main = names(t.stoat("list", path, "main.*"))
    t.check(main and all(n.startswith("main.") for n in main), main)
    both = names(t.stoat("list", path, "main.*", "runtime.gopanic", "main.main"))
    t.eq(both, sorted(main + ["runtime.gopanic"]))
    one = names(t.stoat("list", path, "zoo/kinds.(*Counter).Add"))
    t.eq(one, ["zoo/kinds.(*Counter).Add"])


@cases(VERSIONS)
def test_list_verbose_and_json_agree(t, version):
    path = t.go("zoo", version)
    plain = names(t.stoat("list", path, "zoo/*", "main.*"))
    rows = [json.loads(line) for line in names(t.stoat("list", "-f", "json", path, "zoo/*", "main.*"))]
    t.eq([r["name"] for r in rows], plain)
    verbose = names(t.stoat("list", "-v", path, "zoo/*", "main.*"))
    t.eq(len(verbose), len(rows))
    for line, r in zip(verbose, rows):
        address, size, position = line.split()[:3]
        t.eq((address, int(size)), (r["address"], r["size"]), r["name"])
        if r["file"]:
            t.eq(position, f"{os.path.basename(r['file'])}:{r['line']}")
        t.check(r["name"] in line, line)
    symbols = {name: address for address, letter, name in programs.go_nm(version, path)}
    for r in rows:
        t.eq(int(r["address"], 16), symbols[r["name"]], r["name"])


@cases(VERSIONS)
def test_list_signatures(t, version):
    rows = {}
    for line in names(t.stoat("list", "-f", "json", t.go("zoo", version), "zoo/kinds.*")):
        r = json.loads(line)
        rows[r["name"]] = r
    t.eq(rows["zoo/kinds.String"]["signature"], "func String(s string) string")
    t.eq(rows["zoo/kinds.Slice"]["signature"], "func Slice(s []int32) []int32")
    t.eq(rows["zoo/kinds.EmptyStruct"]["language"], "Go")
    t.eq(rows["zoo/kinds.String"]["abi"], "ABI0" if programs.minor(version) < 17 else "ABIInternal")


def test_list_generic_shapes(t):
    got = names(t.stoat("list", t.go("zoo", "1.24"), "zoo/kinds.*[go.shape.*"))
    t.check(any("go.shape.int" in n for n in got), got)


def test_list_cpp_names_demangled_and_raw(t):
    path = t.c("printer.cc", "-O2", "-g")
    got = names(t.stoat("list", path, "*event_printer*"))
    t.check(any("(" in n and "event_printer" in n for n in got), got)
    raw = [json.loads(line) for line in names(t.stoat("list", "-f", "json", path, "*event_printer*"))]
    symbols = [r["symbol"] for r in raw if r.get("symbol", "").startswith("_Z")]
    t.check(symbols, raw)
    t.eq(len(names(t.stoat("list", path, symbols[0]))), 1)


def test_list_output_file_and_closed_pipe(t):
    path = t.go("zoo", "1.24")
    out = os.path.join(t.tmp, "names")
    t.eq(t.stoat("list", "-o", out, path).out, "")
    with open(out, encoding="utf-8") as f:
        t.check(len(f.read().splitlines()) > 500, "the file has the names")
    r = t.sh("sh", "-c", f'"{t.stoat_path}" list "{path}" | head -n 1')
    t.eq((len(r.out.splitlines()), r.err), (1, ""))
    r = t.stoat("list", "-o", "/dev/full", path, rc=2)
    t.check("No space left" in r.err, r.err)


def test_list_on_path_and_by_pid(t):
    t.check("main" not in names(t.stoat("list", "true", rc=2)), "true is stripped")
    path = t.go("zoo", "1.24")
    folder, name = os.path.split(path)
    r = t.stoat("list", name, "main.main", env={"PATH": folder + os.pathsep + os.environ["PATH"]})
    t.eq(names(r), ["main.main"])
    t.check("no process" in t.stoat("list", "2147483646", rc=2).err, "a pid that is not there")
    pid = str(os.getpid())
    r = t.stoat("list", pid, "*Py_Main*")
    t.check(any("Py_" in n for n in names(r)), "this test's own interpreter")
