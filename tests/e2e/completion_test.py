# SPDX-License-Identifier: Apache-2.0
"""Completion on the shell's command line: what stoat offers, and that each shell puts it there."""

import os
import shutil
import time

import terminal
from harness import ROOT, cases

FILES = os.path.join(ROOT, "completion")


def offered(t, *words):
    """The candidates, and what the shell is told to do."""
    lines = t.stoat("complete", *words).out.splitlines()
    return [line.split("\t")[0] for line in lines if line[0] != ":"], {line for line in lines if line[0] == ":"}


def test_commands(t):
    commands = [line.split()[0] for line in t.stoat("--help").out.split("commands:\n")[1].split("\n\n")[0].splitlines()]
    t.check({"count", "stacks", "list", "show", "run"} <= set(commands), str(commands))
    t.eq(offered(t, ""), (commands, {":files"}))
    t.eq(offered(t, "sta")[0], ["stacks"])
    t.eq(offered(t)[0], [])


@cases(["run", "count", "stacks", "list", "show", "gen", "info"])
def test_options_are_those_of_help(t, command):
    told = [w for w in t.stoat(command, "--help").out.split() if w.startswith("--") and len(w) > 2]
    got = offered(t, command, "--")[0]
    t.check(got and set(got) <= set(told), f"{got}\n{told}")
    t.check("--help" in got and "--output" in got or command == "run", str(got))


@cases([
    (["count", "-f", ""], ["text", "json"]),
    (["count", "--format", "j"], ["json"]),
    (["count", "--format=j"], ["--format=json"]),
    (["count", "PATH", "-qf", ""], ["text", "json"]),
    (["run", "-d", "ver"], ["verifier"]),
    (["-d", "ver"], ["verifier"]),
    (["-B", ""], ["line", "full", "none"]),
    (["count", "--for", "1"], ["1s", "10s", "1m"]),
    (["count", "PATH", "--", "--f"], []),
    (["info", ""], []),
    (["count", "./nosuch", ""], []),
    (["count", "PATH", "nosuch"], []),
    (["nosuch", ""], []),
    (["count", "PATH", "main.(*c"], ["main.(*cache).get", "main.(*cache).get-fm", "main.(*cache).putAway", "main.(*cache).putAway-fm"]),
    (["count", "-f", "json", "PATH", "main.call", "main.(*store).get-"], ["main.(*store).get-fm"]),
    (["list", "PATH", "main.m"], ["main.main"]),
    (["show", "PATH", "main.m"], ["main.main"]),
    (["stacks", "PATH", "main.m"], ["main.main"]),
    (["trace", "NAPS", "main.step", "--args", ""], ["level", "name"]),
    (["trace", "NAPS", "step", "--args", "level,n"], ["level,name"]),
    (["time", "NAPS", "main.step", "--by", ""], ["goid", "gofunc", "args.level", "args.name"]),
    (["time", "NAPS", "--by", "g"], ["goid", "gofunc"]),
    (["watch", "NAPS", "main.nap", ""], ["ms", "took", "err"]),
    (["watch", "NAPS", "main.nap", "took", "e"], ["err"]),
])
def test_what_is_offered(t, words, want):
    path = t.go("obeys", "1.24")
    names = {"PATH": path, "NAPS": t.go("naps", "1.24")}
    t.eq(offered(t, *[names.get(w, w) for w in words])[0], want)


def test_files_folders_and_processes(t):
    t.eq(offered(t, "count", "-o", "")[1], {":files"})
    t.eq(offered(t, "count", "--debuginfo", "")[1], {":dirs"})
    t.eq(offered(t, "run", "")[1], {":files"})
    pid = str(os.getpid())
    t.check(pid in offered(t, "count", "-p", "")[0], "this process is one for -p")
    t.check(pid in offered(t, "count", pid[:1])[0], "this process is a target")
    t.check("env" in offered(t, "count", "en")[0], "a command on PATH is a target")


def test_last_part_of_a_name(t):
    path = t.go("obeys", "1.24")
    t.eq(offered(t, "count", path, "putAway"), (["main.(*cache).putAway"], {":replace"}))


def test_steps_through_many_functions(t):
    """Of thousands of functions packages are offered first, then types, then functions."""
    path = t.go_compiler("1.24")
    names, told = offered(t, "count", path, "")
    t.check(told == {":nospace"} and {"cmd/", "bytes.", "runtime/"} <= set(names) and len(names) < 300, str(names))
    names, told = offered(t, "count", path, "cmd/compile/internal/ssa.")
    t.check("cmd/compile/internal/ssa.(*Func)." in names, str(names))
    names, told = offered(t, "count", path, "cmd/compile/internal/ssa.(*Func).Co")
    t.check("cmd/compile/internal/ssa.(*Func).ConstBool" in names and not told, str(names))


@cases(["default", "stripped"])
def test_a_large_program(t, form):
    """28 MB, 16,000 functions: steps of names; bench/ has how long that takes."""
    path = t.go_compiler("1.24")
    if form == "stripped":
        path = shutil.copy(path, t.file("prog", ""))
        t.sh("strip", path)
    t.check("cmd/compile/internal/ssa.(*Func).ConstBool" in offered(t, "count", path, "cmd/compile/internal/ssa.(*Fu")[0], path)


# --- shells ---


def bash(t, *words):
    """COMPREPLY of bash's function for these words, as bash splits them."""
    script = """
source "$1"; shift
compopt() { :; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_stoat "$1"
printf '%s\\n' "${COMPREPLY[@]}" """
    out = t.sh("bash", "-c", script, "bash", os.path.join(FILES, "stoat.bash"), t.stoat_path, *words).out
    return [line for line in out.splitlines() if line]


