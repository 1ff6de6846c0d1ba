// SPDX-License-Identifier: Apache-2.0
// What the probe gives: registers, arguments and which site was hit.
#include "code/gen.h"

// struct pt_regs of x86-64, by DWARF number: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15,
// rip.
static const uint8_t reg_offs[] = { 80, 96, 88, 40, 104, 112, 32, 152, 72,
				    64, 56, 48, 24, 16,  8,   0,  128 };

enum { REG_AX = 0, REG_SP = 7, REG_IP = 16 };

int ctx_reg_off(uint16_t reg)
{
	switch (reg) {
	case PROGRAM_REG_FLAGS:
		return 144;
	case PROGRAM_REG_CS:
		return 136;
	case PROGRAM_REG_SS:
		return 160;
	case PROGRAM_REG_ORIG_AX:
		return 120;
	default:
		return reg < ARRAY_LEN(reg_offs) ? reg_offs[reg] : -1;
	}
}

void gen_reg(struct gen *g, uint8_t to, uint16_t reg)
{
	int off = ctx_reg_off(reg);
	if (off < 0)
		bpf_const(g->b, to, 0); // the checker lets nobody ask for it
	else
		bpf_load(g->b, 8, to, R_CTX, off);
}

// --- sites ---

// KEEP IN ORDER: SITE
struct site_value {
	uint64_t probe_name;
	uint64_t func_name;
	uint64_t vaddr;
	uint64_t caller; // see gen_caller
};

static struct site_value site_value(const struct unit *u, size_t i)
{
	const struct program_site *s = &u->p->sites[i];
	return (struct site_value) {
		.probe_name = s->probe_name,
		.func_name = s->func_name,
		.vaddr = s->site ? s->site->vaddr : 0,
		.caller = u->callers ? u->callers[i] : 0,
	};
}

static struct bpf_map *sites_map(struct unit *u)
{
	if (u->c->sites)
		return u->c->sites;
	struct site_value *values = ARENA_ARRAY(u->a, struct site_value, u->p->n_sites);
	for (size_t i = 0; i < u->p->n_sites; i++)
		values[i] = site_value(u, i);
	u->site_values = values;
	u->c->site_values = values;
	u->c->sites = unit_map(u, (struct bpf_map) { .name = "sites",
						     .type = BPF_MAP_TYPE_ARRAY,
						     .key_size = 4,
						     .value_size = sizeof(*values),
						     .max_entries = (uint32_t)u->p->n_sites });
	return u->c->sites;
}

void gen_cookie(struct gen *g, struct span span)
{
	const struct program_part *part = g->part;
	if (part->n_sites <= 1 || g->type == BPF_PROG_TYPE_RAW_TRACEPOINT) {
		bpf_const(g->b, R0, part->first_site);
		return;
	}
	if (!gen_has(g, BPF_FEATURE_COOKIE))
		gen_refuse(g, span, "one program for several probes that asks which one it was",
			   "5.15");
	bpf_mov(g->b, R1, R_CTX);
	bpf_call(g->b, BPF_FUNC_get_attach_cookie);
	if (g->has_ret)
		bpf_mov32(g->b, R0, R0); // see code_cookie
}

static uint64_t site_word(const struct unit *u, size_t i, unsigned off)
{
	struct site_value v = site_value(u, i);
	uint64_t word;
	memcpy(&word, (const char *)&v + off, 8);
	return word;
}

static bool is_same_word(const struct gen *g, unsigned off, uint64_t word)
{
	const struct program_part *part = g->part;
	for (uint32_t i = 1; i < part->n_sites; i++)
		if (site_word(g->u, part->first_site + i, off) != word)
			return false;
	return true;
}

void gen_site_word(struct gen *g, unsigned off, struct span span)
{
	const struct program_part *part = g->part;
	struct bpf_asm *b = g->b;
	if (part->n_sites == 0) {
		bpf_const(b, R0, 0);
		return;
	}
	uint64_t word = site_word(g->u, part->first_site, off);
	if (g->type == BPF_PROG_TYPE_RAW_TRACEPOINT || is_same_word(g, off, word)) {
		bpf_const(b, R0, word);
		return;
	}
	struct frame before = g->f;
	struct spot key = frame_alloc(g, 8);
	struct bpf_label done = bpf_label_new(b);
	gen_cookie(g, span);
	spot_store(g, 4, key, R0);
	bpf_map_ref(b, R1, sites_map(g->u));
	spot_ref(g, R2, key);
	bpf_call(b, BPF_FUNC_map_lookup_elem);
	bpf_jump_if_imm(b, BPF_JEQ, R0, 0, done);
	bpf_load(b, 8, R0, R0, (int)off);
	bpf_bind(b, done);
	g->f = before;
}

