// SPDX-License-Identifier: Apache-2.0
#include "dwarf_image.h"

#include <elf.h>
#include <stdio.h>

void put(struct buf *b, uint64_t v, size_t size)
{
	CHECK(size <= sizeof(v) && b->n + size <= sizeof(b->v));
	memcpy(b->v + b->n, &v, size);
	b->n += size;
}

void put_uleb(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put(b, (v & 0x7f) | 0x80, 1);
	put(b, v, 1);
}

void put_str(struct buf *b, const char *s)
{
	put_bytes(b, s, strlen(s) + 1);
}

void put_bytes(struct buf *b, const void *p, size_t n)
{
	CHECK(b->n + n <= sizeof(b->v));
	memcpy(b->v + b->n, p, n);
	b->n += n;
}

static struct image *newest;

struct image *image_new(unsigned version)
{
	struct image *m = calloc(1, sizeof(*m));
	CHECK(m);
	m->older = newest;
	newest = m;
	m->version = version;
	put(&m->info, 0, 4);
	put(&m->info, version, 2);
	if (version >= 5)
		PUT(&m->info, 1, 8);
	put(&m->info, 0, 4);
	if (version < 5)
		PUT(&m->info, 8);
	return m;
}

void image_free(struct image *m)
{
	CHECK(m == newest);
	newest = m->older;
	dwarf_close(m->dw);
	elf_close(m->elf);
	free(m);
}

struct arena *test_arena(void)
{
	static struct arena *arena;
	if (!arena)
		arena = arena_new();
	return arena;
}

uint32_t here(const struct image *m)
{
	return (uint32_t)m->info.n;
}

void die(struct image *m, unsigned tag, bool has_children)
{
	put_uleb(&m->info, ++m->codes);
	put_uleb(&m->abbrev, m->codes);
	put_uleb(&m->abbrev, tag);
	put(&m->abbrev, has_children, 1);
}

static void at_head(struct image *m, unsigned at, unsigned form)
{
	put_uleb(&m->abbrev, at);
	put_uleb(&m->abbrev, form);
}

void at_u(struct image *m, unsigned at, unsigned form, uint64_t v)
{
	at_head(m, at, form);
	switch (form) {
	case F_addr:
	case F_data8:
		put(&m->info, v, 8);
		break;
	case F_data4:
	case F_ref4:
	case F_sec_offset:
		put(&m->info, v, 4);
		break;
	case F_data2:
		put(&m->info, v, 2);
		break;
	case F_data1:
	case F_strx1:
	case F_addrx1:
		put(&m->info, v, 1);
		break;
	default:
		put_uleb(&m->info, v);
		break;
	}
}

void at_str(struct image *m, unsigned at, const char *s)
{
	at_head(m, at, F_string);
	put_str(&m->info, s);
}

void at_expr(struct image *m, unsigned at, const void *p, size_t n)
{
	at_head(m, at, F_exprloc);
	put_uleb(&m->info, n);
	put_bytes(&m->info, p, n);
}

void die_end(struct image *m)
{
	PUT(&m->abbrev, 0, 0);
}

void end_children(struct image *m)
{
	put(&m->info, 0, 1);
}

uint32_t base_type(struct image *m, const char *name, unsigned encoding, unsigned size)
{
	uint32_t off = here(m);
	die(m, T_base, false);
	at_str(m, A_name, name);
	at_u(m, A_encoding, F_data1, encoding);
	at_u(m, A_size, F_data1, size);
	die_end(m);
	return off;
}

// --- the file ---

struct section {
	const char *name;
	const struct buf *data;
	uint64_t vaddr;
};

static void put_section(struct buf *f, size_t name, unsigned type, uint64_t vaddr, size_t off,
			size_t size)
{
	Elf64_Shdr h = {
		.sh_name = (Elf64_Word)name,
		.sh_type = type,
		.sh_flags = vaddr ? SHF_ALLOC : 0,
		.sh_addr = vaddr,
		.sh_offset = off,
		.sh_size = size,
		.sh_addralign = 1,
	};
	put_bytes(f, &h, sizeof(h));
}

