// SPDX-License-Identifier: Apache-2.0

package main

import "errors"

type grid [2][3]int16

type shelf struct {
	boxes  []parcel
	byName map[string]int
	owner  interface{}
	err    error
	check  func(int) bool
	queue  chan int
	last   *parcel
	grid   grid
	raw    [6]byte
	flags  [3]bool
	inline struct {
		a int8
		b string
	}
}

type parcel struct {
	names []string
	size  *point
	tags  [2]string
	level level
}

// Chains of several steps, through slices, arrays and pointers.
//
// in: "%s %d %s %d %d", args.s.boxes[1].names[0], args.s.boxes[0].size.y, args.s.last.tags[1], args.s.boxes[0].level, len(args.s.boxes[1].names)
// out: "%s", retval.names[0]
//
//go:noinline
func steps(s *shelf) *parcel { return &s.boxes[1] }

// in: "%d %d %d %d", args.s.grid[1][2], args.g[0][1], args.p[1][0], len(args.g)
// out: "%d", retval[0][2]
//
//go:noinline
func grids(s *shelf, g grid, p *grid) grid {
	g[0][2] = s.grid[0][0] + p[1][1]
	return g
}

// in: "%d %s %s %s %d %d %d", len(args.s.byName), args.s.owner, args.s.err, typename(args.s.err), args.s.err == nil, args.s.check == nil, cap(args.s.queue)
//
//go:noinline
func inside(s *shelf) { sink += len(s.boxes) }

// in: "%s %d %d %t %t", str(args.s.raw), args.s.raw[1], len(args.s.raw), args.s.flags[0], args.s.flags[2]
//
//go:noinline
func smallArrays(s *shelf) { sink += int(s.raw[0]) }

// in: "%d %s %d", args.s.inline.a, args.s.inline.b, args.v.n
// out: "%s", retval.text
//
//go:noinline
func unnamed(s *shelf, v struct {
	n    int
	text string
}) struct {
	text string
	n    int
} {
	return struct {
		text string
		n    int
	}{v.text + s.inline.b, v.n}
}

// in: "%d %d %d %s", args.lists[1][0], len(args.lists), len(args.lists[0]), args.texts[1][0]
// out: "%d", retval[0]
//
//go:noinline
func listOfLists(lists [][]int, texts [2][]string) []int { return lists[1] }

// in: "%d %d", args.r, args.b
// out: "%d", retval
//
//go:noinline
func runes(r rune, b byte) rune { return r + rune(b) }

// in: "%d %d %d", args.list[1].x, args.list[args.i].y, len(args.list)
// out: "%d", retval.y
//
//go:noinline
func pointerList(list []*point, i uint8) *point { return list[i] }

type stack struct {
	parcel
	*shelf
	error
}

// in: "%s %d %s %s %d", args.s.tags[0], args.s.boxes[0].size.x, args.s.error, args.s.shelf.err, args.s.level
//
//go:noinline
func embeddedDeep(s *stack) { sink += len(s.names) }

// in: "%d %d", args.in == nil, cap(args.out)
// out: "%d", retval == nil
//
//go:noinline
func directions(in <-chan int, out chan<- string) <-chan int { return in }

// in: "%d %d %d", args.a.x == args.b.x, args.s == args.t, args.s != args.t
//
//go:noinline
func equals(a, b point, s, t string) { sink += int(a.x+b.y+a.y+b.x) + len(s+t) }

// in: "%d %d %d", args.n + 1, args.n * args.m, -args.n
// out: "%d", retval.0 + retval.1
//
//go:noinline
func arithmetic(n int8, m int16) (int8, int16) { return n, m }

// Its result is set by what it defers.
//
// in: "%d", args.n
// out: "%d %s", retval.got, retval.err
//
//go:noinline
func deferred(n int) (got int, err error) {
	defer func() {
		if r := recover(); r != nil {
			got, err = n*2, errors.New("recovered")
		}
	}()
	if n > 1 {
		panic(n)
	}
	return n, nil
}

// in: "%d %s", args.depth, args.name
// out: "%s", retval
//
//go:noinline
func recursive(depth int, name string) string {
	if depth == 0 {
		return name
	}
	var pad [200]byte
	pad[depth] = name[0]
	return recursive(depth-1, name+string(rune('a'+depth)))[int(pad[0]):]
}

func deeper() {
	s := &shelf{
		boxes: []parcel{
			{names: []string{"x"}, size: &point{5, 6}, level: -3},
			{names: []string{"first", "second"}, tags: [2]string{"t0", "t1"}},
		},
		byName: map[string]int{"a": 1},
		owner:  point{},
		err:    errors.New("bad"),
		check:  func(int) bool { return true },
		queue:  make(chan int, 3),
		grid:   grid{{1, 2, 3}, {4, 5, -6}},
		raw:    [6]byte{'r', 'a', 'w', '6', '7', '8'},
		flags:  [3]bool{true, false, true},
	}
	s.last = &s.boxes[1]
	s.inline.a, s.inline.b = -8, "inline"
	in("steps", "first 6 t1 -3 2")
	out(steps(s).names[0])
	in("grids", "-6 8 10 2")
	out(grids(s, grid{{7, 8, 9}}, &grid{{}, {10, 11}})[0][2])
	in("inside", `1 main.point{} error "bad" *errors.errorString 0 0 3`)
	inside(s)
	say(said)
	in("smallArrays", "raw678 97 6 true true")
	smallArrays(s)
	say(said)
	in("unnamed", "-8 inline 9")
	out(unnamed(s, struct {
		n    int
		text string
	}{9, "un"}).text)
	in("listOfLists", "3 2 2 deep")
	out(listOfLists([][]int{{1, 2}, {3}}, [2][]string{nil, {"deep"}})[0])
	in("runes", '世', " ", 'b')
	out(runes('世', 'b'))
	in("pointerList", "3 4 2")
	out(pointerList([]*point{{1, 2}, {3, 4}}, 1).y)
	st := &stack{parcel{tags: [2]string{"e0"}, level: 77}, s, &myError{1}}
	in("embeddedDeep", `e0 5 &main.myError{code: 1} error "bad" 77`)
	embeddedDeep(st)
	say(said)
	in("directions", "1 4")
	out(bit(directions(nil, make(chan string, 4)) == nil))
	in("equals", "1 1 0")
	equals(point{1, 2}, point{1, 3}, "same", "same")
	say(said)
	in("equals", "0 0 1")
	equals(point{1, 2}, point{2, 2}, "some", "same")
	say(said)
	in("arithmetic", "8 2100 -7")
	arithmetic(7, 300)
	out(307)
	for n := 0; n < 3; n++ {
		in("deferred", n)
		got, err := deferred(n)
		what := "nil"
		if err != nil {
			what = `error "recovered"`
		}
		out(got, " ", what)
	}
	calls := []string{"2 r", "1 rc", "0 rcb"}
	for _, c := range calls {
		say("recursive < " + c)
	}
	result := recursive(2, "r")
	for i := range calls {
		say("recursive = " + calls[2-i])
		say("recursive > " + result)
	}
}
