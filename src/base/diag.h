// SPDX-License-Identifier: Apache-2.0
// What is wrong with a script: errors and warnings are collected with the place they are about, and
// rendered together, each with its source line and a caret.
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdio.h>

#include "base/arena.h"

// A range of a source: len bytes from byte off on.
struct span {
	uint32_t source; // what diag_add_source gave
	uint32_t off;
	uint32_t len;
};

// For messages about no place in particular.
#define SPAN_NONE ((struct span) { .source = UINT32_MAX })

// From the start of a to the end of b, which are of the same source.
static inline struct span span_join(struct span a, struct span b)
{
	uint32_t end = b.off + b.len;
	return (struct span) { a.source, a.off, end > a.off ? end - a.off : a.len };
}

// So many errors are kept, and so many warnings.
#define DIAG_MAX 20

struct diag;

// Lives in the arena, with all that is added to it.
struct diag *diag_new(struct arena *a);

// A script or a file that it imports. Name ("one-liner", "x.bt") and text must outlive the diag; of
// a text over 4 GB, only the first 4 GB are known.
uint32_t diag_add_source(struct diag *d, struct str name, struct str text);
struct str diag_source_name(const struct diag *d, uint32_t source);
struct str diag_source_text(const struct diag *d, uint32_t source);

// What stands there was taken from another text: messages about it are about that one, or with
// SPAN_NONE about no place. Of several the first one counts.
void diag_add_excerpt(struct diag *d, struct span there, struct span origin);
// Where it was written: the place in the other text, or the place itself.
struct span diag_origin(const struct diag *d, struct span span);

// The source's text in that range, cut to what there is.
struct str diag_span_text(const struct diag *d, struct span span);
// Counted from 1; the column counts characters, not bytes.
void diag_line_col(const struct diag *d, struct span span, uint32_t *line, uint32_t *col);

// The message is one line without a full stop. What has been said of the same place is not said
// again.
void diag_error(struct diag *d, struct span span, const char *fmt, ...) PRINTF_LIKE(3, 4);
void diag_warning(struct diag *d, struct span span, const char *fmt, ...) PRINTF_LIKE(3, 4);
void diag_verror(struct diag *d, struct span span, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);
// Adds a line under the last error or warning.
void diag_hint(struct diag *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

// While it is muted, errors and warnings are only counted.
void diag_mute(struct diag *d, bool is_muted);
size_t diag_n_muted(const struct diag *d);

// How many errors there were.
size_t diag_n_errors(const struct diag *d);
size_t diag_n_warnings(const struct diag *d);
// True once no further error is kept: whoever looks for more can stop.
bool diag_is_full(const struct diag *d);

// All of them, in the order in which they were found, as people read them:
//
//     stoat: error: one-liner:1:11: unknown name 'pidd'
//       BEGIN { print(pidd) }
//                     ^~~~
//       near: pid
void diag_print(const struct diag *d, FILE *out);
// Those that have not been told before, with or without the warnings.
void diag_tell(struct diag *d, bool has_warnings, FILE *out);
// All of them, in the arena's memory.
struct str diag_render(const struct diag *d, struct arena *a);

#endif
