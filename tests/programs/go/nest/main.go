// SPDX-License-Identifier: Apache-2.0

// Command nest makes calls inside of calls, in all the ways that a tree of them has to get right.
//
//	nest [ROUNDS [HOLD]]     HOLD: ends after a line on its standard input, with calls open
//	nest threads N WORKERS   N calls in all of leaf, on so many threads
//	nest many N              N goroutines, one after the other, each with a call of outer
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

type item struct {
	name  string
	price int
	tags  []string
	next  *item
	raw   []byte
}

var (
	errOdd = errors.New("odd: größer als null")
	sink   int
)

//go:noinline
func leaf(n int) int {
	sink += n
	return n + 1
}

//go:noinline
func check(n int, it *item) (int, error) {
	if n%2 == 1 {
		return 0, errOdd
	}
	return n, nil
}

//go:noinline
func fact(n int) int {
	if n <= 1 {
		return 1
	}
	return n * fact(n-1)
}

//go:noinline
func boom(n int) int {
	if n >= 0 {
		panic(n)
	}
	return n
}

//go:noinline
func middle(n int) int { return boom(n) + 1 }

// Calls of middle and boom end without a return, and leaf comes after them.
//
//go:noinline
func guarded(n int) (got int) {
	defer func() {
		recover()
		got = leaf(n)
	}()
	return middle(n)
}

//go:noinline
func child(n int, wg *sync.WaitGroup) {
	defer wg.Done()
	leaf(n)
}

//go:noinline
func spawn(n int) {
	var wg sync.WaitGroup
	wg.Add(2)
	go child(n, &wg)
	go child(n+1, &wg)
	wg.Wait()
}

//go:noinline
func slow(n int) int {
	time.Sleep(time.Duration(n) * time.Millisecond)
	return leaf(n)
}

//go:noinline
func outer(n int, it *item) int {
	check(n, it)
	fact(3)
	guarded(n)
	spawn(n)
	return slow(n)
}

// Nothing that is traced is around the panic.
func worker(rounds int) {
	for i := 0; i < rounds; i++ {
		func() {
			defer func() { recover() }()
			middle(i)
		}()
		leaf(i)
	}
}

//go:noinline
func wait(name string) {
	bufio.NewReader(os.Stdin).ReadString('\n')
}

//go:noinline
func waitFor(name string, held *sync.WaitGroup) {
	held.Done()
	if name != "" {
		select {}
	}
}

// A goroutine that a panic below it has ended, as those of tests.
//
//go:noinline
func ends(done *sync.WaitGroup) {
	defer done.Done()
	runtime.Goexit()
}

func hold() {
	var held, ended sync.WaitGroup
	held.Add(2)
	go waitFor("first", &held)
	go waitFor("second", &held)
	held.Wait()
	ended.Add(1)
	go ends(&ended)
	ended.Wait()
	time.Sleep(20 * time.Millisecond)
	fmt.Println("held")
	wait("input")
}

func threads(n, workers int) {
	var wg sync.WaitGroup
	for i := 0; i < workers; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread()
			for k := 0; k < n/workers; k++ {
				leaf(k)
			}
		}()
	}
	wg.Wait()
}

func many(n int) {
	it := &item{name: "one"}
	for i := 0; i < n; i++ {
		done := make(chan int)
		go func() { done <- guarded(i) + fact(2) }()
		<-done
	}
	check(n, it)
}

func number(i, otherwise int) int {
	if i >= len(os.Args) {
		return otherwise
	}
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	if len(os.Args) > 3 && os.Args[1] == "threads" {
		threads(number(2, 0), number(3, 1))
		return
	}
	if len(os.Args) > 2 && os.Args[1] == "many" {
		many(number(2, 0))
		return
	}
	rounds := number(1, 2)
	raw := make([]byte, 300)
	for i := range raw {
		raw[i] = byte(200 + i%50)
	}
	it := &item{"größer", 3, []string{"a", "b"}, &item{name: "next", raw: raw}, raw}
	for i := 0; i < rounds; i++ {
		outer(i, it)
	}
	worker(rounds)
	if len(os.Args) > 2 {
		hold()
	}
}
