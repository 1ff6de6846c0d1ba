// SPDX-License-Identifier: Apache-2.0
// Probes: uprobe:./bin:"main.(*T).f"+0x10. Their text is no sequence of tokens; it is read byte by
// byte here, and the tokens go on behind it.
#include "script/parser.h"

#include <strings.h>

// Looking for the end of a bracket goes this far, and fails this often in one script.
#define GROUP_MAX      4096
#define GROUP_NEST_MAX 32
#define GROUP_FAILS    1000

// The field that is being read.
struct field {
	VEC(char) text;
	VEC(struct attach_param) params;
	size_t start;
	bool is_quoted;
	// Where in text and params the last '+' outside of quotes stands, and where in the source.
	size_t plus_text, plus_params, plus_off;
	bool has_plus;
};

// Which parts of the syntax a provider has.
struct style {
	bool has_path; // '/' belongs to its fields
	bool has_file; // its first field may go on with '@', a file and a line
};

static struct style style_of(struct str provider)
{
	static const struct {
		const char *name;
		struct style style;
	} styles[] = {
		{ "uprobe", { true, true } }, { "uretprobe", { true, true } },
		{ "u", { true, true } },      { "ur", { true, true } },
		{ "usdt", { true, false } },
	};
	for (size_t i = 0; i < ARRAY_LEN(styles); i++) {
		size_t n = strlen(styles[i].name);
		if (provider.len == n && strncasecmp(provider.p, styles[i].name, n) == 0 &&
		    !str_eq(provider, STR("U")))
			return styles[i].style;
	}
	return (struct style) { .has_path = str_eq(provider, STR("U")) };
}

static char at(const struct parser *p, size_t off)
{
	const struct lexer *l = &p->lex;
	return l->pos + off < l->end ? l->text.p[l->pos + off] : 0;
}

static struct span span_from(const struct parser *p, size_t start)
{
	return (struct span) { p->lex.source, (uint32_t)start, (uint32_t)(p->lex.pos - start) };
}

static void put(struct parser *p, struct field *f, char c)
{
	VEC_PUSH(p->arena, &f->text, c);
}

// --- pieces of a field ---

// The length of "(...)" or "[...]" at the current byte, if it closes on this line: a receiver or
// type arguments, in which blanks, commas and braces are part of the name. Else 0.
static size_t group_length(struct parser *p)
{
	static const char open[] = "([{", close[] = ")]}";
	char stack[GROUP_NEST_MAX];
	size_t depth = 0;
	if (p->n_group_fails >= GROUP_FAILS)
		return 0;
	for (size_t i = 0; i < GROUP_MAX; i++) {
		char c = at(p, i);
		const char *opening = c ? strchr(open, c) : NULL;
		if (!c || c == '\n' || c == '"' || (opening && depth == GROUP_NEST_MAX))
			break;
		if (opening)
			stack[depth++] = close[opening - open];
		else if (strchr(close, c) && stack[--depth] != c)
			break;
		if (!depth)
			return i + 1;
	}
	p->n_group_fails++;
	return 0;
}

static void read_group(struct parser *p, struct field *f)
{
	size_t n = MAX(group_length(p), (size_t)1);
	for (size_t i = 0; i < n; i++)
		put(p, f, p->lex.text.p[p->lex.pos++]);
}

static void read_quoted(struct parser *p, struct field *f)
{
	struct str text = lex_string(&p->lex);
	f->is_quoted = true;
	for (size_t i = 0; i < text.len; i++)
		put(p, f, text.p[i]);
}

// "$" digits
static void read_param(struct parser *p, struct field *f)
{
	size_t start = p->lex.pos++;
	uint64_t number = 0;
	while (is_digit(at(p, 0))) {
		// A number that is too large is no parameter that is there.
		number = number > UINT32_MAX ? number : number * 10 + (uint64_t)(at(p, 0) - '0');
		p->lex.pos++;
	}
	if (!number)
		parse_error(p, span_from(p, start), "positional parameters are counted from $1");
	VEC_PUSH(p->arena, &f->params, (struct attach_param) { f->text.n, number });
}

// A backslash takes the meaning from what would end the name; else it stays (patterns know it).
static void read_escaped(struct parser *p, struct field *f)
{
	static const char ends[] = " \t:,{}\"$@+/";
	p->lex.pos++;
	if (!at(p, 0) || !strchr(ends, at(p, 0)))
		put(p, f, '\\');
	if (at(p, 0) && at(p, 0) != '\n')
		put(p, f, p->lex.text.p[p->lex.pos++]);
}

static bool ends_field(const struct parser *p, struct style style, bool is_first)
{
	char c = at(p, 0);
	return !c || is_blank(c) || c == ',' || c == ':' || c == '{' || c == '}' || c == ';' ||
	       (c == '/' && !style.has_path) || (c == '@' && style.has_file && is_first);
}

