// SPDX-License-Identifier: Apache-2.0
// Go's own values: durations, slices and quoted text, as Go prints them.
#include <inttypes.h>

#include "out/layout.h"

// --- time.Duration ---

#define NS_PER_SECOND 1000000000ull

// "1.5": n in units of 10^places, without zeros at the end.
static void put_decimal(uint64_t n, unsigned places, struct out_buf *b)
{
	uint64_t unit = 1;
	for (unsigned i = 0; i < places; i++)
		unit *= 10;
	out_buf_printf(b, "%" PRIu64, n / unit);
	uint64_t rest = n % unit;
	if (!rest)
		return;
	while (rest % 10 == 0) {
		rest /= 10;
		places--;
	}
	out_buf_printf(b, ".%0*" PRIu64, (int)places, rest);
}

void out_go_duration(int64_t ns, struct out_buf *b)
{
	uint64_t n = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	if (ns < 0)
		out_buf_str(b, STR("-"));
	if (n < NS_PER_SECOND) {
		unsigned places = n < 1000 ? 0 : n < 1000000 ? 3 : 6;
		put_decimal(n, places, b);
		out_buf_str(b, !n            ? STR("s")
			       : places == 0 ? STR("ns")
			       : places == 3 ? STR("\xc2\xb5s")
					     : STR("ms"));
		return;
	}
	uint64_t minutes = n / NS_PER_SECOND / 60;
	if (minutes >= 60)
		out_buf_printf(b, "%" PRIu64 "h", minutes / 60);
	if (minutes)
		out_buf_printf(b, "%" PRIu64 "m", minutes % 60);
	put_decimal(n - minutes * 60 * NS_PER_SECOND, 9, b);
	out_buf_str(b, STR("s"));
}

// --- slices ---

static bool is_nil_slice(struct bytes v)
{
	return !layout_uint(v, 0, 8) && !layout_uint(v, 16, 8);
}

// What no slice of Go's can be was not one yet, or is one no more.
static bool is_no_slice(struct bytes v)
{
	int64_t len = (int64_t)layout_uint(v, 8, 8), cap = (int64_t)layout_uint(v, 16, 8);
	return layout_uint(v, 0, 8) == OUT_UNREADABLE || len < 0 || len > cap;
}

void layout_slice_text(struct bytes v, struct out_buf *b)
{
	if (is_nil_slice(v))
		out_buf_str(b, STR("nil"));
	else if (is_no_slice(v))
		out_buf_str(b, STR("<unreadable>"));
	else
		out_buf_printf(b, "[%" PRId64 "/%" PRId64 "]0x%" PRIx64,
			       (int64_t)layout_uint(v, 8, 8), (int64_t)layout_uint(v, 16, 8),
			       layout_uint(v, 0, 8));
}

void layout_slice_json(struct bytes v, struct json *j)
{
	if (is_nil_slice(v) || is_no_slice(v)) {
		json_null(j);
		return;
	}
	json_open(j, '{');
	json_key(j, "len");
	json_exact_i64(j, (int64_t)layout_uint(v, 8, 8));
	json_key(j, "cap");
	json_exact_i64(j, (int64_t)layout_uint(v, 16, 8));
	json_khex(j, "ptr", layout_uint(v, 0, 8));
	json_close(j, '}');
}

// --- runes ---

void layout_rune(uint32_t c, struct out_buf *b)
{
	char p[4];
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; --i > 0; c >>= 6)
		p[i] = (char)(0x80 | (c & 0x3f));
	// As many bits in front as there are bytes.
	p[0] = (char)(n == 1 ? c : (0xf00 >> n & 0xff) | c);
	out_buf_add(b, p, n);
}

// --- quoted text ---

// What has no shape of its own, from first to last: blanks, marks that steer how text is set, and
// code points that nobody else may use. Which of the others Unicode has not given out yet is not
// looked at.
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0x80, 0xa0 },       { 0xad, 0xad },        { 0x600, 0x605 },     { 0x61c, 0x61c },
	{ 0x6dd, 0x6dd },     { 0x70f, 0x70f },      { 0x1680, 0x1680 },   { 0x180e, 0x180e },
	{ 0x2000, 0x200f },   { 0x2028, 0x202f },    { 0x205f, 0x206f },   { 0x3000, 0x3000 },
	{ 0xd800, 0xf8ff },   { 0xfdd0, 0xfdef },    { 0xfeff, 0xfeff },   { 0xfff0, 0xfffb },
	{ 0xfffe, 0xffff },   { 0x110bd, 0x110bd },  { 0x1d173, 0x1d17a }, { 0x1fffe, 0x1ffff },
	{ 0xe0000, 0xe00ff }, { 0xe01f0, 0x10ffff },
};

static bool is_printable(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(unprintable); i++)
		if (c >= unprintable[i].first && c <= unprintable[i].last)
			return false;
	return true;
}

// Bytes and code point of the UTF-8 sequence at the start of s; 0 if it is not a valid one.
static size_t decode(struct str s, uint32_t *out)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)s.p;
	size_t n = p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf8 ? 4 : 0;
	if (!n || n > s.len)
		return 0;
	uint32_t c = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	*out = c;
	bool is_surrogate = c >= 0xd800 && c < 0xe000;
	return c < smallest[n] || c > 0x10ffff || is_surrogate ? 0 : n;
}

static void quote_ascii(char c, struct out_buf *b)
{
	static const char letters[] = "abtnvfr"; // of \a, which is 7, and those behind it
	if (c == '"' || c == '\\')
		out_buf_printf(b, "\\%c", c);
	else if (c >= '\a' && c <= '\r')
		out_buf_printf(b, "\\%c", letters[c - '\a']);
	else if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f)
		out_buf_printf(b, "\\x%02x", (unsigned char)c);
	else
		out_buf_fill(b, c, 1);
}

void out_go_quote(struct str s, struct out_buf *b)
{
	out_buf_str(b, STR("\""));
	while (s.len) {
		uint32_t c = 0;
		size_t n = decode(s, &c);
		if (n == 0)
			quote_ascii(s.p[0], b);
		else if (is_printable(c))
			out_buf_add(b, s.p, n);
		else
			out_buf_printf(b, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
		s = str_from_off(s, MAX(n, 1u));
	}
	out_buf_str(b, STR("\""));
}

// A character that begins in the last bytes and would go on behind them.
static bool is_start(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	for (size_t i = 1; i < s.len; i++)
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return false;
	return s.len < n;
}

bool out_go_is_text(struct str *s, bool is_cut)
{
	struct str rest = *s;
	while (rest.len) {
		uint32_t c = (unsigned char)rest.p[0];
		size_t n = c < 0x80 ? 1 : decode(rest, &c);
		if (n == 0 && is_cut && is_start(rest)) {
			s->len -= rest.len;
			return true;
		}
		bool is_control = c < 0x20 || c == 0x7f;
		if (n == 0 || (is_control && c != '\n' && c != '\t' && c != '\r') ||
		    !is_printable(c))
			return false;
		rest = str_from_off(rest, n);
	}
	return true;
}
