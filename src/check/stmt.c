// SPDX-License-Identifier: Apache-2.0
// Statements.
#include "check/checker.h"

#define UNROLL_MAX 100
// With those inside of each other; more cannot become a program.
#define UNROLL_ALL_MAX 100000

static const struct function_info *agg_of(const struct expr *e)
{
	const struct function_info *f = e->kind == EXPR_CALL   ? function_find(e->call.name.text)
					: e->kind == EXPR_NAME ? function_find(e->str)
							       : NULL;
	return f && f->flags & FUNCTION_IS_AGG ? f : NULL;
}

// --- assignments ---

// $x op= e is $x = $x op e.
static void write_out(struct checker *c, struct stmt *s)
{
	struct expr *value = expr_new(c, EXPR_BINARY, s->span, NULL);
	value->op = s->assign.op;
	value->binary.left = script_copy_expr(c->arena, s->assign.target);
	value->binary.right = s->assign.value;
	value->height = (uint16_t)(s->assign.value->height + 1);
	s->assign.op = OP_NONE;
	s->assign.value = value;
}

static void assign_var(struct checker *c, struct stmt *s)
{
	struct expr *value = s->assign.value;
	const struct function_info *agg = agg_of(value);
	if (agg) {
		tell_error(c, value->span, "%s() is assigned to a map only", agg->name);
		tell_hint(c, "@%.*s = %s", STR_ARG(s->assign.target->var.name), agg->usage);
		return;
	}
	check_expr(c, value);
	struct var_info *v = var_assigned(c, s->assign.target);
	if (!value_of(c, value))
		return;
	var_take(c, v, value->type, is_literal_int(value), value);
	s->assign.target->type = found_type(&v->type);
	if (v->fixed)
		s->assign.target->type = v->fixed;
}

static void assign_agg(struct checker *c, struct stmt *s, const struct function_info *agg)
{
	struct expr *value = s->assign.value;
	struct map_info *m = map_entry(c, s->assign.target);
	if (value->kind == EXPR_NAME) {
		struct name name = { value->str, value->span };
		value->kind = EXPR_CALL;
		value->call.name = name;
		value->call.args = (struct expr_list) { 0 };
	}
	if (s->assign.op)
		tell_error(c, s->span, "%s() is assigned with '='", agg->name);
	if (m) {
		map_take_agg(c, m, value);
		s->assign.target->type = found_type(&m->value);
	}
}

static void assign_map(struct checker *c, struct stmt *s)
{
	struct expr *target = s->assign.target, *value = s->assign.value;
	map_of(c, target)->is_target = true;
	const struct function_info *agg = agg_of(value);
	if (agg) {
		assign_agg(c, s, agg);
		return;
	}
	check_expr(c, value);
	struct map_info *m = map_entry(c, target);
	if (!value_of(c, value) || !m)
		return;
	if (s->assign.op) {
		struct type *have = found_type(&m->value);
		if (!number_of(c, value, "what is added"))
			return;
		if (have && !is_scalar(have)) {
			struct str text = spell(c, have);
			tell_error(c, s->span, "'%s=' takes numbers: %.*s is %.*s",
				   expr_op_text(s->assign.op), STR_ARG(m->map->name),
				   STR_ARG(text));
			return;
		}
		if ((s->assign.op == OP_DIV || s->assign.op == OP_MOD) && value->kind == EXPR_INT &&
		    !value->num.value)
			tell_error(c, value->span, "division by zero");
	}
	map_take(c, m, value);
	target->type = found_type(&m->value);
}

static void check_let(struct checker *c, struct stmt *s)
{
	struct type *fixed = s->let.type ? type_resolve(c, s->let.type) : NULL;
	if (s->let.value)
		check_expr(c, s->let.value);
	if (s->let.type && !fixed)
		return;
	struct var_info *v = var_declare(c, s->let.var);
	if (fixed)
		v->fixed = type_of_value(c, fixed);
	// Nothing ever sets it: it reads as 0.
	else if (c->is_final && !s->let.value && !found_type(&v->type))
		v->fixed = type_int(c, true, 8);
	if (v->fixed && v->is_kernel)
		v->fixed = of_kernel(c, v->fixed);
	s->let.var->type = v->fixed ? v->fixed : found_type(&v->type);
	if (!s->let.value || !value_of(c, s->let.value))
		return;
	var_take(c, v, s->let.value->type, is_literal_int(s->let.value), s->let.value);
	s->let.var->type = v->fixed ? v->fixed : found_type(&v->type);
}

// --- loops ---

void check_nesting(struct checker *c, struct span span, unsigned n)
{
	if (c->n_nested + n == PROGRAM_LOOPS_MAX + 1)
		tell_error(c, span, "loops can be nested %d deep at most", PROGRAM_LOOPS_MAX);
}

// Of a loop that the kernel runs.
static void check_body(struct checker *c, const struct stmt *s, struct block *b)
{
	check_nesting(c, s->span, 1);
	c->n_loops++;
	c->n_nested++;
	check_block(c, b, false);
	c->n_nested--;
	c->n_loops--;
}

