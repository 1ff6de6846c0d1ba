// SPDX-License-Identifier: Apache-2.0
// The types that the linker has kept, found by its own lists.
#include "go/tables.h"

enum {
	OFF_TFLAG = 20,
	OFF_KIND = 23,
	KIND_MASK = 31,
	TFLAG_NAMED = 4,
	OFF_ELEM = 48,       // of a pointer
	OFF_MAP_INSIDE = 64, // bucket or group
};

struct each {
	struct go *go;
	bool (*fn)(void *ctx, uint64_t vaddr);
	void *ctx;
	uint8_t *seen; // a bit for every place where a descriptor may be
	bool is_over;
};

static bool is_new(struct each *e, uint64_t vaddr)
{
	uint64_t types = e->go->module.types;
	if (vaddr < types || vaddr >= e->go->module.etypes)
		return false;
	uint64_t i = (vaddr - types) / 8;
	uint8_t bit = (uint8_t)(1u << i % 8);
	bool was_seen = e->seen[i / 8] & bit;
	e->seen[i / 8] |= bit;
	return !was_seen;
}

// The type at vaddr, and what it points to. A named type has no place in the lists, but the pointer
// to it, which the compiler always makes with it, has one.
static void give(struct each *e, uint64_t vaddr)
{
	struct descriptor d;
	while (!e->is_over && is_new(e, vaddr) && descriptor_read(e->go, vaddr, &d)) {
		e->is_over = e->fn(e->ctx, vaddr);
		if (d.kind != KIND_PTR || !elf_read_word(e->go->elf, vaddr + OFF_ELEM, &vaddr))
			return;
	}
}

// Go >= 1.27: what the lists had before lies one behind the other, after one word.
static void give_row(struct each *e)
{
	uint64_t at = e->go->module.types + 8;
	uint64_t end = e->go->module.types + e->go->typedesclen;
	struct descriptor d;
	while (!e->is_over && at < end && descriptor_read(e->go, at, &d)) {
		give(e, at);
		at = (d.end + 7) & ~(uint64_t)7;
	}
}

static void give_listed(struct each *e)
{
	struct go *go = e->go;
	uint32_t off;
	for (uint64_t i = 0; bytes_u32(go->typelinks, i * 4, &off) && !e->is_over; i++)
		give(e, go->module.types + off);
	for (uint64_t i = 0; i < go->n_itablinks && !e->is_over; i++) {
		uint64_t itab, type;
		if (!elf_read_word(go->elf, go->itablinks + 8 * i, &itab))
			break;
		if (elf_read_word(go->elf, itab + 8, &type))
			give(e, type);
	}
}

// A named pointer type has nothing that points to it. Few places look like one.
static void give_named_pointers(struct each *e)
{
	static const uint64_t sizes[2] = { 8, 8 }; // of the type, of what the collector looks at
	uint64_t types = e->go->module.types;
	struct bytes b = bytes_part(elf_at(e->go->elf, types), 0, e->go->module.etypes - types);
	struct str text;
	for (size_t at = -types & 7; at + OFF_ELEM <= b.len && !e->is_over; at += 8)
		if (memcmp(b.p + at, sizes, sizeof(sizes)) == 0 &&
		    b.p[at + OFF_TFLAG] & TFLAG_NAMED &&
		    (b.p[at + OFF_KIND] & KIND_MASK) == KIND_PTR &&
		    go_type_text(e->go, types + at, &text))
			give(e, types + at);
}

static bool give_found(void *ctx, uint64_t vaddr, struct str text)
{
	struct each *e = ctx;
	(void)text;
	give(e, vaddr);
	return e->is_over;
}

void go_each_rtype(struct go *go, bool (*fn)(void *ctx, uint64_t vaddr), void *ctx)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	if (!go->module.is_known)
		return;
	// The size has been checked against the file.
	uint64_t places = (go->module.etypes - go->module.types) / 8 + 1;
	struct each e = { .go = go, .fn = fn, .ctx = ctx };
	e.seen = ARENA_ARRAY(scratch, uint8_t, places / 8 + 1);
	if (go->typedesclen)
		give_row(&e);
	else if (go->typelinks.len)
		give_listed(&e);
	else
		go_each_type(go, give_found, &e);
	give_named_pointers(&e);
}

struct err *go_map_inside(struct go *go, uint64_t vaddr, struct type **out)
{
	struct descriptor d;
	uint64_t inside;
	if (!descriptor_read(go, vaddr, &d) || d.kind != KIND_MAP ||
	    !elf_read_word(go->elf, vaddr + OFF_MAP_INSIDE, &inside))
		return err_new(ERR_BADDATA, "%s: no map type at 0x%llx", elf_path(go->elf),
			       (unsigned long long)vaddr);
	return go_rtype(go, inside, out);
}
