// SPDX-License-Identifier: Apache-2.0
// Map calls, as the programs that fill and empty it see it. Private to the folder.
#ifndef CODE_CALLS_H
#define CODE_CALLS_H

#include "code/gen.h"

// What a program works with while it looks for a call.
struct finding {
	struct spot key;   // struct code_call_key
	struct spot slot;  // the goroutine's number, then room for the search
	struct temp head;  // struct code_call_head *
	struct temp depth; // of the call at hand
	struct span span;
};

#define KEY(field)  ((int)offsetof(struct code_call_key, field))
#define HEAD(field) ((int)offsetof(struct code_call_head, field))
#define CALL(field) ((int)offsetof(struct code_call, field))

// Which of the goroutine's calls: the key says so then.
void calls_set_level(struct gen *g, const struct finding *f, uint8_t reg);
// r0 = the key's value, 0 if there is none.
void calls_look_up(struct gen *g, const struct finding *f);

// --- dropped.c ---

// r1 calls have ended without a return.
void calls_count_dropped(struct gen *g);
// Calls that are deeper than the one at hand (beyond: or as deep) have ended without a return. how:
// CODE_ENDED_*.
void calls_drop_deeper(struct gen *g, const struct finding *f, bool beyond, uint32_t how);
// Sends the events, if there are such, of the last call, or of all that are open.
void calls_tell_last(struct gen *g, const struct finding *f, uint32_t how);
void calls_tell_all(struct gen *g, const struct finding *f, uint32_t how);
// Whether calls of the part have events when they begin, or end without a return.
bool calls_tells_begin(const struct gen *g);
bool calls_tells_ended(const struct gen *g);

#endif