static void check_for_map(struct checker *c, struct stmt *s)
{
	struct expr *e = s->for_map.map;
	struct map_info *m = map_whole(c, e, "for");
	size_t mark = scope_open(c);
	struct var_info *v = var_declare(c, s->for_map.var);
	if (m && m->map->agg && !agg_has_number(m->map->agg)) {
		tell_error(c, e->span, "'for' cannot go through %.*s: it is a %s()",
			   STR_ARG(m->map->name), agg_name(m->map->agg));
		m = NULL;
	}
	if (m && m->has_use && !m->has_keys) {
		tell_error(c, e->span, "'for' goes through maps with keys: %.*s has none",
			   STR_ARG(m->map->name));
		m = NULL;
	}
	if (m && found_type(&m->key) && found_type(&m->value)) {
		struct type *items[2] = { found_type(&m->key), found_type(&m->value) };
		struct type *pair = type_tuple(c, items, 2);
		found_take(c, &v->type, pair, false);
		s->for_map.var->type = pair;
		e->type = c->basic.none;
	}
	s->meaning = m ? m->map : NULL;
	check_body(c, s, s->for_map.body);
	scope_close(c, mark);
}

static void check_for_range(struct checker *c, struct stmt *s)
{
	struct expr *from = s->for_range.from, *to = s->for_range.to;
	struct type *t = type_int(c, true, 8);
	check_expr(c, from);
	check_expr(c, to);
	if (number_of(c, from, "where a loop begins"))
		convert(c, from, t);
	if (number_of(c, to, "where a loop ends"))
		convert(c, to, t);
	size_t mark = scope_open(c);
	struct var_info *v = var_declare(c, s->for_range.var);
	found_take(c, &v->type, t, false);
	s->for_range.var->type = t;
	check_body(c, s, s->for_range.body);
	scope_close(c, mark);
}

static void check_unroll(struct checker *c, struct stmt *s)
{
	int64_t n = 1;
	uint64_t before = c->n_copies;
	bool is_known = constant_of(c, s->loop.cond, "how often 'unroll' repeats", &n);
	bool is_fine = n >= 0 && n <= UNROLL_MAX;
	if (is_known && !is_fine)
		tell_error(c, s->loop.cond->span, "'unroll' repeats at most %d times", UNROLL_MAX);
	if (is_known && is_fine && before <= UNROLL_ALL_MAX)
		c->n_copies = before * (uint64_t)n;
	if (before <= UNROLL_ALL_MAX && c->n_copies > UNROLL_ALL_MAX)
		tell_error(c, s->loop.cond->span,
			   "this is repeated %llu times: at most %d are possible",
			   (unsigned long long)c->n_copies, UNROLL_ALL_MAX);
	c->n_loops++;
	check_block(c, s->loop.body, false);
	c->n_loops--;
	c->n_copies = before;
}

// --- all ---

static void check_unused(struct checker *c, struct expr *e)
{
	check_effect(c, e);
	// A number that stands alone says that something was forgotten.
	bool is_done = e->kind == EXPR_CALL || e->kind == EXPR_INC || e->kind == EXPR_IF ||
		       e->kind == EXPR_BLOCK || e->kind == EXPR_COND;
	if (e->type && !is_done && e->type->kind != TYPE_VOID)
		tell_warning(c, e->span, "this value is not used");
}

void check_stmt(struct checker *c, struct stmt *s)
{
	switch (s->kind) {
	case STMT_BAD:
		break;
	case STMT_EXPR:
		check_unused(c, s->expr);
		break;
	case STMT_ASSIGN:
		if (s->assign.target->kind == EXPR_VAR) {
			if (s->assign.op)
				write_out(c, s);
			assign_var(c, s);
		} else if (s->assign.target->kind == EXPR_MAP) {
			assign_map(c, s);
		} else {
			check_expr(c, s->assign.value);
		}
		break;
	case STMT_LET:
		check_let(c, s);
		break;
	case STMT_DISCARD:
		check_effect(c, s->expr);
		break;
	case STMT_FOR_MAP:
		check_for_map(c, s);
		break;
	case STMT_FOR_RANGE:
		check_for_range(c, s);
		break;
	case STMT_WHILE:
		check_expr(c, s->loop.cond);
		condition_of(c, s->loop.cond);
		check_body(c, s, s->loop.body);
		break;
	case STMT_UNROLL:
		check_unroll(c, s);
		break;
	case STMT_BREAK:
	case STMT_CONTINUE:
		if (!c->n_loops)
			tell_error(c, s->span, "'%s' is not in a loop",
				   s->kind == STMT_BREAK ? "break" : "continue");
		break;
	case STMT_RETURN:
		if (s->expr)
			check_effect(c, s->expr);
		break;
	}
}

void check_block(struct checker *c, struct block *b, bool wants_value)
{
	size_t mark = scope_open(c);
	for (size_t i = 0; i < b->n; i++)
		check_stmt(c, b->v[i]);
	if (b->value) {
		if (wants_value)
			check_expr(c, b->value);
		else
			check_effect(c, b->value);
	}
	scope_close(c, mark);
}
