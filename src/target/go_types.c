// SPDX-License-Identifier: Apache-2.0
// Go's types as the program itself describes them, and what debug information adds to that.
#include "target/internal.h"

struct type *target_go_type_at(struct target *t, uint64_t vaddr)
{
	struct go *go = target_go(t);
	struct type *found;
	struct err *e = go ? go_rtype(go, vaddr, &found) : NULL;
	if (!go || e) {
		err_free(e);
		return NULL;
	}
	return found;
}

// Debug information has a descriptor's address, or what the linker made of it: an offset.
static bool descriptor_of(struct target *t, const struct type *type, uint64_t *vaddr)
{
	struct go *go = target_go(t);
	if (!go || !type->go_rtype || !go_module(go)->is_known)
		return false;
	uint64_t types = go_module(go)->types;
	*vaddr = type->go_rtype < types ? types + type->go_rtype : type->go_rtype;
	return true;
}

// Up to the type arguments, whose spelling differs.
static struct str plain_name(struct str name)
{
	const char *args = name.len ? memchr(name.p, '[', name.len) : NULL;
	return args ? str_first(name, (size_t)(args - name.p)) : name;
}

static bool agree(const struct type *a, const struct type *b)
{
	struct str x = plain_name(a->name), y = plain_name(b->name);
	if (a->go_kind != b->go_kind || a->size != b->size)
		return false;
	// Debug information also gives unnamed types a name, their text.
	bool are_structs = a->kind == TYPE_STRUCT && b->kind == TYPE_STRUCT;
	return !are_structs || x.len == 0 || y.len == 0 || str_eq(x, y);
}

struct type *target_go_type_of(struct target *t, const struct type *type)
{
	uint64_t vaddr;
	if (!descriptor_of(t, type, &vaddr))
		return NULL;
	struct type *own = target_go_type_at(t, vaddr);
	return own && agree(own, type) ? own : NULL;
}

// --- the insides of maps ---

static struct type *field_type(struct type *t, const char *name)
{
	t = t ? type_strip(t) : NULL;
	struct err *e = t ? type_complete(t) : NULL;
	if (!t || e || t->kind != TYPE_STRUCT) {
		err_free(e);
		return NULL;
	}
	for (size_t i = 0; i < t->n_fields; i++)
		if (str_eq(t->fields[i].name, str_from(name)))
			return t->fields[i].type ? type_strip(t->fields[i].type) : NULL;
	return NULL;
}

static struct type *behind(struct type *pointer)
{
	bool is_pointer = pointer && pointer->kind == TYPE_PTR && pointer->elem;
	return is_pointer ? type_strip(pointer->elem) : NULL;
}

// By the runtime's structs that the linker describes for every map type.
static struct type *inside_by_header(struct type *header)
{
	struct type *bucket = behind(field_type(header, "buckets"));
	if (bucket)
		return bucket;
	struct type *table = behind(behind(field_type(header, "dirPtr")));
	return behind(field_type(field_type(table, "groups"), "data"));
}

struct type *target_go_map_inside(struct target *t, struct type *map)
{
	struct type *inside, *m = type_strip(map);
	uint64_t vaddr;
	if (t && descriptor_of(t, m, &vaddr)) {
		struct err *e = go_map_inside(target_go(t), vaddr, &inside);
		if (!e)
			return inside;
		err_free(e);
	}
	return m->header ? inside_by_header(m->header) : NULL;
}

// --- all of them ---

void target_go_each_type(struct target *t, bool (*fn)(void *ctx, uint64_t vaddr), void *ctx)
{
	struct go *go = target_go(t);
	if (go)
		go_each_rtype(go, fn, ctx);
}

bool target_go_types(struct target *t, uint64_t *vaddr, uint64_t *size)
{
	struct go *go = target_go(t);
	if (!go || !go_module(go)->is_known)
		return false;
	*vaddr = go_module(go)->types;
	*size = go_module(go)->etypes - go_module(go)->types;
	return true;
}
