// SPDX-License-Identifier: Apache-2.0

package main

import (
	"unsafe"

	"zoo/kinds"
)

func targetAddress() unsafe.Pointer { return unsafe.Pointer(&kinds.Target) }
