// SPDX-License-Identifier: Apache-2.0
// Go's values, against what Go prints for them.
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "out/out.h"

static const struct out_type t_f64 = { .kind = OUT_FLOAT, .size = 8, .is_go = true };
static const struct out_type t_f32 = { .kind = OUT_FLOAT, .size = 4, .is_go = true };
static const struct out_type t_c128 = { .kind = OUT_COMPLEX, .size = 16, .is_go = true };
static const struct out_type t_c64 = { .kind = OUT_COMPLEX, .size = 8, .is_go = true };
static const struct out_type t_duration = { .kind = OUT_INT, .size = 8, .is_duration = true };
static const struct out_type t_slice = { .kind = OUT_SLICE, .size = 24, .is_go = true };
static const struct out_type t_ptr = { .kind = OUT_POINTER, .size = 8, .is_go = true };
static const struct out_type t_text = { .kind = OUT_TEXT, .size = 16, .is_go = true };
static const struct out_type t_kept = { .kind = OUT_STRING, .size = 16, .is_go = true };
static const struct out_type t_bool = { .kind = OUT_BOOL, .size = 1 };
static const struct out_type t_u64 = { .kind = OUT_UINT, .size = 8, .is_go = true };
static const struct out_type t_u32 = { .kind = OUT_UINT, .size = 4, .is_go = true };
static const struct out_type t_rune = { .kind = OUT_INT, .size = 4, .is_go = true };
static const struct out_type t_c_u32 = { .kind = OUT_UINT, .size = 4 };
static const struct out_type t_c_i32 = { .kind = OUT_INT, .size = 4 };
static const struct out_type t_i64 = { .kind = OUT_INT, .size = 8 };

static const struct out_env env = { .trailer = { "..", 2 }, .go_trailer = { "...", 3 } };

// As a variable keeps it: the bytes, then how many there are.
static const void *kept(const char *text, size_t n, uint64_t mark)
{
	static struct {
		char bytes[8];
		uint64_t end;
	} v;
	memset(&v, 0, sizeof(v));
	memcpy(v.bytes, text, n);
	v.end = n | mark;
	return &v;
}

static void check_text(const struct out_type *t, const void *p, size_t n, const char *want)
{
	struct out_buf b = { 0 };
	out_value_text(&env, (struct out_value) { .type = t, .bytes = { p, n } }, &b);
	CHECK_VIEW(out_buf_view(&b), want);
	out_buf_free(&b);
}

static void check_json(const struct out_type *t, const void *p, size_t n, const char *want)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct json j = json_init(f);
	out_value_json(&env, (struct out_value) { .type = t, .bytes = { p, n } }, &j);
	fclose(f);
	CHECK_STR(text, want);
	free(text);
}

static void check_format(const char *format, const struct out_type *t, const void *p,
			 const char *want)
{
	struct arena *a = arena_new();
	struct out_format f;
	struct out_format_error err = { 0 };
	struct out_buf b = { 0 };
	bool is_fine = out_format_parse(a, str_from(format), &t, 1, &f, &err);
	if (is_fine) {
		struct out_value v = { .type = t, .bytes = { p, t->size } };
		out_format_render(&env, &f, &v, 1, &b);
		CHECK_VIEW(out_buf_view(&b), want);
	} else {
		CHECK_VIEW(err.text, want);
	}
	out_buf_free(&b);
	arena_free(a);
}

static void check_f64(double v, const char *want)
{
	check_text(&t_f64, &v, sizeof(v), want);
}

static void check_f32(float v, const char *want)
{
	check_text(&t_f32, &v, sizeof(v), want);
}

