// SPDX-License-Identifier: Apache-2.0
// Blocks and statements.
#include "script/parser.h"

static struct stmt *stmt_make(struct parser *p, enum stmt_kind kind)
{
	struct stmt *s = ARENA_NEW(p->arena, struct stmt);
	s->kind = kind;
	s->span = p->tok.span;
	return s;
}

// Behind the statement's last token: sets its span and its height.
static struct stmt *stmt_done(struct parser *p, struct stmt *s)
{
	s->span = span_since(p, s->span);
	if (p->is_panic)
		s->kind = STMT_BAD;
	s->height = stmt_height(s);
	if (s->height >= SCRIPT_DEPTH_MAX) {
		parse_error(p, s->span, "this statement has too many levels (more than %d)",
			    SCRIPT_DEPTH_MAX);
		s->kind = STMT_BAD;
		s->height = 0;
	}
	return s;
}

// --- values of blocks ---

void expr_drop_value(struct arena *a, struct expr *e)
{
	if (e->kind == EXPR_BLOCK) {
		block_drop_value(a, e->block);
	} else if (e->kind == EXPR_IF) {
		block_drop_value(a, e->if_else.then);
		if (e->if_else.other)
			block_drop_value(a, e->if_else.other);
	}
}

void block_drop_value(struct arena *a, struct block *b)
{
	if (!b->value)
		return;
	struct stmt *s = ARENA_NEW(a, struct stmt);
	struct stmt **v = ARENA_ARRAY(a, struct stmt *, b->n + 1);
	s->kind = STMT_EXPR;
	s->span = b->value->span;
	s->expr = b->value;
	s->height = stmt_height(s);
	expr_drop_value(a, s->expr);
	if (b->n)
		memcpy(v, b->v, b->n * sizeof(*v));
	v[b->n] = s;
	b->v = v;
	b->n++;
	b->value = NULL;
}

// An if without else, or one whose branch has no value, has none.
bool expr_has_value(const struct expr *e)
{
	if (e->kind == EXPR_BLOCK)
		return e->block->value != NULL;
	if (e->kind == EXPR_IF)
		return e->if_else.other && e->if_else.then->value && e->if_else.other->value;
	return true;
}

// --- statements ---

// let = "let" var (":" type)? ("=" expr)?
static struct stmt *parse_let(struct parser *p)
{
	struct stmt *s = stmt_make(p, STMT_LET);
	tok_advance(p);
	if (p->tok.kind == TOK_MAP && parse_expected(p, "a $variable"))
		diag_hint(p->diag, "maps are declared outside of the probes: let @m = hash(100);");
	struct expr *var = ARENA_NEW(p->arena, struct expr);
	var->kind = EXPR_VAR;
	var->span = p->tok.span;
	var->var.name = p->tok.text;
	s->let.var = var;
	tok_expect(p, TOK_VAR, "a $variable");
	if (tok_accept(p, TOK_COLON))
		s->let.type = parse_type(p);
	if (tok_accept(p, TOK_ASSIGN))
		s->let.value = parse_expr(p);
	return stmt_done(p, s);
}

static struct expr *parse_loop_var(struct parser *p)
{
	struct expr *var = ARENA_NEW(p->arena, struct expr);
	var->kind = EXPR_VAR;
	var->span = p->tok.span;
	var->var.name = p->tok.text;
	tok_expect(p, TOK_VAR, "the loop's $variable");
	return var;
}

// C's loop is reported as a whole.
static struct block *refuse_c_loop(struct parser *p, bool has_paren)
{
	if (parse_error(p, p->tok.span, "loops count as in 'for ($i : 0..10) { ... }'"))
		diag_hint(p->diag, "over a map: for ($kv : @map) { ... }");
	for (unsigned depth = has_paren; depth && p->tok.kind != TOK_END;) {
		depth += p->tok.kind == TOK_LPAREN;
		depth -= p->tok.kind == TOK_RPAREN;
		tok_advance(p);
	}
	p->is_panic = p->tok.kind != TOK_LBRACE;
	return parse_block(p);
}

