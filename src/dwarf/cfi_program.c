// SPDX-License-Identifier: Apache-2.0
// Running call frame programs as far as the CFA needs it.
#include "dwarf/cfi.h"

#define REMEMBER_MAX 32

struct rule {
	bool is_known;
	bool is_expression;
	uint64_t reg;
	int64_t off;
};

struct machine {
	const struct cfi *cfi;
	const struct cie *cie;
	struct cursor c;
	uint64_t loc, pc;
	struct rule now;
	struct rule kept[REMEMBER_MAX];
	size_t n_kept;
	bool is_done; // the next row is past pc
};

static void advance(struct machine *m, uint64_t delta)
{
	uint64_t to = m->loc + delta * m->cie->code_align;
	if (to > m->pc || to < m->loc)
		m->is_done = true;
	m->loc = to;
}

static void op_set_loc(struct machine *m)
{
	uint64_t at = m->cfi->vaddr + (uint64_t)(m->c.pos - m->cfi->data.p);
	uint64_t to = eh_pointer(&m->c, m->cie->encoding, at, 0, m->cie->addr_size);
	m->is_done = to > m->pc;
	m->loc = to;
}

static void op_remember(struct machine *m)
{
	if (m->n_kept == REMEMBER_MAX)
		cursor_fail(&m->c, "too many states to remember");
	else
		m->kept[m->n_kept++] = m->now;
}

static void op_restore(struct machine *m)
{
	if (m->n_kept == 0)
		cursor_fail(&m->c, "no state to restore");
	else
		m->now = m->kept[--m->n_kept];
}

static void def_cfa(struct machine *m, uint64_t reg, int64_t off)
{
	m->now = (struct rule) { .is_known = true, .reg = reg, .off = off };
}

static int64_t scaled(const struct machine *m, int64_t v)
{
	return (int64_t)((uint64_t)v * (uint64_t)m->cie->data_align);
}

static void step_cfa(struct machine *m, unsigned op)
{
	uint64_t reg;
	switch (op) {
	case DW_CFA_def_cfa:
		reg = cursor_uleb(&m->c);
		def_cfa(m, reg, (int64_t)cursor_uleb(&m->c));
		break;
	case DW_CFA_def_cfa_sf:
		reg = cursor_uleb(&m->c);
		def_cfa(m, reg, scaled(m, cursor_sleb(&m->c)));
		break;
	case DW_CFA_def_cfa_register:
		def_cfa(m, cursor_uleb(&m->c), m->now.off);
		break;
	case DW_CFA_def_cfa_offset:
		def_cfa(m, m->now.reg, (int64_t)cursor_uleb(&m->c));
		break;
	case DW_CFA_def_cfa_offset_sf:
		def_cfa(m, m->now.reg, scaled(m, cursor_sleb(&m->c)));
		break;
	case DW_CFA_def_cfa_expression:
		cursor_skip(&m->c, cursor_uleb(&m->c));
		m->now = (struct rule) { .is_known = true, .is_expression = true };
		break;
	default:
		cursor_fail(&m->c, "unknown call frame instruction");
		break;
	}
}

// Rules of registers other than the CFA: only gone over.
static void step_other(struct machine *m, unsigned op)
{
	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_AARCH64_negate_ra_state:
		break;
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_GNU_args_size:
		cursor_uleb(&m->c);
		break;
	case DW_CFA_offset_extended:
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_GNU_negative_offset_extended:
		cursor_uleb(&m->c);
		cursor_uleb(&m->c);
		break;
	case DW_CFA_offset_extended_sf:
	case DW_CFA_val_offset_sf:
		cursor_uleb(&m->c);
		cursor_sleb(&m->c);
		break;
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		cursor_uleb(&m->c);
		cursor_skip(&m->c, cursor_uleb(&m->c));
		break;
	default:
		step_cfa(m, op);
		break;
	}
}

static void step(struct machine *m)
{
	unsigned op = cursor_u8(&m->c);
	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		advance(m, op & 0x3f);
		return;
	case DW_CFA_offset:
		cursor_uleb(&m->c);
		return;
	case DW_CFA_restore:
		return;
	default:
		break;
	}
	switch (op) {
	case DW_CFA_set_loc:
		op_set_loc(m);
		break;
	case DW_CFA_advance_loc1:
		advance(m, cursor_u8(&m->c));
		break;
	case DW_CFA_advance_loc2:
		advance(m, cursor_u16(&m->c));
		break;
	case DW_CFA_advance_loc4:
		advance(m, cursor_u32(&m->c));
		break;
	case DW_CFA_remember_state:
		op_remember(m);
		break;
	case DW_CFA_restore_state:
		op_restore(m);
		break;
	default:
		step_other(m, op);
		break;
	}
}

bool cfa_compute(const struct cfi *cfi, const struct fde *fde, uint64_t pc, struct place *out)
{
	struct machine m = { .cfi = cfi, .cie = &fde->cie, .loc = fde->low, .pc = pc };
	m.c = cursor_init(fde->cie.program, cfi->what);
	while (cursor_left(&m.c) > 0 && !m.is_done)
		step(&m);
	if (!cursor_ok(&m.c))
		return false;
	m.c = cursor_init(fde->program, cfi->what);
	while (cursor_left(&m.c) > 0 && !m.is_done)
		step(&m);
	if (!cursor_ok(&m.c) || !m.now.is_known || m.now.reg > UINT16_MAX)
		return false;
	*out = (struct place) { .kind = PLACE_VALUE, .reg = (uint16_t)m.now.reg, .off = m.now.off };
	if (m.now.is_expression)
		*out = (struct place) { .kind = PLACE_COMPLEX };
	return true;
}
