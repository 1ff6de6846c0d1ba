// SPDX-License-Identifier: Apache-2.0
// Types: spelling, alignment, words, and whether a value is whole.
#include <stdio.h>

#include "type/type.h"
#include "unit.h"

static struct arena *arena;

static struct type *make(enum type_kind kind, const char *name, uint64_t size, uint8_t go_kind)
{
	if (!arena)
		arena = arena_new();
	struct type *t = ARENA_NEW(arena, struct type);
	*t = (struct type) {
		.kind = kind,
		.name = str_from(name),
		.size = size,
		.go_kind = go_kind,
		.dict_index = -1,
		.is_complete = true,
	};
	return t;
}

static struct type *with_elem(enum type_kind kind, uint64_t size, uint8_t go_kind,
			      struct type *elem)
{
	struct type *t = make(kind, "", size, go_kind);
	t->elem = elem;
	return t;
}

static struct type *array(struct type *elem, uint64_t count, uint8_t go_kind)
{
	struct type *t = with_elem(TYPE_ARRAY, elem->size * count, go_kind, elem);
	t->count = count;
	return t;
}

static struct type *qualified(const char *word, struct type *elem)
{
	struct type *t = with_elem(TYPE_NAMED, elem->size, 0, elem);
	t->qualifier = str_from(word);
	return t;
}

static struct type *pointer(struct type *elem)
{
	return with_elem(TYPE_PTR, 8, 0, elem);
}

static void add_field(struct type *t, const char *name, struct type *type, uint64_t off)
{
	struct type_field *all = ARENA_ARRAY(arena, struct type_field, t->n_fields + 1);
	if (t->n_fields)
		memcpy(all, t->fields, t->n_fields * sizeof(*all));
	all[t->n_fields++] =
		(struct type_field) { .name = str_from(name), .type = type, .off = off };
	t->fields = all;
}

static struct type *func(struct type *ret, size_t n, struct type *const *params, uint8_t go_kind)
{
	struct type *t = make(TYPE_FUNC, "", go_kind ? 8 : 0, go_kind);
	t->ret = ret;
	t->params = ARENA_ARRAY(arena, struct type_param, n);
	t->n_params = n;
	for (size_t i = 0; i < n; i++)
		t->params[i].type = params[i];
	return t;
}

#define SPELL(t)      type_spell(arena, (t))
#define DECL(t, name) type_spell_decl(arena, (t), STR(name))

TEST(type_spell_c_declarators)
{
	struct type *c_int = make(TYPE_INT, "int", 4, 0);
	struct type *c_char = make(TYPE_CHAR, "char", 1, 0);
	struct type *foo = make(TYPE_STRUCT, "struct foo", 16, 0);
	struct type *s = pointer(qualified("const", c_char));
	CHECK_VIEW(SPELL(NULL), "void");
	CHECK_VIEW(SPELL(pointer(NULL)), "void *");
	CHECK_VIEW(SPELL(s), "const char *");
	CHECK_VIEW(SPELL(qualified("const", s)), "const char *const");
	CHECK_VIEW(DECL(qualified("const", s), "p"), "const char *const p");
	CHECK_VIEW(SPELL(pointer(qualified("const", s))), "const char *const *");
	CHECK_VIEW(SPELL(array(foo, 4, 0)), "struct foo [4]");
	CHECK_VIEW(DECL(array(pointer(c_char), 4, 0), "argv"), "char *argv[4]");
	CHECK_VIEW(DECL(array(array(c_int, 3, 0), 4, 0), "m"), "int m[4][3]");
	CHECK_VIEW(SPELL(pointer(array(c_int, 4, 0))), "int (*)[4]");
	struct type *fn = func(c_int, 2, (struct type *[]) { c_int, s }, 0);
	CHECK_VIEW(SPELL(fn), "int (int, const char *)");
	CHECK_VIEW(SPELL(pointer(fn)), "int (*)(int, const char *)");
	CHECK_VIEW(DECL(array(pointer(fn), 2, 0), "t"), "int (*t[2])(int, const char *)");
	fn->is_variadic = true;
	CHECK_VIEW(DECL(pointer(fn), "cb"), "int (*cb)(int, const char *, ...)");
	CHECK_VIEW(SPELL(func(NULL, 0, NULL, 0)), "void (void)");
	CHECK_VIEW(SPELL(qualified("volatile", qualified("const", c_int))), "volatile const int");
	struct type *flexible = array(c_int, 0, 0);
	flexible->has_no_count = true;
	CHECK_VIEW(DECL(flexible, "rest"), "int rest[]");
}

