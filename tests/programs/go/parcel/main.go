// SPDX-License-Identifier: Apache-2.0

// Command parcel passes some parcels on: small values with a bit of everything in them.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

type Item struct {
	Name  string
	Grams int
}

type Parcel struct {
	To    string
	Items []*Item
	Marks map[string]int
	Route []string
	Note  interface{}
	Next  *Parcel
	Wait  time.Duration
	Err   error
}

// One after the other, so that no page of it is new to the kernel when the second call comes.
var errLost = errors.New("lost")

//go:noinline
func send(p *Parcel, by string, err error) (sent Parcel, problem error) {
	sent = *p
	sent.Next = p
	return sent, fmt.Errorf("%s: %w", by, err)
}

// A page that nobody has touched cannot be read on old kernels.
func touch() int {
	p, err := send(&Parcel{To: "nobody", Note: Item{"none", 0}}, "nobody", errLost)
	return len(p.To) + len(err.Error())
}

func main() {
	n := touch()
	p := &Parcel{
		To:    "Ann",
		Items: []*Item{{"book", 300}, {"pen", 20}},
		Marks: map[string]int{"heavy": 1, "glass": 2},
		Route: []string{"north", "east"},
		Note:  Item{"card", 5},
		Wait:  90 * time.Second,
		Err:   errLost,
	}
	_, err := send(p, "ship", errLost)
	if n == 0 || err == nil {
		os.Exit(1)
	}
}
