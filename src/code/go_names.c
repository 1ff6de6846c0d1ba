// SPDX-License-Identifier: Apache-2.0
// What stands for a name in a Go program: the type that is in an interface, the function that a
// func is. All are addresses in the program's file (struct code_go_name).
#include "code/gen.h"

// slot and r0 = the first word of e. Goes to unreadable if it cannot be read.
static void first_word(struct gen *g, struct expr *e, struct spot slot, struct bpf_label unreadable)
{
	if (expr_is_place(e)) {
		struct loc l = gen_loc(g, e);
		bool is_ours = l.space == SPACE_OWN || l.space == SPACE_CTX;
		gen_loc_into(g, l, 8, slot, e->span);
		if (!is_ours)
			bpf_jump_if_imm(g->b, BPF_JSLT, R0, 0, unreadable);
	} else if (type_is_memory(e->type)) {
		struct frame before = g->f;
		spot_load(g, 8, R0, gen_spot(g, e));
		spot_store(g, 8, slot, R0);
		g->f = before;
	} else {
		gen_num(g, e);
		spot_store(g, 8, slot, R0);
	}
	spot_load(g, 8, R0, slot);
}

// slot and r0 = the word at r0 + off.
static void next_word(struct gen *g, int64_t off, struct spot slot, struct span span,
		      struct bpf_label unreadable)
{
	bpf_mov(g->b, R3, R0);
	if (off)
		bpf_alu_imm(g->b, BPF_ADD, R3, off);
	gen_read(g, SPACE_USER, slot, 8, span);
	bpf_jump_if_imm(g->b, BPF_JSLT, R0, 0, unreadable);
	spot_load(g, 8, R0, slot);
}

// From first to last address of what the file says is loaded.
static void file_range(const struct elf *elf, uint64_t *low, uint64_t *high)
{
	*low = UINT64_MAX;
	*high = 0;
	for (size_t i = 0; i < elf_n_segments(elf); i++) {
		const struct elf_segment *s = elf_segment(elf, i);
		if (s->type != 1 || s->memsz > UINT64_MAX - s->vaddr) // PT_LOAD
			continue;
		*low = MIN(*low, s->vaddr);
		*high = MAX(*high, s->vaddr + s->memsz);
	}
}

// r0, an address of the running program, as the file has it. What is not in the file stays.
static void to_file(struct gen *g, struct span span)
{
	struct bpf_asm *b = g->b;
	const struct plan_program *p =
		g->part->program < g->p->n_programs ? g->p->programs[g->part->program] : NULL;
	const struct elf *elf = p ? target_elf(p->target) : NULL;
	uint64_t low, high;
	if (!elf || !elf_is_pie(elf))
		return;
	struct frame before = g->f;
	struct bpf_label out = bpf_label_new(b), in = bpf_label_new(b);
	struct temp kept = temp_keep(g, R0);
	file_range(elf, &low, &high);
	gen_bias(g, span);
	bpf_mov(b, R1, R0);
	temp_get(g, R0, kept);
	bpf_alu(b, BPF_SUB, R0, R1);
	bpf_const(b, R2, low);
	bpf_jump_if(b, BPF_JLT, R0, R2, out);
	bpf_const(b, R2, high);
	bpf_jump_if(b, BPF_JLT, R0, R2, in);
	bpf_bind(b, out);
	temp_get(g, R0, kept);
	bpf_bind(b, in);
	g->f = before;
}

// What of it is behind the address.
static void put_program(struct gen *g, struct spot to)
{
	spot_store_imm(g, 4, spot_at(to, offsetof(struct code_go_name, program)), g->part->program);
	spot_store_imm(g, 4, spot_at(to, offsetof(struct code_go_name, zero)), 0);
}

static void put_unreadable(struct gen *g, struct spot to, struct bpf_label unreadable)
{
	struct bpf_label done = bpf_label_new(g->b);
	bpf_jump(g->b, done);
	bpf_bind(g->b, unreadable);
	spot_store_imm(g, 8, to, OUT_UNREADABLE);
	bpf_bind(g->b, done);
	put_program(g, to);
}

