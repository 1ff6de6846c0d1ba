// SPDX-License-Identifier: Apache-2.0
// Whole values: the bytes of one, then those of all that it refers to, appended to an event. What
// refers to what stands in a table (value/value.h), so that this code is the same for all types: a
// loop each of whose rounds looks at one reference of the table. The event is its own list of what
// is still to be looked at: first what the value itself refers to, then what that does.
#include "code/walk.h"

// No event has room for more references than that.
#define ROUNDS (1 << 14)
// Without bpf_loop the verifier follows every round of every walk, and there is an end to how much
// of a program it follows: all walks of a program share these.
#define ROUNDS_FEW 500

// --- what all rounds use ---

// reg = the address of the event's bytes at offset off, of which so many are used. The verifier has
// to see that they are there.
void walk_event_ref(struct gen *g, const struct whole *w, uint8_t reg, uint8_t off, uint64_t bytes)
{
	bpf_jump_if_imm(g->b, BPF_JGT, off, (int64_t)(w->event_max - bytes), w->stop);
	bpf_mov(g->b, reg, R_SCRATCH);
	bpf_alu(g->b, BPF_ADD, reg, off);
	bpf_alu_imm(g->b, BPF_ADD, reg, w->event.off);
}

// reg = the address of entry number of a part of the table, whose entries have 1 << bits bytes;
// number is lost.
static void table_ref(struct gen *g, const struct whole *w, uint8_t reg, uint8_t number,
		      uint32_t off, uint32_t n, int bits)
{
	bpf_jump_if_imm(g->b, BPF_JGE, number, (int64_t)n, w->stop);
	bpf_alu_imm(g->b, BPF_LSH, number, bits);
	bpf_map_value_ref(g->b, reg, w->map, off);
	bpf_alu(g->b, BPF_ADD, reg, number);
}

static void type_ref(struct gen *g, const struct whole *w, uint8_t reg, uint8_t number)
{
	table_ref(g, w, reg, number, 0, w->table->n_types, 4);
}

static void again_if(struct gen *g, const struct whole *w, uint8_t op, uint8_t reg, int64_t v)
{
	bpf_jump_if_imm(g->b, op, reg, v, w->again);
}

// --- which reference comes next ---

static void next_item(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	struct bpf_label has_refs = bpf_label_new(b), is_whole = bpf_label_new(b);
	bpf_comment(b, "the next item");
	walk_get(g, w, R8, AT_NEXT);
	walk_get(g, w, R2, AT_END);
	bpf_jump_if(b, BPF_JGE, R8, R2, w->stop);
	walk_event_ref(g, w, R7, R8, sizeof(struct value_item));
	bpf_load(b, 4, R1, R7, offsetof(struct value_item, type));
	bpf_load(b, 4, R2, R7, offsetof(struct value_item, size));
	bpf_load(b, 2, R3, R7, offsetof(struct value_item, depth));
	walk_set(g, w, AT_DEPTH, R3);
	bpf_alu_imm(b, BPF_ADD, R8, sizeof(struct value_item));
	walk_set(g, w, AT_BASE, R8);
	bpf_mov(b, R4, R2);
	bpf_alu_imm(b, BPF_ADD, R4, 7);
	bpf_alu_imm(b, BPF_AND, R4, -8);
	bpf_alu(b, BPF_ADD, R4, R8);
	walk_set(g, w, AT_NEXT, R4);
	type_ref(g, w, R4, R1);
	bpf_load(b, 4, R3, R4, offsetof(struct value_type, size));
	bpf_load(b, 4, R1, R4, offsetof(struct value_type, first_ref));
	bpf_load(b, 2, R5, R4, offsetof(struct value_type, n_refs));
	walk_set(g, w, AT_SIZE, R3);
	walk_set(g, w, AT_FIRST, R1);
	walk_set(g, w, AT_REF, R1);
	bpf_alu(b, BPF_ADD, R1, R5);
	walk_set(g, w, AT_REF_END, R1);
	// What was cut short of one element has no references that are all there.
	bpf_jump_if(b, BPF_JGE, R2, R3, is_whole);
	walk_set(g, w, AT_REF, R1);
	bpf_bind(b, is_whole);
	bpf_jump_if_imm(b, BPF_JNE, R5, 0, has_refs);
	bpf_const(b, R2, 0);
	bpf_bind(b, has_refs);
	walk_set(g, w, AT_LEFT, R2);
	bpf_jump(b, w->again);
}

