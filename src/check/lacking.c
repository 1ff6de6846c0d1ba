// SPDX-License-Identifier: Apache-2.0
// Functions and sites that do not have what their clause asks for: of many, they are left out.
#include "check/checker.h"

// So many functions that are left out are named.
#define NAMED_MAX 5u
// And so many parameters that there are.
#define PARAMS_MAX 20u

// --- parameters ---

static bool has_arg(struct checker *c, const struct plan_probe *p, struct str name)
{
	bool is_copy = p->n_sites && p->sites[0].kind == SITE_COPY;
	const struct target_info *info = is_copy ? NULL : function_info(c, p);
	struct site_vars vars = { 0 };
	if (is_copy)
		vars = vars_at(c, p, &p->sites[0]);
	for (size_t i = 0; i < vars.n; i++)
		if (vars.v[i].is_param && str_eq(vars.v[i].name, name) &&
		    str_eq(vars.v[i].inlined_func, p->copy_of))
			return true;
	for (size_t i = 0; info && i < info->n_values; i++)
		if (!info->values[i].is_result && str_eq(info->values[i].name, name))
			return true;
	return false;
}

// How many words of a Go function's arguments there are, if that is known: before Go 1.17 nothing
// tells.
static bool has_fewer_words(struct checker *c, const struct plan_probe *p, uint32_t index)
{
	const struct target_info *info = function_info(c, p);
	size_t n = 0;
	if (!info || info->brief.lang != LANG_GO || info->brief.abi != ABI_GO_INTERNAL)
		return false;
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (v->is_result || v->is_hidden)
			continue;
		if (!v->is_known || v->words.is_cut)
			return false;
		n += v->words.n;
	}
	return index >= n;
}

static bool is_at_function(const struct plan_probe *p)
{
	return p->kind == PROBE_URETPROBE ||
	       (p->kind == PROBE_UPROBE && p->n_sites && p->sites[0].kind == SITE_ENTRY);
}

bool lacks_arg(struct checker *c, const struct plan_clause *clause, const struct plan_probe *p,
	       struct str name)
{
	uint32_t index;
	bool is_stack;
	// Copies are looked at by themselves.
	if (clause->probes.n < 2 || !is_at_function(p))
		return false;
	if (is_arg_word(name, &index, &is_stack))
		return has_fewer_words(c, p, index);
	const struct target_info *info = function_info(c, p);
	return info && info->brief.signature.len && !has_arg(c, p, name);
}

// The first parameter that p does not have; or empty.
static struct str lacks_param(struct checker *c, const struct plan_clause *clause,
			      const struct uses *u, const struct plan_probe *p)
{
	for (size_t i = 0; i < u->args.n; i++)
		if (u->args.v[i].is_needed && lacks_arg(c, clause, p, u->args.v[i].name.text))
			return u->args.v[i].name.text;
	return STR("");
}

static size_t n_needed(const struct uses *u)
{
	size_t n = 0;
	for (size_t i = 0; i < u->args.n; i++)
		n += u->args.v[i].is_needed;
	return n;
}

// Those that the functions have, each once.
static void offer_params(struct checker *c, const struct plan_clause *clause, struct name name)
{
	struct near near = near_init(name.text);
	struct name_list all = { 0 };
	for (size_t i = 0; i < clause->probes.n; i++) {
		const struct target_info *info = function_info(c, &clause->probes.v[i]);
		for (size_t k = 0; info && k < info->n_values; k++) {
			const struct target_value *v = &info->values[k];
			if (v->is_result || v->is_hidden || !v->name.len)
				continue;
			near_offer(&near, v->name);
			name_list_add(c->arena, &all, v->name);
		}
	}
	struct str list = STR("");
	for (size_t i = 0; i < MIN(all.n, (size_t)PARAMS_MAX); i++)
		list = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(list), i ? ", " : "",
				    STR_ARG(all.v[i]));
	if (near.n)
		tell_near(c, &near);
	else if (all.n)
		tell_hint(c, "they have: %.*s%s", STR_ARG(list), all.n > PARAMS_MAX ? ", ..." : "");
}

static bool is_word(struct str name)
{
	uint32_t index;
	bool is_stack;
	return is_arg_word(name, &index, &is_stack);
}

static struct str called(struct checker *c, struct str name)
{
	return is_word(name) ? name : arena_printf(c->arena, "parameter '%.*s'", STR_ARG(name));
}

static bool is_nowhere(struct checker *c, const struct plan_clause *clause, struct str name)
{
	for (size_t i = 0; i < clause->probes.n; i++)
		if (!lacks_arg(c, clause, &clause->probes.v[i], name))
			return false;
	return clause->probes.n > 0;
}

bool lacking_settle(struct checker *c, const struct plan_clause *clause, const struct uses *u)
{
	bool is_fine = true, have_some = clause->probes.n == 0;
	for (size_t i = 0; i < u->args.n; i++) {
		struct name name = u->args.v[i].name;
		if (!is_nowhere(c, clause, name.text))
			continue;
		struct str what = called(c, name.text);
		diag_error(c->diag, name.span, "none of these %zu functions has %s%.*s",
			   clause->probes.n, is_word(name.text) ? "" : "a ", STR_ARG(what));
		offer_params(c, clause, name);
		is_fine = false;
	}
	for (size_t i = 0; is_fine && i < clause->probes.n && !have_some; i++)
		have_some = !lacks_param(c, clause, u, &clause->probes.v[i]).len;
	if (is_fine && !have_some)
		diag_error(c->diag, clause_span(clause),
			   "none of these %zu functions has all parameters that are asked for",
			   clause->probes.n);
	return is_fine && have_some;
}

