// SPDX-License-Identifier: Apache-2.0

//go:build withcgo
// +build withcgo

package main

/*
extern int fromC(int n);
static int __attribute__((noinline)) throughC(int n) { return fromC(n) + 1; }
*/
import "C"

//export fromC
func fromC(n C.int) C.int {
	return C.int(direct(int(n)))
}

func more(n int) {
	C.throughC(C.int(n))
}
