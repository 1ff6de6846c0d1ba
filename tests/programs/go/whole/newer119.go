// SPDX-License-Identifier: Apache-2.0

//go:build go1.19
// +build go1.19

package main

import "sync/atomic"

type Counters struct {
	I32  atomic.Int32
	I64  atomic.Int64
	U32  atomic.Uint32
	U64  atomic.Uint64
	Ptr  atomic.Uintptr
	Bool atomic.Bool
	P    atomic.Pointer[Point]
	N    atomic.Pointer[Item]
}

//go:noinline
func counters(x *Counters) { use(&x) }

//go:noinline
func atomicPointer(x *atomic.Pointer[Point]) { use(&x) }

//go:noinline
func atomicNumber(x *atomic.Int64) { use(&x) }

func init() { since19 = atomics }

func atomics() {
	c := &Counters{}
	say("counters", &c)
	counters(c)
	c.I32.Store(-1)
	c.I64.Store(-1 << 60)
	c.U32.Store(1)
	c.U64.Store(1 << 63)
	c.Ptr.Store(16)
	c.Bool.Store(true)
	c.P.Store(&Point{1, 2})
	say("counters", &c)
	counters(c)
	p := &atomic.Pointer[Point]{}
	say("atomicPointer", &p)
	atomicPointer(p)
	p.Store(&Point{3, 4})
	say("atomicPointer", &p)
	atomicPointer(p)
	n := &atomic.Int64{}
	say("atomicNumber", &n)
	atomicNumber(n)
}
