// SPDX-License-Identifier: Apache-2.0
// Hash map from a 64-bit number to a pointer. Memory is the arena's; nothing is ever removed.
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"

struct map {
	struct arena *arena;
	struct map_slot *slots;
	size_t n;
	size_t cap; // a power of two, or 0
};

static inline struct map map_init(struct arena *arena)
{
	return (struct map) { .arena = arena };
}

// NULL when the key is absent.
void *map_get(const struct map *m, uint64_t key);
// Adds or replaces; value must not be NULL.
void map_put(struct map *m, uint64_t key, void *value);

#endif
