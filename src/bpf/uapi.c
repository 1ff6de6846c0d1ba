// SPDX-License-Identifier: Apache-2.0
#include "bpf/uapi.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int uapi_bpf(int cmd, void *attr, size_t size)
{
	// The kernel interrupts a long verification when a signal comes.
	for (int tries = 0; tries < 5; tries++) {
		long n = syscall(SYS_bpf, cmd, attr, (unsigned)size);
		if (n >= 0)
			return (int)n;
		if (errno != EAGAIN || cmd != BPF_PROG_LOAD)
			break;
	}
	return -errno;
}

int uapi_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	attr->size = sizeof(*attr);
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

int uapi_private_mount(const char *fstype)
{
	AUTO(uapi_close) int fs = (int)syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC);
	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	long fd = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? -errno : (int)fd;
}

bool uapi_read_text(int dir, const char *path, char *out, size_t size)
{
	AUTO(uapi_close) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, out, size - 1);
	if (n < 0)
		return false;
	out[n] = 0;
	if (n > 0 && out[n - 1] == '\n')
		out[n - 1] = 0;
	return true;
}

#define DENIAL ": not permitted"

struct err *uapi_err(int negative_errno, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	switch (-negative_errno) {
	case EPERM:
	case EACCES:
		return err_note(err_new(ERR_SYS, "%s" DENIAL, text),
				"needs root, or CAP_BPF and CAP_PERFMON (run with sudo)");
	case ENOSYS:
		return err_new(ERR_UNSUPPORTED, "%s: this kernel has no BPF", text);
	case UAPI_ENOTSUPP:
	case EOPNOTSUPP:
		return err_new(ERR_UNSUPPORTED, "%s: this kernel cannot do it", text);
	default:
		return err_sys(-negative_errno, "%s", text);
	}
}

bool uapi_err_is_denial(const struct err *e)
{
	return e && strstr(err_text(e), DENIAL);
}

void uapi_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
