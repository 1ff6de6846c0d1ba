// SPDX-License-Identifier: Apache-2.0
// Operators: what their operands become, what they make, and what is known before anything runs.
#include "check/checker.h"

static bool is_negative_literal(const struct expr *e)
{
	return e->kind == EXPR_INT && e->type && e->type->kind != TYPE_UINT &&
	       (int64_t)e->num.value < 0;
}

static bool is_comparison(enum expr_op op)
{
	return op == OP_LT || op == OP_GT || op == OP_LE || op == OP_GE || op == OP_EQ ||
	       op == OP_NE;
}

static bool is_unsigned(const struct type *t)
{
	return t->kind == TYPE_UINT || t->kind == TYPE_PTR ||
	       (t->kind == TYPE_ENUM && !t->is_signed);
}

// --- folding ---

static uint64_t divide(uint64_t a, uint64_t b, bool is_signed, bool wants_rest)
{
	if (!is_signed)
		return wants_rest ? a % b : a / b;
	if ((int64_t)b == -1)
		return wants_rest ? 0 : -a;
	return (uint64_t)(wants_rest ? (int64_t)a % (int64_t)b : (int64_t)a / (int64_t)b);
}

// Numbers are taken as the machine does: they wrap around, shifts use the lower six bits.
static bool fold_int(enum expr_op op, uint64_t a, uint64_t b, bool is_signed, uint64_t *out)
{
	int order = is_signed ? ((int64_t)a > (int64_t)b) - ((int64_t)a < (int64_t)b)
			      : (a > b) - (a < b);
	switch ((int)op) {
	case OP_MUL:
		*out = a * b;
		return true;
	case OP_DIV:
	case OP_MOD:
		*out = b ? divide(a, b, is_signed, op == OP_MOD) : 0;
		return b != 0;
	case OP_ADD:
		*out = a + b;
		return true;
	case OP_SUB:
		*out = a - b;
		return true;
	case OP_SHL:
		*out = a << (b & 63);
		return true;
	case OP_SHR:
		*out = is_signed ? (uint64_t)((int64_t)a >> (b & 63)) : a >> (b & 63);
		return true;
	case OP_BITAND:
		*out = a & b;
		return true;
	case OP_BITXOR:
		*out = a ^ b;
		return true;
	case OP_BITOR:
		*out = a | b;
		return true;
	case OP_LT:
		*out = order < 0;
		return true;
	case OP_GT:
		*out = order > 0;
		return true;
	case OP_LE:
		*out = order <= 0;
		return true;
	case OP_GE:
		*out = order >= 0;
		return true;
	case OP_EQ:
		*out = order == 0;
		return true;
	case OP_NE:
		*out = order != 0;
		return true;
	default:
		return false;
	}
}

static bool is_known(const struct expr *e)
{
	return e->kind == EXPR_INT || e->kind == EXPR_BOOL;
}

// A known number that is the same with a sign and without one.
static bool has_any_sign(const struct expr *e)
{
	return is_known(e) && (int64_t)e->num.value >= 0;
}

// --- comparing ---

static struct type *compared_ints(struct checker *c, struct expr *left, struct expr *right)
{
	struct type *l = left->type, *r = right->type;
	bool left_is_literal = is_known(left), right_is_literal = is_known(right);
	if (is_unsigned(l) == is_unsigned(r))
		return type_int(c, !is_unsigned(l), 8);
	if (left_is_literal != right_is_literal) {
		struct expr *literal = left_is_literal ? left : right;
		struct type *other = left_is_literal ? r : l;
		// A register has no sign: with a literal that has one, it is what C calls long.
		if (literal->type->kind == TYPE_INT && other->is_word)
			return type_int(c, true, 8);
		return type_int(c, is_negative_literal(literal) || !is_unsigned(other), 8);
	}
	if (has_any_sign(left) || has_any_sign(right))
		return type_int(c, !is_unsigned(has_any_sign(left) ? r : l), 8);
	return type_int(c, true, 8);
}

