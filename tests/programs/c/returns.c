// SPDX-License-Identifier: Apache-2.0
// returns MODE: functions that return in ways that are hard on a return probe. Prints argc and
// exits with 3.
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

struct node {
	struct node *next;
	int v;
};

__attribute__((noinline)) int leaf(int id)
{
	__asm__ volatile("" ::: "memory");
	return id + 1;
}

// A jump in place of a call and a return.
__attribute__((noinline)) int tail(int id)
{
	return leaf(id);
}

// The first instruction is also that of a loop.
__attribute__((noinline)) struct node *last(struct node *p)
{
	do {
		if (!p->next)
			return p;
		p = p->next;
	} while (1);
}

static jmp_buf back;

__attribute__((noinline)) int jumps(int n)
{
	if (n == 0)
		longjmp(back, 1);
	return jumps(n - 1) + 1;
}

static void *thread(void *arg)
{
	return (void *)(long)leaf((int)(long)arg);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	if (strcmp(mode, "tail") == 0) {
		int sum = 0;
		for (int i = 0; i < 100; i++)
			sum += tail(i) + leaf(i);
		printf("sum %d\n", sum);
	} else if (strcmp(mode, "loop") == 0) {
		struct node c = { NULL, 3 }, b = { &c, 2 }, a = { &b, 1 };
		for (int i = 0; i < 10; i++)
			printf("last %d\n", last(&a)->v);
	} else if (strcmp(mode, "jump") == 0) {
		for (int i = 0; i < 10; i++)
			if (!setjmp(back))
				jumps(5);
		leaf(1);
	} else if (strcmp(mode, "threads") == 0) {
		for (long i = 0; i < 300; i++) {
			pthread_t t;
			pthread_create(&t, NULL, thread, (void *)i);
			pthread_join(t, NULL);
		}
	}
	printf("argc %d\n", argc);
	return 3;
}
