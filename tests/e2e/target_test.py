# SPDX-License-Identifier: Apache-2.0
"""What the commands without a script take for TARGET and FUNC: processes, whatever has become of their
files and wherever they run, and functions by name, pattern or last part."""

import os
import re
import shutil
import signal
import subprocess

import counts
import obeys
from harness import cases, timeout
from obeys import Obeys, looking

VERSIONS = ["1.15", "1.24", "1.27"]
GET = "main.(*store).get"


def counted(t, process, target, *options, name="store.get", times=100, command=("count",), before=()):
    """What stoat prints of so many calls; it ends with the process."""
    with looking(t, *command, target, GET, *options, before=before) as p:
        process.call(name, times)
        process.end()
    return p


def check_counted(t, p, times=100):
    t.eq(counts.table(p.out)[0], {GET: times} if times else {}, p.err + p.out)


def need_unshare(t, *options):
    t.need_root()
    t.need_tool("unshare")
    if t.sh("unshare", *options, "true", rc=None).rc != 0:
        t.skip(f"unshare {' '.join(options)} is not allowed here")


# --- processes ---


@cases(VERSIONS)
def test_pid(t, version):
    t.need_root()
    with Obeys(t.go("obeys", version)) as process:
        p = counted(t, process, process.pid)
    check_counted(t, p)
    t.check(f" in obeys, process {process.pid} (go1." in p.first and "; Ctrl-C to stop" in p.first, p.first)


@cases(["replaced", "deleted"])
def test_file_has_gone(t, fate):
    """The running program is traced, not what stands in its place."""
    t.need_root()
    path = shutil.copy(t.go("obeys", "1.24"), t.file("prog", ""))
    with Obeys(path) as process:
        os.unlink(path)
        if fate == "replaced":
            shutil.copy(t.go("obeys", "1.27"), path)
        p = counted(t, process, process.pid)
        check_counted(t, p)
        t.check("(go1.24" in p.first, p.first)


def test_stacks_of_a_deleted_file(t):
    t.need_root()
    path = shutil.copy(t.go("obeys", "1.24"), t.file("prog", ""))
    with Obeys(path) as process:
        os.unlink(path)
        p = counted(t, process, process.pid, "--folded", command=("stacks",))
    t.eq(p.out, f"main.call;runtime.goexit;main.call.func1;{GET} 100\n", p.err)


def test_replaced_file_by_its_path(t):
    """Who names the file by its path means the new one: that the process executes another is told."""
    t.need_root()
    path = shutil.copy(t.go("obeys", "1.24"), t.file("prog", ""))
    with Obeys(path) as process:
        os.unlink(path)
        shutil.copy(t.go("obeys", "1.27"), path)
        p = counted(t, process, path, "-p", str(process.pid))
    check_counted(t, p, 0)
    t.check("warning" in p.err and str(process.pid) in p.err, p.err)


@cases(["count", "stacks"])
def test_mount_namespace(t, command):
    """The path means another file there than here."""
    need_unshare(t, "-m")
    there = t.go("obeys", "1.24")
    here = shutil.copy(t.go("obeys", "1.27"), t.file("prog", ""))
    script = 'mount --bind "$1" "$2" || exit 99; exec "$2"'
    with Obeys(here, before=("unshare", "-m", "sh", "-c", script, "sh", there)) as process:
        options = ["--folded"] if command == "stacks" else []
        p = counted(t, process, process.pid, *options, command=(command,))
    t.check("(go1.24" in p.first, p.first)
    if command == "count":
        check_counted(t, p)
    else:
        t.eq(p.out, f"main.call;runtime.goexit;main.call.func1;{GET} 100\n", p.err)


def test_path_in_a_mount_namespace(t):
    """With -p a path is one that the process sees."""
    need_unshare(t, "-m")
    there = t.go("obeys", "1.24")
    here = shutil.copy(t.go("obeys", "1.27"), t.file("prog", ""))
    script = 'mount --bind "$1" "$2" || exit 99; exec "$2"'
    with Obeys(here, before=("unshare", "-m", "sh", "-c", script, "sh", there)) as process:
        p = counted(t, process, here, "-p", str(process.pid))
    t.check("(go1.24" in p.first, p.first)
    check_counted(t, p)


def test_chroot(t):
    t.need_root()
    t.need_tool("chroot")
    root = os.path.join(t.tmp, "root")
    os.makedirs(root)
    shutil.copy(t.go("obeys", "1.24"), root)
    for target in ("pid", "path"):
        with Obeys("/obeys", before=("chroot", root)) as process:
            words = [process.pid] if target == "pid" else [f"/proc/{process.pid}/root/obeys", "-p", str(process.pid)]
            p = counted(t, process, words[0], *words[1:])
        check_counted(t, p)


