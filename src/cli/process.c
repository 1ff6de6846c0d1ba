// SPDX-License-Identifier: Apache-2.0
// The process of -p.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "cli/cli.h"

// Threads have numbers too, and folders in /proc.
static struct err *check_is_process(long pid)
{
	char path[64], line[128];
	long group = pid;
	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "Tgid:", 5) == 0)
			group = strtol(line + 5, NULL, 10);
	if (f)
		fclose(f);
	if (group == pid)
		return NULL;
	return err_new(ERR_USAGE,
		       "%ld is a thread of process %ld (-p %ld traces all of its threads)", pid,
		       group, group);
}

struct err *process_parse(const char *text, int *out)
{
	char *end;
	errno = 0;
	long pid = strtol(text, &end, 10);
	if (!*text || *end || errno || pid <= 0 || pid > INT32_MAX)
		return err_new(ERR_USAGE, "-p takes the number of a process, not '%s'", text);
	if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		return err_new(ERR_NOTFOUND, "no process %ld (-p)", pid);
	TRY(check_is_process(pid));
	*out = (int)pid;
	return NULL;
}
