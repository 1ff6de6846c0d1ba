// SPDX-License-Identifier: Apache-2.0
// The parser's tools, and the top level of the grammar.
#include "script/parser.h"

// --- tokens ---

static bool is_opening(enum token_kind kind)
{
	return kind == TOK_LBRACE || kind == TOK_LPAREN || kind == TOK_LBRACKET;
}

static bool is_closing(enum token_kind kind)
{
	return kind == TOK_RBRACE || kind == TOK_RPAREN || kind == TOK_RBRACKET;
}

static bool is_at_line_start(const struct parser *p)
{
	size_t i = p->tok.span.off;
	const char *text = p->lex.text.p;
	while (i && (text[i - 1] == ' ' || text[i - 1] == '\t'))
		i--;
	return !i || (text[i - 1] == '\n' && (i < 2 || text[i - 2] != '\\'));
}

void tok_advance(struct parser *p)
{
	p->prev_end = p->tok.span.off + p->tok.span.len;
	p->prev_source = p->tok.span.source;
	p->depth += is_opening(p->tok.kind);
	p->depth -= is_closing(p->tok.kind) && p->depth;
	for (;;) {
		p->lex.is_quiet = p->is_panic;
		// Enough was found wrong: the rest of the script is as if it were not there.
		if (diag_is_full(p->diag))
			p->lex.pos = p->lex.end;
		p->tok = lex_next(&p->lex);
		if (p->tok.kind == TOK_HASH && is_at_line_start(p))
			preproc_line(p);
		else if (p->tok.kind == TOK_END && p->frames.n > p->floor)
			pop_text(p);
		else
			return;
	}
}

bool tok_accept(struct parser *p, enum token_kind kind)
{
	if (p->tok.kind != kind)
		return false;
	tok_advance(p);
	return true;
}

bool tok_is_word(const struct parser *p, const char *word)
{
	return p->tok.kind == TOK_WORD && str_eq(p->tok.text, str_from(word));
}

bool tok_accept_word(struct parser *p, const char *word)
{
	if (!tok_is_word(p, word))
		return false;
	tok_advance(p);
	return true;
}

struct span span_since(const struct parser *p, struct span start)
{
	// What began in another file ends there.
	if (start.source != p->prev_source)
		return start;
	uint32_t end = MAX(p->prev_end, start.off);
	return (struct span) { start.source, start.off, end - start.off };
}

// --- errors ---

bool parse_error(struct parser *p, struct span span, const char *fmt, ...)
{
	if (p->is_panic)
		return false;
	p->is_panic = true;
	if (p->lex.kind == TEXT_SYSTEM)
		return false;
	// What a string or comment without an end has swallowed is missing now.
	if (p->lex.is_cut) {
		p->lex.is_cut = p->tok.kind == TOK_END;
		return false;
	}
	// The end is unexpected once, however much is missing there.
	if (p->is_ended)
		return false;
	p->is_ended = p->tok.kind == TOK_END && p->lex.end == p->lex.text.len;
	va_list ap;
	va_start(ap, fmt);
	diag_verror(p->diag, span, fmt, ap);
	va_end(ap);
	return true;
}

struct str parse_found(struct parser *p)
{
	enum { SHOWN_MAX = 32 };
	if (p->tok.kind == TOK_END)
		return p->is_alone                    ? STR("its end")
		       : p->lex.end < p->lex.text.len ? STR("the end of the line")
						      : STR("the end of the script");
	if (p->tok.kind == TOK_STR)
		return STR("a string");
	struct str text = diag_span_text(p->diag, p->tok.span);
	return arena_printf(p->arena, "'%.*s%s'", STR_ARG(str_first(text, SHOWN_MAX)),
			    text.len > SHOWN_MAX ? "..." : "");
}

// What is missing is missing behind the last token, if the next one is on another line.
static struct span place_of_missing(const struct parser *p)
{
	struct span here = p->tok.span;
	if (p->prev_end > here.off || p->prev_source != here.source)
		return here;
	const char *gap = p->lex.text.p + p->prev_end;
	if (p->tok.kind != TOK_END && !memchr(gap, '\n', here.off - p->prev_end))
		return here;
	return (struct span) { here.source, p->prev_end, 0 };
}

bool parse_expected(struct parser *p, const char *what)
{
	if (p->is_panic)
		return false;
	struct str found = parse_found(p);
	if (!parse_error(p, place_of_missing(p), "expected %s, found %.*s", what, STR_ARG(found)))
		return false;
	if (p->tok.kind == TOK_ASSIGN)
		diag_hint(p->diag, "'=' assigns, and does so only as a statement of its own; to "
				   "compare, write '=='");
	return true;
}

