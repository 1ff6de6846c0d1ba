# SPDX-License-Identifier: Apache-2.0
"""The commands on a server of net/http under load, as a user would look at one: the figures are the
server's own."""

import json
import os
import re
from collections import Counter

import counts
from harness import cases, timeout

VERSIONS = ["1.15", "1.19", "1.24", "1.27"]


def own(out, name):
    return int(re.search(rf"^{name} (\d+)$", out, re.M)[1])


@cases([(v, f) for v in VERSIONS for f in ["default", "stripped"]])
@timeout(200)
def test_count(t, version, form):
    t.need_root()
    path = t.go("web", version, form)
    # write is inlined wherever it is called: its copies are counted.
    names = ["net/http.(*conn).readRequest", "main.(*server).ServeHTTP", "os.(*File).Write", "main.(*server).write"]
    r = t.stoat("count", path, *names, "-c", f"{path} 400 4")
    rows = counts.table(r.out)[0]
    t.eq(rows["main.(*server).ServeHTTP"], own(r.out, "requests"), r.describe())
    t.eq(rows["main.(*server).write"], own(r.out, "writes"), r.describe())
    # A connection is read from once more than it has requests: then it has ended.
    t.check(400 <= rows["net/http.(*conn).readRequest"] <= 404, r.describe())
    t.check(own(r.out, "writes") <= rows["os.(*File).Write"] <= own(r.out, "writes") + 4, r.describe())


@cases([(v, f) for v in VERSIONS for f in ["default", "stripped"]])
@timeout(200)
def test_stacks(t, version, form):
    """Each write has come through the server's handler, on a goroutine that Serve has started."""
    t.need_root()
    path = t.go("web", version, form)
    r = t.stoat("stacks", path, "os.(*File).Write", "--folded", "-f", "json", "-q", "-c", f"{path} 400 4")
    line = next(line for line in r.out.splitlines() if line.startswith('{"type": "folded"'))
    through = Counter()
    for row in json.loads(line)["data"]:
        stack = row["stack"]
        if "main.(*server).ServeHTTP" in stack:
            t.eq((stack[0], stack[1], stack[2]), ("net/http.(*Server).Serve", "runtime.goexit", "net/http.(*conn).serve"))
            through["handler"] += row["calls"]
        else:
            through["others"] += row["calls"]
    t.eq(through["handler"], own(r.out, "writes"), r.describe())
    t.check(through["others"] <= 4, str(through))


@cases([(v, f) for v in VERSIONS for f in ["default", "stripped"]])
@timeout(200)
def test_trace(t, version, form):
    """A line for each request and each write, with what the server has counted itself."""
    t.need_root()
    path = t.go("web", version, form)
    names = ["net/http.(*conn).readRequest", "main.(*server).ServeHTTP", "os.(*File).Write"]
    out = os.path.join(t.tmp, "out")
    r = t.stoat("trace", path, *names, "-o", out, "-c", f"{path} 400 4")
    t.check(", 0 lost;" in r.err, r.err)
    with open(out, encoding="utf-8") as f:
        text = f.read()
    lines = [line.split("  ", 2) for line in text.splitlines()]
    returned = [line for line in lines if "still open" not in line[2] and "never returned" not in line[2]]
    rows = Counter(re.match(r" *(\S+?)\((?=[^*])", re.sub(r"^ *\d+  ", "", line[2]))[1] for line in returned)
    t.eq(rows["main.(*server).ServeHTTP"], own(r.out, "requests"), r.describe())
    t.check(own(r.out, "writes") <= rows["os.(*File).Write"] <= own(r.out, "writes") + 4, r.describe())
    t.check(396 <= rows["net/http.(*conn).readRequest"] <= 404, r.describe())
    if form == "default":
        paths = Counter(re.findall(r'ServeHTTP\(.*, r=&http\.Request\{Method: "GET", URL: &url\.URL\("/item/(\d+)"\)', text))
        t.eq(dict(paths), {str(n): 4 for n in range(100)}, r.describe())
        t.check(max(map(len, text.splitlines())) < 12000, "lines stay readable")


@cases(VERSIONS)
@timeout(200)
def test_trace_where(t, version):
    """Only what is asked for leaves the kernel."""
    t.need_root()
    path = t.go("web", version)
    words = ["trace", path, "main.(*server).ServeHTTP", "-f", "json", "-q"]
    r = t.stoat(*words, "-w", 'args.r.URL.Path == "/item/7"', "-c", f"{path} 400 4")
    found = [json.loads(line) for line in r.out.splitlines() if line.startswith('{"type": "call"')]
    t.eq(len(found), 4, r.describe())
    t.eq({o["args"]["r"]["fields"]["RequestURI"] for o in found}, {"/item/7"}, r.describe())
    r = t.stoat(*words, "-w", 'args.r.Method == "POST"', "-c", f"{path} 400 4")
    t.check('"type": "call"' not in r.out and "lost" not in r.err, r.describe())


@cases(VERSIONS)
@timeout(200)
def test_trace_tree(t, version):
    """Writes are in the handler's calls, the handler's goroutines were started by Serve."""
    t.need_root()
    path = t.go("web", version)
    names = ["main.(*server).ServeHTTP", "os.(*File).Write", "net/http.(*Server).Serve"]
    r = t.stoat("trace", path, *names, "--tree", "--no-args", "-q", "-c", f"{path} 40 4")
    inner = len(re.findall(r"^ +os\.\(\*File\)\.Write\(\.\.\.\) = ", r.out, re.M))
    t.eq(inner, own(r.out, "writes"), r.describe())
    started = re.findall(r"^ +go net/http\.\(\*conn\)\.serve\S* -> GO (\d+)$", r.out, re.M)
    handlers = set(re.findall(r"^GO (\d+)  main\.\(\*server\)\.ServeHTTP", r.out, re.M))
    t.check(handlers and (handlers <= set(started)), f"{handlers} {started}\n{r.describe()}")