// Of an IFACE or a FUNC that begins with r0.
static void name_of_word(struct gen *g, const struct type *t, struct spot slot, struct spot to,
			 struct span span, struct bpf_label unreadable)
{
	struct bpf_label nil = bpf_label_new(g->b);
	bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, nil);
	// An itab has its type at 8, what a func points to begins with the code's address.
	if (t->kind == TYPE_FUNC)
		next_word(g, 0, slot, span, unreadable);
	else if (!t->is_empty_iface)
		next_word(g, 8, slot, span, unreadable);
	to_file(g, span);
	bpf_bind(g->b, nil);
	spot_store(g, 8, to, R0);
	put_unreadable(g, to, unreadable);
}

void gen_go_name(struct gen *g, struct expr *cast, struct spot to)
{
	struct frame before = g->f;
	const struct on_fail outer = g->on_fail;
	struct expr *value = cast->cast.value;
	struct bpf_label unreadable = bpf_label_new(g->b);
	struct spot slot = frame_alloc(g, 8);
	fail_hush(g);
	first_word(g, value, slot, unreadable);
	name_of_word(g, type_strip(value->type), slot, to, value->span, unreadable);
	g->on_fail = outer;
	g->f = before;
}

void gen_go_name_at(struct gen *g, struct type *t, struct spot from, struct spot to)
{
	struct frame before = g->f;
	const struct on_fail outer = g->on_fail;
	struct spot slot = frame_alloc(g, 8);
	fail_hush(g);
	spot_load(g, 8, R0, from);
	name_of_word(g, t, slot, to, g->u->spans.v[g->span], bpf_label_new(g->b));
	g->on_fail = outer;
	g->f = before;
}

void gen_typename(struct gen *g, struct expr *call, struct spot to)
{
	struct frame before = g->f;
	const struct on_fail outer = g->on_fail;
	const struct call_use *use = call->meaning;
	struct bpf_label unreadable = bpf_label_new(g->b);
	struct spot slot = frame_alloc(g, 8);
	fail_hush(g);
	gen_num(g, call->call.args.v[0]);
	next_word(g, 8 * (int64_t)use->n, slot, call->span, unreadable);
	to_file(g, call->span);
	spot_store(g, 8, to, R0);
	put_unreadable(g, to, unreadable);
	g->on_fail = outer;
	g->f = before;
}

void gen_gosite(struct gen *g, struct expr *e, struct spot to)
{
	struct bpf_label is_main = bpf_label_new(g->b);
	// As in Go's own tracebacks: that the runtime starts main is no go statement.
	spot_store_imm(g, 8, to, 0);
	gen_g_word(g, g->part->g->goid, e->span);
	bpf_jump_if_imm(g->b, BPF_JEQ, R0, 1, is_main);
	gen_g_word(g, g->part->g->gopc, e->span);
	spot_store(g, 8, to, R0);
	bpf_bind(g->b, is_main);
	gen_process(g, e->span);
	spot_store(g, 4, spot_at(to, offsetof(struct code_symbol, pid)), R0);
	spot_store_imm(g, 4, spot_at(to, offsetof(struct code_symbol, is_return)), 1);
}

void gen_go_code(struct gen *g, struct expr *e, struct spot to)
{
	struct frame before = g->f;
	gen_num(g, e);
	to_file(g, e->span);
	spot_store(g, 8, to, R0);
	put_program(g, to);
	g->f = before;
}

void gen_gofunc(struct gen *g, struct expr *e, struct spot to)
{
	struct frame before = g->f;
	struct bpf_label nil = bpf_label_new(g->b);
	gen_g_word(g, g->part->g->startpc, e->span);
	bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, nil);
	to_file(g, e->span);
	bpf_bind(g->b, nil);
	spot_store(g, 8, to, R0);
	put_program(g, to);
	g->f = before;
}
