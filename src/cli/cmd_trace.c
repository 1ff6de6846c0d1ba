// SPDX-License-Identifier: Apache-2.0
// stoat trace: every call, with its arguments, results and duration.
#include "cli/tracing.h"

struct trace_options {
	bool is_entry, has_stack, has_no_args, is_tree;
	const char *where, *limit, *args, *chrome;
	uint64_t n_calls; // of --limit; 0: no limit
};

static struct err *check(struct tracing *t, struct trace_options *o)
{
	if (o->has_no_args && o->args)
		return command_usage(t->self, "--args and --no-args exclude each other");
	if (o->is_tree && (o->is_entry || o->chrome || t->is_json))
		return command_usage(t->self, "--tree excludes --entry, --chrome and -f json");
	if (o->chrome && (o->is_entry || t->is_json))
		return command_usage(t->self, "--chrome excludes --entry and -f json");
	if (o->chrome && t->output.path && !t->prints_script)
		return command_usage(t->self,
				     "--chrome says where the output goes: -o is too much");
	if (o->limit && (!str_to_u64(str_from(o->limit), &o->n_calls) || !o->n_calls))
		return err_new(ERR_USAGE, "--limit takes a number of calls, not '%s'", o->limit);
	return NULL;
}

// "(a=args.a, b=args.b)" of "a,b".
static void put_args(struct tracing *t, const char *list)
{
	struct out_buf *b = &t->script;
	const char *before = "(";
	while (*list) {
		size_t n = strcspn(list, ",");
		out_buf_printf(b, "%s%.*s=args.%.*s", before, (int)n, list, (int)n, list);
		before = ", ";
		list += n + (list[n] == ',');
	}
	out_buf_str(b, STR(")"));
}

static void put_call(struct tracing *t, const struct trace_options *o)
{
	struct out_buf *b = &t->script;
	out_buf_str(b, STR("call("));
	if (o->has_no_args)
		out_buf_str(b, STR("0"));
	else if (o->args)
		put_args(t, o->args);
	else if (o->has_stack)
		out_buf_str(b, STR("args"));
	out_buf_str(b, o->has_stack ? STR(", ustack);") : STR(");"));
}

static void put_body(struct tracing *t, const struct trace_options *o)
{
	struct out_buf *b = &t->script;
	const char *indent = o->where ? "\t\t" : "\t";
	out_buf_str(b, STR("\n{\n"));
	if (o->where)
		out_buf_printf(b, "\tif (%s) {\n", o->where);
	if (o->n_calls) {
		out_buf_printf(b, "%s$n = @n++;\n%sif ($n < %s) { ", indent, indent, o->limit);
		put_call(t, o);
		out_buf_printf(b, " }\n%sif ($n + 1 >= %s) { exit(); }\n", indent, o->limit);
	} else {
		out_buf_str(b, str_from(indent));
		put_call(t, o);
		out_buf_str(b, STR("\n"));
	}
	out_buf_str(b, o->where ? STR("\t}\n}\n") : STR("}\n"));
}

static struct err *trace(struct tracing *t, struct trace_options *o, int *status)
{
	TRY(check(t, o));
	if (o->chrome && !t->prints_script)
		t->output.path = o->chrome;
	if (o->is_tree)
		tracing_setting(t, "call_view", "tree");
	if (o->chrome)
		tracing_setting(t, "call_view", "chrome");
	tracing_head(t);
	if ((o->is_tree || o->chrome) && target_is_go(t->target))
		tracing_one_probe(t, "uretprobe", "runtime.newproc1", " { started(); }\n");
	if (o->is_tree || o->chrome) {
		tracing_probes(t, "uprobe");
		out_buf_str(&t->script, STR("\n{\n\tcall(0);\n}\n"));
	}
	tracing_probes(t, o->is_entry ? "uprobe" : "uretprobe");
	put_body(t, o);
	return tracing_run(t, status);
}

struct err *trace_run(const struct command *self, int argc, char **argv, int *status)
{
	struct tracing t = { .self = self };
	struct trace_options o = { 0 };
	const struct option table[] = {
		{ 'w', "where", OPTION_TEXT, "CONDITION",
		  "only calls for which it is true: 'duration > 50ms || retval.err != nil'",
		  &o.where },
		{ 'n', "limit", OPTION_TEXT, "N", "end after so many calls", &o.limit },
		{ 0, "entry", OPTION_FLAG, NULL, "when they begin, without results", &o.is_entry },
		{ 0, "tree", OPTION_FLAG, NULL, "calls inside of those that make them",
		  &o.is_tree },
		{ 's', "stack", OPTION_FLAG, NULL, "with the stack", &o.has_stack },
		{ 0, "args", OPTION_TEXT, "A,B", "only these arguments", &o.args },
		{ 0, "no-args", OPTION_FLAG, NULL, "no arguments", &o.has_no_args },
		{ 0, "chrome", OPTION_TEXT, "FILE",
		  "write a trace there for Perfetto and chrome://tracing", &o.chrome },
		VALUE_OPTIONS(&t),
		TRACING_OPTIONS(&t),
	};
	bool is_done = false;
	struct err *e = tracing_begin(&t, table, ARRAY_LEN(table), argc, argv, &is_done);
	if (!e && !is_done)
		e = trace(&t, &o, status);
	tracing_end(&t);
	return e;
}
