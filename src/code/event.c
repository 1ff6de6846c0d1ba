// SPDX-License-Identifier: Apache-2.0
// Events: built in memory of our own, then sent with one call. First the head and a fixed part, in
// which every argument has its place; behind it the tail, with text and buffers at their real
// lengths.
#include "code/gen.h"

// Text up to this size stands in the fixed part.
#define TEXT_FIXED 32

// Where text and buffers of an event are.
struct tail_ref {
	uint32_t off; // from the start of the event
	uint32_t len;
};

static uint64_t padded(uint64_t n)
{
	return (n + 7) & ~7ULL;
}

static bool is_in_tail(struct type *t)
{
	t = type_strip(t);
	return t->kind == TYPE_BUFFER || t->kind == TYPE_STRING || type_whole(t) ||
	       (t->kind == TYPE_TEXT && t->size > TEXT_FIXED);
}

// The most that it takes there. Whole values, of which there are n_wholes, share what there is.
static uint64_t tail_size(const struct gen *g, struct type *t, size_t n_wholes)
{
	t = type_strip(t);
	const struct program_whole *whole = type_whole(t);
	if (whole && whole->kept_bytes)
		return whole->kept_bytes;
	if (whole)
		return whole_size(g, whole, n_wholes);
	return t->kind == TYPE_STRING ? 8 + (uint64_t)g->p->config->max_strlen : t->size;
}

static uint64_t fixed_size(struct type *t)
{
	return is_in_tail(t) ? sizeof(struct tail_ref) : padded(MAX(type_strip(t)->size, 8u));
}

// --- taking apart ---

static struct bytes part(struct bytes b, uint64_t off, uint64_t len)
{
	if (off > b.len || len > b.len - off)
		return (struct bytes) { 0 };
	return (struct bytes) { b.p + off, (size_t)len };
}

// --- what could not be read ---
//
// In code_event.extra every argument has a bit, in a tuple every item.

static size_t n_items(const struct expr *e)
{
	if (e->kind == EXPR_TUPLE || e->kind == EXPR_RECORD)
		return type_strip(e->type)->n_fields;
	return 0;
}

static size_t n_bits(const struct expr *e)
{
	return MAX(n_items(e), 1u);
}

// Like a Go text without a length.
static struct out_value unreadable(void)
{
	static const struct out_type type = { .kind = OUT_TEXT, .size = sizeof(uint64_t) };
	static const uint64_t length = OUT_UNREADABLE;
	struct bytes bytes = { (const uint8_t *)&length, sizeof(length) };
	return (struct out_value) { .type = &type, .bytes = bytes };
}

// Marks what is so in the value of e, whose first bit is this one.
static void mark(struct out_value *v, const struct expr *e, uint32_t marks, size_t bit)
{
	for (size_t i = 0; i < n_items(e); i++)
		if (marks & mark_bit(bit + i))
			v->unreadable |= mark_bit(i);
	if (!n_items(e) && (marks & mark_bit(bit)))
		*v = unreadable();
}

bool code_event_args(const struct program_action *action, struct bytes record,
		     struct out_value *args)
{
	uint64_t off = sizeof(struct code_event);
	size_t bit = 0;
	struct code_event head = { 0 };
	memcpy(&head, record.p, MIN(record.len, sizeof(head)));
	for (size_t i = 0; i < action->n_args; i++) {
		struct type *t = type_strip(action->args[i].value->type);
		uint64_t size = fixed_size(t);
		struct bytes slot = part(record, off, size);
		if (!slot.p)
			return false;
		args[i] = (struct out_value) { .type = action->args[i].shown, .bytes = slot };
		if (is_in_tail(t)) {
			struct tail_ref r;
			memcpy(&r, slot.p, sizeof(r));
			args[i].bytes = part(record, r.off, r.len);
			if (!args[i].bytes.p)
				return false;
		} else if (type_is_memory(t)) {
			args[i].bytes.len = (size_t)t->size;
		}
		mark(&args[i], action->args[i].value, head.extra, bit);
		bit += n_bits(action->args[i].value);
		off += size;
	}
	return true;
}

// --- the tail ---

struct tail {
	struct spot event;
	uint64_t size;     // of all of the event
	struct spot state; // for whole values
	size_t n_wholes;
	uint64_t start; // from the start of the event
	bool has_pos;
	struct temp pos; // bytes in it so far, if has_pos; else there are none
	uint64_t max;    // there can be no more than that
	struct bpf_label impossible;
};

