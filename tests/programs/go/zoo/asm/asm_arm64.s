// SPDX-License-Identifier: Apache-2.0

#include "textflag.h"

// func Add(a, b int64) (sum int64)
TEXT ·Add(SB), NOSPLIT, $0-24
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	ADD  R1, R0, R0
	MOVD R0, sum+16(FP)
	RET

// func Mixed(a int8, b int64, s string) (n int, ok bool)
TEXT ·Mixed(SB), NOSPLIT, $0-41
	MOVD s_len+24(FP), R0
	MOVD R0, n+32(FP)
	MOVB a+0(FP), R1
	CBZ  R1, zero
	MOVD $1, R2
	MOVB R2, ok+40(FP)
	RET
zero:
	MOVB ZR, ok+40(FP)
	RET

// func Frame(n int) (r int)
TEXT ·Frame(SB), $64-16
	MOVD n+0(FP), R0
	ADD  $1, R0, R0
	MOVD R0, r+8(FP)
	RET

// func Tail(a, b int64) (sum int64)
TEXT ·Tail(SB), NOSPLIT, $0-24
	JMP ·Add(SB)
