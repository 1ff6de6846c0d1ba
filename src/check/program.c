// SPDX-License-Identifier: Apache-2.0
// From a script and its plan to a program: the passes over all parts.
#include "check/checker.h"

#define PASSES_MAX 40

// --- telling ---

void tell_error(struct checker *c, struct span span, const char *fmt, ...)
{
	va_list ap;
	if (!c->is_final)
		return;
	va_start(ap, fmt);
	diag_verror(c->diag, span, fmt, ap);
	va_end(ap);
}

void tell_warning(struct checker *c, struct span span, const char *fmt, ...)
{
	va_list ap;
	if (!c->is_final)
		return;
	va_start(ap, fmt);
	struct str text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	diag_warning(c->diag, span, "%.*s", STR_ARG(text));
}

void tell_hint(struct checker *c, const char *fmt, ...)
{
	va_list ap;
	if (!c->is_final)
		return;
	va_start(ap, fmt);
	struct str text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	diag_hint(c->diag, "%.*s", STR_ARG(text));
}

void tell_near(struct checker *c, const struct near *near)
{
	struct str text = STR("");
	for (size_t i = 0; i < near->n; i++)
		text = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(text), i ? ", " : "",
				    STR_ARG(near->best[i]));
	if (near->n)
		tell_hint(c, "near: %.*s", STR_ARG(text));
}

uint64_t name_number(struct checker *c, struct str text)
{
	uint64_t hash = str_hash(text);
	uintptr_t at = (uintptr_t)map_get(&c->name_numbers, hash);
	if (at && str_eq(c->names.v[at - 1], text))
		return at - 1;
	VEC_PUSH(c->arena, &c->names, text);
	map_put(&c->name_numbers, hash, (void *)(uintptr_t)c->names.n);
	return c->names.n - 1;
}

// --- passes ---

static void check_part(struct checker *c, size_t i)
{
	struct program_part *part = c->parts.v[i];
	c->part = part;
	c->part_vars = c->lists.v[i];
	c->vars.n = 0;
	c->n_loops = 0;
	c->n_nested = 0;
	c->n_copies = 1;
	if (part->predicate) {
		check_expr(c, part->predicate);
		condition_of(c, part->predicate);
	}
	check_block(c, part->body, false);
}

static void next_pass(struct checker *c)
{
	for (size_t i = 0; i < c->lists.n; i++)
		for (size_t k = 0; k < c->lists.v[i]->n; k++)
			found_next_pass(c, &c->lists.v[i]->v[k]->type);
	maps_next_pass(c);
	c->n_passes++;
}

static void find_types(struct checker *c)
{
	c->is_final = false;
	do {
		c->has_changed = false;
		for (size_t i = 0; i < c->parts.n; i++)
			check_part(c, i);
		next_pass(c);
	} while (c->has_changed && c->n_passes < PASSES_MAX);
	c->is_final = true;
}

struct program *program_make(struct arena *a, const struct script *s, struct plan *plan,
			     const struct config *config, const struct check_options *options,
			     struct diag *diag)
{
	struct checker c = {
		.arena = a,
		.diag = diag,
		.program = ARENA_NEW(a, struct program),
		.script = s,
		.plan = plan,
		.config = config,
		.options = options,
		.is_final = true,
		.type_names = map_init(a),
		.enumerator_names = map_init(a),
		.texts = map_init(a),
		.map_names = map_init(a),
		.name_numbers = map_init(a),
		.facts = map_init(a),
		.vars_of_sites = map_init(a),
		.part_vars = ARENA_NEW(a, struct var_list),
	};
	struct program *p = c.program;
	p->config = config;
	p->diag = diag;
	p->pid = options->pid;
	bool has_probes = false;
	for (size_t i = 0; i < s->n_items; i++)
		has_probes |= s->items[i]->kind == ITEM_PROBE;
	if (!has_probes && !diag_n_errors(diag))
		diag_error(diag, SPAN_NONE, "the script has no probes");
	types_init(&c);
	types_define(&c);
	maps_declare(&c);
	parts_make(&c);
	find_types(&c);
	tell_values_left_out(&c);
	for (size_t i = 0; i < p->n_parts && !diag_is_full(diag); i++)
		check_part(&c, i);
	for (size_t i = 0; i < p->n_parts; i++)
		vars_finish(&c, c.parts.v[i], c.lists.v[i]);
	maps_finish(&c);
	options_finish(&c);
	whole_finish(&c);
	p->actions = c.actions.v;
	p->n_actions = c.actions.n;
	p->names = c.names.v;
	p->n_names = c.names.n;
	p->btf = kernel_btf(&c);
	return p;
}
