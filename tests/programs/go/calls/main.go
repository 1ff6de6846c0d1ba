// SPDX-License-Identifier: Apache-2.0

// Calls hit many times and says what a call takes.
//
//	calls N                    N times as fast as it can: "calls N ns NANOSECONDS_A_CALL"
//	calls N RATE WORKERS       N times in all, RATE times a second: "calls N per_second RATE"
//	calls typed N              the same as the first with a function of two arguments, typed
//	calls record N             the same with a struct of eight fields, of which three are strings
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

var sum int

//go:noinline
func hit(n int) int {
	if n < 0 {
		return miss(n)
	}
	return n + 1
}

// A call, so that hit has a frame and a stack check.
//
//go:noinline
func miss(n int) int {
	fmt.Println(n)
	return n
}

//go:noinline
func typed(key string, n int) int {
	if n < 0 {
		return miss(n)
	}
	return n + len(key)
}

func callTyped(n int) {
	start := time.Now()
	for i := 0; i < n; i++ {
		sum = typed("some key", i)
	}
	fmt.Printf("calls %d ns %.1f\n", n, float64(time.Since(start).Nanoseconds())/float64(n))
}

type entry struct {
	id       int
	name     string
	path     string
	size     int64
	ok       bool
	retries  uint16
	comment  string
	priority int
}

//go:noinline
func record(p *entry) int {
	if p.id < 0 {
		return miss(p.id)
	}
	return p.id + len(p.name)
}

func callRecord(n int) {
	p := &entry{1, "a name", "/some/path/of/a/file", 4096, true, 3, "what there is to say", 9}
	start := time.Now()
	for i := 0; i < n; i++ {
		sum = record(p)
	}
	fmt.Printf("calls %d ns %.1f\n", n, float64(time.Since(start).Nanoseconds())/float64(n))
}

func number(i int) int {
	if i >= len(os.Args) {
		return 0
	}
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

// In bursts of a millisecond: sleeping is not more exact than that.
func paced(n, rate int) int {
	local := 0
	start := time.Now()
	for done := 0; done < n; {
		due := int(time.Since(start) * time.Duration(rate) / time.Second)
		if due > n {
			due = n
		}
		for ; done < due; done++ {
			local = hit(local)
		}
		time.Sleep(time.Millisecond)
	}
	return local
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "typed" {
		callTyped(number(2))
		return
	}
	if len(os.Args) > 2 && os.Args[1] == "record" {
		callRecord(number(2))
		return
	}
	n, rate, workers := number(1), number(2), number(3)
	start := time.Now()
	if rate == 0 {
		for i := 0; i < n; i++ {
			sum = hit(sum)
		}
		fmt.Printf("calls %d ns %.1f\n", n, float64(time.Since(start).Nanoseconds())/float64(n))
		return
	}
	var wg sync.WaitGroup
	for i := 0; i < workers; i++ {
		wg.Add(1)
		go func() {
			paced(n/workers, rate/workers)
			wg.Done()
		}()
	}
	wg.Wait()
	fmt.Printf("calls %d per_second %.0f\n", n/workers*workers, float64(n)/time.Since(start).Seconds())
}
