// SPDX-License-Identifier: Apache-2.0
// Location lists: .debug_loc (DWARF 2 to 4) and .debug_loclists (5).
#include "dwarf/loc.h"

// --- Go ---
//
// Go gives one piece for each word that the compiler kept a name for, in the order of the words:
// padding has none, words that are never used have none, and Go 1.19 to 1.21 may repeat a piece.

static bool same_place(const struct place *a, const struct place *b)
{
	return a->kind == b->kind && a->reg == b->reg && a->off == b->off && a->size == b->size &&
	       a->off2 == b->off2 && a->is_cfa == b->is_cfa;
}

static void drop_repeated(struct places *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++) {
		bool is_new = n == 0 || !same_place(&p->v[n - 1], &p->v[i]);
		if (p->v[i].kind != PLACE_NONE && is_new)
			p->v[n++] = p->v[i];
	}
	p->n = n;
}

// Gives each piece the word that it must be; false if there is more than one way.
static bool match_words(struct places *p, const struct type_words *words)
{
	size_t w = 0;
	for (size_t i = 0; i < p->n; i++, w++) {
		while (w < words->n && words->v[w].size != p->v[i].size)
			w++;
		if (w == words->n)
			return false;
		p->v[i].off_in_value = words->v[w].off;
	}
	// From the other end: the same words, if there is only one way.
	w = words->n;
	for (size_t i = p->n; i-- > 0;) {
		do {
			if (w == 0)
				return false;
			w--;
		} while (words->v[w].size != p->v[i].size);
		if (p->v[i].off_in_value != words->v[w].off)
			return false;
	}
	return p->n > 0;
}

static const struct type_words *words_of(struct loc_reader *r)
{
	if (!r->has_words) {
		r->has_words = true;
		r->words = (struct type_words) { 0 };
		err_free(r->type ? type_flatten(r->arena, r->type, &r->words) : NULL);
	}
	return &r->words;
}

static void set_complex(struct arena *a, struct places *p)
{
	p->v = ARENA_NEW(a, struct place);
	p->v[0].kind = PLACE_COMPLEX;
	p->n = 1;
}

static void place_go_pieces(struct loc_reader *r, struct places *p)
{
	const struct type_words *words = words_of(r);
	if (p->n > words->n)
		drop_repeated(p);
	if (words->is_cut || !match_words(p, words))
		set_complex(r->arena, p);
}

// Without pieces an entry is of the whole value in memory, or of the one word that the compiler
// kept a name for. The latter comes out of a register, or, before Go had its register ABI, stands
// among the arguments.
static void doubt_go_singles(struct loc_reader *r, struct dwarf_loc *locs, size_t n)
{
	bool has_reg = false, has_pieces = false;
	bool has_reg_abi = str_find(r->unit->producer, STR("regabi")) >= 0;
	if (n == 0 || words_of(r)->n < 2)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct place *p = locs[i].places.v;
		has_pieces |= p->size != 0;
		has_reg |= p->size == 0 && p->kind != PLACE_MEM && p->kind != PLACE_CFA;
	}
	for (size_t i = 0; i < n && !has_pieces; i++) {
		const struct place *p = locs[i].places.v;
		bool is_arg = p->kind == PLACE_CFA && p->off >= 0 && !has_reg_abi;
		if (has_reg || is_arg)
			set_complex(r->arena, &locs[i].places);
	}
}

// --- one location ---

// Adds what an expression says for [low, high), without what lies outside the function.
static void add_clipped(struct loc_reader *r, uint64_t low, uint64_t high,
			const struct places *places, struct loc_vec *out)
{
	for (size_t i = 0; i < r->clip->n && budget_take(r->budget, 1); i++) {
		uint64_t from = MAX(low, r->clip->v[i].low), to = MIN(high, r->clip->v[i].high);
		if (from < to)
			VEC_PUSH(r->arena, out, (struct dwarf_loc) { from, to, *places });
	}
}

static bool evaluate(struct loc_reader *r, struct bytes code, const struct place *frame,
		     struct places *out)
{
	struct expr x = { .dw = r->dw, .arena = r->arena, .unit = r->unit, .frame = frame };
	x.size = r->type ? type_strip(r->type)->size : 0;
	expr_places(&x, code, out);
	if (r->is_go && out->n > 0 && out->v[0].size > 0)
		place_go_pieces(r, out);
	return x.used_frame;
}

