// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "base/arena.h"
#include "out/out.h"

// Bytes at the start of s that a terminal would take as a command, or that turn the direction of
// text.
static size_t unsafe_len(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	if (s.len >= 2 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
		return 2; // C1 controls
	if (s.len >= 3 && p[0] == 0xe2 &&
	    ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
	     (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
		return 3; // U+202A..202E, U+2066..2069
	return 0;
}

void out_text(FILE *f, struct str s)
{
	size_t start = 0;
	for (size_t i = 0; i < s.len; i++) {
		size_t n = unsafe_len(str_from_off(s, i));
		if (n == 0)
			continue;
		fwrite(s.p + start, 1, i - start, f);
		for (size_t k = i; k < i + n; k++)
			fprintf(f, "\\x%02x", (unsigned char)s.p[k]);
		start = i + n;
		i = start - 1;
	}
	if (start < s.len)
		fwrite(s.p + start, 1, s.len - start, f);
}

// A cell wider than this does not widen its column.
#define CELL_MAX 48

struct row {
	VEC(struct str) cells;
};

struct table {
	struct arena *arena;
	VEC(struct row) rows;
	bool row_is_open;
};

struct table *table_new(void)
{
	struct arena *arena = arena_new();
	struct table *t = ARENA_NEW(arena, struct table);
	t->arena = arena;
	return t;
}

void table_free(struct table *t)
{
	if (t)
		arena_free(t->arena);
}

void table_cell(struct table *t, const char *fmt, ...)
{
	if (!t->row_is_open)
		VEC_PUSH(t->arena, &t->rows, (struct row) { 0 });
	t->row_is_open = true;
	va_list ap;
	va_start(ap, fmt);
	struct str cell = arena_vprintf(t->arena, fmt, ap);
	va_end(ap);
	struct row *row = &t->rows.v[t->rows.n - 1];
	VEC_PUSH(t->arena, &row->cells, cell);
}

void table_row(struct table *t)
{
	if (!t->row_is_open)
		VEC_PUSH(t->arena, &t->rows, (struct row) { 0 });
	t->row_is_open = false;
}

// Columns that text takes on a terminal, as far as that can be had without tables: UTF-8 sequences
// count one.
static int display_width(struct str s)
{
	int n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

// The width that a cell asks of its column.
static int fitting(int width)
{
	return width > CELL_MAX ? 0 : width;
}

void table_print(const struct table *t, FILE *f, int indent)
{
	size_t n_columns = 0;
	for (size_t r = 0; r < t->rows.n; r++)
		n_columns = MAX(n_columns, t->rows.v[r].cells.n);
	int *width = ARENA_ARRAY(t->arena, int, n_columns);
	// A row's last cell takes no part in its column's width: nothing stands to the right of it.
	// Nor does a very long one, which would push every other row off the screen.
	for (size_t r = 0; r < t->rows.n; r++)
		for (size_t c = 0; c + 1 < t->rows.v[r].cells.n; c++)
			width[c] = MAX(width[c], fitting(display_width(t->rows.v[r].cells.v[c])));
	for (size_t r = 0; r < t->rows.n; r++) {
		const struct row *row = &t->rows.v[r];
		size_t last = row->cells.n;
		while (last > 0 && row->cells.v[last - 1].len == 0)
			last--;
		if (last)
			fprintf(f, "%*s", indent, "");
		for (size_t c = 0; c < last; c++) {
			out_text(f, row->cells.v[c]);
			if (c + 1 < last)
				fprintf(f, "%*s", width[c] - display_width(row->cells.v[c]) + 2,
					"");
		}
		fputc('\n', f);
	}
}
