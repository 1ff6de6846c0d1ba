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

static void assign_var(struct gen *g, struct expr *var, struct expr *value)
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
	if (v)
		spot_zero(g, g->vars[v->index], (type_strip(v->type)->size + 7) & ~7ULL);
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
		gen_leave(g);
		break;
	}
}

void gen_stmt(struct gen *g, const struct stmt *s)
{
	struct frame before = g->f;
	uint32_t at = gen_at(g, s->span);
	comment(g, s->span);
	stmt(g, s);
	gen_at_again(g, at);
	g->f = before;
	if (g->cold.n && bpf_here(g->b) - g->cold_since > COLD_DISTANCE) {
		struct bpf_label over = bpf_label_new(g->b);
		bpf_jump(g->b, over);
		gen_cold_flush(g);
		bpf_bind(g->b, over);
	}
}

void gen_block(struct gen *g, const struct block *b)
{
	for (size_t i = 0; i < b->n; i++)
		gen_stmt(g, b->v[i]);
}
