// SPDX-License-Identifier: Apache-2.0
#include "insn/arm64.h"

bool arm64_word(struct bytes code, uint32_t *out)
{
	if (code.len < 4)
		return false;
	*out = code.p[0] | (uint32_t)code.p[1] << 8 | (uint32_t)code.p[2] << 16 |
	       (uint32_t)code.p[3] << 24;
	return true;
}

struct pattern {
	uint32_t mask;
	uint32_t value;
	enum insn_kind kind;
};

static const struct pattern patterns[] = {
	{ 0xfffffc1f, 0xd65f0000, INSN_RET },          // ret
	{ 0xfffffbff, 0xd65f0bff, INSN_RET },          // retaa, retab
	{ 0xfc000000, 0x14000000, INSN_JMP },          // b
	{ 0xfc000000, 0x94000000, INSN_CALL },         // bl
	{ 0xff000000, 0x54000000, INSN_JCC },          // b.cond, bc.cond
	{ 0x7e000000, 0x34000000, INSN_JCC },          // cbz, cbnz
	{ 0x7e000000, 0x36000000, INSN_JCC },          // tbz, tbnz
	{ 0xfffffc1f, 0xd61f0000, INSN_JMP_INDIRECT }, // br
	{ 0xfefff800, 0xd61f0800, INSN_JMP_INDIRECT }, // braa, brab and those with zero
	{ 0xfffffc1f, 0xd63f0000, INSN_CALL_INDIRECT },
	{ 0xfefff800, 0xd63f0800, INSN_CALL_INDIRECT },
	{ 0xffffff3f, 0xd503241f, INSN_ENDBR }, // bti
	{ 0xffffffbf, 0xd503233f, INSN_ENDBR }, // paciasp, pacibsp: landing pads too
	{ 0xffffffff, 0xd503201f, INSN_NOP },
	{ 0xffe0001f, 0xd4200000, INSN_INT3 }, // brk
	{ 0xffe0001f, 0xd4400000, INSN_TRAP }, // hlt
	{ 0xffff0000, 0x00000000, INSN_TRAP }, // udf
};

enum insn_kind arm64_kind(uint32_t word)
{
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		if ((word & patterns[i].mask) == patterns[i].value)
			return patterns[i].kind;
	}
	return INSN_OTHER;
}

uint64_t arm64_target(uint32_t word, uint64_t vaddr)
{
	int64_t off;

	if ((word & 0x7c000000) == 0x14000000) // b, bl
		off = arm64_signed(word, 0, 26, 4);
	else if ((word & 0x7e000000) == 0x36000000) // tbz, tbnz
		off = arm64_signed(word, 5, 14, 4);
	else
		off = arm64_signed(word, 5, 19, 4);
	return vaddr + (uint64_t)off;
}

// The hints that arm64's aarch64_insn_is_steppable_hint (Linux 5.10 to 6.18) lets through:
// nop, xpaclri, pacia1716, pacib1716, paci[ab]z, paci[ab]sp, bti.
static bool is_steppable_hint(uint32_t word)
{
	switch (arm64_bits(word, 5, 7)) {
	case 0x00:
	case 0x07:
	case 0x08:
	case 0x0a:
	case 0x18:
	case 0x19:
	case 0x1a:
	case 0x1b:
	case 0x20:
	case 0x22:
	case 0x24:
	case 0x26:
		return true;
	default:
		return false;
	}
}

#define BY_KERNEL(why) ((struct verdict) { INSN_REFUSED, "the kernel does not probe " why })
#define STEPPED        ((struct verdict) { INSN_STEPPED, NULL })
#define EMULATED       ((struct verdict) { INSN_EMULATED, NULL })

// Branches, system instructions and exceptions.
static struct verdict verdict_of_system(uint32_t word)
{
	if ((word & 0xff000010) == 0x54000010)
		// Newer than the kernel's decoder, which would step it away from its target.
		return (struct verdict) { INSN_REFUSED, "a probe here would break the program: the "
							"kernel does not know bc.cond" };
	switch ((int)arm64_kind(word)) {
	case INSN_JMP:
	case INSN_JCC:
	case INSN_CALL:
		return EMULATED;
	case INSN_RET:
	case INSN_JMP_INDIRECT:
	case INSN_CALL_INDIRECT:
		if (word & 0x800)
			return BY_KERNEL("branches that authenticate a pointer");
		return EMULATED;
	default:
		break;
	}
	if ((word & 0xff000000) == 0xd4000000)
		return BY_KERNEL("traps and system calls");
	if ((word & 0xfffff01f) == 0xd503201f)
		// nop is emulated since 6.13 only.
		return is_steppable_hint(word) ? STEPPED : BY_KERNEL("this hint");
	if ((word & 0xfff8f01f) == 0xd500401f || (word & 0xfff00000) == 0xd5100000)
		return BY_KERNEL("writes to a system register");
	if ((word & 0xffffffe0) == 0xd53b4220)
		return BY_KERNEL("reads of daif");
	if ((word & 0xfffff000) == 0xd69f0000)
		return BY_KERNEL("exception returns");
	return STEPPED;
}

