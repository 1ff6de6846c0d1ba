// SPDX-License-Identifier: Apache-2.0
// What the cases of tests/kernels probe: 100 calls of a function with known arguments.
#include <stdio.h>
#include <string.h>

struct record {
	int key;
	char name[16];
	struct record *next;
};

__attribute__((noinline, noclone)) int hit(int n, const char *text, struct record *r)
{
	__asm__ volatile("" : : "r"(r) : "memory");
	return n * 2 + (int)strlen(text) + r->next->key;
}

// Calls itself: at its start its caller's caller looks like its caller.
__attribute__((noinline, noclone)) int again(int n)
{
	volatile int kept = n; // so that it has a frame from its first instruction on
	return n ? again(n - 1) + kept : 0;
}

int main(void)
{
	struct record b = { 7, "second", NULL }, a = { 5, "first", &b };
	long sum = 0;
	for (int i = 0; i < 100; i++)
		sum += hit(i, i % 2 ? "odd" : "even", &a);
	printf("%ld\n", sum);
	return again(3) == 0;
}
