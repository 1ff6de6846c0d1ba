// SPDX-License-Identifier: Apache-2.0
// What the files of value/ share. Private to the folder.
#ifndef VALUE_INTERNAL_H
#define VALUE_INTERNAL_H

#include "base/map.h"
#include "value/value.h"

// --- types by number (book.c) ---

// The type that stands for t here: Go's runtime type where there is one, so that a type is one
// whether debug information or an interface leads to it. Behind typedefs and qualifiers of C; named
// types of Go keep their name.
struct type *book_canon(struct value_book *b, struct type *t);
// The number of a type (canonical or not); false if nothing leads to it.
bool book_number(const struct value_book *b, struct type *t, uint32_t *out);
// What has that number; NULL for bytes and for the insides of maps and the like.
struct type *book_type(const struct value_book *b, uint32_t number);
// The type whose descriptor is at that address in the file, from the file itself if it has no
// number. NULL if none is.
struct type *book_dynamic(struct value_book *b, uint64_t rtype);
// How Go prints its name, with the package's last component only ("http.Request",
// "[]*main.T"); of C types as they are spelled. Lives as long as the book.
struct str book_type_name(struct value_book *b, struct type *t);
struct target *book_target(const struct value_book *b); // may be NULL
// Whether a pointer in a netip.Addr that says that it is of version 4 is 1 in snapshots.
bool book_knows_ip4(const struct value_book *b);
// The number of what a Go channel begins with.
uint32_t book_channel(const struct value_book *b);
const struct value_secrets *book_secrets(const struct value_book *b);
// Values of that type are secret whatever their names are.
bool is_secret_type(const struct type *t);
// What rendering has found out of types, by their address: its own. In the book's arena.
struct map *book_shapes(struct value_book *b);

// In code that is shared by all instances of a generic function: a pointer to whatever. Which type
// that is only the dictionary says.
static inline bool is_shape_pointer(struct type *t)
{
	const struct type *under = type_strip(t);
	return under->kind == TYPE_PTR &&
	       (str_starts(t->name, STR("go.shape.")) || str_starts(under->name, STR("go.shape.")));
}

// --- the insides of maps (maps.c) ---

enum map_kind { MAP_UNKNOWN, MAP_BUCKETS, MAP_SWISS };

// How Go's map of a type is laid out, and the numbers of what belongs to it.
struct map_layout {
	enum map_kind kind;
	struct type *key, *elem;                // canonical
	bool is_key_indirect, is_elem_indirect; // the slot has its address
	uint32_t header;                        // number of the header's type
	// hmap
	uint32_t bucket;
	uint32_t keys_off, elems_off, overflow_off; // in a bucket
	uint32_t key_stride, elem_stride;           // from slot to slot
	// Swiss: also keys_off, elems_off and the strides, in a group
	uint32_t group, directory, table; // directory: one pointer to a table
};
// NULL if the layout is not known.
const struct map_layout *book_map(const struct value_book *b, struct type *map);

#endif
