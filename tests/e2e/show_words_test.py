# SPDX-License-Identifier: Apache-2.0
"""stoat show: each parameter is where it says at the entry site, each result where it says at the
exits. A debugger stops there and reads the words of values that are known."""

import re

import programs
from harness import ROOT, cases, timeout

FORMS = ["default", "nol", "noopt", "pie", "trimpath", "cgo"]


@timeout(300)
@cases([(v, f) for v in programs.known_versions() for f in FORMS])
def test_words_are_where_show_says(t, version, form):
    t.need_tool("gdb")
    path = t.go("zoo", version, form)
    shown = t.file("show.json", t.stoat("show", "-f", "json", path, "zoo/kinds.*", "zoo/asm.*").out)
    r = t.sh(
        "gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", "tests/lib/gdb_words.py", "--args", path,
        env={"STOAT_ROOT": ROOT, "STOAT_SHOW": shown}, seconds=240,
    )
    if "ptrace: Operation not permitted" in r.err:
        t.skip("gdb may not trace here")
    t.eq([line for line in r.out.splitlines() if line.startswith("WORDS wrong")], [])
    m = re.search(r"WORDS checked: (\d+) of (\d+)\n", r.out)
    t.check(m and int(m.group(1)) >= 100, f"enough was checked\n{r.describe()}")
    # Go 1.15 does not say which parameters have no name, and not always where the others are.
    unknown = [line for line in r.out.splitlines() if line.startswith("WORDS unknown")]
    if programs.minor(version) < 17:
        unknown = [line for line in unknown if "Blank" not in line]
    t.eq(unknown, [])
    missed = [line for line in r.out.splitlines() if line.startswith("WORDS missed")]
    t.check(not missed, f"{missed}")
