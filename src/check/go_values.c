// SPDX-License-Identifier: Apache-2.0
// Go's strings, slices, maps and channels: what they are compared with, what [...], len(), cap(),
// str() and buf() of them are, and nil.
#include "check/checker.h"

// Of the value itself, and of what a map's or a channel's word points to.
enum { OFF_FIRST = 0, OFF_LEN = 8, OFF_CAP = 16, OFF_CHAN_CAP = 8, OFF_DATA = 8 };

static bool is_nil(const struct expr *e)
{
	return e->kind == EXPR_INT && e->type && e->type->go_kind == GO_UNSAFE &&
	       str_eq(e->type->name, STR("nil"));
}

bool is_go_bytes(const struct type *t)
{
	if (t && t->kind == TYPE_SLICE && t->elem) {
		const struct type *item = type_strip(t->elem);
		return item->size == 1 && is_int(item);
	}
	return t && t->kind == TYPE_STRING;
}

struct type *go_text(struct checker *c, uint64_t limit)
{
	limit = MIN(limit, c->config->max_strlen);
	return type_go_text(c, MIN(((limit + 7) & ~7ull) + 8, VALUE_SIZE_MAX));
}

static bool is_word_to_header(const struct type *t)
{
	return t->kind == TYPE_MAP || t->kind == TYPE_CHAN;
}

// --- whole values ---

// More reads than that are not made for one value, nor more bytes kept: a string costs as much as
// some names.
#define READS_STRING 4
#define READS_MAX    128
#define WHOLE_MAX    (8u << 10)

static struct type *with_texts(struct checker *c, struct type *t, unsigned *n_reads,
			       unsigned depth);

static struct type *struct_with_texts(struct checker *c, struct type *t, unsigned *n_reads,
				      unsigned depth)
{
	struct err *e = type_complete(t);
	err_free(e);
	struct type *copy = ARENA_NEW(c->arena, struct type);
	bool has_changed = false;
	*copy = *t;
	copy->shown = NULL;
	copy->fields = ARENA_ARRAY(c->arena, struct type_field, t->n_fields);
	for (size_t i = 0; i < t->n_fields; i++) {
		struct type *old = t->fields[i].type;
		copy->fields[i] = t->fields[i];
		if (old)
			copy->fields[i].type = with_texts(c, old, n_reads, depth + 1);
		has_changed |= copy->fields[i].type != old;
	}
	if (!has_changed)
		return t;
	type_lay_out(copy);
	return copy;
}

// The same with texts in place of strings, and names in place of interfaces and funcs.
static struct type *with_texts(struct checker *c, struct type *t, unsigned *n_reads, unsigned depth)
{
	struct type *s = type_strip(t);
	if (s->kind == TYPE_STRING) {
		*n_reads += READS_STRING;
		return go_text(c, c->config->max_kept_strlen);
	}
	struct type *name = type_go_name_of(c, s);
	*n_reads += name != NULL;
	if (name || depth > TYPE_DEPTH_MAX || *n_reads > READS_MAX)
		return name ? name : t;
	if (s->kind == TYPE_STRUCT && s->go_kind)
		return struct_with_texts(c, s, n_reads, depth);
	if (s->kind != TYPE_ARRAY || !s->go_kind || !s->elem || !s->count)
		return t;
	unsigned n_in_item = 0;
	struct type *elem = with_texts(c, s->elem, &n_in_item, depth + 1);
	if (elem == s->elem)
		return t;
	*n_reads += n_in_item * (unsigned)MIN(s->count, READS_MAX + 1);
	struct type *array = type_array(c, elem, s->count);
	array->go_kind = GO_ARRAY;
	return array;
}

