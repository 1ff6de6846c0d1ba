// SPDX-License-Identifier: Apache-2.0
// Functions: one table says what each is called, takes and needs. What a call means in detail is in
// calls.c (values), actions.c (what is done outside) and aggs.c (aggregations).
#include "check/checker.h"

// KEEP IN ORDER: enum function says what code/ makes of each.
static const struct function_info functions[] = {
	// values
	{ "str", "str(address [, size])", 1, 2, FUNCTION_STR, FUNCTION_RAW_ARGS, check_str, 0,
	  "the text at an address" },
	{ "buf", "buf(address [, size])", 1, 2, FUNCTION_BUF, FUNCTION_KEEPS_ARRAYS, check_buf, 0,
	  "the bytes at an address" },
	{ "usym", "usym(address)", 1, 1, FUNCTION_USYM, 0, check_symbol, 0,
	  "the function at an address of the program" },
	{ "ksym", "ksym(address)", 1, 1, FUNCTION_KSYM, 0, check_symbol, 0,
	  "the function at an address of the kernel" },
	{ "uaddr", "uaddr(\"symbol\")", 1, 1, FUNCTION_FAIL, FUNCTION_RAW_ARGS, check_uaddr, 0,
	  "the address of a symbol of the program" },
	{ "strncmp", "strncmp(a, b, n)", 3, 3, FUNCTION_STRNCMP, 0, check_strncmp, 0,
	  "0 if the first n characters are the same" },
	{ "strcontains", "strcontains(text, part)", 2, 2, FUNCTION_STRCONTAINS, 0,
	  check_strcontains, 0, "whether part is in text" },
	{ "strstr", "strstr(text, part)", 2, 2, FUNCTION_STRSTR, 0, check_strcontains, 0,
	  "where part begins in text, or -1" },
	{ "strlen", "strlen(text)", 1, 1, FUNCTION_STRLEN, 0, check_strlen, 0,
	  "how many characters a text has" },
	{ "memcmp", "memcmp(a, b, n)", 3, 3, FUNCTION_MEMCMP, FUNCTION_KEEPS_ARRAYS, check_memcmp,
	  0, "0 if n bytes are the same" },
	{ "strftime", "strftime(format, nsecs)", 2, 2, FUNCTION_STRFTIME, FUNCTION_RAW_ARGS,
	  check_strftime, 0, "a time as a text" },
	{ "ntop", "ntop([family,] address)", 1, 2, FUNCTION_NTOP, FUNCTION_KEEPS_ARRAYS, check_ntop,
	  0, "an internet address as a text" },
	{ "macaddr", "macaddr(bytes)", 1, 1, FUNCTION_MACADDR, FUNCTION_KEEPS_ARRAYS, check_macaddr,
	  0, "a hardware address as a text" },
	{ "bswap", "bswap(number)", 1, 1, FUNCTION_BSWAP, 0, check_bswap, 0,
	  "the bytes of a number the other way round" },
	{ "signal", "signal(number)", 1, 1, FUNCTION_SIGNAL, FUNCTION_IS_UNSAFE | FUNCTION_RAW_ARGS,
	  check_signal, 0, "sends a signal to the process" },
	{ "strerror", "strerror(number)", 1, 1, FUNCTION_STRERROR, 0, check_number_name, 0,
	  "the text of an error number" },
	{ "signal_name", "signal_name(number)", 1, 1, FUNCTION_SIGNAL_NAME, 0, check_number_name, 0,
	  "the name of a signal" },
	{ "syscall_name", "syscall_name(number)", 1, 1, FUNCTION_SYSCALL_NAME, 0, check_number_name,
	  0, "the name of a system call" },
	{ "cgroup_path", "cgroup_path(id)", 1, 1, FUNCTION_CGROUP_PATH, 0, check_number_name, 0,
	  "the path of a control group" },
	{ "typename", "typename(value)", 1, 1, FUNCTION_TYPENAME, FUNCTION_RAW_ARGS, check_typename,
	  0, "the name of its type; of what is in a Go interface" },
	{ "uptr", "uptr(address)", 1, 1, FUNCTION_FAIL, 0, check_pointer_kind, 0,
	  "an address of the program" },
	{ "kptr", "kptr(address)", 1, 1, FUNCTION_FAIL, 0, check_pointer_kind, 0,
	  "an address of the kernel" },
	{ "getopt", "getopt(\"name\" [, default [, help]])", 1, 3, FUNCTION_FAIL, FUNCTION_RAW_ARGS,
	  check_getopt, 0, "what was given as --name=value" },
	{ "is_ptr", "is_ptr(value)", 1, 1, FUNCTION_FAIL, 0, check_is_type, 0,
	  "whether it is a pointer" },
	{ "is_str", "is_str(value)", 1, 1, FUNCTION_FAIL, 0, check_is_type, 0,
	  "whether it is a text" },
	{ "is_integer", "is_integer(value)", 1, 1, FUNCTION_FAIL, 0, check_is_type, 0,
	  "whether it is a whole number" },
	{ "is_unsigned_integer", "is_unsigned_integer(value)", 1, 1, FUNCTION_FAIL, 0,
	  check_is_type, 0, "whether it is one that is never negative" },
	{ "is_array", "is_array(value)", 1, 1, FUNCTION_FAIL, 0, check_is_type, 0,
	  "whether it is an array" },
	{ "is_literal", "is_literal(value)", 1, 1, FUNCTION_FAIL, 0, check_is_type, 0,
	  "whether it is known before anything runs" },
	{ "static_assert", "static_assert(condition [, text])", 1, 2, FUNCTION_FAIL,
	  FUNCTION_RAW_ARGS, check_assert, 0, "an error unless the condition holds" },
	{ "assert", "assert(condition [, text])", 1, 2, FUNCTION_FAIL, FUNCTION_RAW_ARGS,
	  check_assert, 0, "an error unless the condition holds" },
	{ "fail", "fail(text)", 1, 1, FUNCTION_FAIL, FUNCTION_RAW_ARGS, check_fail, 0, "an error" },
	{ "pton", "pton(\"address\")", 1, 1, FUNCTION_FAIL, FUNCTION_RAW_ARGS, check_pton, 0,
	  "the bytes of an internet address" },
	// maps
	{ "delete", "delete(@m[key])", 1, 2, FUNCTION_DELETE, FUNCTION_RAW_ARGS, check_delete, 0,
	  "removes an entry" },
	{ "has_key", "has_key(@m, key)", 1, 2, FUNCTION_HAS_KEY, FUNCTION_RAW_ARGS, check_delete, 0,
	  "whether there is an entry" },
	{ "find", "find(@m, key, $variable)", 2, 3, FUNCTION_FIND, FUNCTION_RAW_ARGS, check_find, 0,
	  "whether there is an entry, and its value" },
	{ "len", "len(@m)", 1, 1, FUNCTION_LEN, FUNCTION_RAW_ARGS, check_len, 0,
	  "how many entries a map has, or frames a stack; bytes of a Go string, items of a slice" },
	{ "cap", "cap(slice)", 1, 1, FUNCTION_FAIL, FUNCTION_RAW_ARGS, check_cap, 0,
	  "how many items a Go slice or channel has room for" },
	{ "count", "count()", 0, 0, FUNCTION_COUNT, FUNCTION_IS_AGG | FUNCTION_RAW_ARGS,
	  check_agg_outside, 0, "how often" },
	{ "sum", "sum(number)", 1, 1, FUNCTION_SUM, FUNCTION_IS_AGG | FUNCTION_RAW_ARGS,
	  check_agg_outside, 0, "the sum" },
	{ "min", "min(number)", 1, 1, FUNCTION_MIN, FUNCTION_IS_AGG | FUNCTION_RAW_ARGS,
	  check_agg_outside, 0, "the smallest" },
	{ "max", "max(number)", 1, 1, FUNCTION_MAX, FUNCTION_IS_AGG | FUNCTION_RAW_ARGS,
	  check_agg_outside, 0, "the largest" },
	{ "avg", "avg(number)", 1, 1, FUNCTION_AVG, FUNCTION_IS_AGG | FUNCTION_RAW_ARGS,
	  check_agg_outside, 0, "the mean" },
	{ "stats", "stats(number)", 1, 1, FUNCTION_STATS, FUNCTION_IS_AGG | FUNCTION_RAW_ARGS,
	  check_agg_outside, 0, "count, mean and sum" },
	{ "hist", "hist(number [, bits])", 1, 2, FUNCTION_HIST, FUNCTION_IS_AGG | FUNCTION_RAW_ARGS,
	  check_agg_outside, 0, "a histogram by powers of two" },
	{ "lhist", "lhist(number, min, max, step)", 4, 4, FUNCTION_LHIST,
	  FUNCTION_IS_AGG | FUNCTION_RAW_ARGS, check_agg_outside, 0, "a histogram by equal steps" },
	{ "tseries", "tseries(number, interval, n [, \"sum\"])", 3, 4, FUNCTION_TSERIES,
	  FUNCTION_IS_AGG | FUNCTION_RAW_ARGS, check_agg_outside, 0, "the last n intervals" },
	{ "times", "times(nanoseconds [, has_failed])", 1, 2, FUNCTION_TIMES,
	  FUNCTION_IS_AGG | FUNCTION_RAW_ARGS, check_agg_outside, 0,
	  "how many calls there are, how long they took, how many failed" },
	// what is done outside
	{ "printf", "printf(format, ...)", 1, ARGS_MAX, FUNCTION_ACTION, FUNCTION_RAW_ARGS,
	  check_printf, ACTION_PRINTF, "prints values" },
	{ "errorf", "errorf(format, ...)", 1, ARGS_MAX, FUNCTION_ACTION, FUNCTION_RAW_ARGS,
	  check_printf, ACTION_ERRORF, "prints an error" },
	{ "warnf", "warnf(format, ...)", 1, ARGS_MAX, FUNCTION_ACTION, FUNCTION_RAW_ARGS,
	  check_printf, ACTION_WARNF, "prints a warning" },
	{ "debugf", "debugf(format, ...)", 1, ARGS_MAX, FUNCTION_ACTION, FUNCTION_RAW_ARGS,
	  check_printf, ACTION_WARNF, "prints a warning" },
	{ "system", "system(format, ...)", 1, ARGS_MAX, FUNCTION_ACTION,
	  FUNCTION_IS_UNSAFE | FUNCTION_RAW_ARGS, check_printf, ACTION_SYSTEM,
	  "runs a command and prints its output" },
	{ "cat", "cat(format, ...)", 1, ARGS_MAX, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_printf,
	  ACTION_CAT, "prints a file" },
	{ "print", "print(value) or print(@m [, top [, divisor]])", 1, 3, FUNCTION_ACTION,
	  FUNCTION_RAW_ARGS, check_print, ACTION_PRINT, "prints a value or a map" },
	{ "table", "table(@m [, \"what its keys are\"])", 1, 2, FUNCTION_ACTION, FUNCTION_RAW_ARGS,
	  check_table, ACTION_TABLE, "prints a map as a table, the largest first" },
	{ "stacks", "stacks(@m)", 1, 1, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_stacks,
	  ACTION_STACKS, "prints a map by stack, the largest last" },
	{ "folded", "folded(@m)", 1, 1, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_stacks,
	  ACTION_FOLDED, "prints a map by stack, a line each: main;f;g 12" },
	{ "flame", "flame(@m [, title])", 1, 2, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_stacks,
	  ACTION_FLAME, "prints a map by stack as a flame graph (SVG)" },
	{ "call", "call([what [, stack [, gosite]]])", 0, 3, FUNCTION_ACTION, FUNCTION_RAW_ARGS,
	  check_call_line, ACTION_CALL,
	  "prints a line for the call: when, goroutine, function, arguments, results, duration" },
	{ "started", "started()", 0, 0, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_started,
	  ACTION_CALL,
	  "where runtime.newproc1 returns: which goroutine has started which, for trees of calls" },
	{ "watch", "watch(place, values [, is_changed [, limit]])", 2, 4, FUNCTION_ACTION,
	  FUNCTION_RAW_ARGS, check_watch, ACTION_WATCH,
	  "prints a line for the pass: when, goroutine, place, values" },
	{ "returned", "returned()", 0, 0, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_returned,
	  ACTION_CALL,
	  "for trees of calls: this one has returned, and is told only if others in it are" },
	{ "clear", "clear(@m)", 1, 1, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_clear, ACTION_CLEAR,
	  "removes all entries" },
	{ "zero", "zero(@m)", 1, 1, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_clear, ACTION_ZERO,
	  "sets all values to 0" },
	{ "exit", "exit([status])", 0, 1, FUNCTION_ACTION, 0, check_exit, ACTION_EXIT,
	  "ends the script" },
	{ "time", "time([format])", 0, 1, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_time,
	  ACTION_TIME, "prints the time" },
	{ "join", "join(argv [, separator])", 1, 2, FUNCTION_ACTION, FUNCTION_RAW_ARGS, check_join,
	  ACTION_JOIN, "prints a list of strings" },
};

