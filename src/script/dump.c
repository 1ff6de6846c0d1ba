// SPDX-License-Identifier: Apache-2.0
// The tree as text: one line a node, what is inside of it two columns further to the right.
#include "script/parser.h"

#include <inttypes.h>

struct dump {
	FILE *out;
	struct arena *arena;
	unsigned depth;
};

static void dump_expr(struct dump *d, const struct expr *e);
static void dump_block(struct dump *d, const struct block *b);

PRINTF_LIKE(2, 3)
static void line(struct dump *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(d->out, "%*s", (int)(2 * d->depth), "");
	vfprintf(d->out, fmt, ap);
	fputc('\n', d->out);
	va_end(ap);
}

// For lines that are put together from many pieces.
PRINTF_LIKE(2, 3)
static void piece(struct dump *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfprintf(d->out, fmt, ap);
	va_end(ap);
}

static void indent(struct dump *d)
{
	piece(d, "%*s", (int)(2 * d->depth), "");
}

// A text in quotes, with escapes for what would not show.
static struct str quoted(struct dump *d, struct str s)
{
	char *p = ARENA_ARRAY(d->arena, char, 4 * s.len + 3);
	size_t n = 0;
	p[n++] = '"';
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if (c == '"' || c == '\\' || c == '\n' || c == '\t') {
			p[n++] = '\\';
			p[n++] = (char)(c == '\n' ? 'n' : c == '\t' ? 't' : c);
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(p + n, 5, "\\x%02x", c);
		} else {
			p[n++] = (char)c;
		}
	}
	p[n++] = '"';
	return (struct str) { p, n };
}

// --- expressions ---

static void inside(struct dump *d, const struct expr *e)
{
	if (!e)
		return;
	d->depth++;
	dump_expr(d, e);
	d->depth--;
}

static void inside_list(struct dump *d, const struct expr_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		inside(d, list->v[i]);
}

// A heading, and what belongs under it.
static void part(struct dump *d, const char *name, const struct expr *e)
{
	if (!e)
		return;
	d->depth++;
	line(d, "%s", name);
	inside(d, e);
	d->depth--;
}

static void block_part(struct dump *d, const char *name, const struct block *b)
{
	if (!b)
		return;
	d->depth++;
	line(d, "%s", name);
	dump_block(d, b);
	d->depth--;
}

// The expressions in a type, which its text leaves out.
static void inside_type(struct dump *d, const struct type_spec *t)
{
	for (; t; t = t->elem) {
		if (t->count && t->count->kind != EXPR_INT)
			part(d, "count", t->count);
		if (t->kind == SPEC_TYPEOF && t->elem) {
			struct str text = type_spec_text(d->arena, t->elem);
			d->depth++;
			line(d, "typeof %.*s", STR_ARG(text));
			d->depth--;
		}
		part(d, "typeof", t->value);
	}
}

static double real_of(const struct expr *e)
{
	double v;
	memcpy(&v, &e->num.value, sizeof(v));
	return v;
}

static void dump_literal(struct dump *d, const struct expr *e)
{
	struct str s = { "", 0 };
	if (e->kind == EXPR_STR || e->kind == EXPR_NAME)
		s = e->str;
	else if (e->kind == EXPR_INT)
		s = e->num.suffix;
	if (e->kind == EXPR_INT && e->num.is_real)
		line(d, "real %.17g", real_of(e));
	else if (e->kind == EXPR_INT)
		line(d, "int %" PRIu64 "%s%.*s", e->num.value, s.len ? " " : "", STR_ARG(s));
	else if (e->kind == EXPR_BOOL)
		line(d, "bool %s", e->num.value ? "true" : "false");
	else if (e->kind == EXPR_STR)
		line(d, "string %.*s", STR_ARG(quoted(d, s)));
	else if (e->kind == EXPR_PARAM)
		line(d, "param $%" PRIu64, e->num.value);
	else if (e->kind == EXPR_PARAM_COUNT)
		line(d, "param $#");
	else if (e->kind == EXPR_NAME)
		line(d, "name %.*s", STR_ARG(s));
	else if (e->var.expansion)
		line(d, "var $%.*s (macro %u)", STR_ARG(e->var.name), e->var.expansion);
	else
		line(d, "var $%.*s", STR_ARG(e->var.name));
}

