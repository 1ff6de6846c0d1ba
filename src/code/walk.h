// SPDX-License-Identifier: Apache-2.0
// The walk through what a whole value refers to: what those who start it and those who do it share.
#ifndef CODE_WALK_H
#define CODE_WALK_H

#include "code/gen.h"

// What has been appended is known by a number in one of so many slots.
#define SEEN_BITS     9
#define SEEN_BITS_FEW 6

// Where the walk stands. Offsets are from the start of the event.
enum {
	AT_BIAS = 0,       // from addresses in the file to addresses now
	AT_TAG = 8,        // of this event: what stands in slots of seen from others means nothing
	AT_LIMIT = 16,     // where the event may end
	AT_END = 24,       // where the next item is appended
	AT_NEXT = 32,      // the item whose references come next
	AT_BASE = 40,      // the element of it that is being looked at,
	AT_LEFT = 48,      // how many bytes there are from there on,
	AT_SIZE = 56,      // and of each element
	AT_FIRST = 64,     // of its type, the first reference,
	AT_REF = 72,       // the next,
	AT_REF_END = 80,   // and behind the last
	AT_DEPTH = 88,     // of the item
	AT_OTHER = 96,     // not 0: 1 + a reference that comes before all others,
	AT_OTHER_AT = 104, // from there
	AT_WORD = 112,     // what a helper reads
	// Of the item that is about to be appended:
	AT_ADDR = 120,
	AT_TYPE = 128,
	AT_BYTES = 136,
	AT_WANT = 144,
	AT_DEEP = 152,
	AT_SEEN = 160,
};

struct whole {
	const struct value_table *table;
	const struct value_limits *limits;
	const struct bpf_map *map;
	struct spot state, event;
	uint64_t event_max; // offsets are smaller
	uint64_t item_max;
	uint64_t room; // of all items
	int seen_bits;
	bool may_sleep;
	struct bpf_label again, stop; // ends of a round
};

static inline void walk_get(struct gen *g, const struct whole *w, uint8_t reg, int at)
{
	spot_load(g, 8, reg, spot_at(w->state, at));
}

static inline void walk_set(struct gen *g, const struct whole *w, int at, uint8_t reg)
{
	spot_store(g, 8, spot_at(w->state, at), reg);
}

static inline void walk_set_imm(struct gen *g, const struct whole *w, int at, uint64_t v)
{
	spot_store_imm(g, 8, spot_at(w->state, at), v);
}

// reg = the address of the event's bytes at offset off, of which so many are used. The verifier has
// to see that they are there.
void walk_event_ref(struct gen *g, const struct whole *w, uint8_t reg, uint8_t off, uint64_t bytes);
// r1 = the word of the traced program at r1. What cannot be read is marked as the reference at r8.
void walk_read_word(struct gen *g, const struct whole *w);
// Appends what AT_ADDR and the words behind it tell, for the reference r7; ends the round.
void walk_append(struct gen *g, const struct whole *w);
// Appends all that the items from AT_NEXT on refer to. The state is set.
void walk_loop(struct gen *g, const struct whole *w);

#endif
