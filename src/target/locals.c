// SPDX-License-Identifier: Apache-2.0
// Where each local variable is readable: stretches of addresses with their lines and places.
#include "target/internal.h"

static bool is_readable(const struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind != PLACE_NONE)
			return true;
	return false;
}

bool is_repeated(const struct dwarf_vars *vars, size_t i)
{
	const struct dwarf_var *v = &vars->v[i];
	if (v->kind != DWARF_RESULT || v->inlined_func.len)
		return false;
	for (size_t k = 0; k < i; k++)
		if (vars->v[k].kind == DWARF_RESULT && !vars->v[k].inlined_func.len &&
		    str_eq(vars->v[k].name, v->name) && !str_eq(v->name, STR("_")))
			return true;
	return false;
}

struct frame frame_at(struct target_about *a, uint64_t pc)
{
	uint16_t sp = (uint16_t)insn_reg_sp(target_arch(a->t));
	if (a->is_go) {
		int32_t delta;
		if (!go_sp_delta(a->t->go, &a->go, pc, &delta))
			return (struct frame) { 0 };
		return (struct frame) { true, sp, delta + cfa_above_sp(a->t) };
	}
	struct place p;
	struct err *e = dwarf_cfa_at(a->t->dwarf, pc, &p);
	if (e) {
		err_free(e); // no unwind entry: places are told relative to CFA
		return (struct frame) { 0 };
	}
	return (struct frame) { p.kind == PLACE_VALUE, p.reg, p.off };
}

static void find_frames(struct target_about *a)
{
	a->frames = ARENA_ARRAY(a->arena, struct frame, a->code.n);
	for (size_t i = 0; i < a->code.n; i++)
		a->frames[i] = frame_at(a, a->code.v[i].vaddr);
}

bool same_frame(const struct frame *a, const struct frame *b)
{
	return a->is_known == b->is_known && a->reg == b->reg && a->off == b->off;
}

static bool is_on_stack(const struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind == PLACE_CFA || p->v[i].is_cfa)
			return true;
	return false;
}

struct places target_frame_places(struct arena *a, const struct target_stretch *s)
{
	if (!s->has_frame)
		return s->places;
	struct places out = { ARENA_ARRAY(a, struct place, s->places.n), s->places.n };
	for (size_t i = 0; i < out.n; i++) {
		struct place p = s->places.v[i];
		if (p.kind == PLACE_CFA || p.is_cfa) {
			p.kind = p.kind == PLACE_CFA ? PLACE_MEM : p.kind;
			p.is_cfa = false;
			p.reg = s->cfa.reg;
			p.off += s->cfa.off;
		}
		out.v[i] = p;
	}
	return out;
}

// A stack slot of the stretch: where it is from a register, for the longest run of addresses with
// one frame.
static void set_frame(struct target_about *a, struct target_stretch *s)
{
	const struct code *c = &a->code;
	if (!is_on_stack(&s->places))
		return;
	if (!a->frames)
		find_frames(a);
	const struct insn *first = code_at(c, MAX(s->low, c->low));
	size_t i = first ? (size_t)(first - c->v) : c->n;
	while (i < c->n && c->v[i].vaddr < s->high) {
		size_t end = i;
		while (end < c->n && c->v[end].vaddr < s->high &&
		       same_frame(&a->frames[i], &a->frames[end]))
			end++;
		uint64_t low = c->v[i].vaddr, high = c->v[end - 1].vaddr + c->v[end - 1].len;
		if (a->frames[i].is_known && high - low > s->frame_high - s->frame_low) {
			s->has_frame = true;
			s->cfa = (struct place) { .kind = PLACE_VALUE,
						  .reg = a->frames[i].reg,
						  .off = a->frames[i].off };
			s->frame_low = low;
			s->frame_high = MIN(high, s->high);
		}
		i = end;
	}
}

static bool is_inlined_code(const struct dwarf_vars *vars, uint64_t vaddr)
{
	for (size_t i = 0; i < vars->n_inlined && vars->inlined[i].low <= vaddr; i++)
		if (vaddr < vars->inlined[i].high)
			return true;
	return false;
}

