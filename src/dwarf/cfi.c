// SPDX-License-Identifier: Apache-2.0
// Finding the call frame entry that covers an address.
#include "dwarf/cfi.h"

#include <elf.h>
#include <stdlib.h>

struct cfi *cfi_new(struct bytes data, uint64_t vaddr, bool is_eh)
{
	struct arena *a = arena_new();
	struct cfi *cfi = ARENA_NEW(a, struct cfi);
	*cfi = (struct cfi) { .arena = a, .data = data, .vaddr = vaddr, .is_eh = is_eh };
	cfi->what = is_eh ? ".eh_frame" : ".debug_frame";
	return cfi;
}

void cfi_close(struct cfi *cfi)
{
	if (cfi)
		arena_free(cfi->arena);
}

uint64_t eh_pointer(struct cursor *c, unsigned encoding, uint64_t at, uint64_t data_base,
		    size_t addr_size)
{
	uint64_t v;
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
		v = cursor_uint(c, addr_size);
		break;
	case DW_EH_PE_uleb128:
		v = cursor_uleb(c);
		break;
	case DW_EH_PE_udata2:
		v = cursor_u16(c);
		break;
	case DW_EH_PE_udata4:
		v = cursor_u32(c);
		break;
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		v = cursor_u64(c);
		break;
	case DW_EH_PE_sleb128:
		v = (uint64_t)cursor_sleb(c);
		break;
	case DW_EH_PE_sdata2:
		v = (uint64_t)(int16_t)cursor_u16(c);
		break;
	case DW_EH_PE_sdata4:
		v = (uint64_t)(int32_t)cursor_u32(c);
		break;
	default:
		cursor_fail(c, "unknown pointer encoding");
		return 0;
	}
	switch (encoding & 0x70) {
	case 0:
		return v;
	case DW_EH_PE_pcrel:
		return at + v;
	case DW_EH_PE_datarel:
		return data_base + v;
	default:
		cursor_fail(c, "unknown pointer base");
		return 0;
	}
}

// The head of an entry. False when there is no further one.
struct head {
	uint64_t off;
	uint64_t id;
	uint64_t id_off;
	bool is_64;
	struct cursor body; // behind the id, up to the entry's end
	uint64_t next;
};

static bool read_head(const struct cfi *cfi, uint64_t off, struct head *h)
{
	struct cursor c = cursor_init(cfi->data, cfi->what);
	cursor_seek(&c, off);
	uint64_t len = cursor_u32(&c);
	*h = (struct head) { .off = off, .is_64 = len == 0xffffffff };
	if (h->is_64)
		len = cursor_u64(&c);
	if (!cursor_ok(&c) || len == 0 || len > cursor_left(&c))
		return false;
	h->id_off = cursor_off(&c);
	h->next = h->id_off + len;
	// Even with 64 bits of length the id of .eh_frame has 32.
	h->id = h->is_64 && !cfi->is_eh ? cursor_u64(&c) : cursor_u32(&c);
	c.end = c.start + h->next;
	h->body = c;
	return cursor_ok(&c) && c.pos <= c.end;
}

static bool is_cie(const struct cfi *cfi, const struct head *h)
{
	if (cfi->is_eh)
		return h->id == 0;
	return h->id == (h->is_64 ? UINT64_MAX : UINT32_MAX);
}

static bool read_augmentation(struct cursor *c, struct str aug, uint64_t vaddr, struct cie *out)
{
	struct cursor data = cursor_init(cursor_bytes(c, cursor_uleb(c)), ".eh_frame");
	out->has_aug_size = true;
	for (size_t i = 1; i < aug.len && cursor_ok(c) && cursor_ok(&data); i++) {
		unsigned encoding;
		switch (aug.p[i]) {
		case 'R':
			out->encoding = cursor_u8(&data);
			break;
		case 'L':
			cursor_u8(&data);
			break;
		case 'P':
			encoding = cursor_u8(&data);
			if (encoding != DW_EH_PE_omit)
				eh_pointer(&data, encoding & 0x0fu, vaddr, 0, out->addr_size);
			break;
		default: // 'S', 'B' have no data; what else comes has a size
			break;
		}
	}
	return cursor_ok(c) && cursor_ok(&data);
}

