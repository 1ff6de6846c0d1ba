// SPDX-License-Identifier: Apache-2.0
// How a function is declared, put together from its parameters and results.
#include "target/internal.h"

static struct str spell(struct arena *a, const struct target_value *v)
{
	return v->type ? type_spell(a, v->type) : STR("?");
}

static struct str append(struct arena *a, struct str s, struct str more)
{
	return arena_printf(a, "%.*s%.*s", STR_ARG(s), STR_ARG(more));
}

static struct str go_param(struct arena *a, const struct target_value *v, bool with_blank)
{
	struct str type = spell(a, v);
	if (v->name.len)
		return arena_printf(a, "%.*s %.*s", STR_ARG(v->name), STR_ARG(type));
	return with_blank ? append(a, STR("_ "), type) : type;
}

static struct str go_results(struct arena *a, const struct target_value *values, size_t n)
{
	struct str list = STR("");
	size_t count = 0;
	bool has_names = false;
	for (size_t i = 0; i < n; i++)
		has_names = has_names || (values[i].is_result && values[i].name.len);
	for (size_t i = 0; i < n; i++) {
		if (!values[i].is_result)
			continue;
		list = append(a, list, count++ ? STR(", ") : STR(""));
		list = append(a, list, go_param(a, &values[i], has_names));
	}
	if (count == 0)
		return STR("");
	return count == 1 && !has_names ? append(a, STR(" "), list)
					: arena_printf(a, " (%.*s)", STR_ARG(list));
}

// The last component of a Go name, or "" for function literals and others that have no name of
// their own.
static struct str go_short_name(struct str name, bool is_method)
{
	if (is_method)
		return str_from_off(name, (size_t)(str_rfind_byte(name, '.') + 1));
	// Behind the package path: the first '.' after the last '/' that stands outside type
	// arguments.
	size_t end = name.len, start = 0;
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] == '[') {
			end = i;
			break;
		}
	for (size_t i = 0; i < end; i++)
		if (name.p[i] == '/')
			start = i + 1;
	while (start < end && name.p[start] != '.')
		start++;
	struct str rest = start < end ? str_from_off(name, start + 1) : name;
	return rest;
}

static struct str go_signature(struct arena *a, struct str name, const struct target_value *values,
			       size_t n)
{
	struct str receiver = STR(""), params = STR("");
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		if (values[i].is_result || values[i].is_hidden)
			continue;
		struct str p = go_param(a, &values[i], true);
		if (values[i].is_receiver)
			receiver =
				arena_printf(a, "(%.*s) ", STR_ARG(go_param(a, &values[i], false)));
		else
			params = arena_printf(a, "%.*s%s%.*s", STR_ARG(params), count++ ? ", " : "",
					      STR_ARG(p));
	}
	struct str results = go_results(a, values, n);
	// A function literal has no name of its own.
	if (is_go_literal(name))
		return arena_printf(a, "func(%.*s)%.*s", STR_ARG(params), STR_ARG(results));
	return arena_printf(a, "func %.*s%.*s(%.*s)%.*s", STR_ARG(receiver),
			    STR_ARG(go_short_name(name, receiver.len > 0)), STR_ARG(params),
			    STR_ARG(results));
}

static struct str c_signature(struct arena *a, struct str name, const struct target_value *values,
			      size_t n)
{
	struct str params = STR("");
	struct type *ret = NULL;
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		if (values[i].is_result) {
			ret = values[i].type;
			continue;
		}
		if (values[i].is_receiver || values[i].is_hidden)
			continue;
		struct str p = type_spell_decl(a, values[i].type, values[i].name);
		params = arena_printf(a, "%.*s%s%.*s", STR_ARG(params), count++ ? ", " : "",
				      STR_ARG(p));
	}
	struct str base = demangled_without_params(name);
	struct str decl =
		arena_printf(a, "%.*s(%.*s)", STR_ARG(base), STR_ARG(count ? params : STR("void")));
	return type_spell_decl(a, ret, decl);
}

struct str target_signature(struct arena *a, enum target_lang lang, struct str name,
			    const struct target_value *values, size_t n)
{
	if (lang == LANG_GO || lang == LANG_ASM)
		return go_signature(a, name, values, n);
	return c_signature(a, name, values, n);
}
