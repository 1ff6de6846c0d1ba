# SPDX-License-Identifier: Apache-2.0
"""tests/programs/go/obeys as a process, and stoat looking at it meanwhile."""

import subprocess
from contextlib import contextmanager


class Obeys:
    """A process that calls functions when it is told to. before: the words of a command that runs it."""

    def __init__(self, path, before=(), pid_of=None):
        self.process = subprocess.Popen([*before, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.own_pid = int(self.process.stdout.readline().split()[1])  # as it sees itself
        self.pid = pid_of(self.process.pid) if pid_of else self.process.pid

    def call(self, name, times):
        self.process.stdin.write(f"{name} {times}\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != f"{name} {times}\n":
            raise RuntimeError("the program does not obey")

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=20)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def only_child(pid):
    """The process that a waiting one has started, a level below."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
        return int(f.read().split()[0])


@contextmanager
def looking(t, *args, before=()):
    """stoat, attached. When the block ends stoat must have been given a reason to end; then .out and
    .err are what it has printed."""
    with subprocess.Popen([*before, t.stoat_path, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as p:  # fmt: skip
        p.first = ""
        while "sites in" not in p.first and "site in" not in p.first:
            line = p.stderr.readline()
            if not line:
                t.fail(f"stoat {' '.join(map(str, args))} ends: {p.first}")
            p.first += line
        yield p
        out, err = p.communicate(timeout=30)
        p.out, p.err = out, p.first + err
