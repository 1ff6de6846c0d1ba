// SPDX-License-Identifier: Apache-2.0
// The variables that are readable at one address. DWARF says where each is, and sometimes says it
// of more addresses than it is true of: such places are recognised and left out.
#include <stdlib.h>

#include "target/vars.h"

// As DWARF numbers it.
#define DWARF_RBP 6
// Memory below the stack pointer that C functions may use without telling (System V).
#define RED_ZONE 128

// --- the view ---

// Behind the code that makes the frame and stores parameters: the address that the line table
// marks, else where its second line entry begins, as debuggers do.
static uint64_t find_body(struct target_about *a)
{
	struct dwarf_row *rows;
	size_t n;
	struct err *e = dwarf_rows(a->t->dwarf, a->dwarf.low, a->dwarf.high, &rows, &n);
	if (e) {
		err_free(e);
		return a->dwarf.high;
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i].is_prologue_end && rows[i].vaddr >= a->dwarf.low)
			return rows[i].vaddr;
	for (size_t i = 0; i < n; i++)
		if (rows[i].vaddr > a->dwarf.low && rows[i].is_stmt && !rows[i].is_end)
			return rows[i].vaddr;
	return a->dwarf.high;
}

static struct err *view_init(struct view *v, struct target *t, const struct target_func *f,
			     struct arena *arena)
{
	struct target_about *a = &v->about;
	TRY(about_function(a, t, f, arena, &v->info));
	if (!a->has_dwarf)
		return NULL;
	v->is_optimised = str_find(a->dwarf.producer, STR(" -N")) < 0;
	v->body = find_body(a);
	v->body_frame = frame_at(a, v->body);
	return NULL;
}

// Many questions about one function follow each other: copies and lines in it.
struct err *view_open(struct target *t, const struct target_func *f, struct arena *out,
		      struct view **v)
{
	if (!t->view || t->view->about.f != f || t->view->vaddr_of_f != f->vaddr) {
		if (!t->view_arena)
			t->view_arena = arena_new();
		arena_clear(t->view_arena);
		t->view = NULL;
		struct view *fresh = ARENA_NEW(t->view_arena, struct view);
		fresh->vaddr_of_f = f->vaddr;
		TRY(view_init(fresh, t, f, t->view_arena));
		t->view = fresh;
	}
	t->view->out = out;
	*v = t->view;
	return NULL;
}

void view_move(struct view *v, uint64_t vaddr)
{
	struct target_about *a = &v->about;
	v->vaddr = vaddr;
	v->n_frames = 0;
	if (!a->has_dwarf)
		return;
	v->frame = frame_at(a, vaddr);
	struct err *e =
		dwarf_frames_at(a->t->dwarf, vaddr, v->frames, VIEW_FRAMES_MAX, &v->n_frames);
	if (e) {
		err_free(e);
		v->n_frames = 0;
	}
}

// The line at which execution stands in the function that declares var; 0: not known, or in another
// file.
static uint32_t line_of(const struct view *v, const struct dwarf_var *var)
{
	size_t i = var->n_inlined_around;
	if (i >= v->n_frames)
		return 0;
	const struct dwarf_frame *f = &v->frames[v->n_frames - 1 - i];
	return !var->file.len || str_eq(var->file, f->file) ? f->line : 0;
}

// Its first instructions, up to the entry site: arguments are where the caller put them.
static bool is_at_entry(const struct view *v)
{
	const struct target_about *a = &v->about;
	return a->f->vaddr == a->dwarf.low && v->vaddr >= a->f->vaddr &&
	       v->vaddr <= v->info.entry.vaddr;
}

// --- names and scopes ---

bool is_on_heap(const struct dwarf_var *var)
{
	return var->name.len > 1 && var->name.p[0] == '&';
}

struct str var_name(const struct dwarf_var *var)
{
	struct str s = is_on_heap(var) ? str_from_off(var->name, 1) : var->name;
	bool is_made = !s.len || s.p[0] == '~' || s.p[0] == '.' || str_eq(s, STR("_"));
	return is_made ? STR("") : s;
}

