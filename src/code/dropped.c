// SPDX-License-Identifier: Apache-2.0
// Calls that have ended without a return, because a panic, an exception or Goexit has taken their
// frames away: a call or return that is less deep shows it.
#include "code/calls.h"

// So many have events of their own at once; the others are only counted.
#define TOLD_MAX 32

void calls_count_dropped(struct gen *g)
{
	bpf_map_value_ref(g->b, R2, g->u->c->globals, offsetof(struct code_globals, n_dropped));
	bpf_atomic(g->b, 8, BPF_ADD, R2, 0, R1);
}

// --- telling ---

// Events say which function it is.
static bool has_action(const struct gen *g)
{
	const struct program *p = g->p;
	if (g->part->call->entry->n_sites > 1 && !gen_has(g, BPF_FEATURE_COOKIE))
		return false;
	for (size_t i = 0; i < p->n_actions; i++)
		if (p->actions[i]->kind == ACTION_CALL && p->actions[i]->line.call == g->part->call)
			return true;
	return false;
}

bool calls_tells_begin(const struct gen *g)
{
	return g->p->config->call_view != OUT_CALLS_LINE && has_action(g);
}

bool calls_tells_ended(const struct gen *g)
{
	return g->p->config->tells_ended_calls && has_action(g);
}

// An event about the call of which the key is there, which is also its record.
static void tell(struct gen *g, const struct finding *f, uint32_t how, struct bpf_label next)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct spot flags = frame_alloc(g, 16), time = spot_at(flags, 8);
	gen_wakeup(g, flags);
	// All of them end when the call around them does.
	if (how == CODE_ENDED_RETURN && g->part->call->has_time)
		spot_load(g, 8, R0, g->duration);
	else
		bpf_call(b, BPF_FUNC_ktime_get_ns);
	spot_store(g, 8, time, R0);
	calls_look_up(g, f);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, next);
	if (g->p->config->max_rate) {
		bpf_load(b, 8, R1, R0, CALL(is_over));
		bpf_jump_if_imm(b, BPF_JNE, R1, 0, next);
	}
	spot_load(g, 8, R1, time);
	bpf_store(b, 8, R0, CALL(ended_ns), R1);
	bpf_store_imm(b, 4, R0, CALL(event.kind), (int32_t)CODE_EVENT_ENDED);
	bpf_store_imm(b, 4, R0, CALL(event.extra), (int32_t)how);
	uint64_t bytes = sizeof(struct code_call) + g->part->call->size;
	gen_send_value(g, flags, (bytes + 7) & ~7ull);
	g->f = before;
}

// Of the calls from level high on, the innermost first.
static void tell_from_high(struct gen *g, const struct finding *f, uint32_t how)
{
	struct bpf_asm *b = g->b;
	struct spot level = f->slot, high = spot_at(f->slot, 4);
	struct spot counter = { R_FRAME, g->counter_off };
	struct bpf_label again = bpf_label_new(b), done = bpf_label_new(b);
	if (!calls_tells_ended(g))
		return;
	temp_get(g, R1, f->head);
	bpf_load(b, 8, R1, R1, HEAD(n));
	spot_store(g, 4, level, R1);
	spot_store_imm(g, 8, counter, 0);
	bpf_bind(b, again);
	spot_load(g, 8, R1, counter);
	bpf_alu_imm(b, BPF_ADD, R1, 1);
	spot_store(g, 8, counter, R1);
	bpf_jump_if_imm(b, BPF_JGT, R1, TOLD_MAX, done);
	spot_load(g, 4, R2, level);
	spot_load(g, 4, R1, high);
	bpf_jump_if(b, BPF_JLE, R2, R1, done);
	bpf_alu_imm(b, BPF_SUB, R2, 1);
	spot_store(g, 4, level, R2);
	calls_set_level(g, f, R2);
	tell(g, f, how, again);
	bpf_jump(b, again);
	bpf_bind(b, done);
}

void calls_tell_all(struct gen *g, const struct finding *f, uint32_t how)
{
	if (!calls_tells_ended(g))
		return;
	spot_store_imm(g, 4, spot_at(f->slot, 4), 0);
	tell_from_high(g, f, how);
}

void calls_tell_last(struct gen *g, const struct finding *f, uint32_t how)
{
	struct bpf_label next = bpf_label_new(g->b);
	if (!calls_tells_ended(g))
		return;
	temp_get(g, R1, f->head);
	bpf_load(g->b, 8, R2, R1, HEAD(n));
	bpf_alu_imm(g->b, BPF_SUB, R2, 1);
	calls_set_level(g, f, R2);
	tell(g, f, how, next);
	bpf_bind(g->b, next);
}

// --- dropping ---

// Calls that are too deep to be there still have ended without a return.
void calls_drop_deeper(struct gen *g, const struct finding *f, bool beyond, uint32_t how)
{
	struct bpf_asm *b = g->b;
	struct spot high = spot_at(f->slot, 4);
	struct bpf_label none = bpf_label_new(b), known = bpf_label_new(b);
	bpf_comment(b, "calls that ended without a return");
	gen_level_search(g, &(struct level_search) { .key = f->key,
						     .slot = f->slot,
						     .head = f->head,
						     .depth = f->depth,
						     .beyond = beyond });
	tell_from_high(g, f, how);
	spot_load(g, 4, R2, high);
	calls_set_level(g, f, R2);
	calls_look_up(g, f);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, none);
	bpf_load(b, 8, R3, R0, CALL(below));
	bpf_jump(b, known);
	bpf_bind(b, none);
	bpf_const(b, R3, 0);
	bpf_bind(b, known);
	temp_get(g, R4, f->head);
	bpf_store(b, 8, R4, HEAD(top), R3);
	bpf_load(b, 8, R1, R4, HEAD(n));
	spot_load(g, 4, R2, high);
	bpf_store(b, 8, R4, HEAD(n), R2);
	bpf_alu(b, BPF_SUB, R1, R2);
	calls_count_dropped(g);
}
