// SPDX-License-Identifier: Apache-2.0
#include "go_image.h"

#include <elf.h>

// Everything lies at file offset x and address BASE + x.
#define BASE       0x400000u
#define TEXT_OFF   (GO_IMAGE_TEXT - BASE)
#define TEXT_LEN   0x98u
#define TABLES_OFF 0x2000u
#define DATA_OFF   0x4000u
#define N_FUNCS    4
#define N_RELOCS   128
#define NO_DATA    UINT32_MAX
#define MAX_SLOTS  8

struct func {
	const char *name;
	uint32_t entry; // offset in the text
	uint32_t pcsp, pcfile, pcln, pcinl;
	uint32_t funcdata[MAX_SLOTS]; // offsets from gofunc
	size_t n_funcdata;
	int32_t args;
	int32_t start_line;
	uint8_t flag;
	bool is_c;
};

struct maker {
	const struct go_image_options *opt;
	struct go_image *img;
	size_t at; // where the next byte goes
	struct {
		uint64_t vaddr, addend;
	} relocs[N_RELOCS];
	size_t n_relocs;
	struct func funcs[N_FUNCS];
	uint64_t gofunc;
	size_t node_name_at[2]; // where the inlined functions' name offsets belong
};

static uint64_t here(const struct maker *m)
{
	return BASE + m->at;
}

static void put(struct maker *m, const void *p, size_t n)
{
	memcpy(m->img->bytes + m->at, p, n);
	m->at += n;
}

#define PUT(name, type)                           \
	static void name(struct maker *m, type v) \
	{                                         \
		put(m, &v, sizeof(v));            \
	}
PUT(put8, uint8_t)
PUT(put16, uint16_t)
PUT(put32, uint32_t)
PUT(put64, uint64_t)
#undef PUT

static void put_ptr(struct maker *m, uint64_t v)
{
	if (m->opt->is_relocated && v) {
		m->relocs[m->n_relocs].vaddr = here(m);
		m->relocs[m->n_relocs++].addend = v;
		v = 0;
	}
	put64(m, v);
}

static void put_cstr(struct maker *m, const char *s)
{
	put(m, s, strlen(s) + 1);
}

static void align(struct maker *m, size_t to)
{
	m->at = (m->at + to - 1) / to * to;
}

static void patch32(struct maker *m, size_t at, uint32_t v)
{
	memcpy(m->img->bytes + at, &v, sizeof(v));
}

static void patch64(struct maker *m, size_t at, uint64_t v)
{
	memcpy(m->img->bytes + at, &v, sizeof(v));
}

// --- text ---

static void make_text(struct maker *m)
{
	uint8_t *text = m->img->bytes + TEXT_OFF;
	memset(text, 0x90, TEXT_LEN);
	// main.main: 0x33 bytes and filling.
	text[0x32] = 0xc3;
	memset(text + 0x33, 0xcc, 0x0d);
	// main.(*T).Get ends in a jump back to its start, whose last byte looks like filling.
	text[0x40 + 50] = 0xeb;
	memset(text + 0x40 + 51, 0xcc, 13);
	// x_cgo: C code, filled with a long NOP.
	memcpy(text + 0x80, "\x55\x48\x89\xe5\x5d\xc3\x66\x2e\x0f\x1f\x84\0\0\0\0\0", 16);
}

// --- pc-value tables ---

struct run {
	int32_t value;
	uint32_t len;
};

static void put_varint(struct maker *m, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		put8(m, (uint8_t)(v | 0x80));
	put8(m, (uint8_t)v);
}

static void put_runs(struct maker *m, const struct run *r, size_t n)
{
	int32_t prev = -1;
	uint32_t unit = m->opt->is_arm64 ? 4 : 1;
	for (size_t i = 0; i < n; i++) {
		int32_t delta = r[i].value - prev;
		prev = r[i].value;
		put_varint(m, delta < 0 ? ~((uint32_t)delta << 1) : (uint32_t)delta << 1);
		put_varint(m, r[i].len / unit);
	}
	put8(m, 0);
}

#define RUNS(m, ...)                                   \
	put_runs((m), (const struct run[])__VA_ARGS__, \
		 sizeof((const struct run[])__VA_ARGS__) / sizeof(struct run))

