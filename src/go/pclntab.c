// SPDX-License-Identifier: Apache-2.0
// pclntab's header, its table of functions and their records.
#include <elf.h>

#include "base/cursor.h"
#include "go/tables.h"

#define PTR_SIZE    8
#define HEADER_15   16          // magic, padding, sizes, count
#define HEADER_WORD 8           // of the words that follow the first eight bytes
#define NAME_MAX_   (64 * 1024) // generic names are long, but not longer than this
#define FLAG_TOP    1u
#define FLAG_ASM    4u

static const struct func_layout layout_15 = {
	.size = 40,
	.name = 8,
	.args = 12,
	.deferreturn = 16,
	.pcsp = 20,
	.pcfile = 24,
	.pcln = 28,
	.npcdata = 32,
	.func_id = 36,
	.nfuncdata = 39,
};
static const struct func_layout layout_16 = {
	.size = 44,
	.name = 8,
	.args = 12,
	.deferreturn = 16,
	.pcsp = 20,
	.pcfile = 24,
	.pcln = 28,
	.npcdata = 32,
	.cu = 36,
	.func_id = 40,
	.flag = 41,
	.nfuncdata = 43,
};
static const struct func_layout layout_18 = {
	.size = 40,
	.name = 4,
	.args = 8,
	.deferreturn = 12,
	.pcsp = 16,
	.pcfile = 20,
	.pcln = 24,
	.npcdata = 28,
	.cu = 32,
	.func_id = 36,
	.flag = 37,
	.nfuncdata = 39,
};
static const struct func_layout layout_20 = {
	.size = 44,
	.name = 4,
	.args = 8,
	.deferreturn = 12,
	.pcsp = 16,
	.pcfile = 20,
	.pcln = 24,
	.npcdata = 28,
	.cu = 32,
	.start_line = 36,
	.func_id = 40,
	.flag = 41,
	.nfuncdata = 43,
};

static const struct {
	uint32_t magic;
	int generation;
	const struct func_layout *layout;
} magics[] = {
	{ 0xfffffffb, GEN_15, &layout_15 },
	{ 0xfffffffa, GEN_16, &layout_16 },
	{ 0xfffffff0, GEN_18, &layout_18 },
	{ 0xfffffff1, GEN_20, &layout_20 },
};

static int magic_index(uint32_t magic)
{
	for (size_t i = 0; i < ARRAY_LEN(magics); i++)
		if (magics[i].magic == magic)
			return (int)i;
	return -1;
}

bool bytes_cstr(struct bytes b, uint64_t off, struct str *out)
{
	if (off >= b.len)
		return false;
	const char *p = (const char *)b.p + off;
	size_t max = MIN(b.len - (size_t)off, (size_t)NAME_MAX_);
	const char *nul = memchr(p, 0, max);
	if (!nul)
		return false;
	*out = (struct str) { p, (size_t)(nul - p) };
	return true;
}

// --- header ---

bool pclntab_is_start(enum elf_arch arch, const uint8_t *p)
{
	uint32_t magic;
	memcpy(&magic, p, sizeof(magic));
	return (magic & 0xfffffff0) == 0xfffffff0 && magic_index(magic) >= 0 && p[4] == 0 &&
	       p[5] == 0 && p[6] == (arch == ELF_ARM64 ? 4 : 1) && p[7] == PTR_SIZE;
}

static size_t functab_entry_size(int generation)
{
	return generation >= GEN_18 ? 4 : 8;
}

static bool take_functab(struct pclntab *t)
{
	uint64_t pairs, size = functab_entry_size(t->generation);
	if (__builtin_mul_overflow((uint64_t)t->n_funcs, 2 * size, &pairs))
		return false;
	t->functab = bytes_part(t->all, t->functab_off, pairs + size);
	return t->n_funcs > 0 && t->functab.len == pairs + size;
}

