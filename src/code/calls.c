// SPDX-License-Identifier: Apache-2.0
// Calls from their entry to their return. A goroutine may return on another thread, and its stack
// may have moved meanwhile: a call is known by its goroutine and by how deep in the stack it is.
// Frames that a panic or Goexit has taken away leave records behind, which the next call or return
// that is not deeper finds and drops. A stack of calls belongs to one goroutine, which stands still
// while its program runs, so nothing here needs to be atomic.
#include "code/calls.h"

#define REG_SP     7
#define LEVELS_MAX (CODE_LEVEL_HEAD - 1)
// Memory that is set aside for map calls.
#define CALLS_BYTES_MAX (32u << 20)
#define CALLS_USUAL     65536u
// Each call has an entry, and each goroutine a head.
#define ENTRIES_PER_CALL 2u
// Entries of so many levels stay with a goroutine. Threads come and go under new numbers: of C
// nothing stays.
#define LEVELS_KEPT 8
#define CALLS_MIN   4096u

// --- goroutines ---

static void gen_g(struct gen *g, struct span span)
{
	const struct target_g *at = g->part->g;
	bpf_comment(g->b, "the goroutine");
	if (at->in_register) {
		gen_reg(g, R0, at->reg);
		return;
	}
	struct bpf_label none = bpf_label_new(g->b);
	bpf_call(g->b, BPF_FUNC_get_current_task);
	gen_task_member(g, "thread.fsbase", 8, span);
	bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
	gen_user_word(g, at->tls_off, 8, span);
	bpf_bind(g->b, none);
}

void gen_g_word(struct gen *g, int64_t off, struct span span)
{
	struct bpf_label none = bpf_label_new(g->b);
	gen_g(g, span);
	bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
	gen_user_word(g, off, 8, span);
	bpf_bind(g->b, none);
}

void gen_curg_goid(struct gen *g, struct span span)
{
	const struct target_g *at = g->part->g;
	const int64_t path[] = { at->m, at->m_curg, at->goid };
	struct bpf_label none = bpf_label_new(g->b);
	gen_g(g, span);
	for (size_t i = 0; i < ARRAY_LEN(path); i++) {
		bpf_jump_if_imm(g->b, BPF_JEQ, R0, 0, none);
		gen_user_word(g, path[i], 8, span);
	}
	bpf_bind(g->b, none);
}

// --- the map ---

void calls_map(struct unit *u)
{
	if (!u->p->n_calls)
		return;
	u->c->calls = ARENA_NEW(u->a, struct bpf_map);
	*u->c->calls = (struct bpf_map) {
		.name = "calls",
		.type = BPF_MAP_TYPE_HASH,
		.key_size = sizeof(struct code_call_key),
		.fd = -1,
	};
	u->call_bytes = sizeof(struct code_call_head);
}

// The kernel sets the memory aside at once: programs that are at work cannot wait for it.
static uint32_t max_calls(const struct unit *u)
{
	uint32_t entry = u->call_bytes + (uint32_t)sizeof(struct code_call_key) + 64;
	uint32_t wanted = u->p->config->max_calls;
	if (wanted)
		return wanted;
	return MAX(MIN(CALLS_USUAL, CALLS_BYTES_MAX / entry / ENTRIES_PER_CALL), CALLS_MIN);
}

uint32_t code_calls_room(const struct bpf_map *calls)
{
	return calls->max_entries / ENTRIES_PER_CALL;
}

void calls_map_finish(struct unit *u)
{
	if (!u->c->calls)
		return;
	u->call_bytes = (u->call_bytes + 7) & ~7u;
	u->c->calls->value_size = u->call_bytes;
	u->c->calls->max_entries = ENTRIES_PER_CALL * max_calls(u);
	zeros_map(u, u->call_bytes);
	VEC_PUSH(u->a, &u->maps, u->c->calls);
}

// --- keys and depth ---

void calls_set_level(struct gen *g, const struct finding *f, uint8_t reg)
{
	gen_level_key(g, f->key, reg);
}

void calls_look_up(struct gen *g, const struct finding *f)
{
	gen_level_look_up(g, f->key);
}

static void count_one(struct gen *g, uint32_t off)
{
	bpf_map_value_ref(g->b, R1, g->u->c->globals, off);
	bpf_const(g->b, R2, 1);
	bpf_atomic(g->b, 8, BPF_ADD, R1, 0, R2);
}

