// SPDX-License-Identifier: Apache-2.0

//go:build !go1.24
// +build !go1.24

package main

import "unsafe"

// What of the runtime's hmap tells whether it is growing.
type hmap struct {
	count int
	flags uint8
	B     uint8
	_     uint16
	_     uint32
	_     unsafe.Pointer
	old   unsafe.Pointer
}

func headerOf(m map[int]int) *hmap { return *(**hmap)(unsafe.Pointer(&m)) }

// growTo fills a map until it is getting larger, which is when depends on its seed.
func growTo(n int) map[int]int {
	m := map[int]int{}
	for i := 0; i < n || headerOf(m).old == nil; i++ {
		m[i] = 3 * i
	}
	return m
}

// growingMaps gives maps of which a part is still in the old buckets: two that are getting larger, and
// one that only gets rid of its overflow buckets.
func growingMaps() []map[int]int {
	later := growTo(40)
	later[-1] = -3
	same := map[int]int{}
	for i := 0; headerOf(same).old == nil || headerOf(same).flags&8 == 0; i++ {
		same[i] = 3 * i
		delete(same, i-45)
		if i == 10000000 {
			panic("no map has become full of overflow buckets")
		}
	}
	return []map[int]int{growTo(20), growTo(40), later, same}
}
