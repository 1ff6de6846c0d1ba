// SPDX-License-Identifier: Apache-2.0
// Names of types as Go prints them.
#include "value/book.h"

// What an import path is made of, besides '/'.
static bool is_path_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80 || memchr("-._~%+!", c, 7);
}

// "map[string]net/http.Header" as "map[string]http.Header". Texts of tags stay as they are.
static struct str without_paths(struct arena *a, struct str name)
{
	char *p = ARENA_ARRAY(a, char, name.len + 1);
	size_t n = 0, word = 0; // word: where in p the path begins that is being copied
	bool is_quoted = false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];
		if (is_quoted) {
			is_quoted = c != '"';
			p[n++] = c;
			if (c == '\\' && i + 1 < name.len)
				p[n++] = name.p[++i];
			word = n;
			continue;
		}
		if (c == '/') {
			n = word;
			continue;
		}
		is_quoted = c == '"';
		p[n++] = c;
		// "...T" is no path.
		if (!is_path_byte(c) || (n >= 3 && memcmp(p + n - 3, "...", 3) == 0))
			word = n;
	}
	return (struct str) { p, n };
}

struct str book_type_name(struct value_book *b, struct type *t)
{
	uint64_t key = (uint64_t)(uintptr_t)t;
	struct str *known = map_get(b->names, key);
	if (known)
		return *known;
	struct str *name = ARENA_NEW(b->arena, struct str);
	bool is_own = b->target && t->go_kind && target_go_type_name_of(b->target, t, name);
	if (!is_own) {
		*name = type_spell(b->arena, t);
		if (t->go_kind)
			*name = without_paths(b->arena, *name);
	}
	map_put(b->names, key, name);
	return *name;
}
