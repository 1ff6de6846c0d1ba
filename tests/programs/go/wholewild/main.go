// SPDX-License-Identifier: Apache-2.0

// Values that no Go program should have: pointers to nowhere, lengths beyond all memory, maps and
// interfaces that are broken inside. They are made by unsafe, passed to a function, and not looked at.
// Before each call "NAME WORD" says which one it is; "fine" is the last line.
package main

import (
	"bytes"
	"errors"
	"math/big"
	"net"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type Point struct{ X, Y int }

type Node struct {
	N    int
	Next *Node
}

type Big struct {
	Name string
	Data [64]int
	Next *Big
}

type Graph struct {
	Name  string
	Edges []*Graph
}

type Many struct {
	Before string
	Text   string
	List   []int
	Map    map[int]int
	Any    interface{}
	Err    error
	Ptr    *Point
	After  string
}

var uses int

//go:noinline
func use(...interface{}) { uses++ }

//go:noinline
func pointer(x *Point) { use(&x) }

//go:noinline
func list(x *Node) { use(&x) }

//go:noinline
func bigOne(x *Big) { use(&x) }

//go:noinline
func text(x *string) { use(&x) }

//go:noinline
func ints(x []int) { use(&x) }

//go:noinline
func bytesOf(x []byte) { use(&x) }

//go:noinline
func texts(x []string) { use(&x) }

//go:noinline
func pointers(x []*Point) { use(&x) }

//go:noinline
func nothings(x []struct{}) { use(&x) }

//go:noinline
func dict(x map[int]int) { use(&x) }

//go:noinline
func anything(x interface{}) { use(&x) }

//go:noinline
func fails(x error) { use(&x) }

//go:noinline
func function(x func()) { use(&x) }

//go:noinline
func channel(x chan int) { use(&x) }

//go:noinline
func clock(x *time.Time) { use(&x) }

//go:noinline
func mutex(x *sync.Mutex) { use(&x) }

//go:noinline
func syncMap(x *sync.Map) { use(&x) }

//go:noinline
func buffer(x *bytes.Buffer) { use(&x) }

//go:noinline
func builder(x *strings.Builder) { use(&x) }

//go:noinline
func address(x net.IP) { use(&x) }

//go:noinline
func link(x *url.URL) { use(&x) }

//go:noinline
func bigNumber(x *big.Int) { use(&x) }

//go:noinline
func graph(x *Graph) { use(&x) }

//go:noinline
func many(x *Many) { use(&x) }

func say(name, word string) { os.Stdout.WriteString(name + " " + word + "\n") }

// slice has the layout of all of them; of a string without the last word.
type slice struct {
	at       uintptr
	len, cap int
}

func at(n uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&n)) }

// wild are addresses at which nothing can be read.
var wild []struct {
	name string
	addr uintptr
}

const page = 4096

// An address at which a page ends, and another one begins that cannot be read.
var edge uintptr

func mapPages() {
	mem, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	for i := range mem {
		mem[i] = 'm'
	}
	base := uintptr(unsafe.Pointer(&mem[0]))
	if err := syscall.Mprotect(mem[page:2*page], syscall.PROT_NONE); err != nil {
		panic(err)
	}
	edge = base + page
	if _, _, e := syscall.Syscall(syscall.SYS_MUNMAP, base+2*page, page, 0); e != 0 {
		panic(e)
	}
	for name, addr := range map[string]uintptr{
		"small": 0x10, "protected": edge, "unmapped": base + 2*page, "kernel": 0xffffffff81000000, "direct": 0xffff888000001000,
		"noncanonical": 0x800000000000, "top": 0xffffffffffffffff, "last": 0x7ffffffffff8,
	} {
		wild = append(wild, struct {
			name string
			addr uintptr
		}{name, addr})
	}
}

func pointersTo(name string, p unsafe.Pointer) {
	say("pointer", name)
	pointer((*Point)(p))
	say("list", name)
	list(&Node{1, &Node{2, (*Node)(p)}})
	say("bigOne", name)
	bigOne((*Big)(p))
	say("pointers", name)
	pointers([]*Point{{1, 2}, (*Point)(p), {3, 4}})
	say("clock", name)
	now := time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC)
	(*[3]unsafe.Pointer)(unsafe.Pointer(&now))[2] = p
	clock(&now)
	say("link", name)
	link(&url.URL{Scheme: "http", Host: "host", User: (*url.Userinfo)(p)})
	say("channel", name)
	channel(*(*chan int)(unsafe.Pointer(&p)))
	say("function", name)
	function(*(*func())(unsafe.Pointer(&p)))
	say("dict", name)
	dict(*(*map[int]int)(unsafe.Pointer(&p)))
	say("syncMap", name)
	m := &sync.Map{}
	for i := uintptr(0); i < unsafe.Sizeof(*m)/8; i++ {
		*(*unsafe.Pointer)(unsafe.Pointer(uintptr(unsafe.Pointer(m)) + 8*i)) = p
	}
	syncMap(m)
	say("many", name)
	s := slice{uintptr(p), 3, 3}
	broken := &Many{Before: "before", Ptr: (*Point)(p), After: "after"}
	broken.Text = *(*string)(unsafe.Pointer(&s))
	broken.List = *(*[]int)(unsafe.Pointer(&s))
	broken.Map = *(*map[int]int)(unsafe.Pointer(&p))
	broken.Any = interfaceOf(uintptr(p), uintptr(p))
	many(broken)
}

