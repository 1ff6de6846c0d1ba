// SPDX-License-Identifier: Apache-2.0
// What stands in the holes of a template: one table of words, each with what it puts there.
#include <inttypes.h>

#include "gen/internal.h"

// --- the goroutine ---

static const struct target_g *runtime_g(struct gen *g, const struct func *f, struct span at)
{
	struct target_g *out = ARENA_NEW(g->arena, struct target_g);
	struct err *e = target_g(g->r->target, f->f, out);
	if (e) {
		gen_tell(g, at, e);
		return NULL;
	}
	g->goroutine = out;
	return out;
}

// Offsets are the same in all functions: those of any will do.
static const struct target_g *any_g(struct gen *g, struct span at)
{
	for (size_t i = 0; i < g->names.n && !g->goroutine; i++)
		if (g->names.v[i].kind == BOUND_FUNC)
			runtime_g(g, g->names.v[i].func, at);
	if (!g->goroutine)
		gen_error(g, at, "name a function first: {{func f = ...}}, and its {{g f}}");
	return g->goroutine;
}

static void put_g(struct gen *g, struct str name, struct span at)
{
	const struct func *f = bound_func(g, name, at);
	const struct target_g *r = f ? runtime_g(g, f, at) : NULL;
	const struct gen_dialect *d = &g->r->dialect;
	if (!r)
		return;
	if (r->in_register) {
		out_buf_printf(g->out, "(int64)reg(\"%.*s\")", STR_ARG(reg_name(g, r->reg)));
		return;
	}
	if (!r->has_tls) {
		gen_error(g, at, "where %.*s has its goroutine cannot be told", STR_ARG(f->name));
		return;
	}
	// With the stack ABI no register has it: it is beside the thread pointer, which only the
	// kernel knows.
	g->needs_btf = true;
	struct str task = dialect_has(d, HAS_CURTASK_TYPE) ? STR("curtask")
							   : STR("((struct task_struct *)curtask)");
	// From 0.24 on bpftrace warns of a difference of unsigned numbers, before of so large ones.
	uint64_t off = (uint64_t)r->tls_off;
	bool is_added = r->tls_off >= 0 || dialect_has(d, HAS_DISCARD);
	struct str far = r->tls_off < 0 && is_added
				 ? arena_printf(g->arena, "0x%" PRIx64, off)
				 : arena_printf(g->arena, "%" PRIu64, is_added ? off : -off);
	struct str where = arena_printf(g->arena, "%.*s->thread.fsbase %c %.*s", STR_ARG(task),
					is_added ? '+' : '-', STR_ARG(far));
	out_buf_printf(g->out, dialect_has(d, HAS_UPTR) ? "*(int64*)uptr(%.*s)" : "*(int64*)(%.*s)",
		       STR_ARG(where));
}

// {{goid $g}}: what the runtime keeps at that offset of struct g.
static void put_runtime_field(struct gen *g, struct str what, int64_t off, struct str expr,
			      struct span at)
{
	if (!expr.len)
		gen_error(g, at, "%.*s of which goroutine? {{%.*s $g}}", STR_ARG(what),
			  STR_ARG(what));
	else
		out_buf_printf(g->out, "*(int64*)(%.*s + %" PRId64 ")", STR_ARG(expr), off);
}

// The distance from the stack's end stays when the runtime moves the stack; the address does not.
static void put_depth(struct gen *g, struct str expr, struct span at)
{
	const struct target_g *r = any_g(g, at);
	if (!r)
		return;
	put_runtime_field(g, STR("depth"), r->stack_hi, expr, at);
	out_buf_str(g->out, STR(" - (int64)reg(\"sp\")"));
}

// --- the function ---

// Its name as a text; doubled: a mark that stands twice there.
static void put_text(struct gen *g, struct str name, const char *doubled, struct span at)
{
	const struct func *f = bound_func(g, name, at);
	for (size_t i = 0; f && i < f->name.len; i++) {
		char c = f->name.p[i];
		if (c == '"' || c == '\\')
			out_buf_str(g->out, STR("\\"));
		else if (c == *doubled)
			out_buf_add(g->out, &c, 1);
		out_buf_add(g->out, &c, 1);
	}
}

static void put_name(struct gen *g, struct str name, struct span at)
{
	put_text(g, name, "", at);
}

static void put_entry(struct gen *g, struct str name, struct span at)
{
	const struct func *f = bound_func(g, name, at);
	if (f)
		sites_entry(g, f, at);
}

static void put_exits(struct gen *g, struct str name, struct span at)
{
	const struct func *f = bound_func(g, name, at);
	if (f)
		sites_exits(g, f, at);
}

// The address behind the call, at an entry or at a return.
static void put_caller(struct gen *g, struct str rest, struct span at)
{
	if (rest.len)
		gen_error(g, at, "{{caller}} stands alone");
	else
		out_buf_str(g->out, target_arch(g->r->target) == INSN_ARM64
					    ? STR("reg(\"r30\")")
					    : STR("*(uint64*)reg(\"sp\")"));
}

