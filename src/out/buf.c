// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdlib.h>

#include "out/out.h"

static char *room_for(struct out_buf *b, size_t n)
{
	if (n > b->cap - b->n) {
		size_t cap = MAX(b->cap * 2, b->n + n + 128);
		char *p = cap > b->n ? realloc(b->p, cap) : NULL;
		if (!p) {
			fputs("stoat: error: out of memory\n", stderr);
			abort();
		}
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->n;
}

void out_buf_free(struct out_buf *b)
{
	free(b->p);
	*b = (struct out_buf) { 0 };
}

void out_buf_add(struct out_buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(room_for(b, n), p, n);
	b->n += n;
}

void out_buf_fill(struct out_buf *b, char c, size_t n)
{
	if (n == 0)
		return;
	memset(room_for(b, n), c, n);
	b->n += n;
}

void out_buf_printf(struct out_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	va_list again;
	va_copy(again, ap);
	size_t space = 64;
	int n = vsnprintf(room_for(b, space), space, fmt, ap);
	va_end(ap);
	if (n >= (int)space) {
		space = (size_t)n + 1;
		n = vsnprintf(room_for(b, space), space, fmt, again);
	}
	va_end(again);
	if (n > 0)
		b->n += (size_t)n;
}
