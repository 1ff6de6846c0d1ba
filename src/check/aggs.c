// SPDX-License-Identifier: Apache-2.0
// Aggregations, and functions about maps.
#include "check/checker.h"

// --- aggregations ---

FUNCTION_CHECK(check_agg_outside)
{
	tell_error(c, e->span, "%s() stands only behind '@map ='", f->name);
	tell_hint(c, "@%s = %s", f->name, f->usage);
}

static enum agg_kind agg_of(enum function id)
{
	return (enum agg_kind)(AGG_COUNT + (id - FUNCTION_COUNT));
}

static bool bounds_of(struct checker *c, struct expr_list *args, struct out_type *t)
{
	int64_t min, max, step;
	if (!constant_of(c, args->v[1], "where lhist() begins", &min) ||
	    !constant_of(c, args->v[2], "where lhist() ends", &max) ||
	    !constant_of(c, args->v[3], "the step of lhist()", &step))
		return false;
	t->lhist.min = min;
	t->lhist.max = max;
	t->lhist.step = (uint64_t)step;
	if (min >= max) {
		tell_error(c, args->v[2]->span, "lhist() must end after where it begins");
		return false;
	}
	if (step <= 0) {
		tell_error(c, args->v[3]->span, "the step of lhist() must be more than 0");
		return false;
	}
	size_t n = out_lhist_buckets(min, max, t->lhist.step);
	if (n <= OUT_LHIST_BUCKETS_MAX)
		return true;
	tell_error(c, args->v[3]->span, "lhist() would have %zu buckets: at most %d are possible",
		   n, OUT_LHIST_BUCKETS_MAX);
	return false;
}

static bool series_of(struct checker *c, struct expr_list *args, struct out_type *t)
{
	static const struct {
		const char *name;
		enum out_kind agg;
	} kinds[] = {
		{ "avg", OUT_AVG }, { "min", OUT_MIN }, { "max", OUT_MAX }, { "sum", OUT_SUM }
	};
	int64_t interval, n;
	struct str agg = STR("");
	if (!constant_of(c, args->v[1], "the interval of tseries()", &interval) ||
	    !constant_of(c, args->v[2], "the number of intervals", &n) ||
	    (args->n > 3 && !constant_text_of(c, args->v[3], "how tseries() counts", &agg)))
		return false;
	t->tseries.interval_ns = (uint64_t)interval;
	t->tseries.n_intervals = (uint32_t)n;
	if (interval <= 0)
		tell_error(c, args->v[1]->span, "the interval must be more than 0");
	else if (n < 1 || n > 1000)
		tell_error(c, args->v[2]->span, "there can be from 1 to 1000 intervals");
	else if (!agg.len)
		return true;
	for (size_t i = 0; agg.len && i < ARRAY_LEN(kinds); i++) {
		if (!str_eq(agg, str_from(kinds[i].name)))
			continue;
		t->tseries.agg = kinds[i].agg;
		return interval > 0 && n >= 1 && n <= 1000;
	}
	if (agg.len)
		tell_error(c, args->v[3]->span,
			   "tseries() counts \"avg\", \"min\", \"max\" or \"sum\"");
	return false;
}

static bool bits_of(struct checker *c, struct expr_list *args, struct out_type *t)
{
	int64_t bits = 0;
	if (args->n > 1 && !constant_of(c, args->v[1], "the precision of hist()", &bits))
		return false;
	t->bits = (uint8_t)bits;
	if (bits >= 0 && bits <= OUT_HIST_BITS_MAX)
		return true;
	tell_error(c, args->v[1]->span, "the precision of hist() is from 0 to %d",
		   OUT_HIST_BITS_MAX);
	return false;
}

static bool same_shape(const struct out_type *a, const struct out_type *b)
{
	return a->bits == b->bits && a->lhist.min == b->lhist.min && a->lhist.max == b->lhist.max &&
	       a->lhist.step == b->lhist.step && a->tseries.interval_ns == b->tseries.interval_ns &&
	       a->tseries.n_intervals == b->tseries.n_intervals && a->tseries.agg == b->tseries.agg;
}