static void add_expr(struct loc_reader *r, uint64_t low, uint64_t high, struct bytes code,
		     struct loc_vec *out)
{
	struct places places;
	const struct frame_base *fb = &r->frame;
	bool used_frame = evaluate(r, code, fb->n ? &fb->v[0].at : NULL, &places);
	if (places.n == 0)
		return;
	if (!used_frame || fb->n < 2) {
		add_clipped(r, low, high, &places, out);
		return;
	}
	// The frame base is not the same everywhere (DWARF 2 of old compilers).
	for (size_t i = 0; i < fb->n && budget_take(r->budget, code.len); i++) {
		const struct frame_part *part = &fb->v[i];
		uint64_t from = MAX(low, part->low), to = MIN(high, part->high);
		if (from >= to)
			continue;
		evaluate(r, code, &part->at, &places);
		add_clipped(r, from, to, &places, out);
	}
}

static void add_in_scope(struct loc_reader *r, const struct range_vec *scope, struct bytes code,
			 struct loc_vec *out)
{
	for (size_t i = 0; i < scope->n && budget_take(r->budget, code.len); i++)
		add_expr(r, scope->v[i].low, scope->v[i].high, code, out);
}

// --- lists ---

// One entry of a list: where, and the expression.
struct entry {
	uint64_t low, high;
	struct bytes code;
	bool is_default;
	bool is_location; // else it only changed the base, or its address is unknown
};

static bool next_old(const struct unit *u, struct cursor *c, uint64_t *base, struct entry *e)
{
	uint64_t none = u->addr_size == 8 ? UINT64_MAX : UINT32_MAX;
	uint64_t low = cursor_uint(c, u->addr_size);
	uint64_t high = cursor_uint(c, u->addr_size);
	*e = (struct entry) { 0 };
	if (!cursor_ok(c) || (low == 0 && high == 0))
		return false;
	if (low == none) {
		*base = high;
		return true;
	}
	e->code = cursor_bytes(c, cursor_u16(c));
	e->low = *base + low;
	e->high = *base + high;
	e->is_location = true;
	return cursor_ok(c);
}

static bool next_new(const struct dwarf *dw, const struct unit *u, struct cursor *c, uint64_t *base,
		     struct entry *e)
{
	*e = (struct entry) { .is_location = true };
	switch (cursor_u8(c)) {
	case DW_LLE_base_addressx:
		if (!addr_by_index(dw, u, cursor_uleb(c), base))
			*base = 0;
		e->is_location = false;
		return cursor_ok(c);
	case DW_LLE_base_address:
		*base = cursor_uint(c, u->addr_size);
		e->is_location = false;
		return cursor_ok(c);
	case DW_LLE_GNU_view_pair:
		cursor_uleb(c);
		cursor_uleb(c);
		e->is_location = false;
		return cursor_ok(c);
	case DW_LLE_startx_endx:
		e->is_location = addr_by_index(dw, u, cursor_uleb(c), &e->low);
		e->is_location &= addr_by_index(dw, u, cursor_uleb(c), &e->high);
		break;
	case DW_LLE_startx_length:
		e->is_location = addr_by_index(dw, u, cursor_uleb(c), &e->low);
		e->high = e->low + cursor_uleb(c);
		break;
	case DW_LLE_offset_pair:
		e->low = *base + cursor_uleb(c);
		e->high = *base + cursor_uleb(c);
		break;
	case DW_LLE_default_location:
		e->is_default = true;
		break;
	case DW_LLE_start_end:
		e->low = cursor_uint(c, u->addr_size);
		e->high = cursor_uint(c, u->addr_size);
		break;
	case DW_LLE_start_length:
		e->low = cursor_uint(c, u->addr_size);
		e->high = e->low + cursor_uleb(c);
		break;
	default: // the end, or nothing that we can go over
		return false;
	}
	e->code = cursor_bytes(c, cursor_uleb(c));
	return cursor_ok(c);
}

struct list {
	struct cursor c;
	uint64_t base;
	bool is_new;
};

