// SPDX-License-Identifier: Apache-2.0
// C++ and Rust names, through libiberty.
#include <libiberty/demangle.h>
#include <stdlib.h>

#include "target/internal.h"

// A name longer than this is left as it is: demangling may blow it up.
#define SYMBOL_MAX 8192u

struct str demangle(struct arena *a, struct str symbol)
{
	if (symbol.len < 3 || symbol.len > SYMBOL_MAX || symbol.p[0] != '_' ||
	    (symbol.p[1] != 'Z' && symbol.p[1] != 'R'))
		return symbol;
	char mangled[SYMBOL_MAX + 1];
	memcpy(mangled, symbol.p, symbol.len);
	mangled[symbol.len] = '\0';
	char *text = cplus_demangle(mangled, DMGL_AUTO | DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP);
	if (!text)
		return symbol;
	struct str name = arena_strdup(a, str_from(text));
	free(text);
	return name;
}

struct str demangled_without_params(struct str name)
{
	static const char *const tails[] = { " const", " volatile", "&", " " };
	struct str s = name;
	// Unlikely code that was moved away is no function that people mean.
	if (str_find(s, STR(" [clone .cold")) > 0)
		return name;
	ptrdiff_t clone = str_find(s, STR(" [clone "));
	if (clone > 0)
		s.len = (size_t)clone;
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		struct str tail = str_from(tails[i]);
		if (str_ends(s, tail)) {
			s.len -= tail.len;
			i = SIZE_MAX; // start over: they may stand in any order
		}
	}
	if (s.len == 0 || s.p[s.len - 1] != ')')
		return name;
	size_t depth = 0;
	for (size_t i = s.len; i > 0; i--) {
		if (s.p[i - 1] == ')')
			depth++;
		else if (s.p[i - 1] == '(' && --depth == 0)
			return i > 1 ? str_first(s, i - 1) : name;
	}
	return name;
}
