// SPDX-License-Identifier: Apache-2.0
// Types as they are written, and telling "(type)" from "(expression)".
#include "script/parser.h"

struct type_spec *type_spec_make(struct parser *p, enum type_spec_kind kind, struct span start)
{
	struct type_spec *t = ARENA_NEW(p->arena, struct type_spec);
	t->kind = kind;
	t->span = start;
	t->name = STR("");
	return t;
}

struct type_spec *type_spec_done(struct parser *p, struct type_spec *t, struct span start)
{
	t->span = span_since(p, start);
	t->height = type_spec_height(t);
	if (t->height >= SCRIPT_DEPTH_MAX) {
		parse_error(p, t->span, "this type has too many levels (more than %d)",
			    SCRIPT_DEPTH_MAX);
		*t = (struct type_spec) { .kind = SPEC_NAMED, .span = t->span, .name = STR("") };
	}
	return t;
}

// --- names ---

// Names that mean a type in every script. A name that is not here may still be one: check/ knows.
static const char *const type_words[] = {
	"void",     "bool",       "string",    "buffer",      "int8",     "int16",    "int32",
	"int64",    "uint8",      "uint16",    "uint32",      "uint64",   "int8_t",   "int16_t",
	"int32_t",  "int64_t",    "uint8_t",   "uint16_t",    "uint32_t", "uint64_t", "size_t",
	"ssize_t",  "intptr_t",   "uintptr_t", "ptrdiff_t",   "pid_t",    "uid_t",    "gid_t",
	"off_t",    "time_t",     "u8",        "u16",         "u32",      "u64",      "s8",
	"s16",      "s32",        "s64",       "__u8",        "__u16",    "__u32",    "__u64",
	"__s8",     "__s16",      "__s32",     "__s64",       "uint",     "ulong",    "ushort",
	"uintptr",  "timestamp",  "inet",      "mac_address", "usym_t",   "ksym_t",   "ustack_t",
	"kstack_t", "username_t", "float32",   "float64",     "byte",     "rune",
};

// C's words that make up a number's type together.
static const char *const number_words[] = {
	"unsigned", "signed", "char",   "short", "int",
	"long",     "float",  "double", "_Bool", "__signed__",
};

static const char *const qualifier_words[] = {
	"const",
	"volatile",
	"restrict",
	"__restrict",
	"_Atomic",
	"register",
	"static",
	"extern",
	// Notes of the kernel's headers for a checker of its own.
	"__bitwise",
	"__bitwise__",
	"__force",
	"__user",
	"__kernel",
	"__extension__",
};

static bool is_one_of(struct str word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(word, str_from(words[i])))
			return true;
	}
	return false;
}

static bool is_star(const struct token *t)
{
	return t->kind == TOK_BINARY && t->op == OP_MUL;
}

void add_type_name(struct parser *p, struct str name)
{
	if (name.len)
		map_put(&p->type_names, str_hash(name), p);
}

static bool is_tag_word(struct str word)
{
	return str_eq(word, STR("struct")) || str_eq(word, STR("union")) ||
	       str_eq(word, STR("enum"));
}

bool is_type_word(const struct parser *p, struct str word)
{
	return is_one_of(word, type_words, ARRAY_LEN(type_words)) ||
	       is_one_of(word, number_words, ARRAY_LEN(number_words)) ||
	       is_one_of(word, qualifier_words, ARRAY_LEN(qualifier_words)) || is_tag_word(word) ||
	       str_eq(word, STR("typeof")) || map_get(&p->type_names, str_hash(word));
}

// --- base types ---

static void skip_qualifiers(struct parser *p)
{
	while (p->tok.kind == TOK_WORD && !p->is_panic) {
		if (is_one_of(p->tok.text, qualifier_words, ARRAY_LEN(qualifier_words)))
			tok_advance(p);
		else if (!expand_word(p))
			break;
	}
}

// The one spelling of a set of words. n: how often each of number_words was there.
static struct str number_name(const unsigned *n)
{
	bool is_unsigned = n[0];
	if (n[2])
		return is_unsigned    ? STR("unsigned char")
		       : n[1] || n[9] ? STR("signed char")
				      : STR("char");
	if (n[3])
		return is_unsigned ? STR("unsigned short") : STR("short");
	if (n[6])
		return STR("float");
	if (n[7])
		return n[5] ? STR("long double") : STR("double");
	if (n[8])
		return STR("_Bool");
	if (n[5] >= 2)
		return is_unsigned ? STR("unsigned long long") : STR("long long");
	if (n[5])
		return is_unsigned ? STR("unsigned long") : STR("long");
	return is_unsigned ? STR("unsigned int") : STR("int");
}

