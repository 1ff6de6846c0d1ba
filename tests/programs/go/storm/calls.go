// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	leafT     = &tally{name: "leaf"}
	spinT     = &tally{name: "spin"}
	deepT     = &tally{name: "deep"}
	allocT    = &tally{name: "alloc"}
	blocksT   = &tally{name: "blocks"}
	throwsT   = &tally{name: "throws"}
	middleT   = &tally{name: "middle"}
	maybeT    = &tally{name: "maybe"}
	recoversT = &tally{name: "recovers"}
	againT    = &tally{name: "panicsAgain"}
	nestedT   = &tally{name: "nested"}
	fallsT    = &tally{name: "falls"}
	exitsT    = &tally{name: "exits"}
	stepT     = &tally{name: "(*walker).step"}
	tailT     = &tally{name: "(*inner).tail"}
	wrapperT  = &tally{name: "(*outer).tail"}

	all = []*tally{leafT, spinT, deepT, allocT, blocksT, throwsT, middleT, maybeT, recoversT, againT, nestedT,
		exitsT, fallsT, stepT, tailT, wrapperT}
)

// No frame and no stack check.
//
//go:noinline
func leaf(id int) int {
	atomic.AddInt64(&leafT.calls, 1)
	atomic.AddInt64(&leafT.in, int64(id))
	atomic.AddInt64(&leafT.returns, 1)
	atomic.AddInt64(&leafT.out, int64(id))
	return id
}

// What the scheduler interrupts: it calls, so it has a stack check.
//
//go:noinline
func spin(id int) int {
	spinT.enter(id)
	child := next()
	check(child, leaf(child))
	spinT.leave(id)
	return id
}

// Grows its stack several times.
//
//go:noinline
func deep(id, levels int) int {
	deepT.enter(id)
	var pad [12]int
	pad[levels%12] = id
	if levels > 0 {
		child := next()
		check(child, deep(child, levels-1))
	}
	deepT.leave(id)
	return pad[levels%12]
}

type node struct {
	next *node
	data [10]int
}

// Allocates, so that the garbage collector looks at its stack.
//
//go:noinline
func alloc(id int) int {
	start := time.Now()
	allocT.enter(id)
	var list *node
	for i := 0; i < 20; i++ {
		list = &node{next: list}
		list.data[i%10] = id
	}
	allocT.leaveTimed(id, start)
	return list.data[9]
}

// Waits in one of several ways, and often goes on in another thread.
//
//go:noinline
func blocks(id int) int {
	start := time.Now()
	blocksT.enter(id)
	thread := syscall.Gettid()
	switch id % 4 {
	case 0:
		time.Sleep(time.Duration(id%7) * 100 * time.Microsecond)
	case 1:
		ch := make(chan int)
		go func() { ch <- id }()
		<-ch
	case 2:
		nap := syscall.NsecToTimespec(50000)
		syscall.Nanosleep(&nap, nil)
	case 3:
		runtime.Gosched()
	}
	if syscall.Gettid() != thread {
		atomic.AddInt64(&moved, 1)
	}
	blocksT.leaveTimed(id, start)
	return id
}

//go:noinline
func throws(id int) int {
	throwsT.enter(id)
	if id >= 0 {
		panic(id)
	}
	throwsT.leave(id)
	return id
}

// A panic goes through it.
//
//go:noinline
func middle(id int) int {
	middleT.enter(id)
	throws(next())
	middleT.leave(id)
	return id
}

// Returns or does not: what it left behind must not become the next one's.
//
//go:noinline
func maybe(id, way int) int {
	maybeT.enter(id)
	if way%3 == 0 {
		throws(next())
	}
	if way%3 == 1 {
		child := next()
		check(child, spin(child))
	}
	maybeT.leave(id)
	return id
}

// Panics and returns all the same.
//
//go:noinline
func recovers(id int) (got int) {
	start := time.Now()
	recoversT.enter(id)
	defer func() {
		recover()
		got = id
		recoversT.leaveTimed(id, start)
	}()
	throws(next())
	return -1
}

// Recovers from one panic and begins another.
//
//go:noinline
func panicsAgain(id int) (got int) {
	againT.enter(id)
	defer func() {
		panic(recover())
	}()
	throws(next())
	againT.leave(id)
	return id
}

// While it panics its deferred function calls others, of which one panics and is recovered.
//
//go:noinline
func nested(id int) (got int) {
	nestedT.enter(id)
	defer func() {
		for i := 0; i < 3; i++ {
			timed(recoversT, recovers)
			plain(spin)
		}
		recover()
		got = id
		nestedT.leave(id)
	}()
	middle(next())
	return -1
}

//go:noinline
func exits(id, levels int) int {
	exitsT.enter(id)
	if levels == 0 {
		runtime.Goexit()
	}
	exits(next(), levels-1)
	exitsT.leave(id)
	return id
}

// Calls itself very often, and at the end of that returns or panics.
//
//go:noinline
func falls(id, levels int, returns bool) int {
	fallsT.enter(id)
	if levels > 0 {
		child := next()
		check(child, falls(child, levels-1, returns))
	} else if !returns {
		panic(id)
	}
	fallsT.leave(id)
	return id
}

// guard ends a panic.
func guard(f func(id int) int) {
	defer func() { recover() }()
	plain(f)
}

type walker struct{ sum int }

//go:noinline
func (w *walker) step(id int, s string, n int) (int, bool) {
	stepT.enter(id)
	w.sum += len(s) + n
	child := next()
	check(child, leaf(child))
	stepT.leave(id)
	return id, n > 0
}

type tailer interface{ tail(id int) int }

type inner struct{ sum int }

//go:noinline
func (in *inner) tail(id int) int {
	tailT.enter(id)
	in.sum += id
	child := next()
	check(child, leaf(child))
	tailT.leave(id)
	return id
}

// The compiler writes (*outer).tail, which most versions let jump into (*inner).tail.
type outer struct {
	pad int
	*inner
}

func callTail(t tailer, n int) {
	for i := 0; i < n; i++ {
		id := next()
		wrapperT.enter(id)
		check(id, t.tail(id))
		wrapperT.leave(id)
	}
}
