// SPDX-License-Identifier: Apache-2.0
// Where a value is, as an expression of bpftrace: registers, words of the stack, fields behind
// pointers.
#include <ctype.h>
#include <inttypes.h>

#include "gen/internal.h"

// Embedded structs in embedded structs.
#define EMBEDDED_MAX 8

// --- registers ---

// bpftrace calls them by the kernel's names: "ax" and "r8"; on arm64 "r0".
struct str reg_name(struct gen *g, unsigned dwarf_reg)
{
	enum insn_arch arch = target_arch(g->r->target);
	const char *name = insn_reg_name(arch, dwarf_reg);
	if (!name)
		return STR("?");
	if (arch == INSN_ARM64)
		return name[0] == 'x' ? arena_printf(g->arena, "r%s", name + 1) : str_from(name);
	bool is_numbered = name[0] == 'r' && isdigit((unsigned char)name[1]);
	return str_from(name[0] == 'r' && !is_numbered ? name + 1 : name);
}

// --- finding a value ---

static const struct target_value *nth(const struct func *f, bool is_result, uint64_t n)
{
	for (size_t i = 0; i < f->n_values; i++)
		if (f->values[i].is_result == is_result && !f->values[i].is_hidden && n-- == 0)
			return &f->values[i];
	return NULL;
}

static void tell_values(struct gen *g, const struct func *f, bool is_result)
{
	struct str list = STR("");
	size_t n = 0;
	for (size_t i = 0; i < f->n_values; i++) {
		const struct target_value *v = &f->values[i];
		if (v->is_result != is_result || v->is_hidden)
			continue;
		struct str number = arena_printf(g->arena, "%zu", n++);
		list = arena_printf(g->arena, "%.*s%s%.*s %.*s", STR_ARG(list),
				    list.len ? ", " : "", STR_ARG(v->name.len ? v->name : number),
				    STR_ARG(v->type ? type_spell(g->arena, v->type) : STR("?")));
	}
	if (list.len)
		diag_hint(g->diag, "it has: %.*s", STR_ARG(list));
}

const struct target_value *value_find(struct gen *g, const struct func *f, bool is_result,
				      struct str name, struct span at)
{
	const char *what = is_result ? "result" : "parameter";
	uint64_t n;
	if (!f->has_types) {
		struct str missing = target_missing(g->r->target);
		gen_error(g, at, "parameters and results of %.*s are not known", STR_ARG(f->name));
		if (missing.len)
			diag_hint(g->diag, "%.*s", STR_ARG(missing));
		return NULL;
	}
	if (is_result && f->no_results) {
		gen_error(g, at, "results of %.*s are not known where it ends: %s",
			  STR_ARG(f->name), f->no_results);
		return NULL;
	}
	const struct target_value *v = NULL;
	if (str_to_u64(name, &n))
		v = nth(f, is_result, n);
	for (size_t i = 0; i < f->n_values && !v; i++)
		if (f->values[i].is_result == is_result && str_eq(f->values[i].name, name))
			v = &f->values[i];
	if (!v) {
		gen_error(g, at, "%.*s has no %s '%.*s'", STR_ARG(f->name), what, STR_ARG(name));
		tell_values(g, f, is_result);
		return NULL;
	}
	if (!v->is_known) {
		gen_error(g, at, "where the %s '%.*s' of %.*s is cannot be told", what,
			  STR_ARG(name), STR_ARG(f->name));
		return NULL;
	}
	if (v->is_lost_on_restart)
		gen_note(g, arena_printf(g->arena,
					 "%.*s of %.*s is not used there: when its stack has just "
					 "grown, what is shown is not its value",
					 STR_ARG(name), STR_ARG(f->name)));
	return v;
}

struct reach reach_value(const struct target_value *v)
{
	return (struct reach) { .type = v->type, .value = v };
}

// --- words ---

static bool is_signed(const struct type *t)
{
	return t && (t->kind == TYPE_INT ||
		     ((t->kind == TYPE_CHAR || t->kind == TYPE_ENUM) && t->is_signed));
}

static struct str memory(struct gen *g, struct str base, uint64_t off, const char *type)
{
	bool is_one = str_find(base, STR(" ")) < 0;
	if (off)
		return arena_printf(g->arena, "*(%s*)(%.*s + %" PRIu64 ")", type, STR_ARG(base),
				    off);
	return arena_printf(g->arena, is_one ? "*(%s*)%.*s" : "*(%s*)(%.*s)", type, STR_ARG(base));
}

static const char *int_type(unsigned size, bool has_sign)
{
	static const char *const names[2][4] = {
		{ "uint8", "uint16", "uint32", "uint64" },
		{ "int8", "int16", "int32", "int64" },
	};
	return names[has_sign][size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3];
}

