// SPDX-License-Identifier: Apache-2.0
// Trying what programs can be attached to. Each of them runs once, on a function of our own.
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf/features.h"
#include "bpf/uapi.h"

// --- the function that is probed ---

// Gives back its argument.
static __attribute__((noinline)) uint64_t site(uint64_t x)
{
	__asm__ volatile("nop" : "+r"(x));
	return x;
}

static uint64_t call_site(uint64_t x)
{
	// Through memory, so that no compiler knows what is called.
	uint64_t (*volatile fn)(uint64_t) = site;
	return fn(x);
}

bool bpf_own_offset(uintptr_t pc, uint64_t *off)
{
	FILE *f = fopen("/proc/self/maps", "re");
	if (!f)
		return false;
	char line[512];
	bool found = false;
	while (!found && fgets(line, sizeof(line), f)) {
		char *p = line;
		uintptr_t start = strtoul(p, &p, 16);
		uintptr_t end = *p == '-' ? strtoul(p + 1, &p, 16) : 0;
		if (pc < start || pc >= end)
			continue;
		p += strspn(p, " ");  // permissions
		p += strcspn(p, " "); // then the offset
		*off = strtoul(p, NULL, 16) + (pc - start);
		found = true;
	}
	fclose(f);
	return found;
}

static struct bpf_uprobes own_site(struct probe *p, const uint64_t *cookie)
{
	return (struct bpf_uprobes) { .path = "/proc/self/exe",
				      .offsets = &p->site_off,
				      .cookies = cookie,
				      .n = 1,
				      .pid = getpid() };
}

// Attaches prog to the site by a link that stays until the end.
static struct err *attach_site(struct probe *p, const struct bpf_prog *prog, const uint64_t *cookie)
{
	if (!p->site_off && !bpf_own_offset((uintptr_t)site, &p->site_off))
		return err_new(ERR_SYS, "/proc/self/maps cannot be read");
	struct bpf_uprobes u = own_site(p, cookie);
	int fd;
	TRY(bpf_attach_uprobes(prog, &u, &fd));
	probe_keep_link(p, fd);
	return NULL;
}

// The same by a perf event.
static struct err *attach_site_event(struct probe *p, const struct bpf_prog *prog, uint64_t cookie)
{
	if (!p->site_off && !bpf_own_offset((uintptr_t)site, &p->site_off))
		return err_new(ERR_SYS, "/proc/self/maps cannot be read");
	struct bpf_uprobes u = own_site(p, NULL);
	int event, fd;
	TRY(bpf_uprobe_event(&u, &event));
	TRY(bpf_attach_event(prog, event, cookie, &fd));
	probe_keep_link(p, fd);
	return NULL;
}

static struct bpf_finding counted(struct probe *p, uint32_t word, uint64_t want)
{
	uint64_t got = __atomic_load_n(&p->words[word], __ATOMIC_RELAXED);
	if (got == want)
		return probe_present();
	return probe_absent(p, "counts %llu instead of %llu", (unsigned long long)got,
			    (unsigned long long)want);
}

// --- uprobes ---

static struct bpf_prog uprobe_prog(uint32_t attach_type)
{
	return (struct bpf_prog) { .name = "stoat_info",
				   .type = BPF_PROG_TYPE_KPROBE,
				   .attach_type = attach_type,
				   .fd = -1 };
}

// What the kernel says to a link for sites in a folder, which can have none.
static int refused_link(const struct bpf_prog *prog, int pid)
{
	const uint64_t off = 0;
	struct uapi_uprobe_multi attr = { .prog_fd = (uint32_t)prog->fd,
					  .attach_type = prog->attach_type,
					  .path = uapi_ptr("/"),
					  .offsets = uapi_ptr(&off),
					  .cnt = 1,
					  .pid = (uint32_t)pid };
	int fd = uapi_bpf(UAPI_LINK_CREATE, &attr, sizeof(attr));
	uapi_close(&fd);
	return fd;
}

// Asked and not done: the first uprobe of a machine takes 10 ms and more, and every start needs to
// know. The folder is refused by its kind (EBADF) after all else has been understood.
struct bpf_finding probe_uprobe_multi(struct probe *p)
{
	struct bpf_prog prog = uprobe_prog(BPF_ATTACH_UPROBE_MULTI);
	uint32_t word;
	struct bpf_finding f = probe_load_counter(p, &prog, &word);
	if (f.support == BPF_PRESENT && refused_link(&prog, 0) != -EBADF)
		f = probe_absent(p, "not in this kernel");
	bpf_prog_close(&prog);
	return f;
}

// The first kernels took the process for a thread. Those that do not, from Linux 6.10 on, refuse a
// negative number before they look at the file.
struct bpf_finding probe_uprobe_pid(struct probe *p)
{
	struct bpf_prog prog = uprobe_prog(BPF_ATTACH_UPROBE_MULTI);
	uint32_t word;
	struct bpf_finding f = probe_load_counter(p, &prog, &word);
	if (f.support == BPF_PRESENT && refused_link(&prog, -1) != -EINVAL)
		f = probe_absent(p, "takes a thread for the process");
	bpf_prog_close(&prog);
	return f;
}

struct bpf_finding probe_uprobe_session(struct probe *p)
{
	struct bpf_prog prog = uprobe_prog(BPF_ATTACH_UPROBE_SESSION);
	uint32_t word;
	struct bpf_finding f = probe_load_counter(p, &prog, &word);
	if (f.support == BPF_PRESENT)
		f = probe_err(p, attach_site(p, &prog, NULL));
	bpf_prog_close(&prog);
	if (f.support != BPF_PRESENT)
		return f;
	call_site(0);
	return counted(p, word, 2); // entry and return
}

