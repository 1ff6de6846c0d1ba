// SPDX-License-Identifier: Apache-2.0
// stoat watch: the variables of a place, each time the program comes there.
#include "base/log.h"
#include "base/map.h"
#include "cli/tracing.h"
#include "insn/insn.h"

// So many variables that cannot be read are named.
#define NAMED_MAX 20u

struct watch_options {
	bool is_changed;
	const char *limit;
	uint64_t n_lines; // 0: no limit
};

// An address of the place.
struct watch_spot {
	const struct target_func *func;
	uint64_t vaddr;
};

struct watch_place {
	struct str text;
	struct str file; // FILE:LINE, else empty
	uint64_t line;   // of it
	bool has_off;    // FUNC+OFF
	uint64_t off;    // of it
	VEC(struct watch_spot) spots;
	bool is_in_copies; // of a function that was inlined everywhere
	struct map *told;  // notes, which several instances and copies have in common
};

// --- the place ---

// "store.go:38"
static bool parse_line(struct str text, struct watch_place *p)
{
	for (size_t i = text.len; i-- > 1;) {
		if (text.p[i] != ':')
			continue;
		p->file = str_first(text, i);
		return str_to_u64(str_from_off(text, i + 1), &p->line);
	}
	return false;
}

// "main.f+0x12": the function's name is what is in front.
static bool parse_off(struct tracing *t, struct watch_place *p, char **name)
{
	struct number n;
	for (size_t i = p->text.len; i-- > 1;) {
		if (p->text.p[i] != '+')
			continue;
		if (!number_parse(str_from_off(p->text, i + 1), &n) || n.is_duration)
			return false;
		p->off = n.value;
		struct str func = arena_strdup(t->arena, str_first(p->text, i));
		*name = arena_alloc(t->arena, func.len + 1, 1);
		memcpy(*name, func.p, func.len);
		return true;
	}
	return false;
}

static struct err *find_lines(struct tracing *t, struct watch_place *p)
{
	struct target_line_site *v;
	size_t n;
	TRY(target_line_sites(t->target, p->file, (uint32_t)p->line, 0, &v, &n));
	for (size_t i = 0; i < n; i++) {
		struct watch_spot s = { v[i].func, v[i].vaddr };
		if (s.func)
			VEC_PUSH(t->arena, &p->spots, s);
	}
	t->what = p->text;
	return NULL;
}

static struct err *find_entries(struct tracing *t, struct watch_place *p, char **name)
{
	TRY(tracing_functions(t, 1, name));
	bool is_one = t->matched.n == 1;
	if (p->has_off && !is_one)
		return err_new(ERR_USAGE, "an offset is in one function: '%s' means %zu", *name,
			       t->n_funcs);
	for (size_t i = 0; i < t->matched.n; i++) {
		struct target_site entry;
		target_entry(t->target, t->matched.v[i], &entry);
		struct watch_spot s = { t->matched.v[i], p->has_off
								 ? t->matched.v[i]->vaddr + p->off
								 : entry.vaddr };
		VEC_PUSH(t->arena, &p->spots, s);
	}
	struct str func = t->matched.n ? t->matched.v[0]->name : p->text;
	p->is_in_copies = !t->matched.n;
	// Of a function alone, the one that is passed is told.
	p->text = STR("");
	if (p->has_off)
		t->what = p->text = arena_printf(t->arena, "%.*s+0x%llx", STR_ARG(func),
						 (unsigned long long)p->off);
	return NULL;
}

static struct err *find_place(struct tracing *t, struct watch_place *p)
{
	char *name = t->operands[0];
	p->text = str_from(name);
	if (parse_line(p->text, p))
		return find_lines(t, p);
	p->file = STR("");
	p->has_off = parse_off(t, p, &name);
	return find_entries(t, p, &name);
}

// Where none begins, that is all there is to say; it is said where the probe would be.
static bool begins_instruction(struct tracing *t, const struct watch_place *p)
{
	const struct target_func *f = p->spots.v[0].func;
	struct bytes code = target_code(t->target, f);
	uint64_t at = 0;
	while (at < p->off && at < code.len) {
		struct insn in;
		insn_decode(target_arch(t->target), (struct bytes) { code.p + at, code.len - at },
			    f->vaddr + at, &in);
		at += MAX(in.len, 1u);
	}
	return at == p->off && at < code.len;
}

// --- variables ---

