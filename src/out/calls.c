// SPDX-License-Identifier: Apache-2.0
#include "out/calls.h"

// --- lanes ---

static struct lane **bucket_of(struct out_calls *v, uint32_t pid, bool is_goroutine,
			       uint64_t number)
{
	uint64_t key = ((uint64_t)pid << 40 ^ number << 1 ^ is_goroutine) * 0x9e3779b97f4a7c15u;
	return &v->buckets[key >> 52];
}

static void unlink_age(struct out_calls *v, struct lane *l)
{
	*(l->newer ? &l->newer->older : &v->newest) = l->older;
	*(l->older ? &l->older->newer : &v->oldest) = l->newer;
	l->newer = l->older = NULL;
}

static void link_newest(struct out_calls *v, struct lane *l)
{
	l->older = v->newest;
	*(v->newest ? &v->newest->newer : &v->oldest) = l;
	v->newest = l;
}

static void end_lane(struct out_calls *v, struct lane *l)
{
	if (v->view == OUT_CALLS_TREE)
		tree_end(v, l);
	else
		chrome_end(v, l);
}

void lane_remove(struct out_calls *v, struct lane *l)
{
	struct lane **at = bucket_of(v, l->pid, l->is_goroutine, l->number);
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	unlink_age(v, l);
	if (l->arena)
		arena_free(l->arena);
	*l = (struct lane) { .next = v->unused };
	v->unused = l;
	v->n_lanes--;
}

static void count_cut(struct out_calls *v, const struct lane *l)
{
	v->missing.n_cut += l->open.n;
	for (size_t i = 0; i < l->open.n; i++)
		v->missing.n_arrows += l->open.v[i]->starts.n;
}

// Calls may be open for as long as the program runs; what is known of them has an end.
static struct lane *lane_new(struct out_calls *v)
{
	if (v->n_lanes >= OUT_CALLS_LANES_MAX && !v->is_ending) {
		count_cut(v, v->oldest);
		end_lane(v, v->oldest);
		lane_remove(v, v->oldest);
	}
	struct lane *l = v->unused;
	if (l)
		v->unused = l->next;
	else
		l = ARENA_NEW(v->arena, struct lane);
	v->n_lanes++;
	return l;
}

struct lane *lane_get(struct out_calls *v, uint32_t pid, bool is_goroutine, uint64_t number)
{
	struct lane **bucket = bucket_of(v, pid, is_goroutine, number), *l = *bucket;
	while (l && (l->pid != pid || l->is_goroutine != is_goroutine || l->number != number))
		l = l->next;
	if (l) {
		unlink_age(v, l);
		link_newest(v, l);
		return l;
	}
	l = lane_new(v);
	*l = (struct lane) {
		.pid = pid, .is_goroutine = is_goroutine, .number = number, .next = *bucket
	};
	*bucket = l;
	link_newest(v, l);
	return l;
}

// --- calls ---

static void take_off(struct out_calls *v, struct lane *l, enum node_state state, lane_off_fn off)
{
	struct node *n = l->open.v[--l->open.n];
	n->state = state;
	if (state == NODE_ENDED && !n->end.end)
		n->end = (struct out_call) { .is_end_unknown = true,
					     .end = l->is_goroutine ? OUT_END_PANIC
								    : OUT_END_UNKNOWN };
	off(v, l, n);
}

// A page of the program may be away for a moment, so that its depth cannot be read: it is taken for
// the innermost one then, and its return for that of the innermost call of the function.
static uint64_t depth_of(const struct lane *l, const struct out_call *c)
{
	if (c->depth)
		return c->depth;
	for (size_t i = l->open.n; c->is_return && i-- > 0;)
		if (str_eq(l->open.v[i]->func, c->func))
			return l->open.v[i]->depth;
	return l->open.n ? l->open.v[l->open.n - 1]->depth + 1 : 1;
}

static void drop_ended(struct out_calls *v, struct lane *l, uint64_t depth, lane_off_fn off)
{
	while (l->open.n && l->open.v[l->open.n - 1]->depth >= depth)
		take_off(v, l, NODE_ENDED, off);
}

// Calls in one that has ended have ended in the same way.
static void drop_inner(struct out_calls *v, struct lane *l, const struct out_call *outer,
		       lane_off_fn off)
{
	while (l->open.n && l->open.v[l->open.n - 1]->depth > outer->depth) {
		l->open.v[l->open.n - 1]->end =
			(struct out_call) { .is_end_unknown = true, .end = outer->end };
		take_off(v, l, NODE_ENDED, off);
	}
}

static bool is_its_call(const struct node *n, const struct out_call *c, uint64_t depth)
{
	return n->depth == depth && str_eq(n->func, c->func);
}

