// SPDX-License-Identifier: Apache-2.0
// Parameters and results that a template writes down, for programs without debug information:
// "(b []byte) (n int, err error)", as Go has it, but with full package paths. Structs are only
// there by their names.
#include "gen/internal.h"

#define TYPE_DEPTH_MAX 8
#define VALUES_MAX     64
#define ARRAY_MAX      (1u << 20)

// Where reading stands.
struct reader {
	struct gen *g;
	struct str rest;
	struct span at;
	bool has_failed;
};

static void fail(struct reader *r, const char *what)
{
	if (!r->has_failed)
		gen_error(r->g, r->at, "%s in the parameters and results at '%.*s'", what,
			  STR_ARG(r->rest));
	r->has_failed = true;
}

static void skip_blanks(struct reader *r)
{
	while (r->rest.len && r->rest.p[0] == ' ')
		r->rest = str_from_off(r->rest, 1);
}

static bool take(struct reader *r, const char *mark)
{
	skip_blanks(r);
	if (!str_starts(r->rest, str_from(mark)))
		return false;
	r->rest = str_from_off(r->rest, strlen(mark));
	return true;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '/' || c == '-' || (unsigned char)c >= 0x80;
}

static struct str take_name(struct reader *r)
{
	size_t n = 0;
	skip_blanks(r);
	while (n < r->rest.len && is_name_char(r->rest.p[n]))
		n++;
	struct str name = str_first(r->rest, n);
	r->rest = str_from_off(r->rest, n);
	return name;
}

// --- types ---

// reflect.Kind.
enum {
	KIND_BOOL = 1,
	KIND_FLOAT32 = 13,
	KIND_FLOAT64 = 14,
	KIND_ARRAY = 17,
	KIND_CHAN = 18,
	KIND_FUNC = 19,
	KIND_IFACE = 20,
	KIND_MAP = 21,
	KIND_PTR = 22,
	KIND_SLICE = 23,
	KIND_STRING = 24,
	KIND_UNSAFE = 26,
};

static const struct {
	const char *name;
	enum type_kind kind;
	uint8_t go_kind, size;
	bool is_empty_iface;
} basics[] = {
	{ "bool", TYPE_BOOL, KIND_BOOL, 1, false },
	{ "int", TYPE_INT, 2, 8, false },
	{ "int8", TYPE_INT, 3, 1, false },
	{ "int16", TYPE_INT, 4, 2, false },
	{ "int32", TYPE_INT, 5, 4, false },
	{ "rune", TYPE_INT, 5, 4, false },
	{ "int64", TYPE_INT, 6, 8, false },
	{ "uint", TYPE_UINT, 7, 8, false },
	{ "uint8", TYPE_UINT, 8, 1, false },
	{ "byte", TYPE_UINT, 8, 1, false },
	{ "uint16", TYPE_UINT, 9, 2, false },
	{ "uint32", TYPE_UINT, 10, 4, false },
	{ "uint64", TYPE_UINT, 11, 8, false },
	{ "uintptr", TYPE_UINT, 12, 8, false },
	{ "float32", TYPE_FLOAT, KIND_FLOAT32, 4, false },
	{ "float64", TYPE_FLOAT, KIND_FLOAT64, 8, false },
	{ "string", TYPE_STRING, KIND_STRING, 16, false },
	{ "error", TYPE_IFACE, KIND_IFACE, 16, false },
	{ "any", TYPE_IFACE, KIND_IFACE, 16, true },
	{ "unsafe.Pointer", TYPE_PTR, KIND_UNSAFE, 8, false },
};

static struct type *type_new(struct gen *g, enum type_kind kind, uint8_t go_kind, uint64_t size,
			     struct type *elem)
{
	struct type *t = ARENA_NEW(g->arena, struct type);
	*t = (struct type) {
		.kind = kind,
		.go_kind = go_kind,
		.size = size,
		.elem = elem,
		.dict_index = -1,
		.is_complete = true,
	};
	return t;
}

struct err *gen_find_type(struct gen *g, struct str name, struct type **out)
{
	struct target *t = g->r->target;
	struct target_vaddrs found = { 0 };
	struct near near = near_init(name);
	struct err *e = target_find_type(t, name, out);
	if (!e || !err_catch(&e, ERR_NOTFOUND))
		return e;
	target_go_types_named(t, name, g->arena, &found, &near);
	for (size_t i = 0; i < found.n; i++) {
		*out = target_go_type_at(t, found.v[i]);
		if (*out)
			return NULL;
	}
	return err_new(ERR_NOTFOUND,
		       "%s has no description of the type %.*s, by which its fields could be found",
		       target_name(t), STR_ARG(name));
}

