// SPDX-License-Identifier: Apache-2.0
// Books about types that are made by hand: what is in their tables, and what is found with them.
#include <stdlib.h>

#include "base/arena.h"
#include "unit.h"
#include "value/internal.h"
#include "value_walk.h"

static struct arena *arena;

static struct arena *ours(void)
{
	if (!arena)
		arena = arena_new();
	return arena;
}

enum { GO_INT = 2, GO_UINT8 = 8, GO_ARRAY = 17, GO_PTR = 22, GO_SLICE = 23, GO_STRUCT = 25 };

static struct type *make(enum type_kind kind, const char *name, uint64_t size, uint8_t go_kind)
{
	struct type *t = ARENA_NEW(ours(), struct type);
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

static struct type *of(enum type_kind kind, uint64_t size, uint8_t go_kind, struct type *elem)
{
	struct type *t = make(kind, "", size, go_kind);
	t->elem = elem;
	return t;
}

static struct type *array(struct type *elem, uint64_t count, uint8_t go_kind)
{
	struct type *t = of(TYPE_ARRAY, elem->size * count, go_kind, elem);
	t->count = count;
	return t;
}

static void add(struct type *t, const char *name, struct type *type, uint64_t off)
{
	struct type_field *all = ARENA_ARRAY(ours(), struct type_field, t->n_fields + 1);
	if (t->n_fields)
		memcpy(all, t->fields, t->n_fields * sizeof(*all));
	all[t->n_fields++] =
		(struct type_field) { .name = str_from(name), .type = type, .off = off };
	t->fields = all;
}

static struct type *go_int(void)
{
	return make(TYPE_INT, "int", 8, GO_INT);
}

static struct type *go_string(void)
{
	return make(TYPE_STRING, "string", 16, 24);
}

static struct type *go_struct(const char *name, uint64_t size)
{
	return make(TYPE_STRUCT, name, size, GO_STRUCT);
}

static struct type *go_pointer(struct type *to)
{
	return of(TYPE_PTR, 8, GO_PTR, to);
}

static const struct value_limits LIMITS = { .depth = 3, .items = 10, .text = 100, .bytes = 4096 };

static struct value_book *finished(struct type *t, uint32_t *root)
{
	struct value_secrets *secrets = value_secrets_new(ours(), NULL, 0, true);
	struct value_book *b = value_book_new(ours(), NULL, &LIMITS, secrets);
	*root = value_book_root(b, t);
	CHECK_OK(value_book_finish(b));
	return b;
}

static struct value_type type_at(const struct value_table *t, uint32_t number)
{
	struct value_type v;
	CHECK(number < t->n_types);
	memcpy(&v, t->bytes.p + number * sizeof(v), sizeof(v));
	CHECK(v.size > 0 && v.size <= VALUE_ITEM_MAX);
	CHECK(v.first_ref + v.n_refs <= t->n_refs);
	return v;
}

static const char *const hows[] = {
	"ptr",  "str",     "slice", "cstr",   "eface", "iface",
	"func", "buckets", "old",   "groups", "erase", "same",
};
static const char *const guards[] = { "", "=0", "!0", "top", "ctrl", "word=0", "word!0" };

// "0:str 16:ptr(3)" with the references of a type; the number where a cost is paid.
static struct str refs_of(const struct value_book *b, uint32_t number)
{
	const struct value_table *t = value_book_table(b);
	struct value_type v = type_at(t, number);
	struct out_buf out = { 0 };
	for (uint32_t i = 0; i < v.n_refs; i++) {
		struct value_ref r;
		memcpy(&r, t->bytes.p + t->refs_off + (v.first_ref + i) * sizeof(r), sizeof(r));
		CHECK(r.off < v.size);
		out_buf_printf(&out, "%s%u:%s", i ? " " : "", r.off, hows[r.how]);
		if (r.guard)
			out_buf_printf(&out, "[%u%s]", r.guard_off, guards[r.guard]);
		if (r.type)
			out_buf_printf(&out, "(%u)", r.type);
		if (r.cost)
			out_buf_printf(&out, "+");
	}
	struct str s = arena_strdup(ours(), out_buf_view(&out));
	out_buf_free(&out);
	return s;
}

#define REFS(t)                                                \
	__extension__({                                        \
		uint32_t root_;                                \
		struct value_book *b_ = finished((t), &root_); \
		refs_of(b_, root_);                            \
	})

TEST(value_book_plain_types)
{
	uint32_t root;
	struct value_book *b = finished(go_int(), &root);
	CHECK_VIEW(refs_of(b, root), "");
	CHECK_INT(type_at(value_book_table(b), root).size, 8);
	CHECK_INT(type_at(value_book_table(b), 0).size, 1);
	CHECK_INT(value_book_table(b)->n_slots, 0);
	CHECK_VIEW(REFS(go_string()), "0:str");
	CHECK_VIEW(REFS(of(TYPE_SLICE, 24, GO_SLICE, go_string())), "0:slice(3)+");
	CHECK_VIEW(REFS(of(TYPE_SLICE, 24, GO_SLICE, make(TYPE_UINT, "uint8", 1, GO_UINT8))),
		   "0:str");
	CHECK_VIEW(REFS(of(TYPE_SLICE, 24, GO_SLICE, go_struct("empty", 0))), "");
	CHECK_VIEW(REFS(go_pointer(go_int())), "0:ptr(3)+");
	CHECK_VIEW(REFS(go_pointer(go_struct("empty", 0))), "");
	CHECK_VIEW(REFS(go_pointer(go_struct("runtime.g", 400))), "");
	CHECK_VIEW(REFS(go_pointer(go_struct("runtime.Error", 400))), "0:ptr(3)+");
	CHECK_VIEW(REFS(go_pointer(go_struct("internal/abi.Type", 48))), "");
	CHECK_VIEW(REFS(make(TYPE_PTR, "unsafe.Pointer", 8, 26)), "");
	CHECK_VIEW(REFS(of(TYPE_CHAN, 8, 18, go_int())), "0:ptr(1)");
	CHECK_VIEW(REFS(make(TYPE_FUNC, "func()", 8, 19)), "0:func");
	struct type *iface = make(TYPE_IFACE, "error", 16, 20);
	CHECK_VIEW(REFS(iface), "0:iface");
	iface->is_empty_iface = true;
	CHECK_VIEW(REFS(iface), "0:eface");
	// A map of which nothing is known.
	struct type *map = make(TYPE_MAP, "map[int]int", 8, 21);
	map->key = map->elem = go_int();
	CHECK_VIEW(REFS(map), "");
}

TEST(value_book_structs_and_arrays)
{
	struct type *inner = go_struct("main.Inner", 32);
	add(inner, "N", go_int(), 0);
	add(inner, "S", go_string(), 8);
	add(inner, "P", go_pointer(inner), 24);
	struct type *outer = go_struct("main.Outer", 32 * 4 + 16);
	add(outer, "None", array(inner, 0, GO_ARRAY), 0);
	add(outer, "A", inner, 0);
	add(outer, "B", array(inner, 3, GO_ARRAY), 32);
	add(outer, "_", go_struct("struct {}", 0), 128);
	add(outer, "S", go_string(), 128);
	CHECK_VIEW(REFS(outer),
		   "8:str 24:ptr(3)+ 40:str 56:ptr(3)+ 72:str 88:ptr(3)+ 104:str 120:ptr(3)+ "
		   "128:str");
	// As many items as are followed, and not one that sticks out.
	CHECK_INT(REFS(array(go_string(), 12, GO_ARRAY)).len, 5 + 6 * 6 + 3 * 7 + 9);
	struct type *cut = go_struct("main.Cut", 24);
	add(cut, "A", go_string(), 16);
	add(cut, "B", go_string(), 8);
	add(cut, "C", go_string(), UINT64_MAX - 4);
	CHECK_VIEW(REFS(cut), "8:str");
}

TEST(value_book_depth)
{
	// Each leads to the next one, and the last one too deep.
	struct type *t = go_int(), *all[6];
	for (int i = 5; i >= 0; i--)
		all[i] = t = go_pointer(t);
	uint32_t root, number;
	struct value_book *b = finished(all[0], &root);
	CHECK(book_number(b, all[3], &number));
	CHECK_VIEW(refs_of(b, number), "");
	CHECK(!book_number(b, all[4], &number));
	CHECK(book_type(b, root) == all[0]);
	CHECK(book_type(b, 0) == NULL);
	CHECK(book_type(b, 1000) == NULL);
	// What a shorter way leads to as well is followed from there.
	struct type *both = go_struct("main.Both", 16);
	add(both, "Long", all[0], 0);
	add(both, "Short", all[3], 8);
	b = finished(both, &root);
	CHECK(book_number(b, all[5], &number));
	CHECK_VIEW(refs_of(b, number), "0:ptr(8)+");
}

TEST(value_book_c_types)
{
	struct type *c_char = make(TYPE_CHAR, "char", 1, 0);
	struct type *qualified = of(TYPE_NAMED, 1, 0, c_char);
	qualified->qualifier = STR("const");
	struct type *alias = of(TYPE_NAMED, 8, 0, of(TYPE_PTR, 8, 0, qualified));
	CHECK_VIEW(REFS(alias), "0:cstr");
	CHECK_VIEW(REFS(of(TYPE_PTR, 8, 0, make(TYPE_CHAR, "unsigned char", 1, 0))), "0:ptr(3)+");
	CHECK_VIEW(REFS(of(TYPE_PTR, 8, 0, NULL)), "");
	CHECK_VIEW(REFS(of(TYPE_PTR, 8, 0, make(TYPE_VOID, "", 0, 0))), "");
	CHECK_VIEW(REFS(of(TYPE_PTR, 8, 0, make(TYPE_FUNC, "", 0, 0))), "");
	CHECK_VIEW(REFS(of(TYPE_PTR, 8, 0, make(TYPE_STRUCT, "struct hidden", 0, 0))), "");
	struct type *both = make(TYPE_UNION, "union both", 8, 0);
	add(both, "text", alias, 0);
	CHECK_VIEW(REFS(both), "");
	add(both, "secret", make(TYPE_INT, "int", 4, 0), 0);
	CHECK_VIEW(REFS(both), "0:erase(4)");
	struct type *s = make(TYPE_STRUCT, "std::__cxx11::basic_string<char, x>", 32, 0);
	add(s, "_M_dataplus", alias, 0);
	CHECK_VIEW(REFS(s), "0:cstr");
	add(s, "_M_string_length", make(TYPE_UINT, "unsigned long", 8, 0), 8);
	CHECK_VIEW(REFS(s), "0:str");
	// A type and what is only a name for it are one.
	uint32_t root, number;
	struct value_book *b = finished(alias, &root);
	CHECK(book_number(b, alias->elem, &number));
	CHECK_INT(number, root);
}

TEST(value_book_secrets)
{
	struct type *session = go_struct("main.Session", 40);
	add(session, "Id", go_int(), 0);
	add(session, "Open", make(TYPE_BOOL, "bool", 1, 1), 8);
	add(session, "Flags", array(make(TYPE_UINT, "uint8", 1, GO_UINT8), 8, GO_ARRAY), 9);
	add(session, "Next", go_pointer(session), 24);
	struct type *login = go_struct("main.Login", 600);
	add(login, "Name", go_string(), 0);
	add(login, "PassWord", go_string(), 16);
	add(login, "private_key", array(go_int(), 65, GO_ARRAY), 32);
	add(login, "MySecretSession", session, 552);
	CHECK_VIEW(REFS(login), "32:erase(256) 288:erase(256) 544:erase(16) 561:erase(8) 0:str");
	// Types of keys, whatever the field is called.
	struct type *key = go_struct("crypto/x.PrivateKey", 32);
	struct type *public = go_struct("crypto/x.PublicKey", 16);
	add(public, "N", go_string(), 0);
	add(key, "PublicKey", public, 0);
	key->fields[0].is_embedded = true;
	add(key, "D", go_pointer(go_int()), 16);
	add(key, "E", go_int(), 24);
	CHECK_VIEW(REFS(key), "24:erase(8) 0:str");
	// Also behind the items that are followed.
	struct type *item = go_struct("main.Item", 24);
	add(item, "Token", go_int(), 0);
	add(item, "Name", go_string(), 8);
	struct str refs = REFS(array(item, 12, GO_ARRAY));
	CHECK(str_find(refs, STR("216:erase(8) 240:erase(8) 264:erase(8)")) > 0);
	CHECK(str_find(refs, STR("224:str")) > 0);
	CHECK(str_find(refs, STR("248:str")) < 0);
}

TEST(value_secret_names)
{
	const struct str more[] = { STR("Card_No"), STR("*_hash"), STR("-") };
	struct value_secrets *s = value_secrets_new(ours(), more, 3, true);
	CHECK(value_is_secret(s, STR("password")));
	CHECK(value_is_secret(s, STR("DB_PASS_WORD")));
	CHECK(value_is_secret(s, STR("accessToken")));
	CHECK(value_is_secret(s, STR("X-Api-Key")));
	CHECK(value_is_secret(s, STR("cardno2")));
	CHECK(value_is_secret(s, STR("md5hash")));
	CHECK(!value_is_secret(s, STR("hashes")));
	CHECK(!value_is_secret(s, STR("pass")));
	CHECK(!value_is_secret(s, STR("")));
	CHECK(!value_is_secret(NULL, STR("password")));
	s = value_secrets_new(ours(), more, 1, false);
	CHECK(!value_is_secret(s, STR("password")));
	CHECK(value_is_secret(s, STR("cardno")));
	// No name is that long.
	char *name = ARENA_ARRAY(ours(), char, 100000);
	memset(name, 'x', 100000);
	CHECK(!value_is_secret(s, (struct str) { name, 100000 }));
}

// --- maps ---

static struct type *map_of(struct type *key, struct type *elem, const char *first,
			   struct type *inside)
{
	struct type *header = go_struct("hash<K,V>", 48);
	add(header, first, go_pointer(inside), 16);
	struct type *map = make(TYPE_MAP, "map[K]V", 8, 21);
	map->key = key;
	map->elem = elem;
	map->header = header;
	return map;
}

static struct type *bucket_map(struct type *key, struct type *elem, uint64_t size)
{
	struct type *b = go_struct("bucket<K,V>", size);
	uint64_t k = MIN(key->size, (uint64_t)128), v = elem->size > 128 ? 8 : elem->size;
	add(b, "tophash", array(make(TYPE_UINT, "uint8", 1, GO_UINT8), 8, GO_ARRAY), 0);
	add(b, "keys", array(k == key->size ? key : go_int(), 8, GO_ARRAY), 8);
	add(b, "values", array(v == elem->size ? elem : go_pointer(elem), 8, GO_ARRAY), 8 + 8 * k);
	add(b, "overflow", go_pointer(b), 8 + 8 * k + 8 * v);
	return map_of(key, elem, "buckets", b);
}

TEST(value_book_hash_maps)
{
	struct type *large = go_struct("main.Large", 136);
	struct type *map = bucket_map(go_int(), large, 8 + 64 + 64 + 8);
	uint32_t root;
	struct value_book *b = finished(map, &root);
	const struct map_layout *l = book_map(b, map);
	CHECK(l && l->kind == MAP_BUCKETS);
	CHECK(!l->is_key_indirect && l->is_elem_indirect);
	CHECK_INT(l->elems_off, 72);
	CHECK_INT(l->overflow_off, 136);
	CHECK_VIEW(refs_of(b, root), "0:ptr(3)+");
	CHECK_INT(l->header, 3);
	CHECK_VIEW(refs_of(b, l->header), "16:buckets(4) 24:old(4)");
	struct str refs = refs_of(b, l->bucket);
	CHECK(str_starts(refs, STR("72:ptr[0top](5) 80:ptr[1top](5) ")));
	CHECK(str_ends(refs, STR("128:ptr[7top](5) 136:ptr(4)")));
	CHECK(book_type(b, l->bucket) == NULL);
	// A bucket that is too small for what it should hold.
	map = bucket_map(go_string(), go_string(), 8 + 256);
	CHECK_VIEW(REFS(map), "");
}

TEST(value_book_swiss_maps)
{
	struct type *slot = go_struct("struct { key string; elem int }", 24);
	struct type *group = go_struct("map.group[string]int", 8 + 8 * 24);
	struct type *reference = go_struct("groupReference<K,V>", 8);
	struct type *table = go_struct("table<K,V>", 32);
	add(slot, "key", go_string(), 0);
	add(slot, "elem", go_int(), 16);
	add(group, "ctrl", make(TYPE_UINT, "uint64", 8, 11), 0);
	add(group, "slots", array(slot, 8, GO_ARRAY), 8);
	add(reference, "data", go_pointer(group), 0);
	add(table, "groups", reference, 16);
	struct type *map = map_of(go_string(), go_int(), "dirPtr", go_pointer(table));
	uint32_t root;
	struct value_book *b = finished(map, &root);
	const struct map_layout *l = book_map(b, map);
	CHECK(l && l->kind == MAP_SWISS);
	CHECK_INT(l->keys_off, 8);
	CHECK_INT(l->elems_off, 24);
	CHECK_INT(l->key_stride, 24);
	CHECK_INT(l->elem_stride, 24);
	CHECK_VIEW(refs_of(b, l->header), "16:ptr[24word=0](6) 16:slice[24word!0](4)");
	CHECK_VIEW(refs_of(b, l->directory), "0:ptr(5)");
	CHECK_VIEW(refs_of(b, l->table), "16:groups(6)");
	CHECK(str_starts(refs_of(b, l->group), STR("8:str[0ctrl] 32:str[1ctrl] ")));
	// All keys before all values.
	group->fields[1].name = STR("keys");
	group->fields[1].type = array(go_string(), 8, GO_ARRAY);
	add(group, "elems", array(go_int(), 8, GO_ARRAY), 8 + 128);
	b = finished(map, &root);
	l = book_map(b, map);
	CHECK(l && l->kind == MAP_SWISS);
	CHECK_INT(l->elems_off, 136);
	CHECK_INT(l->key_stride, 16);
	CHECK_INT(l->elem_stride, 8);
}

// --- what files may claim ---

TEST(value_book_endless_types)
{
	// It holds itself, three times.
	struct type *t = go_struct("main.T", 64);
	for (int i = 0; i < 3; i++)
		add(t, "Self", t, 0);
	add(t, "S", go_string(), 0);
	uint32_t root;
	finished(t, &root);
	// So many items of nothing, and items that are larger than the array.
	struct type *many = array(go_struct("struct {}", 0), 1, GO_ARRAY);
	many->count = UINT64_MAX;
	CHECK_VIEW(REFS(many), "");
	many = array(go_string(), 1, GO_ARRAY);
	many->count = UINT64_MAX;
	CHECK_VIEW(REFS(many), "0:str");
	struct type *huge = go_struct("main.Huge", UINT64_MAX);
	add(huge, "First", go_string(), 0);
	add(huge, "Last", go_string(), UINT64_MAX - 16);
	add(huge, "Password", array(go_int(), UINT64_MAX / 8, GO_ARRAY), 16);
	struct value_book *b = finished(huge, &root);
	CHECK_INT(type_at(value_book_table(b), root).size, VALUE_ITEM_MAX);
	CHECK(str_ends(refs_of(b, root), STR(" 0:str")));
	// Names of names without an end.
	struct type *name = of(TYPE_NAMED, 8, 0, NULL);
	name->elem = name;
	CHECK_VIEW(REFS(name), "");
}

TEST(value_book_too_large)
{
	struct value_book *b = value_book_new(ours(), NULL, &LIMITS, NULL);
	struct type *item = go_struct("main.Item", 8192);
	add(item, "A", array(go_pointer(go_int()), 10, GO_ARRAY), 0);
	for (int i = 0; i < 250000; i++) {
		struct type *t = go_struct("main.T", 8192);
		*t = *item;
		value_book_root(b, t);
	}
	CHECK_ERR(value_book_finish(b), ERR_UNSUPPORTED);
}

TEST(value_book_names)
{
	struct value_book *b = value_book_new(ours(), NULL, &LIMITS, NULL);
	struct type *t = go_struct("example.com/a-b/v2/http.Request", 8);
	CHECK_VIEW(book_type_name(b, t), "http.Request");
	CHECK_VIEW(book_type_name(b, go_pointer(t)), "*http.Request");
	t = go_struct("main.Pair[a/b.X,map[string]c/d.Y]", 8);
	CHECK_VIEW(book_type_name(b, t), "main.Pair[b.X,map[string]d.Y]");
	t = go_struct("struct { A a/b.X \"json:\\\"x/y\\\"\" }", 8);
	CHECK_VIEW(book_type_name(b, t), "struct { A b.X \"json:\\\"x/y\\\"\" }");
	t = make(TYPE_FUNC, "func(...a/b.X) c/d.Y", 8, 19);
	struct type *named = of(TYPE_NAMED, 8, 19, t);
	named->name = t->name;
	CHECK_VIEW(book_type_name(b, named), "func(...b.X) d.Y");
	CHECK_VIEW(book_type_name(b, make(TYPE_STRUCT, "ns::T<a/b>", 8, 0)), "ns::T<a/b>");
}

// --- walks ---

static bool read_ours(void *ctx, uint64_t addr, void *buf, size_t len)
{
	(void)ctx;
	// Nothing of ours is that low.
	if (addr < 4096)
		return false;
	memcpy(buf, (const void *)(uintptr_t)addr, len);
	return true;
}

struct node {
	const char *name;
	int64_t len;
	struct node *next;
};

static struct type *node_type(void)
{
	struct type *t = go_struct("main.Node", sizeof(struct node));
	add(t, "Name", go_string(), 0);
	add(t, "Next", go_pointer(t), 16);
	return t;
}

static size_t walk(const struct value_limits *limits, struct type *t, const void *p, uint8_t *out)
{
	uint32_t root;
	struct value_book *b = value_book_new(ours(), NULL, limits, NULL);
	struct walk_memory memory = { read_ours, NULL, 0 };
	root = value_book_root(b, t);
	CHECK_OK(value_book_finish(b));
	return value_walk(value_book_table(b), limits, root, (uint64_t)(uintptr_t)p, &memory, out);
}

// "depth:size/want" of each item.
static struct str items_of(const uint8_t *p, size_t len)
{
	struct out_buf out = { 0 };
	struct value_item item;
	for (size_t at = 0; at < len; at += sizeof(item) + ((item.size + 7) & ~7u)) {
		memcpy(&item, p + at, sizeof(item));
		out_buf_printf(&out, "%s%u:%u/%u%s", at ? " " : "", item.depth, item.size,
			       item.want, item.flags & VALUE_ITEM_UNREADABLE ? "?" : "");
	}
	struct str s = arena_strdup(ours(), out_buf_view(&out));
	out_buf_free(&out);
	return s;
}

#define WALK(limits, t, p)                                    \
	__extension__({                                       \
		static uint8_t out_[4096];                    \
		size_t len_ = walk((limits), (t), (p), out_); \
		items_of(out_, len_);                         \
	})

TEST(value_walk_lists)
{
	struct node c = { "last", 4, NULL }, b = { "", 0, &c }, a = { "first", 5, &b };
	CHECK_VIEW(WALK(&LIMITS, node_type(), &a), "0:24/24 0:5/5 1:24/24 2:24/24 2:4/4");
	struct value_limits limits = LIMITS;
	limits.depth = 1;
	CHECK_VIEW(WALK(&limits, node_type(), &a), "0:24/24 0:5/5 1:24/24");
	limits.depth = 0;
	CHECK_VIEW(WALK(&limits, node_type(), &a), "0:24/24 0:5/5");
	limits = LIMITS;
	limits.text = 3;
	CHECK_VIEW(WALK(&limits, node_type(), &a), "0:24/24 0:3/5 1:24/24 2:24/24 2:3/4");
	// No room for the text of the first, but for what comes behind.
	limits = LIMITS;
	limits.bytes = 128;
	a.len = 80;
	CHECK_VIEW(WALK(&limits, node_type(), &a), "0:24/24 1:24/24");
	// Nothing takes more than half of it.
	static const char long_text[80] = "long";
	limits.bytes = 144;
	a.name = long_text;
	CHECK_VIEW(WALK(&limits, node_type(), &a), "0:24/24 0:72/80");
	a.len = 5;
	// A ring ends where it begins.
	c.next = &b;
	CHECK_VIEW(WALK(&LIMITS, node_type(), &b), "0:24/24 1:24/24 1:4/4 2:24/24");
	c.next = (struct node *)8;
	CHECK_VIEW(WALK(&LIMITS, node_type(), &b), "0:24/24 1:24/24 1:4/4 2:0/24?");
	// Lengths that nobody can have.
	static const char text[200];
	c = (struct node) { text, -1, NULL };
	CHECK_VIEW(WALK(&LIMITS, node_type(), &c), "0:24/24 0:100/4294967295");
}

TEST(value_walk_slices)
{
	int64_t values[20] = { 0 };
	struct {
		const void *p;
		int64_t len, cap;
	} slice = { values, 20, 20 };
	struct type *t = of(TYPE_SLICE, 24, GO_SLICE, go_int());
	CHECK_VIEW(WALK(&LIMITS, t, &slice), "0:24/24 1:80/160");
	slice.len = 3;
	CHECK_VIEW(WALK(&LIMITS, t, &slice), "0:24/24 1:24/24");
	slice.len = 0;
	CHECK_VIEW(WALK(&LIMITS, t, &slice), "0:24/24");
	slice.p = NULL;
	slice.len = 3;
	CHECK_VIEW(WALK(&LIMITS, t, &slice), "0:24/24");
}

TEST(value_walk_c_text)
{
	const char *text = "text";
	struct type *t = of(TYPE_PTR, 8, 0, make(TYPE_CHAR, "char", 1, 0));
	CHECK_VIEW(WALK(&LIMITS, t, &text), "0:8/8 0:4/4");
	struct value_limits limits = LIMITS;
	limits.text = 2;
	CHECK_VIEW(WALK(&limits, t, &text), "0:8/8 0:2/4294967295");
	text = "";
	CHECK_VIEW(WALK(&LIMITS, t, &text), "0:8/8 0:0/0");
	text = NULL;
	CHECK_VIEW(WALK(&LIMITS, t, &text), "0:8/8");
}
