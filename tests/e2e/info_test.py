# SPDX-License-Identifier: Apache-2.0
"""stoat info: what the kernel can do, for root and for others; nothing stays behind."""

import contextlib
import ctypes
import errno
import json
import os
import re
import shutil
import struct
import tempfile
import time

from harness import cases

SYSTEM = ["kernel", "CPUs", "preemption", "privileges", "lockdown", "tracefs", "limits"]
ROW = re.compile(r"^(\S.*?) {2,}(yes|no|\?)(?:  +(\S.*))?$")
ANSWER = {"yes": True, "no": False, "?": None}
OTHER_USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# What a program needs to be loaded and to be heard is in every kernel that stoat is for.
ALWAYS = ["prog_uprobe", "prog_tracepoint", "prog_perf_event", "ringbuf", "map_mmap", "map_batch"]


def info_json(t, *command):
    r = t.sh(*command, "info", "-f", "json") if command else t.stoat("info", "-f", "json")
    t.eq((r.err, len(r.out.splitlines())), ("", 1), r.describe())
    return json.loads(r.out)


def rows(t, text):
    """The table as (name, answer, remark), and the lines above it."""
    above, _, below = text.partition("\n\n")
    found = []
    for line in below.splitlines():
        m = ROW.match(line)
        t.check(m, f"{line!r} is a row")
        found.append(m.groups())
    return above.splitlines(), found


@contextlib.contextmanager
def for_everybody(t):
    """The stoat under test where other users reach it."""
    with tempfile.TemporaryDirectory(prefix="stoat-test-") as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "stoat")
        shutil.copy(t.stoat_path, path)
        os.chmod(path, 0o755)
        yield path


def test_info_text(t):
    r = t.stoat("info")
    t.eq(r.err, "")
    above, found = rows(t, r.out)
    t.eq([line.split()[0] for line in above if line[0] != " "], SYSTEM)
    t.check(os.uname().release in above[0] and os.uname().machine in above[0], above[0])
    # One column for the names, one for the answers.
    table = r.out.partition("\n\n")[2].splitlines()
    width = max(len(name) for name, _, _ in found) + 2
    for line, (name, answer, remark) in zip(table, found):
        t.eq(line[width:].split()[0], answer)
        t.check(bool(remark) == (answer != "yes"), line)
        t.check(line == line.rstrip(), repr(line))
        t.eq(line[: len(name)], name)


def test_info_json_has_the_same(t):
    _, found = rows(t, t.stoat("info").out)
    got = info_json(t)
    t.eq(list(got), ["version", "system", "features"])
    t.eq([ANSWER[answer] for _, answer, _ in found], [f["supported"] for f in got["features"].values()])
    for key, f in got["features"].items():
        t.check(re.fullmatch("[a-z_]+", key), key)
        t.eq(sorted(f), ["supported"] if f["supported"] else ["supported", "why", "without"], key)
        t.check(f["supported"] or (f["why"] and f["without"]), f)
    system = got["system"]
    t.eq(system["kernel"], os.uname().release)
    t.eq(system["machine"], os.uname().machine)
    t.check(0 < system["cpus_online"] <= system["cpus_possible"], system)
    t.eq(system["root"], os.geteuid() == 0)
    t.check(isinstance(system["capabilities"], list), system)


def test_info_as_root_finds_the_ground(t):
    t.need_root()
    features = info_json(t)["features"]
    if not features["bpf"]["supported"]:
        t.skip(features["bpf"]["why"])
    for key in ALWAYS + ["uprobe_event"]:
        t.check(features[key]["supported"], (key, features[key]))
    t.check(all(f["supported"] is not None for f in features.values()), features)


def test_info_as_another_user(t):
    t.need_root()
    t.need_tool("setpriv")
    with for_everybody(t) as stoat:
        got = info_json(t, *OTHER_USER, stoat)
        r = t.sh(*OTHER_USER, stoat, "info")
    t.eq(r.err, "")
    above, found = rows(t, r.out)
    t.check(any(line.startswith("privileges") and "needs root" in line for line in above), above)
    t.check(not got["system"]["root"] and not got["system"]["may_trace"], got["system"])
    t.eq(got["features"]["bpf"]["supported"], False)
    t.check("needs root" in got["features"]["bpf"]["why"], got["features"]["bpf"])
    for key in ALWAYS:
        t.eq(got["features"][key]["supported"], None, key)
    # The reason stands once, where it belongs.
    t.eq(sum("needs root" in (remark or "") for _, _, remark in found), 1)


