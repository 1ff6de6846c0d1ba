// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strconv"
	"time"
)

// What the line of the call says, to be said again when it returns.
var said string

// in says what a function is about to be called with.
func in(name string, words ...interface{}) {
	said = name + " = " + text(words)
	say(name + " < " + text(words))
	current = name
}

// out says what it has been called with, and what it has returned.
func out(words ...interface{}) {
	say(said)
	say(current + " > " + text(words))
}

// at says what stands in local variables at a place inside of a function.
func at(place string, words ...interface{}) { say(place + " @ " + text(words)) }

var current string

func say(line string) { os.Stdout.WriteString(line + "\n") }

func text(words []interface{}) string {
	all := ""
	for _, w := range words {
		all += word(w)
	}
	return all
}

// word gives a value as stoat's printf shows it.
func word(w interface{}) string {
	switch w := w.(type) {
	case string:
		return w
	case []byte:
		return string(w)
	case bool:
		return strconv.FormatBool(w)
	case int:
		return strconv.FormatInt(int64(w), 10)
	case int8:
		return strconv.FormatInt(int64(w), 10)
	case int16:
		return strconv.FormatInt(int64(w), 10)
	case int32:
		return strconv.FormatInt(int64(w), 10)
	case int64:
		return strconv.FormatInt(w, 10)
	case uint:
		return strconv.FormatUint(uint64(w), 10)
	case uint8:
		return strconv.FormatUint(uint64(w), 10)
	case uint16:
		return strconv.FormatUint(uint64(w), 10)
	case uint32:
		return strconv.FormatUint(uint64(w), 10)
	case uint64:
		return strconv.FormatUint(w, 10)
	case uintptr:
		return strconv.FormatUint(uint64(w), 10)
	case float32:
		return strconv.FormatFloat(float64(w), 'f', 6, 64)
	case float64:
		return strconv.FormatFloat(w, 'f', 6, 64)
	case time.Duration:
		return w.String()
	}
	panic("a value of another kind")
}
