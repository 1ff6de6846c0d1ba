// SPDX-License-Identifier: Apache-2.0
// sync.Map, of both kinds: two maps of pointers to values (up to Go 1.23), and a hash trie.
#include "value/render.h"

#define TRIE_DEPTH_MAX 32

// --- two maps ---

// What read holds: readOnly, in an interface (up to Go 1.19) or behind a pointer.
static bool read_part(struct render *r, struct val v, struct val *out)
{
	struct val read, word, inside;
	if (!val_field(r, v, STR("read"), &read) || !val_field(r, read, STR("v"), &word))
		return false;
	if (word.s->kind == TYPE_IFACE)
		return val_inside(r, word, out);
	return val_atomic_pointer(r, read, &inside) && val_target(r, inside, out);
}

// What an entry's p points to: an interface. False if it has been deleted, or is not there.
static bool entry_value(struct render *r, struct val pointer, struct val *out)
{
	struct val entry, p, typed;
	if (!val_target(r, pointer, &entry) || !val_field(r, entry, STR("p"), &p))
		return false;
	if (p.s->kind == TYPE_STRUCT)
		return val_atomic_pointer(r, p, &typed) && val_target(r, typed, out);
	uint64_t addr = word_at(p.v, 0);
	struct item *it = addr ? snapshot_find_any(&r->snapshot, addr, 16) : NULL;
	// The interface's type is that of the map's keys, which are also any.
	*out = (struct val) { NULL, it ? bytes_at(it->v, 0, 16) : (struct bytes) { 0 }, addr };
	return it != NULL;
}

static bool render_two_maps(struct render *r, struct val v, enum where w)
{
	struct val read, live, dirty;
	uint64_t is_amended = 0;
	struct map_entries found, shown = { 0 };
	if (!val_field(r, v, STR("dirty"), &dirty) || dirty.s->kind != TYPE_MAP)
		return false;
	live = dirty;
	bool has_read = read_part(r, v, &read) && val_uint(r, read, STR("amended"), &is_amended);
	// Once something was added, all that is not deleted is in dirty.
	if (has_read && !is_amended && !val_field(r, read, STR("m"), &live))
		return false;
	map_entries_read(r, live, &found);
	for (size_t i = 0; i < found.n; i++) {
		struct val value;
		if (!entry_value(r, found.v[i].elem, &value))
			continue;
		value.s = value.s ? value.s : found.v[i].key.s;
		map_entries_add(&shown, found.v[i].key, value);
	}
	shown.count = found.state == MAP_READ && found.count > found.n
			      ? shown.n + (found.count - found.n)
			      : shown.n;
	map_entries_free(&found);
	render_entries(r, v.s, &shown, w);
	map_entries_free(&shown);
	return true;
}

// --- hash trie ---

// internal/sync.entry[any, any], which no type in the program has to describe.
enum { NODE_IS_ENTRY = 0, ENTRY_OVERFLOW = 8, ENTRY_KEY = 16, ENTRY_VALUE = 32, ENTRY_SIZE = 48 };

struct trie {
	struct render *r;
	struct shape *any;
	struct shape *inner;
	struct map_entries entries;
	uint32_t round;
	bool is_incomplete;
};

static struct item *visit(struct trie *t, uint64_t addr)
{
	struct item *it = snapshot_find_any(&t->r->snapshot, addr, ENTRY_SIZE);
	// Looking for it took that long.
	if (!it || it->seen == t->round || !render_step(t->r, 1 + t->r->snapshot.n / 8)) {
		t->is_incomplete |= !it;
		return NULL;
	}
	it->seen = t->round;
	return it;
}

// An entry, and those whose keys have the same hash.
static void add_entries(struct trie *t, struct item *it)
{
	while (it) {
		struct val key = { t->any, bytes_at(it->v, ENTRY_KEY, 16), 0 };
		struct val value = { t->any, bytes_at(it->v, ENTRY_VALUE, 16), 0 };
		map_entries_add(&t->entries, key, value);
		uint64_t next = word_at(it->v, ENTRY_OVERFLOW);
		it = next ? visit(t, next) : NULL;
	}
}

static void walk_inner(struct trie *t, struct val node, int depth)
{
	struct val children;
	if (!val_field(t->r, node, STR("children"), &children)) {
		t->is_incomplete = true;
		return;
	}
	for (uint64_t off = 0; off + 8 <= children.v.len; off += 8) {
		uint64_t addr = word_at(children.v, off);
		struct item *it = addr ? visit(t, addr) : NULL;
		if (!it)
			continue;
		if (uint_at(it->v, NODE_IS_ENTRY, 1))
			add_entries(t, it);
		else if (depth < TRIE_DEPTH_MAX)
			walk_inner(t, (struct val) { t->inner, it->v, addr }, depth + 1);
	}
}

static bool render_trie(struct render *r, struct val v, enum where w)
{
	struct val trie, root, pointer, node;
	if (!val_field(r, v, STR("m"), &trie) || !val_field(r, trie, STR("root"), &root) ||
	    !val_atomic_pointer(r, root, &pointer))
		return false;
	struct trie t = { .r = r, .any = shape_any(r), .round = ++r->round };
	uint64_t addr = word_at(pointer.v, 0);
	if (addr && val_target(r, pointer, &node)) {
		t.inner = node.s;
		walk_inner(&t, node, 0);
	} else {
		t.is_incomplete = addr != 0;
	}
	t.entries.count = t.is_incomplete ? UINT64_MAX : t.entries.n;
	render_entries(r, v.s, &t.entries, w);
	map_entries_free(&t.entries);
	return true;
}

bool show_sync_map(struct render *r, struct val v, enum where w)
{
	// The map's own name stays, wherever it is.
	enum where typed = w == WHERE_ELEM ? WHERE_TYPED : w;
	return is_whole(v.v, v.s->size) &&
	       (render_trie(r, v, typed) || render_two_maps(r, v, typed));
}
