// SPDX-License-Identifier: Apache-2.0
// What BPF programs do on the running kernel, and what its verifier says. Skipped where BPF is not
// allowed.
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bpf_kernel.h"
#include "btf/btf.h"
#include "unit.h"

// --- what instructions do ---

static const uint8_t alu_ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_MOD, BPF_OR,
				   BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH, BPF_ARSH };
static const uint64_t operands[] = { 0,           1,          7,
				     31,          0x80000000, 0xffffffff,
				     0x123456789, UINT64_MAX, (uint64_t)INT64_MIN };

// The kernel's rules: x / 0 is 0, x % 0 is x, shifts look at the low bits of their count.
static uint64_t oracle(uint8_t op, uint64_t x, uint64_t y, bool wide)
{
	if (!wide)
		x = (uint32_t)x, y = (uint32_t)y;
	unsigned shift = (unsigned)y & (wide ? 63 : 31);
	switch (op) {
	case BPF_ADD:
		x += y;
		break;
	case BPF_SUB:
		x -= y;
		break;
	case BPF_MUL:
		x *= y;
		break;
	case BPF_DIV:
		x = y ? x / y : 0;
		break;
	case BPF_MOD:
		x = y ? x % y : x;
		break;
	case BPF_OR:
		x |= y;
		break;
	case BPF_AND:
		x &= y;
		break;
	case BPF_XOR:
		x ^= y;
		break;
	case BPF_LSH:
		x <<= shift;
		break;
	case BPF_RSH:
		x >>= shift;
		break;
	default:
		x = wide ? (uint64_t)((int64_t)x >> shift) : (uint32_t)((int32_t)x >> shift);
	}
	return wide ? x : (uint32_t)x;
}

TEST(bpf_arithmetic_is_as_in_c)
{
	struct arena *a = bpf_kernel_need();
	const size_t n = ARRAY_LEN(operands);
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words((uint32_t)(ARRAY_LEN(alu_ops) * n * n * 2), &words);
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_map_value_ref(b, BPF_REG_6, &m, 0);
	int off = 0;
	for (size_t i = 0; i < ARRAY_LEN(alu_ops) * n * n; i++) {
		bpf_const(b, BPF_REG_2, operands[i % n]);
		for (int wide = 0; wide < 2; wide++, off += 8) {
			bpf_const(b, BPF_REG_1, operands[i / n % n]);
			if (wide)
				bpf_alu(b, alu_ops[i / n / n], BPF_REG_1, BPF_REG_2);
			else
				bpf_alu32(b, alu_ops[i / n / n], BPF_REG_1, BPF_REG_2);
			bpf_store(b, 8, BPF_REG_6, off, BPF_REG_1);
		}
	}
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_prog p = bpf_kernel_load(a, b, BPF_PROG_TYPE_SOCKET_FILTER);
	bpf_kernel_run(&p);
	for (size_t i = 0; i < ARRAY_LEN(alu_ops) * n * n * 2; i++) {
		size_t k = i / 2;
		uint64_t want =
			oracle(alu_ops[k / n / n], operands[k / n % n], operands[k % n], i & 1);
		if (words[i] != want)
			printf("op 0x%x of 0x%llx and 0x%llx\n", alu_ops[k / n / n],
			       (unsigned long long)operands[k / n % n],
			       (unsigned long long)operands[k % n]);
		CHECK_INT(words[i], want);
	}
	bpf_map_unmap(&m, words);
}

static bool compares(uint8_t op, uint64_t x, uint64_t y, bool wide)
{
	int64_t sx = wide ? (int64_t)x : (int32_t)x, sy = wide ? (int64_t)y : (int32_t)y;
	if (!wide)
		x = (uint32_t)x, y = (uint32_t)y;
	switch (op) {
	case BPF_JEQ:
		return x == y;
	case BPF_JNE:
		return x != y;
	case BPF_JGT:
		return x > y;
	case BPF_JGE:
		return x >= y;
	case BPF_JLT:
		return x < y;
	case BPF_JLE:
		return x <= y;
	case BPF_JSGT:
		return sx > sy;
	case BPF_JSGE:
		return sx >= sy;
	case BPF_JSLT:
		return sx < sy;
	case BPF_JSLE:
		return sx <= sy;
	default:
		return x & y;
	}
}

