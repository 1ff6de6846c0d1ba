// SPDX-License-Identifier: Apache-2.0
// The command line: one options table a command, one file a command.
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

// --- options ---

enum option_kind {
	OPTION_FLAG,   // sets a bool
	OPTION_TEXT,   // takes an argument: const char *
	OPTION_ONCE,   // the same, and is a mistake when it comes twice
	OPTION_LIST,   // takes an argument each time: struct option_list
	OPTION_FORMAT, // text|json: sets a bool for json
	OPTION_WORD,   // takes one of the words that arg lists: an int, its number from 1 on
	OPTION_STAGE,  // the same, but without one of the words behind it, it means the last one
};

#define OPTION_LIST_MAX 32
struct option_list {
	const char *v[OPTION_LIST_MAX];
	size_t n;
};

struct option {
	char letter;      // 0: none
	const char *name; // long name
	enum option_kind kind;
	const char *arg; // what to call its argument in help; WORD, STAGE: "one|two"
	const char *help;
	void *value;
};

// Takes the options out of argv (they may stand among the operands; "--" ends them) and leaves the
// operands in place. *n_operands tells how many are left.
MUST_USE struct err *options_parse(const struct option *table, size_t n, int argc, char **argv,
				   size_t *n_operands);
void options_print(const struct option *table, size_t n, FILE *f);

// --- commands ---

struct command {
	const char *name;
	const char *operands; // for the usage line
	const char *summary;
	const char *examples; // lines
	// *status: of the exit, when there is no error.
	struct err *(*run)(const struct command *self, int argc, char **argv, int *status);
	// Gets the options in place of help being printed; NULL: it is printed.
	void (*take_options)(void *ctx, const struct option *table, size_t n);
	void *ctx;
};

// In the order of help; the first one is what is done when none is named. NULL behind the last one.
const struct command *command_at(size_t i);

struct err *trace_run(const struct command *self, int argc, char **argv, int *status);
struct err *time_run(const struct command *self, int argc, char **argv, int *status);
struct err *watch_run(const struct command *self, int argc, char **argv, int *status);
struct err *count_run(const struct command *self, int argc, char **argv, int *status);
struct err *stacks_run(const struct command *self, int argc, char **argv, int *status);
struct err *list_run(const struct command *self, int argc, char **argv, int *status);
struct err *show_run(const struct command *self, int argc, char **argv, int *status);
struct err *gen_run(const struct command *self, int argc, char **argv, int *status);
struct err *info_run(const struct command *self, int argc, char **argv, int *status);
struct err *complete_run(const struct command *self, int argc, char **argv, int *status);
struct err *run_run(const struct command *self, int argc, char **argv, int *status);

// "stoat list: ..." with its options and examples.
void command_help(const struct command *c, const struct option *table, size_t n);
// ERR_USAGE that shows the usage line.
MUST_USE struct err *command_usage(const struct command *c, const char *problem);

// --- exit status ---

enum exit_status {
	EXIT_FINE = 0,
	EXIT_USAGE = 1,  // bad command line or script
	EXIT_TARGET = 2, // the target or the kernel refuses
};

// --- output ---

// Where a command's data goes: stdout, or the file of -o, which is not touched before there is
// something to write.
struct output {
	const char *path;   // NULL or "-": stdout
	const char *target; // a file that must not be written over; may be NULL
	FILE *f;
};
// The stream to write to.
MUST_USE struct err *output_open(struct output *o, FILE **out);
// Reports a failed write. A reader that went away (a pipe to head) is no error.
MUST_USE struct err *output_close(struct output *o);

struct target;
// Ends a command about t that wrote to o: closes it, warns of what in the program could not be
// used, and returns e, or what went wrong with the output.
MUST_USE struct err *output_end(struct output *o, struct target *t, struct err *e);

// The number of a process that is there, as -p takes it.
MUST_USE struct err *process_parse(const char *text, int *out);

// The last component of a path, as text shows it.
struct str base_name(struct str path);

#endif
