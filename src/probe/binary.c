// SPDX-License-Identifier: Apache-2.0
// Which programs the first part of uprobe:BIN:FUNCTION means.
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "probe/internal.h"

#define LD_CACHE "/etc/ld.so.cache"
// Files that one pattern may mean.
#define GLOB_FILES_MAX 10000u

static const char *const library_folders[] = {
	"/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu",
	"/lib/aarch64-linux-gnu",
	"/usr/lib/aarch64-linux-gnu",
	"/lib64",
	"/usr/lib64",
	"/lib",
	"/usr/lib",
	"/usr/local/lib",
};

// --- the traced process ---

// Where the process sees other files than we do, their folder: "/proc/71/root"; else "".
static struct str process_root(struct maker *m)
{
	char ours[64], theirs[64];
	if (!m->o->pid)
		return STR("");
	struct str ns = arena_printf(m->arena, "/proc/%d/ns/mnt", m->o->pid);
	ssize_t a = readlink("/proc/self/ns/mnt", ours, sizeof(ours));
	ssize_t b = readlink(ns.p, theirs, sizeof(theirs));
	bool is_same = a <= 0 || b <= 0 || (a == b && memcmp(ours, theirs, (size_t)a) == 0);
	return is_same ? STR("") : arena_printf(m->arena, "/proc/%d/root", m->o->pid);
}

static bool is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

// An absolute path as we have to open it.
static struct str seen_by_process(struct maker *m, struct str path)
{
	struct str root = path.len && path.p[0] == '/' && !str_starts(path, STR("/proc/"))
				  ? process_root(m)
				  : STR("");
	if (root.len) {
		struct str there = arena_printf(m->arena, "%.*s%.*s", STR_ARG(root), STR_ARG(path));
		if (is_file(there.p))
			return there;
	}
	return arena_strdup(m->arena, path);
}

// The path in a line of /proc/PID/maps; "" unless it is a file with code.
static struct str mapped_code(struct str line)
{
	// address perms offset device inode path
	size_t at = 0;
	for (int field = 0; field < 5; field++) {
		size_t start = at;
		while (at < line.len && line.p[at] != ' ')
			at++;
		if (field == 1 && (at - start < 3 || line.p[start + 2] != 'x'))
			return STR("");
		while (at < line.len && line.p[at] == ' ')
			at++;
	}
	struct str path = str_from_off(line, at);
	bool is_path = path.len && path.p[0] == '/' && !str_ends(path, STR(" (deleted)"));
	return is_path ? path : STR("");
}

struct path_list {
	VEC(struct str) v;
};

static void add_path(struct maker *m, struct path_list *l, struct str path)
{
	for (size_t i = 0; i < l->v.n; i++)
		if (str_eq(l->v.v[i], path))
			return;
	VEC_PUSH(m->arena, &l->v, arena_strdup(m->arena, path));
}

// The files that the process executes code of, its program first.
static struct err *mapped_files(struct maker *m, struct path_list *out)
{
	struct str path = arena_printf(m->arena, "/proc/%d/maps", m->o->pid);
	FILE *f = fopen(path.p, "re");
	if (!f)
		return err_sys(errno, "cannot read %s", path.p);
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	while ((n = getline(&line, &cap, f)) > 0) {
		struct str s = { line, (size_t)n - (line[n - 1] == '\n') };
		struct str file = mapped_code(s);
		if (file.len)
			add_path(m, out, file);
	}
	free(line);
	fclose(f);
	return NULL;
}

// --- opening ---

static struct err *check_machine(struct target *t)
{
#if defined(__x86_64__)
	if (target_arch(t) != INSN_X86_64)
		return err_new(ERR_UNSUPPORTED, "%s is a program for arm64, not for this machine",
			       target_name(t));
#elif defined(__aarch64__)
	if (target_arch(t) != INSN_ARM64)
		return err_new(ERR_UNSUPPORTED, "%s is a program for x86-64, not for this machine",
			       target_name(t));
#endif
	return NULL;
}

static struct err *open_target(struct maker *m, const char *path, struct target **out)
{
	struct plan_private *private = m->plan->private;
	struct stat st;
	*out = NULL;
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? err_new(ERR_NOTFOUND, "no such file: %s", path)
			       : err_sys(errno, "cannot open %s", path);
	for (size_t i = 0; i < private->opened.n && !*out; i++)
		if (private->opened.v[i].dev == st.st_dev && private->opened.v[i].ino == st.st_ino)
			*out = private->opened.v[i].target;
	if (*out)
		return NULL;
	struct target *t;
	TRY(target_open(path, m->o->debug_dir, &t));
	VEC_PUSH(m->arena, &private->opened, (struct plan_opened) { t, st.st_dev, st.st_ino });
	TRY(check_machine(t));
	*out = t;
	return NULL;
}

