// SPDX-License-Identifier: Apache-2.0
// A script that has been checked, for the tests of check/. Plans are made up.
#ifndef CHECKED_H
#define CHECKED_H

#include "../fuzz/fake_plan.h"
#include "check/check.h"
#include "unit.h"

// The kernel's types, where a test has some.
static const char *kernel_types;

struct checked {
	struct arena *a;
	struct diag *diag;
	struct script *script;
	struct config *config;
	struct plan *plan;
	struct program *p;
	struct str said;
};

static inline struct checked check_text(struct str text, bool is_unsafe)
{
	static const struct str params[] = { { "12", 2 }, { "text", 4 } };
	static const struct str given[] = { { "limit=7", 7 }, { "quiet", 5 } };
	struct str named[ARRAY_LEN(given)];
	struct checked c = { .a = arena_new() };
	c.diag = diag_new(c.a);
	c.script = script_parse(c.a, diag_add_source(c.diag, STR("t"), text), c.diag);
	script_expand_macros(c.a, c.script, c.diag);
	c.config = config_make(c.a, c.script, c.diag);
	c.plan = fake_plan(c.a, c.script);
	struct check_options o = {
		.params = params,
		.n_params = ARRAY_LEN(params),
		.named_params = named,
		.is_unsafe = is_unsafe,
		.kernel_types = kernel_types,
	};
	// Those that the script has a word for.
	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		if (str_find(text, str_first(given[i], 5)) >= 0)
			named[o.n_named_params++] = given[i];
	c.p = program_make(c.a, c.script, c.plan, c.config, &o, c.diag);
	c.said = diag_render(c.diag, c.a);
	return c;
}

static inline struct checked check(const char *text)
{
	return check_text(str_from(text), true);
}

// The script has no mistakes.
static inline struct checked fine(const char *text)
{
	struct checked c = check(text);
	if (diag_n_errors(c.diag))
		unit_fail(__FILE__, __LINE__, "%s: said\n%.*s", text, STR_ARG(c.said));
	return c;
}

static inline void done(struct checked *c)
{
	arena_free(c->a);
}

static inline void refused(const char *text, const char *words)
{
	struct checked c = check(text);
	if (!diag_n_errors(c.diag) || str_find(c.said, str_from(words)) < 0)
		unit_fail(__FILE__, __LINE__, "%s: said '%.*s', not '%s'", text, STR_ARG(c.said),
			  words);
	done(&c);
}

static inline const struct program_map *map(const struct checked *c, const char *name)
{
	for (size_t i = 0; i < c->p->n_maps; i++)
		if (str_eq(c->p->maps[i]->name, str_from(name)))
			return c->p->maps[i];
	unit_fail(__FILE__, __LINE__, "no map %s", name);
}

#endif
