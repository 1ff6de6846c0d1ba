// SPDX-License-Identifier: Apache-2.0
#include "base/diag.h"
#include "base/utf8.h"

#include <stdlib.h>

#define TAB_WIDTH 4
// Columns of a source line that are shown; of a longer one, those around the caret.
#define LINE_WIDTH 96
// What stands to the left of the caret when a line is cut.
#define LEFT_CONTEXT 40
#define CUT_MARK     "..."

struct message {
	bool is_error;
	struct span span;
	struct str text;
	VEC(struct str) hints;
};

struct source {
	struct str name;
	struct str text;
	VEC(uint32_t) lines; // where each line starts
};

// A range of a source that was taken from another one.
struct excerpt {
	struct span there, origin;
};

struct diag {
	struct arena *arena;
	VEC(struct source) sources;
	VEC(struct excerpt) excerpts;
	VEC(struct message) messages;
	size_t n_errors;
	size_t n_warnings;
	size_t n_told; // of messages, by diag_tell
	size_t n_muted;
	bool is_muted;
	bool is_last_kept; // the last message was new and is the last of messages
};

struct diag *diag_new(struct arena *a)
{
	struct diag *d = ARENA_NEW(a, struct diag);
	d->arena = a;
	return d;
}

uint32_t diag_add_source(struct diag *d, struct str name, struct str text)
{
	struct source s = { .name = name, .text = str_first(text, UINT32_MAX) };
	VEC_PUSH(d->arena, &s.lines, 0);
	for (size_t i = 0; i < s.text.len;) {
		const char *nl = memchr(s.text.p + i, '\n', s.text.len - i);
		if (!nl)
			break;
		i = (size_t)(nl - s.text.p) + 1;
		VEC_PUSH(d->arena, &s.lines, (uint32_t)i);
	}
	VEC_PUSH(d->arena, &d->sources, s);
	return (uint32_t)(d->sources.n - 1);
}

static const struct source *source_of(const struct diag *d, uint32_t source)
{
	return source < d->sources.n ? &d->sources.v[source] : NULL;
}

struct str diag_source_name(const struct diag *d, uint32_t source)
{
	const struct source *s = source_of(d, source);
	return s ? s->name : (struct str) { "", 0 };
}

struct str diag_source_text(const struct diag *d, uint32_t source)
{
	const struct source *s = source_of(d, source);
	return s ? s->text : (struct str) { "", 0 };
}

void diag_add_excerpt(struct diag *d, struct span there, struct span origin)
{
	struct excerpt e = { there, origin };
	VEC_PUSH(d->arena, &d->excerpts, e);
}

struct span diag_origin(const struct diag *d, struct span span)
{
	for (size_t i = 0; i < d->excerpts.n; i++) {
		const struct excerpt *e = &d->excerpts.v[i];
		// Its end belongs to it: that is where something is missing.
		if (span.source != e->there.source || span.off < e->there.off ||
		    span.off - e->there.off > e->there.len)
			continue;
		uint32_t off = span.off - e->there.off;
		if (e->origin.source == UINT32_MAX)
			return SPAN_NONE;
		return (struct span) { e->origin.source, e->origin.off + off,
				       MIN(span.len, e->there.len - off) };
	}
	return span;
}

struct str diag_span_text(const struct diag *d, struct span span)
{
	return str_first(str_from_off(diag_source_text(d, span.source), span.off), span.len);
}

// The index of the line that the offset is in.
static size_t line_at(const struct source *s, size_t off)
{
	size_t lo = 0, hi = s->lines.n;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->lines.v[mid] <= off)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

// Without its end.
static struct str line_text(const struct source *s, size_t line)
{
	size_t start = s->lines.v[line];
	size_t end = line + 1 < s->lines.n ? s->lines.v[line + 1] - 1 : s->text.len;
	if (end > start && s->text.p[end - 1] == '\r')
		end--;
	return (struct str) { s->text.p + start, end - start };
}

// --- characters ---