// An unsigned number compared with a literal in a way that is always true, or never.
static void warn_of_sign(struct checker *c, struct expr *e, enum expr_op op, struct expr *left,
			 struct expr *right)
{
	bool is_swapped = is_known(left);
	struct expr *literal = is_swapped ? left : right, *other = is_swapped ? right : left;
	if (is_known(left) == is_known(right) || literal->kind != EXPR_INT ||
	    other->type->kind != TYPE_UINT || other->type->is_word)
		return;
	bool is_less = is_swapped ? op == OP_GT : op == OP_LT;
	bool is_not_less = is_swapped ? op == OP_LE : op == OP_GE;
	bool is_negative = is_negative_literal(literal);
	if (!is_negative && !(literal->num.value == 0 && (is_less || is_not_less)))
		return;
	if (is_negative && other->type->size == 8)
		return;
	struct str text = diag_span_text(c->diag, other->span);
	tell_warning(c, e->span, "%.*s is never negative", STR_ARG(text));
}

static struct type *compare_numbers(struct checker *c, struct expr *e, enum expr_op op,
				    struct expr *left, struct expr *right)
{
	struct type *l = left->type, *r = right->type, *t;
	if (l->kind == TYPE_PTR || r->kind == TYPE_PTR)
		t = l->kind == TYPE_PTR ? l : r;
	else if (l->kind == TYPE_BOOL && r->kind == TYPE_BOOL)
		t = c->basic.boolean;
	else
		t = compared_ints(c, left, right);
	warn_of_sign(c, e, op, left, right);
	convert(c, left, t);
	convert(c, right, t);
	return c->basic.boolean;
}

// probe == "...": texts that have numbers.
static bool compare_names(struct checker *c, struct expr *name, struct expr *text)
{
	const enum name_of *of = NULL;
	if (name->type->kind == TYPE_OPAQUE && name->type->shown->kind == OUT_NAME)
		of = name->type->shown->meaning;
	if (!of || *of != NAME_TEXT || text->kind != EXPR_STR)
		return false;
	if (c->is_final)
		set_int(c, text, type_int(c, false, 8), name_number(c, text->str));
	convert(c, name, type_int(c, false, 8));
	return true;
}

static bool compare_others(struct checker *c, struct expr *left, struct expr *right)
{
	struct type *l = left->type, *r = right->type;
	if (l->kind == TYPE_TEXT && r->kind == TYPE_TEXT)
		return true;
	if (compare_names(c, left, right) || compare_names(c, right, left))
		return true;
	if ((l->kind == TYPE_ARRAY || is_record(l)) && type_same(l, r) && l->size &&
	    l->size <= VALUE_SIZE_MAX)
		return true;
	if (l->kind == TYPE_OPAQUE && type_same(l, r) && l->shown->kind != OUT_INET &&
	    l->shown->kind != OUT_MAC) {
		convert(c, left, type_int(c, false, 8));
		convert(c, right, type_int(c, false, 8));
		return true;
	}
	if (l->kind != TYPE_TUPLE && !(is_record(l) && is_record(r)))
		return false;
	struct type *t = type_join(c, l, r);
	if (!t || !t->n_fields || (is_record(t) && !str_eq(t->name, STR("record"))))
		return false;
	convert(c, left, t);
	convert(c, right, t);
	return true;
}

// char *: where a text is, not the text.
static bool is_c_text(struct type *t)
{
	struct type *elem = t->kind == TYPE_PTR && t->elem ? type_strip(t->elem) : NULL;
	return elem && elem->kind == TYPE_CHAR;
}

// What e could be compared with instead.
static void tell_comparable(struct checker *c, const struct expr *e, enum expr_op op,
			    const struct expr *other)
{
	struct str text = diag_span_text(c->diag, e->span);
	enum type_kind kind = e->type->kind;
	bool may_be_nil = is_name_value(e->type) || kind == TYPE_SLICE || kind == TYPE_MAP ||
			  kind == TYPE_CHAN;
	if (may_be_nil && other->kind == EXPR_INT && !other->num.value)
		tell_hint(c, "write nil: %.*s %s nil", STR_ARG(text), expr_op_text(op));
	else if ((is_go_bytes(e->type) || is_c_text(e->type)) && other->type->kind == TYPE_TEXT)
		tell_hint(c, "str(%.*s) is text", STR_ARG(text));
}

