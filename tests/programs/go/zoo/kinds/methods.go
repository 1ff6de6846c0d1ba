// SPDX-License-Identifier: Apache-2.0

package kinds

type Square struct{ Side int64 }

var TheSquare = Square{9}

// args: s=&zoo/kinds.TheSquare
// results: r0=0x51
//
//go:noinline
func (s *Square) Area() int64 { return s.Side * s.Side }

type Label struct {
	Text string
	Size int
}

// args: l.Text.ptr="label", l.Text.len=5, l.Size=0x61, more=0x62
// results: r0=0xc8
//
//go:noinline
func (l Label) Width(more int) int { return len(l.Text) + l.Size + more }

// args: l=&zoo/kinds.TheLabel, text.ptr="new text", text.len=8
// results: old.ptr="old text", old.len=8
//
//go:noinline
func (l *Label) Set(text string) (old string) {
	old, l.Text = l.Text, text
	return old
}

var TheLabel = Label{"old text", 1}

// args: c=5, n=6
// results: r0=11
//
//go:noinline
func (c Counter) Plus(n Counter) Counter { return c + n }

type Counter int32

// args: c=&zoo/kinds.TheCounter, n=7
// results: r0=0x6a
//
//go:noinline
func (c *Counter) Add(n Counter) Counter {
	*c += n
	return *c
}

var TheCounter Counter = 0x63

// args: n=0x63
// results: r0=0x64
//
//go:noinline
func (Empty) OnNothing(n int) int { return n + 1 }

// args: n=0x65
// results: r0=0x66
//
//go:noinline
func (*Square) Unnamed(n int) int { return n + 1 }

// Inner's methods are promoted through Outer, by a pointer and by a value.
type Inner struct{ Value int }

type Outer struct {
	Pad int
	*Inner
}

type Holder struct {
	Pad int
	Label
}

type Getter interface{ Get(more int) int }
type Wider interface{ Width(more int) int }

// args: i=&zoo/kinds.TheInner, more=0x67
// results: r0=0xcf
//
//go:noinline
func (i *Inner) Get(more int) int { return i.Value + more }

var TheInner = Inner{0x68}
