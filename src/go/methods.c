// SPDX-License-Identifier: Apache-2.0
// Signatures of methods from the method lists of runtime types. All descriptors that can be reached
// are visited once.
#include "go/tables.h"

#define NOT_KEPT UINT32_MAX
// Methods, fields and links between types take at least so many bytes each, which bounds their
// number: no file makes us follow more of them than it can hold.
#define LINK_SIZE 4

struct method {
	uint64_t recv;   // descriptor of its receiver
	bool by_ptr;     // the code takes a pointer to recv
	uint32_t name;   // name offset
	uint32_t type;   // offset of its func type
	struct str text; // once spelled
};

struct visit {
	struct go *go;
	struct map seen;
	VEC(uint64_t) todo;
	uint64_t budget; // steps that are left
};

static bool spend(struct visit *v)
{
	if (v->budget == 0)
		return false;
	v->budget--;
	return true;
}

static void want(struct visit *v, uint64_t vaddr)
{
	if (map_get(&v->seen, vaddr))
		return;
	map_put(&v->seen, vaddr, v);
	VEC_PUSH(v->seen.arena, &v->todo, vaddr);
}

static void want_at(struct visit *v, uint64_t at)
{
	uint64_t vaddr;
	if (elf_read_word(v->go->elf, at, &vaddr))
		want(v, vaddr);
}

static void want_off(struct visit *v, uint32_t off)
{
	if (off != 0 && off != NOT_KEPT)
		want(v, v->go->module.types + off);
}

static void add_method(struct go *go, uint32_t off, struct method m)
{
	// Offset 0 is the start of the text, which is never a method.
	if (off == 0 || off == NOT_KEPT || map_get(&go->methods, go->text + off))
		return;
	struct method *p = ARENA_NEW(go->arena, struct method);
	*p = m;
	map_put(&go->methods, go->text + off, p);
}

static void visit_methods(struct visit *v, const struct descriptor *d)
{
	uint64_t at;
	size_t n = descriptor_n_methods(v->go, d, &at);
	for (size_t i = 0; i < n && spend(v); i++, at += METHOD_SIZE) {
		struct descriptor_method m;
		if (!descriptor_method(v->go, at, &m) || m.type == 0 || m.type == NOT_KEPT)
			continue;
		struct method method = { .recv = d->vaddr, .name = m.name, .type = m.type };
		add_method(v->go, m.tfn, method);
		// What interfaces call takes the word that they hold: a pointer, unless the value
		// is one itself, and then both are the same code.
		method.by_ptr = true;
		if (m.ifn != m.tfn)
			add_method(v->go, m.ifn, method);
		want_off(v, m.type);
	}
}

static void visit_one(struct visit *v, uint64_t vaddr)
{
	struct descriptor d;
	uint32_t ptr_to;
	if (!descriptor_read(v->go, vaddr, &d))
		return;
	if (elf_read(v->go->elf, vaddr + 44, &ptr_to, sizeof(ptr_to)))
		want_off(v, ptr_to);
	visit_methods(v, &d);
	switch (d.kind) {
	case KIND_MAP:
		want_at(v, vaddr + 56);
		want_at(v, vaddr + 48);
		break;
	case KIND_ARRAY:
	case KIND_CHAN:
	case KIND_PTR:
	case KIND_SLICE:
		want_at(v, vaddr + 48);
		break;
	case KIND_STRUCT:
		for (uint64_t i = 0; i < d.n_items && spend(v); i++)
			want_at(v, d.items + i * FIELD_SIZE + 8);
		break;
	case KIND_FUNC:
		for (uint64_t i = 0; i < d.n_params + d.n_results && spend(v); i++)
			want_at(v, d.params + i * 8);
		break;
	case KIND_INTERFACE:
		for (uint64_t i = 0; i < d.n_items && spend(v); i++) {
			uint32_t off;
			if (elf_read(v->go->elf, d.items + i * IMETHOD_SIZE + 4, &off, 4))
				want_off(v, off);
		}
		break;
	default:
		break;
	}
}

// Go >= 1.27: descriptors lie one behind the other, after one word.
static void want_all(struct visit *v)
{
	uint64_t at = v->go->module.types + 8;
	uint64_t end = v->go->module.types + v->go->typedesclen;
	struct descriptor d;
	while (at < end && spend(v) && descriptor_read(v->go, at, &d)) {
		want(v, at);
		at = (d.end + 7) & ~(uint64_t)7;
	}
}

// Before, the linker lists the types that reflection can be asked for, and the interface tables.
static void want_listed(struct visit *v)
{
	struct go *go = v->go;
	uint32_t off;
	for (uint64_t i = 0; bytes_u32(go->typelinks, i * 4, &off) && spend(v); i++)
		want_off(v, off);
	for (uint64_t i = 0; i < go->n_itablinks && spend(v); i++) {
		uint64_t itab;
		if (!elf_read_word(go->elf, go->itablinks + 8 * i, &itab))
			break;
		want_at(v, itab);
		want_at(v, itab + 8);
	}
}

static void read_methods(struct go *go)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct visit v = {
		.go = go,
		.seen = map_init(scratch),
		.budget = (go->module.etypes - go->module.types) / LINK_SIZE,
	};
	if (go->typedesclen)
		want_all(&v);
	else
		want_listed(&v);
	while (v.todo.n)
		visit_one(&v, v.todo.v[--v.todo.n]);
}

// --- spelling ---

static struct err *spell(struct go *go, struct arena *scratch, const struct method *m,
			 struct str *out)
{
	struct type *recv, *func;
	struct str name;
	TRY(go_rtype(go, m->recv, &recv));
	TRY(go_rtype(go, go->module.types + m->type, &func));
	struct str who = type_spell(scratch, recv), what = type_spell(scratch, func);
	if (!descriptor_name_off(go, m->name, &name) || !str_starts(what, STR("func(")))
		return err_new(ERR_BADDATA, "method of the runtime type at 0x%llx is malformed",
			       (unsigned long long)m->recv);
	what = str_from_off(what, 4);
	*out = arena_printf(go->arena, "func (%s%.*s) %.*s%.*s", m->by_ptr ? "*" : "", STR_ARG(who),
			    STR_ARG(name), STR_ARG(what));
	return NULL;
}

static struct method *find_method(struct go *go, uint64_t entry)
{
	if (!go->methods_are_read) {
		go->methods_are_read = true;
		if (go->module.is_known)
			read_methods(go);
	}
	return map_get(&go->methods, entry);
}

struct str go_method_signature(struct go *go, uint64_t entry)
{
	struct method *m = find_method(go, entry);
	if (!m)
		return STR("");
	if (!m->text.p) {
		AUTO(arena_autofree) struct arena *scratch = arena_new();
		struct err *e = spell(go, scratch, m, &m->text);
		if (e) {
			err_free(e);
			m->text = STR("");
		}
	}
	return m->text;
}

bool go_method_types(struct go *go, uint64_t entry, struct go_method *out)
{
	const struct method *m = find_method(go, entry);
	struct type *func = NULL;
	*out = (struct go_method) { 0 };
	struct err *e = m ? go_rtype(go, m->recv, &out->recv) : NULL;
	if (m && !e)
		e = go_rtype(go, go->module.types + m->type, &func);
	if (func && !e)
		e = type_complete(func);
	bool is_fine = func && !e && func->kind == TYPE_FUNC;
	err_free(e);
	out->by_ptr = m && m->by_ptr;
	out->func = func;
	return is_fine;
}
