// SPDX-License-Identifier: Apache-2.0
// Stacks and symbols. A stack is kept once, in map stacks, under a number made of its addresses;
// what stands in keys and events is the number. Of a process whose addresses are kept the reader is
// told in time.
#include "code/gen.h"

#define STACKS_MAX    65536
#define STACKS_FEW    4096
#define PROCESSES_MAX 8192

enum { REG_FP = 6, REG_SP = 7, REG_IP = 16 };

// The frames in scratch memory, behind room for one more in front.
enum {
	BUFFER_HEAD = 8, // struct code_frames, as the kernel fills it
	BUFFER_BYTES = 8 + sizeof(struct code_frames),
	HEAD_BYTES = offsetof(struct code_frames, pc),
};

static struct bpf_map *stacks_map(struct unit *u)
{
	bool may_allocate = u->o->has(u->o->ctx, BPF_FEATURE_ITER_NUM);
	if (!u->c->stacks)
		u->c->stacks = unit_map(
			u, (struct bpf_map) { .name = "stacks",
					      .type = BPF_MAP_TYPE_HASH,
					      .key_size = 8,
					      .value_size = sizeof(struct code_frames),
					      .max_entries = may_allocate ? STACKS_MAX : STACKS_FEW,
					      .flags = may_allocate ? BPF_F_NO_PREALLOC : 0 });
	return u->c->stacks;
}

static struct bpf_map *processes_map(struct unit *u)
{
	u->c->has_symbols = true;
	if (!u->processes)
		u->processes = unit_map(u, (struct bpf_map) { .name = "processes",
							      .type = BPF_MAP_TYPE_LRU_HASH,
							      .key_size = 4,
							      .value_size = 4,
							      .max_entries = PROCESSES_MAX });
	return u->processes;
}

// --- processes ---

static bool has_site(const struct gen *g)
{
	return g->type == BPF_PROG_TYPE_KPROBE && g->part->n_sites;
}

static bool has_regs(const struct gen *g)
{
	return g->type == BPF_PROG_TYPE_KPROBE || g->type == BPF_PROG_TYPE_PERF_EVENT;
}

// The pid is at key.
static void tell_process(struct gen *g, struct spot key, struct span span)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct spot event = frame_alloc(g, sizeof(struct code_process));
	// At a RET the kernel takes the address from the registers, which others may have changed.
	bool is_return = g->part->kind == PROBE_URETPROBE && !g->has_ret;
	// Linux 5.15 has both the cookie and the address of the function that returns.
	bool is_at_site = has_site(g) && (!is_return || gen_has(g, BPF_FEATURE_COOKIE));
	spot_store_imm(g, 8, event, CODE_EVENT_PROCESS);
	if (is_at_site)
		gen_cookie(g, span);
	else
		bpf_const(b, R0, UINT32_MAX);
	spot_store(g, 4, spot_at(event, offsetof(struct code_process, site)), R0);
	if (is_at_site && is_return) {
		bpf_mov(b, R1, R_CTX);
		bpf_call(b, BPF_FUNC_get_func_ip);
	} else if (has_regs(g)) {
		gen_reg(g, R0, REG_IP);
	} else {
		bpf_const(b, R0, 0);
	}
	spot_store(g, 8, spot_at(event, offsetof(struct code_process, pc)), R0);
	spot_load(g, 4, R0, key);
	spot_store(g, 4, spot_at(event, offsetof(struct code_process, pid)), R0);
	gen_send(g, event, sizeof(struct code_process), true);
	g->f = before;
}

