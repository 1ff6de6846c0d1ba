// SPDX-License-Identifier: Apache-2.0
// Line tables, call frames, C types, and input that lies.
#include "dwarf_image.h"

// --- lines ---

static void set_address(struct buf *b, uint64_t vaddr)
{
	PUT(b, 0, 9, 2);
	put(b, vaddr, 8);
}

static void set_u32(struct buf *b, size_t at, size_t v)
{
	uint32_t word = (uint32_t)v;
	memcpy(b->v + at, &word, 4);
}

// min_insn 1, default_is_stmt 1, line_base -3, line_range 12, opcode_base 13, lengths.
static void line_machine(struct buf *b)
{
	PUT(b, 1, 1, 0xfd, 12, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1);
}

static void line_program(struct buf *b)
{
	set_address(b, 0x1000);
	PUT(b, 3, 9, 1);                 // line 10, copy
	PUT(b, 10, 13 + 3 + 1 + 12 * 4); // prologue_end; special: +4, line 11
	PUT(b, 2, 4, 4, 2, 3, 0x79, 1);  // +4, file 2, line 4, copy
	PUT(b, 6, 2, 2, 1);              // no statement, +2, copy
	PUT(b, 2, 6, 0, 1, 1);           // +6, end
	// What a linker leaves of code that it dropped.
	set_address(b, 0);
	PUT(b, 1, 2, 8, 0, 1, 1);
}

static void line_unit(struct image *m)
{
	die(m, T_unit, true);
	at_u(m, A_language, F_data1, LANG_C);
	at_str(m, A_comp_dir, "/src");
	at_u(m, A_low_pc, F_addr, 0x1000);
	at_u(m, A_high_pc, F_data4, 0x100);
	at_u(m, A_stmt_list, F_sec_offset, 0);
	die_end(m);
	die(m, T_func, false);
	at_str(m, A_name, "f");
	at_u(m, A_low_pc, F_addr, 0x1000);
	at_u(m, A_high_pc, F_data4, 16);
	at_u(m, A_decl_file, F_data1, m->version < 5 ? 1 : 0);
	at_u(m, A_decl_line, F_data1, 9);
	die_end(m);
	end_children(m);
}

static void check_lines(struct dwarf *dw)
{
	struct dwarf_row *rows, row;
	struct dwarf_func f;
	struct dwarf_line_near near;
	uint64_t *pcs;
	size_t n;
	CHECK_OK(dwarf_rows(dw, 0x1005, 0x1100, &rows, &n));
	CHECK_INT(n, 4);
	CHECK_INT(rows[0].vaddr, 0x1004);
	CHECK_INT(rows[0].line, 11);
	CHECK(rows[0].is_prologue_end && rows[0].is_stmt);
	CHECK_INT(rows[1].vaddr, 0x1008);
	CHECK_VIEW(rows[1].file, "/src/inc/b.h");
	CHECK(!rows[1].is_prologue_end && !rows[2].is_stmt);
	CHECK(rows[3].is_end);
	CHECK_INT(rows[3].vaddr, 0x1010);
	CHECK_OK(dwarf_rows(dw, 0x1000, 0x1008, &rows, &n));
	CHECK_INT(n, 2);
	CHECK_OK(dwarf_line_at(dw, 0x1003, &row));
	CHECK_INT(row.line, 10);
	CHECK_VIEW(row.file, "/src/a.c");
	CHECK_ERR(dwarf_line_at(dw, 0x1010, &row), ERR_NOTFOUND);
	CHECK_ERR(dwarf_line_at(dw, 0, &row), ERR_NOTFOUND);
	CHECK_OK(dwarf_line_pcs(dw, STR("inc/b.h"), 4, &pcs, &n, &near));
	CHECK_INT(n, 1);
	CHECK_INT(pcs[0], 0x1008);
	CHECK_OK(dwarf_line_pcs(dw, STR("a.c"), 99, &pcs, &n, &near));
	CHECK_INT(n, 0);
	CHECK_INT(near.before, 11);
	CHECK_INT(near.after, 0);
	CHECK_ERR(dwarf_line_pcs(dw, STR("c/b.h"), 4, &pcs, &n, &near), ERR_NOTFOUND);
	CHECK_OK(dwarf_func_at(dw, 0x1000, &f));
	CHECK_VIEW(f.file, "/src/a.c");
	CHECK_INT(f.line, 9);
}

