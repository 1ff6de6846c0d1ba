// SPDX-License-Identifier: Apache-2.0
// Numbers, booleans and pointers: computed into r0.
#include "code/gen.h"

bool expr_is_const(const struct expr *e, uint64_t *out)
{
	if (e->kind != EXPR_INT && e->kind != EXPR_BOOL)
		return false;
	*out = e->num.value;
	return true;
}

static bool fits_imm(uint64_t v)
{
	return (int64_t)v >= INT32_MIN && (int64_t)v <= INT32_MAX;
}

// --- arithmetic ---

// r0 = r0 op r1, unsigned. What bpftrace's users see for a division by zero is 1.
static void divide(struct gen *g, enum expr_op op, const struct expr *e, bool is_unsigned)
{
	struct bpf_asm *b = g->b;
	struct bpf_label by_zero = bpf_label_new(b), done = bpf_label_new(b);
	struct bpf_label positive = bpf_label_new(b), also = bpf_label_new(b);
	bpf_jump_if_imm(b, BPF_JEQ, R1, 0, by_zero);
	if (is_unsigned) {
		bpf_alu(b, op == OP_DIV ? BPF_DIV : BPF_MOD, R0, R1);
	} else {
		// r3: the result's sign is the dividend's for %, that of both for /. Only since
		// Linux 6.6 there is a signed division.
		struct bpf_label plus = bpf_label_new(b);
		bpf_mov(b, R3, R0);
		if (op == OP_DIV)
			bpf_alu(b, BPF_XOR, R3, R1);
		bpf_jump_if_imm(b, BPF_JSGE, R0, 0, positive);
		bpf_neg(b, R0);
		bpf_bind(b, positive);
		bpf_jump_if_imm(b, BPF_JSGE, R1, 0, also);
		bpf_neg(b, R1);
		bpf_bind(b, also);
		bpf_alu(b, op == OP_DIV ? BPF_DIV : BPF_MOD, R0, R1);
		bpf_jump_if_imm(b, BPF_JSGE, R3, 0, plus);
		bpf_neg(b, R0);
		bpf_bind(b, plus);
	}
	bpf_jump(b, done);
	bpf_bind(b, by_zero);
	gen_count_failure(g, e->span, "division by zero", NULL);
	bpf_const(b, R0, 1);
	bpf_bind(b, done);
}

static int alu_of(enum expr_op op, bool is_unsigned)
{
	switch ((int)op) {
	case OP_ADD:
		return BPF_ADD;
	case OP_SUB:
		return BPF_SUB;
	case OP_MUL:
		return BPF_MUL;
	case OP_BITAND:
		return BPF_AND;
	case OP_BITOR:
		return BPF_OR;
	case OP_BITXOR:
		return BPF_XOR;
	case OP_SHL:
		return BPF_LSH;
	case OP_SHR:
		return is_unsigned ? BPF_RSH : BPF_ARSH;
	default:
		return -1;
	}
}

void gen_op(struct gen *g, enum expr_op op, const struct expr *e, bool is_unsigned)
{
	if (op == OP_DIV || op == OP_MOD) {
		divide(g, op, e, is_unsigned);
		return;
	}
	// The machine looks at the low six bits of a shift's count; old verifiers want to see it.
	if (op == OP_SHL || op == OP_SHR)
		bpf_alu_imm(g->b, BPF_AND, R1, 63);
	bpf_alu(g->b, (uint8_t)alu_of(op, is_unsigned), R0, R1);
}

// The same by a constant that is greater than 0.
static void divide_imm(struct gen *g, enum expr_op op, bool is_unsigned, int64_t v)
{
	struct bpf_asm *b = g->b;
	uint8_t alu = op == OP_DIV ? BPF_DIV : BPF_MOD;
	if (is_unsigned) {
		bpf_alu_imm(b, alu, R0, v);
		return;
	}
	struct bpf_label minus = bpf_label_new(b), done = bpf_label_new(b);
	bpf_jump_if_imm(b, BPF_JSLT, R0, 0, minus);
	bpf_alu_imm(b, alu, R0, v);
	bpf_jump(b, done);
	bpf_bind(b, minus);
	bpf_neg(b, R0);
	bpf_alu_imm(b, alu, R0, v);
	bpf_neg(b, R0);
	bpf_bind(b, done);
}

bool gen_op_imm(struct gen *g, enum expr_op op, bool is_unsigned, uint64_t v)
{
	if (op == OP_SHL || op == OP_SHR)
		v &= 63;
	if (!fits_imm(v))
		return false;
	if (op == OP_DIV || op == OP_MOD) {
		if ((int64_t)v > 0)
			divide_imm(g, op, is_unsigned, (int64_t)v);
		return (int64_t)v > 0;
	}
	bpf_alu_imm(g->b, (uint8_t)alu_of(op, is_unsigned), R0, (int64_t)v);
	return true;
}

