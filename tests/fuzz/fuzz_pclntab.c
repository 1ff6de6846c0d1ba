// SPDX-License-Identifier: Apache-2.0
// Everything that go/ reads from a malformed Go program: functions, lines, inlining, arguments,
// runtime types.
#include "fuzz.h"

#include "base/err.h"
#include "go/go.h"

// So that one input's time stays bounded where the questions are ours, not the reader's.
#define FUNCS_MAX 500
#define PCS_MAX   16
#define TYPES_MAX 300

// Reads every byte, so that a view that leaves the file is seen.
static volatile unsigned sink;

static void sum(struct str s)
{
	unsigned n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += (unsigned char)s.p[i];
	sink = n;
}

static bool note(void *ctx, const struct go_inline *in)
{
	size_t *n = ctx;
	sum(in->func);
	sum(in->caller);
	sum(in->call.file);
	if (in->low >= in->high)
		__builtin_trap();
	return ++*n > 1000;
}

static void ask_at(struct go *go, const struct go_func *f, uint64_t pc)
{
	struct go_frame frames[8];
	struct go_func found;
	int32_t delta;
	size_t n = go_frames_at(go, f, pc, frames, 8);
	for (size_t i = 0; i < n; i++) {
		sum(frames[i].func);
		sum(frames[i].pos.file);
	}
	go_sp_delta(go, f, pc, &delta);
	go_func_at(go, pc, &found);
}

static void ask_function(struct go *go, const struct go_func *f)
{
	struct go_arginfo args;
	struct go_pos pos;
	size_t n = 0;
	if (f->end > f->next || f->entry > f->next)
		__builtin_trap();
	sum(f->name);
	go_func_pos(go, f, &pos);
	sum(pos.file);
	go_sp_first_change(go, f);
	go_arginfo(go, f, &args);
	go_each_inline(go, f, note, &n);
	sum(go_method_signature(go, f->entry));
	uint64_t step = (f->next - f->entry) / PCS_MAX + 1;
	for (uint64_t pc = f->entry; pc < f->next; pc += step)
		ask_at(go, f, pc);
}

static void ask_types(struct go *go)
{
	const struct go_module *m = go_module(go);
	size_t n = 0;
	for (uint64_t at = m->types; at < m->etypes && n < TYPES_MAX; at += 8, n++) {
		struct type *t;
		struct err *e = go_rtype(go, at, &t);
		if (!e)
			e = type_complete(t);
		err_free(e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf *elf;
	struct go *go;
	struct err *e = elf_open_mem((struct bytes) { data, size }, "fuzz", &elf);
	if (e) {
		err_free(e);
		return 0;
	}
	e = go_open(elf, &go);
	if (!e) {
		for (size_t i = 0; i < go_n_funcs(go); i++) {
			struct go_func f;
			struct str name;
			uint64_t entry;
			go_func_name(go, i, &name, &entry);
			if (i < FUNCS_MAX && go_func_get(go, i, &f))
				ask_function(go, &f);
		}
		ask_types(go);
		go_g_offset(go, STR("goid"));
		go_close(go);
	}
	err_free(e);
	elf_close(elf);
	return 0;
}
