// SPDX-License-Identifier: Apache-2.0
#include "base/cursor.h"

void cursor_fail(struct cursor *c, const char *why)
{
	if (c->fail)
		return;
	c->fail = why;
	c->fail_off = cursor_off(c);
}

struct err *cursor_err(const struct cursor *c)
{
	if (!c->fail)
		return NULL;
	return err_new(ERR_BADDATA, "%s+0x%zx: %s", c->what, c->fail_off, c->fail);
}

uint64_t cursor_uint(struct cursor *c, size_t size)
{
	uint64_t v = 0;
	if (size > sizeof(v)) {
		cursor_fail(c, "number wider than 8 bytes");
		return 0;
	}
	if (cursor_need(c, size)) {
		memcpy(&v, c->pos, size);
		c->pos += size;
	}
	return v;
}

uint64_t cursor_uleb_slow(struct cursor *c)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t b = cursor_u8(c);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	cursor_fail(c, "LEB128 number too long");
	return 0;
}

int64_t cursor_sleb(struct cursor *c)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t b = cursor_u8(c);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (b & 0x80)
			continue;
		if ((b & 0x40) && shift + 7 < 64)
			v |= ~(uint64_t)0 << (shift + 7);
		return (int64_t)v;
	}
	cursor_fail(c, "LEB128 number too long");
	return 0;
}

void cursor_seek(struct cursor *c, uint64_t off)
{
	if (c->fail)
		return;
	if (off > (uint64_t)(c->end - c->start))
		cursor_fail(c, "offset past the end");
	else if (off)
		c->pos = c->start + off;
	else
		c->pos = c->start;
}

struct bytes cursor_bytes(struct cursor *c, uint64_t n)
{
	const uint8_t *p = c->pos;
	cursor_skip(c, n);
	if (c->fail)
		return (struct bytes) { NULL, 0 };
	return (struct bytes) { p, (size_t)n };
}

struct str cursor_cstr(struct cursor *c)
{
	size_t left = cursor_left(c);
	const uint8_t *nul = left ? memchr(c->pos, 0, left) : NULL;
	if (!nul) {
		cursor_fail(c, "text without an end");
		return STR("");
	}
	struct str s = { (const char *)c->pos, (size_t)(nul - c->pos) };
	c->pos = nul + 1;
	return s;
}
