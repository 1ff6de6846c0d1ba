// SPDX-License-Identifier: Apache-2.0
#include "insn/insn.h"

#include <stdlib.h>

#include "unit.h"

#define VADDR 0x401000

struct expected {
	const char *hex;
	const char *text;
	const char *short_text;
	enum insn_kind kind;
	enum insn_cost cost;
};

static struct bytes from_hex(const char *hex, uint8_t buf[16])
{
	char byte[3] = "";
	size_t n = 0;

	for (; hex[2 * n]; n++) {
		memcpy(byte, hex + 2 * n, 2);
		buf[n] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return (struct bytes) { buf, n };
}

static void check_all(enum insn_arch arch, const struct expected *e, size_t n)
{
	char text[100];
	uint8_t buf[16];
	struct insn insn;

	for (; n > 0; n--, e++) {
		struct bytes code = from_hex(e->hex, buf);

		CHECK(insn_decode(arch, code, VADDR, &insn));
		insn_format(arch, code, VADDR, text, sizeof(text));
		CHECK_STR(text, e->text);
		insn_format_short(arch, code, VADDR, text, sizeof(text));
		CHECK_STR(text, e->short_text);
		if (insn.kind != e->kind || insn.cost != e->cost || insn.len != code.len)
			unit_fail(__FILE__, __LINE__, "%s: kind %d, cost %d, length %d", e->text,
				  (int)insn.kind, (int)insn.cost, insn.len);
		CHECK((insn_refusal(arch, code) != NULL) == (e->cost == INSN_REFUSED));
	}
}

static bool is_plain_ret(enum insn_arch arch, const char *hex)
{
	uint8_t buf[16];
	struct insn insn;

	return insn_decode(arch, from_hex(hex, buf), VADDR, &insn) && insn.is_plain_ret;
}

TEST(insn_x86_plain_ret)
{
	CHECK(is_plain_ret(INSN_X86_64, "c3"));
	CHECK(is_plain_ret(INSN_X86_64, "f3c3"));
	CHECK(!is_plain_ret(INSN_X86_64, "66c3"));
	CHECK(!is_plain_ret(INSN_X86_64, "48c3"));
	CHECK(!is_plain_ret(INSN_X86_64, "f2c3"));
	CHECK(!is_plain_ret(INSN_X86_64, "c20800"));
	CHECK(!is_plain_ret(INSN_X86_64, "cb"));
	CHECK(!is_plain_ret(INSN_X86_64, "90"));
	CHECK(!is_plain_ret(INSN_ARM64, "c0035fd6"));
}

static bool writes(enum insn_arch arch, const char *hex)
{
	uint8_t buf[16];

	return insn_writes_arg_state(arch, from_hex(hex, buf));
}

static struct insn decode(enum insn_arch arch, const char *hex)
{
	struct insn insn;
	uint8_t buf[16];

