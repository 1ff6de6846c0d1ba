// SPDX-License-Identifier: Apache-2.0
// Compiler attributes and the few macros that every folder uses.
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN               __attribute__((noreturn))

// AUTO(fn) runs fn(&variable) when the variable goes out of scope. Never mix with goto in one
// function.
#define AUTO(fn) __attribute__((cleanup(fn)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))

// Says that control cannot come here; a broken invariant stops the program instead of going on.
#define UNREACHABLE() __builtin_trap()

#endif
