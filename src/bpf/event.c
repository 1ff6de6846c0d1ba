// SPDX-License-Identifier: Apache-2.0
// Perf events that programs run at: tracepoints, timers, counters, watchpoints.
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <stdio.h>

#include "bpf/bpf.h"
#include "bpf/uapi.h"

static uint32_t watch_bits(const struct bpf_event *e)
{
	// The processor has no watching of reads alone.
	uint32_t bits = e->on_write ? HW_BREAKPOINT_W : 0;
	if (e->on_read)
		bits |= HW_BREAKPOINT_RW;
	return e->on_execute ? bits | HW_BREAKPOINT_X : bits;
}

static void fill(const struct bpf_event *e, struct perf_event_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->config = e->config;
	attr->sample_period = e->period ? e->period : 1;
	switch (e->kind) {
	case BPF_EVENT_TRACEPOINT:
		attr->type = PERF_TYPE_TRACEPOINT;
		break;
	case BPF_EVENT_CLOCK:
		attr->type = PERF_TYPE_SOFTWARE;
		attr->config = PERF_COUNT_SW_CPU_CLOCK;
		break;
	case BPF_EVENT_SOFTWARE:
		attr->type = PERF_TYPE_SOFTWARE;
		break;
	case BPF_EVENT_HARDWARE:
		attr->type = PERF_TYPE_HARDWARE;
		break;
	case BPF_EVENT_WATCHPOINT:
		attr->type = PERF_TYPE_BREAKPOINT;
		attr->bp_type = watch_bits(e);
		attr->bp_addr = e->vaddr;
		attr->bp_len = e->len;
		// The threads that it starts are watched too.
		attr->inherit = e->pid != 0;
		break;
	}
}

struct err *bpf_event_open(const struct bpf_event *e, int *fd)
{
	struct perf_event_attr attr;
	fill(e, &attr);
	*fd = uapi_perf_event_open(&attr, e->pid ? e->pid : -1, e->cpu);
	if (*fd == -ENOENT && attr.type == PERF_TYPE_HARDWARE)
		return err_new(ERR_UNSUPPORTED, "this machine has no such hardware counter ('stoat "
						"info' tells what it has)");
	return *fd >= 0 ? NULL : uapi_err(*fd, "cannot open the perf event");
}

struct err *bpf_prog_run(const struct bpf_prog *p)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)p->fd;
	int rc = uapi_bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	return rc < 0 ? uapi_err(rc, "cannot run the program %s", p->name) : NULL;
}
