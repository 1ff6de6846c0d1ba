# SPDX-License-Identifier: Apache-2.0
"""The tests' own tools: a runner that lets failures through would make every other test worthless."""

import os
import re
import shutil

from harness import ROOT

BAD_UNIT = """
#include <signal.h>
#include <unistd.h>
#include "unit.h"
TEST(a_passes) { CHECK(1); }
TEST(b_fails) { CHECK_INT(1 + 1, 3); }
TEST(c_skips) { SKIP("no reason at all"); }
TEST(d_crashes) { raise(SIGSEGV); }
TEST(e_hangs) { for (;;) pause(); }
TEST(f_wrong_text) { CHECK_STR("a", "b"); }
"""

BAD_PYTHON = """
from harness import cases, timeout

def test_passes(t):
    t.eq(1, 1)

def test_fails(t):
    print("a line of output")
    t.sh("echo on stderr >&2; exit 3")

def test_skips(t):
    t.skip("no reason at all")

def test_is_broken(t):
    t.no_such_thing()

@timeout(1)
def test_hangs(t):
    import time
    time.sleep(1000)

@cases([1, (2, 3)])
def test_cases(t, a, b=0):
    t.check(a < 2, "a is small")
"""


def scratch_tree(t):
    """A copy of the runner with nothing to run."""
    root = os.path.join(t.tmp, "tree")
    shutil.copytree(os.path.join(ROOT, "tests", "lib"), os.path.join(root, "tests", "lib"))
    shutil.copy(os.path.join(ROOT, "tests", "run"), os.path.join(root, "tests", "run"))
    os.makedirs(os.path.join(root, "tests", "e2e"))
    for mode in ("release", "asan"):
        path = t.file(f"tree/build/{mode}/unit", "#!/bin/sh\nexit 0\n")
        os.chmod(path, 0o755)
    return root


def test_unit_harness_tells_failures_apart(t):
    source = t.file("bad_test.c", BAD_UNIT)
    binary = os.path.join(t.tmp, "unit")
    t.sh(
        "gcc", "-D_GNU_SOURCE", "-Isrc", "-Itests/unit", "-o", binary, source, "tests/unit/unit.c",
        "src/base/err.c", "src/base/str.c",
    )
    r = t.sh(binary, "-t", "1", rc=1)
    t.eq(
        [line for line in r.out.splitlines() if not line.startswith("#")],
        [
            "1..6",
            "ok 1 - a_passes",
            "not ok 2 - b_fails",
            "ok 3 - c_skips # SKIP no reason at all",
            "not ok 4 - d_crashes",
            "not ok 5 - e_hangs",
            "not ok 6 - f_wrong_text",
        ],
    )
    t.check("1 + 1 is 2 (0x2), not 3 (0x3)" in r.out, "the failed check shows both values")
    t.check('is "a", not "b"' in r.out, "the failed check shows both texts")
    t.check("ran too long" in r.out, "the hanging case is named")
    t.eq(t.sh(binary, "a_pass").out, "1..1\nok 1 - a_passes\n")


def test_runner_tells_failures_apart(t):
    root = scratch_tree(t)
    t.file("tree/tests/e2e/x_test.py", BAD_PYTHON)
    t.file("tree/tests/e2e/y_test.py", "import no_such_module\n")
    r = t.sh(os.path.join(root, "tests", "run"), rc=1, cwd=root)
    t.eq(r.out.splitlines()[-1], "2 passed, 5 failed, 1 skipped")
    failed = set(re.findall(r"^FAIL (.*)", r.out, re.M))
    want = {"test_fails", "test_is_broken", "test_hangs", "test_cases[2-3]"}
    t.eq(failed, {f"x_test::{n}" for n in want} | {"y_test"})
    t.check("skipped 1: no reason at all" in r.out, "the reason of the skip is printed")
    for part in ("on stderr", "a line of output", "x_test.py:9", "ran longer than 1 s"):
        t.check(part in r.out, f"{part!r} is printed")


def test_runner_fails_when_nothing_ran(t):
    root = scratch_tree(t)
    r = t.sh(os.path.join(root, "tests", "run"), "-k", "no-such-test", rc=1, cwd=root)
    t.eq(r.out.splitlines()[-1], "0 passed, 0 failed, 0 skipped")


def test_runner_fails_when_units_are_not_built(t):
    root = scratch_tree(t)
    os.unlink(os.path.join(root, "build", "asan", "unit"))
    r = t.sh(os.path.join(root, "tests", "run"), rc=1, cwd=root)
    t.eq(r.out.splitlines()[-1], "0 passed, 1 failed, 0 skipped")