// number = ("unsigned" | "long" | "int" | ...)+
static struct type_spec *parse_number_type(struct parser *p)
{
	struct span start = p->tok.span;
	unsigned counts[ARRAY_LEN(number_words)] = { 0 };
	bool is_number = true;
	while (is_number && p->tok.kind == TOK_WORD) {
		is_number = expand_word(p);
		if (is_number)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(number_words) && !is_number; i++) {
			if (!str_eq(p->tok.text, str_from(number_words[i])))
				continue;
			is_number = true;
			counts[i]++;
		}
		if (is_number)
			tok_advance(p);
	}
	struct type_spec *t = type_spec_make(p, SPEC_NAMED, start);
	t->name = number_name(counts);
	return type_spec_done(p, t, start);
}

// tagged = ("struct" | "union" | "enum") attributes (name ("." name)* | string)? body?
static struct type_spec *parse_tagged_type(struct parser *p, bool with_bodies)
{
	struct span start = p->tok.span;
	enum type_spec_kind kind = tok_is_word(p, "struct")  ? SPEC_STRUCT
				   : tok_is_word(p, "union") ? SPEC_UNION
							     : SPEC_ENUM;
	struct type_spec *t = type_spec_make(p, kind, start);
	struct attributes attr = { 0 };
	tok_advance(p);
	parse_attributes(p, &attr);
	if (p->tok.kind == TOK_STR) {
		t->name = p->tok.text;
		tok_advance(p);
	} else if (p->tok.kind == TOK_WORD) {
		struct span name = p->tok.span;
		tok_advance(p);
		while (!p->is_panic && tok_accept(p, TOK_DOT))
			tok_expect_name(p, "the rest of the type's name");
		t->name = diag_span_text(p->diag, span_since(p, name));
	} else if (!with_bodies || p->tok.kind != TOK_LBRACE) {
		parse_expected(p, "the type's name");
	}
	if (with_bodies && p->tok.kind == TOK_LBRACE) {
		t->def = parse_type_body(p, kind, attr);
		t->def->owner = t;
		add_type_name(p, t->name);
	}
	return type_spec_done(p, t, start);
}

// typeof = "typeof" "(" (type | expr) ")"
static struct type_spec *parse_typeof(struct parser *p)
{
	struct span start = p->tok.span;
	struct type_spec *t = type_spec_make(p, SPEC_TYPEOF, start);
	tok_advance(p);
	parse_type_or_expr(p, &t->elem, &t->value);
	tok_expect(p, TOK_RPAREN, "')'");
	if (p->is_panic)
		t->kind = SPEC_NAMED;
	return type_spec_done(p, t, start);
}

// base = tagged | typeof | number | name ("." name)* | string, among qualifiers
struct type_spec *parse_base_type(struct parser *p, bool with_bodies)
{
	struct type_spec *t;
	skip_qualifiers(p);
	struct span start = p->tok.span;
	if (p->tok.kind == TOK_WORD && is_tag_word(p->tok.text)) {
		t = parse_tagged_type(p, with_bodies);
	} else if (tok_is_word(p, "typeof")) {
		t = parse_typeof(p);
	} else if (p->tok.kind == TOK_WORD &&
		   is_one_of(p->tok.text, number_words, ARRAY_LEN(number_words))) {
		t = parse_number_type(p);
	} else {
		t = type_spec_make(p, SPEC_NAMED, start);
		if (p->tok.kind == TOK_STR) {
			t->name = p->tok.text;
			tok_advance(p);
		} else {
			tok_expect_name(p, "a type");
			while (!p->is_panic && tok_accept(p, TOK_DOT))
				tok_expect_name(p, "the rest of the type's name");
			t->name = diag_span_text(p->diag, span_since(p, start));
		}
		type_spec_done(p, t, start);
	}
	skip_qualifiers(p);
	return t;
}

// arrays = ("[" expr? "]")*
// The last one is the innermost.
struct type_spec *parse_arrays(struct parser *p, struct type_spec *base, struct span start)
{
	struct type_spec *t = base;
	if (p->is_panic || p->tok.kind != TOK_LBRACKET || !nest_enter(p))
		return base;
	tok_advance(p);
	t = type_spec_make(p, SPEC_ARRAY, start);
	if (p->tok.kind != TOK_RBRACKET)
		t->count = parse_expr(p);
	tok_expect(p, TOK_RBRACKET, "']'");
	t->elem = parse_arrays(p, base, start);
	nest_leave(p);
	return type_spec_done(p, t, start);
}

