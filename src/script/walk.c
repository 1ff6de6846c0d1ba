// SPDX-License-Identifier: Apache-2.0
// What is inside of what: the walk over all nodes, and the heights that bound it.
#include "script/parser.h"

// One is called for each node directly inside another one.
struct children {
	void (*expr)(struct children *c, struct expr *e);
	void (*stmt)(struct children *c, struct stmt *s);
	void (*block)(struct children *c, struct block *b);
	void (*type)(struct children *c, struct type_spec *t);
	struct walk *walk;
	unsigned height;
};

static void each_expr(struct children *c, struct expr *e)
{
	if (e)
		c->expr(c, e);
}

static void each_block(struct children *c, struct block *b)
{
	if (b)
		c->block(c, b);
}

static void each_type(struct children *c, struct type_spec *t)
{
	if (t)
		c->type(c, t);
}

static void each_of_list(struct children *c, const struct expr_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		each_expr(c, list->v[i]);
}

static void inside_expr(struct children *c, struct expr *e)
{
	switch (e->kind) {
	case EXPR_BAD:
	case EXPR_INT:
	case EXPR_BOOL:
	case EXPR_STR:
	case EXPR_PARAM:
	case EXPR_PARAM_COUNT:
	case EXPR_NAME:
	case EXPR_VAR:
		break;
	case EXPR_MAP:
		each_of_list(c, &e->map.keys);
		break;
	case EXPR_CALL:
		each_of_list(c, &e->call.args);
		break;
	case EXPR_MEMBER:
		each_expr(c, e->member.base);
		break;
	case EXPR_INDEX:
		each_expr(c, e->index.base);
		each_expr(c, e->index.index);
		break;
	case EXPR_UNARY:
		each_expr(c, e->unary);
		break;
	case EXPR_BINARY:
		each_expr(c, e->binary.left);
		each_expr(c, e->binary.right);
		break;
	case EXPR_INC:
		each_expr(c, e->inc.target);
		break;
	case EXPR_COND:
		each_expr(c, e->cond.cond);
		each_expr(c, e->cond.then);
		each_expr(c, e->cond.other);
		break;
	case EXPR_CAST:
		each_type(c, e->cast.to);
		each_expr(c, e->cast.value);
		break;
	case EXPR_SIZEOF:
		each_type(c, e->type_of.type);
		each_expr(c, e->type_of.value);
		break;
	case EXPR_OFFSETOF:
		each_type(c, e->offset_of.type);
		each_expr(c, e->offset_of.value);
		break;
	case EXPR_TUPLE:
		each_of_list(c, &e->items);
		break;
	case EXPR_RECORD:
		for (size_t i = 0; i < e->record.n; i++)
			each_expr(c, e->record.v[i].value);
		break;
	case EXPR_IF:
		each_expr(c, e->if_else.cond);
		each_block(c, e->if_else.then);
		each_block(c, e->if_else.other);
		break;
	case EXPR_BLOCK:
		each_block(c, e->block);
		break;
	}
}

static void inside_stmt(struct children *c, struct stmt *s)
{
	switch (s->kind) {
	case STMT_BAD:
	case STMT_BREAK:
	case STMT_CONTINUE:
		break;
	case STMT_EXPR:
	case STMT_DISCARD:
	case STMT_RETURN:
		each_expr(c, s->expr);
		break;
	case STMT_ASSIGN:
		each_expr(c, s->assign.target);
		each_expr(c, s->assign.value);
		break;
	case STMT_LET:
		each_expr(c, s->let.var);
		each_type(c, s->let.type);
		each_expr(c, s->let.value);
		break;
	case STMT_FOR_MAP:
		each_expr(c, s->for_map.var);
		each_expr(c, s->for_map.map);
		each_block(c, s->for_map.body);
		break;
	case STMT_FOR_RANGE:
		each_expr(c, s->for_range.var);
		each_expr(c, s->for_range.from);
		each_expr(c, s->for_range.to);
		each_block(c, s->for_range.body);
		break;
	case STMT_WHILE:
	case STMT_UNROLL:
		each_expr(c, s->loop.cond);
		each_block(c, s->loop.body);
		break;
	}
}

static void inside_block(struct children *c, struct block *b)
{
	for (size_t i = 0; i < b->n; i++)
		c->stmt(c, b->v[i]);
	each_expr(c, b->value);
}

