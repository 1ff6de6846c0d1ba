// SPDX-License-Identifier: Apache-2.0
// Copies of trees. Private to script/: hides how a macro's parameters become its arguments.
#ifndef SCRIPT_CLONE_H
#define SCRIPT_CLONE_H

#include "script/script.h"

struct clone {
	struct arena *arena;
	struct diag *diag;
	const struct macro *macro; // whose body is copied; NULL: a copy as it is
	struct expr **args;        // for its parameters
	uint32_t expansion;        // for the macro's own variables
	size_t *n_nodes;           // counted
	size_t max_nodes;          // beyond them, nothing more is copied
};

struct block *clone_block(struct clone *c, const struct block *b);

#endif
