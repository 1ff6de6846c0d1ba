// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"unsafe"
)

type (
	Color uint8
	Level int32
	Ratio float64
	Flag  bool
	Name  string
)

// as: args
//
//go:noinline
func signed(a int, b int8, c int16, d int32, e int64, f rune) { use(a, b, c, d, e, f) }

// as: args
//
//go:noinline
func unsigned(a uint, b uint8, c uint16, d uint32, e uint64, f byte) { use(a, b, c, d, e, f) }

// as: args
//
//go:noinline
func truth(yes, no bool, flag Flag) { use(yes, no, flag) }

// as: args
//
//go:noinline
func named(c Color, l Level, n Name) { use(c, l, n) }

// as: args
//
//go:noinline
func word(u uintptr, zero uintptr, p, none unsafe.Pointer) { use(u, zero, p, none) }

type Numbers struct {
	F32  float32
	F64  float64
	C64  complex64
	C128 complex128
	R    Ratio
	I8   int8
	U64  uint64
	P    uintptr
}

//go:noinline
func numbers(x *Numbers) { use(&x) }

//go:noinline
func floats(x []float64) { use(&x) }

//go:noinline
func float32s(x []float32) { use(&x) }

//go:noinline
func complexes(x [3]complex128) { use(&x) }

//go:noinline
func floatPointer(x *float64) { use(&x) }

func scalars() {
	for _, n := range []int{0, 1, -1, math.MaxInt64, math.MinInt64} {
		a, b, c, d, e, f := n, int8(n), int16(n), int32(n), int64(n), 'é'
		sayArgs("signed", "a", &a, "b", &b, "c", &c, "d", &d, "e", &e, "f", &f)
		signed(a, b, c, d, e, f)
	}
	for _, n := range []uint64{0, 200, math.MaxUint64} {
		a, b, c, d, e, f := uint(n), uint8(n), uint16(n), uint32(n), n, byte('x')
		sayArgs("unsigned", "a", &a, "b", &b, "c", &c, "d", &d, "e", &e, "f", &f)
		unsigned(a, b, c, d, e, f)
	}
	yes, no, flag := true, false, Flag(true)
	sayArgs("truth", "yes", &yes, "no", &no, "flag", &flag)
	truth(yes, no, flag)
	color, level, name := Color(3), Level(-7), Name("a name")
	sayArgs("named", "c", &color, "l", &level, "n", &name)
	named(color, level, name)
	n, zero, p, none := uintptr(0xabc), uintptr(0), unsafe.Pointer(&uses), unsafe.Pointer(nil)
	sayArgs("word", "u", &n, "zero", &zero, "p", &p, "none", &none)
	word(n, zero, p, none)

	all := &Numbers{1.5, -2.25e-7, complex(1, -2), complex(0.5, 1e30), 0.1, -128, math.MaxUint64, 7}
	say("numbers", &all)
	numbers(all)
	all = &Numbers{F64: math.Copysign(0, -1)}
	say("numbers", &all)
	numbers(all)
	some := []float64{0, 1, 0.1, 1e6, 1e20, 1e21, 1e-4, 1e-5, math.Pi, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324}
	say("floats", &some)
	floats(some)
	small := []float32{0, 0.1, 3.4e38, 16777216, float32(math.Inf(-1))}
	say("float32s", &small)
	float32s(small)
	three := [3]complex128{1 + 2i, complex(math.NaN(), math.Inf(1)), 0}
	say("complexes", &three)
	complexes(three)
	half := 0.5
	at := &half
	say("floatPointer", &at)
	floatPointer(at)
}
