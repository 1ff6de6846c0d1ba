// SPDX-License-Identifier: Apache-2.0
// Maps as tables, stacks, folded lines and flame graphs.
#include "unit.h"

#include <stdlib.h>

#include "out/out.h"

#define ROWS_MAX 8

// A map whose keys are texts of 32 bytes, or stacks that a text describes: see frames_of.
struct sample {
	char keys[ROWS_MAX][32];
	uint64_t values[ROWS_MAX];
	struct out_row rows[ROWS_MAX];
	struct out_map map;
};

static const struct out_type t_u64 = { .kind = OUT_UINT, .size = 8 };
static const struct out_type t_text = { .kind = OUT_STRING, .size = 32 };
static const struct out_type t_stack = { .kind = OUT_STACK, .size = 32 };

static void put(struct sample *s, const char *key, uint64_t value)
{
	size_t n = s->map.n_rows++;
	memcpy(s->keys[n], key, MIN(strlen(key), sizeof(s->keys[n])));
	s->values[n] = value;
	s->rows[n] = (struct out_row) {
		.key = { (const uint8_t *)s->keys[n], sizeof(s->keys[n]) },
		.value = { (const uint8_t *)&s->values[n], 8 },
	};
	s->map.rows = s->rows;
}

static struct sample sample(const char *name, const struct out_type *key)
{
	return (struct sample) { .map = { .name = str_from(name), .key = key, .value = &t_u64 } };
}

// "f g main": a function for each word, from the innermost on.
static void frames_of(void *ctx, const struct out_type *t, struct bytes v, struct out_frames *out)
{
	struct str words = { (const char *)v.p, strnlen((const char *)v.p, v.len) };
	(void)ctx;
	(void)t;
	while (words.len) {
		ptrdiff_t blank = str_find(words, STR(" "));
		struct str word = str_first(words, blank < 0 ? words.len : (size_t)blank);
		struct str text = arena_printf(out->arena, "%.*s+1", STR_ARG(word));
		VEC_PUSH(out->arena, &out->v, (struct out_frame) { .func = word, .text = text });
		words = str_from_off(words, word.len + 1);
	}
}

static const struct out_env env = { .frames = frames_of };

// The text that a function of out/ writes; good until the next one.
static char *written;
static FILE *begin(void)
{
	static size_t len;
	free(written);
	written = NULL;
	return open_memstream(&written, &len);
}

static const char *table(const struct out_table *t)
{
	FILE *f = begin();
	out_table_text(&env, t, f);
	fclose(f);
	return written;
}

TEST(out_table_has_the_largest_first)
{
	struct sample s = sample("@calls", &t_text);
	struct out_table t = { .map = &s.map, .title = STR("function") };
	put(&s, "main.a", 7);
	put(&s, "main.b", 123456789012);
	put(&s, "main.c", 7);
	CHECK_STR(table(&t), "       CALLS  FUNCTION\n"
			     "123456789012  main.b\n"
			     "           7  main.c\n"
			     "           7  main.a\n");
	t.has_others = true;
	t.n_others = 1;
	CHECK(strstr(table(&t), "           0  1 other function\n"));
	t.n_others = 2;
	CHECK(strstr(table(&t), "           0  2 other functions\n"));
	t.n_others = 0;
	CHECK(!strstr(table(&t), "other"));
}

TEST(out_table_without_rows)
{
	struct sample s = sample("@", &t_text);
	struct out_table t = { .map = &s.map, .title = STR("function"), .has_others = true };
	t.n_others = 3;
	CHECK_STR(table(&t), "   VALUE  FUNCTION\n       0  3 functions\n");
}

TEST(out_table_fits_on_a_screen)
{
	struct sample s = sample("@calls", &t_text);
	struct out_table t = { .map = &s.map, .title = STR("key"), .max_width = 16 };
	for (uint64_t i = 0; i < 6; i++)
		put(&s,
		    "gr\xc3\xb6\xc3\x9f"
		    "er.und.weiter",
		    i + 1);
	t.max_lines = 6;
	CHECK_STR(table(&t), "   CALLS  KEY\n"
			     "       6  gr\xc3\xb6\xc3\x9f"
			     "er\n"
			     "       5  gr\xc3\xb6\xc3\x9f"
			     "er\n"
			     "     ...  4 more\n");
	t.max_lines = 1;
	CHECK_STR(table(&t), "   CALLS  KEY\n       6  gr\xc3\xb6\xc3\x9f"
			     "er\n     ...  5 more\n");
}