// r0 = left, r1 = right.
static void both(struct gen *g, struct expr *left, struct expr *right)
{
	struct frame before = g->f;
	uint64_t v;
	gen_num(g, left);
	if (expr_is_const(right, &v)) {
		bpf_const(g->b, R1, v);
		return;
	}
	struct temp kept = temp_keep(g, R0);
	gen_num(g, right);
	bpf_mov(g->b, R1, R0);
	temp_get(g, R0, kept);
	g->f = before;
}

static void arithmetic(struct gen *g, struct expr *e)
{
	bool is_unsigned = type_is_unsigned(e->type);
	uint64_t v;
	if (expr_is_const(e->binary.right, &v)) {
		gen_num(g, e->binary.left);
		if (!gen_op_imm(g, e->op, is_unsigned, v)) {
			bpf_const(g->b, R1, v);
			gen_op(g, e->op, e, is_unsigned);
		}
	} else {
		both(g, e->binary.left, e->binary.right);
		gen_op(g, e->op, e, is_unsigned);
	}
	gen_extend(g, R0, e->type);
}

// --- conditions ---

static bool is_comparison(enum expr_op op)
{
	return op >= OP_LT && op <= OP_NE;
}

static uint8_t jump_of(enum expr_op op, bool is_unsigned)
{
	switch ((int)op) {
	case OP_LT:
		return is_unsigned ? BPF_JLT : BPF_JSLT;
	case OP_GT:
		return is_unsigned ? BPF_JGT : BPF_JSGT;
	case OP_LE:
		return is_unsigned ? BPF_JLE : BPF_JSLE;
	case OP_GE:
		return is_unsigned ? BPF_JGE : BPF_JSGE;
	case OP_EQ:
		return BPF_JEQ;
	default:
		return BPF_JNE;
	}
}

static enum expr_op negated(enum expr_op op)
{
	switch ((int)op) {
	case OP_LT:
		return OP_GE;
	case OP_GT:
		return OP_LE;
	case OP_LE:
		return OP_GT;
	case OP_GE:
		return OP_LT;
	case OP_EQ:
		return OP_NE;
	default:
		return OP_EQ;
	}
}

uint8_t gen_jump_of(enum expr_op op, bool when, bool is_unsigned)
{
	return jump_of(when ? op : negated(op), is_unsigned);
}

static bool is_real(struct type *t)
{
	t = type_strip(t);
	return t->kind == TYPE_FLOAT || t->kind == TYPE_COMPLEX;
}

static void compare_jump(struct gen *g, struct expr *e, bool when, struct bpf_label to)
{
	struct expr *left = e->binary.left, *right = e->binary.right;
	enum expr_op op = when ? e->op : negated(e->op);
	uint64_t v;
	if (is_real(left->type)) {
		gen_real_jump(g, e, when, to);
		return;
	}
	if (type_is_go_bytes(left->type) || type_is_go_bytes(right->type)) {
		gen_go_jump(g, left, right, op == OP_EQ, to);
		return;
	}
	if (type_is_text(left->type)) {
		gen_text_jump(g, left, right, UINT64_MAX, op == OP_EQ, to);
		return;
	}
	if (type_is_memory(left->type)) {
		struct frame before = g->f;
		struct bpf_label differ = op == OP_NE ? to : bpf_label_new(g->b);
		struct spot a = gen_spot(g, left), c = gen_spot(g, right);
		spot_differ(g, a, c, left->type->size, differ);
		if (op == OP_EQ) {
			bpf_jump(g->b, to);
			bpf_bind(g->b, differ);
		}
		g->f = before;
		return;
	}
	uint8_t jump = jump_of(op, type_is_unsigned(left->type));
	if (expr_is_const(right, &v) && fits_imm(v)) {
		gen_num(g, left);
		bpf_jump_if_imm(g->b, jump, R0, (int64_t)v, to);
		return;
	}
	both(g, left, right);
	bpf_jump_if(g->b, jump, R0, R1, to);
}

