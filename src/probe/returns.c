// SPDX-License-Identifier: Apache-2.0
// Where functions return. Of C functions the kernel's return probe tells: it puts an address of its
// own in place of the return address. Go's runtime moves and walks stacks and would find that
// address, and the program would end; so the exits of a Go function are probed one by one.
#include "probe/internal.h"

static void add_entry(struct finder *p, const struct target_func *f, struct plan_probe *probe)
{
	struct plan_site s = site_of_entry(p, f);
	const char *why = target_func_is_runtime_asm(p->t, f)
				  ? "it is assembly of Go's runtime, which may change stacks and "
				    "goroutines on its way"
				  : site_finish(p, &s);
	if (why) {
		probe->entry_why = str_from(why);
		return;
	}
	probe->entry = ARENA_NEW(p->m->arena, struct plan_site);
	*probe->entry = s;
}

static const char *kernel_site(struct finder *p, const struct target_func *f,
			       struct plan_probe *probe)
{
	const char *why = target_no_kernel_return(p->t, f);
	if (why)
		return why;
	struct plan_site *s = ARENA_NEW(p->m->arena, struct plan_site);
	*s = (struct plan_site) { .kind = SITE_RETPROBE,
				  .func = f,
				  .vaddr = f->vaddr,
				  .why = STR("the kernel's return probe") };
	insn_decode(target_arch(p->t), target_code(p->t, f), f->vaddr, &s->insn);
	if (!target_code(p->t, f).len)
		s->insn.len = 0;
	probe->sites = s;
	probe->n_sites = 1;
	return site_finish(p, s);
}

static struct plan_site site_of_exit(const struct target_func *f, const struct target_site *x)
{
	return (struct plan_site) {
		.kind = SITE_EXIT,
		.func = f,
		.vaddr = x->vaddr,
		.off = x->off,
		.insn = x->insn,
		.is_tail_jump = x->is_tail_jump,
		.sp_to_entry = x->sp_to_entry,
		.why = x->is_tail_jump ? STR("jumps into another function") : STR("returns"),
	};
}

// All of them or none: a return that is not seen would be a call that never ends.
static const char *exit_sites(struct finder *p, const struct target_func *f,
			      struct plan_probe *probe)
{
	struct maker *m = p->m;
	struct target_site *v;
	size_t n;
	struct err *e = target_exits(p->t, f, m->arena, &v, &n);
	if (e) {
		const char *why = arena_strdup(m->arena, str_from(err_text(e))).p;
		err_free(e);
		return why;
	}
	if (!n)
		return "it never returns";
	probe->sites = ARENA_ARRAY(m->arena, struct plan_site, n);
	for (size_t i = 0; i < n; i++) {
		struct plan_site *s = &probe->sites[probe->n_sites++];
		*s = site_of_exit(f, &v[i]);
		const char *why = site_finish(p, s);
		if (why)
			return arena_printf(m->arena, "at its exit +0x%llx: %s",
					    (unsigned long long)s->off, why)
				.p;
	}
	return NULL;
}

const char *add_return_sites(struct finder *p, const struct target_func *f,
			     struct plan_probe *probe)
{
	const char *why =
		target_func_is_go(p->t, f) ? exit_sites(p, f, probe) : kernel_site(p, f, probe);
	if (!why)
		add_entry(p, f, probe);
	return why;
}
