// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math/big"
	"net/url"
	"sync"
	"time"
)

// The same values once more, as arguments; those that must not be copied by pointers.
var (
	syncRef    = &syncMap
	syncBigRef = &syncBig
	syncOldRef = &syncOld
	link       = &url.URL{Scheme: "https", Host: "link host", Path: "/link path", User: url.UserPassword("link user", "link password")}
)

//go:noinline
func passItem(x Item) { keep(&x) }

//go:noinline
func passItems(x []Item) { keep(&x) }

//go:noinline
func passPtrs(x []*Item) { keep(&x) }

//go:noinline
func passArray(x [3]*Item) { keep(&x) }

//go:noinline
func passWide(x Wide) { keep(&x) }

//go:noinline
func passPptr(x **Item) { keep(&x) }

//go:noinline
func passAny(x interface{}) { keep(&x) }

//go:noinline
func passShapes(x []Shape) { keep(&x) }

//go:noinline
func passError(x error) { keep(&x) }

//go:noinline
func passContext(x context.Context) { keep(&x) }

//go:noinline
func passTexts(x map[string]string) { keep(&x) }

//go:noinline
func passStructs(x map[Key]Item) { keep(&x) }

//go:noinline
func passIndirect(x map[Big]Big) { keep(&x) }

//go:noinline
func passGrown(x map[string]int64) { keep(&x) }

//go:noinline
func passHalfway(x map[int64]string) { keep(&x) }

//go:noinline
func passAnyKeys(x map[interface{}]interface{}) { keep(&x) }

//go:noinline
func passNested(x map[string]map[string][]string) { keep(&x) }

//go:noinline
func passPointers(x map[string]*Item) { keep(&x) }

//go:noinline
func passChannel(x chan int) { keep(&x) }

//go:noinline
func passSync(x *sync.Map) { keep(&x) }

//go:noinline
func passTime(x time.Time) { keep(&x) }

//go:noinline
func passNumber(x *big.Int) { keep(&x) }

//go:noinline
func passLogin(x Login) { keep(&x) }

//go:noinline
func passPointer(x *Item) { keep(&x) }

//go:noinline
func passLink(x *url.URL) { keep(&x) }

//go:noinline
func passMany(x []int64) { keep(&x) }

//go:noinline
func passEnd() { keep() }

func pass() {
	passItem(item)
	passItems(items)
	passPtrs(ptrs)
	passArray(array)
	passWide(wide)
	passPptr(pptr)
	for _, x := range []interface{}{anyInt, anyStr, anyPtr, anyVal, anyMap, anyHnd, anyOne, anySli, anyErr, anyTyp, anyTo, anyFun, anyAny, anyPan, noAny} {
		passAny(x)
	}
	passShapes(shapes)
	passError(failed)
	passContext(ctx)
	passTexts(small)
	passTexts(noMap)
	passStructs(structs)
	passIndirect(indirect)
	passGrown(grown)
	passHalfway(halfway)
	passHalfway(dropped)
	passAnyKeys(anyKeys)
	passNested(nested)
	passPointers(pointers)
	passChannel(channel)
	passSync(syncRef)
	passSync(syncBigRef)
	passSync(syncOldRef)
	passTime(local)
	passTime(utc)
	passNumber(number)
	passLogin(login)
	passPointer(loop)
	passPointer(deep)
	passPointer(bad)
	passLink(link)
	passMany(many)
	passEnd()
}