TEST(dwarf_lines_version_2)
{
	struct image *m = image_new(4);
	struct buf *b = &m->line;
	line_unit(m);
	put(b, 0, 4);
	put(b, 2, 2);
	put(b, 0, 4);
	line_machine(b);
	put_str(b, "inc");
	put(b, 0, 1);
	put_str(b, "a.c");
	PUT(b, 0, 0, 0);
	put_str(b, "b.h");
	PUT(b, 1, 0, 0, 0);
	set_u32(b, 6, b->n - 10);
	line_program(b);
	set_u32(b, 0, b->n - 4);
	check_lines(image_open(m));
}

TEST(dwarf_lines_version_5)
{
	struct image *m = image_new(5);
	struct buf *b = &m->line;
	line_unit(m);
	put(b, 0, 4);
	put(b, 5, 2);
	PUT(b, 8, 0);
	put(b, 0, 4);
	// min_insn, then one operation in an instruction
	PUT(b, 1, 1, 1, 0xfd, 12, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1);
	PUT(b, 1, 1, F_string, 2); // directories: path
	put_str(b, "/src");
	put_str(b, "inc");
	PUT(b, 3, 1, F_string, 2, F_udata, 5, 0x1e, 3); // files: path, directory, MD5
	static const char *const names[] = { "a.c", "a.c", "b.h" };
	for (unsigned i = 0; i < 3; i++) {
		put_str(b, names[i]);
		put(b, i == 2, 1);
		for (unsigned k = 0; k < 16; k++)
			put(b, k, 1);
	}
	set_u32(b, 8, b->n - 12);
	line_program(b);
	set_u32(b, 0, b->n - 4);
	check_lines(image_open(m));
}

// --- call frames ---

static void cie(struct buf *b, bool is_eh)
{
	size_t start = b->n;
	put(b, 0, 4);
	put(b, is_eh ? 0 : UINT32_MAX, 4);
	put(b, 1, 1);
	put_str(b, is_eh ? "zR" : "");
	PUT(b, 1, 0x78, 16); // code 1, data -8, return address
	if (is_eh)
		PUT(b, 1, 0x1b);          // pointers: pcrel, sdata4
	PUT(b, 0x0c, 7, 8, 0x80 | 16, 1); // CFA = rsp + 8
	set_u32(b, start, b->n - start - 4);
}

static void fde(struct buf *b, bool is_eh, uint64_t vaddr, uint64_t low, uint64_t size)
{
	size_t start = b->n;
	put(b, 0, 4);
	put(b, is_eh ? b->n : 0, 4);
	put(b, is_eh ? low - (vaddr + b->n) : low, is_eh ? 4 : 8);
	put(b, size, is_eh ? 4 : 8);
	if (is_eh)
		put(b, 0, 1);
	PUT(b, 0x41, 0x0e, 16);         // +1: rsp + 16
	PUT(b, 0x43, 0x0a, 0x0d, 6);    // +3: remember; register rbp
	PUT(b, 0x02, 8, 0x0b, 0x0e, 8); // +8: restore; rsp + 8
	PUT(b, 0x44, 0x0f, 2, 0x77, 8); // +4: an expression
	set_u32(b, start, b->n - start - 4);
}

static void check_cfa(struct dwarf *dw, uint64_t low)
{
	struct place p;
	CHECK_OK(dwarf_cfa_at(dw, low, &p));
	CHECK_INT(p.kind, PLACE_VALUE);
	CHECK(p.reg == 7 && p.off == 8);
	CHECK_OK(dwarf_cfa_at(dw, low + 3, &p));
	CHECK(p.reg == 7 && p.off == 16);
	CHECK_OK(dwarf_cfa_at(dw, low + 4, &p));
	CHECK(p.reg == 6 && p.off == 16);
	CHECK_OK(dwarf_cfa_at(dw, low + 12, &p));
	CHECK(p.reg == 7 && p.off == 8);
	CHECK_OK(dwarf_cfa_at(dw, low + 31, &p));
	CHECK_INT(p.kind, PLACE_COMPLEX);
	CHECK_ERR(dwarf_cfa_at(dw, low + 32, &p), ERR_NOTFOUND);
}

