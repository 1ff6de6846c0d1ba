// SPDX-License-Identifier: Apache-2.0
// Chains that lead through memory: p->f.g[2].h. Only addresses are computed on the way; what is
// read is the value at the end, and every pointer that the chain follows.
#include "code/gen.h"

// What is read from memory there: the type of an expression may be a wider one.
static struct type *place_type(const struct expr *e)
{
	struct type *base;
	switch ((int)e->kind) {
	case EXPR_MEMBER:
		return ((const struct member_use *)e->meaning)->field->type;
	case EXPR_INDEX:
		base = type_strip(e->index.base->type);
		return base->elem ? base->elem : e->type;
	case EXPR_UNARY:
		base = type_strip(e->unary->type);
		return base->elem ? base->elem : e->type;
	default:
		return e->type;
	}
}

static bool is_pointer(struct type *t)
{
	return type_strip(t)->kind == TYPE_PTR;
}

static enum space pointee_space(struct type *ptr)
{
	return type_strip(ptr)->is_kernel ? SPACE_KERNEL : SPACE_USER;
}

static bool is_places(const struct expr *e)
{
	const struct member_use *m = e->meaning;
	return e->kind == EXPR_MEMBER && m && m->kind == MEMBER_PLACES;
}

bool expr_is_kept(const struct expr *e)
{
	const struct member_use *m = e->meaning;
	return e->kind == EXPR_MEMBER && m && m->kind == MEMBER_KEPT;
}

bool expr_is_place(const struct expr *e)
{
	if (e->kind == EXPR_MEMBER)
		return !is_places(e);
	return e->kind == EXPR_VAR || e->kind == EXPR_INDEX ||
	       (e->kind == EXPR_UNARY && e->op == OP_DEREF);
}

// --- computing the address ---

// r0 = the address; what is ours is a place of the kernel then.
static struct loc computed(struct gen *g, struct loc l)
{
	if (l.space == SPACE_OWN)
		spot_ref(g, R0, l.spot);
	else if (l.space == SPACE_CTX)
		bpf_mov(g->b, R0, R_CTX);
	if (l.space != SPACE_OWN && l.off)
		bpf_alu_imm(g->b, BPF_ADD, R0, l.off);
	l.space = l.space == SPACE_USER ? SPACE_USER : SPACE_KERNEL;
	l.off = 0;
	return l;
}

static struct loc move(struct loc l, int64_t by)
{
	if (l.space == SPACE_OWN)
		l.spot = spot_at(l.spot, by);
	else
		l.off += by;
	return l;
}

static struct loc field_loc(struct gen *g, struct expr *e)
{
	const struct member_use *m = e->meaning;
	struct expr *base = e->member.base;
	struct loc l;
	if (is_pointer(base->type)) {
		gen_num(g, base);
		l = (struct loc) { .space = pointee_space(base->type) };
	} else {
		l = gen_loc(g, base);
	}
	if (!m->is_data_loc && !m->is_rel_loc)
		return move(l, (int64_t)m->field->off);
	// Of a tracepoint's record: where the field's bytes are stands there.
	bpf_load(g->b, 4, R0, R_CTX, (int)m->field->off);
	bpf_alu_imm(g->b, BPF_AND, R0, 0xffff);
	if (m->is_rel_loc)
		bpf_alu_imm(g->b, BPF_ADD, R0, (int64_t)m->field->off + 4);
	bpf_mov(g->b, R1, R_CTX);
	bpf_alu(g->b, BPF_ADD, R1, R0);
	bpf_mov(g->b, R0, R1);
	return (struct loc) { .space = SPACE_KERNEL };
}

// Go's arrays have an end: an index in r0 that is not before it leads out.
static void check_bounds(struct gen *g, struct loc *l, struct expr *e, const struct type *array)
{
	if (array->kind != TYPE_ARRAY || !array->go_kind)
		return;
	struct bpf_label inside = bpf_label_new(g->b);
	if (!l->can_fail)
		l->fail = bpf_label_new(g->b);
	l->can_fail = true;
	bpf_const(g->b, R1, array->count);
	bpf_jump_if(g->b, BPF_JLT, R0, R1, inside);
	gen_count_failure(g, e->span, "index out of bounds", NULL);
	bpf_jump(g->b, l->fail);
	bpf_bind(g->b, inside);
}

