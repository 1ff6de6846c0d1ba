# SPDX-License-Identifier: Apache-2.0
"""What stoat count prints."""

import re


def table(out):
    """function -> calls of the last table, in its order; and how many were not called"""
    rows = {}
    others = 0
    for line in out.splitlines():
        if re.fullmatch(r" *CALLS  FUNCTION", line):
            rows, others = {}, 0
        elif m := re.fullmatch(r" *0  (\d+) (?:other )?functions?", line):
            others = int(m[1])
        elif m := re.fullmatch(r" *([1-9]\d*)  (\S.*)", line):
            rows[m[2]] = int(m[1])
    return rows, others
