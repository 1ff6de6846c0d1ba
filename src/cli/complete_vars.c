// SPDX-License-Identifier: Apache-2.0
// Variables for the Tab key: those of the functions that stand on the command line, or of a line.
#include "cli/complete.h"

#define VARS_MAX 200u

struct names {
	struct arena *arena;
	VEC(struct str) v;
};

static void add(struct names *n, struct str name)
{
	// Not what compilers call results without a name.
	if (!name.len || name.p[0] == '~' || n->v.n >= VARS_MAX)
		return;
	for (size_t i = 0; i < n->v.n; i++)
		if (str_eq(n->v.v[i], name))
			return;
	VEC_PUSH(n->arena, &n->v, arena_strdup(n->arena, name));
}

// "store.go:38"
static struct err *add_line(struct names *n, struct target *t, struct str place, ptrdiff_t colon)
{
	struct target_line_site *sites;
	size_t n_sites;
	uint64_t line;
	if (!str_to_u64(str_from_off(place, (size_t)colon + 1), &line) || line > UINT32_MAX)
		return NULL;
	TRY(target_line_sites(t, str_first(place, (size_t)colon), (uint32_t)line, 0, &sites,
			      &n_sites));
	for (size_t i = 0; i < n_sites; i++) {
		struct target_var *vars;
		size_t n_vars;
		if (!sites[i].func)
			continue;
		TRY(target_vars_at(t, sites[i].func, sites[i].vaddr, n->arena, &vars, &n_vars));
		for (size_t k = 0; k < n_vars; k++)
			add(n, vars[k].name);
	}
	return NULL;
}

static struct err *add_function(struct names *n, struct target *t, const char *word,
				bool has_locals)
{
	struct target_matches m;
	struct target_info *info;
	TRY(target_match(t, &word, 1, &m));
	if (!m.n)
		TRY(target_match_last(t, word, &m));
	if (!m.n)
		return NULL;
	TRY(target_info(t, m.v[0], n->arena, &info));
	for (size_t i = 0; i < info->n_values; i++)
		if (!info->values[i].is_hidden && (has_locals || !info->values[i].is_result))
			add(n, info->values[i].name);
	for (size_t i = 0; has_locals && i < info->n_locals; i++)
		add(n, info->locals[i].name);
	return NULL;
}

struct err *complete_vars(struct arena *a, const char *target, const char *place, bool has_locals,
			  struct str **out, size_t *n)
{
	struct names names = { .arena = a };
	struct target *t;
	struct str text = str_from(place);
	ptrdiff_t colon = str_rfind_byte(text, ':');
	TRY(target_open(target, NULL, &t));
	struct err *e = colon > 0 ? add_line(&names, t, text, colon)
				  : add_function(&names, t, place, has_locals);
	target_close(t);
	*out = names.v.v;
	*n = names.v.n;
	return e;
}
