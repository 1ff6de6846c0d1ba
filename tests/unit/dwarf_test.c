// SPDX-License-Identifier: Apache-2.0
// Functions, variables, places, types of DWARF 4 as Go writes it, DWARF 5 with all its indexes, and
// C++ names.
#include "dwarf_image.h"

enum { DW_OP_addr = 0x03, DW_OP_cfa = 0x9c, DW_OP_fbreg = 0x91, DW_OP_piece = 0x93 };
#define REG(n) (0x50 + (n))

// --- Go ---

struct go_types {
	uint32_t int_, uint8_, uint32_, ptr8, string, slice, pad, eface, iface, map, func, param0;
};

static void member(struct image *m, const char *name, unsigned off, uint32_t type)
{
	die(m, T_member, false);
	at_str(m, A_name, name);
	at_u(m, A_member_off, F_udata, off);
	at_u(m, A_type, F_ref4, type);
	die_end(m);
}

static uint32_t go_struct(struct image *m, const char *name, unsigned size, unsigned kind)
{
	uint32_t off = here(m);
	die(m, T_struct, true);
	at_str(m, A_name, name);
	at_u(m, A_size, F_udata, size);
	if (kind)
		at_u(m, A_go_kind, F_data1, kind);
	if (kind == 25)
		at_u(m, A_go_rtype, F_addr, 0x1f840);
	return off;
}

static uint32_t go_base(struct image *m, const char *name, unsigned size, unsigned kind)
{
	uint32_t off = here(m);
	die(m, T_base, false);
	at_str(m, A_name, name);
	at_u(m, A_size, F_data1, size);
	at_u(m, A_go_kind, F_data1, kind);
	die_end(m);
	return off;
}

static uint32_t go_typedef(struct image *m, const char *name, uint32_t type, unsigned kind)
{
	uint32_t off = here(m);
	die(m, T_typedef, false);
	at_str(m, A_name, name);
	if (kind)
		at_u(m, A_go_kind, F_data1, kind);
	at_u(m, A_type, F_ref4, type);
	return off;
}

static uint32_t pointer(struct image *m, const char *name, uint32_t type)
{
	uint32_t off = here(m);
	die(m, T_pointer, false);
	at_str(m, A_name, name);
	at_u(m, A_type, F_ref4, type);
	die_end(m);
	return off;
}

static void go_named(struct image *m, struct go_types *t)
{
	uint32_t s = go_struct(m, "main.Pad", 24, 25);
	die_end(m);
	member(m, "A", 0, t->uint32_);
	member(m, "S", 8, t->string);
	end_children(m);
	t->pad = go_typedef(m, "main.Pad", s, 0);
	die_end(m);
	s = go_struct(m, "runtime.eface", 16, 0);
	die_end(m);
	end_children(m);
	uint32_t named = go_typedef(m, "runtime.eface", s, 0);
	die_end(m);
	t->eface = go_typedef(m, "interface {}", named, 20);
	die_end(m);
	s = go_struct(m, "hash<string,main.Pad>", 48, 0);
	die_end(m);
	member(m, "count", 0, t->int_);
	end_children(m);
	uint32_t p = pointer(m, "*hash<string,main.Pad>", s);
	t->map = go_typedef(m, "map[string]main.Pad", p, 21);
	at_u(m, A_go_key, F_ref4, t->string);
	at_u(m, A_go_elem, F_ref4, t->pad);
	die_end(m);
	uint32_t result = pointer(m, "*main.Pad", t->pad);
	t->func = here(m);
	die(m, T_func_type, true);
	at_str(m, A_name, "func(int, ...string) main.Pad");
	at_u(m, A_go_kind, F_data1, 19);
	die_end(m);
	die(m, T_param, false);
	at_u(m, A_type, F_ref4, t->int_);
	die_end(m);
	die(m, T_param, false);
	at_u(m, A_type, F_ref4, t->slice);
	die_end(m);
	die(m, T_unspecified, false);
	die_end(m);
	die(m, T_param, false);
	at_u(m, A_type, F_ref4, result);
	die_end(m);
	end_children(m);
}

