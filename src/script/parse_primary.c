// SPDX-License-Identifier: Apache-2.0
// What expressions are made of: literals, names, calls, brackets, if and blocks.
#include "script/parser.h"

// The current token is all of the expression.
static struct expr *expr_token(struct parser *p, enum expr_kind kind)
{
	struct span start = p->tok.span;
	struct expr *e = expr_make(p, kind, start);
	tok_advance(p);
	return expr_done(p, e, start);
}

// int = digits suffix? | real
static struct expr *parse_int(struct parser *p)
{
	struct number num = p->tok.num;
	bool is_real = p->tok.kind == TOK_REAL;
	struct expr *e = expr_token(p, EXPR_INT);
	e->num.value = num.value;
	e->num.suffix = num.suffix;
	e->num.is_duration = num.is_duration;
	e->num.is_real = is_real;
	return e;
}

static struct expr *parse_param(struct parser *p)
{
	uint64_t number = p->tok.num.value;
	struct expr *e = expr_token(p, EXPR_PARAM);
	e->num.value = number;
	e->num.suffix = STR("");
	return e;
}

static struct expr *parse_str(struct parser *p)
{
	struct str text = p->tok.text;
	struct expr *e = expr_token(p, EXPR_STR);
	e->str = text;
	return e;
}

static struct expr *parse_var(struct parser *p)
{
	struct str name = p->tok.text;
	struct expr *e = expr_token(p, EXPR_VAR);
	e->var.name = name;
	return e;
}

// exprs = (expr ("," expr)* ","?)?
struct expr_list parse_expr_list(struct parser *p, enum token_kind close, const char *what)
{
	struct expr_list list = { 0 };
	bool in_predicate = p->in_predicate;
	p->in_predicate = false;
	while (!p->is_panic && p->tok.kind != close) {
		VEC_PUSH(p->arena, &list, parse_expr(p));
		if (tok_accept(p, TOK_COMMA) || p->tok.kind == close)
			continue;
		struct str wanted = arena_printf(p->arena, "',' or %s", what);
		parse_expected(p, wanted.p);
	}
	p->in_predicate = in_predicate;
	tok_expect(p, close, what);
	return list;
}

// map = "@" name? ("[" exprs "]")?
static struct expr *parse_map(struct parser *p)
{
	struct span start = p->tok.span;
	struct expr *e = expr_make(p, EXPR_MAP, start);
	e->map.name = p->tok.text;
	tok_advance(p);
	if (p->tok.kind == TOK_LBRACKET) {
		e->map.has_keys = true;
		tok_advance(p);
		if (p->tok.kind == TOK_RBRACKET)
			parse_expected(p, "a key");
		e->map.keys = parse_expr_list(p, TOK_RBRACKET, "']'");
	}
	return expr_done(p, e, start);
}

// A name that is no word is only shown: "root.Val".
static struct name field_name(struct parser *p)
{
	if (p->tok.kind != TOK_STR)
		return tok_expect_name(p, "a field's name");
	struct name name = { .text = p->tok.text, .span = p->tok.span };
	tok_advance(p);
	return name;
}

// record = "(" name "=" expr ("," name "=" expr)* ","? ")", names as words or in quotes
static struct expr *parse_record(struct parser *p, struct span start)
{
	struct expr *e = expr_make(p, EXPR_RECORD, start);
	VEC(struct record_item) items = { 0 };
	while (!p->is_panic && p->tok.kind != TOK_RPAREN) {
		struct record_item item = { .name = field_name(p) };
		tok_expect(p, TOK_ASSIGN, "'='");
		item.value = parse_expr(p);
		VEC_PUSH(p->arena, &items, item);
		if (!tok_accept(p, TOK_COMMA) && p->tok.kind != TOK_RPAREN)
			parse_expected(p, "',' or ')'");
	}
	tok_expect(p, TOK_RPAREN, "')'");
	e->record.v = items.v;
	e->record.n = items.n;
	return expr_done(p, e, start);
}

static bool is_at_record(const struct parser *p)
{
	struct lexer ahead = p->lex;
	ahead.is_quiet = true;
	return (p->tok.kind == TOK_WORD || p->tok.kind == TOK_STR) &&
	       lex_next(&ahead).kind == TOK_ASSIGN;
}

// paren = "(" expr ")" | tuple | record
// tuple = "(" ")" | "(" expr "," exprs ")"
static struct expr *parse_paren(struct parser *p)
{
	struct span start = p->tok.span;
	bool in_predicate = p->in_predicate;
	struct expr *e;
	tok_advance(p);
	p->in_predicate = false;
	if (is_at_record(p)) {
		e = parse_record(p, start);
	} else if (tok_accept(p, TOK_RPAREN)) {
		e = expr_done(p, expr_make(p, EXPR_TUPLE, start), start);
	} else {
		e = parse_expr(p);
		if (tok_accept(p, TOK_COMMA)) {
			struct expr *tuple = expr_make(p, EXPR_TUPLE, start);
			struct expr_list rest = parse_expr_list(p, TOK_RPAREN, "')'");
			VEC_PUSH(p->arena, &tuple->items, e);
			for (size_t i = 0; i < rest.n; i++)
				VEC_PUSH(p->arena, &tuple->items, rest.v[i]);
			e = expr_done(p, tuple, start);
		} else {
			tok_expect(p, TOK_RPAREN, "')'");
		}
	}
	p->in_predicate = in_predicate;
	return e;
}

