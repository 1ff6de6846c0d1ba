// SPDX-License-Identifier: Apache-2.0
// Bytes of our own: constants, copies, comparisons, and numbers of any size.
#include "code/gen.h"

// Up to here instructions are quicker and shorter than a helper's call.
#define INLINE_BYTES 64
// Comparisons of more words than that are loops.
#define INLINE_WORDS 16
// Of which so many are looked at in a round.
#define LOOP_WORDS 16

void spot_ref(struct gen *g, uint8_t reg, struct spot s)
{
	if (reg != s.reg)
		bpf_mov(g->b, reg, s.reg);
	if (s.off)
		bpf_alu_imm(g->b, BPF_ADD, reg, s.off);
}

// Offsets of instructions have 16 bits. r5 helps out.
static struct spot reachable(struct gen *g, struct spot s)
{
	if (s.off >= INT16_MIN && s.off + 8 <= INT16_MAX)
		return s;
	spot_ref(g, R5, s);
	return (struct spot) { R5, 0 };
}

void spot_load(struct gen *g, unsigned bytes, uint8_t reg, struct spot s)
{
	s = reachable(g, s);
	bpf_load(g->b, bytes, reg, s.reg, s.off);
}

void spot_store(struct gen *g, unsigned bytes, struct spot s, uint8_t reg)
{
	s = reachable(g, s);
	bpf_store(g->b, bytes, s.reg, s.off, reg);
}

void spot_store_imm(struct gen *g, unsigned bytes, struct spot s, uint64_t v)
{
	int64_t low = bytes < 8 ? (int64_t)(v & ((1ULL << (8 * bytes)) - 1)) : (int64_t)v;
	if (bytes == 4)
		low = (int32_t)(uint32_t)v;
	s = reachable(g, s);
	if (low >= INT32_MIN && low <= INT32_MAX) {
		bpf_store_imm(g->b, bytes, s.reg, s.off, low);
	} else {
		bpf_const(g->b, R0, v);
		bpf_store(g->b, bytes, s.reg, s.off, R0);
	}
}

// The biggest unit in which off may be accessed, at most left bytes.
static unsigned unit_at(int64_t offs, uint64_t left)
{
	unsigned n = 8;
	while (n > left || (offs & (n - 1)))
		n /= 2;
	return n;
}

// What the helper does when it cannot read is what we want: zeros.
static void zero_by_helper(struct gen *g, struct spot s, uint64_t bytes)
{
	spot_ref(g, R1, s);
	bpf_const(g->b, R2, bytes);
	bpf_const(g->b, R3, 0);
	bpf_call(g->b, BPF_FUNC_probe_read_kernel);
}

void spot_zero(struct gen *g, struct spot s, uint64_t bytes)
{
	if (bytes > INLINE_BYTES) {
		zero_by_helper(g, s, bytes);
		return;
	}
	for (uint64_t i = 0; i < bytes;) {
		unsigned n = unit_at(s.off + (int64_t)i, bytes - i);
		spot_store_imm(g, n, spot_at(s, (int64_t)i), 0);
		i += n;
	}
}

void spot_copy(struct gen *g, struct spot to, struct spot from, uint64_t bytes)
{
	if (bytes == 0 || (to.reg == from.reg && to.off == from.off))
		return;
	if (bytes > INLINE_BYTES) {
		// to may be made of a register that the other one overwrites.
		if (from.reg == R1) {
			spot_ref(g, R3, from);
			spot_ref(g, R1, to);
		} else {
			spot_ref(g, R1, to);
			spot_ref(g, R3, from);
		}
		bpf_const(g->b, R2, bytes);
		bpf_call(g->b, BPF_FUNC_probe_read_kernel);
		return;
	}
	uint8_t via = from.reg == R0 || to.reg == R0 ? R1 : R0;
	for (uint64_t i = 0; i < bytes;) {
		unsigned n = unit_at((to.off + (int64_t)i) | (from.off + (int64_t)i), bytes - i);
		spot_load(g, n, via, spot_at(from, (int64_t)i));
		spot_store(g, n, spot_at(to, (int64_t)i), via);
		i += n;
	}
}

void spot_const(struct gen *g, struct spot s, struct bytes data, uint64_t bytes)
{
	uint64_t have = MIN(data.len, bytes);
	uint64_t i = 0;
	while (i < have) {
		uint64_t v = 0;
		unsigned n = unit_at(s.off + (int64_t)i, bytes - i);
		memcpy(&v, data.p + i, MIN(n, have - i));
		spot_store_imm(g, n, spot_at(s, (int64_t)i), v);
		i += n;
	}
	if (i < bytes)
		spot_zero(g, spot_at(s, (int64_t)i), bytes - i);
}

static void differ_inline(struct gen *g, struct spot a, struct spot b, uint64_t bytes,
			  struct bpf_label differ)
{
	for (uint64_t i = 0; i < bytes;) {
		unsigned n = unit_at((a.off + (int64_t)i) | (b.off + (int64_t)i), bytes - i);
		spot_load(g, n, R1, spot_at(a, (int64_t)i));
		spot_load(g, n, R2, spot_at(b, (int64_t)i));
		bpf_jump_if(g->b, BPF_JNE, R1, R2, differ);
		i += n;
	}
}

