// SPDX-License-Identifier: Apache-2.0
// The open calls of a goroutine, which are in order of depth: which of them are gone.
#include "code/gen.h"

// The binary search halves as many levels as there can be.
#define SEARCH_STEPS (CODE_LEVEL_BITS + 1)

#define NUMBER ((int)offsetof(struct code_call_key, number))

void gen_level_key(struct gen *g, struct spot key, uint8_t reg)
{
	uint32_t base = g->part->call->index << CODE_LEVEL_BITS;
	if (base) {
		bpf_const(g->b, R1, base);
		bpf_alu(g->b, BPF_OR, reg, R1);
	}
	spot_store(g, 4, spot_at(key, NUMBER), reg);
}

void gen_level_look_up(struct gen *g, struct spot key)
{
	bpf_map_ref(g->b, R1, g->u->c->calls);
	spot_ref(g, R2, key);
	bpf_call(g->b, BPF_FUNC_map_lookup_elem);
}

// One step. Goes to done if there is none to do; else one of low and high has come nearer.
static void step(struct gen *g, const struct level_search *s, struct bpf_label done)
{
	struct bpf_asm *b = g->b;
	struct spot low = s->slot, high = spot_at(s->slot, 4);
	struct bpf_label upper = bpf_label_new(b), found = bpf_label_new(b), end = bpf_label_new(b);
	spot_load(g, 4, R2, low);
	spot_load(g, 4, R1, high);
	bpf_jump_if(b, BPF_JGE, R2, R1, done);
	bpf_alu(b, BPF_ADD, R2, R1);
	bpf_alu_imm(b, BPF_RSH, R2, 1);
	gen_level_key(g, s->key, R2);
	gen_level_look_up(g, s->key);
	spot_load(g, 4, R2, spot_at(s->key, NUMBER));
	bpf_alu_imm(b, BPF_AND, R2, CODE_LEVEL_HEAD);
	// One that is not there is as good as gone.
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, found);
	bpf_load(b, 8, R3, R0, (int)offsetof(struct code_call, depth));
	if (s->depth_spot.reg)
		spot_load(g, 8, R1, s->depth_spot);
	else
		temp_get(g, R1, s->depth);
	bpf_jump_if(b, s->beyond ? BPF_JLE : BPF_JLT, R3, R1, upper);
	bpf_bind(b, found);
	spot_store(g, 4, high, R2);
	bpf_jump(b, end);
	bpf_bind(b, upper);
	bpf_alu_imm(b, BPF_ADD, R2, 1);
	spot_store(g, 4, low, R2);
	bpf_bind(b, end);
}

// The caller's frame is in r2: what is searched with is there.
static void emit_step(struct gen *g, const struct pending *p)
{
	struct bpf_asm *b = g->b;
	struct bpf_label done = bpf_label_new(b);
	struct level_search s = *p->search;
	s.key.reg = s.slot.reg = s.depth_spot.reg = R_CTX;
	bpf_func(b, p->start, "levels");
	bpf_mov(b, R_CTX, R2);
	step(g, &s, done);
	bpf_const(b, R0, 0);
	bpf_exit(b);
	bpf_bind(b, done);
	bpf_const(b, R0, 1);
	bpf_exit(b);
}

// The verifier follows a loop round by round, in all the ways that each can go: that was most of
// what it did with a program. Of a callback it follows one.
static void search_by_callback(struct gen *g, const struct level_search *s)
{
	struct bpf_asm *b = g->b;
	struct level_search *kept = ARENA_NEW(g->a, struct level_search);
	*kept = *s;
	kept->depth_spot = (struct spot) { R_FRAME, g->counter_off };
	temp_get(g, R1, s->depth);
	spot_store(g, 8, kept->depth_spot, R1);
	struct pending p = { .start = bpf_label_new(b), .emit = emit_step, .search = kept };
	gen_later(g, p);
	bpf_const(b, R1, SEARCH_STEPS);
	bpf_func_ref(b, R2, p.start);
	bpf_mov(b, R3, R_FRAME);
	bpf_const(b, R4, 0);
	bpf_call(b, BPF_FUNC_loop);
}

static void search_by_jumps(struct gen *g, const struct level_search *s)
{
	struct bpf_asm *b = g->b;
	struct spot counter = { R_FRAME, g->counter_off };
	struct bpf_label again = bpf_label_new(b), done = bpf_label_new(b);
	spot_store_imm(g, 8, counter, 0);
	bpf_bind(b, again);
	spot_load(g, 8, R1, counter);
	bpf_alu_imm(b, BPF_ADD, R1, 1);
	spot_store(g, 8, counter, R1);
	bpf_jump_if_imm(b, BPF_JGT, R1, SEARCH_STEPS, done);
	step(g, s, done);
	bpf_jump(b, again);
	bpf_bind(b, done);
}

void gen_level_search(struct gen *g, const struct level_search *s)
{
	struct bpf_asm *b = g->b;
	temp_get(g, R1, s->head);
	bpf_load(b, 8, R1, R1, (int)offsetof(struct code_call_head, n));
	bpf_alu_imm(b, BPF_SUB, R1, 1);
	spot_store(g, 4, spot_at(s->slot, 4), R1);
	spot_store_imm(g, 4, s->slot, 0);
	bool is_in_frame = s->key.reg == R_FRAME && s->slot.reg == R_FRAME;
	if (is_in_frame && gen_has(g, BPF_FEATURE_LOOP))
		search_by_callback(g, s);
	else
		search_by_jumps(g, s);
}
