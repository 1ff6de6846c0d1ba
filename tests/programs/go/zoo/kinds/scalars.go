// SPDX-License-Identifier: Apache-2.0

// Package kinds has a function for each kind of argument and result. Each is called exactly once
// with the values that its comment lists, word by word: of an argument what stands there at entry,
// of a result what stands there at the return.
//
//	0x12, -5     an integer, as wide as its type
//	f32:1.5      the bits of a float
//	"text"       the address of that text
//	&name        the address of that symbol
//	?            some address, not zero
package kinds

import "unsafe"

// args: x=1
// results: r0=0
//
//go:noinline
func Bool(x bool) bool { return !x }

// args: x=-18
// results: r0=-17
//
//go:noinline
func Int8(x int8) int8 { return x + 1 }

// args: x=0x1122
// results: r0=0x1123
//
//go:noinline
func Int16(x int16) int16 { return x + 1 }

// args: x=0x11223344
// results: r0=0x11223345
//
//go:noinline
func Int32(x int32) int32 { return x + 1 }

// args: x=0x1122334455667788
// results: r0=0x1122334455667789
//
//go:noinline
func Int64(x int64) int64 { return x + 1 }

// args: x=-2
// results: r0=-1
//
//go:noinline
func Int(x int) int { return x + 1 }

// args: x=0xf1
// results: r0=0xf2
//
//go:noinline
func Uint8(x uint8) uint8 { return x + 1 }

// args: x=0xf1f2
// results: r0=0xf1f3
//
//go:noinline
func Uint16(x uint16) uint16 { return x + 1 }

// args: x=0xf1f2f3f4
// results: r0=0xf1f2f3f5
//
//go:noinline
func Uint32(x uint32) uint32 { return x + 1 }

// args: x=0xf1f2f3f4f5f6f7f8
// results: r0=0xf1f2f3f4f5f6f7f9
//
//go:noinline
func Uint64(x uint64) uint64 { return x + 1 }

// args: x=0x2122232425262728
// results: r0=0x2122232425262729
//
//go:noinline
func Uint(x uint) uint { return x + 1 }

// args: x=0x3132333435363738
// results: r0=0x3132333435363739
//
//go:noinline
func Uintptr(x uintptr) uintptr { return x + 1 }

// args: x=f32:1.5
// results: r0=f32:3.0
//
//go:noinline
func Float32(x float32) float32 { return x * 2 }

// args: x=f64:-2.25
// results: r0=f64:-4.5
//
//go:noinline
func Float64(x float64) float64 { return x * 2 }

// args: x.real=f32:1.5, x.imag=f32:-2.5
// results: r0.real=f32:2.5, r0.imag=f32:-2.5
//
//go:noinline
func Complex64(x complex64) complex64 { return x + 1 }

// args: x.real=f64:10.5, x.imag=f64:-20.5
// results: r0.real=f64:11.5, r0.imag=f64:-20.5
//
//go:noinline
func Complex128(x complex128) complex128 { return x + 1 }

type (
	Celsius float64
	Weekday uint8
	Names   []string
	Handler func(int) int
	Alias   = int16
)

// args: temp=f64:36.6, day=5, alias=0x1213
// results: r0=f64:41.6
//
//go:noinline
func Named(temp Celsius, day Weekday, alias Alias) Celsius {
	if alias == 0 {
		return 0
	}
	return temp + Celsius(day)
}

var Target, Other int = 0x5152, 0x6162

// args: p=&zoo/kinds.Target
// results: r0=&zoo/kinds.Other
//
//go:noinline
func Pointer(p *int) *int {
	*p++
	return &Other
}

// args: p=&zoo/kinds.Target, q=&zoo/kinds.Ref
// results: r0=&zoo/kinds.Target
//
//go:noinline
func Pointers(p unsafe.Pointer, q **int) *int {
	*q = (*int)(p)
	return *q
}

var Ref *int
