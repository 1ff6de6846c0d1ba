// SPDX-License-Identifier: Apache-2.0
// A script as it was written: the bpftrace language parsed into a tree. No name is looked up and no
// type is known here; that is check/'s work. All nodes live in the arena that the script was parsed
// into, and all text in them is that arena's or the source's.
//
//     script -> items -> probe -> block -> statements -> expressions
//
// Recursion over the tree is safe: it is never deeper than SCRIPT_DEPTH_MAX nodes.
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "base/diag.h"

#define SCRIPT_SIZE_MAX  (1u << 20) // bytes of one source
#define SCRIPT_DEPTH_MAX 1000       // nodes from an item down to the deepest expression

struct type; // type/type.h, which this folder does not know

struct block;
struct expr;
struct stmt;
struct type_spec;

// A name where it stands in the source.
struct name {
	struct str text;
	struct span span;
};

struct expr_list {
	struct expr **v;
	size_t n;
	size_t cap;
};

// --- expressions ---

enum expr_kind {
	EXPR_BAD,         // a syntax error was here; it has been reported
	EXPR_INT,         // 42, 0x2a, 1_000, 1e6, 5ULL, 500ms: num
	EXPR_BOOL,        // true, false: num.value
	EXPR_STR,         // "text\n": str
	EXPR_PARAM,       // $1, a positional parameter: num.value is its number
	EXPR_PARAM_COUNT, // $#
	EXPR_NAME,        // pid, args, an enumerator, a macro's parameter, ...: str
	EXPR_VAR,         // $x: var
	EXPR_MAP,         // @, @m, @m[k1, k2]: map
	EXPR_CALL,        // f(a, b): call
	EXPR_MEMBER,      // e.x, e->x, e.0: member
	EXPR_INDEX,       // e[i]: index
	EXPR_UNARY,       // -e, !e, ~e, *e, &e: op, unary
	EXPR_BINARY,      // a + b, a && b, a == b, ...: op, binary
	EXPR_INC,         // e++, --e; e is a variable or a map: inc
	EXPR_COND,        // c ? a : b, c ?: b: cond
	EXPR_CAST,        // (struct foo *)e: cast
	EXPR_SIZEOF,      // sizeof(e), sizeof(T): type_of
	EXPR_OFFSETOF,    // offsetof(T, a.b), offsetof(e, a): offset_of
	EXPR_TUPLE,       // (1, "a"), (1,), (): items
	EXPR_RECORD,      // (a=1, b="x"): record
	EXPR_IF,          // if (c) { ... } else { ... }, also as a statement: if_else
	EXPR_BLOCK,       // { ...; e }, also as a statement: block
};

enum expr_op {
	OP_NONE,
	OP_MUL,    // *
	OP_DIV,    // /
	OP_MOD,    // %
	OP_ADD,    // +
	OP_SUB,    // -
	OP_SHL,    // <<
	OP_SHR,    // >>
	OP_LT,     // <
	OP_GT,     // >
	OP_LE,     // <=
	OP_GE,     // >=
	OP_EQ,     // ==
	OP_NE,     // !=
	OP_BITAND, // a & b
	OP_BITXOR, // ^
	OP_BITOR,  // |
	OP_AND,    // &&
	OP_OR,     // ||
	OP_NEG,    // -e
	OP_NOT,    // !e
	OP_BITNOT, // ~e
	OP_DEREF,  // *e
	OP_ADDR,   // &e
};

// As it is written: "+".
const char *expr_op_text(enum expr_op op);

struct record_item {
	struct name name;
	struct expr *value;
};

