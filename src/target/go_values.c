// SPDX-License-Identifier: Apache-2.0
// Parameters and results of Go functions. DWARF gives names, types and order; the calling
// convention gives places; the runtime's own record of argument words shows what DWARF leaves out:
// blank and unnamed parameters up to Go 1.21, the dictionary of generic functions up to 1.26. What
// can be read in more than one way gets no place.
#include <stdlib.h>

#include "target/go_params.h"

static void note(struct target_about *a, struct str text)
{
	VEC_PUSH(a->arena, &a->info->notes, text);
}

// --- what DWARF sees ---

// All pieces are in one stretch of the stack: where it begins, from CFA.
static bool stack_start(const struct places *p, int64_t *off)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct place *at = &p->v[i];
		int64_t start = at->off - (int64_t)at->off_in_value;
		if (at->kind != PLACE_CFA || (i && start != *off))
			return false;
		*off = start;
	}
	return p->n > 0;
}

// A parameter on the stack stays where the caller has put it, so that any location there will do;
// else only the one at the function's first instruction.
const struct places *dwarf_param_places(const struct target_about *a, struct str name)
{
	for (size_t i = 0; name.len && i < a->vars.n; i++) {
		const struct dwarf_var *v = &a->vars.v[i];
		if (v->kind != DWARF_PARAM || v->inlined_func.len || !str_eq(v->name, name))
			continue;
		if (v->n_locs && v->locs[0].low == a->f->vaddr)
			return &v->locs[0].places;
		for (size_t k = 0; k < v->n_locs; k++) {
			int64_t off = 0;
			// Below CFA is the function's own frame.
			if (stack_start(&v->locs[k].places, &off) && off >= 0)
				return &v->locs[k].places;
		}
		return NULL;
	}
	return NULL;
}

bool dwarf_confirms(const struct target_about *a, const struct target_value *v,
		    const struct go_abi_value *as)
{
	const struct places *seen = v->is_result ? NULL : dwarf_param_places(a, v->name);
	if (!seen || seen->n == 0 || as->places.n == 0)
		return false;
	int64_t off = 0;
	if (!as->in_registers && as->places.n == 1 && stack_start(seen, &off))
		return as->places.v[0].kind == PLACE_CFA && as->places.v[0].off == off;
	if (seen->n != as->places.n)
		return false;
	for (size_t i = 0; i < seen->n; i++) {
		const struct place *x = &seen->v[i], *y = &as->places.v[i];
		bool same = x->kind == PLACE_REG ? x->reg == y->reg
						 : x->kind == PLACE_CFA && x->off == y->off;
		if (x->kind != y->kind || x->off_in_value != y->off_in_value || !same)
			return false;
	}
	return true;
}

// --- collecting them ---

static struct err *value_of_var(struct target_about *a, const struct dwarf_var *var,
				struct target_value *out)
{
	*out = (struct target_value) {
		.name = is_blank_name(var->name) ? STR("") : var->name,
		.type = var->type,
		.is_result = var->kind == DWARF_RESULT,
	};
	return var->type ? type_flatten(a->arena, var->type, &out->words) : NULL;
}

// A value that DWARF does not have: one word, an integer.
static struct target_value one_word(struct target_about *a, struct str name)
{
	struct target_value v = { .name = name };
	VEC_PUSH(a->arena, &v.words, (struct type_word) { .path = STR(""), .size = 8 });
	return v;
}

static void insert_at(struct target_about *a, struct value_list *l, size_t at,
		      struct target_value v)
{
	VEC_PUSH(a->arena, l, v);
	for (size_t i = l->n - 1; i > at; i--) {
		struct target_value tmp = l->v[i];
		l->v[i] = l->v[i - 1];
		l->v[i - 1] = tmp;
	}
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
			return dwarf_func_vars(a->t->dwarf, &df, DWARF_VARS_PARAMS, a->arena, out);
	}
	return NULL;
}

