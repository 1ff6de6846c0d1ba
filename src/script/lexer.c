// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "script/lexer.h"

static char at(const struct lexer *l, size_t off)
{
	return l->pos + off < l->end ? l->text.p[l->pos + off] : 0;
}

static struct span span_from(const struct lexer *l, size_t start)
{
	return (struct span) { l->source, (uint32_t)start, (uint32_t)(l->pos - start) };
}

static struct str text_from(const struct lexer *l, size_t start)
{
	return (struct str) { l->text.p + start, l->pos - start };
}

bool lex_error(struct lexer *l, struct span span, const char *fmt, ...)
{
	if (l->is_quiet || l->kind == TEXT_SYSTEM)
		return false;
	va_list ap;
	va_start(ap, fmt);
	diag_verror(l->diag, span, fmt, ap);
	va_end(ap);
	return true;
}

static void skip_line(struct lexer *l)
{
	const char *nl = memchr(l->text.p + l->pos, '\n', l->end - l->pos);
	l->pos = nl ? (size_t)(nl - l->text.p) : l->end;
}

static void skip_comment(struct lexer *l)
{
	size_t start = l->pos;
	struct str rest = { l->text.p + start + 2, l->end - start - 2 };
	ptrdiff_t n = str_find(rest, STR("*/"));
	if (n >= 0) {
		l->pos = start + 2 + (size_t)n + 2;
		return;
	}
	l->pos = start + 2;
	if (lex_error(l, span_from(l, start), "this comment has no end: '*/' is missing"))
		l->is_cut = true;
	l->pos = l->end;
}

bool lex_skip_blanks(struct lexer *l)
{
	while (l->pos < l->end) {
		char c = l->text.p[l->pos];
		if (is_blank(c))
			l->pos++;
		else if (c == '/' && at(l, 1) == '/')
			skip_line(l);
		else if (c == '/' && at(l, 1) == '*')
			skip_comment(l);
		else if (c == '\\' && at(l, 1) == '\n')
			l->pos += 2;
		else if (c == '\\' && at(l, 1) == '\r' && at(l, 2) == '\n')
			l->pos += 3;
		else
			return true;
	}
	return false;
}

// --- strings ---

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char simple_escape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'a':
		return '\a';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'v':
		return '\v';
	case '"':
	case '\'':
	case '\\':
		return c;
	default:
		return 0;
	}
}

// escape = "\" ("n" | "t" | ... | octal octal? octal? | "x" hex hex?)
static char escape(struct lexer *l)
{
	size_t start = l->pos++;
	char c = at(l, 0), simple = simple_escape(c);
	unsigned value = 0;
	if (simple) {
		l->pos++;
		return simple;
	}
	if (c == 'x' && hex_digit(at(l, 1)) >= 0) {
		l->pos++;
		for (int n = 0; n < 2 && hex_digit(at(l, 0)) >= 0; n++, l->pos++)
			value = value * 16 + (unsigned)hex_digit(at(l, 0));
		return (char)value;
	}
	if (c >= '0' && c <= '7') {
		for (int n = 0; n < 3 && at(l, 0) >= '0' && at(l, 0) <= '7'; n++, l->pos++)
			value = value * 8 + (unsigned)(at(l, 0) - '0');
		return (char)value;
	}
	if (l->pos < l->end)
		l->pos++;
	if (lex_error(l, span_from(l, start), "unknown escape in a string"))
		diag_hint(
			l->diag,
			"there are \\n \\t \\r \\a \\b \\f \\v \\\" \\\\ \\0nn (octal) and \\xnn; "
			"a backslash itself is \\\\");
	return c;
}

static void unterminated(struct lexer *l, size_t start)
{
	if (!lex_error(l, span_from(l, start), "this string has no end: '\"' is missing"))
		return;
	if (l->pos < l->end)
		diag_hint(l->diag, "a line end inside of a string is written \\n");
	l->is_cut = true;
}

struct str lex_string(struct lexer *l)
{
	size_t start = l->pos++;
	size_t from = l->pos;
	while (l->pos < l->end && at(l, 0) != '"' && at(l, 0) != '\\' && at(l, 0) != '\n')
		l->pos++;
	struct str plain = text_from(l, from);
	if (at(l, 0) == '"' && l->pos < l->end) {
		l->pos++;
		return plain;
	}
	VEC(char) text = { 0 };
	for (size_t i = 0; i < plain.len; i++)
		VEC_PUSH(l->arena, &text, plain.p[i]);
	while (l->pos < l->end && at(l, 0) != '"' && at(l, 0) != '\n') {
		char c = at(l, 0) == '\\' ? escape(l) : l->text.p[l->pos++];
		VEC_PUSH(l->arena, &text, c);
	}
	if (l->pos < l->end && at(l, 0) == '"') {
		l->pos++;
	} else {
		unterminated(l, start);
	}
	return (struct str) { text.n ? text.v : "", text.n };
}

// --- tokens ---

