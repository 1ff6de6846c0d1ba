// SPDX-License-Identifier: Apache-2.0
// Calls as trace events, which Perfetto and chrome://tracing show: a track for each goroutine, an
// arrow from who started it.
#include <inttypes.h>

#include "out/calls.h"

static struct json begin(struct out_calls *v, const char *phase, const struct lane *l)
{
	struct json j = { .f = v->f };
	fputs(v->has_some ? ",\n" : "[\n", v->f);
	v->has_some = true;
	json_open(&j, '{');
	json_kstr(&j, "ph", str_from(phase));
	json_ku64(&j, "pid", l->pid);
	json_ku64(&j, "tid", l->number);
	return j;
}

// Microseconds, as the format wants them.
static void put_us(struct json *j, const char *key, uint64_t ns)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%" PRIu64 ".%03u", ns / 1000, (unsigned)(ns % 1000));
	json_key(j, key);
	json_number(j, (struct str) { text, (size_t)n });
}

static void put_name(struct out_calls *v, const struct lane *l, const struct out_call *c)
{
	struct out_buf name = { 0 };
	struct json j = begin(v, "M", l);
	if (c->has_goid && c->goid)
		out_buf_printf(&name, "goroutine %" PRIu64 " %.*s", c->goid, STR_ARG(c->gofunc));
	else
		out_buf_printf(&name, "thread %u", c->tid);
	json_kstr(&j, "name", STR("thread_name"));
	json_key(&j, "args");
	json_open(&j, '{');
	json_kstr(&j, "name", out_buf_view(&name));
	json_close(&j, '}');
	json_close(&j, '}');
	out_buf_free(&name);
}

// One end of the arrow from a go statement to the first call of the goroutine.
static void put_flow(struct out_calls *v, const char *phase, uint64_t ts, uint64_t id,
		     const struct lane *l)
{
	struct json j = begin(v, phase, l);
	json_kstr(&j, "name", STR("go"));
	json_kstr(&j, "cat", STR("go"));
	json_ku64(&j, "id", id);
	put_us(&j, "ts", ts);
	json_kstr(&j, "bp", STR("e"));
	json_close(&j, '}');
}

static void put_call(struct out_calls *v, const struct lane *l, const struct out_call *c)
{
	struct json j = begin(v, "X", l);
	json_kstr(&j, "name", c->func);
	json_kstr(&j, "cat", STR("call"));
	put_us(&j, "ts", c->start_ns);
	put_us(&j, "dur", c->end_ns - c->start_ns);
	json_key(&j, "args");
	json_open(&j, '{');
	if (c->args_json.len) {
		json_key(&j, "args");
		json_number(&j, c->args_json);
	}
	if (c->results_json.len) {
		json_key(&j, "results");
		json_number(&j, c->results_json);
	}
	json_close(&j, '}');
	json_close(&j, '}');
}

static void tell_lane(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	if (l->is_told)
		return;
	l->is_told = true;
	put_name(v, l, c);
	if (l->is_goroutine && map_get(&v->started, lane_key(l->pid, true, l->number)))
		put_flow(v, "f", c->start_ns, l->number, l);
}

void chrome_add(struct out_calls *v, struct lane *l, const struct out_call *c)
{
	// Both ends of an arrow need a call around them.
	if (c->child && l->open.n) {
		put_flow(v, "s", c->start_ns, c->child, l);
		map_put(&v->started, lane_key(c->pid, true, c->child), l);
	}
	if (c->child)
		return;
	tell_lane(v, l, c);
	if (!c->is_return) {
		lane_begin(l, c);
		return;
	}
	lane_return(l, c);
	put_call(v, l, c);
	lane_forget(l);
}

// Calls that had not returned have a beginning only.
void chrome_end(struct out_calls *v)
{
	for (size_t i = 0; i < v->all.n; i++) {
		const struct lane *l = v->all.v[i];
		for (size_t k = 0; k < l->open.n; k++) {
			struct json j = begin(v, "B", l);
			json_kstr(&j, "name", l->open.v[k]->func);
			json_kstr(&j, "cat", STR("call"));
			put_us(&j, "ts", l->open.v[k]->start_ns);
			json_close(&j, '}');
		}
	}
	fputs(v->has_some ? "\n]\n" : "[]\n", v->f);
}
