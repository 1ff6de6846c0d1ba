// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

type TextError string

func (e TextError) Error() string { return "text " + string(e) }

type NumberError int

func (e NumberError) Error() string { return "number" }

type ValueError struct{ Code int }

func (e ValueError) Error() string { return "value" }

type CodeError struct {
	Code  int
	Cause error
}

func (e *CodeError) Error() string { return "code" }

type Failure struct {
	Err  error
	Path *os.PathError
	any  interface{}
}

//go:noinline
func fails(x error) { use(&x) }

//go:noinline
func failsAny(x interface{}) { use(&x) }

//go:noinline
func failure(x *Failure) { use(&x) }

//go:noinline
func failures(x []error) { use(&x) }

//go:noinline
func failedPath(x *os.PathError) { use(&x) }

// A text that could be stoat's own.
const odd = "odd \"text\"\n, }"

func realErrors() []error {
	_, open := os.Open("/nowhere/at all")
	_, number := strconv.Atoi("12x")
	_, parse := url.Parse("http://[::1")
	_, path := exec.LookPath("no-such-command")
	_, dial := net.Dial("tcp", "127.0.0.1:1")
	link := os.Link("/nowhere/a", "/nowhere/b")
	all := []error{open, number, parse, path, dial, link}
	for _, e := range all {
		if e == nil {
			panic("an error is missing")
		}
	}
	return all
}

func errorValues() {
	open := realErrors()[0]
	cause := errors.New("cause")
	wrapped := fmt.Errorf("first: %w", cause)
	var noPath *os.PathError
	var noCode *CodeError
	all := []error{
		nil, cause, errors.New(""), errors.New(odd), io.EOF, os.ErrNotExist, wrapped, fmt.Errorf("second: %w", wrapped),
		fmt.Errorf("third: %w", fmt.Errorf("of %d: %w", 3, open)), fmt.Errorf("plain %d", 1), syscall.ENOENT, syscall.EACCES,
		TextError("said"), TextError(""), NumberError(5), ValueError{7}, &ValueError{8}, &CodeError{9, cause},
		&CodeError{10, &CodeError{11, open}}, &CodeError{}, noPath, noCode,
		os.NewSyscallError("connect", syscall.ECONNREFUSED), &os.PathError{Op: "stat", Path: "/x", Err: &CodeError{Code: 5}},
		&os.PathError{Op: "read", Path: odd, Err: io.EOF}, &url.Error{Op: "Get", URL: "http://x/", Err: io.EOF},
		&net.DNSError{Err: "no such host", Name: "x.invalid"}, &net.DNSError{Err: "server misbehaving", Name: "y", Server: "1.1.1.1:53"},
		&net.OpError{Op: "read", Net: "udp", Source: &net.UDPAddr{IP: net.IPv4(1, 2, 3, 4), Port: 5}, Addr: &net.UDPAddr{IP: net.IPv6loopback, Port: 6}, Err: io.EOF},
	}
	for _, x := range append(all, realErrors()...) {
		say("fails", &x)
		fails(x)
	}
	for _, x := range []interface{}{cause, open, syscall.EEXIST, TextError("t"), noPath} {
		say("failsAny", &x)
		failsAny(x)
	}
	for _, x := range []*Failure{
		{}, {cause, open.(*os.PathError), wrapped}, {&CodeError{Code: 1}, nil, syscall.EACCES},
	} {
		say("failure", &x)
		failure(x)
	}
	some := []error{cause, nil, open, ValueError{1}, &CodeError{Code: 2}}
	say("failures", &some)
	failures(some)
	path := open.(*os.PathError)
	say("failedPath", &path)
	failedPath(path)
}
