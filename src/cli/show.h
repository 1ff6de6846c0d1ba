// SPDX-License-Identifier: Apache-2.0
// The two forms in which show prints what is known of a function.
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/cli.h"
#include "target/target.h"

void show_text(struct target *t, const struct target_info *info, bool with_asm, bool verbose,
	       FILE *out);
// For a function that exists in inlined copies only.
void show_inlined_text(struct target *t, const struct target_info *info, FILE *out);
void show_json(struct target *t, const struct target_info *info, bool with_asm, FILE *out);

#endif
