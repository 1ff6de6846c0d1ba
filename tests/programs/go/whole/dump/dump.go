// SPDX-License-Identifier: Apache-2.0

// Package dump writes values as stoat shows them, by reflect, with the limits that stoat has: what a
// program says before it passes a value on, and what stoat says of it, must be the same.
package dump

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// The limits, as stoat calls them.
var (
	Depth = 3
	Items = 64
	Text  = 256
	Zeros = false
)

// Value gives what p points to; so its static type is known when it is an interface.
func Value(p interface{}) string {
	d := dumper{found: map[place]int{}}
	v := reflect.ValueOf(p).Elem()
	d.capture(v, 0)
	d.value(v, false)
	return string(d.out)
}

// place is what a reference refers to.
type place struct {
	addr uintptr
	t    reflect.Type
}

type dumper struct {
	out    []byte
	found  map[place]int // what is captured, and how deep
	around []place       // targets in which we are
}

func (d *dumper) put(s string) { d.out = append(d.out, s...) }

// open lifts reflect's lock on what comes from unexported fields.
func open(v reflect.Value) reflect.Value {
	const readOnly = 1<<5 | 1<<6
	(*[3]uintptr)(unsafe.Pointer(&v))[2] &^= readOnly
	return v
}

// --- what is captured ---

// capture follows references breadth first in effect: the shallowest way to a place counts.
func (d *dumper) capture(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Ptr:
		if !v.IsNil() && d.follow(v, depth) {
			d.capture(v.Elem(), depth+1)
		}
	case reflect.Slice:
		if !v.IsNil() && d.follow(v, depth) {
			d.captureItems(v, depth+1)
		}
	case reflect.Map:
		if !v.IsNil() && d.follow(v, depth) {
			for i := v.MapRange(); i.Next(); {
				d.capture(i.Key(), depth+1)
				d.capture(i.Value(), depth+1)
			}
		}
	case reflect.Interface:
		// What is in it counts as if it stood here.
		if !v.IsNil() {
			d.capture(v.Elem(), depth)
		}
	case reflect.Struct:
		if _, ok := specials[v.Type().String()]; ok {
			return
		}
		for i := 0; i < v.NumField(); i++ {
			d.capture(v.Field(i), depth)
		}
	case reflect.Array:
		d.captureItems(v, depth)
	}
}

func (d *dumper) captureItems(v reflect.Value, depth int) {
	if v.Type().Elem().Kind() <= reflect.Complex128 {
		return
	}
	for i := 0; i < v.Len() && i < Items; i++ {
		d.capture(v.Index(i), depth)
	}
}

func (d *dumper) follow(v reflect.Value, depth int) bool {
	p := place{v.Pointer(), v.Type()}
	was, ok := d.found[p]
	if depth >= Depth || ok && was <= depth+1 {
		return false
	}
	d.found[p] = depth + 1
	return true
}

func (d *dumper) isFound(v reflect.Value) bool {
	_, ok := d.found[place{v.Pointer(), v.Type()}]
	return ok
}

// --- typed places ---

// value writes v where its type is known: bare numbers, and no type at all if isItem.
func (d *dumper) value(v reflect.Value, isItem bool) {
	t := v.Type()
	if s, ok := special(v); ok {
		d.put(s)
		return
	}
	switch v.Kind() {
	case reflect.String:
		d.text(v.String())
	case reflect.Slice, reflect.Array:
		d.list(v, isItem)
	case reflect.Struct:
		d.structure(v, isItem)
	case reflect.Map:
		d.dict(v, isItem)
	case reflect.Ptr:
		d.pointer(v, func() { d.value(v.Elem(), isItem) }, isItem)
	case reflect.Interface:
		if v.IsNil() {
			d.put("nil")
		} else {
			d.boxed(v.Elem())
		}
	case reflect.Chan:
		if v.IsNil() {
			d.put("nil")
			return
		}
		closed := ""
		if isClosed(v) {
			closed = ", closed"
		}
		d.put(fmt.Sprintf("(%s)(len %d, cap %d%s)", t, v.Len(), v.Cap(), closed))
	case reflect.Func:
		if v.IsNil() {
			d.put("nil")
		} else {
			d.put(runtime.FuncForPC(v.Pointer()).Name())
		}
	case reflect.UnsafePointer:
		if v.Pointer() == 0 {
			d.put("nil")
		} else {
			d.put(fmt.Sprintf("%#x", v.Pointer()))
		}
	default:
		d.put(scalar(v))
	}
}

func scalar(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Float32:
		return fmt.Sprint(float32(v.Float()))
	case reflect.Float64:
		return fmt.Sprint(v.Float())
	case reflect.Complex64:
		return fmt.Sprint(complex64(v.Complex()))
	case reflect.Complex128:
		return fmt.Sprint(v.Complex())
	case reflect.Uintptr:
		return fmt.Sprintf("0x%x", v.Uint())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10)
	}
	return strconv.FormatInt(v.Int(), 10)
}

// hchan's word of whether it is closed: behind qcount, dataqsiz, buf and elemsize.
func isClosed(v reflect.Value) bool {
	p := v.Pointer()
	return *(*uint32)(unsafe.Pointer(*(*uintptr)(unsafe.Pointer(&p)) + 28)) != 0
}

// quote is strconv.Quote of Go 1.19 and later.
func quote(s string) string { return strings.Replace(strconv.Quote(s), `\u007f`, `\x7f`, -1) }

func (d *dumper) text(s string) {
	if len(s) > Text {
		d.put(quote(s[:Text]) + "...")
	} else {
		d.put(quote(s))
	}
}

