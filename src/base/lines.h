// SPDX-License-Identifier: Apache-2.0
// A stream that writes whole lines, so that a line of somebody else who writes to the same place
// never stands in the middle of one of ours. stdio writes what its memory holds whenever it is
// full.
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stdio.h>

struct lines;

// Writes to fd, which stays the caller's. The stream holds room bytes, and writes as setvbuf's mode
// says. is_shared: others write to fd, too. A pipe may take what is longer than PIPE_BUF in parts:
// it gets so many bytes at a time then, and only a line that is longer may be interrupted.
// NULL: fd is none.
struct lines *lines_open(int fd, size_t room, int mode, bool is_shared);
FILE *lines_stream(const struct lines *l);
// All of it, with a line that has only begun. 0, or EOF with errno as fflush.
int lines_flush(struct lines *l);
// Forgets what has not been written. NULL is fine.
void lines_close(struct lines *l);

#endif
