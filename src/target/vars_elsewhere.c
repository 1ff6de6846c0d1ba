// SPDX-License-Identifier: Apache-2.0
// For error messages: where a variable is readable that is not so here.
#include <stdlib.h>

#include "target/vars.h"

// Rows of the line table and lines that are looked at.
#define ROWS_MAX 4096
// Lines for which it is asked where a probe on them would be.
#define TRIES_MAX 16
// Parts of the function's code where it is not looked at instruction by instruction any more.
#define STEPS_MAX 20000

struct search {
	struct view *view;
	struct str name;
	struct str inlined_func; // of the variable that is looked for
};

struct line {
	uint32_t line;
	uint64_t vaddr; // the lowest address where it begins
	bool is_readable;
};

struct line_list {
	struct str file;
	struct line *v;
	size_t n;
};

// The variable's best state at the address.
static struct err *state_at(struct search *s, uint64_t vaddr, enum var_state *out)
{
	const struct dwarf_vars *all = &s->view->about.vars;
	struct target_var *v;
	size_t n;
	view_move(s->view, vaddr);
	TRY(view_vars(s->view, s->name, &v, &n));
	*out = VAR_ELSEWHERE;
	for (size_t i = 0; i < n; i++)
		if (!v[i].is_hidden) {
			*out = VAR_READABLE;
			return NULL;
		}
	for (size_t i = 0; i < all->n; i++) {
		enum var_state state;
		struct target_var var;
		if (!str_eq(var_name(&all->v[i]), s->name))
			continue;
		TRY(view_var(s->view, &all->v[i], &state, &var));
		if (state != VAR_READABLE && state > *out)
			*out = state;
		if (state == VAR_IN_VECTOR) {
			*out = state;
			return NULL;
		}
	}
	return NULL;
}

static int by_line(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

// The lines of a file that begin in the function's code.
static struct err *find_lines(struct search *s, struct str file, struct line_list *out)
{
	struct target_about *a = &s->view->about;
	struct dwarf_row *rows;
	size_t n;
	*out = (struct line_list) { .file = file };
	TRY(dwarf_rows(a->t->dwarf, a->code.low, a->code.high, &rows, &n));
	struct line *v = ARENA_ARRAY(s->view->out, struct line, MIN(n, (size_t)ROWS_MAX));
	size_t n_lines = 0;
	for (size_t i = 0; i < n && n_lines < ROWS_MAX; i++)
		if (rows[i].is_stmt && !rows[i].is_end && rows[i].line &&
		    rows[i].vaddr >= a->code.low && rows[i].vaddr < a->code.high &&
		    str_eq(rows[i].file, file))
			v[n_lines++] = (struct line) { rows[i].line, rows[i].vaddr, false };
	if (n_lines)
		qsort(v, n_lines, sizeof(*v), by_line);
	out->v = v;
	for (size_t i = 0; i < n_lines; i++)
		if (i == 0 || v[i].line != v[i - 1].line)
			v[out->n++] = v[i];
	for (size_t i = 0; i < out->n; i++) {
		enum var_state state;
		TRY(state_at(s, v[i].vaddr, &state));
		v[i].is_readable = state == VAR_READABLE;
	}
	return NULL;
}

// Whether a probe on the line has a site in this function where the variable is readable.
static bool is_good_line(struct search *s, struct str file, uint32_t line)
{
	struct target_about *a = &s->view->about;
	struct target_line_site *sites;
	size_t n;
	struct err *e = target_line_sites(a->t, file, line, 0, &sites, &n);
	if (e) {
		err_free(e);
		return false;
	}
	bool is_good = false;
	for (size_t i = 0; i < n; i++) {
		enum var_state state;
		if (sites[i].vaddr < a->code.low || sites[i].vaddr >= a->code.high)
			continue;
		e = state_at(s, sites[i].vaddr, &state);
		is_good = !e && state == VAR_READABLE;
		err_free(e);
		if (!is_good)
			return false;
	}
	return is_good;
}

// The readable line that is nearest to the one that was asked for; false if there is none.
static bool nearest_line(struct search *s, struct line_list *l, uint32_t line, size_t *out)
{
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		size_t best = l->n;
		for (size_t i = 0; i < l->n; i++) {
			uint32_t far =
				l->v[i].line > line ? l->v[i].line - line : line - l->v[i].line;
			uint32_t best_far = best == l->n             ? UINT32_MAX
					    : l->v[best].line > line ? l->v[best].line - line
								     : line - l->v[best].line;
			if (l->v[i].is_readable && far < best_far)
				best = i;
		}
		if (best == l->n)
			return false;
		if (is_good_line(s, l->file, l->v[best].line)) {
			*out = best;
			return true;
		}
		l->v[best].is_readable = false;
	}
	return false;
}

static struct str base_name(struct str path)
{
	return str_from_off(path, (size_t)(str_rfind_byte(path, '/') + 1));
}

