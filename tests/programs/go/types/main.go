// SPDX-License-Identifier: Apache-2.0

// Command types prints where the runtime has the descriptors of some types, and how Go calls them:
// "ADDRESS NAME". The first line is the address of main.main.
package main

import (
	"container/list"
	"errors"
	"fmt"
	"go/token"
	"os"
	"reflect"
	"time"
	"unsafe"
)

type point struct{ X, Y int }

type handler func(point, ...string) (int, error)

type pair struct {
	key   string
	value interface{}
}

func descriptor(v interface{}) uintptr {
	return (*[2]uintptr)(unsafe.Pointer(&v))[0]
}

func main() {
	type local struct{ p *point }
	_, err := os.Open("/no such file")
	fmt.Printf("%#x main.main\n", reflect.ValueOf(main).Pointer())
	for _, v := range []interface{}{
		true, 1, int8(1), uint16(1), uintptr(1), 1.5, float32(1), 1i, complex64(1), "text", 'r',
		err, errors.New("e"), fmt.Errorf("%w", err), os.ErrNotExist, time.Second, time.Now(),
		point{}, &point{}, local{}, &local{}, pair{}, handler(nil), func() {}, func(int) (string, error) { return "", nil },
		[]byte{}, []*point{}, [3]string{}, [2][]interface{}{}, map[string]int{}, map[point][]*pair{},
		make(chan int), make(<-chan point), make(chan<- error), unsafe.Pointer(nil), (*error)(nil),
		(*interface{})(nil), struct{}{}, struct {
			A int `json:"a"`
			B []string
		}{}, (*interface{ Close() error })(nil), list.New(), token.NoPos, reflect.TypeOf(1), (***int)(nil),
	} {
		fmt.Printf("%#x %T\n", descriptor(v), v)
	}
}
