// SPDX-License-Identifier: Apache-2.0
// What the files of probe/ share: the plan that is being made, and the readers of foreign formats.
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include "base/map.h"
#include "probe/probe.h"

// A file that is open; programs that are one file under two names share it.
struct plan_opened {
	struct target *target;
	uint64_t dev, ino;
};

struct plan_private {
	struct arena *arena;
	VEC(struct plan_program *) programs;
	VEC(struct plan_opened) opened;
	VEC(struct plan_notes *) notes; // of the files whose notes have been read
	int tracefs;                    // -1: not open
};

// The attach point at hand.
struct maker {
	struct arena *arena;
	struct plan *plan;
	const struct plan_options *o;
	struct diag *diag;
	struct plan_clause *clause;
	const struct attach *attach;
	enum probe_kind kind;
};

// The text of a field, parameters put in.
struct str field_text(struct maker *m, const struct attach_field *f);
// Its number; false, with an error said, if it is none. what: "the offset".
bool field_number(struct maker *m, const struct attach_field *f, const char *what, uint64_t *out);
// Says e, whose first line is the message and the others hints; takes it over.
void say_error(struct maker *m, struct span span, struct err *e);
// The same for what is not there, as the options want it.
void say_missing(struct maker *m, struct span span, struct err *e);
// Adds a probe to the clause; what is not set yet is filled in by the caller.
struct plan_probe *add_probe(struct maker *m, struct str text);

// By provider.
void make_rate(struct maker *m);
void make_event(struct maker *m);
void make_watchpoint(struct maker *m);
void make_signal(struct maker *m);
void make_uprobe(struct maker *m);
void make_usdt(struct maker *m);
void make_tracepoint(struct maker *m);

// --- programs ---

struct program_list {
	VEC(struct plan_program *) v;
	bool is_glob; // the name was a pattern
};

// The programs that a BIN means. False if it has been said that there is none.
bool find_programs(struct maker *m, const struct attach_field *f, struct program_list *out);

// A library's path by its name ("libc", "libc.so.6"), looked up in the bytes of ld.so.cache; empty
// if it is not there.
struct str ld_cache_find(struct bytes cache, struct str name);
// Whether a file of that name is that library: "libc.so.6" is "libc".
bool is_library_name(struct str file, struct str name);

// --- rates ---

// "s" and 1, or a duration: false with *why set.
bool rate_parse(struct str unit, uint64_t count, struct plan_rate *out, const char **why);

// --- usdt ---

struct plan_notes {
	const struct target *target;
	struct usdt_note *v;
	size_t n;
};

// The notes in a section's bytes. Those after a malformed one are not read.
MUST_USE struct err *usdt_read_notes(struct arena *a, struct elf *elf, struct bytes section,
				     struct plan_notes *out);
// "8@%rdi -4@-20(%rbp)". elf: for symbols that arguments are relative to; may be NULL.
void usdt_parse_args(struct arena *a, enum insn_arch arch, struct elf *elf, struct str text,
		     struct usdt_note *out);

// --- tracepoints ---

// A file "format" of tracefs.
MUST_USE struct err *tracepoint_parse(struct arena *a, struct str format, struct tracepoint *out);

#endif
