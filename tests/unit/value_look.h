// SPDX-License-Identifier: Apache-2.0
// For tests of how values look: the value of a world as text and as JSON.
#ifndef VALUE_LOOK_H
#define VALUE_LOOK_H

#include "unit.h"
#include "value_types.h"

struct world *look_world(void);
void look_free(struct world **w);
// Begins a test.
#define WORLD(w)        AUTO(look_free) struct world *w = look_world()
#define LOOK_AT(w, ...) world_book((w), (struct type *const[]) { __VA_ARGS__, NULL })
// As root: words are copied.
#define ROOT(w, ...)                                      \
	put_root((w), (const uint64_t[]) { __VA_ARGS__ }, \
		 sizeof((const uint64_t[]) { __VA_ARGS__ }))
#define AT(w, addr, type, ...)                                       \
	put((w), (addr), (type), (const uint64_t[]) { __VA_ARGS__ }, \
	    sizeof((const uint64_t[]) { __VA_ARGS__ }))

struct str look_text(struct world *w, const struct value_style *style);
struct str look_json(struct world *w);

#define CHECK_LOOK(w, want) CHECK_VIEW(look_text((w), &(struct value_style) { 0 }), (want))
#define CHECK_JSON(w, want) CHECK_VIEW(look_json(w), (want))
#define CHECK_ZEROS(w, want) \
	CHECK_VIEW(look_text((w), &(struct value_style) { .shows_zeros = true }), (want))
#define CHECK_LINES(w, columns, want) \
	CHECK_VIEW(look_text((w), &(struct value_style) { .width = (columns) }), (want))

#endif
