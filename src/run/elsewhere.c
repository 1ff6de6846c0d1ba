// SPDX-License-Identifier: Apache-2.0
// A command of -c that runs the traced program in another process, as a shell or make does: only
// the command's own process is traced, so that nothing is hit. That is told.
#include <sys/stat.h>

#include "base/log.h"
#include "run/internal.h"

static bool is_library(const char *path)
{
	struct str name = str_from(path);
	return str_find(str_from_off(name, (size_t)(str_rfind_byte(name, '/') + 1)), STR(".so")) >=
	       0;
}

// True if it may be so, too.
static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) < 0 || stat(b, &y) < 0 || (x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

// A library is there only a while after the process has become the command, which may have ended
// before that is looked at.
static bool may_be_run(const struct session *s, const char *path)
{
	return is_library(path) || (s->elsewhere ? symbols_may_have_mapped(s->p->pid, path)
						 : is_same_file(child_path(s->o->child), path));
}

// The first program that is traced in processes; NULL: none, or the command's process runs one.
static const char *not_run(const struct session *s)
{
	const char *first = NULL;
	for (size_t i = 0; i < s->p->n_parts; i++) {
		const struct program_part *part = s->p->parts[i];
		const struct plan_program *program =
			part->n_probes ? part->probes[0]->program : NULL;
		if (!kind_is_uprobe(part->kind) || !program)
			continue;
		if (may_be_run(s, program->path))
			return NULL;
		first = first ? first : program->path;
	}
	return first;
}

void elsewhere_begin(struct session *s)
{
	s->elsewhere = not_run(s);
	// Whether anything is hit decides in the end: the process may become the program later on,
	// and not be looked at while it is.
	if (s->elsewhere)
		budget_count(s);
}

void elsewhere_look(struct session *s)
{
	if (s->elsewhere)
		s->elsewhere = not_run(s);
}

void elsewhere_report(const struct session *s)
{
	if (!s->elsewhere || budget_hits(s))
		return;
	log_warn("nothing was hit: with -c only the command's own process is traced, not those "
		 "that it starts, and it was not seen to run %s; give -c that program itself, or "
		 "trace without -c and run the command in another shell",
		 s->elsewhere);
}
