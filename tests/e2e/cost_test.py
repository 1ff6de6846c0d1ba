# SPDX-License-Identifier: Apache-2.0
"""What must not grow unseen: memory. (bench/run has what depends on the machine's speed.)"""

from harness import cases


@cases(
    [
        ("BEGIN { exit() }", 8),
        ("BEGIN { @a[1] = count(); exit() }", 8),
        # Its ring buffer of 4 MB is mapped twice.
        ('BEGIN { printf("hello\\n"); exit() }', 14),
    ]
)
def test_memory_of_a_script(t, script, most):
    t.need_root()
    p = t.sh(t.tool("cost"), "3", t.stoat_path, "-q", "-e", script)
    size = int(p.out.split()[1]) / 1024
    t.check(size <= most, f"{size:.1f} MB for {script}")
