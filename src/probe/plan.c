// SPDX-License-Identifier: Apache-2.0
// From attach points to the plan: which provider does what.
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/near.h"
#include "probe/internal.h"

const char *probe_kind_name(enum probe_kind kind)
{
	switch (kind) {
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_SIGNAL:
		return "special";
	case PROBE_UPROBE:
		return "uprobe";
	case PROBE_URETPROBE:
		return "uretprobe";
	case PROBE_USDT:
		return "usdt";
	case PROBE_TRACEPOINT:
		return "tracepoint";
	case PROBE_INTERVAL:
		return "interval";
	case PROBE_PROFILE:
		return "profile";
	case PROBE_SOFTWARE:
		return "software";
	case PROBE_HARDWARE:
		return "hardware";
	case PROBE_WATCHPOINT:
		return "watchpoint";
	}
	UNREACHABLE();
}

// --- helpers of the makers ---

struct str field_text(struct maker *m, const struct attach_field *f)
{
	return attach_field_text(m->arena, f, m->o->params, m->o->n_params);
}

// A parameter of the field that was not given; 0 if all are there.
static uint64_t missing_param(struct maker *m, const struct attach_field *f)
{
	for (size_t i = 0; i < f->n_params; i++)
		if (f->params[i].number > m->o->n_params)
			return f->params[i].number;
	return 0;
}

bool field_number(struct maker *m, const struct attach_field *f, const char *what, uint64_t *out)
{
	struct str text = field_text(m, f);
	struct number n;
	uint64_t missing = missing_param(m, f);
	if (number_parse(text, &n) && !n.is_duration) {
		*out = n.value;
		return true;
	}
	if (missing && !text.len)
		diag_error(m->diag, f->span, "%s is missing: no parameter $%llu was given", what,
			   (unsigned long long)missing);
	else if (!text.len)
		diag_error(m->diag, f->span, "%s is missing", what);
	else
		diag_error(m->diag, f->span, "%s '%.*s' is not a number", what, STR_ARG(text));
	return false;
}

static void say(struct maker *m, struct span span, struct err *e, bool is_warning)
{
	const char *text = err_text(e);
	const char *end = strchrnul(text, '\n');
	if (is_warning)
		diag_warning(m->diag, span, "%.*s", (int)(end - text), text);
	else
		diag_error(m->diag, span, "%.*s", (int)(end - text), text);
	while (*end) {
		text = end + 1 + strspn(end + 1, " ");
		end = strchrnul(text, '\n');
		diag_hint(m->diag, "%.*s", (int)(end - text), text);
	}
	err_free(e);
}

void say_error(struct maker *m, struct span span, struct err *e)
{
	say(m, span, e, false);
}

void say_missing(struct maker *m, struct span span, struct err *e)
{
	if (m->o->missing == PLAN_MISSING_IGNORE)
		err_free(e);
	else
		say(m, span, e, m->o->missing == PLAN_MISSING_WARN);
}

struct plan_probe *add_probe(struct maker *m, struct str text)
{
	struct plan_probe p = {
		.kind = m->kind,
		.attach = m->attach,
		.text = text,
		.func_name = STR(""),
	};
	VEC_PUSH(m->arena, &m->clause->probes, p);
	return &m->clause->probes.v[m->clause->probes.n - 1];
}

// --- providers ---

static void make_special(struct maker *m)
{
	if (m->attach->n_fields || m->attach->offset)
		diag_error(m->diag, m->attach->span, "%.*s stands alone",
			   STR_ARG(m->attach->provider.text));
	else
		add_probe(m, m->kind == PROBE_BEGIN ? STR("begin") : STR("end"));
}

static const char no_kernel[] =
	"stoat traces programs: it probes their functions and USDT notes, tracepoints, timers and "
	"perf events, but no functions of the kernel";

