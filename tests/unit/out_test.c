// SPDX-License-Identifier: Apache-2.0
// What a script prints, against what bpftrace 0.27.1 printed for the same values.
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "out/out.h"

// --- types and values ---

static const struct out_type t_i8 = { .kind = OUT_INT, .size = 1 };
static const struct out_type t_i32 = { .kind = OUT_INT, .size = 4 };
static const struct out_type t_i64 = { .kind = OUT_INT, .size = 8 };
static const struct out_type t_u8 = { .kind = OUT_UINT, .size = 1 };
static const struct out_type t_u32 = { .kind = OUT_UINT, .size = 4 };
static const struct out_type t_u64 = { .kind = OUT_UINT, .size = 8 };
static const struct out_type t_word = { .kind = OUT_UINT, .size = 8, .is_word = true };
static const struct out_type t_bool = { .kind = OUT_BOOL, .size = 1 };
static const struct out_type t_ptr = { .kind = OUT_POINTER, .size = 8 };
static const struct out_type t_str8 = { .kind = OUT_STRING, .size = 8 };
static const struct out_type t_buf = { .kind = OUT_BUFFER, .size = 16 };

static const struct out_env env = { .trailer = { "..", 2 }, .go_trailer = { "...", 3 } };

// Everything that a test makes is in here, and goes with its process.
static void *make(size_t n, size_t size)
{
	static struct arena *arena;
	if (!arena)
		arena = arena_new();
	return arena_alloc(arena, n, size);
}

static struct out_value value(const struct out_type *t, const void *p, size_t n)
{
	return (struct out_value) { .type = t, .bytes = { p, n } };
}

static struct out_value number(const struct out_type *t, uint64_t v)
{
	uint64_t *p = make(1, sizeof(*p));
	*p = v;
	return value(t, p, t->size);
}

static struct out_value string(const char *s)
{
	char *p = make(1, 8);
	memcpy(p, s, strnlen(s, 8));
	return value(&t_str8, p, 8);
}

static struct out_value buffer(const char *s, uint32_t n)
{
	char *p = make(1, 16);
	memcpy(p, &n, 4);
	memcpy(p + 4, s, n);
	return value(&t_buf, p, 16);
}

// The tuple (a, b).
static struct out_value pair(struct out_value a, struct out_value b)
{
	struct out_field *f = make(2, sizeof(*f));
	f[0] = (struct out_field) { .name = STR("a"), .type = a.type };
	f[1] = (struct out_field) { .name = STR("b"), .type = b.type, .off = a.type->size };
	struct out_type *t = make(1, sizeof(*t));
	*t = (struct out_type) {
		.kind = OUT_TUPLE, .size = a.type->size + b.type->size, .fields = f, .n_fields = 2
	};
	uint8_t *p = make(1, t->size);
	memcpy(p, a.bytes.p, a.type->size);
	memcpy(p + a.type->size, b.bytes.p, b.type->size);
	return value(t, p, t->size);
}

static struct out_value record(struct out_value tuple)
{
	struct out_type *t = make(1, sizeof(*t));
	*t = *tuple.type;
	t->kind = OUT_RECORD;
	return value(t, tuple.bytes.p, tuple.bytes.len);
}

static struct out_value total(enum out_kind kind, int64_t sum, uint64_t n)
{
	struct out_type *t = make(1, sizeof(*t));
	*t = (struct out_type) { .kind = kind, .size = 8, .is_signed = true };
	struct out_total *p = make(1, sizeof(*p));
	*p = (struct out_total) { (uint64_t)sum, n };
	return value(t, p, sizeof(*p));
}

static struct out_value hist(unsigned k, const int64_t *x, size_t n)
{
	struct out_type *t = make(1, sizeof(*t));
	*t = (struct out_type) { .kind = OUT_HIST, .bits = (uint8_t)k };
	t->size = (uint32_t)out_agg_size(t);
	uint64_t *p = make(1, t->size);
	for (size_t i = 0; i < n; i++)
		p[out_hist_index(x[i], k)]++;
	return value(t, p, t->size);
}

static struct out_value lhist(int64_t min, int64_t max, uint64_t step, const int64_t *x, size_t n)
{
	struct out_type *t = make(1, sizeof(*t));
	*t = (struct out_type) { .kind = OUT_LHIST, .lhist = { min, max, step } };
	t->size = (uint32_t)out_agg_size(t);
	uint64_t *p = make(1, t->size);
	for (size_t i = 0; i < n; i++)
		p[out_lhist_index(x[i], min, max, step)]++;
	return value(t, p, t->size);
}

#define NUMBERS(...) (const int64_t[]) { __VA_ARGS__ }, sizeof((int64_t[]) { __VA_ARGS__ }) / 8

// --- output in memory ---

struct capture {
	FILE *f;
	char *p;
	size_t n;
};

static struct capture *capture(void)
{
	struct capture *c = make(1, sizeof(*c));
	c->f = open_memstream(&c->p, &c->n);
	return c;
}

static const char *text_of(struct capture *c)
{
	fclose(c->f);
	char *text = make(1, c->n + 1);
	memcpy(text, c->p, c->n);
	free(c->p);
	return text;
}

static void check_value(struct out_value v, const char *text, const char *json)
{
	struct out_buf b = { 0 };
	out_value_text(&env, v, &b);
	CHECK_VIEW(out_buf_view(&b), text);
	out_buf_free(&b);
	struct capture *c = capture();
	struct json j = { .f = c->f, .is_spaced = true };
	out_value_json(&env, v, &j);
	CHECK_STR(text_of(c), json);
}

