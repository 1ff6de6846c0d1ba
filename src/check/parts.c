// SPDX-License-Identifier: Apache-2.0
// Which probes of a clause share a BPF program: those for which it means the same.
#include "check/checker.h"

#define PARTS_MAX 4096

// What a clause's text uses of the things that differ from one function or note to the next.
struct uses {
	bool has_args;  // args, argN, sargN
	bool has_place; // uaddr
};

static bool is_numbered(struct str s, const char *word)
{
	size_t n = strlen(word);
	return s.len > n && str_starts(s, str_from(word)) && s.p[n] >= '0' && s.p[n] <= '9';
}

static bool note_use(struct walk *w, struct expr *e)
{
	struct uses *u = w->ctx;
	struct str name = e->kind == EXPR_NAME   ? e->str
			  : e->kind == EXPR_CALL ? e->call.name.text
						 : STR("");
	if (str_eq(name, STR("args")) || is_numbered(name, "arg") || is_numbered(name, "sarg"))
		u->has_args = true;
	if (str_eq(name, STR("uaddr")))
		u->has_place = true;
	return true;
}

static struct uses uses_of(const struct probe *clause)
{
	struct uses u = { 0 };
	struct walk w = { .enter_expr = note_use, .ctx = &u };
	if (clause->predicate)
		walk_expr(&w, clause->predicate);
	walk_block(&w, clause->body);
	return u;
}

// --- layouts ---

static void add_places(struct out_buf *b, const struct places *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct place *at = &p->v[i];
		out_buf_printf(b, " %d.%u.%llu.%llu.%lld", at->kind, at->reg,
			       (unsigned long long)at->off_in_value, (unsigned long long)at->size,
			       (long long)at->off);
	}
}

static void add_function(struct checker *c, struct out_buf *b, const struct plan_probe *p)
{
	struct target_info *info;
	struct arena *a = c->arena;
	if (!p->program || !p->func)
		return;
	struct err *e = target_info(p->program->target, p->func, a, &info);
	if (e) {
		err_free(e);
		return;
	}
	out_buf_printf(b, "%d %d", info->brief.lang == LANG_GO, info->brief.abi);
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (v->is_result)
			continue;
		struct str type = v->type ? type_spell(a, v->type) : STR("?");
		out_buf_printf(b, ";%.*s:%.*s:%d", STR_ARG(v->name), STR_ARG(type), v->is_known);
		for (size_t w = 0; v->word_places && w < v->words.n; w++)
			add_places(b, &v->word_places[w]);
	}
}

static void add_note(struct out_buf *b, const struct plan_site *s)
{
	for (size_t i = 0; s->usdt && i < s->usdt->n_args; i++)
		out_buf_printf(b, " %.*s", STR_ARG(s->usdt->args[i].text));
}

static bool can_use_args(const struct plan_site *s)
{
	return s && s->kind != SITE_OFFSET && s->kind != SITE_LINE;
}

// Sites with the same text can share a program.
static struct str layout_of(struct checker *c, struct uses u, const struct plan_probe *p,
			    const struct plan_site *s, size_t n)
{
	struct out_buf b = { 0 };
	uint8_t cc = s && s->condition == SITE_NOT_TAKEN ? s->insn.cc : INSN_CC_NONE;
	out_buf_printf(&b, "%d %u ", p->kind, cc);
	if (u.has_place)
		out_buf_printf(&b, "#%zu ", n);
	if (p->kind == PROBE_TRACEPOINT && u.has_args)
		out_buf_printf(&b, "%llu", (unsigned long long)p->tracepoint->id);
	if (s && u.has_args) {
		bool is_go =
			p->program && p->func && target_func_is_go(p->program->target, p->func);
		out_buf_printf(&b, "%d %d ", can_use_args(s), is_go);
		if (p->kind == PROBE_USDT)
			add_note(&b, s);
		else if (can_use_args(s))
			add_function(c, &b, p);
	}
	struct str text = arena_strdup(c->arena, out_buf_view(&b));
	out_buf_free(&b);
	return text;
}

// --- groups ---

struct group {
	struct str layout;
	VEC(struct program_site) sites;
	struct program_part *part;
};

struct groups {
	struct group **v;
	size_t n;
	size_t cap;
	struct map by_layout;
};

static void add_site(struct checker *c, struct groups *g, struct uses u, const struct plan_probe *p,
		     const struct plan_site *s, size_t n)
{
	struct str layout = layout_of(c, u, p, s, n);
	struct group *group = map_get(&g->by_layout, str_hash(layout));
	if (!group || !str_eq(group->layout, layout)) {
		group = ARENA_NEW(c->arena, struct group);
		group->layout = layout;
		VEC_PUSH(c->arena, g, group);
		map_put(&g->by_layout, str_hash(layout), group);
	}
	struct program_site site = { .probe = p, .site = s };
	site.probe_name = name_number(c, p->text);
	site.func_name = name_number(c, p->func_name.len ? p->func_name
					: s && s->func   ? s->func->name
							 : STR(""));
	VEC_PUSH(c->arena, &group->sites, site);
}

static void add_probes(struct checker *c, struct program_part *part, const struct group *g)
{
	VEC(const struct plan_probe *) probes = { 0 };
	for (size_t i = 0; i < g->sites.n; i++)
		if (!probes.n || probes.v[probes.n - 1] != g->sites.v[i].probe)
			VEC_PUSH(c->arena, &probes, g->sites.v[i].probe);
	part->probes = probes.v;
	part->n_probes = probes.n;
}

