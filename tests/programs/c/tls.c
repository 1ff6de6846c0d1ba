// SPDX-License-Identifier: Apache-2.0
// Tells what the kernel's task_struct must say of it: numbers, names, and where its thread-local
// memory is. There, 8 bytes below the thread pointer, stands a number that look() is called with.
#include <asm/prctl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone, noipa))

// Another program's struct of that name, with other fields.
struct pid {
	int first, second;
};

NOINLINE long look(long number, struct pid *p)
{
	return number + p->second;
}

int main(void)
{
	static struct pid p = { 1, 2 };
	uint64_t base = 0, below;
	prctl(PR_SET_NAME, "tls of stoat");
	if (syscall(SYS_arch_prctl, ARCH_GET_FS, &base) != 0)
		return 1;
	memcpy(&below, (const char *)(uintptr_t)base - 8, sizeof(below));
	printf("%d %d %d %lu %lu\n", (int)getpid(), (int)getppid(), (int)syscall(SYS_gettid),
	       (unsigned long)base, (unsigned long)below);
	fflush(stdout);
	return look(40, &p) != 42;
}
