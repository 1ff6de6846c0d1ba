// SPDX-License-Identifier: Apache-2.0
// stoat show: all that is known of a function.
#include <inttypes.h>

#include "base/log.h"
#include "cli/show.h"

struct show_options {
	bool help;
	bool verbose;
	bool json;
	bool with_asm;
	const char *output;
	const char *debug_dir;
};

// --- which functions are meant ---

static struct str last_component(struct str name)
{
	return str_from_off(name, (size_t)(str_rfind_byte(name, '.') + 1));
}

static struct err *many_match(struct target *t, const char *word, const struct target_matches *m)
{
	struct err *e = err_new(ERR_NOTFOUND,
				"'%s' names %zu functions in %s; give one in full, or a pattern",
				word, m->n, target_name(t));
	size_t shown = MIN(m->n, (size_t)5);
	for (size_t i = 0; i < shown; i++)
		e = err_note(e, "  %.*s", STR_ARG(m->v[i]->name));
	return m->n > shown ? err_note(e, "  and %zu more", m->n - shown) : e;
}

// A plain word that is the last component of just one function's name means that function.
static struct err *match_last_component(struct target *t, const char *word,
					struct target_matches *m)
{
	const struct target_func *v;
	size_t n, kept = 0;
	TRY(target_funcs(t, &v, &n));
	TRY(target_match(t, NULL, 0, m));
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(last_component(m->v[i]->name), str_from(word)))
			m->v[kept++] = m->v[i];
	m->n = kept;
	if (kept == 0)
		return target_no_match(t, word);
	return kept > 1 ? many_match(t, word, m) : NULL;
}

static struct err *show_one(struct target *t, const struct target_func *f,
			    const struct show_options *o, FILE *out)
{
	AUTO(arena_autofree) struct arena *arena = arena_new();
	struct target_info *info;
	TRY(target_info(t, f, arena, &info));
	if (o->json)
		show_json(t, info, o->with_asm, out);
	else
		show_text(t, info, o->with_asm, o->verbose, out);
	return NULL;
}

static struct err *show_inlined(struct target *t, const char *name, const struct show_options *o,
				FILE *out)
{
	AUTO(arena_autofree) struct arena *arena = arena_new();
	struct target_info *info;
	TRY(target_find_inlined(t, str_from(name), arena, &info));
	if (o->json)
		show_json(t, info, false, out);
	else
		show_inlined_text(t, info, out);
	return NULL;
}

static struct err *show_pattern(struct target *t, const char *pattern, bool *is_first,
				const struct show_options *o, FILE *out)
{
	struct target_matches m;
	TRY(target_match(t, &pattern, 1, &m));
	if (!*is_first && !o->json)
		fputc('\n', out);
	*is_first = false;
	if (m.n == 0) {
		struct err *e = show_inlined(t, pattern, o, out);
		if (!e || !err_catch(&e, ERR_NOTFOUND))
			return e;
		TRY(match_last_component(t, pattern, &m));
	}
	for (size_t i = 0; i < m.n; i++) {
		if (i && !o->json)
			fputc('\n', out);
		TRY(show_one(t, m.v[i], o, out));
	}
	return NULL;
}

static struct err *show(struct target *t, size_t n, char **patterns, const struct show_options *o)
{
	FILE *out;
	TRY(output_open(o->output, &out));
	struct err *e = NULL;
	bool is_first = true;
	for (size_t i = 0; i < n && !e; i++)
		e = show_pattern(t, patterns[i], &is_first, o, out);
	struct err *closing = output_close(out);
	struct str damage = target_damage(t);
	if (damage.len)
		log_warn("%.*s", STR_ARG(damage));
	if (e) {
		err_free(closing);
		return e;
	}
	return closing;
}

struct err *show_run(const struct command *self, int argc, char **argv)
{
	struct show_options o = { 0 };
	const struct option table[] = {
		{ 'a', "asm", OPTION_FLAG, NULL, "add the disassembly, probe sites marked",
		  &o.with_asm },
		{ 'v', "verbose", OPTION_FLAG, NULL,
		  "add the variables of inlined calls and every copy", &o.verbose },
		{ 'f', "format", OPTION_FORMAT, "text|json", "json: one object a line", &o.json },
		{ 'o', "output", OPTION_TEXT, "FILE", "write there instead of to stdout",
		  &o.output },
		{ 0, "debuginfo", OPTION_TEXT, "DIR", "look for separate debug files there first",
		  &o.debug_dir },
		{ 'h', "help", OPTION_FLAG, NULL, "print this", &o.help },
	};
	size_t n;
	TRY(options_parse(table, ARRAY_LEN(table), argc, argv, &n));
	if (o.help) {
		command_help(self, table, ARRAY_LEN(table));
		return NULL;
	}
	if (n == 0)
		return command_usage(self, "no target given");
	if (n == 1)
		return command_usage(self, "no function given");
	struct target *t;
	TRY(target_open(argv[0], o.debug_dir, &t));
	struct err *e = show(t, n - 1, argv + 1, &o);
	target_close(t);
	return e;
}
