// SPDX-License-Identifier: Apache-2.0
// #include, --include and import: other files' definitions, macros and probes become a part of the
// script.
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/pipeline.h"

#define FILES_MAX 100

struct including {
	struct arena *arena;
	const struct request *r;
	struct diag *diag;
	VEC(struct str) seen;
	VEC(struct item *) items; // of the whole script
};

static void take_items(struct including *in, const struct script *s, struct str path);

// The folder part of a path, with its '/'; empty if there is none.
static struct str folder_of(struct str path)
{
	return str_first(path, (size_t)(str_rfind_byte(path, '/') + 1));
}

// Where the file is: beside the one that names it, then in the folders of -I.
static bool find_file(struct including *in, struct str from, struct str name, struct str *out)
{
	bool is_whole = str_starts(name, STR("/"));
	*out = arena_printf(in->arena, "%.*s%.*s", is_whole ? 0 : (int)folder_of(from).len, from.p,
			    STR_ARG(name));
	if (access(out->p, R_OK) == 0)
		return true;
	for (size_t i = 0; i < in->r->folders.n && !is_whole; i++) {
		*out = arena_printf(in->arena, "%s/%.*s", in->r->folders.v[i], STR_ARG(name));
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

static void take_file(struct including *in, struct str from, struct str name, struct span span)
{
	struct str path;
	struct file_map file;
	if (!find_file(in, from, name, &path)) {
		diag_error(in->diag, span, "no file '%.*s'", STR_ARG(name));
		diag_hint(in->diag, "-I DIR says where else to look");
		return;
	}
	if (is_seen(in, path))
		return;
	struct err *e = in->seen.n > FILES_MAX ? err_new(ERR_USAGE, "too many files are included")
					       : file_map_open(path.p, &file);
	if (e) {
		diag_error(in->diag, span, "%s", err_text(e));
		err_free(e);
		return;
	}
	struct str text =
		arena_strdup(in->arena, (struct str) { (const char *)file.data.p, file.data.len });
	file_map_close(&file);
	uint32_t source = diag_add_source(in->diag, path, text);
	take_items(in, script_parse(in->arena, source, in->diag), path);
}

static void take_items(struct including *in, const struct script *s, struct str path)
{
	for (size_t i = 0; i < s->n_items; i++) {
		struct item *item = s->items[i];
		if (item->kind == ITEM_INCLUDE)
			take_file(in, path, item->include.path.text, item->span);
		else if (item->kind == ITEM_IMPORT)
			take_file(in, path, item->import.text, item->span);
		else
			VEC_PUSH(in->arena, &in->items, item);
	}
}

void include_files(struct arena *a, struct script *s, const struct request *r, struct diag *diag)
{
	struct including in = { .arena = a, .r = r, .diag = diag };
	for (size_t i = 0; i < r->includes.n; i++)
		take_file(&in, STR(""), str_from(r->includes.v[i]), SPAN_NONE);
	take_items(&in, s, r->name);
	s->items = in.items.v;
	s->n_items = in.items.n;
}
