// SPDX-License-Identifier: Apache-2.0
// args.x of tracepoints: their fields, as the kernel describes them.
#include "check/checker.h"

const struct tracepoint *tracepoint_of(const struct checker *c)
{
	return c->part->n_probes ? c->part->probes[0]->tracepoint : NULL;
}

static struct type *elem_type(struct checker *c, const struct tracepoint_field *f, uint32_t size)
{
	bool is_char = size == 1 && str_find(f->type, STR("char")) >= 0;
	// Of arrays of char the kernel says that they are not signed.
	if (is_char)
		return c->basic.chars[str_find(f->type, STR("unsigned")) < 0];
	return type_int(c, f->is_signed, size);
}

static bool is_number_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static struct type *tracepoint_field_type(struct checker *c, const struct tracepoint *t,
					  const struct tracepoint_field *f)
{
	bool is_user = str_eq(t->group, STR("syscalls"));
	if (f->is_data_loc || f->is_rel_loc) {
		if (str_find(f->type, STR("char")) >= 0)
			return type_text(c, c->config->max_strlen);
		return type_buffer(c, c->config->max_strlen);
	}
	if (f->count && is_number_size(f->elem_size))
		return type_array(c, elem_type(c, f, f->elem_size), f->count);
	if (f->is_pointer && f->size == 8) {
		bool is_char = str_find(f->type, STR("char")) >= 0;
		return type_pointer(c, is_char ? c->basic.chars[1] : NULL, !is_user);
	}
	if (str_eq(f->type, STR("bool")) && f->size == 1)
		return c->basic.boolean;
	if (is_number_size(f->size))
		return type_int(c, f->is_signed, f->size);
	return type_array(c, type_int(c, false, 1), f->size);
}

static void tell_no_field(struct checker *c, const struct tracepoint *t, struct name name)
{
	struct near near = near_init(name.text);
	struct out_buf b = { 0 };
	for (size_t i = 0; i < t->n_fields; i++) {
		near_offer(&near, t->fields[i].name);
		if (!t->fields[i].is_common)
			out_buf_printf(&b, "%s%.*s", b.n ? ", " : "", STR_ARG(t->fields[i].name));
	}
	tell_error(c, name.span, "tracepoint %.*s:%.*s has no field '%.*s'", STR_ARG(t->group),
		   STR_ARG(t->name), STR_ARG(name.text));
	if (near.n)
		tell_near(c, &near);
	else if (b.n)
		tell_hint(c, "it has: %.*s", STR_ARG(out_buf_view(&b)));
	out_buf_free(&b);
}

struct member_use *member_use_of(struct checker *c, struct expr *e)
{
	if (!e->meaning)
		e->meaning = ARENA_NEW(c->arena, struct member_use);
	return e->meaning;
}

// args itself, as the base of a member.
static void mean_args(struct checker *c, struct expr *base)
{
	struct builtin_use *use = ARENA_NEW(c->arena, struct builtin_use);
	struct type *t = ARENA_NEW(c->arena, struct type);
	use->id = BUILTIN_ARGS;
	base->meaning = use;
	*t = (struct type) { .kind = TYPE_STRUCT, .name = STR("args"), .is_complete = true };
	base->type = t;
}

void check_tracepoint_field(struct checker *c, struct expr *e)
{
	const struct tracepoint *t = tracepoint_of(c);
	for (size_t i = 0; t && i < t->n_fields; i++) {
		const struct tracepoint_field *f = &t->fields[i];
		if (!str_eq(f->name, e->member.name.text))
			continue;
		struct type_field *field = ARENA_NEW(c->arena, struct type_field);
		struct member_use *use = member_use_of(c, e);
		field->name = f->name;
		field->off = f->off;
		field->type = tracepoint_field_type(c, t, f);
		use->kind = MEMBER_FIELD;
		use->field = field;
		use->is_data_loc = f->is_data_loc;
		use->is_rel_loc = f->is_rel_loc;
		mean_args(c, e->member.base);
		e->type = type_of_value(c, field->type);
		return;
	}
	if (t)
		tell_no_field(c, t, e->member.name);
}
