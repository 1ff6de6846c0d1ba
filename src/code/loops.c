// SPDX-License-Identifier: Apache-2.0
// Loops: their bodies are functions that the kernel calls, so that the verifier looks at them once.
// A body finds the context and scratch memory through the frame of the function around it; that is
// why variables are in scratch memory where there are loops.
#include "code/gen.h"

// What bpf_loop does at most.
#define ROUNDS_MAX (1u << 23)

// --- how deep ---

struct depth {
	struct walk walk;
	int now;
	int max;
	bool has_callbacks;
};

static void deeper(struct depth *d, int by)
{
	d->max = MAX(d->max, d->now + by);
}

static bool is_callback(const struct stmt *s)
{
	return s->kind == STMT_WHILE || s->kind == STMT_FOR_RANGE || s->kind == STMT_FOR_MAP;
}

static bool enter_stmt(struct walk *w, struct stmt *s)
{
	struct depth *d = w->ctx;
	if (is_callback(s)) {
		d->has_callbacks = true;
		d->now++;
		deeper(d, 0);
	}
	return true;
}

static void leave_stmt(struct walk *w, struct stmt *s)
{
	struct depth *d = w->ctx;
	if (is_callback(s))
		d->now--;
}

// Of a whole value.
static bool is_walk(const struct expr *e)
{
	return e->kind == EXPR_CAST && e->type && type_whole(type_strip(e->type));
}

static bool enter_expr(struct walk *w, struct expr *e)
{
	struct depth *d = w->ctx;
	if (is_walk(e)) {
		d->has_callbacks = true;
		deeper(d, 1);
	}
	const struct call_use *u = e->kind == EXPR_CALL ? e->meaning : NULL;
	if (!u)
		return true;
	// call() has arguments that are not in the tree.
	for (size_t i = 0; u->id == FUNCTION_ACTION && i < u->action->n_args; i++)
		if (is_walk(u->action->args[i].value)) {
			d->has_callbacks = true;
			deeper(d, 1);
		}
	if (u->id == FUNCTION_STRCONTAINS || u->id == FUNCTION_STRSTR)
		d->has_callbacks = true;
	if (u->id == FUNCTION_STRCONTAINS || u->id == FUNCTION_STRSTR || u->id == FUNCTION_LEN)
		deeper(d, 1);
	return true;
}

int loops_depth(const struct program_part *part, bool *has_callbacks)
{
	struct depth d = { .walk = { .enter_stmt = enter_stmt,
				     .leave_stmt = leave_stmt,
				     .enter_expr = enter_expr } };
	d.walk.ctx = &d;
	if (part->predicate && !part->is_call_entry)
		walk_expr(&d.walk, part->predicate);
	if (!part->is_call_entry)
		walk_block(&d.walk, part->body);
	for (size_t i = 0; part->is_call_entry && i < part->call->kept.n; i++)
		walk_expr(&d.walk, part->call->kept.v[i].value);
	*has_callbacks = d.has_callbacks;
	return d.max;
}

// --- what all loops share ---

static void need_loops(struct gen *g, struct span span)
{
	if (!gen_has(g, BPF_FEATURE_LOOP))
		gen_refuse(g, span, "loops", "5.17");
}

void gen_callback_enter(struct gen *g, uint8_t reg)
{
	struct bpf_asm *b = g->b;
	bpf_load(b, 8, R_CTX, reg, LINK_CTX - LINK_SCRATCH);
	bpf_load(b, 8, R_SCRATCH, reg, 0);
	bpf_store(b, 8, R_FRAME, LINK_CTX, R_CTX);
	bpf_store(b, 8, R_FRAME, LINK_SCRATCH, R_SCRATCH);
}

void gen_callback_link(struct gen *g, uint8_t reg)
{
	bpf_mov(g->b, reg, R_FRAME);
	bpf_alu_imm(g->b, BPF_ADD, reg, LINK_SCRATCH);
}

