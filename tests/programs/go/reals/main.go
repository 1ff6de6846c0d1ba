// SPDX-License-Identifier: Apache-2.0

// Command reals passes numbers that are hard to print: floating point, complex, durations; and
// interfaces and functions. With an argument it prints what Go makes of them instead.
//
//	reals [print]
package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"time"
	"unsafe"
)

type Celsius float64

type Sample struct {
	F    float64
	S    float32
	C    complex128
	H    complex64
	D    time.Duration
	T    Celsius
	I    int64
	W    int64
	B    int8
	U    uint32
	Any  interface{}
	Err  error
	Call func(int) int
	Ds   []time.Duration
	At   [2]float64
	Name string
}

var seen int
var nowhere uintptr = 1 << 16

//go:noinline
func look(p *Sample) { seen++ }

//go:noinline
func inRegisters(x int, f float64, s float32) { seen++ }

//go:noinline
func next(x int) int { return x + 1 }

//go:noinline
func onStack(f [2]float64, n int) { seen++ }

// x's type is made while the program runs: no file has it.
//
//go:noinline
func madeUp(x interface{}) { seen++ }

//go:noinline
func measured(größe int, ñ *Maß) { seen++ }

type Maß struct{ Länge, 幅 int }

// p points to nothing.
//
//go:noinline
func lost(p *Sample) { seen++ }

type random uint64

func (r *random) next() uint64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return uint64(*r)
}

var special = []float64{
	0, math.Copysign(0, -1), 1, -1, 1.5, 0.1, 100, 123456, 999999, 1e6, 1234567, 123456789, 1e20,
	1e21, 1e22, 1e100, 0.0001, 0.00001, 5e-324, math.MaxFloat64, -math.MaxFloat64, math.MaxFloat32,
	math.SmallestNonzeroFloat32, math.Inf(1), math.Inf(-1), math.NaN(), math.Pi, 9007199254740993,
	9223372036854775807, -9223372036854775808, 9223372036854774784, 18446744073709551615, 127, 128,
	-128, -129, 4294967295, 4294967296, -0.5, 0.999999, 2.9999999999999996,
}

var durations = []time.Duration{
	0, 1, -1, 999, 1000, 1001, -3000, 999999, 1000000, 1500000, 999999999, 1000000000, 1500000000,
	59999999999, 60000000000, 3600000000000, 3720500000000, math.MaxInt64, math.MinInt64,
}

func values(i int, r *random) *Sample {
	p := &Sample{Ds: durations[:2], Name: text(i, r)}
	p.F = math.Float64frombits(r.next())
	p.S = math.Float32frombits(uint32(r.next()))
	p.D = time.Duration(int64(r.next()) >> (r.next() % 64))
	switch {
	case i < len(special):
		p.F = special[i]
		p.S = float32(special[i])
	case i%3 == 0: // a power of two
		p.F = math.Ldexp(1, int(r.next()%2098)-1074)
		p.S = float32(math.Ldexp(1, int(r.next()%277)-149))
	case i%3 == 1: // few digits
		p.F = float64(int64(r.next())>>(r.next()%64)) / 1000
		p.S = float32(p.F)
	}
	if i < len(durations) {
		p.D = durations[i]
	}
	p.C = complex(p.F, -p.F)
	p.H = complex(p.S, 1)
	p.T = Celsius(p.F)
	p.At = [2]float64{p.F, 2}
	p.Any, p.Err, p.Call = anything(i)
	p.I = whole(p.F, math.MinInt64, math.MaxInt64)
	p.W = whole(float64(p.S), math.MinInt64, math.MaxInt64)
	p.B = int8(whole(p.F, -128, 127))
	p.U = uint32(whole(p.F, 0, math.MaxUint32))
	return p
}

// What strconv.Quote treats in different ways; the last ones are no UTF-8.
var letters = []string{
	"a", "Z", " ", "0", "\"", "'", "\\", "\n", "\t", "\a", "\v", "\x00", "\x1b", "\u0085", "\u00a0",
	"\u00ad", "\u00e9", "\u03b1", "\u0627", "\u200b", "\u2028", "\u20ac", "\u3000", "\u4e16", "\ue000",
	"\ufeff", "\ufffd", "\uffff", "\U0001f600", "\U000e0001", "\U0010ffff", "\xff", "\xc3", "\xe2\x82",
	"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80",
}

func text(i int, r *random) string {
	s := ""
	for ; i%8 > 0; i-- {
		s += letters[r.next()%uint64(len(letters))]
	}
	return s
}

// f without its fraction, as near as there is one from low to high.
func whole(f float64, low, high int64) int64 {
	switch {
	case f != f:
		return 0
	case f >= float64(high):
		return high
	case f <= float64(low):
		return low
	}
	return int64(f)
}

type failure struct{ code int }

func (f failure) Error() string { return fmt.Sprint(f.code) }

func anything(i int) (interface{}, error, func(int) int) {
	switch i % 5 {
	case 0:
		return nil, nil, nil
	case 1:
		return i, errors.New("one"), next
	case 2:
		return "two", io.EOF, next
	case 3:
		return []string{"three"}, failure{3}, next
	}
	return Celsius(4), &os.PathError{Op: "open", Path: "/x", Err: io.EOF}, next
}

// As literals, and errors by their text.
func literals(any interface{}, err error) (string, string) {
	value, problem := fmt.Sprintf("%#v", any), "nil"
	switch any := any.(type) {
	case nil:
		value = "nil"
	case Celsius:
		value = fmt.Sprintf("%T(%v)", any, any)
	}
	switch e := err.(type) {
	case nil:
	case failure:
		problem = fmt.Sprintf("%#v", e)
		problem = strings.Replace(problem, ":", ": ", 1)
	case *os.PathError:
		problem = fmt.Sprintf("%T %q", e, e.Error())
	default:
		problem = fmt.Sprintf("error %q", e.Error())
	}
	return value, problem
}

func show(p *Sample) {
	called := "nil"
	if p.Call != nil {
		called = "main.next"
	}
	kind, problem := fmt.Sprintf("%T", p.Any), fmt.Sprintf("%T", p.Err)
	if p.Any == nil {
		kind = "nil"
	}
	if p.Err == nil {
		problem = "nil"
	}
	value, text := literals(p.Any, p.Err)
	fmt.Println(p.F, p.S, p.C, p.H, p.D, float64(p.T), p.I, p.W, p.B, p.U, kind, problem, value, text, called)
	fmt.Printf("%.3f|%12.2e|%-12g|%+G|%010.1f\n", p.F, p.F, p.S, p.S, p.F)
	fmt.Printf("%q|%12q|%-8q\n", p.Name, p.Name, p.Name)
	fmt.Println(p.F == p.At[1], p.F < 1.5, p.F <= 100, p.F > 0, p.F >= 1, p.F != p.At[0],
		p.S == 0, p.S < 0.25, p.C == p.C, p.H == complex(p.S, 1), p.Any == nil, p.Err != nil)
}

func main() {
	r := random(88172645463325252)
	for i := 0; i < 2000; i++ {
		p := values(i, &r)
		if len(os.Args) > 1 {
			show(p)
			continue
		}
		look(p)
		inRegisters(i, p.F, p.S)
		onStack(p.At, i)
		if i == 0 {
			madeUp(reflect.New(reflect.ArrayOf(7, reflect.TypeOf(p))).Elem().Interface())
			measured(7, &Maß{8, 9})
			lost((*Sample)(unsafe.Pointer(nowhere)))
		}
		if i%50 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}
