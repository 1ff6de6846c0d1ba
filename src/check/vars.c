// SPDX-License-Identifier: Apache-2.0
// Variables: which of them a $name means, and what type it has.
//
// A variable belongs to the block where it is first set, but is still there after it: old scripts
// set one inside of an if and use it behind. Only what let and for make is gone with its block.
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

// One whose block has ended, or that is set further below.
static struct var_info *find_any(struct checker *c, const struct expr *e)
{
	for (size_t i = c->part_vars->n; i > 0; i--)
		if (!c->part_vars->v[i - 1]->is_own && is_called(c->part_vars->v[i - 1], e))
			return c->part_vars->v[i - 1];
	return NULL;
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
	v->is_open = true;
	VEC_PUSH(c->arena, &c->vars, v);
}

size_t scope_open(struct checker *c)
{
	return c->vars.n;
}

void scope_close(struct checker *c, size_t mark)
{
	while (c->vars.n > mark)
		c->vars.v[--c->vars.n]->is_open = false;
}

static struct type *var_type(const struct var_info *v)
{
	return v->fixed ? v->fixed : found_type(&v->type);
}

static void mean(struct expr *e, struct var_info *v)
{
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
	struct var_info *v = find_open(c, e);
	if (!v)
		v = find_any(c, e);
	if (!v) {
		e->type = NULL;
		tell_unset(c, e);
		return;
	}
	mean(e, v);
	if (!e->type && !diag_n_errors(c->diag))
		tell_error(c, e->span, "what '$%.*s' is cannot be told: it is set only from itself",
			   STR_ARG(e->var.name));
}

void check_var_counted(struct checker *c, struct expr *e)
{
	struct var_info *v = find_open(c, e);
	if (!v)
		v = find_any(c, e);
	check_var(c, e);
	if (v && !v->fixed && e->type && is_number(e->type))
		found_take(c, &v->type, type_int(c, e->type->kind == TYPE_INT, 8), false);
}

struct var_info *var_assigned(struct checker *c, struct expr *e)
{
	struct var_info *v = find_open(c, e);
	if (!v) {
		v = find_any(c, e);
		if (!v)
			v = make_var(c, e);
		bring_in(c, v);
	}
	mean(e, v);
	return v;
}

// The same statement is met in every pass: it means the same variable each time.
struct var_info *var_declare(struct checker *c, struct expr *e)
{
	struct var_info *v = NULL;
	for (size_t i = 0; !v && i < c->part_vars->n; i++)
		if (c->part_vars->v[i]->decl == e)
			v = c->part_vars->v[i];
	if (!v)
		v = make_var(c, e);
	v->is_own = true;
	bring_in(c, v);
	mean(e, v);
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
	struct type *have = var_type(v);
	if (!c->is_final || !have)
		return;
	if (!type_join(c, have, t)) {
		tell_mismatch(c, v, t, value);
		return;
	}
	convert(c, value, have);
}
