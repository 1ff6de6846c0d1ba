// SPDX-License-Identifier: Apache-2.0
// A long line of text broken into several, at the places that were noted when it was written.
#include <stdlib.h>

#include "value/render.h"

#define INDENT      2
#define WRAPPED_MAX (1u << 20)

void breaks_free(struct breaks *b)
{
	free(b->v);
}

void breaks_add(struct breaks *b, char kind, size_t off)
{
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 64;
		struct break_mark *v = reallocarray(b->v, cap, sizeof(*v));
		if (!v)
			abort();
		b->v = v;
		b->cap = cap;
	}
	if (kind == '{') {
		if (b->depth < ARRAY_LEN(b->open))
			b->open[b->depth] = (uint32_t)b->n;
		b->depth++;
	} else if (kind == '}') {
		b->depth--;
		if (b->depth < ARRAY_LEN(b->open))
			b->v[b->open[b->depth]].match = (uint32_t)b->n;
	}
	b->v[b->n++] = (struct break_mark) { .off = (uint32_t)off, .kind = kind };
}

struct wrap {
	const struct breaks *b;
	struct out_buf *out;
	struct str text;
	size_t width, indent;
	size_t pos;    // how much of the text is written
	size_t column; // of the line that is being written
	unsigned depth;
};

// Characters, not bytes.
static size_t columns(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static struct str between(const struct wrap *w, size_t from, size_t to)
{
	return str_first(str_from_off(w->text, from), to > from ? to - from : 0);
}

static void copy_to(struct wrap *w, size_t off)
{
	struct str s = between(w, w->pos, off);
	out_buf_str(w->out, s);
	w->column += columns(s);
	w->pos = MAX(w->pos, off);
}

static void new_line(struct wrap *w)
{
	w->column = w->indent + (size_t)w->depth * INDENT;
	out_buf_fill(w->out, '\n', 1);
	out_buf_fill(w->out, ' ', w->column);
}

// Whether all that a group holds, and what follows up to the next place for a break, has room.
static bool fits(const struct wrap *w, size_t open)
{
	size_t close = w->b->v[open].match;
	size_t end = close + 1 < w->b->n ? w->b->v[close + 1].off : w->text.len;
	size_t comma = w->depth > 0;
	return w->column + columns(between(w, w->pos, end)) + comma <= w->width;
}

// Indents make text longer: what comes when it is too long is not broken any more.
static void wrap_lines(struct wrap *w, size_t max)
{
	for (size_t i = 0; i < w->b->n && w->out->n < max; i++) {
		const struct break_mark *m = &w->b->v[i];
		copy_to(w, m->off);
		if (m->kind == '{') {
			bool is_empty = m->match == i + 1 && w->b->v[m->match].off == m->off;
			if (is_empty || fits(w, i)) {
				i = MAX(i, m->match);
				continue;
			}
			w->depth++;
			new_line(w);
		} else if (m->kind == ',') {
			out_buf_str(w->out, STR(","));
			w->pos = m->off + 2;
			new_line(w);
		} else {
			out_buf_str(w->out, STR(","));
			w->depth--;
			new_line(w);
		}
	}
	copy_to(w, w->text.len);
}

void breaks_apply(struct breaks *b, const struct value_style *style, struct out_buf *out,
		  size_t start)
{
	struct out_buf line = { 0 };
	struct str text = str_from_off(out_buf_view(out), start);
	if (b->n == 0 || style->indent + columns(text) <= style->width)
		return;
	out_buf_str(&line, text);
	for (size_t i = 0; i < b->n; i++)
		b->v[i].off -= (uint32_t)start;
	out->n = start;
	struct wrap w = {
		b, out, out_buf_view(&line), style->width, style->indent, 0, style->indent, 0
	};
	wrap_lines(&w, start + WRAPPED_MAX);
	out_buf_free(&line);
}