TEST(bpf_comparisons_are_as_in_c)
{
	static const uint8_t ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
				       BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET };
	struct arena *a = bpf_kernel_need();
	const size_t n = ARRAY_LEN(operands), n_pairs = ARRAY_LEN(ops) * n * n;
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words((uint32_t)n_pairs * 2, &words);
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_map_value_ref(b, BPF_REG_6, &m, 0);
	for (size_t i = 0; i < n_pairs * 2; i++) {
		struct bpf_label yes = bpf_label_new(b);
		size_t k = i / 2;
		bpf_const(b, BPF_REG_1, operands[k / n % n]);
		bpf_const(b, BPF_REG_2, operands[k % n]);
		bpf_const(b, BPF_REG_3, 1);
		if (i & 1)
			bpf_jump_if(b, ops[k / n / n], BPF_REG_1, BPF_REG_2, yes);
		else
			bpf_jump32_if(b, ops[k / n / n], BPF_REG_1, BPF_REG_2, yes);
		bpf_const(b, BPF_REG_3, 0);
		bpf_bind(b, yes);
		bpf_store(b, 8, BPF_REG_6, (int)i * 8, BPF_REG_3);
	}
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_prog p = bpf_kernel_load(a, b, BPF_PROG_TYPE_SOCKET_FILTER);
	bpf_kernel_run(&p);
	for (size_t i = 0; i < n_pairs * 2; i++) {
		size_t k = i / 2;
		CHECK_INT(words[i],
			  compares(ops[k / n / n], operands[k / n % n], operands[k % n], i & 1));
	}
}

TEST(bpf_memory_atomics_and_byte_order)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(16, &words);
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_map_value_ref(b, BPF_REG_6, &m, 8);
	bpf_const(b, BPF_REG_1, 0x1122334455667788);
	bpf_store(b, 8, BPF_REG_6, 0, BPF_REG_1);
	bpf_load(b, 1, BPF_REG_2, BPF_REG_6, 1);
	bpf_store(b, 8, BPF_REG_6, 8, BPF_REG_2);
	bpf_load(b, 2, BPF_REG_2, BPF_REG_6, 2);
	bpf_store(b, 8, BPF_REG_6, 16, BPF_REG_2);
	bpf_load(b, 4, BPF_REG_2, BPF_REG_6, 4);
	bpf_store(b, 8, BPF_REG_6, 24, BPF_REG_2);
	bpf_store_imm(b, 2, BPF_REG_6, 0, 0x1234);
	bpf_to_be(b, BPF_REG_1, 64);
	bpf_store(b, 8, BPF_REG_6, 32, BPF_REG_1);
	bpf_const(b, BPF_REG_3, 5);
	bpf_atomic(b, 8, BPF_ADD, BPF_REG_6, 40, BPF_REG_3);
	bpf_atomic(b, 8, BPF_ADD, BPF_REG_6, 40, BPF_REG_3);
	bpf_atomic(b, 8, BPF_ADD | BPF_FETCH, BPF_REG_6, 40, BPF_REG_3); // 15, r3 = 10
	bpf_store(b, 8, BPF_REG_6, 48, BPF_REG_3);
	bpf_const(b, BPF_REG_0, 15);
	bpf_const(b, BPF_REG_3, 99);
	bpf_atomic(b, 8, BPF_CMPXCHG, BPF_REG_6, 40, BPF_REG_3); // 99, r0 = 15
	bpf_const(b, BPF_REG_3, 7);
	bpf_atomic(b, 8, BPF_XCHG, BPF_REG_6, 40, BPF_REG_3); // 7, r3 = 99
	bpf_store(b, 8, BPF_REG_6, 56, BPF_REG_3);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_prog p = bpf_kernel_load(a, b, BPF_PROG_TYPE_SOCKET_FILTER);
	bpf_kernel_run(&p);
	CHECK_INT(words[0], 0);
	CHECK_INT(words[1], 0x1122334455661234);
	CHECK_INT(words[2], 0x77);
	CHECK_INT(words[3], 0x5566);
	CHECK_INT(words[4], 0x11223344);
	CHECK_INT(words[5], (long long)0x8877665544332211);
	CHECK_INT(words[6], 7);
	CHECK_INT(words[7], 10);
	CHECK_INT(words[8], 99);
}

