// SPDX-License-Identifier: Apache-2.0
// The kernel interface as far as older headers lack it, and thin calls into it. Private to bpf/.
#ifndef BPF_UAPI_H
#define BPF_UAPI_H

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

// What the kernel answers for an operation that a kind of object does not have; no errno.h has it.
#define UAPI_ENOTSUPP 524

enum {
	UAPI_LINK_CREATE = 28, // BPF_LINK_CREATE, Linux 5.7
	UAPI_OBJ_PIN = 6,
	// BPF_PERF_EVENT, an attach type: links for perf events, Linux 5.15.
	UAPI_ATTACH_PERF_EVENT = 41,
	// link_create.uprobe_multi.flags: at the return of the function.
	UAPI_UPROBE_MULTI_RETURN = 1,
	// The pin path is relative to path_fd, Linux 6.5.
	UAPI_PATH_FD = 1 << 14,
	// BPF_JCOND of class BPF_JMP with BPF_MAY_GOTO (0) as its source register, Linux 6.9.
	UAPI_JCOND = 0xe0,
	// perf_event_attr.config of the uprobe events, as
	// /sys/bus/event_source/devices/uprobe/format tells: bit 0 is "at the return", the upper
	// half a reference counter's offset.
	UAPI_UPROBE_RETURN = 1,
	UAPI_UPROBE_REF_SHIFT = 32,
};

// BPF_LINK_CREATE with link_create.uprobe_multi, Linux 6.6.
struct uapi_uprobe_multi {
	uint32_t prog_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t link_flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t ref_ctr_offsets;
	uint64_t cookies;
	uint32_t cnt;
	uint32_t flags;
	uint32_t pid;
	uint32_t unused;
};

// BPF_LINK_CREATE with link_create.perf_event, Linux 5.15.
struct uapi_perf_link {
	uint32_t prog_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t cookie;
};

// BPF_OBJ_PIN with path_fd, Linux 6.5.
struct uapi_pin {
	uint64_t path;
	uint32_t fd;
	uint32_t flags;
	uint32_t path_fd;
	uint32_t unused;
};

// bpf(2): a file descriptor or 0, or the negative errno. Descriptors are closed on exec.
int uapi_bpf(int cmd, void *attr, size_t size);
// perf_event_open(2), likewise.
int uapi_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu);
// A mount of a filesystem that nobody else sees and that ends with its descriptor (Linux 5.2); or
// the negative errno.
int uapi_private_mount(const char *fstype);

static inline uint64_t uapi_ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

// A small file's text without the newline at its end; false when it cannot be read.
bool uapi_read_text(int dir, const char *path, char *out, size_t size);

// The error for a negative errno of one of the above: the text, why, and what to do about it.
MUST_USE struct err *uapi_err(int negative_errno, const char *fmt, ...) PRINTF_LIKE(2, 3);
// That it is for want of privileges.
bool uapi_err_is_denial(const struct err *e);

void uapi_close(int *fd); // for AUTO

#endif