static void next_element(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	struct bpf_label no_more = bpf_label_new(b);
	walk_get(g, w, R2, AT_LEFT);
	walk_get(g, w, R3, AT_SIZE);
	bpf_alu(b, BPF_SUB, R2, R3);
	bpf_jump_if(b, BPF_JSLT, R2, R3, no_more);
	bpf_comment(b, "the next element");
	walk_set(g, w, AT_LEFT, R2);
	walk_get(g, w, R1, AT_BASE);
	bpf_alu(b, BPF_ADD, R1, R3);
	walk_set(g, w, AT_BASE, R1);
	walk_get(g, w, R1, AT_FIRST);
	walk_set(g, w, AT_REF, R1);
	bpf_jump(b, w->again);
	bpf_bind(b, no_more);
	next_item(g, w);
}

// r7 = the reference, r8 = the offset of what it is in.
static void next_ref(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	struct bpf_label is_other = bpf_label_new(b), has_one = bpf_label_new(b),
			 is_inside = bpf_label_new(b);
	walk_get(g, w, R7, AT_OTHER);
	bpf_jump_if_imm(b, BPF_JNE, R7, 0, is_other);
	walk_get(g, w, R7, AT_REF);
	walk_get(g, w, R2, AT_REF_END);
	bpf_jump_if(b, BPF_JLT, R7, R2, is_inside);
	next_element(g, w);
	bpf_bind(b, is_other);
	walk_set_imm(g, w, AT_OTHER, 0);
	walk_get(g, w, R8, AT_OTHER_AT);
	bpf_alu_imm(b, BPF_SUB, R7, 1);
	bpf_jump(b, has_one);
	bpf_bind(b, is_inside);
	bpf_mov(b, R1, R7);
	bpf_alu_imm(b, BPF_ADD, R1, 1);
	walk_set(g, w, AT_REF, R1);
	walk_get(g, w, R8, AT_BASE);
	bpf_bind(b, has_one);
	table_ref(g, w, R1, R7, w->table->refs_off, w->table->n_refs, 4);
	bpf_mov(b, R7, R1);
}

// Goes on with the next round if the reference does not hold.
static void guard(struct gen *g, const struct whole *w)
{
	static const struct {
		uint8_t guard, bytes, again_op, value;
	} kinds[] = {
		{ VALUE_IF_ZERO, 1, BPF_JNE, 0 },      { VALUE_IF_NOT_ZERO, 1, BPF_JEQ, 0 },
		{ VALUE_IF_TOPHASH, 1, BPF_JLT, 5 },   { VALUE_IF_CTRL, 1, BPF_JGE, 128 },
		{ VALUE_IF_WORD_ZERO, 8, BPF_JNE, 0 }, { VALUE_IF_WORD_NOT_ZERO, 8, BPF_JEQ, 0 },
	};
	struct bpf_asm *b = g->b;
	struct bpf_label holds = bpf_label_new(b);
	bpf_load(b, 1, R1, R7, offsetof(struct value_ref, guard));
	bpf_jump_if_imm(b, BPF_JEQ, R1, VALUE_ALWAYS, holds);
	bpf_load(b, 2, R2, R7, offsetof(struct value_ref, guard_off));
	bpf_alu(b, BPF_ADD, R2, R8);
	walk_event_ref(g, w, R3, R2, 8);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct bpf_label other = bpf_label_new(b);
		bpf_jump_if_imm(b, BPF_JNE, R1, kinds[i].guard, other);
		bpf_load(b, kinds[i].bytes, R4, R3, 0);
		again_if(g, w, kinds[i].again_op, R4, kinds[i].value);
		bpf_jump(b, holds);
		bpf_bind(b, other);
	}
	bpf_bind(b, holds);
}

