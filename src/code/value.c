// SPDX-License-Identifier: Apache-2.0
// Values that are more than a number: computed into memory.
#include "code/gen.h"

static uint64_t padded(uint64_t n)
{
	return (n + 7) & ~7ULL;
}

static uint64_t size_of(struct type *t)
{
	return type_strip(t)->size;
}

struct spot var_spot(const struct gen *g, const struct expr *var)
{
	const struct program_var *v = var->meaning;
	return g->vars[v->index];
}

struct spot gen_spot(struct gen *g, struct expr *e)
{
	if (e->kind == EXPR_VAR) {
		gen_use_var(g, e->meaning);
		return var_spot(g, e);
	}
	if (expr_is_kept(e))
		return gen_loc(g, e).spot;
	if (expr_is_place(e) && type_is_memory(e->type) && e->kind == EXPR_MEMBER) {
		// A part of what is ours stays where it is.
		const struct expr *base = e;
		while (base->kind == EXPR_MEMBER && expr_is_place(base) && !expr_is_kept(base) &&
		       type_is_memory(base->member.base->type))
			base = base->member.base;
		if (base->kind == EXPR_VAR || expr_is_kept(base))
			return gen_loc(g, e).spot;
	}
	struct spot s = frame_alloc(g, (int)padded(size_of(e->type)));
	gen_into(g, e, s);
	return s;
}

struct mentions {
	struct walk walk;
	const struct program_var *var;
	bool found;
};

static bool look_at(struct walk *w, struct expr *e)
{
	struct mentions *m = w->ctx;
	m->found |= e->kind == EXPR_VAR && e->meaning == m->var;
	return !m->found;
}

bool expr_mentions(struct expr *e, const struct program_var *v)
{
	struct mentions m = { .walk = { .enter_expr = look_at }, .var = v };
	m.walk.ctx = &m;
	walk_expr(&m.walk, e);
	return m.found;
}

// --- several values ---

static void field_into(struct gen *g, struct expr *item, const struct type_field *f, struct spot to)
{
	uint64_t size = size_of(f->type);
	struct spot at = spot_at(to, (int64_t)f->off);
	if (padded(size) != size)
		spot_zero(g, spot_at(at, (int64_t)(size & ~7ULL)), padded(size) - (size & ~7ULL));
	gen_into_typed(g, item, f->type, at);
}

static void items_into(struct gen *g, struct expr *e, struct spot to)
{
	struct type *t = type_strip(e->type);
	const struct on_fail outer = g->on_fail;
	for (size_t i = 0; i < t->n_fields; i++) {
		struct expr *item = NULL;
		fail_marks_item(g, &outer, i);
		if (e->kind == EXPR_TUPLE && i < e->items.n)
			item = e->items.v[i];
		else if (e->kind == EXPR_RECORD && i < e->record.n)
			item = e->record.v[i].value;
		if (item)
			field_into(g, item, &t->fields[i], to);
	}
	g->on_fail = outer;
}

// --- conversions ---

static void convert(struct gen *g, struct type *from_type, struct spot from, struct type *to_type,
		    struct spot to);

// r0 = the number at from, stored as the other type.
static void convert_num(struct gen *g, struct type *from_type, struct spot from,
			struct type *to_type, struct spot to)
{
	gen_load_typed(g, from_type, from.reg, from.off);
	spot_store(g, (unsigned)MIN(to_type->size, 8u), to, R0);
}

static void convert_fields(struct gen *g, struct type *from_type, struct spot from,
			   struct type *to_type, struct spot to)
{
	for (size_t i = 0; i < MIN(from_type->n_fields, to_type->n_fields); i++) {
		const struct type_field *a = &from_type->fields[i], *b = &to_type->fields[i];
		struct spot at = spot_at(to, (int64_t)b->off);
		uint64_t size = size_of(b->type);
		if (padded(size) != size)
			spot_zero(g, spot_at(at, (int64_t)(size & ~7ULL)),
				  padded(size) - (size & ~7ULL));
		convert(g, type_strip(a->type), spot_at(from, (int64_t)a->off), type_strip(b->type),
			at);
	}
}

static void convert_array(struct gen *g, struct type *from_type, struct spot from,
			  struct type *to_type, struct spot to)
{
	struct type *a = type_strip(from_type->elem), *b = type_strip(to_type->elem);
	for (uint64_t i = 0; i < to_type->count; i++)
		convert(g, a, spot_at(from, (int64_t)(i * a->size)), b,
			spot_at(to, (int64_t)(i * b->size)));
}

static bool is_go_text(const struct type *from, const struct type *to)
{
	return from->kind == TYPE_TEXT && to->kind == TYPE_TEXT && (from->go_kind || to->go_kind);
}

