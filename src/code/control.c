// SPDX-License-Identifier: Apache-2.0
// Statements.
#include "code/gen.h"

#define COMMENT_BYTES 60
// Jumps reach 32,767 instructions: what is out of the way may not be further away than that.
#define COLD_DISTANCE 8000

void gen_leave(struct gen *g)
{
	if (!g->is_in_callback) {
		bpf_jump(g->b, g->leave);
		return;
	}
	bpf_store_imm(g->b, 8, R_SCRATCH, SCRATCH_LEAVES, 1);
	bpf_const(g->b, R0, 1);
	bpf_exit(g->b);
}

static void set_var(struct gen *g, struct expr *var, struct expr *value)
{
	const struct program_var *v = var->meaning;
	struct spot to = g->vars[v->index];
	struct frame before = g->f;
	if (!type_is_memory(v->type)) {
		gen_num(g, value);
		spot_store(g, (unsigned)MIN(type_strip(v->type)->size, 8u), to, R0);
	} else if (expr_mentions(value, v)) {
		uint64_t size = type_strip(v->type)->size;
		struct spot s = frame_alloc(g, (int)size);
		gen_into_typed(g, value, v->type, s);
		spot_copy(g, to, s, size);
	} else {
		gen_into_typed(g, value, v->type, to);
	}
	g->f = before;
}

// A value that cannot be read is kept as such, in a variable that may have one.
static void assign_var(struct gen *g, struct expr *var, struct expr *value)
{
	const struct program_var *v = var->meaning;
	const struct on_fail outer = g->on_fail;
	struct bpf_label unread = bpf_label_new(g->b), done = bpf_label_new(g->b);
	bool may_be_unread = g->may_be_unread && g->may_be_unread[v->index];
	if (!g->is_go) {
		set_var(g, var, value);
		return;
	}
	fail_leaves(g, unread);
	g->on_fail.is_used = g->found_unread ? &g->found_unread[v->index] : NULL;
	set_var(g, var, value);
	g->on_fail = outer;
	gen_var_is_read(g, v, true);
	if (may_be_unread)
		bpf_jump(g->b, done);
	bpf_bind(g->b, unread);
	gen_var_is_read(g, v, false);
	bpf_bind(g->b, done);
}

static void assign(struct gen *g, const struct stmt *s)
{
	struct expr *target = s->assign.target, *value = s->assign.value;
	if (target->kind == EXPR_VAR) {
		assign_var(g, target, value);
		return;
	}
	const struct program_map *m = target->meaning;
	if (m->agg != AGG_NONE)
		gen_agg(g, target, value);
	else if (s->assign.op != OP_NONE)
		gen_map_change(g, target, s->assign.op, value, false, false);
	else
		gen_map_assign(g, target, value);
}

static void let(struct gen *g, const struct stmt *s)
{
	if (s->let.value) {
		assign_var(g, s->let.var, s->let.value);
		return;
	}
	const struct program_var *v = s->let.var->meaning;
	if (!v)
		return;
	spot_zero(g, g->vars[v->index], (type_strip(v->type)->size + 7) & ~7ULL);
	gen_var_is_read(g, v, true);
}

static void comment(struct gen *g, struct span span)
{
	struct str text = diag_span_text(g->p->diag, span);
	const char *end = text.len ? memchr(text.p, '\n', text.len) : NULL;
	if (end)
		text.len = (size_t)(end - text.p);
	bpf_comment(g->b, "%.*s", STR_ARG(str_first(text, COMMENT_BYTES)));
}

static void stmt(struct gen *g, const struct stmt *s)
{
	switch (s->kind) {
	case STMT_BAD:
		break;
	case STMT_EXPR:
	case STMT_DISCARD:
		gen_effect(g, s->expr);
		break;
	case STMT_ASSIGN:
		assign(g, s);
		break;
	case STMT_LET:
		let(g, s);
		break;
	case STMT_FOR_MAP:
		gen_loop_map(g, s);
		break;
	case STMT_FOR_RANGE:
		gen_loop_range(g, s);
		break;
	case STMT_WHILE:
		gen_loop_while(g, s);
		break;
	case STMT_UNROLL:
		gen_unroll(g, s);
		break;
	case STMT_BREAK:
		if (g->loop)
			bpf_jump(g->b, g->loop->on_break);
		break;
	case STMT_CONTINUE:
		if (g->loop)
			bpf_jump(g->b, g->loop->on_continue);
		break;
	case STMT_RETURN:
		if (s->expr)
			gen_effect(g, s->expr);
		break;
	}
}

void gen_stmt(struct gen *g, const struct stmt *s)
{
	struct frame before = g->f;
	const struct on_fail outer = g->on_fail;
	struct bpf_label over = bpf_label_new(g->b);
	uint32_t at = gen_at(g, s->span);
	comment(g, s->span);
	fail_leaves(g, over);
	stmt(g, s);
	bpf_bind(g->b, over);
	g->on_fail = outer;
	// Whether or not it has a value, a return is one.
	if (s->kind == STMT_RETURN)
		gen_leave(g);
	gen_at_again(g, at);
	g->f = before;
	if (g->cold.n && bpf_here(g->b) - g->cold_since > COLD_DISTANCE) {
		struct bpf_label behind = bpf_label_new(g->b);
		bpf_jump(g->b, behind);
		gen_cold_flush(g);
		bpf_bind(g->b, behind);
	}
}

void gen_block(struct gen *g, const struct block *b)
{
	for (size_t i = 0; i < b->n; i++)
		gen_stmt(g, b->v[i]);
}