// The same; what is not there is added.
static void look_up_or_add(struct gen *g, const struct finding *f, bool is_head,
			   struct bpf_label none)
{
	struct bpf_asm *b = g->b;
	struct bpf_label found = bpf_label_new(b);
	calls_look_up(g, f);
	bpf_jump_if_imm(b, BPF_JNE, R0, 0, found);
	bpf_map_ref(b, R1, g->u->c->calls);
	spot_ref(g, R2, f->key);
	bpf_map_value_ref(b, R3, zeros_map(g->u, g->u->call_bytes), 0);
	bpf_const(b, R4, BPF_NOEXIST);
	bpf_call(b, BPF_FUNC_map_update_elem);
	if (is_head)
		count_one(g, offsetof(struct code_globals, n_owners));
	calls_look_up(g, f);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, none);
	bpf_bind(b, found);
}

static void delete_entry(struct gen *g, const struct finding *f)
{
	bpf_map_ref(g->b, R1, g->u->c->calls);
	spot_ref(g, R2, f->key);
	bpf_call(g->b, BPF_FUNC_map_delete_elem);
}

// From SP to where SP was at the entry: the kernel's return probe comes when the return address has
// been taken from the stack.
static int64_t sp_to_entry(const struct gen *g)
{
	const struct plan_site *s = g->p->sites[g->part->first_site].site;
	if (!s)
		return 0;
	return s->kind == SITE_RETPROBE ? -8 : s->sp_to_entry;
}

void gen_call_depth(struct gen *g, struct span span)
{
	struct bpf_asm *b = g->b;
	if (g->part->g)
		gen_g_word(g, g->part->g->stack_hi, span);
	else
		bpf_const(b, R0, 0);
	gen_reg(g, R1, REG_SP);
	bpf_alu(b, BPF_SUB, R0, R1);
	if (sp_to_entry(g))
		bpf_alu_imm(b, BPF_ADD, R0, -sp_to_entry(g));
}

// In C a thread's stack stays where it is.
static void find_thread(struct gen *g, struct finding *f)
{
	struct bpf_asm *b = g->b;
	bpf_call(b, BPF_FUNC_get_current_pid_tgid);
	spot_store(g, 8, spot_at(f->key, KEY(owner)), R0);
	bpf_alu_imm(b, BPF_RSH, R0, 32);
	spot_store(g, 4, spot_at(f->key, KEY(pid)), R0);
	spot_store_imm(g, 8, f->slot, 0);
	gen_reg(g, R1, REG_SP);
	bpf_alu_imm(b, BPF_ADD, R1, sp_to_entry(g));
	bpf_neg(b, R1);
	f->depth = temp_keep(g, R1);
}

// wants_number: the goroutine's number is in slot then.
static void find_goroutine(struct gen *g, struct finding *f, bool wants_number,
			   struct bpf_label none)
{
	struct bpf_asm *b = g->b;
	const struct target_g *at = g->part->g;
	gen_g(g, f->span);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, none);
	spot_store(g, 8, spot_at(f->key, KEY(owner)), R0);
	bpf_comment(b, "how deep it is in its stack");
	gen_user_word(g, at->stack_hi, 8, f->span);
	gen_reg(g, R1, REG_SP);
	bpf_alu(b, BPF_SUB, R0, R1);
	if (sp_to_entry(g))
		bpf_alu_imm(b, BPF_ADD, R0, -sp_to_entry(g));
	f->depth = temp_keep(g, R0);
	if (wants_number) {
		spot_load(g, 8, R0, spot_at(f->key, KEY(owner)));
		gen_user_word(g, at->goid, 8, f->span);
		spot_store(g, 8, f->slot, R0);
	}
	bpf_call(b, BPF_FUNC_get_current_pid_tgid);
	bpf_alu_imm(b, BPF_RSH, R0, 32);
	spot_store(g, 4, spot_at(f->key, KEY(pid)), R0);
}

static struct finding find_owner(struct gen *g, bool wants_number, struct bpf_label none)
{
	const struct probe *clause = g->part->clause->clause;
	struct finding f = { .span = clause->attach ? clause->attach->span : SPAN_NONE };
	f.key = frame_alloc(g, sizeof(struct code_call_key));
	f.slot = frame_alloc(g, 8);
	if (g->part->g)
		find_goroutine(g, &f, wants_number, none);
	else
		find_thread(g, &f);
	bpf_const(g->b, R2, CODE_LEVEL_HEAD);
	calls_set_level(g, &f, R2);
	return f;
}