// --- sites ---

// Where a function jumps into another one, its results are not there yet.
static bool lacks_results(const struct uses *u, const struct plan_site *s)
{
	return u->has_results && s->is_tail_jump;
}

// Of an inlined copy's arguments only some can be read. The first one that cannot; or empty.
static struct str lacks_args(struct checker *c, const struct uses *u, const struct plan_probe *p,
			     const struct plan_site *s)
{
	if (s->kind != SITE_COPY)
		return STR("");
	if (u->has_words)
		return STR("an argument's word");
	for (size_t i = 0; i < u->args.n; i++)
		if (!has_arg(c, p, u->args.v[i].name.text))
			return arena_printf(c->arena, "args.%.*s", STR_ARG(u->args.v[i].name.text));
	return STR("");
}

// Of many functions, some may not let a probe be where their calls begin.
static bool lacks_entry(const struct plan_clause *clause, const struct uses *u,
			const struct plan_probe *p)
{
	return uses_entry(u, p) && !p->entry && clause->probes.n > 1;
}

bool lacking_nothing(struct checker *c, const struct plan_clause *clause, const struct uses *u,
		     const struct plan_probe *p, const struct plan_site *s)
{
	return !lacks_results(u, s) && !lacks_args(c, u, p, s).len && !lacks_entry(clause, u, p) &&
	       (u->returned || !lacks_param(c, clause, u, p).len);
}

struct block *lacking_rest(struct checker *c, const struct plan_clause *clause,
			   const struct uses *u, const struct plan_probe *p)
{
	if (!u->returned || !lacks_param(c, clause, u, p).len)
		return NULL;
	struct block *b = ARENA_NEW(c->arena, struct block);
	struct stmt *s = ARENA_NEW(c->arena, struct stmt);
	*s = (struct stmt) { .kind = STMT_EXPR, .height = 2, .span = u->returned->span };
	s->expr = script_copy_expr(c->arena, u->returned);
	b->v = ARENA_ARRAY(c->arena, struct stmt *, 1);
	b->v[b->n++] = s;
	b->span = u->returned->span;
	b->height = 3;
	return b;
}

// "3 functions are left out, which have no parameter 'key': main.a, main.b, main.c"
static void tell_params(struct checker *c, const struct plan_clause *clause, const struct uses *u)
{
	struct str lacks = STR(""), names = STR("");
	size_t n = 0;
	for (size_t i = 0; i < clause->probes.n; i++) {
		const struct plan_probe *p = &clause->probes.v[i];
		struct str name = lacks_param(c, clause, u, p);
		if (!name.len)
			continue;
		lacks = n ? lacks : called(c, name);
		if (n++ < NAMED_MAX)
			names = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(names),
					     n > 1 ? ", " : "", STR_ARG(p->func_name));
	}
	if (n > NAMED_MAX)
		names = arena_printf(c->arena, "%.*s and %zu more", STR_ARG(names), n - NAMED_MAX);
	bool is_one = n == 1, has_others = n_needed(u) > 1;
	if (n)
		diag_warning(c->diag, clause_span(clause),
			     "%zu function%s left out, which %s no %.*s%s: %.*s", n,
			     is_one ? " is" : "s are", is_one ? "has" : "have", STR_ARG(lacks),
			     has_others ? " or another one that is asked for" : "", STR_ARG(names));
}

void lacking_tell(struct checker *c, const struct plan_clause *clause, const struct uses *u)
{
	const struct plan_probe *jump = NULL, *copy = NULL, *entry = NULL;
	size_t n_jumps = 0, n_copies = 0, n_entries = 0;
	struct str lacks = STR("");
	for (size_t i = 0; i < clause->probes.n; i++) {
		const struct plan_probe *p = &clause->probes.v[i];
		size_t n_left = 0;
		for (size_t k = 0; k < p->n_sites; k++)
			n_left += lacks_results(u, &p->sites[k]);
		n_jumps += n_left != 0;
		jump = n_left && !jump ? p : jump;
		n_entries += lacks_entry(clause, u, p);
		entry = lacks_entry(clause, u, p) && !entry ? p : entry;
		struct str what = p->n_sites ? lacks_args(c, u, p, &p->sites[0]) : STR("");
		n_copies += what.len != 0;
		if (what.len && !copy) {
			copy = p;
			lacks = what;
		}
	}
	tell_params(c, clause, u);
	if (jump)
		diag_warning(c->diag, clause_span(clause),
			     "%.*s%s: retval is not known where a function ends with a jump into "
			     "another one; such exits are left out",
			     STR_ARG(jump->func_name), n_jumps > 1 ? " and others" : "");
	if (entry)
		diag_warning(c->diag, clause_span(clause),
			     "%zu function%s left out: of %.*s%s nothing can be kept from where a "
			     "call begins: %.*s",
			     n_entries, n_entries == 1 ? " is" : "s are", STR_ARG(entry->func_name),
			     n_entries > 1 ? " and others" : "", STR_ARG(entry->entry_why));
	if (copy)
		diag_warning(c->diag, clause_span(clause),
			     "%zu inlined cop%s of %.*s %s left out: %.*s cannot be read in %.*s%s",
			     n_copies, n_copies == 1 ? "y" : "ies", STR_ARG(copy->copy_of),
			     n_copies == 1 ? "is" : "are", STR_ARG(lacks), STR_ARG(copy->func_name),
			     n_copies > 1 ? " and others" : "");
}
