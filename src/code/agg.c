// SPDX-License-Identifier: Apache-2.0
// Aggregations: every CPU has a part of its own, and still all changes are atomic, because a
// program may be interrupted by another one on its CPU between any two instructions.
#include "code/gen.h"

// How often an extreme is tried again when somebody else was faster.
#define EXTREME_TRIES 32

// *(r0 + off) += r1
static void add_at(struct gen *g, int off)
{
	bpf_atomic(g->b, 8, BPF_ADD, R0, off, R1);
}

// Of the one at r0, which is in r4 behind it.
// Words of minimum and maximum are such that the larger word wins and 0 loses: see out_extreme.
static void extreme(struct gen *g, const struct program_map *m, struct temp x, struct span span)
{
	struct bpf_asm *b = g->b;
	struct bpf_label done = bpf_label_new(b), again = bpf_label_new(b);
	temp_get(g, R2, x);
	bpf_const(b, R3, out_extreme_mask(m->out_value));
	bpf_alu(b, BPF_XOR, R2, R3);
	bpf_mov(b, R4, R0);
	bpf_store_imm(b, 8, R4, offsetof(struct out_extreme, is_set), 1);
	if (!gen_has(g, BPF_FEATURE_ATOMICS)) {
		bpf_load(b, 8, R0, R4, 0);
		bpf_jump_if(b, BPF_JGE, R0, R2, done);
		bpf_store(b, 8, R4, 0, R2);
		bpf_bind(b, done);
		return;
	}
	bpf_const(b, R5, 0);
	bpf_load(b, 8, R0, R4, 0);
	bpf_bind(b, again);
	bpf_jump_if(b, BPF_JGE, R0, R2, done);
	bpf_mov(b, R3, R0);
	bpf_atomic(b, 8, BPF_CMPXCHG, R4, 0, R2);
	bpf_jump_if(b, BPF_JEQ, R0, R3, done);
	bpf_alu_imm(b, BPF_ADD, R5, 1);
	bpf_jump_if_imm(b, BPF_JLT, R5, EXTREME_TRIES, again);
	gen_count_failure(g, span, "too many at the same time", m);
	bpf_bind(b, done);
}

// r2 = the index of r1's bucket, see out_hist_index.
static void hist_index(struct gen *g, unsigned k, struct bpf_label found)
{
	struct bpf_asm *b = g->b;
	struct bpf_label small = bpf_label_new(b);
	bpf_const(b, R2, 0);
	bpf_jump_if_imm(b, BPF_JSLT, R1, 0, found);
	bpf_jump_if_imm(b, BPF_JLT, R1, 1 << k, small);
	// r3 = the highest bit, found by halves and without jumps, so that the verifier has
	// nothing to follow: 2^s - 1 - x is negative if x has a bit from s on.
	bpf_const(b, R3, 0);
	bpf_mov(b, R4, R1);
	for (int log = 5; log >= 0; log--) {
		bpf_const(b, R5, (1ULL << (1 << log)) - 1);
		bpf_alu(b, BPF_SUB, R5, R4);
		bpf_alu_imm(b, BPF_RSH, R5, 63);
		if (log)
			bpf_alu_imm(b, BPF_LSH, R5, log);
		bpf_alu(b, BPF_RSH, R4, R5);
		bpf_alu(b, BPF_ADD, R3, R5);
	}
	bpf_alu_imm(b, BPF_SUB, R3, k);
	bpf_mov(b, R4, R1);
	bpf_alu(b, BPF_RSH, R4, R3);
	bpf_alu_imm(b, BPF_AND, R4, (1 << k) - 1);
	bpf_mov(b, R2, R3);
	bpf_alu_imm(b, BPF_ADD, R2, 1);
	bpf_alu_imm(b, BPF_LSH, R2, k);
	bpf_alu(b, BPF_ADD, R2, R4);
	bpf_alu_imm(b, BPF_ADD, R2, 1);
	bpf_jump(b, found);
	bpf_bind(b, small);
	bpf_mov(b, R2, R1);
	bpf_alu_imm(b, BPF_ADD, R2, 1);
}

