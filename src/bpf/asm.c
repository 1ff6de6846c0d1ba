// SPDX-License-Identifier: Apache-2.0
#include "bpf/bpf.h"
#include "bpf/uapi.h"

// The kernel's limit for privileged users.
#define MAX_INSNS 1000000

// An instruction that refers to a label.
struct bpf_fixup {
	uint32_t insn;
	uint32_t label;
};

struct bpf_asm {
	struct arena *arena;
	VEC(struct bpf_insn) insns;
	VEC(uint32_t) spans; // beside insns, as comments are
	VEC(struct str) comments;
	VEC(int64_t) labels; // where each is bound, or -1
	VEC(struct bpf_fixup) fixups;
	VEC(const struct bpf_map *) maps;
	VEC(struct bpf_code_func) funcs;
	uint32_t span;
	struct str comment; // for the next instruction
	struct str failure;
};

struct bpf_asm *bpf_asm_new(struct arena *a)
{
	struct bpf_asm *b = ARENA_NEW(a, struct bpf_asm);
	b->arena = a;
	b->span = BPF_SPAN_NONE;
	VEC_PUSH(a, &b->funcs, (struct bpf_code_func) { 0, "main" });
	return b;
}

void bpf_span(struct bpf_asm *b, uint32_t span)
{
	b->span = span;
}

void bpf_comment(struct bpf_asm *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	b->comment = arena_vprintf(b->arena, fmt, ap);
	va_end(ap);
}

void bpf_fail(struct bpf_asm *b, const char *fmt, ...)
{
	if (b->failure.len)
		return;
	va_list ap;
	va_start(ap, fmt);
	struct str why = arena_vprintf(b->arena, fmt, ap);
	va_end(ap);
	b->failure = arena_printf(b->arena, "instruction %zu: %.*s", b->insns.n, STR_ARG(why));
}

uint32_t bpf_here(const struct bpf_asm *b)
{
	return (uint32_t)b->insns.n;
}

// --- labels ---

struct bpf_label bpf_label_new(struct bpf_asm *b)
{
	VEC_PUSH(b->arena, &b->labels, -1);
	return (struct bpf_label) { (uint32_t)(b->labels.n - 1) };
}

void bpf_bind(struct bpf_asm *b, struct bpf_label l)
{
	if (l.id >= b->labels.n)
		bpf_fail(b, "label %u does not exist", l.id);
	else if (b->labels.v[l.id] >= 0)
		bpf_fail(b, "label %u is bound twice", l.id);
	else
		b->labels.v[l.id] = (int64_t)b->insns.n;
}

void bpf_func(struct bpf_asm *b, struct bpf_label l, const char *name)
{
	bpf_bind(b, l);
	if (b->insns.n == 0)
		b->funcs.v[0].name = name;
	else
		VEC_PUSH(b->arena, &b->funcs,
			 (struct bpf_code_func) { (uint32_t)b->insns.n, name });
}

// --- instructions ---

// One instruction as its fields; off and imm are checked here for all of them.
static void emit(struct bpf_asm *b, uint8_t code, uint8_t dst, uint8_t src, int off, int64_t imm)
{
	if (dst > BPF_REG_10 || src > BPF_REG_10)
		bpf_fail(b, "there is no register r%u", MAX(dst, src));
	if (off < INT16_MIN || off > INT16_MAX)
		bpf_fail(b, "offset %d does not fit into 16 bits", off);
	if (imm < INT32_MIN || imm > INT32_MAX)
		bpf_fail(b, "%lld does not fit into 32 bits", (long long)imm);
	if (b->insns.n >= MAX_INSNS)
		bpf_fail(b, "a program has %u instructions at most", MAX_INSNS);
	if (b->failure.len)
		return;
	VEC_PUSH(b->arena, &b->insns,
		 (struct bpf_insn) { .code = code,
				     .dst_reg = dst & 0xfu,
				     .src_reg = src & 0xfu,
				     .off = (int16_t)off,
				     .imm = (int32_t)imm });
	VEC_PUSH(b->arena, &b->spans, b->span);
	VEC_PUSH(b->arena, &b->comments, b->comment);
	b->comment = (struct str) { 0 };
}