static struct type *compare(struct checker *c, struct expr *e, enum expr_op op, struct expr *left,
			    struct expr *right)
{
	struct type *t;
	if (compare_reals(c, e, op, left, right, &t))
		return t;
	if (is_scalar(left->type) && is_scalar(right->type))
		return compare_numbers(c, e, op, left, right);
	bool is_equality = op == OP_EQ || op == OP_NE;
	if (is_equality && compare_go_name(c, e, &t))
		return t;
	if (is_equality && compare_others(c, left, right))
		return c->basic.boolean;
	struct str a = spell(c, left->type), b = spell(c, right->type);
	if (!is_equality && type_same(left->type, right->type))
		tell_error(c, e->span, "%.*s can be compared with == and != only", STR_ARG(a));
	else
		tell_error(c, e->span, "%.*s cannot be compared with %.*s", STR_ARG(a), STR_ARG(b));
	tell_comparable(c, left, op, right);
	tell_comparable(c, right, op, left);
	return NULL;
}

// --- counting ---

static uint64_t step_of(struct type *pointer)
{
	struct type *elem = pointer->elem ? type_strip(pointer->elem) : NULL;
	return elem && elem->size ? elem->size : 1;
}

// Makes e, a number, one of bytes.
static void scale(struct checker *c, struct expr *e, uint64_t step)
{
	struct type *t = type_int(c, true, 8);
	convert(c, e, t);
	if (!c->is_final || step == 1)
		return;
	if (e->kind == EXPR_INT) {
		e->num.value *= step;
		return;
	}
	struct expr *left = ARENA_NEW(c->arena, struct expr), *right;
	*left = *e;
	right = expr_new(c, EXPR_INT, e->span, t);
	right->num.value = step;
	*e = (struct expr) { .kind = EXPR_BINARY, .op = OP_MUL, .span = e->span, .type = t };
	e->height = (uint16_t)(left->height + 1);
	e->binary.left = left;
	e->binary.right = right;
}

static struct type *subtract_pointers(struct checker *c, struct expr *e, struct expr *left,
				      struct expr *right)
{
	struct type *t = type_int(c, true, 8);
	uint64_t step = step_of(left->type);
	if (step != step_of(right->type)) {
		tell_error(c, e->span, "these pointers are to things of different sizes");
		return NULL;
	}
	convert(c, left, t);
	convert(c, right, t);
	if (!c->is_final || step == 1 || e->kind != EXPR_BINARY)
		return t;
	struct expr *difference = ARENA_NEW(c->arena, struct expr);
	*difference = *e;
	difference->type = t;
	e->op = OP_DIV;
	e->height = (uint16_t)(difference->height + 1);
	e->binary.left = difference;
	e->binary.right = expr_new(c, EXPR_INT, e->span, t);
	e->binary.right->num.value = step;
	return t;
}

static struct type *counted_ints(struct checker *c, enum expr_op op, struct expr *left,
				 struct expr *right)
{
	struct type *l = left->type, *r = right->type;
	bool l_signed = !is_unsigned(l), r_signed = !is_unsigned(r);
	if (op == OP_SHL || op == OP_SHR)
		return type_int(c, l_signed, 8);
	if (op == OP_SUB)
		return type_int(c, true, 8);
	if (l_signed != r_signed) {
		if (has_any_sign(right))
			r_signed = l_signed;
		else if (has_any_sign(left))
			l_signed = r_signed;
	}
	return type_int(c, l_signed || r_signed, 8);
}

static bool divides_by_zero(struct checker *c, enum expr_op op, struct expr *right)
{
	if ((op != OP_DIV && op != OP_MOD) || right->kind != EXPR_INT || right->num.value)
		return false;
	tell_error(c, right->span, "division by zero");
	return true;
}

static struct type *count(struct checker *c, struct expr *e, enum expr_op op, struct expr *left,
			  struct expr *right)
{
	bool is_left_ptr = left->type->kind == TYPE_PTR,
	     is_right_ptr = right->type->kind == TYPE_PTR;
	if (op == OP_SUB && is_left_ptr && is_right_ptr)
		return subtract_pointers(c, e, left, right);
	if ((op == OP_ADD || op == OP_SUB) && is_left_ptr && !is_right_ptr) {
		scale(c, right, step_of(left->type));
		return left->type;
	}
	if (op == OP_ADD && is_right_ptr && !is_left_ptr && e->kind == EXPR_BINARY) {
		e->binary.left = right;
		e->binary.right = left;
		scale(c, left, step_of(right->type));
		return right->type;
	}
	if (divides_by_zero(c, op, right))
		return NULL;
	struct type *t = counted_ints(c, op, left, right);
	// What is left of a time, or added to it, is one too.
	bool is_time = is_duration(left->type) && is_duration(right->type);
	struct type *time = left->type;
	convert(c, left, t);
	convert(c, right, op == OP_SHL || op == OP_SHR ? type_int(c, false, 8) : t);
	return is_time && (op == OP_ADD || op == OP_SUB) ? time : t;
}