static void check_printf_of(const char *format, const struct out_value *args, size_t n,
			    const char *want)
{
	const struct out_type *types[10];
	struct arena *a = arena_new();
	struct out_format f;
	struct out_format_error err;
	struct out_buf b = { 0 };
	for (size_t i = 0; i < n; i++)
		types[i] = args[i].type;
	CHECK(out_format_parse(a, str_from(format), types, n, &f, &err));
	out_format_render(&env, &f, args, n, &b);
	CHECK_VIEW(out_buf_view(&b), want);
	out_buf_free(&b);
	arena_free(a);
}

#define VALUES(...)                                 \
	(const struct out_value[]) { __VA_ARGS__ }, \
		sizeof((struct out_value[]) { __VA_ARGS__ }) / sizeof(struct out_value)
#define CHECK_PRINTF(want, format, ...) check_printf_of(format, VALUES(__VA_ARGS__), want)

static void check_map(const char *name, struct out_value *keys, struct out_value *values, size_t n,
		      size_t top, uint64_t div, const char *text, const char *json)
{
	struct out_row *rows = make(n + 1, sizeof(*rows));
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct out_row) {
			.key = keys ? keys[i].bytes : (struct bytes) { NULL, 0 },
			.value = values[i].bytes,
		};
	struct out_map m = { str_from(name), keys ? keys[0].type : NULL, values[0].type, rows, n };
	struct capture *c = capture();
	out_map_text(&env, &m, top, div, c->f);
	CHECK_STR(text_of(c), text);
	c = capture();
	out_map_json(&env, &m, top, div, c->f);
	CHECK_STR(text_of(c), json);
}

#define I(v)      number(&t_i64, (uint64_t)(v))
#define U(v)      number(&t_u64, (v))
#define FULL_BAR  "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
#define HALF_BAR  "@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
#define NO_BAR    "                                                    |\n"
#define NO_KEYS   ((struct out_value *)NULL)
#define SCALAR(v) NO_KEYS, (struct out_value[]) { v }, 1, 0, 0

// --- values ---

TEST(out_float_has_few_digits)
{
	struct out_type t = { .kind = OUT_FLOAT, .size = 8 };
	struct out_buf b = { 0 };
	double values[] = { 1.5, 0.1, -3e300 };
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct bytes v = { (const uint8_t *)&values[i], sizeof(values[i]) };
		out_value_text(&env, (struct out_value) { .type = &t, .bytes = v }, &b);
		out_buf_str(&b, STR(" "));
	}
	float single = 0.1F;
	t.size = 4;
	struct bytes v = { (const uint8_t *)&single, sizeof(single) };
	out_value_text(&env, (struct out_value) { .type = &t, .bytes = v }, &b);
	CHECK_VIEW(out_buf_view(&b), "1.5 0.1 -3e+300 0.1");
	out_buf_free(&b);
}

TEST(out_numbers)
{
	check_value(I(-1), "-1", "-1");
	check_value(U(UINT64_MAX), "18446744073709551615", "\"18446744073709551615\"");
	check_value(number(&t_i8, (uint8_t)-5), "-5", "-5");
	check_value(number(&t_u8, 255), "255", "255");
	check_value(I(9007199254740993), "9007199254740993", "\"9007199254740993\"");
	check_value(I(-9007199254740993), "-9007199254740993", "\"-9007199254740993\"");
	check_value(I(9007199254740992), "9007199254740992", "9007199254740992");
	check_value(I(INT64_MIN), "-9223372036854775808", "-9223372036854775808");
	check_value(I(INT64_MAX), "9223372036854775807", "\"9223372036854775807\"");
	check_value(number(&t_bool, 1), "true", "true");
	check_value(number(&t_ptr, 0), "0x0", "0");
	check_value(number(&t_ptr, 255), "0xff", "255");
}

TEST(out_enums_have_names_in_text)
{
	static const struct out_enumerator names[] = { { STR("A1"), 1 }, { STR("B2"), 2 } };
	static const struct out_type t = {
		.kind = OUT_ENUM, .size = 4, .names = names, .n_names = 2
	};
	check_value(number(&t, 2), "B2", "2");
	check_value(number(&t, 7), "7", "7");
	CHECK_PRINTF("B2 2|   A1|B2   |2\n", "%s %d|%5s|%-5s|%x\n", number(&t, 2), number(&t, 2),
		     number(&t, 1), number(&t, 2), number(&t, 2));
}

TEST(out_strings_are_bare)
{
	check_value(string("a\"b\\\n\x01"), "a\"b\\\n\x01", "\"a\\\"b\\\\\\n\\u0001\"");
	check_value(pair(I(1), string("a\"b")), "(1, a\"b)", "[1,\"a\\\"b\"]");
	check_value(string("abcdefgh"), "abcdefgh..", "\"abcdefgh..\"");
	check_value(string("\xc3\xa9\xff"), "\xc3\xa9\xff", "\"\xc3\xa9\\ufffd\"");
	struct out_type c_array = t_str8;
	c_array.is_exact = true;
	check_value(value(&c_array, "abcdefgh", 8), "abcdefgh", "\"abcdefgh\"");
}

TEST(out_text_with_a_length)
{
	static const struct out_type t = { .kind = OUT_TEXT, .size = 12 };
	struct out_buf b = { 0 };
	out_value_text(&env, value(&t, "\3\0\0\0\0\0\0\0a\0b", 12), &b);
	CHECK_INT(b.n, 3);
	CHECK(memcmp(b.p, "a\0b", 3) == 0);
	out_buf_free(&b);
	check_value(value(&t, "\4\0\0\0\0\0\0\0abcd", 12), "abcd", "\"abcd\"");
	check_value(value(&t, "\5\0\0\0\0\0\0\0abcd", 12), "abcd...", "\"abcd...\"");
}

