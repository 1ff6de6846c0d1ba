// SPDX-License-Identifier: Apache-2.0
// What the files of sym/ share: opened files, what processes have mapped, the kernel's symbols.
#ifndef SYM_INTERNAL_H
#define SYM_INTERNAL_H

#include "base/map.h"
#include "sym/sym.h"

// --- files ---

// A file that some process has mapped, opened once for all of them.
struct sym_file {
	struct target *target; // NULL: no program that we can read
	bool is_owned;
	struct map answers; // by address: struct answer
	struct sym_file *next;
};

struct files {
	struct arena *arena;
	const char *debug_dir;
	struct map by_identity; // lists of struct opened
	size_t n_opened;
	struct sym_file *all;
	struct sym_file *vdso; // NULL until asked
};

void files_fini(struct files *f);
// One that the caller keeps open.
struct sym_file *files_add(struct files *f, struct target *t, bool is_owned);

// --- mappings ---

// A line of /proc/PID/maps.
struct maps_line {
	uint64_t low, high;
	uint64_t foff;
	bool is_exec;
	uint64_t ino;
	struct str path; // of a file, "[vdso]" and the like, or empty
};
// False if it is none.
bool maps_parse(struct str line, struct maps_line *out);

struct mapping {
	uint64_t low, high;
	uint64_t foff;
	struct sym_file *file; // NULL: memory without a file, or one that cannot be read
	const struct str *path;
};

// The file behind a mapping of that process; NULL if there is none or it cannot be read.
struct sym_file *files_mapped(struct files *f, int pid, const struct maps_line *m);
// Where a file's bytes at foff, mapped as code, are in its own addresses.
bool file_vaddr(struct sym_file *f, uint64_t foff, uint64_t *out);

// --- the kernel ---

struct kernel_symbols;
// Never NULL; without names when the kernel hides its addresses.
struct kernel_symbols *kernel_symbols_new(const char *kallsyms);
void kernel_symbols_free(struct kernel_symbols *k);
bool kernel_symbols_at(const struct kernel_symbols *k, uint64_t pc, struct symbol_frame *out);

#endif
