// SPDX-License-Identifier: Apache-2.0
// The bytes under everything in this folder: sections, units, abbreviations, DIEs and their
// attributes. Private to dwarf/.
#ifndef DWARF_UNIT_H
#define DWARF_UNIT_H

#include "base/cursor.h"
#include "base/map.h"
#include "dwarf/const.h"
#include "dwarf/dwarf.h"

enum sec {
	SEC_INFO,
	SEC_TYPES,
	SEC_ABBREV,
	SEC_STR,
	SEC_LINE_STR,
	SEC_STR_OFFSETS,
	SEC_ADDR,
	SEC_ARANGES,
	SEC_RANGES,
	SEC_RNGLISTS,
	SEC_LOC,
	SEC_LOCLISTS,
	SEC_LINE,
	SEC_FRAME,
	SEC_COUNT,
};
#define SEC_BIT(s)  (1u << (s))
#define SECS_RANGES (SEC_BIT(SEC_RANGES) | SEC_BIT(SEC_RNGLISTS))
#define SECS_LOCS   (SEC_BIT(SEC_LOC) | SEC_BIT(SEC_LOCLISTS))

// A DIE is known by its offset in .debug_info; those of .debug_types follow after its end.
#define NO_DIE UINT64_MAX

// Bytes that may still be decoded for one question. Lists that many DIEs share would let a small
// hostile file ask for endless work.
struct budget {
	uint64_t left;
};

struct attr_spec {
	uint16_t name;
	uint16_t form;
	int64_t implicit;
};

// How to get over a DIE's attributes: some bytes of fixed size, then one of a size that must be
// looked at.
enum skip_kind {
	SKIP_END,
	SKIP_MORE, // nothing variable: only more fixed bytes
	SKIP_LEB,
	SKIP_CSTR,
	SKIP_BLOCK1,
	SKIP_BLOCK2,
	SKIP_BLOCK4,
	SKIP_BLOCK,
	SKIP_INDIRECT,
};
struct skip_step {
	uint16_t fixed;
	uint8_t kind;
};

struct abbrev {
	uint16_t tag;
	bool has_children;
	uint32_t n_attrs;
	struct attr_spec *attrs;
	struct skip_step *steps;
};

struct abbrevs {
	struct abbrev *dense; // by code, tag 0 where there is none
	size_t n_dense;
	struct map sparse; // codes that are too large for that
};

struct unit {
	uint64_t off; // of its header, as DIE offsets are counted
	uint64_t end;
	uint64_t first; // its root DIE
	const uint8_t *data;
	struct bytes sec; // the section that it is in
	uint64_t sec_off; // what to add to an offset in that section
	uint64_t abbrev_off;
	uint64_t signature; // type units
	uint64_t type_die;
	uint16_t version;
	uint8_t type; // DW_UT_*
	uint8_t addr_size;
	uint8_t off_size;
	bool is_root_read;
	bool is_bad; // its abbreviations or root are unreadable: it counts as empty
	bool is_skeleton;
	struct abbrevs *abbrevs;
	// from the root DIE
	enum dwarf_lang lang;
	struct str name;
	struct str comp_dir;
	struct str producer;
	uint64_t base; // what its lists are relative to
	uint64_t str_offsets_base, addr_base, rnglists_base, loclists_base;
	uint64_t line_off; // NO_DIE: it has no line table
	bool has_code;     // it says which addresses it covers
	bool has_go_types; // it is Go's "runtime"
	struct dwarf_range *ranges;
	size_t n_ranges;
	struct scan *scan; // NULL until somebody looked at all its DIEs
};

struct dwarf {
	struct arena *arena;
	struct elf *program, *debug;
	struct bytes sec[SEC_COUNT];
	bool is_loaded[SEC_COUNT];
	struct unit *units; // by offset
	size_t n_units;
	struct map signatures; // of type units
	struct map abbrevs;    // by offset and shape
	uint64_t abbrev_budget;
	struct budget scan_budget;
	struct pc_map *pc_map;
	struct inline_index *inlines;
	struct type_cache *types;
	struct type_index *type_index;
	struct line_cache *lines;
	struct range_vec *spare; // for the code of one DIE, used again and again
	struct cfi *frame_cfi;   // .debug_frame
	struct cfi *eh_cfi;
	bool is_frame_tried, is_eh_tried;
};