// --- callers ---

// The kernel's walk (from Linux 6.12 on) takes the caller from the stack when a probe is on "push
// rbp" or endbr64.
static bool looks_like_entry(struct target *t, const struct plan_site *s)
{
	struct bytes code = elf_at(target_elf(t), s->vaddr);
	return s->insn.kind == INSN_ENDBR || (code.len && code.p[0] == 0x55);
}

static uint64_t caller_word(const struct program_site *s)
{
	struct target *t = s->probe->program ? s->probe->program->target : NULL;
	int64_t off;
	if (!s->site || !t || !target_hidden_caller(t, s->site->vaddr, &off))
		return 0;
	uint64_t flag = looks_like_entry(t, s->site) ? GEN_CALLER_MAY_BE_THERE : 0;
	return ((uint64_t)off + 1) | flag;
}

void gen_caller(struct gen *g, struct span span)
{
	struct unit *u = g->u;
	if (!u->callers) {
		u->callers = ARENA_ARRAY(u->a, uint64_t, u->p->n_sites + 1);
		for (size_t i = 0; i < u->p->n_sites; i++) {
			u->callers[i] = caller_word(&u->p->sites[i]);
			if (u->site_values)
				u->site_values[i].caller = u->callers[i];
		}
	}
	gen_site_word(g, offsetof(struct site_value, caller), span);
}

void gen_bias(struct gen *g, struct span span)
{
	gen_site_word(g, offsetof(struct site_value, vaddr), span);
	gen_reg(g, R1, REG_IP);
	bpf_alu(g->b, BPF_SUB, R1, R0);
	bpf_mov(g->b, R0, R1);
}

// --- processes ---

void gen_pid(struct gen *g, bool is_thread)
{
	struct bpf_asm *b = g->b;
	const struct code_options *o = g->u->o;
	if (!o->is_nested_pid_ns) {
		bpf_call(b, BPF_FUNC_get_current_pid_tgid);
		if (is_thread)
			bpf_mov32(b, R0, R0);
		else
			bpf_alu_imm(b, BPF_RSH, R0, 32);
		return;
	}
	struct frame before = g->f;
	struct spot ids = frame_alloc(g, 8); // struct bpf_pidns_info
	spot_store_imm(g, 8, ids, 0);
	bpf_const(b, R1, o->pid_ns_dev);
	bpf_const(b, R2, o->pid_ns_ino);
	spot_ref(g, R3, ids);
	bpf_const(b, R4, 8);
	bpf_call(b, BPF_FUNC_get_ns_current_pid_tgid);
	spot_load(g, 4, R0, spot_at(ids, is_thread ? 0 : 4));
	g->f = before;
}

// --- values that are where the debug information says ---

static bool is_value(const struct place *p)
{
	switch (p->kind) {
	case PLACE_REG:
	case PLACE_CONST:
	case PLACE_VALUE:
	case PLACE_VADDR:
		return true;
	case PLACE_NONE:
	case PLACE_MEM:
	case PLACE_CFA:
	case PLACE_ADDR:
	case PLACE_TLS:
	case PLACE_IMPLICIT:
	case PLACE_DEREF:
	case PLACE_COMPLEX:
		break;
	}
	return false;
}

// r0 = what the place is relative to. At a function's entry, the return address is on top of the
// stack and CFA above it.
static void place_base(struct gen *g, const struct place *p, int64_t off)
{
	bool is_cfa = p->is_cfa || p->kind == PLACE_CFA;
	gen_reg(g, R0, is_cfa ? REG_SP : p->reg);
	off += is_cfa ? 8 : 0;
	if (off)
		bpf_alu_imm(g->b, BPF_ADD, R0, off);
}

