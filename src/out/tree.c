// SPDX-License-Identifier: Apache-2.0
// Calls as trees, one for each outermost call:
//
//	GO 18  main.handle(r=&http.Request{...})                  4.21ms  self 301us
//	         main.(*Store).Get(key="user/7") = ("Ada", nil)   412ns
//	         go main.audit -> GO 23
#include <inttypes.h>

#include "out/calls.h"

#define TEXT_WIDTH 64u
#define TIME_WIDTH 8
#define TIMES_ROOM (2 + TIME_WIDTH + 16u) // "    4.21ms  self 301us"
#define DEPTH_MAX  200u                   // levels that are indented
// Calls that are remembered of a goroutine before they are told though one is open around them.
#define NODES_MAX 10000u

// --- a line ---

// Times stand in a column of their own, as far as the width lets them.
static void put_times(const struct out_calls *v, const struct node *n, struct out_buf *line)
{
	struct out_buf time = { 0 };
	size_t columns = out_columns(out_buf_view(line));
	size_t room = v->width > TIMES_ROOM ? v->width - TIMES_ROOM : 0;
	size_t at = v->width ? MIN((size_t)TEXT_WIDTH, room) : TEXT_WIDTH;
	if (columns < at)
		out_buf_fill(line, ' ', at - columns);
	out_duration(&time, n->end_ns - n->start_ns);
	out_buf_printf(line, "  %*.*s", TIME_WIDTH, STR_ARG(out_buf_view(&time)));
	if (n->inner_ns) {
		uint64_t all = n->end_ns - n->start_ns;
		time.n = 0;
		out_duration(&time, all > n->inner_ns ? all - n->inner_ns : 0);
		out_buf_printf(line, "  self %s%.*s", v->misses_some || n->misses_some ? "<=" : "",
			       STR_ARG(out_buf_view(&time)));
	}
	out_buf_free(&time);
}

// Arguments and results, in what the line has left beside its times.
static void put_values(const struct out_calls *v, const struct node *n, struct out_buf *line)
{
	struct out_buf args = { 0 }, results = { 0 };
	size_t used = out_columns(out_buf_view(line)) + TIMES_ROOM + (n->results.len ? 3 : 0);
	out_buf_str(&args, n->args);
	out_buf_str(&results, n->results);
	if (v->width)
		out_fit_call(&args, &results, v->width > used ? v->width - used : 0);
	out_buf_str(line, out_buf_view(&args));
	if (n->results.len)
		out_buf_printf(line, " = %.*s", STR_ARG(out_buf_view(&results)));
	out_buf_free(&args);
	out_buf_free(&results);
}

static void put_end(const struct node *n, struct out_buf *line)
{
	out_buf_printf(line, " %s", out_call_end_text(n->end.end));
	if (!n->end.end || n->end.is_end_unknown)
		return;
	out_buf_str(line, STR("  "));
	out_call_time(line, &n->end);
}

static void put_call(const struct out_calls *v, const struct node *n, struct out_buf *line)
{
	out_buf_str(line, n->func);
	if (n->args.len)
		put_values(v, n, line);
	else
		out_buf_str(line, STR("(...)"));
	if (n->state == NODE_RETURNED)
		put_times(v, n, line);
	else if (n->state == NODE_OPEN)
		out_buf_str(line, STR(" has not returned"));
	else
		put_end(n, line);
}

// Levels that are indented: on a screen half of it is left to the calls.
static size_t levels_max(const struct out_calls *v)
{
	return v->width ? MIN(v->width / 4, DEPTH_MAX) : DEPTH_MAX;
}

static void put_line(const struct out_calls *v, const struct node *n, struct str head, size_t depth)
{
	struct out_buf line = { 0 };
	out_buf_str(&line, depth ? STR("") : head);
	if (depth)
		out_buf_fill(&line, ' ', head.len + 2 * MIN(depth, levels_max(v)));
	if (n->is_go)
		out_buf_str(&line, n->func);
	else
		put_call(v, n, &line);
	fprintf(v->f, "%.*s\n", STR_ARG(out_buf_view(&line)));
	out_buf_free(&line);
}