TEST(out_buffers_are_escaped)
{
	check_value(buffer("ab\x01\xff\\\"z\n\t", 9), "ab\\x01\\xff\\\"z\\x0a\\x09",
		    "[97,98,1,-1,92,34,122,10,9]");
	CHECK_PRINTF("ab\\x01|\\x61\\x01|61 01|[       a\\x01][61 01       ]",
		     "%r|%rx|%rh|[%12r][%-12rh]", buffer("ab\x01", 3), buffer("a\x01", 2),
		     buffer("a\x01", 2), buffer("a\x01", 2), buffer("a\x01", 2));
}

TEST(out_values_of_values)
{
	struct out_value inner = pair(I(3), string("y"));
	check_value(pair(I(1), inner), "(1, (3, y))", "[1,[3,\"y\"]]");
	check_value(record(pair(I(1), string("x"))), "{ .a = 1, .b = x }",
		    "{\"a\": 1, \"b\": \"x\"}");
	static const struct out_type quad = {
		.kind = OUT_ARRAY, .size = 4, .elem = &t_u8, .count = 4
	};
	struct out_value array = value(&quad, "\4\3\2\1", 4);
	check_value(array, "[4,3,2,1]", "[4,3,2,1]");
	check_value(pair(array, I(1)), "([4,3,2,1], 1)", "[[4,3,2,1],1]");
	static const struct out_type empty = { .kind = OUT_RECORD };
	check_value(value(&empty, "", 0), "{}", "{}");
	static const struct out_type none = { .kind = OUT_NONE };
	check_value(value(&none, "", 0), "?", "null");
}

TEST(out_bit_fields)
{
	static const struct out_field f[] = {
		{ .name = STR("a"), .type = &t_i32, .bit_size = 3, .bit_off = 1 },
		{ .name = STR("b"), .type = &t_u32, .bit_size = 4, .bit_off = 4 },
		{ .name = STR("c"), .type = &t_u64, .bit_size = 64, .bit_off = 8 },
	};
	static const struct out_type t = {
		.kind = OUT_RECORD, .size = 16, .fields = f, .n_fields = 3
	};
	check_value(value(&t, "\xfe\1\0\0\0\0\0\0\x80", 9),
		    "{ .a = -1, .b = 15, .c = 9223372036854775809 }",
		    "{\"a\": -1, \"b\": 15, \"c\": \"9223372036854775809\"}");
}

