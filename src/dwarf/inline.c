// SPDX-License-Identifier: Apache-2.0
// Copies of functions inside other functions: an index over all units, made when it is first
// needed.
#include "dwarf/line.h"
#include "dwarf/scan.h"

#define SECS_INLINE (SECS_RANGES | SEC_BIT(SEC_LINE))

// The abstract copy of a function that was inlined somewhere. A function can have one in each unit
// that uses it, and Go's may have none in its own unit: all these are told to be the same by their
// names (C and C++: also by their declarations).
struct origin {
	uint64_t die;
	struct origin *next; // the next one of the same function
	struct origin *head; // the first one of them
	struct str name;
	bool has_name;
	bool has_code;   // of the head: there is a copy that is no part of another function
	size_t n_copies; // of this origin alone
	size_t first;    // of its copies in the index
};

struct copy {
	struct unit *unit;
	uint32_t index; // in the unit's scan
};

struct inline_index {
	struct map by_raw;      // abstract_origin as it stands in DIEs -> struct origin
	struct map by_identity; // -> the first struct origin of a function
	bool knows_code;        // has_code is filled in
	VEC(struct origin *) origins;
	struct copy *copies; // those of one origin side by side
};

static struct origin *origin_of(struct dwarf *dw, struct inline_index *x, uint64_t raw)
{
	struct origin *o = map_get(&x->by_raw, raw);
	if (o)
		return o;
	uint64_t die = canonical_origin(dw, raw);
	o = map_get(&x->by_raw, die);
	if (!o) {
		o = ARENA_NEW(dw->arena, struct origin);
		*o = (struct origin) { .die = die, .head = o };
		map_put(&x->by_raw, die, o);
		VEC_PUSH(dw->arena, &x->origins, o);
	}
	if (raw != die)
		map_put(&x->by_raw, raw, o);
	return o;
}

static void count_unit(struct dwarf *dw, struct inline_index *x, struct unit *u)
{
	const struct scan *s = unit_scan(dw, u);
	for (size_t i = 0; i < s->inlines.n; i++)
		origin_of(dw, x, s->inlines.v[i].origin)->n_copies++;
}

static void place_unit(struct inline_index *x, struct unit *u)
{
	const struct scan *s = u->scan;
	for (size_t i = 0; s && i < s->inlines.n; i++) {
		struct origin *o = map_get(&x->by_raw, s->inlines.v[i].origin);
		x->copies[o->first++] = (struct copy) { u, (uint32_t)i };
	}
}

static struct str origin_name(struct dwarf *dw, struct origin *o)
{
	struct die d;
	if (!o->has_name) {
		o->has_name = true;
		o->name = die_at(dw, o->die, &d) ? die_qualified_name(dw, &d) : STR("");
	}
	return o->name;
}

// The same for all DIEs of one function.
static uint64_t identity(struct dwarf *dw, uint64_t die)
{
	struct die d;
	struct str file;
	uint32_t line;
	if (!die_at(dw, die, &d))
		return die;
	if (d.unit->lang == DWARF_LANG_GO)
		return str_hash(die_qualified_name(dw, &d));
	struct str linkage = die_linkage_name(dw, &d);
	if (linkage.len)
		return str_hash(linkage);
	// Inline functions of C have no linkage name, and static ones may share a name.
	die_decl(dw, &d, &file, &line);
	return str_hash(die_qualified_name(dw, &d)) ^ (str_hash(file) * 31 + line);
}

static void join_same(struct dwarf *dw, struct inline_index *x)
{
	x->by_identity = map_init(dw->arena);
	for (size_t i = 0; i < x->origins.n; i++) {
		struct origin *o = x->origins.v[i];
		uint64_t id = identity(dw, o->die);
		struct origin *head = map_get(&x->by_identity, id);
		if (!head) {
			map_put(&x->by_identity, id, o);
			continue;
		}
		o->head = head;
		o->next = head->next;
		head->next = o;
	}
}

// Which of them exist by themselves, too.
static void find_code(struct dwarf *dw, struct inline_index *x)
{
	if (x->knows_code)
		return;
	x->knows_code = true;
	for (size_t i = 0; i < dw->n_units; i++) {
		const struct scan *s = dw->units[i].scan;
		for (size_t k = 0; s && k < s->funcs.n; k++) {
			const struct scan_func *f = &s->funcs.v[k];
			uint64_t die = f->origin == NO_DIE ? f->die : f->origin;
			struct origin *o = map_get(&x->by_raw, die);
			if (!o)
				o = map_get(&x->by_identity, identity(dw, die));
			if (o)
				o->head->has_code = true;
		}
	}
}

static struct origin *find_origin(struct dwarf *dw, const struct inline_index *x, uint64_t die)
{
	struct origin *o = map_get(&x->by_raw, canonical_origin(dw, die));
	if (!o)
		o = map_get(&x->by_identity, identity(dw, die));
	return o ? o->head : NULL;
}

