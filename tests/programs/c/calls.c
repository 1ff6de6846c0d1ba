// SPDX-License-Identifier: Apache-2.0
// The same as tests/programs/go/calls, in C.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

long hit(long n);
__attribute__((noinline)) long hit(long n)
{
	volatile long kept = n; // so that it has a frame
	return kept + 1;
}

static long calls, rate, workers;

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *paced(void *unused)
{
	long n = calls / workers, local = 0;
	double start = now();
	(void)unused;
	for (long done = 0; done < n;) {
		long due = (long)((now() - start) * (double)(rate / workers));
		for (due = due < n ? due : n; done < due; done++)
			local = hit(local);
		nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
	}
	return (void *)local;
}

static long number(char **argv, int argc, int i)
{
	return i < argc ? strtol(argv[i], NULL, 10) : 0;
}

int main(int argc, char **argv)
{
	long sum = 0;
	pthread_t threads[64];
	double start = now();
	calls = number(argv, argc, 1);
	rate = number(argv, argc, 2);
	workers = number(argv, argc, 3);
	if (rate == 0) {
		for (long i = 0; i < calls; i++)
			sum = hit(sum);
		printf("calls %ld ns %.1f\n", calls, (now() - start) * 1e9 / (double)calls);
		return sum < 0;
	}
	for (long i = 0; i < workers && i < 64; i++)
		pthread_create(&threads[i], NULL, paced, NULL);
	for (long i = 0; i < workers && i < 64; i++)
		pthread_join(threads[i], NULL);
	printf("calls %ld per_second %.0f\n", calls / workers * workers,
	       (double)calls / (now() - start));
	return 0;
}