struct node *lane_begin(struct out_calls *v, struct lane *l, const struct out_call *c,
			lane_off_fn off)
{
	uint64_t depth = depth_of(l, c);
	struct node *last = l->open.n ? l->open.v[l->open.n - 1] : NULL;
	// Told twice: by call() in a uprobe, too.
	if (last && last->is_record != c->is_record && !c->is_return && is_its_call(last, c, depth))
		return last;
	drop_ended(v, l, depth, off);
	if (l->open.n >= OUT_CALLS_OPEN_MAX)
		return NULL;
	if (!l->arena)
		l->arena = arena_new();
	struct node *n = ARENA_NEW(l->arena, struct node);
	n->func = arena_strdup(l->arena, c->func);
	n->start_ns = c->start_ns;
	n->depth = depth;
	n->is_record = c->is_record;
	VEC_PUSH(l->arena, &l->open, n);
	l->n_nodes++;
	return n;
}

struct node *lane_return(struct out_calls *v, struct lane *l, const struct out_call *c,
			 lane_off_fn off)
{
	uint64_t depth = depth_of(l, c);
	drop_ended(v, l, depth + 1, off);
	if (!l->open.n || !is_its_call(l->open.v[l->open.n - 1], c, depth)) {
		if (!lane_begin(v, l, c, off))
			return NULL;
	}
	struct node *n = l->open.v[l->open.n - 1];
	n->start_ns = c->start_ns;
	n->end_ns = c->end_ns;
	return n;
}

void lane_renew(struct lane *l)
{
	struct arena *old = l->arena;
	size_t n = l->open.n;
	struct node **open = l->open.v;
	l->arena = n ? arena_new() : NULL;
	l->open.v = NULL;
	l->open.n = l->open.cap = 0;
	l->n_nodes = n;
	for (size_t i = 0; i < n; i++) {
		struct node *copy = ARENA_NEW(l->arena, struct node);
		*copy = *open[i];
		copy->func = arena_strdup(l->arena, open[i]->func);
		copy->inner.v = NULL;
		copy->inner.n = copy->inner.cap = 0;
		copy->starts.v = NULL;
		copy->starts.n = copy->starts.cap = 0;
		VEC_PUSH(l->arena, &l->open, copy);
	}
	if (old)
		arena_free(old);
}

static void end_open(struct out_calls *v, struct lane *l, const struct out_call *c, lane_off_fn off)
{
	struct node *n = l->open.v[l->open.n - 1];
	n->args = arena_strdup(l->arena, c->args);
	n->end_ns = c->end_ns;
	n->end = *c;
	take_off(v, l, NODE_ENDED, off);
}

bool lane_end(struct out_calls *v, struct lane *l, const struct out_call *c, lane_off_fn off)
{
	drop_inner(v, l, c, off);
	if (!l->open.n || !is_its_call(l->open.v[l->open.n - 1], c, c->depth))
		return false;
	end_open(v, l, c, off);
	return true;
}

const char *out_call_end_text(enum out_call_end end)
{
	return end == OUT_END_PANIC ? "panicked" : "ended without a return";
}

void out_call_time(struct out_buf *b, const struct out_call *c)
{
	if (c->is_end_unknown)
		return;
	out_buf_str(b, c->is_end_late ? STR("<") : STR(""));
	out_duration(b, c->end_ns - c->start_ns);
}

// --- all ---

struct out_calls *out_calls_new(const struct out_calls_options *o)
{
	struct arena *a = arena_new();
	struct out_calls *v = ARENA_NEW(a, struct out_calls);
	v->view = o->view;
	v->f = o->f;
	v->width = o->width;
	v->base_ns = o->base_ns;
	v->tells_open = o->tells_open;
	v->tells_ended = o->tells_ended;
	v->has_pids = o->has_pids;
	v->arena = a;
	return v;
}

void out_calls_add(struct out_calls *v, const struct out_call *c)
{
	bool is_goroutine = c->has_goid && c->goid;
	struct lane *l = lane_get(v, c->pid, is_goroutine, is_goroutine ? c->goid : c->tid);
	if (v->view == OUT_CALLS_TREE)
		tree_add(v, l, c);
	else
		chrome_add(v, l, c);
}

struct out_calls_missing out_calls_missing(const struct out_calls *v)
{
	return v ? v->missing : (struct out_calls_missing) { 0 };
}

void out_calls_open(struct out_calls *v, const struct out_call *c)
{
	bool is_goroutine = c->has_goid && c->goid;
	uint64_t number = is_goroutine ? c->goid : c->tid;
	struct lane *l = *bucket_of(v, c->pid, is_goroutine, number);
	while (l && (l->pid != c->pid || l->is_goroutine != is_goroutine || l->number != number))
		l = l->next;
	for (size_t i = 0; l && i < l->open.n; i++) {
		struct node *n = l->open.v[i];
		if (!is_its_call(n, c, c->depth) || n->start_ns != c->start_ns)
			continue;
		n->args = arena_strdup(l->arena, c->args);
		n->args_json = arena_strdup(l->arena, c->args_json);
	}
}

void out_calls_miss(struct out_calls *v)
{
	v->misses_some = true;
}

void out_calls_end(struct out_calls *v)
{
	if (!v)
		return;
	v->is_ending = true;
	while (v->oldest) {
		end_lane(v, v->oldest);
		lane_remove(v, v->oldest);
	}
	if (v->view == OUT_CALLS_CHROME)
		chrome_finish(v);
	arena_free(v->arena);
}
