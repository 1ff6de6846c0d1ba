// SPDX-License-Identifier: Apache-2.0
// Which unit holds an address: .debug_aranges when it knows, else what the units' roots say, else
// the units that say nothing.
#include <stdlib.h>

#include "dwarf/scan.h"

struct pc_range {
	uint64_t low, high;
	uint64_t max_high; // of this one and all before it
	uint32_t unit;
};

struct pc_ranges {
	struct pc_range *v;
	size_t n;
	size_t cap;
};

struct pc_map {
	struct pc_ranges aranges;
	struct pc_ranges roots;
	bool has_roots;
};

static int by_low(const void *a, const void *b)
{
	const struct pc_range *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

static void finish(struct pc_ranges *r)
{
	if (r->n)
		qsort(r->v, r->n, sizeof(r->v[0]), by_low);
	uint64_t max = 0;
	for (size_t i = 0; i < r->n; i++) {
		max = MAX(max, r->v[i].high);
		r->v[i].max_high = max;
	}
}

static uint32_t unit_index(const struct dwarf *dw, uint64_t off)
{
	size_t lo = 0, hi = dw->n_units;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (dw->units[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < dw->n_units && dw->units[lo].off == off ? (uint32_t)lo : SCAN_NONE;
}

// One set of .debug_aranges. False if it is malformed: the rest is not read then.
static bool read_set(struct dwarf *dw, struct cursor *c, struct pc_ranges *out)
{
	size_t start = cursor_off(c);
	size_t off_size = 4;
	uint64_t len = cursor_u32(c);
	if (len == 0xffffffff) {
		off_size = 8;
		len = cursor_u64(c);
	}
	if (!cursor_ok(c) || len > cursor_left(c))
		return false;
	uint64_t end = cursor_off(c) + len;
	unsigned version = cursor_u16(c);
	uint32_t unit = unit_index(dw, cursor_uint(c, off_size));
	size_t addr_size = cursor_u8(c);
	size_t seg_size = cursor_u8(c);
	if (version != 2 || unit == SCAN_NONE || seg_size != 0 ||
	    (addr_size != 8 && addr_size != 4))
		return false;
	size_t pair = 2 * addr_size;
	cursor_skip(c, (pair - (cursor_off(c) - start) % pair) % pair);
	while (cursor_ok(c) && cursor_off(c) + pair <= end) {
		uint64_t low = cursor_uint(c, addr_size);
		uint64_t size = cursor_uint(c, addr_size);
		uint64_t high;
		if (low == 0 && size == 0)
			break;
		if (size == 0 || is_dropped(low) || __builtin_add_overflow(low, size, &high))
			continue;
		VEC_PUSH(dw->arena, out,
			 (struct pc_range) { .low = low, .high = high, .unit = unit });
	}
	cursor_seek(c, end);
	return cursor_ok(c);
}

static void read_aranges(struct dwarf *dw, struct pc_map *m)
{
	struct cursor c = cursor_init(dw->sec[SEC_ARANGES], ".debug_aranges");
	while (cursor_left(&c) > 0 && read_set(dw, &c, &m->aranges)) {}
	finish(&m->aranges);
}

static void read_roots(struct dwarf *dw, struct pc_map *m)
{
	m->has_roots = true;
	for (size_t i = 0; i < dw->n_units; i++) {
		struct die root;
		if (!die_at(dw, dw->units[i].first, &root) || !root.unit->has_code)
			continue;
		struct range_vec r = { 0 };
		die_ranges(dw, &root, &dw->scan_budget, &r);
		for (size_t k = 0; k < r.n; k++)
			VEC_PUSH(dw->arena, &m->roots,
				 (struct pc_range) { .low = r.v[k].low,
						     .high = r.v[k].high,
						     .unit = (uint32_t)i });
	}
	finish(&m->roots);
}

struct visit {
	struct dwarf *dw;
	uint64_t first, last;
	bool (*fn)(struct dwarf *dw, struct unit *u, void *ctx);
	void *ctx;
	uint32_t asked; // the unit that was asked last: no need to ask it again
};

static bool visit_ranges(struct visit *v, const struct pc_ranges *r)
{
	size_t lo = 0, hi = r->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (r->v[mid].low <= v->last)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo > 0 && r->v[lo - 1].max_high > v->first) {
		const struct pc_range *p = &r->v[--lo];
		if (v->first >= p->high || p->unit == v->asked)
			continue;
		v->asked = p->unit;
		struct unit *u = &v->dw->units[p->unit];
		if (unit_read_root(v->dw, u) && v->fn(v->dw, u, v->ctx))
			return true;
	}
	return false;
}

bool pc_each_unit(struct dwarf *dw, uint64_t first, uint64_t last,
		  bool (*fn)(struct dwarf *dw, struct unit *u, void *ctx), void *ctx)
{
	struct visit v = {
		.dw = dw, .first = first, .last = last, .fn = fn, .ctx = ctx, .asked = SCAN_NONE
	};
	if (!dw->pc_map) {
		dw->pc_map = ARENA_NEW(dw->arena, struct pc_map);
		read_aranges(dw, dw->pc_map);
	}
	if (visit_ranges(&v, &dw->pc_map->aranges))
		return true;
	if (!dw->pc_map->has_roots)
		read_roots(dw, dw->pc_map);
	if (visit_ranges(&v, &dw->pc_map->roots))
		return true;
	for (size_t i = 0; i < dw->n_units; i++) {
		struct unit *u = &dw->units[i];
		if (unit_read_root(dw, u) && !u->has_code && fn(dw, u, ctx))
			return true;
	}
	return false;
}
