// SPDX-License-Identifier: Apache-2.0
// Text and buffers. Text has zeros behind it up to its size; text that fills all of its bytes was
// cut.
#include "code/gen.h"

// --- reading ---

struct source source_of(struct gen *g, struct expr *call)
{
	struct expr *address = call->call.args.v[0];
	struct type *t = type_strip(address->type);
	if (type_is_go_bytes(t))
		return gen_go_source(g, address,
				     call->call.args.n > 1 ? call->call.args.v[1] : NULL);
	struct source s = { .space = t->kind == TYPE_PTR && t->is_kernel ? SPACE_KERNEL
									 : SPACE_USER };
	gen_num(g, address);
	s.address = temp_keep(g, R0);
	s.has_n = call->call.args.n > 1;
	if (s.has_n) {
		gen_num(g, call->call.args.v[1]);
		s.n = temp_keep(g, R0);
	}
	return s;
}

// The kernel puts a NUL at the end of what it cuts. There goes what really follows, so that one
// sees that it was cut; if that is a NUL, it was not. What the script cuts by itself stays so.
static void mark_cut(struct gen *g, const struct source *s, struct dest to, uint64_t size)
{
	struct bpf_asm *b = g->b;
	struct bpf_label whole = bpf_label_new(b);
	struct frame before = g->f;
	bpf_jump_if_imm(b, BPF_JNE, R0, (int64_t)size, whole);
	if (s->has_n) {
		temp_get(g, R1, s->n);
		bpf_jump_if_imm(b, BPF_JLT, R1, (int64_t)size, whole);
	}
	struct temp len = temp_keep(g, R0);
	dest_ref(g, R1, to, (int64_t)size - 1);
	bpf_const(b, R2, 1);
	temp_get(g, R3, s->address);
	bpf_alu_imm(b, BPF_ADD, R3, (int64_t)size - 1);
	bpf_call(b, s->space == SPACE_USER ? BPF_FUNC_probe_read_user : BPF_FUNC_probe_read_kernel);
	temp_get(g, R0, len);
	bpf_bind(b, whole);
	g->f = before;
}

void source_read_text(struct gen *g, const struct source *s, struct dest to, uint64_t size,
		      struct span span)
{
	gen_fetch(g, (struct fetch) { .from = *s, .to = to, .is_text = true, .max = size }, span);
	mark_cut(g, s, to, size);
}

// r0 = how many bytes are there.
void source_read_bytes(struct gen *g, const struct source *s, struct dest to, uint64_t max,
		       struct span span)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label failed = bpf_label_new(b), done = bpf_label_new(b);
	const struct fetch f = { .from = *s, .to = to, .max = max };
	fetch_wanted(g, &f);
	struct temp n = temp_keep(g, R2);
	gen_fetch(g, f, span);
	bpf_jump_if_imm(b, BPF_JSLT, R0, 0, failed);
	temp_get(g, R0, n);
	bpf_jump(b, done);
	bpf_bind(b, failed);
	bpf_const(b, R0, 0);
	bpf_bind(b, done);
	g->f = before;
}

void gen_str(struct gen *g, struct expr *call, struct spot to)
{
	uint64_t size = type_strip(call->type)->size;
	struct expr *address = call->call.args.v[0];
	if (type_is_go_bytes(address->type)) {
		struct expr *limit = call->call.args.n > 1 ? call->call.args.v[1] : NULL;
		gen_go_text(g, address, limit, size, to);
		return;
	}
	if (type_is_memory(address->type)) {
		gen_into_typed(g, address, call->type, to);
		return;
	}
	struct source s = source_of(g, call);
	spot_zero(g, to, size);
	source_read_text(g, &s, (struct dest) { .spot = to }, size, call->span);
}

// A buffer that is no longer than the number says.
static void shorten(struct gen *g, struct expr *number, uint64_t n, struct spot to)
{
	struct bpf_label done = bpf_label_new(g->b);
	gen_num(g, number);
	bpf_const(g->b, R1, n);
	bpf_jump_if(g->b, BPF_JGE, R0, R1, done);
	spot_store(g, 4, to, R0);
	bpf_bind(g->b, done);
}

