// SPDX-License-Identifier: Apache-2.0
#include "script/clone.h"
#include "script/parser.h"

static struct expr *clone_expr(struct clone *c, const struct expr *e);

static struct type_spec *clone_type(struct clone *c, const struct type_spec *t)
{
	if (!t)
		return NULL;
	struct type_spec *copy = ARENA_NEW(c->arena, struct type_spec);
	*copy = *t;
	copy->elem = clone_type(c, t->elem);
	copy->count = clone_expr(c, t->count);
	copy->value = clone_expr(c, t->value);
	return copy;
}

static struct expr_list clone_list(struct clone *c, const struct expr_list *list)
{
	struct expr_list copy = { ARENA_ARRAY(c->arena, struct expr *, list->n), list->n, list->n };
	for (size_t i = 0; i < list->n; i++)
		copy.v[i] = clone_expr(c, list->v[i]);
	return copy;
}

// --- parameters ---

// The argument for the macro's parameter of that name, or NULL.
static const struct expr *arg_of(const struct clone *c, enum macro_param_kind kind, struct str name)
{
	for (size_t i = 0; c->macro && i < c->macro->n_params; i++) {
		const struct macro_param *p = &c->macro->params[i];
		if (p->kind == kind && str_eq(p->name.text, name))
			return c->args[i];
	}
	return NULL;
}

// An argument is copied as it is: its names are those of the place where the macro is called.
static struct expr *clone_arg(struct clone *c, const struct expr *arg)
{
	struct clone plain = *c;
	plain.macro = NULL;
	return clone_expr(&plain, arg);
}

static void clone_var(struct clone *c, struct expr *copy)
{
	const struct expr *arg = arg_of(c, MACRO_PARAM_VAR, copy->var.name);
	if (arg)
		copy->var = arg->var;
	else if (c->macro)
		copy->var.expansion = c->expansion;
}

static void clone_map(struct clone *c, struct expr *copy)
{
	const struct expr *arg = arg_of(c, MACRO_PARAM_MAP, copy->map.name);
	if (arg) {
		copy->map.name = arg->map.name;
	} else if (c->macro) {
		diag_error(c->diag, copy->span, "macro '%.*s' has no parameter @%.*s",
			   STR_ARG(c->macro->name.text), STR_ARG(copy->map.name));
		diag_hint(c->diag, "a macro reaches only the maps that it is given");
		copy->kind = EXPR_BAD;
		return;
	}
	copy->map.keys = clone_list(c, &copy->map.keys);
}

// --- expressions ---

static void clone_record(struct clone *c, struct expr *copy)
{
	struct record_item *v = ARENA_ARRAY(c->arena, struct record_item, copy->record.n);
	for (size_t i = 0; i < copy->record.n; i++) {
		v[i].name = copy->record.v[i].name;
		v[i].value = clone_expr(c, copy->record.v[i].value);
	}
	copy->record.v = v;
}

// Replaces what is inside of the copy, which still is the original's, by copies.
static void clone_inside(struct clone *c, struct expr *copy)
{
	switch (copy->kind) {
	case EXPR_BAD:
	case EXPR_INT:
	case EXPR_BOOL:
	case EXPR_STR:
	case EXPR_PARAM:
	case EXPR_PARAM_COUNT:
	case EXPR_NAME:
		break;
	case EXPR_VAR:
		clone_var(c, copy);
		break;
	case EXPR_MAP:
		clone_map(c, copy);
		break;
	case EXPR_CALL:
		copy->call.args = clone_list(c, &copy->call.args);
		break;
	case EXPR_MEMBER:
		copy->member.base = clone_expr(c, copy->member.base);
		break;
	case EXPR_INDEX:
		copy->index.base = clone_expr(c, copy->index.base);
		copy->index.index = clone_expr(c, copy->index.index);
		break;
	case EXPR_UNARY:
		copy->unary = clone_expr(c, copy->unary);
		break;
	case EXPR_BINARY:
		copy->binary.left = clone_expr(c, copy->binary.left);
		copy->binary.right = clone_expr(c, copy->binary.right);
		break;
	case EXPR_INC:
		copy->inc.target = clone_expr(c, copy->inc.target);
		break;
	case EXPR_COND:
		copy->cond.cond = clone_expr(c, copy->cond.cond);
		copy->cond.then = clone_expr(c, copy->cond.then);
		copy->cond.other = clone_expr(c, copy->cond.other);
		break;
	case EXPR_CAST:
		copy->cast.to = clone_type(c, copy->cast.to);
		copy->cast.value = clone_expr(c, copy->cast.value);
		break;
	case EXPR_SIZEOF:
		copy->type_of.type = clone_type(c, copy->type_of.type);
		copy->type_of.value = clone_expr(c, copy->type_of.value);
		break;
	case EXPR_OFFSETOF:
		copy->offset_of.type = clone_type(c, copy->offset_of.type);
		copy->offset_of.value = clone_expr(c, copy->offset_of.value);
		break;
	case EXPR_TUPLE:
		copy->items = clone_list(c, &copy->items);
		break;
	case EXPR_RECORD:
		clone_record(c, copy);
		break;
	case EXPR_IF:
		copy->if_else.cond = clone_expr(c, copy->if_else.cond);
		copy->if_else.then = clone_block(c, copy->if_else.then);
		copy->if_else.other = clone_block(c, copy->if_else.other);
		break;
	case EXPR_BLOCK:
		copy->block = clone_block(c, copy->block);
		break;
	}
}

