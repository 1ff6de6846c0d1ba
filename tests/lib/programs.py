# SPDX-License-Identifier: Apache-2.0
"""Builds the programs that tests look at, once, into build/programs/.

A program is built anew when its sources, its flags or its toolchain change. Two processes that want
the same one do not build it twice: the second waits for the first.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = os.path.join(ROOT, "tests", "programs")
OUT = os.path.join(ROOT, "build", "programs")
BUILD_SECONDS = 900
LIBRARIES = ["-lZydis", "-ldeflate", "-lzstd", "-liberty"]

# form: (arguments of go build, environment, what is done to the result)
GO_FORMS = {
    "default": ([], {}, []),
    "stripped": (["-ldflags=-s -w"], {}, []),
    "nol": (["-gcflags=-l"], {}, []),
    "noopt": (["-gcflags=all=-N -l"], {}, []),
    "pie": (["-buildmode=pie"], {}, []),
    "trimpath": (["-trimpath"], {}, []),
    "cgo": (["-tags=withcgo", "-ldflags=-linkmode=external"], {"CGO_ENABLED": "1"}, []),
    # The linker's own -s leaves pclntab its section; strip on a PIE does not know of Go at all.
    "cgostrip": (["-tags=withcgo", "-ldflags=-linkmode=external"], {"CGO_ENABLED": "1"}, ["strip"]),
    "c-shared": (["-tags=withcgo", "-buildmode=c-shared"], {"CGO_ENABLED": "1"}, []),
    "plugin": (["-buildmode=plugin"], {"CGO_ENABLED": "1"}, []),
    "arm64": ([], {"GOARCH": "arm64"}, []),
    "arm64-stripped": (["-ldflags=-s -w"], {"GOARCH": "arm64"}, []),
}


class CannotBuild(Exception):
    """Something that the build needs is not on this machine."""


class BuildFailed(Exception):
    pass


def stoat_path():
    """The stoat under test: STOAT, or ./stoat."""
    return os.path.normpath(os.path.join(ROOT, os.environ.get("STOAT", "stoat")))


def command_lines(*args):
    p = subprocess.run(args, capture_output=True, text=True, check=True, cwd=ROOT)
    return p.stdout.splitlines()


@functools.lru_cache(maxsize=None)
def known_versions():
    """Every Go version that the tests are written for."""
    return command_lines("scripts/toolchains", "--known")


@functools.lru_cache(maxsize=None)
def toolchains():
    """version -> GOROOT of those that are there."""
    return dict(line.split(" ", 1) for line in command_lines("scripts/toolchains", "--list"))


def minor(version):
    return int(version.split(".")[1])


@functools.lru_cache(maxsize=None)
def go_env(version):
    """The environment in which that toolchain runs."""
    if version not in toolchains():
        raise CannotBuild(f"Go {version} is not there (scripts/toolchains fetches it)")
    env = dict(os.environ)
    for name in ("GOOS", "GOARCH", "GOEXPERIMENT", "GODEBUG", "CGO_CFLAGS", "CGO_LDFLAGS", "GOWORK"):
        env.pop(name, None)
    env.update(line.split("=", 1) for line in command_lines("scripts/toolchains", "--env", version))
    # Builds must not depend on whether the checkout is a git one.
    if minor(version) >= 18:
        env["GOFLAGS"] += " -buildvcs=false"
    env["CGO_ENABLED"] = "0"
    return env


@contextlib.contextmanager
def locked(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def digest(folder_or_file, *facts):
    h = hashlib.sha256(repr(facts).encode())
    files = [folder_or_file]
    if os.path.isdir(folder_or_file):
        files = sorted(os.path.join(d, f) for d, _, names in os.walk(folder_or_file) for f in names)
    for path in files:
        h.update(os.path.relpath(path, folder_or_file).encode() + b"\0")
        with open(path, "rb") as f:
            h.update(f.read())
    return h.hexdigest()


def cached(folder, name, key, build):
    """build(path) makes folder/name, unless it is there and was made for the same key."""
    path = os.path.join(folder, name)
    stamp = path + ".key"
    with locked(path + ".lock"):
        try:
            with open(stamp, encoding="utf-8") as f:
                if f.read() == key and os.path.exists(path):
                    return path
        except FileNotFoundError:
            pass
        with contextlib.suppress(FileNotFoundError):
            os.unlink(stamp)
        fresh = path + ".new"
        build(fresh)
        os.replace(fresh, path)
        with open(stamp, "w", encoding="utf-8") as f:
            f.write(key)
    return path


def run(args, **kwargs):
    try:
        p = subprocess.run(
            args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BUILD_SECONDS,
            stdin=subprocess.DEVNULL, check=False, **kwargs,
        )
    except subprocess.TimeoutExpired:
        raise BuildFailed(f"{' '.join(args)}: took longer than {BUILD_SECONDS} s") from None
    except FileNotFoundError:
        raise CannotBuild(f"needs {args[0]}, which is not installed") from None
    if p.returncode != 0:
        raise BuildFailed(f"$ {' '.join(args)}\n{p.stdout}")


def borrowed(source):
    """Folders of other programs whose packages this one uses."""
    with open(os.path.join(source, "go.mod"), encoding="utf-8") as f:
        return [os.path.join(source, p) for p in re.findall(r"^replace \S+ => (\S+)$", f.read(), re.M)]


def go(program, version="1.24", form="default"):
    """The path of tests/programs/go/PROGRAM, built by that toolchain in that form."""
    source = os.path.join(SOURCES, "go", program)
    args, form_env, after = GO_FORMS[form]
    env = dict(go_env(version), **form_env)
    if env["CGO_ENABLED"] == "1" and not shutil.which("gcc"):
        raise CannotBuild("needs gcc, which is not installed")
    key = digest(source, args, form_env, after, toolchain_id(version), *map(digest, borrowed(source)))

    def build(out):
        run(["go", "build", "-o", out, *args, "."], cwd=source, env=env)
        for command in after:
            run([command, out])

    return cached(os.path.join(OUT, program, f"{version}-{form}"), program, key, build)


@functools.lru_cache(maxsize=None)
def toolchain_id(version):
    return command_lines(os.path.join(toolchains()[version], "bin", "go"), "version")


def go_compiler(version="1.24", stripped=False):
    """The Go compiler, built from that toolchain's own sources: a big program that everybody has."""
    name = "compile-stripped" if stripped else "compile"
    env = go_env(version)
    args = ["-ldflags=-s -w"] if stripped else []

    def build(out):
        run(["go", "build", "-o", out, *args, "cmd/compile"], cwd=OUT, env=env)

    return cached(os.path.join(OUT, "compile", version), name, repr((toolchain_id(version), args)), build)