static void jump(struct gen *g, struct expr *e, bool when, struct bpf_label to)
{
	uint64_t v;
	if (expr_is_const(e, &v)) {
		if ((v != 0) == when)
			bpf_jump(g->b, to);
	} else if (e->kind == EXPR_UNARY && e->op == OP_NOT) {
		gen_jump(g, e->unary, !when, to);
	} else if (e->kind == EXPR_BINARY && (e->op == OP_AND || e->op == OP_OR)) {
		// One side decides alone, or both do.
		if ((e->op == OP_OR) == when) {
			gen_jump(g, e->binary.left, when, to);
			gen_jump(g, e->binary.right, when, to);
		} else {
			struct bpf_label stays = bpf_label_new(g->b);
			gen_jump(g, e->binary.left, !when, stays);
			gen_jump(g, e->binary.right, when, to);
			bpf_bind(g->b, stays);
		}
	} else if (e->kind == EXPR_BINARY && is_comparison(e->op)) {
		compare_jump(g, e, when, to);
	} else {
		gen_num(g, e);
		bpf_jump_if_imm(g->b, when ? BPF_JNE : BPF_JEQ, R0, 0, to);
	}
}

void gen_jump(struct gen *g, struct expr *e, bool when, struct bpf_label to)
{
	const struct on_fail outer = g->on_fail;
	g->on_fail.is_hushed = false;
	g->on_fail.is_decided = true;
	jump(g, e, when, to);
	g->on_fail = outer;
}

// r0 = whether it is true.
static void truth(struct gen *g, struct expr *e)
{
	struct bpf_label no = bpf_label_new(g->b), done = bpf_label_new(g->b);
	gen_jump(g, e, false, no);
	bpf_const(g->b, R0, 1);
	bpf_jump(g->b, done);
	bpf_bind(g->b, no);
	bpf_const(g->b, R0, 0);
	bpf_bind(g->b, done);
}

// --- casts ---

static void cast_from_memory(struct gen *g, struct expr *e)
{
	struct frame before = g->f;
	uint64_t size = e->cast.value->type->size;
	struct spot from = gen_spot(g, e->cast.value);
	struct spot slot = frame_alloc(g, 8);
	if (size < 8) {
		spot_store_imm(g, 8, slot, 0);
		spot_copy(g, slot, from, size);
		from = slot;
	}
	if (from.off & 7) {
		spot_copy(g, slot, from, 8);
		from = slot;
	}
	spot_load(g, 8, R0, from);
	g->f = before;
}

static void cast_num(struct gen *g, struct expr *e)
{
	if (type_strip(e->type)->kind == TYPE_BOOL && !type_is_memory(e->cast.value->type)) {
		truth(g, e->cast.value);
		return;
	}
	if (is_real(e->cast.value->type) && !is_real(e->type))
		gen_real_whole(g, e);
	else if (type_is_memory(e->cast.value->type))
		cast_from_memory(g, e);
	else
		gen_num(g, e->cast.value);
	gen_extend(g, R0, e->type);
}

// --- ++ and -- ---

static void inc_var(struct gen *g, struct expr *e, int64_t by)
{
	struct spot s = var_spot(g, e->inc.target);
	struct type *t = e->inc.target->type;
	gen_use_var(g, e->inc.target->meaning);
	gen_load_typed(g, t, s.reg, s.off);
	bpf_mov(g->b, R1, R0);
	bpf_alu_imm(g->b, BPF_ADD, R1, by);
	gen_extend(g, R1, t);
	spot_store(g, (unsigned)type_strip(t)->size, s, R1);
	if (e->inc.is_prefix)
		bpf_mov(g->b, R0, R1);
}

static void inc(struct gen *g, struct expr *e, bool is_used)
{
	struct type *t = type_strip(e->inc.target->type);
	int64_t by = 1;
	if (t->kind == TYPE_PTR && t->elem && t->elem->size && t->elem->size < INT32_MAX)
		by = (int64_t)t->elem->size;
	if (e->inc.target->kind == EXPR_VAR) {
		inc_var(g, e, e->inc.is_decrement ? -by : by);
		return;
	}
	struct expr one = { .kind = EXPR_INT, .span = e->span, .type = e->inc.target->type };
	one.num.value = (uint64_t)by;
	gen_map_change(g, e->inc.target, e->inc.is_decrement ? OP_SUB : OP_ADD, &one,
		       !e->inc.is_prefix, is_used);
}

// --- all ---

static void unary_num(struct gen *g, struct expr *e)
{
	switch ((int)e->op) {
	case OP_NOT:
		truth(g, e);
		return;
	case OP_DEREF:
		gen_member_num(g, e);
		return;
	case OP_NEG:
		gen_num(g, e->unary);
		bpf_neg(g->b, R0);
		break;
	case OP_BITNOT:
		gen_num(g, e->unary);
		bpf_alu_imm(g->b, BPF_XOR, R0, -1);
		break;
	default:
		bpf_const(g->b, R0, 0);
		break;
	}
	gen_extend(g, R0, e->type);
}