// --- helpers, by class ---

TEST(bpf_helpers_on_maps_and_the_task)
{
	struct arena *a = bpf_kernel_need();
	struct bpf_map hash = { "hash", BPF_MAP_TYPE_HASH, 8, 16, 16, 0, -1 };
	CHECK_OK(bpf_map_create(&hash));
	struct bpf_asm *b = bpf_asm_new(a);
	struct bpf_label out = bpf_label_new(b);
	bpf_call(b, BPF_FUNC_get_current_pid_tgid);
	bpf_alu_imm(b, BPF_RSH, BPF_REG_0, 32);
	bpf_store(b, 8, BPF_REG_10, -8, BPF_REG_0);
	bpf_mov(b, BPF_REG_1, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_1, -24);
	bpf_const(b, BPF_REG_2, 16);
	bpf_call(b, BPF_FUNC_get_current_comm);
	bpf_map_ref(b, BPF_REG_1, &hash);
	bpf_mov(b, BPF_REG_2, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_2, -8);
	bpf_mov(b, BPF_REG_3, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_3, -24);
	bpf_const(b, BPF_REG_4, BPF_ANY);
	bpf_call(b, BPF_FUNC_map_update_elem);
	bpf_map_ref(b, BPF_REG_1, &hash);
	bpf_mov(b, BPF_REG_2, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_2, -8);
	bpf_call(b, BPF_FUNC_map_lookup_elem);
	bpf_jump_if_imm(b, BPF_JEQ, BPF_REG_0, 0, out);
	bpf_load(b, 1, BPF_REG_0, BPF_REG_0, 0);
	bpf_bind(b, out);
	bpf_exit(b);
	struct bpf_prog p = bpf_kernel_load(a, b, BPF_PROG_TYPE_RAW_TRACEPOINT);
	char comm[16] = "", got[16] = "";
	FILE *f = fopen("/proc/self/comm", "r");
	CHECK(f && fscanf(f, "%15s", comm) == 1);
	CHECK_INT(bpf_kernel_run(&p), comm[0]);
	uint64_t key = (uint64_t)getpid();
	bool found;
	CHECK_OK(bpf_map_lookup(&hash, &key, got, &found));
	CHECK(found);
	CHECK_STR(got, comm);
}

TEST(bpf_helpers_that_read_memory_clocks_and_stacks)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(16, &words);
	const char text[] = "read me";
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_mov(b, BPF_REG_7, BPF_REG_1);
	bpf_map_value_ref(b, BPF_REG_6, &m, 0);
	bpf_mov(b, BPF_REG_1, BPF_REG_6);
	bpf_const(b, BPF_REG_2, 16);
	bpf_const(b, BPF_REG_3, (uintptr_t)text);
	bpf_call(b, BPF_FUNC_probe_read_user_str);
	bpf_store(b, 8, BPF_REG_6, 16, BPF_REG_0);
	bpf_mov(b, BPF_REG_1, BPF_REG_6);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_1, 24);
	bpf_const(b, BPF_REG_2, 8);
	bpf_const(b, BPF_REG_3, 8); // nothing is there
	bpf_call(b, BPF_FUNC_probe_read_user);
	bpf_store(b, 8, BPF_REG_6, 32, BPF_REG_0);
	bpf_call(b, BPF_FUNC_ktime_get_boot_ns);
	bpf_store(b, 8, BPF_REG_6, 40, BPF_REG_0);
	bpf_call(b, BPF_FUNC_get_smp_processor_id);
	bpf_store(b, 8, BPF_REG_6, 48, BPF_REG_0);
	bpf_mov(b, BPF_REG_1, BPF_REG_7);
	bpf_mov(b, BPF_REG_2, BPF_REG_6);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_2, 64);
	bpf_const(b, BPF_REG_3, 64);
	bpf_const(b, BPF_REG_4, BPF_F_USER_STACK);
	bpf_call(b, BPF_FUNC_get_stack);
	bpf_store(b, 8, BPF_REG_6, 56, BPF_REG_0);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_prog p = bpf_kernel_load(a, b, BPF_PROG_TYPE_RAW_TRACEPOINT);
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	uint64_t before = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	bpf_kernel_run(&p);
	clock_gettime(CLOCK_BOOTTIME, &t);
	uint64_t after = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	CHECK_STR((const char *)words, text);
	CHECK_INT(words[2], sizeof(text));
	CHECK_INT(words[4], -EFAULT);
	CHECK(words[5] >= before && words[5] <= after);
	CHECK(words[6] < bpf_possible_cpus());
	CHECK((int64_t)words[7] >= 0 && words[7] % 8 == 0);
}

