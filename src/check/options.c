// SPDX-License-Identifier: Apache-2.0
// Options of scripts: getopt(), and what was given behind "--" without being asked for.
#include "check/checker.h"

// "name=value" or "name"
static bool option_value(const struct checker *c, struct str name, struct str *out, bool *has_value)
{
	for (size_t i = 0; i < c->options->n_named_params; i++) {
		struct str s = c->options->named_params[i];
		if (!str_starts(s, name) || (s.len > name.len && s.p[name.len] != '='))
			continue;
		*has_value = s.len > name.len;
		*out = str_from_off(s, name.len + 1);
		return true;
	}
	return false;
}

static void option_bool(struct checker *c, struct expr *e, struct str text, bool has_value)
{
	bool is_true = !has_value || str_eq(text, STR("true")) || str_eq(text, STR("1"));
	bool is_false = str_eq(text, STR("false")) || str_eq(text, STR("0"));
	if (!is_true && !is_false)
		tell_error(c, e->span, "this option is true or false, not '%.*s'", STR_ARG(text));
	set_bool(c, e, is_true);
}

static bool is_asked(const struct checker *c, struct str name)
{
	for (size_t i = 0; i < c->asked.n; i++)
		if (str_eq(c->asked.v[i], name))
			return true;
	return false;
}

FUNCTION_CHECK(check_getopt)
{
	struct str name, text = STR(""), help;
	bool has_value = false;
	struct expr *fallback = e->call.args.n > 1 ? e->call.args.v[1] : NULL;
	(void)f;
	if (!constant_text_of(c, e->call.args.v[0], "the name of an option", &name))
		return;
	if (e->call.args.n > 2 &&
	    !constant_text_of(c, e->call.args.v[2], "the help of an option", &help))
		return;
	if (fallback)
		check_expr(c, fallback);
	if (!is_asked(c, name))
		VEC_PUSH(c->arena, &c->asked, name);
	bool is_given = option_value(c, name, &text, &has_value);
	if (!fallback || fallback->kind == EXPR_BOOL) {
		if (is_given)
			option_bool(c, e, text, has_value);
		else
			set_bool(c, e, fallback && fallback->num.value);
	} else if (fallback->kind == EXPR_STR) {
		set_text(c, e, is_given ? text : fallback->str);
	} else if (fallback->kind == EXPR_INT) {
		struct number n = { .value = fallback->num.value };
		bool is_negative = is_given && text.len > 1 && text.p[0] == '-';
		if (is_given && !number_parse(str_from_off(text, is_negative), &n))
			tell_error(c, e->span, "this option is a number, not '%.*s'",
				   STR_ARG(text));
		set_int(c, e, type_int(c, true, 8), is_negative ? -n.value : n.value);
	} else if (fallback->type) {
		tell_error(c, fallback->span, "what an option is otherwise must be a constant");
	}
}

void options_finish(struct checker *c)
{
	for (size_t i = 0; i < c->options->n_named_params && !diag_n_errors(c->diag); i++) {
		struct str given = c->options->named_params[i], known = STR("");
		bool is_known = false;
		for (size_t k = 0; k < c->asked.n && !is_known; k++) {
			struct str name = c->asked.v[k];
			is_known = str_starts(given, name) &&
				   (given.len == name.len || given.p[name.len] == '=');
			known = arena_printf(c->arena, "%.*s --%.*s", STR_ARG(known),
					     STR_ARG(name));
		}
		if (is_known)
			continue;
		tell_error(c, SPAN_NONE, "the script has no option --%.*s", STR_ARG(given));
		if (known.len)
			tell_hint(c, "there are:%.*s", STR_ARG(known));
	}
}
