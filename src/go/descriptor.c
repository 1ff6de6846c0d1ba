// SPDX-License-Identifier: Apache-2.0
// Runtime type descriptors as they lie in the file: sizes and offsets by kind and version.
#include "go/tables.h"

enum {
	// The part that all kinds have.
	COMMON_SIZE = 48,
	OFF_TFLAG = 20,
	OFF_ALIGN = 21,
	OFF_KIND = 23,
	OFF_STR = 40,
	OFF_OWN = 48, // first field of the kind's own part
	KIND_MASK = 31,
	// In the kind up to Go 1.24, in tflag from 1.26 on; before and after, the bit has no use.
	DIRECT_BIT = 32,
	TFLAG_UNCOMMON = 1,
	TFLAG_EXTRA_STAR = 2,
	TFLAG_NAMED = 4,
	// struct uncommonType
	UNCOMMON_SIZE = 16,
	UNCOMMON_MCOUNT = 4,
	UNCOMMON_MOFF = 8,
};

#define VARIADIC_BIT 0x8000u
#define NAME_LEN_MAX (1u << 16)

static bool is_in_types(const struct go *go, uint64_t vaddr, uint64_t len)
{
	return vaddr >= go->module.types && vaddr < go->module.etypes &&
	       len <= go->module.etypes - vaddr;
}

// Maps changed in 1.24 (Swiss tables, unless built without) and 1.27.
static uint32_t map_size(const struct go *go)
{
	if (go->minor >= 27)
		return 136;
	bool is_swiss = go->minor >= 24 && !go_has_experiment(&go->info.version, STR("noswissmap"));
	return is_swiss ? 112 : 88;
}

static uint32_t own_size(const struct go *go, uint8_t kind)
{
	switch (kind) {
	case KIND_ARRAY:
		return 72;
	case KIND_CHAN:
		return 64;
	case KIND_FUNC:
	case KIND_PTR:
	case KIND_SLICE:
		return 56;
	case KIND_INTERFACE:
	case KIND_STRUCT:
		return 80;
	case KIND_MAP:
		return map_size(go);
	default:
		return COMMON_SIZE;
	}
}

// Items of a struct or interface: a slice after the package's name.
static bool read_items(struct go *go, struct descriptor *d, size_t item)
{
	uint64_t at = d->vaddr + OFF_OWN + 8;
	if (!elf_read_word(go->elf, at, &d->items) || !elf_read(go->elf, at + 8, &d->n_items, 8))
		return false;
	return d->n_items == 0 || d->n_items <= elf_at(go->elf, d->items).len / item;
}

static bool read_func(struct go *go, struct descriptor *d)
{
	uint16_t n[2];
	if (!elf_read(go->elf, d->vaddr + OFF_OWN, n, sizeof(n)))
		return false;
	d->n_params = n[0];
	d->n_results = n[1] & ~VARIADIC_BIT;
	d->is_variadic = n[1] & VARIADIC_BIT && d->n_params > 0;
	d->params = d->uncommon ? d->uncommon + UNCOMMON_SIZE : d->vaddr + own_size(go, KIND_FUNC);
	return is_in_types(go, d->params, 8 * ((uint64_t)d->n_params + d->n_results));
}

static bool read_own(struct go *go, struct descriptor *d)
{
	uint64_t extra = 0;
	if (d->kind == KIND_STRUCT) {
		if (!read_items(go, d, FIELD_SIZE))
			return false;
		extra = d->n_items * FIELD_SIZE;
	} else if (d->kind == KIND_INTERFACE) {
		if (!read_items(go, d, IMETHOD_SIZE))
			return false;
		extra = d->n_items * IMETHOD_SIZE;
	} else if (d->kind == KIND_FUNC) {
		if (!read_func(go, d))
			return false;
		extra = 8 * ((uint64_t)d->n_params + d->n_results);
	}
	uint64_t methods;
	d->end += extra + METHOD_SIZE * descriptor_n_methods(go, d, &methods);
	return true;
}

bool descriptor_read(struct go *go, uint64_t vaddr, struct descriptor *out)
{
	uint8_t raw[COMMON_SIZE];
	if (!go->module.is_known || vaddr % 8 != 0 || !is_in_types(go, vaddr, COMMON_SIZE) ||
	    !elf_read(go->elf, vaddr, raw, sizeof(raw)))
		return false;
	*out = (struct descriptor) {
		.vaddr = vaddr,
		.tflag = raw[OFF_TFLAG],
		.align = raw[OFF_ALIGN],
		.kind = raw[OFF_KIND] & KIND_MASK,
		.is_direct = (raw[OFF_KIND] | raw[OFF_TFLAG]) & DIRECT_BIT,
	};
	memcpy(&out->size, raw, sizeof(out->size));
	memcpy(&out->str, raw + OFF_STR, sizeof(out->str));
	if (out->kind < KIND_BOOL || out->kind > KIND_UNSAFE_POINTER || out->align == 0)
		return false;
	out->end = vaddr + own_size(go, out->kind);
	if (out->tflag & TFLAG_UNCOMMON) {
		out->uncommon = out->end;
		out->end += UNCOMMON_SIZE;
	}
	return is_in_types(go, vaddr, out->end - vaddr) && read_own(go, out);
}

// --- names ---

