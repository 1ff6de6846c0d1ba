// SPDX-License-Identifier: Apache-2.0
// Values: what can be used as one, constants, and the casts that the language leaves out.
#include "check/checker.h"

struct expr *expr_new(struct checker *c, enum expr_kind kind, struct span span, struct type *t)
{
	struct expr *e = ARENA_NEW(c->arena, struct expr);
	e->kind = kind;
	e->span = span;
	e->type = t;
	return e;
}

// --- constants ---

static void become(struct expr *e, enum expr_kind kind, struct type *t)
{
	*e = (struct expr) { .kind = kind, .span = e->span, .type = t };
}

void set_int(struct checker *c, struct expr *e, struct type *t, uint64_t v)
{
	(void)c;
	become(e, EXPR_INT, t);
	e->num.value = wrap_to(t, v);
	e->num.suffix = STR("");
}

void set_bool(struct checker *c, struct expr *e, bool v)
{
	become(e, EXPR_BOOL, c->basic.boolean);
	e->num.value = v;
	e->num.suffix = STR("");
}

void set_text(struct checker *c, struct expr *e, struct str s)
{
	become(e, EXPR_STR, type_text(c, s.len + 1));
	e->str = s;
}

bool is_literal_int(const struct expr *e)
{
	return e->kind == EXPR_INT && !e->num.is_real && !e->num.suffix.len &&
	       (int64_t)e->num.value >= 0;
}

static bool is_number_known(const struct expr *e)
{
	return (e->kind == EXPR_INT && !e->num.is_real) || e->kind == EXPR_BOOL;
}

bool constant_of(struct checker *c, struct expr *e, const char *what, int64_t *out)
{
	check_expr(c, e);
	const struct expr *v = e;
	while (v->kind == EXPR_COND && v->cond.then && is_number_known(v->cond.cond))
		v = v->cond.cond->num.value ? v->cond.then : v->cond.other;
	if (is_number_known(v)) {
		*out = (int64_t)v->num.value;
		return true;
	}
	if (e->type)
		tell_error(c, e->span, "%s must be a constant", what);
	return false;
}

bool constant_text_of(struct checker *c, struct expr *e, const char *what, struct str *out)
{
	check_expr(c, e);
	if (e->kind == EXPR_STR) {
		*out = e->str;
		return true;
	}
	if (e->type)
		tell_error(c, e->span, "%s must be a text in quotes", what);
	return false;
}

// --- values ---

void wrap_in_cast(struct checker *c, struct expr *e, struct type *t)
{
	struct expr *inner = ARENA_NEW(c->arena, struct expr);
	*inner = *e;
	become(e, EXPR_CAST, t);
	e->cast.value = inner;
	e->height = (uint16_t)(inner->height + 1);
}

static void become_text(struct checker *c, struct expr *e, struct type *text)
{
	if (c->is_final)
		wrap_in_cast(c, e, text);
	else
		e->type = text;
}

bool shown_value_of(struct checker *c, struct expr *e)
{
	return (e->type && e->type->kind == TYPE_STRING) || value_of(c, e);
}

bool value_of(struct checker *c, struct expr *e)
{
	struct type *t = e->type;
	if (!t)
		return false;
	if (!is_whole_value(c, e)) {
		e->type = NULL;
		return false;
	}
	if (value_of_go(c, e))
		return true;
	if (t->kind == TYPE_VOID) {
		if (e->kind == EXPR_CALL)
			tell_error(c, e->span, "%.*s() gives no value", STR_ARG(e->call.name.text));
		else
			tell_error(c, e->span, "this has no value");
	} else if (t->kind == TYPE_FLOAT || t->kind == TYPE_COMPLEX) {
		tell_error(c, e->span, "floating point values of %llu bytes cannot be used",
			   (unsigned long long)t->size);
	} else if (t->kind == TYPE_STRING) {
		become_text(c, e, go_text(c, UINT64_MAX));
		return true;
	} else if (go_whole(c, t) != t) {
		become_text(c, e, go_whole(c, t));
		return true;
	} else if (t->kind == TYPE_FUNC || t->kind == TYPE_UNKNOWN) {
		tell_error(c, e->span, "this is no value");
	} else if (is_char_array(t) && t->count) {
		if (t->count < VALUE_SIZE_MAX) {
			become_text(c, e, type_text(c, t->count + 1));
			return true;
		}
		tell_error(c, e->span, "this text is too large: %llu bytes",
			   (unsigned long long)t->count);
	} else {
		return true;
	}
	e->type = NULL;
	return false;
}

