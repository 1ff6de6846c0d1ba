// SPDX-License-Identifier: Apache-2.0
// Maps as tables: a line a row, the largest first.
#include <ctype.h>
#include <inttypes.h>

#include "out/layout.h"

// Lines of a table that are no rows: the head, what is left out, what is not there, the cursor's.
#define FRAME_LINES 4u

// --- cells ---

static void value_cell(const struct out_env *env, const struct out_table *t,
		       const struct out_row *row, struct out_buf *b)
{
	struct layout l = { .env = env, .b = b, .div = 1 };
	uint64_t n;
	b->n = 0;
	layout_text(&l, t->map->value, row->value);
	if (t->has_commas && str_to_u64(out_buf_view(b), &n)) {
		b->n = 0;
		out_amount(b, n);
	}
}

static void key_cell(const struct out_env *env, const struct out_table *t,
		     const struct out_row *row, struct out_buf *b)
{
	struct layout l = { .env = env, .b = b, .div = 1 };
	b->n = 0;
	if (t->map->key)
		layout_key(&l, t->map->key, row->key);
}

// "@calls" heads its column as "calls"; "@" has no name.
static struct str value_name(const struct out_table *t)
{
	struct str name = str_from_off(t->map->name, 1);
	// In JSON both names stand side by side.
	return name.len && !str_eq(name, t->title) ? name : STR("value");
}

static void upper(struct out_buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = (char)toupper((unsigned char)s.p[i]);
		out_buf_add(b, &c, 1);
	}
}

// --- text ---

static size_t column_width(const struct out_env *env, const struct out_table *t, size_t n_rows,
			   struct out_buf *b)
{
	size_t width = MAX(value_name(t).len, (size_t)8);
	for (size_t i = 0; i < n_rows; i++) {
		value_cell(env, t, &t->map->rows[t->map->n_rows - 1 - i], b);
		width = MAX(width, b->n);
	}
	return width;
}

// Bytes of s that take that many columns at most; UTF-8 sequences count one.
static size_t fitting(struct str s, size_t columns)
{
	size_t i = 0;
	for (; i < s.len; i++) {
		bool is_first = ((unsigned char)s.p[i] & 0xc0) != 0x80;
		if (is_first && columns-- == 0)
			break;
	}
	return i;
}

struct lines {
	const struct out_table *t;
	size_t width; // of the left column
	FILE *f;
};

static void put_line(const struct lines *l, struct str left, struct str right)
{
	size_t room = l->t->max_width > l->width + 2 ? l->t->max_width - l->width - 2 : SIZE_MAX;
	fprintf(l->f, "%*.*s  ", (int)l->width, STR_ARG(left));
	out_text(l->f, str_first(right, fitting(right, room)));
	fputc('\n', l->f);
}

static void put_head(const struct lines *l)
{
	struct out_buf left = { 0 }, right = { 0 };
	upper(&left, value_name(l->t));
	upper(&right, l->t->title);
	put_line(l, out_buf_view(&left), out_buf_view(&right));
	out_buf_free(&left);
	out_buf_free(&right);
}

// "3 other functions", "3 functions" if there are no rows at all.
static void put_others(const struct lines *l, const char *left, uint64_t n, const char *what)
{
	struct out_buf b = { 0 };
	if (l->t->has_commas)
		out_amount(&b, n);
	else
		out_buf_printf(&b, "%" PRIu64, n);
	out_buf_printf(&b, " %s%.*s%s", what, STR_ARG(l->t->title), n == 1 ? "" : "s");
	put_line(l, str_from(left), out_buf_view(&b));
	out_buf_free(&b);
}

void out_table_text(const struct out_env *env, const struct out_table *t, FILE *f)
{
	const struct out_map *m = t->map;
	struct out_buf left = { 0 }, right = { 0 };
	if (m->value->kind == OUT_TIMES) {
		layout_times_table(env, t, f);
		return;
	}
	size_t room = t->max_lines > FRAME_LINES ? t->max_lines - FRAME_LINES : 1;
	size_t shown = t->max_lines ? MIN(m->n_rows, room) : m->n_rows;
	out_map_sort(m);
	struct lines l = { t, column_width(env, t, shown, &left), f };
	put_head(&l);
	for (size_t i = 0; i < shown; i++) {
		const struct out_row *row = &m->rows[m->n_rows - 1 - i];
		value_cell(env, t, row, &left);
		key_cell(env, t, row, &right);
		put_line(&l, out_buf_view(&left), out_buf_view(&right));
	}
	if (shown < m->n_rows)
		put_others(&l, "...", m->n_rows - shown, "more ");
	if (t->has_others && t->n_others)
		put_others(&l, "0", t->n_others, m->n_rows ? "other " : "");
	out_buf_free(&left);
	out_buf_free(&right);
}

// --- JSON ---

void out_table_json(const struct out_env *env, const struct out_table *t, FILE *f)
{
	const struct out_map *m = t->map;
	struct json j = { .f = f, .is_spaced = true };
	struct layout l = { .env = env, .div = 1 };
	struct out_buf key = { 0 };
	if (m->value->kind == OUT_TIMES) {
		layout_times_table_json(env, t, f);
		return;
	}
	out_map_sort(m);
	json_open(&j, '{');
	json_kstr(&j, "type", STR("table"));
	json_key(&j, "data");
	json_open(&j, '[');
	for (size_t i = m->n_rows; i-- > 0;) {
		json_open(&j, '{');
		json_key_str(&j, t->title);
		key_cell(env, t, &m->rows[i], &key);
		json_str(&j, out_buf_view(&key));
		json_key_str(&j, value_name(t));
		layout_json(&l, m->value, m->rows[i].value, &j);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	if (t->has_others)
		json_ku64(&j, "others", t->n_others);
	json_close(&j, '}');
	json_end(&j);
	out_buf_free(&key);
}
