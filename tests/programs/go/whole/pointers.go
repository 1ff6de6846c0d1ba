// SPDX-License-Identifier: Apache-2.0

package main

type Node struct {
	N    int
	Next *Node
}

type Both struct {
	Name       string
	Prev, Next *Both
}

type Self struct{ Me *Self }

type Tree struct {
	Left, Right *Tree
	V           int
}

type Graph struct {
	Name  string
	Edges []*Graph
	By    map[string]*Graph
}

//go:noinline
func intPointer(x *int) { use(&x) }

//go:noinline
func textPointer(x *string) { use(&x) }

//go:noinline
func namePointer(x *Name) { use(&x) }

//go:noinline
func listPointer(x *[]int) { use(&x) }

//go:noinline
func arrayPointer(x *[3]int) { use(&x) }

//go:noinline
func mapPointer(x *map[string]int) { use(&x) }

//go:noinline
func bytesPointer(x *[]byte) { use(&x) }

//go:noinline
func twice(x **Point) { use(&x) }

//go:noinline
func thrice(x ***int) { use(&x) }

//go:noinline
func fourTimes(x ****int) { use(&x) }

//go:noinline
func chain(x *Node) { use(&x) }

//go:noinline
func self(x *Self) { use(&x) }

//go:noinline
func ring(x *Both) { use(&x) }

//go:noinline
func tree(x *Tree) { use(&x) }

//go:noinline
func graph(x *Graph) { use(&x) }

//go:noinline
func funcPointer(x *func(int) int) { use(&x) }

func chainOf(n int) *Node {
	var first *Node
	for ; n > 0; n-- {
		first = &Node{n, first}
	}
	return first
}

func ringOf(names ...string) *Both {
	first := &Both{Name: names[0]}
	last := first
	for _, name := range names[1:] {
		last.Next = &Both{Name: name, Prev: last}
		last = last.Next
	}
	last.Next, first.Prev = first, last
	return first
}

func pointers() {
	five, text, name, list := 5, "text", Name("name"), []int{1, 2}
	for _, x := range []*int{&five, nil} {
		say("intPointer", &x)
		intPointer(x)
	}
	tp := &text
	say("textPointer", &tp)
	textPointer(tp)
	np := &name
	say("namePointer", &np)
	namePointer(np)
	lp := &list
	say("listPointer", &lp)
	listPointer(lp)
	none := []int(nil)
	lp = &none
	say("listPointer", &lp)
	listPointer(lp)
	ap := &[3]int{1, 0, 3}
	say("arrayPointer", &ap)
	arrayPointer(ap)
	mp := &map[string]int{"a": 1}
	say("mapPointer", &mp)
	mapPointer(mp)
	bp := &[]byte{'o', 'k'}
	say("bytesPointer", &bp)
	bytesPointer(bp)
	p := &Point{1, 2}
	pp := &p
	say("twice", &pp)
	twice(pp)
	p = nil
	say("twice", &pp)
	twice(pp)
	at := &five
	at2 := &at
	at3 := &at2
	at4 := &at3
	say("thrice", &at3)
	thrice(at3)
	say("fourTimes", &at4)
	fourTimes(at4)

	for _, n := range []int{1, 3, 4, 20} {
		x := chainOf(n)
		say("chain", &x)
		chain(x)
	}
	loop := chainOf(3)
	loop.Next.Next.Next = loop
	say("chain", &loop)
	chain(loop)
	loop = chainOf(3)
	loop.Next.Next.Next = loop.Next
	say("chain", &loop)
	chain(loop)
	me := &Self{}
	me.Me = me
	say("self", &me)
	self(me)
	for _, x := range []*Both{ringOf("one"), ringOf("a", "b"), ringOf("a", "b", "c", "d", "e"), ringOf("1", "2", "3", "4", "5", "6", "7", "8")} {
		say("ring", &x)
		ring(x)
	}
	leaf := &Tree{V: 1}
	// The same leaf twice is no cycle.
	t := &Tree{&Tree{leaf, leaf, 2}, &Tree{nil, &Tree{nil, leaf, 3}, 4}, 5}
	say("tree", &t)
	tree(t)
	g := &Graph{Name: "g"}
	h := &Graph{"h", []*Graph{g}, nil}
	g.Edges = []*Graph{h, g, nil}
	say("graph", &g)
	graph(g)
	g.Edges, g.By, h.Edges = nil, map[string]*Graph{"g": g, "h": h}, nil
	say("graph", &g)
	graph(g)
	f := double
	fp := &f
	say("funcPointer", &fp)
	funcPointer(fp)
}