static bool is_in_scope(const struct dwarf_var *var, uint64_t vaddr)
{
	for (size_t i = 0; i < var->n_scope; i++)
		if (vaddr >= var->scope[i].low && vaddr < var->scope[i].high)
			return true;
	return false;
}

// Declared further down, so that the name means something else here yet. On the line of its
// declaration it counts when it is set.
static bool is_undeclared(const struct view *v, const struct dwarf_var *var, enum var_state state)
{
	uint32_t line = line_of(v, var);
	bool is_set_here = state == VAR_READABLE && !var->is_fixed;
	return var->kind == DWARF_LOCAL && line && var->line &&
	       (var->line > line || (var->line == line && !is_set_here));
}

// --- fixed places: true only of a part of the scope ---

static bool is_static_place(const struct place *p)
{
	return p->kind == PLACE_ADDR || p->kind == PLACE_VADDR || p->kind == PLACE_IMPLICIT ||
	       p->kind == PLACE_CONST;
}

// An own parameter that comes on the stack and stays there.
static bool is_stack_argument(const struct view *v, const struct dwarf_var *var,
			      const struct place *p)
{
	const struct target_info *info = &v->info;
	uint16_t sp = (uint16_t)insn_reg_sp(target_arch(v->about.t));
	int64_t at_entry = p->off + cfa_above_sp(v->about.t);
	for (size_t i = 0; i < info->n_values; i++) {
		const struct target_value *value = &info->values[i];
		if (value->is_result || !str_eq(value->name, var->name) || !value->is_known ||
		    !value->words.n || value->word_places[0].n != 1)
			continue;
		const struct place *w = &value->word_places[0].v[0];
		return p->kind == PLACE_CFA && w->kind == PLACE_MEM && w->reg == sp &&
		       w->off - (int64_t)value->words.v[0].off == at_entry;
	}
	return false;
}

static bool is_set_in_go(const struct view *v, const struct dwarf_var *var, const struct place *p)
{
	uint32_t line = line_of(v, var);
	bool is_own = var->n_inlined_around == 0;
	// The slot of a parameter that came in a register is filled when the register is needed for
	// something else, or never.
	if (is_own && var->kind == DWARF_PARAM && p->kind == PLACE_CFA)
		return is_stack_argument(v, var, p);
	if (var->kind == DWARF_RESULT && v->is_optimised && p->kind == PLACE_CFA)
		return false;
	return line && var->line && line > var->line && (!is_own || line > v->info.brief.pos.line);
}

static bool is_set_in_c(const struct view *v, const struct dwarf_var *var, const struct place *p)
{
	uint32_t line = line_of(v, var);
	bool is_own_param = var->n_inlined_around == 0 && var->kind == DWARF_PARAM;
	// The frame base is a register: as it is while the frame stands.
	if (p->kind == PLACE_MEM && (!v->frame.is_known || !same_frame(&v->frame, &v->body_frame)))
		return false;
	if (v->vaddr >= v->about.dwarf.low && v->vaddr < v->about.dwarf.high && v->vaddr < v->body)
		return false;
	return is_own_param || (line && var->line && line > var->line);
}

// Whether a place that is told for the whole scope holds what it should at the address.
static bool is_set(const struct view *v, const struct dwarf_var *var, const struct places *p)
{
	for (size_t i = 0; var->is_fixed && i < p->n; i++)
		if (!is_static_place(&p->v[i]) && !(v->about.is_go ? is_set_in_go(v, var, &p->v[i])
								   : is_set_in_c(v, var, &p->v[i])))
			return false;
	return true;
}

static bool overlap(const struct place *x, const struct place *y, uint64_t size_x, uint64_t size_y)
{
	return x->kind == PLACE_CFA && y->kind == PLACE_CFA && x->off < y->off + (int64_t)size_y &&
	       y->off < x->off + (int64_t)size_x;
}

