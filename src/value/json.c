// SPDX-License-Identifier: Apache-2.0
// Values as JSON.
#include "value/render.h"

// A pointer's object is open. Its target's fields are the object's own, if it is a struct; all else
// is its "value".
static void before_value(struct render *r)
{
	if (r->is_pointer)
		json_key(r->json, "value");
	r->is_pointer = false;
}

#define OBJECT_BYTES 24 // what an object takes besides names and values

static void json_type(struct render *r, struct shape *s)
{
	render_step(r, shape_name(r, s).len + OBJECT_BYTES);
	json_key(r->json, "type");
	if (shape_is_byte_list(r, s)) {
		struct out_buf name = { 0 };
		shape_put_byte_list(s, &name);
		json_str(r->json, out_buf_view(&name));
		out_buf_free(&name);
	} else {
		json_str(r->json, shape_name(r, s));
	}
}

static void close_object(struct render *r)
{
	json_close(r->json, '}');
}

static void open_typed(struct render *r, struct shape *s)
{
	before_value(r);
	json_open(r->json, '{');
	json_type(r, s);
}

// --- values without parts ---

static void to_nil(struct render *r, struct shape *s, enum where w)
{
	render_step(r, 5);
	if (w != WHERE_ANY) {
		before_value(r);
		json_null(r->json);
		return;
	}
	// A nil pointer in an interface is not a nil interface.
	open_typed(r, s);
	json_key(r->json, "value");
	json_null(r->json);
	close_object(r);
}

static void to_mark(struct render *r, enum mark m)
{
	const char *key = m == MARK_CUT ? "cut" : m == MARK_UNREADABLE ? "unreadable" : "redacted";
	render_step(r, OBJECT_BYTES);
	if (r->is_pointer) {
		json_kbool(r->json, key, true);
		r->is_pointer = false;
		return;
	}
	json_open(r->json, '{');
	json_kbool(r->json, key, true);
	close_object(r);
}

// What has no shape in JSON is a string, as text has it.
static void put_as_text(struct render *r, struct val v)
{
	struct out_buf text = { 0 };
	const struct sink *sink = r->sink;
	struct out_buf *out = r->out;
	r->out = &text;
	text_sink.scalar(r, v, WHERE_TYPED);
	r->out = out;
	r->sink = sink;
	json_str(r->json, out_buf_view(&text));
	out_buf_free(&text);
}

static void put_scalar(struct render *r, struct val v)
{
	unsigned shift = 64 - 8 * (unsigned)MIN(MAX(v.s->size, 1u), 8u);
	uint64_t n = uint_at(v.v, 0, v.s->size);
	bool is_plain = v.v.len <= 8 && v.s->kind != TYPE_COMPLEX && v.s->kind != TYPE_ENUM &&
			v.s->kind != TYPE_PTR;
	render_step(r, 4);
	if (!is_plain)
		put_as_text(r, v);
	else if (v.s->kind == TYPE_BOOL)
		json_bool(r->json, uint_at(v.v, 0, 1) != 0);
	else if (v.s->kind == TYPE_FLOAT && (v.v.len == 4 || v.v.len == 8))
		out_go_float_json(v.v, r->json);
	else if (v.s->kind == TYPE_INT || v.s->under->is_signed)
		json_exact_i64(r->json, (int64_t)(n << shift) >> shift);
	else
		json_exact_u64(r->json, n);
}

static bool is_plain_type(struct render *r, struct shape *s)
{
	struct str name = shape_name(r, s);
	return !s->is_go || str_eq(name, STR("int")) || str_eq(name, STR("float64")) ||
	       str_eq(name, STR("bool")) || str_eq(name, STR("string"));
}

static void to_scalar(struct render *r, struct val v, enum where w)
{
	if (w != WHERE_ANY || is_plain_type(r, v.s)) {
		before_value(r);
		put_scalar(r, v);
		return;
	}
	open_typed(r, v.s);
	json_key(r->json, "value");
	put_scalar(r, v);
	close_object(r);
}