struct expr {
	enum expr_kind kind;
	enum expr_op op;   // UNARY, BINARY
	uint16_t height;   // levels of nodes below this one
	struct span span;  // all of the expression, without parentheses around it
	struct type *type; // check/ puts here what the expression evaluates to
	void *meaning;     // check/ puts here what a name, call or member stands for
	void *code;        // bpf/ puts here where the value is
	union {
		struct {
			uint64_t value;    // of a duration: nanoseconds
			struct str suffix; // as written: "ULL", "ms"; "" for none
			bool is_duration;
			bool is_real; // value: the bits of a double
		} num;
		struct str str; // STR: with the escapes resolved; may contain NULs
		struct {
			struct str name; // without the $
			// Which expansion of a macro it belongs to; 0: none. Variables are the same
			// one when name and expansion are.
			uint32_t expansion;
		} var;
		struct {
			struct str name;       // without the @; "" for @ itself
			struct expr_list keys; // as separated by commas
			bool has_keys;         // brackets are there
		} map;
		struct {
			struct name name;
			struct expr_list args;
		} call;
		struct {
			struct expr *base;
			struct name name; // "0" for .0
			bool is_arrow;    // ->
			bool is_number;   // .0: a tuple's item or a result, its number is number
			uint64_t number;
		} member;
		struct {
			struct expr *base;
			struct expr *index;
		} index;
		struct expr *unary;
		struct {
			struct expr *left;
			struct expr *right;
		} binary;
		struct {
			struct expr *target;
			bool is_prefix;
			bool is_decrement;
		} inc;
		struct {
			struct expr *cond;
			struct expr *then; // NULL for c ?: b
			struct expr *other;
		} cond;
		struct {
			struct type_spec *to;
			struct expr *value;
		} cast;
		struct {
			struct type_spec *type; // NULL when value is set
			struct expr *value;     // may be a NAME that means a type
		} type_of;
		struct {
			struct type_spec *type; // as in type_of
			struct expr *value;
			struct name *path; // a.b is two names
			size_t n_path;
		} offset_of;
		struct expr_list items;
		struct {
			struct record_item *v;
			size_t n;
		} record;
		struct {
			struct expr *cond;
			struct block *then;
			struct block *other; // NULL without else; "else if" is a block whose value
					     // or only statement is the next if
		} if_else;
		struct block *block;
	};
};

// --- types as they are written ---

enum type_spec_kind {
	SPEC_NAMED,  // uint64, Foo, main.Point, "path/pkg.T": name; "" after a syntax error.
		     // C's words for numbers have one spelling: "unsigned long long", "int"
	SPEC_STRUCT, // struct foo, struct foo { ... }, struct { ... }: name, def
	SPEC_UNION,  // the same
	SPEC_ENUM,   // the same
	SPEC_TYPEOF, // typeof(e), typeof(T): value or elem
	SPEC_PTR,    // elem *
	SPEC_ARRAY,  // elem[count]; of int[2][3], the elem is int[3]
	SPEC_FUNC,   // a C function that returns elem; its parameters are not kept
};

struct type_spec {
	enum type_spec_kind kind;
	uint16_t height;
	struct span span;
	struct str name;      // NAMED, STRUCT, UNION, ENUM; "" for an anonymous one
	struct type_def *def; // STRUCT, UNION, ENUM: what stands in its braces; NULL without them
	struct type_spec *elem;
	struct expr *count; // ARRAY: NULL for []
	struct expr *value; // TYPEOF an expression, else NULL; may be a NAME that means a type
	struct type *type;  // check/ puts here the type that it means
};

// A member of a struct or union.
struct member_def {
	struct name name; // "" for an anonymous struct, union or bit-field
	struct type_spec *type;
	struct expr *bits;  // of a bit-field, else NULL
	struct expr *align; // aligned(n), else NULL
};

struct enumerator_def {
	struct name name;
	struct expr *value; // NULL: one more than the one before
};

// The braces of a struct, union or enum. Several declarators ("struct { int x; } a, *b;") have a
// type_spec each, with the same type_def; a walk goes into it once, where it is owner's.
struct type_def {
	const struct type_spec *owner;
	struct type *type;          // check/ puts here the type that it makes of it
	struct member_def *members; // STRUCT, UNION
	size_t n_members;
	struct enumerator_def *enumerators; // ENUM
	size_t n_enumerators;
	bool is_packed;
	struct expr *align; // aligned(n), else NULL
};

// --- statements ---

struct block {
	struct span span; // with its braces
	uint16_t height;
	struct stmt **v;
	size_t n;
	// What a block ends with when no ';' follows; only where something asks for the value, else
	// it is the last statement.
	struct expr *value;
};