// --- the last call ---

// r0 = the last call's record, if that call is as deep as the one at hand; else goes to other.
static void last_call(struct gen *g, const struct finding *f, struct bpf_label other)
{
	struct bpf_asm *b = g->b;
	temp_get(g, R0, f->head);
	bpf_load(b, 8, R2, R0, HEAD(n));
	bpf_jump_if_imm(b, BPF_JEQ, R2, 0, other);
	bpf_load(b, 8, R1, R0, HEAD(top));
	temp_get(g, R3, f->depth);
	bpf_jump_if(b, BPF_JNE, R1, R3, other);
	bpf_alu_imm(b, BPF_SUB, R2, 1);
	calls_set_level(g, f, R2);
	calls_look_up(g, f);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, other);
}

// It is the last one no more; r0 stays.
static void take_off(struct gen *g, const struct finding *f)
{
	struct bpf_asm *b = g->b;
	temp_get(g, R1, f->head);
	bpf_load(b, 8, R2, R0, CALL(below));
	bpf_store(b, 8, R1, HEAD(top), R2);
	bpf_load(b, 8, R2, R1, HEAD(n));
	bpf_alu_imm(b, BPF_SUB, R2, 1);
	bpf_store(b, 8, R1, HEAD(n), R2);
}

// --- the entry ---

// The goroutine that had this struct g before has ended.
static void take_over(struct gen *g, const struct finding *f)
{
	struct bpf_asm *b = g->b;
	struct bpf_label same = bpf_label_new(b);
	temp_get(g, R0, f->head);
	spot_load(g, 8, R2, f->slot);
	bpf_load(b, 8, R1, R0, HEAD(goid));
	bpf_jump_if(b, BPF_JEQ, R1, R2, same);
	bpf_store(b, 8, R0, HEAD(goid), R2);
	// The number in the slot is not needed any more.
	if (g->part->g)
		calls_tell_all(g, f, CODE_ENDED_OWNER);
	temp_get(g, R0, f->head);
	bpf_load(b, 8, R1, R0, HEAD(n));
	bpf_store_imm(b, 8, R0, HEAD(n), 0);
	bpf_store_imm(b, 8, R0, HEAD(top), 0);
	calls_count_dropped(g);
	bpf_bind(b, same);
}

static void push(struct gen *g, const struct finding *f, struct bpf_label unkept)
{
	struct bpf_asm *b = g->b;
	temp_get(g, R1, f->head);
	bpf_load(b, 8, R2, R1, HEAD(n));
	bpf_jump_if_imm(b, BPF_JGE, R2, LEVELS_MAX, unkept);
	calls_set_level(g, f, R2);
	look_up_or_add(g, f, false, unkept);
	bpf_mov(b, R_SCRATCH, R0);
	temp_get(g, R1, f->head);
	temp_get(g, R2, f->depth);
	bpf_store(b, 8, R_SCRATCH, CALL(depth), R2);
	bpf_load(b, 8, R3, R1, HEAD(top));
	bpf_store(b, 8, R_SCRATCH, CALL(below), R3);
	bpf_store(b, 8, R1, HEAD(top), R2);
	bpf_load(b, 8, R3, R1, HEAD(n));
	bpf_alu_imm(b, BPF_ADD, R3, 1);
	bpf_store(b, 8, R1, HEAD(n), R3);
}

static void keep_values(struct gen *g)
{
	const struct program_call *call = g->part->call;
	g->f.scratch_used = (int)(sizeof(struct code_call) + call->size);
	g->scratch_max = MAX(g->scratch_max, g->f.scratch_used);
	for (size_t i = 0; i < call->kept.n; i++) {
		const struct program_kept *k = &call->kept.v[i];
		struct frame before = g->f;
		struct spot to = { R_SCRATCH, (int)(sizeof(struct code_call) + k->off) };
		uint32_t at = gen_at(g, k->value->span);
		gen_into(g, k->value, to);
		gen_at_again(g, at);
		g->f = before;
	}
}

// Whether the program can tell, and has to, at which function's entry it is.
static bool asks_site(const struct gen *g)
{
	const struct program_part *part = g->part;
	bool can_ask = part->n_sites <= 1 || gen_has(g, BPF_FEATURE_COOKIE);
	return can_ask && (!part->g || part->may_repeat);
}

