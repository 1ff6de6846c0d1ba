// SPDX-License-Identifier: Apache-2.0
// What the tests of code/ share: a script on its whole way, to programs in the running kernel.
#ifndef CODE_SCRIPT_H
#define CODE_SCRIPT_H

#include "code/code.h"

struct code_script {
	struct arena *arena;
	struct diag *diag;
	struct plan *plan;
	struct program *program;
	struct code *code;
	struct bpf_prog *progs;
	struct code_globals *globals;
};

// has: NULL: all that a new kernel has. False, with the mistakes printed, if it cannot be compiled.
bool code_script_compile(struct arena *a, struct str text,
			 bool (*has)(void *ctx, enum bpf_feature_id f), struct code_script *out);
// Into the kernel; the verifier's log is printed when it refuses. False if it does.
bool code_script_load(struct code_script *s);
// Runs all BEGINs.
void code_script_run(struct code_script *s);
void code_script_close(struct code_script *s);

// Of a map without keys, or the entry of a number.
uint64_t code_script_number(struct code_script *s, const char *map);
uint64_t code_script_entry(struct code_script *s, const char *map, uint64_t key);
// The number that the parts of an aggregation make.
uint64_t code_script_agg(struct code_script *s, const char *map);

#endif
