// SPDX-License-Identifier: Apache-2.0
// What call() sends: all of a call, put into a line, a tree, or a trace for a browser.
#include <inttypes.h>
#include <stdlib.h>

#include "run/internal.h"

static uint64_t number(const struct out_value *args, int at)
{
	uint64_t n = 0;
	bool is_signed;
	if (at >= 0)
		out_value_number(args[at], &n, &is_signed);
	return n;
}

// A value as text, "" if it is not there.
static void put(struct session *s, const struct out_value *args, int at, struct out_buf *b)
{
	b->n = 0;
	if (at >= 0)
		out_value_text(&s->env, args[at], b);
}

// What is known of arguments without a value; and that there may be more than those.
static void finish_args(const struct program_call_line *l, struct out_buf *args)
{
	if (l->args < 0)
		out_buf_str(args, l->has_no_args  ? STR("(...)")
				  : l->is_unknown ? STR("(?)")
						  : STR("()"));
	if (l->args < 0 || !l->is_cut || !args->n)
		return;
	args->n--; // the bracket
	out_buf_str(args, STR(", ...)"));
}

// Where the goroutine was started; the first one of a program was not.
static void put_site(struct session *s, const struct program_call_line *l,
		     const struct out_value *args, struct out_buf *b)
{
	put(s, args, l->site, b);
	if (str_eq(out_buf_view(b), STR("-")))
		b->n = 0;
}

static struct out_call facts(struct session *s, const struct program_call_line *l,
			     const struct out_value *args)
{
	struct call_texts *t = &s->call_texts;
	enum out_clock clock = l->is_return ? OUT_CLOCK_MONOTONIC : OUT_CLOCK_BOOT;
	uint64_t when = number(args, l->when) + s->env.clocks.to_wall[clock];
	uint64_t duration = number(args, l->duration);
	put(s, args, l->func, &t->func);
	put(s, args, l->gofunc, &t->gofunc);
	s->is_call = true;
	put(s, args, l->args, &t->args);
	put(s, args, l->results, &t->results);
	s->is_call = false;
	finish_args(l, &t->args);
	return (struct out_call) {
		.start_ns = when,
		.end_ns = when + duration,
		.pid = (uint32_t)number(args, l->pid),
		.tid = (uint32_t)number(args, l->tid),
		.has_goid = l->goid >= 0,
		.goid = number(args, l->goid),
		.has_parent = l->parent >= 0,
		.parent = number(args, l->parent),
		.child = number(args, l->child),
		.func = out_buf_view(&t->func),
		.gofunc = out_buf_view(&t->gofunc),
		.args = out_buf_view(&t->args),
		.results = out_buf_view(&t->results),
		.is_return = l->is_return,
		.is_untold = l->is_untold,
		.depth = number(args, l->depth),
		.has_results = l->results >= 0,
	};
}

// --- a line ---

bool session_has_pids(const struct session *s)
{
	return !s->p->pid;
}

// "  4711    18  ": the process where there may be several; the goroutine, in C the thread.
void call_line_who(const struct session *s, const struct out_call *c, struct out_buf *b)
{
	if (session_has_pids(s))
		out_buf_printf(b, "  %6u", c->pid);
	if (!c->has_goid && c->tid)
		out_buf_printf(b, "  %6u  ", c->tid);
	else if (c->goid)
		out_buf_printf(b, "  %4" PRIu64 "  ", c->goid);
	else
		out_buf_str(b, STR("     -  "));
}

// "412ns", "still open  2.1s", "never returned  2.1s"
static void put_duration(const struct out_call *c, struct out_buf *b)
{
	if (c->is_open)
		out_buf_str(b, c->is_gone ? STR("  never returned") : STR("  still open"));
	if (c->is_return || c->is_open) {
		out_buf_str(b, STR("  "));
		out_duration(b, c->end_ns - c->start_ns);
	}
	if (c->end)
		out_buf_printf(b, " %s  ", out_call_end_text(c->end));
	if (c->end)
		out_call_time(b, c);
	while (c->end && b->n && b->p[b->n - 1] == ' ')
		b->n--;
}

// "12:01:02.123417  18  main.Get(key="a") = ("Ada", nil)  412ns": the values are what gives way
// when the screen is too narrow.
static void put_line(struct session *s, const struct out_call *c)
{
	struct call_texts *t = &s->call_texts;
	struct out_buf *b = &s->text;
	struct out_buf time = { 0 };
	put_duration(c, &time);
	b->n = 0;
	out_strftime(b, STR("%H:%M:%S.%f"), c->end_ns);
	call_line_who(s, c, b);
	out_buf_str(b, c->func);
	if (s->terminal_width) {
		size_t rest = out_columns(out_buf_view(b)) + (c->has_results ? 3 : 0) + time.n;
		out_fit_call(&t->args, &t->results,
			     s->terminal_width > rest ? s->terminal_width - rest : 0);
	}
	out_buf_str(b, out_buf_view(&t->args));
	if (c->has_results)
		out_buf_printf(b, " = %.*s", STR_ARG(out_buf_view(&t->results)));
	out_buf_str(b, out_buf_view(&time));
	out_buf_str(b, STR("\n"));
	out_buf_free(&time);
}