static void dump_type_of(struct dump *d, const char *what, const struct type_spec *type)
{
	indent(d);
	piece(d, "%s", what);
	if (type)
		piece(d, " %.*s", STR_ARG(type_spec_text(d->arena, type)));
}

static void dump_sizeof(struct dump *d, const struct expr *e)
{
	dump_type_of(d, "sizeof", e->type_of.type);
	piece(d, "\n");
	inside_type(d, e->type_of.type);
	inside(d, e->type_of.value);
}

static void dump_offsetof(struct dump *d, const struct expr *e)
{
	dump_type_of(d, "offsetof", e->offset_of.type);
	for (size_t i = 0; i < e->offset_of.n_path; i++)
		piece(d, " .%.*s", STR_ARG(e->offset_of.path[i].text));
	piece(d, "\n");
	inside_type(d, e->offset_of.type);
	inside(d, e->offset_of.value);
}

static void dump_record(struct dump *d, const struct expr *e)
{
	line(d, "record");
	d->depth++;
	for (size_t i = 0; i < e->record.n; i++) {
		line(d, ".%.*s", STR_ARG(e->record.v[i].name.text));
		inside(d, e->record.v[i].value);
	}
	d->depth--;
}

static void dump_operation(struct dump *d, const struct expr *e)
{
	if (e->kind == EXPR_UNARY) {
		line(d, "unary %s", expr_op_text(e->op));
		inside(d, e->unary);
	} else if (e->kind == EXPR_BINARY) {
		line(d, "binary %s", expr_op_text(e->op));
		inside(d, e->binary.left);
		inside(d, e->binary.right);
	} else if (e->kind == EXPR_INC) {
		line(d, "%s %s", e->inc.is_prefix ? "prefix" : "postfix",
		     e->inc.is_decrement ? "--" : "++");
		inside(d, e->inc.target);
	} else {
		line(d, e->cond.then ? "? :" : "?:");
		inside(d, e->cond.cond);
		inside(d, e->cond.then);
		inside(d, e->cond.other);
	}
}

static void dump_expr(struct dump *d, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_BAD:
		line(d, "error");
		break;
	case EXPR_INT:
	case EXPR_BOOL:
	case EXPR_STR:
	case EXPR_PARAM:
	case EXPR_PARAM_COUNT:
	case EXPR_NAME:
	case EXPR_VAR:
		dump_literal(d, e);
		break;
	case EXPR_MAP:
		line(d, "map @%.*s%s", STR_ARG(e->map.name), e->map.has_keys ? "[]" : "");
		inside_list(d, &e->map.keys);
		break;
	case EXPR_CALL:
		line(d, "call %.*s", STR_ARG(e->call.name.text));
		inside_list(d, &e->call.args);
		break;
	case EXPR_MEMBER:
		line(d, "member %s%.*s", e->member.is_arrow ? "->" : ".",
		     STR_ARG(e->member.name.text));
		inside(d, e->member.base);
		break;
	case EXPR_INDEX:
		line(d, "index");
		inside(d, e->index.base);
		inside(d, e->index.index);
		break;
	case EXPR_UNARY:
	case EXPR_BINARY:
	case EXPR_INC:
	case EXPR_COND:
		dump_operation(d, e);
		break;
	case EXPR_CAST:
		line(d, "cast %.*s", STR_ARG(type_spec_text(d->arena, e->cast.to)));
		inside_type(d, e->cast.to);
		inside(d, e->cast.value);
		break;
	case EXPR_SIZEOF:
		dump_sizeof(d, e);
		break;
	case EXPR_OFFSETOF:
		dump_offsetof(d, e);
		break;
	case EXPR_TUPLE:
		line(d, "tuple");
		inside_list(d, &e->items);
		break;
	case EXPR_RECORD:
		dump_record(d, e);
		break;
	case EXPR_IF:
		line(d, "if");
		inside(d, e->if_else.cond);
		block_part(d, "then", e->if_else.then);
		block_part(d, "else", e->if_else.other);
		break;
	case EXPR_BLOCK:
		line(d, "block");
		dump_block(d, e->block);
		break;
	}
}

