// SPDX-License-Identifier: Apache-2.0
// Puts the bodies of macros where they are called.
#include "script/clone.h"
#include "script/parser.h"

// Expressions that all expansions of one script may make.
#define NODES_MAX 200000

// The macros of one name.
struct overloads {
	struct str name;
	VEC(struct macro *) macros;
};

struct expander {
	struct arena *arena;
	struct diag *diag;
	struct map names; // struct overloads by name
	uint32_t n_expansions;
	size_t n_nodes;
	unsigned depth; // of the node that is being visited
};

// --- choosing one ---

static bool takes_the_same(const struct macro *a, const struct macro *b)
{
	if (a->n_params != b->n_params)
		return false;
	for (size_t i = 0; i < a->n_params; i++)
		if (a->params[i].kind != b->params[i].kind)
			return false;
	return true;
}

static bool refuse_return(struct walk *w, struct stmt *s)
{
	const struct expander *x = w->ctx;
	if (s->kind == STMT_RETURN)
		diag_error(x->diag, s->span, "'return' cannot stand in a macro");
	return true;
}

static void check_macro(struct expander *x, const struct overloads *o, struct macro *m)
{
	struct walk w = { .enter_stmt = refuse_return, .ctx = x };
	walk_block(&w, m->body);
	for (size_t i = 0; i < o->macros.n; i++) {
		if (!takes_the_same(o->macros.v[i], m))
			continue;
		diag_error(x->diag, m->name.span,
			   "there is a macro '%.*s' with the same parameters already",
			   STR_ARG(m->name.text));
		return;
	}
}

static void add_macro(struct expander *x, struct macro *m)
{
	uint64_t key = str_hash(m->name.text);
	struct overloads *o = map_get(&x->names, key);
	if (!o) {
		o = ARENA_NEW(x->arena, struct overloads);
		o->name = m->name.text;
		map_put(&x->names, key, o);
	}
	check_macro(x, o, m);
	VEC_PUSH(x->arena, &o->macros, m);
}

static const struct overloads *find_macros(const struct expander *x, struct str name)
{
	const struct overloads *o = map_get(&x->names, str_hash(name));
	return o && str_eq(o->name, name) ? o : NULL;
}

static bool takes(const struct macro_param *param, const struct expr *arg)
{
	switch (param->kind) {
	case MACRO_PARAM_VAR:
		return arg->kind == EXPR_VAR;
	case MACRO_PARAM_MAP:
		return arg->kind == EXPR_MAP && !arg->map.has_keys;
	case MACRO_PARAM_EXPR:
		break;
	}
	return true;
}

// How well the arguments fit: 0 for not at all, more for each one that must be a variable or map.
static size_t fit(const struct macro *m, const struct expr_list *args)
{
	size_t points = 1;
	if (m->n_params != args->n)
		return 0;
	for (size_t i = 0; i < args->n; i++) {
		if (!takes(&m->params[i], args->v[i]))
			return 0;
		points += m->params[i].kind != MACRO_PARAM_EXPR;
	}
	return points;
}

// The macro that fits best, or NULL.
static struct macro *choose(const struct overloads *o, const struct expr_list *args)
{
	struct macro *best = NULL;
	size_t best_fit = 0;
	for (size_t i = 0; i < o->macros.n; i++) {
		size_t points = fit(o->macros.v[i], args);
		if (points <= best_fit)
			continue;
		best = o->macros.v[i];
		best_fit = points;
	}
	return best;
}

static void hint_signatures(struct expander *x, const struct overloads *o)
{
	for (size_t i = 0; i < o->macros.n; i++) {
		struct span from = o->macros.v[i]->name.span, to = o->macros.v[i]->body->span;
		struct str text = diag_span_text(x->diag, (struct span) { from.source, from.off,
									  to.off - from.off });
		while (text.len && is_blank(text.p[text.len - 1]))
			text.len--;
		diag_hint(x->diag, "there is: macro %.*s", STR_ARG(text));
	}
}

// --- putting it in ---

static void make_bad(struct expr *e)
{
	e->kind = EXPR_BAD;
	e->height = 0;
}

