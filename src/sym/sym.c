// SPDX-License-Identifier: Apache-2.0
// Addresses to names, each answer found once.
#include "base/file.h"
#include "sym/process.h"

// Answers that are kept; a program that has more than these is asked again.
#define ANSWERS_MAX (1u << 20)

struct answer {
	uint64_t vaddr;
	uint32_t n;
	struct target_frame v[];
};

struct symbols {
	struct arena *arena;
	unsigned want;
	size_t n_answers;
	struct processes processes;
	struct map known; // programs by their struct target
	struct kernel_symbols *kernel;
};

struct symbols *symbols_new(const struct symbols_options *o)
{
	struct arena *arena = arena_new();
	struct symbols *s = ARENA_NEW(arena, struct symbols);
	s->arena = arena;
	s->known = map_init(arena);
	if (o->has_lines)
		s->want |= TARGET_FRAMES_LINES | TARGET_FRAMES_INLINED;
	if (o->no_demangle)
		s->want |= TARGET_FRAMES_RAW;
	file_map_survive_truncation();
	processes_init(&s->processes, arena, o->debug_dir);
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	processes_fini(&s->processes);
	kernel_symbols_free(s->kernel);
	arena_free(s->arena);
}

void symbols_process(struct symbols *s, int pid)
{
	process_refresh(&s->processes, pid);
}

void symbols_program(struct symbols *s, int pid, struct target *t, uint64_t bias)
{
	struct process *p = process_get(&s->processes, pid);
	struct sym_file *file = map_get(&s->known, (uintptr_t)t);
	if (!file) {
		file = files_add(&s->processes.files, t, false);
		map_put(&s->known, (uintptr_t)t, file);
	}
	for (const struct known_program *k = p->programs; k; k = k->next)
		if (k->file == file && k->bias == bias)
			return;
	struct known_program *k = ARENA_NEW(s->arena, struct known_program);
	*k = (struct known_program) { .file = file, .bias = bias, .next = p->programs };
	p->programs = k;
}

// The frames of a file's address; as many as fit in out when they cannot be kept.
static size_t frames_at(struct symbols *s, struct sym_file *f, uint64_t vaddr, bool is_return,
			struct target_frame out[SYMBOL_FRAMES_MAX])
{
	uint64_t key = vaddr << 1 | is_return;
	struct answer *a = map_get(&f->answers, key);
	if (a && a->vaddr == vaddr) {
		memcpy(out, a->v, a->n * sizeof(out[0]));
		return a->n;
	}
	// What a call returns to may belong to something else already.
	size_t n = target_frames(f->target, vaddr - is_return, s->want, out, SYMBOL_FRAMES_MAX);
	if (a || s->n_answers == ANSWERS_MAX)
		return n;
	s->n_answers++;
	a = arena_alloc(s->arena, 1, sizeof(*a) + n * sizeof(out[0]));
	a->vaddr = vaddr;
	a->n = (uint32_t)n;
	memcpy(a->v, out, n * sizeof(out[0]));
	map_put(&f->answers, key, a);
	return n;
}

// 0: not known there.
static size_t ask_file(struct symbols *s, struct sym_file *f, uint64_t vaddr, bool is_return,
		       struct str path, struct symbol_frame *out)
{
	struct target_frame v[SYMBOL_FRAMES_MAX];
	size_t n = frames_at(s, f, vaddr, is_return, v);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct symbol_frame) {
			.func = v[i].func,
			.off = v[i].is_inlined ? 0 : vaddr - v[i].vaddr,
			.path = path,
			.file = v[i].pos.file,
			.line = v[i].pos.line,
			.is_inlined = v[i].is_inlined,
			.is_wrapper = v[i].is_wrapper,
		};
	return n;
}

static size_t ask_programs(struct symbols *s, const struct process *p, uint64_t pc, bool is_return,
			   struct symbol_frame *out)
{
	for (const struct known_program *k = p->programs; k; k = k->next) {
		struct str path = str_from(target_path(k->file->target));
		size_t n = ask_file(s, k->file, pc - k->bias, is_return, path, out);
		if (n)
			return n;
	}
	return 0;
}

size_t symbols_user(struct symbols *s, int pid, uint64_t pc, bool is_return,
		    struct symbol_frame out[SYMBOL_FRAMES_MAX])
{
	struct process *p = process_get(&s->processes, pid);
	const struct mapping *m = process_mapping(p, pc - is_return);
	uint64_t vaddr;
	size_t n = 0;
	out[0] = (struct symbol_frame) { STR(""), .path = STR(""), .file = STR("") };
	if (!m) {
		n = ask_programs(s, p, pc, is_return, out);
		if (n)
			return n;
		if (process_read(&s->processes, p))
			m = process_mapping(p, pc - is_return);
	}
	if (!m)
		return 1;
	if (m->file && m->file->target &&
	    file_vaddr(m->file, pc - is_return - m->low + m->foff, &vaddr))
		n = ask_file(s, m->file, vaddr + is_return, is_return, *m->path, out);
	else // the process ended while its files were being opened
		n = ask_programs(s, p, pc, is_return, out);
	out[0].path = *m->path;
	return n ? n : 1;
}

bool symbols_build_id(struct symbols *s, int pid, uint64_t pc, struct bytes *id, uint64_t *foff)
{
	struct process *p = process_get(&s->processes, pid);
	const struct mapping *m = process_mapping(p, pc);
	struct elf *elf = NULL;
	if (m && m->file && m->file->target) {
		elf = target_elf(m->file->target);
		*foff = pc - m->low + m->foff;
	}
	for (const struct known_program *k = p->programs; k && !elf; k = k->next)
		if (elf_vaddr_to_foff(target_elf(k->file->target), pc - k->bias, foff))
			elf = target_elf(k->file->target);
	*id = elf ? elf_build_id(elf) : (struct bytes) { 0 };
	return id->len > 0;
}

bool symbols_kernel(struct symbols *s, uint64_t pc, struct symbol_frame *out)
{
	if (!s->kernel)
		s->kernel = kernel_symbols_new("/proc/kallsyms");
	return kernel_symbols_at(s->kernel, pc, out);
}
