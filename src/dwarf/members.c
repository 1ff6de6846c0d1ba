// SPDX-License-Identifier: Apache-2.0
// Fields, enumerators and parameters of types, read when somebody asks.
#include "dwarf/loc.h"
#include "dwarf/scan.h"
#include "dwarf/types.h"

struct fields {
	struct type_field *v;
	size_t n;
	size_t cap;
};

// Offset in its struct; false if it is computed when the program runs (virtual base classes).
static bool member_offset(const struct die *d, uint64_t *out)
{
	struct attr a;
	*out = 0;
	if (!die_attr(d, DW_AT_data_member_location, &a))
		return true;
	if (attr_is_const(&a)) {
		*out = a.u;
		return true;
	}
	// DWARF 2 writes it as an expression that adds to the struct's address.
	struct cursor c = cursor_init(a.block, ".debug_info");
	if (!attr_is_block(&a) || cursor_u8(&c) != DW_OP_plus_uconst)
		return false;
	*out = cursor_uleb(&c);
	return cursor_ok(&c) && cursor_left(&c) == 0;
}

static void read_bits(const struct die *d, struct type_field *f)
{
	uint64_t size, at, storage;
	if (!die_uint(d, DW_AT_bit_size, &size) || size == 0 || size > 64)
		return;
	if (die_uint(d, DW_AT_data_bit_offset, &at)) {
		f->off = at / 8;
	} else {
		// The old way counts from the most significant bit of a unit of storage.
		if (!die_uint(d, DW_AT_byte_size, &storage))
			storage = f->type ? type_strip(f->type)->size : 0;
		if (!die_uint(d, DW_AT_bit_offset, &at) || storage > 16 || at + size > storage * 8)
			return;
		at = storage * 8 - at - size;
		f->off += at / 8;
	}
	f->bit_size = (uint16_t)size;
	f->bit_off = (uint16_t)(at % 8);
}

static void add_field(struct dwarf *dw, const struct die *d, struct fields *out)
{
	struct type_field f = { .name = die_str(dw, d, DW_AT_name) };
	// C++ static members are declared in the class and live elsewhere.
	if (die_flag(d, DW_AT_external) || die_flag(d, DW_AT_declaration))
		return;
	if (!member_offset(d, &f.off))
		return;
	f.type = type_of_attr(dw, d, 0);
	if (!f.type)
		return;
	f.is_embedded = d->ab->tag == DW_TAG_inheritance || die_flag(d, DW_AT_go_embedded_field);
	read_bits(d, &f);
	VEC_PUSH(dw->arena, out, f);
}

// A destructor that somebody wrote: such a class is not copied bit by bit. (clang says it of the
// class itself.)
static bool is_own_destructor(const struct die *d, struct str name)
{
	return d->ab->tag == DW_TAG_subprogram && name.len && name.p[0] == '~' &&
	       !die_flag(d, DW_AT_artificial) && !die_flag(d, DW_AT_defaulted);
}

static void fill_fields(struct dwarf *dw, const struct die *d, struct type *t)
{
	struct fields fields = { 0 };
	struct walk w = walk_below(d);
	struct die sub;
	while (walk_next(&w, &sub)) {
		if (sub.ab->tag == DW_TAG_member || sub.ab->tag == DW_TAG_inheritance)
			add_field(dw, &sub, &fields);
		if (sub.ab->tag == DW_TAG_subprogram && !t->is_passed_by_reference)
			t->is_passed_by_reference =
				is_own_destructor(&sub, die_str(dw, &sub, DW_AT_name));
		t->has_variants |= sub.ab->tag == DW_TAG_variant_part;
		walk_skip(&w, dw, &sub);
	}
	t->fields = fields.v;
	t->n_fields = fields.n;
}

static void fill_enumerators(struct dwarf *dw, const struct die *d, struct type *t)
{
	VEC(struct type_enumerator) all = { 0 };
	struct walk w = walk_below(d);
	struct die sub;
	while (walk_next(&w, &sub)) {
		struct attr a;
		if (sub.ab->tag == DW_TAG_enumerator && die_attr(&sub, DW_AT_const_value, &a)) {
			int64_t v = (int64_t)a.u;
			if (t->is_signed && a.form == DW_FORM_data1)
				v = (int8_t)a.u;
			else if (t->is_signed && a.form == DW_FORM_data2)
				v = (int16_t)a.u;
			else if (t->is_signed && a.form == DW_FORM_data4)
				v = (int32_t)a.u;
			VEC_PUSH(dw->arena, &all,
				 (struct type_enumerator) { die_str(dw, &sub, DW_AT_name), v });
		}
		walk_skip(&w, dw, &sub);
	}
	t->enumerators = all.v;
	t->n_enumerators = all.n;
}

static void fill_params(struct dwarf *dw, const struct die *d, struct type *t)
{
	VEC(struct type_param) params = { 0 };
	bool is_go = d->unit->lang == DWARF_LANG_GO;
	struct walk w = walk_below(d);
	struct die sub;
	while (walk_next(&w, &sub)) {
		if (sub.ab->tag == DW_TAG_unspecified_parameters)
			t->is_variadic = true;
		if (sub.ab->tag == DW_TAG_formal_parameter) {
			struct type_param p = { .name = die_str(dw, &sub, DW_AT_name),
						.type = type_of_attr(dw, &sub, 0) };
			p.is_result = is_go && die_flag(&sub, DW_AT_variable_parameter);
			VEC_PUSH(dw->arena, &params, p);
		}
		walk_skip(&w, dw, &sub);
	}
	t->params = params.v;
	t->n_params = params.n;
	if (is_go)
		go_split_results(t);
}

// Another unit may have what this one only declares.
static void fill_declaration(struct dwarf *dw, struct type *t)
{
	struct type *real;
	struct err *e = t->name.len ? dwarf_find_type(dw, t->name, &real) : NULL;
	if (e || t->name.len == 0 || real == t || real->kind != t->kind || real->is_declaration) {
		err_free(e);
		return;
	}
	err_free(type_complete(real));
	t->size = real->size;
	t->fields = real->fields;
	t->n_fields = real->n_fields;
	t->enumerators = real->enumerators;
	t->n_enumerators = real->n_enumerators;
}

struct err *type_fill_members(struct type_source *src, struct type *t)
{
	struct type_cache *cache = (struct type_cache *)src;
	struct dwarf *dw = cache->dw;
	struct die d;
	// Set first: looking for a definition may come back here.
	t->is_complete = true;
	if (!die_at(dw, t->id, &d))
		return NULL;
	if (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION)
		fill_fields(dw, &d, t);
	else if (t->kind == TYPE_ENUM)
		fill_enumerators(dw, &d, t);
	else if (t->kind == TYPE_FUNC)
		fill_params(dw, &d, t);
	if (t->is_declaration && t->n_fields == 0 && t->n_enumerators == 0)
		fill_declaration(dw, t);
	return NULL;
}