// Go from 1.23 on lets variables that are not used at the same time share their memory: of two in
// scope nothing says whose value is there.
static bool shares_memory(const struct view *v, const struct dwarf_var *var, const struct places *p)
{
	const struct dwarf_vars *all = &v->about.vars;
	if (!v->about.is_go || !var->is_fixed || p->n != 1)
		return false;
	for (size_t i = 0; i < all->n; i++) {
		const struct dwarf_var *w = &all->v[i];
		if (w == var || !w->is_fixed || w->n_locs == 0 || w->locs[0].places.n != 1 ||
		    !w->type || !is_in_scope(w, v->vaddr))
			continue;
		if (overlap(&p->v[0], &w->locs[0].places.v[0], var->type->size, w->type->size))
			return true;
	}
	return false;
}

// --- places ---

// Memory that a signal handler may overwrite, or where nothing has been yet.
static bool is_below_stack(const struct view *v, const struct place *p)
{
	enum insn_arch arch = target_arch(v->about.t);
	int64_t lowest = v->about.is_go || arch != INSN_X86_64 ? 0 : -RED_ZONE;
	return (p->kind == PLACE_MEM || p->kind == PLACE_DEREF) && p->reg == insn_reg_sp(arch) &&
	       p->off < lowest;
}

static bool is_visible_register(const struct view *v, unsigned reg)
{
	return reg < 32 && insn_reg_is_int(target_arch(v->about.t), reg);
}

// One piece as a uprobe reads it.
static enum var_state resolve_piece(const struct view *v, struct place *p)
{
	switch (p->kind) {
	case PLACE_NONE:
		return VAR_UNREADABLE;
	case PLACE_COMPLEX:
		return VAR_COMPUTED;
	case PLACE_TLS:
		return VAR_TLS;
	case PLACE_ADDR:
	case PLACE_VADDR:
	case PLACE_CONST:
	case PLACE_IMPLICIT:
		return VAR_READABLE;
	case PLACE_REG:
		return is_visible_register(v, p->reg) ? VAR_READABLE : VAR_IN_VECTOR;
	case PLACE_CFA:
	case PLACE_MEM:
	case PLACE_VALUE:
	case PLACE_DEREF:
		break;
	}
	if (p->kind == PLACE_CFA || p->is_cfa) {
		if (!v->frame.is_known)
			return VAR_UNREADABLE;
		p->kind = p->kind == PLACE_CFA ? PLACE_MEM : p->kind;
		p->is_cfa = false;
		p->reg = v->frame.reg;
		p->off += v->frame.off;
	}
	return is_visible_register(v, p->reg) && !is_below_stack(v, p) ? VAR_READABLE
								       : VAR_UNREADABLE;
}

// p: the place of a pointer to the variable; out: that of the variable. False if it takes more
// steps than places have words for.
static bool follow(struct place *p)
{
	switch (p->kind) {
	case PLACE_REG:
		*p = (struct place) { .kind = PLACE_MEM, .reg = p->reg };
		return p->off == 0;
	case PLACE_MEM:
		*p = (struct place) { .kind = PLACE_DEREF, .reg = p->reg, .off = p->off };
		return true;
	case PLACE_VALUE:
		*p = (struct place) { .kind = PLACE_MEM, .reg = p->reg, .off = p->off };
		return true;
	case PLACE_VADDR:
		*p = (struct place) { .kind = PLACE_ADDR, .off = p->off };
		return true;
	case PLACE_NONE:
	case PLACE_CFA:
	case PLACE_ADDR:
	case PLACE_TLS:
	case PLACE_CONST:
	case PLACE_IMPLICIT:
	case PLACE_DEREF:
	case PLACE_COMPLEX:
		break;
	}
	return false;
}

// Registers hold all of what is said to be in them.
static bool fit_registers(const struct places *p, const struct type *t)
{
	for (size_t i = 0; i < p->n; i++) {
		uint64_t size = p->v[i].size ? p->v[i].size : t->size;
		if (p->v[i].kind == PLACE_REG && (p->v[i].off < 0 || p->v[i].off + size > 8))
			return false;
		if (p->v[i].kind == PLACE_IMPLICIT && size > p->v[i].data.len)
			return false;
	}
	return true;
}

