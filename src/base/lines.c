// SPDX-License-Identifier: Apache-2.0
#include "base/lines.h"

#include <errno.h>
#include <limits.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"

// A line that is longer than that is written in parts: a map as JSON is one line.
#define LINE_MAX_BYTES ((size_t)1 << 20)

struct lines {
	FILE *f;
	char *memory; // of f
	int fd;
	size_t at_once; // bytes of a write(2), but for longer lines
	char *begun;    // the beginning of a line
	size_t n, room;
};

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

// Whole lines.
static bool write_lines(const struct lines *l, const char *p, size_t n)
{
	while (n) {
		size_t part = MIN(n, l->at_once);
		if (part < n) {
			const char *end = memrchr(p, '\n', part);
			// One that is longer must be taken as it is.
			if (!end)
				end = memchr(p, '\n', n);
			part = end ? (size_t)(end - p) + 1 : n;
		}
		if (!write_all(l->fd, p, part))
			return false;
		p += part;
		n -= part;
	}
	return true;
}

static void keep(struct lines *l, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (l->room - l->n < n) {
		l->room = MAX(2 * l->room, l->n + n);
		l->begun = realloc(l->begun, l->room);
		if (!l->begun)
			abort();
	}
	memcpy(l->begun + l->n, p, n);
	l->n += n;
}

static bool write_begun(struct lines *l)
{
	size_t n = l->n;
	l->n = 0; // also when it fails: it is not to come again behind what follows
	return write_lines(l, l->begun, n);
}

static bool take(struct lines *l, const char *p, size_t n)
{
	const char *last = memrchr(p, '\n', n);
	size_t whole = last ? (size_t)(last - p) + 1 : 0;
	if (whole && l->n) {
		size_t first = (size_t)((const char *)memchr(p, '\n', whole) - p) + 1;
		keep(l, p, first);
		if (!write_begun(l))
			return false;
		p += first;
		n -= first;
		whole -= first;
	}
	if (!write_lines(l, p, whole))
		return false;
	keep(l, p + whole, n - whole);
	return l->n < LINE_MAX_BYTES || write_begun(l);
}

// stdio's: 0 is a failure.
static ssize_t stream_write(void *cookie, const char *p, size_t n)
{
	return take(cookie, p, n) ? (ssize_t)n : 0;
}

struct lines *lines_open(int fd, size_t room, int mode, bool is_shared)
{
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	struct lines *l = calloc(1, sizeof(*l));
	char *memory = malloc(room);
	if (!l || !memory)
		abort();
	bool takes_all = S_ISREG(st.st_mode) || S_ISCHR(st.st_mode);
	*l = (struct lines) {
		.f = fopencookie(l, "w", (cookie_io_functions_t) { .write = stream_write }),
		.memory = memory,
		.fd = fd,
		.at_once = is_shared && !takes_all ? PIPE_BUF : SIZE_MAX,
	};
	if (!l->f)
		abort();
	setvbuf(l->f, memory, mode, room);
	return l;
}

FILE *lines_stream(const struct lines *l)
{
	return l->f;
}

int lines_flush(struct lines *l)
{
	return fflush(l->f) != 0 || !write_begun(l) ? EOF : 0;
}

void lines_close(struct lines *l)
{
	if (!l)
		return;
	__fpurge(l->f);
	fclose(l->f);
	free(l->memory);
	free(l->begun);
	free(l);
}
