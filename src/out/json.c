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

static void quoted(FILE *f, struct str s)
{
	fputc('"', f);
	while (s.len) {
		unsigned char c = (unsigned char)s.p[0];
		size_t n = utf8_len(s);
		if (n == 0)
			fputs("\\ufffd", f);
		else if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", f);
		else if (c == '\t')
			fputs("\\t", f);
		else if (c < 0x20 || c == 0x7f)
			fprintf(f, "\\u%04x", c);
		else
			fwrite(s.p, 1, n, f);
		s = str_from_off(s, n ? n : 1);
	}
	fputc('"', f);
}

void json_key(struct json *j, const char *key)
{
	before_value(j);
	quoted(j->f, str_from(key));
	fputc(':', j->f);
	j->needs_comma = false;
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
