// SPDX-License-Identifier: Apache-2.0
// From addresses to source lines and back.
#include <stdlib.h>

#include "dwarf/line.h"
#include "dwarf/scan.h"

#define SECS_LINES (SECS_RANGES | SEC_BIT(SEC_ARANGES) | SEC_BIT(SEC_LINE))

static struct dwarf_row public_row(struct dwarf *dw, struct line_table *t, const struct line_row *r)
{
	return (struct dwarf_row) {
		.vaddr = r->vaddr,
		.file = r->is_end ? STR("") : line_path(dw, t, r->file),
		.line = r->is_end ? 0 : r->line,
		.column = r->column,
		.is_stmt = r->is_stmt,
		.is_end = r->is_end,
		.is_prologue_end = r->is_prologue_end,
	};
}

// Index of the first sequence that ends after pc.
static size_t seq_after(const struct line_table *t, uint64_t pc)
{
	size_t lo = 0, hi = t->n_seqs;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->seqs[mid].high <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

// Index of the row that covers pc, which is in the sequence.
static size_t row_at(const struct line_seq *s, uint64_t pc)
{
	size_t lo = 0, hi = s->n_rows;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->rows[mid].vaddr <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

struct find_row {
	uint64_t pc;
	struct line_table *table;
	const struct line_row *row;
};

static bool find_row(struct dwarf *dw, struct unit *u, void *ctx)
{
	struct find_row *f = ctx;
	f->table = line_table_of(dw, u);
	if (!f->table)
		return false;
	line_table_run(dw, f->table);
	size_t i = seq_after(f->table, f->pc);
	if (i == f->table->n_seqs || f->table->seqs[i].low > f->pc)
		return false;
	const struct line_seq *s = &f->table->seqs[i];
	f->row = &s->rows[row_at(s, f->pc)];
	return true;
}

struct err *dwarf_line_at(struct dwarf *dw, uint64_t pc, struct dwarf_row *out)
{
	TRY(dw_load(dw, SECS_LINES));
	struct find_row f = { .pc = pc };
	if (!pc_each_unit(dw, pc, pc, find_row, &f))
		return err_new(ERR_NOTFOUND, "%s: no source line for 0x%llx", elf_path(dw->debug),
			       (unsigned long long)pc);
	*out = public_row(dw, f.table, f.row);
	return NULL;
}

// A sequence with the table that it is of.
struct found_seq {
	struct line_table *table;
	const struct line_seq *seq;
};

struct find_seqs {
	uint64_t low, high;
	VEC(struct found_seq) found;
};

static bool find_seqs(struct dwarf *dw, struct unit *u, void *ctx)
{
	struct find_seqs *f = ctx;
	struct line_table *t = line_table_of(dw, u);
	if (!t)
		return false;
	for (size_t i = 0; i < f->found.n; i++)
		if (f->found.v[i].table == t)
			return false;
	line_table_run(dw, t);
	for (size_t i = seq_after(t, f->low); i < t->n_seqs && t->seqs[i].low < f->high; i++)
		VEC_PUSH(dw->arena, &f->found, (struct found_seq) { t, &t->seqs[i] });
	return false;
}

static int by_seq_low(const void *a, const void *b)
{
	const struct found_seq *x = a, *y = b;
	return x->seq->low < y->seq->low ? -1 : x->seq->low > y->seq->low;
}

struct err *dwarf_rows(struct dwarf *dw, uint64_t low, uint64_t high, struct dwarf_row **out,
		       size_t *n)
{
	TRY(dw_load(dw, SECS_LINES));
	struct find_seqs f = { .low = low, .high = high };
	if (high > low)
		pc_each_unit(dw, low, high - 1, find_seqs, &f);
	if (f.found.n)
		qsort(f.found.v, f.found.n, sizeof(f.found.v[0]), by_seq_low);
	VEC(struct dwarf_row) rows = { 0 };
	uint64_t from = low;
	for (size_t i = 0; i < f.found.n; i++) {
		const struct line_seq *s = f.found.v[i].seq;
		from = MAX(from, s->low);
		// Two tables that describe the same code: the first one is enough.
		if (from >= s->high)
			continue;
		size_t k = row_at(s, from);
		// Several rows may stand at one address.
		while (k > 0 && s->rows[k - 1].vaddr == from)
			k--;
		for (; k < s->n_rows && s->rows[k].vaddr < high; k++)
			VEC_PUSH(dw->arena, &rows, public_row(dw, f.found.v[i].table, &s->rows[k]));
		from = s->high;
	}
	*out = rows.v;
	*n = rows.n;
	return NULL;
}

// --- from a line to addresses ---

// "main.go" and "pkg/main.go" stand for "/src/pkg/main.go".
static bool path_matches(struct str path, struct str want)
{
	if (!str_ends(path, want))
		return false;
	return path.len == want.len || want.p[0] == '/' || path.p[path.len - want.len - 1] == '/';
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static struct str base_name(struct str path)
{
	ptrdiff_t slash = str_rfind_byte(path, '/');
	return str_from_off(path, (size_t)(slash + 1));
}

struct line_pcs {
	struct dwarf *dw;
	uint32_t line;
	const bool *is_wanted; // by file number
	size_t n_files;
	VEC(uint64_t) pcs;
	struct dwarf_line_near near;
};

static bool is_in_file(const struct line_pcs *l, const struct line_row *r)
{
	return !r->is_end && r->file < l->n_files && l->is_wanted[r->file];
}

static void note_near(struct line_pcs *l, uint32_t line)
{
	if (line && line < l->line)
		l->near.before = MAX(l->near.before, line);
	else if (line > l->line && (!l->near.after || line < l->near.after))
		l->near.after = line;
}

static void collect(struct line_pcs *l, const struct line_table *t)
{
	for (size_t i = 0; i < t->n_seqs; i++) {
		const struct line_seq *s = &t->seqs[i];
		bool was_in = false;
		for (size_t k = 0; k < s->n_rows; k++) {
			bool is_near = is_in_file(l, &s->rows[k]);
			bool is_in = is_near && s->rows[k].line == l->line;
			if (is_near && s->rows[k].is_stmt)
				note_near(l, s->rows[k].line);
			if (is_in && s->rows[k].is_stmt && !was_in)
				VEC_PUSH(l->dw->arena, &l->pcs, s->rows[k].vaddr);
			was_in = is_in && (was_in || s->rows[k].is_stmt);
		}
	}
}

struct err *dwarf_line_pcs(struct dwarf *dw, struct str file, uint32_t line, uint64_t **out,
			   size_t *n, struct dwarf_line_near *near)
{
	TRY(dw_load(dw, SECS_LINES));
	struct line_pcs l = { .dw = dw, .line = line };
	struct map seen = map_init(dw->arena);
	bool is_known = false;
	for (size_t i = 0; i < dw->n_units; i++) {
		struct unit *u = &dw->units[i];
		struct line_table *t = unit_read_root(dw, u) ? line_table_of(dw, u) : NULL;
		if (!t || map_get(&seen, t->off))
			continue;
		map_put(&seen, t->off, t);
		bool *is_wanted = ARENA_ARRAY(dw->arena, bool, t->files.n);
		bool has_it = false;
		for (size_t k = 0; k < t->files.n; k++) {
			// Most files are out without their paths being put together.
			if (!str_eq(base_name(t->files.v[k].name), base_name(file)))
				continue;
			is_wanted[k] = path_matches(line_path(dw, t, k), file);
			has_it |= is_wanted[k];
		}
		if (!has_it)
			continue;
		is_known = true;
		l.is_wanted = is_wanted;
		l.n_files = t->files.n;
		line_table_run(dw, t);
		collect(&l, t);
	}
	if (!is_known)
		return err_new(ERR_NOTFOUND, "%s was not compiled from a file '%.*s'",
			       elf_path(dw->debug), STR_ARG(file));
	if (l.pcs.n)
		qsort(l.pcs.v, l.pcs.n, sizeof(uint64_t), by_number);
	size_t m = 0;
	for (size_t i = 0; i < l.pcs.n; i++)
		if (m == 0 || l.pcs.v[m - 1] != l.pcs.v[i])
			l.pcs.v[m++] = l.pcs.v[i];
	*out = l.pcs.v;
	*n = m;
	*near = l.near;
	return NULL;
}