bool tok_expect(struct parser *p, enum token_kind kind, const char *what)
{
	if (tok_accept(p, kind))
		return true;
	parse_expected(p, what);
	return false;
}

struct name tok_expect_name(struct parser *p, const char *what)
{
	struct name name = { .text = STR(""), .span = p->tok.span };
	if (p->tok.kind == TOK_WORD)
		name.text = p->tok.text;
	tok_expect(p, TOK_WORD, what);
	return name;
}

void tok_skip_group(struct parser *p)
{
	size_t depth = 0;
	do {
		depth += is_opening(p->tok.kind);
		depth -= is_closing(p->tok.kind) && depth;
		tok_advance(p);
	} while (depth && p->tok.kind != TOK_END);
}

void parse_sync(struct parser *p)
{
	while (p->is_panic && p->tok.kind != TOK_END && p->tok.kind != TOK_RBRACE) {
		if (p->tok.kind == TOK_LBRACE) {
			tok_skip_group(p);
			// What closes a block ends a statement, if nothing of it follows.
			if (p->tok.kind != TOK_SEMI && !tok_is_word(p, "else"))
				break;
		} else if (p->tok.kind == TOK_SEMI) {
			p->is_panic = false;
			tok_advance(p);
		} else {
			tok_advance(p);
		}
	}
	p->is_panic = false;
}

bool nest_enter(struct parser *p)
{
	if (p->nest < PARSE_NEST_MAX) {
		p->nest++;
		return true;
	}
	parse_error(p, p->tok.span, "this is nested too deeply (more than %d levels)",
		    PARSE_NEST_MAX);
	return false;
}

void nest_leave(struct parser *p)
{
	p->nest--;
}

// --- the top level ---

static struct item *add_item(struct parser *p, enum item_kind kind)
{
	struct item *item = ARENA_NEW(p->arena, struct item);
	item->kind = kind;
	item->span = p->tok.span;
	VEC_PUSH(p->arena, &p->items, item);
	return item;
}

// What may have been meant by something that stands between a probe and its '{'.
static void hint_attach(struct parser *p, const struct probe *probe)
{
	const struct attach *last = probe->n_attach ? &probe->attach[probe->n_attach - 1] : NULL;
	if (last && last->n_fields > 1 &&
	    str_find(last->fields[last->n_fields - 1].text, STR("/")) >= 0)
		diag_hint(p->diag, "a predicate needs a blank before its first '/'");
	else if (p->tok.kind == TOK_WORD)
		diag_hint(p->diag, "probes are separated by ',', and names with blanks in them "
				   "stand in quotes");
}

// probe = attach_list ("/" expr "/")? block
static void parse_probe(struct parser *p)
{
	struct item *item = add_item(p, ITEM_PROBE);
	struct span start = p->tok.span;
	parse_attach_list(p, &item->probe);
	if (!p->is_panic && p->tok.kind == TOK_BINARY && p->tok.op == OP_DIV)
		item->probe.predicate = parse_predicate(p);
	while (p->is_panic && p->tok.kind != TOK_LBRACE && p->tok.kind != TOK_SEMI &&
	       p->tok.kind != TOK_END)
		tok_advance(p);
	if (p->tok.kind == TOK_LBRACE)
		p->is_panic = false;
	else if (parse_expected(p, "the probe's '{'"))
		hint_attach(p, &item->probe);
	item->probe.body = parse_block(p);
	block_drop_value(p->arena, item->probe.body);
	item->span = span_since(p, start);
}

// config = "config" "=" "{" (name "=" expr (";" | ","))* "}"
static void parse_config(struct parser *p)
{
	struct item *item = add_item(p, ITEM_CONFIG);
	struct span start = p->tok.span;
	VEC(struct config_entry) entries = { 0 };
	tok_advance(p);
	if (!tok_accept(p, TOK_ASSIGN)) {
		parse_error(p, p->tok.span, "'=' is missing behind 'config'");
		diag_hint(p->diag, "config = { max_strlen = 200 }");
		p->is_panic = p->tok.kind != TOK_LBRACE;
	}
	tok_expect(p, TOK_LBRACE, "'{'");
	while (!p->is_panic && p->tok.kind != TOK_RBRACE) {
		struct config_entry e = { .key = tok_expect_name(p, "a setting's name") };
		tok_expect(p, TOK_ASSIGN, "'='");
		e.value = parse_expr(p);
		VEC_PUSH(p->arena, &entries, e);
		if (!tok_accept(p, TOK_SEMI) && !tok_accept(p, TOK_COMMA) &&
		    p->tok.kind != TOK_RBRACE)
			parse_expected(p, "';'");
	}
	item->config.v = entries.v;
	item->config.n = entries.n;
	parse_sync(p);
	tok_expect(p, TOK_RBRACE, "'}'");
	item->span = span_since(p, start);
}