void gen_index(struct gen *g, struct expr *e)
{
	const struct on_fail outer = g->on_fail;
	g->on_fail.is_hushed = false;
	gen_num(g, e);
	g->on_fail = outer;
}

// An index that is only known when the program runs. What is ours has an end.
static struct loc moving_index(struct gen *g, struct loc l, struct expr *e, uint64_t size)
{
	struct bpf_asm *b = g->b;
	struct type *array = type_strip(e->index.base->type);
	bool is_ours = l.space == SPACE_OWN || l.space == SPACE_CTX;
	struct temp base = { 0 };
	struct frame before = g->f;
	if (!is_ours) {
		computed(g, l);
		base = temp_keep(g, R0);
	}
	gen_index(g, e->index.index);
	if (!is_ours) {
		check_bounds(g, &l, e, array);
		bpf_alu_imm(b, BPF_MUL, R0, (int64_t)size);
		temp_get(g, R1, base);
		bpf_alu(b, BPF_ADD, R0, R1);
		g->f = before;
		l.off = 0;
		return l;
	}
	struct bpf_label out = bpf_label_new(b), done = bpf_label_new(b);
	bpf_const(b, R1, array->count);
	bpf_jump_if(b, BPF_JGE, R0, R1, out);
	bpf_mov(b, R2, R0);
	bpf_alu_imm(b, BPF_MUL, R2, (int64_t)size);
	l = computed(g, l);
	bpf_alu(b, BPF_ADD, R0, R2);
	bpf_jump(b, done);
	bpf_bind(b, out);
	gen_count_failure(g, e->span, "index out of bounds", NULL);
	gen_failed_here(g);
	bpf_map_value_ref(b, R0, zeros_map(g->u, (uint32_t)size), 0);
	bpf_bind(b, done);
	g->f = before;
	return l;
}

static struct loc index_loc(struct gen *g, struct expr *e)
{
	struct expr *base = e->index.base;
	struct type *t = type_strip(base->type);
	uint64_t index;
	bool is_const = expr_is_const(e->index.index, &index);
	struct loc l;
	if (t->kind == TYPE_SLICE || t->kind == TYPE_STRING)
		return gen_go_item(g, e, place_type(e)->size);
	if (is_pointer(base->type)) {
		gen_num(g, base);
		l = (struct loc) { .space = pointee_space(base->type) };
	} else {
		l = gen_loc(g, base);
	}
	if (t->kind == TYPE_TUPLE)
		return move(l, is_const && index < t->n_fields ? (int64_t)t->fields[index].off : 0);
	uint64_t size = place_type(e)->size;
	int64_t off;
	if (is_const && !__builtin_mul_overflow((int64_t)index, (int64_t)size, &off) &&
	    off >= INT32_MIN / 2 && off <= INT32_MAX / 2)
		return move(l, off);
	return moving_index(g, l, e, size);
}

struct loc gen_loc(struct gen *g, struct expr *e)
{
	if (e->kind == EXPR_VAR) {
		gen_use_var(g, e->meaning);
		return (struct loc) { .space = SPACE_OWN, .spot = var_spot(g, e) };
	}
	const struct builtin_use *u = expr_builtin(e);
	if (u && u->id == BUILTIN_ARGS)
		return (struct loc) { .space = SPACE_CTX };
	if (expr_is_kept(e)) {
		const struct member_use *m = e->meaning;
		gen_use_kept(g, m);
		return (struct loc) { .space = SPACE_OWN, .spot = spot_at(g->kept, m->kept_off) };
	}
	if (e->kind == EXPR_MEMBER && !is_places(e))
		return field_loc(g, e);
	if (e->kind == EXPR_INDEX)
		return index_loc(g, e);
	if (e->kind == EXPR_UNARY && e->op == OP_DEREF) {
		gen_num(g, e->unary);
		return (struct loc) { .space = pointee_space(e->unary->type) };
	}
	if (is_places(e) && gen_places_address(g, e->meaning, e))
		return (struct loc) { .space = SPACE_USER };
	return (struct loc) { .space = SPACE_OWN, .spot = gen_spot(g, e) };
}

// --- reading ---

void gen_read(struct gen *g, enum space space, struct spot to, uint64_t bytes, struct span span)
{
	struct frame before = g->f;
	struct source from = { .space = space, .address = temp_keep(g, R3) };
	gen_fetch(g, (struct fetch) { .from = from, .to = { .spot = to }, .max = bytes }, span);
	g->f = before;
}

