// SPDX-License-Identifier: Apache-2.0
// What probes cost: how long the kernel takes to a program and back, and programs run.
#include <time.h>
#include <unistd.h>

#include "bpf/features.h"
#include "bpf/uapi.h"

// --- how long programs run ---

enum { STATS_RUN_TIME = 0, ENABLE_STATS = 32, INFO_BY_FD = 15 };

struct err *bpf_stats_open(int *fd)
{
	struct {
		uint32_t type;
	} attr = { STATS_RUN_TIME };
	*fd = uapi_bpf(ENABLE_STATS, &attr, sizeof(attr));
	return *fd < 0 ? uapi_err(*fd, "cannot measure programs") : NULL;
}

struct err *bpf_prog_time(const struct bpf_prog *p, uint64_t *ns, uint64_t *n)
{
	struct bpf_prog_info info;
	struct {
		uint32_t fd;
		uint32_t len;
		uint64_t info;
	} attr = { (uint32_t)p->fd, sizeof(info), uapi_ptr(&info) };
	memset(&info, 0, sizeof(info));
	int rc = uapi_bpf(INFO_BY_FD, &attr, sizeof(attr));
	*ns = info.run_time_ns;
	*n = info.run_cnt;
	return rc < 0 ? uapi_err(rc, "cannot ask about program %s", p->name) : NULL;
}

// --- how long the way to a program takes ---

#define HITS 100

// Places to be hit: an instruction that the kernel emulates, one that it runs apart, and the RET
// behind it.
#if defined(__x86_64__)
__asm__(".pushsection .text\n"
	".globl bpf_cost_emulated, bpf_cost_stepped, bpf_cost_returned\n"
	".hidden bpf_cost_emulated, bpf_cost_stepped, bpf_cost_returned\n"
	".type bpf_cost_emulated, @function\n"
	".type bpf_cost_stepped, @function\n"
	"bpf_cost_emulated:\n"
	"	nop\n"
	"	ret\n"
	"bpf_cost_stepped:\n"
	"	movl %edi, %eax\n"
	"bpf_cost_returned:\n"
	"	ret\n"
	".popsection\n");
#else
__asm__(".pushsection .text\n"
	".globl bpf_cost_emulated, bpf_cost_stepped, bpf_cost_returned\n"
	".hidden bpf_cost_emulated, bpf_cost_stepped, bpf_cost_returned\n"
	"bpf_cost_emulated:\n"
	"	nop\n"
	"	ret\n"
	"bpf_cost_stepped:\n"
	"	add x0, x0, #1\n"
	"bpf_cost_returned:\n"
	"	ret\n"
	".popsection\n");
#endif
void bpf_cost_emulated(void);
void bpf_cost_stepped(void);
void bpf_cost_returned(void);

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// The best of some tries: the machine does other things as well.
static uint64_t time_of(void (*fn)(void))
{
	uint64_t best = UINT64_MAX;
	for (int try = 0; try < 3; try++) {
		uint64_t start = now_ns();
		for (int i = 0; i < HITS; i++)
			fn();
		best = MIN(best, now_ns() - start);
	}
	return best / HITS;
}

static struct err *load(struct arena *a, bool has_multi, bool returns, struct bpf_prog *p)
{
	struct bpf_asm *b = bpf_asm_new(a);
	struct bpf_code code;
	*p = (struct bpf_prog) { .name = "cost",
				 .type = BPF_PROG_TYPE_KPROBE,
				 .attach_type = has_multi ? BPF_ATTACH_UPROBE_MULTI : 0,
				 .fd = -1 };
	if (returns) {
		ret_emit(b, 0);
	} else {
		bpf_const(b, BPF_REG_0, 0);
		bpf_exit(b);
	}
	TRY(bpf_asm_finish(b, &code));
	return bpf_prog_load(p, &code, a, NULL);
}

static struct err *attach(const struct bpf_prog *p, bool has_multi, uint64_t off, int *fd)
{
	const struct bpf_uprobes u = {
		.path = "/proc/self/exe", .offsets = &off, .n = 1, .pid = getpid()
	};
	int event;
	if (has_multi)
		return bpf_attach_uprobes(p, &u, fd);
	TRY(bpf_uprobe_event(&u, &event));
	return bpf_attach_event(p, event, 0, fd);
}

static struct err *measure(const struct bpf_prog *p, bool has_multi, void (*fn)(void),
			   void (*site)(void), uint64_t *ns)
{
	uint64_t off;
	int fd;
	if (!bpf_own_offset((uintptr_t)site, &off))
		return err_new(ERR_SYS, "/proc/self/maps cannot be read");
	uint64_t without = time_of(fn);
	TRY(attach(p, has_multi, off, &fd));
	uint64_t with = time_of(fn);
	bpf_close_later(&fd, 1);
	*ns = with > without ? with - without : 0;
	return NULL;
}

// Here the program does something, which is not a part of the way to it. How long it runs is known
// while bpf_stats_open's descriptor is open.
static struct err *measure_returned(struct arena *a, uint64_t *ns)
{
	struct bpf_prog p;
	uint64_t run_ns = 0, n = 0;
	struct err *e = load(a, true, true, &p);
	if (!e)
		e = measure(&p, true, bpf_cost_stepped, bpf_cost_returned, ns);
	if (!e)
		e = bpf_prog_time(&p, &run_ns, &n);
	if (!e && n)
		*ns -= MIN(*ns, run_ns / n);
	bpf_prog_close(&p);
	return e;
}

struct err *bpf_hit_cost(bool has_multi, bool can_return, struct bpf_hit_cost *out)
{
	struct arena *a = arena_new();
	struct bpf_prog p = { .fd = -1 };
	struct err *e = load(a, has_multi, false, &p);
	out->returned_ns = 0;
	if (!e)
		e = measure(&p, has_multi, bpf_cost_emulated, bpf_cost_emulated, &out->emulated_ns);
	if (!e)
		e = measure(&p, has_multi, bpf_cost_stepped, bpf_cost_stepped, &out->stepped_ns);
	if (!e && can_return)
		e = measure_returned(a, &out->returned_ns);
	bpf_prog_close(&p);
	arena_free(a);
	return e;
}