static void add_const(struct gen *g, uint64_t v)
{
	bpf_const(g->b, R1, v);
	bpf_alu(g->b, BPF_ADD, R0, R1);
}

static void place_num(struct gen *g, const struct place *p, struct span span)
{
	if (p->kind == PLACE_REG) {
		gen_reg(g, R0, p->reg);
		if (p->off)
			bpf_alu_imm(g->b, BPF_RSH, R0, (p->off * 8) & 63);
	} else if (p->kind == PLACE_VALUE) {
		place_base(g, p, p->off);
	} else if (p->kind == PLACE_VADDR) {
		gen_bias(g, span);
		add_const(g, (uint64_t)p->off);
	} else {
		bpf_const(g->b, R0, (uint64_t)p->off);
	}
}

// r0 = the address of a value in memory. False if there is none.
static bool place_address(struct gen *g, const struct place *p, struct span span)
{
	switch ((int)p->kind) {
	case PLACE_MEM:
	case PLACE_CFA:
		place_base(g, p, p->off);
		return true;
	case PLACE_ADDR:
		gen_bias(g, span);
		add_const(g, (uint64_t)p->off);
		return true;
	case PLACE_DEREF:
		place_base(g, p, p->off);
		gen_user_word(g, 0, 8, span);
		bpf_alu_imm(g->b, BPF_ADD, R0, p->off2);
		return true;
	default:
		return false;
	}
}

// The low bytes of r0, any number up to 8.
static void store_bytes(struct gen *g, struct spot to, uint64_t bytes)
{
	while (bytes) {
		unsigned n = 8;
		while (n > bytes || (to.off & (int)(n - 1)))
			n /= 2;
		spot_store(g, n, to, R0);
		to = spot_at(to, n);
		bytes -= n;
		if (bytes)
			bpf_alu_imm(g->b, BPF_RSH, R0, 8 * n);
	}
}

void gen_places_into(struct gen *g, const struct member_use *m, struct expr *e, struct spot to)
{
	uint64_t size = type_strip(e->type)->size;
	spot_zero(g, to, size);
	for (size_t i = 0; i < m->places.n; i++) {
		const struct place *p = &m->places.v[i];
		if (p->off_in_value >= size)
			continue;
		uint64_t bytes = MIN(p->size ? p->size : size, size - p->off_in_value);
		struct spot at = spot_at(to, (int64_t)p->off_in_value);
		if (is_value(p)) {
			place_num(g, p, e->span);
			store_bytes(g, at, MIN(bytes, 8u));
		} else if (p->kind == PLACE_IMPLICIT) {
			spot_const(g, at, p->data, bytes);
		} else if (place_address(g, p, e->span)) {
			bpf_mov(g->b, R3, R0);
			gen_read(g, SPACE_USER, at, bytes, e->span);
		}
	}
}

bool gen_places_address(struct gen *g, const struct member_use *m, struct expr *e)
{
	uint64_t end = 0;
	if (!m->places.n)
		return false;
	struct place first = m->places.v[0];
	bool is_memory = first.kind == PLACE_MEM || first.kind == PLACE_CFA;
	for (size_t i = 0; i < m->places.n; i++) {
		const struct place *p = &m->places.v[i];
		if (!is_memory || p->kind != first.kind || p->reg != first.reg ||
		    p->off - (int64_t)p->off_in_value != first.off - (int64_t)first.off_in_value)
			return false;
		end = MAX(end, p->size ? p->off_in_value + p->size : type_strip(e->type)->size);
	}
	first.off -= (int64_t)first.off_in_value;
	return end <= type_strip(e->type)->size && place_address(g, &first, e->span);
}

void gen_places_num(struct gen *g, const struct member_use *m, struct expr *e)
{
	uint64_t size = MIN(type_strip(e->type)->size, 8u);
	if (m->places.n == 1 && is_value(&m->places.v[0])) {
		place_num(g, &m->places.v[0], e->span);
		gen_extend(g, R0, e->type);
		return;
	}
	struct frame before = g->f;
	struct spot slot = frame_alloc(g, 8);
	if (size < 8)
		spot_store_imm(g, 8, slot, 0);
	gen_places_into(g, m, e, slot);
	gen_load_typed(g, e->type, slot.reg, slot.off);
	g->f = before;
}

// --- arguments by number ---

