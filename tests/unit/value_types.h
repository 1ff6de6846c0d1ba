// SPDX-License-Identifier: Apache-2.0
// Types made by hand, and snapshots of their values: for tests of value/ that need no program.
#ifndef VALUE_TYPES_H
#define VALUE_TYPES_H

#include "value/internal.h"

enum {
	KIND_BOOL = 1,
	KIND_INT = 2,
	KIND_INT32 = 5,
	KIND_INT64 = 6,
	KIND_UINT8 = 8,
	KIND_UINT16 = 9,
	KIND_UINT32 = 10,
	KIND_UINT64 = 11,
	KIND_UINTPTR = 12,
	KIND_FLOAT32 = 13,
	KIND_FLOAT64 = 14,
	KIND_COMPLEX128 = 16,
	KIND_ARRAY = 17,
	KIND_CHAN = 18,
	KIND_FUNC = 19,
	KIND_IFACE = 20,
	KIND_MAP = 21,
	KIND_PTR = 22,
	KIND_SLICE = 23,
	KIND_STRING = 24,
	KIND_STRUCT = 25,
	KIND_UNSAFE = 26,
};

// --- types ---

// Every Go type has a descriptor's address, of which nothing counts but that it is its own.
static inline struct type *a_type(struct arena *a, enum type_kind kind, const char *name,
				  uint64_t size, uint8_t go_kind)
{
	struct type *t = ARENA_NEW(a, struct type);
	*t = (struct type) {
		.kind = kind,
		.name = str_from(name),
		.size = size,
		.go_kind = go_kind,
		.is_signed = kind == TYPE_INT,
		.is_complete = true,
		.dict_index = -1,
		.go_rtype = go_kind ? 0x400000 + arena_used(a) : 0,
		.go_is_direct = kind == TYPE_PTR || kind == TYPE_MAP || kind == TYPE_CHAN ||
				kind == TYPE_FUNC,
	};
	return t;
}

static inline struct type *a_ptr(struct arena *a, struct type *elem)
{
	struct type *t = a_type(a, TYPE_PTR, "", 8, elem->go_kind ? KIND_PTR : 0);
	t->elem = elem;
	return t;
}

static inline struct type *a_slice(struct arena *a, struct type *elem)
{
	struct type *t = a_type(a, TYPE_SLICE, "", 24, KIND_SLICE);
	t->elem = elem;
	return t;
}

static inline struct type *an_array(struct arena *a, struct type *elem, uint64_t n)
{
	struct type *t = a_type(a, TYPE_ARRAY, "", elem->size * n, elem->go_kind ? KIND_ARRAY : 0);
	t->elem = elem;
	t->count = n;
	return t;
}

static inline struct type *a_name(struct arena *a, const char *name, struct type *under)
{
	struct type *t = a_type(a, TYPE_NAMED, name, under->size, under->go_kind);
	t->elem = under;
	t->go_is_direct = under->go_is_direct;
	return t;
}

static inline struct type *a_struct(struct arena *a, const char *name)
{
	struct type *t = a_type(a, TYPE_STRUCT, name, 0, KIND_STRUCT);
	t->fields = ARENA_ARRAY(a, struct type_field, 24);
	return t;
}

// Behind the others.
static inline struct type_field *add_field(struct type *t, const char *name, struct type *type)
{
	uint64_t align = type_align(type);
	struct type_field *f = &t->fields[t->n_fields++];
	*f = (struct type_field) {
		.name = str_from(name),
		.type = type,
		.off = (t->size + align - 1) / align * align,
	};
	t->size = f->off + type->size;
	t->align = 0;
	return f;
}

static inline void end_struct(struct type *t)
{
	uint64_t align = type_align(t);
	t->size = (t->size + align - 1) / align * align;
}

static inline struct type *a_map(struct arena *a, struct type *key, struct type *elem)
{
	struct type *t = a_type(a, TYPE_MAP, "", 8, KIND_MAP);
	t->key = key;
	t->elem = elem;
	return t;
}

// Types that all tests need.
struct some_types {
	struct type *boolean, *integer, *int32, *int64, *uint8, *uint16, *uint32, *uint64, *uintptr;
	struct type *float32, *float64, *complex128, *string, *any, *error, *unsafe;
};

static inline struct some_types some_types(struct arena *a)
{
	struct some_types t = {
		.boolean = a_type(a, TYPE_BOOL, "bool", 1, KIND_BOOL),
		.integer = a_type(a, TYPE_INT, "int", 8, KIND_INT),
		.int32 = a_type(a, TYPE_INT, "int32", 4, KIND_INT32),
		.int64 = a_type(a, TYPE_INT, "int64", 8, KIND_INT64),
		.uint8 = a_type(a, TYPE_UINT, "uint8", 1, KIND_UINT8),
		.uint16 = a_type(a, TYPE_UINT, "uint16", 2, KIND_UINT16),
		.uint32 = a_type(a, TYPE_UINT, "uint32", 4, KIND_UINT32),
		.uint64 = a_type(a, TYPE_UINT, "uint64", 8, KIND_UINT64),
		.uintptr = a_type(a, TYPE_UINT, "uintptr", 8, KIND_UINTPTR),
		.float32 = a_type(a, TYPE_FLOAT, "float32", 4, KIND_FLOAT32),
		.float64 = a_type(a, TYPE_FLOAT, "float64", 8, KIND_FLOAT64),
		.complex128 = a_type(a, TYPE_COMPLEX, "complex128", 16, KIND_COMPLEX128),
		.string = a_type(a, TYPE_STRING, "string", 16, KIND_STRING),
		.any = a_type(a, TYPE_IFACE, "interface {}", 16, KIND_IFACE),
		.error = a_type(a, TYPE_IFACE, "error", 16, KIND_IFACE),
		.unsafe = a_type(a, TYPE_PTR, "unsafe.Pointer", 8, KIND_UNSAFE),
	};
	t.any->is_empty_iface = true;
	return t;
}

