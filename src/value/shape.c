// SPDX-License-Identifier: Apache-2.0
// What rendering knows of each type, found out once.
#include <inttypes.h>

#include "value/render.h"

// Structs in arrays in structs: Go's pointer-shaped types are not nested deeper.
#define DIRECT_DEPTH_MAX 16
#define FIELDS_MAX       (1u << 16)
#define NAMELESS_MAX     16 // structs without a name, in each other

enum { GO_BOOL = 1, GO_UINT8 = 8, GO_INTERFACE = 20 }; // of reflect.Kind

bool shape_is_unnamed(const struct shape *s)
{
	struct str name = s->type->name;
	return name.len == 0 || str_starts(name, STR("struct {")) ||
	       str_starts(name, STR("struct{"));
}

struct shape_field *shape_field(const struct shape *s, struct str name)
{
	for (size_t i = 0; i < s->n_fields; i++)
		if (str_eq(s->fields[i].name, name))
			return &s->fields[i];
	return NULL;
}

// "main.T" of "*example.com/main.T[int]": what an embedded field without a name is called.
static struct str last_name(struct str name)
{
	const char *bracket = memchr(name.p, '[', name.len);
	if (bracket)
		name.len = (size_t)(bracket - name.p);
	ptrdiff_t dot = str_rfind_byte(name, '.');
	return dot < 0 ? name : str_from_off(name, (size_t)dot + 1);
}

// "Base<int>" of "shop::Base<int>".
static struct str last_name_of_c(struct str name)
{
	int depth = 0;
	for (size_t i = name.len; i-- > 1;) {
		depth += (name.p[i] == '>') - (name.p[i] == '<');
		if (depth == 0 && name.p[i] == ':' && name.p[i - 1] == ':')
			return str_from_off(name, i + 1);
	}
	return name;
}

static struct str name_of_field(const struct type_field *f, bool is_go)
{
	if (f->name.len || !f->is_embedded || !f->type)
		return f->name;
	struct type *t = f->type->kind == TYPE_PTR && f->type->elem ? f->type->elem : f->type;
	if (!t->name.len)
		return t->name;
	return is_go ? last_name(t->name) : last_name_of_c(t->name);
}

static bool is_bool(struct type *t)
{
	return t && type_strip(t)->kind == TYPE_BOOL;
}

// Of a private key only the half that everybody may know is shown.
static bool is_secret(const struct value_secrets *secrets, const struct shape *s,
		      const struct type_field *f, struct str name)
{
	if (is_bool(f->type))
		return false;
	bool is_public = f->is_embedded && str_eq(name, STR("PublicKey"));
	return value_is_secret(secrets, name) || (s->is_secret && !is_public);
}

struct adder {
	const struct value_secrets *secrets;
	struct arena *arena;
	struct shape *shape;
	struct shape_field *v;
	size_t n, cap;
};

// A struct or union of C that is a member without a name: its members are those of the whole. No
// item of a tuple has a name, and each is one value.
static struct type *nameless(const struct shape *s, const struct type_field *f)
{
	struct type *t = f->type ? type_strip(f->type) : NULL;
	bool is_member = !s->is_go && s->kind != TYPE_TUPLE;
	bool is_nameless = t && is_member && !f->name.len && !f->is_embedded &&
			   (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION);
	struct err *e = is_nameless ? type_complete(t) : NULL;
	bool has_fields = is_nameless && !e && t->n_fields;
	err_free(e);
	return has_fields ? t : NULL;
}

static void add_field(struct adder *x, const struct type_field *f, uint64_t base, unsigned level)
{
	struct type *inside = level < NAMELESS_MAX ? nameless(x->shape, f) : NULL;
	struct str name = name_of_field(f, x->shape->is_go);
	uint64_t off;
	if (__builtin_add_overflow(base, f->off, &off) || x->n >= FIELDS_MAX)
		return;
	for (size_t i = 0; inside && i < inside->n_fields; i++)
		add_field(x, &inside->fields[i], off, level + 1);
	if (inside)
		return;
	VEC_PUSH(x->arena, x,
		 (struct shape_field) {
			 .name = name,
			 .type = f->type,
			 .off = off,
			 .bit_size = f->bit_size,
			 .bit_off = f->bit_off,
			 .is_blank = x->shape->is_go && str_eq(name, STR("_")),
			 .is_secret = is_secret(x->secrets, x->shape, f, name),
		 });
}

