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

int main(void)
{
	struct record b = { 7, "second", NULL }, a = { 5, "first", &b };
	long sum = 0;
	for (int i = 0; i < 100; i++)
		sum += hit(i, i % 2 ? "odd" : "even", &a);
	printf("%ld\n", sum);
	return 0;
}
