// SPDX-License-Identifier: Apache-2.0

// Command errands does what scripts for stock bpftrace look at, and tells each time what they must
// have seen: a line "KIND WHAT".
//
//	errands KIND...    http dial tls read recover fault random spawn call
package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	lib "errands/lib.v2"
	"errors"
	"fmt"
	"io"
	"io/ioutil"
	"math/big"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// goid is what tracebacks call this goroutine.
func goid() string {
	b := make([]byte, 64)
	return strings.Fields(string(b[:runtime.Stack(b, false)]))[1]
}

// --- http ---

func answer(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/made":
		w.WriteHeader(201)
	case "/lost":
		w.WriteHeader(404)
	}
	io.WriteString(w, "hello")
}

func request(method, url string) {
	req, err := http.NewRequest(method, url, nil)
	must(err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Printf("http %s %s error\n", method, url)
		return
	}
	io.Copy(ioutil.Discard, resp.Body)
	resp.Body.Close()
	fmt.Printf("http %s %s %d\n", method, url, resp.StatusCode)
}

// freePort has no listener.
func freePort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer l.Close()
	return l.Addr().String()
}

func doHTTP() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go http.Serve(l, http.HandlerFunc(answer))
	url := "http://" + l.Addr().String()
	request("GET", url+"/")
	request("POST", url+"/made?by=errands&n=1")
	request("PUT", url+"/lost")
	request("GET", "http://"+freePort()+"/nobody")
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for k := 0; k < 5; k++ {
				request("GET", fmt.Sprintf("%s/%d/%d", url, i, k))
			}
		}(i)
	}
	wg.Wait()
}

// --- dial ---

func dial(network, address string) {
	l, err := net.Listen(network, address)
	if err != nil {
		return // no IPv6 here
	}
	defer l.Close()
	c, err := net.Dial(network, l.Addr().String())
	must(err)
	fmt.Printf("dial %s\n", l.Addr())
	c.Close()
}

func doDial() {
	dial("tcp", "127.0.0.1:0")
	dial("tcp4", "127.0.0.2:0")
	dial("tcp6", "[::1]:0")
	nobody := freePort()
	if _, err := net.Dial("tcp", nobody); err != nil {
		fmt.Printf("dial %s error\n", nobody)
	}
}

// --- tls ---

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"errands"},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	must(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func handshake(cert tls.Certificate, version uint16, log io.Writer) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{cert},
		MaxVersion:   version,
		KeyLogWriter: log,
	})
	must(err)
	defer l.Close()
	done := make(chan error)
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, err = c.Write([]byte("hello"))
			c.Close()
		}
		done <- err
	}()
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{
		InsecureSkipVerify: true,
		KeyLogWriter:       log,
	})
	must(err)
	_, err = ioutil.ReadAll(c)
	must(err)
	must(<-done)
	c.Close()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func doTLS() {
	var log lockedBuffer
	cert := certificate()
	for i := 0; i < 3; i++ {
		handshake(cert, tls.VersionTLS12, &log)
		handshake(cert, tls.VersionTLS13, &log)
	}
	for _, line := range strings.Split(strings.TrimSpace(log.b.String()), "\n") {
		fmt.Printf("tls %s\n", line)
	}
}

// --- read ---

//go:noinline
func readSome(f *os.File, n int) {
	b := make([]byte, n)
	got, err := f.Read(b)
	if got < n {
		fmt.Printf("read %d of %d, %v\n", got, n, err)
	}
}

func doRead() {
	f, err := ioutil.TempFile("", "errands")
	must(err)
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, 100))
	must(err)
	_, err = f.Seek(0, 0)
	must(err)
	readSome(f, 60) // all of them
	readSome(f, 60) // 40
	readSome(f, 60) // the end
	must(f.Close())
	readSome(f, 7) // closed
}

// --- recover ---

//go:noinline
func careful(i int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	if i%3 == 0 {
		panic("every third")
	}
	return nil
}

