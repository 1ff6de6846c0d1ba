// SPDX-License-Identifier: Apache-2.0
// How values look that have no special form.
#include "value_look.h"

// --- scalars ---

struct numbers {
	int64_t i;
	double f;
	double c[2];
	uint64_t p;
	uint8_t b;
	bool yes;
	int32_t rune;
};

static struct type *numbers_type(struct world *w)
{
	struct type *t = a_struct(w->arena, "main.Numbers");
	add_field(t, "I", w->t.integer);
	add_field(t, "F", w->t.float64);
	add_field(t, "C", w->t.complex128);
	add_field(t, "P", w->t.uintptr);
	add_field(t, "B", a_name(w->arena, "main.Color", w->t.uint8));
	add_field(t, "Yes", w->t.boolean);
	add_field(t, "Rune", w->t.int32);
	end_struct(t);
	return t;
}

TEST(look_numbers)
{
	WORLD(w);
	struct numbers n = { -5, 1e6, { 1, -2 }, 0x1f, 3, true, 'x' };
	LOOK_AT(w, numbers_type(w));
	put_root(w, &n, sizeof(n));
	CHECK_LOOK(w, "main.Numbers{I: -5, F: 1e+06, C: (1-2i), P: 0x1f, B: 3, Yes: true, "
		      "Rune: 120}");
	CHECK_JSON(w, "{\"type\":\"main.Numbers\",\"fields\":{\"I\":-5,\"F\":1e+06,"
		      "\"C\":\"(1-2i)\",\"P\":31,\"B\":3,\"Yes\":true,\"Rune\":120}}");
}

TEST(look_zero_fields)
{
	WORLD(w);
	struct numbers n = { 0 };
	LOOK_AT(w, numbers_type(w));
	put_root(w, &n, sizeof(n));
	CHECK_LOOK(w, "main.Numbers{}");
	CHECK_ZEROS(w, "main.Numbers{I: 0, F: 0, C: (0+0i), P: 0x0, B: 0, Yes: false, Rune: 0}");
	n.f = -0.0;
	put_root(w, &n, sizeof(n));
	CHECK_LOOK(w, "main.Numbers{F: -0}");
}

TEST(look_number_beyond_double)
{
	WORLD(w);
	LOOK_AT(w, w->t.uint64);
	ROOT(w, UINT64_MAX);
	CHECK_LOOK(w, "18446744073709551615");
	CHECK_JSON(w, "\"18446744073709551615\"");
}

// --- strings ---

TEST(look_string)
{
	WORLD(w);
	LOOK_AT(w, w->t.string);
	ROOT(w, 0x1000, 4);
	put_text(w, 0x1000, "a\n\"b");
	CHECK_LOOK(w, "\"a\\n\\\"b\"");
	CHECK_JSON(w, "\"a\\n\\\"b\"");
	ROOT(w, 0x1000, 0);
	CHECK_LOOK(w, "\"\"");
}

TEST(look_string_cut)
{
	WORLD(w);
	LOOK_AT(w, w->t.string);
	ROOT(w, 0x1000, 100);
	put_text(w, 0x1000, "abc");
	CHECK_LOOK(w, "\"abc\"...");
	CHECK_JSON(w, "{\"type\":\"string\",\"len\":100,\"text\":\"abc\",\"cut\":true}");
	// Of several the longest counts; what is too long for the string is left out.
	put_text(w, 0x1000, "abcdef");
	put_text(w, 0x1000, "ab");
	CHECK_LOOK(w, "\"abcdef\"...");
	ROOT(w, 0x1000, 2);
	put_text(w, 0x1000, "abcdef");
	CHECK_LOOK(w, "\"ab\"");
}

TEST(look_string_not_there)
{
	WORLD(w);
	LOOK_AT(w, w->t.string);
	ROOT(w, 0x1000, 7);
	CHECK_LOOK(w, "\"\"...");
	put_unreadable(w, 0x1000, 0);
	CHECK_LOOK(w, "<unreadable>");
	CHECK_JSON(w, "{\"unreadable\":true}");
	// Torn ones.
	ROOT(w, 0, 7);
	CHECK_LOOK(w, "<unreadable>");
	ROOT(w, 0x1000, UINT64_MAX);
	CHECK_LOOK(w, "<unreadable>");
	put_root(w, "abc", 3);
	CHECK_LOOK(w, "...");
	w->n = 0;
	CHECK_LOOK(w, "...");
}

// --- structs ---

