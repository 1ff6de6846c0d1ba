// SPDX-License-Identifier: Apache-2.0
// Functions whose arguments, results and variables scripts read by name. Says itself what stoat
// must print: "NAME < ..." at the entry, "NAME > ..." at the return.
#include <setjmp.h>
#include <stdio.h>

struct node {
	int value;
	char name[8];
	struct node *next;
};

static jmp_buf top;

__attribute__((noinline)) long factorial(int n, const struct node *node)
{
	volatile int kept = n;
	if (n <= 1)
		return 1;
	long rest = factorial(n - 1, node->next);
	return rest * kept;
}

__attribute__((noinline)) const char *choose(const struct node *node, int which, unsigned char c)
{
	__asm__ volatile("" : : "r"(c) : "memory");
	return which ? node->name : "none";
}

// Leaves by longjmp every second time.
__attribute__((noinline)) int jumps(int id, int depth)
{
	volatile int kept = id;
	if (depth == 0) {
		if (id % 2)
			longjmp(top, 1);
		return kept;
	}
	return jumps(id, depth - 1) == id ? kept : -1;
}

__attribute__((noinline)) struct node copy(struct node node)
{
	node.value++;
	return node;
}

__attribute__((noinline)) int loop(int n)
{
	int sum = 0;
	for (volatile int i = 0; i < n; i++)
		sum += i * i;
	return sum;
}

int main(void)
{
	struct node b = { 2, "second", NULL }, a = { 1, "first", &b };
	b.next = &a;
	const struct node *at[] = { &b, &a };
	for (int n = 4; n > 0; n--)
		printf("factorial < %d %s\n", n, at[n % 2 == 0]->name);
	long product = 1;
	for (int n = 1; n <= 4; n++)
		printf("factorial > %d %s %s %ld\n", n, at[n % 2 == 0]->name, at[n % 2]->name,
		       product *= n);
	factorial(4, &a);
	for (int i = 0; i < 2; i++) {
		printf("choose < second %d 200\n", i);
		printf("choose > second %d %s\n", i, choose(&b, i, 200));
	}
	for (volatile int id = 0; id < 6; id++) {
		if (id % 2 == 0)
			for (int depth = 0; depth <= 2; depth++)
				printf("jumps > %d %d %d\n", id, depth, id);
		if (!setjmp(top))
			jumps(id, 2);
	}
	printf("copy > 1 2 first second\n");
	struct node c = copy(a);
	printf("loop > 5 %d\n", loop(3 + c.value));
	return 0;
}
