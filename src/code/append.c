// SPDX-License-Identifier: Apache-2.0
// Whole values: reading memory of the traced program, and appending what was read to the event.
#include "code/walk.h"

#define PAGE 4096

// --- reading ---

// r0 = what the helper says, which reads r2 bytes of the traced program; r1, r2 and r3 are the
// helper's. What is needed to set them again, when a page has to be brought in, is made by set_up.
static void read_user(struct gen *g, const struct whole *w, int helper,
		      void (*set_up)(struct gen *g, const struct whole *w), uint64_t max)
{
	struct bpf_label done = bpf_label_new(g->b);
	set_up(g, w);
	bpf_call(g->b, helper);
	if (w->may_sleep) {
		g->sleeps = true;
		bpf_jump_if_imm(g->b, BPF_JSGE, R0, 0, done);
		bpf_comment(g->b, "the page may have to be brought in");
		for (uint64_t off = 0; off < max + PAGE - 1; off += PAGE) {
			struct bpf_label touch = bpf_label_new(g->b);
			walk_get(g, w, R3, AT_BYTES);
			bpf_alu_imm(g->b, BPF_SUB, R3, 1);
			bpf_jump_if_imm(g->b, BPF_JLE, R3, (int64_t)off, touch);
			bpf_const(g->b, R3, off);
			bpf_bind(g->b, touch);
			walk_get(g, w, R1, AT_ADDR);
			bpf_alu(g->b, BPF_ADD, R3, R1);
			spot_ref(g, R1, spot_at(w->state, AT_WORD));
			bpf_const(g->b, R2, 1);
			bpf_call(g->b, BPF_FUNC_copy_from_user);
		}
		set_up(g, w);
		bpf_call(g->b, helper);
	}
	bpf_bind(g->b, done);
}

static void word_set_up(struct gen *g, const struct whole *w)
{
	spot_ref(g, R1, spot_at(w->state, AT_WORD));
	bpf_const(g->b, R2, 8);
	walk_get(g, w, R3, AT_ADDR);
}

void walk_read_word(struct gen *g, const struct whole *w)
{
	struct bpf_label fine = bpf_label_new(g->b);
	walk_set(g, w, AT_ADDR, R1);
	walk_set_imm(g, w, AT_BYTES, 8);
	read_user(g, w, BPF_FUNC_probe_read_user, word_set_up, 8);
	bpf_jump_if_imm(g->b, BPF_JSGE, R0, 0, fine);
	walk_event_ref(g, w, R3, R8, 16);
	bpf_store_imm(g->b, 8, R3, 0, -1); // VALUE_UNREADABLE
	bpf_jump(g->b, w->again);
	bpf_bind(g->b, fine);
	walk_get(g, w, R1, AT_WORD);
}

// --- appending an item ---

// Goes on with the next round if it is in the event already.
static void look_if_seen(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	walk_get(g, w, R1, AT_ADDR);
	walk_get(g, w, R2, AT_TAG);
	bpf_alu(b, BPF_ADD, R1, R2);
	bpf_const(b, R3, 0x9e3779b97f4a7c15ULL);
	bpf_alu(b, BPF_MUL, R1, R3);
	walk_get(g, w, R2, AT_TYPE);
	bpf_alu_imm(b, BPF_LSH, R2, 32);
	walk_get(g, w, R4, AT_BYTES);
	bpf_alu(b, BPF_OR, R2, R4);
	bpf_alu(b, BPF_XOR, R1, R2);
	bpf_alu(b, BPF_MUL, R1, R3);
	bpf_mov(b, R2, R1);
	bpf_alu_imm(b, BPF_RSH, R2, 64 - w->seen_bits);
	bpf_alu_imm(b, BPF_LSH, R2, 3);
	spot_ref(g, R3, spot_at(w->state, AT_SEEN));
	bpf_alu(b, BPF_ADD, R3, R2);
	bpf_load(b, 8, R4, R3, 0);
	bpf_jump_if(b, BPF_JEQ, R4, R1, w->again);
	bpf_store(b, 8, R3, 0, R1);
}

static void put_head(struct gen *g, const struct whole *w)
{
	static const struct {
		int at, bytes, off;
	} parts[] = {
		{ AT_ADDR, 8, offsetof(struct value_item, addr) },
		{ AT_TYPE, 4, offsetof(struct value_item, type) },
		{ AT_BYTES, 4, offsetof(struct value_item, size) },
		{ AT_WANT, 4, offsetof(struct value_item, want) },
		{ AT_DEEP, 4, offsetof(struct value_item, depth) }, // and flags
	};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		walk_get(g, w, R1, parts[i].at);
		bpf_store(g->b, (unsigned)parts[i].bytes, R3, parts[i].off, R1);
	}
}

