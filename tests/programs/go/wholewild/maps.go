// SPDX-License-Identifier: Apache-2.0

//go:build go1.24
// +build go1.24

package main

import "unsafe"

// A word or a byte of the map's header, or of its first table.
func wreck(m map[int]int, how int, bad uintptr) string {
	header := *(*unsafe.Pointer)(unsafe.Pointer(&m))
	word := func(p unsafe.Pointer, off uintptr) *uintptr { return (*uintptr)(unsafe.Pointer(uintptr(p) + off)) }
	dir := *(*unsafe.Pointer)(unsafe.Pointer(uintptr(header) + 16))
	table := *(*unsafe.Pointer)(dir)
	switch how {
	case 0:
		*word(header, 16) = bad
		return "directory"
	case 1:
		*word(header, 24) = 1 << 62
		return "directory-length"
	case 2:
		*word(header, 24) = 0
		return "no-directory"
	case 3:
		*word(dir, 0) = bad
		return "table"
	case 4:
		*word(table, 16) = bad
		return "groups"
	case 5:
		*word(table, 24) = 1<<62 - 1
		return "groups-length"
	case 6:
		*word(header, 0) = 1 << 63
		return "count"
	case 7:
		*word(header, 24) = uintptr(1<<64 - 1)
		return "negative-length"
	case 8:
		*word(dir, 0) = uintptr(dir)
		return "directory-in-itself"
	}
	return ""
}
