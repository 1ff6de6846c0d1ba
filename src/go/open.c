// SPDX-License-Identifier: Apache-2.0
// Opening: finding pclntab and moduledata, and refusing tables that contradict each other.
#include <elf.h>

#include "base/log.h"
#include "go/tables.h"

// Places where a table could start; more of them than this are not tried.
#define CANDIDATES_MAX 16

struct candidates {
	uint64_t vaddr[CANDIDATES_MAX];
	size_t n;
};

// --- what a table needs ---

// Versions whose tables look like this, from the oldest.
static int newest_minor(const struct go *go)
{
	switch (go->tab.generation) {
	case GEN_15:
		return 15;
	case GEN_16:
		return 17;
	case GEN_18:
		return 19;
	default:
		// The header lost its text address in 1.26.
		return go->tab.text_start ? 25 : 27;
	}
}

static int oldest_minor(const struct go *go)
{
	return go->tab.generation == GEN_15 ? 2 : go->tab.generation;
}

// The version text decides between layouts only as far as the tables can have been made by it.
static int choose_minor(const struct go *go)
{
	int minor = go->info.version.minor;
	bool has_newest = go->tab.generation == GEN_20;
	if (minor >= oldest_minor(go) && (has_newest || minor <= newest_minor(go)))
		return minor;
	return newest_minor(go);
}

struct overlay {
	struct go *go;
	uint64_t low, high;
};

static bool overlay_entry(void *ctx, uint64_t vaddr, uint64_t addend)
{
	struct overlay *o = ctx;
	if (vaddr >= o->low && vaddr < o->high && (vaddr - o->low) % 16 == 0)
		o->go->entries[(vaddr - o->low) / 16] = addend;
	return false;
}

// Absolute addresses that the linker left to relocations (lld's position-independent programs).
static void relocate_functab(struct go *go)
{
	const struct pclntab *t = &go->tab;
	uint64_t first;
	if (t->generation >= GEN_18 || !elf_is_pie(go->elf) || !bytes_u64(t->functab, 0, &first) ||
	    first != 0)
		return;
	go->entries = ARENA_ARRAY(go->arena, uint64_t, t->n_funcs + 1);
	uint64_t low = t->vaddr + t->functab_off;
	struct overlay o = { go, low, low + t->functab.len };
	elf_each_relative(go->elf, overlay_entry, &o);
}

static void forget_table(struct go *go)
{
	go->tab = (struct pclntab) { 0 };
	go->module = (struct go_module) { 0 };
	go->entries = NULL;
	go->text = 0;
}

// Where entry offsets start when there is no moduledata to say it.
static struct err *text_without_module(struct go *go)
{
	if (go->tab.generation < GEN_18)
		return NULL;
	// The header's word, relocated.
	if (elf_read_word(go->elf, go->tab.vaddr + 24, &go->text) && go->text)
		return NULL;
	const struct elf_sym *sym = elf_find_symbol(go->elf, STR("runtime.text"));
	if (!sym)
		return err_new(ERR_BADDATA,
			       "%s: no moduledata matches pclntab at 0x%llx, and nothing else says "
			       "where the Go code starts",
			       elf_path(go->elf), (unsigned long long)go->tab.vaddr);
	go->text = sym->vaddr;
	return NULL;
}

static struct err *try_table(struct go *go, uint64_t vaddr, struct bytes all, bool needs_module)
{
	TRY(pclntab_parse(go->elf, vaddr, all, &go->tab));
	go->minor = choose_minor(go);
	relocate_functab(go);
	if (module_find(go)) {
		if (go->tab.text_start && go->tab.text_start != go->text)
			return err_new(ERR_BADDATA,
				       "%s: pclntab says that the Go code starts at 0x%llx, "
				       "moduledata says 0x%llx",
				       elf_path(go->elf), (unsigned long long)go->tab.text_start,
				       (unsigned long long)go->text);
	} else if (needs_module) {
		return err_new(ERR_BADDATA, "%s: no moduledata matches pclntab at 0x%llx",
			       elf_path(go->elf), (unsigned long long)vaddr);
	} else {
		TRY(text_without_module(go));
	}
	return pclntab_check_functab(go);
}

// --- where it can be ---

static const struct elf_section *table_section(struct elf *elf)
{
	static const char *const names[] = { ".gopclntab", ".data.rel.ro.gopclntab" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct elf_section *sec = elf_find_section(elf, str_from(names[i]));
		if (sec && sec->type != SHT_NOBITS && sec->size)
			return sec;
	}
	return NULL;
}

