// SPDX-License-Identifier: Apache-2.0
// The order of a map's keys.
#include "value/render.h"

#define ORDER_DEPTH_MAX 16

struct order {
	struct render *r;
	bool has_nan;
	int depth;
};

static int order_values(struct order *o, struct val a, struct val b);

static int order_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int64_t signed_at(struct bytes v, uint64_t size)
{
	unsigned shift = 64 - 8 * (unsigned)MIN(size, 8u);
	return size ? (int64_t)(uint_at(v, 0, size) << shift) >> shift : 0;
}

// NaN is below all others.
static int order_floats(struct order *o, struct bytes a, struct bytes b, uint64_t off,
			uint64_t size)
{
	double x = out_float_at(a, off, size), y = out_float_at(b, off, size);
	bool is_x = x == x, is_y = y == y;
	if (is_x && is_y)
		return (x > y) - (x < y);
	o->has_nan = true;
	return is_x - is_y;
}

static int order_texts(struct order *o, struct val a, struct val b)
{
	struct str x = STR(""), y = STR("");
	uint64_t x_len = 0, y_len = 0;
	val_text(o->r, a, &x, &x_len);
	val_text(o->r, b, &y, &y_len);
	int cmp = str_cmp(x, y);
	// Two that were cut, and not to be told from each other, are still two.
	if (cmp == 0 && (x.len < x_len || y.len < y_len))
		cmp = order_u64(word_at(a.v, 0), word_at(b.v, 0));
	return cmp ? cmp : order_u64(x_len, y_len);
}

static int order_ifaces(struct order *o, struct val a, struct val b)
{
	uint64_t x_type = word_at(a.v, 0), y_type = word_at(b.v, 0);
	struct val x, y;
	if (!x_type || !y_type)
		return order_u64(x_type != 0, y_type != 0);
	if (!val_inside(o->r, a, &x) || !val_inside(o->r, b, &y)) {
		int cmp = order_u64(x_type, y_type);
		return cmp ? cmp : order_u64(word_at(a.v, 8), word_at(b.v, 8));
	}
	int cmp = str_cmp(shape_name(o->r, x.s), shape_name(o->r, y.s));
	if (cmp || x.s != y.s)
		return cmp ? cmp : order_u64(x_type, y_type);
	return order_values(o, x, y);
}

static struct val part(struct val v, struct shape *s, uint64_t off)
{
	return (struct val) { s, bytes_at(v.v, off, s->size), 0 };
}

static int order_fields(struct order *o, struct val a, struct val b)
{
	int cmp = 0;
	for (size_t i = 0; i < a.s->n_fields && !cmp; i++) {
		struct shape_field *f = &a.s->fields[i];
		struct shape *s = field_shape(o->r, f);
		if (s && !f->is_blank)
			cmp = order_values(o, part(a, s, f->off), part(b, s, f->off));
	}
	return cmp;
}

static int order_items(struct order *o, struct val a, struct val b)
{
	struct shape *elem = shape_elem(o->r, a.s);
	int cmp = 0;
	for (uint64_t i = 0; elem && elem->size && i < a.s->under->count && !cmp; i++) {
		uint64_t off = i * elem->size;
		if (off >= a.v.len && off >= b.v.len)
			break;
		cmp = order_values(o, part(a, elem, off), part(b, elem, off));
	}
	return cmp;
}

static int order_values(struct order *o, struct val a, struct val b)
{
	int cmp = 0;
	// A torn interface may contain itself.
	if (o->depth >= ORDER_DEPTH_MAX || !render_step(o->r, 1))
		return 0;
	o->depth++;
	switch (a.s->kind) {
	case TYPE_STRING:
		cmp = order_texts(o, a, b);
		break;
	case TYPE_INT:
		cmp = signed_at(a.v, a.s->size) < signed_at(b.v, b.s->size)   ? -1
		      : signed_at(a.v, a.s->size) > signed_at(b.v, b.s->size) ? 1
									      : 0;
		break;
	case TYPE_FLOAT:
		cmp = order_floats(o, a.v, b.v, 0, a.s->size);
		break;
	case TYPE_COMPLEX:
		cmp = order_floats(o, a.v, b.v, 0, a.s->size / 2);
		if (!cmp)
			cmp = order_floats(o, a.v, b.v, a.s->size / 2, a.s->size / 2);
		break;
	case TYPE_STRUCT:
		cmp = order_fields(o, a, b);
		break;
	case TYPE_ARRAY:
		cmp = order_items(o, a, b);
		break;
	case TYPE_IFACE:
		cmp = order_ifaces(o, a, b);
		break;
	case TYPE_VOID:
	case TYPE_BOOL:
	case TYPE_UINT:
	case TYPE_CHAR:
	case TYPE_PTR:
	case TYPE_UNION:
	case TYPE_ENUM:
	case TYPE_FUNC:
	case TYPE_NAMED:
	case TYPE_SLICE:
	case TYPE_MAP:
	case TYPE_CHAN:
	case TYPE_UNKNOWN:
	case TYPE_TEXT:
	case TYPE_BUFFER:
	case TYPE_TUPLE:
	case TYPE_OPAQUE:
		cmp = order_u64(uint_at(a.v, 0, a.s->size), uint_at(b.v, 0, b.s->size));
		break;
	}
	o->depth--;
	return cmp;
}

int order_keys(struct render *r, struct val a, struct val b, bool *has_nan)
{
	struct order o = { .r = r };
	int cmp = order_values(&o, a, b);
	*has_nan |= o.has_nan;
	return cmp;
}