// field = (quoted | param | group | byte)*
static void read_field(struct parser *p, struct field *f, struct style style, bool is_first)
{
	*f = (struct field) { .start = p->lex.pos };
	// No predicate stands right behind a ':': of a type that is not known, this is a path.
	style.has_path |= at(p, 0) == '/';
	while (p->lex.pos < p->lex.end && !ends_field(p, style, is_first) && !p->is_panic) {
		char c = at(p, 0);
		if (c == '"') {
			read_quoted(p, f);
		} else if (c == '$' && is_digit(at(p, 1))) {
			read_param(p, f);
		} else if (c == '(' || c == '[') {
			read_group(p, f);
		} else if (c == '\\') {
			read_escaped(p, f);
		} else {
			if (c == '+') {
				f->has_plus = true;
				f->plus_text = f->text.n;
				f->plus_params = f->params.n;
				f->plus_off = p->lex.pos;
			}
			put(p, f, c);
			p->lex.pos++;
		}
	}
}

static struct attach_field make_field(struct parser *p, const struct field *f)
{
	return (struct attach_field) {
		.span = span_from(p, f->start),
		.text = { f->text.n ? f->text.v : "", f->text.n },
		.params = f->params.v,
		.n_params = f->params.n,
		.is_quoted = f->is_quoted,
	};
}

// --- offsets ---

static void check_offset(struct parser *p, const struct attach_field *f)
{
	struct number n;
	if (f->n_params || (number_parse(f->text, &n) && !n.is_duration))
		return;
	if (parse_error(p, f->span, "the offset behind '+' is not a number"))
		diag_hint(p->diag, "a '+' that belongs to the name stands in quotes with it");
}

// Cuts "+0x10" off the field that has just been read; true if it ends so.
static bool split_offset(struct parser *p, const struct field *f, struct attach_field *field,
			 struct attach *attach)
{
	size_t tail = f->plus_text + 1;
	bool has_param = f->params.n > f->plus_params;
	if (!f->has_plus || (tail >= f->text.n && !has_param) ||
	    (tail < f->text.n && !is_digit(f->text.v[tail])))
		return false;
	struct attach_field *offset = ARENA_NEW(p->arena, struct attach_field);
	*offset = (struct attach_field) {
		.span = { p->lex.source, (uint32_t)f->plus_off + 1,
			  (uint32_t)(p->lex.pos - f->plus_off - 1) },
		.text = { f->text.v + tail, f->text.n - tail },
		.params = has_param ? f->params.v + f->plus_params : NULL,
		.n_params = f->params.n - f->plus_params,
	};
	for (size_t i = 0; i < offset->n_params; i++)
		offset->params[i].at -= tail;
	field->text.len = f->plus_text;
	field->n_params = f->plus_params;
	field->span.len = (uint32_t)(f->plus_off - f->start);
	attach->offset = offset;
	check_offset(p, offset);
	return true;
}

// offset = "+" field, with blanks around the '+'
static void parse_spaced_offset(struct parser *p, struct attach *attach)
{
	struct field f;
	p->lex.pos++;
	lex_skip_blanks(&p->lex);
	read_field(p, &f, (struct style) { 0 }, false);
	attach->offset = ARENA_NEW(p->arena, struct attach_field);
	*attach->offset = make_field(p, &f);
	check_offset(p, attach->offset);
}

// --- probes ---

// file_line = "@" field (":" field (":" field)?)?
static void parse_file_line(struct parser *p, struct attach *attach, struct style style)
{
	struct attach_field *parts = ARENA_ARRAY(p->arena, struct attach_field, 3);
	size_t n = 0;
	do {
		struct field f;
		p->lex.pos++;
		read_field(p, &f, style, false);
		parts[n++] = make_field(p, &f);
	} while (n < 3 && at(p, 0) == ':' && !p->is_panic);
	attach->file = &parts[0];
	attach->line = n > 1 ? &parts[1] : NULL;
	attach->column = n > 2 ? &parts[2] : NULL;
	if (n < 2 || !parts[0].span.len)
		parse_error(p, parts[0].span, "expected FILE:LINE behind '@'");
}

static void check_last_field(struct parser *p, const struct attach_field *f)
{
	if (!f->is_quoted && str_ends(f->text, STR("/")) &&
	    parse_error(p, f->span, "'%.*s' ends with '/'", STR_ARG(f->text)))
		diag_hint(p->diag, "a predicate needs a blank before its first '/'");
}

