# SPDX-License-Identifier: Apache-2.0
"""Scripts that `stoat gen` writes: writing them, and running them by stoat and by bpftrace."""

import os
import re
import subprocess

import diffs
import programs

# The newest bpftrace of the peer's root.
NEWEST = "0.27"
SECONDS = 100


def write(t, *args, version=NEWEST, rc=0):
    """The script's path, and what was said."""
    out = os.path.join(t.tmp, "script.bt")
    r = t.stoat("gen", "--bpftrace", version, "-o", out, *args, rc=rc)
    return out, r


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Run:
    def __init__(self, rc, out, err):
        self.rc = rc
        self.out = out
        self.err = err
        self.lines = out.splitlines()

    def own(self, kind):
        """What the program says itself: the rest of its lines that begin so."""
        return [line[len(kind) + 1 :] for line in self.lines if line.startswith(kind + " ")]

    def describe(self):
        return f"exit status {self.rc}\nstdout:\n{self.out[:4000]}\nstderr:\n{self.err[:4000]}"


def by_stoat(t, script, command, *options):
    r = t.stoat(*options, "-c", command, script, seconds=SECONDS)
    return Run(r.rc, r.out, r.err)


def by_bpftrace(t, script, command, *options):
    if diffs.peer_missing():
        t.skip(diffs.peer_missing())
    env = {k: v for k, v in os.environ.items() if not k.startswith(("BPFTRACE_", "STOAT_M"))}
    p = subprocess.run(
        [diffs.PEER, "--run", "bpftrace", *options, "-c", command, script], capture_output=True, cwd=t.tmp, text=True,
        env=env, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False, errors="surrogateescape",
    )
    r = Run(p.returncode, p.stdout, p.stderr)
    t.eq(r.rc, 0, r.describe())
    return r


RUNNERS = {"stoat": by_stoat, "bpftrace": by_bpftrace}


def histogram_total(out, name):
    """How many values a histogram of @us[NAME] has."""
    m = re.search(rf"^@us\[{re.escape(name)}\]:\n((?:[\[(].*\n)+)", out, re.M)
    return sum(int(row.split("|")[0].split()[-1]) for row in m[1].splitlines()) if m else 0


def shown_warnings(err):
    """Those that are about the script; bpftrace has some about the machine, too."""
    machine = ("available_filter_functions", "RLIMIT_MEMLOCK", "binary appears stripped")
    return [line for line in err.splitlines() if "WARNING" in line and not any(m in line for m in machine)]


def root():
    return programs.ROOT