static void lhist_index(struct gen *g, const struct out_type *t, struct bpf_label found)
{
	struct bpf_asm *b = g->b;
	struct bpf_label inside = bpf_label_new(b);
	uint64_t last = ((uint64_t)t->lhist.max - (uint64_t)t->lhist.min) / t->lhist.step;
	bpf_const(b, R2, 0);
	bpf_const(b, R3, (uint64_t)t->lhist.min);
	bpf_jump_if(b, BPF_JSLT, R1, R3, found);
	bpf_alu(b, BPF_SUB, R1, R3);
	bpf_const(b, R3, t->lhist.step);
	bpf_alu(b, BPF_DIV, R1, R3);
	bpf_const(b, R3, last);
	bpf_jump_if(b, BPF_JLE, R1, R3, inside);
	bpf_mov(b, R1, R3);
	bpf_bind(b, inside);
	bpf_mov(b, R2, R1);
	bpf_alu_imm(b, BPF_ADD, R2, 1);
}

// The buckets are at r0.
static void histogram(struct gen *g, const struct program_map *m, struct temp x, size_t n_buckets,
		      struct bpf_label none)
{
	struct bpf_asm *b = g->b;
	struct bpf_label found = bpf_label_new(b);
	const struct out_type *t = m->out_value;
	temp_get(g, R1, x);
	if (m->agg == AGG_LHIST)
		lhist_index(g, t, found);
	else
		hist_index(g,
			   m->agg == AGG_TIMES ? OUT_TIMES_BITS : MIN(t->bits, OUT_HIST_BITS_MAX),
			   found);
	bpf_bind(b, found);
	bpf_jump_if_imm(b, BPF_JGE, R2, (int64_t)n_buckets, none);
	bpf_alu_imm(b, BPF_LSH, R2, 3);
	bpf_alu(b, BPF_ADD, R0, R2);
	bpf_const(b, R1, 1);
	add_at(g, 0);
}

// The bucket is counted last: a reader that sees a call knows how long it took, too.
static void times(struct gen *g, const struct program_map *m, struct temp x, struct temp failed,
		  bool has_failed, struct span span, struct bpf_label none)
{
	struct bpf_asm *b = g->b;
	temp_get(g, R1, x);
	add_at(g, offsetof(struct out_times, total));
	if (has_failed) {
		temp_get(g, R1, failed);
		add_at(g, offsetof(struct out_times, errors));
	}
	bpf_alu_imm(b, BPF_ADD, R0, offsetof(struct out_times, max));
	extreme(g, m, x, span);
	bpf_mov(b, R0, R4);
	bpf_alu_imm(b, BPF_ADD, R0, sizeof(struct out_times) - offsetof(struct out_times, max));
	histogram(g, m, x, OUT_HIST_BUCKETS(OUT_TIMES_BITS), none);
}

// --- series ---

enum {
	SLOT_EPOCH = offsetof(struct out_tslot, epoch),
	SLOT_VALUE = offsetof(struct out_tslot, value),
	SLOT_EXTRA = offsetof(struct out_tslot, extra),
};

// The slot at r0 is of an older interval, r3, and becomes r2's. What others add meanwhile is kept:
// the old value is taken away rather than overwritten. r4: the new one.
static void renew_slot(struct gen *g, const struct out_type *t, struct temp now)
{
	struct bpf_asm *b = g->b;
	bool is_sum = t->tseries.agg == OUT_SUM || t->tseries.agg == OUT_AVG;
	if (!is_sum) {
		bpf_store(b, 8, R0, SLOT_VALUE, R4);
		temp_get(g, R5, now);
		bpf_store(b, 8, R0, SLOT_EXTRA, R5);
		bpf_store(b, 8, R0, SLOT_EPOCH, R2);
		return;
	}
	bpf_load(b, 8, R1, R0, SLOT_VALUE);
	bpf_load(b, 8, R5, R0, SLOT_EXTRA);
	bpf_store(b, 8, R0, SLOT_EPOCH, R2);
	bpf_neg(b, R1);
	bpf_alu(b, BPF_ADD, R1, R4);
	add_at(g, SLOT_VALUE);
	bpf_mov(b, R1, R5);
	bpf_neg(b, R1);
	bpf_alu_imm(b, BPF_ADD, R1, 1);
	add_at(g, SLOT_EXTRA);
}

