// SPDX-License-Identifier: Apache-2.0
// Maps and their entries. A map without keys is an array of one value; behind the value there is a
// word that says whether it was ever set. Values without keys that are more than a number are in
// a hash map after all, which replaces them as a whole.
#include "code/gen.h"

// Memory that a map may take before anything is in it. Values of all CPUs may take more: when there
// is none for another entry, the kernel does not find any quickly.
#define PREALLOC_BYTES         ((uint64_t)8 << 20)
#define PREALLOC_PER_CPU_BYTES ((uint64_t)32 << 20)

#define EEXIST_CODE (-17)

static bool is_per_cpu(const struct program_map *m)
{
	return m->agg != AGG_NONE || m->is_per_cpu;
}

static enum bpf_map_type hash_type(const struct program_map *m, bool has_parts)
{
	if (m->storage == MAP_LRU_HASH)
		return has_parts ? BPF_MAP_TYPE_LRU_PERCPU_HASH : BPF_MAP_TYPE_LRU_HASH;
	return has_parts ? BPF_MAP_TYPE_PERCPU_HASH : BPF_MAP_TYPE_HASH;
}

static uint64_t prealloc_bytes(const struct program_map *m, uint32_t value_size, bool has_parts)
{
	uint64_t n_values = has_parts ? bpf_possible_cpus() : 1;
	uint64_t entry = (m->key ? m->key->size : 4) + 64 + value_size * n_values;
	return entry * (m->key ? m->max_entries : 1);
}

static struct bpf_map hash_map(struct unit *u, const struct program_map *m, uint32_t size,
			       bool has_perf_event)
{
	// Programs that interrupt everything may allocate only on newer kernels (6.1).
	bool may_allocate = m->storage == MAP_HASH &&
			    (!has_perf_event || u->o->has(u->o->ctx, BPF_FEATURE_ITER_NUM));
	bool has_parts = is_per_cpu(m);
	// All changes are atomic anyway: large ones are shared by all CPUs.
	if (m->agg != AGG_NONE && may_allocate && u->o->has(u->o->ctx, BPF_FEATURE_ATOMICS) &&
	    prealloc_bytes(m, size, true) > PREALLOC_PER_CPU_BYTES)
		has_parts = false;
	bool is_large = !has_parts && prealloc_bytes(m, size, false) > PREALLOC_BYTES;
	return (struct bpf_map) {
		.type = hash_type(m, has_parts),
		.key_size = m->key ? (uint32_t)m->key->size : 4,
		.value_size = MAX(size, 1),
		.max_entries = m->key ? m->max_entries : 1,
		.flags = is_large && may_allocate ? BPF_F_NO_PREALLOC : 0,
	};
}

static struct bpf_map array_map(const struct program_map *m, uint32_t size)
{
	return (struct bpf_map) {
		.type = is_per_cpu(m) ? BPF_MAP_TYPE_PERCPU_ARRAY : BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = ((size + 7) & ~7u) + 8,
		.max_entries = 1,
	};
}

struct bpf_map *map_create(struct unit *u, const struct program_map *m, bool has_perf_event)
{
	bool is_number = m->agg != AGG_NONE || !type_is_memory(m->value);
	uint32_t size = (uint32_t)(m->agg != AGG_NONE ? out_agg_size(m->out_value)
						      : type_strip(m->value)->size);
	struct bpf_map map =
		!m->key && is_number ? array_map(m, size) : hash_map(u, m, size, has_perf_event);
	map.name = arena_printf(u->a, "%.*s", STR_ARG(m->name)).p;
	return unit_map(u, map);
}

struct bpf_map *zeros_map(struct unit *u, uint32_t bytes)
{
	if (!u->zeros)
		u->zeros = unit_map(u, (struct bpf_map) { .name = "zeros",
							  .type = BPF_MAP_TYPE_ARRAY,
							  .key_size = 4,
							  .value_size = 8,
							  .max_entries = 1 });
	u->zeros->value_size = MAX(u->zeros->value_size, (bytes + 7) & ~7u);
	return u->zeros;
}