static void to_string(struct render *r, struct shape *s, struct str have, uint64_t len,
		      enum where w)
{
	bool is_cut = have.len < len;
	render_step(r, have.len);
	if (!is_cut && (w != WHERE_ANY || is_plain_type(r, s))) {
		before_value(r);
		json_str(r->json, have);
		return;
	}
	open_typed(r, s);
	if (is_cut) {
		json_key(r->json, "len");
		json_exact_u64(r->json, len);
		json_kstr(r->json, "text", have);
		json_kbool(r->json, "cut", true);
	} else {
		json_kstr(r->json, "value", have);
	}
	close_object(r);
}

static void put_bytes(struct render *r, struct str have, bool is_cut)
{
	struct out_buf hex = { 0 };
	struct str text = have;
	render_step(r, have.len);
	if (out_go_is_text(&text, is_cut)) {
		json_kstr(r->json, "text", text);
	} else {
		for (size_t i = 0; i < have.len; i++)
			out_buf_printf(&hex, "%02x", (unsigned char)have.p[i]);
		json_kstr(r->json, "hex", out_buf_view(&hex));
		out_buf_free(&hex);
	}
	if (is_cut)
		json_kbool(r->json, "cut", true);
}

static void to_bytes(struct render *r, struct shape *s, struct str have, uint64_t len)
{
	open_typed(r, s);
	json_key(r->json, "len");
	json_exact_u64(r->json, len);
	put_bytes(r, have, have.len < len);
	close_object(r);
}

static void to_func(struct render *r, struct shape *s, struct str name, uint64_t code)
{
	open_typed(r, s);
	if (name.len)
		json_kstr(r->json, "name", name);
	else
		json_khex(r->json, "addr", code);
	close_object(r);
}

static void to_chan(struct render *r, struct shape *s, const struct chan_facts *c)
{
	open_typed(r, s);
	json_key(r->json, "len");
	json_exact_u64(r->json, c->len);
	json_key(r->json, "cap");
	json_exact_u64(r->json, c->cap);
	json_kbool(r->json, "closed", c->is_closed);
	close_object(r);
}

static void put_special(struct render *r, const struct special_text *t)
{
	render_step(r, t->text.len);
	if (t->number) {
		json_key(r->json, t->number);
		json_exact_i64(r->json, t->n);
	}
	if (t->is_unreadable)
		json_kbool(r->json, "unreadable", true);
	else
		json_kstr(r->json, "text", t->text);
	if (t->is_cut)
		json_kbool(r->json, "cut", true);
}

static void to_text(struct render *r, struct shape *s, const struct special_text *t, enum where w)
{
	(void)w;
	open_typed(r, s);
	put_special(r, t);
	close_object(r);
}

// --- references ---

static void to_far(struct render *r, struct shape *s, uint64_t addr, enum far why, enum where w)
{
	(void)w;
	open_typed(r, s);
	json_khex(r->json, "addr", addr);
	json_kbool(r->json,
		   why == FAR_CUT     ? "cut"
		   : why == FAR_CYCLE ? "cycle"
				      : "unreadable",
		   true);
	close_object(r);
}

static void to_absent(struct render *r, struct shape *s, uint64_t rtype)
{
	before_value(r);
	json_open(r->json, '{');
	if (s)
		json_type(r, s);
	else
		json_khex(r->json, "type", rtype);
	json_kbool(r->json, "cut", true);
	close_object(r);
}

static void to_ptr_begin(struct render *r, struct shape *s, uint64_t addr, struct shape *target)
{
	(void)target;
	open_typed(r, s);
	json_khex(r->json, "addr", addr);
	r->is_pointer = true;
}

static void to_ptr_end(struct render *r)
{
	r->is_pointer = false;
	close_object(r);
}

static void to_call_begin(struct render *r, struct shape *s)
{
	open_typed(r, s);
	json_key(r->json, "value");
}

// --- groups ---

static void push_group(struct render *r, bool has_object)
{
	if (r->n_groups < ARRAY_LEN(r->has_object))
		r->has_object[r->n_groups] = has_object;
	r->n_groups++;
	r->n_more = 0;
}

static bool pop_group(struct render *r)
{
	r->n_groups--;
	return r->n_groups < ARRAY_LEN(r->has_object) && r->has_object[r->n_groups];
}

static void open_struct(struct render *r, struct shape *s)
{
	bool has_object = !r->is_pointer;
	if (has_object)
		open_typed(r, s);
	r->is_pointer = false;
	json_key(r->json, "fields");
	json_open(r->json, '{');
	push_group(r, has_object);
}