static void check_writable(struct bpf_asm *b, uint8_t dst)
{
	if (dst == BPF_REG_10)
		bpf_fail(b, "r10 is read-only");
}

static bool is_alu_op(uint8_t op)
{
	switch (op) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_DIV:
	case BPF_OR:
	case BPF_AND:
	case BPF_LSH:
	case BPF_RSH:
	case BPF_MOD:
	case BPF_XOR:
	case BPF_MOV:
	case BPF_ARSH:
		return true;
	default:
		return false;
	}
}

static void alu(struct bpf_asm *b, uint8_t class, uint8_t op, uint8_t dst, uint8_t src)
{
	if (!is_alu_op(op))
		bpf_fail(b, "0x%x is no arithmetic operation", op);
	check_writable(b, dst);
	emit(b, class | BPF_X | op, dst, src, 0, 0);
}

static void alu_imm(struct bpf_asm *b, uint8_t class, uint8_t op, uint8_t dst, int64_t imm)
{
	int64_t bits = class == BPF_ALU64 ? 64 : 32;
	if (!is_alu_op(op))
		bpf_fail(b, "0x%x is no arithmetic operation", op);
	if ((op == BPF_DIV || op == BPF_MOD) && imm == 0)
		bpf_fail(b, "division by the constant zero");
	if ((op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) && (imm < 0 || imm >= bits))
		bpf_fail(b, "a shift by %lld of %lld bits", (long long)imm, (long long)bits);
	check_writable(b, dst);
	emit(b, class | BPF_K | op, dst, 0, 0, imm);
}

void bpf_alu(struct bpf_asm *b, uint8_t op, uint8_t dst, uint8_t src)
{
	alu(b, BPF_ALU64, op, dst, src);
}

void bpf_alu_imm(struct bpf_asm *b, uint8_t op, uint8_t dst, int64_t imm)
{
	alu_imm(b, BPF_ALU64, op, dst, imm);
}

void bpf_alu32(struct bpf_asm *b, uint8_t op, uint8_t dst, uint8_t src)
{
	alu(b, BPF_ALU, op, dst, src);
}

// A 32-bit operand may be given as signed or as unsigned.
void bpf_alu32_imm(struct bpf_asm *b, uint8_t op, uint8_t dst, int64_t imm)
{
	alu_imm(b, BPF_ALU, op, dst, imm >= 0 && imm <= UINT32_MAX ? (int32_t)imm : imm);
}

void bpf_neg(struct bpf_asm *b, uint8_t dst)
{
	check_writable(b, dst);
	emit(b, BPF_ALU64 | BPF_NEG, dst, 0, 0, 0);
}

void bpf_neg32(struct bpf_asm *b, uint8_t dst)
{
	check_writable(b, dst);
	emit(b, BPF_ALU | BPF_NEG, dst, 0, 0, 0);
}

void bpf_mov(struct bpf_asm *b, uint8_t dst, uint8_t src)
{
	alu(b, BPF_ALU64, BPF_MOV, dst, src);
}

void bpf_mov32(struct bpf_asm *b, uint8_t dst, uint8_t src)
{
	alu(b, BPF_ALU, BPF_MOV, dst, src);
}

// Two instructions' room; the second one has the constant's upper half.
static void imm64(struct bpf_asm *b, uint8_t dst, uint8_t pseudo, uint32_t low, uint32_t high)
{
	check_writable(b, dst);
	emit(b, BPF_LD | BPF_IMM | BPF_DW, dst, pseudo, 0, (int32_t)low);
	emit(b, 0, 0, 0, 0, (int32_t)high);
}

void bpf_const(struct bpf_asm *b, uint8_t dst, uint64_t value)
{
	int64_t signed_value = (int64_t)value;
	if (signed_value >= INT32_MIN && signed_value <= INT32_MAX)
		alu_imm(b, BPF_ALU64, BPF_MOV, dst, signed_value);
	else if (value <= UINT32_MAX)
		alu_imm(b, BPF_ALU, BPF_MOV, dst, (int32_t)(uint32_t)value);
	else
		imm64(b, dst, 0, (uint32_t)value, (uint32_t)(value >> 32));
}

