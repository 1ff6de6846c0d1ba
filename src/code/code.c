// SPDX-License-Identifier: Apache-2.0
#include "code/gen.h"

#define STACK_BYTES     512
#define STACK_OWN_BYTES 48
#define RING_BYTES      (4u << 20)
#define RING_BYTES_FEW  (256u << 10)
#define COMMENT_BYTES   60
// What a program can use: the kernel's MAX_USED_MAPS.
#define MAPS_MAX 64

// --- places in the script ---

uint32_t gen_at(struct gen *g, struct span span)
{
	struct unit *u = g->u;
	uint32_t before = g->span;
	const struct span *last = u->spans.n ? &u->spans.v[u->spans.n - 1] : NULL;
	if (!last || last->source != span.source || last->off != span.off || last->len != span.len)
		VEC_PUSH(u->a, &u->spans, span);
	gen_at_again(g, (uint32_t)u->spans.n - 1);
	return before;
}

void gen_at_again(struct gen *g, uint32_t before)
{
	g->span = before;
	bpf_span(g->b, before);
}

bool gen_has(const struct gen *g, enum bpf_feature_id f)
{
	return g->u->o->has(g->u->o->ctx, f);
}

void gen_refuse(struct gen *g, struct span span, const char *what, const char *since)
{
	diag_error(g->p->diag, span, "this kernel cannot run %s", what);
	diag_hint(g->p->diag, "Linux %s or newer can; 'stoat info' tells what yours can do", since);
}

// --- failures ---

uint32_t gen_failure(struct gen *g, struct span span, const char *what, const struct program_map *m)
{
	struct unit *u = g->u;
	for (size_t i = 0; i < u->failures.n; i++) {
		const struct code_failure *f = &u->failures.v[i];
		if (f->span.source == span.source && f->span.off == span.off &&
		    f->span.len == span.len && f->map == m && strcmp(f->what, what) == 0)
			return (uint32_t)i;
	}
	VEC_PUSH(u->a, &u->failures, (struct code_failure) { span, what, m });
	return (uint32_t)(u->failures.n - 1);
}

struct bpf_label gen_cold(struct gen *g, struct cold c)
{
	if (g->cold.n == 0)
		g->cold_since = bpf_here(g->b);
	c.span = g->span;
	c.start = bpf_label_new(g->b);
	VEC_PUSH(g->a, &g->cold, c);
	return c.start;
}

void gen_check(struct gen *g, struct span span, const char *what)
{
	struct bpf_label back = bpf_label_new(g->b);
	struct cold c = { .kind = COLD_FAILURE,
			  .failure = gen_failure(g, span, what, NULL),
			  .back = back };
	bpf_jump_if_imm(g->b, BPF_JSLT, R0, 0, gen_cold(g, c));
	bpf_bind(g->b, back);
}

static void count(struct gen *g, uint32_t off)
{
	bpf_map_value_ref(g->b, R1, g->u->c->globals, off);
	bpf_const(g->b, R2, 1);
	bpf_atomic(g->b, 8, BPF_ADD, R1, 0, R2);
}

static uint32_t failure_off(uint32_t failure)
{
	return (uint32_t)(offsetof(struct code_globals, failures) + 8 * failure);
}

void gen_count_failure(struct gen *g, struct span span, const char *what,
		       const struct program_map *m)
{
	count(g, failure_off(gen_failure(g, span, what, m)));
}

// What a map says when it is full.
#define MAP_FULL (-7) // -E2BIG

static void emit_cold(struct gen *g, const struct cold *c)
{
	uint32_t before = g->span;
	gen_at_again(g, c->span);
	bpf_bind(g->b, c->start);
	if (c->kind == COLD_LOST) {
		bpf_comment(g->b, "the event is lost");
		count(g, offsetof(struct code_globals, n_lost));
	} else if (c->kind == COLD_UPDATE) {
		struct bpf_label other = bpf_label_new(g->b);
		bpf_jump_if_imm(g->b, BPF_JNE, R0, MAP_FULL, other);
		bpf_comment(g->b, "the map is full");
		count(g, failure_off(c->failure));
		bpf_jump(g->b, c->back);
		bpf_bind(g->b, other);
		count(g, failure_off(c->other_failure));
	} else if (c->kind == COLD_UNREAD) {
		bpf_comment(g->b, "could not be read");
		gen_failed(g, &c->on_fail);
	} else {
		if (c->kind == COLD_FETCH) {
			fetch_again(g, c->fetch);
			bpf_jump_if_imm(g->b, BPF_JSGE, R0, 0, c->back);
		}
		bpf_comment(g->b, "failed");
		count(g, failure_off(c->failure));
		gen_failed(g, &c->on_fail);
	}
	bpf_jump(g->b, c->back);
	gen_at_again(g, before);
}

