// SPDX-License-Identifier: Apache-2.0
// The runtime's record of argument words (FUNCDATA_ArgInfo, Go >= 1.17): reading it, and finding
// the parameters that agree with it.
#include "target/go_params.h"

// How many ways of fitting unnamed parameters between the named ones are tried at most, and how
// many parameters a function may have for that.
#define FITS_MAX   4096u
#define FIT_PARAMS 20u
#define GROUPS_MAX 64u

static void take_word(struct group *g, const struct go_argword *w)
{
	if (g && g->n < ARRAY_LEN(g->words))
		g->words[g->n++] = *w;
}

void record_read(struct target_about *a, struct record *out)
{
	struct go_arginfo info;
	int depth = 0;
	*out = (struct record) { .is_there = go_arginfo(a->t->go, &a->go, &info) };
	if (!out->is_there)
		return;
	out->v = ARENA_ARRAY(a->arena, struct group, MIN(info.n, (size_t)GROUPS_MAX));
	for (size_t i = 0; i < info.n; i++) {
		const struct go_argword *w = &info.v[i];
		bool begins = depth == 0 && (w->kind == GO_ARG_OPEN || w->kind == GO_ARG_WORD ||
					     w->kind == GO_ARG_OFFSET_TOO_LARGE);
		if (begins && out->n == GROUPS_MAX) {
			out->is_cut = true;
			return;
		}
		out->n += begins;
		struct group *g = out->n ? &out->v[out->n - 1] : NULL;
		switch (w->kind) {
		case GO_ARG_OPEN:
			depth++;
			break;
		case GO_ARG_CLOSE:
			depth -= depth > 0;
			break;
		case GO_ARG_WORD:
			take_word(g, w);
			break;
		case GO_ARG_OFFSET_TOO_LARGE:
		case GO_ARG_DOTDOTDOT:
			if (depth == 0 && w->kind == GO_ARG_DOTDOTDOT)
				out->is_cut = true;
			else if (g)
				g->is_cut = true;
			break;
		}
	}
}

// The record leaves out the first parameter of every function with type arguments in its name,
// taking it for the dictionary; in generic methods from Go 1.20 on it is the receiver, in closures
// the first one of their own.
bool record_has(const struct target_about *a, size_t i)
{
	return i > 0 || !memchr(a->go.name.p, '[', a->go.name.len);
}

struct target_value record_value(struct target_about *a, const struct group *g, bool is_float)
{
	struct target_value v = { .name = STR("") };
	for (size_t i = 0; i < g->n; i++) {
		struct type_word w = {
			.path = g->n > 1 ? arena_printf(a->arena, "[%zu]", i) : STR(""),
			.off = g->words[i].off - g->words[0].off,
			.size = g->words[i].size,
			.cls = is_float ? WORD_FLOAT : WORD_INT,
		};
		VEC_PUSH(a->arena, &v.words, w);
	}
	return v;
}

// --- agreement ---

// Where the record counts the value's memory from: the start of the argument area.
static uint64_t area_off(const struct target_about *a, const struct go_abi_value *v)
{
	uint64_t from_cfa = v->in_registers ? v->spill_off
			    : v->places.n   ? (uint64_t)v->places.v[0].off
					    : 0;
	return from_cfa - go_abi_args_off(elf_arch(a->t->elf));
}

static bool has_word(const struct type_words *words, uint64_t off, uint32_t size)
{
	for (size_t i = 0; i < words->n; i++)
		if (words->v[i].off == off && words->v[i].size == size)
			return true;
	return false;
}

// shift: how much further from the start the record may have register parameters, because results
// that nothing tells of lie on the stack before them.
static bool group_agrees(const struct target_about *a, const struct group *g,
			 const struct go_abi_value *v, uint64_t shift)
{
	uint64_t base = area_off(a, v) + (v->in_registers ? shift : 0);
	if (!g->is_cut && g->n != v->words.n)
		return false;
	for (size_t i = 0; i < g->n; i++) {
		uint64_t off = g->words[i].off - base;
		// A cut group leaves out words that are nested too deep, anywhere.
		if (g->is_cut
			    ? !has_word(&v->words, off, g->words[i].size)
			    : (v->words.v[i].off != off || v->words.v[i].size != g->words[i].size))
			return false;
	}
	return true;
}

bool record_agrees(const struct target_about *a, const struct record *r, const struct value_list *l,
		   const struct assignment *as)
{
	size_t g = 0;
	uint64_t shift = 0;
	bool is_shifted = a->has_dwarf;
	for (size_t i = 0; i < l->n && !l->v[i].is_result; i++) {
		if (!record_has(a, i))
			continue;
		if (g == r->n)
			return r->is_cut;
		const struct group *group = &r->v[g++];
		if (!is_shifted && as->v[i].in_registers && group->n) {
			shift = group->words[0].off - area_off(a, &as->v[i]);
			is_shifted = true;
		}
		if (!group_agrees(a, group, &as->v[i], shift))
			return false;
	}
	return g == r->n;
}

// --- fitting ---

static const struct go_abi_value *by_name(const struct value_list *l, const struct assignment *as,
					  const struct target_value *v, size_t result_number)
{
	size_t results = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].is_result != v->is_result)
			continue;
		if (v->is_result ? results++ == result_number : str_eq(l->v[i].name, v->name))
			return &as->v[i];
	}
	return NULL;
}

