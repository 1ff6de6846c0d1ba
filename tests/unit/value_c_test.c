// SPDX-License-Identifier: Apache-2.0
// How values of C and C++ look, and sync.Map.
#include "value_look.h"

// --- C ---

struct c_types {
	struct type *number, *letter, *text, *foo, *foo_ptr;
};

static struct type *c_struct(struct world *w, const char *name)
{
	struct type *t = a_struct(w->arena, name);
	t->go_kind = 0;
	t->go_rtype = 0;
	return t;
}

static struct c_types c_types(struct world *w)
{
	struct c_types c = { 0 };
	c.number = a_type(w->arena, TYPE_INT, "int", 4, 0);
	c.letter = a_type(w->arena, TYPE_CHAR, "char", 1, 0);
	c.text = a_ptr(w->arena, c.letter);
	c.foo = c_struct(w, "struct foo");
	c.foo_ptr = a_ptr(w->arena, c.foo);
	add_field(c.foo, "next", c.foo_ptr);
	add_field(c.foo, "n", c.number);
	end_struct(c.foo);
	return c;
}

TEST(c_structs)
{
	WORLD(w);
	struct c_types c = c_types(w);
	struct type *t = c_struct(w, "struct bar");
	add_field(t, "in", c.foo);
	add_field(t, "list", an_array(w->arena, c.foo, 2));
	add_field(t, "p", c.foo_ptr);
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 0, 1, 0, 2, 0x1000, 0, 0x2000);
	AT(w, 0x1000, c.foo, 0x1000, 7);
	CHECK_LOOK(w, "(struct bar){.in = {.n = 1}, .list = {{.n = 2}, {.next = &(struct "
		      "foo){.next = (struct foo *)0x1000, .n = 7}}}, .p = &(struct foo){...}}");
	CHECK_JSON(w, "{\"type\":\"struct bar\",\"fields\":{\"in\":{\"type\":\"struct foo\","
		      "\"fields\":{\"next\":null,\"n\":1}},\"list\":{\"type\":\"struct foo "
		      "[2]\",\"len\":2,\"items\":[{\"type\":\"struct foo\",\"fields\":{\"next\":"
		      "null,\"n\":2}},{\"type\":\"struct foo\",\"fields\":{\"next\":{\"type\":"
		      "\"struct foo *\",\"addr\":\"0x1000\",\"fields\":{\"next\":{\"type\":"
		      "\"struct foo *\",\"addr\":\"0x1000\",\"cycle\":true},\"n\":7}},\"n\":0}}]},"
		      "\"p\":{\"type\":\"struct foo *\",\"addr\":\"0x2000\",\"cut\":true}}}");
	ROOT(w, 0, 0, 0, 0, 0, 0, 0);
	CHECK_LOOK(w, "(struct bar){}");
	CHECK_ZEROS(w, "(struct bar){.in = {.next = NULL, .n = 0}, .list = {{.next = NULL, .n = "
		       "0}, {.next = NULL, .n = 0}}, .p = NULL}");
}

TEST(c_texts)
{
	WORLD(w);
	struct c_types c = c_types(w);
	struct type *t = c_struct(w, "struct texts");
	add_field(t, "p", c.text);
	add_field(t, "a", an_array(w->arena, c.letter, 4));
	add_field(t, "full", an_array(w->arena, c.letter, 4));
	end_struct(t);
	LOOK_AT(w, t);
	uint64_t words[2] = { 0x1000 };
	memcpy(&words[1], "ab\0xfour", 8);
	put_root(w, words, sizeof(words));
	put_text(w, 0x1000, "hello");
	CHECK_LOOK(w, "(struct texts){.p = \"hello\", .a = \"ab\", .full = \"four\"}");
	CHECK_JSON(w, "{\"type\":\"struct texts\",\"fields\":{\"p\":\"hello\",\"a\":\"ab\","
		      "\"full\":\"four\"}}");
	put_root(w, words, sizeof(words));
	put_item(w, &(struct value_item) { .addr = 0x1000, .size = 3, .want = UINT32_MAX }, "hel");
	CHECK_LOOK(w, "(struct texts){.p = \"hel\"..., .a = \"ab\", .full = \"four\"}");
	put_root(w, words, sizeof(words));
	put_unreadable(w, 0x1000, 0);
	CHECK_LOOK(w, "(struct texts){.p = <unreadable>, .a = \"ab\", .full = \"four\"}");
}

