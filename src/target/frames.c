// SPDX-License-Identifier: Apache-2.0
// What an address stands for: functions by Go's tables or by symbols, and by DWARF what was inlined
// there.
#include <elf.h>
#include <stdlib.h>

#include "target/internal.h"

// Functions that may begin before an address and end behind it; more are not looked at.
#define NESTED_MAX 64

struct code_symbol {
	uint64_t vaddr;
	uint64_t size;
	const char *name;
	uint32_t name_len;
	uint8_t rank;           // of several for one address the highest is taken
	const struct str *text; // as people know it; NULL until asked
};

struct code_index {
	VEC(struct code_symbol) v; // by address
};

// As debuggers choose: what has a size and a type, and is known outside its file.
static uint8_t rank_of(const struct elf_sym *s)
{
	unsigned rank = s->size > 0 ? 8 : 0;
	rank += s->type == STT_NOTYPE ? 0 : 4;
	if (s->bind == STB_GLOBAL)
		rank += 2;
	else if (s->bind == STB_WEAK)
		rank += 1;
	return (uint8_t)rank;
}

struct collector {
	struct target *t;
	struct code_index *index;
};

static bool collect(void *ctx, const struct elf_sym *s)
{
	struct collector *c = ctx;
	if (!is_function_symbol(c->t, s))
		return false;
	VEC_PUSH(c->t->arena, &c->index->v,
		 (struct code_symbol) {
			 .vaddr = s->vaddr,
			 .size = s->size,
			 .name = s->name.p,
			 .name_len = (uint32_t)s->name.len,
			 .rank = rank_of(s),
		 });
	return false;
}

static struct str raw_name(const struct code_symbol *s)
{
	return (struct str) { s->name, s->name_len };
}

static size_t leading_underscores(struct str s)
{
	size_t n = 0;
	while (n < s.len && s.p[n] == '_')
		n++;
	return n;
}

// The better of two for one address first.
static int by_vaddr(const void *a, const void *b)
{
	const struct code_symbol *x = a, *y = b;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	size_t m = leading_underscores(raw_name(x)), n = leading_underscores(raw_name(y));
	if (m != n)
		return m < n ? -1 : 1;
	return str_cmp(raw_name(x), raw_name(y));
}

static void finish(struct target *t, struct code_index *x)
{
	struct code_symbol *v = x->v.v;
	size_t n = 0;
	if (x->v.n)
		qsort(v, x->v.n, sizeof(*v), by_vaddr);
	for (size_t i = 0; i < x->v.n; i++)
		if (n == 0 || v[n - 1].vaddr != v[i].vaddr)
			v[n++] = v[i];
	x->v.n = n;
	for (size_t i = 0; i < n; i++) {
		uint64_t room = room_at(t, v[i].vaddr);
		if (v[i].size == 0 && i + 1 < n)
			room = MIN(room, v[i + 1].vaddr - v[i].vaddr);
		v[i].size = v[i].size ? MIN(v[i].size, room) : room;
	}
}

static struct err *read_symbols(struct target *t, struct code_index *x)
{
	struct collector c = { t, x };
	struct elf *debug = t->elf;
	if (!elf_has_symtab(t->elf))
		TRY(target_debug_elf(t, &debug));
	return elf_each_symbol(debug, !elf_has_symtab(debug), collect, &c);
}

static const struct code_index *code_index(struct target *t)
{
	if (!t->code_index) {
		t->code_index = ARENA_NEW(t->arena, struct code_index);
		target_note_damage(t, read_symbols(t, t->code_index));
		finish(t, t->code_index);
	}
	return t->code_index;
}

static struct code_symbol *symbol_at(struct target *t, uint64_t vaddr)
{
	const struct code_index *x = code_index(t);
	size_t lo = 0, hi = x->v.n; // the first one that begins after vaddr
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (x->v.v[mid].vaddr <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i > 0 && lo - i < NESTED_MAX; i--)
		if (vaddr - x->v.v[i - 1].vaddr < x->v.v[i - 1].size)
			return &x->v.v[i - 1];
	return NULL;
}

