// SPDX-License-Identifier: Apache-2.0

// A state machine whose Apply returns from fifty places; each of the fifty kinds of logs is applied
// twice, on one thread. With the word "work" each takes a while, and the program prints how many
// calls took how long, as "us LOW COUNT" lines: from LOW to 2*LOW-1 microseconds.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"example.com/orch/nomad"
)

// Times from the middle of the rows of a histogram: 0.75, 1.5, 3, 6, 12 ms.
func work(n int) {
	end := time.Now().Add(750 * time.Microsecond << uint(n%5))
	for time.Now().Before(end) {
	}
}

func rowOf(d time.Duration) int {
	low := 1
	for time.Duration(low*2) <= d/time.Microsecond {
		low *= 2
	}
	return low
}

func main() {
	runtime.LockOSThread()
	if len(os.Args) > 1 && os.Args[1] == "work" {
		nomad.Work = work
	}
	rows := map[int]int{}
	fsm := nomad.New()
	for round := 0; round < 2; round++ {
		for i := 0; i < 50; i++ {
			name := []byte(fmt.Sprintf("log-%d-%d\x00", round, i))
			start := time.Now()
			fsm.Apply(&nomad.Log{Name: &name[0], Type: uint8(i)})
			rows[rowOf(time.Since(start))]++
		}
	}
	fmt.Println(fsm.Sum())
	if nomad.Work != nil {
		for low, n := range rows {
			fmt.Println("us", low, n)
		}
	}
}
