// SPDX-License-Identifier: Apache-2.0
// Parameters and results of C, C++ and Rust functions: where DWARF places them at entry, else where
// the calling convention (System V x86-64, AAPCS64) does.
#include "target/internal.h"

static const uint8_t x86_int_args[] = { 5, 4, 1, 2, 8, 9 }; // rdi rsi rdx rcx r8 r9
static const uint8_t x86_int_results[] = { 0, 1 };          // rax rdx
#define X86_XMM0 17
// How deep a class is searched for parts that are not copied bit by bit.
#define CLASS_DEPTH 8
#define ARM_V0      64
#define ARM_SRET    8 // x8 holds the address of a large result

struct regs {
	bool is_arm;
	unsigned n_int, n_float; // used so far
	unsigned max_int, max_float;
	bool is_result;
	int64_t stack; // next stack argument, from CFA
	bool is_lost;  // places of the values after this one cannot be told
};

static uint16_t int_reg(const struct regs *r, unsigned i)
{
	if (r->is_arm)
		return (uint16_t)i;
	return r->is_result ? x86_int_results[i] : x86_int_args[i];
}

static uint16_t float_reg(const struct regs *r, unsigned i)
{
	return (uint16_t)((r->is_arm ? ARM_V0 : X86_XMM0) + i);
}

// C++ passes the address of a value that cannot be copied bit by bit, or that has such a part.
static bool is_by_reference(struct type *t, unsigned depth)
{
	t = t ? type_strip(t) : NULL;
	if (!t || t->kind != TYPE_STRUCT || depth == 0)
		return false;
	struct err *e = type_complete(t);
	if (e) {
		err_free(e); // what its fields are nobody can tell: the words come out unknown too
		return false;
	}
	for (size_t i = 0; i < t->n_fields && !t->is_passed_by_reference; i++)
		if (is_by_reference(t->fields[i].type, depth - 1))
			return true;
	return t->is_passed_by_reference;
}

// Which of a value's eight-byte parts are passed as floats; false if the value goes to memory.
static bool classify(const struct target_value *v, bool *is_float, size_t *n)
{
	uint64_t size = v->type ? v->type->size : 0;
	*n = (size_t)((size + 7) / 8);
	if (size == 0 || size > 16 || v->words.is_cut || is_by_reference(v->type, CLASS_DEPTH))
		return false;
	is_float[0] = is_float[1] = true;
	for (size_t i = 0; i < v->words.n; i++) {
		const struct type_word *w = &v->words.v[i];
		uint32_t align = w->size;
		if (w->size > 8 || (align && w->off % align))
			return false; // long double, packed members
		if (w->cls == WORD_INT)
			is_float[w->off / 8] = false;
	}
	return true;
}

static struct place in_reg(uint16_t reg, uint64_t off_in_value, uint64_t size)
{
	return (struct place) {
		.kind = PLACE_REG, .reg = reg, .off_in_value = off_in_value, .size = size
	};
}

static void place_words(struct arena *a, struct target_value *v, const struct place *parts,
			size_t n_parts)
{
	v->word_places = ARENA_ARRAY(a, struct places, v->words.n);
	v->is_known = true;
	for (size_t i = 0; i < v->words.n; i++) {
		const struct type_word *w = &v->words.v[i];
		struct place *p = ARENA_NEW(a, struct place);
		size_t part = MIN((size_t)(w->off / 8), n_parts - 1);
		*p = parts[part];
		p->size = w->size;
		p->off_in_value = 0;
		if (p->kind == PLACE_REG)
			p->off = (int64_t)(w->off % 8);
		else if (p->kind == PLACE_DEREF)
			p->off2 += (int64_t)w->off;
		else
			p->off += (int64_t)w->off;
		v->word_places[i] = (struct places) { p, 1 };
	}
}

