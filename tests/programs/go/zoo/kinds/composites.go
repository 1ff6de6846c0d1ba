// SPDX-License-Identifier: Apache-2.0

package kinds

import (
	"errors"
	"os"
	"time"
)

// args: s.ptr="seven b", s.len=7
// results: r0.ptr="even b", r0.len=6
//
//go:noinline
func String(s string) string { return s[1:] }

var Backing [9]int32

// args: s.ptr=&zoo/kinds.Backing, s.len=5, s.cap=7
// results: r0.ptr=&zoo/kinds.Backing, r0.len=2, r0.cap=3
//
//go:noinline
func Slice(s []int32) []int32 { return s[:2:3] }

// args: s.ptr=?, s.len=2, s.cap=2
// results: r0.ptr="two", r0.len=3
//
//go:noinline
func NamedSlice(s Names) string { return s[1] }

// args:
// results: r0=0x41
//
//go:noinline
func Array0(x [0]int) int { return 0x41 + len(x) }

// args: x[0]=0x4243
// results: r0[0]=0x4244
//
//go:noinline
func Array1(x [1]int) [1]int {
	x[0]++
	return x
}

// args: x[0]=0x4445, x[1]=0x4647
// results: r0[0]=0x4647, r0[1]=0x4445
//
//go:noinline
func Array2(x [2]int) [2]int { return [2]int{x[1], x[0]} }

// args: x[0][0]=0x48494a4b, y[0].ptr="in an array", y[0].len=11
// results: r0=0x48494a56
//
//go:noinline
func Array1Nested(x [1][1]int32, y [1]string) int32 { return x[0][0] + int32(len(y[0])) }

// The array of two goes to the stack, and the integers around it stay in registers.
// args: a=0x51, x[0]=0x52, x[1]=0x53, b=0x54
// results: r0=0x14a
//
//go:noinline
func ArrayBetween(a int, x [2]int, b int) int { return a + x[0] + x[1] + b }

type Empty struct{}

// args: y=0x61
// results: r0=0x62
//
//go:noinline
func EmptyStruct(x struct{}, e Empty, y int) int { return y + 1 }

type Point struct{ X, Y int32 }

type Rect struct {
	Min, Max Point
	Tag      string
}

// args: r.Min.X=1, r.Min.Y=2, r.Max.X=0x30, r.Max.Y=0x40, r.Tag.ptr="rect", r.Tag.len=4
// results: r0.X=0x2f, r0.Y=0x3e
//
//go:noinline
func Nested(r Rect) Point { return Point{r.Max.X - r.Min.X, r.Max.Y - r.Min.Y} }

type Mixed struct {
	A int8
	B int32
	C int16
	D string
	E bool
	F float32
	G int64
}

// args: m.A=-1, m.B=0x21222324, m.C=0x3132, m.D.ptr="mixed", m.D.len=5, m.E=1, m.F=f32:0.5, m.G=0x7172737475767778
// results: r0.A=-2, r0.B=0x21222324, r0.C=0x3132, r0.D.ptr="mixed", r0.D.len=5, r0.E=0, r0.F=f32:0.5, r0.G=0x7172737475767778
//
//go:noinline
func MixedStruct(m Mixed) Mixed {
	m.A--
	m.E = !m.E
	return m
}

type Gaps struct {
	A uint8
	_ [3]uint8
	_ int32
	B uint16
}

// A blank array of three makes the whole value go to the stack.
// args: g.A=0x81, g.B=0x8283
// results: r0=0x8304
//
//go:noinline
func GapsStruct(g Gaps) int { return int(g.A) + int(g.B) }

type Blanks struct {
	A uint8
	_ int32
	B uint16
}

// args: b.A=0x84, b.B=0x8586
// results: r0=0x860a
//
//go:noinline
func BlankFields(b Blanks) int { return int(b.A) + int(b.B) }

type Big struct{ A, B, C, D, E, F, G, H, I, J int }

// Ten words do not fit into nine registers: all of it goes to the stack, x does not.
// args: b.A=0x1, b.B=0x2, b.C=0x3, b.D=0x4, b.E=0x5, b.F=0x6, b.G=0x7, b.H=0x8, b.I=0x9, b.J=0xa, x=0xb
// results: r0=0x16
//
//go:noinline
func BigStruct(b Big, x int) int { return b.A + b.J + x }

// args: x=0xc
// results: r0.A=0xc, r0.B=0xd, r0.C=0, r0.D=0, r0.E=0, r0.F=0, r0.G=0, r0.H=0, r0.I=0, r0.J=0xe
//
//go:noinline
func BigResult(x int) Big { return Big{A: x, B: x + 1, J: x + 2} }

type Embeds struct {
	Point
	*Rect
}

var TheRect Rect

// args: e.Point.X=7, e.Point.Y=8, e.Rect=&zoo/kinds.TheRect
// results: r0=0xf
//
//go:noinline
func EmbeddedStruct(e Embeds) int32 { return e.X + e.Y + e.Tag0() }

// Tag0 is 0 for a rectangle without a tag.
func (r *Rect) Tag0() int32 { return int32(len(r.Tag)) }

// args: m=?
// results: r0=0x91
//
//go:noinline
func Map(m map[string]int) int { return m["one"] }

// args: c=?
// results: r0=3
//
//go:noinline
func Chan(c chan int32) int { return cap(c) }

// args: c=?
// results: r0=0xa1
//
//go:noinline
func ReceiveChan(c <-chan uint8) uint8 { return <-c }

// args: f=?
// results: r0=0x93
//
//go:noinline
func Func(f func(int) int) int { return f(0x92) }

// args: h=?
// results: r0=?
//
//go:noinline
func NamedFunc(h Handler) Handler { return h }

// args: x.type=?, x.data=&zoo/kinds.Target
// results: r0=1
//
//go:noinline
func Eface(x interface{}) bool {
	_, ok := x.(*int)
	return ok
}

type Shape interface{ Area() int64 }

// args: s.tab=?, s.data=&zoo/kinds.TheSquare
// results: r0=0x51
//
//go:noinline
func Iface(s Shape) int64 { return s.Area() }

var ErrOdd = errors.New("odd")

// args: err.tab=?, err.data=?, none.tab=0, none.data=0
// results: r0.tab=0, r0.data=0
//
//go:noinline
func Errors(err, none error) error {
	if err == nil {
		return err
	}
	return none
}

// args: x=0xb1, rest.ptr=?, rest.len=3, rest.cap=3
// results: r0=0xb4
//
//go:noinline
func Variadic(x int, rest ...string) int { return x + len(rest) }

// args: x=0xb5, rest.ptr=0, rest.len=0, rest.cap=0
// results: r0=0xb5
//
//go:noinline
func VariadicNone(x int, rest ...interface{}) int { return x + len(rest) }

// args: d=1500000000, at.wall=?, at.ext=?, at.loc=0, f=0
// results: r0=1
//
//go:noinline
func Std(d time.Duration, at time.Time, f *os.File) bool {
	return d > time.Second && !at.IsZero() && f == nil
}
