// SPDX-License-Identifier: Apache-2.0
// Types from DIEs. Private to dwarf/.
#ifndef DWARF_TYPES_H
#define DWARF_TYPES_H

#include "dwarf/unit.h"

// Links that are followed from one type to the next at once; what is deeper is TYPE_UNKNOWN.
#define TYPE_DEPTH_MAX 64

struct type_cache {
	struct type_source source; // of every type here; first, so that one leads to the other
	struct dwarf *dw;
	struct map by_die;
};

struct type_cache *type_cache_of(struct dwarf *dw);
// The type of a DIE, NULL (void) for NO_DIE.
struct type *type_of(struct dwarf *dw, uint64_t off, int depth);
// The type that DW_AT_type of a DIE names, NULL if it names none.
struct type *type_of_attr(struct dwarf *dw, const struct die *d, int depth);
// Fills in t, which is new, from a DIE of Go. Gives another type when the DIE only names that.
struct type *go_type_fill(struct dwarf *dw, const struct die *d, struct type *t, int depth);
// Fields, enumerators and parameters.
struct err *type_fill_members(struct type_source *src, struct type *t);
void go_split_results(struct type *t);

#endif
