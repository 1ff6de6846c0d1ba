// SPDX-License-Identifier: Apache-2.0
// table(@m): on a terminal each one is drawn over the one before.
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "run/internal.h"

// --- functions that were not called ---

static bool is_by_func(const struct program_map *m)
{
	const enum name_of *what = m->out_key ? m->out_key->meaning : NULL;
	return m->out_key && m->out_key->kind == OUT_NAME && what && *what == NAME_TEXT;
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
	if (!is_by_func(m))
		return;
	uint64_t n = mark_functions(s, is_func);
	for (size_t i = 0; i < t->map->n_rows; i++) {
		uint64_t name = 0;
		struct bytes key = t->map->rows[i].key;
		memcpy(&name, key.p, MIN(key.len, sizeof(name)));
		if (name >= s->p->n_names || !is_func[name])
			return;
	}
	t->has_others = true;
	t->n_others = n - t->map->n_rows;
}

// --- drawing ---

static bool is_terminal(const struct session *s)
{
	const char *kind = getenv("TERM");
	return isatty(fileno(s->out)) && kind && strcmp(kind, "dumb") != 0;
}

// While it goes on a table must fit on the screen; in the end all of it is told.
static void fit(const struct session *s, struct out_table *t)
{
	struct winsize size = { 0 };
	if (s->is_ending || ioctl(fileno(s->out), TIOCGWINSZ, &size) < 0)
		return;
	t->max_lines = size.ws_row;
	t->max_width = size.ws_col;
}

static size_t n_lines(const char *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static void draw(struct session *s, const struct program_map *m, const struct out_table *t)
{
	char *text = NULL;
	size_t len = 0;
	bool is_screen = is_terminal(s);
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
	s->drawn_lines = n_lines(text, len);
	free(text);
}

struct err *map_table(struct session *s, const struct program_map *m, struct str title)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct out_map rows;
	TRY(map_read(s, m, a, &rows));
	struct out_table t = { .map = &rows, .title = title };
	count_others(s, m, &t, a);
	if (s->o->is_json) {
		out_table_json(&s->env, &t, s->out);
		return NULL;
	}
	if (is_terminal(s))
		fit(s, &t);
	draw(s, m, &t);
	return NULL;
}