// What bpftrace has and only makes sense for the kernel, or is gone from the language.
static const struct {
	const char *name;
	const char *why;
} others[] = {
	{ "kaddr", "it is about the kernel's own functions" },
	{ "kfunc_exist", "it is about the kernel's own functions" },
	{ "kfunc_allowed", "it is about the kernel's own functions" },
	{ "percpu_kaddr", "it is about the kernel's own variables" },
	{ "override", "it changes what a function returns" },
	{ "write_user", "it writes into the traced program" },
	{ "signal_thread", "stoat has signal(), which reaches the process" },
	{ "path", "it is about the kernel's own structs" },
	{ "skboutput", "it is about the kernel's network packets" },
	{ "socket_cookie", "it is about the kernel's sockets" },
	{ "cgroupid", "it is about paths of control groups; the builtin cgroup is the id" },
	{ "unwatch", "watchpoints of functions are gone from the language" },
	{ "sym", "use usym() or ksym()" },
	{ "stack", "use ustack or kstack" },
	{ "name", "use probe" },
};

const struct function_info *function_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (str_eq(name, str_from(functions[i].name)))
			return &functions[i];
	return NULL;
}

bool is_in_probe(struct checker *c, struct span span, struct str what)
{
	if (!c->part)
		tell_error(c, span, "%.*s is there only in probes", STR_ARG(what));
	return c->part;
}

