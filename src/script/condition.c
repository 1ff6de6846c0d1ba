// SPDX-License-Identifier: Apache-2.0
// What stands behind #if: numbers, defined(NAME), and what names are defined as.
#include "script/parser.h"

#define DEPTH_MAX 64

// A parameter of a #define, and what it is in this use.
struct binding {
	struct str name;
	int64_t value;
};

struct eval {
	struct parser *p;
	struct lexer lex;
	struct token tok;
	const struct binding *bindings;
	size_t n_bindings;
	unsigned depth;
	bool is_bad;
};

static int64_t eval_choice(struct eval *e);

static void advance(struct eval *e)
{
	e->tok = lex_next(&e->lex);
}

static bool accept(struct eval *e, enum token_kind kind)
{
	if (e->tok.kind != kind)
		return false;
	advance(e);
	return true;
}

static void expect(struct eval *e, enum token_kind kind)
{
	if (!accept(e, kind))
		e->is_bad = true;
}

// The value of a #define, which is an expression of its own.
static int64_t eval_value(struct eval *e, struct define *def, const struct binding *v, size_t n)
{
	struct eval inner = {
		.p = e->p,
		.lex = e->lex,
		.bindings = v,
		.n_bindings = n,
		.depth = e->depth + 1,
	};
	e->p->n_expanded += def->value.len + 1;
	if (def->is_expanding || inner.depth > DEPTH_MAX || e->p->n_expanded > PARSE_EXPANSION_MAX)
		return 0;
	inner.lex.source = def->value.source;
	inner.lex.text = diag_source_text(e->p->diag, def->value.source);
	inner.lex.pos = def->value.off;
	inner.lex.end = def->value.off + def->value.len;
	def->is_expanding = true;
	advance(&inner);
	int64_t value = eval_choice(&inner);
	def->is_expanding = false;
	e->is_bad |= inner.is_bad || inner.tok.kind != TOK_END;
	return value;
}

// arguments = "(" (expr ("," expr)*)? ")"
static int64_t eval_call(struct eval *e, struct define *def)
{
	VEC(struct binding) v = { 0 };
	advance(e);
	while (!e->is_bad && e->tok.kind != TOK_RPAREN) {
		struct binding b = { STR(""), eval_choice(e) };
		if (v.n < def->n_params)
			b.name = def->params[v.n].text;
		VEC_PUSH(e->p->arena, &v, b);
		if (!accept(e, TOK_COMMA) && e->tok.kind != TOK_RPAREN)
			e->is_bad = true;
	}
	expect(e, TOK_RPAREN);
	return e->is_bad ? 0 : eval_value(e, def, v.v, v.n);
}

// "defined" (name | "(" name ")")
static int64_t eval_defined(struct eval *e)
{
	bool has_paren = accept(e, TOK_LPAREN);
	bool is_defined = e->tok.kind == TOK_WORD && find_define(e->p, e->tok.text);
	expect(e, TOK_WORD);
	if (has_paren)
		expect(e, TOK_RPAREN);
	return is_defined;
}

// What asks for a feature of a compiler, like __has_include(<x.h>): there is none.
static void skip_group(struct eval *e)
{
	size_t depth = 0;
	do {
		depth += e->tok.kind == TOK_LPAREN;
		depth -= e->tok.kind == TOK_RPAREN;
		advance(e);
	} while (depth && e->tok.kind != TOK_END);
}

static int64_t eval_name(struct eval *e)
{
	struct str name = e->tok.text;
	advance(e);
	if (str_eq(name, STR("defined")))
		return eval_defined(e);
	for (size_t i = 0; i < e->n_bindings; i++)
		if (str_eq(e->bindings[i].name, name))
			return e->bindings[i].value;
	struct define *def = find_define(e->p, name);
	bool is_call = e->tok.kind == TOK_LPAREN;
	if (def && !def->has_params)
		return eval_value(e, def, NULL, 0);
	if (def && is_call)
		return eval_call(e, def);
	if (is_call)
		skip_group(e);
	return 0;
}

