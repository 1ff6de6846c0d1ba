// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"math"
	"reflect"
	"sort"
	"strings"
)

type entry struct{ key, value reflect.Value }

// dict writes a map whose entries all fit. Which ones are shown of others only stoat knows.
func (d *dumper) dict(v reflect.Value, isItem bool) {
	if v.IsNil() {
		d.put("nil")
		return
	}
	if !isItem {
		d.put(v.Type().String())
	}
	if !d.isFound(v) {
		d.put("{...}")
		return
	}
	var all []entry
	for i := v.MapRange(); i.Next(); {
		all = append(all, entry{i.Key(), i.Value()})
	}
	d.entries(all)
}

func (d *dumper) entries(all []entry) {
	sort.Slice(all, func(i, j int) bool { return compare(all[i].key, all[j].key) < 0 })
	d.put("{")
	for i, e := range all {
		if i > 0 {
			d.put(", ")
		}
		d.value(e.key, true)
		d.put(": ")
		key := e.key
		if key.Kind() == reflect.Interface && !key.IsNil() {
			key = key.Elem()
		}
		if key.Kind() == reflect.String && isSecret(key.String()) && e.value.Kind() != reflect.Bool {
			d.put(redacted)
		} else {
			d.value(e.value, true)
		}
	}
	d.put("}")
}

func sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// compare orders keys as fmt does, but for the types of interfaces, which it orders by name.
func compare(a, b reflect.Value) int {
	switch a.Kind() {
	case reflect.String:
		return strings.Compare(a.String(), b.String())
	case reflect.Bool:
		return sign(!a.Bool() && b.Bool(), a.Bool() && !b.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return sign(a.Int() < b.Int(), a.Int() > b.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return sign(a.Uint() < b.Uint(), a.Uint() > b.Uint())
	case reflect.Float32, reflect.Float64:
		x, y := a.Float(), b.Float()
		return sign(x < y || math.IsNaN(x) && !math.IsNaN(y), x > y || !math.IsNaN(x) && math.IsNaN(y))
	case reflect.Struct:
		for i := 0; i < a.NumField(); i++ {
			if c := compare(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
		return 0
	case reflect.Array:
		for i := 0; i < a.Len(); i++ {
			if c := compare(a.Index(i), b.Index(i)); c != 0 {
				return c
			}
		}
		return 0
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return sign(a.IsNil() && !b.IsNil(), !a.IsNil() && b.IsNil())
		}
		if c := strings.Compare(a.Elem().Type().String(), b.Elem().Type().String()); c != 0 {
			return c
		}
		return compare(a.Elem(), b.Elem())
	}
	return sign(a.Pointer() < b.Pointer(), a.Pointer() > b.Pointer())
}
