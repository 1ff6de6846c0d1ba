// SPDX-License-Identifier: Apache-2.0
// Calls of one goroutine after the other, put together again: what trees and traces for browsers
// have in common. Private to the folder.
#ifndef OUT_CALLS_H
#define OUT_CALLS_H

#include "base/map.h"
#include "out/out.h"

struct node {
	struct str func;
	struct str text; // func(args) = results; empty: it did not return
	uint64_t start_ns, end_ns;
	uint64_t inner_ns; // of the calls in it
	bool is_go;        // no call: a goroutine was started
	VEC(struct node *) inner;
};

// A goroutine, or a thread where there are none.
struct lane {
	uint32_t pid;
	bool is_goroutine;
	bool is_told;        // chrome: its name, and the arrow to it
	uint64_t number;     // the goroutine's, or the thread's
	struct arena *arena; // of the calls that are open, and of those in them
	VEC(struct node *) open;
};

struct out_calls {
	enum out_calls_view view;
	FILE *f;
	unsigned width;
	struct arena *arena;
	struct map lanes; // by key
	VEC(struct lane *) all;
	bool has_some;      // chrome: events so far
	struct map started; // chrome: goroutines that an arrow leads to, by key
};

uint64_t lane_key(uint32_t pid, bool is_goroutine, uint64_t number);
// The call that has begun becomes the innermost one.
struct node *lane_begin(struct lane *l, const struct out_call *c);
// The call that returns, with what it has become; taken off with all that is above it and has ended
// without a return. Where the beginning was not seen, a new one.
struct node *lane_return(struct lane *l, const struct out_call *c);
// Once nothing is open.
void lane_forget(struct lane *l);

// tree.c
void tree_add(struct out_calls *v, struct lane *l, const struct out_call *c);
void tree_end(struct out_calls *v);
// chrome.c
void chrome_add(struct out_calls *v, struct lane *l, const struct out_call *c);
void chrome_end(struct out_calls *v);

#endif
