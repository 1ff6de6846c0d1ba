// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>

#include "out/layout.h"

struct bytes layout_slice(struct bytes b, size_t off, size_t n)
{
	if (off >= b.len)
		return (struct bytes) { NULL, 0 };
	return (struct bytes) { b.p + off, MIN(n, b.len - off) };
}

uint64_t layout_uint(struct bytes b, size_t off, size_t size)
{
	uint64_t v = 0;
	struct bytes field = layout_slice(b, off, MIN(size, sizeof(v)));
	if (field.len)
		memcpy(&v, field.p, field.len);
	return v;
}

// --- numbers ---

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
	if (bits == 0 || bits >= 64)
		return v;
	uint64_t sign = 1ULL << (bits - 1);
	v &= (sign << 1) - 1;
	return (v ^ sign) - sign;
}

static struct number total_average(const struct out_type *t, struct bytes v)
{
	struct number n = { layout_uint(v, 0, 8), t->is_signed };
	return layout_divide(n, layout_uint(v, 8, 8));
}

bool layout_number(const struct out_type *t, struct bytes v, struct number *out)
{
	unsigned size = MIN(t->size, 8u);
	*out = (struct number) { layout_uint(v, 0, size), t->is_signed };
	switch (t->kind) {
	case OUT_INT:
		*out = (struct number) { sign_extend(out->bits, size * 8), true };
		return true;
	case OUT_ENUM:
		if (t->is_signed)
			out->bits = sign_extend(out->bits, size * 8);
		return true;
	case OUT_UINT:
	case OUT_POINTER:
		out->is_signed = false;
		return true;
	case OUT_BOOL:
		*out = (struct number) { layout_uint(v, 0, 1) != 0, false };
		return true;
	case OUT_COUNT:
		*out = (struct number) { layout_uint(v, 0, 8), false };
		return true;
	case OUT_SUM:
	case OUT_MIN:
	case OUT_MAX:
		out->bits = layout_uint(v, 0, 8);
		return true;
	case OUT_AVG:
		*out = total_average(t, v);
		return true;
	case OUT_NONE:
	case OUT_FLOAT:
	case OUT_COMPLEX:
	case OUT_STRING:
	case OUT_TEXT:
	case OUT_SLICE:
	case OUT_BUFFER:
	case OUT_ARRAY:
	case OUT_TUPLE:
	case OUT_RECORD:
	case OUT_TIMESTAMP:
	case OUT_DURATION:
	case OUT_MAC:
	case OUT_INET:
	case OUT_SYMBOL:
	case OUT_STACK:
	case OUT_NAME:
	case OUT_GO:
	case OUT_STATS:
	case OUT_HIST:
	case OUT_LHIST:
	case OUT_TSERIES:
	case OUT_TIMES:
		break;
	}
	return false;
}

bool out_value_number(struct out_value v, uint64_t *out, bool *is_signed)
{
	struct number n;
	if (!layout_number(v.type, v.bytes, &n))
		return false;
	*out = n.bits;
	*is_signed = n.is_signed;
	return true;
}

struct number layout_divide(struct number n, uint64_t div)
{
	if (div == 0)
		return (struct number) { 0, n.is_signed };
	if (n.is_signed && (int64_t)n.bits < 0)
		n.bits = -(-n.bits / div);
	else
		n.bits /= div;
	return n;
}

static void number_text(struct out_buf *b, struct number n)
{
	if (n.is_signed)
		out_buf_printf(b, "%" PRId64, (int64_t)n.bits);
	else
		out_buf_printf(b, "%" PRIu64, n.bits);
}

static void number_json(struct json *j, struct number n)
{
	if (n.is_signed)
		json_exact_i64(j, (int64_t)n.bits);
	else
		json_exact_u64(j, n.bits);
}

static const struct out_enumerator *find_enumerator(const struct out_type *t, uint64_t value)
{
	for (uint32_t i = 0; i < t->n_names; i++)
		if ((uint64_t)t->names[i].value == value)
			return &t->names[i];
	return NULL;
}

static bool is_counted(const struct out_type *t)
{
	return t->kind != OUT_POINTER && t->kind != OUT_BOOL && t->kind != OUT_ENUM;
}