static struct go_types go_types(struct image *m)
{
	struct go_types t = { 0 };
	t.int_ = go_base(m, "int", 8, 2);
	t.uint8_ = go_base(m, "uint8", 1, 8);
	t.uint32_ = go_base(m, "uint32", 4, 10);
	t.ptr8 = pointer(m, "*uint8", t.uint8_);
	t.string = go_struct(m, "string", 16, 24);
	die_end(m);
	member(m, "str", 0, t.ptr8);
	member(m, "len", 8, t.int_);
	end_children(m);
	t.slice = go_struct(m, "[]string", 24, 23);
	at_u(m, A_go_elem, F_ref4, t.string);
	die_end(m);
	end_children(m);
	go_named(m, &t);
	return t;
}

static void go_unit(struct image *m)
{
	die(m, T_unit, true);
	at_str(m, A_name, "runtime");
	at_u(m, A_language, F_data1, LANG_GO);
	at_str(m, A_producer, "Go cmd/compile go1.21.13; regabi");
	at_u(m, A_low_pc, F_addr, 0x1000);
	at_u(m, A_high_pc, F_addr, 0x2000);
	die_end(m);
}

static void go_func(struct image *m, const char *name, uint64_t low, uint64_t high)
{
	static const uint8_t cfa[] = { DW_OP_cfa };
	die(m, T_func, true);
	at_str(m, A_name, name);
	at_u(m, A_low_pc, F_addr, low);
	at_u(m, A_high_pc, F_addr, high);
	at_expr(m, A_frame_base, cfa, 1);
}

static void go_var(struct image *m, unsigned tag, const char *name, uint32_t type, bool is_result)
{
	die(m, tag, false);
	at_str(m, A_name, name);
	if (tag == T_param)
		at_u(m, A_result, F_data1, is_result);
	at_u(m, A_type, F_ref4, type);
}

// An entry of a list that begins with its base, as Go's do; the expression follows.
static uint32_t loc_list(struct image *m)
{
	uint32_t off = (uint32_t)m->loc.n;
	put(&m->loc, UINT64_MAX, 8);
	put(&m->loc, 0x1000, 8);
	return off;
}

static void loc_entry(struct image *m, uint64_t low, uint64_t high, const void *p, size_t n)
{
	put(&m->loc, low, 8);
	put(&m->loc, high, 8);
	put(&m->loc, n, 2);
	put_bytes(&m->loc, p, n);
}

static void loc_end(struct image *m)
{
	put(&m->loc, 0, 8);
	put(&m->loc, 0, 8);
}

static uint32_t loc_one(struct image *m, const void *p, size_t n)
{
	uint32_t off = loc_list(m);
	loc_entry(m, 0, 0x100, p, n);
	loc_end(m);
	return off;
}
#define LOC(m, ...)                                     \
	({                                              \
		const uint8_t loc_[] = { __VA_ARGS__ }; \
		loc_one((m), loc_, sizeof(loc_));       \
	})

static void go_var_at(struct image *m, unsigned tag, const char *name, uint32_t type, uint32_t loc)
{
	go_var(m, tag, name, type, false);
	at_u(m, A_location, F_sec_offset, loc);
	die_end(m);
}

static struct dwarf_vars vars_at(struct dwarf *dw, uint64_t pc, enum dwarf_vars_of which)
{
	struct dwarf_func f;
	struct dwarf_vars vars;
	CHECK_OK(dwarf_func_at(dw, pc, &f));
	CHECK_OK(dwarf_func_vars(dw, &f, which, test_arena(), &vars));
	return vars;
}

static const char *first_place(const struct dwarf_vars *vars, const char *name)
{
	const struct dwarf_var *v = find_var(vars, name);
	return v->n_locs ? places_text(&v->locs[0].places) : "";
}

