// SPDX-License-Identifier: Apache-2.0
// The assembler: encodings, labels, limits, listings; the reading of verifier logs. No root needed.
#include <stdlib.h>

#include "bpf/bpf.h"
#include "unit.h"

static struct arena *arena;

static struct bpf_asm *start(void)
{
	arena = arena_new();
	return bpf_asm_new(arena);
}

static struct bpf_code finish(struct bpf_asm *b)
{
	struct bpf_code code = { 0 };
	CHECK_OK(bpf_asm_finish(b, &code));
	return code;
}

// The eight bytes of an instruction as one number, as they stand in memory.
static uint64_t word(const struct bpf_code *c, uint32_t i)
{
	uint64_t v;
	memcpy(&v, &c->insns[i], sizeof(v));
	return v;
}

// Expects exactly these instructions, given as code, dst, src, off, imm, and this text for the
// first.
static void check(struct bpf_asm *b, const char *text, size_t n, const struct bpf_insn *want)
{
	struct bpf_code c = finish(b);
	CHECK_INT(c.n, n);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t w;
		memcpy(&w, &want[i], sizeof(w));
		CHECK_INT(word(&c, i), w);
	}
	CHECK_VIEW(bpf_code_text(&c, 0, arena), text);
	arena_free(arena);
}

#define INSN(c, d, s, o, i)                                                         \
	{                                                                           \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) \
	}
#define ENCODES(call, text, ...)                                        \
	do {                                                            \
		struct bpf_asm *b = start();                            \
		call;                                                   \
		const struct bpf_insn want[] = { __VA_ARGS__ };         \
		check(b, (text), sizeof(want) / sizeof(want[0]), want); \
	} while (0)

TEST(bpf_asm_encodes_arithmetic)
{
	ENCODES(bpf_alu(b, BPF_ADD, 1, 2), "r1 += r2", INSN(0x0f, 1, 2, 0, 0));
	ENCODES(bpf_alu(b, BPF_ARSH, 3, 4), "r3 s>>= r4", INSN(0xcf, 3, 4, 0, 0));
	ENCODES(bpf_alu_imm(b, BPF_SUB, 9, -8), "r9 -= -8", INSN(0x17, 9, 0, 0, -8));
	ENCODES(bpf_alu_imm(b, BPF_MUL, 0, 3), "r0 *= 3", INSN(0x27, 0, 0, 0, 3));
	ENCODES(bpf_alu_imm(b, BPF_DIV, 0, 3), "r0 /= 3", INSN(0x37, 0, 0, 0, 3));
	ENCODES(bpf_alu_imm(b, BPF_OR, 0, 3), "r0 |= 3", INSN(0x47, 0, 0, 0, 3));
	ENCODES(bpf_alu_imm(b, BPF_AND, 0, 3), "r0 &= 3", INSN(0x57, 0, 0, 0, 3));
	ENCODES(bpf_alu_imm(b, BPF_LSH, 0, 63), "r0 <<= 63", INSN(0x67, 0, 0, 0, 63));
	ENCODES(bpf_alu_imm(b, BPF_RSH, 0, 3), "r0 >>= 3", INSN(0x77, 0, 0, 0, 3));
	ENCODES(bpf_alu_imm(b, BPF_MOD, 0, 3), "r0 %= 3", INSN(0x97, 0, 0, 0, 3));
	ENCODES(bpf_alu_imm(b, BPF_XOR, 0, 3), "r0 ^= 3", INSN(0xa7, 0, 0, 0, 3));
	ENCODES(bpf_alu32(b, BPF_ADD, 1, 2), "w1 += w2", INSN(0x0c, 1, 2, 0, 0));
	ENCODES(bpf_alu32_imm(b, BPF_AND, 1, 0xffffffff), "w1 &= -1", INSN(0x54, 1, 0, 0, -1));
	ENCODES(bpf_neg(b, 5), "r5 = -r5", INSN(0x87, 5, 0, 0, 0));
	ENCODES(bpf_neg32(b, 5), "w5 = -w5", INSN(0x84, 5, 0, 0, 0));
	ENCODES(bpf_mov(b, 6, 1), "r6 = r1", INSN(0xbf, 6, 1, 0, 0));
	ENCODES(bpf_mov32(b, 6, 1), "w6 = w1", INSN(0xbc, 6, 1, 0, 0));
	ENCODES(bpf_to_be(b, 2, 16), "r2 = be16 r2", INSN(0xdc, 2, 0, 0, 16));
	ENCODES(bpf_to_le(b, 2, 64), "r2 = le64 r2", INSN(0xd4, 2, 0, 0, 64));
}

