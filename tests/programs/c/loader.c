// SPDX-License-Identifier: Apache-2.0
// Loads a shared library and calls its function "called" on three threads.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static long (*called)(long id, char *text);

static void *run(void *first)
{
	for (long i = 0; i < 100; i++)
		if (called((long)first * 1000 + i, "from C") != (long)first * 1000 + i)
			puts("wrong");
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[3];
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	if (!library)
		return 1;
	called = (long (*)(long, char *))dlsym(library, "called");
	for (long i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, run, (void *)i);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
