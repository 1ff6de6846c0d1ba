// SPDX-License-Identifier: Apache-2.0

//go:build go1.19
// +build go1.19

package main

import (
	"net/netip"
	"sync/atomic"
)

type Pair[A, B any] struct {
	First  A
	Second B
	more   map[string]A
}

var (
	pointer atomic.Pointer[Item]
	pair    = Pair[string, *Item]{"pair first", &Item{Name: "pair item"}, map[string]string{"pair key": "pair value"}}
	anyPair interface{}
	addr    = netip.MustParseAddr("fe80::1%addr0")
)

func generics() {
	pointer.Store(&Item{Name: "pointer item"})
	anyPair = Pair[Item, Item]{First: Item{Name: "anyPair item"}}
	keep(&pointer, &pair, &anyPair, &addr)
}
