// SPDX-License-Identifier: Apache-2.0
// Expressions: literals, members, casts and what chooses between values. Operators are in
// ops.c.
#include "check/checker.h"

// --- literals ---

static void check_int(struct checker *c, struct expr *e)
{
	bool has_u = false;
	for (size_t i = 0; i < e->num.suffix.len; i++)
		has_u |= (e->num.suffix.p[i] | 0x20) == 'u' && !e->num.is_duration;
	if (!e->type && e->num.is_real)
		e->type = c->basic.go_real[1];
	if (!e->type)
		e->type = type_int(c, !has_u && e->num.value <= INT64_MAX, 8);
}

static void check_param(struct checker *c, struct expr *e)
{
	struct str text = STR("");
	struct number n;
	if (e->num.value >= 1 && e->num.value <= c->options->n_params)
		text = c->options->params[e->num.value - 1];
	bool is_negative = text.len > 1 && text.p[0] == '-';
	if (!text.len) {
		set_int(c, e, type_int(c, true, 8), 0);
	} else if (number_parse(str_from_off(text, is_negative), &n)) {
		uint64_t v = is_negative ? -n.value : n.value;
		set_int(c, e, type_int(c, is_negative || n.value <= INT64_MAX, 8), v);
	} else {
		set_text(c, e, text);
	}
}

// --- members ---

static void mean_field(struct checker *c, struct expr *e, const struct type_field *f,
		       bool is_kernel)
{
	struct member_use *use = e->meaning ? e->meaning : ARENA_NEW(c->arena, struct member_use);
	struct type_field *copy = ARENA_NEW(c->arena, struct type_field);
	*copy = *f;
	use->kind = MEMBER_FIELD;
	use->field = copy;
	e->meaning = use;
	e->type = type_of_value(c, f->type);
	if (is_kernel)
		e->type = of_kernel(c, e->type);
}

static void check_item(struct checker *c, struct expr *e, struct type *tuple, uint64_t number)
{
	if (number >= tuple->n_fields) {
		tell_error(c, e->span, "this tuple has %zu items: there is no .%llu",
			   tuple->n_fields, (unsigned long long)number);
		return;
	}
	mean_field(c, e, &tuple->fields[number], false);
}

static void check_field(struct checker *c, struct expr *e, struct type *t, bool is_kernel)
{
	struct type_field f;
	if (t->is_declaration && !t->is_complete) {
		struct str text = spell(c, t);
		tell_error(c, e->span, "%.*s is not defined", STR_ARG(text));
		kernel_tell_missing(c, t->name);
		return;
	}
	if (t->go_kind == GO_STRUCT) {
		enum go_found found = go_field(c, e, t, &f);
		if (found == GO_FIELD_PROMOTED)
			check_member(c, e);
		if (found == GO_FIELD_NONE)
			field_tell_unknown(c, t, e->member.name);
		if (found != GO_FIELD_OWN)
			return;
	} else if (!field_find(t, e->member.name.text, &f)) {
		field_tell_unknown(c, t, e->member.name);
		return;
	}
	mean_field(c, e, &f, is_kernel);
	go_narrow(c, e);
}

void check_field_of(struct checker *c, struct expr *e)
{
	struct expr *base = e->member.base;
	while (go_follow(c, &e->member.base, TYPE_PTR))
		base = e->member.base;
	struct type *t = base->type;
	e->type = NULL;
	if (!t)
		return;
	struct type_field part;
	bool is_kernel = t->is_kernel;
	if (t->kind == TYPE_PTR && t->elem)
		t = type_defined(c, type_strip(t->elem));
	if (t->kind == TYPE_TUPLE && e->member.is_number) {
		check_item(c, e, t, e->member.number);
	} else if (check_complex_part(c, t, e->member.name.text, &part)) {
		mean_field(c, e, &part, is_kernel);
	} else if (is_record(t) && !e->member.is_number) {
		check_field(c, e, t, is_kernel);
	} else {
		struct str text = spell(c, base->type);
		tell_error(c, e->member.name.span, "%.*s has no field '%.*s'", STR_ARG(text),
			   STR_ARG(e->member.name.text));
		if (base->type->kind == TYPE_PTR && is_kernel && !base->type->elem)
			kernel_tell_missing(c, KERNEL_TASK);
		if (str_eq(e->member.name.text, STR("err")) &&
		    str_eq(word_of_expr(base), STR("retval")))
			tell_hint(c, "'failed' is true where a result is an error that is not "
				     "nil, in functions without one false");
		if (t->kind == TYPE_TUPLE && t->n_fields > 1)
			tell_hint(c, "its items are .0 to .%zu", t->n_fields - 1);
		if (is_number(base->type) && !base->type->go_kind)
			tell_hint(c, "cast it to a pointer: ((struct foo *)%s)->%.*s", "...",
				  STR_ARG(e->member.name.text));
	}
}