// fields = (":" field)* offset? | ":" field file_line
static void parse_fields(struct parser *p, struct attach *attach)
{
	VEC(struct attach_field) fields = { 0 };
	struct style style = style_of(attach->provider.text);
	while (at(p, 0) == ':' && !p->is_panic && !attach->file) {
		struct field f;
		p->lex.pos++;
		read_field(p, &f, style, fields.n == 0);
		struct attach_field field = make_field(p, &f);
		if (at(p, 0) == '@')
			parse_file_line(p, attach, style);
		else if (at(p, 0) != ':' && !split_offset(p, &f, &field, attach) && fields.n)
			check_last_field(p, &field);
		VEC_PUSH(p->arena, &fields, field);
	}
	attach->fields = fields.v;
	attach->n_fields = fields.n;
	size_t end = p->lex.pos;
	if (!attach->offset && !attach->file && fields.n && lex_skip_blanks(&p->lex) &&
	    at(p, 0) == '+')
		parse_spaced_offset(p, attach);
	else
		p->lex.pos = end;
}

static bool is_provider_byte(char c)
{
	return is_word(c) || c == '*' || c == '?';
}

static struct name read_provider(struct parser *p)
{
	size_t start = p->lex.pos;
	while (is_provider_byte(at(p, 0)))
		p->lex.pos++;
	struct span span = span_from(p, start);
	return (struct name) { { p->lex.text.p + start, span.len }, span };
}

// A word that is followed by something that no probe has.
static void refuse_provider(struct parser *p, size_t start)
{
	bool is_statement = at(p, 0) == '(' || at(p, 0) == '@' || at(p, 0) == '$';
	p->lex.pos = start;
	p->tok = lex_next(&p->lex);
	if (parse_expected(p, "a probe") && is_statement)
		diag_hint(p->diag, "statements stand in the braces of a probe: BEGIN { ... }");
	p->lex.pos = start;
}

// "uprobe /bin/sh main": the '/' is no predicate's.
static void check_fields(struct parser *p, const struct attach *attach)
{
	struct lexer ahead = p->lex;
	ahead.is_quiet = true;
	if (attach->n_fields || !style_of(attach->provider.text).has_path ||
	    !lex_skip_blanks(&ahead) || ahead.text.p[ahead.pos] != '/')
		return;
	struct str name = attach->provider.text;
	if (parse_error(p, attach->provider.span, "':' is missing behind '%.*s'", STR_ARG(name)))
		diag_hint(p->diag, "a probe is one word: %.*s:/path/of/program:name",
			  STR_ARG(name));
}

// attach = (name "=")? provider fields
static struct attach parse_attach(struct parser *p)
{
	size_t start = p->lex.pos;
	struct attach attach = { .name.text = STR("") };
	struct name provider = read_provider(p);
	if (provider.text.len && at(p, 0) == '=') {
		attach.name = provider;
		p->lex.pos++;
		provider = read_provider(p);
	}
	char next = at(p, 0);
	attach.provider = (struct attach_field) { .span = provider.span, .text = provider.text };
	if (!provider.text.len ||
	    (p->lex.pos < p->lex.end && !is_blank(next) && (!next || !strchr(":,{}/;+", next)))) {
		refuse_provider(p, provider.text.len ? start : p->lex.pos);
		return attach;
	}
	parse_fields(p, &attach);
	check_fields(p, &attach);
	attach.span = span_from(p, start);
	return attach;
}

void parse_attach_list(struct parser *p, struct probe *probe)
{
	VEC(struct attach) list = { 0 };
	p->lex.pos = p->tok.span.off;
	p->lex.is_quiet = false;
	for (;;) {
		struct attach attach = parse_attach(p);
		if (p->is_panic)
			break;
		VEC_PUSH(p->arena, &list, attach);
		p->prev_end = (uint32_t)p->lex.pos;
		if (!lex_skip_blanks(&p->lex) || at(p, 0) != ',')
			break;
		p->lex.pos++;
		p->prev_end = (uint32_t)p->lex.pos;
		// A comma may stand behind the last one.
		if (!lex_skip_blanks(&p->lex) || at(p, 0) == '{' || at(p, 0) == '/')
			break;
	}
	probe->attach = list.v;
	probe->n_attach = list.n;
	uint32_t end = p->prev_end;
	tok_advance(p);
	p->prev_end = end;
}

struct str attach_field_text(struct arena *a, const struct attach_field *f,
			     const struct str *params, size_t n_params)
{
	VEC(char) text = { 0 };
	size_t done = 0;
	for (size_t i = 0; i <= f->n_params; i++) {
		size_t to = i < f->n_params ? f->params[i].at : f->text.len;
		for (; done < to; done++)
			VEC_PUSH(a, &text, f->text.p[done]);
		uint64_t number = i < f->n_params ? f->params[i].number : 0;
		struct str value = number && number <= n_params ? params[number - 1] : STR("");
		for (size_t n = 0; n < value.len; n++)
			VEC_PUSH(a, &text, value.p[n]);
	}
	return (struct str) { text.n ? text.v : "", text.n };
}
