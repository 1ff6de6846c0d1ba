// SPDX-License-Identifier: Apache-2.0
// Whole values as arguments of events: their own bytes, and the start of the walk through what they
// refer to (walk.c).
#include "code/walk.h"

const struct program_whole *type_whole(const struct type *t)
{
	bool is_whole = t->kind == TYPE_OPAQUE && t->shown->kind == OUT_GO;
	return is_whole ? t->shown->meaning : NULL;
}

static uint64_t padded(uint64_t n)
{
	return (n + 7) & ~7ULL;
}

static const struct value_book *book_of(const struct gen *g, const struct program_whole *w)
{
	return g->p->books[w->program];
}

static uint64_t item_max(uint64_t bytes)
{
	return MAX(MIN(VALUE_ITEM_MAX, bytes / 2) & ~7u, 16u);
}

static uint64_t slack(uint64_t bytes)
{
	return sizeof(struct value_item) + item_max(bytes) + 256;
}

uint64_t whole_size(const struct gen *g, const struct program_whole *w, size_t n)
{
	uint64_t own = sizeof(struct value_item) + padded(w->type->size);
	return MAX((value_book_limits(book_of(g, w))->bytes / n) & ~7u, own);
}

uint64_t whole_slack(const struct gen *g, const struct program_whole *w)
{
	return slack(value_book_limits(book_of(g, w))->bytes);
}

static struct bpf_map *unit_table(struct unit *u, uint32_t program)
{
	if (!u->tables)
		u->tables = ARENA_ARRAY(u->a, struct bpf_map *, u->p->n_programs);
	if (!u->tables[program]) {
		struct bytes bytes = value_book_table(u->p->books[program])->bytes;
		u->tables[program] =
			unit_map(u, (struct bpf_map) { .name = "types",
						       .type = BPF_MAP_TYPE_ARRAY,
						       .key_size = 4,
						       .value_size = (uint32_t)bytes.len,
						       .max_entries = 1 });
	}
	return u->tables[program];
}

struct spot whole_state(struct gen *g)
{
	return frame_alloc_scratch(g, AT_SEEN + (8 << SEEN_BITS));
}

// --- the value itself ---

static void put_root(struct gen *g, const struct program_whole *type, struct spot to)
{
	spot_store_imm(g, 8, to, 0);
	spot_store_imm(g, 4, spot_at(to, offsetof(struct value_item, type)), type->root);
	spot_store_imm(g, 4, spot_at(to, offsetof(struct value_item, size)), type->type->size);
	spot_store_imm(g, 4, spot_at(to, offsetof(struct value_item, want)), type->type->size);
	spot_store_imm(g, 4, spot_at(to, offsetof(struct value_item, depth)), 0);
}

// r0: the offset of the value's item.
static void start(struct gen *g, const struct whole *w, const struct program_whole *type,
		  uint64_t room, struct span span)
{
	struct bpf_asm *b = g->b;
	const struct plan_program *p = g->p->programs[type->program];
	walk_set(g, w, AT_NEXT, R0);
	bpf_mov(b, R1, R0);
	bpf_alu_imm(b, BPF_ADD, R1, (int64_t)room);
	walk_set(g, w, AT_LIMIT, R1);
	bpf_alu_imm(b, BPF_ADD, R0,
		    (int64_t)(sizeof(struct value_item) + padded(type->type->size)));
	walk_set(g, w, AT_END, R0);
	walk_set_imm(g, w, AT_LEFT, 0);
	walk_set_imm(g, w, AT_SIZE, 1);
	walk_set_imm(g, w, AT_REF, 0);
	walk_set_imm(g, w, AT_REF_END, 0);
	walk_set_imm(g, w, AT_OTHER, 0);
	bpf_call(b, BPF_FUNC_ktime_get_ns);
	bpf_const(b, R1, 0xd1342543de82ef95ULL);
	bpf_alu(b, BPF_MUL, R0, R1);
	walk_set(g, w, AT_TAG, R0);
	if (elf_is_pie(target_elf(p->target)))
		gen_bias(g, span);
	else
		bpf_const(b, R0, 0);
	walk_set(g, w, AT_BIAS, R0);
}

