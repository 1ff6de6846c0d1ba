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

// --- without DWARF: one index of all inlined code, made when it is first asked for ---

struct indexing {
	struct target *t;
	const struct go_func *caller;
	struct map nodes; // of the caller: which copy a node is, as its list and number
};

struct node {
	struct copy_list *list;
	size_t number;
};

static struct copy_list *list_of(struct target *t, struct str name)
{
	uint64_t key = str_hash(name);
	struct copy_list *l = map_get(&t->inlines, key);
	if (!l) {
		l = ARENA_NEW(t->arena, struct copy_list);
		map_put(&t->inlines, key, l);
	}
	return l;
}

static bool index_inline(void *ctx, const struct go_inline *in)
{
	struct indexing *x = ctx;
	struct node *known = map_get(&x->nodes, in->node);
	if (known) {
		struct target_copy *c = &known->list->v.v[known->number];
		c->low = MIN(c->low, in->low);
		c->size += in->high - in->low;
		c->n_pieces++;
		return false;
	}
	struct copy_list *l = list_of(x->t, in->func);
	struct target_copy c = {
		.caller = x->caller->name,
		.via = str_eq(in->caller, x->caller->name) ? STR("") : in->caller,
		.pos = { in->call.file, (uint32_t)in->call.line },
		.low = in->low,
		.size = in->high - in->low,
		.n_pieces = 1,
	};
	known = ARENA_NEW(x->nodes.arena, struct node);
	*known = (struct node) { l, l->v.n };
	map_put(&x->nodes, in->node, known);
	VEC_PUSH(x->t->arena, &l->v, c);
	return false;
}

const struct copy_list *copies_by_pclntab(struct target *t, struct str name)
{
	if (!t->inlines_are_read) {
		t->inlines_are_read = true;
		t->inlines = map_init(t->arena);
		struct arena *scratch = arena_new();
		size_t n = go_n_funcs(t->go);
		for (size_t i = 0; i < n; i++) {
			struct go_func f;
			if (!go_func_get(t->go, i, &f) || !go_has_inlines(t->go, &f))
				continue;
			arena_clear(scratch);
			struct indexing x = { t, &f, map_init(scratch) };
			go_each_inline(t->go, &f, index_inline, &x);
		}
		arena_free(scratch);
	}
	static const struct copy_list none = { 0 };
	const struct copy_list *l = map_get(&t->inlines, str_hash(name));
	return l ? l : &none;
}

struct err *target_count_copies(struct target *t, const struct target_func *f, size_t *out)
{
	struct dwarf_func df;
	struct go_func gf;
	*out = 0;
	if (target_dwarf_func(t, f, &df))
		return dwarf_count_inlines(t->dwarf, df.origin, out);
	if (target_go_func(t, f, &gf))
		*out = copies_by_pclntab(t, gf.name)->v.n;
	return NULL;
}

static void use_list(struct target_info *info, const struct copy_list *l)
{
	info->copies = l->v.v;
	info->n_copies = l->v.n;
}

struct err *find_copies(struct target_about *a)
{
	if (a->has_dwarf)
		TRY(copies_by_dwarf(a->t, a->dwarf.origin, a->arena, a->info));
	else if (a->is_go)
		use_list(a->info, copies_by_pclntab(a->t, a->go.name));
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
		info->brief.lang = lang_of_dwarf(df.lang);
		TRY(copies_by_dwarf(t, df.origin, arena, info));
	} else if (target_go(t)) {
		use_list(info, copies_by_pclntab(t, name));
	}
	if (info->n_copies == 0)
		return err_new(ERR_NOTFOUND, "no inlined copy of %.*s", STR_ARG(name));
	struct target_func *f = ARENA_NEW(arena, struct target_func);
	f->name = f->symbol = arena_strdup(arena, name);
	info->func = f;
	*out = info;
	return NULL;
}
