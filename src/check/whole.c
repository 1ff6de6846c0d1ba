// SPDX-License-Identifier: Apache-2.0
// Whole values: where print() and printf() show all of a Go value, with what it refers to (a C one
// by %v). Such an argument is a cast of the value as it is in the program.
#include "check/checker.h"

static const struct plan_program *program_here(const struct checker *c)
{
	const struct program_part *p = c->part;
	bool is_in_program = p && (p->kind == PROBE_UPROBE || p->kind == PROBE_URETPROBE ||
				   p->kind == PROBE_USDT);
	return is_in_program && p->n_probes ? p->probes[0]->program : NULL;
}

// What stands for something outside is no value of the program any more.
static bool has_opaque(struct type *t, unsigned depth)
{
	t = type_strip(t);
	if (t->kind == TYPE_OPAQUE || t->kind == TYPE_BUFFER || depth > TYPE_DEPTH_MAX)
		return true;
	if (t->kind == TYPE_ARRAY)
		return t->elem && has_opaque(t->elem, depth + 1);
	bool has = false;
	for (size_t i = 0; i < t->n_fields && !has; i++)
		has = t->fields[i].type && has_opaque(t->fields[i].type, depth + 1);
	return has;
}

// Of another program, or from another time.
static bool is_from_map(const struct expr *e)
{
	for (;;) {
		switch ((int)e->kind) {
		case EXPR_MAP:
			return true;
		case EXPR_MEMBER:
			e = e->member.base;
			break;
		case EXPR_INDEX:
			e = e->index.base;
			break;
		case EXPR_UNARY:
			e = e->unary;
			break;
		case EXPR_CAST:
			e = e->cast.value;
			break;
		default:
			return false;
		}
	}
}

// There is more to such a value than a number or a text.
static bool is_composite(const struct type *t, enum whole wants)
{
	bool is_go = t->go_kind != 0;
	bool is_simple = is_number(t) || is_real(t) || is_complex(t) || t->kind == TYPE_STRING ||
			 t->kind == TYPE_TEXT || t->kind == TYPE_PTR;
	if (wants == WHOLE_EVERY && is_simple)
		return true;
	// What it refers to is not the program's.
	if (t->is_kernel)
		return false;
	switch ((int)t->kind) {
	case TYPE_SLICE:
	case TYPE_MAP:
	case TYPE_CHAN:
	case TYPE_IFACE:
		return true;
	case TYPE_FUNC:
		return is_go && t->size == 8;
	case TYPE_PTR:
		return t->elem && (is_go || wants >= WHOLE_ALL);
	case TYPE_STRUCT:
	case TYPE_ARRAY:
		return is_go || wants >= WHOLE_ALL;
	case TYPE_UNION:
		return wants >= WHOLE_ALL;
	default:
		return false;
	}
}

static bool is_wanted(const struct checker *c, const struct type *t)
{
	return t && c->whole != WHOLE_NO && program_here(c) && is_composite(t, c->whole);
}

// --- several values ---

#define RAW_RECORD "args"
#define RAW_TUPLE  "values"

// One of several results of a Go function.
static bool is_result(const struct checker *c, const struct expr *e)
{
	const struct expr *base = e->kind == EXPR_MEMBER ? e->member.base : NULL;
	return base && base->kind == EXPR_NAME && str_eq(base->str, STR("retval")) && part_is_go(c);
}

bool whole_items(struct checker *c, struct expr *e)
{
	bool is_record = e->kind == EXPR_RECORD;
	bool has_some = (is_record && part_is_go(c)) || c->whole == WHOLE_EVERY;
	if (c->whole == WHOLE_NO || !program_here(c))
		return false;
	for (size_t i = 0; i < (is_record ? e->record.n : e->items.n); i++) {
		const struct expr *item = is_record ? e->record.v[i].value : e->items.v[i];
		if (!item->type || is_from_map(item) || has_opaque(item->type, 0))
			return false;
		bool is_raw =
			item->type->kind == TYPE_TUPLE && str_eq(item->type->name, STR(RAW_TUPLE));
		has_some |= is_raw || is_wanted(c, item->type) || is_result(c, item);
	}
	return has_some;
}

