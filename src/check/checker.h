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
	struct type *go_names[2]; // NAME_GO_TYPE and NAME_GO_FUNC
	struct type *go_real[2];  // float32, float64
	struct type *nil;         // a pointer to nothing
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
	bool is_kernel;     // and a value of the kernel's is assigned: so are its pointers
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

// Values of functions that are left out where all are asked for: told once for each reason.
struct left_out {
	struct span span;
	const char *why;
	struct str name, func; // of the first one
	size_t n;
};

// What is to be shown as a whole: nothing, what is Go's, what is C's, too, or even numbers and
// texts.
enum whole { WHOLE_NO, WHOLE_GO, WHOLE_ALL, WHOLE_EVERY };

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
	VEC(const struct plan_program *) programs;
	VEC(struct value_book *) books; // of these, NULL until a whole value is asked for
	enum whole whole;               // of the argument that is being checked
	bool is_keeping_whole;          // and it is to be kept as a whole
	VEC(struct left_out) left_out;
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
	struct map facts; // of functions, see facts.c
	struct kernel_types *kernel;
	struct map vars_of_sites;
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
// TEXT that came from a Go string: behind its bytes is how many they are (OUT_END_CUT). size is a
// multiple of 8.
struct type *type_go_text(struct checker *c, uint64_t size);
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
// The script's own, with its word: "struct foo". NULL if there is none.
struct type *type_named_struct(struct checker *c, struct str name);
// What a script has only named in a pointer, as it is defined elsewhere; else t.
struct type *type_defined(struct checker *c, struct type *t);
// A pointer to that.
struct type *pointer_defined(struct checker *c, struct type *t);

// --- fields (fields.c) ---

// The field, also inside of anonymous members; out->off counts from t's start.
bool field_find(struct type *t, struct str name, struct type_field *out);
void field_tell_unknown(struct checker *c, struct type *t, struct name name);

// --- the kernel's types (kernel.c) ---

// A type that the kernel's type information has by that name, which is read when it is first
// needed. NULL if there is none.
struct type *kernel_type(struct checker *c, struct str name);
void kernel_offer(struct checker *c, struct near *near);
// NULL if it has not been read.
struct btf *kernel_btf(const struct checker *c);
// What to do about a struct that nobody knows, if that is because the kernel does not tell its
// types; else false.
bool kernel_tell_missing(struct checker *c, struct str name);
#define KERNEL_TASK STR("struct task_struct")
// What curtask points to; NULL if nobody says.
struct type *kernel_task(struct checker *c);
// Of a value that was read from the kernel: pointers are the kernel's, and so are those that arrays
// and structs have in them.
struct type *of_kernel(struct checker *c, struct type *t);

// --- conversions (convert.c) ---

// What e's value becomes when it is used as one: arrays of characters and Go strings become text.
// False if it has none: told.
bool value_of(struct checker *c, struct expr *e);
// As value_of, for what is sent in an event: Go strings stay what they are. See whole_value_of.
bool shown_value_of(struct checker *c, struct expr *e);
// e becomes a cast of what it was.
void wrap_in_cast(struct checker *c, struct expr *e, struct type *t);
// A number (or pointer): told if it is none. what: "the index".
void tell_whole(struct checker *c, const struct expr *e);
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

// --- Go's values (go_values.c) ---

struct function_info;

enum go_kind { GO_ARRAY = 17, GO_POINTER = 22, GO_STRING = 24, GO_STRUCT = 25, GO_UNSAFE = 26 };

// A struct or an array in which strings have become texts, so that it can be kept and shown.
struct type *go_whole(struct checker *c, struct type *t);
// The word at off of base: a field that no script can name.
struct expr *go_word(struct checker *c, struct expr *base, const char *name, uint64_t off,
		     struct type *t);
bool is_go_bytes(const struct type *t); // a string, or a slice of bytes
// What a string becomes where it is kept: so many bytes at most, and max_strlen.
struct type *go_text(struct checker *c, uint64_t limit);
// A comparison in which Go's values or nil take part. False if it is none of those.
bool compare_go(struct checker *c, struct expr *e, enum expr_op op, struct type **out);
// Told if base is a pointer or a map of Go's: no items are looked for in those.
bool go_has_items(struct checker *c, const struct expr *base);
// Where an interface is cast to a pointer, value becomes the word behind its type. False if a cast
// of it means nothing, which is told.
bool go_cast(struct checker *c, struct expr *value, const struct type *to);
// What base[...] is; NULL if base has no items of Go's.
struct type *go_item(struct checker *c, struct expr *e);
// len(), strlen() and cap() of them. False if they have none.
bool check_go_len(struct checker *c, struct expr *e, struct expr *arg, bool is_cap);
void tell_no_len(struct checker *c, const struct expr *arg, const struct function_info *f);
// str() and buf() of them: the first argument has been checked.
void check_go_str(struct checker *c, struct expr *e, const struct function_info *f);
void check_go_buf(struct checker *c, struct expr *e, const struct function_info *f);

// --- whole values (whole.c) ---

// More cannot be the first of an event's items.
#define WHOLE_SIZE_MAX (16u << 10)

