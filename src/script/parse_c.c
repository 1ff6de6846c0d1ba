// SPDX-License-Identifier: Apache-2.0
// C at the top of a script: #define, #include, struct, union, enum, typedef.
#include "script/parser.h"

// --- preprocessor lines ---

// The end of the line that pos is on; escaped line ends and comments are inside of it.
static size_t line_end(const struct lexer *l, size_t pos)
{
	struct str s = l->text;
	for (; pos < l->end && s.p[pos] != '\n'; pos++) {
		char next = pos + 1 < l->end ? s.p[pos + 1] : 0;
		if (s.p[pos] == '\\' && next == '\r') {
			pos += 2;
		} else if (s.p[pos] == '\\') {
			pos++;
		} else if (s.p[pos] == '"') {
			for (pos++; pos < l->end && s.p[pos] != '"' && s.p[pos] != '\n'; pos++)
				pos += s.p[pos] == '\\';
			// Of a string without an end, the line end counts.
			pos -= pos < l->end && s.p[pos] == '\n';
		} else if (s.p[pos] == '/' && next == '/') {
			const char *nl = memchr(s.p + pos, '\n', l->end - pos);
			return nl ? (size_t)(nl - s.p) : l->end;
		} else if (s.p[pos] == '/' && next == '*') {
			struct str rest = { s.p + pos + 2, l->end - pos - 2 };
			ptrdiff_t n = str_find(rest, STR("*/"));
			if (n < 0)
				return l->end;
			pos += (size_t)n + 3;
		}
	}
	return MIN(pos, l->end);
}

// Where the tokens between here and end start and stop.
static struct span tokens_until(const struct parser *p, size_t end)
{
	struct lexer l = p->lex;
	struct span all = { l.source, (uint32_t)l.pos, 0 };
	l.end = end;
	l.is_quiet = true;
	for (struct token t = lex_next(&l); t.kind != TOK_END; t = lex_next(&l))
		all = all.len ? span_join(all, t.span) : t.span;
	return all;
}

struct define *find_define(const struct parser *p, struct str name)
{
	struct define *def = map_get(&p->defines, str_hash(name));
	return def && str_eq(def->name.text, name) ? def : NULL;
}

static struct item *add_item(struct parser *p, enum item_kind kind, struct span span)
{
	struct item *item = ARENA_NEW(p->arena, struct item);
	item->kind = kind;
	item->span = span;
	VEC_PUSH(p->arena, &p->items, item);
	return item;
}

// define = "#" "define" name value-to-the-end-of-the-line
static void parse_define(struct parser *p, struct span start, size_t end)
{
	struct define *def = ARENA_NEW(p->arena, struct define);
	struct lexer *l = &p->lex;
	struct token name = lex_next(l);
	def->name = (struct name) { name.text, name.span };
	if (name.kind != TOK_WORD || name.span.off >= end) {
		parse_error(p, (struct span) { start.source, (uint32_t)MIN(name.span.off, end), 0 },
			    "#define needs a name");
		return;
	}
	if (l->pos < end && l->text.p[l->pos] == '(') {
		struct span call = { start.source, name.span.off, name.span.len + 1 };
		if (parse_error(p, call, "a #define with parameters is not supported"))
			diag_hint(p->diag, "a macro does the same: macro %.*s(x) { ... }",
				  STR_ARG(name.text));
		return;
	}
	def->value = tokens_until(p, end);
	map_put(&p->defines, str_hash(name.text), def);
	start.len = MAX(name.span.off + name.span.len, def->value.off + def->value.len) - start.off;
	struct item *item = add_item(p, ITEM_DEFINE, start);
	item->define.name = def->name;
	item->define.text = diag_span_text(p->diag, def->value);
}

// include = "#" "include" ("<" path ">" | string)
static void parse_include(struct parser *p, struct span start, size_t end)
{
	struct lexer *l = &p->lex;
	struct span rest = tokens_until(p, end);
	struct str text = diag_span_text(p->diag, rest);
	bool is_system = text.len > 2 && text.p[0] == '<' && text.p[text.len - 1] == '>';
	bool is_quoted = text.len > 2 && text.p[0] == '"' && text.p[text.len - 1] == '"';
	if (!is_system && !is_quoted) {
		parse_error(p, rest.len ? rest : start, "#include needs <file> or \"file\"");
		return;
	}
	start.len = rest.off + rest.len - start.off;
	struct item *item = add_item(p, ITEM_INCLUDE, start);
	item->include.is_system = is_system;
	item->include.path.text = (struct str) { text.p + 1, text.len - 2 };
	item->include.path.span = rest;
	l->pos = end;
}

void parse_preprocessor(struct parser *p)
{
	struct span start = p->tok.span;
	size_t end = line_end(&p->lex, start.off);
	struct lexer word = p->lex;
	word.end = end;
	struct token directive = lex_next(&word);
	p->lex.pos = word.pos;
	if (str_eq(directive.text, STR("define"))) {
		parse_define(p, start, end);
	} else if (str_eq(directive.text, STR("include"))) {
		parse_include(p, start, end);
	} else if (!str_eq(directive.text, STR("pragma"))) {
		if (parse_error(p, start, "'#%.*s' is not supported", STR_ARG(directive.text)))
			diag_hint(p->diag, "there are '#define NAME value' and '#include <file>'");
	}
	p->lex.pos = end;
	p->is_panic = false;
	tok_advance(p);
}

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
	while (!p->is_panic && tok_accept_word(p, "__attribute__")) {
		tok_expect(p, TOK_LPAREN, "'(('");
		tok_expect(p, TOK_LPAREN, "'(('");
		do {
			parse_attribute(p, out);
		} while (!p->is_panic && tok_accept(p, TOK_COMMA));
		tok_expect(p, TOK_RPAREN, "'))'");
		tok_expect(p, TOK_RPAREN, "'))'");
	}
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
	while (!p->is_panic && p->tok.kind != TOK_RBRACE && p->tok.kind != TOK_END)
		VEC_PUSH(p->arena, &list, parse_enumerator(p));
	parse_sync(p);
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
	if (tok_is_word(p, "typedef")) {
		parse_typedef(p);
		return;
	}
	struct type_spec *t = parse_base_type(p, true);
	if (p->is_panic)
		return;
	if (!t->def && p->tok.kind != TOK_SEMI) {
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
	tok_accept(p, TOK_SEMI);
}
