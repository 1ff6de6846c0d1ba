// SPDX-License-Identifier: Apache-2.0
// Go's floating point and complex numbers, durations, interfaces and functions as values of the
// language. Numbers of that kind are bits in memory or in a word; an interface is the name of the
// type that is in it, a function its own name, both put into words outside.
#include "check/checker.h"

enum { KIND_INT64 = 6, KIND_FUNC = 19 }; // of Go's package reflect

bool is_real(const struct type *t)
{
	return t && t->kind == TYPE_FLOAT && (t->size == 4 || t->size == 8);
}

bool is_complex(const struct type *t)
{
	return t && t->kind == TYPE_COMPLEX && (t->size == 8 || t->size == 16);
}

bool is_duration(const struct type *t)
{
	return t && t->kind == TYPE_INT && t->go_kind == KIND_INT64 &&
	       str_eq(t->name, STR("time.Duration"));
}

// What stands for a name outside.
static bool is_named_outside(const struct type *t)
{
	return t->kind == TYPE_IFACE ||
	       (t->kind == TYPE_FUNC && t->go_kind == KIND_FUNC && t->size == 8);
}

static struct type *name_type(struct checker *c, enum name_of of)
{
	struct type *known = c->basic.go_names[of - NAME_GO_TYPE];
	if (known)
		return known;
	struct out_type *shown = ARENA_NEW(c->arena, struct out_type);
	enum name_of *meaning = ARENA_NEW(c->arena, enum name_of);
	*meaning = of;
	shown->kind = OUT_NAME;
	shown->size = 16;
	shown->is_go = true;
	shown->format = of == NAME_GO_TYPE ? STR("an interface") : STR("a func");
	shown->meaning = meaning;
	known = type_opaque(c, shown, of == NAME_GO_TYPE ? "interface" : "func");
	c->basic.go_names[of - NAME_GO_TYPE] = known;
	return known;
}

struct type *type_go_func(struct checker *c)
{
	return name_type(c, NAME_GO_FUNC);
}

bool is_name_value(const struct type *t)
{
	const enum name_of *of = NULL;
	if (t && t->kind == TYPE_OPAQUE && t->shown->kind == OUT_NAME)
		of = t->shown->meaning;
	return of && (*of == NAME_GO_TYPE || *of == NAME_GO_FUNC);
}

struct type *type_go_name_of(struct checker *c, const struct type *t)
{
	if (!is_named_outside(t))
		return NULL;
	return name_type(c, t->kind == TYPE_IFACE ? NAME_GO_TYPE : NAME_GO_FUNC);
}

bool value_of_go(struct checker *c, struct expr *e)
{
	struct type *t = e->type;
	if (is_real(t) || is_complex(t))
		return true;
	struct type *name = type_go_name_of(c, t);
	if (!name)
		return false;
	if (c->is_final)
		wrap_in_cast(c, e, name);
	else
		e->type = name;
	return true;
}

// --- constants ---

static bool is_constant(const struct expr *e)
{
	return e->kind == EXPR_INT && e->type && (is_int(e->type) || is_real(e->type));
}

double real_of(const struct expr *e)
{
	double v;
	if (!is_real(e->type))
		return e->type->kind == TYPE_UINT ? (double)e->num.value
						  : (double)(int64_t)e->num.value;
	if (e->type->size == 4) {
		uint32_t bits = (uint32_t)e->num.value;
		float half;
		memcpy(&half, &bits, sizeof(half));
		return (double)half;
	}
	memcpy(&v, &e->num.value, sizeof(v));
	return v;
}

void set_real(struct checker *c, struct expr *e, struct type *t, double v)
{
	float half = (float)v;
	uint32_t bits;
	(void)c;
	*e = (struct expr) { .kind = EXPR_INT, .span = e->span, .type = t };
	e->num.suffix = STR("");
	e->num.is_real = true;
	memcpy(&e->num.value, &v, sizeof(v));
	memcpy(&bits, &half, sizeof(bits));
	if (t->size == 4)
		e->num.value = bits;
}