// type = base ("*" | arrays)*
struct type_spec *parse_type(struct parser *p)
{
	struct span start = p->tok.span;
	if (!nest_enter(p))
		return type_spec_make(p, SPEC_NAMED, start);
	struct type_spec *t = parse_base_type(p, false);
	while (!p->is_panic) {
		if (p->tok.kind == TOK_LBRACKET) {
			t = parse_arrays(p, t, start);
			continue;
		}
		if (!is_star(&p->tok))
			break;
		struct type_spec *ptr = type_spec_make(p, SPEC_PTR, start);
		tok_advance(p);
		skip_qualifiers(p);
		ptr->elem = t;
		t = type_spec_done(p, ptr, start);
	}
	nest_leave(p);
	return t;
}

// --- casts ---

// After a cast's ")" an operand follows. Signs and stars do not count: they are operators as well.
static bool can_start_operand(const struct token *t)
{
	switch ((int)t->kind) {
	case TOK_WORD:
	case TOK_INT:
	case TOK_STR:
	case TOK_VAR:
	case TOK_PARAM:
	case TOK_PARAM_COUNT:
	case TOK_MAP:
	case TOK_LPAREN:
	case TOK_NOT:
	case TOK_TILDE:
		return true;
	default:
		return false;
	}
}

// Looks past "[...]", whose "[" is t; false if it is no array's length.
static bool skip_array(struct lexer *l, struct token *t)
{
	enum { LENGTH_TOKENS = 16 };
	for (int n = 0; n < LENGTH_TOKENS; n++) {
		*t = lex_next(l);
		if (t->kind == TOK_RBRACKET) {
			*t = lex_next(l);
			return true;
		}
		if (t->kind == TOK_END || t->kind == TOK_LBRACKET || t->kind == TOK_COMMA)
			return false;
	}
	return false;
}

// The stars and arrays from t on, up to ")". What follows decides if there are no stars.
static bool is_type_rest(struct lexer *l, struct token t, bool is_known)
{
	bool has_star = false;
	for (;;) {
		if (is_star(&t)) {
			has_star = true;
			t = lex_next(l);
		} else if (t.kind == TOK_LBRACKET) {
			if (!skip_array(l, &t))
				return false;
		} else {
			break;
		}
	}
	if (t.kind != TOK_RPAREN)
		return false;
	t = lex_next(l);
	return is_known || has_star || can_start_operand(&t);
}

// True if the text from t on is a type and ")". Names that are no types for sure are types if a
// star makes them so, or if what follows ")" could not follow a value.
static bool is_type_ahead(const struct parser *p, struct lexer *l, struct token t)
{
	if (t.kind == TOK_STR) {
		t = lex_next(l);
		return is_star(&t) && is_type_rest(l, t, false);
	}
	if (t.kind != TOK_WORD || find_define(p, t.text))
		return false;
	bool is_known = is_type_word(p, t.text);
	if (is_tag_word(t.text) || str_eq(t.text, STR("typeof")) ||
	    is_one_of(t.text, number_words, ARRAY_LEN(number_words)) ||
	    is_one_of(t.text, qualifier_words, ARRAY_LEN(qualifier_words)))
		return true;
	t = lex_next(l);
	while (t.kind == TOK_DOT) {
		t = lex_next(l);
		if (t.kind != TOK_WORD)
			return false;
		t = lex_next(l);
		is_known = false;
	}
	return is_type_rest(l, t, is_known);
}

bool is_at_cast(struct parser *p)
{
	struct lexer ahead = p->lex;
	ahead.is_quiet = true;
	struct token first = lex_next(&ahead);
	return is_type_ahead(p, &ahead, first);
}

// A name alone is left to check/, as an expression.
void parse_type_or_expr(struct parser *p, struct type_spec **type, struct expr **value)
{
	struct lexer ahead;
	tok_expect(p, TOK_LPAREN, "'('");
	if (p->is_panic)
		return;
	ahead = p->lex;
	ahead.is_quiet = true;
	bool is_type = p->tok.kind == TOK_WORD && is_type_word(p, p->tok.text);
	if (is_type || is_type_ahead(p, &ahead, p->tok))
		*type = parse_type(p);
	else
		*value = parse_expr(p);
}
