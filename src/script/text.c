// SPDX-License-Identifier: Apache-2.0
// Pieces of the tree as one line of text.
#include "script/parser.h"

#include <inttypes.h>

const char *expr_op_text(enum expr_op op)
{
	static const char *const texts[] = {
		[OP_NONE] = "",   [OP_MUL] = "*",    [OP_DIV] = "/",    [OP_MOD] = "%",
		[OP_ADD] = "+",   [OP_SUB] = "-",    [OP_SHL] = "<<",   [OP_SHR] = ">>",
		[OP_LT] = "<",    [OP_GT] = ">",     [OP_LE] = "<=",    [OP_GE] = ">=",
		[OP_EQ] = "==",   [OP_NE] = "!=",    [OP_BITAND] = "&", [OP_BITXOR] = "^",
		[OP_BITOR] = "|", [OP_AND] = "&&",   [OP_OR] = "||",    [OP_NEG] = "-",
		[OP_NOT] = "!",   [OP_BITNOT] = "~", [OP_DEREF] = "*",  [OP_ADDR] = "&",
	};
	return texts[op];
}

static struct str tagged_text(struct arena *a, const char *tag, const struct type_spec *t)
{
	if (t->name.len)
		return arena_printf(a, "%s %.*s", tag, STR_ARG(t->name));
	return arena_printf(a, "%s", tag);
}

static struct str array_text(struct arena *a, const struct type_spec *t, struct str elem)
{
	if (!t->count)
		return arena_printf(a, "%.*s[]", STR_ARG(elem));
	if (t->count->kind == EXPR_INT)
		return arena_printf(a, "%.*s[%" PRIu64 "]", STR_ARG(elem), t->count->num.value);
	return arena_printf(a, "%.*s[...]", STR_ARG(elem));
}

static struct str base_text(struct arena *a, const struct type_spec *t)
{
	switch (t->kind) {
	case SPEC_STRUCT:
		return tagged_text(a, "struct", t);
	case SPEC_UNION:
		return tagged_text(a, "union", t);
	case SPEC_ENUM:
		return tagged_text(a, "enum", t);
	case SPEC_TYPEOF:
		return STR("typeof(...)");
	case SPEC_NAMED:
	case SPEC_PTR:
	case SPEC_ARRAY:
	case SPEC_FUNC:
		break;
	}
	return t->name;
}

// Without recursion: what is made of the base is collected from the outside in.
struct str type_spec_text(struct arena *a, const struct type_spec *t)
{
	VEC(const struct type_spec *) outer = { 0 };
	for (; t->kind == SPEC_PTR || t->kind == SPEC_ARRAY || t->kind == SPEC_FUNC; t = t->elem)
		VEC_PUSH(a, &outer, t);
	struct str text = base_text(a, t);
	for (size_t i = outer.n; i > 0;) {
		size_t from = i - 1;
		bool is_tight = text.len && text.p[text.len - 1] == '*';
		// Of arrays in arrays, C writes the outermost length first.
		while (from && outer.v[i - 1]->kind == SPEC_ARRAY &&
		       outer.v[from - 1]->kind == SPEC_ARRAY)
			from--;
		for (size_t n = from; n < i; n++) {
			const struct type_spec *o = outer.v[n];
			if (o->kind == SPEC_ARRAY)
				text = array_text(a, o, text);
			else if (o->kind == SPEC_FUNC)
				text = arena_printf(a, "%.*s()", STR_ARG(text));
			else
				text = arena_printf(a, "%.*s%s*", STR_ARG(text),
						    is_tight ? "" : " ");
		}
		i = from;
	}
	return text;
}
