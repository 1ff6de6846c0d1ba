// SPDX-License-Identifier: Apache-2.0
// Headers of line tables: versions 2 to 5, directories and files.
#include "dwarf/line.h"

struct line_cache {
	struct map tables; // by offset
	struct budget budget;
};

static void read_old_files(struct dwarf *dw, struct cursor *c, struct line_table *t)
{
	VEC_PUSH(dw->arena, &t->dirs, t->comp_dir);
	VEC_PUSH(dw->arena, &t->files, (struct line_file) { .name = STR("") });
	for (;;) {
		struct str dir = cursor_cstr(c);
		if (!cursor_ok(c) || dir.len == 0)
			break;
		VEC_PUSH(dw->arena, &t->dirs, dir);
	}
	for (;;) {
		struct line_file f = { .name = cursor_cstr(c) };
		if (!cursor_ok(c) || f.name.len == 0)
			break;
		f.dir = cursor_uleb(c);
		cursor_uleb(c); // time
		cursor_uleb(c); // length
		VEC_PUSH(dw->arena, &t->files, f);
	}
}

#define FORMATS_MAX 16

struct entry_format {
	struct attr_spec specs[FORMATS_MAX];
	size_t n;
};

static void read_format(struct cursor *c, struct entry_format *out)
{
	out->n = cursor_u8(c);
	if (out->n > FORMATS_MAX) {
		cursor_fail(c, "too many columns in a table of files");
		out->n = 0;
	}
	for (size_t i = 0; i < out->n; i++) {
		uint64_t what = cursor_uleb(c);
		uint64_t form = cursor_uleb(c);
		if (what > UINT16_MAX)
			what = UINT16_MAX;
		if (form > UINT16_MAX || form == DW_FORM_implicit_const)
			cursor_fail(c, "bad form in a table of files");
		out->specs[i] = (struct attr_spec) { (uint16_t)what, (uint16_t)form, 0 };
	}
}

// One table of version 5: directories or files.
static void read_new_table(struct dwarf *dw, struct cursor *c, const struct unit *u,
			   struct line_table *t, bool is_files)
{
	struct entry_format format;
	read_format(c, &format);
	uint64_t n = cursor_uleb(c);
	for (uint64_t i = 0; i < n && cursor_ok(c); i++) {
		struct line_file f = { .name = STR("") };
		size_t before = cursor_off(c);
		for (size_t k = 0; k < format.n; k++) {
			struct attr a;
			attr_read(c, u, &format.specs[k], &a);
			if (a.name == DW_LNCT_path)
				f.name = attr_str(dw, u, &a);
			else if (a.name == DW_LNCT_directory_index)
				f.dir = a.u;
		}
		// Entries without bytes could be endlessly many.
		if (!cursor_ok(c) || cursor_off(c) == before)
			return;
		if (is_files)
			VEC_PUSH(dw->arena, &t->files, f);
		else
			VEC_PUSH(dw->arena, &t->dirs, f.name);
	}
}

static bool read_header(struct dwarf *dw, const struct unit *u, struct line_table *t)
{
	struct cursor c = cursor_init(dw->sec[SEC_LINE], ".debug_line");
	cursor_seek(&c, t->off);
	uint64_t len = cursor_u32(&c);
	t->off_size = 4;
	if (len == 0xffffffff) {
		t->off_size = 8;
		len = cursor_u64(&c);
	}
	if (!cursor_ok(&c) || len > cursor_left(&c))
		return false;
	c.end = c.pos + len;
	t->version = cursor_u16(&c);
	t->addr_size = u->addr_size;
	if (t->version < 2 || t->version > 5)
		return false;
	if (t->version == 5) {
		t->addr_size = cursor_u8(&c);
		cursor_u8(&c); // segment selectors
	}
	uint64_t header_len = cursor_uint(&c, t->off_size);
	uint64_t program = cursor_off(&c) + MIN(header_len, cursor_left(&c));
	t->min_insn = cursor_u8(&c);
	if (t->version >= 4)
		cursor_u8(&c); // operations in an instruction, 1 on every machine of ours
	t->default_is_stmt = cursor_u8(&c) != 0;
	t->line_base = (int8_t)cursor_u8(&c);
	t->line_range = cursor_u8(&c);
	t->opcode_base = cursor_u8(&c);
	t->opcode_lengths = cursor_bytes(&c, t->opcode_base ? t->opcode_base - 1u : 0);
	if (!cursor_ok(&c) || t->opcode_base == 0)
		return false;
	struct unit shape = *u;
	shape.off_size = t->off_size;
	if (t->version == 5) {
		read_new_table(dw, &c, &shape, t, false);
		read_new_table(dw, &c, &shape, t, true);
	} else {
		read_old_files(dw, &c, t);
	}
	struct cursor whole = { .start = c.start, .pos = c.start, .end = c.end, .what = c.what };
	cursor_seek(&whole, program);
	t->program = cursor_bytes(&whole, cursor_left(&whole));
	return true;
}

struct line_table *line_table_of(struct dwarf *dw, const struct unit *u)
{
	if (u->line_off >= dw->sec[SEC_LINE].len)
		return NULL;
	if (!dw->lines) {
		dw->lines = ARENA_NEW(dw->arena, struct line_cache);
		dw->lines->tables = map_init(dw->arena);
		dw->lines->budget = budget_for(dw->sec[SEC_LINE].len);
	}
	struct line_table *t = map_get(&dw->lines->tables, u->line_off);
	if (!t) {
		t = ARENA_NEW(dw->arena, struct line_table);
		t->off = u->line_off;
		t->comp_dir = u->comp_dir;
		if (!budget_take(&dw->lines->budget, 16) || !read_header(dw, u, t))
			*t = (struct line_table) { .is_run = true };
		// Tables of honest files do not overlap.
		else if (!budget_take(&dw->lines->budget, t->program.len))
			t->is_run = true;
		map_put(&dw->lines->tables, u->line_off, t);
	}
	return t;
}

// A path that no file can have is left as its name: many of them would fill the memory.
#define PATH_LEN_MAX 4096

static struct str join(struct arena *a, struct str dir, struct str name)
{
	if (dir.len == 0 || (name.len > 0 && name.p[0] == '/'))
		return name;
	if (dir.len + name.len > PATH_LEN_MAX)
		return name;
	bool has_slash = dir.p[dir.len - 1] == '/';
	return arena_printf(a, "%.*s%s%.*s", STR_ARG(dir), has_slash ? "" : "/", STR_ARG(name));
}

struct str line_path(struct dwarf *dw, struct line_table *t, uint64_t file)
{
	if (file >= t->files.n)
		return STR("");
	struct line_file *f = &t->files.v[file];
	if (f->path.len || f->name.len == 0)
		return f->path.p ? f->path : STR("");
	struct str dir = f->dir < t->dirs.n ? t->dirs.v[f->dir] : STR("");
	// The first directory is the one that the compiler ran in; others may be relative to it.
	if (f->dir != 0 && t->dirs.n > 0)
		dir = join(dw->arena, t->dirs.v[0], dir);
	f->path = join(dw->arena, dir, f->name);
	return f->path;
}

struct str line_file_name(struct dwarf *dw, const struct unit *u, uint64_t file)
{
	struct line_table *t = line_table_of(dw, u);
	// Before version 5 the number 0 says that there is no file.
	return t ? line_path(dw, t, file) : STR("");
}