// Lines of the function itself; those of code inlined into it would say nothing about it.
static void set_lines(struct target_about *a, struct target_stretch *s,
		      const struct dwarf_row *rows, size_t n, struct str file)
{
	for (size_t i = 0; i < n; i++) {
		const struct dwarf_row *r = &rows[i];
		uint64_t end = i + 1 < n ? rows[i + 1].vaddr : a->code.high;
		if (r->is_end || r->line == 0 || end <= s->low || r->vaddr >= s->high)
			continue;
		if ((file.len && !str_eq(r->file, file)) || is_inlined_code(&a->vars, r->vaddr))
			continue;
		if (s->first_line == 0 || r->line < s->first_line)
			s->first_line = r->line;
		s->last_line = MAX(s->last_line, r->line);
	}
}

// The code that holds vaddr: the function's own, or that of a part of it that stands elsewhere
// (GCC's .cold).
static struct err *code_around(struct target_about *a, uint64_t vaddr, const struct code **out)
{
	*out = &a->code;
	if (vaddr >= a->code.low && vaddr <= a->code.high)
		return NULL;
	if (vaddr < a->elsewhere.low || vaddr > a->elsewhere.high || a->elsewhere.n == 0) {
		const struct target_func *part;
		TRY(target_func_at(a->t, vaddr, &part));
		if (part)
			code_decode(a->t, part, a->arena, &a->elsewhere);
	}
	*out = &a->elsewhere;
	return NULL;
}

// The first instruction that begins at vaddr or behind it. Compilers end a range inside of a call,
// to say that it holds until the call is made.
static uint64_t next_boundary(const struct code *c, uint64_t vaddr)
{
	if (vaddr < c->low || vaddr >= c->high)
		return vaddr;
	size_t lo = 0, hi = c->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (c->v[mid].vaddr < vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n ? c->v[lo].vaddr : c->high;
}

static struct err *to_boundaries(struct target_about *a, struct target_stretch *s)
{
	const struct code *c;
	TRY(code_around(a, s->low, &c));
	s->low = next_boundary(c, s->low);
	s->high = next_boundary(c, s->high);
	return NULL;
}

static bool same_places(const struct places *a, const struct places *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++) {
		const struct place *x = &a->v[i], *y = &b->v[i];
		if (x->kind != y->kind || x->is_cfa != y->is_cfa || x->reg != y->reg ||
		    x->off_in_value != y->off_in_value || x->size != y->size || x->off != y->off ||
		    x->off2 != y->off2 || x->data.p != y->data.p)
			return false;
	}
	return a->n == b->n;
}

static struct err *add_local(struct target_about *a, const struct dwarf_var *var,
			     const struct dwarf_row *rows, size_t n_rows, struct target_local *out)
{
	struct arena *arena = a->arena;
	VEC(struct target_stretch) v = { 0 };
	struct type_words words = { 0 };
	if (var->type)
		TRY(type_flatten(arena, var->type, &words));
	for (size_t i = 0; i < var->n_locs; i++) {
		const struct dwarf_loc *l = &var->locs[i];
		if (!is_readable(&l->places))
			continue;
		struct target_stretch s = { .low = l->low, .high = l->high, .places = l->places };
		while (i + 1 < var->n_locs && var->locs[i + 1].low == s.high &&
		       same_places(&var->locs[i + 1].places, &s.places))
			s.high = var->locs[++i].high;
		TRY(to_boundaries(a, &s));
		if (s.low >= s.high)
			continue;
		set_frame(a, &s);
		set_lines(a, &s, rows, n_rows, var->file.len ? var->file : a->info->brief.pos.file);
		VEC_PUSH(arena, &v, s);
	}
	*out = (struct target_local) {
		.name = var->name,
		.type = var->type,
		.words = words,
		.pos = { var->file, var->line },
		.is_param = var->kind != DWARF_LOCAL && var->kind != DWARF_CAPTURED,
		.inlined_func = var->inlined_func,
		.inlined_at = { var->inlined_call_file, var->inlined_call_line },
		.v = v.v,
		.n = v.n,
	};
	return NULL;
}

struct err *find_locals(struct target_about *a)
{
	if (!a->has_dwarf)
		return NULL;
	struct dwarf_row *rows = NULL;
	size_t n_rows = 0;
	struct err *e = dwarf_rows(a->t->dwarf, a->code.low, a->code.high, &rows, &n_rows);
	if (e && !err_catch(&e, ERR_NOTFOUND))
		target_note_damage(a->t, e);
	struct target_local *v = ARENA_ARRAY(a->arena, struct target_local, a->vars.n);
	size_t n = 0;
	for (size_t i = 0; i < a->vars.n; i++)
		if (!is_repeated(&a->vars, i))
			TRY(add_local(a, &a->vars.v[i], rows, n_rows, &v[n++]));
	a->info->locals = v;
	a->info->n_locals = n;
	return NULL;
}