TEST(bpf_asm_takes_the_shortest_constant)
{
	ENCODES(bpf_const(b, 1, 7), "r1 = 7", INSN(0xb7, 1, 0, 0, 7));
	ENCODES(bpf_const(b, 1, (uint64_t)-7), "r1 = -7", INSN(0xb7, 1, 0, 0, -7));
	ENCODES(bpf_const(b, 1, 0x80000000), "w1 = -2147483648", INSN(0xb4, 1, 0, 0, INT32_MIN));
	ENCODES(bpf_const(b, 1, 0x1122334455667788), "r1 = 0x1122334455667788",
		INSN(0x18, 1, 0, 0, 0x55667788), INSN(0, 0, 0, 0, 0x11223344));
	ENCODES(bpf_const(b, 1, 0xffffffff00000000), "r1 = 0xffffffff00000000",
		INSN(0x18, 1, 0, 0, 0), INSN(0, 0, 0, 0, -1));
}

TEST(bpf_asm_encodes_memory)
{
	ENCODES(bpf_load(b, 8, 1, 6, 80), "r1 = *(u64 *)(r6 +80)", INSN(0x79, 1, 6, 80, 0));
	ENCODES(bpf_load(b, 4, 1, 6, -4), "r1 = *(u32 *)(r6 -4)", INSN(0x61, 1, 6, -4, 0));
	ENCODES(bpf_load(b, 2, 1, 6, 0), "r1 = *(u16 *)(r6 +0)", INSN(0x69, 1, 6, 0, 0));
	ENCODES(bpf_load(b, 1, 1, 6, 0), "r1 = *(u8 *)(r6 +0)", INSN(0x71, 1, 6, 0, 0));
	ENCODES(bpf_store(b, 8, 10, -8, 1), "*(u64 *)(r10 -8) = r1", INSN(0x7b, 10, 1, -8, 0));
	ENCODES(bpf_store(b, 1, 10, -8, 1), "*(u8 *)(r10 -8) = r1", INSN(0x73, 10, 1, -8, 0));
	ENCODES(bpf_store_imm(b, 4, 10, -8, 5), "*(u32 *)(r10 -8) = 5", INSN(0x62, 10, 0, -8, 5));
	ENCODES(bpf_store_imm(b, 2, 10, -8, 5), "*(u16 *)(r10 -8) = 5", INSN(0x6a, 10, 0, -8, 5));
}

TEST(bpf_asm_encodes_atomics)
{
	ENCODES(bpf_atomic(b, 8, BPF_ADD, 1, 0, 2), "lock *(u64 *)(r1 +0) += r2",
		INSN(0xdb, 1, 2, 0, 0));
	ENCODES(bpf_atomic(b, 4, BPF_OR, 1, 8, 2), "lock *(u32 *)(r1 +8) |= r2",
		INSN(0xc3, 1, 2, 8, 0x40));
	ENCODES(bpf_atomic(b, 8, BPF_ADD | BPF_FETCH, 1, 0, 2),
		"r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)", INSN(0xdb, 1, 2, 0, 1));
	ENCODES(bpf_atomic(b, 8, BPF_XOR | BPF_FETCH, 1, 0, 2),
		"r2 = atomic64_fetch_xor((u64 *)(r1 +0), r2)", INSN(0xdb, 1, 2, 0, 0xa1));
	ENCODES(bpf_atomic(b, 8, BPF_XCHG, 1, 0, 2), "r2 = atomic64_xchg((u64 *)(r1 +0), r2)",
		INSN(0xdb, 1, 2, 0, 0xe1));
	ENCODES(bpf_atomic(b, 4, BPF_CMPXCHG, 1, 0, 2),
		"r0 = atomic_cmpxchg((u32 *)(r1 +0), r0, r2)", INSN(0xc3, 1, 2, 0, 0xf1));
}

