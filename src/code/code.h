// SPDX-License-Identifier: Apache-2.0
// From a checked program to BPF: one program for each part, the maps that they use, and what the
// bytes mean that come out of them. Hides registers, stack frames and scratch memory.
#ifndef CODE_CODE_H
#define CODE_CODE_H

#include "bpf/bpf.h"
#include "check/check.h"

// One BPF program.
struct code_prog {
	const struct program_part *part;
	struct bpf_code code;
	enum bpf_prog_type type; // which of them a part's kind needs is said here only
	bool is_sleepable;
	bool returns; // executes the RETs that its probes are on; see code_returns
};

// Reads of memory and other things that can fail while a program runs. Counted, by place.
struct code_failure {
	struct span span;
	const char *what;              // "cannot read memory", "map full"
	const struct program_map *map; // NULL: about no map
};

// The value of map globals, which is mapped into stoat. counters follow it: one for each failure.
struct code_globals {
	uint64_t is_active;  // programs other than BEGIN and END return at once while it is 0
	uint64_t start_ns;   // CLOCK_BOOTTIME: elapsed counts from here
	uint64_t n_lost;     // events that found the ring buffer full
	uint64_t n_busy;     // hits that found no scratch memory
	uint64_t n_dropped;  // calls that ended without a return: a panic, Goexit
	uint64_t n_unpaired; // returns of calls that nothing is known of
	uint64_t n_unkept;   // calls that found no room in map calls
	uint64_t n_unowned;  // calls whose goroutine is not known
	uint64_t n_owners;   // heads that were added to map calls
	uint64_t n_over;     // hits that were dropped: more than max_rate
	uint64_t failures[]; // code.n_failures
};

// The start of a record of the ring buffer.
struct code_event {
	uint32_t kind;  // CODE_EVENT_*, or an action's index
	uint32_t extra; // of an action: which arguments could not be read
};

enum {
	CODE_EVENT_PROCESS =
		0x80000000u, // struct code_process: a process is seen for the first time
	// struct code_call as it is in map calls:
	CODE_EVENT_BEGAN = 0x80000001u, // a call has begun
	CODE_EVENT_ENDED = 0x80000002u, // it has ended without a return; what is kept follows
};

// code_event.extra of CODE_EVENT_ENDED: what has shown it.
enum {
	CODE_ENDED_RETURN, // the return of a call around it
	CODE_ENDED_ENTRY,  // another call of its goroutine, some time later
	CODE_ENDED_OWNER,  // another goroutine has its struct g
};

// So that addresses can be put into words after the process has gone: sent before the first event
// that needs it.
struct code_process {
	struct code_event event;
	uint32_t pid;
	uint32_t site; // a program_site whose runtime address is pc; UINT32_MAX: none
	uint64_t pc;
};

// Map calls: the calls that return probes wait for. Each goroutine (in C, each thread) has a stack
// of them for each return probe: a head, and an entry for each level. Depth is how far the stack
// pointer was from the stack's end at the entry: a call that is nested in another one is deeper,
// and when Go moves a stack it stays the same.
struct code_call_key {
	uint64_t owner; // address of struct g; in C: process and thread
	uint32_t pid;
	uint32_t number; // program_call.index << CODE_LEVEL_BITS | level
};

#define CODE_LEVEL_BITS 20
#define CODE_LEVEL_HEAD ((1u << CODE_LEVEL_BITS) - 1)

// The value of a head.
struct code_call_head {
	uint64_t goid; // whose calls these are: struct g is used again by others
	uint64_t top;  // depth of the last call
	uint64_t n;    // calls that are open
};

// The value of a level; what is kept follows.
struct code_call {
	struct code_event event; // for when it is sent
	uint32_t number;         // program_call.index
	uint32_t pid;
	uint64_t goid;     // 0: none
	uint64_t thread;   // that it was entered on: process and thread
	uint64_t ended_ns; // when it was seen that it has ended without a return
	uint64_t depth;
	uint64_t below; // depth of the call around it, 0: none
	uint64_t start_ns;
	uint64_t site;    // where it was entered, where that is asked for: a program_site
	uint64_t is_over; // more than max_rate: nothing is kept, and its return is not looked at
};