static void end(struct bpf_asm *b, uint8_t dst, uint8_t direction, unsigned bits)
{
	if (bits != 16 && bits != 32 && bits != 64)
		bpf_fail(b, "no byte order is known for %u bits", bits);
	check_writable(b, dst);
	emit(b, BPF_ALU | BPF_END | direction, dst, 0, 0, bits);
}

void bpf_to_be(struct bpf_asm *b, uint8_t dst, unsigned bits)
{
	end(b, dst, BPF_TO_BE, bits);
}

void bpf_to_le(struct bpf_asm *b, uint8_t dst, unsigned bits)
{
	end(b, dst, BPF_TO_LE, bits);
}

static uint8_t size_code(struct bpf_asm *b, unsigned bytes)
{
	switch (bytes) {
	case 1:
		return BPF_B;
	case 2:
		return BPF_H;
	case 4:
		return BPF_W;
	case 8:
		return BPF_DW;
	default:
		bpf_fail(b, "memory is accessed by 1, 2, 4 or 8 bytes, not %u", bytes);
		return 0;
	}
}

void bpf_load(struct bpf_asm *b, unsigned bytes, uint8_t dst, uint8_t src, int off)
{
	check_writable(b, dst);
	emit(b, BPF_LDX | BPF_MEM | size_code(b, bytes), dst, src, off, 0);
}

void bpf_store(struct bpf_asm *b, unsigned bytes, uint8_t dst, int off, uint8_t src)
{
	emit(b, BPF_STX | BPF_MEM | size_code(b, bytes), dst, src, off, 0);
}

void bpf_store_imm(struct bpf_asm *b, unsigned bytes, uint8_t dst, int off, int64_t imm)
{
	emit(b, BPF_ST | BPF_MEM | size_code(b, bytes), dst, 0, off, imm);
}

void bpf_atomic(struct bpf_asm *b, unsigned bytes, int op, uint8_t dst, int off, uint8_t src)
{
	if (bytes != 4 && bytes != 8)
		bpf_fail(b, "atomic operations are on 4 or 8 bytes, not %u", bytes);
	switch (op & ~BPF_FETCH) {
	case BPF_ADD:
	case BPF_OR:
	case BPF_AND:
	case BPF_XOR:
		break;
	default:
		if (op != BPF_XCHG && op != BPF_CMPXCHG)
			bpf_fail(b, "0x%x is no atomic operation", (unsigned)op);
	}
	emit(b, BPF_STX | BPF_ATOMIC | size_code(b, bytes), dst, src, off, op);
}

// --- jumps and calls ---

static void refer(struct bpf_asm *b, struct bpf_label to)
{
	if (to.id >= b->labels.n)
		bpf_fail(b, "label %u does not exist", to.id);
	if (!b->failure.len)
		VEC_PUSH(b->arena, &b->fixups, (struct bpf_fixup) { (uint32_t)b->insns.n, to.id });
}

static bool is_jump_op(uint8_t op)
{
	switch (op) {
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
	case BPF_JNE:
	case BPF_JSGT:
	case BPF_JSGE:
	case BPF_JLT:
	case BPF_JLE:
	case BPF_JSLT:
	case BPF_JSLE:
		return true;
	default:
		return false;
	}
}

static void jump_if(struct bpf_asm *b, uint8_t code, uint8_t dst, uint8_t src, int64_t imm,
		    struct bpf_label to)
{
	if (!is_jump_op(code & 0xf0))
		bpf_fail(b, "0x%x is no comparison", code & 0xf0u);
	refer(b, to);
	emit(b, code, dst, src, 0, imm);
}

void bpf_jump(struct bpf_asm *b, struct bpf_label to)
{
	refer(b, to);
	emit(b, BPF_JMP | BPF_JA, 0, 0, 0, 0);
}

void bpf_jump_if(struct bpf_asm *b, uint8_t op, uint8_t dst, uint8_t src, struct bpf_label to)
{
	jump_if(b, BPF_JMP | BPF_X | op, dst, src, 0, to);
}

