// SPDX-License-Identifier: Apache-2.0
// Where to probe a function's entry, and its code as instructions.
#include <stdlib.h>

#include "target/internal.h"

// Code longer than this is not a function but a damaged size.
#define CODE_MAX (16u << 20)
// How far into a function the entry site may be moved to find a cheap instruction.
#define ENTRY_REACH 8u
// Instructions of a stub that the linker makes for calls into other files.
#define STUB_INSNS 3

struct bytes target_code(struct target *t, const struct target_func *f)
{
	struct bytes b = elf_at(t->elf, f->vaddr);
	uint64_t size = target_func_size(t, f);
	b.len = (size_t)MIN(MIN((uint64_t)b.len, size), (uint64_t)CODE_MAX);
	return b;
}

void code_decode(struct target *t, const struct target_func *f, struct arena *arena,
		 struct code *out)
{
	struct bytes b = target_code(t, f);
	VEC(struct insn) v = { 0 };
	for (size_t off = 0; off < b.len;) {
		struct insn in;
		insn_decode(target_arch(t), (struct bytes) { b.p + off, b.len - off },
			    f->vaddr + off, &in);
		VEC_PUSH(arena, &v, in);
		off += in.len;
	}
	*out = (struct code) {
		.v = v.v, .n = v.n, .bytes = b, .low = f->vaddr, .high = f->vaddr + b.len
	};
}

static int by_insn_vaddr(const void *a, const void *b)
{
	const struct insn *x = a, *y = b;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

const struct insn *code_at(const struct code *c, uint64_t vaddr)
{
	struct insn key = { .vaddr = vaddr };
	return c->n ? bsearch(&key, c->v, c->n, sizeof(key), by_insn_vaddr) : NULL;
}

static struct bytes code_from(const struct code *c, uint64_t vaddr)
{
	size_t off = (size_t)(vaddr - c->low);
	return (struct bytes) { c->bytes.p + off, c->bytes.len - off };
}

bool code_has(const struct code *c, uint64_t vaddr)
{
	return vaddr >= c->low && vaddr < c->high;
}

struct target_site code_site(const struct code *c, const struct insn *in)
{
	return (struct target_site) { .vaddr = in->vaddr, .off = in->vaddr - c->low, .insn = *in };
}

// --- entry ---

// The Go linker gives functions of plugins and shared libraries a second name.
static struct str without_local(struct target *t, struct str name)
{
	return t->go && str_starts(name, STR("local.")) ? str_from_off(name, 6) : name;
}

// The function that a jump or call leads to, by name: also through a stub that jumps to where the
// dynamic linker has put an address. Empty if it cannot be told.
struct str name_of_callee(struct target *t, uint64_t vaddr)
{
	const struct target_func *f;
	struct go_func go;
	// Go's own table has them all, whatever became of the symbols.
	if (t->go && go_func_at(t->go, vaddr, &go) && go.entry == vaddr && !go.is_c)
		return without_local(t, go.name);
	struct err *e = target_func_at(t, vaddr, &f);
	if (e) {
		target_note_damage(t, e);
		return STR("");
	}
	if (f && f->vaddr == vaddr)
		return without_local(t, f->name);
	if (f)
		return STR("");
	struct bytes stub = elf_at(t->elf, vaddr);
	struct str name = STR("");
	for (int i = 0; i < STUB_INSNS; i++) {
		struct insn in;
		if (!insn_decode(target_arch(t), stub, vaddr, &in))
			break;
		if (in.kind == INSN_JMP_INDIRECT && in.slot &&
		    elf_slot_symbol(t->elf, in.slot, &name))
			return name;
		if (in.kind == INSN_JMP_INDIRECT)
			break;
		stub = (struct bytes) { stub.p + in.len, stub.len - in.len };
		vaddr += in.len;
	}
	return STR("");
}

// Whether the code at vaddr calls runtime.morestack and then goes back to the function's first
// instruction. Notes the registers that it saves meanwhile.
static bool restarts(struct target_about *a, uint64_t vaddr, struct insn_regs *saved)
{
	const struct code *c = &a->code;
	const struct insn *in = code_at(c, vaddr);
	bool called = false;
	for (; in && in < c->v + c->n; in++) {
		if (in->kind == INSN_CALL && !called) {
			called = str_starts(name_of_callee(a->t, in->target),
					    STR("runtime.morestack"));
			if (!called)
				return false;
		} else if (in->kind == INSN_JMP) {
			return called && in->target == c->low;
		} else if (in->kind != INSN_OTHER && in->kind != INSN_NOP) {
			return false;
		} else if (!called) {
			insn_add_saved(target_arch(a->t), code_from(c, in->vaddr), saved);
		}
	}
	return false;
}

// The conditional jump that ends the stack check, NULL if there is no check. What stands before it
// is straight-line code, with other jumps to the same place only.
static const struct insn *stack_check(struct target_about *a)
{
	const struct code *c = &a->code;
	uint64_t change = go_sp_first_change(a->t->go, &a->go);
	const struct insn *jcc = NULL;
	for (size_t i = 0; i < c->n && c->v[i].vaddr < change; i++) {
		const struct insn *in = &c->v[i];
		if (in->kind == INSN_JCC) {
			if (jcc && jcc->target != in->target)
				return NULL;
			jcc = in;
		} else if (in->kind != INSN_OTHER && in->kind != INSN_NOP &&
			   in->kind != INSN_PUSH) {
			break;
		}
		// The jump that is followed by the instruction which makes the frame.
		if (jcc == in && i + 1 < c->n && c->v[i + 1].vaddr + c->v[i + 1].len >= change)
			break;
	}
	if (!jcc || !code_has(c, jcc->target) || jcc->target < jcc->vaddr)
		return NULL;
	struct insn_regs saved = { 0 };
	if (!restarts(a, jcc->target, &saved))
		return NULL;
	a->restarts = true;
	a->saved_on_restart = saved;
	return jcc;
}

static bool is_jump_target(const struct code *c, uint64_t vaddr)
{
	for (size_t i = 0; i < c->n; i++)
		if ((c->v[i].kind == INSN_JMP || c->v[i].kind == INSN_JCC) &&
		    c->v[i].target == vaddr)
			return true;
	return false;
}

static bool has_indirect_jump(const struct code *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].kind == INSN_JMP_INDIRECT)
			return true;
	return false;
}