// import = "import" string ";"
static void parse_import(struct parser *p)
{
	struct span start = p->tok.span;
	tok_advance(p);
	struct name path = { .text = p->tok.text, .span = p->tok.span };
	tok_expect(p, TOK_STR, "the file's name in quotes");
	struct span span = span_since(p, start);
	if (p->files && p->tok.kind == TOK_SEMI && !p->is_panic) {
		read_file(p, &(struct script_include) { path, span, .is_import = true });
	} else {
		struct item *item = add_item(p, ITEM_IMPORT);
		item->span = span;
		item->import = path;
	}
	tok_expect(p, TOK_SEMI, "';'");
}

// map_item = "let" map "=" name "(" exprs ")" ";"
static void parse_map_item(struct parser *p)
{
	struct item *item = add_item(p, ITEM_MAP);
	struct span start = p->tok.span;
	tok_advance(p);
	item->map.name = (struct name) { .text = p->tok.text, .span = p->tok.span };
	if (!tok_expect(p, TOK_MAP, "a map, as in 'let @m = lruhash(100);'"))
		return;
	tok_expect(p, TOK_ASSIGN, "'='");
	item->map.type = tok_expect_name(p, "the map's type, as in 'lruhash(100)'");
	tok_expect(p, TOK_LPAREN, "'('");
	item->map.args = parse_expr_list(p, TOK_RPAREN, "')'");
	item->span = span_since(p, start);
	tok_expect(p, TOK_SEMI, "';'");
}

// macro_param = var | map | name
static struct macro_param parse_macro_param(struct parser *p)
{
	struct macro_param param = { .name = { p->tok.text, p->tok.span } };
	param.kind = p->tok.kind == TOK_VAR   ? MACRO_PARAM_VAR
		     : p->tok.kind == TOK_MAP ? MACRO_PARAM_MAP
					      : MACRO_PARAM_EXPR;
	if (p->tok.kind == TOK_VAR || p->tok.kind == TOK_MAP || p->tok.kind == TOK_WORD)
		tok_advance(p);
	else
		parse_expected(p, "a parameter: $variable, @map or a name");
	return param;
}

// macro = "macro" name "(" (macro_param ("," macro_param)*)? ")" block
static void parse_macro(struct parser *p)
{
	struct item *item = add_item(p, ITEM_MACRO);
	struct span start = p->tok.span;
	VEC(struct macro_param) params = { 0 };
	tok_advance(p);
	item->macro.name = tok_expect_name(p, "the macro's name");
	if (p->tok.kind == TOK_LBRACE && parse_expected(p, "'('"))
		diag_hint(p->diag, "without parameters, too: macro %.*s() { ... }",
			  STR_ARG(item->macro.name.text));
	tok_expect(p, TOK_LPAREN, "'('");
	while (!p->is_panic && p->tok.kind != TOK_RPAREN) {
		VEC_PUSH(p->arena, &params, parse_macro_param(p));
		if (!tok_accept(p, TOK_COMMA) && p->tok.kind != TOK_RPAREN)
			parse_expected(p, "',' or ')'");
	}
	tok_expect(p, TOK_RPAREN, "')'");
	item->macro.params = params.v;
	item->macro.n_params = params.n;
	item->macro.body = parse_block(p);
	item->span = span_since(p, start);
}

// The token behind the current one.
static struct token peek(const struct parser *p)
{
	struct lexer ahead = p->lex;
	ahead.is_quiet = true;
	return lex_next(&ahead);
}

static void refuse_function(struct parser *p)
{
	if (parse_error(p, p->tok.span, "functions ('fn') are not supported"))
		diag_hint(p->diag, "a macro does the same: macro name($v, e, @m) { ... }");
	while (p->tok.kind != TOK_LBRACE && p->tok.kind != TOK_END)
		tok_advance(p);
	if (p->tok.kind == TOK_LBRACE)
		tok_skip_group(p);
	p->is_panic = false;
}

static bool is_c_definition(const struct parser *p)
{
	static const char *const words[] = { "struct", "union", "enum", "typedef" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (tok_is_word(p, words[i]))
			return true;
	}
	return false;
}

// A header is no script: what is not understood there is left out, and what of it has been.
static void drop_items(struct parser *p, size_t n)
{
	if (p->lex.kind == TEXT_SYSTEM)
		p->items.n = MIN(p->items.n, n);
}

