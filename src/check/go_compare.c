// SPDX-License-Identifier: Apache-2.0
// typename(args.err) == "*fs.PathError", gofunc == "main.worker": names that stand for addresses in
// the program are compared as those.
#include "check/checker.h"

// So many types, or wrappers of one function, may have one name.
#define ADDRESSES_MAX 32

static bool is_func_name(const struct type *name)
{
	return *(const enum name_of *)name->shown->meaning == NAME_GO_FUNC;
}

static struct target *target_of(const struct checker *c)
{
	const struct program_part *p = c->part;
	const struct plan_program *program = p && p->n_probes ? p->probes[0]->program : NULL;
	return program ? program->target : NULL;
}

static bool find_addresses(struct checker *c, const struct type *type, const struct expr *text,
			   struct target_vaddrs *out)
{
	bool is_func = is_func_name(type);
	struct near near = near_init(text->str);
	struct target *t = target_of(c);
	*out = (struct target_vaddrs) { 0 };
	if (str_eq(text->str, STR("nil"))) {
		VEC_PUSH(c->arena, out, 0);
		return true;
	}
	if (!t) {
		tell_error(c, text->span, "which program's %s that is, is not known in this probe",
			   is_func ? "function" : "type");
		return false;
	}
	if (is_func)
		target_go_funcs_named(t, text->str, c->arena, out, &near);
	else
		target_go_types_named(t, text->str, c->arena, out, &near);
	if (!out->n) {
		tell_error(c, text->span, "%s has no %s '%.*s'", target_name(t),
			   is_func ? "function" : "type", STR_ARG(text->str));
		tell_near(c, &near);
		if (!near.n && !is_func)
			tell_hint(c,
				  "it is compared with the name of the type in it, like "
				  "\"*errors.errorString\", or with nil; an error's text is "
				  "not known yet where that is decided: look for it in the output");
	} else if (out->n > ADDRESSES_MAX) {
		tell_error(c, text->span, "'%.*s' is the name of %zu %s, which is too many",
			   STR_ARG(text->str), out->n, is_func ? "functions" : "types");
		if (!is_func)
			tell_hint(c, "write the import path of the one that is meant");
	}
	return out->n && out->n <= ADDRESSES_MAX;
}

// name op address, and in which order does not matter.
static struct expr *compare_one(struct checker *c, struct expr *e, struct expr *name,
				uint64_t vaddr)
{
	struct type *word = type_int(c, false, 8);
	struct expr *one = expr_new(c, EXPR_BINARY, e->span, c->basic.boolean);
	one->op = e->op;
	one->binary.left = script_copy_expr(c->arena, name);
	one->binary.right = expr_new(c, EXPR_INT, e->span, word);
	set_int(c, one->binary.right, word, vaddr);
	convert(c, one->binary.left, word);
	one->height = (uint16_t)(one->binary.left->height + 1);
	return one;
}

// It is one of them; it is none of them.
static void become_comparison(struct checker *c, struct expr *e, struct expr *name,
			      const struct target_vaddrs *all)
{
	struct expr *sum = compare_one(c, e, name, all->v[0]);
	for (size_t i = 1; i < all->n; i++) {
		struct expr *both = expr_new(c, EXPR_BINARY, e->span, c->basic.boolean);
		both->op = e->op == OP_EQ ? OP_OR : OP_AND;
		both->binary.left = sum;
		both->binary.right = compare_one(c, e, name, all->v[i]);
		both->height = (uint16_t)(MAX(sum->height, both->binary.right->height) + 1);
		sum = both;
	}
	*e = *sum;
}

bool compare_go_name(struct checker *c, struct expr *e, struct type **out)
{
	struct expr *left = e->binary.left, *right = e->binary.right;
	struct expr *name = is_name_value(left->type) ? left : right;
	struct expr *text = name == left ? right : left;
	struct target_vaddrs all;
	if (!is_name_value(name->type) || text->kind != EXPR_STR)
		return false;
	*out = c->basic.boolean;
	if (!c->is_final)
		return true;
	if (find_addresses(c, name->type, text, &all))
		become_comparison(c, e, name, &all);
	else
		*out = NULL;
	return true;
}
