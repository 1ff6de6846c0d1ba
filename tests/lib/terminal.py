# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own."""

import fcntl
import os
import pty
import struct
import termios


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
