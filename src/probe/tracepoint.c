// SPDX-License-Identifier: Apache-2.0
// Tracepoints: the kernel describes them in tracefs.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/near.h"
#include "probe/internal.h"

// Bytes of a file "format".
#define FORMAT_MAX 65536u
#define FIELDS_MAX 1000u

// --- "format" ---

static struct str trim(struct str s)
{
	while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from_off(s, 1);
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static struct str next_line(struct str *s)
{
	const char *end = s->len ? memchr(s->p, '\n', s->len) : NULL;
	struct str line = str_first(*s, end ? (size_t)(end - s->p) : s->len);
	*s = str_from_off(*s, end ? line.len + 1 : line.len);
	return line;
}

// The number behind "offset:" in a field's line.
static bool number_of(struct str line, struct str key, uint64_t *out)
{
	ptrdiff_t at = str_find(line, key);
	if (at < 0)
		return false;
	struct str rest = str_from_off(line, (size_t)at + key.len);
	const char *end = rest.len ? memchr(rest.p, ';', rest.len) : NULL;
	return end && str_to_u64(trim(str_first(rest, (size_t)(end - rest.p))), out);
}

static bool is_word_byte(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

// Removes a word from the front.
static bool take_word(struct str *s, struct str word)
{
	if (!str_starts(*s, word))
		return false;
	*s = trim(str_from_off(*s, word.len));
	return true;
}

// Sizes of array elements whose number is no number ("[TASK_COMM_LEN]").
static uint32_t size_of_type(struct str type)
{
	static const struct {
		struct str name;
		uint32_t size;
	} known[] = {
		{ { "char", 4 }, 1 }, { { "8", 1 }, 1 },    { { "16", 2 }, 2 },
		{ { "32", 2 }, 4 },   { { "64", 2 }, 8 },   { { "short", 5 }, 2 },
		{ { "int", 3 }, 4 },  { { "long", 4 }, 8 }, { { "*", 1 }, 8 },
	};
	if (str_ends(type, STR("_t")))
		type.len -= 2;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_ends(type, known[i].name))
			return known[i].size;
	return 1;
}

static void read_count(struct tracepoint_field *f, struct str brackets)
{
	uint64_t count;
	if (!str_to_u64(trim(brackets), &count) || !count || f->size % count)
		count = f->size / MAX(size_of_type(f->type), 1u);
	f->count = (uint32_t)count;
	f->elem_size = count ? f->size / f->count : 0;
}

// "char comm[16]", "__data_loc char[] name", "const char * filename"
static bool read_declaration(struct str s, struct tracepoint_field *f)
{
	struct str brackets = STR("");
	bool is_array = false;
	s = trim(s);
	f->is_data_loc = take_word(&s, STR("__data_loc "));
	f->is_rel_loc = take_word(&s, STR("__rel_loc "));
	if (str_ends(s, STR("]"))) {
		ptrdiff_t open = str_rfind_byte(s, '[');
		if (open < 0)
			return false;
		brackets = (struct str) { s.p + open + 1, s.len - (size_t)open - 2 };
		s = trim(str_first(s, (size_t)open));
		is_array = true;
	}
	size_t n = s.len;
	while (n && is_word_byte(s.p[n - 1]))
		n--;
	f->name = str_from_off(s, n);
	f->type = trim(str_first(s, n));
	if (str_ends(f->type, STR("[]")))
		f->type = trim(str_first(f->type, f->type.len - 2));
	f->is_pointer = str_ends(f->type, STR("*"));
	f->is_common = str_starts(f->name, STR("common_"));
	if (is_array && !f->is_data_loc && !f->is_rel_loc)
		read_count(f, brackets);
	return f->name.len && f->type.len;
}

// field:DECLARATION; offset:N; size:N; signed:N;
static bool read_field(struct str line, struct tracepoint_field *f)
{
	uint64_t off, size, sign = 0;
	*f = (struct tracepoint_field) { 0 };
	const char *end = memchr(line.p, ';', line.len);
	if (!end)
		return false;
	struct str declaration = str_first(line, (size_t)(end - line.p));
	struct str rest = str_from_off(line, declaration.len);
	if (!number_of(rest, STR("offset:"), &off) || !number_of(rest, STR("size:"), &size) ||
	    off > UINT16_MAX || size > UINT16_MAX)
		return false;
	number_of(rest, STR("signed:"), &sign);
	f->off = (uint32_t)off;
	f->size = (uint32_t)size;
	f->is_signed = sign != 0;
	return read_declaration(declaration, f);
}

struct err *tracepoint_parse(struct arena *a, struct str format, struct tracepoint *out)
{
	VEC(struct tracepoint_field) fields = { 0 };
	bool has_id = false;
	format = arena_strdup(a, format);
	while (format.len) {
		struct str line = trim(next_line(&format));
		struct tracepoint_field f;
		if (str_starts(line, STR("ID:"))) {
			has_id = str_to_u64(trim(str_from_off(line, 3)), &out->id);
		} else if (str_starts(line, STR("field:"))) {
			if (fields.n == FIELDS_MAX || !read_field(str_from_off(line, 6), &f))
				return err_new(ERR_BADDATA, "cannot understand the field '%.*s'",
					       STR_ARG(line));
			VEC_PUSH(a, &fields, f);
		}
	}
	out->fields = fields.v;
	out->n_fields = fields.n;
	return has_id ? NULL : err_new(ERR_BADDATA, "its format has no ID");
}

// --- tracefs ---

static struct err *open_mounted(int *fd)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	int why = ENOENT;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		*fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (*fd >= 0 && faccessat(*fd, "events", R_OK | X_OK, 0) == 0)
			return NULL;
		if (errno != ENOENT)
			why = errno;
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
	if (why == ENOENT)
		return err_note(err_new(ERR_SYS, "tracepoints need tracefs, which is not mounted"),
				"mount it, as root: mount -t tracefs tracefs /sys/kernel/tracing");
	return err_sys(why, "cannot look into %s (run with sudo)", places[0]);
}

