// SPDX-License-Identifier: Apache-2.0
// Variables: which of them a $name means, and what type it has.
//
// A variable belongs to the block where it is first set: others that set one of that name have one
// of their own. But old scripts set one inside of an if and use it behind: what is read outside of
// the blocks that set it is one variable in all of them. What let and for make is gone with its
// block.
#include "check/checker.h"

// --- types that are being found ---

struct type *found_type(const struct found_type *f)
{
	return f->before ? f->before : f->now;
}

static struct type *as_strong(struct checker *c, struct type *t, struct type *literal)
{
	if (is_number(t) && t->kind != TYPE_BOOL && is_int(literal)) {
		if (t->size == 8 && is_int(t))
			return t;
		return type_int(c, t->kind == TYPE_INT || t->is_signed, 8);
	}
	return type_join(c, t, literal);
}

// Integer literals take the sign of what else is assigned.
static struct type *join_found(struct checker *c, const struct found_type *f, struct type *t,
			       bool is_literal)
{
	if (f->is_literal && !is_literal)
		return as_strong(c, t, f->now);
	if (!f->is_literal && is_literal)
		return as_strong(c, f->now, t);
	return type_join(c, f->now, t);
}

void found_take(struct checker *c, struct found_type *f, struct type *t, bool is_literal)
{
	if (!f->now) {
		f->now = t;
		f->is_literal = is_literal;
		return;
	}
	struct type *joined = join_found(c, f, t, is_literal);
	if (!joined)
		return;
	f->now = joined;
	f->is_literal = f->is_literal && is_literal;
}

void found_next_pass(struct checker *c, struct found_type *f)
{
	if (!f->now)
		return;
	if (!f->before || !type_same(f->before, f->now))
		c->has_changed = true;
	// Types that go back and forth only grow from here on.
	if (c->n_passes > 8 && f->before) {
		struct type *joined = type_join(c, f->before, f->now);
		f->before = joined ? joined : f->before;
	} else {
		f->before = f->now;
	}
	f->was_literal = f->is_literal;
	f->now = NULL;
	f->is_literal = false;
}

// --- finding ---

static bool is_called(const struct var_info *v, const struct expr *e)
{
	return v->expansion == e->var.expansion && str_eq(v->var->name, e->var.name);
}

static struct var_info *find_open(struct checker *c, const struct expr *e)
{
	for (size_t i = c->vars.n; i > 0; i--)
		if (is_called(c->vars.v[i - 1], e))
			return c->vars.v[i - 1];
	return NULL;
}

static struct var_info *find_shared(struct checker *c, const struct expr *e)
{
	for (size_t i = 0; i < c->part_vars->n; i++)
		if (c->part_vars->v[i]->is_shared && is_called(c->part_vars->v[i], e))
			return c->part_vars->v[i];
	return NULL;
}

// The same statement is met in every pass: it means the same variable each time.
static struct var_info *find_set_here(struct checker *c, const struct expr *e)
{
	for (size_t i = 0; i < c->part_vars->n; i++)
		if (c->part_vars->v[i]->decl == e)
			return c->part_vars->v[i];
	return NULL;
}

// One whose block has ended, or that is set further below: from the next pass on it is one for all
// blocks.
static struct var_info *find_outside(struct checker *c, const struct expr *e)
{
	struct var_info *shared = find_shared(c, e);
	if (shared)
		return shared;
	for (size_t i = 0; i < c->part_vars->n; i++) {
		struct var_info *v = c->part_vars->v[i];
		if (v->is_own || !is_called(v, e))
			continue;
		v->is_shared = true;
		c->has_changed = true;
		return v;
	}
	return NULL;
}

static struct var_info *find_read(struct checker *c, const struct expr *e)
{
	struct var_info *v = find_open(c, e);
	return v ? v : find_outside(c, e);
}

static struct var_info *make_var(struct checker *c, struct expr *e)
{
	struct var_info *v = ARENA_NEW(c->arena, struct var_info);
	v->var = ARENA_NEW(c->arena, struct program_var);
	v->var->name = e->var.name;
	v->var->index = (uint32_t)c->part_vars->n;
	v->expansion = e->var.expansion;
	v->decl = e;
	VEC_PUSH(c->arena, c->part_vars, v);
	return v;
}

static void bring_in(struct checker *c, struct var_info *v)
{
	VEC_PUSH(c->arena, &c->vars, v);
}

struct program_var *var_hidden(struct checker *c, const char *name, struct type *t)
{
	struct var_info *v = ARENA_NEW(c->arena, struct var_info);
	v->var = ARENA_NEW(c->arena, struct program_var);
	v->var->name = str_from(name);
	v->var->type = v->fixed = t;
	v->is_own = v->is_used = true;
	v->expansion = UINT32_MAX;
	VEC_PUSH(c->arena, c->part_vars, v);
	return v->var;
}

size_t scope_open(struct checker *c)
{
	return c->vars.n;
}

void scope_close(struct checker *c, size_t mark)
{
	c->vars.n = mark;
}

static struct type *var_type(const struct var_info *v)
{
	return v->fixed ? v->fixed : found_type(&v->type);
}

