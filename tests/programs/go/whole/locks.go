// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"whole/dump"
)

type Guarded struct {
	mu    sync.Mutex
	rw    sync.RWMutex
	once  sync.Once
	wg    sync.WaitGroup
	value atomic.Value
	count int
}

//go:noinline
func mutex(x *sync.Mutex) { use(&x) }

//go:noinline
func rwMutex(x *sync.RWMutex) { use(&x) }

//go:noinline
func once(x *sync.Once) { use(&x) }

//go:noinline
func waitGroup(x *sync.WaitGroup) { use(&x) }

//go:noinline
func atomicValue(x *atomic.Value) { use(&x) }

//go:noinline
func guarded(x *Guarded) { use(&x) }

//go:noinline
func guardedList(x []*Guarded) { use(&x) }

//go:noinline
func syncMap(x *sync.Map) { use(&x) }

// Of more entries than are shown; the value of k is 3*k.
//
//go:noinline
func bigSyncMap(x *sync.Map) { use(&x) }

func settle(ok func() bool) {
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			panic("goroutines do not wait")
		}
	}
}

func locks() {
	mu := &sync.Mutex{}
	say("mutex", &mu)
	mutex(mu)
	mu.Lock()
	say("mutex", &mu)
	mutex(mu)
	var all sync.WaitGroup
	all.Add(3)
	for i := 0; i < 3; i++ {
		go func() {
			mu.Lock()
			mu.Unlock()
			all.Done()
		}()
	}
	settle(func() bool { return atomic.LoadInt32((*int32)(unsafe.Pointer(mu)))>>3 == 3 })
	say("mutex", &mu)
	mutex(mu)
	wg := &all
	say("waitGroup", &wg)
	waitGroup(wg)
	mu.Unlock()
	all.Wait()
	say("waitGroup", &wg)
	waitGroup(wg)

	rw := &sync.RWMutex{}
	for _, change := range []func(){func() {}, rw.RLock, rw.RLock, rw.RUnlock, rw.RUnlock, rw.Lock} {
		change()
		say("rwMutex", &rw)
		rwMutex(rw)
	}
	one := &sync.Once{}
	say("once", &one)
	once(one)
	one.Do(func() {})
	say("once", &one)
	once(one)

	v := &atomic.Value{}
	say("atomicValue", &v)
	atomicValue(v)
	v.Store("text")
	say("atomicValue", &v)
	atomicValue(v)
	v = &atomic.Value{}
	v.Store(&Point{1, 2})
	say("atomicValue", &v)
	atomicValue(v)

	g := &Guarded{count: 1}
	say("guarded", &g)
	guarded(g)
	g.mu.Lock()
	g.rw.RLock()
	g.rw.RLock()
	g.once.Do(func() {})
	g.wg.Add(4)
	g.value.Store(5)
	say("guarded", &g)
	guarded(g)
	list := []*Guarded{g, nil, {}}
	say("guardedList", &list)
	guardedList(list)

	m := &sync.Map{}
	say("syncMap", &m)
	syncMap(m)
	for i := 0; i < 5; i++ {
		m.Store("key"+strconv.Itoa(i), i)
	}
	say("syncMap", &m)
	syncMap(m)
	m.Delete("key1")
	// Looked up often enough, entries move to where they are read without the lock.
	for i := 0; i < 20; i++ {
		m.Load("key4")
		m.Load("none")
	}
	say("syncMap", &m)
	syncMap(m)
	m.Store("more", Point{1, 2})
	m.Delete("key0")
	m.Store("key2", "changed")
	say("syncMap", &m)
	syncMap(m)

	many := &sync.Map{}
	for i := 0; i < 300; i++ {
		many.Store(i, 3*i)
	}
	dump.Cut("bigSyncMap", 300)
	bigSyncMap(many)
	many.Range(func(k, _ interface{}) bool {
		if k.(int) >= 100 {
			many.Delete(k)
		}
		return true
	})
	dump.Cut("bigSyncMap", 100)
	bigSyncMap(many)
}
