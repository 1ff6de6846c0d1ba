# SPDX-License-Identifier: Apache-2.0
"""The command line of scripts: what bpftrace's users type."""

import os
import stat

from harness import cases

HELLO = 'BEGIN { printf("hi\\n"); exit() }'


def test_every_way_to_run_a_script(t):
    t.need_root()
    path = t.file("hello.bt", HELLO)
    plain = t.file("hello", HELLO)
    for args in (["run", path], [path], [plain], ["-q", path], ["run", "-q", path], ["-e", HELLO]):
        t.eq(t.stoat(*args).out, "hi\n", " ".join(args))
    t.eq(t.stoat("-", stdin=HELLO).out, "hi\n", "from stdin")
    t.eq(t.sh(f"{t.stoat_path} -q /dev/stdin < {path}").out, "hi\n")


def test_shebang(t):
    t.need_root()
    path = t.file("hello.bt", f"#!{t.stoat_path} -q\n{HELLO}\n")
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    t.eq(t.sh(path).out, "hi\n")


def test_positional_and_named_parameters(t):
    t.need_root()
    program = 'BEGIN { printf("%d %s %s %d\\n", $1, str($2), str($3), $#); exit() }'
    t.eq(t.stoat("-q", "-e", program, "7", "x").out, "7 x  2\n")
    path = t.file("p.bt", program)
    t.eq(t.stoat("-q", path, "7", "x", "y").out, "7 x y 3\n")
    program = 'BEGIN { printf("%s %d\\n", getopt("a", "x"), getopt("n", 5)); exit() }'
    t.eq(t.stoat("-q", "-e", program, "--", "--a=b").out, "b 5\n")


def test_script_that_is_not_there(t):
    r = t.stoat("nosuch.bt", rc=2)
    t.eq(r.err, "stoat: error: cannot read the script nosuch.bt: No such file or directory\n")
    r = t.stoat("nosuch", rc=1)
    t.check("no command 'nosuch'" in r.err, r.err)


def test_mistakes_of_usage(t):
    for args, text in (
        (["-e", "END {}", "-e", "END {}"], "-e is given twice"),
        (["-p", "x", "-e", "END {}"], "-p takes the number of a process, not 'x'"),
        (["-p", "-5", "-e", "END {}"], "-p takes the number of a process"),
        (["-p", "1", "-c", "true", "-e", "END {}"], "-p and -c exclude each other"),
        (["-f", "xml", "-e", "END {}"], "--format takes one of text|json, not 'xml'"),
        (["-B", "big", "-e", "END {}"], "--buffering takes one of line|full|none, not 'big'"),
        (["--nosuch", "-e", "END {}"], "unknown option --nosuch"),
        (["run"], "no script given"),
        (["-q"], "no script given"),
        (["--probe-filter", "(", "-e", "BEGIN { exit() }"], "'(' is no regular expression"),
    ):
        r = t.stoat(*args, rc=1)
        t.check(text in r.err, f"{args}: {r.err}")


def test_mistakes_of_a_script(t):
    r = t.stoat("-e", "BEGIN { printf(1 }", rc=1)
    t.check(r.err.startswith("stoat: error: one-liner:1:"), r.err)
    path = t.file("bad.bt", "BEGIN {\n  print(nosuch)\n}\n")
    r = t.stoat(path, rc=1)
    t.check(r.err.startswith(f"stoat: error: {path}:2:9: "), r.err)
    t.check("  print(nosuch)\n" in r.err and "^~~~~~\n" in r.err, r.err)


def test_version_help_info(t):
    for word in ("-V", "--version"):
        t.check(t.stoat(word).out.startswith("stoat "), word)
    for word in ("-h", "--help", "help"):
        t.check("usage: stoat COMMAND" in t.stoat(word).out, word)
    out = t.stoat("run", "--help").out
    t.check("usage: stoat run [OPTION...] SCRIPT" in out and "--probe-filter" in out, out)
    t.check("kernel" in t.stoat("--info").out, "--info is stoat info")


@cases(["ast", "plan"])
def test_stages_without_privileges(t, stage):
    r = t.stoat("-d", stage, "-e", "BEGIN { exit() }")
    t.check("BEGIN" in r.out or "begin" in r.out, r.out)
    t.eq(r.err, "")


