// SPDX-License-Identifier: Apache-2.0
// args and argN in return probes: what the script reaches from there is computed where the call
// begins, by a program of its own, and kept until the call returns.
#include "check/checker.h"

// What a program can keep of one value: with a whole one goes its length.
#define KEPT_SIZE_MAX (KEPT_VALUE_MAX + 8)
// And of one call: instructions reach 32 KB of its record, whose head is in front of that.
#define KEPT_ALL_MAX ((32u << 10) - 256)

// --- what can be computed at the entry ---

static bool is_word(const struct expr *e)
{
	uint32_t index;
	bool is_stack;
	return is_arg_word(word_of_expr(e), &index, &is_stack);
}

static bool is_entry_call(const struct expr *e)
{
	static const char *const names[] = { "len", "cap", "str", "buf", "typename" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(e->call.name.text, str_from(names[i])))
			return e->call.args.n > 0;
	return false;
}

// Nothing in it is known only when the function returns. *has_args: args is in it.
static bool is_of_entry(const struct expr *e, bool *has_args)
{
	switch ((int)e->kind) {
	case EXPR_INT:
	case EXPR_BOOL:
	case EXPR_STR:
	case EXPR_PARAM:
		return true;
	case EXPR_NAME:
		*has_args |= str_eq(e->str, STR("args")) || is_word(e);
		return str_eq(e->str, STR("args")) || is_word(e);
	case EXPR_MEMBER:
		return is_of_entry(e->member.base, has_args);
	case EXPR_INDEX:
		return is_of_entry(e->index.base, has_args) &&
		       is_of_entry(e->index.index, has_args);
	case EXPR_UNARY:
		return e->op != OP_ADDR && is_of_entry(e->unary, has_args);
	case EXPR_BINARY:
		return is_of_entry(e->binary.left, has_args) &&
		       is_of_entry(e->binary.right, has_args);
	case EXPR_CAST:
		return is_of_entry(e->cast.value, has_args);
	case EXPR_RECORD:
		for (size_t i = 0; i < e->record.n; i++)
			if (!is_of_entry(e->record.v[i].value, has_args))
				return false;
		return e->record.n > 0;
	case EXPR_TUPLE:
		for (size_t i = 0; i < e->items.n; i++)
			if (!is_of_entry(e->items.v[i], has_args))
				return false;
		return e->items.n > 0;
	case EXPR_CALL:
		if (str_eq(word_of_expr(e), STR("args")) || is_word(e))
			return *has_args = true;
		if (!is_entry_call(e))
			return false;
		for (size_t i = 0; i < e->call.args.n; i++)
			if (!is_of_entry(e->call.args.v[i], has_args))
				return false;
		return true;
	default:
		return false;
	}
}

// args alone is taken apart first.
static bool is_value(const struct expr *e)
{
	return e->kind == EXPR_MEMBER || e->kind == EXPR_INDEX || is_word(e) ||
	       (e->kind == EXPR_UNARY && e->op == OP_DEREF) ||
	       (e->kind == EXPR_CALL && is_entry_call(e));
}

bool is_kept(const struct checker *c, const struct expr *e)
{
	bool has_args = false;
	if (!c->part || !c->part->call || !c->part->call->entry || c->part->is_call_entry ||
	    !is_value(e))
		return false;
	const struct member_use *use = e->meaning;
	if (e->kind == EXPR_MEMBER && use && use->kind == MEMBER_KEPT)
		return true;
	return is_of_entry(e, &has_args) && has_args;
}

// --- how it is spelled ---

static void spell_expr(struct out_buf *b, const struct expr *e)
{
	out_buf_printf(b, "(%d.%d ", e->kind, (int)e->op);
	switch ((int)e->kind) {
	case EXPR_INT:
	case EXPR_BOOL:
	case EXPR_PARAM:
		out_buf_printf(b, "%llu", (unsigned long long)e->num.value);
		break;
	case EXPR_STR:
	case EXPR_NAME:
		out_buf_str(b, e->str);
		break;
	case EXPR_MEMBER:
		spell_expr(b, e->member.base);
		out_buf_str(b, e->member.name.text);
		break;
	case EXPR_INDEX:
		spell_expr(b, e->index.base);
		spell_expr(b, e->index.index);
		break;
	case EXPR_UNARY:
		spell_expr(b, e->unary);
		break;
	case EXPR_BINARY:
		spell_expr(b, e->binary.left);
		spell_expr(b, e->binary.right);
		break;
	case EXPR_CAST:
		// Types are not spelled: each cast is kept by itself.
		out_buf_printf(b, "%p", (const void *)e->cast.to);
		spell_expr(b, e->cast.value);
		break;
	case EXPR_RECORD:
		for (size_t i = 0; i < e->record.n; i++) {
			out_buf_str(b, e->record.v[i].name.text);
			spell_expr(b, e->record.v[i].value);
		}
		break;
	case EXPR_TUPLE:
		for (size_t i = 0; i < e->items.n; i++)
			spell_expr(b, e->items.v[i]);
		break;
	case EXPR_CALL:
		out_buf_str(b, e->call.name.text);
		for (size_t i = 0; i < e->call.args.n; i++)
			spell_expr(b, e->call.args.v[i]);
		break;
	default:
		break;
	}
	out_buf_str(b, STR(")"));
}