static void join_slot(struct gen *g, const struct out_type *t, struct temp now,
		      struct bpf_label done)
{
	struct bpf_asm *b = g->b;
	enum out_kind agg = t->tseries.agg;
	if (agg == OUT_SUM || agg == OUT_AVG) {
		bpf_mov(b, R1, R4);
		add_at(g, SLOT_VALUE);
		bpf_const(b, R1, 1);
		add_at(g, SLOT_EXTRA);
		return;
	}
	if (agg == OUT_MIN || agg == OUT_MAX) {
		uint8_t less = t->is_signed ? BPF_JSLE : BPF_JLE;
		bpf_load(b, 8, R1, R0, SLOT_VALUE);
		if (agg == OUT_MIN)
			bpf_jump_if(b, less, R1, R4, done);
		else
			bpf_jump_if(b, less, R4, R1, done);
	}
	bpf_store(b, 8, R0, SLOT_VALUE, R4);
	temp_get(g, R5, now);
	bpf_store(b, 8, R0, SLOT_EXTRA, R5);
}

static void series(struct gen *g, const struct program_map *m, struct temp x, struct temp now,
		   struct bpf_label none)
{
	struct bpf_asm *b = g->b;
	const struct out_type *t = m->out_value;
	struct bpf_label join = bpf_label_new(b);
	temp_get(g, R2, now);
	bpf_const(b, R3, MAX(t->tseries.interval_ns, 1u));
	bpf_alu(b, BPF_DIV, R2, R3);
	bpf_mov(b, R1, R2);
	bpf_alu_imm(b, BPF_MOD, R1, MAX(t->tseries.n_intervals, 1u));
	bpf_jump_if_imm(b, BPF_JGE, R1, MAX(t->tseries.n_intervals, 1u), none);
	bpf_alu_imm(b, BPF_MUL, R1, sizeof(struct out_tslot));
	bpf_alu(b, BPF_ADD, R0, R1);
	temp_get(g, R4, x);
	bpf_load(b, 8, R3, R0, SLOT_EPOCH);
	bpf_jump_if(b, BPF_JEQ, R3, R2, join);
	renew_slot(g, t, now);
	bpf_jump(b, none);
	bpf_bind(b, join);
	join_slot(g, t, now, none);
}

// --- all ---

// also: the time, or whether it has failed.
static void apply(struct gen *g, const struct program_map *m, struct temp x, struct temp also,
		  struct expr *call, struct bpf_label none)
{
	struct bpf_asm *b = g->b;
	struct span span = call->span;
	switch (m->agg) {
	case AGG_NONE:
		break;
	case AGG_COUNT:
		bpf_const(b, R1, 1);
		add_at(g, 0);
		break;
	case AGG_SUM:
		temp_get(g, R1, x);
		add_at(g, 0);
		break;
	case AGG_AVG:
	case AGG_STATS:
		temp_get(g, R1, x);
		add_at(g, offsetof(struct out_total, total));
		bpf_const(b, R1, 1);
		add_at(g, offsetof(struct out_total, count));
		break;
	case AGG_MIN:
	case AGG_MAX:
		extreme(g, m, x, span);
		break;
	case AGG_HIST:
	case AGG_LHIST:
		histogram(g, m, x, out_agg_size(m->out_value) / 8, none);
		break;
	case AGG_TSERIES:
		series(g, m, x, also, none);
		break;
	case AGG_TIMES:
		times(g, m, x, also, call->call.args.n > 1, span, none);
		break;
	}
}

void gen_agg(struct gen *g, struct expr *target, struct expr *call)
{
	const struct program_map *m = target->meaning;
	struct bpf_map *map = gen_map(g, m);
	struct frame before = g->f;
	struct bpf_label none = bpf_label_new(g->b);
	struct temp x = { 0 }, also = { 0 };
	uint32_t at = gen_at(g, call->span);
	if (m->agg != AGG_COUNT) {
		gen_num(g, call->call.args.v[0]);
		x = temp_keep(g, R0);
	}
	if (m->agg == AGG_TSERIES) {
		gen_clock(g, m->out_value->clock);
		also = temp_keep(g, R0);
	}
	if (m->agg == AGG_TIMES && call->call.args.n > 1) {
		gen_num(g, call->call.args.v[1]);
		also = temp_keep(g, R0);
	}
	struct spot key = gen_key(g, target);
	gen_lookup_or_add(g, m, key, target->span, none);
	if (map_is_array(map))
		bpf_store_imm(g->b, 8, R0, (int)map->value_size - 8, 1);
	apply(g, m, x, also, call, none);
	bpf_bind(g->b, none);
	gen_at_again(g, at);
	g->f = before;
}

// --- reading ---

struct reading {
	const struct program_map *m;
	struct temp sum, extra;
};