TEST(out_table_json)
{
	struct sample s = sample("@key", &t_text);
	struct out_table t = { .map = &s.map, .title = STR("key") };
	put(&s, "a\"b", 2);
	put(&s, "c", 3);
	FILE *f = begin();
	out_table_json(&env, &t, f);
	fclose(f);
	CHECK_STR(written, "{\"type\": \"table\", \"data\": [{\"key\": \"c\", \"value\": 3},"
			   "{\"key\": \"a\\\"b\", \"value\": 2}]}\n");
}

static void put_stacks(struct sample *s)
{
	put(s, "f g main", 3);
	put(s, "f h main", 1);
	put(s, "f;x y\n main", 2);
	put(s, "f g main", 4);
}

TEST(out_stacks_in_order_of_value)
{
	struct sample s = sample("@calls", &t_stack);
	put_stacks(&s);
	FILE *f = begin();
	out_stacks_text(&env, &s.map, f);
	fclose(f);
	CHECK(strstr(written, "1  10.0%\n    f+1\n    h+1\n    main+1\n\n2  20.0%\n") == written);
	// Two that read the same are one.
	CHECK(strstr(written, "\n\n7  70.0%\n    f+1\n    g+1\n    main+1\n"));
}

TEST(out_folded_puts_the_same_together)
{
	struct sample s = sample("@calls", &t_stack);
	put_stacks(&s);
	FILE *f = begin();
	out_folded_text(&env, &s.map, f);
	fclose(f);
	CHECK_STR(written, "main;g;f 7\nmain;h;f 1\nmain;y?;f:x 2\n");
	f = begin();
	out_folded_json(&env, &s.map, f);
	fclose(f);
	CHECK(strstr(written, "{\"stack\": [\"main\",\"g\",\"f\"], \"calls\": 7}"));
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

static const char *flame(const struct out_map *m)
{
	FILE *f = begin();
	out_flame(&env, m, STR("a <title> & \"more\""), f);
	fclose(f);
	return written;
}

TEST(out_flame_has_what_stacks_share_once)
{
	struct sample s = sample("@calls", &t_stack);
	put_stacks(&s);
	const char *svg = flame(&s.map);
	CHECK_INT(count(svg, "<g class=\"f\""), 8); // all, main, g, h, y, three leaves
	CHECK_INT(count(svg, "<title>main\n10 calls (100.0%)</title>"), 1);
	CHECK(strstr(svg, "<title>g\n7 calls (70.0%)</title>"));
	CHECK(strstr(svg, "data-x=\"7\" data-w=\"1\" data-d=\"2\"><title>h\n"));
	CHECK(strstr(svg, "<title>all\n10 calls (100.0%)</title>"));
	CHECK(strstr(svg, ">a &lt;title&gt; &amp; \"more\"</text>"));
}

TEST(out_flame_takes_any_name)
{
	struct sample s = sample("@n", &t_stack);
	put(&s, "f[<-chan&T]\x01 gr\xc3\xb6\xc3\x9f bad\xff\xc3", 1);
	const char *svg = flame(&s.map);
	CHECK(strstr(svg, "<title>f[&lt;-chan&amp;T]\xef\xbf\xbd\n"));
	CHECK(strstr(svg, "<title>gr\xc3\xb6\xc3\x9f\n"));
	CHECK(strstr(svg, "<title>bad\xef\xbf\xbd\xef\xbf\xbd\n"));
	CHECK(!strpbrk(svg, "\x01\xff"));
}

TEST(out_flame_of_nothing)
{
	struct sample s = sample("@n", &t_stack);
	CHECK(strstr(flame(&s.map), "<title>all\n0 n (0.0%)</title>"));
	put(&s, "f", 0);
	CHECK(strstr(flame(&s.map), "<title>f\n0 n (0.0%)</title>"));
}
