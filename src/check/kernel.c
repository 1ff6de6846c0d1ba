// SPDX-License-Identifier: Apache-2.0
// The kernel's types, behind those of the script and of the traced programs: read when a script
// first asks for one that neither has.
#include "check/checker.h"

struct kernel_types {
	struct btf *btf;    // NULL: there are none
	struct str why;     // then
	struct map by_name; // struct asked, by hash: the passes ask again and again
	struct map copies;  // of arrays and structs that were read from the kernel, by original
};

struct asked {
	struct str name;
	struct type *type; // NULL: there is none
};

static struct kernel_types *types_of(struct checker *c)
{
	if (!c->kernel) {
		c->kernel = ARENA_NEW(c->arena, struct kernel_types);
		c->kernel->by_name = map_init(c->arena);
		c->kernel->copies = map_init(c->arena);
	}
	return c->kernel;
}

static struct kernel_types *opened(struct checker *c)
{
	struct kernel_types *k = types_of(c);
	const char *path = c->options->kernel_types;
	if (k->btf || k->why.len)
		return k;
	struct err *e = path ? btf_open(c->arena, path, &k->btf) : NULL;
	if (e)
		k->why = arena_strdup(c->arena, str_from(err_text(e)));
	err_free(e);
	return k;
}

struct btf *kernel_btf(const struct checker *c)
{
	return c->kernel ? c->kernel->btf : NULL;
}

static bool has_tag(struct str name)
{
	return str_starts(name, STR("struct ")) || str_starts(name, STR("union ")) ||
	       str_starts(name, STR("enum "));
}

// One that C could have: Go's have dots, stars and brackets.
static bool is_c_name(struct str name)
{
	for (size_t i = has_tag(name) ? (size_t)str_find(name, STR(" ")) + 1 : 0; i < name.len;
	     i++) {
		char ch = name.p[i], letter = ch | 0x20;
		if (!(letter >= 'a' && letter <= 'z') && !(ch >= '0' && ch <= '9') && ch != '_')
			return false;
	}
	return name.len > 0;
}

struct type *kernel_type(struct checker *c, struct str name)
{
	if (!is_c_name(name) || is_builtin(name))
		return NULL;
	struct kernel_types *k = opened(c);
	uint64_t hash = str_hash(name);
	struct asked *known = map_get(&k->by_name, hash);
	if (known && str_eq(known->name, name))
		return known->type;
	struct asked *asked = ARENA_NEW(c->arena, struct asked);
	*asked = (struct asked) { name, k->btf ? btf_find_type(k->btf, name) : NULL };
	map_put(&k->by_name, hash, asked);
	return asked->type;
}

void kernel_offer(struct checker *c, struct near *near)
{
	struct kernel_types *k = is_c_name(near->want) ? opened(c) : NULL;
	if (k && k->btf)
		btf_offer(k->btf, near);
}

bool kernel_tell_missing(struct checker *c, struct str name)
{
	struct kernel_types *k = types_of(c);
	if (!k->why.len || !has_tag(name))
		return false;
	tell_hint(c, "this kernel does not tell its types (CONFIG_DEBUG_INFO_BTF): %.*s",
		  STR_ARG(k->why));
	tell_hint(c, "define it before the first probe: %.*s { ... }", STR_ARG(name));
	return true;
}

struct type *kernel_task(struct checker *c)
{
	struct type *own = type_named_struct(c, KERNEL_TASK);
	return own ? own : kernel_type(c, KERNEL_TASK);
}

static bool has_pointers(struct type *t)
{
	for (unsigned i = 0; i < TYPE_DEPTH_MAX && t->kind == TYPE_ARRAY && t->elem; i++)
		t = type_strip(t->elem);
	return t->kind == TYPE_PTR || is_record(t);
}

struct type *of_kernel(struct checker *c, struct type *t)
{
	if (t->is_kernel || !has_pointers(t))
		return t;
	if (t->kind == TYPE_PTR)
		return type_pointer(c, t->elem, true);
	// One copy of each: structs without a name are the same type only if they are the same.
	struct map *copies = &types_of(c)->copies;
	struct type *copy = map_get(copies, (uintptr_t)t);
	if (copy)
		return copy;
	err_free(type_complete(t));
	copy = ARENA_NEW(c->arena, struct type);
	*copy = *t;
	copy->is_kernel = true;
	map_put(copies, (uintptr_t)t, copy);
	return copy;
}
