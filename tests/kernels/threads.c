// SPDX-License-Identifier: Apache-2.0
// Threads that interrupt each other while programs run at a probe (preempt=full).
#include <pthread.h>
#include <stdio.h>

#define N_THREADS 8
#define CALLS     10000

__attribute__((noinline, noclone)) int hit(int n, const char *text)
{
	__asm__ volatile("" : : "r"(text) : "memory");
	return n + 1;
}

static void *work(void *number)
{
	char text[32];
	for (int i = 0; i < CALLS; i++) {
		snprintf(text, sizeof(text), "t%d-%d", *(int *)number, i % 7);
		hit(i, text);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[N_THREADS];
	int numbers[N_THREADS];
	for (int i = 0; i < N_THREADS; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0)
			return 1;
	}
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