	insn_decode(arch, from_hex(hex, buf), VADDR, &insn);
	return insn;
}

static const struct expected x86[] = {
	{ "55", "push rbp", "push rbp", INSN_PUSH, INSN_EMULATED },
	{ "4154", "push r12", "push r12", INSN_PUSH, INSN_EMULATED },
	{ "4855", "push rbp", "push rbp", INSN_PUSH, INSN_STEPPED },
	{ "6a05", "push 0x5", "push 0x5", INSN_OTHER, INSN_STEPPED },
	{ "ff3424", "push [rsp]", "push [rsp]", INSN_OTHER, INSN_STEPPED },
	{ "c3", "ret", "ret", INSN_RET, INSN_STEPPED },
	{ "f3c3", "ret", "ret", INSN_RET, INSN_STEPPED },
	{ "c20800", "ret 0x8", "ret 0x8", INSN_RET, INSN_STEPPED },
	{ "cb", "ret far", "ret far", INSN_RET, INSN_STEPPED },
	{ "eb10", "jmp 0x401012", "jmp", INSN_JMP, INSN_EMULATED },
	{ "e9fbffffff", "jmp 0x401000", "jmp", INSN_JMP, INSN_EMULATED },
	{ "76fe", "jbe 0x401000", "jbe", INSN_JCC, INSN_EMULATED },
	{ "0f8600010000", "jbe 0x401106", "jbe", INSN_JCC, INSN_EMULATED },
	{ "7402", "je 0x401004", "je", INSN_JCC, INSN_EMULATED },
	{ "0f87fa000000", "ja 0x401100", "ja", INSN_JCC, INSN_EMULATED },
	{ "e3fe", "jrcxz 0x401000", "jrcxz", INSN_JCC, INSN_STEPPED },
	{ "e2fe", "loop 0x401000", "loop", INSN_JCC, INSN_STEPPED },
	{ "e8fb0f0000", "call 0x402000", "call", INSN_CALL, INSN_EMULATED },
	{ "ffd0", "call rax", "call rax", INSN_CALL_INDIRECT, INSN_STEPPED },
	{ "ff12", "call [rdx]", "call [rdx]", INSN_CALL_INDIRECT, INSN_STEPPED },
	{ "ffe0", "jmp rax", "jmp rax", INSN_JMP_INDIRECT, INSN_STEPPED },
	{ "ff24c5e0ff4000", "jmp [rax*8+0x40ffe0]", "jmp [rax*8+0x40ffe0]", INSN_JMP_INDIRECT,
	  INSN_STEPPED },
	{ "90", "nop", "nop", INSN_NOP, INSN_EMULATED },
	{ "6690", "nop", "nop", INSN_NOP, INSN_EMULATED },
	{ "0f1f440000", "nop [rax+rax*1], eax", "nop [rax+rax*1], eax", INSN_NOP, INSN_STEPPED },
	{ "f390", "pause", "pause", INSN_OTHER, INSN_EMULATED },
	{ "f30f1efa", "endbr64", "endbr64", INSN_ENDBR, INSN_STEPPED },
	{ "cc", "int3", "int3", INSN_INT3, INSN_REFUSED },
	{ "0f0b", "ud2", "ud2", INSN_TRAP, INSN_STEPPED },
	{ "f4", "hlt", "hlt", INSN_TRAP, INSN_REFUSED },
	{ "4883ec18", "sub rsp, 0x18", "sub rsp, 0x18", INSN_OTHER, INSN_STEPPED },
	{ "4883c480", "add rsp, 0xffffffffffffff80", "add rsp, 0xffffffffffffff80", INSN_OTHER,
	  INSN_STEPPED },
	{ "493b6610", "cmp rsp, [r14+0x10]", "cmp rsp, [r14+0x10]", INSN_OTHER, INSN_STEPPED },
	{ "64488b0c25f8ffffff", "mov rcx, fs:[0xfffffffffffffff8]",
	  "mov rcx, fs:[0xfffffffffffffff8]", INSN_OTHER, INSN_STEPPED },
	{ "488d05f9efffff", "lea rax, [0x400000]", "lea rax, [0x400000]", INSN_OTHER,
	  INSN_STEPPED },
	{ "0f94c0", "sete al", "sete al", INSN_OTHER, INSN_STEPPED },
	{ "480f4cc1", "cmovl rax, rcx", "cmovl rax, rcx", INSN_OTHER, INSN_STEPPED },
};

TEST(insn_x86_text_kind_and_cost)
{
	check_all(INSN_X86_64, x86, ARRAY_LEN(x86));
}

TEST(insn_x86_what_the_kernel_refuses)
{
	static const char *const refused[] = {
		"f0480fb111",           // lock cmpxchg
		"662e0f1f840000000000", // nop with a cs prefix
		"3effe0",               // notrack jmp
		"cd80",                 // int 0x80
		"ec",                   // in
		"fa",                   // cli
		"48cf",                 // iretq
		"8ed0",                 // mov ss
		"66e800000000",         // 16-bit call
		"c5fe6f07",             // vmovdqu load: its opcode byte is that of outsd
	};

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		CHECK_INT(decode(INSN_X86_64, refused[i]).cost, INSN_REFUSED);
}

// Linux 6.18 accepts these and then does not run them, or kills the program.
TEST(insn_x86_what_a_probe_would_break)
{
	static const char *const broken[] = {
		"c5f877",       // vzeroupper
		"c5f5ebc0",     // vpor
		"c5fd74c0",     // vpcmpeqb
		"c5fe7f07",     // vmovdqu store
		"c5f970c100",   // vpshufd
		"c5f8c2c000",   // vcmpps
		"c4e2799dc0",   // vfnmadd132ss
		"62f17e487f00", // vmovdqu32 store
		"4990",         // xchg rax, r8
		"9c",           // pushfq
		"0f05",         // syscall
	};

	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		CHECK_INT(decode(INSN_X86_64, broken[i]).cost, INSN_REFUSED);
	// The same opcodes without VEX are what they seem.
	CHECK_INT(decode(INSN_X86_64, "660febc0").cost, INSN_STEPPED);
	CHECK_INT(decode(INSN_X86_64, "9d").cost, INSN_STEPPED);
	CHECK_INT(decode(INSN_X86_64, "c5f458c0").cost, INSN_STEPPED);
}

TEST(insn_x86_branches)
{
	struct insn insn = decode(INSN_X86_64, "0f86f0ffffff");

	CHECK_INT(insn.target, VADDR + 6 - 16);
	CHECK_INT(insn.cc, 6);
	CHECK_INT(decode(INSN_X86_64, "7510").cc, 5);
	CHECK_INT(decode(INSN_X86_64, "7510").target, VADDR + 0x12);
	CHECK_INT(decode(INSN_X86_64, "e380").cc, INSN_CC_NONE);
	CHECK_INT(decode(INSN_X86_64, "e380").target, VADDR + 2 - 128);
	CHECK_INT(decode(INSN_X86_64, "e8fbffffff").target, VADDR);
}

TEST(insn_x86_writes_arg_state)
{
	static const char *const no[] = {
		"493b6610",       // cmp rsp, [r14+0x10]
		"4c8d642480",     // lea r12, [rsp-0x80]
		"4d3b6610",       // cmp r12, [r14+0x10]
		"4989e4",         // mov r12, rsp
		"4981ec00100000", // sub r12, 0x1000
		"76fe",           // jbe
		"0f1f440000",     // nop
		"f30f1efa",       // endbr64
		"4889e5",         // mov rbp, rsp
		"450f57ff",       // xorps xmm15, xmm15
		"85c0",           // test eax, eax
	};
	static const char *const yes[] = {
		"55",                 // push rbp
		"4889442408",         // mov [rsp+8], rax
		"4883ec18",           // sub rsp
		"c3",                 // ret
		"e800000000",         // call
		"64488b0c25f8ffffff", // mov rcx, fs:-8
		"4c8b342500000000",   // mov r14, [..]
		"31c0",               // xor eax, eax
		"b001",               // mov al, 1
		"b401",               // mov ah, 1
		"0f57c0",             // xorps xmm0, xmm0
		"c5fc57c0",           // vxorps ymm0
		"f3a4",               // rep movsb
		"ab",                 // stosd
		"ad",                 // lodsd
		"c9",                 // leave
		"0fa2",               // cpuid
		"0f31",               // rdtsc
		"48f7e3",             // mul rbx
		"480fb1cb",           // cmpxchg rbx, rcx
		"4887d8",             // xchg rax, rbx
		"e2fe",               // loop
		"0f05",               // syscall
		"0fae0f",             // fxrstor
		"c5fc77",             // vzeroall
		"480f44c1",           // cmove rax, rcx
		"d7",                 // xlat
		"06",                 // no instruction
	};

	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		if (writes(INSN_X86_64, no[i]))
			unit_fail(__FILE__, __LINE__, "%s seems to write", no[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (!writes(INSN_X86_64, yes[i]))
			unit_fail(__FILE__, __LINE__, "%s seems not to write", yes[i]);
	}
}

TEST(insn_x86_bad_and_cut_off)
{
	static const char *const bad[] = {
		"", "06", "0f", "48", "e8000000", "666666", "c5", "62f1"
	};
	char text[40];
	uint8_t buf[16];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct bytes code = from_hex(bad[i], buf);
		struct insn insn;

		CHECK(!insn_decode(INSN_X86_64, code, VADDR, &insn));
		CHECK_INT(insn.kind, INSN_BAD);
		CHECK_INT(insn.len, 1);
		CHECK_INT(insn.cost, INSN_REFUSED);
		CHECK(insn_refusal(INSN_X86_64, code));
		insn_format(INSN_X86_64, code, VADDR, text, sizeof(text));
		CHECK_STR(text, "(bad)");
	}
}

TEST(insn_format_into_small_buffers)
{
	const struct bytes push = { (const uint8_t *)"\x55", 1 };
	char text[9];

	for (size_t size = 1; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		CHECK_INT(insn_format(INSN_X86_64, push, VADDR, text, size), 8);
		CHECK_INT(strlen(text), size - 1);
		CHECK_INT(text[size], 'x');
	}
	CHECK_INT(insn_format(INSN_X86_64, push, VADDR, NULL, 0), 8);
}

static const struct expected arm64[] = {
	{ "c0035fd6", "ret", "ret", INSN_RET, INSN_EMULATED },
	{ "a0005fd6", "ret x5", "ret x5", INSN_RET, INSN_EMULATED },
	{ "ff0b5fd6", "retaa", "retaa", INSN_RET, INSN_REFUSED },
	{ "00000014", "b 0x401000", "b", INSN_JMP, INSN_EMULATED },
	{ "ffffff97", "bl 0x400ffc", "bl", INSN_CALL, INSN_EMULATED },
	{ "49000054", "b.ls 0x401008", "b.ls", INSN_JCC, INSN_EMULATED },
	{ "01ffffb4", "cbz x1, 0x400fe0", "cbz x1", INSN_JCC, INSN_EMULATED },
	{ "e2feff35", "cbnz w2, 0x400fdc", "cbnz w2", INSN_JCC, INSN_EMULATED },
	{ "c3fefbb6", "tbz x3, #63, 0x408fd8", "tbz x3, #63", INSN_JCC, INSN_EMULATED },
	{ "00021fd6", "br x16", "br x16", INSN_JMP_INDIRECT, INSN_EMULATED },
	{ "60003fd6", "blr x3", "blr x3", INSN_CALL_INDIRECT, INSN_EMULATED },
	{ "1f2003d5", "nop", "nop", INSN_NOP, INSN_STEPPED },
	{ "5f2403d5", "bti c", "bti c", INSN_ENDBR, INSN_STEPPED },
	{ "3f2303d5", "paciasp", "paciasp", INSN_ENDBR, INSN_STEPPED },
	{ "bf2303d5", "autiasp", "autiasp", INSN_OTHER, INSN_REFUSED },
	{ "200020d4", "brk #0x1", "brk #0x1", INSN_INT3, INSN_REFUSED },
	{ "010000d4", "svc #0x0", "svc #0x0", INSN_OTHER, INSN_REFUSED },
	{ "00000000", "udf #0x0", "udf #0x0", INSN_TRAP, INSN_STEPPED },
	{ "900b40f9", "ldr x16, [x28, #16]", "ldr x16, [x28, #16]", INSN_OTHER, INSN_STEPPED },
	{ "fe0f1ef8", "str x30, [sp, #-32]!", "str x30, [sp, #-32]!", INSN_OTHER, INSN_STEPPED },
	{ "fd7bbfa9", "stp x29, x30, [sp, #-16]!", "stp x29, x30, [sp, #-16]!", INSN_OTHER,
	  INSN_STEPPED },
	{ "fd7bc1a8", "ldp x29, x30, [sp], #16", "ldp x29, x30, [sp], #16", INSN_OTHER,
	  INSN_STEPPED },
	{ "ff4301d1", "sub sp, sp, #0x50", "sub sp, sp, #0x50", INSN_OTHER, INSN_STEPPED },
	{ "f1030091", "mov x17, sp", "mov x17, sp", INSN_OTHER, INSN_STEPPED },
	{ "ff6330eb", "cmp sp, x16", "cmp sp, x16", INSN_OTHER, INSN_STEPPED },
	{ "e30304aa", "mov x3, x4", "mov x3, x4", INSN_OTHER, INSN_STEPPED },
	{ "00fcff58", ".inst 0x58fffc00", ".inst 0x58fffc00", INSN_OTHER, INSN_REFUSED },  // ldr
	{ "e1fbff9c", ".inst 0x9cfffbe1", ".inst 0x9cfffbe1", INSN_OTHER, INSN_REFUSED },  // ldr q1
	{ "40fcff10", ".inst 0x10fffc40", ".inst 0x10fffc40", INSN_OTHER, INSN_EMULATED }, // adr
	{ "207c5fc8", ".inst 0xc85f7c20", ".inst 0xc85f7c20", INSN_OTHER, INSN_REFUSED },  // ldxr
	{ "40d01bd5", ".inst 0xd51bd040", ".inst 0xd51bd040", INSN_OTHER, INSN_REFUSED },  // msr
};

TEST(insn_arm64_text_kind_and_cost)
{
	check_all(INSN_ARM64, arm64, ARRAY_LEN(arm64));
}

TEST(insn_arm64_branches_and_ends)
{
	struct insn insn = decode(INSN_ARM64, "49000054");

	CHECK_INT(insn.cc, 9);
	CHECK_INT(insn.target, VADDR + 8);
	CHECK_INT(decode(INSN_ARM64, "01ffffb4").cc, INSN_CC_NONE);
	insn = decode(INSN_ARM64, "c0035f");
	CHECK_INT(insn.kind, INSN_BAD);
	CHECK_INT(insn.len, 4);
}

TEST(insn_arm64_writes_arg_state)
{
	static const char *const no[] = { "900b40f9", "f1030091", "f10301d1", "ff6330eb",
					  "3f0210eb", "49000054", "5f2403d5", "fd430091" };
	static const char *const yes[] = { "fe0f1ef8", "fd7bbfa9", "ff4301d1", "210440f9",
					   "ffffff97", "e30304aa", "e00700f8", "c0035fd6",
					   "830400f9", "f35301a9" };

	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		CHECK(!writes(INSN_ARM64, no[i]));
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		CHECK(writes(INSN_ARM64, yes[i]));
}

TEST(insn_saved_registers)
{
	static const struct {
		enum insn_arch arch;
		const char *hex;
		unsigned reg;
	} saved[] = {
		{ INSN_X86_64, "4889442408", 0 },      // mov [rsp+8], rax
		{ INSN_X86_64, "48895c2410", 3 },      // mov [rsp+0x10], rbx
		{ INSN_X86_64, "48894c2418", 2 },      // mov [rsp+0x18], rcx
		{ INSN_X86_64, "48897c2420", 5 },      // mov [rsp+0x20], rdi
		{ INSN_X86_64, "4889742428", 4 },      // mov [rsp+0x28], rsi
		{ INSN_X86_64, "4c895c2440", 11 },     // mov [rsp+0x40], r11
		{ INSN_X86_64, "88442408", 0 },        // mov [rsp+8], al
		{ INSN_X86_64, "f20f11442408", 17 },   // movsd [rsp+8], xmm0
		{ INSN_X86_64, "f3440f117c2408", 32 }, // movss [rsp+8], xmm15
		{ INSN_ARM64, "e00700f9", 0 },         // str x0, [sp, #8]
		{ INSN_ARM64, "e18700a9", 1 },         // stp x1, x1, [sp, #8]
		{ INSN_ARM64, "e00700fd", 64 },        // str d0, [sp, #8]
	};
	uint8_t buf[16];

	for (size_t i = 0; i < ARRAY_LEN(saved); i++) {
		struct insn_regs set = { 0 };
		insn_add_saved(saved[i].arch, from_hex(saved[i].hex, buf), &set);
		CHECK(insn_regs_has(saved[i].arch, set, saved[i].reg));
		CHECK_INT(__builtin_popcount(set.ints) + __builtin_popcount(set.vectors), 1);
	}
	struct insn_regs none = { 0 };
	insn_add_saved(INSN_X86_64, from_hex("488b442408", buf), &none); // mov rax, [rsp+8]
	insn_add_saved(INSN_X86_64, from_hex("48894308", buf), &none);   // mov [rbx+8], rax
	CHECK_INT(none.ints | none.vectors, 0);
}

TEST(insn_memory_operands)
{
	static const struct {
		const char *hex;
		struct insn_mem want;
	} known[] = {
		// mov rax, [rcx+0x98]; mov [rdx+0xa0], rbx; lock cmpxchg [rdx+0x90], ecx
		{ "488b8198000000", { 8, false, false, true, 2, 0x98 } },
		{ "48899aa0000000", { 8, true, false, true, 1, 0xa0 } },
		{ "f00fb18a90000000", { 4, true, false, true, 1, 0x90 } },
		// mov r14, fs:0xfffffffffffffff8; mov rax, fs:[rcx]
		{ "644c8b3425f8ffffff", { 8, false, true, false, 0, -8 } },
		{ "64488b01", { 8, false, true, true, 2, 0 } },
	};
	// lea rax, [rbx+8]; mov rax, [rbx+rcx*8]; mov rax, [rip+0x10]; mov rax, rbx
	static const char *const others[] = { "488d4308", "488b04cb", "488b0510000000", "4889d8" };
	uint8_t buf[16];
	struct insn_mem m;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const struct insn_mem *want = &known[i].want;
		CHECK(insn_memory(INSN_X86_64, from_hex(known[i].hex, buf), &m));
		CHECK_INT(m.size, want->size);
		CHECK_INT(m.is_write, want->is_write);
		CHECK_INT(m.is_tls, want->is_tls);
		CHECK_INT(m.has_base, want->has_base);
		CHECK_INT(m.base, want->base);
		CHECK_INT(m.disp, want->disp);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		CHECK(!insn_memory(INSN_X86_64, from_hex(others[i], buf), &m));
	CHECK(!insn_memory(INSN_ARM64, from_hex("e00700f9", buf), &m));
}

TEST(insn_constants)
{
	uint8_t buf[16];
	uint16_t reg;
	int64_t value;

	// mov rcx, -8; mov ebx, 0xfffffff8; mov rax, rbx; mov [rax], 1
	CHECK(insn_constant(INSN_X86_64, from_hex("48c7c1f8ffffff", buf), &reg, &value));
	CHECK_INT(reg, 2);
	CHECK_INT(value, -8);
	CHECK(insn_constant(INSN_X86_64, from_hex("bbf8ffffff", buf), &reg, &value));
	CHECK_INT(reg, 3);
	CHECK_INT(value, 0xfffffff8);
	CHECK(!insn_constant(INSN_X86_64, from_hex("4889d8", buf), &reg, &value));
	CHECK(!insn_constant(INSN_X86_64, from_hex("48c70001000000", buf), &reg, &value));
}

TEST(insn_registers)
{
	CHECK_STR(insn_reg_name(INSN_X86_64, 0), "rax");
	CHECK_STR(insn_reg_name(INSN_X86_64, 1), "rdx");
	CHECK_STR(insn_reg_name(INSN_X86_64, insn_reg_sp(INSN_X86_64)), "rsp");
	CHECK_STR(insn_reg_name(INSN_X86_64, 15), "r15");
	CHECK_STR(insn_reg_name(INSN_X86_64, 17), "xmm0");
	CHECK_STR(insn_reg_name(INSN_X86_64, 32), "xmm15");
	CHECK_STR(insn_reg_name(INSN_X86_64, 82), "xmm31");
	CHECK_STR(insn_reg_name(INSN_X86_64, 83), "?");
	CHECK_STR(insn_reg_name(INSN_ARM64, 0), "x0");
	CHECK_STR(insn_reg_name(INSN_ARM64, insn_reg_sp(INSN_ARM64)), "sp");
	CHECK_STR(insn_reg_name(INSN_ARM64, 64), "v0");
	CHECK_STR(insn_reg_name(INSN_ARM64, 96), "?");
	CHECK_STR(insn_reg_name(INSN_ARM64, 0xffffffff), "?");
	CHECK(insn_reg_is_int(INSN_X86_64, 7));
	CHECK(!insn_reg_is_int(INSN_X86_64, 17));
	CHECK(insn_reg_is_int(INSN_ARM64, 30));
	CHECK(!insn_reg_is_int(INSN_ARM64, 64));
}
