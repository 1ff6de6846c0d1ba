// SPDX-License-Identifier: Apache-2.0
// call() and watch(): an event that says all of a call: when, on which goroutine, of which
// function, with which arguments; where it returns also the results and how long it took.
#include "check/checker.h"

static struct expr *name_expr(struct checker *c, struct span span, const char *name)
{
	struct expr *e = expr_new(c, EXPR_NAME, span, NULL);
	e->str = str_from(name);
	return e;
}

static int add(struct checker *c, struct program_action *a, struct expr *e)
{
	action_add_arg(c, a, e);
	return (int)a->n_args - 1;
}

// A builtin that is a number, or a name.
static int add_builtin(struct checker *c, struct program_action *a, const char *name)
{
	struct expr *e = name_expr(c, a->span, name);
	check_expr(c, e);
	if (!e->type)
		return -1;
	if (is_int(e->type))
		convert(c, e, type_int(c, false, 8));
	return add(c, a, e);
}

// Whatever it is, it is shown as a whole.
static int add_whole(struct checker *c, struct program_action *a, struct expr *e)
{
	check_whole(c, e, WHOLE_EVERY);
	if (!e->type || !whole_value_of(c, e, WHOLE_EVERY))
		return -1;
	return add(c, a, e);
}

// The words of the arguments, where nothing says what they are.
#define WORDS_MAX 9u

static struct expr *words_expr(struct checker *c, struct span span, size_t n)
{
	struct expr *e = expr_new(c, EXPR_RECORD, span, NULL);
	e->record.v = ARENA_ARRAY(c->arena, struct record_item, WORDS_MAX);
	e->height = 2;
	for (unsigned i = 0; i < MIN(n, (size_t)WORDS_MAX); i++) {
		struct str name = arena_printf(c->arena, "arg%u", i);
		struct expr *word = name_expr(c, span, name.p);
		if (!args_word_is_there(c, i))
			become_unreadable(c, word);
		e->record.v[e->record.n++] = (struct record_item) { { name, span }, word };
	}
	return e;
}

static int add_words(struct checker *c, struct program_action *a, size_t n)
{
	struct expr *e = words_expr(c, a->span, n);
	enum whole before = c->whole;
	c->whole = WHOLE_EVERY;
	if (a->line.is_return)
		check_kept_whole(c, e);
	else
		check_expr(c, e);
	c->whole = before;
	return e->type && whole_value_of(c, e, WHOLE_EVERY) ? add(c, a, e) : -1;
}

static bool has_all(struct checker *c, struct expr *e)
{
	struct uses u = uses_of_expr(c->arena, e);
	for (size_t i = 0; i < u.args.n; i++)
		if (lacks_arg(c, c->part->clause, c->part->probes[0], u.args.v[i].name.text))
			return false;
	return true;
}

// Of many functions, not all have all that is asked for. False: this one has none of it.
static bool keep_those_there(struct checker *c, struct expr *given)
{
	size_t n = 0;
	if (given->kind != EXPR_RECORD)
		return true;
	for (size_t i = 0; i < given->record.n; i++)
		if (has_all(c, given->record.v[i].value))
			given->record.v[n++] = given->record.v[i];
	given->record.n = n;
	return n > 0;
}

static void add_args(struct checker *c, struct program_action *a, struct expr_list *given)
{
	struct program_call_line *line = &a->line;
	bool has_names = args_are_there(c, a->span);
	bool is_all;
	size_t n_words = args_words(c, &is_all);
	if (given->n && given->v[0]->kind == EXPR_INT && !given->v[0]->num.value)
		line->has_no_args = true;
	else if (given->n && !keep_those_there(c, given->v[0]))
		line->has_no_args = has_names;
	else if (given->n)
		line->args = add_whole(c, a, given->v[0]);
	else if (has_names)
		line->args = add_whole(c, a, name_expr(c, a->span, "args"));
	else if (n_words)
		line->args = add_words(c, a, n_words);
	else
		line->is_unknown = !is_all;
	line->is_cut =
		line->args >= 0 && !given->n && !has_names && (!is_all || n_words > WORDS_MAX);
}

static void add_goroutine(struct checker *c, struct program_action *a)
{
	struct program_call_line *line = &a->line;
	const struct target_g *g = c->part->g;
	if (!g)
		return;
	line->goid = add_builtin(c, a, "goid");
	line->gofunc = add_builtin(c, a, "gofunc");
	if (g->parent_goid >= 0)
		line->parent = add_builtin(c, a, "parent_goid");
}

static const struct program_call_line nothing = {
	.when = -1,
	.pid = -1,
	.tid = -1,
	.func = -1,
	.goid = -1,
	.gofunc = -1,
	.parent = -1,
	.duration = -1,
	.args = -1,
	.results = -1,
	.stack = -1,
	.site = -1,
	.child = -1,
	.depth = -1,
};

// What every one begins with.
static struct program_action *line_new(struct checker *c, struct expr *e,
				       const struct function_info *f)
{
	struct program_action *a = action_new(c, e, f->action);
	struct program_call_line *line = &a->line;
	*line = nothing;
	line->is_return = c->part->kind == PROBE_URETPROBE && c->part->call;
	line->when = add_builtin(c, a, line->is_return ? "call_start" : "nsecs");
	line->pid = add_builtin(c, a, "pid");
	line->tid = add_builtin(c, a, "tid");
	return a;
}

