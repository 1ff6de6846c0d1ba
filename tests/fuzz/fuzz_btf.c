// SPDX-License-Identifier: Apache-2.0
// Any bytes as the kernel's types: every type that has a name is looked for, and all that is in it.
#include "fuzz.h"

#include "base/err.h"
#include "btf/btf.h"

enum { LOOKS_MAX = 200, NAMES_MAX = 200 };

#define REQUIRE(cond)                     \
	do {                              \
		if (!(cond))              \
			__builtin_trap(); \
	} while (0)

static void look(struct arena *a, struct type *t, unsigned *budget)
{
	if (!t || !*budget)
		return;
	--*budget;
	err_free(type_complete(t));
	type_align(t);
	type_spell(a, t);
	struct type *s = type_strip(t);
	if (s != t)
		look(a, s, budget);
	look(a, t->elem, budget);
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct type_field *f = &t->fields[i];
		REQUIRE(f->type);
		REQUIRE(f->bit_size ? f->off + (f->bit_off + f->bit_size + 7u) / 8 <= t->size
				    : f->off + f->type->size <= t->size);
		look(a, f->type, budget);
	}
	for (size_t i = 0; i < t->n_params; i++)
		look(a, t->params[i].type, budget);
}

static void look_for(struct btf *b, struct arena *a, struct str name)
{
	static const char *const words[] = { "struct ", "union ", "enum ", "" };
	uint32_t number;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct str full = arena_printf(a, "%s%.*s", words[i], STR_ARG(name));
		unsigned budget = LOOKS_MAX;
		struct type *t = btf_find_type(b, full);
		struct type_words flat;
		look(a, t, &budget);
		if (t)
			err_free(type_flatten(a, t, &flat));
		struct near near = near_init(full);
		btf_offer(b, &near);
	}
	const char *text = arena_strdup(a, name).p;
	btf_func(b, text, &number);
	btf_member(b, text, "a.b", &number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct btf *b;
	struct err *e = btf_read(a, (struct bytes) { data, size }, "fuzz", &b);
	// What could be names stands at the end.
	size_t end = size;
	for (unsigned n = 0; !e && n < NAMES_MAX && end > 0; n++) {
		size_t start = end;
		while (start > 0 && data[start - 1])
			start--;
		look_for(b, a, (struct str) { (const char *)data + start, end - start });
		end = start ? start - 1 : 0;
	}
	err_free(e);
	arena_free(a);
	return 0;
}