static void put_node(const struct out_calls *v, const struct node *n, struct str head, size_t depth)
{
	if (!n->is_told)
		return;
	put_line(v, n, head, depth);
	for (size_t i = 0; i < n->inner.n; i++)
		put_node(v, n->inner.v[i], head, depth + 1);
}

static void put_tree(const struct out_calls *v, const struct lane *l, const struct node *n)
{
	char head[64], pid[24] = "";
	if (v->has_pids)
		snprintf(pid, sizeof(pid), "PID %u  ", l->pid);
	int len = snprintf(head, sizeof(head), "%s%s %" PRIu64 "  ", pid,
			   l->is_goroutine ? "GO" : "TID", l->number);
	put_node(v, n, (struct str) { head, (size_t)len }, 0);
}

// --- a goroutine ---

// A call is over, or the trace is: into the one around it, or out.
static void off(struct out_calls *v, struct lane *l, struct node *n)
{
	n->is_told |= (v->tells_open && n->state == NODE_OPEN) ||
		      (v->tells_ended && n->state == NODE_ENDED);
	if (!l->open.n) {
		put_tree(v, l, n);
		return;
	}
	struct node *outer = l->open.v[l->open.n - 1];
	outer->is_told |= n->is_told;
	if (n->is_told)
		VEC_PUSH(l->arena, &outer->inner, n);
	bool is_end_known = n->state == NODE_ENDED && n->end.end && !n->end.is_end_late &&
			    !n->end.is_end_unknown;
	if (n->state == NODE_RETURNED || is_end_known)
		outer->inner_ns += n->end_ns - n->start_ns;
	else if (n->state == NODE_ENDED)
		outer->misses_some = true;
}

// Tells what there is of calls that are open, so that a call that never returns does not keep all
// that is in it.
static void tell_so_far(struct out_calls *v, struct lane *l)
{
	size_t n = l->open.n;
	for (size_t i = 0; i + 1 < n; i++) {
		l->open.v[i]->is_told = true;
		VEC_PUSH(l->arena, &l->open.v[i]->inner, l->open.v[i + 1]);
	}
	if (n)
		put_tree(v, l, l->open.v[0]);
	lane_renew(l);
	for (size_t i = 0; i < n; i++)
		l->open.v[i]->is_told = false;
}

// In the call that is open: the go statement is there.
static void put_start(struct lane *l, const struct out_call *c)
{
	if (!l->open.n)
		return;
	struct node *n = ARENA_NEW(l->arena, struct node);
	n->is_go = n->is_told = true;
	n->func = arena_printf(l->arena, "go %.*s -> GO %" PRIu64, STR_ARG(c->func), c->child);
	VEC_PUSH(l->arena, &l->open.v[l->open.n - 1]->inner, n);
	l->n_nodes++;
}

static void put_return(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	struct node *n = lane_return(v, l, c, off);
	if (!n)
		return;
	l->open.n--;
	n->state = NODE_RETURNED;
	n->is_told |= !c->is_untold;
	if (!c->is_untold) {
		n->args = arena_strdup(l->arena, c->args);
		n->results = arena_strdup(l->arena, c->has_results ? c->results : STR(""));
	}
	off(v, l, n);
}

void tree_add(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	if (c->child)
		put_start(l, c);
	else if (c->is_return)
		put_return(v, l, c);
	else if (c->end)
		lane_end(v, l, c, off);
	else
		v->missing.n_deep += !lane_begin(v, l, c, off);
	if (!l->open.n)
		lane_remove(v, l);
	else if (l->n_nodes > NODES_MAX + l->open.n)
		tell_so_far(v, l);
}

void tree_end(struct out_calls *v, struct lane *l)
{
	while (l->open.n)
		off(v, l, l->open.v[--l->open.n]);
}