// A byte of flags, a length (two bytes big-endian before Go 1.17), text.
bool descriptor_name(struct go *go, uint64_t vaddr, struct str *out, uint8_t *flags)
{
	struct bytes b = elf_at(go->elf, vaddr);
	size_t at = 3, len;
	if (b.len < 3)
		return false;
	*flags = b.p[0];
	if (go->minor <= 16) {
		len = (size_t)b.p[1] << 8 | b.p[2];
	} else {
		len = b.p[1] & 0x7f;
		at = 2;
		for (unsigned shift = 7; b.p[at - 1] & 0x80 && shift < 21 && at < b.len; shift += 7)
			len |= (size_t)(b.p[at++] & 0x7f) << shift;
	}
	if (len > NAME_LEN_MAX || b.len - at < len)
		return false;
	*out = (struct str) { (const char *)b.p + at, len };
	return true;
}

bool descriptor_name_off(struct go *go, uint32_t off, struct str *out)
{
	uint8_t flags;
	return off < go->module.etypes - go->module.types &&
	       descriptor_name(go, go->module.types + off, out, &flags);
}

// Text of a type; with the package's name, not its path.
static struct str own_text(struct go *go, const struct descriptor *d)
{
	struct str text;
	if (!descriptor_name_off(go, d->str, &text))
		return STR("");
	return d->tflag & TFLAG_EXTRA_STAR ? str_from_off(text, 1) : text;
}

// How the text of an unnamed type begins, by its kind.
static bool fits_kind(struct str text, uint8_t kind)
{
	switch (kind) {
	case KIND_ARRAY:
		return str_starts(text, STR("["));
	case KIND_CHAN:
		return str_starts(text, STR("chan")) || str_starts(text, STR("<-chan "));
	case KIND_FUNC:
		return str_starts(text, STR("func("));
	case KIND_INTERFACE:
		return str_starts(text, STR("interface {"));
	case KIND_MAP:
		return str_starts(text, STR("map["));
	case KIND_PTR:
		return str_starts(text, STR("*"));
	case KIND_SLICE:
		return str_starts(text, STR("[]"));
	default:
		return true;
	}
}

static bool is_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ')
			return false;
	return s.len > 0;
}

bool go_type_text(struct go *go, uint64_t vaddr, struct str *out)
{
	struct descriptor d;
	if (!descriptor_read(go, vaddr, &d))
		return false;
	*out = own_text(go, &d);
	return is_text(*out) && (d.tflag & TFLAG_NAMED || fits_kind(*out, d.kind));
}

bool go_type_text_of(struct go *go, const struct type *t, struct str *out)
{
	// Debug information has the address, or what the linker made of it: an offset.
	uint64_t at = t->go_rtype;
	if (!at)
		return false;
	return go_type_text(go, at < go->module.types ? go->module.types + at : at, out);
}

// Before Go 1.27 there is no list of types that lie in values only: every place is tried.
void go_each_type(struct go *go, bool (*fn)(void *ctx, uint64_t vaddr, struct str text), void *ctx)
{
	uint64_t at = (go->module.types + 7) & ~(uint64_t)7;
	struct str text;
	for (; go->module.is_known && at < go->module.etypes; at += 8)
		if (go_type_text(go, at, &text) && fn(ctx, at, text))
			return;
}

// Unnamed types are spelled from their parts, but for those whose parts struct type has no place
// for: interfaces with methods, and the runtime's own structs ("map.bucket[int]string").
static struct str unnamed(struct go *go, const struct descriptor *d)
{
	struct str text = own_text(go, d);
	if (d->kind == KIND_INTERFACE && d->n_items > 0)
		return text;
	return d->kind == KIND_STRUCT && !str_starts(text, STR("struct")) ? text : STR("");
}

struct str descriptor_full_name(struct go *go, const struct descriptor *d)
{
	struct str path;
	uint32_t path_off;
	if (!(d->tflag & TFLAG_NAMED))
		return unnamed(go, d);
	struct str text = own_text(go, d);
	const char *dot = text.len ? memchr(text.p, '.', text.len) : NULL;
	if (!dot || !d->uncommon || !elf_read(go->elf, d->uncommon, &path_off, 4) || !path_off ||
	    !descriptor_name_off(go, path_off, &path) || path.len == 0)
		return text;
	// "go.shape.int" is in a package whose own name has the dot.
	if (text.len > path.len && str_starts(text, path) && text.p[path.len] == '.')
		return text;
	struct str rest = str_from_off(text, (size_t)(dot - text.p));
	return arena_printf(go->arena, "%.*s%.*s", STR_ARG(path), STR_ARG(rest));
}

// --- methods ---

size_t descriptor_n_methods(struct go *go, const struct descriptor *d, uint64_t *vaddr)
{
	uint16_t n;
	uint32_t off;
	*vaddr = 0;
	if (!d->uncommon || !elf_read(go->elf, d->uncommon + UNCOMMON_MCOUNT, &n, sizeof(n)) ||
	    !elf_read(go->elf, d->uncommon + UNCOMMON_MOFF, &off, sizeof(off)))
		return 0;
	*vaddr = d->uncommon + off;
	return is_in_types(go, *vaddr, (uint64_t)n * METHOD_SIZE) ? n : 0;
}

bool descriptor_method(struct go *go, uint64_t vaddr, struct descriptor_method *out)
{
	uint32_t raw[4];
	if (!elf_read(go->elf, vaddr, raw, sizeof(raw)))
		return false;
	*out = (struct descriptor_method) { raw[0], raw[1], raw[2], raw[3] };
	return true;
}
