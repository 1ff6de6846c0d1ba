// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// tally is what one function did, counted by itself. Every call has a number of its own, which it
// gets as its argument id and gives back as its result.
type tally struct {
	name           string
	calls, returns int64
	in, out        int64 // sums of the numbers
	inner, outer   int64 // nanoseconds, measured in the function and around it
}

var (
	lastID int64
	moved  int64 // calls that returned on another thread than they began on
	wrong  int64 // calls that did not give their number back
)

func next() int { return int(atomic.AddInt64(&lastID, 1)) }

func (t *tally) enter(id int) {
	atomic.AddInt64(&t.calls, 1)
	atomic.AddInt64(&t.in, int64(id))
}

func (t *tally) leave(id int) {
	atomic.AddInt64(&t.returns, 1)
	atomic.AddInt64(&t.out, int64(id))
}

func (t *tally) leaveTimed(id int, start time.Time) {
	t.leave(id)
	atomic.AddInt64(&t.inner, int64(time.Since(start)))
}

// timed calls a function that measures itself, and measures around it.
func timed(t *tally, f func(id int) int) {
	id := next()
	start := time.Now()
	got := f(id)
	atomic.AddInt64(&t.outer, int64(time.Since(start)))
	check(id, got)
}

func check(id, got int) {
	if id != got {
		atomic.AddInt64(&wrong, 1)
	}
}

func plain(f func(id int) int) {
	id := next()
	check(id, f(id))
}

func say(words ...string) {
	line := ""
	for i, w := range words {
		if i > 0 {
			line += " "
		}
		line += w
	}
	os.Stdout.WriteString(line + "\n")
}

// report prints what was counted; the checksum is over what is the same in every run.
func report(tallies []*tally) {
	sum := int64(0)
	for _, t := range tallies {
		sum = sum*31 + t.calls*7 + t.returns
		if t.calls != 0 {
			say("main."+t.name, num(t.calls), num(t.returns), num(t.in), num(t.out), num(t.inner), num(t.outer))
		}
	}
	say("moved", num(moved))
	say("wrong", num(wrong))
	say("checksum", num(sum))
}

func num(n int64) string { return strconv.FormatInt(n, 10) }