static bool read_cie(const struct cfi *cfi, uint64_t off, struct cie *out)
{
	struct head h;
	if (out->program.p && out->off == off)
		return true;
	*out = (struct cie) { .off = off, .addr_size = 8 };
	if (!read_head(cfi, off, &h) || !is_cie(cfi, &h))
		return false;
	struct cursor c = h.body;
	unsigned version = cursor_u8(&c);
	struct str aug = cursor_cstr(&c);
	if (!cursor_ok(&c) || (version != 1 && version != 3 && version != 4))
		return false;
	if (version == 4) {
		out->addr_size = cursor_u8(&c);
		cursor_u8(&c); // segment selectors
	}
	out->code_align = cursor_uleb(&c);
	out->data_align = cursor_sleb(&c);
	if (version == 1)
		cursor_u8(&c); // the return address's register
	else
		cursor_uleb(&c);
	if (out->addr_size != 4 && out->addr_size != 8)
		return false;
	if (aug.len > 0 && aug.p[0] != 'z')
		return false;
	if (aug.len > 0 && !read_augmentation(&c, aug, cfi->vaddr, out))
		return false;
	out->program = cursor_bytes(&c, cursor_left(&c));
	return cursor_ok(&c);
}

// cie may hold the one that was read last.
static bool read_fde(const struct cfi *cfi, const struct head *h, struct cie *cie, struct fde *out)
{
	uint64_t cie_off = cfi->is_eh ? h->id_off - h->id : h->id;
	if (is_cie(cfi, h) || !read_cie(cfi, cie_off, cie))
		return false;
	struct cursor c = h->body;
	*out = (struct fde) { .cie = *cie };
	out->low = eh_pointer(&c, cie->encoding, cfi->vaddr + cursor_off(&c), 0, cie->addr_size);
	out->high = out->low + eh_pointer(&c, cie->encoding & 0x0fu, 0, 0, cie->addr_size);
	if (cie->has_aug_size)
		cursor_skip(&c, cursor_uleb(&c));
	out->program = cursor_bytes(&c, cursor_left(&c));
	return cursor_ok(&c) && out->low < out->high;
}

