// SPDX-License-Identifier: Apache-2.0
// What the running kernel can do for stoat, found by trying.
#include "bpf/features.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/uapi.h"

// KEEP IN ORDER: FEATURE
const struct bpf_feature bpf_features[BPF_N_FEATURES] = {
	[BPF_FEATURE_BPF] = { "bpf", "BPF", "nothing can be traced; list and show work" },
	[BPF_FEATURE_PROG_UPROBE] = { "prog_uprobe", "uprobe programs",
				      "functions cannot be traced" },
	[BPF_FEATURE_PROG_TRACEPOINT] = { "prog_tracepoint", "tracepoint programs",
					  "tracepoint probes are refused" },
	[BPF_FEATURE_PROG_PERF_EVENT] = { "prog_perf_event", "perf event programs",
					  "profile, interval and event probes are refused" },
	[BPF_FEATURE_UPROBE_MULTI] = { "uprobe_multi", "uprobe_multi link",
				       "a perf event for each site, slow with many functions" },
	[BPF_FEATURE_UPROBE_PID] = { "uprobe_pid", "uprobe_multi by process",
				     "a perf event for each site under -p and -c" },
	[BPF_FEATURE_UPROBE_SESSION] = { "uprobe_session", "uprobe session link",
					 "entry and return of a C function are two links" },
	[BPF_FEATURE_UPROBE_EVENT] = { "uprobe_event", "uprobe perf event",
				       "every site goes through uprobe_multi" },
	[BPF_FEATURE_COOKIE] = { "cookie", "cookies",
				 "probes of one clause that ask which of them it is are refused" },
	[BPF_FEATURE_WRITE_REGS] = { "write_regs", "writable registers",
				     "a return of a Go function costs two traps" },
	[BPF_FEATURE_TRACEFS] = { "tracefs", "tracefs", "tracepoint probes are refused" },
	[BPF_FEATURE_TRACEPOINT] = { "tracepoint", "tracepoints", "tracepoint probes are refused" },
	[BPF_FEATURE_SYSCALL_TRACEPOINT] = { "syscall_tracepoint", "system call tracepoints",
					     "tracepoint:syscalls probes are refused" },
	[BPF_FEATURE_SOFTWARE_EVENT] = { "software_event", "software events",
					 "profile, interval and software probes are refused" },
	[BPF_FEATURE_HARDWARE_EVENT] = { "hardware_event", "hardware events",
					 "hardware probes are refused" },
	[BPF_FEATURE_WATCHPOINT] = { "watchpoint", "watchpoints", "watchpoint probes are refused" },
	[BPF_FEATURE_RINGBUF] = { "ringbuf", "ring buffer", "scripts do not run" },
	[BPF_FEATURE_MMAP] = { "map_mmap", "maps as memory", "scripts do not run" },
	[BPF_FEATURE_BATCH] = { "map_batch", "maps in batches", "maps are read entry by entry" },
	[BPF_FEATURE_ATOMICS] = { "atomics", "atomic fetch and exchange",
				  "a hit that interrupts another one on its CPU may be missed, "
				  "and whole values have 8 KB" },
	[BPF_FEATURE_LOOP] = { "bpf_loop", "bpf_loop",
			       "loops, and reading what is counted, are refused; of whole values "
			       "400 "
			       "references are followed" },
	[BPF_FEATURE_ITER_NUM] = { "iter_num", "number iterators",
				   "loops use bpf_loop; large maps of timers are allocated at "
				   "once" },
	[BPF_FEATURE_MAY_GOTO] = { "may_goto", "may_goto", "loops use bpf_loop" },
	[BPF_FEATURE_READ_USER_STR] = { "read_user_str", "user strings",
					"str() is refused by the kernel" },
	[BPF_FEATURE_SLEEPABLE] = { "sleepable", "sleeping programs",
				    "memory that is not in a page at that moment is not readable" },
	[BPF_FEATURE_GET_STACKID] = { "get_stackid", "user stacks by number",
				      "stacks are copied whole" },
	[BPF_FEATURE_GET_STACK] = { "get_stack", "user stacks", "ustack is refused" },
	[BPF_FEATURE_BTF] = { "btf", "kernel types", "what builds on kernel structs is refused" },
	[BPF_FEATURE_TASK_BTF] = { "task_btf", "thread pointer",
				   "goid is unknown where g is in no register" },
	[BPF_FEATURE_BOOT_NS] = { "boot_ns", "boot clock", "times stand still while suspended" },
	[BPF_FEATURE_SEND_SIGNAL] = { "send_signal", "sending signals", "signal() is refused" },
	[BPF_FEATURE_MEMCG] = { "memcg", "BPF memory is not locked",
				"the limit on locked memory is lifted" },
};