static struct str symbol_text(struct target *t, struct code_symbol *s, unsigned want)
{
	if (want & TARGET_FRAMES_RAW)
		return raw_name(s);
	if (!s->text) {
		struct str *text = ARENA_NEW(t->arena, struct str);
		*text = demangle(t->arena, raw_name(s));
		s->text = text;
	}
	return *s->text;
}

static size_t go_frames(struct target *t, uint64_t vaddr, unsigned want, struct target_frame *out,
			size_t max)
{
	struct go *go = target_go(t);
	struct go_func f;
	struct go_frame frames[NESTED_MAX];
	if (!go || !go_func_at(go, vaddr, &f) || f.is_c)
		return 0;
	size_t n = go_frames_at(go, &f, vaddr, frames, MIN(max, ARRAY_LEN(frames)));
	for (size_t i = 0; i < n; i++) {
		const struct go_frame *from = &frames[i];
		out[i] = (struct target_frame) {
			.func = from->func,
			.vaddr = from->is_inlined ? 0 : f.entry,
			.is_inlined = from->is_inlined,
			.is_wrapper = !from->is_inlined && f.is_wrapper,
		};
		if (want & TARGET_FRAMES_LINES && from->pos.line > 0)
			out[i].pos =
				(struct target_pos) { from->pos.file, (uint32_t)from->pos.line };
	}
	return n;
}

static struct str dwarf_text(struct target *t, const struct dwarf_frame *f, unsigned want)
{
	if (f->linkage.len == 0)
		return f->name;
	return want & TARGET_FRAMES_RAW ? f->linkage : demangle(t->arena, f->linkage);
}

// Positions and inlined functions; 0 if DWARF does not know the address.
static size_t dwarf_frames(struct target *t, uint64_t vaddr, unsigned want,
			   struct target_frame *out, size_t max)
{
	struct dwarf *dw = target_dwarf(t);
	struct dwarf_frame frames[NESTED_MAX];
	size_t n = 0;
	if (!dw)
		return 0;
	struct err *e = dwarf_frames_at(dw, vaddr, frames, MIN(max, ARRAY_LEN(frames)), &n);
	if (!err_catch(&e, ERR_NOTFOUND))
		target_note_damage(t, e);
	size_t from = 0;
	if (!(want & TARGET_FRAMES_INLINED) && n > 1)
		from = n - 1;
	for (size_t i = from; i < n; i++) {
		const struct dwarf_frame *f = &frames[i];
		out[i - from] = (struct target_frame) {
			.func = dwarf_text(t, f, want),
			.vaddr = f->low,
			.is_inlined = f->is_inlined,
		};
		if (want & TARGET_FRAMES_LINES)
			out[i - from].pos = (struct target_pos) { f->file, f->line };
	}
	return n - from;
}

// Of code that DWARF gives lines but no function: assembly.
static struct target_pos line_alone(struct target *t, uint64_t vaddr, unsigned want)
{
	struct dwarf *dw = want & TARGET_FRAMES_LINES ? target_dwarf(t) : NULL;
	struct dwarf_row row = { .file = STR("") };
	if (dw)
		err_free(dwarf_line_at(dw, vaddr, &row));
	return (struct target_pos) { row.file, row.line };
}

size_t target_frames(struct target *t, uint64_t vaddr, unsigned want, struct target_frame *out,
		     size_t max)
{
	size_t n = max ? go_frames(t, vaddr, want, out, max) : 0;
	if (n || max == 0)
		return n;
	if (want & (TARGET_FRAMES_LINES | TARGET_FRAMES_INLINED))
		n = dwarf_frames(t, vaddr, want, out, max);
	struct code_symbol *s = symbol_at(t, vaddr);
	if (!s)
		return n;
	// The function with code goes by its symbol, with or without DWARF.
	if (n == 0)
		out[n++] = (struct target_frame) { .pos = line_alone(t, vaddr, want) };
	out[n - 1].func = symbol_text(t, s, want);
	out[n - 1].vaddr = s->vaddr;
	return n;
}
