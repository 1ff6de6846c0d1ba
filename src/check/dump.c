// SPDX-License-Identifier: Apache-2.0
// -d types: what was found out about maps, variables and every expression.
#include "check/checker.h"

struct dumper {
	FILE *out;
	struct arena *arena;
	const struct program *p;
	unsigned depth;
};

// --- types ---

static struct str spell_fields(struct arena *a, struct type *t, bool has_names, bool has_sizes)
{
	struct str s = STR("(");
	for (size_t i = 0; i < t->n_fields; i++) {
		struct str type = check_spell(a, t->fields[i].type, has_sizes);
		struct str name =
			has_names ? arena_printf(a, "%.*s=", STR_ARG(t->fields[i].name)) : STR("");
		s = arena_printf(a, "%.*s%s%.*s%.*s", STR_ARG(s), i ? ", " : "", STR_ARG(name),
				 STR_ARG(type));
	}
	return arena_printf(a, "%.*s)", STR_ARG(s));
}

struct str check_spell(struct arena *a, struct type *t, bool has_sizes)
{
	if (t->kind == TYPE_TEXT && !has_sizes)
		return STR("string");
	if (t->kind == TYPE_TEXT)
		return arena_printf(a, "string[%llu]", (unsigned long long)t->size);
	if (t->kind == TYPE_BUFFER)
		return arena_printf(a, "buffer[%llu]", (unsigned long long)t->size - 4);
	if (t->kind == TYPE_TUPLE)
		return spell_fields(a, t, false, has_sizes);
	if (t->kind == TYPE_STRUCT && str_eq(t->name, STR("record")))
		return spell_fields(a, t, true, has_sizes);
	return type_spell(a, t);
}

// --- lines ---

static void line(struct dumper *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void line(struct dumper *d, const char *fmt, ...)
{
	va_list ap;
	fprintf(d->out, "%*s", (int)(2 * d->depth), "");
	va_start(ap, fmt);
	vfprintf(d->out, fmt, ap);
	va_end(ap);
}

static void put_type(struct dumper *d, struct type *t)
{
	struct str text = t ? check_spell(d->arena, t, true) : STR("?");
	fprintf(d->out, " : %.*s%s\n", STR_ARG(text), t && t->is_word ? " word" : "");
}

static void put_text(struct dumper *d, struct str s)
{
	fputc('"', d->out);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char ch = (unsigned char)s.p[i];
		if (ch == '\n')
			fputs("\\n", d->out);
		else if (ch == '"' || ch == '\\')
			fprintf(d->out, "\\%c", ch);
		else if (ch < 0x20 || ch >= 0x7f)
			fprintf(d->out, "\\x%02x", ch);
		else
			fputc(ch, d->out);
	}
	fputc('"', d->out);
}

static void put_places(struct dumper *d, const struct places *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct place *at = &p->v[i];
		if (at->kind == PLACE_REG)
			fprintf(d->out, " reg %u", at->reg);
		else if (at->kind == PLACE_MEM)
			fprintf(d->out, " mem reg %u%+lld", at->reg, (long long)at->off);
		else
			fprintf(d->out, " const %lld", (long long)at->off);
	}
}

static void put_use(struct dumper *d, const struct expr *e)
{
	const struct member_use *use = e->meaning;
	if (!use)
		return;
	if (use->kind == MEMBER_PLACES) {
		put_places(d, &use->places);
		return;
	}
	if (use->kind == MEMBER_KEPT) {
		fprintf(d->out, " entry+%u", use->kept_off);
		return;
	}
	fprintf(d->out, " +%llu", (unsigned long long)use->field->off);
	if (use->field->bit_size)
		fprintf(d->out, " bits %u+%u", use->field->bit_off, use->field->bit_size);
	if (use->is_data_loc || use->is_rel_loc)
		fprintf(d->out, " %s_loc", use->is_data_loc ? "data" : "rel");
}

static void put_head(struct dumper *d, const struct expr *e)
{
	switch ((int)e->kind) {
	case EXPR_INT:
		if (e->type && e->type->kind == TYPE_FLOAT)
			line(d, "%.17g", real_of(e));
		else if (e->type && e->type->kind == TYPE_UINT)
			line(d, "%llu", (unsigned long long)e->num.value);
		else
			line(d, "%lld", (long long)e->num.value);
		break;
	case EXPR_BOOL:
		line(d, "%s", e->num.value ? "true" : "false");
		break;
	case EXPR_STR:
		line(d, "%s", "");
		put_text(d, e->str);
		break;
	case EXPR_NAME:
		line(d, "%.*s", STR_ARG(e->str));
		break;
	case EXPR_VAR:
		line(d, "$%.*s", STR_ARG(e->var.name));
		break;
	case EXPR_MAP:
		line(d, "@%.*s", STR_ARG(e->map.name));
		break;
	case EXPR_CALL:
		line(d, "%.*s()", STR_ARG(e->call.name.text));
		break;
	case EXPR_MEMBER:
		line(d, ".%.*s", STR_ARG(e->member.name.text));
		put_use(d, e);
		break;
	case EXPR_INDEX:
		line(d, "[]");
		break;
	case EXPR_UNARY:
	case EXPR_BINARY:
		line(d, "%s", expr_op_text(e->op));
		break;
	case EXPR_INC:
		line(d, "%s%s", e->inc.is_decrement ? "--" : "++",
		     e->inc.is_prefix ? "" : " after");
		break;
	case EXPR_COND:
		line(d, "?:");
		break;
	case EXPR_CAST:
		line(d, "cast");
		break;
	case EXPR_TUPLE:
		line(d, "tuple");
		break;
	case EXPR_RECORD:
		line(d, "record");
		break;
	case EXPR_IF:
		line(d, "if");
		break;
	case EXPR_BLOCK:
		line(d, "block");
		break;
	default:
		line(d, "?");
		break;
	}
}

