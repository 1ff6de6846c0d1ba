// SPDX-License-Identifier: Apache-2.0
// Flame graphs: folded stacks as a picture, the outermost function on top. The file needs nothing
// else: flame.css and flame.js are in it, and without scripts it is still a picture.
#include <inttypes.h>

#include "base/utf8.h"
#include "out/stacks.h"

#define WIDTH     1200.0
#define MARGIN    8.0
#define HEAD      66u // height of title, tools and details
#define ROW       18u
#define LETTER    7.25
#define HUE_NEXT  137u // degrees from one package to the next: far apart, in any order
#define NAME_ROOT "all"

// The files, as they are in the sources, with a NUL behind each.
__asm__(".section .rodata\n"
	"flame_css: .incbin \"src/out/flame.css\"\n .byte 0\n"
	"flame_js: .incbin \"src/out/flame.js\"\n .byte 0\n"
	".text\n");
extern const char flame_css[], flame_js[];

struct picture {
	const struct stacks *s;
	struct out_buf b;
	double scale; // pixels for 1
};

// A function that the stacks at hand have in common.
struct open_frame {
	struct str func;
	struct str file;
	uint64_t x;
};

// --- names ---

// The bytes of the character at i; 0: there is none that XML takes.
static size_t character(struct str s, size_t i)
{
	uint32_t code = (unsigned char)s.p[i];
	size_t n = code < 0x80 ? 1 : utf8_decode(str_from_off(s, i), &code);
	return code < 0x20 || code == 0x7f || code == 0xfffe || code == 0xffff ? 0 : n;
}

static void put_xml(struct out_buf *b, struct str s)
{
	for (size_t i = 0, n; i < s.len; i += MAX(n, (size_t)1)) {
		n = character(s, i);
		if (n == 0)
			out_buf_str(b, STR("\uFFFD"));
		else if (s.p[i] == '&')
			out_buf_str(b, STR("&amp;"));
		else if (s.p[i] == '<')
			out_buf_str(b, STR("&lt;"));
		else if (s.p[i] == '>')
			out_buf_str(b, STR("&gt;"));
		else
			out_buf_add(b, &s.p[i], n);
	}
}

// How much of s stands in front of the first bracket: types in it have packages of their own.
static struct str before_bracket(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr("([{", s.p[i]))
			return str_first(s, i);
	return s;
}

// "net/http" of "net/http.(*conn).serve", "ns" of "ns::f"; empty: there is none.
static struct str package_of(struct str func)
{
	struct str head = before_bracket(func);
	for (size_t i = (size_t)(str_rfind_byte(head, '/') + 1); i < head.len; i++)
		if (i && (head.p[i] == '.' || str_starts(str_from_off(head, i), STR("::"))))
			return str_first(func, i);
	return STR("");
}

static unsigned hue_of(struct str package)
{
	return (unsigned)(str_hash(package) % 360) * HUE_NEXT % 360;
}

// --- one function ---

// As much of a name as fits, rather without its package.
static void put_label(struct out_buf *b, struct str func, double width)
{
	size_t room = width > 6 ? (size_t)((width - 6) / LETTER) : 0;
	struct str package = package_of(func);
	if (func.len > room && package.len)
		func = str_from_off(func, package.len + (func.p[package.len] == ':' ? 2 : 1));
	if (func.len <= room) {
		put_xml(b, func);
		return;
	}
	if (room < 4)
		return;
	while (--room && (func.p[room] & 0xc0) == 0x80)
		;
	put_xml(b, str_first(func, room));
	out_buf_str(b, STR("\u2026"));
}