static struct type *item_type(struct world *w)
{
	struct type *t = a_struct(w->arena, "main.Item");
	add_field(t, "N", w->t.integer);
	add_field(t, "Next", a_ptr(w->arena, t));
	end_struct(t);
	return t;
}

TEST(look_fields)
{
	WORLD(w);
	struct type *t = a_struct(w->arena, "main.T"), *inner = a_struct(w->arena, "");
	add_field(inner, "A", w->t.integer);
	add_field(inner, "B", w->t.string);
	end_struct(inner);
	add_field(t, "Item", item_type(w))->is_embedded = true;
	add_field(t, "_", w->t.integer);
	add_field(t, "anon", inner);
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 1, 0, 9, 2, 0x1000, 0);
	CHECK_LOOK(w, "main.T{Item: main.Item{N: 1}, anon: struct{A: 2}}");
	// An empty string at an address is zero all the same.
	ROOT(w, 0, 0, 9, 0, 0x1000, 0);
	CHECK_LOOK(w, "main.T{}");
	CHECK_ZEROS(w, "main.T{Item: main.Item{N: 0, Next: nil}, anon: struct{A: 0, B: \"\"}}");
	// Cut in the middle.
	put_root(w, (const uint64_t[]) { 1, 0, 9, 2 }, 32);
	CHECK_LOOK(w, "main.T{Item: main.Item{N: 1}, anon: struct{A: 2, ...}}");
	CHECK_JSON(w, "{\"type\":\"main.T\",\"fields\":{\"Item\":{\"type\":\"main.Item\","
		      "\"fields\":{\"N\":1,\"Next\":null}},\"anon\":{\"type\":\"struct { A int; B "
		      "string }\",\"fields\":{\"A\":2},\"cut\":true}}}");
}

TEST(look_secrets)
{
	WORLD(w);
	struct type *t = a_struct(w->arena, "main.Login");
	add_field(t, "User", w->t.string);
	add_field(t, "Password", w->t.string);
	add_field(t, "HasToken", w->t.boolean);
	add_field(t, "Key", a_name(w->arena, "main.PrivateKey", a_slice(w->arena, w->t.uint8)));
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 0x1000, 1, 0x1000, 1, 1, 0x1000, 1, 1);
	put_text(w, 0x1000, "x");
	CHECK_LOOK(w, "main.Login{User: \"x\", Password: <redacted>, HasToken: true, Key: "
		      "<redacted>}");
	CHECK_JSON(w, "{\"type\":\"main.Login\",\"fields\":{\"User\":\"x\",\"Password\":"
		      "{\"redacted\":true},\"HasToken\":true,\"Key\":{\"redacted\":true}}}");
	// What was erased is zero.
	ROOT(w, 0, 0, 0, 0, 0, 0, 0, 0);
	CHECK_LOOK(w, "main.Login{Password: <redacted>}");
}

// What was erased may have been anything, so that it is no zero.
TEST(look_secrets_inside)
{
	WORLD(w);
	struct type *inner = a_struct(w->arena, "main.Inner"), *t = a_struct(w->arena, "main.T");
	add_field(inner, "Token", w->t.integer);
	end_struct(inner);
	add_field(t, "N", w->t.integer);
	add_field(t, "In", an_array(w->arena, inner, 1));
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 0, 0);
	CHECK_LOOK(w, "main.T{In: [1]main.Inner{{Token: <redacted>}}}");
}

// --- pointers ---

TEST(look_pointers)
{
	WORLD(w);
	struct type *item = item_type(w), *ptr = a_ptr(w->arena, item);
	LOOK_AT(w, a_ptr(w->arena, ptr), a_ptr(w->arena, w->t.integer));
	ROOT(w, 0);
	CHECK_LOOK(w, "nil");
	CHECK_JSON(w, "null");
	ROOT(w, 0x1000);
	CHECK_LOOK(w, "&...");
	CHECK_JSON(w, "{\"type\":\"**main.Item\",\"addr\":\"0x1000\",\"cut\":true}");
	AT(w, 0x1000, ptr, 0x2000);
	CHECK_LOOK(w, "&&main.Item{...}");
	AT(w, 0x2000, item, 1, 0x3000);
	AT(w, 0x3000, item, 2, 0x2000);
	CHECK_LOOK(w, "&&main.Item{N: 1, Next: &main.Item{N: 2, Next: (*main.Item)(0x2000)}}");
	CHECK_JSON(w, "{\"type\":\"**main.Item\",\"addr\":\"0x1000\",\"value\":{\"type\":"
		      "\"*main.Item\",\"addr\":\"0x2000\",\"fields\":{\"N\":1,\"Next\":{\"type\":"
		      "\"*main.Item\",\"addr\":\"0x3000\",\"fields\":{\"N\":2,\"Next\":{\"type\":"
		      "\"*main.Item\",\"addr\":\"0x2000\",\"cycle\":true}}}}}}");
}