func interfaceOf(t, data uintptr) interface{} {
	words := [2]uintptr{t, data}
	return *(*interface{})(unsafe.Pointer(&words))
}

func errorOf(tab, data uintptr) error {
	words := [2]uintptr{tab, data}
	return *(*error)(unsafe.Pointer(&words))
}

func lengths(name string, addr uintptr, n int) {
	s := slice{addr, n, n}
	say("text", name)
	text((*string)(unsafe.Pointer(&s)))
	say("ints", name)
	ints(*(*[]int)(unsafe.Pointer(&s)))
	say("bytesOf", name)
	bytesOf(*(*[]byte)(unsafe.Pointer(&s)))
	say("texts", name)
	texts(*(*[]string)(unsafe.Pointer(&s)))
	say("nothings", name)
	nothings(*(*[]struct{})(unsafe.Pointer(&s)))
	say("address", name)
	address(*(*net.IP)(unsafe.Pointer(&s)))
	b, w, i := &bytes.Buffer{}, &strings.Builder{}, &big.Int{}
	*(*slice)(unsafe.Pointer(b)) = s
	say("buffer", name)
	buffer(b)
	*(*slice)(unsafe.Pointer(uintptr(unsafe.Pointer(w)) + 8)) = s
	say("builder", name)
	builder(w)
	*(*slice)(unsafe.Pointer(uintptr(unsafe.Pointer(i)) + 8)) = s
	say("bigNumber", name)
	bigNumber(i)
}

// wordsOf gives both words of an interface.
func wordsOf(x *interface{}) [2]uintptr { return *(*[2]uintptr)(unsafe.Pointer(x)) }

func interfaces() {
	var point interface{} = Point{1, 2}
	var err interface{} = &os.PathError{}
	e := error(&os.PathError{Op: "open"})
	tab := *(*uintptr)(unsafe.Pointer(&e))
	heap := new([100]uintptr)
	text := "no type at all, but text that is there to be read as one, however far it goes on"
	for _, w := range wild {
		say("anything", "type-"+w.name)
		anything(interfaceOf(w.addr, w.addr))
		say("anything", "data-"+w.name)
		anything(interfaceOf(wordsOf(&point)[0], w.addr))
		say("anything", "direct-"+w.name)
		anything(interfaceOf(wordsOf(&err)[0], w.addr))
		say("fails", "tab-"+w.name)
		fails(errorOf(w.addr, w.addr))
		say("fails", "data-"+w.name)
		fails(errorOf(tab, w.addr))
	}
	say("anything", "zeros")
	anything(interfaceOf(uintptr(unsafe.Pointer(heap)), uintptr(unsafe.Pointer(heap))))
	say("anything", "text")
	anything(interfaceOf(*(*uintptr)(unsafe.Pointer(&text)), *(*uintptr)(unsafe.Pointer(&text))))
	say("anything", "unaligned")
	anything(interfaceOf(wordsOf(&point)[0]+1, wordsOf(&point)[1]))
	say("fails", "zeros")
	fails(errorOf(uintptr(unsafe.Pointer(heap)), 0))
}

// knot is a graph in which everything leads to everything.
func knot(n int) *Graph {
	all := make([]*Graph, n)
	for i := range all {
		all[i] = &Graph{Name: "g"}
	}
	for _, g := range all {
		g.Edges = all
	}
	return all[0]
}

func main() {
	debug.SetGCPercent(-1)
	mapPages()
	for _, w := range wild {
		pointersTo(w.name, at(w.addr))
		lengths("at-"+w.name, w.addr, 5)
	}
	for name, n := range map[string]int{"huge": 1 << 62, "negative": -1, "least": -1 << 63, "large": 1 << 40} {
		lengths(name, edge-page, n)
		lengths(name+"-nowhere", 0, n)
	}
	lengths("over-the-edge", edge-8, 100)
	say("bigOne", "over-the-edge")
	bigOne((*Big)(at(edge - 100)))
	say("pointer", "unaligned")
	pointer((*Point)(at(edge - 33)))
	say("list", "overlapping")
	words := &[8]uintptr{}
	for i := range words {
		// Each node begins in the middle of the one before.
		words[i] = uintptr(unsafe.Pointer(&words[(i+1)%8]))
	}
	list((*Node)(unsafe.Pointer(&words[0])))
	interfaces()
	for how := 0; ; how++ {
		m := map[int]int{}
		for i := 0; i < 100; i++ {
			m[i] = i
		}
		name := wreck(m, how, wild[how%len(wild)].addr)
		if name == "" {
			break
		}
		say("dict", name)
		dict(m)
	}
	b := bytes.NewBufferString("text")
	for _, off := range []int{5, -1, 1 << 62} {
		*(*int)(unsafe.Pointer(uintptr(unsafe.Pointer(b)) + 24)) = off
		say("buffer", "offset")
		buffer(b)
	}
	mu := &sync.Mutex{}
	*(*int32)(unsafe.Pointer(mu)) = -1
	say("mutex", "garbage")
	mutex(mu)
	say("graph", "knot")
	graph(knot(12))
	say("graph", "large-knot")
	graph(knot(64))
	if errors.New("x").Error() != "x" {
		panic("nothing works any more")
	}
	os.Stdout.WriteString("fine\n")
	os.Exit(0)
}