// Whether something inside is kept in another way than it is in memory: strings as text, interfaces
// and funcs as names. Both may well have one size.
static bool has_other_parts(struct type *from, struct type *to, unsigned depth)
{
	from = type_strip(from);
	to = type_strip(to);
	if (from == to || depth > OUT_DEPTH_MAX)
		return false;
	if (from->kind != to->kind)
		return to->kind == TYPE_TEXT || to->kind == TYPE_OPAQUE;
	if (from->kind == TYPE_ARRAY)
		return from->elem && to->elem && has_other_parts(from->elem, to->elem, depth + 1);
	bool has = false;
	if (from->kind == TYPE_STRUCT)
		for (size_t i = 0; i < MIN(from->n_fields, to->n_fields) && !has; i++)
			has = has_other_parts(from->fields[i].type, to->fields[i].type, depth + 1);
	return has;
}

static void convert(struct gen *g, struct type *from_type, struct spot from, struct type *to_type,
		    struct spot to)
{
	uint64_t n = MIN(from_type->size, to_type->size);
	if (is_go_text(from_type, to_type)) {
		gen_go_text_convert(g, from_type, from, to_type, to);
		return;
	}
	if (from_type->kind == TYPE_STRING && to_type->kind == TYPE_TEXT) {
		gen_go_text_at(g, from, to_type->size, to);
		return;
	}
	if (to_type->kind == TYPE_OPAQUE && from_type->kind != TYPE_OPAQUE) {
		gen_go_name_at(g, from_type, from, to);
		return;
	}
	bool has_other_size = from_type->size != to_type->size;
	bool is_changed = has_other_size || has_other_parts(from_type, to_type, 0);
	if (from_type->kind == TYPE_ARRAY && to_type->kind == TYPE_ARRAY && is_changed &&
	    from_type->count == to_type->count) {
		convert_array(g, from_type, from, to_type, to);
		return;
	}
	bool has_fields = from_type->kind == TYPE_TUPLE || from_type->kind == TYPE_STRUCT;
	if (from_type->kind == to_type->kind && has_fields &&
	    (to_type->kind == TYPE_TUPLE || is_changed)) {
		convert_fields(g, from_type, from, to_type, to);
		return;
	}
	if (!type_is_memory(from_type) && !type_is_memory(to_type)) {
		convert_num(g, from_type, from, to_type, to);
		return;
	}
	spot_copy(g, to, from, n);
	if (to_type->size > n)
		spot_zero(g, spot_at(to, (int64_t)n), to_type->size - n);
}

// An array of bytes becomes text: up to its first NUL, zeros behind.
static void bytes_to_text(struct gen *g, struct expr *e, struct spot to)
{
	struct expr *array = e->cast.value;
	struct frame before = g->f;
	struct spot from = frame_alloc(g, (int)padded(array->type->size + 1));
	gen_into(g, array, from);
	spot_store_imm(g, 1, spot_at(from, (int64_t)array->type->size), 0);
	spot_zero(g, to, e->type->size);
	spot_ref(g, R1, to);
	bpf_const(g->b, R2, MIN(e->type->size, array->type->size + 1));
	spot_ref(g, R3, from);
	bpf_call(g->b, BPF_FUNC_probe_read_kernel_str);
	g->f = before;
}

static void cast_into(struct gen *g, struct expr *e, struct spot to)
{
	struct expr *value = e->cast.value;
	struct type *from_type = type_strip(value->type), *to_type = type_strip(e->type);
	if (to_type->kind == TYPE_OPAQUE && to_type->shown->kind == OUT_NAME &&
	    to_type->shown->is_go && !type_is_memory(from_type) && from_type->kind != TYPE_FUNC) {
		gen_go_code(g, value, to);
		return;
	}
	if (type_whole(to_type)) {
		gen_whole_kept(g, value, type_whole(to_type), to);
		return;
	}
	if (to_type->kind == TYPE_OPAQUE &&
	    (from_type->kind == TYPE_IFACE || from_type->kind == TYPE_FUNC)) {
		gen_go_name(g, e, to);
		return;
	}
	if (to_type->kind == TYPE_TEXT && from_type->kind == TYPE_STRING) {
		gen_go_text(g, value, NULL, to_type->size, to);
		return;
	}
	if (to_type->kind == TYPE_TEXT && from_type->kind == TYPE_ARRAY) {
		bytes_to_text(g, e, to);
		return;
	}
	if (!type_is_memory(from_type)) {
		// A number's bytes.
		struct frame before = g->f;
		struct spot slot = frame_alloc(g, 8);
		gen_num(g, value);
		spot_store(g, 8, slot, R0);
		spot_copy(g, to, slot, MIN(to_type->size, 8u));
		if (to_type->size > 8)
			spot_zero(g, spot_at(to, 8), to_type->size - 8);
		g->f = before;
		return;
	}
	if (to_type->kind == TYPE_TEXT && to_type->size >= from_type->size &&
	    !is_go_text(from_type, to_type)) {
		// Into its place at once.
		gen_into(g, value, to);
		if (to_type->size > from_type->size)
			spot_zero(g, spot_at(to, (int64_t)from_type->size),
				  to_type->size - from_type->size);
		return;
	}
	struct frame before = g->f;
	struct spot from = gen_spot(g, value);
	convert(g, from_type, from, to_type, to);
	g->f = before;
}

