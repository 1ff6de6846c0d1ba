// SPDX-License-Identifier: Apache-2.0
// Links between programs and what runs them.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bpf/bpf.h"
#include "bpf/uapi.h"

struct err *bpf_attach_uprobes(const struct bpf_prog *p, const struct bpf_uprobes *u, int *fd)
{
	struct uapi_uprobe_multi attr = {
		.prog_fd = (uint32_t)p->fd,
		.attach_type = p->attach_type,
		.path = uapi_ptr(u->path),
		.offsets = uapi_ptr(u->offsets),
		.ref_ctr_offsets = uapi_ptr(u->ref_offsets),
		.cookies = uapi_ptr(u->cookies),
		.cnt = u->n,
		.flags = u->is_return ? UAPI_UPROBE_MULTI_RETURN : 0,
		.pid = (uint32_t)u->pid,
	};
	*fd = uapi_bpf(UAPI_LINK_CREATE, &attr, sizeof(attr));
	if (*fd >= 0)
		return NULL;
	return uapi_err(*fd, "cannot attach %s to %u sites in %s", p->name, u->n, u->path);
}

static struct err *uprobe_event_type(uint32_t *type)
{
	char text[32];
	if (!uapi_read_text(AT_FDCWD, "/sys/bus/event_source/devices/uprobe/type", text,
			    sizeof(text)))
		return err_new(ERR_UNSUPPORTED, "this kernel has no uprobes");
	*type = (uint32_t)strtoul(text, NULL, 10);
	return NULL;
}

struct err *bpf_uprobe_event(const struct bpf_uprobes *u, int *fd)
{
	struct perf_event_attr attr;
	memset(&attr, 0, sizeof(attr));
	TRY(uprobe_event_type(&attr.type));
	attr.config = u->is_return ? UAPI_UPROBE_RETURN : 0;
	if (u->ref_offsets)
		attr.config |= u->ref_offsets[0] << UAPI_UPROBE_REF_SHIFT;
	attr.config1 = uapi_ptr(u->path);
	attr.config2 = u->offsets[0];
	// For every process the kernel wants one CPU named; the program runs on all of them.
	*fd = uapi_perf_event_open(&attr, u->pid ? u->pid : -1, u->pid ? -1 : 0);
	if (*fd >= 0)
		return NULL;
	return uapi_err(*fd, "cannot probe %s at offset 0x%llx", u->path,
			(unsigned long long)u->offsets[0]);
}

struct err *bpf_attach_event(const struct bpf_prog *p, int event_fd, uint64_t cookie, int *fd)
{
	struct uapi_perf_link attr = {
		.prog_fd = (uint32_t)p->fd,
		.target_fd = (uint32_t)event_fd,
		.attach_type = UAPI_ATTACH_PERF_EVENT,
		.cookie = cookie,
	};
	*fd = uapi_bpf(UAPI_LINK_CREATE, &attr, sizeof(attr));
	if (*fd >= 0) {
		close(event_fd); // the link holds it
		return NULL;
	}
	if (*fd == -EINVAL && ioctl(event_fd, PERF_EVENT_IOC_SET_BPF, p->fd) == 0) {
		*fd = event_fd;
		return NULL;
	}
	int rc = *fd == -EINVAL ? -errno : *fd;
	close(event_fd);
	return uapi_err(rc, "cannot run the program %s at an event", p->name);
}

// Only the last reference to a link that goes away with a file waits. Here a pin in a filesystem of
// our own has the last one: its end hands the link to a thread of the kernel.
void bpf_close_later(const int *fds, size_t n)
{
	AUTO(uapi_close) int dir = n ? uapi_private_mount("bpf") : -1;
	for (size_t i = 0; i < n; i++) {
		char name[32];
		snprintf(name, sizeof(name), "%zu", i);
		struct uapi_pin attr = {
			.path = uapi_ptr(name),
			.fd = (uint32_t)fds[i],
			.flags = UAPI_PATH_FD,
			.path_fd = (uint32_t)dir,
		};
		// Not pinned, or no link at all: closing it is all that there is to do.
		if (dir >= 0)
			uapi_bpf(UAPI_OBJ_PIN, &attr, sizeof(attr));
		if (fds[i] >= 0)
			close(fds[i]);
	}
}
