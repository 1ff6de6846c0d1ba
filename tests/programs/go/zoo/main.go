// SPDX-License-Identifier: Apache-2.0

// Command zoo calls one function of every kind with known values, and checks what it got.
package main

import (
	"os"
	"time"

	"zoo/asm"
	"zoo/kinds"
)

var failures int

//go:noinline
func check(name string, ok bool) {
	if !ok {
		failures++
		os.Stdout.WriteString("wrong: " + name + "\n")
	}
}

func callScalars() {
	check("Bool", !kinds.Bool(true))
	check("Int8", kinds.Int8(-18) == -17)
	check("Int16", kinds.Int16(0x1122) == 0x1123)
	check("Int32", kinds.Int32(0x11223344) == 0x11223345)
	check("Int64", kinds.Int64(0x1122334455667788) == 0x1122334455667789)
	check("Int", kinds.Int(-2) == -1)
	check("Uint8", kinds.Uint8(0xf1) == 0xf2)
	check("Uint16", kinds.Uint16(0xf1f2) == 0xf1f3)
	check("Uint32", kinds.Uint32(0xf1f2f3f4) == 0xf1f2f3f5)
	check("Uint64", kinds.Uint64(0xf1f2f3f4f5f6f7f8) == 0xf1f2f3f4f5f6f7f9)
	check("Uint", kinds.Uint(0x2122232425262728) == 0x2122232425262729)
	check("Uintptr", kinds.Uintptr(0x3132333435363738) == 0x3132333435363739)
	check("Float32", kinds.Float32(1.5) == 3)
	check("Float64", kinds.Float64(-2.25) == -4.5)
	check("Complex64", kinds.Complex64(1.5-2.5i) == 2.5-2.5i)
	check("Complex128", kinds.Complex128(10.5-20.5i) == 11.5-20.5i)
	check("Named", kinds.Named(36.6, 5, 0x1213) > 41)
	check("Pointer", kinds.Pointer(&kinds.Target) == &kinds.Other)
	check("Pointers", kinds.Pointers(targetAddress(), &kinds.Ref) == &kinds.Target)
}

func callComposites() {
	check("String", kinds.String("seven b") == "even b")
	check("Slice", len(kinds.Slice(kinds.Backing[:5:7])) == 2)
	check("NamedSlice", kinds.NamedSlice(kinds.Names{"one", "two"}) == "two")
	check("Array0", kinds.Array0([0]int{}) == 0x41)
	check("Array1", kinds.Array1([1]int{0x4243})[0] == 0x4244)
	check("Array2", kinds.Array2([2]int{0x4445, 0x4647})[1] == 0x4445)
	check("Array1Nested", kinds.Array1Nested([1][1]int32{{0x48494a4b}}, [1]string{"in an array"}) == 0x48494a56)
	check("ArrayBetween", kinds.ArrayBetween(0x51, [2]int{0x52, 0x53}, 0x54) == 0x14a)
	check("EmptyStruct", kinds.EmptyStruct(struct{}{}, kinds.Empty{}, 0x61) == 0x62)
	check("Nested", kinds.Nested(kinds.Rect{
		Min: kinds.Point{X: 1, Y: 2}, Max: kinds.Point{X: 0x30, Y: 0x40}, Tag: "rect",
	}) == kinds.Point{X: 0x2f, Y: 0x3e})
	check("MixedStruct", kinds.MixedStruct(kinds.Mixed{
		A: -1, B: 0x21222324, C: 0x3132, D: "mixed", E: true, F: 0.5, G: 0x7172737475767778,
	}).A == -2)
	check("GapsStruct", kinds.GapsStruct(kinds.Gaps{A: 0x81, B: 0x8283}) == 0x8304)
	check("BlankFields", kinds.BlankFields(kinds.Blanks{A: 0x84, B: 0x8586}) == 0x860a)
	check("BigStruct", kinds.BigStruct(kinds.Big{A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, G: 7, H: 8, I: 9, J: 10}, 11) == 0x16)
	check("BigResult", kinds.BigResult(0xc).J == 0xe)
	check("EmbeddedStruct", kinds.EmbeddedStruct(kinds.Embeds{
		Point: kinds.Point{X: 7, Y: 8}, Rect: &kinds.TheRect,
	}) == 0xf)
	check("Map", kinds.Map(map[string]int{"one": 0x91, "two": 2}) == 0x91)
	check("Chan", kinds.Chan(make(chan int32, 3)) == 3)
	bytes := make(chan uint8, 1)
	bytes <- 0xa1
	check("ReceiveChan", kinds.ReceiveChan(bytes) == 0xa1)
	check("Func", kinds.Func(next) == 0x93)
	check("NamedFunc", kinds.NamedFunc(next) != nil)
	check("Eface", kinds.Eface(&kinds.Target))
	check("Iface", kinds.Iface(&kinds.TheSquare) == 0x51)
	check("Errors", kinds.Errors(kinds.ErrOdd, nil) == nil)
	check("Variadic", kinds.Variadic(0xb1, "a", "b", "c") == 0xb4)
	check("VariadicNone", kinds.VariadicNone(0xb5) == 0xb5)
	check("Std", kinds.Std(1500*time.Millisecond, time.Unix(1600000000, 5).UTC(), nil))
}

