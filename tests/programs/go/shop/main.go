// SPDX-License-Identifier: Apache-2.0

// Command shop is a small program to look at: a store of users behind a few workers.
//
//	shop [SECONDS]
package main

import (
	"os"
	"strconv"
	"sync"
	"time"
)

type request struct {
	id   int
	key  string
	done chan<- bool
}

//go:noinline
func handle(store *Store, r request) bool {
	user := "user " + strconv.Itoa(r.id)
	if err := store.Put(&Entry{Key: r.key, User: user, TTL: time.Minute}); err != nil {
		return false
	}
	got, err := store.Get(r.key)
	return err == nil && got == user
}

func serve(store *Store, requests <-chan request, wg *sync.WaitGroup) {
	defer wg.Done()
	for r := range requests {
		r.done <- handle(store, r)
	}
}

func main() {
	seconds := 0
	if len(os.Args) > 1 {
		seconds, _ = strconv.Atoi(os.Args[1])
	}
	store := NewStore(20)
	requests := make(chan request)
	done := make(chan bool, 1)
	var wg sync.WaitGroup
	wg.Add(1)
	go serve(store, requests, &wg)
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	served := 0
	for id := 0; id < 25 || time.Now().Before(end); id++ {
		requests <- request{id, "user/" + strconv.Itoa(id%25), done}
		if <-done {
			served++
		}
		if seconds > 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	close(requests)
	wg.Wait()
	os.Stdout.WriteString(strconv.Itoa(served) + " served, " +
		strconv.Itoa(store.Count(time.Hour)) + " kept\n")
}