TEST(look_pointer_unreadable)
{
	WORLD(w);
	uint32_t number = 0;
	LOOK_AT(w, a_ptr(w->arena, w->t.integer));
	ROOT(w, 0x1000);
	CHECK(book_number(w->book, w->t.integer, &number));
	put_unreadable(w, 0x1000, number);
	CHECK_LOOK(w, "&<unreadable>");
	CHECK_JSON(w, "{\"type\":\"*int\",\"addr\":\"0x1000\",\"unreadable\":true}");
	AT(w, 0x1000, w->t.integer, 7);
	CHECK_LOOK(w, "&7");
	CHECK_JSON(w, "{\"type\":\"*int\",\"addr\":\"0x1000\",\"value\":7}");
}

TEST(look_unsafe_pointer)
{
	WORLD(w);
	LOOK_AT(w, w->t.unsafe);
	ROOT(w, 0xc000012340);
	CHECK_LOOK(w, "0xc000012340");
	ROOT(w, 0);
	CHECK_LOOK(w, "nil");
}

TEST(look_nothing_behind_a_pointer)
{
	WORLD(w);
	LOOK_AT(w, a_ptr(w->arena, a_struct(w->arena, "main.None")));
	ROOT(w, 0x1000);
	CHECK_LOOK(w, "&main.None{}");
}

// --- lists ---

TEST(look_slices)
{
	WORLD(w);
	LOOK_AT(w, a_slice(w->arena, w->t.integer));
	ROOT(w, 0, 0, 0);
	CHECK_LOOK(w, "nil");
	CHECK_JSON(w, "null");
	ROOT(w, 0x1000, 0, 0);
	CHECK_LOOK(w, "[]int{}");
	CHECK_JSON(w, "{\"type\":\"[]int\",\"len\":0,\"items\":[]}");
	ROOT(w, 0x1000, 3, 3);
	CHECK_LOOK(w, "[]int{+3 more}");
	AT(w, 0x1000, w->t.integer, 1, 2, 3);
	CHECK_LOOK(w, "[]int{1, 2, 3}");
	CHECK_JSON(w, "{\"type\":\"[]int\",\"len\":3,\"items\":[1,2,3]}");
	ROOT(w, 0x1000, 100, 200);
	AT(w, 0x1000, w->t.integer, 1, 2);
	CHECK_LOOK(w, "[]int{1, 2, +98 more}");
	CHECK_JSON(w, "{\"type\":\"[]int\",\"len\":100,\"items\":[1,2],\"more\":98}");
	// Torn.
	ROOT(w, 0x1000, 5, 2);
	CHECK_LOOK(w, "<unreadable>");
	ROOT(w, 0, 5, 5);
	CHECK_LOOK(w, "[]int{<unreadable>}");
}

TEST(look_slice_unreadable)
{
	WORLD(w);
	uint32_t number = 0;
	LOOK_AT(w, a_slice(w->arena, w->t.integer));
	CHECK(book_number(w->book, w->t.integer, &number));
	ROOT(w, 0x1000, 3, 3);
	put_unreadable(w, 0x1000, number);
	CHECK_LOOK(w, "[]int{<unreadable>}");
	CHECK_JSON(w, "{\"type\":\"[]int\",\"len\":3,\"items\":[],\"unreadable\":true}");
}

TEST(look_items_leave_their_type_out)
{
	WORLD(w);
	struct type *item = item_type(w), *ptr = a_ptr(w->arena, item);
	struct type *list = a_slice(w->arena, w->t.string), *root = a_struct(w->arena, "main.R");
	add_field(root, "A", a_slice(w->arena, item));
	add_field(root, "B", a_slice(w->arena, ptr));
	add_field(root, "C", a_slice(w->arena, list));
	end_struct(root);
	LOOK_AT(w, root);
	ROOT(w, 0x1000, 2, 2, 0x2000, 3, 3, 0x3000, 3, 3);
	AT(w, 0x1000, item, 1, 0, 0, 0x4000);
	AT(w, 0x2000, ptr, 0x1000, 0, 0x5000);
	AT(w, 0x3000, list, 0x6000, 1, 1, 0, 0, 0, 0x6000, 0, 0);
	AT(w, 0x6000, w->t.string, 0, 0);
	CHECK_LOOK(w, "main.R{A: []main.Item{{N: 1}, {Next: &main.Item{...}}}, B: "
		      "[]*main.Item{&{N: 1}, nil, &{...}}, C: [][]string{[\"\"], nil, []}}");
}

