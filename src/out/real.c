// SPDX-License-Identifier: Apache-2.0
// Floating point numbers, as Go prints them. Hides how many digits tell one from its neighbours.
#include <math.h>
#include <stdlib.h>

#include "out/layout.h"

// A number with an exponent: so many digits at most, a point, a sign and the exponent.
#define TEXT_MAX   64
#define DIGITS_MAX 17

double out_float_at(struct bytes v, size_t off, size_t size)
{
	uint64_t bits = layout_uint(v, off, size);
	uint32_t half = (uint32_t)bits;
	float single;
	double value;
	memcpy(&single, &half, sizeof(single));
	memcpy(&value, &bits, sizeof(value));
	return size == 4 ? (double)single : value;
}

static double layout_float(const struct out_type *t, struct bytes v)
{
	return out_float_at(v, 0, MIN(t->size, 8u));
}

struct number layout_float_order(const struct out_type *t, struct bytes v)
{
	double value = layout_float(t, v);
	uint64_t bits;
	if (value == 0)
		value = 0; // there are two of them
	memcpy(&bits, &value, sizeof(bits));
	// Negative ones are ordered the other way round.
	return (struct number) { bits >> 63 ? bits ^ (UINT64_MAX >> 1) : bits, true };
}

// --- digits ---

static bool reads_back(const char *text, double value, bool is_single)
{
	double again = strtod(text, NULL);
	return is_single ? (double)strtof(text, NULL) == value : again == value;
}

// "1.29e+05" to "1.30e+05". False where that would make one digit more.
static bool step_up(char *text)
{
	char *p = strchr(text, 'e');
	while (p && p-- > text) {
		if (*p >= '0' && *p < '9') {
			++*p;
			return true;
		}
		if (*p == '9')
			*p = '0';
	}
	return false;
}

// d.ddde+XX with as few digits as give the same number again. value: not negative.
static void shortest(double value, bool is_single, char text[TEXT_MAX])
{
	for (int digits = 1; digits < 17; digits++) {
		snprintf(text, TEXT_MAX, "%.*e", digits - 1, value);
		if (reads_back(text, value, is_single))
			return;
		// What is nearest may lie below a power of two, where numbers are closer to each
		// other, and the next one above may do.
		if (strtod(text, NULL) < value && step_up(text) &&
		    reads_back(text, value, is_single))
			return;
	}
	snprintf(text, TEXT_MAX, "%.16e", value);
}

// --- texts ---

// NaN and the two infinities.
static bool put_special(double value, bool has_plus, struct out_buf *b)
{
	if (isnan(value))
		out_buf_str(b, has_plus ? STR("+NaN") : STR("NaN"));
	else if (isinf(value))
		out_buf_str(b, value > 0 ? STR("+Inf") : STR("-Inf"));
	else
		return false;
	return true;
}

static struct str sign_of(double value, bool has_plus, bool has_blank)
{
	return signbit(value) ? STR("-") : has_plus ? STR("+") : has_blank ? STR(" ") : STR("");
}

// With an exponent if it is below -4 or above 5: %v and %g of Go. value: not negative, finite.
static void put_shortest(double value, bool is_single, struct out_buf *b)
{
	char text[TEXT_MAX];
	char digits[DIGITS_MAX];
	size_t n = 0;
	shortest(value, is_single, text);
	char *e = strchr(text, 'e');
	int exponent = e ? (int)strtol(e + 1, NULL, 10) : 0;
	if (exponent < -4 || exponent > 5) {
		out_buf_str(b, str_from(text));
		return;
	}
	for (const char *p = text; p < e && n < DIGITS_MAX; p++)
		if (*p != '.')
			digits[n++] = *p;
	if (exponent < 0) {
		out_buf_str(b, STR("0."));
		out_buf_fill(b, '0', (size_t)-exponent - 1);
		out_buf_add(b, digits, n);
		return;
	}
	size_t whole = MIN(n, (size_t)exponent + 1);
	out_buf_add(b, digits, whole);
	out_buf_fill(b, '0', (size_t)exponent + 1 - whole);
	if (n > whole) {
		out_buf_str(b, STR("."));
		out_buf_add(b, digits + whole, n - whole);
	}
}