enum stmt_kind {
	STMT_BAD,       // a syntax error was here; it has been reported
	STMT_EXPR,      // f(x); @m++; if (c) { ... }: expr
	STMT_ASSIGN,    // $x = e; @m[k] += e: assign
	STMT_LET,       // let $x; let $x = e; let $x : uint64 = e: let
	STMT_DISCARD,   // _ = e: expr
	STMT_FOR_MAP,   // for ($kv : @m) { ... }: for_map
	STMT_FOR_RANGE, // for ($i : a..b) { ... }: for_range
	STMT_WHILE,     // while (c) { ... }: loop
	STMT_UNROLL,    // unroll (n) { ... }: loop
	STMT_BREAK,     // break
	STMT_CONTINUE,  // continue
	STMT_RETURN,    // return, return e: expr is NULL or e
};

struct stmt {
	enum stmt_kind kind;
	uint16_t height;
	struct span span; // without the ';'
	void *meaning;    // check/ and bpf/ keep here what they need
	union {
		struct expr *expr;
		struct {
			struct expr *target; // a VAR or MAP
			enum expr_op op;     // of +=; OP_NONE for =
			struct expr *value;
		} assign;
		struct {
			struct expr *var;       // a VAR
			struct type_spec *type; // may be NULL
			struct expr *value;     // may be NULL
		} let;
		struct {
			struct expr *var; // a VAR
			struct expr *map; // a MAP, or whatever else was written there
			struct block *body;
		} for_map;
		struct {
			struct expr *var;
			struct expr *from;
			struct expr *to; // the first number that is not counted
			struct block *body;
		} for_range;
		struct {
			struct expr *cond; // of UNROLL: how many times
			struct block *body;
		} loop;
	};
};

// --- probes ---

// A positional parameter inside a probe's text: $number stands before byte at.
struct attach_param {
	size_t at;
	uint64_t number;
};

// One piece of a probe, between two ':'.
struct attach_field {
	struct span span;
	struct str text; // without quotes and without positional parameters
	struct attach_param *params;
	size_t n_params;
	bool is_quoted; // it, or a part of it, stood in quotes
};

// One probe of a clause. Which providers and fields there are is not known here.
//
//     uprobe:./bin:"main.swap"+40    fields "./bin" and "main.swap", offset "40"
//     uprobe:./bin@main.go:72        fields "./bin", file "main.go", line "72"
//     interval:s:1                   fields "s" and "1"
struct attach {
	struct span span;
	struct name name; // of name=probe; "" without one
	struct attach_field provider;
	struct attach_field *fields;
	size_t n_fields;
	struct attach_field *offset; // after '+', else NULL
	struct attach_field *file;   // after '@', else NULL
	struct attach_field *line;   // after file's ':', else NULL
	struct attach_field *column; // after line's ':', else NULL
};

// The text with $N replaced by params[N - 1]; a parameter that is not there is "".
struct str attach_field_text(struct arena *a, const struct attach_field *f,
			     const struct str *params, size_t n_params);

// uprobe:a:b, uprobe:a:c /predicate/ { ... }
struct probe {
	struct attach *attach;
	size_t n_attach;
	struct expr *predicate; // may be NULL
	struct block *body;
	void *meaning; // for check/ and bpf/
};

// --- the top level ---

enum item_kind {
	ITEM_PROBE,   // probe
	ITEM_CONFIG,  // config = { key = value; ... }: config
	ITEM_IMPORT,  // import "file";: import
	ITEM_MAP,     // let @m = lruhash(10);: map
	ITEM_MACRO,   // macro name($v, e, @m) { ... }: macro
	ITEM_DEFINE,  // #define NAME expression: define; uses of it are already replaced
	ITEM_INCLUDE, // #include <file>: include
	ITEM_TYPE,    // struct foo { ... }, also union and enum: type
	ITEM_TYPEDEF, // typedef unsigned long word;: type_alias
};

struct config_entry {
	struct name key;
	struct expr *value; // a word is a NAME
};

enum macro_param_kind {
	MACRO_PARAM_EXPR, // e: any expression, evaluated wherever e stands
	MACRO_PARAM_VAR,  // $v: a variable, which the macro may change
	MACRO_PARAM_MAP,  // @m: a map, which the macro may change
};

struct macro_param {
	enum macro_param_kind kind;
	struct name name; // without $ or @
};

