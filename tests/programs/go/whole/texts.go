// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

type (
	Blob []byte
	Hash [8]byte
)

type Texts struct {
	Title string
	Data  []byte
	Sum   Hash
	Blob  Blob
	Name  Name
}

// as: args
//
//go:noinline
func text(s string) { use(&s) }

// as: args
//
//go:noinline
func twoTexts(a string, n int, b Name) { use(a, n, b) }

//go:noinline
func someBytes(x []byte) { use(&x) }

//go:noinline
func byteArray(x [5]byte) { use(&x) }

//go:noinline
func hash(x *Hash) { use(&x) }

//go:noinline
func blob(x Blob) { use(&x) }

//go:noinline
func textStruct(x *Texts) { use(&x) }

//go:noinline
func textList(x []string) { use(&x) }

//go:noinline
func byteLists(x [][]byte) { use(&x) }

func texts() {
	for _, s := range []string{
		"hello", "", "grüße, 世界 🙂", "tab\tnew\nline\r \"quoted\" `back` \\ % $", "\x00\x01\x7f\x1b", "bad \xff\xc3 utf-8",
		"\u200b\u00ad\ufeff\U000e0001", "+1 more, }", strings.Repeat("0123456789", 25), strings.Repeat("x", 256),
		strings.Repeat("y", 257), strings.Repeat("long ", 1000),
	} {
		sayArgs("text", "s", &s)
		text(s)
	}
	a, n, b := "first", 2, Name("")
	sayArgs("twoTexts", "a", &a, "n", &n, "b", &b)
	twoTexts(a, n, b)
	for _, x := range [][]byte{
		[]byte("some text\n"), {}, nil, {0xde, 0xad, 0xbe, 0xef}, []byte("nul\x00"), []byte("世界"), {0xff}, {7},
		[]byte(strings.Repeat("ab", 200)), make([]byte, 1000),
	} {
		say("someBytes", &x)
		someBytes(x)
	}
	for _, x := range [][5]byte{{'h', 'e', 'l', 'l', 'o'}, {}, {1, 2, 3}} {
		say("byteArray", &x)
		byteArray(x)
	}
	h := &Hash{1, 2, 3, 4, 5, 6, 7, 255}
	say("hash", &h)
	hash(h)
	for _, x := range []Blob{Blob("named"), {}, {0, 1}} {
		say("blob", &x)
		blob(x)
	}
	for _, x := range []*Texts{
		{}, {"title", []byte("data"), Hash{}, Blob("blob"), "name"}, {Data: []byte{}, Blob: Blob{0x80}, Sum: Hash{7: 1}}, nil,
	} {
		say("textStruct", &x)
		textStruct(x)
	}
	list := []string{"one", "", "three", strings.Repeat("z", 300)}
	say("textList", &list)
	textList(list)
	lists := [][]byte{[]byte("a"), nil, {}, {0xfe}}
	say("byteLists", &lists)
	byteLists(lists)
}