// 1.15: one table, the file names after the functab.
static struct err *parse_15(struct elf *elf, struct pclntab *t)
{
	uint64_t n;
	uint32_t files;
	t->functab_off = HEADER_15;
	if (!bytes_u64(t->all, 8, &n) || (t->n_funcs = n, !take_functab(t)) ||
	    !bytes_u32(t->all, HEADER_15 + t->functab.len, &files))
		return err_new(ERR_BADDATA, "%s: pclntab's list of functions is cut off",
			       elf_path(elf));
	t->names = t->pctab = t->funcs = t->all;
	t->filetab = bytes_part(t->all, files, t->all.len);
	return NULL;
}

// 1.16 on: a header with the offsets of the sub-tables, which follow each other.
static struct err *parse_16(struct elf *elf, struct pclntab *t)
{
	bool has_text = t->generation >= GEN_18;
	struct cursor c = cursor_init(t->all, "pclntab");
	cursor_skip(&c, 8);
	t->n_funcs = cursor_u64(&c);
	cursor_u64(&c); // number of files
	if (has_text)
		t->text_start = cursor_u64(&c);
	uint64_t off[5] = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(off); i++) {
		off[i] = cursor_u64(&c);
		if (off[i] > t->all.len || (i > 0 && off[i] < off[i - 1]))
			cursor_fail(&c, "sub-tables out of order or outside the file");
	}
	if (off[0] < cursor_off(&c))
		cursor_fail(&c, "sub-tables overlap the header");
	TRY(err_wrap(cursor_err(&c), "%s", elf_path(elf)));
	t->names = bytes_part(t->all, off[0], off[1] - off[0]);
	t->cutab = bytes_part(t->all, off[1], off[2] - off[1]);
	t->filetab = bytes_part(t->all, off[2], off[3] - off[2]);
	t->pctab = bytes_part(t->all, off[3], off[4] - off[3]);
	t->funcs = bytes_part(t->all, off[4], t->all.len);
	t->functab_off = off[4];
	if (!take_functab(t))
		return err_new(ERR_BADDATA, "%s: pclntab's list of functions is cut off",
			       elf_path(elf));
	return NULL;
}

struct err *pclntab_parse(struct elf *elf, uint64_t vaddr, struct bytes all, struct pclntab *out)
{
	uint32_t magic;
	if (!bytes_u32(all, 0, &magic) || all.len < HEADER_15 ||
	    !pclntab_is_start(elf_arch(elf), all.p))
		return err_new(ERR_BADDATA, "%s: no pclntab at 0x%llx (its first bytes are wrong)",
			       elf_path(elf), (unsigned long long)vaddr);
	int i = magic_index(magic);
	*out = (struct pclntab) {
		.generation = magics[i].generation,
		.layout = magics[i].layout,
		.min_lc = all.p[6],
		.vaddr = vaddr,
		.all = all,
	};
	return out->generation == GEN_15 ? parse_15(elf, out) : parse_16(elf, out);
}

// --- functab ---

uint64_t functab_entry(const struct go *go, size_t i)
{
	if (go->entries)
		return go->entries[i];
	if (go->tab.generation >= GEN_18) {
		uint32_t off;
		memcpy(&off, go->tab.functab.p + i * 8, sizeof(off));
		return go->text + off;
	}
	uint64_t entry;
	memcpy(&entry, go->tab.functab.p + i * 16, sizeof(entry));
	return entry;
}

static uint64_t functab_func(const struct go *go, size_t i)
{
	if (go->tab.generation >= GEN_18) {
		uint32_t off;
		memcpy(&off, go->tab.functab.p + i * 8 + 4, sizeof(off));
		return off;
	}
	uint64_t off;
	memcpy(&off, go->tab.functab.p + i * 16 + 8, sizeof(off));
	return off;
}

static bool is_in_code(struct elf *elf, uint64_t low, uint64_t high)
{
	for (size_t i = 0; i < elf_n_segments(elf); i++) {
		const struct elf_segment *s = elf_segment(elf, i);
		if (s->type == PT_LOAD && (s->flags & PF_X) && low >= s->vaddr &&
		    low - s->vaddr < s->filesz && high - s->vaddr <= s->filesz)
			return true;
	}
	return false;
}

