// SPDX-License-Identifier: Apache-2.0
// Types to the shapes that out/ prints.
#include "check/checker.h"

// What types become is made there.
struct shower {
	struct arena *arena;
	const struct value_secrets *secrets;
};

static const struct out_type *shown_within(const struct shower *w, struct type *t, unsigned depth);

// Of a struct of the program: those that a script makes have names that it has chosen.
static bool is_secret(const struct shower *w, const struct type *t, const struct type_field *f)
{
	bool is_made = !t->go_kind && !t->source;
	return !is_made && type_strip(f->type)->kind != TYPE_BOOL &&
	       value_is_secret(w->secrets, f->name);
}

static void add_fields(const struct shower *w, struct type *t, struct out_type *o, unsigned depth)
{
	struct arena *a = w->arena;
	struct out_field *fields = ARENA_ARRAY(a, struct out_field, t->n_fields);
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct type_field *f = &t->fields[i];
		if (!f->type || f->off > UINT32_MAX)
			continue;
		// A base class of C++ has no name of its own.
		bool is_base = f->is_embedded && !f->name.len;
		fields[o->n_fields++] = (struct out_field) {
			.name = is_base ? type_strip(f->type)->name : f->name,
			.type = shown_within(w, f->type, depth + 1),
			.is_secret = is_secret(w, t, f),
			.off = (uint32_t)f->off,
			.bit_size = (uint8_t)f->bit_size,
			.bit_off = (uint8_t)f->bit_off,
		};
	}
	o->fields = fields;
}

static void add_names(struct arena *a, struct type *t, struct out_type *o)
{
	struct out_enumerator *names = ARENA_ARRAY(a, struct out_enumerator, t->n_enumerators);
	for (size_t i = 0; i < t->n_enumerators; i++)
		names[i] =
			(struct out_enumerator) { t->enumerators[i].name, t->enumerators[i].value };
	o->names = names;
	o->n_names = (uint32_t)t->n_enumerators;
	o->is_signed = t->is_signed;
}

static void add_array(const struct shower *w, struct type *t, struct out_type *o, unsigned depth)
{
	if (is_char_array(t)) {
		o->kind = OUT_STRING;
		o->is_exact = true;
		return;
	}
	o->kind = OUT_ARRAY;
	o->elem = shown_within(w, type_strip(t->elem), depth + 1);
	o->count = (uint32_t)MIN(t->count, UINT32_MAX);
}

static enum out_kind simple_kind(const struct type *t)
{
	switch (t->kind) {
	case TYPE_BOOL:
		return OUT_BOOL;
	case TYPE_INT:
		return OUT_INT;
	case TYPE_CHAR:
		return t->is_signed ? OUT_INT : OUT_UINT;
	case TYPE_UINT:
		return OUT_UINT;
	case TYPE_FLOAT:
		return t->size == 4 || t->size == 8 ? OUT_FLOAT : OUT_NONE;
	case TYPE_COMPLEX:
		return t->size == 8 || t->size == 16 ? OUT_COMPLEX : OUT_NONE;
	case TYPE_SLICE:
		return OUT_SLICE;
	case TYPE_PTR:
	case TYPE_MAP:
	case TYPE_CHAN:
		return OUT_POINTER;
	case TYPE_TEXT:
		return OUT_STRING;
	case TYPE_BUFFER:
		return OUT_BUFFER;
	case TYPE_ENUM:
		return OUT_ENUM;
	case TYPE_TUPLE:
		return OUT_TUPLE;
	case TYPE_STRUCT:
	case TYPE_UNION:
		return OUT_RECORD;
	case TYPE_ARRAY:
		return OUT_ARRAY;
	case TYPE_VOID:
	case TYPE_FUNC:
	case TYPE_NAMED:
	case TYPE_STRING:
	case TYPE_IFACE:
	case TYPE_UNKNOWN:
	case TYPE_OPAQUE:
		return OUT_NONE;
	}
	return OUT_NONE;
}

static const struct out_type word_pointer = { .kind = OUT_POINTER, .size = 8 };

static void add_words(struct arena *a, struct out_type *o, struct str first, struct str second,
		      const struct out_type *second_type)
{
	struct out_field *fields = ARENA_ARRAY(a, struct out_field, 2);
	fields[0] = (struct out_field) { .name = first, .type = &word_pointer };
	fields[1] = (struct out_field) { .name = second, .type = second_type, .off = 8 };
	o->kind = OUT_RECORD;
	o->fields = fields;
	o->n_fields = 2;
}

// An argument of its own is sent with its bytes. Inside of others it has become a text, and an
// interface a name, unless there are too many of them: then they are what is in memory there.
static void add_go(struct arena *a, const struct type *t, struct out_type *o, unsigned depth)
{
	static const struct out_type length = { .kind = OUT_INT, .size = 8 };
	if (t->kind == TYPE_STRING && depth == 0)
		o->kind = OUT_TEXT;
	else if (t->kind == TYPE_STRING)
		add_words(a, o, STR("str"), STR("len"), &length);
	else if (t->kind == TYPE_IFACE)
		add_words(a, o, t->is_empty_iface ? STR("type") : STR("tab"), STR("data"),
			  &word_pointer);
	else if (t->kind == TYPE_FUNC && t->go_kind && t->size == 8)
		o->kind = OUT_POINTER;
}

static const struct out_type *shown_within(const struct shower *w, struct type *t, unsigned depth)
{
	struct arena *a = w->arena;
	t = type_strip(t);
	if (t->shown)
		return t->shown;
	struct err *e = type_complete(t);
	err_free(e);
	struct out_type *o = ARENA_NEW(a, struct out_type);
	o->size = (uint32_t)MIN(t->size, UINT32_MAX);
	if (depth >= OUT_DEPTH_MAX)
		return o;
	o->kind = simple_kind(t);
	add_go(a, t, o, depth);
	o->is_word = t->is_word;
	o->is_go = t->go_kind != 0;
	o->is_duration = is_duration(t);
	if (t->kind == TYPE_ARRAY && t->elem)
		add_array(w, t, o, depth);
	else if (t->kind == TYPE_ENUM)
		add_names(a, t, o);
	else if (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION || t->kind == TYPE_TUPLE)
		add_fields(w, t, o, depth);
	// Kept, so that types that are made of each other again and again are made once.
	if (is_record(t))
		t->shown = o;
	return o;
}

const struct out_type *check_shown(struct arena *a, struct type *t,
				   const struct value_secrets *secrets)
{
	const struct shower w = { a, secrets };
	return shown_within(&w, t, 0);
}
