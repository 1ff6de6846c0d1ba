// SPDX-License-Identifier: Apache-2.0
// Parameters and results of C, C++ and Rust functions: where DWARF places them at entry, else where
// the calling convention (System V x86-64, AAPCS64) does.
#include <elf.h>

#include "target/internal.h"

// The part of a value's places that holds one of its words; none if a byte of it is missing.
static struct places cut_out(struct arena *a, const struct places *whole, const struct type_word *w)
{
	VEC(struct place) l = { 0 };
	uint64_t n = 0;
	for (size_t i = 0; i < whole->n; i++) {
		struct place p = whole->v[i];
		uint64_t low = MAX(w->off, p.off_in_value), high = w->off + w->size;
		if (p.size)
			high = MIN(high, p.off_in_value + p.size);
		if (low >= high)
			continue;
		*(p.kind == PLACE_DEREF ? &p.off2 : &p.off) += (int64_t)(low - p.off_in_value);
		p.off_in_value = low - w->off;
		p.size = high - low;
		n += p.size;
		VEC_PUSH(a, &l, p);
	}
	return n == w->size ? (struct places) { l.v, l.n } : (struct places) { 0 };
}

void place_words(struct arena *a, struct target_value *v, const struct places *whole)
{
	struct places *l = ARENA_ARRAY(a, struct places, v->words.n);
	for (size_t i = 0; i < v->words.n; i++) {
		l[i] = cut_out(a, whole, &v->words.v[i]);
		if (l[i].n == 0)
			return;
	}
	v->word_places = l;
	v->is_known = true;
}

// --- DWARF ---

// A place where a value can come in. A slot below CFA is one that the body fills, though a location
// that holds for the whole function (without optimisation) names it. Memory at another register
// than those that pass addresses is in the frame: clang and Rust mean the stack pointer as it is
// later.
static bool is_incoming(const struct target_about *a, const struct place *p)
{
	// rdx rcx rsi rdi r8 r9; x0 to x8
	unsigned passing = elf_arch(a->t->elf) == ELF_X86_64 ? 0x336 : 0x1ff;
	if (p->kind == PLACE_MEM)
		return p->reg < 16 && (passing >> p->reg & 1);
	return p->kind == PLACE_REG || (p->kind == PLACE_CFA && p->off >= 0);
}

static const struct dwarf_loc *loc_at_entry(const struct target_about *a,
					    const struct dwarf_var *var)
{
	for (size_t i = 0; i < var->n_locs; i++)
		if (var->locs[i].low <= a->f->vaddr && a->f->vaddr < var->locs[i].high)
			return &var->locs[i];
	return NULL;
}

// Places a value where DWARF has it at the function's entry, if it says.
static void place_by_dwarf(const struct target_about *a, const struct dwarf_var *var,
			   struct target_value *v)
{
	const struct dwarf_loc *l = loc_at_entry(a, var);
	if (!l || !places_are_whole(&l->places, &v->words))
		return;
	struct places whole = { ARENA_ARRAY(a->arena, struct place, l->places.n), l->places.n };
	for (size_t i = 0; i < whole.n; i++) {
		struct place *p = &whole.v[i];
		*p = l->places.v[i];
		if (!is_incoming(a, p))
			return;
		if (p->kind == PLACE_CFA) {
			p->kind = PLACE_MEM;
			p->reg = (uint16_t)insn_reg_sp(target_arch(a->t));
			p->off += cfa_above_sp(a->t);
		}
	}
	place_words(a->arena, v, &whole);
}

// --- whether the convention holds ---

struct param {
	const struct dwarf_var *var; // NULL: the result
	struct target_value by_dwarf;
};

struct values {
	VEC(struct target_value) l; // by the convention
	VEC(struct param) params;   // of the same index
};

// What compilers put behind the name of a copy of a function that is called in its own way.
static bool is_clone(struct str symbol)
{
	static const char *const marks[] = { ".constprop", ".isra",    ".part.",  ".specialized.",
					     ".argprom",   ".argelim", ".retelim" };
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (str_find(symbol, str_from(marks[i])) >= 0)
			return true;
	return false;
}

