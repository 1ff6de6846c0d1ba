// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "go/go.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

// A value by its words: 'i' an integer word, 'f' a float one; each of size bytes, side by side.
static struct go_abi_value value(struct arena *a, const char *words, uint32_t size, bool is_result)
{
	struct go_abi_value v = { .is_result = is_result, .align = size };
	v.words.n = strlen(words);
	v.words.v = ARENA_ARRAY(a, struct type_word, v.words.n);
	for (size_t i = 0; i < v.words.n; i++)
		v.words.v[i] = (struct type_word) {
			.off = i * size,
			.size = size,
			.cls = words[i] == 'f' ? WORD_FLOAT : WORD_INT,
		};
	v.size = v.words.n * size;
	return v;
}

static struct go_abi_value array_of_two(struct arena *a, bool is_result)
{
	struct go_abi_value v = value(a, "ii", 8, is_result);
	v.words.has_long_array = true;
	return v;
}

static void check_regs(const struct go_abi_value *v, const unsigned *regs, size_t n)
{
	CHECK(v->in_registers);
	CHECK_INT(v->places.n, n);
	for (size_t i = 0; i < n; i++) {
		CHECK_INT(v->places.v[i].kind, PLACE_REG);
		CHECK_INT(v->places.v[i].reg, regs[i]);
		CHECK_INT(v->places.v[i].off_in_value, v->words.v[i].off);
		CHECK_INT(v->places.v[i].size, v->words.v[i].size);
	}
}
#define CHECK_REGS(v, ...) \
	check_regs((v), (const unsigned[])__VA_ARGS__, N_OF(((const unsigned[])__VA_ARGS__)))

static void check_stack(const struct go_abi_value *v, int64_t off)
{
	CHECK(!v->in_registers);
	CHECK_INT(v->places.n, 1);
	CHECK_INT(v->places.v[0].kind, PLACE_CFA);
	CHECK_INT(v->places.v[0].off, off);
	CHECK_INT(v->places.v[0].size, v->size);
}

// func ArrayArg(x [2]int, y [1]int, b struct{[2]int; int}, z [0]int, e struct{}) [2]int
TEST(go_abi_arrays_and_empty_values)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct go_abi_value big = value(a, "iii", 8, false);
	big.words.has_long_array = true;
	struct go_abi_value v[] = {
		array_of_two(a, false), value(a, "i", 8, false), big,
		value(a, "", 8, false), value(a, "", 1, false),  array_of_two(a, true)
	};
	go_abi_assign(a, ELF_X86_64, GO_ABI_INTERNAL, v, N_OF(v));
	check_stack(&v[0], 0);
	CHECK_REGS(&v[1], { 0 });
	check_stack(&v[2], 16);
	check_stack(&v[3], 40);
	check_stack(&v[4], 40);
	check_stack(&v[5], 40);
	CHECK_INT(v[1].spill_off, 56);
}

// A value that does not fit goes to the stack as a whole; later ones may still use registers.
TEST(go_abi_all_or_nothing)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct go_abi_value v[] = { value(a, "iiiiiii", 8, false), value(a, "iii", 8, false),
				    value(a, "ii", 8, false), value(a, "i", 8, false),
				    value(a, "iii", 8, true) };
	go_abi_assign(a, ELF_X86_64, GO_ABI_INTERNAL, v, N_OF(v));
	CHECK_REGS(&v[0], { 0, 3, 2, 5, 4, 8, 9 });
	check_stack(&v[1], 0);
	CHECK_REGS(&v[2], { 10, 11 });
	check_stack(&v[3], 24);
	CHECK_REGS(&v[4], { 0, 3, 2 });
	CHECK_INT(v[0].spill_off, 32);
	CHECK_INT(v[2].spill_off, 88);
}

TEST(go_abi_floats_have_their_own_sequence)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct go_abi_value v[] = { value(a, "fif", 8, false), value(a, "f", 4, false),
				    value(a, "ffffffffffff", 8, false), value(a, "f", 8, false),
				    value(a, "ff", 8, true) };
	go_abi_assign(a, ELF_X86_64, GO_ABI_INTERNAL, v, N_OF(v));
	CHECK_REGS(&v[0], { 17, 0, 18 });
	CHECK_REGS(&v[1], { 19 });
	CHECK_REGS(&v[2], { 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 });
	check_stack(&v[3], 0);
	CHECK_REGS(&v[4], { 17, 18 });
}

TEST(go_abi_small_values_spill_side_by_side)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct go_abi_value v[] = { value(a, "i", 1, false), value(a, "i", 4, false),
				    value(a, "i", 2, false), value(a, "i", 8, false) };
	go_abi_assign(a, ELF_X86_64, GO_ABI_INTERNAL, v, N_OF(v));
	CHECK_REGS(&v[2], { 2 });
	CHECK_INT(v[0].spill_off, 0);
	CHECK_INT(v[1].spill_off, 4);
	CHECK_INT(v[2].spill_off, 8);
	CHECK_INT(v[3].spill_off, 16);
}

TEST(go_abi0_is_all_stack)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct go_abi_value v[] = { value(a, "i", 8, false), value(a, "i", 1, false),
				    value(a, "i", 4, false), value(a, "", 1, false),
				    value(a, "i", 1, true),  value(a, "ii", 8, true) };
	go_abi_assign(a, ELF_X86_64, GO_ABI0, v, N_OF(v));
	check_stack(&v[0], 0);
	check_stack(&v[1], 8);
	check_stack(&v[2], 12);
	check_stack(&v[3], 16);
	check_stack(&v[4], 16);
	check_stack(&v[5], 24);
}

TEST(go_abi_arm64)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct go_abi_value v[] = { value(a, "iiiiiiiiiiiiiii", 8, false), value(a, "if", 8, false),
				    value(a, "i", 8, false), value(a, "f", 8, true) };
	go_abi_assign(a, ELF_ARM64, GO_ABI_INTERNAL, v, N_OF(v));
	CHECK_REGS(&v[0], { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 });
	CHECK_REGS(&v[1], { 15, 64 });
	// The saved link register lies between CFA and the arguments.
	check_stack(&v[2], 8);
	CHECK_REGS(&v[3], { 64 });
	CHECK_INT(v[0].spill_off, 16);
	CHECK_INT(go_abi_args_off(ELF_ARM64), 8);
	CHECK_INT(go_abi_g_reg(ELF_ARM64), 28);
	CHECK_INT(go_abi_closure_reg(ELF_ARM64), 26);
	CHECK_INT(go_abi_g_reg(ELF_X86_64), 14);
	CHECK_INT(go_abi_closure_reg(ELF_X86_64), 1);
}

// After a value of unknown content nothing is claimed but what registers of results still tell.
TEST(go_abi_unknown_value)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct go_abi_value unknown = { .size = 16, .align = 8 };
	struct go_abi_value v[] = { value(a, "i", 8, false), unknown, value(a, "i", 8, false),
				    value(a, "i", 8, true), array_of_two(a, true) };
	go_abi_assign(a, ELF_X86_64, GO_ABI_INTERNAL, v, N_OF(v));
	CHECK_REGS(&v[0], { 0 });
	CHECK_INT(v[1].places.n, 0);
	CHECK_INT(v[2].places.n, 0);
	CHECK_REGS(&v[3], { 0 });
	CHECK_INT(v[4].places.n, 0);
}