static void scalar_text(struct layout *l, const struct out_type *t, struct number n)
{
	const struct out_enumerator *e = NULL;
	if (t->kind == OUT_POINTER && t->is_go && !n.bits)
		out_buf_str(l->b, STR("nil"));
	else if (t->kind == OUT_POINTER)
		out_buf_printf(l->b, "0x%" PRIx64, n.bits);
	else if (t->kind == OUT_BOOL)
		out_buf_str(l->b, n.bits ? STR("true") : STR("false"));
	else if (t->kind == OUT_ENUM && (e = find_enumerator(t, n.bits)))
		out_buf_str(l->b, e->name);
	else if (t->is_duration && l->div == 1)
		out_go_duration((int64_t)n.bits, l->b);
	else
		number_text(l->b, is_counted(t) ? layout_divide(n, l->div) : n);
}

// --- text of one kind ---

// How a Go text that is kept as a STRING ends: see OUT_END_CUT.
static uint64_t go_end(const struct out_type *t, struct bytes v)
{
	bool is_go = t->kind == OUT_STRING && t->is_go && v.len >= 8;
	return is_go ? layout_uint(v, v.len - 8, 8) : 0;
}

bool layout_is_unreadable(const struct out_type *t, struct bytes v)
{
	if (t->kind == OUT_TEXT)
		return layout_uint(v, 0, 8) == OUT_UNREADABLE;
	return go_end(t, v) & OUT_END_UNREADABLE;
}

struct str layout_text_bytes(const struct out_type *t, struct bytes v)
{
	struct bytes have = v;
	if (t->kind == OUT_TEXT)
		have = layout_slice(v, 8, layout_is_unreadable(t, v) ? 0 : layout_uint(v, 0, 8));
	else if (t->is_go)
		have.len = v.len < 8 ? 0 : MIN((uint32_t)go_end(t, v), v.len - 8);
	else
		have.len = v.len ? strnlen((const char *)v.p, v.len) : 0;
	return (struct str) { (const char *)have.p, have.len };
}

struct str layout_trailer(const struct out_env *env, const struct out_type *t, struct bytes v)
{
	size_t n = layout_text_bytes(t, v).len;
	bool is_cut = t->kind == OUT_TEXT ? n < layout_uint(v, 0, 8)
		      : t->is_go          ? (go_end(t, v) & OUT_END_CUT) != 0
					  : !t->is_exact && t->size && n == t->size;
	if (!is_cut)
		return STR("");
	return t->is_go || t->kind == OUT_TEXT ? env->go_trailer : env->trailer;
}

static void string_text(const struct layout *l, const struct out_type *t, struct bytes v,
			struct out_buf *b)
{
	if (layout_is_unreadable(t, v)) {
		out_buf_str(b, STR("<unreadable>"));
		return;
	}
	out_buf_str(b, layout_text_bytes(t, v));
	out_buf_str(b, layout_trailer(l->env, t, v));
}

static struct bytes buffer_bytes(struct bytes v)
{
	return layout_slice(v, 4, (size_t)layout_uint(v, 0, 4));
}

static void buffer_text(struct bytes v, struct out_buf *b)
{
	struct bytes have = buffer_bytes(v);
	for (size_t i = 0; i < have.len; i++) {
		uint8_t c = have.p[i];
		if (c >= 0x20 && c < 0x7f)
			out_buf_fill(b, (char)c, 1);
		else
			out_buf_printf(b, "\\x%02x", c);
	}
}

static void mac_text(struct bytes v, struct out_buf *b)
{
	for (size_t i = 0; i < 6; i++)
		out_buf_printf(b, "%s%02X", i ? ":" : "", (unsigned)layout_uint(v, i, 1));
}

static void inet_text(struct bytes v, struct out_buf *b)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t addr[16] = { 0 };
	struct bytes have = layout_slice(v, 4, sizeof(addr));
	if (have.len)
		memcpy(addr, have.p, have.len);
	if (inet_ntop((int)layout_uint(v, 0, 4), addr, text, sizeof(text)))
		out_buf_str(b, str_from(text));
}

static void resolved_text(const struct layout *l, const struct out_type *t, struct bytes v,
			  struct out_buf *b)
{
	if (l->env->resolve)
		l->env->resolve(l->env->ctx, t, v, l->is_compact ? 0 : 8, b);
	else
		out_buf_printf(b, "0x%" PRIx64, layout_uint(v, 0, 8));
}

// The text of kinds that are strings in JSON.
static bool words(const struct layout *l, const struct out_type *t, struct bytes v,
		  struct out_buf *b)
{
	if (t->kind == OUT_STRING || t->kind == OUT_TEXT)
		string_text(l, t, v, b);
	else if (t->kind == OUT_COMPLEX)
		layout_complex_text(t, v, b);
	else if (t->kind == OUT_TIMESTAMP)
		out_strftime(b, t->format,
			     layout_uint(v, 0, 8) +
				     l->env->clocks.to_wall[t->clock % OUT_N_CLOCKS]);
	else if (t->kind == OUT_DURATION)
		out_duration(b, layout_uint(v, 0, 8));
	else if (t->kind == OUT_MAC)
		mac_text(v, b);
	else if (t->kind == OUT_INET)
		inet_text(v, b);
	else if (t->kind == OUT_SYMBOL || t->kind == OUT_STACK || t->kind == OUT_NAME ||
		 t->kind == OUT_GO)
		resolved_text(l, t, v, b);
	else
		return false;
	return true;
}

