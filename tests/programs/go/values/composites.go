// SPDX-License-Identifier: Apache-2.0

package main

import "errors"

type point struct{ x, y int32 }

type rect struct {
	min, max point
	tag      string
}

// in: "%d %d %d %d %s", args.r.min.x, args.r.min.y, args.r.max.x, args.r.max.y, args.r.tag
// out: "%d %d", retval.x, retval.y
//
//go:noinline
func nestedStruct(r rect) point { return point{r.max.x - r.min.x, r.max.y - r.min.y} }

// Padding behind each of the small fields.
type padded struct {
	a int8
	b int32
	c int16
	d string
	e bool
	f int64
	_ int16
	g uint8
}

// in: "%d %d %d %s %s %d %d", args.p.a, args.p.b, args.p.c, args.p.d, args.p.e, args.p.f, args.p.g
// out: "%d %d %d %s %s %d %d", retval.a, retval.b, retval.c, retval.d, retval.e, retval.f, retval.g
//
//go:noinline
func padding(p padded) padded {
	p.a--
	p.e = !p.e
	p.g++
	return p
}

// in: "%d %d", args.p.b, args.p.g
// out: "%s", retval
//
//go:noinline
func paddingInMemory(p *padded) string { return p.d }

// in: "%d", args.n
// out: "%d", retval
//
//go:noinline
func arrayOfNone(a [0]int, n int) int { return n + len(a) }

// in: "%d", args.a[0]
// out: "%d", retval[0]
//
//go:noinline
func arrayOfOne(a [1]int) [1]int { return [1]int{a[0] + 1} }

// in: "%d %d %d %d %d", args.before, args.a[0], args.a[1], len(args.a), args.behind
// out: "%d %d", retval[0], retval[1]
//
//go:noinline
func arrayOfTwo(before int, a [2]int, behind int) [2]int { return [2]int{a[1], a[0] + behind} }

// in: "%d %s %s", args.a[0][1], args.b[0], args.b[1]
//
//go:noinline
func arrays(a [2][2]int8, b [2]string) { sink += int(a[1][1]) + len(b[0]) }

type base struct {
	id   int
	name string
}

type middleOne struct {
	*base
	size int16
}

type top struct {
	flag bool
	point
	middleOne
	extra *rect
}

// Fields of what is embedded, by value and by pointer.
//
// in: "%d %d %d %s %d", args.t.x, args.t.y, args.t.id, args.t.name, args.t.size
// out: "%d %d", retval.id, retval.point.y
//
//go:noinline
func embedded(t top) *top { return &t }

// in: "%d %s %d %s %d", args.t.x, args.t.name, args.t.base.id, args.t.extra.tag, args.t.extra.max.y
// out: "%s", retval.name
//
//go:noinline
func embeddedInMemory(t *top) *base { return t.base }

type link struct {
	value int
	name  string
	next  *link
}

// in: "%d %s %s %d", args.l.value, args.l.next.name, args.l.next.next.name, args.l.next.next.next == nil
// out: "%s", retval.next.name
//
//go:noinline
func chained(l *link) *link {
	l.name = "changed"
	return l.next
}

// in: "%s %d", args.p.name, args.p.value
//
//go:noinline
func twoPointers(p **link) { sink += (*p).value }

// in: "%d %d %d %d", args.p == nil, args.m == nil, args.c == nil, args.f == nil
// out: "%d", retval == nil
//
//go:noinline
func nils(p *link, m map[string]int, c chan int, f func()) *link { return p }

// in: "%d %d %d", len(args.m), len(args.c), cap(args.c)
// out: "%d", len(retval)
//
//go:noinline
func mapAndChan(m map[string]int, c chan int) map[string]int {
	m["more"] = 3
	return m
}

type myError struct{ code int }

func (e *myError) Error() string { return "my error" }

// in: "%d", args.way
// out: "%d %s %s", retval.err == nil, retval.err, typename(retval.err)
//
//go:noinline
func fails(way int) (n int, err error) {
	switch way {
	case 1:
		return 1, errors.New("one")
	case 2:
		return 2, &myError{2}
	}
	return 0, nil
}

// in: "%s %s %s %s %d", args.a, typename(args.a), args.b, typename(args.b), args.b == nil
// out: "%s %v", retval, typename(retval)
//
//go:noinline
func anything(a, b interface{}) interface{} { return b }

// in: "%s %d", args.f, args.f == nil
// out: "%s", retval
//
//go:noinline
func functions(f func() string) func() string { return f }

//go:noinline
func someText() string { return "some" }

func composites() {
	in("nestedStruct", "1 -2 30 40 rect")
	p := nestedStruct(rect{point{1, -2}, point{30, 40}, "rect"})
	out(p.x, " ", p.y)
	pad := padded{-1, 0x21222324, -2, "padded", true, -1 << 60, 0, 255}
	in("padding", pad.a, " ", pad.b, " ", pad.c, " ", pad.d, " ", pad.e, " ", pad.f, " ", pad.g)
	got := padding(pad)
	out(got.a, " ", got.b, " ", got.c, " ", got.d, " ", got.e, " ", got.f, " ", got.g)
	in("paddingInMemory", pad.b, " ", pad.g)
	out(paddingInMemory(&pad))

	in("arrayOfNone", 9)
	out(arrayOfNone([0]int{}, 9))
	in("arrayOfOne", -9)
	out(arrayOfOne([1]int{-9})[0])
	in("arrayOfTwo", "1 22 33 2 4")
	two := arrayOfTwo(1, [2]int{22, 33}, 4)
	out(two[0], " ", two[1])
	in("arrays", "-2 first second")
	arrays([2][2]int8{{1, -2}, {3, 4}}, [2]string{"first", "second"})
	say(said)

	t := top{true, point{3, 4}, middleOne{&base{5, "base"}, -6}, &rect{tag: "extra", max: point{7, 8}}}
	in("embedded", "3 4 5 base -6")
	tp := embedded(t)
	out(tp.id, " ", tp.y)
	in("embeddedInMemory", "3 base 5 extra 8")
	out(embeddedInMemory(&t).name)
	l := &link{1, "a", &link{2, "b", &link{3, "c", nil}}}
	in("chained", "1 b c 1")
	out(chained(l).next.name)
	in("twoPointers", "changed 1")
	twoPointers(&l)
	say(said)

	in("nils", "1 1 1 1")
	out(bit(nils(nil, nil, nil, nil) == nil))
	in("nils", "0 0 0 0")
	out(bit(nils(l, map[string]int{}, make(chan int), func() {}) == nil))
	c := make(chan int, 5)
	c <- 1
	c <- 2
	in("mapAndChan", "2 2 5")
	out(len(mapAndChan(map[string]int{"a": 1, "b": 2}, c)))
	for way, what := range []string{"1 nil nil", `0 error "one" *errors.errorString`, "0 &main.myError{code: 2} *main.myError"} {
		in("fails", way)
		fails(way)
		out(what)
	}
	links := `&main.link{value: 1, name: "changed", next: &main.link{value: 2, name: "b", next: ` +
		`&main.link{value: 3, name: "c"}}} *main.link`
	in("anything", "nil nil ", links, " 0")
	anything(nil, l)
	out(links)
	in("anything", "3 int nil nil 1")
	anything(3, nil)
	out("nil nil")
	in("anything", `"text" string main.point{} main.point 0`)
	anything("text", point{})
	out("main.point{} main.point")
	in("functions", "main.someText 0")
	functions(someText)
	out("main.someText")
	in("functions", "nil 1")
	functions(nil)
	out("nil")
}
