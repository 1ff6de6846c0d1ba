// SPDX-License-Identifier: Apache-2.0
// A snapshot's items by address and type.
#include <stdlib.h>

#include "value/render.h"

// Items in a snapshot; what lies behind them is not looked at.
#define ITEMS_MAX (1u << 16)

bool bytes_are_zero(struct bytes v)
{
	size_t i = 0;
	for (; i + 8 <= v.len; i += 8) {
		uint64_t w;
		memcpy(&w, v.p + i, sizeof(w));
		if (w)
			return false;
	}
	for (; i < v.len; i++)
		if (v.p[i])
			return false;
	return true;
}

// Takes one item off the front; false at the end.
static bool next_item(struct bytes *rest, struct item *out)
{
	struct value_item head;
	if (rest->len < sizeof(head))
		return false;
	memcpy(&head, rest->p, sizeof(head));
	*rest = bytes_at(*rest, sizeof(head), rest->len);
	*out = (struct item) {
		.addr = head.addr,
		.type = head.type,
		.want = head.want,
		.v = bytes_at(*rest, 0, head.size),
		.is_unreadable = head.flags & VALUE_ITEM_UNREADABLE,
	};
	*rest = bytes_at(*rest, ((uint64_t)head.size + 7) & ~7ull, rest->len);
	return true;
}

static size_t count_items(struct bytes b)
{
	struct item it;
	size_t n = 0;
	while (n < ITEMS_MAX && next_item(&b, &it))
		n++;
	return n;
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);
	if (!p)
		abort();
	return p;
}

static size_t slot_of(const struct snapshot *s, uint64_t addr, uint32_t type)
{
	uint64_t h = (addr ^ (uint64_t)type << 48) * 0x9e3779b97f4a7c15ull;
	return (size_t)(h >> 32) & (s->n_slots - 1);
}

static bool is_same(const struct item *it, uint64_t addr, uint32_t type)
{
	return it->addr == addr && it->type == type;
}

// What could be read is better than what could not, more is better than less.
static bool is_better(const struct item *it, const struct item *than)
{
	return it->v.len > than->v.len || (than->is_unreadable && !it->is_unreadable);
}

static void add_slot(struct snapshot *s, size_t index)
{
	const struct item *it = &s->v[index];
	size_t at = slot_of(s, it->addr, it->type);
	while (s->slots[at]) {
		const struct item *other = &s->v[s->slots[at] - 1];
		if (is_same(other, it->addr, it->type)) {
			if (is_better(it, other))
				s->slots[at] = (uint32_t)index + 1;
			return;
		}
		at = (at + 1) & (s->n_slots - 1);
	}
	s->slots[at] = (uint32_t)index + 1;
}

void snapshot_init(struct snapshot *s, struct bytes b)
{
	s->n = count_items(b);
	s->v = s->n <= SNAPSHOT_SMALL ? s->small : zeroed(s->n, sizeof(*s->v));
	s->slots = NULL;
	s->n_slots = 0;
	for (size_t i = 0; i < s->n; i++)
		next_item(&b, &s->v[i]);
	if (s->n <= SNAPSHOT_SMALL)
		return;
	for (s->n_slots = 32; s->n_slots < 2 * s->n;)
		s->n_slots *= 2;
	s->slots = zeroed(s->n_slots, sizeof(*s->slots));
	// The first one is the value itself, and at no address.
	for (size_t i = 1; i < s->n; i++)
		add_slot(s, i);
}

void snapshot_free(struct snapshot *s)
{
	if (s->v != s->small)
		free(s->v);
	free(s->slots);
}

static struct item *find_small(const struct snapshot *s, uint64_t addr, uint32_t type)
{
	struct item *best = NULL;
	for (size_t i = 1; i < s->n; i++) {
		struct item *it = &s->v[i];
		if (is_same(it, addr, type) && (!best || is_better(it, best)))
			best = it;
	}
	return best;
}

struct item *snapshot_find(const struct snapshot *s, uint64_t addr, uint32_t type)
{
	if (!s->n_slots)
		return find_small(s, addr, type);
	for (size_t at = slot_of(s, addr, type); s->slots[at]; at = (at + 1) & (s->n_slots - 1)) {
		struct item *it = &s->v[s->slots[at] - 1];
		if (is_same(it, addr, type))
			return it;
	}
	return NULL;
}

struct item *snapshot_find_any(const struct snapshot *s, uint64_t addr, size_t size)
{
	for (size_t i = 1; i < s->n; i++)
		if (s->v[i].addr == addr && s->v[i].v.len >= size)
			return &s->v[i];
	return NULL;
}
