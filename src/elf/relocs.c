// SPDX-License-Identifier: Apache-2.0
// RELATIVE relocations: what a position-independent program's words will be, less its load address.
#include <elf.h>
#include <stdlib.h>

#include "elf/internal.h"

static int by_vaddr(const void *a, const void *b)
{
	const struct elf_reloc *x = a, *y = b;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

// The table of relocations that two entries of the dynamic section tell, which also stands in files
// without section headers: DT_RELA and DT_RELASZ, DT_JMPREL and DT_PLTRELSZ.
static bool find_rela(const struct elf *elf, int64_t addr_tag, int64_t size_tag, struct bytes *out)
{
	uint64_t vaddr = 0, size = 0;
	for (size_t i = 0; i < elf->n_segments; i++) {
		struct bytes dyn;
		const struct elf_segment *s = &elf->segments[i];
		if (s->type != PT_DYNAMIC || !elf_slice(elf, s->foff, s->filesz, &dyn))
			continue;
		for (size_t off = 0; off + sizeof(Elf64_Dyn) <= dyn.len; off += sizeof(Elf64_Dyn)) {
			Elf64_Dyn d;
			memcpy(&d, dyn.p + off, sizeof(d));
			if (d.d_tag == DT_NULL)
				break;
			if (d.d_tag == addr_tag)
				vaddr = d.d_un.d_ptr;
			else if (d.d_tag == size_tag)
				size = d.d_un.d_val;
		}
	}
	*out = elf_at(elf, vaddr);
	if (!vaddr || size > out->len)
		return false;
	out->len = size;
	return true;
}

static void read_relocs(struct elf *elf)
{
	if (elf->relocs_are_read)
		return;
	elf->relocs_are_read = true;
	struct bytes rela;
	if (!find_rela(elf, DT_RELA, DT_RELASZ, &rela))
		return;
	uint32_t want = elf->arch == ELF_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
	size_t n = rela.len / sizeof(Elf64_Rela);
	elf->relocs = ARENA_ARRAY(elf->arena, struct elf_reloc, n);
	bool is_sorted = true;
	for (size_t i = 0; i < n; i++) {
		Elf64_Rela r;
		memcpy(&r, rela.p + i * sizeof(r), sizeof(r));
		if (ELF64_R_TYPE(r.r_info) != want)
			continue;
		size_t k = elf->n_relocs++;
		elf->relocs[k] = (struct elf_reloc) { r.r_offset, (uint64_t)r.r_addend };
		is_sorted = is_sorted && (k == 0 || elf->relocs[k - 1].vaddr <= r.r_offset);
	}
	if (!is_sorted)
		qsort(elf->relocs, elf->n_relocs, sizeof(elf->relocs[0]), by_vaddr);
}

bool elf_read_word(struct elf *elf, uint64_t vaddr, uint64_t *out)
{
	if (!elf_read(elf, vaddr, out, sizeof(*out)))
		return false;
	if (*out != 0 || elf->type != ET_DYN)
		return true;
	read_relocs(elf);
	struct elf_reloc key = { .vaddr = vaddr };
	const struct elf_reloc *r =
		elf->n_relocs ? bsearch(&key, elf->relocs, elf->n_relocs, sizeof(key), by_vaddr)
			      : NULL;
	if (r)
		*out = r->addend;
	return true;
}

bool elf_each_relative(struct elf *elf, bool (*fn)(void *ctx, uint64_t vaddr, uint64_t addend),
		       void *ctx)
{
	read_relocs(elf);
	for (size_t i = 0; i < elf->n_relocs; i++)
		if (fn(ctx, elf->relocs[i].vaddr, elf->relocs[i].addend))
			return true;
	return false;
}

// Name of the dynamic symbol with that index.
static bool symbol_name(struct elf *elf, uint64_t index, struct str *out)
{
	for (size_t i = 0; i < elf->n_sections; i++) {
		const struct elf_section *sec = &elf->sections[i];
		struct bytes table, names;
		Elf64_Sym sym;
		if (sec->type != SHT_DYNSYM || sec->link >= elf->n_sections ||
		    !elf_slice(elf, sec->foff, sec->size, &table) ||
		    !elf_slice(elf, elf->sections[sec->link].foff, elf->sections[sec->link].size,
			       &names) ||
		    index >= table.len / sizeof(sym))
			continue;
		memcpy(&sym, table.p + index * sizeof(sym), sizeof(sym));
		if (sym.st_name >= names.len)
			return false;
		const char *p = (const char *)names.p + sym.st_name;
		*out = (struct str) { p, strnlen(p, names.len - sym.st_name) };
		return out->len > 0;
	}
	return false;
}

bool elf_slot_symbol(struct elf *elf, uint64_t vaddr, struct str *out)
{
	static const int64_t tables[][2] = { { DT_JMPREL, DT_PLTRELSZ }, { DT_RELA, DT_RELASZ } };
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		struct bytes rela;
		if (!find_rela(elf, tables[t][0], tables[t][1], &rela))
			continue;
		for (size_t off = 0; off + sizeof(Elf64_Rela) <= rela.len;
		     off += sizeof(Elf64_Rela)) {
			Elf64_Rela r;
			memcpy(&r, rela.p + off, sizeof(r));
			if (r.r_offset == vaddr && ELF64_R_SYM(r.r_info) != 0)
				return symbol_name(elf, ELF64_R_SYM(r.r_info), out);
		}
	}
	return false;
}