// OUT_STACK: what stands in keys, values and events. The frames are in map stacks.
struct code_stack {
	uint64_t id; // 0: there was no stack
	uint32_t pid;
	uint32_t kind; // CODE_STACK_*
};

// OUT_SYMBOL
struct code_symbol {
	uint64_t pc;
	uint32_t pid;       // 0: the kernel's
	uint32_t is_return; // 1: behind a call, and shown as a stack's frame is; pc 0: none
};

// OUT_NAME of NAME_GO_TYPE and NAME_GO_FUNC
struct code_go_name {
	uint64_t vaddr;   // in the file, or where something was made at run time; 0: nil
	uint32_t program; // in program.programs
	uint32_t zero;
};

enum { CODE_STACK_USER, CODE_STACK_KERNEL };

// The key of map stacks is the id, the value this.
#define CODE_FRAMES_MAX 127
struct code_frames {
	uint32_t n;
	uint32_t limit;
	uint64_t
		pc[CODE_FRAMES_MAX]; // pc[0] is where the probe is, the others are return addresses
};

// Which types of a program refer to which, for whole values.
struct code_table {
	struct bpf_map *map;
	struct bytes bytes; // its value
};

struct code {
	struct code_prog *progs; // as program.parts
	size_t n_progs;
	const struct span *spans; // the places that bpf_code.spans are numbers of
	size_t n_spans;
	struct bpf_map **maps; // all of them, to be created before the programs are loaded
	size_t n_maps;
	struct bpf_map **map_of; // by program_map.index; see code_map_is_set
	struct bpf_map *globals; // one value, BPF_F_MMAPABLE
	struct bpf_map *ring;
	struct bpf_map *sites;   // NULL: not used. Values to be written before anything runs:
	const void *site_values; // n_sites of sites->value_size
	const struct code_table *tables;
	size_t n_tables;
	struct bpf_map *stacks; // NULL: not used
	struct bpf_map *budget; // likewise: of max_rate
	struct bpf_map *calls;  // likewise
	bool has_symbols;       // addresses of processes are put into words
	const struct code_failure *failures;
	size_t n_failures;
};

struct code_options {
	bool (*has)(void *ctx, enum bpf_feature_id f); // of the kernel
	void *ctx;
	bool has_multi; // uprobes are attached with one link for many sites
	// For a process namespace that is not the machine's: numbers of processes are this one's.
	bool is_nested_pid_ns;
	uint64_t pid_ns_dev, pid_ns_ino;
};

// What the kernel cannot do is an error that names the place in the script, in p->diag: the code is
// not to be used then. Everything is the arena's.
MUST_USE struct err *code_make(struct arena *a, const struct program *p,
			       const struct code_options *options, struct code **out);
// What site i of a part gives its program as the cookie: its number in program.sites, and what
// code/ret.c wants to know.
uint64_t code_cookie(const struct code *c, const struct program *p, const struct program_part *part,
		     uint32_t i);
// Whether the program executes the instruction at the site itself: the kernel does not step it.
bool code_returns(const struct code_prog *prog, const struct program_site *site);
// Calls that map calls has room for.
uint32_t code_calls_room(const struct bpf_map *calls);
// A map without keys is an array of one value, or one of each CPU; the last word of it says whether
// it was ever set. value: what bpf_map_lookup gives. True for entries of other maps.
bool code_map_is_set(const struct bpf_map *m, const void *value);
void code_map_mark_set(const struct bpf_map *m, void *value);

// -d bpf
void code_dump(const struct code *c, const struct program *p, FILE *out);

// The arguments of an action, as they stand in its event. False if the record is too short.
bool code_event_args(const struct program_action *action, struct bytes record,
		     struct out_value *args);

#endif