static void add_fields(struct render *r, struct arena *a, struct shape *s)
{
	struct err *e = type_complete(s->under);
	if (e || s->under->n_fields > FIELDS_MAX) {
		err_free(e);
		s->is_opaque = true;
		return;
	}
	struct adder x = { .secrets = book_secrets(r->book), .arena = a, .shape = s };
	for (size_t i = 0; i < s->under->n_fields; i++)
		add_field(&x, &s->under->fields[i], 0, 0);
	s->fields = x.v;
	s->n_fields = x.n;
}

static bool is_byte(const struct shape *s)
{
	struct str name = s->type->name;
	return s->kind == TYPE_UINT && s->under->go_kind == GO_UINT8 && s->size == 1 &&
	       (!name.len || str_eq(name, STR("uint8")) || str_eq(name, STR("byte")));
}

static struct shape *make_shape(struct render *r, struct arena *a, struct type *t)
{
	struct shape *s = ARENA_NEW(a, struct shape);
	s->type = t;
	s->under = type_strip(t);
	s->kind = s->under->kind;
	s->size = s->under->size;
	s->is_go = s->under->go_kind != 0;
	s->is_byte = is_byte(s);
	s->is_secret = is_secret_type(t);
	if (s->kind == TYPE_STRUCT || s->kind == TYPE_UNION || s->kind == TYPE_TUPLE)
		add_fields(r, a, s);
	if (s->kind == TYPE_ENUM)
		err_free(type_complete(s->under));
	s->has_number = book_number(r->book, t, &s->number);
	s->is_direct = t->go_is_direct;
	s->special = s->is_go ? special_find(t->name) : NULL;
	return s;
}

struct shape *shape_of(struct render *r, struct type *t)
{
	struct map *shapes = book_shapes(r->book);
	if (!t)
		return NULL;
	struct shape *s = map_get(shapes, (uintptr_t)t);
	if (s)
		return s;
	struct type *canonical = book_canon(r->book, t);
	s = map_get(shapes, (uintptr_t)canonical);
	if (!s) {
		s = make_shape(r, shapes->arena, canonical);
		map_put(shapes, (uintptr_t)canonical, s);
	}
	if (canonical != t)
		map_put(shapes, (uintptr_t)t, s);
	return s;
}

struct shape *shape_any(struct render *r)
{
	static struct type any = {
		.kind = TYPE_IFACE,
		.name = { "interface {}", 12 },
		.size = 16,
		.is_empty_iface = true,
		.go_kind = GO_INTERFACE,
		.is_complete = true,
	};
	return shape_of(r, &any);
}

struct shape *shape_bool(struct render *r)
{
	static struct type boolean = {
		.kind = TYPE_BOOL,
		.name = { "bool", 4 },
		.size = 1,
		.go_kind = GO_BOOL,
		.is_complete = true,
	};
	return shape_of(r, &boolean);
}

struct shape *shape_elem(struct render *r, struct shape *s)
{
	if (!s->elem)
		s->elem = shape_of(r, s->under->elem);
	return s->elem;
}

struct shape *field_shape(struct render *r, struct shape_field *f)
{
	if (!f->shape)
		f->shape = shape_of(r, f->type);
	return f->shape;
}

struct str shape_name(struct render *r, struct shape *s)
{
	if (!s->name.p)
		s->name = book_type_name(r->book, s->type);
	return s->name;
}

bool shape_is_byte_list(struct render *r, struct shape *s)
{
	bool is_list = s->kind == TYPE_SLICE || s->kind == TYPE_ARRAY;
	bool is_unnamed = s->type->name.len == 0 || s->type->name.p[0] == '[';
	struct shape *elem = is_list && is_unnamed ? shape_elem(r, s) : NULL;
	return elem && elem->is_byte;
}

void shape_put_byte_list(const struct shape *s, struct out_buf *out)
{
	if (s->kind == TYPE_ARRAY)
		out_buf_printf(out, "[%" PRIu64 "]byte", s->under->count);
	else
		out_buf_str(out, STR("[]byte"));
}