// Of a call that begins or returns.
static struct program_action *call_new(struct checker *c, struct expr *e,
				       const struct function_info *f)
{
	struct program_action *a = line_new(c, e, f);
	struct program_call_line *line = &a->line;
	line->call = c->part->call;
	line->func = add_builtin(c, a, "func");
	add_goroutine(c, a);
	if (line->is_return)
		line->duration = add_builtin(c, a, "duration");
	if (c->config->call_view != OUT_CALLS_LINE)
		line->depth = add_builtin(c, a, "call_depth");
	return a;
}

static bool is_at_function(struct checker *c, const struct expr *e)
{
	if (c->part->kind == PROBE_UPROBE || c->part->kind == PROBE_URETPROBE)
		return true;
	tell_error(c, e->span,
		   "call() is there where a function begins or returns: in "
		   "uprobe and uretprobe");
	return false;
}

static int add_part(struct checker *c, struct program_action *a, struct expr *e)
{
	check_expr(c, e);
	return value_of(c, e) ? add(c, a, e) : -1;
}

FUNCTION_CHECK(check_call_line)
{
	e->type = c->basic.none;
	if (!is_at_function(c, e))
		return;
	if (!c->is_final) {
		// For what it says of arguments that cannot be read.
		if (!e->call.args.n)
			args_are_there(c, e->span);
		for (size_t i = 1; i < e->call.args.n; i++)
			check_expr(c, e->call.args.v[i]);
		return;
	}
	struct program_action *a = call_new(c, e, f);
	struct program_call_line *line = &a->line;
	add_args(c, a, &e->call.args);
	if (line->is_return && count_results(part_info(c)))
		line->results = add_whole(c, a, name_expr(c, a->span, "retval"));
	if (e->call.args.n > 1)
		line->stack = add_part(c, a, e->call.args.v[1]);
	if (e->call.args.n > 2)
		line->site = add_part(c, a, e->call.args.v[2]);
}

FUNCTION_CHECK(check_returned)
{
	e->type = c->basic.none;
	if (c->part->kind != PROBE_URETPROBE) {
		tell_error(c, e->span,
			   "returned() is there where a function returns: in uretprobe");
		return;
	}
	if (c->is_final)
		call_new(c, e, f)->line.is_untold = true;
}

// --- goroutines that are started ---

// A word of the struct g that the function returns.
static struct expr *word_of_new_g(struct checker *c, struct span span, int64_t off)
{
	struct expr *e = name_expr(c, span, "retval");
	// Without debug information it is not known where it is on the stack, until Go 1.16: then
	// trees are without goroutines that are started.
	diag_mute(c->diag, true);
	check_expr(c, e);
	diag_mute(c->diag, false);
	if (!e->type)
		return NULL;
	wrap_in_cast(c, e, c->basic.nil);
	return go_word(c, e, "g", (uint64_t)off, type_int(c, false, 8));
}

FUNCTION_CHECK(check_started)
{
	const struct target_g *g = c->part->g;
	e->type = c->basic.none;
	if (c->part->kind != PROBE_URETPROBE || !g) {
		tell_error(c, e->span, "started() is for uretprobe:PROGRAM:runtime.newproc1");
		return;
	}
	c->part->notes_starts = true;
	if (!c->is_final)
		return;
	struct expr *child = word_of_new_g(c, e->span, g->goid);
	struct expr *pc = word_of_new_g(c, e->span, g->startpc);
	struct expr *parent =
		g->parent_goid >= 0 ? word_of_new_g(c, e->span, g->parent_goid) : NULL;
	if (!child || !pc)
		return;
	wrap_in_cast(c, pc, type_go_func(c));
	struct program_action *a = line_new(c, e, f);
	struct program_call_line *line = &a->line;
	line->child = add(c, a, child);
	line->func = add(c, a, pc);
	// The runtime is at work here, for the goroutine that is the new one's parent.
	line->goid = parent ? add(c, a, parent) : add_builtin(c, a, "curg_goid");
}

// watch(place, values [, is_changed [, limit]])
FUNCTION_CHECK(check_watch)
{
	struct expr_list args = e->call.args, none = { 0 };
	struct str place;
	int64_t is_changed = 0, limit = 0;
	e->type = c->basic.none;
	if (c->part->kind != PROBE_UPROBE && c->part->kind != PROBE_URETPROBE) {
		tell_error(c, e->span, "watch() is there in uprobe and uretprobe only");
		return;
	}
	if (!constant_text_of(c, args.v[0], "the place", &place) ||
	    (args.n > 2 && !constant_of(c, args.v[2], "whether values must differ", &is_changed)) ||
	    (args.n > 3 && !constant_of(c, args.v[3], "the number of lines", &limit)) ||
	    !c->is_final)
		return;
	struct program_action *a = line_new(c, e, f);
	a->line.func = add_builtin(c, a, "func");
	add_goroutine(c, a);
	a->text = place;
	a->is_changed = is_changed != 0;
	a->top = limit > 0 ? (uint64_t)limit : 0;
	// Without debug information their words are all there is.
	if (str_eq(word_of_expr(args.v[1]), STR("args")))
		add_args(c, a, &none);
	else
		a->line.args = add_whole(c, a, args.v[1]);
}
