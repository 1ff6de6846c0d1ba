// SPDX-License-Identifier: Apache-2.0
// Parameters and variables of a function, and where they are.
#include <stdlib.h>

#include "dwarf/line.h"
#include "dwarf/loc.h"
#include "dwarf/scan.h"
#include "dwarf/types.h"

#define ORIGIN_MAX 8

// A block of code that variables are declared in.
struct block {
	unsigned level;
	struct range_vec scope;
	const struct dwarf_var *inlined; // the fields that tell of inlining; NULL in the function
					 // itself
	size_t n_inlined_around;
};

struct raw_var {
	struct dwarf_var v;
	uint64_t origin; // the DIE in the abstract copy, NO_DIE if there is none
	size_t order, seq;
};

struct reader {
	struct dwarf *dw;
	struct arena *arena; // the caller's
	struct unit *unit;
	bool only_params;
	struct range_vec inlined; // code of other functions in it
	struct budget budget;
	struct range_vec code; // of the whole function
	struct loc_reader locs;
	VEC(struct block) stack;
	VEC(struct raw_var) vars;
};

// What a variable's DIE and those that it completes say.
struct var_attrs {
	struct attr location, const_value;
	struct str name;
	uint64_t type;
	uint64_t origin;
	struct str file;
	uint32_t line;
	uint64_t closure_off;
	bool is_captured, is_result, is_artificial, is_declaration;
};

static void take_attr(struct dwarf *dw, const struct die *d, const struct attr *a,
		      struct var_attrs *out)
{
	switch (a->name) {
	case DW_AT_name:
		out->name = out->name.len ? out->name : attr_str(dw, d->unit, a);
		break;
	case DW_AT_type:
		out->type = out->type == NO_DIE ? attr_ref(dw, d->unit, a) : out->type;
		break;
	case DW_AT_decl_line:
		if (out->line == 0 && a->u <= UINT32_MAX)
			out->line = (uint32_t)a->u;
		break;
	case DW_AT_decl_file:
		out->file = out->file.len ? out->file : line_file_name(dw, d->unit, a->u);
		break;
	case DW_AT_location:
		// Only a static variable has its place in the abstract copy.
		if (!out->location.name)
			out->location = *a;
		break;
	case DW_AT_const_value:
		if (!out->const_value.name)
			out->const_value = *a;
		break;
	case DW_AT_variable_parameter:
		out->is_result |= a->u != 0;
		break;
	case DW_AT_artificial:
		out->is_artificial |= a->u != 0;
		break;
	case DW_AT_go_closure_offset:
		out->is_captured = true;
		out->closure_off = a->u;
		break;
	default:
		break;
	}
}

static void read_attrs(struct dwarf *dw, const struct die *d, struct var_attrs *out)
{
	*out = (struct var_attrs) {
		.name = STR(""), .file = STR(""), .type = NO_DIE, .origin = NO_DIE
	};
	struct die at = *d;
	for (int i = 0; i < ORIGIN_MAX; i++) {
		struct attr a;
		uint64_t next = NO_DIE;
		for (struct attr_iter it = attr_iter(&at); attr_next(&it, &a);) {
			if (a.name == DW_AT_abstract_origin || a.name == DW_AT_specification)
				next = attr_ref(dw, at.unit, &a);
			else if (a.name == DW_AT_declaration)
				out->is_declaration |= i == 0 && a.u != 0;
			else
				take_attr(dw, &at, &a, out);
		}
		if (i == 0)
			out->origin = next;
		if (next == NO_DIE || !die_at(dw, next, &at))
			break;
	}
}

static int by_low(const void *a, const void *b)
{
	const struct dwarf_loc *x = a, *y = b;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->high < y->high ? -1 : x->high > y->high;
}

static void read_location(struct reader *r, const struct var_attrs *in,
			  const struct range_vec *scope, struct dwarf_var *v)
{
	struct loc_vec locs = { 0 };
	r->locs.type = v->type;
	r->locs.has_words = false;
	if (in->location.name)
		loc_read(&r->locs, &in->location, scope, &locs);
	else if (in->const_value.name)
		loc_const(&r->locs, &in->const_value, scope, &locs);
	if (locs.n)
		qsort(locs.v, locs.n, sizeof(locs.v[0]), by_low);
	v->is_fixed = in->location.name && attr_is_block(&in->location);
	v->locs = locs.v;
	v->n_locs = locs.n;
}

