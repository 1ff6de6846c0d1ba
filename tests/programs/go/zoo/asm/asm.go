// SPDX-License-Identifier: Apache-2.0

// Package asm has functions written in assembly: their arguments are on the stack in every version.
package asm

// args: a=0x1111111111111111, b=0x2222222222222222
// results: sum=0x3333333333333333
func Add(a, b int64) (sum int64)

// args: a=0x11, b=0x2222222222222222, s.ptr="assembly", s.len=8
// results: n=8, ok=1
func Mixed(a int8, b int64, s string) (n int, ok bool)

// Frame has a stack frame, and so a stack check.
// args: n=0x31
// results: r=0x32
func Frame(n int) (r int)

// Tail ends with a jump to Add.
// args: a=5, b=6
// results: sum=11
func Tail(a, b int64) (sum int64)
