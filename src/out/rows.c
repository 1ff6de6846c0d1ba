// SPDX-License-Identifier: Apache-2.0
// Maps: their rows put in order, and printed.
#include <stdlib.h>

#include "out/layout.h"

// --- order ---

static int compare_numbers(struct number a, struct number b)
{
	if (a.bits == b.bits)
		return 0;
	if (a.is_signed)
		return (int64_t)a.bits < (int64_t)b.bits ? -1 : 1;
	return a.bits < b.bits ? -1 : 1;
}

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t n = MIN(a.len, b.len);
	int order = n ? memcmp(a.p, b.p, n) : 0;
	if (order)
		return order < 0 ? -1 : 1;
	return a.len < b.len ? -1 : a.len > b.len;
}

static struct bytes text_bytes(const struct out_type *t, struct bytes v)
{
	if (t->kind == OUT_STRING || t->kind == OUT_TEXT) {
		struct str text = layout_text_bytes(t, v);
		return (struct bytes) { (const uint8_t *)text.p, text.len };
	}
	if (t->kind == OUT_BUFFER)
		return layout_slice(v, 4, layout_uint(v, 0, 4));
	return v;
}

static int compare(const struct out_type *t, struct bytes a, struct bytes b, unsigned depth)
{
	struct number x;
	struct number y;
	int order = 0;
	if (depth > OUT_DEPTH_MAX)
		return 0;
	if (layout_number(t, a, &x) && layout_number(t, b, &y))
		return compare_numbers(x, y);
	if (t->kind == OUT_FLOAT)
		return compare_numbers(layout_float_order(t, a), layout_float_order(t, b));
	if (t->kind == OUT_ARRAY) {
		size_t size = t->elem->size;
		for (uint32_t i = 0; i < t->count && !order; i++)
			order = compare(t->elem, layout_slice(a, i * size, size),
					layout_slice(b, i * size, size), depth + 1);
		return order;
	}
	if (t->kind == OUT_TUPLE || t->kind == OUT_RECORD) {
		for (uint32_t i = 0; i < t->n_fields && !order; i++) {
			const struct out_field *f = &t->fields[i];
			order = compare(f->type, layout_slice(a, f->off, f->type->size),
					layout_slice(b, f->off, f->type->size), depth + 1);
		}
		return order;
	}
	return compare_bytes(text_bytes(t, a), text_bytes(t, b));
}

int out_value_compare(const struct out_type *t, struct bytes a, struct bytes b)
{
	return compare(t, a, b, 0);
}

// What a row counts for when its map is put in order by value; false when it is not.
static bool weight(const struct out_type *t, struct bytes v, struct number *out)
{
	if (t->kind == OUT_HIST || t->kind == OUT_LHIST) {
		*out = (struct number) { 0, false };
		for (size_t i = 0; i < v.len / 8; i++)
			out->bits += layout_uint(v, i * 8, 8);
		return true;
	}
	if (t->kind == OUT_TIMES) {
		*out = (struct number) { out_times_calls(v), false };
		return true;
	}
	if (t->kind == OUT_STATS) {
		*out = (struct number) { layout_uint(v, 0, 8), t->is_signed };
		*out = layout_divide(*out, layout_uint(v, 8, 8));
		return true;
	}
	if (t->kind == OUT_FLOAT) {
		*out = layout_float_order(t, v);
		return true;
	}
	// bpftrace orders these by key, too.
	if (t->kind == OUT_BOOL || t->kind == OUT_POINTER)
		return false;
	return layout_number(t, v, out);
}

struct sort_row {
	struct out_row row;
	struct number weight;
	size_t place; // where it was before
};

struct sorting {
	const struct out_map *m;
	bool is_by_value;
};

static int compare_rows(const void *x, const void *y, void *ctx)
{
	const struct sort_row *a = x;
	const struct sort_row *b = y;
	const struct sorting *s = ctx;
	int order = s->is_by_value ? compare_numbers(a->weight, b->weight) : 0;
	if (!order && s->m->key)
		order = out_value_compare(s->m->key, a->row.key, b->row.key);
	if (!order)
		order = a->place < b->place ? -1 : a->place > b->place;
	return order;
}

void out_map_sort(const struct out_map *m)
{
	struct sorting s = { .m = m };
	struct arena *a = arena_new();
	struct sort_row *rows = ARENA_ARRAY(a, struct sort_row, m->n_rows);
	for (size_t i = 0; i < m->n_rows; i++) {
		rows[i].row = m->rows[i];
		rows[i].place = i;
		s.is_by_value = weight(m->value, m->rows[i].value, &rows[i].weight);
	}
	qsort_r(rows, m->n_rows, sizeof(*rows), compare_rows, &s);
	for (size_t i = 0; i < m->n_rows; i++)
		m->rows[i] = rows[i].row;
	arena_free(a);
}