// --- how much there is ---

// AT_DEEP = how deep what the reference leads to is.
static void depth(struct gen *g, const struct whole *w)
{
	bpf_load(g->b, 1, R5, R7, offsetof(struct value_ref, cost));
	walk_get(g, w, R2, AT_DEPTH);
	bpf_alu(g->b, BPF_ADD, R2, R5);
	again_if(g, w, BPF_JGT, R2, w->limits->depth);
	walk_set(g, w, AT_DEEP, R2);
}

// r1 of them are there, of which r2 are wanted at most.
static void counted(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	struct bpf_label few = bpf_label_new(b), fits = bpf_label_new(b), one = bpf_label_new(b);
	bpf_const(b, R3, 0);
	bpf_jump_if(b, BPF_JLE, R1, R2, few);
	bpf_mov(b, R1, R2);
	bpf_const(b, R3, UINT32_MAX);
	bpf_bind(b, few);
	walk_get(g, w, R5, AT_TYPE);
	type_ref(g, w, R4, R5);
	bpf_load(b, 4, R4, R4, offsetof(struct value_type, size));
	bpf_alu(b, BPF_MUL, R1, R4);
	bpf_jump_if_imm(b, BPF_JLE, R1, (int64_t)w->item_max, fits);
	bpf_const(b, R3, UINT32_MAX);
	bpf_const(b, R1, w->item_max);
	bpf_jump_if_imm(b, BPF_JGT, R4, (int64_t)w->item_max, fits);
	bpf_mov(b, R2, R1);
	bpf_alu(b, BPF_MOD, R2, R4);
	bpf_alu(b, BPF_SUB, R1, R2);
	bpf_bind(b, fits);
	again_if(g, w, BPF_JEQ, R1, 0);
	walk_set(g, w, AT_BYTES, R1);
	bpf_jump_if_imm(b, BPF_JNE, R3, 0, one);
	bpf_mov(b, R3, R1);
	bpf_bind(b, one);
	walk_set(g, w, AT_WANT, R3);
}

// --- interfaces and functions ---

// Finds the number of the type whose descriptor is r4 bytes from the start of all: r2 = its slot.
static void find_type(struct gen *g, const struct whole *w, struct bpf_label found)
{
	struct bpf_asm *b = g->b;
	bpf_mov32(b, R5, R4);
	bpf_alu32_imm(b, BPF_RSH, R5, 3);
	bpf_const(b, R1, VALUE_HASH);
	bpf_alu32(b, BPF_MUL, R5, R1);
	bpf_alu32_imm(b, BPF_RSH, R5, 8);
	for (int i = 0; i < VALUE_PROBES; i++) {
		bpf_mov(b, R1, R5);
		bpf_alu_imm(b, BPF_ADD, R1, i);
		bpf_alu_imm(b, BPF_AND, R1, w->table->n_slots - 1);
		bpf_alu_imm(b, BPF_LSH, R1, 3);
		bpf_map_value_ref(b, R2, w->map, w->table->dynamic_off);
		bpf_alu(b, BPF_ADD, R2, R1);
		bpf_load(b, 4, R1, R2, offsetof(struct value_dynamic, rtype));
		bpf_jump_if(b, BPF_JEQ, R1, R4, found);
	}
	bpf_jump(b, w->again);
}