@cases(["types", "bpf", "verifier", "all"])
def test_stages(t, stage):
    t.need_root()
    r = t.stoat("-d", stage, "-e", 'BEGIN { @x = 1; printf("not run\\n"); exit() }')
    t.check(len(r.out) > 10 and "\nnot run\n" not in r.out, r.out)
    t.check("Attached" not in r.err, "nothing is attached")


def test_code_is_shown_without_privileges(t):
    t.need_root()
    t.need_tool("setpriv")
    r = t.sh("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
             "--bounding-set=-all", t.stoat_path, "-d", "bpf", "-e", "BEGIN { @x = 1 }")
    t.check("exit" in r.out, r.out)


def test_d_alone_is_all_stages(t):
    t.need_root()
    all_stages = t.stoat("-d", "all", "-e", "BEGIN { exit() }").out
    # Numbers of maps and times differ from run to run.
    for args in (["-d"], ["-dd"], ["--debug"]):
        out = t.stoat(*args, "-e", "BEGIN { exit() }").out
        t.eq(out.splitlines()[:8], all_stages.splitlines()[:8], " ".join(args))


def test_list_of_functions(t):
    plus = t.c("plus.c")
    t.eq(t.stoat("-l", f"uprobe:{plus}:su*").out, f"uprobe:{plus}:sum\n")
    t.eq(t.stoat("-lv", f"uprobe:{plus}:sum").out, f"uprobe:{plus}:sum\n    int a\n    int b\n")
    shop = t.go("shop", "1.24")
    out = t.stoat("-l", f"uprobe:{shop}:main.*").out
    t.check(f"uprobe:{shop}:main.(*Store).Get\n" in out, out)
    out = t.stoat("-lv", f'uprobe:{shop}:"main.(*Store).Get"').out
    t.check("    string key\n" in out, out)
    r = t.stoat("-l", f"uprobe:{plus}:nosuch", rc=1)
    t.check("no function 'nosuch'" in r.err, r.err)


def test_list_of_other_probes(t):
    usdt = t.c("usdt.c")
    t.check(f"usdt:{usdt}:shop:sold\n" in t.stoat("-l", f"usdt:{usdt}:*").out, "USDT notes")
    t.check("software:page-faults:\n" in t.stoat("-l", "software:*").out, "software events")
    t.check("hardware:cache-misses:\n" in t.stoat("-l", "hardware:").out, "hardware events")
    t.need_root()
    out = t.stoat("-l", "tracepoint:sched:sched_sw*").out
    t.check("tracepoint:sched:sched_switch\n" in out, out)
    out = t.stoat("-lv", "tracepoint:sched:sched_switch").out
    t.check("    char prev_comm[16]\n" in out, out)
    out = t.stoat("-l", "*sys_enter_openat*").out
    t.check("tracepoint:syscalls:sys_enter_openat\n" in out, out)
    t.check(len(t.stoat("-l").out.splitlines()) > 100, "all")


def test_list_of_a_script(t):
    path = t.file("x.bt", "BEGIN { exit() }\ninterval:s:1, profile:hz:99 { @ = count() }\n")
    t.eq(t.stoat("-l", path).out, "begin\ninterval:s:1\nprofile:hz:99\n")


def test_probe_filter(t):
    t.need_root()
    program = 'BEGIN { printf("b\\n") } interval:ms:1 { printf("i\\n"); exit() } END { printf("e\\n") }'
    t.eq(t.stoat("-q", "--probe-filter", "begin|end", "-e", program).out, "b\ne\n")


def test_included_and_imported_files(t):
    t.need_root()
    os.makedirs(os.path.join(t.tmp, "inc"))
    t.file("inc/point.h", "struct point { int x; int y; };\n")
    t.file("more.bt", 'END { printf("more\\n") }\n')
    path = t.file("x.bt", '#include "point.h"\nimport "more.bt";\n'
                          'BEGIN { printf("%d\\n", sizeof(struct point)); exit() }\n')
    t.eq(t.stoat("-q", "-I", os.path.join(t.tmp, "inc"), path).out, "8\nmore\n")
    r = t.stoat("-q", path, rc=1)
    t.check("no file 'point.h'" in r.err, r.err)
    header = os.path.join(t.tmp, "inc", "point.h")
    program = 'BEGIN { printf("%d\\n", sizeof(struct point)); exit() }'
    t.eq(t.stoat("-q", "--include", header, "-e", program).out, "8\n")


