// SPDX-License-Identifier: Apache-2.0
// Taking values apart into scalars.
#include "type/type.h"

#define DEPTH_MAX 32
// Types visited for one value. Empty arrays in empty arrays have no words to count.
#define STEPS_MAX 4096

struct flattener {
	struct arena *arena;
	struct type_words *out;
	unsigned steps;
};

static struct str path_join(struct flattener *f, struct str path, const char *sep, struct str name)
{
	return arena_printf(f->arena, "%.*s%s%.*s", STR_ARG(path), sep, STR_ARG(name));
}

static void add_word(struct flattener *f, struct type_word w)
{
	if (f->out->n >= TYPE_WORDS_MAX)
		f->out->is_cut = true;
	else
		VEC_PUSH(f->arena, f->out, w);
}

static struct type *make_type(struct flattener *f, enum type_kind kind, struct str name,
			      uint64_t size, uint8_t go_kind)
{
	struct type *t = ARENA_NEW(f->arena, struct type);
	*t = (struct type) {
		.kind = kind,
		.name = name,
		.size = size,
		.go_kind = go_kind,
		.dict_index = -1,
		.is_complete = true,
	};
	return t;
}

// A word of a Go value's header: kinds are those of the reflect package.
static void add_part(struct flattener *f, struct str path, struct str part, uint64_t off,
		     struct type *type)
{
	add_word(f, (struct type_word) { .path = path_join(f, path, ".", part),
					 .type = type,
					 .off = off,
					 .size = 8,
					 .cls = WORD_INT });
}

static struct type *go_int(struct flattener *f)
{
	return make_type(f, TYPE_INT, STR("int"), 8, 2);
}

static struct type *go_pointer(struct flattener *f, struct type *elem)
{
	struct type *t = make_type(f, TYPE_PTR, STR(""), 8, 22);
	t->elem = elem;
	return t;
}

static void flatten_header(struct flattener *f, struct type *t, struct str path, uint64_t off)
{
	if (t->kind == TYPE_STRING) {
		struct type *byte = make_type(f, TYPE_UINT, STR("uint8"), 1, 8);
		add_part(f, path, STR("ptr"), off, go_pointer(f, byte));
		add_part(f, path, STR("len"), off + 8, go_int(f));
	} else if (t->kind == TYPE_SLICE) {
		add_part(f, path, STR("ptr"), off, go_pointer(f, t->elem));
		add_part(f, path, STR("len"), off + 8, go_int(f));
		add_part(f, path, STR("cap"), off + 16, go_int(f));
	} else {
		struct type *data = make_type(f, TYPE_PTR, STR("unsafe.Pointer"), 8, 26);
		add_part(f, path, t->is_empty_iface ? STR("type") : STR("tab"), off, NULL);
		add_part(f, path, STR("data"), off + 8, data);
	}
}

static void flatten_complex(struct flattener *f, struct type *t, struct str path, uint64_t off)
{
	uint64_t half = t->size / 2;
	bool is_single = half == 4;
	struct str go_name = is_single ? STR("float32") : STR("float64");
	struct str c_name = is_single ? STR("float") : STR("double");
	struct type *part = make_type(f, TYPE_FLOAT, t->go_kind ? go_name : c_name, half,
				      t->go_kind ? (is_single ? 13 : 14) : 0);
	for (unsigned i = 0; i < 2; i++)
		add_word(f, (struct type_word) {
				    .path = path_join(f, path, ".", i ? STR("imag") : STR("real")),
				    .type = part,
				    .off = off + i * half,
				    .size = (uint32_t)MIN(half, UINT32_MAX),
				    .cls = WORD_FLOAT });
}

// Bytes that have no fields to name them.
static void flatten_raw(struct flattener *f, struct type *t, struct str path, uint64_t off)
{
	if (t->size > 0 && t->size <= 8) {
		add_word(f, (struct type_word) { .path = path,
						 .type = t,
						 .off = off,
						 .size = (uint32_t)t->size,
						 .cls = WORD_INT });
		return;
	}
	for (uint64_t at = 0; at < t->size && !f->out->is_cut; at += 8) {
		uint64_t n = MIN(t->size - at, (uint64_t)8);
		struct str part =
			arena_printf(f->arena, "%.*s.bytes[%llu:%llu]", STR_ARG(path),
				     (unsigned long long)at, (unsigned long long)(at + n));
		add_word(f, (struct type_word) { .path = part,
						 .off = off + at,
						 .size = (uint32_t)n,
						 .cls = WORD_INT });
	}
}

