// SPDX-License-Identifier: Apache-2.0

package main

type (
	Names []string
	Pair  [2]int
	Item  struct {
		ID   int
		Name string
		Tags []string
	}
	Rows []Item
)

//go:noinline
func ints(x []int) { use(&x) }

//go:noinline
func bools(x []bool) { use(&x) }

//go:noinline
func names(x Names) { use(&x) }

//go:noinline
func nested(x [][]int) { use(&x) }

//go:noinline
func deepList(x [][][][]int) { use(&x) }

//go:noinline
func items(x []Item) { use(&x) }

//go:noinline
func rows(x Rows) { use(&x) }

//go:noinline
func itemPointers(x []*Item) { use(&x) }

//go:noinline
func pairs(x []Pair) { use(&x) }

//go:noinline
func array(x [3]int) { use(&x) }

//go:noinline
func arrayOfLists(x *[2][]string) { use(&x) }

//go:noinline
func grid(x *[2][3]int16) { use(&x) }

//go:noinline
func noInts(x [0]int) { use(&x) }

//go:noinline
func nothings(x []struct{}) { use(&x) }

func numbersTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func lists() {
	for _, x := range [][]int{{1, -2, 3}, {}, nil, {0}, numbersTo(64), numbersTo(65), numbersTo(1000), numbersTo(10)[3:5]} {
		say("ints", &x)
		ints(x)
	}
	truths := []bool{true, false}
	say("bools", &truths)
	bools(truths)
	for _, x := range []Names{{"a", "b"}, {}, nil} {
		say("names", &x)
		names(x)
	}
	for _, x := range [][][]int{{{1, 2}, nil, {}, {3}}, {numbersTo(70)}, {}} {
		say("nested", &x)
		nested(x)
	}
	// One more than the depth.
	deep := [][][][]int{{{{1, 2}, {3}}, nil}, {}}
	say("deepList", &deep)
	deepList(deep)
	some := []Item{{1, "one", nil}, {}, {3, "", []string{"x", ""}}}
	say("items", &some)
	items(some)
	table := Rows(some)
	say("rows", &table)
	rows(table)
	ps := []*Item{&some[0], nil, &some[2], &some[0]}
	say("itemPointers", &ps)
	itemPointers(ps)
	two := []Pair{{1, 2}, {}}
	say("pairs", &two)
	pairs(two)
	three := [3]int{7, 0, 9}
	say("array", &three)
	array(three)
	of := &[2][]string{{"a"}, nil}
	say("arrayOfLists", &of)
	arrayOfLists(of)
	g := &[2][3]int16{{1, 2, 3}, {}}
	say("grid", &g)
	grid(g)
	none := [0]int{}
	say("noInts", &none)
	noInts(none)
	empty := make([]struct{}, 3)
	say("nothings", &empty)
	nothings(empty)
}
