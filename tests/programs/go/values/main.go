// SPDX-License-Identifier: Apache-2.0

// Command values calls a function for each kind of value, and says what each is called with and what
// it returns, in the words in which stoat says it when it runs the script that stands in the
// comments: "in" is what a probe at the entry prints ("NAME < ...") and, from what was kept, one at
// the return ("NAME = ..."); "out" is what that one prints of the results ("NAME > ..."). "at" stands
// at a line, and is about local variables there ("NAME @ ...").
package main

func main() {
	numbers()
	texting()
	composites()
	methods()
	generics()
	deeper()
	rangeFuncs()
	edges()
	locals()
}