// An instruction near the start that the kernel emulates, is executed once per call and still sees
// all arguments as at entry; NULL if there is none.
static const struct insn *cheap_start(enum insn_arch arch, const struct code *c)
{
	for (size_t i = 0; i < c->n && i < ENTRY_REACH; i++) {
		const struct insn *in = &c->v[i];
		// A jump table may lead anywhere.
		if (i > 0 && (is_jump_target(c, in->vaddr) || has_indirect_jump(c)))
			return NULL;
		if (in->cost == INSN_EMULATED)
			return in;
		bool goes_on =
			in->kind == INSN_OTHER || in->kind == INSN_NOP || in->kind == INSN_ENDBR;
		if (!goes_on || insn_writes_arg_state(arch, code_from(c, in->vaddr)))
			return NULL;
	}
	return NULL;
}

static struct target_site entry_after_check(const struct code *c, const struct insn *jcc)
{
	const struct insn *body = jcc + 1;
	if (body < c->v + c->n && body->cost == INSN_EMULATED) {
		struct target_site s = code_site(c, body);
		s.note = STR("after the stack check, which may run twice in a call");
		return s;
	}
	if (jcc->cost == INSN_EMULATED) {
		struct target_site s = code_site(c, jcc);
		s.condition = SITE_NOT_TAKEN;
		s.note = STR(
			"the stack check's own jump, counted when not taken: taken, the function "
			"starts again");
		return s;
	}
	struct target_site s = code_site(c, body < c->v + c->n ? body : jcc);
	s.note = STR("after the stack check, which may run twice in a call");
	return s;
}

void find_entry(struct target_about *a)
{
	const struct code *c = &a->code;
	struct target_site *out = &a->info->entry;
	if (c->n == 0) {
		*out = (struct target_site) { .vaddr = a->f->vaddr };
		out->note = STR("the file has no code for it");
		return;
	}
	const struct insn *jcc = a->is_go ? stack_check(a) : NULL;
	if (jcc) {
		*out = entry_after_check(c, jcc);
		return;
	}
	const struct insn *cheap = cheap_start(target_arch(a->t), c);
	*out = code_site(c, cheap ? cheap : &c->v[0]);
	if (cheap && cheap != &c->v[0])
		out->note = STR("runs once per call like the first instruction, and costs less");
	else if ((out->may_repeat = is_jump_target(c, c->low)))
		out->note = STR(
			"the first instruction; a loop leads back to it, so hits can exceed calls");
	else if (a->is_go)
		out->note = STR("the first instruction; there is no stack check before it");
	else
		out->note = STR("the first instruction");
}
