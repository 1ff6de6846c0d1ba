// SPDX-License-Identifier: Apache-2.0
#include "out/calls.h"

// Calls may be open for as long as the program runs; what is known of them has an end.
#define OPEN_MAX 4096u

uint64_t lane_key(uint32_t pid, bool is_goroutine, uint64_t number)
{
	return ((uint64_t)pid << 40 ^ number << 1 ^ is_goroutine) + 1;
}

struct node *lane_begin(struct lane *l, const struct out_call *c)
{
	if (l->open.n >= OPEN_MAX)
		return NULL;
	if (!l->arena)
		l->arena = arena_new();
	struct node *n = ARENA_NEW(l->arena, struct node);
	n->func = arena_strdup(l->arena, c->func);
	n->start_ns = c->start_ns;
	VEC_PUSH(l->arena, &l->open, n);
	return n;
}

static void take_off(struct lane *l)
{
	struct node *n = l->open.v[--l->open.n];
	if (!l->open.n)
		return;
	struct node *outer = l->open.v[l->open.n - 1];
	VEC_PUSH(l->arena, &outer->inner, n);
	if (n->text.len)
		outer->inner_ns += n->end_ns - n->start_ns;
}

static bool is_open(const struct lane *l, struct str func)
{
	for (size_t i = l->open.n; i-- > 0;)
		if (str_eq(l->open.v[i]->func, func))
			return true;
	return false;
}

struct node *lane_return(struct lane *l, const struct out_call *c)
{
	if (!is_open(l, c->func)) {
		struct out_call begin = *c;
		if (!lane_begin(l, &begin))
			return NULL;
	}
	while (!str_eq(l->open.v[l->open.n - 1]->func, c->func))
		take_off(l);
	struct node *n = l->open.v[l->open.n - 1];
	n->start_ns = c->start_ns;
	n->end_ns = c->end_ns;
	n->text = arena_printf(l->arena, "%.*s%.*s%s%.*s", STR_ARG(c->func), STR_ARG(c->args),
			       c->has_results ? " = " : "", STR_ARG(c->results));
	take_off(l);
	return n;
}

void lane_forget(struct lane *l)
{
	if (l->open.n)
		return;
	if (l->arena)
		arena_free(l->arena);
	l->arena = NULL;
	l->open.v = NULL;
	l->open.n = l->open.cap = 0;
}

static struct lane *lane_of(struct out_calls *v, const struct out_call *c)
{
	bool is_goroutine = c->has_goid && c->goid;
	uint64_t number = is_goroutine ? c->goid : c->tid;
	uint64_t key = lane_key(c->pid, is_goroutine, number);
	struct lane *l = map_get(&v->lanes, key);
	if (l)
		return l;
	l = ARENA_NEW(v->arena, struct lane);
	l->pid = c->pid;
	l->is_goroutine = is_goroutine;
	l->number = number;
	map_put(&v->lanes, key, l);
	VEC_PUSH(v->arena, &v->all, l);
	return l;
}

struct out_calls *out_calls_new(enum out_calls_view view, FILE *f, unsigned width)
{
	struct arena *a = arena_new();
	struct out_calls *v = ARENA_NEW(a, struct out_calls);
	v->view = view;
	v->f = f;
	v->width = width;
	v->arena = a;
	v->lanes = map_init(a);
	v->started = map_init(a);
	return v;
}

void out_calls_add(struct out_calls *v, const struct out_call *c)
{
	struct lane *l = lane_of(v, c);
	if (v->view == OUT_CALLS_TREE)
		tree_add(v, l, c);
	else
		chrome_add(v, l, c);
}

void out_calls_end(struct out_calls *v)
{
	if (!v)
		return;
	if (v->view == OUT_CALLS_TREE)
		tree_end(v);
	else
		chrome_end(v);
	for (size_t i = 0; i < v->all.n; i++)
		if (v->all.v[i]->arena)
			arena_free(v->all.v[i]->arena);
	arena_free(v->arena);
}
