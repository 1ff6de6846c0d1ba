// SPDX-License-Identifier: Apache-2.0

package main

//go:noinline
func keep(n int, s string) int { return n + len(s) }

//go:noinline
func summed(list []int, name string) int {
	total := 0
	for i, n := range list {
		square := n * n
		total += keep(square+i, name) // at: "%d %d %d", vars.i, vars.square, vars.total
	}
	label := name + "s"
	pair := pair{total, label}
	total += keep(pair.n, label) // at: "%d %s %d", vars.total, vars.label, len(vars.list)
	return total
}

func locals() {
	total := 0
	for i, n := range []int{3, 5} {
		at("summed.1", i, " ", n*n, " ", total)
		total += n*n + i + len("num")
	}
	at("summed.2", total, " nums 2")
	summed([]int{3, 5}, "num")
}
