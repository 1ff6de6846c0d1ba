// SPDX-License-Identifier: Apache-2.0

// Interfaces and funcs among other fields, pointers to what has items, values of no size and numbers
// that C reads another way.
package main

import (
	"errors"
	"os"
	"time"
	"unsafe"
)

type MyErr struct {
	Code int
	Text string
}

func (e *MyErr) Error() string { return e.Text }

type Plain int

func (p Plain) Error() string { return "plain" }

type Both struct {
	E error
	F func()
}

type Timed struct {
	E error
	D time.Duration
}

type Outer struct {
	N  int32
	In Timed
	A  [2]interface{}
}

type Embeds struct {
	error
	N int
}

//go:noinline
func structs(b Both, t Timed, o *Outer, e Embeds) int { return int(t.D) + int(o.N) + e.N }

//go:noinline
func arrays(a [2]error, p *[2]error, b *[3]Timed) int { return len(a) + len(p) + len(b) }

// As many names as are read for one value, and one more.
type Many struct {
	A [126]error
	B [2]func()
}

type TooMany struct {
	A [2]interface{}
	B [2]error
	C [125]func()
}

//go:noinline
func many(m *Many, t *TooMany) int { return len(m.A) + len(t.A) }

//go:noinline
func back(n int) (t Timed, err error) { return Timed{&MyErr{Code: n}, time.Second}, Plain(n) }

//go:noinline
func casts(e error, p error, i interface{}) bool { return e != p }

//go:noinline
func pointers(c *string, d *[]int, f *Outer, g *[3]int, n *int, m map[string]int) int {
	return len(*c) + len(*d) + int(f.N) + len(g) + *n + len(m)
}

//go:noinline
func numbers(a uint8, b uint16, c uint32, d uint64, e uintptr, s int32, u *uint32) bool {
	return uint64(a)+uint64(b)+uint64(c) == d+uint64(e)+uint64(*u)+uint64(s)
}

//go:noinline
func runes(r rune, s []rune, b byte) bool { return r == s[0] && b != 0 }

type Empty struct{}

// With fields of no size between others.
type Holes struct {
	A int32
	B [0]int64
	C struct{}
	D error
	E string
	F Empty
}

//go:noinline
func holes(h Holes, p *Holes) int { return int(h.A + p.A) }

//go:noinline
func empties(n int, a [0]int, s struct{}, e Empty, p *[0]int, l []struct{}) int {
	return n + len(a) + len(p) + len(l)
}

//go:noinline
func slices(a []int, odd []int) int { return len(a) }

func main() {
	mine := &MyErr{42, "mine"}
	o := &Outer{7, Timed{os.ErrNotExist, 2}, [2]interface{}{nil, "text"}}
	structs(Both{mine, main}, Timed{mine, 1}, o, Embeds{Plain(3), 4})
	arrays([2]error{nil, mine}, &[2]error{errors.New("x"), nil}, &[3]Timed{1: {Plain(1), 5}})
	many(&Many{A: [126]error{1: mine, 125: Plain(1)}, B: [2]func(){main}}, &TooMany{A: [2]interface{}{1, nil}})
	back(5)
	casts(mine, Plain(9), MyErr{43, "value"})

	text, list, n := "text", []int{10, 11, 12}, 9
	pointers(&text, &list, o, &[3]int{20, 21, 22}, &n, map[string]int{"a": 1})
	most := ^uint32(0)
	numbers(255, 65535, most, ^uint64(0), ^uintptr(0), -1, &most)
	runes('é', []rune{'世', 'A', 0x1f600, 0xd800, -1}, 0xe9)
	empties(1, [0]int{}, struct{}{}, Empty{}, &[0]int{}, make([]struct{}, 3))

	h := Holes{A: 1, D: Plain(2), E: "end"}
	holes(h, &h)

	odd := struct{ p, n, m uintptr }{uintptr(unsafe.Pointer(&n)), 5, 2}
	slices(list, *(*[]int)(unsafe.Pointer(&odd)))
}