uint64_t real_whole(double v, const struct type *t)
{
	bool is_signed = t->kind == TYPE_INT;
	unsigned bits = 8 * (unsigned)MIN(t->size, 8u);
	uint64_t most = is_signed ? UINT64_MAX >> (65 - bits) : UINT64_MAX >> (64 - bits);
	double end = (double)most + 1; // a power of two
	if (v != v)
		return 0;
	if (v >= end || (bits == 64 && v >= (double)most))
		return most;
	if (!is_signed)
		return v < 0 ? 0 : (uint64_t)v;
	return v < -end ? -most - 1 : (uint64_t)(int64_t)v;
}

// --- comparing ---

static void tell_other_size(struct checker *c, struct expr *e, struct expr *left,
			    struct expr *right)
{
	struct str a = spell(c, left->type), b = spell(c, right->type);
	tell_error(c, e->span, "%.*s cannot be compared with %.*s", STR_ARG(a), STR_ARG(b));
	if (is_int(left->type) || is_int(right->type))
		tell_hint(c, "(int64) makes it whole");
}

bool compare_reals(struct checker *c, struct expr *e, enum expr_op op, struct expr *left,
		   struct expr *right, struct type **out)
{
	struct type *l = left->type, *r = right->type;
	*out = c->basic.boolean;
	if (is_complex(l) && is_complex(r) && l->size == r->size)
		return op == OP_EQ || op == OP_NE;
	if (!is_real(l) && !is_real(r))
		return false;
	bool is_left_constant = is_constant(left), is_right_constant = is_constant(right);
	if (is_left_constant && is_right_constant) {
		l = r = c->basic.real[1];
		set_real(c, left, l, real_of(left));
		set_real(c, right, r, real_of(right));
	} else if (is_left_constant || is_right_constant) {
		struct expr *constant = is_left_constant ? left : right;
		struct type *t = is_left_constant ? r : l;
		if (is_real(t) && c->is_final)
			set_real(c, constant, t, real_of(constant));
		if (is_real(t))
			return true;
	}
	if (is_real(l) && is_real(r) && l->size == r->size)
		return true;
	tell_other_size(c, e, left, right);
	*out = NULL;
	return true;
}

// --- parts of complex numbers ---

bool check_complex_part(struct checker *c, const struct type *t, struct str name,
			struct type_field *out)
{
	bool is_real_part = str_eq(name, STR("real"));
	if (!is_complex(t) || (!is_real_part && !str_eq(name, STR("imag"))))
		return false;
	*out = (struct type_field) {
		.name = name,
		.type = c->basic.go_real[t->size == 16],
		.off = is_real_part ? 0 : t->size / 2,
	};
	return true;
}

// --- typename ---

// The parameter that args.x means; NULL if e is something else.
static const struct target_value *parameter_of(struct checker *c, const struct expr *e)
{
	const struct expr *base = e->kind == EXPR_MEMBER ? e->member.base : NULL;
	if (!base || base->kind != EXPR_NAME || !str_eq(base->str, STR("args")))
		return NULL;
	struct target_info *info = part_info(c);
	for (size_t i = 0; info && i < info->n_values; i++)
		if (!info->values[i].is_result && !info->values[i].is_hidden &&
		    str_eq(info->values[i].name, e->member.name.text))
			return &info->values[i];
	return NULL;
}

// As it was declared: with the names that values have lost.
static struct type *declared_type(struct checker *c, const struct expr *e)
{
	const struct target_value *v = parameter_of(c, e);
	const struct member_use *use = e->kind == EXPR_MEMBER ? e->meaning : NULL;
	if (v && v->type)
		return v->type;
	if (use && use->kind == MEMBER_FIELD && use->field && use->field->type)
		return use->field->type;
	return e->type;
}

static int64_t dict_index_of(const struct type *t)
{
	for (unsigned i = 0; t && t->kind == TYPE_NAMED && i < TYPE_DEPTH_MAX; i++) {
		if (t->dict_index >= 0)
			return t->dict_index;
		t = t->elem;
	}
	return -1;
}

static bool has_dictionary(struct checker *c)
{
	struct target_info *info = part_info(c);
	for (size_t i = 0; info && i < info->n_values; i++)
		if (info->values[i].is_hidden && str_eq(info->values[i].name, STR(".dict")))
			return info->values[i].is_known;
	return false;
}

