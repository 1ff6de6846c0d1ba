// SPDX-License-Identifier: Apache-2.0
// Running line number programs.
#include <stdlib.h>

#include "dwarf/line.h"

struct machine {
	struct dwarf *dw;
	struct line_table *t;
	struct line_row row;
	VEC(struct line_row) rows;
	VEC(struct line_seq) seqs;
	size_t first; // row of the sequence that is being made
	bool is_unordered;
};

static void reset(struct machine *m)
{
	m->row = (struct line_row) { .file = 1, .line = 1, .is_stmt = m->t->default_is_stmt };
	m->first = m->rows.n;
	m->is_unordered = false;
}

static void emit(struct machine *m)
{
	if (m->rows.n > m->first && m->rows.v[m->rows.n - 1].vaddr > m->row.vaddr)
		m->is_unordered = true;
	VEC_PUSH(m->dw->arena, &m->rows, m->row);
	m->row.is_prologue_end = false;
}

static int by_vaddr(const void *a, const void *b)
{
	const struct line_row *x = a, *y = b;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return x->is_end - y->is_end;
}

static void end_sequence(struct machine *m)
{
	m->row.is_end = true;
	emit(m);
	struct line_row *rows = m->rows.v + m->first;
	size_t n = m->rows.n - m->first;
	if (m->is_unordered)
		qsort(rows, n, sizeof(*rows), by_vaddr);
	uint64_t low = rows[0].vaddr, high = rows[n - 1].vaddr;
	if (low >= high || is_dropped(low))
		m->rows.n = m->first;
	else
		// Its rows still move while their array grows: their place is filled in at the end.
		VEC_PUSH(m->dw->arena, &m->seqs,
			 (struct line_seq) { .low = low, .high = high, .n_rows = n });
	reset(m);
}

static void advance(struct machine *m, uint64_t operations)
{
	m->row.vaddr += operations * m->t->min_insn;
}

static void special(struct machine *m, unsigned opcode)
{
	unsigned adjusted = opcode - m->t->opcode_base;
	if (m->t->line_range == 0)
		return;
	advance(m, adjusted / m->t->line_range);
	m->row.line += (uint32_t)(m->t->line_base + (int)(adjusted % m->t->line_range));
	emit(m);
}

static void extended(struct machine *m, struct cursor *c)
{
	uint64_t len = cursor_uleb(c);
	struct cursor op = cursor_init(cursor_bytes(c, len), ".debug_line");
	if (!cursor_ok(c) || len == 0)
		return;
	switch (cursor_u8(&op)) {
	case DW_LNE_end_sequence:
		end_sequence(m);
		break;
	case DW_LNE_set_address:
		m->row.vaddr = cursor_uint(&op, MIN(cursor_left(&op), (size_t)8));
		break;
	case DW_LNE_define_file: {
		struct line_file f = { .name = cursor_cstr(&op) };
		f.dir = cursor_uleb(&op);
		VEC_PUSH(m->dw->arena, &m->t->files, f);
		break;
	}
	default:
		break;
	}
}

static void unknown_standard(struct machine *m, struct cursor *c, unsigned opcode)
{
	for (unsigned i = 0; i < m->t->opcode_lengths.p[opcode - 1]; i++)
		cursor_uleb(c);
}

static void standard(struct machine *m, struct cursor *c, unsigned opcode)
{
	uint64_t v;
	switch (opcode) {
	case DW_LNS_copy:
		emit(m);
		break;
	case DW_LNS_advance_pc:
		advance(m, cursor_uleb(c));
		break;
	case DW_LNS_advance_line:
		m->row.line += (uint32_t)cursor_sleb(c);
		break;
	case DW_LNS_set_file:
		v = cursor_uleb(c);
		m->row.file = v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
		break;
	case DW_LNS_set_column:
		v = cursor_uleb(c);
		m->row.column = v < UINT16_MAX ? (uint16_t)v : UINT16_MAX;
		break;
	case DW_LNS_negate_stmt:
		m->row.is_stmt = !m->row.is_stmt;
		break;
	case DW_LNS_const_add_pc:
		if (m->t->line_range)
			advance(m, (255u - m->t->opcode_base) / m->t->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		m->row.vaddr += cursor_u16(c);
		break;
	case DW_LNS_set_prologue_end:
		m->row.is_prologue_end = true;
		break;
	default:
		unknown_standard(m, c, opcode);
		break;
	}
}

static int by_low(const void *a, const void *b)
{
	const struct line_seq *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

void line_table_run(struct dwarf *dw, struct line_table *t)
{
	if (t->is_run)
		return;
	t->is_run = true;
	struct machine m = { .dw = dw, .t = t };
	struct cursor c = cursor_init(t->program, ".debug_line");
	reset(&m);
	while (cursor_left(&c) > 0) {
		unsigned opcode = cursor_u8(&c);
		if (opcode >= t->opcode_base)
			special(&m, opcode);
		else if (opcode == 0)
			extended(&m, &c);
		else
			standard(&m, &c, opcode);
	}
	const struct line_row *rows = m.rows.v;
	for (size_t i = 0; i < m.seqs.n; i++) {
		m.seqs.v[i].rows = rows;
		rows += m.seqs.v[i].n_rows;
	}
	if (m.seqs.n)
		qsort(m.seqs.v, m.seqs.n, sizeof(m.seqs.v[0]), by_low);
	t->seqs = m.seqs.v;
	t->n_seqs = m.seqs.n;
}
