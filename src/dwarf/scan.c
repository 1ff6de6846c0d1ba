// SPDX-License-Identifier: Apache-2.0
// The one pass over all DIEs of a unit.
#include "dwarf/scan.h"

#include <stdlib.h>

#include "base/log.h"

// What the DIEs that are being read stand in.
struct frame {
	unsigned level;
	uint32_t func;
	uint32_t inlined;
	uint32_t scope;
};

struct scanner {
	struct dwarf *dw;
	struct unit *unit;
	struct scan *scan;
	VEC(struct frame) stack;
	bool has_scopes; // names of this language are qualified
};

static struct frame top(const struct scanner *s)
{
	if (s->stack.n == 0)
		return (struct frame) { 0, SCAN_NONE, SCAN_NONE, SCAN_NONE };
	return s->stack.v[s->stack.n - 1];
}

static void leave(struct scanner *s, unsigned level, uint64_t here)
{
	while (s->stack.n > 0 && s->stack.v[s->stack.n - 1].level >= level) {
		uint32_t mine = s->stack.v[s->stack.n - 1].scope;
		s->stack.n--;
		uint32_t outer = top(s).scope;
		if (mine != outer)
			s->scan->scopes.v[mine].high = here;
	}
}

static uint32_t add_scope(struct scanner *s, const struct die *d)
{
	uint32_t parent = top(s).scope;
	if (!s->has_scopes || s->scan->scopes.n >= SCAN_NONE - 1)
		return parent;
	VEC_PUSH(s->dw->arena, &s->scan->scopes,
		 (struct scan_scope) { .low = d->off, .high = d->unit->end, .parent = parent });
	return (uint32_t)(s->scan->scopes.n - 1);
}

static void add_piece(struct scanner *s, uint64_t low, uint64_t high, uint32_t func)
{
	VEC_PUSH(s->dw->arena, &s->scan->pieces,
		 (struct scan_piece) { .low = low, .high = high, .func = func });
}

// The attributes of a function that say where its code is.
struct code_attrs {
	struct attr low_pc, high_pc, ranges, entry_pc;
	uint64_t origin;
	bool is_declaration;
};

static struct code_attrs read_code_attrs(struct dwarf *dw, const struct die *d)
{
	struct code_attrs out = { .origin = NO_DIE };
	struct attr a;
	for (struct attr_iter it = attr_iter(d); attr_next(&it, &a);) {
		switch (a.name) {
		case DW_AT_low_pc:
			out.low_pc = a;
			break;
		case DW_AT_high_pc:
			out.high_pc = a;
			break;
		case DW_AT_ranges:
			out.ranges = a;
			break;
		case DW_AT_entry_pc:
			out.entry_pc = a;
			break;
		case DW_AT_abstract_origin:
			out.origin = attr_ref(dw, d->unit, &a);
			break;
		case DW_AT_declaration:
			out.is_declaration = a.u != 0;
			break;
		default:
			break;
		}
	}
	return out;
}

static bool plain_range(const struct dwarf *dw, const struct unit *u, const struct code_attrs *c,
			struct dwarf_range *out)
{
	if (!c->low_pc.name || !c->high_pc.name || !attr_addr(dw, u, &c->low_pc, &out->low))
		return false;
	if (!attr_is_addr(&c->high_pc))
		out->high = out->low + c->high_pc.u;
	else if (!attr_addr(dw, u, &c->high_pc, &out->high))
		return false;
	return out->low < out->high && !is_dropped(out->low);
}

// A function whose code is in several places: the piece with its entry is the one that matters.
static bool split_ranges(struct scanner *s, const struct code_attrs *c, struct scan_func *f)
{
	struct scan *scan = s->scan;
	size_t first = scan->ranges.n;
	ranges_read(s->dw, s->unit, &c->ranges, &s->dw->scan_budget, &scan->ranges);
	size_t n = scan->ranges.n - first;
	if (n == 0 || scan->ranges.n >= UINT32_MAX)
		return false;
	const struct dwarf_range *r = scan->ranges.v + first;
	uint64_t entry = r->low;
	if (c->entry_pc.name && !attr_addr(s->dw, s->unit, &c->entry_pc, &entry))
		entry = r->low + c->entry_pc.u;
	size_t at = 0;
	for (size_t i = 0; i < n; i++)
		if (r[i].low <= entry && entry < r[i].high)
			at = i;
	f->low = r[at].low;
	f->high = r[at].high;
	f->pieces = (uint32_t)first;
	f->n_pieces = (uint32_t)n;
	return true;
}

