// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

int str_cmp(struct str a, struct str b)
{
	size_t n = MIN(a.len, b.len);
	int d = n ? memcmp(a.p, b.p, n) : 0;
	if (d)
		return d;
	return a.len < b.len ? -1 : a.len > b.len;
}

ptrdiff_t str_find(struct str s, struct str needle)
{
	if (needle.len == 0)
		return 0;
	const char *at = s.len ? memmem(s.p, s.len, needle.p, needle.len) : NULL;
	return at ? at - s.p : -1;
}

ptrdiff_t str_rfind_byte(struct str s, char c)
{
	const char *at = s.len ? memrchr(s.p, c, s.len) : NULL;
	return at ? at - s.p : -1;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

bool str_to_u64(struct str s, uint64_t *out)
{
	unsigned base = 10;
	if (s.len > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X')) {
		base = 16;
		s = str_from_off(s, 2);
	}
	if (s.len == 0)
		return false;
	uint64_t v = 0;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = (unsigned)digit_value(s.p[i]);
		if (d >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return false;
	}
	*out = v;
	return true;
}

bool str_glob(struct str pattern, struct str text)
{
	size_t p = 0, t = 0;
	size_t star_p = SIZE_MAX,
	       star_t = 0; // where to go on after the last '*', if what follows fails
	while (t < text.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star_p = ++p;
			star_t = t;
			continue;
		}
		if (p < pattern.len) {
			bool escaped = pattern.p[p] == '\\' && p + 1 < pattern.len;
			char want = pattern.p[p + escaped];
			if ((want == '?' && !escaped) || want == text.p[t]) {
				p += 1 + escaped;
				t++;
				continue;
			}
		}
		if (star_p == SIZE_MAX)
			return false;
		p = star_p;
		t = ++star_t;
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

bool str_is_glob(struct str pattern)
{
	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.p[i] == '\\')
			i++;
		else if (pattern.p[i] == '*' || pattern.p[i] == '?')
			return true;
	}
	return false;
}

uint64_t str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	return h * 0x9e3779b97f4a7c15u;
}
