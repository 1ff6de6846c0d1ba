// SPDX-License-Identifier: Apache-2.0
// What the files of run/ share: the session, and how each of them takes part in it.
#ifndef RUN_INTERNAL_H
#define RUN_INTERNAL_H

#include <signal.h>

#include "base/lines.h"
#include "base/map.h"
#include "run/run.h"
#include "sym/sym.h"

// So much output is kept back at most; stdio has room for twice as much.
#define RUN_FLUSH_BYTES ((size_t)1 << 16)

// Of the call at hand.
struct call_texts {
	struct out_buf func, gofunc, args, results;
};

// What a table of times had when it was last drawn.
struct times_seen {
	const struct program_map *map;
	struct arena *arena;
	struct map calls; // by the key's hash
	uint64_t ns;      // when that was
};

// What watch() has shown.
struct watched {
	struct arena *arena;
	struct map last; // hash of the values by that of goroutine and place
	uint64_t n_lines;
	bool has_head;
};

struct session {
	const struct program *p;
	struct code *c;
	const struct run_options *o;
	struct arena *arena;
	struct bpf_prog *progs; // as c->progs
	struct code_globals *globals;
	struct bpf_ring *ring;
	VEC(int) links;
	VEC(const struct program_part *) link_parts; // of the same links
	struct budget *budget;
	uint64_t n_events; // taken
	bool has_multi;    // uprobes have links for many sites
	bool has_cookies;
	FILE *out;
	struct lines *lines; // out is its stream; NULL: it is o->out

	struct out_env env;
	struct out_buf text;             // of the event at hand
	struct arena *scratch;           // likewise
	struct symbols *symbols;         // NULL until an address wants a name
	uint8_t *frames;                 // room for a value of map stacks
	bool is_over;                    // exit() was called
	int exit_status;                 // its argument
	bool can_go_on;                  // the output takes more
	int output_errno;                // why it does not
	bool wants_gap;                  // two empty lines before the next map
	bool is_ending;                  // nothing comes behind what END prints
	const struct program_map *drawn; // its table is the last thing on the terminal
	bool is_shared;                  // the command writes to the terminal, too
	size_t drawn_lines;              // so many lines of it
	VEC(struct times_seen) times;
	struct watched watched;
	bool is_bare;              // whole values are those of watch()
	uint64_t begin_ns, end_ns; // of the trace, as tables of times see it
	bool is_terminal;          // out
	unsigned terminal_width;   // of it; 0: lines may be of any length
	struct call_texts call_texts;
	struct out_calls *calls; // NULL: each has a line
	struct out_calls_missing calls_missing;
	bool has_call_head; // the line above all calls
	bool has_colours;
	bool is_call;   // whole values are arguments and results of a call
	unsigned width; // that whole values have on a line; 0: any
	sigset_t signals_before;
	const char *elsewhere; // a program that the command's process does not run; NULL: it does
	uint64_t n_unkept_seen, n_owners_seen; // see calls_sweep
	uint64_t swept_ns;
};

// --- child.c ---

// Lets it run. An error if it could not become the command.
MUST_USE struct err *child_go(struct child *c);
// A descriptor that is readable when it has ended; -1: none.
int child_pidfd(const struct child *c);
// Its status as a shell tells it, when it has ended: 128 + the signal that ended it.
int child_status(struct child *c);

// --- session.c ---

void session_flush(struct session *s);

// --- load.c ---

// Creates the maps, writes what programs find there, loads the programs.
MUST_USE struct err *session_load(struct session *s);
void session_unload(struct session *s);
// Runs the programs of that kind here and now. which: of signals, else 0.
MUST_USE struct err *session_run(struct session *s, enum probe_kind kind, int which);
bool session_has(const struct session *s, enum probe_kind kind, int which);
// uprobe, uretprobe, usdt
bool kind_is_uprobe(enum probe_kind kind);

// --- attach.c, perf.c ---

MUST_USE struct err *session_attach(struct session *s);
uint64_t attach_cookie(const struct session *s, const struct program_part *part, uint32_t i);
MUST_USE struct err *attach_perf(struct session *s, const struct program_part *part);
void session_detach(struct session *s);
void session_detach_part(struct session *s, const struct program_part *part);
void session_add_link(struct session *s, const struct program_part *part, int fd);
// Probes that are attached, or would be.
size_t session_n_probes(const struct session *s);

// --- loop.c ---

// Signals that end the session, or are probes, wait for the loop from here on.
void session_hold_signals(struct session *s);
// They do what they always do again: a second Ctrl-C leaves at once.
void session_release_signals(struct session *s);

// Programs run from here on, or no more. exit() in one of them ends that.
void session_set_active(struct session *s, bool is_active);
bool session_is_active(const struct session *s);
// Prints events until something ends the session.
MUST_USE struct err *session_loop(struct session *s);
// Prints what is there.
void session_drain(struct session *s);

// --- events.c ---

// A bpf_record_fn; ctx is the session.
bool event_take(void *ctx, const void *data, size_t len);

// --- maps.c ---

MUST_USE struct err *map_print(struct session *s, const struct program_map *m, uint64_t top,
			       uint64_t div);