void functions_offer(struct near *near)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		near_offer(near, str_from(functions[i].name));
}

bool function_tell_other(struct checker *c, struct span span, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (!str_eq(name, str_from(others[i].name)))
			continue;
		tell_error(c, span, "%s is not supported by stoat: %s", others[i].name,
			   others[i].why);
		return true;
	}
	return false;
}

struct call_use *call_use_new(struct checker *c, struct expr *e, const struct function_info *f)
{
	struct call_use *use = e->meaning ? e->meaning : ARENA_NEW(c->arena, struct call_use);
	use->id = f->id;
	e->meaning = use;
	return use;
}

static bool check_values(struct checker *c, struct expr_list *args, bool keeps_arrays)
{
	bool is_fine = true;
	for (size_t i = 0; i < args->n; i++) {
		check_expr(c, args->v[i]);
		struct type *t = args->v[i]->type;
		bool is_fine_array = keeps_arrays && (is_byte_array(t) || is_go_bytes(t));
		is_fine = (is_fine_array || value_of(c, args->v[i])) && is_fine;
	}
	return is_fine;
}

static void tell_unknown_call(struct checker *c, struct expr *e)
{
	struct name name = e->call.name;
	struct near near = near_init(name.text);
	if (function_tell_other(c, name.span, name.text))
		return;
	functions_offer(&near);
	builtins_offer(&near);
	for (size_t i = 0; i < c->script->n_items; i++)
		if (c->script->items[i]->kind == ITEM_MACRO)
			near_offer(&near, c->script->items[i]->macro.name.text);
	tell_error(c, name.span, "unknown function '%.*s'", STR_ARG(name.text));
	tell_near(c, &near);
}