// --- printing ---

struct printing {
	struct layout l;
	const struct out_map *m;
	size_t first; // row
	uint64_t last_epoch;
};

static struct printing begin(const struct out_env *env, const struct out_map *m, size_t top,
			     uint64_t div)
{
	struct printing p = { .l = { .env = env, .div = MAX(div, 1u) }, .m = m };
	if (m->n_rows > 1)
		out_map_sort(m);
	if (top && m->n_rows > top)
		p.first = m->n_rows - top;
	for (size_t i = 0; m->value->kind == OUT_TSERIES && i < m->n_rows; i++)
		p.last_epoch = MAX(p.last_epoch, layout_tseries_last(m->value, m->rows[i].value));
	return p;
}

static void row_text(struct printing *p, const struct out_row *row)
{
	const struct out_type *value = p->m->value;
	struct out_buf *b = p->l.b;
	bool is_tall = value->kind == OUT_HIST || value->kind == OUT_LHIST ||
		       value->kind == OUT_TSERIES || value->kind == OUT_TIMES;
	// What calls are about stands alone.
	bool is_plain = value->kind == OUT_TIMES && p->m->key;
	if (!is_plain)
		out_buf_str(b, p->m->name);
	if (p->m->key) {
		uint64_t div = p->l.div;
		out_buf_str(b, is_plain ? STR("") : STR("["));
		p->l.div = 1;
		layout_key(&p->l, p->m->key, row->key);
		p->l.div = div;
		out_buf_str(b, is_plain ? STR("") : STR("]"));
	}
	out_buf_str(b, is_plain ? STR("\n") : is_tall ? STR(":\n") : STR(": "));
	if (value->kind == OUT_TSERIES)
		layout_tseries_text(&p->l, value, row->value, p->last_epoch);
	else if (value->kind == OUT_TIMES)
		layout_times_text(row->value, b);
	else if (is_tall)
		layout_hist_text(&p->l, value, row->value);
	else
		layout_text(&p->l, value, row->value);
	out_buf_str(b, STR("\n"));
}

void out_map_text(const struct out_env *env, const struct out_map *m, size_t top, uint64_t div,
		  FILE *f)
{
	struct printing p = begin(env, m, top, div);
	struct out_buf b = { 0 };
	p.l.b = &b;
	for (size_t i = p.first; i < m->n_rows; i++) {
		// As in a table of them.
		bool is_reverse = m->value->kind == OUT_TIMES;
		row_text(&p, &m->rows[is_reverse ? m->n_rows - 1 - (i - p.first) : i]);
		fwrite(b.p, 1, b.n, f);
		b.n = 0;
	}
	out_buf_free(&b);
}

static void value_json(struct printing *p, const struct out_row *row, struct json *j)
{
	const struct out_type *value = p->m->value;
	if (value->kind == OUT_TSERIES)
		layout_tseries_json(&p->l, value, row->value, p->last_epoch, j);
	else if (value->kind == OUT_TIMES)
		layout_times_json(row->value, j);
	else if (value->kind == OUT_HIST || value->kind == OUT_LHIST)
		layout_hist_json(&p->l, value, row->value, j);
	else
		layout_json(&p->l, value, row->value, j);
}

static void rows_json(struct printing *p, struct json *j)
{
	struct out_buf b = { 0 };
	json_open(j, '{');
	for (size_t i = p->first; i < p->m->n_rows; i++) {
		struct layout key = { .env = p->l.env, .b = &b, .div = 1, .is_compact = true };
		b.n = 0;
		layout_key(&key, p->m->key, p->m->rows[i].key);
		json_key_str(j, out_buf_view(&b));
		value_json(p, &p->m->rows[i], j);
	}
	json_close(j, '}');
	out_buf_free(&b);
}

static const char *event_type(enum out_kind kind)
{
	if (kind == OUT_HIST || kind == OUT_LHIST || kind == OUT_TIMES)
		return "hist";
	if (kind == OUT_AVG || kind == OUT_STATS)
		return "stats";
	return kind == OUT_TSERIES ? "tseries" : "map";
}

void out_map_json(const struct out_env *env, const struct out_map *m, size_t top, uint64_t div,
		  FILE *f)
{
	struct printing p = begin(env, m, top, div);
	struct json j = { .f = f, .is_spaced = true };
	if (m->n_rows == 0)
		return;
	json_open(&j, '{');
	json_kstr(&j, "type", str_from(event_type(m->value->kind)));
	json_key(&j, "data");
	json_open(&j, '{');
	json_key_str(&j, m->name);
	if (m->key)
		rows_json(&p, &j);
	else
		value_json(&p, &m->rows[0], &j);
	json_close(&j, '}');
	json_close(&j, '}');
	json_end(&j);
}
