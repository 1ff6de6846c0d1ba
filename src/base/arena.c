// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK_MIN (64u * 1024)
#define CHUNK_MAX (4u * 1024 * 1024)
#define ALIGN     16u

struct chunk {
	struct chunk *prev;
	size_t used;
	size_t cap;
	_Alignas(ALIGN) uint8_t data[];
};

struct arena {
	struct chunk *last;
	size_t used;
	size_t next_cap;
};

static NORETURN void out_of_memory(void)
{
	fputs("stoat: error: out of memory\n", stderr);
	abort();
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));
	if (!a)
		out_of_memory();
	a->next_cap = CHUNK_MIN;
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->last, *prev; c; c = prev) {
		prev = c->prev;
		free(c);
	}
	free(a);
}

void arena_clear(struct arena *a)
{
	struct chunk *keep = NULL;
	for (struct chunk *c = a->last, *prev; c; c = prev) {
		prev = c->prev;
		// The oldest one is the smallest; large ones are rarely needed again.
		if (prev)
			free(c);
		else
			keep = c;
	}
	if (keep) {
		memset(keep->data, 0, keep->used);
		keep->used = 0;
	}
	a->last = keep;
	a->used = 0;
	a->next_cap = CHUNK_MIN;
}

void arena_autofree(struct arena **a)
{
	arena_free(*a);
}

static struct chunk *chunk_new(struct arena *a, size_t need)
{
	size_t cap = MAX(a->next_cap, need);
	// calloc of a large chunk comes zeroed from the kernel, page by page as it is used.
	struct chunk *c = calloc(1, sizeof(*c) + cap);
	if (!c)
		out_of_memory();
	c->cap = cap;
	a->next_cap = MIN(a->next_cap * 2, (size_t)CHUNK_MAX);
	return c;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	size_t want;
	if (__builtin_mul_overflow(n, size, &want) || want > SIZE_MAX / 2)
		out_of_memory();
	want = (want + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct chunk *c = a->last;
	if (!c || c->cap - c->used < want) {
		c = chunk_new(a, want);
		c->prev = a->last;
		a->last = c;
	}
	void *p = c->data + c->used;
	c->used += want;
	a->used += want;
	return p;
}

void *arena_grow(struct arena *a, const void *items, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 8;
	void *p = arena_alloc(a, want, size);
	if (n)
		memcpy(p, items, n * size);
	*cap = want;
	return p;
}

struct str arena_strdup(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1, 1);
	if (s.len)
		memcpy(p, s.p, s.len);
	return (struct str) { p, s.len };
}

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		out_of_memory();
	char *p = arena_alloc(a, (size_t)n + 1, 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct str) { p, (size_t)n };
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
