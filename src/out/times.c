// SPDX-License-Identifier: Apache-2.0
// How long calls took: the table of a map of TIMES, and each one's histogram by powers of two.
#include <ctype.h>
#include <inttypes.h>

#include "out/layout.h"

#define N_BUCKETS OUT_HIST_BUCKETS(OUT_TIMES_BITS)
#define NS_PER_S  1000000000u
#define POWERS    64
#define BAR_WIDTH 40
// Lines of a table that are no rows: the head, what is left out, what is not there, the cursor's.
#define FRAME_LINES 4u
// Names and other keys are not cut below that as long as figures can be left out.
#define NAME_MIN 24u
#define KEY_MIN  6u

// --- figures ---

static uint64_t bucket(struct bytes v, size_t i)
{
	return layout_uint(v, sizeof(struct out_times) + 8 * i, 8);
}

uint64_t out_times_calls(struct bytes v)
{
	uint64_t n = 0;
	for (size_t i = 0; i < N_BUCKETS; i++)
		n += bucket(v, i);
	return n;
}

// The time of call number rank, counted from the shortest one: calls of a bucket are taken as
// evenly spread over it.
static uint64_t time_of_rank(struct bytes v, uint64_t rank, uint64_t calls, uint64_t max)
{
	uint64_t before = 0;
	if (rank == calls)
		return max;
	for (size_t i = 1; i < N_BUCKETS; i++) {
		uint64_t n = bucket(v, i);
		if (before + n < rank) {
			before += n;
			continue;
		}
		uint64_t low = out_hist_low(i, OUT_TIMES_BITS);
		uint64_t width = out_hist_low(i + 1, OUT_TIMES_BITS) - low;
		double part = ((double)(rank - before) - 0.5) / (double)MAX(n, 1u);
		return MIN(low + (uint64_t)((double)width * part), max);
	}
	return max;
}

struct figures {
	uint64_t calls, errors, total, mean, p50, p90, p99, max;
	double per_second; // negative: not known
};

static uint64_t percentile(struct bytes v, const struct figures *f, uint64_t percent)
{
	uint64_t rank = f->calls / 100 * percent + (f->calls % 100 * percent + 99) / 100;
	return f->calls ? time_of_rank(v, MAX(rank, 1u), f->calls, f->max) : 0;
}

static struct figures figures_of(const struct out_table *t, const struct out_row *row)
{
	struct bytes v = row->value;
	struct figures f = {
		.calls = out_times_calls(v),
		.errors = layout_uint(v, offsetof(struct out_times, errors), 8),
		.total = layout_uint(v, offsetof(struct out_times, total), 8),
		.max = layout_uint(v, offsetof(struct out_times, max), 8),
		.per_second = -1,
	};
	f.mean = f.calls ? f.total / f.calls : 0;
	f.p50 = percentile(v, &f, 50);
	f.p90 = percentile(v, &f, 90);
	f.p99 = percentile(v, &f, 99);
	// A map that was emptied meanwhile begins anew.
	uint64_t n = f.calls - (row->n_before <= f.calls ? row->n_before : 0);
	if (t->ns)
		f.per_second = (double)n * NS_PER_S / (double)t->ns;
	return f;
}

// --- cells ---

static struct str text_of(struct arena *a, struct out_buf *b)
{
	struct str s = arena_strdup(a, out_buf_view(b));
	b->n = 0;
	return s;
}

static void put_count(struct out_buf *b, uint64_t n, bool has_commas)
{
	if (has_commas)
		out_amount(b, n);
	else
		out_buf_printf(b, "%" PRIu64, n);
}

// "503", "9.1k", "12k", "1.2M"
static void put_rate(struct out_buf *b, double n)
{
	static const char units[] = "kMGT";
	size_t unit = 0;
	if (n < 0)
		out_buf_str(b, STR("-"));
	else if (n < 9.95 && n > 0)
		out_buf_printf(b, "%.1f", n);
	else if (n < 999.5)
		out_buf_printf(b, "%.0f", n);
	if (n < 999.5)
		return;
	for (n /= 1000; n >= 999.5 && unit + 2 < sizeof(units); unit++)
		n /= 1000;
	out_buf_printf(b, n < 9.95 ? "%.1f%c" : "%.0f%c", n, units[unit]);
}

