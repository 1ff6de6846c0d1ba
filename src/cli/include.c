// SPDX-License-Identifier: Apache-2.0
// #include, --include and import: other files' definitions, macros and probes become a part of the
// script.
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/pipeline.h"

#define FILES_MAX 500

struct including {
	struct arena *arena;
	const struct request *r;
	struct diag *diag;
	VEC(struct str) seen;
};

// What these define is built in.
static bool is_known_header(struct str name)
{
	static const char *const names[] = { "stdint.h", "inttypes.h", "stddef.h", "stdbool.h",
					     "stdarg.h" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, str_from(names[i])))
			return true;
	return false;
}

// Headers of the system's C library and of the kernel's interface.
static const char *const system_folders[] = {
	"/usr/include",
#ifdef __x86_64__
	"/usr/include/x86_64-linux-gnu",
#elif defined(__aarch64__)
	"/usr/include/aarch64-linux-gnu",
#endif
};

static bool is_in_system(struct str path)
{
	return str_starts(path, STR("/usr/include/"));
}

// The folder part of a path, with its '/'; empty if there is none.
static struct str folder_of(struct str path)
{
	return str_first(path, (size_t)(str_rfind_byte(path, '/') + 1));
}

// Where the file is: beside the one that names it, in the folders of -I, in the system's.
static bool find_file(struct including *in, const struct script_include *what, struct str *out)
{
	struct str name = what->path.text;
	struct str from = diag_source_name(in->diag, what->span.source);
	bool is_whole = str_starts(name, STR("/"));
	*out = arena_printf(in->arena, "%.*s%.*s", is_whole ? 0 : (int)folder_of(from).len, from.p,
			    STR_ARG(name));
	// <x.h> is beside a header of the system by chance only.
	bool is_beside = !what->is_system || !is_in_system(*out);
	if (is_beside && access(out->p, R_OK) == 0)
		return true;
	for (size_t i = 0; i < in->r->folders.n && !is_whole; i++) {
		*out = arena_printf(in->arena, "%s/%.*s", in->r->folders.v[i], STR_ARG(name));
		if (access(out->p, R_OK) == 0)
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(system_folders) && what->is_system && !is_whole; i++) {
		*out = arena_printf(in->arena, "%s/%.*s", system_folders[i], STR_ARG(name));
		if (access(out->p, R_OK) == 0)
			return true;
	}
	return false;
}

static bool is_seen(struct including *in, struct str path)
{
	for (size_t i = 0; i < in->seen.n; i++)
		if (str_eq(in->seen.v[i], path))
			return true;
	VEC_PUSH(in->arena, &in->seen, path);
	return false;
}

static void tell_missing(struct including *in, const struct script_include *what)
{
	// A header of the system may ask for more than there is here.
	if (is_in_system(diag_source_name(in->diag, what->span.source)))
		return;
	diag_error(in->diag, what->span, "no file '%.*s'", STR_ARG(what->path.text));
	diag_hint(in->diag, what->is_system
				    ? "it is neither in the folders of -I nor in /usr/include; the "
				      "kernel's own headers are not read"
				    : "-I DIR says where else to look");
}

static bool open_file(void *ctx, const struct script_include *what, uint32_t *source,
		      bool *is_system)
{
	struct including *in = ctx;
	struct str path;
	struct file_map file;
	bool is_found = find_file(in, what, &path);
	*is_system = is_found && is_in_system(path);
	if (what->is_system && (!is_found || *is_system) && is_known_header(what->path.text))
		return false;
	if (!is_found) {
		tell_missing(in, what);
		return false;
	}
	if (is_seen(in, path))
		return false;
	struct err *e = in->seen.n > FILES_MAX ? err_new(ERR_USAGE, "too many files are included")
					       : file_map_open(path.p, &file);
	if (e) {
		diag_error(in->diag, what->span, "%s", err_text(e));
		err_free(e);
		return false;
	}
	struct str text =
		arena_strdup(in->arena, (struct str) { (const char *)file.data.p, file.data.len });
	file_map_close(&file);
	*source = diag_add_source(in->diag, path, text);
	return true;
}

struct script *load_script(struct arena *a, uint32_t source, const struct request *r,
			   struct diag *diag)
{
	struct including in = { .arena = a, .r = r, .diag = diag };
	struct script_include *first = ARENA_ARRAY(a, struct script_include, r->includes.n + 1);
	for (size_t i = 0; i < r->includes.n; i++) {
		first[i].path.text = str_from(r->includes.v[i]);
		first[i].span = SPAN_NONE;
	}
	const struct script_files files = { open_file, &in, first, r->includes.n };
	return script_parse_files(a, source, &files, diag);
}
