// SPDX-License-Identifier: Apache-2.0
// Opening: sections, the list of units, what the root of each unit says.
#include "dwarf/unit.h"

#include "base/log.h"
#include "dwarf/cfi.h"

static const char *const SEC_NAMES[SEC_COUNT] = {
	[SEC_INFO] = ".debug_info",         [SEC_TYPES] = ".debug_types",
	[SEC_ABBREV] = ".debug_abbrev",     [SEC_STR] = ".debug_str",
	[SEC_LINE_STR] = ".debug_line_str", [SEC_STR_OFFSETS] = ".debug_str_offsets",
	[SEC_ADDR] = ".debug_addr",         [SEC_ARANGES] = ".debug_aranges",
	[SEC_RANGES] = ".debug_ranges",     [SEC_RNGLISTS] = ".debug_rnglists",
	[SEC_LOC] = ".debug_loc",           [SEC_LOCLISTS] = ".debug_loclists",
	[SEC_LINE] = ".debug_line",         [SEC_FRAME] = ".debug_frame",
};

#define SECS_OPEN                                                                          \
	(SEC_BIT(SEC_INFO) | SEC_BIT(SEC_TYPES) | SEC_BIT(SEC_ABBREV) | SEC_BIT(SEC_STR) | \
	 SEC_BIT(SEC_LINE_STR) | SEC_BIT(SEC_STR_OFFSETS) | SEC_BIT(SEC_ADDR))

struct err *dw_load(struct dwarf *dw, unsigned secs)
{
	for (int i = 0; i < SEC_COUNT; i++) {
		if (!(secs & SEC_BIT(i)) || dw->is_loaded[i])
			continue;
		TRY(elf_debug_section(dw->debug, SEC_NAMES[i], &dw->sec[i]));
		dw->is_loaded[i] = true;
		if (SEC_BIT(i) & SECS_RANGES)
			dw->scan_budget.left += budget_for(dw->sec[i].len).left;
	}
	return NULL;
}

struct budget budget_for(size_t bytes)
{
	return (struct budget) { (uint64_t)bytes * 4 + 65536 };
}

bool budget_take(struct budget *b, uint64_t n)
{
	bool is_enough = b->left >= n;
	b->left = is_enough ? b->left - n : 0;
	return is_enough;
}

// Reads the header at the cursor; false if what follows cannot be units any more.
static bool read_header(struct cursor *c, enum sec sec, struct unit *u)
{
	uint64_t start = cursor_off(c);
	uint64_t len = cursor_u32(c);
	u->off_size = 4;
	if (len == 0xffffffff) {
		u->off_size = 8;
		len = cursor_u64(c);
	} else if (len >= 0xfffffff0) {
		return false;
	}
	if (!cursor_ok(c) || len > cursor_left(c) || len == 0)
		return false;
	uint64_t end = cursor_off(c) + len;
	u->version = cursor_u16(c);
	if (u->version >= 2 && u->version <= 4) {
		u->type = sec == SEC_TYPES ? DW_UT_type : DW_UT_compile;
		u->abbrev_off = cursor_uint(c, u->off_size);
		u->addr_size = cursor_u8(c);
	} else if (u->version == 5) {
		u->type = cursor_u8(c);
		u->addr_size = cursor_u8(c);
		u->abbrev_off = cursor_uint(c, u->off_size);
	} else {
		u->is_bad = true;
	}
	uint64_t type_off = 0;
	if (u->type == DW_UT_type || u->type == DW_UT_split_type) {
		u->signature = cursor_u64(c);
		type_off = cursor_uint(c, u->off_size);
	} else if (u->type == DW_UT_skeleton || u->type == DW_UT_split_compile) {
		cursor_skip(c, 8); // the id of its other half
	}
	if (!cursor_ok(c))
		return false;
	if ((u->addr_size != 8 && u->addr_size != 4) || cursor_off(c) > end)
		u->is_bad = true;
	u->off = u->sec_off + start;
	u->end = u->sec_off + end;
	u->first = u->sec_off + MIN(cursor_off(c), end);
	u->data = c->start + start;
	u->type_die = type_off < end - start ? u->off + type_off : NO_DIE;
	cursor_seek(c, end);
	return true;
}

static void read_headers(struct dwarf *dw, enum sec sec, uint64_t sec_off)
{
	VEC(struct unit) units = { .v = dw->units, .n = dw->n_units, .cap = dw->n_units };
	struct cursor c = cursor_init(dw->sec[sec], SEC_NAMES[sec]);
	while (cursor_left(&c) > 0) {
		struct unit u = { .sec = dw->sec[sec], .sec_off = sec_off };
		if (!read_header(&c, sec, &u)) {
			log_debug("dwarf", "%s: no unit header at 0x%zx", SEC_NAMES[sec],
				  cursor_off(&c));
			break;
		}
		u.line_off = NO_DIE;
		VEC_PUSH(dw->arena, &units, u);
	}
	dw->units = units.v;
	dw->n_units = units.n;
}

