// SPDX-License-Identifier: Apache-2.0
// The insides of Go's maps: hash tables of buckets (hmap), Swiss tables from Go 1.24 on. What a
// bucket or group looks like the program says itself; what is around them is the same in all
// versions.
#include "value/book.h"

enum {
	SLOTS = 8,           // of a bucket, of a group
	INDIRECT_OVER = 128, // larger keys and values are behind pointers
	INSIDE_MAX = 8 + SLOTS * 2 * INDIRECT_OVER + 64,
	HMAP_SIZE = 48,
	HMAP_BUCKETS = 16,
	HMAP_OLD_BUCKETS = 24,
	SWISS_SIZE = 48,
	SWISS_DIR = 16,
	SWISS_DIR_LEN = 24,
	TABLE_SIZE = 32,
	TABLE_GROUPS = 16,
};

// --- what the program says ---

static const struct type_field *field_of(const struct type *t, const char *name)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (str_eq(t->fields[i].name, str_from(name)) && t->fields[i].type)
			return &t->fields[i];
	return NULL;
}

static const struct type_field *field_of_2(const struct type *t, const char *a, const char *b)
{
	const struct type_field *f = field_of(t, a);
	return f ? f : field_of(t, b);
}

// Eight of something one behind the other.
static bool read_row(const struct type_field *f, uint32_t *off, uint32_t *stride)
{
	struct type *t = f ? type_strip(f->type) : NULL;
	if (!t || t->kind != TYPE_ARRAY || t->count != SLOTS || t->size > INSIDE_MAX ||
	    f->off > INSIDE_MAX)
		return false;
	*off = (uint32_t)f->off;
	*stride = (uint32_t)(t->size / SLOTS);
	return true;
}

static bool read_bucket(const struct type *t, struct map_layout *l)
{
	const struct type_field *overflow = field_of(t, "overflow");
	if (!overflow || overflow->off > t->size || t->size - overflow->off < 8 ||
	    !read_row(field_of(t, "keys"), &l->keys_off, &l->key_stride) ||
	    !read_row(field_of_2(t, "elems", "values"), &l->elems_off, &l->elem_stride))
		return false;
	l->overflow_off = (uint32_t)overflow->off;
	l->kind = MAP_BUCKETS;
	return true;
}

// Slots of a key and a value, or (GOEXPERIMENT mapsplitgroup) all keys before all values.
static bool read_group(const struct type *t, struct map_layout *l)
{
	const struct type_field *slots = field_of(t, "slots");
	l->kind = MAP_SWISS;
	if (!slots)
		return read_row(field_of(t, "keys"), &l->keys_off, &l->key_stride) &&
		       read_row(field_of(t, "elems"), &l->elems_off, &l->elem_stride);
	if (!read_row(slots, &l->keys_off, &l->key_stride))
		return false;
	struct type *slot = type_strip(slots->type)->elem;
	struct err *e = slot ? type_complete(type_strip(slot)) : NULL;
	const struct type_field *key = slot ? field_of(type_strip(slot), "key") : NULL;
	const struct type_field *elem = slot ? field_of(type_strip(slot), "elem") : NULL;
	if (e || !key || !elem || key->off > INSIDE_MAX || elem->off > INSIDE_MAX) {
		err_free(e);
		return false;
	}
	l->elems_off = l->keys_off + (uint32_t)elem->off;
	l->elem_stride = l->key_stride;
	l->keys_off += (uint32_t)key->off;
	return true;
}

// Whether a row lies in the struct and has room for values of t or pointers to them.
static bool fits(const struct type *inside, const struct type *t, uint32_t off, uint32_t stride,
		 bool *is_indirect)
{
	*is_indirect = t->size > INDIRECT_OVER;
	uint64_t size = *is_indirect ? 8 : t->size;
	uint64_t end = off + (uint64_t)stride * (SLOTS - 1) + size;
	return size <= stride && off >= SLOTS && end <= inside->size;
}

static bool read_layout(struct value_book *b, struct type *map, struct map_layout *l,
			uint64_t *size)
{
	struct type *inside = target_go_map_inside(b->target, map);
	struct err *e = inside ? type_complete(inside) : NULL;
	if (!inside || e || inside->kind != TYPE_STRUCT || inside->size > INSIDE_MAX || !map->key ||
	    !map->elem) {
		err_free(e);
		return false;
	}
	bool is_known = field_of(inside, "ctrl") ? read_group(inside, l) : read_bucket(inside, l);
	l->key = book_canon(b, map->key);
	l->elem = book_canon(b, map->elem);
	*size = inside->size;
	return is_known && fits(inside, l->key, l->keys_off, l->key_stride, &l->is_key_indirect) &&
	       fits(inside, l->elem, l->elems_off, l->elem_stride, &l->is_elem_indirect);
}

