// SPDX-License-Identifier: Apache-2.0
// max_rate: a bucket of tokens for each program, looked at before anything is read. It is kept as
// the time at which the bucket will be full again: a hit moves that by what a token takes, and is
// one too many if that would be more than a second away.
#include "code/gen.h"

#define SECOND 1000000000u
// Others may take tokens at the same time.
#define TRIES 4

static bool has_budget(const struct gen *g)
{
	enum probe_kind kind = g->part->kind;
	bool is_probe = kind == PROBE_UPROBE || kind == PROBE_URETPROBE || kind == PROBE_USDT;
	return g->p->config->max_rate && is_probe;
}

static struct bpf_map *budget_map(struct unit *u)
{
	if (!u->c->budget)
		u->c->budget =
			unit_map(u, (struct bpf_map) { .name = "budget",
						       .type = BPF_MAP_TYPE_ARRAY,
						       .key_size = 4,
						       .value_size = (uint32_t)(8 * u->p->n_parts),
						       .max_entries = 1 });
	return u->c->budget;
}

// r3 = when the bucket is full with a token less than r2 says; goes to over if that is too late.
static void take(struct gen *g, struct bpf_label over)
{
	struct bpf_asm *b = g->b;
	struct bpf_label later = bpf_label_new(b);
	bpf_mov(b, R3, R2);
	bpf_jump_if(b, BPF_JGE, R3, R8, later);
	bpf_mov(b, R3, R8);
	bpf_bind(b, later);
	bpf_alu_imm(b, BPF_ADD, R3, SECOND / g->p->config->max_rate);
	bpf_mov(b, R4, R8);
	bpf_alu_imm(b, BPF_ADD, R4, SECOND);
	bpf_jump_if(b, BPF_JGT, R3, R4, over);
}

void gen_budget(struct gen *g, struct bpf_label over)
{
	struct bpf_asm *b = g->b;
	struct bpf_label done = bpf_label_new(b), is_over = bpf_label_new(b);
	if (!has_budget(g))
		return;
	bpf_comment(b, "no more than %u a second", g->p->config->max_rate);
	bpf_call(b, BPF_FUNC_ktime_get_ns);
	bpf_mov(b, R8, R0);
	bpf_map_value_ref(b, R7, budget_map(g->u), 8 * g->part->index);
	bool is_shared = gen_has(g, BPF_FEATURE_ATOMICS);
	for (int i = 0; i < (is_shared ? TRIES : 1); i++) {
		bpf_load(b, 8, R2, R7, 0);
		take(g, is_over);
		if (!is_shared) {
			bpf_store(b, 8, R7, 0, R3);
			bpf_jump(b, done);
			break;
		}
		bpf_mov(b, R0, R2);
		bpf_atomic(b, 8, BPF_CMPXCHG, R7, 0, R3);
		bpf_jump_if(b, BPF_JEQ, R0, R2, done);
	}
	bpf_bind(b, is_over);
	bpf_map_value_ref(b, R1, g->u->c->globals, offsetof(struct code_globals, n_over));
	bpf_const(b, R2, 1);
	bpf_atomic(b, 8, BPF_ADD, R1, 0, R2);
	bpf_jump(b, over);
	bpf_bind(b, done);
}