// --- all ---

static void cond_into(struct gen *g, struct expr *e, struct spot to)
{
	struct bpf_label other = bpf_label_new(g->b), done = bpf_label_new(g->b);
	gen_jump(g, e->cond.cond, false, other);
	if (e->cond.then)
		gen_into(g, e->cond.then, to);
	bpf_jump(g->b, done);
	bpf_bind(g->b, other);
	gen_into(g, e->cond.other, to);
	bpf_bind(g->b, done);
}

static void block_into(struct gen *g, const struct block *b, struct spot to)
{
	gen_block(g, b);
	if (b->value)
		gen_into(g, b->value, to);
}

static void if_into(struct gen *g, struct expr *e, struct spot to)
{
	struct bpf_label other = bpf_label_new(g->b), done = bpf_label_new(g->b);
	gen_jump(g, e->if_else.cond, false, other);
	block_into(g, e->if_else.then, to);
	bpf_jump(g->b, done);
	bpf_bind(g->b, other);
	block_into(g, e->if_else.other, to);
	bpf_bind(g->b, done);
}

static void memory_into(struct gen *g, struct expr *e, struct spot to)
{
	const struct builtin_use *u = expr_builtin(e);
	uint64_t size = size_of(e->type);
	switch ((int)e->kind) {
	case EXPR_STR:
		if (type_strip(e->type)->go_kind)
			gen_go_text_const(g, e->str, type_strip(e->type), to);
		else
			spot_const(g, to, (struct bytes) { (const uint8_t *)e->str.p, e->str.len },
				   size);
		break;
	case EXPR_NAME:
	case EXPR_CALL:
		if (u)
			gen_builtin_into(g, e, u, to);
		else
			gen_call_into(g, e, to);
		break;
	case EXPR_VAR:
	case EXPR_INDEX:
	case EXPR_UNARY:
		gen_loc_into(g, gen_loc(g, e), size, to, e->span);
		break;
	case EXPR_MEMBER:
		if (!expr_is_place(e) && gen_places_address(g, e->meaning, e))
			gen_loc_into(g, (struct loc) { .space = SPACE_USER }, size, to, e->span);
		else if (!expr_is_place(e))
			gen_places_into(g, e->meaning, e, to);
		else
			gen_loc_into(g, gen_loc(g, e), size, to, e->span);
		break;
	case EXPR_MAP:
		gen_map_into(g, e, to);
		break;
	case EXPR_TUPLE:
	case EXPR_RECORD:
		items_into(g, e, to);
		break;
	case EXPR_COND:
		cond_into(g, e, to);
		break;
	case EXPR_CAST:
		cast_into(g, e, to);
		break;
	case EXPR_IF:
		if_into(g, e, to);
		break;
	case EXPR_BLOCK:
		block_into(g, e->block, to);
		break;
	default:
		spot_zero(g, to, size);
		break;
	}
}

void gen_into(struct gen *g, struct expr *e, struct spot to)
{
	struct frame before = g->f;
	const struct on_fail outer = g->on_fail;
	fail_keeps(g, e);
	if (type_is_memory(e->type)) {
		uint32_t at = gen_at(g, e->span);
		memory_into(g, e, to);
		gen_at_again(g, at);
	} else {
		uint64_t size = size_of(e->type);
		gen_num(g, e);
		spot_store(g, size == 1 || size == 2 || size == 4 ? (unsigned)size : 8, to, R0);
	}
	g->on_fail = outer;
	g->f = before;
}

void gen_into_typed(struct gen *g, struct expr *e, struct type *t, struct spot to)
{
	t = type_strip(t);
	struct type *from = type_strip(e->type);
	bool is_same_text = !is_go_text(from, t) || from->go_kind == t->go_kind;
	bool is_same = from->size == t->size && is_same_text && !has_other_parts(from, t, 0);
	if (from == t || is_same) {
		gen_into(g, e, to);
	} else if (!type_is_memory(t) && !type_is_memory(from)) {
		gen_num(g, e);
		spot_store(g, (unsigned)MIN(t->size, 8u), to, R0);
	} else {
		struct expr cast = { .kind = EXPR_CAST, .span = e->span, .type = t };
		cast.cast.value = e;
		gen_into(g, &cast, to);
	}
}
