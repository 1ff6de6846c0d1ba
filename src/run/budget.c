// SPDX-License-Identifier: Apache-2.0
// What tracing costs the traced program: told in one line at the end, and held below max_cpu by
// taking off what costs most.
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "run/internal.h"

#define CHECK_NS 1000000000u
// So many functions that are detached are named.
#define NAMED_MAX 20u

// Of a part.
struct part_cost {
	uint64_t n, ns;   // hits, and what they added
	uint64_t hit_ns;  // of a hit, without the program
	uint64_t last_ns; // when it was looked at before
	bool is_off;
};

struct budget {
	int stats; // the kernel measures while it is open; -1: it cannot
	struct part_cost *parts;
	bool has_hit_cost;
	bool is_spent; // nothing is traced any more, and that has been told
	uint64_t started_ns, checked_ns;
};

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void budget_begin(struct session *s)
{
	struct budget *b = ARENA_NEW(s->arena, struct budget);
	b->stats = -1;
	b->parts = ARENA_ARRAY(s->arena, struct part_cost, s->p->n_parts);
	b->started_ns = b->checked_ns = now_ns();
	s->budget = b;
	if (s->p->config->max_cpu || s->o->has_summary)
		err_free(bpf_stats_open(&b->stats));
}

void budget_count(struct session *s)
{
	if (s->budget->stats < 0)
		err_free(bpf_stats_open(&s->budget->stats));
}

uint64_t budget_hits(const struct session *s)
{
	uint64_t hits = 0;
	if (s->budget->stats < 0)
		return UINT64_MAX;
	for (size_t i = 0; i < s->p->n_parts; i++) {
		uint64_t ns = 0, n = 0;
		if (kind_is_uprobe(s->p->parts[i]->kind))
			err_free(bpf_prog_time(&s->progs[i], &ns, &n));
		hits += n;
	}
	return hits;
}

void budget_end(struct session *s)
{
	if (s->budget && s->budget->stats >= 0)
		close(s->budget->stats);
	s->budget = NULL;
}

// --- looking ---

static uint64_t site_cost(const struct code_prog *prog, const struct program_site *site,
			  const struct bpf_hit_cost *cost)
{
	if (code_returns(prog, site))
		return cost->returned_ns;
	bool is_emulated = site->site && site->site->insn.cost == INSN_EMULATED;
	return is_emulated ? cost->emulated_ns : cost->stepped_ns;
}

// Of all sites of a part, on average.
static uint64_t hit_cost(const struct session *s, const struct program_part *part,
			 const struct bpf_hit_cost *cost)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < part->n_sites; i++)
		sum += site_cost(&s->c->progs[part->index], &s->p->sites[part->first_site + i],
				 cost);
	return part->n_sites ? sum / part->n_sites : 0;
}

static void measure_hits(struct session *s)
{
	struct budget *b = s->budget;
	struct bpf_hit_cost cost = { 0 };
	bool can_return = false;
	if (b->has_hit_cost)
		return;
	b->has_hit_cost = true;
	for (size_t i = 0; i < s->c->n_progs; i++)
		can_return |= s->c->progs[i].returns;
	err_free(bpf_hit_cost(s->has_multi, can_return, &cost));
	for (size_t i = 0; i < s->p->n_parts; i++)
		b->parts[i].hit_ns = hit_cost(s, s->p->parts[i], &cost);
}

static void look(struct session *s)
{
	struct budget *b = s->budget;
	measure_hits(s);
	for (size_t i = 0; i < s->p->n_parts; i++) {
		struct part_cost *c = &b->parts[i];
		uint64_t ns = 0, n = 0;
		if (!kind_is_uprobe(s->p->parts[i]->kind))
			continue;
		err_free(bpf_prog_time(&s->progs[i], &ns, &n));
		c->n = n;
		c->ns = ns + n * c->hit_ns;
	}
}

// --- max_cpu ---

static void take_off(struct session *s, size_t i)
{
	s->budget->parts[i].is_off = true;
	session_detach_part(s, s->p->parts[i]);
}

// Names of functions, each once.
struct functions {
	struct arena *arena;
	bool *is_seen; // by the name's number
	struct str text;
	size_t n;
};

static void add_functions(const struct session *s, const struct program_part *part,
			  struct functions *f)
{
	for (uint32_t i = 0; i < part->n_sites; i++) {
		uint64_t number = s->p->sites[part->first_site + i].func_name;
		if (f->is_seen[number])
			continue;
		f->is_seen[number] = true;
		if (f->n++ < NAMED_MAX)
			f->text = arena_printf(f->arena, "%.*s%s%.*s", STR_ARG(f->text),
					       f->n > 1 ? ", " : "", STR_ARG(s->p->names[number]));
	}
}

static void tell_off(const struct session *s, const struct program_part *part,
		     const struct functions *f, uint64_t percent)
{
	struct str probe = part->n_probes ? part->probes[0]->text : STR("a probe");
	struct str more = STR("");
	uint32_t max = s->p->config->max_cpu;
	if (f->n > NAMED_MAX)
		more = arena_printf(f->arena, " and %s more", report_amount(f->n - NAMED_MAX).text);
	if (f->n > 1)
		log_warn("%s functions, which share a program, took most of %" PRIu64
			 "%% of a CPU (max_cpu is %u%%), and are detached: %.*s%.*s",
			 report_amount(f->n).text, percent, max, STR_ARG(f->text), STR_ARG(more));
	else
		log_warn("%.*s took most of %" PRIu64 "%% of a CPU (max_cpu is %u%%): it is "
			 "detached",
			 STR_ARG(probe), percent, max);
}