// KEEP lower case: names are compared without case, but 'U' alone is usdt and 'u' uprobe.
static const struct provider {
	const char *name, *alias, *alias2;
	enum probe_kind kind;
	void (*make)(struct maker *m);
	const char *why_not; // it is known, but not supported
} providers[] = {
	{ "begin", NULL, NULL, PROBE_BEGIN, make_special, NULL },
	{ "end", NULL, NULL, PROBE_END, make_special, NULL },
	{ "uprobe", "u", NULL, PROBE_UPROBE, make_uprobe, NULL },
	{ "uretprobe", "ur", NULL, PROBE_URETPROBE, make_uprobe, NULL },
	{ "usdt", NULL, NULL, PROBE_USDT, make_usdt, NULL },
	{ "tracepoint", "t", NULL, PROBE_TRACEPOINT, make_tracepoint, NULL },
	{ "interval", "i", NULL, PROBE_INTERVAL, make_rate, NULL },
	{ "profile", "p", NULL, PROBE_PROFILE, make_rate, NULL },
	{ "software", "s", NULL, PROBE_SOFTWARE, make_event, NULL },
	{ "hardware", "h", NULL, PROBE_HARDWARE, make_event, NULL },
	{ "watchpoint", "w", NULL, PROBE_WATCHPOINT, make_watchpoint, NULL },
	{ "self", NULL, NULL, PROBE_SIGNAL, make_signal, NULL },
	{ .name = "kprobe", .alias = "k", .why_not = no_kernel },
	{ .name = "kretprobe", .alias = "kr", .why_not = no_kernel },
	{ .name = "fentry", .alias = "f", .alias2 = "kfunc", .why_not = no_kernel },
	{ .name = "fexit", .alias = "fr", .alias2 = "kretfunc", .why_not = no_kernel },
	{ .name = "iter", .alias = "it", .why_not = no_kernel },
	{ .name = "rawtracepoint",
	  .alias = "rt",
	  .why_not = "its arguments are kernel types; tracepoint:GROUP:NAME has the same events" },
	{ .name = "asyncwatchpoint",
	  .alias = "aw",
	  .why_not = "it has gone from bpftrace too; watchpoint:ADDRESS:LENGTH:MODE is there" },
	{ .name = "test", .why_not = "it is bpftrace's own, for tests of scripts" },
	{ .name = "bench", .why_not = "it is bpftrace's own, for benchmarks of scripts" },
};

static bool is_name(struct str text, const char *name)
{
	return name && strlen(name) == text.len && strncasecmp(text.p, name, text.len) == 0;
}

static const struct provider *find_provider(struct str text)
{
	for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
		const struct provider *p = &providers[i];
		if (str_eq(text, STR("U")) ? p->kind == PROBE_USDT && p->make
					   : is_name(text, p->name) || is_name(text, p->alias) ||
						     is_name(text, p->alias2))
			return p;
	}
	return NULL;
}

static void unknown_provider(struct maker *m, struct str text)
{
	struct span span = m->attach->provider.span;
	if (str_is_glob(text)) {
		diag_error(m->diag, span, "a probe's type cannot be a pattern");
		return;
	}
	diag_error(m->diag, span, "unknown probe type '%.*s'", STR_ARG(text));
	struct near near = near_init(text);
	for (size_t i = 0; i < ARRAY_LEN(providers); i++)
		if (!providers[i].why_not)
			near_offer(&near, str_from(providers[i].name));
	struct str line = STR("");
	for (size_t i = 0; i < near.n; i++)
		line = arena_printf(m->arena, "%.*s%s%.*s", STR_ARG(line),
				    i ? ", " : "near: ", STR_ARG(near.best[i]));
	if (!line.len)
		line = STR("there are uprobe, uretprobe, usdt, tracepoint, interval, profile, "
			   "software, hardware, watchpoint, self, BEGIN and END");
	diag_hint(m->diag, "%.*s", STR_ARG(line));
}

static void make_attach(struct maker *m)
{
	struct str text = m->attach->provider.text;
	const struct provider *p = find_provider(text);
	if (!p) {
		unknown_provider(m, text);
	} else if (p->why_not) {
		diag_error(m->diag, m->attach->span, "%s probes are not supported by stoat",
			   p->alias2 && is_name(text, p->alias2) ? p->alias2 : p->name);
		diag_hint(m->diag, "%s", p->why_not);
	} else {
		m->kind = p->kind;
		p->make(m);
	}
}

// --- the whole script ---

static bool is_in_program(const struct plan_probe *p)
{
	return p->kind == PROBE_UPROBE || p->kind == PROBE_URETPROBE || p->kind == PROBE_USDT;
}

