// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package main

import "net/netip"

type Couple[A, B any] struct {
	First  A
	Second B
}

type List[T any] struct {
	head *Cell[T]
	size int
}

type Cell[T any] struct {
	v    T
	next *Cell[T]
}

type Endpoint struct {
	Addr   netip.Addr
	Port   netip.AddrPort
	Prefix netip.Prefix
}

//go:noinline
func couple(x Couple[int, string]) { use(&x) }

//go:noinline
func coupleOf(x *Couple[Point, *Item]) { use(&x) }

//go:noinline
func cells(x *List[string]) { use(&x) }

//go:noinline
func couples(x []Couple[Name, []int]) { use(&x) }

//go:noinline
func netAddr(x netip.Addr) { use(&x) }

//go:noinline
func endpoint(x *Endpoint) { use(&x) }

//go:noinline
func addrMap(x map[netip.Addr]int) { use(&x) }

func init() { since18 = generics }

func generics() {
	c := Couple[int, string]{1, "one"}
	say("couple", &c)
	couple(c)
	p := &Couple[Point, *Item]{Point{1, 2}, &Item{ID: 3}}
	say("coupleOf", &p)
	coupleOf(p)
	l := &List[string]{&Cell[string]{"a", &Cell[string]{"b", nil}}, 2}
	say("cells", &l)
	cells(l)
	some := []Couple[Name, []int]{{"n", []int{1}}, {}}
	say("couples", &some)
	couples(some)
	var any interface{} = c
	say("anything", &any)
	anything(any)
	for _, s := range []string{"1.2.3.4", "::1", "fe80::1", "::ffff:1.2.3.4", "2001:db8::5", "0.0.0.0", "::"} {
		x := netip.MustParseAddr(s)
		say("netAddr", &x)
		netAddr(x)
	}
	none := netip.Addr{}
	say("netAddr", &none)
	netAddr(none)
	for _, x := range []*Endpoint{{}, {
		netip.MustParseAddr("10.0.0.1"), netip.MustParseAddrPort("[::1]:80"), netip.MustParsePrefix("10.0.0.0/8"),
	}, {Port: netip.MustParseAddrPort("1.2.3.4:0"), Prefix: netip.MustParsePrefix("fe80::/10")}} {
		say("endpoint", &x)
		endpoint(x)
	}
	one := map[netip.Addr]int{netip.MustParseAddr("1.1.1.1"): 1}
	say("addrMap", &one)
	addrMap(one)
}
