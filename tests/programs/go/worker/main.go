// SPDX-License-Identifier: Apache-2.0

// worker lets ten goroutines count in a shared state, each as often as its number says, and prints
// the sum of what they were given: 1035.
package main

import (
	"fmt"
	"sync"
)

type State struct {
	Counts int
	lock   sync.Mutex
}

// Inc gives 1, 2, 3 ... 45, each once.
func (s *State) Inc() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.Counts++
	return s.Counts
}

type count struct {
	i int
}

type Worker struct {
	id     int
	counts []*count
}

func (w *Worker) work(state *State, times int) {
	for i := 0; i < times; i++ {
		w.counts = append(w.counts, &count{i: state.Inc()})
	}
}

func (w *Worker) results() []*count {
	return w.counts
}

func main() {
	state := &State{}
	workers := make([]*Worker, 10)
	var wg sync.WaitGroup
	for i := range workers {
		workers[i] = &Worker{id: i}
		wg.Add(1)
		go func(w *Worker) {
			defer wg.Done()
			w.work(state, w.id)
		}(workers[i])
	}
	wg.Wait()
	sum := 0
	for _, w := range workers {
		for _, c := range w.results() {
			sum += c.i
		}
	}
	fmt.Println(sum)
}