#define JUMPS(call, text, code, dst, src, imm)                                                     \
	do {                                                                                       \
		struct bpf_asm *b = start();                                                       \
		struct bpf_label to = bpf_label_new(b);                                            \
		call;                                                                              \
		bpf_const(b, 0, 0);                                                                \
		bpf_bind(b, to);                                                                   \
		bpf_exit(b);                                                                       \
		const struct bpf_insn want[] = { INSN(code, dst, src, 1, imm),                     \
						 INSN(0xb7, 0, 0, 0, 0), INSN(0x95, 0, 0, 0, 0) }; \
		check(b, (text), 3, want);                                                         \
	} while (0)

TEST(bpf_asm_encodes_jumps)
{
	JUMPS(bpf_jump(b, to), "goto 2", 0x05, 0, 0, 0);
	JUMPS(bpf_jump_if(b, BPF_JEQ, 1, 2, to), "if r1 == r2 goto 2", 0x1d, 1, 2, 0);
	JUMPS(bpf_jump_if_imm(b, BPF_JSGT, 1, -5, to), "if r1 s> -5 goto 2", 0x65, 1, 0, -5);
	JUMPS(bpf_jump_if_imm(b, BPF_JGT, 1, 5, to), "if r1 > 5 goto 2", 0x25, 1, 0, 5);
	JUMPS(bpf_jump_if_imm(b, BPF_JGE, 1, 5, to), "if r1 >= 5 goto 2", 0x35, 1, 0, 5);
	JUMPS(bpf_jump_if_imm(b, BPF_JLT, 1, 5, to), "if r1 < 5 goto 2", 0xa5, 1, 0, 5);
	JUMPS(bpf_jump_if_imm(b, BPF_JLE, 1, 5, to), "if r1 <= 5 goto 2", 0xb5, 1, 0, 5);
	JUMPS(bpf_jump_if_imm(b, BPF_JSGE, 1, 5, to), "if r1 s>= 5 goto 2", 0x75, 1, 0, 5);
	JUMPS(bpf_jump_if_imm(b, BPF_JSLT, 1, 5, to), "if r1 s< 5 goto 2", 0xc5, 1, 0, 5);
	JUMPS(bpf_jump_if_imm(b, BPF_JSLE, 1, 5, to), "if r1 s<= 5 goto 2", 0xd5, 1, 0, 5);
	JUMPS(bpf_jump_if_imm(b, BPF_JSET, 1, 5, to), "if r1 & 5 goto 2", 0x45, 1, 0, 5);
	JUMPS(bpf_jump32_if(b, BPF_JNE, 1, 2, to), "if w1 != w2 goto 2", 0x5e, 1, 2, 0);
	JUMPS(bpf_jump32_if_imm(b, BPF_JEQ, 1, 0xffffffff, to), "if w1 == -1 goto 2", 0x16, 1, 0,
	      -1);
	JUMPS(bpf_may_goto(b, to), "may_goto 2", 0xe5, 0, 0, 0);
}