struct err *pclntab_check_functab(struct go *go)
{
	const char *path = elf_path(go->elf);
	uint64_t low = functab_entry(go, 0), prev = low;
	for (size_t i = 1; i <= go->tab.n_funcs; i++) {
		uint64_t entry = functab_entry(go, i);
		if (entry < prev)
			return err_new(ERR_BADDATA,
				       "%s: pclntab's functions are not in order (number %zu)",
				       path, i);
		prev = entry;
	}
	// What lies outside the file would make loops over a function's code unbounded.
	if (!is_in_code(go->elf, low, prev) || elf_at(go->elf, low).len < prev - low)
		return err_new(ERR_BADDATA,
			       "%s: pclntab's functions (0x%llx to 0x%llx) are not in executable "
			       "memory",
			       path, (unsigned long long)low, (unsigned long long)prev);
	return NULL;
}

// --- records ---

bool func_record(const struct go *go, const struct go_func *f, struct bytes *out)
{
	*out = bytes_part(go->tab.funcs, f->raw, go->tab.funcs.len);
	return out->len >= go->tab.layout->size;
}

static uint32_t field_u32(struct bytes record, uint8_t off)
{
	uint32_t v = 0;
	memcpy(&v, record.p + off, sizeof(v));
	return off ? v : 0;
}

static uint32_t table_off(const struct go *go, const struct go_func *f, uint8_t field)
{
	struct bytes rec;
	return func_record(go, f, &rec) ? field_u32(rec, field) : 0;
}

uint32_t func_pcsp(const struct go *go, const struct go_func *f)
{
	return table_off(go, f, go->tab.layout->pcsp);
}

uint32_t func_pcfile(const struct go *go, const struct go_func *f)
{
	return table_off(go, f, go->tab.layout->pcfile);
}

uint32_t func_pcln(const struct go *go, const struct go_func *f)
{
	return table_off(go, f, go->tab.layout->pcln);
}

uint32_t func_pcdata(const struct go *go, const struct go_func *f, unsigned i)
{
	const struct func_layout *l = go->tab.layout;
	struct bytes rec;
	uint32_t off;
	if (!func_record(go, f, &rec) || i >= field_u32(rec, l->npcdata) ||
	    !bytes_u32(rec, l->size + 4u * i, &off))
		return 0;
	return off;
}

uint64_t func_funcdata(const struct go *go, const struct go_func *f, unsigned i)
{
	const struct func_layout *l = go->tab.layout;
	struct bytes rec;
	if (!func_record(go, f, &rec) || i >= rec.p[l->nfuncdata])
		return 0;
	uint64_t at = l->size + 4 * (uint64_t)field_u32(rec, l->npcdata);
	if (go->tab.generation >= GEN_18) {
		uint32_t off;
		if (!go->module.gofunc || !bytes_u32(rec, at + 4u * i, &off) || off == UINT32_MAX)
			return 0;
		return go->module.gofunc + off;
	}
	// Pointers, at the next multiple of their size.
	uint64_t start = go->tab.vaddr + (uint64_t)(rec.p - go->tab.all.p) + at;
	uint64_t word;
	start = (start + PTR_SIZE - 1) & ~(uint64_t)(PTR_SIZE - 1);
	return elf_read_word(go->elf, start + PTR_SIZE * i, &word) ? word : 0;
}

unsigned funcdata_inline_tree(const struct go *go)
{
	return go->tab.generation == GEN_15 ? 4 : 3;
}

// --- functions ---

size_t go_n_funcs(const struct go *go)
{
	return go->tab.n_funcs;
}

bool go_func_name(struct go *go, size_t i, struct str *name, uint64_t *entry)
{
	uint32_t off;
	*entry = functab_entry(go, i);
	return bytes_u32(go->tab.funcs, functab_func(go, i) + go->tab.layout->name, &off) &&
	       bytes_cstr(go->tab.names, off, name);
}

// Compiler-made functions have the last number of the runtime's list, which grew.
static uint8_t wrapper_id(int minor)
{
	if (minor <= 17)
		return 22;
	if (minor <= 21)
		return 21;
	return minor <= 24 ? 22 : 23;
}