bool map_is_array(const struct bpf_map *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

bool code_map_is_set(const struct bpf_map *m, const void *value)
{
	uint64_t is_set;
	if (!map_is_array(m))
		return true;
	size_t n = bpf_map_value_bytes(m) / m->value_size;
	for (size_t i = 0; i < n; i++) {
		memcpy(&is_set, (const char *)value + (i + 1) * m->value_size - 8, 8);
		if (is_set)
			return true;
	}
	return false;
}

void code_map_mark_set(const struct bpf_map *m, void *value)
{
	uint64_t is_set = 1;
	if (map_is_array(m))
		memcpy((char *)value + m->value_size - 8, &is_set, 8);
}

struct bpf_map *gen_map(const struct gen *g, const struct program_map *m)
{
	return g->u->c->map_of[m->index];
}

// --- keys ---

struct spot gen_key(struct gen *g, struct expr *e)
{
	const struct program_map *m = e->meaning;
	if (!m->key || e->map.keys.n == 0) {
		struct spot key = frame_alloc(g, 8);
		spot_store_imm(g, 8, key, 0);
		return key;
	}
	struct expr *k = e->map.keys.v[0];
	if (k->kind == EXPR_VAR && type_is_memory(k->type) && k->type->size == m->key->size)
		return gen_spot(g, k);
	uint64_t size = (m->key->size + 7) & ~7ULL;
	struct spot key = frame_alloc(g, (int)size);
	if (size != m->key->size)
		spot_store_imm(g, 8, spot_at(key, (int64_t)size - 8), 0);
	gen_into_typed(g, k, m->key, key);
	return key;
}

// --- looking up ---

void gen_lookup(struct gen *g, const struct program_map *m, struct spot key)
{
	struct bpf_map *map = gen_map(g, m);
	if (map->type == BPF_MAP_TYPE_ARRAY) {
		bpf_map_value_ref(g->b, R0, map, 0);
		return;
	}
	bpf_map_ref(g->b, R1, map);
	spot_ref(g, R2, key);
	bpf_call(g->b, BPF_FUNC_map_lookup_elem);
}

// A key is only needed where it is looked at.
static struct spot key_of(struct gen *g, struct expr *e)
{
	if (gen_map(g, e->meaning)->type == BPF_MAP_TYPE_ARRAY)
		return (struct spot) { R_FRAME, 0 };
	return gen_key(g, e);
}

void gen_map_num(struct gen *g, struct expr *e)
{
	const struct program_map *m = e->meaning;
	struct frame before = g->f;
	struct spot key = key_of(g, e);
	if (m->agg != AGG_NONE) {
		gen_agg_num(g, m, key, e->span);
	} else {
		struct bpf_label done = bpf_label_new(g->b);
		gen_lookup(g, m, key);
		bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, done);
		gen_load_typed(g, m->value, R0, 0);
		bpf_bind(g->b, done);
	}
	g->f = before;
}

void gen_map_into(struct gen *g, struct expr *e, struct spot to)
{
	const struct program_map *m = e->meaning;
	struct frame before = g->f;
	struct bpf_label none = bpf_label_new(g->b), done = bpf_label_new(g->b);
	uint64_t size = type_strip(m->value)->size;
	struct spot key = key_of(g, e);
	gen_lookup(g, m, key);
	bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
	bpf_mov(g->b, R1, R0);
	spot_copy(g, to, (struct spot) { R1, 0 }, size);
	bpf_jump(g->b, done);
	bpf_bind(g->b, none);
	spot_zero(g, to, size);
	bpf_bind(g->b, done);
	g->f = before;
}

// --- setting ---

// r0 is an update's answer.
static void check_update(struct gen *g, const struct program_map *m, struct span span,
			 struct bpf_label back)
{
	struct cold c = { .kind = COLD_UPDATE,
			  .failure = gen_failure(g, m->span, "map full", m),
			  .other_failure = gen_failure(g, span, "cannot set an entry", m),
			  .back = back };
	bpf_jump_if_imm(g->b, BPF_JSLT, R0, 0, gen_cold(g, c));
}

static void set_array(struct gen *g, struct expr *target, struct expr *value)
{
	const struct program_map *m = target->meaning;
	struct bpf_map *map = gen_map(g, m);
	struct bpf_label done = bpf_label_new(g->b);
	unsigned size = (unsigned)type_strip(m->value)->size;
	gen_num(g, value);
	struct temp v = temp_keep(g, R0);
	struct spot key = key_of(g, target);
	gen_lookup(g, m, key);
	if (map->type != BPF_MAP_TYPE_ARRAY)
		bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, done);
	temp_get(g, R1, v);
	bpf_store(g->b, size, R0, 0, R1);
	bpf_store_imm(g->b, 8, R0, (int)map->value_size - 8, 1);
	bpf_bind(g->b, done);
}

void gen_map_assign(struct gen *g, struct expr *target, struct expr *value)
{
	const struct program_map *m = target->meaning;
	struct bpf_map *map = gen_map(g, m);
	struct frame before = g->f;
	struct bpf_label done = bpf_label_new(g->b);
	if (map_is_array(map)) {
		set_array(g, target, value);
		g->f = before;
		return;
	}
	struct spot v;
	if (type_is_memory(m->value) && value->type->size == m->value->size) {
		v = gen_spot(g, value);
	} else {
		v = frame_alloc(g, (int)((m->value->size + 7) & ~7ULL));
		gen_into_typed(g, value, m->value, v);
	}
	struct spot key = gen_key(g, target);
	bpf_map_ref(g->b, R1, map);
	spot_ref(g, R2, key);
	spot_ref(g, R3, v);
	bpf_const(g->b, R4, BPF_ANY);
	bpf_call(g->b, BPF_FUNC_map_update_elem);
	check_update(g, m, target->span, done);
	bpf_bind(g->b, done);
	g->f = before;
}