TEST(bpf_asm_patches_jumps_backward_and_calls)
{
	struct bpf_asm *b = start();
	struct bpf_label again = bpf_label_new(b), func = bpf_label_new(b);
	CHECK_INT(bpf_here(b), 0);
	bpf_call(b, BPF_FUNC_ktime_get_ns);
	bpf_bind(b, again);
	bpf_call_func(b, func);
	bpf_func_ref(b, 2, func);
	bpf_jump(b, again);
	bpf_call_kernel(b, 77);
	bpf_exit(b);
	bpf_func(b, func, "helper");
	bpf_exit(b);
	struct bpf_code c = finish(b);
	CHECK_INT(c.n, 8);
	CHECK_INT(c.insns[1].imm, 5);
	CHECK_INT(c.insns[2].imm, 4);
	CHECK_INT(c.insns[4].off, -4);
	CHECK_INT(c.n_funcs, 2);
	CHECK_INT(c.funcs[1].start, 7);
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bpf_code_print(&c, f);
	fclose(f);
	CHECK_STR(text, "main:\n"
			"    0: call bpf_ktime_get_ns#5\n"
			"    1: call helper\n"
			"    2: r2 = func[helper]\n"
			"    4: goto 1\n"
			"    5: call kernel-function#77\n"
			"    6: exit\n"
			"helper:\n"
			"    7: exit\n");
	free(text);
	arena_free(arena);
}

TEST(bpf_asm_lists_comments_spans_and_maps)
{
	struct bpf_map counts = { .name = "counts", .fd = 3 }, other = { .name = "other", .fd = 4 };
	struct bpf_asm *b = start();
	bpf_comment(b, "the %s", "context");
	bpf_mov(b, 6, 1);
	bpf_span(b, 17);
	bpf_comment(b, "@counts");
	bpf_map_ref(b, 1, &counts);
	bpf_map_value_ref(b, 2, &other, 16);
	bpf_map_ref(b, 3, &counts);
	bpf_span(b, BPF_SPAN_NONE);
	bpf_exit(b);
	struct bpf_code c = finish(b);
	CHECK_INT(c.n_maps, 2);
	CHECK(c.maps[0] == &counts && c.maps[1] == &other);
	CHECK_INT(c.insns[3].imm, 1);
	CHECK_INT(c.spans[0], BPF_SPAN_NONE);
	CHECK_INT(c.spans[1], 17);
	CHECK_INT(c.spans[6], 17);
	CHECK_INT(c.spans[7], BPF_SPAN_NONE);
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bpf_code_print(&c, f);
	fclose(f);
	CHECK_STR(text, "    0: r6 = r1                                      ; the context\n"
			"    1: r1 = map[counts]                             ; @counts\n"
			"    3: r2 = map_value[other] +16\n"
			"    5: r3 = map[counts]\n"
			"    7: exit\n");
	free(text);
	arena_free(arena);
}

// Expects the program to fail with that text; an exit follows the call.
#define REFUSES(call, text)                                     \
	do {                                                    \
		struct bpf_asm *b = start();                    \
		struct bpf_label to = bpf_label_new(b);         \
		(void)to;                                       \
		bpf_const(b, 0, 0);                             \
		call;                                           \
		bpf_exit(b);                                    \
		struct bpf_code c;                              \
		struct err *e = bpf_asm_finish(b, &c);          \
		CHECK_STR(e ? err_text(e) : "nothing", (text)); \
		err_free(e);                                    \
		arena_free(arena);                              \
	} while (0)