void dest_ref(struct gen *g, uint8_t reg, struct dest d, int64_t off)
{
	spot_ref(g, reg, spot_at(d.spot, off));
	if (!d.tail || !d.tail->has_pos)
		return;
	temp_get(g, R5, d.tail->pos);
	// For the verifier, which forgets what it knew of a number in memory.
	bpf_jump_if_imm(g->b, BPF_JGT, R5, (int64_t)d.tail->max, d.tail->impossible);
	bpf_alu(g->b, BPF_ADD, reg, R5);
}

struct dest dest_kept(struct gen *g, struct dest d)
{
	if (d.tail) {
		struct tail *kept = ARENA_NEW(g->a, struct tail);
		*kept = *d.tail;
		d.tail = kept;
	}
	return d;
}

static struct dest tail_end(const struct tail *t)
{
	return (struct dest) { spot_at(t->event, (int64_t)t->start), t };
}

// r0 bytes, max at most, have been put at the tail's end: their place is kept at ref.
static void tail_take(struct gen *g, struct tail *t, struct spot ref, uint64_t max)
{
	struct bpf_asm *b = g->b;
	struct bpf_label fine = bpf_label_new(b), fits = bpf_label_new(b);
	bpf_jump_if_imm(b, BPF_JSGE, R0, 0, fine);
	bpf_const(b, R0, 0);
	bpf_bind(b, fine);
	bpf_jump_if_imm(b, BPF_JLE, R0, (int64_t)max, fits);
	bpf_const(b, R0, max);
	bpf_bind(b, fits);
	spot_store(g, 4, spot_at(ref, offsetof(struct tail_ref, len)), R0);
	// From there the verifier knows nothing of it: all that follows is looked at only once, and
	// not for each way on which it comes here.
	spot_load(g, 4, R0, spot_at(ref, offsetof(struct tail_ref, len)));
	if (t->has_pos)
		temp_get(g, R1, t->pos);
	else
		bpf_const(b, R1, 0);
	bpf_mov(b, R2, R1);
	bpf_alu_imm(b, BPF_ADD, R2, (int64_t)t->start);
	spot_store(g, 4, spot_at(ref, offsetof(struct tail_ref, off)), R2);
	bpf_alu_imm(b, BPF_ADD, R0, 7);
	bpf_alu_imm(b, BPF_AND, R0, -8);
	bpf_alu(b, BPF_ADD, R1, R0);
	if (!t->has_pos) {
		t->pos = temp_new(g);
		t->has_pos = true;
	}
	temp_set(g, t->pos, R1);
	t->max += padded(max);
}

static bool is_call_of(const struct expr *e, enum function id)
{
	const struct call_use *u = e->meaning;
	return e->kind == EXPR_CALL && u && u->id == id && e->call.args.n &&
	       !type_is_memory(e->call.args.v[0]->type);
}

// Text that is ours already: copied up to its NUL.
static void own_text(struct gen *g, const struct tail *t, struct expr *e, uint64_t size)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label whole = bpf_label_new(b);
	struct spot s = gen_spot(g, e);
	if (type_strip(e->type)->go_kind) {
		gen_go_text_send(g, s, type_strip(e->type), tail_end(t), t->impossible);
		g->f = before;
		return;
	}
	dest_ref(g, R1, tail_end(t), 0);
	bpf_const(b, R2, size);
	spot_ref(g, R3, s);
	bpf_call(b, BPF_FUNC_probe_read_kernel_str);
	bpf_jump_if_imm(b, BPF_JNE, R0, (int64_t)size, whole);
	dest_ref(g, R1, tail_end(t), (int64_t)size - 1);
	spot_load(g, 1, R2, spot_at(s, (int64_t)size - 1));
	bpf_store(b, 1, R1, 0, R2);
	bpf_bind(b, whole);
	g->f = before;
}

static void own_buffer(struct gen *g, const struct tail *t, struct expr *e, uint64_t size)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label fits = bpf_label_new(b);
	struct spot s = gen_spot(g, e);
	dest_ref(g, R1, tail_end(t), 0);
	spot_load(g, 4, R2, s);
	bpf_alu_imm(b, BPF_ADD, R2, 4);
	bpf_jump_if_imm(b, BPF_JLE, R2, (int64_t)size, fits);
	bpf_const(b, R2, size);
	bpf_bind(b, fits);
	struct temp n = temp_keep(g, R2);
	spot_ref(g, R3, s);
	bpf_call(b, BPF_FUNC_probe_read_kernel);
	temp_get(g, R0, n);
	g->f = before;
}

