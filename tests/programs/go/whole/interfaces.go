// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"
	"unsafe"
)

type Shape interface{ Area() int }

type Square struct{ Side int }

func (s Square) Area() int { return s.Side * s.Side }

type Circle struct{ R *int }

func (c *Circle) Area() int { return 3 * *c.R }

// Pointer-shaped: an interface has the value itself.
type Handle struct{ p *Point }

func (h Handle) Area() int { return h.p.X }

type Unit struct{}

func (Unit) Area() int { return 0 }

type Side int

func (s Side) Area() int { return int(s) }

type Message struct {
	Kind    string
	Payload interface{}
	Shape   Shape
	Extra   map[string]interface{}
	List    []interface{}
}

//go:noinline
func anything(x interface{}) { use(&x) }

//go:noinline
func shape(x Shape) { use(&x) }

//go:noinline
func anyList(x []interface{}) { use(&x) }

//go:noinline
func shapes(x []Shape) { use(&x) }

//go:noinline
func anyMap(x map[string]interface{}) { use(&x) }

//go:noinline
func message(x *Message) { use(&x) }

//go:noinline
func anyPointer(x *interface{}) { use(&x) }

func interfaces() {
	seven, text := 7, "text"
	var nilInts []int
	var nilMap map[string]int
	var nilPoint *Point
	var nilFunc func()
	var nilChan chan int
	all := []interface{}{
		nil, true, 5, int8(-8), int16(16), int32(-32), int64(64), uint(1), uint8(8), uint16(16), uint32(32), uint64(64),
		uintptr(1), float32(0.5), 1.5, complex64(1 + 2i), 3 - 4i, "text", "", 'r', byte(255), 0, 1000000,
		Color(2), Level(-3), Ratio(0.25), Flag(true), Name("name"),
		Point{1, 2}, &Point{3, 4}, Point{}, &Point{}, &seven, &text, Nothing{}, struct{}{}, struct{ A, B int }{1, 2},
		Handle{&Point{5, 6}}, [1]*Point{{7, 8}}, [2]int{1, 2}, [0]int{}, [3]byte{'a', 'b', 'c'},
		[]int{1, 2}, []int{}, []byte("bytes"), []byte{0xff}, []string{"a"}, Names{"n"}, Blob("blob"), []Point{{1, 1}, {}},
		map[string]int{"k": 1}, map[string]int{}, nilInts, nilMap, nilPoint, nilFunc, nilChan,
		double, make(chan int, 3), time.Second, unsafe.Pointer(&seven), unsafe.Pointer(nil),
	}
	for _, x := range all {
		say("anything", &x)
		anything(x)
	}
	var none *Circle
	for _, x := range []Shape{nil, Square{3}, &Square{4}, &Circle{&seven}, none, Handle{&Point{1, 1}}, Unit{}, &Unit{}, Side(9)} {
		say("shape", &x)
		shape(x)
	}
	some := []interface{}{1, "two", nil, 3.5, Point{4, 4}, &Point{5, 5}, []int{6}, map[int]string{7: "7"}, Color(8)}
	say("anyList", &some)
	anyList(some)
	several := []Shape{Square{1}, nil, &Square{2}, Side(3)}
	say("shapes", &several)
	shapes(several)
	dict := map[string]interface{}{"a": 1, "b": "two", "c": nil, "d": []interface{}{1, "x"}, "e": Point{1, 0}, "f": true}
	say("anyMap", &dict)
	anyMap(dict)
	for _, x := range []*Message{
		{}, {"a", 5, Square{2}, map[string]interface{}{"k": "v", "n": 1}, []interface{}{nil, "x"}},
		{"b", &Point{1, 2}, &Square{3}, nil, nil}, {Payload: none, Shape: none},
	} {
		say("message", &x)
		message(x)
	}
	var inside interface{} = Color(4)
	ip := &inside
	say("anyPointer", &ip)
	anyPointer(ip)
}
