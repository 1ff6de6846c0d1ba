// SPDX-License-Identifier: Apache-2.0
// DIEs: finding one, its attributes, walking what is below it.
#include "dwarf/unit.h"

// Links from a DIE to the one that it completes; more is a loop.
#define DEEP_MAX 8

bool die_at(struct dwarf *dw, uint64_t off, struct die *out)
{
	struct unit *u = dw_unit_at(dw, off);
	if (!u || off < u->first)
		return false;
	struct bytes rest = { u->data + (off - u->off), (size_t)(u->end - off) };
	struct cursor c = cursor_init(rest, ".debug_info");
	uint64_t code = cursor_uleb(&c);
	const struct abbrev *ab = cursor_ok(&c) ? abbrev_find(u->abbrevs, code) : NULL;
	if (!ab)
		return false;
	*out = (struct die) { .unit = u, .off = off, .ab = ab, .attrs = c.pos };
	return true;
}

static const uint8_t *unit_end(const struct unit *u)
{
	return u->data + (u->end - u->off);
}

struct attr_iter attr_iter(const struct die *d)
{
	struct bytes rest = { d->attrs, (size_t)(unit_end(d->unit) - d->attrs) };
	return (struct attr_iter) { .c = cursor_init(rest, ".debug_info"), .die = d };
}

bool attr_next(struct attr_iter *it, struct attr *out)
{
	if (it->i >= it->die->ab->n_attrs)
		return false;
	attr_read(&it->c, it->die->unit, &it->die->ab->attrs[it->i++], out);
	return cursor_ok(&it->c);
}

bool die_attr(const struct die *d, unsigned name, struct attr *out)
{
	uint32_t i = 0;
	while (i < d->ab->n_attrs && d->ab->attrs[i].name != name)
		i++;
	if (i == d->ab->n_attrs)
		return false;
	struct attr_iter it = attr_iter(d);
	while (attr_next(&it, out))
		if (out->name == name)
			return true;
	return false;
}

bool die_attr_deep(struct dwarf *dw, const struct die *d, unsigned name, struct attr *out,
		   struct die *from)
{
	struct die at = *d;
	for (int i = 0; i < DEEP_MAX; i++) {
		*from = at;
		if (die_attr(&at, name, out))
			return true;
		uint64_t next = die_ref(dw, &at, DW_AT_abstract_origin);
		if (next == NO_DIE)
			next = die_ref(dw, &at, DW_AT_specification);
		if (next == NO_DIE || !die_at(dw, next, &at))
			return false;
	}
	return false;
}

struct str die_str(struct dwarf *dw, const struct die *d, unsigned name)
{
	struct attr a;
	return die_attr(d, name, &a) ? attr_str(dw, d->unit, &a) : STR("");
}

bool die_flag(const struct die *d, unsigned name)
{
	struct attr a;
	return die_attr(d, name, &a) && a.u != 0;
}

bool die_uint(const struct die *d, unsigned name, uint64_t *out)
{
	struct attr a;
	if (!die_attr(d, name, &a) || !attr_is_const(&a))
		return false;
	*out = a.u;
	return true;
}

uint64_t die_ref(struct dwarf *dw, const struct die *d, unsigned name)
{
	struct attr a;
	return die_attr(d, name, &a) ? attr_ref(dw, d->unit, &a) : NO_DIE;
}

struct walk walk_below(const struct die *d)
{
	const uint8_t *end = unit_end(d->unit);
	const uint8_t *p = attrs_skip(d->unit, d->ab, d->attrs, end);
	return (struct walk) {
		.unit = d->unit,
		.p = p,
		.end = end,
		.depth = p && d->ab->has_children,
		.is_bad = !p,
	};
}

static uint64_t read_code(struct walk *w)
{
	if (w->p < w->end && *w->p < 0x80)
		return *w->p++;
	struct bytes rest = { w->p, (size_t)(w->end - w->p) };
	struct cursor c = cursor_init(rest, ".debug_info");
	uint64_t code = cursor_uleb(&c);
	if (!cursor_ok(&c))
		w->is_bad = true;
	w->p = c.pos;
	return code;
}

bool walk_next(struct walk *w, struct die *d)
{
	struct unit *u = w->unit;
	while (w->depth > 0) {
		const uint8_t *at = w->p;
		uint64_t code = read_code(w);
		if (w->is_bad)
			break;
		if (code == 0) {
			w->depth--;
			continue;
		}
		const struct abbrev *ab = abbrev_find(u->abbrevs, code);
		const uint8_t *attrs = w->p;
		w->p = ab ? attrs_skip(u, ab, attrs, w->end) : NULL;
		if (!w->p) {
			w->is_bad = true;
			break;
		}
		*d = (struct die) { u, u->off + (uint64_t)(at - u->data), ab, attrs };
		w->level = w->depth;
		w->depth += ab->has_children;
		return true;
	}
	w->depth = 0;
	return false;
}

void walk_skip(struct walk *w, const struct dwarf *dw, const struct die *d)
{
	if (w->depth <= w->level || !d->ab->has_children)
		return;
	struct attr a;
	uint64_t next = die_attr(d, DW_AT_sibling, &a) ? attr_ref(dw, d->unit, &a) : NO_DIE;
	uint64_t here = d->unit->off + (uint64_t)(w->p - d->unit->data);
	// Only forward: a link back would never end.
	if (next != NO_DIE && next >= here && next < d->unit->end) {
		w->p = d->unit->data + (next - d->unit->off);
		w->depth = w->level;
		return;
	}
	unsigned level = w->level;
	struct die below;
	while (w->depth > level) {
		if (w->p < w->end && *w->p == 0) {
			w->p++;
			w->depth--;
			continue;
		}
		if (!walk_next(w, &below))
			return;
	}
	w->level = level;
}
