// SPDX-License-Identifier: Apache-2.0
// DWARF expressions, computed with symbols instead of numbers: "register 7 plus 16" stays what it
// is, and what has no such form is said to be complex.
#include "dwarf/loc.h"

#define STACK_MAX  16
#define PIECES_MAX 512

enum sym_kind {
	SYM_COMPLEX,
	SYM_CONST, // off
	SYM_REG,   // register reg + off
	SYM_CFA,   // CFA + off
	SYM_ADDR,  // the address off of the file
	SYM_TLS,   // the address of the thread's variable at off
	SYM_DEREF, // the word at (register reg or CFA) + off, plus off2
};

struct sym {
	enum sym_kind kind;
	bool is_cfa;
	uint16_t reg;
	unsigned bits; // how many of the low bits are certain
	int64_t off;
	int64_t off2;
};

enum mode {
	MODE_MEMORY, // the top of the stack is the value's address
	MODE_VALUE,  // it is the value
	MODE_REG,    // the value is in a register
	MODE_BYTES,  // the value's bytes stand in the expression
	MODE_NONE,   // there is no such object any more
};

struct machine {
	struct expr *x;
	struct cursor c;
	struct sym stack[STACK_MAX];
	size_t n;
	enum mode mode;
	uint16_t reg;
	struct bytes bytes;
	bool is_lost; // an operation that cannot be followed
	struct place *pieces;
	size_t n_pieces;
	uint64_t done; // bytes of the value that have their pieces
};

static void push(struct machine *m, struct sym s)
{
	if (m->n == STACK_MAX)
		m->is_lost = true;
	else
		m->stack[m->n++] = s;
}

static struct sym pop(struct machine *m)
{
	if (m->n == 0) {
		m->is_lost = true;
		return (struct sym) { .kind = SYM_COMPLEX };
	}
	return m->stack[--m->n];
}

static void push_const(struct machine *m, int64_t v)
{
	push(m, (struct sym) { .kind = SYM_CONST, .off = v, .bits = 64 });
}

static void push_reg(struct machine *m, uint64_t reg, int64_t off)
{
	enum sym_kind kind = reg <= UINT16_MAX ? SYM_REG : SYM_COMPLEX;
	push(m, (struct sym) { .kind = kind, .reg = (uint16_t)reg, .off = off, .bits = 64 });
}

static struct sym sym_add(struct sym s, uint64_t v)
{
	int64_t *off = s.kind == SYM_DEREF ? &s.off2 : &s.off;
	*off = (int64_t)((uint64_t)*off + v);
	return s;
}

static void push_frame(struct machine *m, int64_t off)
{
	const struct place *f = m->x->frame;
	struct sym s = { .kind = SYM_COMPLEX };
	m->x->used_frame = true;
	if (f && f->kind == PLACE_CFA)
		s = (struct sym) { .kind = SYM_CFA, .off = f->off, .bits = 64 };
	else if (f && f->kind == PLACE_MEM)
		s = (struct sym) { .kind = SYM_REG, .reg = f->reg, .off = f->off, .bits = 64 };
	push(m, s.kind == SYM_COMPLEX ? s : sym_add(s, (uint64_t)off));
}

static void push_addr_index(struct machine *m, enum sym_kind kind)
{
	uint64_t v;
	if (addr_by_index(m->x->dw, m->x->unit, cursor_uleb(&m->c), &v))
		push(m, (struct sym) { .kind = kind, .off = (int64_t)v, .bits = 64 });
	else
		push(m, (struct sym) { .kind = SYM_COMPLEX });
}

static void op_plus(struct machine *m, bool is_minus)
{
	struct sym b = pop(m), a = pop(m);
	struct sym out = { .kind = SYM_COMPLEX };
	if (a.kind == SYM_CONST && !is_minus) {
		struct sym t = a;
		a = b;
		b = t;
	}
	if (b.kind == SYM_CONST && a.kind != SYM_COMPLEX) {
		uint64_t v = (uint64_t)b.off;
		out = sym_add(a, is_minus ? -v : v);
		out.bits = MIN(a.bits, b.bits);
	}
	push(m, out);
}

