// SPDX-License-Identifier: Apache-2.0
// printf: a format is taken apart once, and rendered many times.
#include "out/layout.h"

// Wider than any line; keeps a typing error from filling the memory.
#define WIDTH_MAX 65535

enum conversion {
	CONV_SIGNED,   // d i
	CONV_UNSIGNED, // u o x X
	CONV_POINTER,  // p
	CONV_CHAR,     // c
	CONV_FLOAT,    // f F e E g G
	CONV_BOOL,     // t
	CONV_QUOTED,   // q
	CONV_TEXT,     // s v
	CONV_BYTES,    // r: bytes that are no text as \xNN
	CONV_BYTES_X,  // rx: all of them so
	CONV_BYTES_H,  // rh: "61 62"
};

struct out_spec {
	struct str before; // the text in front of it
	enum conversion conv;
	uint8_t base;
	bool is_upper;
	bool is_left;
	bool has_zeros;
	bool has_plus;
	bool has_blank;
	bool has_prefix;
	bool has_precision;
	char letter;
	uint8_t size; // bytes that the length stands for, 0: none is given
	uint32_t width;
	uint32_t precision;
};

// --- parsing ---

struct parser {
	struct arena *arena;
	struct str format;
	size_t pos;
	const struct out_type *const *args;
	size_t n_args;
	struct out_buf text; // since the last conversion
	struct str unknown;  // the first that looks like a conversion and is none
	VEC(struct out_spec) specs;
	struct out_format_error *err;
};

// The conversions that take an argument, in the order of the table.
struct conversion_info {
	char letter;
	enum conversion conv;
	uint8_t base;
	bool is_upper;
};

static const struct conversion_info conversions[] = {
	{ 'd', CONV_SIGNED, 10, false },   { 'i', CONV_SIGNED, 10, false },
	{ 'u', CONV_UNSIGNED, 10, false }, { 'o', CONV_UNSIGNED, 8, false },
	{ 'x', CONV_UNSIGNED, 16, false }, { 'X', CONV_UNSIGNED, 16, true },
	{ 'p', CONV_POINTER, 16, false },  { 'c', CONV_CHAR, 0, false },
	{ 's', CONV_TEXT, 0, false },      { 'v', CONV_TEXT, 0, false },
	{ 'r', CONV_BYTES, 0, false },     { 't', CONV_BOOL, 0, false },
	{ 'q', CONV_QUOTED, 0, false },    { 'f', CONV_FLOAT, 0, false },
	{ 'F', CONV_FLOAT, 0, false },     { 'e', CONV_FLOAT, 0, false },
	{ 'E', CONV_FLOAT, 0, false },     { 'g', CONV_FLOAT, 0, false },
	{ 'G', CONV_FLOAT, 0, false },
};

static char peek(const struct parser *p)
{
	return p->pos < p->format.len ? p->format.p[p->pos] : '\0';
}

