// SPDX-License-Identifier: Apache-2.0
// sync.Map, of both kinds: two maps of pointers to values (up to Go 1.23), and a hash trie.
#include "value/render.h"

#define TRIE_DEPTH_MAX 32

struct found {
	struct render *r;
	struct map_entries entries;
	struct map_entries bare; // whose values are not in the snapshot
	uint64_t n_missing;      // whose keys are not there either
	bool is_incomplete;      // how many more there are nobody knows
	bool is_torn;            // some could not be read
	struct shape *inner;     // of the trie
	uint32_t round;          // the same
};

// Whether what an interface holds can be shown.
static bool is_told(struct render *r, struct val iface)
{
	struct val inside;
	uint64_t rtype = word_at(iface.v, 0), data = word_at(iface.v, 8);
	if (!is_whole(iface.v, iface.s->size))
		return false;
	return rtype == 0 || rtype == VALUE_UNREADABLE || val_inside(r, iface, &inside) ||
	       snapshot_is_unreadable(&r->snapshot, data);
}

static void add_entry(struct found *f, struct val key, struct val value)
{
	if (!is_told(f->r, key))
		f->n_missing++;
	else
		map_entries_add(is_told(f->r, value) ? &f->entries : &f->bare, key, value);
}

// What a reference leads to is not there.
static void note_missing(struct found *f, uint64_t addr)
{
	if (snapshot_is_unreadable(&f->r->snapshot, addr))
		f->is_torn = true;
	else
		f->is_incomplete = true;
}

static void show(struct found *f, struct shape *map, enum where w)
{
	uint64_t count = f->entries.n + f->bare.n + f->n_missing;
	struct map_entries *shown = f->entries.n ? &f->entries : &f->bare;
	shown->count = f->is_incomplete ? UINT64_MAX : count;
	shown->is_torn = f->is_torn;
	render_entries(f->r, map, shown, w);
	map_entries_free(&f->entries);
	map_entries_free(&f->bare);
}

// --- two maps ---

// What read holds: readOnly, in an interface (up to Go 1.19) or behind a pointer. False if there is
// none.
static bool read_part(struct found *f, struct val v, struct val *out)
{
	struct val read, word, pointer;
	if (!val_field(f->r, v, STR("read"), &read) || !val_field(f->r, read, STR("v"), &word))
		return false;
	bool is_iface = word.s->kind == TYPE_IFACE;
	uint64_t addr = word_at(word.v, is_iface ? 8 : 0);
	bool is_there = is_iface ? val_inside(f->r, word, out)
				 : val_atomic_pointer(f->r, read, &pointer) &&
					   val_target(f->r, pointer, out);
	if (!is_there && addr)
		note_missing(f, addr);
	return is_there;
}

// The interface that an entry's p points to, or nothing. False if it has been deleted.
static bool entry_value(struct found *f, struct val pointer, struct val *out)
{
	struct render *r = f->r;
	struct val entry, p, typed;
	bool is_entry = val_target(r, pointer, &entry) && val_field(r, entry, STR("p"), &p);
	uint64_t addr = is_entry ? word_at(p.v, 0) : 0;
	if (is_entry && addr == 0)
		return false;
	if (is_entry && p.s->kind == TYPE_STRUCT) {
		if (val_atomic_pointer(r, p, &typed) && val_target(r, typed, out))
			return true;
	} else if (is_entry) {
		struct item *it = snapshot_find_any(&r->snapshot, addr, 16);
		*out = (struct val) { shape_any(r), bytes_at(it ? it->v : p.v, 0, it ? 16 : 0),
				      addr };
		return true;
	}
	*out = (struct val) { shape_any(r), { 0 }, 0 };
	return true;
}

