// SPDX-License-Identifier: Apache-2.0
// Listings of programs, in the notation of the kernel's verifier.
#include <inttypes.h>

#include "bpf/bpf.h"
#include "bpf/uapi.h"

static const char *const helper_names[] = {
#define NAME(helper) [BPF_FUNC_##helper] = "bpf_" #helper
	__BPF_FUNC_MAPPER(NAME)
#undef NAME
};

const char *bpf_helper_name(int helper)
{
	bool is_known = helper > 0 && (size_t)helper < ARRAY_LEN(helper_names);
	return is_known ? helper_names[helper] : NULL;
}

static const char *alu_sign(uint8_t op)
{
	switch (op) {
	case BPF_ADD:
		return "+=";
	case BPF_SUB:
		return "-=";
	case BPF_MUL:
		return "*=";
	case BPF_DIV:
		return "/=";
	case BPF_OR:
		return "|=";
	case BPF_AND:
		return "&=";
	case BPF_LSH:
		return "<<=";
	case BPF_RSH:
		return ">>=";
	case BPF_MOD:
		return "%=";
	case BPF_XOR:
		return "^=";
	case BPF_MOV:
		return "=";
	case BPF_ARSH:
		return "s>>=";
	default:
		return "?";
	}
}

static const char *jump_sign(uint8_t op)
{
	switch (op) {
	case BPF_JEQ:
		return "==";
	case BPF_JGT:
		return ">";
	case BPF_JGE:
		return ">=";
	case BPF_JSET:
		return "&";
	case BPF_JNE:
		return "!=";
	case BPF_JSGT:
		return "s>";
	case BPF_JSGE:
		return "s>=";
	case BPF_JLT:
		return "<";
	case BPF_JLE:
		return "<=";
	case BPF_JSLT:
		return "s<";
	case BPF_JSLE:
		return "s<=";
	default:
		return "?";
	}
}

static const char *memory_type(uint8_t code)
{
	switch (code & 0x18) {
	case BPF_B:
		return "u8";
	case BPF_H:
		return "u16";
	case BPF_W:
		return "u32";
	default:
		return "u64";
	}
}

struct dump {
	const struct bpf_code *code;
	uint32_t at;
	const struct bpf_insn *insn;
	struct arena *arena;
};

static const char *func_name(const struct dump *d, int64_t start)
{
	for (uint32_t i = 0; i < d->code->n_funcs; i++)
		if (d->code->funcs[i].start == start)
			return d->code->funcs[i].name;
	return "?";
}

static const char *map_name(const struct dump *d)
{
	uint32_t i = (uint32_t)d->insn->imm;
	return i < d->code->n_maps ? d->code->maps[i]->name : "?";
}

static struct str alu_text(const struct dump *d, char reg)
{
	const struct bpf_insn *i = d->insn;
	uint8_t op = i->code & 0xf0;
	if (op == BPF_END)
		return arena_printf(d->arena, "r%u = %s%d r%u", i->dst_reg,
				    i->code & BPF_TO_BE ? "be" : "le", i->imm, i->dst_reg);
	if (op == BPF_NEG)
		return arena_printf(d->arena, "%c%u = -%c%u", reg, i->dst_reg, reg, i->dst_reg);
	if (i->code & BPF_X)
		return arena_printf(d->arena, "%c%u %s %c%u", reg, i->dst_reg, alu_sign(op), reg,
				    i->src_reg);
	return arena_printf(d->arena, "%c%u %s %d", reg, i->dst_reg, alu_sign(op), i->imm);
}

static struct str call_text(const struct dump *d)
{
	const struct bpf_insn *i = d->insn;
	if (i->src_reg == BPF_PSEUDO_CALL)
		return arena_printf(d->arena, "call %s", func_name(d, (int64_t)d->at + i->imm + 1));
	if (i->src_reg == BPF_PSEUDO_KFUNC_CALL)
		return arena_printf(d->arena, "call kernel-function#%d", i->imm);
	const char *name = bpf_helper_name(i->imm);
	return arena_printf(d->arena, "call %s#%d", name ? name : "helper", i->imm);
}

static struct str jump_text(const struct dump *d, char reg)
{
	const struct bpf_insn *i = d->insn;
	uint8_t op = i->code & 0xf0;
	int64_t to = (int64_t)d->at + i->off + 1;
	if (op == BPF_CALL)
		return call_text(d);
	if (op == BPF_EXIT)
		return STR("exit");
	if (op == BPF_JA)
		return arena_printf(d->arena, "goto %" PRId64, to);
	if (op == UAPI_JCOND)
		return arena_printf(d->arena, "may_goto %" PRId64, to);
	if (i->code & BPF_X)
		return arena_printf(d->arena, "if %c%u %s %c%u goto %" PRId64, reg, i->dst_reg,
				    jump_sign(op), reg, i->src_reg, to);
	return arena_printf(d->arena, "if %c%u %s %d goto %" PRId64, reg, i->dst_reg, jump_sign(op),
			    i->imm, to);
}