// The numbers that say what an aggregation is like, which are the same everywhere.
static bool shape_of(struct checker *c, struct map_info *m, enum agg_kind agg, struct expr *call)
{
	struct out_type *t = ARENA_NEW(c->arena, struct out_type);
	struct expr_list *args = &call->call.args;
	t->kind = (enum out_kind)(OUT_COUNT + (agg - AGG_COUNT));
	if ((agg == AGG_HIST && !bits_of(c, args, t)) ||
	    (agg == AGG_LHIST && !bounds_of(c, args, t)) ||
	    (agg == AGG_TSERIES && !series_of(c, args, t)))
		return false;
	if (!m->agg_type) {
		m->agg_type = t;
		return true;
	}
	if (same_shape(m->agg_type, t))
		return true;
	tell_error(c, call->span, "%.*s is a %s() with other numbers elsewhere",
		   STR_ARG(m->map->name), agg_name(agg));
	return false;
}

static bool agg_fits(struct checker *c, struct map_info *m, enum agg_kind agg, struct expr *call)
{
	if (!m->is_assigned || m->map->agg == agg)
		return true;
	if (m->map->agg)
		tell_error(c, call->span, "%.*s is a %s(): it cannot be a %s() too",
			   STR_ARG(m->map->name), agg_name(m->map->agg), agg_name(agg));
	else
		tell_error(c, call->span, "%.*s holds plain values: it cannot be a %s()",
			   STR_ARG(m->map->name), agg_name(agg));
	return false;
}

static bool agg_value(struct checker *c, struct map_info *m, struct expr *call)
{
	struct type *t = type_int(c, true, 8);
	if (!call->call.args.n) {
		found_take(c, &m->value, t, false);
		return true;
	}
	struct expr *value = call->call.args.v[0];
	check_expr(c, value);
	if (!number_of(c, value, "what is counted"))
		return false;
	bool is_signed = value->type->kind == TYPE_INT || value->type->kind == TYPE_BOOL ||
			 (value->type->kind == TYPE_ENUM && value->type->is_signed);
	t = type_int(c, is_signed, 8);
	found_take(c, &m->value, t, is_literal_int(value));
	if (c->is_final && m->map->value)
		convert(c, value, m->map->value);
	return true;
}

// times(ns, has_failed)
static bool failed_of(struct checker *c, struct expr *e)
{
	check_expr(c, e);
	if (!condition_of(c, e))
		return false;
	if (c->is_final)
		convert(c, e, c->basic.boolean);
	return true;
}

void map_take_agg(struct checker *c, struct map_info *m, struct expr *call)
{
	const struct function_info *f = function_find(call->call.name.text);
	enum agg_kind agg = agg_of(f->id);
	size_t n = call->call.args.n;
	call->type = c->basic.none;
	if (n < f->min_args || n > f->max_args) {
		tell_error(c, call->span, "%s() does not take %zu arguments", f->name, n);
		tell_hint(c, "%s", f->usage);
		return;
	}
	if (!agg_fits(c, m, agg, call) || !shape_of(c, m, agg, call))
		return;
	m->map->agg = agg;
	m->is_assigned = true;
	if (!agg_value(c, m, call))
		return;
	if (agg == AGG_TIMES && n > 1 && !failed_of(c, call->call.args.v[1]))
		return;
	struct call_use *use = call_use_new(c, call, f);
	use->map = m->map;
	if (n > 1 && agg != AGG_TIMES && c->is_final)
		call->call.args.n = 1;
}

// --- maps ---

