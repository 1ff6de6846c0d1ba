// SPDX-License-Identifier: Apache-2.0
#include <elf.h>

#include "elf/internal.h"

// A hostile file can make thousands of names out of one long text.
#define NAME_MAX_LEN 16384u

static const struct elf_section *section_of_type(const struct elf *elf, uint32_t type)
{
	for (size_t i = 0; i < elf->n_sections; i++)
		if (elf->sections[i].type == type)
			return &elf->sections[i];
	return NULL;
}

// "memcpy@@GLIBC_2.14" -> "memcpy". Go and C++ names have no '@' of their own.
static struct str without_version(struct str name)
{
	const char *at = memchr(name.p, '@', name.len);
	return at && at != name.p ? str_first(name, (size_t)(at - name.p)) : name;
}

// A table's entries and the texts of their names.
struct raw_table {
	struct bytes entries, strings;
	size_t n;
};

static struct err *find_table(struct elf *elf, uint32_t type, struct raw_table *out)
{
	*out = (struct raw_table) { 0 };
	const struct elf_section *sec = section_of_type(elf, type);
	if (!sec || sec->link >= elf->n_sections)
		return NULL;
	TRY(elf_section_data(elf, sec, &out->entries));
	TRY(elf_section_data(elf, &elf->sections[sec->link], &out->strings));
	out->n = out->entries.len / sizeof(Elf64_Sym);
	return NULL;
}

// False for one without a name.
static bool read_symbol(const struct raw_table *t, size_t i, struct elf_sym *out)
{
	Elf64_Sym s;
	memcpy(&s, t->entries.p + i * sizeof(s), sizeof(s));
	if (s.st_name >= t->strings.len)
		return false;
	const char *p = (const char *)t->strings.p + s.st_name;
	struct str name = { p, strnlen(p, t->strings.len - s.st_name) };
	if (name.len == 0 || name.len > NAME_MAX_LEN)
		return false;
	*out = (struct elf_sym) {
		.name = without_version(name),
		.vaddr = s.st_value,
		.size = s.st_size,
		.type = ELF64_ST_TYPE(s.st_info),
		.bind = ELF64_ST_BIND(s.st_info),
		.shndx = s.st_shndx,
	};
	return true;
}

static struct err *read_table(struct elf *elf, uint32_t type, struct elf_symtab *out)
{
	struct raw_table t;
	if (out->is_read)
		return NULL;
	TRY(find_table(elf, type, &t));
	out->v = ARENA_ARRAY(elf->arena, struct elf_sym, t.n);
	for (size_t i = 0; i < t.n; i++)
		out->n += read_symbol(&t, i, &out->v[out->n]);
	out->is_read = true;
	return NULL;
}

struct err *elf_each_symbol(struct elf *elf, bool dynamic,
			    bool (*fn)(void *ctx, const struct elf_sym *s), void *ctx)
{
	struct raw_table t;
	struct elf_sym s;
	TRY(find_table(elf, dynamic ? SHT_DYNSYM : SHT_SYMTAB, &t));
	for (size_t i = 0; i < t.n; i++)
		if (read_symbol(&t, i, &s) && fn(ctx, &s))
			break;
	return NULL;
}

bool elf_has_symtab(const struct elf *elf)
{
	const struct elf_section *sec = section_of_type(elf, SHT_SYMTAB);
	return sec && sec->size > sizeof(Elf64_Sym);
}

struct err *elf_dynamic_symbols(struct elf *elf, const struct elf_sym **out, size_t *n)
{
	TRY(read_table(elf, SHT_DYNSYM, &elf->dynsym));
	*out = elf->dynsym.v;
	*n = elf->dynsym.n;
	return NULL;
}

struct err *elf_symbols(struct elf *elf, const struct elf_sym **out, size_t *n)
{
	if (!elf_has_symtab(elf))
		return elf_dynamic_symbols(elf, out, n);
	TRY(read_table(elf, SHT_SYMTAB, &elf->symtab));
	*out = elf->symtab.v;
	*n = elf->symtab.n;
	return NULL;
}

static const struct elf_sym *find_in(const struct elf_symtab *t, struct str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->v[i].name, name))
			return &t->v[i];
	return NULL;
}

const struct elf_sym *elf_find_symbol(struct elf *elf, struct str name)
{
	// A damaged table has no symbols to find; listing says what is wrong with it.
	err_free(read_table(elf, SHT_SYMTAB, &elf->symtab));
	err_free(read_table(elf, SHT_DYNSYM, &elf->dynsym));
	const struct elf_sym *s = find_in(&elf->symtab, name);
	return s ? s : find_in(&elf->dynsym, name);
}
