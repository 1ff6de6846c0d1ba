// SPDX-License-Identifier: Apache-2.0
// Which functions stand at an address: the one whose code it is, and those inlined into it there.
#include "dwarf/line.h"
#include "dwarf/scan.h"

// Deeper than compilers inline; what is deeper is left out.
#define DEPTH_MAX 64

#define SECS_FRAMES (SECS_RANGES | SEC_BIT(SEC_ARANGES) | SEC_BIT(SEC_LINE))

struct finder {
	struct dwarf *dw;
	uint64_t pc;
	const struct unit *unit;
	const struct scan_func *func;
	struct budget budget;
	struct die chain[DEPTH_MAX]; // outermost first
	size_t depth;
};

static bool find_func(struct dwarf *dw, struct unit *u, void *ctx)
{
	struct finder *f = ctx;
	f->unit = u;
	f->func = scan_find(unit_scan(dw, u), f->pc);
	return f->func != NULL;
}

static bool covers(struct finder *f, const struct die *d)
{
	struct range_vec *r = f->dw->spare;
	r->n = 0;
	die_ranges(f->dw, d, &f->budget, r);
	for (size_t i = 0; i < r->n; i++)
		if (f->pc >= r->v[i].low && f->pc < r->v[i].high)
			return true;
	return false;
}

static bool is_block(unsigned tag)
{
	return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

// Blocks often do not say where their code is: what is in them does.
static void find_inlined(struct finder *f)
{
	struct die d;
	unsigned inside = 0; // level of the copy that was found last
	if (!die_at(f->dw, f->func->die, &d))
		return;
	struct walk w = walk_below(&d);
	while (walk_next(&w, &d) && w.level > inside) {
		if (d.ab->tag == DW_TAG_inlined_subroutine && covers(f, &d)) {
			if (f->depth == DEPTH_MAX)
				return;
			f->chain[f->depth++] = d;
			inside = w.level;
		} else if (!is_block(d.ab->tag)) {
			walk_skip(&w, f->dw, &d);
		}
	}
}

static void fill(struct finder *f, const struct die *d, struct dwarf_frame *out)
{
	out->name = die_qualified_name(f->dw, d);
	out->linkage = die_linkage_name(f->dw, d);
	if (out->name.len == 0)
		out->name = out->linkage;
}

// Where the inlined function is called.
static void take_call_pos(struct finder *f, const struct die *d, struct dwarf_row *pos)
{
	struct attr a;
	*pos = (struct dwarf_row) { .file = STR("") };
	if (die_attr(d, DW_AT_call_file, &a))
		pos->file = line_file_name(f->dw, d->unit, a.u);
	if (die_attr(d, DW_AT_call_line, &a) && a.u <= UINT32_MAX)
		pos->line = (uint32_t)a.u;
	if (die_attr(d, DW_AT_call_column, &a) && a.u <= UINT16_MAX)
		pos->column = (uint32_t)a.u;
}

static void set_pos(struct dwarf_frame *out, const struct dwarf_row *pos)
{
	out->file = pos->file;
	out->line = pos->line;
	out->column = pos->column;
}

struct err *dwarf_frames_at(struct dwarf *dw, uint64_t pc, struct dwarf_frame *out, size_t max,
			    size_t *n)
{
	TRY(dw_load(dw, SECS_FRAMES));
	struct finder f = { .dw = dw, .pc = pc };
	struct dwarf_row pos = { .file = STR("") };
	struct die d;
	*n = 0;
	if (!pc_each_unit(dw, pc, pc, find_func, &f))
		return err_new(ERR_NOTFOUND, "%s: no function at 0x%llx in its debug information",
			       elf_path(dw->debug), (unsigned long long)pc);
	if (!dw->spare)
		dw->spare = ARENA_NEW(dw->arena, struct range_vec);
	f.budget = budget_for(dw->sec[SEC_RANGES].len + dw->sec[SEC_RNGLISTS].len);
	find_inlined(&f);
	err_free(dwarf_line_at(dw, pc, &pos));
	for (size_t i = f.depth; i > 0; i--) {
		if (*n + 1 < max) {
			out[*n] = (struct dwarf_frame) { .is_inlined = true };
			fill(&f, &f.chain[i - 1], &out[*n]);
			set_pos(&out[(*n)++], &pos);
		}
		take_call_pos(&f, &f.chain[i - 1], &pos);
	}
	out[*n] = (struct dwarf_frame) { .low = f.func->low };
	if (die_at(dw, f.func->die, &d))
		fill(&f, &d, &out[*n]);
	set_pos(&out[(*n)++], &pos);
	return NULL;
}