@cases(["count", "stacks"])
def test_pid_namespace(t, command):
    """The process has another number in its own namespace than for us."""
    need_unshare(t, "-p", "--fork")
    path = t.go("obeys", "1.24")
    before = ("unshare", "-p", "--fork", "--mount-proc")
    with Obeys(path, before=before, pid_of=obeys.only_child) as process:
        t.check(process.own_pid == 1 != process.pid, f"{process.own_pid}, {process.pid}")
        options = ["--folded"] if command == "stacks" else []
        p = counted(t, process, process.pid, *options, command=(command,))
    if command == "count":
        check_counted(t, p)
    else:
        t.eq(p.out, f"main.call;runtime.goexit;main.call.func1;{GET} 100\n", p.err)


@cases(["count", "stacks"])
def test_stoat_in_a_pid_namespace(t, command):
    """stoat itself runs where processes have other numbers than the kernel knows them by."""
    need_unshare(t, "-p", "--fork", "--mount-proc")
    path = t.go("obeys", "1.24")
    options = " --folded" if command == "stacks" else ""
    script = f"""
mkfifo "$2/in"
"$1" <"$2/in" >"$2/program" & pid=$!
exec 9>"$2/in"
until grep -q ready "$2/program"; do sleep 0.1; done
"$3" {command} $pid '{GET}'{options} >"$2/out" 2>"$2/err" 9>&- & stoat=$!
i=0
until grep -q 'site in' "$2/err"; do sleep 0.1; i=$((i + 1)); [ $i -lt 100 ] || break; done
echo store.get 100 >&9
exec 9>&-
wait $pid $stoat
echo numbers $pid"""
    r = t.sh("unshare", "-p", "--fork", "--mount-proc", "sh", "-c", script, "sh", path, t.tmp, t.stoat_path)
    with open(os.path.join(t.tmp, "out"), encoding="utf-8") as f:
        out = f.read()
    with open(os.path.join(t.tmp, "err"), encoding="utf-8") as f:
        err = f.read()
    t.check(re.search(r"^numbers \d\n", r.out, re.M), r.describe())
    if command == "count":
        t.eq(counts.table(out)[0], {GET: 100}, out + err)
    else:
        t.eq(out, f"main.call;runtime.goexit;main.call.func1;{GET} 100\n", err)


@cases(["pid", "-p", "all", "path", "--all-processes"])
def test_two_processes_of_one_file(t, which):
    t.need_root()
    # A file of its own: other tests run the same program at the same time.
    path = shutil.copy(t.go("obeys", "1.24"), t.file("prog", ""))
    with Obeys(path) as one, Obeys(path) as other:
        words = {
            "pid": [one.pid],
            "-p": [path, "-p", str(one.pid)],
            "all": [path],
            "path": [f"/proc/{one.pid}/exe"],
            "--all-processes": [one.pid, "--all-processes"],
        }[which]
        with looking(t, "count", words[0], GET, *words[1:]) as p:
            one.call("store.get", 100)
            other.call("store.get", 11)
            one.end()
            other.end()
            if which not in ("pid", "-p"):
                p.send_signal(signal.SIGINT)
        check_counted(t, p, 100 if which in ("pid", "-p") else 111)


def test_process_ends_while_it_is_attached_to(t):
    t.need_root()
    path = t.go("obeys", "1.24")
    for _ in range(10):
        with Obeys(path) as process:
            with looking(t, "count", process.pid, "main.*") as p:
                process.process.kill()
                process.process.wait()
        t.eq((p.returncode, "error" in p.err), (0, False), p.err)


def test_library_of_a_process(t):
    """The library that this process has, by its name."""
    t.need_root()
    path = t.c("sum.c", "-O2", "-g")
    r = t.stoat("count", "libc", "puts", "printf", "exit", "-c", f"{path} 3 4", rc=None)
    t.check("3 functions, " in r.err and " in libc" in r.err, r.describe())
    t.check(counts.table(r.out)[0].get("exit") == 1, r.describe())