struct err *dwarf_open(struct elf *program, struct elf *debug, struct dwarf **out)
{
	struct arena *a = arena_new();
	struct dwarf *dw = ARENA_NEW(a, struct dwarf);
	*dw = (struct dwarf) { .arena = a, .program = program, .debug = debug };
	dw->signatures = map_init(a);
	dw->abbrevs = map_init(a);
	struct err *e = dw_load(dw, SECS_OPEN);
	if (!e && dw->sec[SEC_INFO].len == 0)
		e = err_new(ERR_NOTFOUND, "%s has no debug information", elf_path(debug));
	if (!e) {
		read_headers(dw, SEC_INFO, 0);
		read_headers(dw, SEC_TYPES, dw->sec[SEC_INFO].len);
		if (dw->n_units == 0)
			e = err_new(ERR_BADDATA, "%s: .debug_info is malformed", elf_path(debug));
	}
	if (e) {
		arena_free(a);
		return e;
	}
	dw->abbrev_budget = budget_for(dw->sec[SEC_ABBREV].len).left;
	for (size_t i = 0; i < dw->n_units; i++)
		if (dw->units[i].type == DW_UT_type && !dw->units[i].is_bad)
			map_put(&dw->signatures, dw->units[i].signature, &dw->units[i]);
	*out = dw;
	return NULL;
}

void dwarf_close(struct dwarf *dw)
{
	if (!dw)
		return;
	cfi_close(dw->frame_cfi);
	cfi_close(dw->eh_cfi);
	arena_free(dw->arena);
}

static enum dwarf_lang lang_of(uint64_t code)
{
	switch (code) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_C17:
	case DW_LANG_C23:
		return DWARF_LANG_C;
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_C_plus_plus_17:
	case DW_LANG_C_plus_plus_20:
	case DW_LANG_C_plus_plus_23:
		return DWARF_LANG_CPP;
	case DW_LANG_Go:
		return DWARF_LANG_GO;
	case DW_LANG_Rust:
		return DWARF_LANG_RUST;
	case DW_LANG_Mips_Assembler:
		return DWARF_LANG_ASM;
	default:
		return DWARF_LANG_OTHER;
	}
}

// Bases first: names and addresses of the root itself may need them.
static void read_bases(struct unit *u, const struct die *root)
{
	unsigned header = u->off_size == 8 ? 16 : 8;
	unsigned list_header = u->off_size == 8 ? 20 : 12;
	if (u->version >= 5) {
		u->str_offsets_base = header;
		u->addr_base = header;
		u->rnglists_base = list_header;
		u->loclists_base = list_header;
	}
	struct attr a;
	for (struct attr_iter it = attr_iter(root); attr_next(&it, &a);) {
		switch (a.name) {
		case DW_AT_str_offsets_base:
			u->str_offsets_base = a.u;
			break;
		case DW_AT_addr_base:
		case DW_AT_GNU_addr_base:
			u->addr_base = a.u;
			break;
		case DW_AT_rnglists_base:
			u->rnglists_base = a.u;
			break;
		case DW_AT_loclists_base:
			u->loclists_base = a.u;
			break;
		default:
			break;
		}
	}
}

static void read_root_attr(struct dwarf *dw, struct unit *u, const struct attr *a)
{
	switch (a->name) {
	case DW_AT_name:
		u->name = attr_str(dw, u, a);
		break;
	case DW_AT_comp_dir:
		u->comp_dir = attr_str(dw, u, a);
		break;
	case DW_AT_producer:
		u->producer = attr_str(dw, u, a);
		break;
	case DW_AT_language:
		u->lang = lang_of(a->u);
		break;
	case DW_AT_low_pc:
		attr_addr(dw, u, a, &u->base);
		u->has_code = true;
		break;
	case DW_AT_ranges:
		u->has_code = true;
		break;
	case DW_AT_stmt_list:
		u->line_off = a->u;
		break;
	case DW_AT_GNU_dwo_name:
	case DW_AT_dwo_name:
		u->is_skeleton = true;
		break;
	default:
		break;
	}
}

bool unit_read_root(struct dwarf *dw, struct unit *u)
{
	if (u->is_root_read || u->is_bad)
		return !u->is_bad;
	u->is_root_read = true;
	u->is_bad = true;
	u->abbrevs = abbrevs_get(dw, u);
	if (!u->abbrevs)
		return false;
	struct bytes rest = { u->data + (u->first - u->off), (size_t)(u->end - u->first) };
	struct cursor c = cursor_init(rest, ".debug_info");
	const struct abbrev *ab = abbrev_find(u->abbrevs, cursor_uleb(&c));
	if (!ab)
		return false;
	struct die root = { .unit = u, .off = u->first, .ab = ab, .attrs = c.pos };
	u->is_bad = false;
	read_bases(u, &root);
	struct attr a;
	struct attr_iter it = attr_iter(&root);
	while (attr_next(&it, &a))
		read_root_attr(dw, u, &a);
	u->is_bad = !cursor_ok(&it.c);
	u->has_go_types = u->lang == DWARF_LANG_GO && str_eq(u->name, STR("runtime"));
	return !u->is_bad;
}

struct unit *dw_unit_at(struct dwarf *dw, uint64_t die)
{
	size_t lo = 0, hi = dw->n_units;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (dw->units[mid].end <= die)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == dw->n_units || die < dw->units[lo].off)
		return NULL;
	return unit_read_root(dw, &dw->units[lo]) ? &dw->units[lo] : NULL;
}
