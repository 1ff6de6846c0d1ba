// SPDX-License-Identifier: Apache-2.0
// Maps by stack as the shapes of them need it: functions in place of addresses.
#ifndef OUT_STACKS_H
#define OUT_STACKS_H

#include "out/layout.h"

struct stacks {
	struct arena *arena;
	VEC(struct stack) v;
	uint64_t total;
	struct str value_name; // "calls" of "@calls"
};

struct stack {
	const struct out_frame *frames; // from the innermost on
	size_t n;
	size_t n_own; // of them are of the stack itself, the others below
	uint64_t value;
	bool has_creator; // what is below is a place in a stack
};

// The sum, or the largest number.
static inline uint64_t stacks_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

// In order of value. Everything is the arena's.
struct stacks stacks_of(const struct out_env *env, const struct out_map *m, struct arena *a);
// Those with the same functions put together, in order of name from the outermost function on.
void stacks_fold(struct stacks *s);

#endif
