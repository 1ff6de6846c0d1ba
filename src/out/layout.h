// SPDX-License-Identifier: Apache-2.0
// What the parts of out/ share about reading values from bytes and laying them out. Hides where the
// bytes of a field, a bucket or a number are.
#ifndef OUT_LAYOUT_H
#define OUT_LAYOUT_H

#include "out/out.h"

// How a value is being written.
struct layout {
	const struct out_env *env;
	struct out_buf *b;
	uint64_t div;    // numbers are divided by it; never 0
	bool is_compact; // a key in JSON: no blanks around separators
	unsigned depth;
};

// The numbers of a value that is one.
struct number {
	uint64_t bits;
	bool is_signed;
};

// n bytes from off on, fewer if there are not so many.
struct bytes layout_slice(struct bytes b, size_t off, size_t n);
// An unsigned number of size bytes (8 at most); what is missing reads as 0.
uint64_t layout_uint(struct bytes b, size_t off, size_t size);

bool layout_number(const struct out_type *t, struct bytes v, struct number *out);
struct number layout_divide(struct number n, uint64_t div);

void layout_text(struct layout *l, const struct out_type *t, struct bytes v);
void layout_json(const struct layout *l, const struct out_type *t, struct bytes v, struct json *j);
// As a map's key: a tuple without its parentheses.
void layout_key(struct layout *l, const struct out_type *t, struct bytes v);

// hist, lhist and tseries as values of maps, from the first line to the last.
void layout_hist_text(const struct layout *l, const struct out_type *t, struct bytes v);
void layout_hist_json(const struct layout *l, const struct out_type *t, struct bytes v,
		      struct json *j);
// All of the map's series share the last interval that one of them has: layout_tseries_last().
void layout_tseries_text(const struct layout *l, const struct out_type *t, struct bytes v,
			 uint64_t last_epoch);
void layout_tseries_json(const struct layout *l, const struct out_type *t, struct bytes v,
			 uint64_t last_epoch, struct json *j);
uint64_t layout_tseries_last(const struct out_type *t, struct bytes v);

#endif
