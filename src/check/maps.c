// SPDX-License-Identifier: Apache-2.0
// Maps: their keys, values and aggregations, over all clauses.
#include <stdlib.h>

#include "check/checker.h"

// What programs have room for; kernels have no limit of their own, but for old ones (512).
#define KEY_SIZE_MAX VALUE_SIZE_MAX
// One CPU's part of a value: the kernel's PCPU_MIN_UNIT_SIZE.
#define PER_CPU_SIZE_MAX (32u << 10)

static const char *const agg_names[] = {
	[AGG_NONE] = "",           [AGG_COUNT] = "count", [AGG_SUM] = "sum",
	[AGG_MIN] = "min",         [AGG_MAX] = "max",     [AGG_AVG] = "avg",
	[AGG_STATS] = "stats",     [AGG_HIST] = "hist",   [AGG_LHIST] = "lhist",
	[AGG_TSERIES] = "tseries", [AGG_TIMES] = "times",
};

const char *agg_name(enum agg_kind agg)
{
	return agg_names[agg];
}

bool agg_has_number(enum agg_kind agg)
{
	return agg != AGG_STATS && agg != AGG_HIST && agg != AGG_LHIST && agg != AGG_TSERIES &&
	       agg != AGG_TIMES;
}

static struct map_info *find_map(struct checker *c, struct str name)
{
	struct map_info *m = map_get(&c->map_names, str_hash(name));
	return m && str_eq(str_from_off(m->map->name, 1), name) ? m : NULL;
}

static struct map_info *make_map(struct checker *c, struct str name, struct span span)
{
	struct map_info *m = ARENA_NEW(c->arena, struct map_info);
	m->map = ARENA_NEW(c->arena, struct program_map);
	m->map->name = arena_printf(c->arena, "@%.*s", STR_ARG(name));
	m->map->span = span;
	m->map->max_entries = c->config->max_map_keys;
	VEC_PUSH(c->arena, &c->maps, m);
	map_put(&c->map_names, str_hash(name), m);
	return m;
}

struct map_info *map_of(struct checker *c, struct expr *e)
{
	struct map_info *m = find_map(c, e->map.name);
	if (!m)
		m = make_map(c, e->map.name, e->span);
	e->meaning = m->map;
	return m;
}

void maps_offer(struct checker *c, struct near *near)
{
	for (size_t i = 0; i < c->maps.n; i++)
		if (c->maps.v[i]->is_assigned)
			near_offer(near, c->maps.v[i]->map->name);
}

// --- declarations ---

static const struct {
	const char *name;
	enum map_storage storage;
	bool is_per_cpu;
} storages[] = {
	{ "hash", MAP_HASH, false },
	{ "lruhash", MAP_LRU_HASH, false },
	{ "percpuhash", MAP_HASH, true },
	{ "percpulruhash", MAP_LRU_HASH, true },
};

static void declare(struct checker *c, struct item *item)
{
	struct near near = near_init(item->map.type.text);
	struct map_info *m = find_map(c, item->map.name.text);
	if (m) {
		tell_error(c, item->map.name.span, "map '%.*s' is declared twice",
			   STR_ARG(m->map->name));
		return;
	}
	m = make_map(c, item->map.name.text, item->map.name.span);
	m->is_declared = true;
	bool is_known = false;
	for (size_t i = 0; i < ARRAY_LEN(storages); i++) {
		near_offer(&near, str_from(storages[i].name));
		if (!str_eq(item->map.type.text, str_from(storages[i].name)))
			continue;
		is_known = true;
		m->map->storage = storages[i].storage;
		m->is_per_cpu_declared = storages[i].is_per_cpu;
	}
	if (!is_known) {
		tell_error(c, item->map.type.span, "unknown kind of map '%.*s'",
			   STR_ARG(item->map.type.text));
		tell_hint(c, "there are: hash, lruhash, percpuhash, percpulruhash");
		return;
	}
	int64_t n = 0;
	if (item->map.args.n != 1) {
		tell_error(c, item->span, "it takes how many entries there may be: %.*s(1000)",
			   STR_ARG(item->map.type.text));
	} else if (constant_of(c, item->map.args.v[0], "the number of entries", &n)) {
		if (n < 1 || n > INT32_MAX)
			tell_error(c, item->map.args.v[0]->span,
				   "a map has from 1 to 2147483647 entries");
		else
			m->map->max_entries = (uint32_t)n;
	}
}

