// SPDX-License-Identifier: Apache-2.0

// Calls leaf in many ways, which says by what functions it was called: a line
// "chain NUMBER leaf caller ... runtime.main" each time.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

var calls int

// say prints the functions above it, as the runtime knows them.
//
//go:noinline
func say(n int) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var names []string
	for {
		f, more := frames.Next()
		names = append(names, f.Function)
		if !more {
			break
		}
	}
	fmt.Println("chain", n, strings.Join(names, " "))
}

//go:noinline
func leaf(n int) int {
	calls++
	say(n)
	return n + calls
}

// A function without a frame of its own: it calls nothing.
//
//go:noinline
func bare(n int) int {
	return n ^ 1
}

//go:noinline
func direct(n int) int {
	return leaf(n) + 1
}

// Inlined, with a call in it.
func small(n int) int {
	return leaf(n) + bare(n)
}

func smaller(n int) int {
	return small(n) * 2
}

//go:noinline
func inlining(n int) int {
	return smaller(n) + 1
}

//go:noinline
func deep(n, levels int) int {
	if levels == 0 {
		return leaf(n) + 1
	}
	return deep(n, levels-1) + 1
}

// Needs a larger stack than a goroutine has at first.
//
//go:noinline
func large(n int) int {
	var room [100000]byte
	room[n] = byte(leaf(n))
	return int(room[n]) + len(room)
}

type shape interface {
	area(n int) int
}

type square struct{ side int }

//go:noinline
func (s *square) area(n int) int {
	return leaf(n) + s.side
}

//go:noinline
func deferring(n int) {
	defer direct(n)
	bare(n)
}

//go:noinline
func calling(f func(int) int, n int) int {
	return f(n) + 1
}

func everything() {
	direct(1)
	inlining(2)
	deep(3, 5)
	var s shape = &square{2}
	s.area(4)
	deferring(5)
	calling(func(n int) int { return leaf(n) + 1 }, 6)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		large(7)
	}()
	wg.Wait()
	more(8)
}

// chain [TIMES [MILLISECONDS]]: so often, and waits so long at its end.
func main() {
	number := func(i, otherwise int) int {
		if i >= len(os.Args) {
			return otherwise
		}
		n, _ := strconv.Atoi(os.Args[i])
		return n
	}
	for i := number(1, 1); i > 0; i-- {
		everything()
	}
	time.Sleep(time.Duration(number(2, 0)) * time.Millisecond)
}
