// SPDX-License-Identifier: Apache-2.0
#include "type/type.h"

// Typedefs of typedefs, arrays in structs in arrays: honest programs stay far below.
#define CHAIN_MAX 64

struct err *type_complete(struct type *t)
{
	if (t->is_complete)
		return NULL;
	if (t->source)
		TRY(t->source->complete(t->source, t));
	t->is_complete = true;
	return NULL;
}

struct type *type_strip(struct type *t)
{
	for (int i = 0; i < CHAIN_MAX && t->kind == TYPE_NAMED && t->elem; i++)
		t = t->elem;
	return t;
}

static uint32_t align_of_size(uint64_t size)
{
	uint32_t align = 1;
	while (align < 16 && align < size)
		align *= 2;
	return align;
}

static uint32_t align_within(struct type *t, int depth);

static uint32_t align_of_fields(struct type *t, int depth)
{
	uint32_t align = 1;
	struct err *e = type_complete(t);
	err_free(e);
	for (size_t i = 0; i < t->n_fields; i++)
		if (t->fields[i].type)
			align = MAX(align, align_within(t->fields[i].type, depth + 1));
	return align;
}

static uint32_t align_within(struct type *t, int depth)
{
	if (t->align)
		return t->align;
	if (depth > CHAIN_MAX)
		return 1;
	switch (t->kind) {
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_UINT:
	case TYPE_CHAR:
	case TYPE_FLOAT:
	case TYPE_PTR:
	case TYPE_ENUM:
		t->align = align_of_size(t->size);
		break;
	case TYPE_COMPLEX:
		t->align = align_of_size(t->size / 2);
		break;
	case TYPE_ARRAY:
	case TYPE_NAMED:
		t->align = t->elem ? align_within(t->elem, depth + 1) : 1;
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
		// Set first: a struct that contains itself, which no compiler writes, ends here.
		t->align = 1;
		t->align = align_of_fields(t, depth);
		break;
	case TYPE_FUNC:
		t->align = t->go_kind ? 8 : 1;
		break;
	case TYPE_STRING:
	case TYPE_SLICE:
	case TYPE_IFACE:
	case TYPE_MAP:
	case TYPE_CHAN:
	case TYPE_TUPLE:
		t->align = 8;
		break;
	case TYPE_VOID:
	case TYPE_UNKNOWN:
	case TYPE_TEXT:
	case TYPE_BUFFER:
	case TYPE_OPAQUE:
		t->align = 1;
		break;
	}
	return t->align;
}

uint32_t type_align(struct type *t)
{
	return align_within(t, 0);
}

static bool is_readable(const struct place *p)
{
	return p->kind != PLACE_NONE && p->kind != PLACE_COMPLEX;
}

static bool has_word(const struct places *p, const struct type_word *w)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct place *at = &p->v[i];
		if (at->size == 0)
			return true;
		if (at->off_in_value <= w->off && w->off + w->size <= at->off_in_value + at->size)
			return true;
	}
	return false;
}

bool places_are_whole(const struct places *p, const struct type_words *words)
{
	for (size_t i = 0; i < p->n; i++)
		if (!is_readable(&p->v[i]))
			return false;
	for (size_t i = 0; words && i < words->n; i++)
		if (!has_word(p, &words->v[i]))
			return false;
	return p->n > 0;
}
