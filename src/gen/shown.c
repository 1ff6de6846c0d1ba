// SPDX-License-Identifier: Apache-2.0
// All parameters or results of a function for one printf: a format, and the values for it.
#include "gen/internal.h"

// Deeper and longer values are cut: "...".
#define DEPTH_MAX 3
#define ITEMS_MAX 4
#define WORDS_MAX 24
// So many texts are in one line before bpftrace's programs are larger than their stack.
#define TEXTS_OLD 5

struct line {
	struct gen *g;
	struct span at;
	struct out_buf format, values;
	size_t n_words;
	size_t n_texts;
};

static void add_value(struct line *l, const char *format, struct str expr)
{
	out_buf_str(&l->format, str_from(format));
	out_buf_printf(&l->values, ", %.*s", STR_ARG(expr));
	l->n_words++;
}

// What stands between values is text of a printf.
static void add_text(struct line *l, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c == '%')
			out_buf_str(&l->format, STR("%%"));
		else if (c == '"' || c == '\\')
			out_buf_printf(&l->format, "\\%c", c);
		else if (c >= 0x20 && c != 0x7f)
			out_buf_add(&l->format, &text.p[i], 1);
	}
}

// Why the word there cannot be read, which is no error here: there is nothing to choose from. NULL:
// it can.
static const char *unreadable(const struct line *l, const struct reach *r)
{
	const struct target_value *v = r->value;
	enum insn_arch arch = target_arch(l->g->r->target);
	for (size_t i = 0; v && i < v->words.n; i++) {
		if (v->words.v[i].off != r->off)
			continue;
		const struct place *p = v->word_places[i].n == 1 ? v->word_places[i].v : NULL;
		if (p && p->kind == PLACE_REG && !insn_reg_is_int(arch, p->reg))
			return "? (in a vector register)";
		return p && (p->kind == PLACE_REG || (p->kind == PLACE_MEM && p->off >= 0)) ? NULL
											    : "?";
	}
	return v ? "?" : NULL;
}

static struct str part(struct line *l, const struct reach *r, const char *name)
{
	struct reach p = *r;
	struct str expr = STR("0");
	if (reach_path(l->g, &p, str_from(name), l->at))
		(void)reach_expr(l->g, &p, l->at, &expr); // an error has been told
	return expr;
}

static void add_slice(struct line *l, const struct reach *r, const struct type *t)
{
	const struct type *elem = t->elem ? type_strip(t->elem) : NULL;
	struct str ptr = part(l, r, "ptr"), len = part(l, r, "len");
	if (elem && elem->kind == TYPE_UINT && elem->size == 1) {
		add_value(l, "\\\"%r\\\"",
			  arena_printf(l->g->arena, "buf(%.*s, %.*s)", STR_ARG(ptr), STR_ARG(len)));
		return;
	}
	add_value(l, "[len %ld", len);
	add_value(l, " cap %ld", part(l, r, "cap"));
	add_value(l, " at 0x%lx]", ptr);
}

static void add_scalar(struct line *l, const struct reach *r, const struct type *t)
{
	struct str expr = STR("0");
	bool is_text = t && t->kind == TYPE_STRING;
	if (is_text && l->n_texts++ >= TEXTS_OLD &&
	    !dialect_has(&l->g->r->dialect, HAS_LONG_TEXTS)) {
		add_text(l, STR("..."));
		return;
	}
	const char *why = unreadable(l, r);
	if (why) {
		add_text(l, str_from(why));
		return;
	}
	if (!reach_expr(l->g, r, l->at, &expr))
		return;
	if (t && t->kind == TYPE_BOOL)
		add_value(l, "%s",
			  arena_printf(l->g->arena, "%.*s ? \"true\" : \"false\"", STR_ARG(expr)));
	else if (is_text)
		add_value(l, "\\\"%r\\\"", expr);
	else if (t && t->kind == TYPE_INT)
		add_value(l, t->size == 8 ? "%ld" : "%d", expr);
	else if (t && t->kind == TYPE_UINT)
		add_value(l, t->size == 8 ? "%lu" : "%u", expr);
	else
		add_value(l, t && t->kind == TYPE_FLOAT ? "bits 0x%lx" : "0x%lx", expr);
}

