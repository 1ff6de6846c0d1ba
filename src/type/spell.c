// SPDX-License-Identifier: Apache-2.0
// Types as a programmer of their language writes them.
#include "type/type.h"

#define DEPTH_MAX 32
// Types visited for one spelling: functions of functions of functions grow fast.
#define STEPS_MAX 256

struct speller {
	struct arena *arena;
	unsigned steps;
};

static struct str cat(struct speller *s, struct str a, struct str b)
{
	if (a.len == 0)
		return b;
	if (b.len == 0)
		return a;
	return arena_printf(s->arena, "%.*s%.*s", STR_ARG(a), STR_ARG(b));
}

static struct str spell(struct speller *s, struct type *t, struct str inner, int depth);

// --- Go ---

static struct str go_params(struct speller *s, struct type *t, bool results, int depth)
{
	struct str out = STR("");
	size_t last = 0;
	for (size_t i = 0; i < t->n_params; i++)
		if (!t->params[i].is_result)
			last = i;
	for (size_t i = 0; i < t->n_params; i++) {
		const struct type_param *p = &t->params[i];
		if (p->is_result != results)
			continue;
		if (out.len)
			out = cat(s, out, STR(", "));
		bool is_dots = t->is_variadic && !results && i == last && p->type &&
			       p->type->kind == TYPE_SLICE && p->type->elem;
		if (is_dots)
			out = cat(s, out, STR("..."));
		struct type *shown = is_dots ? p->type->elem : p->type;
		out = cat(s, out, spell(s, shown, STR(""), depth + 1));
	}
	return out;
}

static struct str go_func(struct speller *s, struct type *t, int depth)
{
	size_t n_results = 0;
	struct err *e = type_complete(t);
	err_free(e);
	for (size_t i = 0; i < t->n_params; i++)
		n_results += t->params[i].is_result;
	struct str params = go_params(s, t, false, depth);
	struct str results = go_params(s, t, true, depth);
	const char *open = n_results > 1 ? " (" : n_results ? " " : "";
	return arena_printf(s->arena, "func(%.*s)%s%.*s%s", STR_ARG(params), open, STR_ARG(results),
			    n_results > 1 ? ")" : "");
}

static struct str go_struct(struct speller *s, struct type *t, int depth)
{
	struct err *e = type_complete(t);
	err_free(e);
	struct str out = STR("struct {");
	for (size_t i = 0; i < t->n_fields && s->steps < STEPS_MAX; i++) {
		const struct type_field *f = &t->fields[i];
		struct str type = spell(s, f->type, STR(""), depth + 1);
		struct str name = f->is_embedded ? STR("") : cat(s, f->name, STR(" "));
		out = arena_printf(s->arena, "%.*s%s%.*s%.*s", STR_ARG(out), i ? "; " : " ",
				   STR_ARG(name), STR_ARG(type));
	}
	return cat(s, out, t->n_fields ? STR(" }") : STR("}"));
}

static struct str go_spell(struct speller *s, struct type *t, int depth)
{
	struct str elem = STR("");
	if (t->name.len)
		return t->name;
	if (t->kind == TYPE_PTR || t->kind == TYPE_SLICE || t->kind == TYPE_ARRAY ||
	    t->kind == TYPE_MAP || t->kind == TYPE_CHAN)
		elem = spell(s, t->elem, STR(""), depth + 1);
	switch ((int)t->kind) {
	case TYPE_PTR:
		return t->elem ? cat(s, STR("*"), elem) : STR("unsafe.Pointer");
	case TYPE_SLICE:
		return cat(s, STR("[]"), elem);
	case TYPE_ARRAY:
		return arena_printf(s->arena, "[%llu]%.*s", (unsigned long long)t->count,
				    STR_ARG(elem));
	case TYPE_MAP: {
		struct str key = spell(s, t->key, STR(""), depth + 1);
		return arena_printf(s->arena, "map[%.*s]%.*s", STR_ARG(key), STR_ARG(elem));
	}
	case TYPE_CHAN:
		return cat(s, STR("chan "), elem);
	case TYPE_STRING:
		return STR("string");
	case TYPE_IFACE:
		return t->is_empty_iface ? STR("interface {}") : STR("interface {...}");
	case TYPE_FUNC:
		return go_func(s, t, depth);
	case TYPE_STRUCT:
		return go_struct(s, t, depth);
	default:
		return STR("?");
	}
}

static bool is_go(const struct type *t)
{
	return t->go_kind || t->kind == TYPE_STRING || t->kind == TYPE_SLICE ||
	       t->kind == TYPE_IFACE || t->kind == TYPE_MAP || t->kind == TYPE_CHAN;
}

// --- C ---

// What stands left of a declarator: "int" and "*p" make "int *p".
static struct str with_base(struct speller *s, struct str base, struct str inner)
{
	if (inner.len == 0)
		return base;
	return arena_printf(s->arena, "%.*s %.*s", STR_ARG(base), STR_ARG(inner));
}