static void mean(struct checker *c, struct expr *e, struct var_info *v)
{
	v->is_used |= c->is_final;
	e->meaning = v->var;
	e->type = var_type(v);
}

// --- uses ---

static void tell_unset(struct checker *c, struct expr *e)
{
	struct near near = near_init(e->var.name);
	for (size_t i = 0; i < c->part_vars->n; i++) {
		const struct var_info *v = c->part_vars->v[i];
		if (!is_called(v, e) && v->expansion == e->var.expansion)
			near_offer(&near, v->var->name);
	}
	tell_error(c, e->span, "variable '$%.*s' is not set here", STR_ARG(e->var.name));
	for (size_t i = 0; i < near.n; i++)
		near.best[i] = arena_printf(c->arena, "$%.*s", STR_ARG(near.best[i]));
	if (near.n) {
		tell_near(c, &near);
		return;
	}
	for (size_t i = 0; i < c->part_vars->n; i++) {
		const struct var_info *v = c->part_vars->v[i];
		if (v->is_own && is_called(v, e))
			tell_hint(c,
				  "the one of that name is gone with its block: write 'let "
				  "$%.*s;' in front of it",
				  STR_ARG(e->var.name));
	}
}

void check_var(struct checker *c, struct expr *e)
{
	struct var_info *v = find_read(c, e);
	if (!v) {
		e->type = NULL;
		tell_unset(c, e);
		return;
	}
	mean(c, e, v);
	if (!e->type && !diag_n_errors(c->diag))
		tell_error(c, e->span, "what '$%.*s' is cannot be told: it is set only from itself",
			   STR_ARG(e->var.name));
}

void check_var_counted(struct checker *c, struct expr *e)
{
	struct var_info *v = find_read(c, e);
	check_var(c, e);
	if (v && !v->fixed && e->type && is_number(e->type))
		found_take(c, &v->type, type_int(c, e->type->kind == TYPE_INT, 8), false);
}

struct var_info *var_assigned(struct checker *c, struct expr *e)
{
	struct var_info *v = find_open(c, e);
	if (!v) {
		v = find_shared(c, e);
		if (!v)
			v = find_set_here(c, e);
		if (!v)
			v = make_var(c, e);
		bring_in(c, v);
	}
	mean(c, e, v);
	return v;
}

struct var_info *var_declare(struct checker *c, struct expr *e)
{
	struct var_info *v = find_set_here(c, e);
	if (!v)
		v = make_var(c, e);
	v->is_own = true;
	bring_in(c, v);
	mean(c, e, v);
	return v;
}

static void tell_mismatch(struct checker *c, struct var_info *v, struct type *t, struct expr *value)
{
	struct str want = spell(c, var_type(v)), got = spell(c, t);
	tell_error(c, value->span, "'$%.*s' is %.*s: it cannot become %.*s", STR_ARG(v->var->name),
		   STR_ARG(want), STR_ARG(got));
}

void var_take(struct checker *c, struct var_info *v, struct type *t, bool is_literal,
	      struct expr *value)
{
	if (!v->fixed)
		found_take(c, &v->type, t, is_literal);
	if (v->fixed && t && t->is_kernel && !v->is_kernel) {
		v->is_kernel = c->has_changed = true;
		v->fixed = of_kernel(c, v->fixed);
	}
	struct type *have = var_type(v);
	if (!c->is_final || !have)
		return;
	if (!type_join(c, have, t)) {
		tell_mismatch(c, v, t, value);
		return;
	}
	if (v->fixed && value->kind == EXPR_INT && is_int(have) && is_literal_int(value) &&
	    wrap_to(have, value->num.value) != value->num.value) {
		struct str text = spell(c, have);
		tell_error(c, value->span, "%llu does not fit into %.*s",
			   (unsigned long long)value->num.value, STR_ARG(text));
		return;
	}
	convert(c, value, have);
}

// --- at the end ---

// Variables of one name and type whose blocks stand side by side have one place.
static const struct var_info *same_place(const struct var_list *list, size_t n)
{
	const struct var_info *v = list->v[n];
	for (size_t i = 0; i < n && !v->is_own; i++) {
		const struct var_info *at = list->v[i];
		if (at->is_used && !at->is_own && at->expansion == v->expansion &&
		    str_eq(at->var->name, v->var->name) && type_same(at->var->type, v->var->type))
			return at;
	}
	return NULL;
}

void vars_finish(struct checker *c, struct program_part *part, const struct var_list *list)
{
	part->vars = ARENA_ARRAY(c->arena, struct program_var *, list->n);
	for (size_t i = 0; i < list->n; i++) {
		struct var_info *v = list->v[i];
		if (!v->is_used)
			continue;
		v->var->type = var_type(v);
		// let $x; that is never set: nothing has to be kept.
		if (!v->var->type)
			v->var->type = type_int(c, true, 8);
		const struct var_info *same = same_place(list, i);
		v->var->index = same ? same->var->index : (uint32_t)part->n_vars;
		if (!same)
			part->vars[part->n_vars++] = v->var;
	}
}
