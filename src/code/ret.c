// SPDX-License-Identifier: Apache-2.0
// A probe on a RET: the kernel would step the instruction, which takes a second trap. Newer kernels
// (7.2; not every 6.18) let a uprobe's program write the registers, and where it changes the
// instruction pointer they leave out the instruction that is there (kernel/events/uprobes.c,
// handle_swbp). So the program takes the return address from the stack and goes there, as the
// instruction would.
//
// All programs of one hit get the same registers, one after the other, from us and from other
// tracers. The one that returns leaves a mark for those of ours that follow: they take it back
// first, and return again at their end. The mark is in orig_ax, which is -1 at a trap; of it the
// kernel only looks at the lower 32 bits (arch/x86/include/asm/syscall.h, syscall_get_nr: is this a
// system call to be restarted?), which stay -1. The upper ones tell how far the program has jumped.
//
// Only in Go functions. Their runtime changes from stack to stack in a thread, which a shadow stack
// does not allow: where RETs must match calls, no Go program runs.
#include "code/gen.h"

enum { CTX_ORIG_AX = 120, CTX_IP = 128, CTX_FLAGS = 144, CTX_SP = 152 };

// Somebody steps through the program: the kernel must tell them after this instruction.
#define FLAG_TF 0x100

// The upper half of a cookie, for a site that is such a RET: this, and the place in its page. Which
// page it is differs by process.
#define TAG_RET  0x1000u
#define TAG_PAGE 0xfffu

// At a function's first instruction the kernel's return probe (of another tracer; stoat has none on
// Go functions) would look for the return address behind all programs, with the SP that they leave.
static bool is_own_ret(const struct program_site *s)
{
	const struct plan_site *site = s->site;
	const struct plan_program *program = s->probe->program;
	return site && program && site->func && target_func_is_go(program->target, site->func) &&
	       site->insn.is_plain_ret && site->vaddr != site->func->vaddr;
}

static uint32_t site_tag(const struct program_site *s)
{
	return is_own_ret(s) ? TAG_RET | (uint32_t)(s->site->foff & TAG_PAGE) : 0;
}

bool gen_has_ret(const struct gen *g)
{
	const struct program_part *part = g->part;
	bool has = false;
	for (uint32_t i = 0; i < part->n_sites && !has; i++)
		has = is_own_ret(&g->p->sites[part->first_site + i]);
	// Asked last: finding it out takes a uprobe.
	return has && g->u->o->has_multi && gen_has(g, BPF_FEATURE_WRITE_REGS);
}

uint64_t code_cookie(const struct code *c, const struct program *p, const struct program_part *part,
		     uint32_t i)
{
	uint32_t number = part->first_site + i;
	uint64_t tag = c->progs[part->index].returns ? site_tag(&p->sites[number]) : 0;
	return tag << 32 | number;
}

bool code_returns(const struct code_prog *prog, const struct program_site *site)
{
	return prog->returns && is_own_ret(site);
}

void gen_ret_undo(struct gen *g)
{
	struct bpf_asm *b = g->b;
	struct bpf_label intact = bpf_label_new(b);
	if (!g->has_ret)
		return;
	bpf_comment(b, "has another program returned?");
	bpf_load(b, 8, R1, R_CTX, CTX_ORIG_AX);
	bpf_jump_if_imm(b, BPF_JEQ, R1, -1, intact);
	bpf_jump32_if_imm(b, BPF_JNE, R1, -1, intact);
	bpf_alu_imm(b, BPF_ARSH, R1, 32);
	bpf_alu_imm(b, BPF_XOR, R1, -1);
	bpf_load(b, 8, R2, R_CTX, CTX_IP);
	bpf_alu(b, BPF_SUB, R2, R1);
	bpf_store(b, 8, R_CTX, CTX_IP, R2);
	bpf_load(b, 8, R2, R_CTX, CTX_SP);
	bpf_alu_imm(b, BPF_SUB, R2, 8);
	bpf_store(b, 8, R_CTX, CTX_SP, R2);
	bpf_const(b, R2, UINT64_MAX);
	bpf_store(b, 8, R_CTX, CTX_ORIG_AX, R2);
	bpf_bind(b, intact);
}

// Leaves unless the probe is on a RET of ours, and nobody has changed the instruction pointer.
static void check_site(struct gen *g, struct bpf_label out)
{
	struct bpf_asm *b = g->b;
	const struct program_part *part = g->part;
	if (part->n_sites > 1) {
		bpf_mov(b, R1, R_CTX);
		bpf_call(b, BPF_FUNC_get_attach_cookie);
		bpf_alu_imm(b, BPF_RSH, R0, 32);
	} else {
		bpf_const(b, R0, site_tag(&g->p->sites[part->first_site]));
	}
	bpf_load(b, 8, R1, R_CTX, CTX_IP);
	bpf_alu_imm(b, BPF_AND, R1, TAG_PAGE);
	bpf_alu_imm(b, BPF_OR, R1, TAG_RET);
	bpf_jump_if(b, BPF_JNE, R0, R1, out);
}

void gen_ret(struct gen *g)
{
	struct bpf_asm *b = g->b;
	struct bpf_label out = bpf_label_new(b);
	// Nothing in the frame is wanted any more.
	struct spot address = { R_FRAME, g->counter_off };
	if (!g->has_ret || !g->p->config->ret_in_bpf)
		return;
	bpf_comment(b, "RET");
	bpf_load(b, 8, R1, R_CTX, CTX_FLAGS);
	bpf_jump_if_imm(b, BPF_JSET, R1, FLAG_TF, out);
	check_site(g, out);
	spot_ref(g, R1, address);
	bpf_const(b, R2, 8);
	bpf_load(b, 8, R3, R_CTX, CTX_SP);
	bpf_call(b, BPF_FUNC_probe_read_user);
	bpf_jump_if_imm(b, BPF_JNE, R0, 0, out);
	spot_load(g, 8, R1, address);
	bpf_load(b, 8, R2, R_CTX, CTX_IP);
	bpf_mov(b, R3, R1);
	bpf_alu(b, BPF_SUB, R3, R2);
	// To itself: the kernel would see no change.
	bpf_jump_if_imm(b, BPF_JEQ, R3, 0, out);
	// Too far for the mark: into another file, or to the kernel's return probe.
	bpf_mov(b, R4, R3);
	gen_sign_extend(g, R4, 32);
	bpf_jump_if(b, BPF_JNE, R3, R4, out);
	bpf_store(b, 8, R_CTX, CTX_IP, R1);
	bpf_load(b, 8, R1, R_CTX, CTX_SP);
	bpf_alu_imm(b, BPF_ADD, R1, 8);
	bpf_store(b, 8, R_CTX, CTX_SP, R1);
	bpf_alu_imm(b, BPF_XOR, R3, -1);
	bpf_alu_imm(b, BPF_LSH, R3, 32);
	bpf_const(b, R4, UINT32_MAX);
	bpf_alu(b, BPF_OR, R3, R4);
	bpf_store(b, 8, R_CTX, CTX_ORIG_AX, R3);
	bpf_bind(b, out);
}