// for = "for" "(" var ":" (map | expr ".." expr) ")" block
// The parentheses may be left out.
static struct stmt *parse_for(struct parser *p)
{
	struct stmt *s = stmt_make(p, STMT_FOR_MAP);
	tok_advance(p);
	bool has_paren = tok_accept(p, TOK_LPAREN);
	if (p->tok.kind == TOK_SEMI || p->tok.kind == TOK_WORD) {
		s->for_map.var = s->for_map.map = ARENA_NEW(p->arena, struct expr);
		s->for_map.body = refuse_c_loop(p, has_paren);
		return stmt_done(p, s);
	}
	struct expr *var = parse_loop_var(p);
	if (p->tok.kind == TOK_ASSIGN && !p->is_panic) {
		s->for_map.var = var;
		s->for_map.map = ARENA_NEW(p->arena, struct expr);
		s->for_map.body = refuse_c_loop(p, has_paren);
		return stmt_done(p, s);
	}
	tok_expect(p, TOK_COLON, "':'");
	struct expr *over = parse_expr(p);
	struct expr *to = !p->is_panic && tok_accept(p, TOK_DOTDOT) ? parse_expr(p) : NULL;
	if (has_paren)
		tok_expect(p, TOK_RPAREN, "')'");
	struct block *body = parse_block(p);
	block_drop_value(p->arena, body);
	if (to) {
		s->kind = STMT_FOR_RANGE;
		s->for_range.var = var;
		s->for_range.from = over;
		s->for_range.to = to;
		s->for_range.body = body;
	} else {
		s->for_map.var = var;
		s->for_map.map = over;
		s->for_map.body = body;
	}
	return stmt_done(p, s);
}

// while = "while" expr block
// unroll = "unroll" expr block
static struct stmt *parse_loop(struct parser *p, enum stmt_kind kind)
{
	struct stmt *s = stmt_make(p, kind);
	tok_advance(p);
	s->loop.cond = parse_condition(p);
	s->loop.body = parse_block(p);
	block_drop_value(p->arena, s->loop.body);
	return stmt_done(p, s);
}

static struct stmt *parse_jump(struct parser *p, enum stmt_kind kind)
{
	struct stmt *s = stmt_make(p, kind);
	tok_advance(p);
	return stmt_done(p, s);
}

// return = "return" expr?
static struct stmt *parse_return(struct parser *p)
{
	struct stmt *s = stmt_make(p, STMT_RETURN);
	tok_advance(p);
	if (p->tok.kind != TOK_SEMI && p->tok.kind != TOK_RBRACE)
		s->expr = parse_expr(p);
	return stmt_done(p, s);
}

// discard = "_" "=" expr
static struct stmt *parse_discard(struct parser *p)
{
	struct stmt *s = stmt_make(p, STMT_DISCARD);
	tok_advance(p);
	tok_expect(p, TOK_ASSIGN, "'='");
	s->expr = parse_expr(p);
	return stmt_done(p, s);
}

static void check_target(struct parser *p, const struct expr *target)
{
	if (target->kind == EXPR_VAR || target->kind == EXPR_MAP || p->is_panic)
		return;
	if (!parse_error(p, target->span, "only a $variable or a @map can be assigned to"))
		return;
	if (target->kind == EXPR_NAME)
		diag_hint(p->diag, "a variable is written $%.*s, a map @%.*s", STR_ARG(target->str),
			  STR_ARG(target->str));
	else if (target->kind == EXPR_MEMBER || target->kind == EXPR_UNARY)
		diag_hint(p->diag, "the memory of a traced program is only read");
}

// assign_or_expr = expr (("=" | "+=" | ...) expr)?
static struct stmt *parse_assign_or_expr(struct parser *p)
{
	struct stmt *s = stmt_make(p, STMT_EXPR);
	struct expr *e = parse_expr(p);
	bool is_op = p->tok.kind == TOK_OP_ASSIGN;
	s->expr = e;
	if (!p->is_panic && (is_op || p->tok.kind == TOK_ASSIGN)) {
		check_target(p, e);
		s->kind = STMT_ASSIGN;
		s->assign.op = is_op ? p->tok.op : OP_NONE;
		s->assign.target = e;
		tok_advance(p);
		s->assign.value = parse_expr(p);
	} else if (!p->is_panic && p->tok.kind == TOK_COLON && parse_expected(p, "';'")) {
		diag_hint(p->diag, "a variable is set with '=': $x = 1");
	}
	return stmt_done(p, s);
}