void gen_cold_flush(struct gen *g)
{
	for (size_t i = 0; i < g->cold.n; i++)
		emit_cold(g, &g->cold.v[i]);
	g->cold.n = 0;
}

void gen_later(struct gen *g, struct pending p)
{
	p.scratch_used = g->f.scratch_used;
	p.is_in_map_loop |= g->is_in_map_loop;
	VEC_PUSH(g->a, &g->pending, p);
}

// --- maps ---

struct bpf_map *unit_map(struct unit *u, struct bpf_map m)
{
	struct bpf_map *map = ARENA_NEW(u->a, struct bpf_map);
	*map = m;
	map->fd = -1;
	VEC_PUSH(u->a, &u->maps, map);
	return map;
}

// A mapped ring buffer counts as our memory: scripts that only count in maps get little.
static uint32_t ring_bytes(const struct program *p)
{
	if (p->config->ring_bytes)
		return p->config->ring_bytes;
	for (size_t i = 0; i < p->n_actions; i++)
		if (p->actions[i]->kind != ACTION_EXIT)
			return RING_BYTES;
	return RING_BYTES_FEW;
}

static void make_maps(struct unit *u)
{
	const struct program *p = u->p;
	bool has_perf_event = false;
	for (size_t i = 0; i < p->n_parts; i++)
		has_perf_event |= u->c->progs[i].type == BPF_PROG_TYPE_PERF_EVENT;
	u->c->globals = unit_map(u, (struct bpf_map) { .name = "globals",
						       .type = BPF_MAP_TYPE_ARRAY,
						       .key_size = 4,
						       .value_size = sizeof(struct code_globals),
						       .max_entries = 1,
						       .flags = BPF_F_MMAPABLE });
	u->c->ring = unit_map(u, (struct bpf_map) { .name = "ring",
						    .type = BPF_MAP_TYPE_RINGBUF,
						    .max_entries = ring_bytes(p) });
	u->c->map_of = ARENA_ARRAY(u->a, struct bpf_map *, p->n_maps);
	for (size_t i = 0; i < p->n_maps; i++)
		u->c->map_of[i] = map_create(u, p->maps[i], has_perf_event);
	scratch_maps(u);
	calls_map(u);
}

// --- one program ---

static enum bpf_prog_type prog_type(enum probe_kind kind)
{
	switch (kind) {
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_SIGNAL:
		return BPF_PROG_TYPE_RAW_TRACEPOINT; // run by hand
	case PROBE_UPROBE:
	case PROBE_URETPROBE:
	case PROBE_USDT:
		return BPF_PROG_TYPE_KPROBE;
	case PROBE_TRACEPOINT:
		return BPF_PROG_TYPE_TRACEPOINT;
	case PROBE_INTERVAL:
	case PROBE_PROFILE:
	case PROBE_SOFTWARE:
	case PROBE_HARDWARE:
	case PROBE_WATCHPOINT:
		return BPF_PROG_TYPE_PERF_EVENT;
	}
	return BPF_PROG_TYPE_UNSPEC;
}

static void check_active(struct gen *g, struct bpf_label out)
{
	if (g->part->kind == PROBE_BEGIN || g->part->kind == PROBE_END)
		return;
	bpf_comment(g->b, "not before everything is attached");
	bpf_map_value_ref(g->b, R1, g->u->c->globals, offsetof(struct code_globals, is_active));
	bpf_load(g->b, 8, R1, R1, 0);
	bpf_jump_if_imm(g->b, BPF_JEQ, R1, 0, out);
}

// Bits of the flags register.
enum { FLAG_CF = 0x1, FLAG_PF = 0x4, FLAG_ZF = 0x40, FLAG_SF = 0x80, FLAG_OF = 0x800 };

