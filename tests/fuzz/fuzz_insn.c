// SPDX-License-Identifier: Apache-2.0
// Any bytes as code, on both architectures: decoding, text in buffers of every small size, and what
// the parts promise about each other.
#include "fuzz.h"

#include "insn/insn.h"

#define REQUIRE(cond)                     \
	do {                              \
		if (!(cond))              \
			__builtin_trap(); \
	} while (0)

static void check_text(enum insn_arch arch, struct bytes code, uint64_t vaddr, size_t size)
{
	char text[40];
	int n;

	memset(text, 'x', sizeof(text));
	n = insn_format(arch, code, vaddr, text, size);
	REQUIRE(n > 0);
	REQUIRE(size == 0 || memchr(text, 0, size));
	REQUIRE(text[size] == 'x');
	n = insn_format_short(arch, code, vaddr, text, size);
	REQUIRE(n > 0);
	REQUIRE(text[size] == 'x');
}

static void check_insn(enum insn_arch arch, struct bytes code, const struct insn *insn, bool ok)
{
	const char *why = insn_refusal(arch, code);

	REQUIRE(ok == (insn->kind != INSN_BAD));
	REQUIRE((why != NULL) == (insn->cost == INSN_REFUSED));
	REQUIRE(insn->len >= 1 && insn->len <= 15);
	REQUIRE(!ok || insn->len <= code.len);
	if (!ok || insn->kind == INSN_RET)
		REQUIRE(insn_writes_arg_state(arch, code));
}

static void walk(enum insn_arch arch, const uint8_t *data, size_t size)
{
	const uint64_t base = UINT64_MAX - 64;
	struct insn insn;

	for (size_t off = 0; off < size; off += insn.len) {
		struct bytes code = { data + off, size - off };
		bool ok = insn_decode(arch, code, base + off, &insn);

		check_insn(arch, code, &insn, ok);
		check_text(arch, code, base + off, data[off] % 40);
	}
	REQUIRE(!insn_decode(arch, (struct bytes) { data, 0 }, base, &insn));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(INSN_X86_64, data, size);
	walk(INSN_ARM64, data, size);
	for (size_t i = 0; i < size; i++) {
		REQUIRE(insn_reg_name(INSN_X86_64, data[i]));
		REQUIRE(insn_reg_name(INSN_ARM64, data[i]));
	}
	return 0;
}