void gen_loc_into(struct gen *g, struct loc l, uint64_t bytes, struct spot to, struct span span)
{
	if (l.space == SPACE_OWN) {
		spot_copy(g, to, l.spot, bytes);
		return;
	}
	l = computed(g, l);
	bpf_mov(g->b, R3, R0);
	gen_read(g, l.space, to, bytes, span);
	if (!l.can_fail)
		return;
	struct bpf_label done = bpf_label_new(g->b);
	bpf_jump(g->b, done);
	bpf_bind(g->b, l.fail);
	gen_failed_here(g);
	spot_zero(g, to, bytes);
	bpf_const(g->b, R0, (uint64_t)-1);
	bpf_bind(g->b, done);
}

static bool is_unit(uint64_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

void gen_loc_num(struct gen *g, struct loc l, struct type *t, struct span span)
{
	uint64_t size = type_strip(t)->size;
	if (l.space == SPACE_OWN && is_unit(size)) {
		gen_load_typed(g, t, l.spot.reg, l.spot.off);
		return;
	}
	// The first word of a tracepoint's record is not its own.
	if (l.space == SPACE_CTX && is_unit(size) && l.off % (int64_t)size == 0 && l.off >= 8) {
		gen_load_typed(g, t, R_CTX, (int)l.off);
		return;
	}
	struct frame before = g->f;
	struct spot slot = frame_alloc(g, 8);
	if (!is_unit(size)) {
		struct temp kept = temp_keep(g, R0);
		spot_store_imm(g, 8, slot, 0);
		temp_get(g, R0, kept);
	}
	gen_loc_into(g, l, MIN(size, 8), slot, span);
	gen_load_typed(g, t, slot.reg, slot.off);
	g->f = before;
}

void gen_user_word(struct gen *g, int64_t off, unsigned bytes, struct span span)
{
	struct frame before = g->f;
	struct spot slot = frame_alloc(g, 8);
	bpf_mov(g->b, R3, R0);
	if (off)
		bpf_alu_imm(g->b, BPF_ADD, R3, off);
	gen_read(g, SPACE_USER, slot, bytes, span);
	spot_load(g, bytes, R0, slot);
	g->f = before;
}

// A bit-field: its bytes are read, and bits moved to their place.
static void bits_num(struct gen *g, struct loc l, const struct type_field *f, struct span span)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	unsigned bit = f->bit_off % 8, bits = MIN(f->bit_size, 64u);
	unsigned bytes = (bit + bits + 7) / 8;
	struct spot slot = frame_alloc(g, 16);
	l = move(l, f->bit_off / 8);
	struct temp kept = { 0 };
	if (l.space == SPACE_USER || l.space == SPACE_KERNEL)
		kept = temp_keep(g, R0);
	spot_store_imm(g, 8, slot, 0);
	spot_store_imm(g, 8, spot_at(slot, 8), 0);
	if (l.space == SPACE_USER || l.space == SPACE_KERNEL)
		temp_get(g, R0, kept);
	gen_loc_into(g, l, bytes, slot, span);
	spot_load(g, 8, R0, slot);
	if (bit + bits > 64) {
		spot_load(g, 8, R1, spot_at(slot, 8));
		bpf_alu_imm(b, BPF_RSH, R0, bit);
		bpf_alu_imm(b, BPF_LSH, R1, 64 - bit);
		bpf_alu(b, BPF_OR, R0, R1);
		bit = 0;
	}
	if (bit + bits < 64)
		bpf_alu_imm(b, BPF_LSH, R0, 64 - bit - bits);
	if (bits < 64)
		bpf_alu_imm(b, type_is_unsigned(f->type) ? BPF_RSH : BPF_ARSH, R0, 64 - bits);
	g->f = before;
}

void gen_member_num(struct gen *g, struct expr *e)
{
	struct frame before = g->f;
	if (is_places(e)) {
		gen_places_num(g, e->meaning, e);
		return;
	}
	const struct member_use *m = e->kind == EXPR_MEMBER ? e->meaning : NULL;
	struct loc l = gen_loc(g, e);
	if (m && m->field->bit_size)
		bits_num(g, l, m->field, e->span);
	else
		gen_loc_num(g, l, place_type(e), e->span);
	g->f = before;
}
