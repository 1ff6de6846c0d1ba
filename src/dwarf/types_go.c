// SPDX-License-Identifier: Apache-2.0
// Types of Go, told by the linker's own attributes (DW_AT_go_kind and others).
#include "dwarf/types.h"

// Kinds of the reflect package.
enum go_kind {
	GO_BOOL = 1,
	GO_INT = 2,
	GO_INT64 = 6,
	GO_UINT = 7,
	GO_UINTPTR = 12,
	GO_FLOAT32 = 13,
	GO_FLOAT64 = 14,
	GO_COMPLEX64 = 15,
	GO_COMPLEX128 = 16,
	GO_ARRAY = 17,
	GO_CHAN = 18,
	GO_FUNC = 19,
	GO_INTERFACE = 20,
	GO_MAP = 21,
	GO_POINTER = 22,
	GO_SLICE = 23,
	GO_STRING = 24,
	GO_STRUCT = 25,
	GO_UNSAFE_POINTER = 26,
};

#define WORD 8

// What the runtime's header struct behind a map or chan is.
static struct type *header_of(struct dwarf *dw, const struct die *d, int depth)
{
	struct die ptr;
	uint64_t off = die_ref(dw, d, DW_AT_type);
	if (off == NO_DIE || !die_at(dw, off, &ptr) || ptr.ab->tag != DW_TAG_pointer_type)
		return NULL;
	return type_of_attr(dw, &ptr, depth + 1);
}

static bool is_eface(struct dwarf *dw, const struct die *d)
{
	struct die at = *d;
	for (int i = 0; i < 4; i++) {
		uint64_t off = die_ref(dw, &at, DW_AT_type);
		if (off == NO_DIE || !die_at(dw, off, &at))
			return false;
		struct str name = die_str(dw, &at, DW_AT_name);
		if (str_eq(name, STR("runtime.eface")))
			return true;
	}
	return false;
}

static void fill_array(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	struct walk w = walk_below(d);
	struct die sub;
	t->kind = TYPE_ARRAY;
	t->elem = type_of_attr(dw, d, depth + 1);
	while (walk_next(&w, &sub))
		if (sub.ab->tag == DW_TAG_subrange_type && die_uint(&sub, DW_AT_count, &t->count))
			break;
	// An array of nothing has any size that its items have.
	if (t->elem && t->elem->size && t->count > t->size / t->elem->size)
		t->count = t->size / t->elem->size;
}

static void fill_number(struct type *t, unsigned kind)
{
	if (kind == GO_BOOL)
		t->kind = TYPE_BOOL;
	else if (kind >= GO_INT && kind <= GO_INT64)
		t->kind = TYPE_INT;
	else if (kind >= GO_UINT && kind <= GO_UINTPTR)
		t->kind = TYPE_UINT;
	else if (kind == GO_FLOAT32 || kind == GO_FLOAT64)
		t->kind = TYPE_FLOAT;
	else if (kind == GO_COMPLEX64 || kind == GO_COMPLEX128)
		t->kind = TYPE_COMPLEX;
}

static bool fill_by_kind(struct dwarf *dw, const struct die *d, struct type *t, unsigned kind,
			 int depth)
{
	t->go_kind = (uint8_t)kind;
	switch (kind) {
	case GO_ARRAY:
		fill_array(dw, d, t, depth);
		break;
	case GO_CHAN:
		t->kind = TYPE_CHAN;
		t->size = WORD;
		t->elem = type_of(dw, die_ref(dw, d, DW_AT_go_elem), depth + 1);
		t->header = header_of(dw, d, depth);
		break;
	case GO_FUNC:
		t->kind = TYPE_FUNC;
		t->size = WORD;
		t->is_complete = false;
		break;
	case GO_INTERFACE:
		t->kind = TYPE_IFACE;
		t->size = 2 * WORD;
		t->is_empty_iface = is_eface(dw, d);
		break;
	case GO_MAP:
		t->kind = TYPE_MAP;
		t->size = WORD;
		t->key = type_of(dw, die_ref(dw, d, DW_AT_go_key), depth + 1);
		t->elem = type_of(dw, die_ref(dw, d, DW_AT_go_elem), depth + 1);
		t->header = header_of(dw, d, depth);
		break;
	case GO_POINTER:
	case GO_UNSAFE_POINTER:
		t->kind = TYPE_PTR;
		t->size = WORD;
		t->elem = type_of_attr(dw, d, depth + 1);
		break;
	case GO_SLICE:
		t->kind = TYPE_SLICE;
		t->elem = type_of(dw, die_ref(dw, d, DW_AT_go_elem), depth + 1);
		break;
	case GO_STRING:
		t->kind = TYPE_STRING;
		break;
	case GO_STRUCT:
		t->kind = TYPE_STRUCT;
		t->is_complete = false;
		break;
	default:
		fill_number(t, kind);
		return t->kind != TYPE_UNKNOWN;
	}
	return true;
}

