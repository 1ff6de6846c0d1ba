// SPDX-License-Identifier: Apache-2.0

// Global variables of every kind, to be read from outside while the program waits for its input to
// end. What can be found is text that begins with the variable's own name, or one of the numbers
// that are said beside it.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type Item struct {
	Name string
	N    int64
	Next *Item
	Tags []string
}

type Shape interface{ Area() float64 }

type Square struct {
	Side float64
	Name string
}

func (s Square) Area() float64 { return s.Side * s.Side }

type Circle struct {
	R    float64
	Name string
}

func (c *Circle) Area() float64 { return 3 * c.R * c.R }

// One pointer: an interface holds it, not its address.
type Handle struct{ p *Item }

func (h Handle) Area() float64 { return 0 }

type One [1]*Item

type Names []string
type Ages map[string]int64
type Text string
type Raw []byte
type To *Item

type Big struct {
	Words [20]int64
	Name  string
}

type Key struct {
	ID   int32
	Name string
}

type Login struct {
	User         string
	Password     string
	API_Key      [5]int64
	Session      struct{ Token []byte }
	IsSecret     bool
	Cookies      map[string]string
	AccessTokens *Item
	N            int64
}

type Wide struct {
	Rows [4][3]Item
	None [0]*Item
	_    struct{}
	Last *Item
}

var (
	text   = "text zero"
	raw    = Raw("raw bytes")
	empty  = ""
	item   = Item{"item one", 0x1101, &Item{"item two", 0x1102, nil, nil}, []string{"item tag", "", "item tag2"}}
	items  = []Item{{Name: "items a"}, {Name: "items b", Next: &Item{Name: "items c"}}}
	ptrs   = []*Item{{Name: "ptrs a"}, nil, {Name: "ptrs b"}}
	names  = Names{"names a", "names b"}
	array  = [3]*Item{{Name: "array a"}, nil, {Name: "array b"}}
	pptr   **Item
	wide   Wide
	anyInt interface{} = int64(0x2201)
	anyStr interface{} = "anyStr text"
	anyPtr interface{} = &Item{Name: "anyPtr item"}
	anyVal interface{} = Item{Name: "anyVal item"}
	anyMap interface{} = Ages{"anyMap key": 0x2202}
	anyHnd interface{} = Handle{&Item{Name: "anyHnd item"}}
	anyOne interface{} = One{{Name: "anyOne item"}}
	anySli interface{} = Names{"anySli a"}
	anyErr interface{} = errors.New("anyErr text")
	anyTyp interface{} = Text("anyTyp text")
	anyTo  interface{} = To(&Item{Name: "anyTo item"})
	anyFun interface{} = debugGC
	anyAny interface{} = []interface{}{"anyAny a", []interface{}{"anyAny b", map[string]interface{}{"anyAny c": "anyAny d"}}}
	anyPan interface{}
	shape  Shape = Square{2, "shape square"}
	circle Shape = &Circle{3, "circle round"}
	handle Shape = Handle{&Item{Name: "handle item"}}
	shapes       = []Shape{Square{1, "shapes a"}, &Circle{2, "shapes b"}, nil}
	failed error = fmt.Errorf("failed: %w", &url.Error{Op: "failed op", URL: "failed url", Err: os.ErrNotExist})
	fun          = strings.ToUpper
	noFun  func()
	noMap  map[string]string
	noAny  interface{}

	small    = map[string]string{"small k1": "small v1", "small k2": "small v2"}
	structs  = map[Key]Item{{1, "structs key"}: {Name: "structs item"}}
	indirect = map[Big]Big{}
	grown    = map[string]int64{}
	halfway  = map[int64]string{}
	dropped  = map[int64]string{}
	sets     = map[string]struct{}{"sets key": {}}
	anyKeys  = map[interface{}]interface{}{"anyKeys key": "anyKeys value", 5: "anyKeys five"}
	nested   = map[string]map[string][]string{"nested a": {"nested b": {"nested c"}}}
	scalars  = map[int32]int64{7: 0x3301}
	pointers = map[string]*Item{"pointers key": {Name: "pointers item"}}

	channel = make(chan int, 3)
	syncMap sync.Map
	syncBig sync.Map
	syncOld sync.Map
	value   atomic.Value
	local   time.Time
	utc     = time.Unix(1600000000, 5).UTC()
	builder strings.Builder
	buffer  bytes.Buffer
	number  = new(big.Int).Exp(big.NewInt(7), big.NewInt(100), nil)
	ctx     = context.WithValue(context.Background(), Text("ctx key"), "ctx value")
	login   = Login{User: "login user", Password: "login password", N: 0x4401, IsSecret: true}
	private rsa.PrivateKey
	loop    = &Item{Name: "loop self"}
	deep    *Item
	bad     = &Item{Name: "bad item"}
	long    = strings.Repeat("long text ", 1000)
	many    = make([]int64, 100000)
)

