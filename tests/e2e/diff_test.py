# SPDX-License-Identifier: Apache-2.0
"""The scripts of tests/diff under stoat, compared with what bpftrace 0.27 does with them: as it was
recorded (tests/diff/record), and anew for a sample where scripts/peer has made the root for it.
STOAT_PEER_TESTS=all runs the whole set under both."""

import difflib
import os

import diffs
from harness import cases, timeout

NAMES = diffs.names()
SAMPLE = NAMES if os.environ.get("STOAT_PEER_TESTS") == "all" else NAMES[::16]


def difference(script, want, got):
    lines = difflib.unified_diff(
        script.comparable(want), script.comparable(got), "expected", "stoat", lineterm=""
    )
    return "\n".join(lines)


def run_stoat(t, script):
    path = t._build(diffs.fill, t.tmp, script)
    tracer = [t.stoat_path]
    return t.sh(*script.command(tracer, os.path.basename(path)), rc=None, env=script.env, cwd=t.tmp)


def compare(t, script, want):
    r = run_stoat(t, script)
    if script.is_refused and script.reason is None:
        t.check(r.rc in (1, 2), f"refused with a status of 1 or 2\n{r.describe()}")
        t.check("error: " in r.err, f"an error message\n{r.describe()}")
        return
    status, out = want.status, want.out
    if script.reason is not None:
        status = script.status or 0
        out = script.expected or ""
    lines = difference(script, out, r.out)
    t.check(not lines, f"the output is as expected\n{lines}\n{r.describe()}")
    t.check(r.rc == status, f"exit status {status}\n{r.describe()}")


@cases(NAMES)
@timeout(60)
def test_recorded(t, name):
    t.need_root()
    script = diffs.Script(name)
    t.check(os.path.exists(script.recording), f"{name}.out is there (tests/diff/record makes it)")
    compare(t, script, diffs.Recorded.read(script.recording))


@cases(SAMPLE)
@timeout(120)
def test_peer(t, name):
    if diffs.peer_missing():
        t.skip(diffs.peer_missing())
    script = diffs.Script(name)
    folder = os.path.join(t.tmp, "peer")
    os.mkdir(folder)
    t._build(diffs.fill, folder, script)
    found, _ = diffs.run_peer(script, folder)
    want = diffs.Recorded.read(script.recording)
    t.eq(found.status, want.status, "its exit status")
    if not script.is_refused and script.reason is None:
        lines = difference(script, want.out, found.out)
        t.check(not lines, f"bpftrace does what was recorded\n{lines}")