static int64_t eval_unary(struct eval *e)
{
	struct token t = e->tok;
	int64_t v = 0;
	if (e->is_bad || ++e->depth > DEPTH_MAX * 4) {
		e->is_bad = true;
		return 0;
	}
	if (t.kind == TOK_WORD) {
		v = eval_name(e);
	} else if (accept(e, TOK_INT)) {
		v = (int64_t)t.num.value;
	} else if (accept(e, TOK_LPAREN)) {
		v = eval_choice(e);
		expect(e, TOK_RPAREN);
	} else if (accept(e, TOK_NOT)) {
		v = !eval_unary(e);
	} else if (accept(e, TOK_TILDE)) {
		v = ~eval_unary(e);
	} else if (t.kind == TOK_BINARY && (t.op == OP_SUB || t.op == OP_ADD)) {
		advance(e);
		uint64_t operand = (uint64_t)eval_unary(e);
		v = (int64_t)(t.op == OP_SUB ? -operand : operand);
	} else {
		e->is_bad = true;
	}
	e->depth--;
	return v;
}

static int precedence(const struct token *t)
{
	static const int levels[] = {
		[OP_OR] = 1,   [OP_AND] = 2,  [OP_BITOR] = 3, [OP_BITXOR] = 4, [OP_BITAND] = 5,
		[OP_EQ] = 6,   [OP_NE] = 6,   [OP_LT] = 7,    [OP_GT] = 7,     [OP_LE] = 7,
		[OP_GE] = 7,   [OP_SHL] = 8,  [OP_SHR] = 8,   [OP_ADD] = 9,    [OP_SUB] = 9,
		[OP_MUL] = 10, [OP_DIV] = 10, [OP_MOD] = 10,
	};
	return t->kind == TOK_BINARY && (size_t)t->op < ARRAY_LEN(levels) ? levels[t->op] : 0;
}

static int64_t apply(enum expr_op op, int64_t a, int64_t b)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;
	// What cannot be divided is 0, in a condition that is false anyway in C.
	bool can_divide = b && !(a == INT64_MIN && b == -1);
	switch ((int)op) {
	case OP_OR:
		return a || b;
	case OP_AND:
		return a && b;
	case OP_BITOR:
		return a | b;
	case OP_BITXOR:
		return a ^ b;
	case OP_BITAND:
		return a & b;
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LT:
		return a < b;
	case OP_GT:
		return a > b;
	case OP_LE:
		return a <= b;
	case OP_GE:
		return a >= b;
	case OP_SHL:
		return (int64_t)(x << (y & 63));
	case OP_SHR:
		return a >> (y & 63);
	case OP_ADD:
		return (int64_t)(x + y);
	case OP_SUB:
		return (int64_t)(x - y);
	case OP_MUL:
		return (int64_t)(x * y);
	case OP_DIV:
		return can_divide ? a / b : 0;
	default:
		return can_divide ? a % b : 0;
	}
}

static int64_t eval_binary(struct eval *e, int least)
{
	int64_t left = eval_unary(e);
	while (!e->is_bad) {
		enum expr_op op = e->tok.op;
		int level = precedence(&e->tok);
		if (!level || level < least)
			break;
		advance(e);
		left = apply(op, left, eval_binary(e, level + 1));
	}
	return left;
}

// choice = binary ("?" choice ":" choice)?
static int64_t eval_choice(struct eval *e)
{
	if (++e->depth > DEPTH_MAX * 4)
		e->is_bad = true;
	int64_t cond = e->is_bad ? 0 : eval_binary(e, 1);
	if (!e->is_bad && accept(e, TOK_QUESTION)) {
		int64_t then = eval_choice(e);
		expect(e, TOK_COLON);
		int64_t other = e->is_bad ? 0 : eval_choice(e);
		cond = cond ? then : other;
	}
	e->depth--;
	return cond;
}

bool condition_holds(struct parser *p, struct lexer line)
{
	struct eval e = { .p = p, .lex = line };
	struct span span = { line.source, (uint32_t)line.pos, 0 };
	e.lex.is_quiet = true;
	e.lex.has_chars = true;
	advance(&e);
	span.off = e.tok.span.off;
	int64_t value = eval_choice(&e);
	if (!e.is_bad && e.tok.kind == TOK_END)
		return value != 0;
	span.len = (uint32_t)line.end - span.off;
	if (parse_error(p, span, "this condition is not understood"))
		diag_hint(p->diag, "there are numbers, names, defined(NAME) and C's operators");
	return false;
}
