// SPDX-License-Identifier: Apache-2.0
// Files as read-only memory.
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/err.h"
#include "base/str.h"

struct file_map {
	struct bytes data;
};

// Maps a regular file. Refuses directories, devices and empty files, each with its own message.
MUST_USE struct err *file_map_open(const char *path, struct file_map *out);
void file_map_close(struct file_map *m);

// From here on a file that is cut off while it is mapped (a new version is copied over it) reads as
// zeros there, instead of ending us by SIGBUS: for who must go on with what else it knows.
void file_map_survive_truncation(void);

#endif