// Terminal columns of a code point: the common double-width and combining ranges.
static unsigned code_width(uint32_t c)
{
	static const struct {
		uint32_t from, to;
		unsigned width;
	} ranges[] = {
		{ 0x300, 0x36f, 0 },     { 0x1100, 0x115f, 2 },   { 0x200b, 0x200f, 0 },
		{ 0x20d0, 0x20ff, 0 },   { 0x2e80, 0xa4cf, 2 },   { 0xac00, 0xd7a3, 2 },
		{ 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },   { 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },   { 0x1f300, 0x1f64f, 2 },
		{ 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 },
	};
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		if (c >= ranges[i].from && c <= ranges[i].to)
			return ranges[i].width;
	}
	return 1;
}

// One character as it is shown.
struct glyph {
	struct str bytes; // what to print; "" for a tab, which is blanks
	size_t len;       // bytes of the source
	size_t width;     // columns
};

// The character at the start of s, which is not empty, when it comes to stand in that column.
static struct glyph glyph_at(struct str s, size_t col)
{
	uint32_t code;
	size_t len = utf8_decode(s, &code);
	if (code == '\t')
		return (struct glyph) { STR(""), len, TAB_WIDTH - col % TAB_WIDTH };
	// What is no text, or would steer the terminal, is not printed.
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return (struct glyph) { STR("?"), len, 1 };
	return (struct glyph) { str_first(s, len), len, code_width(code) };
}

static size_t count_chars(struct str s)
{
	size_t n = 0;
	uint32_t code;
	for (size_t i = 0; i < s.len; n++)
		i += utf8_decode(str_from_off(s, i), &code);
	return n;
}

static size_t count_cols(struct str s)
{
	size_t col = 0;
	for (size_t i = 0; i < s.len;) {
		struct glyph g = glyph_at(str_from_off(s, i), col);
		i += g.len;
		col += g.width;
	}
	return col;
}

void diag_line_col(const struct diag *d, struct span span, uint32_t *line, uint32_t *col)
{
	const struct source *s = source_of(d, span.source);
	*line = *col = 1;
	if (!s)
		return;
	size_t off = MIN(span.off, s->text.len);
	size_t i = line_at(s, off);
	*line = (uint32_t)i + 1;
	*col = (uint32_t)count_chars(str_first(line_text(s, i), off - s->lines.v[i])) + 1;
}

// --- collecting ---

static bool is_said(const struct diag *d, bool is_error, struct span span, struct str text)
{
	for (size_t i = 0; i < d->messages.n; i++) {
		const struct message *m = &d->messages.v[i];
		if (m->is_error == is_error && m->span.source == span.source &&
		    m->span.off == span.off && str_eq(m->text, text))
			return true;
	}
	return false;
}

PRINTF_LIKE(4, 0)
static void add(struct diag *d, bool is_error, struct span span, const char *fmt, va_list ap)
{
	size_t *n = is_error ? &d->n_errors : &d->n_warnings;
	d->is_last_kept = false;
	d->n_muted += d->is_muted;
	if (d->is_muted)
		return;
	span = diag_origin(d, span);
	struct str text = arena_vprintf(d->arena, fmt, ap);
	if (is_said(d, is_error, span, text))
		return;
	if ((*n)++ >= DIAG_MAX)
		return;
	struct message m = { .is_error = is_error, .span = span, .text = text };
	VEC_PUSH(d->arena, &d->messages, m);
	d->is_last_kept = true;
}

void diag_verror(struct diag *d, struct span span, const char *fmt, va_list ap)
{
	add(d, true, span, fmt, ap);
}

void diag_error(struct diag *d, struct span span, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, true, span, fmt, ap);
	va_end(ap);
}

void diag_warning(struct diag *d, struct span span, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, false, span, fmt, ap);
	va_end(ap);
}

void diag_hint(struct diag *d, const char *fmt, ...)
{
	if (!d->is_last_kept)
		return;
	va_list ap;
	va_start(ap, fmt);
	struct message *m = &d->messages.v[d->messages.n - 1];
	VEC_PUSH(d->arena, &m->hints, arena_vprintf(d->arena, fmt, ap));
	va_end(ap);
}

void diag_mute(struct diag *d, bool is_muted)
{
	d->is_muted = is_muted;
}

size_t diag_n_muted(const struct diag *d)
{
	return d->n_muted;
}

size_t diag_n_errors(const struct diag *d)
{
	return d->n_errors;
}

size_t diag_n_warnings(const struct diag *d)
{
	return d->n_warnings;
}

bool diag_is_full(const struct diag *d)
{
	return d->n_errors > DIAG_MAX;
}

