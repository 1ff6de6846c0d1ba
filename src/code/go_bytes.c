// SPDX-License-Identifier: Apache-2.0
// Go's strings and slices: an address, a length and bytes that no NUL ends.
#include "code/gen.h"

// Where the header of a string or slice could not be read, its length is this.
#define NOT_READ (-1)

bool type_is_go_bytes(struct type *t)
{
	enum type_kind kind = type_strip(t)->kind;
	return kind == TYPE_STRING || kind == TYPE_SLICE;
}

// --- the header ---

// The piece that has all of the word at off in a register; NULL if there is none.
static const struct place *register_of(const struct member_use *m, uint64_t off)
{
	for (size_t i = 0; i < m->places.n; i++) {
		const struct place *p = &m->places.v[i];
		if (p->off_in_value == off && p->size == 8 && p->kind == PLACE_REG && !p->off)
			return p;
	}
	return NULL;
}

struct go_bytes {
	struct temp address, len;
};

// Address and length in registers of the traced program: no memory is needed.
static bool from_registers(struct gen *g, struct expr *e, struct go_bytes *out)
{
	const struct member_use *m = e->meaning;
	if (e->kind != EXPR_MEMBER || expr_is_place(e))
		return false;
	const struct place *address = register_of(m, 0), *len = register_of(m, 8);
	if (!address || !len)
		return false;
	gen_reg(g, R0, address->reg);
	out->address = temp_keep(g, R0);
	gen_reg(g, R0, len->reg);
	out->len = temp_keep(g, R0);
	return true;
}

static struct go_bytes gen_go_bytes(struct gen *g, struct expr *e)
{
	struct go_bytes out;
	if (from_registers(g, e, &out))
		return out;
	struct bpf_asm *b = g->b;
	out = (struct go_bytes) { temp_new(g), temp_new(g) };
	struct frame before = g->f;
	struct bpf_label done = bpf_label_new(b), fine = bpf_label_new(b);
	struct loc l = gen_loc(g, e);
	struct spot at = l.spot;
	if (l.space != SPACE_OWN) {
		at = frame_alloc(g, 16);
		gen_loc_into(g, l, 16, at, e->span);
		bpf_jump_if_imm(b, BPF_JSGE, R0, 0, fine);
		bpf_const(b, R0, (uint64_t)NOT_READ);
		temp_set(g, out.len, R0);
		bpf_const(b, R0, 0);
		temp_set(g, out.address, R0);
		bpf_jump(b, done);
	}
	bpf_bind(b, fine);
	spot_load(g, 8, R0, at);
	temp_set(g, out.address, R0);
	spot_load(g, 8, R0, spot_at(at, 8));
	temp_set(g, out.len, R0);
	bpf_bind(b, done);
	g->f = before;
	return out;
}

static struct source source_of_bytes(struct go_bytes s)
{
	return (struct source) {
		.space = SPACE_USER, .address = s.address, .has_n = true, .n = s.len
	};
}

struct source gen_go_source(struct gen *g, struct expr *e, struct expr *limit)
{
	struct bpf_asm *b = g->b;
	struct go_bytes s = gen_go_bytes(g, e);
	if (limit) {
		struct bpf_label done = bpf_label_new(b);
		gen_index(g, limit);
		temp_get(g, R1, s.len);
		bpf_jump_if_imm(b, BPF_JEQ, R1, NOT_READ, done);
		bpf_jump_if(b, BPF_JGE, R0, R1, done);
		temp_set(g, s.len, R0);
		bpf_bind(b, done);
	}
	return source_of_bytes(s);
}

// --- text ---

// Goes there if it has no length that a string may have; what has not been told is counted.
static void check_len(struct gen *g, const struct source *s, struct span span,
		      struct bpf_label unreadable)
{
	struct bpf_label fine = bpf_label_new(g->b);
	temp_get(g, R1, s->n);
	bpf_jump_if_imm(g->b, BPF_JSGE, R1, 0, fine);
	bpf_jump_if_imm(g->b, BPF_JEQ, R1, NOT_READ, unreadable);
	gen_count_failure(g, span, "a length below 0", NULL);
	bpf_jump(g->b, unreadable);
	bpf_bind(g->b, fine);
}

uint64_t text_room(const struct type *t)
{
	return t->go_kind ? t->size - 8 : t->size;
}

