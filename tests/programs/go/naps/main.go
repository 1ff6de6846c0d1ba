// SPDX-License-Identifier: Apache-2.0

// Command naps calls functions that take a known time, or none at all very often, and says what it
// has counted and measured itself.
//
//	naps sleep N             N calls of nap that sleep from 1 to 20 ms: a line
//	                         "main.nap CALLS ERRORS P50 P90 P99 MAX", in nanoseconds
//	naps storm N WORKERS     N calls of quick by each of so many goroutines: a line
//	                         "main.quick CALLS ERRORS", and how many a second
//	naps steps N WORKERS     N calls of step by each: its level goes up every third time
package main

import (
	"errors"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errEven = errors.New("even")
	calls   int64
	failed  int64
)

func say(words ...interface{}) {
	line := ""
	for i, w := range words {
		if i > 0 {
			line += " "
		}
		switch w := w.(type) {
		case string:
			line += w
		case int64:
			line += strconv.FormatInt(w, 10)
		}
	}
	os.Stdout.WriteString(line + "\n")
}

// Sleeps, and returns an error when it slept an even number of milliseconds.
//
//go:noinline
func nap(ms int) (took time.Duration, err error) {
	start := time.Now()
	time.Sleep(time.Duration(ms) * time.Millisecond)
	if ms%2 == 0 {
		err = errEven
	}
	return time.Since(start), err
}

func sleepMode(n int) {
	took := []int64{}
	errs := int64(0)
	for i := 0; i < n; i++ {
		d, err := nap(1 + i*7%20)
		if err != nil {
			errs++
		}
		took = append(took, int64(d))
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	rank := func(p int) int64 { return took[(n*p+99)/100-1] }
	say("main.nap", int64(n), errs, rank(50), rank(90), rank(99), took[n-1])
}

// Does nothing, and fails sometimes.
//
//go:noinline
func quick(id int) (int, error) {
	atomic.AddInt64(&calls, 1)
	if id%7 == 0 {
		atomic.AddInt64(&failed, 1)
		return id, errEven
	}
	return id, nil
}

// Returns no error: none of its calls can fail.
//
//go:noinline
func plain(id int) int {
	n, _ := quick(id)
	return n + 1
}

func stormMode(n, workers int) {
	var wg sync.WaitGroup
	start := time.Now()
	for w := 0; w < workers; w++ {
		w := w
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < n; i++ {
				if i%100 == w%100 {
					plain(i)
				} else {
					quick(i)
				}
			}
		}()
	}
	wg.Wait()
	seconds := time.Since(start).Seconds()
	say("main.quick", calls, failed)
	say("per_second", int64(float64(calls)/seconds))
}

//go:noinline
func step(level int, name string) int {
	twice := quickly(level) * 2 // watched here
	return twice + len(name)
}

//go:noinline
func quickly(n int) int { return n }

func stepsMode(n, workers int) {
	var wg sync.WaitGroup
	for w := 0; w < workers; w++ {
		name := "worker " + strconv.Itoa(w)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < n; i++ {
				step(i/3, name)
			}
		}()
	}
	wg.Wait()
}

func main() {
	n, workers := 100, 1
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	if len(os.Args) > 3 {
		workers, _ = strconv.Atoi(os.Args[3])
	}
	switch {
	case len(os.Args) > 1 && os.Args[1] == "sleep":
		sleepMode(n)
	case len(os.Args) > 1 && os.Args[1] == "storm":
		stormMode(n, workers)
	case len(os.Args) > 1 && os.Args[1] == "steps":
		stepsMode(n, workers)
	default:
		os.Stderr.WriteString("naps: sleep, storm or steps\n")
		os.Exit(64)
	}
}
