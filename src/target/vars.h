// SPDX-License-Identifier: Apache-2.0
// The variables of one function, looked at from one address after the other. Private to target/.
#ifndef TARGET_VARS_H
#define TARGET_VARS_H

#include "target/internal.h"

#define VIEW_FRAMES_MAX 64

struct view {
	struct target_about about;
	struct target_info info;
	struct arena *out;
	uint64_t vaddr_of_f;
	struct frame body_frame; // behind the code that makes the frame
	uint64_t body;           // where that is: parameters are where fixed places say
	bool is_optimised;
	// The address that is looked at:
	uint64_t vaddr;
	struct frame frame;
	struct dwarf_frame frames[VIEW_FRAMES_MAX]; // innermost first
	size_t n_frames;
};

enum var_state {
	VAR_READABLE,
	VAR_ELSEWHERE,  // not here: out of scope, not set, or in no place
	VAR_IN_VECTOR,  // in a register that no uprobe sees
	VAR_TLS,        // thread-local
	VAR_COMPUTED,   // only a computation tells
	VAR_UNREADABLE, // some of it is nowhere here
};

// The view of f, which lives until another function's is opened. out: for what the questions below
// give.
MUST_USE struct err *view_open(struct target *t, const struct target_func *f, struct arena *out,
			       struct view **v);
void view_move(struct view *v, uint64_t vaddr);
// The name that a programmer uses for it; empty for what compilers make.
struct str var_name(const struct dwarf_var *var);
// One of about.vars, seen from the address; out is filled in if it is readable.
MUST_USE struct err *view_var(struct view *v, const struct dwarf_var *var, enum var_state *state,
			      struct target_var *out);
bool is_on_heap(const struct dwarf_var *var);
// Whether DWARF is known to be wrong about such places at v->vaddr.
bool go_is_doubtful(const struct view *v, const struct dwarf_var *var, const struct dwarf_loc *loc);
// Where a captured variable (or its address) is at the entry, through the closure pointer. False if
// that is not sure.
bool go_captured_at_entry(const struct view *v, const struct dwarf_var *var, struct place *out);
// All that are readable, in the order of target_vars_at. only: those of that name; empty: all.
MUST_USE struct err *view_vars(struct view *v, struct str only, struct target_var **out, size_t *n);

#endif
