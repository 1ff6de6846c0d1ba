# SPDX-License-Identifier: Apache-2.0
"""Requests, responses and headers of net/http as whole values: tests/programs/go/wholehttp."""

import json
import os

import programs
import whole
from harness import cases, timeout

BUILDS = [(v, "default") for v in programs.known_versions()] + [("1.15", "noopt"), ("1.24", "pie"), ("1.27", "cgo")]


def run(t, path, text, *options, arguments="", env=None):
    """Lines of stoat, all of them, and of the program."""
    out = os.path.join(t.tmp, "out")
    r = t.stoat("-q", "-o", out, *options, "-c", f"{path} {arguments}", "-e", text, env=env)
    with open(out, encoding="utf-8") as f:
        got = f.read().split("\n")
    return whole.flat([line for line in got if line]), r.out.split("\n"), r.err


@cases([(*b, depth) for b in BUILDS for depth in (0, 24)])
@timeout(120)
def test_values(t, version, form, depth):
    """At the default depth, which is to be enough for a request, and at a large one."""
    t.need_root()
    path = t.go("wholehttp", version, form)
    functions = [f for f in whole.functions("wholehttp") if f.name != "hello"]
    text = "\n".join(f.clause(path) for f in functions)
    env = {"STOAT_MAX_DEPTH": str(depth)} if depth else None
    got, said, err = run(t, path, text, arguments=f"depth={depth}" if depth else "", env=env)
    want = [line for line in said if line]
    for i, line in enumerate(want):
        t.check(i < len(got), f"after {i} lines: {line!r} is missing\n{err}")
        t.eq(got[i], line, f"line {i + 1}\n{err}")
    t.eq(got[len(want) :], [], "lines behind the last one")
    t.check("hide-me" not in "\n".join(got), "nothing secret is shown")


@cases(["1.15", "1.24", "1.27"])
def test_what_a_handler_gets(t, version):
    t.need_root()
    path = t.go("wholehttp", version)
    text = f"""uprobe:{path}:main.hello {{
        printf("%v %v\\n", args.r.Method, args.r.URL);
        printf("%v\\n", args.r.Header);
        printf("%v\\n", args.r);
        printf("%v\\n", args.w);
    }}"""
    got, _, err = run(t, path, text)
    t.eq(got[:2], ['GET &url.URL("/hello?name=x")', "http.Header{}"], err)
    t.check(got[2].startswith('&http.Request{Method: "GET", URL: &url.URL("/hello?name=x"), Proto: "HTTP/1.1", '), got[2])
    t.check(' Host: "example.com", RemoteAddr: "192.0.2.1:1234", RequestURI: "/hello?name=x"' in got[2], got[2])
    t.check(got[3].startswith("&httptest.ResponseRecorder{Code: 200, "), got[3])
    for line in got[2:4]:
        whole.check_shape(t, line)


@cases(["1.15", "1.27"])
def test_json(t, version):
    t.need_root()
    path = t.go("wholehttp", version)
    got, _, err = run(t, path, f"uprobe:{path}:main.request {{ print(args); }}", "-f", "json")
    values = [e["data"]["x"] for e in map(json.loads, got) if e["type"] == "value"]
    t.eq(len(values), 4, err)
    t.eq(values[1], None)
    fields = values[3]["fields"]
    t.eq(values[3]["type"], "*http.Request")
    t.eq(fields["Method"], "POST")
    t.eq(fields["ContentLength"], 8)
    t.check("https://ann:xxxxx@example.com/" in json.dumps(fields["URL"]), fields["URL"])
    want = {"Authorization": {"redacted": True}, "Content-Type": {"type": "[]string", "len": 1, "items": ["text/plain"]}}
    t.eq(fields["Header"], {"type": "http.Header", "len": 2, "entries": want})
    t.check("hide-me" not in "\n".join(got), "nothing secret is shown")
