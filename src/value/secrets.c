// SPDX-License-Identifier: Apache-2.0
// Names whose values are not shown.
#include "value/value.h"

// Longer names are no names of fields that somebody wrote; they are compared up to here.
#define NAME_MAX_LEN 256

static const char *const defaults[] = {
	"password", "passwd",     "passphrase", "secret", "token",  "authorization", "cookie",
	"apikey",   "privatekey", "credential", "pwd",    "bearer", "jwt",           "accesskey",
};

struct value_secrets {
	struct str *words; // in lower case, without '_' and '-'
	bool *is_glob;
	size_t n;
};

// In lower case, without '_' and '-'. Returns the length.
static size_t plain(struct str s, char *out, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len && n < max; i++) {
		char c = s.p[i];
		if (c != '_' && c != '-')
			out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return n;
}

static void add(struct value_secrets *s, struct arena *a, struct str word)
{
	char *p = ARENA_ARRAY(a, char, word.len + 1);
	struct str text = { p, plain(word, p, word.len) };
	// An empty word would be in every name.
	if (text.len == 0)
		return;
	s->is_glob[s->n] = str_is_glob(text);
	s->words[s->n++] = text;
}

struct value_secrets *value_secrets_new(struct arena *a, const struct str *patterns, size_t n,
					bool has_defaults)
{
	struct value_secrets *s = ARENA_NEW(a, struct value_secrets);
	s->words = ARENA_ARRAY(a, struct str, n + ARRAY_LEN(defaults));
	s->is_glob = ARENA_ARRAY(a, bool, n + ARRAY_LEN(defaults));
	for (size_t i = 0; i < ARRAY_LEN(defaults) && has_defaults; i++)
		add(s, a, str_from(defaults[i]));
	for (size_t i = 0; i < n; i++)
		add(s, a, patterns[i]);
	return s;
}

bool value_is_secret(const struct value_secrets *s, struct str name)
{
	char buf[NAME_MAX_LEN];
	if (!s || name.len == 0)
		return false;
	struct str text = { buf, plain(name, buf, sizeof(buf)) };
	for (size_t i = 0; i < s->n; i++)
		if (s->is_glob[i] ? str_glob(s->words[i], text) : str_find(text, s->words[i]) >= 0)
			return true;
	return false;
}
