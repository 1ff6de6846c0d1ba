// SPDX-License-Identifier: Apache-2.0
// Attach points without a program: rates, events, tracepoint formats, USDT arguments and notes,
// ld.so.cache.
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>

#include "probe/internal.h"
#include "unit.h"

struct made {
	struct arena *a;
	struct diag *diag;
	struct plan *plan;
	struct str said;
};

static struct made make_with(const char *text, const struct plan_options *o)
{
	struct made m = { .a = arena_new() };
	m.diag = diag_new(m.a);
	uint32_t source = diag_add_source(m.diag, STR("t"), str_from(text));
	m.plan = plan_make(script_parse(m.a, source, m.diag), o, m.diag);
	m.said = diag_render(m.diag, m.a);
	return m;
}

static struct made make(const char *text)
{
	return make_with(text, &(struct plan_options) { 0 });
}

static void done(struct made *m)
{
	plan_close(m->plan);
	arena_free(m->a);
}

static bool says(const struct made *m, const char *text)
{
	return str_find(m->said, str_from(text)) >= 0;
}

// That the script is refused with those words.
static void check_error(const char *script, const char *words)
{
	struct made m = make(script);
	CHECK(diag_n_errors(m.diag) > 0);
	if (!says(&m, words))
		unit_fail(__FILE__, __LINE__, "%s: said '%.*s', not '%s'", script, STR_ARG(m.said),
			  words);
	done(&m);
}

static const struct plan_probe *probe(const struct made *m, size_t clause, size_t i)
{
	CHECK(clause < m->plan->n_clauses);
	CHECK(i < m->plan->clauses[clause].probes.n);
	return &m->plan->clauses[clause].probes.v[i];
}

// --- special probes, rates, events ---

TEST(probe_special_ones)
{
	struct made m = make("BEGIN { } begin { } END, end { } self:signal:SIGUSR1 { }");
	CHECK_VIEW(m.said, "");
	CHECK_INT(m.plan->n_clauses, 4);
	CHECK_INT(m.plan->n_probes, 5);
	CHECK_INT(probe(&m, 0, 0)->kind, PROBE_BEGIN);
	CHECK_VIEW(probe(&m, 1, 0)->text, "begin");
	CHECK_VIEW(probe(&m, 2, 1)->text, "end");
	CHECK_INT(probe(&m, 3, 0)->signal, SIGUSR1);
	CHECK_STR(probe_kind_name(PROBE_END), "special");
	done(&m);
	check_error("BEGIN:x { }", "BEGIN stands alone");
	check_error("self:signal:SIGKILL { }", "the signals are");
	check_error("self:x { }", "expected self:signal:SIGUSR1");
}

