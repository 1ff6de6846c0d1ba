// SPDX-License-Identifier: Apache-2.0

//go:build withcgo
// +build withcgo

package main

import "zoo/cpart"

func callC() bool { return cpart.SumSquares() == 14 }