void gen_process(struct gen *g, struct span span)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_map *map = processes_map(g->u);
	struct bpf_label known = bpf_label_new(b);
	struct spot key = frame_alloc(g, 8);
	gen_pid(g, false);
	spot_store(g, 8, key, R0);
	bpf_map_ref(b, R1, map);
	spot_ref(g, R2, key);
	bpf_call(b, BPF_FUNC_map_lookup_elem);
	bpf_jump_if_imm(b, BPF_JNE, R0, 0, known);
	bpf_comment(b, "a process that is new to us");
	bpf_map_ref(b, R1, map);
	spot_ref(g, R2, key);
	bpf_mov(b, R3, R2);
	bpf_const(b, R4, BPF_ANY);
	bpf_call(b, BPF_FUNC_map_update_elem);
	tell_process(g, key, span);
	bpf_bind(b, known);
	spot_load(g, 4, R0, key);
	g->f = before;
}

// --- stacks ---

struct walkers {
	struct spot buffer;
	struct temp n;     // frames
	struct temp shift; // 8: they begin at BUFFER_HEAD; 0: one was put in front
	uint32_t limit;
};

// Where a function begins or ends, the walk by frame pointers misses its caller: the return address
// is on the stack, and no frame pointer leads there.
static bool may_miss_caller(const struct gen *g)
{
	const struct plan_site *s = g->p->sites[g->part->first_site].site;
	bool is_exit = g->part->kind == PROBE_URETPROBE && s && s->kind != SITE_RETPROBE;
	return g->part->kind == PROBE_UPROBE || g->part->kind == PROBE_USDT || is_exit;
}

// r0 = 0: r2 = the word at r3 of the process.
static void read_word(struct gen *g, struct spot word)
{
	spot_ref(g, R1, word);
	bpf_const(g->b, R2, 8);
	bpf_call(g->b, BPF_FUNC_probe_read_user);
	spot_load(g, 8, R2, word);
}

// r2 = on how many of the first frames the word is the return address, by frame pointers.
static void count_same(struct gen *g, const struct walkers *w, struct spot word)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label again = bpf_label_new(b), ended = bpf_label_new(b);
	struct spot n = { R_FRAME, g->counter_off };
	struct spot pair = frame_alloc(g, 16); // the next frame pointer, the return address
	// What comes out is no number to the verifier, who would go on with each one by itself.
	struct spot out = frame_alloc_scratch(g, 8);
	spot_store_imm(g, 8, n, 0);
	spot_store_imm(g, 8, out, 0);
	gen_reg(g, R3, REG_FP);
	bpf_bind(b, again);
	spot_ref(g, R1, pair);
	bpf_const(b, R2, 16);
	bpf_call(b, BPF_FUNC_probe_read_user);
	bpf_jump_if_imm(b, BPF_JNE, R0, 0, ended);
	spot_load(g, 8, R1, word);
	spot_load(g, 8, R2, spot_at(pair, 8));
	bpf_jump_if(b, BPF_JNE, R1, R2, ended);
	spot_load(g, 8, R3, pair);
	spot_load(g, 8, R2, n);
	bpf_alu_imm(b, BPF_ADD, R2, 1);
	spot_store(g, 8, n, R2);
	spot_store(g, 8, out, R2);
	bpf_jump_if_imm(b, BPF_JLT, R2, w->limit - 1, again);
	bpf_bind(b, ended);
	spot_load(g, 8, R2, out);
	g->f = before;
}

// Goes to there when the kernel has put the caller, which is at word, into the stack. Where a
// function calls itself its caller and its caller's caller look the same: then the stack has one of
// them more than frame pointers lead to.
static void skip_if_there(struct gen *g, const struct walkers *w, struct spot word,
			  struct bpf_label missing, struct bpf_label there)
{
	struct bpf_asm *b = g->b;
	struct spot second = spot_at(w->buffer, BUFFER_HEAD + HEAD_BYTES + 8);
	spot_load(g, 8, R1, word);
	spot_load(g, 8, R2, second);
	bpf_jump_if(b, BPF_JNE, R1, R2, missing);
	count_same(g, w, word);
	bpf_alu_imm(b, BPF_ADD, R2, 1);
	temp_get(g, R3, w->n);
	bpf_jump_if(b, BPF_JGE, R2, R3, there);
	bpf_jump_if_imm(b, BPF_JGE, R2, w->limit, there);
	bpf_alu_imm(b, BPF_LSH, R2, 3);
	spot_ref(g, R1, spot_at(w->buffer, BUFFER_HEAD + HEAD_BYTES));
	bpf_alu(b, BPF_ADD, R1, R2);
	bpf_load(b, 8, R1, R1, 0);
	spot_load(g, 8, R2, word);
	bpf_jump_if(b, BPF_JEQ, R1, R2, there);
}

