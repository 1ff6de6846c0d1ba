// SPDX-License-Identifier: Apache-2.0
// The plan as text: one line a site.
#include "probe/internal.h"

#define N_COLUMNS 7
// A wider cell must not push the others off the screen.
#define WIDTH_MAX 100u

struct row {
	struct str cell[N_COLUMNS];
};

struct table {
	struct arena *arena;
	VEC(struct row) rows;
	size_t width[N_COLUMNS];
};

static const char *cost_text(enum insn_cost cost)
{
	switch (cost) {
	case INSN_EMULATED:
		return "emulated";
	case INSN_STEPPED:
		return "stepped";
	case INSN_REFUSED:
		break;
	}
	return "refused";
}

static struct str site_place(struct arena *a, const struct plan_site *s)
{
	if (!s->func)
		return STR("-");
	return arena_printf(a, "%.*s+0x%llx", STR_ARG(s->func->name), (unsigned long long)s->off);
}

static struct str site_insn(struct arena *a, const struct plan_program *p,
			    const struct plan_site *s)
{
	char text[128];
	struct bytes code = elf_at(target_elf(p->target), s->vaddr);
	insn_format_short(target_arch(p->target), code, s->vaddr, text, sizeof(text));
	return arena_strdup(a, str_from(text));
}

static struct str site_why(struct arena *a, const struct plan_site *s)
{
	struct str why = s->why;
	if (s->condition == SITE_NOT_TAKEN && str_find(why, STR("not taken")) < 0)
		why = arena_printf(a, "%.*s, counted when not taken", STR_ARG(why));
	if (!s->usdt)
		return why;
	for (size_t i = 0; i < s->usdt->n_args; i++)
		why = arena_printf(a, "%.*s%s%.*s", STR_ARG(why), why.len ? " " : "",
				   STR_ARG(s->usdt->args[i].text));
	if (s->semaphore_foff)
		why = arena_printf(a, "%.*s%ssemaphore 0x%llx", STR_ARG(why), why.len ? " " : "",
				   (unsigned long long)s->semaphore_foff);
	return why;
}

static void add_row(struct table *t, struct row r)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		t->width[i] = MAX(t->width[i], r.cell[i].len);
	VEC_PUSH(t->arena, &t->rows, r);
}

static void add_sites(struct table *t, const struct plan_probe *p)
{
	for (size_t i = 0; i < p->n_sites; i++) {
		const struct plan_site *s = &p->sites[i];
		struct row r = { 0 };
		r.cell[0] = i == 0 ? p->text : STR("");
		r.cell[1] = site_place(t->arena, s);
		r.cell[2] = arena_printf(t->arena, "0x%llx", (unsigned long long)s->vaddr);
		r.cell[3] = arena_printf(t->arena, "file+0x%llx", (unsigned long long)s->foff);
		r.cell[4] = site_insn(t->arena, p->program, s);
		r.cell[5] = str_from(cost_text(s->insn.cost));
		r.cell[6] = site_why(t->arena, s);
		add_row(t, r);
	}
}

static struct str rate_text(struct arena *a, const struct plan_rate *r)
{
	if (r->hz)
		return arena_printf(a, "%llu times a second", (unsigned long long)r->hz);
	return arena_printf(a, "every %llu ns", (unsigned long long)r->period_ns);
}

// What there is to say of a probe without sites.
static struct str detail(struct arena *a, const struct plan_probe *p)
{
	switch (p->kind) {
	case PROBE_INTERVAL:
	case PROBE_PROFILE:
		return rate_text(a, &p->rate);
	case PROBE_SOFTWARE:
	case PROBE_HARDWARE:
		return arena_printf(a, "every %llu events, type %s, config %llu",
				    (unsigned long long)p->event.count, probe_kind_name(p->kind),
				    (unsigned long long)p->event.config);
	case PROBE_TRACEPOINT:
		return arena_printf(a, "id %llu, %zu fields", (unsigned long long)p->tracepoint->id,
				    p->tracepoint->n_fields);
	case PROBE_WATCHPOINT:
		return arena_printf(a, "%u bytes", p->watch.len);
	case PROBE_SIGNAL:
		return arena_printf(a, "signal %d", p->signal);
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_UPROBE:
	case PROBE_URETPROBE:
	case PROBE_USDT:
		break;
	}
	return STR("");
}

static void print_table(const struct table *t, FILE *out)
{
	for (size_t i = 0; i < t->rows.n; i++) {
		const struct row *r = &t->rows.v[i];
		size_t last = N_COLUMNS;
		while (last && !r->cell[last - 1].len)
			last--;
		for (size_t k = 0; k < last; k++) {
			size_t width = MIN(t->width[k], (size_t)WIDTH_MAX);
			int pad = k + 1 < last && r->cell[k].len < width
					  ? (int)(width - r->cell[k].len)
					  : 0;
			fprintf(out, "  %.*s%*s", STR_ARG(r->cell[k]), pad, "");
		}
		fputc('\n', out);
	}
}

static void dump_clause(const struct plan_clause *c, size_t index, FILE *out)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct table t = { .arena = a };
	size_t n_sites = 0;
	for (size_t i = 0; i < c->probes.n; i++) {
		const struct plan_probe *p = &c->probes.v[i];
		n_sites += p->n_sites;
		if (p->n_sites)
			add_sites(&t, p);
		else
			add_row(&t, (struct row) { { p->text, detail(a, p) } });
	}
	fprintf(out, "clause %zu: %zu probe%s, %zu site%s\n", index + 1, c->probes.n,
		c->probes.n == 1 ? "" : "s", n_sites, n_sites == 1 ? "" : "s");
	print_table(&t, out);
	for (size_t i = 0; i < c->skipped.n; i++)
		fprintf(out, "  left out: %.*s: %.*s\n", STR_ARG(c->skipped.v[i].func),
			STR_ARG(c->skipped.v[i].why));
}

void plan_dump(const struct plan *p, FILE *out)
{
	for (size_t i = 0; i < p->n_clauses; i++)
		dump_clause(&p->clauses[i], i, out);
}
