// SPDX-License-Identifier: Apache-2.0
// Address ranges of DIEs: .debug_ranges (DWARF 2 to 4) and .debug_rnglists (5).
#include <stdlib.h>

#include "dwarf/unit.h"

static void add(struct dwarf *dw, struct range_vec *out, uint64_t low, uint64_t high)
{
	if (low < high && !is_dropped(low))
		VEC_PUSH(dw->arena, out, (struct dwarf_range) { low, high });
}

static void read_old(struct dwarf *dw, const struct unit *u, uint64_t off, struct budget *b,
		     struct range_vec *out)
{
	struct cursor c = cursor_init(dw->sec[SEC_RANGES], ".debug_ranges");
	uint64_t none = u->addr_size == 8 ? UINT64_MAX : UINT32_MAX;
	uint64_t base = u->base;
	cursor_seek(&c, off);
	for (;;) {
		uint64_t low = cursor_uint(&c, u->addr_size);
		uint64_t high = cursor_uint(&c, u->addr_size);
		if (!cursor_ok(&c) || (low == 0 && high == 0) || !budget_take(b, 16))
			return;
		if (low == none)
			base = high;
		else if (!is_dropped(base) || base == 0)
			add(dw, out, base + low, base + high);
	}
}

// One entry of .debug_rnglists. False at the end of the list.
static bool read_entry(struct dwarf *dw, const struct unit *u, struct cursor *c, uint64_t *base,
		       struct range_vec *out)
{
	uint64_t low = 0, high = 0;
	bool is_known = true;
	unsigned kind = cursor_u8(c);
	switch (kind) {
	case DW_RLE_base_addressx:
		if (!addr_by_index(dw, u, cursor_uleb(c), base))
			*base = 0;
		return cursor_ok(c);
	case DW_RLE_base_address:
		*base = cursor_uint(c, u->addr_size);
		return cursor_ok(c);
	case DW_RLE_startx_endx:
		is_known = addr_by_index(dw, u, cursor_uleb(c), &low);
		is_known &= addr_by_index(dw, u, cursor_uleb(c), &high);
		break;
	case DW_RLE_startx_length:
		is_known = addr_by_index(dw, u, cursor_uleb(c), &low);
		high = low + cursor_uleb(c);
		break;
	case DW_RLE_offset_pair:
		low = *base + cursor_uleb(c);
		high = *base + cursor_uleb(c);
		is_known = !is_dropped(*base) || *base == 0;
		break;
	case DW_RLE_start_end:
		low = cursor_uint(c, u->addr_size);
		high = cursor_uint(c, u->addr_size);
		break;
	case DW_RLE_start_length:
		low = cursor_uint(c, u->addr_size);
		high = low + cursor_uleb(c);
		break;
	default: // the end, or nothing that we can go over
		return false;
	}
	if (cursor_ok(c) && is_known)
		add(dw, out, low, high);
	return cursor_ok(c);
}

static void read_new(struct dwarf *dw, const struct unit *u, const struct attr *a, struct budget *b,
		     struct range_vec *out)
{
	struct cursor c = cursor_init(dw->sec[SEC_RNGLISTS], ".debug_rnglists");
	uint64_t off = a->u;
	if (a->form == DW_FORM_rnglistx) {
		uint64_t slot;
		if (__builtin_mul_overflow(a->u, u->off_size, &slot) ||
		    __builtin_add_overflow(slot, u->rnglists_base, &slot))
			return;
		cursor_seek(&c, slot);
		off = u->rnglists_base + cursor_uint(&c, u->off_size);
	}
	cursor_seek(&c, off);
	uint64_t base = u->base;
	for (;;) {
		size_t before = cursor_off(&c);
		if (!read_entry(dw, u, &c, &base, out))
			return;
		if (!budget_take(b, cursor_off(&c) - before))
			return;
	}
}

void ranges_read(struct dwarf *dw, const struct unit *u, const struct attr *a, struct budget *b,
		 struct range_vec *out)
{
	if (!attr_is_list(u, a))
		return;
	if (u->version >= 5)
		read_new(dw, u, a, b, out);
	else
		read_old(dw, u, a->u, b, out);
}

void die_ranges(struct dwarf *dw, const struct die *d, struct budget *b, struct range_vec *out)
{
	const struct unit *u = d->unit;
	struct attr a, low_pc = { 0 }, high_pc = { 0 };
	for (struct attr_iter it = attr_iter(d); attr_next(&it, &a);) {
		if (a.name == DW_AT_ranges) {
			ranges_read(dw, u, &a, b, out);
			return;
		}
		if (a.name == DW_AT_low_pc)
			low_pc = a;
		if (a.name == DW_AT_high_pc)
			high_pc = a;
	}
	uint64_t low, high;
	if (!low_pc.name || !high_pc.name || !attr_addr(dw, u, &low_pc, &low))
		return;
	if (attr_is_addr(&high_pc)) {
		if (!attr_addr(dw, u, &high_pc, &high))
			return;
	} else {
		high = low + high_pc.u;
	}
	add(dw, out, low, high);
}

static int by_low(const void *a, const void *b)
{
	const struct dwarf_range *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

void ranges_sort(struct range_vec *r)
{
	if (r->n < 2)
		return;
	qsort(r->v, r->n, sizeof(r->v[0]), by_low);
	size_t n = 1;
	for (size_t i = 1; i < r->n; i++) {
		struct dwarf_range *last = &r->v[n - 1];
		if (r->v[i].low <= last->high)
			last->high = MAX(last->high, r->v[i].high);
		else
			r->v[n++] = r->v[i];
	}
	r->n = n;
}