// --- values made of others ---

// The bytes of a field; of a bit-field, its number taken out into store.
static struct bytes field_bytes(const struct out_field *f, struct bytes v, uint64_t *store)
{
	if (f->bit_size == 0)
		return layout_slice(v, f->off, f->type->size);
	uint64_t n = layout_uint(v, f->off, 8) >> (f->bit_off & 63);
	if ((f->bit_off & 63) + f->bit_size > 64)
		n |= layout_uint(v, (size_t)f->off + 8, 1) << (64 - (f->bit_off & 63));
	n = sign_extend(n, f->bit_size);
	bool is_signed = f->type->kind == OUT_INT || f->type->is_signed;
	if (!is_signed && f->bit_size < 64)
		n &= (1ULL << f->bit_size) - 1;
	*store = n;
	return (struct bytes) { (const uint8_t *)store, MIN(f->type->size, sizeof(*store)) };
}

static bool is_marked(uint32_t marks, uint32_t i)
{
	return marks & (1u << MIN(i, 31u));
}

static void fields_text(struct layout *l, const struct out_type *t, struct bytes v)
{
	uint32_t marks = l->unreadable;
	l->unreadable = 0;
	for (uint32_t i = 0; i < t->n_fields; i++) {
		const struct out_field *f = &t->fields[i];
		uint64_t store;
		if (i)
			out_buf_str(l->b, l->is_compact ? STR(",") : STR(", "));
		if (t->kind == OUT_RECORD) {
			out_buf_str(l->b, STR("."));
			out_buf_str(l->b, f->name);
			out_buf_str(l->b, l->is_compact ? STR("=") : STR(" = "));
		}
		if (is_marked(marks, i))
			out_buf_str(l->b, STR("<unreadable>"));
		else if (f->is_secret)
			out_buf_str(l->b, STR("<redacted>"));
		else
			layout_text(l, f->type, field_bytes(f, v, &store));
	}
}

static void record_text(struct layout *l, const struct out_type *t, struct bytes v)
{
	bool has_blanks = t->n_fields && !l->is_compact;
	out_buf_str(l->b, has_blanks ? STR("{ ") : STR("{"));
	fields_text(l, t, v);
	out_buf_str(l->b, has_blanks ? STR(" }") : STR("}"));
}

static void array_text(struct layout *l, const struct out_type *t, struct bytes v)
{
	out_buf_str(l->b, STR("["));
	for (uint32_t i = 0; i < t->count; i++) {
		if (i)
			out_buf_str(l->b, STR(","));
		layout_text(l, t->elem, layout_slice(v, (size_t)i * t->elem->size, t->elem->size));
	}
	out_buf_str(l->b, STR("]"));
}

static void stats_text(struct layout *l, const struct out_type *t, struct bytes v)
{
	struct number total = { layout_uint(v, 0, 8), t->is_signed };
	out_buf_printf(l->b, "{ .count = %" PRIu64 ", .average = ", layout_uint(v, 8, 8));
	number_text(l->b, layout_divide(total_average(t, v), l->div));
	out_buf_str(l->b, STR(", .total = "));
	number_text(l->b, total);
	out_buf_str(l->b, STR(" }"));
}

void layout_text(struct layout *l, const struct out_type *t, struct bytes v)
{
	struct number n;
	if (l->depth >= OUT_DEPTH_MAX) {
		out_buf_str(l->b, STR("..."));
		return;
	}
	l->depth++;
	if (layout_number(t, v, &n)) {
		scalar_text(l, t, n);
	} else if (t->kind == OUT_FLOAT) {
		layout_float_text(t, v, l->b);
	} else if (t->kind == OUT_SLICE) {
		layout_slice_text(v, l->b);
	} else if (t->kind == OUT_BUFFER) {
		buffer_text(v, l->b);
	} else if (t->kind == OUT_ARRAY) {
		array_text(l, t, v);
	} else if (t->kind == OUT_TUPLE) {
		out_buf_str(l->b, STR("("));
		fields_text(l, t, v);
		out_buf_str(l->b, STR(")"));
	} else if (t->kind == OUT_RECORD) {
		record_text(l, t, v);
	} else if (t->kind == OUT_STATS) {
		stats_text(l, t, v);
	} else if (!words(l, t, v, l->b)) {
		out_buf_str(l->b, STR("?")); // no value that is known
	}
	l->depth--;
}