static void put_caller(struct gen *g, const struct walkers *w, struct span span)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label there = bpf_label_new(b), missing = bpf_label_new(b);
	struct temp place = temp_new(g);
	struct spot word = frame_alloc(g, 8);
	bpf_comment(b, "the direct caller");
	gen_caller(g, span);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, there);
	temp_set(g, place, R0);
	gen_reg(g, R3, REG_SP);
	bpf_mov32(b, R0, R0);
	bpf_alu(b, BPF_ADD, R3, R0);
	bpf_alu_imm(b, BPF_SUB, R3, 1);
	read_word(g, word);
	bpf_jump_if_imm(b, BPF_JNE, R0, 0, there);
	temp_get(g, R3, w->n);
	bpf_jump_if_imm(b, BPF_JLT, R3, 2, missing);
	temp_get(g, R0, place);
	bpf_alu_imm(b, BPF_RSH, R0, 32);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, missing);
	skip_if_there(g, w, word, missing, there);
	bpf_bind(b, missing);
	spot_load(g, 8, R1, word);
	spot_load(g, 8, R2, spot_at(w->buffer, BUFFER_HEAD + HEAD_BYTES));
	spot_store(g, 8, spot_at(w->buffer, HEAD_BYTES), R2);
	spot_store(g, 8, spot_at(w->buffer, HEAD_BYTES + 8), R1);
	bpf_const(b, R2, 0);
	temp_set(g, w->shift, R2);
	temp_get(g, R3, w->n);
	bpf_jump_if_imm(b, BPF_JGE, R3, w->limit, there);
	bpf_alu_imm(b, BPF_ADD, R3, 1);
	temp_set(g, w->n, R3);
	bpf_bind(b, there);
	g->f = before;
}

// reg = struct code_frames.
static void frames_ref(struct gen *g, uint8_t reg, const struct walkers *w)
{
	spot_ref(g, reg, w->buffer);
	temp_get(g, R5, w->shift);
	bpf_alu_imm(g->b, BPF_AND, R5, 8);
	bpf_alu(g->b, BPF_ADD, reg, R5);
}

// r2 = a number made of all addresses, never 0.
static void hash_frames(struct gen *g, const struct walkers *w)
{
	struct bpf_asm *b = g->b;
	struct bpf_label again = bpf_label_new(b), end = bpf_label_new(b);
	frames_ref(g, R1, w);
	bpf_const(b, R2, 0xcbf29ce484222325ULL ^ w->limit);
	temp_get(g, R3, w->n);
	bpf_const(b, R4, 0);
	bpf_bind(b, again);
	bpf_jump_if(b, BPF_JGE, R4, R3, end);
	bpf_load(b, 8, R5, R1, HEAD_BYTES);
	bpf_alu(b, BPF_XOR, R2, R5);
	bpf_const(b, R0, 0x9e3779b97f4a7c15ULL);
	bpf_alu(b, BPF_MUL, R2, R0);
	bpf_mov(b, R5, R2);
	bpf_alu_imm(b, BPF_RSH, R5, 32);
	bpf_alu(b, BPF_XOR, R2, R5);
	bpf_alu_imm(b, BPF_ADD, R1, 8);
	bpf_alu_imm(b, BPF_ADD, R4, 1);
	bpf_jump_if_imm(b, BPF_JLT, R4, w->limit, again);
	bpf_bind(b, end);
	bpf_alu_imm(b, BPF_OR, R2, 1);
}