TEST(bpf_asm_refuses_what_does_not_fit)
{
	REFUSES(bpf_alu(b, BPF_ADD, 11, 0), "instruction 1: there is no register r11");
	REFUSES(bpf_mov(b, 10, 0), "instruction 1: r10 is read-only");
	REFUSES(bpf_load(b, 8, 10, 1, 0), "instruction 1: r10 is read-only");
	REFUSES(bpf_load(b, 8, 1, 1, 32768),
		"instruction 1: offset 32768 does not fit into 16 bits");
	REFUSES(bpf_load(b, 3, 1, 1, 0),
		"instruction 1: memory is accessed by 1, 2, 4 or 8 bytes, not 3");
	REFUSES(bpf_alu_imm(b, BPF_ADD, 1, 1LL << 31),
		"instruction 1: 2147483648 does not fit into 32 bits");
	REFUSES(bpf_alu_imm(b, BPF_LSH, 1, 64), "instruction 1: a shift by 64 of 64 bits");
	REFUSES(bpf_alu32_imm(b, BPF_RSH, 1, 32), "instruction 1: a shift by 32 of 32 bits");
	REFUSES(bpf_alu_imm(b, BPF_DIV, 1, 0), "instruction 1: division by the constant zero");
	REFUSES(bpf_alu(b, BPF_JEQ | 0x01, 1, 0), "instruction 1: 0x11 is no arithmetic operation");
	REFUSES(bpf_atomic(b, 2, BPF_ADD, 1, 0, 2),
		"instruction 1: atomic operations are on 4 or 8 bytes, not 2");
	REFUSES(bpf_atomic(b, 8, BPF_SUB, 1, 0, 2), "instruction 1: 0x10 is no atomic operation");
	REFUSES(bpf_to_be(b, 1, 8), "instruction 1: no byte order is known for 8 bits");
	REFUSES(bpf_jump(b, to), "instruction 1: label 0 is never bound");
	REFUSES(bpf_jump(b, (struct bpf_label) { 9 }), "instruction 1: label 9 does not exist");
	REFUSES((bpf_bind(b, to), bpf_bind(b, to)), "instruction 1: label 0 is bound twice");
	REFUSES((bpf_bind(b, to), bpf_call_func(b, to)), "instruction 1: no function starts at 1");
	REFUSES(bpf_fail(b, "no %s here", "way"), "instruction 1: no way here");
	// Only the first one counts.
	REFUSES((bpf_mov(b, 10, 0), bpf_load(b, 3, 1, 1, 0)), "instruction 1: r10 is read-only");
}

TEST(bpf_asm_refuses_an_empty_program_and_a_jump_behind_the_end)
{
	struct bpf_code c;
	struct bpf_asm *b = start();
	CHECK_ERR(bpf_asm_finish(b, &c), ERR_UNSUPPORTED);
	struct bpf_label end = bpf_label_new(b);
	bpf_jump(b, end);
	bpf_bind(b, end);
	CHECK_ERR(bpf_asm_finish(b, &c), ERR_UNSUPPORTED);
	arena_free(arena);
}

// A program of one jump over so many instructions.
static struct err *jump_over(int n, bool backward)
{
	struct bpf_asm *b = start();
	struct bpf_label to = bpf_label_new(b);
	if (backward)
		bpf_bind(b, to);
	else
		bpf_jump(b, to);
	for (int i = 0; i < n; i++)
		bpf_const(b, 0, 0);
	if (backward)
		bpf_jump(b, to);
	else
		bpf_bind(b, to);
	bpf_exit(b);
	struct bpf_code c;
	struct err *e = bpf_asm_finish(b, &c);
	arena_free(arena);
	return e;
}

TEST(bpf_asm_checks_how_far_a_jump_goes)
{
	CHECK_OK(jump_over(32767, false));
	CHECK_ERR(jump_over(32768, false), ERR_UNSUPPORTED);
	CHECK_OK(jump_over(32767, true));
	CHECK_ERR(jump_over(32768, true), ERR_UNSUPPORTED);
}

TEST(bpf_asm_ends_at_a_million_instructions)
{
	struct bpf_asm *b = start();
	for (int i = 0; i < 1000001; i++)
		bpf_exit(b);
	struct bpf_code c;
	CHECK_ERR(bpf_asm_finish(b, &c), ERR_UNSUPPORTED);
	arena_free(arena);
}

