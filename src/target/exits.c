// SPDX-License-Identifier: Apache-2.0
// Where a function is left: its RETs, and its jumps to other functions.
#include "target/internal.h"

// How far before an indirect jump the table that it goes through is read.
#define TABLE_REACH 8

bool is_cold_part(const struct target_func *f)
{
	return f && str_find(f->symbol, STR(".cold")) > 0;
}

// "f", "f+0x10", "puts@plt", or "0x1090 in .plt" where nothing tells more.
static struct str name_of_address(struct target_about *a, const struct target_func *f,
				  uint64_t vaddr)
{
	unsigned long long at = vaddr;
	if (f && f->vaddr == vaddr)
		return f->name;
	if (f)
		return arena_printf(a->arena, "%.*s+0x%llx", STR_ARG(f->name), at - f->vaddr);
	struct str callee = name_of_callee(a->t, vaddr);
	if (callee.len)
		return arena_printf(a->arena, "%.*s@plt", STR_ARG(demangle(a->arena, callee)));
	const struct elf_section *s = section_at(a->t, vaddr);
	return s ? arena_printf(a->arena, "0x%llx in %.*s", at, STR_ARG(s->name))
		 : arena_printf(a->arena, "0x%llx", at);
}

// Whether a direct jump leaves the function for good.
static struct err *is_tail_jump(struct target_about *a, const struct insn *in, bool *is_exit,
				struct str *to)
{
	*is_exit = false;
	if (code_has(&a->code, in->target))
		return NULL;
	const struct target_func *callee;
	TRY(target_func_at(a->t, in->target, &callee));
	if (!a->is_go &&
	    (is_cold_part(callee) || (is_cold_part(a->f) && callee && callee->vaddr != in->target)))
		return NULL;
	*is_exit = true;
	*to = name_of_address(a, callee, in->target);
	return NULL;
}

// Functions of the Go runtime that do not come back to their caller.
static bool never_returns(struct str name)
{
	static const char *const prefixes[] = {
		"runtime.panic", "runtime.goPanic", "runtime.gopanic", "runtime.throw",
		"runtime.fatal", "runtime.Goexit",  "runtime.goexit",  "os.Exit",
	};
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(name, str_from(prefixes[i])))
			return true;
	return false;
}

// Whether one of the few instructions before an indirect jump reads a word of a table: memory with
// a scaled index.
static bool follows_table_load(const struct target_about *a, const struct insn *jump)
{
	const struct insn *in = jump;
	for (int i = 0; i < TABLE_REACH && in >= a->code.v; i++, in--) {
		if (in->reads_table)
			return true;
		if (in != jump && (in->kind == INSN_CALL || in->kind == INSN_RET))
			break;
	}
	return false;
}

// Compiled Go jumps through tables in memory, and leaves through a register in the wrappers of 1.26
// and later. Assembly leaves both ways. In C a jump through a register may be either: a table's is
// preceded by the computation of an address in the code or the table, which a tail call has not.
static bool is_indirect_exit(const struct target_about *a, const struct insn *in)
{
	if (a->is_go)
		return a->go.is_asm || a->go.is_wrapper ||
		       (in->is_through_register && elf_arch(a->t->elf) == ELF_X86_64);
	return !follows_table_load(a, in);
}

// Whether the function is left at that instruction, and how.
static struct err *exit_at(struct target_about *a, const struct insn *in, bool *is_exit,
			   struct target_site *out)
{
	int32_t delta;
	*is_exit = in->kind == INSN_RET;
	*out = code_site(&a->code, in);
	if (in->kind == INSN_JMP || (in->kind == INSN_JCC && !a->is_go)) {
		TRY(is_tail_jump(a, in, is_exit, &out->note));
	} else if (in->kind == INSN_JMP_INDIRECT && is_indirect_exit(a, in)) {
		*is_exit = true;
		out->note = STR("an address in a register or in memory");
	}
	out->is_tail_jump = *is_exit && in->kind != INSN_RET;
	if (out->is_tail_jump && a->is_go && go_sp_delta(a->t->go, &a->go, in->vaddr, &delta))
		out->sp_to_entry = delta;
	return NULL;
}

struct err *find_exits(struct target_about *a, struct target_site **out, size_t *n)
{
	VEC(struct target_site) exits = { 0 };
	for (size_t i = 0; i < a->code.n; i++) {
		struct target_site s;
		bool is_exit;
		TRY(exit_at(a, &a->code.v[i], &is_exit, &s));
		if (is_exit)
			VEC_PUSH(a->arena, &exits, s);
	}
	*out = exits.v;
	*n = exits.n;
	return NULL;
}

void find_panics(struct target_about *a)
{
	VEC(struct target_panic) panics = { 0 };
	size_t n_bad = 0;
	for (size_t i = 0; i < a->code.n; i++) {
		const struct insn *in = &a->code.v[i];
		n_bad += in->kind == INSN_BAD;
		if (in->kind != INSN_CALL || !a->is_go)
			continue;
		struct str callee = name_of_callee(a->t, in->target);
		if (never_returns(callee))
			VEC_PUSH(a->arena, &panics,
				 (struct target_panic) { in->vaddr - a->code.low, callee });
	}
	if (n_bad)
		VEC_PUSH(a->arena, &a->info->notes,
			 arena_printf(a->arena,
				      "%zu places in it are no instructions (data in the code?); "
				      "offsets after them may be wrong",
				      n_bad));
	a->info->panics = panics.v;
	a->info->n_panics = panics.n;
}

struct err *target_cold_part(struct target *t, const struct target_func *f,
			     const struct target_func **out)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct code code;
	code_decode(t, f, scratch, &code);
	*out = NULL;
	for (size_t i = 0; i < code.n && !*out; i++) {
		const struct insn *in = &code.v[i];
		const struct target_func *to = NULL;
		if ((in->kind == INSN_JMP || in->kind == INSN_JCC) && !code_has(&code, in->target))
			TRY(target_func_at(t, in->target, &to));
		if (is_cold_part(to) && to->vaddr != f->vaddr)
			*out = to;
	}
	return NULL;
}

struct err *target_exits(struct target *t, const struct target_func *f, struct arena *arena,
			 struct target_site **out, size_t *n)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct target_about a = { .t = t, .f = f, .arena = arena };
	a.is_go = target_go_func(t, f, &a.go);
	code_decode(t, f, scratch, &a.code);
	return err_wrap(find_exits(&a, out, n), "%.*s", STR_ARG(f->name));
}
