# SPDX-License-Identifier: Apache-2.0
"""scripts/layers: the rule which folder may include which."""

import os


def violations(t, files):
    for path, content in files.items():
        t.file(f"tree/src/{path}", content)
    r = t.sh("scripts/layers", os.path.join(t.tmp, "tree"), rc=None)
    t.eq(r.rc, 1 if r.out else 0, "exit status")
    return r.out.splitlines()


def test_layers_accepts_this_tree(t):
    t.eq(t.sh("scripts/layers").out, "")


def test_layers_accepts_what_is_allowed(t):
    found = violations(
        t,
        {
            "base/str.c": '#include "base/str.h"\n',
            "elf/sections.c": '#include <elf.h>\n#include "elf/private.h"\n#include "base/cursor.h"\n',
            "dwarf/dwarf.c": '#include "elf/elf.h"\n#include "type/type.h"\n',
            "out/table.c": '#include "base/str.h"\n',
            "code/gen.c": '#include "check/check.h"\n#include "bpf/bpf.h"\n',
            "cli/main.c": '#include "out/out.h"\n#include "target/target.h"\n',
        },
    )
    t.eq(found, [])


def test_layers_rejects_a_higher_folder(t):
    found = violations(t, {"elf/elf.c": '// x\n\n  #  include "target/target.h"\n'})
    t.eq(found, ["src/elf/elf.c:3: elf may not include target/target.h"])


def test_layers_rejects_a_folder_beside(t):
    found = violations(
        t, {"go/abi.c": '#include "dwarf/dwarf.h"\n', "elf/elf.h": '#include "type/type.h"\n'}
    )
    t.eq(
        found,
        [
            "src/elf/elf.h:1: elf may not include type/type.h",
            "src/go/abi.c:1: go may not include dwarf/dwarf.h",
        ],
    )


def test_layers_rejects_a_private_header(t):
    found = violations(t, {"target/target.c": '#include "dwarf/unit.h"\n'})
    t.eq(
        found,
        ["src/target/target.c:1: dwarf/unit.h is private to dwarf (only dwarf/dwarf.h is open)"],
    )


def test_layers_keeps_out_a_leaf(t):
    found = violations(t, {"out/table.c": '#include "target/target.h"\n'})
    t.eq(found, ["src/out/table.c:1: out may not include target/target.h"])


def test_layers_knows_every_folder(t):
    found = violations(
        t,
        {
            "util/util.c": "",
            "base/str.c": '#include "str.h"\n',
            "cli/main.c": '#include "misc/misc.h"\n',
        },
    )
    t.eq(
        found,
        [
            "src/base/str.c:1: include str.h by its path from src/",
            "src/cli/main.c:1: no layer is called misc (misc/misc.h)",
            "src/util: no layer is called util",
        ],
    )
