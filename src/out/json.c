// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "out/out.h"

static void before_value(struct json *j)
{
	if (j->needs_comma)
		fputc(',', j->f);
	j->needs_comma = true;
}

// Length of the UTF-8 sequence at the start of s, 0 if it is not a valid one.
static size_t utf8_len(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t n = p[0] < 0x80   ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;
	if (n > s.len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	// Overlong forms, surrogates and what lies beyond U+10FFFF.
	if (n == 3 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0)))
		return 0;
	if (n == 4 && ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90)))
		return 0;
	return n;
}

// The escape of a byte that cannot stand in a string as it is, NULL for all others.
static const char *escape_of(unsigned char c, char buf[8])
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		break;
	}
	if (c >= 0x20 && c != 0x7f)
		return NULL;
	snprintf(buf, 8, "\\u%04x", c);
	return buf;
}

static void quoted(FILE *f, struct str s)
{
	size_t plain = 0; // bytes at the start of s that go out as they are
	fputc('"', f);
	while (plain < s.len) {
		struct str rest = str_from_off(s, plain);
		size_t n = utf8_len(rest);
		char buf[8];
		const char *escape = n ? escape_of((unsigned char)rest.p[0], buf) : "\\ufffd";
		if (!escape) {
			plain += n;
			continue;
		}
		if (plain)
			fwrite(s.p, 1, plain, f);
		fputs(escape, f);
		s = str_from_off(rest, 1);
		plain = 0;
	}
	if (plain)
		fwrite(s.p, 1, plain, f);
	fputc('"', f);
}

void json_key_str(struct json *j, struct str key)
{
	if (j->is_spaced && j->needs_comma) {
		fputs(", ", j->f);
		j->needs_comma = false;
	}
	before_value(j);
	quoted(j->f, key);
	fputs(j->is_spaced ? ": " : ":", j->f);
	j->needs_comma = false;
}

void json_key(struct json *j, const char *key)
{
	json_key_str(j, str_from(key));
}

void json_open(struct json *j, char bracket)
{
	before_value(j);
	fputc(bracket, j->f);
	j->needs_comma = false;
}

void json_close(struct json *j, char bracket)
{
	fputc(bracket, j->f);
	j->needs_comma = true;
}

void json_str(struct json *j, struct str s)
{
	before_value(j);
	quoted(j->f, s);
}

void json_u64(struct json *j, uint64_t v)
{
	before_value(j);
	fprintf(j->f, "%" PRIu64, v);
}

void json_i64(struct json *j, int64_t v)
{
	before_value(j);
	fprintf(j->f, "%" PRId64, v);
}

// Whether a double can hold the number: its highest and lowest bits are less than 53 apart.
static bool fits_double(uint64_t magnitude)
{
	return magnitude == 0 || magnitude >> __builtin_ctzll(magnitude) < 1ULL << 53;
}

void json_exact_u64(struct json *j, uint64_t v)
{
	before_value(j);
	fprintf(j->f, fits_double(v) ? "%" PRIu64 : "\"%" PRIu64 "\"", v);
}

void json_exact_i64(struct json *j, int64_t v)
{
	before_value(j);
	uint64_t magnitude = v < 0 ? -(uint64_t)v : (uint64_t)v;
	fprintf(j->f, fits_double(magnitude) ? "%" PRId64 : "\"%" PRId64 "\"", v);
}

void json_bool(struct json *j, bool v)
{
	before_value(j);
	fputs(v ? "true" : "false", j->f);
}

void json_null(struct json *j)
{
	before_value(j);
	fputs("null", j->f);
}

void json_number(struct json *j, struct str text)
{
	before_value(j);
	fwrite(text.p, 1, text.len, j->f);
}

void json_hex(struct json *j, uint64_t v)
{
	before_value(j);
	fprintf(j->f, "\"0x%" PRIx64 "\"", v);
}

void json_end(struct json *j)
{
	fputc('\n', j->f);
	j->needs_comma = false;
}

void json_kstr(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	json_str(j, s);
}

void json_ku64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

void json_khex(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_hex(j, v);
}

void json_kbool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

void json_redacted(struct json *j)
{
	json_open(j, '{');
	json_kbool(j, "redacted", true);
	json_close(j, '}');
}