static void put_head(struct session *s, const struct out_call *c)
{
	if (s->is_terminal && !s->has_call_head)
		fprintf(s->out, "%-15s  %s%s  %s\n", "TIME", session_has_pids(s) ? "   PID  " : "",
			c->has_goid ? "  GO" : "   TID", "CALL");
	s->has_call_head = true;
}

// --- JSON ---

static void put_stack(struct session *s, struct json *j, const struct program_call_line *l,
		      const struct out_value *args)
{
	if (l->stack < 0)
		return;
	json_key(j, "stack");
	out_value_json(&s->env, args[l->stack], j);
	struct out_buf site = { 0 };
	put_site(s, l, args, &site);
	if (site.n)
		json_kstr(j, "created_by", out_buf_view(&site));
	out_buf_free(&site);
}

// args: NULL where only c is known of the call.
static void put_json(struct session *s, const struct program_call_line *l, const struct out_call *c,
		     const struct out_value *args)
{
	struct json j = { .f = s->out, .is_spaced = true };
	struct out_buf time = { 0 };
	json_open(&j, '{');
	json_kstr(&j, "type", c->child ? STR("started") : STR("call"));
	out_wall_time(&time, c->end_ns);
	json_kstr(&j, "time", out_buf_view(&time));
	json_ku64(&j, "pid", c->pid);
	if (c->tid)
		json_ku64(&j, "tid", c->tid);
	if (c->has_goid)
		json_ku64(&j, "goid", c->goid);
	if (c->has_parent)
		json_ku64(&j, "parent_goid", c->parent);
	if (c->child)
		json_ku64(&j, "started_goid", c->child);
	json_kstr(&j, "func", c->func);
	if (args && l->args >= 0) {
		json_key(&j, "args");
		out_value_json(&s->env, args[l->args], &j);
		if (l->is_cut)
			json_kbool(&j, "has_more_args", true);
	}
	if (args && l->results >= 0) {
		json_key(&j, "results");
		out_value_json(&s->env, args[l->results], &j);
	}
	if (c->is_open)
		json_kbool(&j, c->is_gone ? "never_returned" : "open", true);
	if (c->end)
		json_kbool(&j, c->end == OUT_END_PANIC ? "panicked" : "no_return", true);
	if (c->end && c->is_end_late && !c->is_end_unknown)
		json_kbool(&j, "is_shorter", true);
	if (c->is_return || c->is_open || (c->end && !c->is_end_unknown))
		json_ku64(&j, "duration_ns", c->end_ns - c->start_ns);
	if (args)
		put_stack(s, &j, l, args);
	json_close(&j, '}');
	json_end(&j);
	out_buf_free(&time);
}

// --- trees and traces ---

static struct str as_json(struct session *s, const struct out_value *args, int at)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = at < 0 ? NULL : open_memstream(&text, &len);
	if (!f)
		return STR("");
	struct json j = { .f = f };
	out_value_json(&s->env, args[at], &j);
	fclose(f);
	struct str copy = arena_strdup(s->scratch, (struct str) { text, len });
	free(text);
	return copy;
}

// By the time that a call is looked at, what max_rate has dropped before it was over is counted.
static void note_missing(struct session *s)
{
	if (s->globals && s->globals->n_over)
		out_calls_miss(s->calls);
}

static void add(struct session *s, const struct program_call_line *l, struct out_call *c,
		const struct out_value *args)
{
	if (s->p->config->call_view == OUT_CALLS_CHROME) {
		c->args_json = as_json(s, args, l->args);
		c->results_json = as_json(s, args, l->results);
	}
	note_missing(s);
	out_calls_add(s->calls, c);
}

void calls_view_begin(struct session *s)
{
	enum out_calls_view view = s->p->config->call_view;
	if (view != OUT_CALLS_LINE)
		s->calls = out_calls_new(&(struct out_calls_options) {
			.view = view,
			.f = s->out,
			.width = s->terminal_width,
			.tells_open = s->p->config->tells_open_calls,
			.tells_ended =
				s->p->config->tells_open_calls || s->p->config->tells_ended_calls,
			.has_pids = session_has_pids(s),
			.base_ns = s->env.clocks.to_wall[OUT_CLOCK_MONOTONIC] + calls_now_ns(),
		});
}

