// SPDX-License-Identifier: Apache-2.0
// How Go's maps look, of both kinds, whole and torn.
#include "value_look.h"

// --- buckets ---

// A bucket of map[int]int.
struct bucket {
	uint8_t topbits[8];
	uint64_t keys[8], elems[8];
	uint64_t overflow;
};
struct hmap {
	uint64_t count;
	uint8_t flags, b;
	uint16_t n_overflow;
	uint32_t hash0;
	uint64_t buckets, old_buckets, n_evacuate, extra;
};

static const struct map_layout *layout(struct world *w, struct type *map)
{
	const struct map_layout *l = book_map(w->book, map);
	CHECK(l != NULL);
	return l;
}

static struct type *int_map(struct world *w)
{
	return an_hmap(w->arena, &w->t, w->t.integer, w->t.integer);
}

TEST(map_of_nothing)
{
	WORLD(w);
	struct type *map = int_map(w);
	LOOK_AT(w, map);
	ROOT(w, 0);
	CHECK_LOOK(w, "nil");
	CHECK_JSON(w, "null");
	ROOT(w, 0x1000);
	CHECK_LOOK(w, "map[int]int{...}");
	CHECK_JSON(w, "{\"type\":\"map[int]int\",\"addr\":\"0x1000\",\"cut\":true}");
	put_unreadable(w, 0x1000, layout(w, map)->header);
	CHECK_LOOK(w, "map[int]int{<unreadable>}");
	CHECK_JSON(w, "{\"type\":\"map[int]int\",\"len\":0,\"entries\":[],\"unreadable\":true}");
	put_number(w, 0x1000, layout(w, map)->header, &(struct hmap) { 0 }, sizeof(struct hmap));
	CHECK_LOOK(w, "map[int]int{}");
}

static void put_hmap(struct world *w, struct type *map, struct hmap h)
{
	ROOT(w, 0x1000);
	put_number(w, 0x1000, layout(w, map)->header, &h, sizeof(h));
}

TEST(map_buckets_and_overflow)
{
	WORLD(w);
	struct type *map = int_map(w);
	struct bucket b[3] = {
		{ .topbits = { 5, 0, 1, 200 },
		  .keys = { 3, 99, 99, 1 },
		  .elems = { 30, 99, 99, 10 },
		  .overflow = 0x3000 },
		{ .topbits = { 4, 7 }, .keys = { 99, 2 }, .elems = { 99, 20 } },
		// It leads back.
		{ .topbits = { 9 }, .keys = { -4 }, .elems = { 40 }, .overflow = 0x2000 },
	};
	LOOK_AT(w, map);
	put_hmap(w, map, (struct hmap) { .count = 4, .b = 1, .buckets = 0x2000 });
	put_number(w, 0x2000, layout(w, map)->bucket, b, 2 * sizeof(*b));
	put_number(w, 0x3000, layout(w, map)->bucket, &b[2], sizeof(*b));
	CHECK_LOOK(w, "map[int]int{-4: 40, 1: 10, 2: 20, 3: 30}");
	CHECK_JSON(w,
		   "{\"type\":\"map[int]int\",\"len\":4,\"entries\":[{\"key\":-4,\"value\":40},"
		   "{\"key\":1,\"value\":10},{\"key\":2,\"value\":20},{\"key\":3,\"value\":30}]}");
	// Only one bucket, and half of another.
	put_hmap(w, map, (struct hmap) { .count = 100, .b = 4, .buckets = 0x2000 });
	put_number(w, 0x2000, layout(w, map)->bucket, b, sizeof(*b) + 20);
	CHECK_LOOK(w, "map[int]int{1: 10, 3: 30, +98 more}");
	CHECK_JSON(w, "{\"type\":\"map[int]int\",\"len\":100,\"entries\":[{\"key\":1,\"value\":10},"
		      "{\"key\":3,\"value\":30}],\"more\":98}");
}

TEST(map_that_grows)
{
	WORLD(w);
	struct type *map = int_map(w);
	struct bucket old[2] = {
		// Has moved.
		{ .topbits = { 2, 5 }, .keys = { 1, 9 }, .elems = { 1, 9 } },
		{ .topbits = { 6, 7 }, .keys = { 2, 3 }, .elems = { 20, 30 } },
	};
	// 3 was copied while the snapshot was made.
	struct bucket new = { .topbits = { 6, 7 }, .keys = { 1, 3 }, .elems = { 10, 31 } };
	LOOK_AT(w, map);
	put_hmap(w, map,
		 (struct hmap) { .count = 3, .b = 2, .buckets = 0x2000, .old_buckets = 0x4000 });
	put_number(w, 0x2000, layout(w, map)->bucket, &new, sizeof(new));
	put_number(w, 0x4000, layout(w, map)->bucket, old, sizeof(old));
	CHECK_LOOK(w, "map[int]int{1: 10, 2: 20, 3: 31}");
}

// --- Swiss ---

struct slot {
	uint64_t text, len; // key
	uint64_t elem;
};
struct group {
	uint8_t ctrl[8];
	struct slot slots[8];
};
struct swiss {
	uint64_t used, seed, dir, dir_len;
	uint8_t rest[16];
};
struct table {
	uint16_t used, capacity, growth_left;
	uint8_t local_depth;
	uint64_t index, groups, mask;
};

