// SPDX-License-Identifier: Apache-2.0
// A session: loads a program's code, attaches it, starts the traced command, turns events into
// output, detaches and prints the maps. Hides links, processes, signals and clocks.
//
//     load -> BEGIN -> attach -> activate -> drain ... -> detach -> END -> maps
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include <sys/types.h>

#include "code/code.h"

// --- the command of -c ---

// A process that exists and has not yet become the command: it is held before its first
// instruction, so that everything can be attached to its pid.
struct child;
// The words are split at blanks, quotes respected. ERR_USAGE, ERR_NOTFOUND for a command that is
// not there.
MUST_USE struct err *child_start(const char *command, struct child **out);
pid_t child_pid(const struct child *c);
// The file that it will become.
const char *child_path(const struct child *c);
// Ends it if it has never run; asks it to end (SIGTERM) if it still runs.
void child_free(struct child *c);

// --- what the kernel can do ---

// NULL if programs can be loaded at all; else why not, and what would help.
MUST_USE struct err *run_may_trace(struct bpf_trials *t);
// What code/ asks of the kernel, tried when it is asked. pid: as in struct program.
struct code_options run_code_options(struct bpf_trials *t, int pid);

// --- the session ---

struct run_options {
	struct bpf_trials *trials;
	struct child *child; // NULL without -c
	FILE *out;
	bool is_json;
	bool is_quiet;
	bool has_summary;        // a last line: hits, events, what it has cost
	bool is_wide;            // lines may be longer than the terminal's
	bool is_dry;             // load and attach, then end
	bool wants_verifier_log; // -d verifier: load, print what the verifier says, end
	enum { RUN_LINES_AUTO, RUN_LINES_LINE, RUN_LINES_FULL, RUN_LINES_NONE } buffering; // -B
	const char *debug_dir;
	// What a command says in place of how many probes there are: before and behind the number
	// of sites. Empty: it does not.
	struct str hello, hello_end;
};

// Runs until the script, the child, a signal or the last probe ends it. *status: exit(n) of the
// script, else that of the child, as DESIGN.md section 4 says. What is wrong with a place of the
// script is in p->diag, too.
MUST_USE struct err *run_program(const struct program *p, struct code *c,
				 const struct run_options *options, int *status);

#endif