def test_library_in_a_mount_namespace(t):
    """The process has another file as its C library than we have under that name."""
    need_unshare(t, "-m")
    if not (m := re.search(r"=> (/\S*/libc\.so\.\S+)", t.sh("ldd", "/bin/cat").out)):
        t.skip("cat has no C library of its own")
    ours = os.path.realpath(m[1])
    theirs = shutil.copy(ours, t.file("libc", ""))
    script = 'mount --bind "$1" "$2" || exit 99; exec cat'
    with subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", theirs, ours], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, bufsize=1) as process:  # fmt: skip
        process.stdin.write("ready\n")
        process.stdout.readline()
        with looking(t, "count", "libc", "read", "-p", process.pid) as p:
            for i in range(5):
                process.stdin.write(f"{i}\n")
                t.eq(process.stdout.readline(), f"{i}\n")
            process.stdin.close()
            process.wait()
        t.check(f" in libc, process {process.pid};" in p.first, p.first)
        t.check(5 <= counts.table(p.out)[0].get("read", 0) <= 6, p.out + p.err)


def test_command_on_path(t):
    t.need_root()
    folder = os.path.dirname(t.go("obeys", "1.24"))
    env = {"PATH": folder + ":" + os.environ["PATH"]}
    script = t.stoat("count", "obeys", "putAway", "--print-script", env=env).out
    t.check(f'uprobe:{os.path.realpath(folder)}/obeys:"main.(*cache).putAway"' in script, script)


def test_file_in_this_folder(t):
    t.need_root()
    folder = os.path.dirname(t.go("obeys", "1.24"))
    r = t.sh(t.stoat_path, "count", "obeys", "putAway", "--print-script", cwd=folder)
    t.check('uprobe:./obeys:"main.(*cache).putAway"' in r.out, r.out)


@cases(["blank and + \"quotes\"", "$1 @x", "tab\there", "großer:name", "*", "71"])
def test_odd_file_names(t, name):
    """Whatever the file is called, the script means it."""
    t.need_root()
    folder = os.path.join(t.tmp, "d")
    os.makedirs(folder)
    path = shutil.copy(t.go("obeys", "1.24"), os.path.join(folder, name))
    with Obeys(path) as process:
        p = counted(t, process, path, "-p", str(process.pid))
    check_counted(t, p)


def test_thread_is_no_process(t):
    with Obeys(t.go("obeys", "1.24")) as process:
        tasks = [int(n) for n in os.listdir(f"/proc/{process.pid}/task")]
        thread = next(n for n in tasks if n != process.pid)
        r = t.stoat("count", str(thread), GET, rc=1)
    t.check(f"{thread} is a thread of process {process.pid}" in r.err and r.err.count("error:") == 1, r.describe())