static struct spot end_of(const struct type *t, struct spot s)
{
	return spot_at(s, (int64_t)t->size - 8);
}

// r0 = r0 | mark.
static void add_mark(struct gen *g, uint64_t mark)
{
	bpf_const(g->b, R1, mark);
	bpf_alu(g->b, BPF_OR, R0, R1);
}

// Exactly its bytes, zeros behind them, then how many they are.
static void text_of(struct gen *g, struct source s, uint64_t size, struct spot to, struct span span)
{
	struct bpf_asm *b = g->b;
	struct bpf_label done = bpf_label_new(b), unreadable = bpf_label_new(b);
	uint64_t max = MIN(g->p->config->max_strlen, size - 8);
	spot_zero(g, to, size - 8);
	check_len(g, &s, span, unreadable);
	gen_fetch(g, (struct fetch) { .from = s, .to = { .spot = to }, .max = max }, span);
	bpf_jump_if_imm(b, BPF_JSLT, R0, 0, unreadable);
	temp_get(g, R0, s.n);
	bpf_jump_if_imm(b, BPF_JLE, R0, (int64_t)max, done);
	bpf_const(b, R0, max | OUT_END_CUT);
	bpf_jump(b, done);
	bpf_bind(b, unreadable);
	gen_failed_here(g);
	bpf_const(b, R0, OUT_END_UNREADABLE);
	bpf_bind(b, done);
	spot_store(g, 8, spot_at(to, (int64_t)size - 8), R0);
}

void gen_go_text(struct gen *g, struct expr *e, struct expr *limit, uint64_t size, struct spot to)
{
	struct frame before = g->f;
	const struct on_fail outer = g->on_fail;
	fail_hush(g);
	struct source s = gen_go_source(g, e, limit);
	text_of(g, s, size, to, e->span);
	g->on_fail = outer;
	g->f = before;
}

void gen_go_text_at(struct gen *g, struct spot from, uint64_t size, struct spot to)
{
	struct frame before = g->f;
	const struct on_fail outer = g->on_fail;
	struct go_bytes s;
	fail_hush(g);
	spot_load(g, 8, R0, from);
	s.address = temp_keep(g, R0);
	spot_load(g, 8, R0, spot_at(from, 8));
	s.len = temp_keep(g, R0);
	text_of(g, source_of_bytes(s), size, to, g->u->spans.v[g->span]);
	g->on_fail = outer;
	g->f = before;
}

static void go_to_go(struct gen *g, struct type *from_type, struct spot from, struct type *to_type,
		     struct spot to)
{
	struct bpf_label fits = bpf_label_new(g->b);
	uint64_t room = text_room(to_type), n = MIN(text_room(from_type), room);
	spot_copy(g, to, from, n);
	spot_zero(g, spot_at(to, (int64_t)n), room - n);
	spot_load(g, 8, R0, end_of(from_type, from));
	bpf_mov32(g->b, R1, R0);
	bpf_jump_if_imm(g->b, BPF_JLE, R1, (int64_t)room, fits);
	bpf_const(g->b, R0, room | OUT_END_CUT);
	bpf_bind(g->b, fits);
	spot_store(g, 8, end_of(to_type, to), R0);
}

// Up to a NUL; without one it had been cut.
static void text_to_go(struct gen *g, struct type *from_type, struct spot from,
		       struct type *to_type, struct spot to)
{
	struct bpf_asm *b = g->b;
	struct bpf_label whole = bpf_label_new(b), known = bpf_label_new(b);
	uint64_t n = MIN(from_type->size, text_room(to_type));
	spot_zero(g, to, to_type->size);
	spot_ref(g, R1, to);
	bpf_const(b, R2, n);
	spot_ref(g, R3, from);
	bpf_call(b, BPF_FUNC_probe_read_kernel_str);
	bpf_jump_if_imm(b, BPF_JSLE, R0, 0, known);
	bpf_alu_imm(b, BPF_SUB, R0, 1);
	spot_load(g, 1, R1, spot_at(from, (int64_t)n - 1));
	bpf_jump_if_imm(b, BPF_JEQ, R1, 0, whole);
	add_mark(g, OUT_END_CUT);
	bpf_bind(b, whole);
	spot_store(g, 8, end_of(to_type, to), R0);
	bpf_bind(b, known);
}

