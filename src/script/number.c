// SPDX-License-Identifier: Apache-2.0
#include "script/lexer.h"

#include <stdlib.h>
#include <strings.h>

static unsigned digit(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60 * 1000000000ull },
	{ "h", 3600 * 1000000000ull },
	{ "d", 86400 * 1000000000ull },
};

static bool fail(struct number *out, const char *why)
{
	out->why = why;
	return false;
}

// Reads digits, with '_' between them, from s[*i] on.
static bool read_digits(struct str s, size_t *i, unsigned base, struct number *out)
{
	size_t n = 0;
	for (; *i < s.len; (*i)++) {
		unsigned d = digit(s.p[*i]);
		if (s.p[*i] == '_' && n)
			continue;
		if (base == 10 || base == 8 ? !is_digit(s.p[*i]) : d >= base)
			break;
		if (d >= base)
			return fail(out, "a number that starts with 0 is octal: 8 and 9 are no "
					 "digits of it");
		if (__builtin_mul_overflow(out->value, base, &out->value) ||
		    __builtin_add_overflow(out->value, d, &out->value))
			return fail(out, "the number does not fit into 64 bits");
		n++;
	}
	return n ? true : fail(out, "digits are missing");
}

// exponent = ("e" | "E") digits
static bool read_exponent(struct str s, size_t *i, struct number *out)
{
	struct number e = { 0 };
	(*i)++;
	if (!read_digits(s, i, 10, &e))
		return fail(out, e.why);
	if (e.value > 19 && out->value)
		return fail(out, "the number does not fit into 64 bits");
	for (uint64_t n = 0; out->value && n < e.value; n++) {
		if (__builtin_mul_overflow(out->value, 10, &out->value))
			return fail(out, "the number does not fit into 64 bits");
	}
	return true;
}

static bool is_integer_suffix(struct str s)
{
	static const char *const suffixes[] = { "u", "l", "ul", "lu", "ll", "ull", "llu" };
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (s.len == strlen(suffixes[i]) && strncasecmp(s.p, suffixes[i], s.len) == 0)
			return true;
	}
	return false;
}

// real = digits "." digits (("e" | "E") ("+" | "-")? digits)?
bool number_parse_real(struct str text, double *out)
{
	char copy[64], *end;
	if (!text.len || text.len >= sizeof(copy) || !is_digit(text.p[0]))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_digit(text.p[i]) && !strchr(".eE+-", text.p[i]))
			return false;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	*out = strtod(copy, &end);
	return *end == '\0';
}

struct str number_whole_duration(struct arena *a, struct str text)
{
	size_t n = text.len;
	double value;
	while (n && !is_digit(text.p[n - 1]))
		n--;
	if (n == text.len || !number_parse_real(str_first(text, n), &value))
		return STR("");
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		if (!str_eq(str_from_off(text, n), str_from(units[u].name)))
			continue;
		double ns = value * (double)units[u].ns + 0.5;
		uint64_t v = ns < (double)INT64_MAX ? (uint64_t)ns : 0;
		for (u = ARRAY_LEN(units); v && u-- > 0;)
			if (v % units[u].ns == 0)
				return arena_printf(a, "%llu%s",
						    (unsigned long long)(v / units[u].ns),
						    units[u].name);
	}
	return STR("");
}

// number = ("0x" | "0b" | "0")? digits exponent? suffix?
bool number_parse(struct str text, struct number *out)
{
	*out = (struct number) { .suffix = STR("") };
	unsigned base = 10;
	size_t i = 0;
	char second = text.len > 2 ? (char)(text.p[1] | 0x20) : 0;
	if (text.len > 1 && text.p[0] == '0') {
		base = second == 'x' ? 16 : second == 'b' ? 2 : is_digit(text.p[1]) ? 8 : 10;
		i = base == 16 || base == 2 ? 2 : 0;
	}
	if (!read_digits(text, &i, base, out))
		return false;
	if (base == 10 && i + 1 < text.len && (text.p[i] | 0x20) == 'e' &&
	    is_digit(text.p[i + 1]) && !read_exponent(text, &i, out))
		return false;
	out->suffix = str_from_off(text, i);
	if (!out->suffix.len || is_integer_suffix(out->suffix))
		return true;
	for (size_t u = 0; base == 10 && u < ARRAY_LEN(units); u++) {
		if (!str_eq(out->suffix, str_from(units[u].name)))
			continue;
		out->is_duration = true;
		if (__builtin_mul_overflow(out->value, units[u].ns, &out->value))
			return fail(out, "the duration does not fit into 64 bits of nanoseconds");
		return true;
	}
	return fail(out, "that is no suffix of a number");
}
