// SPDX-License-Identifier: Apache-2.0
// sync.Map, of both kinds: two maps of pointers to values (up to Go 1.23), and a hash trie.
#include "value/render.h"

#define TRIE_DEPTH_MAX 32

// --- two maps ---

// What refers to readOnly: an interface (up to Go 1.19) or a pointer.
static bool read_word(struct render *r, struct val v, struct val *out)
{
	struct val read;
	if (!val_field(r, v, STR("read"), &read) || !val_field(r, read, STR("v"), out))
		return false;
	return out->s->kind == TYPE_IFACE || val_atomic_pointer(r, read, out);
}

static bool read_part(struct render *r, struct val word, struct val *out)
{
	return word.s->kind == TYPE_IFACE ? val_inside(r, word, out) : val_target(r, word, out);
}

enum entry_state { ENTRY_READ, ENTRY_DELETED, ENTRY_ABSENT };

// What an entry's p points to: an interface.
static enum entry_state entry_value(struct render *r, struct val pointer, struct val *out)
{
	struct val entry, p, typed;
	if (!val_target(r, pointer, &entry) || !val_field(r, entry, STR("p"), &p))
		return ENTRY_ABSENT;
	if (p.s->kind == TYPE_STRUCT) {
		if (!val_atomic_pointer(r, p, &typed))
			return ENTRY_ABSENT;
		if (!word_at(typed.v, 0))
			return ENTRY_DELETED;
		return val_target(r, typed, out) ? ENTRY_READ : ENTRY_ABSENT;
	}
	uint64_t addr = word_at(p.v, 0);
	if (!addr)
		return ENTRY_DELETED;
	struct item *it = snapshot_find_any(&r->snapshot, addr, 16);
	// The interface's type is that of the map's keys, which are also any.
	*out = (struct val) { NULL, it ? bytes_at(it->v, 0, 16) : (struct bytes) { 0 }, addr };
	return it ? ENTRY_READ : ENTRY_ABSENT;
}

// What an interface holds would be shown if there had been room.
static bool is_cut(struct render *r, struct val iface)
{
	uint64_t rtype = word_at(iface.v, 0);
	struct val inside;
	if (!rtype || rtype == VALUE_UNREADABLE || val_inside(r, iface, &inside))
		return false;
	return book_dynamic(r->book, rtype) && !val_is_unreadable(r, iface);
}

// Those that are there as a whole; of all others only how many they are is known.
static void take_entries(struct render *r, const struct map_entries *found, struct map_entries *out)
{
	out->state = found->state;
	out->count = found->state == MAP_READ ? found->count : 0;
	for (size_t i = 0; i < found->n; i++) {
		struct val key = found->v[i].key, value;
		enum entry_state state = entry_value(r, found->v[i].elem, &value);
		if (state == ENTRY_DELETED && out->count)
			out->count--;
		if (state != ENTRY_READ)
			continue;
		value.s = value.s ? value.s : key.s;
		if (!is_cut(r, key) && !is_cut(r, value))
			map_entries_add(out, key, value);
	}
	out->count = MAX(out->count, out->n);
}

static bool render_two_maps(struct render *r, struct val v, enum where w)
{
	struct val read, live, dirty, word;
	uint64_t is_amended = 0;
	struct map_entries found, shown = { 0 };
	if (!val_field(r, v, STR("dirty"), &dirty) || dirty.s->kind != TYPE_MAP ||
	    !read_word(r, v, &word))
		return false;
	live = dirty;
	bool has_read = read_part(r, word, &read) && val_uint(r, read, STR("amended"), &is_amended);
	// Once something was added, all that is not deleted is in dirty.
	if (has_read && !is_amended && !val_field(r, read, STR("m"), &live))
		return false;
	map_entries_read(r, live, &found);
	take_entries(r, &found, &shown);
	map_entries_free(&found);
	bool is_known = has_read || !word_at(word.v, 0);
	if (word_at(live.v, 0) ? shown.state == MAP_ABSENT : !is_known)
		shown.count = UINT64_MAX;
	if (!is_known && val_is_unreadable(r, word))
		shown.state = MAP_UNREADABLE;
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
		if (is_cut(t->r, key) || is_cut(t->r, value))
			t->is_incomplete = true;
		else
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
		t.entries.state = val_is_unreadable(r, pointer) ? MAP_UNREADABLE : MAP_READ;
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