static struct err *text_of_lines(struct search *s, struct str file, uint32_t line,
				 struct arena *arena, struct str *out)
{
	struct line_list l;
	size_t at;
	TRY(find_lines(s, file, &l));
	if (!nearest_line(s, &l, line, &at))
		return NULL;
	size_t low = at, high = at;
	while (low > 0 && l.v[low - 1].is_readable)
		low--;
	while (high + 1 < l.n && l.v[high + 1].is_readable)
		high++;
	struct str base = base_name(file);
	uint32_t best = l.v[at].line;
	if (low == high)
		*out = arena_printf(arena, "it is at line %u (try %.*s:%u)", best, STR_ARG(base),
				    best);
	else
		*out = arena_printf(arena, "it is at lines %u-%u (try %.*s:%u)", l.v[low].line,
				    l.v[high].line, STR_ARG(base), best);
	return NULL;
}

// No line begins where it is readable, but some instruction does.
static struct err *text_of_code(struct search *s, uint64_t vaddr, struct arena *arena,
				enum var_state *seen, struct str *out)
{
	const struct target_about *a = &s->view->about;
	const struct code *c = &a->code;
	const struct insn *best = NULL;
	uint64_t best_far = UINT64_MAX;
	*seen = VAR_ELSEWHERE;
	for (size_t i = 0; i < c->n && i < STEPS_MAX; i++) {
		enum var_state state;
		uint64_t at = c->v[i].vaddr, far = at > vaddr ? at - vaddr : vaddr - at;
		TRY(state_at(s, at, &state));
		if (state == VAR_READABLE && far < best_far && c->v[i].cost != INSN_REFUSED) {
			best = &c->v[i];
			best_far = far;
		} else if (state != VAR_READABLE) {
			*seen = MAX(*seen, state);
		}
	}
	if (best)
		*out = arena_printf(arena, "it is at %.*s+%llu", STR_ARG(a->f->name),
				    (unsigned long long)(best->vaddr - c->low));
	return NULL;
}

static struct str text_of_state(enum var_state state)
{
	switch (state) {
	case VAR_IN_VECTOR:
		return STR("it is in a floating-point register, which a probe cannot see");
	case VAR_TLS:
		return STR("it is thread-local: stoat does not know where a thread has it");
	case VAR_COMPUTED:
		return STR("it is kept in a form that only a computation turns into its value");
	case VAR_READABLE:
	case VAR_ELSEWHERE:
	case VAR_UNREADABLE:
		break;
	}
	return STR("it is never readable: optimised away");
}

// Positions: of the line that is asked about, or where the function begins if the variable belongs
// to an inlined one that does not stand there.
static struct target_pos position(struct search *s, uint64_t vaddr)
{
	const struct view *v = s->view;
	view_move(s->view, vaddr);
	for (size_t i = 0; i < v->n_frames; i++)
		if (i + 1 == v->n_frames ? s->inlined_func.len == 0
					 : str_eq(v->frames[i].name, s->inlined_func))
			return (struct target_pos) { v->frames[i].file, v->frames[i].line };
	return (struct target_pos) { 0 };
}

static struct err *describe(struct search *s, const struct dwarf_var *var, uint64_t vaddr,
			    struct arena *arena, struct str *out)
{
	enum var_state state;
	TRY(state_at(s, vaddr, &state));
	struct str here = STR("");
	if (state == VAR_IN_VECTOR)
		here = STR("it is in a floating-point register here");
	struct target_pos pos = position(s, vaddr);
	struct str file = pos.file.len    ? pos.file
			  : var->file.len ? var->file
					  : s->view->info.brief.pos.file;
	struct str where = STR("");
	if (file.len)
		TRY(text_of_lines(s, file, pos.line ? pos.line : var->line, arena, &where));
	if (!where.len)
		TRY(text_of_code(s, vaddr, arena, &state, &where));
	if (here.len && where.len)
		*out = arena_printf(arena, "%.*s; %.*s", STR_ARG(here), STR_ARG(where));
	else
		*out = where.len ? where : here.len ? here : text_of_state(state);
	return NULL;
}

struct str target_var_elsewhere(struct target *t, const struct target_func *f, uint64_t vaddr,
				struct str name, struct arena *arena)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct view *v;
	struct str out = STR("");
	struct err *e = view_open(t, f, scratch, &v);
	const struct dwarf_var *var = NULL;
	// The inlined function's that stands there is meant, else an own one rather than another's;
	// those come first.
	if (!e && v->about.has_dwarf)
		view_move(v, vaddr);
	for (size_t i = 0; !e && v->n_frames > 1 && i < v->about.vars.n && !var; i++)
		if (name.len && str_eq(var_name(&v->about.vars.v[i]), name) &&
		    str_eq(v->about.vars.v[i].inlined_func, v->frames[0].name))
			var = &v->about.vars.v[i];
	for (size_t i = 0; !e && i < v->about.vars.n && !var; i++)
		if (name.len && str_eq(var_name(&v->about.vars.v[i]), name))
			var = &v->about.vars.v[i];
	if (var) {
		struct search s = { v, name, var->inlined_func };
		e = describe(&s, var, vaddr, arena, &out);
	}
	target_note_damage(t, e);
	return out;
}
