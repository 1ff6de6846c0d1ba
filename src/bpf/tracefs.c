// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf/bpf.h"
#include "bpf/uapi.h"

// The usual places first: others may be of a container's, and gone any time.
static int rank(const char *dir)
{
	if (strcmp(dir, "/sys/kernel/tracing") == 0)
		return 3;
	return strcmp(dir, "/sys/kernel/debug/tracing") == 0 ? 2 : 1;
}

struct str bpf_tracefs_path(struct arena *a)
{
	struct str path = { 0 };
	FILE *f = setmntent("/proc/self/mounts", "re");
	if (!f)
		return path;
	struct mntent entry;
	char buffer[4096];
	int best = 0;
	while (getmntent_r(f, &entry, buffer, sizeof(buffer))) {
		if (strcmp(entry.mnt_type, "tracefs") != 0 || rank(entry.mnt_dir) <= best)
			continue;
		best = rank(entry.mnt_dir);
		path = arena_strdup(a, str_from(entry.mnt_dir));
	}
	endmntent(f);
	return path;
}

struct err *bpf_tracefs_open(int *fd)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct str path = bpf_tracefs_path(a);
	int why = 0;
	if (path.len) {
		*fd = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		// Only root may look into it by default, but anybody may see it mounted.
		if (*fd >= 0 && faccessat(*fd, "events", R_OK | X_OK, 0) == 0)
			return NULL;
		why = errno;
		uapi_close(fd);
	}
	*fd = uapi_private_mount("tracefs");
	if (*fd >= 0)
		return NULL;
	if (path.len)
		return err_sys(why, "cannot look into %.*s", STR_ARG(path));
	if (*fd == -ENODEV)
		return err_new(ERR_UNSUPPORTED, "this kernel has no tracefs");
	if (*fd == -EPERM || *fd == -EACCES)
		return err_new(ERR_SYS,
			       "tracepoints need root, or tracefs mounted and readable (run "
			       "with sudo)");
	return err_note(err_sys(-*fd, "tracefs is not mounted, and stoat cannot mount it"),
			"mount -t tracefs tracefs /sys/kernel/tracing");
}

struct err *bpf_tracepoint_id(int tracefs, const char *group, const char *name, uint64_t *id)
{
	char path[512], text[32];
	int n = snprintf(path, sizeof(path), "events/%s/%s/id", group, name);
	if (n < 0 || (size_t)n >= sizeof(path) ||
	    !uapi_read_text(tracefs, path, text, sizeof(text)))
		return err_new(ERR_NOTFOUND, "no tracepoint %s:%s", group, name);
	*id = strtoull(text, NULL, 10);
	return NULL;
}
