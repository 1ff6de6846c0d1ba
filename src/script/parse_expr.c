// SPDX-License-Identifier: Apache-2.0
// Operators, by precedence climbing.
#include "script/parser.h"

struct expr *expr_make(struct parser *p, enum expr_kind kind, struct span start)
{
	struct expr *e = ARENA_NEW(p->arena, struct expr);
	e->kind = kind;
	e->span = start;
	return e;
}

// Behind the expression's last token: sets its span and its height.
struct expr *expr_done(struct parser *p, struct expr *e, struct span start)
{
	e->span = span_since(p, start);
	if (p->is_panic)
		e->kind = EXPR_BAD;
	e->height = expr_height(e);
	if (e->height >= SCRIPT_DEPTH_MAX) {
		parse_error(p, e->span, "this expression has too many levels (more than %d)",
			    SCRIPT_DEPTH_MAX);
		e->kind = EXPR_BAD;
		e->height = 0;
	}
	return e;
}

struct expr *expr_bad(struct parser *p, struct span start)
{
	return expr_make(p, EXPR_BAD, start);
}

// --- postfix and prefix operators ---

// member = ("." | "->") (name | digits)
static struct expr *parse_member(struct parser *p, struct expr *base, struct span start)
{
	struct expr *e = expr_make(p, EXPR_MEMBER, start);
	e->member.is_arrow = p->tok.kind == TOK_ARROW;
	if (base->kind == EXPR_INT && !p->is_panic &&
	    parse_error(p, p->tok.span, "a number has no fields"))
		diag_hint(p->diag, "a floating point number has digits on both sides: 1.5");
	tok_advance(p);
	e->member.base = base;
	e->member.name = (struct name) { .text = p->tok.text, .span = p->tok.span };
	if (p->tok.kind == TOK_INT) {
		e->member.is_number = true;
		e->member.number = p->tok.num.value;
		if (p->tok.num.suffix.len)
			parse_error(p, p->tok.span, "expected a field's name or number");
		tok_advance(p);
	} else {
		tok_expect(p, TOK_WORD, "a field's name or number");
	}
	return expr_done(p, e, start);
}

// index = "[" expr "]"
static struct expr *parse_index(struct parser *p, struct expr *base, struct span start)
{
	struct expr *e = expr_make(p, EXPR_INDEX, start);
	bool in_predicate = p->in_predicate;
	p->in_predicate = false;
	tok_advance(p);
	e->index.base = base;
	e->index.index = parse_expr(p);
	p->in_predicate = in_predicate;
	tok_expect(p, TOK_RBRACKET, "']'");
	return expr_done(p, e, start);
}

static struct expr *make_inc(struct parser *p, struct expr *target, struct token op, bool is_prefix,
			     struct span start)
{
	struct expr *e = expr_make(p, EXPR_INC, start);
	e->inc.target = target;
	e->inc.is_prefix = is_prefix;
	e->inc.is_decrement = op.kind == TOK_DEC;
	if (target->kind != EXPR_VAR && target->kind != EXPR_MAP && target->kind != EXPR_BAD)
		parse_error(p, target->span, "'%s' changes a $variable or a @map, nothing else",
			    op.kind == TOK_DEC ? "--" : "++");
	return expr_done(p, e, start);
}

// postfix = primary (member | index | "++" | "--")*
static struct expr *parse_postfix(struct parser *p)
{
	struct span start = p->tok.span;
	struct expr *e = parse_primary(p);
	while (!p->is_panic) {
		struct token op = p->tok;
		if (op.kind == TOK_DOT || op.kind == TOK_ARROW) {
			e = parse_member(p, e, start);
		} else if (op.kind == TOK_LBRACKET) {
			e = parse_index(p, e, start);
		} else if (op.kind == TOK_INC || op.kind == TOK_DEC) {
			tok_advance(p);
			e = make_inc(p, e, op, false, start);
		} else {
			break;
		}
	}
	return e;
}

static enum expr_op prefix_op(const struct token *t)
{
	if (t->kind == TOK_NOT)
		return OP_NOT;
	if (t->kind == TOK_TILDE)
		return OP_BITNOT;
	if (t->kind != TOK_BINARY)
		return OP_NONE;
	return t->op == OP_SUB      ? OP_NEG
	       : t->op == OP_MUL    ? OP_DEREF
	       : t->op == OP_BITAND ? OP_ADDR
				    : OP_NONE;
}

static struct expr *parse_unary(struct parser *p);

// cast = "(" type ")" unary
static struct expr *parse_cast(struct parser *p)
{
	struct span start = p->tok.span;
	struct expr *e = expr_make(p, EXPR_CAST, start);
	tok_advance(p);
	e->cast.to = parse_type(p);
	tok_expect(p, TOK_RPAREN, "')' behind the type");
	e->cast.value = parse_unary(p);
	return expr_done(p, e, start);
}