TEST(dwarf_go_pieces_stand_where_the_words_are)
{
	struct image *m = image_new(4);
	go_unit(m);
	struct go_types t = go_types(m);
	go_func(m, "main.f", 0x1000, 0x1100);
	die_end(m);
	go_var_at(m, T_variable, "plain", t.int_, LOC(m, REG(0)));
	go_var_at(m, T_param, "s", t.string,
		  LOC(m, REG(3), DW_OP_piece, 8, REG(2), DW_OP_piece, 8));
	go_var_at(m, T_param, "pad", t.pad,
		  LOC(m, REG(0), DW_OP_piece, 4, REG(3), DW_OP_piece, 8, REG(2), DW_OP_piece, 8));
	go_var_at(m, T_param, "no_len", t.string, LOC(m, DW_OP_piece, 8, REG(2), DW_OP_piece, 8));
	go_var_at(m, T_param, "doubled", t.eface,
		  LOC(m, REG(5), DW_OP_piece, 8, REG(5), DW_OP_piece, 8, DW_OP_piece, 8, REG(4),
		      DW_OP_piece, 8));
	go_var_at(m, T_param, "padded", t.pad,
		  LOC(m, REG(0), DW_OP_piece, 4, DW_OP_piece, 4, REG(3), DW_OP_piece, 8, REG(2),
		      DW_OP_piece, 8));
	go_var_at(m, T_param, "which", t.slice,
		  LOC(m, REG(0), DW_OP_piece, 8, REG(3), DW_OP_piece, 8));
	go_var_at(m, T_param, "only", t.pad, LOC(m, REG(0), DW_OP_piece, 4));
	go_var_at(m, T_param, "one_word", t.string, LOC(m, REG(0)));
	end_children(m);
	end_children(m);
	struct dwarf_vars v = vars_at(image_open(m), 0x1050, DWARF_VARS_ALL);
	CHECK_INT(v.n, 9);
	CHECK_VIEW(v.v[0].name, "s");
	CHECK_VIEW(v.v[8].name, "plain");
	CHECK_STR(first_place(&v, "plain"), "reg 0");
	CHECK_STR(first_place(&v, "s"), "[0+8]reg 3 [8+8]reg 2");
	CHECK_STR(first_place(&v, "pad"), "[0+4]reg 0 [8+8]reg 3 [16+8]reg 2");
	CHECK_STR(first_place(&v, "no_len"), "[0+8]none [8+8]reg 2");
	CHECK_STR(first_place(&v, "doubled"), "[0+8]reg 5 [8+8]reg 4");
	CHECK_STR(first_place(&v, "padded"), "[0+4]reg 0 [8+8]reg 3 [16+8]reg 2");
	// Two of three equal words, or one register for two words: nobody can say which.
	CHECK_STR(first_place(&v, "which"), "complex");
	CHECK_STR(first_place(&v, "only"), "[0+4]reg 0");
	CHECK_STR(first_place(&v, "one_word"), "complex");
	CHECK_INT(v.v[0].locs[0].low, 0x1000);
	CHECK_INT(v.v[0].locs[0].high, 0x1100);
}

TEST(dwarf_go_kinds_of_variables)
{
	struct image *m = image_new(4);
	go_unit(m);
	struct go_types t = go_types(m);
	go_func(m, "main.f", 0x1000, 0x1100);
	die_end(m);
	go_var(m, T_variable, "&x", t.ptr8, false);
	AT_EXPR(m, DW_OP_fbreg, 0x70); // -16
	die_end(m);
	go_var(m, T_param, "~r0", t.int_, true);
	die_end(m);
	go_var(m, T_param, "a", t.pad, false);
	AT_EXPR(m, DW_OP_cfa);
	die_end(m);
	go_var(m, T_variable, "captured", t.int_, false);
	at_u(m, A_go_closure, F_udata, 16);
	AT_EXPR(m, REG(1));
	die_end(m);
	die(m, T_block, true);
	at_u(m, A_low_pc, F_addr, 0x1010);
	at_u(m, A_high_pc, F_addr, 0x1020);
	die_end(m);
	go_var(m, T_variable, "b", t.int_, false);
	at_u(m, A_decl_line, F_udata, 42);
	AT_EXPR(m, DW_OP_fbreg, 0x68, 0x06); // what the word at CFA-24 points to
	die_end(m);
	end_children(m);
	end_children(m);
	end_children(m);
	struct dwarf_vars v = vars_at(image_open(m), 0x1000, DWARF_VARS_ALL);
	CHECK_INT(v.n, 5);
	CHECK_INT(v.v[0].kind, DWARF_PARAM);
	CHECK_STR(first_place(&v, "a"), "cfa +0");
	CHECK_INT(v.v[1].kind, DWARF_RESULT);
	CHECK_INT(v.v[1].n_locs, 0);
	CHECK_INT(v.v[2].kind, DWARF_CAPTURED);
	CHECK_INT(v.v[2].closure_off, 16);
	CHECK_STR(first_place(&v, "&x"), "cfa -16");
	const struct dwarf_var *b = find_var(&v, "b");
	CHECK_INT(b->line, 42);
	CHECK_INT(b->n_scope, 1);
	CHECK_INT(b->locs[0].low, 0x1010);
	CHECK_INT(b->locs[0].high, 0x1020);
	CHECK_STR(first_place(&v, "b"), "deref cfa -24 +0");
}

