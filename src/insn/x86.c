// SPDX-License-Identifier: Apache-2.0
#include "insn/x86.h"

#include <stdio.h>

static bool decode_minimal(struct bytes code, ZydisDecodedInstruction *i)
{
	ZydisDecoder decoder;

	if (code.len == 0)
		return false;
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
	return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code.p, code.len, i));
}

static bool decode_full(struct bytes code, ZydisDecodedInstruction *i,
			ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT])
{
	ZydisDecoder decoder;

	if (code.len == 0)
		return false;
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.p, code.len, i, ops));
}

static bool is_relative(const ZydisDecodedInstruction *i)
{
	return i->raw.imm[0].is_relative;
}

static enum insn_kind kind_of_legacy(const ZydisDecodedInstruction *i)
{
	bool one_byte = i->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;

	if (one_byte && (i->opcode & 0xf8) == 0x50)
		return INSN_PUSH;
	if (one_byte && ((i->opcode & 0xf0) == 0x70 || (i->opcode & 0xfc) == 0xe0))
		return INSN_JCC;
	if (i->opcode_map == ZYDIS_OPCODE_MAP_0F && (i->opcode & 0xf0) == 0x80)
		return INSN_JCC;
	return INSN_OTHER;
}

static enum insn_kind kind_of(const ZydisDecodedInstruction *i)
{
	switch ((int)i->mnemonic) {
	case ZYDIS_MNEMONIC_RET:
		return INSN_RET;
	case ZYDIS_MNEMONIC_JMP:
		return is_relative(i) ? INSN_JMP : INSN_JMP_INDIRECT;
	case ZYDIS_MNEMONIC_CALL:
		return is_relative(i) ? INSN_CALL : INSN_CALL_INDIRECT;
	case ZYDIS_MNEMONIC_NOP:
		return INSN_NOP;
	case ZYDIS_MNEMONIC_ENDBR32:
	case ZYDIS_MNEMONIC_ENDBR64:
		return INSN_ENDBR;
	case ZYDIS_MNEMONIC_INT3:
		return INSN_INT3;
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
		return INSN_TRAP;
	default:
		if (i->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY)
			return kind_of_legacy(i);
		return INSN_OTHER;
	}
}

bool x86_decode(struct bytes code, uint64_t vaddr, struct insn *out)
{
	ZydisDecodedInstruction i;

	out->len = 1;
	if (!decode_minimal(code, &i))
		return false;
	out->len = i.length;
	out->kind = kind_of(&i);
	out->cost = x86_verdict(&i).cost;
	if (out->kind == INSN_JMP || out->kind == INSN_JCC || out->kind == INSN_CALL)
		out->target = vaddr + i.length + i.raw.imm[0].value.u;
	if (i.raw.modrm.offset && i.raw.modrm.mod != 3 && i.raw.modrm.rm == 4)
		out->reads_table = i.raw.sib.index != 4 && i.raw.sib.scale >= 2;
	if (out->kind == INSN_JMP_INDIRECT) {
		// ff /4: through a register, or through the word at RIP plus a distance.
		out->is_through_register = i.raw.modrm.mod == 3;
		if (i.raw.modrm.mod == 0 && i.raw.modrm.rm == 5)
			out->slot = vaddr + i.length + (uint64_t)i.raw.disp.value;
	}
	if (out->kind == INSN_RET) // ret, rep ret
		out->is_plain_ret =
			i.opcode == 0xc3 && (i.length == 1 || (i.length == 2 && code.p[0] == 0xf3));
	if (out->kind == INSN_JCC)
		out->cc = (i.opcode & 0xfc) == 0xe0 ? INSN_CC_NONE : i.opcode & 0xf;
	return true;
}

const char *x86_refusal(struct bytes code)
{
	ZydisDecodedInstruction i;

	if (!decode_minimal(code, &i))
		return "this is no instruction";
	return x86_verdict(&i).why;
}

// Registers that hold nothing of a call when a Go or C function is entered.
static bool is_free_register(ZydisRegister largest)
{
	switch ((int)largest) {
	case ZYDIS_REGISTER_NONE:
	case ZYDIS_REGISTER_RBP:
	case ZYDIS_REGISTER_R12:
	case ZYDIS_REGISTER_R13:
	case ZYDIS_REGISTER_R15:
	case ZYDIS_REGISTER_ZMM15:
	case ZYDIS_REGISTER_RFLAGS:
	case ZYDIS_REGISTER_RIP:
		return true;
	default:
		return false;
	}
}

