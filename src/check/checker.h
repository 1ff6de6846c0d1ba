// SPDX-License-Identifier: Apache-2.0
// What the files of check/ share. Private to the folder.
//
// All parts are checked again and again, without a word and without changing the trees, until the
// types of maps and variables stay as they are; then once more, this time for good: mistakes are
// told, constants folded, conversions put in.
#ifndef CHECK_CHECKER_H
#define CHECK_CHECKER_H

#include "base/map.h"
#include "base/near.h"
#include "check/check.h"

// Of one value; larger ones do not fit into what programs have for scratch.
#define VALUE_SIZE_MAX (64u << 10)
// How many levels of types in types.
#define TYPE_DEPTH_MAX 32
#define ARGS_MAX       64
// More could not be kept while a program runs.
#define VARS_MAX 1000
#define MAPS_MAX 1000

// Types that everybody needs, made once.
struct basic_types {
	struct type *ints[2][4]; // [is_signed][log2 of the size]
	struct type *word;       // UINT of 8 bytes that may hold a C int
	struct type *boolean;
	struct type *none; // VOID
	struct type *chars[2];
	struct type *real[2]; // float, double
	struct type *stacks[2];
	struct type *symbol;
};

// What the assignments of one pass come to. Reads see what the last pass came to.
struct found_type {
	struct type *before;
	struct type *now;
	bool was_literal; // before: only integer literals were assigned
	bool is_literal;
};

struct map_info {
	struct program_map *map;
	struct found_type key;
	struct found_type value;
	struct span key_span; // where the kind of keys was first seen
	struct span value_span;
	struct expr *agg_call; // the first one
	bool has_use;          // with or without keys is known
	bool has_keys;
	bool is_declared;
	bool is_assigned;
	bool is_target; // stands left of an assignment, be it a wrong one
	bool is_per_cpu_declared;
	const struct out_type *agg_type;
};

struct var_info {
	struct program_var *var;
	uint32_t expansion;
	struct found_type type;
	struct type *fixed; // let $x : type
	bool is_own;        // of let and for: nobody outside of its block sees it
	bool is_shared;     // one for all blocks that set it: it is read outside of them, too
	bool is_used;       // some expression means it in the end
	struct expr *decl;
};

struct var_list {
	struct var_info **v;
	size_t n;
	size_t cap;
};

struct named_type {
	struct str name; // "struct foo", "word_t"
	struct type *type;
	struct span span;
};

struct enumerator_info {
	struct str name;
	struct type *type;
	int64_t value;
};

struct checker {
	struct arena *arena;
	struct diag *diag;
	struct program *program;
	const struct script *script;
	struct plan *plan;
	const struct config *config;
	const struct check_options *options;
	struct basic_types basic;

	bool is_final;
	bool has_changed;
	unsigned n_passes;

	VEC(struct named_type) named_types;
	struct map type_names; // index + 1 into named_types, by hash of the name
	VEC(struct str) asked; // options: by getopt()
	VEC(struct enumerator_info) enumerators;
	struct map enumerator_names;
	struct map texts; // TEXT and others by size
	struct type *name_types[NAME_CGROUP + 1];
	VEC(struct map_info *) maps;
	struct map map_names;
	VEC(struct program_action *) actions;
	VEC(struct str) names;
	struct map name_numbers; // number + 1 by hash
	VEC(struct program_site) sites;
	VEC(struct program_part *) parts; // behind those of the program, silent ones
	VEC(struct var_list *) lists;     // of the parts

	// Of the part that is being checked.
	struct program_part *part;
	VEC(struct var_info *) vars; // that can be seen
	struct var_list *part_vars;  // all of them
	unsigned n_loops;
	unsigned n_nested; // those that are calls
	uint64_t n_copies; // how often unroll repeats what stands here
	unsigned type_depth;
	const struct program_part *info_of; // whose info is kept
	struct target_info *info;
};

// --- telling (program.c) ---