void calls_view_end(struct session *s)
{
	s->calls_missing = out_calls_missing(s->calls);
	out_calls_end(s->calls);
	s->calls = NULL;
}

void call_texts_free(struct session *s)
{
	struct call_texts *t = &s->call_texts;
	out_buf_free(&t->func);
	out_buf_free(&t->gofunc);
	out_buf_free(&t->args);
	out_buf_free(&t->results);
}

// --- what is open at the end ---

// What was kept of the arguments: none of it may be there, as it is found outside.
static struct out_value kept_args(const struct program_action *a, struct bytes kept)
{
	const struct expr *e = a->line.args < 0 ? NULL : a->args[a->line.args].value;
	const struct member_use *use = e && e->kind == EXPR_MEMBER ? e->meaning : NULL;
	struct out_value v = { 0 };
	uint64_t len = 0;
	if (!use || use->kind != MEMBER_KEPT || use->kept_off + sizeof(len) > kept.len ||
	    a->args[a->line.args].shown->kind != OUT_GO)
		return v;
	memcpy(&len, kept.p + use->kept_off, sizeof(len));
	size_t from = use->kept_off + sizeof(len);
	if (!len || len > kept.len - from)
		return v;
	return (struct out_value) { .type = a->args[a->line.args].shown,
				    .bytes = { kept.p + from, (size_t)len } };
}

// Without a value to be shown.
static void put_kept(struct session *s, const struct program_call_line *line,
		     const struct out_value *args)
{
	struct call_texts *t = &s->call_texts;
	s->is_call = true;
	put(s, args, args->type ? 0 : -1, &t->args);
	s->is_call = false;
	t->results.n = 0;
	if (!args->type && line->args >= 0)
		out_buf_str(&t->args, STR("(...)"));
	else
		finish_args(line, &t->args);
}

void call_line_record(struct session *s, const struct program_action *a, struct out_call *c,
		      struct bytes kept)
{
	struct call_texts *t = &s->call_texts;
	struct program_call_line line = a->line;
	struct out_value args = kept_args(a, kept);
	line.results = line.stack = -1;
	line.has_no_args |= line.is_untold;
	if (c->end || !s->calls)
		put_kept(s, &line, &args);
	line.args = args.type ? 0 : -1;
	c->args = out_buf_view(&t->args);
	if (s->calls) {
		note_missing(s);
		if (c->end && s->p->config->call_view == OUT_CALLS_CHROME)
			c->args_json = as_json(s, &args, line.args);
		out_calls_add(s->calls, c);
	} else if (s->o->is_json) {
		put_json(s, &line, c, &args);
	} else {
		put_head(s, c);
		put_line(s, c);
		fwrite(s->text.p, 1, s->text.n, s->out);
	}
}

void call_line_open(struct session *s, const struct program_action *a, struct out_call *c,
		    struct bytes kept)
{
	struct program_call_line line = a->line;
	struct out_value args = kept_args(a, kept);
	line.args = args.type ? 0 : -1;
	line.results = line.stack = -1;
	if (s->o->is_json && !s->calls) {
		put_json(s, &line, c, &args);
		return;
	}
	put_kept(s, &a->line, &args);
	if (s->calls) {
		c->args = out_buf_view(&s->call_texts.args);
		if (s->p->config->call_view == OUT_CALLS_CHROME)
			c->args_json = as_json(s, &args, line.args);
		out_calls_open(s->calls, c);
		return;
	}
	put_head(s, c);
	put_line(s, c);
	fwrite(s->text.p, 1, s->text.n, s->out);
}

// --- all ---

void call_line(struct session *s, const struct program_action *action, const struct out_value *args)
{
	const struct program_call_line *l = &action->line;
	struct out_call c = facts(s, l, args);
	if (s->calls) {
		add(s, l, &c, args);
		return;
	}
	if (s->o->is_json) {
		if (!c.is_untold)
			put_json(s, l, &c, args);
		return;
	}
	// Lines are about calls.
	if (c.child || c.is_untold)
		return;
	put_head(s, &c);
	put_line(s, &c);
	if (l->stack >= 0) {
		s->text.n -= 1; // the stack begins with the end of the line
		out_value_text(&s->env, args[l->stack], &s->text);
		put_site(s, l, args, &s->call_texts.args);
		if (s->call_texts.args.n)
			out_buf_printf(&s->text, "        created by %.*s\n",
				       STR_ARG(out_buf_view(&s->call_texts.args)));
		out_buf_str(&s->text, STR("\n"));
	}
	fwrite(s->text.p, 1, s->text.n, s->out);
}