// base: what the offsets are relative to.
static void make_pctab(struct maker *m, size_t base)
{
	// 1.15 counts files from 1.
	int32_t f = m->opt->minor == 15;
	struct func *fn = m->funcs;
	put8(m, 0);
	fn[0].pcsp = (uint32_t)(m->at - base);
	RUNS(m, { { 0, 8 }, { 8, 0x28 }, { 0, 0x10 } });
	fn[0].pcfile = (uint32_t)(m->at - base);
	RUNS(m, { { f, 0x10 }, { f + 1, 0x10 }, { f, 0x20 } });
	fn[0].pcln = (uint32_t)(m->at - base);
	RUNS(m, { { 10, 0x10 }, { 5, 4 }, { 7, 4 }, { 5, 8 }, { 12, 0x20 } });
	fn[0].pcinl = (uint32_t)(m->at - base);
	// The last run lies in the filling behind the code, where nothing is inlined.
	RUNS(m, { { -1, 0x10 }, { 0, 4 }, { 1, 4 }, { 0, 8 }, { -1, 0x13 }, { 0, 0x0d } });
	fn[1].pcsp = fn[3].pcsp = (uint32_t)(m->at - base);
	RUNS(m, { { 0, 0x40 } });
	fn[1].pcfile = (uint32_t)(m->at - base);
	RUNS(m, { { f + 1, 0x40 } });
	fn[1].pcln = (uint32_t)(m->at - base);
	RUNS(m, { { 20, 0x40 } });
	fn[3].pcfile = (uint32_t)(m->at - base);
	RUNS(m, { { f + 2, 8 } });
	fn[3].pcln = fn[1].pcln;
}

// --- function data ---

static bool has_old_tree(const struct maker *m)
{
	return m->opt->minor < 20;
}

static void put_node(struct maker *m, int i, int16_t parent, uint32_t file, uint32_t line,
		     uint32_t parent_pc)
{
	if (has_old_tree(m)) {
		put16(m, (uint16_t)parent);
		put16(m, 0);
		put32(m, file + (m->opt->minor == 15));
		put32(m, line);
	} else {
		put32(m, 0);
	}
	m->node_name_at[i] = m->at;
	put32(m, 0);
	put32(m, parent_pc);
	if (!has_old_tree(m))
		put32(m, 4);
}

static void make_funcdata(struct maker *m)
{
	static const uint8_t arginfo[] = { 0, 8, 0xfe, 8, 8, 16, 8, 0xfd, 0xfc, 0xfb, 0xff };
	align(m, 8);
	m->gofunc = here(m);
	put64(m, 0);
	size_t tree = m->opt->minor == 15 ? 4 : 3;
	for (size_t i = 0; i < N_FUNCS; i++)
		for (size_t k = 0; k < MAX_SLOTS; k++)
			m->funcs[i].funcdata[k] = NO_DATA;
	m->funcs[0].n_funcdata = 6;
	m->funcs[0].funcdata[tree] = (uint32_t)(here(m) - m->gofunc);
	put_node(m, 0, -1, 0, 10, 0);
	put_node(m, 1, 0, 1, 5, 0x10);
	m->funcs[1].n_funcdata = 6;
	m->funcs[1].funcdata[5] = (uint32_t)(here(m) - m->gofunc);
	put(m, arginfo, sizeof(arginfo));
}

// --- pclntab ---

static uint32_t put_name(struct maker *m, size_t base, const char *name)
{
	uint32_t off = (uint32_t)(m->at - base);
	put_cstr(m, name);
	return off;
}

static const char *const func_names[N_FUNCS] = { "main.main", "main.(*T).Get", "x_cgo",
						 "runtime.asm" };
static const char *const file_names[] = { "a.go", "b.go", "x.s" };

static void put_func(struct maker *m, const struct func *f, uint32_t name, bool is_pointers)
{
	bool is_abs = m->opt->minor < 18;
	bool has_cu = m->opt->minor >= 16, has_start = m->opt->minor >= 20;
	if (is_abs)
		put64(m, GO_IMAGE_TEXT + f->entry);
	else
		put32(m, f->entry);
	put32(m, name);
	put32(m, (uint32_t)f->args);
	put32(m, 0);
	put32(m, f->pcsp);
	put32(m, f->pcfile);
	put32(m, f->pcln);
	put32(m, f->is_c ? 0 : 3);
	if (has_cu)
		put32(m, 0);
	if (has_start)
		put32(m, (uint32_t)f->start_line);
	put8(m, 0);
	put8(m, f->flag);
	put8(m, 0);
	put8(m, (uint8_t)f->n_funcdata);
	if (!f->is_c) {
		put32(m, 0);
		put32(m, 0);
		put32(m, f->pcinl);
	}
	if (is_pointers)
		align(m, 8);
	for (size_t i = 0; i < f->n_funcdata; i++) {
		if (!is_pointers)
			put32(m, f->funcdata[i]);
		else
			put_ptr(m, f->funcdata[i] == NO_DATA ? 0 : m->gofunc + f->funcdata[i]);
	}
}