TEST(type_spell_cpp)
{
	struct type *c_int = make(TYPE_INT, "int", 4, 0);
	struct type *class = make(TYPE_STRUCT, "ns::Box<int>", 4, 0);
	struct type *ref = pointer(qualified("const", class));
	ref->is_reference = true;
	CHECK_VIEW(DECL(ref, "b"), "const ns::Box<int> &b");
	ref->is_rvalue = true;
	CHECK_VIEW(SPELL(ref), "const ns::Box<int> &&");
	struct type *member = with_elem(TYPE_UNKNOWN, 8, 0, c_int);
	member->key = class;
	CHECK_VIEW(DECL(member, "p"), "int ns::Box<int>::*p");
	member->elem = func(c_int, 1, (struct type *[]) { c_int }, 0);
	CHECK_VIEW(DECL(member, "p"), "int (ns::Box<int>::*p)(int)");
}

TEST(type_spell_go)
{
	struct type *t_int = make(TYPE_INT, "int", 8, 2);
	struct type *string = make(TYPE_STRING, "string", 16, 24);
	struct type *entry = make(TYPE_STRUCT, "main.Entry", 16, 25);
	struct type *slice = with_elem(TYPE_SLICE, 24, 23, with_elem(TYPE_PTR, 8, 22, entry));
	CHECK_VIEW(SPELL(slice), "[]*main.Entry");
	CHECK_VIEW(SPELL(array(t_int, 3, 17)), "[3]int");
	struct type *map = with_elem(TYPE_MAP, 8, 21, slice);
	map->key = string;
	CHECK_VIEW(SPELL(map), "map[string][]*main.Entry");
	CHECK_VIEW(SPELL(with_elem(TYPE_PTR, 8, 26, NULL)), "unsafe.Pointer");
	struct type *fn = func(NULL, 4,
			       (struct type *[]) { t_int, with_elem(TYPE_SLICE, 24, 23, string),
						   t_int, string },
			       19);
	fn->is_variadic = true;
	fn->params[2].is_result = fn->params[3].is_result = true;
	CHECK_VIEW(SPELL(fn), "func(int, ...string) (int, string)");
	fn->n_params = 3;
	CHECK_VIEW(SPELL(fn), "func(int, ...string) int");
	struct type *anon = make(TYPE_STRUCT, "", 24, 25);
	CHECK_VIEW(SPELL(anon), "struct {}");
	add_field(anon, "A", t_int, 0);
	add_field(anon, "S", string, 8);
	CHECK_VIEW(SPELL(anon), "struct { A int; S string }");
	struct type *param = with_elem(TYPE_NAMED, 8, 2, t_int);
	param->name = STR(".param0");
	param->dict_index = 0;
	CHECK_VIEW(SPELL(param), "int");
}

// Types that contain themselves must not be spelled for ever.
TEST(type_spell_ends_on_loops)
{
	struct type *p = pointer(NULL);
	p->elem = p;
	CHECK(SPELL(p).len < 200);
	struct type *fn = func(NULL, 3, (struct type *[]) { NULL, NULL, NULL }, 0);
	for (size_t i = 0; i < 3; i++)
		fn->params[i].type = pointer(fn);
	CHECK(SPELL(fn).len < 100000);
	struct type *named = with_elem(TYPE_NAMED, 8, 0, NULL);
	named->elem = named;
	CHECK(type_strip(named) == named);
	CHECK_INT(type_align(named), 1);
}

static const char *words_text(struct type *t, struct type_words *out)
{
	static char text[2048];
	size_t n = 0;
	text[0] = '\0';
	CHECK_OK(type_flatten(arena, t, out));
	for (size_t i = 0; i < out->n && n + 64 < sizeof(text); i++) {
		const struct type_word *w = &out->v[i];
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s@%llu+%u%s", i ? " " : "",
				      STR_ARG(w->path), (unsigned long long)w->off, w->size,
				      w->cls == WORD_FLOAT ? "f" : "");
	}
	return text;
}

TEST(type_flatten_go)
{
	struct type_words w;
	struct type *string = make(TYPE_STRING, "string", 16, 24);
	struct type *u8 = make(TYPE_UINT, "uint8", 1, 8);
	struct type *t = make(TYPE_STRUCT, "main.T", 120, 25);
	struct type *eface = make(TYPE_IFACE, "interface {}", 16, 20);
	eface->is_empty_iface = true;
	add_field(t, "A", u8, 0);
	add_field(t, "_", u8, 1);
	add_field(t, "S", string, 8);
	add_field(t, "In", make(TYPE_IFACE, "error", 16, 20), 24);
	add_field(t, "Any", eface, 40);
	add_field(t, "C", make(TYPE_COMPLEX, "complex128", 16, 16), 56);
	add_field(t, "One", array(string, 1, 17), 72);
	add_field(t, "None", array(string, 0, 17), 88);
	add_field(t, "L", with_elem(TYPE_SLICE, 24, 23, u8), 88);
	CHECK_STR(words_text(t, &w),
		  ".A@0+1 ._@1+1 .S.ptr@8+8 .S.len@16+8 .In.tab@24+8 .In.data@32+8 "
		  ".Any.type@40+8 .Any.data@48+8 .C.real@56+8f .C.imag@64+8f .One[0].ptr@72+8 "
		  ".One[0].len@80+8 .L.ptr@88+8 .L.len@96+8 .L.cap@104+8");
	CHECK(!w.has_long_array && !w.is_cut);
	CHECK_VIEW(SPELL(w.v[2].type), "*uint8");
	CHECK(w.v[4].type == NULL);
	CHECK_STR(words_text(make(TYPE_FLOAT, "float32", 4, 13), &w), "@0+4f");
	CHECK_STR(words_text(make(TYPE_FUNC, "func()", 8, 19), &w), "@0+8");
	CHECK_STR(words_text(make(TYPE_STRUCT, "struct {}", 0, 25), &w), "");
	CHECK_STR(words_text(array(u8, 2, 17), &w), "[0]@0+1 [1]@1+1");
	CHECK(w.has_long_array);
}