static struct err *flatten(struct flattener *f, struct type *named, struct str path, uint64_t off,
			   int depth);

static struct err *flatten_array(struct flattener *f, struct type *t, struct str path, uint64_t off,
				 int depth)
{
	if (t->count > 1)
		f->out->has_long_array = true;
	if (!t->elem || t->elem->size == 0)
		return NULL;
	for (uint64_t i = 0; i < t->count && !f->out->is_cut; i++) {
		struct str at =
			arena_printf(f->arena, "%.*s[%llu]", STR_ARG(path), (unsigned long long)i);
		TRY(flatten(f, t->elem, at, off + i * t->elem->size, depth + 1));
	}
	return NULL;
}

static void add_bit_field(struct flattener *f, const struct type_field *field, struct str path,
			  uint64_t off)
{
	unsigned bytes = (field->bit_off + field->bit_size + 7u) / 8u;
	add_word(f, (struct type_word) { .path = path,
					 .type = field->type,
					 .off = off + field->off,
					 .size = bytes,
					 .cls = WORD_INT });
}

static struct err *flatten_struct(struct flattener *f, struct type *t, struct str path,
				  uint64_t off, int depth)
{
	TRY(type_complete(t));
	if (t->has_variants) {
		flatten_raw(f, t, path, off);
		return NULL;
	}
	for (size_t i = 0; i < t->n_fields && !f->out->is_cut; i++) {
		const struct type_field *field = &t->fields[i];
		struct str at = path;
		if (!field->type)
			continue;
		// What is in an anonymous member or a base class is reached without a name.
		if (field->name.len)
			at = path_join(f, path, ".", field->name);
		if (field->bit_size)
			add_bit_field(f, field, at, off);
		else
			TRY(flatten(f, field->type, at, off + field->off, depth + 1));
	}
	return NULL;
}

static void add_scalar(struct flattener *f, struct type *named, struct type *t, struct str path,
		       uint64_t off)
{
	add_word(f, (struct type_word) { .path = path,
					 .type = named,
					 .off = off,
					 .size = (uint32_t)MIN(t->size, UINT32_MAX),
					 .cls = t->kind == TYPE_FLOAT ? WORD_FLOAT : WORD_INT });
}

static struct err *flatten(struct flattener *f, struct type *named, struct str path, uint64_t off,
			   int depth)
{
	struct type *t = type_strip(named);
	if (depth > DEPTH_MAX || ++f->steps > STEPS_MAX) {
		f->out->is_cut = true;
		return NULL;
	}
	switch (t->kind) {
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_UINT:
	case TYPE_CHAR:
	case TYPE_FLOAT:
	case TYPE_PTR:
	case TYPE_ENUM:
	case TYPE_MAP:
	case TYPE_CHAN:
		if (t->size > 0)
			add_scalar(f, named, t, path, off);
		return NULL;
	case TYPE_FUNC:
		// A Go function value is one pointer; a C function is no value.
		if (t->go_kind)
			add_scalar(f, named, t, path, off);
		return NULL;
	case TYPE_COMPLEX:
		flatten_complex(f, t, path, off);
		return NULL;
	case TYPE_STRING:
	case TYPE_SLICE:
	case TYPE_IFACE:
		flatten_header(f, t, path, off);
		return NULL;
	case TYPE_ARRAY:
		return flatten_array(f, t, path, off, depth);
	case TYPE_STRUCT:
		return flatten_struct(f, t, path, off, depth);
	case TYPE_UNION:
	case TYPE_UNKNOWN:
	case TYPE_TEXT:
	case TYPE_BUFFER:
	case TYPE_TUPLE:
	case TYPE_OPAQUE:
		flatten_raw(f, t, path, off);
		return NULL;
	case TYPE_VOID:
	case TYPE_NAMED:
		return NULL;
	}
	return NULL;
}

struct err *type_flatten(struct arena *a, struct type *t, struct type_words *out)
{
	*out = (struct type_words) { 0 };
	struct flattener f = { .arena = a, .out = out };
	return flatten(&f, t, STR(""), 0, 0);
}
