// SPDX-License-Identifier: Apache-2.0
// Types that the language makes, and how two of them become one.
#include "check/checker.h"

static struct type *make(struct checker *c, enum type_kind kind, const char *name, uint64_t size)
{
	struct type *t = ARENA_NEW(c->arena, struct type);
	*t = (struct type) {
		.kind = kind,
		.name = str_from(name ? name : ""),
		.size = size,
		.dict_index = -1,
		.is_complete = true,
	};
	return t;
}

static const struct out_type *shown_of(struct checker *c, enum out_kind kind, uint32_t size)
{
	struct out_type *t = ARENA_NEW(c->arena, struct out_type);
	t->kind = kind;
	t->size = size;
	return t;
}

void types_init(struct checker *c)
{
	static const char *const names[2][4] = { { "uint8", "uint16", "uint32", "uint64" },
						 { "int8", "int16", "int32", "int64" } };
	struct basic_types *b = &c->basic;
	for (unsigned is_signed = 0; is_signed < 2; is_signed++)
		for (unsigned i = 0; i < 4; i++) {
			b->ints[is_signed][i] = make(c, is_signed ? TYPE_INT : TYPE_UINT,
						     names[is_signed][i], 1u << i);
			b->ints[is_signed][i]->is_signed = is_signed;
		}
	b->word = make(c, TYPE_UINT, "uint64", 8);
	b->word->is_word = true;
	b->boolean = make(c, TYPE_BOOL, "bool", 1);
	b->none = make(c, TYPE_VOID, "void", 0);
	b->chars[0] = make(c, TYPE_CHAR, "unsigned char", 1);
	b->chars[1] = make(c, TYPE_CHAR, "char", 1);
	b->chars[1]->is_signed = true;
	b->real[0] = make(c, TYPE_FLOAT, "float", 4);
	b->real[1] = make(c, TYPE_FLOAT, "double", 8);
	b->go_real[0] = make(c, TYPE_FLOAT, "float32", 4);
	b->go_real[1] = make(c, TYPE_FLOAT, "float64", 8);
	b->nil = make(c, TYPE_PTR, "nil", 8);
	b->nil->go_kind = GO_UNSAFE;
	b->symbol = type_opaque(c, shown_of(c, OUT_SYMBOL, 16), "usym_t");
}

struct type *type_int(struct checker *c, bool is_signed, uint64_t size)
{
	unsigned i = size >= 8 ? 3 : size >= 4 ? 2 : size >= 2 ? 1 : 0;
	return c->basic.ints[is_signed][i];
}

// One type for each size, so that most comparisons of types are of pointers.
static struct type *sized(struct checker *c, enum type_kind kind, const char *name, uint64_t size)
{
	uint64_t key = (uint64_t)kind << 40 | size;
	struct type *t = map_get(&c->texts, key);
	if (t)
		return t;
	t = make(c, kind, name, size);
	map_put(&c->texts, key, t);
	return t;
}

struct type *type_text(struct checker *c, uint64_t size)
{
	return sized(c, TYPE_TEXT, "string", MAX(size, 1));
}

struct type *type_go_text(struct checker *c, uint64_t size)
{
	uint64_t key = (uint64_t)TYPE_STRING << 40 | size;
	struct type *t = map_get(&c->texts, key);
	if (t)
		return t;
	t = make(c, TYPE_TEXT, "string", MAX(size, 1));
	t->go_kind = GO_STRING;
	map_put(&c->texts, key, t);
	return t;
}

// The text that can hold both.
static struct type *join_texts(struct checker *c, const struct type *a, const struct type *b)
{
	if (!a->go_kind && !b->go_kind)
		return type_text(c, MAX(a->size, b->size));
	uint64_t a_size = a->go_kind ? a->size : ((a->size + 7) & ~7ull) + 8;
	uint64_t b_size = b->go_kind ? b->size : ((b->size + 7) & ~7ull) + 8;
	return type_go_text(c, MAX(a_size, b_size));
}