static bool fail(struct parser *p, size_t off, int arg, struct str text)
{
	if (arg >= 0 && (size_t)arg >= p->n_args)
		arg = -1;
	*p->err = (struct out_format_error) { off, p->pos - off, arg, text };
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_number(struct parser *p, size_t start, uint32_t *out)
{
	uint32_t v = 0;
	while (is_digit(peek(p))) {
		v = MIN(v * 10 + (uint32_t)(peek(p) - '0'), WIDTH_MAX + 1u);
		p->pos++;
	}
	*out = v;
	if (peek(p) == '*') {
		p->pos++;
		return fail(p, start, -1, STR("a width or precision is a number, not '*'"));
	}
	if (v > WIDTH_MAX)
		return fail(p, start, -1, STR("a width or precision is at most 65535"));
	return true;
}

static void parse_flags(struct parser *p, struct out_spec *spec)
{
	for (;; p->pos++) {
		char c = peek(p);
		if (c == '-')
			spec->is_left = true;
		else if (c == '0')
			spec->has_zeros = true;
		else if (c == '+')
			spec->has_plus = true;
		else if (c == ' ')
			spec->has_blank = true;
		else if (c == '#')
			spec->has_prefix = true;
		else
			return;
	}
}

static void parse_length(struct parser *p, struct out_spec *spec)
{
	size_t n_h = 0;
	for (; peek(p) && strchr("hlLjzt", peek(p)); p->pos++) {
		// A t of its own is a conversion.
		char next = p->pos + 1 < p->format.len ? p->format.p[p->pos + 1] : '\0';
		if (peek(p) == 't' && !strchr("diuxXo", next ? next : ' '))
			return;
		n_h += peek(p) == 'h';
		spec->size = n_h == 0 ? 8 : n_h == 1 ? 2 : 1;
	}
}

static bool is_number(enum out_kind kind)
{
	const struct out_type t = { .kind = kind };
	struct number n;
	return layout_number(&t, (struct bytes) { NULL, 0 }, &n);
}

static const char *kind_words(enum out_kind kind, struct str name)
{
	if (kind == OUT_NAME && name.len)
		return name.p;
	if (kind == OUT_FLOAT)
		return "a floating point number";
	if (kind == OUT_COMPLEX)
		return "a complex number";
	if (kind == OUT_SLICE)
		return "a slice";
	if (kind == OUT_BOOL)
		return "a bool";
	if (kind == OUT_STRING || kind == OUT_TEXT)
		return "a string";
	if (kind == OUT_BUFFER)
		return "a buffer";
	if (kind == OUT_TUPLE)
		return "a tuple";
	if (kind == OUT_ARRAY)
		return "an array";
	if (kind == OUT_STACK)
		return "a stack";
	if (kind == OUT_RECORD)
		return "a struct";
	if (kind == OUT_STATS || kind == OUT_HIST || kind == OUT_LHIST || kind == OUT_TSERIES ||
	    kind == OUT_TIMES)
		return "a map of this kind; print() prints it";
	return is_number(kind) ? "a number" : "this kind of value";
}

static bool fits(enum conversion conv, enum out_kind kind)
{
	if (conv >= CONV_BYTES)
		return kind == OUT_BUFFER;
	if (conv == CONV_TEXT)
		return kind != OUT_HIST && kind != OUT_LHIST && kind != OUT_TSERIES &&
		       kind != OUT_TIMES;
	if (conv == CONV_FLOAT)
		return kind == OUT_FLOAT || kind == OUT_COMPLEX;
	if (conv == CONV_BOOL)
		return kind == OUT_BOOL;
	if (conv == CONV_QUOTED)
		return kind == OUT_STRING || kind == OUT_TEXT;
	return is_number(kind);
}

static const char *wanted_words(enum conversion conv)
{
	return conv >= CONV_BYTES    ? "a buffer"
	       : conv == CONV_TEXT   ? "a value"
	       : conv == CONV_QUOTED ? "a string"
	       : conv == CONV_BOOL   ? "a bool"
	       : conv == CONV_FLOAT  ? "a floating point number"
				     : "a number";
}

static bool check_arg(struct parser *p, size_t start, const struct out_spec *spec)
{
	size_t arg = p->specs.n;
	enum out_kind kind = arg < p->n_args ? p->args[arg]->kind : OUT_NONE;
	struct str name = arg < p->n_args ? p->args[arg]->format : STR("");
	if (arg >= p->n_args || fits(spec->conv, kind))
		return true;
	struct str text = str_first(str_from_off(p->format, start), p->pos - start);
	const char *hint = "";
	if (kind == OUT_FLOAT && spec->conv < CONV_FLOAT)
		hint = ": %f and %g print it, (int64) makes it whole";
	else if (is_number(kind) && spec->conv == CONV_FLOAT)
		hint = ": %d prints it";
	return fail(p, start, (int)arg,
		    arena_printf(p->arena, "%.*s takes %s, not %s%s", STR_ARG(text),
				 wanted_words(spec->conv), kind_words(kind, name), hint));
}

static bool parse_conversion(struct parser *p, size_t start, struct out_spec *spec)
{
	char c = peek(p);
	for (size_t i = 0; i < ARRAY_LEN(conversions); i++) {
		const struct conversion_info *info = &conversions[i];
		if (c != info->letter)
			continue;
		p->pos++;
		spec->conv = info->conv;
		spec->base = info->base;
		spec->is_upper = info->is_upper;
		spec->letter = c;
		if (c == 'r' && (peek(p) == 'x' || peek(p) == 'h')) {
			spec->conv = peek(p) == 'x' ? CONV_BYTES_X : CONV_BYTES_H;
			p->pos++;
		}
		spec->before = arena_strdup(p->arena, out_buf_view(&p->text));
		p->text.n = 0;
		if (!check_arg(p, start, spec))
			return false;
		VEC_PUSH(p->arena, &p->specs, *spec);
		return true;
	}
	if (c && strchr("aAn", c)) {
		p->pos++;
		return fail(p, start, (int)p->specs.n,
			    arena_printf(p->arena, "there is no %%%c here", c));
	}
	// As bpftrace does: what is no conversion is text.
	if (c == '%') {
		p->pos++;
		out_buf_str(&p->text, STR("%"));
	} else {
		bool is_shown = (unsigned char)c > ' ';
		if (c && !p->unknown.len)
			p->unknown = str_first(str_from_off(p->format, start),
					       p->pos + is_shown - start);
		out_buf_add(&p->text, p->format.p + start, p->pos - start);
	}
	return true;
}

static bool parse_spec(struct parser *p)
{
	struct out_spec spec = { 0 };
	size_t start = p->pos++;
	parse_flags(p, &spec);
	if (!parse_number(p, start, &spec.width))
		return false;
	if (peek(p) == '.') {
		p->pos++;
		spec.has_precision = true;
		if (!parse_number(p, start, &spec.precision))
			return false;
	}
	parse_length(p, &spec);
	return parse_conversion(p, start, &spec);
}

static bool parse_all(struct parser *p)
{
	while (p->pos < p->format.len) {
		const char *rest = p->format.p + p->pos;
		const char *percent = memchr(rest, '%', p->format.len - p->pos);
		size_t n = percent ? (size_t)(percent - rest) : p->format.len - p->pos;
		out_buf_add(&p->text, rest, n);
		p->pos += n;
		if (percent && !parse_spec(p))
			return false;
	}
	if (p->specs.n == p->n_args)
		return true;
	p->pos = 0;
	bool is_many = p->specs.n < p->n_args;
	bool is_type = str_eq(p->unknown, STR("%T"));
	struct str text = arena_printf(
		p->arena, "too %s arguments for the format: it takes %zu, %zu %s given%s%.*s%s%s",
		is_many ? "many" : "few", p->specs.n, p->n_args, p->n_args == 1 ? "is" : "are",
		p->unknown.len ? "; there is no '" : "", STR_ARG(p->unknown),
		p->unknown.len ? "'" : "",
		is_type ? ": %v prints a value, typename(x) is its type" : "");
	return fail(p, 0, is_many ? (int)p->specs.n : -1, text);
}

bool out_format_parse(struct arena *a, struct str format, const struct out_type *const *args,
		      size_t n_args, struct out_format *out, struct out_format_error *err)
{
	struct parser p = {
		.arena = a, .format = format, .args = args, .n_args = n_args, .err = err
	};
	bool ok = parse_all(&p);
	*out = (struct out_format) { p.specs.v, p.specs.n, arena_strdup(a, out_buf_view(&p.text)) };
	out_buf_free(&p.text);
	return ok;
}

// --- rendering ---

// Brings what was written since start to the width, which counts bytes as C does; of %q, which is
// Go's, and of runes, letters.
static void pad(const struct out_spec *spec, struct out_buf *b, size_t start)
{
	size_t n = b->n - start, width = n;
	bool is_letters = spec->conv == CONV_QUOTED || (spec->conv == CONV_CHAR && n > 1);
	for (size_t i = start; is_letters && i < b->n; i++)
		width -= ((uint8_t)b->p[i] & 0xc0) == 0x80;
	if (width >= spec->width)
		return;
	size_t missing = spec->width - width;
	out_buf_fill(b, ' ', missing);
	if (!spec->is_left) {
		memmove(b->p + start + missing, b->p + start, n);
		memset(b->p + start, ' ', missing);
	}
}

static void put_number(const struct out_spec *spec, uint64_t magnitude, struct str prefix,
		       struct out_buf *b)
{
	const char *digits = spec->is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24];
	char *end = text + sizeof(text);
	char *p = end;
	for (uint64_t rest = magnitude; rest; rest /= spec->base)
		*--p = digits[rest % spec->base];
	size_t n = (size_t)(end - p);
	size_t want = spec->has_precision ? spec->precision : 1;
	if (!spec->has_precision && spec->has_zeros && !spec->is_left && spec->width > prefix.len)
		want = MAX(want, spec->width - prefix.len);
	size_t start = b->n;
	out_buf_str(b, prefix);
	out_buf_fill(b, '0', want > n ? want - n : 0);
	out_buf_add(b, p, n);
	pad(spec, b, start);
}

