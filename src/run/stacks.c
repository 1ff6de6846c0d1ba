// SPDX-License-Identifier: Apache-2.0
// Maps by stack: their addresses as functions, and the shapes in which they are printed.
#include <stdlib.h>

#include "base/log.h"
#include "run/internal.h"

// --- addresses to functions ---

static struct str base_of(struct str path)
{
	return str_from_off(path, (size_t)(str_rfind_byte(path, '/') + 1));
}

static void add_frame(struct out_frames *out, const struct symbol_frame *f, uint64_t pc)
{
	struct out_buf b = { 0 };
	struct out_frame new = { .file = base_of(f->path) };
	resolve_put_frame(f, pc, &b);
	new.text = arena_strdup(out->arena, out_buf_view(&b));
	if (f->func.len)
		new.func = f->func;
	else
		new.func = new.file.len ? arena_printf(out->arena, "[%.*s]", STR_ARG(new.file))
					: STR("[unknown]");
	VEC_PUSH(out->arena, &out->v, new);
	out_buf_free(&b);
}

// Whether the next address is behind a call.
static bool add_address(struct session *s, uint32_t pid, bool is_kernel, uint64_t pc,
			bool is_return, struct out_frames *out)
{
	struct symbol_frame frames[SYMBOL_FRAMES_MAX];
	size_t n = resolve_frames(s, pid, is_kernel, pc, is_return, frames);
	for (size_t k = 0; k < n; k++)
		if (!frames[k].is_wrapper || !is_return) // see put_address
			add_frame(out, &frames[k], pc);
	return resolve_was_called(frames, n);
}

static void add_stack(struct session *s, struct bytes v, struct out_frames *out)
{
	struct code_stack stack = { 0 };
	struct code_frames frames;
	memcpy(&stack, v.p, MIN(v.len, sizeof(stack)));
	if (!resolve_stack(s, &stack, &frames))
		return;
	bool is_return = false;
	for (size_t i = 0; i < MIN(frames.n, (uint32_t)CODE_FRAMES_MAX); i++)
		is_return = add_address(s, stack.pid, stack.kind == CODE_STACK_KERNEL, frames.pc[i],
					is_return, out);
}

void stacks_frames(void *ctx, const struct out_type *t, struct bytes v, struct out_frames *out)
{
	struct code_symbol sym = { 0 };
	if (t->kind == OUT_STACK) {
		add_stack(ctx, v, out);
		return;
	}
	memcpy(&sym, v.p, MIN(v.len, sizeof(sym)));
	if (sym.pc)
		add_address(ctx, sym.pid, sym.pid == 0, sym.pc, sym.is_return, out);
}

// --- shapes ---

static void put_flame(struct session *s, const struct out_map *m, struct str title)
{
	char *text = NULL;
	size_t len = 0;
	if (!s->o->is_json) {
		out_flame(&s->env, m, title, s->out);
		return;
	}
	FILE *f = open_memstream(&text, &len);
	if (!f)
		abort();
	out_flame(&s->env, m, title, f);
	fclose(f);
	out_event_text("flame", (struct str) { text, len }, s->out);
	free(text);
}

struct err *map_stacks(struct session *s, const struct program_action *a)
{
	AUTO(arena_autofree) struct arena *arena = arena_new();
	struct out_map m;
	TRY(map_read(s, a->map, arena, &m));
	if (!m.n_rows && s->o->has_summary && !s->o->is_quiet)
		log_note("no call was seen: there are no stacks");
	if (a->kind == ACTION_FLAME)
		put_flame(s, &m, a->text);
	else if (a->kind == ACTION_FOLDED && s->o->is_json)
		out_folded_json(&s->env, &m, s->out);
	else if (a->kind == ACTION_FOLDED)
		out_folded_text(&s->env, &m, s->out);
	else if (s->o->is_json)
		out_stacks_json(&s->env, &m, s->out);
	else
		out_stacks_text(&s->env, &m, s->out);
	return NULL;
}