// The functab with room for offsets, then the records.
static void make_functab(struct maker *m, const uint32_t *names, size_t base)
{
	bool is_abs = m->opt->minor < 18;
	size_t at[N_FUNCS];
	m->img->functab_off = m->at;
	for (size_t i = 0; i < N_FUNCS; i++) {
		if (is_abs)
			put_ptr(m, GO_IMAGE_TEXT + m->funcs[i].entry);
		else
			put32(m, m->funcs[i].entry);
		at[i] = m->at;
		if (is_abs)
			put64(m, 0);
		else
			put32(m, 0);
	}
	if (is_abs)
		put_ptr(m, GO_IMAGE_TEXT + TEXT_LEN);
	else
		put32(m, TEXT_LEN);
	size_t files_at = m->at;
	put32(m, 0);
	for (size_t i = 0; i < N_FUNCS; i++) {
		align(m, is_abs ? 8 : 4);
		patch32(m, at[i], (uint32_t)(m->at - base));
		put_func(m, &m->funcs[i], names[i], is_abs);
	}
	if (m->opt->minor == 15)
		patch32(m, files_at, (uint32_t)(m->at - base));
}

static void make_names(struct maker *m, size_t base, uint32_t *names)
{
	for (size_t i = 0; i < N_FUNCS; i++)
		names[i] = put_name(m, base, func_names[i]);
	patch32(m, m->node_name_at[0], put_name(m, base, "main.tiny"));
	patch32(m, m->node_name_at[1], put_name(m, base, "main.mini"));
}

static void put_header(struct maker *m, uint32_t magic)
{
	align(m, 32);
	m->img->pclntab = here(m);
	put32(m, magic);
	put16(m, 0);
	put8(m, m->opt->is_arm64 ? 4 : 1);
	put8(m, 8);
	put64(m, N_FUNCS);
}

static void make_pclntab_15(struct maker *m)
{
	uint32_t names[N_FUNCS], files[3];
	put_header(m, 0xfffffffb);
	size_t base = m->at - 16;
	// The functab must follow the header; what it names lies behind room that is kept for it.
	size_t functab = m->at;
	m->at += 0x300;
	make_names(m, base, names);
	for (size_t i = 0; i < 3; i++)
		files[i] = put_name(m, base, file_names[i]);
	make_pctab(m, base);
	align(m, 8);
	size_t end = m->at;
	m->at = functab;
	make_functab(m, names, base);
	put32(m, 4);
	for (size_t i = 0; i < 3; i++)
		put32(m, files[i]);
	m->at = end;
}

static void make_pclntab_16(struct maker *m)
{
	static const struct {
		int minor;
		uint32_t magic;
	} magics[] = { { 20, 0xfffffff1 }, { 18, 0xfffffff0 }, { 16, 0xfffffffa } };
	uint32_t magic = 0, names[N_FUNCS];
	for (size_t i = 0; !magic; i++)
		if (m->opt->minor >= magics[i].minor)
			magic = magics[i].magic;
	put_header(m, magic);
	size_t base = m->at - 16;
	put64(m, 3);
	if (m->opt->minor >= 18)
		put_ptr(m, m->opt->minor >= 26 ? 0 : GO_IMAGE_TEXT);
	size_t offs = m->at, start;
	m->at += 40;
	patch64(m, offs, m->at - base);
	make_names(m, m->at, names);
	align(m, 4);
	patch64(m, offs + 8, m->at - base);
	size_t cu = m->at;
	m->at += 12;
	patch64(m, offs + 16, m->at - base);
	start = m->at;
	for (size_t i = 0; i < 3; i++)
		patch32(m, cu + 4 * i, put_name(m, start, file_names[i]));
	patch64(m, offs + 24, m->at - base);
	make_pctab(m, m->at);
	align(m, 8);
	patch64(m, offs + 32, m->at - base);
	make_functab(m, names, m->at);
}

// --- types ---

static uint32_t put_type_name(struct maker *m, const char *name, uint8_t flags)
{
	uint32_t off = (uint32_t)(here(m) - m->img->types);
	put8(m, flags);
	if (m->opt->minor <= 16)
		put8(m, 0);
	put8(m, (uint8_t)strlen(name));
	put(m, name, strlen(name));
	return off;
}

static void put_common(struct maker *m, uint64_t size, uint8_t tflag, uint8_t kind, uint32_t name)
{
	put64(m, size);
	put64(m, 0);
	put32(m, 1);
	put8(m, tflag);
	put8(m, 8);
	put8(m, 8);
	put8(m, kind);
	put64(m, 0);
	put64(m, 0);
	put32(m, name);
	put32(m, 0);
}

