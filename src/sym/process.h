// SPDX-License-Identifier: Apache-2.0
// Processes and what they have mapped as code. Private to sym/.
#ifndef SYM_PROCESS_H
#define SYM_PROCESS_H

#include "sym/internal.h"

// A program that is known to be in a process, wherever that was read.
struct known_program {
	struct sym_file *file;
	uint64_t bias;
	struct known_program *next;
};

struct process {
	int pid;
	struct mapping *mappings; // by address; on the heap
	size_t n_mappings;
	struct known_program *programs;
	uint64_t exe_dev, exe_ino; // 0: not known
	unsigned reads_left;       // how often its maps may be read now
	uint64_t earned_ns;
	uint64_t check_ns, check_every_ns; // when to ask whether it is another program
	struct process *next;
};

struct processes {
	struct arena *arena;
	struct map by_pid;
	struct process *all;
	struct map texts;
	struct files files;
};

void processes_init(struct processes *ps, struct arena *arena, const char *debug_dir);
void processes_fini(struct processes *ps);

// Its maps are read the first time.
struct process *process_get(struct processes *ps, int pid);
// The same, and read anew if it has become another program.
struct process *process_refresh(struct processes *ps, int pid);
// Reads its maps anew, not too often; false if that could not be done.
bool process_read(struct processes *ps, struct process *p);
// NULL: nothing is mapped there as code.
const struct mapping *process_mapping(const struct process *p, uint64_t pc);

#endif