// Of an interface at r8 whose type descriptor is at r1: the descriptor's address in the file is put
// there. What is in the interface is followed.
static void dynamic(struct gen *g, const struct whole *w, struct bpf_label one)
{
	struct bpf_asm *b = g->b;
	struct bpf_label in_file = bpf_label_new(b), found = bpf_label_new(b),
			 direct = bpf_label_new(b);
	walk_event_ref(g, w, R3, R8, 16);
	bpf_store(b, 8, R3, 0, R1);
	walk_get(g, w, R2, AT_BIAS);
	bpf_alu(b, BPF_SUB, R1, R2);
	bpf_mov(b, R4, R1);
	bpf_const(b, R2, w->table->types_base);
	bpf_alu(b, BPF_SUB, R4, R2);
	bpf_const(b, R2, w->table->types_size);
	bpf_jump_if(b, BPF_JLT, R4, R2, in_file);
	bpf_comment(b, "made when the program ran, or no type at all");
	bpf_load(b, 8, R1, R3, 0);
	walk_read_word(g, w);
	bpf_jump(b, w->again);
	bpf_bind(b, in_file);
	bpf_store(b, 8, R3, 0, R1);
	if (w->table->n_slots)
		find_type(g, w, found);
	else
		bpf_jump(b, w->again);
	bpf_bind(b, found);
	bpf_load(b, 4, R1, R2, offsetof(struct value_dynamic, type));
	again_if(g, w, BPF_JEQ, R1, 0);
	walk_set(g, w, AT_TYPE, R1);
	type_ref(g, w, R4, R1);
	bpf_load(b, 2, R5, R4, offsetof(struct value_type, flags));
	bpf_jump_if_imm(b, BPF_JSET, R5, VALUE_TYPE_DIRECT, direct);
	bpf_load(b, 8, R1, R3, 8);
	again_if(g, w, BPF_JEQ, R1, 0);
	walk_set(g, w, AT_ADDR, R1);
	bpf_jump(b, one);
	bpf_bind(b, direct);
	bpf_load(b, 2, R1, R4, offsetof(struct value_type, n_refs));
	again_if(g, w, BPF_JEQ, R1, 0);
	bpf_load(b, 4, R1, R4, offsetof(struct value_type, first_ref));
	bpf_alu_imm(b, BPF_ADD, R1, 1);
	walk_set(g, w, AT_OTHER, R1);
	bpf_alu_imm(b, BPF_ADD, R8, 8);
	walk_set(g, w, AT_OTHER_AT, R8);
	bpf_jump(b, w->again);
}

static void func(struct gen *g, const struct whole *w)
{
	bpf_mov(g->b, R1, R4);
	walk_read_word(g, w);
	walk_get(g, w, R2, AT_BIAS);
	bpf_alu(g->b, BPF_SUB, R1, R2);
	walk_event_ref(g, w, R3, R8, 16);
	bpf_store(g->b, 8, R3, 0, R1);
	bpf_jump(g->b, w->again);
}

// --- one round ---

static void erase(struct gen *g, const struct whole *w)
{
	bpf_load(g->b, 4, R2, R7, offsetof(struct value_ref, type));
	bpf_jump_if_imm(g->b, BPF_JGT, R2, 256, w->stop);
	walk_event_ref(g, w, R1, R8, 256);
	bpf_const(g->b, R3, 0); // what cannot be read becomes zeros
	bpf_call(g->b, BPF_FUNC_probe_read_kernel);
	bpf_jump(g->b, w->again);
}

// The word at r8 becomes 1 if it is the same as a variable of the program.
static void same(struct gen *g, const struct whole *w)
{
	bpf_load(g->b, 4, R1, R7, offsetof(struct value_ref, type));
	walk_get(g, w, R2, AT_BIAS);
	bpf_alu(g->b, BPF_ADD, R1, R2);
	walk_read_word(g, w);
	again_if(g, w, BPF_JEQ, R1, 0);
	walk_event_ref(g, w, R3, R8, 16);
	bpf_load(g->b, 8, R2, R3, 0);
	bpf_jump_if(g->b, BPF_JNE, R2, R1, w->again);
	bpf_store_imm(g->b, 8, R3, 0, 1);
	bpf_jump(g->b, w->again);
}