TEST(dwarf_go_types)
{
	struct image *m = image_new(4);
	go_unit(m);
	go_types(m);
	end_children(m);
	struct dwarf *dw = image_open(m);
	struct arena *a = test_arena();
	struct type *t;
	CHECK_OK(dwarf_find_type(dw, STR("main.Pad"), &t));
	CHECK_INT(t->kind, TYPE_STRUCT);
	CHECK_INT(t->size, 24);
	CHECK_INT(t->go_rtype, 0x1f840);
	CHECK_OK(type_complete(t));
	CHECK_INT(t->n_fields, 2);
	CHECK_VIEW(t->fields[1].name, "S");
	CHECK_INT(t->fields[1].off, 8);
	CHECK_INT(t->fields[1].type->kind, TYPE_STRING);
	CHECK_INT(type_align(t), 8);
	CHECK_OK(dwarf_find_type(dw, STR("map[string]main.Pad"), &t));
	CHECK_INT(t->kind, TYPE_MAP);
	CHECK_VIEW(type_spell(a, t->key), "string");
	CHECK_VIEW(type_spell(a, t->elem), "main.Pad");
	CHECK_VIEW(t->header->name, "hash<string,main.Pad>");
	CHECK_OK(dwarf_find_type(dw, STR("interface {}"), &t));
	CHECK_INT(t->kind, TYPE_IFACE);
	CHECK(t->is_empty_iface);
	CHECK_OK(dwarf_find_type(dw, STR("[]string"), &t));
	CHECK_INT(t->kind, TYPE_SLICE);
	CHECK_INT(t->elem->kind, TYPE_STRING);
	// Before Go 1.24 results are not marked, and are pointers to their types.
	CHECK_OK(dwarf_find_type(dw, STR("func(int, ...string) main.Pad"), &t));
	CHECK_OK(type_complete(t));
	CHECK_INT(t->n_params, 3);
	CHECK(t->is_variadic && !t->params[1].is_result && t->params[2].is_result);
	CHECK_VIEW(type_spell(a, t->params[2].type), "main.Pad");
	CHECK_ERR(dwarf_find_type(dw, STR("main.None"), &t), ERR_NOTFOUND);
}

