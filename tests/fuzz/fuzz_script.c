// SPDX-License-Identifier: Apache-2.0
// Any bytes as a script: parsed, its macros put in, printed; and what script.h promises of the tree
// is checked.
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "script/script.h"

struct checked {
	struct diag *diag;
	unsigned depth;
};

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static void check_span(const struct checked *c, struct span span)
{
	struct str text = diag_source_text(c->diag, span.source);

	must(span.off <= text.len && span.len <= text.len - span.off);
}

static void go_down(struct walk *w, struct span span)
{
	struct checked *c = w->ctx;

	must(++c->depth <= SCRIPT_DEPTH_MAX + 1);
	check_span(c, span);
}

static void go_up(struct walk *w)
{
	struct checked *c = w->ctx;

	c->depth--;
}

static bool enter_expr(struct walk *w, struct expr *e)
{
	go_down(w, e->span);
	if (e->kind == EXPR_INC)
		must(e->inc.target->kind == EXPR_VAR || e->inc.target->kind == EXPR_MAP ||
		     e->inc.target->kind == EXPR_BAD);
	return true;
}

static void leave_expr(struct walk *w, struct expr *e)
{
	(void)e;
	go_up(w);
}

static bool enter_stmt(struct walk *w, struct stmt *s)
{
	go_down(w, s->span);
	if (s->kind == STMT_ASSIGN)
		must(s->assign.target->kind == EXPR_VAR || s->assign.target->kind == EXPR_MAP ||
		     s->assign.target->kind == EXPR_BAD);
	if (s->kind == STMT_EXPR && s->expr->kind == EXPR_BLOCK)
		must(!s->expr->block->value);
	return true;
}

static void leave_stmt(struct walk *w, struct stmt *s)
{
	(void)s;
	go_up(w);
}

static bool enter_block(struct walk *w, struct block *b)
{
	go_down(w, b->span);
	return true;
}

static void leave_block(struct walk *w, struct block *b)
{
	(void)b;
	go_up(w);
}

static void check_field(const struct checked *c, struct arena *a, const struct attach_field *f)
{
	static const struct str params[] = { { "one", 3 }, { "two", 3 } };

	if (!f)
		return;
	check_span(c, f->span);
	must(attach_field_text(a, f, params, 2).len >= f->text.len);
}

static void check_attach(const struct checked *c, struct arena *a, const struct attach *at)
{
	check_span(c, at->span);
	for (size_t i = 0; i < at->n_fields; i++)
		check_field(c, a, &at->fields[i]);
	check_field(c, a, at->offset);
	check_field(c, a, at->file);
	check_field(c, a, at->line);
	check_field(c, a, at->column);
}

static void check_script(struct checked *c, struct arena *a, struct script *s)
{
	struct walk w = { .enter_expr = enter_expr,
			  .leave_expr = leave_expr,
			  .enter_stmt = enter_stmt,
			  .leave_stmt = leave_stmt,
			  .enter_block = enter_block,
			  .leave_block = leave_block,
			  .ctx = c };

	for (size_t i = 0; i < s->n_items; i++) {
		const struct item *item = s->items[i];

		check_span(c, item->span);
		for (size_t n = 0; item->kind == ITEM_PROBE && n < item->probe.n_attach; n++)
			check_attach(c, a, &item->probe.attach[n]);
	}
	walk_script(&w, s);
	must(c->depth == 0);
}

static void print_script(const struct script *s, const struct diag *diag)
{
	FILE *out = fopen("/dev/null", "w");

	must(out != NULL);
	script_dump(s, out);
	diag_print(diag, out);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct diag *diag = diag_new(a);
	struct str text = { (const char *)data, size };
	struct script *s = script_parse(a, diag_add_source(diag, STR("fuzz"), text), diag);
	struct checked c = { .diag = diag };

	check_script(&c, a, s);
	script_expand_macros(a, s, diag);
	check_script(&c, a, s);
	print_script(s, diag);
	arena_free(a);
	return 0;
}
