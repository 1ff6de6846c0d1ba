// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"
	"unsafe"
)

// in: "%d %d %d %d %d", args.a, args.b, args.c, args.d, args.e
// out: "%d", retval
//
//go:noinline
func ints(a int8, b int16, c int32, d int64, e int) int8 {
	sink += int(b) + int(c) + int(d) + e
	return a - 1
}

// in: "%u %u %u %u %u %u", args.a, args.b, args.c, args.d, args.e, args.f
// out: "%u %u", retval.0, retval.1
//
//go:noinline
func uints(a uint8, b uint16, c uint32, d uint64, e uint, f uintptr) (uint8, uint64) {
	sink += int(b) + int(c) + int(e) + int(f)
	return a + 1, d - 1
}

// in: "%s %s %d", args.yes, args.no, args.yes
// out: "%s %s", retval.0, retval.1
//
//go:noinline
func bools(yes, no bool) (bool, bool) { return no, yes }

// The text does not fit into the last register, so it is on the stack.
//
// in: "%d %d %d %d %d %d %d %d %s", args.a, args.b, args.c, args.d, args.e, args.f, args.g, args.h, args.s
// out: "%s %d", retval.0, retval.1
//
//go:noinline
func nine(a, b, c, d, e, f, g, h int, s string) (string, int) {
	return s[1:], a + b + c + d + e + f + g + h
}

// Versions before keep no record of so many parameters, so that some places are not known there.
//
// from: 1.22
// in: "%d %d %d %d %d %d %d %d %d %d %d %s", args.a, args.b, args.c, args.d, args.e, args.f, args.g, args.h, args.i, args.j, args.k, args.s
// out: "%d %d %d %d %d %d %d %d %d %d %s", retval.0, retval.1, retval.2, retval.3, retval.4, retval.5, retval.6, retval.7, retval.8, retval.9, retval.10
//
//go:noinline
func many(a, b, c, d, e, f, g, h, i, j, k int, s string) (int, int, int, int, int, int, int, int, int, int, string) {
	return k, j, i, h, g, f, e, d, c, b, s[1:]
}

// in: "%d", args.n
// out: "%d %s %d", retval.sum, retval.text, retval.2
//
//go:noinline
func namedResults(n int) (sum int, text string, _ int8) {
	sum = n * 2
	text = "sum"
	return sum, text, -3
}

// in: "%d %s", args.n, args.s
//
//go:noinline
func noResult(n int, s string) { sink += n + len(s) }

// out: "%d", retval
//
//go:noinline
func noArgument() int { return 77 }

type (
	celsius float64
	weekday uint8
	level   int32
	label   string
	names   []string
)

// in: "%d %d %s %d %s", args.day, args.l, args.name, len(args.list), args.list[1]
// out: "%d %s", retval.0, retval.1
//
//go:noinline
func named(day weekday, l level, name label, list names) (level, label) {
	return l - level(day), name + "!"
}

// in: "%s %s", args.d, args.zero
// out: "%s", retval
//
//go:noinline
func durations(d, zero time.Duration) time.Duration { return d * 7 }

// in: "%d %d", args.a, args.b
// out: "%d", retval
//
//go:noinline
func blanks(_ int, a int32, _ string, b int64) int64 { return int64(a) + b }

type readings struct {
	f32  float32
	f64  float64
	c64  complex64
	c128 complex128
	deg  celsius
}

// in: "%f %f %f", args.r.f32, args.r.f64, args.r.deg
// out: "%f %f", retval.f64, retval.f32
//
//go:noinline
func floats(r *readings) *readings {
	return &readings{f64: r.f64 * 2, f32: r.f32 / 4}
}

// in: "%s %s", args.r.c64, args.r.c128
//
//go:noinline
func complexes(r *readings) { sink += int(r.f64) }

// in: "%f %f %d", args.list[0], args.list[2], len(args.list)
// out: "%f", retval[1]
//
//go:noinline
func floatList(list []float64) []float64 { return list[1:] }

var (
	sink   int
	target = 0x5152
)

// in: "%d %d", *args.p, **args.q
// out: "%d", *retval
//
//go:noinline
func pointers(p *int, q **int) *int {
	*p += 1
	return *q
}

// in: "%d", args.p == 0
//
//go:noinline
func rawPointer(p unsafe.Pointer) { sink += int(*(*int)(p)) }

func numbers() {
	for _, v := range []int64{0, 5, -128, 127} {
		in("ints", int8(v), " ", int16(v*256), " ", int32(v<<24), " ", v<<55, " ", -int(v))
		out(ints(int8(v), int16(v*256), int32(v<<24), v<<55, -int(v)))
	}
	for _, v := range []uint64{0, 1, 255} {
		d := v << 56
		in("uints", uint8(v), " ", uint16(v<<8), " ", uint32(v<<24), " ", d, " ", uint(v), " ", uintptr(v))
		a, b := uints(uint8(v), uint16(v<<8), uint32(v<<24), d, uint(v), uintptr(v))
		out(a, " ", b)
	}
	in("bools", true, " ", false, " ", 1)
	b1, b2 := bools(true, false)
	out(b1, " ", b2)

	in("nine", "1 2 3 4 5 6 7 8 ninth")
	text9, sum9 := nine(1, 2, 3, 4, 5, 6, 7, 8, "ninth")
	out(text9, " ", sum9)
	in("many", "1 2 3 4 5 6 7 8 9 10 11 twelve")
	a, b, c, d, e, f, g, h, i, j, s := many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "twelve")
	out(a, " ", b, " ", c, " ", d, " ", e, " ", f, " ", g, " ", h, " ", i, " ", j, " ", s)

	in("namedResults", 21)
	sum, word, third := namedResults(21)
	out(sum, " ", word, " ", third)
	in("noResult", 3, " ", "nothing back")
	noResult(3, "nothing back")
	say(said)
	current = "noArgument"
	n := noArgument()
	say("noArgument > " + text([]interface{}{n}))

	in("named", "6 -40 name 2 second")
	l, t := named(6, -40, "name", names{"first", "second"})
	out(int(l), " ", string(t))
	for _, v := range []time.Duration{0, 1, 1500, 2500 * time.Microsecond, 90 * time.Second, -time.Hour} {
		in("durations", v, " ", time.Duration(0))
		out(durations(v, 0))
	}
	in("blanks", "-7 8000000000")
	out(blanks(1, -7, "blank", 8000000000))

	r := &readings{1.5, -2.25, complex(0.5, -1), complex(-3.25, 0), 36.6}
	in("floats", r.f32, " ", r.f64, " ", float64(r.deg))
	got := floats(r)
	out(got.f64, " ", got.f32)
	in("complexes", "(0.5-1i) (-3.25+0i)")
	complexes(r)
	say(said)
	in("floatList", "0.125000 -1000000000.000000 3")
	list := []float64{0.125, 2.5, -1e9}
	out(floatList(list)[1])

	x, y := 41, 42
	p := &y
	in("pointers", x, " ", y)
	out(*pointers(&x, &p))
	in("rawPointer", 0)
	rawPointer(unsafe.Pointer(&target))
	say(said)
}