// Columns of a text on the screen; UTF-8 sequences count one.
static size_t columns(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

// --- the table's columns ---

enum { CALLS, RATE, ERRORS, MEAN, P50, P90, P99, MAX_TIME, N_FIGURES };

static const char *const heads[N_FIGURES] = { "CALLS", "/s",  "ERRORS", "MEAN",
					      "P50",   "P90", "P99",    "MAX" };

struct grid {
	struct arena *a;
	const struct out_env *env;
	const struct out_table *t;
	size_t n_keys, n_columns, n_lines;
	size_t first_note; // the first of the lines that are no rows
	struct str *cells;
	size_t *widths;
	bool *is_left_out; // columns, of a terminal that is too narrow
};

static size_t n_key_columns(const struct out_type *key)
{
	return !key ? 0 : key->kind == OUT_TUPLE ? key->n_fields : 1;
}

// Up to the comma that ends the first of "function, str(args.a, 8), goid"; all if there is none.
static size_t first_title(struct str titles)
{
	int depth = 0;
	for (size_t i = 0; i < titles.len; i++) {
		char c = titles.p[i];
		depth += (c == '(' || c == '[') - (c == ')' || c == ']');
		if (c == ',' && depth == 0)
			return i;
	}
	return titles.len;
}

// What key column i is called: of "function, goid".
static struct str key_title(const struct out_table *t, size_t i)
{
	struct str title = t->title;
	for (; i; i--) {
		size_t comma = first_title(title);
		if (comma == title.len)
			return STR("key");
		title = str_from_off(title, comma + 1);
		while (title.len && title.p[0] == ' ')
			title = str_from_off(title, 1);
	}
	return str_first(title, first_title(title));
}

static void put_key(struct layout *l, const struct out_type *key, struct bytes v, size_t i)
{
	if (key->kind != OUT_TUPLE) {
		layout_key(l, key, v);
		return;
	}
	const struct out_field *f = &key->fields[i];
	layout_key(l, f->type, layout_slice(v, f->off, f->type->size));
}

static struct str *line_at(const struct grid *g, size_t line)
{
	return &g->cells[line * g->n_columns];
}

static void fill_head(struct grid *g)
{
	struct str *cells = line_at(g, 0);
	for (size_t i = 0; i < g->n_keys; i++) {
		struct str title = arena_strdup(g->a, key_title(g->t, i));
		char *p = arena_alloc(g->a, title.len + 1, 1);
		for (size_t k = 0; k < title.len; k++)
			p[k] = (char)toupper((unsigned char)title.p[k]);
		cells[i] = (struct str) { p, title.len };
	}
	for (size_t i = 0; i < N_FIGURES; i++)
		cells[g->n_keys + i] = str_from(heads[i]);
}

static void fill_figures(struct grid *g, const struct out_row *row, struct str *cells)
{
	struct out_buf b = { 0 };
	struct figures f = figures_of(g->t, row);
	const uint64_t times[] = { f.mean, f.p50, f.p90, f.p99, f.max };
	put_count(&b, f.calls, g->t->has_commas);
	cells[CALLS] = text_of(g->a, &b);
	put_rate(&b, f.per_second);
	cells[RATE] = text_of(g->a, &b);
	if (row->cannot_fail)
		out_buf_str(&b, STR("-"));
	else
		put_count(&b, f.errors, g->t->has_commas);
	cells[ERRORS] = text_of(g->a, &b);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		out_duration(&b, times[i]);
		cells[MEAN + i] = text_of(g->a, &b);
	}
	out_buf_free(&b);
}

static void fill_row(struct grid *g, const struct out_row *row, struct str *cells)
{
	struct out_buf b = { 0 };
	struct layout l = { .env = g->env, .b = &b, .div = 1 };
	for (size_t i = 0; i < g->n_keys; i++) {
		put_key(&l, g->t->map->key, row->key, i);
		cells[i] = text_of(g->a, &b);
	}
	out_buf_free(&b);
	fill_figures(g, row, cells + g->n_keys);
}

// "9 other functions" and no calls.
static void fill_note(struct grid *g, uint64_t n, const char *what, bool has_calls, size_t line)
{
	struct str *cells = line_at(g, line);
	struct str title = g->n_keys ? key_title(g->t, 0) : STR("key");
	for (size_t i = 0; i < g->n_columns; i++)
		cells[i] = STR("-");
	struct out_buf b = { 0 };
	put_count(&b, n, g->t->has_commas);
	out_buf_printf(&b, " %s%.*s%s", what, STR_ARG(title), n == 1 ? "" : "s");
	cells[0] = text_of(g->a, &b);
	out_buf_free(&b);
	if (!has_calls && g->n_keys)
		cells[g->n_keys + CALLS] = STR("0");
}

// --- the table ---

