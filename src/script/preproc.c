// SPDX-License-Identifier: Apache-2.0
// Lines that begin with '#', and the texts that they bring in.
#include "script/parser.h"

// The rest of a line, behind the directive's name.
struct line {
	struct span hash;
	struct str name;
	struct lexer lex;
};

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

// Where the tokens of the rest of a line start and stop.
static struct span tokens_of(struct lexer l)
{
	struct span all = { l.source, (uint32_t)l.pos, 0 };
	l.is_quiet = true;
	for (struct token t = lex_next(&l); t.kind != TOK_END; t = lex_next(&l))
		all = all.len ? span_join(all, t.span) : t.span;
	return all;
}

static struct item *add_item(struct parser *p, enum item_kind kind, struct span span)
{
	struct item *item = ARENA_NEW(p->arena, struct item);
	item->kind = kind;
	item->span = span;
	VEC_PUSH(p->arena, &p->items, item);
	return item;
}

// --- texts ---

void start_text(struct lexer *l)
{
	struct str text = l->text;
	l->pos = str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0;
	if (str_starts(str_from_off(text, l->pos), STR("#!"))) {
		const char *nl = memchr(text.p, '\n', text.len);
		l->pos = nl ? (size_t)(nl - text.p) : text.len;
	}
}

void push_text(struct parser *p, struct lexer lex, struct define *def)
{
	struct frame below = { p->lex, def, p->conditions.n };
	VEC_PUSH(p->arena, &p->frames, below);
	p->lex = lex;
	if (def)
		def->is_expanding = true;
}

void check_conditions(struct parser *p, size_t n)
{
	for (size_t i = n; i < p->conditions.n; i++)
		parse_error(p, p->conditions.v[i].span,
			    "this '#if' has no end: '#endif' is missing");
	p->conditions.n = MIN(p->conditions.n, n);
}

void pop_text(struct parser *p)
{
	struct frame *f = &p->frames.v[--p->frames.n];
	bool is_panic = p->is_panic;
	if (f->def)
		f->def->is_expanding = false;
	else
		check_conditions(p, f->n_conditions);
	p->is_panic = is_panic;
	p->lex = f->lex;
}

void read_file(struct parser *p, const struct script_include *what)
{
	struct lexer l = { .arena = p->arena, .diag = p->diag };
	bool is_system = false;
	if (!p->files->open(p->files->ctx, what, &l.source, &is_system))
		return;
	l.text = diag_source_text(p->diag, l.source);
	l.end = l.text.len;
	l.kind = is_system ? TEXT_SYSTEM : what->is_import ? TEXT_SCRIPT : TEXT_HEADER;
	if (l.end > SCRIPT_SIZE_MAX) {
		parse_error(p, what->span, "the file is too large: %zu bytes, of at most %u",
			    l.text.len, SCRIPT_SIZE_MAX);
		return;
	}
	start_text(&l);
	push_text(p, l, NULL);
}

// --- defines ---

struct define *find_define(const struct parser *p, struct str name)
{
	struct define *def = map_get(&p->defines, str_hash(name));
	return def && !def->is_undone && str_eq(def->name.text, name) ? def : NULL;
}

void add_builtin_defines(struct parser *p)
{
	// Types of the kernel come from its own description, never from its headers. The others are
	// what C headers ask a compiler for.
	static const char *const names[] = {
		"BPFTRACE_HAVE_BTF", "__linux__", "__STDC__", "__LP64__", "_LP64",
#ifdef __x86_64__
		"__x86_64__",
#elif defined(__aarch64__)
		"__aarch64__",
#endif
	};
	uint32_t source = diag_add_source(p->diag, STR("built in"), STR("1"));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct define *def = ARENA_NEW(p->arena, struct define);
		def->name.text = str_from(names[i]);
		def->value = (struct span) { source, 0, 1 };
		map_put(&p->defines, str_hash(def->name.text), def);
	}
}