// --- values ---

// "f.b.len": the function, the value, and the way into it.
static void put_value(struct gen *g, struct str path, bool is_result, struct span at)
{
	ptrdiff_t dot = str_find(path, STR("."));
	struct str rest = str_from_off(path, dot < 0 ? path.len : (size_t)dot + 1);
	const struct func *f = bound_func(g, str_first(path, dot < 0 ? path.len : (size_t)dot), at);
	if (!f)
		return;
	ptrdiff_t end = str_find(rest, STR("."));
	struct str name = str_first(rest, end < 0 ? rest.len : (size_t)end);
	const struct target_value *v = value_find(g, f, is_result, name, at);
	if (!v)
		return;
	struct reach r = reach_value(v);
	struct str expr;
	if (reach_path(g, &r, str_from_off(rest, end < 0 ? rest.len : (size_t)end + 1), at) &&
	    reach_expr(g, &r, at, &expr))
		out_buf_str(g->out, expr);
}

static void put_arg(struct gen *g, struct str path, struct span at)
{
	put_value(g, path, false, at);
}

static void put_result(struct gen *g, struct str path, struct span at)
{
	put_value(g, path, true, at);
}

static void put_word(struct gen *g, struct str path, struct span at)
{
	ptrdiff_t dot = str_rfind_byte(path, '.');
	uint64_t n;
	struct str expr;
	if (dot < 0 || !str_to_u64(str_from_off(path, (size_t)dot + 1), &n)) {
		gen_error(g, at, "it is written {{word f.0}}");
		return;
	}
	const struct func *f = bound_func(g, str_first(path, (size_t)dot), at);
	if (f && word_expr(g, f, (size_t)n, at, &expr))
		out_buf_str(g->out, expr);
}

// "net/url.URL.Host": where the type's name ends.
static size_t type_end(struct str s)
{
	size_t i = (size_t)(str_rfind_byte(s, '/') + 1);
	for (unsigned dots = 0; i < s.len; i++)
		if (s.p[i] == '.' && ++dots == 2)
			break;
	return i;
}

// {{field $url net/url.URL.Host}}: of what a pointer leads to.
static void put_field(struct gen *g, struct str rest, struct span at)
{
	struct str expr = take_word(&rest), out;
	struct str name = str_first(rest, type_end(rest));
	struct reach r = { .base = expr };
	if (!name.len || name.len == rest.len) {
		gen_error(g, at, "it is written {{field $url net/url.URL.Host}}");
		return;
	}
	struct err *e = gen_find_type(g, name, &r.type);
	if (e)
		gen_tell(g, at, e);
	else if (reach_path(g, &r, str_from_off(rest, name.len + 1), at) &&
		 reach_expr(g, &r, at, &out))
		out_buf_str(g->out, out);
}

static void put_shown(struct gen *g, struct str rest, bool is_format, struct span at)
{
	struct str what = take_word(&rest);
	bool is_results = str_eq(what, STR("results"));
	if (is_format && str_eq(what, STR("name"))) {
		put_text(g, rest, "%", at);
		return;
	}
	if (!is_results && !str_eq(what, STR("args"))) {
		gen_error(g, at, "it is written {{%s args f}} or {{%s results f}}",
			  is_format ? "format" : "values", is_format ? "format" : "values");
		return;
	}
	const struct func *f = bound_func(g, rest, at);
	if (!f)
		return;
	if (!f->has_types) {
		(void)value_find(g, f, is_results, STR(""), at); // tells why
		return;
	}
	struct shown s = values_show(g, f, is_results);
	out_buf_str(g->out, is_format ? s.format : s.values);
}

static void put_format(struct gen *g, struct str rest, struct span at)
{
	put_shown(g, rest, true, at);
}

static void put_values(struct gen *g, struct str rest, struct span at)
{
	put_shown(g, rest, false, at);
}

// --- what bpftrace's versions write differently ---

