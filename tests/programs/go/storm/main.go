// SPDX-License-Identifier: Apache-2.0

// Command storm calls functions in all the ways that break tracers: on stacks that grow and move,
// interrupted by the scheduler and the garbage collector, ended by panics and Goexit, continued on
// other threads. It counts what it does, and ends with STATUS if all went well.
//
//	storm MODE [N [STATUS [until]]]
//
// With "until" it does all that again and again, until its standard input ends.
// It prints, for each function that was called: name, calls, returns, sum of the ids that came in
// and went out, and the nanoseconds that it has measured, inside and around the calls.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
)

var modes = map[string]func(n int){
	"deep": deepMode, "preempt": preemptMode, "gc": gcMode, "panic": panicMode, "goexit": goexitMode,
	"migrate": migrateMode, "tail": tailMode, "exact": exactMode, "mixed": mixedMode,
	"abyss": abyssMode, "profiled": profiledMode,
}

// spread runs f(i) for each i below n, each on a goroutine (and stack) of its own, a few at a time.
func spread(n, atOnce int, f func(i int)) {
	var wg sync.WaitGroup
	free := make(chan bool, atOnce)
	for i := 0; i < n; i++ {
		i := i
		free <- true
		wg.Add(1)
		go func() {
			defer func() {
				<-free
				wg.Done()
			}()
			f(i)
		}()
	}
	wg.Wait()
}

// disturbed runs f while the garbage collector stops the world again and again.
func disturbed(f func()) {
	done := make(chan bool)
	go func() {
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
			}
		}
	}()
	f()
	done <- true
}

func deepMode(n int) {
	spread(n, 4, func(i int) {
		id := next()
		check(id, deep(id, 40+i%200))
	})
}

func preemptMode(n int) {
	for _, threads := range []int{1, 2} {
		runtime.GOMAXPROCS(threads)
		disturbed(func() {
			spread(4, 4, func(i int) {
				w := &walker{}
				for j := 0; j < n*10; j++ {
					plain(spin)
					id := next()
					got, _ := w.step(id, "step", j)
					check(id, got)
				}
			})
		})
	}
}

func gcMode(n int) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	spread(n, 4, func(i int) {
		timed(allocT, alloc)
		id := next()
		check(id, deep(id, i%50))
		timed(allocT, alloc)
	})
}

func panicMode(n int) {
	spread(n, 3, func(i int) {
		for j := 0; j < 3; j++ {
			timed(recoversT, recovers)
			guard(middle)
			for way := 0; way < 3; way++ {
				guard(maybeWay(i + way))
			}
			guard(panicsAgain)
			plain(nested)
			plain(spin)
		}
	})
}

func goexitMode(n int) {
	spread(n, 3, func(i int) {
		plain(spin)
		defer plain(spin)
		exits(next(), i%9)
	})
}

func migrateMode(n int) {
	runtime.GOMAXPROCS(4)
	spread(n, 3000, func(i int) {
		timed(blocksT, blocks)
		guard(maybeWay(i))
		timed(blocksT, blocks)
	})
}

func maybeWay(way int) func(int) int {
	return func(id int) int { return maybe(id, way) }
}

func tailMode(n int) {
	spread(4, 4, func(i int) {
		callTail(&outer{inner: &inner{}}, n*5)
	})
}

// exactMode makes n calls of leaf, spin and deep together.
func exactMode(n int) {
	const levels = 19
	disturbed(func() {
		spread(n/100, 4, func(i int) {
			for j := 0; j < 40; j++ {
				plain(spin) // and leaf
			}
			id := next()
			check(id, deep(id, levels))
		})
	})
}

// profiledMode is interrupted by the runtime's own profiler, which walks the stacks.
func profiledMode(n int) {
	runtime.SetCPUProfileRate(2000)
	preemptMode(n)
	deepMode(n)
	runtime.SetCPUProfileRate(0)
}

// abyssMode leaves n frames at once, by a panic or one by one, again and again on the same stack.
func abyssMode(n int) {
	for i := 0; i < 8; i++ {
		guard(func(id int) int { return falls(id, n, i%3 == 0) })
		plain(spin)
	}
}

func mixedMode(n int) {
	var wg sync.WaitGroup
	for _, mode := range []func(int){deepMode, gcMode, panicMode, goexitMode, migrateMode, tailMode} {
		mode := mode
		wg.Add(1)
		go func() {
			defer wg.Done()
			mode(n)
		}()
	}
	wg.Wait()
}

var ended int32

// inputEnded looks without waiting.
func inputEnded() bool {
	if atomic.CompareAndSwapInt32(&ended, 0, 1) {
		go func() {
			os.Stdin.Read(make([]byte, 1))
			atomic.StoreInt32(&ended, 2)
		}()
	}
	return atomic.LoadInt32(&ended) == 2
}

func main() {
	n, status := 20, 0
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		os.Stderr.WriteString("storm: no such mode\n")
		os.Exit(64)
	}
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	if len(os.Args) > 3 {
		status, _ = strconv.Atoi(os.Args[3])
	}
	modes[os.Args[1]](n)
	for len(os.Args) > 4 && !inputEnded() {
		modes[os.Args[1]](n)
	}
	report(all)
	if wrong != 0 {
		os.Exit(65)
	}
	os.Exit(status)
}
