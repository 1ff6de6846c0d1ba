// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"whole/dump"
)

type Table struct {
	Name  string
	Cells [100000]int
	Last  string
}

//go:noinline
func hugeArray(x *Table) { use(&x) }

//go:noinline
func hugeList(x []Item) { use(&x) }

//go:noinline
func hugeLists(x [][]int) { use(&x) }

//go:noinline
func hugeText(x *Texts) { use(&x) }

//go:noinline
func hugeMap(x map[int]int) { use(&x) }

//go:noinline
func wideItems(x []Wide) { use(&x) }

func huge() {
	t := &Table{Name: "table", Last: "last"}
	for i := range t.Cells {
		t.Cells[i] = i
	}
	dump.Cut("hugeArray", len(t.Cells))
	hugeArray(t)
	list := make([]Item, 100000)
	for i := range list {
		list[i] = Item{ID: i, Name: strings.Repeat("n", 1000), Tags: []string{strings.Repeat("t", 1000)}}
	}
	dump.Cut("hugeList", len(list))
	hugeList(list)
	lists := make([][]int, 1000)
	for i := range lists {
		lists[i] = numbersTo(1000)
	}
	dump.Cut("hugeLists", len(lists))
	hugeLists(lists)
	wide := make([]Wide, 1000)
	for i := range wide {
		wide[i].Words[0] = int64(i)
	}
	dump.Cut("wideItems", len(wide))
	wideItems(wide)
	text := &Texts{Title: strings.Repeat("0123456789abcdef", 1<<16), Data: make([]byte, 1<<20), Blob: []byte(strings.Repeat("b", 1<<20))}
	say("hugeText", &text)
	hugeText(text)
	m := mapTo(100000)
	dump.Cut("hugeMap", len(m))
	hugeMap(m)
}
