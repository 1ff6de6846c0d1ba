// SPDX-License-Identifier: Apache-2.0
// What must not be seen: nothing that it refers to is read, and what it holds itself becomes 0.
#include "value/book.h"

#define ERASE_MAX 256
#define LEVEL_MAX 32

bool is_secret_type(const struct type *t)
{
	return str_ends(t->name, STR("PrivateKey"));
}

static void erase(struct sketch *s, uint64_t off, uint64_t len)
{
	if (off >= s->size)
		return;
	for (len = MIN(len, s->size - off); len > 0;) {
		uint32_t n = (uint32_t)MIN(len, (uint64_t)ERASE_MAX);
		struct value_ref *last = s->erased.n ? &s->erased.v[s->erased.n - 1] : NULL;
		if (last && last->off + last->type == off && last->type + n <= ERASE_MAX)
			last->type += n;
		else
			VEC_PUSH(s->book->arena, &s->erased,
				 (struct value_ref) {
					 .off = (uint32_t)off, .type = n, .how = VALUE_ERASE });
		off += n;
		len -= n;
	}
}

// The half of a key that everybody may know.
static bool is_public(const struct type *holder, const struct type_field *f)
{
	return f->is_embedded && str_eq(f->name, STR("PublicKey")) && is_secret_type(holder);
}

static void erase_field(struct sketch *s, const struct type *t, const struct type_field *f,
			uint64_t off, unsigned level)
{
	if (f->bit_size)
		erase(s, off, 1 + (f->bit_off + f->bit_size - 1u) / 8);
	else if (!s->is_secret && is_public(t, f))
		sketch_value(s, f->type, off, level + 1);
	else
		erase_secret(s, f->type, off, level + 1);
}

static void erase_struct(struct sketch *s, struct type *t, uint64_t base, unsigned level)
{
	struct err *e = type_complete(t);
	if (e || t->has_variants || t->n_fields == 0) {
		err_free(e);
		erase(s, base, t->size);
		return;
	}
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct type_field *f = &t->fields[i];
		uint64_t off;
		if (f->type && !__builtin_add_overflow(base, f->off, &off) && off < s->size)
			erase_field(s, t, f, off, level);
	}
}

// Headers of strings and slices, pointers and bools tell no secret.
static bool is_harmless(const struct type *t)
{
	switch ((int)t->kind) {
	case TYPE_VOID:
	case TYPE_BOOL:
	case TYPE_PTR:
	case TYPE_FUNC:
	case TYPE_STRING:
	case TYPE_SLICE:
	case TYPE_IFACE:
	case TYPE_MAP:
	case TYPE_CHAN:
		return true;
	default:
		return false;
	}
}

static void erase_array(struct sketch *s, struct type *t, uint64_t off, unsigned level)
{
	struct type *elem = t->elem ? type_strip(t->elem) : NULL;
	if (!elem || (elem->kind != TYPE_STRUCT && elem->kind != TYPE_ARRAY)) {
		erase(s, off, elem && is_harmless(elem) ? 0 : t->size);
		return;
	}
	for (uint64_t i = 0; i < t->count && off < s->size && elem->size; i++) {
		erase_value(s, elem, off, level + 1);
		if (__builtin_add_overflow(off, elem->size, &off))
			return;
	}
}

void erase_secret(struct sketch *s, struct type *t, uint64_t off, unsigned level)
{
	bool was_secret = s->is_secret;
	s->is_secret = true;
	erase_value(s, t, off, level);
	s->is_secret = was_secret;
}

void erase_value(struct sketch *s, struct type *t, uint64_t off, unsigned level)
{
	struct type *own = type_strip(t);
	if (is_harmless(own))
		return;
	bool is_looked_at = level <= LEVEL_MAX && sketch_step(s);
	if (is_looked_at && own->kind == TYPE_STRUCT)
		erase_struct(s, own, off, level);
	else if (is_looked_at && own->kind == TYPE_ARRAY)
		erase_array(s, own, off, level);
	else
		erase(s, off, own->size);
}
