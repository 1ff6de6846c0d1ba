// SPDX-License-Identifier: Apache-2.0

//go:build go1.20
// +build go1.20

package main

import (
	"errors"
	"fmt"
	"io"
)

func init() { since20 = joined }

func joined() {
	for _, x := range []error{
		errors.Join(io.EOF, errors.New("other")), errors.Join(io.EOF, fmt.Errorf("wrapped: %w", io.ErrUnexpectedEOF)),
		fmt.Errorf("%w and %w", io.EOF, io.ErrClosedPipe),
	} {
		say("fails", &x)
		fails(x)
	}
}