#define NO_NEED BPF_N_FEATURES

struct trial {
	struct bpf_finding (*fn)(struct probe *p);
	enum bpf_feature_id needs; // is in vain without that
};

// KEEP IN ORDER: FEATURE
static const struct trial trials[BPF_N_FEATURES] = {
	[BPF_FEATURE_BPF] = { probe_bpf, NO_NEED },
	[BPF_FEATURE_PROG_UPROBE] = { probe_prog_uprobe, BPF_FEATURE_BPF },
	[BPF_FEATURE_PROG_TRACEPOINT] = { probe_prog_tracepoint, BPF_FEATURE_BPF },
	[BPF_FEATURE_PROG_PERF_EVENT] = { probe_prog_perf_event, BPF_FEATURE_BPF },
	[BPF_FEATURE_UPROBE_MULTI] = { probe_uprobe_multi, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_UPROBE_PID] = { probe_uprobe_pid, BPF_FEATURE_UPROBE_MULTI },
	[BPF_FEATURE_UPROBE_SESSION] = { probe_uprobe_session, BPF_FEATURE_UPROBE_MULTI },
	[BPF_FEATURE_UPROBE_EVENT] = { probe_uprobe_event, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_COOKIE] = { probe_cookie, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_WRITE_REGS] = { probe_write_regs, BPF_FEATURE_UPROBE_MULTI },
	[BPF_FEATURE_TRACEFS] = { probe_tracefs, NO_NEED },
	[BPF_FEATURE_TRACEPOINT] = { probe_tracepoint, BPF_FEATURE_PROG_TRACEPOINT },
	[BPF_FEATURE_SYSCALL_TRACEPOINT] = { probe_syscall_tracepoint, BPF_FEATURE_TRACEFS },
	[BPF_FEATURE_SOFTWARE_EVENT] = { probe_software_event, BPF_FEATURE_PROG_PERF_EVENT },
	[BPF_FEATURE_HARDWARE_EVENT] = { probe_hardware_event, BPF_FEATURE_PROG_PERF_EVENT },
	[BPF_FEATURE_WATCHPOINT] = { probe_watchpoint, BPF_FEATURE_PROG_PERF_EVENT },
	[BPF_FEATURE_RINGBUF] = { probe_ringbuf, BPF_FEATURE_BPF },
	[BPF_FEATURE_MMAP] = { probe_mmap, BPF_FEATURE_BPF },
	[BPF_FEATURE_BATCH] = { probe_batch, BPF_FEATURE_BPF },
	[BPF_FEATURE_ATOMICS] = { probe_atomics, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_LOOP] = { probe_loop, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_ITER_NUM] = { probe_iter_num, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_MAY_GOTO] = { probe_may_goto, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_READ_USER_STR] = { probe_read_user_str, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_SLEEPABLE] = { probe_sleepable, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_GET_STACKID] = { probe_get_stackid, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_GET_STACK] = { probe_get_stack, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_BTF] = { probe_btf, NO_NEED },
	[BPF_FEATURE_TASK_BTF] = { probe_task_btf, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_BOOT_NS] = { probe_boot_ns, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_SEND_SIGNAL] = { probe_send_signal, BPF_FEATURE_PROG_UPROBE },
	[BPF_FEATURE_MEMCG] = { probe_memcg, BPF_FEATURE_BPF },
};

// --- findings ---

struct bpf_finding probe_present(void)
{
	return (struct bpf_finding) { .support = BPF_PRESENT };
}

struct bpf_finding probe_absent(struct probe *p, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct bpf_finding f = { BPF_ABSENT, arena_vprintf(p->arena, fmt, ap) };
	va_end(ap);
	return f;
}

struct bpf_finding probe_unprobed(struct probe *p, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct bpf_finding f = { BPF_UNPROBED, arena_vprintf(p->arena, fmt, ap) };
	va_end(ap);
	return f;
}

struct bpf_finding probe_err(struct probe *p, struct err *e)
{
	if (!e)
		return probe_present();
	if (uapi_err_is_denial(e)) {
		err_free(e);
		return probe_unprobed(p, "not permitted");
	}
	const char *text = err_text(e);
	struct bpf_finding f = probe_absent(p, "%.*s", (int)strcspn(text, "\n"), text);
	err_free(e);
	return f;
}

struct bpf_finding probe_rc(struct probe *p, int rc)
{
	switch (-rc) {
	case EPERM:
	case EACCES:
		return probe_unprobed(p, "not permitted");
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
	case UAPI_ENOTSUPP:
		return probe_absent(p, "this machine has none");
	case ENOSYS:
		return probe_absent(p, "not in this kernel");
	default:
		return rc < 0 ? probe_absent(p, "%s", strerror(-rc)) : probe_present();
	}
}