static void put_uncommon(struct maker *m, uint32_t pkg, uint16_t n_methods, uint32_t off)
{
	put32(m, pkg);
	put16(m, n_methods);
	put16(m, n_methods);
	put32(m, off);
	put32(m, 0);
}

// int; main.T struct { A int; next *main.T }; *main.T with Get; func(int, ...int) int.
static void make_types(struct maker *m)
{
	struct go_image *img = m->img;
	// Reserved ahead: names come last, but descriptors need their offsets.
	img->types = here(m);
	img->type_int = img->types + 8;
	img->type_t = img->type_int + 48;
	img->type_ptr_t = img->type_t + 80 + 16 + 48;
	img->type_func = img->type_ptr_t + 56 + 16 + 16;
	uint64_t slice = img->type_func + 56 + 24, end = slice + 56;
	size_t start = m->at;
	m->at = end - BASE;
	uint32_t n_int = put_type_name(m, "int", 0), n_t = put_type_name(m, "*main.T", 0);
	uint32_t n_pkg = put_type_name(m, "example.com/main", 0),
		 n_get = put_type_name(m, "Get", 1);
	uint32_t n_f = put_type_name(m, "func", 0), n_a = put_type_name(m, "A", 1);
	uint32_t n_next = put_type_name(m, "next", 8);
	img->etypes = here(m);
	size_t after = m->at;
	m->at = start;
	bool is_old_field = m->opt->minor < 19;

	put64(m, 0);
	put_common(m, 8, 4, 2, n_int);
	put_common(m, 16, 1 | 2 | 4, 25, n_t);
	put_ptr(m, 0);
	put_ptr(m, img->type_t + 96);
	put64(m, 2);
	put64(m, 2);
	put_uncommon(m, n_pkg, 0, 0);
	put_ptr(m, img->types + n_a);
	put_ptr(m, img->type_int);
	put64(m, 0);
	put_ptr(m, img->types + n_next);
	put_ptr(m, img->type_ptr_t);
	put64(m, is_old_field ? 8 << 1 | 1 : 8);
	put_common(m, 8, 1, 22, n_t);
	put_ptr(m, img->type_t);
	put_uncommon(m, 0, 1, 16);
	put32(m, n_get);
	put32(m, (uint32_t)(img->type_func - img->types));
	put32(m, 0x40);
	put32(m, 0x40);
	put_common(m, 8, 0, 19, n_f);
	put16(m, 2);
	put16(m, 1 | 0x8000);
	put32(m, 0);
	put_ptr(m, img->type_int);
	put_ptr(m, slice);
	put_ptr(m, img->type_int);
	put_common(m, 24, 0, 23, n_f);
	put_ptr(m, img->type_int);
	m->at = after;
	align(m, 8);
}

// --- moduledata, build information ---

static void module_ptr(struct maker *m, size_t off, uint64_t v)
{
	size_t end = m->at;
	m->at = m->img->module - BASE + off;
	put_ptr(m, v);
	m->at = end;
}

static void make_module(struct maker *m)
{
	struct go_image *img = m->img;
	int minor = m->opt->minor;
	align(m, 32);
	img->module = here(m);
	m->at += 600;
	if (m->opt->has_no_module)
		return;
	size_t ftab = minor == 15 ? 24 : 128, minpc = minor == 15 ? 80 : 160;
	size_t types = minor == 15 ? 200 : minor < 20 ? 280 : 296;
	img->minpc_off = img->module - BASE + minpc;
	module_ptr(m, 0, img->pclntab);
	module_ptr(m, ftab, BASE + img->functab_off);
	patch64(m, img->module - BASE + ftab + 8, N_FUNCS + 1);
	module_ptr(m, minpc, GO_IMAGE_TEXT);
	module_ptr(m, minpc + 8, GO_IMAGE_TEXT + TEXT_LEN);
	module_ptr(m, minpc + 16, GO_IMAGE_TEXT);
	module_ptr(m, minpc + 24, GO_IMAGE_TEXT + TEXT_LEN);
	module_ptr(m, types, img->types);
	if (minor >= 27) {
		patch64(m, img->module - BASE + 304, img->type_func + 80 + 56 - img->types);
		module_ptr(m, 312, img->etypes);
		module_ptr(m, 344, m->gofunc);
		return;
	}
	module_ptr(m, types + 8, img->etypes);
	if (minor >= 18)
		module_ptr(m, types + 24, m->gofunc);
	size_t links = minor == 15  ? 240
		       : minor < 18 ? 320
		       : minor < 20 ? 336
		       : minor < 26 ? 352
				    : 360;
	module_ptr(m, links, here(m));
	patch64(m, img->module - BASE + links + 8, 1);
	patch64(m, img->module - BASE + links + 16, 1);
	put32(m, (uint32_t)(img->type_ptr_t - img->types));
	align(m, 8);
}