static const char *atomic_name(int op)
{
	switch (op & ~BPF_FETCH) {
	case BPF_ADD:
		return "add";
	case BPF_OR:
		return "or";
	case BPF_AND:
		return "and";
	default:
		return "xor";
	}
}

static struct str atomic_text(const struct dump *d)
{
	const struct bpf_insn *i = d->insn;
	struct str mem =
		arena_printf(d->arena, "(%s *)(r%u %+d)", memory_type(i->code), i->dst_reg, i->off);
	const char *bits = (i->code & 0x18) == BPF_DW ? "64" : "";
	if (i->imm == BPF_XCHG)
		return arena_printf(d->arena, "r%u = atomic%s_xchg(%.*s, r%u)", i->src_reg, bits,
				    STR_ARG(mem), i->src_reg);
	if (i->imm == BPF_CMPXCHG)
		return arena_printf(d->arena, "r0 = atomic%s_cmpxchg(%.*s, r0, r%u)", bits,
				    STR_ARG(mem), i->src_reg);
	if (i->imm & BPF_FETCH)
		return arena_printf(d->arena, "r%u = atomic%s_fetch_%s(%.*s, r%u)", i->src_reg,
				    bits, atomic_name(i->imm), STR_ARG(mem), i->src_reg);
	return arena_printf(d->arena, "lock *%.*s %s r%u", STR_ARG(mem), alu_sign((uint8_t)i->imm),
			    i->src_reg);
}

static struct str store_text(const struct dump *d)
{
	const struct bpf_insn *i = d->insn;
	if ((i->code & 0x07) == BPF_ST)
		return arena_printf(d->arena, "*(%s *)(r%u %+d) = %d", memory_type(i->code),
				    i->dst_reg, i->off, i->imm);
	if ((i->code & 0xe0) == BPF_ATOMIC)
		return atomic_text(d);
	return arena_printf(d->arena, "*(%s *)(r%u %+d) = r%u", memory_type(i->code), i->dst_reg,
			    i->off, i->src_reg);
}

static struct str imm64_text(const struct dump *d)
{
	const struct bpf_insn *i = d->insn;
	if (i->code != (BPF_LD | BPF_IMM | BPF_DW) || d->at + 1 >= d->code->n)
		return arena_printf(d->arena, "(%02x)", i->code);
	uint32_t high = (uint32_t)i[1].imm;
	switch (i->src_reg) {
	case BPF_PSEUDO_MAP_FD:
		return arena_printf(d->arena, "r%u = map[%s]", i->dst_reg, map_name(d));
	case BPF_PSEUDO_MAP_VALUE:
		return arena_printf(d->arena, "r%u = map_value[%s] +%u", i->dst_reg, map_name(d),
				    high);
	case BPF_PSEUDO_FUNC:
		return arena_printf(d->arena, "r%u = func[%s]", i->dst_reg,
				    func_name(d, (int64_t)d->at + i->imm + 1));
	default:
		return arena_printf(d->arena, "r%u = 0x%" PRIx64, i->dst_reg,
				    (uint64_t)high << 32 | (uint32_t)i->imm);
	}
}

static struct str insn_text(const struct dump *d)
{
	const struct bpf_insn *i = d->insn;
	switch (i->code & 0x07) {
	case BPF_ALU64:
		return alu_text(d, 'r');
	case BPF_ALU:
		return alu_text(d, 'w');
	case BPF_JMP:
		return jump_text(d, 'r');
	case BPF_JMP32:
		return jump_text(d, 'w');
	case BPF_LDX:
		return arena_printf(d->arena, "r%u = *(%s *)(r%u %+d)", i->dst_reg,
				    memory_type(i->code), i->src_reg, i->off);
	case BPF_ST:
	case BPF_STX:
		return store_text(d);
	default:
		return imm64_text(d);
	}
}

struct str bpf_code_text(const struct bpf_code *c, uint32_t index, struct arena *a)
{
	if (index >= c->n)
		return STR("?");
	return insn_text(&(struct dump) { c, index, &c->insns[index], a });
}

void bpf_code_print(const struct bpf_code *c, FILE *out)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	uint32_t next_func = 0;
	for (uint32_t i = 0; i < c->n; i++) {
		if (next_func < c->n_funcs && c->funcs[next_func].start == i) {
			if (c->n_funcs > 1)
				fprintf(out, "%s:\n", c->funcs[next_func].name);
			next_func++;
		}
		struct str text = bpf_code_text(c, i, a);
		struct str comment = c->comments[i];
		if (comment.len)
			fprintf(out, "%5u: %-44.*s ; %.*s\n", i, STR_ARG(text), STR_ARG(comment));
		else
			fprintf(out, "%5u: %.*s\n", i, STR_ARG(text));
		// The second half of a 64-bit constant is no instruction.
		if (c->insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
	}
}