// A mask of low bits only makes the others uncertain, which is all that a narrow value needs.
static void op_and(struct machine *m)
{
	struct sym b = pop(m), a = pop(m);
	if (a.kind == SYM_CONST && b.kind != SYM_CONST) {
		struct sym t = a;
		a = b;
		b = t;
	}
	uint64_t mask = (uint64_t)b.off;
	if (b.kind != SYM_CONST || a.kind == SYM_COMPLEX || (mask & (mask + 1)) != 0) {
		push(m, (struct sym) { .kind = SYM_COMPLEX });
		return;
	}
	unsigned bits = mask ? 64u - (unsigned)__builtin_clzll(mask) : 0;
	a.bits = MIN(a.bits, bits);
	push(m, a);
}

static void op_deref(struct machine *m, unsigned bytes)
{
	struct sym a = pop(m);
	struct sym out = { .kind = SYM_COMPLEX };
	if ((a.kind == SYM_REG || a.kind == SYM_CFA) && a.bits == 64 && bytes > 0 && bytes <= 8)
		out = (struct sym) { .kind = SYM_DEREF,
				     .is_cfa = a.kind == SYM_CFA,
				     .reg = a.reg,
				     .off = a.off,
				     .bits = bytes * 8 };
	push(m, out);
}

static void op_tls(struct machine *m)
{
	struct sym a = pop(m);
	a.kind = a.kind == SYM_CONST || a.kind == SYM_ADDR ? SYM_TLS : SYM_COMPLEX;
	push(m, a);
}

// To another integer type: its low bits stay what they are.
static void op_convert(struct machine *m)
{
	uint64_t type = cursor_uleb(&m->c);
	struct sym a = pop(m);
	uint64_t size = 8, encoding = DW_ATE_unsigned;
	struct die d;
	if (type != 0) {
		encoding = 0;
		if (die_at(m->x->dw, m->x->unit->off + type, &d) &&
		    die_uint(&d, DW_AT_byte_size, &size))
			die_uint(&d, DW_AT_encoding, &encoding);
	}
	bool is_int = encoding == DW_ATE_signed || encoding == DW_ATE_unsigned ||
		      encoding == DW_ATE_signed_char || encoding == DW_ATE_unsigned_char ||
		      encoding == DW_ATE_boolean || encoding == DW_ATE_address;
	if (!is_int || size == 0)
		a.kind = SYM_COMPLEX;
	else if (size < 8)
		a.bits = MIN(a.bits, (unsigned)size * 8);
	push(m, a);
}

// --- from symbols to places ---

static struct place complex_place(void)
{
	return (struct place) { .kind = PLACE_COMPLEX };
}

static struct place place_of_address(const struct sym *s)
{
	struct place p = { .reg = s->reg, .off = s->off };
	if (s->bits != 64)
		return complex_place();
	switch (s->kind) {
	case SYM_REG:
		p.kind = PLACE_MEM;
		break;
	case SYM_CFA:
		p.kind = PLACE_CFA;
		break;
	case SYM_ADDR:
		p.kind = PLACE_ADDR;
		break;
	case SYM_TLS:
		p.kind = PLACE_TLS;
		break;
	case SYM_DEREF:
		p.kind = PLACE_DEREF;
		p.is_cfa = s->is_cfa;
		p.off2 = s->off2;
		break;
	case SYM_CONST:
	case SYM_COMPLEX:
	default:
		return complex_place();
	}
	return p;
}

static struct place place_of_value(const struct sym *s, uint64_t size)
{
	struct place p = { .reg = s->reg, .off = s->off };
	if (s->bits < (size && size < 8 ? size * 8 : 64))
		return complex_place();
	switch (s->kind) {
	case SYM_CONST:
		p.kind = PLACE_CONST;
		break;
	case SYM_REG:
		p.kind = PLACE_VALUE;
		break;
	case SYM_CFA:
		p.kind = PLACE_VALUE;
		p.is_cfa = true;
		break;
	case SYM_ADDR:
		p.kind = PLACE_VADDR;
		break;
	case SYM_DEREF:
		// The value of a word in memory is what is in that memory.
		if (s->off2 != 0 || size > 8)
			return complex_place();
		p.kind = s->is_cfa ? PLACE_CFA : PLACE_MEM;
		break;
	case SYM_TLS:
	case SYM_COMPLEX:
	default:
		return complex_place();
	}
	return p;
}