void image_elf(struct image *m)
{
	const struct section secs[] = {
		{ ".debug_info", &m->info, 0 },
		{ ".debug_abbrev", &m->abbrev, 0 },
		{ ".debug_line", &m->line, 0 },
		{ ".debug_loc", &m->loc, 0 },
		{ ".debug_ranges", &m->ranges, 0 },
		{ ".debug_str", &m->str, 0 },
		{ ".debug_str_offsets", &m->str_offsets, 0 },
		{ ".debug_addr", &m->addr, 0 },
		{ ".debug_loclists", &m->loclists, 0 },
		{ ".debug_rnglists", &m->rnglists, 0 },
		{ ".debug_frame", &m->frame, 0 },
		{ ".eh_frame", &m->eh_frame, m->eh_frame_vaddr },
	};
	size_t n = ARRAY_LEN(secs), offs[ARRAY_LEN(secs)], names[ARRAY_LEN(secs)];
	struct buf *f = &m->file, strtab = { .n = 1 };
	uint32_t len = (uint32_t)m->info.n - 4;
	if (m->info.n)
		memcpy(m->info.v, &len, 4);
	put(&m->abbrev, 0, 1);
	f->n = sizeof(Elf64_Ehdr);
	for (size_t i = 0; i < n; i++) {
		names[i] = strtab.n;
		put_str(&strtab, secs[i].name);
		offs[i] = f->n;
		put_bytes(f, secs[i].data->v, secs[i].data->n);
	}
	size_t strtab_name = strtab.n, strtab_off = f->n;
	put_str(&strtab, ".shstrtab");
	put_bytes(f, strtab.v, strtab.n);
	f->n = (f->n + 7) & ~(size_t)7;
	Elf64_Ehdr h = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_shoff = f->n,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = (Elf64_Half)(n + 2),
		.e_shstrndx = (Elf64_Half)(n + 1),
	};
	memcpy(f->v, &h, sizeof(h));
	put_section(f, 0, SHT_NULL, 0, 0, 0);
	for (size_t i = 0; i < n; i++)
		put_section(f, names[i], SHT_PROGBITS, secs[i].vaddr, offs[i], secs[i].data->n);
	put_section(f, strtab_name, SHT_STRTAB, 0, strtab_off, strtab.n);
	CHECK_OK(elf_open_mem((struct bytes) { f->v, f->n }, "image", &m->elf));
}

struct dwarf *image_open(struct image *m)
{
	image_elf(m);
	CHECK_OK(dwarf_open(m->elf, m->elf, &m->dw));
	return m->dw;
}

// --- comparing ---

static int place_text(char *out, size_t size, const struct place *p)
{
	static const char *const kinds[] = {
		[PLACE_NONE] = "none",   [PLACE_REG] = "reg",        [PLACE_MEM] = "mem",
		[PLACE_CFA] = "cfa",     [PLACE_ADDR] = "addr",      [PLACE_TLS] = "tls",
		[PLACE_CONST] = "const", [PLACE_IMPLICIT] = "bytes", [PLACE_VALUE] = "value",
		[PLACE_VADDR] = "vaddr", [PLACE_DEREF] = "deref",    [PLACE_COMPLEX] = "complex",
	};
	const char *base = p->is_cfa ? " cfa" : "";
	char reg[16] = "";
	if (!p->is_cfa &&
	    (p->kind == PLACE_MEM || p->kind == PLACE_VALUE || p->kind == PLACE_DEREF))
		snprintf(reg, sizeof(reg), " r%u", p->reg);
	if (p->kind == PLACE_NONE || p->kind == PLACE_COMPLEX)
		return snprintf(out, size, "%s", kinds[p->kind]);
	if (p->kind == PLACE_REG)
		return snprintf(out, size, "reg %u", p->reg);
	if (p->kind == PLACE_IMPLICIT)
		return snprintf(out, size, "bytes %zu", p->data.len);
	if (p->kind == PLACE_DEREF)
		return snprintf(out, size, "deref%s%s %+lld %+lld", base, reg, (long long)p->off,
				(long long)p->off2);
	return snprintf(out, size, "%s%s%s %+lld", kinds[p->kind], base, reg, (long long)p->off);
}

const char *places_text(const struct places *p)
{
	static char text[1024];
	size_t n = 0;
	text[0] = '\0';
	for (size_t i = 0; i < p->n && n + 128 < sizeof(text); i++) {
		if (i)
			n += (size_t)snprintf(text + n, 8, " ");
		if (p->v[i].size)
			n += (size_t)snprintf(text + n, 64, "[%llu+%llu]",
					      (unsigned long long)p->v[i].off_in_value,
					      (unsigned long long)p->v[i].size);
		n += (size_t)place_text(text + n, 100, &p->v[i]);
	}
	return text;
}

const struct dwarf_var *find_var(const struct dwarf_vars *vars, const char *name)
{
	for (size_t i = 0; i < vars->n; i++)
		if (str_eq(vars->v[i].name, str_from(name)))
			return &vars->v[i];
	unit_fail(__FILE__, __LINE__, "no variable %s", name);
}
