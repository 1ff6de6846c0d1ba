# SPDX-License-Identifier: Apache-2.0
"""What stoat time prints."""

import re

FIGURES = ["CALLS", "/s", "ERRORS", "MEAN", "P50", "P90", "P99", "MAX"]
UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def ns(text):
    """Nanoseconds of "1.21us"."""
    m = re.fullmatch(r"([\d.]+)(ns|us|ms|s)", text)
    return float(m[1]) * UNITS[m[2]] if m else None


def tables(out):
    """All tables: key columns -> the figures by their head, as text."""
    found = []
    for line in out.splitlines():
        words = line.split()
        if words[-8:] == FIGURES:
            found.append({})
        elif found and (m := re.fullmatch(r"(\S.*?)((?:\s+\S+){8})", line)) and not line.startswith(" "):
            key = re.sub(r" {2,}", "|", m[1])
            found[-1][key] = dict(zip(FIGURES, m[2].split()))
    return found


def histograms(out):
    """name -> [(lower end in ns, calls)]"""
    found = {}
    name = None
    for line in out.splitlines():
        if m := re.fullmatch(r" +(\S+)  \|[@ ]{40}\|  +([\d,]+)", line):
            found.setdefault(name, []).append((ns(m[1]), int(m[2].replace(",", ""))))
        elif line:
            name = line
    return found
