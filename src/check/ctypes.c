// SPDX-License-Identifier: Apache-2.0
// Types as scripts write them: C's words and those of the language, and what they define.
#include "check/checker.h"

// --- names ---

enum word_base { BASE_INT, BASE_UINT, BASE_CHAR, BASE_UCHAR, BASE_BOOL, BASE_VOID, BASE_FLOAT };

struct type_word_info {
	const char *name;
	enum word_base base;
	uint8_t size;
};

static const struct type_word_info words[] = {
	{ "void", BASE_VOID, 0 },
	{ "bool", BASE_BOOL, 1 },
	{ "_Bool", BASE_BOOL, 1 },
	{ "char", BASE_CHAR, 1 },
	{ "signed char", BASE_INT, 1 },
	{ "unsigned char", BASE_UCHAR, 1 },
	{ "short", BASE_INT, 2 },
	{ "unsigned short", BASE_UINT, 2 },
	{ "ushort", BASE_UINT, 2 },
	{ "int", BASE_INT, 4 },
	{ "unsigned int", BASE_UINT, 4 },
	{ "uint", BASE_UINT, 4 },
	{ "long", BASE_INT, 8 },
	{ "unsigned long", BASE_UINT, 8 },
	{ "ulong", BASE_UINT, 8 },
	{ "long long", BASE_INT, 8 },
	{ "unsigned long long", BASE_UINT, 8 },
	{ "float", BASE_FLOAT, 4 },
	{ "double", BASE_FLOAT, 8 },
	{ "float32", BASE_FLOAT, 4 },
	{ "float64", BASE_FLOAT, 8 },
	{ "size_t", BASE_UINT, 8 },
	{ "ssize_t", BASE_INT, 8 },
	{ "intptr_t", BASE_INT, 8 },
	{ "uintptr_t", BASE_UINT, 8 },
	{ "uintptr", BASE_UINT, 8 },
	{ "ptrdiff_t", BASE_INT, 8 },
	{ "pid_t", BASE_INT, 4 },
	{ "uid_t", BASE_UINT, 4 },
	{ "gid_t", BASE_UINT, 4 },
	{ "off_t", BASE_INT, 8 },
	{ "time_t", BASE_INT, 8 },
	{ "int8", BASE_INT, 1 },
	{ "int16", BASE_INT, 2 },
	{ "int32", BASE_INT, 4 },
	{ "int64", BASE_INT, 8 },
	{ "uint8", BASE_UINT, 1 },
	{ "uint16", BASE_UINT, 2 },
	{ "uint32", BASE_UINT, 4 },
	{ "uint64", BASE_UINT, 8 },
	{ "int8_t", BASE_INT, 1 },
	{ "int16_t", BASE_INT, 2 },
	{ "int32_t", BASE_INT, 4 },
	{ "int64_t", BASE_INT, 8 },
	{ "uint8_t", BASE_UINT, 1 },
	{ "uint16_t", BASE_UINT, 2 },
	{ "uint32_t", BASE_UINT, 4 },
	{ "uint64_t", BASE_UINT, 8 },
	{ "u8", BASE_UINT, 1 },
	{ "u16", BASE_UINT, 2 },
	{ "u32", BASE_UINT, 4 },
	{ "u64", BASE_UINT, 8 },
	{ "s8", BASE_INT, 1 },
	{ "s16", BASE_INT, 2 },
	{ "s32", BASE_INT, 4 },
	{ "s64", BASE_INT, 8 },
	{ "__u8", BASE_UINT, 1 },
	{ "__u16", BASE_UINT, 2 },
	{ "__u32", BASE_UINT, 4 },
	{ "__u64", BASE_UINT, 8 },
	{ "__s8", BASE_INT, 1 },
	{ "__s16", BASE_INT, 2 },
	{ "__s32", BASE_INT, 4 },
	{ "__s64", BASE_INT, 8 },
};

static struct type *word_type(struct checker *c, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct type_word_info *w = &words[i];
		if (!str_eq(name, str_from(w->name)))
			continue;
		switch (w->base) {
		case BASE_INT:
		case BASE_UINT:
			return type_int(c, w->base == BASE_INT, w->size);
		case BASE_CHAR:
		case BASE_UCHAR:
			return c->basic.chars[w->base == BASE_CHAR];
		case BASE_BOOL:
			return c->basic.boolean;
		case BASE_VOID:
			return c->basic.none;
		case BASE_FLOAT:
			return c->basic.real[w->size == 8];
		}
	}
	return NULL;
}