// --- references ---

static void sketch_slot(struct sketch *s, struct type *t, uint64_t off, bool is_indirect)
{
	if (is_indirect)
		sketch_to(s, VALUE_POINTER, off, t, 0);
	else if (t->size)
		sketch_value(s, t, off, 0);
}

static void sketch_slots(struct sketch *s, const struct map_layout *l, enum value_guard guard)
{
	s->guard = guard;
	for (unsigned i = 0; i < SLOTS; i++) {
		s->guard_off = (uint16_t)i;
		sketch_slot(s, l->key, l->keys_off + (uint64_t)i * l->key_stride,
			    l->is_key_indirect);
		sketch_slot(s, l->elem, l->elems_off + (uint64_t)i * l->elem_stride,
			    l->is_elem_indirect);
	}
	s->guard = VALUE_ALWAYS;
	s->guard_off = 0;
}

static void describe_hmap(struct sketch *s, const struct entry *e)
{
	const struct map_layout *l = e->inside;
	sketch_ref(s, VALUE_BUCKETS, HMAP_BUCKETS, l->bucket, 0);
	sketch_ref(s, VALUE_OLD_BUCKETS, HMAP_OLD_BUCKETS, l->bucket, 0);
}

static void describe_bucket(struct sketch *s, const struct entry *e)
{
	const struct map_layout *l = e->inside;
	sketch_slots(s, l, VALUE_IF_TOPHASH);
	sketch_ref(s, VALUE_POINTER, l->overflow_off, l->bucket, 0);
}

static void describe_swiss(struct sketch *s, const struct entry *e)
{
	const struct map_layout *l = e->inside;
	s->guard_off = SWISS_DIR_LEN;
	s->guard = VALUE_IF_WORD_ZERO;
	sketch_ref(s, VALUE_POINTER, SWISS_DIR, l->group, 0);
	s->guard = VALUE_IF_WORD_NOT_ZERO;
	sketch_ref(s, VALUE_SLICE, SWISS_DIR, l->directory, 0);
}

static void describe_directory(struct sketch *s, const struct entry *e)
{
	const struct map_layout *l = e->inside;
	sketch_ref(s, VALUE_POINTER, 0, l->table, 0);
}

static void describe_table(struct sketch *s, const struct entry *e)
{
	const struct map_layout *l = e->inside;
	sketch_ref(s, VALUE_GROUPS, TABLE_GROUPS, l->group, 0);
}

static void describe_group(struct sketch *s, const struct entry *e)
{
	sketch_slots(s, e->inside, VALUE_IF_CTRL);
}

static void number_insides(struct value_book *b, struct map_layout *l, uint64_t size)
{
	if (l->kind == MAP_BUCKETS) {
		l->header = book_add_inside(b, HMAP_SIZE, describe_hmap, l);
		l->bucket = book_add_inside(b, size, describe_bucket, l);
		return;
	}
	l->header = book_add_inside(b, SWISS_SIZE, describe_swiss, l);
	l->directory = book_add_inside(b, 8, describe_directory, l);
	l->table = book_add_inside(b, TABLE_SIZE, describe_table, l);
	l->group = book_add_inside(b, size, describe_group, l);
}

static uint64_t key_of(const struct type *t)
{
	return (uint64_t)(uintptr_t)t;
}

void sketch_map(struct sketch *s, struct type *map, uint64_t off)
{
	struct value_book *b = s->book;
	if (s->is_secret || !sketch_reaches(s, 1))
		return;
	struct type *canon = book_canon(b, map);
	struct map_layout *l = map_get(b->maps, key_of(canon));
	if (!l) {
		uint64_t size = 0;
		l = ARENA_NEW(b->arena, struct map_layout);
		if (read_layout(b, type_strip(canon), l, &size))
			number_insides(b, l, size);
		else
			*l = (struct map_layout) { .kind = MAP_UNKNOWN };
		map_put(b->maps, key_of(canon), l);
	}
	if (l->kind != MAP_UNKNOWN)
		sketch_ref(s, VALUE_POINTER, off, l->header, 1);
}

const struct map_layout *book_map(const struct value_book *b, struct type *map)
{
	// Which type is canonical is only remembered.
	struct type *canon = book_canon_of(b, map);
	struct map_layout *l = map_get(b->maps, key_of(canon));
	return l && l->kind != MAP_UNKNOWN ? l : NULL;
}
