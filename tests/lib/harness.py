# SPDX-License-Identifier: Apache-2.0
"""What a test gets: `def test_something(t):` in tests/e2e/*_test.py.

    from harness import cases, timeout

    @timeout(300)                       # seconds, builds of test programs not counted
    @cases(["1.15", "1.24"])            # one run, and one result, for each
    def test_list(t, version):
        r = t.stoat("list", t.go("zoo", version), "main.*")
        t.check("main.main" in r.out, "main.main is listed")
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile

import programs

ROOT = programs.ROOT
DEFAULT_TIMEOUT = 120
SANITIZER = re.compile(r"==\d+==\s*ERROR: \w+Sanitizer|: runtime error: ")


class Skipped(Exception):
    pass


class Failed(Exception):
    pass


def timeout(seconds):
    def mark(fn):
        fn.timeout = seconds
        return fn

    return mark


def cases(values):
    """The test runs once for each value, which it gets after t. A tuple is spread over arguments."""

    def mark(fn):
        fn.cases = list(values)
        return fn

    return mark


class Result:
    def __init__(self, args, rc, out, err):
        self.args = args
        self.rc = rc
        self.out = out
        self.err = err

    def describe(self):
        command = " ".join(map(str, self.args))
        text = f"$ {command}\nexit status {self.rc}"
        for name, content in (("stdout", self.out), ("stderr", self.err)):
            if content:
                text += f"\n--- {name}\n{cut(content)}"
        return text


def cut(text, limit=4000):
    if len(text) <= limit:
        return text
    return text[: limit // 2] + f"\n... {len(text) - limit} characters ...\n" + text[-limit // 2 :]


def run(args, stdin=None, env=None, cwd=None, seconds=60):
    """Runs a command in a process group of its own, so that a timeout ends its children too; it stays
    in the session of the test, whose end it does not outlive."""
    args = [os.fspath(a) for a in args]
    full_env = dict(os.environ, **env) if env else None
    with subprocess.Popen(
        args,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=full_env,
        cwd=cwd or ROOT,
        text=True,
        errors="surrogateescape",
        process_group=0,
    ) as p:
        try:
            out, err = p.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            out, err = p.communicate()
            r = Result(args, "none", out, err)
            raise Failed(f"ran longer than {seconds} s\n{r.describe()}") from None
    return Result(args, p.returncode, out, err)


class T:
    """One run of one test."""

    def __init__(self, clock, tmp):
        self.clock = clock
        self._tmp = tmp

    # --- verdicts ---

    def skip(self, reason):
        raise Skipped(reason)

    def fail(self, message):
        raise Failed(message)

    def check(self, condition, message):
        if not condition:
            raise Failed(f"not so: {message}")

    def eq(self, got, want, message=""):
        if got != want:
            raise Failed(f"{message or 'values differ'}\n  got  {got!r}\n  want {want!r}")

    def need_root(self):
        if os.geteuid() != 0:
            self.skip("needs root")

    def need_tool(self, name):
        path = shutil.which(name)
        if not path:
            self.skip(f"needs {name}, which is not installed")
        return path

    # --- commands ---

    @property
    def stoat_path(self):
        """The stoat under test, for commands that run it themselves."""
        return programs.stoat_path()

    def stoat(self, *args, rc=0, stdin=None, env=None, seconds=60):
        """Runs the stoat under test. rc=None accepts any exit status, but no signal."""
        r = run([self.stoat_path, *args], stdin=stdin, env=env, seconds=seconds)
        if SANITIZER.search(r.err):
            raise Failed(f"a sanitizer reports\n{r.describe()}")
        if r.rc != rc and (rc is not None or r.rc < 0):
            want = "an exit status" if rc is None else rc
            raise Failed(f"exit status {r.rc}, not {want}\n{r.describe()}")
        return r

    def sh(self, *args, rc=0, stdin=None, env=None, cwd=None, seconds=60):
        """Runs any other command; one string goes to the shell. rc=None accepts any status."""
        if len(args) == 1 and isinstance(args[0], str) and " " in args[0]:
            args = ("sh", "-c", args[0])
        r = run(args, stdin=stdin, env=env, cwd=cwd, seconds=seconds)
        if rc is not None and r.rc != rc:
            raise Failed(f"exit status {r.rc}, not {rc}\n{r.describe()}")
        return r

    # --- files and programs ---

    @property
    def tmp(self):
        """A folder of this run's own, removed when it ends."""
        os.makedirs(self._tmp, exist_ok=True)
        return self._tmp

    def file(self, name, content):
        """Writes a file (text or bytes) into tmp and gives its path."""
        path = os.path.join(self.tmp, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content.encode() if isinstance(content, str) else content)
        return path

    def go_versions(self):
        """The Go versions whose toolchains are there, oldest first."""
        return list(programs.toolchains())

    def go(self, program, version="1.24", form="default"):
        """The path of tests/programs/go/PROGRAM built by that toolchain in that form."""
        return self._build(programs.go, program, version, form)

    def c(self, program, *flags, cc=None, strip=False):
        """The path of tests/programs/c/PROGRAM built with these flags (default -O2 -g)."""
        return self._build(programs.c, program, flags or ("-O2", "-g"), cc, strip)

    def tool(self, name):
        """The path of a helper program of the tests, built from tests/tools/NAME.c."""
        return self._build(programs.tool, name)

    def lib_tool(self, name, *also):
        """The same for one that uses stoat's own library, and other sources below tests/."""
        return self._build(programs.lib_tool, name, *also)

    def go_compiler(self, version):
        """The path of the Go compiler, built from that toolchain's own sources."""
        return self._build(programs.go_compiler, version)

    def _build(self, fn, *args):
        with self.clock.paused():
            try:
                return fn(*args)
            except programs.CannotBuild as e:
                self.skip(str(e))
            except programs.BuildFailed as e:
                self.fail(str(e))


def new_tmp():
    return tempfile.mkdtemp(prefix="stoat-test-")
