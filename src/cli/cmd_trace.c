// SPDX-License-Identifier: Apache-2.0
// stoat trace: every call, with its arguments, results and duration.
#include "base/log.h"
#include "cli/tracing.h"

// Of arguments and results: what a handler gets must stay readable.
#define DEPTH_USUAL "2"

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
	if (o->is_tree && o->has_stack)
		return command_usage(t->self, "--tree and --stack exclude each other");
	if (o->chrome && (o->is_entry || t->is_json))
		return command_usage(t->self, "--chrome excludes --entry and -f json");
	if (o->chrome && o->has_stack)
		return command_usage(t->self, "--chrome and --stack exclude each other");
	if (o->chrome && t->output.path && !t->prints_script)
		return command_usage(t->self,
				     "--chrome says where the output goes: -o is too much");
	if (o->limit && (!str_to_u64(str_from(o->limit), &o->n_calls) || !o->n_calls))
		return err_new(ERR_USAGE, "--limit takes a number of calls, not '%s'", o->limit);
	return NULL;
}

// --- what was typed ---

// By itself: inside of the script it could end what is around it. *is_fine: else what is wrong has
// been said.
static void check_where(struct tracing *t, const char *where, bool *is_fine)
{
	struct diag *d = diag_new(t->arena);
	uint32_t source = diag_add_source(d, STR("--where"), str_from(where));
	*is_fine = script_is_condition(t->arena, source, d);
	diag_tell(d, true, stderr);
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_letter =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
		if (!is_letter && (!i || c < '0' || c > '9'))
			return false;
	}
	return s.len > 0;
}

static struct str next_name(const char **list)
{
	struct str name = { *list, strcspn(*list, ",") };
	*list += name.len + ((*list)[name.len] == ',');
	while (name.len && name.p[0] == ' ')
		name = str_from_off(name, 1);
	while (name.len && name.p[name.len - 1] == ' ')
		name.len--;
	return name;
}

static bool is_listed(const char *list, struct str name)
{
	for (struct str other; *list && (other = next_name(&list)).p != name.p;)
		if (str_eq(other, name))
			return true;
	return false;
}

static struct err *check_args(const char *list)
{
	const char *all = list;
	do {
		struct str name = next_name(&list);
		if (is_listed(all, name))
			return err_new(ERR_USAGE, "--args names '%.*s' twice", STR_ARG(name));
		if (!is_name(name))
			return err_new(ERR_USAGE,
				       "--args takes names of parameters, like a,b; not '%.*s'",
				       STR_ARG(name));
	} while (*list);
	return NULL;
}

// --- the script ---

// "(a=args.a, b=args.b)" of "a,b".
static void put_args(struct tracing *t, const char *all)
{
	struct out_buf *b = &t->script;
	const char *before = "(", *list = all;
	while (*list) {
		struct str name = next_name(&list);
		out_buf_printf(b, "%s%.*s=args.", before, STR_ARG(name));
		tracing_excerpt(t, "--args", all, name);
		before = ", ";
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
	if (o->has_stack)
		out_buf_str(b, tracing_knows_goroutines(t) ? STR(", ustack, gosite")
							   : STR(", ustack"));
	out_buf_str(b, STR(");"));
}

static void put_body(struct tracing *t, const struct trace_options *o)
{
	struct out_buf *b = &t->script;
	const char *indent = o->where ? "\t\t" : "\t";
	out_buf_str(b, STR("\n{\n"));
	if (o->where) {
		out_buf_str(b, STR("\tif ("));
		tracing_excerpt(t, "--where", o->where, str_from(o->where));
		out_buf_str(b, STR(") {\n"));
	}
	if (o->n_calls) {
		out_buf_printf(b, "%s$n = @n++;\n%sif ($n < %s) { ", indent, indent, o->limit);
		put_call(t, o);
		out_buf_printf(b, " }\n%sif ($n + 1 >= %s) { exit(); }\n", indent, o->limit);
	} else {
		out_buf_str(b, str_from(indent));
		put_call(t, o);
		out_buf_str(b, STR("\n"));
	}
	// A tree has to know that they are over.
	if (o->where)
		out_buf_str(b, o->is_tree || o->chrome ? STR("\t} else { returned(); }\n}\n")
						       : STR("\t}\n}\n"));
	else
		out_buf_str(b, STR("}\n"));
}

static void put_settings(struct tracing *t, const struct trace_options *o)
{
	if (!t->depth)
		t->depth = DEPTH_USUAL;
	// Of calls that are still open at the end nothing is known but that they are.
	if (!o->where && !o->n_calls && !o->is_entry)
		tracing_setting(t, "open_calls", "1");
	// Nor is a result of those that have none.
	if (!o->where && !o->is_entry)
		tracing_setting(t, "ended_calls", "1");
	if (o->is_tree)
		tracing_setting(t, "call_view", "tree");
	if (o->chrome)
		tracing_setting(t, "call_view", "chrome");
}

// Once, and not where a script that somebody reads is printed.
static void tell_missing(struct tracing *t, const struct trace_options *o)
{
	struct str missing = target_missing(t->target);
	if (missing.len && !o->has_no_args && !t->prints_script && !t->is_quiet)
		log_note("arguments are words, as they are passed: %.*s", STR_ARG(missing));
}

static struct err *trace(struct tracing *t, struct trace_options *o, int *status)
{
	bool is_fine = true;
	TRY(check(t, o));
	if (o->args)
		TRY(check_args(o->args));
	if (o->where)
		check_where(t, o->where, &is_fine);
	if (!is_fine) {
		*status = EXIT_USAGE;
		return NULL;
	}
	if (o->chrome && !t->prints_script)
		t->output.path = o->chrome;
	tell_missing(t, o);
	put_settings(t, o);
	tracing_head(t);
	if ((o->is_tree || o->chrome) && target_is_go(t->target))
		tracing_one_probe(t, "uretprobe", "runtime.newproc1", " { started(); }\n");
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
		RETURN_OPTIONS(&t),
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
