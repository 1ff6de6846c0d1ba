// SPDX-License-Identifier: Apache-2.0

// swapper A B prints the two words the other way round. Built without inlining, swap is a function
// without a frame.
package main

import (
	"fmt"
	"os"
)

func swap(x, y string) (string, string) {
	return y, x
}

func main() {
	if len(os.Args) < 3 {
		panic("needs two words")
	}
	a, b := swap(os.Args[1], os.Args[2])
	fmt.Println(a, b)
}
