// SPDX-License-Identifier: Apache-2.0
// vars.x: the traced program's own variables, as they are where the probe is; and the arguments of
// inlined copies, which are variables of the function around them.
#include "check/checker.h"

static const struct plan_probe *probe_of(const struct checker *c)
{
	return c->part->n_probes ? c->part->probes[0] : NULL;
}

// Whether it is one of those that args, or vars, means here.
static bool is_meant(const struct checker *c, const struct target_var *v, bool is_args)
{
	const struct plan_probe *p = probe_of(c);
	const struct plan_site *s = part_site(c);
	if (!v->name.len || str_eq(v->name, STR("_")))
		return false;
	// A line is one of the inlined function's.
	if (v->is_callers && s && s->kind == SITE_LINE)
		return false;
	return !is_args || (v->is_param && p && str_eq(v->inlined_func, p->copy_of));
}

static struct site_vars vars_here(struct checker *c)
{
	const struct plan_site *s = part_site(c);
	return s ? vars_at(c, probe_of(c), s) : (struct site_vars) { 0 };
}

static const struct target_var *find_var(struct checker *c, struct str name, bool is_args)
{
	struct site_vars vars = vars_here(c);
	for (size_t i = 0; i < vars.n; i++)
		if (is_meant(c, &vars.v[i], is_args) && str_eq(vars.v[i].name, name))
			return vars.v[i].is_hidden && !is_args ? NULL : &vars.v[i];
	return NULL;
}

static struct str place_text(struct checker *c, const struct plan_site *s)
{
	struct str why = s->kind == SITE_LINE ? s->why : STR("");
	ptrdiff_t comma = str_find(why, STR(","));
	if (comma > 0)
		why = str_first(why, (size_t)comma);
	if (why.len)
		return why;
	return arena_printf(c->arena, "%.*s+0x%llx", s->func ? (int)s->func->name.len : 0,
			    s->func ? s->func->name.p : "", (unsigned long long)s->off);
}

static void tell_no_var(struct checker *c, struct expr *e, bool is_args)
{
	const struct plan_site *s = part_site(c);
	const struct plan_probe *p = probe_of(c);
	struct name name = e->member.name;
	struct str here = place_text(c, s);
	struct str elsewhere = STR("");
	bool is_there = s->func &&
			(s->kind != SITE_LINE ||
			 target_has_var_at_line(p->program->target, s->func, s->vaddr, name.text));
	if (is_there)
		elsewhere = target_var_elsewhere(p->program->target, s->func, s->vaddr, name.text,
						 c->arena);
	if (elsewhere.len) {
		tell_error(c, name.span, "variable '%.*s' is not readable at %.*s; %.*s",
			   STR_ARG(name.text), STR_ARG(here), STR_ARG(elsewhere));
		return;
	}
	struct near near = near_init(name.text);
	struct site_vars vars = vars_here(c);
	if (!vars.n && tell_missing(c, name.span, "vars"))
		return;
	struct out_buf b = { 0 };
	for (size_t i = 0; i < vars.n; i++) {
		if (!is_meant(c, &vars.v[i], is_args))
			continue;
		near_offer(&near, vars.v[i].name);
		out_buf_printf(&b, "%s%.*s", b.n ? ", " : "", STR_ARG(vars.v[i].name));
	}
	tell_error(c, name.span, "there is no %s '%.*s' at %.*s", is_args ? "argument" : "variable",
		   STR_ARG(name.text), STR_ARG(here));
	if (near.n)
		tell_near(c, &near);
	else if (b.n)
		tell_hint(c, "readable there: %.*s", STR_ARG(out_buf_view(&b)));
	out_buf_free(&b);
}

// Where nothing is a variable of the program.
static bool has_vars(struct checker *c, struct expr *e)
{
	const struct plan_site *s = part_site(c);
	enum probe_kind kind = c->part->kind;
	bool is_in_code =
		(kind == PROBE_UPROBE || kind == PROBE_URETPROBE) && s && s->kind != SITE_RETPROBE;
	if (is_in_code)
		return true;
	if (kind == PROBE_URETPROBE)
		tell_error(c, e->span,
			   "vars: when the kernel's return probe comes, the variables are gone");
	else
		tell_error(c, e->span, "vars is there only in uprobe and uretprobe");
	return false;
}

void check_vars_member(struct checker *c, struct expr *e)
{
	bool is_args = str_eq(word_of_expr(e->member.base), STR("args"));
	e->type = NULL;
	if (!has_vars(c, e))
		return;
	const struct target_var *v = find_var(c, e->member.name.text, is_args);
	if (!v) {
		tell_no_var(c, e, is_args);
		return;
	}
	const char *why = v->type ? why_not_type(c, v->type) : "its type is not known";
	if (why) {
		struct str type = v->type ? type_spell(c->arena, v->type) : STR("?");
		tell_error(c, e->span, "%.*s is %.*s: %s", STR_ARG(v->name), STR_ARG(type), why);
		return;
	}
	struct member_use *use = ARENA_NEW(c->arena, struct member_use);
	use->kind = MEMBER_PLACES;
	use->places = v->places;
	use->words = v->words;
	e->meaning = use;
	e->type = type_of_value(c, v->type);
}

static void list_vars(struct checker *c, struct name_list *names, bool is_args)
{
	struct site_vars vars = vars_here(c);
	for (size_t i = 0; i < vars.n && names->n < ARGS_MAX; i++) {
		const struct target_var *v = &vars.v[i];
		// Of several with one name the first is meant.
		if (!is_meant(c, v, is_args) || find_var(c, v->name, is_args) != v || !v->type ||
		    why_not_type(c, v->type))
			continue;
		VEC_PUSH(c->arena, names, v->name);
	}
}

void list_copy_args(struct checker *c, struct name_list *names)
{
	list_vars(c, names, true);
}

void check_vars_all(struct checker *c, struct expr *e)
{
	struct name_list names = { 0 };
	e->type = NULL;
	if (!has_vars(c, e))
		return;
	list_vars(c, &names, false);
	if (names.n) {
		become_record(c, e, "vars", &names);
		return;
	}
	struct str here = place_text(c, part_site(c));
	tell_error(c, e->span, "no variable is readable at %.*s", STR_ARG(here));
}
