// SPDX-License-Identifier: Apache-2.0
// What the files of gen/ share. Private to the folder.
#ifndef GEN_INTERNAL_H
#define GEN_INTERNAL_H

#include "base/map.h"
#include "base/near.h"
#include "gen/gen.h"

// --- what a version of bpftrace can do (dialect.c) ---

enum feature {
	HAS_UPTR, // address spaces, and uptr() to choose the program's
	HAS_BSWAP,
	HAS_MAP_LOOPS,    // for ($x : @map)
	HAS_DELETE_KEY,   // delete(@map, key)
	HAS_CURTASK_TYPE, // curtask is a struct task_struct *
	HAS_DISCARD,      // _ = f(), and a warning without it
	HAS_MORE_PROBES,  // 1,024 probes instead of 512
	HAS_LONG_TEXTS,   // of 1,024 bytes, not on the stack
	HAS_LONG_FORMATS, // printf's are no texts of 64 bytes
	N_FEATURES,
};
bool dialect_has(const struct gen_dialect *d, enum feature f);
// "0.27", "0.20.2".
struct str dialect_name(struct arena *a, const struct gen_dialect *d);
// "0.17" as a number; false if it is none.
bool version_parse(struct str s, uint32_t *out);

// --- a function of the program, as a template has it (func.c) ---

struct func {
	struct str name; // as the program has it
	const struct target_func *f;
	struct target_info *info;
	// Parameters, then results: of the debug information, else of the template's own words.
	struct target_value *values;
	size_t n_values;
	bool has_types; // false: nothing is known of them
	bool has_name;  // attach points may call it by its symbol
	// Its results are not where they should be, or not known, at some of its exits.
	const char *no_results;
};

struct gen;

// text: "os.(*File).Read", with or without "(b []byte) (n int, err error)" behind it, several of
// them with " or " between. NULL if there is an error, which has been told at that place.
struct func *func_declare(struct gen *g, struct str text, struct span at);
// The functions that a user means by a word.
MUST_USE struct err *func_find(struct gen *g, struct str word, struct target_matches *out);
struct func *func_of(struct gen *g, const struct target_func *f, struct span at);
// Why it cannot be probed; NULL: it can.
const char *func_refusal(struct gen *g, const struct func *f);

// --- types that a template writes down (signature.c) ---

struct declared {
	struct target_value *v;
	size_t n;
};
// "(b []byte) (n int, err error)" of the function of that name, receiver included. False: an error
// has been told.
bool signature_parse(struct gen *g, struct str func, struct str text, struct span at,
		     struct declared *out);
// A type by its full name: debug information, else the program's own runtime types.
MUST_USE struct err *gen_find_type(struct gen *g, struct str name, struct type **out);

// --- values (place.c) ---

// Where a path of names has led: a part of a value of the function, or memory.
struct reach {
	struct type *type;                // NULL: one word of no type
	const struct target_value *value; // NULL: in memory
	struct str base;                  // in memory: an expression, and what is added to it
	uint64_t off;                     // from there, or from the start of the value
};
// The parameter or result that a template calls so: its name, or its number. NULL: told.
const struct target_value *value_find(struct gen *g, const struct func *f, bool is_result,
				      struct str name, struct span at);
struct reach reach_value(const struct target_value *v);
// Goes on by the names in path: fields (through pointers), "ptr", "len", "cap", "type", "data",
// numbers of array items. False: told.
bool reach_path(struct gen *g, struct reach *r, struct str path, struct span at);
// What is there as an expression: a number, or a text of a string. False: told.
bool reach_expr(struct gen *g, const struct reach *r, struct span at, struct str *out);
// The N-th word of the arguments, whatever they are. False: told.
bool word_expr(struct gen *g, const struct func *f, size_t n, struct span at, struct str *out);
struct str reg_name(struct gen *g, unsigned dwarf_reg);

// printf's format of all parameters or results, and the values behind it, each with ", " before it
// (shown.c).
struct shown {
	struct str format, values;
};
struct shown values_show(struct gen *g, const struct func *f, bool results);

// --- the template at work (template.c) ---

enum bound_kind { BOUND_FUNC, BOUND_TEXT };

// A name in the template.
struct bound {
	enum bound_kind kind;
	struct str name;
	const struct func *func;
	struct str text;
};

struct gen {
	const struct gen_request *r;
	struct arena *arena;
	struct diag *diag;
	VEC(struct bound) names; // the innermost ones last
	struct out_buf *out;
	unsigned depth; // of templates in templates

	// What came out so far.
	size_t n_probes;
	bool has_offsets;      // probes inside of functions
	bool has_addresses;    // and without a name
	bool needs_btf;        // of the kernel
	VEC(struct str) notes; // lines for the head
	const struct target_g *goroutine;
	bool knows_names;
	struct map once, several; // hashes of names that one symbol or function has, or more
};

void gen_error(struct gen *g, struct span at, const char *fmt, ...) PRINTF_LIKE(3, 4);
// Once, in the head of the script.
void gen_note(struct gen *g, struct str line);
// Tells e at that place, and frees it.
void gen_tell(struct gen *g, struct span at, struct err *e);

const struct bound *bound_find(const struct gen *g, struct str name);
// The function that a name stands for; NULL: told.
const struct func *bound_func(struct gen *g, struct str name, struct span at);

// Expands one template; its names are seen up to its end.
void template_expand(struct gen *g, struct str name, struct str text);
// Also those that are only a part of others.
const struct gen_template *template_part(const char *name);

// --- the holes (verbs.c) ---

// {{word rest}}: puts its text to g->out.
void verb_expand(struct gen *g, struct str word, struct str rest, struct span at);
// The probes of a function: its entry, or its exits (sites.c).
void sites_entry(struct gen *g, const struct func *f, struct span at);
void sites_exits(struct gen *g, const struct func *f, struct span at);
// Whether attach points may call it by that symbol.
bool sites_may_use_name(struct gen *g, struct str symbol);
// Why attach points cannot have that path; NULL: they can.
const char *sites_path_refusal(struct str path);

// Takes the first word, up to a blank, off *s.
struct str take_word(struct str *s);
struct str trim(struct str s);

#endif
