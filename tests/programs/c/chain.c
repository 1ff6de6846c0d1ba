// SPDX-License-Identifier: Apache-2.0
// Calls leaf in several ways; each function notes its name, and leaf says all: "chain NUMBER leaf
// caller ... main".
#include <stdio.h>
#include <stdlib.h>

static const char *names[64];
static int n_names;
static volatile int calls;

#define ENTER names[n_names++] = __func__
#define LEAVE(value)                     \
	do {                             \
		int value_ = (value);    \
		n_names--;               \
		return value_ + calls++; \
	} while (0)
#define NOINLINE __attribute__((noinline, noclone, noipa))

int leaf(int n);
NOINLINE int leaf(int n)
{
	ENTER;
	printf("chain %d", n);
	for (int i = n_names; i > 0; i--)
		printf(" %s", names[i - 1]);
	putchar('\n');
	LEAVE(n);
}

int direct(int n);
NOINLINE int direct(int n)
{
	ENTER;
	LEAVE(leaf(n));
}

int deep(int n, int levels);
NOINLINE int deep(int n, int levels)
{
	ENTER;
	LEAVE(levels ? deep(n, levels - 1) : leaf(n));
}

static NOINLINE int compare(const void *a, const void *b)
{
	ENTER;
	(void)a;
	(void)b;
	LEAVE(leaf(3));
}

int sorting(void);
NOINLINE int sorting(void)
{
	ENTER;
	int v[] = { 2, 1 };
	LEAVE(compare(v, v + 1));
}

static inline __attribute__((always_inline)) int small(int n)
{
	return leaf(n) + 1;
}

int inlining(int n);
NOINLINE int inlining(int n)
{
	ENTER;
	LEAVE(small(n));
}

int main(int argc, char **argv)
{
	ENTER;
	for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 0; i--) {
		direct(1);
		deep(2, 5);
		sorting();
		inlining(4);
	}
	return 0;
}