struct bpf_finding probe_uprobe_event(struct probe *p)
{
	struct bpf_prog prog = uprobe_prog(0);
	uint32_t word;
	struct bpf_finding f = probe_load_counter(p, &prog, &word);
	if (f.support == BPF_PRESENT)
		f = probe_err(p, attach_site_event(p, &prog, 0));
	bpf_prog_close(&prog);
	if (f.support != BPF_PRESENT)
		return f;
	call_site(0);
	return counted(p, word, 1);
}

struct bpf_finding probe_cookie(struct probe *p)
{
	if (!p->words)
		return probe_unprobed(p, "no memory to count in");
	bool has_multi = probe_has(p, BPF_FEATURE_UPROBE_MULTI);
	const uint64_t cookie = 0x1122334455667788;
	uint32_t word = p->next_word++;
	struct bpf_asm *b = bpf_asm_new(p->arena);
	bpf_call(b, BPF_FUNC_get_attach_cookie);
	probe_word_ref(p, b, BPF_REG_1, word);
	bpf_store(b, 8, BPF_REG_1, 0, BPF_REG_0);
	bpf_const(b, BPF_REG_0, 0);
	bpf_exit(b);
	struct bpf_prog prog = uprobe_prog(has_multi ? BPF_ATTACH_UPROBE_MULTI : 0);
	struct bpf_finding f = probe_load(p, b, &prog);
	if (f.support == BPF_PRESENT)
		f = probe_err(p, has_multi ? attach_site(p, &prog, &cookie)
					   : attach_site_event(p, &prog, cookie));
	bpf_prog_close(&prog);
	if (f.support != BPF_PRESENT)
		return f;
	call_site(0);
	uint64_t got = __atomic_load_n(&p->words[word], __ATOMIC_RELAXED);
	return got == cookie ? probe_present() : probe_absent(p, "a wrong cookie came");
}

// --- tracepoints ---

struct bpf_finding probe_tracefs(struct probe *p)
{
	struct err *e = bpf_tracefs_open(&p->tracefs);
	if (e && !p->sys->is_root) {
		err_free(e);
		return probe_unprobed(p, "only root may look into it");
	}
	return probe_err(p, e);
}

struct bpf_finding probe_tracepoint(struct probe *p)
{
	if (!probe_has(p, BPF_FEATURE_TRACEFS))
		return probe_unprobed(p, "needs tracefs");
	struct perf_event_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_TRACEPOINT;
	uint64_t id = 0;
	struct err *e = bpf_tracepoint_id(p->tracefs, "sched", "sched_process_exit", &id);
	if (e)
		return probe_err(p, e);
	attr.config = id;
	attr.sample_period = 1;
	int event = uapi_perf_event_open(&attr, 0, -1);
	if (event < 0)
		return probe_rc(p, event);
	struct bpf_prog prog = { .name = "stoat_info", .type = BPF_PROG_TYPE_TRACEPOINT };
	uint32_t word;
	struct bpf_finding f = probe_load_counter(p, &prog, &word);
	if (f.support != BPF_PRESENT) {
		close(event);
		return f;
	}
	int fd = -1;
	e = bpf_attach_event(&prog, event, 0, &fd);
	if (!e)
		probe_keep_link(p, fd);
	bpf_prog_close(&prog);
	return probe_err(p, e);
}

struct bpf_finding probe_syscall_tracepoint(struct probe *p)
{
	uint64_t id;
	return probe_err(p, bpf_tracepoint_id(p->tracefs, "syscalls", "sys_enter_openat", &id));
}

// --- other events ---

// Opens the event on ourselves. *fd, which the caller closes, is the link to a program that counts
// in *word.
static struct bpf_finding try_event(struct probe *p, struct perf_event_attr *attr, uint32_t *word,
				    int *fd)
{
	*fd = uapi_perf_event_open(attr, 0, -1);
	if (*fd < 0)
		return probe_rc(p, *fd);
	struct bpf_prog prog = { .name = "stoat_info", .type = BPF_PROG_TYPE_PERF_EVENT };
	struct bpf_finding f = probe_load_counter(p, &prog, word);
	if (f.support == BPF_PRESENT)
		f = probe_err(p, bpf_attach_event(&prog, *fd, 0, fd));
	bpf_prog_close(&prog);
	return f;
}

struct bpf_finding probe_software_event(struct probe *p)
{
	struct perf_event_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.sample_period = 1000000000;
	uint32_t word;
	AUTO(uapi_close) int fd;
	return try_event(p, &attr, &word, &fd);
}

struct bpf_finding probe_hardware_event(struct probe *p)
{
	struct perf_event_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_HARDWARE;
	attr.config = PERF_COUNT_HW_CPU_CYCLES;
	attr.sample_period = 1000000000;
	attr.exclude_kernel = 1;
	AUTO(uapi_close) int fd = uapi_perf_event_open(&attr, 0, -1);
	return probe_rc(p, fd);
}

struct bpf_finding probe_watchpoint(struct probe *p)
{
	uint64_t watched = 0;
	struct perf_event_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_BREAKPOINT;
	attr.bp_type = HW_BREAKPOINT_W;
	attr.bp_addr = uapi_ptr(&watched);
	attr.bp_len = HW_BREAKPOINT_LEN_8;
	attr.sample_period = 1;
	attr.exclude_kernel = 1;
	uint32_t word;
	AUTO(uapi_close) int fd;
	struct bpf_finding f = try_event(p, &attr, &word, &fd);
	if (f.support != BPF_PRESENT)
		return f;
	*(volatile uint64_t *)&watched = 1;
	return counted(p, word, 1);
}
