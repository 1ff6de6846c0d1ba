// SPDX-License-Identifier: Apache-2.0

package main

// Functions whose shape of code matters: frames, exits, inlining, closures.

// No frame, no stack check.
//
//go:noinline
func leaf(x int) int { return x*3 + 1 }

// Too big a frame for the short form of the stack check.
//
//go:noinline
func bigFrame(n int) int {
	var buf [8192]byte
	fill(buf[:], byte(n))
	return int(buf[n]) + int(buf[8191-n])
}

// So big that the stack check needs its longest form.
//
//go:noinline
func hugeFrame(n int) int {
	var buf [1 << 17]byte
	fill(buf[:], byte(n))
	return int(buf[n])
}

//go:noinline
func fill(buf []byte, b byte) {
	for i := range buf {
		buf[i] = b
	}
}

//go:noinline
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

// Never returns.
//
//go:noinline
func fail(why string) { panic("zoo: " + why) }

// Several returns.
//
//go:noinline
func classify(n int) string {
	switch {
	case n < 0:
		return "negative"
	case n == 0:
		return "zero"
	case fib(n) > 5:
		return "large"
	}
	return "small"
}

// Inlined into clampTwice and clampLoop.
func clamp(x, low, high int) int {
	if x < low {
		return low
	}
	if x > high {
		return high
	}
	return x
}

//go:noinline
func clampTwice(x int) int { return clamp(x, 0, 10) + clamp(x*2, -5, 5) }

//go:noinline
func clampLoop(items []int) (sum int) {
	for _, x := range items {
		sum += clamp(x, 1, 3)
	}
	return sum
}

// Inlined everywhere, so that it has no code of its own.
func double(x int) int { return x + x }

// Returns normally after a panic in what it calls.
//
//go:noinline
func recovers(why string) (got string) {
	defer func() {
		if r := recover(); r != nil {
			got = r.(string)
		}
	}()
	fail(why)
	return "not reached"
}

//go:noinline
func deferLoop(n int) (sum int) {
	for i := 0; i < n; i++ {
		defer func(i int) { sum += i }(i)
	}
	return 0
}

// The closure that it gives captures x by value and calls by reference.
//
//go:noinline
func makeAdder(x int, calls *int) func(int) int {
	total := 0
	return func(y int) int {
		*calls++
		total += y
		return x + total
	}
}

// A local variable in a register, one that escapes, one on the stack.
//
//go:noinline
func locals(n int) int {
	count := n * 7
	escaping := new(int)
	*escaping = count
	keep = escaping
	var table [4]int
	for i := range table {
		table[i] = leaf(i + count)
	}
	name := classify(count)
	return table[n&3] + len(name) + *escaping
}

var keep *int

//go:noinline
func worker(in <-chan int, out chan<- int) {
	for x := range in {
		out <- double(x)
	}
	close(out)
}
