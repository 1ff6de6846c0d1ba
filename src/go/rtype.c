// SPDX-License-Identifier: Apache-2.0
// Runtime type descriptors as struct type.
#include "go/tables.h"

enum {
	OFF_ELEM = 48, // pointers, slices, arrays, channels; the key of maps
	OFF_MAP_ELEM = 56,
	OFF_CHAN_DIR = 56,
	OFF_ARRAY_LEN = 64,
	CHAN_RECV = 1,
	CHAN_SEND = 2,
};

// Types whose elem and key are still to be found; a stack, so that a long chain of pointers needs
// no recursion.
struct pending {
	VEC(struct type *) types;
	VEC(struct type *) chans; // one-way ones, to be named when all is there
};

static struct go *go_of(struct type_source *source)
{
	return (struct go *)(void *)((char *)source - offsetof(struct go, source));
}

static struct type *new_type(struct go *go, uint64_t vaddr, enum type_kind kind)
{
	struct type *t = ARENA_NEW(go->arena, struct type);
	t->kind = kind;
	t->id = vaddr;
	t->dict_index = -1;
	t->is_complete = true;
	return t;
}

static enum type_kind scalar_kind(uint8_t kind)
{
	if (kind == KIND_BOOL)
		return TYPE_BOOL;
	if (kind <= KIND_INT64)
		return TYPE_INT;
	if (kind <= KIND_UINTPTR)
		return TYPE_UINT;
	return kind <= KIND_FLOAT64 ? TYPE_FLOAT : TYPE_COMPLEX;
}

static enum type_kind type_kind_of(uint8_t kind)
{
	switch (kind) {
	case KIND_ARRAY:
		return TYPE_ARRAY;
	case KIND_CHAN:
		return TYPE_CHAN;
	case KIND_FUNC:
		return TYPE_FUNC;
	case KIND_INTERFACE:
		return TYPE_IFACE;
	case KIND_MAP:
		return TYPE_MAP;
	case KIND_PTR:
	case KIND_UNSAFE_POINTER:
		return TYPE_PTR;
	case KIND_SLICE:
		return TYPE_SLICE;
	case KIND_STRING:
		return TYPE_STRING;
	case KIND_STRUCT:
		return TYPE_STRUCT;
	default:
		return scalar_kind(kind);
	}
}

// Whether a named type of that kind carries its name itself; the others are a TYPE_NAMED around an
// unnamed one, as DWARF has them.
static bool has_own_name(enum type_kind kind)
{
	return kind != TYPE_PTR && kind != TYPE_ARRAY && kind != TYPE_FUNC && kind != TYPE_SLICE &&
	       kind != TYPE_MAP && kind != TYPE_CHAN;
}

static struct type *describe(struct go *go, const struct descriptor *d, struct pending *todo)
{
	struct type *t = new_type(go, d->vaddr, type_kind_of(d->kind));
	t->size = d->size;
	t->align = d->align;
	t->go_kind = d->kind;
	t->go_is_direct = d->is_direct;
	t->go_rtype = d->vaddr - go->module.types;
	t->is_signed = t->kind == TYPE_INT;
	t->is_empty_iface = t->kind == TYPE_IFACE && d->n_items == 0;
	if (t->kind == TYPE_STRUCT || t->kind == TYPE_FUNC) {
		t->is_complete = false;
		t->source = &go->source;
		t->is_variadic = d->is_variadic;
	}
	VEC_PUSH(go->arena, &todo->types, t);
	return t;
}

static struct type *unknown_type(struct go *go, uint64_t vaddr)
{
	struct type *t = new_type(go, vaddr, TYPE_UNKNOWN);
	t->name = STR("?");
	return t;
}

// The type at vaddr, without what it refers to; NULL if there is no descriptor.
static struct type *shell(struct go *go, uint64_t vaddr, struct pending *todo)
{
	struct type *t = map_get(&go->rtypes, vaddr);
	struct descriptor d;
	if (t)
		return t;
	if (!descriptor_read(go, vaddr, &d))
		return NULL;
	struct str name = descriptor_full_name(go, &d);
	t = describe(go, &d, todo);
	if (t->kind == TYPE_PTR && d.kind == KIND_UNSAFE_POINTER) {
		t->name = name.len ? name : STR("unsafe.Pointer");
	} else if (name.len && has_own_name(t->kind)) {
		t->name = name;
	} else if (name.len) {
		struct type *outer = new_type(go, vaddr, TYPE_NAMED);
		outer->name = name;
		outer->size = d.size;
		outer->align = d.align;
		outer->go_kind = d.kind;
		outer->go_is_direct = d.is_direct;
		outer->go_rtype = t->go_rtype;
		outer->elem = t;
		t = outer;
	}
	map_put(&go->rtypes, vaddr, t);
	return t;
}

static struct type *referred(struct go *go, uint64_t at, struct pending *todo)
{
	uint64_t vaddr;
	if (!elf_read_word(go->elf, at, &vaddr))
		return unknown_type(go, 0);
	struct type *t = shell(go, vaddr, todo);
	return t ? t : unknown_type(go, vaddr);
}

