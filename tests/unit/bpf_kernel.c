// SPDX-License-Identifier: Apache-2.0
#include "bpf_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

// Kept until the process ends, where nobody misses it.
static struct arena *arena;

struct arena *bpf_kernel_need(void)
{
	if (!arena)
		arena = arena_new();
	struct bpf_system sys;
	bpf_system_read(arena, &sys);
	if (!sys.may_bpf)
		SKIP("needs root, or CAP_BPF and CAP_PERFMON");
	bpf_lift_memlock();
	struct bpf_map m = { "probe", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, -1 };
	struct err *e = bpf_map_create(&m);
	if (e)
		SKIP(err_text(e));
	bpf_map_close(&m);
	return arena;
}

struct bpf_prog bpf_kernel_load(struct arena *a, struct bpf_asm *b, enum bpf_prog_type type)
{
	struct bpf_code code = { 0 };
	CHECK_OK(bpf_asm_finish(b, &code));
	struct bpf_prog p = { .name = "unit test", .type = type };
	struct bpf_verdict v;
	struct err *e = bpf_prog_load(&p, &code, a, &v);
	if (e)
		printf("%.*s\n", STR_ARG(v.log));
	CHECK_OK(e);
	return p;
}

uint32_t bpf_kernel_run_times(const struct bpf_prog *p, uint32_t repeat)
{
	static uint8_t packet[64];
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)p->fd;
	if (p->type == BPF_PROG_TYPE_SOCKET_FILTER) {
		attr.test.data_in = (uintptr_t)packet;
		attr.test.data_size_in = sizeof(packet);
		attr.test.repeat = repeat;
	}
	long rc;
	do
		rc = syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	while (rc < 0 && errno == EINTR);
	CHECK_INT(rc < 0 ? errno : 0, 0);
	return attr.test.retval;
}

uint32_t bpf_kernel_run(const struct bpf_prog *p)
{
	return bpf_kernel_run_times(p, 1);
}

struct bpf_map bpf_kernel_words(uint32_t n, uint64_t **words)
{
	struct bpf_map m = { "words", BPF_MAP_TYPE_ARRAY, 4, n * 8, 1, BPF_F_MMAPABLE, -1 };
	CHECK_OK(bpf_map_create(&m));
	void *p;
	CHECK_OK(bpf_map_mmap(&m, &p));
	*words = p;
	return m;
}