// --- statements ---

static void dump_assign(struct dump *d, const struct stmt *s)
{
	line(d, "assign %s=", s->assign.op ? expr_op_text(s->assign.op) : "");
	inside(d, s->assign.target);
	inside(d, s->assign.value);
}

static void dump_let(struct dump *d, const struct stmt *s)
{
	struct str type = s->let.type ? type_spec_text(d->arena, s->let.type) : STR("");
	line(d, "let%s%.*s", type.len ? " " : "", STR_ARG(type));
	inside_type(d, s->let.type);
	inside(d, s->let.var);
	inside(d, s->let.value);
}

static void dump_loop(struct dump *d, const struct stmt *s)
{
	const struct block *body;
	if (s->kind == STMT_FOR_MAP) {
		line(d, "for in");
		inside(d, s->for_map.var);
		inside(d, s->for_map.map);
		body = s->for_map.body;
	} else if (s->kind == STMT_FOR_RANGE) {
		line(d, "for ..");
		inside(d, s->for_range.var);
		inside(d, s->for_range.from);
		inside(d, s->for_range.to);
		body = s->for_range.body;
	} else {
		line(d, s->kind == STMT_WHILE ? "while" : "unroll");
		inside(d, s->loop.cond);
		body = s->loop.body;
	}
	block_part(d, "do", body);
}

static void dump_stmt(struct dump *d, const struct stmt *s)
{
	switch (s->kind) {
	case STMT_BAD:
		line(d, "error");
		break;
	case STMT_EXPR:
		dump_expr(d, s->expr);
		break;
	case STMT_ASSIGN:
		dump_assign(d, s);
		break;
	case STMT_LET:
		dump_let(d, s);
		break;
	case STMT_DISCARD:
		line(d, "discard");
		inside(d, s->expr);
		break;
	case STMT_FOR_MAP:
	case STMT_FOR_RANGE:
	case STMT_WHILE:
	case STMT_UNROLL:
		dump_loop(d, s);
		break;
	case STMT_BREAK:
		line(d, "break");
		break;
	case STMT_CONTINUE:
		line(d, "continue");
		break;
	case STMT_RETURN:
		line(d, "return");
		inside(d, s->expr);
		break;
	}
}

static void dump_block(struct dump *d, const struct block *b)
{
	d->depth++;
	for (size_t i = 0; i < b->n; i++)
		dump_stmt(d, b->v[i]);
	d->depth--;
	part(d, "value", b->value);
}

// --- items ---

// Positional parameters stand where they stood.
static void dump_field(struct dump *d, const char *name, const struct attach_field *f)
{
	size_t done = 0;
	if (!f)
		return;
	indent(d);
	piece(d, "%s ", name);
	if ((f->is_quoted || !f->text.len) && !f->n_params) {
		piece(d, "%.*s\n", STR_ARG(quoted(d, f->text)));
		return;
	}
	for (size_t i = 0; i < f->n_params; i++) {
		piece(d, "%.*s$%" PRIu64, (int)(f->params[i].at - done), f->text.p + done,
		      f->params[i].number);
		done = f->params[i].at;
	}
	struct str rest = str_from_off(f->text, done);
	piece(d, "%.*s\n", STR_ARG(rest));
}

static void dump_attach(struct dump *d, const struct attach *a)
{
	line(d, "attach %.*s", STR_ARG(a->provider.text));
	d->depth++;
	if (a->name.text.len)
		line(d, "name %.*s", STR_ARG(a->name.text));
	for (size_t i = 0; i < a->n_fields; i++)
		dump_field(d, "field", &a->fields[i]);
	dump_field(d, "offset", a->offset);
	dump_field(d, "file", a->file);
	dump_field(d, "line", a->line);
	dump_field(d, "column", a->column);
	d->depth--;
}

static void dump_probe(struct dump *d, const struct probe *p)
{
	line(d, "probe");
	d->depth++;
	for (size_t i = 0; i < p->n_attach; i++)
		dump_attach(d, &p->attach[i]);
	d->depth--;
	part(d, "predicate", p->predicate);
	block_part(d, "do", p->body);
}

