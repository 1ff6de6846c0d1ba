// SPDX-License-Identifier: Apache-2.0

//go:build !withcgo
// +build !withcgo

package main

func main() {}
