// SPDX-License-Identifier: Apache-2.0

// Command grow makes functions start more than once per call: their stacks grow and the scheduler
// interrupts them at their first instructions. It prints how often each was really called, as
// "NAME COUNT" lines.
//
//	grow [ROUNDS]
package main

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

var counts struct {
	deep, big, small, leaf, step, ping, pong, closure, panics int64
}

// Its stack grows several times, each time in another depth.
//
//go:noinline
func deep(n int, pad [4]int) int {
	atomic.AddInt64(&counts.deep, 1)
	if n == 0 {
		return pad[0]
	}
	pad[n&3] = n
	return deep(n-1, pad) + pad[n&3]
}

// A frame so big that the stack check has its long form, and fails on every fresh stack.
//
//go:noinline
func big(n int) int {
	atomic.AddInt64(&counts.big, 1)
	var buf [6000]byte
	for i := 0; i < len(buf); i += 512 {
		buf[i] = byte(n + i)
	}
	return int(buf[n&4095]) + small(n)
}

// Called in a loop: where the scheduler finds it.
//
//go:noinline
func small(n int) int {
	atomic.AddInt64(&counts.small, 1)
	return leaf(n) + leaf(n+1)
}

// No frame and no stack check.
//
//go:noinline
func leaf(n int) int {
	atomic.AddInt64(&counts.leaf, 1)
	return n*3 + 1
}

type walker struct{ sum int }

//go:noinline
func (w *walker) step(s string, n int) (int, bool) {
	atomic.AddInt64(&counts.step, 1)
	w.sum += len(s) + small(n)
	return w.sum, n > 0
}

//go:noinline
func ping(n int) int {
	atomic.AddInt64(&counts.ping, 1)
	if n == 0 {
		return 0
	}
	return pong(n-1) + 1
}

//go:noinline
func pong(n int) int {
	atomic.AddInt64(&counts.pong, 1)
	if n == 0 {
		return 0
	}
	return ping(n-1) + 1
}

// Leaves by a panic through its own frame, after its stack has grown.
//
//go:noinline
func panics(n int) int {
	atomic.AddInt64(&counts.panics, 1)
	if n == 0 {
		panic("on purpose")
	}
	return panics(n-1) + 1
}

//go:noinline
func survive(n int) {
	defer func() { recover() }()
	panics(n)
}

// Not inlined, so that the closure's name is the same in every version.
//
//go:noinline
func makeClosure(add int) func(int) int {
	return func(n int) int {
		atomic.AddInt64(&counts.closure, 1)
		return small(n) + add
	}
}

// grows runs each function on a stack of its own, which is small at first.
func grows(rounds int) {
	var wg sync.WaitGroup
	run := func(f func()) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f()
		}()
	}
	for i := 0; i < rounds; i++ {
		n := i
		run(func() { deep(50+n%50, [4]int{}) })
		run(func() { big(n) })
		run(func() { ping(60 + n%40) })
		run(func() { survive(40 + n%40) })
		wg.Wait()
	}
}

// interrupted calls small functions in loops, on more goroutines than there are threads, while the
// garbage collector stops them again and again.
func interrupted(rounds int) {
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func(n int) {
			defer wg.Done()
			w := &walker{}
			f := makeClosure(n)
			for j := 0; j < rounds*20; j++ {
				w.step("step", j)
				f(j)
				if j%500 == 499 {
					runtime.Gosched()
				}
			}
		}(i)
	}
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
	wg.Wait()
	close(done)
}

func number(s string) (n int) {
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func text(n int64) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return text(n/10) + string(rune('0'+n%10))
}

func main() {
	rounds := 100
	if len(os.Args) > 1 {
		rounds = number(os.Args[1])
	}
	for _, threads := range []int{1, 4} {
		runtime.GOMAXPROCS(threads)
		grows(rounds)
		interrupted(rounds)
	}
	for _, c := range []struct {
		name  string
		count int64
	}{
		{"main.deep", counts.deep},
		{"main.big", counts.big},
		{"main.small", counts.small},
		{"main.leaf", counts.leaf},
		{"main.(*walker).step", counts.step},
		{"main.ping", counts.ping},
		{"main.pong", counts.pong},
		{"main.makeClosure.func1", counts.closure},
		{"main.panics", counts.panics},
	} {
		os.Stdout.WriteString(c.name + " " + text(c.count) + "\n")
	}
}