static void to_stack(struct arena *a, struct target_value *v, struct regs *r, unsigned sp)
{
	uint64_t size = v->type ? v->type->size : 8;
	uint32_t align = v->type ? MAX(type_align(v->type), 8u) : 8;
	r->stack = (r->stack + align - 1) & -(int64_t)align;
	// The return address lies between SP and CFA on x86-64.
	struct place p = { .kind = PLACE_MEM,
			   .reg = (uint16_t)sp,
			   .off = r->stack + (r->is_arm ? 0 : 8) };
	place_words(a, v, &p, 1);
	r->stack += (int64_t)((size + 7) & ~(uint64_t)7);
}

// A value too large for registers: x86-64 copies it to the stack, arm64 passes its address; a class
// that cannot be copied bit by bit is passed by its address everywhere.
static void in_memory(struct arena *a, struct target_value *v, struct regs *r, unsigned sp)
{
	if (!r->is_arm && !is_by_reference(v->type, CLASS_DEPTH)) {
		to_stack(a, v, r, sp);
	} else if (r->n_int < r->max_int) {
		struct place p = { .kind = PLACE_MEM, .reg = int_reg(r, r->n_int++) };
		place_words(a, v, &p, 1);
	} else {
		// The address itself is on the stack.
		r->stack = (r->stack + 7) & -(int64_t)8;
		struct place p = { .kind = PLACE_DEREF,
				   .reg = (uint16_t)sp,
				   .off = r->stack + (r->is_arm ? 0 : 8) };
		place_words(a, v, &p, 1);
		r->stack += 8;
	}
}

static bool has_float(const struct target_value *v)
{
	for (size_t i = 0; i < v->words.n; i++)
		if (v->words.v[i].cls == WORD_FLOAT)
			return true;
	return false;
}

static void assign_one(struct arena *a, struct target_value *v, struct regs *r, unsigned sp)
{
	bool is_float[2];
	size_t n;
	if (!v->type || v->words.n == 0 || r->is_lost)
		return;
	// arm64 spreads a structure of floats over one register each; that is not modelled.
	if (r->is_arm && v->words.n > 1 && has_float(v)) {
		r->is_lost = true;
		return;
	}
	if (!classify(v, is_float, &n)) {
		in_memory(a, v, r, sp);
		return;
	}
	unsigned ints = 0, floats = 0;
	for (size_t i = 0; i < n; i++)
		(*(is_float[i] ? &floats : &ints))++;
	if (r->n_int + ints > r->max_int || r->n_float + floats > r->max_float) {
		to_stack(a, v, r, sp);
		return;
	}
	struct place parts[2];
	for (size_t i = 0; i < n; i++)
		parts[i] = is_float[i] ? in_reg(float_reg(r, r->n_float++), 8 * i, 8)
				       : in_reg(int_reg(r, r->n_int++), 8 * i, 8);
	place_words(a, v, parts, n);
}

// The result in memory: its address is passed in, and on x86-64 comes back in rax.
static bool is_result_in_memory(const struct target_value *v)
{
	bool is_float[2];
	size_t n;
	return v->type && type_strip(v->type)->size > 0 && !classify(v, is_float, &n);
}

// Fills in places by the calling convention: parameters in order, the result last.
static void c_abi_assign(struct arena *a, enum elf_arch arch, struct target_value *values, size_t n)
{
	bool is_arm = arch == ELF_ARM64;
	unsigned sp = insn_reg_sp(is_arm ? INSN_ARM64 : INSN_X86_64);
	struct regs args = { .is_arm = is_arm, .max_int = is_arm ? 8 : 6, .max_float = 8 };
	struct regs results = { .is_arm = is_arm, .max_int = 2, .max_float = 2, .is_result = true };
	struct target_value *result = n && values[n - 1].is_result ? &values[n - 1] : NULL;
	if (result && is_result_in_memory(result)) {
		args.n_int += !is_arm;
		// At the exits rax has the address that came in; arm64 keeps no such promise.
		struct place p = { .kind = PLACE_MEM, .reg = 0 };
		if (!is_arm)
			place_words(a, result, &p, 1);
	} else if (result) {
		assign_one(a, result, &results, sp);
	}
	for (size_t i = 0; i < n; i++)
		if (!values[i].is_result)
			assign_one(a, &values[i], &args, sp);
}

