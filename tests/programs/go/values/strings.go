// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// in: "s=%s len=%d", args.s, len(args.s)
// out: "%s", retval
//
//go:noinline
func str(s string) string { return s + "!" }

// in: "%d %d %d %d", args.s == "go", args.s != "go", args.s == "", args.s == "gopher"
//
//go:noinline
func compared(s string) { sink += len(s) }

// in: "%s %d", args.b, len(args.b)
// out: "%s", str(retval)
//
//go:noinline
func twoTexts(a, b string) []byte { return []byte(a + b) }

// in: "%d %d %s %d", len(args.b), cap(args.b), str(args.b), args.b[1]
// out: "%d %d %s", len(retval), cap(retval), str(retval)
//
//go:noinline
func bytesOf(b []byte) []byte { return b[1:3] }

// in: "%r", buf(args.b)
//
//go:noinline
func rawBytes(b []byte) { sink += len(b) }

// in: "%d %d", len(args.all), args.n
// out: "%d %s", retval.0, retval.1
//
//go:noinline
func variadic(n int, all ...string) (int, string) {
	if len(all) == 0 {
		return n, ""
	}
	return n + len(all), all[len(all)-1]
}

// in: "%d %d %s %s", len(args.list), cap(args.list), args.list[0], args.list[1]
// out: "%s", retval[0]
//
//go:noinline
func texts(list []string) []string { return list[1:] }

// in: "%d %d", len(args.list), args.list == nil
// out: "%d %d %d", len(retval), cap(retval), retval == nil
//
//go:noinline
func nilSlice(list []int) []int {
	if list == nil {
		return make([]int, 1, 9)
	}
	return nil
}

// in: "%d %d %d", args.list[0], args.list[1], args.list[args.i]
// out: "%d", retval
//
//go:noinline
func index(list []int32, i int) int32 { return list[i] }

// in: "%d %s", args.list[1].n, args.list[1].name
// out: "%s", retval.name
//
//go:noinline
func structs(list []pair) *pair { return &list[0] }

type pair struct {
	n    int
	name string
}

func texting() {
	for _, s := range []string{"hello", "", "with \"quotes\" and %d", "grüße, 世界", "x", strings.Repeat("0123456789", 6)} {
		in("str", "s=", s, " len=", len(s))
		out(str(s))
	}
	for _, s := range []string{"go", "", "gopher", "gophers", "og"} {
		in("compared", bit(s == "go"), " ", bit(s != "go"), " ", bit(s == ""), " ", bit(s == "gopher"))
		compared(s)
		say(said)
	}
	in("twoTexts", "second 6")
	out(twoTexts("first", "second"))
	b := append(make([]byte, 0, 10), "bytes"...)
	in("bytesOf", "5 10 bytes ", 'y')
	b = bytesOf(b)
	out(len(b), " ", cap(b), " ", string(b))
	in("rawBytes", `a\x00b\xff`)
	rawBytes([]byte("a\x00b\xff"))
	say(said)

	in("variadic", "0 4")
	n, s := variadic(4)
	out(n, " ", s)
	in("variadic", "3 4")
	n, s = variadic(4, "a", "b", "last")
	out(n, " ", s)
	in("texts", "3 3 one two")
	out(texts([]string{"one", "two", "three"})[0])
	in("nilSlice", "0 1")
	list := nilSlice(nil)
	out(len(list), " ", cap(list), " ", bit(list == nil))
	in("nilSlice", "1 0")
	list = nilSlice(list)
	out(len(list), " ", cap(list), " ", bit(list == nil))
	in("index", "-5 6 7")
	out(index([]int32{-5, 6, 7}, 2))
	in("structs", "8 eight")
	out(structs([]pair{{7, "seven"}, {8, "eight"}}).name)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
