// SPDX-License-Identifier: Apache-2.0
// Which probes of a clause share a BPF program: those for which it means the same.
#include "check/checker.h"

#define PARTS_MAX 4096

uint32_t program_number(struct checker *c, const struct plan_program *p)
{
	for (uint32_t i = 0; i < c->programs.n; i++)
		if (c->programs.v[i] == p)
			return i;
	VEC_PUSH(c->arena, &c->programs, p);
	return (uint32_t)(c->programs.n - 1);
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

static struct program_site make_site(struct checker *c, const struct plan_probe *p,
				     const struct plan_site *s)
{
	struct program_site site = { .probe = p, .site = s };
	site.probe_name = name_number(c, p->text);
	site.func_name = name_number(c, p->copy_of.len     ? p->copy_of
					: p->func_name.len ? p->func_name
					: s && s->func     ? s->func->name
							   : STR(""));
	return site;
}

static void add_site(struct checker *c, struct groups *g, const struct uses *u,
		     const struct plan_probe *p, const struct plan_site *s, size_t n)
{
	struct str layout = uses_layout(c, u, p, s, n);
	struct group *group = map_get(&g->by_layout, str_hash(layout));
	if (!group || !str_eq(group->layout, layout)) {
		group = ARENA_NEW(c->arena, struct group);
		group->layout = layout;
		VEC_PUSH(c->arena, g, group);
		map_put(&g->by_layout, str_hash(layout), group);
	}
	struct program_site site = make_site(c, p, s);
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

static struct program_part *part_new(struct checker *c, const struct plan_clause *clause,
				     enum probe_kind kind)
{
	struct program_part *part = ARENA_NEW(c->arena, struct program_part);
	part->index = (uint32_t)c->parts.n;
	part->clause = clause;
	part->kind = kind;
	part->checks_pid = must_check_pid(c, kind);
	part->first_site = (uint32_t)c->sites.n;
	part->entry_cc = INSN_CC_NONE;
	VEC_PUSH(c->arena, &c->parts, part);
	VEC_PUSH(c->arena, &c->lists, ARENA_NEW(c->arena, struct var_list));
	return part;
}

static void take_sites(struct checker *c, struct program_part *part, const struct group *g)
{
	const struct program_site *first = &g->sites.v[0];
	add_probes(c, part, g);
	part->n_sites = (uint32_t)g->sites.n;
	for (size_t i = 0; i < g->sites.n; i++)
		VEC_PUSH(c->arena, &c->sites, g->sites.v[i]);
	if (first->site && first->site->condition == SITE_NOT_TAKEN)
		part->entry_cc = first->site->insn.cc;
	part->may_repeat = first->site && first->site->may_repeat;
	part->program = first->probe->program ? program_number(c, first->probe->program) : 0;
}

struct span clause_span(const struct plan_clause *clause)
{
	return clause->clause->attach[0].span;
}

static void find_g(struct checker *c, struct program_part *part, bool is_needed)
{
	struct str why;
	const struct plan_probe *p = part->probes[0];
	if (!p->program || !p->func || !target_func_is_go(p->program->target, p->func))
		return;
	part->g = function_g(c, p, &why);
	if (!part->g && is_needed)
		diag_error(c->diag, clause_span(part->clause),
			   "calls of %.*s cannot be told apart: %.*s", STR_ARG(p->func_name),
			   STR_ARG(why));
}

// The calls that some parts of a clause wait for: those of functions whose entries are alike.
struct calls {
	struct str layout;
	struct group at_entries;
	struct map seen; // probes
	struct program_call *call;
};

struct calls_list {
	struct calls **v;
	size_t n;
	size_t cap;
};

static struct calls *calls_of(struct checker *c, struct calls_list *list, struct str layout,
			      bool has_time)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i]->layout, layout))
			return list->v[i];
	struct calls *calls = ARENA_NEW(c->arena, struct calls);
	calls->layout = layout;
	calls->seen = map_init(c->arena);
	calls->call = ARENA_NEW(c->arena, struct program_call);
	calls->call->index = c->program->n_calls++;
	calls->call->has_time = has_time;
	VEC_PUSH(c->arena, list, calls);
	return calls;
}

// Adds the functions that return in that part.
static void take_calls(struct checker *c, struct calls *calls, struct program_part *ret)
{
	ret->call = calls->call;
	for (size_t i = 0; i < ret->n_probes; i++) {
		const struct plan_probe *p = ret->probes[i];
		if (map_get(&calls->seen, (uint64_t)(uintptr_t)p))
			continue;
		map_put(&calls->seen, (uint64_t)(uintptr_t)p, calls);
		if (!p->entry) {
			diag_error(c->diag, clause_span(ret->clause),
				   "nothing can be kept from where calls of %.*s begin: %.*s",
				   STR_ARG(p->func_name), STR_ARG(p->entry_why));
			continue;
		}
		VEC_PUSH(c->arena, &calls->at_entries.sites, make_site(c, p, p->entry));
	}
}

