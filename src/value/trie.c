// SPDX-License-Identifier: Apache-2.0
// The hash trie that sync.Map is from Go 1.24 on. A pointer to a node leads to an inner node or to
// an entry; both are read as one type, as large as the larger of them.
#include "value/book.h"

// internal/sync.entry[any, any], which no other type leads to.
enum {
	ENTRY_OVERFLOW = 8,
	ENTRY_KEY = 16,
	ENTRY_VALUE = 32,
	ENTRY_SIZE = 48,
};

struct trie {
	struct type *inner;
	uint32_t number;
};

bool is_trie_inner(const struct type *t)
{
	return str_starts(t->name, STR("internal/sync.indirect["));
}

bool is_trie_head(const struct type *t)
{
	return str_starts(t->name, STR("internal/sync.node["));
}

static void describe_node(struct sketch *s, const struct entry *e)
{
	static const struct type any = { .kind = TYPE_IFACE, .size = 16, .is_empty_iface = true };
	const struct trie *trie = e->inside;
	// isEntry
	s->guard = VALUE_IF_NOT_ZERO;
	sketch_ref(s, VALUE_POINTER, ENTRY_OVERFLOW, trie->number, 0);
	sketch_interface(s, &any, ENTRY_KEY);
	sketch_interface(s, &any, ENTRY_VALUE);
	s->guard = VALUE_IF_ZERO;
	sketch_value(s, trie->inner, 0, 0);
}

// Keys and values of other types than any are not known: no type says where they are.
static bool is_of_any(const struct type *inner)
{
	return str_ends(inner->name, STR("[interface {},interface {}]"));
}

void sketch_trie(struct sketch *s, uint64_t off)
{
	struct value_book *b = s->book;
	struct trie *trie = map_get(b->tries, (uint64_t)(uintptr_t)s->trie);
	if (!trie && is_of_any(s->trie)) {
		trie = ARENA_NEW(b->arena, struct trie);
		trie->inner = s->trie;
		trie->number = book_add_inside(b, MAX(s->trie->size, (uint64_t)ENTRY_SIZE),
					       describe_node, trie);
		map_put(b->tries, (uint64_t)(uintptr_t)s->trie, trie);
	}
	if (trie)
		sketch_ref(s, VALUE_POINTER, off, trie->number, 0);
}