// DIEs that the linker makes without a kind: the runtime's own structs and pointers to them.
static void fill_by_tag(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	switch (d->ab->tag) {
	case DW_TAG_structure_type:
		t->kind = TYPE_STRUCT;
		t->go_kind = GO_STRUCT;
		t->is_complete = false;
		break;
	case DW_TAG_pointer_type:
		t->kind = TYPE_PTR;
		t->size = WORD;
		t->go_kind =
			str_eq(t->name, STR("unsafe.Pointer")) ? GO_UNSAFE_POINTER : GO_POINTER;
		t->elem = type_of_attr(dw, d, depth + 1);
		break;
	case DW_TAG_subroutine_type:
		t->kind = TYPE_FUNC;
		t->size = WORD;
		t->go_kind = GO_FUNC;
		t->is_complete = false;
		break;
	case DW_TAG_array_type:
		t->go_kind = GO_ARRAY;
		fill_array(dw, d, t, depth);
		break;
	default:
		break;
	}
}

static struct type *fill_typedef(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	struct attr a;
	struct type *under = type_of_attr(dw, d, depth + 1);
	bool is_param = die_attr(d, DW_AT_go_dict_index, &a);
	// A named type is a typedef over a DIE of the same name, which tells all.
	if (!is_param && under && under != t && str_eq(under->name, t->name))
		return under;
	t->kind = TYPE_NAMED;
	t->elem = under && under != t ? under : NULL;
	t->size = t->elem ? t->elem->size : 0;
	t->go_kind = t->elem ? t->elem->go_kind : 0;
	if (is_param && a.u <= INT32_MAX)
		t->dict_index = (int64_t)a.u;
	return t;
}

struct type *go_type_fill(struct dwarf *dw, const struct die *d, struct type *t, int depth)
{
	uint64_t kind = 0;
	struct attr a;
	die_uint(d, DW_AT_go_kind, &kind);
	if (die_attr(d, DW_AT_go_runtime_type, &a))
		t->go_rtype = a.u;
	if (kind == 0 && d->ab->tag == DW_TAG_typedef)
		return fill_typedef(dw, d, t, depth);
	if (kind == 0 || kind > GO_UNSAFE_POINTER || !fill_by_kind(dw, d, t, (unsigned)kind, depth))
		fill_by_tag(dw, d, t, depth);
	return t;
}

// How many parameters "func(a, b) c" has; -1 if the name is no such text.
static int params_in_name(struct str name)
{
	if (!str_starts(name, STR("func(")))
		return -1;
	int depth = 0, commas = 0;
	bool in_quotes = false;
	for (size_t i = 4; i < name.len; i++) {
		char c = name.p[i];
		if (in_quotes) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_quotes = false;
			continue;
		}
		in_quotes = c == '"';
		depth += c == '(' || c == '[' || c == '{';
		depth -= c == ')' || c == ']' || c == '}';
		commas += c == ',' && depth == 1;
		if (depth == 0)
			return i == 5 ? 0 : commas + 1;
	}
	return -1;
}

void go_split_results(struct type *t)
{
	// Go >= 1.24 marks results. Before that they come last, each as a pointer to its type.
	int n = params_in_name(t->name);
	for (size_t i = 0; i < t->n_params; i++)
		if (t->params[i].is_result)
			return;
	for (size_t i = n < 0 ? t->n_params : (size_t)n; i < t->n_params; i++) {
		struct type_param *p = &t->params[i];
		p->is_result = true;
		if (p->type && p->type->kind == TYPE_PTR && p->type->elem)
			p->type = p->type->elem;
	}
}