// Kinds of instructions whose writes Zydis lists completely as operands.
static bool is_plain(const ZydisDecodedInstruction *i)
{
	if (i->mnemonic == ZYDIS_MNEMONIC_LEA)
		return true;
	switch ((int)i->meta.category) {
	case ZYDIS_CATEGORY_BINARY:
	case ZYDIS_CATEGORY_BITBYTE:
	case ZYDIS_CATEGORY_CET: // endbr64
	case ZYDIS_CATEGORY_COND_BR:
	case ZYDIS_CATEGORY_DATAXFER:
	case ZYDIS_CATEGORY_LOGICAL:
	case ZYDIS_CATEGORY_LOGICAL_FP:
	case ZYDIS_CATEGORY_NOP:
	case ZYDIS_CATEGORY_SHIFT:
	case ZYDIS_CATEGORY_UNCOND_BR:
	case ZYDIS_CATEGORY_WIDENOP:
		return true;
	default:
		return false;
	}
}

bool x86_writes_arg_state(struct bytes code)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];

	if (!decode_full(code, &i, ops) || !is_plain(&i))
		return true;
	for (unsigned n = 0; n < i.operand_count; n++) {
		if (!(ops[n].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		// Memory: a parameter on the stack, or what one points to.
		if (ops[n].type == ZYDIS_OPERAND_TYPE_MEMORY)
			return true;
		if (ops[n].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    !is_free_register(ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
								       ops[n].reg.value)))
			return true;
	}
	return false;
}

// Zydis' numbers of the integer registers are the machine's; DWARF has an order of its own for the
// first eight.
static const uint8_t dwarf_of_gpr[8] = { 0, 2, 1, 3, 7, 6, 4, 5 };

// False if it is no integer register.
static bool dwarf_of_register(ZydisRegister r, unsigned *out)
{
	ZydisRegister reg = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);
	if (reg < ZYDIS_REGISTER_RAX || reg > ZYDIS_REGISTER_R15)
		return false;
	unsigned n = (unsigned)(reg - ZYDIS_REGISTER_RAX);
	*out = n < 8 ? dwarf_of_gpr[n] : n;
	return true;
}

bool x86_memory(struct bytes code, struct insn_mem *out)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];

	if (!decode_full(code, &i, ops))
		return false;
	for (unsigned n = 0; n < i.operand_count_visible; n++) {
		const ZydisDecodedOperand *o = &ops[n];
		unsigned base = 0;
		if (o->type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		if (o->mem.type != ZYDIS_MEMOP_TYPE_MEM || o->mem.index != ZYDIS_REGISTER_NONE)
			return false;
		*out = (struct insn_mem) {
			.size = (uint8_t)(o->size / 8),
			.is_write = o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE,
			.is_tls = o->mem.segment == ZYDIS_REGISTER_FS,
			.has_base = o->mem.base != ZYDIS_REGISTER_NONE,
			.disp = o->mem.disp.value,
		};
		if (out->has_base && !dwarf_of_register(o->mem.base, &base))
			return false;
		out->base = (uint16_t)base;
		return true;
	}
	return false;
}

bool x86_writes_register(struct bytes code, uint16_t reg)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];

	if (!decode_full(code, &i, ops) || i.meta.category == ZYDIS_CATEGORY_CALL)
		return true;
	for (unsigned n = 0; n < i.operand_count; n++) {
		unsigned to;
		if (ops[n].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ops[n].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
		    dwarf_of_register(ops[n].reg.value, &to) && to == reg)
			return true;
	}
	return false;
}

bool x86_constant(struct bytes code, uint16_t *reg, int64_t *value)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	unsigned to;

	if (!decode_full(code, &i, ops) || i.mnemonic != ZYDIS_MNEMONIC_MOV ||
	    ops[0].type != ZYDIS_OPERAND_TYPE_REGISTER || ops[0].size < 32 ||
	    ops[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
	    !dwarf_of_register(ops[0].reg.value, &to))
		return false;
	*reg = (uint16_t)to;
	// A write to 32 bits clears the rest.
	*value = ops[0].size == 32 ? (int64_t)(uint32_t)ops[1].imm.value.u : ops[1].imm.value.s;
	return true;
}