TEST(dwarf_go_inlined_copies_are_joined_by_name)
{
	struct image *m = image_new(4);
	go_unit(m);
	struct go_types t = go_types(m);
	uint32_t abstract = here(m);
	die(m, T_func, true);
	at_str(m, A_name, "main.inl");
	at_u(m, A_inline, F_data1, 1);
	at_u(m, A_decl_line, F_udata, 7);
	die_end(m);
	uint32_t param = here(m);
	go_var(m, T_param, "x", t.int_, false);
	die_end(m);
	uint32_t second = here(m);
	go_var(m, T_param, "y", t.int_, false);
	die_end(m);
	end_children(m);
	// Code of its own that does not refer to the abstract copy.
	go_func(m, "main.inl", 0x1200, 0x1210);
	die_end(m);
	end_children(m);
	go_func(m, "main.f", 0x1000, 0x1100);
	die_end(m);
	die(m, T_inlined, true);
	at_u(m, A_origin, F_ref4, abstract);
	at_u(m, A_low_pc, F_addr, 0x1010);
	at_u(m, A_high_pc, F_addr, 0x1020);
	at_u(m, A_call_line, F_udata, 12);
	die_end(m);
	die(m, T_param, false);
	at_u(m, A_origin, F_ref4, param);
	AT_EXPR(m, REG(2));
	die_end(m);
	end_children(m);
	end_children(m);
	// Code that does, without one of the parameters.
	die(m, T_func, true);
	at_u(m, A_origin, F_ref4, abstract);
	at_u(m, A_low_pc, F_addr, 0x1300);
	at_u(m, A_high_pc, F_addr, 0x1310);
	die_end(m);
	die(m, T_param, false);
	at_u(m, A_origin, F_ref4, second);
	die_end(m);
	end_children(m);
	end_children(m);
	struct dwarf *dw = image_open(m);
	struct dwarf_func f;
	struct dwarf_inlines in;
	CHECK_OK(dwarf_func_at(dw, 0x1200, &f));
	CHECK_OK(dwarf_inlines_of(dw, f.origin, &in));
	CHECK_INT(in.n, 1);
	CHECK_VIEW(in.v[0].caller, "main.f");
	CHECK_INT(in.v[0].call_line, 12);
	CHECK_INT(in.v[0].ranges[0].high, 0x1020);
	CHECK_INT(in.v[0].entry, 0x1010);
	CHECK_ERR(dwarf_find_abstract(dw, STR("main.inl"), &f), ERR_NOTFOUND);
	struct dwarf_vars v = vars_at(dw, 0x1000, DWARF_VARS_ALL);
	CHECK_INT(v.n, 1);
	CHECK_VIEW(v.v[0].inlined_func, "main.inl");
	CHECK_INT(v.v[0].inlined_call_line, 12);
	CHECK_INT(vars_at(dw, 0x1000, DWARF_VARS_PARAMS).n, 0);
	v = vars_at(dw, 0x1300, DWARF_VARS_ALL);
	CHECK_INT(v.n, 2);
	CHECK_VIEW(v.v[0].name, "x");
	CHECK_VIEW(v.v[1].name, "y");
	CHECK_ERR(dwarf_func_at(dw, 0x1110, &f), ERR_NOTFOUND);
}

// --- DWARF 5: everything by index ---