static void expand_walk(struct expander *x, struct block *b);

static void expand_with(struct expander *x, struct expr *e, struct macro *m, struct expr_list args)
{
	struct clone c = {
		.arena = x->arena,
		.diag = x->diag,
		.macro = m,
		.args = args.v,
		.expansion = ++x->n_expansions,
		.n_nodes = &x->n_nodes,
		.max_nodes = NODES_MAX,
	};
	if (m->is_expanding) {
		diag_error(x->diag, e->span, "macro '%.*s' calls itself", STR_ARG(m->name.text));
		make_bad(e);
		return;
	}
	struct block *body = clone_block(&c, m->body);
	if (x->n_nodes > NODES_MAX) {
		diag_error(x->diag, e->span, "the macros make this script too large");
		make_bad(e);
		return;
	}
	m->is_expanding = true;
	expand_walk(x, body);
	m->is_expanding = false;
	e->kind = EXPR_BLOCK;
	e->block = body;
	e->height = expr_height(e);
}

static void expand_expr(struct expander *x, struct expr *e)
{
	struct expr_list args = { 0 };
	bool is_call = e->kind == EXPR_CALL;
	if (!is_call && e->kind != EXPR_NAME)
		return;
	struct str name = is_call ? e->call.name.text : e->str;
	const struct overloads *o = find_macros(x, name);
	if (!o)
		return;
	if (is_call)
		args = e->call.args;
	struct macro *m = choose(o, &args);
	if (m) {
		expand_with(x, e, m, args);
		return;
	}
	diag_error(x->diag, e->span, "macro '%.*s' does not take these arguments", STR_ARG(name));
	hint_signatures(x, o);
	make_bad(e);
}

// --- the walk ---

static bool go_deeper(struct walk *w)
{
	struct expander *x = w->ctx;
	return ++x->depth < SCRIPT_DEPTH_MAX;
}

static bool enter_expr(struct walk *w, struct expr *e)
{
	struct expander *x = w->ctx;
	if (go_deeper(w))
		return true;
	diag_error(x->diag, e->span, "the macros make this expression too deep");
	make_bad(e);
	return false;
}

static void leave_expr(struct walk *w, struct expr *e)
{
	struct expander *x = w->ctx;
	if (x->n_nodes <= NODES_MAX)
		expand_expr(x, e);
	x->depth--;
}

static bool enter_stmt(struct walk *w, struct stmt *s)
{
	(void)s;
	go_deeper(w);
	return true;
}

static bool enter_block(struct walk *w, struct block *b)
{
	(void)b;
	go_deeper(w);
	return true;
}

static void leave_block(struct walk *w, struct block *b)
{
	struct expander *x = w->ctx;
	(void)b;
	x->depth--;
}

// What was put in may have a value that nobody asks for.
static void leave_stmt(struct walk *w, struct stmt *s)
{
	struct expander *x = w->ctx;
	x->depth--;
	if (s->kind == STMT_EXPR)
		expr_drop_value(x->arena, s->expr);
}

static struct walk expanding(struct expander *x)
{
	return (struct walk) { .enter_expr = enter_expr,
			       .leave_expr = leave_expr,
			       .enter_stmt = enter_stmt,
			       .leave_stmt = leave_stmt,
			       .enter_block = enter_block,
			       .leave_block = leave_block,
			       .ctx = x };
}

static void expand_walk(struct expander *x, struct block *b)
{
	struct walk w = expanding(x);
	walk_block(&w, b);
}

void script_expand_macros(struct arena *a, struct script *s, struct diag *diag)
{
	struct expander x = { .arena = a, .diag = diag, .names = map_init(a) };
	for (size_t i = 0; i < s->n_items; i++) {
		if (s->items[i]->kind == ITEM_MACRO)
			add_macro(&x, &s->items[i]->macro);
	}
	if (!x.names.n)
		return;
	struct walk w = expanding(&x);
	for (size_t i = 0; i < s->n_items; i++) {
		if (s->items[i]->kind == ITEM_PROBE)
			walk_item(&w, s->items[i]);
	}
}
