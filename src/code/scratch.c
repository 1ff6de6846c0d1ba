// SPDX-License-Identifier: Apache-2.0
// Scratch memory that is private to the running program. A program may be interrupted at any
// instruction by another one on its CPU (a task that preempts its task, an event of the CPU), so a
// slot for each CPU would be shared: a slot is claimed instead. Kernels that cannot exchange words
// atomically (before 5.12) do not preempt programs; there it is a slot for each CPU.
#include "code/gen.h"

// How many slots are tried. A program that waits for a page of the traced program keeps its slot
// meanwhile, so that there can be many at work.
#define CLAIM_TRIES   16
#define SLOTS_MIN     64
#define SLOTS_PER_CPU 8
#define SLOTS_MAX     4096

void scratch_maps(struct unit *u)
{
	bool is_shared = u->o->has(u->o->ctx, BPF_FEATURE_ATOMICS);
	u->n_slots = SLOTS_MIN;
	while (u->n_slots < SLOTS_PER_CPU * bpf_possible_cpus() && u->n_slots < SLOTS_MAX)
		u->n_slots *= 2;
	u->scratch = ARENA_NEW(u->a, struct bpf_map);
	*u->scratch = (struct bpf_map) {
		.name = "scratch",
		.type = is_shared ? BPF_MAP_TYPE_ARRAY : BPF_MAP_TYPE_PERCPU_ARRAY,
		.key_size = 4,
		.value_size = SCRATCH_START,
		.max_entries = is_shared ? u->n_slots : 1,
		.fd = -1,
	};
}

static void look_up_slot(struct gen *g, struct spot key)
{
	bpf_map_ref(g->b, R1, g->u->scratch);
	spot_ref(g, R2, key);
	bpf_call(g->b, BPF_FUNC_map_lookup_elem);
}

static void claim_shared(struct gen *g, struct spot key, struct bpf_label busy)
{
	struct bpf_asm *b = g->b;
	struct bpf_label again = bpf_label_new(b), got = bpf_label_new(b);
	bpf_call(b, BPF_FUNC_get_smp_processor_id);
	bpf_alu_imm(b, BPF_LSH, R0, 3);
	bpf_mov(b, R7, R0);
	bpf_const(b, R8, 0);
	bpf_bind(b, again);
	bpf_alu_imm(b, BPF_AND, R7, g->u->n_slots - 1);
	spot_store(g, 4, key, R7);
	look_up_slot(g, key);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, busy);
	bpf_const(b, R1, 1);
	bpf_atomic(b, 8, BPF_XCHG, R0, SCRATCH_BUSY, R1);
	bpf_jump_if_imm(b, BPF_JEQ, R1, 0, got);
	bpf_alu_imm(b, BPF_ADD, R7, 1);
	bpf_alu_imm(b, BPF_ADD, R8, 1);
	bpf_jump_if_imm(b, BPF_JLT, R8, CLAIM_TRIES, again);
	bpf_jump(b, busy);
	bpf_bind(b, got);
}

void gen_claim(struct gen *g, struct bpf_label out)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct spot key = frame_alloc(g, 8);
	struct bpf_label busy = bpf_label_new(b), go_on = bpf_label_new(b);
	bpf_comment(b, "scratch memory");
	if (g->u->scratch->type == BPF_MAP_TYPE_ARRAY) {
		claim_shared(g, key, busy);
	} else {
		spot_store_imm(g, 4, key, 0);
		look_up_slot(g, key);
		bpf_jump_if_imm(b, BPF_JEQ, R0, 0, busy);
	}
	bpf_mov(b, R_SCRATCH, R0);
	if (g->has_callbacks) {
		bpf_store(b, 8, R_FRAME, LINK_SCRATCH, R_SCRATCH);
		bpf_store_imm(b, 8, R_SCRATCH, SCRATCH_LEAVES, 0);
	}
	bpf_jump(b, go_on);
	bpf_bind(b, busy);
	bpf_map_value_ref(b, R1, g->u->c->globals, offsetof(struct code_globals, n_busy));
	bpf_const(b, R2, 1);
	bpf_atomic(b, 8, BPF_ADD, R1, 0, R2);
	bpf_jump(b, out);
	bpf_bind(b, go_on);
	g->f = before;
}

void gen_release(struct gen *g)
{
	bpf_comment(g->b, "scratch memory is free again");
	if (g->u->scratch->type == BPF_MAP_TYPE_ARRAY)
		bpf_store_imm(g->b, 8, R_SCRATCH, SCRATCH_BUSY, 0);
}
