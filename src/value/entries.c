// SPDX-License-Identifier: Apache-2.0
// The entries of Go's maps, of both kinds. What was read while the program changed the map may
// contradict itself: an entry may be there twice, or not at all, and chains may lead anywhere.
#include <stdlib.h>

#include "value/render.h"

#define SLOTS 8 // of a bucket and of a group

// Offsets in runtime.hmap, runtime/maps.Map and runtime/maps.table, the same in all versions.
enum {
	HMAP_BUCKETS = 16,
	HMAP_OLD_BUCKETS = 24,
	SWISS_DIR = 16,
	SWISS_DIR_LEN = 24,
	TABLE_GROUPS = 16,
};
// Of a slot's tophash: the bucket has moved (EVACUATED_FIRST to EVACUATED_LAST), or the slot is in
// use (from MIN_TOPHASH on).
enum { EVACUATED_FIRST = 2, EVACUATED_LAST = 4, MIN_TOPHASH = 5 };
#define CTRL_EMPTY 0x80 // of a group's control byte: the slot is not in use

struct reader {
	struct render *r;
	const struct map_layout *layout;
	struct shape *key, *elem;
	struct map_entries *out;
	uint32_t round;
};

void map_entries_add(struct map_entries *e, struct val key, struct val elem)
{
	if (e->n == e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 16;
		struct map_entry *v = reallocarray(e->v, cap, sizeof(*v));
		if (!v)
			abort();
		e->v = v;
		e->cap = cap;
	}
	e->v[e->n++] = (struct map_entry) { key, elem };
}

void map_entries_free(struct map_entries *e)
{
	free(e->v);
	*e = (struct map_entries) { 0 };
}

// --- slots ---

static struct val slot_value(struct reader *m, struct shape *s, struct bytes slot, bool is_indirect)
{
	if (!is_indirect)
		return (struct val) { s, bytes_at(slot, 0, s->size), 0 };
	uint64_t addr = word_at(slot, 0);
	struct item *it = s->has_number ? snapshot_find(&m->r->snapshot, addr, s->number) : NULL;
	struct bytes none = { slot.p, 0 };
	return (struct val) { s, it ? bytes_at(it->v, 0, s->size) : none, addr };
}

static void add_slot(struct reader *m, struct bytes holder, unsigned i)
{
	const struct map_layout *l = m->layout;
	uint64_t key_off = l->keys_off + (uint64_t)i * l->key_stride;
	uint64_t elem_off = l->elems_off + (uint64_t)i * l->elem_stride;
	uint64_t key_size = l->is_key_indirect ? 8 : m->key->size;
	if (holder.len < key_off + key_size)
		return;
	struct val key =
		slot_value(m, m->key, bytes_at(holder, key_off, holder.len), l->is_key_indirect);
	struct val elem =
		slot_value(m, m->elem, bytes_at(holder, elem_off, holder.len), l->is_elem_indirect);
	map_entries_add(m->out, key, elem);
}

// What has that number, for the first time in this map; NULL if it was there before.
static struct item *visit(struct reader *m, uint64_t addr, uint32_t number)
{
	struct item *it = addr ? snapshot_find(&m->r->snapshot, addr, number) : NULL;
	if (!it || it->seen == m->round)
		return NULL;
	it->seen = m->round;
	return it;
}

// Bytes of one value with that number.
static uint64_t size_of(struct reader *m, uint32_t number)
{
	const struct value_table *table = value_book_table(m->r->book);
	struct value_type t;
	struct bytes at = { 0 };
	if (table && number < table->n_types)
		at = bytes_at(table->bytes, (uint64_t)number * sizeof(t), sizeof(t));
	if (at.len < sizeof(t))
		return 0;
	memcpy(&t, at.p, sizeof(t));
	return t.size;
}

// --- hmap ---

static void read_bucket(struct reader *m, struct bytes bucket)
{
	for (unsigned i = 0; i < SLOTS && i < bucket.len; i++)
		if (bucket.p[i] >= MIN_TOPHASH)
			add_slot(m, bucket, i);
}

