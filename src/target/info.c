// SPDX-License-Identifier: Apache-2.0
// All that is known of one function.
#include "target/internal.h"

enum target_lang lang_of_dwarf(enum dwarf_lang lang)
{
	switch (lang) {
	case DWARF_LANG_GO:
		return LANG_GO;
	case DWARF_LANG_C:
		return LANG_C;
	case DWARF_LANG_CPP:
		return LANG_CPP;
	case DWARF_LANG_RUST:
		return LANG_RUST;
	case DWARF_LANG_ASM:
		return LANG_ASM;
	case DWARF_LANG_OTHER:
		break;
	}
	return LANG_UNKNOWN;
}

static bool has_go_twin(struct target *t, const struct go_func *go)
{
	struct go_func other;
	for (size_t i = go->index ? go->index - 1 : 0; i < go_n_funcs(t->go) && i <= go->index + 1;
	     i++)
		if (i != go->index && go_func_get(t->go, i, &other) && str_eq(other.name, go->name))
			return true;
	return false;
}

// Which convention a Go function's callers use. Symbols tell it by their names; without them
// assembly and the wrappers around it cannot be told apart.
enum target_abi go_abi_of(struct target *t, const struct target_func *f, const struct go_func *go)
{
	if (!go_has_register_abi(t->go))
		return ABI_GO0;
	if (str_ends(f->symbol, STR(".abi0")))
		return ABI_GO0;
	if (go->is_asm)
		return ABI_NONE;
	if (go->is_wrapper && !elf_has_symtab(t->elf) && has_go_twin(t, go))
		return ABI_NONE;
	return ABI_GO_INTERNAL;
}

int64_t cfa_above_sp(struct target *t)
{
	return elf_arch(t->elf) == ELF_X86_64 ? 8 : 0;
}

static void about_init(struct target_about *a, struct target *t, const struct target_func *f,
		       struct arena *arena, struct target_info *info)
{
	*a = (struct target_about) { .t = t, .arena = arena, .f = f, .info = info };
	info->func = f;
	a->is_go = target_go_func(t, f, &a->go);
	struct target_brief *b = &info->brief;
	if (a->is_go) {
		b->lang = a->go.is_asm ? LANG_ASM : LANG_GO;
		b->abi = go_abi_of(t, f, &a->go);
		struct go_pos pos;
		if (go_func_pos(t->go, &a->go, &pos))
			b->pos = (struct target_pos) { pos.file, (uint32_t)pos.line };
	} else {
		b->lang = f->name.p != f->symbol.p ? LANG_CPP : LANG_UNKNOWN;
		b->abi = ABI_C;
	}
}

static struct err *about_debug_info(struct target_about *a, enum dwarf_vars_of which)
{
	struct target_brief *b = &a->info->brief;
	a->has_dwarf = target_dwarf_func(a->t, a->f, &a->dwarf);
	if (!a->has_dwarf)
		return NULL;
	if (!a->is_go)
		b->lang = lang_of_dwarf(a->dwarf.lang);
	if (!b->pos.file.len || (!a->is_go && a->dwarf.line))
		b->pos = (struct target_pos) { a->dwarf.file, a->dwarf.line };
	return dwarf_func_vars(a->t->dwarf, &a->dwarf, which, a->arena, &a->vars);
}

static struct err *find_values(struct target_about *a)
{
	struct target_brief *b = &a->info->brief;
	if (a->is_go)
		TRY(go_find_values(a));
	else if (a->has_dwarf)
		TRY(c_find_values(a));
	if (a->is_go && !a->has_dwarf)
		b->signature = go_method_signature(a->t->go, a->go.entry);
	else if (a->has_dwarf && (b->lang != LANG_ASM || (a->is_go && a->info->n_values)))
		b->signature = target_signature(a->arena, b->lang, a->f->name, a->info->values,
						a->info->n_values);
	return NULL;
}

