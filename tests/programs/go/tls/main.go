// SPDX-License-Identifier: Apache-2.0

// Command tls has, as a cgo program, thread-local data of C beside the runtime's own word, and a
// goroutine that calls park with the id that the runtime prints of it.
package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
)

func self() int {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	id, _ := strconv.Atoi(string(bytes.Fields(buf)[1]))
	return id
}

//go:noinline
func park(id, parent int) int {
	return id<<8 + parent
}

func work(parent int, done chan int) {
	done <- park(self(), parent)
}

func main() {
	done := make(chan int)
	go work(self(), done)
	fmt.Println(<-done, string(rune(thread())))
}
