// SPDX-License-Identifier: Apache-2.0
// Values that have to fit into a line, and calls put together again.
#include "unit.h"

#include <stdlib.h>

#include "out/out.h"

static char shown[512];

static const char *fitted(const char *text, size_t columns)
{
	struct out_buf b = { 0 };
	out_buf_str(&b, str_from(text));
	out_fit(&b, columns);
	snprintf(shown, sizeof(shown), "%.*s", STR_ARG(out_buf_view(&b)));
	out_buf_free(&b);
	return shown;
}

TEST(out_fit_leaves_out_what_is_nested_deepest)
{
	const char *text = "(s=&main.T{a: main.U{b: 1234}, c: []int{1, 2, 3}}, key=\"user/7\")";
	CHECK_STR(fitted(text, 100), text);
	CHECK_STR(fitted(text, 60), "(s=&main.T{a: main.U{...}, c: []int{...}}, key=\"user/7\")");
	CHECK_STR(fitted(text, 50), "(s=&main.T{...}, key=\"user/7\")");
	CHECK_STR(fitted(text, 28), "(s=&main.T{...}, key=\"us...)");
}

TEST(out_fit_leaves_names_alone)
{
	CHECK_STR(fitted("(m=map[string][]main.T{\"a\": [1, 2, 3]}, f=main.(*T).f-fm)", 46),
		  "(m=map[string][]main.T{...}, f=main.(*T).f-fm)");
	CHECK_STR(fitted("(*main.T)(0xc000012340)", 12), "(*main.T...)");
}

TEST(out_fit_counts_characters)
{
	CHECK_STR(fitted("\"gr\xc3\xb6\xc3\x9f"
			 "er\"",
			 8),
		  "\"gr\xc3\xb6\xc3\x9f"
		  "er\"");
	CHECK_STR(fitted("\"gr\xc3\xb6\xc3\x9f"
			 "er als null\"",
			 12),
		  "\"gr\xc3\xb6\xc3\x9f\"...");
	CHECK_STR(fitted("\x1b[31merror \"x\"\x1b[0m", 9), "\x1b[31merror \"x\"\x1b[0m");
	CHECK_INT(out_columns(STR("\x1b[31mgr\xc3\xb6\x1b[0m")), 3);
	// What is cut inside of a colour ends it.
	CHECK_STR(fitted("\x1b[31mabcdefghij\x1b[0m", 6), "\x1b[31mabc\x1b[0m...");
	// One in which nothing is left does not begin, and there are never more dots than three.
	CHECK_STR(fitted("(ab, \x1b[31merror \"x\"\x1b[0m)", 9), "(ab, ...)");
	CHECK_STR(fitted("(b=main.Big{A: 1}, s=2)", 15), "(b=main.Big...)");
	CHECK_STR(fitted("(b=main.Big{A: 1}, s=2)", 17), "(b=main.Big{...)");
}

// "args = results"
static const char *fitted_call(const char *args, const char *results, size_t columns)
{
	struct out_buf a = { 0 }, r = { 0 };
	out_buf_str(&a, str_from(args));
	out_buf_str(&r, str_from(results));
	out_fit_call(&a, &r, columns);
	snprintf(shown, sizeof(shown), "%.*s = %.*s", STR_ARG(out_buf_view(&a)),
		 STR_ARG(out_buf_view(&r)));
	out_buf_free(&a);
	out_buf_free(&r);
	return shown;
}

TEST(out_fit_call_keeps_why_it_failed)
{
	const char *args = "(password=<redacted>, token=[]byte(3), n=&4)";
	const char *failed = "(false, 4, \x1b[31merror \"store full: quota 10\"\x1b[0m)";
	CHECK_STR(fitted_call(args, failed, 64), "(password=<redacted>...) = (false, 4, "
						 "\x1b[31merror \"store full: quota 10\"\x1b[0m)");
	CHECK_STR(fitted_call(args, failed, 50),
		  "(passwor...) = (..., \x1b[31merror \"store full: quota 10\"\x1b[0m)");
	CHECK_STR(fitted_call(args, failed, 36),
		  "(pass...) = (..., \x1b[31merror \"store full\x1b[0m...)");
	// What is in long results is worth no more than half of the line.
	CHECK_STR(fitted_call("(key=\"user/7\", n=12345678)",
			      "main.Entry{Key: \"user/7\", User: \"Ada\", TTL: 1}", 60),
		  "(key=\"user/7\", n=12345678) = main.Entry{...}");
}

