// SPDX-License-Identifier: Apache-2.0
// stoat show: all that is known of a function.
#include <inttypes.h>

#include "cli/show.h"

struct show_options {
	bool help;
	bool verbose;
	bool json;
	bool with_asm;
	struct output output;
	const char *debug_dir;
};

// --- which functions are meant ---

// What is to be shown: functions with code, or one that exists in inlined copies only.
struct subject {
	struct target_matches funcs;
	struct target_info *inlined; // NULL: funcs
};

static struct err *resolve(struct target *t, const char *word, struct arena *arena,
			   struct subject *out)
{
	*out = (struct subject) { 0 };
	TRY(target_match(t, &word, 1, &out->funcs));
	if (out->funcs.n)
		return NULL;
	struct err *e = target_find_inlined(t, str_from(word), arena, &out->inlined);
	if (!e || !err_catch(&e, ERR_NOTFOUND))
		return e;
	TRY(target_match_last(t, word, &out->funcs));
	if (out->funcs.n == 0)
		return target_no_match(t, word);
	return out->funcs.n > 1 ? target_many_match(t, word, &out->funcs) : NULL;
}

// --- showing them ---

static struct err *show_one(struct target *t, const struct target_func *f, struct arena *arena,
			    const struct show_options *o, FILE *out)
{
	struct target_info *info;
	arena_clear(arena);
	TRY(target_info(t, f, arena, &info));
	if (o->json)
		show_json(t, info, o->with_asm, out);
	else
		show_text(t, info, o->with_asm, o->verbose, out);
	return NULL;
}

static struct err *show_subject(struct target *t, const struct subject *s, bool is_first,
				const struct show_options *o, FILE *out)
{
	AUTO(arena_autofree) struct arena *arena = arena_new();
	const char *gap = o->json ? "" : "\n";
	if (!is_first)
		fputs(gap, out);
	if (s->inlined && o->json)
		show_json(t, s->inlined, false, out);
	else if (s->inlined)
		show_inlined_text(t, s->inlined, out);
	for (size_t i = 0; i < s->funcs.n; i++) {
		if (i)
			fputs(gap, out);
		TRY(show_one(t, s->funcs.v[i], arena, o, out));
	}
	return NULL;
}

// Nothing is written before all names are known to mean something.
static struct err *show(struct target *t, size_t n, char **words, struct show_options *o)
{
	AUTO(arena_autofree) struct arena *arena = arena_new();
	struct subject *subjects = ARENA_ARRAY(arena, struct subject, n);
	FILE *out;
	for (size_t i = 0; i < n; i++)
		TRY(resolve(t, words[i], arena, &subjects[i]));
	o->output.target = target_path(t);
	TRY(output_open(&o->output, &out));
	struct err *e = NULL;
	for (size_t i = 0; i < n && !e; i++)
		e = show_subject(t, &subjects[i], i == 0, o, out);
	return output_end(&o->output, t, e);
}

struct err *show_run(const struct command *self, int argc, char **argv, int *status)
{
	(void)status;
	struct show_options o = { 0 };
	const struct option table[] = {
		{ 'a', "asm", OPTION_FLAG, NULL, "add the disassembly, probe sites marked",
		  &o.with_asm },
		{ 'v', "verbose", OPTION_FLAG, NULL,
		  "add the variables of inlined calls and every copy", &o.verbose },
		{ 'f', "format", OPTION_FORMAT, "text|json", "json: one object a line", &o.json },
		{ 'o', "output", OPTION_TEXT, "FILE", "write there instead of to stdout",
		  &o.output.path },
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
