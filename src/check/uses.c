// SPDX-License-Identifier: Apache-2.0
// What a clause's text asks for of the things that differ from one function or site to the next,
// and where a site has them. Sites for which that is the same can share a BPF program.
#include <inttypes.h>

#include "check/checker.h"

// --- the text ---

// "arg12": the number behind the word.
static bool is_numbered(struct str name, const char *word, uint32_t *out)
{
	struct str digits = str_from_off(name, strlen(word));
	uint64_t n;
	if (!str_starts(name, str_from(word)) || !digits.len || digits.len > 3 ||
	    digits.p[0] < '0' || digits.p[0] > '9' || !str_to_u64(digits, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool is_arg_word(struct str name, uint32_t *index, bool *is_stack)
{
	*is_stack = is_numbered(name, "sarg", index);
	return *is_stack || is_numbered(name, "arg", index);
}

static bool is_go_name(struct str s)
{
	return str_eq(s, STR("goid")) || str_eq(s, STR("parent_goid")) ||
	       str_eq(s, STR("gofunc")) || str_eq(s, STR("gosite")) ||
	       str_eq(s, STR("call_depth")) || str_eq(s, STR("curg_goid"));
}

void name_list_add(struct arena *a, struct name_list *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], name))
			return;
	VEC_PUSH(a, list, name);
}

static void add_arg(struct uses *u, struct name name)
{
	for (size_t i = 0; i < u->args.n; i++) {
		if (!str_eq(u->args.v[i].name.text, name.text))
			continue;
		u->args.v[i].is_needed |= !u->is_optional;
		return;
	}
	struct use_of_arg arg = { name, !u->is_optional };
	VEC_PUSH(u->arena, &u->args, arg);
}

struct str word_of_expr(const struct expr *e)
{
	if (e->kind == EXPR_NAME)
		return e->str;
	return e->kind == EXPR_CALL && !e->call.args.n ? e->call.name.text : STR("");
}

// It tells all of a call, or those of the arguments that it is given which a function has. False:
// what is in it has been looked at.
static bool note_call(struct walk *w, struct expr *e)
{
	struct uses *u = w->ctx;
	struct expr_list *args = &e->call.args;
	u->has_args |= !args->n;
	u->has_words |= !args->n;
	u->has_results = u->has_duration = u->has_g = true;
	for (size_t i = 0; i < args->n; i++) {
		u->is_optional = i == 0 && args->v[0]->kind == EXPR_RECORD;
		walk_expr(w, args->v[i]);
	}
	u->is_optional = false;
	return false;
}

static bool note_use(struct walk *w, struct expr *e)
{
	struct uses *u = w->ctx;
	uint32_t index;
	bool is_stack;
	struct str name = e->kind == EXPR_CALL ? e->call.name.text : word_of_expr(e);
	if (e->kind == EXPR_MEMBER) {
		struct str base = word_of_expr(e->member.base);
		if (str_eq(base, STR("vars")))
			name_list_add(u->arena, &u->vars, e->member.name.text);
		else if (str_eq(base, STR("args")))
			add_arg(u, e->member.name);
	}
	if (e->kind == EXPR_CALL && str_eq(name, STR("call")))
		return note_call(w, e);
	if (str_eq(name, STR("started")))
		u->has_results = u->has_g = true;
	if (e->kind == EXPR_CALL && str_eq(name, STR("watch"))) {
		u->has_g = true;
		u->has_words |=
			e->call.args.n > 1 && str_eq(word_of_expr(e->call.args.v[1]), STR("args"));
	}
	if (str_eq(name, STR("returned"))) {
		u->has_duration = u->has_g = true;
		u->returned = e;
	}
	u->has_args |= str_eq(name, STR("args"));
	if (is_arg_word(name, &index, &is_stack)) {
		u->has_words = true;
		add_arg(u, (struct name) { name, e->span });
	}
	u->has_vars |= str_eq(name, STR("vars"));
	u->has_results |= str_eq(name, STR("retval"));
	u->has_failed |= str_eq(name, STR("failed"));
	u->has_duration |= str_eq(name, STR("duration")) || str_eq(name, STR("call_start"));
	u->has_g |= is_go_name(name);
	u->has_place |= str_eq(name, STR("uaddr"));
	return true;
}

struct uses uses_of(struct arena *a, const struct probe *clause)
{
	struct uses u = { .arena = a };
	struct walk w = { .enter_expr = note_use, .ctx = &u };
	if (clause->predicate)
		walk_expr(&w, clause->predicate);
	walk_block(&w, clause->body);
	return u;
}

struct uses uses_of_expr(struct arena *a, struct expr *e)
{
	struct uses u = { .arena = a };
	struct walk w = { .enter_expr = note_use, .ctx = &u };
	walk_expr(&w, e);
	return u;
}

bool uses_entry(const struct uses *u, const struct plan_probe *p)
{
	return p->kind == PROBE_URETPROBE && (u->has_args || u->has_words || u->has_duration);
}

// --- where a site has it ---

static void add_places(struct out_buf *b, const struct places *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct place *at = &p->v[i];
		out_buf_printf(b, " %d.%d.%u.%llu.%llu.%lld.%lld", at->kind, at->is_cfa, at->reg,
			       (unsigned long long)at->off_in_value, (unsigned long long)at->size,
			       (long long)at->off, (long long)at->off2);
	}
}

static void add_type(struct checker *c, struct out_buf *b, struct type *t)
{
	struct str text = t ? type_spell(c->arena, t) : STR("?");
	out_buf_printf(b, "%.*s", STR_ARG(text));
}