// "~p3": the fourth parameter. Functions that were also inlined have them behind all named ones in
// DWARF.
static bool blank_position(struct str name, uint64_t *out)
{
	return str_starts(name, STR("~p")) && str_to_u64(str_from_off(name, 2), out);
}

static struct err *collect_params(struct target_about *a, const struct dwarf_vars *vars,
				  struct value_list *l)
{
	struct target_value v;
	uint64_t at;
	for (size_t i = 0; i < vars->n; i++) {
		const struct dwarf_var *var = &vars->v[i];
		if (var->kind != DWARF_PARAM || var->inlined_func.len ||
		    str_eq(var->name, STR(".dict")) || blank_position(var->name, &at))
			continue;
		TRY(value_of_var(a, var, &v));
		VEC_PUSH(a->arena, l, v);
	}
	for (size_t i = 0; i < vars->n; i++) {
		const struct dwarf_var *var = &vars->v[i];
		if (var->kind != DWARF_PARAM || var->inlined_func.len ||
		    !blank_position(var->name, &at))
			continue;
		TRY(value_of_var(a, var, &v));
		insert_at(a, l, (size_t)MIN(at, (uint64_t)l->n), v);
	}
	return NULL;
}

// The receiver, which DWARF up to Go 1.21 lacks when it is blank. Only if the name surely is a
// method's.
static struct err *add_receiver(struct target_about *a, struct value_list *l)
{
	struct str recv = receiver_type(a->arena, a->has_dwarf ? a->dwarf.name : a->go.name);
	if (!recv.len || !a->has_dwarf)
		return NULL;
	if (l->n && l->v[0].type && str_eq(type_spell(a->arena, l->v[0].type), recv)) {
		l->v[0].is_receiver = true;
		return NULL;
	}
	struct target_value v = one_word(a, STR(""));
	v.is_receiver = true;
	struct err *e = dwarf_find_type(a->t->dwarf, recv, &v.type);
	if (err_catch(&e, ERR_NOTFOUND)) {
		if (recv.p[0] != '*')
			return NULL; // no method after all
	} else if (e) {
		return e;
	} else {
		v.words = (struct type_words) { 0 };
		TRY(type_flatten(a->arena, v.type, &v.words));
	}
	insert_at(a, l, 0, v);
	return NULL;
}

static void add_dictionary(struct target_about *a, struct value_list *l)
{
	struct str name = a->has_dwarf ? a->dwarf.name : a->f->symbol;
	if (!a->has_dwarf || !is_generic_shape(name) || is_go_literal(name) || a->go.is_wrapper)
		return;
	// The receiver comes first from Go 1.20 on.
	size_t at = is_generic_method(name) && go_minor(a->t->go) >= 20 && l->n ? 1 : 0;
	struct target_value dict = one_word(a, STR(".dict"));
	dict.is_hidden = true;
	insert_at(a, l, at, dict);
}

static bool result_number(struct str name, uint64_t *out)
{
	return str_starts(name, STR("~r")) && str_to_u64(str_from_off(name, 2), out);
}

// "~r1": the second result. Up to Go 1.16 the number counts parameters too, also those that DWARF
// does not have: there only the order of the numbers tells.
static bool result_position(struct target_about *a, const struct dwarf_vars *vars, struct str name,
			    uint64_t *out)
{
	uint64_t number, other, n_before = 0;
	if (!result_number(name, &number))
		return false;
	for (size_t i = 0; i < vars->n; i++) {
		const struct dwarf_var *v = &vars->v[i];
		n_before += v->kind == DWARF_RESULT && !v->inlined_func.len &&
			    result_number(v->name, &other) && other < number;
	}
	*out = go_minor(a->t->go) < 17 ? n_before : number;
	return true;
}

