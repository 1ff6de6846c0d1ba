// SPDX-License-Identifier: Apache-2.0
// What went wrong while a script ran, told when it ends: nothing is lost in silence.
#include <inttypes.h>

#include "base/log.h"
#include "run/internal.h"

struct out_where report_where(const struct session *s, struct span span)
{
	span = diag_origin(s->p->diag, span);
	struct out_where where = { .file = diag_source_name(s->p->diag, span.source) };
	diag_line_col(s->p->diag, span, &where.line, &where.col);
	return where;
}

struct amount report_amount(uint64_t n)
{
	char plain[24];
	struct amount a = { "" };
	int len = snprintf(plain, sizeof(plain), "%" PRIu64, n);
	char *out = a.text;
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = plain[i];
	}
	*out = 0;
	return a;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void report_lost(const struct session *s, uint64_t n)
{
	if (!n)
		return;
	if (s->o->is_json)
		out_event_lost(n, s->out);
	log_warn("%s event%s lost: the ring buffer of %s KB was full (config perf_rb_pages or "
		 "BPFTRACE_PERF_RB_PAGES makes it larger)",
		 report_amount(n).text, plural(n),
		 report_amount(s->c->ring->max_entries >> 10).text);
}

static bool is_map_full(const struct code_failure *f)
{
	return f->map && strcmp(f->what, "map full") == 0;
}

static struct str failure_text(const struct code_failure *f, uint64_t n, bool is_command,
			       struct arena *a)
{
	// Who has not written the script knows nothing of its maps.
	if (is_map_full(f) && is_command)
		return arena_printf(a,
				    "%s hit%s not in the table: it has room for %s lines "
				    "(STOAT_MAX_MAP_KEYS=N allows more)",
				    report_amount(n).text, n == 1 ? " is" : "s are",
				    report_amount(f->map->max_entries).text);
	// An entry that does not fit is one that the setting would make fit.
	if (is_map_full(f))
		return arena_printf(a,
				    "%.*s is full: %s update%s did not fit into its %s entries "
				    "(config max_map_keys or BPFTRACE_MAX_MAP_KEYS allows more)",
				    STR_ARG(f->map->name), report_amount(n).text, plural(n),
				    report_amount(f->map->max_entries).text);
	return arena_printf(a, "%s, %s time%s", f->what, report_amount(n).text, plural(n));
}

static void report_failure(const struct session *s, const struct code_failure *f, uint64_t n)
{
	if (!n)
		return;
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct str text = failure_text(f, n, s->o->has_summary, a);
	struct out_where where = report_where(s, f->span);
	if (s->o->is_json)
		out_event_message("runtime_error", text, where, s->out);
	// A full map is about all places that write to it.
	if (is_map_full(f) || !where.file.len)
		log_warn("%.*s", STR_ARG(text));
	else
		log_warn("%.*s:%u:%u: %.*s", STR_ARG(where.file), where.line, where.col,
			 STR_ARG(text));
}

// --- calls ---

// Calls without a return and returns without an entry are no mistakes: some are under way when a
// trace begins or ends, and a panic or Goexit ends others.
static void report_calls(const struct session *s)
{
	const struct code_globals *g = s->globals;
	if (!s->c->calls)
		return;
	struct calls_left left = calls_left(s);
	uint64_t n_open = left.n_open, n_dropped = g->n_dropped + left.n_ended;
	if (g->n_unkept)
		log_warn("%s call%s not followed to the return: at most %s can be open at a time, "
			 "those of goroutines that panics or Goexit have ended among them (config "
			 "max_calls or STOAT_MAX_CALLS allows more)",
			 report_amount(g->n_unkept).text, plural(g->n_unkept),
			 report_amount(code_calls_room(s->c->calls)).text);
	if (g->n_unowned)
		log_note("%s call%s not followed: which goroutine runs is not known there",
			 report_amount(g->n_unowned).text, plural(g->n_unowned));
	if (s->o->is_json && (n_open || n_dropped || g->n_unpaired))
		out_event_calls(n_open, n_dropped, g->n_unpaired, s->out);
	if (n_open)
		log_note("%s call%s had not returned when the trace ended",
			 report_amount(n_open).text, plural(n_open));
	if (n_dropped)
		log_note("%s call%s ended without a return (panic, exception, Goexit, longjmp)",
			 report_amount(n_dropped).text, plural(n_dropped));
	if (g->n_unpaired)
		log_note("%s return%s without an entry%s", report_amount(g->n_unpaired).text,
			 g->n_unpaired == 1 ? " was" : "s were",
			 g->n_unkept || g->n_unowned
				 ? ""
				 : ": the calls had begun before the trace, before a fork, or when "
				   "their entry's probe was detached");
}

// What trees and traces for browsers could not remember.
static void report_missing(const struct session *s)
{
	const struct out_calls_missing *m = &s->calls_missing;
	bool is_tree = s->p->config->call_view == OUT_CALLS_TREE;
	if (m->n_deep)
		log_warn("%s call%s in no tree: %s others were open around %s",
			 report_amount(m->n_deep).text, m->n_deep == 1 ? " is" : "s are",
			 report_amount(OUT_CALLS_OPEN_MAX).text, m->n_deep == 1 ? "it" : "them");
	if (is_tree && m->n_cut)
		log_warn("%s call%s told in parts: more than %s goroutines had calls open at a "
			 "time",
			 report_amount(m->n_cut).text, m->n_cut == 1 ? " is" : "s are",
			 report_amount(OUT_CALLS_LANES_MAX).text);
	if (!is_tree && m->n_arrows)
		log_warn("%s goroutine%s no arrow: more than %s had calls open at a time",
			 report_amount(m->n_arrows).text, m->n_arrows == 1 ? " has" : "s have",
			 report_amount(OUT_CALLS_LANES_MAX).text);
}

void session_report(const struct session *s)
{
	if (!s->globals)
		return;
	report_lost(s, s->globals->n_lost);
	if (s->globals->n_busy)
		log_warn("%s hit%s not traced: all of the programs' working memory was in use",
			 report_amount(s->globals->n_busy).text, plural(s->globals->n_busy));
	report_missing(s);
	report_calls(s);
	for (size_t i = 0; i < s->c->n_failures; i++)
		report_failure(s, &s->c->failures[i], s->globals->failures[i]);
}