static bool is_unnamed(const struct type *t, enum type_kind kind)
{
	return t && t->kind == kind && t->name.len == 0;
}

static struct str c_params(struct speller *s, struct type *t, int depth)
{
	struct err *e = type_complete(t);
	err_free(e);
	struct str out = STR("(");
	for (size_t i = 0; i < t->n_params && s->steps < STEPS_MAX; i++) {
		struct str p = spell(s, t->params[i].type, STR(""), depth + 1);
		out = arena_printf(s->arena, "%.*s%s%.*s", STR_ARG(out), i ? ", " : "", STR_ARG(p));
	}
	if (t->is_variadic)
		out = cat(s, out, t->n_params ? STR(", ...") : STR("..."));
	else if (t->n_params == 0)
		out = cat(s, out, STR("void"));
	return cat(s, out, STR(")"));
}

static struct str c_pointer(struct speller *s, struct type *t, struct str inner, int depth)
{
	struct str star = !t->is_reference ? STR("*") : t->is_rvalue ? STR("&&") : STR("&");
	inner = cat(s, star, inner);
	if (is_unnamed(t->elem, TYPE_ARRAY) || is_unnamed(t->elem, TYPE_FUNC))
		inner = arena_printf(s->arena, "(%.*s)", STR_ARG(inner));
	return spell(s, t->elem, inner, depth + 1);
}

// A qualifier of a pointer stands after the star, any other one before the type.
static struct str c_qualified(struct speller *s, struct type *t, struct str inner, int depth)
{
	struct type *under = t->elem;
	for (int i = 0; i < DEPTH_MAX && under && is_unnamed(under, TYPE_NAMED); i++)
		under = under->elem;
	if (is_unnamed(under, TYPE_PTR)) {
		bool is_word = inner.len > 0 && inner.p[0] != '[' && inner.p[0] != ')';
		struct str after = is_word ? cat(s, STR(" "), inner) : inner;
		return spell(s, t->elem, cat(s, t->qualifier, after), depth + 1);
	}
	struct str rest = spell(s, t->elem, inner, depth + 1);
	return t->qualifier.len ? with_base(s, t->qualifier, rest) : rest;
}

// "int Class::*": a pointer to a member.
static struct str c_member_pointer(struct speller *s, struct type *t, struct str inner, int depth)
{
	struct str owner = spell(s, t->key, STR(""), depth + 1);
	bool is_func = is_unnamed(t->elem, TYPE_FUNC) || is_unnamed(t->elem, TYPE_ARRAY);
	inner = arena_printf(s->arena, "%s%.*s::*%.*s%s", is_func ? "(" : "", STR_ARG(owner),
			     STR_ARG(inner), is_func ? ")" : "");
	return spell(s, t->elem, inner, depth + 1);
}

static struct str c_spell(struct speller *s, struct type *t, struct str inner, int depth)
{
	if (t->name.len)
		return with_base(s, t->name, inner);
	switch ((int)t->kind) {
	case TYPE_PTR:
		return c_pointer(s, t, inner, depth);
	case TYPE_ARRAY: {
		struct str dim = t->has_no_count ? STR("[]")
						 : arena_printf(s->arena, "[%llu]",
								(unsigned long long)t->count);
		return spell(s, t->elem, cat(s, inner, dim), depth + 1);
	}
	case TYPE_FUNC:
		return spell(s, t->ret, cat(s, inner, c_params(s, t, depth)), depth + 1);
	case TYPE_NAMED:
		return c_qualified(s, t, inner, depth);
	case TYPE_STRUCT:
		return with_base(s, STR("struct {...}"), inner);
	case TYPE_UNION:
		return with_base(s, STR("union {...}"), inner);
	case TYPE_ENUM:
		return with_base(s, STR("enum {...}"), inner);
	case TYPE_VOID:
		return with_base(s, STR("void"), inner);
	default:
		if (t->key && t->elem)
			return c_member_pointer(s, t, inner, depth);
		return with_base(s, STR("?"), inner);
	}
}

static struct str spell(struct speller *s, struct type *t, struct str inner, int depth)
{
	if (!t)
		return with_base(s, STR("void"), inner);
	if (depth > DEPTH_MAX || ++s->steps > STEPS_MAX)
		return with_base(s, STR("..."), inner);
	// A type parameter has no name of its own: the shape that it stands for does.
	if (t->kind == TYPE_NAMED && str_starts(t->name, STR(".param")) && t->elem)
		return spell(s, t->elem, inner, depth + 1);
	if (is_go(t))
		return with_base(s, go_spell(s, t, depth), inner);
	return c_spell(s, t, inner, depth);
}

struct str type_spell(struct arena *a, struct type *t)
{
	return type_spell_decl(a, t, STR(""));
}

struct str type_spell_decl(struct arena *a, struct type *t, struct str name)
{
	struct speller s = { .arena = a };
	return spell(&s, t, name, 0);
}