static void add_map(struct found *f, struct val map)
{
	struct map_entries all;
	uint64_t addr = word_at(map.v, 0);
	map_entries_read(f->r, map, &all);
	for (size_t i = 0; i < all.n; i++) {
		struct val value;
		if (entry_value(f, all.v[i].elem, &value))
			add_entry(f, all.v[i].key, value);
	}
	if (addr && all.state != MAP_READ)
		note_missing(f, addr);
	if (all.count > all.n)
		f->n_missing += all.count - all.n;
	map_entries_free(&all);
}

static bool render_two_maps(struct render *r, struct val v, enum where w)
{
	struct found f = { .r = r };
	struct val read, live, dirty;
	uint64_t is_amended = 0;
	if (!val_field(r, v, STR("dirty"), &dirty) || dirty.s->kind != TYPE_MAP)
		return false;
	live = dirty;
	bool has_read = read_part(&f, v, &read) && val_uint(r, read, STR("amended"), &is_amended);
	// Once something was added, all that is not deleted is in dirty.
	if (has_read && !is_amended && !val_field(r, read, STR("m"), &live))
		return false;
	add_map(&f, live);
	show(&f, v.s, w);
	return true;
}

// --- hash trie ---

// internal/sync.entry[any, any], which no type in the program has to describe.
enum { NODE_IS_ENTRY = 0, ENTRY_OVERFLOW = 8, ENTRY_KEY = 16, ENTRY_VALUE = 32, ENTRY_SIZE = 48 };

static struct item *visit(struct found *f, uint64_t addr)
{
	struct item *it = snapshot_find_any(&f->r->snapshot, addr, ENTRY_SIZE);
	// Looking for it took that long.
	if (!render_step(f->r, 1 + f->r->snapshot.n / 8))
		return NULL;
	if (!it)
		note_missing(f, addr);
	if (!it || it->seen == f->round)
		return NULL;
	it->seen = f->round;
	return it;
}

// An entry, and those whose keys have the same hash.
static void add_entries(struct found *f, struct item *it)
{
	while (it) {
		struct val key = { shape_any(f->r), bytes_at(it->v, ENTRY_KEY, 16), 0 };
		struct val value = { key.s, bytes_at(it->v, ENTRY_VALUE, 16), 0 };
		add_entry(f, key, value);
		uint64_t next = word_at(it->v, ENTRY_OVERFLOW);
		it = next ? visit(f, next) : NULL;
	}
}

static void walk_inner(struct found *f, struct val node, int depth)
{
	struct val children;
	if (!val_field(f->r, node, STR("children"), &children)) {
		f->is_incomplete = true;
		return;
	}
	for (uint64_t off = 0; off + 8 <= children.v.len; off += 8) {
		uint64_t addr = word_at(children.v, off);
		struct item *it = addr ? visit(f, addr) : NULL;
		if (!it)
			continue;
		if (uint_at(it->v, NODE_IS_ENTRY, 1))
			add_entries(f, it);
		else if (depth < TRIE_DEPTH_MAX)
			walk_inner(f, (struct val) { f->inner, it->v, addr }, depth + 1);
	}
}

static bool render_trie(struct render *r, struct val v, enum where w)
{
	struct val trie, root, pointer, node;
	if (!val_field(r, v, STR("m"), &trie) || !val_field(r, trie, STR("root"), &root) ||
	    !val_atomic_pointer(r, root, &pointer))
		return false;
	struct found f = { .r = r, .round = ++r->round };
	uint64_t addr = word_at(pointer.v, 0);
	if (val_target(r, pointer, &node)) {
		f.inner = node.s;
		walk_inner(&f, node, 0);
	} else if (addr) {
		note_missing(&f, addr);
	}
	show(&f, v.s, w);
	return true;
}

bool show_sync_map(struct render *r, struct val v, enum where w)
{
	// The map's own name stays, wherever it is.
	enum where typed = w == WHERE_ELEM ? WHERE_TYPED : w;
	return is_whole(v.v, v.s->size) &&
	       (render_trie(r, v, typed) || render_two_maps(r, v, typed));
}
