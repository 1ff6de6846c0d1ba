// SPDX-License-Identifier: Apache-2.0

// Built as a plugin: calls of the runtime go through the linker's stubs there.
package main

import "C"

//go:noinline
func Deep(n int) int {
	var room [64]int
	room[n%64] = n
	if n == 0 {
		return room[0]
	}
	return Deep(n-1) + room[n%64]
}

func Exported(n int) int { return Deep(n) }

func main() {}
