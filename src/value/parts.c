// SPDX-License-Identifier: Apache-2.0
// Parts of values, as special types ask for them: by name, as layouts change from version to
// version.
#include "value/render.h"

#define UINT_DEPTH_MAX 4 // sync.Once, atomic.Bool, its v

bool val_field(struct render *r, struct val v, struct str name, struct val *out)
{
	struct shape_field *f = shape_field(v.s, name);
	struct shape *s = f ? field_shape(r, f) : NULL;
	if (!s)
		return false;
	*out = (struct val) { s, bytes_at(v.v, f->off, s->size), v.addr ? v.addr + f->off : 0 };
	return true;
}

// The only field of a struct that is not blank and takes room; NULL if there is not exactly one.
static struct shape_field *only_field(struct render *r, struct shape *s)
{
	struct shape_field *found = NULL;
	for (size_t i = 0; i < s->n_fields; i++) {
		struct shape *field = field_shape(r, &s->fields[i]);
		if (s->fields[i].is_blank || !field || field->size == 0)
			continue;
		if (found)
			return NULL;
		found = &s->fields[i];
	}
	return found;
}

static bool number_of(struct render *r, struct val v, struct val *out)
{
	for (int i = 0; i < UINT_DEPTH_MAX && v.s->kind == TYPE_STRUCT; i++) {
		struct shape_field *f = only_field(r, v.s);
		if (!f)
			return false;
		struct shape *s = field_shape(r, f);
		v = (struct val) { s, bytes_at(v.v, f->off, s->size), v.addr };
	}
	*out = v;
	return (v.s->kind == TYPE_INT || v.s->kind == TYPE_UINT || v.s->kind == TYPE_BOOL) &&
	       v.v.len == v.s->size && v.s->size <= 8;
}

bool val_uint(struct render *r, struct val v, struct str name, uint64_t *out)
{
	struct val field;
	if (!val_field(r, v, name, &field) || !number_of(r, field, &field))
		return false;
	*out = uint_at(field.v, 0, field.s->size);
	return true;
}

bool val_int(struct render *r, struct val v, struct str name, int64_t *out)
{
	struct val field;
	uint64_t n;
	if (!val_field(r, v, name, &field) || !number_of(r, field, &field) || !field.s->size)
		return false;
	n = uint_at(field.v, 0, field.s->size);
	unsigned shift = 64 - 8 * (unsigned)field.s->size;
	*out = (int64_t)(n << shift) >> shift;
	return true;
}

static struct item *find(struct render *r, uint64_t addr, const struct shape *s)
{
	struct item *it = NULL;
	if (s && s->has_number)
		it = snapshot_find(&r->snapshot, addr, s->number);
	return it && !it->is_unreadable ? it : NULL;
}

bool val_target(struct render *r, struct val ptr, struct val *out)
{
	uint64_t addr = word_at(ptr.v, 0);
	struct shape *elem = ptr.s->kind == TYPE_PTR ? shape_elem(r, ptr.s) : NULL;
	struct item *it = addr ? find(r, addr, elem) : NULL;
	if (!it)
		return false;
	*out = (struct val) { elem, bytes_at(it->v, 0, elem->size), addr };
	return true;
}

bool val_inside(struct render *r, struct val iface, struct val *out)
{
	uint64_t rtype = word_at(iface.v, 0), data = word_at(iface.v, 8);
	struct shape *s = rtype && rtype != VALUE_UNREADABLE
				  ? shape_of(r, book_dynamic(r->book, rtype))
				  : NULL;
	if (!s)
		return false;
	*out = (struct val) { s, bytes_at(iface.v, 8, 8), 0 };
	if (s->is_direct)
		return true;
	struct item *it = find(r, data, s);
	if (!it && s->size)
		return false;
	*out = (struct val) { s, bytes_at(it ? it->v : iface.v, 0, s->size), data };
	return true;
}

bool val_is_unreadable(struct render *r, struct val v)
{
	uint64_t first = word_at(v.v, 0);
	struct shape *s = NULL;
	if (v.s->kind == TYPE_IFACE && first == VALUE_UNREADABLE)
		return true;
	if (v.s->kind == TYPE_IFACE && first)
		s = shape_of(r, book_dynamic(r->book, first));
	else if (v.s->kind == TYPE_PTR || v.s->kind == TYPE_SLICE)
		s = shape_elem(r, v.s);
	uint64_t addr = v.s->kind == TYPE_IFACE ? word_at(v.v, 8) : first;
	struct item *it = NULL;
	if (addr && s && s->has_number)
		it = snapshot_find(&r->snapshot, addr, s->number);
	return it && it->is_unreadable;
}

bool val_is_cut(struct render *r, struct val v)
{
	uint64_t rtype = word_at(v.v, 0), len;
	struct val inside;
	struct str have;
	if (v.s->kind == TYPE_STRING)
		return val_text(r, v, &have, &len) && len && !have.len && r->limits->text;
	if (v.s->kind != TYPE_IFACE || !rtype || rtype == VALUE_UNREADABLE ||
	    val_inside(r, v, &inside))
		return false;
	return book_dynamic(r->book, rtype) && !val_is_unreadable(r, v);
}

bool val_slice(struct render *r, struct val v, struct val *items, uint64_t *len)
{
	struct shape *elem = v.s->kind == TYPE_SLICE ? shape_elem(r, v.s) : NULL;
	uint64_t addr = word_at(v.v, 0), n = word_at(v.v, 8);
	if (!elem || !is_whole(v.v, v.s->size) || (int64_t)n < 0 || n > word_at(v.v, 16))
		return false;
	struct item *it = n ? find(r, addr, elem) : NULL;
	if (!it && n && elem->size == 1) {
		it = snapshot_find(&r->snapshot, addr, 0);
		if (it && it->is_unreadable)
			return false;
	}
	struct bytes have = { 0 };
	if (it && elem->size)
		have = bytes_at(it->v, 0, n < it->v.len ? n * elem->size : it->v.len);
	*items = (struct val) { elem, have, addr };
	*len = n;
	return true;
}

static bool string_text(struct render *r, struct val v, struct str *have, uint64_t *len)
{
	uint64_t addr = word_at(v.v, 0), n = word_at(v.v, 8);
	*have = STR("");
	*len = n;
	if (n == 0)
		return true;
	struct item *it = addr ? snapshot_find(&r->snapshot, addr, 0) : NULL;
	if (!addr || (int64_t)n < 0 || (it && it->is_unreadable))
		return false;
	if (it)
		*have = str_first((struct str) { (const char *)it->v.p, it->v.len }, (size_t)n);
	return true;
}

bool val_text(struct render *r, struct val v, struct str *have, uint64_t *len)
{
	struct val items;
	*have = STR("");
	*len = 0;
	if (v.s->kind == TYPE_STRING)
		return is_whole(v.v, v.s->size) && string_text(r, v, have, len);
	if (!val_slice(r, v, &items, len) || items.s->size != 1)
		return false;
	*have = (struct str) { (const char *)items.v.p, items.v.len };
	return true;
}

bool val_text_field(struct render *r, struct val v, struct str name, struct str *have,
		    uint64_t *len)
{
	struct val field;
	return val_field(r, v, name, &field) && val_text(r, field, have, len);
}

void put_plain(struct str s, struct out_buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f)
			out_buf_printf(out, "\\x%02x", c);
		else
			out_buf_add(out, &s.p[i], 1);
	}
}
