// SPDX-License-Identifier: Apache-2.0
#include "insn/insn.h"

#include <stdio.h>

#include "insn/arch.h"

// Longer than the text of any instruction.
#define TEXT_MAX 192

bool insn_decode(enum insn_arch arch, struct bytes code, uint64_t vaddr, struct insn *out)
{
	*out = (struct insn) { .vaddr = vaddr, .cost = INSN_REFUSED };
	if (arch == INSN_ARM64)
		return arm64_decode(code, vaddr, out);
	return x86_decode(code, vaddr, out);
}

bool insn_writes_arg_state(enum insn_arch arch, struct bytes code)
{
	return arch == INSN_ARM64 ? arm64_writes_arg_state(code) : x86_writes_arg_state(code);
}

bool insn_regs_has(enum insn_arch arch, struct insn_regs set, unsigned dwarf_reg)
{
	unsigned first_vector = arch == INSN_ARM64 ? ARM64_DWARF_V0 : X86_DWARF_XMM0;

	if (dwarf_reg < 32 && insn_reg_is_int(arch, dwarf_reg))
		return set.ints >> dwarf_reg & 1;
	return dwarf_reg >= first_vector && dwarf_reg < first_vector + 32 &&
	       (set.vectors >> (dwarf_reg - first_vector) & 1);
}

void insn_add_saved(enum insn_arch arch, struct bytes code, struct insn_regs *set)
{
	if (arch == INSN_ARM64)
		arm64_add_saved(code, set);
	else
		x86_add_saved(code, set);
}

bool insn_memory(enum insn_arch arch, struct bytes code, struct insn_mem *out)
{
	return arch == INSN_X86_64 && x86_memory(code, out);
}

bool insn_writes_register(enum insn_arch arch, struct bytes code, uint16_t reg)
{
	return arch != INSN_X86_64 || x86_writes_register(code, reg);
}

bool insn_constant(enum insn_arch arch, struct bytes code, uint16_t *reg, int64_t *value)
{
	return arch == INSN_X86_64 && x86_constant(code, reg, value);
}

static int format(enum insn_arch arch, struct bytes code, uint64_t vaddr, bool short_form,
		  char *buf, size_t size)
{
	char text[TEXT_MAX];

	if (arch == INSN_ARM64)
		arm64_format(code, vaddr, short_form, text, sizeof(text));
	else
		x86_format(code, vaddr, short_form, text, sizeof(text));
	return snprintf(buf, size, "%s", text);
}

int insn_format(enum insn_arch arch, struct bytes code, uint64_t vaddr, char *buf, size_t size)
{
	return format(arch, code, vaddr, false, buf, size);
}

int insn_format_short(enum insn_arch arch, struct bytes code, uint64_t vaddr, char *buf,
		      size_t size)
{
	return format(arch, code, vaddr, true, buf, size);
}

const char *insn_refusal(enum insn_arch arch, struct bytes code)
{
	return arch == INSN_ARM64 ? arm64_refusal(code) : x86_refusal(code);
}

const char *insn_reg_name(enum insn_arch arch, unsigned dwarf_reg)
{
	return arch == INSN_ARM64 ? arm64_reg_name(dwarf_reg) : x86_reg_name(dwarf_reg);
}

unsigned insn_reg_sp(enum insn_arch arch)
{
	return arch == INSN_ARM64 ? 31 : 7;
}

bool insn_reg_is_int(enum insn_arch arch, unsigned dwarf_reg)
{
	// The last one of each is the program counter.
	return dwarf_reg <= (arch == INSN_ARM64 ? 32U : 16U);
}
