// SPDX-License-Identifier: Apache-2.0
// The script's maps as they stand: printed, emptied, set to zero.
#include "run/internal.h"

static struct bpf_map *map_of(const struct session *s, const struct program_map *m)
{
	return s->c->map_of[m->index];
}

static size_t round_to_8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

// --- reading ---

// All entries of a map, with the parts of all CPUs put together.
struct reading {
	struct arena *arena;
	const struct program_map *map;
	const struct bpf_map *from;
	size_t n_parts; // in a value: one for each CPU
	VEC(struct out_row) rows;
};

static struct bytes copy(struct arena *a, const void *p, size_t len)
{
	uint8_t *own = arena_alloc(a, len, 1);
	memcpy(own, p, len);
	return (struct bytes) { own, len };
}

static void put_row(struct reading *r, const void *key, const void *value)
{
	struct out_row row = { 0 };
	if (r->map->key)
		row.key = copy(r->arena, key, r->from->key_size);
	size_t merged = out_agg_size(r->map->out_value);
	if (merged) {
		uint8_t *own = arena_alloc(r->arena, merged, 1);
		out_agg_merge(r->map->out_value, value, r->n_parts, round_to_8(r->from->value_size),
			      own);
		row.value = (struct bytes) { own, merged };
	} else {
		// Without aggregation, a CPU's own value cannot be put together with others.
		row.value = copy(r->arena, value, r->from->value_size);
	}
	VEC_PUSH(r->arena, &r->rows, row);
}

static struct err *add_row(void *ctx, const void *key, const void *value)
{
	struct reading *r = ctx;
	if (code_map_is_set(r->from, value))
		put_row(r, key, value);
	return NULL;
}

static struct reading reading_init(const struct session *s, const struct program_map *m,
				   struct arena *a)
{
	const struct bpf_map *from = map_of(s, m);
	size_t bytes = bpf_map_value_bytes(from);
	return (struct reading) {
		.arena = a,
		.map = m,
		.from = from,
		.n_parts = bytes == from->value_size ? 1 : bytes / round_to_8(from->value_size),
	};
}

// --- printing ---

static struct out_map shown(const struct reading *r)
{
	return (struct out_map) {
		.name = r->map->name,
		.key = r->map->out_key,
		.value = r->map->out_value,
		.rows = r->rows.v,
		.n_rows = r->rows.n,
	};
}

struct err *map_read(const struct session *s, const struct program_map *m, struct arena *a,
		     struct out_map *out)
{
	struct reading r = reading_init(s, m, a);
	TRY(bpf_map_each(r.from, add_row, &r));
	*out = shown(&r);
	return NULL;
}

static void put(struct session *s, const struct reading *r, uint64_t top, uint64_t div)
{
	const struct out_map out = shown(r);
	if (s->wants_gap && out.n_rows && !s->o->is_json) {
		fputs("\n\n", s->out);
		s->wants_gap = false;
	}
	// Histograms below their table.
	if (s->drawn == r->map && out.n_rows && !s->o->is_json)
		fputc('\n', s->out);
	if (s->o->is_json)
		out_map_json(&s->env, &out, (size_t)top, div, s->out);
	else
		out_map_text(&s->env, &out, (size_t)top, div, s->out);
}

static struct err *print(struct session *s, const struct program_map *m, uint64_t top, uint64_t div,
			 bool wants_unset)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct reading r = reading_init(s, m, a);
	TRY(bpf_map_each(r.from, add_row, &r));
	// What was never set reads as 0, when it is asked for.
	if (!r.rows.n && !m->key && wants_unset)
		put_row(&r, "", arena_alloc(a, 1, bpf_map_value_bytes(r.from)));
	put(s, &r, top, div);
	return NULL;
}

struct err *map_print(struct session *s, const struct program_map *m, uint64_t top, uint64_t div)
{
	return print(s, m, top, div, true);
}

static bool is_histogram(const struct program_map *m)
{
	return m->agg == AGG_HIST || m->agg == AGG_LHIST || m->agg == AGG_TSERIES ||
	       m->agg == AGG_TIMES;
}

static void put_value(struct session *s, struct out_value v)
{
	if (s->o->is_json) {
		out_event_value(&s->env, v, s->out);
		return;
	}
	s->text.n = 0;
	out_value_text(&s->env, v, &s->text);
	out_buf_str(&s->text, STR("\n"));
	fwrite(s->text.p, 1, s->text.n, s->out);
}

struct err *map_print_entry(struct session *s, const struct program_map *m, struct bytes key)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct reading r = reading_init(s, m, a);
	// The kernel reads all of a key: one that came short has zeros behind it.
	uint8_t *whole = arena_alloc(a, 1, MAX(r.from->key_size, 8u));
	if (key.len)
		memcpy(whole, key.p, MIN(key.len, r.from->key_size));
	uint8_t *value = arena_alloc(a, 1, bpf_map_value_bytes(r.from));
	bool found;
	TRY(bpf_map_lookup(r.from, whole, value, &found));
	put_row(&r, whole, value);
	if (is_histogram(m))
		put(s, &r, 0, 0);
	else
		put_value(s,
			  (struct out_value) { .type = m->out_value, .bytes = r.rows.v[0].value });
	return NULL;
}

void maps_print(struct session *s)
{
	for (size_t i = 0; i < s->p->n_maps && !ferror(s->out); i++)
		err_free(print(s, s->p->maps[i], 0, 0, false));
}

// --- changing ---

struct keys {
	struct arena *arena;
	size_t size;
	VEC(const uint8_t *) v;
};

static struct err *add_key(void *ctx, const void *key, const void *value)
{
	struct keys *k = ctx;
	(void)value;
	VEC_PUSH(k->arena, &k->v, copy(k->arena, key, k->size).p);
	return NULL;
}

// The keys that are there now: entries may come and go while they are changed.
static struct err *read_keys(const struct bpf_map *m, struct arena *a, struct keys *out)
{
	*out = (struct keys) { .arena = a, .size = m->key_size };
	return bpf_map_each(m, add_key, out);
}

// is_set: a map without keys has a value then.
static struct err *zero(const struct bpf_map *map, bool is_set)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct keys keys;
	TRY(read_keys(map, a, &keys));
	uint8_t *zeros = arena_alloc(a, 1, bpf_map_value_bytes(map));
	if (is_set)
		code_map_mark_set(map, zeros);
	for (size_t i = 0; i < keys.v.n; i++)
		TRY(bpf_map_update(map, keys.v.v[i], zeros, BPF_ANY));
	return NULL;
}

struct err *map_zero(struct session *s, const struct program_map *m)
{
	return zero(map_of(s, m), true);
}

struct err *map_clear(struct session *s, const struct program_map *m)
{
	const struct bpf_map *map = map_of(s, m);
	if (map->type == BPF_MAP_TYPE_ARRAY || map->type == BPF_MAP_TYPE_PERCPU_ARRAY)
		return zero(map, false);
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct keys keys;
	TRY(read_keys(map, a, &keys));
	bool found;
	for (size_t i = 0; i < keys.v.n; i++)
		TRY(bpf_map_delete(map, keys.v.v[i], &found));
	return NULL;
}