static struct named_type *find_named(struct checker *c, struct str name)
{
	uintptr_t at = (uintptr_t)map_get(&c->type_names, str_hash(name));
	if (!at || !str_eq(c->named_types.v[at - 1].name, name))
		return NULL;
	return &c->named_types.v[at - 1];
}

static void add_named(struct checker *c, struct str name, struct type *t, struct span span)
{
	VEC_PUSH(c->arena, &c->named_types, (struct named_type) { name, t, span });
	map_put(&c->type_names, str_hash(name), (void *)(uintptr_t)c->named_types.n);
}

static const char *const tags[] = { "struct ", "union ", "enum " };

static struct str tagged(struct checker *c, enum type_spec_kind kind, struct str name)
{
	const char *tag = tags[kind == SPEC_STRUCT ? 0 : kind == SPEC_UNION ? 1 : 2];
	return arena_printf(c->arena, "%s%.*s", tag, STR_ARG(name));
}

// In the debug information of the traced programs, the clause's own first.
static struct type *find_in_programs(struct checker *c, struct str name)
{
	const struct program_part *part = c->part;
	struct plan_program *last = part && part->n_probes ? part->probes[0]->program : NULL;
	struct type *t = NULL;
	struct err *e = last ? target_find_type(last->target, name, &t) : NULL;
	err_free(e);
	for (size_t i = 0; part && !t && i < c->plan->n_clauses; i++) {
		const struct plan_clause *clause = &c->plan->clauses[i];
		struct plan_program *p = clause->probes.n ? clause->probes.v[0].program : NULL;
		if (!p || p == last)
			continue;
		last = p;
		e = target_find_type(p->target, name, &t);
		err_free(e);
	}
	return t;
}

struct type *type_find(struct checker *c, struct str name)
{
	struct type *found = word_type(c, name);
	struct named_type *n = found ? NULL : find_named(c, name);
	if (n)
		return n->type;
	for (size_t i = 0; !found && i < ARRAY_LEN(tags); i++) {
		struct str full = arena_printf(c->arena, "%s%.*s", tags[i], STR_ARG(name));
		n = find_named(c, full);
		if (n && !n->type->is_declaration)
			found = n->type;
	}
	found = found ? found : find_in_programs(c, name);
	// Go's second names of numbers, which its debug information does not have.
	if (!found && str_eq(name, STR("byte")))
		return type_int(c, false, 1);
	if (!found && str_eq(name, STR("rune")))
		return type_int(c, true, 4);
	return found ? found : kernel_type(c, name);
}

struct type *type_named_struct(struct checker *c, struct str name)
{
	struct named_type *n = find_named(c, name);
	return n && !n->type->is_declaration ? n->type : NULL;
}

struct type *type_defined(struct checker *c, struct type *t)
{
	bool is_only_named = is_record(t) && t->is_declaration && !t->is_complete && !t->source;
	if (!is_only_named || !t->name.len)
		return t;
	struct type *found = type_named_struct(c, t->name);
	found = found ? found : find_in_programs(c, t->name);
	found = found ? found : kernel_type(c, t->name);
	return found ? found : t;
}

struct type *pointer_defined(struct checker *c, struct type *t)
{
	struct type *elem = t->elem ? type_strip(t->elem) : NULL;
	struct type *defined = elem ? type_defined(c, elem) : NULL;
	return defined == elem ? t : type_pointer(c, defined, t->is_kernel);
}

static void tell_unknown(struct checker *c, struct span span, struct str name)
{
	struct near near = near_init(name);
	if (!c->is_final)
		return;
	for (size_t i = 0; i < c->named_types.n; i++)
		near_offer(&near, c->named_types.v[i].name);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		near_offer(&near, str_from(words[i].name));
	kernel_offer(c, &near);
	tell_error(c, span, "unknown type '%.*s'", STR_ARG(name));
	bool is_told = kernel_tell_missing(c, name);
	if (near.n)
		tell_near(c, &near);
	else if (!is_told)
		tell_hint(c, "define it before the first probe: struct ... { ... }");
}

const struct enumerator_info *enumerator_find(struct checker *c, struct str name)
{
	uintptr_t at = (uintptr_t)map_get(&c->enumerator_names, str_hash(name));
	if (!at || !str_eq(c->enumerators.v[at - 1].name, name))
		return NULL;
	return &c->enumerators.v[at - 1];
}

// --- layout ---

#define TYPE_SIZE_MAX (1ull << 30)

struct layout {
	struct type *type;
	const struct type_def *def;
	uint64_t bits; // where the next member may begin
	uint64_t end;  // bytes: a union's largest member
	uint32_t align;
};