def test_info_with_two_capabilities(t):
    t.need_root()
    t.need_tool("setpriv")
    if not info_json(t)["features"]["bpf"]["supported"]:
        t.skip("BPF is not allowed")
    caps = ["--inh-caps=+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon"]
    with for_everybody(t) as stoat:
        got = info_json(t, *OTHER_USER, *caps, stoat)
    t.eq(got["system"]["capabilities"], ["CAP_BPF", "CAP_PERFMON"])
    for key in ALWAYS:
        t.check(got["features"][key]["supported"], (key, got["features"][key]))
    # What more it takes differs by kernel: not to be had is not the same as not there.
    event = got["features"]["uprobe_event"]
    t.check(event["supported"] or (event["supported"] is None and event["why"] == "not permitted"), event)


# --- nothing stays behind ---

SYS_BPF = {"x86_64": 321, "aarch64": 280}.get(os.uname().machine)
OBJECTS = {  # what: (next id, descriptor by id, where the info has a name)
    "program": (11, 13, 64),
    "map": (12, 14, 24),
}
GET_INFO = 15


def bpf(command, fmt, *values):
    attr = ctypes.create_string_buffer(struct.pack(fmt, *values), 128)
    libc = ctypes.CDLL(None, use_errno=True)
    rc = libc.syscall(SYS_BPF, command, attr, 128)
    if rc < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return rc, attr.raw


def names_of(what):
    """The names of all programs or maps that the kernel has."""
    next_id, by_id, name_off = OBJECTS[what]
    found, last = [], 0
    while True:
        try:
            last = struct.unpack_from("I", bpf(next_id, "I", last)[1], 4)[0]
        except OSError as e:
            if e.errno == errno.ENOENT:
                return found
            raise
        try:
            fd, _ = bpf(by_id, "I", last)
        except OSError:
            continue  # gone meanwhile
        info = ctypes.create_string_buffer(256)
        try:
            bpf(GET_INFO, "IIQ", fd, len(info), ctypes.addressof(info))
        finally:
            os.close(fd)
        found.append(info.raw[name_off : name_off + 16].split(b"\0")[0].decode())
    return found


def test_info_leaves_nothing_in_the_kernel(t):
    t.need_root()
    if not SYS_BPF or not info_json(t)["features"]["bpf"]["supported"]:
        t.skip("BPF is not allowed")
    mounts = t.sh("cat", "/proc/self/mounts").out
    for _ in range(3):
        t.stoat("info")
    t.eq(t.sh("cat", "/proc/self/mounts").out.count("tracefs"), mounts.count("tracefs"))
    # Links hold programs, programs hold maps. Other runs of stoat info may be under way.
    end = time.monotonic() + 30
    left = None
    while time.monotonic() < end:
        left = [name for what in OBJECTS for name in names_of(what) if name == "stoat_info"]
        if not left:
            return
        time.sleep(0.05)
    t.fail(f"{len(left)} programs and maps are still there")


def test_info_leaves_no_process(t):
    script = """if True:
        import ctypes, os, subprocess, sys
        PR_SET_CHILD_SUBREAPER = 36
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        subprocess.run([sys.argv[1], "info"], stdout=subprocess.DEVNULL, check=True)
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            sys.exit(0)
        sys.exit("a process is left")"""
    t.sh("/usr/bin/python3", "-c", script, t.stoat_path)



# --- the command line ---


def test_info_output_file_and_full_disk(t):
    path = os.path.join(t.tmp, "info")
    t.eq(t.stoat("info", "-o", path).out, "")
    with open(path, encoding="utf-8") as f:
        rows(t, f.read())
    t.check("No space left" in t.stoat("info", "-o", "/dev/full", rc=2).err, "a full disk is told")


@cases([["x"], ["--frob"], ["-f", "xml"]])
def test_info_usage(t, args):
    r = t.stoat("info", *args, rc=1)
    t.check(r.err.startswith("stoat: error: "), r.err)


def test_info_help(t):
    r = t.stoat("info", "--help")
    t.check("usage: stoat info" in r.out and "examples:" in r.out, r.out)
    t.check("  info " in t.stoat("--help").out, "it is among the commands")