// A register is a uint64; its upper bits are garbage when the value is shorter.
static bool place_expr(struct gen *g, const struct place *p, const char *type, struct str *out)
{
	enum insn_arch arch = target_arch(g->r->target);
	struct str reg = reg_name(g, p->reg);
	if (p->kind == PLACE_REG && insn_reg_is_int(arch, p->reg)) {
		bool is_whole = strcmp(type, "uint64") == 0;
		*out = arena_printf(g->arena, "%s%s%sreg(\"%.*s\")", is_whole ? "" : "(",
				    is_whole ? "" : type, is_whole ? "" : ")", STR_ARG(reg));
		return true;
	}
	if (p->kind != PLACE_MEM || p->off < 0)
		return false;
	*out = memory(g, arena_printf(g->arena, "reg(\"%.*s\")", STR_ARG(reg)), (uint64_t)p->off,
		      type);
	return true;
}

static bool word_of_value(struct gen *g, const struct reach *r, uint64_t off, const char *type,
			  struct span at, struct str *out)
{
	const struct target_value *v = r->value;
	for (size_t i = 0; i < v->words.n; i++) {
		if (v->words.v[i].off != r->off + off)
			continue;
		const struct places *p = &v->word_places[i];
		if (p->n == 1 && place_expr(g, &p->v[0], type, out))
			return true;
		gen_error(g, at, "%s%.*s%s is in a vector register, which BPF cannot read",
			  v->name.len ? "'" : "", STR_ARG(v->name.len ? v->name : STR("it")),
			  v->name.len ? "'" : "");
		return false;
	}
	gen_error(g, at, "'%.*s' has no word there", STR_ARG(v->name));
	return false;
}

static bool word_at(struct gen *g, const struct reach *r, uint64_t off, unsigned size,
		    bool has_sign, struct span at, struct str *out)
{
	const char *type = int_type(size, has_sign);
	if (r->value)
		return word_of_value(g, r, off, type, at, out);
	*out = memory(g, r->base, r->off + off, type);
	return true;
}

bool word_expr(struct gen *g, const struct func *f, size_t n, struct span at, struct str *out)
{
	size_t left = n;
	for (size_t i = 0; i < f->info->n_values; i++) {
		const struct target_value *v = &f->info->values[i];
		if (v->is_result)
			break;
		if (left >= v->words.n) {
			left -= v->words.n;
			continue;
		}
		if (!v->is_known)
			break;
		const struct type_word *w = &v->words.v[left];
		struct reach r = reach_value(v);
		if (!f->has_types)
			gen_note(g, STR("words of arguments are counted without floating-point "
					"ones, and have no sign: types are not known"));
		return word_of_value(g, &r, w->off, int_type(w->size, is_signed(w->type)), at, out);
	}
	gen_error(g, at, "where word %zu of the arguments of %.*s is cannot be told", n,
		  STR_ARG(f->name));
	return false;
}

// --- paths ---

static bool through_pointer(struct gen *g, struct reach *r, struct span at)
{
	struct type *t = type_strip(r->type);
	struct str base;
	if (!word_at(g, r, 0, 8, false, at, &base))
		return false;
	*r = (struct reach) { .type = t->elem, .base = base };
	return true;
}

// A pointer's target of which only the name is known so far.
static bool describe(struct gen *g, struct reach *r, struct span at)
{
	struct type *t = r->type;
	if (!t || !t->is_declaration || !t->name.len)
		return true;
	struct err *e = gen_find_type(g, t->name, &r->type);
	if (e)
		gen_tell(g, at, e);
	return !e;
}

// Promoted fields of embedded structs too; those behind embedded pointers are named in full.
static const struct type_field *find_field(struct type *t, struct str name, uint64_t *off,
					   unsigned depth)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (str_eq(t->fields[i].name, name)) {
			*off += t->fields[i].off;
			return &t->fields[i];
		}
	for (size_t i = 0; i < t->n_fields && depth < EMBEDDED_MAX; i++) {
		struct type *inner = type_strip(t->fields[i].type);
		if (!t->fields[i].is_embedded || inner->kind != TYPE_STRUCT)
			continue;
		uint64_t inside = *off + t->fields[i].off;
		struct err *e = type_complete(inner);
		err_free(e);
		const struct type_field *f = e ? NULL : find_field(inner, name, &inside, depth + 1);
		if (f) {
			*off = inside;
			return f;
		}
	}
	return NULL;
}

