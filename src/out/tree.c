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
#define DEPTH_MAX  200u // levels that are indented

static void put_times(const struct node *n, struct out_buf *line)
{
	struct out_buf time = { 0 };
	if (line->n < TEXT_WIDTH)
		out_buf_fill(line, ' ', TEXT_WIDTH - line->n);
	out_duration(&time, n->end_ns - n->start_ns);
	out_buf_printf(line, "  %*.*s", TIME_WIDTH, STR_ARG(out_buf_view(&time)));
	if (n->inner_ns) {
		uint64_t all = n->end_ns - n->start_ns;
		time.n = 0;
		out_duration(&time, all > n->inner_ns ? all - n->inner_ns : 0);
		out_buf_printf(line, "  self %.*s", STR_ARG(out_buf_view(&time)));
	}
	out_buf_free(&time);
}

// What a line has left beside its times.
static struct str fitting(const struct out_calls *v, struct str text, size_t indent)
{
	size_t times = 2 + TIME_WIDTH + 16;
	if (!v->width || text.len + indent + times <= v->width)
		return text;
	size_t room = v->width > indent + times ? v->width - indent - times : 16;
	if (room >= text.len)
		return text;
	while (room && ((unsigned char)text.p[room] & 0xc0) == 0x80)
		room--;
	return str_first(text, room);
}

static void put_node(const struct out_calls *v, const struct node *n, struct str head,
		     unsigned depth)
{
	struct out_buf line = { 0 };
	out_buf_str(&line, depth ? STR("") : head);
	if (depth)
		out_buf_fill(&line, ' ', head.len + 2 * (size_t)MIN(depth, DEPTH_MAX));
	if (n->is_go) {
		out_buf_str(&line, n->text);
	} else if (n->text.len) {
		struct str text = fitting(v, n->text, line.n);
		out_buf_str(&line, text);
		if (text.len < n->text.len)
			out_buf_str(&line, STR("..."));
		put_times(n, &line);
	} else {
		out_buf_printf(&line, "%.*s(...) %s", STR_ARG(n->func),
			       n->end_ns ? "has not returned" : "ended without a return");
	}
	fprintf(v->f, "%.*s\n", STR_ARG(out_buf_view(&line)));
	out_buf_free(&line);
	for (size_t i = 0; i < n->inner.n; i++)
		put_node(v, n->inner.v[i], head, depth + 1);
}

static void put_tree(const struct out_calls *v, const struct lane *l, const struct node *n)
{
	char head[32];
	int len = snprintf(head, sizeof(head), "%s %" PRIu64 "  ", l->is_goroutine ? "GO" : "TID",
			   l->number);
	put_node(v, n, (struct str) { head, (size_t)len }, 0);
}

// In the call that is open: the go statement is there.
static void put_start(struct lane *l, const struct out_call *c)
{
	if (!l->open.n)
		return;
	struct node *n = ARENA_NEW(l->arena, struct node);
	n->is_go = true;
	n->text = arena_printf(l->arena, "go %.*s -> GO %" PRIu64, STR_ARG(c->func), c->child);
	VEC_PUSH(l->arena, &l->open.v[l->open.n - 1]->inner, n);
}

void tree_add(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	if (c->child) {
		put_start(l, c);
		return;
	}
	if (!c->is_return) {
		lane_begin(l, c);
		return;
	}
	struct node *n = lane_return(l, c);
	if (!n || l->open.n)
		return;
	put_tree(v, l, n);
	lane_forget(l);
}

void tree_end(struct out_calls *v)
{
	for (size_t i = 0; i < v->all.n; i++) {
		struct lane *l = v->all.v[i];
		for (size_t k = l->open.n; k-- > 0;) {
			struct node *n = l->open.v[k];
			n->end_ns = UINT64_MAX;
			if (k)
				VEC_PUSH(l->arena, &l->open.v[k - 1]->inner, n);
			else
				put_tree(v, l, n);
		}
	}
}
