// SPDX-License-Identifier: Apache-2.0

package kinds

// Small functions that are inlined where they are called by name, and called through variables as
// well: their descriptions have a form of their own in DWARF, with blank parameters behind the others.

var Sum32 int

// args: b=0x222
// results: r0=0x223
func BlankFirst(_ int, b int) int {
	Sum32 += b
	return b + 1
}

// args: a=0x333, c.ptr="see", c.len=3
// results: r0=0x336
func BlankMiddle(a int, _ string, c string) int {
	Sum32 += a
	return a + len(c)
}

// args: a=f64:1.5, c=f64:2.5
// results: r0=f64:4
func BlankFloat(a float64, _ float64, c float64) float64 {
	Sum32++
	return a + c
}

type Blanked struct{ x, y int }

// args: a=0x444
// results: r0=0x445
func (Blanked) BlankReceiver(a int) int {
	Sum32 += a
	return a + 1
}

// args: a=0x555, c.ptr="end", c.len=3
// results: r0=0x558
func (_ *Blanked) BlankPointerReceiver(a int, _ bool, c string) int {
	Sum32 += a
	return a + len(c)
}

// args: a=0x666
// results: r1.tab=?, r1.data=?
func BlankResult(a int) (_ uint8, r1 error) {
	Sum32 += a
	return 7, ErrOdd
}

var (
	viaResult  = BlankResult
	viaFirst   = BlankFirst
	viaMiddle  = BlankMiddle
	viaFloat   = BlankFloat
	viaPointer = (*Blanked).BlankPointerReceiver
	viaValue   = Blanked.BlankReceiver
)

// CallInlined reports whether all of them gave what they should, called both ways.
func CallInlined() bool {
	h := Blanked{7, 8}
	called := viaFirst(0x111, 0x222) == 0x223 && viaMiddle(0x333, "not this", "see") == 0x336 &&
		viaFloat(1.5, 99, 2.5) == 4 && viaValue(h, 0x444) == 0x445 &&
		viaPointer(&h, 0x555, true, "end") == 0x558
	_, err := viaResult(0x666)
	_, other := BlankResult(1)
	called = called && err == ErrOdd && other == ErrOdd
	inlined := BlankFirst(0x111, 1) + BlankMiddle(1, "x", "y") + int(BlankFloat(1, 2, 3)) +
		h.BlankReceiver(1) + h.BlankPointerReceiver(1, true, "z")
	return called && inlined == 2+2+4+2+2
}
