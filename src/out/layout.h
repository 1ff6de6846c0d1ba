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
	uint32_t unreadable; // see out_value
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

// --- floating point numbers (real.c) ---

// A number that has the same order; NaN is below or above all others.
struct number layout_float_order(const struct out_type *t, struct bytes v);
// As Go's %v.
void layout_float_text(const struct out_type *t, struct bytes v, struct out_buf *b);
void layout_float_json(const struct out_type *t, struct bytes v, struct json *j);
void layout_complex_text(const struct out_type *t, struct bytes v, struct out_buf *b);

// How printf shows one.
struct float_spec {
	char letter; // f F e E g G
	bool has_plus, has_blank, has_prefix;
	size_t zeros_to; // filled with zeros up to that width
	int precision;   // -1: none
};
void layout_float_format(const struct float_spec *s, const struct out_type *t, struct bytes v,
			 struct out_buf *b);

// --- what Go's values look like (go.c) ---

void layout_slice_text(struct bytes v, struct out_buf *b);
void layout_slice_json(struct bytes v, struct json *j);
// As UTF-8; what is no code point as U+FFFD, as Go does.
void layout_rune(uint32_t c, struct out_buf *b);

// --- text ---

// The bytes of a STRING or TEXT that are there.
struct str layout_text_bytes(const struct out_type *t, struct bytes v);
bool layout_is_unreadable(const struct out_type *t, struct bytes v);
// What stands behind them: empty unless it was cut.
struct str layout_trailer(const struct out_env *env, const struct out_type *t, struct bytes v);

// --- aggregations ---

// hist, lhist and tseries as values of maps, from the first line to the last.
void layout_hist_text(const struct layout *l, const struct out_type *t, struct bytes v);
void layout_hist_json(const struct layout *l, const struct out_type *t, struct bytes v,
		      struct json *j);
// All of the map's series share the last interval that one of them has: layout_tseries_last().
void layout_tseries_text(const struct layout *l, const struct out_type *t, struct bytes v,
			 uint64_t last_epoch);
void layout_tseries_json(const struct layout *l, const struct out_type *t, struct bytes v,
			 uint64_t last_epoch, struct json *j);
// TIMES: by powers of two, with their ends as durations.
void layout_times_text(struct bytes v, struct out_buf *b);
void layout_times_json(struct bytes v, struct json *j);
// The table of a map of them.
void layout_times_table(const struct out_env *env, const struct out_table *t, FILE *f);
void layout_times_table_json(const struct out_env *env, const struct out_table *t, FILE *f);
uint64_t layout_tseries_last(const struct out_type *t, struct bytes v);

#endif