TEST(look_arrays)
{
	WORLD(w);
	struct type *row = an_array(w->arena, w->t.integer, 2);
	LOOK_AT(w, an_array(w->arena, row, 2));
	ROOT(w, 1, 2, 3, 4);
	CHECK_LOOK(w, "[2][2]int{[1, 2], [3, 4]}");
	put_root(w, (const uint64_t[]) { 1, 2, 3 }, 24);
	CHECK_LOOK(w, "[2][2]int{[1, 2], +1 more}");
}

TEST(look_list_of_nothing)
{
	WORLD(w);
	LOOK_AT(w, a_slice(w->arena, a_struct(w->arena, "")));
	ROOT(w, 0x1000, 1ull << 40, 1ull << 40);
	CHECK_LOOK(w, "[]struct {}{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, +1099511627766 more}");
}

TEST(look_bytes)
{
	WORLD(w);
	LOOK_AT(w, a_slice(w->arena, w->t.uint8));
	ROOT(w, 0x1000, 5, 5);
	put_text(w, 0x1000, "h\xc3\xa9\nx");
	CHECK_LOOK(w, "[]byte(\"h\xc3\xa9\\nx\")");
	CHECK_JSON(w, "{\"type\":\"[]byte\",\"len\":5,\"text\":\"h\xc3\xa9\\nx\"}");
	// A character that is cut does not make it any less text.
	ROOT(w, 0x1000, 5, 5);
	put_text(w, 0x1000, "he\xc3");
	CHECK_LOOK(w, "[]byte(\"he\"...)");
	CHECK_JSON(w, "{\"type\":\"[]byte\",\"len\":5,\"text\":\"he\",\"cut\":true}");
	ROOT(w, 0x1000, 4, 4);
	put_text(w, 0x1000, "\xde\x01\xbe");
	CHECK_LOOK(w, "[]byte(0xde01be...)");
	CHECK_JSON(w, "{\"type\":\"[]byte\",\"len\":4,\"hex\":\"de01be\",\"cut\":true}");
	ROOT(w, 0x1000, 0, 4);
	CHECK_LOOK(w, "[]byte{}");
	ROOT(w, 0, 0, 0);
	CHECK_LOOK(w, "nil");
}

TEST(look_byte_arrays)
{
	WORLD(w);
	struct type *t = a_struct(w->arena, "main.T");
	add_field(t, "A", an_array(w->arena, w->t.uint8, 4));
	add_field(t, "B", a_name(w->arena, "main.Sum", an_array(w->arena, w->t.uint8, 2)));
	add_field(t, "C", an_array(w->arena, a_name(w->arena, "main.B", w->t.uint8), 2));
	end_struct(t);
	LOOK_AT(w, t);
	put_root(w, "\0\0\0\0hi\1\2", 8);
	CHECK_ZEROS(w, "main.T{A: [4]byte(0x00000000), B: main.Sum(\"hi\"), C: [2]main.B{1, 2}}");
	CHECK_JSON(w,
		   "{\"type\":\"main.T\",\"fields\":{\"A\":{\"type\":\"[4]byte\",\"len\":4,"
		   "\"hex\":\"00000000\"},\"B\":{\"type\":\"main.Sum\",\"len\":2,\"text\":\"hi\"},"
		   "\"C\":{\"type\":\"[2]main.B\",\"len\":2,\"items\":[1,2]}}}");
}

// --- interfaces ---

#define TYPE_OF(t) ((t)->go_rtype)

static struct str in_interface(struct world *w, struct type *t, uint64_t data)
{
	ROOT(w, TYPE_OF(t), data);
	return look_text(w, &(struct value_style) { 0 });
}