def test_bash_function(t):
    path = t.go("obeys", "1.24")
    t.eq(bash(t, "sta"), ["stacks"])
    t.eq(bash(t, "stacks", "--sv"), ["--svg"])
    t.eq(bash(t, "count", "--format", "=", "j"), ["json"])
    t.eq(bash(t, "count", "--format", "="), ["text", "json"])
    t.eq(bash(t, "count", path, "main.m"), ["main.main"])
    t.eq(bash(t, "count", path, "'main.(*store).get-"), ["main.(*store).get-fm"])
    t.eq(bash(t, "count", path, '"main.(*store).get-'), ["main.(*store).get-fm"])
    t.eq(bash(t, "count", path, "main.\\(\\*store\\).get-"), ["main.(*store).get-fm"])
    t.eq(bash(t, "count", path, "type", ":", ".eq.sync.Mu"), [".eq.sync.Mutex"])
    t.eq(sorted(bash(t, "count", os.path.dirname(path) + "/obey")), [path, path + ".key", path + ".lock"])
    t.eq(bash(t, "count", "--debuginfo", os.path.dirname(path)[:-3]), [os.path.dirname(path)])


def shell(t, kind, path):
    """An interactive shell in which stoat only prints its arguments, each in brackets."""
    folder = os.path.join(t.tmp, "bin")
    fake = f"""#!/bin/sh
[ "$1" = complete ] && exec {t.stoat_path} "$@"
printf '<'; printf '[%s]' "$@"; echo '>'
"""
    os.chmod(t.file("bin/stoat", fake), 0o755)
    env = {"PATH": folder + ":" + os.environ["PATH"], "PS1": "ready> ", "PROMPT": "ready> ", "HOME": t.tmp,
           "XDG_CONFIG_HOME": t.tmp, "XDG_DATA_HOME": t.tmp}  # fmt: skip
    args = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"],
            "fish": ["fish", "--no-config", "-i"]}[kind]  # fmt: skip
    t.need_tool(kind)
    return terminal.Session(args, os.path.dirname(path), env)


SETUP = {
    "bash": f"bind 'set bell-style none'; source {FILES}/stoat.bash",
    "zsh": f"unsetopt beep; fpath=({FILES} $fpath); autoload -U compinit; compinit -u -D",
}


@cases([(kind, typed, want) for kind in ("bash", "zsh") for typed, want in [
    ("stoat stac\t", "[stacks]"),
    ("stoat stacks --sv\t", "[stacks][--svg]"),
    ("stoat count obeys main.m\t", "[count][obeys][main.main]"),
    ("stoat count obeys 'main.(*store).get-\t", "[count][obeys][main.(*store).get-fm]"),
    ("stoat count obeys main.\\(\\*store\\).get-\t", "[count][obeys][main.(*store).get-fm]"),
    ("stoat count obeys putAway\t", "[count][obeys][main.(*cache).putAway]"),
    ("stoat count ./obeys main.call main.m\t", "[count][./obeys][main.call][main.main]"),
]])
def test_at_the_prompt(t, kind, typed, want):
    path = t.go("obeys", "1.24")
    with shell(t, kind, path) as s:
        s.send(SETUP[kind] + "; echo set''up\n")
        t.check(s.read_until("setup\r?\n"), s.seen)
        s.send(typed)
        time.sleep(0.5)
        s.send("\n")
        m = s.read_until(r"<(\[.*\])>")
        t.check(m, s.seen)
        t.eq(m[1], want, s.seen)


def test_fish(t):
    t.need_tool("fish")
    path = t.go("obeys", "1.24")

    def offers(line):
        command = f"source {FILES}/stoat.fish; complete -C {line}"
        env = {"PATH": os.path.dirname(t.stoat_path) + ":" + os.environ["PATH"], "HOME": t.tmp}
        out = t.sh("fish", "--no-config", "-c", command, env=env, cwd=os.path.dirname(path)).out
        return [text.split("\t")[0] for text in out.splitlines()]

    t.eq(offers('"stoat stac"'), ["stacks"])
    t.eq(offers('"stoat stacks --sv"'), ["--svg"])
    t.eq(offers("\"stoat count obeys 'main.(*store).get-\""), ["main.(*store).get-fm"])
    t.eq(offers('"stoat count obeys main.m"'), ["main.main"])
    t.check("obeys" in offers('"stoat count obey"'), "files")


def test_installed(t):
    t.sh("make", "-s", "install", f"DESTDIR={t.tmp}", "PREFIX=/usr", cwd=ROOT, seconds=100)
    for name in ("bash-completion/completions/stoat", "zsh/site-functions/_stoat", "fish/vendor_completions.d/stoat.fish"):
        t.check(os.path.isfile(f"{t.tmp}/usr/share/{name}"), name)
    t.sh("make", "-s", "uninstall", f"DESTDIR={t.tmp}", "PREFIX=/usr", cwd=ROOT)
    left = [name for _, _, names in os.walk(t.tmp) for name in names]
    t.eq(left, [], "left after uninstall")


def test_gen(t):
    """A template, or a program at once; functions of the program behind it."""
    path = t.go("errands", "1.27")
    t.eq(offered(t, "gen", "la")[0][0], "latency")
    t.check("args" in offered(t, "gen", "")[0], "templates are offered")
    t.eq(offered(t, "gen", path, "main.doRec")[0], ["main.doRecover"])
    t.eq(offered(t, "gen", "args", path, "main.doRec")[0], ["main.doRecover"])
    t.eq(offered(t, "gen", "args", path, "main.doRead", "main.doRec")[0], ["main.doRecover"])
    t.eq(offered(t, "gen", "args", path, "--bpf")[0], ["--bpftrace"])