void check_member(struct checker *c, struct expr *e)
{
	struct expr *base = e->member.base;
	struct str word = word_of_expr(base);
	const struct member_use *use = e->meaning;
	bool is_args = str_eq(word, STR("args"));
	// A word of a Go function's arguments has become this in an earlier pass.
	if (is_args && e->type && use && use->kind == MEMBER_PLACES && use->is_word)
		return;
	e->type = NULL;
	if ((is_args || str_eq(word, STR("vars"))) && !is_in_probe(c, base->span, word))
		return;
	if (is_args) {
		check_args_member(c, e);
	} else if (str_eq(word, STR("vars"))) {
		check_vars_member(c, e);
	} else if (str_eq(word, STR("retval")) && c->part && c->part->kind == PROBE_URETPROBE) {
		check_result_member(c, e);
	} else {
		check_expr(c, base);
		check_field_of(c, e);
	}
}

void check_index(struct checker *c, struct expr *e)
{
	struct expr *base = e->index.base, *index = e->index.index;
	e->type = NULL;
	check_expr(c, base);
	check_expr(c, index);
	if (go_follow(c, &e->index.base, TYPE_ARRAY))
		base = e->index.base;
	struct type *t = base->type;
	if (!go_has_items(c, base))
		return;
	if (!t || !number_of(c, index, "an index"))
		return;
	if (t->kind == TYPE_TUPLE) {
		int64_t n;
		if (!constant_of(c, index, "the index of a tuple", &n))
			return;
		e->kind = EXPR_MEMBER;
		e->meaning = NULL;
		struct name name = { arena_printf(c->arena, "%lld", (long long)n), index->span };
		memset(&e->member, 0, sizeof(e->member));
		e->member.base = base;
		e->member.name = name;
		e->member.is_number = true;
		e->member.number = (uint64_t)n;
		check_item(c, e, t, (uint64_t)n);
		return;
	}
	// A text is an array of characters.
	if (t->kind == TYPE_TEXT) {
		t = type_array(c, type_int(c, true, 1), t->size - (t->go_kind ? 8 : 0));
		convert(c, base, t);
	}
	struct type *elem = go_item(c, e);
	if (!elem && ((t->kind != TYPE_ARRAY && t->kind != TYPE_PTR) || !t->elem)) {
		struct str text = spell(c, t);
		tell_error(c, base->span, "%.*s has no items: only arrays, tuples and pointers do",
			   STR_ARG(text));
		return;
	}
	if (!elem && t->kind == TYPE_PTR)
		t = base->type = pointer_defined(c, t);
	elem = elem ? elem : type_strip(t->elem);
	if (!elem->size) {
		struct str text = spell(c, elem);
		tell_error(c, base->span,
			   elem->go_kind ? "%.*s has no bytes: there is nothing to be read"
					 : "the size of %.*s is not known",
			   STR_ARG(text));
		return;
	}
	if (t->kind == TYPE_ARRAY && !t->has_no_count && index->kind == EXPR_INT &&
	    index->num.value >= t->count) {
		tell_error(c, index->span, "the array has %llu items: there is no [%lld]",
			   (unsigned long long)t->count, (long long)index->num.value);
		return;
	}
	convert(c, index, type_int(c, index->type->kind == TYPE_INT, 8));
	e->type = type_of_value(c, elem);
	if (t->is_kernel)
		e->type = of_kernel(c, e->type);
}

// --- casts ---

