// SPDX-License-Identifier: Apache-2.0
// Says where its functions are, then does what its input says, a line each:
//
//     load FILE     a library: says where its function "answer" is
//     exec FILE     becomes another program
//
// Without -DLIBRARY: the program; with it: such a library.
#ifdef LIBRARY
static __attribute__((noinline)) int hidden(int n)
{
	return n * 3;
}

int answer(int n);
int answer(int n)
{
	return hidden(n) + 1;
}
#else
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __attribute__((noinline)) int local(int n)
{
	return n * 2;
}

int shared(int n);
__attribute__((noinline)) int shared(int n)
{
	return local(n) + 1;
}

static void say(const char *name, const void *p)
{
	printf("%s %lx\n", name, (unsigned long)p);
	fflush(stdout);
}

int main(void)
{
	char line[4096];
	say("local", (const void *)local);
	say("shared", (const void *)shared);
	say("qsort", (const void *)qsort);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "load ", 5) == 0) {
			void *lib = dlopen(line + 5, RTLD_NOW);
			say("answer", lib ? dlsym(lib, "answer") : NULL);
		} else if (strncmp(line, "exec ", 5) == 0) {
			execl(line + 5, line + 5, (char *)NULL);
			return 1;
		}
	}
	return shared((int)(long)line) == 7;
}
#endif