static void item_set_up(struct gen *g, const struct whole *w)
{
	walk_event_ref(g, w, R1, R8, sizeof(struct value_item) + w->item_max + 8);
	bpf_alu_imm(g->b, BPF_ADD, R1, sizeof(struct value_item));
	walk_get(g, w, R2, AT_BYTES);
	bpf_jump_if_imm(g->b, BPF_JGT, R2, (int64_t)w->item_max, w->stop);
	walk_get(g, w, R3, AT_ADDR);
}

// r0 = bytes of text that were read, or negative.
static void read_text(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	struct bpf_label unreadable = bpf_label_new(b), is_whole = bpf_label_new(b);
	read_user(g, w, BPF_FUNC_probe_read_user_str, item_set_up,
		  MIN(w->limits->text + 1, w->item_max));
	bpf_jump_if_imm(b, BPF_JSLT, R0, 1, unreadable);
	walk_event_ref(g, w, R3, R8, sizeof(struct value_item));
	walk_get(g, w, R1, AT_BYTES);
	bpf_mov(b, R2, R0);
	bpf_jump_if(b, BPF_JNE, R0, R1, is_whole);
	bpf_const(b, R2, 0);
	bpf_bind(b, is_whole);
	bpf_alu_imm(b, BPF_SUB, R2, 1); // "more" if it fills its room
	bpf_store(b, 4, R3, offsetof(struct value_item, want), R2);
	bpf_alu_imm(b, BPF_SUB, R0, 1);
	walk_set(g, w, AT_BYTES, R0);
	bpf_store(b, 4, R3, offsetof(struct value_item, size), R0);
	bpf_bind(b, unreadable);
}

static void read_item(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	struct bpf_label is_text = bpf_label_new(b), is_read = bpf_label_new(b),
			 fine = bpf_label_new(b);
	bpf_load(b, 1, R1, R7, offsetof(struct value_ref, how));
	bpf_jump_if_imm(b, BPF_JEQ, R1, VALUE_CSTRING, is_text);
	read_user(g, w, BPF_FUNC_probe_read_user, item_set_up, w->item_max);
	bpf_jump(b, is_read);
	bpf_bind(b, is_text);
	read_text(g, w);
	bpf_bind(b, is_read);
	bpf_jump_if_imm(b, BPF_JSGE, R0, 0, fine);
	walk_event_ref(g, w, R3, R8, sizeof(struct value_item));
	bpf_store_imm(b, 4, R3, offsetof(struct value_item, size), 0);
	bpf_store_imm(b, 2, R3, offsetof(struct value_item, flags), VALUE_ITEM_UNREADABLE);
	walk_set_imm(g, w, AT_BYTES, 0);
	bpf_bind(b, fine);
}

// r1 = AT_BYTES and the filling behind them.
static void padded_bytes(struct gen *g, const struct whole *w)
{
	walk_get(g, w, R1, AT_BYTES);
	bpf_jump_if_imm(g->b, BPF_JGT, R1, (int64_t)w->item_max, w->stop);
	bpf_alu_imm(g->b, BPF_ADD, R1, 7);
	bpf_alu_imm(g->b, BPF_AND, R1, -8);
}

// r3 = where the event may end, so that there is room for what the reference leads to.
static void limit(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	walk_get(g, w, R3, AT_LIMIT);
	bpf_load(b, 1, R4, R7, offsetof(struct value_ref, keep));
	bpf_alu_imm(b, BPF_MUL, R4, (int64_t)w->room / 16);
	bpf_alu(b, BPF_SUB, R3, R4);
}

void walk_append(struct gen *g, const struct whole *w)
{
	struct bpf_asm *b = g->b;
	bpf_comment(b, "append");
	look_if_seen(g, w);
	walk_get(g, w, R8, AT_END);
	padded_bytes(g, w);
	bpf_alu_imm(b, BPF_ADD, R1, sizeof(struct value_item));
	bpf_mov(b, R2, R1);
	bpf_alu(b, BPF_ADD, R2, R8);
	limit(g, w);
	bpf_jump_if(b, BPF_JGT, R2, R3, w->again); // a smaller one may fit
	walk_event_ref(g, w, R3, R8, sizeof(struct value_item) + w->item_max + 8);
	// Nothing old is sent as filling.
	bpf_mov(b, R2, R3);
	bpf_alu(b, BPF_ADD, R2, R1);
	bpf_store_imm(b, 8, R2, -8, 0);
	put_head(g, w);
	read_item(g, w);
	padded_bytes(g, w);
	bpf_alu_imm(b, BPF_ADD, R1, sizeof(struct value_item));
	bpf_alu(b, BPF_ADD, R1, R8);
	walk_set(g, w, AT_END, R1);
	bpf_jump(b, w->again);
}
