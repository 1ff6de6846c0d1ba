// SPDX-License-Identifier: Apache-2.0
// Go's calling conventions: where arguments and results are at entry and at a RET. The rules are
// those of the compiler's internal/abi ("assign" in cmd/compile/abi-internal.md).
#include "go/tables.h"

#define PTR_SIZE 8

struct abi_regs {
	const uint8_t *ints;
	size_t n_ints;
	const uint8_t *floats;
	size_t n_floats;
	uint8_t closure;
	uint8_t g;
	uint8_t args_off; // of the argument area from CFA
};

// In DWARF's numbers.
static const uint8_t amd64_ints[] = { 0, 3, 2, 5, 4, 8, 9, 10, 11 };
static const uint8_t amd64_floats[] = {
	17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
};
static const uint8_t arm64_ints[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t arm64_floats[] = { 64, 65, 66, 67, 68, 69, 70, 71,
					72, 73, 74, 75, 76, 77, 78, 79 };

static const struct abi_regs amd64_regs = {
	.ints = amd64_ints,
	.n_ints = ARRAY_LEN(amd64_ints),
	.floats = amd64_floats,
	.n_floats = ARRAY_LEN(amd64_floats),
	.closure = 1,
	.g = 14,
};
// The slot for the caller's link register lies between CFA and the arguments.
static const struct abi_regs arm64_regs = {
	.ints = arm64_ints,
	.n_ints = ARRAY_LEN(arm64_ints),
	.floats = arm64_floats,
	.n_floats = ARRAY_LEN(arm64_floats),
	.closure = 26,
	.g = 28,
	.args_off = 8,
};

static const struct abi_regs *regs_of(enum elf_arch arch)
{
	return arch == ELF_ARM64 ? &arm64_regs : &amd64_regs;
}

struct assign {
	struct arena *arena;
	const struct abi_regs *regs;
	bool has_regs;
	size_t n_ints, n_floats; // taken
	uint64_t stack;          // next free byte from CFA
	// False after a value that its type does not describe: what follows it cannot be placed.
	bool regs_are_known;
	bool stack_is_known;
};

static uint64_t align_up(uint64_t v, uint64_t align)
{
	return align > 1 ? (v + align - 1) / align * align : v;
}

static uint64_t take_stack(struct assign *as, const struct go_abi_value *v)
{
	uint64_t off = align_up(as->stack, v->align);
	as->stack = off + v->size;
	return off;
}

// All words or none; the words of one array item are the only ones that an array may have.
static bool take_registers(struct assign *as, struct go_abi_value *v)
{
	size_t ints = 0, floats = 0;
	if (!as->has_regs || v->size == 0 || v->words.is_cut || v->words.has_long_array)
		return false;
	for (size_t i = 0; i < v->words.n; i++)
		*(v->words.v[i].cls == WORD_FLOAT ? &floats : &ints) += 1;
	if (ints > as->regs->n_ints - as->n_ints || floats > as->regs->n_floats - as->n_floats)
		return false;
	v->places.v = ARENA_ARRAY(as->arena, struct place, v->words.n);
	v->places.n = v->words.n;
	for (size_t i = 0; i < v->words.n; i++) {
		const struct type_word *w = &v->words.v[i];
		uint8_t reg = w->cls == WORD_FLOAT ? as->regs->floats[as->n_floats++]
						   : as->regs->ints[as->n_ints++];
		v->places.v[i] = (struct place) {
			.kind = PLACE_REG,
			.reg = reg,
			.off_in_value = w->off,
			.size = w->size,
		};
	}
	v->in_registers = true;
	return true;
}

static void assign(struct assign *as, struct go_abi_value *v)
{
	v->places = (struct places) { 0 };
	v->in_registers = false;
	v->spill_off = 0;
	if (v->size > 0 && v->words.n == 0)
		as->regs_are_known = as->stack_is_known = false;
	if (!as->regs_are_known || take_registers(as, v) || !as->stack_is_known)
		return;
	v->places.v = ARENA_NEW(as->arena, struct place);
	v->places.n = 1;
	v->places.v[0] = (struct place) {
		.kind = PLACE_CFA,
		.size = v->size,
		.off = (int64_t)take_stack(as, v),
	};
}

void go_abi_assign(struct arena *a, enum elf_arch arch, enum go_abi abi,
		   struct go_abi_value *values, size_t n)
{
	struct assign as = {
		.arena = a,
		.regs = regs_of(arch),
		.has_regs = abi == GO_ABI_INTERNAL,
		.stack = regs_of(arch)->args_off,
		.regs_are_known = true,
		.stack_is_known = true,
	};
	size_t n_params = 0;
	while (n_params < n && !values[n_params].is_result)
		assign(&as, &values[n_params++]);
	as.stack = align_up(as.stack, PTR_SIZE);
	as.n_ints = as.n_floats = 0;
	as.regs_are_known = true;
	for (size_t i = n_params; i < n; i++)
		assign(&as, &values[i]);
	as.stack = align_up(as.stack, PTR_SIZE);
	for (size_t i = 0; i < n_params; i++)
		if (values[i].in_registers && as.stack_is_known)
			values[i].spill_off = take_stack(&as, &values[i]);
}

unsigned go_abi_closure_reg(enum elf_arch arch)
{
	return regs_of(arch)->closure;
}

unsigned go_abi_g_reg(enum elf_arch arch)
{
	return regs_of(arch)->g;
}

unsigned go_abi_args_off(enum elf_arch arch)
{
	return regs_of(arch)->args_off;
}

bool go_has_register_abi(const struct go *go)
{
	return go->minor >= (elf_arch(go->elf) == ELF_ARM64 ? 18 : 17);
}
