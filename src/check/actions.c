// SPDX-License-Identifier: Apache-2.0
// Calls of what is done outside, when an event arrives: printf, print, clear, exit, ...
#include "check/checker.h"

#define JOIN_MAX      16
#define JOIN_SIZE_MAX 1024u

struct program_action *action_new(struct checker *c, struct expr *e, enum action_kind kind)
{
	struct program_action *a = ARENA_NEW(c->arena, struct program_action);
	struct call_use *use = ARENA_NEW(c->arena, struct call_use);
	a->kind = kind;
	a->span = e->span;
	a->index = (uint32_t)c->actions.n;
	a->args = ARENA_ARRAY(c->arena, struct program_arg, ARGS_MAX);
	use->id = FUNCTION_ACTION;
	use->action = a;
	e->meaning = use;
	VEC_PUSH(c->arena, &c->actions, a);
	return a;
}

void action_add_arg(struct checker *c, struct program_action *a, struct expr *value)
{
	a->args[a->n_args].value = value;
	a->args[a->n_args++].shown = check_shown(c->arena, value->type, c->options->secrets);
}

// --- printf ---

// Where in the source a part of the format is: only if it stands there as it is.
static struct span format_span(struct checker *c, struct expr *format,
			       const struct out_format_error *err)
{
	struct str text = diag_span_text(c->diag, format->span);
	if (!err->len || text.len != format->str.len + 2)
		return format->span;
	return (struct span) { format->span.source, format->span.off + 1 + (uint32_t)err->off,
			       (uint32_t)err->len };
}

static void make_format(struct checker *c, struct expr *e, const struct function_info *f)
{
	struct program_action *a = action_new(c, e, f->action);
	const struct out_type *shown[ARGS_MAX];
	struct out_format_error err;
	uint64_t size = 0;
	for (size_t i = 1; i < e->call.args.n; i++) {
		action_add_arg(c, a, e->call.args.v[i]);
		shown[i - 1] = a->args[i - 1].shown;
		struct type *t = e->call.args.v[i]->type;
		size += t->kind == TYPE_STRING ? c->config->max_strlen : t->size;
	}
	if (size > 4 * VALUE_SIZE_MAX)
		tell_error(c, e->span, "the values of this %s() are too large together", f->name);
	if (out_format_parse(c->arena, e->call.args.v[0]->str, shown, a->n_args, &a->format, &err))
		return;
	struct span span = err.arg >= 0 ? e->call.args.v[err.arg + 1]->span
					: format_span(c, e->call.args.v[0], &err);
	tell_error(c, span, "%.*s", STR_ARG(err.text));
}

// What the next conversion of a format wants of its argument. What is wrong with it is told later.
static enum whole next_wants(struct str *format)
{
	while (format->len) {
		bool is_one = format->p[0] == '%';
		*format = str_from_off(*format, 1);
		if (!is_one)
			continue;
		while (format->len && strchr("-+ 0#.123456789hlLjz", format->p[0]))
			*format = str_from_off(*format, 1);
		char letter = format->len ? format->p[0] : '\0';
		if (format->len)
			*format = str_from_off(*format, 1);
		if (letter != '%')
			return letter == 'v' ? WHOLE_ALL : letter == 's' ? WHOLE_GO : WHOLE_NO;
	}
	return WHOLE_NO;
}

FUNCTION_CHECK(check_printf)
{
	struct str format = STR("");
	bool is_fine = constant_text_of(c, e->call.args.v[0], "the format", &format);
	for (size_t i = 1; i < e->call.args.n; i++) {
		enum whole wants = next_wants(&format);
		check_whole(c, e->call.args.v[i], wants);
		is_fine = whole_value_of(c, e->call.args.v[i], wants) && is_fine;
	}
	e->type = c->basic.none;
	if (c->is_final && is_fine)
		make_format(c, e, f);
}

// --- print ---

static bool print_number(struct checker *c, struct expr *e, size_t i, const char *what,
			 uint64_t *out)
{
	int64_t v;
	if (e->call.args.n <= i)
		return true;
	if (!constant_of(c, e->call.args.v[i], what, &v))
		return false;
	*out = (uint64_t)v;
	if (v < 0)
		tell_error(c, e->call.args.v[i]->span, "%s cannot be negative", what);
	return v >= 0;
}