// --- rendering ---

// The columns of a line that are shown.
struct window {
	size_t from;
	size_t to;
};

static struct window window_around(size_t cols, size_t caret)
{
	if (cols <= LINE_WIDTH)
		return (struct window) { 0, cols };
	size_t from = caret > LEFT_CONTEXT ? caret - LEFT_CONTEXT : 0;
	from = MIN(from, cols - LINE_WIDTH);
	return (struct window) { from, MIN(from + LINE_WIDTH, cols) };
}

static void put_line(FILE *out, struct str line, struct window w, bool is_cut)
{
	size_t col = 0;
	fputs(w.from ? "  " CUT_MARK : "  ", out);
	for (size_t i = 0; i < line.len && col < w.to;) {
		struct glyph g = glyph_at(str_from_off(line, i), col);
		if (col >= w.from && col + g.width <= w.to && g.bytes.len)
			fwrite(g.bytes.p, 1, g.bytes.len, out);
		// A tab, or half of a wide character at the edge.
		else if (col + g.width > w.from)
			fprintf(out, "%*s", (int)(MIN(col + g.width, w.to) - MAX(col, w.from)), "");
		i += g.len;
		col += g.width;
	}
	fputs(is_cut ? CUT_MARK "\n" : "\n", out);
}

static void put_underline(FILE *out, struct window w, size_t from, size_t to)
{
	size_t left = 2 + (w.from ? sizeof(CUT_MARK) - 1 : 0) + from - w.from;
	fprintf(out, "%*s^", (int)left, "");
	for (size_t i = from + 1; i < MIN(to, w.to); i++)
		fputc('~', out);
	fputc('\n', out);
}

static void put_source(const struct source *s, struct span span, FILE *out)
{
	size_t off = MIN(span.off, s->text.len);
	size_t i = line_at(s, off);
	struct str line = line_text(s, i);
	size_t start = off - s->lines.v[i];
	size_t caret = count_cols(str_first(line, start));
	size_t end = count_cols(str_first(line, start + span.len));
	size_t cols = count_cols(line);
	struct window w = window_around(cols, caret);
	put_line(out, line, w, w.to < cols);
	put_underline(out, w, caret, end);
}

// Further lines of a text stand under its first one.
static void put_indented(FILE *out, struct str text, const char *indent)
{
	for (size_t i = 0; i < text.len; i++) {
		fputc(text.p[i], out);
		if (text.p[i] == '\n')
			fputs(indent, out);
	}
	fputc('\n', out);
}

static void put_message(const struct diag *d, const struct message *m, FILE *out)
{
	const struct source *s = source_of(d, m->span.source);
	fprintf(out, "stoat: %s: ", m->is_error ? "error" : "warning");
	if (s) {
		uint32_t line, col;
		diag_line_col(d, m->span, &line, &col);
		fprintf(out, "%.*s:%u:%u: ", STR_ARG(s->name), line, col);
	}
	put_indented(out, m->text, "  ");
	if (s)
		put_source(s, m->span, out);
	for (size_t i = 0; i < m->hints.n; i++) {
		fputs("  ", out);
		put_indented(out, m->hints.v[i], "  ");
	}
}

static void put_from(const struct diag *d, size_t first, bool has_warnings, FILE *out)
{
	for (size_t i = first; i < d->messages.n; i++)
		if (has_warnings || d->messages.v[i].is_error)
			put_message(d, &d->messages.v[i], out);
	if (d->n_warnings > DIAG_MAX && has_warnings)
		fprintf(out, "stoat: warning: %zu more warnings\n", d->n_warnings - DIAG_MAX);
	if (d->n_errors > DIAG_MAX)
		fputs("stoat: error: too many errors\n", out);
}

void diag_print(const struct diag *d, FILE *out)
{
	put_from(d, 0, true, out);
}

void diag_tell(struct diag *d, bool has_warnings, FILE *out)
{
	if (d->n_told < d->messages.n)
		put_from(d, d->n_told, has_warnings, out);
	d->n_told = d->messages.n;
}

struct str diag_render(const struct diag *d, struct arena *a)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		abort();
	diag_print(d, f);
	fclose(f);
	struct str s = arena_strdup(a, (struct str) { text, len });
	free(text);
	return s;
}