static bool take_field(struct gen *g, struct reach *r, struct str name, struct span at)
{
	struct type *t = type_strip(r->type);
	struct err *e = type_complete(t);
	if (e) {
		gen_tell(g, at, e);
		return false;
	}
	const struct type_field *f = find_field(t, name, &r->off, 0);
	if (f) {
		r->type = f->type;
		return true;
	}
	struct near near = near_init(name);
	for (size_t i = 0; i < t->n_fields; i++)
		near_offer(&near, t->fields[i].name);
	gen_error(g, at, "%.*s has no field '%.*s'", STR_ARG(type_spell(g->arena, t)),
		  STR_ARG(name));
	if (near.n)
		diag_hint(g->diag, "near: %.*s", STR_ARG(near.best[0]));
	return false;
}

// The words that Go's values begin with. Lengths are ints, the others addresses.
static bool header_part(struct type *t, struct str name, struct reach *r)
{
	static struct type length = { .kind = TYPE_INT, .size = 8, .is_complete = true };
	static const struct {
		enum type_kind kind;
		const char *name;
		uint64_t off;
		bool is_length;
	} parts[] = {
		{ TYPE_STRING, "ptr", 0, false }, { TYPE_STRING, "len", 8, true },
		{ TYPE_SLICE, "ptr", 0, false },  { TYPE_SLICE, "len", 8, true },
		{ TYPE_SLICE, "cap", 16, true },  { TYPE_IFACE, "type", 0, false },
		{ TYPE_IFACE, "data", 8, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].kind == t->kind && str_eq(name, str_from(parts[i].name))) {
			r->off += parts[i].off;
			r->type = parts[i].is_length ? &length : NULL;
			return true;
		}
	return false;
}

static bool take_part(struct gen *g, struct reach *r, struct str name, struct span at)
{
	uint64_t n;
	struct type *t = r->type ? type_strip(r->type) : NULL;
	if (t && t->kind == TYPE_PTR && t->elem) {
		if (!through_pointer(g, r, at) || !describe(g, r, at))
			return false;
		t = type_strip(r->type);
	}
	if (t && t->kind == TYPE_STRUCT)
		return take_field(g, r, name, at);
	if (t && header_part(t, name, r))
		return true;
	if (t && t->kind == TYPE_ARRAY && str_to_u64(name, &n) && n < t->count) {
		r->off += n * t->elem->size;
		r->type = t->elem;
		return true;
	}
	gen_error(g, at, "%.*s has no '%.*s'",
		  STR_ARG(t ? type_spell(g->arena, t) : STR("a single word")), STR_ARG(name));
	return false;
}

bool reach_path(struct gen *g, struct reach *r, struct str path, struct span at)
{
	while (path.len) {
		ptrdiff_t dot = str_find(path, STR("."));
		struct str name = str_first(path, dot < 0 ? path.len : (size_t)dot);
		if (!take_part(g, r, name, at))
			return false;
		path = str_from_off(path, dot < 0 ? path.len : (size_t)dot + 1);
	}
	return true;
}

// --- the value at the end of a path ---

// As a buffer, printed by %r: a Go string has no end mark and may hold any bytes, and bpftrace's
// versions do not agree on what str(p, n) means by n.
static bool text_expr(struct gen *g, const struct reach *r, struct span at, struct str *out)
{
	struct str ptr, len;
	if (!word_at(g, r, 0, 8, false, at, &ptr) || !word_at(g, r, 8, 8, false, at, &len))
		return false;
	*out = arena_printf(g->arena, "buf(%.*s, %.*s)", STR_ARG(ptr), STR_ARG(len));
	return true;
}

bool reach_expr(struct gen *g, const struct reach *r, struct span at, struct str *out)
{
	if (!r->type)
		return word_at(g, r, 0, 8, false, at, out);
	struct type *t = type_strip(r->type);
	switch (t->kind) {
	case TYPE_STRING:
		return text_expr(g, r, at, out);
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_UINT:
	case TYPE_CHAR:
	case TYPE_ENUM:
	case TYPE_FLOAT:
	case TYPE_PTR:
	case TYPE_MAP:
	case TYPE_CHAN:
	case TYPE_FUNC:
		return word_at(g, r, 0, (unsigned)t->size, is_signed(t), at, out);
	case TYPE_SLICE:
		gen_error(g, at, "a slice has three words: say .ptr, .len or .cap");
		return false;
	case TYPE_IFACE:
		gen_error(g, at, "an interface has two words: say .type or .data");
		return false;
	case TYPE_VOID:
	case TYPE_COMPLEX:
	case TYPE_ARRAY:
	case TYPE_STRUCT:
	case TYPE_UNION:
	case TYPE_NAMED:
	case TYPE_UNKNOWN:
	case TYPE_TEXT:
	case TYPE_BUFFER:
	case TYPE_TUPLE:
	case TYPE_OPAQUE:
		break;
	}
	gen_error(g, at, "%.*s is no single value: say which part of it",
		  STR_ARG(type_spell(g->arena, t)));
	return false;
}
