// SPDX-License-Identifier: Apache-2.0
// Any bytes as a script: parsed and checked against probes that need no files. Of a script without
// mistakes, what check.h promises of its trees must hold.
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "check/check.h"
#include "fake_plan.h"

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static bool is_int8(const struct type *t)
{
	return (t->kind == TYPE_INT || t->kind == TYPE_UINT) && t->size == 8;
}

static bool is_number(const struct type *t)
{
	return t->kind == TYPE_INT || t->kind == TYPE_UINT || t->kind == TYPE_BOOL ||
	       t->kind == TYPE_ENUM || t->kind == TYPE_PTR;
}

static void check_binary(const struct expr *e)
{
	const struct type *l = e->binary.left->type, *r = e->binary.right->type;

	must(l && r);
	if (e->op == OP_AND || e->op == OP_OR) {
		must(is_number(l) && is_number(r) && e->type->kind == TYPE_BOOL);
	} else if (e->op == OP_LT || e->op == OP_GT || e->op == OP_LE || e->op == OP_GE ||
		   e->op == OP_EQ || e->op == OP_NE) {
		must(e->type->kind == TYPE_BOOL && l->kind == r->kind);
		must(!is_number(l) || l->size == r->size);
	} else if (e->type->kind == TYPE_PTR) {
		must(l->kind == TYPE_PTR && is_int8(r));
	} else if (e->op == OP_SHL || e->op == OP_SHR) {
		must(is_int8(l) && is_int8(r) && r->kind == TYPE_UINT && l->kind == e->type->kind);
	} else {
		must(is_int8(l) && is_int8(r) && is_int8(e->type));
		must(l->kind == r->kind && l->kind == e->type->kind);
	}
}

static void check_map(const struct expr *e)
{
	const struct program_map *m = e->meaning;

	must(m && m->value && m->out_value && e->map.keys.n <= 1);
	if (e->map.keys.n)
		must(m->key && e->map.keys.v[0]->type->kind == m->key->kind &&
		     e->map.keys.v[0]->type->size == m->key->size);
}

static bool enter_expr(struct walk *w, struct expr *e)
{
	(void)w;
	switch ((int)e->kind) {
	case EXPR_BAD:
	case EXPR_PARAM:
	case EXPR_PARAM_COUNT:
	case EXPR_SIZEOF:
	case EXPR_OFFSETOF:
		abort();
	case EXPR_CALL:
		must(e->meaning && e->type);
		// What stands in its brackets may be names of clocks and modes.
		return false;
	case EXPR_BINARY:
		must(e->type);
		check_binary(e);
		return true;
	case EXPR_MAP:
		check_map(e);
		return true;
	case EXPR_CAST:
		must(!e->cast.to && e->type && e->cast.value->type);
		return true;
	case EXPR_MEMBER:
		must(e->meaning && e->type);
		return e->member.base->kind != EXPR_NAME;
	case EXPR_VAR:
	case EXPR_NAME:
		must(e->meaning && e->type);
		return true;
	default:
		must(e->type);
		must(e->type->kind != TYPE_NAMED && e->type->kind != TYPE_CHAR);
		return true;
	}
}

static void check_program(const struct program *p)
{
	struct walk w = { .enter_expr = enter_expr };

	for (size_t i = 0; i < p->n_parts; i++) {
		if (p->parts[i]->predicate)
			walk_expr(&w, p->parts[i]->predicate);
		walk_block(&w, p->parts[i]->body);
	}
	for (size_t i = 0; i < p->n_actions; i++)
		for (size_t k = 0; k < p->actions[i]->n_args; k++)
			walk_expr(&w, p->actions[i]->args[k].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str params[] = { { "12", 2 }, { "text", 4 } };
	struct arena *a = arena_new();
	struct diag *diag = diag_new(a);
	struct str text = { (const char *)data, size };
	struct script *s = script_parse(a, diag_add_source(diag, STR("fuzz"), text), diag);
	FILE *out = fopen("/dev/null", "w");

	must(out != NULL);
	script_expand_macros(a, s, diag);
	struct config *config = config_make(a, s, diag);
	struct plan *plan = fake_plan(a, s);
	struct check_options o = { .params = params, .n_params = 2, .is_unsafe = true };
	struct program *p = program_make(a, s, plan, config, &o, diag);
	if (!diag_n_errors(diag))
		check_program(p);
	program_dump(p, out);
	diag_print(diag, out);
	fclose(out);
	arena_free(a);
	return 0;
}
