// SPDX-License-Identifier: Apache-2.0
// Passes pointers to memory whose pages are not there: the program has never touched them.
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

__attribute__((noinline, noclone)) void look(const char *text, const uint64_t *word)
{
	__asm__ volatile("" : : "r"(text), "r"(word) : "memory");
}

int main(void)
{
	static char content[2 * PAGE];
	const uint64_t word = 0x1122334455667788;
	memset(content, 'x', sizeof(content));
	memcpy(content, "in a file", 10);
	memcpy(content + PAGE - 5, "across pages", 13);
	memcpy(content + PAGE + 64, &word, sizeof(word));
	int fd = memfd_create("untouched", 0);
	if (fd < 0 || write(fd, content, sizeof(content)) != sizeof(content))
		return 1;
	for (int i = 0; i < 3; i++) {
		char *p = mmap(NULL, sizeof(content), PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED || madvise(p, sizeof(content), MADV_RANDOM) < 0)
			return 1;
		look(i == 1 ? p + PAGE - 5 : p, (uint64_t *)(p + PAGE + 64));
	}
	look((char *)16, (uint64_t *)16);
	return 0;
}