static bool same_place(const struct go_abi_value *x, const struct go_abi_value *y)
{
	if (!y || x->in_registers != y->in_registers || x->places.n != y->places.n)
		return false;
	return x->places.n == 0 || (x->places.v[0].reg == y->places.v[0].reg &&
				    x->places.v[0].off == y->places.v[0].off);
}

// Another reading agrees as well: what it has elsewhere is not sure. Of unnamed parameters nothing
// is.
static void doubt(struct fit *best, const struct value_list *l, const struct assignment *as)
{
	size_t results = 0;
	for (size_t i = 0; i < best->list.n; i++) {
		const struct target_value *v = &best->list.v[i];
		bool is_named = v->is_result || v->is_hidden || v->name.len;
		if (!is_named || !same_place(&best->as.v[i], by_name(l, as, v, results)))
			best->is_sure[i] = false;
		results += v->is_result;
	}
}

static void try_fit(struct target_about *a, struct value_list list, const struct record *r,
		    struct fit *best)
{
	struct assignment as = go_assign(a, &list);
	if (!record_agrees(a, r, &list, &as))
		return;
	size_t votes = 0;
	for (size_t i = 0; i < list.n; i++)
		votes += dwarf_confirms(a, &list.v[i], &as.v[i]);
	if (best->found && votes == best->votes)
		doubt(best, &list, &as);
	if (best->found && votes <= best->votes)
		return;
	*best = (struct fit) { true, list, as, ARENA_ARRAY(a->arena, bool, list.n), votes };
	memset(best->is_sure, true, list.n);
}

// The list with unnamed parameters at the positions that the bits of where tell, floats by the bits
// of floats.
static struct value_list with_unnamed(struct target_about *a, const struct value_list *l,
				      const struct record *r, uint32_t where, uint32_t floats)
{
	struct value_list out = { 0 };
	size_t next = 0;
	for (size_t g = 0; g < r->n; g++) {
		if (next < l->n && !record_has(a, out.n))
			VEC_PUSH(a->arena, &out, l->v[next++]);
		if (where >> g & 1)
			VEC_PUSH(a->arena, &out, record_value(a, &r->v[g], floats >> g & 1));
		else if (next < l->n)
			VEC_PUSH(a->arena, &out, l->v[next++]);
	}
	while (next < l->n)
		VEC_PUSH(a->arena, &out, l->v[next++]);
	return out;
}

// What the record is cut before, DWARF of old versions may lack too: only what DWARF sees there is
// sure.
static void doubt_behind_cut(struct target_about *a, struct fit *f, const struct record *r)
{
	if (!f->found || !r->is_cut || go_minor(a->t->go) >= 22)
		return;
	size_t told = r->n;
	for (size_t i = 0; i < f->list.n; i++) {
		if (f->list.v[i].is_result || !record_has(a, i))
			continue;
		if (told > 0)
			told--;
		else
			f->is_sure[i] =
				f->is_sure[i] && dwarf_confirms(a, &f->list.v[i], &f->as.v[i]);
	}
}

// Of a parameter without a name not even the type is known: what comes behind it is sure only if
// DWARF sees it there.
static void doubt_behind_unnamed(struct target_about *a, struct fit *f)
{
	bool is_behind = false;
	// On the stack the record itself tells every place.
	if (!a->has_dwarf || a->info->brief.abi != ABI_GO_INTERNAL)
		return;
	for (size_t i = 0; i < f->list.n; i++) {
		const struct target_value *v = &f->list.v[i];
		if (v->is_result)
			continue;
		if (!v->type && !v->is_hidden && !v->is_receiver) {
			is_behind = true;
			f->is_sure[i] = false;
		} else if (is_behind) {
			f->is_sure[i] = f->is_sure[i] && dwarf_confirms(a, v, &f->as.v[i]);
		}
	}
}

// All ways to put missing unnamed parameters among the named ones; those with few floats first.
static void try_positions(struct target_about *a, const struct value_list *l,
			  const struct record *r, size_t missing, struct fit *best)
{
	size_t tries = 0;
	for (int n_floats = 0; (size_t)n_floats <= missing; n_floats++) {
		for (uint32_t where = 0; where < 1u << r->n; where++) {
			if ((size_t)__builtin_popcount(where) != missing)
				continue;
			uint32_t floats = 0;
			do { // all subsets of where
				if (__builtin_popcount(floats) == n_floats) {
					if (tries++ == FITS_MAX)
						return;
					try_fit(a, with_unnamed(a, l, r, where, floats), r, best);
				}
				floats = (floats - where) & where;
			} while (floats);
		}
	}
}

struct fit record_fit(struct target_about *a, const struct value_list *l, const struct record *r)
{
	struct fit best = { 0 };
	size_t named = 0;
	for (size_t i = 0; i < l->n; i++)
		named += !l->v[i].is_result && record_has(a, i);
	// From Go 1.22 on DWARF has them all.
	bool is_complete = named >= r->n || !a->has_dwarf || go_minor(a->t->go) >= 22;
	if (is_complete || r->n > FIT_PARAMS)
		try_fit(a, *l, r, &best);
	else
		try_positions(a, l, r, r->n - named, &best);
	doubt_behind_cut(a, &best, r);
	doubt_behind_unnamed(a, &best);
	return best;
}
