// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "elf/internal.h"

// More than any real program has; a header that claims more is malformed.
#define SECTIONS_MAX 1000000u

static bool is_known_magic(struct bytes b, const char *magic, size_t len)
{
	return b.len >= len && memcmp(b.p, magic, len) == 0;
}

// Names what the file is, when it is something that people try.
static struct err *not_elf(struct bytes b, const char *path)
{
	if (is_known_magic(b, "#!", 2))
		return err_new(ERR_BADDATA,
			       "%s is a script, not a program; give the interpreter's binary",
			       path);
	if (is_known_magic(b, "!<arch>", 7))
		return err_new(ERR_BADDATA, "%s is an archive, not a program", path);
	if (is_known_magic(b, "\xcf\xfa\xed\xfe", 4) || is_known_magic(b, "MZ", 2))
		return err_new(ERR_BADDATA, "%s is a program for another system, not an ELF file",
			       path);
	return err_new(ERR_BADDATA, "%s is not an ELF file", path);
}

static struct err *check_ident(struct elf *elf, const Elf64_Ehdr *eh)
{
	const char *path = elf->path;
	if (eh->e_ident[EI_CLASS] == ELFCLASS32)
		return err_new(ERR_UNSUPPORTED, "%s is a 32-bit program; stoat reads 64-bit ones",
			       path);
	if (eh->e_ident[EI_CLASS] != ELFCLASS64)
		return err_new(ERR_BADDATA, "%s: unknown ELF class %u", path,
			       eh->e_ident[EI_CLASS]);
	if (eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return err_new(ERR_UNSUPPORTED,
			       "%s is a big-endian program; stoat reads x86-64 and arm64", path);
	if (eh->e_machine == EM_X86_64)
		elf->arch = ELF_X86_64;
	else if (eh->e_machine == EM_AARCH64)
		elf->arch = ELF_ARM64;
	else
		return err_new(
			ERR_UNSUPPORTED,
			"%s is for another machine (ELF machine %u); stoat reads x86-64 and arm64",
			path, eh->e_machine);
	if (eh->e_type == ET_CORE)
		return err_new(ERR_UNSUPPORTED, "%s is a core dump, not a program", path);
	elf->type = eh->e_type;
	return NULL;
}

static struct err *read_segments(struct elf *elf, const Elf64_Ehdr *eh)
{
	if (eh->e_phnum == 0)
		return NULL;
	struct bytes table;
	if (eh->e_phentsize < sizeof(Elf64_Phdr) ||
	    !elf_slice(elf, eh->e_phoff, (uint64_t)eh->e_phnum * eh->e_phentsize, &table))
		return err_new(ERR_BADDATA, "%s: program headers lie outside the file (truncated?)",
			       elf->path);
	elf->segments = ARENA_ARRAY(elf->arena, struct elf_segment, eh->e_phnum);
	for (size_t i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr ph;
		memcpy(&ph, table.p + i * eh->e_phentsize, sizeof(ph));
		elf->segments[elf->n_segments++] = (struct elf_segment) {
			.type = ph.p_type,
			.flags = ph.p_flags,
			.vaddr = ph.p_vaddr,
			.foff = ph.p_offset,
			.filesz = ph.p_filesz,
			.memsz = ph.p_memsz,
			.align = ph.p_align,
		};
	}
	return NULL;
}

static struct str name_at(struct bytes strings, uint64_t off)
{
	if (off >= strings.len)
		return STR("");
	const char *p = (const char *)strings.p + off;
	return (struct str) { p, strnlen(p, strings.len - off) };
}

// Sections are a convenience: a table that is not in the file is treated as absent, as the kernel
// does.
static void read_sections(struct elf *elf, const Elf64_Ehdr *eh)
{
	struct bytes table;
	if (eh->e_shoff == 0 || eh->e_shentsize < sizeof(Elf64_Shdr) ||
	    !elf_slice(elf, eh->e_shoff, eh->e_shentsize, &table))
		return;
	Elf64_Shdr first;
	memcpy(&first, table.p, sizeof(first));
	// Counts too large for the header stand in the first section.
	uint64_t n = eh->e_shnum ? eh->e_shnum : first.sh_size;
	uint64_t names_index = eh->e_shstrndx == SHN_XINDEX ? first.sh_link : eh->e_shstrndx;
	if (n > SECTIONS_MAX || !elf_slice(elf, eh->e_shoff, n * eh->e_shentsize, &table))
		return;
	elf->sections = ARENA_ARRAY(elf->arena, struct elf_section, n);
	elf->contents = ARENA_ARRAY(elf->arena, struct bytes, n);
	elf->damage = ARENA_ARRAY(elf->arena, const char *, n);
	elf->n_sections = n;
	struct bytes names = { 0 };
	if (names_index < n) {
		Elf64_Shdr sh;
		memcpy(&sh, table.p + names_index * eh->e_shentsize, sizeof(sh));
		if (sh.sh_type == SHT_NOBITS || !elf_slice(elf, sh.sh_offset, sh.sh_size, &names))
			names = (struct bytes) { 0 };
	}
	for (size_t i = 0; i < n; i++) {
		Elf64_Shdr sh;
		memcpy(&sh, table.p + i * eh->e_shentsize, sizeof(sh));
		elf->sections[i] = (struct elf_section) {
			.name = name_at(names, sh.sh_name),
			.type = sh.sh_type,
			.flags = sh.sh_flags,
			.vaddr = sh.sh_addr,
			.foff = sh.sh_offset,
			.size = sh.sh_size,
			.link = sh.sh_link,
			.info = sh.sh_info,
			.entsize = sh.sh_entsize,
		};
	}
}

static struct err *read_headers(struct elf *elf)
{
	if (elf->file.len < SELFMAG || memcmp(elf->file.p, ELFMAG, SELFMAG) != 0)
		return not_elf(elf->file, elf->path);
	if (elf->file.len < sizeof(Elf64_Ehdr))
		return err_new(ERR_BADDATA, "%s: the ELF header is cut off", elf->path);
	Elf64_Ehdr eh;
	memcpy(&eh, elf->file.p, sizeof(eh));
	TRY(check_ident(elf, &eh));
	TRY(read_segments(elf, &eh));
	read_sections(elf, &eh);
	return NULL;
}

static struct err *open_over(struct elf *elf, struct elf **out)
{
	struct err *e = read_headers(elf);
	if (e) {
		elf_close(elf);
		return e;
	}
	*out = elf;
	return NULL;
}

static struct elf *elf_new(const char *path)
{
	struct arena *arena = arena_new();
	struct elf *elf = ARENA_NEW(arena, struct elf);
	elf->arena = arena;
	elf->path = arena_strdup(arena, str_from(path)).p;
	return elf;
}

struct err *elf_open(const char *path, struct elf **out)
{
	*out = NULL;
	struct file_map map;
	TRY(file_map_open(path, &map));
	struct elf *elf = elf_new(path);
	elf->map = map;
	elf->file = map.data;
	return open_over(elf, out);
}

struct err *elf_open_mem(struct bytes data, const char *name, struct elf **out)
{
	*out = NULL;
	struct elf *elf = elf_new(name);
	elf->file = data;
	return open_over(elf, out);
}

void elf_close(struct elf *elf)
{
	if (!elf)
		return;
	elf_close(elf->debug);
	file_map_close(&elf->map);
	arena_free(elf->arena);
}

const char *elf_path(const struct elf *elf)
{
	return elf->path;
}

struct bytes elf_file(const struct elf *elf)
{
	return elf->file;
}

enum elf_arch elf_arch(const struct elf *elf)
{
	return elf->arch;
}

bool elf_is_pie(const struct elf *elf)
{
	return elf->type == ET_DYN;
}

uint64_t elf_entry(const struct elf *elf)
{
	Elf64_Ehdr header = { 0 };
	struct bytes file = elf_file(elf);
	if (file.len >= sizeof(header))
		memcpy(&header, file.p, sizeof(header));
	return header.e_entry;
}

bool elf_is_object(const struct elf *elf)
{
	return elf->type == ET_REL;
}

struct arena *elf_arena(struct elf *elf)
{
	return elf->arena;
}

size_t elf_n_sections(const struct elf *elf)
{
	return elf->n_sections;
}

const struct elf_section *elf_section(const struct elf *elf, size_t i)
{
	return &elf->sections[i];
}

const struct elf_section *elf_find_section(const struct elf *elf, struct str name)
{
	for (size_t i = 0; i < elf->n_sections; i++)
		if (str_eq(elf->sections[i].name, name))
			return &elf->sections[i];
	return NULL;
}

size_t elf_n_segments(const struct elf *elf)
{
	return elf->n_segments;
}

const struct elf_segment *elf_segment(const struct elf *elf, size_t i)
{
	return &elf->segments[i];
}

bool elf_slice(const struct elf *elf, uint64_t off, uint64_t len, struct bytes *out)
{
	if (off > elf->file.len || len > elf->file.len - off)
		return false;
	*out = (struct bytes) { elf->file.p + off, (size_t)len };
	return true;
}

// --- addresses ---

static bool covers(const struct elf_segment *s, uint64_t vaddr)
{
	return s->type == PT_LOAD && vaddr >= s->vaddr && vaddr - s->vaddr < s->filesz;
}

static const struct elf_segment *segment_of(const struct elf *elf, uint64_t vaddr)
{
	for (size_t i = 0; i < elf->n_segments; i++)
		if (covers(&elf->segments[i], vaddr))
			return &elf->segments[i];
	return NULL;
}

bool elf_vaddr_to_foff(const struct elf *elf, uint64_t vaddr, uint64_t *foff)
{
	const struct elf_segment *s = segment_of(elf, vaddr);
	if (!s || __builtin_add_overflow(s->foff, vaddr - s->vaddr, foff))
		return false;
	return *foff < elf->file.len;
}

bool elf_foff_to_vaddr(const struct elf *elf, uint64_t foff, uint64_t *vaddr)
{
	for (size_t i = 0; i < elf->n_segments; i++) {
		const struct elf_segment *s = &elf->segments[i];
		if (s->type == PT_LOAD && foff >= s->foff && foff - s->foff < s->filesz) {
			*vaddr = s->vaddr + (foff - s->foff);
			return true;
		}
	}
	return false;
}

struct bytes elf_at(const struct elf *elf, uint64_t vaddr)
{
	const struct elf_segment *s = segment_of(elf, vaddr);
	uint64_t foff;
	if (!s || __builtin_add_overflow(s->foff, vaddr - s->vaddr, &foff) || foff > elf->file.len)
		return (struct bytes) { NULL, 0 };
	uint64_t left = s->filesz - (vaddr - s->vaddr);
	return (struct bytes) { elf->file.p + foff, (size_t)MIN(left, elf->file.len - foff) };
}

bool elf_read(const struct elf *elf, uint64_t vaddr, void *buf, size_t len)
{
	struct bytes b = elf_at(elf, vaddr);
	if (b.len < len)
		return false;
	if (len)
		memcpy(buf, b.p, len);
	return true;
}
