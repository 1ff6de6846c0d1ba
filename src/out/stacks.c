// SPDX-License-Identifier: Apache-2.0
// Maps by stack: as text, folded, and as JSON.
#include <inttypes.h>
#include <stdlib.h>

#include "out/stacks.h"

// --- functions in place of addresses ---

static void add_text(const struct out_env *env, const struct out_type *t, struct bytes v,
		     struct out_frames *out)
{
	struct out_buf b = { 0 };
	struct layout l = { .env = env, .b = &b, .div = 1 };
	layout_text(&l, t, v);
	struct str text = arena_strdup(out->arena, out_buf_view(&b));
	VEC_PUSH(out->arena, &out->v, (struct out_frame) { .func = text, .text = text });
	out_buf_free(&b);
}

static void add_part(const struct out_env *env, const struct out_type *t, struct bytes v,
		     struct out_frames *out)
{
	bool is_place = t->kind == OUT_STACK || t->kind == OUT_SYMBOL;
	if (is_place && env->frames)
		env->frames(env->ctx, t, v, out);
	else
		add_text(env, t, v, out);
}

static struct stack stack_of(const struct out_env *env, const struct out_map *m,
			     const struct out_row *row, struct arena *a)
{
	static const struct out_frame none = { { "[no stack]", 10 }, { "[no stack]", 10 }, { 0 } };
	struct out_frames frames = { .arena = a };
	struct stack s = { 0 };
	const struct out_type *key = m->key;
	size_t n = key->kind == OUT_TUPLE ? key->n_fields : 1;
	for (size_t i = 0; i < n; i++) {
		const struct out_field *f = key->kind == OUT_TUPLE ? &key->fields[i] : NULL;
		const struct out_type *t = f ? f->type : key;
		struct bytes v = f ? layout_slice(row->key, f->off, t->size) : row->key;
		add_part(env, t, v, &frames);
		if (i == 0 && !frames.v.n)
			VEC_PUSH(a, &frames.v, none);
		if (i == 0)
			s.n_own = frames.v.n;
		s.has_creator |= i == 1 && t->kind == OUT_SYMBOL;
	}
	s.frames = frames.v.v;
	s.n = frames.v.n;
	bool is_signed = false;
	out_value_number((struct out_value) { .type = m->value, .bytes = row->value }, &s.value,
			 &is_signed);
	if (is_signed && (int64_t)s.value < 0) // nothing is that wide
		s.value = 0;
	return s;
}

struct stacks stacks_of(const struct out_env *env, const struct out_map *m, struct arena *a)
{
	struct stacks s = { .arena = a, .value_name = str_from_off(m->name, 1) };
	if (!s.value_name.len)
		s.value_name = STR("value");
	out_map_sort(m);
	for (size_t i = 0; i < m->n_rows; i++) {
		struct stack stack = stack_of(env, m, &m->rows[i], a);
		s.total = stacks_add(s.total, stack.value);
		VEC_PUSH(a, &s.v, stack);
	}
	return s;
}

// --- folding ---

// Frame i from the outermost on.
static struct str outer(const struct stack *s, size_t i)
{
	return s->frames[s->n - 1 - i].func;
}

static int by_functions(const void *x, const void *y)
{
	const struct stack *a = x, *b = y;
	for (size_t i = 0; i < MIN(a->n, b->n); i++) {
		int order = str_cmp(outer(a, i), outer(b, i));
		if (order)
			return order;
	}
	return a->n < b->n ? -1 : a->n > b->n;
}

void stacks_fold(struct stacks *s)
{
	size_t n = 0;
	if (s->v.n)
		qsort(s->v.v, s->v.n, sizeof(s->v.v[0]), by_functions);
	for (size_t i = 0; i < s->v.n; i++) {
		if (n && by_functions(&s->v.v[n - 1], &s->v.v[i]) == 0)
			s->v.v[n - 1].value = stacks_add(s->v.v[n - 1].value, s->v.v[i].value);
		else
			s->v.v[n++] = s->v.v[i];
	}
	s->v.n = n;
}

static int by_text(const void *x, const void *y)
{
	const struct stack *a = x, *b = y;
	for (size_t i = 0; i < MIN(a->n, b->n); i++) {
		int order = str_cmp(a->frames[i].text, b->frames[i].text);
		if (order)
			return order;
	}
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return a->n_own < b->n_own ? -1 : a->n_own > b->n_own;
}

static int by_value(const void *x, const void *y)
{
	const struct stack *a = x, *b = y;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return by_text(a, b);
}