static struct place current(struct machine *m, uint64_t size)
{
	switch (m->mode) {
	case MODE_REG:
		return (struct place) { .kind = PLACE_REG, .reg = m->reg };
	case MODE_BYTES:
		return (struct place) { .kind = PLACE_IMPLICIT, .data = m->bytes };
	case MODE_NONE:
		return (struct place) { .kind = PLACE_NONE };
	case MODE_VALUE:
		return m->n ? place_of_value(&m->stack[m->n - 1], size) : complex_place();
	case MODE_MEMORY:
		break;
	}
	if (m->n == 0)
		return (struct place) { .kind = PLACE_NONE };
	return place_of_address(&m->stack[m->n - 1]);
}

static void end_piece(struct machine *m, uint64_t size)
{
	if (m->n_pieces == PIECES_MAX || size == 0 || size > UINT32_MAX) {
		m->is_lost = true;
		return;
	}
	struct place p = current(m, size);
	p.off_in_value = m->done;
	p.size = size;
	m->done += size;
	m->pieces[m->n_pieces++] = p;
	m->n = 0;
	m->mode = MODE_MEMORY;
}

static void op_bit_piece(struct machine *m)
{
	uint64_t bits = cursor_uleb(&m->c);
	uint64_t off = cursor_uleb(&m->c);
	if (bits % 8 != 0 || off != 0)
		m->is_lost = true;
	else
		end_piece(m, bits / 8);
}

// Operations that describe a place by themselves.
static void set_mode(struct machine *m, enum mode mode)
{
	if (m->n > 0 && mode != MODE_VALUE)
		m->is_lost = true;
	m->mode = mode;
}

static void set_reg(struct machine *m, uint64_t reg)
{
	set_mode(m, MODE_REG);
	m->reg = (uint16_t)reg;
	if (reg > UINT16_MAX)
		m->is_lost = true;
}

static bool step_const(struct machine *m, unsigned op)
{
	switch (op) {
	case DW_OP_const1u:
		push_const(m, cursor_u8(&m->c));
		return true;
	case DW_OP_const1s:
		push_const(m, (int8_t)cursor_u8(&m->c));
		return true;
	case DW_OP_const2u:
		push_const(m, cursor_u16(&m->c));
		return true;
	case DW_OP_const2s:
		push_const(m, (int16_t)cursor_u16(&m->c));
		return true;
	case DW_OP_const4u:
		push_const(m, cursor_u32(&m->c));
		return true;
	case DW_OP_const4s:
		push_const(m, (int32_t)cursor_u32(&m->c));
		return true;
	case DW_OP_const8u:
	case DW_OP_const8s:
		push_const(m, (int64_t)cursor_u64(&m->c));
		return true;
	case DW_OP_constu:
		push_const(m, (int64_t)cursor_uleb(&m->c));
		return true;
	case DW_OP_consts:
		push_const(m, cursor_sleb(&m->c));
		return true;
	default:
		return false;
	}
}

static bool step_ranges(struct machine *m, unsigned op)
{
	if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		push_const(m, (int64_t)(op - DW_OP_lit0));
	else if (op >= DW_OP_reg0 && op <= DW_OP_reg31)
		set_reg(m, op - DW_OP_reg0);
	else if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
		push_reg(m, op - DW_OP_breg0, cursor_sleb(&m->c));
	else
		return step_const(m, op);
	return true;
}

static void op_addr(struct machine *m)
{
	uint64_t v = cursor_uint(&m->c, m->x->unit->addr_size);
	push(m, (struct sym) { .kind = SYM_ADDR, .off = (int64_t)v, .bits = 64 });
}

static void op_bregx(struct machine *m)
{
	uint64_t reg = cursor_uleb(&m->c);
	push_reg(m, reg, cursor_sleb(&m->c));
}

static void op_implicit_pointer(struct machine *m)
{
	const struct unit *u = m->x->unit;
	cursor_skip(&m->c, u->version <= 2 ? u->addr_size : u->off_size);
	cursor_sleb(&m->c);
	set_mode(m, MODE_NONE);
}

static void op_entry_value(struct machine *m)
{
	cursor_skip(&m->c, cursor_uleb(&m->c));
	push(m, (struct sym) { .kind = SYM_COMPLEX });
}