void layout_key(struct layout *l, const struct out_type *t, struct bytes v)
{
	if (t->kind == OUT_TUPLE)
		fields_text(l, t, v);
	else
		layout_text(l, t, v);
}

// --- JSON ---

static void fields_json(struct layout *l, const struct out_type *t, struct bytes v, struct json *j)
{
	bool has_names = t->kind == OUT_RECORD;
	uint32_t marks = l->unreadable;
	l->unreadable = 0;
	json_open(j, has_names ? '{' : '[');
	for (uint32_t i = 0; i < t->n_fields; i++) {
		const struct out_field *f = &t->fields[i];
		uint64_t store;
		if (has_names)
			json_key_str(j, f->name);
		if (is_marked(marks, i))
			json_null(j);
		else if (f->is_secret)
			json_redacted(j);
		else
			layout_json(l, f->type, field_bytes(f, v, &store), j);
	}
	json_close(j, has_names ? '}' : ']');
}

static void array_json(struct layout *l, const struct out_type *t, struct bytes v, struct json *j)
{
	json_open(j, '[');
	for (uint32_t i = 0; i < t->count; i++)
		layout_json(l, t->elem, layout_slice(v, (size_t)i * t->elem->size, t->elem->size),
			    j);
	json_close(j, ']');
}

static void buffer_json(struct bytes v, struct json *j)
{
	struct bytes have = buffer_bytes(v);
	json_open(j, '[');
	for (size_t i = 0; i < have.len; i++)
		json_i64(j, (int8_t)have.p[i]);
	json_close(j, ']');
}

static void stats_json(const struct layout *l, const struct out_type *t, struct bytes v,
		       struct json *j)
{
	json_open(j, '{');
	json_key(j, "count");
	json_exact_u64(j, layout_uint(v, 8, 8));
	json_key(j, "average");
	number_json(j, layout_divide(total_average(t, v), l->div));
	json_key(j, "total");
	number_json(j, (struct number) { layout_uint(v, 0, 8), t->is_signed });
	json_close(j, '}');
}

static void words_json(const struct layout *l, const struct out_type *t, struct bytes v,
		       struct json *j)
{
	struct out_buf text = { 0 };
	if (words(l, t, v, &text))
		json_str(j, out_buf_view(&text));
	else
		json_null(j);
	out_buf_free(&text);
}

static bool is_nothing(const struct out_type *t, struct bytes v)
{
	bool has_nil = t->is_go && (t->kind == OUT_POINTER || t->kind == OUT_NAME);
	return layout_is_unreadable(t, v) || (has_nil && !layout_uint(v, 0, 8));
}

void layout_json(const struct layout *l, const struct out_type *t, struct bytes v, struct json *j)
{
	struct layout inner = *l;
	struct number n;
	inner.depth++;
	if (l->depth >= OUT_DEPTH_MAX || is_nothing(t, v))
		json_null(j);
	else if (t->kind == OUT_BOOL)
		json_bool(j, layout_uint(v, 0, 1) != 0);
	else if (layout_number(t, v, &n))
		number_json(j, is_counted(t) ? layout_divide(n, l->div) : n);
	else if (t->kind == OUT_FLOAT)
		layout_float_json(t, v, j);
	else if (t->kind == OUT_SLICE)
		layout_slice_json(v, j);
	else if (t->kind == OUT_BUFFER)
		buffer_json(v, j);
	else if (t->kind == OUT_ARRAY)
		array_json(&inner, t, v, j);
	else if (t->kind == OUT_TUPLE || t->kind == OUT_RECORD)
		fields_json(&inner, t, v, j);
	else if (t->kind == OUT_STATS)
		stats_json(l, t, v, j);
	else if (t->kind == OUT_GO && l->env->resolve_json)
		l->env->resolve_json(l->env->ctx, t, v, j);
	else
		words_json(l, t, v, j);
}

void out_value_text(const struct out_env *env, struct out_value v, struct out_buf *b)
{
	struct layout l = { .env = env, .b = b, .div = 1, .unreadable = v.unreadable };
	layout_text(&l, v.type, v.bytes);
}

void out_value_json(const struct out_env *env, struct out_value v, struct json *j)
{
	struct layout l = { .env = env, .div = 1, .unreadable = v.unreadable };
	layout_json(&l, v.type, v.bytes, j);
}