// --- trees ---

static struct out_calls *calls;
static char *text;
static size_t len;
static FILE *file;
static uint64_t goid;

static void begin_view(enum out_calls_view view, bool tells_open)
{
	file = open_memstream(&text, &len);
	calls = out_calls_new(&(struct out_calls_options) {
		.view = view, .f = file, .tells_open = tells_open, .tells_ended = tells_open });
	goid = 7;
}

static void begin(bool tells_open)
{
	begin_view(OUT_CALLS_TREE, tells_open);
}

static void call(const char *func, uint64_t depth, bool is_return, bool is_untold)
{
	struct out_call c = { .start_ns = 1000,
			      .end_ns = 3000,
			      .pid = 1,
			      .tid = 1,
			      .has_goid = true,
			      .goid = goid,
			      .func = str_from(func),
			      .args = STR("()"),
			      .depth = depth,
			      .is_return = is_return,
			      .is_untold = is_untold };
	out_calls_add(calls, &c);
}

static size_t times(const char *what)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static struct out_calls_missing missing;

static void finish(void)
{
	missing = out_calls_missing(calls);
	out_calls_end(calls);
	fclose(file);
}

TEST(out_tree_without_a_match_is_silent)
{
	begin(false);
	call("a", 8, false, false);
	call("b", 16, false, false);
	call("b", 16, true, true);
	call("a", 8, true, true);
	call("a", 8, false, false);
	finish();
	CHECK_INT(len, 0);
}

TEST(out_tree_drops_what_a_panic_has_ended)
{
	begin(true);
	call("a", 8, false, false);
	call("b", 16, false, false);
	call("a", 8, false, false); // not deeper than a: both have ended
	call("a", 8, true, false);
	finish();
	CHECK(strstr(text, "GO 7  a(...) panicked\n") == text);
	CHECK(strstr(text, "        b(...) panicked\n"));
	CHECK(strstr(text, "GO 7  a() "));
}

TEST(out_tree_of_one_call_is_told_in_parts)
{
	begin(true);
	call("loop", 8, false, false);
	for (int i = 0; i < 25000; i++) {
		call("in", 16, false, false);
		call("in", 16, true, false);
	}
	finish();
	CHECK_INT(times("GO 7  loop(...) has not returned\n"), 3);
}

static void recursion(uint64_t levels)
{
	for (uint64_t i = 1; i <= levels; i++)
		call("f", 8 * i, false, false);
	for (uint64_t i = levels; i > 0; i--)
		call("f", 8 * i, true, false);
}

TEST(out_tree_counts_what_is_too_deep_for_it)
{
	begin(true);
	recursion(OUT_CALLS_OPEN_MAX + 3);
	recursion(2);
	finish();
	CHECK_INT(missing.n_deep, 3);
	CHECK_INT(times("f() "), OUT_CALLS_OPEN_MAX + 2);
	CHECK_INT(times("GO 7 "), 2);
	CHECK(!strstr(text, "return"));
}

TEST(out_chrome_has_calls_of_any_depth)
{
	begin_view(OUT_CALLS_CHROME, true);
	recursion(OUT_CALLS_OPEN_MAX + 3);
	finish();
	CHECK_INT(missing.n_deep, 0);
	CHECK_INT(times("\"ph\": \"X\"") + times("\"ph\":\"X\""), OUT_CALLS_OPEN_MAX + 3);
}

TEST(out_tree_counts_calls_of_goroutines_that_are_too_many)
{
	begin(true);
	for (goid = 1; goid <= OUT_CALLS_LANES_MAX + 5; goid++) {
		call("a", 8, false, false);
		call("b", 16, false, false);
	}
	for (goid = 1; goid <= 10; goid++)
		call("b", 16, true, false);
	finish();
	// The first five gave way to the last ones, and one more to the first that returns.
	CHECK_INT(missing.n_cut, 2 * (5 + 1));
}