void gen_buf(struct gen *g, struct expr *call, struct spot to)
{
	uint64_t size = type_strip(call->type)->size;
	struct expr *address = call->call.args.v[0];
	spot_zero(g, to, size);
	if (type_is_memory(address->type) && !type_is_go_bytes(address->type)) {
		bool is_buffer = type_strip(address->type)->kind == TYPE_BUFFER;
		uint64_t n = MIN(address->type->size, is_buffer ? size : size - 4);
		struct spot from = gen_spot(g, address);
		if (!is_buffer)
			spot_store_imm(g, 4, to, n);
		spot_copy(g, is_buffer ? to : spot_at(to, 4), from, n);
		if (call->call.args.n > 1)
			shorten(g, call->call.args.v[1], n, to);
		return;
	}
	struct source s = source_of(g, call);
	source_read_bytes(g, &s, (struct dest) { .spot = spot_at(to, 4) }, size - 4, call->span);
	spot_store(g, 4, to, R0);
}

// --- comparing ---

// Bytes of a literal that decide: with its NUL, unless fewer are asked for.
static void differ_literal(struct gen *g, struct spot s, uint64_t size, struct str text, uint64_t n,
			   struct bpf_label differ)
{
	uint64_t bytes = MIN(n, text.len + 1);
	if (bytes > size && n > size && text.len > size) {
		bpf_jump(g->b, differ);
		return;
	}
	bytes = MIN(bytes, size);
	struct bytes data = { (const uint8_t *)text.p, MIN(bytes, text.len) };
	spot_differ_const(g, s, data, bytes, differ);
}

// Texts with as much room, and how many bytes they have behind it.
static bool is_one_go_text(const struct expr *x, const struct expr *y)
{
	const struct type *a = type_strip(x->type), *b = type_strip(y->type);
	return a->go_kind && b->go_kind && a->size == b->size;
}

static void differ_text(struct gen *g, struct expr *x, struct expr *y, uint64_t n,
			struct bpf_label differ)
{
	if (x->kind == EXPR_STR) {
		struct expr *swap = x;
		x = y;
		y = swap;
	}
	uint64_t x_size = text_room(type_strip(x->type)), y_size = text_room(type_strip(y->type));
	if (y->kind == EXPR_STR && memchr(y->str.p ? y->str.p : "", 0, y->str.len) == NULL) {
		struct spot s = gen_spot(g, x);
		if (type_strip(x->type)->go_kind && n > y->str.len)
			gen_go_text_differ(g, s, type_strip(x->type), y->str, differ);
		else
			differ_literal(g, s, x_size, y->str, n, differ);
		return;
	}
	struct spot a = gen_spot(g, x), c = gen_spot(g, y);
	uint64_t common = MIN(x_size, y_size);
	if (is_one_go_text(x, y) && n > common)
		common = x_size = y_size = x_size + 8;
	spot_differ(g, a, c, MIN(common, n), differ);
	// The longer one must end where the other one has no more bytes.
	if (n > common && x_size != y_size)
		spot_not_zero(g, spot_at(x_size > y_size ? a : c, (int64_t)common), 1, differ);
}

void gen_text_jump(struct gen *g, struct expr *a, struct expr *b, uint64_t n, bool when_equal,
		   struct bpf_label to)
{
	struct frame before = g->f;
	struct bpf_label differ = when_equal ? bpf_label_new(g->b) : to;
	differ_text(g, a, b, n, differ);
	if (when_equal) {
		bpf_jump(g->b, to);
		bpf_bind(g->b, differ);
	}
	g->f = before;
}

void gen_strlen(struct gen *g, struct expr *e)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct bpf_label done = bpf_label_new(b), ended = bpf_label_new(b);
	uint64_t size = type_strip(e->type)->size;
	struct spot s = gen_spot(g, e);
	if (type_strip(e->type)->go_kind) {
		gen_go_text_len(g, s, type_strip(e->type));
		g->f = before;
		return;
	}
	struct spot copy = frame_alloc(g, (int)size);
	spot_ref(g, R1, copy);
	bpf_const(b, R2, size);
	spot_ref(g, R3, s);
	bpf_call(b, BPF_FUNC_probe_read_kernel_str);
	bpf_jump_if_imm(b, BPF_JNE, R0, (int64_t)size, ended);
	spot_load(g, 1, R1, spot_at(s, (int64_t)size - 1));
	bpf_jump_if_imm(b, BPF_JNE, R1, 0, done);
	bpf_bind(b, ended);
	bpf_jump_if_imm(b, BPF_JSLE, R0, 0, done);
	bpf_alu_imm(b, BPF_SUB, R0, 1);
	bpf_bind(b, done);
	g->f = before;
}

// --- searching ---

// What the verifier can follow.
#define PART_MAX 2048

// In scratch memory: where it was found, the text that is searched for, then the text.
struct search {
	uint64_t part_size;
	uint64_t text_size;
};

