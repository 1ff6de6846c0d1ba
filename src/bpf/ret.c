// SPDX-License-Identifier: Apache-2.0
// Whether a program can execute the RET that its probe is on. Tried on a function of our own.
#include <unistd.h>

#include "bpf/features.h"

#if defined(__x86_64__)
enum { PT_REGS_DI = 112, PT_REGS_IP = 128, PT_REGS_SP = 152 };

// Both words on the stack are known, so that it ends well whatever the kernel does. Gives x when
// the RET was executed once, x + 2 when it was executed twice.
__asm__(".pushsection .text\n"
	".globl bpf_trial_ret, bpf_trial_ret_site\n"
	".hidden bpf_trial_ret, bpf_trial_ret_site\n"
	".type bpf_trial_ret, @function\n"
	"bpf_trial_ret:\n"
	"	lea 2f(%rip), %rax\n"
	"	push %rax\n"
	"	lea 1f(%rip), %rax\n"
	"	push %rax\n"
	"bpf_trial_ret_site:\n"
	"	ret\n"
	"1:	add $8, %rsp\n"
	"	mov %rdi, %rax\n"
	"	ret\n"
	"2:	lea 2(%rdi), %rax\n"
	"	ret\n"
	".popsection\n");
uint64_t bpf_trial_ret(uint64_t x);
void bpf_trial_ret_site(void);

// RETs that match no call would end us. Where there is no shadow stack, rdsspq does nothing.
static bool has_shadow_stack(void)
{
	uint64_t top = 0;
	__asm__ volatile("rdsspq %0" : "+r"(top));
	return top != 0;
}

static void add(struct bpf_asm *b, int reg_off, int n)
{
	bpf_load(b, 8, BPF_REG_1, BPF_REG_6, reg_off);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_1, n);
	bpf_store(b, 8, BPF_REG_6, reg_off, BPF_REG_1);
}

void ret_emit(struct bpf_asm *b, int add_to_arg)
{
	struct bpf_label out = bpf_label_new(b);
	bpf_mov(b, BPF_REG_6, BPF_REG_1);
	bpf_mov(b, BPF_REG_1, BPF_REG_10);
	bpf_alu_imm(b, BPF_ADD, BPF_REG_1, -8);
	bpf_const(b, BPF_REG_2, 8);
	bpf_load(b, 8, BPF_REG_3, BPF_REG_6, PT_REGS_SP);
	bpf_call(b, BPF_FUNC_probe_read_user);
	bpf_jump_if_imm(b, BPF_JNE, BPF_REG_0, 0, out);
	bpf_load(b, 8, BPF_REG_1, BPF_REG_10, -8);
	bpf_store(b, 8, BPF_REG_6, PT_REGS_IP, BPF_REG_1);
	add(b, PT_REGS_SP, 8);
	if (add_to_arg)
		add(b, PT_REGS_DI, add_to_arg);
	bpf_bind(b, out);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
}

static struct err *attach(const struct bpf_prog *prog, int *fd)
{
	uint64_t off;
	if (!bpf_own_offset((uintptr_t)bpf_trial_ret_site, &off))
		return err_new(ERR_SYS, "/proc/self/maps cannot be read");
	const struct bpf_uprobes u = {
		.path = "/proc/self/exe", .offsets = &off, .n = 1, .pid = getpid()
	};
	return bpf_attach_uprobes(prog, &u, fd);
}

// A kernel that lets programs write registers and executes the instruction all the same would
// return twice, and a traced program would not survive that.
struct bpf_finding probe_write_regs(struct probe *p)
{
	struct bpf_asm *b = bpf_asm_new(p->arena);
	struct bpf_prog prog = { .name = "stoat_info",
				 .type = BPF_PROG_TYPE_KPROBE,
				 .attach_type = BPF_ATTACH_UPROBE_MULTI,
				 .fd = -1 };
	int fd = -1;
	if (has_shadow_stack())
		return probe_unprobed(p, "stoat itself runs with a shadow stack");
	ret_emit(b, 1);
	struct bpf_finding f = probe_load(p, b, &prog);
	if (f.support == BPF_PRESENT)
		f = probe_err(p, attach(&prog, &fd));
	bpf_prog_close(&prog);
	if (f.support != BPF_PRESENT)
		return f;
	probe_keep_link(p, fd);
	switch (bpf_trial_ret(40)) {
	case 41:
		return probe_present();
	case 40:
		return probe_absent(p, "what is written has no effect");
	default:
		return probe_absent(p, "the instruction is executed all the same");
	}
}
#else
void ret_emit(struct bpf_asm *b, int add_to_arg)
{
	(void)add_to_arg;
	bpf_fail(b, "not on this machine");
}

struct bpf_finding probe_write_regs(struct probe *p)
{
	return probe_absent(p, "not needed: the kernel emulates RET here");
}
#endif