// Those of several processes that read the same are one; the largest is the last.
static void merge(struct stacks *s)
{
	size_t n = 0;
	if (s->v.n)
		qsort(s->v.v, s->v.n, sizeof(s->v.v[0]), by_text);
	for (size_t i = 0; i < s->v.n; i++) {
		if (n && by_text(&s->v.v[n - 1], &s->v.v[i]) == 0)
			s->v.v[n - 1].value = stacks_add(s->v.v[n - 1].value, s->v.v[i].value);
		else
			s->v.v[n++] = s->v.v[i];
	}
	s->v.n = n;
	if (n)
		qsort(s->v.v, n, sizeof(s->v.v[0]), by_value);
}

// A function's name as a part of a folded line.
static void put_name(struct out_buf *b, struct str func)
{
	// What ends a name, or a line, in a folded stack.
	for (size_t i = 0; i < func.len; i++) {
		char c = func.p[i];
		if (c == ';')
			c = ':';
		else if ((unsigned char)c < 0x20 || c == 0x7f)
			c = '?';
		out_buf_add(b, &c, 1);
	}
}

// --- text ---

static void put_block(const struct stacks *s, const struct stack *stack, FILE *f)
{
	double percent = s->total ? 100.0 * (double)stack->value / (double)s->total : 0;
	fprintf(f, "%" PRIu64 "  %.1f%%\n", stack->value, percent);
	for (size_t i = 0; i < stack->n; i++) {
		bool is_creator = i == stack->n_own && stack->has_creator;
		fputs(is_creator ? "    created by " : "    ", f);
		out_text(f, stack->frames[i].text);
		fputc('\n', f);
	}
}

void out_stacks_text(const struct out_env *env, const struct out_map *m, FILE *f)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct stacks s = stacks_of(env, m, a);
	merge(&s);
	for (size_t i = 0; i < s.v.n; i++) {
		if (i)
			fputc('\n', f);
		put_block(&s, &s.v.v[i], f);
	}
}

void out_folded_text(const struct out_env *env, const struct out_map *m, FILE *f)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct stacks s = stacks_of(env, m, a);
	struct out_buf b = { 0 };
	stacks_fold(&s);
	for (size_t i = 0; i < s.v.n; i++) {
		b.n = 0;
		for (size_t k = 0; k < s.v.v[i].n; k++) {
			if (k)
				out_buf_str(&b, STR(";"));
			put_name(&b, outer(&s.v.v[i], k));
		}
		out_buf_printf(&b, " %" PRIu64 "\n", s.v.v[i].value);
		fwrite(b.p, 1, b.n, f);
	}
	out_buf_free(&b);
}

// --- JSON ---

static struct json begin(const char *type, FILE *f)
{
	struct json j = { .f = f, .is_spaced = true };
	json_open(&j, '{');
	json_kstr(&j, "type", str_from(type));
	json_key(&j, "data");
	json_open(&j, '[');
	return j;
}

static void end(struct json *j)
{
	json_close(j, ']');
	json_close(j, '}');
	json_end(j);
}

static void end_row(struct json *j, const struct stacks *s, const struct stack *stack)
{
	json_key_str(j, s->value_name);
	json_u64(j, stack->value);
	json_close(j, '}');
}

void out_stacks_json(const struct out_env *env, const struct out_map *m, FILE *f)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct stacks s = stacks_of(env, m, a);
	struct json j = begin("stacks", f);
	merge(&s);
	for (size_t i = 0; i < s.v.n; i++) {
		const struct stack *stack = &s.v.v[i];
		size_t n = stack->has_creator ? stack->n_own : stack->n;
		json_open(&j, '{');
		json_key(&j, "stack");
		json_open(&j, '[');
		for (size_t k = 0; k < n; k++)
			json_str(&j, stack->frames[k].text);
		json_close(&j, ']');
		if (n < stack->n)
			json_kstr(&j, "created_by", stack->frames[n].text);
		end_row(&j, &s, stack);
	}
	end(&j);
}

void out_folded_json(const struct out_env *env, const struct out_map *m, FILE *f)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct stacks s = stacks_of(env, m, a);
	struct json j = begin("folded", f);
	stacks_fold(&s);
	for (size_t i = 0; i < s.v.n; i++) {
		json_open(&j, '{');
		json_key(&j, "stack");
		json_open(&j, '[');
		for (size_t k = 0; k < s.v.v[i].n; k++)
			json_str(&j, outer(&s.v.v[i], k));
		json_close(&j, ']');
		end_row(&j, &s, &s.v.v[i]);
	}
	end(&j);
}
