// SPDX-License-Identifier: Apache-2.0
// moduledata: the runtime's record of where a program's parts are. Its layout changes without
// notice between Go versions, so that a layout is believed only when the values that it gives agree
// with pclntab and the file.
#include <elf.h>

#include "base/log.h"
#include "go/tables.h"

// Offsets in moduledata; 0: not there. The first fields are those of pclntab's generation.
struct module_layout {
	int first_minor;
	uint16_t ftab;
	uint16_t minpc; // maxpc, text and etext follow
	uint16_t types;
	uint16_t typedesclen;
	uint16_t etypes;
	uint16_t gofunc;
	uint16_t typelinks; // itablinks follow
};

static const struct module_layout layouts[] = {
	{ 2, .ftab = 24, .minpc = 80, .types = 200, .etypes = 208, .typelinks = 240 },
	{ 16, .ftab = 128, .minpc = 160, .types = 280, .etypes = 288, .typelinks = 320 },
	{ 18, 128, 160, .types = 280, .etypes = 288, .gofunc = 304, .typelinks = 336 },
	{ 20, 128, 160, .types = 296, .etypes = 304, .gofunc = 320, .typelinks = 352 },
	{ 26, 128, 160, .types = 296, .etypes = 304, .gofunc = 320, .typelinks = 360 },
	{ 27, 128, 160, 296, .typedesclen = 304, .etypes = 312, .gofunc = 344 },
};

static bool word(struct go *go, uint64_t vaddr, uint64_t *out)
{
	return elf_read_word(go->elf, vaddr, out);
}

// The part that all versions of one pclntab generation share: the function table and the code.
static bool check_code(struct go *go, uint64_t at, const struct module_layout *l)
{
	const struct pclntab *t = &go->tab;
	uint64_t ftab, n, minpc, maxpc, text, etext;
	if (!elf_read(go->elf, at + l->ftab + 8, &n, 8) || n != t->n_funcs + 1 ||
	    !word(go, at + l->ftab, &ftab) || ftab != t->vaddr + t->functab_off)
		return false;
	if (!word(go, at + l->minpc, &minpc) || !word(go, at + l->minpc + 8, &maxpc) ||
	    !word(go, at + l->minpc + 16, &text) || !word(go, at + l->minpc + 24, &etext))
		return false;
	if (text > minpc || minpc > maxpc || maxpc > etext)
		return false;
	uint64_t before = go->text;
	go->text = text;
	if (functab_entry(go, 0) == minpc && functab_entry(go, t->n_funcs) == maxpc) {
		go->module.vaddr = at;
		go->module.text = text;
		go->module.etext = etext;
		return true;
	}
	go->text = before;
	return false;
}

static bool check_slice(struct go *go, uint64_t at, size_t item, uint64_t *p, uint64_t *n)
{
	uint64_t cap;
	if (!elf_read(go->elf, at + 8, n, 8) || !elf_read(go->elf, at + 16, &cap, 8) || *n != cap)
		return false;
	*p = 0;
	if (*n == 0)
		return true;
	if (!word(go, at, p))
		return false;
	return *n <= SIZE_MAX / item && elf_at(go->elf, *p).len >= *n * item;
}

// The part that moves: where types and function data are.
static bool check_data(struct go *go, const struct module_layout *l)
{
	uint64_t at = go->module.vaddr;
	uint64_t types, etypes, gofunc = 0, links = 0, n_links = 0, itabs = 0, n_itabs = 0,
				desc = 0;
	if (!word(go, at + l->types, &types) || !word(go, at + l->etypes, &etypes) ||
	    types >= etypes || elf_at(go->elf, types).len < etypes - types)
		return false;
	if (l->gofunc && (!word(go, at + l->gofunc, &gofunc) || elf_at(go->elf, gofunc).len == 0))
		return false;
	if (l->typelinks && (!check_slice(go, at + l->typelinks, 4, &links, &n_links) ||
			     !check_slice(go, at + l->typelinks + 24, 8, &itabs, &n_itabs)))
		return false;
	if (l->typedesclen && (!elf_read(go->elf, at + l->typedesclen, &desc, 8) || desc == 0 ||
			       desc > etypes - types))
		return false;
	go->module.types = types;
	go->module.etypes = etypes;
	go->module.gofunc = gofunc;
	go->module.is_known = true;
	go->typelinks = bytes_part(elf_at(go->elf, links), 0, n_links * 4);
	go->itablinks = itabs;
	go->n_itablinks = n_itabs;
	go->typedesclen = desc;
	return true;
}

static const struct module_layout *layout_of(int minor)
{
	const struct module_layout *l = &layouts[0];
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++)
		if (layouts[i].first_minor <= minor)
			l = &layouts[i];
	return l;
}

// The version's own layout first, then the others of this generation, newest first.
static void choose_layout(struct go *go)
{
	const struct module_layout *want = layout_of(go->minor);
	if (check_data(go, want))
		return;
	for (size_t i = ARRAY_LEN(layouts); i-- > 0;) {
		const struct module_layout *l = &layouts[i];
		if (l == want || l->minpc != want->minpc || !check_data(go, l))
			continue;
		log_debug("go", "%s: moduledata looks like that of Go 1.%d, not 1.%d",
			  elf_path(go->elf), l->first_minor, go->minor);
		if (go->info.version.minor < 0 && go->tab.generation == GEN_20)
			go->minor = l->first_minor == 20 ? 25 : l->first_minor;
		return;
	}
	log_debug("go", "%s: moduledata at 0x%llx has an unknown layout", elf_path(go->elf),
		  (unsigned long long)go->module.vaddr);
}

static bool try_at(struct go *go, uint64_t vaddr)
{
	return check_code(go, vaddr, layout_of(go->tab.generation));
}

// Multiples of 8 in [vaddr, vaddr + len) that hold the table's address.
static bool scan(struct go *go, uint64_t vaddr, uint64_t len)
{
	struct bytes b = elf_at(go->elf, vaddr);
	b.len = MIN(b.len, len);
	for (size_t off = (size_t)(-vaddr & 7); off + 8 <= b.len; off += 8) {
		uint64_t w;
		memcpy(&w, b.p + off, sizeof(w));
		if (w == go->tab.vaddr && try_at(go, vaddr + off))
			return true;
	}
	return false;
}

static bool scan_sections(struct go *go)
{
	static const char *const names[] = { ".go.module", ".noptrdata" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct elf_section *sec = elf_find_section(go->elf, str_from(names[i]));
		if (sec && sec->type != SHT_NOBITS && scan(go, sec->vaddr, sec->size))
			return true;
	}
	return false;
}

static bool scan_segments(struct go *go)
{
	size_t budget = elf_file(go->elf).len;
	for (size_t i = 0; i < elf_n_segments(go->elf); i++) {
		const struct elf_segment *s = elf_segment(go->elf, i);
		if (s->type != PT_LOAD || !(s->flags & PF_W))
			continue;
		uint64_t len = MIN(s->filesz, (uint64_t)budget);
		budget -= len;
		if (scan(go, s->vaddr, len))
			return true;
	}
	return false;
}

static bool try_relocated(void *ctx, uint64_t vaddr, uint64_t addend)
{
	struct go *go = ctx;
	return addend == go->tab.vaddr && try_at(go, vaddr);
}

bool module_find(struct go *go)
{
	if (!scan_sections(go) && !scan_segments(go) &&
	    !elf_each_relative(go->elf, try_relocated, go))
		return false;
	choose_layout(go);
	return true;
}

const struct go_module *go_module(const struct go *go)
{
	return &go->module;
}
