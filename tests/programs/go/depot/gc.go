// SPDX-License-Identifier: Apache-2.0

package main

import "runtime/debug"

// A pointer to nowhere must not meet the garbage collector.
func debugGC(percent int) { debug.SetGCPercent(percent) }
