// SPDX-License-Identifier: Apache-2.0
// What the commands that trace without a script have in common: count, stacks. Each of them looks
// up its TARGET and its functions, writes a script about them, and sends that down the one
// pipeline, the same way as a script of the user's.
#ifndef CLI_TRACING_H
#define CLI_TRACING_H

#include "cli/pipeline.h"
#include "out/out.h"
#include "target/target.h"

struct tracing {
	const struct command *self;

	// As the options have it.
	const char *pid_text, *command, *duration, *debug_dir, *max_rate, *max_cpu;
	bool has_kernel_returns;
	bool is_all, is_json, is_quiet, is_verbose, prints_script, help;
	struct output output;

	bool has_place;  // behind TARGET stands a place, which the command looks at by itself
	char **operands; // then: that and what follows
	size_t n_operands;

	// What was found.
	struct arena *arena;
	struct target *target;
	int pid;                                 // 0: every process
	struct str path;                         // of the program, as an attach point has it
	struct str where;                        // that is, for people: "shop, process 71"
	VEC(struct str) func;                    // names and patterns, as attach points have them
	VEC(const struct target_func *) matched; // what they mean, as far as it has code of its own
	struct str title;                        // the functions, as they were given
	size_t n_funcs;                          // that they mean

	// Of whole values.
	const char *depth, *items;
	bool shows_zeros, is_wide;
	struct option_list secrets;

	struct str what;     // that is traced, for people; empty: so many functions
	struct str settings; // for the script's config block
	size_t n_keys;       // that a map of the script may have; 0: one a function
	bool ends_itself;    // the script has --for in it already

	struct out_buf script; // so far
	struct excerpt_list excerpts;
};

// The options of all of them; behind those that a command has of its own.
#define TRACING_OPTIONS(t)                                                                          \
	{ 'p', "pid", OPTION_ONCE, "PID", "trace only this process", &(t)->pid_text },              \
		{ 'c',                                                                              \
		  "cmd",                                                                            \
		  OPTION_ONCE,                                                                      \
		  "COMMAND",                                                                        \
		  "start it when all is attached, trace it, end with it",                           \
		  &(t)->command },                                                                  \
		{ 0,                                                                                \
		  "all-processes",                                                                  \
		  OPTION_FLAG,                                                                      \
		  NULL,                                                                             \
		  "TARGET is a pid: others of its program, too",                                    \
		  &(t)->is_all },                                                                   \
		{ 0,                                                                                \
		  "max-rate",                                                                       \
		  OPTION_TEXT,                                                                      \
		  "N",                                                                              \
		  "look at no more hits a second (their trap remains)",                             \
		  &(t)->max_rate },                                                                 \
		{ 0,                                                                                \
		  "max-cpu",                                                                        \
		  OPTION_TEXT,                                                                      \
		  "PERCENT",                                                                        \
		  "detach what costs most when all takes more of a CPU",                            \
		  &(t)->max_cpu },                                                                  \
		{ 0, "for", OPTION_TEXT, "DURATION", "end after 10s, 500ms, 2m", &(t)->duration },  \
		{ 'f',          "format", OPTION_FORMAT, "text|json", "json: one object a line",    \
		  &(t)->is_json },                                                                  \
		{ 'o',                                                                              \
		  "output",                                                                         \
		  OPTION_TEXT,                                                                      \
		  "FILE",                                                                           \
		  "write there instead of to stdout",                                               \
		  &(t)->output.path },                                                              \
		{ 'q', "quiet", OPTION_FLAG, NULL, "do not say what is attached", &(t)->is_quiet }, \
		{ 'v', "verbose", OPTION_FLAG, NULL, "say more", &(t)->is_verbose },                \
		{ 0,                                                                                \
		  "debuginfo",                                                                      \
		  OPTION_TEXT,                                                                      \
		  "DIR",                                                                            \
		  "look for separate debug files there first",                                      \
		  &(t)->debug_dir },                                                                \
		{ 0,                                                                                \
		  "print-script",                                                                   \
		  OPTION_FLAG,                                                                      \
		  NULL,                                                                             \
		  "print the script that it runs, and end",                                         \
		  &(t)->prints_script },                                                            \
	{                                                                                           \
		'h', "help", OPTION_FLAG, NULL, "print this", &(t)->help                            \
	}

// Of those that wait for returns.
#define RETURN_OPTIONS(t)                                                      \
	{                                                                      \
		0, "kernel-returns", OPTION_FLAG, NULL,                        \
			"C++, Rust: also where an exception ends the program", \
			&(t)->has_kernel_returns                               \
	}

// Of those that show whole values.
#define VALUE_OPTIONS(t)                                                                                \
	{ 0, "depth", OPTION_TEXT, "N", "references of a value that are followed: 2", &(t)->depth },    \
		{ 0,                                                                                    \
		  "items",                                                                              \
		  OPTION_TEXT,                                                                          \
		  "N",                                                                                  \
		  "items of a slice or map that are shown: 64",                                         \
		  &(t)->items },                                                                        \
		{ 0, "zeros", OPTION_FLAG, NULL, "show fields that are zero, too", &(t)->shows_zeros }, \
		{ 0,                                                                                    \
		  "redact",                                                                             \
		  OPTION_LIST,                                                                          \
		  "PATTERN",                                                                            \
		  "do not show values of that name",                                                    \
		  &(t)->secrets },                                                                      \
	{                                                                                               \
		0, "wide", OPTION_FLAG, NULL, "lines may be longer than the terminal's",                \
			&(t)->is_wide                                                                   \
	}

// Reads the command line, opens the target and looks up the functions. *is_done: help was asked
// for, and nothing else is to be done. tracing_end in any case.
MUST_USE struct err *tracing_begin(struct tracing *t, const struct option *table, size_t n,
				   int argc, char **argv, bool *is_done);
void tracing_end(struct tracing *t);
// Looks up functions, of which tracing_begin has not been told.
MUST_USE struct err *tracing_functions(struct tracing *t, size_t n, char **words);

// Whether it is known of every function which goroutine runs it.
bool tracing_knows_goroutines(struct tracing *t);

// Nanoseconds of "10s"; option is what it was given to.
MUST_USE struct err *tracing_duration(const char *option, const char *text, uint64_t *out);

// --- writing the script ---

// The comment on top, and the settings that every one needs.
void tracing_head(struct tracing *t);
// One more, before tracing_head.
void tracing_setting(struct tracing *t, const char *name, const char *value);
// "uprobe:./shop:main.*,\nuprobe:./shop:main.sell": all the functions' attach points.
void tracing_probes(struct tracing *t, const char *provider);
// The same of one function, and what is done there.
void tracing_one_probe(struct tracing *t, const char *provider, const char *func, const char *body);
// "uprobe:./shop" of one program.
void tracing_program(struct tracing *t, const char *provider);
// A function's or file's name, in quotes where it needs them.
void tracing_field(struct tracing *t, struct str s);
// A part of what was given to that option, word for word.
void tracing_excerpt(struct tracing *t, const char *option, const char *text, struct str part);
// A text as the script has it.
void tracing_quoted(struct tracing *t, struct str s);
// "interval:s:1 { what }", once each of these nanoseconds.
void tracing_every(struct tracing *t, uint64_t ns, const char *what);

// Shows a table that often, but not when END does.
MUST_USE struct err *tracing_tables(struct tracing *t, const char *interval, const char *what);

// Prints the script or runs it.
MUST_USE struct err *tracing_run(struct tracing *t, int *status);

#endif