void maps_declare(struct checker *c)
{
	for (size_t i = 0; i < c->script->n_items; i++)
		if (c->script->items[i]->kind == ITEM_MAP)
			declare(c, c->script->items[i]);
}

// --- keys ---

static struct type *key_type(struct checker *c, struct expr *e)
{
	struct type *items[ARGS_MAX];
	size_t n = e->map.keys.n;
	if (n == 1)
		return e->map.keys.v[0]->type;
	for (size_t i = 0; i < n; i++)
		items[i] = e->map.keys.v[i]->type;
	return type_tuple(c, items, n);
}

static bool can_be_key(struct checker *c, struct expr *e, struct type *t)
{
	bool is_fine = t->kind != TYPE_BUFFER || t->size <= KEY_SIZE_MAX;
	struct str text = spell(c, t);
	if (!is_fine)
		tell_error(c, e->span, "%.*s cannot be a key", STR_ARG(text));
	return is_fine;
}

static bool check_keys(struct checker *c, struct expr *e)
{
	bool is_fine = true;
	if (e->map.keys.n > ARGS_MAX) {
		tell_error(c, e->span, "there are more than %d keys", ARGS_MAX);
		return false;
	}
	for (size_t i = 0; i < e->map.keys.n; i++) {
		struct expr *key = e->map.keys.v[i];
		check_expr(c, key);
		is_fine &= value_of(c, key) && can_be_key(c, key, key->type);
	}
	return is_fine;
}

// Several keys become one tuple.
static void join_keys(struct checker *c, struct expr *e)
{
	if (e->map.keys.n < 2)
		return;
	struct span span =
		span_join(e->map.keys.v[0]->span, e->map.keys.v[e->map.keys.n - 1]->span);
	struct expr *tuple = expr_new(c, EXPR_TUPLE, span, key_type(c, e));
	tuple->items = e->map.keys;
	for (size_t i = 0; i < tuple->items.n; i++)
		convert(c, tuple->items.v[i], tuple->type->fields[i].type);
	e->map.keys = (struct expr_list) { 0 };
	VEC_PUSH(c->arena, &e->map.keys, tuple);
}

static void tell_key_mismatch(struct checker *c, struct expr *e, struct map_info *m, struct type *t)
{
	struct str want = spell(c, m->map->key), got = spell(c, t);
	struct span first = e->map.keys.v[0]->span;
	struct span last = e->map.keys.v[e->map.keys.n - 1]->span;
	tell_error(c, span_join(first, last), "the keys of %.*s are %.*s, not %.*s",
		   STR_ARG(m->map->name), STR_ARG(want), STR_ARG(got));
}

static bool note_use(struct checker *c, struct expr *e, struct map_info *m)
{
	if (!m->has_use) {
		m->has_use = true;
		m->has_keys = e->map.has_keys;
		m->key_span = e->span;
		return true;
	}
	if (m->has_keys == e->map.has_keys)
		return true;
	tell_error(c, e->span, "%.*s is used %s keys elsewhere", STR_ARG(m->map->name),
		   m->has_keys ? "with" : "without");
	if (m->has_keys)
		tell_hint(c, "name the entry: %.*s[...]", STR_ARG(m->map->name));
	return false;
}

