// SPDX-License-Identifier: Apache-2.0

// Command web is an HTTP server and a client of it: N requests over some connections, each of which
// the server logs to a file. At the end it tells what it has counted itself.
//
//	web N [CONNECTIONS]
package main

import (
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

type server struct {
	log      *os.File
	requests int64
	writes   int64
}

func (s *server) write(line string) {
	atomic.AddInt64(&s.writes, 1)
	s.log.Write([]byte(line))
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := atomic.AddInt64(&s.requests, 1)
	s.write(r.Method + " " + r.URL.Path + "\n")
	if n%10 == 0 {
		s.write("ten more\n")
	}
	io.WriteString(w, "hello")
}

func request(client *http.Client, url string) {
	r, err := client.Get(url)
	if err != nil {
		panic(err)
	}
	io.Copy(ioutil.Discard, r.Body)
	r.Body.Close()
}

func number(i, otherwise int) int {
	if i >= len(os.Args) {
		return otherwise
	}
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	n, connections := number(1, 100), number(2, 4)
	log, err := ioutil.TempFile("", "web")
	if err != nil {
		panic(err)
	}
	os.Remove(log.Name())
	s := &server{log: log}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, s)
	var wg sync.WaitGroup
	for i := 0; i < connections; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			client := &http.Client{Transport: &http.Transport{}}
			for k := 0; k < n/connections; k++ {
				request(client, fmt.Sprintf("http://%s/item/%d", l.Addr(), k))
			}
		}()
	}
	wg.Wait()
	fmt.Println("requests", s.requests)
	fmt.Println("writes", s.writes)
}