struct macro {
	struct name name;
	struct macro_param *params;
	size_t n_params;
	struct block *body; // with a value, if it ends with one
	bool is_expanding;  // its body is being put in at this moment
};

struct item {
	enum item_kind kind;
	bool is_system; // of a header that is not the user's: what is wrong with it is not told
	struct span span;
	union {
		struct probe probe;
		struct {
			struct config_entry *v;
			size_t n;
		} config;
		struct name import;
		struct {
			struct name name; // without the @
			struct name type; // "lruhash"
			struct expr_list args;
		} map;
		struct macro macro;
		struct {
			struct name name;
			struct str text; // of the rest of its line
		} define;
		struct {
			struct name path;
			bool is_system; // <path>
		} include;
		struct type_spec *type; // a STRUCT, UNION or ENUM with a name
		struct {
			struct name name;
			struct type_spec *type;
		} type_alias;
	};
};

struct script {
	uint32_t source;
	struct item **items; // in the order of the source
	size_t n_items;
};

// A file that a script asks for.
struct script_include {
	struct name path;
	struct span span;
	bool is_system; // <path>
	bool is_import; // import "path"
};

// Who looks for files, which this folder does not.
struct script_files {
	// Adds a source to diag; is_header: of the system. False if nothing is to be read: it has
	// been, it adds nothing, or what is wrong has been told.
	bool (*open)(void *ctx, const struct script_include *what, uint32_t *source,
		     bool *is_system);
	void *ctx;
	const struct script_include *first; // before the script
	size_t n_first;
};

// With the files that the script asks for, in their places: no ITEM_INCLUDE and ITEM_IMPORT is
// left.
struct script *script_parse_files(struct arena *a, uint32_t source,
				  const struct script_files *files, struct diag *diag);

// Whether a source of diag is one expression that can be a condition; what is wrong goes to diag.
bool script_is_condition(struct arena *a, uint32_t source, struct diag *diag);
// Parses one source of diag. Never NULL: with errors in diag, what could be parsed is there.
struct script *script_parse(struct arena *a, uint32_t source, struct diag *diag);

// Puts macros in: every call of a macro, and every name of one without parameters, becomes an
// EXPR_BLOCK. Mistakes go to diag; what they are in becomes EXPR_BAD.
void script_expand_macros(struct arena *a, struct script *s, struct diag *diag);

// Copies of a tree, which can be annotated and changed on their own.
struct block *script_copy_block(struct arena *a, const struct block *b);
struct expr *script_copy_expr(struct arena *a, const struct expr *e);

// --- for those who read scripts ---

// A number as the language writes it (0x2a, 1e6, 1_000, 5ul, 500ms); a duration in nanoseconds.
// False, with a reason, if the text is none.
struct number {
	uint64_t value;
	struct str suffix;
	bool is_duration;
	const char *why;
};
bool number_parse(struct str text, struct number *out);
// One with a point: 1.5, 0.25e-3.
bool number_parse_real(struct str text, double *out);
// "1500ms" of "1.5s"; empty if it is nothing of that kind.
struct str number_whole_duration(struct arena *a, struct str text);

// "struct foo *[4]": the base first, then what is made of it.
struct str type_spec_text(struct arena *a, const struct type_spec *t);

// An indented tree, one line a node.
void script_dump(const struct script *s, FILE *out);

// A visit of all nodes, those around others first. Callbacks may be NULL; enter_* returns false to
// leave out what is inside. An expression may be overwritten in place when it is entered or left.
struct walk {
	bool (*enter_expr)(struct walk *w, struct expr *e);
	void (*leave_expr)(struct walk *w, struct expr *e);
	bool (*enter_stmt)(struct walk *w, struct stmt *s);
	void (*leave_stmt)(struct walk *w, struct stmt *s);
	bool (*enter_block)(struct walk *w, struct block *b);
	void (*leave_block)(struct walk *w, struct block *b);
	void *ctx;
};

void walk_script(struct walk *w, struct script *s);
void walk_item(struct walk *w, struct item *item);
void walk_block(struct walk *w, struct block *b);
void walk_stmt(struct walk *w, struct stmt *s);
void walk_expr(struct walk *w, struct expr *e);
void walk_type(struct walk *w, struct type_spec *t);

#endif
