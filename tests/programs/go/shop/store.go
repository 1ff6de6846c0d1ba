// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"sync"
	"time"
)

type Entry struct {
	Key  string
	User string
	TTL  time.Duration
}

// Store keeps entries by key, up to a quota.
type Store struct {
	mu      sync.Mutex
	entries map[string]*Entry
	quota   int
}

var (
	ErrFull    = errors.New("store full")
	ErrMissing = errors.New("no such entry")
)

func NewStore(quota int) *Store {
	return &Store{entries: make(map[string]*Entry), quota: quota}
}

//go:noinline
func (s *Store) Get(key string) (user string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[key]
	if e == nil || isExpired(e, time.Hour) {
		return "", ErrMissing
	}
	return e.User, nil
}

//go:noinline
func (s *Store) Put(e *Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.entries[e.Key]; !known && len(s.entries) >= s.quota {
		return ErrFull
	}
	s.entries[e.Key] = e
	return nil
}

//go:noinline
func (s *Store) Count(longerThan time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.entries {
		if !isExpired(e, longerThan) {
			n++
		}
	}
	return n
}

// Small enough to be inlined into both of its callers.
func isExpired(e *Entry, limit time.Duration) bool { return e.TTL > limit }
