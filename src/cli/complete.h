// SPDX-License-Identifier: Apache-2.0
// What stoat complete is made of.
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/cli.h"
#include "target/target.h"

// Names of the parameters of the function that place means, with locals and results if they are
// wanted, or of what is there at FILE:LINE.
MUST_USE struct err *complete_vars(struct arena *a, const char *target, const char *place,
				   bool has_locals, struct str **out, size_t *n);

#endif
