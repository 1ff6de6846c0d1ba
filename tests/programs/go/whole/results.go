// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"

	"whole/dump"
)

// What these get and give is told by the program when they have returned:
//
//	NAME = VALUES       arguments, as they were at the entry
//	NAME > VALUES       results

//go:noinline
func find(p *Point, key string) (found *Item, err error) {
	use(&p)
	switch key {
	case "":
		return nil, errors.New("no key")
	case "odd":
		return &Item{ID: 7}, &CodeError{Code: 8}
	}
	return &Item{len(key), key, []string{key}}, nil
}

// Changes what it gets.
//
//go:noinline
func change(x *Item, m map[string]int) []string {
	x.Name, x.ID, x.Tags = "changed", x.ID+1, append(x.Tags, "new")
	m["new"] = 1
	return x.Tags
}

//go:noinline
func build(n int) (item Item, dict map[int]string, list []Point, ok bool) {
	use(&n)
	item.ID, dict = n, map[int]string{}
	for i := 0; i < n; i++ {
		dict[i] = strings.Repeat("x", i)
		list = append(list, Point{i, -i})
	}
	return item, dict, list, n > 1
}

//go:noinline
func unnamedResults(n int) (*Point, []int, error) {
	use(&n)
	if n == 0 {
		return nil, nil, TextError("none")
	}
	return &Point{n, n}, numbersTo(n), nil
}

func results() {
	for _, key := range []string{"key", "", "odd"} {
		p := &Point{1, len(key)}
		said := dump.Value(&p)
		found, err := find(p, key)
		dump.Line("find = " + said)
		dump.Results("find", &found, &err)
	}
	item, dict := &Item{1, "before", []string{"old"}}, map[string]int{"old": 0}
	said := dump.Value(&item) + " " + dump.Value(&dict)
	tags := change(item, dict)
	dump.Line("change = " + said)
	dump.Results("change", &tags)
	for _, n := range []int{0, 1, 3} {
		item, dict, list, ok := build(n)
		dump.Results("build", &item, &dict, &list, &ok)
		p, ints, err := unnamedResults(n)
		dump.Results("unnamedResults", &p, &ints, &err)
	}
}