// The bytes of the letter beyond ASCII that stands here; 0: none does.
static size_t letter_len(const struct lexer *l)
{
	uint32_t code;
	if (!(at(l, 0) & 0x80))
		return 0;
	size_t n = utf8_decode((struct str) { l->text.p + l->pos, l->end - l->pos }, &code);
	return utf8_is_letter(code) ? n : 0;
}

static void lex_word(struct lexer *l)
{
	for (size_t n; (n = is_word(at(l, 0)) ? 1 : letter_len(l));)
		l->pos += n;
}

// What stands here and has a point. Not behind a point, where numbers are a tuple's items.
static bool lex_real(struct lexer *l, struct token *t)
{
	size_t start = l->pos;
	double value;
	if (l->kind != TEXT_SCRIPT || (start && l->text.p[start - 1] == '.'))
		return false;
	lex_word(l);
	if (at(l, 0) == '.' && is_digit(at(l, 1))) {
		l->pos++;
		lex_word(l);
		bool has_exponent = (l->text.p[l->pos - 1] | 0x20) == 'e';
		if (has_exponent && (at(l, 0) == '-' || at(l, 0) == '+') && is_digit(at(l, 1))) {
			l->pos++;
			lex_word(l);
		}
		t->text = text_from(l, start);
		if (number_parse_real(t->text, &value)) {
			t->kind = TOK_REAL;
			t->num = (struct number) { .suffix = STR("") };
			memcpy(&t->num.value, &value, sizeof(value));
			return true;
		}
		struct str whole = number_whole_duration(l->arena, t->text);
		if (whole.len) {
			t->kind = TOK_INT;
			return number_parse(whole, &t->num);
		}
	}
	l->pos = start;
	return false;
}

static struct token lex_int(struct lexer *l, struct token t)
{
	size_t start = l->pos;
	lex_word(l);
	t.kind = TOK_INT;
	t.text = text_from(l, start);
	if (!number_parse(t.text, &t.num)) {
		bool is_said = lex_error(l, span_from(l, start), "%s", t.num.why);
		if (is_said && t.num.suffix.len && !t.num.is_duration)
			diag_hint(l->diag, "there are u, l, ul, ll, ull, and ns, us, ms, s, m, h, "
					   "d for durations");
	}
	return t;
}

// char = "'" (byte | escape) "'"
// False if it is none, or if none can stand here.
static bool lex_char(struct lexer *l, struct token *t)
{
	size_t start = l->pos;
	if (!l->has_chars && l->kind == TEXT_SCRIPT)
		return false;
	l->pos++;
	char c = at(l, 0) == '\\' ? escape(l) : l->pos < l->end ? l->text.p[l->pos++] : 0;
	if (at(l, 0) != '\'' || l->pos >= l->end) {
		l->pos = start;
		return false;
	}
	l->pos++;
	t->kind = TOK_INT;
	t->text = text_from(l, start);
	t->num = (struct number) { .value = (uint64_t)(int64_t)(signed char)c, .suffix = STR("") };
	return true;
}

// "$" (word | digits | "#")
static struct token lex_dollar(struct lexer *l, struct token t)
{
	size_t start = l->pos++;
	if (at(l, 0) == '#') {
		l->pos++;
		t.kind = TOK_PARAM_COUNT;
		return t;
	}
	lex_word(l);
	t.text = text_from(l, start + 1);
	t.kind = TOK_VAR;
	if (t.text.len && is_digit(t.text.p[0])) {
		t.kind = TOK_PARAM;
		bool is_number = number_parse(t.text, &t.num) && !t.num.suffix.len;
		if (!is_number || !t.num.value)
			lex_error(l, span_from(l, start),
				  is_number ? "positional parameters are counted from $1"
					    : "'$%.*s' is neither a variable nor a positional "
					      "parameter",
				  STR_ARG(t.text));
	} else if (!t.text.len) {
		lex_error(l, span_from(l, start), "a variable's name is missing after '$'");
	}
	return t;
}

struct mark {
	char text[4];
	enum token_kind kind;
	enum expr_op op;
};

