// SPDX-License-Identifier: Apache-2.0
// stoat count: calls per function.
#include "cli/tracing.h"

#define SHOW "table(@calls, \"function\");"

static struct err *count(struct tracing *t, const char *interval, int *status)
{
	tracing_head(t);
	tracing_probes(t, "uprobe");
	out_buf_str(&t->script, STR(" {\n\t@calls[func] = count();\n}\n"));
	if (interval)
		TRY(tracing_tables(t, interval, SHOW));
	out_buf_str(&t->script, STR("\nEND { " SHOW " }\n"));
	return tracing_run(t, status);
}

struct err *count_run(const struct command *self, int argc, char **argv, int *status)
{
	struct tracing t = { .self = self };
	const char *interval = NULL;
	const struct option table[] = {
		{ 'i', "interval", OPTION_TEXT, "DURATION", "print the table so often: 1s, 500ms",
		  &interval },
		TRACING_OPTIONS(&t),
	};
	bool is_done = false;
	struct err *e = tracing_begin(&t, table, ARRAY_LEN(table), argc, argv, &is_done);
	if (!e && !is_done)
		e = count(&t, interval, status);
	tracing_end(&t);
	return e;
}