// sizeof = "sizeof" "(" (type | expr) ")"
static struct expr *parse_sizeof(struct parser *p)
{
	struct span start = p->tok.span;
	struct expr *e = expr_make(p, EXPR_SIZEOF, start);
	tok_advance(p);
	parse_type_or_expr(p, &e->type_of.type, &e->type_of.value);
	tok_expect(p, TOK_RPAREN, "')'");
	return expr_done(p, e, start);
}

// offsetof = "offsetof" "(" (type | expr) "," name ("." name)* ")"
static struct expr *parse_offsetof(struct parser *p)
{
	struct span start = p->tok.span;
	struct expr *e = expr_make(p, EXPR_OFFSETOF, start);
	VEC(struct name) path = { 0 };
	tok_advance(p);
	parse_type_or_expr(p, &e->offset_of.type, &e->offset_of.value);
	tok_expect(p, TOK_COMMA, "',' and a field");
	do {
		VEC_PUSH(p->arena, &path, tok_expect_name(p, "a field's name"));
	} while (!p->is_panic && tok_accept(p, TOK_DOT));
	tok_expect(p, TOK_RPAREN, "')'");
	e->offset_of.path = path.v;
	e->offset_of.n_path = path.n;
	return expr_done(p, e, start);
}

// if = "if" expr block ("else" (if | block))?
static struct expr *parse_if(struct parser *p)
{
	struct span start = p->tok.span;
	struct expr *e = expr_make(p, EXPR_IF, start);
	tok_advance(p);
	e->if_else.cond = parse_condition(p);
	e->if_else.then = parse_block(p);
	if (!p->is_panic && tok_accept_word(p, "else")) {
		if (tok_is_word(p, "if") && nest_enter(p)) {
			struct block *b = ARENA_NEW(p->arena, struct block);
			b->value = parse_if(p);
			b->span = b->value->span;
			b->height = block_height(b);
			if (!expr_has_value(b->value))
				block_drop_value(p->arena, b);
			e->if_else.other = b;
			nest_leave(p);
		} else {
			e->if_else.other = parse_block(p);
		}
	}
	return expr_done(p, e, start);
}

static struct expr *parse_block_expr(struct parser *p)
{
	struct span start = p->tok.span;
	struct expr *e = expr_make(p, EXPR_BLOCK, start);
	e->block = parse_block(p);
	return expr_done(p, e, start);
}

// braced = if | block
struct expr *parse_braced(struct parser *p)
{
	return tok_is_word(p, "if") ? parse_if(p) : parse_block_expr(p);
}

// The value that a #define gave to a name, which has just been read.
static struct expr *parse_value(struct parser *p, struct define *def, struct span use,
				const struct arguments *arguments)
{
	p->n_expanded += def->value.len + 1;
	if (def->is_expanding || p->n_expanded > PARSE_EXPANSION_MAX) {
		if (parse_error(p, use, "the value of '%.*s' %s", STR_ARG(def->name.text),
				def->is_expanding ? "refers to itself" : "makes this too large"))
			diag_hint(p->diag, "it is defined by a #define");
		return expr_bad(p, use);
	}
	if (!def->value.len) {
		parse_error(p, use, "'%.*s' is defined without a value", STR_ARG(def->name.text));
		return expr_bad(p, use);
	}
	struct parser old = *p;
	def->is_expanding = true;
	p->in_predicate = false;
	p->arguments = arguments;
	p->floor = p->frames.n;
	p->lex.source = def->value.source;
	p->lex.text = diag_source_text(p->diag, def->value.source);
	p->lex.pos = def->value.off;
	p->lex.end = def->value.off + def->value.len;
	tok_advance(p);
	struct expr *e = parse_expr(p);
	if (p->tok.kind != TOK_END) {
		struct str found = parse_found(p);
		parse_error(p, use, "the value of '%.*s' is not one expression: %.*s follows",
			    STR_ARG(def->name.text), STR_ARG(found));
	}
	while (p->frames.n > p->floor)
		pop_text(p);
	p->in_predicate = old.in_predicate;
	p->arguments = old.arguments;
	p->floor = old.floor;
	p->depth = old.depth;
	p->prev_end = old.prev_end;
	p->prev_source = old.prev_source;
	p->tok = old.tok;
	p->lex = old.lex;
	def->is_expanding = false;
	return e;
}

static struct expr *parse_defined(struct parser *p, struct define *def)
{
	struct span use = p->tok.span;
	tok_advance(p);
	return parse_value(p, def, use, NULL);
}