// Leaves if the jump with that condition is taken.
static void check_flags(struct gen *g, uint8_t cc, struct bpf_label out)
{
	static const uint16_t any[8] = { FLAG_OF, FLAG_CF, FLAG_ZF, FLAG_CF | FLAG_ZF,
					 FLAG_SF, FLAG_PF, 0,       FLAG_ZF };
	struct bpf_asm *b = g->b;
	bool is_negated = cc & 1;
	struct bpf_label stays = bpf_label_new(b), taken = is_negated ? stays : out;
	bpf_comment(b, "only when the jump here is not taken");
	gen_reg(g, R1, PROGRAM_REG_FLAGS);
	if (any[cc >> 1])
		bpf_jump_if_imm(b, BPF_JSET, R1, any[cc >> 1], taken);
	if (cc >= 12) {
		// SF is not OF.
		bpf_mov(b, R2, R1);
		bpf_alu_imm(b, BPF_LSH, R2, 4);
		bpf_alu(b, BPF_XOR, R2, R1);
		bpf_jump_if_imm(b, BPF_JSET, R2, FLAG_OF, taken);
	}
	if (is_negated)
		bpf_jump(b, out);
	bpf_bind(b, stays);
}

static void check_pid(struct gen *g, struct bpf_label out)
{
	bpf_comment(g->b, "only process %d", g->p->pid);
	gen_pid(g, false);
	bpf_jump_if_imm(g->b, BPF_JNE, R0, g->p->pid, out);
}

// Bytes of a stack frame. All that may stand on each other have 512; but from 64 on the kernel
// gives a program one stack a CPU instead of the task's own (Linux 6.13, kernel/bpf/verifier.c,
// BPF_PRIV_STACK_MIN_SIZE), which another task's program on that CPU would write over. The kernel
// rounds up to 16.
static int frame_limit(int depth)
{
	return MIN(STACK_BYTES / (depth + 1) & ~31, STACK_OWN_BYTES);
}

// Of marks that variables could not be read: a bit for each.
static uint64_t unread_bytes(const struct gen *g)
{
	bool has_some = false;
	for (size_t i = 0; g->may_be_unread && i < g->part->n_vars; i++)
		has_some |= g->may_be_unread[i];
	return has_some ? (g->part->n_vars + 63) / 64 * 8 : 0;
}

static void make_vars(struct gen *g)
{
	const struct program_part *part = g->part;
	g->vars = ARENA_ARRAY(g->a, struct spot, part->n_vars);
	for (size_t i = 0; i < part->n_vars; i++) {
		int size = (int)part->vars[i]->type->size;
		// Callbacks reach only scratch memory.
		g->vars[i] = g->has_callbacks ? frame_alloc_scratch(g, size) : frame_alloc(g, size);
	}
	int size = (int)unread_bytes(g);
	if (size)
		g->unread = g->has_callbacks ? frame_alloc_scratch(g, size) : frame_alloc(g, size);
}

static void clear_vars(struct gen *g)
{
	for (size_t i = 0; i < g->part->n_vars; i++) {
		bpf_comment(g->b, "$%.*s", STR_ARG(g->part->vars[i]->name));
		spot_zero(g, g->vars[i], (g->part->vars[i]->type->size + 7) & ~7ULL);
	}
	if (unread_bytes(g))
		spot_zero(g, g->unread, unread_bytes(g));
}

// What comes before the body: of a return probe, the call's entry is looked up; then the predicate.
static void emit_conditions(struct gen *g, struct bpf_label out)
{
	bool used = g->uses_scratch;
	g->uses_scratch = false;
	if (g->part->call)
		gen_call_end(g, out);
	if (g->part->predicate) {
		struct frame before = g->f;
		uint32_t at = gen_at(g, g->part->predicate->span);
		fail_leaves(g, out);
		gen_jump(g, g->part->predicate, false, out);
		g->on_fail = (struct on_fail) { 0 };
		gen_at_again(g, at);
		g->f = before;
	}
	g->conditions_use_scratch = g->uses_scratch;
	g->uses_scratch |= used;
}

// What every function's frame has: its link if there are callbacks, and the word for loops.
static struct frame frame_start(struct gen *g, int scratch_used)
{
	// At a call's entry there is no scratch memory until its record is found, and all of the
	// little stack is needed for that.
	bool has_link = g->has_callbacks && (!g->part->is_call_entry || g->is_in_callback);
	int used = (has_link ? LINK_BYTES : 0) + 8;
	g->counter_off = -used;
	return (struct frame) { .stack_used = used, .scratch_used = scratch_used };
}

