// SPDX-License-Identifier: Apache-2.0
// From a source line to the addresses where it begins.
#include "target/internal.h"

// Instructions from the start of a Go function's way out of its stack check to the call there:
// arguments are saved before it.
#define MORESTACK_REACH 24

static struct err *no_code(struct target *t, struct str file, uint32_t line,
			   struct dwarf_line_near near)
{
	struct err *e = err_new(ERR_NOTFOUND, "no code begins at line %u of %.*s in %s", line,
				STR_ARG(file), target_name(t));
	if (near.before && near.after)
		return err_note(e, "the nearest lines with code: %u and %u", near.before,
				near.after);
	if (near.before || near.after)
		return err_note(e, "the nearest line with code: %u", near.before + near.after);
	return e;
}

// Whether the code at vaddr is where a Go function's stack check goes to have the stack grown: it
// carries the line of the function, but is no part of what the line does.
static bool is_morestack(struct target *t, const struct target_func *f, uint64_t vaddr)
{
	struct bytes code = target_code(t, f);
	uint64_t off = vaddr - f->vaddr;
	for (int i = 0; i < MORESTACK_REACH && off < code.len; i++) {
		struct insn in;
		const struct target_func *callee;
		insn_decode(target_arch(t), (struct bytes) { code.p + off, code.len - off },
			    f->vaddr + off, &in);
		if (in.kind == INSN_CALL) {
			struct err *e = target_func_at(t, in.target, &callee);
			target_note_damage(t, e);
			return !e && callee && str_starts(callee->name, STR("runtime.morestack"));
		}
		if (in.kind != INSN_OTHER && in.kind != INSN_NOP)
			return false;
		off += in.len;
	}
	return false;
}

// The statement's row of that line at vaddr.
static struct err *row_of(struct target *t, uint64_t vaddr, uint32_t line, struct dwarf_row *out)
{
	struct dwarf_row *rows;
	size_t n;
	TRY(dwarf_rows(t->dwarf, vaddr, vaddr + 1, &rows, &n));
	*out = (struct dwarf_row) { .vaddr = vaddr, .line = line };
	for (size_t i = 0; i < n; i++)
		if (rows[i].vaddr == vaddr && rows[i].line == line && rows[i].is_stmt)
			*out = rows[i];
	return NULL;
}

// A place inside the function, or where its calls are counted once: the code up to there runs
// again when the stack has to grow.
static void place_in_go(struct target *t, struct target_line_site *s)
{
	struct target_site entry;
	target_entry(t, s->func, &entry);
	if (entry.insn.len == 0 || s->vaddr > entry.vaddr)
		return;
	s->vaddr = entry.vaddr;
	s->condition = entry.condition;
	s->is_entry = true;
}

// --- one address a copy ---

// The copy of a function's text that an address is in. A line that calls inlined code begins, is
// left and goes on: only its lowest address in a copy is its beginning.
struct text_copy {
	uint64_t func; // address of the function with code
	uint64_t copy; // which of the copies inlined into it; 0: its own text
	bool is_one;   // func and copy tell it from the others
};

struct find_copy {
	uint64_t vaddr;
	uint64_t node; // + 1
};

static bool take_copy(void *ctx, const struct go_inline *in)
{
	struct find_copy *f = ctx;
	if (f->vaddr < in->low || f->vaddr >= in->high)
		return false;
	f->node = (uint64_t)in->node + 1;
	return true;
}

static struct err *copy_by_dwarf(struct target *t, uint64_t vaddr, struct text_copy *out)
{
	struct dwarf_func f;
	struct dwarf_vars vars;
	struct err *e = dwarf_func_at(t->dwarf, vaddr, &f);
	if (err_catch(&e, ERR_NOTFOUND))
		return NULL;
	if (e)
		return e;
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	TRY(dwarf_func_vars(t->dwarf, &f, DWARF_VARS_ALL, scratch, &vars));
	out->func = f.low;
	out->is_one = true;
	// Copies side by side cannot be told apart here.
	for (size_t i = 0; i < vars.n_inlined; i++)
		if (vaddr >= vars.inlined[i].low && vaddr < vars.inlined[i].high)
			out->is_one = false;
	return NULL;
}

static struct err *copy_of(struct target *t, uint64_t vaddr, struct text_copy *out)
{
	struct go_func gf;
	*out = (struct text_copy) { 0 };
	struct go *go = target_go(t);
	if (!go || !go_func_at(go, vaddr, &gf) || gf.is_c)
		return copy_by_dwarf(t, vaddr, out);
	struct find_copy f = { .vaddr = vaddr };
	if (go_has_inlines(go, &gf))
		go_each_inline(go, &gf, take_copy, &f);
	*out = (struct text_copy) { gf.entry, f.node, true };
	return NULL;
}

// --- all of it ---

struct line_search {
	struct target *t;
	uint32_t line, column;
	uint32_t other_column; // that the line begins at, too
	VEC(struct target_line_site) sites;
	VEC(struct text_copy) copies; // of the sites
};

static bool is_known_copy(const struct line_search *l, const struct text_copy *c)
{
	for (size_t i = 0; i < l->copies.n && c->is_one; i++) {
		const struct text_copy *k = &l->copies.v[i];
		if (k->is_one && k->func == c->func && k->copy == c->copy)
			return true;
	}
	return false;
}

static struct err *take_address(struct line_search *l, uint64_t vaddr)
{
	struct target *t = l->t;
	struct target_line_site s = { .vaddr = vaddr, .line = l->line };
	struct dwarf_row row;
	struct text_copy copy;
	TRY(target_func_at(t, vaddr, &s.func));
	TRY(row_of(t, vaddr, l->line, &row));
	if (l->column && row.column != l->column) {
		l->other_column = row.column;
		return NULL;
	}
	s.file = row.file;
	s.column = row.column;
	if (s.func && target_func_is_go(t, s.func)) {
		if (is_morestack(t, s.func, vaddr))
			return NULL;
		place_in_go(t, &s);
	}
	TRY(copy_of(t, vaddr, &copy));
	if (is_known_copy(l, &copy))
		return NULL;
	s.off = s.func ? s.vaddr - s.func->vaddr : 0;
	VEC_PUSH(t->arena, &l->sites, s);
	VEC_PUSH(t->arena, &l->copies, copy);
	return NULL;
}

struct err *target_line_sites(struct target *t, struct str file, uint32_t line, uint32_t column,
			      struct target_line_site **out, size_t *n)
{
	struct line_search l = { .t = t, .line = line, .column = column };
	struct dwarf_line_near near;
	uint64_t *pcs;
	size_t n_pcs;
	*n = 0;
	if (!target_dwarf(t)) {
		struct str missing = target_missing(t);
		return err_new(ERR_NOTFOUND, "%s: source lines need debug information: %.*s",
			       target_name(t), STR_ARG(missing));
	}
	TRY(dwarf_line_pcs(t->dwarf, file, line, &pcs, &n_pcs, &near));
	for (size_t i = 0; i < n_pcs; i++)
		TRY(take_address(&l, pcs[i]));
	*out = l.sites.v;
	*n = l.sites.n;
	if (l.sites.n)
		return NULL;
	if (l.other_column)
		return err_new(ERR_NOTFOUND, "line %u of %.*s begins at column %u, not %u", line,
			       STR_ARG(file), l.other_column, column);
	return n_pcs && column ? err_new(ERR_NOTFOUND, "the line table of %s knows no columns",
					 target_name(t))
			       : no_code(t, file, line, near);
}