static struct stmt *parse_misplaced(struct parser *p)
{
	struct stmt *s = stmt_make(p, STMT_BAD);
	if (tok_is_word(p, "else"))
		parse_error(p, p->tok.span, "'else' without an 'if' before it");
	else if (p->tok.kind == TOK_HASH)
		parse_error(p, p->tok.span, "preprocessor lines stand outside of the probes");
	else
		parse_error(p, p->tok.span, "'%.*s' stands outside of the probes",
			    STR_ARG(p->tok.text));
	return s;
}

static enum token_kind kind_behind(const struct parser *p)
{
	struct lexer ahead = p->lex;
	ahead.is_quiet = true;
	return lex_next(&ahead).kind;
}

// int x = 5;
static struct stmt *refuse_c_variable(struct parser *p)
{
	struct stmt *s = stmt_make(p, STMT_BAD);
	struct span span = p->tok.span;
	struct type_spec *t = parse_base_type(p, false);
	struct str type = type_spec_text(p->arena, t), name = p->tok.text;
	if (parse_error(p, span, "a variable is declared with 'let'"))
		diag_hint(p->diag, "let $%.*s : %.*s", STR_ARG(name), STR_ARG(type));
	return s;
}

// do { } while (c), switch (v) { }
static struct stmt *refuse_c_statement(struct parser *p)
{
	struct stmt *s = stmt_make(p, STMT_BAD);
	bool is_do = tok_is_word(p, "do");
	if (parse_error(p, p->tok.span, "there is no '%s'", is_do ? "do" : "switch"))
		diag_hint(p->diag,
			  is_do ? "there is: while (condition) { ... }"
				: "there is: if (a == 1) { ... } else if (a == 2) { ... }");
	tok_advance(p);
	while (p->tok.kind == TOK_LPAREN || p->tok.kind == TOK_LBRACE) {
		bool is_body = p->tok.kind == TOK_LBRACE;
		tok_skip_group(p);
		if (is_body)
			break;
	}
	if (is_do && tok_accept_word(p, "while") && p->tok.kind == TOK_LPAREN)
		tok_skip_group(p);
	if (p->tok.kind != TOK_SEMI)
		p->is_panic = false;
	return s;
}

static bool is_c_statement(const struct parser *p)
{
	return (tok_is_word(p, "do") && kind_behind(p) == TOK_LBRACE) ||
	       (tok_is_word(p, "switch") && kind_behind(p) == TOK_LPAREN);
}

static bool is_misplaced(const struct parser *p)
{
	return p->tok.kind == TOK_HASH || tok_is_word(p, "else") || tok_is_word(p, "struct") ||
	       tok_is_word(p, "union") || tok_is_word(p, "enum") || tok_is_word(p, "typedef") ||
	       tok_is_word(p, "macro") || tok_is_word(p, "import");
}

static bool is_at_discard(const struct parser *p)
{
	struct lexer ahead = p->lex;
	ahead.is_quiet = true;
	return tok_is_word(p, "_") && lex_next(&ahead).kind == TOK_ASSIGN;
}

// stmt = let | for | while | unroll | return | "break" | "continue" | discard | assign_or_expr
static struct stmt *parse_stmt(struct parser *p)
{
	if (is_misplaced(p))
		return parse_misplaced(p);
	if (is_c_statement(p))
		return refuse_c_statement(p);
	if (p->tok.kind == TOK_WORD && is_type_word(p, p->tok.text) && kind_behind(p) == TOK_WORD)
		return refuse_c_variable(p);
	if (tok_is_word(p, "let"))
		return parse_let(p);
	if (tok_is_word(p, "for"))
		return parse_for(p);
	if (tok_is_word(p, "while"))
		return parse_loop(p, STMT_WHILE);
	if (tok_is_word(p, "unroll"))
		return parse_loop(p, STMT_UNROLL);
	if (tok_is_word(p, "return"))
		return parse_return(p);
	if (tok_is_word(p, "break"))
		return parse_jump(p, STMT_BREAK);
	if (tok_is_word(p, "continue"))
		return parse_jump(p, STMT_CONTINUE);
	if (is_at_discard(p))
		return parse_discard(p);
	return parse_assign_or_expr(p);
}