static struct err *add_program(struct maker *m, struct program_list *l, struct str path,
			       struct str text)
{
	struct plan_private *private = m->plan->private;
	struct target *t;
	TRY(open_target(m, path.p, &t));
	struct plan_program *p = NULL;
	for (size_t i = 0; i < private->programs.n; i++) {
		p = private->programs.v[i];
		if (p->target == t && str_eq(p->text, text))
			break;
		p = NULL;
	}
	if (!p) {
		p = ARENA_NEW(m->arena, struct plan_program);
		*p = (struct plan_program) { t, path.p, arena_strdup(m->arena, text) };
		VEC_PUSH(m->arena, &private->programs, p);
	}
	VEC_PUSH(m->arena, &l->v, p);
	return NULL;
}

// --- one name ---

static struct str canonical(struct maker *m, struct str path)
{
	char buffer[PATH_MAX];
	return realpath(path.p, buffer) ? arena_strdup(m->arena, str_from(buffer)) : path;
}

// A command on PATH; empty if there is none.
static struct str on_path(struct maker *m, struct str name)
{
	const char *path = getenv("PATH");
	for (const char *p = path; p; p = *p ? p + 1 : NULL) {
		struct str dir = { p, strcspn(p, ":") };
		struct str full = arena_printf(m->arena, "%.*s/%.*s", STR_ARG(dir), STR_ARG(name));
		if (dir.len && is_file(full.p) && access(full.p, X_OK) == 0)
			return full;
		p += dir.len;
	}
	return STR("");
}

static struct str library_in_process(struct maker *m, struct str name)
{
	struct path_list l = { 0 };
	if (!m->o->pid)
		return STR("");
	err_free(mapped_files(m, &l));
	for (size_t i = 0; i < l.v.n; i++) {
		struct str path = l.v.v[i];
		size_t slash = (size_t)str_rfind_byte(path, '/');
		if (is_library_name(str_from_off(path, slash + 1), name))
			return path;
	}
	return STR("");
}

static struct str library_in_folders(struct maker *m, struct str name)
{
	const char *suffix = str_find(name, STR(".so")) >= 0 ? "" : ".so*";
	for (size_t i = 0; i < ARRAY_LEN(library_folders); i++) {
		glob_t g;
		struct str found = STR("");
		struct str pattern = arena_printf(m->arena, "%s/%.*s%s", library_folders[i],
						  STR_ARG(name), suffix);
		if (glob(pattern.p, 0, NULL, &g) == 0) {
			for (size_t k = 0; k < g.gl_pathc && !found.len; k++)
				if (is_file(g.gl_pathv[k]))
					found = arena_strdup(m->arena, str_from(g.gl_pathv[k]));
			globfree(&g);
		}
		if (found.len)
			return found;
	}
	return STR("");
}

// Libraries that the process has, then those that programs would get.
static struct str library(struct maker *m, struct str name)
{
	struct str found = library_in_process(m, name);
	struct file_map cache;
	if (found.len)
		return found;
	struct err *e = file_map_open(LD_CACHE, &cache);
	if (!e) {
		found = arena_strdup(m->arena, ld_cache_find(cache.data, name));
		file_map_close(&cache);
	}
	err_free(e);
	if (!found.len || !is_file(found.p))
		found = library_in_folders(m, name);
	return found;
}

// Without a '/': a file here, a command, a library, a process.
static struct err *find_by_name(struct maker *m, struct str name, struct program_list *out)
{
	uint64_t pid;
	if (is_file(arena_strdup(m->arena, name).p))
		return add_program(m, out, arena_printf(m->arena, "./%.*s", STR_ARG(name)), name);
	struct str found = on_path(m, name);
	if (!found.len)
		found = library(m, name);
	if (found.len) {
		found = canonical(m, found);
		return add_program(m, out, seen_by_process(m, found), found);
	}
	if (str_to_u64(name, &pid) && pid <= INT32_MAX) {
		struct str exe = arena_printf(m->arena, "/proc/%d/exe", (int)pid);
		if (access(exe.p, F_OK) == 0)
			return add_program(m, out, exe, exe);
		return err_new(ERR_NOTFOUND, "no process %d", (int)pid);
	}
	return err_new(ERR_NOTFOUND, "no file, command or library '%.*s'", STR_ARG(name));
}

