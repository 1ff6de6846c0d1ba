// SPDX-License-Identifier: Apache-2.0
// C at the top of a script: struct, union, enum, typedef; and what headers have besides.
#include "script/parser.h"

// --- members ---

// attribute = name ("(" exprs ")")?
static void parse_attribute(struct parser *p, struct attributes *out)
{
	struct str name = tok_expect_name(p, "an attribute").text;
	bool is_align = str_eq(name, STR("aligned")) || str_eq(name, STR("__aligned__"));
	if (str_eq(name, STR("packed")) || str_eq(name, STR("__packed__")))
		out->is_packed = true;
	if (p->tok.kind != TOK_LPAREN || p->is_panic)
		return;
	if (is_align) {
		tok_advance(p);
		out->align = parse_expr(p);
		tok_expect(p, TOK_RPAREN, "')'");
	} else {
		tok_skip_group(p);
	}
}

// attributes = ("__attribute__" "(" "(" attribute ("," attribute)* ")" ")")*
void parse_attributes(struct parser *p, struct attributes *out)
{
	for (;;) {
		while (!p->is_panic && expand_word(p))
			;
		if (p->is_panic || !tok_accept_word(p, "__attribute__"))
			return;
		tok_expect(p, TOK_LPAREN, "'(('");
		tok_expect(p, TOK_LPAREN, "'(('");
		do {
			parse_attribute(p, out);
		} while (!p->is_panic && tok_accept(p, TOK_COMMA));
		tok_expect(p, TOK_RPAREN, "'))'");
		tok_expect(p, TOK_RPAREN, "'))'");
	}
}

static struct item *add_item(struct parser *p, enum item_kind kind, struct span span)
{
	struct item *item = ARENA_NEW(p->arena, struct item);
	item->kind = kind;
	item->span = span;
	VEC_PUSH(p->arena, &p->items, item);
	return item;
}

static bool at_star(const struct parser *p)
{
	return p->tok.kind == TOK_BINARY && p->tok.op == OP_MUL;
}

// suffix = arrays | "(" parameters ")"
static struct type_spec *parse_suffix(struct parser *p, struct type_spec *base, struct span start)
{
	if (p->is_panic || p->tok.kind != TOK_LPAREN)
		return parse_arrays(p, base, start);
	struct type_spec *t = type_spec_make(p, SPEC_FUNC, start);
	tok_skip_group(p);
	t->elem = base;
	return type_spec_done(p, t, start);
}

// The heights above a hole that has been filled.
static void refresh_heights(struct parser *p, struct type_spec *t, const struct type_spec *hole)
{
	if (t == hole || !t->elem)
		return;
	refresh_heights(p, t->elem, hole);
	type_spec_done(p, t, t->span);
}

// declarator = "*"* (name | "(" declarator ")")? suffix
static struct type_spec *parse_declarator(struct parser *p, struct type_spec *base,
					  struct name *name)
{
	struct span start = base->span;
	struct type_spec *t = base;
	while (!p->is_panic && at_star(p)) {
		struct type_spec *ptr = type_spec_make(p, SPEC_PTR, start);
		tok_advance(p);
		while (tok_accept_word(p, "const") || tok_accept_word(p, "volatile") ||
		       tok_accept_word(p, "restrict"))
			;
		ptr->elem = t;
		t = type_spec_done(p, ptr, start);
	}
	if (p->tok.kind == TOK_LPAREN && nest_enter(p)) {
		// What stands inside is about what the suffix behind it makes of t.
		struct type_spec *hole = type_spec_make(p, SPEC_NAMED, start);
		tok_advance(p);
		struct type_spec *inner = parse_declarator(p, hole, name);
		tok_expect(p, TOK_RPAREN, "')'");
		*hole = *parse_suffix(p, t, start);
		refresh_heights(p, inner, hole);
		nest_leave(p);
		return inner;
	}
	if (p->tok.kind == TOK_WORD && !tok_is_word(p, "__attribute__")) {
		*name = (struct name) { p->tok.text, p->tok.span };
		tok_advance(p);
	}
	return parse_suffix(p, t, start);
}

// The same type once more, for the next declarator.
static struct type_spec *copy_base(struct parser *p, const struct type_spec *base)
{
	struct type_spec *t = ARENA_NEW(p->arena, struct type_spec);
	*t = *base;
	return t;
}

// member = base (declarator (":" expr)? attributes ("," ...)*)? ";"
static void parse_member(struct parser *p, struct member_def **v, size_t *n, size_t *cap)
{
	VEC(struct member_def) list = { *v, *n, *cap };
	struct type_spec *base = parse_base_type(p, true);
	bool is_anonymous = p->tok.kind == TOK_SEMI;
	do {
		struct attributes attr = { 0 };
		struct member_def m = { .name = { STR(""), p->tok.span }, .type = base };
		parse_attributes(p, &attr);
		if (p->tok.kind != TOK_SEMI)
			m.type = parse_declarator(p, base, &m.name);
		if (!p->is_panic && tok_accept(p, TOK_COLON))
			m.bits = parse_expr(p);
		parse_attributes(p, &attr);
		m.align = attr.align;
		if (!m.name.text.len && !m.bits && (!is_anonymous || !base->def))
			parse_expected(p, "a member's name");
		VEC_PUSH(p->arena, &list, m);
		base = copy_base(p, base);
	} while (!p->is_panic && tok_accept(p, TOK_COMMA));
	if (!p->is_panic && p->tok.kind != TOK_SEMI) {
		struct span end = { p->tok.span.source, p->prev_end, 0 };
		struct str found = parse_found(p);
		parse_error(p, end, "expected ';' before %.*s", STR_ARG(found));
		if (p->tok.kind == TOK_WORD)
			p->is_panic = false;
	}
	parse_sync(p);
	tok_accept(p, TOK_SEMI);
	*v = list.v;
	*n = list.n;
	*cap = list.cap;
}