static void add(struct line *l, const struct reach *r, unsigned depth);

static void add_item(struct line *l, const struct reach *r, uint64_t off, struct type *type,
		     unsigned depth)
{
	struct reach inside = *r;
	inside.type = type;
	inside.off += off;
	add(l, &inside, depth + 1);
}

static void add_struct(struct line *l, const struct reach *r, struct type *t, unsigned depth)
{
	struct err *e = type_complete(t);
	add_text(l, STR("{"));
	for (size_t i = 0; !e && i < t->n_fields; i++) {
		add_text(l, i ? STR(" ") : STR(""));
		add_text(l, t->fields[i].name);
		add_text(l, STR(":"));
		add_item(l, r, t->fields[i].off, t->fields[i].type, depth);
	}
	add_text(l, e ? STR("?}") : STR("}"));
	err_free(e);
}

static void add_array(struct line *l, const struct reach *r, const struct type *t, unsigned depth)
{
	add_text(l, STR("["));
	for (uint64_t i = 0; i < t->count; i++) {
		add_text(l, i ? STR(" ") : STR(""));
		if (i == ITEMS_MAX || depth == DEPTH_MAX) {
			add_text(l, STR("..."));
			break;
		}
		add_item(l, r, i * t->elem->size, t->elem, depth);
	}
	add_text(l, STR("]"));
}

// Parameters that debug information leaves out: up to Go 1.21 those without a name.
static void add_words(struct line *l, const struct reach *r)
{
	for (size_t i = 0; i < r->value->words.n && l->n_words < WORDS_MAX; i++) {
		struct reach word = *r;
		word.off = r->value->words.v[i].off;
		add_text(l, i ? STR(" ") : STR(""));
		add_scalar(l, &word, NULL);
	}
}

static void add(struct line *l, const struct reach *r, unsigned depth)
{
	struct type *t = r->type ? type_strip(r->type) : NULL;
	if (!t && r->value && !r->off && !depth) {
		add_words(l, r);
		return;
	}
	bool has_parts = t && (t->kind == TYPE_SLICE || t->kind == TYPE_IFACE);
	bool is_lost = (has_parts && unreadable(l, r)) || (t && t->kind == TYPE_COMPLEX);
	if (depth > DEPTH_MAX || l->n_words >= WORDS_MAX) {
		add_text(l, STR("..."));
	} else if (is_lost) {
		add_text(l, STR("?"));
	} else if (t && t->kind == TYPE_STRUCT) {
		add_struct(l, r, t, depth);
	} else if (t && t->kind == TYPE_ARRAY) {
		add_array(l, r, t, depth);
	} else if (t && t->kind == TYPE_SLICE) {
		add_slice(l, r, t);
	} else if (t && t->kind == TYPE_IFACE) {
		add_value(l, "interface 0x%lx", part(l, r, "type"));
		add_value(l, " 0x%lx", part(l, r, "data"));
	} else {
		add_scalar(l, r, t);
	}
}

struct shown values_show(struct gen *g, const struct func *f, bool results)
{
	struct line l = { .g = g };
	size_t n = 0;
	if (results && f->no_results)
		return (struct shown) { STR("?"), STR("") };
	for (size_t i = 0; i < f->n_values; i++) {
		const struct target_value *v = &f->values[i];
		if (v->is_result != results || v->is_hidden)
			continue;
		add_text(&l, n++ ? STR(", ") : STR(""));
		if (v->name.len) {
			add_text(&l, v->name);
			add_text(&l, STR("="));
		}
		struct reach r = reach_value(v);
		if (v->is_known)
			add(&l, &r, 0);
		else
			add_text(&l, STR("?"));
		if (v->is_lost_on_restart)
			gen_note(g, arena_printf(g->arena,
						 "%.*s of %.*s is not used there: when its stack "
						 "has just grown, what is shown is not its value",
						 STR_ARG(v->name), STR_ARG(f->name)));
	}
	struct shown s = { arena_strdup(g->arena, out_buf_view(&l.format)),
			   arena_strdup(g->arena, out_buf_view(&l.values)) };
	out_buf_free(&l.format);
	out_buf_free(&l.values);
	return s;
}