static bool can_cast(struct type *from, struct type *to)
{
	if (is_int(to) && is_real(from))
		return true;
	if (is_scalar(to))
		return is_scalar(from) || from->kind == TYPE_OPAQUE || from->kind == TYPE_MAP ||
		       from->kind == TYPE_CHAN ||
		       (is_byte_array(from) && from->count <= 8 && from->count);
	if (to->kind == TYPE_TEXT)
		return from->kind == TYPE_TEXT || is_byte_array(from);
	if (to->kind == TYPE_ARRAY)
		return is_scalar(from) ? to->size == from->size || to->size <= 8
				       : from->kind == TYPE_ARRAY && from->size == to->size;
	return type_same(from, to);
}

static bool cast_target(struct checker *c, struct expr *e, struct type **out)
{
	struct type_spec *s = e->cast.to;
	struct type *to = type_resolve(c, s);
	if (!to)
		return false;
	to = type_of_value(c, to);
	// (uint8[])x: as many as it takes.
	if (to->kind == TYPE_ARRAY && to->has_no_count && to->elem->size && e->cast.value->type)
		to = type_array(c, to->elem, e->cast.value->type->size / to->elem->size);
	*out = to;
	return true;
}

// (Foo)x where Foo is a struct: what is meant is a pointer to it.
static bool means_pointer(const struct type *to, const struct type *from)
{
	return is_record(to) && is_scalar(from) && to->size != 0;
}

static bool is_text(const struct type *t)
{
	return t->kind == TYPE_TEXT || t->kind == TYPE_STRING;
}

void check_cast(struct checker *c, struct expr *e)
{
	struct expr *value = e->cast.value;
	struct type *to;
	if (!e->cast.to)
		return;
	e->type = NULL;
	check_expr(c, value);
	if (!cast_target(c, e, &to) || !go_cast(c, value, to))
		return;
	if (to->kind == TYPE_TEXT || !value->type || value->type->kind != TYPE_ARRAY) {
		if (!value_of(c, value))
			return;
	}
	struct type *from = value->type;
	if (!can_cast(from, to)) {
		struct str a = spell(c, from), b = spell(c, to);
		tell_error(c, e->span, "%.*s cannot be cast to %.*s", STR_ARG(a), STR_ARG(b));
		if (means_pointer(to, from))
			tell_hint(c, "a cast to a pointer reads it: *(%.*s *)", STR_ARG(b));
		else if (is_text(to) && (is_go_bytes(from) || is_scalar(from)))
			tell_hint(c, "str(%.*s) is text",
				  STR_ARG(diag_span_text(c->diag, value->span)));
		return;
	}
	if (from->is_kernel && from->kind == to->kind)
		to = of_kernel(c, to);
	if (value->kind == EXPR_INT && is_scalar(to)) {
		set_int(c, e, to,
			is_real(from) ? real_whole(real_of(value), to) : value->num.value);
		// No literal any more: it keeps its type.
		e->num.suffix = STR("()");
		if (to->kind == TYPE_BOOL)
			set_bool(c, e, e->num.value != 0);
		return;
	}
	e->type = to;
	if (c->is_final)
		e->cast.to = NULL;
}

// --- sizeof, offsetof ---

// sizeof(Foo): the parser cannot tell a type from a name.
static struct type *type_or_value(struct checker *c, struct type_spec *spec, struct expr *value)
{
	if (spec)
		return type_resolve(c, spec);
	if (value->kind == EXPR_NAME && !enumerator_find(c, value->str)) {
		struct type *t = type_find(c, value->str);
		if (t)
			return t;
	}
	check_expr(c, value);
	return value->type;
}

static void check_sizeof(struct checker *c, struct expr *e)
{
	struct type *t = type_or_value(c, e->type_of.type, e->type_of.value);
	e->type = NULL;
	if (!t)
		return;
	// Of an expression it is known when all types are.
	if (e->type_of.value && !c->is_final)
		e->type = type_int(c, false, 8);
	else if (is_record(type_strip(t)) && type_strip(t)->is_declaration)
		tell_error(c, e->span, "the size of '%.*s' is not known: it is only named here",
			   STR_ARG(type_strip(t)->name));
	else
		set_int(c, e, type_int(c, false, 8), type_strip(t)->size);
}

