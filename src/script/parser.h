// SPDX-License-Identifier: Apache-2.0
// What the files of the parser share. Private to script/: hides the current token and error
// recovery.
//
// Each function parses the rule that its comment gives, starting at p->tok, and leaves p->tok
// behind it. After an error the parser is in panic: it reports nothing more until parse_sync has
// skipped to a place where a statement can start. All loops end in panic.
#ifndef SCRIPT_PARSER_H
#define SCRIPT_PARSER_H

#include "base/map.h"
#include "script/lexer.h"

// How deep rules may call each other: bounds the parser's own stack.
#define PARSE_NEST_MAX 500
// Bytes of #define values that are put in for their names.
#define PARSE_EXPANSION_MAX (256u * 1024)

struct define {
	struct name name;
	struct span value;
	struct name *params;
	size_t n_params;
	bool has_params; // F(x), with none too
	bool is_variadic;
	bool is_undone; // by #undef
	bool is_expanding;
};

// What a name in the value of a #define with parameters stands for.
struct argument {
	struct str name;
	struct expr *value;
	size_t cost; // of what is copied, in bytes of source
};

struct arguments {
	struct argument *v;
	size_t n;
};

// An #if that has no #endif yet.
struct condition {
	struct span span;
	bool was_true; // it, or an #elif of it
	bool has_else;
};

// A text that goes on where the one above it ends.
struct frame {
	struct lexer lex;    // of the text below
	struct define *def;  // whose value the text above is; NULL for a file
	size_t n_conditions; // of the texts below
};

// What __attribute__((...)) says of a type or member.
struct attributes {
	bool is_packed;
	struct expr *align; // aligned(n), else NULL
};

struct parser {
	struct arena *arena;
	struct diag *diag;
	struct lexer lex;
	struct token tok;  // the current token
	uint32_t prev_end; // where the one before it ended
	uint32_t prev_source;
	unsigned depth; // brackets that are open before tok
	VEC(struct frame) frames;
	size_t floor; // frames that are not left for now
	VEC(struct condition) conditions;
	const struct script_files *files;  // NULL: files are not read
	const struct arguments *arguments; // of the value that is being put in
	bool is_panic;
	bool is_ended;     // an error at the end of the script was reported
	bool is_alone;     // the text is one expression
	bool in_predicate; // '/' before '{' is its end
	unsigned nest;
	size_t n_expanded;     // bytes
	size_t n_group_fails;  // brackets in probes that do not close
	struct map type_names; // names that this script defines for types
	struct map defines;    // struct define by name
	VEC(struct item *) items;
};

// --- parse.c ---

void tok_advance(struct parser *p);
// True, and behind the token, if it is of that kind.
bool tok_accept(struct parser *p, enum token_kind kind);
bool tok_is_word(const struct parser *p, const char *word);
bool tok_accept_word(struct parser *p, const char *word);
// Like accept, but an error if it is another one. What: "';'", "a name".
bool tok_expect(struct parser *p, enum token_kind kind, const char *what);
// The name at the current token, which must be a word.
struct name tok_expect_name(struct parser *p, const char *what);

// Reports, unless in panic, and panics; true if it reported (a hint can follow).
bool parse_error(struct parser *p, struct span span, const char *fmt, ...) PRINTF_LIKE(3, 4);
// "expected WHAT, found ..." where it is expected.
bool parse_expected(struct parser *p, const char *what);
// The current token for messages: "'foo'", "the end of the script".
struct str parse_found(struct parser *p);
// Ends the panic: behind the next ';', or at the next '}' that closes a block around here.
void parse_sync(struct parser *p);
// Skips to the bracket that closes the current one, and behind it.
void tok_skip_group(struct parser *p);

// False, with an error, when rules are nested too deeply.
bool nest_enter(struct parser *p);
void nest_leave(struct parser *p);

// From the start of a token up to the last token that was consumed.
struct span span_since(const struct parser *p, struct span start);

// --- parse_expr.c, parse_primary.c, parse_stmt.c ---

struct expr *expr_make(struct parser *p, enum expr_kind kind, struct span start);
// Behind the expression's last token: sets its span and its height.
struct expr *expr_done(struct parser *p, struct expr *e, struct span start);
struct expr *expr_bad(struct parser *p, struct span start);
struct expr *parse_expr(struct parser *p);
// Up to the closing bracket, which is consumed; a comma may stand before it.
struct expr_list parse_expr_list(struct parser *p, enum token_kind close, const char *what);
struct expr *parse_primary(struct parser *p);
struct expr *parse_condition(struct parser *p);
struct expr *parse_predicate(struct parser *p);
struct block *parse_block(struct parser *p);
// if | block
struct expr *parse_braced(struct parser *p);
bool expr_has_value(const struct expr *e);
// Its value, if it has one, becomes its last statement.
void block_drop_value(struct arena *a, struct block *b);
void expr_drop_value(struct arena *a, struct expr *e);

// --- parse_type.c ---

// A type where the script writes one: in a cast, after let.
struct type_spec *parse_type(struct parser *p);
struct type_spec *parse_arrays(struct parser *p, struct type_spec *base, struct span start);
// What comes before the stars and names of a C declaration; with bodies, struct { ... } too.
struct type_spec *parse_base_type(struct parser *p, bool with_bodies);
// True if the current token, which is "(", opens a cast.
bool is_at_cast(struct parser *p);
// "(" (type | expr): exactly one of both is set.
void parse_type_or_expr(struct parser *p, struct type_spec **type, struct expr **value);
bool is_type_word(const struct parser *p, struct str word);
void add_type_name(struct parser *p, struct str name);
struct type_spec *type_spec_make(struct parser *p, enum type_spec_kind kind, struct span start);
// Behind its last child: sets span and height.
struct type_spec *type_spec_done(struct parser *p, struct type_spec *t, struct span start);

// --- parse_c.c ---

void parse_c_definition(struct parser *p);
// C in a header that says nothing of types: a function, a variable.
bool is_c_declaration(const struct parser *p);
// Up to the end of what began at the given depth, with so many frames.
void skip_c_declaration(struct parser *p, unsigned depth, size_t n_frames);
// "{" ... "}" of a struct, union or enum.
struct type_def *parse_type_body(struct parser *p, enum type_spec_kind kind,
				 struct attributes attr);
// Any number of __attribute__((...)).
void parse_attributes(struct parser *p, struct attributes *out);

// --- preproc.c ---

// What a script may ask for: #ifdef __linux__.
void add_builtin_defines(struct parser *p);
// The line that begins with the '#' at the current token.
void preproc_line(struct parser *p);
// The define of that name, or NULL.
struct define *find_define(const struct parser *p, struct str name);
void read_file(struct parser *p, const struct script_include *what);
// The text begins: what stands before its first token.
void start_text(struct lexer *l);
void push_text(struct parser *p, struct lexer lex, struct define *def);
// Back to the text below.
void pop_text(struct parser *p);
void check_conditions(struct parser *p, size_t n);
// Where types stand, a name that is defined is what it is defined as; true if it was one.
bool expand_word(struct parser *p);

// --- condition.c ---

// What stands behind #if.
bool condition_holds(struct parser *p, struct lexer line);

// --- parse_attach.c ---

// attach ("," attach)* ","?
void parse_attach_list(struct parser *p, struct probe *probe);

// --- walk.c ---

uint16_t expr_height(struct expr *e);
uint16_t stmt_height(struct stmt *s);
uint16_t block_height(struct block *b);
uint16_t type_spec_height(struct type_spec *t);

#endif
