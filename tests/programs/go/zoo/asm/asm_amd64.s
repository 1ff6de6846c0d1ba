// SPDX-License-Identifier: Apache-2.0

#include "textflag.h"

// func Add(a, b int64) (sum int64)
TEXT ·Add(SB), NOSPLIT, $0-24
	MOVQ a+0(FP), AX
	ADDQ b+8(FP), AX
	MOVQ AX, sum+16(FP)
	RET

// func Mixed(a int8, b int64, s string) (n int, ok bool)
TEXT ·Mixed(SB), NOSPLIT, $0-41
	MOVQ s_len+24(FP), AX
	MOVQ AX, n+32(FP)
	CMPB a+0(FP), $0
	JEQ  zero
	MOVB $1, ok+40(FP)
	RET
zero:
	MOVB $0, ok+40(FP)
	RET

// func Frame(n int) (r int)
TEXT ·Frame(SB), $64-16
	MOVQ n+0(FP), AX
	MOVQ AX, 8(SP)
	INCQ 8(SP)
	MOVQ 8(SP), AX
	MOVQ AX, r+8(FP)
	RET

// func Tail(a, b int64) (sum int64)
TEXT ·Tail(SB), NOSPLIT, $0-24
	JMP ·Add(SB)
