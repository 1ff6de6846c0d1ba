# SPDX-License-Identifier: Apache-2.0
"""The scripts of tests/diff: how each is run, and how outputs are made comparable.

A script begins with comment lines. The first says what it shows; of the others these are read:

    // RUN: -c './demo calls'     options, before the script; programs of tests/programs/c stand in
                                  the folder that it runs in
    // PARAMS: 5 'a b'            what follows the script
    // ENV: NAME=VALUE ...        environment
    // MASK: REGEX                what matches in the output is not compared
    // SORT:                      the order of the lines is not compared
    // REFUSED:                   it must not run; the wording of the refusal is not compared
    // DIFFERS: REASON            stoat is meant to do something else than bpftrace:
    // EXPECT: LINE               the output of stoat, line by line
    // STATUS: N                  the exit status of stoat

NAME.out beside it is what bpftrace did: its exit status, then its output.
"""

import functools
import json
import os
import re
import shlex
import shutil
import subprocess

import programs

FOLDER = os.path.join(programs.ROOT, "tests", "diff")
PEER = os.path.join(programs.ROOT, "scripts", "peer")
PROGRAMS = {"demo": "demo.c", "notes": "notes.c"}
HEADER = re.compile(r"// ([A-Z]+):(?: (.*))?")
RUN_SECONDS = 60


class Script:
    def __init__(self, name):
        self.name = name
        self.path = os.path.join(FOLDER, name + ".bt")
        self.recording = os.path.join(FOLDER, name + ".out")
        self.options = []
        self.params = []
        self.env = {}
        self.masks = []
        self.is_sorted = False
        self.is_refused = False
        self.reason = None
        self.expected = None
        self.status = None
        with open(self.path, encoding="utf-8") as f:
            self.text = f.read()
        for line in self.text.splitlines():
            if line.startswith("#!"):
                continue
            if not line.startswith("//"):
                break
            m = HEADER.fullmatch(line)
            if m:
                self.read_header(m.group(1), m.group(2) or "")

    def read_header(self, key, text):
        if key == "RUN":
            self.options = shlex.split(text)
        elif key == "PARAMS":
            self.params = shlex.split(text)
        elif key == "ENV":
            self.env = dict(item.split("=", 1) for item in shlex.split(text))
        elif key == "MASK":
            self.masks.append(text)
        elif key == "SORT":
            self.is_sorted = True
        elif key == "REFUSED":
            self.is_refused = True
        elif key == "DIFFERS":
            self.reason = text
        elif key == "EXPECT":
            self.expected = (self.expected or "") + text + "\n"
        elif key == "STATUS":
            self.status = int(text)
        else:
            raise ValueError(f"{self.path}: what is {key}?")

    @property
    def is_json(self):
        return "json" in self.options

    def command(self, tracer, script_path):
        return [*tracer, *self.options, script_path, *self.params]

    def comparable(self, out):
        """The lines of an output without what may differ from run to run."""
        for mask in self.masks:
            out = re.sub(mask, "<masked>", out, flags=re.M)
        lines = [line.rstrip() for line in out.split("\n")]
        if self.is_json:
            lines = [parsed(line) for line in lines]
        if self.is_sorted:
            lines = sorted(line for line in lines if line)
        while lines and not lines[-1]:
            lines.pop()
        return lines


def parsed(line):
    """JSON in one spelling; anything else as it is."""
    try:
        return json.dumps(json.loads(line), sort_keys=True)
    except ValueError:
        return line


def names():
    return sorted(f[: -len(".bt")] for f in os.listdir(FOLDER) if f.endswith(".bt"))


class Recorded:
    """What a tracer did with a script: its exit status and what it printed."""

    def __init__(self, status, out):
        self.status = status
        self.out = out

    def text(self):
        return f"status {self.status}\n{self.out}"

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
            status, _, out = f.read().partition("\n")
        return Recorded(int(status.split()[1]), out)


def fill(folder, script):
    """Puts what a script needs into an empty folder; gives the path of the script there."""
    for name, source in PROGRAMS.items():
        shutil.copy(programs.c(source), os.path.join(folder, name))
    return shutil.copy(script.path, folder)


@functools.lru_cache(maxsize=None)
def peer_missing():
    """Why the peer cannot be run; None if it can."""
    if os.geteuid() != 0:
        return "running bpftrace needs root"
    p = subprocess.run([PEER, "--path"], capture_output=True, text=True, check=False)
    return None if p.returncode == 0 else p.stderr.strip()


def run_peer(script, folder):
    """What bpftrace does with it, in a folder below /tmp."""
    path = os.path.basename(fill(folder, script))
    env = {k: v for k, v in os.environ.items() if not k.startswith(("BPFTRACE_", "STOAT_M"))}
    p = subprocess.run(
        script.command([PEER, "--run", "bpftrace"], path), capture_output=True, cwd=folder, text=True,
        env=dict(env, **script.env), timeout=RUN_SECONDS, stdin=subprocess.DEVNULL, check=False,
        errors="surrogateescape",
    )
    return Recorded(p.returncode, p.stdout), p.stderr
