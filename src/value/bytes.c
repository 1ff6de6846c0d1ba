// SPDX-License-Identifier: Apache-2.0
// Types that keep bytes: bytes.Buffer, strings.Builder, math/big.Int.
#include <inttypes.h>

#include "value/render.h"

bool show_bytes_buffer(struct render *r, struct val v, enum where w)
{
	struct val buf;
	struct str have;
	uint64_t len, off;
	(void)w;
	if (!val_field(r, v, STR("buf"), &buf) || !val_text(r, buf, &have, &len) ||
	    !val_uint(r, v, STR("off"), &off) || off > len)
		return false;
	r->sink->bytes(r, v.s, str_from_off(have, (size_t)off), len - off);
	return true;
}

bool show_strings_builder(struct render *r, struct val v, enum where w)
{
	struct val buf;
	struct str have;
	uint64_t len;
	(void)w;
	if (!val_field(r, v, STR("buf"), &buf) || !val_text(r, buf, &have, &len))
		return false;
	r->sink->bytes(r, v.s, have, len);
	return true;
}

// --- big numbers ---

#define BIG_WORDS_MAX 1024
#define BIG_DIGITS    19 // of a part, which fits in a word
#define BIG_UNIT      10000000000000000000ull

// Divides by BIG_UNIT, returns what remains.
static uint64_t divide(uint64_t *words, size_t n)
{
	unsigned __int128 rest = 0;
	for (size_t i = n; i-- > 0;) {
		rest = rest << 64 | words[i];
		words[i] = (uint64_t)(rest / BIG_UNIT);
		rest %= BIG_UNIT;
	}
	return (uint64_t)rest;
}

// The lowest word comes first; so does the lowest part.
static void put_number(uint64_t *words, size_t n, struct out_buf *out)
{
	uint64_t parts[BIG_WORDS_MAX * 2];
	size_t n_parts = 0;
	while (n && words[n - 1] == 0)
		n--;
	while (n && n_parts < ARRAY_LEN(parts)) {
		parts[n_parts++] = divide(words, n);
		while (n && words[n - 1] == 0)
			n--;
	}
	out_buf_printf(out, "%" PRIu64, n_parts ? parts[n_parts - 1] : 0);
	for (size_t i = n_parts > 0 ? n_parts - 1 : 0; i-- > 0;)
		out_buf_printf(out, "%0*" PRIu64, BIG_DIGITS, parts[i]);
}

bool show_big_int(struct render *r, struct val v, enum where w)
{
	struct val abs, items;
	uint64_t n, is_negative, words[BIG_WORDS_MAX];
	struct out_buf text = { 0 };
	if (!val_field(r, v, STR("abs"), &abs) || !val_uint(r, v, STR("neg"), &is_negative) ||
	    !val_slice(r, abs, &items, &n) || items.s->size != 8)
		return false;
	// The time that it takes grows with the square of the length.
	bool is_there = n <= BIG_WORDS_MAX && items.v.len == n * 8 && render_step(r, n * n / 4);
	bool is_unreadable = val_is_unreadable(r, abs);
	struct special_text t = { .form = TEXT_CALL,
				  .is_cut = !is_there && !is_unreadable,
				  .is_unreadable = is_unreadable };
	if (is_there) {
		if (n)
			memcpy(words, items.v.p, items.v.len);
		out_buf_str(&text, is_negative ? STR("-") : STR(""));
		put_number(words, (size_t)n, &text);
	}
	t.text = out_buf_view(&text);
	r->sink->text(r, v.s, &t, w);
	out_buf_free(&text);
	return true;
}