void bpf_jump_if_imm(struct bpf_asm *b, uint8_t op, uint8_t dst, int64_t imm, struct bpf_label to)
{
	jump_if(b, BPF_JMP | BPF_K | op, dst, 0, imm, to);
}

void bpf_jump32_if(struct bpf_asm *b, uint8_t op, uint8_t dst, uint8_t src, struct bpf_label to)
{
	jump_if(b, BPF_JMP32 | BPF_X | op, dst, src, 0, to);
}

void bpf_jump32_if_imm(struct bpf_asm *b, uint8_t op, uint8_t dst, int64_t imm, struct bpf_label to)
{
	int64_t operand = imm >= 0 && imm <= UINT32_MAX ? (int32_t)imm : imm;
	jump_if(b, BPF_JMP32 | BPF_K | op, dst, 0, operand, to);
}

void bpf_may_goto(struct bpf_asm *b, struct bpf_label to)
{
	refer(b, to);
	emit(b, BPF_JMP | UAPI_JCOND, 0, 0, 0, 0);
}

static void map_ref(struct bpf_asm *b, uint8_t dst, uint8_t pseudo, const struct bpf_map *m,
		    uint32_t off)
{
	size_t i = 0;
	while (i < b->maps.n && b->maps.v[i] != m)
		i++;
	if (i == b->maps.n)
		VEC_PUSH(b->arena, &b->maps, m);
	imm64(b, dst, pseudo, (uint32_t)i, off);
}

void bpf_map_ref(struct bpf_asm *b, uint8_t dst, const struct bpf_map *m)
{
	map_ref(b, dst, BPF_PSEUDO_MAP_FD, m, 0);
}

void bpf_map_value_ref(struct bpf_asm *b, uint8_t dst, const struct bpf_map *m, uint32_t off)
{
	map_ref(b, dst, BPF_PSEUDO_MAP_VALUE, m, off);
}

void bpf_func_ref(struct bpf_asm *b, uint8_t dst, struct bpf_label func)
{
	refer(b, func);
	imm64(b, dst, BPF_PSEUDO_FUNC, 0, 0);
}