static void read_buffer(struct gen *g, const struct tail *t, struct expr *e, uint64_t size)
{
	struct frame before = g->f;
	struct source s = source_of(g, e);
	struct dest bytes = tail_end(t);
	bytes.spot = spot_at(bytes.spot, 4);
	source_read_bytes(g, &s, bytes, size - 4, e->span);
	struct temp n = temp_keep(g, R0);
	dest_ref(g, R1, tail_end(t), 0);
	temp_get(g, R0, n);
	bpf_store(g->b, 4, R1, 0, R0);
	bpf_alu_imm(g->b, BPF_ADD, R0, 4);
	g->f = before;
}

// One that was made where the call began.
static void kept_whole(struct gen *g, const struct tail *t, struct expr *e, uint64_t size)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label fits = bpf_label_new(b);
	struct spot s = gen_spot(g, e);
	dest_ref(g, R1, tail_end(t), 0);
	spot_load(g, 8, R2, s);
	bpf_jump_if_imm(b, BPF_JLE, R2, (int64_t)size, fits);
	bpf_const(b, R2, size);
	bpf_bind(b, fits);
	struct temp n = temp_keep(g, R2);
	spot_ref(g, R3, spot_at(s, 8));
	bpf_call(b, BPF_FUNC_probe_read_kernel);
	temp_get(g, R0, n);
	g->f = before;
}

static void tail_arg(struct gen *g, struct tail *t, struct expr *e, struct spot ref)
{
	uint64_t size = tail_size(g, e->type, t->n_wholes);
	struct frame before = g->f;
	uint32_t at = gen_at(g, e->span);
	const struct program_whole *whole = type_whole(type_strip(e->type));
	if (whole && whole->kept_bytes) {
		kept_whole(g, t, e, size);
	} else if (whole) {
		const struct whole_event event = {
			.state = t->state,
			.spot = t->event,
			.size = t->size,
			.start = t->start,
			.has_pos = t->has_pos,
			.pos = t->pos,
			.room = size,
			.impossible = t->impossible,
		};
		gen_whole(g, e, whole, &event);
	} else if (type_strip(e->type)->kind == TYPE_STRING) {
		gen_go_sized(g, e, tail_end(t), size - 8);
	} else if (is_call_of(e, FUNCTION_STR)) {
		struct source s = source_of(g, e);
		source_read_text(g, &s, tail_end(t), size, e->span);
	} else if (is_call_of(e, FUNCTION_BUF)) {
		read_buffer(g, t, e, size);
	} else if (type_is_text(e->type)) {
		own_text(g, t, e, size);
	} else {
		own_buffer(g, t, e, size);
	}
	g->f = before;
	tail_take(g, t, ref, size);
	gen_at_again(g, at);
}

// --- sending ---

// r4 = whether the reader is to be woken up: it comes by itself, often enough while the buffer does
// not fill. When it does, only some events tell, since that takes longer than all the rest of a
// program.
static void choose_wakeup(struct gen *g)
{
	struct bpf_asm *b = g->b;
	int64_t quarter = g->u->c->ring->max_entries / 4;
	struct bpf_label calm = bpf_label_new(b);
	bpf_comment(b, "send");
	bpf_map_ref(b, R1, g->u->c->ring);
	bpf_const(b, R2, BPF_RB_AVAIL_DATA);
	bpf_call(b, BPF_FUNC_ringbuf_query);
	bpf_const(b, R4, BPF_RB_NO_WAKEUP);
	bpf_jump_if_imm(b, BPF_JLT, R0, quarter, calm);
	bpf_alu_imm(b, BPF_AND, R0, quarter - 1);
	bpf_jump_if_imm(b, BPF_JGE, R0, quarter / 8, calm);
	bpf_const(b, R4, BPF_RB_FORCE_WAKEUP);
	bpf_bind(b, calm);
}

// r3: how many bytes.
static void output(struct gen *g, struct spot from, struct bpf_label sent)
{
	bpf_map_ref(g->b, R1, g->u->c->ring);
	spot_ref(g, R2, from);
	bpf_call(g->b, BPF_FUNC_ringbuf_output);
	struct cold lost = { .kind = COLD_LOST, .back = sent };
	bpf_jump_if_imm(g->b, BPF_JSLT, R0, 0, gen_cold(g, lost));
	bpf_bind(g->b, sent);
}

void gen_wakeup(struct gen *g, struct spot flags)
{
	choose_wakeup(g);
	spot_store(g, 8, flags, R4);
}

void gen_send_value(struct gen *g, struct spot flags, uint64_t bytes)
{
	struct cold lost = { .kind = COLD_LOST, .back = bpf_label_new(g->b) };
	bpf_mov(g->b, R2, R0);
	bpf_map_ref(g->b, R1, g->u->c->ring);
	bpf_const(g->b, R3, bytes);
	spot_load(g, 8, R4, flags);
	bpf_call(g->b, BPF_FUNC_ringbuf_output);
	bpf_jump_if_imm(g->b, BPF_JSLT, R0, 0, gen_cold(g, lost));
	bpf_bind(g->b, lost.back);
}

