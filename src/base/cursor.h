// SPDX-License-Identifier: Apache-2.0
// A bounded little-endian reader with a sticky error: after the first read past the end every read
// gives 0 and changes nothing, so that decoding code stays linear and asks once, at its end,
// whether all went well.
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/err.h"
#include "base/str.h"

struct cursor {
	const uint8_t *start;
	const uint8_t *pos;
	const uint8_t *end;
	const char *what; // what is being read (".debug_info"), for the message
	const char *fail; // why reading stopped, NULL while all is well
	size_t fail_off;  // offset from start where it stopped
};

static inline struct cursor cursor_init(struct bytes b, const char *what)
{
	return (struct cursor) {
		.start = b.p, .pos = b.p, .end = b.p ? b.p + b.len : b.p, .what = what
	};
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->fail;
}

static inline size_t cursor_off(const struct cursor *c)
{
	return (size_t)(c->pos - c->start);
}

static inline size_t cursor_left(const struct cursor *c)
{
	return c->fail ? 0 : (size_t)(c->end - c->pos);
}

// Records the first failure; why must be a literal.
void cursor_fail(struct cursor *c, const char *why);
// NULL, or "WHAT+0xOFF: why" as ERR_BADDATA.
MUST_USE struct err *cursor_err(const struct cursor *c);

// True if n bytes are left, else records the failure.
static inline bool cursor_need(struct cursor *c, size_t n)
{
	if (c->fail)
		return false;
	if ((size_t)(c->end - c->pos) >= n)
		return true;
	cursor_fail(c, "unexpected end of data");
	return false;
}

#define CURSOR_READ_(name, type)                           \
	static inline type cursor_##name(struct cursor *c) \
	{                                                  \
		type v = 0;                                \
		if (cursor_need(c, sizeof(v))) {           \
			memcpy(&v, c->pos, sizeof(v));     \
			c->pos += sizeof(v);               \
		}                                          \
		return v;                                  \
	}
CURSOR_READ_(u8, uint8_t)
CURSOR_READ_(u16, uint16_t)
CURSOR_READ_(u32, uint32_t)
CURSOR_READ_(u64, uint64_t)
#undef CURSOR_READ_

// An unsigned number of 1 to 8 bytes.
uint64_t cursor_uint(struct cursor *c, size_t size);

// LEB128, ten bytes at most.
uint64_t cursor_uleb_slow(struct cursor *c);
int64_t cursor_sleb(struct cursor *c);

static inline uint64_t cursor_uleb(struct cursor *c)
{
	if (!c->fail && c->pos < c->end && *c->pos < 0x80)
		return *c->pos++;
	return cursor_uleb_slow(c);
}

static inline void cursor_skip(struct cursor *c, uint64_t n)
{
	if (c->fail)
		return;
	if ((uint64_t)(c->end - c->pos) < n)
		cursor_fail(c, "unexpected end of data");
	else if (n)
		c->pos += n;
}

// To offset off from the start (off == size is allowed: nothing is left there).
void cursor_seek(struct cursor *c, uint64_t off);

// n bytes, as a view.
struct bytes cursor_bytes(struct cursor *c, uint64_t n);
// Text up to a NUL, which is consumed too.
struct str cursor_cstr(struct cursor *c);

#endif
