// SPDX-License-Identifier: Apache-2.0
// Facts about the functions that probes are in, looked up once.
#include "check/checker.h"

static uint64_t key_of(const struct plan_probe *p)
{
	return (uint64_t)(uintptr_t)p->func;
}

// Of one function.
struct facts {
	struct target_info *info;
	bool is_info_known;
	struct target_g g;
	bool is_g_known, has_g;
	struct str why_no_g;
};

static struct facts *facts_of(struct checker *c, const struct plan_probe *p)
{
	struct facts *f = map_get(&c->facts, key_of(p));
	if (!f) {
		f = ARENA_NEW(c->arena, struct facts);
		map_put(&c->facts, key_of(p), f);
	}
	return f;
}

struct target_info *function_info(struct checker *c, const struct plan_probe *p)
{
	if (!p || !p->program || !p->func)
		return NULL;
	struct facts *f = facts_of(c, p);
	if (!f->is_info_known) {
		struct err *e = target_info(p->program->target, p->func, c->arena, &f->info);
		if (e)
			f->info = NULL;
		err_free(e);
		f->is_info_known = true;
	}
	return f->info;
}

const struct target_g *function_g(struct checker *c, const struct plan_probe *p, struct str *why)
{
	*why = STR("it is not Go code");
	if (!p || !p->program || !p->func || !target_func_is_go(p->program->target, p->func))
		return NULL;
	struct facts *f = facts_of(c, p);
	if (!f->is_g_known) {
		struct err *e = target_g(p->program->target, p->func, &f->g);
		f->has_g = !e;
		f->why_no_g = e ? arena_strdup(c->arena, str_from(err_text(e))) : STR("");
		err_free(e);
		// Code that is loaded at run time and has g in no register.
		if (f->has_g && !f->g.in_register && !f->g.has_tls) {
			f->has_g = false;
			f->why_no_g = STR("only the dynamic linker knows where threads keep their "
					  "goroutine in this shared library");
		}
		f->is_g_known = true;
	}
	*why = f->why_no_g;
	return f->has_g ? &f->g : NULL;
}

struct site_vars vars_at(struct checker *c, const struct plan_probe *p, const struct plan_site *s)
{
	struct site_vars *known = map_get(&c->vars_of_sites, (uint64_t)(uintptr_t)s);
	if (known)
		return *known;
	known = ARENA_NEW(c->arena, struct site_vars);
	map_put(&c->vars_of_sites, (uint64_t)(uintptr_t)s, known);
	if (!p->program || !s->func)
		return *known;
	struct err *e = target_vars_at(p->program->target, s->func, s->vaddr, c->arena, &known->v,
				       &known->n);
	if (e)
		*known = (struct site_vars) { 0 };
	err_free(e);
	return *known;
}

// --- of the part at hand ---

static const struct plan_probe *first_probe(const struct program_part *p)
{
	return p->n_probes ? p->probes[0] : NULL;
}

bool tell_missing(struct checker *c, struct span span, const char *what)
{
	const struct plan_probe *p = first_probe(c->part);
	struct str missing = p && p->program ? target_missing(p->program->target) : STR("");
	if (!missing.len)
		return false;
	tell_error(c, span, "%s: %.*s", what, STR_ARG(missing));
	if (part_is_at_entry(c))
		tell_hint(c, "arg0, arg1, ... are the words of the arguments");
	return true;
}

const struct plan_site *part_site(const struct checker *c)
{
	const struct program_part *p = c->part;
	return p->n_sites ? c->sites.v[p->first_site].site : NULL;
}

static bool are_sites_of(const struct checker *c, const struct program_part *p,
			 enum plan_site_kind kind)
{
	for (uint32_t i = 0; i < p->n_sites; i++) {
		const struct plan_site *s = c->sites.v[p->first_site + i].site;
		if (!s || s->kind != kind)
			return false;
	}
	return p->n_sites > 0;
}

bool part_is_at_entry(const struct checker *c)
{
	return are_sites_of(c, c->part, SITE_ENTRY);
}

bool part_is_in_copy(const struct checker *c)
{
	return are_sites_of(c, c->part, SITE_COPY);
}

bool part_is_go(const struct checker *c)
{
	const struct plan_probe *p = first_probe(c->part);
	return p && p->program && p->func && target_func_is_go(p->program->target, p->func);
}

struct target_info *part_info(struct checker *c)
{
	bool has_info = part_is_at_entry(c) || c->part->kind == PROBE_URETPROBE;
	return has_info ? function_info(c, first_probe(c->part)) : NULL;
}

// --- what is left out ---

void note_left_out(struct checker *c, struct span span, struct str name, const char *why)
{
	if (c->n_passes)
		return;
	for (size_t i = 0; i < c->left_out.n; i++) {
		struct left_out *l = &c->left_out.v[i];
		if (l->span.source == span.source && l->span.off == span.off &&
		    strcmp(l->why, why) == 0) {
			l->n++;
			return;
		}
	}
	const struct plan_probe *p = first_probe(c->part);
	struct left_out l = { span, why, name, p ? p->func_name : STR(""), 1 };
	VEC_PUSH(c->arena, &c->left_out, l);
}

void tell_values_left_out(struct checker *c)
{
	for (size_t i = 0; i < c->left_out.n; i++) {
		const struct left_out *l = &c->left_out.v[i];
		if (l->n == 1)
			diag_warning(c->diag, l->span, "%.*s of %.*s is left out: %s",
				     STR_ARG(l->name), STR_ARG(l->func), l->why);
		else
			diag_warning(c->diag, l->span,
				     "%zu values are left out, %.*s of %.*s and others: %s", l->n,
				     STR_ARG(l->name), STR_ARG(l->func), l->why);
	}
}