// As wide as all columns that are there, of keys as much as they must have.
static size_t least_width(const struct grid *g, size_t key_min)
{
	size_t all = 0;
	for (size_t i = 0; i < g->n_columns; i++) {
		size_t width = i < g->n_keys ? MIN(g->widths[i], key_min) : g->widths[i];
		all += g->is_left_out[i] ? 0 : width + (i ? 2 : 0);
	}
	return all;
}

// Names give way, the longest first, as far as they can be told then; then figures, those first
// that others say nearly as well.
static void fit(struct grid *g)
{
	static const size_t leaving[] = { P90, P50, RATE, MAX_TIME, ERRORS, MEAN, P99 };
	size_t width = g->t->max_width;
	for (size_t i = 0; i < ARRAY_LEN(leaving) && least_width(g, NAME_MIN) > width; i++)
		g->is_left_out[g->n_keys + leaving[i]] = true;
	while (g->n_keys && least_width(g, SIZE_MAX) > width) {
		size_t longest = 0;
		for (size_t i = 1; i < g->n_keys; i++)
			if (g->widths[i] > g->widths[longest])
				longest = i;
		if (g->widths[longest] <= KEY_MIN)
			break;
		g->widths[longest]--;
	}
}

static void measure(struct grid *g)
{
	g->widths = ARENA_ARRAY(g->a, size_t, g->n_columns);
	g->is_left_out = ARENA_ARRAY(g->a, bool, g->n_columns);
	for (size_t line = 0; line < g->n_lines; line++)
		for (size_t i = 0; i < g->n_columns; i++)
			g->widths[i] = MAX(g->widths[i], columns(line_at(g, line)[i]));
	if (g->t->max_width)
		fit(g);
}

// The end of a name says more than its beginning, which is its package.
static struct str cut_front(struct arena *a, struct str s, size_t width)
{
	size_t n = columns(s), i = 0;
	if (n <= width || width < 3)
		return s;
	for (size_t left = n;
	     i < s.len && (left > width - 3 || ((unsigned char)s.p[i] & 0xc0) == 0x80); i++)
		left -= ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return arena_printf(a, "...%.*s", STR_ARG(str_from_off(s, i)));
}

// Of "171 more functions" the number is what counts.
static struct str cut_end(struct arena *a, struct str s, size_t width)
{
	size_t i = 0;
	if (columns(s) <= width || width < 3)
		return s;
	for (size_t n = 0; i < s.len; i++) {
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
		if (n > width - 3)
			break;
	}
	return arena_printf(a, "%.*s...", STR_ARG(str_first(s, i)));
}

static void print_line(const struct grid *g, size_t line, FILE *f)
{
	for (size_t i = 0; i < g->n_columns; i++) {
		struct str cell = line_at(g, line)[i];
		if (g->is_left_out[i])
			continue;
		if (i < g->n_keys)
			cell = line && line < g->first_note ? cut_front(g->a, cell, g->widths[i])
							    : cut_end(g->a, cell, g->widths[i]);
		size_t n = columns(cell);
		int fill = (int)(g->widths[i] > n ? g->widths[i] - n : 0);
		fputs(i ? "  " : "", f);
		if (i >= g->n_keys)
			fprintf(f, "%*s", fill, "");
		out_text(f, cell);
		if (i < g->n_keys)
			fprintf(f, "%*s", fill, "");
	}
	fputc('\n', f);
}

void layout_times_table(const struct out_env *env, const struct out_table *t, FILE *f)
{
	const struct out_map *m = t->map;
	AUTO(arena_autofree) struct arena *a = arena_new();
	size_t room = t->max_lines > FRAME_LINES ? t->max_lines - FRAME_LINES : 1;
	size_t shown = t->max_lines ? MIN(m->n_rows, room) : m->n_rows;
	size_t n_keys = n_key_columns(m->key);
	struct grid g = { .a = a,
			  .env = env,
			  .t = t,
			  .n_keys = n_keys,
			  .n_columns = n_keys + N_FIGURES,
			  .n_lines = shown + 1 };
	out_map_sort(m);
	g.cells = ARENA_ARRAY(a, struct str, (shown + 3) * g.n_columns);
	fill_head(&g);
	for (size_t i = 0; i < shown; i++)
		fill_row(&g, &m->rows[m->n_rows - 1 - i], line_at(&g, i + 1));
	g.first_note = g.n_lines;
	if (shown < m->n_rows)
		fill_note(&g, m->n_rows - shown, n_keys > 1 ? "more of " : "more ", true,
			  g.n_lines++);
	if (t->has_others && t->n_others)
		fill_note(&g, t->n_others, m->n_rows ? "other " : "", false, g.n_lines++);
	measure(&g);
	for (size_t i = 0; i < g.n_lines; i++)
		print_line(&g, i, f);
}

