// SPDX-License-Identifier: Apache-2.0
// What C and C++ have that Go has not: text up to a NUL, std::string.
#include "value/render.h"

#define STRING_LOCAL_MAX 15 // characters that a std::string keeps in itself

static bool is_char(const struct shape *s)
{
	return s && s->kind == TYPE_CHAR && s->size == 1;
}

static struct str up_to_nul(struct bytes v)
{
	size_t n = v.len ? strnlen((const char *)v.p, v.len) : 0;
	return (struct str) { (const char *)v.p, n };
}

static bool render_char_array(struct render *r, struct val v, enum where w)
{
	if (!is_char(shape_elem(r, v.s)))
		return false;
	struct str text = up_to_nul(v.v);
	bool is_cut = text.len == v.v.len && v.v.len < v.s->size;
	r->sink->string(r, v.s, text, text.len + is_cut, w);
	return true;
}

static bool render_c_pointer(struct render *r, struct val v, enum where w)
{
	struct shape *elem = shape_elem(r, v.s);
	uint64_t addr = word_at(v.v, 0);
	if (!addr)
		return false;
	if (elem && elem->kind == TYPE_FUNC) {
		r->sink->scalar(r, v, w);
		return true;
	}
	struct item *it = is_char(elem) ? snapshot_find(&r->snapshot, addr, 0) : NULL;
	if (!it)
		return false;
	if (it->is_unreadable) {
		r->sink->mark(r, MARK_UNREADABLE);
		return true;
	}
	struct str text = up_to_nul(it->v);
	bool is_cut = text.len == it->v.len && it->want > it->v.len;
	r->sink->string(r, v.s, text, text.len + is_cut, w);
	return true;
}

static bool show_text(struct render *r, struct val v, uint64_t addr, struct bytes local,
		      uint64_t len, enum where w)
{
	struct item *it = snapshot_find(&r->snapshot, addr, 0);
	if (it && it->is_unreadable && !local.len) {
		r->sink->mark(r, MARK_UNREADABLE);
		return true;
	}
	struct bytes have = bytes_at(it && !it->is_unreadable ? it->v : local, 0, len);
	r->sink->string(r, v.s, (struct str) { (const char *)have.p, have.len }, len, w);
	return true;
}

// libstdc++: where the text is, how long it is, and a few bytes for short ones.
static bool render_std_string(struct render *r, struct val v, enum where w)
{
	struct val holder, ptr;
	uint64_t len;
	if (!val_field(r, v, STR("_M_dataplus"), &holder) ||
	    !val_field(r, holder, STR("_M_p"), &ptr) ||
	    !val_uint(r, v, STR("_M_string_length"), &len))
		return false;
	struct bytes local = bytes_at(v.v, 16, len <= STRING_LOCAL_MAX ? len : 0);
	return show_text(r, v, word_at(ptr.v, 0), local, len, w);
}

// Rust's.
static bool render_str_slice(struct render *r, struct val v, enum where w)
{
	struct val ptr;
	uint64_t len;
	if (!val_field(r, v, STR("data_ptr"), &ptr) || !val_uint(r, v, STR("length"), &len))
		return false;
	return show_text(r, v, word_at(ptr.v, 0), (struct bytes) { 0 }, len, w);
}

static bool render_c_struct(struct render *r, struct val v, enum where w)
{
	struct str name = v.s->type->name;
	if (str_eq(name, STR("&str")))
		return render_str_slice(r, v, w);
	return str_find(name, STR("basic_string<char")) >= 0 && render_std_string(r, v, w);
}

bool render_c(struct render *r, struct val v, enum where w)
{
	if (v.s->kind == TYPE_ARRAY)
		return render_char_array(r, v, w);
	if (v.s->kind == TYPE_PTR)
		return render_c_pointer(r, v, w);
	return v.s->kind == TYPE_STRUCT && is_whole(v.v, v.s->size) && render_c_struct(r, v, w);
}