static uint64_t round_up(uint64_t v, uint64_t to)
{
	return to ? (v + to - 1) / to * to : v;
}

static bool alignment_of(struct checker *c, struct expr *e, uint32_t *out)
{
	int64_t v;
	if (!constant_of(c, e, "an alignment", &v))
		return false;
	if (v < 1 || v > 4096 || (v & (v - 1))) {
		tell_error(c, e->span, "an alignment is a power of two up to 4096");
		return false;
	}
	*out = (uint32_t)v;
	return true;
}

static void place_bits(struct checker *c, struct layout *l, const struct member_def *m,
		       struct type *t, struct type_field *f)
{
	int64_t n;
	if (!constant_of(c, m->bits, "a bit-field's width", &n))
		return;
	struct type *number = type_of_value(c, t);
	uint64_t unit = number->size * 8;
	bool is_packed = l->def->is_packed;
	if (!is_number(number) || n < 0 || (uint64_t)n > unit) {
		tell_error(c, m->bits->span, "a bit-field is a number of at most its type's bits");
		return;
	}
	if (l->type->kind == TYPE_UNION)
		l->bits = 0;
	if (n == 0) {
		l->bits = round_up(l->bits, unit);
		return;
	}
	if (!is_packed && l->bits % unit + (uint64_t)n > unit)
		l->bits = round_up(l->bits, unit);
	f->bit_size = (uint16_t)n;
	f->off = l->bits / unit * number->size;
	f->bit_off = (uint16_t)(l->bits % unit);
	if (f->bit_off + (uint64_t)n > unit) {
		f->off = l->bits / 8;
		f->bit_off = l->bits % 8;
	}
	if (f->bit_off + (uint64_t)n > 64)
		tell_error(c, m->bits->span, "this packed bit-field is in more than 8 bytes");
	l->bits += (uint64_t)n;
	if (!is_packed && m->name.text.len)
		l->align = MAX(l->align, type_align(number));
}

static void place_member(struct checker *c, struct layout *l, const struct member_def *m,
			 struct type *t, struct type_field *f)
{
	uint32_t align = l->def->is_packed ? 1 : type_align(t);
	uint32_t wanted = 0;
	if (m->align && alignment_of(c, m->align, &wanted))
		align = MAX(align, wanted);
	f->off = l->type->kind == TYPE_UNION ? 0 : round_up(round_up(l->bits, 8) / 8, align);
	l->bits = (f->off + t->size) * 8;
	l->align = MAX(l->align, align);
}

static bool member_type(struct checker *c, const struct layout *l, const struct member_def *m,
			struct type **out)
{
	*out = type_resolve(c, m->type);
	if (!*out)
		return false;
	struct type *t = type_strip(*out);
	if (t != type_defined(c, t))
		*out = t = type_defined(c, t);
	if (t->source)
		err_free(type_complete(t));
	// C's own are numbers, and shown as such.
	if (t->kind == TYPE_BOOL)
		*out = type_int(c, false, 1);
	if (t->kind == TYPE_VOID || t->kind == TYPE_FUNC || t == l->type ||
	    (is_record(t) && !t->is_complete)) {
		struct str text = spell(c, t);
		tell_error(c, m->type->span, "a member cannot be %.*s%s", STR_ARG(text),
			   is_record(t) ? ", which is not defined here" : "");
		return false;
	}
	return true;
}

static void lay_out(struct checker *c, struct type *t, const struct type_def *def)
{
	struct layout l = { .type = t, .def = def, .align = 1 };
	VEC(struct type_field) fields = { 0 };
	for (size_t i = 0; i < def->n_members; i++) {
		const struct member_def *m = &def->members[i];
		struct type_field f = { .name = m->name.text };
		if (!m->name.text.len && !m->bits && !(m->type->def))
			continue;
		if (!member_type(c, &l, m, &f.type))
			continue;
		if (m->bits)
			place_bits(c, &l, m, f.type, &f);
		else
			place_member(c, &l, m, f.type, &f);
		l.end = MAX(l.end, (l.bits + 7) / 8);
		if (l.end > TYPE_SIZE_MAX) {
			tell_error(c, m->type->span, "this type is too large");
			l.end = l.bits = 0;
			break;
		}
		for (size_t k = 0; m->name.text.len && k < fields.n; k++) {
			if (!str_eq(fields.v[k].name, f.name))
				continue;
			tell_error(c, m->name.span, "there are two members '%.*s'",
				   STR_ARG(f.name));
			break;
		}
		if (m->name.text.len || !m->bits)
			VEC_PUSH(c->arena, &fields, f);
	}
	if (def->align) {
		uint32_t wanted;
		if (alignment_of(c, def->align, &wanted))
			l.align = MAX(l.align, wanted);
	}
	t->fields = fields.v;
	t->n_fields = fields.n;
	t->align = l.align;
	t->size = round_up(l.end, l.align);
	t->is_complete = true;
	t->is_declaration = false;
}