// --- programs that count ---

struct bpf_finding probe_load(struct probe *p, struct bpf_asm *b, struct bpf_prog *prog)
{
	struct bpf_code code;
	struct bpf_verdict verdict = { 0 };
	prog->fd = -1;
	struct err *e = bpf_asm_finish(b, &code);
	if (!e)
		e = bpf_prog_load(prog, &code, p->arena, &verdict);
	if (!e)
		return probe_present();
	struct bpf_finding f = probe_err(p, e);
	if (verdict.is_rejected)
		f.why = verdict.reason;
	return f;
}

void probe_word_ref(struct probe *p, struct bpf_asm *b, uint8_t dst, uint32_t word)
{
	bpf_map_value_ref(b, dst, &p->counts, word * 8);
}

struct bpf_finding probe_load_counter(struct probe *p, struct bpf_prog *prog, uint32_t *word)
{
	struct bpf_asm *b = bpf_asm_new(p->arena);
	*word = p->next_word++;
	if (p->words) {
		probe_word_ref(p, b, BPF_REG_1, *word);
		bpf_const(b, BPF_REG_2, 1);
		bpf_atomic(b, 8, BPF_ADD, BPF_REG_1, 0, BPF_REG_2);
	} else {
		bpf_fail(b, "no memory to count in");
	}
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	return probe_load(p, b, prog);
}

void probe_keep_link(struct probe *p, int fd)
{
	if (p->n_links < PROBE_LINKS_MAX)
		p->links[p->n_links++] = fd;
	else
		close(fd);
}

// One value that is all the words, so that a program may name each of them.
static void make_counts(struct probe *p)
{
	p->counts = (struct bpf_map) {
		.name = "stoat_info",
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = PROBE_WORDS * 8,
		.max_entries = 1,
		.flags = BPF_F_MMAPABLE,
		.fd = -1,
	};
	void *memory = NULL;
	struct err *e = bpf_map_create(&p->counts);
	if (!e)
		e = bpf_map_mmap(&p->counts, &memory);
	p->words = memory;
	err_free(e); // the features that need it will say so
}

static void clean_up(struct probe *p)
{
	bpf_close_later(p->links, p->n_links);
	bpf_map_unmap(&p->counts, p->words);
	bpf_map_close(&p->counts);
	uapi_close(&p->tracefs);
}

struct bpf_trials {
	struct probe probe;
	struct bpf_system sys;
	struct bpf_finding found[BPF_N_FEATURES];
	bool is_tried[BPF_N_FEATURES];
};

// What a feature is that misses what it builds on. The first one missing of a chain is named.
static struct bpf_finding in_vain(struct bpf_trials *t, enum bpf_feature_id needs)
{
	const struct bpf_finding *base = &t->found[needs];
	struct bpf_finding f = { base->support, base->why };
	if (t->found[BPF_FEATURE_BPF].support != BPF_PRESENT)
		f.support = BPF_UNPROBED;
	if (!str_starts(base->why, STR("needs ")) || needs == BPF_FEATURE_BPF)
		f.why = arena_printf(t->probe.arena, "needs %s", bpf_features[needs].name);
	return f;
}

struct bpf_trials *bpf_trials_new(void)
{
	struct arena *a = arena_new();
	struct bpf_trials *t = ARENA_NEW(a, struct bpf_trials);
	t->probe = (struct probe) {
		.arena = a, .trials = t, .sys = &t->sys, .tracefs = -1, .counts.fd = -1
	};
	bpf_privileges_read(a, &t->sys);
	bpf_lift_memlock(); // else an old kernel refuses all of them
	return t;
}

void bpf_trials_free(struct bpf_trials *t)
{
	if (!t)
		return;
	clean_up(&t->probe);
	arena_free(t->probe.arena);
}

struct bpf_finding bpf_trials_try(struct bpf_trials *t, enum bpf_feature_id f)
{
	const struct trial *trial = &trials[f];
	if (t->is_tried[f])
		return t->found[f];
	t->is_tried[f] = true;
	if (f == BPF_FEATURE_BPF)
		make_counts(&t->probe);
	if (trial->needs == NO_NEED || bpf_trials_try(t, trial->needs).support == BPF_PRESENT)
		t->found[f] = trial->fn(&t->probe);
	else
		t->found[f] = in_vain(t, trial->needs);
	return t->found[f];
}

bool probe_has(struct probe *p, enum bpf_feature_id f)
{
	return bpf_trials_try(p->trials, f).support == BPF_PRESENT;
}
