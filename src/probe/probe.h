// SPDX-License-Identifier: Apache-2.0
// From the probes that a script names to the places where they are: each attach point is looked up
// (files, functions, offsets, lines, USDT notes, tracepoints, rates), and the outcome is a plan
// that only has to be attached. Hides ld.so.cache, USDT notes and tracefs.
//
//     script -> plan -> clauses -> probes -> sites
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdio.h>

#include "base/diag.h"
#include "script/script.h"
#include "target/target.h"

enum probe_kind {
	PROBE_BEGIN,
	PROBE_END,
	PROBE_UPROBE,     // program, sites
	PROBE_URETPROBE,  // likewise
	PROBE_USDT,       // program, sites with usdt
	PROBE_TRACEPOINT, // tracepoint
	PROBE_INTERVAL,   // rate
	PROBE_PROFILE,    // rate
	PROBE_SOFTWARE,   // event
	PROBE_HARDWARE,   // event
	PROBE_WATCHPOINT, // watch
	PROBE_SIGNAL,     // signal: what the user sends to stoat itself
};

// "uprobe"; begin, end and signal have a name in common.
const char *probe_kind_name(enum probe_kind kind);

// A program that probes are in: opened once, closed with the plan.
struct plan_program {
	struct target *target;
	const char *path; // where to open it
	struct str text; // as its probes are called: the path as written, or the one that was found
};

// --- usdt ---

enum usdt_arg_kind {
	USDT_CONST, // off
	USDT_REG,   // reg >> shift
	USDT_MEM,   // reg + index * scale + off
	USDT_VADDR, // off, an address of the program's file: + index * scale
	USDT_OTHER, // nothing that a uprobe can read; text says what
};

#define USDT_NO_REG 0xffffu

// Where an argument is: registers by their DWARF numbers.
struct usdt_arg {
	enum usdt_arg_kind kind;
	uint8_t size; // bytes: 1, 2, 4 or 8
	bool is_signed;
	bool is_float;
	uint8_t shift; // of REG: bits below the value (ah)
	uint16_t reg;
	uint16_t index; // USDT_NO_REG: none
	uint8_t scale;
	int64_t off;
	struct str text; // as the note has it
};

struct usdt_note {
	struct str provider;
	struct str name;
	uint64_t vaddr;     // moved with the program if it was moved after linking
	uint64_t semaphore; // its address; 0: none
	struct usdt_arg *args;
	size_t n_args;
};

// --- tracepoints ---

struct tracepoint_field {
	struct str name;
	struct str type; // "unsigned long", "char[16]" without the brackets: "char"
	uint32_t off;
	uint32_t size;      // of all of it
	uint32_t count;     // of an array, else 0
	uint32_t elem_size; // size / count
	bool is_signed;
	bool is_pointer;
	bool is_common;   // of every tracepoint
	bool is_data_loc; // what stands there is (length << 16 | offset) of an array of type
	bool is_rel_loc;  // likewise, the offset counted from the field's end
};

struct tracepoint {
	struct str group;
	struct str name;
	uint64_t id;
	struct tracepoint_field *fields;
	size_t n_fields;
};

// --- the plan ---

enum plan_site_kind {
	SITE_ENTRY,     // of a function, executed once a call
	SITE_RETPROBE,  // a function's first instruction, for the kernel's return probe
	SITE_EXIT,      // a function returns, or jumps into another one
	SITE_COPY,      // an inlined copy of a function begins
	SITE_OFFSET,    // the very instruction that was asked for
	SITE_LINE,      // a source line begins
	SITE_USDT_NOTE, // a note's location
};

struct plan_site {
	enum plan_site_kind kind;
	uint64_t vaddr;
	uint64_t foff;
	const struct target_func *func; // that it is in; NULL: not known
	uint64_t off;                   // from func's start
	struct insn insn;
	enum target_condition condition;
	bool may_repeat;     // ENTRY: a loop leads back to it
	bool is_tail_jump;   // EXIT: the results are not there yet
	int64_t sp_to_entry; // EXIT: from SP to where SP was at the function's entry
	const struct usdt_note *usdt;
	uint64_t semaphore_foff; // usdt: 0: none
	struct str why;
};

struct plan_rate {
	uint64_t period_ns;
	uint64_t hz; // as it was asked for; 0: a period was
};

struct plan_event {
	struct str name; // the full name, "page-faults"
	uint64_t config; // PERF_COUNT_SW_*, PERF_COUNT_HW_*
	uint64_t count;  // events from one hit to the next
};

struct plan_watch {
	uint64_t vaddr;
	uint32_t len;
	bool on_read, on_write, on_execute;
};

struct plan_probe {
	enum probe_kind kind;
	const struct attach *attach;
	struct str text; // what the builtin `probe` prints
	struct plan_program *program;
	const struct target_func *func; // UPROBE, URETPROBE: that it is in; NULL: not known
	struct str func_name;           // "" without func
	struct plan_site *sites;
	size_t n_sites;
	// URETPROBE: where a call of func begins, for what is kept from there. NULL: there no probe
	// can be; then entry_why says why.
	struct plan_site *entry;
	struct str entry_why;
	struct str copy_of; // SITE_COPY: the function whose copy it is, func is the one around it
	const struct tracepoint *tracepoint;
	struct plan_rate rate;
	struct plan_event event;
	struct plan_watch watch;
	int signal;
};

// A function that a wildcard matches and that cannot be probed.
struct plan_skip {
	struct plan_program *program;
	struct str func;
	struct str why;
};

struct plan_clause {
	const struct probe *clause;
	VEC(struct plan_probe) probes;
	VEC(struct plan_skip) skipped;
};

struct plan {
	struct plan_clause *clauses; // in the order of the script
	size_t n_clauses;
	size_t n_probes;
	size_t n_sites;
	struct plan_private *private;
};

enum plan_missing { PLAN_MISSING_ERROR, PLAN_MISSING_WARN, PLAN_MISSING_IGNORE };

struct plan_options {
	const struct str *params; // $1 ...
	size_t n_params;
	int pid;               // the one process that is traced, 0: all
	const char *command;   // the program that it will be, if it does not run yet; else NULL
	const char *debug_dir; // see target_open
	// What may be attached at most; 0: any number. Uprobes of a clause in one file count as
	// one when they share a link, else each counts.
	size_t max_probes;
	bool has_multi_link;
	bool is_unsafe; // addresses in a file without symbols are offsets in it, as
			// bpftrace takes them then
	// Where the exits of a function cannot be probed, the kernel's return probe may be on it
	// even if an exception that passes there would end the program.
	bool has_kernel_returns;
	enum plan_missing missing; // what to do about files, functions and tracepoints not there
	// Opens tracefs's folder; NULL: where it is mounted.
	struct err *(*open_tracefs)(int *fd);
};

// Looks everything up. Never NULL: what is wrong goes to diag, the rest is there. The script must
// outlive the plan; plan_close closes all programs.
struct plan *plan_make(const struct script *s, const struct plan_options *options,
		       struct diag *diag);
void plan_close(struct plan *p);

// Which file an attach point means by that program, for those who look at it before there is a
// script: *path is where to open it, and what an attach point can say instead.
MUST_USE struct err *plan_find_program(struct arena *a, const char *what,
				       const struct plan_options *o, struct str *path);

// What can stand behind "software:", "hardware:", "interval:" and "profile:", number i of it; NULL
// behind the last one.
const char *plan_event_name(enum probe_kind kind, size_t i);

// One line a site.
void plan_dump(const struct plan *p, FILE *out);

#endif
