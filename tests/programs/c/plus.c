// SPDX-License-Identifier: Apache-2.0
// The smallest thing to trace: plus A B prints the sum.
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline, noclone)) int sum(int a, int b)
{
	return a + b;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 1;
	printf("%d\n", sum(atoi(argv[1]), atoi(argv[2])));
	return 0;
}