static void tell_real(struct checker *c, const struct expr *e, enum expr_op op)
{
	struct str text = spell(c, e->type);
	tell_error(c, e->span,
		   "'%s' takes whole numbers, not %.*s: floating point has no arithmetic",
		   expr_op_text(op), STR_ARG(text));
	tell_whole(c, e);
}

struct type *binary_type(struct checker *c, struct expr *e, enum expr_op op, struct expr *left,
			 struct expr *right)
{
	if (op == OP_AND || op == OP_OR) {
		bool is_fine = condition_of(c, left);
		return condition_of(c, right) && is_fine ? c->basic.boolean : NULL;
	}
	struct type *t;
	if (is_comparison(op) && compare_go(c, e, op, &t))
		return t;
	bool has_left = value_of(c, left), has_right = value_of(c, right);
	if (!has_left || !has_right) {
		// What is known of one is enough to go on with, until all is known.
		if (c->is_final)
			return NULL;
		if (is_comparison(op))
			return c->basic.boolean;
		struct type *known = has_left ? left->type : has_right ? right->type : NULL;
		return known && is_int(known) ? type_int(c, true, 8) : NULL;
	}
	if (is_comparison(op))
		return compare(c, e, op, left, right);
	if (is_scalar(left->type) && is_scalar(right->type))
		return count(c, e, op, left, right);
	struct expr *wrong = is_scalar(left->type) ? right : left;
	if (is_real(wrong->type)) {
		tell_real(c, wrong, op);
		return NULL;
	}
	struct str text = spell(c, wrong->type);
	tell_error(c, wrong->span, "'%s' takes numbers, not %.*s", expr_op_text(op), STR_ARG(text));
	tell_whole(c, wrong);
	return NULL;
}

static void fold_binary(struct checker *c, struct expr *e)
{
	struct expr *left = e->binary.left, *right = e->binary.right;
	uint64_t v;
	if (is_real(left->type) || is_real(right->type))
		return;
	bool is_signed =
		(left->type->kind == TYPE_INT || is_negative_literal(left)) && e->op != OP_SHL;
	if (left->kind == EXPR_STR && right->kind == EXPR_STR && is_comparison(e->op)) {
		set_bool(c, e, str_eq(left->str, right->str) == (e->op == OP_EQ));
		return;
	}
	if (!is_known(left) || !is_known(right))
		return;
	if (e->op == OP_AND || e->op == OP_OR) {
		bool a = left->num.value != 0, b = right->num.value != 0;
		set_bool(c, e, e->op == OP_AND ? a && b : a || b);
		return;
	}
	if (is_comparison(e->op))
		is_signed = compared_ints(c, left, right)->kind == TYPE_INT;
	else
		is_signed = e->type->kind == TYPE_INT;
	if (!fold_int(e->op, left->num.value, right->num.value, is_signed, &v))
		return;
	if (is_comparison(e->op))
		set_bool(c, e, v);
	else
		set_int(c, e, e->type, v);
}

// GREEN, where an enum that has it is compared: the script need not define that.
static bool is_enumerator(struct checker *c, struct expr *name, struct type *t)
{
	if (name->kind != EXPR_NAME || !t || t->kind != TYPE_ENUM)
		return false;
	struct err *err = type_complete(t);
	err_free(err);
	for (size_t i = 0; i < t->n_enumerators; i++) {
		if (!str_eq(t->enumerators[i].name, name->str))
			continue;
		set_int(c, name, t, (uint64_t)t->enumerators[i].value);
		return true;
	}
	return false;
}

void check_binary(struct checker *c, struct expr *e)
{
	struct expr *left = e->binary.left, *right = e->binary.right;
	bool is_swapped = is_comparison(e->op) && left->kind == EXPR_NAME;
	struct expr *first = is_swapped ? right : left, *other = is_swapped ? left : right;
	check_expr(c, first);
	if (!is_comparison(e->op) || !is_enumerator(c, other, first->type))
		check_expr(c, other);
	e->type = binary_type(c, e, e->op, e->binary.left, e->binary.right);
	if (e->type && e->binary.left->type && e->binary.right->type)
		fold_binary(c, e);
}