// With the entries of its calls, or their returns. A program is detached as a whole: how often
// each of its functions is hit is not counted.
static void take_off_all(struct session *s, const struct program_part *part, uint64_t percent)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct functions f = { .arena = a, .is_seen = ARENA_ARRAY(a, bool, s->p->n_names) };
	for (size_t i = 0; i < s->p->n_parts; i++) {
		if (s->p->parts[i] != part && !(part->call && s->p->parts[i]->call == part->call))
			continue;
		take_off(s, i);
		add_functions(s, s->p->parts[i], &f);
	}
	tell_off(s, part, &f, percent);
}

static bool has_probes(const struct session *s)
{
	bool has = false, had = false;
	for (size_t i = 0; i < s->p->n_parts; i++) {
		bool is_uprobe = kind_is_uprobe(s->p->parts[i]->kind);
		had |= is_uprobe;
		has |= is_uprobe && !s->budget->parts[i].is_off;
	}
	return has || !had;
}

bool budget_check(struct session *s)
{
	struct budget *b = s->budget;
	uint64_t now = now_ns(), spent = 0, most = 0;
	size_t worst = 0;
	if (!s->p->config->max_cpu || b->stats < 0 || now - b->checked_ns < CHECK_NS)
		return true;
	look(s);
	for (size_t i = 0; i < s->p->n_parts; i++) {
		uint64_t ns = b->parts[i].ns - b->parts[i].last_ns;
		b->parts[i].last_ns = b->parts[i].ns;
		spent += ns;
		if (ns > most && !b->parts[i].is_off) {
			most = ns;
			worst = i;
		}
	}
	uint64_t percent = 100 * spent / (now - b->checked_ns);
	b->checked_ns = now;
	if (percent > s->p->config->max_cpu && most)
		take_off_all(s, s->p->parts[worst], percent);
	if (has_probes(s) || b->is_spent)
		return true;
	// It would be ended with the trace, and has done nothing wrong.
	b->is_spent = s->o->child != NULL;
	log_warn("nothing is left to be traced: %s",
		 b->is_spent ? "the command goes on until it ends" : "the trace ends");
	return b->is_spent;
}

// --- the last line ---

static void add(struct out_buf *b, uint64_t n, const char *one, const char *many)
{
	if (n)
		out_buf_printf(b, ", %s %s", report_amount(n).text, n == 1 ? one : many);
}

// Calls are what begins; where only returns are looked at, these. Trees look at a call's beginning
// twice: what they keep of it, and that it has begun.
static uint64_t n_calls(const struct session *s)
{
	uint64_t kept = 0, begins = 0, all = 0;
	for (size_t i = 0; i < s->p->n_parts; i++) {
		const struct program_part *part = s->p->parts[i];
		uint64_t n = part->notes_starts ? 0 : s->budget->parts[i].n;
		all += n;
		kept += part->is_call_entry ? n : 0;
		begins += part->kind == PROBE_UPROBE ? n : 0;
	}
	return kept ? kept : begins ? begins : all;
}

// Trees look at every go statement, also where no call is traced.
static void add_costs(const struct session *s, struct out_buf *b)
{
	uint64_t ns = 0, starts = 0, starts_ns = 0;
	struct out_buf time = { 0 };
	for (size_t i = 0; i < s->p->n_parts; i++) {
		const struct part_cost *c = &s->budget->parts[i];
		bool is_start = s->p->parts[i]->notes_starts;
		ns += is_start ? 0 : c->ns;
		starts += is_start ? c->n : 0;
		starts_ns += is_start ? c->ns : 0;
	}
	if (ns) {
		out_duration(&time, ns / MAX(n_calls(s), 1u));
		out_buf_printf(b, "; about %.*s added to each call", STR_ARG(out_buf_view(&time)));
	}
	time.n = 0;
	if (starts_ns) {
		out_duration(&time, starts_ns / MAX(starts, 1u));
		out_buf_printf(b, "%s%.*s to %s %s go statement%s", ns ? ", " : "; about ",
			       STR_ARG(out_buf_view(&time)), starts == 1 ? "the" : "each of",
			       starts == 1 ? "one" : report_amount(starts).text,
			       starts == 1 ? "" : "s");
	}
	out_buf_free(&time);
}

void budget_report(struct session *s)
{
	struct budget *b = s->budget;
	struct out_buf text = { 0 }, time = { 0 };
	uint64_t hits = 0;
	if (!s->o->has_summary || s->o->is_quiet || !s->globals || !b)
		return;
	if (b->stats >= 0)
		look(s);
	for (size_t i = 0; i < s->p->n_parts; i++)
		hits += b->parts[i].n;
	out_duration(&time, now_ns() - b->started_ns);
	out_buf_printf(&text, "%s hit%s, %s event%s in %.*s, %s lost", report_amount(hits).text,
		       hits == 1 ? "" : "s", report_amount(s->n_events).text,
		       s->n_events == 1 ? "" : "s", STR_ARG(out_buf_view(&time)),
		       report_amount(s->globals->n_lost).text);
	add(&text, s->globals->n_over, "hit dropped by max_rate", "hits dropped by max_rate");
	add(&text, s->globals->n_unpaired, "return without an entry", "returns without an entry");
	add_costs(s, &text);
	log_note("%.*s", STR_ARG(out_buf_view(&text)));
	out_buf_free(&text);
	out_buf_free(&time);
}