// Named ones in order, then those without a name at their numbers: DWARF may have them last.
static struct err *collect_results(struct target_about *a, const struct dwarf_vars *vars,
				   struct value_list *l)
{
	size_t n_params = l->n;
	uint64_t at = 0;
	for (int unnamed = 0; unnamed < 2; unnamed++) {
		for (size_t i = 0; i < vars->n; i++) {
			const struct dwarf_var *var = &vars->v[i];
			struct target_value v;
			if (var->kind != DWARF_RESULT || var->inlined_func.len ||
			    is_repeated(vars, i) ||
			    result_position(a, vars, var->name, &at) != unnamed)
				continue;
			TRY(value_of_var(a, var, &v));
			insert_at(a, l, unnamed ? (size_t)MIN(n_params + at, (uint64_t)l->n) : l->n,
				  v);
		}
	}
	return NULL;
}

static struct err *collect(struct target_about *a, struct value_list *l)
{
	struct dwarf_vars vars = a->vars;
	if (a->go.is_asm)
		TRY(vars_of_wrapper(a, &vars));
	TRY(collect_params(a, &vars, l));
	if (!a->go.is_asm)
		TRY(add_receiver(a, l));
	add_dictionary(a, l);
	return collect_results(a, &vars, l);
}

// --- places ---

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

struct assignment go_assign(struct target_about *a, const struct value_list *l)
{
	struct assignment as = { .n = l->n };
	as.v = ARENA_ARRAY(a->arena, struct go_abi_value, l->n);
	for (size_t i = 0; i < l->n; i++)
		as.v[i] = (struct go_abi_value) { .words = l->v[i].words,
						  .size = size_of(&l->v[i]),
						  .align = align_of(&l->v[i]),
						  .is_result = l->v[i].is_result };
	enum go_abi abi = a->info->brief.abi == ABI_GO0 ? GO_ABI0 : GO_ABI_INTERNAL;
	go_abi_assign(a->arena, elf_arch(a->t->elf), abi, as.v, as.n);
	return as;
}