TEST(bpf_loop_calls_a_function_of_the_program)
{
	struct arena *a = bpf_kernel_need();
	uint64_t *words;
	struct bpf_map m = bpf_kernel_words(1, &words);
	struct bpf_asm *b = bpf_asm_new(a);
	struct bpf_label body = bpf_label_new(b), twice = bpf_label_new(b);
	bpf_const(b, BPF_REG_1, 1000);
	bpf_func_ref(b, BPF_REG_2, body);
	bpf_const(b, BPF_REG_3, 0);
	bpf_const(b, BPF_REG_4, 0);
	bpf_call(b, BPF_FUNC_loop);
	bpf_exit(b);
	bpf_func(b, body, "9 body.of");
	bpf_call_func(b, twice);
	bpf_map_value_ref(b, BPF_REG_2, &m, 0);
	bpf_atomic(b, 8, BPF_ADD, BPF_REG_2, 0, BPF_REG_0);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	bpf_func(b, twice, "twice");
	bpf_mov(b, BPF_REG_0, BPF_REG_1);
	bpf_alu_imm(b, BPF_MUL, BPF_REG_0, 2);
	bpf_exit(b);
	struct bpf_trials *trials = bpf_trials_new();
	bool has_loop = bpf_trials_try(trials, BPF_FEATURE_LOOP).support == BPF_PRESENT;
	bpf_trials_free(trials);
	if (!has_loop)
		SKIP("this kernel has no bpf_loop");
	struct bpf_prog p = bpf_kernel_load(a, b, BPF_PROG_TYPE_RAW_TRACEPOINT);
	CHECK_INT(bpf_kernel_run(&p), 1000);
	CHECK_INT(words[0], 999 * 1000);
}

TEST(bpf_kernel_types_find_members_and_functions)
{
	struct arena *a = bpf_kernel_need();
	struct btf *btf;
	struct err *e = btf_open(a, BTF_KERNEL, &btf);
	if (e)
		SKIP(err_text(e));
	uint32_t off, id;
	CHECK(btf_member(btf, "task_struct", "tgid", &off));
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_call(b, BPF_FUNC_get_current_task_btf);
	bpf_load(b, 4, BPF_REG_0, BPF_REG_0, (int)off);
	bpf_exit(b);
	struct bpf_prog p = bpf_kernel_load(a, b, BPF_PROG_TYPE_RAW_TRACEPOINT);
	CHECK_INT(bpf_kernel_run(&p), getpid());
	CHECK(!btf_member(btf, "task_struct", "no_such_member", &off));
	CHECK(!btf_member(btf, "no_such_struct", "tgid", &off));
	CHECK(!btf_member(btf, "task_struct", "tgid.x", &off));
	CHECK(!btf_func(btf, "no_such_function", &id));
#if defined(__x86_64__)
	CHECK(btf_member(btf, "task_struct", "thread.fsbase", &off));
	b = bpf_asm_new(a);
	bpf_call(b, BPF_FUNC_get_current_task_btf);
	bpf_load(b, 8, BPF_REG_0, BPF_REG_0, (int)off);
	bpf_exit(b);
	p = bpf_kernel_load(a, b, BPF_PROG_TYPE_RAW_TRACEPOINT);
	uint64_t fs;
	__asm__("mov %%fs:0, %0" : "=r"(fs));
	CHECK_INT(bpf_kernel_run(&p), (uint32_t)fs);
#endif
}