// The loop's body; then 0 goes on and 1 ends the loop.
static void body(struct gen *g, const struct block *block, struct bpf_label on_break)
{
	struct bpf_asm *b = g->b;
	struct loop loop = { .on_break = on_break, .on_continue = bpf_label_new(b) };
	g->loop = &loop;
	gen_block(g, block);
	g->loop = NULL;
	bpf_bind(b, loop.on_continue);
	bpf_const(b, R0, 0);
	bpf_exit(b);
	bpf_bind(b, on_break);
	bpf_const(b, R0, 1);
	bpf_exit(b);
}

// After a loop: perhaps its body wants all to end.
static void after(struct gen *g)
{
	struct bpf_label stays = bpf_label_new(g->b);
	bpf_load(g->b, 8, R1, R_SCRATCH, SCRATCH_LEAVES);
	bpf_jump_if_imm(g->b, BPF_JEQ, R1, 0, stays);
	if (g->is_in_callback) {
		bpf_const(g->b, R0, 1);
		bpf_exit(g->b);
	} else {
		bpf_jump(g->b, g->leave);
	}
	bpf_bind(g->b, stays);
}

void gen_callback_loop(struct gen *g, struct bpf_label start)
{
	bpf_func_ref(g->b, R2, start);
	gen_callback_link(g, R3);
	bpf_const(g->b, R4, 0);
	bpf_call(g->b, BPF_FUNC_loop);
}

// --- while ---

static void emit_while(struct gen *g, const struct pending *p)
{
	struct bpf_label on_break = bpf_label_new(g->b);
	bpf_func(g->b, p->start, "while");
	gen_callback_enter(g, R2);
	fail_leaves(g, on_break);
	gen_jump(g, p->stmt->loop.cond, false, on_break);
	g->on_fail = (struct on_fail) { 0 };
	body(g, p->stmt->loop.body, on_break);
}

void gen_loop_while(struct gen *g, const struct stmt *s)
{
	struct bpf_label ended = bpf_label_new(g->b);
	need_loops(g, s->span);
	struct pending p = { .start = bpf_label_new(g->b), .emit = emit_while, .stmt = s };
	gen_later(g, p);
	bpf_const(g->b, R1, ROUNDS_MAX);
	gen_callback_loop(g, p.start);
	bpf_jump_if_imm(g->b, BPF_JNE, R0, ROUNDS_MAX, ended);
	gen_count_failure(g, s->span, "the loop did not end within 8388608 rounds", NULL);
	bpf_bind(g->b, ended);
	after(g);
}

// --- for over numbers ---

static void emit_range(struct gen *g, const struct pending *p)
{
	const struct expr *var = p->stmt->for_range.var;
	bpf_func(g->b, p->start, "range");
	gen_callback_enter(g, R2);
	spot_load(g, 8, R0, p->at);
	bpf_alu(g->b, BPF_ADD, R0, R1);
	spot_store(g, (unsigned)MIN(type_strip(var->type)->size, 8u), var_spot(g, var), R0);
	body(g, p->stmt->for_range.body, bpf_label_new(g->b));
}

void gen_loop_range(struct gen *g, const struct stmt *s)
{
	struct bpf_asm *b = g->b;
	struct bpf_label skip = bpf_label_new(b), fits = bpf_label_new(b);
	need_loops(g, s->span);
	struct spot from = frame_alloc_scratch(g, 8);
	gen_num(g, s->for_range.from);
	spot_store(g, 8, from, R0);
	gen_num(g, s->for_range.to);
	spot_load(g, 8, R2, from);
	bpf_jump_if(b, BPF_JSGE, R2, R0, skip);
	bpf_alu(b, BPF_SUB, R0, R2);
	bpf_mov(b, R3, R0);
	bpf_jump_if_imm(b, BPF_JLE, R3, ROUNDS_MAX, fits);
	gen_count_failure(g, s->span, "the loop was cut after 8388608 rounds", NULL);
	bpf_const(b, R3, ROUNDS_MAX);
	bpf_bind(b, fits);
	bpf_mov(b, R1, R3);
	struct pending p = { .start = bpf_label_new(b), .emit = emit_range, .stmt = s, .at = from };
	gen_later(g, p);
	gen_callback_loop(g, p.start);
	after(g);
	bpf_bind(b, skip);
}