static void make_entry(struct checker *c, const struct plan_clause *clause, struct calls *calls)
{
	if (!calls->at_entries.sites.n)
		return;
	struct program_part *entry = part_new(c, clause, PROBE_UPROBE);
	take_sites(c, entry, &calls->at_entries);
	entry->body = ARENA_NEW(c->arena, struct block);
	entry->call = calls->call;
	entry->is_call_entry = true;
	find_g(c, entry, true);
	calls->call->entry = entry;
}

static void make_part(struct checker *c, const struct plan_clause *clause, const struct group *g,
		      const struct uses *u, struct calls_list *calls, bool takes_tree)
{
	const struct probe *text = clause->clause;
	const struct plan_probe *probe = g->sites.v[0].probe;
	struct program_part *part = part_new(c, clause, probe->kind);
	take_sites(c, part, g);
	part->body = lacking_rest(c, clause, u, probe);
	if (!part->body) {
		part->predicate = text->predicate;
		part->body = text->body;
		if (!takes_tree && text->predicate)
			part->predicate = script_copy_expr(c->arena, text->predicate);
		if (!takes_tree)
			part->body = script_copy_block(c->arena, text->body);
	}
	if (u->has_g || uses_entry(u, probe))
		find_g(c, part, false);
	if (uses_entry(u, probe))
		take_calls(c, calls_of(c, calls, uses_entry_layout(c, u, probe), u->has_duration),
			   part);
}

// --- all of a clause ---

// Where a function is but a RET, its entry and its exit are one address: of two programs there, the
// one that comes first in the list runs first.
static void put_entries_first(struct checker *c, size_t first, size_t n_returns)
{
	size_t n = c->parts.n - first;
	struct program_part **parts = ARENA_ARRAY(c->arena, struct program_part *, n);
	struct var_list **lists = ARENA_ARRAY(c->arena, struct var_list *, n);
	for (size_t i = 0; i < n; i++) {
		size_t from = first + (i + n_returns) % n;
		parts[i] = c->parts.v[from];
		lists[i] = c->lists.v[from];
	}
	for (size_t i = 0; i < n; i++) {
		c->parts.v[first + i] = parts[i];
		c->lists.v[first + i] = lists[i];
		parts[i]->index = (uint32_t)(first + i);
	}
}

static void tell_too_many(struct checker *c, const struct plan_clause *clause, size_t n)
{
	if (n <= PARTS_MAX)
		return;
	diag_error(
		c->diag, clause_span(clause),
		"its functions have so many kinds of parameters and results that it takes %zu BPF "
		"programs: at most %d are made",
		n, PARTS_MAX);
	diag_hint(c->diag, "probe fewer functions, or ask for less of each (trace --no-args)");
}

static void split(struct checker *c, const struct plan_clause *clause)
{
	struct groups g = { .by_layout = map_init(c->arena) };
	struct uses u = uses_of(c->arena, clause->clause);
	struct calls_list calls = { 0 };
	size_t n = 0, n_before = c->parts.n;
	if (!lacking_settle(c, clause, &u))
		return;
	for (size_t i = 0; i < clause->probes.n; i++) {
		const struct plan_probe *p = &clause->probes.v[i];
		for (size_t k = 0; k < p->n_sites; k++)
			if (lacking_nothing(c, clause, &u, p, &p->sites[k]))
				add_site(c, &g, &u, p, &p->sites[k], n++);
		bool has_no_sites = p->kind != PROBE_UPROBE && p->kind != PROBE_URETPROBE &&
				    p->kind != PROBE_USDT;
		if (has_no_sites)
			add_site(c, &g, &u, p, NULL, n++);
	}
	lacking_tell(c, clause, &u);
	if (clause->probes.n && !g.n)
		diag_error(c->diag, clause_span(clause),
			   "no place is left for this clause: what it asks for is nowhere");
	// The last one takes the tree of the script itself; the others copy it before.
	for (size_t i = 0; i < g.n; i++)
		make_part(c, clause, g.v[i], &u, &calls, i + 1 == g.n);
	for (size_t i = 0; i < calls.n; i++)
		make_entry(c, clause, calls.v[i]);
	if (calls.n)
		put_entries_first(c, n_before, g.n);
	tell_too_many(c, clause, c->parts.n - n_before);
}

// A clause without probes, which missing_probes = warn allows: its maps are those of the others
// all the same.
static void make_silent(struct checker *c, const struct plan_clause *clause)
{
	struct program_part *part = part_new(c, clause, PROBE_UPROBE);
	part->predicate = clause->clause->predicate;
	part->body = clause->clause->body;
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
	c->program->programs = c->programs.v;
	c->program->n_programs = c->programs.n;
}
