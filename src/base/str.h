// SPDX-License-Identifier: Apache-2.0
// Strings as views: a pointer and a length into memory that somebody else owns. Not NUL-terminated.
#ifndef BASE_STR_H
#define BASE_STR_H

#include <string.h>

#include "base/attr.h"

struct str {
	const char *p;
	size_t len;
};

// A view of bytes; the same shape as struct str, for data that is no text.
struct bytes {
	const uint8_t *p;
	size_t len;
};

#define STR(literal) ((struct str) { "" literal, sizeof(literal) - 1 })
// For printf's "%.*s".
#define STR_ARG(s) (int)(s).len, (s).p

static inline struct str str_from(const char *s)
{
	return (struct str) { s, s ? strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       (suffix.len == 0 || memcmp(s.p + s.len - suffix.len, suffix.p, suffix.len) == 0);
}

// The rest of s from byte off on; empty when off is past the end.
static inline struct str str_from_off(struct str s, size_t off)
{
	if (off == 0)
		return s;
	if (off >= s.len)
		return (struct str) { s.p, 0 };
	return (struct str) { s.p + off, s.len - off };
}

static inline struct str str_first(struct str s, size_t n)
{
	return (struct str) { s.p, n < s.len ? n : s.len };
}

// Byte order, as strcmp does: negative, zero or positive.
int str_cmp(struct str a, struct str b);

// Offset of the first needle in s, or -1.
ptrdiff_t str_find(struct str s, struct str needle);
// Offset of the last byte c in s, or -1.
ptrdiff_t str_rfind_byte(struct str s, char c);

// Reads a whole string as an unsigned number: decimal, or hexadecimal
// after 0x. False if it is not one.
bool str_to_u64(struct str s, uint64_t *out);

// Glob: '*' is any run of bytes, '?' any one byte, '\' takes the next
// byte literally, all else is itself
// ('[' too: Go's generic names contain brackets). Runs in O(pattern *
// text) at worst.
bool str_glob(struct str pattern, struct str text);
// True when the pattern has a wildcard in it.
bool str_is_glob(struct str pattern);

// 64-bit hash (FNV-1a with a final mix).
uint64_t str_hash(struct str s);

#endif