void gen_lookup_or_add(struct gen *g, const struct program_map *m, struct spot key,
		       struct span span, struct bpf_label none)
{
	struct bpf_asm *b = g->b;
	struct bpf_label have = bpf_label_new(b), added = bpf_label_new(b);
	struct bpf_map *map = gen_map(g, m);
	gen_lookup(g, m, key);
	if (map->type == BPF_MAP_TYPE_ARRAY)
		return;
	if (map_is_array(map)) {
		bpf_jump_if_imm(b, BPF_JEQ, R0, 0, none);
		return;
	}
	bpf_jump_if_imm(b, BPF_JNE, R0, 0, have);
	bpf_comment(b, "a new entry");
	bpf_map_ref(b, R1, map);
	spot_ref(g, R2, key);
	bpf_map_value_ref(b, R3, zeros_map(g->u, map->value_size), 0);
	bpf_const(b, R4, BPF_NOEXIST);
	bpf_call(b, BPF_FUNC_map_update_elem);
	// Somebody else may have been first.
	bpf_jump_if_imm(b, BPF_JEQ, R0, EEXIST_CODE, added);
	check_update(g, m, span, none);
	bpf_bind(b, added);
	gen_lookup(g, m, key);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, none);
	bpf_bind(b, have);
}

static int atomic_of(enum expr_op op)
{
	switch ((int)op) {
	case OP_ADD:
	case OP_SUB:
		return BPF_ADD;
	case OP_BITAND:
		return BPF_AND;
	case OP_BITOR:
		return BPF_OR;
	case OP_BITXOR:
		return BPF_XOR;
	default:
		return -1;
	}
}

// At r4: *r4 = *r4 op r1. r0 = what was there, or what is there now.
static void change_plainly(struct gen *g, struct expr *target, enum expr_op op, struct temp v,
			   bool wants_old)
{
	const struct program_map *m = target->meaning;
	unsigned size = (unsigned)type_strip(m->value)->size;
	gen_load_typed(g, m->value, R4, 0);
	if (wants_old)
		bpf_mov(g->b, R5, R0);
	temp_get(g, R1, v);
	gen_op(g, op, target, type_is_unsigned(m->value));
	gen_extend(g, R0, m->value);
	bpf_store(g->b, size, R4, 0, R0);
	if (wants_old)
		bpf_mov(g->b, R0, R5);
}

static void change_atomically(struct gen *g, const struct program_map *m, enum expr_op op,
			      struct temp v, bool wants_old, bool is_used)
{
	unsigned size = (unsigned)type_strip(m->value)->size;
	int atomic = atomic_of(op);
	temp_get(g, R1, v);
	if (op == OP_SUB)
		bpf_neg(g->b, R1);
	if (!is_used) {
		// Old kernels have only the addition.
		bpf_atomic(g->b, size, atomic, R4, 0, R1);
		return;
	}
	if (!wants_old)
		bpf_mov(g->b, R2, R1);
	bpf_atomic(g->b, size, atomic | BPF_FETCH, R4, 0, R1);
	bpf_mov(g->b, R0, R1);
	if (!wants_old)
		bpf_alu(g->b, (uint8_t)atomic, R0, R2);
	gen_extend(g, R0, m->value);
}

static bool can_be_atomic(const struct gen *g, const struct program_map *m, enum expr_op op,
			  bool is_used)
{
	uint64_t size = type_strip(m->value)->size;
	if ((size != 4 && size != 8) || atomic_of(op) < 0)
		return false;
	return gen_has(g, BPF_FEATURE_ATOMICS) || (!is_used && atomic_of(op) == BPF_ADD);
}

void gen_map_change(struct gen *g, struct expr *target, enum expr_op op, struct expr *value,
		    bool wants_old, bool is_used)
{
	const struct program_map *m = target->meaning;
	struct bpf_map *map = gen_map(g, m);
	struct frame before = g->f;
	struct bpf_label none = bpf_label_new(g->b);
	gen_num(g, value);
	struct temp v = temp_keep(g, R0);
	struct spot key = key_of(g, target);
	gen_lookup_or_add(g, m, key, target->span, none);
	bpf_mov(g->b, R4, R0);
	if (map_is_array(map))
		bpf_store_imm(g->b, 8, R4, (int)map->value_size - 8, 1);
	if (can_be_atomic(g, m, op, is_used))
		change_atomically(g, m, op, v, wants_old, is_used);
	else
		change_plainly(g, target, op, v, wants_old);
	struct bpf_label done = bpf_label_new(g->b);
	bpf_jump(g->b, done);
	bpf_bind(g->b, none);
	bpf_const(g->b, R0, 0);
	bpf_bind(g->b, done);
	g->f = before;
}

