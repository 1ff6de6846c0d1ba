// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"
)

type StorageEntry struct {
	Key      string
	Value    []byte
	SealWrap bool
}

type BarrierView struct {
	prefix  string
	entries map[string][]byte
}

func New(prefix string) *BarrierView {
	return &BarrierView{prefix: prefix, entries: map[string][]byte{}}
}

//go:noinline
func (v *BarrierView) Put(ctx context.Context, entry *StorageEntry) error {
	if entry == nil {
		return errors.New("nothing to put")
	}
	v.entries[v.prefix+entry.Key] = entry.Value
	return ctx.Err()
}

func (v *BarrierView) Len() int {
	return len(v.entries)
}

type Pair struct {
	A, B int
}

// Plain gets a structure by value: its words are arguments 0 and 1, n is 2.
//
//go:noinline
func Plain(p Pair, n int) int {
	return p.A + p.B + n
}
