// SPDX-License-Identifier: Apache-2.0

package main

// What only newer versions of Go have, by the version that brought it.
var since18, since19, since20 func()

func newer() {
	for _, f := range []func(){since18, since19, since20} {
		if f != nil {
			f()
		}
	}
}
