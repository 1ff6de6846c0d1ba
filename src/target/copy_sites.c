// SPDX-License-Identifier: Apache-2.0
// Where the copies of an inlined function can be probed.
#include <stdlib.h>

#include "target/internal.h"

struct site_list {
	VEC(struct target_copy_site) v;
};

// Copies by DWARF. The compiler may say where one begins; else it is taken to begin at its lowest
// address.
static struct err *add_by_dwarf(struct target *t, uint64_t origin, struct arena *arena,
				struct site_list *out)
{
	struct dwarf_inlines list;
	TRY(dwarf_inlines_of(t->dwarf, origin, &list));
	for (size_t i = 0; i < list.n; i++) {
		const struct dwarf_inline *in = &list.v[i];
		if (in->n_ranges == 0)
			continue;
		uint64_t vaddr = in->ranges[0].low;
		for (size_t k = 0; k < in->n_ranges; k++)
			if (in->entry >= in->ranges[k].low && in->entry < in->ranges[k].high)
				vaddr = in->entry;
		VEC_PUSH(arena, &out->v,
			 (struct target_copy_site) {
				 .vaddr = vaddr,
				 .inlined_func = in->func,
				 .via = str_eq(in->parent, in->caller) ? STR("") : in->parent,
				 .pos = { in->call_file, in->call_line },
			 });
	}
	return NULL;
}

static void add_by_pclntab(struct target *t, struct str name, struct arena *arena,
			   struct site_list *out)
{
	const struct copy_list *l = copies_by_pclntab(t, name);
	for (size_t i = 0; i < l->v.n; i++) {
		const struct target_copy *c = &l->v.v[i];
		VEC_PUSH(arena, &out->v,
			 (struct target_copy_site) { .vaddr = c->low,
						     .inlined_func = name,
						     .via = c->via,
						     .pos = c->pos });
	}
}

// All functions that have the name: static ones of C may be several.
static struct err *find_copies_of(struct target *t, struct str name, struct arena *arena,
				  struct site_list *out)
{
	const struct target_func *v;
	size_t n;
	bool is_found = false;
	TRY(target_funcs(t, &v, &n));
	if (!target_dwarf(t)) {
		if (target_go(t))
			add_by_pclntab(t, name, arena, out);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		struct dwarf_func df;
		if (!str_eq(v[i].name, name) || !target_dwarf_func(t, &v[i], &df))
			continue;
		is_found = true;
		TRY(add_by_dwarf(t, df.origin, arena, out));
	}
	if (is_found)
		return NULL;
	struct dwarf_func df;
	struct err *e = dwarf_find_abstract(t->dwarf, name, &df);
	if (err_catch(&e, ERR_NOTFOUND))
		return NULL;
	TRY(e);
	return add_by_dwarf(t, df.origin, arena, out);
}

static int by_site_vaddr(const void *a, const void *b)
{
	const struct target_copy_site *x = a, *y = b;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

// The function that the copies at hand are in.
struct caller {
	const struct target_func *f;
	struct target_site entry;
	struct bytes code;
	uint64_t at; // decoded up to here: an instruction begins there
};

static struct err *set_caller(struct target *t, uint64_t vaddr, struct caller *c)
{
	const struct target_func *f;
	TRY(target_func_at(t, vaddr, &f));
	if (f == c->f)
		return NULL;
	*c = (struct caller) { .f = f };
	if (!f)
		return NULL;
	c->code = target_code(t, f);
	c->at = f->vaddr;
	target_entry(t, f, &c->entry);
	return NULL;
}

// The first instruction at vaddr or behind it; false if the code ends before. vaddr only grows.
static bool boundary(struct target *t, struct caller *c, uint64_t vaddr, struct insn *out)
{
	uint64_t at = c->at;
	while (at - c->f->vaddr < c->code.len) {
		uint64_t off = at - c->f->vaddr;
		struct bytes rest = { c->code.p + off, c->code.len - (size_t)off };
		insn_decode(target_arch(t), rest, at, out);
		if (at >= vaddr) {
			c->at = at;
			return out->kind != INSN_BAD;
		}
		at += out->len;
	}
	return false;
}

// False if the copy has no instruction of its own.
static struct err *place(struct target *t, struct caller *c, struct target_copy_site *s, bool *ok)
{
	*ok = false;
	TRY(set_caller(t, s->vaddr, c));
	if (!c->f)
		return NULL;
	// In the stack check, which may run twice, and where a call is counted with a condition.
	uint64_t vaddr = s->vaddr;
	if (vaddr < c->entry.vaddr)
		vaddr = c->entry.vaddr;
	if (!boundary(t, c, vaddr, &s->insn))
		return NULL;
	*ok = true;
	s->vaddr = s->insn.vaddr;
	s->caller = c->f;
	s->off = s->vaddr - c->f->vaddr;
	if (s->vaddr == c->entry.vaddr)
		s->condition = c->entry.condition;
	return NULL;
}

struct err *target_copy_sites(struct target *t, struct str name, struct arena *arena,
			      struct target_copy_site **out, size_t *n)
{
	struct site_list l = { 0 };
	struct caller caller = { 0 };
	*out = NULL;
	*n = 0;
	TRY(find_copies_of(t, name, arena, &l));
	if (l.v.n)
		qsort(l.v.v, l.v.n, sizeof(l.v.v[0]), by_site_vaddr);
	for (size_t i = 0; i < l.v.n; i++) {
		bool ok;
		TRY(place(t, &caller, &l.v.v[i], &ok));
		if (ok && (*n == 0 || l.v.v[*n - 1].vaddr != l.v.v[i].vaddr))
			l.v.v[(*n)++] = l.v.v[i];
	}
	*out = l.v.v;
	return NULL;
}