// params = (name ("," name)* ("," "...")?)? ")"
static bool parse_params(struct parser *p, struct define *def, struct lexer *l)
{
	VEC(struct name) list = { 0 };
	struct token t;
	do {
		t = lex_next(l);
		if (t.kind == TOK_DOTDOT) {
			def->is_variadic = true;
			lex_next(l);
			t = lex_next(l);
		} else if (t.kind == TOK_WORD) {
			VEC_PUSH(p->arena, &list, ((struct name) { t.text, t.span }));
			t = lex_next(l);
		} else if (t.kind != TOK_RPAREN || list.n) {
			return false;
		}
	} while (t.kind == TOK_COMMA && !def->is_variadic);
	def->params = list.v;
	def->n_params = list.n;
	return t.kind == TOK_RPAREN;
}

// define = "#" "define" name ("(" params)? value-to-the-end-of-the-line
static void parse_define(struct parser *p, struct line *line)
{
	struct define *def = ARENA_NEW(p->arena, struct define);
	struct lexer *l = &line->lex;
	struct token name = lex_next(l);
	struct span start = line->hash;
	def->name = (struct name) { name.text, name.span };
	if (name.kind != TOK_WORD) {
		start.off = (uint32_t)MIN(name.span.off, l->end);
		start.len = 0;
		parse_error(p, start, "#define needs a name");
		return;
	}
	if (l->pos < l->end && l->text.p[l->pos] == '(') {
		l->pos++;
		l->is_quiet = true;
		def->has_params = true;
		if (!parse_params(p, def, l)) {
			parse_error(p, name.span,
				    "the parameters of this #define are not names in '(...)'");
			return;
		}
	}
	struct span head = { start.source, name.span.off, (uint32_t)l->pos - name.span.off };
	def->value = tokens_of(*l);
	map_put(&p->defines, str_hash(name.text), def);
	if (l->kind == TEXT_SYSTEM)
		return;
	start.len = MAX(head.off + head.len, def->value.off + def->value.len) - start.off;
	struct item *item = add_item(p, ITEM_DEFINE, start);
	item->define.name = (struct name) { diag_span_text(p->diag, head), head };
	item->define.text = diag_span_text(p->diag, def->value);
}

static void parse_undef(struct parser *p, struct line *line)
{
	struct token name = lex_next(&line->lex);
	if (name.kind != TOK_WORD)
		parse_error(p, line->hash, "#undef needs a name");
	struct define *def = find_define(p, name.text);
	if (def)
		def->is_undone = true;
}

// --- values with parameters, as text ---

struct pasting {
	struct parser *p;
	const struct define *def;
	struct str *args;
	size_t n_args;
	VEC(char) text;
};

static void paste(struct pasting *x, struct str s)
{
	for (size_t i = 0; i < s.len && x->p->n_expanded <= PARSE_EXPANSION_MAX; i++)
		VEC_PUSH(x->p->arena, &x->text, s.p[i]);
	x->p->n_expanded += s.len + 1;
}

// The arguments as they are written; p->tok is the '(', and then what follows the ')'.
static void take_arguments(struct pasting *x)
{
	struct parser *p = x->p;
	VEC(struct str) list = { 0 };
	unsigned depth = p->depth + 1;
	tok_advance(p);
	while (p->tok.kind != TOK_END && p->depth >= depth) {
		struct span arg = p->tok.span;
		bool is_end = false;
		arg.len = 0;
		while (!is_end && p->tok.kind != TOK_END) {
			is_end = p->depth == depth &&
				 (p->tok.kind == TOK_COMMA || p->tok.kind == TOK_RPAREN);
			if (!is_end)
				arg = arg.len ? span_join(arg, p->tok.span) : p->tok.span;
			tok_advance(p);
		}
		VEC_PUSH(p->arena, &list, diag_span_text(p->diag, arg));
	}
	x->args = list.v;
	x->n_args = list.n;
}