// Results are called by their names, or numbers.
static void name_results(struct checker *c, const struct expr *e, struct type *t)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		if (!is_result(c, e->items.v[i]))
			return;
	}
	for (size_t i = 0; i < t->n_fields; i++)
		t->fields[i].name = result_name(c, i);
}

struct type *whole_of_items(struct checker *c, const struct expr *e, struct type *t)
{
	if (e->kind == EXPR_TUPLE)
		name_results(c, e, t);
	t->name = t->kind == TYPE_STRUCT ? STR(RAW_RECORD) : STR(RAW_TUPLE);
	return t;
}

static bool has_raw_items(const struct expr *e)
{
	return ((e->kind == EXPR_TUPLE && str_eq(e->type->name, STR(RAW_TUPLE))) ||
		(e->kind == EXPR_RECORD && str_eq(e->type->name, STR(RAW_RECORD))));
}

// --- all ---

static struct value_book *book_of(struct checker *c, uint32_t program)
{
	while (c->books.n <= program)
		VEC_PUSH(c->arena, &c->books, NULL);
	if (!c->books.v[program])
		c->books.v[program] = value_book_new(c->arena, c->programs.v[program]->target,
						     &c->config->whole, c->options->secrets);
	return c->books.v[program];
}

static struct type *whole_type(struct checker *c, struct type *t)
{
	bool is_kept = c->part->is_call_entry;
	struct out_type *shown = ARENA_NEW(c->arena, struct out_type);
	struct program_whole *whole = ARENA_NEW(c->arena, struct program_whole);
	whole->program = program_number(c, program_here(c));
	whole->type = t;
	if (c->is_final)
		whole->root = value_book_root(book_of(c, whole->program), t);
	// The value itself has room in any case.
	uint32_t own = (uint32_t)(sizeof(struct value_item) + t->size);
	if (is_kept)
		whole->kept_bytes = (MAX(c->config->max_kept_value, own) + 7) & ~7u;
	shown->kind = OUT_GO;
	shown->size = 8 + whole->kept_bytes;
	shown->meaning = whole;
	return type_opaque(c, shown, "value");
}

static bool is_whole_type(const struct type *t)
{
	return t && t->kind == TYPE_OPAQUE && t->shown->kind == OUT_GO;
}

void check_whole(struct checker *c, struct expr *e, enum whole wants)
{
	enum whole before = c->whole;
	c->whole = wants;
	if (wants != WHOLE_NO && is_kept_whole(c, e))
		check_kept_whole(c, e);
	else
		check_expr(c, e);
	c->whole = before;
}

bool whole_value_of(struct checker *c, struct expr *e, enum whole wants)
{
	enum whole before = c->whole;
	// Made already where the call began.
	if (is_whole_type(e->type))
		return true;
	c->whole = wants;
	bool is_whole = (e->type && has_raw_items(e)) ||
			(is_wanted(c, e->type) && !is_from_map(e) && !has_opaque(e->type, 0));
	c->whole = before;
	if (!is_whole)
		return shown_value_of(c, e);
	if (!is_whole_value(c, e)) {
		e->type = NULL;
		return false;
	}
	if (e->type->size > WHOLE_SIZE_MAX) {
		tell_error(c, e->span, "this is too large to be shown as a whole: %llu bytes",
			   (unsigned long long)e->type->size);
		e->type = NULL;
		return false;
	}
	struct type *t = whole_type(c, e->type);
	if (c->is_final)
		wrap_in_cast(c, e, t);
	else
		e->type = t;
	return true;
}

void whole_finish(struct checker *c)
{
	for (size_t i = 0; i < c->books.n; i++) {
		struct err *e = c->books.v[i] ? value_book_finish(c->books.v[i]) : NULL;
		if (e)
			tell_error(c, SPAN_NONE, "%s", err_text(e));
		err_free(e);
	}
	while (c->books.n < c->program->n_programs)
		VEC_PUSH(c->arena, &c->books, NULL);
	c->program->books = c->books.v;
}