struct type *type_buffer(struct checker *c, uint64_t n_bytes)
{
	return sized(c, TYPE_BUFFER, "buffer", n_bytes + 4);
}

struct type *type_pointer(struct checker *c, struct type *elem, bool is_kernel)
{
	struct type *t = make(c, TYPE_PTR, NULL, 8);
	t->elem = elem && elem->kind == TYPE_VOID ? NULL : elem;
	t->is_kernel = is_kernel;
	return t;
}

struct type *type_array(struct checker *c, struct type *elem, uint64_t count)
{
	struct type *t = make(c, TYPE_ARRAY, NULL, elem->size * count);
	t->elem = elem;
	t->count = count;
	return t;
}

struct type *type_opaque(struct checker *c, const struct out_type *shown, const char *name)
{
	struct type *t = make(c, TYPE_OPAQUE, name, shown->size);
	t->shown = shown;
	t->align = 8;
	return t;
}

void type_lay_out(struct type *t)
{
	uint64_t off = 0;
	for (size_t i = 0; i < t->n_fields; i++) {
		t->fields[i].off = off;
		off += (t->fields[i].type->size + 7) & ~7ull;
	}
	t->size = off;
	t->align = 8;
}

static struct type *with_fields(struct checker *c, enum type_kind kind, const struct str *names,
				struct type **items, size_t n)
{
	struct type *t = make(c, kind, NULL, 0);
	t->fields = ARENA_ARRAY(c->arena, struct type_field, n);
	t->n_fields = n;
	for (size_t i = 0; i < n; i++) {
		t->fields[i].name = names ? names[i] : STR("");
		t->fields[i].type = type_kept(c, items[i]);
	}
	type_lay_out(t);
	return t;
}

struct type *type_tuple(struct checker *c, struct type **items, size_t n)
{
	return with_fields(c, TYPE_TUPLE, NULL, items, n);
}

struct type *type_record(struct checker *c, const struct str *names, struct type **items, size_t n)
{
	struct type *t = with_fields(c, TYPE_STRUCT, names, items, n);
	t->name = STR("record");
	return t;
}

static bool is_made_record(const struct type *t)
{
	return t->kind == TYPE_STRUCT && str_eq(t->name, STR("record"));
}

// As messages call it: how long a text may be says nothing to the reader.
struct str spell(struct checker *c, struct type *t)
{
	return check_spell(c->arena, t, false);
}

// --- questions ---

bool is_int(const struct type *t)
{
	return t && (t->kind == TYPE_INT || t->kind == TYPE_UINT);
}

bool is_number(const struct type *t)
{
	return is_int(t) || (t && (t->kind == TYPE_BOOL || t->kind == TYPE_ENUM));
}

bool is_scalar(const struct type *t)
{
	return is_number(t) || (t && t->kind == TYPE_PTR);
}

bool is_record(const struct type *t)
{
	return t && (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION);
}

static struct type *elem_of(const struct type *t)
{
	return t->elem ? type_strip(t->elem) : NULL;
}

bool is_byte_array(const struct type *t)
{
	struct type *e = t && t->kind == TYPE_ARRAY ? elem_of(t) : NULL;
	return e && e->size == 1 && (is_int(e) || e->kind == TYPE_CHAR);
}

// Of plain char: one of unsigned char is an array of numbers.
bool is_char_array(const struct type *t)
{
	struct type *e = is_byte_array(t) ? elem_of(t) : NULL;
	return e && e->kind == TYPE_CHAR && e->is_signed;
}

static bool is_signed_number(const struct type *t)
{
	return t->kind == TYPE_INT || (t->kind == TYPE_ENUM && t->is_signed);
}

uint64_t wrap_to(const struct type *t, uint64_t v)
{
	if (t->kind == TYPE_BOOL)
		return v != 0;
	if (t->size >= 8 || t->size == 0)
		return v;
	unsigned shift = 64 - 8 * (unsigned)t->size;
	if (is_signed_number(t))
		return (uint64_t)((int64_t)(v << shift) >> shift);
	return v << shift >> shift;
}

