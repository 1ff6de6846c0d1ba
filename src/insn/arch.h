// SPDX-License-Identifier: Apache-2.0
// The two architectures behind insn.h, one set of functions each.
#ifndef INSN_ARCH_H
#define INSN_ARCH_H

#include "insn/insn.h"

// What a breakpoint on an instruction means; why is a literal, NULL unless cost is INSN_REFUSED.
struct verdict {
	enum insn_cost cost;
	const char *why;
};

bool x86_decode(struct bytes code, uint64_t vaddr, struct insn *out);
bool x86_writes_arg_state(struct bytes code);
const char *x86_refusal(struct bytes code);
// Fills text (NUL-terminated); short_form leaves direct targets out.
void x86_format(struct bytes code, uint64_t vaddr, bool short_form, char *text, size_t size);
bool x86_memory(struct bytes code, struct insn_mem *out);
bool x86_writes_register(struct bytes code, uint16_t reg);
bool x86_constant(struct bytes code, uint16_t *reg, int64_t *value);
const char *x86_reg_name(unsigned dwarf_reg);

bool arm64_decode(struct bytes code, uint64_t vaddr, struct insn *out);
bool arm64_writes_arg_state(struct bytes code);
const char *arm64_refusal(struct bytes code);
void arm64_format(struct bytes code, uint64_t vaddr, bool short_form, char *text, size_t size);
const char *arm64_reg_name(unsigned dwarf_reg);

// DWARF numbers of the first vector registers.
#define X86_DWARF_XMM0 17u
#define ARM64_DWARF_V0 64u

void x86_add_saved(struct bytes code, struct insn_regs *set);
void arm64_add_saved(struct bytes code, struct insn_regs *set);

#endif