// r0 = where in the event the tail ends.
static void tail_end(struct gen *g, const struct whole_event *e)
{
	if (!e->has_pos) {
		bpf_const(g->b, R0, e->start);
		return;
	}
	temp_get(g, R0, e->pos);
	bpf_alu_imm(g->b, BPF_ADD, R0, (int64_t)e->start);
}

// What is written there as several values is shown without those that cannot be read: each has a
// mark in the first item, which has no address.
static void mark_items(struct gen *g, const struct expr *value, struct spot item)
{
	if (value->kind != EXPR_RECORD && value->kind != EXPR_TUPLE)
		return;
	fail_marks(g, spot_at(item, offsetof(struct value_item, addr)), 0);
	g->on_fail.items_bit = 1;
}

// The value's item, at the end of the tail. r0 = its offset in the event.
static void put_value(struct gen *g, struct expr *value, const struct program_whole *type,
		      const struct whole_event *event, struct whole *w)
{
	struct frame before = g->f;
	uint64_t size = type_strip(value->type)->size;
	uint64_t bytes = sizeof(struct value_item) + padded(size);
	// Behind other texts it has no fixed place: it is made elsewhere then.
	struct spot made = event->has_pos ? frame_alloc_scratch(g, (int)bytes)
					  : spot_at(event->spot, (int64_t)event->start);
	put_root(g, type, made);
	if (padded(size) != size)
		spot_store_imm(g, 8, spot_at(made, (int64_t)bytes - 8), 0);
	const struct on_fail outer = g->on_fail;
	mark_items(g, value, made);
	gen_into(g, value, spot_at(made, sizeof(struct value_item)));
	g->on_fail = outer;
	tail_end(g, event);
	if (event->has_pos) {
		struct temp from = temp_keep(g, R0);
		w->stop = event->impossible;
		walk_event_ref(g, w, R1, R0, bytes);
		bpf_const(g->b, R2, bytes);
		spot_ref(g, R3, made);
		bpf_call(g->b, BPF_FUNC_probe_read_kernel);
		temp_get(g, R0, from);
	}
	g->f = before;
}

void gen_whole(struct gen *g, struct expr *e, const struct program_whole *type,
	       const struct whole_event *event)
{
	const struct value_book *book = book_of(g, type);
	struct frame before = g->f;
	struct whole w = {
		.table = value_book_table(book),
		.limits = value_book_limits(book),
		.map = unit_table(g->u, type->program),
		.state = event->state,
		.event = event->spot,
		.event_max = event->size,
		.room = event->room,
		.item_max = item_max(value_book_limits(book)->bytes),
		.seen_bits = SEEN_BITS,
		.may_sleep = gen_may_sleep(g),
	};
	put_value(g, e->cast.value, type, event, &w);
	struct temp from = temp_keep(g, R0);
	start(g, &w, type, event->room, e->span);
	walk_loop(g, &w);
	walk_get(g, &w, R0, AT_END);
	temp_get(g, R1, from);
	bpf_alu(g->b, BPF_SUB, R0, R1);
	g->f = before;
}

void gen_whole_kept(struct gen *g, struct expr *value, const struct program_whole *type,
		    struct spot to)
{
	const struct value_book *book = book_of(g, type);
	struct frame before = g->f;
	struct spot state = frame_alloc_scratch(g, AT_SEEN + (8 << SEEN_BITS_FEW));
	// Nothing is written behind the record, but the verifier does not see that.
	struct spot behind = frame_alloc_scratch(g, (int)slack(type->kept_bytes));
	struct whole_event event = {
		.state = state,
		.spot = to,
		.size = (uint64_t)(behind.off - to.off) + slack(type->kept_bytes),
		.start = 8,
		.room = type->kept_bytes,
	};
	struct whole w = {
		.table = value_book_table(book),
		.limits = value_book_limits(book),
		.map = unit_table(g->u, type->program),
		.state = state,
		.event = to,
		.event_max = event.size,
		.room = event.room,
		.item_max = item_max(type->kept_bytes),
		.seen_bits = SEEN_BITS_FEW,
		.may_sleep = gen_may_sleep(g),
	};
	put_value(g, value, type, &event, &w);
	start(g, &w, type, event.room, value->span);
	walk_loop(g, &w);
	walk_get(g, &w, R0, AT_END);
	bpf_alu_imm(g->b, BPF_SUB, R0, 8);
	spot_store(g, 8, to, R0);
	g->f = before;
}