// --- what the verifier says ---

TEST(bpf_rejection_names_the_place_of_the_script)
{
	struct arena *a = bpf_kernel_need();
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_span(b, 100);
	bpf_const(b, BPF_REG_1, 0x1122334455667788); // takes two
	bpf_span(b, 200);
	bpf_load(b, 8, BPF_REG_2, BPF_REG_1, 16);
	bpf_span(b, 300);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_code code;
	CHECK_OK(bpf_asm_finish(b, &code));
	struct bpf_prog p = { .name = "wrong", .type = BPF_PROG_TYPE_KPROBE };
	struct bpf_verdict v;
	struct err *e = bpf_prog_load(&p, &code, a, &v);
	CHECK(e);
	CHECK(strstr(err_text(e), "rejects the program wrong at 2: r2 = *(u64 *)(r1 +16): R1 "));
	CHECK(v.is_rejected && v.has_insn);
	CHECK_INT(v.insn, 2);
	CHECK_INT(v.span, 200);
	CHECK_INT(p.fd, -1);
	CHECK(str_find(v.log, v.reason) >= 0);
	err_free(e);
	// Nobody needs to ask for the verdict.
	CHECK_ERR(bpf_prog_load(&p, &code, a, NULL), ERR_UNSUPPORTED);
}

// The log of this one does not fit into the first buffer.
TEST(bpf_rejection_with_a_long_log)
{
	struct arena *a = bpf_kernel_need();
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_span(b, 1);
	for (int i = 0; i < 20000; i++)
		bpf_alu_imm(b, i ? BPF_ADD : BPF_MOV, BPF_REG_2, i);
	bpf_span(b, 2);
	bpf_alu(b, BPF_ADD, BPF_REG_2, BPF_REG_9); // never set
	bpf_exit(b);
	struct bpf_code code;
	CHECK_OK(bpf_asm_finish(b, &code));
	struct bpf_prog p = { .name = "long", .type = BPF_PROG_TYPE_KPROBE };
	struct bpf_verdict v;
	CHECK_ERR(bpf_prog_load(&p, &code, a, &v), ERR_UNSUPPORTED);
	CHECK_INT(v.insn, 20000);
	CHECK_INT(v.span, 2);
	CHECK_VIEW(v.reason, "R9 !read_ok");
}

TEST(bpf_rejection_before_anything_is_followed)
{
	struct arena *a = bpf_kernel_need();
	struct bpf_asm *b = bpf_asm_new(a);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	bpf_span(b, 5);
	bpf_const(b, BPF_REG_0, 1); // nobody comes here
	bpf_exit(b);
	struct bpf_code code;
	CHECK_OK(bpf_asm_finish(b, &code));
	struct bpf_prog p = { .name = "dead", .type = BPF_PROG_TYPE_KPROBE };
	struct bpf_verdict v;
	CHECK_ERR(bpf_prog_load(&p, &code, a, &v), ERR_UNSUPPORTED);
	CHECK(v.has_insn);
	CHECK_INT(v.insn, 2);
	CHECK_INT(v.span, 5);
}

TEST(bpf_log_of_an_accepted_program)
{
	struct arena *a = bpf_kernel_need();
	struct bpf_asm *b = bpf_asm_new(a);
	for (int i = 0; i < 5000; i++)
		bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_code code;
	CHECK_OK(bpf_asm_finish(b, &code));
	struct bpf_prog p = { .name = "fine", .type = BPF_PROG_TYPE_KPROBE, .wants_log = true };
	struct bpf_verdict v;
	CHECK_OK(bpf_prog_load(&p, &code, a, &v));
	CHECK(str_find(v.log, STR("\n0: (b7) r0 = 0")) >= 0);
	CHECK(str_find(v.log, STR("\n4999: (b7) r0 = 0")) >= 0);
	CHECK(!v.is_rejected);
	bpf_prog_close(&p);
}