// Starts of tables in a loadable segment; they are aligned to at least 8.
static void scan_segment(struct elf *elf, const struct elf_segment *seg, size_t *budget,
			 struct candidates *out)
{
	struct bytes b = elf_at(elf, seg->vaddr);
	b.len = MIN(b.len, *budget);
	*budget -= b.len;
	size_t off = (size_t)(-seg->vaddr & 7);
	for (; off + 8 <= b.len && out->n < CANDIDATES_MAX; off += 8) {
		if (b.p[off + 3] == 0xff && pclntab_is_start(elf_arch(elf), b.p + off))
			out->vaddr[out->n++] = seg->vaddr + off;
	}
}

// Tries found[from..]; NULL when one is good, else the first error.
static struct err *try_candidates(struct go *go, const struct candidates *found, size_t from,
				  bool needs_module)
{
	struct err *first = NULL;
	for (size_t i = from; i < found->n; i++) {
		uint64_t at = found->vaddr[i];
		struct err *e = try_table(go, at, elf_at(go->elf, at), needs_module);
		if (!e) {
			err_free(first);
			return NULL;
		}
		forget_table(go);
		log_debug("go", "%s", err_text(e));
		if (first)
			err_free(e);
		else
			first = e;
	}
	return first ? first : err_new(ERR_NOTFOUND, "%s is not a Go program", elf_path(go->elf));
}

// By structure. A table that moduledata points to is the program's own; one without may belong to
// another program that is embedded as data, unless nothing better is there.
static struct err *find_by_structure(struct go *go)
{
	// Where linkers put the table when it has no section of its own, most likely place first.
	static const uint32_t flags[] = { PF_R | PF_W, PF_R, PF_R | PF_X, PF_R | PF_W | PF_X };
	// The code of a large C program is not worth reading for a table that is hardly there.
	size_t n_flags = go->info.version.text.len ? ARRAY_LEN(flags) : 2;
	struct candidates found = { 0 };
	// Segments may overlap in a malformed file; the file is read once over in sum.
	size_t budget = elf_file(go->elf).len;
	for (size_t k = 0; k < n_flags; k++) {
		size_t from = found.n;
		for (size_t i = 0; i < elf_n_segments(go->elf); i++) {
			const struct elf_segment *seg = elf_segment(go->elf, i);
			if (seg->type == PT_LOAD && (seg->flags & (PF_R | PF_W | PF_X)) == flags[k])
				scan_segment(go->elf, seg, &budget, &found);
		}
		struct err *e = try_candidates(go, &found, from, true);
		if (!e)
			return NULL;
		err_free(e);
	}
	struct err *e = try_candidates(go, &found, 0, false);
	if (e && found.n == 0 && go->info.version.text.len) {
		err_free(e);
		return err_new(ERR_BADDATA, "%s is a Go program, but has no table of functions",
			       elf_path(go->elf));
	}
	if (e && go->info.version.text.len == 0) {
		// Bytes that only look like a table.
		err_free(e);
		return err_new(ERR_NOTFOUND, "%s is not a Go program", elf_path(go->elf));
	}
	return e;
}

static struct err *find_tables(struct go *go)
{
	const struct elf_section *sec = table_section(go->elf);
	if (!sec)
		return find_by_structure(go);
	struct bytes all = elf_at(go->elf, sec->vaddr);
	all.len = MIN(all.len, sec->size);
	return try_table(go, sec->vaddr, all, false);
}

struct err *go_open(struct elf *elf, struct go **out)
{
	*out = NULL;
	struct arena *arena = arena_new();
	struct go *go = ARENA_NEW(arena, struct go);
	go->arena = arena;
	go->elf = elf;
	go->rtypes = map_init(arena);
	go->methods = map_init(arena);
	struct err *e = go_buildinfo_read(elf, &go->info);
	if (e) {
		// The tables stand for themselves.
		log_debug("go", "%s", err_text(e));
		err_free(e);
		go->info = (struct go_buildinfo) { .version.minor = -1 };
	}
	e = find_tables(go);
	if (e) {
		go_close(go);
		return e;
	}
	*out = go;
	return NULL;
}

void go_close(struct go *go)
{
	if (go)
		arena_free(go->arena);
}

const struct go_buildinfo *go_buildinfo(const struct go *go)
{
	return &go->info;
}

int go_minor(const struct go *go)
{
	return go->minor;
}

uint64_t go_pclntab_vaddr(const struct go *go)
{
	return go->tab.vaddr;
}
