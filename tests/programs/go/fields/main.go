// SPDX-License-Identifier: Apache-2.0

// Structs in structs whose fields have the same names, items of items, and strings that are not what
// they seem.
package main

import "unsafe"

type Low struct {
	Deep string
	Same int
}

type Left struct {
	*Low
	Both int
}

type Right struct {
	Both int
	Same int32
}

// Both is there twice on one level. Same of Right is nearer than that of Low.
type Twice struct {
	Left
	*Right
	_    int64
	Ends []string
}

// Its own Both hides the others.
type Hides struct {
	Twice
	Both string
}

//go:noinline
func embeds(h Hides, p *Hides, q **Hides) int { return len(h.Both) + len(p.Both) + len((*q).Both) }

type Item struct {
	Name  string
	Size  int16
	Parts []Item
	Next  *Item
	Tags  [2]string
}

//go:noinline
func items(a []Item, b []*Item, c [][]string, d *[3]string, e [4]Item) int {
	return len(a) + len(b) + len(c) + len(d) + len(e)
}

// A neighbour that is in a vector register.
type Near struct {
	F    float64
	Name string
	G    float32
	In   struct {
		H float64
		N int
	}
}

//go:noinline
func near(n Near) int { return len(n.Name) + n.In.N + int(n.F+float64(n.G)+n.In.H) }

//go:noinline
func compare(a, b string) bool { return a == b }

//go:noinline
func bytes(b []byte, s string) int { return len(b) + len(s) }

type Nil struct {
	M map[string]int
	C chan int
	S []int
	P *int
	F func()
	I interface{}
}

//go:noinline
func nils(n *Nil, none Nil) bool { return n.M == nil && none.M == nil }

//go:noinline
func wild(a, b string, c []int) {}

func main() {
	low := Low{"deep", 1}
	h := Hides{Twice{Left{&low, 2}, &Right{3, 4}, 5, []string{"first", "last"}}, "own"}
	p := &h
	embeds(h, p, &p)

	one := Item{Name: "one", Size: -1, Tags: [2]string{"t1", ""}}
	two := Item{"two", 2, []Item{one}, &one, [2]string{"", "t2"}}
	items([]Item{one, two}, []*Item{&two, nil}, [][]string{{"a"}, {}, {"b", "c"}},
		&[3]string{"x", "y", "z"}, [4]Item{1: two, 3: one})

	n := Near{F: 1.5, Name: "near", G: 2.5}
	n.In.N = 77
	near(n)

	text := "a longer text of which the start is the same"
	raw := []byte(text)
	compare(text, string(raw))
	raw[len(raw)-1]++
	compare(text, string(raw))
	compare("", text)
	compare("with\x00zero", "with\x00zer0")
	compare("with", "with\x00zero")
	bytes(raw[:8], "text")
	bytes(nil, "")
	bytes([]byte{}, "\x00\x01")

	some := 9
	nils(&Nil{map[string]int{"a": 1}, make(chan int, 2), []int{3}, &some, main, some}, Nil{})

	header := struct{ p, n uintptr }{1 << 44, 5}
	slice := struct{ p, n, m uintptr }{1 << 44, 5, 6}
	far := *(*string)(unsafe.Pointer(&header))
	header.p, header.n = uintptr(unsafe.Pointer(&raw[0])), ^uintptr(0)-7
	wild(far, *(*string)(unsafe.Pointer(&header)), *(*[]int)(unsafe.Pointer(&slice)))
}
