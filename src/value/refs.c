// SPDX-License-Identifier: Apache-2.0
// Where a type's references are, and what they refer to: structs and arrays are taken apart, in
// order of offset.
#include "value/book.h"

// Structs and arrays inside of each other.
#define LEVEL_MAX 32

bool sketch_step(struct sketch *s)
{
	if (s->steps == 0 || s->book->steps == 0)
		return false;
	s->steps--;
	s->book->steps--;
	return true;
}

bool sketch_reaches(const struct sketch *s, unsigned cost)
{
	return s->depth + (s->is_free ? 0 : cost) <= s->book->limits.depth;
}

// How many bytes of the value say where the reference leads to.
static uint64_t words_of(enum value_how how)
{
	bool is_one = how == VALUE_POINTER || how == VALUE_CSTRING || how == VALUE_FUNC ||
		      how == VALUE_BUCKETS || how == VALUE_OLD_BUCKETS;
	return is_one ? 8 : 16;
}

void sketch_ref(struct sketch *s, enum value_how how, uint64_t off, uint32_t number, unsigned cost)
{
	if (s->is_secret || s->is_end || s->size < words_of(how) || off > s->size - words_of(how) ||
	    !sketch_reaches(s, cost))
		return;
	cost = s->is_free ? 0 : cost;
	if (number)
		book_reach(s->book, number, s->depth + cost);
	VEC_PUSH(s->book->arena, &s->refs,
		 (struct value_ref) {
			 .off = (uint32_t)off,
			 .type = number,
			 .how = (uint8_t)how,
			 .guard = (uint8_t)s->guard,
			 .guard_off = s->guard_off,
			 .cost = (uint8_t)cost,
			 .keep = how == VALUE_POINTER && cost == 0 ? s->keep : 0,
		 });
}

void sketch_to(struct sketch *s, enum value_how how, uint64_t off, struct type *t, unsigned cost)
{
	// What is too deep gets no number.
	if (!s->is_secret && sketch_reaches(s, cost))
		sketch_ref(s, how, off, book_add(s->book, book_canon(s->book, t)), cost);
}

// The box that holds a value costs nothing: a number in an interface is as near as one in a field,
// and a pointer there costs what pointers cost.
void sketch_interface(struct sketch *s, const struct type *t, uint64_t off)
{
	size_t n = s->refs.n;
	sketch_ref(s, t->is_empty_iface ? VALUE_EFACE : VALUE_IFACE, off, 0, 0);
	if (s->refs.n > n)
		s->book->wants_dynamic = true;
}

void sketch_same(struct sketch *s, uint64_t off, uint64_t vaddr)
{
	if (!s->is_secret && !s->is_end && vaddr <= UINT32_MAX && s->size >= 8 &&
	    off <= s->size - 8)
		VEC_PUSH(s->book->arena, &s->refs,
			 (struct value_ref) {
				 .off = (uint32_t)off,
				 .type = (uint32_t)vaddr,
				 .how = VALUE_SAME,
				 .guard = (uint8_t)s->guard,
				 .guard_off = s->guard_off,
			 });
}

static bool is_byte(const struct type *t)
{
	return t->size == 1 && t->kind == TYPE_UINT;
}

static void sketch_slice(struct sketch *s, const struct type *t, uint64_t off)
{
	struct type *elem = t->elem ? type_strip(t->elem) : NULL;
	if (!elem || elem->size == 0)
		return;
	if (is_byte(elem))
		sketch_ref(s, VALUE_STRING, off, 0, 0);
	else
		sketch_to(s, VALUE_SLICE, off, t->elem, 1);
}

// Whether a pointer to that type leads to values of it.
static bool is_followed(const struct type *pointer, const struct type *to)
{
	if (to->size == 0 || to->kind == TYPE_VOID)
		return false;
	if (pointer->go_kind)
		return !is_runtime_inside(to) && !str_eq(pointer->name, STR("unsafe.Pointer"));
	return to->kind != TYPE_FUNC && !is_library_inside(to);
}

static bool is_c_text(const struct type *pointer, const struct type *to)
{
	return pointer->go_kind == 0 && to->kind == TYPE_CHAR && to->size == 1 &&
	       str_eq(to->name, STR("char"));
}

static void sketch_pointer(struct sketch *s, const struct type *t, uint64_t off)
{
	struct type *to = t->elem ? type_strip(t->elem) : NULL;
	if (!to || !is_followed(t, to))
		return;
	// Why something failed is there at any depth.
	bool is_free = t->go_kind && (is_part(to) || is_plain_error(to));
	if (is_c_text(t, to))
		sketch_ref(s, VALUE_CSTRING, off, 0, 0);
	else
		sketch_to(s, VALUE_POINTER, off, t->elem, is_free ? 0 : 1);
}