// --- the rest ---

// r0 = whether the helper's answer is 0.
static void is_zero(struct gen *g)
{
	struct bpf_label yes = bpf_label_new(g->b);
	bpf_mov(g->b, R1, R0);
	bpf_const(g->b, R0, 1);
	bpf_jump_if_imm(g->b, BPF_JEQ, R1, 0, yes);
	bpf_const(g->b, R0, 0);
	bpf_bind(g->b, yes);
}

// Of an array, all is set to 0.
static void forget_array(struct gen *g, const struct program_map *m, struct spot key)
{
	struct bpf_map *map = gen_map(g, m);
	struct bpf_label none = bpf_label_new(g->b);
	struct temp had = temp_new(g);
	gen_lookup(g, m, key);
	if (map->type != BPF_MAP_TYPE_ARRAY)
		bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
	bpf_mov(g->b, R4, R0);
	bpf_load(g->b, 8, R0, R4, (int)map->value_size - 8);
	temp_set(g, had, R0);
	spot_zero(g, (struct spot) { R4, 0 }, map->value_size);
	temp_get(g, R0, had);
	bpf_bind(g->b, none);
}

void gen_map_delete(struct gen *g, struct expr *e)
{
	const struct program_map *m = e->meaning;
	struct bpf_map *map = gen_map(g, m);
	struct frame before = g->f;
	struct spot key = key_of(g, e);
	if (map_is_array(map)) {
		forget_array(g, m, key);
	} else {
		bpf_map_ref(g->b, R1, map);
		spot_ref(g, R2, key);
		bpf_call(g->b, BPF_FUNC_map_delete_elem);
		is_zero(g);
	}
	g->f = before;
}

void gen_map_has(struct gen *g, struct expr *e)
{
	const struct program_map *m = e->meaning;
	struct bpf_map *map = gen_map(g, m);
	struct frame before = g->f;
	struct bpf_label none = bpf_label_new(g->b);
	struct spot key = key_of(g, e);
	gen_lookup(g, m, key);
	if (map->type != BPF_MAP_TYPE_ARRAY)
		bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
	if (map_is_array(map))
		bpf_load(g->b, 8, R0, R0, (int)map->value_size - 8);
	else
		bpf_const(g->b, R0, 1);
	bpf_bind(g->b, none);
	g->f = before;
}

void gen_map_find(struct gen *g, struct expr *e, struct expr *var)
{
	const struct program_map *m = e->meaning;
	struct frame before = g->f;
	struct bpf_label none = bpf_label_new(g->b);
	struct spot key = key_of(g, e), to = var_spot(g, var);
	gen_lookup(g, m, key);
	if (gen_map(g, m)->type != BPF_MAP_TYPE_ARRAY)
		bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
	if (type_is_memory(m->value)) {
		bpf_mov(g->b, R1, R0);
		spot_copy(g, to, (struct spot) { R1, 0 }, MIN(m->value->size, var->type->size));
	} else {
		gen_load_typed(g, m->value, R0, 0);
		spot_store(g, (unsigned)type_strip(var->type)->size, to, R0);
	}
	gen_var_is_read(g, var->meaning, true);
	bpf_const(g->b, R0, 1);
	bpf_bind(g->b, none);
	g->f = before;
}

static void emit_counter(struct gen *g, const struct pending *p)
{
	bpf_func(g->b, p->start, "count");
	bpf_const(g->b, R0, 0);
	bpf_exit(g->b);
}

void gen_map_len(struct gen *g, struct expr *e)
{
	const struct program_map *m = e->meaning;
	struct bpf_map *map = gen_map(g, m);
	if (map_is_array(map)) {
		gen_map_has(g, e);
		return;
	}
	// The helper tells how many entries it came by.
	if (!gen_has(g, BPF_FEATURE_LOOP))
		gen_refuse(g, e->span, "len() of a map", "5.17");
	struct pending p = { .start = bpf_label_new(g->b), .emit = emit_counter };
	gen_later(g, p);
	bpf_map_ref(g->b, R1, map);
	bpf_func_ref(g->b, R2, p.start);
	bpf_const(g->b, R3, 0);
	bpf_const(g->b, R4, 0);
	bpf_call(g->b, BPF_FUNC_for_each_map_elem);
}
