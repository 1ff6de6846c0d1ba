// SPDX-License-Identifier: Apache-2.0
// stoat time: how long calls take.
#include <unistd.h>

#include "cli/tracing.h"

// Several names may stand for one function, and be probed one after another.
#define KEYS_SPARE 16u

struct time_options {
	const char *interval, *by;
	bool has_no_hist;
};

// A table that is drawn again and again: where somebody looks at it.
static const char *usual_interval(const struct tracing *t)
{
	bool is_seen = isatty(STDOUT_FILENO) && !t->output.path && !t->is_json;
	return is_seen ? "1s" : NULL;
}

static void put_body(struct tracing *t, const struct time_options *o)
{
	struct out_buf *b = &t->script;
	out_buf_str(b, STR(" {\n\t@time[func"));
	if (o->by)
		out_buf_printf(b, ", %s", o->by);
	out_buf_str(b, STR("] = times(duration, failed);\n}\n"));
}

// Every value takes memory on every CPU: there is one for each function, not more.
static void set_room(struct tracing *t, const struct time_options *o)
{
	size_t n = t->n_funcs + KEYS_SPARE;
	if (!o->by)
		tracing_setting(t, "max_map_keys", arena_printf(t->arena, "%zu", n).p);
}

static struct err *time_calls(struct tracing *t, struct time_options *o, int *status)
{
	const char *interval = o->interval ? o->interval : usual_interval(t);
	// Goroutines of several processes have the same numbers.
	bool has_pid = o->by && strcmp(o->by, "goid") == 0 && !t->pid && !t->command;
	if (has_pid)
		o->by = "pid, goid";
	const char *by = o->by ? o->by : "";
	struct str title = arena_printf(t->arena, "function%s%s", *by ? ", " : "", by);
	set_room(t, o);
	tracing_head(t);
	tracing_probes(t, "uretprobe");
	put_body(t, o);
	size_t start = t->script.n;
	out_buf_str(&t->script, STR("table(@time, "));
	tracing_quoted(t, title);
	out_buf_str(&t->script, STR(");"));
	struct str show = arena_strdup(t->arena, str_from_off(out_buf_view(&t->script), start));
	t->script.n = start;
	if (interval)
		TRY(tracing_tables(t, interval, show.p));
	out_buf_printf(&t->script, "\nEND { %.*s%s }\n", STR_ARG(show),
		       o->has_no_hist ? "" : " print(@time);");
	return tracing_run(t, status);
}

struct err *time_run(const struct command *self, int argc, char **argv, int *status)
{
	struct tracing t = { .self = self };
	struct time_options o = { 0 };
	const struct option table[] = {
		{ 'i', "interval", OPTION_TEXT, "DURATION",
		  "print the table so often: 1s (which it is on a terminal), 500ms", &o.interval },
		{ 0, "by", OPTION_TEXT, "KEY", "a line for each goid, gofunc or args.x", &o.by },
		{ 0, "no-hist", OPTION_FLAG, NULL, "no histograms at the end", &o.has_no_hist },
		RETURN_OPTIONS(&t),
		TRACING_OPTIONS(&t),
	};
	bool is_done = false;
	struct err *e = tracing_begin(&t, table, ARRAY_LEN(table), argc, argv, &is_done);
	if (!e && !is_done)
		e = time_calls(&t, &o, status);
	tracing_end(&t);
	return e;
}