struct type *go_whole(struct checker *c, struct type *t)
{
	unsigned n_reads = 0;
	uint64_t key = 1ull << 63 | (uint64_t)(uintptr_t)t;
	if ((t->kind != TYPE_STRUCT && t->kind != TYPE_ARRAY) || !t->go_kind)
		return t;
	struct type *whole = map_get(&c->texts, key);
	if (whole)
		return whole;
	whole = with_texts(c, t, &n_reads, 0);
	if (n_reads > READS_MAX || whole->size > WHOLE_MAX)
		whole = t;
	map_put(&c->texts, key, whole);
	// What it was made of is whole already.
	if (whole != t)
		map_put(&c->texts, 1ull << 63 | (uint64_t)(uintptr_t)whole, whole);
	return whole;
}

// --- words of a value ---

struct expr *go_word(struct checker *c, struct expr *base, const char *name, uint64_t off,
		     struct type *t)
{
	struct expr *e = expr_new(c, EXPR_MEMBER, base->span, t);
	struct type_field *f = ARENA_NEW(c->arena, struct type_field);
	struct member_use *use = ARENA_NEW(c->arena, struct member_use);
	*f = (struct type_field) { .name = str_from(name), .type = t, .off = off };
	use->kind = MEMBER_FIELD;
	use->field = f;
	e->meaning = use;
	e->member.base = base;
	e->member.name = (struct name) { f->name, base->span };
	e->height = (uint16_t)(base->height + 1);
	return e;
}

static void become(struct expr *e, const struct expr *other)
{
	struct span span = e->span;
	*e = *other;
	e->span = span;
}

static struct expr *copy_of(struct checker *c, const struct expr *e)
{
	struct expr *copy = ARENA_NEW(c->arena, struct expr);
	*copy = *e;
	return copy;
}

// --- comparing ---

static bool can_be_nil(const struct type *t)
{
	return t->kind == TYPE_PTR || t->kind == TYPE_SLICE || t->kind == TYPE_IFACE ||
	       t->kind == TYPE_FUNC || is_name_value(t) || is_word_to_header(t);
}

// Both become numbers: the first word of what is compared tells.
static bool compare_nil(struct checker *c, struct expr *e, struct expr *value, struct expr *nil)
{
	struct type *t = value->type;
	if (!can_be_nil(t)) {
		struct str text = spell(c, t);
		bool is_string = t->kind == TYPE_STRING;
		tell_error(c, e->span, "%s%.*s is never nil", is_string ? "a " : "", STR_ARG(text));
		if (is_string)
			tell_hint(c, "it may be empty: == \"\"");
		return false;
	}
	if (!c->is_final)
		return true;
	if (t->kind == TYPE_SLICE || t->kind == TYPE_IFACE)
		become(value, go_word(c, copy_of(c, value), "ptr", OFF_FIRST, c->basic.nil));
	else if (t->kind != TYPE_PTR)
		wrap_in_cast(c, value, c->basic.nil);
	nil->type = value->type;
	return true;
}

static bool compare_strings(struct checker *c, struct expr *left, struct expr *right)
{
	struct type *l = left->type, *r = right->type;
	bool is_left_go = l->kind == TYPE_STRING;
	struct expr *other = is_left_go ? right : left;
	if (l->kind == r->kind || other->kind == EXPR_STR)
		return true;
	if (other->type->kind != TYPE_TEXT && !is_char_array(other->type))
		return false;
	bool has_left = value_of(c, left);
	return value_of(c, right) && has_left;
}

static bool is_equality(enum expr_op op)
{
	return op == OP_EQ || op == OP_NE;
}

bool compare_go(struct checker *c, struct expr *e, enum expr_op op, struct type **out)
{
	struct expr *left = e->binary.left, *right = e->binary.right;
	struct type *l = left->type, *r = right->type;
	*out = NULL;
	if (!l || !r)
		return false;
	bool has_nil = is_nil(left) || is_nil(right);
	bool has_string = l->kind == TYPE_STRING || r->kind == TYPE_STRING;
	if (!has_nil && !has_string)
		return false;
	struct str a = spell(c, l), b = spell(c, r);
	if (!is_equality(op) &&
	    (has_nil || (l->kind == r->kind || r->kind == TYPE_TEXT || l->kind == TYPE_TEXT)))
		tell_error(c, e->span, "%.*s can be compared with == and != only",
			   STR_ARG(has_nil ? STR("nil") : STR("a string")));
	else if (has_nil ? compare_nil(c, e, is_nil(right) ? left : right,
				       is_nil(right) ? right : left)
			 : compare_strings(c, left, right))
		*out = c->basic.boolean;
	else if (!has_nil)
		tell_error(c, e->span, "%.*s cannot be compared with %.*s", STR_ARG(a), STR_ARG(b));
	return true;
}

