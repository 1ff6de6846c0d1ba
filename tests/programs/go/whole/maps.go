// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"strconv"

	"whole/dump"
)

type Key struct {
	A int
	B string
}

type Wide struct {
	Words [25]int64
}

//go:noinline
func intMap(x map[int]int) { use(&x) }

//go:noinline
func textMap(x map[string]int) { use(&x) }

//go:noinline
func structMap(x map[Key]Point) { use(&x) }

//go:noinline
func keyMap(x map[interface{}]string) { use(&x) }

//go:noinline
func arrayMap(x map[[2]int8]bool) { use(&x) }

//go:noinline
func boolMap(x map[bool]string) { use(&x) }

//go:noinline
func floatMap(x map[float64]int) { use(&x) }

//go:noinline
func pointerMap(x map[string]*Point) { use(&x) }

//go:noinline
func listMap(x map[string][]string) { use(&x) }

//go:noinline
func mapMap(x map[string]map[string]int) { use(&x) }

//go:noinline
func wideMap(x map[string]Wide) { use(&x) }

//go:noinline
func wideKeyMap(x map[[25]int64]string) { use(&x) }

//go:noinline
func setMap(x map[string]struct{}) { use(&x) }

//go:noinline
func byteMap(x map[uint8]uint8) { use(&x) }

//go:noinline
func namedMap(x map[Name]Level) { use(&x) }

//go:noinline
func funcMap(x map[string]func(int) int) { use(&x) }

//go:noinline
func textLists(x []map[string]string) { use(&x) }

//go:noinline
func growing(x map[int]int) { use(&x) }

// Of more entries than are shown; the value of k is 3*k.
//
//go:noinline
func bigMap(x map[int]int) { use(&x) }

type Registry struct {
	ByName map[string]*Item
	counts map[Color]int
	empty  map[string]int
}

//go:noinline
func registry(x *Registry) { use(&x) }

func mapTo(n int) map[int]int {
	m := map[int]int{}
	for i := 0; i < n; i++ {
		m[i] = 3 * i
	}
	return m
}

func maps() {
	for _, x := range []map[int]int{nil, {}, {1: 0}, {3: 1, -2: 5, 1: 1}, mapTo(7), mapTo(8), mapTo(9), mapTo(15), mapTo(30), mapTo(53), mapTo(64)} {
		say("intMap", &x)
		intMap(x)
	}
	emptied := mapTo(9)
	for i := 0; i < 9; i++ {
		delete(emptied, i)
	}
	say("intMap", &emptied)
	intMap(emptied)
	few := mapTo(40)
	for i := 0; i < 40; i += 2 {
		delete(few, i)
	}
	say("intMap", &few)
	intMap(few)
	texts := map[string]int{"b": 2, "a": 1, "": 0, "ä": 4, "a\n": 5}
	say("textMap", &texts)
	textMap(texts)
	for i := 0; i < 20; i++ {
		texts["key"+strconv.Itoa(i)] = i
	}
	say("textMap", &texts)
	textMap(texts)
	keyed := map[Key]Point{{1, "b"}: {1, 2}, {1, "a"}: {}, {0, "z"}: {3, 0}}
	say("structMap", &keyed)
	structMap(keyed)
	dynamic := map[interface{}]string{1: "int", -1: "less", "s": "string", Color(1): "color", Key{1, "k"}: "key", true: "bool", 2.5: "float"}
	say("keyMap", &dynamic)
	keyMap(dynamic)
	arrays := map[[2]int8]bool{{1, 2}: true, {-1, 9}: false, {1, -3}: true}
	say("arrayMap", &arrays)
	arrayMap(arrays)
	truths := map[bool]string{true: "yes", false: "no"}
	say("boolMap", &truths)
	boolMap(truths)
	floating := map[float64]int{2.5: 1, -1: 2, 0: 3, math.NaN(): 4, math.Inf(1): 5, math.Inf(-1): 6}
	say("floatMap", &floating)
	floatMap(floating)
	points := map[string]*Point{"a": {1, 2}, "n": nil, "z": {}}
	say("pointerMap", &points)
	pointerMap(points)
	lists := map[string][]string{"A": {"b", "c"}, "B": nil, "C": {}}
	say("listMap", &lists)
	listMap(lists)
	inner := map[string]map[string]int{"x": {"y": 1, "a": 2}, "e": {}, "n": nil}
	say("mapMap", &inner)
	mapMap(inner)
	wide := map[string]Wide{"one": {[25]int64{0: 1, 24: -1}}, "none": {}}
	say("wideMap", &wide)
	wideMap(wide)
	wideKeys := map[[25]int64]string{{24: 2}: "two", {24: 1}: "one"}
	say("wideKeyMap", &wideKeys)
	wideKeyMap(wideKeys)
	set := map[string]struct{}{"in": {}, "at": {}}
	say("setMap", &set)
	setMap(set)
	narrow := map[uint8]uint8{200: 1, 3: 255}
	say("byteMap", &narrow)
	byteMap(narrow)
	levels := map[Name]Level{"low": -1, "high": 1}
	say("namedMap", &levels)
	namedMap(levels)
	funcs := map[string]func(int) int{"double": double, "nil": nil}
	say("funcMap", &funcs)
	funcMap(funcs)
	several := []map[string]string{{"k": "v"}, nil, {}}
	say("textLists", &several)
	textLists(several)
	for _, x := range []*Registry{{}, {map[string]*Item{"i": {ID: 1}}, map[Color]int{2: 3, 1: 0}, map[string]int{}}} {
		say("registry", &x)
		registry(x)
	}
	for _, m := range growingMaps() {
		say("growing", &m)
		growing(m)
	}

	for _, n := range []int{65, 500, 3000} {
		m := mapTo(n)
		dump.Cut("bigMap", n)
		bigMap(m)
	}
	m := mapTo(500)
	for i := 0; i < 490; i++ {
		delete(m, i)
	}
	dump.Cut("bigMap", 10)
	bigMap(m)
	for i := 1000; i < 1200; i++ {
		m[i] = 3 * i
	}
	dump.Cut("bigMap", 210)
	bigMap(m)
}
