# SPDX-License-Identifier: Apache-2.0
"""The commands on a server of net/http under load, as a user would look at one: the figures are the
server's own."""

import json
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
