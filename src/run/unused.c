// SPDX-License-Identifier: Apache-2.0
// A program that no process runs, or that the traced one has not mapped: nothing of it is hit. A
// mistake that shows in nothing else, most often because the program was built anew while the old
// one runs.
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "run/internal.h"

#define DELETED STR(" (deleted)")

// Of all but stoat itself, which has the file mapped to read it; ends with 0.
static int *processes(struct arena *a)
{
	glob_t g;
	size_t n = 0;
	if (glob("/proc/[0-9]*", GLOB_NOSORT, NULL, &g) != 0)
		return ARENA_ARRAY(a, int, 1);
	int *out = ARENA_ARRAY(a, int, g.gl_pathc + 1);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		uint64_t pid;
		struct str name = str_from_off(str_from(g.gl_pathv[i]), strlen("/proc/"));
		if (str_to_u64(name, &pid) && pid != (uint64_t)getpid())
			out[n++] = (int)pid;
	}
	globfree(&g);
	return out;
}

static bool executes(int pid, const struct stat *program)
{
	char exe[64];
	struct stat st;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	return stat(exe, &st) == 0 && st.st_dev == program->st_dev && st.st_ino == program->st_ino;
}

// What was at that path before.
static bool executes_deleted(int pid, const char *path)
{
	char exe[64], link[PATH_MAX], real[PATH_MAX];
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	ssize_t n = readlink(exe, link, sizeof(link));
	struct str was = { link, n < 0 ? 0 : (size_t)n };
	if (!str_ends(was, DELETED) || !realpath(path, real))
		return false;
	was.len -= DELETED.len;
	return str_eq(was, str_from(real));
}

struct use {
	bool is_used;
	int deleted; // the process that runs what was there before; 0: none
};

// That of an executable is seen at once; libraries, and what a loader runs, are found in maps.
static struct use find_use(const char *path)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct use use = { 0 };
	struct stat program;
	const int *pids = processes(a);
	use.is_used = stat(path, &program) < 0;
	for (size_t i = 0; pids[i] && !use.is_used; i++) {
		use.is_used = executes(pids[i], &program);
		if (!use.deleted && executes_deleted(pids[i], path))
			use.deleted = pids[i];
	}
	for (size_t i = 0; pids[i] && !use.is_used; i++)
		use.is_used = symbols_have_mapped(pids[i], path);
	return use;
}

static void tell(const struct session *s, const char *path)
{
	int pid = s->p->pid;
	if (pid && !symbols_may_have_mapped(pid, path))
		log_warn("process %d has not mapped %s: nothing of it is hit until it does (a "
			 "program that was replaced on disk is /proc/%d/exe)",
			 pid, path, pid);
	// Scripts often wait for a program to be started, and say so themselves.
	if (pid || !s->o->has_summary || s->o->is_quiet)
		return;
	struct use use = find_use(path);
	if (use.is_used)
		return;
	if (use.deleted)
		log_warn("no process runs %s now; process %d runs what was there before: its "
			 "number as TARGET traces that",
			 path, use.deleted);
	else
		log_note("no process runs %s now", path);
}

void unused_tell(const struct session *s)
{
	for (size_t i = 0; i < s->p->n_programs && !s->o->child; i++)
		tell(s, s->p->programs[i]->path);
}