TEST(out_addresses)
{
	static const struct out_type inet = { .kind = OUT_INET, .size = 20 };
	static const struct out_type mac = { .kind = OUT_MAC, .size = 6 };
	check_value(value(&inet, "\2\0\0\0\177\0\0\1", 8), "127.0.0.1", "\"127.0.0.1\"");
	check_value(value(&inet, "\12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 20), "::1",
		    "\"::1\"");
	check_value(value(&mac, "\xab\0\1\2\3\4", 6), "AB:00:01:02:03:04", "\"AB:00:01:02:03:04\"");
}

static void put_frames(void *ctx, const struct out_type *t, struct bytes v, unsigned indent,
		       struct out_buf *b)
{
	(void)ctx;
	(void)v;
	out_buf_str(b, t->kind == OUT_STACK ? STR("\n") : STR(""));
	out_buf_fill(b, ' ', t->kind == OUT_STACK ? indent : 0);
	out_buf_str(b, t->kind == OUT_STACK ? STR("main.f+4\n") : STR("main.f"));
}

TEST(out_symbols_are_the_callers)
{
	static const struct out_type sym = { .kind = OUT_SYMBOL, .size = 8 };
	static const struct out_type stack = { .kind = OUT_STACK, .size = 8 };
	struct out_env named = { .resolve = put_frames };
	struct out_row row = { .key = { (const uint8_t *)"", 0 },
			       .value = { (const uint8_t *)"\1", 1 } };
	struct out_map m = { STR("@"), &stack, &t_u8, &row, 1 };
	struct capture *c = capture();
	check_value(number(&sym, 0x1234), "0x1234", "\"0x1234\"");
	out_map_text(&named, &m, 0, 0, c->f);
	out_map_json(&named, &m, 0, 0, c->f);
	out_event_value(&named, number(&sym, 1), c->f);
	CHECK_STR(text_of(c), "@[\n        main.f+4\n]: 1\n"
			      "{\"type\": \"map\", \"data\": {\"@\": {\"\\nmain.f+4\\n\": 1}}}\n"
			      "{\"type\": \"value\", \"data\": \"main.f\"}\n");
}

// --- printf ---

TEST(out_printf_as_bpftrace)
{
	CHECK_PRINTF("-1|-2|3|ff|FF|10|A|str|0x1000|\n", "%d|%i|%u|%x|%X|%o|%c|%s|%p|\n", I(-1),
		     I(-2), I(3), I(255), I(255), I(8), I(65), string("str"), I(4096));
	CHECK_PRINTF("100% 5 %\n", "100%% %d %%\n", I(5));
	CHECK_PRINTF("[   42][42   ][00042][      ab][ab      ]", "[%5d][%-5d][%05d][%8s][%-8s]",
		     I(42), I(42), I(42), string("ab"), string("ab"));
	CHECK_PRINTF("[44][4464][-1][255][65535][18446744073709551615]",
		     "[%hhd][%hd][%ld][%hhu][%hu][%llu]", I(300), I(70000), I(-1), I(-1), I(-1),
		     I(-1));
	CHECK_PRINTF("[200][4294967295][ffffffff][0xffffffffffffffff]", "[%d][%u][%x][%p]",
		     number(&t_u8, 200), number(&t_i8, 255), number(&t_i8, 255),
		     number(&t_i8, 255));
	CHECK_PRINTF("[-1][4294967295]", "[%d][%ld]", number(&t_u32, UINT32_MAX),
		     number(&t_u32, UINT32_MAX));
	CHECK_PRINTF("[+5   ][   +5][5][0xff][010][0XFF][ 0xff]",
		     "[%-+5d][%+5d][%+u][%#x][%#o][%#X][%#5x]", I(5), I(5), I(5), I(255), I(8),
		     I(255), I(255));
	CHECK_PRINTF("[5][-5][true][(1, a)][1][ true]", "[%s][%s][%s][%s][%d][%5s]", I(5), I(-5),
		     number(&t_bool, 1), pair(I(1), string("a")), number(&t_bool, 1),
		     number(&t_bool, 1));
	CHECK_PRINTF("5 %y % %w", "%d %y %5% %w", I(5));
	CHECK_PRINTF("5 %", "%d %", I(5));
	check_printf_of("%", NULL, 0, "%");
}

// bpftrace 0.27 says 00-42, -4200, 42, abcdef, "(         1, ab)"; 0.17 says what C says.
TEST(out_printf_as_c)
{
	CHECK_PRINTF("[-0042][-42  ][042][     042][ab][      ab][0x0000ff][ 42]",
		     "[%05d][%-05d][%.3d][%8.3d][%.2s][%8.2s][%#08x][% d]", I(-42), I(-42), I(42),
		     I(42), string("abcdef"), string("abcdef"), I(255), I(42));
	CHECK_PRINTF("[   (1, ab)][(1, ab)   ][0x0][  A][A  ]", "[%10s][%-10s][%p][%3c][%-3c]",
		     pair(I(1), string("ab")), pair(I(1), string("ab")), I(0), I(65), I(65));
}

TEST(out_printf_keeps_all_bits)
{
	CHECK_PRINTF("5000000000 18446744073709551615 ffffffffffffffff", "%d %u %x", I(5000000000),
		     U(UINT64_MAX), I(-1));
	// A word may hold an int; -1 is in its lower half then.
	CHECK_PRINTF("-1 ffffffff 4294967295 4294967296", "%d %x %ld %d",
		     number(&t_word, UINT32_MAX), number(&t_word, UINT32_MAX),
		     number(&t_word, UINT32_MAX), number(&t_word, 1ULL << 32));
}

static void check_error(const char *format, const struct out_type *t, size_t off, size_t len,
			const char *want)
{
	struct arena *a = arena_new();
	struct out_format f;
	struct out_format_error err;
	CHECK(!out_format_parse(a, str_from(format), &t, t ? 1 : 0, &f, &err));
	CHECK_VIEW(err.text, want);
	CHECK_INT(err.off, off);
	CHECK_INT(err.len, len);
	arena_free(a);
}

TEST(out_printf_says_what_is_wrong)
{
	check_error("a %-5d", &t_str8, 2, 4, "%-5d takes a number, not a string");
	check_error("%rx", &t_i64, 0, 3, "%rx takes a buffer, not a number");
	check_error("x%a", &t_i64, 1, 2, "there is no %a here");
	check_error("x%f", &t_i64, 1, 2,
		    "%f takes a floating point number, not a number: %d prints it");
	check_error("%n", &t_i64, 0, 2, "there is no %n here");
	check_error("%*d", &t_i64, 0, 2, "a width or precision is a number, not '*'");
	check_error("%.99999d", &t_i64, 0, 7, "a width or precision is at most 65535");
	check_error("%d %d", &t_i64, 0, 0,
		    "too few arguments for the format: it takes 2, 1 is given");
	check_error("hi", &t_i64, 0, 0,
		    "too many arguments for the format: it takes 0, 1 is given");
	check_error("%d", NULL, 0, 0, "too few arguments for the format: it takes 1, 0 are given");
}

// --- maps ---

TEST(out_map_scalars)
{
	check_map("@a", SCALAR(I(1)), "@a: 1\n", "{\"type\": \"map\", \"data\": {\"@a\": 1}}\n");
	check_map("@c", SCALAR(string("str")), "@c: str\n",
		  "{\"type\": \"map\", \"data\": {\"@c\": \"str\"}}\n");
	check_map("@av", SCALAR(total(OUT_AVG, -7, 2)), "@av: -3\n",
		  "{\"type\": \"stats\", \"data\": {\"@av\": -3}}\n");
	check_map("@s", SCALAR(total(OUT_STATS, 0, 0)),
		  "@s: { .count = 0, .average = 0, .total = 0 }\n",
		  "{\"type\": \"stats\", \"data\": {\"@s\": {\"count\": 0, \"average\": 0, "
		  "\"total\": 0}}}\n");
}

TEST(out_map_rows_by_value)
{
	struct out_value keys[] = { I(1), I(2), I(3), I(4), I(5) };
	struct out_value values[] = { I(3), I(1), I(-2), I(1), I(2) };
	check_map("@x", keys, values, 5, 0, 0,
		  "@x[3]: -2\n@x[2]: 1\n@x[4]: 1\n@x[5]: 2\n@x[1]: 3\n",
		  "{\"type\": \"map\", \"data\": {\"@x\": "
		  "{\"3\": -2, \"2\": 1, \"4\": 1, \"5\": 2, \"1\": 3}}}\n");
	check_map("@x", keys, values, 5, 2, 2, "@x[5]: 1\n@x[1]: 1\n",
		  "{\"type\": \"map\", \"data\": {\"@x\": {\"5\": 1, \"1\": 1}}}\n");
	check_map("@x", keys, values, 0, 0, 0, "", "");
}

TEST(out_map_tuple_keys)
{
	struct out_value keys[] = { pair(I(1), string("x")), pair(I(2), string("(a b)")) };
	struct out_value values[] = { total(OUT_STATS, 8, 2), total(OUT_STATS, 1, 1) };
	check_map("@s", keys, values, 2, 0, 0,
		  "@s[2, (a b)]: { .count = 1, .average = 1, .total = 1 }\n"
		  "@s[1, x]: { .count = 2, .average = 4, .total = 8 }\n",
		  "{\"type\": \"stats\", \"data\": {\"@s\": "
		  "{\"2,(a b)\": {\"count\": 1, \"average\": 1, \"total\": 1}, "
		  "\"1,x\": {\"count\": 2, \"average\": 4, \"total\": 8}}}}\n");
	struct out_value nested[] = { pair(keys[0], I(3)), record(pair(I(1), I(2))) };
	struct out_value one[] = { I(1) };
	check_map("@", nested, one, 1, 0, 0, "@[(1, x), 3]: 1\n",
		  "{\"type\": \"map\", \"data\": {\"@\": {\"(1,x),3\": 1}}}\n");
	check_map("@", nested + 1, one, 1, 0, 0, "@[{ .a = 1, .b = 2 }]: 1\n",
		  "{\"type\": \"map\", \"data\": {\"@\": {\"{.a=1,.b=2}\": 1}}}\n");
}

TEST(out_map_of_text_by_key)
{
	struct out_value keys[] = { string("b"), string("a"), string("c") };
	struct out_value values[] = { string("z"), string("zz"), string("a") };
	check_map("@x", keys, values, 3, 0, 0, "@x[a]: zz\n@x[b]: z\n@x[c]: a\n",
		  "{\"type\": \"map\", \"data\": {\"@x\": "
		  "{\"a\": \"zz\", \"b\": \"z\", \"c\": \"a\"}}}\n");
}

// --- histograms ---

TEST(out_hist_text)
{
	check_map("@h", SCALAR(hist(0, NUMBERS(-1, 0, 1, 2, 3, 5))),
		  "@h:\n"
		  "(..., 0)               1 |" HALF_BAR "[0]                    1 |" HALF_BAR
		  "[1]                    1 |" HALF_BAR "[2, 4)                 2 |" FULL_BAR
		  "[4, 8)                 1 |" HALF_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@h\": [{\"max\": -1, \"count\": 1},"
		  "{\"min\": 0, \"max\": 0, \"count\": 1},{\"min\": 1, \"max\": 1, \"count\": 1},"
		  "{\"min\": 2, \"max\": 3, \"count\": 2},"
		  "{\"min\": 4, \"max\": 7, \"count\": 1}]}}\n");
	check_map("@h", SCALAR(hist(0, NUMBERS(1000, 1024, 65536))),
		  "@h:\n"
		  "[512, 1K)              1 |" FULL_BAR "[1K, 2K)               1 |" FULL_BAR
		  "[2K, 4K)               0 |" NO_BAR "[4K, 8K)               0 |" NO_BAR
		  "[8K, 16K)              0 |" NO_BAR "[16K, 32K)             0 |" NO_BAR
		  "[32K, 64K)             0 |" NO_BAR "[64K, 128K)            1 |" FULL_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 512, \"max\": 1023, "
		  "\"count\": 1},{\"min\": 1024, \"max\": 2047, \"count\": 1},"
		  "{\"min\": 2048, \"max\": 4095, \"count\": 0},"
		  "{\"min\": 4096, \"max\": 8191, \"count\": 0},"
		  "{\"min\": 8192, \"max\": 16383, \"count\": 0},"
		  "{\"min\": 16384, \"max\": 32767, \"count\": 0},"
		  "{\"min\": 32768, \"max\": 65535, \"count\": 0},"
		  "{\"min\": 65536, \"max\": 131071, \"count\": 1}]}}\n");
}

TEST(out_hist_with_bits)
{
	check_map("@h", SCALAR(hist(2, NUMBERS(7, 8, 9, 10))),
		  "@h:\n[7]                    1 |" HALF_BAR "[8, 10)                2 |" FULL_BAR
		  "[10, 12)               1 |" HALF_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 7, \"max\": 7, "
		  "\"count\": 1},{\"min\": 8, \"max\": 9, \"count\": 2},"
		  "{\"min\": 10, \"max\": 11, \"count\": 1}]}}\n");
	check_map("@h", SCALAR(hist(1, NUMBERS(INT64_MAX))),
		  "@h:\n[6E, 8E)               1 |" FULL_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 6917529027641081856, "
		  "\"max\": \"9223372036854775807\", \"count\": 1}]}}\n");
	check_map("@h", SCALAR(hist(5, NUMBERS(INT64_MAX))),
		  "@h:\n[8064P, 8192P)         1 |" FULL_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 9079256848778919936, "
		  "\"max\": \"9223372036854775807\", \"count\": 1}]}}\n");
	check_map("@h", SCALAR(hist(2, NUMBERS(2047))),
		  "@h:\n[1792, 2048)           1 |" FULL_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 1792, \"max\": 2047, "
		  "\"count\": 1}]}}\n");
}

TEST(out_hist_maps_by_total)
{
	struct out_value keys[] = { pair(I(1), string("a")), pair(I(2), string("b")) };
	struct out_value values[] = { hist(0, NUMBERS(100, 100, 100, 100)), hist(0, NUMBERS(5)) };
	check_map("@h", keys, values, 2, 0, 2,
		  "@h[2, b]:\n[4, 8)                 0 |" NO_BAR
		  "\n@h[1, a]:\n[64, 128)              2 |" FULL_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@h\": {\"2,b\": [{\"min\": 4, \"max\": 7, "
		  "\"count\": 0}], \"1,a\": [{\"min\": 64, \"max\": 127, \"count\": 2}]}}}\n");
	struct out_value none = hist(0, NULL, 0);
	check_map("@h", SCALAR(none), "@h:\n\n", "{\"type\": \"hist\", \"data\": {\"@h\": []}}\n");
}

TEST(out_lhist_text)
{
	check_map("@l", SCALAR(lhist(0, 100, 30, NUMBERS(-1, 5, 95, 100))),
		  "@l:\n"
		  "(..., 0)               1 |" HALF_BAR "[0, 30)                1 |" HALF_BAR
		  "[30, 60)               0 |" NO_BAR "[60, 90)               0 |" NO_BAR
		  "[90, ...)              2 |" FULL_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@l\": [{\"max\": -1, \"count\": 1},"
		  "{\"min\": 0, \"max\": 29, \"count\": 1},{\"min\": 30, \"max\": 59, \"count\": "
		  "0},{\"min\": 60, \"max\": 89, \"count\": 0},{\"min\": 90, \"count\": 2}]}}\n");
	check_map("@l", SCALAR(lhist(5, 10, 1, NUMBERS(7))),
		  "@l:\n[7]                    1 |" FULL_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@l\": [{\"min\": 7, \"max\": 7, "
		  "\"count\": 1}]}}\n");
	check_map("@l", SCALAR(lhist(0, 10240, 1024, NUMBERS(9999, 50000))),
		  "@l:\n[9K, 10K)              1 |" FULL_BAR "[10K, ...)             1 |" FULL_BAR
		  "\n",
		  "{\"type\": \"hist\", \"data\": {\"@l\": [{\"min\": 9216, \"max\": 10239, "
		  "\"count\": 1},{\"min\": 10240, \"count\": 1}]}}\n");
	check_map("@l", SCALAR(lhist(512, 4096, 1024, NUMBERS(3000))),
		  "@l:\n[2560, 3584)           1 |" FULL_BAR "\n",
		  "{\"type\": \"hist\", \"data\": {\"@l\": [{\"min\": 2560, \"max\": 3583, "
		  "\"count\": 1}]}}\n");
}

TEST(out_hist_index_at_every_boundary)
{
	for (unsigned k = 0; k <= OUT_HIST_BITS_MAX; k++) {
		size_t n = OUT_HIST_BUCKETS(k);
		CHECK_INT(out_hist_index(-1, k), 0);
		CHECK_INT(out_hist_index(INT64_MIN, k), 0);
		CHECK_INT(out_hist_index(0, k), 1);
		CHECK_INT(out_hist_index(INT64_MAX, k), n - 1);
		CHECK(out_hist_low(n, k) == (uint64_t)INT64_MAX + 1);
		for (size_t i = 1; i < n; i++) {
			uint64_t low = out_hist_low(i, k);
			CHECK_INT(out_hist_index((int64_t)low, k), i);
			CHECK_INT(out_hist_index((int64_t)low - 1, k), i - 1);
			CHECK(low < out_hist_low(i + 1, k));
		}
	}
	CHECK_INT(out_hist_index(1, 0), 2);
	CHECK_INT(out_hist_index(2, 0), 3);
	CHECK_INT(out_hist_index(3, 0), 3);
	CHECK_INT(out_hist_index(4, 0), 4);
	CHECK_INT(out_hist_index(8, 2), 9);
	CHECK_INT(out_hist_index(10, 2), 10);
}

TEST(out_lhist_index_at_every_boundary)
{
	CHECK_INT(out_lhist_buckets(0, 100, 10), 12);
	CHECK_INT(out_lhist_index(-1, 0, 100, 10), 0);
	for (int i = 0; i < 10; i++) {
		CHECK_INT(out_lhist_index(i * 10, 0, 100, 10), i + 1);
		CHECK_INT(out_lhist_index(i * 10 + 9, 0, 100, 10), i + 1);
	}
	CHECK_INT(out_lhist_index(100, 0, 100, 10), 11);
	CHECK_INT(out_lhist_index(INT64_MAX, 0, 100, 10), 11);
	CHECK_INT(out_lhist_index(INT64_MIN, 0, 100, 10), 0);
	CHECK_INT(out_lhist_buckets(0, 100, 30), 5);
	CHECK_INT(out_lhist_index(89, 0, 100, 30), 3);
	CHECK_INT(out_lhist_index(90, 0, 100, 30), 4);
	CHECK_INT(out_lhist_index(100, 0, 100, 30), 4);
	CHECK_INT(out_lhist_index(INT64_MAX, INT64_MIN, INT64_MAX, 1ULL << 62), 4);
}

// --- every CPU's part ---

static struct out_type agg_type(enum out_kind kind, bool is_signed)
{
	return (struct out_type) { .kind = kind, .is_signed = is_signed };
}

TEST(out_agg_sums)
{
	static const int64_t parts[] = { 5, 99, -9, 99, 1, 99 };
	int64_t sum;
	struct out_type t = agg_type(OUT_SUM, true);
	out_agg_merge(&t, parts, 3, 16, &sum);
	CHECK_INT(sum, -3);
	t = agg_type(OUT_COUNT, false);
	out_agg_merge(&t, parts, 0, 8, &sum);
	CHECK_INT(sum, 0);
	static const struct out_total totals[] = { { (uint64_t)-3, 1 }, { (uint64_t)-4, 1 } };
	struct out_total merged;
	t = agg_type(OUT_AVG, true);
	out_agg_merge(&t, totals, 2, sizeof(totals[0]), &merged);
	check_value(value(&t, &merged, sizeof(merged)), "-3", "-3");
	CHECK_PRINTF("-3", "%d", value(&t, &merged, sizeof(merged)));
}

TEST(out_agg_extremes)
{
	static const struct out_extreme values[] = {
		{ 0, 0 }, { (uint64_t)-3, 1 }, { 0, 0 }, { 4, 1 }
	};
	static const struct {
		enum out_kind kind;
		bool is_signed;
		int64_t want;
	} cases[] = {
		{ OUT_MIN, true, -3 },
		{ OUT_MAX, true, 4 },
		{ OUT_MIN, false, 4 },
		{ OUT_MAX, false, -3 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct out_type t = agg_type(cases[i].kind, cases[i].is_signed);
		struct out_extreme merged, parts[ARRAY_LEN(values)];
		for (size_t k = 0; k < ARRAY_LEN(values); k++) {
			parts[k] = values[k];
			if (values[k].is_set)
				parts[k].value ^= out_extreme_mask(&t);
		}
		out_agg_merge(&t, parts, 4, sizeof(parts[0]), &merged);
		CHECK_INT(merged.value, cases[i].want);
		out_agg_merge(&t, parts, 1, sizeof(parts[0]), &merged);
		CHECK_INT(merged.value, 0);
		CHECK_INT(merged.is_set, 0);
	}
}

TEST(out_agg_histograms)
{
	struct out_value a = hist(1, NUMBERS(5, 6));
	struct out_value b = hist(1, NUMBERS(5));
	size_t size = out_agg_size(a.type);
	uint8_t *parts = make(1, 2 * size);
	uint64_t *merged = make(1, size);
	memcpy(parts, a.bytes.p, size);
	memcpy(parts + size, b.bytes.p, size);
	CHECK_INT(size, 8 * OUT_HIST_BUCKETS(1));
	out_agg_merge(a.type, parts, 2, size, merged);
	CHECK_INT(merged[out_hist_index(5, 1)], 2);
	CHECK_INT(merged[out_hist_index(6, 1)], 1);
}

// --- series ---

#define EPOCH 17638 // of intervals of 100 ms: 00:29:23.8

static struct out_type series_type(enum out_kind agg)
{
	return (struct out_type) { .kind = OUT_TSERIES,
				   .size = 5 * sizeof(struct out_tslot),
				   .is_signed = true,
				   .clock = OUT_CLOCK_WALL,
				   .tseries = { 100000000, 5, agg } };
}

TEST(out_tseries_graph)
{
	struct out_type t = series_type(OUT_NONE);
	struct out_tslot slots[5] = { { 0 } };
	setenv("TZ", "UTC", 1);
	slots[(EPOCH + 0) % 5] = (struct out_tslot) { EPOCH, (uint64_t)-4, 1 };
	slots[(EPOCH + 1) % 5] = (struct out_tslot) { EPOCH + 1, 4, 1 };
	slots[(EPOCH + 3) % 5] = (struct out_tslot) { EPOCH + 3, 59, 1 };
	check_map("@t", SCALAR(value(&t, slots, sizeof(slots))),
		  "@t:\n"
		  "             -4                                                 59\n"
		  "hh:mm:ss.ms  |___________________________________________________|\n"
		  "00:29:23.800 *  .                                                | -4\n"
		  "00:29:23.900 |  .  *                                             | 4\n"
		  "00:29:24.000 |  .                                                | -\n"
		  "00:29:24.100 |  .                                                * 59\n"
		  "             v___________________________________________________v\n"
		  "             -4                                                 59\n\n",
		  "{\"type\": \"tseries\", \"data\": {\"@t\": ["
		  "{\"interval_start\":\"1970-01-01 00:29:23.800000000\",\"value\":-4},"
		  "{\"interval_start\":\"1970-01-01 00:29:23.900000000\",\"value\":4},"
		  "{\"interval_start\":\"1970-01-01 00:29:24.100000000\",\"value\":59}]}}\n");
}

TEST(out_tseries_of_one)
{
	struct out_type t = series_type(OUT_AVG);
	struct out_tslot slots[5] = { { 0 } };
	setenv("TZ", "UTC", 1);
	slots[EPOCH % 5] = (struct out_tslot) { EPOCH, 10, 2 };
	check_map("@t", SCALAR(value(&t, slots, sizeof(slots))),
		  "@t:\n"
		  "                   4                                                   6\n"
		  "hh:mm:ss.ns        |___________________________________________________|\n"
		  "00:29:23.800000000 |                         *                         | 5\n"
		  "                   v___________________________________________________v\n"
		  "                   4                                                   6\n\n",
		  "{\"type\": \"tseries\", \"data\": {\"@t\": ["
		  "{\"interval_start\":\"1970-01-01 00:29:23.800000000\",\"value\":5}]}}\n");
}

TEST(out_tseries_at_the_end_of_time)
{
	struct out_type t = series_type(OUT_NONE);
	struct out_tslot slots[5] = { { 0 } };
	struct out_row row = { .value = { (const uint8_t *)slots, sizeof(slots) } };
	struct out_map m = { STR("@"), NULL, &t, &row, 1 };
	struct capture *c = capture();
	out_map_text(&env, &m, 0, 0, c->f);
	CHECK_STR(text_of(c), "@:\n<no data>\n");
	slots[UINT64_MAX % 5] = (struct out_tslot) { UINT64_MAX, INT64_MAX, 1 };
	c = capture();
	out_map_text(&env, &m, 0, 0, c->f);
	CHECK(strstr(text_of(c), "* 9223372036854775807\n") != NULL);
}

TEST(out_tseries_merge)
{
	static const struct out_tslot parts[2][5] = {
		{ { 5, 7, 1 }, { 6, 3, 9 }, { 2, 1, 1 } },
		{ { 5, 2, 1 }, { 1, 4, 99 }, { 7, 2, 1 } },
	};
	static const struct {
		enum out_kind agg;
		uint64_t want;
	} cases[] = {
		{ OUT_SUM, 9 }, { OUT_MIN, 2 }, { OUT_MAX, 7 }, { OUT_AVG, 9 }, { OUT_NONE, 7 }
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct out_type t = series_type(cases[i].agg);
		struct out_tslot merged[5];
		out_agg_merge(&t, parts, 2, sizeof(parts[0]), merged);
		CHECK_INT(merged[0].value, cases[i].want);
		CHECK_INT(merged[1].value, 3);
		CHECK_INT(merged[2].epoch, 7);
	}
}

// --- times ---

static void check_time(const char *format, uint64_t ns, const char *want)
{
	struct out_buf b = { 0 };
	out_strftime(&b, str_from(format), ns);
	CHECK_VIEW(out_buf_view(&b), want);
	out_buf_free(&b);
}

TEST(out_strftime_with_micros)
{
	setenv("TZ", "UTC", 1);
	check_time("%Y-%m-%d %H:%M:%S.%f", 1700000000123456789, "2023-11-14 22:13:20.123456");
	check_time("%% %e|%j|%s|%A", 1700000000123456789, "% 14|318|1700000000|Tuesday");
	check_time("", 5, "");
	check_time("%%f%", 0, "%f%");
	check_time("%c%c%c%c", 0,
		   "Thu Jan  1 00:00:00 1970Thu Jan  1 00:00:00 1970"
		   "Thu Jan  1 00:00:00 1970Thu Jan  1 00:00:00 1970");
}

TEST(out_clocks)
{
	struct out_clocks c = out_clocks_now();
	struct timespec boot;
	struct timespec wall;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &wall);
	uint64_t boot_s = (uint64_t)boot.tv_sec + c.to_wall[OUT_CLOCK_BOOT] / 1000000000;
	CHECK(llabs((long long)boot_s - (long long)wall.tv_sec) <= 2);
	CHECK_INT(c.to_wall[OUT_CLOCK_WALL], 0);
	static const struct out_type t = {
		.kind = OUT_TIMESTAMP, .size = 8, .format = STR("%f"), .clock = OUT_CLOCK_WALL
	};
	check_value(number(&t, 5000), "000005", "\"000005\"");
}

static void check_duration(uint64_t ns, const char *want)
{
	struct out_buf b = { 0 };
	out_duration(&b, ns);
	CHECK_VIEW(out_buf_view(&b), want);
	out_buf_free(&b);
}

TEST(out_durations)
{
	check_duration(0, "0ns");
	check_duration(412, "412ns");
	check_duration(999, "999ns");
	check_duration(1000, "1.00us");
	check_duration(9994, "9.99us");
	check_duration(9996, "10.0us");
	check_duration(88100, "88.1us");
	check_duration(99960, "100us");
	check_duration(999499, "999us");
	check_duration(999500, "1.00ms");
	check_duration(1210000, "1.21ms");
	check_duration(3020000000, "3.02s");
	check_duration(999499999999, "999s");
	check_duration(999500000000, "16m39s");
	check_duration(1000000000000, "16m40s");
	check_duration(10000000000000, "2h46m");
	check_duration(UINT64_MAX, "5124095h34m");
}

// --- events ---

TEST(out_events)
{
	struct capture *c = capture();
	struct out_where where = { STR("stdin"), 1, 9 };
	out_event_attached(1, c->f);
	out_event_text("printf", STR("a\tb\r\n"), c->f);
	out_event_value(&env, pair(I(1), string("x")), c->f);
	out_event_message("errorf", STR("x 5"), where, c->f);
	out_event_helper(STR("No such file"), STR("map_delete_elem"), -2, where, c->f);
	out_event_lost(7, c->f);
	CHECK_STR(text_of(c),
		  "{\"type\": \"attached_probes\", \"count\": 1, \"data\": {\"probes\": 1}}\n"
		  "{\"type\": \"printf\", \"data\": \"a\\tb\\r\\n\"}\n"
		  "{\"type\": \"value\", \"data\": [1,\"x\"]}\n"
		  "{\"type\": \"errorf\", \"msg\": \"x 5\", \"filename\": \"stdin\", \"line\": 1, "
		  "\"col\": 9}\n"
		  "{\"type\": \"helper_error\", \"msg\": \"No such file\", \"helper\": "
		  "\"map_delete_elem\", \"retcode\": -2, \"filename\": \"stdin\", \"line\": 1, "
		  "\"col\": 9}\n"
		  "{\"type\": \"lost_events\", \"count\": 7, \"data\": {\"events\": 7}}\n");
}

TEST(out_json_compact)
{
	struct capture *c = capture();
	struct json j = json_init(c->f);
	json_open(&j, '{');
	json_kstr(&j, "a", STR("\x7f\"\\ \xf0\x9f\x98\x80 \xed\xa0\x80"));
	json_key(&j, "b");
	json_open(&j, '[');
	json_u64(&j, 1);
	json_bool(&j, false);
	json_null(&j);
	json_close(&j, ']');
	json_khex(&j, "c", 255);
	json_kstr(&j, "d", (struct str) { NULL, 0 });
	json_close(&j, '}');
	json_end(&j);
	CHECK_STR(text_of(c), "{\"a\":\"\\u007f\\\"\\\\ \xf0\x9f\x98\x80 \\ufffd\\ufffd\\ufffd\","
			      "\"b\":[1,false,null],\"c\":\"0xff\",\"d\":\"\"}\n");
}
