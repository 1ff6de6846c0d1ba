// SPDX-License-Identifier: Apache-2.0
// The template language: text with {{holes}}, and the holes that choose and repeat text.
//
//	{{func f = os.(*File).Read(b []byte) (n int, err error)}}
//	{{each f in symbol}} ... {{end}}
//	{{if CONDITION}} ... {{else}} ... {{end}}
//	{{use unwound map=@start}}
#include <stdarg.h>

#include "gen/internal.h"

#define DEPTH_MAX 8
#define BYTES_MAX (16u << 20)
// Functions of a pattern that are told one by one when they are left out.
#define REFUSED_SHOWN 8u

// A piece of a template: text, or a hole.
struct piece {
	bool is_hole;
	struct str text; // without the braces
	struct span at;
};

struct text {
	struct gen *g;
	VEC(struct piece) v;
};

// --- words ---

struct str trim(struct str s)
{
	while (s.len && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from_off(s, 1);
	while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

struct str take_word(struct str *s)
{
	size_t n = 0;
	*s = trim(*s);
	while (n < s->len && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	struct str word = str_first(*s, n);
	*s = trim(str_from_off(*s, n));
	return word;
}

// --- messages ---

void gen_error(struct gen *g, struct span at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	diag_verror(g->diag, at, fmt, ap);
	va_end(ap);
}

void gen_tell(struct gen *g, struct span at, struct err *e)
{
	struct str text = str_from(err_text(e));
	ptrdiff_t end = str_find(text, STR("\n"));
	gen_error(g, at, "%.*s", (int)(end < 0 ? (ptrdiff_t)text.len : end), text.p);
	while (end >= 0) {
		text = str_from_off(text, (size_t)end + 1);
		end = str_find(text, STR("\n"));
		diag_hint(g->diag, "%.*s", (int)(end < 0 ? (ptrdiff_t)text.len : end), text.p);
	}
	err_free(e);
}

void gen_note(struct gen *g, struct str line)
{
	for (size_t i = 0; i < g->notes.n; i++)
		if (str_eq(g->notes.v[i], line))
			return;
	VEC_PUSH(g->arena, &g->notes, line);
}

// --- names ---

const struct bound *bound_find(const struct gen *g, struct str name)
{
	for (size_t i = g->names.n; i > 0; i--)
		if (str_eq(g->names.v[i - 1].name, name))
			return &g->names.v[i - 1];
	return NULL;
}

const struct func *bound_func(struct gen *g, struct str name, struct span at)
{
	const struct bound *b = bound_find(g, name);
	if (b && b->kind == BOUND_FUNC)
		return b->func;
	gen_error(g, at, "no function is called '%.*s' here ({{func %.*s = ...}} gives it a name)",
		  STR_ARG(name), STR_ARG(name));
	return NULL;
}

// --- taking the text apart ---

static bool is_statement(struct str hole)
{
	static const char *const words[] = { "func", "each", "if",   "else",
					     "end",  "use",  "note", "error" };
	struct str word = take_word(&hole);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(word, str_from(words[i])))
			return true;
	return false;
}

static bool is_blank(struct str s)
{
	return trim(s).len == 0;
}

// A statement that has a line for itself takes the whole line with it.
static void take_line(struct str text, size_t from, size_t to, size_t *begin, size_t *end)
{
	size_t start = from, stop = to;
	while (start > 0 && text.p[start - 1] != '\n')
		start--;
	while (stop < text.len && text.p[stop] != '\n')
		stop++;
	if (!is_blank((struct str) { text.p + start, from - start }) ||
	    !is_blank((struct str) { text.p + to, stop - to }))
		return;
	*begin = start;
	*end = stop < text.len ? stop + 1 : stop;
}

static void add_text(struct text *t, struct str text, size_t from, size_t to, uint32_t source)
{
	if (to <= from)
		return;
	struct piece p = { .text = { text.p + from, to - from },
			   .at = { source, (uint32_t)from, (uint32_t)(to - from) } };
	VEC_PUSH(t->g->arena, &t->v, p);
}

static bool split(struct text *t, struct str text, uint32_t source)
{
	size_t done = 0;
	while (str_starts(str_from_off(text, done), STR("//:"))) {
		ptrdiff_t n = str_find(str_from_off(text, done), STR("\n"));
		done = n < 0 ? text.len : done + (size_t)n + 1;
	}
	for (size_t at = done;;) {
		ptrdiff_t open = str_find(str_from_off(text, at), STR("{{"));
		if (open < 0)
			break;
		size_t from = at + (size_t)open;
		ptrdiff_t close = str_find(str_from_off(text, from), STR("}}"));
		struct span span = { source, (uint32_t)from, 2 };
		if (close < 0) {
			gen_error(t->g, span, "'{{' without '}}'");
			return false;
		}
		size_t to = from + (size_t)close + 2, begin = from, end = to;
		if (str_find((struct str) { text.p + from + 2, to - from - 4 }, STR("{{")) >= 0) {
			span.len = (uint32_t)(to - from);
			gen_error(t->g, span, "a hole cannot have another one in it");
			return false;
		}
		struct piece p = { .is_hole = true,
				   .text = trim((struct str) { text.p + from + 2, to - from - 4 }),
				   .at = { source, (uint32_t)from, (uint32_t)(to - from) } };
		if (is_statement(p.text))
			take_line(text, from, to, &begin, &end);
		add_text(t, text, done, begin, source);
		VEC_PUSH(t->g->arena, &t->v, p);
		at = done = MAX(end, to);
	}
	add_text(t, text, done, text.len, source);
	return true;
}

// --- blocks ---

static bool is_word(const struct piece *p, const char *word)
{
	struct str rest = p->text;
	return p->is_hole && str_eq(take_word(&rest), str_from(word));
}

// The {{else}} or {{end}} of the block that opens at i. End of the pieces: there is none.
static size_t block_end(const struct text *t, size_t i, bool stops_at_else)
{
	size_t depth = 0;
	for (size_t k = i + 1; k < t->v.n; k++) {
		const struct piece *p = &t->v.v[k];
		bool ends = is_word(p, "end") || (stops_at_else && is_word(p, "else"));
		if (ends && depth == 0)
			return k;
		if (is_word(p, "each") || is_word(p, "if"))
			depth++;
		else if (is_word(p, "end"))
			depth--;
	}
	return t->v.n;
}

static void run(struct text *t, size_t from, size_t to);

// --- {{each f in KEY}} ---

static void run_with(struct text *t, size_t from, size_t to, struct bound b)
{
	size_t n = t->g->names.n;
	VEC_PUSH(t->g->arena, &t->g->names, b);
	run(t, from, to);
	t->g->names.n = n;
}

// {{each f in symbol}} at work.
struct each {
	struct text *text;
	size_t from, to; // what is repeated
	struct str name;
	struct map seen; // functions, by address
	size_t n_refused;
};

// A function of a pattern that cannot be probed is left out.
static void refuse(struct each *e, const struct func *f, const char *why, bool is_pattern)
{
	struct gen *g = e->text->g;
	if (!is_pattern)
		gen_error(g, SPAN_NONE, "%.*s cannot be probed: %s", STR_ARG(f->name), why);
	else if (e->n_refused++ < REFUSED_SHOWN)
		diag_warning(g->diag, SPAN_NONE, "%.*s is left out: %s", STR_ARG(f->name), why);
}

// All functions that a value of the key means, in the order of names.
static void each_function(struct each *e, struct str word)
{
	struct gen *g = e->text->g;
	struct span at = e->text->v.v[e->from - 1].at;
	struct target_matches m;
	struct err *err = func_find(g, word, &m);
	if (err) {
		gen_tell(g, SPAN_NONE, err);
		return;
	}
	for (size_t i = 0; i < m.n && !diag_n_errors(g->diag); i++) {
		if (map_get(&e->seen, m.v[i]->vaddr + 1))
			continue;
		map_put(&e->seen, m.v[i]->vaddr + 1, e);
		struct func *f = func_of(g, m.v[i], at);
		const char *refusal = f ? func_refusal(g, f) : NULL;
		if (refusal)
			refuse(e, f, refusal, m.n > 1);
		else if (f)
			run_with(e->text, e->from, e->to,
				 (struct bound) { .name = e->name, .func = f });
	}
}

static void run_each(struct text *t, size_t i, size_t end)
{
	struct gen *g = t->g;
	const struct piece *p = &t->v.v[i];
	struct str rest = p->text;
	take_word(&rest);
	struct str name = take_word(&rest), in = take_word(&rest), key = take_word(&rest);
	struct each e = { t, i + 1, end, name, map_init(g->arena), 0 };
	size_t n = 0;
	if (!str_eq(in, STR("in")) || !key.len || rest.len) {
		gen_error(g, p->at, "it is written {{each f in symbol}}");
		return;
	}
	for (size_t k = 0; k < g->r->n_keys; k++) {
		if (!str_eq(g->r->keys[k].key, key))
			continue;
		n++;
		each_function(&e, g->r->keys[k].value);
	}
	if (e.n_refused > REFUSED_SHOWN)
		diag_warning(g->diag, SPAN_NONE, "%zu more are left out, for such reasons",
			     e.n_refused - REFUSED_SHOWN);
	if (!n)
		gen_error(g, SPAN_NONE, "template '%.*s' needs %.*s=...", STR_ARG(g->r->name),
			  STR_ARG(key));
}

// --- {{if CONDITION}} ---

static bool compare(uint32_t a, struct str op, uint32_t b, bool *out)
{
	*out = str_eq(op, STR("<")) ? a < b : a >= b;
	return str_eq(op, STR("<")) || str_eq(op, STR(">="));
}

static bool has_key(const struct gen *g, struct str key)
{
	for (size_t i = 0; i < g->r->n_keys; i++)
		if (str_eq(g->r->keys[i].key, key))
			return true;
	return false;
}

static bool exists(struct gen *g, struct str name)
{
	struct target_matches m;
	const char *pattern = arena_strdup(g->arena, name).p;
	struct err *e = target_match(g->r->target, &pattern, 1, &m);
	bool is_there = !e && m.n;
	err_free(e);
	return is_there;
}

// False: it is no condition.
static bool test(struct gen *g, struct str what, struct str rest, struct span at, bool *out)
{
	uint32_t wanted, is;
	struct str go = str_from_off(target_go_version(g->r->target), 2);
	if (str_eq(what, STR("bpftrace")) || str_eq(what, STR("go"))) {
		bool is_go = str_eq(what, STR("go"));
		struct str op = take_word(&rest);
		// "go1.26.10-X:nodwarf5" and "go1.24.4 X:noswissmap" are versions with something
		// behind them.
		size_t n = 0;
		while (n < go.len && ((go.p[n] >= '0' && go.p[n] <= '9') || go.p[n] == '.'))
			n++;
		is = g->r->dialect.version;
		if (is_go && !version_parse(str_first(go, n), &is)) {
			gen_error(g, at, "the version of Go is not known: '%.*s'",
				  STR_ARG(target_go_version(g->r->target)));
			*out = false;
			return true;
		}
		return version_parse(rest, &wanted) && compare(is, op, wanted, out);
	}
	if (str_eq(what, STR("has"))) {
		*out = has_key(g, rest) || bound_find(g, rest);
	} else if (str_eq(what, STR("exists"))) {
		*out = exists(g, rest);
	} else if (str_eq(what, STR("probes"))) {
		*out = g->n_probes > 0;
		return !rest.len;
	} else if (str_eq(what, STR("exits"))) {
		const struct func *f = bound_func(g, rest, at);
		*out = f && f->info->n_exits > 0;
	} else {
		return false;
	}
	return rest.len > 0;
}

static bool condition(struct gen *g, struct str text, struct span at)
{
	bool result = false;
	struct str what = take_word(&text);
	bool is_not = str_eq(what, STR("not"));
	if (is_not)
		what = take_word(&text);
	if (!test(g, what, text, at, &result))
		gen_error(g, at,
			  "a condition is one of: bpftrace >= 0.21, go < 1.17, has KEY, exists "
			  "FUNCTION, exits f, probes; or one with 'not' before it");
	return result != is_not;
}

// Runs the branch that holds; i: of the "if".
static void run_if(struct text *t, size_t i, size_t end)
{
	struct str rest = t->v.v[i].text;
	take_word(&rest);
	bool holds = condition(t->g, rest, t->v.v[i].at);
	for (size_t from = i;;) {
		size_t to = block_end(t, from, true);
		if (holds) {
			run(t, from + 1, to);
			return;
		}
		if (to >= end)
			return;
		rest = t->v.v[to].text;
		take_word(&rest);
		holds = !rest.len;
		if (rest.len) {
			take_word(&rest); // "if"
			holds = condition(t->g, rest, t->v.v[to].at);
		}
		from = to;
	}
}

// --- {{func f = ...}}, {{use ...}} ---

static void run_func(struct text *t, const struct piece *p, struct str rest)
{
	struct str name = take_word(&rest);
	struct str is = take_word(&rest);
	if (!str_eq(is, STR("="))) {
		gen_error(t->g, p->at, "it is written {{func f = os.(*File).Read}}");
		return;
	}
	struct func *f = func_declare(t->g, rest, p->at);
	struct bound b = { .kind = BOUND_FUNC, .name = name, .func = f };
	if (f)
		VEC_PUSH(t->g->arena, &t->g->names, b);
}

static void run_use(struct text *t, const struct piece *p, struct str rest)
{
	struct gen *g = t->g;
	struct str name = take_word(&rest);
	const struct gen_template *part = template_part(arena_strdup(g->arena, name).p);
	if (!part) {
		gen_error(g, p->at, "no template is called '%.*s'", STR_ARG(name));
		return;
	}
	size_t n = g->names.n;
	while (rest.len) {
		struct str word = take_word(&rest);
		ptrdiff_t is = str_find(word, STR("="));
		if (is < 0) {
			gen_error(g, p->at, "behind a template's name stands name=text");
			return;
		}
		struct bound b = { .kind = BOUND_TEXT,
				   .name = str_first(word, (size_t)is),
				   .text = str_from_off(word, (size_t)is + 1) };
		VEC_PUSH(g->arena, &g->names, b);
	}
	template_expand(g, name, part->text);
	g->names.n = n;
}

// --- running ---

static size_t run_block(struct text *t, size_t i)
{
	const struct piece *p = &t->v.v[i];
	bool is_each = is_word(p, "each");
	size_t end = block_end(t, i, false);
	if (end == t->v.n) {
		gen_error(t->g, p->at, "{{end}} is missing");
		return end;
	}
	size_t n = t->g->names.n;
	if (is_each)
		run_each(t, i, end);
	else
		run_if(t, i, end);
	// What a branch has named stays known behind it.
	if (is_each)
		t->g->names.n = n;
	return end;
}

static void run(struct text *t, size_t from, size_t to)
{
	struct gen *g = t->g;
	for (size_t i = from; i < to && !diag_n_errors(g->diag); i++) {
		const struct piece *p = &t->v.v[i];
		struct str rest = p->text;
		if (g->out->n > BYTES_MAX) {
			gen_error(g, p->at, "the script gets longer than 16 MB");
			return;
		}
		if (!p->is_hole && p->text.len <= BYTES_MAX) {
			out_buf_str(g->out, p->text);
			continue;
		} else if (!p->is_hole) {
			gen_error(g, p->at, "the script gets longer than 16 MB");
			return;
		}
		struct str word = take_word(&rest);
		if (is_word(p, "each") || is_word(p, "if"))
			i = run_block(t, i);
		else if (is_word(p, "func"))
			run_func(t, p, rest);
		else if (is_word(p, "use"))
			run_use(t, p, rest);
		else if (is_word(p, "note"))
			gen_note(g, rest);
		else if (is_word(p, "error"))
			gen_error(g, SPAN_NONE, "%.*s",
				  STR_ARG(rest.len ? rest : STR("the template refuses")));
		else if (is_word(p, "end") || is_word(p, "else"))
			gen_error(g, p->at, "there is no block that it belongs to");
		else
			verb_expand(g, word, rest, p->at);
	}
}

void template_expand(struct gen *g, struct str name, struct str text)
{
	struct text t = { .g = g };
	uint32_t source = diag_add_source(g->diag, name, text);
	if (g->depth == DEPTH_MAX) {
		gen_error(g, SPAN_NONE, "templates use each other without end");
		return;
	}
	g->depth++;
	size_t n = g->names.n;
	if (split(&t, text, source))
		run(&t, 0, t.v.n);
	g->names.n = n;
	g->depth--;
}