TEST(out_go_floats)
{
	check_f64(0, "0");
	check_f64(-0.0, "-0");
	check_f64(1.5, "1.5");
	check_f64(100, "100");
	check_f64(123456, "123456");
	check_f64(1000000, "1e+06");
	check_f64(123456789, "1.23456789e+08");
	check_f64(0.0001, "0.0001");
	check_f64(0.00001234, "1.234e-05");
	check_f64(0.1, "0.1");
	check_f64(1.0 / 3, "0.3333333333333333");
	check_f64(5e-324, "5e-324");
	check_f64(1.7976931348623157e308, "1.7976931348623157e+308");
	check_f64(5.684341886080802e-14, "5.684341886080802e-14");
	check_f64(9007199254740992, "9.007199254740992e+15");
	check_f64((double)NAN, "NaN");
	check_f64((double)INFINITY, "+Inf");
	check_f64(-(double)INFINITY, "-Inf");
	check_f32(0.1F, "0.1");
	check_f32(16777216, "1.6777216e+07");
	check_f32(1e-45F, "1e-45");
	check_f32(3.4028235e38F, "3.4028235e+38");
	check_f32(NAN, "NaN");
}

TEST(out_go_floats_in_json)
{
	double v = 1e6;
	check_json(&t_f64, &v, 8, "1e+06");
	v = (double)NAN;
	check_json(&t_f64, &v, 8, "\"NaN\"");
	v = -(double)INFINITY;
	check_json(&t_f64, &v, 8, "\"-Inf\"");
}

TEST(out_go_complex)
{
	double v[] = { 1, 2 };
	check_text(&t_c128, v, 16, "(1+2i)");
	check_json(&t_c128, v, 16, "\"(1+2i)\"");
	v[0] = 1e6;
	v[1] = -0.5;
	check_text(&t_c128, v, 16, "(1e+06-0.5i)");
	v[0] = (double)NAN;
	v[1] = (double)INFINITY;
	check_text(&t_c128, v, 16, "(NaN+Infi)");
	v[1] = (double)NAN;
	check_text(&t_c128, v, 16, "(NaN+NaNi)");
	float half[] = { 0.1F, -0.0F };
	check_text(&t_c64, half, 8, "(0.1-0i)");
	check_format("%.2f", &t_c64, half, "(0.10-0.00i)");
}

TEST(out_go_floats_in_printf)
{
	double v = 1234.5678;
	check_format("%f", &t_f64, &v, "1234.567800");
	check_format("%.2f|", &t_f64, &v, "1234.57|");
	check_format("%10.1F|", &t_f64, &v, "    1234.6|");
	check_format("%-10.1f|", &t_f64, &v, "1234.6    |");
	check_format("%010.1f|", &t_f64, &v, "00001234.6|");
	check_format("%+e", &t_f64, &v, "+1.234568e+03");
	check_format("%.3E", &t_f64, &v, "1.235E+03");
	check_format("% g", &t_f64, &v, " 1234.5678");
	check_format("%.2g", &t_f64, &v, "1.2e+03");
	check_format("%#.0f", &t_f64, &v, "1235.");
	check_format("%s", &t_f64, &v, "1234.5678");
	check_format("%12v|", &t_f64, &v, "   1234.5678|");
	v = -1e9;
	check_format("%G", &t_f64, &v, "-1E+09");
	check_format("%08.1e|", &t_f64, &v, "-1.0e+09|");
	check_format("%012.1e|", &t_f64, &v, "-00001.0e+09|");
	v = (double)INFINITY;
	check_format("%06.1f|", &t_f64, &v, "  +Inf|");
	check_format("%d", &t_f64, &v,
		     "%d takes a number, not a floating point number: %f and %g print it, (int64) "
		     "makes it whole");
	check_format("%x", &t_slice, &v, "%x takes a number, not a slice");
}

static void check_duration(int64_t v, const char *want)
{
	check_text(&t_duration, &v, sizeof(v), want);
}

TEST(out_go_durations)
{
	int64_t v = 1500000000;
	check_duration(0, "0s");
	check_duration(1, "1ns");
	check_duration(-3000, "-3\xc2\xb5s");
	check_duration(1100, "1.1\xc2\xb5s");
	check_duration(2200000, "2.2ms");
	check_duration(100000000, "100ms");
	check_duration(999999999, "999.999999ms");
	check_duration(1000000000, "1s");
	check_duration(1500000000, "1.5s");
	check_duration(60000000000, "1m0s");
	check_duration(3720500000000, "1h2m0.5s");
	check_duration(3600000000001, "1h0m0.000000001s");
	check_duration(INT64_MAX, "2562047h47m16.854775807s");
	check_duration(INT64_MIN, "-2562047h47m16.854775808s");
	check_json(&t_duration, &v, 8, "1500000000");
	check_format("%d", &t_duration, &v, "1500000000");
	check_format("%8s|", &t_duration, &v, "    1.5s|");
}

