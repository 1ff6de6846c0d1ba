// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"
	"unsafe"
)

// The limit of texts in the test that runs these.
const limit = 100

// in: "%s %d", args.s, len(args.s)
// out: "%s", retval
//
//go:noinline
func long(s string) string { return s + "+" }

// in: "%s|%q", args.s, args.s
// out: "%s", str(retval)
//
//go:noinline
func withZeros(s string) []byte { return []byte(s[2:]) }

// What is behind nil is not readable, and no zero.
//
// in: "%v %s %s %d", args.l, args.l, args.l.name, args.l == nil
// out: "%v %d", retval, retval == nil
//
//go:noinline
func nilLink(l *link) *link { return l }

// in: "%v %v %d %d", args.b, args.s, len(args.b), args.s == nil
// out: "%v", retval
//
//go:noinline
func shownSlices(b []byte, s []string) []string { return s }

// in: "%v %p", args.p, args.p
// out: "%v", retval
//
//go:noinline
func shownPointers(p *int) *int { return p }

// in: "%t %v", args.yes, args.yes
// out: "%t", retval
//
//go:noinline
func shownBool(yes bool) bool { return !yes }

// in: "%g %v %.1f %v", args.r.f64, args.r.f32, args.r.deg, args.r.c128
//
//go:noinline
func shownFloats(r *readings) { sink += int(r.f64) }

func cut(s string) string {
	if len(s) > limit {
		return s[:limit] + "..."
	}
	return s
}

func hex(p unsafe.Pointer) string { return "0x" + strconv.FormatUint(uint64(uintptr(p)), 16) }

func edges() {
	for _, n := range []int{limit - 1, limit, limit + 1, 5000} {
		s := strings.Repeat("x", n)
		in("long", cut(s), " ", n)
		out(cut(long(s)))
	}
	in("withZeros", "a\x00b\xff|", `"a\x00b\xff"`)
	out(string(withZeros("a\x00b\xff")))
	in("nilLink", "nil nil <unreadable> 1")
	nilLink(nil)
	out("nil 1")
	b := make([]byte, 3, 20)
	in("shownSlices", "[]byte(0x000000) nil 3 1")
	shownSlices(b, nil)
	out("nil")
	s := make([]string, 1, 2)
	in("shownSlices", `nil []string{""} 0 0`)
	shownSlices(nil, s)
	out(`[]string{""}`)
	p := &sink
	in("shownPointers", "&", sink, " ", hex(unsafe.Pointer(p)))
	shownPointers(p)
	out("&", sink)
	in("shownPointers", "nil 0x0")
	shownPointers(nil)
	out("nil")
	in("shownBool", "true true")
	shownBool(true)
	out("false")
	in("shownFloats", "-2.25 1.5 36.6 (1e+06-0.5i)")
	shownFloats(&readings{1.5, -2.25, 0, complex(1e6, -0.5), 36.6})
	say(said)
}