static int by_low(const void *a, const void *b)
{
	const struct fde_ref *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

static void build_index(struct cfi *cfi)
{
	struct head h;
	struct cie cie = { 0 };
	cfi->is_indexed = true;
	for (uint64_t off = 0; read_head(cfi, off, &h); off = h.next) {
		struct fde fde;
		if (is_cie(cfi, &h) || !read_fde(cfi, &h, &cie, &fde) || is_dropped(fde.low))
			continue;
		VEC_PUSH(cfi->arena, &cfi->index, (struct fde_ref) { fde.low, fde.high, off });
	}
	if (cfi->index.n)
		qsort(cfi->index.v, cfi->index.n, sizeof(cfi->index.v[0]), by_low);
}

static bool read_fde_at(const struct cfi *cfi, uint64_t off, uint64_t pc, struct fde *out)
{
	struct head h;
	struct cie cie = { 0 };
	return read_head(cfi, off, &h) && read_fde(cfi, &h, &cie, out) && out->low <= pc &&
	       pc < out->high;
}

static int32_t table_word(const struct cfi *cfi, size_t i)
{
	int32_t v;
	memcpy(&v, cfi->table.p + i * 4, sizeof(v));
	return v;
}

// By .eh_frame_hdr's table, which is sorted.
static bool find_by_table(const struct cfi *cfi, uint64_t pc, struct fde *out)
{
	size_t lo = 0, hi = cfi->table.len / 8;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (cfi->table_vaddr + (uint64_t)(int64_t)table_word(cfi, mid * 2) <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return false;
	uint64_t at = cfi->table_vaddr + (uint64_t)(int64_t)table_word(cfi, (lo - 1) * 2 + 1);
	return read_fde_at(cfi, at - cfi->vaddr, pc, out);
}

static bool find_fde(struct cfi *cfi, uint64_t pc, struct fde *out)
{
	if (find_by_table(cfi, pc, out))
		return true;
	if (!cfi->is_indexed)
		build_index(cfi);
	size_t lo = 0, hi = cfi->index.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (cfi->index.v[mid].low <= pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 && pc < cfi->index.v[lo - 1].high &&
	       read_fde_at(cfi, cfi->index.v[lo - 1].off, pc, out);
}

struct err *cfi_cfa_at(struct cfi *cfi, uint64_t pc, struct place *out)
{
	struct fde fde;
	if (!find_fde(cfi, pc, &fde))
		return err_new(ERR_NOTFOUND, "%s has no entry for 0x%llx", cfi->what,
			       (unsigned long long)pc);
	if (!cfa_compute(cfi, &fde, pc, out))
		return err_new(ERR_BADDATA, "%s: the entry for 0x%llx is malformed", cfi->what,
			       (unsigned long long)pc);
	return NULL;
}

// --- .eh_frame of a program ---

// The header's table, when it is of the one kind that linkers make. False if there is no header.
static bool read_hdr(struct bytes hdr, uint64_t vaddr, uint64_t *eh_frame, struct bytes *table)
{
	struct cursor c = cursor_init(hdr, ".eh_frame_hdr");
	unsigned version = cursor_u8(&c);
	unsigned ptr_encoding = cursor_u8(&c);
	unsigned count_encoding = cursor_u8(&c);
	unsigned table_encoding = cursor_u8(&c);
	*table = (struct bytes) { 0 };
	*eh_frame = eh_pointer(&c, ptr_encoding, vaddr + cursor_off(&c), vaddr, 8);
	if (!cursor_ok(&c) || version != 1)
		return false;
	uint64_t count = 0;
	if (count_encoding != DW_EH_PE_omit)
		count = eh_pointer(&c, count_encoding, vaddr + cursor_off(&c), vaddr, 8);
	if (table_encoding == (DW_EH_PE_datarel | DW_EH_PE_sdata4) && cursor_ok(&c) &&
	    count <= cursor_left(&c) / 8)
		*table = cursor_bytes(&c, count * 8);
	return true;
}

static const struct elf_segment *hdr_segment(struct elf *elf)
{
	for (size_t i = 0; i < elf_n_segments(elf); i++)
		if (elf_segment(elf, i)->type == PT_GNU_EH_FRAME)
			return elf_segment(elf, i);
	return NULL;
}

struct err *cfi_open(struct elf *program, struct cfi **out)
{
	const struct elf_section *sec = elf_find_section(program, STR(".eh_frame"));
	const struct elf_segment *seg = hdr_segment(program);
	struct bytes data = { 0 }, hdr = { 0 }, table = { 0 };
	uint64_t vaddr = 0, from_hdr = 0;
	if (seg) {
		hdr = elf_at(program, seg->vaddr);
		hdr.len = (size_t)MIN((uint64_t)hdr.len, seg->filesz);
	}
	bool has_hdr = hdr.len && read_hdr(hdr, seg->vaddr, &from_hdr, &table);
	if (sec) {
		TRY(elf_section_data(program, sec, &data));
		vaddr = sec->vaddr;
	} else if (has_hdr) {
		data = elf_at(program, from_hdr);
		vaddr = from_hdr;
	}
	if (data.len == 0)
		return err_new(ERR_NOTFOUND, "%s has no .eh_frame", elf_path(program));
	struct cfi *cfi = cfi_new(data, vaddr, true);
	if (has_hdr && from_hdr == vaddr) {
		cfi->table = table;
		cfi->table_vaddr = seg->vaddr;
	}
	*out = cfi;
	return NULL;
}

struct err *dwarf_cfa_at(struct dwarf *dw, uint64_t pc, struct place *out)
{
	if (!dw->is_frame_tried) {
		dw->is_frame_tried = true;
		TRY(dw_load(dw, SEC_BIT(SEC_FRAME)));
		if (dw->sec[SEC_FRAME].len)
			dw->frame_cfi = cfi_new(dw->sec[SEC_FRAME], 0, false);
	}
	if (dw->frame_cfi) {
		struct err *e = cfi_cfa_at(dw->frame_cfi, pc, out);
		if (!err_catch(&e, ERR_NOTFOUND))
			return e;
	}
	if (!dw->is_eh_tried) {
		dw->is_eh_tried = true;
		struct err *e = cfi_open(dw->program, &dw->eh_cfi);
		if (e && !err_catch(&e, ERR_NOTFOUND))
			return e;
	}
	if (dw->eh_cfi)
		return cfi_cfa_at(dw->eh_cfi, pc, out);
	return err_new(ERR_NOTFOUND, "%s has no call frame information", elf_path(dw->program));
}