static void print_map(struct checker *c, struct expr *e)
{
	struct map_info *m = map_whole(c, e->call.args.v[0], "print");
	uint64_t top = 0, div = 0;
	bool is_fine = print_number(c, e, 1, "how many entries are printed", &top) &&
		       print_number(c, e, 2, "the divisor", &div);
	if (!m || !is_fine || !c->is_final)
		return;
	struct program_action *a = action_new(c, e, ACTION_PRINT_MAP);
	a->map = m->map;
	a->top = top;
	a->div = div;
}

static void print_value(struct checker *c, struct expr *e)
{
	struct expr *value = e->call.args.v[0];
	if (e->call.args.n > 1) {
		tell_error(c, e->call.args.v[1]->span,
			   "print() takes how many entries for maps only");
		tell_hint(c, "print((a, b)) prints several values");
		return;
	}
	// One entry of stats() is no value, but it can be printed.
	if (value->kind == EXPR_MAP && map_of(c, value)->map->agg) {
		struct map_info *m = map_entry(c, value);
		if (!m || !c->is_final)
			return;
		struct program_action *a = action_new(c, e, ACTION_PRINT_ENTRY);
		a->map = m->map;
		action_add_arg(c, a, value->map.keys.v[0]);
		return;
	}
	check_whole(c, value, WHOLE_GO);
	if (whole_value_of(c, value, WHOLE_GO) && c->is_final)
		action_add_arg(c, action_new(c, e, ACTION_PRINT), value);
}

FUNCTION_CHECK(check_print)
{
	struct expr *value = e->call.args.v[0];
	(void)f;
	if (value->kind == EXPR_MAP && !value->map.has_keys)
		print_map(c, e);
	else
		print_value(c, e);
	e->type = c->basic.none;
}

// --- shapes of maps ---

static bool is_tall(enum agg_kind agg)
{
	return agg == AGG_HIST || agg == AGG_LHIST || agg == AGG_TSERIES;
}

FUNCTION_CHECK(check_table)
{
	struct map_info *m = map_whole(c, e->call.args.v[0], f->name);
	struct str title = STR("key");
	e->type = c->basic.none;
	if (e->call.args.n > 1 &&
	    !constant_text_of(c, e->call.args.v[1], "what the keys are called", &title))
		return;
	if (!m || !c->is_final)
		return;
	if (is_tall(m->map->agg)) {
		tell_error(c, e->span, "a table has a line a row, and %s() takes many",
			   agg_name(m->map->agg));
		tell_hint(c, "print(%.*s) prints it", STR_ARG(m->map->name));
		return;
	}
	struct program_action *a = action_new(c, e, f->action);
	a->map = m->map;
	a->text = title;
}

static bool is_by_stack(struct checker *c, const struct map_info *m)
{
	if (!m->map->key)
		return false;
	const struct out_type *t = check_shown(c->arena, m->map->key, c->options->secrets);
	if (t->kind == OUT_TUPLE && t->n_fields)
		t = t->fields[0].type;
	return t->kind == OUT_STACK;
}

FUNCTION_CHECK(check_stacks)
{
	struct map_info *m = map_whole(c, e->call.args.v[0], f->name);
	struct str title = STR("");
	e->type = c->basic.none;
	if (e->call.args.n > 1 && !constant_text_of(c, e->call.args.v[1], "the title", &title))
		return;
	if (!m || !c->is_final)
		return;
	bool is_number =
		m->map->agg ? agg_has_number(m->map->agg) : is_scalar(found_type(&m->value));
	if (!is_number || !is_by_stack(c, m)) {
		tell_error(c, e->span, "%s() takes a map of numbers by stack", f->name);
		tell_hint(c, "like %.*s[ustack] = count()", STR_ARG(m->map->name));
		return;
	}
	struct program_action *a = action_new(c, e, f->action);
	a->map = m->map;
	a->text = title;
}

// --- the others ---

FUNCTION_CHECK(check_clear)
{
	struct map_info *m = map_whole(c, e->call.args.v[0], f->name);
	e->type = c->basic.none;
	if (m && c->is_final)
		action_new(c, e, f->action)->map = m->map;
}

FUNCTION_CHECK(check_exit)
{
	struct expr *status;
	e->type = c->basic.none;
	if (e->call.args.n) {
		status = e->call.args.v[0];
		if (!number_of(c, status, "the exit status"))
			return;
	} else {
		status = expr_new(c, EXPR_INT, e->span, type_int(c, true, 8));
		status->num.suffix = STR("");
	}
	if (!c->is_final)
		return;
	convert(c, status, type_int(c, true, 8));
	action_add_arg(c, action_new(c, e, f->action), status);
}