// As check_expr, of an argument that is to be shown so.
void check_whole(struct checker *c, struct expr *e, enum whole wants);
// As shown_value_of; what is to be shown as a whole becomes a cast.
bool whole_value_of(struct checker *c, struct expr *e, enum whole wants);
// The items of a tuple or record, which have been checked, stay as they are in the program.
bool whole_items(struct checker *c, struct expr *e);
// The type of such a tuple or record.
struct type *whole_of_items(struct checker *c, const struct expr *e, struct type *t);
// All values are known.
void whole_finish(struct checker *c);

// --- fields of Go's structs (go_fields.c) ---

enum go_found { GO_FIELD_NONE, GO_FIELD_OWN, GO_FIELD_PROMOTED, GO_FIELD_TOLD };

// Finds e's field in its base's struct, or in what is embedded there. PROMOTED: e's base has become
// the embedded struct, and has not been checked.
enum go_found go_field(struct checker *c, struct expr *e, struct type *t, struct type_field *out);
// A pointer to something of that kind becomes what it points to.
bool go_follow(struct checker *c, struct expr **base, enum type_kind kind);
// A field of a value that is in places is where its own pieces are.
void go_narrow(struct checker *c, struct expr *e);
// Told if not all pieces of e can be read.
bool is_whole_value(struct checker *c, struct expr *e);

// --- expressions ---

// Sets e->type: NULL if it is not known (yet), or after a mistake.
void check_expr(struct checker *c, struct expr *e);
// As check_expr, but the value is not used.
void check_effect(struct checker *c, struct expr *e);
void check_name(struct checker *c, struct expr *e);
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
bool is_builtin(struct str name); // but for arg0 and the like
// x of args.x; e is the MEMBER.
void check_args_member(struct checker *c, struct expr *e);
// args alone: becomes a record.
void check_args_all(struct checker *c, struct expr *e);
// Whether there are arguments that can be read by name, at the entry if this is the return; and how
// many words, where nothing says what they are.
bool args_are_there(struct checker *c, struct span span);
// Of tracepoints (tracepoint_args.c).
const struct tracepoint *tracepoint_of(const struct checker *c);
void check_tracepoint_field(struct checker *c, struct expr *e);
// What a member means, made if need be.
struct member_use *member_use_of(struct checker *c, struct expr *e);
// Without debug information: how many words of arguments are known. *is_all: there are no others.
size_t args_words(struct checker *c, bool *is_all);
// Whether a probe can read that word.
bool args_word_is_there(struct checker *c, size_t index);
// e becomes a "?" in a whole value.
void become_unreadable(struct checker *c, struct expr *e);
bool is_unreadable_text(const struct expr *e);
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
// False, and told, where no probe is: in a declaration.
bool is_in_probe(struct checker *c, struct span span, struct str what);
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
FUNCTION_CHECK(check_cap);
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
FUNCTION_CHECK(check_call_line);
FUNCTION_CHECK(check_started);
FUNCTION_CHECK(check_watch);
FUNCTION_CHECK(check_returned);
FUNCTION_CHECK(check_table);
FUNCTION_CHECK(check_stacks);
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
FUNCTION_CHECK(check_typename);

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

// --- Go's other values (go_kinds.c) ---

bool is_real(const struct type *t); // FLOAT
bool is_complex(const struct type *t);
bool is_duration(const struct type *t);
// A function of a Go program, by its name.
struct type *type_go_func(struct checker *c);
bool is_name_value(const struct type *t);
// As value_of, but says nothing if e is no value of the kinds that it is about.
bool value_of_go(struct checker *c, struct expr *e);
// What an interface or a func becomes as a value; NULL if t is none.
struct type *type_go_name_of(struct checker *c, const struct type *t);
// Of an EXPR_INT.
double real_of(const struct expr *e);
void set_real(struct checker *c, struct expr *e, struct type *t, double v);
// The number in type t, an integer, that the machine makes of v too.
uint64_t real_whole(double v, const struct type *t);
// A comparison in which FLOAT and COMPLEX take part. False if it is none; *out is NULL after a
// mistake.
bool compare_reals(struct checker *c, struct expr *e, enum expr_op op, struct expr *left,
		   struct expr *right, struct type **out);
// A name of the program with a text: == and !=. False if it is none; *out is NULL after a mistake.
bool compare_go_name(struct checker *c, struct expr *e, struct type **out);
// .real and .imag.
bool check_complex_part(struct checker *c, const struct type *t, struct str name,
			struct type_field *out);

// --- parts (parts.c, uses.c) ---

void parts_make(struct checker *c);
uint32_t program_number(struct checker *c, const struct plan_program *p);

struct name_list {
	struct str *v;
	size_t n;
	size_t cap;
};

// A name that is there already is not added.
void name_list_add(struct arena *a, struct name_list *list, struct str name);

// args.x, or argN
struct use_of_arg {
	struct name name;
	bool is_needed; // else call() shows it of functions that have it
};