// use = name "(" exprs ")"
static struct expr *parse_defined_call(struct parser *p, struct define *def)
{
	struct span use = p->tok.span;
	size_t before = p->n_expanded;
	tok_advance(p);
	tok_advance(p);
	struct expr_list list = parse_expr_list(p, TOK_RPAREN, "')'");
	size_t cost = p->n_expanded - before + span_since(p, use).len;
	if (!p->is_panic &&
	    (list.n < def->n_params || (list.n > def->n_params && !def->is_variadic)))
		parse_error(p, use, "'%.*s' takes %zu argument%s, %zu %s given",
			    STR_ARG(def->name.text), def->n_params, def->n_params == 1 ? "" : "s",
			    list.n, list.n == 1 ? "is" : "are");
	if (p->is_panic)
		return expr_bad(p, use);
	struct arguments all = { ARENA_ARRAY(p->arena, struct argument, def->n_params + 1),
				 def->n_params };
	for (size_t i = 0; i < all.n; i++)
		all.v[i] = (struct argument) { def->params[i].text, list.v[i], cost };
	return parse_value(p, def, use, &all);
}

// What stands for a parameter of the #define whose value is being read; NULL if the name is none.
static struct expr *parse_argument(struct parser *p)
{
	struct span use = p->tok.span;
	for (size_t i = 0; p->arguments && i < p->arguments->n; i++) {
		const struct argument *arg = &p->arguments->v[i];
		if (!str_eq(arg->name, p->tok.text))
			continue;
		tok_advance(p);
		p->n_expanded += arg->cost;
		if (p->n_expanded > PARSE_EXPANSION_MAX) {
			parse_error(p, use, "the value of a #define makes this too large");
			return expr_bad(p, use);
		}
		struct expr *e = script_copy_expr(p->arena, arg->value);
		e->span = use;
		return e;
	}
	return NULL;
}

// call = name "(" exprs ")"
static struct expr *parse_call(struct parser *p, struct name name)
{
	struct expr *e = expr_make(p, EXPR_CALL, name.span);
	tok_advance(p);
	e->call.name = name;
	e->call.args = parse_expr_list(p, TOK_RPAREN, "')'");
	return expr_done(p, e, name.span);
}

// bare_delete = "delete" map, as awk has it
static struct expr *parse_bare_delete(struct parser *p, struct name name)
{
	struct expr *e = expr_make(p, EXPR_CALL, name.span);
	e->call.name = name;
	VEC_PUSH(p->arena, &e->call.args, parse_map(p));
	return expr_done(p, e, name.span);
}

static bool is_call_next(const struct parser *p)
{
	struct lexer ahead = p->lex;
	ahead.is_quiet = true;
	return lex_next(&ahead).kind == TOK_LPAREN;
}

static bool is_keyword(struct str word)
{
	static const char *const words[] = {
		"else", "for",    "while", "unroll", "let",    "return", "break",  "continue",
		"enum", "config", "macro", "import", "struct", "union",  "typeof", "typedef",
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq(word, str_from(words[i])))
			return true;
	}
	return false;
}

// word = "true" | "false" | if | sizeof | offsetof | call | name
static struct expr *parse_word(struct parser *p)
{
	struct define *def = find_define(p, p->tok.text);
	struct name name = { .text = p->tok.text, .span = p->tok.span };
	struct expr *argument = parse_argument(p);
	if (argument)
		return argument;
	if (def && def->has_params && is_call_next(p))
		return parse_defined_call(p, def);
	// What is defined as itself is there for #ifdef only.
	if (def && !def->has_params && !str_eq(diag_span_text(p->diag, def->value), name.text))
		return parse_defined(p, def);
	if (tok_is_word(p, "if"))
		return parse_braced(p);
	if (tok_is_word(p, "sizeof"))
		return parse_sizeof(p);
	if (tok_is_word(p, "offsetof"))
		return parse_offsetof(p);
	if (tok_is_word(p, "true") || tok_is_word(p, "false")) {
		struct expr *e = expr_token(p, EXPR_BOOL);
		e->num.value = name.text.len == 4;
		e->num.suffix = STR("");
		return e;
	}
	if (is_keyword(name.text)) {
		parse_expected(p, "an expression");
		return expr_bad(p, name.span);
	}
	tok_advance(p);
	if (p->tok.kind == TOK_LPAREN)
		return parse_call(p, name);
	if (p->tok.kind == TOK_MAP && str_eq(name.text, STR("delete")))
		return parse_bare_delete(p, name);
	struct expr *e = expr_make(p, EXPR_NAME, name.span);
	e->str = name.text;
	return expr_done(p, e, name.span);
}

// primary = int | string | param | "$#" | var | map | word | paren | block
struct expr *parse_primary(struct parser *p)
{
	switch ((int)p->tok.kind) {
	case TOK_INT:
	case TOK_REAL:
		return parse_int(p);
	case TOK_STR:
		return parse_str(p);
	case TOK_PARAM:
		return parse_param(p);
	case TOK_PARAM_COUNT:
		return expr_token(p, EXPR_PARAM_COUNT);
	case TOK_VAR:
		return parse_var(p);
	case TOK_MAP:
		return parse_map(p);
	case TOK_WORD:
		return parse_word(p);
	case TOK_LPAREN:
		return parse_paren(p);
	case TOK_LBRACE:
		return parse_braced(p);
	default:
		parse_expected(p, "an expression");
		return expr_bad(p, p->tok.span);
	}
}