// prefixed = ("-" | "!" | "~" | "*" | "&" | "++" | "--") unary | cast | postfix
static struct expr *parse_prefixed(struct parser *p)
{
	struct token op = p->tok;
	enum expr_op prefix = prefix_op(&op);
	if (prefix != OP_NONE) {
		struct expr *e = expr_make(p, EXPR_UNARY, op.span);
		tok_advance(p);
		e->op = prefix;
		e->unary = parse_unary(p);
		return expr_done(p, e, op.span);
	}
	if (op.kind == TOK_INC || op.kind == TOK_DEC) {
		tok_advance(p);
		return make_inc(p, parse_unary(p), op, true, op.span);
	}
	if (op.kind == TOK_LPAREN && is_at_cast(p))
		return parse_cast(p);
	return parse_postfix(p);
}

// unary = prefixed; counts the nesting of all that can contain an expression
static struct expr *parse_unary(struct parser *p)
{
	if (p->is_panic || !nest_enter(p))
		return expr_bad(p, p->tok.span);
	struct expr *e = parse_prefixed(p);
	nest_leave(p);
	return e;
}

// --- binary operators ---

// C's levels; the higher ones bind tighter.
static unsigned precedence(const struct token *t)
{
	if (t->kind != TOK_BINARY)
		return 0;
	switch (t->op) {
	case OP_OR:
		return 1;
	case OP_AND:
		return 2;
	case OP_BITOR:
		return 3;
	case OP_BITXOR:
		return 4;
	case OP_BITAND:
		return 5;
	case OP_EQ:
	case OP_NE:
		return 6;
	case OP_LT:
	case OP_GT:
	case OP_LE:
	case OP_GE:
		return 7;
	case OP_SHL:
	case OP_SHR:
		return 8;
	case OP_ADD:
	case OP_SUB:
		return 9;
	case OP_MUL:
	case OP_DIV:
	case OP_MOD:
		return 10;
	case OP_NONE:
	case OP_NEG:
	case OP_NOT:
	case OP_BITNOT:
	case OP_DEREF:
	case OP_ADDR:
		break;
	}
	return 0;
}

// A '/' that ends a predicate stands before '{'.
static bool is_predicate_end(const struct parser *p)
{
	if (!p->in_predicate || p->tok.kind != TOK_BINARY || p->tok.op != OP_DIV)
		return false;
	struct lexer ahead = p->lex;
	ahead.is_quiet = true;
	return !lex_skip_blanks(&ahead) || ahead.text.p[ahead.pos] == '{';
}

// binary = unary (operator unary)*
static struct expr *parse_binary(struct parser *p, unsigned least)
{
	struct span start = p->tok.span;
	struct expr *left = parse_unary(p);
	for (;;) {
		unsigned level = precedence(&p->tok);
		if (p->is_panic || !level || level < least || is_predicate_end(p))
			return left;
		struct expr *e = expr_make(p, EXPR_BINARY, start);
		e->op = p->tok.op;
		tok_advance(p);
		e->binary.left = left;
		e->binary.right = parse_binary(p, level + 1);
		left = expr_done(p, e, start);
	}
}

// expr = binary ("?" expr? ":" expr)?
struct expr *parse_expr(struct parser *p)
{
	struct span start = p->tok.span;
	if (p->is_panic || !nest_enter(p))
		return expr_bad(p, start);
	struct expr *e = parse_binary(p, 1);
	if (!p->is_panic && tok_accept(p, TOK_QUESTION)) {
		struct expr *cond = expr_make(p, EXPR_COND, start);
		cond->cond.cond = e;
		if (p->tok.kind != TOK_COLON)
			cond->cond.then = parse_expr(p);
		tok_expect(p, TOK_COLON, "':' and the other value");
		cond->cond.other = parse_expr(p);
		e = expr_done(p, cond, start);
	}
	nest_leave(p);
	return e;
}

// An assignment in parentheses has the form of a record, which no condition is.
struct expr *parse_condition(struct parser *p)
{
	struct expr *e = parse_expr(p);
	if (e->kind == EXPR_RECORD && parse_error(p, e->span, "a condition cannot be a record"))
		diag_hint(p->diag, "to compare, write '=='");
	return e;
}

// predicate = "/" expr "/"
struct expr *parse_predicate(struct parser *p)
{
	struct span start = p->tok.span;
	tok_advance(p);
	p->in_predicate = true;
	struct expr *e = parse_condition(p);
	p->in_predicate = false;
	if (p->tok.kind == TOK_BINARY && p->tok.op == OP_DIV && !p->is_panic) {
		tok_advance(p);
	} else if (p->tok.kind == TOK_LBRACE || p->tok.kind == TOK_END) {
		parse_error(p, start, "this predicate has no end: '/' is missing before '{'");
	} else {
		parse_expected(p, "'/' at the end of the predicate");
	}
	return e;
}
