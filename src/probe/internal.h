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

// --- functions ---

// What stands behind the program in uprobe:BIN:...
struct func_spec {
	const struct attach_field *bin;
	struct str symbol; // with a NUL behind it
	struct span span;  // of the symbol
	bool is_cpp;       // cpp:
	bool is_address;
	uint64_t address;
	bool has_offset;
	uint64_t offset;
	uint32_t line, column; // of attach->file
};

// What is being looked up, and where.
struct finder {
	struct maker *m;
	const struct func_spec *spec;
	struct plan_program *program;
	struct target *t;
	bool is_many;
	const char *hint; // what can be done where a function is refused; NULL: nothing
	struct map seen;  // of MANY: index + 1 in the clause's probes, by address
};

// The site's file offset; why the kernel takes no probe there, NULL if it does.
const char *site_finish(struct finder *p, struct plan_site *s);
struct str probe_text(struct finder *p, struct str where);
// A probe with that one site.
struct plan_probe *add_site(struct finder *p, const struct target_func *f, struct str text,
			    struct plan_site site);
struct plan_site site_of_entry(struct finder *p, const struct target_func *f);

// The sites of a return probe, and the entry that goes with them (returns.c). NULL, or why not.
const char *add_return_sites(struct finder *p, const struct target_func *f,
			     struct plan_probe *probe);
// The copies of a function that was inlined (copies.c). f: NULL if it has no code of its own. *n:
// how many there are.
MUST_USE struct err *add_copies(struct finder *p, const struct target_func *f, size_t *n);

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