static void make_buildinfo(struct maker *m)
{
	static const char mod[] = "0123456789abcdefpath\tcmd/x\nbuild\tGOARCH=amd64\n"
				  "0123456789abcdef";
	if (!m->opt->version)
		return;
	align(m, 16);
	put(m, "\xff Go buildinf:\x08", 15);
	if (m->opt->minor >= 18) {
		put8(m, 2);
		m->at += 16;
		put8(m, (uint8_t)strlen(m->opt->version));
		put(m, m->opt->version, strlen(m->opt->version));
		put8(m, sizeof(mod) - 1);
		put(m, mod, sizeof(mod) - 1);
		return;
	}
	put8(m, 0);
	uint64_t strings = here(m) + 16;
	put_ptr(m, strings);
	put_ptr(m, strings + 16);
	put_ptr(m, strings + 32);
	put64(m, strlen(m->opt->version));
	put_ptr(m, strings + 32 + strlen(m->opt->version));
	put64(m, sizeof(mod) - 1);
	put(m, m->opt->version, strlen(m->opt->version));
	put(m, mod, sizeof(mod) - 1);
}

// --- ELF ---

static void put_phdr(struct maker *m, uint32_t type, uint32_t flags, uint64_t off, uint64_t len)
{
	Elf64_Phdr ph = {
		.p_type = type,
		.p_flags = flags,
		.p_offset = off,
		.p_vaddr = BASE + off,
		.p_filesz = len,
		.p_memsz = len,
		.p_align = 8,
	};
	put(m, &ph, sizeof(ph));
}

static void make_elf(struct maker *m, size_t dynamic, size_t dynamic_len)
{
	bool is_pie = m->opt->is_relocated;
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = is_pie ? ET_DYN : ET_EXEC,
		.e_machine = m->opt->is_arm64 ? EM_AARCH64 : EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = GO_IMAGE_TEXT,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = is_pie ? 4 : 3,
	};
	size_t len = m->at;
	m->at = 0;
	put(m, &eh, sizeof(eh));
	put_phdr(m, PT_LOAD, PF_R | PF_X, 0, TABLES_OFF);
	put_phdr(m, PT_LOAD, PF_R, TABLES_OFF, DATA_OFF - TABLES_OFF);
	put_phdr(m, PT_LOAD, PF_R | PF_W, DATA_OFF, len - DATA_OFF);
	if (is_pie)
		put_phdr(m, PT_DYNAMIC, PF_R | PF_W, dynamic, dynamic_len);
	m->img->len = len;
}

static void make_relocs(struct maker *m, size_t *dynamic, size_t *len)
{
	align(m, 8);
	uint64_t rela = here(m);
	uint32_t type = m->opt->is_arm64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
	for (size_t i = 0; i < m->n_relocs; i++) {
		put64(m, m->relocs[i].vaddr);
		put64(m, type);
		put64(m, m->relocs[i].addend);
	}
	*dynamic = m->at;
	put64(m, DT_RELA);
	put64(m, rela);
	put64(m, DT_RELASZ);
	put64(m, m->n_relocs * 24);
	put64(m, DT_NULL);
	put64(m, 0);
	*len = m->at - *dynamic;
}

void go_image_make(const struct go_image_options *opt, struct go_image *out)
{
	memset(out, 0, sizeof(*out));
	struct maker m = { .opt = opt, .img = out };
	static const uint32_t entries[N_FUNCS] = { 0, 0x40, 0x80, 0x90 };
	for (size_t i = 0; i < N_FUNCS; i++) {
		m.funcs[i].entry = entries[i];
		m.funcs[i].args = 8 * (int32_t)i;
		m.funcs[i].start_line = 9;
	}
	m.funcs[2].is_c = true;
	m.funcs[3].flag = 4 | 1;
	make_text(&m);
	m.at = TABLES_OFF;
	make_funcdata(&m);
	if (opt->minor == 15)
		make_pclntab_15(&m);
	else
		make_pclntab_16(&m);
	align(&m, 32);
	make_types(&m);
	m.at = DATA_OFF;
	make_module(&m);
	make_buildinfo(&m);
	size_t dynamic = 0, dynamic_len = 0;
	make_relocs(&m, &dynamic, &dynamic_len);
	make_elf(&m, dynamic, dynamic_len);
}
