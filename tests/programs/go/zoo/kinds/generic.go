// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package kinds

type Number interface{ ~int | ~int32 | ~float64 }

// args: a=3, b=4
// results: r0=7
//
//go:noinline
func Sum[N Number](a, b N) N { return a + b }

type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

// args: p=?, key.ptr="key", key.len=3, value=0x71
// results: r0=1
//
//go:noinline
func (p *Pair[K, V]) Store(key K, value V) bool {
	p.Key, p.Value = key, value
	return true
}

// args: p.Key.ptr="key", p.Key.len=3, p.Value=0x71
// results: r0.ptr="key", r0.len=3, r1=0x71
//
//go:noinline
func (p Pair[K, V]) Load() (K, V) { return p.Key, p.Value }

// args: s.ptr=?, s.len=3, s.cap=3, f=?
// results: r0.ptr=?, r0.len=3, r0.cap=3
//
//go:noinline
func Apply[T, U any](s []T, f func(T) U) []U {
	out := make([]U, 0, len(s))
	for _, v := range s {
		out = append(out, f(v))
	}
	return out
}

// CallGenerics reports whether all of them gave what they should.
func CallGenerics() bool {
	p := new(Pair[string, int])
	ok := Sum[int](3, 4) == 7 && p.Store("key", 0x71)
	key, value := p.Load()
	lengths := Apply([]string{"a", "bb", "ccc"}, func(s string) int { return len(s) })
	return ok && key == "key" && value == 0x71 && lengths[2] == 3 && Sum[float64](0.5, 1) == 1.5
}
