// SPDX-License-Identifier: Apache-2.0
// Memory with one lifetime: allocate piece by piece, free all at once.
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>

#include "base/str.h"

struct arena;

// The caller frees it with arena_free, and with it everything that was allocated from it.
struct arena *arena_new(void);
void arena_free(struct arena *a);
// Forgets everything that was allocated, but keeps some memory for what comes next.
void arena_clear(struct arena *a);

// n * size zeroed bytes, aligned for any type. Overflow or lack of memory stops the program:
// sizes that come from a file are checked against the file before they get here.
void *arena_alloc(struct arena *a, size_t n, size_t size);
// Copies; the result of arena_strdup and arena_printf also has a NUL after its end.
struct str arena_strdup(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
// Bytes handed out so far.
size_t arena_used(const struct arena *a);

#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), (n), sizeof(type)))

// A growing array whose memory is an arena's. A zeroed one is empty.
#define VEC(type)           \
	struct {            \
		type *v;    \
		size_t n;   \
		size_t cap; \
	}
#define VEC_PUSH(a, vec, ...)                                                       \
	do {                                                                        \
		if ((vec)->n == (vec)->cap)                                         \
			(vec)->v = arena_grow((a), (vec)->v, (vec)->n, &(vec)->cap, \
					      sizeof((vec)->v[0]));                 \
		(vec)->v[(vec)->n++] = (__VA_ARGS__);                               \
	} while (0)

// For VEC_PUSH: room for at least twice the items, the first n of them copied.
void *arena_grow(struct arena *a, const void *items, size_t n, size_t *cap, size_t size);

// For AUTO(arena_autofree).
void arena_autofree(struct arena **a);

#endif
