// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

size_t utf8_decode(struct str s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = (uint8_t)s.p[0];
	size_t n = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	*code = 0;
	if (n == 1) {
		*code = first;
		return 1;
	}
	if (first < 0xc2 || first > 0xf4 || n > s.len)
		return 1;
	uint32_t c = first & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)s.p[i] & 0xc0) != 0x80)
			return 1;
		c = c << 6 | ((uint8_t)s.p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 1;
	*code = c;
	return n;
}

// Ranges of what is punctuation, a symbol, a blank or nobody's.
bool utf8_is_letter(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} others[] = {
		{ 0, 0xa9 },        { 0xab, 0xb4 },       { 0xb6, 0xb9 },        { 0xbb, 0xbf },
		{ 0xd7, 0xd7 },     { 0xf7, 0xf7 },       { 0x2000, 0x2070 },    { 0x2072, 0x207e },
		{ 0x20a0, 0x20cf }, { 0x2190, 0x2bff },   { 0x2e00, 0x2e7f },    { 0x3000, 0x3004 },
		{ 0x3008, 0x3020 }, { 0xe000, 0xf8ff },   { 0xfe10, 0xfe1f },    { 0xfe30, 0xfe6f },
		{ 0xfeff, 0xff0f }, { 0xff1a, 0xff20 },   { 0xff3b, 0xff40 },    { 0xff5b, 0xff65 },
		{ 0xffe0, 0xffff }, { 0x1f000, 0x1faff }, { 0xe0000, 0x10ffff },
	};
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (c >= others[i].from && c <= others[i].to)
			return false;
	return true;
}
