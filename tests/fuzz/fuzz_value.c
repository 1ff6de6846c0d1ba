// SPDX-License-Identifier: Apache-2.0
// Any bytes as a program whose values are looked at: the book about what its functions have and
// what its interfaces can hold, the table, and a walk through memory that is the file itself.
#include "fuzz.h"

#include <stdlib.h>

#include "../unit/value_walk.c"
#include "value/internal.h"

#define FUNCS_MAX 20u
#define ROOTS_MAX 60u

struct roots {
	struct value_book *book;
	uint32_t v[ROOTS_MAX];
	size_t n;
};

static uint64_t sink;

static void use_str(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		sink += (uint8_t)s.p[i];
}

static void add_root(struct roots *r, struct type *t)
{
	if (t && r->n < ROOTS_MAX)
		r->v[r->n++] = value_book_root(r->book, t);
}

static void add_values(struct roots *r, struct target *t, struct arena *a)
{
	const struct target_func *v = NULL;
	size_t n = 0;
	struct err *e = target_funcs(t, &v, &n);
	for (size_t i = 0; !e && i < n && i < FUNCS_MAX; i++) {
		struct target_info *info;
		struct err *bad = target_info(t, &v[i], a, &info);
		for (size_t k = 0; !bad && k < info->n_values; k++)
			add_root(r, info->values[k].type);
		for (size_t k = 0; !bad && k < info->n_locals; k++)
			add_root(r, info->locals[k].type);
		err_free(bad);
	}
	err_free(e);
}

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void check_ref(const struct value_table *t, const struct value_type *v, struct value_ref r)
{
	bool is_pair = r.how == VALUE_STRING || r.how == VALUE_SLICE || r.how == VALUE_EFACE ||
		       r.how == VALUE_IFACE || r.how == VALUE_GROUPS;
	bool is_word = r.guard == VALUE_IF_WORD_ZERO || r.guard == VALUE_IF_WORD_NOT_ZERO;
	uint64_t len = r.how == VALUE_ERASE ? r.type : is_pair ? 16 : 8;
	must(r.off + len <= v->size && r.cost <= 1);
	must(r.how == VALUE_ERASE ? len <= 256 : r.how == VALUE_SAME || r.type < t->n_types);
	must(r.guard == VALUE_ALWAYS || r.guard_off + (is_word ? 8u : 1u) <= v->size);
	must(r.how != VALUE_BUCKETS || r.off >= 7);
	must(r.how != VALUE_OLD_BUCKETS || r.off >= 16);
}

static void check_table(const struct value_table *t)
{
	must(t->refs_off + t->n_refs * sizeof(struct value_ref) <= t->dynamic_off);
	must(t->dynamic_off + t->n_slots * sizeof(struct value_dynamic) == t->bytes.len);
	must((t->n_slots & (t->n_slots - 1)) == 0);
	for (uint32_t i = 0; i < t->n_types; i++) {
		struct value_type v;
		struct value_ref r;
		memcpy(&v, t->bytes.p + i * sizeof(v), sizeof(v));
		must(v.size > 0 && v.size <= VALUE_ITEM_MAX && v.first_ref + v.n_refs <= t->n_refs);
		for (uint32_t k = 0; k < v.n_refs; k++) {
			memcpy(&r, t->bytes.p + t->refs_off + (v.first_ref + k) * sizeof(r),
			       sizeof(r));
			check_ref(t, &v, r);
		}
	}
	for (uint32_t i = 0; i < t->n_slots; i++) {
		struct value_dynamic d;
		memcpy(&d, t->bytes.p + t->dynamic_off + i * sizeof(d), sizeof(d));
		must(d.type < t->n_types && (d.type == 0 || d.rtype < t->types_size));
	}
}

static bool read_file(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct bytes *file = ctx;
	// Any address is somewhere in the file.
	if (file->len < len || addr == 0)
		return false;
	memcpy(buf, file->p + addr % (file->len - len + 1), len);
	return true;
}

static void use_book(struct roots *r, struct bytes file)
{
	const struct value_table *table = value_book_table(r->book);
	const struct value_limits *limits = value_book_limits(r->book);
	struct walk_memory memory = { read_file, &file, 0x1000 };
	uint8_t *out = malloc(limits->bytes);
	check_table(table);
	for (size_t i = 0; i < r->n; i++) {
		struct type *t = book_type(r->book, r->v[i]);
		size_t len = value_walk(table, limits, r->v[i], 0x1000 + i * 64, &memory, out);
		must(len <= limits->bytes);
		if (t)
			use_str(book_type_name(r->book, t));
		if (t && type_strip(t)->kind == TYPE_MAP)
			sink += book_map(r->book, t) != NULL;
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct type any = { .kind = TYPE_IFACE,
				   .size = 16,
				   .go_kind = 20,
				   .is_empty_iface = true,
				   .is_complete = true,
				   .dict_index = -1 };
	const struct value_limits limits = { .depth = 4, .items = 20, .text = 64, .bytes = 8192 };
	struct bytes file = { data, size };
	struct target *t;
	struct err *e = target_open_mem(file, "input", &t);
	if (e) {
		err_free(e);
		return 0;
	}
	struct arena *a = arena_new();
	struct roots roots = { .book = value_book_new(a, t, &limits,
						      value_secrets_new(a, NULL, 0, true)) };
	add_root(&roots, &any);
	add_values(&roots, t, a);
	e = value_book_finish(roots.book);
	if (!e)
		use_book(&roots, file);
	err_free(e);
	arena_free(a);
	target_close(t);
	return 0;
}
