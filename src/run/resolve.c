// SPDX-License-Identifier: Apache-2.0
// Numbers that stand for names: addresses, stacks, users, signals and the like, put into words.
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>

#include "run/internal.h"

static struct symbols *symbols_of(struct session *s)
{
	const struct symbols_options o = {
		.debug_dir = s->o->debug_dir,
		.has_lines = s->p->config->shows_lines,
		.no_demangle = !s->p->config->demangles_cpp,
	};
	if (!s->symbols)
		s->symbols = symbols_new(&o);
	return s->symbols;
}

void resolve_begin(struct session *s)
{
	symbols_process(symbols_of(s), s->p->pid);
}

void resolve_process(struct session *s, const struct code_process *e)
{
	struct symbols *symbols = symbols_of(s);
	symbols_process(symbols, (int)e->pid);
	// Some kernels do not tell where a function that returns began.
	if (e->site >= s->p->n_sites || !e->pc)
		return;
	const struct program_site *site = &s->p->sites[e->site];
	if (site->site && site->probe->program)
		symbols_program(symbols, (int)e->pid, site->probe->program->target,
				e->pc - site->site->vaddr);
}

void resolve_free(struct session *s)
{
	symbols_free(s->symbols);
}

// --- stacks ---

size_t resolve_frames(struct session *s, uint32_t pid, bool is_kernel, uint64_t pc, bool is_return,
		      struct symbol_frame out[SYMBOL_FRAMES_MAX])
{
	if (!is_kernel)
		return symbols_user(symbols_of(s), (int)pid, pc, is_return, out);
	if (!symbols_kernel(symbols_of(s), pc, &out[0]))
		out[0] = (struct symbol_frame) { 0 };
	return 1;
}

bool resolve_was_called(const struct symbol_frame *frames, size_t n)
{
	return !n || !str_eq(frames[n - 1].func, STR("runtime.sigpanic"));
}

static void put_position(const struct symbol_frame *f, struct out_buf *b)
{
	if (f->file.len)
		out_buf_printf(b, "@%.*s:%u", STR_ARG(f->file), f->line);
}

void resolve_put_frame(const struct symbol_frame *f, uint64_t pc, struct out_buf *b)
{
	if (!f->func.len) {
		out_buf_printf(b, "0x%" PRIx64, pc);
		return;
	}
	out_buf_str(b, f->func);
	if (f->is_inlined)
		out_buf_str(b, STR(" [inlined]"));
	else
		out_buf_printf(b, "+%" PRIu64, f->off);
	put_position(f, b);
}

static void put_perf_frame(const struct symbol_frame *f, uint64_t pc, struct out_buf *b)
{
	out_buf_printf(b, "%" PRIx64 " ", pc);
	if (f->func.len)
		resolve_put_frame(f, pc, b);
	else
		out_buf_str(b, STR("[unknown]"));
	out_buf_printf(b, " (%.*s)", STR_ARG(f->path.len ? f->path : STR("[unknown]")));
}

// The file and the place in it; an address without one is bare.
static void put_build_id(struct session *s, uint32_t pid, uint64_t pc, struct out_buf *b)
{
	struct bytes id;
	uint64_t foff;
	if (!symbols_build_id(symbols_of(s), (int)pid, pc, &id, &foff)) {
		out_buf_printf(b, "0x%" PRIx64 "\n", pc);
		return;
	}
	for (size_t n = 0; n < id.len; n++)
		out_buf_printf(b, "%02x", id.p[n]);
	out_buf_printf(b, " 0x%" PRIx64 "\n", foff);
}

// The functions at one address of a stack, at most max of them; how many. *is_return: of this
// address; then of the next one.
static size_t put_address(struct session *s, const struct code_stack *stack,
			  const struct builtin_use *use, bool *is_return, uint64_t pc,
			  unsigned indent, size_t max, struct out_buf *b)
{
	struct symbol_frame frames[SYMBOL_FRAMES_MAX];
	size_t put = 0;
	if (use->mode == STACK_RAW) {
		out_buf_printf(b, "%" PRIx64 "\n", pc);
		return 1;
	}
	if (use->mode == STACK_BUILD_ID && stack->kind == CODE_STACK_USER) {
		put_build_id(s, stack->pid, pc, b);
		return 1;
	}
	size_t n = resolve_frames(s, stack->pid, stack->kind == CODE_STACK_KERNEL, pc, *is_return,
				  frames);
	for (size_t k = 0; k < n && put < max; k++) {
		// As Go's own tracebacks have it; not where every address is told.
		if (frames[k].is_wrapper && *is_return && use->mode != STACK_PERF)
			continue;
		if (use->mode == STACK_PERF) {
			out_buf_str(b, STR("\t"));
			put_perf_frame(&frames[k], pc, b);
		} else {
			out_buf_fill(b, ' ', indent);
			resolve_put_frame(&frames[k], pc, b);
		}
		out_buf_str(b, STR("\n"));
		put++;
	}
	*is_return = resolve_was_called(frames, n);
	return put;
}

bool resolve_stack(const struct session *s, const struct code_stack *stack, struct code_frames *out)
{
	bool found = false;
	if (!stack->id || !s->c->stacks)
		return false;
	err_free(bpf_map_lookup(s->c->stacks, &stack->id, s->frames, &found));
	if (!found)
		return false;
	*out = (struct code_frames) { 0 };
	memcpy(out, s->frames, MIN(s->c->stacks->value_size, sizeof(*out)));
	return true;
}