// args..dict, which no script can write.
static struct expr *dictionary(struct checker *c, struct span span)
{
	struct expr *e = expr_new(c, EXPR_MEMBER, span, NULL);
	e->member.base = expr_new(c, EXPR_NAME, span, NULL);
	e->member.base->str = STR("args");
	e->member.name = (struct name) { STR(".dict"), span };
	e->height = 1;
	return e;
}

static bool is_path(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_.-~%/", c)) || (c & 0x80);
}

// How many bytes at s[i] stand as they are: text in quotes, and the types of a generic one.
static size_t verbatim(struct str s, size_t i, struct str word)
{
	size_t n = 0;
	unsigned depth = 0;
	bool is_generic = s.p[i] == '[' && word.len && !str_eq(word, STR("map"));
	if (s.p[i] != '"' && !is_generic)
		return 0;
	do {
		char c = s.p[i + n++];
		depth += is_generic && c == '[';
		depth -= is_generic && c == ']';
		if (!is_generic && n > 1 && c == '"' && s.p[i + n - 2] != '\\')
			break;
	} while (i + n < s.len && (depth || !is_generic));
	return n;
}

// "*fs.PathError" of "*io/fs.PathError".
static struct str without_paths(struct checker *c, struct str s)
{
	struct out_buf b = { 0 };
	size_t start = 0; // of the name that is being read
	for (size_t i = 0; i < s.len;) {
		size_t n = verbatim(s, i, str_from_off(out_buf_view(&b), start));
		out_buf_add(&b, s.p + i, MAX(n, 1u));
		if (s.p[i] == '/' && !n)
			b.n = start;
		else if (n || !is_path(s.p[i]))
			start = b.n;
		i += MAX(n, 1u);
	}
	struct str text = arena_strdup(c->arena, out_buf_view(&b));
	out_buf_free(&b);
	return text;
}

// As Go has it, so that it is the same for what is in an interface.
static struct str static_name(struct checker *c, struct type *t)
{
	const struct program_part *p = c->part;
	const struct plan_program *program = p->n_probes ? p->probes[0]->program : NULL;
	struct str text;
	if (program && t->go_kind && target_go_type_name_of(program->target, t, &text))
		return text;
	text = type_spell(c->arena, t);
	return t->go_kind ? without_paths(c, text) : text;
}

static void become_dynamic(struct checker *c, struct expr *e, struct expr *arg)
{
	struct span span = e->span;
	if (!value_of(c, arg))
		return;
	e->type = arg->type;
	if (!c->is_final)
		return;
	*e = *arg;
	e->span = span;
}

// The type that a generic function was called with.
static void become_real(struct checker *c, struct expr *e, const struct function_info *f,
			int64_t index)
{
	struct expr *dict = dictionary(c, e->call.args.v[0]->span);
	check_expr(c, dict);
	if (!dict->type)
		return;
	e->type = name_type(c, NAME_GO_TYPE);
	if (!c->is_final)
		return;
	struct call_use *use = call_use_new(c, e, f);
	use->n = (uint32_t)index;
	e->call.args.v[0] = dict;
}

FUNCTION_CHECK(check_typename)
{
	struct expr *arg = e->call.args.v[0];
	if (!is_in_probe(c, e->span, STR("typename()")))
		return;
	const struct target_value *v = parameter_of(c, arg);
	// A parameter need not be readable to have a type.
	if (!v || !v->type || type_strip(v->type)->kind == TYPE_IFACE) {
		check_expr(c, arg);
		if (!arg->type)
			return;
		if (arg->type->kind == TYPE_IFACE || is_name_value(arg->type)) {
			become_dynamic(c, e, arg);
			return;
		}
	}
	struct type *t = declared_type(c, arg);
	int64_t index = dict_index_of(t);
	if (index >= 0 && has_dictionary(c)) {
		become_real(c, e, f, index);
		return;
	}
	struct str text = static_name(c, t);
	if (c->is_final)
		set_text(c, e, text);
	else
		e->type = type_text(c, text.len + 1);
}