TEST(out_go_slices)
{
	uint64_t v[] = { 0xc000012340, 3, 4 };
	check_text(&t_slice, v, 24, "[3/4]0xc000012340");
	check_json(&t_slice, v, 24, "{\"len\":3,\"cap\":4,\"ptr\":\"0xc000012340\"}");
	v[0] = 0;
	v[1] = v[2] = 0;
	check_text(&t_slice, v, 24, "nil");
	check_json(&t_slice, v, 24, "null");
	v[0] = 0x5a0;
	check_text(&t_slice, v, 24, "[0/0]0x5a0");
	v[0] = OUT_UNREADABLE;
	check_text(&t_slice, v, 24, "<unreadable>");
	check_json(&t_slice, v, 24, "null");
	v[0] = 0xc000012340;
	v[1] = 5;
	v[2] = 2;
	check_text(&t_slice, v, 24, "<unreadable>");
	check_json(&t_slice, v, 24, "null");
	v[1] = UINT64_MAX;
	check_text(&t_slice, v, 24, "<unreadable>");
}

TEST(out_go_pointers)
{
	uint64_t v = 0;
	check_text(&t_ptr, &v, 8, "nil");
	check_json(&t_ptr, &v, 8, "null");
	check_format("%p", &t_ptr, &v, "0x0");
	v = 255;
	check_text(&t_ptr, &v, 8, "0xff");
	check_json(&t_ptr, &v, 8, "255");
}

TEST(out_go_text)
{
	check_text(&t_text, "\4\0\0\0\0\0\0\0abcd", 12, "abcd");
	check_text(&t_text, "\5\0\0\0\0\0\0\0abcd", 12, "abcd...");
	check_text(&t_text, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "<unreadable>");
	check_json(&t_text, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "null");
	check_json(&t_text, "\5\0\0\0\0\0\0\0abcd", 12, "\"abcd...\"");
	check_text(&t_kept, kept("abc", 3, 0), 16, "abc");
	check_text(&t_kept, kept("abc", 3, OUT_END_CUT), 16, "abc...");
	check_text(&t_kept, kept("12345678", 8, 0), 16, "12345678");
	check_format("[%s]", &t_kept, kept("", 0, 0), "[]");
	check_text(&t_kept, kept("", 0, OUT_END_UNREADABLE), 16, "<unreadable>");
	check_json(&t_kept, kept("", 0, OUT_END_UNREADABLE), 16, "null");
	check_json(&t_kept, kept("a\0b", 3, 0), 16, "\"a\\u0000b\"");
}

TEST(out_go_text_quoted)
{
	check_format("%q", &t_kept, kept("a\"\n", 3, 0), "\"a\\\"\\n\"");
	check_format("%6q|", &t_kept, kept("a", 1, 0), "   \"a\"|");
	check_format("%q", &t_kept, kept("abc", 3, OUT_END_CUT), "\"abc\"...");
	check_format("%.2q", &t_kept, kept("abcd", 4, 0), "\"ab\"");
	check_format("%q", &t_kept, kept("\xff\x7f\a", 3, 0), "\"\\xff\\x7f\\a\"");
	check_format("%q", &t_kept, kept("\xc3\xa9", 2, 0), "\"\xc3\xa9\"");
	check_format("%q", &t_kept, kept("\xc2\xa0\v", 3, 0), "\"\\u00a0\\v\"");
	check_format("%q", &t_text, "\6\0\0\0\0\0\0\0\0\\\xed\xa0\x80z",
		     "\"\\x00\\\\\\xed\\xa0\\x80z\"");
	check_format("%q", &t_text, "\4\0\0\0\0\0\0\0\xf3\xa0\x80\x81", "\"\\U000e0001\"");
	check_format("%q", &t_text, "\xff\xff\xff\xff\xff\xff\xff\xff", "<unreadable>");
	check_format("%q", &t_i64, "", "%q takes a string, not a number");
}

