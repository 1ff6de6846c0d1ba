// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Options takes the limits from the command line: depth=8 items=5 text=10 zeros=1.
func Options() {
	for _, a := range os.Args[1:] {
		i := strings.IndexByte(a, '=')
		n, err := strconv.Atoi(a[i+1:])
		if i < 0 || err != nil {
			panic("depth=N items=N text=N zeros=1")
		}
		switch a[:i] {
		case "depth":
			Depth = n
		case "items":
			Items = n
		case "text":
			Text = n
		case "zeros":
			Zeros = n != 0
		}
	}
}

// Line writes one line to standard output.
func Line(s string) { os.Stdout.WriteString(s + "\n") }

// Say says what a function is about to be called with: p points to it.
func Say(name string, p interface{}) { Line(name + " " + Value(p)) }

// Args says all arguments of a call: names and pointers, in turn.
func Args(name string, pairs ...interface{}) {
	fields := make([]string, len(pairs)/2)
	for i := range fields {
		fields[i] = fmt.Sprintf("%s: %s", pairs[2*i], Value(pairs[2*i+1]))
	}
	Line(name + " {" + strings.Join(fields, ", ") + "}")
}

// Results says what a call has returned.
func Results(name string, ps ...interface{}) {
	s := name + " >"
	for _, p := range ps {
		s += " " + Value(p)
	}
	Line(s)
}

// Cut says how many items something has of which only some are shown.
func Cut(name string, n int) { Line(fmt.Sprintf("%s ~ %d", name, n)) }