// A call that is as deep as the last one. In C the last one may have made it in place of its own
// return: both return then, one after the other. The same function again is another call, and the
// last one ended without a return; or it is the next round of a loop that begins with the function.
static void meet_equal(struct gen *g, const struct finding *f, struct bpf_label flat,
		       struct bpf_label same_call)
{
	struct bpf_asm *b = g->b;
	gen_cookie(g, f->span);
	spot_store(g, 8, f->slot, R0);
	last_call(g, f, flat);
	bpf_load(b, 8, R1, R0, CALL(site));
	spot_load(g, 8, R2, f->slot);
	bpf_jump_if(b, BPF_JNE, R1, R2, flat);
	if (g->part->may_repeat) {
		bpf_jump(b, same_call);
		return;
	}
	calls_tell_last(g, f, CODE_ENDED_ENTRY);
	last_call(g, f, flat);
	take_off(g, f);
	bpf_const(b, R1, 1);
	calls_count_dropped(g);
}

// What the call at hand shows to have ended.
static void drop_ended(struct gen *g, const struct finding *f, struct bpf_label same_call)
{
	struct bpf_asm *b = g->b;
	struct bpf_label flat = bpf_label_new(b), no_deeper = bpf_label_new(b);
	bool asks = asks_site(g);
	temp_get(g, R0, f->head);
	bpf_load(b, 8, R1, R0, HEAD(n));
	bpf_jump_if_imm(b, BPF_JEQ, R1, 0, flat);
	bpf_load(b, 8, R1, R0, HEAD(top));
	temp_get(g, R2, f->depth);
	bpf_jump_if(b, asks ? BPF_JLE : BPF_JLT, R1, R2, no_deeper);
	calls_drop_deeper(g, f, asks, CODE_ENDED_ENTRY);
	bpf_bind(b, no_deeper);
	if (asks)
		meet_equal(g, f, flat, same_call);
	bpf_bind(b, flat);
}

// Which function it is is told if the call does not return.
static bool keeps_site(const struct gen *g)
{
	bool can_ask = g->part->n_sites <= 1 || gen_has(g, BPF_FEATURE_COOKIE);
	bool is_told = g->p->config->tells_open_calls || g->p->config->tells_ended_calls ||
		       calls_tells_begin(g);
	return asks_site(g) || (can_ask && is_told);
}

// For events about the call.
static void keep_owner(struct gen *g, const struct finding *f)
{
	struct bpf_asm *b = g->b;
	temp_get(g, R1, f->head);
	bpf_load(b, 8, R1, R1, HEAD(goid));
	bpf_store(b, 8, R_SCRATCH, CALL(goid), R1);
	bpf_call(b, BPF_FUNC_get_current_pid_tgid);
	bpf_store(b, 8, R_SCRATCH, CALL(thread), R0);
	spot_load(g, 4, R1, spot_at(f->key, KEY(pid)));
	bpf_store(b, 4, R_SCRATCH, CALL(pid), R1);
	bpf_store_imm(b, 4, R_SCRATCH, CALL(number), (int32_t)g->part->call->index);
}

void gen_call_begin(struct gen *g, struct bpf_label out)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label unkept = bpf_label_new(b), unowned = bpf_label_new(b);
	struct finding f = find_owner(g, true, unowned);
	look_up_or_add(g, &f, true, unkept);
	f.head = temp_keep(g, R0);
	take_over(g, &f);
	drop_ended(g, &f, out);
	push(g, &f, unkept);
	if (calls_tells_begin(g) || calls_tells_ended(g))
		keep_owner(g, &f);
	g->f = before;
	gen_link(g);
	if (keeps_site(g)) {
		gen_cookie(g, f.span);
		bpf_store(b, 8, R_SCRATCH, CALL(site), R0);
	}
	if (g->p->config->max_rate) {
		bpf_store_imm(b, 8, R_SCRATCH, CALL(is_over), 1);
		gen_budget(g, out);
		bpf_store_imm(b, 8, R_SCRATCH, CALL(is_over), 0);
	}
	keep_values(g);
	if (g->part->call->has_time) {
		bpf_call(b, BPF_FUNC_ktime_get_ns);
		bpf_store(b, 8, R_SCRATCH, CALL(start_ns), R0);
	}
	if (calls_tells_begin(g)) {
		bpf_store_imm(b, 4, R_SCRATCH, CALL(event.kind), (int32_t)CODE_EVENT_BEGAN);
		gen_send(g, (struct spot) { R_SCRATCH, 0 }, sizeof(struct code_call), false);
	}
	bpf_jump(b, out);
	bpf_bind(b, unkept);
	count_one(g, offsetof(struct code_globals, n_unkept));
	bpf_jump(b, out);
	bpf_bind(b, unowned);
	count_one(g, offsetof(struct code_globals, n_unowned));
	bpf_jump(b, out);
	g->f = before;
}