static void cond_num(struct gen *g, struct expr *e)
{
	struct bpf_label other = bpf_label_new(g->b), done = bpf_label_new(g->b);
	if (e->cond.then) {
		gen_jump(g, e->cond.cond, false, other);
		gen_num(g, e->cond.then);
		bpf_jump(g->b, done);
		bpf_bind(g->b, other);
	} else {
		gen_num(g, e->cond.cond);
		bpf_jump_if_imm(g->b, BPF_JNE, R0, 0, done);
		bpf_bind(g->b, other);
	}
	gen_num(g, e->cond.other);
	bpf_bind(g->b, done);
}

static void block_num(struct gen *g, const struct block *b)
{
	struct frame before = g->f;
	gen_block(g, b);
	if (b->value)
		gen_num(g, b->value);
	else
		bpf_const(g->b, R0, 0);
	g->f = before;
}

static void if_num(struct gen *g, struct expr *e)
{
	struct bpf_label other = bpf_label_new(g->b), done = bpf_label_new(g->b);
	gen_jump(g, e->if_else.cond, false, other);
	block_num(g, e->if_else.then);
	bpf_jump(g->b, done);
	bpf_bind(g->b, other);
	block_num(g, e->if_else.other);
	bpf_bind(g->b, done);
}

static void name_num(struct gen *g, struct expr *e)
{
	const struct builtin_use *u = expr_builtin(e);
	if (u)
		gen_builtin_num(g, e, u);
	else
		gen_call_num(g, e);
}

static void num(struct gen *g, struct expr *e)
{
	uint64_t v;
	if (expr_is_const(e, &v)) {
		bpf_const(g->b, R0, v);
		return;
	}
	switch ((int)e->kind) {
	case EXPR_NAME:
	case EXPR_CALL:
		name_num(g, e);
		break;
	case EXPR_VAR:
	case EXPR_MEMBER:
	case EXPR_INDEX:
		gen_member_num(g, e);
		break;
	case EXPR_MAP:
		gen_map_num(g, e);
		break;
	case EXPR_UNARY:
		unary_num(g, e);
		break;
	case EXPR_BINARY:
		if (is_comparison(e->op) || e->op == OP_AND || e->op == OP_OR)
			truth(g, e);
		else
			arithmetic(g, e);
		break;
	case EXPR_INC:
		inc(g, e, true);
		break;
	case EXPR_COND:
		cond_num(g, e);
		break;
	case EXPR_CAST:
		cast_num(g, e);
		break;
	case EXPR_IF:
		if_num(g, e);
		break;
	case EXPR_BLOCK:
		block_num(g, e->block);
		break;
	default:
		// Nothing else has a number as its value.
		bpf_const(g->b, R0, 0);
		break;
	}
}

void gen_num(struct gen *g, struct expr *e)
{
	struct frame before = g->f;
	const struct on_fail outer = g->on_fail;
	uint32_t at = gen_at(g, e->span);
	g->on_fail.is_decided = true;
	num(g, e);
	g->on_fail = outer;
	gen_at_again(g, at);
	g->f = before;
}

// An if or a block whose value nobody wants, or what is done for its effect.
void gen_effect(struct gen *g, struct expr *e)
{
	struct frame before = g->f;
	if (e->kind == EXPR_IF) {
		struct bpf_label other = bpf_label_new(g->b), done = bpf_label_new(g->b);
		gen_jump(g, e->if_else.cond, false, other);
		gen_block(g, e->if_else.then);
		if (e->if_else.then->value)
			gen_effect(g, e->if_else.then->value);
		if (e->if_else.other)
			bpf_jump(g->b, done);
		bpf_bind(g->b, other);
		if (e->if_else.other) {
			gen_block(g, e->if_else.other);
			if (e->if_else.other->value)
				gen_effect(g, e->if_else.other->value);
		}
		bpf_bind(g->b, done);
	} else if (e->kind == EXPR_BLOCK) {
		gen_block(g, e->block);
		if (e->block->value)
			gen_effect(g, e->block->value);
	} else if (e->kind == EXPR_COND && e->cond.then) {
		struct bpf_label other = bpf_label_new(g->b), done = bpf_label_new(g->b);
		gen_jump(g, e->cond.cond, false, other);
		gen_effect(g, e->cond.then);
		bpf_jump(g->b, done);
		bpf_bind(g->b, other);
		gen_effect(g, e->cond.other);
		bpf_bind(g->b, done);
	} else if (e->kind == EXPR_INC) {
		inc(g, e, false);
	} else if (e->type && type_is_memory(e->type)) {
		gen_spot(g, e);
	} else {
		gen_num(g, e);
	}
	g->f = before;
}
