// SPDX-License-Identifier: Apache-2.0
// Types from DIEs: what each kind of DIE stands for. Members are read later (members.c).
#include "dwarf/types.h"

#include "dwarf/scan.h"

struct type_cache *type_cache_of(struct dwarf *dw)
{
	if (!dw->types) {
		dw->types = ARENA_NEW(dw->arena, struct type_cache);
		dw->types->source.complete = type_fill_members;
		dw->types->dw = dw;
		dw->types->by_die = map_init(dw->arena);
	}
	return dw->types;
}

static struct type *type_new(struct dwarf *dw, enum type_kind kind, uint64_t id)
{
	struct type *t = ARENA_NEW(dw->arena, struct type);
	*t = (struct type) { .kind = kind, .id = id, .dict_index = -1 };
	t->source = &type_cache_of(dw)->source;
	t->is_complete = true;
	return t;
}

struct type *type_of_attr(struct dwarf *dw, const struct die *d, int depth)
{
	return type_of(dw, die_ref(dw, d, DW_AT_type), depth);
}

static struct type *void_type(struct dwarf *dw)
{
	return type_new(dw, TYPE_VOID, NO_DIE);
}

static void fill_base(const struct die *d, struct type *t)
{
	uint64_t encoding = 0;
	die_uint(d, DW_AT_encoding, &encoding);
	switch (encoding) {
	case DW_ATE_boolean:
		t->kind = TYPE_BOOL;
		break;
	case DW_ATE_signed:
		t->kind = TYPE_INT;
		break;
	case DW_ATE_unsigned:
	case DW_ATE_address:
		t->kind = TYPE_UINT;
		break;
	case DW_ATE_signed_char:
		t->kind = TYPE_CHAR;
		t->is_signed = true;
		break;
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
	case DW_ATE_UCS:
	case DW_ATE_ASCII:
		t->kind = TYPE_CHAR;
		break;
	case DW_ATE_float:
	case DW_ATE_imaginary_float:
		t->kind = TYPE_FLOAT;
		break;
	case DW_ATE_complex_float:
		t->kind = TYPE_COMPLEX;
		break;
	default:
		t->kind = TYPE_UNKNOWN;
		break;
	}
	// Rust's i8 and u8 are numbers.
	if (t->kind == TYPE_CHAR && d->unit->lang == DWARF_LANG_RUST &&
	    !str_eq(t->name, STR("char")))
		t->kind = t->is_signed ? TYPE_INT : TYPE_UINT;
}

// How many items one dimension has; false if that is not known before the program runs.
static bool dimension(const struct die *d, uint64_t *count)
{
	uint64_t lower = 0, upper;
	if (die_uint(d, DW_AT_count, count))
		return true;
	if (!die_uint(d, DW_AT_upper_bound, &upper))
		return false;
	die_uint(d, DW_AT_lower_bound, &lower);
	// "-1" in whatever width stands for no items.
	*count = upper == UINT32_MAX || upper + 1 < lower ? 0 : upper + 1 - lower;
	return true;
}

#define DIMENSIONS_MAX 16

static void size_array(struct type *t)
{
	uint64_t size = 0;
	if (t->elem && !__builtin_mul_overflow(t->count, t->elem->size, &size) && t->size == 0)
		t->size = size;
}

static void fill_array(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	struct type *elem = type_of_attr(dw, d, depth + 1);
	uint64_t counts[DIMENSIONS_MAX];
	bool is_known[DIMENSIONS_MAX];
	size_t n = 0;
	struct walk w = walk_below(d);
	struct die sub;
	t->kind = TYPE_ARRAY;
	while (n < DIMENSIONS_MAX && walk_next(&w, &sub)) {
		if (sub.ab->tag == DW_TAG_subrange_type) {
			counts[n] = 0;
			is_known[n] = dimension(&sub, &counts[n]);
			n++;
		}
		walk_skip(&w, dw, &sub);
	}
	while (n > 1) {
		n--;
		struct type *row = type_new(dw, TYPE_ARRAY, d->off);
		row->elem = elem;
		row->count = counts[n];
		row->has_no_count = !is_known[n];
		size_array(row);
		elem = row;
	}
	t->elem = elem ? elem : void_type(dw);
	t->count = n ? counts[0] : 0;
	t->has_no_count = n == 0 || !is_known[0];
	size_array(t);
}

static void fill_qualified(struct dwarf *dw, const struct die *d, struct type *t, const char *word,
			   int depth)
{
	t->kind = TYPE_NAMED;
	t->qualifier = str_from(word);
	t->elem = type_of_attr(dw, d, depth + 1);
	if (!t->elem)
		t->elem = void_type(dw);
	t->size = t->elem->size;
	t->name = STR("");
}

static void fill_pointer(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	t->kind = TYPE_PTR;
	t->is_rvalue = d->ab->tag == DW_TAG_rvalue_reference_type;
	t->is_reference = t->is_rvalue || d->ab->tag == DW_TAG_reference_type;
	t->elem = type_of_attr(dw, d, depth + 1);
	if (t->size == 0)
		t->size = d->unit->addr_size;
}

static void fill_member_pointer(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	t->elem = type_of_attr(dw, d, depth + 1);
	t->key = type_of(dw, die_ref(dw, d, DW_AT_containing_type), depth + 1);
	// A pointer to a function of a class has a second word: what to add to "this".
	bool is_func = t->elem && type_strip(t->elem)->kind == TYPE_FUNC;
	if (t->size == 0)
		t->size = d->unit->addr_size * (is_func ? 2u : 1u);
}