// --- kept ---

struct type *type_of_value(struct checker *c, struct type *t)
{
	if (!t)
		return c->basic.none;
	t = type_strip(t);
	if (t->kind == TYPE_CHAR)
		return type_int(c, t->is_signed, 1);
	return t;
}

static struct type *map_fields(struct checker *c, struct type *t,
			       struct type *(*of)(struct checker *c, struct type *t))
{
	bool has_changed = false;
	struct type *copy = ARENA_NEW(c->arena, struct type);
	*copy = *t;
	copy->fields = ARENA_ARRAY(c->arena, struct type_field, t->n_fields);
	for (size_t i = 0; i < t->n_fields; i++) {
		copy->fields[i] = t->fields[i];
		copy->fields[i].type = of(c, t->fields[i].type);
		has_changed |= copy->fields[i].type != t->fields[i].type;
	}
	type_lay_out(copy);
	return has_changed ? copy : t;
}

struct type *type_kept(struct checker *c, struct type *t)
{
	if (is_int(t) && t->size < 8)
		return type_int(c, t->kind == TYPE_INT, 8);
	return t;
}

struct type *type_key_kept(struct checker *c, struct type *t)
{
	if (t->kind == TYPE_TEXT && !t->go_kind)
		return type_text(c, (t->size + 7) & ~7ull);
	if (t->kind == TYPE_TUPLE || is_made_record(t))
		return map_fields(c, t, type_key_kept);
	return type_kept(c, t);
}

// --- two types ---

static bool same_within(struct type *a, struct type *b, unsigned depth);

static bool same_fields(struct type *a, struct type *b, unsigned depth)
{
	if (a->n_fields != b->n_fields)
		return false;
	for (size_t i = 0; i < a->n_fields; i++) {
		if (!str_eq(a->fields[i].name, b->fields[i].name) ||
		    !same_within(a->fields[i].type, b->fields[i].type, depth + 1))
			return false;
	}
	return true;
}

static bool same_shown(const struct out_type *a, const struct out_type *b)
{
	if (a->kind != b->kind || a->size != b->size || a->clock != b->clock ||
	    !str_eq(a->format, b->format))
		return false;
	if (a->meaning == b->meaning || a->kind != OUT_NAME)
		return true;
	const enum name_of *of_a = a->meaning, *of_b = b->meaning;
	return of_a && of_b && *of_a == *of_b;
}

static bool same_pointed(struct type *a, struct type *b, unsigned depth)
{
	if (!a || !b)
		return a == b;
	return same_within(type_strip(a), type_strip(b), depth + 1);
}

static bool same_within(struct type *a, struct type *b, unsigned depth)
{
	if (a == b)
		return true;
	if (depth > TYPE_DEPTH_MAX || a->kind != b->kind || a->size != b->size)
		return false;
	switch (a->kind) {
	case TYPE_INT:
	case TYPE_UINT:
		return a->is_word == b->is_word && is_duration(a) == is_duration(b);
	case TYPE_CHAR:
		return a->is_signed == b->is_signed;
	case TYPE_BOOL:
	case TYPE_VOID:
	case TYPE_FLOAT:
	case TYPE_COMPLEX:
	case TYPE_STRING:
	case TYPE_BUFFER:
		return true;
	case TYPE_TEXT:
		return a->go_kind == b->go_kind;
	case TYPE_SLICE:
	case TYPE_CHAN:
		return same_pointed(a->elem, b->elem, depth);
	case TYPE_MAP:
		return same_pointed(a->key, b->key, depth) && same_pointed(a->elem, b->elem, depth);
	case TYPE_PTR:
		return a->is_kernel == b->is_kernel && same_pointed(a->elem, b->elem, depth);
	case TYPE_ARRAY:
		return a->count == b->count && same_pointed(a->elem, b->elem, depth);
	case TYPE_TUPLE:
		return same_fields(a, b, depth);
	case TYPE_STRUCT:
		return is_made_record(a) && is_made_record(b) ? same_fields(a, b, depth)
		       : a->name.len                          ? str_eq(a->name, b->name)
							      : false;
	case TYPE_UNION:
	case TYPE_ENUM:
		return a->name.len && str_eq(a->name, b->name);
	case TYPE_OPAQUE:
		return same_shown(a->shown, b->shown);
	case TYPE_FUNC:
	case TYPE_NAMED:
	case TYPE_IFACE:
	case TYPE_UNKNOWN:
		return false;
	}
	return false;
}

