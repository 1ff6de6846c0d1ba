# SPDX-License-Identifier: Apache-2.0
"""What is read of the traced program: pages that are not there yet, memory that is not there at all."""

import json


def has(t, feature):
    return json.loads(t.stoat("info", "-f", "json").out)["features"][feature]["supported"]


def test_read_brings_pages_in(t):
    if not has(t, "sleepable"):
        t.skip("programs of this kernel cannot wait for a page")
    path = t.c("untouched.c")
    script = 'uprobe:%s:look { printf("%%x %%s|%%r\\n", *(uint64 *)arg1, str(arg0), buf(arg0, 4)) }' % path
    r = t.stoat("-q", "-c", path, "-e", script)
    t.eq(
        r.out.splitlines()[:3],
        [
            "1122334455667788 in a file|in a",
            "1122334455667788 across pages|acro",
            "1122334455667788 in a file|in a",
        ],
        "what the pages hold",
    )


def test_whole_values_bring_pages_in(t):
    if not has(t, "sleepable"):
        t.skip("programs of this kernel cannot wait for a page")
    path = t.c("untouched.c")
    r = t.stoat("-q", "-c", path, "-e", 'uprobe:%s:look { printf("%%v\\n", args) }' % path)
    line = '{text: "%s", word: &1234605616436508552}'
    texts = ["in a file", "across pages", "in a file"]
    t.eq(r.out.splitlines(), [line % x for x in texts] + ["{text: <unreadable>, word: &<unreadable>}"], r.err)


def test_read_of_nothing_is_counted(t):
    path = t.c("untouched.c")
    script = 'uprobe:%s:look /arg0 == 16/ { printf("[%%s] %%d\\n", str(arg0), *(int32 *)arg1) }' % path
    r = t.stoat("-q", "-c", path, "-e", script)
    t.eq(r.out.splitlines()[0], "[] 0", "what is printed instead")
    t.eq(r.err.count("cannot read memory, 1 time"), 2, "places told")