func fill() {
	p := &Item{Name: "pptr item"}
	pptr = &p
	wide.Rows[3][2].Name = "wide last row"
	wide.Rows[0][0].Next = &Item{Name: "wide next"}
	wide.Last = &Item{Name: "wide last"}
	for i := int64(0); i < 3; i++ {
		var k, v Big
		k.Words[0], v.Words[19] = i, 0x3400+i
		k.Name, v.Name = fmt.Sprint("indirect key ", i), fmt.Sprint("indirect value ", i)
		indirect[k] = v
	}
	for i := int64(0); i < 96; i++ {
		grown[fmt.Sprint("grown ", i)] = i
	}
	for i := int64(0); i < 96; i++ {
		if i%4 != 0 {
			delete(grown, fmt.Sprint("grown ", i))
		}
	}
	// Just after a hash table of buckets has begun to grow.
	for i := int64(0); i < 53; i++ {
		halfway[i] = fmt.Sprint("halfway ", i)
	}
	for i := int64(0); i < 100; i++ {
		dropped[i] = fmt.Sprint("dropped ", i)
	}
	for i := int64(1); i < 100; i++ {
		delete(dropped, i)
	}
	channel <- 1
	channel <- 2
	syncMap.Store("syncMap key", "syncMap value")
	syncMap.Store(int64(5), &Item{Name: "syncMap item"})
	syncMap.Store("syncMap gone", "syncMap gone")
	syncMap.Delete("syncMap gone")
	for i := 0; i < 60; i++ {
		syncBig.Store(i, fmt.Sprint("syncBig ", i))
	}
	// In the read-only half of it, too, where there is one.
	syncOld.Store("syncOld key", "syncOld value")
	syncOld.Range(func(k, v interface{}) bool { return true })
	syncOld.Store("syncOld new", "syncOld other")
	value.Store(&Item{Name: "value item"})
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.FixedZone("CEST", 7200)
	}
	local = time.Unix(1600000000, 5).In(zone)
	builder.WriteString("builder text")
	buffer.WriteString("buffer text")
	login.API_Key = [5]int64{0x4402, 0x4402, 0x4402, 0x4402, 0x4402}
	login.Session.Token = []byte("login token")
	login.Cookies = map[string]string{"login cookie": "login cookie"}
	login.AccessTokens = &Item{Name: "login item"}
	private.E = 0x4403
	private.N = big.NewInt(0x4404)
	private.D = big.NewInt(0x4405)
	private.Primes = []*big.Int{big.NewInt(0x4405)}
	loop.Next = loop
	for i := 10; i > 0; i-- {
		deep = &Item{Name: fmt.Sprint("deep ", i), Next: deep}
	}
	bad.Next = (*Item)(unsafe.Pointer(uintptr(0x7f0000000000)))
	for i := range many {
		many[i] = int64(i)
	}
	func() {
		defer func() { anyPan = recover() }()
		_ = array[len(os.Args)+2]
	}()
	generics()
}

func main() {
	debugGC(-1)
	fill()
	bad.Tags = []string{"bad tag"}
	fmt.Println("ready")
	for in := bufio.NewReader(os.Stdin); ; {
		if _, err := in.ReadString('\n'); err != nil {
			break
		}
		pass()
	}
	runtime.KeepAlive(&text)
	keep(&text, &raw, &empty, &item, &items, &ptrs, &names, &array, &pptr, &wide, &anyInt, &anyStr,
		&anyPtr, &anyVal, &anyMap, &anyHnd, &anyOne, &anySli, &anyErr, &anyTyp, &anyTo, &anyFun, &anyAny,
		&anyPan, &shape, &circle, &handle, &shapes, &failed, &fun, &noFun, &noMap, &noAny)
	keep(&small, &structs, &indirect, &grown, &halfway, &dropped, &sets, &anyKeys, &nested, &scalars,
		&pointers, &channel, &syncMap, &syncBig, &syncOld, &value, &local, &utc, &builder, &buffer,
		&number, &ctx, &login, &private, &loop, &deep, &bad, &long, &many, &syncRef, &syncBigRef, &syncOldRef, &link)
}

var kept int

//go:noinline
func keep(all ...interface{}) { kept += len(all) }