static void fill_in(struct go *go, struct type *t, struct pending *todo)
{
	uint64_t dir;
	switch (t->go_kind) {
	case KIND_MAP:
		t->key = referred(go, t->id + OFF_ELEM, todo);
		t->elem = referred(go, t->id + OFF_MAP_ELEM, todo);
		break;
	case KIND_ARRAY:
		t->elem = referred(go, t->id + OFF_ELEM, todo);
		if (!elf_read(go->elf, t->id + OFF_ARRAY_LEN, &t->count, 8))
			t->count = 0;
		break;
	case KIND_CHAN:
		t->elem = referred(go, t->id + OFF_ELEM, todo);
		if (elf_read(go->elf, t->id + OFF_CHAN_DIR, &dir, 8) &&
		    (dir == CHAN_RECV || dir == CHAN_SEND))
			VEC_PUSH(go->arena, &todo->chans, t);
		break;
	case KIND_PTR:
	case KIND_SLICE:
		t->elem = referred(go, t->id + OFF_ELEM, todo);
		break;
	default:
		break;
	}
}

static void finish(struct go *go, struct pending *todo)
{
	while (todo->types.n)
		fill_in(go, todo->types.v[--todo->types.n], todo);
	for (size_t i = 0; i < todo->chans.n; i++) {
		// struct type has no place for the direction.
		struct type *t = todo->chans.v[i];
		uint64_t dir = 0;
		struct str elem = type_spell(go->arena, t->elem);
		if (elf_read(go->elf, t->id + OFF_CHAN_DIR, &dir, 8))
			t->name = arena_printf(go->arena,
					       dir == CHAN_RECV ? "<-chan %.*s" : "chan<- %.*s",
					       STR_ARG(elem));
	}
}

// --- fields and parameters ---

// Before Go 1.19 the offset's lowest bit said that a field is embedded.
static void set_field_off(const struct go *go, struct type_field *f, uint64_t word, uint8_t flags)
{
	bool is_old = go->minor <= 18;
	f->off = is_old ? word >> 1 : word;
	f->is_embedded = is_old ? word & 1 : flags & NAME_EMBEDDED;
}

static struct err *complete_struct(struct go *go, struct type *t, const struct descriptor *d,
				   struct pending *todo)
{
	t->fields = ARENA_ARRAY(go->arena, struct type_field, d->n_items);
	for (uint64_t i = 0; i < d->n_items; i++) {
		uint64_t at = d->items + i * FIELD_SIZE, name, off;
		struct type_field *f = &t->fields[i];
		uint8_t flags;
		if (!elf_read_word(go->elf, at, &name) ||
		    !descriptor_name(go, name, &f->name, &flags) ||
		    !elf_read(go->elf, at + 16, &off, sizeof(off)))
			return err_new(ERR_BADDATA,
				       "%s: runtime type at 0x%llx: field %llu is malformed",
				       elf_path(go->elf), (unsigned long long)d->vaddr,
				       (unsigned long long)i);
		set_field_off(go, f, off, flags);
		f->type = referred(go, at + 8, todo);
	}
	t->n_fields = d->n_items;
	return NULL;
}

static void complete_func(struct go *go, struct type *t, const struct descriptor *d,
			  struct pending *todo)
{
	size_t n = (size_t)d->n_params + d->n_results;
	t->params = ARENA_ARRAY(go->arena, struct type_param, n);
	for (size_t i = 0; i < n; i++)
		t->params[i] = (struct type_param) {
			.name = STR(""),
			.type = referred(go, d->params + 8 * i, todo),
			.is_result = i >= d->n_params,
		};
	t->n_params = n;
}

// Each field and parameter is described once, so that the file is as large as they are together:
// descriptors that overlap cannot make us describe more.
static bool has_room(struct go *go, uint64_t len)
{
	go->n_described += len;
	return go->n_described <= elf_file(go->elf).len;
}

static struct err *malformed(struct go *go, uint64_t vaddr)
{
	return err_new(ERR_BADDATA, "%s: no runtime type at 0x%llx", elf_path(go->elf),
		       (unsigned long long)vaddr);
}

static struct err *complete(struct type_source *source, struct type *t)
{
	struct go *go = go_of(source);
	struct pending todo = { 0 };
	struct descriptor d;
	struct err *e = NULL;
	t->is_complete = true;
	if (!descriptor_read(go, t->id, &d) ||
	    !has_room(go, d.n_items * FIELD_SIZE + 8 * ((uint64_t)d.n_params + d.n_results)))
		return malformed(go, t->id);
	if (t->kind == TYPE_STRUCT)
		e = complete_struct(go, t, &d, &todo);
	else
		complete_func(go, t, &d, &todo);
	finish(go, &todo);
	return e;
}

struct err *go_rtype(struct go *go, uint64_t vaddr, struct type **out)
{
	struct pending todo = { 0 };
	go->source.complete = complete;
	*out = shell(go, vaddr, &todo);
	if (!*out)
		return malformed(go, vaddr);
	finish(go, &todo);
	return NULL;
}
