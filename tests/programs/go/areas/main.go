// SPDX-License-Identifier: Apache-2.0

// Command areas calls functions with arguments of which, without debug information, only some is
// known: methods with floating-point numbers, more words than are shown, none at all.
package main

import "fmt"

type shape interface {
	Area(n int, scale float64) float64
}

type circle struct{ r float64 }

//go:noinline
func (c *circle) Area(n int, scale float64) float64 { return 3 * c.r * c.r * scale * float64(n) }

//go:noinline
func two(a, b int) int { return a + b }

//go:noinline
func twelve(a, b, c, d, e, f, g, h, i, j, k, l int) int {
	return a + b + c + d + e + f + g + h + i + j + k + l
}

//go:noinline
func none() { fmt.Print() }

//go:noinline
func rests(c chan int, n int) {
	c <- n
	c <- n
}

func main() {
	shapes := []shape{&circle{2}}
	sum := two(7, 8) + twelve(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	for _, s := range shapes {
		fmt.Println(s.Area(5, 1.5), sum)
	}
	none()
	c := make(chan int)
	go rests(c, 3)
	<-c
}