static struct type *take_type(struct reader *r, unsigned depth);
static void skip_brackets(struct reader *r, char open, char close);

// A pointer's target is described when a field of it is asked for: here only its name is kept.
static struct type *take_pointee(struct reader *r, unsigned depth)
{
	struct reader ahead = *r;
	struct str name = take_name(&ahead);
	for (size_t i = 0; i < ARRAY_LEN(basics); i++)
		if (str_eq(name, str_from(basics[i].name)))
			return take_type(r, depth);
	if (!name.len)
		return take_type(r, depth);
	*r = ahead;
	if (str_eq(name, STR("struct"))) {
		skip_blanks(r);
		skip_brackets(r, '{', '}');
		return type_new(r->g, TYPE_UNKNOWN, 0, 0, NULL);
	}
	struct type *t = type_new(r->g, TYPE_NAMED, 0, 0, NULL);
	t->name = name;
	t->is_declaration = true;
	return t;
}

static struct type *take_named(struct reader *r)
{
	struct type *t = NULL;
	struct str name = take_name(r);
	for (size_t i = 0; i < ARRAY_LEN(basics); i++) {
		if (!str_eq(name, str_from(basics[i].name)))
			continue;
		t = type_new(r->g, basics[i].kind, basics[i].go_kind, basics[i].size, NULL);
		t->name = name;
		t->is_empty_iface = basics[i].is_empty_iface;
		return t;
	}
	if (!name.len) {
		fail(r, "a type is missing");
		return NULL;
	}
	struct err *e = gen_find_type(r->g, name, &t);
	if (e && !r->has_failed)
		gen_tell(r->g, r->at, e);
	else
		err_free(e);
	r->has_failed |= e != NULL;
	return t;
}

// Skips what stands in brackets, from the one that is next on.
static void skip_brackets(struct reader *r, char open, char close)
{
	size_t n = 0, depth = 0;
	for (; n < r->rest.len; n++) {
		depth += r->rest.p[n] == open;
		depth -= r->rest.p[n] == close;
		if (!depth)
			break;
	}
	if (n == r->rest.len)
		fail(r, "a bracket is not closed");
	else
		r->rest = str_from_off(r->rest, n + 1);
}

// "[3]int", behind the bracket.
static struct type *take_array(struct reader *r, unsigned depth)
{
	struct str number = take_name(r);
	uint64_t n;
	if (!str_to_u64(number, &n) || n > ARRAY_MAX || !take(r, "]")) {
		fail(r, "an array has no length");
		return NULL;
	}
	struct type *elem = take_type(r, depth + 1);
	if (!elem || !elem->size)
		return NULL;
	struct type *t = type_new(r->g, TYPE_ARRAY, KIND_ARRAY, n * elem->size, elem);
	t->count = n;
	return t;
}

// What is one word, whatever stands in it: maps, channels, functions.
static struct type *take_one_word(struct reader *r, struct str word, unsigned depth)
{
	if (str_eq(word, STR("map"))) {
		skip_brackets(r, '[', ']');
		(void)take_pointee(r, depth + 1);
		return type_new(r->g, TYPE_MAP, KIND_MAP, 8, NULL);
	}
	if (str_eq(word, STR("chan"))) {
		take(r, "<-");
		(void)take_pointee(r, depth + 1);
		return type_new(r->g, TYPE_CHAN, KIND_CHAN, 8, NULL);
	}
	skip_blanks(r);
	skip_brackets(r, '(', ')');
	skip_blanks(r);
	if (r->rest.len && r->rest.p[0] == '(')
		skip_brackets(r, '(', ')');
	else if (r->rest.len && r->rest.p[0] != ',' && r->rest.p[0] != ')')
		(void)take_pointee(r, depth + 1);
	return type_new(r->g, TYPE_FUNC, KIND_FUNC, 8, NULL);
}

static struct type *take_iface(struct reader *r)
{
	struct reader ahead = *r;
	bool is_empty = take(&ahead, "{") && take(&ahead, "}");
	skip_blanks(r);
	skip_brackets(r, '{', '}');
	struct type *t = type_new(r->g, TYPE_IFACE, KIND_IFACE, 16, NULL);
	t->is_empty_iface = is_empty;
	return t;
}

