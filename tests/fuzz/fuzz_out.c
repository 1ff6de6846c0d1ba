// SPDX-License-Identifier: Apache-2.0
// Any type, any bytes as its value, any format: rendered as text, as JSON, through printf and as a
// map. The input's first bytes make the type, one call of make_type a few of them; the rest is cut
// into a format, a key and values.
#include "fuzz.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "out/out.h"

#define DEPTH_MAX 6
#define ITEMS_MAX 5

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static void fill_names(struct arena *a, struct cursor *c, struct out_type *t)
{
	struct out_enumerator *names = ARENA_ARRAY(a, struct out_enumerator, 2);
	names[0] = (struct out_enumerator) { STR("A"), cursor_u8(c) };
	names[1] = (struct out_enumerator) { STR("B"), -1 };
	t->names = names;
	t->n_names = 2;
}

static const struct out_type *make_type(struct arena *a, struct cursor *c, int depth);

static void fill_fields(struct arena *a, struct cursor *c, struct out_type *t, int depth)
{
	t->n_fields = cursor_u8(c) % ITEMS_MAX;
	struct out_field *fields = ARENA_ARRAY(a, struct out_field, t->n_fields + 1);
	for (uint32_t i = 0; i < t->n_fields; i++) {
		fields[i].name = STR("f");
		fields[i].off = cursor_u8(c) % 64;
		fields[i].bit_size = cursor_u8(c) % 80 < 64 ? 0 : cursor_u8(c) % 65;
		fields[i].bit_off = cursor_u8(c);
		fields[i].type = make_type(a, c, depth + 1);
	}
	t->fields = fields;
}

static const struct out_type *make_type(struct arena *a, struct cursor *c, int depth)
{
	struct out_type *t = ARENA_NEW(a, struct out_type);
	uint8_t flags = cursor_u8(c);
	t->kind = cursor_u8(c) % (OUT_TSERIES + 1);
	t->size = cursor_u8(c) % 48;
	t->is_signed = flags & 1;
	t->is_exact = flags & 2;
	t->is_word = flags & 4;
	t->is_go = flags & 64;
	t->is_duration = flags & 128;
	t->clock = flags % OUT_N_CLOCKS;
	t->format = STR("%H:%M:%S.%f%");
	t->bits = flags % (OUT_HIST_BITS_MAX + 1);
	t->lhist.min = cursor_u8(c);
	t->lhist.max = t->lhist.min + 1 + cursor_u8(c) * 4;
	t->lhist.step = 1 + cursor_u8(c) * (flags & 8 ? 256u : 1u);
	t->tseries.interval_ns = 1 + (uint64_t)cursor_u8(c) * 500000;
	t->tseries.n_intervals = cursor_u8(c) % ITEMS_MAX;
	t->tseries.agg = flags & 16 ? OUT_AVG : flags & 32 ? OUT_MIN : OUT_NONE;
	if (depth == DEPTH_MAX &&
	    (t->kind == OUT_ARRAY || t->kind == OUT_TUPLE || t->kind == OUT_RECORD))
		t->kind = OUT_NONE;
	if (t->kind == OUT_ENUM)
		fill_names(a, c, t);
	if (t->kind == OUT_ARRAY) {
		t->count = cursor_u8(c) % ITEMS_MAX;
		t->elem = make_type(a, c, depth + 1);
	}
	if (t->kind == OUT_TUPLE || t->kind == OUT_RECORD)
		fill_fields(a, c, t, depth);
	if (out_agg_size(t))
		t->size = (uint32_t)out_agg_size(t);
	return t;
}

static void print_value(const struct out_env *env, struct out_value v, FILE *f)
{
	struct out_buf b = { 0 };
	uint64_t number;
	bool is_signed;
	out_value_text(env, v, &b);
	out_event_value(env, v, f);
	out_value_number(v, &number, &is_signed);
	must(out_value_compare(v.type, v.bytes, v.bytes) == 0);
	out_buf_free(&b);
}

static void print_format(struct arena *a, const struct out_env *env, struct str format,
			 struct out_value v)
{
	const struct out_type *types[] = { v.type, v.type };
	struct out_value args[] = { v, v };
	for (size_t n = 0; n <= 2; n++) {
		struct out_format parsed;
		struct out_format_error err = { 0 };
		struct out_buf b = { 0 };
		if (out_format_parse(a, format, types, n, &parsed, &err)) {
			must(parsed.n_specs == n);
			out_format_render(env, &parsed, args, n, &b);
		} else {
			must(err.text.len && err.off + err.len <= format.len && err.arg < (int)n);
		}
		out_buf_free(&b);
	}
}

static void print_map(const struct out_env *env, const struct out_type *key,
		      const struct out_type *value, struct cursor *c, FILE *f)
{
	struct out_row rows[4];
	struct out_map m = { STR("@"), key, value, rows, ARRAY_LEN(rows) };
	uint8_t top = cursor_u8(c) % 6;
	uint8_t div = cursor_u8(c);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i].key = cursor_bytes(c, MIN(cursor_left(c), 16u));
		rows[i].value = cursor_bytes(c, MIN(cursor_left(c), value->size));
	}
	out_map_text(env, &m, top, div, f);
	out_map_json(env, &m, top, div, f);
	struct out_table t = {
		.map = &m,
		.title = STR("key"),
		.has_others = top & 1,
		.n_others = div,
		.max_lines = top,
		.max_width = div,
		.ns = div,
	};
	out_table_text(env, &t, f);
	out_table_json(env, &t, f);
	out_stacks_text(env, &m, f);
	out_stacks_json(env, &m, f);
	out_folded_text(env, &m, f);
	out_folded_json(env, &m, f);
	out_flame(env, &m, STR("title"), f);
	for (size_t i = 1; i < ARRAY_LEN(rows); i++) {
		int order = out_value_compare(key, rows[i - 1].key, rows[i].key);
		must(order == -out_value_compare(key, rows[i].key, rows[i - 1].key));
	}
}

static void merge(struct arena *a, const struct out_type *t, struct bytes parts)
{
	size_t size = out_agg_size(t);
	if (size)
		out_agg_merge(t, parts.p, parts.len / size, size, arena_alloc(a, 1, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct cursor c = cursor_init((struct bytes) { data, size }, "input");
	const struct out_type *key = make_type(a, &c, 0);
	const struct out_type *value = make_type(a, &c, 0);
	struct bytes format = cursor_bytes(&c, MIN(cursor_left(&c), cursor_u8(&c)));
	struct bytes rest = cursor_bytes(&c, cursor_left(&c));
	struct out_env env = { .trailer = STR(".."), .go_trailer = STR("...") };
	struct cursor rows = cursor_init(rest, "rows");
	FILE *f = fopen("/dev/null", "w");

	must(f != NULL);
	print_value(&env, (struct out_value) { .type = value, .bytes = rest }, f);
	print_format(a, &env, (struct str) { (const char *)format.p, format.len },
		     (struct out_value) { .type = value, .bytes = rest });
	print_map(&env, key, value, &rows, f);
	merge(a, value, rest);
	fclose(f);
	arena_free(a);
	return 0;
}