// print(@m[key])
MUST_USE struct err *map_print_entry(struct session *s, const struct program_map *m,
				     struct bytes key);
MUST_USE struct err *map_clear(struct session *s, const struct program_map *m);
MUST_USE struct err *map_zero(struct session *s, const struct program_map *m);
// All of the script's.
void maps_print(struct session *s);

// All rows of a map as they stand, to be shown; they are the arena's.
MUST_USE struct err *map_read(const struct session *s, const struct program_map *m, struct arena *a,
			      struct out_map *out);

// --- table.c ---

// table(@m, title). On a terminal it is drawn over the one before.
MUST_USE struct err *map_table(struct session *s, const struct program_map *m, struct str title);

// --- unused.c ---

// Says which programs are run by no process that is traced.
void unused_tell(const struct session *s);

// --- budget.c ---

void budget_begin(struct session *s);
// Now and then; false: nothing is attached any more.
bool budget_check(struct session *s);
// The last line: hits, events, what tracing has cost.
void budget_report(struct session *s);
void budget_end(struct session *s);
// Counts hits of functions from here on, if it does not yet; how many there were, UINT64_MAX if
// nobody knows.
void budget_count(struct session *s);
uint64_t budget_hits(const struct session *s);

// --- elsewhere.c ---

// The command is about to run.
void elsewhere_begin(struct session *s);
void elsewhere_look(struct session *s);
void elsewhere_report(const struct session *s);

// The trace begins and ends there.
void tables_begin(struct session *s);
void tables_end(struct session *s);
void tables_free(struct session *s);

// --- call_line.c ---

// Trees and traces, if the script wants some.
void calls_view_begin(struct session *s);
void calls_view_end(struct session *s);
void call_texts_free(struct session *s);
// call()
void call_line(struct session *s, const struct program_action *action,
	       const struct out_value *args);

// A call that has not returned: c, and what was kept where it began.
// A call that has begun, or ended without a return, with what was kept of it.
void call_line_record(struct session *s, const struct program_action *a, struct out_call *c,
		      struct bytes kept);
uint64_t calls_now_ns(void); // CLOCK_MONOTONIC
bool calls_take(struct session *s, const void *data, size_t len);
// Whether lines say which process they are about.
bool session_has_pids(const struct session *s);
void call_line_who(const struct session *s, const struct out_call *c, struct out_buf *b);
void call_line_open(struct session *s, const struct program_action *a, struct out_call *c,
		    struct bytes kept);

// --- watch_line.c ---

// watch()
void watch_line(struct session *s, const struct program_action *action,
		const struct out_value *args);
void watch_free(struct session *s);

// --- stacks.c ---

// stacks(@m), folded(@m), flame(@m, title)
MUST_USE struct err *map_stacks(struct session *s, const struct program_action *a);
// out_env.frames; ctx is the session.
void stacks_frames(void *ctx, const struct out_type *t, struct bytes v, struct out_frames *out);

// --- resolve.c ---

// out_env.resolve; ctx is the session.
// Of a whole value.
void resolve_json(void *ctx, const struct out_type *t, struct bytes v, struct json *j);
void resolve_text(void *ctx, const struct out_type *t, struct bytes v, unsigned indent,
		  struct out_buf *b);
// Reads what the process of -p or -c has mapped.
void resolve_begin(struct session *s);
// A process is seen for the first time.
void resolve_process(struct session *s, const struct code_process *e);
void resolve_free(struct session *s);

// What stands at an address, innermost first; at least one.
size_t resolve_frames(struct session *s, uint32_t pid, bool is_kernel, uint64_t pc, bool is_return,
		      struct symbol_frame out[SYMBOL_FRAMES_MAX]);
// "main.f+12", "main.f [inlined]", or the bare address.
// Whether the next address of a stack is behind a call, as usual: below what Go puts there for a
// signal it is that of the instruction at fault.
bool resolve_was_called(const struct symbol_frame *frames, size_t n);
void resolve_put_frame(const struct symbol_frame *f, uint64_t pc, struct out_buf *b);
// The addresses of a stack; false: there are none.
bool resolve_stack(const struct session *s, const struct code_stack *stack,
		   struct code_frames *out);

// --- syscalls.c, cgroup.c ---

// NULL: not known.
const char *syscall_name(uint64_t number);
// "unified:/path" of a control group; false: it has gone, or none are mounted.
bool cgroup_path(uint64_t id, struct out_buf *b);

// --- calls.c ---

// Calls whose return has not come, and those of goroutines that have ended.
struct calls_left {
	uint64_t n_open, n_ended;
};
struct calls_left calls_left(const struct session *s);
// A line for each of them, if the script wants that.
void calls_tell_open(struct session *s);
// When calls find no room: takes away those of processes that have ended.
void calls_sweep(struct session *s);

// --- report.c ---

// Where a span of the script is.
// "1,234"
struct amount {
	char text[32];
};
struct amount report_amount(uint64_t n);
struct out_where report_where(const struct session *s, struct span span);
// What went wrong while it ran, on stderr: lost events, full maps, unreadable memory.
void session_report(const struct session *s);

#endif
