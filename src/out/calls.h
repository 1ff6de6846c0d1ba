// SPDX-License-Identifier: Apache-2.0
// Calls of one goroutine after the other, put together again: what trees and traces for browsers
// have in common. Private to the folder.
#ifndef OUT_CALLS_H
#define OUT_CALLS_H

#include "out/out.h"

// KEEP IN ORDER: how much is known of its end.
enum node_state {
	NODE_OPEN,  // it has not returned
	NODE_ENDED, // it has gone without a return: a panic, Goexit
	NODE_RETURNED,
};

// A goroutine that a call has started, and when.
struct start {
	uint64_t child, ns;
};

struct node {
	struct str func;
	struct str args, results; // as they are shown; empty: not told, none
	struct str args_json;     // of those that are open at the end
	uint64_t start_ns, end_ns;
	uint64_t inner_ns; // of the calls in it
	uint64_t depth;
	struct out_call end; // NODE_ENDED: how and when, no more; zero: nobody knows
	enum node_state state;
	bool is_record;
	bool misses_some; // how long a call in it took is not known
	bool is_go;       // no call: a goroutine was started
	bool is_told;     // it is to be shown, or something in it is
	VEC(struct node *) inner;
	VEC(struct start) starts; // chrome
};

// A goroutine, or a thread where there are none. Those that have been silent for the longest time
// are forgotten, so that a program may start as many as it likes.
struct lane {
	uint32_t pid;
	bool is_goroutine;
	uint64_t number;     // the goroutine's, or the thread's
	struct arena *arena; // of the calls that are open, and of those in them; NULL: none
	VEC(struct node *) open;
	size_t n_nodes; // in the arena

	// chrome
	bool is_named, has_slice, has_origin;
	uint64_t first_ns;   // the start of a slice
	uint32_t origin_pid; // who started it, and when
	uint64_t origin, start_ns;

	struct lane *next; // of the same bucket
	struct lane *newer, *older;
};

#define LANE_BUCKETS 4096u

struct out_calls {
	enum out_calls_view view;
	FILE *f;
	unsigned width;
	bool tells_open, tells_ended, has_pids;
	struct arena *arena;
	struct lane *buckets[LANE_BUCKETS];
	struct lane *newest, *oldest, *unused;
	size_t n_lanes;
	bool is_ending;
	uint64_t base_ns; // chrome: what time counts from
	bool misses_some; // of the calls that were made
	bool has_some;    // chrome: events so far
	struct out_calls_missing missing;
};

// The goroutine's or thread's, made if need be. It is the newest one then.
struct lane *lane_get(struct out_calls *v, uint32_t pid, bool is_goroutine, uint64_t number);
void lane_remove(struct out_calls *v, struct lane *l);

// Calls that are not around one as deep as that any more have ended; each is taken off.
typedef void (*lane_off_fn)(struct out_calls *v, struct lane *l, struct node *n);
// The call that has begun becomes the innermost one. NULL: too many are open.
struct node *lane_begin(struct out_calls *v, struct lane *l, const struct out_call *c,
			lane_off_fn off);
// The call that returns, now the innermost one, with its times; where its beginning was not seen, a
// new one.
struct node *lane_return(struct out_calls *v, struct lane *l, const struct out_call *c,
			 lane_off_fn off);
// The call has ended without a return. False: nothing is known of it.
bool lane_end(struct out_calls *v, struct lane *l, const struct out_call *c, lane_off_fn off);
// Forgets all but the calls that are open.
void lane_renew(struct lane *l);

// tree.c
void tree_add(struct out_calls *v, struct lane *l, const struct out_call *c);
void tree_end(struct out_calls *v, struct lane *l);
// chrome.c
void chrome_add(struct out_calls *v, struct lane *l, const struct out_call *c);
void chrome_end(struct out_calls *v, struct lane *l);
void chrome_finish(struct out_calls *v);

#endif