def test_printed_script_of_a_process(t):
    """It says with which -p it is to be run, and does the same then."""
    t.need_root()
    path = t.go("obeys", "1.24")
    with Obeys(path) as process:
        script = t.stoat("count", str(process.pid), GET, "--print-script").out
        file = t.file("count.bt", script)
        t.check(f"// To be run with -p {process.pid}.\n" in script, script)
        with subprocess.Popen([t.stoat_path, "-p", str(process.pid), file], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as p:  # fmt: skip
            t.eq(p.stderr.readline(), "Attached 2 probes\n")
            process.call("store.get", 100)
            process.end()
            out, err = p.communicate(timeout=30)
    t.eq(counts.table(out)[0], {GET: 100}, err)


def test_separate_debug_file(t):
    t.need_root()
    path = shutil.copy(t.c("calls.c", "-O2", "-g", "-pthread"), t.file("prog", ""))
    folder = os.path.join(t.tmp, "debug")
    os.makedirs(folder)
    t.sh("objcopy", "--only-keep-debug", path, os.path.join(folder, "prog.debug"))
    t.sh("objcopy", "--strip-all", f"--add-gnu-debuglink={folder}/prog.debug", path)
    r = t.stoat("count", path, "hit", "-c", f"{path} 50 0", rc=2)
    t.check("no function 'hit'" in r.err, r.describe())
    r = t.stoat("count", path, "hit", "--debuginfo", folder, "-c", f"{path} 50 0")
    t.eq(counts.table(r.out)[0], {"hit": 50}, r.describe())


@cases([("count", "-o"), ("stacks", "-o"), ("stacks", "--svg")])
def test_the_program_is_not_written_over(t, command, option):
    t.need_root()
    path = shutil.copy(t.go("obeys", "1.24"), t.file("prog", ""))
    size = os.path.getsize(path)
    with Obeys(path) as process:
        for target in (path, str(process.pid)):
            r = t.stoat(command, target, GET, option, path, "--for", "100ms", rc=1)
            t.check("would overwrite the program" in r.err, r.describe())
    t.eq(os.path.getsize(path), size)


# --- functions ---


@cases(["count", "stacks"])
def test_last_part_of_a_name(t, command):
    path = t.go("obeys", "1.24")
    script = t.stoat(command, path, "putAway", "--print-script").out
    t.check('"main.(*cache).putAway"' in script, script)


@cases(["count", "stacks"])
def test_ambiguous_name(t, command):
    path = t.go("obeys", "1.24")
    r = t.stoat(command, path, "get", rc=2)
    names = [line for line in t.stoat("list", path).out.splitlines() if line.split(".")[-1] == "get"]
    t.check(f"'get' names {len(names)} functions in" in r.err, r.describe())
    for name in names:
        t.check(re.search(rf"^ +{re.escape(name)}$", r.err, re.M), r.describe())
    t.check("more" not in r.err and r.err.count("error:") == 1 and not r.out, r.describe())


def test_many_candidates(t):
    """Twenty are named, the others counted."""
    path = t.go_compiler("1.24")
    r = t.stoat("count", path, "String", rc=2)
    n = int(re.search(r"'String' names (\d+) functions", r.err)[1])
    shown = re.findall(r"^ {9}(\S+)$", r.err, re.M)
    t.eq((len(shown), f"and {n - 20} more" in r.err), (20, True), r.describe())


@cases([
    ("putAwai", "near: main.(*cache).putAway"),
    ("main.(*cache).putWay", "near: main.(*cache).putAway"),
    ("main.cache.putAwai", "near: main.(*cache).putAway"),
    ("nosuchthing*", "no function matches 'nosuchthing*'"),
])
def test_no_such_function(t, word, message):
    path = t.go("obeys", "1.24")
    r = t.stoat("count", path, GET, word, rc=2)
    t.check(message in r.err and r.err.count("error:") == 1 and not r.out, r.describe())


@cases(VERSIONS)
@timeout(200)
def test_names_and_patterns_mean_the_same(t, version):
    t.need_root()
    for form in ("default", "stripped"):
        path = t.go("obeys", version, form)
        for words in (["putAway"], ["main.(*cache).putAway"], ["*cache).putAway"], ["main.*"], ["putAway", "*.putAway"]):
            with Obeys(path) as process:
                with looking(t, "count", process.pid, *words) as p:
                    process.call("putAway", 33)
                    process.end()
            t.eq(counts.table(p.out)[0].get("main.(*cache).putAway"), 33, f"{words}: {p.out}{p.err}")


def test_last_part_of_a_generic_function(t):
    """All instances of one generic function are meant."""
    t.need_root()
    path = t.go("zoo", "1.24")
    names = [n for n in t.stoat("list", path).out.splitlines() if re.search(r"\.Sum\[", n)]
    t.check(len(names) > 1, str(names))
    script = t.stoat("count", path, "Sum", "--print-script").out
    t.eq(re.findall(rf'uprobe:{path}:"(.*)"', script), names, script)


@cases([
    ("zoo/kinds.Apply", ["zoo/kinds.Apply["]),
    ("zoo/kinds.Apply[...]", ["zoo/kinds.Apply["]),
    ("kinds.(*Pair[...]).Store", ["zoo/kinds.(*Pair["]),
    ("Pair.Store", ["zoo/kinds.(*Pair["]),
    ("(*Pair).Store", ["zoo/kinds.(*Pair["]),
    ("kinds.EmptyStruct", ["zoo/kinds.EmptyStruct"]),
])
def test_last_parts_of_a_name(t, word, starts):
    """As many as somebody types; types of generic functions may be left out."""
    r = t.stoat("count", t.go("zoo", "1.24"), word, "--print-script")
    names = re.findall(r'^uprobe:[^:]+:"?([^"\n ]+)', r.out, re.M)
    t.check(names and all(any(name.startswith(s) for s in starts) for name in names), r.describe())


def test_program_that_nobody_runs(t):
    """Most often it was built anew, and the old one runs on."""
    t.need_root()
    path = os.path.join(t.tmp, "naps")
    shutil.copy(t.go("naps"), path)
    words = ["count", path, "nap", "--for", "100ms"]
    t.check(f"stoat: no process runs {path} now\n" in t.stoat(*words).err, "it is told")
    with subprocess.Popen([path, "sleep", "1000"], stdout=subprocess.DEVNULL) as p:
        try:
            t.check("no process runs" not in t.stoat(*words).err, "it runs")
            shutil.copy(path, path + ".new")
            os.rename(path + ".new", path)
            r = t.stoat(*words)
            t.check(f"no process runs {path} now; process {p.pid} runs what was there before" in r.err, r.describe())
            r = t.stoat("trace", path, "nap", "-p", str(p.pid), "--for", "100ms")
            t.eq(r.err.count("has not mapped"), 1, r.describe())
        finally:
            p.kill()
