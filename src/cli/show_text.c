// SPDX-License-Identifier: Apache-2.0
// show for people.
#include <inttypes.h>
#include <stdlib.h>

#include "cli/show.h"
#include "out/out.h"

// Copies of an inlined function that are listed without -v.
#define COPIES_SHOWN 8u
// Words of one value that are listed; JSON has them all.
#define WORDS_SHOWN 12u

// One section: its label in front of the first row.
struct section {
	struct table *table;
	const char *label;
};

static struct section section_begin(const char *label)
{
	return (struct section) { table_new(), label };
}

static void row_begin(struct section *s)
{
	table_cell(s->table, "%-8s", s->label);
	s->label = "";
}

static void section_end(struct section *s, FILE *out)
{
	table_print(s->table, out, 0);
	table_free(s->table);
}

static const char *cost_name(enum insn_cost cost)
{
	switch (cost) {
	case INSN_EMULATED:
		return "emulated";
	case INSN_STEPPED:
		return "stepped";
	case INSN_REFUSED:
		return "refused";
	}
	UNREACHABLE();
}

static struct bytes code_from(struct bytes code, uint64_t off)
{
	return off < code.len ? (struct bytes) { code.p + off, code.len - off }
			      : (struct bytes) { NULL, 0 };
}

static void site_cells(struct target *t, struct bytes code, const struct target_site *s,
		       struct section *sec)
{
	char text[96];
	if (insn_format_short(target_arch(t), code_from(code, s->off), s->vaddr, text,
			      sizeof(text)) < 0)
		text[0] = '\0';
	row_begin(sec);
	table_cell(sec->table, "+0x%" PRIx64, s->off);
	table_cell(sec->table, "%s", text);
	table_cell(sec->table, "%s", cost_name(s->insn.cost));
	if (s->insn.cost == INSN_REFUSED)
		table_cell(sec->table, "%s", insn_refusal(target_arch(t), code_from(code, s->off)));
	else if (s->is_tail_jump)
		table_cell(sec->table, "tail jump to %.*s", STR_ARG(s->note));
	else if (s->note.len)
		table_cell(sec->table, "%.*s", STR_ARG(s->note));
	table_row(sec->table);
}

// "can panic in runtime.panicIndex from +0x3d3, +0x3f3": one line for each function that does not
// come back.
static void print_panics(const struct target_info *info, FILE *out)
{
	for (size_t i = 0; i < info->n_panics; i++) {
		struct str callee = info->panics[i].callee;
		size_t k = 0;
		while (k < i && !str_eq(info->panics[k].callee, callee))
			k++;
		if (k < i)
			continue; // told already
		fprintf(out, "%-8s  can end in ", "");
		out_text(out, callee);
		const char *sep = " from";
		for (; k < info->n_panics; k++) {
			if (!str_eq(info->panics[k].callee, callee))
				continue;
			fprintf(out, "%s +0x%" PRIx64, sep, info->panics[k].off);
			sep = ",";
		}
		fputc('\n', out);
	}
}

static void print_sites(struct target *t, const struct target_info *info, FILE *out)
{
	struct bytes code = target_code(t, info->func);
	if (code.len == 0) {
		fprintf(out, "%-8s  none in the file\n", "code");
		return;
	}
	struct section s = section_begin("entry");
	site_cells(t, code, &info->entry, &s);
	s.label = "exits";
	for (size_t i = 0; i < info->n_exits; i++)
		site_cells(t, code, &info->exits[i], &s);
	section_end(&s, out);
	if (info->n_exits == 0)
		fprintf(out, "%-8s  none: it %s\n", "exits",
			info->n_panics ? "ends by panic or exit only" : "does not return");
	print_panics(info, out);
}

// --- values ---

// "ptr rbx, len rcx"; for a single word just its place.
static void words_cell(struct target *t, struct arena *a, const struct target_value *v,
		       struct section *s)
{
	if (!v->is_known && v->words.n == 0 && !v->type) {
		table_cell(s->table, "not known");
		return;
	}
	if (v->words.n == 0) {
		table_cell(s->table, "no words: its size is 0");
		return;
	}
	if (!v->is_known && v->type) {
		table_cell(s->table, "place not known");
		return;
	}
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		abort();
	for (size_t i = 0; i < v->words.n && i < WORDS_SHOWN; i++) {
		struct str path = v->words.v[i].path;
		if (path.len && path.p[0] == '.')
			path = str_from_off(path, 1);
		struct str place =
			v->is_known ? target_place_text(t, a, &v->word_places[i], NULL) : STR("?");
		fprintf(f, "%s%.*s%s%.*s", i ? ", " : "", STR_ARG(path), path.len ? " " : "",
			STR_ARG(place));
		if (!v->type)
			fprintf(f, " (%u byte%s)", v->words.v[i].size,
				v->words.v[i].size == 1 ? "" : "s");
	}
	if (v->words.n > WORDS_SHOWN)
		fprintf(f, ", ... %zu words in all", v->words.n);
	fclose(f);
	table_cell(s->table, "%s", text);
	free(text);
}

