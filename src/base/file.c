// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

struct err *file_map_open(const char *path, struct file_map *out)
{
	*out = (struct file_map) { 0 };
	// O_NONBLOCK: a FIFO must not make us wait for its writer.
	AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return err_new(ERR_NOTFOUND, "no such file: %s", path);
		return err_sys(errno, "cannot open %s", path);
	}
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(errno, "cannot read %s", path);
	if (S_ISDIR(st.st_mode))
		return err_new(ERR_BADDATA, "%s is a directory, not a program", path);
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_BADDATA, "%s is not a regular file", path);
	if (st.st_size == 0)
		return err_new(ERR_BADDATA, "%s is empty", path);
	// The kernel writes the breakpoints of all uprobes on a file into private mappings of it,
	// even into those that cannot run: other tracers' would be read here as the program's code.
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) // of a file system that has no shared ones
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(errno, "cannot map %s", path);
	out->data = (struct bytes) { p, (size_t)st.st_size };
	return NULL;
}

void file_map_close(struct file_map *m)
{
	if (m->data.p)
		munmap((void *)(uintptr_t)m->data.p, m->data.len);
	*m = (struct file_map) { 0 };
}

// Puts a page of zeros where the file has none any more. mmap is a plain system call: safe here.
static void fill_page(int sig, siginfo_t *info, void *context)
{
	(void)context;
	long page = sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)info->si_addr & ~((uintptr_t)page - 1);
	// It stays until the file is closed.
	void *zeros = info->si_code == BUS_ADRERR
			      ? mmap((void *)at, (size_t)page, PROT_READ,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
			      : MAP_FAILED;
	if (zeros != MAP_FAILED)
		return;
	// Anything else ends us as it would have: the instruction runs again.
	signal(sig, SIG_DFL);
}

void file_map_survive_truncation(void)
{
	struct sigaction action = { .sa_sigaction = fill_page, .sa_flags = SA_SIGINFO };
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}
