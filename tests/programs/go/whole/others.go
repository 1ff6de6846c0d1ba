// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"math/big"
	"strings"
	"unsafe"
)

type Pipe chan string

type Handler func(string) error

type Job struct {
	run    func(int) int
	handle Handler
	queue  chan int
	in     <-chan string
	out    chan<- string
	raw    unsafe.Pointer
	addr   uintptr
	buf    bytes.Buffer
	text   strings.Builder
	sum    *big.Int
}

//go:noinline
func function(x func(int) int) { use(&x) }

//go:noinline
func handler(x Handler) { use(&x) }

//go:noinline
func functions(x []func(int) int) { use(&x) }

//go:noinline
func channel(x chan int) { use(&x) }

//go:noinline
func pipe(x Pipe) { use(&x) }

//go:noinline
func oneWay(x <-chan string) { use(&x) }

//go:noinline
func channels(x []chan int) { use(&x) }

//go:noinline
func structChannel(x chan Item) { use(&x) }

//go:noinline
func raw(x unsafe.Pointer) { use(&x) }

//go:noinline
func bigNumber(x *big.Int) { use(&x) }

//go:noinline
func buffer(x *bytes.Buffer) { use(&x) }

//go:noinline
func builder(x *strings.Builder) { use(&x) }

//go:noinline
func job(x *Job) { use(&x) }

func (p *Point) scale(n int) int { return p.X * n }

func (p Point) sum(n int) int { return p.X + p.Y + n }

func handle(s string) error { return nil }

func others() {
	n := uses
	p := &Point{1, 2}
	for _, x := range []func(int) int{nil, double, p.scale, p.sum, func(i int) int { return i + n }, func(i int) int { return i }} {
		say("function", &x)
		function(x)
	}
	h := Handler(handle)
	say("handler", &h)
	handler(h)
	some := []func(int) int{double, nil}
	say("functions", &some)
	functions(some)

	full := make(chan int, 3)
	full <- 1
	full <- 2
	closed := make(chan int, 2)
	closed <- 1
	close(closed)
	for _, x := range []chan int{nil, make(chan int), full, closed} {
		say("channel", &x)
		channel(x)
	}
	named := make(Pipe, 1)
	say("pipe", &named)
	pipe(named)
	var in <-chan string = named
	say("oneWay", &in)
	oneWay(in)
	list := []chan int{full, nil, closed}
	say("channels", &list)
	channels(list)
	jobs := make(chan Item, 2)
	jobs <- Item{ID: 1, Name: "in the channel"}
	say("structChannel", &jobs)
	structChannel(jobs)
	for _, x := range []unsafe.Pointer{nil, unsafe.Pointer(p)} {
		say("raw", &x)
		raw(x)
	}

	for _, s := range []string{"0", "1", "-1", "18446744073709551615", "18446744073709551616", "-123456789012345678901234567890", "1" + strings.Repeat("0", 200)} {
		x, _ := new(big.Int).SetString(s, 10)
		say("bigNumber", &x)
		bigNumber(x)
	}
	for _, x := range []*bytes.Buffer{{}, bytes.NewBufferString("text"), bytes.NewBuffer([]byte{0xff, 0}), bytes.NewBufferString("half read"), nil} {
		if x != nil && x.Len() == 9 {
			x.Next(5)
		}
		say("buffer", &x)
		buffer(x)
	}
	b := &strings.Builder{}
	say("builder", &b)
	builder(b)
	b.WriteString("built\n")
	say("builder", &b)
	builder(b)

	j := &Job{}
	say("job", &j)
	job(j)
	j = &Job{run: double, handle: handle, queue: full, in: named, out: named, raw: unsafe.Pointer(p), addr: 16, sum: big.NewInt(-5)}
	j.buf.WriteString("b")
	j.text.WriteString("t")
	say("job", &j)
	job(j)
}
