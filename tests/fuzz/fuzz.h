// SPDX-License-Identifier: Apache-2.0
// What every fuzzing harness defines: libFuzzer calls it, and so does replay.c.
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