// Fills in out, given the places of what DWARF calls the variable.
static struct err *finish_var(struct view *v, const struct dwarf_var *var, struct places l,
			      enum var_state *state, struct target_var *out)
{
	out->type = var->type;
	if (*state == VAR_READABLE && is_on_heap(var)) {
		struct type *pointer = type_strip(var->type);
		bool is_known =
			pointer->kind == TYPE_PTR && pointer->elem && l.n == 1 && follow(&l.v[0]);
		*state = is_known ? VAR_READABLE : VAR_COMPUTED;
		out->type = is_known ? pointer->elem : var->type;
	}
	if (*state != VAR_READABLE)
		return NULL;
	TRY(type_flatten(v->out, out->type, &out->words));
	out->places = l;
	if (!places_are_whole(&l, &out->words) || !fit_registers(&l, out->type))
		*state = VAR_UNREADABLE;
	return NULL;
}

static struct err *resolve(struct view *v, const struct dwarf_var *var, const struct places *p,
			   enum var_state *state, struct target_var *out)
{
	struct places l = { ARENA_ARRAY(v->out, struct place, p->n), p->n };
	*state = p->n ? VAR_READABLE : VAR_UNREADABLE;
	for (size_t i = 0; i < l.n && *state == VAR_READABLE; i++) {
		l.v[i] = p->v[i];
		*state = resolve_piece(v, &l.v[i]);
	}
	return finish_var(v, var, l, state, out);
}

static const struct dwarf_loc *loc_at(const struct dwarf_var *var, uint64_t vaddr)
{
	for (size_t i = 0; i < var->n_locs; i++)
		if (vaddr >= var->locs[i].low && vaddr < var->locs[i].high)
			return &var->locs[i];
	return NULL;
}

struct err *view_var(struct view *v, const struct dwarf_var *var, enum var_state *state,
		     struct target_var *out)
{
	*out = (struct target_var) {
		.name = var_name(var),
		.is_param = var->kind == DWARF_PARAM,
		.is_result = var->kind == DWARF_RESULT,
		.inlined_func = var->inlined_func,
		.inlined_at = { var->inlined_call_file, var->inlined_call_line },
		.pos = { var->file, var->line },
	};
	const struct dwarf_loc *loc = loc_at(var, v->vaddr);
	*state = VAR_ELSEWHERE;
	if (!loc || !var->type || !is_in_scope(var, v->vaddr) || !is_set(v, var, &loc->places) ||
	    shares_memory(v, var, &loc->places) || (v->about.is_go && go_is_doubtful(v, var, loc)))
		return NULL;
	return resolve(v, var, &loc->places, state, out);
}

// --- at the entry site ---

// A parameter by the calling convention: its words' places as those of the whole.
static struct err *entry_value(struct view *v, const struct dwarf_var *var,
			       const struct target_value *value, enum var_state *state,
			       struct target_var *out)
{
	VEC(struct place) l = { 0 };
	*state = value->is_known && value->word_places && !value->is_lost_on_restart
			 ? VAR_READABLE
			 : VAR_ELSEWHERE;
	for (size_t i = 0; i < value->words.n && *state == VAR_READABLE; i++)
		for (size_t k = 0; k < value->word_places[i].n && *state == VAR_READABLE; k++) {
			struct place p = value->word_places[i].v[k];
			p.off_in_value += value->words.v[i].off;
			p.size = p.size ? p.size : value->words.v[i].size;
			*state = resolve_piece(v, &p);
			VEC_PUSH(v->out, &l, p);
		}
	return finish_var(v, var, (struct places) { l.v, l.n }, state, out);
}

static struct err *var_here(struct view *v, const struct dwarf_var *var, enum var_state *state,
			    struct target_var *out)
{
	struct place captured;
	TRY(view_var(v, var, state, out));
	if (*state != VAR_READABLE && v->about.is_go && is_at_entry(v) &&
	    go_captured_at_entry(v, var, &captured))
		return resolve(v, var, &(struct places) { &captured, 1 }, state, out);
	if (!is_at_entry(v) || var->n_inlined_around ||
	    (var->kind != DWARF_PARAM && var->kind != DWARF_RESULT))
		return NULL;
	*state = VAR_ELSEWHERE;
	for (size_t i = 0; i < v->info.n_values; i++) {
		const struct target_value *value = &v->info.values[i];
		if (var->kind == DWARF_PARAM && !value->is_result && !value->is_hidden &&
		    value->type && str_eq(value->name, var->name))
			return entry_value(v, var, value, state, out);
	}
	return NULL;
}

