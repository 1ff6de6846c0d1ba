// SPDX-License-Identifier: Apache-2.0
// The files that processes have mapped, and /proc's way to them: a process may live in another
// mount namespace, and its program may have been deleted.
#include <elf.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "sym/internal.h"

// Each one is a mapping of our own, which are limited too.
#define OPENED_MAX 4096u
#define PATH_LEN   4096u
#define PAGE       4096u

// What tells one file from another, also when it was written anew.
struct identity {
	uint64_t dev, ino;
	int64_t size;
	int64_t sec, nsec;
};

struct opened {
	struct identity id;
	struct sym_file *file; // NULL: cannot be read as a program
	struct opened *next;
};

struct sym_file *files_add(struct files *f, struct target *t, bool is_owned)
{
	struct sym_file *file = ARENA_NEW(f->arena, struct sym_file);
	*file = (struct sym_file) { .target = t, .is_owned = is_owned, .next = f->all };
	file->answers = map_init(f->arena);
	f->all = file;
	return file;
}

void files_fini(struct files *f)
{
	for (struct sym_file *file = f->all; file; file = file->next)
		if (file->is_owned)
			target_close(file->target);
}

static uint64_t hash_of(const struct identity *id)
{
	return str_hash((struct str) { (const char *)id, sizeof(*id) });
}

static bool is_same(const struct identity *a, const struct identity *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool identify(const char *path, struct identity *out)
{
	struct stat st;
	// Devices may be mapped too; opening one may do anything.
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*out = (struct identity) {
		.dev = st.st_dev,
		.ino = st.st_ino,
		.size = st.st_size,
		.sec = st.st_mtim.tv_sec,
		.nsec = st.st_mtim.tv_nsec,
	};
	return true;
}

// --- the vDSO ---

// The kernel gives every process the same one: ours is in our own memory.
static struct bytes own_vdso(void)
{
	const uint8_t *p = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	if (!p)
		return (struct bytes) { NULL, 0 };
	// Its section headers stand at its end.
	struct {
		uint8_t before[40];
		uint64_t shoff;
		uint8_t between[10];
		uint16_t shentsize, shnum;
	} __attribute__((packed)) head;
	memcpy(&head, p, sizeof(head));
	return (struct bytes) { p, head.shoff + (uint64_t)head.shentsize * head.shnum };
}

static struct sym_file *vdso(struct files *f, const struct maps_line *m)
{
	struct bytes image = own_vdso();
	// That of a 32-bit process is another one.
	if (!image.p || m->high - m->low != ((image.len + PAGE - 1) & ~(uint64_t)(PAGE - 1)))
		return NULL;
	if (!f->vdso) {
		struct target *t = NULL;
		err_free(target_open_mem(image, "[vdso]", &t));
		f->vdso = files_add(f, t, true);
	}
	return f->vdso;
}

// --- mapped files ---

static struct sym_file *open_file(struct files *f, const char *path)
{
	struct target *t = NULL;
	if (f->n_opened >= OPENED_MAX)
		return NULL;
	struct err *e = target_open(path, f->debug_dir, &t);
	if (e) {
		log_debug("sym", "%s", err_text(e));
		err_free(e);
		return NULL;
	}
	f->n_opened++;
	return files_add(f, t, true);
}

static struct sym_file *by_path(struct files *f, const char *path, const struct identity *id)
{
	uint64_t hash = hash_of(id);
	struct opened *first = map_get(&f->by_identity, hash);
	for (struct opened *o = first; o; o = o->next)
		if (is_same(&o->id, id))
			return o->file;
	struct opened *o = ARENA_NEW(f->arena, struct opened);
	*o = (struct opened) { .id = *id, .file = open_file(f, path), .next = first };
	map_put(&f->by_identity, hash, o);
	return o->file;
}

struct sym_file *files_mapped(struct files *f, int pid, const struct maps_line *m)
{
	char path[PATH_LEN];
	struct identity id;
	if (str_eq(m->path, STR("[vdso]")))
		return vdso(f, m);
	if (m->path.len == 0 || m->path.p[0] != '/')
		return NULL;
	// The very file, deleted or not, in whatever namespace; needs privileges.
	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid,
		 (unsigned long long)m->low, (unsigned long long)m->high);
	if (identify(path, &id))
		return by_path(f, path, &id);
	int n = snprintf(path, sizeof(path), "/proc/%d/root%.*s", pid, STR_ARG(m->path));
	if (n >= (int)sizeof(path))
		return NULL;
	if (identify(path, &id))
		return by_path(f, path, &id);
	// The process has just ended: what is at that path here, if it is the same file.
	snprintf(path, sizeof(path), "%.*s", STR_ARG(m->path));
	if (identify(path, &id) && id.ino == m->ino)
		return by_path(f, path, &id);
	// Of a deleted program there is still this.
	struct str deleted = STR(" (deleted)");
	char link[PATH_LEN];
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	ssize_t len = readlink(path, link, sizeof(link));
	if (str_ends(m->path, deleted) && len > 0 &&
	    str_eq((struct str) { link, (size_t)len }, m->path) && identify(path, &id))
		return by_path(f, path, &id);
	return NULL;
}

bool file_vaddr(struct sym_file *f, uint64_t foff, uint64_t *out)
{
	const struct elf *elf = target_elf(f->target);
	bool found = false;
	for (size_t i = 0; i < elf_n_segments(elf); i++) {
		const struct elf_segment *s = elf_segment(elf, i);
		// Whole pages are mapped.
		uint64_t low = s->foff & ~(uint64_t)(PAGE - 1);
		if (s->type != PT_LOAD || foff < low || foff - low >= s->filesz + (s->foff - low))
			continue;
		if (found && !(s->flags & PF_X))
			continue;
		*out = foff - s->foff + s->vaddr;
		found = true;
		if (s->flags & PF_X)
			break;
	}
	return found;
}
