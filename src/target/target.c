// SPDX-License-Identifier: Apache-2.0
// Opening a program and its parts.
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "target/internal.h"

#define SYSTEM_DEBUG_DIR "/usr/lib/debug"

static bool is_program_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

// The first executable of that name on PATH, as the shell would find it; empty if there is none.
static struct str on_path(struct arena *a, const char *command)
{
	const char *path = getenv("PATH");
	if (!path)
		return STR("");
	for (const char *p = path;; p = strchr(p, ':') + 1) {
		struct str dir = { p, strcspn(p, ":") };
		struct str full =
			arena_printf(a, "%.*s%s%s", STR_ARG(dir), dir.len ? "/" : "", command);
		if (is_program_file(full.p) && access(full.p, X_OK) == 0)
			return full;
		if (!p[dir.len])
			return STR("");
	}
}

static struct err *resolve_pid(struct arena *a, struct str what, uint64_t pid, struct str *out)
{
	struct str proc = arena_printf(a, "/proc/%llu", (unsigned long long)pid);
	struct stat st;
	if (stat(proc.p, &st) < 0)
		return err_new(ERR_NOTFOUND, "no process %.*s", STR_ARG(what));
	*out = arena_printf(a, "%s/exe", proc.p);
	char link[8];
	if (readlink(out->p, link, sizeof(link)) < 0) {
		if (errno == ENOENT)
			return err_new(
				ERR_UNSUPPORTED,
				"process %.*s has no program (a kernel thread, or it has ended)",
				STR_ARG(what));
		if (errno == EACCES || errno == EPERM)
			return err_new(ERR_SYS,
				       geteuid()
					       ? "process %.*s belongs to another user (run with "
						 "sudo)"
					       : "the kernel does not let root look at process "
						 "%.*s: it takes CAP_SYS_PTRACE in that process's "
						 "user namespace",
				       STR_ARG(what));
		return err_sys(errno, "cannot read %s", out->p);
	}
	return NULL;
}

static struct err *resolve(struct arena *a, const char *what, struct str *out)
{
	struct str s = str_from(what);
	uint64_t pid;
	if (s.len == 0)
		return err_new(ERR_USAGE, "the target is empty: give a path, a command or a pid");
	if (!is_program_file(what) && str_to_u64(s, &pid) && pid <= INT32_MAX)
		return resolve_pid(a, s, pid, out);
	*out = arena_strdup(a, s);
	if (is_program_file(what) || strchr(what, '/'))
		return NULL;
	struct str found = on_path(a, what);
	if (found.len) {
		*out = found;
		return NULL;
	}
	if (access(what, F_OK) == 0)
		return NULL; // a directory or the like: opening it says what is wrong
	return err_new(ERR_NOTFOUND, "no such file or command: %s", what);
}

// "/proc/123" of "/proc/123/exe", "/proc/123/root/bin/sh", "/proc/123/map_files/..."; else empty.
static struct str proc_folder(struct str path)
{
	size_t n = sizeof("/proc/") - 1;
	if (!str_starts(path, STR("/proc/")))
		return STR("");
	while (n < path.len && path.p[n] >= '0' && path.p[n] <= '9')
		n++;
	return n < path.len && path.p[n] == '/' ? str_first(path, n) : STR("");
}

// The given folder, the one of the process's own file system (it may be in a container), the
// system's.
static void set_debug_dirs(struct target *t, const char *debug_dir, struct str path)
{
	size_t n = 0;
	struct str proc = proc_folder(path);
	if (debug_dir)
		t->debug_dirs[n++] = arena_strdup(t->arena, str_from(debug_dir)).p;
	if (proc.len)
		t->debug_dirs[n++] =
			arena_printf(t->arena, "%.*s/root" SYSTEM_DEBUG_DIR, STR_ARG(proc)).p;
	t->debug_dirs[n] = SYSTEM_DEBUG_DIR;
}

struct err *target_open(const char *what, const char *debug_dir, struct target **out)
{
	*out = NULL;
	struct arena *arena = arena_new();
	struct target *t = ARENA_NEW(arena, struct target);
	t->arena = arena;
	t->name = arena_strdup(arena, str_from(what));
	struct str path = STR("");
	struct err *e = resolve(arena, what, &path);
	if (!e)
		e = elf_open(path.p, &t->elf);
	set_debug_dirs(t, debug_dir, path);
	if (!e && elf_is_object(t->elf))
		e = err_new(ERR_UNSUPPORTED, "%s is an object file; link it into a program first",
			    what);
	if (e) {
		target_close(t);
		return e;
	}
	*out = t;
	return NULL;
}

struct err *target_open_mem(struct bytes data, const char *name, struct target **out)
{
	*out = NULL;
	struct arena *arena = arena_new();
	struct target *t = ARENA_NEW(arena, struct target);
	t->arena = arena;
	t->name = arena_strdup(arena, str_from(name));
	struct err *e = elf_open_mem(data, t->name.p, &t->elf);
	if (e) {
		target_close(t);
		return e;
	}
	*out = t;
	return NULL;
}

void target_close(struct target *t)
{
	if (!t)
		return;
	cfi_close(t->cfi);
	dwarf_close(t->dwarf);
	go_close(t->go);
	elf_close(t->elf);
	arena_free(t->view_arena);
	arena_free(t->arena);
}

const char *target_name(const struct target *t)
{
	return t->name.p;
}

const char *target_path(const struct target *t)
{
	return elf_path(t->elf);
}

struct elf *target_elf(struct target *t)
{
	return t->elf;
}

