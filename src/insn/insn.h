// SPDX-License-Identifier: Apache-2.0
// Machine instructions: where they begin and end, which of them leave a function, what the kernel
// does with a breakpoint on each. Hides Zydis (x86-64); a few arm64 instructions are told apart by
// hand. Keeps no state.
#ifndef INSN_INSN_H
#define INSN_INSN_H

#include "base/str.h"

enum insn_arch { INSN_X86_64, INSN_ARM64 };

enum insn_kind {
	INSN_BAD, // not an instruction
	INSN_OTHER,
	INSN_RET,
	INSN_JMP,          // direct, target
	INSN_JMP_INDIRECT, // through register or memory
	INSN_JCC,          // conditional, target, cc
	INSN_CALL,         // direct, target
	INSN_CALL_INDIRECT,
	INSN_PUSH, // of a register
	INSN_NOP,  // any length; endbr64 is not one
	INSN_ENDBR,
	INSN_INT3,
	INSN_TRAP, // ud2, hlt and others that never go on
};

// What the kernel does when a uprobe on this instruction is hit.
enum insn_cost {
	INSN_EMULATED, // one trap
	INSN_STEPPED,  // executed out of line and trapped again
	INSN_REFUSED,  // the kernel does not attach here (insn_refusal says why)
};

struct insn {
	uint64_t vaddr;
	uint8_t len;
	enum insn_kind kind;
	enum insn_cost cost;
	uint8_t cc;            // JCC on x86-64: the low 4 bits of the opcode (6: jbe)
	uint64_t target;       // JMP, JCC, CALL
	bool writes_arg_state; // x86-64: changes SP or a register that can hold an argument (not
			       // flags, R12, R13, R15)
};

// Decodes the instruction at the start of code. False (kind INSN_BAD, len 1, or 4 on arm64) if
// there is none.
bool insn_decode(enum insn_arch arch, struct bytes code, uint64_t vaddr, struct insn *out);

// Writes the instruction as text, Intel syntax, with absolute targets in hexadecimal. Returns what
// snprintf would.
int insn_format(enum insn_arch arch, struct bytes code, uint64_t vaddr, char *buf, size_t size);

// The mnemonic with its operands as short as show prints it ("push rbp", "jbe", "ret"): targets
// left out.
int insn_format_short(enum insn_arch arch, struct bytes code, uint64_t vaddr, char *buf,
		      size_t size);

// One line: why the kernel refuses a breakpoint on this instruction. Only for INSN_REFUSED.
const char *insn_refusal(enum insn_arch arch, struct bytes code);

// Name of a register by its DWARF number ("rax", "xmm0", "x0"), "?" if there is none.
const char *insn_reg_name(enum insn_arch arch, unsigned dwarf_reg);
// DWARF numbers of the stack pointer.
unsigned insn_reg_sp(enum insn_arch arch);
// True for registers that a uprobe program can see (integer registers; not vector ones).
bool insn_reg_is_int(enum insn_arch arch, unsigned dwarf_reg);

#endif
