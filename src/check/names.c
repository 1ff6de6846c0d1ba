// SPDX-License-Identifier: Apache-2.0
// Names that stand alone: constants, builtins, functions without arguments; and what an unknown one
// may be meant for.
#include "check/checker.h"

// What other tools and languages call it.
static const char *other_name(struct str name)
{
	static const char *const names[][2] = {
		{ "goroutine", "goid" },
		{ "null", "nil" },
		{ "NULL", "nil" },
		{ "None", "nil" },
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, str_from(names[i][0])))
			return names[i][1];
	return NULL;
}

// Parameters and results stand behind args and retval.
static bool tell_value(struct checker *c, struct str name)
{
	const struct target_info *info = c->part ? part_info(c) : NULL;
	for (size_t i = 0; info && i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (v->is_hidden || !str_eq(v->name, name))
			continue;
		bool is_there = !v->is_result || c->part->kind == PROBE_URETPROBE;
		tell_hint(c, "%s.%.*s is %s of %.*s%s", v->is_result ? "retval" : "args",
			  STR_ARG(name), v->is_result ? "a result" : "a parameter",
			  STR_ARG(info->func->name), is_there ? "" : ", in a uretprobe");
		return true;
	}
	return false;
}

static void tell_unknown(struct checker *c, struct expr *e)
{
	struct near near = near_init(e->str);
	const char *other = other_name(e->str);
	if (function_tell_other(c, e->span, e->str))
		return;
	builtins_offer(&near);
	functions_offer(&near);
	for (size_t i = 0; i < c->enumerators.n; i++)
		near_offer(&near, c->enumerators.v[i].name);
	tell_error(c, e->span, "unknown name '%.*s'", STR_ARG(e->str));
	if (other)
		tell_hint(c, "it is called %s here", other);
	else if (!tell_value(c, e->str))
		tell_near(c, &near);
}

void check_name(struct checker *c, struct expr *e)
{
	const struct enumerator_info *en = enumerator_find(c, e->str);
	struct expr_list none = { 0 };
	if (en) {
		set_int(c, e, en->type, (uint64_t)en->value);
		return;
	}
	if (check_builtin(c, e, e->str, &none))
		return;
	if (str_eq(e->str, STR("nil"))) {
		set_int(c, e, c->basic.nil, 0);
		return;
	}
	const struct function_info *f = function_find(e->str);
	if (f && f->min_args == 0) {
		struct name name = { e->str, e->span };
		e->kind = EXPR_CALL;
		e->call.name = name;
		e->call.args = none;
		check_call(c, e);
		return;
	}
	e->type = NULL;
	if (f) {
		tell_error(c, e->span, "%s is a function: %s", f->name, f->usage);
		return;
	}
	tell_unknown(c, e);
}
