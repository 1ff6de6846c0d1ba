// SPDX-License-Identifier: Apache-2.0
// What Linux does with a uprobe on an x86-64 instruction. The facts are those of
// arch/x86/kernel/uprobes.c of Linux 5.10 to 6.18, each of them tried on 6.18: refusals by
// attaching, emulation by timing, breakage by comparing results with and without a probe.
#include "insn/x86.h"

#define BY_KERNEL(why) ((struct verdict) { INSN_REFUSED, "the kernel does not probe " why })
#define BY_US(why)     ((struct verdict) { INSN_REFUSED, "a probe here would break the program: " why })

static bool has_prefix(const ZydisDecodedInstruction *i, uint8_t prefix)
{
	for (unsigned n = 0; n < i->raw.prefix_count; n++) {
		if (i->raw.prefixes[n].value == prefix)
			return true;
	}
	return false;
}

bool x86_is_vector_encoded(const ZydisDecodedInstruction *i)
{
	return i->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX ||
	       i->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX ||
	       i->encoding == ZYDIS_INSTRUCTION_ENCODING_MVEX ||
	       i->encoding == ZYDIS_INSTRUCTION_ENCODING_XOP;
}

// What the kernel looks up: the first opcode byte, and for VEX and EVEX the byte after the prefix
// as if it were one.
static uint8_t first_opcode(const ZydisDecodedInstruction *i)
{
	if (x86_is_vector_encoded(i) || i->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT)
		return i->opcode;
	return 0x0f;
}

// Bytes that are not in the kernel's table of good one-byte opcodes.
static bool is_unknown_opcode(uint8_t op)
{
	switch (op) {
	case 0x06:
	case 0x07:
	case 0x0e:
	case 0x16:
	case 0x17:
	case 0x1e:
	case 0x1f:
	case 0x27:
	case 0x2f:
	case 0x37:
	case 0x3f:
	case 0x60 ... 0x62:
	case 0x6c ... 0x6f: // ins, outs; vmovdqu's load
	case 0x82:
	case 0x9a:
	case 0xcc ... 0xcf: // int3, int, iret
	case 0xd4 ... 0xd6:
	case 0xe4 ... 0xe7: // in, out
	case 0xea:
	case 0xec ... 0xef:
	case 0xf1: // int1
	case 0xf4: // hlt
	case 0xfa: // cli
	case 0xfb: // sti
		return true;
	default:
		return false;
	}
}

// The kernel does not know that a VEX or EVEX opcode byte means something else than the one-byte
// opcode of that value. On 6.18 a probed vzeroupper (77, "ja"), vpcmpeqb (74, "je") or vpor (eb,
// "jmp") is not executed at all, vpshufd jumps, vfnmadd132ss (9d, "popf") dies of SIGTRAP, and
// vcmpps (c2, "ret") goes on in the out-of-line page.
static bool is_misread_vector(uint8_t op)
{
	switch (op) {
	case 0x70 ... 0x7f:
	case 0x90:
	case 0x9d:
	case 0xc2:
	case 0xc3:
	case 0xca:
	case 0xcb:
	case 0xe8:
	case 0xe9:
	case 0xeb:
	case 0xff:
		return true;
	default:
		return false;
	}
}

// Only AMD's Bulldozer line ever had FMA4; the kernel's decoder lacks it, and SSE4A.
static bool is_unknown_to_decoder(const ZydisDecodedInstruction *i)
{
	uint8_t op = i->opcode;

	if (i->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX)
		return i->opcode_map == ZYDIS_OPCODE_MAP_0F3A &&
		       (op == 0x48 || op == 0x49 || (op >= 0x5c && op <= 0x5f) ||
			(op >= 0x68 && op <= 0x6f) || (op >= 0x78 && op <= 0x7f));
	return i->mnemonic == ZYDIS_MNEMONIC_EXTRQ || i->mnemonic == ZYDIS_MNEMONIC_INSERTQ;
}

static bool is_direct_branch(const ZydisDecodedInstruction *i)
{
	if (i->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
		return false;
	if (i->opcode_map == ZYDIS_OPCODE_MAP_0F)
		return (i->opcode & 0xf0) == 0x80;
	if (i->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
		return false;
	return i->opcode == 0xe8 || i->opcode == 0xe9 || i->opcode == 0xeb ||
	       (i->opcode & 0xf0) == 0x70;
}

static bool is_one_byte(const ZydisDecodedInstruction *i, uint8_t op)
{
	return i->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
	       i->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && i->opcode == op;
}

// Instructions that the kernel accepts and then runs wrongly, at least on 6.18.
static struct verdict breakage(const ZydisDecodedInstruction *i)
{
	if (x86_is_vector_encoded(i) && is_misread_vector(i->opcode))
		return BY_US("the kernel takes this vector instruction for a branch");
	if (i->encoding == ZYDIS_INSTRUCTION_ENCODING_XOP)
		return BY_US("older kernels misread XOP instructions");
	if (is_one_byte(i, 0x90) && i->raw.rex.B)
		return BY_US("the kernel takes this exchange for a nop");
	// The pushed flags have the trap flag set; the next popf kills the program.
	if (is_one_byte(i, 0x9c))
		return BY_US("flags pushed while stepping keep the trap flag");
	// Even getpid ends in SIGSEGV when its syscall instruction is stepped.
	if (i->mnemonic == ZYDIS_MNEMONIC_SYSCALL || i->mnemonic == ZYDIS_MNEMONIC_SYSENTER)
		return BY_US("a system call cannot be stepped");
	return (struct verdict) { INSN_STEPPED, NULL };
}

static struct verdict refusal(const ZydisDecodedInstruction *i)
{
	uint8_t op = first_opcode(i);

	if (has_prefix(i, 0xf0))
		return BY_KERNEL("instructions with a lock prefix");
	if (has_prefix(i, 0x2e) || has_prefix(i, 0x3e) || has_prefix(i, 0x26) ||
	    has_prefix(i, 0x36))
		return BY_KERNEL("instructions with a cs, ds, es or ss prefix");
	if (op == 0x8e && i->raw.modrm.reg == 2)
		return BY_KERNEL("loads of ss");
	if (is_unknown_to_decoder(i))
		return BY_KERNEL("FMA4 and SSE4A instructions");
	if (is_unknown_opcode(op)) {
		if (x86_is_vector_encoded(i))
			return BY_KERNEL("this vector instruction");
		return BY_KERNEL("traps, privileged instructions and port access");
	}
	if (is_direct_branch(i) && has_prefix(i, 0x66))
		return BY_KERNEL("branches with an operand size prefix");
	return breakage(i);
}

static bool is_emulated(const ZydisDecodedInstruction *i)
{
	if (is_direct_branch(i))
		return true;
	// With any prefix (66 90, pause). The longer nops, 0f 1f, are emulated since 6.16 only, in
	// the usual encodings of up to 8 bytes.
	if (is_one_byte(i, 0x90))
		return true;
	if (i->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY ||
	    i->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT || (i->opcode & 0xf8) != 0x50)
		return false;
	return i->length == 1 || (i->length == 2 && has_prefix(i, 0x41));
}

struct verdict x86_verdict(const ZydisDecodedInstruction *i)
{
	struct verdict v = refusal(i);

	if (v.cost != INSN_REFUSED && is_emulated(i))
		v.cost = INSN_EMULATED;
	return v;
}