static struct str argument_of(const struct pasting *x, struct str name)
{
	for (size_t i = 0; i < x->def->n_params && i < x->n_args; i++)
		if (str_eq(x->def->params[i].text, name))
			return x->args[i];
	return name;
}

// The value with its arguments in it; "a ## b" is one word.
static struct str paste_value(struct pasting *x, struct lexer value)
{
	size_t end = value.pos;
	bool is_joined = true;
	for (struct token t = lex_next(&value); t.kind != TOK_END; t = lex_next(&value)) {
		if (t.kind == TOK_HASH) {
			is_joined = true;
			continue;
		}
		if (!is_joined && t.span.off > end)
			paste(x, STR(" "));
		end = t.span.off + t.span.len;
		is_joined = false;
		struct str text = diag_span_text(x->p->diag, t.span);
		paste(x, t.kind == TOK_WORD ? argument_of(x, text) : text);
	}
	return (struct str) { x->text.n ? x->text.v : "", x->text.n };
}

bool expand_word(struct parser *p)
{
	struct define *def = p->tok.kind == TOK_WORD ? find_define(p, p->tok.text) : NULL;
	if (!def || def->is_expanding || p->n_expanded > PARSE_EXPANSION_MAX)
		return false;
	struct lexer value = {
		.kind = p->lex.kind,
		.arena = p->arena,
		.diag = p->diag,
		.source = def->value.source,
		.text = diag_source_text(p->diag, def->value.source),
		.pos = def->value.off,
		.end = def->value.off + def->value.len,
	};
	struct lexer ahead = value;
	ahead.is_quiet = true;
	// Numbers and the like are no types.
	if (def->value.len && lex_next(&ahead).kind != TOK_WORD)
		return false;
	if (def->has_params) {
		ahead = p->lex;
		ahead.is_quiet = true;
		if (lex_next(&ahead).kind != TOK_LPAREN)
			return false;
		struct pasting x = { .p = p, .def = def };
		tok_advance(p);
		take_arguments(&x);
		if (!def->value.len)
			return true;
		value.is_quiet = true;
		value.text = paste_value(&x, value);
		value.source = diag_add_source(p->diag, def->name.text, value.text);
		value.pos = 0;
		value.end = value.text.len;
		// What follows the ')' has been read: it is read again behind the value.
		p->lex.pos = p->tok.span.off;
		p->tok.kind = TOK_COMMA;
		p->tok.span.len = 0;
	}
	p->n_expanded += def->value.len + 1;
	if (def->value.len)
		push_text(p, value, def);
	tok_advance(p);
	return true;
}

// --- files ---

// include = "#" "include" ("<" path ">" | string)
static void parse_include(struct parser *p, struct line *line)
{
	struct span rest = tokens_of(line->lex), start = line->hash;
	struct str text = diag_span_text(p->diag, rest);
	bool is_system = text.len > 2 && text.p[0] == '<' && text.p[text.len - 1] == '>';
	bool is_quoted = text.len > 2 && text.p[0] == '"' && text.p[text.len - 1] == '"';
	if (!is_system && !is_quoted) {
		parse_error(p, rest.len ? rest : start, "#include needs <file> or \"file\"");
		return;
	}
	start.len = rest.off + rest.len - start.off;
	struct script_include what = {
		.path = { { text.p + 1, text.len - 2 }, rest },
		.span = start,
		.is_system = is_system,
	};
	if (p->files) {
		read_file(p, &what);
		return;
	}
	struct item *item = add_item(p, ITEM_INCLUDE, start);
	item->include.is_system = is_system;
	item->include.path = what.path;
}

// --- conditions ---

static bool line_holds(struct parser *p, struct line *line)
{
	bool is_ifdef = str_ends(line->name, STR("def"));
	if (!is_ifdef)
		return condition_holds(p, line->lex);
	struct token name = lex_next(&line->lex);
	if (name.kind != TOK_WORD)
		parse_error(p, line->hash, "#%.*s needs a name", STR_ARG(line->name));
	return (find_define(p, name.text) != NULL) == str_eq(line->name, STR("ifdef"));
}

