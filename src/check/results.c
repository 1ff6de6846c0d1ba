// SPDX-License-Identifier: Apache-2.0
// retval: what a function returns, by its type; retval.0 and retval.err of several results.
#include "check/checker.h"

static bool is_result(const struct target_value *v)
{
	return v->is_result && !v->is_hidden;
}

size_t count_results(const struct target_info *info)
{
	size_t n = 0;
	for (size_t i = 0; info && i < info->n_values; i++)
		n += is_result(&info->values[i]);
	return n;
}

static const struct target_value *result_at(const struct target_info *info, uint64_t number)
{
	for (size_t i = 0; i < info->n_values; i++)
		if (is_result(&info->values[i]) && number-- == 0)
			return &info->values[i];
	return NULL;
}

static const struct target_value *result_called(const struct target_info *info, struct str name)
{
	for (size_t i = 0; i < info->n_values; i++)
		if (is_result(&info->values[i]) && str_eq(info->values[i].name, name))
			return &info->values[i];
	return NULL;
}

static void list_results(struct checker *c, const struct target_info *info)
{
	struct out_buf b = { 0 };
	uint64_t n = 0;
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (!is_result(v))
			continue;
		struct str type = v->type ? type_spell(c->arena, v->type) : STR("?");
		out_buf_printf(&b, "%s%llu%s%.*s %.*s", n ? ", " : "", (unsigned long long)n,
			       v->name.len ? " " : "", STR_ARG(v->name), STR_ARG(type));
		n++;
	}
	if (n)
		tell_hint(c, "it returns: %.*s", STR_ARG(out_buf_view(&b)));
	out_buf_free(&b);
}

struct str result_name(struct checker *c, uint64_t number)
{
	const struct target_info *info = part_info(c);
	const struct target_value *v = info ? result_at(info, number) : NULL;
	// Go's compiler calls those without a name ~r0.
	if (v && v->name.len && v->name.p[0] != '~' && !str_eq(v->name, STR("_")))
		return v->name;
	return arena_printf(c->arena, "%llu", (unsigned long long)number);
}

// Without debug information: the word in the first register of results.
static void check_raw(struct checker *c, struct expr *e)
{
	const struct target_info *info = part_info(c);
	if (part_is_go(c) && (!info || info->brief.abi != ABI_GO_INTERNAL)) {
		tell_error(c, e->span, "retval: the results of %.*s are not known",
			   STR_ARG(c->part->probes[0]->func_name));
		tell_hint(c, "it has no debug information; they are on the stack behind the "
			     "arguments: *(reg(\"sp\") + N)");
		return;
	}
	struct builtin_use *use = ARENA_NEW(c->arena, struct builtin_use);
	use->id = BUILTIN_RETVAL;
	e->meaning = use;
	e->type = c->basic.word;
}

static void become_member(struct checker *c, struct expr *e, uint64_t number, struct str name)
{
	struct expr *base = expr_new(c, EXPR_NAME, e->span, NULL);
	base->str = STR("retval");
	*e = (struct expr) { .kind = EXPR_MEMBER, .span = e->span, .height = 1 };
	e->member.base = base;
	e->member.is_number = true;
	e->member.number = number;
	e->member.name = (struct name) { name, e->span };
}

// For the rendering of whole values: no text of the program's.
static struct type *unreadable_text(struct checker *c, const struct type *text)
{
	struct type *t = ARENA_NEW(c->arena, struct type);
	*t = *text;
	t->name = STR("?");
	return t;
}

void become_unreadable(struct checker *c, struct expr *e)
{
	set_text(c, e, STR("?"));
	e->type = unreadable_text(c, e->type);
}

bool is_unreadable_text(const struct expr *e)
{
	return e->kind == EXPR_STR && e->type && e->type->kind == TYPE_TEXT &&
	       str_eq(e->type->name, STR("?"));
}

// e becomes result number i of the function. Of many functions, some have results that cannot be
// read.
static void become_result(struct checker *c, struct expr *e, uint64_t number, bool is_only)
{
	const struct target_value *v = result_at(part_info(c), number);
	// call() shows what there is.
	bool is_one_of_many = c->part->clause->probes.n > 1 || c->whole == WHOLE_EVERY;
	const char *why = is_one_of_many ? value_why_not(c, v) : NULL;
	struct str name =
		is_only ? STR("") : arena_printf(c->arena, "%llu", (unsigned long long)number);
	if (why) {
		note_left_out(c, e->span, is_only ? STR("retval") : name, why);
		if (c->whole == WHOLE_EVERY)
			become_unreadable(c, e);
		else
			set_text(c, e, STR("?"));
		return;
	}
	become_member(c, e, number, name);
	check_value(c, e, "retval", v);
}

