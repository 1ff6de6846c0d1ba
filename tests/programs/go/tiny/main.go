// SPDX-License-Identifier: Apache-2.0

// Command tiny is the smallest program that has everything once: for fuzzing.
package main

type pair struct {
	key   string
	value int
}

func inlined(n int) int { return n + 1 }

//go:noinline
func (p *pair) sum(more ...int) (total int) {
	for _, n := range more {
		total += inlined(n)
	}
	return total + p.value
}

func main() {
	p := &pair{"key", 1}
	defer func() { recover() }()
	if p.sum(2, 3) != 8 {
		panic(p.key)
	}
}
