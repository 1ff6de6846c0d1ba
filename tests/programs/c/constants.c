// SPDX-License-Identifier: Apache-2.0
// Variables of which nothing is left but their values.
#include <stdio.h>

__attribute__((noinline)) static int use(long v)
{
	return printf("%ld\n", v);
}

int main(int argc, char **argv)
{
	(void)argv;
	signed char small = -2;
	int big = 65535, middle = 200, negative = -70000;
	short five = -5;
	unsigned char byte = 254;
	long one = -1;
	use(argc);
	use(small + big);
	use(five + middle);
	use(byte + negative);
	use(one + argc);
	return 0;
}