TEST(look_interfaces)
{
	WORLD(w);
	struct type *color = a_name(w->arena, "main.Color", w->t.uint8), *item = item_type(w);
	struct type *name = a_name(w->arena, "main.Name", w->t.string),
		    *ptr = a_ptr(w->arena, item);
	struct type *ints = a_slice(w->arena, w->t.integer);
	LOOK_AT(w, w->t.any, w->t.integer, w->t.int64, w->t.string, color, name, w->t.float64,
		w->t.float32, w->t.complex128, item, ptr, ints, w->t.uintptr);
	ROOT(w, 0, 0);
	CHECK_LOOK(w, "nil");
	ROOT(w, VALUE_UNREADABLE, 5);
	CHECK_LOOK(w, "<unreadable>");
	ROOT(w, 0x4a3b20, 5);
	CHECK_LOOK(w, "(0x4a3b20)(...)");
	CHECK_JSON(w, "{\"type\":\"0x4a3b20\",\"cut\":true}");
	CHECK_VIEW(in_interface(w, w->t.int64, 0x1000), "int64(...)");
	ROOT(w, TYPE_OF(w->t.int64), 0x1000);
	AT(w, 0x1000, w->t.int64, 5);
	CHECK_LOOK(w, "int64(5)");
	CHECK_JSON(w, "{\"type\":\"int64\",\"value\":5}");
	ROOT(w, TYPE_OF(w->t.integer), 0x1000);
	AT(w, 0x1000, w->t.integer, 5);
	CHECK_LOOK(w, "5");
	CHECK_JSON(w, "5");
	ROOT(w, TYPE_OF(name), 0x1000);
	AT(w, 0x1000, name, 0x2000, 1);
	put_text(w, 0x2000, "n");
	CHECK_LOOK(w, "main.Name(\"n\")");
	CHECK_JSON(w, "{\"type\":\"main.Name\",\"value\":\"n\"}");
	ROOT(w, TYPE_OF(w->t.complex128), 0x1000);
	put(w, 0x1000, w->t.complex128, (const double[]) { 1, 2 }, 16);
	CHECK_LOOK(w, "complex128(1+2i)");
	CHECK_VIEW(in_interface(w, ptr, 0), "(*main.Item)(nil)");
	CHECK_JSON(w, "{\"type\":\"*main.Item\",\"value\":null}");
	CHECK_VIEW(in_interface(w, ptr, 0x1000), "&main.Item{...}");
	ROOT(w, TYPE_OF(ints), 0x1000);
	AT(w, 0x1000, ints, 0, 0, 0);
	CHECK_LOOK(w, "[]int(nil)");
}

TEST(look_interface_that_holds_itself)
{
	WORLD(w);
	struct type *t = a_struct(w->arena, "main.Loop");
	add_field(t, "A", w->t.any);
	add_field(t, "B", w->t.any);
	end_struct(t);
	LOOK_AT(w, w->t.any, t);
	ROOT(w, TYPE_OF(t), 0x1000);
	AT(w, 0x1000, t, TYPE_OF(t), 0x1000, TYPE_OF(t), 0x1000);
	CHECK_LOOK(w, "main.Loop{A: main.Loop(...), B: main.Loop(...)}");
}

// --- functions and channels ---

TEST(look_functions)
{
	WORLD(w);
	LOOK_AT(w, a_type(w->arena, TYPE_FUNC, "func()", 8, KIND_FUNC));
	ROOT(w, 0);
	CHECK_LOOK(w, "nil");
	ROOT(w, VALUE_UNREADABLE);
	CHECK_LOOK(w, "<unreadable>");
	ROOT(w, 0x401000);
	CHECK_LOOK(w, "(func())(0x401000)");
}

TEST(look_channels)
{
	WORLD(w);
	struct type *t = a_type(w->arena, TYPE_CHAN, "chan int", 8, KIND_CHAN);
	t->elem = w->t.integer;
	LOOK_AT(w, t);
	ROOT(w, 0);
	CHECK_LOOK(w, "nil");
	ROOT(w, 0x1000);
	CHECK_LOOK(w, "(chan int)(0x1000)");
	put_unreadable(w, 0x1000, 1);
	CHECK_LOOK(w, "(chan int)(<unreadable>)");
	CHECK_JSON(w, "{\"type\":\"chan int\",\"addr\":\"0x1000\",\"unreadable\":true}");
	ROOT(w, 0x1000);
	put_number(w, 0x1000, 1, (const uint64_t[]) { 2, 10, 0, 8 }, 32);
	CHECK_LOOK(w, "(chan int)(len 2, cap 10)");
	CHECK_JSON(w, "{\"type\":\"chan int\",\"len\":2,\"cap\":10,\"closed\":false}");
	ROOT(w, 0x1000);
	put_number(w, 0x1000, 1, (const uint64_t[]) { 0, 0, 0, 1ull << 32 | 8 }, 32);
	CHECK_LOOK(w, "(chan int)(len 0, cap 0, closed)");
}