void bpf_call(struct bpf_asm *b, int helper)
{
	emit(b, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

void bpf_call_func(struct bpf_asm *b, struct bpf_label func)
{
	refer(b, func);
	emit(b, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
}

void bpf_call_kernel(struct bpf_asm *b, uint32_t btf_id)
{
	emit(b, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, btf_id);
}

void bpf_exit(struct bpf_asm *b)
{
	emit(b, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

// --- the end: labels become offsets ---

static bool is_func_start(const struct bpf_asm *b, int64_t at)
{
	for (size_t i = 0; i < b->funcs.n; i++)
		if (b->funcs.v[i].start == at)
			return true;
	return false;
}

static struct err *patch(struct bpf_asm *b, const struct bpf_fixup *f)
{
	int64_t at = f->label < b->labels.n ? b->labels.v[f->label] : -1;
	if (at < 0)
		return err_new(ERR_UNSUPPORTED, "instruction %u: label %u is never bound", f->insn,
			       f->label);
	if ((size_t)at >= b->insns.n)
		return err_new(ERR_UNSUPPORTED,
			       "instruction %u: goes to the end of the program, where nothing is",
			       f->insn);
	struct bpf_insn *insn = &b->insns.v[f->insn];
	int64_t off = at - f->insn - 1;
	bool is_call = insn->code == (BPF_JMP | BPF_CALL);
	if (is_call || insn->code == (BPF_LD | BPF_IMM | BPF_DW)) {
		if (!is_func_start(b, at))
			return err_new(ERR_UNSUPPORTED,
				       "instruction %u: no function starts at %lld", f->insn,
				       (long long)at);
		insn->imm = (int32_t)off;
		return NULL;
	}
	if (off < INT16_MIN || off > INT16_MAX)
		return err_new(ERR_UNSUPPORTED,
			       "instruction %u: a jump to %lld is too far (%d instructions)",
			       f->insn, (long long)at, INT16_MAX);
	insn->off = (int16_t)off;
	return NULL;
}

// --- code that is never reached ---

// The kernel refuses programs that have any.
struct reach {
	struct bpf_asm *b;
	bool *is_reached;
	uint32_t *label_of; // of each instruction that has one: its number + 1
	VEC(uint32_t) todo;
};

static void reach(struct reach *r, int64_t at)
{
	if (at < 0 || (size_t)at >= r->b->insns.n || r->is_reached[at])
		return;
	r->is_reached[at] = true;
	VEC_PUSH(r->b->arena, &r->todo, (uint32_t)at);
}

static bool goes_on(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code);
	if (class != BPF_JMP)
		return true;
	return BPF_OP(insn->code) != BPF_JA && BPF_OP(insn->code) != BPF_EXIT;
}

static void find_reached(struct reach *r)
{
	reach(r, 0);
	while (r->todo.n) {
		uint32_t i = r->todo.v[--r->todo.n];
		const struct bpf_insn *insn = &r->b->insns.v[i];
		if (r->label_of[i])
			reach(r, r->b->labels.v[r->label_of[i] - 1]);
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && i + 1 < r->b->insns.n) {
			r->is_reached[i + 1] = true;
			reach(r, (int64_t)i + 2);
		} else if (goes_on(insn)) {
			reach(r, (int64_t)i + 1);
		}
	}
}

// What is left moves together. A label at code that is gone is not used by what is left.
static void keep_reached(struct reach *r)
{
	struct bpf_asm *b = r->b;
	size_t n = 0, n_fixups = 0, n_funcs = 0;
	uint32_t *moved = ARENA_ARRAY(b->arena, uint32_t, b->insns.n + 1);
	for (size_t i = 0; i < b->insns.n; i++) {
		moved[i] = (uint32_t)n;
		if (!r->is_reached[i])
			continue;
		b->insns.v[n] = b->insns.v[i];
		b->spans.v[n] = b->spans.v[i];
		b->comments.v[n++] = b->comments.v[i];
	}
	moved[b->insns.n] = (uint32_t)n;
	for (size_t i = 0; i < b->fixups.n; i++) {
		struct bpf_fixup f = b->fixups.v[i];
		if (r->is_reached[f.insn])
			b->fixups.v[n_fixups++] = (struct bpf_fixup) { moved[f.insn], f.label };
	}
	for (size_t i = 0; i < b->funcs.n; i++) {
		struct bpf_code_func f = b->funcs.v[i];
		if (f.start < b->insns.n && r->is_reached[f.start])
			b->funcs.v[n_funcs++] = (struct bpf_code_func) { moved[f.start], f.name };
	}
	for (size_t i = 0; i < b->labels.n; i++)
		if (b->labels.v[i] >= 0)
			b->labels.v[i] = moved[b->labels.v[i]];
	b->insns.n = b->spans.n = b->comments.n = n;
	b->fixups.n = n_fixups;
	b->funcs.n = n_funcs;
}

void bpf_asm_drop_unreached(struct bpf_asm *b)
{
	if (b->failure.len || b->insns.n == 0)
		return;
	struct reach r = {
		.b = b,
		.is_reached = ARENA_ARRAY(b->arena, bool, b->insns.n),
		.label_of = ARENA_ARRAY(b->arena, uint32_t, b->insns.n),
	};
	for (size_t i = 0; i < b->fixups.n; i++)
		r.label_of[b->fixups.v[i].insn] = b->fixups.v[i].label + 1;
	find_reached(&r);
	keep_reached(&r);
}

struct err *bpf_asm_finish(struct bpf_asm *b, struct bpf_code *out)
{
	if (b->failure.len)
		return err_new(ERR_UNSUPPORTED, "%.*s", STR_ARG(b->failure));
	if (b->insns.n == 0)
		return err_new(ERR_UNSUPPORTED, "the program is empty");
	for (size_t i = 0; i < b->fixups.n; i++)
		TRY(patch(b, &b->fixups.v[i]));
	*out = (struct bpf_code) {
		.insns = b->insns.v,
		.n = (uint32_t)b->insns.n,
		.spans = b->spans.v,
		.comments = b->comments.v,
		.maps = b->maps.v,
		.n_maps = (uint32_t)b->maps.n,
		.funcs = b->funcs.v,
		.n_funcs = (uint32_t)b->funcs.n,
	};
	return NULL;
}
