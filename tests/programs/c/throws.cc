// SPDX-License-Identifier: Apache-2.0
// throws N: functions that an exception leaves, N times each. Prints how many were caught.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

static volatile int sink;

// Every third call throws.
__attribute__((noinline)) int leaf(int n)
{
	if (n % 3 == 0)
		throw std::runtime_error("three");
	sink = n;
	return n + 1;
}

__attribute__((noinline)) int mid(int n)
{
	int v = leaf(n);
	sink = v;
	return v * 2;
}

// Nothing in its name says that it is C++.
extern "C" __attribute__((noinline)) int plain(int n)
{
	int v = mid(n);
	sink = v;
	return v + 1;
}

// A jump in place of a call and a return.
__attribute__((noinline)) int tail(int n)
{
	sink = n;
	return leaf(n);
}

// What it does when there is something to catch is in a part of its own, which returns by itself.
__attribute__((noinline)) int guard(int n)
{
	try {
		return plain(n);
	} catch (std::exception &) {
		sink = n;
		return -1;
	}
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 6, caught = 0;
	for (int i = 0; i < n; i++) {
		caught += guard(i) < 0;
		try {
			tail(i);
		} catch (std::exception &) {
			caught++;
		}
	}
	std::printf("caught %d\n", caught);
}