TEST(probe_rates)
{
	static const struct {
		const char *script, *text;
		uint64_t period, hz;
	} cases[] = {
		{ "interval:s:1 { }", "interval:s:1", 1000000000, 0 },
		{ "i:ms:20 { }", "interval:ms:20", 20000000, 0 },
		{ "I:us:50 { }", "interval:us:50", 50000, 0 },
		{ "interval:hz:100 { }", "interval:hz:100", 10000000, 100 },
		{ "interval:500ms { }", "interval:us:500000", 500000000, 0 },
		{ "interval:2m { }", "interval:us:120000000", 120000000000, 0 },
		{ "interval:1000000 { }", "interval:us:1000", 1000000, 0 },
		{ "interval:12345 { }", "interval:ns:12345", 12345, 0 },
		{ "profile:hz:99 { }", "profile:hz:99", 10101010, 99 },
		{ "p:s:0x10 { }", "profile:s:16", 16000000000, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct made m = make(cases[i].script);
		CHECK_VIEW(m.said, "");
		const struct plan_probe *p = probe(&m, 0, 0);
		CHECK_VIEW(p->text, cases[i].text);
		CHECK_INT(p->rate.period_ns, cases[i].period);
		CHECK_INT(p->rate.hz, cases[i].hz);
		done(&m);
	}
}

TEST(probe_rates_that_are_refused)
{
	check_error("interval:s:0 { }", "a rate of 0 never comes");
	check_error("interval:0 { }", "a rate of 0 never comes");
	check_error("interval:x:1 { }", "the units are s, ms, us, ns and hz");
	check_error("interval:s:1ms { }", "the rate '1ms' is not a number");
	check_error("interval:s: { }", "the rate is missing");
	check_error("interval:s:9223372037 { }", "does not fit into 63 bits");
	check_error("interval:hz:1000000001 { }", "more than once a nanosecond");
	check_error("profile { }", "expected profile:UNIT:COUNT");
	check_error("profile:hz:9:9 { }", "expected profile:UNIT:COUNT");
	check_error("interval:soon { }", "'soon' is not a time");
	struct made m = make("interval:us:1 { }");
	CHECK_INT(diag_n_errors(m.diag), 0);
	CHECK(says(&m, "every 10 us at most"));
	done(&m);
}

TEST(probe_positional_parameters)
{
	struct str params[] = { STR("25"), STR("ms"), STR("cpu") };
	struct plan_options o = { .params = params, .n_params = 3 };
	struct made m = make_with("interval:$2:$1 { } s:$3-clock:$1$1 { } p:hz:$4 { }", &o);
	CHECK_VIEW(probe(&m, 0, 0)->text, "interval:ms:25");
	CHECK_VIEW(probe(&m, 1, 0)->text, "software:cpu-clock:2525");
	CHECK(says(&m, "no parameter $4 was given"));
	done(&m);
}

TEST(probe_events)
{
	struct made m = make("s:faults, software:page-faults:1, s:cpu: { } h:cycles:5, "
			     "hardware:branches { }");
	CHECK_VIEW(m.said, "");
	CHECK_VIEW(probe(&m, 0, 0)->text, "software:faults");
	CHECK_VIEW(probe(&m, 0, 0)->event.name, "page-faults");
	CHECK_INT(probe(&m, 0, 0)->event.count, 100);
	CHECK_INT(probe(&m, 0, 0)->event.config, PERF_COUNT_SW_PAGE_FAULTS);
	CHECK_VIEW(probe(&m, 0, 1)->text, "software:page-faults:1");
	CHECK_INT(probe(&m, 0, 1)->event.count, 1);
	CHECK_INT(probe(&m, 0, 2)->event.count, 1000000);
	CHECK_INT(probe(&m, 1, 0)->kind, PROBE_HARDWARE);
	CHECK_INT(probe(&m, 1, 0)->event.config, PERF_COUNT_HW_CPU_CYCLES);
	CHECK_INT(probe(&m, 1, 1)->event.count, 100000);
	done(&m);
	check_error("s:page-fault { }", "near: page-faults");
	check_error("s:cycles { }", "no software event 'cycles'");
	check_error("h:cycles:0 { }", "a count of 0 never comes");
	check_error("h { }", "expected hardware:EVENT");
}

TEST(probe_watchpoints)
{
	struct made m = make("watchpoint:0x1000:8:rw, w:4096:4:w, w:0x2000:8:x { }");
	CHECK_VIEW(m.said, "");
	CHECK_VIEW(probe(&m, 0, 0)->text, "watchpoint:0x1000:8:rw");
	CHECK(probe(&m, 0, 0)->watch.on_read && probe(&m, 0, 0)->watch.on_write);
	CHECK_INT(probe(&m, 0, 1)->watch.len, 4);
	CHECK(probe(&m, 0, 2)->watch.on_execute);
	done(&m);
	check_error("w:0x1001:8:w { }", "multiples of the length");
	check_error("w:0x1000:3:w { }", "a length is 1, 2, 4 or 8");
	check_error("w:0x1000:0:w { }", "a length is 1, 2, 4 or 8");
	check_error("w:0x1000:8:rx { }", "a mode is");
	check_error("w:0x1000:8:r { }", "the mode is rw");
	check_error("w:0x1000:4:x { }", "the length is 8");
	check_error("w:f:8:w { }", "the address 'f' is not a number");
}

TEST(probe_providers_that_are_not_there)
{
	check_error("kprobe:vfs_read { }", "kprobe probes are not supported by stoat");
	check_error("k:vfs_read { }", "kprobe probes are not supported by stoat");
	check_error("kfunc:vfs_read { }", "kfunc probes are not supported by stoat");
	check_error("KRETFUNC:vfs_read { }", "kretfunc probes are not supported by stoat");
	check_error("rt:sched_switch { }", "tracepoint:GROUP:NAME has the same");
	check_error("iter:task { }", "iter probes are not supported");
	check_error("upobe:a:b { }", "near: uprobe");
	check_error("xyzzy:a { }", "there are uprobe, uretprobe");
	check_error("*:f { }", "cannot be a pattern");
	check_error("uprobe:/bin/true { }", "expected uprobe:PROGRAM:FUNCTION");
	check_error("uprobe { }", "expected uprobe:PROGRAM:FUNCTION");
	check_error("u::f { }", "the program is missing");
	check_error("u:*:f { }", "say which one with -p");
	check_error("U:/bin/true { }", "expected usdt:PROGRAM:PROVIDER:NAME");
	check_error("tracepoint:sched { }", "expected tracepoint:GROUP:NAME");
	check_error("uprobe:/no/such/file:f { }", "no such file: /no/such/file");
	check_error("uprobe:no-such-command:f { }", "no file, command or library");
}

TEST(probe_missing_can_be_ignored)
{
	struct plan_options o = { .missing = PLAN_MISSING_IGNORE };
	struct made m = make_with("BEGIN { } uprobe:/no/such/file:f { }", &o);
	CHECK_VIEW(m.said, "");
	CHECK_INT(m.plan->n_probes, 1);
	done(&m);
	o.missing = PLAN_MISSING_WARN;
	m = make_with("BEGIN { } uprobe:/no/such/file:f { }", &o);
	CHECK_INT(diag_n_errors(m.diag), 0);
	CHECK_INT(diag_n_warnings(m.diag), 1);
	done(&m);
	m = make_with("uprobe:/no/such/file:f { }", &o);
	CHECK(says(&m, "nothing to attach"));
	done(&m);
}

TEST(probe_too_many)
{
	struct plan_options o = { .max_probes = 2 };
	struct made m = make_with("interval:s:1, interval:s:2 { }", &o);
	CHECK_INT(diag_n_errors(m.diag), 0);
	done(&m);
	m = make_with("interval:s:1, interval:s:2 { } BEGIN { }", &o);
	CHECK(says(&m, "too many probes: 3 up to here, and max_probes is 2"));
	done(&m);
}

// --- tracepoints ---

static const char sched_format[] =
	"name: made_up\nID: 372\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;\n"
	"\tfield:__data_loc char[] device;\toffset:32;\tsize:4;\tsigned:0;\n"
	"\tfield:__rel_loc u8[] buf;\toffset:36;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned long args[6];\toffset:40;\tsize:48;\tsigned:0;\n"
	"\tfield:u32 words[SOME_NUMBER];\toffset:88;\tsize:12;\tsigned:0;\n"
	"\tfield:struct path *path;\toffset:104;\tsize:8;\tsigned:0;\n"
	"\nprint fmt: \"%s field: x;\", REC->prev_comm\n";

TEST(tracepoint_format)
{
	struct arena *a = arena_new();
	struct tracepoint t = { 0 };
	CHECK_OK(tracepoint_parse(a, str_from(sched_format), &t));
	CHECK_INT(t.id, 372);
	CHECK_INT(t.n_fields, 9);
	const struct tracepoint_field *f = t.fields;
	CHECK(f[0].is_common && f[1].is_common && !f[2].is_common);
	CHECK_VIEW(f[0].type, "unsigned short");
	CHECK(f[1].is_signed);
	CHECK_VIEW(f[2].name, "prev_comm");
	CHECK_VIEW(f[2].type, "char");
	CHECK_INT(f[2].count, 16);
	CHECK_INT(f[2].elem_size, 1);
	CHECK_VIEW(f[3].type, "const char *");
	CHECK(f[3].is_pointer && !f[3].count);
	CHECK(f[4].is_data_loc && !f[4].count);
	CHECK_VIEW(f[4].type, "char");
	CHECK_VIEW(f[4].name, "device");
	CHECK(f[5].is_rel_loc);
	CHECK_INT(f[6].count, 6);
	CHECK_INT(f[6].elem_size, 8);
	CHECK_INT(f[7].count, 3);
	CHECK_INT(f[7].elem_size, 4);
	CHECK_VIEW(f[8].name, "path");
	CHECK_VIEW(f[8].type, "struct path *");
	arena_free(a);
}

TEST(tracepoint_format_that_is_damaged)
{
	static const char *const texts[] = {
		"",
		"ID: x\n",
		"name: a\n",
		"ID: 1\n\tfield:int x;\toffset:0;\n",
		"ID: 1\n\tfield:;\toffset:0;\tsize:4;\tsigned:0;\n",
		"ID: 1\n\tfield:int x\n",
		"ID: 1\n\tfield:int x;\toffset:99999;\tsize:4;\n",
		"ID: 1\n\tfield:x];\toffset:0;\tsize:4;\tsigned:0;\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct arena *a = arena_new();
		struct tracepoint t = { 0 };
		CHECK_ERR(tracepoint_parse(a, str_from(texts[i]), &t), ERR_BADDATA);
		arena_free(a);
	}
}

// --- usdt ---

static struct usdt_arg arg_of(const char *text, enum insn_arch arch)
{
	struct arena *a = arena_new();
	struct usdt_note note = { 0 };
	usdt_parse_args(a, arch, NULL, str_from(text), &note);
	CHECK_INT(note.n_args, 1);
	CHECK_VIEW(note.args[0].text, text);
	struct usdt_arg arg = note.args[0];
	arena_free(a);
	return arg;
}

static void check_arg(const char *text, enum insn_arch arch, struct usdt_arg want)
{
	struct usdt_arg got = arg_of(text, arch);
	if (got.kind != want.kind || got.size != want.size || got.is_signed != want.is_signed ||
	    got.is_float != want.is_float || got.reg != want.reg || got.index != want.index ||
	    got.scale != want.scale || got.off != want.off || got.shift != want.shift)
		unit_fail(__FILE__, __LINE__, "%s: kind %d reg %d index %d scale %d off %lld", text,
			  got.kind, got.reg, got.index, got.scale, (long long)got.off);
}

#define NO USDT_NO_REG
#define A(k, sign, bytes, r, i, sc, o)          \
	((struct usdt_arg) { .kind = USDT_##k,  \
			     .size = bytes,     \
			     .is_signed = sign, \
			     .reg = r,          \
			     .index = i,        \
			     .scale = sc,       \
			     .off = o })

TEST(usdt_args_of_x86)
{
	enum insn_arch x = INSN_X86_64;
	check_arg("8@%rdi", x, A(REG, 0, 8, 5, NO, 1, 0));
	check_arg("-4@%eax", x, A(REG, 1, 4, 0, NO, 1, 0));
	check_arg("2@%dx", x, A(REG, 0, 2, 1, NO, 1, 0));
	check_arg("1@%sil", x, A(REG, 0, 1, 4, NO, 1, 0));
	check_arg("-1@%r12b", x, A(REG, 1, 1, 12, NO, 1, 0));
	check_arg("4@%r8d", x, A(REG, 0, 4, 8, NO, 1, 0));
	check_arg("8@%r15", x, A(REG, 0, 8, 15, NO, 1, 0));
	struct usdt_arg ah = A(REG, 0, 1, 0, NO, 1, 0), xmm = A(REG, 0, 8, 18, NO, 1, 0);
	ah.shift = 8;
	xmm.is_float = true;
	check_arg("1@%ah", x, ah);
	check_arg("8f@%xmm1", x, xmm);
	check_arg("-4@$-7", x, A(CONST, 1, 4, NO, NO, 1, -7));
	check_arg("8@$0x10", x, A(CONST, 0, 8, NO, NO, 1, 16));
	check_arg("-4@-20(%rbp)", x, A(MEM, 1, 4, 6, NO, 1, -20));
	check_arg("8@(%rsp)", x, A(MEM, 0, 8, 7, NO, 1, 0));
	check_arg("8@8+16(%rsp)", x, A(MEM, 0, 8, 7, NO, 1, 24));
	check_arg("8@0x10(%rax,%rcx,8)", x, A(MEM, 0, 8, 0, 2, 8, 16));
	check_arg("8@(%rax,%rcx)", x, A(MEM, 0, 8, 0, 2, 1, 0));
	check_arg("8@(,%rcx,4)", x, A(MEM, 0, 8, NO, 2, 4, 0));
	check_arg("%rdi", x, A(OTHER, 0, 8, NO, NO, 1, 0));
}

TEST(usdt_args_that_cannot_be_read)
{
	static const char *const texts[] = {
		"8@%fs:0x28",   "8@nosuch(%rip)",  "8@%zmm",   "8@%r7", "8@%r16",
		"8@$sym",       "3@%rax",          "16@%rax",  "@%rax", "8@(%rax",
		"8@()",         "8@(%rax,%rcx,3)", "8@",       "8@%",   "junk",
		"8@4(%eflags)", "8@(%ah)",         "8@(%rip)",
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (arg_of(texts[i], INSN_X86_64).kind != USDT_OTHER)
			unit_fail(__FILE__, __LINE__, "%s is taken", texts[i]);
}

TEST(usdt_args_of_arm64)
{
	enum insn_arch x = INSN_ARM64;
	check_arg("8@x3", x, A(REG, 0, 8, 3, NO, 1, 0));
	check_arg("-4@w30", x, A(REG, 1, 4, 30, NO, 1, 0));
	check_arg("8@[sp, 16]", x, A(MEM, 0, 8, 31, NO, 1, 16));
	check_arg("8@[x1]", x, A(MEM, 0, 8, 1, NO, 1, 0));
	check_arg("4@[x1, -8]", x, A(MEM, 0, 4, 1, NO, 1, -8));
	check_arg("4@[x1, x2, lsl 2]", x, A(MEM, 0, 4, 1, 2, 4, 0));
	check_arg("-4@-1", x, A(CONST, 1, 4, NO, NO, 1, -1));
	CHECK_INT(arg_of("8@x31", x).kind, USDT_OTHER);
	CHECK_INT(arg_of("8@[x1, y]", x).kind, USDT_OTHER);
	CHECK_INT(arg_of("8@[x1", x).kind, USDT_OTHER);
}

TEST(usdt_args_many)
{
	struct arena *a = arena_new();
	struct usdt_note note = { 0 };
	usdt_parse_args(a, INSN_X86_64, NULL, STR("  8@%rdi -4@-20(%rbp)\t8@$1 "), &note);
	CHECK_INT(note.n_args, 3);
	CHECK_VIEW(note.args[1].text, "-4@-20(%rbp)");
	usdt_parse_args(a, INSN_X86_64, NULL, STR(""), &note);
	CHECK_INT(note.n_args, 0);
	arena_free(a);
}

// --- ld.so.cache ---

// A cache in the making: the header, entries of 24 bytes, then strings.
struct cache {
	unsigned char b[1024];
	size_t n;       // of entries
	size_t strings; // where the next string goes
	size_t start;   // of the newer form
};

static void put32(struct cache *c, size_t at, uint32_t v)
{
	memcpy(c->b + at, &v, sizeof(v));
}

static uint32_t put_string(struct cache *c, const char *s)
{
	size_t at = c->strings;
	memcpy(c->b + at, s, strlen(s) + 1);
	c->strings += strlen(s) + 1;
	return (uint32_t)(at - c->start);
}

static struct cache new_cache(size_t start)
{
	struct cache c = { .start = start, .strings = start + 48 + 10 * 24 };
	memcpy(c.b + start, "glibc-ld.so.cache1.1", 20);
	return c;
}

static void add(struct cache *c, uint32_t flags, uint64_t hwcap, const char *key, const char *path)
{
	size_t at = c->start + 48 + c->n++ * 24;
	put32(c, at, flags);
	put32(c, at + 4, put_string(c, key));
	put32(c, at + 8, put_string(c, path));
	memcpy(c->b + at + 16, &hwcap, sizeof(hwcap));
	put32(c, c->start + 20, (uint32_t)c->n);
}

static struct str find(const struct cache *c, const char *name)
{
	return ld_cache_find((struct bytes) { c->b, c->strings }, str_from(name));
}

TEST(ld_cache_names)
{
	struct cache c = new_cache(0);
	add(&c, 0x0003, 0, "libc.so.6", "/lib32/libc.so.6");
	add(&c, 0x0303, 1ull << 62, "libc.so.6", "/lib/hw/libc.so.6");
	add(&c, 0x0303, 0, "libc.so.6", "/lib/libc.so.6");
	add(&c, 0x0303, 0, "libcrypt.so.1", "/lib/libcrypt.so.1");
	add(&c, 0x0303, 0, "libssl.so.3", "/lib/libssl.so.3");
#if defined(__x86_64__)
	CHECK_VIEW(find(&c, "libc.so.6"), "/lib/libc.so.6");
	CHECK_VIEW(find(&c, "libc"), "/lib/libc.so.6");
	CHECK_VIEW(find(&c, "libssl"), "/lib/libssl.so.3");
	CHECK_VIEW(find(&c, "libssl.so"), "/lib/libssl.so.3");
#endif
	CHECK_VIEW(find(&c, "lib"), "");
	CHECK_VIEW(find(&c, "libx"), "");
}

TEST(ld_cache_behind_the_older_form)
{
	struct cache c = new_cache(32);
	memcpy(c.b, "ld.so-1.7.0", 11);
	put32(&c, 12, 1); // one entry of 12 bytes, then up to a multiple of 8
	add(&c, 0x0303, 0, "libm.so.6", "/lib/libm.so.6");
	CHECK_VIEW(find(&c, "libm"), "/lib/libm.so.6");
}

TEST(ld_cache_that_is_damaged)
{
	struct cache c = new_cache(0);
	add(&c, 0x0303, 0, "libm.so.6", "/lib/libm.so.6");
	size_t whole = c.strings;
	for (size_t len = 0; len < whole; len++) {
		// Bytes of its own, so that a read behind them is seen.
		unsigned char *b = malloc(len + 1);
		memcpy(b, c.b, len);
		struct str s = ld_cache_find((struct bytes) { b, len }, STR("libm"));
		CHECK_VIEW(s, "");
		free(b);
	}
	put32(&c, 20, UINT32_MAX);
	CHECK_VIEW(find(&c, "libm"), "/lib/libm.so.6");
	put32(&c, 48 + 4, UINT32_MAX);
	CHECK_VIEW(find(&c, "libm"), "");
}

TEST(library_names)
{
	CHECK(is_library_name(STR("libc.so.6"), STR("libc")));
	CHECK(is_library_name(STR("libc-2.31.so"), STR("libc")));
	CHECK(is_library_name(STR("libssl.so.3"), STR("libssl.so")));
	CHECK(is_library_name(STR("libx.so"), STR("libx")));
	CHECK(!is_library_name(STR("libcrypt.so.1"), STR("libc")));
	CHECK(!is_library_name(STR("libc++.so.1"), STR("libc")));
	CHECK(!is_library_name(STR("libc-client.so"), STR("libc")));
	CHECK(!is_library_name(STR("lib"), STR("libc")));
}