def test_c_headers(t):
    t.need_root()
    t.file("own.h", """#ifndef OWN_H
#define OWN_H
#include <stdint.h>
#include <stdbool.h>
#define __bitwise
#define PACKED __attribute__((packed))
#define BIT(n) (1 << (n))
#define WAIT(x) do { usleep(x); } while (0)
typedef uint32_t __bitwise be_t;
extern int f(void);
int g(struct own *x, int y);
static inline int h(int x) { if (x) { return 1; } return 2; }
struct own { be_t a; char b; } PACKED;
struct own *made(void);
enum { LETTER = 'a', LARGE = 2 > 1 ? 5 : 6, FOURTH = BIT(3) };
#endif
""")
    program = """#include "own.h"
#include "./own.h"
#ifdef OWN_H
BEGIN { print((sizeof(struct own), BIT(2) * 2, LARGE, FOURTH)); printf("%d\\n", LETTER); exit() }
#else
BEGIN { exit() }
#endif
"""
    path = t.file("own.bt", program)
    t.eq(t.stoat("-q", path).out, "(5, 8, 5, 8)\n97\n")


def test_headers_of_the_system(t):
    t.need_root()
    if not os.path.exists("/usr/include/netinet/in.h"):
        t.skip("no C headers here")
    program = '''#include <sys/socket.h>
#include <netinet/in.h>
#include <signal.h>
#include <linux/types.h>
#if AF_INET6 != 10
#error no constants
#endif
BEGIN { print((sizeof(struct sockaddr_in), AF_INET, SIGKILL)); printf("%d\\n", IPPROTO_TCP); exit() }
'''
    t.eq(t.stoat("-q", "-e", program).out, "(16, 2, 9)\n6\n")
    # Nothing inside of them is an error; what is missing then is.
    for name in ("stdio.h", "pthread.h", "linux/bpf.h", "sys/types.h", "inttypes.h"):
        t.eq(t.stoat("-q", "-e", f"#include <{name}>\n{HELLO}").out, "hi\n", name)
    r = t.stoat("-e", "#include <net/sock.h>\n" + HELLO, rc=1)
    t.check("no file 'net/sock.h'" in r.err and "are not read" in r.err, r.err)


def test_options_that_mean_nothing_are_accepted(t):
    t.need_root()
    for option in ("-k", "-kk", "-b", "--btf", "--usdt-file-activation", "--warnings"):
        t.eq(t.stoat("-q", option, "-e", HELLO).out, "hi\n", option)


def test_warnings_are_optional(t):
    t.need_root()
    program = "BEGIN { @m[1] = 1; @m[2] = 1; exit() }"
    env = {"BPFTRACE_MAX_MAP_KEYS": "1"}
    t.check("warning" in t.stoat("-e", program, env=env).err, "by default")
    t.check("warning" not in t.stoat("--no-warnings", "-e", program, env=env).err, "not with it")


def test_probe_filter_leaves_begin_and_end(t):
    script = "BEGIN { print(1) } END { print(2) } interval:ms:20 { exit() } interval:ms:10 { print(3) }"
    r = t.stoat("-q", "--probe-filter", "ms:20", "-e", script)
    t.eq(r.out.split(), ["1", "2"], "what is printed")
    r = t.stoat("-q", "--probe-filter", "nothing", "-e", script, rc=2)
    t.check("matches none of 2 probes" in r.err, "that it matches nothing is said")


def test_list_heeds_filter_config_and_parameters(t):
    path = t.c("plus.c")
    r = t.stoat("-l", "--probe-filter", "sum", f"uprobe:{path}:*")
    t.eq(r.out.split(), [f"uprobe:{path}:sum"], "filtered")
    script = t.file("list.bt", "config = { missing_probes = \"ignore\" } uprobe:$1:sum {} uprobe:$1:none {}")
    r = t.stoat("-l", script, path)
    t.eq(r.out.split(), [f"uprobe:{path}:sum"], "with a parameter")


def test_misspelled_stage(t):
    r = t.stoat("-d", "asst", "-e", "BEGIN { exit() }", rc=1)
    t.check("did you mean 'ast'?" in r.err, "what was meant")


def test_quiet_json_does_not_tell_of_probes(t):
    t.eq(t.stoat("-q", "-f", "json", "-e", "BEGIN { exit() }").out, "")
