// SPDX-License-Identifier: Apache-2.0
// Parameters and results of Go functions. DWARF gives names, types and order; the calling
// convention gives places; the runtime's own record of argument words (ArgInfo) shows what DWARF
// leaves out: blank and unnamed parameters up to Go 1.21, the dictionary of generic functions up
// to 1.26.
#include <stdlib.h>

#include "target/internal.h"

// How many ways of fitting unnamed parameters between the named ones are tried at most.
#define FITS_MAX 4096u

struct value_list {
	VEC(struct target_value) v;
};

// One parameter in ArgInfo: its words.
struct group {
	struct go_argword words[64];
	size_t n;
	bool is_cut; // "..." stands in it
};

struct groups {
	struct group v[32];
	size_t n;
	bool is_cut; // there are more parameters than it tells
};

static void read_groups(const struct go_arginfo *info, struct groups *out)
{
	int depth = 0;
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < info->n; i++) {
		const struct go_argword *w = &info->v[i];
		bool begins = depth == 0 && (w->kind == GO_ARG_OPEN || w->kind == GO_ARG_WORD ||
					     w->kind == GO_ARG_OFFSET_TOO_LARGE);
		if (begins && out->n == ARRAY_LEN(out->v)) {
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
			if (g && g->n < ARRAY_LEN(g->words))
				g->words[g->n++] = *w;
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

// --- names ---

static bool is_generic_shape(struct str name)
{
	return str_find(name, STR("[go.shape.")) >= 0;
}

// The part behind the last closing bracket of type arguments: "" or ".func1" or ".Get".
static struct str after_brackets(struct str name)
{
	return str_from_off(name, (size_t)(str_rfind_byte(name, ']') + 1));
}

// Whether mark stands in s with a number behind it.
static bool has_numbered(struct str s, struct str mark)
{
	for (ptrdiff_t at; (at = str_find(s, mark)) >= 0;) {
		s = str_from_off(s, (size_t)at + mark.len);
		if (s.len && s.p[0] >= '0' && s.p[0] <= '9')
			return true;
	}
	return false;
}

// Function literals ("F.func1", "F.gowrap2", "F.deferwrap1", "F-range1") get no dictionary: they
// capture it.
bool is_go_literal(struct str name)
{
	static const char *const marks[] = { ".func", ".gowrap", ".deferwrap", "-range" };
	struct str tail = is_generic_shape(name) ? after_brackets(name) : name;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (has_numbered(tail, str_from(marks[i])))
			return true;
	return str_ends(name, STR("-fm"));
}

static bool is_generic_method(struct str name)
{
	struct str tail = after_brackets(name);
	return tail.len > 1; // ").M" or ".M"
}

// "main.(*Store).Get": "*main.Store"; "main.T.M": "main.T"; empty if the name is of no method.
static struct str receiver_type(struct arena *a, struct str name)
{
	ptrdiff_t dot = str_rfind_byte(name, '.');
	if (dot <= 0)
		return STR("");
	struct str owner = str_first(name, (size_t)dot);
	ptrdiff_t star = str_find(owner, STR(".(*"));
	if (star >= 0 && owner.p[owner.len - 1] == ')') {
		struct str pkg = str_first(owner, (size_t)star);
		struct str type = str_from_off(owner, (size_t)star + 3);
		return arena_printf(a, "*%.*s.%.*s", STR_ARG(pkg), (int)type.len - 1, type.p);
	}
	return owner;
}

static bool is_blank_name(struct str name)
{
	return name.len == 0 || str_eq(name, STR("_")) || str_starts(name, STR("~"));
}

// --- building the list ---

static struct err *value_of_var(struct target_about *a, const struct dwarf_var *var,
				struct target_value *out)
{
	*out = (struct target_value) {
		.name = is_blank_name(var->name) ? STR("") : var->name,
		.type = var->type,
		.is_result = var->kind == DWARF_RESULT,
		.is_hidden = str_eq(var->name, STR(".dict")),
	};
	return var->type ? type_flatten(a->t->arena, var->type, &out->words) : NULL;
}

static struct target_value dictionary(struct target_about *a)
{
	struct target_value v = { .name = STR(".dict"), .is_hidden = true };
	struct type_word w = { .path = STR(""), .size = 8 };
	VEC_PUSH(a->t->arena, &v.words, w);
	return v;
}

static struct target_value unnamed(struct target_about *a, const struct group *g, bool is_float)
{
	struct target_value v = { .name = STR("") };
	for (size_t i = 0; i < g->n; i++) {
		struct type_word w = {
			.path = g->n > 1 ? arena_printf(a->t->arena, "[%zu]", i) : STR(""),
			.off = g->words[i].off - g->words[0].off,
			.size = g->words[i].size,
			.cls = is_float ? WORD_FLOAT : WORD_INT,
		};
		VEC_PUSH(a->t->arena, &v.words, w);
	}
	return v;
}

static uint64_t size_of(const struct target_value *v)
{
	if (v->type)
		return v->type->size;
	const struct type_word *last = v->words.n ? &v->words.v[v->words.n - 1] : NULL;
	return last ? last->off + last->size : 0;
}

static uint32_t align_of(const struct target_value *v)
{
	if (v->type)
		return type_align(v->type);
	uint32_t align = 1;
	for (size_t i = 0; i < v->words.n; i++)
		align = MAX(align, v->words.v[i].size);
	return MIN(align, 8u);
}

struct assignment {
	struct go_abi_value *v;
	size_t n;
};

static struct assignment assign(struct target_about *a, const struct value_list *l)
{
	struct assignment as = { .n = l->v.n };
	as.v = ARENA_ARRAY(a->t->arena, struct go_abi_value, l->v.n);
	for (size_t i = 0; i < l->v.n; i++) {
		const struct target_value *v = &l->v.v[i];
		as.v[i] = (struct go_abi_value) { .words = v->words,
						  .size = size_of(v),
						  .align = align_of(v),
						  .is_result = v->is_result };
	}
	enum go_abi abi = a->info->brief.abi == ABI_GO0 ? GO_ABI0 : GO_ABI_INTERNAL;
	go_abi_assign(a->t->arena, elf_arch(a->t->elf), abi, as.v, as.n);
	return as;
}

// --- checking against ArgInfo ---

// Where ArgInfo counts the value's memory from: the start of the argument area.
static uint64_t area_off(const struct target_about *a, const struct go_abi_value *v)
{
	uint64_t from_cfa = v->in_registers ? v->spill_off
			    : v->places.n   ? (uint64_t)v->places.v[0].off
					    : 0;
	return from_cfa - go_abi_args_off(elf_arch(a->t->elf));
}

// shift: how much further from the start the record may have register parameters, because results
// that nothing tells of lie on the stack before them.
static bool group_agrees(const struct target_about *a, const struct group *g,
			 const struct go_abi_value *v, uint64_t shift)
{
	uint64_t base = area_off(a, v) + (v->in_registers ? shift : 0);
	if (g->is_cut ? g->n > v->words.n : g->n != v->words.n)
		return false;
	for (size_t i = 0; i < g->n; i++)
		if (g->words[i].size != v->words.v[i].size ||
		    g->words[i].off != base + v->words.v[i].off)
			return false;
	return true;
}

// The record leaves out the first parameter of every function with type arguments in its name,
// taking it for the dictionary; in generic methods from Go 1.20 on it is the receiver, in closures
// the first one of their own.
static bool is_in_record(const struct target_about *a, size_t i)
{
	return i > 0 || !memchr(a->go.name.p, '[', a->go.name.len);
}

static bool groups_agree(const struct target_about *a, const struct groups *groups,
			 const struct value_list *l, const struct assignment *as)
{
	size_t g = 0;
	uint64_t shift = 0;
	bool is_shifted = a->has_dwarf;
	for (size_t i = 0; i < l->v.n && !l->v.v[i].is_result; i++) {
		if (!is_in_record(a, i))
			continue;
		if (g == groups->n)
			return groups->is_cut;
		const struct group *group = &groups->v[g++];
		if (!is_shifted && as->v[i].in_registers && group->n) {
			shift = group->words[0].off - area_off(a, &as->v[i]);
			is_shifted = true;
		}
		if (!group_agrees(a, group, &as->v[i], shift))
			return false;
	}
	return g == groups->n;
}

// How many parameters DWARF sees at entry where this assignment puts them. DWARF is wrong now and
// then, but not for most parameters of a function.
static size_t dwarf_votes(struct target_about *a, const struct value_list *l,
			  const struct assignment *as)
{
	size_t votes = 0;
	for (size_t i = 0; i < l->v.n; i++) {
		const struct target_value *v = &l->v.v[i];
		const struct places *p = &as->v[i].places;
		if (v->is_result || !v->name.len || !as->v[i].in_registers || p->n == 0)
			continue;
		for (size_t k = 0; k < a->vars.n; k++) {
			const struct dwarf_var *var = &a->vars.v[k];
			if (var->kind != DWARF_PARAM || var->inlined_func.len || var->n_locs == 0 ||
			    !str_eq(var->name, v->name))
				continue;
			const struct dwarf_loc *loc = &var->locs[0];
			votes += loc->low == a->f->vaddr && loc->places.n &&
				 loc->places.v[0].kind == PLACE_REG &&
				 loc->places.v[0].reg == p->v[0].reg;
		}
	}
	return votes;
}

// The list with unnamed parameters at the positions that the bits of where tell, floats by the bits
// of floats.
static struct value_list with_unnamed(struct target_about *a, const struct value_list *l,
				      const struct groups *groups, uint32_t where, uint32_t floats)
{
	struct value_list out = { 0 };
	size_t next = 0;
	for (size_t g = 0; g < groups->n; g++) {
		if (next < l->v.n && !is_in_record(a, next))
			VEC_PUSH(a->t->arena, &out.v, l->v.v[next++]);
		if (where >> g & 1)
			VEC_PUSH(a->t->arena, &out.v, unnamed(a, &groups->v[g], floats >> g & 1));
		else if (next < l->v.n)
			VEC_PUSH(a->t->arena, &out.v, l->v.v[next++]);
	}
	while (next < l->v.n)
		VEC_PUSH(a->t->arena, &out.v, l->v.v[next++]);
	return out;
}

struct fit {
	struct value_list list;
	struct assignment as;
	size_t votes;
	bool found;
};

static void try_fit(struct target_about *a, struct value_list list, const struct groups *groups,
		    struct fit *best)
{
	struct assignment as = assign(a, &list);
	if (!groups_agree(a, groups, &list, &as))
		return;
	size_t votes = dwarf_votes(a, &list, &as);
	if (!best->found || votes > best->votes)
		*best = (struct fit) { list, as, votes, true };
}

// Finds the list that agrees with ArgInfo, adding unnamed parameters where it must.
static struct fit fit_to_arginfo(struct target_about *a, const struct value_list *l,
				 const struct groups *groups)
{
	struct fit best = { 0 };
	size_t named = 0;
	for (size_t i = 0; i < l->v.n; i++)
		named += !l->v.v[i].is_result && is_in_record(a, i);
	if (named >= groups->n || groups->n > 20) {
		try_fit(a, *l, groups, &best);
		return best;
	}
	size_t tries = 0, missing = groups->n - named;
	for (uint32_t where = 0; where < 1u << groups->n; where++) {
		if ((size_t)__builtin_popcount(where) != missing)
			continue;
		// Every choice of which of them are floats: subsets of where, none first.
		uint32_t floats = 0;
		do {
			if (tries++ == FITS_MAX)
				return best;
			try_fit(a, with_unnamed(a, l, groups, where, floats), groups, &best);
			floats = (floats - where) & where;
		} while (floats);
	}
	return best;
}

// --- stack ABI without ArgInfo (Go 1.15 and 1.16) ---

// DWARF's own stack offsets show gaps where unnamed parameters are; the size of the whole area
// shows where results are.
static void shift_on_stack(struct target_about *a, const struct value_list *l,
			   struct assignment *as)
{
	int64_t shift = 0, end = 0, results_size = 0, results_start = -1;
	for (size_t i = 0; i < as->n; i++) {
		struct places *p = &as->v[i].places;
		if (p->n == 0 || p->v[0].kind != PLACE_CFA)
			continue;
		if (as->v[i].is_result) {
			if (results_start < 0)
				results_start = p->v[0].off;
			results_size = p->v[0].off + (int64_t)as->v[i].size - results_start;
			continue;
		}
		for (size_t k = 0; k < a->vars.n; k++) {
			const struct dwarf_var *var = &a->vars.v[k];
			if (var->kind == DWARF_PARAM && !var->inlined_func.len && var->n_locs &&
			    l->v.v[i].name.len && str_eq(var->name, l->v.v[i].name) &&
			    var->locs[0].places.n && var->locs[0].places.v[0].kind == PLACE_CFA &&
			    var->locs[0].places.v[0].off > p->v[0].off + shift)
				shift = var->locs[0].places.v[0].off - p->v[0].off;
		}
		p->v[0].off += shift;
		end = p->v[0].off + (int64_t)as->v[i].size;
	}
	if (results_start < 0 || a->go.args == GO_ARGS_UNKNOWN)
		return;
	int64_t start = (int64_t)a->go.args - ((results_size + 7) & ~(int64_t)7);
	if (start < end || start < results_start)
		return;
	for (size_t i = 0; i < as->n; i++)
		if (as->v[i].is_result && as->v[i].places.n)
			as->v[i].places.v[0].off += start - results_start;
}

// --- the result ---

static void set_places(struct target_about *a, struct target_value *v,
		       const struct go_abi_value *as)
{
	struct arena *arena = a->t->arena;
	v->is_known = true;
	v->word_places = ARENA_ARRAY(arena, struct places, v->words.n);
	for (size_t i = 0; i < v->words.n; i++) {
		struct place *p = ARENA_NEW(arena, struct place);
		if (as->in_registers && i < as->places.n) {
			*p = as->places.v[i];
		} else {
			int64_t off = as->places.n ? as->places.v[0].off : 0;
			*p = (struct place) { .kind = PLACE_MEM,
					      .reg = (uint16_t)insn_reg_sp(target_arch(a->t)),
					      .off = off + (int64_t)v->words.v[i].off +
						     cfa_above_sp(a->t) };
		}
		p->size = v->words.v[i].size;
		p->off_in_value = 0;
		v->word_places[i] = (struct places) { p, 1 };
	}
}

static void finish(struct target_about *a, struct value_list *l, const struct assignment *as)
{
	for (size_t i = 0; as && i < l->v.n; i++)
		set_places(a, &l->v.v[i], &as->v[i]);
	a->info->values = l->v.v;
	a->info->n_values = l->v.n;
}

static void note(struct target_about *a, struct str text)
{
	VEC_PUSH(a->t->arena, &a->info->notes, text);
}

// An assembly function's DWARF has no parameters, but the wrapper that calls it for compiled code
// does.
static struct err *vars_of_wrapper(struct target_about *a, struct dwarf_vars *out)
{
	struct str name = a->f->symbol;
	if (!str_ends(name, STR(".abi0")))
		return NULL;
	name.len -= strlen(".abi0");
	const struct target_func *v;
	size_t n;
	TRY(target_funcs(a->t, &v, &n));
	for (size_t i = 0; i < n; i++) {
		struct dwarf_func df;
		if (str_eq(v[i].symbol, name) && target_dwarf_func(a->t, &v[i], &df))
			return dwarf_func_vars(a->t->dwarf, &df, DWARF_VARS_PARAMS, out);
	}
	return NULL;
}

static struct err *collect(struct target_about *a, struct value_list *l)
{
	struct dwarf_vars vars = a->vars;
	if (a->go.is_asm)
		TRY(vars_of_wrapper(a, &vars));
	bool has_dict = false;
	for (int results = 0; results < 2; results++) {
		for (size_t i = 0; i < vars.n; i++) {
			const struct dwarf_var *var = &vars.v[i];
			enum dwarf_var_kind want = results ? DWARF_RESULT : DWARF_PARAM;
			if (var->kind != want || var->inlined_func.len || is_repeated(&vars, i))
				continue;
			struct target_value v;
			TRY(value_of_var(a, var, &v));
			has_dict = has_dict || v.is_hidden;
			VEC_PUSH(a->t->arena, &l->v, v);
		}
	}
	struct str name = a->go.name;
	struct str dwarf_name = a->has_dwarf ? a->dwarf.name : a->f->symbol;
	if (is_generic_shape(dwarf_name) && !is_go_literal(dwarf_name) && !a->go.is_wrapper &&
	    !has_dict) {
		// The receiver comes first from Go 1.20 on.
		size_t at =
			is_generic_method(dwarf_name) && go_minor(a->t->go) >= 20 && l->v.n ? 1 : 0;
		VEC_PUSH(a->t->arena, &l->v, dictionary(a));
		for (size_t i = l->v.n - 1; i > at; i--) {
			struct target_value tmp = l->v.v[i];
			l->v.v[i] = l->v.v[i - 1];
			l->v.v[i - 1] = tmp;
		}
	}
	struct str recv = receiver_type(a->t->arena, name);
	if (l->v.n && recv.len && l->v.v[0].type && !l->v.v[0].is_result &&
	    str_eq(type_spell(a->t->arena, l->v.v[0].type), recv))
		l->v.v[0].is_receiver = true;
	return NULL;
}

// Without DWARF: the words alone, as far as the record tells.
static void values_from_record(struct target_about *a, const struct groups *groups,
			       struct value_list *l)
{
	for (size_t g = 0; g < groups->n; g++)
		VEC_PUSH(a->t->arena, &l->v, unnamed(a, &groups->v[g], false));
	if (groups->is_cut)
		note(a, STR("it has more parameters than the runtime's record tells"));
	if (!is_in_record(a, 0))
		note(a, STR("the runtime's record leaves out the first parameter of a generic "
			    "function: places of the others are not known"));
}

static void note_unknown_types(struct target_about *a)
{
	if (a->info->brief.abi == ABI_GO_INTERNAL)
		note(a, STR("types are not known: a floating-point word would be in a vector "
			    "register and an array on the stack, and the words behind it earlier"));
}

struct err *go_find_values(struct target_about *a)
{
	struct value_list l = { 0 };
	struct go_arginfo arginfo;
	struct groups groups = { 0 };
	bool has_arginfo = go_arginfo(a->t->go, &a->go, &arginfo);
	if (has_arginfo)
		read_groups(&arginfo, &groups);
	TRY(collect(a, &l));
	bool is_abi_known = a->info->brief.abi != ABI_NONE;
	if (l.v.n == 0 && groups.n == 0 && !has_arginfo && a->info->brief.abi == ABI_GO0 &&
	    a->go.args != GO_ARGS_UNKNOWN && a->go.args > 0)
		note(a, arena_printf(a->t->arena,
				     "its parameters and results take %d bytes from [sp+0x%x] on; "
				     "nothing says what they are",
				     a->go.args, (unsigned)cfa_above_sp(a->t)));
	if (l.v.n == 0 && groups.n && !a->has_dwarf) {
		values_from_record(a, &groups, &l);
		// What comes before the words that it tells is not known then.
		is_abi_known = is_abi_known && is_in_record(a, 0);
	}
	if (!is_abi_known) {
		finish(a, &l, NULL);
		if (l.v.n && a->info->brief.abi == ABI_NONE)
			note(a, STR("assembly that may use either calling convention: places of "
				    "parameters are not known"));
		return NULL;
	}
	if (!has_arginfo) {
		struct assignment as = assign(a, &l);
		if (a->info->brief.abi == ABI_GO0)
			shift_on_stack(a, &l, &as);
		finish(a, &l, &as);
		return NULL;
	}
	struct fit fit = fit_to_arginfo(a, &l, &groups);
	if (fit.found) {
		finish(a, &fit.list, &fit.as);
		if (!a->has_dwarf)
			note_unknown_types(a);
		return NULL;
	}
	finish(a, &l, NULL);
	if (a->has_dwarf)
		note(a,
		     STR("its parameters in DWARF do not agree with the runtime's record of them: "
			 "places are not told"));
	else
		note(a,
		     STR("the runtime's record is not that of values in integer registers alone: "
			 "places are not told"));
	return NULL;
}
