// SPDX-License-Identifier: Apache-2.0
// Floating point numbers, of which BPF knows nothing: their bits, compared and made whole by hand.
// IEEE 754: a sign, an exponent with a bias, and a fraction whose first 1 is left out.
#include "code/gen.h"

struct layout_of_real {
	unsigned fraction; // bits
	unsigned exponents;
	unsigned bias;
	uint64_t infinity; // as the bits of a word; what is more than that is NaN
};

static const struct layout_of_real *layout_of(uint64_t size)
{
	static const struct layout_of_real single = { 23, 0xff, 127, 0x7f800000ull << 32 };
	static const struct layout_of_real twice = { 52, 0x7ff, 1023, 0x7ffull << 52 };
	return size == 4 ? &single : &twice;
}

// --- comparing ---

// reg = an integer with the order of the number whose bits are in it; goes to nan if it has none.
// Both zeros are 0. r2 and r3 are lost.
static void order(struct gen *g, uint8_t reg, uint64_t size, struct bpf_label nan)
{
	struct bpf_asm *b = g->b;
	struct bpf_label plus = bpf_label_new(b);
	if (size == 4)
		bpf_alu_imm(b, BPF_LSH, reg, 32);
	bpf_mov(b, R2, reg);
	bpf_alu_imm(b, BPF_LSH, R2, 1);
	bpf_alu_imm(b, BPF_RSH, R2, 1);
	bpf_const(b, R3, layout_of(size)->infinity);
	bpf_jump_if(b, BPF_JGT, R2, R3, nan);
	bpf_jump_if_imm(b, BPF_JSGE, reg, 0, plus);
	bpf_neg(b, R2);
	bpf_bind(b, plus);
	bpf_mov(b, reg, R2);
}

static void both(struct gen *g, struct expr *left, struct expr *right)
{
	struct frame before = g->f;
	gen_num(g, left);
	struct temp kept = temp_keep(g, R0);
	gen_num(g, right);
	bpf_mov(g->b, R1, R0);
	temp_get(g, R0, kept);
	g->f = before;
}

static void jump_if_same(struct gen *g, struct expr *left, struct expr *right, bool when_same,
			 struct bpf_label to)
{
	uint64_t size = type_strip(left->type)->size, half = size / 2;
	struct frame before = g->f;
	struct bpf_label differ = when_same ? bpf_label_new(g->b) : to;
	struct spot a = gen_spot(g, left), c = gen_spot(g, right);
	for (uint64_t off = 0; off < size; off += half) {
		spot_load(g, (unsigned)half, R0, spot_at(a, (int64_t)off));
		spot_load(g, (unsigned)half, R1, spot_at(c, (int64_t)off));
		order(g, R0, half, differ);
		order(g, R1, half, differ);
		bpf_jump_if(g->b, BPF_JNE, R0, R1, differ);
	}
	if (when_same) {
		bpf_jump(g->b, to);
		bpf_bind(g->b, differ);
	}
	g->f = before;
}

void gen_real_jump(struct gen *g, struct expr *e, bool when, struct bpf_label to)
{
	struct bpf_asm *b = g->b;
	struct expr *left = e->binary.left, *right = e->binary.right;
	if (type_is_memory(left->type)) {
		jump_if_same(g, left, right, (e->op == OP_EQ) == when, to);
		return;
	}
	uint64_t size = type_strip(left->type)->size;
	struct bpf_label nan = bpf_label_new(b), done = bpf_label_new(b);
	both(g, left, right);
	order(g, R0, size, nan);
	order(g, R1, size, nan);
	bpf_jump_if(b, gen_jump_of(e->op, when, false), R0, R1, to);
	// NaN is not equal to anything, and in no order with it.
	if ((e->op == OP_NE) == when) {
		bpf_jump(b, done);
		bpf_bind(b, nan);
		bpf_jump(b, to);
		bpf_bind(b, done);
	} else {
		bpf_bind(b, nan);
	}
}

// --- made whole ---

// r0 = the largest number of the type, or the smallest if r2 is not 0.
static void saturate(struct gen *g, bool is_signed)
{
	struct bpf_label plus = bpf_label_new(g->b);
	bpf_const(g->b, R0, is_signed ? INT64_MAX : UINT64_MAX);
	bpf_jump_if_imm(g->b, BPF_JEQ, R2, 0, plus);
	bpf_const(g->b, R0, is_signed ? (uint64_t)INT64_MIN : 0);
	bpf_bind(g->b, plus);
}