static void add_value(struct checker *c, struct out_buf *b, const struct target_value *v)
{
	add_type(c, b, v->type);
	out_buf_printf(b, ":%d", v->is_known && !v->is_lost_on_restart);
	for (size_t w = 0; v->word_places && w < v->words.n; w++)
		add_places(b, &v->word_places[w]);
}

static void add_values(struct checker *c, struct out_buf *b, const struct plan_probe *p,
		       bool is_result)
{
	struct target_info *info = function_info(c, p);
	if (!info)
		return;
	// The words of some functions are shown, and not the same ones.
	out_buf_printf(b, "%d %d %d %d", info->brief.lang == LANG_GO, info->brief.abi,
		       info->may_have_params, info->brief.signature.len > 0);
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (v->is_result != is_result)
			continue;
		out_buf_printf(b, ";%.*s:", STR_ARG(v->name));
		add_value(c, b, v);
	}
}

// Of all results only the error.
static void add_error(struct checker *c, struct out_buf *b, const struct plan_probe *p)
{
	uint64_t number;
	const struct target_value *v = error_result(function_info(c, p), c->arena, &number);
	if (v) {
		out_buf_printf(b, "!%" PRIu64 " ", number);
		add_value(c, b, v);
	}
}

static void add_note(struct out_buf *b, const struct plan_site *s)
{
	for (size_t i = 0; s->usdt && i < s->usdt->n_args; i++)
		out_buf_printf(b, " %.*s", STR_ARG(s->usdt->args[i].text));
}

static void add_vars(struct checker *c, struct out_buf *b, const struct uses *u,
		     const struct plan_probe *p, const struct plan_site *s, bool wants_all)
{
	struct site_vars v = vars_at(c, p, s);
	for (size_t i = 0; i < v.n; i++) {
		bool is_wanted = wants_all;
		for (size_t k = 0; k < u->vars.n; k++)
			is_wanted |= str_eq(u->vars.v[k], v.v[i].name);
		if (!is_wanted)
			continue;
		out_buf_printf(b, ";%.*s:", STR_ARG(v.v[i].name));
		add_type(c, b, v.v[i].type);
		add_places(b, &v.v[i].places);
	}
}

static void add_g(struct checker *c, struct out_buf *b, const struct plan_probe *p)
{
	struct str why;
	const struct target_g *g = function_g(c, p, &why);
	if (g)
		out_buf_printf(b, "g%d.%u.%lld.%lld ", g->in_register, g->reg,
			       g->has_tls ? (long long)g->tls_off : 0, (long long)g->goid);
}

static bool is_go(const struct plan_probe *p)
{
	return p->program && p->func && target_func_is_go(p->program->target, p->func);
}

static struct str finish(struct checker *c, struct out_buf *b)
{
	struct str text = arena_strdup(c->arena, out_buf_view(b));
	out_buf_free(b);
	return text;
}

static void add_program(struct checker *c, struct out_buf *b, const struct plan_probe *p)
{
	out_buf_printf(b, "%d %u ", is_go(p), p->program ? program_number(c, p->program) : 0);
}

struct str uses_entry_layout(struct checker *c, const struct uses *u, const struct plan_probe *p)
{
	struct out_buf b = { 0 };
	bool has_cc = p->entry && p->entry->condition == SITE_NOT_TAKEN;
	add_program(c, &b, p);
	out_buf_printf(&b, "entry %d %d %u ", p->entry != NULL, p->entry && p->entry->may_repeat,
		       has_cc ? p->entry->insn.cc : INSN_CC_NONE);
	if (u->has_args || u->has_words)
		add_values(c, &b, p, false);
	add_g(c, &b, p);
	return finish(c, &b);
}

static void add_site_facts(struct checker *c, struct out_buf *b, const struct uses *u,
			   const struct plan_probe *p, const struct plan_site *s)
{
	out_buf_printf(b, "%d %d ", s->kind, s->is_tail_jump);
	add_program(c, b, p);
	if (uses_entry(u, p)) {
		struct str entry = uses_entry_layout(c, u, p);
		out_buf_printf(b, "%lld %.*s ", (long long)s->sp_to_entry, STR_ARG(entry));
	} else if (u->has_words && p->kind == PROBE_USDT) {
		add_note(b, s);
	} else if ((u->has_args || u->has_words) && s->kind == SITE_ENTRY) {
		add_values(c, b, p, false);
	} else if (u->has_args && s->kind == SITE_COPY) {
		add_vars(c, b, u, p, s, true);
	}
	if (u->has_results && p->kind == PROBE_URETPROBE)
		add_values(c, b, p, true);
	if (u->has_failed && p->kind == PROBE_URETPROBE)
		add_error(c, b, p);
	if (u->has_vars)
		add_vars(c, b, u, p, s, !u->vars.n);
	if (u->has_g)
		add_g(c, b, p);
}

struct str uses_layout(struct checker *c, const struct uses *u, const struct plan_probe *p,
		       const struct plan_site *s, size_t n)
{
	struct out_buf b = { 0 };
	uint8_t cc = s && s->condition == SITE_NOT_TAKEN ? s->insn.cc : INSN_CC_NONE;
	// What the kernel's return probe runs is attached in another way.
	out_buf_printf(&b, "%d %u %d ", p->kind, cc, s && s->kind == SITE_RETPROBE);
	if (u->has_place)
		out_buf_printf(&b, "#%zu ", n);
	if (p->kind == PROBE_TRACEPOINT && u->has_args)
		out_buf_printf(&b, "%llu", (unsigned long long)p->tracepoint->id);
	if (s && (u->has_args || u->has_words || u->has_vars || u->has_results || u->has_failed ||
		  u->has_g || u->has_duration))
		add_site_facts(c, &b, u, p, s);
	return finish(c, &b);
}