static void set_places(struct target_about *a, struct target_value *v,
		       const struct go_abi_value *as)
{
	v->is_known = true;
	v->word_places = ARENA_ARRAY(a->arena, struct places, v->words.n);
	for (size_t i = 0; i < v->words.n; i++) {
		struct place *p = ARENA_NEW(a->arena, struct place);
		if (as->in_registers && i < as->places.n) {
			*p = as->places.v[i];
			// The code that grows the stack saves only what the function uses.
			v->is_lost_on_restart |=
				a->restarts && !v->is_result &&
				!insn_regs_has(target_arch(a->t), a->saved_on_restart, p->reg);
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

// is_sure: by value; NULL: none is.
static void finish(struct target_about *a, const struct value_list *l, const struct assignment *as,
		   const bool *is_sure)
{
	size_t unsure = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (as && is_sure[i])
			set_places(a, &l->v[i], &as->v[i]);
		unsure += as && !is_sure[i] && (l->v[i].name.len || l->v[i].is_result);
	}
	a->info->values = l->v;
	a->info->n_values = l->n;
	if (unsure)
		note(a, STR("some of its parameters have no name, and nothing tells which: places "
			    "that "
			    "depend on it are not told"));
}

// --- stack ABI without the record (Go 1.15 and 1.16) ---

// Bytes of the parameters' area that the list accounts for.
static int64_t stack_end(const struct assignment *as, bool results)
{
	int64_t end = 0;
	for (size_t i = 0; i < as->n; i++)
		if (as->v[i].is_result == results && as->v[i].places.n)
			end = MAX(end, as->v[i].places.v[0].off + (int64_t)as->v[i].size);
	return (end + 7) & ~(int64_t)7;
}

// DWARF's own stack offsets hold in any case; without one a parameter has its place only if all of
// them together account for the whole area. The results lie at its end.
static void place_on_stack(struct target_about *a, const struct value_list *l,
			   struct assignment *as, bool *is_sure)
{
	int64_t params = stack_end(as, false), all = MAX(params, stack_end(as, true));
	bool adds_up = a->go.args == GO_ARGS_UNKNOWN || all == a->go.args;
	for (size_t i = 0; i < as->n; i++) {
		struct places *p = &as->v[i].places;
		const struct places *seen = dwarf_param_places(a, l->v[i].name);
		// One that is not aligned to a word may have moved into the padding, for one
		// without a name.
		is_sure[i] = adds_up && (l->v[i].is_result || align_of(&l->v[i]) >= 8);
		if (l->v[i].is_result && p->n && !adds_up && a->go.args > all) {
			p->v[0].off += a->go.args - all;
			is_sure[i] = true;
		} else if (!l->v[i].is_result && seen && seen->n && p->n &&
			   seen->v[0].kind == PLACE_CFA) {
			p->v[0].off = seen->v[0].off;
			is_sure[i] = true;
		}
	}
}

// --- the steps ---

// The type of a method's parameter number i, the receiver's first; NULL: nothing tells it.
static struct type *method_param(struct target_about *a, const struct go_method *m, size_t i)
{
	if (i > 0) {
		bool is_there = i - 1 < m->func->n_params && !m->func->params[i - 1].is_result;
		return is_there ? m->func->params[i - 1].type : NULL;
	}
	if (!m->by_ptr)
		return m->recv;
	struct type *t = ARENA_NEW(a->arena, struct type);
	*t = (struct type) { .kind = TYPE_PTR, .size = 8, .elem = m->recv, .is_complete = true };
	return t;
}

// The words of a type, if they are those of the record.
static bool words_of_type(struct target_about *a, struct type *t, const struct group *g,
			  struct type_words *out)
{
	struct err *e = t ? type_flatten(a->arena, t, out) : NULL;
	bool is_same = t && !e && !g->is_cut && out->n == g->n;
	for (size_t i = 0; is_same && i < g->n; i++)
		is_same = out->v[i].off == g->words[i].off - g->words[0].off &&
			  out->v[i].size == g->words[i].size;
	err_free(e);
	return is_same;
}

// Without DWARF: the words alone, as far as the record tells. Of methods that reflection knows it
// is also known which of them are floating-point numbers.
static void values_from_record(struct target_about *a, const struct record *r, struct value_list *l)
{
	struct go_method m;
	bool is_method = go_method_types(a->t->go, a->go.entry, &m);
	a->are_words_typed = is_method && record_has(a, 0);
	for (size_t g = 0; g < r->n; g++) {
		struct target_value v = record_value(a, &r->v[g], false);
		struct type_words words;
		if (a->are_words_typed &&
		    words_of_type(a, method_param(a, &m, g), &r->v[g], &words))
			v.words = words;
		else
			a->are_words_typed = false;
		a->info->may_have_params |= r->v[g].is_cut;
		VEC_PUSH(a->arena, l, v);
	}
	a->info->may_have_params |= r->is_cut || !record_has(a, 0);
	if (r->is_cut)
		note(a, STR("it has more parameters than the runtime's record tells"));
	if (!record_has(a, 0))
		note(a, STR("the runtime's record leaves out the first parameter of a generic "
			    "function: places of the others are not known"));
}

static void note_unknown_words(struct target_about *a)
{
	if (a->info->brief.abi == ABI_GO0 && a->go.args != GO_ARGS_UNKNOWN && a->go.args > 0)
		note(a, arena_printf(a->arena,
				     "its parameters and results take %d bytes from [sp+0x%x] on; "
				     "nothing says more of them",
				     a->go.args, (unsigned)cfa_above_sp(a->t)));
}

// No reading agrees with the record: what does not depend on it, or what DWARF sees just there,
// still holds.
static void finish_disagreed(struct target_about *a, const struct value_list *l)
{
	struct assignment as = go_assign(a, l);
	bool *is_sure = ARENA_ARRAY(a->arena, bool, l->n);
	for (size_t i = 0; i < l->n; i++) {
		is_sure[i] = l->v[i].is_result ? as.v[i].in_registers
					       : dwarf_confirms(a, &l->v[i], &as.v[i]);
		if (is_sure[i])
			set_places(a, &l->v[i], &as.v[i]);
	}
	a->info->values = l->v;
	a->info->n_values = l->n;
	if (a->has_dwarf)
		note(a,
		     STR("its parameters in DWARF do not agree with the runtime's record of them: "
			 "only places that do not depend on it are told"));
	else
		note(a,
		     STR("the runtime's record is not that of values in integer registers alone: "
			 "places are not told"));
}

static void finish_with_record(struct target_about *a, struct value_list *l, const struct record *r)
{
	struct fit fit = record_fit(a, l, r);
	if (!fit.found) {
		finish_disagreed(a, l);
		return;
	}
	finish(a, &fit.list, &fit.as, fit.is_sure);
	if (!a->has_dwarf && a->info->brief.abi == ABI_GO_INTERNAL && !a->are_words_typed)
		note(a, STR("types are not known: a floating-point word would be in a vector "
			    "register and an array on the stack, and the words behind it earlier"));
}

struct err *go_find_values(struct target_about *a)
{
	struct value_list l = { 0 };
	struct record r;
	record_read(a, &r);
	TRY(collect(a, &l));
	bool is_abi_known = a->info->brief.abi != ABI_NONE;
	bool is_bare = l.n == 0 && (!a->has_dwarf || a->go.is_asm);
	if (is_bare && r.n) {
		values_from_record(a, &r, &l);
		// What comes before the words that it tells is not known then.
		is_abi_known = is_abi_known && record_has(a, 0);
	}
	if (is_bare && (!r.is_there || a->go.is_asm)) {
		note_unknown_words(a);
		a->info->may_have_params = a->go.args != 0;
	}
	if (!is_abi_known) {
		finish(a, &l, NULL, NULL);
		if (l.n && a->info->brief.abi == ABI_NONE)
			note(a, STR("assembly that may use either calling convention: places of "
				    "parameters are not known"));
	} else if (r.is_there) {
		finish_with_record(a, &l, &r);
	} else {
		struct assignment as = go_assign(a, &l);
		bool *is_sure = ARENA_ARRAY(a->arena, bool, l.n);
		memset(is_sure, true, l.n);
		if (a->info->brief.abi == ABI_GO0)
			place_on_stack(a, &l, &as, is_sure);
		finish(a, &l, &as, is_sure);
	}
	return NULL;
}

// --- values that the caller knows ---

// Go <= 1.16 keeps only how many bytes all of them take.
static bool adds_up(const struct target_about *a, const struct assignment *as)
{
	return a->go.args == GO_ARGS_UNKNOWN ||
	       MAX(stack_end(as, false), stack_end(as, true)) == a->go.args;
}

struct err *target_place_values(struct target *t, const struct target_func *f, struct arena *arena,
				struct target_value *values, size_t n)
{
	struct target_about a;
	struct target_info info = { 0 };
	struct record r;
	TRY(about_function(&a, t, f, arena, &info));
	for (size_t i = 0; i < n; i++) {
		values[i].words = (struct type_words) { 0 };
		TRY(type_flatten(arena, values[i].type, &values[i].words));
	}
	struct value_list l = { values, n, n };
	enum target_abi abi = info.brief.abi;
	if (!a.is_go || (abi != ABI_GO0 && abi != ABI_GO_INTERNAL))
		return err_new(ERR_UNSUPPORTED, "%.*s follows no calling convention of Go",
			       STR_ARG(f->name));
	struct assignment as = go_assign(&a, &l);
	record_read(&a, &r);
	if (r.is_there ? !record_agrees(&a, &r, &l, &as) : abi == ABI_GO0 && !adds_up(&a, &as))
		return err_new(ERR_UNSUPPORTED,
			       "%.*s has other parameters in %s (%.*s): what the program keeps of "
			       "them does not agree",
			       STR_ARG(f->name), target_name(t), STR_ARG(target_go_version(t)));
	for (size_t i = 0; i < n; i++)
		set_places(&a, &values[i], &as.v[i]);
	return NULL;
}