// Before Go 1.17 the runtime knew the ends of a stack by function: goexit, mcall, morestack,
// mstart, rt0_go, externalthreadhandler.
static bool is_old_top_frame(uint8_t id)
{
	return id == 2 || (id >= 4 && id <= 7) || id == 16;
}

// The end of C code whose assembler filled up to the next function with the usual long NOPs.
static uint64_t without_nops(const uint8_t *p, uint64_t len)
{
	static const struct {
		uint8_t len;
		const char *code;
	} nops[] = {
		{ 8, "\x0f\x1f\x84\x00\x00\x00\x00\x00" },
		{ 7, "\x0f\x1f\x80\x00\x00\x00\x00" },
		{ 5, "\x0f\x1f\x44\x00\x00" },
		{ 4, "\x0f\x1f\x40\x00" },
		{ 3, "\x0f\x1f\x00" },
		{ 1, "\x90" },
	};
	for (size_t i = 0; i < ARRAY_LEN(nops);) {
		uint8_t n = nops[i].len;
		if (len <= n || memcmp(p + len - n, nops[i].code, n) != 0) {
			i++;
			continue;
		}
		len -= n;
		// Prefixes that make it longer.
		while (len > 1 && (p[len - 1] == 0x66 || p[len - 1] == 0x2e))
			len--;
		i = 0;
	}
	return len;
}

// The end of the code without what fills the gap to the next function.
static uint64_t code_end(struct go *go, const struct go_func *f)
{
	struct bytes code = elf_at(go->elf, f->entry);
	uint64_t len = f->next - f->entry;
	// On arm64 the assembler counts the filling as part of the function, and so do symbols and
	// DWARF.
	if (len == 0 || code.len < len || elf_arch(go->elf) == ELF_ARM64)
		return f->next;
	uint64_t end = len;
	while (end > 1 && code.p[end - 1] == 0xcc)
		end--;
	// A short jump back by 50 bytes ends in the same byte as the filling. (0xeb 0xeb is a jump
	// too.)
	if (end < len && end > 50 && code.p[end - 1] == 0xeb && code.p[end - 2] != 0xeb)
		end++;
	return f->entry + (f->is_c ? without_nops(code.p, end) : end);
}

static bool has_asm_file(struct go *go, const struct go_func *f)
{
	struct go_pos pos;
	return go_pos_at(go, f, f->entry, &pos) && str_ends(pos.file, STR(".s"));
}

bool go_func_get(struct go *go, size_t i, struct go_func *out)
{
	const struct func_layout *l = go->tab.layout;
	struct bytes rec;
	*out = (struct go_func) {
		.index = i,
		.entry = functab_entry(go, i),
		.next = functab_entry(go, i + 1),
		.raw = functab_func(go, i),
	};
	if (!func_record(go, out, &rec) ||
	    !bytes_cstr(go->tab.names, field_u32(rec, l->name), &out->name))
		return false;
	out->args = (int32_t)field_u32(rec, l->args);
	out->deferreturn = field_u32(rec, l->deferreturn);
	out->start_line = (int32_t)field_u32(rec, l->start_line);
	out->func_id = rec.p[l->func_id];
	out->is_wrapper = out->func_id == wrapper_id(go->minor);
	uint8_t flag = l->flag ? rec.p[l->flag] : 0;
	out->is_top_frame = go->minor <= 16 ? is_old_top_frame(out->func_id) : flag & FLAG_TOP;
	out->is_asm = go->tab.generation >= GEN_18 ? flag & FLAG_ASM : has_asm_file(go, out);
	out->is_c = field_u32(rec, l->pcsp) == 0 && field_u32(rec, l->npcdata) == 0 &&
		    !out->is_asm && !str_starts(out->name, STR("go:"));
	out->end = i + 1 == go->tab.n_funcs ? out->next : code_end(go, out);
	return true;
}

bool go_func_at(struct go *go, uint64_t pc, struct go_func *out)
{
	size_t low = 0, high = go->tab.n_funcs;
	if (pc < functab_entry(go, 0) || pc >= functab_entry(go, high))
		return false;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (functab_entry(go, mid) <= pc)
			low = mid;
		else
			high = mid;
	}
	return go_func_get(go, low, out) && pc < out->end;
}