TEST(out_go_unsigned_and_runes)
{
	uint64_t most = UINT64_MAX;
	check_format("%d", &t_u64, &most, "18446744073709551615");
	check_format("%ld", &t_u64, &most, "18446744073709551615");
	check_format("%i", &t_u32, &most, "4294967295");
	check_format("%+12d", &t_u32, &most, " +4294967295");
	check_format("%x", &t_u32, &most, "ffffffff");
	check_format("%d", &t_c_u32, &most, "-1");
	check_format("%d", &t_rune, &most, "-1");
	check_format("%c", &t_rune, "a\0\0", "a");
	check_format("%3c|", &t_rune, "\xe9\0\0", "  \xc3\xa9|");
	check_format("%-3c|", &t_rune, "\x16\x4e\0", "\xe4\xb8\x96  |");
	check_format("%c", &t_rune, "\0\xf6\1", "\xf0\x9f\x98\x80");
	check_format("%c", &t_rune, "\0\xd8\0", "\xef\xbf\xbd");
	check_format("%c", &t_rune, &most, "\xef\xbf\xbd");
	check_format("%c", &t_c_i32, "\xe9\0\0", "\xe9");
}

TEST(out_go_bools)
{
	check_format("%t", &t_bool, "\1", "true");
	check_format("%t", &t_bool, "\0", "false");
	check_format("%t", &t_i64, "\0", "%t takes a bool, not a number");
}

TEST(out_go_floats_have_an_order)
{
	static const double sorted[] = { -(double)INFINITY, -2, -1, -1e-9, 0, 1e-9, 1, 1.5, 1e300 };
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
		for (size_t k = 0; k < ARRAY_LEN(sorted); k++) {
			int order = out_value_compare(
				&t_f64, (struct bytes) { (const uint8_t *)&sorted[i], 8 },
				(struct bytes) { (const uint8_t *)&sorted[k], 8 });
			CHECK_INT(order, (i > k) - (i < k));
		}
	double zeros[] = { 0.0, -0.0 };
	CHECK_INT(out_value_compare(&t_f64, (struct bytes) { (const uint8_t *)&zeros[0], 8 },
				    (struct bytes) { (const uint8_t *)&zeros[1], 8 }),
		  0);
}

TEST(out_go_what_could_not_be_read)
{
	static const struct out_type num = { .kind = OUT_INT, .size = 8 };
	static const struct out_type none = { .kind = OUT_TEXT, .size = 8 };
	static const uint64_t unreadable = OUT_UNREADABLE;
	const struct out_field fields[] = { { .name = STR("a"), .type = &num },
					    { .name = STR("b"), .type = &num, .off = 8 } };
	const struct out_type tuple = {
		.kind = OUT_TUPLE, .size = 16, .fields = fields, .n_fields = 2
	};
	const uint64_t words[] = { 7, 0 };
	struct out_value v = { .type = &tuple,
			       .bytes = { (const uint8_t *)words, 16 },
			       .unreadable = 2 };
	struct out_buf b = { 0 };
	out_value_text(&env, v, &b);
	CHECK_VIEW(out_buf_view(&b), "(7, <unreadable>)");
	out_buf_free(&b);
	// A format was made for another type.
	struct arena *a = arena_new();
	const struct out_type *const types[] = { &num };
	struct out_format format;
	struct out_format_error err = { 0 };
	CHECK(out_format_parse(a, STR("%14d|"), types, 1, &format, &err));
	v = (struct out_value) { .type = &none, .bytes = { (const uint8_t *)&unreadable, 8 } };
	out_format_render(&env, &format, &v, 1, &b);
	CHECK_VIEW(out_buf_view(&b), "  <unreadable>|");
	out_buf_free(&b);
	arena_free(a);
}