// Only code in this program calls it, so that a compiler may change how. Link-time optimisation
// makes functions local that are not so in the source.
static bool is_local(const struct target_about *a)
{
	const struct elf_sym *syms;
	size_t n;
	if (!a->dwarf.is_external || !a->t->debug)
		return !a->dwarf.is_external;
	struct err *e = elf_symbols(a->t->debug, &syms, &n);
	if (e) {
		err_free(e);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (syms[i].vaddr == a->f->vaddr && str_eq(syms[i].name, a->f->symbol))
			return syms[i].bind == STB_LOCAL;
	return false;
}

// Whether some of it is in a register or in memory when the function is entered. If not, it may not
// be passed at all: callers that are known need not pass what is not used, or is always the same.
static bool is_passed(const struct target_about *a, const struct dwarf_var *var)
{
	const struct dwarf_loc *l = loc_at_entry(a, var);
	for (size_t i = 0; l && i < l->places.n; i++) {
		enum place_kind kind = l->places.v[i].kind;
		if (kind == PLACE_REG || kind == PLACE_MEM || kind == PLACE_CFA ||
		    kind == PLACE_DEREF)
			return true;
	}
	return false;
}

static bool same_places(const struct target_value *x, const struct target_value *y)
{
	for (size_t i = 0; i < x->words.n; i++) {
		const struct places *p = &x->word_places[i], *q = &y->word_places[i];
		for (size_t k = 0; k < p->n && k < q->n; k++)
			if (p->v[k].kind != q->v[k].kind || p->v[k].reg != q->v[k].reg ||
			    p->v[k].off != q->v[k].off)
				return false;
	}
	return true;
}

// One parameter that is elsewhere, or that nobody passes, and the ones after it may be elsewhere
// too.
static bool follows_convention(const struct target_about *a, const struct values *v)
{
	if (is_clone(a->f->symbol))
		return false;
	bool has_missing = false;
	for (size_t i = 0; i < v->l.n; i++) {
		const struct target_value *x = &v->l.v[i];
		const struct param *p = &v->params.v[i];
		if (x->is_known && p->by_dwarf.is_known && !same_places(x, &p->by_dwarf))
			return false;
		has_missing |= p->var && x->words.n && !is_passed(a, p->var);
	}
	return !has_missing || !is_local(a);
}

// clang before 17 drops the results that no caller uses, and says it nowhere.
static bool may_lack_result(const struct target_about *a, const struct values *v)
{
	bool is_optimised = false;
	for (size_t i = 0; i < v->l.n; i++)
		is_optimised |= v->params.v[i].by_dwarf.is_known;
	return is_optimised && !a->dwarf.is_external &&
	       str_find(a->dwarf.producer, STR("clang")) >= 0;
}

static void choose_places(struct target_about *a, struct values *v)
{
	bool is_trusted = follows_convention(a, v), has_lost = false;
	for (size_t i = 0; i < v->l.n; i++) {
		struct target_value *x = &v->l.v[i];
		if (v->params.v[i].by_dwarf.is_known) {
			*x = v->params.v[i].by_dwarf;
		} else if (!is_trusted && x->is_known && x->words.n) {
			x->is_known = false;
			x->word_places = NULL;
			has_lost = true;
		} else if (x->is_result && x->is_known && may_lack_result(a, v)) {
			VEC_PUSH(a->arena, &a->info->notes,
				 STR("clang may have dropped the result of this local function, if "
				     "no caller uses it"));
		}
	}
	if (has_lost)
		VEC_PUSH(a->arena, &a->info->notes,
			 STR("the compiler changed how this function is called: only what the "
			     "debug information places at its entry is known"));
}

// --- all values ---

// GCC describes what constructors and destructors of classes with virtual bases could be given, in
// the source that their variants are made from: the first is never passed, the second not to all.
static bool is_imaginary(const struct dwarf_var *var)
{
	return var->is_artificial && (str_eq(var->name, STR("__in_chrg")) ||
				      (str_eq(var->name, STR("__vtt_parm")) && var->n_locs == 0));
}

static struct err *add_value(struct target_about *a, struct values *l, struct target_value v,
			     const struct dwarf_var *var)
{
	if (v.type && is_nullptr_type(v.type))
		VEC_PUSH(a->arena, &v.words, (struct type_word) { .type = v.type, .size = 8 });
	else if (v.type)
		TRY(type_flatten(a->arena, v.type, &v.words));
	struct param p = { .var = var, .by_dwarf = v };
	if (var)
		place_by_dwarf(a, var, &p.by_dwarf);
	VEC_PUSH(a->arena, &l->l, v);
	VEC_PUSH(a->arena, &l->params, p);
	return NULL;
}

struct err *c_find_values(struct target_about *a)
{
	struct values l = { 0 };
	for (size_t i = 0; i < a->vars.n; i++) {
		const struct dwarf_var *var = &a->vars.v[i];
		if (var->kind != DWARF_PARAM || var->inlined_func.len || is_imaginary(var))
			continue;
		struct target_value v = { .name = var->name, .type = var->type };
		v.is_receiver = var->is_artificial && str_eq(var->name, STR("this"));
		TRY(add_value(a, &l, v, var));
	}
	struct type *ret = NULL;
	TRY(dwarf_func_return_type(a->t->dwarf, &a->dwarf, &ret));
	if (ret)
		TRY(add_value(a, &l, (struct target_value) { .type = ret, .is_result = true },
			      NULL));
	// Rust promises no calling convention of its own.
	if (a->info->brief.lang != LANG_RUST)
		c_abi_assign(a->arena, elf_arch(a->t->elf), l.l.v, l.l.n);
	choose_places(a, &l);
	a->info->values = l.l.v;
	a->info->n_values = l.l.n;
	return NULL;
}