static struct list list_open(const struct loc_reader *r, const struct attr *a)
{
	const struct unit *u = r->unit;
	struct list l = { .base = u->base, .is_new = u->version >= 5 };
	l.c = l.is_new ? cursor_init(r->dw->sec[SEC_LOCLISTS], ".debug_loclists")
		       : cursor_init(r->dw->sec[SEC_LOC], ".debug_loc");
	uint64_t off = a->u;
	if (a->form == DW_FORM_loclistx) {
		uint64_t slot;
		if (__builtin_mul_overflow(a->u, u->off_size, &slot) ||
		    __builtin_add_overflow(slot, u->loclists_base, &slot))
			slot = UINT64_MAX;
		cursor_seek(&l.c, slot);
		off = u->loclists_base + cursor_uint(&l.c, u->off_size);
	}
	cursor_seek(&l.c, off);
	return l;
}

static bool list_next(struct loc_reader *r, struct list *l, struct entry *e)
{
	size_t before = cursor_off(&l->c);
	bool has_it = l->is_new ? next_new(r->dw, r->unit, &l->c, &l->base, e)
				: next_old(r->unit, &l->c, &l->base, e);
	return has_it && budget_take(r->budget, cursor_off(&l->c) - before);
}

void loc_read(struct loc_reader *r, const struct attr *a, const struct range_vec *scope,
	      struct loc_vec *out)
{
	if (attr_is_block(a)) {
		add_in_scope(r, scope, a->block, out);
		return;
	}
	if (!attr_is_list(r->unit, a))
		return;
	struct list l = list_open(r, a);
	struct entry e;
	size_t first = out->n;
	while (list_next(r, &l, &e)) {
		if (!e.is_location)
			continue;
		if (e.is_default)
			add_in_scope(r, scope, e.code, out);
		else if (e.low < e.high)
			add_expr(r, e.low, e.high, e.code, out);
	}
	if (r->is_go)
		doubt_go_singles(r, out->v + first, out->n - first);
}

// --- constants ---

void loc_const(struct loc_reader *r, const struct attr *a, const struct range_vec *scope,
	       struct loc_vec *out)
{
	struct place *p = ARENA_NEW(r->arena, struct place);
	if (attr_is_block(a) || a->form == DW_FORM_string)
		*p = (struct place) { .kind = PLACE_IMPLICIT, .data = a->block };
	else if (attr_is_const(a)) // compilers give negative numbers a form that has a sign
		*p = (struct place) { .kind = PLACE_CONST, .off = (int64_t)a->u };
	else
		*p = (struct place) { .kind = PLACE_COMPLEX };
	struct places places = { .v = p, .n = 1 };
	for (size_t i = 0; i < scope->n; i++)
		add_clipped(r, scope->v[i].low, scope->v[i].high, &places, out);
}

// --- the frame base ---

static struct place frame_place(struct loc_reader *r, struct bytes code)
{
	struct expr x = { .dw = r->dw, .arena = r->arena, .unit = r->unit };
	struct places p;
	expr_places(&x, code, &p);
	if (p.n != 1 || p.v[0].size != 0)
		return (struct place) { .kind = PLACE_COMPLEX };
	if (p.v[0].kind == PLACE_REG)
		return (struct place) { .kind = PLACE_MEM, .reg = p.v[0].reg };
	if (p.v[0].kind == PLACE_CFA || p.v[0].kind == PLACE_MEM)
		return p.v[0];
	return (struct place) { .kind = PLACE_COMPLEX };
}

struct frame_base loc_frame_base(struct loc_reader *r, const struct attr *a)
{
	VEC(struct frame_part) parts = { 0 };
	if (attr_is_block(a)) {
		VEC_PUSH(r->arena, &parts,
			 (struct frame_part) { 0, UINT64_MAX, frame_place(r, a->block) });
	} else if (attr_is_list(r->unit, a)) {
		struct list l = list_open(r, a);
		struct entry e;
		while (list_next(r, &l, &e))
			if (e.is_location && !e.is_default && e.low < e.high)
				VEC_PUSH(r->arena, &parts,
					 (struct frame_part) { e.low, e.high,
							       frame_place(r, e.code) });
	}
	return (struct frame_base) { parts.v, parts.n };
}