// A bucket and those that it overflows into.
static void read_chain(struct reader *m, struct bytes bucket, uint64_t size)
{
	struct item *it;
	while (render_step(m->r, SLOTS)) {
		read_bucket(m, bucket);
		it = visit(m, word_at(bucket, m->layout->overflow_off), m->layout->bucket);
		if (!it)
			return;
		bucket = bytes_at(it->v, 0, size);
	}
}

static bool is_evacuated(struct bytes bucket)
{
	uint64_t first = uint_at(bucket, 0, 1);
	return first >= EVACUATED_FIRST && first <= EVACUATED_LAST;
}

static void read_buckets(struct reader *m, uint64_t addr, bool is_old)
{
	uint64_t size = size_of(m, m->layout->bucket);
	struct item *it = visit(m, addr, m->layout->bucket);
	for (uint64_t off = 0; it && size && off < it->v.len; off += size) {
		struct bytes bucket = bytes_at(it->v, off, size);
		if (!is_old || !is_evacuated(bucket))
			read_chain(m, bucket, size);
	}
}

// --- Swiss ---

static void read_groups(struct reader *m, uint64_t addr)
{
	uint64_t size = size_of(m, m->layout->group);
	struct item *it = visit(m, addr, m->layout->group);
	for (uint64_t off = 0; it && size && off < it->v.len; off += size) {
		struct bytes group = bytes_at(it->v, off, size);
		if (!render_step(m->r, SLOTS))
			return;
		for (unsigned i = 0; i < SLOTS && i < group.len; i++)
			if (group.p[i] < CTRL_EMPTY)
				add_slot(m, group, i);
	}
}

// Several words of the directory may lead to one table.
static void read_directory(struct reader *m, uint64_t addr)
{
	struct item *dir = visit(m, addr, m->layout->directory);
	for (uint64_t off = 0; dir && off + 8 <= dir->v.len && render_step(m->r, 1); off += 8) {
		struct item *table = visit(m, word_at(dir->v, off), m->layout->table);
		if (table)
			read_groups(m, word_at(table->v, TABLE_GROUPS));
	}
}

// --- both ---

void map_entries_read(struct render *r, struct val map, struct map_entries *out)
{
	const struct map_layout *l = book_map(r->book, map.s->type);
	if (!l)
		l = book_map(r->book, map.s->under);
	*out = (struct map_entries) { .state = MAP_ABSENT };
	if (!l || l->kind == MAP_UNKNOWN)
		return;
	struct item *it = snapshot_find(&r->snapshot, word_at(map.v, 0), l->header);
	if (!it)
		return;
	if (it->is_unreadable) {
		out->state = MAP_UNREADABLE;
		return;
	}
	struct reader m = { r, l, shape_of(r, l->key), shape_of(r, l->elem), out, ++r->round };
	if (!m.key || !m.elem)
		return;
	out->state = MAP_READ;
	out->count = word_at(it->v, 0);
	if (l->kind == MAP_BUCKETS) {
		read_buckets(&m, word_at(it->v, HMAP_BUCKETS), false);
		read_buckets(&m, word_at(it->v, HMAP_OLD_BUCKETS), true);
	} else if (word_at(it->v, SWISS_DIR_LEN) == 0) {
		read_groups(&m, word_at(it->v, SWISS_DIR));
	} else {
		read_directory(&m, word_at(it->v, SWISS_DIR));
	}
}

// --- order ---

struct sorting {
	struct render *r;
	bool has_nan;
};

static int compare(const void *a, const void *b, void *ctx)
{
	const struct map_entry *x = a, *y = b;
	struct sorting *s = ctx;
	return order_keys(s->r, x->key, y->key, &s->has_nan);
}

// Of equal keys the first stays.
static void drop_twins(struct sorting *s, struct map_entries *e)
{
	size_t n = 0;
	for (size_t i = 0; i < e->n; i++) {
		bool is_complete = e->v[i].key.v.len >= e->v[i].key.s->size;
		if (n && is_complete && compare(&e->v[n - 1], &e->v[i], s) == 0)
			continue;
		e->v[n++] = e->v[i];
	}
	e->n = n;
}