enum insn_arch target_arch(const struct target *t)
{
	return elf_arch(t->elf) == ELF_X86_64 ? INSN_X86_64 : INSN_ARM64;
}

void target_note_damage(struct target *t, struct err *e)
{
	if (!e)
		return;
	// The first one is told; others often follow from it.
	if (t->damage.len == 0)
		t->damage = arena_strdup(t->arena, str_from(err_text(e)));
	err_free(e);
}

struct str target_damage(const struct target *t)
{
	return t->damage;
}

struct go *target_go(struct target *t)
{
	if (!t->go_was_tried) {
		t->go_was_tried = true;
		struct err *e = go_open(t->elf, &t->go);
		if (!err_catch(&e, ERR_NOTFOUND))
			target_note_damage(t, e);
	}
	return t->go;
}

bool target_is_go(struct target *t)
{
	return target_go(t) != NULL;
}

struct str target_go_version(struct target *t)
{
	struct go *go = target_go(t);
	return go ? go_buildinfo(go)->version.text : STR("");
}

static bool has_debug_info(struct elf *elf)
{
	return elf_find_section(elf, STR(".debug_info")) ||
	       elf_find_section(elf, STR(".zdebug_info"));
}

struct err *target_debug_elf(struct target *t, struct elf **out)
{
	if (!t->debug) {
		t->debug = t->elf;
		struct elf *debug = NULL;
		if (!has_debug_info(t->elf) || !elf_has_symtab(t->elf))
			TRY(elf_find_debug(t->elf, t->debug_dirs, &debug));
		if (debug)
			t->debug = debug;
	}
	*out = t->debug;
	return NULL;
}

struct dwarf *target_dwarf(struct target *t)
{
	if (!t->dwarf_was_tried) {
		t->dwarf_was_tried = true;
		struct elf *debug = t->elf;
		struct err *e = has_debug_info(t->elf) ? NULL : target_debug_elf(t, &debug);
		if (!e)
			e = dwarf_open(t->elf, debug, &t->dwarf);
		if (!err_catch(&e, ERR_NOTFOUND))
			target_note_damage(t, e);
	}
	return t->dwarf;
}

struct str target_missing(struct target *t)
{
	if (target_dwarf(t))
		return STR("");
	if (t->damage.len)
		return STR("its debug information cannot be used: parameters, results, locals and "
			   "lines are "
			   "not known");
	if (target_is_go(t))
		return STR("no DWARF in it: names and types of parameters, results and locals are "
			   "not known (build without -ldflags=-w)");
	return STR(
		"no DWARF in it and no separate debug file found: parameters, results, locals and "
		"lines are not known (build with -g, or install its debug package)");
}

bool target_go_func(struct target *t, const struct target_func *f, struct go_func *out)
{
	struct go *go = target_go(t);
	return go && go_func_at(go, f->vaddr, out) && out->entry == f->vaddr && !out->is_c;
}

bool target_dwarf_func(struct target *t, const struct target_func *f, struct dwarf_func *out)
{
	struct dwarf *dw = target_dwarf(t);
	if (!dw)
		return false;
	struct err *e = dwarf_func_at(dw, f->vaddr, out);
	if (err_catch(&e, ERR_NOTFOUND))
		return false;
	if (e) {
		target_note_damage(t, e);
		return false;
	}
	return out->low == f->vaddr;
}

const char *target_lang_name(enum target_lang lang)
{
	switch (lang) {
	case LANG_GO:
		return "Go";
	case LANG_ASM:
		return "assembly";
	case LANG_C:
		return "C";
	case LANG_CPP:
		return "C++";
	case LANG_RUST:
		return "Rust";
	case LANG_UNKNOWN:
		break;
	}
	return "unknown";
}

const char *target_abi_name(enum target_abi abi)
{
	switch (abi) {
	case ABI_GO0:
		return "ABI0";
	case ABI_GO_INTERNAL:
		return "ABIInternal";
	case ABI_C:
		return "C";
	case ABI_NONE:
		break;
	}
	return "none";
}

// --- build ids ---

// A note of Go's: sizes of name and text, type, "Go", text.
static struct str go_build_id(struct target *t)
{
	struct bytes b = { 0 };
	const struct elf_section *sec = elf_find_section(t->elf, STR(".note.go.buildid"));
	struct err *e = sec ? elf_section_data(t->elf, sec, &b) : NULL;
	struct cursor c = cursor_init(b, "Go's build id");
	err_free(e);
	uint32_t name_len = cursor_u32(&c), len = cursor_u32(&c);
	(void)cursor_u32(&c);
	struct bytes name = cursor_bytes(&c, name_len);
	struct bytes text = cursor_bytes(&c, len);
	e = cursor_err(&c);
	bool is_fine = !e && name.len == 4 && memcmp(name.p, "Go", 3) == 0;
	err_free(e);
	for (size_t i = 0; is_fine && i < text.len; i++)
		is_fine = text.p[i] > 0x20 && text.p[i] < 0x7f;
	return is_fine ? (struct str) { (const char *)text.p, text.len } : STR("");
}

struct target_build_id target_build_id(struct target *t, struct arena *a)
{
	struct bytes id = elf_build_id(t->elf);
	struct target_build_id out = { .text = STR("") };
	for (size_t i = 0; i < id.len; i++)
		out.text = arena_printf(a, "%.*s%02x", STR_ARG(out.text), id.p[i]);
	if (!out.text.len) {
		out.text = go_build_id(t);
		out.is_go = true;
	}
	return out;
}