static void check_offsetof(struct checker *c, struct expr *e)
{
	struct type *t = type_or_value(c, e->offset_of.type, e->offset_of.value);
	uint64_t off = 0;
	e->type = NULL;
	for (size_t i = 0; t && i < e->offset_of.n_path; i++) {
		struct name name = e->offset_of.path[i];
		struct type_field f;
		t = type_strip(t);
		if (i == 0 && t->kind == TYPE_PTR && t->elem)
			t = type_strip(t->elem);
		if (!is_record(t)) {
			struct str text = spell(c, t);
			tell_error(c, name.span, "%.*s has no field '%.*s'", STR_ARG(text),
				   STR_ARG(name.text));
			return;
		}
		if (!field_find(t, name.text, &f)) {
			field_tell_unknown(c, t, name);
			return;
		}
		off += f.off;
		t = f.type;
	}
	if (t)
		set_int(c, e, type_int(c, false, 8), off);
}

// --- tuples and records ---

static void check_tuple(struct checker *c, struct expr *e)
{
	bool is_fine = e->items.n <= ARGS_MAX;
	struct type *types[ARGS_MAX];
	if (!is_fine)
		tell_error(c, e->span, "a tuple has at most %d items", ARGS_MAX);
	for (size_t i = 0; i < e->items.n; i++)
		check_expr(c, e->items.v[i]);
	bool is_whole = whole_items(c, e);
	for (size_t i = 0; i < e->items.n; i++) {
		is_fine = (is_whole ? is_whole_value(c, e->items.v[i])
				    : value_of(c, e->items.v[i])) &&
			  is_fine;
		if (is_fine)
			types[i] = e->items.v[i]->type;
	}
	e->type = is_fine ? type_tuple(c, types, e->items.n) : NULL;
	if (is_fine && is_whole)
		e->type = whole_of_items(c, e, e->type);
	if (e->type && e->type->size > VALUE_SIZE_MAX) {
		tell_error(c, e->span, "this tuple is too large");
		e->type = NULL;
	}
	for (size_t i = 0; e->type && i < e->items.n; i++)
		convert(c, e->items.v[i], e->type->fields[i].type);
}

static void check_record(struct checker *c, struct expr *e)
{
	struct type *types[ARGS_MAX];
	struct str names[ARGS_MAX];
	bool is_fine = e->record.n <= ARGS_MAX;
	if (!is_fine)
		tell_error(c, e->span, "a record has at most %d fields", ARGS_MAX);
	for (size_t i = 0; i < e->record.n; i++)
		check_expr(c, e->record.v[i].value);
	bool is_whole = whole_items(c, e);
	for (size_t i = 0; i < e->record.n; i++) {
		struct record_item *item = &e->record.v[i];
		is_fine = (is_whole ? is_whole_value(c, item->value) : value_of(c, item->value)) &&
			  is_fine;
		for (size_t k = 0; k < i && is_fine; k++) {
			if (!str_eq(e->record.v[k].name.text, item->name.text))
				continue;
			tell_error(c, item->name.span, "there are two fields '%.*s'",
				   STR_ARG(item->name.text));
			is_fine = false;
		}
		if (is_fine) {
			types[i] = item->value->type;
			names[i] = item->name.text;
		}
	}
	e->type = is_fine ? type_record(c, names, types, e->record.n) : NULL;
	if (is_fine && is_whole)
		e->type = whole_of_items(c, e, e->type);
	for (size_t i = 0; e->type && i < e->record.n; i++)
		convert(c, e->record.v[i].value, e->type->fields[i].type);
}

// --- all ---

static void check_inc(struct checker *c, struct expr *e)
{
	struct expr *target = e->inc.target;
	e->type = NULL;
	if (target->kind == EXPR_VAR) {
		check_var_counted(c, target);
		if (!target->type || !number_of(c, target, "what is counted up"))
			return;
		e->type = target->type;
		return;
	}
	if (target->kind != EXPR_MAP)
		return;
	struct map_info *m = map_entry(c, target);
	map_of(c, target)->is_target = true;
	if (!m)
		return;
	struct expr one = { .kind = EXPR_INT, .span = e->span, .type = type_int(c, true, 8) };
	struct type *have = found_type(&m->value);
	if (have && !is_scalar(have)) {
		struct str text = spell(c, have);
		tell_error(c, e->span, "%.*s is %.*s: it cannot be counted up",
			   STR_ARG(m->map->name), STR_ARG(text));
		return;
	}
	if (have && !m->map->agg)
		one.type = have;
	map_take(c, m, &one);
	e->type = found_type(&m->value);
	target->type = e->type;
}