// enumerator = name ("=" expr)?
static struct enumerator_def parse_enumerator(struct parser *p)
{
	struct enumerator_def e = { .name = tok_expect_name(p, "a name") };
	if (!p->is_panic && tok_accept(p, TOK_ASSIGN))
		e.value = parse_expr(p);
	if (!tok_accept(p, TOK_COMMA) && p->tok.kind != TOK_RBRACE)
		parse_expected(p, "',' or '}'");
	return e;
}

static void parse_enumerators(struct parser *p, struct type_def *def)
{
	VEC(struct enumerator_def) list = { 0 };
	bool has_chars = p->lex.has_chars;
	p->lex.has_chars = true;
	while (!p->is_panic && p->tok.kind != TOK_RBRACE && p->tok.kind != TOK_END)
		VEC_PUSH(p->arena, &list, parse_enumerator(p));
	parse_sync(p);
	p->lex.has_chars = has_chars;
	def->enumerators = list.v;
	def->n_enumerators = list.n;
}

// body = "{" (member* | enumerator ("," enumerator)* ","?) "}" attributes
struct type_def *parse_type_body(struct parser *p, enum type_spec_kind kind, struct attributes attr)
{
	struct type_def *def = ARENA_NEW(p->arena, struct type_def);
	size_t cap = 0;
	if (!nest_enter(p))
		return def;
	tok_expect(p, TOK_LBRACE, "'{'");
	if (kind == SPEC_ENUM)
		parse_enumerators(p, def);
	while (!p->is_panic && p->tok.kind != TOK_RBRACE && p->tok.kind != TOK_END)
		parse_member(p, &def->members, &def->n_members, &cap);
	tok_expect(p, TOK_RBRACE, "'}'");
	parse_attributes(p, &attr);
	def->is_packed = attr.is_packed;
	def->align = attr.align;
	nest_leave(p);
	return def;
}

// --- definitions ---

// typedef = "typedef" base declarator ("," declarator)* ";"
static void parse_typedef(struct parser *p)
{
	struct span start = p->tok.span;
	tok_advance(p);
	struct type_spec *base = parse_base_type(p, true);
	do {
		struct name name = { STR(""), p->tok.span };
		struct type_spec *t = parse_declarator(p, base, &name);
		struct attributes attr = { 0 };
		parse_attributes(p, &attr);
		if (!name.text.len)
			parse_expected(p, "the new type's name");
		struct item *item = add_item(p, ITEM_TYPEDEF, span_since(p, start));
		item->type_alias.name = name;
		item->type_alias.type = t;
		add_type_name(p, name.text);
		base = copy_base(p, base);
	} while (!p->is_panic && tok_accept(p, TOK_COMMA));
	tok_expect(p, TOK_SEMI, "';'");
}

// c_definition = typedef | tagged ";"?
void parse_c_definition(struct parser *p)
{
	struct span start = p->tok.span;
	unsigned depth = p->depth;
	size_t n_frames = p->frames.n;
	if (tok_is_word(p, "typedef")) {
		parse_typedef(p);
		return;
	}
	struct type_spec *t = parse_base_type(p, true);
	if (p->is_panic)
		return;
	if (!t->def && p->tok.kind != TOK_SEMI) {
		// A function or a variable of that type.
		if (p->lex.kind == TEXT_HEADER)
			skip_c_declaration(p, depth, n_frames);
		else
			parse_expected(p, "'{'");
		return;
	}
	// An enum needs no name: its enumerators are what counts.
	if (!t->name.len && t->kind != SPEC_ENUM) {
		parse_error(p, start, "a struct or union out here needs a name");
		return;
	}
	struct item *item = add_item(p, ITEM_TYPE, span_since(p, start));
	item->type = t;
	if (!tok_accept(p, TOK_SEMI) && p->lex.kind != TEXT_SCRIPT)
		skip_c_declaration(p, depth, n_frames);
}

// --- headers ---

bool is_c_declaration(const struct parser *p)
{
	static const char *const starts[] = {
		"extern",     "static",         "inline",        "__inline",
		"__inline__", "_Static_assert", "__attribute__",
	};
	static const char *const ours[] = { "macro", "fn", "let", "import", "config" };
	struct lexer ahead = p->lex;
	if (p->tok.kind != TOK_WORD)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (tok_is_word(p, starts[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (tok_is_word(p, ours[i]))
			return false;
	ahead.is_quiet = true;
	struct token next = lex_next(&ahead);
	return next.kind == TOK_WORD || (next.kind == TOK_BINARY && next.op == OP_MUL);
}

void skip_c_declaration(struct parser *p, unsigned depth, size_t n_frames)
{
	p->is_panic = true;
	while (p->tok.kind != TOK_END && p->frames.n >= n_frames) {
		bool is_end = p->tok.kind == TOK_SEMI && p->depth <= depth;
		bool is_brace = p->tok.kind == TOK_RBRACE;
		tok_advance(p);
		if (is_end || (is_brace && p->depth <= depth))
			break;
	}
	p->depth = depth;
	p->is_panic = false;
}