// The bits that a conversion shows of a number, which comes in 64 of them.
static unsigned bits_shown(const struct out_spec *spec, const struct out_type *t, uint64_t bits)
{
	bool is_plain = t->kind == OUT_INT || t->kind == OUT_UINT || t->kind == OUT_ENUM ||
			t->kind == OUT_BOOL;
	if (spec->size)
		return spec->size * 8u;
	if (is_plain && t->size <= 4)
		return 32;
	return t->is_word && spec->conv == CONV_SIGNED && bits >> 32 == 0 ? 32 : 64;
}

static void render_number(const struct out_spec *spec, const struct out_type *t, uint64_t bits,
			  struct out_buf *b)
{
	unsigned shift = 64 - bits_shown(spec, t, bits);
	// Go's %d shows a number as it is.
	bool is_go_unsigned = t->is_go && t->kind == OUT_UINT && spec->conv == CONV_SIGNED;
	if (is_go_unsigned) {
		put_number(spec, bits << shift >> shift,
			   spec->has_plus    ? STR("+")
			   : spec->has_blank ? STR(" ")
					     : STR(""),
			   b);
	} else if (spec->conv == CONV_SIGNED) {
		int64_t v = (int64_t)(bits << shift) >> shift;
		put_number(spec, v < 0 ? -(uint64_t)v : (uint64_t)v,
			   v < 0             ? STR("-")
			   : spec->has_plus  ? STR("+")
			   : spec->has_blank ? STR(" ")
					     : STR(""),
			   b);
	} else if (spec->conv == CONV_POINTER) {
		put_number(spec, bits, STR("0x"), b);
	} else {
		uint64_t v = bits << shift >> shift;
		bool has_prefix = spec->has_prefix && v && spec->base != 10;
		put_number(spec, v,
			   !has_prefix       ? STR("")
			   : spec->base == 8 ? STR("0")
			   : spec->is_upper  ? STR("0X")
					     : STR("0x"),
			   b);
	}
}

