// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/diag.h"

// One error in one source, as it is printed.
static void check_one(const char *source, uint32_t off, uint32_t len, const char *want)
{
	struct arena *a = arena_new();
	struct diag *d = diag_new(a);
	struct span span = { diag_add_source(d, STR("x.bt"), str_from(source)), off, len };
	diag_error(d, span, "message");
	CHECK_VIEW(diag_render(d, a), want);
	arena_free(a);
}

TEST(diag_points_at_a_range)
{
	check_one("uprobe:./shop:\"main.(*Store).Get\" { print(args.kye) }", 42, 8,
		  "stoat: error: x.bt:1:43: message\n"
		  "  uprobe:./shop:\"main.(*Store).Get\" { print(args.kye) }\n"
		  "                                            ^~~~~~~~\n");
}

TEST(diag_points_at_one_byte_and_at_none)
{
	check_one("ab\ncd\nef", 4, 1, "stoat: error: x.bt:2:2: message\n  cd\n   ^\n");
	check_one("ab\ncd\nef", 5, 0, "stoat: error: x.bt:2:3: message\n  cd\n    ^\n");
	check_one("ab\r\ncd\r\n", 4, 2, "stoat: error: x.bt:2:1: message\n  cd\n  ^~\n");
}

TEST(diag_points_at_the_end)
{
	check_one("ab", 2, 0, "stoat: error: x.bt:1:3: message\n  ab\n    ^\n");
	check_one("ab", 99, 99, "stoat: error: x.bt:1:3: message\n  ab\n    ^\n");
	check_one("ab\n", 3, 1, "stoat: error: x.bt:2:1: message\n  \n  ^\n");
	check_one("", 0, 0, "stoat: error: x.bt:1:1: message\n  \n  ^\n");
}

TEST(diag_underlines_the_first_line_of_several)
{
	check_one("f(a,\n  b)", 2, 6, "stoat: error: x.bt:1:3: message\n  f(a,\n    ^~\n");
}

TEST(diag_expands_tabs)
{
	check_one("\tif\tx", 4, 1, "stoat: error: x.bt:1:5: message\n      if  x\n          ^\n");
	check_one("a\tb", 1, 2, "stoat: error: x.bt:1:2: message\n  a   b\n   ^~~~\n");
}

TEST(diag_counts_characters)
{
	// Two bytes and one column; three bytes and two columns; two bytes and no column.
	check_one("\"\xc3\xa9\" x", 5, 1,
		  "stoat: error: x.bt:1:5: message\n  \"\xc3\xa9\" x\n      ^\n");
	check_one("\xe6\xbc\xa2 x", 4, 1,
		  "stoat: error: x.bt:1:3: message\n  \xe6\xbc\xa2 x\n     ^\n");
	check_one("e\xcc\x81 x", 4, 1, "stoat: error: x.bt:1:4: message\n  e\xcc\x81 x\n    ^\n");
}

TEST(diag_hides_what_is_no_text)
{
	check_one("a\x1b[31m\xff\xc3(\xed\xa0\x80 x", 12, 1,
		  "stoat: error: x.bt:1:13: message\n  a?[31m?\?(??? x\n              ^\n");
}

TEST(diag_cuts_long_lines)
{
	char text[301];
	for (size_t i = 0; i < 300; i++)
		text[i] = (char)('a' + i % 26);
	text[300] = 0;
	check_one(
		text, 3, 2,
		"stoat: error: x.bt:1:4: message\n"
		"  abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzab"
		"cdefghijklmnopqr...\n"
		"     ^~\n");
	check_one(
		text, 150, 300,
		"stoat: error: x.bt:1:151: message\n"
		"  ...ghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcde"
		"fghijklmnopqrstuvwx...\n"
		"                                             "
		"^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n");
	check_one(
		text, 299, 1,
		"stoat: error: x.bt:1:300: message\n"
		"  ...wxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstu"
		"vwxyzabcdefghijklmn\n"
		"                                                                                "
		"                    ^\n");
}

