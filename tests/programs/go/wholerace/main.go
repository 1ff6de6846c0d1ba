// SPDX-License-Identifier: Apache-2.0

// Values that change while functions get them: goroutines write to what State holds, all the time,
// while others pass it to functions that never look into it. Who looks, from outside, sees maps in
// the middle of a change, strings with the length of another one, pointers to what is free again.
//
//	wholerace CALLS WORKERS
//
// At the end it has checked what it wrote: "fine CALLS".
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

type Item struct {
	ID   int
	Name string
	Next *Item
}

type Small struct {
	N int
	P *Item
	M map[int]int
	T string
}

type State struct {
	mu    sync.Mutex
	Ints  map[int]int
	Texts map[string]*Item
	Deep  map[string][]string
	List  []Item
	Ptrs  []*Item
	Head  *Item
	Err   error
	Any   interface{}
	Text  string
	Data  []byte
	Sync  sync.Map
	Small *Small
}

var (
	uses int64
	long = strings.Repeat("long text ", 500)
	stop int32
)

//go:noinline
func use(...interface{}) { atomic.AddInt64(&uses, 1) }

//go:noinline
func small(x *Small, n int) { use(x, n) }

//go:noinline
func state(x *State, n int) { use(x, n) }

//go:noinline
func parts(m map[int]int, list []Item, text string, e error, n int) { use(m, list, text, e, n) }

// write changes everything, again and again. What Go itself would not allow to look at unlocked (the
// maps), nobody in this program does.
func (s *State) write(done *sync.WaitGroup) {
	defer done.Done()
	model, sum := map[int]int{}, 0
	for i := 0; atomic.LoadInt32(&stop) == 0; i++ {
		s.mu.Lock()
		k := i % 700
		if i%3 == 2 {
			delete(s.Ints, k/2)
			delete(model, k/2)
		} else {
			s.Ints[k], model[k] = i, i
		}
		if i%5000 == 4999 {
			// So that it grows again from nothing.
			s.Ints = map[int]int{}
			model = map[int]int{}
		}
		name := strconv.Itoa(i % 50)
		item := &Item{i, name, s.Head}
		if i%20 == 0 {
			item.Next = nil
		}
		s.Texts[name], s.Head = item, item
		s.Deep[name] = append(s.Deep[name], name)
		if len(s.Deep[name]) > 30 {
			delete(s.Deep, name)
		}
		s.List = append(s.List, *item)
		s.Ptrs = append(s.Ptrs, item)
		if len(s.List) > 300 {
			s.List, s.Ptrs = nil, s.Ptrs[:1]
		}
		switch i % 4 {
		case 0:
			s.Text, s.Any, s.Err, s.Data = "short", i, nil, nil
		case 1:
			s.Text, s.Any, s.Err, s.Data = long, item, errors.New(name), []byte(long)
		case 2:
			s.Text, s.Any, s.Err, s.Data = "", long, &os.PathError{Op: "open", Path: name, Err: os.ErrExist}, []byte{0xff}
		case 3:
			s.Any, s.Err = *item, fmt.Errorf("wrapped: %w", os.ErrClosed)
		}
		s.Sync.Store(i%100, item)
		s.Sync.Delete((i + 50) % 100)
		next := &Small{N: i, P: item, M: map[int]int{i: i}, T: name}
		s.Small.M, s.Small.T, s.Small.P = next.M, next.T, next.P
		s.Small.N, s.Small = i, next
		sum += i
		s.mu.Unlock()
	}
	if len(model) != len(s.Ints) {
		panic("the map has other entries than were written")
	}
	for k, v := range model {
		if s.Ints[k] != v {
			panic("the map has another value than was written")
		}
	}
	if s.Small == nil || s.Head == nil || len(s.List) > 301 {
		panic("a field has another value than was written")
	}
}

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	calls, workers := number(1), number(2)
	all := make([]*State, workers)
	var writers, callers sync.WaitGroup
	for i := range all {
		first := &Item{Name: "first"}
		all[i] = &State{
			Ints: map[int]int{}, Texts: map[string]*Item{}, Deep: map[string][]string{}, Head: first, Small: &Small{P: first},
		}
		writers.Add(1)
		go all[i].write(&writers)
	}
	made := int64(0)
	for i := range all {
		callers.Add(1)
		go func(s *State) {
			defer callers.Done()
			for n := 0; n < calls/workers; n++ {
				s.mu.Lock()
				at, ints, list, text, e := s.Small, s.Ints, s.List, s.Text, s.Err
				s.mu.Unlock()
				small(at, n)
				state(s, n)
				parts(ints, list, text, e, n)
				atomic.AddInt64(&made, 1)
			}
		}(all[i])
	}
	callers.Wait()
	atomic.StoreInt32(&stop, 1)
	writers.Wait()
	if uses != 3*made {
		panic("calls are missing")
	}
	fmt.Println("fine", made)
}