static void put_stack(struct session *s, const struct out_type *t, struct bytes v, unsigned indent,
		      struct out_buf *b)
{
	static const struct builtin_use plain = { .mode = STACK_BPFTRACE };
	const struct builtin_use *use = t->meaning ? t->meaning : &plain;
	struct code_stack stack = { 0 };
	struct code_frames frames;
	memcpy(&stack, v.p, MIN(v.len, sizeof(stack)));
	out_buf_str(b, STR("\n"));
	if (!resolve_stack(s, &stack, &frames))
		return;
	size_t n = MIN(frames.n, (uint32_t)CODE_FRAMES_MAX);
	size_t left = use->limit ? use->limit : CODE_FRAMES_MAX;
	bool is_return = false;
	for (size_t i = 0; i < n && left; i++)
		left -= put_address(s, &stack, use, &is_return, frames.pc[i], indent, left, b);
}

// --- symbols ---

static void put_symbol(struct session *s, struct bytes v, struct out_buf *b)
{
	struct code_symbol sym = { 0 };
	struct symbol_frame frames[SYMBOL_FRAMES_MAX];
	memcpy(&sym, v.p, MIN(v.len, sizeof(sym)));
	size_t n = resolve_frames(s, sym.pid, sym.pid == 0, sym.pc, sym.is_return, frames);
	if (sym.is_return && !sym.pc)
		out_buf_str(b, STR("-"));
	else if (sym.is_return)
		resolve_put_frame(&frames[0], sym.pc, b);
	else if (frames[n - 1].func.len) // inlined ones say nothing about whose address it is
		out_buf_str(b, frames[n - 1].func);
	else
		out_buf_printf(b, "0x%" PRIx64, sym.pc);
}

// --- other numbers ---

static void put_or_number(const char *text, uint64_t number, struct out_buf *b)
{
	if (text)
		out_buf_str(b, str_from(text));
	else
		out_buf_printf(b, "%" PRIu64, number);
}

static void put_user(uint64_t uid, struct out_buf *b)
{
	char memory[4096];
	struct passwd user, *found = NULL;
	int rc = getpwuid_r((uid_t)uid, &user, memory, sizeof(memory), &found);
	put_or_number(rc == 0 && found ? user.pw_name : NULL, uid, b);
}

static void put_signal(uint64_t number, struct out_buf *b)
{
	put_or_number(number < (uint64_t)_NSIG ? sigdescr_np((int)number) : NULL, number, b);
}

// What stands at an address of a Go program's file.
static void put_go_name(const struct session *s, bool is_func, struct bytes v, struct out_buf *b)
{
	struct code_go_name n = { 0 };
	struct str name = STR("");
	memcpy(&n, v.p, MIN(v.len, sizeof(n)));
	if (n.vaddr == 0 || n.vaddr == OUT_UNREADABLE) {
		out_buf_str(b, n.vaddr ? STR("<unreadable>") : STR("nil"));
		return;
	}
	struct target *t = n.program < s->p->n_programs ? s->p->programs[n.program]->target : NULL;
	if (t && is_func)
		name = target_go_func_name(t, n.vaddr);
	else if (t)
		err_free(target_go_type_name(t, n.vaddr, &name));
	if (name.len)
		out_buf_str(b, name);
	else
		out_buf_printf(b, "0x%" PRIx64, n.vaddr);
}

static void put_name(const struct session *s, const struct out_type *t, struct bytes v,
		     struct out_buf *b)
{
	uint64_t n = 0;
	memcpy(&n, v.p, MIN(v.len, sizeof(n)));
	const enum name_of *what = t->meaning;
	switch (what ? *what : NAME_TEXT) {
	case NAME_TEXT:
		if (n < s->p->n_names)
			out_buf_str(b, s->p->names[n]);
		return;
	case NAME_USER:
		put_user(n, b);
		return;
	case NAME_ERROR: {
		const char *text = n <= INT32_MAX ? strerrordesc_np((int)n) : NULL;
		out_buf_str(b, text ? str_from(text) : STR("Unknown error"));
		return;
	}
	case NAME_SIGNAL:
		put_signal(n, b);
		return;
	case NAME_SYSCALL:
		put_or_number(syscall_name(n), n, b);
		return;
	case NAME_GO_TYPE:
	case NAME_GO_FUNC:
		put_go_name(s, *what == NAME_GO_FUNC, v, b);
		return;
	case NAME_CGROUP:
		if (!cgroup_path(n, b))
			out_buf_printf(b, "%" PRIu64, n);
		return;
	}
}

// --- whole values ---

static void put_whole(struct session *s, const struct out_type *t, struct bytes v,
		      struct out_buf *b)
{
	const struct program_whole *w = t->meaning;
	const struct value_style style = {
		.width = s->width,
		.shows_zeros = s->p->config->shows_zeros,
		.is_call = s->is_call,
		.is_bare = s->is_bare,
		.colours = s->is_call && s->has_colours,
	};
	value_text(s->p->books[w->program], w->root, v, &style, b);
}

void resolve_json(void *ctx, const struct out_type *t, struct bytes v, struct json *j)
{
	const struct session *s = ctx;
	const struct program_whole *w = t->meaning;
	value_json(s->p->books[w->program], w->root, v, j);
}

void resolve_text(void *ctx, const struct out_type *t, struct bytes v, unsigned indent,
		  struct out_buf *b)
{
	struct session *s = ctx;
	if (t->kind == OUT_STACK)
		put_stack(s, t, v, indent, b);
	else if (t->kind == OUT_SYMBOL)
		put_symbol(s, v, b);
	else if (t->kind == OUT_NAME)
		put_name(s, t, v, b);
	else if (t->kind == OUT_GO)
		put_whole(s, t, v, b);
}
