// SPDX-License-Identifier: Apache-2.0

//go:build withcgo
// +build withcgo

// Package cpart brings C code, and with it the C runtime, into the program.
package cpart

/*
static int c_square(int x) { return x * x; }

__attribute__((noinline)) int zoo_c_sum(const int *items, int n)
{
	int sum = 0;
	for (int i = 0; i < n; i++)
		sum += c_square(items[i]);
	return sum;
}
*/
import "C"

// SumSquares is 1 + 4 + 9.
func SumSquares() int {
	items := [3]C.int{1, 2, 3}
	return int(C.zoo_c_sum(&items[0], 3))
}