// --- casts ---

bool go_cast(struct checker *c, struct expr *value, const struct type *to)
{
	struct type *t = value->type;
	bool is_iface = t && t->kind == TYPE_IFACE;
	if (!is_scalar(to) || (!is_iface && !is_name_value(t)))
		return true;
	if (!is_whole_value(c, value))
		return false;
	if (!is_iface || to->kind != TYPE_PTR) {
		struct str text = diag_span_text(c->diag, value->span);
		tell_error(c, value->span, "%s is no number and no address",
			   is_iface ? "an interface" : "the name of a type or a function");
		if (is_iface)
			tell_hint(c, "what is in it is at (void *)%.*s", STR_ARG(text));
		return false;
	}
	if (c->is_final)
		become(value, go_word(c, copy_of(c, value), "data", OFF_DATA, c->basic.nil));
	else
		value->type = c->basic.nil;
	return true;
}

// --- items ---

bool go_has_items(struct checker *c, const struct expr *base)
{
	struct type *t = base->type;
	struct type *elem =
		t && t->kind == TYPE_PTR && t->go_kind && t->elem ? type_strip(t->elem) : NULL;
	bool is_map = t && t->kind == TYPE_MAP;
	if (!elem && !is_map)
		return true;
	struct str name = spell(c, t), text = diag_span_text(c->diag, base->span);
	if (is_map) {
		tell_error(c, base->span, "stoat does not look into Go's maps: %.*s",
			   STR_ARG(name));
		return false;
	}
	tell_error(c, base->span, "%.*s is a pointer, which has no items in Go", STR_ARG(name));
	if (elem->kind == TYPE_SLICE || elem->kind == TYPE_STRING)
		tell_hint(c, "what it points to has: (*%.*s)[...]", STR_ARG(text));
	return false;
}

struct type *go_item(struct checker *c, struct expr *e)
{
	struct expr *index = e->index.index;
	struct type *t = e->index.base->type;
	if (t->kind != TYPE_STRING && (t->kind != TYPE_SLICE || !t->elem))
		return NULL;
	if (index->kind == EXPR_INT && index->type->kind == TYPE_INT &&
	    (int64_t)index->num.value < 0)
		tell_error(c, index->span, "an index is never negative");
	return t->kind == TYPE_STRING ? type_int(c, false, 1) : type_strip(t->elem);
}

// --- len and cap ---

// value ? *(int *)(value + off) : 0
static struct expr *header_word(struct checker *c, struct expr *value, uint64_t off, struct type *t)
{
	struct expr *base = script_copy_expr(c->arena, value);
	wrap_in_cast(c, base, c->basic.nil);
	struct expr *e = expr_new(c, EXPR_COND, value->span, t);
	e->cond.cond = value;
	e->cond.then = go_word(c, base, off ? "cap" : "len", off, t);
	e->cond.other = expr_new(c, EXPR_INT, value->span, t);
	e->height = (uint16_t)(e->cond.then->height + 1);
	return e;
}

