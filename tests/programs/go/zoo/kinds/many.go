// SPDX-License-Identifier: Apache-2.0

package kinds

// args: a=1, b=2, c=3, d=4, e=5, f=6, g=7, h=8, i=9
// results: r0=45
//
//go:noinline
func NineInts(a, b, c, d, e, f, g, h, i int) int { return a + b + c + d + e + f + g + h + i }

// Two more than there are registers, on the stack; results have the registers for themselves.
// args: a=0x11, b=0x12, c=0x13, d=0x14, e=0x15, f=0x16, g=0x17, h=0x18, i=0x19, j=0x1a, k=0x1b
// results: r0=0x1b, r1=0x1a, r2=0x11
//
//go:noinline
func ElevenInts(a, b, c, d, e, f, g, h, i, j, k int) (int, int, int) {
	if b+c+d+e+f+g+h+i == 0 {
		return 0, 0, 0
	}
	return k, j, a
}

// The slice does not fit any more, the integer after it does.
// args: a.ptr="aaa", a.len=3, b.ptr="bbbb", b.len=4, c.ptr="ccccc", c.len=5, s.ptr=&zoo/kinds.Bytes, s.len=6, s.cap=8, x=0x21, y=0x22, z=0x23
// results: r0=0x78
//
//go:noinline
func StringsAndSlice(a, b, c string, s []byte, x, y int, z int16) int {
	return len(a) + len(b) + len(c) + len(s) + x + y + int(z)
}

var Bytes [8]byte

// Fifteen floats have registers.
// args: a=f64:1, b=f64:2, c=f64:3, d=f64:4, e=f64:5, f=f64:6, g=f64:7, h=f64:8, i=f64:9, j=f64:10, k=f64:11, l=f64:12, m=f64:13, n=f64:14, o=f64:15, p=f64:16, q=f32:17
// results: r0=f64:34
//
//go:noinline
func SeventeenFloats(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p float64, q float32) float64 {
	if b+c+d+e+f+g+h+i+j+k+l+m+n+o == 0 {
		return 0
	}
	return a + p + float64(q)
}

// args: a=1, x=f64:2.5, b=0x33, y=f32:4.5, s.ptr="mix", s.len=3, z.real=f32:5.5, z.imag=f32:6.5, c=0x77
// results: r0=f64:7.0, r1=0x33
//
//go:noinline
func IntsAndFloats(a bool, x float64, b int32, y float32, s string, z complex64, c uint8) (float64, int32) {
	if !a || len(s) == 0 || c == 0 || z == 0 {
		return 0, 0
	}
	return x + float64(y), b
}

// args: x=0x41, y=0x4243
// results: r0=0x4284
//
//go:noinline
func Blank(_ int, x int8, _ string, y int16) int { return int(x) + int(y) }

// args:
// results: r0=0x44
//
//go:noinline
func Unnamed(int, string, []byte) int { return Other - Other + 0x44 }

// args: x=0x45
// results: n=0x46, err.tab=0, err.data=0
//
//go:noinline
func NamedResults(x int) (n int, err error) {
	n = x + 1
	return
}

// args: a=0x47, b.ptr="multi", b.len=5
// results: r0=0x48, r1.ptr="ulti", r1.len=4, r2.tab=?, r2.data=?, r3=1
//
//go:noinline
func Multi(a int, b string) (int, string, error, bool) { return a + 1, b[1:], ErrOdd, true }

// The array result is on the stack, the one after it in a register.
// args: x=0x49
// results: r0[0]=0x49, r0[1]=0x4a, r1=1
//
//go:noinline
func StackResult(x int) ([2]int, bool) { return [2]int{x, x + 1}, true }

// More result words than registers.
// args: x=0x4b
// results: a=0x4b, b=0x4c, c=0x4d, d=0x4e, e=0x4f, f=0x50, g=0x51, h=0x52, i=0x53, j=0x54
//
//go:noinline
func TenResults(x int) (a, b, c, d, e, f, g, h, i, j int) {
	return x, x + 1, x + 2, x + 3, x + 4, x + 5, x + 6, x + 7, x + 8, x + 9
}

// args: x=0x55
// results:
//
//go:noinline
func NoResult(x int) { Other = x }

// args:
// results: r0=0x55
//
//go:noinline
func NoArgs() int { return Other }