// r1 = how many the reference whose word is at r3 has, r2 = at most; of a kind other than those
// that count one.
static void count_of(struct gen *g, const struct whole *w, enum value_how how)
{
	struct bpf_asm *b = g->b;
	struct bpf_label same = bpf_label_new(b);
	uint64_t max = how == VALUE_STRING  ? w->limits->text
		       : how == VALUE_SLICE ? w->limits->items
					    : VALUE_TABLE_ITEMS(w->limits->items);
	switch ((int)how) {
	case VALUE_BUCKETS:
	case VALUE_OLD_BUCKETS:
		bpf_load(b, 1, R2, R3, how == VALUE_BUCKETS ? -7 : -15);
		if (how == VALUE_OLD_BUCKETS) {
			bpf_load(b, 1, R5, R3, -16);
			bpf_jump_if_imm(b, BPF_JSET, R5, 8, same);
			bpf_alu_imm(b, BPF_SUB, R2, 1);
			bpf_bind(b, same);
		}
		bpf_alu_imm(b, BPF_AND, R2, 63);
		bpf_const(b, R1, 1);
		bpf_alu(b, BPF_LSH, R1, R2);
		break;
	default:
		bpf_load(b, 8, R1, R3, 8);
		if (how == VALUE_GROUPS)
			bpf_alu_imm(b, BPF_ADD, R1, 1);
		break;
	}
	bpf_const(b, R2, max);
}

// Those that are no plain references come here.
static void special(struct gen *g, const struct whole *w, struct bpf_label one)
{
	struct bpf_asm *b = g->b;
	struct bpf_label is_func = bpf_label_new(b), is_eface = bpf_label_new(b),
			 is_plain = bpf_label_new(b), has_type = bpf_label_new(b);
	bpf_jump_if_imm(b, BPF_JEQ, R1, VALUE_FUNC, is_func);
	bpf_jump_if_imm(b, BPF_JEQ, R1, VALUE_EFACE, is_eface);
	bpf_jump_if_imm(b, BPF_JNE, R1, VALUE_IFACE, is_plain);
	bpf_mov(b, R1, R4);
	bpf_alu_imm(b, BPF_ADD, R1, 8);
	walk_read_word(g, w);
	bpf_jump(b, has_type);
	bpf_bind(b, is_eface);
	bpf_mov(b, R1, R4);
	bpf_bind(b, has_type);
	dynamic(g, w, one);
	bpf_bind(b, is_func);
	func(g, w);
	bpf_bind(b, is_plain);
}

static void follow(struct gen *g, const struct whole *w)
{
	static const enum value_how many[] = { VALUE_STRING, VALUE_SLICE, VALUE_BUCKETS,
					       VALUE_OLD_BUCKETS, VALUE_GROUPS };
	struct bpf_asm *b = g->b;
	struct bpf_label is_erased = bpf_label_new(b), is_same = bpf_label_new(b),
			 one = bpf_label_new(b), is_counted = bpf_label_new(b),
			 is_appended = bpf_label_new(b);
	bpf_load(b, 4, R1, R7, offsetof(struct value_ref, off));
	bpf_alu(b, BPF_ADD, R8, R1);
	walk_event_ref(g, w, R3, R8, 16);
	bpf_load(b, 1, R1, R7, offsetof(struct value_ref, how));
	bpf_jump_if_imm(b, BPF_JEQ, R1, VALUE_ERASE, is_erased);
	bpf_jump_if_imm(b, BPF_JEQ, R1, VALUE_SAME, is_same);
	bpf_load(b, 8, R4, R3, 0);
	again_if(g, w, BPF_JEQ, R4, 0);
	special(g, w, one);
	walk_set(g, w, AT_ADDR, R4);
	bpf_load(b, 4, R2, R7, offsetof(struct value_ref, type));
	walk_set(g, w, AT_TYPE, R2);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		struct bpf_label other = bpf_label_new(b);
		bpf_jump_if_imm(b, BPF_JNE, R1, many[i], other);
		count_of(g, w, many[i]);
		bpf_jump(b, is_counted);
		bpf_bind(b, other);
	}
	bpf_jump_if_imm(b, BPF_JEQ, R1, VALUE_POINTER, one);
	// Text of C, with its NUL.
	depth(g, w);
	walk_set_imm(g, w, AT_BYTES, MIN(w->limits->text + 1, w->item_max));
	walk_set_imm(g, w, AT_WANT, 0);
	bpf_jump(b, is_appended);
	bpf_bind(b, one);
	bpf_const(b, R1, 1);
	bpf_const(b, R2, 1);
	bpf_bind(b, is_counted);
	walk_set(g, w, AT_WORD, R1);
	bpf_mov(b, R4, R2);
	depth(g, w);
	walk_get(g, w, R1, AT_WORD);
	bpf_mov(b, R2, R4);
	counted(g, w);
	bpf_bind(b, is_appended);
	walk_append(g, w);
	bpf_bind(b, is_same);
	same(g, w);
	bpf_bind(b, is_erased);
	erase(g, w);
}