static void put_plain(double value, bool is_single, bool has_plus, struct out_buf *b)
{
	if (put_special(value, has_plus, b))
		return;
	out_buf_str(b, sign_of(value, has_plus, false));
	put_shortest(fabs(value), is_single, b);
}

void layout_float_text(const struct out_type *t, struct bytes v, struct out_buf *b)
{
	put_plain(layout_float(t, v), t->size == 4, false, b);
}

void layout_float_json(const struct out_type *t, struct bytes v, struct json *j)
{
	struct out_buf text = { 0 };
	layout_float_text(t, v, &text);
	if (isfinite(layout_float(t, v)))
		json_number(j, out_buf_view(&text));
	else
		json_str(j, out_buf_view(&text));
	out_buf_free(&text);
}

void layout_complex_text(const struct out_type *t, struct bytes v, struct out_buf *b)
{
	size_t half = t->size / 2;
	out_buf_str(b, STR("("));
	put_plain(out_float_at(v, 0, half), half == 4, false, b);
	put_plain(out_float_at(v, half, half), half == 4, true, b);
	out_buf_str(b, STR("i)"));
}

static struct out_type type_of(struct bytes v, enum out_kind kind)
{
	return (struct out_type) { .kind = kind, .size = (uint32_t)v.len };
}

void out_go_float(struct bytes v, struct out_buf *b)
{
	struct out_type t = type_of(v, OUT_FLOAT);
	layout_float_text(&t, v, b);
}

void out_go_float_json(struct bytes v, struct json *j)
{
	struct out_type t = type_of(v, OUT_FLOAT);
	layout_float_json(&t, v, j);
}

void out_go_complex(struct bytes v, struct out_buf *b)
{
	struct out_type t = type_of(v, OUT_COMPLEX);
	layout_complex_text(&t, v, b);
}

// --- printf ---

static void put_digits(const struct float_spec *s, double value, bool is_single, struct out_buf *b)
{
	int precision = s->precision < 0 ? 6 : s->precision;
	char letter = (char)(s->letter | 0x20);
	if (letter == 'g' && s->precision < 0 && !s->has_prefix)
		put_shortest(value, is_single, b);
	else if (letter == 'g' && s->has_prefix)
		out_buf_printf(b, "%#.*g", precision, value);
	else if (letter == 'g')
		out_buf_printf(b, "%.*g", precision, value);
	else if (letter == 'e' && s->has_prefix)
		out_buf_printf(b, "%#.*e", precision, value);
	else if (letter == 'e')
		out_buf_printf(b, "%.*e", precision, value);
	else if (s->has_prefix)
		out_buf_printf(b, "%#.*f", precision, value);
	else
		out_buf_printf(b, "%.*f", precision, value);
}

static void put_formatted(const struct float_spec *s, double value, bool is_single,
			  struct out_buf *b)
{
	struct out_buf digits = { 0 };
	struct str sign = sign_of(value, s->has_plus, s->has_blank);
	if (put_special(value, s->has_plus, b))
		return;
	put_digits(s, fabs(value), is_single, &digits);
	char *e = s->letter == 'E' || s->letter == 'G' ? memchr(digits.p, 'e', digits.n) : NULL;
	if (e)
		*e = 'E';
	size_t n = digits.n + sign.len;
	out_buf_str(b, sign);
	out_buf_fill(b, '0', s->zeros_to > n ? s->zeros_to - n : 0);
	out_buf_str(b, out_buf_view(&digits));
	out_buf_free(&digits);
}

void layout_float_format(const struct float_spec *s, const struct out_type *t, struct bytes v,
			 struct out_buf *b)
{
	size_t half = t->size / 2;
	struct float_spec signed_one = *s;
	if (t->kind == OUT_FLOAT) {
		put_formatted(s, layout_float(t, v), t->size == 4, b);
		return;
	}
	signed_one.has_plus = true;
	out_buf_str(b, STR("("));
	put_formatted(s, out_float_at(v, 0, half), half == 4, b);
	put_formatted(&signed_one, out_float_at(v, half, half), half == 4, b);
	out_buf_str(b, STR("i)"));
}
