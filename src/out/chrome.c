// SPDX-License-Identifier: Apache-2.0
// Calls as trace events, which Perfetto and chrome://tracing show: a track for each goroutine, an
// arrow from who started it.
#include <inttypes.h>

#include "out/calls.h"

// Calls that are remembered of a goroutine while one is open around them.
#define NODES_MAX 1000u

static struct json begin(struct out_calls *v, const char *phase, uint32_t pid, uint64_t tid)
{
	struct json j = { .f = v->f };
	fputs(v->has_some ? ",\n" : "[\n", v->f);
	v->has_some = true;
	json_open(&j, '{');
	json_kstr(&j, "ph", str_from(phase));
	json_ku64(&j, "pid", pid);
	json_ku64(&j, "tid", tid);
	return j;
}

// Microseconds, as the format wants them. Readers make floating-point numbers of them: from the
// trace's beginning on they have all digits, and calls that end together do not cross.
static void put_us(struct json *j, const char *key, uint64_t ns)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%" PRIu64 ".%03u", ns / 1000, (unsigned)(ns % 1000));
	json_key(j, key);
	json_number(j, (struct str) { text, (size_t)n });
}

static void put_ts(const struct out_calls *v, struct json *j, uint64_t ns)
{
	put_us(j, "ts", ns > v->base_ns ? ns - v->base_ns : 0);
}

static void put_name(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	if (l->is_named)
		return;
	l->is_named = true;
	struct out_buf name = { 0 };
	struct json j = begin(v, "M", l->pid, l->number);
	if (l->is_goroutine)
		out_buf_printf(&name, "goroutine %" PRIu64 "%s%.*s", l->number,
			       c->gofunc.len ? " " : "", STR_ARG(c->gofunc));
	else
		out_buf_printf(&name, "thread %" PRIu64, l->number);
	json_kstr(&j, "name", STR("thread_name"));
	put_ts(v, &j, c->start_ns);
	json_key(&j, "args");
	json_open(&j, '{');
	json_kstr(&j, "name", out_buf_view(&name));
	json_close(&j, '}');
	json_close(&j, '}');
	out_buf_free(&name);
}

// --- arrows ---

static void put_end_of_arrow(struct out_calls *v, const char *phase, uint32_t pid, uint64_t tid,
			     uint64_t id, uint64_t ns)
{
	struct json j = begin(v, phase, pid, tid);
	json_kstr(&j, "name", STR("go"));
	json_kstr(&j, "cat", STR("go"));
	json_ku64(&j, "id", id);
	put_ts(v, &j, ns);
	json_kstr(&j, "bp", STR("e"));
	json_close(&j, '}');
}

// From a go statement to a call of the goroutine, once both ends have a call around them.
static void put_arrow(struct out_calls *v, struct lane *l)
{
	if (!l->has_slice || !l->has_origin)
		return;
	uint64_t id = (uint64_t)l->pid << 32 ^ l->number;
	put_end_of_arrow(v, "s", l->origin_pid, l->origin, id, l->start_ns);
	put_end_of_arrow(v, "f", l->pid, l->number, id, MAX(l->first_ns, l->start_ns));
	l->has_origin = false;
}

// The call is in the trace, and so is where its go statements are.
static void put_starts(struct out_calls *v, const struct lane *l, const struct node *n)
{
	uint32_t pid = l->pid;
	uint64_t number = l->number;
	for (size_t i = 0; i < n->starts.n; i++) {
		const struct start *s = &n->starts.v[i];
		struct lane *child = lane_get(v, pid, true, s->child);
		child->has_origin = true;
		child->origin_pid = pid;
		child->origin = number;
		child->start_ns = s->ns;
		put_arrow(v, child);
	}
}

// --- calls ---

static void put_values(struct json *j, const struct out_call *c)
{
	json_key(j, "args");
	json_open(j, '{');
	if (c->args_json.len) {
		json_key(j, "args");
		json_number(j, c->args_json);
	}
	if (c->results_json.len) {
		json_key(j, "results");
		json_number(j, c->results_json);
	}
	if (c->end)
		json_kbool(j, c->end == OUT_END_PANIC ? "panicked" : "no_return", true);
	if (c->end && c->is_end_late)
		json_kbool(j, "is_shorter", true);
	json_close(j, '}');
}

static void put_call(struct out_calls *v, const struct lane *l, const struct out_call *c)
{
	struct json j = begin(v, "X", l->pid, l->number);
	json_kstr(&j, "name", c->func);
	json_kstr(&j, "cat", STR("call"));
	put_ts(v, &j, c->start_ns);
	put_us(&j, "dur", c->end_ns - c->start_ns);
	put_values(&j, c);
	json_close(&j, '}');
}

// Of a call without an end the trace has only the beginning.
static void put_open(struct out_calls *v, struct lane *l, const struct node *n)
{
	const struct out_call c = { .func = n->func,
				    .start_ns = n->start_ns,
				    .args_json = n->args_json };
	put_name(v, l, &c);
	struct json j = begin(v, "B", l->pid, l->number);
	json_kstr(&j, "name", n->func);
	json_kstr(&j, "cat", STR("call"));
	put_ts(v, &j, n->start_ns);
	put_values(&j, &c);
	json_close(&j, '}');
}

// A call that is not in the trace: what it has started was started in the one around it, too.
static void off(struct out_calls *v, struct lane *l, struct node *n)
{
	(void)v;
	for (size_t i = 0; l->open.n && i < n->starts.n; i++)
		VEC_PUSH(l->arena, &l->open.v[l->open.n - 1]->starts, n->starts.v[i]);
}

// A call that is over, on the track of its goroutine.
static void put_slice(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	put_name(v, l, c);
	put_call(v, l, c);
	l->first_ns = l->has_slice ? MIN(l->first_ns, c->start_ns) : c->start_ns;
	l->has_slice = true;
	put_arrow(v, l);
}

static void put_return(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	// NULL: more are open around it than are remembered. It is told all the same, as its event
	// has both ends; what it has started is with the innermost one that is.
	struct node *n = lane_return(v, l, c, off);
	if (n) {
		l->open.n--;
		n->state = NODE_RETURNED;
	}
	if (c->is_untold) {
		if (n)
			off(v, l, n);
		return;
	}
	put_slice(v, l, c);
	if (n)
		put_starts(v, l, n);
}

// It is in the trace, unless nobody knows when it ended.
static void put_ended(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	if (!lane_end(v, l, c, off) || c->is_end_unknown || !v->tells_ended)
		return;
	put_slice(v, l, c);
}

void chrome_add(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	if (c->child && l->open.n) {
		struct start s = { c->child, c->start_ns };
		VEC_PUSH(l->arena, &l->open.v[l->open.n - 1]->starts, s);
		l->n_nodes++;
	}
	if (c->child)
		return;
	if (c->is_return)
		put_return(v, l, c);
	else if (c->end)
		put_ended(v, l, c);
	else
		lane_begin(v, l, c, off);
	if (!l->open.n || l->n_nodes > NODES_MAX + l->open.n)
		lane_renew(l);
}

void chrome_end(struct out_calls *v, struct lane *l)
{
	bool tells = v->tells_open && v->is_ending;
	for (size_t k = 0; tells && k < l->open.n; k++)
		put_open(v, l, l->open.v[k]);
	for (size_t k = 0; tells && k < l->open.n; k++)
		put_starts(v, l, l->open.v[k]);
}

void chrome_finish(struct out_calls *v)
{
	fputs(v->has_some ? "\n]\n" : "[]\n", v->f);
}
