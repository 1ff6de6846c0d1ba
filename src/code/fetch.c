// SPDX-License-Identifier: Apache-2.0
// Reading memory of the traced program. A page of it may not be there at this moment: the program
// has not touched it yet, or the kernel has taken it back. A BPF program that may sleep has the
// page brought in and reads again; others can only say that the memory was not readable.
#include "code/gen.h"

#define PAGE 4096

void fetch_wanted(struct gen *g, const struct fetch *f)
{
	// The NUL of a text is not counted by the script.
	uint64_t uncounted = f->is_text ? 1 : 0;
	struct bpf_label fits = bpf_label_new(g->b);
	if (!f->from.has_n) {
		bpf_const(g->b, R2, f->max);
		return;
	}
	temp_get(g, R2, f->from.n);
	bpf_const(g->b, R4, f->max - uncounted);
	bpf_jump_if(g->b, BPF_JLE, R2, R4, fits);
	bpf_const(g->b, R2, f->max - uncounted);
	bpf_bind(g->b, fits);
	if (uncounted)
		bpf_alu_imm(g->b, BPF_ADD, R2, (int64_t)uncounted);
}

static int helper_of(const struct fetch *f)
{
	if (f->from.space == SPACE_USER)
		return f->is_text ? BPF_FUNC_probe_read_user_str : BPF_FUNC_probe_read_user;
	return f->is_text ? BPF_FUNC_probe_read_kernel_str : BPF_FUNC_probe_read_kernel;
}

static void read_it(struct gen *g, const struct fetch *f)
{
	dest_ref(g, R1, f->to, 0);
	fetch_wanted(g, f);
	temp_get(g, R3, f->from.address);
	bpf_call(g->b, helper_of(f));
}

void fetch_again(struct gen *g, const struct fetch *f)
{
	bpf_comment(g->b, "the page may have to be brought in");
	for (uint64_t off = 0; off < f->max + PAGE - 1; off += PAGE) {
		spot_ref(g, R1, f->touched);
		bpf_const(g->b, R2, 1);
		temp_get(g, R3, f->from.address);
		if (off)
			bpf_alu_imm(g->b, BPF_ADD, R3, (int64_t)MIN(off, f->max - 1));
		bpf_call(g->b, BPF_FUNC_copy_from_user);
	}
	read_it(g, f);
}

bool gen_may_sleep(const struct gen *g)
{
	return g->type == BPF_PROG_TYPE_KPROBE && !g->is_in_map_loop &&
	       gen_has(g, BPF_FEATURE_SLEEPABLE);
}

void gen_fetch(struct gen *g, struct fetch f, struct span span)
{
	struct frame before = g->f;
	struct bpf_label back = bpf_label_new(g->b);
	struct cold c = { .kind = COLD_FAILURE,
			  .failure = gen_failure(g, span, "cannot read memory", NULL),
			  .on_fail = fail_here(g),
			  .back = back };
	if (f.from.space == SPACE_USER && gen_may_sleep(g)) {
		struct fetch *kept = ARENA_NEW(g->a, struct fetch);
		g->sleeps = true;
		f.touched = frame_alloc(g, 8);
		*kept = f;
		kept->to = dest_kept(g, f.to);
		c.kind = COLD_FETCH;
		c.fetch = kept;
	}
	read_it(g, &f);
	bpf_jump_if_imm(g->b, BPF_JSLT, R0, 0, gen_cold(g, c));
	bpf_bind(g->b, back);
	g->f = before;
}
