// SPDX-License-Identifier: Apache-2.0
// Fields of Go's structs: those of embedded structs are found as Go finds them, and of a struct in
// registers only the pieces of the field are read.
#include "check/checker.h"

// More than honest programs have.
#define NODES_MAX  1024
#define LEVELS_MAX 32

// --- promoted fields ---

// A struct that is looked into, and how it is reached.
struct node {
	struct type *type;
	const struct node *from; // NULL: the struct that was asked for
	const struct type_field *by;
	unsigned level;
};

struct nodes {
	struct node **v;
	size_t n;
	size_t cap;
};

static void add_node(struct checker *c, struct nodes *all, struct type *t, const struct node *from,
		     const struct type_field *by)
{
	struct node *node = ARENA_NEW(c->arena, struct node);
	*node = (struct node) { t, from, by, from ? from->level + 1 : 0 };
	VEC_PUSH(c->arena, all, node);
}

static void add_embedded(struct checker *c, struct nodes *all, const struct node *from)
{
	for (size_t i = 0; i < from->type->n_fields && all->n < NODES_MAX; i++) {
		const struct type_field *f = &from->type->fields[i];
		struct type *t = f->is_embedded && f->type ? type_strip(f->type) : NULL;
		if (t && t->kind == TYPE_PTR && t->elem)
			t = type_strip(t->elem);
		bool is_known = !t || t->kind != TYPE_STRUCT;
		// Twice on one level is ambiguous, not known.
		for (size_t k = 0; k < all->n && !is_known; k++)
			is_known = all->v[k]->type == t && all->v[k]->level <= from->level;
		if (!is_known)
			add_node(c, all, t, from, f);
	}
}

static const struct type_field *own_field(struct type *t, struct str name)
{
	struct err *e = type_complete(t);
	err_free(e);
	for (size_t i = 0; i < t->n_fields; i++)
		if (t->fields[i].type && str_eq(t->fields[i].name, name))
			return &t->fields[i];
	return NULL;
}

static struct str spell_way(struct checker *c, const struct node *node)
{
	struct str s = STR("");
	for (; node->from; node = node->from)
		s = arena_printf(c->arena, "%.*s.%.*s", STR_ARG(node->by->name), STR_ARG(s));
	return s;
}

// base.Embedded in place of base, for each step.
static void follow(struct checker *c, struct expr *e, const struct node *node)
{
	struct expr *member = e;
	for (; node->from; node = node->from) {
		struct expr *step = expr_new(c, EXPR_MEMBER, e->member.name.span, NULL);
		step->member.base = member->member.base;
		step->member.name = (struct name) { node->by->name, e->member.name.span };
		step->height = e->height++;
		member->member.base = step;
		member = step;
	}
}

// The shallowest one counts; two on one level do not.
enum go_found go_field(struct checker *c, struct expr *e, struct type *t, struct type_field *out)
{
	struct nodes all = { 0 };
	const struct node *found = NULL;
	struct name name = e->member.name;
	add_node(c, &all, t, NULL, NULL);
	for (size_t i = 0; i < all.n; i++) {
		const struct node *node = all.v[i];
		if (node->level > LEVELS_MAX || (found && found->level < node->level))
			break;
		bool has = !str_eq(name.text, STR("_")) && own_field(node->type, name.text);
		if (has && found) {
			struct str a = spell_way(c, found), b = spell_way(c, node);
			tell_error(c, name.span, "'%.*s' is ambiguous: %.*s%.*s and %.*s%.*s",
				   STR_ARG(name.text), STR_ARG(a), STR_ARG(name.text), STR_ARG(b),
				   STR_ARG(name.text));
			return GO_FIELD_TOLD;
		}
		if (has)
			found = node;
		else if (!found)
			add_embedded(c, &all, node);
	}
	if (!found)
		return GO_FIELD_NONE;
	*out = *own_field(found->type, name.text);
	if (!found->from)
		return GO_FIELD_OWN;
	follow(c, e, found);
	return GO_FIELD_PROMOTED;
}

// --- pointers ---

bool go_follow(struct checker *c, struct expr **base, enum type_kind kind)
{
	struct type *t = (*base)->type;
	struct type *elem =
		t && t->kind == TYPE_PTR && t->go_kind && t->elem ? type_strip(t->elem) : NULL;
	if (!elem || elem->kind != kind)
		return false;
	struct expr *deref = expr_new(c, EXPR_UNARY, (*base)->span, type_of_value(c, elem));
	deref->op = OP_DEREF;
	deref->unary = *base;
	deref->height = (uint16_t)((*base)->height + 1);
	*base = deref;
	return true;
}

