// SPDX-License-Identifier: Apache-2.0

// Command shadow has several variables of one name, in blocks inside each other and in functions
// that are inlined into each other.
package main

import "fmt"

//go:noinline
func use(n int) int { return n + 1 }

func inner(n int) int {
	x := use(n) * 3
	if x > 5 {
		x := use(x) + 7
		n += use(x) // three functions are here
	}
	return use(x) + n
}

func middle(x int) int {
	n := use(x) ^ 0x55
	return inner(n) + x
}

//go:noinline
func outer(n int) int {
	x := use(n + 100)
	for i := 0; i < 2; i++ {
		x := use(x) * (i + 2)
		{
			n, x := use(x), use(n)
			use(n - x)
		}
		x += middle(x + i)
		use(x)
	}
	return use(x) + n
}

//go:noinline
func escapes(n int) (func() int, int) {
	x := use(n)
	f := func() int {
		x += n
		return use(x)
	}
	if n > 0 {
		x := use(x) * 11
		use(x)
	}
	n++
	return f, use(n)
}

func main() {
	f, n := escapes(5)
	fmt.Println(outer(3), f(), f(), n)
}