static void print_values(struct target *t, const struct target_info *info, bool results,
			 const char *label, FILE *out)
{
	struct arena *a = arena_new();
	struct section s = section_begin(label);
	size_t k = 0;
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (v->is_result != results)
			continue;
		row_begin(&s);
		if (v->name.len)
			table_cell(s.table, "%.*s", STR_ARG(v->name));
		else if (results)
			table_cell(s.table, "result %zu", k);
		else
			table_cell(s.table, v->type ? "_" : "arg%zu", k);
		struct str type = v->type        ? type_spell(a, v->type)
				  : v->is_hidden ? STR("(dictionary of the generic function)")
						 : STR("?");
		table_cell(s.table, "%.*s", STR_ARG(type));
		words_cell(t, a, v, &s);
		if (v->is_lost_on_restart)
			table_cell(s.table, "unused: lost when the stack had to grow");
		table_row(s.table);
		k++;
	}
	section_end(&s, out);
	arena_free(a);
}

// --- locals ---

static void stretch_cells(struct target *t, const struct target_info *info,
			  const struct target_local *l, const struct target_stretch *v,
			  struct arena *a, struct section *s)
{
	uint64_t base = info->func->vaddr;
	if (v->first_line && v->first_line == v->last_line)
		table_cell(s->table, "line %u", v->first_line);
	else if (v->first_line)
		table_cell(s->table, "lines %u-%u", v->first_line, v->last_line);
	else
		table_cell(s->table, "-");
	uint64_t low = v->has_frame ? v->frame_low : v->low;
	uint64_t high = v->has_frame ? v->frame_high : v->high;
	// Code of the function that stands elsewhere (.cold parts) is named by its address.
	if (low >= base && high <= base + target_func_size(t, info->func))
		table_cell(s->table, "+0x%" PRIx64 "..+0x%" PRIx64, low - base, high - base);
	else
		table_cell(s->table, "0x%" PRIx64 "..0x%" PRIx64, low, high);
	struct places places = target_frame_places(a, v);
	table_cell(s->table, "%.*s", STR_ARG(target_place_text(t, a, &places, &l->words)));
	table_row(s->table);
}

static void local_rows(struct target *t, const struct target_info *info,
		       const struct target_local *l, struct arena *a, struct section *s)
{
	for (size_t i = 0; i < l->n || i == 0; i++) {
		row_begin(s);
		struct str type = l->type ? type_spell(a, l->type) : STR("?");
		table_cell(s->table, "%.*s", i ? 0 : (int)l->name.len, l->name.p);
		table_cell(s->table, "%.*s", i ? 0 : (int)type.len, type.p);
		if (l->n) {
			stretch_cells(t, info, l, &l->v[i], a, s);
		} else {
			table_cell(s->table, "optimised away");
			table_row(s->table);
		}
	}
}

static bool same_call(const struct target_local *a, const struct target_local *b)
{
	return str_eq(a->inlined_func, b->inlined_func) &&
	       a->inlined_at.line == b->inlined_at.line &&
	       str_eq(a->inlined_at.file, b->inlined_at.file);
}

static void print_locals(struct target *t, const struct target_info *info, FILE *out)
{
	struct arena *a = arena_new();
	struct section s = section_begin("locals");
	for (size_t i = 0; i < info->n_locals; i++)
		if (!info->locals[i].is_param && !info->locals[i].inlined_func.len)
			local_rows(t, info, &info->locals[i], a, &s);
	section_end(&s, out);
	s = section_begin("inside");
	for (size_t i = 0; i < info->n_locals; i++)
		if (info->locals[i].is_param && !info->locals[i].inlined_func.len)
			local_rows(t, info, &info->locals[i], a, &s);
	section_end(&s, out);
	arena_free(a);
}

static void print_inlined_locals(struct target *t, const struct target_info *info, FILE *out)
{
	struct arena *a = arena_new();
	for (size_t i = 0; i < info->n_locals;) {
		const struct target_local *first = &info->locals[i];
		if (!first->inlined_func.len) {
			i++;
			continue;
		}
		fprintf(out, "%-8s  ", "in");
		out_text(out, first->inlined_func);
		fputs(", inlined at ", out);
		out_text(out, base_name(first->inlined_at.file));
		fprintf(out, ":%u\n", first->inlined_at.line);
		struct section s = section_begin("");
		for (; i < info->n_locals && same_call(first, &info->locals[i]); i++)
			local_rows(t, info, &info->locals[i], a, &s);
		section_end(&s, out);
	}
	arena_free(a);
}