static void unit_5(struct image *m)
{
	put(&m->str_offsets, 0, 8); // header
	put(&m->addr, 0, 8);
	PUT(&m->rnglists, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	PUT(&m->loclists, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	die(m, T_unit, true);
	at_u(m, A_name, F_strx1, 0);
	at_u(m, A_language, F_data1, LANG_C);
	at_u(m, A_str_offsets_base, F_sec_offset, 8);
	at_u(m, A_addr_base, F_sec_offset, 8);
	at_u(m, A_rnglists_base, F_sec_offset, 12);
	at_u(m, A_loclists_base, F_sec_offset, 12);
	at_u(m, A_low_pc, F_addr, 0);
	at_u(m, A_ranges, F_rnglistx, 0);
	die_end(m);
	put(&m->str_offsets, 0, 4);
	put(&m->str_offsets, 4, 4);
	put_str(&m->str, "a.c");
	put_str(&m->str, "split");
	put(&m->addr, 0x5000, 8);
	put(&m->addr, 0x6000, 8);
	put(&m->rnglists, 8, 4); // offsets of the two lists
	put(&m->rnglists, 13, 4);
	PUT(&m->rnglists, 3, 0, 0x80, 0x40, 0); // startx_length: 0x5000 + 0x2000
	PUT(&m->rnglists, 3, 1, 0x10, 3, 0, 0x40, 0);
}

TEST(dwarf_5_lists_and_indexes)
{
	static const uint8_t base_rsp[] = { 0x77, 8 };
	struct image *m = image_new(5);
	unit_5(m);
	uint32_t t_int = base_type(m, "int", 5, 4);
	die(m, T_func, true);
	at_u(m, A_name, F_strx1, 1);
	at_u(m, A_ranges, F_rnglistx, 1);
	at_u(m, 0x52, F_addrx1, 0); // entry_pc: in the second piece
	at_expr(m, A_frame_base, base_rsp, 2);
	die_end(m);
	die(m, T_variable, false);
	at_str(m, A_name, "x");
	at_u(m, A_type, F_ref4, t_int);
	at_u(m, A_location, F_loclistx, 0);
	die_end(m);
	die(m, T_variable, false);
	at_str(m, A_name, "k");
	at_u(m, A_type, F_ref4, t_int);
	at_u(m, A_const_value, F_data1, 0xfe);
	die_end(m);
	end_children(m);
	end_children(m);
	put(&m->loclists, 4, 4);
	PUT(&m->loclists, 1, 0);                          // base_addressx: 0x5000
	PUT(&m->loclists, 4, 0, 8, 1, 0x50);              // offset_pair: reg 0
	PUT(&m->loclists, 4, 8, 16, 3, 0x91, 0x70, 0x9f); // fbreg -16, stack_value
	PUT(&m->loclists, 3, 1, 8, 2, 0x91, 4);           // startx_length 0x6000: fbreg 4
	PUT(&m->loclists, 0);
	struct dwarf *dw = image_open(m);
	struct dwarf_func f;
	CHECK_OK(dwarf_func_at(dw, 0x6004, &f));
	CHECK_VIEW(f.name, "split");
	CHECK_INT(f.low, 0x5000);
	CHECK_INT(f.high, 0x5040);
	CHECK_INT(f.n_pieces, 2);
	CHECK_INT(f.pieces[0].low, 0x6000);
	struct dwarf_vars v = vars_at(dw, 0x5000, DWARF_VARS_ALL);
	const struct dwarf_var *x = find_var(&v, "x");
	CHECK_INT(x->n_locs, 3);
	CHECK_STR(places_text(&x->locs[0].places), "reg 0");
	CHECK_STR(places_text(&x->locs[1].places), "value r7 -8");
	CHECK_INT(x->locs[1].high, 0x5010);
	CHECK_STR(places_text(&x->locs[2].places), "mem r7 +12");
	CHECK_INT(x->locs[2].low, 0x6000);
	const struct dwarf_var *k = find_var(&v, "k");
	CHECK_INT(k->n_locs, 2); // one for each piece of the function
	CHECK_STR(places_text(&k->locs[0].places), "const +254");
}

// --- names ---

TEST(dwarf_cpp_names_are_qualified)
{
	struct image *m = image_new(4);
	die(m, T_unit, true);
	at_u(m, A_language, F_data1, LANG_CPP);
	die_end(m);
	die(m, T_namespace, true);
	at_str(m, A_name, "ns");
	die_end(m);
	uint32_t class = here(m);
	die(m, T_class, true);
	at_str(m, A_name, "Box<int>");
	at_u(m, A_size, F_udata, 4);
	die_end(m);
	uint32_t decl = here(m);
	die(m, T_func, false);
	at_str(m, A_name, "get");
	at_str(m, A_linkage_name, "_ZN2ns3BoxIiE3getEv");
	at_u(m, A_decl_line, F_udata, 3);
	at_u(m, A_declaration, F_data1, 1);
	die_end(m);
	end_children(m);
	die(m, T_namespace, true);
	die_end(m);
	die(m, T_func, false);
	at_str(m, A_name, "hidden");
	at_u(m, A_low_pc, F_addr, 0x2000);
	at_u(m, A_high_pc, F_data4, 16);
	die_end(m);
	end_children(m);
	end_children(m);
	die(m, T_func, false);
	at_u(m, A_specification, F_ref4, decl);
	at_u(m, A_decl_line, F_udata, 30);
	at_u(m, A_low_pc, F_addr, 0x1000);
	at_u(m, A_high_pc, F_data4, 16);
	die_end(m);
	end_children(m);
	struct dwarf *dw = image_open(m);
	struct dwarf_func f;
	struct type *t;
	CHECK_OK(dwarf_func_at(dw, 0x1004, &f));
	CHECK_VIEW(f.name, "ns::Box<int>::get");
	CHECK_VIEW(f.linkage, "_ZN2ns3BoxIiE3getEv");
	CHECK_INT(f.line, 30);
	CHECK_INT(f.high, 0x1010);
	CHECK_OK(dwarf_func_at(dw, 0x2000, &f));
	CHECK_VIEW(f.name, "ns::(anonymous namespace)::hidden");
	CHECK_OK(dwarf_find_type(dw, STR("ns::Box<int>"), &t));
	CHECK_INT(t->id, class);
}