TEST(bpf_name_keeps_what_the_kernel_accepts)
{
	char name[BPF_OBJ_NAME_LEN];
	bpf_name("@us-per-call[1]", name);
	CHECK_STR(name, "_us_per_call_1_");
	bpf_name("a.b_9 and much more that is cut", name);
	CHECK_STR(name, "a.b_9_and_much_");
	bpf_name("", name);
	CHECK_STR(name, "");
}

TEST(bpf_helper_names)
{
	CHECK_STR(bpf_helper_name(1), "bpf_map_lookup_elem");
	CHECK_STR(bpf_helper_name(174), "bpf_get_attach_cookie");
	CHECK(!bpf_helper_name(0) && !bpf_helper_name(-1) && !bpf_helper_name(100000));
}

// What the log says, and of which instruction; -1: of none.
static void check_log(const char *log, const char *reason, int64_t insn)
{
	uint32_t at = 0;
	struct str got = bpf_log_reason(str_from(log));
	CHECK_VIEW(got.p ? got : STR(""), reason);
	CHECK_INT(bpf_log_insn(str_from(log), &at) ? (int64_t)at : -1, insn);
}

TEST(bpf_log_reads_old_and_new_kernels)
{
	check_log("0: R1=ctx() R10=fp0\n0: (bf) r6 = r1    ; R1=ctx() R6_w=ctx()\n"
		  "1: (79) r2 = *(u64 *)(r3 +0)\nR3 !read_ok\n"
		  "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0\n",
		  "R3 !read_ok", 1);
	check_log("0: (b7) r0 = 1\n1: (79) r1 = *(u64 *)(r0 +0)\n R0=inv1\n"
		  "R0 invalid mem access 'inv'\n"
		  "verification time 70 usec\nstack depth 0\nprocessed 2 insns (limit 1000000)\n",
		  "R0 invalid mem access 'inv'", 1);
	check_log("unreachable insn 7\nprocessed 0 insns (limit 1000000)\n", "unreachable insn 7",
		  7);
	check_log("back-edge from insn 3 to 1\n", "back-edge from insn 3 to 1", 3);
	check_log("12: (85) call bpf_loop#181\n; a line of the script @ x.bt:3\n"
		  "13: R0_w=scalar() R10=fp0\n40: (05) goto pc-2\n"
		  "infinite loop detected at insn 38\ncur state: R0=0\nold state: R0=0\n",
		  "infinite loop detected at insn 38", 38);
	check_log("", "", -1);
	check_log("\n\n99999999999: (05) x\nno\n", "99999999999: (05) x", -1);
	check_log("3: (95) exit", "", 3);
}

TEST(bpf_asm_leaves_out_what_is_never_reached)
{
	struct arena *a = arena_new();
	struct bpf_asm *b = bpf_asm_new(a);
	struct bpf_label over = bpf_label_new(b), unused = bpf_label_new(b);
	struct bpf_label used = bpf_label_new(b);
	bpf_call_func(b, used);
	bpf_jump(b, over);
	bpf_const(b, BPF_REG_1, 1ULL << 40); // nobody comes here
	bpf_call_func(b, unused);
	bpf_bind(b, over);
	bpf_span(b, 7);
	bpf_const(b, BPF_REG_0, 1ULL << 41);
	bpf_exit(b);
	bpf_func(b, unused, "unused");
	bpf_exit(b);
	bpf_func(b, used, "used");
	bpf_const(b, BPF_REG_0, 3);
	bpf_exit(b);
	struct bpf_code code;
	bpf_asm_drop_unreached(b);
	CHECK_OK(bpf_asm_finish(b, &code));
	CHECK_INT(code.n, 7);
	CHECK_INT(code.insns[0].imm, 4);
	CHECK_INT(code.insns[1].off, 0);
	CHECK_INT(code.spans[2], 7);
	CHECK_INT(code.n_funcs, 2);
	CHECK_INT(code.funcs[1].start, 5);
	CHECK_STR(code.funcs[1].name, "used");
	arena_free(a);
}
