// SPDX-License-Identifier: Apache-2.0
// The kernel's functions, from /proc/kallsyms.
#include <stdio.h>
#include <stdlib.h>

#include "sym/internal.h"

// Far more than any kernel has.
#define TEXTS_MAX (256u << 20)

struct kernel_symbol {
	uint64_t vaddr;
	uint32_t name, module; // where they begin in texts
};

struct kernel_symbols {
	struct arena *arena;
	VEC(struct kernel_symbol) v; // by address
	VEC(char) texts;             // each ends with NUL; the first one is empty
	uint32_t module;             // of the last line
};

// "ffffffff81000000 T _text", "ffffffffc0000000 t init_module\t[nf_tables]". False for data, and
// for addresses that are hidden from us (0).
static bool parse(char *line, uint64_t *vaddr, char **name, char **module)
{
	char *end;
	*vaddr = strtoull(line, &end, 16);
	if (*vaddr == 0 || end[0] != ' ' || !strchr("tTwW", end[1]) || !end[1] || end[2] != ' ')
		return false;
	*name = end + 3;
	*module = *name + strcspn(*name, "\t\n");
	if (**module == '\t')
		*(*module)++ = '\0';
	(*module)[strcspn(*module, "\n")] = '\0';
	return **name != '\0';
}

static uint32_t keep(struct kernel_symbols *k, const char *text)
{
	size_t at = k->texts.n;
	do
		VEC_PUSH(k->arena, &k->texts, *text);
	while (*text++);
	return (uint32_t)at;
}

static void add(struct kernel_symbols *k, uint64_t vaddr, const char *name, const char *module)
{
	// A module's symbols stand together.
	if (strcmp(k->texts.v + k->module, module) != 0)
		k->module = *module ? keep(k, module) : 0;
	VEC_PUSH(k->arena, &k->v,
		 (struct kernel_symbol) {
			 .vaddr = vaddr, .name = keep(k, name), .module = k->module });
}

// Of several names for one address the kernel takes the first one in the file, and so do we.
static int by_vaddr(const void *a, const void *b)
{
	const struct kernel_symbol *x = a, *y = b;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

struct kernel_symbols *kernel_symbols_new(const char *kallsyms)
{
	struct arena *arena = arena_new();
	struct kernel_symbols *k = ARENA_NEW(arena, struct kernel_symbols);
	char line[1024], *name, *module;
	uint64_t vaddr;
	k->arena = arena;
	keep(k, "");
	FILE *f = fopen(kallsyms, "re");
	if (!f)
		return k;
	while (k->texts.n < TEXTS_MAX && fgets(line, sizeof(line), f))
		if (parse(line, &vaddr, &name, &module))
			add(k, vaddr, name, module);
	fclose(f);
	if (k->v.n)
		qsort(k->v.v, k->v.n, sizeof(k->v.v[0]), by_vaddr);
	return k;
}

void kernel_symbols_free(struct kernel_symbols *k)
{
	if (k)
		arena_free(k->arena);
}

bool kernel_symbols_at(const struct kernel_symbols *k, uint64_t pc, struct symbol_frame *out)
{
	size_t lo = 0, hi = k->v.n; // the first one that begins after pc
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (k->v.v[mid].vaddr <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return false;
	const struct kernel_symbol *s = &k->v.v[lo - 1];
	while (s > k->v.v && s[-1].vaddr == s->vaddr)
		s--;
	*out = (struct symbol_frame) {
		.func = str_from(k->texts.v + s->name),
		.off = pc - s->vaddr,
		.path = str_from(k->texts.v + s->module),
	};
	return true;
}
