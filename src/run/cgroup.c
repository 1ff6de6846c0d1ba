// SPDX-License-Identifier: Apache-2.0
// A control group's number is the inode of its folder.
#include <fts.h>
#include <sys/stat.h>

#include "run/internal.h"

#define ROOT "/sys/fs/cgroup"

bool cgroup_path(uint64_t id, struct out_buf *b)
{
	char root[] = ROOT;
	char *const roots[] = { root, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	bool found = false;
	for (FTSENT *e; walk && !found && (e = fts_read(walk));) {
		found = e->fts_info == FTS_D && e->fts_statp->st_ino == id;
		if (found)
			out_buf_printf(b, "unified:%s",
				       e->fts_path[sizeof(ROOT) - 1]
					       ? e->fts_path + sizeof(ROOT) - 1
					       : "/");
	}
	if (walk)
		fts_close(walk);
	return found;
}