static void c_arg(struct gen *g, uint32_t index, struct span span)
{
	static const uint8_t regs[] = { 5, 4, 1, 2, 8, 9 }; // rdi, rsi, rdx, rcx, r8, r9
	if (index < ARRAY_LEN(regs)) {
		gen_reg(g, R0, regs[index]);
		return;
	}
	gen_reg(g, R0, REG_SP);
	gen_user_word(g, 8 * ((int64_t)index - (int64_t)ARRAY_LEN(regs) + 1), 8, span);
}

static void extend_bytes(struct gen *g, unsigned bytes, bool is_signed)
{
	if (bytes >= 8)
		return;
	if (is_signed)
		gen_sign_extend(g, R0, bytes * 8);
	else if (bytes == 4)
		bpf_mov32(g->b, R0, R0);
	else
		bpf_alu_imm(g->b, BPF_AND, R0, (1 << (8 * bytes)) - 1);
}

static void usdt_num(struct gen *g, const struct usdt_arg *arg, struct span span)
{
	struct bpf_asm *b = g->b;
	unsigned bytes = arg->size == 1 || arg->size == 2 || arg->size == 4 ? arg->size : 8;
	if (arg->kind == USDT_CONST || arg->kind == USDT_OTHER) {
		bpf_const(b, R0, arg->kind == USDT_CONST ? (uint64_t)arg->off : 0);
		return;
	}
	if (arg->kind == USDT_REG) {
		gen_reg(g, R0, arg->reg);
		if (arg->shift)
			bpf_alu_imm(b, BPF_RSH, R0, arg->shift & 63);
		extend_bytes(g, bytes, arg->is_signed);
		return;
	}
	if (arg->kind == USDT_VADDR)
		gen_bias(g, span);
	else
		gen_reg(g, R0, arg->reg);
	if (arg->index != USDT_NO_REG) {
		gen_reg(g, R1, arg->index);
		bpf_alu_imm(b, BPF_MUL, R1, arg->scale);
		bpf_alu(b, BPF_ADD, R0, R1);
	}
	if (arg->off)
		add_const(g, (uint64_t)arg->off);
	gen_user_word(g, 0, bytes, span);
	extend_bytes(g, bytes, arg->is_signed);
}

static const struct usdt_arg *site_arg(const struct gen *g, uint32_t site, uint32_t index)
{
	const struct plan_site *s = g->p->sites[g->part->first_site + site].site;
	if (!s || !s->usdt || index >= s->usdt->n_args)
		return NULL;
	return &s->usdt->args[index];
}

static bool is_same_arg(const struct usdt_arg *a, const struct usdt_arg *b)
{
	return a && b && str_eq(a->text, b->text) && a->kind == b->kind && a->off == b->off;
}

// The sites of one probe may have the argument in different places.
static void usdt_arg(struct gen *g, uint32_t index, struct span span)
{
	struct bpf_asm *b = g->b;
	const struct usdt_arg *first = site_arg(g, 0, index);
	uint32_t n = g->part->n_sites, n_same = 1;
	while (n_same < n && is_same_arg(first, site_arg(g, n_same, index)))
		n_same++;
	if (n_same == n) {
		if (first)
			usdt_num(g, first, span);
		else
			bpf_const(b, R0, 0);
		return;
	}
	struct frame before = g->f;
	struct bpf_label done = bpf_label_new(b);
	gen_cookie(g, span);
	struct temp cookie = temp_keep(g, R0);
	for (uint32_t i = 0; i < n; i++) {
		const struct usdt_arg *arg = site_arg(g, i, index);
		struct bpf_label next = bpf_label_new(b);
		temp_get(g, R0, cookie);
		bpf_jump_if_imm(b, BPF_JNE, R0, g->part->first_site + i, next);
		if (arg)
			usdt_num(g, arg, span);
		else
			bpf_const(b, R0, 0);
		bpf_jump(b, done);
		bpf_bind(b, next);
	}
	bpf_const(b, R0, 0);
	bpf_bind(b, done);
	g->f = before;
}

void gen_arg(struct gen *g, struct expr *e, uint32_t index)
{
	if (g->part->kind == PROBE_USDT)
		usdt_arg(g, index, e->span);
	else
		c_arg(g, index, e->span);
}