// Items behind the last one that is followed may still hold what must not be seen.
static void sketch_array(struct sketch *s, const struct type *t, uint64_t off, unsigned level)
{
	struct type *elem = t->elem;
	bool was_end = s->is_end;
	size_t before = s->refs.n + s->erased.n, n_erased = s->erased.n;
	for (uint64_t i = 0; elem && elem->size && i < t->count && off < s->size; i++) {
		s->is_end |= i >= s->book->limits.items;
		sketch_value(s, elem, off, level + 1);
		// None in one of them, none in all.
		if (s->refs.n + s->erased.n == before || (s->is_end && s->erased.n == n_erased) ||
		    __builtin_add_overflow(off, elem->size, &off))
			break;
	}
	s->is_end = was_end;
}

// --- structs ---

static void sketch_field(struct sketch *s, const struct type *t, const struct type_field *f,
			 uint64_t off, unsigned level)
{
	enum field_rule rule = t->go_kind ? field_rule(t, f->name) : FIELD_PLAIN;
	bool was_free = s->is_free;
	uint8_t keep = s->keep;
	if (value_is_secret(s->book->secrets, f->name)) {
		erase_secret(s, f->type, off, level + 1);
		return;
	}
	s->keep = rule == FIELD_ANY ? KEEP_OF_LAST : keep;
	// From Go 1.20 on such a field says of itself what it points to.
	if (rule == FIELD_ANY && type_strip(f->type)->kind == TYPE_STRUCT)
		rule = FIELD_FREE;
	s->is_free |= rule == FIELD_FREE;
	if (rule == FIELD_POINTEE || rule == FIELD_ANY)
		sketch_unsafe(s, t, rule, off);
	else if (rule != FIELD_SKIP)
		sketch_value(s, f->type, off, level + 1);
	s->is_free = was_free;
	s->keep = keep;
	if (rule == FIELD_FREE)
		sketch_known(s, t, f, off);
}

static void sketch_struct(struct sketch *s, struct type *t, uint64_t base, unsigned level)
{
	struct err *e = type_complete(t);
	if (e) {
		err_free(e);
		return;
	}
	// Of what has variants the bytes mean different things at different times.
	if (t->has_variants || (t->go_kind == 0 && sketch_string(s, t, base)))
		return;
	struct type *outer = s->trie;
	s->trie = is_trie_inner(t) ? t : outer;
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct type_field *f = &t->fields[i];
		uint64_t off;
		if (f->type && f->bit_size == 0 && !__builtin_add_overflow(base, f->off, &off) &&
		    off < s->size)
			sketch_field(s, t, f, off, level);
	}
	s->trie = outer;
}

// The members of a union share their bytes, so that none can be followed, but one may be secret.
static void sketch_union(struct sketch *s, struct type *t, uint64_t base, unsigned level)
{
	struct err *e = type_complete(t);
	for (size_t i = 0; !e && i < t->n_fields; i++) {
		const struct type_field *f = &t->fields[i];
		uint64_t off;
		if (f->type && value_is_secret(s->book->secrets, f->name) &&
		    !__builtin_add_overflow(base, f->off, &off))
			erase_secret(s, f->type, off, level + 1);
	}
	err_free(e);
}

void sketch_value(struct sketch *s, struct type *t, uint64_t off, unsigned level)
{
	if (level > LEVEL_MAX || !sketch_step(s)) {
		// What has not been looked at is not shown.
		erase_secret(s, t, off, level);
		return;
	}
	if (!s->is_secret && is_secret_type(t)) {
		erase_value(s, t, off, level);
		return;
	}
	if (is_shape_pointer(t))
		return;
	t = type_strip(t);
	switch ((int)t->kind) {
	case TYPE_STRING:
		sketch_ref(s, VALUE_STRING, off, 0, 0);
		break;
	case TYPE_SLICE:
		sketch_slice(s, t, off);
		break;
	case TYPE_PTR:
		sketch_pointer(s, t, off);
		break;
	case TYPE_MAP:
		sketch_map(s, t, off);
		break;
	case TYPE_CHAN:
		sketch_ref(s, VALUE_POINTER, off, s->book->channel, 0);
		break;
	case TYPE_FUNC:
		if (t->go_kind)
			sketch_ref(s, VALUE_FUNC, off, 0, 0);
		break;
	case TYPE_IFACE:
		sketch_interface(s, t, off);
		break;
	case TYPE_ARRAY:
		sketch_array(s, t, off, level);
		break;
	case TYPE_STRUCT:
	case TYPE_TUPLE:
		sketch_struct(s, t, off, level);
		break;
	case TYPE_UNION:
		sketch_union(s, t, off, level);
		break;
	default:
		break;
	}
}

void describe_type(struct sketch *s, const struct entry *e)
{
	sketch_value(s, e->type, 0, 0);
}