// Index of the function, SCAN_NONE if it has no code here.
static uint32_t add_func(struct scanner *s, const struct die *d)
{
	struct scan *scan = s->scan;
	struct code_attrs c = read_code_attrs(s->dw, d);
	struct scan_func f = { .die = d->off, .origin = c.origin };
	struct dwarf_range r;
	if (c.is_declaration || scan->funcs.n >= SCAN_NONE - 1)
		return SCAN_NONE;
	uint32_t index = (uint32_t)scan->funcs.n;
	if (c.ranges.name) {
		if (!split_ranges(s, &c, &f))
			return SCAN_NONE;
		for (uint32_t i = 0; i < f.n_pieces; i++) {
			r = scan->ranges.v[f.pieces + i];
			add_piece(s, r.low, r.high, index);
		}
	} else {
		if (!plain_range(s->dw, s->unit, &c, &r))
			return SCAN_NONE;
		f.low = r.low;
		f.high = r.high;
		add_piece(s, r.low, r.high, index);
	}
	VEC_PUSH(s->dw->arena, &scan->funcs, f);
	return index;
}

static uint32_t add_inline(struct scanner *s, const struct die *d)
{
	struct frame in = top(s);
	struct scan *scan = s->scan;
	uint64_t origin = die_ref(s->dw, d, DW_AT_abstract_origin);
	if (in.func == SCAN_NONE || origin == NO_DIE || scan->inlines.n >= SCAN_NONE - 1)
		return SCAN_NONE;
	VEC_PUSH(s->dw->arena, &scan->inlines,
		 (struct scan_inline) { d->off, origin, in.func, in.inlined });
	return (uint32_t)(scan->inlines.n - 1);
}

// Types hold no code where they are no scopes either.
static bool is_type_without_code(unsigned tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_array_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_typedef:
		return true;
	default:
		return false;
	}
}

static void scan_die(struct scanner *s, struct walk *w, const struct die *d)
{
	struct frame f = top(s);
	f.level = w->level;
	switch (d->ab->tag) {
	case DW_TAG_subprogram:
		f.func = add_func(s, d);
		f.inlined = SCAN_NONE;
		if (d->ab->has_children)
			f.scope = add_scope(s, d);
		break;
	case DW_TAG_inlined_subroutine:
		f.inlined = add_inline(s, d);
		break;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
		if (!s->has_scopes) {
			walk_skip(w, s->dw, d);
			return;
		}
		if (d->ab->has_children)
			f.scope = add_scope(s, d);
		break;
	default:
		if (d->ab->has_children && is_type_without_code(d->ab->tag))
			walk_skip(w, s->dw, d);
		return;
	}
	if (d->ab->has_children)
		VEC_PUSH(s->dw->arena, &s->stack, f);
}

static int by_low(const void *a, const void *b)
{
	const struct scan_piece *x = a, *y = b;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->high > y->high ? -1 : x->high < y->high;
}

static void sort_pieces(struct scan *scan)
{
	bool is_sorted = true;
	for (size_t i = 1; is_sorted && i < scan->pieces.n; i++)
		is_sorted = by_low(&scan->pieces.v[i - 1], &scan->pieces.v[i]) <= 0;
	if (!is_sorted)
		qsort(scan->pieces.v, scan->pieces.n, sizeof(scan->pieces.v[0]), by_low);
	uint64_t max = 0;
	for (size_t i = 0; i < scan->pieces.n; i++) {
		max = MAX(max, scan->pieces.v[i].high);
		scan->pieces.v[i].max_high = max;
	}
}

struct scan *unit_scan(struct dwarf *dw, struct unit *u)
{
	if (u->scan)
		return u->scan;
	u->scan = ARENA_NEW(dw->arena, struct scan);
	struct scanner s = { .dw = dw, .unit = u, .scan = u->scan };
	s.has_scopes =
		u->lang != DWARF_LANG_C && u->lang != DWARF_LANG_GO && u->lang != DWARF_LANG_ASM;
	struct die root, d;
	if (!die_at(dw, u->first, &root))
		return u->scan;
	struct walk w = walk_below(&root);
	while (walk_next(&w, &d)) {
		if (s.stack.n > 0 && s.stack.v[s.stack.n - 1].level >= w.level)
			leave(&s, w.level, d.off);
		scan_die(&s, &w, &d);
	}
	if (w.is_bad)
		log_debug("dwarf", "unit at 0x%lx: malformed from 0x%lx on", (unsigned long)u->off,
			  (unsigned long)(u->off + (uint64_t)((w.p ? w.p : u->data) - u->data)));
	sort_pieces(u->scan);
	return u->scan;
}

const struct scan_func *scan_find(const struct scan *s, uint64_t pc)
{
	size_t lo = 0, hi = s->pieces.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->pieces.v[mid].low <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo > 0 && s->pieces.v[lo - 1].max_high > pc) {
		const struct scan_piece *p = &s->pieces.v[--lo];
		if (pc < p->high)
			return &s->funcs.v[p->func];
	}
	return NULL;
}

bool scope_of(struct dwarf *dw, const struct die *d, struct die *out)
{
	const struct scan *s = unit_scan(dw, d->unit);
	size_t lo = 0, hi = s->scopes.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->scopes.v[mid].low < d->off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return false;
	uint32_t i = (uint32_t)(lo - 1);
	while (i != SCAN_NONE && s->scopes.v[i].high <= d->off)
		i = s->scopes.v[i].parent;
	return i != SCAN_NONE && die_at(dw, s->scopes.v[i].low, out);
}