// What to do with a floating point number where a whole one is wanted.
void tell_whole(struct checker *c, const struct expr *e)
{
	if (is_real(e->type))
		tell_hint(c, "(int64) makes a floating point number whole");
	else if (is_complex(e->type))
		tell_hint(c, "(int64)x.real and (int64)x.imag are numbers");
}

bool number_of(struct checker *c, struct expr *e, const char *what)
{
	if (!value_of(c, e))
		return false;
	if (is_scalar(e->type))
		return true;
	struct str text = spell(c, e->type);
	tell_error(c, e->span, "%s must be a number, not %.*s", what, STR_ARG(text));
	tell_whole(c, e);
	return false;
}

bool condition_of(struct checker *c, struct expr *e)
{
	if (!value_of(c, e))
		return false;
	if (is_scalar(e->type))
		return true;
	struct str text = spell(c, e->type);
	tell_error(c, e->span, "a condition is true or false: it cannot be %.*s", STR_ARG(text));
	enum type_kind kind = e->type->kind;
	if (is_name_value(e->type) || kind == TYPE_SLICE || kind == TYPE_MAP || kind == TYPE_CHAN)
		tell_hint(c, "compare it: %.*s != nil", STR_ARG(diag_span_text(c->diag, e->span)));
	if (is_real(e->type))
		tell_hint(c, "compare it: %.*s != 0", STR_ARG(diag_span_text(c->diag, e->span)));
	if (e->type->kind == TYPE_TEXT)
		tell_hint(c, "compare it: %s != \"\"",
			  e->kind == EXPR_STR ? "..."
			  : diag_span_text(c->diag, e->span).len > 40
				  ? "..."
				  : arena_printf(c->arena, "%.*s",
						 STR_ARG(diag_span_text(c->diag, e->span)))
					    .p);
	return false;
}

// --- conversions ---

// The items of a tuple that stands there, to the types of its fields.
static void convert_items(struct checker *c, struct expr *e, struct type *t)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		struct expr *item = e->kind == EXPR_TUPLE ? e->items.v[i] : e->record.v[i].value;
		convert(c, item, t->fields[i].type);
	}
	e->type = t;
}

// It needs no cast of its own: a literal text, or a cast between numbers of one size.
static bool takes_type(const struct expr *e, const struct type *t)
{
	if (e->kind == EXPR_STR)
		return t->kind == TYPE_TEXT;
	if (e->kind == EXPR_CAST && e->cast.value->type && e->cast.value->type->kind == TYPE_STRING)
		return t->kind == TYPE_TEXT && t->go_kind;
	return e->kind == EXPR_CAST && !e->cast.to && is_int(e->type) && is_int(t) &&
	       e->type->size == t->size;
}

void convert(struct checker *c, struct expr *e, struct type *t)
{
	if (!c->is_final || !e->type || type_same(e->type, t)) {
		return;
	} else if (e->kind == EXPR_INT && is_scalar(t) && t->kind != TYPE_BOOL) {
		e->num.value = wrap_to(t, e->num.value);
		e->type = t;
	} else if (takes_type(e, t)) {
		e->type = t;
	} else if ((e->kind == EXPR_TUPLE && e->items.n == t->n_fields) ||
		   (e->kind == EXPR_RECORD && e->record.n == t->n_fields)) {
		convert_items(c, e, t);
	} else {
		wrap_in_cast(c, e, t);
	}
}