struct map_info *map_entry(struct checker *c, struct expr *e)
{
	struct map_info *m = map_of(c, e);
	bool is_fine = note_use(c, e, m);
	if (!e->map.has_keys)
		return is_fine ? m : NULL;
	if (!check_keys(c, e) || !is_fine || !e->map.keys.n)
		return NULL;
	struct type *t = type_key_kept(c, key_type(c, e));
	found_take(c, &m->key, t, e->map.keys.n == 1 && is_literal_int(e->map.keys.v[0]));
	if (!c->is_final)
		return m;
	if (!m->map->key || !type_join(c, m->map->key, t)) {
		if (m->map->key)
			tell_key_mismatch(c, e, m, t);
		return NULL;
	}
	join_keys(c, e);
	convert(c, e->map.keys.v[0], m->map->key);
	return m;
}

// --- values ---

static void tell_never_set(struct checker *c, struct expr *e, struct map_info *m)
{
	struct near near = near_init(m->map->name);
	maps_offer(c, &near);
	tell_error(c, e->span, "map '%.*s' is never set", STR_ARG(m->map->name));
	if (near.n)
		tell_near(c, &near);
	else
		tell_hint(c, "set it in a probe: %.*s%s = ...", STR_ARG(m->map->name),
			  m->has_keys ? "[...]" : "");
}

void check_map(struct checker *c, struct expr *e)
{
	struct map_info *m = map_entry(c, e);
	e->type = NULL;
	if (!m)
		return;
	struct type *t = found_type(&m->value);
	// What would set it has no probes: it reads as 0.
	if (!t && m->is_target && c->is_final && c->parts.n > c->program->n_parts)
		t = m->value.before = m->map->value = type_int(c, true, 8);
	if (!t) {
		if (!m->is_target)
			tell_never_set(c, e, m);
		else if (!diag_n_errors(c->diag))
			tell_error(c, e->span, "what %.*s holds cannot be told",
				   STR_ARG(m->map->name));
		return;
	}
	if (m->map->agg && !agg_has_number(m->map->agg)) {
		tell_error(c, e->span, "%.*s is a %s(): it is no number", STR_ARG(m->map->name),
			   agg_name(m->map->agg));
		tell_hint(c, "print(%.*s) shows it", STR_ARG(m->map->name));
		return;
	}
	e->type = t;
}

struct map_info *map_whole(struct checker *c, struct expr *e, const char *what)
{
	if (e->kind != EXPR_MAP) {
		if (e->kind != EXPR_BAD)
			tell_error(c, e->span, "%s() takes a map", what);
		return NULL;
	}
	if (e->map.has_keys) {
		tell_error(c, e->span, "%s() takes all of a map, not one entry", what);
		tell_hint(c, "write @%.*s; delete(%s) removes one entry", STR_ARG(e->map.name),
			  arena_printf(c->arena, "%.*s", STR_ARG(diag_span_text(c->diag, e->span)))
				  .p);
		return NULL;
	}
	struct map_info *m = map_of(c, e);
	if (!found_type(&m->value) && c->is_final) {
		if (!m->is_target)
			tell_never_set(c, e, m);
		return NULL;
	}
	return m;
}

static bool kinds_fit(struct checker *c, struct map_info *m, enum agg_kind agg, struct span span)
{
	if (!m->is_assigned || m->map->agg == agg)
		return true;
	if (m->map->agg && agg)
		tell_error(c, span, "%.*s is a %s(): it cannot be a %s() too",
			   STR_ARG(m->map->name), agg_name(m->map->agg), agg_name(agg));
	else if (m->map->agg)
		tell_error(c, span, "%.*s is a %s(): nothing else can be assigned",
			   STR_ARG(m->map->name), agg_name(m->map->agg));
	else
		tell_error(c, span, "%.*s holds plain values: it cannot be a %s()",
			   STR_ARG(m->map->name), agg_name(agg));
	if (m->map->agg && !agg)
		tell_hint(c, "clear(%.*s) and zero(%.*s) start it anew", STR_ARG(m->map->name),
			  STR_ARG(m->map->name));
	return false;
}