// --- DWARF first ---

// A place where a value can come in. A slot below CFA is one that the body fills, though a location
// that holds for the whole function (without optimisation) names it; and the frame register is not
// yet set.
static bool is_incoming(const struct target_about *a, const struct place *p)
{
	uint16_t frame_reg = elf_arch(a->t->elf) == ELF_X86_64 ? 6 : 29; // rbp, x29
	return p->kind == PLACE_REG || (p->kind == PLACE_MEM && p->reg != frame_reg) ||
	       (p->kind == PLACE_CFA && p->off >= 0);
}

// The places of a whole value at the function's entry according to DWARF; NULL if it does not say.
static const struct places *dwarf_entry_places(const struct target_about *a,
					       const struct dwarf_var *var,
					       const struct type_words *words)
{
	for (size_t i = 0; i < var->n_locs; i++) {
		const struct dwarf_loc *l = &var->locs[i];
		if (l->low > a->f->vaddr || l->high <= a->f->vaddr)
			continue;
		for (size_t k = 0; k < l->places.n; k++)
			if (!is_incoming(a, &l->places.v[k]))
				return NULL;
		return places_are_whole(&l->places, words) ? &l->places : NULL;
	}
	return NULL;
}

static void place_by_dwarf(struct target_about *a, struct target_value *v, const struct places *p)
{
	struct arena *arena = a->arena;
	struct places *out = ARENA_ARRAY(arena, struct places, v->words.n);
	for (size_t i = 0; i < v->words.n; i++) {
		const struct type_word *w = &v->words.v[i];
		const struct place *from = NULL;
		for (size_t k = 0; k < p->n; k++)
			if (p->v[k].off_in_value <= w->off &&
			    (p->v[k].size == 0 ||
			     w->off + w->size <= p->v[k].off_in_value + p->v[k].size))
				from = &p->v[k];
		if (!from)
			return;
		struct place *at = ARENA_NEW(arena, struct place);
		*at = *from;
		at->off += (int64_t)(w->off - from->off_in_value);
		at->off_in_value = 0;
		at->size = w->size;
		if (at->kind == PLACE_CFA) {
			at->kind = PLACE_MEM;
			at->reg = (uint16_t)insn_reg_sp(target_arch(a->t));
			at->off += cfa_above_sp(a->t);
		}
		out[i] = (struct places) { at, 1 };
	}
	v->word_places = out;
	v->is_known = true;
}

struct err *c_find_values(struct target_about *a)
{
	struct arena *arena = a->arena;
	VEC(struct target_value) l = { 0 };
	VEC(const struct places *) seen = { 0 };
	for (size_t i = 0; i < a->vars.n; i++) {
		const struct dwarf_var *var = &a->vars.v[i];
		if (var->kind != DWARF_PARAM || var->inlined_func.len)
			continue;
		struct target_value v = { .name = var->name, .type = var->type };
		v.is_receiver = var->is_artificial && str_eq(var->name, STR("this"));
		if (var->type)
			TRY(type_flatten(arena, var->type, &v.words));
		VEC_PUSH(arena, &l, v);
		VEC_PUSH(arena, &seen, dwarf_entry_places(a, var, &v.words));
	}
	struct type *ret = NULL;
	TRY(dwarf_func_return_type(a->t->dwarf, &a->dwarf, &ret));
	if (ret) {
		struct target_value v = { .type = ret, .is_result = true };
		TRY(type_flatten(arena, ret, &v.words));
		VEC_PUSH(arena, &l, v);
		VEC_PUSH(arena, &seen, NULL);
	}
	// Rust promises no calling convention of its own.
	if (a->info->brief.lang != LANG_RUST)
		c_abi_assign(arena, elf_arch(a->t->elf), l.v, l.n);
	// The compiler may pass a local function's parameters elsewhere; DWARF knows where.
	for (size_t i = 0; i < l.n; i++)
		if (seen.v[i])
			place_by_dwarf(a, &l.v[i], seen.v[i]);
	a->info->values = l.v;
	a->info->n_values = l.n;
	return NULL;
}