// How many attachments the clause's probe i stands for that earlier ones have not counted.
static size_t attachments(const struct plan_options *o, const struct plan_clause *c, size_t i)
{
	const struct plan_probe *p = &c->probes.v[i];
	if (!is_in_program(p))
		return 1;
	if (!o->has_multi_link)
		return p->n_sites;
	// Probes of one program follow each other, so looking back at the last one is enough.
	const struct plan_probe *last = i ? p - 1 : NULL;
	return last && last->program == p->program && last->kind == p->kind ? 0 : 1;
}

static void count(struct maker *m)
{
	struct plan *plan = m->plan;
	size_t n = 0;
	for (size_t i = 0; i < plan->n_clauses; i++) {
		const struct plan_clause *c = &plan->clauses[i];
		for (size_t k = 0; k < c->probes.n; k++) {
			plan->n_sites += c->probes.v[k].n_sites;
			n += attachments(m->o, c, k);
		}
		plan->n_probes += c->probes.n;
		if (m->o->max_probes && n > m->o->max_probes && c->probes.n) {
			diag_error(m->diag, c->probes.v[0].attach->span,
				   "too many probes: %zu up to here, and max_probes is %zu", n,
				   m->o->max_probes);
			diag_hint(m->diag,
				  "config = { max_probes=%zu } allows them, at a price: "
				  "each is attached by itself",
				  n);
			return;
		}
	}
}

static void say_skipped(struct maker *m, const struct plan_clause *c)
{
	if (!c->skipped.n || m->o->missing == PLAN_MISSING_IGNORE)
		return;
	const struct plan_skip *first = &c->skipped.v[0];
	diag_warning(m->diag, c->clause->attach[0].span, "%zu function%s left out: %.*s%s: %.*s",
		     c->skipped.n, c->skipped.n == 1 ? " is" : "s are", STR_ARG(first->func),
		     c->skipped.n == 1 ? "" : " and others", STR_ARG(first->why));
}

// Hits there are more than calls.
static void say_repeated(struct maker *m, const struct plan_clause *c)
{
	const struct plan_probe *first = NULL;
	size_t n = 0;
	for (size_t i = 0; i < c->probes.n; i++) {
		const struct plan_probe *p = &c->probes.v[i];
		if (p->kind != PROBE_UPROBE || !p->n_sites || !p->sites[0].may_repeat)
			continue;
		first = first ? first : p;
		n++;
	}
	if (n)
		diag_warning(m->diag, c->clause->attach[0].span,
			     "%.*s%s %s with a loop: each round is a hit, so that there are more "
			     "hits than calls",
			     STR_ARG(first->func_name), n > 1 ? " and others" : "",
			     n > 1 ? "begin" : "begins");
}

static void make_clause(struct maker *m, const struct probe *probe)
{
	m->clause->clause = probe;
	for (size_t i = 0; i < probe->n_attach; i++) {
		m->attach = &probe->attach[i];
		make_attach(m);
	}
	say_skipped(m, m->clause);
	say_repeated(m, m->clause);
}

struct plan *plan_make(const struct script *s, const struct plan_options *options,
		       struct diag *diag)
{
	struct arena *a = arena_new();
	struct plan *plan = ARENA_NEW(a, struct plan);
	plan->private = ARENA_NEW(a, struct plan_private);
	plan->private->arena = a;
	plan->private->tracefs = -1;
	struct maker m = { .arena = a, .plan = plan, .o = options, .diag = diag };
	for (size_t i = 0; i < s->n_items; i++)
		plan->n_clauses += s->items[i]->kind == ITEM_PROBE;
	plan->clauses = ARENA_ARRAY(a, struct plan_clause, plan->n_clauses);
	size_t n = 0;
	for (size_t i = 0; i < s->n_items; i++) {
		if (s->items[i]->kind != ITEM_PROBE)
			continue;
		m.clause = &plan->clauses[n++];
		make_clause(&m, &s->items[i]->probe);
	}
	count(&m);
	if (!plan->n_probes && plan->n_clauses && !diag_n_errors(diag))
		diag_error(diag, plan->clauses[0].clause->attach[0].span,
			   "nothing to attach: none of the probes is there");
	return plan;
}

void plan_close(struct plan *p)
{
	if (!p)
		return;
	struct plan_private *private = p->private;
	for (size_t i = 0; i < private->opened.n; i++)
		target_close(private->opened.v[i].target);
	if (private->tracefs >= 0)
		close(private->tracefs);
	arena_free(private->arena);
}