static void put_frame(struct picture *p, const struct open_frame *f, uint64_t end, size_t depth)
{
	struct out_buf *b = &p->b;
	uint64_t n = end - f->x;
	double x = MARGIN + (double)f->x * p->scale, width = (double)n * p->scale;
	unsigned y = HEAD + (unsigned)depth * ROW;
	struct str package = package_of(f->func);
	out_buf_printf(b,
		       "<g class=\"f\" style=\"--h:%u\" data-x=\"%" PRIu64 "\" data-w=\"%" PRIu64
		       "\" data-d=\"%zu\"><title>",
		       hue_of(package.len ? package : f->file), f->x, n, depth);
	put_xml(b, f->func);
	out_buf_printf(b, "\n%" PRIu64 " ", n);
	put_xml(b, p->s->value_name);
	out_buf_printf(b,
		       " (%.1f%%)</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%u\"/>",
		       100.0 * (double)n / (double)MAX(p->s->total, 1u), x, y, width, ROW - 1);
	out_buf_printf(b, "<text x=\"%.2f\" y=\"%u\">", x + 4, y + 13);
	put_label(b, f->func, width);
	out_buf_str(b, STR("</text></g>\n"));
}

// --- all of them ---

static struct open_frame frame_at(const struct stack *s, size_t i)
{
	const struct out_frame *f = &s->frames[s->n - 1 - i];
	return (struct open_frame) { .func = f->func, .file = f->file };
}

// In order of name, stacks with the same functions stand side by side: what a stack has in common
// with the one before goes on, the rest of that ends.
static void put_frames(struct picture *p, struct arena *a)
{
	VEC(struct open_frame) open = { 0 };
	uint64_t x = 0;
	for (size_t i = 0; i < p->s->v.n; i++) {
		const struct stack *s = &p->s->v.v[i];
		size_t same = 0;
		while (same < open.n && same < s->n &&
		       str_eq(open.v[same].func, frame_at(s, same).func))
			same++;
		while (open.n > same) {
			open.n--;
			put_frame(p, &open.v[open.n], x, open.n + 1);
		}
		for (size_t k = same; k < s->n; k++) {
			struct open_frame f = frame_at(s, k);
			f.x = x;
			VEC_PUSH(a, &open, f);
		}
		x = stacks_add(x, s->value);
	}
	while (open.n) {
		open.n--;
		put_frame(p, &open.v[open.n], x, open.n + 1);
	}
	// The last one: the script looks for it there.
	put_frame(p, &(struct open_frame) { .func = STR(NAME_ROOT) }, x, 0);
}

static size_t deepest(const struct stacks *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->v.n; i++)
		n = MAX(n, s->v.v[i].n);
	return n;
}

static void put_head(struct picture *p, struct str title)
{
	struct out_buf *b = &p->b;
	size_t height = HEAD + (deepest(p->s) + 1) * ROW + (size_t)MARGIN;
	out_buf_printf(b,
		       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		       "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%zu\" "
		       "viewBox=\"0 0 %.0f %zu\">\n<style>\n",
		       WIDTH, height, WIDTH, height);
	out_buf_str(b, str_from(flame_css));
	out_buf_str(b, STR("</style>\n<text class=\"title\" x=\"8\" y=\"22\">"));
	put_xml(b, title);
	out_buf_printf(b,
		       "</text>\n<foreignObject id=\"tools\" x=\"%.0f\" y=\"6\" width=\"300\" "
		       "height=\"30\"><div xmlns=\"http://www.w3.org/1999/xhtml\" class=\"tools\">"
		       "<input id=\"search\" type=\"search\" placeholder=\"search\" "
		       "aria-label=\"search\"/><button id=\"reset\">reset</button></div>"
		       "</foreignObject>\n<text id=\"details\" x=\"8\" y=\"54\"></text>\n"
		       "<text id=\"matched\" x=\"%.0f\" y=\"54\" text-anchor=\"end\"></text>\n",
		       WIDTH - MARGIN - 300, WIDTH - MARGIN);
}

void out_flame(const struct out_env *env, const struct out_map *m, struct str title, FILE *f)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct stacks s = stacks_of(env, m, a);
	struct picture p = { .s = &s };
	stacks_fold(&s);
	p.scale = (WIDTH - 2 * MARGIN) / (double)MAX(s.total, 1u);
	put_head(&p, title);
	put_frames(&p, a);
	out_buf_str(&p.b, STR("<script><![CDATA[\n"));
	out_buf_str(&p.b, str_from(flame_js));
	out_buf_str(&p.b, STR("]]></script>\n</svg>\n"));
	fwrite(p.b.p, 1, p.b.n, f);
	out_buf_free(&p.b);
}