// --- all of them ---

struct seen {
	struct target_var var;
	size_t n_inlined_around, depth, seq;
	bool is_undeclared, is_heap, is_readable;
};

static int nearer_first(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	if (x->n_inlined_around != y->n_inlined_around)
		return x->n_inlined_around > y->n_inlined_around ? -1 : 1;
	if (x->is_undeclared != y->is_undeclared)
		return x->is_undeclared ? 1 : -1;
	if (x->depth != y->depth)
		return x->depth > y->depth ? -1 : 1;
	if (x->is_heap != y->is_heap)
		return x->is_heap ? -1 : 1;
	if (x->var.pos.line != y->var.pos.line)
		return x->var.pos.line > y->var.pos.line ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

// A nearer variable of the name is declared and cannot be read; the two forms of one escaping
// variable do not hide each other.
static bool is_hidden(const struct seen *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!l[k].is_readable && !l[k].is_undeclared &&
		    str_eq(l[k].var.name, l[i].var.name) &&
		    !(l[k].is_heap && l[k].n_inlined_around == l[i].n_inlined_around &&
		      l[i].var.is_param))
			return true;
	return false;
}

// Whether a function that is inlined into its own one stands at the address.
static bool is_callers(const struct view *v, const struct dwarf_var *var)
{
	return var->n_inlined_around + 1 < v->n_frames;
}

struct err *view_vars(struct view *v, struct str only, struct target_var **out, size_t *n)
{
	const struct dwarf_vars *all = &v->about.vars;
	struct arena *arena = v->out;
	struct seen *l = ARENA_ARRAY(arena, struct seen, all->n);
	size_t n_seen = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct dwarf_var *var = &all->v[i];
		enum var_state state;
		if (!var_name(var).len || (only.len && !str_eq(only, var_name(var))) ||
		    !is_in_scope(var, v->vaddr) || is_repeated(all, i))
			continue;
		struct seen *s = &l[n_seen++];
		TRY(var_here(v, var, &state, &s->var));
		s->n_inlined_around = var->n_inlined_around;
		s->depth = var->depth;
		s->seq = i;
		s->is_undeclared = is_undeclared(v, var, state);
		s->is_heap = is_on_heap(var);
		s->is_readable = state == VAR_READABLE;
		s->var.is_callers = is_callers(v, var);
	}
	if (n_seen)
		qsort(l, n_seen, sizeof(*l), nearer_first);
	*out = ARENA_ARRAY(arena, struct target_var, n_seen);
	*n = 0;
	for (size_t i = 0; i < n_seen; i++)
		if (l[i].is_readable) {
			l[i].var.is_hidden = is_hidden(l, i);
			(*out)[(*n)++] = l[i].var;
		}
	return NULL;
}

struct err *target_vars_at(struct target *t, const struct target_func *f, uint64_t vaddr,
			   struct arena *arena, struct target_var **out, size_t *n)
{
	struct view *v;
	*out = NULL;
	*n = 0;
	TRY(view_open(t, f, arena, &v));
	if (!v->about.has_dwarf)
		return NULL;
	view_move(v, vaddr);
	return err_wrap(view_vars(v, STR(""), out, n), "%.*s", STR_ARG(f->name));
}

bool target_has_var_at_line(struct target *t, const struct target_func *f, uint64_t vaddr,
			    struct str name)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	struct view *v;
	bool has_it = false;
	struct err *e = view_open(t, f, scratch, &v);
	if (!e && v->about.has_dwarf)
		view_move(v, vaddr);
	for (size_t i = 0; !e && v->about.has_dwarf && i < v->about.vars.n && !has_it; i++) {
		const struct dwarf_var *var = &v->about.vars.v[i];
		bool is_own = v->n_frames < 2 ? !var->inlined_func.len
					      : str_eq(var->inlined_func, v->frames[0].name);
		has_it = is_own && str_eq(var_name(var), name);
	}
	target_note_damage(t, e);
	return has_it;
}