void map_take(struct checker *c, struct map_info *m, struct expr *value)
{
	if (!kinds_fit(c, m, AGG_NONE, value->span))
		return;
	m->is_assigned = true;
	struct type *t = type_kept(c, value->type);
	found_take(c, &m->value, t, is_literal_int(value));
	struct type *have = m->map->value;
	if (!c->is_final || !have)
		return;
	if (!type_join(c, have, t)) {
		struct str want = spell(c, have), got = spell(c, t);
		tell_error(c, value->span, "the values of %.*s are %.*s, not %.*s",
			   STR_ARG(m->map->name), STR_ARG(want), STR_ARG(got));
		return;
	}
	convert(c, value, have);
}

// --- at the end ---

void maps_next_pass(struct checker *c)
{
	for (size_t i = 0; i < c->maps.n; i++) {
		found_next_pass(c, &c->maps.v[i]->key);
		found_next_pass(c, &c->maps.v[i]->value);
		c->maps.v[i]->map->key = c->maps.v[i]->key.before;
		c->maps.v[i]->map->value = c->maps.v[i]->value.before;
	}
}

static int by_name(const void *a, const void *b)
{
	struct program_map *const *x = a, *const *y = b;
	return str_cmp((*x)->name, (*y)->name);
}

static void check_sizes(struct checker *c, const struct program_map *m)
{
	if (m->key && !m->key->size)
		tell_error(c, m->span, "a key of %.*s has no bytes", STR_ARG(m->name));
	if (m->key && m->key->size > KEY_SIZE_MAX) {
		tell_error(c, m->span, "a key of %.*s has %llu bytes: at most %u are possible",
			   STR_ARG(m->name), (unsigned long long)m->key->size, KEY_SIZE_MAX);
		tell_hint(c, "str(p, n) takes less of a string; so does a smaller max_strlen");
	}
	if (m->value->size > VALUE_SIZE_MAX)
		tell_error(c, m->span, "a value of %.*s has %llu bytes: at most %u are possible",
			   STR_ARG(m->name), (unsigned long long)m->value->size, VALUE_SIZE_MAX);
	size_t part = m->agg ? out_agg_size(m->out_value) : m->is_per_cpu ? m->value->size : 0;
	if (part > PER_CPU_SIZE_MAX)
		tell_error(c, m->span,
			   "a value of %.*s has %zu bytes for each CPU: at most %u are possible",
			   STR_ARG(m->name), part, PER_CPU_SIZE_MAX);
}

static void finish(struct checker *c, struct map_info *info)
{
	struct program_map *m = info->map;
	if (!m->value)
		return;
	m->is_signed = m->value->kind == TYPE_INT;
	m->is_per_cpu = m->agg || info->is_per_cpu_declared;
	if (m->key)
		m->out_key = check_shown(c->arena, m->key, c->options->secrets);
	if (m->agg) {
		struct out_type *o = ARENA_NEW(c->arena, struct out_type);
		*o = *info->agg_type;
		o->is_signed = m->is_signed;
		o->size = (uint32_t)out_agg_size(o);
		m->out_value = o;
	} else {
		m->out_value = check_shown(c->arena, m->value, c->options->secrets);
	}
	check_sizes(c, m);
}

void maps_finish(struct checker *c)
{
	struct program *p = c->program;
	p->maps = ARENA_ARRAY(c->arena, struct program_map *, c->maps.n);
	for (size_t i = 0; i < c->maps.n; i++) {
		finish(c, c->maps.v[i]);
		// Declared and never used, or misused: there is nothing to make.
		if (c->maps.v[i]->map->out_value)
			p->maps[p->n_maps++] = c->maps.v[i]->map;
	}
	if (p->n_maps)
		qsort(p->maps, p->n_maps, sizeof(struct program_map *), by_name);
	for (size_t i = 0; i < p->n_maps; i++)
		p->maps[i]->index = (uint32_t)i;
}
