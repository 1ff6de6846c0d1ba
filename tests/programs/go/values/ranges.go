// SPDX-License-Identifier: Apache-2.0

//go:build go1.23
// +build go1.23

package main

func each(yield func(int) bool) {
	for i := 0; i < 9 && yield(i); i++ {
	}
}

// A blank result would not be in the debug information, so that no place is sure.
//
// in: "%d", args.n
// out: "%d", args.n
// from: 1.23
//
//go:noinline
func ranges(n int) (found int, err error) {
	for i := range each {
		if i == n {
			return i * 10, nil
		}
	}
	return -1, &myError{n}
}

// Those without are not in the debug information.
//
//go:noinline
func rangesUnnamed(n int) int {
	for i := range each {
		if i == n {
			return i
		}
	}
	return -1
}

func rangeFuncs() {
	in("ranges", 3)
	ranges(3)
	out("3")
	in("ranges", 33)
	ranges(33)
	out("33")
	sink += rangesUnnamed(2)
}