// Makes sure that the sections of that set are in dw->sec; absent ones are empty.
MUST_USE struct err *dw_load(struct dwarf *dw, unsigned secs);
// The unit that holds that DIE, with its root read; NULL if there is none or it is bad.
struct unit *dw_unit_at(struct dwarf *dw, uint64_t die);
// Reads the root DIE once. False: the unit is bad.
bool unit_read_root(struct dwarf *dw, struct unit *u);
// Room for any honest use of lists of that many bytes.
struct budget budget_for(size_t bytes);
// False when nothing is left.
bool budget_take(struct budget *b, uint64_t n);
// --- abbreviations ---

// NULL if they are malformed.
struct abbrevs *abbrevs_get(struct dwarf *dw, const struct unit *u);

static inline const struct abbrev *abbrev_find(const struct abbrevs *t, uint64_t code)
{
	if (code < t->n_dense)
		return t->dense[code].tag ? &t->dense[code] : NULL;
	return map_get(&t->sparse, code);
}

// --- attributes ---

struct attr {
	uint16_t name;
	uint16_t form; // never DW_FORM_indirect
	uint64_t u;    // numbers, offsets, indexes
	struct bytes block;
};

// Reads one value. Unknown forms fail the cursor.
void attr_read(struct cursor *c, const struct unit *u, const struct attr_spec *spec,
	       struct attr *out);

struct str attr_str(const struct dwarf *dw, const struct unit *u, const struct attr *a);
bool attr_addr(const struct dwarf *dw, const struct unit *u, const struct attr *a, uint64_t *out);
bool attr_is_addr(const struct attr *a);
bool attr_is_block(const struct attr *a);
bool attr_is_const(const struct attr *a);
// Into a list section: an offset or an index into a table of offsets.
bool attr_is_list(const struct unit *u, const struct attr *a);
// The DIE that it refers to; NO_DIE if it is elsewhere (dwz) or no reference at all.
uint64_t attr_ref(const struct dwarf *dw, const struct unit *u, const struct attr *a);
bool addr_by_index(const struct dwarf *dw, const struct unit *u, uint64_t index, uint64_t *out);

// --- DIEs ---

struct die {
	struct unit *unit;
	uint64_t off;
	const struct abbrev *ab;
	const uint8_t *attrs;
};

// False if there is no DIE at that offset.
bool die_at(struct dwarf *dw, uint64_t off, struct die *out);

// All attributes, one by one.
struct attr_iter {
	struct cursor c;
	const struct die *die;
	uint32_t i;
};
struct attr_iter attr_iter(const struct die *d);
bool attr_next(struct attr_iter *it, struct attr *out);

// One attribute by its name; false if the DIE has none.
bool die_attr(const struct die *d, unsigned name, struct attr *out);
// The same, also of the DIE that this one completes (specification, abstract origin). from: the DIE
// that has it.
bool die_attr_deep(struct dwarf *dw, const struct die *d, unsigned name, struct attr *out,
		   struct die *from);
struct str die_str(struct dwarf *dw, const struct die *d, unsigned name);
bool die_flag(const struct die *d, unsigned name);
bool die_uint(const struct die *d, unsigned name, uint64_t *out);
uint64_t die_ref(struct dwarf *dw, const struct die *d, unsigned name);

// Walks what is below a DIE, parents before children.
struct walk {
	struct unit *unit;
	const uint8_t *p, *end;
	unsigned depth; // of what comes next; 0: finished
	unsigned level; // of the DIE that walk_next gave: 1 for children of the start
	bool is_bad;
};
struct walk walk_below(const struct die *d);
bool walk_next(struct walk *w, struct die *d);
// After walk_next: goes on behind the children of the DIE that it gave.
void walk_skip(struct walk *w, const struct dwarf *dw, const struct die *d);

// The end of a DIE's attributes, NULL if they run out of the unit.
const uint8_t *attrs_skip(const struct unit *u, const struct abbrev *ab, const uint8_t *p,
			  const uint8_t *end);

// --- address ranges ---

struct range_vec {
	struct dwarf_range *v;
	size_t n;
	size_t cap;
};

// The code that a DIE covers: low_pc and high_pc, or ranges. In the file's order.
void die_ranges(struct dwarf *dw, const struct die *d, struct budget *b, struct range_vec *out);
// A list of ranges.
void ranges_read(struct dwarf *dw, const struct unit *u, const struct attr *a, struct budget *b,
		 struct range_vec *out);
// By address, joined where they touch.
void ranges_sort(struct range_vec *r);
// Addresses that linkers leave for code that they dropped.
static inline bool is_dropped(uint64_t low)
{
	return low <= 1 || low >= UINT64_MAX - 1;
}

#endif