// --- for over maps ---

// A part of what is at from, which may be the verifier's pointer to an entry.
static void take_field(struct gen *g, struct type *from_type, struct spot from,
		       const struct type_field *f, struct spot var)
{
	struct spot to = spot_at(var, (int64_t)f->off);
	struct type *t = type_strip(f->type);
	if (!type_is_memory(t)) {
		gen_load_typed(g, from_type, from.reg, from.off);
		spot_store(g, (unsigned)MIN(t->size, 8u), to, R0);
	} else {
		spot_copy(g, to, from, MIN(t->size, type_strip(from_type)->size));
	}
}

static void emit_map(struct gen *g, const struct pending *p)
{
	const struct program_map *m = p->map;
	struct spot var = var_spot(g, p->stmt->for_map.var);
	const struct type *pair = type_strip(p->stmt->for_map.var->type);
	bpf_func(g->b, p->start, "entry");
	gen_callback_enter(g, R4);
	bpf_mov(g->b, R7, R2);
	bpf_mov(g->b, R8, R3);
	take_field(g, m->key, (struct spot) { R7, 0 }, &pair->fields[0], var);
	if (m->agg != AGG_NONE) {
		// The entry has this CPU's part only.
		struct frame before = g->f;
		struct spot key = frame_alloc(g, (int)((m->key->size + 7) & ~7ULL));
		spot_copy(g, key, (struct spot) { R7, 0 }, m->key->size);
		gen_agg_num(g, m, key, p->stmt->span);
		spot_store(g, 8, spot_at(var, (int64_t)pair->fields[1].off), R0);
		g->f = before;
	} else {
		take_field(g, m->value, (struct spot) { R8, 0 }, &pair->fields[1], var);
	}
	body(g, p->stmt->for_map.body, bpf_label_new(g->b));
}

void gen_loop_map(struct gen *g, const struct stmt *s)
{
	const struct program_map *m = s->for_map.map->meaning;
	need_loops(g, s->span);
	struct pending p = { .start = bpf_label_new(g->b),
			     .emit = emit_map,
			     .stmt = s,
			     .map = m,
			     .is_in_map_loop = true };
	gen_later(g, p);
	bpf_map_ref(g->b, R1, gen_map(g, m));
	bpf_func_ref(g->b, R2, p.start);
	gen_callback_link(g, R3);
	bpf_const(g->b, R4, 0);
	bpf_call(g->b, BPF_FUNC_for_each_map_elem);
	after(g);
}

// --- unroll ---

// The kernel takes no larger programs.
#define INSNS_MAX 1000000

void gen_unroll(struct gen *g, const struct stmt *s)
{
	uint64_t n = 0;
	struct loop loop = { .on_break = bpf_label_new(g->b) };
	struct loop *outer = g->loop;
	expr_is_const(s->loop.cond, &n);
	for (uint64_t i = 0; i < n; i++) {
		if (bpf_here(g->b) >= INSNS_MAX) {
			diag_error(g->p->diag, s->span, "what is repeated here becomes too large");
			diag_hint(g->p->diag, "a loop is small: for ($i : 0..%llu) { ... }",
				  (unsigned long long)n);
			break;
		}
		loop.on_continue = bpf_label_new(g->b);
		g->loop = &loop;
		gen_block(g, s->loop.body);
		bpf_bind(g->b, loop.on_continue);
	}
	bpf_bind(g->b, loop.on_break);
	g->loop = outer;
}