// A part of the debug information that is malformed does not stop the rest; the command says what
// is wrong.
static struct err *tolerate(struct target *t, struct err *e)
{
	if (!e || err_kind(e) != ERR_BADDATA)
		return e;
	target_note_damage(t, e);
	return NULL;
}

static struct err *in_function(struct err *e, const struct target_func *f)
{
	return err_wrap(e, "%.*s", STR_ARG(f->name));
}

struct err *target_brief(struct target *t, const struct target_func *f, struct arena *arena,
			 struct target_brief *out)
{
	struct target_info info = { 0 };
	struct target_about a;
	about_init(&a, t, f, arena, &info);
	struct err *e = about_debug_info(&a, DWARF_VARS_PARAMS);
	if (!e)
		e = find_values(&a);
	*out = info.brief;
	return in_function(tolerate(t, e), f);
}

struct err *about_function(struct target_about *a, struct target *t, const struct target_func *f,
			   struct arena *arena, struct target_info *info)
{
	about_init(a, t, f, arena, info);
	TRY(tolerate(t, about_debug_info(a, DWARF_VARS_ALL)));
	code_decode(t, f, arena, &a->code);
	find_entry(a);
	return tolerate(t, find_values(a));
}

static struct err *fill(struct target_about *a)
{
	TRY(find_exits(a, &a->info->exits, &a->info->n_exits));
	find_panics(a);
	TRY(tolerate(a->t, find_locals(a)));
	return tolerate(a->t, find_copies(a));
}

// Once for all functions that are asked about.
static void read_range_bodies(struct target *t)
{
	const struct target_func *v;
	size_t n;
	if (t->range_bodies_are_read)
		return;
	t->range_bodies_are_read = true;
	t->range_bodies = map_init(t->arena);
	struct err *e = target_funcs(t, &v, &n);
	for (size_t i = 0; !e && i < n; i++)
		if (str_ends(v[i].name, STR("-range1")))
			map_put(&t->range_bodies, str_hash(v[i].name), &t->funcs[i]);
	err_free(e);
}

// The body of a range over a function is a function of its own; where both became one again, what
// guards it is left.
static bool has_range_body(struct target_about *a)
{
	const struct target_info *info = a->info;
	for (size_t i = 0; i < info->n_panics; i++)
		if (str_eq(info->panics[i].callee, STR("runtime.panicrangestate")))
			return true;
	read_range_bodies(a->t);
	struct str body = arena_printf(a->arena, "%.*s-range1", STR_ARG(info->func->name));
	const struct target_func *f = map_get(&a->t->range_bodies, str_hash(body));
	return f && str_eq(f->name, body);
}

// Results without a name, and blank ones, may be missing: then the others are not where they seem
// to be.
static void doubt_results(struct target_about *a)
{
	struct target_info *info = a->info;
	size_t n_results = 0;
	if (info->brief.lang != LANG_GO || !a->has_dwarf || !has_range_body(a))
		return;
	for (size_t i = 0; i < info->n_values; i++) {
		if (!info->values[i].is_result)
			continue;
		n_results++;
		info->values[i].is_known = false;
	}
	info->may_have_results = !n_results;
	VEC_PUSH(a->arena, &info->notes,
		 n_results
			 ? STR("places of results are not known: Go leaves blank ones out where a "
			       "function returns from inside of a range over a function")
			 : STR("results without names are not known: Go leaves them out where a "
			       "function returns from inside of a range over a function"));
}

struct err *target_info(struct target *t, const struct target_func *f, struct arena *arena,
			struct target_info **out)
{
	struct target_info *info = ARENA_NEW(arena, struct target_info);
	struct target_about a;
	*out = NULL;
	struct err *e = about_function(&a, t, f, arena, info);
	if (!e)
		e = fill(&a);
	if (e)
		return in_function(e, f);
	doubt_results(&a);
	struct str missing = target_missing(t);
	if (missing.len)
		VEC_PUSH(arena, &info->notes, missing);
	else if (!a.has_dwarf && info->brief.lang != LANG_ASM)
		VEC_PUSH(arena, &info->notes,
			 STR("no DWARF for this function: its parameters, results and locals are "
			     "not known"));
	*out = info;
	return NULL;
}