static void define_enum(struct checker *c, struct type *t, const struct type_def *def)
{
	int64_t next = 0, min = 0, max = 0;
	t->enumerators = ARENA_ARRAY(c->arena, struct type_enumerator, def->n_enumerators);
	size_t first = c->enumerators.n;
	for (size_t i = 0; i < def->n_enumerators; i++) {
		const struct enumerator_def *d = &def->enumerators[i];
		if (d->value)
			constant_of(c, d->value, "an enumerator's value", &next);
		if (enumerator_find(c, d->name.text))
			tell_error(c, d->name.span, "there are two enumerators '%.*s'",
				   STR_ARG(d->name.text));
		struct enumerator_info info = { d->name.text, t, next };
		t->enumerators[t->n_enumerators++] =
			(struct type_enumerator) { d->name.text, next };
		VEC_PUSH(c->arena, &c->enumerators, info);
		map_put(&c->enumerator_names, str_hash(d->name.text),
			(void *)(uintptr_t)c->enumerators.n);
		min = MIN(min, next);
		max = MAX(max, next);
		next = (int64_t)((uint64_t)next + 1);
	}
	t->is_signed = min < 0;
	bool is_wide = min < INT32_MIN || max > (min < 0 ? INT32_MAX : (int64_t)UINT32_MAX);
	t->size = is_wide ? 8 : 4;
	t->is_complete = true;
	t->is_declaration = false;
	for (size_t i = first; t->name.len == 0 && i < c->enumerators.n; i++)
		c->enumerators.v[i].type = type_int(c, true, t->size);
}

// --- specifiers ---

static struct type *new_tagged(struct checker *c, enum type_spec_kind kind, struct str name)
{
	struct type *t = ARENA_NEW(c->arena, struct type);
	t->kind = kind == SPEC_STRUCT ? TYPE_STRUCT : kind == SPEC_UNION ? TYPE_UNION : TYPE_ENUM;
	t->name = name;
	t->dict_index = -1;
	t->is_declaration = true;
	return t;
}

static struct type *resolve_def(struct checker *c, struct type_spec *s)
{
	if (s->def->type)
		return s->def->type;
	struct str name = s->name.len ? tagged(c, s->kind, s->name) : STR("");
	struct named_type *old = name.len ? find_named(c, name) : NULL;
	struct type *t = old && old->type->is_declaration ? old->type : NULL;
	if (old && !t)
		tell_error(c, s->span, "'%.*s' is defined twice", STR_ARG(name));
	if (!t)
		t = new_tagged(c, s->kind, name);
	s->def->type = t;
	if (name.len && !old)
		add_named(c, name, t, s->span);
	if (s->kind == SPEC_ENUM)
		define_enum(c, t, s->def);
	else
		lay_out(c, t, s->def);
	return t;
}

static struct type *resolve_tagged(struct checker *c, struct type_spec *s)
{
	if (s->def)
		return resolve_def(c, s);
	struct str name = tagged(c, s->kind, s->name);
	struct named_type *n = find_named(c, name);
	if (n && (!c->part || !n->type->is_declaration))
		return n->type;
	struct type *t = find_in_programs(c, name);
	t = t || !c->part ? t : kernel_type(c, name);
	if (t || n)
		return t ? t : n->type;
	// A pointer to what is not known may stand in a struct, but nowhere else.
	if (!c->part) {
		t = new_tagged(c, s->kind, name);
		add_named(c, name, t, s->span);
		return t;
	}
	tell_unknown(c, s->span, name);
	return NULL;
}

static struct type *resolve_named(struct checker *c, struct type_spec *s)
{
	if (!s->name.len)
		return NULL;
	if (str_eq(s->name, STR("string")))
		return type_text(c, c->config->max_strlen);
	if (str_eq(s->name, STR("buffer")))
		return type_buffer(c, c->config->max_strlen);
	struct type *t = type_find(c, s->name);
	if (!t)
		tell_unknown(c, s->span, s->name);
	return t;
}

static bool array_count(struct checker *c, struct type_spec *s, uint64_t *out)
{
	int64_t n = 0;
	if (s->count && !constant_of(c, s->count, "an array's length", &n))
		return false;
	*out = (uint64_t)n;
	if (n < 0 || (uint64_t)n > TYPE_SIZE_MAX) {
		tell_error(c, s->count->span, "an array cannot have that length");
		return false;
	}
	return true;
}

