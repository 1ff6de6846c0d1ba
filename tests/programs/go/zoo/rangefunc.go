// SPDX-License-Identifier: Apache-2.0

//go:build go1.23
// +build go1.23

package main

//go:noinline
func upTo(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i++ {
		}
	}
}

// The loop's body becomes a function of its own, rangeOver-range1.
//
//go:noinline
func rangeOver(n int) int {
	sum := 0
	for i := range upTo(n) {
		sum += i
	}
	return sum
}

func callRange() bool { return rangeOver(5) == 10 }