TEST(c_enums_unions_and_bits)
{
	WORLD(w);
	struct c_types c = c_types(w);
	struct type *t = c_struct(w, "struct odd"), *u = c_struct(w, "union u");
	struct type *color = a_type(w->arena, TYPE_ENUM, "enum color", 4, 0);
	struct type_enumerator names[] = { { STR("RED"), 0 }, { STR("BLUE"), -2 } };
	color->enumerators = names;
	color->n_enumerators = 2;
	color->is_signed = true;
	u->kind = TYPE_UNION;
	add_field(u, "i", c.number);
	add_field(u, "f", a_type(w->arena, TYPE_FLOAT, "float", 4, 0))->off = 0;
	u->size = 4;
	add_field(t, "c", color);
	add_field(t, "d", color);
	add_field(t, "u", u);
	struct type_field *bits = add_field(t, "low", c.number);
	bits->bit_size = 3;
	bits = add_field(t, "high", c.number);
	bits->off = 12;
	bits->bit_size = 5;
	bits->bit_off = 3;
	t->size = 16;
	LOOK_AT(w, t);
	put_root(w, (const uint32_t[]) { (uint32_t)-2, 7, 0x3f800000, 0x12 << 3 | 3 }, 16);
	CHECK_LOOK(w, "(struct odd){.c = BLUE, .d = (enum color)7, .u = {.i = 1065353216, .f = 1}, "
		      ".low = 3, .high = -14}");
	CHECK_ZEROS(w, "(struct odd){.c = BLUE, .d = (enum color)7, .u = {.i = 1065353216, .f = "
		       "1}, .low = 3, .high = -14}");
}

// Members of what has no name are the struct's own; what a typedef names is called that.
TEST(c_without_names)
{
	WORLD(w);
	struct c_types c = c_types(w);
	struct type *t = c_struct(w, ""), *inner = c_struct(w, ""), *u = c_struct(w, "");
	u->kind = TYPE_UNION;
	add_field(u, "b", c.number);
	add_field(inner, "a", c.number);
	add_field(inner, "", u);
	end_struct(inner);
	add_field(t, "", inner);
	add_field(t, "", c_struct(w, "ns::Base<a::b>"))->is_embedded = true;
	add_field(t, "c", c.number);
	end_struct(t);
	LOOK_AT(w, a_ptr(w->arena, a_name(w->arena, "box", t)));
	ROOT(w, 0x1000);
	put(w, 0x1000, t, (const uint32_t[]) { 1, 2, 3 }, 12);
	CHECK_LOOK(w, "&(box){.a = 1, .b = 2, .c = 3}");
	CHECK_ZEROS(w, "&(box){.a = 1, .b = 2, .Base<a::b> = {}, .c = 3}");
	CHECK_JSON(w, "{\"type\":\"box *\",\"addr\":\"0x1000\",\"fields\":{\"a\":1,\"b\":2,"
		      "\"Base<a::b>\":{\"type\":\"ns::Base<a::b>\",\"fields\":{}},\"c\":3}}");
}

TEST(c_plain_pointers)
{
	WORLD(w);
	struct c_types c = c_types(w);
	struct type *t = c_struct(w, "ns::Pointers"), *code = a_type(w->arena, TYPE_FUNC, "", 1, 0);
	struct type *nothing = a_type(w->arena, TYPE_PTR, "", 8, 0);
	add_field(t, "any", nothing);
	add_field(t, "fn", a_ptr(w->arena, code));
	add_field(t, "n", a_ptr(w->arena, c.number));
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 0x1000, 0x2000, 0x3000);
	put(w, 0x3000, c.number, (const uint32_t[]) { 5 }, 4);
	CHECK_LOOK(w, "ns::Pointers{.any = 0x1000, .fn = 0x2000, .n = &5}");
}

TEST(c_string_of_cpp)
{
	WORLD(w);
	struct c_types c = c_types(w);
	struct type *t = c_struct(w, "std::__cxx11::basic_string<char, std::char_traits<char>, "
				     "std::allocator<char> >");
	struct type *holder = c_struct(w, "_Alloc_hider");
	add_field(holder, "_M_p", c.text);
	end_struct(holder);
	add_field(t, "_M_dataplus", holder);
	add_field(t, "_M_string_length", a_type(w->arena, TYPE_UINT, "unsigned long", 8, 0));
	add_field(t, "_M_local_buf", an_array(w->arena, c.letter, 16));
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 0x1000, 20, 0, 0);
	put_text(w, 0x1000, "a text of twenty cha");
	CHECK_LOOK(w, "\"a text of twenty cha\"");
	uint64_t words[4] = { 0x1000, 2 };
	memcpy(&words[2], "ab", 2);
	put_root(w, words, sizeof(words));
	CHECK_LOOK(w, "\"ab\"");
}

// --- sync.Map ---