static void add_var(struct reader *r, const struct die *d)
{
	const struct block *b = &r->stack.v[r->stack.n - 1];
	struct var_attrs in;
	read_attrs(r->dw, d, &in);
	if (in.is_declaration)
		return;
	struct dwarf_var v = { .inlined_func = STR(""), .inlined_call_file = STR("") };
	if (b->inlined)
		v = *b->inlined;
	v.name = in.name;
	v.type = type_of(r->dw, in.type, 0);
	v.is_artificial = in.is_artificial;
	v.line = in.line;
	v.file = in.file;
	v.scope = b->scope.v;
	v.n_scope = b->scope.n;
	v.depth = r->stack.n - 1;
	v.n_inlined_around = b->n_inlined_around;
	v.closure_off = in.closure_off;
	if (in.is_captured)
		v.kind = DWARF_CAPTURED;
	else if (d->ab->tag == DW_TAG_variable)
		v.kind = DWARF_LOCAL;
	else
		v.kind = in.is_result ? DWARF_RESULT : DWARF_PARAM;
	read_location(r, &in, &b->scope, &v);
	VEC_PUSH(r->arena, &r->vars,
		 (struct raw_var) {
			 .v = v, .origin = in.origin, .order = r->vars.n, .seq = r->vars.n });
}

static void enter(struct reader *r, const struct walk *w, const struct die *d)
{
	struct block outer = r->stack.v[r->stack.n - 1];
	struct block b = { .level = w->level,
			   .inlined = outer.inlined,
			   .n_inlined_around = outer.n_inlined_around };
	struct attr a;
	die_ranges(r->dw, d, &r->budget, &b.scope);
	ranges_sort(&b.scope);
	if (d->ab->tag == DW_TAG_inlined_subroutine) {
		struct dwarf_var *v = ARENA_NEW(r->arena, struct dwarf_var);
		struct die origin;
		v->inlined_die = d->off;
		v->inlined_call_file = STR("");
		v->inlined_func = STR("?");
		if (die_at(r->dw, die_ref(r->dw, d, DW_AT_abstract_origin), &origin))
			v->inlined_func = die_qualified_name(r->dw, &origin);
		if (die_attr(d, DW_AT_call_file, &a))
			v->inlined_call_file = line_file_name(r->dw, d->unit, a.u);
		if (die_attr(d, DW_AT_call_line, &a) && a.u <= UINT32_MAX)
			v->inlined_call_line = (uint32_t)a.u;
		b.inlined = v;
		b.n_inlined_around++;
	} else if (!die_attr(d, DW_AT_low_pc, &a) && !die_attr(d, DW_AT_ranges, &a)) {
		b.scope = outer.scope;
	}
	VEC_PUSH(r->arena, &r->stack, b);
}

static void read_die(struct reader *r, struct walk *w, const struct die *d)
{
	while (r->stack.v[r->stack.n - 1].level >= w->level)
		r->stack.n--;
	switch (d->ab->tag) {
	case DW_TAG_formal_parameter:
	case DW_TAG_variable:
		if (d->ab->tag == DW_TAG_formal_parameter || !r->only_params)
			add_var(r, d);
		walk_skip(w, r->dw, d);
		break;
	case DW_TAG_GNU_formal_parameter_pack:
		break;
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		if (r->only_params)
			walk_skip(w, r->dw, d);
		else if (d->ab->has_children)
			enter(r, w, d);
		break;
	case DW_TAG_inlined_subroutine:
		if (!r->only_params && !r->stack.v[r->stack.n - 1].inlined)
			die_ranges(r->dw, d, &r->budget, &r->inlined);
		if (d->ab->has_children && !r->only_params)
			enter(r, w, d);
		else
			walk_skip(w, r->dw, d);
		break;
	default:
		walk_skip(w, r->dw, d);
		break;
	}
}

