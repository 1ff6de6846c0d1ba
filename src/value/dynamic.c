// SPDX-License-Identifier: Apache-2.0
// From the descriptor in an interface to the number of the type.
#include "value/book.h"

#define SLOTS_MAX (1u << 18)

struct reach {
	struct value_book *book;
	unsigned depth;
};

static bool reach_one(void *ctx, uint64_t vaddr)
{
	struct reach *r = ctx;
	struct type *t = target_go_type_at(r->book->target, vaddr);
	// No value in an interface is an interface.
	if (t && type_strip(t)->kind != TYPE_IFACE)
		book_reach(r->book, book_add(r->book, t), r->depth);
	return book_is_too_large(r->book);
}

void dynamic_reach(struct value_book *b, unsigned depth)
{
	struct reach r = { b, depth };
	uint64_t types, size;
	if (b->has_dynamic || !b->target || !target_go_types(b->target, &types, &size))
		return;
	b->has_dynamic = true;
	target_go_each_type(b->target, reach_one, &r);
}

static bool put(struct value_dynamic *slots, uint32_t n, struct value_dynamic d)
{
	uint32_t at = value_hash(d.rtype);
	for (uint32_t i = 0; i < VALUE_PROBES; i++) {
		struct value_dynamic *slot = &slots[(at + i) & (n - 1)];
		if (slot->type == 0) {
			*slot = d;
			return true;
		}
	}
	return false;
}

struct dynamics {
	struct value_dynamic *v;
	size_t n;
	size_t cap;
};

// Types that have a descriptor, whether an interface led to them or not.
static void collect(struct value_book *b, struct arena *a, struct dynamics *out)
{
	for (uint32_t i = 1; i < b->entries.n; i++) {
		struct type *t = b->entries.v[i].type;
		uint64_t off = t ? t->go_rtype : 0;
		if (off && off < b->table.types_size &&
		    target_go_type_at(b->target, b->table.types_base + off) == t)
			VEC_PUSH(a, out, (struct value_dynamic) { (uint32_t)off, i });
	}
}

static bool put_all(struct value_dynamic *slots, uint32_t n, const struct dynamics *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!put(slots, n, d->v[i]))
			return false;
	return true;
}

struct value_dynamic *dynamic_slots(struct value_book *b, struct arena *a, uint32_t *n)
{
	struct dynamics d = { 0 };
	collect(b, a, &d);
	uint32_t size = 8;
	while (size < d.n + d.n / 2)
		size *= 2;
	for (; size <= SLOTS_MAX; size *= 2) {
		struct value_dynamic *slots = ARENA_ARRAY(a, struct value_dynamic, size);
		*n = size;
		if (put_all(slots, size, &d))
			return slots;
	}
	return NULL;
}
