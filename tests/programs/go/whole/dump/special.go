// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"fmt"
	"math/big"
	"net"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const redacted = "<redacted>"

// Words of names whose values are not shown: some of those that stoat has.
var words = []string{"password", "secret", "token", "authorization", "cookie", "privatekey", "apikey"}

func isSecret(name string) bool {
	name = strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
	for _, w := range words {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// Types with a form of their own. v can be addressed if the type must not be copied.
var specials map[string]func(v reflect.Value) string

func init() {
	specials = map[string]func(v reflect.Value) string{
		"time.Time":       clock,
		"time.Duration":   func(v reflect.Value) string { return time.Duration(v.Int()).String() },
		"net.IP":          ip,
		"url.URL":         func(v reflect.Value) string { u := open(v).Interface().(url.URL); return quote(u.Redacted()) },
		"big.Int":         func(v reflect.Value) string { n := open(v).Interface().(big.Int); return n.String() },
		"bytes.Buffer":    func(v reflect.Value) string { return bytes(bytesOf(v.Field(0))[v.FieldByName("off").Int():]) },
		"strings.Builder": func(v reflect.Value) string { return bytes(bytesOf(v.FieldByName("buf"))) },
		"sync.Mutex":      func(v reflect.Value) string { return mutex(word(v, 0)) },
		"sync.RWMutex":    rwMutex,
		"sync.Once":       once,
		"sync.WaitGroup":  waitGroup,
		"sync.Map":        nil,
		"atomic.Value":    func(v reflect.Value) string { return inner(v.Field(0)) },
		"atomic.Int32":    atomicNumber,
		"atomic.Int64":    atomicNumber,
		"atomic.Uint32":   atomicNumber,
		"atomic.Uint64":   atomicNumber,
		"atomic.Uintptr":  atomicNumber,
		"atomic.Bool":     func(v reflect.Value) string { return strconv.FormatBool(v.FieldByName("v").Uint() != 0) },
		"netip.Addr":      stringer,
		"netip.AddrPort":  stringer,
		"netip.Prefix":    stringer,
	}
}

// special gives v's own form, with its type as far as it has one. The dump of an error is one.
func special(v reflect.Value) (string, bool) {
	t := v.Type()
	name := t.String()
	if v.Kind() == reflect.Ptr && !v.IsNil() {
		d := dumper{found: map[place]int{}}
		return d.errorText(v)
	}
	if strings.HasPrefix(name, "atomic.Pointer[") {
		return name + "(" + inner(open(v).Addr().MethodByName("Load").Call(nil)[0]) + ")", true
	}
	form, ok := specials[name]
	switch {
	case !ok:
		return "", false
	case name == "sync.Map":
		return syncMap((*sync.Map)(unsafe.Pointer(v.UnsafeAddr()))), true
	case name == "time.Time" || name == "time.Duration":
		return form(v), true
	case name == "net.IP" && (v.IsNil() || v.Len() != 4 && v.Len() != 16):
		return "", false
	}
	return name + "(" + form(v) + ")", true
}

func inner(v reflect.Value) string {
	d := dumper{found: map[place]int{}}
	d.capture(v, 0)
	d.value(v, false)
	return string(d.out)
}

func stringer(v reflect.Value) string { return open(v).Interface().(fmt.Stringer).String() }

func ip(v reflect.Value) string { return net.IP(bytesOf(v)).String() }

func atomicNumber(v reflect.Value) string { return scalar(v.FieldByName("v")) }

// word is the 32 bits at an offset.
func word(v reflect.Value, off uintptr) int32 {
	return *(*int32)(unsafe.Pointer(v.UnsafeAddr() + off))
}

func mutex(state int32) string {
	if state&1 == 0 {
		return "unlocked"
	}
	if n := state >> 3; n > 0 {
		return fmt.Sprintf("locked, %d waiting", n)
	}
	return "locked"
}

func rwMutex(v reflect.Value) string {
	switch n := word(v, 16); {
	case n < 0:
		return "locked"
	case n == 0:
		return "unlocked"
	case n == 1:
		return "1 reader"
	default:
		return fmt.Sprintf("%d readers", n)
	}
}

func once(v reflect.Value) string {
	if word(v, 0) != 0 {
		return "done"
	}
	return "not done"
}

// The counter is the upper half of an aligned word, wherever that is.
func waitGroup(v reflect.Value) string {
	off := uintptr(4)
	if v.UnsafeAddr()%8 != 0 {
		off += 4
	}
	return strconv.Itoa(int(word(v, off)))
}

func syncMap(m *sync.Map) string {
	d := dumper{found: map[place]int{}}
	var all []entry
	m.Range(func(k, v interface{}) bool {
		e := entry{reflect.ValueOf(&k).Elem(), reflect.ValueOf(&v).Elem()}
		d.capture(e.key, 0)
		d.capture(e.value, 0)
		all = append(all, e)
		return true
	})
	d.put("sync.Map")
	d.entries(all)
	return string(d.out)
}

// The zone is what the Location has at hand: the one that it used last, or the only one.
func clock(v reflect.Value) string {
	t := open(v).Interface().(time.Time)
	loc := v.FieldByName("loc")
	zone := time.UTC
	if !loc.IsNil() {
		l := loc.Elem()
		at := l.FieldByName("cacheZone")
		if at.IsNil() || t.Unix() < l.FieldByName("cacheStart").Int() || t.Unix() >= l.FieldByName("cacheEnd").Int() {
			at = reflect.Value{}
			if l.FieldByName("zone").Len() == 1 {
				at = l.FieldByName("zone").Index(0).Addr()
			}
		}
		if at.IsValid() {
			zone = time.FixedZone(at.Elem().FieldByName("name").String(), int(at.Elem().FieldByName("offset").Int()))
		}
	}
	return t.In(zone).Format("2006-01-02 15:04:05.999999999 -0700 MST")
}

// --- errors ---

var errnos = map[syscall.Errno]string{
	syscall.ENOENT: "ENOENT", syscall.EACCES: "EACCES", syscall.ECONNREFUSED: "ECONNREFUSED", syscall.EEXIST: "EEXIST",
}

// errorText is how a known error looks.
func (d *dumper) errorText(v reflect.Value) (string, bool) {
	name := v.Type().String()
	if v.Kind() == reflect.Ptr && v.IsNil() {
		return "", false
	}
	switch name {
	case "*errors.errorString", "*fmt.wrapError", "*fmt.wrapErrors", "*errors.joinError":
		name = "error"
	case "*fs.PathError", "*os.PathError":
		// The inner error may have no text that is known.
		e := v.Elem()
		return name + " " + quote(e.Field(0).String()+" "+e.Field(1).String()+": "+d.innerText(e.Field(2))), true
	case "*os.SyscallError", "*net.OpError", "*net.DNSError", "*url.Error", "*exec.Error", "*strconv.NumError", "*os.LinkError":
	case "syscall.Errno":
		n := syscall.Errno(v.Uint())
		return "syscall." + errnos[n] + " " + quote(n.Error()), true
	default:
		return "", false
	}
	return name + " " + quote(open(v).Interface().(error).Error()), true
}

func (d *dumper) innerText(v reflect.Value) string {
	if v.IsNil() {
		return "nil"
	}
	if _, ok := d.errorText(v.Elem()); ok {
		return open(v).Interface().(error).Error()
	}
	return inner(v)
}
