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

#endif
