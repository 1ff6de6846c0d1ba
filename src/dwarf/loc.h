// SPDX-License-Identifier: Apache-2.0
// Where values are: DWARF expressions and location lists as struct places. Private to dwarf/.
#ifndef DWARF_LOC_H
#define DWARF_LOC_H

#include "dwarf/unit.h"

// What DW_OP_fbreg counts from, in [low, high): at is PLACE_CFA or PLACE_MEM when the base is that
// address, PLACE_COMPLEX when it is something else.
struct frame_part {
	uint64_t low, high;
	struct place at;
};
struct frame_base {
	struct frame_part *v;
	size_t n;
};

struct loc_vec {
	struct dwarf_loc *v;
	size_t n;
	size_t cap;
};

// What an expression is read with.
struct expr {
	struct dwarf *dw;
	struct arena *arena; // for the places
	struct unit *unit;
	const struct place *frame; // NULL: there is none
	uint64_t size;             // of the value, 0: not known
	bool used_frame;           // out: it did count from the frame base
};

// Reads one expression. Offsets of pieces are as if they lay side by side.
void expr_places(struct expr *x, struct bytes code, struct places *out);

// What a variable is read with.
struct loc_reader {
	struct dwarf *dw;
	struct arena *arena; // for what is found
	struct unit *unit;
	struct type *type; // NULL: not known
	bool is_go;
	struct frame_base frame;
	const struct range_vec *clip; // nothing outside is given
	struct budget *budget;
	bool has_words; // the words of the type, made when they are needed
	struct type_words words;
};

// The value of DW_AT_location; scope: where an expression (not a list) holds.
void loc_read(struct loc_reader *r, const struct attr *a, const struct range_vec *scope,
	      struct loc_vec *out);
// The value of DW_AT_const_value.
void loc_const(struct loc_reader *r, const struct attr *a, const struct range_vec *scope,
	       struct loc_vec *out);
// The value of DW_AT_frame_base.
struct frame_base loc_frame_base(struct loc_reader *r, const struct attr *a);

#endif
