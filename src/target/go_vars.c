// SPDX-License-Identifier: Apache-2.0
// Where DWARF is wrong about variables of Go functions, and what the closure pointer tells besides.
#include "target/vars.h"

// Instructions of a closure in which its pointer must be used.
#define CLOSURE_REACH 24

// Go 1.22 to 1.27 name a wrong register for some parameters that are assigned to, from the
// function's start on.
static bool is_doubtful_param(const struct view *v, const struct dwarf_var *var,
			      const struct dwarf_loc *loc)
{
	const struct target_info *info = &v->info;
	if (var->kind != DWARF_PARAM || var->n_inlined_around || loc->low > info->entry.vaddr)
		return false;
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *value = &info->values[i];
		if (value->is_result || !str_eq(value->name, var->name))
			continue;
		// What the function does not use is not kept while its stack grows.
		if (value->is_lost_on_restart)
			return true;
		for (size_t k = 0; value->is_known && k < loc->places.n; k++) {
			const struct place *p = &loc->places.v[k];
			for (size_t w = 0; p->kind == PLACE_REG && w < value->words.n; w++)
				if (value->words.v[w].off == p->off_in_value &&
				    value->word_places[w].n == 1 &&
				    (value->word_places[w].v[0].kind != PLACE_REG ||
				     value->word_places[w].v[0].reg != p->reg))
					return true;
		}
		return !value->is_known;
	}
	return true;
}

// A parameter that escapes is copied to the heap at the start; from then on its register has an old
// value.
static bool has_moved_to_heap(const struct view *v, const struct dwarf_var *var)
{
	const struct dwarf_vars *all = &v->about.vars;
	if (is_on_heap(var) || var->kind != DWARF_PARAM)
		return false;
	for (size_t i = 0; i < all->n; i++) {
		const struct dwarf_var *w = &all->v[i];
		if (is_on_heap(w) && w->inlined_die == var->inlined_die &&
		    str_eq(str_from_off(w->name, 1), var->name))
			return w->n_locs == 0 || v->vaddr >= w->locs[0].low;
	}
	return false;
}

static bool is_parameter_register(const struct view *v, unsigned reg)
{
	const struct target_info *info = &v->info;
	for (size_t i = 0; i < info->n_values; i++)
		for (size_t w = 0; info->values[i].word_places && !info->values[i].is_result &&
				   w < info->values[i].words.n;
		     w++) {
			const struct places *p = &info->values[i].word_places[w];
			if (p->n == 1 && p->v[0].kind == PLACE_REG && p->v[0].reg == reg)
				return true;
		}
	return false;
}

// Go 1.15 says of a captured variable that it is in a register from the function's start on, before
// it is loaded: there a register can only hold what was passed in it.
static bool is_before_load(const struct view *v, const struct dwarf_var *var,
			   const struct dwarf_loc *loc)
{
	if (var->n_inlined_around || (var->kind != DWARF_LOCAL && var->kind != DWARF_CAPTURED) ||
	    loc->low > v->info.entry.vaddr)
		return false;
	for (size_t k = 0; k < loc->places.n; k++)
		if (loc->places.v[k].kind == PLACE_REG &&
		    !is_parameter_register(v, loc->places.v[k].reg))
			return true;
	return false;
}

bool go_is_doubtful(const struct view *v, const struct dwarf_var *var, const struct dwarf_loc *loc)
{
	return is_doubtful_param(v, var, loc) || has_moved_to_heap(v, var) ||
	       is_before_load(v, var, loc);
}

// Whether the function takes words from where the closure pointer points: closures that are called
// directly get what they capture as parameters, and the register then holds anything.
static bool has_closure_pointer(const struct view *v)
{
	const struct code *c = &v->about.code;
	enum insn_arch arch = target_arch(v->about.t);
	uint16_t reg = (uint16_t)go_abi_closure_reg(elf_arch(v->about.t->elf));
	for (size_t i = 0; i < c->n && i < CLOSURE_REACH; i++) {
		size_t off = (size_t)(c->v[i].vaddr - c->low);
		struct bytes code = { c->bytes.p + off, c->bytes.len - off };
		struct insn_mem m;
		if (insn_memory(arch, code, &m) && m.has_base && m.base == reg && !m.is_write)
			return m.disp >= 8 && m.disp % 8 == 0;
		if (insn_writes_register(arch, code, reg) || c->v[i].kind == INSN_JMP)
			return false;
	}
	return false;
}

bool go_captured_at_entry(const struct view *v, const struct dwarf_var *var, struct place *out)
{
	if (var->kind != DWARF_CAPTURED || var->closure_off < 8 || var->n_inlined_around ||
	    v->about.info->brief.abi != ABI_GO_INTERNAL || !has_closure_pointer(v))
		return false;
	*out = (struct place) {
		.kind = PLACE_MEM,
		.reg = (uint16_t)go_abi_closure_reg(elf_arch(v->about.t->elf)),
		.off = (int64_t)var->closure_off,
	};
	return true;
}
