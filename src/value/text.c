// SPDX-License-Identifier: Apache-2.0
// Values as text, on one line, as Go's and C's composite literals.
#include "value/render.h"

enum { GO_UINTPTR = 12 }; // of reflect.Kind

static void put(struct render *r, struct str s)
{
	out_buf_str(r->out, s);
}

static void put_u64(struct render *r, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	out_buf_add(r->out, digits + at, sizeof(digits) - at);
}

static void put_i64(struct render *r, int64_t n)
{
	if (n < 0)
		put(r, STR("-"));
	put_u64(r, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static void put_hex(struct render *r, uint64_t n)
{
	char digits[16];
	size_t at = sizeof(digits);
	do {
		digits[--at] = "0123456789abcdef"[n & 15];
		n >>= 4;
	} while (n);
	put(r, STR("0x"));
	out_buf_add(r->out, digits + at, sizeof(digits) - at);
}

// --- types ---

// In front of a literal's brace.
static void put_type(struct render *r, struct shape *s)
{
	struct str name = shape_name(r, s);
	bool is_tagged = str_starts(name, STR("struct ")) || str_starts(name, STR("union ")) ||
			 str_starts(name, STR("enum "));
	bool is_typedef =
		s->type->name.len == 0 && (s->kind == TYPE_STRUCT || s->kind == TYPE_UNION);
	if (!s->is_go && (is_tagged || is_typedef)) {
		put(r, STR("("));
		put(r, name);
		put(r, STR(")"));
	} else if (s->is_go && s->kind == TYPE_STRUCT && shape_is_unnamed(s)) {
		put(r, STR("struct"));
	} else if (shape_is_byte_list(r, s)) {
		shape_put_byte_list(s, r->out);
	} else {
		put(r, name);
	}
}

// In front of a conversion's parenthesis.
static void put_conversion(struct render *r, struct shape *s)
{
	struct str name = shape_name(r, s);
	bool is_operator = str_starts(name, STR("*")) || str_starts(name, STR("<-")) ||
			   str_starts(name, STR("func(")) || str_starts(name, STR("chan ")) ||
			   str_starts(name, STR("chan<- "));
	if (is_operator) {
		put(r, STR("("));
		put(r, name);
		put(r, STR(")"));
	} else {
		put_type(r, s);
	}
}

// Whether a literal of the kind has that type by itself.
static bool is_default_type(struct render *r, struct shape *s)
{
	struct str name = shape_name(r, s);
	return (s->kind == TYPE_INT && str_eq(name, STR("int"))) ||
	       (s->kind == TYPE_FLOAT && str_eq(name, STR("float64"))) ||
	       (s->kind == TYPE_BOOL && str_eq(name, STR("bool"))) ||
	       (s->kind == TYPE_STRING && str_eq(name, STR("string")));
}

static bool has_conversion(struct render *r, struct shape *s, enum where w)
{
	if (w != WHERE_ANY || is_default_type(r, s))
		return false;
	put_conversion(r, s);
	return true;
}

// --- values without parts ---

static void text_nil(struct render *r, struct shape *s, enum where w)
{
	struct str nil = s->is_go ? STR("nil") : STR("NULL");
	if (w != WHERE_ANY) {
		put(r, nil);
		return;
	}
	bool is_operator = s->kind == TYPE_PTR || s->kind == TYPE_CHAN || s->kind == TYPE_FUNC;
	bool is_unsafe = s->kind == TYPE_PTR && !shape_elem(r, s);
	put(r, is_operator && !is_unsafe ? STR("(") : STR(""));
	put(r, shape_name(r, s));
	put(r, is_operator && !is_unsafe ? STR(")(") : STR("("));
	put(r, nil);
	put(r, STR(")"));
}

static void text_mark(struct render *r, enum mark m)
{
	put(r, m == MARK_CUT          ? STR("...")
	       : m == MARK_UNREADABLE ? STR("<unreadable>")
				      : STR("<redacted>"));
}

// Numbers of more than 64 bits, in the order of their bytes.
static void put_wide(struct render *r, struct bytes v)
{
	put(r, STR("0x"));
	for (size_t i = v.len; i-- > 0;)
		out_buf_printf(r->out, "%02x", v.p[i]);
}

static void put_int(struct render *r, struct val v, bool is_signed)
{
	unsigned shift = 64 - 8 * (unsigned)MIN(MAX(v.s->size, 1u), 8u);
	uint64_t n = uint_at(v.v, 0, v.s->size);
	if (is_signed)
		put_i64(r, (int64_t)(n << shift) >> shift);
	else
		put_u64(r, n);
}

static void put_enum(struct render *r, struct val v)
{
	uint64_t n = uint_at(v.v, 0, v.s->size);
	for (size_t i = 0; i < v.s->under->n_enumerators; i++) {
		const struct type_enumerator *e = &v.s->under->enumerators[i];
		unsigned shift = 64 - 8 * (unsigned)MIN(MAX(v.s->size, 1u), 8u);
		if ((uint64_t)e->value << shift == n << shift) {
			put(r, e->name);
			return;
		}
	}
	put(r, STR("("));
	put(r, shape_name(r, v.s));
	put(r, STR(")"));
	put_int(r, v, v.s->under->is_signed);
}

static void put_float(struct render *r, struct val v)
{
	long double wide = 0;
	if (v.v.len == 4 || v.v.len == 8) {
		out_go_float(v.v, r->out);
	} else if (v.v.len == sizeof(wide)) {
		memcpy(&wide, v.v.p, sizeof(wide));
		out_buf_printf(r->out, "%Lg", wide);
	} else {
		put_wide(r, v.v);
	}
}

static void put_scalar(struct render *r, struct val v)
{
	bool is_wide = v.v.len > 8 && v.s->kind != TYPE_FLOAT && v.s->kind != TYPE_COMPLEX;
	if (is_wide)
		put_wide(r, v.v);
	else if (v.s->kind == TYPE_BOOL)
		put(r, uint_at(v.v, 0, 1) ? STR("true") : STR("false"));
	else if (v.s->kind == TYPE_FLOAT)
		put_float(r, v);
	else if (v.s->kind == TYPE_COMPLEX)
		out_go_complex(v.v, r->out);
	else if (v.s->kind == TYPE_ENUM)
		put_enum(r, v);
	else if (v.s->kind == TYPE_PTR || v.s->under->go_kind == GO_UINTPTR || v.s->under->is_word)
		put_hex(r, word_at(v.v, 0));
	else
		put_int(r, v, v.s->kind == TYPE_INT || v.s->under->is_signed);
}

static void text_scalar(struct render *r, struct val v, enum where w)
{
	// A complex number brings its parentheses along.
	bool has_type = v.s->is_go && has_conversion(r, v.s, w);
	bool has_parentheses = has_type && v.s->kind != TYPE_COMPLEX;
	put(r, has_parentheses ? STR("(") : STR(""));
	put_scalar(r, v);
	put(r, has_parentheses ? STR(")") : STR(""));
}

static void put_cut(struct render *r, bool is_cut)
{
	if (is_cut)
		put(r, STR("..."));
}

static void text_string(struct render *r, struct shape *s, struct str have, uint64_t len,
			enum where w)
{
	bool has_type = s->is_go && has_conversion(r, s, w);
	put(r, has_type ? STR("(") : STR(""));
	out_go_quote(have, r->out);
	put_cut(r, have.len < len);
	put(r, has_type ? STR(")") : STR(""));
}

static void put_bytes(struct render *r, struct str have, bool is_cut)
{
	if (out_go_is_text(&have, is_cut)) {
		out_go_quote(have, r->out);
		put_cut(r, is_cut);
		return;
	}
	put(r, STR("0x"));
	for (size_t i = 0; i < have.len; i++)
		out_buf_printf(r->out, "%02x", (unsigned char)have.p[i]);
	put_cut(r, is_cut);
}

static void text_bytes(struct render *r, struct shape *s, struct str have, uint64_t len)
{
	put_type(r, s);
	put(r, STR("("));
	put_bytes(r, have, have.len < len);
	put(r, STR(")"));
}

static void text_func(struct render *r, struct shape *s, struct str name, uint64_t code)
{
	if (name.len) {
		put(r, name);
		return;
	}
	put(r, STR("("));
	put(r, shape_name(r, s));
	put(r, STR(")("));
	put_hex(r, code);
	put(r, STR(")"));
}

// What is converted follows, and in Go a parenthesis that ends it.
static void put_cast(struct render *r, struct shape *s)
{
	put(r, STR("("));
	put(r, shape_name(r, s));
	put(r, s->is_go ? STR(")(") : STR(")"));
}

static void text_chan(struct render *r, struct shape *s, const struct chan_facts *c)
{
	put_cast(r, s);
	put(r, STR("len "));
	put_u64(r, c->len);
	put(r, STR(", cap "));
	put_u64(r, c->cap);
	put(r, c->is_closed ? STR(", closed)") : STR(")"));
}

// --- special types ---

static void text_text(struct render *r, struct shape *s, const struct special_text *t, enum where w)
{
	bool is_quoted = t->form == TEXT_QUOTED || t->form == TEXT_ERROR;
	bool has_type = t->form == TEXT_CALL || t->form == TEXT_QUOTED ||
			(t->form == TEXT_BARE && w == WHERE_ANY);
	if (has_type) {
		put_conversion(r, s);
		put(r, STR("("));
	}
	if (t->form == TEXT_ERROR) {
		put(r, t->label);
		put(r, STR(" "));
	}
	if (t->is_unreadable)
		text_mark(r, MARK_UNREADABLE);
	else if (is_quoted)
		out_go_quote(t->text, r->out);
	else
		put(r, t->text);
	// An error's text says itself that it goes on.
	if (t->is_cut && t->form != TEXT_ERROR)
		put(r, STR("..."));
	put(r, has_type ? STR(")") : STR(""));
}

static void text_error(struct render *r, struct val ptr, struct val target,
		       const struct special_text *t)
{
	(void)target;
	text_text(r, ptr.s, t, WHERE_TYPED);
}

// --- references ---

static void text_far(struct render *r, struct shape *s, uint64_t addr, enum far why, enum where w)
{
	struct shape *target = s;
	if (why != FAR_CUT || s->kind == TYPE_CHAN) {
		put_cast(r, s);
		if (why == FAR_UNREADABLE)
			text_mark(r, MARK_UNREADABLE);
		else
			put_hex(r, addr);
		put(r, s->is_go ? STR(")") : STR(""));
		return;
	}
	if (s->kind == TYPE_PTR) {
		put(r, STR("&"));
		target = shape_elem(r, s);
	}
	bool is_braced = target && (target->kind == TYPE_STRUCT || target->kind == TYPE_UNION ||
				    target->kind == TYPE_MAP || target->kind == TYPE_SLICE);
	if (s->kind == TYPE_PTR && is_braced && target->kind != TYPE_STRUCT)
		is_braced = target->kind == TYPE_UNION;
	if (is_braced && (w != WHERE_ELEM || !s->is_go))
		put_type(r, target);
	put(r, is_braced ? STR("{...}") : STR("..."));
}

static void text_absent(struct render *r, struct shape *s, uint64_t rtype)
{
	if (s) {
		put_conversion(r, s);
	} else {
		put(r, STR("("));
		put_hex(r, rtype);
		put(r, STR(")"));
	}
	put(r, STR("(...)"));
}

static void text_ptr_begin(struct render *r, struct shape *s, uint64_t addr, struct shape *target)
{
	(void)s;
	(void)addr;
	(void)target;
	put(r, STR("&"));
}

static void text_ptr_end(struct render *r)
{
	(void)r;
}

static void text_call_begin(struct render *r, struct shape *s)
{
	put_conversion(r, s);
	put(r, STR("("));
}

static void text_call_end(struct render *r)
{
	put(r, STR(")"));
}

// --- groups ---

static void mark_break(struct render *r, char kind)
{
	if (r->breaks)
		breaks_add(r->breaks, kind, r->out->n);
}

static void separate(struct render *r)
{
	if (!r->is_first) {
		mark_break(r, ',');
		put(r, STR(", "));
	}
	r->is_first = false;
}

static void text_open(struct render *r, struct shape *s, enum group g, uint64_t len, enum where w,
		      bool has_text_keys)
{
	(void)len;
	(void)has_text_keys;
	bool is_elem = w == WHERE_ELEM || (!s->is_go && g == GROUP_LIST);
	bool is_square = is_elem && s->is_go && g == GROUP_LIST;
	bool is_round = g == GROUP_TUPLE || (g == GROUP_ARGS && r->is_call);
	if (!is_elem && g != GROUP_ARGS && g != GROUP_TUPLE)
		put_type(r, s);
	put(r, is_square ? STR("[") : is_round ? STR("(") : STR("{"));
	if (r->n_groups < ARRAY_LEN(r->closers))
		r->closers[r->n_groups] = is_square ? ']' : is_round ? ')' : '}';
	r->n_groups++;
	r->is_first = true;
	mark_break(r, '{');
}

static void text_close(struct render *r, enum group g, bool has_text_keys)
{
	(void)g;
	(void)has_text_keys;
	mark_break(r, '}');
	r->n_groups--;
	out_buf_fill(r->out, r->n_groups < ARRAY_LEN(r->closers) ? r->closers[r->n_groups] : '}',
		     1);
	r->is_first = false;
}

static void text_field(struct render *r, struct shape *s, struct str name)
{
	separate(r);
	bool is_args = !s->is_go && str_eq(s->type->name, STR("args"));
	bool is_c = !s->is_go && !is_args;
	if (!name.len || s->kind == TYPE_TUPLE)
		return;
	put(r, is_c ? STR(".") : STR(""));
	put(r, name);
	put(r, is_c ? STR(" = ") : is_args && r->is_call ? STR("=") : STR(": "));
}

static void text_key_text(struct render *r, struct str key)
{
	separate(r);
	out_go_quote(key, r->out);
	put(r, STR(": "));
}

static void text_key_end(struct render *r)
{
	put(r, STR(": "));
}

static void text_entry_end(struct render *r, bool has_text_key)
{
	(void)r;
	(void)has_text_key;
}

static void text_more(struct render *r, uint64_t n)
{
	separate(r);
	if (n == UINT64_MAX) {
		put(r, STR("..."));
		return;
	}
	put(r, STR("+"));
	put_u64(r, n);
	put(r, STR(" more"));
}

static void text_unreadable(struct render *r)
{
	separate(r);
	text_mark(r, MARK_UNREADABLE);
}

const struct sink text_sink = {
	.nil = text_nil,
	.mark = text_mark,
	.scalar = text_scalar,
	.string = text_string,
	.bytes = text_bytes,
	.func = text_func,
	.chan = text_chan,
	.text = text_text,
	.error = text_error,
	.far = text_far,
	.absent = text_absent,
	.ptr_begin = text_ptr_begin,
	.ptr_end = text_ptr_end,
	.call_begin = text_call_begin,
	.call_end = text_call_end,
	.open = text_open,
	.close = text_close,
	.field = text_field,
	.item = separate,
	.key_text = text_key_text,
	.key_begin = separate,
	.key_end = text_key_end,
	.entry_end = text_entry_end,
	.more = text_more,
	.unreadable = text_unreadable,
};