// What the kernel can hold back by itself is not looked at again.
// Uprobes are attached to the process itself where one link has many of them; perf events only to
// a thread, so that they are on every CPU.
static bool must_check_pid(const struct checker *c, enum probe_kind kind)
{
	const struct check_options *o = c->options;
	switch (kind) {
	case PROBE_UPROBE:
	case PROBE_URETPROBE:
	case PROBE_USDT:
		return o->pid && !o->has_multi_link;
	case PROBE_TRACEPOINT:
	case PROBE_PROFILE:
	case PROBE_SOFTWARE:
	case PROBE_HARDWARE:
		// The command of -c is what its functions are traced in, as bpftrace has it.
		return o->pid && !o->has_child;
	case PROBE_WATCHPOINT:
		return o->pid;
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_INTERVAL:
	case PROBE_SIGNAL:
		break;
	}
	return false;
}

static void make_part(struct checker *c, const struct plan_clause *clause, const struct group *g,
		      bool takes_tree)
{
	struct program_part *part = ARENA_NEW(c->arena, struct program_part);
	const struct program_site *first = &g->sites.v[0];
	const struct probe *text = clause->clause;
	part->index = (uint32_t)c->parts.n;
	part->clause = clause;
	part->kind = first->probe->kind;
	add_probes(c, part, g);
	part->first_site = (uint32_t)c->sites.n;
	part->n_sites = (uint32_t)g->sites.n;
	for (size_t i = 0; i < g->sites.n; i++)
		VEC_PUSH(c->arena, &c->sites, g->sites.v[i]);
	bool is_conditional = first->site && first->site->condition == SITE_NOT_TAKEN;
	part->entry_cc = is_conditional ? first->site->insn.cc : INSN_CC_NONE;
	part->predicate = text->predicate;
	part->body = text->body;
	if (!takes_tree && text->predicate)
		part->predicate = script_copy_expr(c->arena, text->predicate);
	if (!takes_tree)
		part->body = script_copy_block(c->arena, text->body);
	part->checks_pid = must_check_pid(c, part->kind);
	VEC_PUSH(c->arena, &c->parts, part);
	VEC_PUSH(c->arena, &c->lists, ARENA_NEW(c->arena, struct var_list));
}

static void split(struct checker *c, const struct plan_clause *clause)
{
	struct groups g = { .by_layout = map_init(c->arena) };
	struct uses u = uses_of(clause->clause);
	size_t n = 0;
	for (size_t i = 0; i < clause->probes.n; i++) {
		const struct plan_probe *p = &clause->probes.v[i];
		for (size_t k = 0; k < p->n_sites; k++)
			add_site(c, &g, u, p, &p->sites[k], n++);
		bool has_no_sites = p->kind != PROBE_UPROBE && p->kind != PROBE_URETPROBE &&
				    p->kind != PROBE_USDT;
		if (has_no_sites)
			add_site(c, &g, u, p, NULL, n++);
	}
	if (c->parts.n + g.n > PARTS_MAX) {
		diag_error(c->diag, clause->clause->attach[0].span,
			   "its functions have %zu kinds of parameters: at most %d programs can be "
			   "made",
			   g.n, PARTS_MAX);
		return;
	}
	// The last one takes the tree of the script itself; the others copy it before.
	for (size_t i = 0; i < g.n; i++)
		make_part(c, clause, g.v[i], i + 1 == g.n);
}

// A clause without probes, which missing_probes = warn allows: its maps are those of the others
// all the same.
static void make_silent(struct checker *c, const struct plan_clause *clause)
{
	struct program_part *part = ARENA_NEW(c->arena, struct program_part);
	part->clause = clause;
	part->kind = PROBE_UPROBE;
	part->entry_cc = INSN_CC_NONE;
	part->predicate = clause->clause->predicate;
	part->body = clause->clause->body;
	VEC_PUSH(c->arena, &c->parts, part);
	VEC_PUSH(c->arena, &c->lists, ARENA_NEW(c->arena, struct var_list));
}

void parts_make(struct checker *c)
{
	for (size_t i = 0; i < c->plan->n_clauses; i++)
		split(c, &c->plan->clauses[i]);
	c->program->n_parts = c->parts.n;
	for (size_t i = 0; i < c->plan->n_clauses; i++)
		if (!c->plan->clauses[i].probes.n)
			make_silent(c, &c->plan->clauses[i]);
	c->program->parts = c->parts.v;
	c->program->sites = c->sites.v;
	c->program->n_sites = c->sites.n;
}

// --- questions ---

bool part_is_at_entry(const struct program_part *p)
{
	if (p->kind == PROBE_WATCHPOINT)
		return false;
	for (size_t i = 0; i < p->n_probes; i++)
		for (size_t k = 0; k < p->probes[i]->n_sites; k++)
			if (p->probes[i]->sites[k].kind != SITE_ENTRY)
				return false;
	return p->n_probes > 0 && p->kind == PROBE_UPROBE;
}

struct target_info *part_info(struct checker *c)
{
	struct program_part *p = c->part;
	struct target_info *info = NULL;
	if (!part_is_at_entry(p))
		return NULL;
	const struct plan_probe *probe = p->probes[0];
	if (!probe->program || !probe->func)
		return NULL;
	if (c->info_of == p)
		return c->info;
	struct err *e = target_info(probe->program->target, probe->func, c->arena, &info);
	err_free(e);
	c->info_of = p;
	c->info = e ? NULL : info;
	return c->info;
}