TEST(dwarf_call_frames)
{
	struct image *m = image_new(4);
	struct cfi *cfi;
	struct place p;
	line_unit(m);
	cie(&m->frame, false);
	fde(&m->frame, false, 0, 0x1000, 32);
	m->eh_frame_vaddr = 0x9000;
	cie(&m->eh_frame, true);
	fde(&m->eh_frame, true, 0x9000, 0x2000, 32);
	put(&m->eh_frame, 0, 4);
	struct dwarf *dw = image_open(m);
	check_cfa(dw, 0x1000);
	check_cfa(dw, 0x2000);
	CHECK_OK(cfi_open(m->elf, &cfi));
	CHECK_OK(cfi_cfa_at(cfi, 0x2001, &p));
	CHECK_INT(p.off, 16);
	CHECK_ERR(cfi_cfa_at(cfi, 0x1000, &p), ERR_NOTFOUND);
	cfi_close(cfi);
}

// --- C ---

TEST(dwarf_c_types)
{
	struct image *m = image_new(4);
	die(m, T_unit, true);
	at_u(m, A_language, F_data1, LANG_C);
	die_end(m);
	uint32_t t_int = base_type(m, "int", 5, 4), t_char = base_type(m, "char", 6, 1);
	uint32_t constant = here(m);
	die(m, T_const, false);
	at_u(m, A_type, F_ref4, t_char);
	die_end(m);
	uint32_t ptr = here(m);
	die(m, T_pointer, false);
	at_u(m, A_type, F_ref4, constant);
	die_end(m);
	uint32_t grid = here(m);
	die(m, T_array, true);
	at_u(m, A_type, F_ref4, t_int);
	die_end(m);
	for (unsigned i = 0; i < 2; i++) {
		die(m, T_subrange, false);
		at_u(m, 0x2f, F_data1, 3 - i); // upper_bound
		die_end(m);
	}
	end_children(m);
	die(m, T_struct, true);
	at_str(m, A_name, "foo");
	at_u(m, A_size, F_data1, 72);
	die_end(m);
	die(m, T_member, false);
	at_str(m, A_name, "s");
	at_u(m, A_type, F_ref4, ptr);
	at_u(m, A_member_off, F_data1, 0);
	die_end(m);
	die(m, T_member, false);
	at_str(m, A_name, "m");
	at_u(m, A_type, F_ref4, grid);
	const uint8_t plus[] = { 0x23, 8 }; // DWARF 2's way to say 8
	at_expr(m, A_member_off, plus, 2);
	die_end(m);
	die(m, T_member, false);
	at_str(m, A_name, "bits");
	at_u(m, A_type, F_ref4, t_int);
	at_u(m, A_member_off, F_data1, 56);
	at_u(m, A_size, F_data1, 4);
	at_u(m, 0x0d, F_data1, 3);  // bit_size
	at_u(m, 0x0c, F_data1, 18); // bit_offset, from the top of 32
	die_end(m);
	end_children(m);
	end_children(m);
	struct dwarf *dw = image_open(m);
	struct arena *a = test_arena();
	struct type *t;
	CHECK_OK(dwarf_find_type(dw, STR("struct foo"), &t));
	CHECK_OK(dwarf_find_type(dw, STR("foo"), &t));
	CHECK_VIEW(type_spell(a, t), "struct foo");
	CHECK_OK(type_complete(t));
	CHECK_INT(t->n_fields, 3);
	CHECK_VIEW(type_spell_decl(a, t->fields[0].type, t->fields[0].name), "const char *s");
	CHECK_VIEW(type_spell_decl(a, t->fields[1].type, t->fields[1].name), "int m[4][3]");
	CHECK_INT(t->fields[1].off, 8);
	CHECK_INT(t->fields[1].type->size, 48);
	CHECK_INT(t->fields[2].off, 57);
	CHECK_INT(t->fields[2].bit_off, 3);
	CHECK_ERR(dwarf_find_type(dw, STR("union foo"), &t), ERR_NOTFOUND);
}

