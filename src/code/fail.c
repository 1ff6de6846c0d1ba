// SPDX-License-Identifier: Apache-2.0
// What follows when memory of a Go program cannot be read: a statement is left out, an argument of
// printf is marked, and so is a variable, or what is kept for a call's return.
#include "code/gen.h"

static void set_bits(struct gen *g, struct spot word, uint32_t bits)
{
	spot_load(g, 4, R1, word);
	bpf_const(g->b, R2, bits);
	bpf_alu(g->b, BPF_OR, R1, R2);
	spot_store(g, 4, word, R1);
}

static void clear_bits(struct gen *g, struct spot word, uint32_t bits)
{
	spot_load(g, 4, R1, word);
	bpf_const(g->b, R2, ~bits);
	bpf_alu(g->b, BPF_AND, R1, R2);
	spot_store(g, 4, word, R1);
}

void fail_leaves(struct gen *g, struct bpf_label to)
{
	if (g->is_go)
		g->on_fail = (struct on_fail) { .kind = FAIL_LEAVES, .to = to };
}

void fail_marks(struct gen *g, struct spot mark, uint32_t bits)
{
	if (g->is_go)
		g->on_fail = (struct on_fail) { .kind = FAIL_MARKS, .mark = mark, .bits = bits };
}

void fail_hush(struct gen *g)
{
	g->on_fail.is_hushed = !g->on_fail.is_decided;
}

void fail_marks_item(struct gen *g, const struct on_fail *tuple, size_t i)
{
	g->on_fail = *tuple;
	if (tuple->items_bit)
		g->on_fail.bits = mark_bit(tuple->items_bit - 1 + i);
	g->on_fail.items_bit = 0;
}

struct on_fail fail_here(struct gen *g)
{
	if (g->on_fail.is_used && !g->on_fail.is_hushed)
		*g->on_fail.is_used = true;
	return g->on_fail;
}

void gen_failed(struct gen *g, const struct on_fail *f)
{
	if (f->is_hushed || f->kind == FAIL_GOES_ON)
		return;
	if (f->kind == FAIL_LEAVES) {
		bpf_jump(g->b, f->to);
		return;
	}
	set_bits(g, f->mark, f->bits);
}

void gen_failed_here(struct gen *g)
{
	const struct on_fail f = fail_here(g);
	gen_failed(g, &f);
}

// --- what has been read before ---

// What is used here could not be read if one of the bits is set.
static void use_marked(struct gen *g, struct spot word, uint32_t bits)
{
	struct bpf_label back = bpf_label_new(g->b);
	struct cold c = { .kind = COLD_UNREAD, .back = back };
	// A mark is all that is known of it: no part of it says anything.
	g->on_fail.is_hushed = false;
	c.on_fail = fail_here(g);
	if (c.on_fail.kind == FAIL_GOES_ON)
		return;
	spot_load(g, 4, R1, word);
	bpf_jump_if_imm(g->b, BPF_JSET, R1, (int32_t)bits, gen_cold(g, c));
	bpf_bind(g->b, back);
}

static struct spot var_word(const struct gen *g, const struct program_var *v)
{
	return spot_at(g->unread, (int64_t)(v->index / 32 * 4));
}

static uint32_t var_bit(const struct program_var *v)
{
	return 1u << (v->index % 32);
}

void gen_use_var(struct gen *g, const struct program_var *v)
{
	const struct on_fail outer = g->on_fail;
	if (g->may_be_unread && g->may_be_unread[v->index])
		use_marked(g, var_word(g, v), var_bit(v));
	g->on_fail = outer;
}

void gen_var_is_read(struct gen *g, const struct program_var *v, bool is_read)
{
	if (!g->may_be_unread || !g->may_be_unread[v->index])
		return;
	if (is_read)
		clear_bits(g, var_word(g, v), var_bit(v));
	else
		set_bits(g, var_word(g, v), var_bit(v));
}

// --- what is kept ---

// Behind all that is kept there is a word of marks.
static int64_t kept_word(const struct program_call *call)
{
	return (int64_t)call->size - 8;
}

void fail_keeps(struct gen *g, const struct expr *e)
{
	const struct program_call *call = g->part->call;
	if (!g->part->is_call_entry || !g->is_go)
		return;
	struct spot all = { R_SCRATCH, (int)sizeof(struct code_call) };
	for (size_t i = 0; i < call->kept.n; i++) {
		if (call->kept.v[i].value != e)
			continue;
		if (i == 0)
			spot_store_imm(g, 8, spot_at(all, kept_word(call)), 0);
		fail_marks(g, spot_at(all, kept_word(call)), mark_bit(i));
	}
}

void gen_use_kept(struct gen *g, const struct member_use *m)
{
	const struct program_call *call = g->part->call;
	const struct on_fail outer = g->on_fail;
	for (size_t i = 0; g->is_go && i < call->kept.n; i++)
		if (call->kept.v[i].off == m->kept_off)
			use_marked(g, spot_at(g->kept, kept_word(call)), mark_bit(i));
	g->on_fail = outer;
}
