// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

struct map_slot {
	uint64_t key;
	void *value; // NULL: free
};

static size_t slot_of(const struct map *m, uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(h ^ (h >> 32)) & (m->cap - 1);
	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *map_get(const struct map *m, uint64_t key)
{
	return m->cap ? m->slots[slot_of(m, key)].value : NULL;
}

void map_put(struct map *m, uint64_t key, void *value)
{
	if ((m->n + 1) * 4 > m->cap * 3) {
		struct map bigger = { .arena = m->arena, .cap = m->cap ? m->cap * 2 : 32 };
		bigger.slots = ARENA_ARRAY(m->arena, struct map_slot, bigger.cap);
		for (size_t i = 0; i < m->cap; i++)
			if (m->slots[i].value)
				bigger.slots[slot_of(&bigger, m->slots[i].key)] = m->slots[i];
		bigger.n = m->n;
		*m = bigger;
	}
	struct map_slot *s = &m->slots[slot_of(m, key)];
	m->n += !s->value;
	*s = (struct map_slot) { key, value };
}