static struct str with_offset(struct arena *a, const char *base, int64_t off)
{
	if (off == 0)
		return arena_printf(a, "%s", base);
	return arena_printf(a, "%s%c0x%llx", base, off < 0 ? '-' : '+',
			    (unsigned long long)(off < 0 ? -(uint64_t)off : (uint64_t)off));
}

static struct str piece_text(struct target *t, struct arena *a, const struct place *p)
{
	enum insn_arch arch = target_arch(t);
	const char *reg = p->reg == insn_reg_sp(arch) ? "sp" : insn_reg_name(arch, p->reg);
	switch (p->kind) {
	case PLACE_NONE:
		return STR("-");
	case PLACE_REG: {
		struct str s = str_from(insn_reg_name(arch, p->reg));
		// A part of a register that holds several fields of a C structure.
		return p->off ? arena_printf(a, "%.*s>>%u", STR_ARG(s), (unsigned)p->off * 8) : s;
	}
	case PLACE_MEM:
		return arena_printf(a, "[%.*s]", STR_ARG(with_offset(a, reg, p->off)));
	case PLACE_CFA:
		return arena_printf(a, "[%.*s]", STR_ARG(with_offset(a, "cfa", p->off)));
	case PLACE_ADDR:
		return arena_printf(a, "[0x%llx]", (unsigned long long)p->off);
	case PLACE_TLS:
		return arena_printf(a, "[tls+0x%llx]", (unsigned long long)p->off);
	case PLACE_VADDR:
		return arena_printf(a, "0x%llx", (unsigned long long)p->off);
	case PLACE_CONST:
		return arena_printf(a, "%lld", (long long)p->off);
	case PLACE_IMPLICIT:
		return arena_printf(a, "constant, %zu bytes", p->data.len);
	case PLACE_VALUE:
		return arena_printf(a, "%.*s",
				    STR_ARG(with_offset(a, p->is_cfa ? "cfa" : reg, p->off)));
	case PLACE_DEREF: {
		struct str at = with_offset(a, p->is_cfa ? "cfa" : reg, p->off);
		struct str inner = arena_printf(a, "[%.*s]", STR_ARG(at));
		return arena_printf(a, "[%.*s]", STR_ARG(with_offset(a, inner.p, p->off2)));
	}
	case PLACE_COMPLEX:
		return STR("computed");
	}
	UNREACHABLE();
}

// How to say which part of the value a piece is: "len" for the piece at offset 8 of a string.
static struct str label_of(const struct place *p, const struct type_words *words)
{
	for (size_t i = 0; words && i < words->n; i++)
		if (words->v[i].off == p->off_in_value) {
			struct str path = words->v[i].path;
			return path.len && path.p[0] == '.' ? str_from_off(path, 1) : path;
		}
	return STR("");
}

struct str target_place_text(struct target *t, struct arena *a, const struct places *p,
			     const struct type_words *words)
{
	struct str s = STR("");
	for (size_t i = 0; i < p->n; i++) {
		struct str label = p->n > 1 ? label_of(&p->v[i], words) : STR("");
		s = arena_printf(a, "%.*s%s%.*s%s%.*s", STR_ARG(s), i ? ", " : "", STR_ARG(label),
				 label.len ? " " : "", STR_ARG(piece_text(t, a, &p->v[i])));
	}
	return p->n ? s : STR("-");
}

struct err *target_find_type(struct target *t, struct str name, struct type **out)
{
	struct dwarf *dw = target_dwarf(t);
	if (!dw)
		return err_new(ERR_NOTFOUND, "%s has no debug information", target_name(t));
	return dwarf_find_type(dw, name, out);
}