static void sort_entries(struct render *r, struct map_entries *e)
{
	struct sorting s = { .r = r };
	if (e->n < 2)
		return;
	qsort_r(e->v, e->n, sizeof(*e->v), compare, &s);
	// NaNs are never equal; without steps nothing can be told.
	if (!s.has_nan && !render_is_full(r))
		drop_twins(&s, e);
}

// --- how they are shown ---

// A key that is text: a string, or one in an interface. False if it is none.
static bool key_text(struct render *r, struct val key, struct str *text, bool *is_whole_text)
{
	struct val inner = key;
	uint64_t len;
	if (key.s->kind == TYPE_IFACE && !val_inside(r, key, &inner))
		return false;
	if (inner.s->kind != TYPE_STRING || !val_text(r, inner, text, &len))
		return false;
	bool is_plain = key.s->kind != TYPE_IFACE || str_eq(inner.s->type->name, STR("string"));
	*is_whole_text = is_plain && text->len == len;
	return true;
}

static bool have_text_keys(struct render *r, const struct map_entries *e)
{
	struct str text;
	bool is_whole_text = false;
	for (size_t i = 0; i < e->n; i++)
		if (!key_text(r, e->v[i].key, &text, &is_whole_text) || !is_whole_text)
			return false;
	return true;
}

// Also one in an interface.
static bool is_bool(struct render *r, struct val v)
{
	struct val inner = v;
	return (v.s->kind != TYPE_IFACE || val_inside(r, v, &inner)) && inner.s->kind == TYPE_BOOL;
}

static bool is_secret(struct render *r, const struct map_entry *e)
{
	const struct value_secrets *secrets = book_secrets(r->book);
	struct str text;
	bool is_whole_text;
	return secrets && !is_bool(r, e->elem) && key_text(r, e->key, &text, &is_whole_text) &&
	       value_is_secret(secrets, text);
}

static void render_entry(struct render *r, const struct map_entry *e, bool has_text_key)
{
	struct str text = STR("");
	bool is_whole_text;
	if (has_text_key) {
		key_text(r, e->key, &text, &is_whole_text);
		r->sink->key_text(r, text);
	} else {
		r->sink->key_begin(r);
		render_value(r, e->key, WHERE_ELEM);
		r->sink->key_end(r);
	}
	if (is_secret(r, e))
		r->sink->mark(r, MARK_REDACTED);
	else
		render_value(r, e->elem, WHERE_ELEM);
	r->sink->entry_end(r, has_text_key);
}

void render_entries(struct render *r, struct shape *map, struct map_entries *e, enum where w)
{
	sort_entries(r, e);
	size_t n = MIN(e->n, r->limits->items);
	bool has_text_keys = e->state != MAP_UNREADABLE && have_text_keys(r, e);
	uint64_t len = e->count == UINT64_MAX ? e->n : e->count;
	r->sink->open(r, map, GROUP_MAP, len, w, has_text_keys);
	size_t i = 0;
	for (; i < n && !render_is_full(r); i++)
		render_entry(r, &e->v[i], has_text_keys);
	// More than the header counts: it was read before they came.
	if (e->state == MAP_UNREADABLE)
		r->sink->unreadable(r);
	else if (e->count == UINT64_MAX)
		r->sink->more(r, UINT64_MAX);
	else if (e->count > i)
		r->sink->more(r, e->count - i);
	r->sink->close(r, GROUP_MAP, has_text_keys);
}

void render_map(struct render *r, struct val v, enum where w)
{
	struct map_entries e;
	map_entries_read(r, v, &e);
	if (e.state == MAP_ABSENT) {
		r->sink->far(r, v.s, word_at(v.v, 0), FAR_CUT, w);
	} else {
		render_entries(r, v.s, &e, w);
	}
	map_entries_free(&e);
}