// --- structs in registers ---

static const struct member_use *places_of(const struct expr *e)
{
	const struct member_use *use = e->kind == EXPR_MEMBER ? e->meaning : NULL;
	return use && use->kind == MEMBER_PLACES ? use : NULL;
}

// The bytes from off on of a piece: false if that has no words.
static bool cut_place(struct place *p, uint64_t off)
{
	switch (p->kind) {
	case PLACE_REG:
	case PLACE_MEM:
	case PLACE_CFA:
	case PLACE_ADDR:
	case PLACE_TLS:
		p->off += (int64_t)off;
		return true;
	case PLACE_DEREF:
		p->off2 += (int64_t)off;
		return true;
	case PLACE_CONST:
		p->off = off < 8 ? (int64_t)((uint64_t)p->off >> (8 * off)) : 0;
		return true;
	case PLACE_IMPLICIT:
		if (off > p->data.len)
			return false;
		p->data = (struct bytes) { p->data.p + off, p->data.len - (size_t)off };
		return true;
	case PLACE_NONE:
	case PLACE_VALUE:
	case PLACE_VADDR:
	case PLACE_COMPLEX:
		break;
	}
	return off == 0;
}

// What of the pieces is in bytes off to off + size. False if one cannot be cut so.
static bool cut_places(struct checker *c, const struct member_use *whole, uint64_t off,
		       uint64_t size, struct member_use *out)
{
	VEC(struct place) places = { 0 };
	VEC(struct type_word) words = { 0 };
	for (size_t i = 0; i < whole->places.n; i++) {
		struct place p = whole->places.v[i];
		uint64_t start = MAX(p.off_in_value, off);
		uint64_t end = p.size ? MIN(p.off_in_value + p.size, off + size) : off + size;
		if (start >= end)
			continue;
		if (!cut_place(&p, start - p.off_in_value))
			return false;
		p.off_in_value = start - off;
		p.size = end - start;
		VEC_PUSH(c->arena, &places, p);
	}
	for (size_t i = 0; i < whole->words.n; i++) {
		struct type_word w = whole->words.v[i];
		if (w.off < off || w.off + w.size > off + size)
			continue;
		w.off -= off;
		VEC_PUSH(c->arena, &words, w);
	}
	out->places = (struct places) { places.v, places.n };
	out->words = (struct type_words) { .v = words.v, .n = words.n };
	const struct type_word *last = whole->words.n ? &whole->words.v[whole->words.n - 1] : NULL;
	bool is_listed = !whole->words.is_cut || (last && off + size <= last->off + last->size);
	return is_listed && places.n > 0;
}

void go_narrow(struct checker *c, struct expr *e)
{
	const struct member_use *whole = places_of(e->member.base);
	struct member_use *use = e->meaning;
	const struct type_field *f = use->field;
	struct member_use part = { .kind = MEMBER_PLACES };
	uint64_t size = e->type ? e->type->size : 0;
	if (!whole || !is_record(e->member.base->type) || use->kind != MEMBER_FIELD ||
	    f->bit_size || !size)
		return;
	if (cut_places(c, whole, f->off, size, &part) &&
	    places_are_whole(&part.places, &part.words)) {
		*use = part;
	} else if (whole->why && part.places.n && is_record(e->type)) {
		*use = part;
		use->why = whole->why;
	} else if (whole->why) {
		struct str text = spell(c, e->type);
		tell_error(c, e->member.name.span, "%.*s is %.*s: %s", STR_ARG(e->member.name.text),
			   STR_ARG(text), whole->why);
		e->type = NULL;
	}
}

bool is_whole_value(struct checker *c, struct expr *e)
{
	const struct member_use *use = places_of(e);
	if (!use || !use->why)
		return true;
	struct str text = spell(c, e->type);
	struct str name = e->member.name.text.len ? e->member.name.text : STR("retval");
	tell_error(c, e->span, "%.*s is %.*s: %s", STR_ARG(name), STR_ARG(text), use->why);
	tell_hint(c, "fields that can be read have a value: %.*s.NAME", STR_ARG(name));
	return false;
}