static bool is_count_right(struct checker *c, struct expr *e, const struct function_info *f)
{
	size_t n = e->call.args.n;
	if (n >= f->min_args && n <= f->max_args)
		return true;
	if (f->min_args == f->max_args)
		tell_error(c, e->span, "%s() takes %u argument%s, %zu %s given", f->name,
			   f->min_args, f->min_args == 1 ? "" : "s", n, n == 1 ? "is" : "are");
	else if (f->max_args >= ARGS_MAX)
		tell_error(c, e->span, "%s() takes from 1 to %d arguments, %zu are given", f->name,
			   ARGS_MAX, n);
	else
		tell_error(c, e->span, "%s() takes from %u to %u arguments, %zu %s given", f->name,
			   f->min_args, f->max_args, n, n == 1 ? "is" : "are");
	tell_hint(c, "%s", f->usage);
	return false;
}

void check_call(struct checker *c, struct expr *e)
{
	struct name name = e->call.name;
	const struct function_info *f = function_find(name.text);
	struct expr_list args = e->call.args;
	e->type = NULL;
	if (!f) {
		if (!check_builtin(c, e, name.text, &args))
			tell_unknown_call(c, e);
		else if (c->is_final && e->kind == EXPR_CALL) {
			// Nobody has to ask what kind of call it is.
			e->kind = EXPR_NAME;
			e->str = name.text;
		}
		return;
	}
	if (!is_count_right(c, e, f))
		return;
	if (f->flags & FUNCTION_IS_UNSAFE && !c->options->is_unsafe) {
		tell_error(c, name.span, "%s() is allowed only with --unsafe", f->name);
		return;
	}
	if (!(f->flags & FUNCTION_RAW_ARGS) &&
	    !check_values(c, &e->call.args, f->flags & FUNCTION_KEEPS_ARRAYS))
		return;
	f->check(c, e, f);
}
