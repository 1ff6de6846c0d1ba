// SPDX-License-Identifier: Apache-2.0
// Decodes functions of a program with stoat's own decoder, for comparison with objdump's.
//
//     boundaries FILE < FUNCTIONS
//
// FUNCTIONS has lines "VADDR SIZE" in hexadecimal. For each, one line: "VADDR COUNT HASH RETS BAD",
// where COUNT is the number of instructions, HASH is over their addresses, RETS are the addresses
// of its return instructions, separated by commas, and BAD is where the first bytes are that are no
// instruction; "-" stands for none. What follows such bytes is data or chance and is left out.
// objdump_boundaries.py prints the same from objdump's output.
#include <inttypes.h>
#include <stdio.h>

#include "elf/elf.h"
#include "insn/insn.h"

static void decode_function(struct arena *arena, enum insn_arch arch, struct bytes code,
			    uint64_t vaddr)
{
	const uint64_t fnv_prime = 0x100000001b3;
	uint64_t hash = 0xcbf29ce484222325, count = 0, bad = 0;
	VEC(uint64_t) rets = { 0 };
	struct insn insn;

	for (size_t off = 0; off < code.len; off += insn.len) {
		struct bytes rest = { code.p + off, code.len - off };

		if (!insn_decode(arch, rest, vaddr + off, &insn)) {
			bad = insn.vaddr;
			break;
		}
		hash = (hash ^ insn.vaddr) * fnv_prime;
		count++;
		if (insn.kind == INSN_RET)
			VEC_PUSH(arena, &rets, insn.vaddr);
	}
	printf("%" PRIx64 " %" PRIu64 " %016" PRIx64 " %s", vaddr, count, hash,
	       rets.n == 0 ? "-" : "");
	for (size_t i = 0; i < rets.n; i++)
		printf("%s%" PRIx64, i > 0 ? "," : "", rets.v[i]);
	if (bad)
		printf(" %" PRIx64 "\n", bad);
	else
		puts(" -");
}

static int fail(struct err *err)
{
	fprintf(stderr, "boundaries: %s\n", err_text(err));
	err_free(err);
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t vaddr, size;
	enum insn_arch arch;
	struct elf *elf;
	struct err *err;

	if (argc != 2) {
		fprintf(stderr, "usage: boundaries FILE < FUNCTIONS\n");
		return 1;
	}
	err = elf_open(argv[1], &elf);
	if (err)
		return fail(err);
	arch = elf_arch(elf) == ELF_ARM64 ? INSN_ARM64 : INSN_X86_64;
	while (scanf("%" SCNx64 " %" SCNx64, &vaddr, &size) == 2) {
		struct bytes code = elf_at(elf, vaddr);

		if (code.len < size) {
			fprintf(stderr, "boundaries: %" PRIx64 " is not in the file\n", vaddr);
			elf_close(elf);
			return 2;
		}
		code.len = size;
		decode_function(elf_arena(elf), arch, code, vaddr);
	}
	elf_close(elf);
	return 0;
}