static struct expr *clone_expr(struct clone *c, const struct expr *e)
{
	if (!e)
		return NULL;
	const struct expr *arg = e->kind == EXPR_NAME ? arg_of(c, MACRO_PARAM_EXPR, e->str) : NULL;
	if (arg)
		return clone_arg(c, arg);
	struct expr *copy = ARENA_NEW(c->arena, struct expr);
	*copy = *e;
	if (++*c->n_nodes > c->max_nodes)
		copy->kind = EXPR_BAD;
	clone_inside(c, copy);
	copy->height = expr_height(copy);
	return copy;
}

// --- statements ---

static struct stmt *clone_stmt(struct clone *c, const struct stmt *s)
{
	struct stmt *copy = ARENA_NEW(c->arena, struct stmt);
	*copy = *s;
	switch (s->kind) {
	case STMT_BAD:
	case STMT_BREAK:
	case STMT_CONTINUE:
		break;
	case STMT_EXPR:
	case STMT_DISCARD:
	case STMT_RETURN:
		copy->expr = clone_expr(c, s->expr);
		break;
	case STMT_ASSIGN:
		copy->assign.target = clone_expr(c, s->assign.target);
		copy->assign.value = clone_expr(c, s->assign.value);
		break;
	case STMT_LET:
		copy->let.var = clone_expr(c, s->let.var);
		copy->let.type = clone_type(c, s->let.type);
		copy->let.value = clone_expr(c, s->let.value);
		break;
	case STMT_FOR_MAP:
		copy->for_map.var = clone_expr(c, s->for_map.var);
		copy->for_map.map = clone_expr(c, s->for_map.map);
		copy->for_map.body = clone_block(c, s->for_map.body);
		break;
	case STMT_FOR_RANGE:
		copy->for_range.var = clone_expr(c, s->for_range.var);
		copy->for_range.from = clone_expr(c, s->for_range.from);
		copy->for_range.to = clone_expr(c, s->for_range.to);
		copy->for_range.body = clone_block(c, s->for_range.body);
		break;
	case STMT_WHILE:
	case STMT_UNROLL:
		copy->loop.cond = clone_expr(c, s->loop.cond);
		copy->loop.body = clone_block(c, s->loop.body);
		break;
	}
	copy->height = stmt_height(copy);
	return copy;
}

struct block *clone_block(struct clone *c, const struct block *b)
{
	if (!b)
		return NULL;
	struct block *copy = ARENA_NEW(c->arena, struct block);
	*copy = *b;
	copy->v = ARENA_ARRAY(c->arena, struct stmt *, b->n);
	for (size_t i = 0; i < b->n && *c->n_nodes < c->max_nodes; i++)
		copy->v[i] = clone_stmt(c, b->v[i]);
	copy->n = *c->n_nodes < c->max_nodes ? b->n : 0;
	copy->value = clone_expr(c, b->value);
	copy->height = block_height(copy);
	return copy;
}

// --- plain copies ---

struct block *script_copy_block(struct arena *a, const struct block *b)
{
	size_t n_nodes = 0;
	struct clone c = { .arena = a, .n_nodes = &n_nodes, .max_nodes = SIZE_MAX };
	return clone_block(&c, b);
}

struct expr *script_copy_expr(struct arena *a, const struct expr *e)
{
	size_t n_nodes = 0;
	struct clone c = { .arena = a, .n_nodes = &n_nodes, .max_nodes = SIZE_MAX };
	return clone_expr(&c, e);
}