static struct str spelled(struct checker *c, const struct expr *e)
{
	struct out_buf b = { 0 };
	spell_expr(&b, e);
	struct str text = arena_strdup(c->arena, out_buf_view(&b));
	out_buf_free(&b);
	return text;
}

// --- keeping it ---

static bool has_room(struct checker *c, const struct expr *value)
{
	if (value->type->size <= KEPT_SIZE_MAX)
		return true;
	tell_error(c, value->span, "this is too large to be kept until the function returns");
	return false;
}

// Go's memory may be used for something else when the function returns: text that a value refers
// to is kept with it.
static bool kept_value(struct checker *c, struct expr *value)
{
	enum type_kind kind = value->type->kind;
	// A tuple of values of both times is made where the function returns, and shown as a whole
	// there: what those of the entry refer to is followed then.
	bool is_raw = kind == TYPE_SLICE || is_byte_array(value->type) || kind == TYPE_IFACE ||
		      (c->whole != WHOLE_NO && kind != TYPE_STRING);
	if (!is_raw && !value_of(c, value))
		return false;
	struct type *t = value->type;
	if (kind == TYPE_STRING && t->kind == TYPE_TEXT)
		convert(c, value, go_text(c, c->config->max_kept_strlen));
	return has_room(c, value);
}

static const struct program_kept *find_kept(const struct program_call *call, struct str text)
{
	for (size_t i = 0; i < call->kept.n; i++)
		if (str_eq(call->kept.v[i].text, text))
			return &call->kept.v[i];
	return NULL;
}

// NULL, and told: there is no more room.
static const struct program_kept *keep(struct checker *c, struct program_call *call,
				       struct str text, struct expr *value)
{
	const struct program_kept *known = find_kept(call, text);
	if (known)
		return known;
	if (call->size + value->type->size > KEPT_ALL_MAX) {
		tell_error(c, value->span,
			   "with this, more than %u KB are kept of a call until it returns",
			   KEPT_ALL_MAX >> 10);
		tell_hint(c, "max_kept_value_bytes and max_kept_strlen make values smaller");
		return NULL;
	}
	// The marks move behind it.
	struct program_kept kept = { .text = text, .value = value };
	kept.off = call->size ? call->size - 8 : 0;
	VEC_PUSH(c->arena, &call->kept, kept);
	call->size = kept.off + (uint32_t)((value->type->size + 7) & ~7ull) + 8;
	return &call->kept.v[call->kept.n - 1];
}

static void mean_kept(struct checker *c, struct expr *e, const struct program_kept *kept)
{
	struct member_use *use = ARENA_NEW(c->arena, struct member_use);
	struct type_field *field = ARENA_NEW(c->arena, struct type_field);
	struct expr *base = expr_new(c, EXPR_NAME, e->span, NULL);
	base->str = STR("args");
	field->type = kept->value->type;
	use->kind = MEMBER_KEPT;
	use->field = field;
	use->kept_off = kept->off;
	*e = (struct expr) { .kind = EXPR_MEMBER, .span = e->span, .height = 1 };
	e->member.base = base;
	e->member.name = (struct name) { STR("kept"), e->span };
	e->meaning = use;
	e->type = kept->value->type;
}

bool is_kept_whole(const struct checker *c, const struct expr *e)
{
	const struct program_part *p = c->part;
	bool is_return = p && p->call && p->call->entry && !p->is_call_entry, has_args = false;
	bool is_list = e->kind == EXPR_RECORD || e->kind == EXPR_TUPLE;
	return is_return && (str_eq(word_of_expr(e), STR("args")) || is_kept(c, e) ||
			     (is_list && is_of_entry(e, &has_args) && has_args));
}

// What can be shown as a whole is all there at the entry, with what it refers to.
static bool kept_as_it_is_wanted(struct checker *c, struct expr *value)
{
	if (c->is_keeping_whole && whole_value_of(c, value, c->whole) &&
	    value->type->kind == TYPE_OPAQUE)
		return has_room(c, value);
	return value->type && kept_value(c, value);
}

void check_kept_whole(struct checker *c, struct expr *e)
{
	c->is_keeping_whole = true;
	check_kept(c, e);
	c->is_keeping_whole = false;
}

void check_kept(struct checker *c, struct expr *e)
{
	struct program_part *part = c->part;
	const struct member_use *use = e->meaning;
	if (e->kind == EXPR_MEMBER && use && use->kind == MEMBER_KEPT)
		return;
	// Told already: where the calls begin there can be no probe.
	if (!part->call->entry) {
		e->type = NULL;
		return;
	}
	struct str text = c->is_final ? spelled(c, e) : STR("");
	bool keeps_whole = c->is_keeping_whole;
	if (c->whole != WHOLE_NO)
		text = arena_printf(c->arena, "%d %d %.*s", c->whole, keeps_whole, STR_ARG(text));
	struct expr *value = e;
	if (c->is_final) {
		value = ARENA_NEW(c->arena, struct expr);
		*value = *e;
	}
	c->part = part->call->entry;
	c->is_keeping_whole = false;
	check_expr(c, value);
	c->is_keeping_whole = keeps_whole;
	bool is_fine = value->type && kept_as_it_is_wanted(c, value);
	c->part = part;
	if (!is_fine)
		e->type = NULL;
	if (!is_fine || !c->is_final)
		return;
	const struct program_kept *kept = keep(c, part->call, text, value);
	if (kept)
		mean_kept(c, e, kept);
	else
		e->type = NULL;
}
