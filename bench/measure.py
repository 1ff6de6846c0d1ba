# SPDX-License-Identifier: Apache-2.0
"""What the parts of bench/run share: measuring commands, and rows of figures."""

import functools
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))

import programs  # noqa: E402

STOAT = os.path.join(ROOT, "stoat")
RUNS = 9


def measure(args, env=None, runs=RUNS, inside=()):
    """Best wall-clock seconds and the largest resident size in MB; inside: a command that runs it."""
    p = subprocess.run(
        [*inside, programs.tool("cost"), str(runs), *args],
        capture_output=True, text=True, env=env, check=False,
    )
    if p.returncode != 0:
        raise SystemExit(f"bench: failed: {' '.join(args)}\n{p.stderr}")
    seconds, size = p.stdout.split()
    return float(seconds), int(size) / 1024


def row(name, *cells):
    print(f"  {name:36} {'  '.join(cells)}", flush=True)


def report(title, rows):
    """rows: (name, args, env, inside). The first one is ours."""
    print(f"\n{title}")
    ours = None
    for name, args, env, *inside in rows:
        if not inside and not shutil.which(args[0], path=(env or os.environ)["PATH"]):
            row(name, "not installed")
            continue
        seconds, size = measure(args, env, inside=inside[0] if inside else ())
        ours = ours or seconds
        row(name, f"{seconds * 1000:8.1f} ms", f"{size:6.1f} MB", f"{seconds / ours:6.1f}x")


class Tracer:
    """A tool that runs scripts in the bpftrace language."""

    def __init__(self, name, command, inside=()):
        self.name, self.command, self.inside = name, list(command), list(inside)

    @property
    def args(self):
        return [*self.inside, *self.command]


@functools.lru_cache(maxsize=None)
def tracers():
    """stoat, the newest bpftrace (scripts/peer) and the machine's own, as far as they are there."""
    found = [Tracer("stoat", [STOAT])]
    peer = os.path.join(ROOT, "scripts", "peer")
    inside = [peer, "--run"]
    if subprocess.run([peer, "--path"], capture_output=True, check=False).returncode == 0:
        # Programs are seen in there at the places where they are.
        os.environ["STOAT_PEER_SEES"] = os.path.dirname(os.path.realpath(programs.OUT))
        found.append(Tracer(bpftrace_name([*inside, "bpftrace"]), ["bpftrace"], inside))
    else:
        print("bench: no newest bpftrace to compare with (scripts/peer makes it)")
    if shutil.which("bpftrace"):
        found.append(Tracer(bpftrace_name(["bpftrace"]), ["bpftrace"]))
    return found


def bpftrace_name(command):
    p = subprocess.run([*command, "-V"], capture_output=True, text=True, check=True)
    return p.stdout.strip().replace("bpftrace v", "bpftrace ")
