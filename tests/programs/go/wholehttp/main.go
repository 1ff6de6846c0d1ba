// SPDX-License-Identifier: Apache-2.0

// Values of net/http, as ../whole has those of everything else. It is a program of its own because it
// is large.
package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"

	"whole/dump"
)

var uses int

//go:noinline
func use(...interface{}) { uses++ }

//go:noinline
func header(x http.Header) { use(&x) }

//go:noinline
func request(x *http.Request) { use(&x) }

//go:noinline
func response(x *http.Response) { use(&x) }

//go:noinline
func handler(x http.Handler) { use(&x) }

// Served through ServeMux, so that a script sees what handlers see.
//
//go:noinline
func hello(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(201)
	use(&r)
}

type greeter struct{ greeting string }

func (g *greeter) ServeHTTP(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }

func newRequest(method, link, body string) *http.Request {
	r, err := http.NewRequest(method, link, nil)
	if body != "" {
		r, err = http.NewRequest(method, link, strings.NewReader(body))
	}
	if err != nil {
		panic(err)
	}
	return r
}

func main() {
	dump.Options()
	for _, x := range []http.Header{
		nil, {}, {"Accept": {"text/html", "*/*"}, "User-Agent": {"whole/1"}, "Empty": nil},
		{"Authorization": {"Bearer hide-me"}, "Cookie": {"session=hide-me"}, "Date": {"now"}},
	} {
		dump.Say("header", &x)
		header(x)
	}
	get := newRequest("GET", "http://example.com:8080/path?q=1", "")
	get.Header.Set("Accept", "text/html")
	post := newRequest("POST", "https://ann:hide-me@example.com/", "the body")
	post.Header.Set("Authorization", "Basic hide-me")
	post.Header.Set("Content-Type", "text/plain")
	post = post.WithContext(context.WithValue(context.Background(), http.ServerContextKey, "a server"))
	for _, x := range []*http.Request{{}, nil, get, post} {
		dump.Say("request", &x)
		request(x)
	}
	for _, x := range []*http.Response{{}, {Status: "200 OK", StatusCode: 200, Proto: "HTTP/1.1", Header: http.Header{"A": {"b"}}, ContentLength: -1}} {
		dump.Say("response", &x)
		response(x)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", hello)
	for _, x := range []http.Handler{nil, http.HandlerFunc(hello), &greeter{"hi"}} {
		dump.Say("handler", &x)
		handler(x)
	}
	served := httptest.NewRequest("GET", "/hello?name=x", nil)
	mux.ServeHTTP(httptest.NewRecorder(), served)
}