FUNCTION_CHECK(check_time)
{
	struct str format = STR("%H:%M:%S\n");
	e->type = c->basic.none;
	if (e->call.args.n &&
	    !constant_text_of(c, e->call.args.v[0], "the format of a time", &format))
		return;
	if (c->is_final)
		action_new(c, e, f->action)->text = format;
}

static struct expr *var_expr(struct checker *c, struct program_var *var, struct span span)
{
	struct expr *e = expr_new(c, EXPR_VAR, span, var->type);
	e->var.name = var->name;
	e->meaning = var;
	return e;
}

// argv[i], after one that is in var: nothing is read behind the end.
static struct expr *join_address(struct checker *c, struct expr *argv, size_t i,
				 struct program_var *var)
{
	struct expr *at = expr_new(c, EXPR_BINARY, argv->span, argv->type);
	at->op = OP_ADD;
	at->binary.left = script_copy_expr(c->arena, argv);
	at->binary.right = expr_new(c, EXPR_INT, argv->span, type_int(c, true, 8));
	at->binary.right->num.value = 8 * i;
	struct expr *item = expr_new(c, EXPR_UNARY, argv->span, var->type);
	item->op = OP_DEREF;
	item->unary = at;
	if (i == 0)
		return item;
	struct expr *cond = expr_new(c, EXPR_COND, argv->span, var->type);
	cond->cond.cond = var_expr(c, var, argv->span);
	cond->cond.then = item;
	cond->cond.other = expr_new(c, EXPR_INT, argv->span, var->type);
	return cond;
}

// { $var = argv[i]; $var ? str($var) : "" }
static struct expr *join_item(struct checker *c, struct expr *argv, size_t i,
			      struct program_var *var, struct type *text)
{
	struct stmt *set = ARENA_NEW(c->arena, struct stmt);
	set->kind = STMT_ASSIGN;
	set->span = argv->span;
	set->assign.target = var_expr(c, var, argv->span);
	set->assign.value = join_address(c, argv, i, var);
	struct expr *str = expr_new(c, EXPR_CALL, argv->span, text);
	struct call_use *use = ARENA_NEW(c->arena, struct call_use);
	use->id = FUNCTION_STR;
	str->meaning = use;
	str->call.name = (struct name) { STR("str"), argv->span };
	VEC_PUSH(c->arena, &str->call.args, var_expr(c, var, argv->span));
	struct expr *cond = expr_new(c, EXPR_COND, argv->span, text);
	cond->cond.cond = var_expr(c, var, argv->span);
	cond->cond.then = str;
	cond->cond.other = expr_new(c, EXPR_STR, argv->span, text);
	cond->cond.other->str = STR("");
	struct expr *block = expr_new(c, EXPR_BLOCK, argv->span, text);
	block->block = ARENA_NEW(c->arena, struct block);
	block->block->v = ARENA_ARRAY(c->arena, struct stmt *, 1);
	block->block->v[block->block->n++] = set;
	block->block->value = cond;
	return block;
}

FUNCTION_CHECK(check_join)
{
	struct expr *argv = e->call.args.v[0];
	struct str separator = STR(" ");
	e->type = c->basic.none;
	check_expr(c, argv);
	if (e->call.args.n > 1 &&
	    !constant_text_of(c, e->call.args.v[1], "the separator", &separator))
		return;
	if (argv->kind == EXPR_STR || (argv->type && argv->type->kind == TYPE_TEXT)) {
		tell_error(c, argv->span, "join() takes the address of a list of strings");
		tell_hint(c, "as a program's arguments are: join(args.argv)");
		return;
	}
	if (!number_of(c, argv, "what join() takes") || !c->is_final)
		return;
	bool is_kernel = argv->type->kind == TYPE_PTR && argv->type->is_kernel;
	struct type *text = type_text(c, MIN(c->config->max_strlen, JOIN_SIZE_MAX));
	struct type *string = type_pointer(c, c->basic.chars[1], is_kernel);
	convert(c, argv, type_pointer(c, string, is_kernel));
	struct program_action *a = action_new(c, e, f->action);
	a->text = separator;
	struct program_var *var = var_hidden(c, "argv", argv->type->elem);
	for (size_t i = 0; i < JOIN_MAX; i++)
		action_add_arg(c, a, join_item(c, argv, i, var, text));
}
