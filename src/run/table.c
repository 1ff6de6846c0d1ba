// SPDX-License-Identifier: Apache-2.0
// table(@m): on a terminal each one is drawn over the one before.
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "run/internal.h"

// --- functions that were not called ---

// The part of a map's key that is a function's name; NULL: none is.
static const struct out_type *func_type(const struct program_map *m)
{
	const struct out_type *t = m->out_key;
	if (t && t->kind == OUT_TUPLE && t->n_fields)
		t = t->fields[0].type;
	const enum name_of *what = t ? t->meaning : NULL;
	return t && t->kind == OUT_NAME && what && *what == NAME_TEXT ? t : NULL;
}

// Its number in program.names. It is the first thing in a key.
static uint64_t func_of(const struct out_row *row)
{
	uint64_t name = 0;
	memcpy(&name, row->key.p, MIN(row->key.len, sizeof(name)));
	return name;
}

// Marks the names of all functions that are probed; returns how many there are.
static uint64_t mark_functions(const struct session *s, bool *is_func)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s->p->n_parts; i++) {
		const struct program_part *part = s->p->parts[i];
		if (!kind_is_uprobe(part->kind) || part->is_call_entry)
			continue;
		for (uint32_t k = 0; k < part->n_sites; k++) {
			uint64_t name = s->p->sites[part->first_site + k].func_name;
			n += !is_func[name];
			is_func[name] = true;
		}
	}
	return n;
}

// Of a map by `func`. By `probe` it looks the same, but for what the names are.
static void count_others(const struct session *s, const struct program_map *m, struct out_table *t,
			 struct arena *a)
{
	bool *is_func = ARENA_ARRAY(a, bool, s->p->n_names);
	bool *is_called = ARENA_ARRAY(a, bool, s->p->n_names);
	if (!func_type(m))
		return;
	uint64_t n = mark_functions(s, is_func);
	for (size_t i = 0; i < t->map->n_rows; i++) {
		uint64_t name = func_of(&t->map->rows[i]);
		if (name >= s->p->n_names || !is_func[name])
			return;
		n -= !is_called[name];
		is_called[name] = true;
	}
	t->has_others = true;
	t->n_others = n;
}

// --- times ---