void gen_link(struct gen *g)
{
	if (!g->has_callbacks)
		return;
	g->f.stack_used = LINK_BYTES + 8;
	g->counter_off = -g->f.stack_used;
	bpf_store(g->b, 8, R_FRAME, LINK_CTX, R_CTX);
	bpf_store(g->b, 8, R_FRAME, LINK_SCRATCH, R_SCRATCH);
}

static void emit_callbacks(struct gen *g)
{
	g->is_in_callback = true;
	// More of them may come up meanwhile.
	for (size_t i = 0; i < g->pending.n; i++) {
		struct pending p = g->pending.v[i];
		g->f = frame_start(g, p.scratch_used);
		g->loop = NULL;
		g->is_in_map_loop = p.is_in_map_loop;
		p.emit(g, &p);
		gen_cold_flush(g);
	}
}

static void emit_start(struct gen *g, struct bpf_label out)
{
	const struct program_part *part = g->part;
	gen_at(g, part->clause->clause->attach ? part->clause->clause->attach->span : SPAN_NONE);
	g->f = frame_start(g, SCRATCH_START);
	bpf_mov(g->b, R_CTX, R1);
	gen_ret_undo(g);
	check_active(g, out);
	if (part->entry_cc != INSN_CC_NONE)
		check_flags(g, part->entry_cc & 0xf, out);
	if (part->checks_pid)
		check_pid(g, out);
	// Of a call, the entry decides.
	if (!part->is_call_entry && !part->call)
		gen_budget(g, out);
}

static void emit_end(struct gen *g, struct bpf_label out)
{
	bpf_bind(g->b, out);
	gen_ret(g);
	bpf_const(g->b, R0, 0);
	bpf_exit(g->b);
	gen_cold_flush(g);
}

// The program at the entries of the calls that a return probe waits for.
static void emit_call_entry(struct gen *g)
{
	struct bpf_label out = bpf_label_new(g->b);
	emit_start(g, out);
	gen_call_begin(g, out);
	emit_end(g, out);
	emit_callbacks(g);
}

static void emit(struct gen *g)
{
	const struct program_part *part = g->part;
	struct bpf_asm *b = g->b;
	struct bpf_label out = bpf_label_new(b);
	bool claims_early = g->has_scratch && g->conditions_use_scratch;
	if (part->is_call_entry) {
		emit_call_entry(g);
		return;
	}
	g->leave = bpf_label_new(b);
	emit_start(g, out);
	if (g->has_callbacks)
		bpf_store(b, 8, R_FRAME, LINK_CTX, R_CTX);
	if (claims_early)
		gen_claim(g, out);
	emit_conditions(g, claims_early ? g->leave : out);
	if (g->has_scratch && !claims_early)
		gen_claim(g, out);
	make_vars(g);
	clear_vars(g);
	gen_block(g, part->body);
	bpf_bind(b, g->leave);
	if (g->has_scratch)
		gen_release(g);
	emit_end(g, out);
	emit_callbacks(g);
}

static bool is_go(const struct program_part *part)
{
	const struct plan_probe *p = part->n_probes ? part->probes[0] : NULL;
	return p && p->program && p->func && target_func_is_go(p->program->target, p->func);
}

static struct gen gen_init(struct unit *u, const struct program_part *part)
{
	struct gen g = {
		.u = u,
		.a = u->a,
		.p = u->p,
		.b = bpf_asm_new(u->a),
		.part = part,
		.type = u->c->progs[part->index].type,
		.has_scratch = true,
		.conditions_use_scratch = true,
		.is_go = is_go(part),
		.span = BPF_SPAN_NONE,
	};
	g.has_ret = gen_has_ret(&g);
	g.stack_depth = loops_depth(part, &g.has_callbacks);
	g.stack_limit = frame_limit(g.stack_depth);
	return g;
}

static void check_maps(struct gen *g, const struct bpf_code *code)
{
	const struct probe *clause = g->part->clause->clause;
	if (code->n_maps <= MAPS_MAX)
		return;
	uint32_t n_own = 0;
	for (uint32_t i = 0; i < code->n_maps; i++)
		for (size_t k = 0; k < g->p->n_maps; k++)
			n_own += g->u->c->map_of[k] == code->maps[i];
	diag_error(g->p->diag, clause->attach ? clause->attach->span : SPAN_NONE,
		   "this clause uses %u maps: the kernel allows %u, %u of them are stoat's own",
		   n_own, MAPS_MAX, code->n_maps - n_own);
	diag_hint(g->p->diag, "one map with a key more can stand for several: @m[\"reads\", tid]");
}

