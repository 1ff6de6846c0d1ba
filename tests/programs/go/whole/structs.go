// SPDX-License-Identifier: Apache-2.0

package main

type Point struct{ X, Y int }

type small struct {
	a int8
	b string
	c *Point
}

type Base struct {
	ID    int
	notes []string
}

type Mixed struct {
	Base
	*Point
	Name   Name
	Color  Color
	inner  small
	anon   struct{ A, B int }
	_      int
	Empty  struct{}
	Holes  [0]int64
	Chars  [4]byte
	Ints   []int
	byName map[string]int
	any    interface{}
	run    func(int) int
	done   chan struct{}
}

type Nothing struct{}

type Wrapped struct{ p *Point }

//go:noinline
func point(x Point) { use(&x) }

//go:noinline
func smallOne(x small) { use(&x) }

//go:noinline
func mixed(x Mixed) { use(&x) }

//go:noinline
func mixedPointer(x *Mixed) { use(&x) }

//go:noinline
func unnamed(x struct {
	A int
	b []string
}) {
	use(&x)
}

//go:noinline
func nothing(x *Nothing) { use(&x) }

//go:noinline
func wrapped(x Wrapped) { use(&x) }

// as: args
//
//go:noinline
func several(p *Point, q Point, list []int, none *Point, key string, e error) {
	use(p, q, list, none, key, e)
}

func double(n int) int { return 2 * n }

func structs() {
	for _, x := range []Point{{1, 2}, {0, -1}, {}} {
		say("point", &x)
		point(x)
	}
	for _, x := range []small{{1, "b", &Point{3, 4}}, {b: "only"}, {c: &Point{}}} {
		say("smallOne", &x)
		smallOne(x)
	}
	m := Mixed{
		Base: Base{7, []string{"n", ""}}, Point: &Point{0, 5}, Name: "name", Color: 2, inner: small{a: -1},
		anon: struct{ A, B int }{0, 1}, Chars: [4]byte{'a', 'b', 'c', 'd'}, Ints: []int{}, byName: map[string]int{"one": 1},
		any: Point{8, 9}, run: double, done: make(chan struct{}),
	}
	m.Empty, m.Holes = struct{}{}, [0]int64{}
	say("mixed", &m)
	mixed(m)
	for _, x := range []*Mixed{&m, {}, nil, {Point: &Point{}, any: 5}, {Name: "half", Base: Base{notes: []string{}}}} {
		say("mixedPointer", &x)
		mixedPointer(x)
	}
	u := struct {
		A int
		b []string
	}{1, []string{"b"}}
	say("unnamed", &u)
	unnamed(u)
	n := &Nothing{}
	say("nothing", &n)
	nothing(n)
	w := Wrapped{&Point{1, 0}}
	say("wrapped", &w)
	wrapped(w)
	p, q, list, none, key, e := &Point{1, 2}, Point{}, []int(nil), (*Point)(nil), "user/7", error(nil)
	sayArgs("several", "p", &p, "q", &q, "list", &list, "none", &none, "key", &key, "e", &e)
	several(p, q, list, none, key, e)
}