// Into what a smaller type can hold.
static void clamp(struct gen *g, bool is_signed, uint64_t size)
{
	struct bpf_asm *b = g->b;
	struct bpf_label low = bpf_label_new(b), done = bpf_label_new(b);
	if (size >= 8)
		return;
	uint64_t most = UINT64_MAX >> (64 - 8 * size + (is_signed ? 1 : 0));
	bpf_const(b, R1, most);
	bpf_jump_if(b, is_signed ? BPF_JSLE : BPF_JLE, R0, R1, low);
	bpf_mov(b, R0, R1);
	bpf_bind(b, low);
	if (!is_signed)
		return;
	bpf_const(b, R1, -most - 1);
	bpf_jump_if(b, BPF_JSGE, R0, R1, done);
	bpf_mov(b, R0, R1);
	bpf_bind(b, done);
}

// r0 = 1.fraction, moved by the exponent in r1.
static void shift(struct gen *g, const struct layout_of_real *l)
{
	struct bpf_asm *b = g->b;
	struct bpf_label left = bpf_label_new(b), done = bpf_label_new(b);
	bpf_const(b, R3, 1ull << l->fraction);
	bpf_alu(b, BPF_OR, R0, R3);
	bpf_alu_imm(b, BPF_SUB, R1, (int64_t)(l->bias + l->fraction));
	bpf_jump_if_imm(b, BPF_JSGE, R1, 0, left);
	bpf_neg(b, R1);
	bpf_alu_imm(b, BPF_AND, R1, 63);
	bpf_alu(b, BPF_RSH, R0, R1);
	bpf_jump(b, done);
	bpf_bind(b, left);
	bpf_alu_imm(b, BPF_AND, R1, 63);
	bpf_alu(b, BPF_LSH, R0, R1);
	bpf_bind(b, done);
}

void gen_real_whole(struct gen *g, struct expr *cast)
{
	struct bpf_asm *b = g->b;
	struct type *from = type_strip(cast->cast.value->type), *to = type_strip(cast->type);
	const struct layout_of_real *l = layout_of(from->size);
	bool is_signed = !type_is_unsigned(to);
	struct bpf_label zero = bpf_label_new(b), large = bpf_label_new(b), done = bpf_label_new(b),
			 minus = bpf_label_new(b), ready = bpf_label_new(b);
	gen_num(g, cast->cast.value);
	bpf_mov(b, R2, R0);
	bpf_alu_imm(b, BPF_RSH, R2, (int64_t)from->size * 8 - 1);
	bpf_mov(b, R1, R0);
	bpf_alu_imm(b, BPF_RSH, R1, l->fraction);
	bpf_alu_imm(b, BPF_AND, R1, l->exponents);
	bpf_alu_imm(b, BPF_LSH, R0, 64 - l->fraction);
	bpf_alu_imm(b, BPF_RSH, R0, 64 - l->fraction);
	bpf_jump_if_imm(b, BPF_JLT, R1, l->bias, zero);
	bpf_jump_if_imm(b, BPF_JGE, R1, l->bias + (is_signed ? 63 : 64), large);
	shift(g, l);
	bpf_jump_if_imm(b, BPF_JNE, R2, 0, minus);
	bpf_jump(b, ready);
	bpf_bind(b, large);
	// NaN: there is a fraction.
	struct bpf_label number = bpf_label_new(b);
	bpf_jump_if_imm(b, BPF_JNE, R1, l->exponents, number);
	bpf_jump_if_imm(b, BPF_JNE, R0, 0, zero);
	bpf_bind(b, number);
	saturate(g, is_signed);
	bpf_jump(b, ready);
	bpf_bind(b, minus);
	if (is_signed)
		bpf_neg(b, R0);
	else
		bpf_const(b, R0, 0);
	bpf_bind(b, ready);
	clamp(g, is_signed, to->size);
	bpf_jump(b, done);
	bpf_bind(b, zero);
	bpf_const(b, R0, 0);
	bpf_bind(b, done);
}