static struct type *resolve_array(struct checker *c, struct type_spec *s)
{
	uint64_t n;
	struct type *elem = type_resolve(c, s->elem);
	if (!elem || !array_count(c, s, &n))
		return NULL;
	bool is_string = s->elem->kind == SPEC_NAMED && str_eq(s->elem->name, STR("string"));
	bool is_buffer = s->elem->kind == SPEC_NAMED && str_eq(s->elem->name, STR("buffer"));
	if (is_string || is_buffer) {
		if (n == 0 || n > VALUE_SIZE_MAX) {
			tell_error(c, s->span, "it has from 1 to %u bytes", VALUE_SIZE_MAX);
			return NULL;
		}
		return is_string ? type_text(c, n) : type_buffer(c, n);
	}
	struct type *strip = type_strip(elem);
	if (strip != type_defined(c, strip))
		elem = strip = type_defined(c, strip);
	struct err *e = strip->source ? type_complete(strip) : NULL;
	err_free(e);
	if (strip->kind == TYPE_VOID || strip->kind == TYPE_FUNC || !strip->is_complete) {
		struct str text = spell(c, elem);
		tell_error(c, s->span, "there are no arrays of %.*s", STR_ARG(text));
		return NULL;
	}
	uint64_t size;
	if (__builtin_mul_overflow(elem->size, n, &size) || size > TYPE_SIZE_MAX) {
		tell_error(c, s->span, "this array is too large");
		return NULL;
	}
	struct type *t = type_array(c, elem, n);
	t->has_no_count = !s->count;
	return t;
}

static struct type *resolve_typeof(struct checker *c, struct type_spec *s)
{
	if (s->elem)
		return type_resolve(c, s->elem);
	if (s->value->kind == EXPR_NAME && !enumerator_find(c, s->value->str)) {
		struct type *named = type_find(c, s->value->str);
		if (named)
			return named;
	}
	check_expr(c, s->value);
	return s->value->type;
}

struct type *type_resolve(struct checker *c, struct type_spec *s)
{
	struct type *t = NULL;
	switch (s->kind) {
	case SPEC_NAMED:
		t = resolve_named(c, s);
		break;
	case SPEC_STRUCT:
	case SPEC_UNION:
	case SPEC_ENUM:
		t = resolve_tagged(c, s);
		break;
	case SPEC_TYPEOF:
		t = resolve_typeof(c, s);
		break;
	case SPEC_PTR: {
		struct type *elem = type_resolve(c, s->elem);
		t = elem ? type_pointer(c, elem, false) : NULL;
		break;
	}
	case SPEC_ARRAY:
		t = resolve_array(c, s);
		break;
	case SPEC_FUNC:
		t = ARENA_NEW(c->arena, struct type);
		*t = (struct type) { .kind = TYPE_FUNC, .dict_index = -1, .is_complete = true };
		t->ret = type_resolve(c, s->elem);
		break;
	}
	s->type = t;
	return t;
}

static struct type *define_alias(struct checker *c, struct item *item)
{
	struct type *t = type_resolve(c, item->type_alias.type);
	if (!t)
		return NULL;
	struct named_type *old = find_named(c, item->type_alias.name.text);
	if (old && !type_same(type_strip(old->type), type_strip(t)))
		tell_error(c, item->type_alias.name.span, "'%.*s' is defined twice",
			   STR_ARG(old->name));
	// struct { ... } foo: what it is called when nothing else says so.
	if ((is_record(t) || t->kind == TYPE_ENUM) && !t->name.len)
		t->name = item->type_alias.name.text;
	if (!old)
		add_named(c, item->type_alias.name.text, t, item->type_alias.name.span);
	return t;
}

static void define_item(struct checker *c, struct item *item)
{
	struct type *t = NULL;
	diag_mute(c->diag, item->is_system);
	size_t n_errors = diag_n_muted(c->diag);
	if (item->kind == ITEM_TYPE)
		t = type_resolve(c, item->type);
	else if (item->kind == ITEM_TYPEDEF)
		t = define_alias(c, item);
	bool is_bad = diag_n_muted(c->diag) > n_errors;
	diag_mute(c->diag, false);
	// Half of a struct would be told wrong: it is as if it had only been named.
	if (is_bad && t && is_record(t)) {
		t->n_fields = 0;
		t->size = 0;
		t->is_complete = false;
		t->is_declaration = true;
	}
}

void types_define(struct checker *c)
{
	for (size_t i = 0; i < c->script->n_items; i++)
		define_item(c, c->script->items[i]);
}