// --- one operand ---

static void check_deref(struct checker *c, struct expr *e)
{
	struct expr *p = e->unary;
	struct type *t = p->type;
	if (is_int(t)) {
		t = type_pointer(c, type_int(c, false, 8), false);
		convert(c, p, t);
	}
	if (t->kind != TYPE_PTR) {
		struct str text = spell(c, t);
		tell_error(c, e->span, "'*' takes a pointer, not %.*s", STR_ARG(text));
		return;
	}
	t = p->type = pointer_defined(c, t);
	struct type *elem = t->elem ? type_strip(t->elem) : NULL;
	if (elem && !elem->size && elem->go_kind) {
		struct str text = spell(c, elem);
		tell_error(c, e->span, "%.*s has no bytes: there is nothing to be read",
			   STR_ARG(text));
		return;
	}
	if (!elem || !elem->size) {
		tell_error(c, e->span, "what this points to is not known");
		tell_hint(c, "cast it: *(uint64 *)...");
		return;
	}
	e->type = type_of_value(c, elem);
	if (t->is_kernel)
		e->type = of_kernel(c, e->type);
}

static void check_sign(struct checker *c, struct expr *e)
{
	struct expr *v = e->unary;
	// What has no sign stays as wide as it is; ~ of a literal is a mask of all 64 bits.
	bool is_mask = e->op == OP_BITNOT && is_literal_int(v);
	bool is_signed = !is_mask && (!is_unsigned(v->type) || is_literal_int(v));
	struct type *t = type_int(c, is_signed, is_signed || is_mask ? 8 : v->type->size);
	if (is_known(v)) {
		set_int(c, e, t, e->op == OP_NEG ? -v->num.value : ~v->num.value);
		return;
	}
	convert(c, v, t);
	e->type = t;
}

void check_unary(struct checker *c, struct expr *e)
{
	struct expr *v = e->unary;
	e->type = NULL;
	if (e->op == OP_ADDR) {
		tell_error(c, e->span, "stoat does not take addresses with '&'");
		return;
	}
	check_expr(c, v);
	if (!v->type)
		return;
	if (e->op == OP_NOT) {
		if (!condition_of(c, v))
			return;
		if (is_known(v))
			set_bool(c, e, !v->num.value);
		else
			e->type = c->basic.boolean;
		return;
	}
	if (e->op == OP_DEREF) {
		check_deref(c, e);
		return;
	}
	if (e->op == OP_NEG && v->kind == EXPR_INT && is_real(v->type)) {
		set_real(c, e, v->type, -real_of(v));
		return;
	}
	if (is_real(v->type)) {
		tell_real(c, v, e->op);
		return;
	}
	if (!number_of(c, v, e->op == OP_NEG ? "what '-' stands before" : "what '~' stands before"))
		return;
	check_sign(c, e);
}

// --- choosing ---

void check_cond(struct checker *c, struct expr *e)
{
	struct expr *then = e->cond.then ? e->cond.then : e->cond.cond, *other = e->cond.other;
	e->type = NULL;
	check_expr(c, e->cond.cond);
	condition_of(c, e->cond.cond);
	if (e->cond.then)
		check_effect(c, then);
	check_effect(c, other);
	if (!then->type || !other->type) {
		e->type = c->is_final ? NULL : then->type ? then->type : other->type;
		return;
	}
	if (then->type->kind == TYPE_VOID && other->type->kind == TYPE_VOID) {
		e->type = c->basic.none;
		return;
	}
	if (!value_of(c, then) || !value_of(c, other))
		return;
	struct type *a = type_kept(c, then->type), *b = type_kept(c, other->type);
	bool is_mixed = is_int(a) && is_int(b) && a->kind != b->kind;
	e->type = is_mixed && is_literal_int(then)    ? b
		  : is_mixed && is_literal_int(other) ? a
						      : type_join(c, a, b);
	if (!e->type) {
		struct str x = spell(c, a), y = spell(c, b);
		tell_error(c, e->span, "the two values of ?: are of different types: %.*s and %.*s",
			   STR_ARG(x), STR_ARG(y));
		return;
	}
	convert(c, then, e->type);
	convert(c, other, e->type);
}