// One CPU's part is at r0.
static void add_part(struct gen *g, const struct reading *r, struct bpf_label next)
{
	struct bpf_asm *b = g->b;
	bool is_extreme = r->m->agg == AGG_MIN || r->m->agg == AGG_MAX;
	bpf_load(b, 8, R1, R0, 0);
	if (r->m->agg != AGG_COUNT && r->m->agg != AGG_SUM) {
		bpf_load(b, 8, R2, R0, 8);
		temp_get(g, R3, r->extra);
		bpf_alu(b, is_extreme ? BPF_OR : BPF_ADD, R3, R2);
		temp_set(g, r->extra, R3);
	}
	temp_get(g, R3, r->sum);
	if (is_extreme)
		bpf_jump_if(b, BPF_JLE, R1, R3, next);
	else
		bpf_alu(b, BPF_ADD, R1, R3);
	temp_set(g, r->sum, R1);
}

// r0 = sum / extra.
static void average(struct gen *g, const struct reading *r)
{
	struct bpf_asm *b = g->b;
	struct bpf_label done = bpf_label_new(b), minus = bpf_label_new(b);
	temp_get(g, R0, r->sum);
	temp_get(g, R1, r->extra);
	bpf_jump_if_imm(b, BPF_JEQ, R1, 0, done);
	if (r->m->is_signed)
		bpf_jump_if_imm(b, BPF_JSLT, R0, 0, minus);
	bpf_alu(b, BPF_DIV, R0, R1);
	if (r->m->is_signed) {
		bpf_jump(b, done);
		bpf_bind(b, minus);
		bpf_neg(b, R0);
		bpf_alu(b, BPF_DIV, R0, R1);
		bpf_neg(b, R0);
	}
	bpf_bind(b, done);
}

static void finish_reading(struct gen *g, const struct reading *r)
{
	struct bpf_asm *b = g->b;
	struct bpf_label done = bpf_label_new(b);
	if (r->m->agg == AGG_AVG || r->m->agg == AGG_STATS) {
		average(g, r);
		return;
	}
	if (r->m->agg == AGG_MIN || r->m->agg == AGG_MAX) {
		temp_get(g, R0, r->extra);
		bpf_jump_if_imm(b, BPF_JEQ, R0, 0, done);
		temp_get(g, R0, r->sum);
		bpf_const(b, R1, out_extreme_mask(r->m->out_value));
		bpf_alu(b, BPF_XOR, R0, R1);
	} else {
		temp_get(g, R0, r->sum);
	}
	bpf_bind(b, done);
}

// One value for all CPUs.
static void add_shared(struct gen *g, const struct reading *r, struct spot key)
{
	struct bpf_label none = bpf_label_new(g->b);
	gen_lookup(g, r->m, key);
	bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
	add_part(g, r, none);
	bpf_bind(g->b, none);
	finish_reading(g, r);
}

void gen_agg_num(struct gen *g, const struct program_map *m, struct spot key, struct span span)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label again = bpf_label_new(b), next = bpf_label_new(b);
	bool is_shared = gen_map(g, m)->type == BPF_MAP_TYPE_HASH;
	if (!is_shared && !gen_has(g, BPF_FEATURE_LOOP))
		gen_refuse(g, span, "a program that reads an aggregation", "5.19");
	struct reading r = { .m = m, .sum = temp_new(g), .extra = temp_new(g) };
	struct spot cpu = { R_FRAME, g->counter_off };
	bpf_const(b, R0, 0);
	temp_set(g, r.sum, R0);
	temp_set(g, r.extra, R0);
	if (is_shared) {
		add_shared(g, &r, key);
		g->f = before;
		return;
	}
	spot_store(g, 8, cpu, R0);
	bpf_bind(b, again);
	bpf_map_ref(b, R1, gen_map(g, m));
	spot_ref(g, R2, key);
	spot_load(g, 8, R3, cpu);
	bpf_call(b, BPF_FUNC_map_lookup_percpu_elem);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, next);
	add_part(g, &r, next);
	bpf_bind(b, next);
	spot_load(g, 8, R1, cpu);
	bpf_alu_imm(b, BPF_ADD, R1, 1);
	spot_store(g, 8, cpu, R1);
	bpf_jump_if_imm(b, BPF_JLT, R1, bpf_possible_cpus(), again);
	finish_reading(g, &r);
	g->f = before;
}