// What a clause's text asks for.
struct uses {
	struct arena *arena;
	bool has_args;               // args
	bool has_words;              // argN, sargN
	bool has_vars;               // vars
	bool has_results;            // retval
	bool has_failed;             // failed
	bool has_duration;           // duration
	bool has_g;                  // goid and the like
	bool has_place;              // uaddr
	struct name_list vars;       // those with a name
	VEC(struct use_of_arg) args; // the same
	struct expr *returned;       // a call of returned(); NULL: there is none
	bool is_optional;            // uses_of: where it is looking
};

struct uses uses_of(struct arena *a, const struct probe *clause);
struct uses uses_of_expr(struct arena *a, struct expr *e);
// Something of the entry is kept for a return probe.
bool uses_entry(const struct uses *u, const struct plan_probe *p);
// Sites with the same text can share a program. n: the site's number in the clause.
struct str uses_layout(struct checker *c, const struct uses *u, const struct plan_probe *p,
		       const struct plan_site *s, size_t n);
// The same of the entries that the calls of a return probe have.
struct str uses_entry_layout(struct checker *c, const struct uses *u, const struct plan_probe *p);
// "x" of x and of x().
struct str word_of_expr(const struct expr *e);
// argN and sargN
bool is_arg_word(struct str name, uint32_t *index, bool *is_stack);
struct span clause_span(const struct plan_clause *clause);

// --- functions without what is asked for (lacking.c) ---

// False, and told: no function of the clause has a parameter that it asks for.
bool lacking_settle(struct checker *c, const struct plan_clause *clause, const struct uses *u);
// The site can have all that the clause asks for: else it is left out.
bool lacking_nothing(struct checker *c, const struct plan_clause *clause, const struct uses *u,
		     const struct plan_probe *p, const struct plan_site *s);
// Of a function that lacks a parameter trees still have to know that it has returned: what is left
// of the clause then; NULL: all of it.
struct block *lacking_rest(struct checker *c, const struct plan_clause *clause,
			   const struct uses *u, const struct plan_probe *p);
// Says what is left out.
void lacking_tell(struct checker *c, const struct plan_clause *clause, const struct uses *u);
// Of the clause's several functions, this one is known to have no such parameter.
bool lacks_arg(struct checker *c, const struct plan_clause *clause, const struct plan_probe *p,
	       struct str name);

// --- facts (facts.c) ---

// NULL: nothing is known.
struct target_info *function_info(struct checker *c, const struct plan_probe *p);
// NULL, and why: its goroutine cannot be told.
// Tells that what is asked for needs debug information; false if the program has that.
bool tell_missing(struct checker *c, struct span span, const char *what);
const struct target_g *function_g(struct checker *c, const struct plan_probe *p, struct str *why);

struct site_vars {
	struct target_var *v;
	size_t n;
};
// The variables that can be read at a site.
struct site_vars vars_at(struct checker *c, const struct plan_probe *p, const struct plan_site *s);

// Of the part at hand. Facts about the function that all of its sites have in common, where
// parameters or results are known: NULL elsewhere.
struct target_info *part_info(struct checker *c);
// Its first site; NULL if it has none.
const struct plan_site *part_site(const struct checker *c);
bool part_is_at_entry(const struct checker *c);
bool part_is_in_copy(const struct checker *c);
bool part_is_go(const struct checker *c);

// --- what is kept from a call's entry (kept.c) ---

// e is reached from args, in a return probe: it is to be computed at the entry.
bool is_kept(const struct checker *c, const struct expr *e);
void check_kept(struct checker *c, struct expr *e);
// The same of args itself, and of what is shown as a whole: c->whole.
bool is_kept_whole(const struct checker *c, const struct expr *e);
void check_kept_whole(struct checker *c, struct expr *e);

// Why a parameter or result cannot be read as a whole; NULL if it can.
const char *value_why_not(struct checker *c, const struct target_value *v);
// It is left out of args or retval, where nobody has asked for it by name.
void note_left_out(struct checker *c, struct span span, struct str name, const char *why);
void tell_values_left_out(struct checker *c);
// A parameter or result; e is the MEMBER. of: "args".
void check_value(struct checker *c, struct expr *e, const char *of, const struct target_value *v);
// Why no value of that type can be used; NULL if one can.
const char *why_not_type(struct checker *c, struct type *t);
// e becomes a record of of.NAME for each name.
void become_record(struct checker *c, struct expr *e, const char *of,
		   const struct name_list *names);
void list_copy_args(struct checker *c, struct name_list *names);
// Field e->member.name of its base, whose type is known.
void check_field_of(struct checker *c, struct expr *e);

// --- results (results.c) ---

// 0 if nothing is known.
size_t count_results(const struct target_info *info);
// retval, and x of retval.x.
void check_results(struct checker *c, struct expr *e);
// failed
void check_error_result(struct checker *c, struct expr *e);
// The last result that is an error, and which one that is; NULL if none is known.
const struct target_value *error_result(const struct target_info *info, struct arena *a,
					uint64_t *number);
void check_result_member(struct checker *c, struct expr *e);
// "err" of a result, "0" if it has no name.
struct str result_name(struct checker *c, uint64_t number);

// --- variables of the traced program (program_vars.c) ---

void check_vars_all(struct checker *c, struct expr *e);
void check_vars_member(struct checker *c, struct expr *e);

#endif