// The abstract copy has all parameters in their order; a copy with code may lack some.
static void complete_params(struct reader *r, uint64_t abstract)
{
	struct die d, sub;
	if (!die_at(r->dw, abstract, &d))
		return;
	struct map mine = map_init(r->arena);
	for (size_t i = 0; i < r->vars.n; i++)
		if (r->vars.v[i].v.inlined_die == 0 && r->vars.v[i].origin != NO_DIE)
			map_put(&mine, r->vars.v[i].origin, (void *)(i + 1));
	size_t order = 0;
	r->stack.n = 1;
	struct walk w = walk_below(&d);
	while (walk_next(&w, &sub)) {
		bool is_pack = sub.ab->tag == DW_TAG_GNU_formal_parameter_pack;
		if (sub.ab->tag == DW_TAG_formal_parameter) {
			size_t at = (size_t)map_get(&mine, sub.off);
			if (at == 0) {
				add_var(r, &sub);
				at = r->vars.n;
			}
			if (at > 0)
				r->vars.v[at - 1].order = order++;
		}
		if (!is_pack)
			walk_skip(&w, r->dw, &sub);
	}
}

static int group_of(const struct dwarf_var *v)
{
	if (v->inlined_die)
		return 4;
	switch (v->kind) {
	case DWARF_PARAM:
		return 0;
	case DWARF_RESULT:
		return 1;
	case DWARF_CAPTURED:
		return 2;
	case DWARF_LOCAL:
		break;
	}
	return 3;
}

static int by_group(const void *a, const void *b)
{
	const struct raw_var *x = a, *y = b;
	int gx = group_of(&x->v), gy = group_of(&y->v);
	if (gx != gy)
		return gx - gy;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

// The code of the whole function: what its variables' locations are clipped to.
static void read_frame(struct reader *r, const struct die *d)
{
	struct attr a;
	die_ranges(r->dw, d, &r->budget, &r->code);
	ranges_sort(&r->code);
	r->locs = (struct loc_reader) {
		.dw = r->dw,
		.arena = r->arena,
		.unit = d->unit,
		.is_go = d->unit->lang == DWARF_LANG_GO,
		.clip = &r->code,
		.budget = &r->budget,
	};
	if (die_attr(d, DW_AT_frame_base, &a))
		r->locs.frame = loc_frame_base(&r->locs, &a);
	VEC_PUSH(r->arena, &r->stack, (struct block) { .scope = r->code });
}

static struct err *check_die(struct dwarf *dw, const struct dwarf_func *f, struct die *d)
{
	TRY(dw_load(dw, SECS_RANGES | SECS_LOCS | SEC_BIT(SEC_LINE)));
	if (!die_at(dw, f->die, d) || d->ab->tag != DW_TAG_subprogram)
		return err_new(ERR_BADDATA, "%s: .debug_info+0x%llx is no function",
			       elf_path(dw->debug), (unsigned long long)f->die);
	return NULL;
}

struct err *dwarf_func_vars(struct dwarf *dw, const struct dwarf_func *f, enum dwarf_vars_of which,
			    struct arena *arena, struct dwarf_vars *out)
{
	struct die d, sub;
	*out = (struct dwarf_vars) { 0 };
	TRY(check_die(dw, f, &d));
	struct reader r = {
		.dw = dw, .arena = arena, .unit = d.unit, .only_params = which == DWARF_VARS_PARAMS
	};
	r.budget = budget_for(dw->sec[SEC_LOC].len + dw->sec[SEC_LOCLISTS].len +
			      dw->sec[SEC_RANGES].len + dw->sec[SEC_RNGLISTS].len);
	read_frame(&r, &d);
	struct walk w = walk_below(&d);
	while (walk_next(&w, &sub))
		read_die(&r, &w, &sub);
	if (f->origin != f->die)
		complete_params(&r, f->origin);
	if (r.budget.left == 0)
		return err_new(ERR_BADDATA, "%s: the location lists of %.*s are malformed",
			       elf_path(dw->debug), STR_ARG(f->name));
	if (r.vars.n)
		qsort(r.vars.v, r.vars.n, sizeof(r.vars.v[0]), by_group);
	out->v = ARENA_ARRAY(arena, struct dwarf_var, r.vars.n);
	out->n = r.vars.n;
	for (size_t i = 0; i < r.vars.n; i++)
		out->v[i] = r.vars.v[i].v;
	ranges_sort(&r.inlined);
	out->inlined = r.inlined.v;
	out->n_inlined = r.inlined.n;
	return NULL;
}

struct err *dwarf_func_return_type(struct dwarf *dw, const struct dwarf_func *f, struct type **out)
{
	struct die d, from;
	struct attr a;
	*out = NULL;
	TRY(check_die(dw, f, &d));
	if (die_attr_deep(dw, &d, DW_AT_type, &a, &from))
		*out = type_of(dw, attr_ref(dw, from.unit, &a), 0);
	return NULL;
}