void check_effect(struct checker *c, struct expr *e)
{
	if (e->kind == EXPR_IF) {
		check_expr(c, e->if_else.cond);
		condition_of(c, e->if_else.cond);
		check_block(c, e->if_else.then, false);
		if (e->if_else.other)
			check_block(c, e->if_else.other, false);
		e->type = c->basic.none;
	} else if (e->kind == EXPR_BLOCK) {
		check_block(c, e->block, false);
		e->type = c->basic.none;
	} else if (e->kind == EXPR_COND && e->cond.then) {
		check_cond(c, e);
	} else {
		check_expr(c, e);
	}
}

static struct expr *block_value(struct block *b)
{
	return b ? b->value : NULL;
}

static void check_if(struct checker *c, struct expr *e)
{
	struct expr *then = block_value(e->if_else.then), *other = block_value(e->if_else.other);
	if (!then || !other) {
		check_effect(c, e);
		return;
	}
	check_expr(c, e->if_else.cond);
	condition_of(c, e->if_else.cond);
	check_block(c, e->if_else.then, true);
	check_block(c, e->if_else.other, true);
	e->type = NULL;
	if (!value_of(c, then) || !value_of(c, other))
		return;
	e->type = type_join(c, then->type, other->type);
	if (!e->type)
		tell_error(c, e->span, "the two values are of different types");
	else {
		convert(c, then, e->type);
		convert(c, other, e->type);
	}
}

static void check_block_expr(struct checker *c, struct expr *e)
{
	check_block(c, e->block, true);
	e->type = e->block->value ? e->block->value->type : c->basic.none;
}

void check_expr(struct checker *c, struct expr *e)
{
	if (is_kept(c, e)) {
		check_kept(c, e);
		return;
	}
	switch (e->kind) {
	case EXPR_BAD:
		e->type = NULL;
		break;
	case EXPR_INT:
		check_int(c, e);
		break;
	case EXPR_BOOL:
		e->type = c->basic.boolean;
		break;
	case EXPR_STR:
		if (e->str.len + 1 > VALUE_SIZE_MAX)
			tell_error(c, e->span, "this text is too long");
		// One that stands for what cannot be read stays one.
		if (!is_unreadable_text(e))
			e->type = type_text(c, MIN(e->str.len + 1, VALUE_SIZE_MAX));
		break;
	case EXPR_PARAM:
		check_param(c, e);
		break;
	case EXPR_PARAM_COUNT:
		set_int(c, e, type_int(c, true, 8), c->options->n_params);
		break;
	case EXPR_NAME:
		check_name(c, e);
		break;
	case EXPR_VAR:
		check_var(c, e);
		break;
	case EXPR_MAP:
		check_map(c, e);
		break;
	case EXPR_CALL:
		check_call(c, e);
		break;
	case EXPR_MEMBER:
		check_member(c, e);
		break;
	case EXPR_INDEX:
		check_index(c, e);
		break;
	case EXPR_UNARY:
		check_unary(c, e);
		break;
	case EXPR_BINARY:
		check_binary(c, e);
		break;
	case EXPR_INC:
		check_inc(c, e);
		break;
	case EXPR_COND:
		check_cond(c, e);
		break;
	case EXPR_CAST:
		check_cast(c, e);
		break;
	case EXPR_SIZEOF:
		check_sizeof(c, e);
		break;
	case EXPR_OFFSETOF:
		check_offsetof(c, e);
		break;
	case EXPR_TUPLE:
		check_tuple(c, e);
		break;
	case EXPR_RECORD:
		check_record(c, e);
		break;
	case EXPR_IF:
		check_if(c, e);
		break;
	case EXPR_BLOCK:
		check_block_expr(c, e);
		break;
	}
}