// --- arguments ---

TEST(look_arguments)
{
	WORLD(w);
	struct type *args = a_struct(w->arena, "args"), *item = item_type(w);
	args->go_kind = 0;
	add_field(args, "s", a_ptr(w->arena, item));
	add_field(args, "key", w->t.string);
	add_field(args, "n", w->t.integer);
	add_field(args, "password", w->t.string);
	end_struct(args);
	LOOK_AT(w, args);
	ROOT(w, 0x1000, 0x2000, 6, 0, 0, 0);
	AT(w, 0x1000, item, 0, 0);
	put_text(w, 0x2000, "user/7");
	CHECK_LOOK(w, "{s: &main.Item{}, key: \"user/7\", n: 0, password: <redacted>}");
	CHECK_JSON(w,
		   "{\"s\":{\"type\":\"*main.Item\",\"addr\":\"0x1000\",\"fields\":{\"N\":0,"
		   "\"Next\":null}},\"key\":\"user/7\",\"n\":0,\"password\":{\"redacted\":true}}");
	CHECK_LINES(w, 40,
		    "{\n  s: &main.Item{},\n  key: \"user/7\",\n  n: 0,\n  password: "
		    "<redacted>,\n}");
}

// --- width ---

TEST(look_lines)
{
	WORLD(w);
	struct type *item = item_type(w), *list = a_slice(w->arena, w->t.integer);
	struct type *root = a_struct(w->arena, "main.R");
	add_field(root, "Items", a_slice(w->arena, a_ptr(w->arena, item)));
	add_field(root, "Ints", list);
	end_struct(root);
	LOOK_AT(w, a_ptr(w->arena, root));
	ROOT(w, 0x9000);
	AT(w, 0x9000, root, 0x1000, 2, 2, 0x2000, 12, 12);
	AT(w, 0x1000, a_ptr(w->arena, item), 0x3000, 0);
	AT(w, 0x2000, w->t.integer, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
	const char *line = "&main.R{Items: []*main.Item{+2 more}, Ints: []int{1, 2, 3, 4, 5, 6, 7, "
			   "8, 9, 10, +2 more}}";
	CHECK_LOOK(w, line);
	CHECK_LINES(w, 200, line);
	CHECK_LINES(w, 60,
		    "&main.R{\n"
		    "  Items: []*main.Item{+2 more},\n"
		    "  Ints: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, +2 more},\n"
		    "}");
	CHECK_LINES(w, 50,
		    "&main.R{\n"
		    "  Items: []*main.Item{+2 more},\n"
		    "  Ints: []int{\n"
		    "    1,\n    2,\n    3,\n    4,\n    5,\n    6,\n    7,\n    8,\n    9,\n"
		    "    10,\n    +2 more,\n"
		    "  },\n"
		    "}");
	CHECK_VIEW(look_text(w, &(struct value_style) { .width = 60, .indent = 4 }),
		   "&main.R{\n"
		   "      Items: []*main.Item{+2 more},\n"
		   "      Ints: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, +2 more},\n"
		   "    }");
}

// --- bounds ---

TEST(look_is_bounded)
{
	WORLD(w);
	struct type *node = a_struct(w->arena, "main.Node");
	struct type *ptr = a_ptr(w->arena, node);
	add_field(node, "A", ptr);
	add_field(node, "B", ptr);
	end_struct(node);
	LOOK_AT(w, ptr);
	ROOT(w, 0x1000);
	// Every one leads twice to the next: 2^60 ways.
	for (uint64_t i = 1; i < 60; i++)
		AT(w, 0x1000 * i, node, 0x1000 * (i + 1), 0x1000 * (i + 1));
	struct str text = look_text(w, &(struct value_style) { .width = 80 });
	CHECK(text.len > 1 << 20 && text.len < 3 << 20);
	struct str json = look_json(w);
	CHECK(json.len > 1 << 18 && json.len < 2 << 20);
}

TEST(look_is_not_deep_without_end)
{
	WORLD(w);
	struct type *item = item_type(w);
	LOOK_AT(w, a_ptr(w->arena, item));
	ROOT(w, 0x1000);
	for (uint64_t i = 1; i < 100; i++)
		AT(w, 0x1000 * i, item, 1, 0x1000 * (i + 1));
	struct str text = look_text(w, &(struct value_style) { 0 });
	CHECK(str_find(text, STR("Next: ...}}}")) > 0);
	CHECK(str_ends(look_json(w), STR("}}")));
}