@functools.lru_cache(maxsize=None)
def compiler_id(cc):
    if not shutil.which(cc):
        raise CannotBuild(f"needs {cc}, which is not installed")
    return command_lines(cc, "--version")[0]


def c(program, flags=("-O2", "-g"), cc=None, strip=False):
    """The path of tests/programs/c/PROGRAM (a file name), built with these flags."""
    source = os.path.join(SOURCES, "c", program)
    name, suffix = os.path.splitext(program)
    cc = cc or ("g++" if suffix == ".cc" else "gcc")
    key = digest(source, cc, compiler_id(cc), flags, strip)

    def build(out):
        run([cc, *flags, "-o", out, os.path.relpath(source, ROOT)], cwd=ROOT)
        if strip:
            run(["strip", out])

    return cached(os.path.join(OUT, name, key[:12]), name, key, build)


def tool(name):
    """A helper program of the tests, built from tests/tools/NAME.c."""
    source = os.path.join(ROOT, "tests", "tools", name + ".c")
    key = digest(source, compiler_id("gcc"))

    def build(out):
        run(["gcc", "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-pthread", "-o", out, source], cwd=ROOT)

    return cached(os.path.join(ROOT, "build", "tools"), name, key, build)


def lib_tool(name, *also):
    """A helper program of the tests that uses stoat's own library, and other sources of the tests."""
    sources = [os.path.join(ROOT, "tests", path) for path in (f"tools/{name}.c", *also)]
    library = os.path.join(ROOT, "build", "release", "libstoat.a")
    key = digest(sources[0], compiler_id("gcc"), *map(digest, [*sources[1:], library]))

    def build(out):
        flags = ["-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-Isrc"]
        run(["gcc", *flags, "-o", out, *sources, library, *LIBRARIES], cwd=ROOT)

    return cached(os.path.join(ROOT, "build", "tools"), name, key, build)


NM_LINE = re.compile(r"\s*([0-9a-f]*) ([A-Za-z_?]) (.*)")


def go_nm(version, path):
    """(address or None, type letter, name) of each symbol, as the toolchain's own nm prints them."""
    p = subprocess.run(
        ["go", "tool", "nm", path], env=go_env(version), capture_output=True, text=True, check=True
    )
    found = []
    for line in p.stdout.splitlines():
        address, letter, name = NM_LINE.fullmatch(line).groups()
        found.append((int(address, 16) if address else None, letter, name))
    return found