static struct err *index_get(struct dwarf *dw, struct inline_index **out)
{
	TRY(dw_load(dw, SECS_INLINE));
	if (dw->inlines) {
		*out = dw->inlines;
		return NULL;
	}
	struct inline_index *x = ARENA_NEW(dw->arena, struct inline_index);
	x->by_raw = map_init(dw->arena);
	for (size_t i = 0; i < dw->n_units; i++)
		if (dw->units[i].type != DW_UT_type && unit_read_root(dw, &dw->units[i]))
			count_unit(dw, x, &dw->units[i]);
	size_t total = 0;
	for (size_t i = 0; i < x->origins.n; i++) {
		x->origins.v[i]->first = total;
		total += x->origins.v[i]->n_copies;
	}
	x->copies = ARENA_ARRAY(dw->arena, struct copy, total);
	for (size_t i = 0; i < dw->n_units; i++)
		if (dw->units[i].type != DW_UT_type)
			place_unit(x, &dw->units[i]);
	for (size_t i = 0; i < x->origins.n; i++)
		x->origins.v[i]->first -= x->origins.v[i]->n_copies;
	join_same(dw, x);
	dw->inlines = x;
	*out = x;
	return NULL;
}

static size_t count_copies(const struct origin *head)
{
	size_t n = 0;
	for (const struct origin *o = head; o; o = o->next)
		n += o->n_copies;
	return n;
}

static struct str func_name(struct dwarf *dw, uint64_t die)
{
	struct die d;
	return die_at(dw, die, &d) ? die_qualified_name(dw, &d) : STR("");
}

static void fill_copy(struct dwarf *dw, const struct copy *c, struct origin *o, struct budget *b,
		      struct dwarf_inline *out)
{
	const struct scan *s = c->unit->scan;
	const struct scan_inline *in = &s->inlines.v[c->index];
	const struct scan_func *f = &s->funcs.v[in->func];
	struct die d;
	struct attr a;
	*out = (struct dwarf_inline) {
		.func = origin_name(dw, o),
		.caller = func_name(dw, f->die),
		.caller_low = f->low,
		.call_file = STR(""),
		.die = in->die,
		.origin = o->die,
	};
	out->parent = out->caller;
	if (in->parent != SCAN_NONE)
		out->parent = origin_name(dw, origin_of(dw, dw->inlines,
							s->inlines.v[in->parent].origin));
	if (!die_at(dw, in->die, &d))
		return;
	if (die_attr(&d, DW_AT_call_file, &a))
		out->call_file = line_file_name(dw, d.unit, a.u);
	if (die_attr(&d, DW_AT_call_line, &a) && a.u <= UINT32_MAX)
		out->call_line = (uint32_t)a.u;
	struct range_vec ranges = { 0 };
	die_ranges(dw, &d, b, &ranges);
	ranges_sort(&ranges);
	out->ranges = ranges.v;
	out->n_ranges = ranges.n;
	out->entry = ranges.n ? ranges.v[0].low : 0;
	if (die_attr(&d, DW_AT_entry_pc, &a) && !attr_addr(dw, d.unit, &a, &out->entry))
		out->entry += a.u;
}

struct err *dwarf_inlines_of(struct dwarf *dw, uint64_t origin, struct dwarf_inlines *out)
{
	struct inline_index *x;
	*out = (struct dwarf_inlines) { 0 };
	TRY(index_get(dw, &x));
	struct origin *found = find_origin(dw, x, origin);
	if (!found)
		return NULL;
	struct budget b = budget_for(dw->sec[SEC_RANGES].len + dw->sec[SEC_RNGLISTS].len);
	out->v = ARENA_ARRAY(dw->arena, struct dwarf_inline, count_copies(found));
	for (struct origin *o = found; o; o = o->next)
		for (size_t i = 0; i < o->n_copies; i++)
			fill_copy(dw, &x->copies[o->first + i], o, &b, &out->v[out->n++]);
	return NULL;
}

struct err *dwarf_count_inlines(struct dwarf *dw, uint64_t origin, size_t *out)
{
	struct inline_index *x;
	TRY(index_get(dw, &x));
	const struct origin *o = find_origin(dw, x, origin);
	*out = o ? count_copies(o) : 0;
	return NULL;
}

struct err *dwarf_find_abstract(struct dwarf *dw, struct str name, struct dwarf_func *out)
{
	struct inline_index *x;
	TRY(index_get(dw, &x));
	find_code(dw, x);
	for (size_t i = 0; i < x->origins.n; i++) {
		struct origin *o = x->origins.v[i];
		if (o->head != o || o->has_code || count_copies(o) == 0 ||
		    !str_eq(origin_name(dw, o), name))
			continue;
		func_fill_abstract(dw, o->die, out);
		return NULL;
	}
	return err_new(ERR_NOTFOUND, "%s: no function '%.*s' that exists only inlined",
		       elf_path(dw->debug), STR_ARG(name));
}

struct err *dwarf_each_inlined(struct dwarf *dw,
			       bool (*fn)(void *ctx, struct str name, uint64_t origin,
					  size_t copies, bool has_code),
			       void *ctx)
{
	struct inline_index *x;
	TRY(index_get(dw, &x));
	find_code(dw, x);
	for (size_t i = 0; i < x->origins.n; i++) {
		struct origin *o = x->origins.v[i];
		size_t n = o->head == o ? count_copies(o) : 0;
		if (n > 0 && fn(ctx, origin_name(dw, o), o->die, n, o->has_code))
			return NULL;
	}
	return NULL;
}