// Nothing is told before the last pass.
void tell_error(struct checker *c, struct span span, const char *fmt, ...) PRINTF_LIKE(3, 4);
void tell_warning(struct checker *c, struct span span, const char *fmt, ...) PRINTF_LIKE(3, 4);
void tell_hint(struct checker *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
// "near: a, b", if anything is.
void tell_near(struct checker *c, const struct near *near);
struct str spell(struct checker *c, struct type *t);
struct str check_spell(struct arena *a, struct type *t, bool has_sizes);
// The number of a text in program.names.
uint64_t name_number(struct checker *c, struct str text);

// --- types (types.c) ---

void types_init(struct checker *c);
struct type *type_int(struct checker *c, bool is_signed, uint64_t size);
struct type *type_text(struct checker *c, uint64_t size);
struct type *type_buffer(struct checker *c, uint64_t n_bytes);
struct type *type_pointer(struct checker *c, struct type *elem, bool is_kernel);
struct type *type_array(struct checker *c, struct type *elem, uint64_t count);
struct type *type_opaque(struct checker *c, const struct out_type *shown, const char *name);
// OPAQUE: what out_type.meaning says (builtins.c).
struct type *type_name(struct checker *c, enum name_of of);
// Offsets are filled in: each field is aligned to 8 bytes.
struct type *type_tuple(struct checker *c, struct type **items, size_t n);
struct type *type_record(struct checker *c, const struct str *names, struct type **items, size_t n);
// fields: types and names; offsets, size and alignment are filled in.
void type_lay_out(struct type *t);
// What a value of that type is once it has been read: see check.h.
struct type *type_of_value(struct checker *c, struct type *t);
// What a map keeps for it.
struct type *type_kept(struct checker *c, struct type *t);
struct type *type_key_kept(struct checker *c, struct type *t);

bool type_same(struct type *a, struct type *b);
// The type that can hold both, or NULL.
struct type *type_join(struct checker *c, struct type *a, struct type *b);
bool is_int(const struct type *t);    // INT, UINT
bool is_number(const struct type *t); // INT, UINT, BOOL, ENUM
bool is_scalar(const struct type *t); // these and PTR
bool is_record(const struct type *t); // STRUCT, UNION
bool is_byte_array(const struct type *t);
bool is_char_array(const struct type *t);
// The value as it is in that type.
uint64_t wrap_to(const struct type *t, uint64_t v);

// --- types as they are written (ctypes.c) ---

// All struct, union, enum and typedef items.
void types_define(struct checker *c);
// NULL after a mistake.
struct type *type_resolve(struct checker *c, struct type_spec *s);
// A type that is called so, without "struct" if it is the only one. NULL if there is none.
struct type *type_find(struct checker *c, struct str name);
const struct enumerator_info *enumerator_find(struct checker *c, struct str name);
// The field, also inside of anonymous members; out->off counts from t's start.
bool field_find(struct type *t, struct str name, struct type_field *out);
void field_tell_unknown(struct checker *c, struct type *t, struct name name);

// --- conversions (convert.c) ---

// What e's value becomes when it is used as one: arrays of characters become text. False if it has
// none: told.
bool value_of(struct checker *c, struct expr *e);
// A number (or pointer): told if it is none. what: "the index".
bool number_of(struct checker *c, struct expr *e, const char *what);
bool condition_of(struct checker *c, struct expr *e);
// Makes e one of type t; e->type must be joinable to it. Only in the last pass.
void convert(struct checker *c, struct expr *e, struct type *t);
// Puts an expression into place of e, which keeps its span.
struct expr *expr_new(struct checker *c, enum expr_kind kind, struct span span, struct type *t);
void set_int(struct checker *c, struct expr *e, struct type *t, uint64_t v);
void set_bool(struct checker *c, struct expr *e, bool v);
void set_text(struct checker *c, struct expr *e, struct str s);
// A number that is as good as one of the other sign.
bool is_literal_int(const struct expr *e);
// An integer that is known now. what: "the size", told with it if it is not.
bool constant_of(struct checker *c, struct expr *e, const char *what, int64_t *out);
bool constant_text_of(struct checker *c, struct expr *e, const char *what, struct str *out);

// --- expressions ---

// Sets e->type: NULL if it is not known (yet), or after a mistake.
void check_expr(struct checker *c, struct expr *e);
// As check_expr, but the value is not used.
void check_effect(struct checker *c, struct expr *e);
void check_unary(struct checker *c, struct expr *e);
void check_binary(struct checker *c, struct expr *e);
void check_cast(struct checker *c, struct expr *e);
void check_member(struct checker *c, struct expr *e);
void check_index(struct checker *c, struct expr *e);
void check_cond(struct checker *c, struct expr *e);
void check_block(struct checker *c, struct block *b, bool wants_value);
void check_stmt(struct checker *c, struct stmt *s);
// Told if n more loops inside of those around are too many.
void check_nesting(struct checker *c, struct span span, unsigned n);
// The type of left op right, both being values; converts them in the last pass.
struct type *binary_type(struct checker *c, struct expr *e, enum expr_op op, struct expr *left,
			 struct expr *right);

// --- builtins (builtins.c, args.c) ---

// False if there is no such builtin.
bool check_builtin(struct checker *c, struct expr *e, struct str name, struct expr_list *args);
void builtins_offer(struct near *near);
// x of args.x; e is the MEMBER.
void check_args_member(struct checker *c, struct expr *e);
// args alone: becomes a record.
void check_args_all(struct checker *c, struct expr *e);
// arg0, sarg0: index has been read.
void check_arg(struct checker *c, struct expr *e, uint32_t index, bool is_stack);

// --- functions (functions.c and others) ---

struct function_info {
	const char *name;
	const char *usage; // "str(address [, size])"
	uint8_t min_args;
	uint8_t max_args;
	enum function id;
	uint32_t flags;
	void (*check)(struct checker *c, struct expr *e, const struct function_info *f);
	enum action_kind action;
	const char *help;
};

enum {
	FUNCTION_IS_UNSAFE = 1,     // needs --unsafe
	FUNCTION_IS_AGG = 2,        // stands only behind @m =
	FUNCTION_RAW_ARGS = 8,      // check() looks at the arguments by itself
	FUNCTION_KEEPS_ARRAYS = 16, // arrays of characters do not become text
};

void check_call(struct checker *c, struct expr *e);
const struct function_info *function_find(struct str name);
// Says why if it is a function of bpftrace that stoat does not have.
bool function_tell_other(struct checker *c, struct span span, struct str name);
void functions_offer(struct near *near);
struct call_use *call_use_new(struct checker *c, struct expr *e, const struct function_info *f);
struct program_action *action_new(struct checker *c, struct expr *e, enum action_kind kind);
void action_add_arg(struct checker *c, struct program_action *a, struct expr *value);

#define FUNCTION_CHECK(name) \
	void name(struct checker *c, struct expr *e, const struct function_info *f)
FUNCTION_CHECK(check_str);
FUNCTION_CHECK(check_buf);
FUNCTION_CHECK(check_agg_outside);
FUNCTION_CHECK(check_delete);
FUNCTION_CHECK(check_find);
FUNCTION_CHECK(check_len);
FUNCTION_CHECK(check_symbol);
FUNCTION_CHECK(check_strncmp);
FUNCTION_CHECK(check_strcontains);
FUNCTION_CHECK(check_strlen);
FUNCTION_CHECK(check_memcmp);
FUNCTION_CHECK(check_strftime);
FUNCTION_CHECK(check_ntop);
FUNCTION_CHECK(check_macaddr);
FUNCTION_CHECK(check_bswap);
FUNCTION_CHECK(check_signal);
FUNCTION_CHECK(check_number_name);
FUNCTION_CHECK(check_pointer_kind);
FUNCTION_CHECK(check_printf);
FUNCTION_CHECK(check_print);
FUNCTION_CHECK(check_clear);
FUNCTION_CHECK(check_exit);
FUNCTION_CHECK(check_time);
FUNCTION_CHECK(check_join);
FUNCTION_CHECK(check_getopt);
FUNCTION_CHECK(check_is_type);
FUNCTION_CHECK(check_assert);
FUNCTION_CHECK(check_fail);
FUNCTION_CHECK(check_pton);
FUNCTION_CHECK(check_uaddr);

// What is given behind "--" and no getopt() asks for is a mistake (options.c).
void options_finish(struct checker *c);

// --- maps (maps.c) ---

void maps_declare(struct checker *c);
struct map_info *map_of(struct checker *c, struct expr *e);
// An entry (or the map's only value) is read or written: its keys are checked.
struct map_info *map_entry(struct checker *c, struct expr *e);
// @m or @m[k] as a value.
void check_map(struct checker *c, struct expr *e);
// The map as a whole; told if e is something else. what: the function.
struct map_info *map_whole(struct checker *c, struct expr *e, const char *what);
void map_take(struct checker *c, struct map_info *m, struct expr *value);
void map_take_agg(struct checker *c, struct map_info *m, struct expr *call);
void maps_finish(struct checker *c);
void maps_next_pass(struct checker *c);
void maps_offer(struct checker *c, struct near *near);
bool agg_has_number(enum agg_kind agg);
const char *agg_name(enum agg_kind agg);

// --- variables (vars.c) ---

void check_var(struct checker *c, struct expr *e);
// $x = ...: the variable, made when there is none.
struct var_info *var_assigned(struct checker *c, struct expr *e);
// $x++: what has less than 8 bytes gets them, unless let says otherwise.
void check_var_counted(struct checker *c, struct expr *e);
struct var_info *var_declare(struct checker *c, struct expr *e);
void var_take(struct checker *c, struct var_info *v, struct type *t, bool is_literal,
	      struct expr *value);
// One that no script can name.
struct program_var *var_hidden(struct checker *c, const char *name, struct type *t);
// Of all variables of the part, those that there are in the end, with their types.
void vars_finish(struct checker *c, struct program_part *part, const struct var_list *list);
size_t scope_open(struct checker *c);
void scope_close(struct checker *c, size_t mark);
void found_take(struct checker *c, struct found_type *f, struct type *t, bool is_literal);
struct type *found_type(const struct found_type *f);
void found_next_pass(struct checker *c, struct found_type *f);

// --- parts (parts.c) ---

void parts_make(struct checker *c);
// Facts about the function that all sites of the part have in common; NULL if there are none.
struct target_info *part_info(struct checker *c);
bool part_is_at_entry(const struct program_part *p);

#endif