static struct err *find_process_program(struct maker *m, struct program_list *out)
{
	char link[PATH_MAX];
	if (m->o->command)
		return add_program(m, out, str_from(m->o->command), str_from(m->o->command));
	struct str exe = arena_printf(m->arena, "/proc/%d/exe", m->o->pid);
	ssize_t n = readlink(exe.p, link, sizeof(link));
	if (n < 0)
		return errno == ENOENT ? err_new(ERR_NOTFOUND, "no process %d", m->o->pid)
				       : err_sys(errno, "cannot read %s", exe.p);
	return add_program(m, out, exe, (struct str) { link, (size_t)n });
}

// --- patterns ---

// Adds the files that are programs; the others that a pattern matches are left out.
static void add_if_program(struct maker *m, struct program_list *out, struct str path,
			   struct str text)
{
	struct err *e = is_file(path.p) ? add_program(m, out, path, text) : NULL;
	err_free(e);
}

static void glob_files(struct maker *m, struct str pattern, struct program_list *out)
{
	glob_t g;
	if (glob(pattern.p, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc && i < GLOB_FILES_MAX; i++) {
		struct str path = arena_strdup(m->arena, str_from(g.gl_pathv[i]));
		add_if_program(m, out, path, path);
	}
	globfree(&g);
}

static struct err *glob_mapped(struct maker *m, struct str pattern, struct program_list *out)
{
	struct path_list l = { 0 };
	TRY(mapped_files(m, &l));
	for (size_t i = 0; i < l.v.n; i++) {
		struct str path = l.v.v[i];
		size_t slash = (size_t)str_rfind_byte(path, '/');
		if (str_glob(pattern, str_from_off(path, slash + 1)))
			add_if_program(m, out, seen_by_process(m, path), path);
	}
	return NULL;
}

static struct err *find_by_pattern(struct maker *m, struct str pattern, struct program_list *out)
{
	out->is_glob = true;
	if (str_find(pattern, STR("/")) >= 0) {
		glob_files(m, pattern, out);
	} else if (m->o->command && str_eq(pattern, STR("*"))) {
		TRY(find_process_program(m, out));
	} else if (m->o->pid && !m->o->command) {
		TRY(glob_mapped(m, pattern, out));
	} else if (str_eq(pattern, STR("*"))) {
		return err_new(ERR_USAGE, "'*' as a program means all that one process executes: "
					  "say which one with -p");
	} else {
		glob_files(m, pattern, out);
		const char *path = getenv("PATH");
		for (const char *p = path; p && !out->v.n; p = *p ? p + 1 : NULL) {
			struct str dir = { p, strcspn(p, ":") };
			if (dir.len)
				glob_files(m,
					   arena_printf(m->arena, "%.*s/%.*s", STR_ARG(dir),
							STR_ARG(pattern)),
					   out);
			p += dir.len;
		}
	}
	if (!out->v.n)
		return err_new(ERR_NOTFOUND, "no program matches '%.*s'", STR_ARG(pattern));
	return NULL;
}

static struct err *find(struct maker *m, const struct attach_field *f, struct program_list *out)
{
	struct str text = field_text(m, f);
	struct str path = arena_strdup(m->arena, text);
	if (!text.len && m->o->pid)
		return find_process_program(m, out);
	if (!text.len)
		return err_new(ERR_USAGE, "the program is missing: give a path, a command or a "
					  "library, or a process with -p");
	if (memchr(text.p, 0, text.len))
		return err_new(ERR_USAGE, "a path holds no NUL");
	if (!f->is_quoted && str_is_glob(text) && !is_file(path.p))
		return find_by_pattern(m, path, out);
	if (str_find(text, STR("/")) >= 0)
		return add_program(m, out, seen_by_process(m, path), path);
	return find_by_name(m, path, out);
}

struct err *plan_find_program(struct arena *a, const char *what, const struct plan_options *o,
			      struct str *path)
{
	struct plan_private private = { .arena = a, .tracefs = -1 };
	struct plan plan = { .private = &private };
	struct maker m = { .arena = a, .plan = &plan, .o = o };
	struct program_list found = { 0 };
	struct str text = arena_strdup(a, str_from(what));
	bool is_path = strchr(what, '/');
	struct err *e = is_path ? add_program(&m, &found, seen_by_process(&m, text), text)
				: find_by_name(&m, text, &found);
	if (!e)
		*path = str_from(found.v.v[0]->path);
	for (size_t i = 0; i < private.opened.n; i++)
		target_close(private.opened.v[i].target);
	return e;
}

bool find_programs(struct maker *m, const struct attach_field *f, struct program_list *out)
{
	*out = (struct program_list) { 0 };
	struct span span = f->span.len ? f->span : m->attach->span;
	struct err *e = find(m, f, out);
	if (!e)
		return true;
	if (err_kind(e) == ERR_NOTFOUND)
		say_missing(m, span, e);
	else
		say_error(m, span, e);
	return false;
}
