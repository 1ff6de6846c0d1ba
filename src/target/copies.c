// SPDX-License-Identifier: Apache-2.0
// Where a function was inlined: through DWARF, else through the inline trees of pclntab.
#include "target/internal.h"

static struct err *copies_by_dwarf(struct target *t, uint64_t origin, struct arena *arena,
				   struct target_info *info)
{
	struct dwarf_inlines list;
	TRY(dwarf_inlines_of(t->dwarf, origin, &list));
	info->copies = ARENA_ARRAY(arena, struct target_copy, list.n);
	for (size_t i = 0; i < list.n; i++) {
		const struct dwarf_inline *in = &list.v[i];
		struct target_copy c = { .caller = in->caller,
					 .via = str_eq(in->parent, in->caller) ? STR("")
									       : in->parent,
					 .pos = { in->call_file, in->call_line },
					 .low = in->n_ranges ? in->ranges[0].low : 0,
					 .n_pieces = in->n_ranges };
		for (size_t k = 0; k < in->n_ranges; k++)
			c.size += in->ranges[k].high - in->ranges[k].low;
		info->copies[info->n_copies++] = c;
	}
	return NULL;
}

// Copies in one function after the other; those of one copy's pieces share a node.
struct search {
	struct arena *arena;
	struct str name;
	const struct go_func *caller;
	VEC(struct target_copy) v;
	VEC(uint32_t) nodes; // of the copies in v
	size_t first;        // of caller's copies in v
};

static bool take_inline(void *ctx, const struct go_inline *in)
{
	struct search *s = ctx;
	if (!str_eq(in->func, s->name))
		return false;
	for (size_t i = s->first; i < s->v.n; i++) {
		if (s->nodes.v[i] == in->node) {
			s->v.v[i].size += in->high - in->low;
			s->v.v[i].low = MIN(s->v.v[i].low, in->low);
			s->v.v[i].n_pieces++;
			return false;
		}
	}
	struct target_copy c = {
		.caller = s->caller->name,
		.via = str_eq(in->caller, s->caller->name) ? STR("") : in->caller,
		.pos = { in->call.file, (uint32_t)in->call.line },
		.low = in->low,
		.size = in->high - in->low,
		.n_pieces = 1,
	};
	VEC_PUSH(s->arena, &s->v, c);
	VEC_PUSH(s->arena, &s->nodes, in->node);
	return false;
}

static void copies_by_pclntab(struct target *t, struct str name, struct arena *arena,
			      struct target_info *info)
{
	struct search s = { .arena = arena, .name = name };
	size_t n = go_n_funcs(t->go);
	for (size_t i = 0; i < n; i++) {
		struct go_func f;
		if (!go_func_get(t->go, i, &f) || !go_has_inlines(t->go, &f))
			continue;
		s.caller = &f;
		s.first = s.v.n;
		go_each_inline(t->go, &f, take_inline, &s);
	}
	info->copies = s.v.v;
	info->n_copies = s.v.n;
}

// How often each function was inlined, by pclntab: counted in one pass over all functions.
struct tally {
	struct target *t;
	struct map seen; // nodes counted in the function at hand
};

static bool tally_inline(void *ctx, const struct go_inline *in)
{
	struct tally *c = ctx;
	if (map_get(&c->seen, in->node))
		return false;
	map_put(&c->seen, in->node, c);
	uint64_t key = str_hash(in->func);
	size_t *count = map_get(&c->t->inline_counts, key);
	if (!count) {
		count = ARENA_NEW(c->t->arena, size_t);
		map_put(&c->t->inline_counts, key, count);
	}
	++*count;
	return false;
}

static void count_by_pclntab(struct target *t)
{
	t->inlines_are_counted = true;
	t->inline_counts = map_init(t->arena);
	size_t n = go_n_funcs(t->go);
	for (size_t i = 0; i < n; i++) {
		struct go_func f;
		if (!go_func_get(t->go, i, &f) || !go_has_inlines(t->go, &f))
			continue;
		struct arena *scratch = arena_new();
		struct tally c = { .t = t, .seen = map_init(scratch) };
		go_each_inline(t->go, &f, tally_inline, &c);
		arena_free(scratch);
	}
}

struct err *target_count_copies(struct target *t, const struct target_func *f, size_t *out)
{
	struct dwarf_func df;
	struct go_func gf;
	*out = 0;
	if (target_dwarf_func(t, f, &df))
		return dwarf_count_inlines(t->dwarf, df.origin, out);
	if (!target_go_func(t, f, &gf))
		return NULL;
	if (!t->inlines_are_counted)
		count_by_pclntab(t);
	const size_t *count = map_get(&t->inline_counts, str_hash(gf.name));
	*out = count ? *count : 0;
	return NULL;
}

struct err *find_copies(struct target_about *a)
{
	if (a->has_dwarf)
		TRY(copies_by_dwarf(a->t, a->dwarf.origin, a->arena, a->info));
	else if (a->is_go)
		copies_by_pclntab(a->t, a->go.name, a->arena, a->info);
	return NULL;
}

struct err *target_find_inlined(struct target *t, struct str name, struct arena *arena,
				struct target_info **out)
{
	struct target_info *info = ARENA_NEW(arena, struct target_info);
	struct dwarf *dw = target_dwarf(t);
	if (dw) {
		struct dwarf_func df;
		TRY(dwarf_find_abstract(dw, name, &df));
		info->brief.pos = (struct target_pos) { df.file, df.line };
		info->brief.lang = df.lang == DWARF_LANG_GO ? LANG_GO : LANG_C;
		TRY(copies_by_dwarf(t, df.origin, arena, info));
	} else if (target_go(t)) {
		copies_by_pclntab(t, name, arena, info);
	}
	if (info->n_copies == 0)
		return err_new(ERR_NOTFOUND, "no inlined copy of %.*s", STR_ARG(name));
	struct target_func *f = ARENA_NEW(arena, struct target_func);
	f->name = f->symbol = arena_strdup(arena, name);
	info->func = f;
	*out = info;
	return NULL;
}
