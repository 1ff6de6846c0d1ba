// SPDX-License-Identifier: Apache-2.0
// stoat stacks: who calls a function.
#include "cli/tracing.h"

// So many different ones are kept: as many as there is room for their addresses.
#define STACKS_MAX 16384u

struct stacks_options {
	bool is_folded;
	const char *svg;
};

static struct err *check(struct tracing *t, const struct stacks_options *o)
{
	if (o->svg && (o->is_folded || t->is_json))
		return command_usage(t->self, "--svg excludes --folded and -f json");
	if (o->svg && t->output.path && !t->prints_script)
		return command_usage(t->self, "--svg says where the output goes: -o is too much");
	return NULL;
}

static void put_end(struct tracing *t, const struct stacks_options *o)
{
	struct out_buf *b = &t->script;
	const char *name = o->svg ? "flame" : o->is_folded ? "folded" : "stacks";
	out_buf_printf(b, "\nEND { %s(@calls", name);
	if (o->svg) {
		out_buf_str(b, STR(", "));
		tracing_quoted(t, arena_printf(t->arena, "who calls %.*s", STR_ARG(t->title)));
	}
	out_buf_str(b, STR("); }\n"));
}

static struct err *stacks(struct tracing *t, const struct stacks_options *o, int *status)
{
	TRY(check(t, o));
	if (o->svg && !t->prints_script)
		t->output.path = o->svg;
	tracing_head(t);
	tracing_probes(t, "uprobe");
	out_buf_printf(&t->script, " {\n\t@calls[ustack%s] = count();\n}\n",
		       tracing_knows_goroutines(t) ? ", gosite" : "");
	put_end(t, o);
	return tracing_run(t, status);
}

struct err *stacks_run(const struct command *self, int argc, char **argv, int *status)
{
	struct tracing t = { .self = self, .n_keys = STACKS_MAX };
	struct stacks_options o = { 0 };
	const struct option table[] = {
		{ 0, "folded", OPTION_FLAG, NULL, "a line a stack: main;f;g 12", &o.is_folded },
		{ 0, "svg", OPTION_TEXT, "FILE", "write a flame graph there, for any browser",
		  &o.svg },
		TRACING_OPTIONS(&t),
	};
	bool is_done = false;
	struct err *e = tracing_begin(&t, table, ARRAY_LEN(table), argc, argv, &is_done);
	if (!e && !is_done)
		e = stacks(&t, &o, status);
	tracing_end(&t);
	return e;
}