// True if the item has been dealt with: it is C, or of somebody else's header.
static bool parse_header_item(struct parser *p)
{
	bool is_system = p->lex.kind == TEXT_SYSTEM;
	unsigned depth = p->depth;
	size_t n_items = p->items.n, n_frames = p->frames.n;
	while (tok_accept_word(p, "__extension__") || expand_word(p))
		;
	if (!is_c_definition(p)) {
		if (!is_system && !is_c_declaration(p))
			return false;
		skip_c_declaration(p, depth, n_frames);
		return true;
	}
	if (!is_system)
		return false;
	parse_c_definition(p);
	if (p->is_panic) {
		drop_items(p, n_items);
		skip_c_declaration(p, depth, n_frames);
	}
	for (size_t i = n_items; i < p->items.n; i++)
		p->items.v[i]->is_system = true;
	return true;
}

// item = config | import | map_item | macro | c_definition | preprocessor | probe | ";"
static void parse_item(struct parser *p)
{
	struct token next = p->tok.kind == TOK_WORD ? peek(p) : (struct token) { 0 };
	if (p->tok.kind == TOK_HASH) {
		preproc_line(p);
		tok_advance(p);
	} else if (p->lex.kind != TEXT_SCRIPT && parse_header_item(p)) {
		return;
	} else if (is_c_definition(p)) {
		parse_c_definition(p);
	} else if (tok_is_word(p, "config") &&
		   (next.kind == TOK_ASSIGN || next.kind == TOK_LBRACE)) {
		parse_config(p);
	} else if (tok_is_word(p, "import") && next.kind == TOK_STR) {
		parse_import(p);
	} else if (tok_is_word(p, "let") && next.kind != TOK_COLON) {
		parse_map_item(p);
	} else if (tok_is_word(p, "macro") && next.kind == TOK_WORD) {
		parse_macro(p);
	} else if (tok_is_word(p, "fn") && next.kind == TOK_WORD) {
		refuse_function(p);
	} else if (!tok_accept(p, TOK_SEMI)) {
		parse_probe(p);
	}
	if (!p->is_panic)
		return;
	parse_sync(p);
	tok_accept(p, TOK_RBRACE);
}

static void parse_all(struct parser *p)
{
	tok_advance(p);
	while (p->tok.kind != TOK_END) {
		if (p->tok.kind == TOK_RBRACE) {
			parse_error(p, p->tok.span, "'}' without a '{' before it");
			p->is_panic = false;
			tok_advance(p);
		} else {
			parse_item(p);
		}
	}
	check_conditions(p, 0);
}

static bool is_binary(struct str text)
{
	enum { LOOKED_AT = 1024, MARKS = 4 };
	struct str start = str_first(text, LOOKED_AT);
	size_t n = 0;
	for (size_t i = 0; i < start.len; i++)
		n += !start.p[i];
	return n > MARKS || str_starts(start, STR("\x7f"
						  "ELF"));
}

static struct parser new_parser(struct arena *a, uint32_t source, const struct script_files *files,
				struct diag *diag)
{
	struct str text = diag_source_text(diag, source);
	return (struct parser) {
		.arena = a,
		.diag = diag,
		.lex = { .arena = a,
			 .diag = diag,
			 .source = source,
			 .text = text,
			 .end = text.len },
		.tok = { .span = { source, 0, 0 } },
		.type_names = map_init(a),
		.defines = map_init(a),
		.files = files,
		.prev_source = source,
	};
}

bool script_is_condition(struct arena *a, uint32_t source, struct diag *diag)
{
	size_t n_before = diag_n_errors(diag);
	struct parser p = new_parser(a, source, NULL, diag);
	p.is_alone = true;
	start_text(&p.lex);
	tok_advance(&p);
	parse_condition(&p);
	if (!p.is_panic && p.tok.kind != TOK_END)
		parse_expected(&p, "an operator or the end");
	return diag_n_errors(diag) == n_before;
}

struct script *script_parse(struct arena *a, uint32_t source, struct diag *diag)
{
	return script_parse_files(a, source, NULL, diag);
}

struct script *script_parse_files(struct arena *a, uint32_t source,
				  const struct script_files *files, struct diag *diag)
{
	struct str text = diag_source_text(diag, source);
	struct script *s = ARENA_NEW(a, struct script);
	s->source = source;
	if (text.len > SCRIPT_SIZE_MAX) {
		diag_error(diag, (struct span) { source, 0, 0 },
			   "the script is too large: %zu bytes, of at most %u", text.len,
			   SCRIPT_SIZE_MAX);
		return s;
	}
	if (is_binary(text)) {
		diag_error(diag, SPAN_NONE, "'%.*s' is no script: it is a binary file",
			   STR_ARG(diag_source_name(diag, source)));
		return s;
	}
	struct parser p = new_parser(a, source, files, diag);
	start_text(&p.lex);
	add_builtin_defines(&p);
	// The last one is read first.
	for (size_t i = files ? files->n_first : 0; i-- > 0;)
		read_file(&p, &files->first[i]);
	parse_all(&p);
	s->items = p.items.v;
	s->n_items = p.items.n;
	return s;
}
