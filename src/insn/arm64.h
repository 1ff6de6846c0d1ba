// SPDX-License-Identifier: Apache-2.0
// What the arm64 files share: bit fields of an instruction word, and what it is.
#ifndef INSN_ARM64_H
#define INSN_ARM64_H

#include "insn/arch.h"

static inline uint32_t arm64_bits(uint32_t word, unsigned low, unsigned n)
{
	return (word >> low) & ((1U << n) - 1);
}

// A field of n bits as a signed number, times scale.
static inline int64_t arm64_signed(uint32_t word, unsigned low, unsigned n, int64_t scale)
{
	int64_t v = arm64_bits(word, low, n);

	return (v - ((v >> (n - 1)) << n)) * scale;
}

// The word at the start of code; false if there are not four bytes.
bool arm64_word(struct bytes code, uint32_t *out);

enum insn_kind arm64_kind(uint32_t word);
// Where a JMP, JCC or CALL goes.
uint64_t arm64_target(uint32_t word, uint64_t vaddr);

#endif