bool check_go_len(struct checker *c, struct expr *e, struct expr *arg, bool is_cap)
{
	struct type *t = arg->type, *number = type_int(c, true, 8);
	// Of a pointer to an array it is what the type says.
	if (t->kind == TYPE_PTR && t->go_kind && t->elem && type_strip(t->elem)->kind == TYPE_ARRAY)
		t = type_strip(t->elem);
	if (t->kind == TYPE_TEXT && t->go_kind && !is_cap) {
		call_use_new(c, e, function_find(STR("strlen")));
		e->type = type_int(c, false, 8);
		return true;
	}
	bool is_array = t->kind == TYPE_ARRAY && t->go_kind == GO_ARRAY;
	if (t->kind != TYPE_SLICE && t->kind != TYPE_CHAN && !is_array &&
	    (is_cap || (t->kind != TYPE_STRING && t->kind != TYPE_MAP)))
		return false;
	if (is_array) {
		set_int(c, e, number, t->count);
		return true;
	}
	e->type = number;
	if (!c->is_final)
		return true;
	if (is_word_to_header(t))
		become(e, header_word(c, arg, is_cap ? OFF_CHAN_CAP : OFF_FIRST, number));
	else
		become(e,
		       go_word(c, arg, is_cap ? "cap" : "len", is_cap ? OFF_CAP : OFF_LEN, number));
	return true;
}

void tell_no_len(struct checker *c, const struct expr *arg, const struct function_info *f)
{
	struct str text = spell(c, arg->type), value = diag_span_text(c->diag, arg->span);
	bool is_cap = str_eq(str_from(f->name), STR("cap"));
	tell_error(c, arg->span, "%s() takes %s, not %.*s", f->name,
		   is_cap ? "a slice, an array or a channel"
			  : "a string, a slice, an array, a map, a channel or a stack",
		   STR_ARG(text));
	struct type *elem = arg->type->kind == TYPE_PTR && arg->type->go_kind && arg->type->elem
				    ? type_strip(arg->type->elem)
				    : NULL;
	if (elem && (elem->kind == TYPE_SLICE || (elem->kind == TYPE_STRING && !is_cap)))
		tell_hint(c, "of what it points to: %s(*%.*s)", f->name, STR_ARG(value));
}

FUNCTION_CHECK(check_cap)
{
	struct expr *arg = e->call.args.v[0];
	check_expr(c, arg);
	if (!arg->type || check_go_len(c, e, arg, true))
		return;
	tell_no_len(c, arg, f);
}

// --- bytes ---

// How many bytes are wanted, if the script says so.
static bool limit_of(struct checker *c, struct expr *e, uint64_t *max)
{
	if (e->call.args.n < 2)
		return true;
	struct expr *n = e->call.args.v[1];
	if (!number_of(c, n, "a size"))
		return false;
	if (n->kind != EXPR_INT)
		return true;
	if (n->type->kind == TYPE_INT && (int64_t)n->num.value < 0) {
		tell_error(c, n->span, "a size cannot be negative");
		return false;
	}
	*max = n->num.value;
	return true;
}

// As str() of an address, but it is known how long it is. What the script cuts is not marked.
void check_go_str(struct checker *c, struct expr *e, const struct function_info *f)
{
	uint64_t max = UINT64_MAX, limit = c->config->max_strlen;
	if (!limit_of(c, e, &max))
		return;
	if (max != UINT64_MAX && max > limit)
		tell_warning(c, e->call.args.v[1]->span,
			     "strings have at most %llu bytes (max_strlen)",
			     (unsigned long long)limit);
	call_use_new(c, e, f);
	e->type = go_text(c, max);
	if (e->call.args.n > 1)
		convert(c, e->call.args.v[1], type_int(c, false, 8));
}

void check_go_buf(struct checker *c, struct expr *e, const struct function_info *f)
{
	uint64_t max = c->config->max_strlen;
	if (!limit_of(c, e, &max))
		return;
	if (max > VALUE_SIZE_MAX) {
		tell_error(c, e->call.args.v[1]->span, "%s() takes a size from 0 to %u", f->name,
			   VALUE_SIZE_MAX);
		return;
	}
	call_use_new(c, e, f);
	e->type = type_buffer(c, max);
	if (e->call.args.n > 1)
		convert(c, e->call.args.v[1], type_int(c, false, 8));
}