// "e" of "e.User" and "e[3]".
static struct str root_of(struct str var)
{
	size_t n = 0;
	while (n < var.len && var.p[n] != '.' && var.p[n] != '[' && var.p[n] != '-')
		n++;
	return str_first(var, n);
}

// At a line of an inlined function none of those around it.
static struct err *vars_of(struct tracing *t, const struct watch_place *p,
			   const struct watch_spot *s, struct target_var **v, size_t *n)
{
	size_t n_all;
	*n = 0;
	TRY(target_vars_at(t->target, s->func, s->vaddr, t->arena, v, &n_all));
	for (size_t i = 0; i < n_all; i++)
		if (!p->file.len || !(*v)[i].is_callers)
			(*v)[(*n)++] = (*v)[i];
	return NULL;
}

// Where it can be read; empty if the place has no such variable.
static struct str elsewhere(struct tracing *t, const struct watch_place *p,
			    const struct watch_spot *s, struct str name)
{
	if (p->file.len && !target_has_var_at_line(t->target, s->func, s->vaddr, name))
		return STR("");
	return target_var_elsewhere(t->target, s->func, s->vaddr, name, t->arena);
}

static bool has_name(const struct target_var *v, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].name, name))
			return !v[i].is_hidden;
	return false;
}

static struct str place_of(const struct watch_place *p, const struct watch_spot *s)
{
	return p->text.len ? p->text : s->func->name;
}

static struct err *not_readable(struct tracing *t, const struct watch_place *p,
				const struct watch_spot *s, struct str name,
				const struct target_var *v, size_t n)
{
	struct str at = place_of(p, s), missing = target_missing(t->target);
	struct str where = elsewhere(t, p, s, name);
	if (where.len)
		return err_new(ERR_NOTFOUND, "variable '%.*s' is not readable at %.*s; %.*s",
			       STR_ARG(name), STR_ARG(at), STR_ARG(where));
	if (!n && missing.len)
		return err_new(ERR_NOTFOUND, "variable '%.*s': %.*s", STR_ARG(name),
			       STR_ARG(missing));
	struct err *e = err_new(ERR_NOTFOUND, "there is no variable '%.*s' at %.*s", STR_ARG(name),
				STR_ARG(at));
	struct str list = STR("");
	for (size_t i = 0; i < n; i++)
		list = arena_printf(t->arena, "%.*s%s%.*s", STR_ARG(list), list.len ? ", " : "",
				    STR_ARG(v[i].name));
	return list.len ? err_note(e, "readable there: %.*s", STR_ARG(list)) : e;
}

// Says at once, and in words of the command, what the script would be told of.
static struct err *check_vars(struct tracing *t, const struct watch_place *p)
{
	for (size_t i = 0; i < p->spots.n; i++) {
		struct target_var *v;
		size_t n;
		TRY(vars_of(t, p, &p->spots.v[i], &v, &n));
		for (size_t k = 1; k < t->n_operands; k++) {
			struct str name = root_of(str_from(t->operands[k]));
			if (has_name(v, n, name))
				continue;
			return not_readable(t, p, &p->spots.v[i], name, v, n);
		}
	}
	return NULL;
}

// What else the function has, and where that could be read.
static struct err *tell_others(struct tracing *t, const struct watch_place *p,
			       const struct watch_spot *s)
{
	struct target_var *v;
	struct target_info *info;
	size_t n, n_told = 0;
	TRY(vars_of(t, p, s, &v, &n));
	if (n && (t->is_quiet || t->prints_script))
		return NULL;
	TRY(target_info(t->target, s->func, t->arena, &info));
	for (size_t i = 0; i < info->n_locals && n_told < NAMED_MAX; i++) {
		struct str name = info->locals[i].name;
		bool is_told = !name.len || has_name(v, n, name) || name.p[0] == '~';
		for (size_t k = 0; k < i; k++)
			is_told |= str_eq(info->locals[k].name, name);
		if (is_told)
			continue;
		struct str where = elsewhere(t, p, s, name);
		struct str note = arena_printf(t->arena, "%.*s is not readable at %.*s; %.*s",
					       STR_ARG(name), STR_ARG(p->text), STR_ARG(where));
		if (where.len && !map_get(p->told, str_hash(note))) {
			map_put(p->told, str_hash(note), p->told);
			log_note("%.*s", STR_ARG(note));
		}
		n_told++;
	}
	struct str missing = target_missing(t->target);
	if (n)
		return NULL;
	struct err *e = err_new(ERR_NOTFOUND, "no variable is readable at %.*s", STR_ARG(p->text));
	return missing.len ? err_note(e, "%.*s", STR_ARG(missing)) : e;
}