static void render_bytes(const struct out_spec *spec, struct bytes v, struct out_buf *b)
{
	struct bytes have = layout_slice(v, 4, layout_uint(v, 0, 4));
	for (size_t i = 0; i < have.len; i++)
		out_buf_printf(b, "%s%02x",
			       spec->conv == CONV_BYTES_X ? "\\x"
			       : i                        ? " "
							  : "",
			       have.p[i]);
}

static void render_float(const struct out_spec *spec, struct out_value arg, struct out_buf *b)
{
	const struct float_spec s = {
		.letter = spec->letter,
		.has_plus = spec->has_plus,
		.has_blank = spec->has_blank,
		.has_prefix = spec->has_prefix,
		.zeros_to = spec->has_zeros && !spec->is_left ? spec->width : 0,
		.precision = spec->has_precision ? (int)spec->precision : -1,
	};
	layout_float_format(&s, arg.type, arg.bytes, b);
}

// What was cut says so behind the quotes.
static void render_quoted(const struct out_env *env, const struct out_spec *spec,
			  struct out_value arg, struct out_buf *b)
{
	struct str text = layout_text_bytes(arg.type, arg.bytes);
	bool is_part = spec->has_precision && spec->precision < text.len;
	out_go_quote(is_part ? str_first(text, spec->precision) : text, b);
	if (!is_part)
		out_buf_str(b, layout_trailer(env, arg.type, arg.bytes));
}

static void render_spec(const struct out_env *env, const struct out_spec *spec,
			struct out_value arg, struct out_buf *b)
{
	struct number n = { 0 };
	size_t start = b->n;
	if (layout_is_unreadable(arg.type, arg.bytes)) {
		out_value_text(env, arg, b);
		pad(spec, b, start);
		return;
	}
	if (spec->conv < CONV_CHAR) {
		layout_number(arg.type, arg.bytes, &n);
		render_number(spec, arg.type, n.bits, b);
		return;
	}
	if (spec->conv == CONV_CHAR) {
		layout_number(arg.type, arg.bytes, &n);
		if (arg.type->is_go && arg.type->kind == OUT_INT && arg.type->size == 4)
			layout_rune((uint32_t)n.bits, b);
		else
			out_buf_fill(b, (char)n.bits, 1);
	} else if (spec->conv == CONV_FLOAT) {
		render_float(spec, arg, b);
	} else if (spec->conv == CONV_QUOTED) {
		render_quoted(env, spec, arg, b);
	} else if (spec->conv == CONV_BYTES_X || spec->conv == CONV_BYTES_H) {
		render_bytes(spec, arg.bytes, b);
	} else {
		out_value_text(env, arg, b);
	}
	if (spec->conv == CONV_TEXT && spec->has_precision)
		b->n = MIN(b->n, start + spec->precision);
	pad(spec, b, start);
}

void out_format_render(const struct out_env *env, const struct out_format *f,
		       const struct out_value *args, size_t n_args, struct out_buf *b)
{
	for (size_t i = 0; i < f->n_specs; i++) {
		out_buf_str(b, f->specs[i].before);
		if (i < n_args)
			render_spec(env, &f->specs[i], args[i], b);
	}
	out_buf_str(b, f->tail);
}