void gen_go_text_convert(struct gen *g, struct type *from_type, struct spot from,
			 struct type *to_type, struct spot to)
{
	if (from_type->go_kind && to_type->go_kind) {
		go_to_go(g, from_type, from, to_type, to);
	} else if (to_type->go_kind) {
		text_to_go(g, from_type, from, to_type, to);
	} else {
		uint64_t n = MIN(text_room(from_type), to_type->size);
		spot_copy(g, to, from, n);
		spot_zero(g, spot_at(to, (int64_t)n), to_type->size - n);
	}
}

void gen_go_text_const(struct gen *g, struct str text, struct type *t, struct spot to)
{
	uint64_t room = text_room(t), n = MIN(text.len, room);
	spot_const(g, to, (struct bytes) { (const uint8_t *)text.p, (size_t)n }, room);
	spot_store_imm(g, 8, end_of(t, to), n < text.len ? n | OUT_END_CUT : n);
}

void gen_go_text_send(struct gen *g, struct spot s, struct type *t, struct dest to,
		      struct bpf_label impossible)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label fits = bpf_label_new(b);
	uint64_t room = text_room(t);
	dest_ref(g, R1, to, 0);
	spot_load(g, 4, R2, end_of(t, s));
	bpf_jump_if_imm(b, BPF_JLE, R2, (int64_t)room, fits);
	bpf_const(b, R2, room);
	bpf_bind(b, fits);
	bpf_alu_imm(b, BPF_ADD, R2, 7);
	bpf_alu_imm(b, BPF_AND, R2, -8);
	struct temp n = temp_keep(g, R2);
	spot_ref(g, R3, s);
	bpf_call(b, BPF_FUNC_probe_read_kernel);
	dest_ref(g, R1, to, 0);
	temp_get(g, R0, n);
	bpf_jump_if_imm(b, BPF_JGT, R0, (int64_t)room, impossible);
	bpf_alu(b, BPF_ADD, R1, R0);
	spot_load(g, 8, R2, end_of(t, s));
	bpf_store(b, 8, R1, 0, R2);
	bpf_alu_imm(b, BPF_ADD, R0, 8);
	g->f = before;
}

void gen_go_text_len(struct gen *g, struct spot s, struct type *t)
{
	spot_load(g, 4, R0, end_of(t, s));
}

void gen_go_text_differ(struct gen *g, struct spot s, struct type *t, struct str text,
			struct bpf_label differ)
{
	if (text.len > text_room(t)) {
		bpf_jump(g->b, differ);
		return;
	}
	spot_load(g, 8, R0, end_of(t, s));
	bpf_const(g->b, R1, text.len);
	bpf_jump_if(g->b, BPF_JNE, R0, R1, differ);
	struct bytes data = { (const uint8_t *)text.p, text.len };
	spot_differ_const(g, s, data, text.len, differ);
}

void gen_go_sized(struct gen *g, struct expr *e, struct dest to, uint64_t max)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label unreadable = bpf_label_new(b), fits = bpf_label_new(b);
	struct bpf_label done = bpf_label_new(b);
	const struct on_fail outer = g->on_fail;
	fail_hush(g);
	struct source s = gen_go_source(g, e, NULL);
	struct dest bytes = { spot_at(to.spot, 8), to.tail };
	check_len(g, &s, e->span, unreadable);
	gen_fetch(g, (struct fetch) { .from = s, .to = bytes, .max = max }, e->span);
	bpf_jump_if_imm(b, BPF_JSLT, R0, 0, unreadable);
	dest_ref(g, R1, to, 0);
	temp_get(g, R0, s.n);
	bpf_store(b, 8, R1, 0, R0);
	bpf_const(b, R2, max);
	bpf_jump_if(b, BPF_JLE, R0, R2, fits);
	bpf_mov(b, R0, R2);
	bpf_bind(b, fits);
	bpf_alu_imm(b, BPF_ADD, R0, 8);
	bpf_jump(b, done);
	bpf_bind(b, unreadable);
	dest_ref(g, R1, to, 0);
	bpf_const(b, R0, (uint64_t)NOT_READ);
	bpf_store(b, 8, R1, 0, R0);
	bpf_const(b, R0, 8);
	bpf_bind(b, done);
	g->on_fail = outer;
	g->f = before;
}

// --- comparing ---

