// SPDX-License-Identifier: Apache-2.0

// A state machine whose Apply returns from fifty places; each of the fifty kinds of logs is applied
// twice, on one thread.
package main

import (
	"fmt"
	"runtime"

	"example.com/orch/nomad"
)

func main() {
	runtime.LockOSThread()
	fsm := nomad.New()
	for round := 0; round < 2; round++ {
		for i := 0; i < 50; i++ {
			name := []byte(fmt.Sprintf("log-%d-%d\x00", round, i))
			fsm.Apply(&nomad.Log{Name: &name[0], Type: uint8(i)})
		}
	}
	fmt.Println(fsm.Sum())
}