void gen_send(struct gen *g, struct spot from, uint64_t bytes, bool wakes)
{
	if (wakes)
		bpf_const(g->b, R4, BPF_RB_FORCE_WAKEUP);
	else
		choose_wakeup(g);
	bpf_const(g->b, R3, bytes);
	output(g, from, bpf_label_new(g->b));
}

static void send_tail(struct gen *g, const struct tail *t)
{
	struct bpf_label sent = bpf_label_new(g->b);
	choose_wakeup(g);
	temp_get(g, R3, t->pos);
	bpf_jump_if_imm(g->b, BPF_JGT, R3, (int64_t)t->max, sent);
	bpf_alu_imm(g->b, BPF_ADD, R3, (int64_t)t->start);
	output(g, t->event, sent);
}

static void fixed_arg(struct gen *g, struct expr *e, struct spot at)
{
	uint64_t size = type_strip(e->type)->size;
	if (!type_is_memory(e->type)) {
		gen_num(g, e);
		spot_store(g, 8, at, R0);
		return;
	}
	if (padded(MAX(size, 8u)) != size)
		spot_store_imm(g, 8, spot_at(at, (int64_t)padded(MAX(size, 8u)) - 8), 0);
	gen_into(g, e, at);
}

struct event_size {
	uint64_t fixed;
	uint64_t tail;
	uint64_t slack; // behind the tail: not sent
	size_t n_wholes;
};

static struct event_size event_size(const struct gen *g, const struct program_action *action)
{
	struct event_size s = { .fixed = sizeof(struct code_event) };
	for (size_t i = 0; i < action->n_args; i++) {
		struct type *t = type_strip(action->args[i].value->type);
		const struct program_whole *whole = type_whole(t);
		s.fixed += fixed_size(t);
		if (!whole || whole->kept_bytes)
			continue;
		s.n_wholes++;
		s.slack = MAX(s.slack, whole_slack(g, whole));
	}
	for (size_t i = 0; i < action->n_args; i++) {
		struct type *t = action->args[i].value->type;
		s.tail += is_in_tail(t) ? padded(tail_size(g, t, s.n_wholes)) : 0;
	}
	return s;
}

static void arg_fails(struct gen *g, struct spot event, const struct expr *e, size_t bit)
{
	fail_marks(g, spot_at(event, offsetof(struct code_event, extra)), mark_bit(bit));
	g->on_fail.items_bit = n_items(e) ? (unsigned)bit + 1 : 0;
}

void gen_action(struct gen *g, struct expr *call, const struct program_action *action)
{
	struct frame before = g->f;
	struct event_size size = event_size(g, action);
	uint64_t all = size.fixed + size.tail + size.slack;
	struct spot state = size.n_wholes ? whole_state(g) : (struct spot) { 0 };
	struct spot event = size.tail ? frame_alloc_scratch(g, (int)all) : frame_alloc(g, (int)all);
	struct tail tail = { .event = event,
			     .size = all,
			     .state = state,
			     .n_wholes = size.n_wholes,
			     .start = size.fixed };
	tail.impossible = bpf_label_new(g->b);
	uint64_t off = sizeof(struct code_event);
	size_t bit = 0;
	(void)call;
	const struct on_fail outer = g->on_fail;
	spot_store_imm(g, 8, event, action->index);
	for (size_t i = 0; i < action->n_args; i++) {
		struct expr *e = action->args[i].value;
		// An entry's key is no value to be shown: without it there is no entry.
		if (action->kind != ACTION_PRINT_ENTRY)
			arg_fails(g, event, e, bit);
		if (is_in_tail(e->type))
			tail_arg(g, &tail, e, spot_at(event, (int64_t)off));
		else
			fixed_arg(g, e, spot_at(event, (int64_t)off));
		off += fixed_size(e->type);
		bit += n_bits(e);
	}
	g->on_fail = outer;
	if (tail.has_pos)
		send_tail(g, &tail);
	else
		gen_send(g, event, size.fixed, action->kind == ACTION_EXIT);
	bpf_bind(g->b, tail.impossible);
	g->f = before;
	if (action->kind == ACTION_EXIT) {
		// Nothing is counted or printed behind it.
		bpf_map_value_ref(g->b, R1, g->u->c->globals,
				  offsetof(struct code_globals, is_active));
		bpf_store_imm(g->b, 8, R1, 0, 0);
		gen_leave(g);
	}
}