// The id is at to.
static void keep_frames(struct gen *g, const struct walkers *w, struct spot to, struct span span)
{
	struct bpf_asm *b = g->b;
	struct bpf_label known = bpf_label_new(b);
	struct bpf_map *map = stacks_map(g->u);
	frames_ref(g, R1, w);
	temp_get(g, R2, w->n);
	bpf_store(b, 4, R1, offsetof(struct code_frames, n), R2);
	bpf_store_imm(b, 4, R1, offsetof(struct code_frames, limit), w->limit);
	bpf_map_ref(b, R1, map);
	spot_ref(g, R2, to);
	bpf_call(b, BPF_FUNC_map_lookup_elem);
	bpf_jump_if_imm(b, BPF_JNE, R0, 0, known);
	bpf_map_ref(b, R1, map);
	spot_ref(g, R2, to);
	frames_ref(g, R3, w);
	bpf_const(b, R4, BPF_ANY);
	bpf_call(b, BPF_FUNC_map_update_elem);
	gen_check(g, span, "too many different stacks");
	bpf_bind(b, known);
}

void gen_stack_into(struct gen *g, struct expr *e, const struct builtin_use *u, struct spot to)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label none = bpf_label_new(b), done = bpf_label_new(b);
	bool is_user = u->id == BUILTIN_USTACK;
	if (!gen_has(g, BPF_FEATURE_GET_STACK))
		gen_refuse(g, e->span, "a program that walks stacks", "4.18");
	struct walkers w = { .buffer = frame_alloc_scratch(g, BUFFER_BYTES),
			     .n = temp_new(g),
			     .shift = temp_new(g),
			     .limit = MIN(u->limit ? u->limit : CODE_FRAMES_MAX,
					  (uint32_t)CODE_FRAMES_MAX) };
	bpf_mov(b, R1, R_CTX);
	spot_ref(g, R2, spot_at(w.buffer, BUFFER_HEAD + HEAD_BYTES));
	bpf_const(b, R3, 8 * (uint64_t)w.limit);
	bpf_const(b, R4, is_user ? BPF_F_USER_STACK : 0);
	bpf_call(b, BPF_FUNC_get_stack);
	bpf_jump_if_imm(b, BPF_JSLE, R0, 0, none);
	bpf_alu_imm(b, BPF_RSH, R0, 3);
	temp_set(g, w.n, R0);
	bpf_const(b, R0, 8);
	temp_set(g, w.shift, R0);
	if (is_user && w.limit > 1 && may_miss_caller(g))
		put_caller(g, &w, e->span);
	hash_frames(g, &w);
	spot_store(g, 8, to, R2);
	keep_frames(g, &w, to, e->span);
	if (is_user)
		gen_process(g, e->span);
	else
		bpf_const(b, R0, 0);
	spot_store(g, 4, spot_at(to, offsetof(struct code_stack, pid)), R0);
	bpf_jump(b, done);
	bpf_bind(b, none);
	spot_store_imm(g, 8, to, 0);
	spot_store_imm(g, 4, spot_at(to, offsetof(struct code_stack, pid)), 0);
	bpf_bind(b, done);
	spot_store_imm(g, 4, spot_at(to, offsetof(struct code_stack, kind)),
		       is_user ? CODE_STACK_USER : CODE_STACK_KERNEL);
	g->f = before;
}

void gen_stack_len(struct gen *g, struct expr *e)
{
	struct frame before = g->f;
	struct bpf_label none = bpf_label_new(g->b);
	struct spot s = gen_spot(g, e);
	bpf_map_ref(g->b, R1, stacks_map(g->u));
	spot_ref(g, R2, s);
	bpf_call(g->b, BPF_FUNC_map_lookup_elem);
	bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
	bpf_load(g->b, 4, R0, R0, offsetof(struct code_frames, n));
	bpf_bind(g->b, none);
	g->f = before;
}