// --- maps ---

#define HMAP_BUCKET(key, elem) (8 + 8 * (key)->size + 8 * (elem)->size + 8)

// Buckets, as Go up to 1.23 has them: eight bytes, the keys, the values, a pointer.
static inline struct type *an_hmap(struct arena *a, struct some_types *s, struct type *key,
				   struct type *elem)
{
	struct type *map = a_map(a, key, elem), *bucket = a_struct(a, "bucket");
	add_field(bucket, "topbits", an_array(a, s->uint8, 8));
	add_field(bucket, "keys", an_array(a, key, 8));
	add_field(bucket, "elems", an_array(a, elem, 8));
	add_field(bucket, "overflow", s->unsafe);
	end_struct(bucket);
	map->header = a_struct(a, "hash");
	add_field(map->header, "buckets", a_ptr(a, bucket));
	return map;
}

// Groups, as Go from 1.24 on has them: a control word, slots of a key and a value.
static inline struct type *a_swiss_map(struct arena *a, struct some_types *s, struct type *key,
				       struct type *elem)
{
	struct type *map = a_map(a, key, elem), *group = a_struct(a, "group");
	struct type *slot = a_struct(a, "slot"), *table = a_struct(a, "table");
	struct type *groups = a_struct(a, "groups");
	add_field(slot, "key", key);
	add_field(slot, "elem", elem);
	end_struct(slot);
	add_field(group, "ctrl", s->uint64);
	add_field(group, "slots", an_array(a, slot, 8));
	end_struct(group);
	add_field(groups, "data", a_ptr(a, group));
	add_field(table, "groups", groups);
	map->header = a_struct(a, "map");
	add_field(map->header, "dirPtr", a_ptr(a, a_ptr(a, table)));
	return map;
}

// --- snapshots ---

struct world {
	struct arena *arena;
	struct some_types t;
	struct value_limits limits;
	struct value_book *book;
	uint32_t root;
	uint8_t snapshot[VALUE_BYTES_MAX];
	size_t n;
};

// The first type is that of the value; the others may be in interfaces. NULL ends them.
static inline void world_book(struct world *w, struct type *const *types)
{
	struct value_secrets *secrets = value_secrets_new(w->arena, NULL, 0, true);
	w->book = value_book_new(w->arena, NULL, &w->limits, secrets);
	w->root = value_book_root(w->book, types[0]);
	for (size_t i = 1; types[i]; i++)
		value_book_root(w->book, types[i]);
	err_free(value_book_finish(w->book));
	w->n = 0;
}

static inline void put_item(struct world *w, const struct value_item *item, const void *p)
{
	size_t padded = (item->size + 7u) & ~7u;
	if (w->n + sizeof(*item) + padded > sizeof(w->snapshot))
		return;
	memcpy(w->snapshot + w->n, item, sizeof(*item));
	w->n += sizeof(*item);
	memset(w->snapshot + w->n, 0, padded);
	if (p)
		memcpy(w->snapshot + w->n, p, item->size);
	w->n += padded;
}

// The value itself.
static inline void put_root(struct world *w, const void *p, size_t size)
{
	w->n = 0;
	put_item(w,
		 &(struct value_item) {
			 .type = w->root, .size = (uint32_t)size, .want = (uint32_t)size },
		 p);
}

static inline void put_number(struct world *w, uint64_t addr, uint32_t number, const void *p,
			      size_t size)
{
	put_item(w,
		 &(struct value_item) {
			 .addr = addr,
			 .type = number,
			 .size = (uint32_t)size,
			 .want = (uint32_t)size,
		 },
		 p);
}

// What is at an address.
static inline void put(struct world *w, uint64_t addr, struct type *t, const void *p, size_t size)
{
	uint32_t number = 0;
	if (book_number(w->book, t, &number))
		put_number(w, addr, number, p, size);
}

static inline void put_text(struct world *w, uint64_t addr, const char *text)
{
	put_number(w, addr, 0, text, strlen(text));
}

static inline void put_unreadable(struct world *w, uint64_t addr, uint32_t number)
{
	put_item(w,
		 &(struct value_item) {
			 .addr = addr, .type = number, .flags = VALUE_ITEM_UNREADABLE },
		 NULL);
}

static inline struct bytes world_snapshot(const struct world *w)
{
	return (struct bytes) { w->snapshot, w->n };
}

#endif
