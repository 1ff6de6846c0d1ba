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
		if (!f->type || __builtin_add_overflow(base, f->off, &off) || off >= s->size)
			continue;
		if (f->bit_size)
			erase(s, off, 1 + (f->bit_off + f->bit_size - 1) / 8);
		else
			erase_value(s, f->type, off, level + 1);
	}
}

static void erase_array(struct sketch *s, struct type *t, uint64_t off, unsigned level)
{
	struct type *elem = t->elem ? type_strip(t->elem) : NULL;
	if (!elem || (elem->kind != TYPE_STRUCT && elem->kind != TYPE_ARRAY)) {
		bool is_data = elem && elem->kind != TYPE_BOOL && elem->kind != TYPE_PTR &&
			       elem->kind != TYPE_STRING && elem->kind != TYPE_SLICE &&
			       elem->kind != TYPE_IFACE && elem->kind != TYPE_MAP;
		erase(s, off, is_data ? t->size : 0);
		return;
	}
	for (uint64_t i = 0; i < t->count && off < s->size && elem->size; i++) {
		erase_value(s, elem, off, level + 1);
		if (__builtin_add_overflow(off, elem->size, &off))
			return;
	}
}

// Headers of strings and slices, pointers and bools tell no secret.
static void erase_parts(struct sketch *s, struct type *t, uint64_t off, unsigned level)
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
		break;
	case TYPE_STRUCT:
		erase_struct(s, t, off, level);
		break;
	case TYPE_ARRAY:
		erase_array(s, t, off, level);
		break;
	default:
		erase(s, off, t->size);
		break;
	}
}

// The half of a key that everybody may know.
static bool is_public(const struct type_field *f)
{
	return f->is_embedded && str_eq(f->name, STR("PublicKey"));
}

void erase_value(struct sketch *s, struct type *t, uint64_t off, unsigned level)
{
	bool was_secret = s->is_secret;
	struct type *own = type_strip(t);
	uint64_t at;
	if (level > LEVEL_MAX || !sketch_step(s)) {
		// Whatever it is.
		erase(s, off, own->size);
		return;
	}
	s->is_secret = true;
	erase_parts(s, own, off, level);
	s->is_secret = was_secret;
	if (was_secret || own->kind != TYPE_STRUCT || !is_secret_type(t))
		return;
	for (size_t i = 0; i < own->n_fields; i++)
		if (own->fields[i].type && is_public(&own->fields[i]) &&
		    !__builtin_add_overflow(off, own->fields[i].off, &at))
			sketch_value(s, own->fields[i].type, at, level + 1);
}
