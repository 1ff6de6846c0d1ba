// SPDX-License-Identifier: Apache-2.0

//go:build !go1.18
// +build !go1.18

package kinds

// CallGenerics has nothing to call before Go 1.18.
func CallGenerics() bool { return true }