// --- input that lies ---

TEST(dwarf_loops_end)
{
	struct image *m = image_new(4);
	die(m, T_unit, true);
	at_u(m, A_language, F_data1, LANG_CPP);
	die_end(m);
	uint32_t loop = here(m);
	die(m, T_typedef, false);
	at_str(m, A_name, "loop");
	at_u(m, A_type, F_ref4, loop);
	die_end(m);
	uint32_t ptr = here(m);
	die(m, T_pointer, false);
	at_u(m, A_type, F_ref4, ptr);
	die_end(m);
	uint32_t func = here(m);
	die(m, T_func, true);
	at_u(m, A_origin, F_ref4, func);
	at_u(m, A_low_pc, F_addr, 0x1000);
	at_u(m, A_high_pc, F_data4, 16);
	die_end(m);
	die(m, T_variable, false);
	at_str(m, A_name, "v");
	at_u(m, A_type, F_ref4, ptr);
	die_end(m);
	end_children(m);
	end_children(m);
	struct dwarf *dw = image_open(m);
	struct dwarf_func f;
	struct dwarf_vars v;
	struct dwarf_inlines in;
	struct type *t;
	struct arena *a = test_arena();
	CHECK_OK(dwarf_func_at(dw, 0x1000, &f));
	CHECK_VIEW(f.name, "");
	CHECK_OK(dwarf_func_vars(dw, &f, DWARF_VARS_ALL, test_arena(), &v));
	CHECK_INT(v.n, 1);
	CHECK(type_spell(a, v.v[0].type).len > 0);
	CHECK_OK(dwarf_inlines_of(dw, f.origin, &in));
	CHECK_INT(in.n, 0);
	CHECK_OK(dwarf_find_type(dw, STR("loop"), &t));
	CHECK(type_strip(t) != NULL);
}

// A list that goes on to the end of its section, and one that many variables share.
TEST(dwarf_lists_without_an_end)
{
	struct image *m = image_new(4);
	die(m, T_unit, true);
	at_u(m, A_language, F_data1, LANG_C);
	at_u(m, A_low_pc, F_addr, 0x1000);
	at_u(m, A_high_pc, F_data4, 0x1000);
	die_end(m);
	die(m, T_func, true);
	at_u(m, A_low_pc, F_addr, 0x1000);
	at_u(m, A_high_pc, F_data4, 0x1000);
	die_end(m);
	for (unsigned i = 0; i < 300; i++) {
		die(m, T_variable, false);
		at_u(m, A_location, F_sec_offset, 0);
		die_end(m);
	}
	end_children(m);
	end_children(m);
	while (m->loc.n < 8000) {
		put(&m->loc, 0, 8);
		put(&m->loc, 0x10, 8);
		PUT(&m->loc, 1, 0, 0x50);
	}
	struct dwarf *dw = image_open(m);
	struct dwarf_func f;
	struct dwarf_vars v;
	CHECK_OK(dwarf_func_at(dw, 0x1000, &f));
	CHECK_ERR(dwarf_func_vars(dw, &f, DWARF_VARS_ALL, test_arena(), &v), ERR_BADDATA);
}

// Every cut of a file that is fine: an error or less to say, never a crash.
TEST(dwarf_truncated_sections)
{
	struct image *whole = image_new(4);
	line_unit(whole);
	for (size_t cut = 0; cut < whole->info.n; cut++) {
		struct image *m = image_new(4);
		line_unit(m);
		m->info.n -= cut;
		image_elf(m);
		struct err *e = dwarf_open(m->elf, m->elf, &m->dw);
		struct dwarf_func f;
		if (!e)
			e = dwarf_func_at(m->dw, 0x1000, &f);
		err_free(e);
		image_free(m);
	}
}

TEST(dwarf_absent_is_said)
{
	struct image *m = image_new(4);
	struct dwarf *dw;
	m->info.n = 0;
	image_elf(m);
	CHECK_ERR(dwarf_open(m->elf, m->elf, &dw), ERR_NOTFOUND);
}