TEST(diag_prints_hints_warnings_and_sources)
{
	struct arena *a = arena_new();
	struct diag *d = diag_new(a);
	uint32_t one = diag_add_source(d, STR("one.bt"), STR("first\nsecond"));
	uint32_t two = diag_add_source(d, STR("two.bt"), STR("third"));
	diag_hint(d, "about nothing");
	diag_error(d, (struct span) { one, 6, 6 }, "bad %s", "thing");
	diag_hint(d, "near: %d", 1);
	diag_hint(d, "two\nlines");
	diag_warning(d, (struct span) { two, 0, 5 }, "odd");
	diag_error(d, SPAN_NONE, "no place");
	CHECK_VIEW(diag_render(d, a), "stoat: error: one.bt:2:1: bad thing\n"
				      "  second\n"
				      "  ^~~~~~\n"
				      "  near: 1\n"
				      "  two\n"
				      "  lines\n"
				      "stoat: warning: two.bt:1:1: odd\n"
				      "  third\n"
				      "  ^~~~~\n"
				      "stoat: error: no place\n");
	CHECK_INT(diag_n_errors(d), 2);
	CHECK_INT(diag_n_warnings(d), 1);
	CHECK_VIEW(diag_source_name(d, two), "two.bt");
	CHECK_VIEW(diag_span_text(d, (struct span) { one, 6, 99 }), "second");
	CHECK_VIEW(diag_span_text(d, SPAN_NONE), "");
	arena_free(a);
}

TEST(diag_says_nothing_twice)
{
	struct arena *a = arena_new();
	struct diag *d = diag_new(a);
	uint32_t source = diag_add_source(d, STR("x"), STR("y"));
	struct span span = { source, 0, 1 };
	diag_error(d, span, "bad");
	diag_error(d, span, "bad");
	diag_hint(d, "of the second one");
	diag_warning(d, span, "bad");
	CHECK_INT(diag_n_errors(d), 1);
	CHECK_VIEW(diag_render(d, a), "stoat: error: x:1:1: bad\n  y\n  ^\n"
				      "stoat: warning: x:1:1: bad\n  y\n  ^\n");
	arena_free(a);
}

TEST(diag_stops_after_many)
{
	struct arena *a = arena_new();
	struct diag *d = diag_new(a);
	for (int i = 0; i < DIAG_MAX; i++)
		diag_error(d, SPAN_NONE, "error %d", i);
	CHECK(!diag_is_full(d));
	diag_error(d, SPAN_NONE, "one more");
	diag_hint(d, "not seen");
	CHECK(diag_is_full(d));
	for (int i = 0; i < DIAG_MAX + 3; i++)
		diag_warning(d, SPAN_NONE, "warning %d", i);
	struct str text = diag_render(d, a);
	CHECK(str_find(text, STR("error 19\n")) > 0);
	CHECK(str_find(text, STR("one more")) < 0);
	CHECK(str_find(text, STR("not seen")) < 0);
	CHECK(str_find(text, STR("warning 19\n")) > 0);
	CHECK(str_find(text, STR("warning 20\n")) < 0);
	CHECK(str_ends(text, STR("stoat: warning: 3 more warnings\n"
				 "stoat: error: too many errors\n")));
	arena_free(a);
}

TEST(diag_excerpt_is_about_what_was_typed)
{
	struct arena *a = arena_new();
	struct diag *d = diag_new(a);
	uint32_t script = diag_add_source(d, STR("script"), STR("if (x > ) { }"));
	uint32_t option = diag_add_source(d, STR("--where"), STR("x > "));
	diag_add_excerpt(d, (struct span) { script, 4, 4 }, (struct span) { option, 0, 4 });
	diag_add_excerpt(d, (struct span) { script, 0, 13 }, SPAN_NONE);
	diag_error(d, (struct span) { script, 4, 1 }, "one");
	diag_error(d, (struct span) { script, 8, 1 }, "two");
	diag_error(d, (struct span) { script, 11, 1 }, "three");
	struct str text = diag_render(d, a);
	CHECK(str_find(text, STR("--where:1:1: one")) >= 0);
	CHECK(str_find(text, STR("--where:1:5: two")) >= 0);
	CHECK(str_find(text, STR("error: three")) >= 0);
	arena_free(a);
}