// Only what is as long as the literal is read.
static void differ_literal(struct gen *g, struct expr *e, struct str text, struct bpf_label differ)
{
	struct go_bytes s = gen_go_bytes(g, e);
	temp_get(g, R0, s.len);
	bpf_const(g->b, R1, text.len);
	bpf_jump_if(g->b, BPF_JNE, R0, R1, differ);
	if (!text.len)
		return;
	struct spot copy = frame_alloc(g, (int)text.len);
	struct source from = { .space = SPACE_USER, .address = s.address };
	gen_fetch(g, (struct fetch) { .from = from, .to = { .spot = copy }, .max = text.len },
		  e->span);
	bpf_jump_if_imm(g->b, BPF_JSLT, R0, 0, differ);
	struct bytes data = { (const uint8_t *)text.p, text.len };
	spot_differ_const(g, copy, data, text.len, differ);
}

// Two strings of one length. What is longer than texts may be is compared as far as they go, and
// counted.
static void differ_strings(struct gen *g, struct expr *x, struct expr *y, struct bpf_label differ)
{
	struct bpf_asm *b = g->b;
	uint64_t max = (g->p->config->max_strlen + 7) & ~7ULL;
	struct bpf_label equal = bpf_label_new(b), whole = bpf_label_new(b);
	struct go_bytes s = gen_go_bytes(g, x), t = gen_go_bytes(g, y);
	temp_get(g, R0, s.len);
	temp_get(g, R1, t.len);
	bpf_jump_if(b, BPF_JNE, R0, R1, differ);
	bpf_jump_if_imm(b, BPF_JEQ, R0, NOT_READ, differ);
	temp_get(g, R0, s.address);
	temp_get(g, R1, t.address);
	bpf_jump_if(b, BPF_JEQ, R0, R1, equal);
	struct spot a = frame_alloc_scratch(g, (int)max), c = frame_alloc_scratch(g, (int)max);
	spot_zero(g, a, max);
	spot_zero(g, c, max);
	struct fetch f = { .from = source_of_bytes(s), .to = { .spot = a }, .max = max };
	gen_fetch(g, f, x->span);
	bpf_jump_if_imm(b, BPF_JSLT, R0, 0, differ);
	f = (struct fetch) { .from = source_of_bytes(t), .to = { .spot = c }, .max = max };
	gen_fetch(g, f, y->span);
	bpf_jump_if_imm(b, BPF_JSLT, R0, 0, differ);
	spot_differ(g, a, c, max, differ);
	temp_get(g, R0, s.len);
	bpf_const(b, R1, max);
	bpf_jump_if(b, BPF_JLE, R0, R1, whole);
	gen_count_failure(g, x->span, "only the start of long strings is compared", NULL);
	bpf_bind(b, whole);
	bpf_bind(b, equal);
}

void gen_go_jump(struct gen *g, struct expr *a, struct expr *b, bool when_equal,
		 struct bpf_label to)
{
	struct frame before = g->f;
	struct bpf_label differ = when_equal ? bpf_label_new(g->b) : to;
	if (a->kind == EXPR_STR)
		differ_literal(g, b, a->str, differ);
	else if (b->kind == EXPR_STR)
		differ_literal(g, a, b->str, differ);
	else
		differ_strings(g, a, b, differ);
	if (when_equal) {
		bpf_jump(g->b, to);
		bpf_bind(g->b, differ);
	}
	g->f = before;
}

// --- items ---

// Out of bounds, there is nothing to be read: it goes to the place's way out.
struct loc gen_go_item(struct gen *g, struct expr *e, uint64_t size)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct loc l = { .space = SPACE_USER, .can_fail = true, .fail = bpf_label_new(b) };
	struct bpf_label inside = bpf_label_new(b), outside = bpf_label_new(b);
	struct go_bytes s = gen_go_bytes(g, e->index.base);
	gen_index(g, e->index.index);
	temp_get(g, R1, s.len);
	bpf_jump_if_imm(b, BPF_JEQ, R1, NOT_READ, l.fail);
	bpf_jump_if_imm(b, BPF_JSLT, R1, 0, outside);
	bpf_jump_if(b, BPF_JLT, R0, R1, inside);
	bpf_bind(b, outside);
	gen_count_failure(g, e->span, "index out of bounds", NULL);
	bpf_jump(b, l.fail);
	bpf_bind(b, inside);
	bpf_alu_imm(b, BPF_MUL, R0, (int64_t)size);
	temp_get(g, R1, s.address);
	bpf_alu(b, BPF_ADD, R0, R1);
	g->f = before;
	return l;
}