static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_' && c < 0x80 &&
		    (!i || c < '0' || c > '9'))
			return false;
	}
	return s.len > 0;
}

// (x=vars.x, "e.User"=vars.e.User)
static void put_vars(struct tracing *t)
{
	struct out_buf *b = &t->script;
	for (size_t i = 1; i < t->n_operands; i++) {
		struct str var = str_from(t->operands[i]);
		out_buf_str(b, i > 1 ? STR(", ") : STR("("));
		if (is_word(var))
			out_buf_str(b, var);
		else
			tracing_quoted(t, var);
		out_buf_printf(b, "=vars.%.*s", STR_ARG(var));
	}
	out_buf_str(b, STR(")"));
}

// --- the script ---

static void put_probe(struct tracing *t, const struct watch_place *p)
{
	struct out_buf *b = &t->script;
	if (!p->file.len) {
		tracing_probes(t, "uprobe");
		if (p->has_off)
			out_buf_printf(b, "+%llu", (unsigned long long)p->off);
		return;
	}
	tracing_program(t, "uprobe");
	out_buf_str(b, STR("@"));
	tracing_field(t, p->file);
	out_buf_printf(b, ":%llu", (unsigned long long)p->line);
}

static void put_watch(struct tracing *t, const struct watch_place *p, const struct watch_options *o)
{
	struct out_buf *b = &t->script;
	out_buf_str(b, STR("watch("));
	tracing_quoted(t, p->text);
	out_buf_str(b, STR(", "));
	// At its entry a function has its arguments, of which more may be known.
	if (t->n_operands > 1)
		put_vars(t);
	else
		out_buf_str(b, p->file.len || p->has_off || p->is_in_copies ? STR("vars")
									    : STR("args"));
	if (o->is_changed)
		out_buf_str(b, STR(", 1"));
	if (o->is_changed && o->n_lines)
		out_buf_printf(b, ", %llu", (unsigned long long)o->n_lines);
	out_buf_str(b, STR(");"));
}

// Where all passes count, nothing is sent when there were enough.
static void put_body(struct tracing *t, const struct watch_place *p, const struct watch_options *o)
{
	struct out_buf *b = &t->script;
	bool counts = o->n_lines && !o->is_changed;
	out_buf_str(b, counts ? STR("\n{\n\t$n = @n++;\n\t") : STR("\n{\n\t"));
	if (counts)
		out_buf_printf(b, "if ($n < %llu) { ", (unsigned long long)o->n_lines);
	put_watch(t, p, o);
	if (counts)
		out_buf_printf(b, " }\n\tif ($n + 1 >= %llu) { exit(); }",
			       (unsigned long long)o->n_lines);
	out_buf_str(b, STR("\n}\n"));
}

static struct err *watch(struct tracing *t, struct watch_options *o, int *status)
{
	struct map told = map_init(t->arena);
	struct watch_place p = { .told = &told };
	if (o->limit && (!str_to_u64(str_from(o->limit), &o->n_lines) || !o->n_lines))
		return err_new(ERR_USAGE, "--limit takes a number of lines, not '%s'", o->limit);
	TRY(find_place(t, &p));
	bool is_sound = !p.has_off || begins_instruction(t, &p);
	bool is_all = is_sound && t->n_operands == 1 && (p.file.len || p.has_off);
	if (is_sound)
		TRY(check_vars(t, &p));
	for (size_t i = 0; is_all && i < p.spots.n; i++)
		TRY(tell_others(t, &p, &p.spots.v[i]));
	tracing_head(t);
	put_probe(t, &p);
	put_body(t, &p, o);
	return tracing_run(t, status);
}

struct err *watch_run(const struct command *self, int argc, char **argv, int *status)
{
	struct tracing t = { .self = self, .has_place = true };
	struct watch_options o = { 0 };
	const struct option table[] = {
		{ 0, "changed", OPTION_FLAG, NULL,
		  "only when a value differs from the goroutine's last one", &o.is_changed },
		{ 'n', "limit", OPTION_TEXT, "N", "end after so many lines", &o.limit },
		VALUE_OPTIONS(&t),
		TRACING_OPTIONS(&t),
	};
	bool is_done = false;
	struct err *e = tracing_begin(&t, table, ARRAY_LEN(table), argc, argv, &is_done);
	if (!e && !is_done)
		e = watch(&t, &o, status);
	tracing_end(&t);
	return e;
}