static void fill_enum(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	uint64_t encoding;
	struct type *under = type_of_attr(dw, d, depth + 1);
	t->kind = TYPE_ENUM;
	t->elem = under;
	under = under ? type_strip(under) : NULL;
	if (under)
		t->is_signed = under->kind == TYPE_INT || under->is_signed;
	else if (die_uint(d, DW_AT_encoding, &encoding))
		t->is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	if (t->size == 0 && under)
		t->size = under->size;
}

static void fill_func(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	t->kind = TYPE_FUNC;
	t->is_complete = false;
	t->ret = type_of_attr(dw, d, depth + 1);
}

static void fill_alias(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	t->kind = TYPE_NAMED;
	t->elem = type_of_attr(dw, d, depth + 1);
	if (!t->elem)
		t->elem = void_type(dw);
	t->size = t->elem->size;
}

static void fill_record(struct dwarf *dw, const struct die *d, struct type *t, const char *word)
{
	bool is_union = d->ab->tag == DW_TAG_union_type;
	t->kind = d->ab->tag == DW_TAG_enumeration_type ? TYPE_ENUM
		  : is_union                            ? TYPE_UNION
							: TYPE_STRUCT;
	t->is_complete = false;
	if (d->unit->lang == DWARF_LANG_C && t->name.len)
		t->name = arena_printf(dw->arena, "%s %.*s", word, STR_ARG(t->name));
}

static void fill_by_tag(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	switch (d->ab->tag) {
	case DW_TAG_base_type:
		fill_base(d, t);
		break;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		fill_pointer(dw, d, t, depth);
		break;
	case DW_TAG_array_type:
		fill_array(dw, d, t, depth);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
		fill_record(dw, d, t, "struct");
		break;
	case DW_TAG_union_type:
		fill_record(dw, d, t, "union");
		break;
	case DW_TAG_enumeration_type:
		fill_record(dw, d, t, "enum");
		fill_enum(dw, d, t, depth);
		break;
	case DW_TAG_subroutine_type:
		fill_func(dw, d, t, depth);
		break;
	case DW_TAG_typedef:
	case DW_TAG_template_alias:
	case DW_TAG_subrange_type:
		fill_alias(dw, d, t, depth);
		break;
	case DW_TAG_const_type:
		fill_qualified(dw, d, t, "const", depth);
		break;
	case DW_TAG_volatile_type:
		fill_qualified(dw, d, t, "volatile", depth);
		break;
	case DW_TAG_restrict_type:
		fill_qualified(dw, d, t, "restrict", depth);
		break;
	case DW_TAG_atomic_type:
		fill_qualified(dw, d, t, "_Atomic", depth);
		break;
	case DW_TAG_packed_type:
	case DW_TAG_shared_type:
	case DW_TAG_immutable_type:
		fill_qualified(dw, d, t, "", depth);
		break;
	case DW_TAG_ptr_to_member_type:
		fill_member_pointer(dw, d, t, depth);
		break;
	default: // unspecified_type and what other languages have
		break;
	}
}

// Types that stand in namespaces and classes have their names qualified by these.
static struct str type_name(struct dwarf *dw, const struct die *d)
{
	switch (d->ab->tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_template_alias:
		break;
	default:
		return die_str(dw, d, DW_AT_name);
	}
	if (d->unit->lang == DWARF_LANG_C || die_str(dw, d, DW_AT_name).len == 0)
		return die_str(dw, d, DW_AT_name);
	return die_qualified_name(dw, d);
}

static struct type *fill(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	uint64_t v;
	struct attr a;
	if (die_uint(d, DW_AT_byte_size, &v))
		t->size = v;
	if (die_uint(d, DW_AT_alignment, &v) && v > 0 && v <= 4096)
		t->align = (uint32_t)v;
	t->is_declaration = die_flag(d, DW_AT_declaration);
	t->is_passed_by_reference =
		die_uint(d, DW_AT_calling_convention, &v) && v == DW_CC_pass_by_reference;
	if (d->unit->lang == DWARF_LANG_GO) {
		t->name = die_str(dw, d, DW_AT_name);
		return go_type_fill(dw, d, t, depth);
	}
	// A stand-in for a type that has a unit of its own.
	if (die_attr(d, DW_AT_signature, &a)) {
		uint64_t real = attr_ref(dw, d->unit, &a);
		if (real != NO_DIE && real != d->off)
			return type_of(dw, real, depth + 1);
	}
	t->name = type_name(dw, d);
	fill_by_tag(dw, d, t, depth);
	return t;
}

struct type *type_of(struct dwarf *dw, uint64_t off, int depth)
{
	if (off == NO_DIE)
		return NULL;
	struct type_cache *cache = type_cache_of(dw);
	struct type *t = map_get(&cache->by_die, off);
	if (t)
		return t;
	t = type_new(dw, TYPE_UNKNOWN, off);
	struct die d;
	if (depth > TYPE_DEPTH_MAX || !die_at(dw, off, &d))
		return t;
	// Known before it is complete: types refer to themselves.
	map_put(&cache->by_die, off, t);
	struct type *real = fill(dw, &d, t, depth);
	if (real != t)
		map_put(&cache->by_die, off, real);
	return real;
}