// arch/arm64/kernel/probes/decode-insn.c of Linux 5.10 to 6.18.
static struct verdict verdict(uint32_t word)
{
	if ((word & 0x1c000000) == 0x14000000)
		return verdict_of_system(word);
	if ((word & 0x1f000000) == 0x10000000) // adr, adrp
		return EMULATED;
	// Kernels before 6.12 simulate some of these, wrongly; of vector loads no kernel knows
	// that they are relative to the program counter.
	if ((word & 0x3b000000) == 0x18000000)
		return BY_KERNEL("loads of a literal");
	if ((word & 0x3f800000) == 0x08000000)
		return BY_KERNEL("exclusive loads and stores");
	return STEPPED;
}

bool arm64_decode(struct bytes code, uint64_t vaddr, struct insn *out)
{
	uint32_t word;

	out->len = 4;
	if (!arm64_word(code, &word))
		return false;
	out->kind = arm64_kind(word);
	out->cost = verdict(word).cost;
	if (out->kind == INSN_JMP || out->kind == INSN_JCC || out->kind == INSN_CALL)
		out->target = arm64_target(word, vaddr);
	out->is_through_register = out->kind == INSN_JMP_INDIRECT;
	if (out->kind == INSN_JCC)
		out->cc = (word & 0xff000000) == 0x54000000 ? word & 0xf : INSN_CC_NONE;
	return true;
}

const char *arm64_refusal(struct bytes code)
{
	uint32_t word;

	if (!arm64_word(code, &word))
		return "this is no instruction";
	return verdict(word).why;
}

static bool is_free_register(unsigned reg)
{
	return reg == 16 || reg == 17 || reg == 27 || reg == 29 || reg == 30;
}

bool arm64_writes_arg_state(struct bytes code)
{
	uint32_t word;

	if (!arm64_word(code, &word))
		return true;
	switch ((int)arm64_kind(word)) {
	case INSN_JMP:
	case INSN_JCC:
	case INSN_JMP_INDIRECT:
	case INSN_NOP:
	case INSN_ENDBR:
		return false;
	default:
		break;
	}
	// Integer loads that leave their base register alone: plain ones with an immediate offset.
	if ((word & 0x3b000000) == 0x39000000)
		return arm64_bits(word, 22, 2) == 0 || !is_free_register(word & 31);
	// Integer arithmetic on immediates and on registers; number 31 is the zero register where
	// the result is only compared.
	if ((word & 0x1f000000) == 0x11000000 || (word & 0x1f000000) == 0x0b000000) {
		bool sets_flags = word & 0x20000000;

		return !is_free_register(word & 31) && !(sets_flags && (word & 31) == 31);
	}
	// orr: mov between registers. movn, movz, movk. adr, adrp.
	if ((word & 0x7f200000) == 0x2a000000 || (word & 0x1f800000) == 0x12800000 ||
	    (word & 0x1f000000) == 0x10000000)
		return !is_free_register(word & 31);
	return true;
}

const char *arm64_reg_name(unsigned dwarf_reg)
{
	static const char low[][4] = { "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",
				       "x7",  "x8",  "x9",  "x10", "x11", "x12", "x13",
				       "x14", "x15", "x16", "x17", "x18", "x19", "x20",
				       "x21", "x22", "x23", "x24", "x25", "x26", "x27",
				       "x28", "x29", "x30", "sp",  "pc" };
	static const char vector[][4] = { "v0",  "v1",  "v2",  "v3",  "v4",  "v5",  "v6",  "v7",
					  "v8",  "v9",  "v10", "v11", "v12", "v13", "v14", "v15",
					  "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
					  "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31" };
	const unsigned first_vector = 64;

	if (dwarf_reg < ARRAY_LEN(low))
		return low[dwarf_reg];
	if (dwarf_reg >= first_vector && dwarf_reg - first_vector < ARRAY_LEN(vector))
		return vector[dwarf_reg - first_vector];
	return "?";
}

// Stores of one register or of two, relative to SP with an immediate offset.
void arm64_add_saved(struct bytes code, struct insn_regs *set)
{
	uint32_t word, *kind = &set->ints;

	if (!arm64_word(code, &word) || arm64_bits(word, 5, 5) != 31)
		return;
	bool is_one = (word & 0x3b000000) == 0x39000000 && arm64_bits(word, 22, 2) == 0;
	bool is_pair = (word & 0x3bc00000) == 0x29000000;
	if (word >> 26 & 1)
		kind = &set->vectors;
	if (is_one || is_pair)
		*kind |= 1U << (word & 31);
	if (is_pair)
		*kind |= 1U << arm64_bits(word, 10, 5);
}