static bool enter_expr(struct walk *w, struct expr *e)
{
	struct dumper *d = w->ctx;
	put_head(d, e);
	if (e->type && e->type->kind == TYPE_VOID)
		fputc('\n', d->out);
	else
		put_type(d, e->type);
	d->depth++;
	return !(e->kind == EXPR_MEMBER && e->member.base->kind == EXPR_NAME);
}

static void leave_expr(struct walk *w, struct expr *e)
{
	struct dumper *d = w->ctx;
	(void)e;
	d->depth--;
}

static bool enter_stmt(struct walk *w, struct stmt *s)
{
	static const char *const names[] = {
		[STMT_BAD] = "bad",           [STMT_EXPR] = "",
		[STMT_ASSIGN] = "assign",     [STMT_LET] = "let",
		[STMT_DISCARD] = "discard",   [STMT_FOR_MAP] = "for",
		[STMT_FOR_RANGE] = "for",     [STMT_WHILE] = "while",
		[STMT_UNROLL] = "unroll",     [STMT_BREAK] = "break",
		[STMT_CONTINUE] = "continue", [STMT_RETURN] = "return",
	};
	struct dumper *d = w->ctx;
	if (s->kind == STMT_EXPR)
		return true;
	line(d, "%s", names[s->kind]);
	if (s->kind == STMT_ASSIGN && s->assign.op)
		fprintf(d->out, " %s=", expr_op_text(s->assign.op));
	fputc('\n', d->out);
	d->depth++;
	return true;
}

static void leave_stmt(struct walk *w, struct stmt *s)
{
	struct dumper *d = w->ctx;
	if (s->kind != STMT_EXPR)
		d->depth--;
}

static bool enter_block(struct walk *w, struct block *b)
{
	struct dumper *d = w->ctx;
	(void)b;
	line(d, "{}\n");
	d->depth++;
	return true;
}

static void leave_block(struct walk *w, struct block *b)
{
	struct dumper *d = w->ctx;
	(void)b;
	d->depth--;
}

// --- the program ---

static void dump_map(struct dumper *d, const struct program_map *m)
{
	struct str key = m->key ? check_spell(d->arena, m->key, true) : STR("");
	line(d, "map %.*s", STR_ARG(m->name));
	if (m->key)
		fprintf(d->out, "[%.*s]", STR_ARG(key));
	if (m->agg)
		fprintf(d->out, " = %s", agg_name(m->agg));
	if (m->storage == MAP_LRU_HASH)
		fprintf(d->out, " lru");
	if (m->is_per_cpu && !m->agg)
		fprintf(d->out, " per CPU");
	put_type(d, m->value);
}

static void dump_part(struct dumper *d, const struct program_part *part)
{
	struct walk w = {
		.enter_expr = enter_expr,
		.leave_expr = leave_expr,
		.enter_stmt = enter_stmt,
		.leave_stmt = leave_stmt,
		.enter_block = enter_block,
		.leave_block = leave_block,
		.ctx = d,
	};
	const struct plan_probe *first = part->n_probes ? part->probes[0] : NULL;
	struct str text = first ? first->text : STR("");
	line(d, "part %u: %.*s", part->index, STR_ARG(text));
	if (part->n_probes > 1)
		fprintf(d->out, " and %zu more", part->n_probes - 1);
	if (part->entry_cc != INSN_CC_NONE)
		fprintf(d->out, ", unless jump %u is taken", part->entry_cc);
	fputc('\n', d->out);
	d->depth++;
	for (size_t i = 0; i < part->n_vars; i++) {
		line(d, "var $%.*s", STR_ARG(part->vars[i]->name));
		put_type(d, part->vars[i]->type);
	}
	if (part->predicate) {
		line(d, "predicate\n");
		d->depth++;
		walk_expr(&w, part->predicate);
		d->depth--;
	}
	walk_block(&w, part->body);
	d->depth--;
}

void program_dump(const struct program *p, FILE *out)
{
	struct dumper d = { .out = out, .arena = arena_new(), .p = p };
	for (size_t i = 0; i < p->n_maps; i++)
		dump_map(&d, p->maps[i]);
	for (size_t i = 0; i < p->n_parts; i++)
		dump_part(&d, p->parts[i]);
	arena_free(d.arena);
}
