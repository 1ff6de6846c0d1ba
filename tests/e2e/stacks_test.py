# SPDX-License-Identifier: Apache-2.0
"""stoat stacks: who calls a function, as the traced programs say themselves; flame graphs in a browser."""

import json
import os
import re
from collections import Counter
from xml.etree import ElementTree

import browser
import storm
from harness import cases, timeout

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]
C_FLAGS = ("-O2", "-g", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls")
# The goroutine that chain starts, and where it does.
STARTED = ["main.large", "main.everything.func2", "runtime.goexit"]
SVG = "{http://www.w3.org/2000/svg}"


def chains(out, creator=None):
    """How often each stack was there by what the program has printed: "leaf;caller;..." -> times."""
    found = Counter()
    for line in out.splitlines():
        if line.startswith("chain "):
            names = line.split()[2:]
            if creator and names[-3:] == STARTED:
                names.append(creator)
            found[";".join(names)] += 1
    return found


def folded(out):
    """The same of folded lines, which are printed the other way round."""
    found = Counter()
    for line in out.splitlines():
        if m := re.fullmatch(r"(\S.*) (\d+)", line):
            if not line.startswith("chain "):
                found[";".join(reversed(m[1].split(";")))] += int(m[2])
    return found


def text_stacks(out):
    """The same of text, offsets left out; and the values in order."""
    found, values, names = Counter(), [], []
    for line in out.splitlines() + [""]:
        if m := re.fullmatch(r"(\d+)  \d+\.\d%", line):
            values.append(int(m[1]))
            names = []
        elif m := re.fullmatch(r"    (?:created by )?(\S.*?)(?:\+\d+| \[inlined\])?", line):
            names.append(m[1])
        elif names:
            found[";".join(names)] += values[-1]
            names = []
    return found, values


@cases([(v, f) for v in VERSIONS for f in ["default", "stripped"]] + [("1.24", "pie")])
def test_stacks_are_the_programs_own(t, version, form):
    t.need_root()
    path = t.go("chain", version, form)
    r = t.stoat("stacks", path, "leaf", "-q", "--folded", "-c", f"{path} 3")
    want = chains(r.out, "main.everything")
    t.eq(folded(r.out), want, r.describe())
    t.eq(sum(want.values()), 21, r.describe())
    lines = [line for line in r.out.splitlines() if line.split()[-1].isdigit() and ";" in line]
    t.eq(lines, sorted(lines, key=lambda line: line.rsplit(" ", 1)[0].split(";")), "in order of name")


def test_c(t):
    t.need_root()
    path = t.c("chain.c", *C_FLAGS)
    r = t.stoat("stacks", path, "leaf", "-q", "--folded", "-c", path)
    want = chains(r.out)
    got = Counter()
    for names, n in folded(r.out).items():
        got[re.sub(r"(;main)(;.*)?$", r"\1", names)] += n  # the C library's own are below main
    t.eq(got, want, r.describe())
    t.check("gosite" not in t.stoat("stacks", path, "leaf", "--print-script").out, "no goroutines in C")


@cases(["1.15", "1.24"])
def test_text(t, version):
    t.need_root()
    path = t.go("chain", version)
    r = t.stoat("stacks", path, "leaf", "-q", "-c", f"{path} 2")
    got, values = text_stacks(r.out)
    t.eq(got, chains(r.out, "main.everything"), r.describe())
    t.eq(values, sorted(values), "the largest last")
    t.check(re.search(r"^    runtime\.goexit\S*\n    created by main\.everything\+\d+$", r.out, re.M), r.out)
    t.check("created by runtime" not in r.out, r.out)


def test_json(t):
    t.need_root()
    path = t.go("chain")
    r = t.stoat("stacks", path, "leaf", "-q", "-f", "json", "-c", f"{path} 2")
    data = json.loads(r.out.splitlines()[-1])
    t.eq(data["type"], "stacks", r.describe())
    got = Counter()
    for row in data["data"]:
        names = row["stack"] + ([row["created_by"]] if "created_by" in row else [])
        got[";".join(re.sub(r"\+\d+$| \[inlined\]$", "", name) for name in names)] += row["calls"]
    t.eq(got, chains(r.out, "main.everything"), r.describe())
    r = t.stoat("stacks", path, "leaf", "-q", "--folded", "-f", "json", "-c", f"{path} 2")
    data = json.loads(r.out.splitlines()[-1])
    got = Counter({";".join(reversed(row["stack"])): row["calls"] for row in data["data"]})
    t.eq((data["type"], got), ("folded", chains(r.out, "main.everything")), r.describe())


def test_all_counts_add_up(t):
    """Stacks of many functions on many goroutines are together as many as there were calls."""
    t.need_root()
    path = t.go("storm", "1.24")
    r = t.stoat("stacks", path, "main.leaf", "main.deep", "main.spin", "-q", "--folded", "-c",
                f"{path} mixed 2 {storm.FINE}", rc=storm.FINE)  # fmt: skip
    told = storm.told(r.out)
    for name in ["main.leaf", "main.deep", "main.spin"]:
        n = sum(n for names, n in folded(r.out).items() if names.startswith(name + ";"))
        t.eq(n, told[name].calls, f"calls of {name}")


@cases(["text", "folded", "svg"])
def test_printed_script_does_the_same(t, form):
    t.need_root()
    path = t.go("chain")
    out = os.path.join(t.tmp, "out")
    options = {"text": [], "folded": ["--folded"], "svg": ["--svg", out]}[form]
    script = t.stoat("stacks", path, "leaf", *options, "--print-script").out
    t.check(not os.path.exists(out), "--print-script writes no picture")
    file = t.file("stacks.bt", script)

    def told(*args):
        r = t.stoat(*args, "-q", "-c", f"{path} 2")
        if form != "svg":
            return r.out
        with open(out, encoding="utf-8") as f:
            picture = f.read()
        os.unlink(out)
        return picture

    to = ["-o", out] if form == "svg" else []
    t.eq(told(file, *to), told("stacks", path, "leaf", *options), script)


def picture(t, *words):
    out = os.path.join(t.tmp, "flame.svg")
    r = t.stoat("stacks", *words, "-q", "--svg", out)
    t.check(not re.search(r"<svg|created by", r.out), r.describe())
    return out, r


def frames_of(path):
    """name, start, width and depth of each function of a flame graph"""
    found = []
    for g in ElementTree.parse(path).getroot().iter(f"{SVG}g"):
        name = g.find(f"{SVG}title").text.split("\n")[0]
        found.append((name, int(g.get("data-x")), int(g.get("data-w")), int(g.get("data-d"))))
    return found


def test_flame_adds_up(t):
    """A well-formed file; functions stand below those that call them and are no wider, and the
    widths are the counts."""
    t.need_root()
    path = t.go("chain")
    svg, r = picture(t, path, "leaf", "-c", f"{path} 3")
    frames = frames_of(svg)
    want = chains(r.out, "main.everything")
    t.eq(frames[-1], ("all", 0, sum(want.values()), 0))
    leaves = [f for f in frames if f[0] == "main.leaf"]
    t.eq(sum(f[2] for f in leaves), sum(want.values()), "widths of main.leaf")
    for name, x, w, depth in frames[:-1]:
        above = [f for f in frames if f[3] == depth - 1 and f[1] <= x and f[1] + f[2] >= x + w]
        t.check(len(above) == 1, f"{name} stands under {above}")
    got = Counter()
    for _, x, w, depth in leaves:
        names = [next(f[0] for f in frames if f[3] == d and f[1] <= x < f[1] + f[2]) for d in range(depth, 0, -1)]
        got[";".join(names)] += w
    t.eq(got, want)


SCRIPT = """
    const frames = Array.from(document.querySelectorAll(".f"));
    const name = (g) => g.querySelector("title").textContent.split("\\n")[0];
    const wide = (g) => g.classList.contains("off") ? 0 : Math.round(g.querySelector("rect").getBoundingClientRect().width);
    const state = () => frames.filter((g) => wide(g)).map((g) => [name(g), wide(g)]);
    const find = (want) => frames.find((g) => name(g) === want);
    const middle = (g) => { const r = g.querySelector("rect").getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; };
    told.before = state();
    told.page = getComputedStyle(document.documentElement).backgroundColor;
    click(...middle(find("main.deferring")));
    told.zoomed = state();
    told.label = find("main.deferring").querySelector("text").textContent;
    click(...middle(find("all")));
    told.back = state();
    const search = document.getElementById("search");
    search.value = "(*SQUARE).ar";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    told.hits = frames.filter((g) => g.classList.contains("hit")).map(name);
    told.matched = document.getElementById("matched").textContent;
    find("main.large").querySelector("rect").dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
    told.details = document.getElementById("details").textContent;
    click(...middle(find("main.large")));
    document.getElementById("reset").click();
    told.reset = state();
    told.hits_after = document.querySelectorAll(".hit").length;
    const colour = (g) => getComputedStyle(g.querySelector("rect")).fill;
    told.colours = [colour(find("main.main")), colour(find("main.leaf")), colour(find("runtime.main"))];
"""


@timeout(200)
def test_flame_in_a_browser(t):
    t.need_root()
    path = t.go("chain")
    svg, _ = picture(t, path, "leaf", "-c", f"{path} 3")
    told = browser.look(t, svg, SCRIPT)
    before = dict(told["before"])
    t.check(abs(before["all"] - 1184) <= 20, str(before))
    t.check(abs(before["main.deferring"] - before["all"] / 7) <= 2, "a seventh of all")
    zoomed = dict(told["zoomed"])
    t.eq(sorted(zoomed), sorted(["all", "runtime.goexit", "runtime.main", "main.main", "main.everything",
                                 "main.deferring", "main.direct", "main.leaf"]), "what is shown by a click")  # fmt: skip
    t.eq(set(zoomed.values()), {before["all"]}, "over the whole width")
    t.eq(told["label"], "main.deferring")
    t.eq(told["back"], told["before"], "a click on all")
    t.eq((told["hits"], told["matched"]), (["main.(*square).area"], "matched: 3 (14.3%)"))
    t.eq(told["details"], "main.large: 3 calls (14.3%)")
    t.eq((told["reset"], told["hits_after"]), (told["before"], 0), "reset")
    t.check(told["colours"][0] == told["colours"][1] != told["colours"][2], f"colours by package: {told['colours']}")


def test_nothing_was_called(t):
    t.need_root()
    path = t.go("chain")
    for options in ([], ["--folded"]):
        r = t.stoat("stacks", path, "leaf", "-q", *options, "-c", f"{path} 0")
        t.check("%" not in r.out and ";" not in r.out, r.describe())
    svg, _ = picture(t, path, "leaf", "-c", f"{path} 0")
    t.eq(frames_of(svg), [("all", 0, 0, 0)])


@cases([
    (["--svg", "x", "--folded"], "--svg excludes --folded and -f json"),
    (["--svg", "x", "-f", "json"], "--svg excludes --folded and -f json"),
    (["--svg", "x", "-o", "y"], "--svg says where the output goes"),
])
def test_mistakes(t, options, message):
    r = t.stoat("stacks", t.go("chain"), "leaf", *options, rc=1)
    t.check(message in r.err and r.err.count("error:") == 1 and not r.out, r.describe())


@cases([
    ("stacks(@n)", "stacks() takes a map of numbers by stack"),
    ("folded(@h)", "folded() takes a map of numbers by stack"),
    ("flame(@s, 5)", "the title"),
    ("table(@h)", "a table has a line a row"),
    ("table(@s, 1)", "what the keys are called"),
    ("stacks(@s[1])", "takes all of a map"),
])
def test_mistakes_in_scripts(t, call, message):
    path = t.go("chain")
    script = f"uprobe:{path}:main.leaf {{ @n[func] = count(); @s[ustack] = count(); @h[ustack] = hist(1); }} END {{ {call}; }}"
    r = t.stoat("-d", "types", "-e", script, rc=1)
    t.check(message in r.err, r.describe())


@cases(VERSIONS)
def test_gosite(t, version):
    """The go statement's place as a value: of the first goroutine, of others, and on the system stack."""
    t.need_root()
    path = t.go("chain", version)
    r = t.stoat("-q", "-c", f"{path} 2", "-e", f"""
uprobe:{path}:main.leaf {{ @leaf[gosite] = count(); }}
uprobe:{path}:runtime.schedule {{ @system[gosite] = count(); }}""")
    rows = dict(re.findall(r"^(@\w+\[.*\]): (\d+)$", r.out, re.M))
    t.eq(rows.get("@leaf[-]"), "12", r.describe())
    t.eq([n for key, n in rows.items() if re.fullmatch(r"@leaf\[main\.everything\+\d+\]", key)], ["2"], r.describe())
    t.eq([key for key in rows if key.startswith("@system")], ["@system[-]"], r.describe())


def test_no_stacks_are_told(t):
    t.need_root()
    path = t.go("naps", "1.24")
    r = t.stoat("stacks", path, "main.quick", "-c", f"{path} sleep 1")
    t.check("stoat: no call was seen: there are no stacks\n" in r.err, r.describe())