// {{be64 $p}}: eight bytes of memory, as a number that prints in their order.
static void put_be64(struct gen *g, struct str expr, struct span at)
{
	if (!expr.len) {
		gen_error(g, at, "it is written {{be64 $pointer}}");
		return;
	}
	if (dialect_has(&g->r->dialect, HAS_BSWAP)) {
		bool is_one = str_find(expr, STR(" ")) < 0;
		out_buf_printf(g->out, is_one ? "bswap(*(uint64*)%.*s)" : "bswap(*(uint64*)(%.*s))",
			       STR_ARG(expr));
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		out_buf_printf(g->out, "%s((uint64)*(uint8*)(%.*s + %u) << %u)", i ? " | " : "(",
			       STR_ARG(expr), i, 56 - 8 * i);
	out_buf_str(g->out, STR(")"));
}

static void put_one_delete(struct gen *g, struct str map, struct str key)
{
	bool is_tuple = str_find(key, STR(",")) >= 0;
	if (!dialect_has(&g->r->dialect, HAS_DELETE_KEY)) {
		out_buf_printf(g->out, "delete(%.*s[%.*s])", STR_ARG(map), STR_ARG(key));
		return;
	}
	out_buf_printf(g->out, "%sdelete(%.*s, %s%.*s%s)",
		       dialect_has(&g->r->dialect, HAS_DISCARD) ? "_ = " : "", STR_ARG(map),
		       is_tuple ? "(" : "", STR_ARG(key), is_tuple ? ")" : "");
}

// The blanks that the last line begins with.
static struct str line_begin(const struct out_buf *b)
{
	struct str text = out_buf_view(b);
	struct str line = str_from_off(text, (size_t)(str_rfind_byte(text, '\n') + 1));
	size_t n = 0;
	while (n < line.len && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return str_first(line, n);
}

// {{delete @map[key, key]}}; there may be several maps, "@a,@b[key]", or a name that stands for
// them.
static void put_delete(struct gen *g, struct str what, struct span at)
{
	ptrdiff_t open = str_find(what, STR("["));
	if (open < 0 || !str_ends(what, STR("]"))) {
		gen_error(g, at, "it is written {{delete @map[key]}}");
		return;
	}
	struct str maps = str_first(what, (size_t)open);
	struct str key = { what.p + open + 1, what.len - (size_t)open - 2 };
	const struct bound *b = bound_find(g, maps);
	if (b && b->kind == BOUND_TEXT)
		maps = b->text;
	struct str indent = arena_strdup(g->arena, line_begin(g->out));
	for (bool is_first = true; maps.len; is_first = false) {
		ptrdiff_t end = str_find(maps, STR(","));
		struct str map = str_first(maps, end < 0 ? maps.len : (size_t)end);
		if (!is_first)
			out_buf_printf(g->out, ";\n%.*s", STR_ARG(indent));
		put_one_delete(g, map, key);
		maps = str_from_off(maps, end < 0 ? maps.len : (size_t)end + 1);
	}
}

// --- the rest ---

static void put_target(struct gen *g, struct str rest, struct span at)
{
	if (rest.len)
		gen_error(g, at, "{{target}} stands alone");
	else
		out_buf_str(g->out, g->r->path);
}

static void put_key(struct gen *g, struct str key, struct span at)
{
	for (size_t i = 0; i < g->r->n_keys; i++)
		if (str_eq(g->r->keys[i].key, key)) {
			out_buf_str(g->out, g->r->keys[i].value);
			return;
		}
	gen_error(g, at, "template '%.*s' needs %.*s=...", STR_ARG(g->r->name), STR_ARG(key));
}

static const struct {
	const char *word;
	void (*put)(struct gen *g, struct str rest, struct span at); // NULL: a field of struct g
	size_t field;                                                // where struct target_g has it
} verbs[] = {
	{ "entry", put_entry, 0 },
	{ "exits", put_exits, 0 },
	{ "name", put_name, 0 },
	{ "arg", put_arg, 0 },
	{ "result", put_result, 0 },
	{ "word", put_word, 0 },
	{ "field", put_field, 0 },
	{ "format", put_format, 0 },
	{ "values", put_values, 0 },
	{ "g", put_g, 0 },
	{ "goid", NULL, offsetof(struct target_g, goid) },
	{ "startpc", NULL, offsetof(struct target_g, startpc) },
	{ "gopc", NULL, offsetof(struct target_g, gopc) },
	{ "depth", put_depth, 0 },
	{ "caller", put_caller, 0 },
	{ "be64", put_be64, 0 },
	{ "delete", put_delete, 0 },
	{ "key", put_key, 0 },
	{ "target", put_target, 0 },
};

static void expand(struct gen *g, size_t verb, struct str rest, struct span at)
{
	if (verbs[verb].put) {
		verbs[verb].put(g, rest, at);
		return;
	}
	const struct target_g *r = any_g(g, at);
	int64_t off;
	if (!r)
		return;
	memcpy(&off, (const char *)r + verbs[verb].field, sizeof(off));
	put_runtime_field(g, str_from(verbs[verb].word), off, rest, at);
}

void verb_expand(struct gen *g, struct str word, struct str rest, struct span at)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (str_eq(word, str_from(verbs[i].word))) {
			expand(g, i, rest, at);
			return;
		}
	const struct bound *b = bound_find(g, word);
	if (b && b->kind == BOUND_TEXT && !rest.len) {
		out_buf_str(g->out, b->text);
		return;
	}
	struct near near = near_init(word);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		near_offer(&near, str_from(verbs[i].word));
	gen_error(g, at, "nothing is called '%.*s'", STR_ARG(word));
	if (near.n)
		diag_hint(g->diag, "near: %.*s", STR_ARG(near.best[0]));
}