static struct err *need_tracefs(struct maker *m)
{
	int *fd = &m->plan->private->tracefs;
	if (*fd >= 0)
		return NULL;
	return m->o->open_tracefs ? m->o->open_tracefs(fd) : open_mounted(fd);
}

// The text of events/GROUP/NAME/format; empty if there is no such file.
static struct str read_format(struct maker *m, struct str group, struct str name)
{
	struct str path =
		arena_printf(m->arena, "events/%.*s/%.*s/format", STR_ARG(group), STR_ARG(name));
	int fd = openat(m->plan->private->tracefs, path.p, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return STR("");
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	char *buffer = ARENA_ARRAY(scratch, char, FORMAT_MAX);
	size_t n = 0;
	ssize_t got = 1;
	while (got > 0 && n < FORMAT_MAX) {
		got = read(fd, buffer + n, FORMAT_MAX - n);
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return arena_strdup(m->arena, (struct str) { buffer, n });
}

struct names {
	VEC(struct str) v;
};

static int by_text(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	return str_cmp(*x, *y);
}

// The folders in a folder of tracefs, by name.
static void list_folder(struct maker *m, struct str path, struct names *out)
{
	struct dirent **list;
	*out = (struct names) { 0 };
	int n = scandirat(m->plan->private->tracefs, path.p, &list, NULL, NULL);
	for (int i = 0; i < n; i++) {
		const struct dirent *d = list[i];
		if (d->d_name[0] != '.' && (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN))
			VEC_PUSH(m->arena, &out->v, arena_strdup(m->arena, str_from(d->d_name)));
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	if (out->v.n)
		qsort(out->v.v, out->v.n, sizeof(out->v.v[0]), by_text);
}

// What a part of the attach point means: itself, or all names that match.
static void matching(struct maker *m, struct str folder, struct str pattern, struct names *out)
{
	struct names all;
	*out = (struct names) { 0 };
	if (!str_is_glob(pattern)) {
		VEC_PUSH(m->arena, &out->v, pattern);
		return;
	}
	list_folder(m, folder, &all);
	for (size_t i = 0; i < all.v.n; i++)
		if (str_glob(pattern, all.v.v[i]))
			VEC_PUSH(m->arena, &out->v, all.v.v[i]);
}

// --- the attach point ---

static struct err *add_tracepoint(struct maker *m, struct str group, struct str name, size_t *n)
{
	struct str format = read_format(m, group, name);
	if (!format.len)
		return NULL;
	struct tracepoint *t = ARENA_NEW(m->arena, struct tracepoint);
	t->group = arena_strdup(m->arena, group);
	t->name = arena_strdup(m->arena, name);
	TRY(err_wrap(tracepoint_parse(m->arena, format, t), "tracepoint %.*s:%.*s", STR_ARG(group),
		     STR_ARG(name)));
	struct plan_probe *p = add_probe(m, arena_printf(m->arena, "tracepoint:%.*s:%.*s",
							 STR_ARG(group), STR_ARG(name)));
	p->tracepoint = t;
	++*n;
	return NULL;
}

static void say_none(struct maker *m, struct str group, struct str name)
{
	struct names groups, names;
	struct span span = span_join(m->attach->fields[0].span, m->attach->fields[1].span);
	struct str folder = arena_printf(m->arena, "events/%.*s", STR_ARG(group));
	struct err *e = err_new(ERR_NOTFOUND, "no tracepoint %s '%.*s:%.*s'",
				str_is_glob(group) || str_is_glob(name) ? "matches" : "is called",
				STR_ARG(group), STR_ARG(name));
	list_folder(m, STR("events"), &groups);
	list_folder(m, folder, &names);
	const struct names *list = names.v.n ? &names : &groups;
	struct near near = near_init(names.v.n ? name : group);
	for (size_t i = 0; i < list->v.n; i++)
		near_offer(&near, list->v.v[i]);
	struct str line = STR("");
	for (size_t i = 0; i < near.n; i++)
		line = arena_printf(m->arena, "%.*s%s%.*s", STR_ARG(line), i ? ", " : "",
				    STR_ARG(near.best[i]));
	if (line.len)
		e = err_note(e, "near: %.*s", STR_ARG(line));
	say_missing(m, span, e);
}

static struct err *add_all(struct maker *m, struct str group, struct str name, size_t *n)
{
	struct names groups, names;
	matching(m, STR("events"), group, &groups);
	for (size_t i = 0; i < groups.v.n; i++) {
		struct str g = groups.v.v[i];
		// What function tracing writes is no event that a program could be attached to.
		if (str_is_glob(group) && str_eq(g, STR("ftrace")))
			continue;
		matching(m, arena_printf(m->arena, "events/%.*s", STR_ARG(g)), name, &names);
		for (size_t k = 0; k < names.v.n; k++)
			TRY(add_tracepoint(m, g, names.v.v[k], n));
	}
	return NULL;
}

void make_tracepoint(struct maker *m)
{
	const struct attach *at = m->attach;
	size_t n = 0;
	if (at->n_fields != 2 || at->offset || !at->fields[0].span.len || !at->fields[1].span.len) {
		diag_error(m->diag, at->span, "expected tracepoint:GROUP:NAME");
		diag_hint(m->diag, "for example tracepoint:syscalls:sys_enter_openat");
		return;
	}
	struct str group = field_text(m, &at->fields[0]), name = field_text(m, &at->fields[1]);
	if (str_find(group, STR("/")) >= 0 || str_find(name, STR("/")) >= 0) {
		diag_error(m->diag, at->span, "a tracepoint's name has no '/'");
		return;
	}
	struct err *e = need_tracefs(m);
	if (!e)
		e = add_all(m, group, name, &n);
	if (e)
		say_error(m, at->span, e);
	else if (!n)
		say_none(m, group, name);
}