static const struct group one_group = {
	.ctrl = { 1, 0x80, 0x7f, 0xfe, 0x80, 0x80, 0x80, 0x80 },
	.slots = { { 0x5000, 1, 1 }, { 0x5000, 2, 99 }, { 0x5000, 2, 2 }, { 0x5000, 1, 99 } },
};

TEST(map_of_one_group)
{
	WORLD(w);
	struct type *map = a_swiss_map(w->arena, &w->t, w->t.string, w->t.integer);
	LOOK_AT(w, a_name(w->arena, "main.Ages", map));
	ROOT(w, 0x1000);
	put_number(w, 0x1000, layout(w, map)->header, &(struct swiss) { .used = 2, .dir = 0x2000 },
		   sizeof(struct swiss));
	CHECK_LOOK(w, "main.Ages{+2 more}");
	put_number(w, 0x2000, layout(w, map)->group, &one_group, sizeof(one_group));
	put_text(w, 0x5000, "ba");
	CHECK_LOOK(w, "main.Ages{\"b\": 1, \"ba\": 2}");
	CHECK_JSON(w, "{\"type\":\"main.Ages\",\"len\":2,\"entries\":{\"b\":1,\"ba\":2}}");
}

TEST(map_of_tables)
{
	WORLD(w);
	struct type *map = a_swiss_map(w->arena, &w->t, w->t.string, w->t.integer);
	struct group other = {
		.ctrl = { 0x80, 3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80 },
		.slots = { { 0 }, { 0x6000, 3, 7 } },
	};
	LOOK_AT(w, map);
	const struct map_layout *l = layout(w, map);
	ROOT(w, 0x1000);
	put_number(w, 0x1000, l->header, &(struct swiss) { .used = 4, .dir = 0x2000, .dir_len = 4 },
		   sizeof(struct swiss));
	// One table stands twice; one is not there.
	put_number(w, 0x2000, l->directory, (const uint64_t[]) { 0x3000, 0x3000, 0x3100, 0x3200 },
		   32);
	put_number(w, 0x3000, l->table, &(struct table) { .groups = 0x4000 }, sizeof(struct table));
	put_number(w, 0x3100, l->table, &(struct table) { .groups = 0x4800 }, sizeof(struct table));
	put_number(w, 0x4000, l->group, &one_group, sizeof(one_group));
	put_number(w, 0x4800, l->group, &other, sizeof(other));
	put_text(w, 0x5000, "ba");
	put_text(w, 0x6000, "x");
	CHECK_LOOK(w, "map[string]int{\"b\": 1, \"ba\": 2, \"x\"...: 7, +1 more}");
	CHECK_JSON(w,
		   "{\"type\":\"map[string]int\",\"len\":4,\"entries\":[{\"key\":\"b\",\"value\":"
		   "1},{\"key\":\"ba\",\"value\":2},{\"key\":{\"type\":\"string\",\"len\":3,"
		   "\"text\":\"x\",\"cut\":true},\"value\":7}],\"more\":1}");
}

// --- keys and values ---

TEST(map_secrets)
{
	WORLD(w);
	struct type *map = a_swiss_map(w->arena, &w->t, w->t.string, w->t.integer);
	struct group g = { .ctrl = { 1, 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80 },
			   .slots = { { 0x5000, 3, 1 }, { 0x6000, 9, 2 } } };
	LOOK_AT(w, map);
	ROOT(w, 0x1000);
	put_number(w, 0x1000, layout(w, map)->header, &(struct swiss) { .used = 2, .dir = 0x2000 },
		   sizeof(struct swiss));
	put_number(w, 0x2000, layout(w, map)->group, &g, sizeof(g));
	put_text(w, 0x5000, "age");
	put_text(w, 0x6000, "Api-Token");
	CHECK_LOOK(w, "map[string]int{\"Api-Token\": <redacted>, \"age\": 1}");
	CHECK_JSON(w, "{\"type\":\"map[string]int\",\"len\":2,\"entries\":{\"Api-Token\":"
		      "{\"redacted\":true},\"age\":1}}");
}

