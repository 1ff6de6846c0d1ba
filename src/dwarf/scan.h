// SPDX-License-Identifier: Apache-2.0
// What one pass over a unit's DIEs leaves behind: its functions by address, the code inlined into
// them, and the scopes that qualify names. Private to dwarf/.
#ifndef DWARF_SCAN_H
#define DWARF_SCAN_H

#include "dwarf/unit.h"

#define SCAN_NONE UINT32_MAX

// A function with code.
struct scan_func {
	uint64_t die;
	uint64_t low, high; // the piece with the entry
	uint64_t origin;    // its abstract_origin as it stands there, NO_DIE without one
	uint32_t pieces;    // index of the first of its ranges, when it has several
	uint32_t n_pieces;
};

// One copy of a function's code inside another one.
struct scan_inline {
	uint64_t die;
	uint64_t origin;
	uint32_t func;   // index of the function with code
	uint32_t parent; // index of the inlined copy that it stands in, SCAN_NONE if it is directly
			 // in func
};

// A namespace, class or function that others stand in.
struct scan_scope {
	uint64_t low, high; // offsets of DIEs: of its own and of the first one that is outside
	uint32_t parent;
};

// Where the code is.
struct scan_piece {
	uint64_t low, high;
	uint64_t max_high; // of this piece and all before it
	uint32_t func;
};

struct scan {
	VEC(struct scan_func) funcs;
	VEC(struct scan_inline) inlines;
	VEC(struct scan_scope) scopes;
	VEC(struct scan_piece) pieces; // by address
	struct range_vec ranges;       // those of functions with several
};

// Scans the unit the first time. Its root must have been read.
struct scan *unit_scan(struct dwarf *dw, struct unit *u);
// The innermost function with code at pc; NULL if there is none.
const struct scan_func *scan_find(const struct scan *s, uint64_t pc);
// The DIE that d stands in, when that is part of d's qualified name.
bool scope_of(struct dwarf *dw, const struct die *d, struct die *out);

// Calls fn for the units that may have code from first to last (inclusive) until it returns true;
// most likely ones first. A unit may be asked twice.
bool pc_each_unit(struct dwarf *dw, uint64_t first, uint64_t last,
		  bool (*fn)(struct dwarf *dw, struct unit *u, void *ctx), void *ctx);

// "ns::Class::f"; the plain name in C and Go.
struct str die_qualified_name(struct dwarf *dw, const struct die *d);
struct str die_linkage_name(struct dwarf *dw, const struct die *d);
// decl_file and decl_line, also through what the DIE completes.
void die_decl(struct dwarf *dw, const struct die *d, struct str *file, uint32_t *line);
// The DIE at the end of a chain of abstract_origins, itself if it has none.
uint64_t canonical_origin(struct dwarf *dw, uint64_t off);
void func_fill(struct dwarf *dw, const struct unit *u, const struct scan_func *f,
	       struct dwarf_func *out);
// Of a function without code of its own.
void func_fill_abstract(struct dwarf *dw, uint64_t die, struct dwarf_func *out);

#endif