static void dump_type(struct dump *d, const struct type_spec *t);

static void dump_member(struct dump *d, const struct member_def *m)
{
	line(d, ".%.*s %.*s", STR_ARG(m->name.text), STR_ARG(type_spec_text(d->arena, m->type)));
	inside_type(d, m->type);
	part(d, "bits", m->bits);
	part(d, "align", m->align);
	const struct type_spec *base = m->type;
	while (base->elem)
		base = base->elem;
	if (base->def && base->def->owner == base) {
		d->depth++;
		dump_type(d, base);
		d->depth--;
	}
}

static void dump_type(struct dump *d, const struct type_spec *t)
{
	const struct type_def *def = t->def;
	struct str text = type_spec_text(d->arena, t);
	line(d, "type %.*s%s", STR_ARG(text), def && def->is_packed ? " packed" : "");
	if (!def)
		return;
	part(d, "align", def->align);
	d->depth++;
	for (size_t i = 0; i < def->n_members; i++)
		dump_member(d, &def->members[i]);
	for (size_t i = 0; i < def->n_enumerators; i++) {
		line(d, ".%.*s", STR_ARG(def->enumerators[i].name.text));
		inside(d, def->enumerators[i].value);
	}
	d->depth--;
}

static void dump_typedef(struct dump *d, const struct item *item)
{
	const struct type_spec *base = item->type_alias.type;
	line(d, "typedef %.*s %.*s", STR_ARG(item->type_alias.name.text),
	     STR_ARG(type_spec_text(d->arena, base)));
	inside_type(d, base);
	while (base->elem)
		base = base->elem;
	d->depth++;
	if (base->def && base->def->owner == base)
		dump_type(d, base);
	d->depth--;
}

static void dump_config(struct dump *d, const struct item *item)
{
	line(d, "config");
	d->depth++;
	for (size_t i = 0; i < item->config.n; i++) {
		line(d, "%.*s", STR_ARG(item->config.v[i].key.text));
		inside(d, item->config.v[i].value);
	}
	d->depth--;
}

static void dump_macro(struct dump *d, const struct macro *m)
{
	static const char *const sigil[] = {
		[MACRO_PARAM_EXPR] = "", [MACRO_PARAM_VAR] = "$", [MACRO_PARAM_MAP] = "@"
	};
	indent(d);
	piece(d, "macro %.*s(", STR_ARG(m->name.text));
	for (size_t i = 0; i < m->n_params; i++)
		piece(d, "%s%s%.*s", i ? ", " : "", sigil[m->params[i].kind],
		      STR_ARG(m->params[i].name.text));
	piece(d, ")\n");
	dump_block(d, m->body);
}

static void dump_item(struct dump *d, const struct item *item)
{
	switch (item->kind) {
	case ITEM_PROBE:
		dump_probe(d, &item->probe);
		break;
	case ITEM_CONFIG:
		dump_config(d, item);
		break;
	case ITEM_IMPORT:
		line(d, "import %.*s", STR_ARG(quoted(d, item->import.text)));
		break;
	case ITEM_MAP:
		line(d, "let @%.*s %.*s", STR_ARG(item->map.name.text),
		     STR_ARG(item->map.type.text));
		inside_list(d, &item->map.args);
		break;
	case ITEM_MACRO:
		dump_macro(d, &item->macro);
		break;
	case ITEM_DEFINE:
		line(d, "define %.*s %.*s", STR_ARG(item->define.name.text),
		     STR_ARG(quoted(d, item->define.text)));
		break;
	case ITEM_INCLUDE:
		line(d, "include %s%.*s%s", item->include.is_system ? "<" : "\"",
		     STR_ARG(item->include.path.text), item->include.is_system ? ">" : "\"");
		break;
	case ITEM_TYPE:
		dump_type(d, item->type);
		break;
	case ITEM_TYPEDEF:
		dump_typedef(d, item);
		break;
	}
}

void script_dump(const struct script *s, FILE *out)
{
	AUTO(arena_autofree) struct arena *a = arena_new();
	struct dump d = { .out = out, .arena = a };
	for (size_t i = 0; i < s->n_items; i++)
		dump_item(&d, s->items[i]);
}