static void inside_type(struct children *c, struct type_spec *t)
{
	const struct type_def *def = t->def && t->def->owner == t ? t->def : NULL;
	each_type(c, t->elem);
	each_expr(c, t->count);
	each_expr(c, t->value);
	for (size_t i = 0; def && i < def->n_members; i++) {
		each_type(c, def->members[i].type);
		each_expr(c, def->members[i].bits);
		each_expr(c, def->members[i].align);
	}
	for (size_t i = 0; def && i < def->n_enumerators; i++)
		each_expr(c, def->enumerators[i].value);
	each_expr(c, def ? def->align : NULL);
}

// --- heights ---

static void raise(struct children *c, unsigned height)
{
	c->height = MAX(c->height, height + 1);
}

static void raise_expr(struct children *c, struct expr *e)
{
	raise(c, e->height);
}

static void raise_stmt(struct children *c, struct stmt *s)
{
	raise(c, s->height);
}

static void raise_block(struct children *c, struct block *b)
{
	raise(c, b->height);
}

static void raise_type(struct children *c, struct type_spec *t)
{
	raise(c, t->height);
}

static struct children heights(void)
{
	return (struct children) {
		.expr = raise_expr, .stmt = raise_stmt, .block = raise_block, .type = raise_type
	};
}

uint16_t expr_height(struct expr *e)
{
	struct children c = heights();
	inside_expr(&c, e);
	return (uint16_t)c.height;
}

uint16_t stmt_height(struct stmt *s)
{
	struct children c = heights();
	inside_stmt(&c, s);
	return (uint16_t)c.height;
}

// As if the value were a statement, which it may become.
uint16_t block_height(struct block *b)
{
	struct children c = heights();
	inside_block(&c, b);
	if (b->value)
		raise(&c, b->value->height + 1u);
	return (uint16_t)c.height;
}

uint16_t type_spec_height(struct type_spec *t)
{
	struct children c = heights();
	inside_type(&c, t);
	return (uint16_t)c.height;
}

// --- walking ---

static void visit_expr(struct children *c, struct expr *e)
{
	walk_expr(c->walk, e);
}

static void visit_stmt(struct children *c, struct stmt *s)
{
	walk_stmt(c->walk, s);
}

static void visit_block(struct children *c, struct block *b)
{
	walk_block(c->walk, b);
}

static void visit_type(struct children *c, struct type_spec *t)
{
	walk_type(c->walk, t);
}

static struct children visits(struct walk *w)
{
	return (struct children) { .expr = visit_expr,
				   .stmt = visit_stmt,
				   .block = visit_block,
				   .type = visit_type,
				   .walk = w };
}

void walk_expr(struct walk *w, struct expr *e)
{
	struct children c = visits(w);
	if (!w->enter_expr || w->enter_expr(w, e))
		inside_expr(&c, e);
	if (w->leave_expr)
		w->leave_expr(w, e);
}

void walk_stmt(struct walk *w, struct stmt *s)
{
	struct children c = visits(w);
	if (!w->enter_stmt || w->enter_stmt(w, s))
		inside_stmt(&c, s);
	if (w->leave_stmt)
		w->leave_stmt(w, s);
}

void walk_block(struct walk *w, struct block *b)
{
	struct children c = visits(w);
	if (!w->enter_block || w->enter_block(w, b))
		inside_block(&c, b);
	if (w->leave_block)
		w->leave_block(w, b);
}

void walk_type(struct walk *w, struct type_spec *t)
{
	struct children c = visits(w);
	inside_type(&c, t);
}

void walk_item(struct walk *w, struct item *item)
{
	struct children c = visits(w);
	switch (item->kind) {
	case ITEM_PROBE:
		each_expr(&c, item->probe.predicate);
		each_block(&c, item->probe.body);
		break;
	case ITEM_CONFIG:
		for (size_t i = 0; i < item->config.n; i++)
			each_expr(&c, item->config.v[i].value);
		break;
	case ITEM_MAP:
		each_of_list(&c, &item->map.args);
		break;
	case ITEM_MACRO:
		each_block(&c, item->macro.body);
		break;
	case ITEM_TYPE:
		each_type(&c, item->type);
		break;
	case ITEM_TYPEDEF:
		each_type(&c, item->type_alias.type);
		break;
	case ITEM_IMPORT:
	case ITEM_DEFINE:
	case ITEM_INCLUDE:
		break;
	}
}

void walk_script(struct walk *w, struct script *s)
{
	for (size_t i = 0; i < s->n_items; i++)
		walk_item(w, s->items[i]);
}
