// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ELF file with debug information: everything that dwarf/dwarf.h offers is asked of
// it, as often as a small input deserves.
#include "fuzz.h"

#include "dwarf/dwarf.h"

enum {
	FUNCS_MAX = 64,
	VARS_MAX = 256,
	INLINED_MAX = 64,
	TYPES_MAX = 512,
	TYPE_DEPTH = 4,
	ROWS_MAX = 20000,
};

static uint64_t sink;

struct walk {
	struct dwarf *dw;
	struct arena *arena;
	struct dwarf_func funcs[FUNCS_MAX];
	size_t n_funcs;
	uint64_t inlined[INLINED_MAX];
	size_t n_inlined;
	size_t n_types;
};

static void use_str(struct str s)
{
	// Both ends: reading them shows whether the view is inside its memory.
	if (s.len)
		sink += (uint8_t)s.p[0] + (uint8_t)s.p[s.len - 1];
}

static void use_type(struct walk *w, struct type *t, int depth)
{
	struct type_words words;

	if (!t || depth > TYPE_DEPTH || ++w->n_types > TYPES_MAX)
		return;
	use_str(t->name);
	use_str(type_spell(w->arena, t));
	use_str(type_spell_decl(w->arena, t, STR("name")));
	sink += type_align(t);
	err_free(type_complete(t));
	err_free(type_flatten(w->arena, t, &words));
	for (size_t i = 0; i < words.n; i++)
		use_str(words.v[i].path);
	for (size_t i = 0; i < t->n_fields && i < VARS_MAX; i++) {
		use_str(t->fields[i].name);
		use_type(w, t->fields[i].type, depth + 1);
	}
	for (size_t i = 0; i < t->n_enumerators && i < VARS_MAX; i++)
		use_str(t->enumerators[i].name);
	for (size_t i = 0; i < t->n_params && i < VARS_MAX; i++)
		use_type(w, t->params[i].type, depth + 1);
	use_type(w, t->elem, depth + 1);
	use_type(w, t->key, depth + 1);
	use_type(w, t->ret, depth + 1);
}

static void use_places(const struct places *p)
{
	for (size_t i = 0; i < p->n; i++) {
		sink += p->v[i].kind + p->v[i].size + (uint64_t)p->v[i].off;
		use_str((struct str) { (const char *)p->v[i].data.p, p->v[i].data.len });
	}
	sink += places_are_whole(p, NULL);
}

static void use_vars(struct walk *w, const struct dwarf_func *f)
{
	struct dwarf_vars vars;
	struct type *ret;
	struct arena *arena = arena_new();
	struct err *e = dwarf_func_vars(w->dw, f, DWARF_VARS_ALL, arena, &vars);

	for (size_t i = 0; !e && i < vars.n && i < VARS_MAX; i++) {
		const struct dwarf_var *v = &vars.v[i];

		use_str(v->name);
		use_str(v->file);
		use_str(v->inlined_func);
		use_type(w, v->type, 0);
		for (size_t k = 0; k < v->n_locs; k++)
			use_places(&v->locs[k].places);
	}
	err_free(e);
	arena_free(arena);
	e = dwarf_func_return_type(w->dw, f, &ret);
	if (!e)
		use_type(w, ret, 0);
	err_free(e);
}

static void use_pc(struct walk *w, uint64_t pc)
{
	struct dwarf_func f;
	struct dwarf_row row;
	struct place cfa;
	struct err *e = dwarf_func_at(w->dw, pc, &f);

	if (!e)
		use_str(f.name);
	err_free(e);
	e = dwarf_line_at(w->dw, pc, &row);
	if (!e)
		use_str(row.file);
	err_free(e);
	err_free(dwarf_cfa_at(w->dw, pc, &cfa));
}

static bool take_func(void *ctx, const struct dwarf_func *f)
{
	struct walk *w = ctx;

	use_str(f->name);
	use_str(f->linkage);
	use_str(f->file);
	w->funcs[w->n_funcs++] = *f;
	return w->n_funcs == FUNCS_MAX;
}

static bool take_inlined(void *ctx, struct str name, uint64_t origin, size_t copies, bool has_code)
{
	struct walk *w = ctx;

	use_str(name);
	sink += copies + has_code;
	w->inlined[w->n_inlined++] = origin;
	return w->n_inlined == INLINED_MAX;
}

static void use_inlines(struct walk *w)
{
	struct dwarf_inlines in;
	struct dwarf_func f;

	err_free(dwarf_each_inlined(w->dw, take_inlined, w));
	for (size_t i = 0; i < w->n_inlined; i++) {
		struct err *e = dwarf_inlines_of(w->dw, w->inlined[i], &in);

		for (size_t k = 0; !e && k < in.n && k < VARS_MAX; k++) {
			use_str(in.v[k].caller);
			use_str(in.v[k].parent);
			use_str(in.v[k].call_file);
		}
		err_free(e);
	}
	err_free(dwarf_find_abstract(w->dw, STR("nothing"), &f));
}

static void use_lines(struct walk *w)
{
	struct dwarf_line_near near;
	struct dwarf_row *rows;
	uint64_t *pcs;
	size_t n;
	struct err *e = dwarf_rows(w->dw, 0, UINT64_MAX, &rows, &n);

	for (size_t i = 0; !e && i < n && i < ROWS_MAX; i++)
		use_str(rows[i].file);
	err_free(e);
	err_free(dwarf_line_pcs(w->dw, STR("a.c"), 3, &pcs, &n, &near));
}

static void use_all(struct walk *w)
{
	static const char *const names[] = { "int", "struct point", "main.T", "ns::Class<int>" };
	struct type *t;

	use_lines(w);
	err_free(dwarf_each_func(w->dw, take_func, w));
	for (size_t i = 0; i < w->n_funcs; i++) {
		use_pc(w, w->funcs[i].low);
		use_pc(w, w->funcs[i].high - 1);
		use_vars(w, &w->funcs[i]);
	}
	use_pc(w, 0);
	use_pc(w, UINT64_MAX);
	use_inlines(w);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct err *e = dwarf_find_type(w->dw, str_from(names[i]), &t);

		if (!e)
			use_type(w, t, 0);
		err_free(e);
	}
}

static void use_cfi(struct elf *elf)
{
	struct cfi *cfi;
	struct place cfa;
	struct err *e = cfi_open(elf, &cfi);

	if (e) {
		err_free(e);
		return;
	}
	for (uint64_t pc = 0x1000; pc < 0x2000; pc += 0x40)
		err_free(cfi_cfa_at(cfi, pc, &cfa));
	cfi_close(cfi);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct walk w = { 0 };
	struct elf *elf;
	struct err *e = elf_open_mem((struct bytes) { data, size }, "input", &elf);

	if (e) {
		err_free(e);
		return 0;
	}
	use_cfi(elf);
	e = dwarf_open(elf, elf, &w.dw);
	if (!e) {
		w.arena = arena_new();
		use_all(&w);
		arena_free(w.arena);
		dwarf_close(w.dw);
	}
	err_free(e);
	elf_close(elf);
	return 0;
}