// --- the rest ---

static void print_copies(const struct target_info *info, bool verbose, FILE *out)
{
	if (info->n_copies == 0)
		return;
	size_t shown = verbose ? info->n_copies : MIN(info->n_copies, (size_t)COPIES_SHOWN);
	struct section s = section_begin("inlined");
	for (size_t i = 0; i < shown; i++) {
		const struct target_copy *c = &info->copies[i];
		row_begin(&s);
		if (i)
			table_cell(s.table, "%s", "");
		else
			table_cell(s.table, "%zu %s", info->n_copies,
				   info->n_copies == 1 ? "copy" : "copies");
		table_cell(s.table, "%.*s", STR_ARG(c->caller));
		table_cell(s.table, "%.*s:%u", STR_ARG(base_name(c->pos.file)), c->pos.line);
		if (c->via.len)
			table_cell(s.table, "through %.*s", STR_ARG(c->via));
		table_row(s.table);
	}
	section_end(&s, out);
	if (shown < info->n_copies)
		fprintf(out, "%-8s  %zu more (-v lists them)\n", "", info->n_copies - shown);
}

static const char *mark_of(const struct target_info *info, uint64_t vaddr)
{
	if (vaddr == info->entry.vaddr)
		return "entry";
	for (size_t i = 0; i < info->n_exits; i++)
		if (info->exits[i].vaddr == vaddr)
			return "exit";
	return NULL;
}

static void print_asm(struct target *t, const struct target_info *info, FILE *out)
{
	struct bytes code = target_code(t, info->func);
	enum insn_arch arch = target_arch(t);
	fputs("asm\n", out);
	for (uint64_t off = 0; off < code.len;) {
		struct insn in;
		char text[160];
		uint64_t vaddr = info->func->vaddr + off;
		struct bytes rest = code_from(code, off);
		bool ok = insn_decode(arch, rest, vaddr, &in);
		if (!ok || insn_format(arch, rest, vaddr, text, sizeof(text)) < 0)
			snprintf(text, sizeof(text), "(no instruction)");
		const char *mark = mark_of(info, vaddr);
		char place[24];
		snprintf(place, sizeof(place), "+0x%" PRIx64, off);
		if (mark)
			fprintf(out, "  %-6s%8s  %-44s; %s\n", "==>", place, text, mark);
		else
			fprintf(out, "  %-6s%8s  %s\n", "", place, text);
		off += in.len;
	}
}

static void print_note(struct str text, FILE *out)
{
	fprintf(out, "%-8s  ", "note");
	out_text(out, text);
	fputc('\n', out);
}

static void print_header(struct target *t, const struct target_info *info, FILE *out)
{
	const struct target_brief *b = &info->brief;
	out_text(out, info->func->name);
	if (b->pos.file.len) {
		fputs("     ", out);
		out_text(out, base_name(b->pos.file));
		fprintf(out, ":%u", b->pos.line);
	}
	struct str version = target_go_version(t);
	bool is_go = b->lang == LANG_GO || (b->lang == LANG_ASM && version.len);
	fputs("     ", out);
	if (is_go)
		out_text(out, version);
	else
		fputs(target_lang_name(b->lang), out);
	if (b->lang == LANG_ASM && is_go)
		fputs(" assembly", out);
	if (b->abi == ABI_GO0)
		fputs(", stack ABI (ABI0)", out);
	else if (b->abi == ABI_GO_INTERNAL)
		fputs(", register ABI (ABIInternal)", out);
	if (info->func->vaddr)
		fprintf(out, ", %" PRIu64 " bytes", target_func_size(t, info->func));
	fputc('\n', out);
	if (!str_eq(info->func->name, info->func->symbol)) {
		fputs("  symbol ", out);
		out_text(out, info->func->symbol);
		fputc('\n', out);
	}
	if (b->signature.len) {
		fputs("  ", out);
		out_text(out, b->signature);
		fputc('\n', out);
	}
	fputc('\n', out);
}

void show_text(struct target *t, const struct target_info *info, bool with_asm, bool verbose,
	       FILE *out)
{
	print_header(t, info, out);
	print_sites(t, info, out);
	print_values(t, info, false, "at entry", out);
	print_values(t, info, true, "at exits", out);
	print_locals(t, info, out);
	if (verbose)
		print_inlined_locals(t, info, out);
	print_copies(info, verbose, out);
	for (size_t i = 0; i < info->notes.n; i++)
		print_note(info->notes.v[i], out);
	if (with_asm)
		print_asm(t, info, out);
}

void show_inlined_text(struct target *t, const struct target_info *info, FILE *out)
{
	print_header(t, info, out);
	fprintf(out, "%-8s  none: every call of it was inlined\n", "code");
	print_copies(info, true, out);
}
