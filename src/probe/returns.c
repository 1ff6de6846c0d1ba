// SPDX-License-Identifier: Apache-2.0
// Where functions return. Of C functions the kernel's return probe tells: it puts an address of its
// own in place of the return address. Go's runtime moves and walks stacks and would find that
// address, and the program would end; so the exits of a Go function are probed one by one. So are
// those of functions through which a C++ exception or a Rust panic may pass: unwinding ends at that
// address, as if nobody caught what was thrown.
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

struct site_list {
	struct plan_site *v;
	size_t n;
	size_t cap;
};

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

static const char *add_exits(struct finder *p, const struct target_func *f, struct site_list *list)
{
	struct arena *a = p->m->arena;
	struct target_site *v;
	size_t n;
	struct err *e = target_exits(p->t, f, a, &v, &n);
	if (e) {
		const char *why = arena_strdup(a, str_from(err_text(e))).p;
		err_free(e);
		return why;
	}
	for (size_t i = 0; i < n; i++) {
		struct plan_site s = site_of_exit(f, &v[i]);
		const char *why = site_finish(p, &s);
		if (why)
			return arena_printf(a, "at its exit +0x%llx: %s", (unsigned long long)s.off,
					    why)
				.p;
		VEC_PUSH(a, list, s);
	}
	return NULL;
}

// All of them or none: a return that is not seen would be a call that never ends.
static const char *exit_sites(struct finder *p, const struct target_func *f,
			      struct plan_probe *probe)
{
	struct site_list list = { 0 };
	const char *why = add_exits(p, f, &list);
	if (why)
		return why;
	if (!list.n)
		return "it never returns";
	probe->sites = list.v;
	probe->n_sites = list.n;
	return NULL;
}

// --- where something may be thrown ---

// With the exits of its part elsewhere.
static const char *all_exits(struct finder *p, const struct target_func *f, struct site_list *list)
{
	const struct target_func *cold = NULL;
	const char *why = add_exits(p, f, list);
	struct err *e = why ? NULL : target_cold_part(p->t, f, &cold);
	if (e) {
		why = arena_strdup(p->m->arena, str_from(err_text(e))).p;
		err_free(e);
	}
	return why || !cold ? why : add_exits(p, cold, list);
}

static const char *thrown_sites(struct finder *p, const struct target_func *f,
				struct plan_probe *probe)
{
	struct arena *a = p->m->arena;
	struct site_list list = { 0 };
	const char *why = target_no_kernel_return(p->t, f);
	if (why)
		return why;
	why = all_exits(p, f, &list);
	for (size_t i = 0; i < list.n && !why; i++)
		if (list.v[i].is_tail_jump)
			why = arena_printf(a,
					   "at +0x%llx it jumps into another function and is "
					   "not seen returning",
					   (unsigned long long)list.v[i].off)
				      .p;
	if (!why && list.n) {
		probe->sites = list.v;
		probe->n_sites = list.n;
		return NULL;
	}
	if (!why)
		return "it never returns";
	if (p->m->o->has_kernel_returns)
		return kernel_site(p, f, probe);
	p->hint = "uprobe, and --entry of 'stoat trace', are safe on it; with kernel_returns = 1 "
		  "(--kernel-returns) it gets the kernel's return probe all the same";
	return arena_printf(a,
			    "%s, and with the kernel's return probe on it an exception or a "
			    "Rust panic would end the program",
			    why)
		.p;
}

const char *add_return_sites(struct finder *p, const struct target_func *f,
			     struct plan_probe *probe)
{
	const char *why = target_func_is_go(p->t, f)   ? exit_sites(p, f, probe)
			  : target_may_unwind(p->t, f) ? thrown_sites(p, f, probe)
						       : kernel_site(p, f, probe);
	if (!why)
		add_entry(p, f, probe);
	return why;
}