TEST(type_flatten_c)
{
	struct type_words w;
	struct type *c_int = make(TYPE_INT, "int", 4, 0);
	struct type *u = make(TYPE_UNION, "union u", 8, 0);
	struct type *t = make(TYPE_STRUCT, "struct t", 40, 0);
	struct type *inner = make(TYPE_STRUCT, "", 4, 0);
	add_field(u, "i", c_int, 0);
	add_field(inner, "deep", c_int, 0);
	add_field(t, "bits", c_int, 0);
	t->fields[0].bit_size = 5;
	t->fields[0].bit_off = 6;
	add_field(t, "", inner, 4);
	add_field(t, "u", u, 8);
	struct type *big = make(TYPE_UNION, "union big", 20, 0);
	add_field(t, "big", big, 16);
	CHECK_STR(words_text(t, &w), ".bits@0+2 .deep@4+4 .u@8+8 .big.bytes[0:8]@16+8 "
				     ".big.bytes[8:16]@24+8 .big.bytes[16:20]@32+4");
	CHECK_STR(words_text(make(TYPE_STRUCT, "Empty", 1, 0), &w), "");
}

TEST(type_flatten_is_bounded)
{
	struct type_words w;
	struct type *t = array(make(TYPE_UINT, "uint8", 1, 8), 1ULL << 40, 17);
	CHECK_OK((make(TYPE_VOID, "", 0, 0), type_flatten(arena, t, &w)));
	CHECK_INT(w.n, TYPE_WORDS_MAX);
	CHECK(w.is_cut);
	// Items that have bytes, but no words.
	struct type *empty = make(TYPE_STRUCT, "Empty", 1, 0);
	t = array(empty, 1ULL << 60, 0);
	CHECK_OK(type_flatten(arena, t, &w));
	CHECK(w.is_cut);
	// A struct in itself.
	struct type *self = make(TYPE_STRUCT, "struct self", 8, 0);
	add_field(self, "a", self, 0);
	add_field(self, "b", self, 4);
	CHECK_OK(type_flatten(arena, self, &w));
	CHECK(w.is_cut);
	CHECK_INT(type_align(self), 1);
}

TEST(type_align_of_kinds)
{
	struct type *t = make(TYPE_STRUCT, "main.T", 12, 25);
	CHECK_INT(type_align(t), 1);
	struct type *u = make(TYPE_STRUCT, "main.U", 12, 25);
	add_field(u, "a", make(TYPE_UINT, "uint8", 1, 8), 0);
	add_field(u, "b", make(TYPE_FLOAT, "float32", 4, 13), 4);
	add_field(u, "c", array(make(TYPE_INT, "int16", 2, 4), 0, 17), 8);
	CHECK_INT(type_align(u), 4);
	CHECK_INT(type_align(make(TYPE_COMPLEX, "complex64", 8, 15)), 4);
	CHECK_INT(type_align(array(make(TYPE_STRING, "string", 16, 24), 0, 17)), 8);
	CHECK_INT(type_align(make(TYPE_FLOAT, "long double", 16, 0)), 16);
}

TEST(type_places_are_whole)
{
	struct type_words w;
	struct type *string = make(TYPE_STRING, "string", 16, 24);
	struct place p[2] = { { .kind = PLACE_REG, .reg = 0, .off_in_value = 0, .size = 8 },
			      { .kind = PLACE_REG, .reg = 3, .off_in_value = 8, .size = 8 } };
	struct places all = { p, 2 };
	CHECK_OK(type_flatten(arena, string, &w));
	CHECK(places_are_whole(&all, &w));
	all.n = 1;
	CHECK(!places_are_whole(&all, &w));
	CHECK(places_are_whole(&all, NULL));
	p[0].size = 0;
	CHECK(places_are_whole(&all, &w));
	p[0].kind = PLACE_COMPLEX;
	CHECK(!places_are_whole(&all, &w));
	all.n = 0;
	CHECK(!places_are_whole(&all, &w));
}
