// SPDX-License-Identifier: Apache-2.0
// The way of a script from its text to what it prints; every command that traces goes it.
#ifndef CLI_PIPELINE_H
#define CLI_PIPELINE_H

#include "cli/cli.h"
#include "run/run.h"

// KEEP IN ORDER: what -d takes, in cmd_run.c.
enum stage {
	STAGE_NONE,
	STAGE_AST,
	STAGE_PLAN,
	STAGE_TYPES,
	STAGE_BPF,
	STAGE_VERIFIER,
	STAGE_ALL,
};

// A part of the script that was taken from an option: mistakes in it are the option's.
struct excerpt {
	uint32_t off, len;  // in the script
	const char *option; // "--where"
	const char *text;   // all that was given to it
	uint32_t from;      // where the part begins in that
};

struct excerpt_list {
	struct excerpt *v;
	size_t n;
	size_t cap;
};

// What is to be run, and how.
struct request {
	struct str name, text; // of the script
	struct str *params;    // $1 ...
	size_t n_params;
	struct str *named_params; // "name=value" or "name"
	size_t n_named_params;
	struct excerpt_list excerpts;
	bool is_unseen;             // nobody has written the rest of it, or seen it
	const char *command;        // -c
	int pid;                    // -p; 0: every process
	const char *probe_filter;   // a regular expression
	struct option_list folders; // where included files are
	struct option_list includes;
	struct option_list settings; // NAME=VALUE, as in a config block
	struct option_list secrets;  // names whose values are not shown
	const char *depth, *items;   // limits of whole values
	bool shows_zeros;
	enum stage stage; // print that one, and do not run
	bool has_warnings;
	bool is_unsafe;
	struct run_options run; // out, and what else does not come from the way there
	struct output *output;
};

// *status is the exit status when there is no error. What is wrong with the script has been said.
MUST_USE struct err *pipeline_run(struct request *r, int *status);

// How probes are looked up for the request.
struct plan_options pipeline_plan_options(const struct request *r, const struct config *config);
// --probe-filter, a regular expression, may be NULL: the probes that do not match are as if they
// had not been written.
MUST_USE struct err *pipeline_filter(struct plan *plan, const char *pattern);

// Parses a script. Files that it names with #include and import become a part of it; mistakes go to
// diag.
struct script *load_script(struct arena *a, uint32_t source, const struct request *r,
			   struct diag *diag);

// -l: the probes that a script, or a pattern in its place, stands for.
MUST_USE struct err *pipeline_list(struct request *r, bool is_pattern, bool is_verbose,
				   int *status);

#endif