void spot_differ(struct gen *g, struct spot a, struct spot b, uint64_t bytes,
		 struct bpf_label differ)
{
	uint64_t whole = bytes & ~7ULL;
	if (whole / 8 <= INLINE_WORDS || ((a.off | b.off) & 7)) {
		differ_inline(g, a, b, bytes, differ);
		return;
	}
	// The verifier follows a loop as often as it runs; its counter is a constant each time.
	// Only so many ways out may be open at a time, so that not every word has one.
	uint64_t looped = whole & ~(uint64_t)(8 * LOOP_WORDS - 1);
	struct bpf_label again = bpf_label_new(g->b);
	bpf_const(g->b, R5, 0);
	spot_ref(g, R3, a);
	spot_ref(g, R4, b);
	bpf_bind(g->b, again);
	bpf_const(g->b, R0, 0);
	for (int i = 0; i < LOOP_WORDS; i++) {
		bpf_load(g->b, 8, R1, R3, i * 8);
		bpf_load(g->b, 8, R2, R4, i * 8);
		bpf_alu(g->b, BPF_XOR, R1, R2);
		bpf_alu(g->b, BPF_OR, R0, R1);
	}
	bpf_jump_if_imm(g->b, BPF_JNE, R0, 0, differ);
	bpf_alu_imm(g->b, BPF_ADD, R3, 8 * LOOP_WORDS);
	bpf_alu_imm(g->b, BPF_ADD, R4, 8 * LOOP_WORDS);
	bpf_alu_imm(g->b, BPF_ADD, R5, 8 * LOOP_WORDS);
	bpf_jump_if_imm(g->b, BPF_JLT, R5, (int64_t)looped, again);
	differ_inline(g, spot_at(a, (int64_t)looped), spot_at(b, (int64_t)looped), bytes - looped,
		      differ);
}

void spot_differ_const(struct gen *g, struct spot s, struct bytes data, uint64_t bytes,
		       struct bpf_label differ)
{
	for (uint64_t i = 0; i < bytes;) {
		unsigned n = unit_at(s.off + (int64_t)i, bytes - i);
		uint64_t word = 0;
		if (i < data.len)
			memcpy(&word, data.p + i, MIN(n, data.len - i));
		spot_load(g, n, R1, spot_at(s, (int64_t)i));
		bpf_const(g->b, R2, word);
		bpf_jump_if(g->b, BPF_JNE, R1, R2, differ);
		i += n;
	}
}

void spot_not_zero(struct gen *g, struct spot a, uint64_t bytes, struct bpf_label to)
{
	for (uint64_t i = 0; i < bytes;) {
		unsigned n = unit_at(a.off + (int64_t)i, bytes - i);
		spot_load(g, n, R1, spot_at(a, (int64_t)i));
		bpf_jump_if_imm(g->b, BPF_JNE, R1, 0, to);
		i += n;
	}
}

// --- numbers ---

void gen_sign_extend(struct gen *g, uint8_t reg, unsigned bits)
{
	bpf_alu_imm(g->b, BPF_LSH, reg, 64 - bits);
	bpf_alu_imm(g->b, BPF_ARSH, reg, 64 - bits);
}

void gen_extend(struct gen *g, uint8_t reg, const struct type *t)
{
	struct type *s = type_strip((struct type *)(uintptr_t)t);
	if (s->size >= 8 || s->size == 0)
		return;
	if (!type_is_unsigned(s))
		gen_sign_extend(g, reg, (unsigned)s->size * 8);
	else if (s->size == 4)
		bpf_mov32(g->b, reg, reg);
	else if (s->size < 4)
		bpf_alu_imm(g->b, BPF_AND, reg, (1 << (8 * s->size)) - 1);
}

void gen_load_typed(struct gen *g, const struct type *t, uint8_t reg, int off)
{
	struct type *s = type_strip((struct type *)(uintptr_t)t);
	unsigned size = s->size == 1 || s->size == 2 || s->size == 4 ? (unsigned)s->size : 8;
	spot_load(g, size, R0, (struct spot) { reg, off });
	if (size < 8 && !type_is_unsigned(s))
		gen_sign_extend(g, R0, size * 8);
}

bool type_is_memory(struct type *t)
{
	switch (type_strip(t)->kind) {
	case TYPE_VOID:
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_UINT:
	case TYPE_CHAR:
	case TYPE_FLOAT:
	case TYPE_PTR:
	case TYPE_ENUM:
	case TYPE_FUNC:
	case TYPE_NAMED:
	case TYPE_MAP:
	case TYPE_CHAN:
		return false;
	case TYPE_COMPLEX:
	case TYPE_ARRAY:
	case TYPE_STRUCT:
	case TYPE_UNION:
	case TYPE_STRING:
	case TYPE_SLICE:
	case TYPE_IFACE:
	case TYPE_UNKNOWN:
	case TYPE_TEXT:
	case TYPE_BUFFER:
	case TYPE_TUPLE:
	case TYPE_OPAQUE:
		return true;
	}
	return false;
}

bool type_is_unsigned(struct type *t)
{
	t = type_strip(t);
	if (t->kind == TYPE_CHAR || t->kind == TYPE_ENUM)
		return !t->is_signed;
	return t->kind != TYPE_INT;
}

bool type_is_text(struct type *t)
{
	return type_strip(t)->kind == TYPE_TEXT;
}
