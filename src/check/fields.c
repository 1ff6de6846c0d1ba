// SPDX-License-Identifier: Apache-2.0
// Fields of structs and unions by name.
#include "check/checker.h"

static bool find_within(struct type *t, struct str name, struct type_field *out, unsigned depth)
{
	struct err *e = type_complete(t);
	if (e || depth > TYPE_DEPTH_MAX) {
		err_free(e);
		return false;
	}
	for (size_t i = 0; i < t->n_fields; i++) {
		struct type_field *f = &t->fields[i];
		if (!f->type)
			continue;
		if (f->name.len && str_eq(f->name, name)) {
			*out = *f;
			return true;
		}
		struct type *inner = type_strip(f->type);
		if ((f->name.len == 0 || f->is_embedded) && is_record(inner) &&
		    find_within(inner, name, out, depth + 1)) {
			out->off += f->off;
			return true;
		}
	}
	return false;
}

bool field_find(struct type *t, struct str name, struct type_field *out)
{
	return find_within(t, name, out, 0);
}

// A Go struct may embed a pointer to its own kind.
#define OFFER_DEPTH_MAX 8

static void offer_fields(struct near *near, struct type *t, unsigned depth)
{
	for (size_t i = 0; depth < OFFER_DEPTH_MAX && i < t->n_fields; i++) {
		const struct type_field *f = &t->fields[i];
		struct type *inner = f->type ? type_strip(f->type) : NULL;
		if (f->name.len && !str_eq(f->name, STR("_")))
			near_offer(near, f->name);
		if (inner && f->is_embedded && inner->kind == TYPE_PTR && inner->elem)
			inner = type_strip(inner->elem);
		if ((f->name.len && !f->is_embedded) || !is_record(inner))
			continue;
		struct err *e = type_complete(inner);
		err_free(e);
		offer_fields(near, inner, depth + 1);
	}
}

void field_tell_unknown(struct checker *c, struct type *t, struct name name)
{
	struct near near = near_init(name.text);
	struct str text = spell(c, t);
	offer_fields(&near, t, 0);
	tell_error(c, name.span, "%.*s has no field '%.*s'", STR_ARG(text), STR_ARG(name.text));
	if (near.n) {
		tell_near(c, &near);
	} else if (t->n_fields) {
		struct out_buf b = { 0 };
		for (size_t i = 0; i < MIN(t->n_fields, 12); i++)
			if (t->fields[i].name.len)
				out_buf_printf(&b, "%s%.*s", b.n ? ", " : "",
					       STR_ARG(t->fields[i].name));
		tell_hint(c, "it has: %.*s%s", STR_ARG(out_buf_view(&b)),
			  t->n_fields > 12 ? ", ..." : "");
		out_buf_free(&b);
	}
}
