# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time


def run(args, rows=24, columns=80, env=None):
    """All that it writes there."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.environ.update(env or {})
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.execvp(args[0], args)
    out = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:  # the other side is closed
            part = b""
        if not part:
            break
        out += part
    os.close(fd)
    os.waitpid(pid, 0)
    return out.decode(errors="replace")


class Session:
    """A command on a terminal, which is talked with."""

    def __init__(self, args, cwd, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
            os.chdir(cwd)
            os.execvpe(args[0], args, dict(os.environ, TERM="dumb", **env))
        self.seen = ""

    def send(self, text):
        self.seen = ""
        os.write(self.fd, text.encode())

    def read_until(self, pattern, seconds=20):
        """The match in what came since the last send; None if it does not come."""
        end = time.monotonic() + seconds
        while not (m := re.search(pattern, self.seen)) and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    break
        return m

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