// --- JSON ---

static void row_json(const struct out_env *env, const struct out_table *t,
		     const struct out_row *row, struct json *j)
{
	const struct out_type *key = t->map->key;
	struct layout l = { .env = env, .div = 1 };
	struct figures f = figures_of(t, row);
	char rate[64];
	json_open(j, '{');
	for (size_t i = 0; i < n_key_columns(key); i++) {
		const struct out_field *field = key->kind == OUT_TUPLE ? &key->fields[i] : NULL;
		json_key_str(j, key_title(t, i));
		layout_json(&l, field ? field->type : key,
			    field ? layout_slice(row->key, field->off, field->type->size)
				  : row->key,
			    j);
	}
	json_ku64(j, "calls", f.calls);
	json_key(j, "per_second");
	snprintf(rate, sizeof(rate), "%.1f", f.per_second);
	if (f.per_second < 0)
		json_null(j);
	else
		json_number(j, str_from(rate));
	json_key(j, "errors");
	if (row->cannot_fail)
		json_null(j);
	else
		json_u64(j, f.errors);
	json_ku64(j, "total_ns", f.total);
	json_ku64(j, "mean_ns", f.mean);
	json_ku64(j, "p50_ns", f.p50);
	json_ku64(j, "p90_ns", f.p90);
	json_ku64(j, "p99_ns", f.p99);
	json_ku64(j, "max_ns", f.max);
	json_close(j, '}');
}

void layout_times_table_json(const struct out_env *env, const struct out_table *t, FILE *f)
{
	const struct out_map *m = t->map;
	struct json j = { .f = f, .is_spaced = true };
	out_map_sort(m);
	json_open(&j, '{');
	json_kstr(&j, "type", STR("times"));
	json_ku64(&j, "interval_ns", t->ns);
	json_key(&j, "data");
	json_open(&j, '[');
	for (size_t i = m->n_rows; i-- > 0;)
		row_json(env, t, &m->rows[i], &j);
	json_close(&j, ']');
	if (t->has_others)
		json_ku64(&j, "others", t->n_others);
	json_close(&j, '}');
	json_end(&j);
}

// --- by powers of two ---

struct powers {
	uint64_t n[POWERS]; // calls that took from 2^i ns on; of 0 ns, too, in the first
	size_t first, end;
	uint64_t max;
};

static struct powers powers_of(struct bytes v)
{
	struct powers p = { .first = POWERS };
	for (size_t i = 1; i < N_BUCKETS; i++) {
		uint64_t low = out_hist_low(i, OUT_TIMES_BITS);
		p.n[low ? 63 - (unsigned)__builtin_clzll(low) : 0] += bucket(v, i);
	}
	for (size_t i = 0; i < POWERS; i++) {
		if (!p.n[i])
			continue;
		p.first = MIN(p.first, i);
		p.end = i + 1;
		p.max = MAX(p.max, p.n[i]);
	}
	return p;
}

static uint64_t low_of(size_t power)
{
	return power ? (uint64_t)1 << power : 0;
}

static size_t count_width(uint64_t n)
{
	struct out_buf b = { 0 };
	put_count(&b, n, true);
	size_t width = b.n;
	out_buf_free(&b);
	return width;
}

void layout_times_text(struct bytes v, struct out_buf *b)
{
	struct powers p = powers_of(v);
	size_t width = count_width(p.max);
	struct out_buf label = { 0 };
	for (size_t i = p.first; i < p.end; i++) {
		size_t bar = (size_t)((double)p.n[i] / (double)MAX(p.max, 1u) * BAR_WIDTH);
		label.n = 0;
		out_duration(&label, low_of(i));
		out_buf_printf(b, "  %6.*s  |", STR_ARG(out_buf_view(&label)));
		out_buf_fill(b, '@', bar);
		out_buf_fill(b, ' ', BAR_WIDTH - bar);
		out_buf_str(b, STR("|  "));
		size_t n = count_width(p.n[i]);
		out_buf_fill(b, ' ', width > n ? width - n : 0);
		put_count(b, p.n[i], true);
		out_buf_str(b, STR("\n"));
	}
	out_buf_free(&label);
}

void layout_times_json(struct bytes v, struct json *j)
{
	struct powers p = powers_of(v);
	json_open(j, '[');
	for (size_t i = p.first; i < p.end; i++) {
		json_open(j, '{');
		json_ku64(j, "min", low_of(i));
		json_ku64(j, "max", low_of(i + 1) - 1);
		json_ku64(j, "count", p.n[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
}
