// SPDX-License-Identifier: Apache-2.0

// Package lib has a dot in its path: "%2e" in the names of its functions.
package lib

// Twice is 2 * n.
//
//go:noinline
func Twice(n int) int {
	return 2 * n
}
