// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"
)

type ctxKey string

type Request struct {
	Ctx  context.Context
	Name string
}

//go:noinline
func withContext(x context.Context) { use(&x) }

//go:noinline
func request(x *Request) { use(&x) }

func contexts() {
	base := context.Background()
	valued := context.WithValue(base, ctxKey("user"), "ann")
	canceled, cancel := context.WithCancel(valued)
	timed, cancel2 := context.WithTimeout(canceled, time.Hour)
	for _, x := range []context.Context{nil, base, context.TODO(), valued, canceled, timed, context.WithValue(timed, ctxKey("n"), 5)} {
		say("withContext", &x)
		withContext(x)
	}
	r := &Request{valued, "r"}
	say("request", &r)
	request(r)
	cancel2()
	cancel()
	say("withContext", &timed)
	withContext(timed)
}