func doRecover() {
	n := 0
	for i := 0; i < 30; i++ {
		if careful(i) != nil {
			n++
		}
	}
	fmt.Printf("recover %d\n", n)
}

// nilRead faults at its first instruction.
//
//go:noinline
func nilRead(p *int) int {
	return *p
}

func faulty() {
	defer func() { recover() }()
	nilRead(nil)
}

// --- random ---

func doRandom() {
	for _, n := range []int{16, 1, 48} {
		b := make([]byte, n)
		_, err := rand.Read(b)
		must(err)
		fmt.Printf("random %x\n", b)
	}
}

// --- spawn ---

//go:noinline
func child(parent string, wg *sync.WaitGroup) {
	defer wg.Done()
	fmt.Printf("spawn %s %s\n", parent, goid())
}

func doSpawn() {
	var wg sync.WaitGroup
	for i := 0; i < 5; i++ {
		wg.Add(2)
		go child(goid(), &wg)
		go func() {
			defer wg.Done()
			me := goid()
			wg.Add(1)
			go child(me, &wg)
		}()
	}
	wg.Wait()
}

// --- call ---

type point struct {
	X, Y int32
}

type store struct {
	name string
	n    int
}

//go:noinline
func (s *store) Add(key string, n int, quick bool, small int8, at point) (bool, error) {
	if n < 0 {
		return false, errors.New("negative")
	}
	s.n += n
	return quick, nil
}

//go:noinline
func sum(ctx context.Context, list []int, text []byte, any interface{}, f func() int, a, b, c, d uint16) (total int, name string) {
	for _, n := range list {
		total += n
	}
	return total + f() + int(a+b+c+d), string(text)
}

//go:noinline
func half(x float64, n uint64) (float64, uint64) {
	return x / 2, n / 2
}

// Deep returns from every level, unless it is to panic or to end its goroutine at the deepest one.
//
//go:noinline
func deep(n int, end string) int {
	var room [128]byte
	if n > 0 {
		return deep(n-1, end) + int(room[n%128]) + 1
	}
	switch end {
	case "panic":
		panic("deep")
	case "exit":
		runtime.Goexit()
	}
	return 1
}

func deepIn(n int, end string) {
	done := make(chan bool)
	go func() {
		defer close(done)
		defer func() { recover() }()
		deep(n, end)
	}()
	<-done
}

type adder interface {
	Add(key string, n int, quick bool, small int8, at point) (bool, error)
}

// A wrapper that the compiler makes jumps to the method of what is in it.
type cover struct {
	adder
}

//go:noinline
func addTo(a adder) {
	a.Add("covered", 1, true, 1, point{})
}

func doCall() {
	s := &store{name: "things"}
	s.Add("first", 3, true, -5, point{7, -8})
	s.Add("", -1, false, 127, point{-1, 1})
	s.Add("a longer key than others", 1<<40, true, 0, point{})
	sum(context.Background(), []int{1, 2, 3}, []byte("text"), 5, func() int { return 1 }, 1, 2, 3, 65535)
	half(3, 1<<63+2)
	lib.Twice(21)
	addTo(&cover{s})
	for i := 0; i < 10; i++ {
		deepIn(20, "")
		deepIn(30, "panic")
		deepIn(40, "exit")
	}
	fmt.Printf("call store %p add 3 deep %d of %d\n", s, 10*21, 10*(21+31+41))
}

func main() {
	for _, kind := range os.Args[1:] {
		switch kind {
		case "http":
			doHTTP()
		case "dial":
			doDial()
		case "tls":
			doTLS()
		case "read":
			doRead()
		case "recover":
			doRecover()
		case "fault":
			faulty()
		case "random":
			doRandom()
		case "spawn":
			doSpawn()
		case "call":
			doCall()
		default:
			fmt.Fprintf(os.Stderr, "errands: what is %q?\n", kind)
			os.Exit(1)
		}
	}
}