static void become_tuple(struct checker *c, struct expr *e, size_t n)
{
	struct expr_list items = { 0 };
	for (size_t i = 0; i < n; i++) {
		struct expr *item = expr_new(c, EXPR_BAD, e->span, NULL);
		become_result(c, item, i, false);
		VEC_PUSH(c->arena, &items, item);
	}
	*e = (struct expr) { .kind = EXPR_TUPLE, .span = e->span, .height = 2 };
	e->items = items;
	check_expr(c, e);
}

static void tell_lost(struct checker *c, struct span span, const struct target_info *info)
{
	tell_error(c, span, "retval: it is not known whether %.*s has results",
		   STR_ARG(info->func->name));
	tell_hint(c,
		  "Go's debug information leaves results without names out where a function "
		  "returns from inside of a range over a function; reg(\"ax\") is the first word");
}

const struct target_value *error_result(const struct target_info *info, struct arena *a,
					uint64_t *number)
{
	const struct target_value *found = NULL;
	uint64_t n = 0;
	for (size_t i = 0; info && i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (!is_result(v))
			continue;
		if (v->type && v->is_known && str_eq(type_spell(a, v->type), STR("error"))) {
			found = v;
			*number = n;
		}
		n++;
	}
	return found;
}

// Where a function jumps into another one, nothing has been returned yet.
void check_error_result(struct checker *c, struct expr *e)
{
	uint64_t number = 0;
	const struct plan_site *s = part_site(c);
	const struct target_value *v = error_result(part_info(c), c->arena, &number);
	if (!v || value_why_not(c, v) || (s && s->is_tail_jump)) {
		set_bool(c, e, false);
		return;
	}
	c->part->knows_failed = true;
	struct expr *left = expr_new(c, EXPR_BAD, e->span, NULL);
	struct expr *right = expr_new(c, EXPR_NAME, e->span, NULL);
	become_member(c, left, number, STR(""));
	right->str = STR("nil");
	*e = (struct expr) { .kind = EXPR_BINARY, .span = e->span, .op = OP_NE, .height = 2 };
	e->binary.left = left;
	e->binary.right = right;
	check_expr(c, e);
}

void check_results(struct checker *c, struct expr *e)
{
	const struct target_info *info = part_info(c);
	size_t n = count_results(info);
	// Without debug information the register is all there is. Of many C functions, some return
	// nothing, and their users look at it all the same.
	bool is_c = info && info->brief.lang != LANG_GO && c->part->clause->probes.n > 1;
	bool is_raw = !info || (!n && (is_c || !info->brief.signature.len));
	e->type = NULL;
	if (is_raw)
		check_raw(c, e);
	else if (n == 1)
		become_result(c, e, 0, true);
	else if (n)
		become_tuple(c, e, n);
	else if (info->may_have_results && c->part->clause->probes.n > 1)
		set_text(c, e, STR("(?)"));
	else if (info->may_have_results)
		tell_lost(c, e->span, info);
	else if (c->part->clause->probes.n > 1)
		set_text(c, e, STR("()")); // of many functions, some return nothing
	else
		tell_error(c, e->span, "%.*s returns nothing", STR_ARG(info->func->name));
}

static const struct target_value *last_error(const struct target_info *info)
{
	const struct target_value *found = NULL;
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *v = &info->values[i];
		if (is_result(v) && v->type && str_eq(v->type->name, STR("error")))
			found = v;
	}
	return found;
}

void check_result_member(struct checker *c, struct expr *e)
{
	const struct target_info *info = part_info(c);
	size_t n = count_results(info);
	const struct target_value *v = NULL;
	e->type = NULL;
	if (!n && tell_missing(c, e->span, "retval"))
		return;
	if (!n) {
		check_expr(c, e->member.base);
		if (e->member.base->type)
			check_field_of(c, e);
		return;
	}
	v = e->member.is_number ? result_at(info, e->member.number)
				: result_called(info, e->member.name.text);
	// Most functions give it no name.
	if (!v && !e->member.is_number && str_eq(e->member.name.text, STR("err")))
		v = last_error(info);
	if (v) {
		check_value(c, e, "retval", v);
	} else if (n == 1 && !e->member.is_number) {
		check_expr(c, e->member.base);
		check_field_of(c, e);
	} else if (e->member.is_number) {
		tell_error(c, e->span, "%.*s has %zu result%s: there is no .%llu",
			   STR_ARG(info->func->name), n, n == 1 ? "" : "s",
			   (unsigned long long)e->member.number);
		list_results(c, info);
	} else {
		tell_error(c, e->member.name.span, "%.*s has no result '%.*s'",
			   STR_ARG(info->func->name), STR_ARG(e->member.name.text));
		list_results(c, info);
	}
}
