// SPDX-License-Identifier: Apache-2.0
// Machine instructions: where they begin and end, which of them leave a function, what the kernel
// does with a breakpoint on each. Hides Zydis (x86-64); on arm64 only those that matter here are
// told apart. Keeps no state.
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
	INSN_INT3, // arm64: brk
	INSN_TRAP, // ud2, hlt and others that never go on
};

// What the kernel does when a uprobe on this instruction is hit.
enum insn_cost {
	INSN_EMULATED, // one trap, on every kernel that stoat runs on
	INSN_STEPPED,  // executed out of line and trapped again, on some of these kernels at least
	INSN_REFUSED,  // must not be probed: the kernel refuses, or accepts and breaks the program
};

// Conditions that are no flags test: loop and jrcxz; cbz and tbz on arm64.
#define INSN_CC_NONE 0xff

struct insn {
	uint64_t vaddr;
	uint8_t len;
	enum insn_kind kind;
	enum insn_cost cost;
	uint8_t cc;        // JCC: the low 4 bits of the opcode (x86-64: 6 is jbe; arm64: 9 is b.ls)
	uint64_t target;   // JMP, JCC, CALL
	uint64_t slot;     // JMP_INDIRECT through a fixed word of memory: its address, else 0
	bool is_plain_ret; // RET: x86-64: takes the return address from the stack and nothing else
	bool is_through_register; // JMP_INDIRECT to an address in a register
	bool reads_table;         // x86-64: takes a word from memory with an index times 4 or 8
};

// Decodes the instruction at the start of code. False (kind INSN_BAD, len 1, or 4 on arm64) if
// there is none.
bool insn_decode(enum insn_arch arch, struct bytes code, uint64_t vaddr, struct insn *out);

// True unless the instruction surely leaves alone memory, SP and every register that can hold an
// argument, the closure or g. What it may change: flags, RBP, R12, R13, R15, XMM15; on arm64 flags,
// X16, X17, X27, X29, X30. For the instructions between a function's first one and its entry site.
bool insn_writes_arg_state(enum insn_arch arch, struct bytes code);

// A set of registers by DWARF number: integer and vector ones.
struct insn_regs {
	uint32_t ints;
	uint32_t vectors;
};
bool insn_regs_has(enum insn_arch arch, struct insn_regs set, unsigned dwarf_reg);
// Adds the registers that the instruction stores to memory relative to SP; none if it is no such
// store.
void insn_add_saved(enum insn_arch arch, struct bytes code, struct insn_regs *set);

// A word of memory that an instruction takes or leaves.
struct insn_mem {
	uint8_t size; // bytes
	bool is_write;
	bool is_tls;   // x86-64: relative to FS
	bool has_base; // base: DWARF number of the register that disp is added to
	uint16_t base;
	int64_t disp;
};
// False unless the instruction accesses memory at a register or nothing plus a constant. x86-64
// only.
bool insn_memory(enum insn_arch arch, struct bytes code, struct insn_mem *out);
// Whether it may change an integer register (by its DWARF number).
bool insn_writes_register(enum insn_arch arch, struct bytes code, uint16_t reg);
// Whether it puts a constant into an integer register (by its DWARF number). x86-64 only.
bool insn_constant(enum insn_arch arch, struct bytes code, uint16_t *reg, int64_t *value);

// Writes the instruction as text, Intel syntax, with absolute targets in hexadecimal. Returns what
// snprintf would.
int insn_format(enum insn_arch arch, struct bytes code, uint64_t vaddr, char *buf, size_t size);

// The same, as short as show prints it ("push rbp", "jbe", "ret"): direct targets left out.
int insn_format_short(enum insn_arch arch, struct bytes code, uint64_t vaddr, char *buf,
		      size_t size);

// One line: why this instruction must not be probed. NULL unless it is INSN_REFUSED.
const char *insn_refusal(enum insn_arch arch, struct bytes code);

// Name of a register by its DWARF number ("rax", "xmm0", "x0"), "?" if there is none.
const char *insn_reg_name(enum insn_arch arch, unsigned dwarf_reg);
// DWARF numbers of the stack pointer.
unsigned insn_reg_sp(enum insn_arch arch);
// True for registers that a uprobe program can see (integer registers; not vector ones).
bool insn_reg_is_int(enum insn_arch arch, unsigned dwarf_reg);

#endif