static void to_open(struct render *r, struct shape *s, enum group g, uint64_t len, enum where w,
		    bool has_text_keys)
{
	(void)w;
	if (g == GROUP_STRUCT) {
		open_struct(r, s);
		return;
	}
	if (g == GROUP_ARGS || g == GROUP_TUPLE) {
		// Results have names, tuples of a script none, and those in tuples none.
		bool has_names = r->n_groups == 0 &&
				 (g == GROUP_ARGS || (s->n_fields && s->fields[0].name.len));
		if (r->n_groups == 0)
			r->has_names = has_names;
		json_open(r->json, has_names ? '{' : '[');
		push_group(r, false);
		return;
	}
	open_typed(r, s);
	json_key(r->json, "len");
	json_exact_u64(r->json, len);
	json_key(r->json, g == GROUP_LIST ? "items" : "entries");
	json_open(r->json, g == GROUP_MAP && has_text_keys ? '{' : '[');
	push_group(r, true);
}

static void put_more(struct render *r)
{
	if (r->n_more == UINT64_MAX) {
		json_kbool(r->json, "cut", true);
	} else if (r->n_more) {
		json_key(r->json, "more");
		json_exact_u64(r->json, r->n_more);
	}
	r->n_more = 0;
}

static void to_close(struct render *r, enum group g, bool has_text_keys)
{
	bool is_braced = g == GROUP_STRUCT || g == GROUP_ARGS || has_text_keys ||
			 (g == GROUP_TUPLE && r->has_names && r->n_groups == 1);
	json_close(r->json, is_braced ? '}' : ']');
	if (r->is_list_unreadable)
		json_kbool(r->json, "unreadable", true);
	r->is_list_unreadable = false;
	bool has_object = pop_group(r);
	if (g != GROUP_ARGS && g != GROUP_TUPLE)
		put_more(r);
	if (has_object)
		close_object(r);
}

static void to_field(struct render *r, struct shape *s, struct str name)
{
	render_step(r, name.len + 4);
	if (s->kind != TYPE_TUPLE || (r->has_names && r->n_groups == 1))
		json_key_str(r->json, name);
}

static void to_item(struct render *r)
{
	(void)r;
}

static void to_key_text(struct render *r, struct str key)
{
	render_step(r, key.len);
	json_key_str(r->json, key);
}

static void to_key_begin(struct render *r)
{
	render_step(r, OBJECT_BYTES);
	json_open(r->json, '{');
	json_key(r->json, "key");
}

static void to_key_end(struct render *r)
{
	json_key(r->json, "value");
}

static void to_entry_end(struct render *r, bool has_text_key)
{
	if (!has_text_key)
		close_object(r);
}

static void to_more(struct render *r, uint64_t n)
{
	r->n_more = n;
}

static void to_unreadable(struct render *r)
{
	r->is_list_unreadable = true;
}

static void to_error(struct render *r, struct val ptr, struct val target,
		     const struct special_text *t)
{
	open_typed(r, ptr.s);
	json_khex(r->json, "addr", target.addr);
	put_special(r, t);
	r->is_pointer = true;
	if (target.s->kind == TYPE_STRUCT) {
		to_open(r, target.s, GROUP_STRUCT, 0, WHERE_TYPED, false);
		render_fields(r, target);
		to_close(r, GROUP_STRUCT, false);
	}
	to_ptr_end(r);
}

const struct sink json_sink = {
	.nil = to_nil,
	.mark = to_mark,
	.scalar = to_scalar,
	.string = to_string,
	.bytes = to_bytes,
	.func = to_func,
	.chan = to_chan,
	.text = to_text,
	.error = to_error,
	.far = to_far,
	.absent = to_absent,
	.ptr_begin = to_ptr_begin,
	.ptr_end = to_ptr_end,
	.call_begin = to_call_begin,
	.call_end = close_object,
	.open = to_open,
	.close = to_close,
	.field = to_field,
	.item = to_item,
	.key_text = to_key_text,
	.key_begin = to_key_begin,
	.key_end = to_key_end,
	.entry_end = to_entry_end,
	.more = to_more,
	.unreadable = to_unreadable,
};