// --- the return ---

// The call's entry is free when all has been taken from it.
static void give_back(struct gen *g, const struct finding *f)
{
	struct bpf_asm *b = g->b;
	struct bpf_label stays = bpf_label_new(b);
	temp_get(g, R1, f->head);
	bpf_load(b, 8, R2, R1, HEAD(n));
	if (g->part->g)
		bpf_jump_if_imm(b, BPF_JLT, R2, LEVELS_KEPT, stays);
	calls_set_level(g, f, R2);
	delete_entry(g, f);
	if (!g->part->g) {
		temp_get(g, R1, f->head);
		bpf_load(b, 8, R2, R1, HEAD(n));
		bpf_jump_if_imm(b, BPF_JNE, R2, 0, stays);
		bpf_const(b, R2, CODE_LEVEL_HEAD);
		calls_set_level(g, f, R2);
		delete_entry(g, f);
	}
	bpf_bind(b, stays);
}

// Callbacks reach only scratch memory.
static struct spot place(struct gen *g, uint32_t bytes)
{
	return g->has_callbacks ? frame_alloc_scratch(g, (int)bytes) : frame_alloc(g, (int)bytes);
}

void gen_call_end(struct gen *g, struct bpf_label out)
{
	struct bpf_asm *b = g->b;
	const struct program_call *call = g->part->call;
	struct bpf_label unpaired = bpf_label_new(b), go_on = bpf_label_new(b);
	struct bpf_label flat = bpf_label_new(b), is_over = bpf_label_new(b);
	if (call->has_time)
		g->duration = place(g, 16); // and when it began
	if (call->size)
		g->kept = place(g, call->size);
	struct frame before = g->f;
	if (call->has_time) {
		bpf_call(b, BPF_FUNC_ktime_get_ns);
		spot_store(g, 8, g->duration, R0);
	}
	struct finding f = find_owner(g, false, unpaired);
	calls_look_up(g, &f);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, unpaired);
	// Whose the head is was looked at when this goroutine's first call began.
	f.head = temp_keep(g, R0);
	bpf_load(b, 8, R1, R0, HEAD(n));
	bpf_jump_if_imm(b, BPF_JEQ, R1, 0, unpaired);
	bpf_load(b, 8, R1, R0, HEAD(top));
	temp_get(g, R2, f.depth);
	bpf_jump_if(b, BPF_JLE, R1, R2, flat);
	calls_drop_deeper(g, &f, true, CODE_ENDED_RETURN);
	bpf_bind(b, flat);
	last_call(g, &f, unpaired);
	take_off(g, &f);
	if (call->has_time) {
		bpf_load(b, 8, R2, R0, CALL(start_ns));
		spot_load(g, 8, R1, g->duration);
		bpf_alu(b, BPF_SUB, R1, R2);
		spot_store(g, 8, g->duration, R1);
		spot_store(g, 8, spot_at(g->duration, 8), R2);
	}
	if (g->p->config->max_rate) {
		bpf_load(b, 8, R1, R0, CALL(is_over));
		bpf_jump_if_imm(b, BPF_JNE, R1, 0, is_over);
	}
	bpf_mov(b, R3, R0);
	spot_copy(g, g->kept, (struct spot) { R3, (int)sizeof(struct code_call) }, call->size);
	give_back(g, &f);
	bpf_jump(b, go_on);
	if (g->p->config->max_rate) {
		bpf_bind(b, is_over);
		give_back(g, &f);
		bpf_jump(b, out);
	}
	bpf_bind(b, unpaired);
	count_one(g, offsetof(struct code_globals, n_unpaired));
	bpf_jump(b, out);
	bpf_bind(b, go_on);
	g->f = before;
}
