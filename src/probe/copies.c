// SPDX-License-Identifier: Apache-2.0
// Copies of a function that the compiler has put into its callers. A probe on the function is on
// them, too; they have no return. What is done is always said.
#include "probe/internal.h"

// Positions of copies that a message names.
#define COPIES_SHOWN 4u

static struct str base_name(struct str file)
{
	return str_from_off(file, (size_t)(str_rfind_byte(file, '/') + 1));
}

// "main.serve (store.go:12), main.main (main.go:40) and 3 more"
static struct str places_text(struct finder *p, const struct target_copy_site *v, size_t n)
{
	struct str s = STR("");
	for (size_t i = 0; i < n && i < COPIES_SHOWN; i++)
		s = arena_printf(p->m->arena, "%.*s%s%.*s (%.*s:%u)", STR_ARG(s), i ? ", " : "",
				 STR_ARG(v[i].caller->name), STR_ARG(base_name(v[i].pos.file)),
				 v[i].pos.line);
	if (n > COPIES_SHOWN)
		s = arena_printf(p->m->arena, "%.*s and %zu more", STR_ARG(s), n - COPIES_SHOWN);
	return s;
}

static bool add_copy(struct finder *p, struct str name, const struct target_copy_site *c)
{
	struct maker *m = p->m;
	struct plan_site s = { .kind = SITE_COPY,
			       .func = c->caller,
			       .vaddr = c->vaddr,
			       .off = c->off,
			       .insn = c->insn,
			       .condition = c->condition,
			       .why = arena_printf(m->arena, "inlined at %.*s:%u",
						   STR_ARG(base_name(c->pos.file)), c->pos.line) };
	const char *why = site_finish(p, &s);
	if (why) {
		VEC_PUSH(m->arena, &m->clause->skipped,
			 (struct plan_skip) { p->program,
					      arena_printf(m->arena, "%.*s in %.*s", STR_ARG(name),
							   STR_ARG(c->caller->name)),
					      str_from(why) });
		return false;
	}
	add_site(p, c->caller, probe_text(p, name), s)->copy_of = c->inlined_func;
	return true;
}

static void say_copies(struct finder *p, struct str name, const struct target_copy_site *v,
		       size_t n, bool has_code)
{
	struct str where = places_text(p, v, n);
	const char *ending = n == 1 ? "y" : "ies";
	if (p->m->kind == PROBE_URETPROBE)
		diag_warning(p->m->diag, p->spec->span,
			     "%.*s was also inlined: calls of its %zu cop%s have no return and are "
			     "not seen: %.*s",
			     STR_ARG(name), n, ending, STR_ARG(where));
	else
		diag_warning(p->m->diag, p->spec->span,
			     "%s '%.*s' %s inlined: its %zu cop%s %s: %.*s",
			     has_code ? "some calls of" : "every call of", STR_ARG(name),
			     has_code ? "were" : "was", n, ending,
			     n == 1 ? "is probed" : "are probed", STR_ARG(where));
}

struct err *add_copies(struct finder *p, const struct target_func *f, size_t *n)
{
	struct target_copy_site *v;
	struct str name = f ? f->name : p->spec->symbol;
	*n = 0;
	struct err *e = target_copy_sites(p->t, name, p->m->arena, &v, n);
	if (err_catch(&e, ERR_NOTFOUND))
		return NULL;
	if (e || !*n)
		return e;
	bool is_return = p->m->kind == PROBE_URETPROBE;
	if (is_return && !f)
		return NULL; // an error, which the caller tells
	say_copies(p, name, v, *n, f != NULL);
	for (size_t i = 0; i < *n && !is_return; i++)
		add_copy(p, name, &v[i]);
	return NULL;
}
