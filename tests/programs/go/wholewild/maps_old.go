// SPDX-License-Identifier: Apache-2.0

//go:build !go1.24
// +build !go1.24

package main

import "unsafe"

// A word or a byte of the map's header, or of its buckets.
func wreck(m map[int]int, how int, bad uintptr) string {
	header := *(*unsafe.Pointer)(unsafe.Pointer(&m))
	word := func(p unsafe.Pointer, off uintptr) *uintptr { return (*uintptr)(unsafe.Pointer(uintptr(p) + off)) }
	b := (*uint8)(unsafe.Pointer(uintptr(header) + 9))
	buckets := *(*unsafe.Pointer)(unsafe.Pointer(uintptr(header) + 16))
	const overflow = 8 + 8*8 + 8*8
	switch how {
	case 0:
		*word(header, 16) = bad
		return "buckets"
	case 1:
		*b = 200
		return "B"
	case 2:
		*b = 63
		return "B-63"
	case 3:
		*word(header, 24) = bad
		return "old-buckets"
	case 4:
		*word(buckets, overflow) = bad
		return "overflow"
	case 5:
		*word(buckets, overflow) = uintptr(buckets)
		return "overflow-in-itself"
	case 6:
		*word(header, 0) = 1 << 63
		return "count"
	case 7:
		*word(header, 24) = uintptr(buckets)
		*b = 0
		return "old-buckets-of-none"
	case 8:
		*word(header, 16) = uintptr(header)
		return "buckets-in-itself"
	}
	return ""
}
