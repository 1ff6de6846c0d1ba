// SPDX-License-Identifier: Apache-2.0

// Values of every kind, each the argument of a function that nothing else happens in. Before it calls
// one, the program says how the value looks, and stoat must show the same:
//
//	NAME VALUE          args.x of that function
//	NAME {x: VALUE}     all arguments
//	NAME > VALUES       what it has returned
//	NAME ~ N            args.x, of N items that do not all fit: tests/e2e/whole_test.py knows the rest
//
// A comment "as: args" at a function asks for the second form. The options are stoat's limits.
package main

import "whole/dump"

var uses int

// use keeps a parameter from being lost.
//
//go:noinline
func use(...interface{}) { uses++ }

func say(name string, p interface{}) { dump.Say(name, p) }

func sayArgs(name string, pairs ...interface{}) { dump.Args(name, pairs...) }

func main() {
	dump.Options()
	scalars()
	texts()
	lists()
	structs()
	pointers()
	interfaces()
	maps()
	errorValues()
	locks()
	clocks()
	addresses()
	others()
	contexts()
	results()
	huge()
	secrets()
	newer()
}