// type = "*" type | ["..."] "[]" type | "[" number "]" type | "map" ... | "chan" ... | "func" ...
//      | "interface" "{" ... "}" | name
static struct type *take_type(struct reader *r, unsigned depth)
{
	if (depth > TYPE_DEPTH_MAX) {
		fail(r, "a type goes too deep");
		return NULL;
	}
	if (take(r, "*"))
		return type_new(r->g, TYPE_PTR, KIND_PTR, 8, take_pointee(r, depth + 1));
	if (take(r, "[]") || take(r, "..."))
		return type_new(r->g, TYPE_SLICE, KIND_SLICE, 24, take_pointee(r, depth + 1));
	if (take(r, "["))
		return take_array(r, depth);
	if (take(r, "<-"))
		return take_type(r, depth + 1);
	struct reader ahead = *r;
	struct str word = take_name(&ahead);
	if (str_eq(word, STR("interface"))) {
		*r = ahead;
		return take_iface(r);
	}
	if (!str_eq(word, STR("map")) && !str_eq(word, STR("chan")) && !str_eq(word, STR("func")))
		return take_named(r);
	*r = ahead;
	return take_one_word(r, word, depth);
}

// --- values ---

static void add_value(struct reader *r, struct declared *out, struct str name, struct type *type,
		      bool is_result)
{
	struct target_value v = { .name = name, .type = type, .is_result = is_result };
	if (!type || out->n == VALUES_MAX) {
		fail(r, "there are too many values");
		return;
	}
	struct err *e = type_flatten(r->g->arena, type, &v.words);
	if (e) {
		gen_tell(r->g, r->at, e);
		r->has_failed = true;
		return;
	}
	out->v[out->n++] = v;
}

// A name or type alone: "a" of "a, b int", or all of "(int, error)".
struct lone {
	struct reader at; // where it begins
	struct str name;
};

static bool is_end(const struct reader *r)
{
	return r->rest.len && (r->rest.p[0] == ',' || r->rest.p[0] == ')');
}

// Names whose type has come now, or types without names.
static void add_lones(struct reader *r, struct declared *out, struct lone *v, size_t n,
		      bool are_names, bool is_result)
{
	for (size_t i = 0; i < n && !r->has_failed; i++) {
		struct reader at = v[i].at;
		struct type *t = are_names ? NULL : take_type(&at, 0);
		if (are_names) {
			at = *r;
			t = take_type(&at, 0);
		}
		r->has_failed |= at.has_failed;
		if (!r->has_failed)
			add_value(r, out, are_names ? v[i].name : STR(""), t, is_result);
	}
}

// list = "(" [name] type { "," [name] type } ")", where several names may share a type
static void take_list(struct reader *r, struct declared *out, bool is_result)
{
	struct lone lones[VALUES_MAX];
	size_t n = 0;
	if (take(r, ")"))
		return;
	do {
		struct reader begin = *r;
		struct str name = take_name(r);
		skip_blanks(r);
		if (n == VALUES_MAX) {
			fail(r, "there are too many values");
		} else if (name.len && is_end(r)) {
			lones[n++] = (struct lone) { begin, name };
		} else if (!name.len || str_eq(name, STR("map")) || str_eq(name, STR("chan")) ||
			   str_eq(name, STR("func")) || str_eq(name, STR("interface"))) {
			*r = begin;
			lones[n++] = (struct lone) { begin, STR("") };
			(void)take_type(r, 0);
		} else {
			add_lones(r, out, lones, n, true, is_result);
			n = 0;
			struct type *t = r->has_failed ? NULL : take_type(r, 0);
			if (!r->has_failed)
				add_value(r, out, name, t, is_result);
		}
	} while (!r->has_failed && take(r, ","));
	if (!r->has_failed && !take(r, ")"))
		fail(r, "')' is missing");
	add_lones(r, out, lones, n, false, is_result);
}

bool signature_parse(struct gen *g, struct str func, struct str text, struct span at,
		     struct declared *out)
{
	struct reader r = { .g = g, .rest = text, .at = at };
	*out = (struct declared) { ARENA_ARRAY(g->arena, struct target_value, VALUES_MAX), 0 };
	if (str_find(func, STR("(*")) >= 0)
		add_value(&r, out, STR("receiver"),
			  type_new(g, TYPE_PTR, KIND_PTR, 8, type_new(g, TYPE_UNKNOWN, 0, 0, NULL)),
			  false);
	if (!take(&r, "("))
		fail(&r, "'(' is missing");
	else
		take_list(&r, out, false);
	skip_blanks(&r);
	if (!r.has_failed && take(&r, "(")) {
		take_list(&r, out, true);
	} else if (!r.has_failed && r.rest.len) {
		struct type *t = take_type(&r, 0);
		if (!r.has_failed)
			add_value(&r, out, STR(""), t, true);
	}
	skip_blanks(&r);
	if (!r.has_failed && r.rest.len)
		fail(&r, "there is something else");
	return !r.has_failed;
}
