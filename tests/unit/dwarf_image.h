// SPDX-License-Identifier: Apache-2.0
// Makes ELF files with debug information in memory, attribute by attribute, for dwarf_test.c and
// dwarf_more_test.c.
#ifndef DWARF_IMAGE_H
#define DWARF_IMAGE_H

#include <stdlib.h>

#include "dwarf/dwarf.h"
#include "unit.h"

// The numbers of the DWARF standard that the tests use.
enum {
	T_array = 0x01,
	T_class = 0x02,
	T_enum = 0x04,
	T_param = 0x05,
	T_block = 0x0b,
	T_member = 0x0d,
	T_pointer = 0x0f,
	T_unit = 0x11,
	T_struct = 0x13,
	T_func_type = 0x15,
	T_typedef = 0x16,
	T_unspecified = 0x18,
	T_inlined = 0x1d,
	T_subrange = 0x21,
	T_base = 0x24,
	T_const = 0x26,
	T_enumerator = 0x28,
	T_func = 0x2e,
	T_variable = 0x34,
	T_namespace = 0x39,
};
enum {
	A_location = 0x02,
	A_name = 0x03,
	A_size = 0x0b,
	A_stmt_list = 0x10,
	A_low_pc = 0x11,
	A_high_pc = 0x12,
	A_language = 0x13,
	A_comp_dir = 0x1b,
	A_const_value = 0x1c,
	A_inline = 0x20,
	A_producer = 0x25,
	A_origin = 0x31,
	A_count = 0x37,
	A_member_off = 0x38,
	A_decl_file = 0x3a,
	A_decl_line = 0x3b,
	A_declaration = 0x3c,
	A_encoding = 0x3e,
	A_frame_base = 0x40,
	A_specification = 0x47,
	A_type = 0x49,
	A_result = 0x4b,
	A_ranges = 0x55,
	A_call_line = 0x59,
	A_linkage_name = 0x6e,
	A_str_offsets_base = 0x72,
	A_addr_base = 0x73,
	A_rnglists_base = 0x74,
	A_loclists_base = 0x8c,
	A_go_kind = 0x2900,
	A_go_key = 0x2901,
	A_go_elem = 0x2902,
	A_go_rtype = 0x2904,
	A_go_closure = 0x2907,
};
enum {
	F_addr = 0x01,
	F_data2 = 0x05,
	F_data4 = 0x06,
	F_data8 = 0x07,
	F_string = 0x08,
	F_data1 = 0x0b,
	F_sdata = 0x0d,
	F_udata = 0x0f,
	F_ref4 = 0x13,
	F_sec_offset = 0x17,
	F_exprloc = 0x18,
	F_strx1 = 0x25,
	F_addrx1 = 0x29,
	F_loclistx = 0x22,
	F_rnglistx = 0x23,
};
enum { LANG_C = 0x1d, LANG_CPP = 0x21, LANG_GO = 0x16 };

struct buf {
	uint8_t v[32768];
	size_t n;
};

void put(struct buf *b, uint64_t v, size_t size);
void put_uleb(struct buf *b, uint64_t v);
void put_str(struct buf *b, const char *s);
void put_bytes(struct buf *b, const void *p, size_t n);
#define PUT(b, ...)                                     \
	do {                                            \
		const uint8_t put_[] = { __VA_ARGS__ }; \
		put_bytes((b), put_, sizeof(put_));     \
	} while (0)

// One unit with its sections. Each DIE has an abbreviation of its own.
struct image {
	struct buf info, abbrev, line, loc, ranges, str, str_offsets, addr, loclists, rnglists,
		frame;
	struct buf eh_frame;
	uint64_t eh_frame_vaddr;
	struct buf file;
	unsigned version;
	unsigned codes;
	struct elf *elf;
	struct dwarf *dw;
	struct image *older;
};

// Lives as long as the test's process, unless image_free ends it.
struct image *image_new(unsigned version);
// Only the newest one.
void image_free(struct image *m);
// For what tests spell; as long as the process, too.
struct arena *test_arena(void);
// Where the next DIE will be.
uint32_t here(const struct image *m);
void die(struct image *m, unsigned tag, bool has_children);
void at_u(struct image *m, unsigned at, unsigned form, uint64_t v);
void at_str(struct image *m, unsigned at, const char *s);
void at_expr(struct image *m, unsigned at, const void *p, size_t n);
#define AT_EXPR(m, ...)                                         \
	do {                                                    \
		const uint8_t expr_[] = { __VA_ARGS__ };        \
		at_expr((m), A_location, expr_, sizeof(expr_)); \
	} while (0)
// After the last attribute of a DIE, and after its last child.
void die_end(struct image *m);
void end_children(struct image *m);
// The DIE of a type with a name and a size.
uint32_t base_type(struct image *m, const char *name, unsigned encoding, unsigned size);

// Ends the unit, makes the ELF file and opens it.
void image_elf(struct image *m);
struct dwarf *image_open(struct image *m);
// "reg 3", "cfa +8", "[0+8]reg 0 [8+8]none": for comparing.
const char *places_text(const struct places *p);
const struct dwarf_var *find_var(const struct dwarf_vars *vars, const char *name);

#endif