static struct type *a_pointer_to(struct world *w, const char *name, struct type *to)
{
	struct type *t = a_struct(w->arena, name);
	add_field(t, "_", an_array(w->arena, a_ptr(w->arena, to), 0));
	add_field(t, "v", w->t.unsafe);
	end_struct(t);
	return t;
}

// As Go 1.20 to 1.23 have it: buckets of an interface and a pointer to a pointer to an interface.
TEST(sync_map_of_maps)
{
	WORLD(w);
	struct type *entry = a_struct(w->arena, "sync.entry"), *t = a_struct(w->arena, "sync.Map");
	struct type *part = a_struct(w->arena, "sync.readOnly");
	add_field(entry, "p", a_pointer_to(w, "sync/atomic.Pointer[interface {}]", w->t.any));
	end_struct(entry);
	struct type *map = an_hmap(w->arena, &w->t, w->t.any, a_ptr(w->arena, entry));
	add_field(part, "m", map);
	add_field(part, "amended", w->t.boolean);
	end_struct(part);
	add_field(t, "read", a_pointer_to(w, "sync/atomic.Pointer[sync.readOnly]", part));
	add_field(t, "dirty", map);
	end_struct(t);
	LOOK_AT(w, t, map, entry, w->t.any, w->t.integer);
	const struct map_layout *l = book_map(w->book, map);
	CHECK(l != NULL);
	uint64_t number = w->t.integer->go_rtype;
	// Two keys, of which the second has been deleted.
	uint64_t bucket[26] = { 0x0505, number, 0x7000, number, 0x7100, [17] = 0x5000, 0x5100 };
	for (uint64_t is_amended = 0; is_amended < 2; is_amended++) {
		ROOT(w, 0x1000, is_amended ? 0x2000 : 0);
		AT(w, 0x1000, part, is_amended ? 0 : 0x2000, is_amended);
		put_number(w, 0x2000, l->header, (const uint64_t[]) { 2, 0, 0x3000, 0, 0, 0 }, 48);
		put_number(w, 0x3000, l->bucket, bucket, sizeof(bucket));
		AT(w, 0x5000, entry, 0x6000);
		AT(w, 0x5100, entry, 0);
		AT(w, 0x6000, w->t.any, number, 0x7200);
		AT(w, 0x7000, w->t.integer, 1);
		AT(w, 0x7100, w->t.integer, 2);
		AT(w, 0x7200, w->t.integer, 3);
		CHECK_LOOK(w, "sync.Map{1: 3}");
	}
}

TEST(sync_map_of_a_trie)
{
	WORLD(w);
	struct type *node = a_struct(w->arena, "internal/sync.node[interface {},interface {}]");
	add_field(node, "isEntry", w->t.boolean);
	end_struct(node);
	struct type *inner =
		a_struct(w->arena, "internal/sync.indirect[interface {},interface {}]");
	add_field(inner, "node", node);
	add_field(inner, "children",
		  an_array(w->arena, a_pointer_to(w, "sync/atomic.Pointer[node]", node), 16));
	end_struct(inner);
	struct type *trie =
		a_struct(w->arena, "internal/sync.HashTrieMap[interface {},interface {}]");
	add_field(trie, "root", a_pointer_to(w, "sync/atomic.Pointer[indirect]", inner));
	end_struct(trie);
	struct type *t = a_struct(w->arena, "sync.Map");
	add_field(t, "m", trie);
	end_struct(t);
	LOOK_AT(w, t, inner, w->t.integer);
	uint64_t number = w->t.integer->go_rtype;
	ROOT(w, 0);
	CHECK_LOOK(w, "sync.Map{}");
	ROOT(w, 0x1000);
	// An entry, an inner node with the second and the first again, and one that is not there.
	AT(w, 0x1000, inner, 0, 0x2000, 0x3000, 0x9000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	AT(w, 0x3000, inner, 0, 0x4000, 0x1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	AT(w, 0x2000, inner, 1, 0, number, 0x7000, 0, 0);
	AT(w, 0x4000, inner, 1, 0x5000, number, 0x7100, number, 0x7000);
	AT(w, 0x5000, inner, 1, 0, number, 0x7200, number, 0x7200);
	AT(w, 0x7000, w->t.integer, 1);
	AT(w, 0x7100, w->t.integer, 2);
	AT(w, 0x7200, w->t.integer, 3);
	CHECK_LOOK(w, "sync.Map{1: nil, 2: 1, 3: 3, ...}");
	CHECK_JSON(w, "{\"type\":\"sync.Map\",\"len\":3,\"entries\":[{\"key\":1,\"value\":null},"
		      "{\"key\":2,\"value\":1},{\"key\":3,\"value\":3}],\"cut\":true}");
}