void x86_add_saved(struct bytes code, struct insn_regs *set)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];

	if (!decode_full(code, &i, ops) || i.operand_count < 2 ||
	    ops[0].type != ZYDIS_OPERAND_TYPE_MEMORY || ops[0].mem.base != ZYDIS_REGISTER_RSP ||
	    !(ops[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) ||
	    ops[1].type != ZYDIS_OPERAND_TYPE_REGISTER)
		return;
	ZydisRegister reg =
		ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, ops[1].reg.value);
	unsigned n;
	if (dwarf_of_register(reg, &n))
		set->ints |= 1U << n;
	else if (reg >= ZYDIS_REGISTER_ZMM0 && reg <= ZYDIS_REGISTER_ZMM31)
		set->vectors |= 1U << (reg - ZYDIS_REGISTER_ZMM0);
}

// Zydis says jnbe, setz and cmovnl where objdump, gdb and Go's own tools say ja, sete and cmovge.
static void usual_condition(const ZydisDecodedInstruction *i, char *text, size_t size)
{
	static const char names[16][3] = { "o", "no", "b", "ae", "e", "ne", "be", "a",
					   "s", "ns", "p", "np", "l", "ge", "le", "g" };
	const char *stem = NULL, *old = ZydisMnemonicGetString(i->mnemonic);
	unsigned group = i->opcode & 0xf0;
	char rest[160];
	char *at;

	if (i->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return;
	if (i->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT)
		stem = group == 0x70 ? "j" : NULL;
	else if (i->opcode_map == ZYDIS_OPCODE_MAP_0F)
		stem = group == 0x80 ? "j" : group == 0x90 ? "set" : group == 0x40 ? "cmov" : NULL;
	at = stem && old ? strstr(text, old) : NULL;
	if (!at)
		return;
	snprintf(rest, sizeof(rest), "%s", at + strlen(old));
	snprintf(at, size - (size_t)(at - text), "%s%s%s", stem, names[i->opcode & 0xf], rest);
}

static void set_style(ZydisFormatter *f)
{
	ZydisFormatterInit(f, ZYDIS_FORMATTER_STYLE_INTEL);
	ZydisFormatterSetProperty(f, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
	ZydisFormatterSetProperty(f, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
				  ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(f, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(f, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
}

void x86_format(struct bytes code, uint64_t vaddr, bool short_form, char *text, size_t size)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisFormatter formatter;

	snprintf(text, size, "(bad)");
	if (!decode_full(code, &i, ops))
		return;
	if (short_form && is_relative(&i)) {
		snprintf(text, size, "%s", ZydisMnemonicGetString(i.mnemonic));
		usual_condition(&i, text, size);
		return;
	}
	set_style(&formatter);
	if (ZYAN_FAILED(ZydisFormatterFormatInstruction(
		    &formatter, &i, ops, i.operand_count_visible, text, size, vaddr, NULL)))
		snprintf(text, size, "%s", ZydisMnemonicGetString(i.mnemonic));
	usual_condition(&i, text, size);
}

const char *x86_reg_name(unsigned dwarf_reg)
{
	static const char *const names[] = {
		"rax",   "rdx",   "rcx",   "rbx",   "rsi",   "rdi",   "rbp",  "rsp",  "r8",
		"r9",    "r10",   "r11",   "r12",   "r13",   "r14",   "r15",  "rip",  "xmm0",
		"xmm1",  "xmm2",  "xmm3",  "xmm4",  "xmm5",  "xmm6",  "xmm7", "xmm8", "xmm9",
		"xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st0",  "st1",  "st2",
		"st3",   "st4",   "st5",   "st6",   "st7",   "mm0",   "mm1",  "mm2",  "mm3",
		"mm4",   "mm5",   "mm6",   "mm7",   "eflags"
	};
	static const char high[][6] = { "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21",
					"xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27",
					"xmm28", "xmm29", "xmm30", "xmm31" };
	const unsigned first_high = 67;

	if (dwarf_reg < ARRAY_LEN(names))
		return names[dwarf_reg];
	if (dwarf_reg >= first_high && dwarf_reg - first_high < ARRAY_LEN(high))
		return high[dwarf_reg - first_high];
	return "?";
}