enum { SEARCH_FOUND = 0, SEARCH_PART = 8 };

static struct search search_of(const struct expr *call)
{
	struct expr *part = call->call.args.v[1];
	uint64_t size = text_room(type_strip(part->type));
	if (part->kind == EXPR_STR)
		size = MIN(size, part->str.len + 1);
	return (struct search) { (size + 7) & ~7ULL,
				 (text_room(type_strip(call->call.args.v[0]->type)) + 7) & ~7ULL };
}

// One place of the text: index is in r1.
static void emit_search(struct gen *g, const struct pending *p)
{
	struct bpf_asm *b = g->b;
	struct search s = search_of(p->call);
	struct bpf_label again = bpf_label_new(b), found = bpf_label_new(b);
	struct bpf_label end = bpf_label_new(b), not_here = bpf_label_new(b);
	bpf_func(b, p->start, "search");
	bpf_load(b, 8, R_SCRATCH, R2, 0);
	bpf_mov(b, R7, R1);
	bpf_jump_if_imm(b, BPF_JGE, R7, (int64_t)s.text_size, end);
	spot_ref(g, R3, spot_at(p->at, SEARCH_PART));
	spot_ref(g, R4, spot_at(p->at, SEARCH_PART + (int64_t)s.part_size));
	bpf_alu(b, BPF_ADD, R4, R7);
	bpf_load(b, 1, R8, R4, 0);
	bpf_const(b, R5, 0);
	bpf_bind(b, again);
	bpf_load(b, 1, R1, R3, 0);
	bpf_jump_if_imm(b, BPF_JEQ, R1, 0, found);
	bpf_load(b, 1, R2, R4, 0);
	bpf_jump_if(b, BPF_JNE, R1, R2, not_here);
	bpf_alu_imm(b, BPF_ADD, R3, 1);
	bpf_alu_imm(b, BPF_ADD, R4, 1);
	bpf_alu_imm(b, BPF_ADD, R5, 1);
	bpf_jump_if_imm(b, BPF_JLT, R5, (int64_t)s.part_size, again);
	bpf_bind(b, found);
	spot_store(g, 8, p->at, R7);
	bpf_bind(b, end);
	bpf_const(b, R0, 1);
	bpf_exit(b);
	bpf_bind(b, not_here);
	bpf_jump_if_imm(b, BPF_JEQ, R8, 0, end);
	bpf_const(b, R0, 0);
	bpf_exit(b);
}

void gen_strcontains(struct gen *g, struct expr *call, bool wants_place)
{
	struct bpf_asm *b = g->b;
	struct frame before = g->f;
	struct search s = search_of(call);
	struct expr *text = call->call.args.v[0], *part = call->call.args.v[1];
	if (!gen_has(g, BPF_FEATURE_LOOP))
		gen_refuse(g, call->span, "a program that searches in text", "5.17");
	if (s.part_size > PART_MAX)
		diag_error(g->p->diag, part->span,
			   "what is searched for can have %d bytes at most, not %llu", PART_MAX,
			   (unsigned long long)s.part_size);
	struct spot at = frame_alloc_scratch(g, (int)(SEARCH_PART + s.part_size * 2 + s.text_size));
	struct spot in = spot_at(at, SEARCH_PART + (int64_t)s.part_size);
	struct type padded = { .kind = TYPE_TEXT, .size = s.part_size };
	gen_into_typed(g, part, &padded, spot_at(at, SEARCH_PART));
	uint64_t text_size = text_room(type_strip(text->type));
	struct type plain = { .kind = TYPE_TEXT, .size = text_size };
	gen_into_typed(g, text, &plain, in);
	spot_zero(g, spot_at(in, (int64_t)text_size), s.text_size - text_size + s.part_size);
	spot_store_imm(g, 8, at, UINT64_MAX);
	struct pending p = {
		.start = bpf_label_new(b), .emit = emit_search, .call = call, .at = at
	};
	gen_later(g, p);
	bpf_const(b, R1, s.text_size);
	bpf_func_ref(b, R2, p.start);
	bpf_mov(b, R3, R_FRAME);
	bpf_alu_imm(b, BPF_ADD, R3, LINK_SCRATCH);
	bpf_const(b, R4, 0);
	bpf_call(b, BPF_FUNC_loop);
	spot_load(g, 8, R0, at);
	if (!wants_place) {
		bpf_alu_imm(b, BPF_RSH, R0, 63);
		bpf_alu_imm(b, BPF_XOR, R0, 1);
	}
	g->f = before;
}