bool type_same(struct type *a, struct type *b)
{
	return same_within(a, b, 0);
}

static struct type *join_ints(struct checker *c, struct type *a, struct type *b)
{
	bool a_signed = is_signed_number(a), b_signed = is_signed_number(b);
	uint64_t size = MAX(a->size, b->size);
	if (a_signed == b_signed)
		return type_int(c, a_signed, size);
	uint64_t unsigned_size = a_signed ? b->size : a->size;
	if (unsigned_size >= size)
		size *= 2;
	return type_int(c, true, size);
}

static struct type *join_fields(struct checker *c, struct type *a, struct type *b)
{
	if (a->n_fields != b->n_fields || c->type_depth > TYPE_DEPTH_MAX)
		return NULL;
	struct type *t = ARENA_NEW(c->arena, struct type);
	*t = *a;
	t->fields = ARENA_ARRAY(c->arena, struct type_field, a->n_fields);
	c->type_depth++;
	for (size_t i = 0; i < a->n_fields && t; i++) {
		t->fields[i] = a->fields[i];
		if (!str_eq(a->fields[i].name, b->fields[i].name))
			t = NULL;
		else
			t->fields[i].type = type_join(c, a->fields[i].type, b->fields[i].type);
		if (t && !t->fields[i].type)
			t = NULL;
	}
	c->type_depth--;
	if (t)
		type_lay_out(t);
	return t;
}

static struct type *join_pointers(struct checker *c, struct type *a, struct type *b)
{
	if (b->kind != TYPE_PTR || !b->elem)
		return a->kind == TYPE_PTR ? a : b;
	if (a->kind != TYPE_PTR || !a->elem)
		return b;
	if (same_pointed(a->elem, b->elem, 0))
		return a;
	// A pointer to numbers of one size is as good as another one.
	struct type *x = type_of_value(c, a->elem), *y = type_of_value(c, b->elem);
	return is_number(x) && is_number(y) && x->size == y->size ? a : NULL;
}

// Of nil and what it may become: all zeros are nil there too.
static struct type *join_nil(struct checker *c, struct type *a, struct type *b)
{
	if (a != c->basic.nil && b != c->basic.nil)
		return NULL;
	struct type *t = a == c->basic.nil ? b : a;
	bool has_nil = t->kind == TYPE_SLICE || t->kind == TYPE_MAP || t->kind == TYPE_CHAN ||
		       is_name_value(t);
	return has_nil ? t : NULL;
}

struct type *type_join(struct checker *c, struct type *a, struct type *b)
{
	if (type_same(a, b))
		return a;
	if ((a->kind == TYPE_PTR && is_scalar(b)) || (b->kind == TYPE_PTR && is_scalar(a)))
		return join_pointers(c, a, b);
	if (is_number(a) && is_number(b))
		return join_ints(c, a, b);
	if (a->kind != b->kind)
		return join_nil(c, a, b);
	if (a->kind == TYPE_TEXT)
		return join_texts(c, a, b);
	if (a->kind == TYPE_BUFFER)
		return a->size >= b->size ? a : b;
	if (a->kind == TYPE_TUPLE || (is_made_record(a) && is_made_record(b)))
		return join_fields(c, a, b);
	return NULL;
}
