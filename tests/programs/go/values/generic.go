// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package main

type number interface{ ~int | ~int32 | ~float64 }

// in: "%d %d", args.a, args.b
// out: "%d", retval
// from: 1.18
// for: largest[int]
//
//go:noinline
func largest[T number](a, b T) T {
	if a > b {
		return a
	}
	return b
}

// in: "%s %d", args.s, args.n
// out: "%s %d", retval.0, retval.1
// from: 1.18
// for: swapped[string,int]
//
//go:noinline
func swapped[A, B any](s A, n B) (A, B) { return s, n }

type box[T any] struct {
	item  T
	count int
}

// in: "%s %d %s", args.b.item, args.b.count, args.item
// out: "%s", retval
// from: 1.18
// for: (*box[string]).put
//
//go:noinline
func (b *box[T]) put(item T) T {
	old := b.item
	b.item = item
	b.count++
	return old
}

// in: "%d %d %s", args.b.item.x, args.b.count, args.key
// out: "%d %s", retval.0.y, retval.1
// from: 1.18
// for: pairOf[string,struct { main.x int32; main.y int32 }]
//
//go:noinline
func pairOf[K comparable, V any](key K, b box[V]) (V, K) { return b.item, key }

// in: "%s %d %d", args.list[1], len(args.list), args.n
// out: "%s", retval[0]
// from: 1.18
// for: tail[string]
//
//go:noinline
func tail[T any](list []T, n int) []T { return list[n:] }

// Pointers share one copy of the code: only that it is a pointer is known there.
//
// in: "%d %d", args.p == nil, args.n
// out: "%d", retval == nil
// from: 1.18
// for: same[*uint8]
//
//go:noinline
func same[T any](p T, n int) T { return p }

func generics() {
	in("largest[int]", "3 -4")
	out(largest(3, -4))
	in("swapped[string,int]", "text 5")
	s, n := swapped("text", 5)
	out(s, " ", n)
	b := &box[string]{"old", 1}
	in("(*box[string]).put", "old 1 new")
	out(b.put("new"))
	in("pairOf[string,struct { main.x int32; main.y int32 }]", "3 9 key")
	v, k := pairOf("key", box[point]{point{3, 4}, 9})
	out(v.y, " ", k)
	in("tail[string]", "two 2 1")
	out(tail([]string{"one", "two"}, 1)[0])
	in("same[*uint8]", "0 5")
	out(bit(same(&pair{}, 5) == nil))
}
