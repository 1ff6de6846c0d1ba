// SPDX-License-Identifier: Apache-2.0
// Types by name: an index of all names, made when it is first needed.
#include <stdlib.h>

#include "dwarf/scan.h"
#include "dwarf/types.h"

struct name_entry {
	uint64_t hash; // of the name as its DIE has it
	uint64_t die;
};

struct type_index {
	VEC(struct name_entry) entries;
	bool is_whole; // not only Go's runtime
};

static bool is_named_type(unsigned tag)
{
	switch (tag) {
	case DW_TAG_base_type:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_template_alias:
	case DW_TAG_pointer_type:
	case DW_TAG_array_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_unspecified_type:
		return true;
	default:
		return false;
	}
}

static bool may_hold_types(unsigned tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		return true;
	default:
		return false;
	}
}

static void index_unit(struct dwarf *dw, struct unit *u, struct type_index *index)
{
	struct die root, d;
	if (!die_at(dw, u->first, &root))
		return;
	bool is_flat = u->lang == DWARF_LANG_GO || u->lang == DWARF_LANG_C;
	struct walk w = walk_below(&root);
	while (walk_next(&w, &d)) {
		if (is_named_type(d.ab->tag) && !die_flag(&d, DW_AT_declaration)) {
			struct str name = die_str(dw, &d, DW_AT_name);
			if (name.len)
				VEC_PUSH(dw->arena, &index->entries,
					 (struct name_entry) { str_hash(name), d.off });
		}
		if (is_flat || !may_hold_types(d.ab->tag))
			walk_skip(&w, dw, &d);
	}
}

static int by_hash(const void *a, const void *b)
{
	const struct name_entry *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->die < y->die ? -1 : x->die > y->die;
}

static void index_units(struct dwarf *dw, struct type_index *index, bool go_types)
{
	for (size_t i = 0; i < dw->n_units; i++) {
		struct unit *u = &dw->units[i];
		if (unit_read_root(dw, u) && u->has_go_types == go_types)
			index_unit(dw, u, index);
	}
	if (index->entries.n)
		qsort(index->entries.v, index->entries.n, sizeof(index->entries.v[0]), by_hash);
}

// "struct foo" without "struct ".
static struct str without_word(struct str name)
{
	static const char *const words[] = { "struct ", "union ", "enum ", "class " };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_starts(name, str_from(words[i])))
			return str_from_off(name, strlen(words[i]));
	return name;
}

// "a::b<c::d>" without "a::".
static struct str last_component(struct str name)
{
	int depth = 0;
	size_t start = 0;
	for (size_t i = 0; i + 1 < name.len; i++) {
		depth += name.p[i] == '<' || name.p[i] == '(';
		depth -= name.p[i] == '>' || name.p[i] == ')';
		if (depth == 0 && name.p[i] == ':' && name.p[i + 1] == ':')
			start = i + 2;
	}
	return str_from_off(name, start);
}

// Candidates that are looked at for one name.
#define CANDIDATES_MAX 1000

static struct type *pick(struct dwarf *dw, const struct type_index *index, struct str key,
			 struct str want)
{
	uint64_t hash = str_hash(key);
	size_t lo = 0, hi = index->entries.n;
	struct type *second = NULL;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (index->entries.v[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = 0; i < CANDIDATES_MAX && lo + i < index->entries.n; i++) {
		const struct name_entry *e = &index->entries.v[lo + i];
		if (e->hash != hash)
			break;
		struct type *t = type_of(dw, e->die, 0);
		if (str_eq(t->name, want))
			return t;
		if (!second &&
		    (str_eq(without_word(t->name), want) || str_eq(t->name, without_word(want))))
			second = t;
	}
	return second;
}

static struct type *find(struct dwarf *dw, const struct type_index *index, struct str name)
{
	struct type *t = pick(dw, index, name, name);
	struct str bare = without_word(name);
	if (!t && bare.len != name.len)
		t = pick(dw, index, bare, name);
	struct str last = last_component(bare);
	if (!t && last.len != bare.len)
		t = pick(dw, index, last, name);
	return t;
}

struct err *dwarf_find_type(struct dwarf *dw, struct str name, struct type **out)
{
	if (!dw->type_index) {
		dw->type_index = ARENA_NEW(dw->arena, struct type_index);
		index_units(dw, dw->type_index, true);
	}
	struct type *t = find(dw, dw->type_index, name);
	if (!t && !dw->type_index->is_whole) {
		dw->type_index->is_whole = true;
		index_units(dw, dw->type_index, false);
		t = find(dw, dw->type_index, name);
	}
	if (!t)
		return err_new(ERR_NOTFOUND, "%s: no type '%.*s'", elf_path(dw->debug),
			       STR_ARG(name));
	*out = t;
	return NULL;
}