static uint64_t now_ns(void)
{
	struct timespec t = { 0 };
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct times_seen *seen_of(struct session *s, const struct program_map *m)
{
	for (size_t i = 0; i < s->times.n; i++)
		if (s->times.v[i].map == m)
			return &s->times.v[i];
	struct times_seen seen = { .map = m, .ns = s->begin_ns };
	VEC_PUSH(s->arena, &s->times, seen);
	return &s->times.v[s->times.n - 1];
}

// Which functions return an error, so that it is known how many calls of them have failed.
static void find_failing(const struct session *s, const struct program_map *m, struct out_map *rows,
			 struct arena *a)
{
	bool *can_fail = ARENA_ARRAY(a, bool, s->p->n_names);
	for (size_t i = 0; i < s->p->n_parts; i++) {
		const struct program_part *part = s->p->parts[i];
		for (uint32_t k = 0; part->knows_failed && k < part->n_sites; k++)
			can_fail[s->p->sites[part->first_site + k].func_name] = true;
	}
	for (size_t i = 0; func_type(m) && i < rows->n_rows; i++) {
		uint64_t name = func_of(&rows->rows[i]);
		rows->rows[i].cannot_fail = name < s->p->n_names && !can_fail[name];
	}
}

static uint64_t key_hash(const struct out_row *row)
{
	return str_hash((struct str) { (const char *)row->key.p, row->key.len });
}

// How many calls there were since the last time; at the end, all of them count.
static void compare_with_before(struct session *s, const struct program_map *m, struct out_table *t)
{
	struct times_seen *seen = seen_of(s, m);
	struct arena *before = seen->arena;
	struct map calls = seen->calls;
	uint64_t now = s->is_ending ? s->end_ns : now_ns();
	t->ns = now - (s->is_ending ? s->begin_ns : seen->ns);
	seen->ns = now;
	seen->arena = arena_new();
	seen->calls = map_init(seen->arena);
	for (size_t i = 0; i < t->map->n_rows; i++) {
		struct out_row *row = &t->map->rows[i];
		const uint64_t *n = before ? map_get(&calls, key_hash(row)) : NULL;
		row->n_before = n && !s->is_ending ? *n : 0;
		uint64_t *have = ARENA_NEW(seen->arena, uint64_t);
		*have = out_times_calls(row->value);
		map_put(&seen->calls, key_hash(row), have);
	}
	arena_free(before);
}

void tables_free(struct session *s)
{
	for (size_t i = 0; i < s->times.n; i++)
		arena_free(s->times.v[i].arena);
}

void tables_begin(struct session *s)
{
	s->begin_ns = now_ns();
}

void tables_end(struct session *s)
{
	s->end_ns = now_ns();
}

// --- drawing ---

static bool is_terminal(const struct session *s)
{
	const char *kind = getenv("TERM");
	return isatty(fileno(s->o->out)) && kind && strcmp(kind, "dumb") != 0;
}

// The command of -c writes to the same terminal: what it has written since the last table would be
// wiped with that.
static bool is_shared(struct session *s)
{
	struct stat ours, its;
	char path[64];
	if (!s->o->child || fstat(fileno(s->o->out), &ours) < 0)
		return false;
	for (int fd = 1; fd <= 2 && !s->is_shared; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", child_pid(s->o->child), fd);
		s->is_shared = stat(path, &its) == 0 && its.st_dev == ours.st_dev &&
			       its.st_ino == ours.st_ino;
	}
	return s->is_shared; // also when it has ended
}

// While it goes on a table must fit on the screen; in the end all of it is told.
static void fit(const struct session *s, struct out_table *t)
{
	struct winsize size = { 0 };
	if (s->is_ending || ioctl(fileno(s->o->out), TIOCGWINSZ, &size) < 0)
		return;
	t->max_lines = size.ws_row;
	t->max_width = size.ws_col;
}

// On a screen of that width, where longer lines go on in the next one; 0: any.
static size_t n_lines(const char *text, size_t len, size_t width)
{
	size_t n = 0, column = 0;
	for (size_t i = 0; i < len; i++) {
		bool is_end = text[i] == '\n';
		bool is_first = ((unsigned char)text[i] & 0xc0) != 0x80;
		n += is_end || (width && is_first && column == width);
		column = is_end ? 0 : width && column == width ? 1 : column + is_first;
	}
	return n;
}

static void draw(struct session *s, const struct program_map *m, const struct out_table *t)
{
	char *text = NULL;
	size_t len = 0;
	bool is_screen = is_terminal(s) && !is_shared(s);
	FILE *f = open_memstream(&text, &len);
	if (!f)
		abort();
	out_table_text(&s->env, t, f);
	fclose(f);
	if (is_screen && s->drawn == m)
		fprintf(s->out, "\r\033[%zuA\033[J", s->drawn_lines);
	else if (s->drawn)
		fputc('\n', s->out); // an empty line between two
	fwrite(text, 1, len, s->out);
	s->drawn = m;
	s->drawn_lines = n_lines(text, len, t->max_width);
	free(text);
}

struct err *map_table(struct session *s, const struct program_map *m, struct str title)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct out_map rows;
	TRY(map_read(s, m, a, &rows));
	struct out_table t = { .map = &rows, .title = title, .has_commas = is_terminal(s) };
	count_others(s, m, &t, a);
	if (m->agg == AGG_TIMES) {
		find_failing(s, m, &rows, a);
		compare_with_before(s, m, &t);
	}
	if (s->o->is_json) {
		out_table_json(&s->env, &t, s->out);
		return NULL;
	}
	if (is_terminal(s))
		fit(s, &t);
	draw(s, m, &t);
	return NULL;
}