func callMany() {
	check("NineInts", kinds.NineInts(1, 2, 3, 4, 5, 6, 7, 8, 9) == 45)
	a, b, c := kinds.ElevenInts(0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b)
	check("ElevenInts", a == 0x1b && b == 0x1a && c == 0x11)
	check("StringsAndSlice", kinds.StringsAndSlice("aaa", "bbbb", "ccccc", kinds.Bytes[:6:8], 0x21, 0x22, 0x23) == 0x78)
	check("SeventeenFloats", kinds.SeventeenFloats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17) == 34)
	x, y := kinds.IntsAndFloats(true, 2.5, 0x33, 4.5, "mix", 5.5+6.5i, 0x77)
	check("IntsAndFloats", x == 7 && y == 0x33)
	check("Blank", kinds.Blank(0x40, 0x41, "blank", 0x4243) == 0x4284)
	check("Unnamed", kinds.Unnamed(1, "unnamed", nil) == 0x44)
	n, err := kinds.NamedResults(0x45)
	check("NamedResults", n == 0x46 && err == nil)
	i, s, err, ok := kinds.Multi(0x47, "multi")
	check("Multi", i == 0x48 && s == "ulti" && err != nil && ok)
	array, ok := kinds.StackResult(0x49)
	check("StackResult", array[1] == 0x4a && ok)
	_, _, _, _, _, _, _, _, _, j := kinds.TenResults(0x4b)
	check("TenResults", j == 0x54)
	kinds.NoResult(0x55)
	check("NoArgs", kinds.NoArgs() == 0x55)
}

func callMethods() {
	check("Width", kinds.Label{Text: "label", Size: 0x61}.Width(0x62) == 0xc8)
	check("Set", kinds.TheLabel.Set("new text") == "old text")
	check("Plus", kinds.Counter(5).Plus(6) == 11)
	check("Add", kinds.TheCounter.Add(7) == 0x6a)
	check("OnNothing", kinds.Empty{}.OnNothing(0x63) == 0x64)
	check("Square.Unnamed", kinds.TheSquare.Unnamed(0x65) == 0x66)
	// Promoted through a pointer and through a value: both need a wrapper.
	var get kinds.Getter = kinds.Outer{Inner: &kinds.TheInner}
	check("Get", get.Get(0x67) == 0xcf)
}

// What calls functions of kinds a second time comes after a marker, so that a test that looks at
// the first call of each is not misled.
func callWrappers() {
	var get kinds.Getter = &kinds.Outer{Inner: &kinds.TheInner}
	check("Get by pointer", get.Get(1) == 0x69)
	var wide kinds.Wider = &kinds.Holder{Label: kinds.TheLabel}
	check("Width by pointer", wide.Width(1) == 10)
	value := kinds.TheSquare.Area
	check("method value", value() == 0x51)
	expression := (*kinds.Square).Area
	check("method expression", expression(&kinds.TheSquare) == 0x51)
	add := asm.Add
	if failures > 1000 {
		add = nil
	}
	check("assembly as a value", add(1, 2) == 3)
}

func callAsm() {
	check("asm.Add", asm.Add(0x1111111111111111, 0x2222222222222222) == 0x3333333333333333)
	n, ok := asm.Mixed(0x11, 0x2222222222222222, "assembly")
	check("asm.Mixed", n == 8 && ok)
	check("asm.Frame", asm.Frame(0x31) == 0x32)
	check("asm.Tail", asm.Tail(5, 6) == 11)
}

func callFlow() {
	check("leaf", leaf(5) == 16)
	check("bigFrame", bigFrame(3) == 6)
	check("hugeFrame", hugeFrame(4) == 4)
	check("fib", fib(10) == 55)
	check("classify", classify(-1) == "negative" && classify(0) == "zero" && classify(9) == "large")
	check("clampTwice", clampTwice(7) == 12)
	check("clampLoop", clampLoop([]int{0, 2, 9}) == 6)
	check("recovers", recovers("on purpose") == "zoo: on purpose")
	check("deferLoop", deferLoop(4) == 6)
	calls := 0
	add := makeAdder(10, &calls)
	check("makeAdder", add(1) == 11 && add(2) == 13 && calls == 2)
	check("locals", locals(2) > 0)
	in, out := make(chan int), make(chan int)
	go worker(in, out)
	in <- 21
	check("worker", <-out == 42)
	close(in)
	_, ok := <-out
	check("worker ends", !ok)
}

func next(x int) int { return x + 1 }

func main() {
	callScalars()
	callComposites()
	callMany()
	callMethods()
	callAsm()
	check("generics", kinds.CallGenerics())
	check("inlined", kinds.CallInlined())
	callFlow()
	callWrappers()
	check("range over func", callRange())
	check("cgo", callC())
	if failures > 0 {
		os.Exit(1)
	}
	os.Stdout.WriteString("zoo: all fine\n")
}
