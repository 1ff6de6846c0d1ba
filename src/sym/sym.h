// SPDX-License-Identifier: Apache-2.0
// Addresses of running processes, and of the kernel, to names. What a process has mapped is read
// when it is first heard of, so that its addresses have names after it has gone.
#ifndef SYM_SYM_H
#define SYM_SYM_H

#include "target/target.h"

struct symbols;

struct symbols_options {
	const char *debug_dir; // see target_open
	// file:line is wanted, and what was inlined in C, C++ and Rust, which is where the lines
	// are told too. Go's inlined functions are always told.
	bool has_lines;
	bool no_demangle;
};

// From here on a mapped file that is cut off does not end us (file_map_survive_truncation).
struct symbols *symbols_new(const struct symbols_options *o);
void symbols_free(struct symbols *s);

// Reads what the process has mapped, if it is still there; best as soon as it is heard of, but not
// before it has become the program that it will run (exec). Cheap to call again: it is read anew
// only when there is reason to.
void symbols_process(struct symbols *s, int pid);
// Whether the process has the file mapped now; true as well when that cannot be told.
bool symbols_may_have_mapped(int pid, const char *path);
// The same, but false when that cannot be told.
bool symbols_have_mapped(int pid, const char *path);
// In that process, the program t (which must outlive s) is moved by bias from the addresses in its
// file. For processes that ended before their maps could be read.
void symbols_program(struct symbols *s, int pid, struct target *t, uint64_t bias);

// What one address stands for: the function, or several when functions were inlined there.
struct symbol_frame {
	struct str func; // empty: not known
	uint64_t off;    // from its start; 0 in an inlined one
	struct str path; // of the file that is mapped there, as maps has it; empty: not known
	struct str file; // source, empty: not known or not asked for
	uint32_t line;
	bool is_inlined;
	bool is_wrapper; // made by Go's compiler between a caller and what it calls; Go's own
			 // tracebacks leave it out
};

#define SYMBOL_FRAMES_MAX 16

// Innermost first; at least one; the last one has code of its own. is_return: the address is behind
// the call that it is about (all of a stack but the first; off is the address's own nevertheless).
// func is the symbol's name as people know it; of Go code that of its own tables, stripped or not.
// The texts live as long as s.
size_t symbols_user(struct symbols *s, int pid, uint64_t pc, bool is_return,
		    struct symbol_frame out[SYMBOL_FRAMES_MAX]);
// The build id of the file that is mapped there, and where in it the address is. False: no file, or
// it has none.
bool symbols_build_id(struct symbols *s, int pid, uint64_t pc, struct bytes *id, uint64_t *foff);
// The kernel's, from /proc/kallsyms; path is "[module]" or empty. False: not known, or hidden from
// us.
bool symbols_kernel(struct symbols *s, uint64_t pc, struct symbol_frame *out);

#endif
