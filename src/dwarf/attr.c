// SPDX-License-Identifier: Apache-2.0
// Attribute values: every form of DWARF 2 to 5.
#include "dwarf/unit.h"

static void read_indirect(struct cursor *c, const struct unit *u, const struct attr_spec *spec,
			  struct attr *out)
{
	struct attr_spec real = *spec;
	uint64_t form = cursor_uleb(c);
	if (form == DW_FORM_indirect || form > UINT16_MAX) {
		cursor_fail(c, "bad indirect form");
		return;
	}
	real.form = (uint16_t)form;
	real.implicit = form == DW_FORM_implicit_const ? cursor_sleb(c) : 0;
	attr_read(c, u, &real, out);
}

static void read_block(struct cursor *c, uint64_t len, struct attr *out)
{
	out->block = cursor_bytes(c, len);
}

// Forms of one number whose width the form alone says.
static size_t number_width(unsigned form)
{
	switch (form) {
	case DW_FORM_data1:
	case DW_FORM_flag:
	case DW_FORM_ref1:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	default:
		return 0;
	}
}

void attr_read(struct cursor *c, const struct unit *u, const struct attr_spec *spec,
	       struct attr *out)
{
	*out = (struct attr) { .name = spec->name, .form = spec->form };
	size_t width = number_width(spec->form);
	if (width) {
		out->u = cursor_uint(c, width);
		return;
	}
	switch (spec->form) {
	case DW_FORM_addr:
		out->u = cursor_uint(c, u->addr_size);
		break;
	case DW_FORM_ref_addr:
		out->u = cursor_uint(c, u->version <= 2 ? u->addr_size : u->off_size);
		break;
	case DW_FORM_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		out->u = cursor_uint(c, u->off_size);
		break;
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		out->u = cursor_uleb(c);
		break;
	case DW_FORM_sdata:
		out->u = (uint64_t)cursor_sleb(c);
		break;
	case DW_FORM_implicit_const:
		out->u = (uint64_t)spec->implicit;
		break;
	case DW_FORM_flag_present:
		out->u = 1;
		break;
	case DW_FORM_string: {
		struct str s = cursor_cstr(c);
		out->block = (struct bytes) { (const uint8_t *)s.p, s.len };
		break;
	}
	case DW_FORM_block1:
		read_block(c, cursor_u8(c), out);
		break;
	case DW_FORM_block2:
		read_block(c, cursor_u16(c), out);
		break;
	case DW_FORM_block4:
		read_block(c, cursor_u32(c), out);
		break;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		read_block(c, cursor_uleb(c), out);
		break;
	case DW_FORM_data16:
		read_block(c, 16, out);
		break;
	case DW_FORM_indirect:
		read_indirect(c, u, spec, out);
		break;
	default:
		cursor_fail(c, "unknown form");
		break;
	}
}

static struct str str_at(struct bytes sec, uint64_t off)
{
	if (off >= sec.len)
		return STR("");
	const uint8_t *p = sec.p + off;
	const uint8_t *nul = memchr(p, 0, sec.len - (size_t)off);
	return nul ? (struct str) { (const char *)p, (size_t)(nul - p) } : STR("");
}

// The index-th number of a table at base, false if it is not there.
static bool table_entry(struct bytes sec, uint64_t base, uint64_t index, size_t width,
			uint64_t *out)
{
	uint64_t off;
	if (__builtin_mul_overflow(index, width, &off) || __builtin_add_overflow(off, base, &off) ||
	    off >= sec.len || sec.len - off < width)
		return false;
	*out = 0;
	memcpy(out, sec.p + off, width);
	return true;
}

struct str attr_str(const struct dwarf *dw, const struct unit *u, const struct attr *a)
{
	uint64_t off;
	switch (a->form) {
	case DW_FORM_string:
		return (struct str) { a->block.p ? (const char *)a->block.p : "", a->block.len };
	case DW_FORM_strp:
		return str_at(dw->sec[SEC_STR], a->u);
	case DW_FORM_line_strp:
		return str_at(dw->sec[SEC_LINE_STR], a->u);
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		if (!table_entry(dw->sec[SEC_STR_OFFSETS], u->str_offsets_base, a->u, u->off_size,
				 &off))
			return STR("");
		return str_at(dw->sec[SEC_STR], off);
	default:
		return STR("");
	}
}

bool addr_by_index(const struct dwarf *dw, const struct unit *u, uint64_t index, uint64_t *out)
{
	return table_entry(dw->sec[SEC_ADDR], u->addr_base, index, u->addr_size, out);
}

bool attr_is_addr(const struct attr *a)
{
	switch (a->form) {
	case DW_FORM_addr:
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return true;
	default:
		return false;
	}
}

bool attr_addr(const struct dwarf *dw, const struct unit *u, const struct attr *a, uint64_t *out)
{
	if (!attr_is_addr(a))
		return false;
	if (a->form == DW_FORM_addr) {
		*out = a->u;
		return true;
	}
	return addr_by_index(dw, u, a->u, out);
}

bool attr_is_block(const struct attr *a)
{
	switch (a->form) {
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
	case DW_FORM_block:
	case DW_FORM_exprloc:
	case DW_FORM_data16:
		return true;
	default:
		return false;
	}
}

bool attr_is_const(const struct attr *a)
{
	switch (a->form) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_sdata:
	case DW_FORM_udata:
	case DW_FORM_implicit_const:
		return true;
	default:
		return false;
	}
}

bool attr_is_list(const struct unit *u, const struct attr *a)
{
	switch (a->form) {
	case DW_FORM_sec_offset:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
		return true;
	case DW_FORM_data4:
	case DW_FORM_data8:
		return u->version < 4;
	default:
		return false;
	}
}

static uint64_t in_unit(const struct unit *u, uint64_t rel)
{
	return rel < u->end - u->off ? u->off + rel : NO_DIE;
}

uint64_t attr_ref(const struct dwarf *dw, const struct unit *u, const struct attr *a)
{
	const struct unit *by_sig;
	switch (a->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		return in_unit(u, a->u);
	case DW_FORM_ref_addr:
		return a->u < dw->sec[SEC_INFO].len ? a->u : NO_DIE;
	case DW_FORM_ref_sig8:
		by_sig = map_get(&dw->signatures, a->u);
		return by_sig ? by_sig->type_die : NO_DIE;
	default:
		return NO_DIE;
	}
}