static bool step_place(struct machine *m, unsigned op)
{
	switch (op) {
	case DW_OP_regx:
		set_reg(m, cursor_uleb(&m->c));
		return true;
	case DW_OP_piece:
		end_piece(m, cursor_uleb(&m->c));
		return true;
	case DW_OP_bit_piece:
		op_bit_piece(m);
		return true;
	case DW_OP_implicit_value:
		m->bytes = cursor_bytes(&m->c, cursor_uleb(&m->c));
		set_mode(m, MODE_BYTES);
		return true;
	case DW_OP_stack_value:
		set_mode(m, MODE_VALUE);
		return true;
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_implicit_pointer:
		op_implicit_pointer(m);
		return true;
	default:
		return step_ranges(m, op);
	}
}

// Operations that only change how many values there are: what they compute is complex.
static bool step_other(struct machine *m, unsigned op)
{
	switch (op) {
	case DW_OP_abs:
	case DW_OP_neg:
	case DW_OP_not:
		pop(m);
		break;
	case DW_OP_div:
	case DW_OP_mod:
	case DW_OP_mul:
	case DW_OP_or:
	case DW_OP_shl:
	case DW_OP_shr:
	case DW_OP_shra:
	case DW_OP_xor:
	case DW_OP_eq:
	case DW_OP_ge:
	case DW_OP_gt:
	case DW_OP_le:
	case DW_OP_lt:
	case DW_OP_ne:
		pop(m);
		pop(m);
		break;
	default:
		return false;
	}
	push(m, (struct sym) { .kind = SYM_COMPLEX });
	return true;
}

static void step(struct machine *m)
{
	unsigned op = cursor_u8(&m->c);
	struct sym s;
	switch (op) {
	case DW_OP_addr:
		op_addr(m);
		break;
	case DW_OP_addrx:
	case DW_OP_GNU_addr_index:
		push_addr_index(m, SYM_ADDR);
		break;
	case DW_OP_constx:
	case DW_OP_GNU_const_index:
		push_addr_index(m, SYM_CONST);
		break;
	case DW_OP_fbreg:
		push_frame(m, cursor_sleb(&m->c));
		break;
	case DW_OP_call_frame_cfa:
		push(m, (struct sym) { .kind = SYM_CFA, .bits = 64 });
		break;
	case DW_OP_bregx:
		op_bregx(m);
		break;
	case DW_OP_plus_uconst:
		s = pop(m);
		push(m, sym_add(s, cursor_uleb(&m->c)));
		break;
	case DW_OP_plus:
	case DW_OP_minus:
		op_plus(m, op == DW_OP_minus);
		break;
	case DW_OP_and:
		op_and(m);
		break;
	case DW_OP_deref:
		op_deref(m, 8);
		break;
	case DW_OP_deref_size:
		op_deref(m, cursor_u8(&m->c));
		break;
	case DW_OP_dup:
		s = pop(m);
		push(m, s);
		push(m, s);
		break;
	case DW_OP_drop:
		pop(m);
		break;
	case DW_OP_nop:
		break;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address:
		op_tls(m);
		break;
	case DW_OP_convert:
	case DW_OP_GNU_convert:
	case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret:
		op_convert(m);
		break;
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		op_entry_value(m);
		break;
	default:
		m->is_lost |= !step_other(m, op) && !step_place(m, op);
		break;
	}
}

void expr_places(struct expr *x, struct bytes code, struct places *out)
{
	*out = (struct places) { 0 };
	x->used_frame = false;
	if (code.len == 0)
		return;
	struct place pieces[PIECES_MAX];
	struct machine m = { .x = x, .c = cursor_init(code, "expression"), .pieces = pieces };
	while (cursor_left(&m.c) > 0 && !m.is_lost)
		step(&m);
	bool is_bad = m.is_lost || !cursor_ok(&m.c);
	if (is_bad || m.n_pieces == 0) {
		out->v = ARENA_NEW(x->arena, struct place);
		out->v[0] = is_bad ? complex_place() : current(&m, x->size);
		out->n = 1;
		return;
	}
	out->v = ARENA_ARRAY(x->arena, struct place, m.n_pieces);
	memcpy(out->v, pieces, m.n_pieces * sizeof(pieces[0]));
	out->n = m.n_pieces;
}
