// SPDX-License-Identifier: Apache-2.0
// What watch() sends: the values at a place, a line a pass, or only when they have changed.
#include <inttypes.h>

#include "run/internal.h"

// So many goroutines and places are remembered; then all are forgotten.
#define WATCHED_MAX ((size_t)1 << 18)

static uint64_t number(const struct out_value *args, int at)
{
	uint64_t n = 0;
	bool is_signed;
	if (at >= 0)
		out_value_number(args[at], &n, &is_signed);
	return n;
}

// Where no goroutine is known, and on the system stack, a thread stands for it.
// Recursion apart, a place is in one function.
static uint64_t owner_of(const struct program_action *a, const struct out_value *args)
{
	uint64_t goid = number(args, a->line.goid);
	uint64_t words[] = { number(args, a->line.pid), goid,
			     goid ? 0 : number(args, a->line.tid) };
	struct str text = { (const char *)words, sizeof(words) };
	return str_hash(text) * 31 + str_hash(a->text);
}

// True if the values are others than the owner's last ones. Two texts with one hash count as one.
static bool has_changed(struct session *s, const struct program_action *a,
			const struct out_value *args, struct str values)
{
	struct watched *w = &s->watched;
	if (!w->arena || w->last.n >= WATCHED_MAX) {
		arena_free(w->arena);
		w->arena = arena_new();
		w->last = map_init(w->arena);
	}
	uint64_t hash = str_hash(values);
	uint64_t *last = map_get(&w->last, owner_of(a, args));
	bool is_same = last && *last == hash;
	if (!last) {
		last = ARENA_NEW(w->arena, uint64_t);
		map_put(&w->last, owner_of(a, args), last);
	}
	*last = hash;
	return !is_same;
}

void watch_free(struct session *s)
{
	arena_free(s->watched.arena);
}

static void put_json(struct session *s, const struct program_action *a,
		     const struct out_value *args, struct str place, uint64_t when)
{
	const struct program_call_line *l = &a->line;
	struct json j = { .f = s->out, .is_spaced = true };
	struct out_buf text = { 0 };
	json_open(&j, '{');
	json_kstr(&j, "type", STR("watch"));
	out_wall_time(&text, when);
	json_kstr(&j, "time", out_buf_view(&text));
	json_ku64(&j, "pid", number(args, l->pid));
	json_ku64(&j, "tid", number(args, l->tid));
	if (l->goid >= 0)
		json_ku64(&j, "goid", number(args, l->goid));
	text.n = 0;
	out_value_text(&s->env, args[l->func], &text);
	json_kstr(&j, "func", out_buf_view(&text));
	json_kstr(&j, "place", place);
	if (l->args >= 0) {
		json_key(&j, "values");
		out_value_json(&s->env, args[l->args], &j);
	}
	json_close(&j, '}');
	json_end(&j);
	out_buf_free(&text);
}

// Values are what gives way when the screen is too narrow.
static struct str cut(const struct session *s, struct out_buf *values, size_t before)
{
	size_t room = s->terminal_width > before ? s->terminal_width - before : 0;
	if (!s->terminal_width || values->n <= room)
		return out_buf_view(values);
	values->n = room > 3 ? room - 3 : 0;
	while (values->n && ((unsigned char)values->p[values->n] & 0xc0) == 0x80)
		values->n--;
	out_buf_str(values, STR("..."));
	return out_buf_view(values);
}

static void put_line(struct session *s, const struct program_action *a,
		     const struct out_value *args, struct out_buf *values, struct str place,
		     uint64_t when)
{
	struct out_buf *b = &s->text;
	const struct out_call who = {
		.pid = (uint32_t)number(args, a->line.pid),
		.tid = (uint32_t)number(args, a->line.tid),
		.has_goid = a->line.goid >= 0,
		.goid = number(args, a->line.goid),
	};
	if (s->is_terminal && !s->watched.has_head)
		fprintf(s->out, "%-15s  %s%s  %-*s  VALUES\n", "TIME",
			session_has_pids(s) ? "   PID  " : "", who.has_goid ? "  GO" : "   TID",
			(int)place.len, "PLACE");
	s->watched.has_head = true;
	b->n = 0;
	out_strftime(b, STR("%H:%M:%S.%f"), when);
	call_line_who(s, &who, b);
	out_buf_printf(b, "%.*s  ", STR_ARG(place));
	struct str shown = cut(s, values, b->n);
	out_buf_printf(b, "%.*s\n", STR_ARG(shown));
	fwrite(b->p, 1, b->n, s->out);
}

void watch_line(struct session *s, const struct program_action *a, const struct out_value *args)
{
	struct watched *w = &s->watched;
	struct out_buf values = { 0 };
	uint64_t when = number(args, a->line.when) + s->env.clocks.to_wall[OUT_CLOCK_BOOT];
	bool is_over = a->top && w->n_lines >= a->top; // others were on their way
	s->is_call = s->is_bare = true;
	if (a->line.args >= 0)
		out_value_text(&s->env, args[a->line.args], &values);
	s->is_call = s->is_bare = false;
	struct out_buf func = { 0 };
	out_value_text(&s->env, args[a->line.func], &func);
	struct str place = a->text.len ? a->text : out_buf_view(&func);
	if (!is_over && (!a->is_changed || has_changed(s, a, args, out_buf_view(&values)))) {
		if (s->o->is_json)
			put_json(s, a, args, place, when);
		else
			put_line(s, a, args, &values, place, when);
		w->n_lines++;
	}
	s->is_over |= a->top && w->n_lines >= a->top;
	out_buf_free(&values);
	out_buf_free(&func);
}
