// SPDX-License-Identifier: Apache-2.0
// Characters of texts in UTF-8.
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/str.h"

// The length of the UTF-8 character at the start of s, which is not empty; its code point, or 0 if
// the bytes are none.
size_t utf8_decode(struct str s, uint32_t *code);
// Beyond ASCII: it can stand in a name.
bool utf8_is_letter(uint32_t code);

#endif