// bytes writes what stands in the parentheses behind a type: text, or hexadecimal digits.
func bytes(b []byte) string {
	cut := ""
	if len(b) > Text {
		b, cut = b[:Text], "..."
	}
	whole := b
	// The beginning of a rune that goes on behind the end is no reason not to be text.
	for n := 1; cut != "" && n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				whole = b[:len(b)-n]
			}
			break
		}
	}
	if isText(whole) {
		return quote(string(whole)) + cut
	}
	return fmt.Sprintf("0x%x%s", b, cut)
}

func isText(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}

func (d *dumper) list(v reflect.Value, isItem bool) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		d.put("nil")
		return
	}
	t, n := v.Type(), v.Len()
	if n > 0 && t.Elem() == reflect.TypeOf(byte(0)) {
		d.put(bytesName(t) + "(" + bytes(bytesOf(v)) + ")")
		return
	}
	open, end := "{", "}"
	if isItem {
		open, end = "[", "]"
	} else if t.Elem() == reflect.TypeOf(byte(0)) {
		d.put(bytesName(t))
	} else {
		d.put(t.String())
	}
	d.put(open)
	shown := n
	if shown > Items {
		shown = Items
	}
	if v.Kind() == reflect.Slice && n > 0 && !d.isFound(v) {
		shown = 0
	}
	for i := 0; i < shown; i++ {
		if i > 0 {
			d.put(", ")
		}
		d.value(v.Index(i), true)
	}
	d.more(n-shown, shown > 0)
	d.put(end)
}

func (d *dumper) more(n int, comma bool) {
	if n <= 0 {
		return
	}
	if comma {
		d.put(", ")
	}
	d.put(fmt.Sprintf("+%d more", n))
}

// bytesName is []byte where reflect has []uint8.
func bytesName(t reflect.Type) string {
	if t.Name() != "" {
		return t.String()
	}
	if t.Kind() == reflect.Array {
		return fmt.Sprintf("[%d]byte", t.Len())
	}
	return "[]byte"
}

func bytesOf(v reflect.Value) []byte {
	b := make([]byte, v.Len())
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	return b
}

func typeName(t reflect.Type, isItem bool) string {
	switch {
	case isItem:
		return ""
	case t.Name() == "":
		return "struct"
	}
	return t.String()
}

func (d *dumper) structure(v reflect.Value, isItem bool) {
	t := v.Type()
	d.put(typeName(t, isItem) + "{")
	comma := ""
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		hidden := isSecret(f.Name) && f.Type.Kind() != reflect.Bool
		if f.Name == "_" || !Zeros && !hidden && isZero(v.Field(i)) {
			continue
		}
		d.put(comma + f.Name + ": ")
		comma = ", "
		if hidden {
			d.put(redacted)
		} else {
			d.value(v.Field(i), false)
		}
	}
	d.put("}")
}

// pointer writes *v by target, if it can.
func (d *dumper) pointer(v reflect.Value, target func(), isItem bool) {
	if v.IsNil() {
		d.put("nil")
		return
	}
	p := place{v.Pointer(), v.Type()}
	for _, a := range d.around {
		if a == p {
			d.put(fmt.Sprintf("(%s)(%#x)", v.Type(), p.addr))
			return
		}
	}
	d.put("&")
	if !d.isFound(v) {
		if v.Type().Elem().Kind() == reflect.Struct {
			d.put(typeName(v.Type().Elem(), isItem) + "{...}")
		} else {
			d.put("...")
		}
		return
	}
	d.around = append(d.around, p)
	target()
	d.around = d.around[:len(d.around)-1]
}

// isZero: all bytes are zero, whatever they refer to.
func isZero(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() == 0
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(v.Float()) == 0
	case reflect.Complex64, reflect.Complex128:
		return math.Float64bits(real(v.Complex())) == 0 && math.Float64bits(imag(v.Complex())) == 0
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			if v.Type().Field(i).Name != "_" && !isZero(v.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			if !isZero(v.Index(i)) {
				return false
			}
		}
		return true
	}
	return v.IsZero()
}

// --- interfaces ---

// boxed writes what an interface holds: with its type, unless that is what such a literal has.
func (d *dumper) boxed(v reflect.Value) {
	t := v.Type()
	if s, ok := d.errorText(v); ok {
		d.put(s)
		return
	}
	switch t.String() {
	case "time.Time", "time.Duration":
		s, _ := special(v)
		d.put(t.String() + "(" + s + ")")
		return
	}
	if _, ok := special(v); ok {
		d.value(v, false)
		return
	}
	switch k := v.Kind(); {
	case t == reflect.TypeOf(0), t == reflect.TypeOf(0.0), t == reflect.TypeOf(""), t == reflect.TypeOf(true):
		d.value(v, false)
	case k == reflect.Complex64 || k == reflect.Complex128:
		d.put(t.String() + scalar(v))
	case k <= reflect.Complex128 || k == reflect.String || k == reflect.UnsafePointer:
		d.put(t.String() + "(")
		d.value(v, false)
		d.put(")")
	case k == reflect.Slice || k == reflect.Map:
		if v.IsNil() {
			d.put(t.String() + "(nil)")
		} else {
			d.value(v, false)
		}
	case k == reflect.Ptr || k == reflect.Chan || k == reflect.Func:
		if v.IsNil() {
			d.put("(" + t.String() + ")(nil)")
		} else if k == reflect.Ptr {
			d.pointer(v, func() { d.boxed(v.Elem()) }, false)
		} else {
			d.value(v, false)
		}
	default:
		d.value(v, false)
	}
}
