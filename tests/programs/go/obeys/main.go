// SPDX-License-Identifier: Apache-2.0

// Command obeys calls functions when it is told to: for each line "NAME N" on its standard input it
// calls that function N times, each call on a goroutine of its own, and prints "NAME N".
//
// There are functions whose names end alike.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

var sum int64

type store struct{ n int64 }

type cache struct{ n int64 }

//go:noinline
func (s *store) get(n int64) int64 { return atomic.AddInt64(&s.n, n) }

//go:noinline
func (c *cache) get(n int64) int64 { return atomic.AddInt64(&c.n, -n) }

//go:noinline
func (c *cache) putAway(n int64) int64 { return atomic.AddInt64(&c.n, n+1) }

var functions = map[string]func(n int64) int64{
	"store.get": (&store{}).get,
	"cache.get": (&cache{}).get,
	"putAway":   (&cache{}).putAway,
}

func call(f func(n int64) int64, times int) {
	var wg sync.WaitGroup
	for i := 0; i < times; i++ {
		i := i
		wg.Add(1)
		go func() {
			atomic.AddInt64(&sum, f(int64(i)))
			wg.Done()
		}()
	}
	wg.Wait()
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	fmt.Println("ready", os.Getpid())
	for in.Scan() {
		var name string
		var times int
		fmt.Sscan(in.Text(), &name, &times)
		call(functions[strings.TrimSpace(name)], times)
		fmt.Println(name, times)
	}
}