// Longer ones before those that they start with.
static const struct mark marks[] = {
	{ "<<=", TOK_OP_ASSIGN, OP_SHL },  { ">>=", TOK_OP_ASSIGN, OP_SHR },
	{ "++", TOK_INC, OP_NONE },        { "--", TOK_DEC, OP_NONE },
	{ "->", TOK_ARROW, OP_NONE },      { "..", TOK_DOTDOT, OP_NONE },
	{ "&&", TOK_BINARY, OP_AND },      { "||", TOK_BINARY, OP_OR },
	{ "==", TOK_BINARY, OP_EQ },       { "!=", TOK_BINARY, OP_NE },
	{ "<=", TOK_BINARY, OP_LE },       { ">=", TOK_BINARY, OP_GE },
	{ "<<", TOK_BINARY, OP_SHL },      { ">>", TOK_BINARY, OP_SHR },
	{ "+=", TOK_OP_ASSIGN, OP_ADD },   { "-=", TOK_OP_ASSIGN, OP_SUB },
	{ "*=", TOK_OP_ASSIGN, OP_MUL },   { "/=", TOK_OP_ASSIGN, OP_DIV },
	{ "%=", TOK_OP_ASSIGN, OP_MOD },   { "&=", TOK_OP_ASSIGN, OP_BITAND },
	{ "|=", TOK_OP_ASSIGN, OP_BITOR }, { "^=", TOK_OP_ASSIGN, OP_BITXOR },
	{ "#", TOK_HASH, OP_NONE },        { "(", TOK_LPAREN, OP_NONE },
	{ ")", TOK_RPAREN, OP_NONE },      { "[", TOK_LBRACKET, OP_NONE },
	{ "]", TOK_RBRACKET, OP_NONE },    { "{", TOK_LBRACE, OP_NONE },
	{ "}", TOK_RBRACE, OP_NONE },      { ",", TOK_COMMA, OP_NONE },
	{ ";", TOK_SEMI, OP_NONE },        { ":", TOK_COLON, OP_NONE },
	{ "?", TOK_QUESTION, OP_NONE },    { ".", TOK_DOT, OP_NONE },
	{ "=", TOK_ASSIGN, OP_NONE },      { "!", TOK_NOT, OP_NONE },
	{ "~", TOK_TILDE, OP_NONE },       { "+", TOK_BINARY, OP_ADD },
	{ "-", TOK_BINARY, OP_SUB },       { "*", TOK_BINARY, OP_MUL },
	{ "/", TOK_BINARY, OP_DIV },       { "%", TOK_BINARY, OP_MOD },
	{ "&", TOK_BINARY, OP_BITAND },    { "|", TOK_BINARY, OP_BITOR },
	{ "^", TOK_BINARY, OP_BITXOR },    { "<", TOK_BINARY, OP_LT },
	{ ">", TOK_BINARY, OP_GT },
};

static bool lex_mark(struct lexer *l, struct token *t)
{
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		const struct mark *m = &marks[i];
		if (at(l, 0) != m->text[0] || (m->text[1] && at(l, 1) != m->text[1]) ||
		    (m->text[1] && m->text[2] && at(l, 2) != m->text[2]))
			continue;
		l->pos += strlen(m->text);
		t->kind = m->kind;
		t->op = m->op;
		return true;
	}
	return false;
}

// U+2018 to U+201F, as word processors write them.
static bool is_curly_quote(const struct lexer *l, size_t pos)
{
	struct str s = str_first(str_from_off(l->text, pos), 3);
	return s.len == 3 && str_starts(s, STR("\xe2\x80")) && (uint8_t)s.p[2] >= 0x98 &&
	       (uint8_t)s.p[2] <= 0x9f;
}

// The rest of what stands between two of them on a line.
static void skip_curly(struct lexer *l)
{
	size_t behind = l->pos + 2;
	for (size_t i = behind; i < l->end && l->text.p[i] != '\n'; i++) {
		if (!is_curly_quote(l, i))
			continue;
		l->pos = i + 3;
		return;
	}
	l->pos = MIN(behind, l->end);
}

// Skips a character that no token starts with, and those like it behind it.
static void skip_bad(struct lexer *l)
{
	size_t start = l->pos++;
	char c = l->text.p[start];
	if (c == '\'') {
		while (l->pos < l->end && at(l, 0) != '\n' && at(l, 0) != c)
			l->pos++;
		l->pos += at(l, 0) == c && l->pos < l->end;
		lex_error(l, span_from(l, start), "strings stand in double quotes");
		return;
	}
	if (is_curly_quote(l, start)) {
		skip_curly(l);
		if (lex_error(l, span_from(l, start), "this is not the quote of a string"))
			diag_hint(l->diag, "write \"");
		return;
	}
	while (l->pos < l->end && (at(l, 0) & 0x80 ? c & 0x80 : c == at(l, 0)))
		l->pos++;
	if (c & 0x80)
		lex_error(l, span_from(l, start),
			  "this character can stand in strings and comments only");
	else if (c > 0x20 && c < 0x7f)
		lex_error(l, span_from(l, start), "unexpected '%c'", c);
	else
		lex_error(l, span_from(l, start), "unexpected byte 0x%02x", (unsigned)c);
}

struct token lex_next(struct lexer *l)
{
	while (lex_skip_blanks(l)) {
		size_t start = l->pos;
		char c = l->text.p[start];
		struct token t = { .kind = TOK_END, .text = STR("") };
		if (is_word_start(c) || letter_len(l)) {
			lex_word(l);
			t.kind = TOK_WORD;
			t.text = text_from(l, start);
		} else if (is_digit(c)) {
			if (!lex_real(l, &t))
				t = lex_int(l, t);
		} else if (c == '"') {
			t.kind = TOK_STR;
			t.text = lex_string(l);
		} else if (c == '$') {
			t = lex_dollar(l, t);
		} else if (c == '@') {
			l->pos++;
			lex_word(l);
			t.kind = TOK_MAP;
			t.text = text_from(l, start + 1);
		} else if (!lex_mark(l, &t) && !(c == '\'' && lex_char(l, &t))) {
			skip_bad(l);
			continue;
		}
		t.span = span_from(l, start);
		return t;
	}
	return (struct token) { .kind = TOK_END, .text = STR(""), .span = span_from(l, l->pos) };
}