// --- blocks ---

static bool ends_with_brace(const struct stmt *s)
{
	return s->kind == STMT_BAD || s->kind == STMT_FOR_MAP || s->kind == STMT_FOR_RANGE ||
	       s->kind == STMT_WHILE || s->kind == STMT_UNROLL;
}

static bool can_start_stmt(const struct token *t)
{
	return t->kind == TOK_WORD || t->kind == TOK_VAR || t->kind == TOK_MAP ||
	       t->kind == TOK_LBRACE;
}

// The statement before is fine, and what follows may well be.
static void missing_semicolon(struct parser *p)
{
	struct span end = { p->tok.span.source, p->prev_end, 0 };
	struct str found = parse_found(p);
	parse_error(p, end, "expected ';' before %.*s", STR_ARG(found));
	if (p->tok.kind == TOK_STR)
		diag_hint(p->diag, "strings are not joined by standing side by side");
	if (can_start_stmt(&p->tok))
		p->is_panic = false;
}

// block_item = stmt ";" | if | block | expr
// The last one without ';' is the block's value. An if or a block that starts a statement is all of
// it: no operator follows.
static void parse_block_item(struct parser *p, struct block *b, struct stmt **out)
{
	bool is_braced = tok_is_word(p, "if") || p->tok.kind == TOK_LBRACE;
	struct stmt *s;
	if (is_braced) {
		s = stmt_make(p, STMT_EXPR);
		s->expr = parse_braced(p);
		s = stmt_done(p, s);
	} else {
		s = parse_stmt(p);
	}
	*out = s;
	if (p->is_panic)
		return;
	bool is_last = p->tok.kind == TOK_RBRACE;
	if (s->kind == STMT_EXPR && is_last && expr_has_value(s->expr)) {
		b->value = s->expr;
		*out = NULL;
		return;
	}
	if (s->kind == STMT_EXPR)
		expr_drop_value(p->arena, s->expr);
	if (!tok_accept(p, TOK_SEMI) && !is_last && !is_braced && !ends_with_brace(s))
		missing_semicolon(p);
}

static void expect_block_end(struct parser *p, struct span start)
{
	uint32_t line, col;
	if (tok_accept(p, TOK_RBRACE) || !parse_expected(p, "'}'"))
		return;
	diag_line_col(p->diag, start, &line, &col);
	diag_hint(p->diag, "the block starts at %u:%u", line, col);
}

static struct block *parse_block_inside(struct parser *p, struct block *b)
{
	VEC(struct stmt *) stmts = { 0 };
	struct span start = b->span;
	tok_advance(p);
	while (p->tok.kind != TOK_RBRACE && p->tok.kind != TOK_END) {
		struct stmt *s = NULL;
		if (tok_accept(p, TOK_SEMI))
			continue;
		parse_block_item(p, b, &s);
		if (s)
			VEC_PUSH(p->arena, &stmts, s);
		if (p->is_panic)
			parse_sync(p);
	}
	expect_block_end(p, start);
	b->v = stmts.v;
	b->n = stmts.n;
	b->span = span_since(p, start);
	b->height = block_height(b);
	return b;
}

// block = "{" block_item* "}"
struct block *parse_block(struct parser *p)
{
	struct block *b = ARENA_NEW(p->arena, struct block);
	bool in_predicate = p->in_predicate;
	b->span = p->tok.span;
	if (p->is_panic)
		return b;
	if (p->tok.kind != TOK_LBRACE) {
		if (parse_expected(p, "'{'"))
			diag_hint(p->diag, "a body stands in braces, a single statement too");
		return b;
	}
	if (!nest_enter(p))
		return b;
	p->in_predicate = false;
	parse_block_inside(p, b);
	p->in_predicate = in_predicate;
	nest_leave(p);
	return b;
}