static void one_round(struct gen *g, const struct whole *w)
{
	next_ref(g, w);
	guard(g, w);
	follow(g, w);
}

// --- the loop ---

static void emit_round(struct gen *g, const struct pending *p)
{
	struct bpf_asm *b = g->b;
	struct whole w = *p->whole;
	w.again = bpf_label_new(b);
	w.stop = bpf_label_new(b);
	bpf_func(b, p->start, "walk");
	gen_callback_enter(g, R2);
	one_round(g, &w);
	bpf_bind(b, w.again);
	bpf_const(b, R0, 0);
	bpf_exit(b);
	bpf_bind(b, w.stop);
	bpf_const(b, R0, 1);
	bpf_exit(b);
}

// All rounds, for kernels that have no loops. The first way through a round that the verifier takes
// leads to the next one soon (next_ref): those that wait for their turn meanwhile have a limit,
// too.
static void emit_rounds(struct gen *g, const struct pending *p)
{
	struct bpf_asm *b = g->b;
	int64_t n_walks = 0;
	for (size_t i = 0; i < g->pending.n; i++)
		n_walks += g->pending.v[i].emit == emit_rounds;
	struct whole w = *p->whole;
	struct bpf_label first = bpf_label_new(b);
	w.again = bpf_label_new(b);
	w.stop = bpf_label_new(b);
	bpf_func(b, p->start, "walk");
	gen_callback_enter(g, R2);
	bpf_store_imm(b, 8, R_FRAME, g->counter_off, 0);
	bpf_bind(b, first);
	one_round(g, &w);
	bpf_bind(b, w.again);
	bpf_load(b, 8, R1, R_FRAME, g->counter_off);
	bpf_alu_imm(b, BPF_ADD, R1, 1);
	bpf_store(b, 8, R_FRAME, g->counter_off, R1);
	bpf_jump_if_imm(b, BPF_JLT, R1, ROUNDS_FEW / (int64_t)MAX(n_walks, 1u), first);
	bpf_bind(b, w.stop);
	bpf_const(b, R0, 0);
	bpf_exit(b);
}

void walk_loop(struct gen *g, const struct whole *w)
{
	if (!w->table->n_refs)
		return;
	bool has_loops = gen_has(g, BPF_FEATURE_LOOP);
	struct whole *kept = ARENA_NEW(g->a, struct whole);
	*kept = *w;
	struct pending p = { .start = bpf_label_new(g->b),
			     .emit = has_loops ? emit_round : emit_rounds,
			     .whole = kept };
	gen_later(g, p);
	if (has_loops) {
		bpf_const(g->b, R1, ROUNDS);
		gen_callback_loop(g, p.start);
	} else {
		gen_callback_link(g, R2);
		bpf_call_func(g->b, p.start);
	}
}
