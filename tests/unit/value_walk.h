// SPDX-License-Identifier: Apache-2.0
// Follows a book's table over any memory and makes a snapshot, as value/value.h says: what BPF has
// to come to, too. For the unit tests and tests/tools/peek.
#ifndef VALUE_WALK_H
#define VALUE_WALK_H

#include "value/value.h"

struct walk_memory {
	// False if not all of it can be read.
	bool (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	void *ctx;
	uint64_t bias; // an address in the program, less that in its file
};

// The snapshot of a value of type root whose bytes are at addr. It is out, which has limits->bytes.
// Returns its length; 0: the value itself cannot be read.
size_t value_walk(const struct value_table *table, const struct value_limits *limits, uint32_t root,
		  uint64_t addr, const struct walk_memory *memory, uint8_t *out);

#endif