// What is larger than 128 bytes lies elsewhere.
TEST(map_of_pointers_to_keys)
{
	WORLD(w);
	struct type *key = an_array(w->arena, w->t.integer, 17);
	struct type *map = an_hmap(w->arena, &w->t, key, w->t.uint8);
	// The bucket as it is: words in place of keys.
	struct type *bucket = map->header->fields[0].type->elem;
	bucket->fields[1].type = an_array(w->arena, w->t.unsafe, 8);
	bucket->fields[2].off = 72;
	bucket->fields[3].off = 80;
	bucket->size = 88;
	uint64_t words[11] = { 0x0505, 0x7000, 0x7100 };
	LOOK_AT(w, map);
	CHECK(layout(w, map)->is_key_indirect);
	words[9] = 0x0201;
	put_hmap(w, map, (struct hmap) { .count = 2, .b = 0, .buckets = 0x2000 });
	put_number(w, 0x2000, layout(w, map)->bucket, words, sizeof(words));
	AT(w, 0x7000, key, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	CHECK_VIEW(look_text(w, &(struct value_style) { 0 }),
		   "map[[17]int]uint8{[+17 more]: 2, [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, +7 more]: 1}");
}

static struct str keys_look(struct world *w, struct type *key, const void *keys, size_t size)
{
	struct type *map = an_hmap(w->arena, &w->t, key, a_struct(w->arena, ""));
	uint8_t bucket[8 + 8 * 16 + 8] = { 5, 5, 5 };
	memcpy(bucket + 8, keys, 3 * size);
	LOOK_AT(w, map, w->t.integer, w->t.string, w->t.float64);
	put_hmap(w, map, (struct hmap) { .count = 3, .b = 0, .buckets = 0x2000 });
	put_number(w, 0x2000, layout(w, map)->bucket, bucket, 16 + 8 * size);
	put(w, 0x3000, w->t.integer, (const uint64_t[]) { 1 }, 8);
	put(w, 0x3000, w->t.string, (const uint64_t[]) { 0x5000, 1 }, 16);
	put_text(w, 0x5000, "abc");
	return look_text(w, &(struct value_style) { 0 });
}

TEST(map_order_of_keys)
{
	WORLD(w);
	struct type *pair = a_struct(w->arena, "main.K");
	add_field(pair, "S", w->t.boolean);
	add_field(pair, "F", w->t.float32);
	end_struct(pair);
	const struct {
		bool s;
		float f;
	} pairs[3] = { { true, 0 }, { false, 2 }, { false, -1 } };
	CHECK_VIEW(keys_look(w, pair, pairs, 8),
		   "map[main.K]struct {}{{F: -1}: {}, {F: 2}: {}, {S: true}: {}}");
	const uint64_t texts[] = { 0x5001, 2, 0x5000, 2, 0x5000, 1 };
	CHECK_VIEW(keys_look(w, w->t.string, texts, 16),
		   "map[string]struct {}{\"a\": {}, \"ab\": {}, +1 more}");
	const int64_t ints[] = { 5, -5, 0 };
	CHECK_VIEW(keys_look(w, w->t.integer, ints, 8), "map[int]struct {}{-5: {}, 0: {}, 5: {}}");
	CHECK_VIEW(keys_look(w, w->t.uint64, ints, 8),
		   "map[uint64]struct {}{0: {}, 5: {}, 18446744073709551611: {}}");
	const double floats[] = { 1, __builtin_nan(""), __builtin_nan("") };
	CHECK_VIEW(keys_look(w, w->t.float64, floats, 8),
		   "map[float64]struct {}{NaN: {}, NaN: {}, 1: {}}");
	const uint64_t any[] = {
		w->t.string->go_rtype, 0x3000, 0, 0, w->t.integer->go_rtype, 0x3000
	};
	CHECK_VIEW(keys_look(w, w->t.any, any, 16),
		   "map[interface {}]struct {}{nil: {}, 1: {}, \"a\": {}}");
	const uint64_t pointers[] = { 0x9000, 0, 0x8000 };
	CHECK_VIEW(keys_look(w, a_ptr(w->arena, w->t.integer), pointers, 8),
		   "map[*int]struct {}{nil: {}, &...: {}, &...: {}}");
}

TEST(map_that_holds_itself)
{
	WORLD(w);
	struct type *map = an_hmap(w->arena, &w->t, w->t.integer, w->t.any);
	LOOK_AT(w, w->t.any, map);
	uint64_t bucket[1 + 8 + 16 + 1] = { 5, [9] = map->go_rtype, 0x1000 };
	ROOT(w, map->go_rtype, 0x1000);
	put_number(w, 0x1000, layout(w, map)->header,
		   &(struct hmap) { .count = 1, .buckets = 0x2000 }, sizeof(struct hmap));
	put_number(w, 0x2000, layout(w, map)->bucket, bucket, sizeof(bucket));
	CHECK_LOOK(w, "map[int]interface {}{0: (map[int]interface {})(0x1000)}");
}

// Of every map that leads to it, all slots are looked at: not without end.
TEST(map_work_is_bounded)
{
	WORLD(w);
	struct type *map = int_map(w);
	w->limits.items = VALUE_ITEMS_MAX;
	LOOK_AT(w, a_slice(w->arena, map), map);
	static uint64_t words[3000];
	static uint8_t buckets[32000];
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i] = 0x1000;
	ROOT(w, 0x9000, ARRAY_LEN(words), ARRAY_LEN(words));
	put(w, 0x9000, map, words, sizeof(words));
	put_number(w, 0x1000, layout(w, map)->header,
		   &(struct hmap) { .count = 0, .buckets = 0x2000 }, sizeof(struct hmap));
	put_number(w, 0x2000, layout(w, map)->bucket, buckets, sizeof(buckets));
	struct str text = look_text(w, &(struct value_style) { 0 });
	CHECK(str_starts(text, STR("[]map[int]int{{}, {}")));
	CHECK(str_ends(text, STR(" more}")));
}