// delete(@m, k) is delete(@m[k]).
static bool bring_keys_in(struct checker *c, struct expr *e, const struct function_info *f)
{
	struct expr *map = e->call.args.v[0];
	if (map->kind != EXPR_MAP) {
		if (map->kind != EXPR_BAD)
			tell_error(c, map->span, "%s() takes a map: %s", f->name, f->usage);
		return false;
	}
	if (e->call.args.n == 1 || (f->id == FUNCTION_FIND && e->call.args.n == 2))
		return true;
	struct expr *key = e->call.args.v[1];
	if (map->map.has_keys) {
		tell_error(c, key->span, "%s() takes one entry", f->name);
		tell_hint(c, "%s", f->usage);
		return false;
	}
	map->map.has_keys = true;
	// (1, "a") as one argument are two keys.
	if (key->kind == EXPR_TUPLE && key->items.n)
		map->map.keys = key->items;
	else
		VEC_PUSH(c->arena, &map->map.keys, key);
	for (size_t i = 2; i < e->call.args.n; i++)
		e->call.args.v[i - 1] = e->call.args.v[i];
	e->call.args.n--;
	map->height = (uint16_t)(key->height + 1);
	return true;
}

static struct map_info *entry_of(struct checker *c, struct expr *e, const struct function_info *f)
{
	if (!bring_keys_in(c, e, f))
		return NULL;
	struct expr *map = e->call.args.v[0];
	struct map_info *m = map_entry(c, map);
	if (!m)
		return NULL;
	if (!found_type(&m->value)) {
		check_map(c, map);
		return NULL;
	}
	map->type = found_type(&m->value);
	struct call_use *use = call_use_new(c, e, f);
	use->map = m->map;
	return m;
}

FUNCTION_CHECK(check_delete)
{
	e->type = c->basic.boolean;
	struct expr *map = e->call.args.v[0];
	if (f->id == FUNCTION_HAS_KEY && e->call.args.n == 1 && map->kind == EXPR_MAP &&
	    !map->map.has_keys) {
		tell_error(c, e->span, "has_key() takes a map and a key: %s", f->usage);
		return;
	}
	entry_of(c, e, f);
}

FUNCTION_CHECK(check_find)
{
	e->type = c->basic.boolean;
	struct expr *var = e->call.args.v[e->call.args.n - 1];
	if (var->kind != EXPR_VAR) {
		tell_error(c, var->span, "find() puts the value into a variable: %s", f->usage);
		return;
	}
	struct map_info *m = entry_of(c, e, f);
	if (!m)
		return;
	if (m->map->agg && !agg_has_number(m->map->agg)) {
		tell_error(c, e->span, "%.*s is a %s(): it is no value", STR_ARG(m->map->name),
			   agg_name(m->map->agg));
		return;
	}
	struct var_info *v = var_assigned(c, var);
	struct expr value = { .kind = EXPR_MAP, .span = var->span };
	value.type = found_type(&m->value);
	var_take(c, v, value.type, false, &value);
	var->type = v->fixed ? v->fixed : found_type(&v->type);
	if (c->is_final && var->type && !type_same(var->type, found_type(&m->value)))
		tell_error(c, var->span, "'$%.*s' and the values of %.*s are of different types",
			   STR_ARG(var->var.name), STR_ARG(m->map->name));
}

FUNCTION_CHECK(check_len)
{
	struct expr *arg = e->call.args.v[0];
	check_nesting(c, e->span, 1);
	if (arg->kind == EXPR_MAP && !arg->map.has_keys) {
		struct map_info *m = map_whole(c, arg, f->name);
		if (!m)
			return;
		bool is_scalar_map = m->has_use && !m->has_keys;
		if (!is_scalar_map) {
			struct call_use *use = call_use_new(c, e, f);
			use->map = m->map;
			arg->type = c->basic.none;
			e->type = type_int(c, true, 8);
			return;
		}
	}
	check_expr(c, arg);
	if (!arg->type)
		return;
	if (check_go_len(c, e, arg, false))
		return;
	if (arg->type->kind == TYPE_ARRAY) {
		set_int(c, e, type_int(c, true, 8), arg->type->count);
		return;
	}
	if (arg->type->kind != TYPE_OPAQUE || arg->type->shown->kind != OUT_STACK) {
		tell_no_len(c, arg, f);
		return;
	}
	call_use_new(c, e, f);
	e->type = type_int(c, true, 8);
}