// The round that tells what the program needs. What one variable may be is known of another one
// that is set from it one round later.
static struct gen first_round(struct unit *u, const struct program_part *part, bool *may_be_unread)
{
	size_t n_spans = u->spans.n;
	for (;;) {
		struct gen g = gen_init(u, part);
		g.may_be_unread = may_be_unread;
		g.found_unread = ARENA_ARRAY(u->a, bool, part->n_vars);
		u->spans.n = n_spans;
		emit(&g);
		bool is_done = true;
		for (size_t i = 0; i < part->n_vars; i++) {
			is_done &= may_be_unread[i] || !g.found_unread[i];
			may_be_unread[i] |= g.found_unread[i];
		}
		if (is_done || diag_n_errors(u->p->diag))
			return g;
	}
}

static struct err *make_prog(struct unit *u, const struct program_part *part)
{
	size_t n_spans = u->spans.n;
	bool *may_be_unread = ARENA_ARRAY(u->a, bool, part->n_vars);
	struct gen first = first_round(u, part, may_be_unread);
	if (diag_n_errors(u->p->diag))
		return NULL;
	u->spans.n = n_spans;
	struct gen g = gen_init(u, part);
	g.may_be_unread = may_be_unread;
	g.has_scratch = first.uses_scratch || g.has_callbacks;
	g.conditions_use_scratch = first.conditions_use_scratch;
	emit(&g);
	// At a call's entry, the call's own record is the scratch memory.
	if (part->is_call_entry)
		u->call_bytes = MAX(u->call_bytes, (uint32_t)g.scratch_max);
	else if (g.has_scratch)
		u->scratch_bytes =
			MAX(u->scratch_bytes, (uint32_t)MAX(g.scratch_max, SCRATCH_START));
	u->c->progs[part->index].is_sleepable = g.sleeps;
	u->c->progs[part->index].returns = g.has_ret && u->p->config->ret_in_bpf;
	bpf_asm_drop_unreached(g.b);
	struct err *e = bpf_asm_finish(g.b, &u->c->progs[part->index].code);
	if (!e)
		check_maps(&g, &u->c->progs[part->index].code);
	struct str probe = part->n_probes ? part->probes[0]->text : STR("a clause");
	return err_wrap(e, "%.*s", STR_ARG(probe));
}

static void unit_finish(struct unit *u)
{
	u->c->globals->value_size = (uint32_t)(sizeof(struct code_globals) + 8 * u->failures.n);
	if (u->scratch_bytes) {
		u->scratch->value_size = (u->scratch_bytes + 7) & ~7u;
		VEC_PUSH(u->a, &u->maps, u->scratch);
	}
	calls_map_finish(u);
	for (size_t i = 0; u->tables && i < u->p->n_programs; i++) {
		if (!u->tables[i])
			continue;
		const struct value_table *t = value_book_table(u->p->books[i]);
		VEC_PUSH(u->a, &u->written, (struct code_table) { u->tables[i], t->bytes });
	}
	u->c->tables = u->written.v;
	u->c->n_tables = u->written.n;
	u->c->failures = u->failures.v;
	u->c->n_failures = u->failures.n;
	u->c->maps = u->maps.v;
	u->c->n_maps = u->maps.n;
	u->c->spans = u->spans.v;
	u->c->n_spans = u->spans.n;
}

struct err *code_make(struct arena *a, const struct program *p, const struct code_options *options,
		      struct code **out)
{
	struct unit u = {
		.a = a, .p = p, .o = options, .c = ARENA_NEW(a, struct code), .btf = p->btf
	};
	u.c->n_progs = p->n_parts;
	u.c->progs = ARENA_ARRAY(a, struct code_prog, p->n_parts);
	for (size_t i = 0; i < p->n_parts; i++)
		u.c->progs[i] = (struct code_prog) { .part = p->parts[i],
						     .type = prog_type(p->parts[i]->kind) };
	make_maps(&u);
	struct err *e = NULL;
	for (size_t i = 0; i < p->n_parts && !e; i++)
		e = make_prog(&u, p->parts[i]);
	arena_free(u.btf_arena);
	if (e)
		return e;
	unit_finish(&u);
	*out = u.c;
	return NULL;
}