// The line that has the '#'; the text goes on behind it.
static struct line take_line(struct parser *p, struct span hash)
{
	struct line line = { .hash = hash, .lex = p->lex };
	line.lex.end = line_end(&p->lex, hash.off);
	line.lex.pos = MIN(hash.off + 1, line.lex.end);
	line.lex.is_quiet = true;
	struct token name = lex_next(&line.lex);
	line.name = name.kind == TOK_WORD ? name.text : STR("");
	p->lex.pos = line.lex.end;
	return line;
}

// Up to the next line of this condition that lets text in, or its end.
static void skip_lines(struct parser *p)
{
	struct lexer *l = &p->lex;
	size_t nest = 0;
	l->is_quiet = true;
	while (lex_skip_blanks(l)) {
		if (l->text.p[l->pos] != '#') {
			l->pos = line_end(l, l->pos);
			continue;
		}
		struct line line = take_line(p, (struct span) { l->source, (uint32_t)l->pos, 1 });
		struct condition *c = &p->conditions.v[p->conditions.n - 1];
		if (str_starts(line.name, STR("if"))) {
			nest++;
		} else if (str_eq(line.name, STR("endif"))) {
			if (nest--)
				continue;
			p->conditions.n--;
			return;
		} else if (!nest && !c->was_true &&
			   (str_eq(line.name, STR("else")) ||
			    (str_eq(line.name, STR("elif")) && line_holds(p, &line)))) {
			c->was_true = true;
			return;
		}
	}
}

static void parse_if(struct parser *p, struct line *line)
{
	struct condition c = { .span = line->hash, .was_true = line_holds(p, line) };
	VEC_PUSH(p->arena, &p->conditions, c);
	if (!c.was_true)
		skip_lines(p);
}

// What stands before it was let in: the rest is not.
static void parse_else(struct parser *p, struct line *line)
{
	size_t i = p->frames.n;
	while (i && p->frames.v[i - 1].def)
		i--;
	if (p->conditions.n <= (i ? p->frames.v[i - 1].n_conditions : 0))
		parse_error(p, line->hash, "'#%.*s' without an '#if' before it",
			    STR_ARG(line->name));
	else if (str_eq(line->name, STR("endif")))
		p->conditions.n--;
	else
		skip_lines(p);
}

static void parse_error_line(struct parser *p, struct line *line)
{
	struct str text = diag_span_text(p->diag, tokens_of(line->lex));
	parse_error(p, line->hash, "#error %.*s", STR_ARG(text));
}

static void skip_line(struct parser *p, struct line *line)
{
	(void)p, (void)line;
}

void preproc_line(struct parser *p)
{
	static const struct {
		const char *name;
		void (*parse)(struct parser *p, struct line *line);
	} directives[] = {
		{ "define", parse_define },   { "undef", parse_undef },
		{ "if", parse_if },           { "ifdef", parse_if },
		{ "ifndef", parse_if },       { "elif", parse_else },
		{ "else", parse_else },       { "endif", parse_else },
		{ "include", parse_include }, { "error", parse_error_line },
		{ "warning", skip_line },     { "pragma", skip_line },
		{ "line", skip_line },        { "", skip_line },
	};
	bool was_panic = p->is_panic;
	struct line line = take_line(p, p->tok.span);
	void (*parse)(struct parser * p, struct line * line) = NULL;
	for (size_t i = 0; i < ARRAY_LEN(directives); i++)
		if (str_eq(line.name, str_from(directives[i].name)))
			parse = directives[i].parse;
	if (parse)
		parse(p, &line);
	else if (parse_error(p, line.hash, "'#%.*s' is not supported", STR_ARG(line.name)))
		diag_hint(p->diag, "there are #define, #undef, #include, #if, #ifdef, #ifndef, "
				   "#elif, #else, #endif and #error");
	p->is_panic = was_panic;
}
