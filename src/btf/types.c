// SPDX-License-Identifier: Apache-2.0
// The kernel's types as struct type, made when somebody asks: members only of those that are looked
// into.
#include "btf/reader.h"

// Of one type: what honest kernels have is far below.
#define SIZE_MAX_OF_TYPE (1ull << 30)
// Members of a struct and of all structs in it. A malformed file could have them double with each
// level.
#define MEMBERS_MAX 100000

struct made_type {
	struct type t; // first: see made_of
	uint32_t n_members;
	bool is_open; // its members are being made
};

static struct type *type_of(struct btf *b, uint32_t id, unsigned depth);
static struct err *complete(struct type_source *src, struct type *t);

static struct type *type_new(struct btf *b, enum type_kind kind, uint32_t id)
{
	struct type *t = &ARENA_NEW(b->arena, struct made_type)->t;
	b->source.complete = complete;
	*t = (struct type) { .kind = kind, .id = id, .dict_index = -1, .is_complete = true };
	t->source = &b->source;
	return t;
}

// A copy of a type may be completed, too: what has been noted is found by its number.
static struct made_type *made_of(struct btf *b, const struct type *t)
{
	return map_get(&b->made, t->id);
}

// --- each kind ---

static void fill_int(struct btf *b, uint32_t id, struct btf_type raw, struct type *t)
{
	uint32_t word;
	btf_item(b, id, 0, &word, sizeof(word));
	t->size = raw.size;
	t->is_signed = BTF_INT_ENCODING(word) & BTF_INT_SIGNED;
	if (raw.size != 1 && raw.size != 2 && raw.size != 4 && raw.size != 8)
		return; // __int128 is nothing that scripts can compute with
	t->kind = t->is_signed ? TYPE_INT : TYPE_UINT;
	if (raw.size != 1)
		return;
	// The kernel's char has no sign, but its arrays are text as everywhere.
	bool is_char = str_eq(t->name, STR("char"));
	if (BTF_INT_ENCODING(word) & BTF_INT_BOOL)
		t->kind = TYPE_BOOL;
	else if (is_char || str_eq(t->name, STR("unsigned char")))
		t->kind = TYPE_CHAR;
	t->is_signed |= is_char;
}

static void fill_array(struct btf *b, uint32_t id, struct type *t, unsigned depth)
{
	struct btf_array raw;
	btf_item(b, id, 0, &raw, sizeof(raw));
	struct type *elem = type_of(b, raw.type, depth + 1);
	uint64_t size;
	if (__builtin_mul_overflow(elem->size, (uint64_t)raw.nelems, &size) ||
	    size > SIZE_MAX_OF_TYPE)
		return;
	t->kind = TYPE_ARRAY;
	t->elem = elem;
	t->count = raw.nelems;
	t->has_no_count = raw.nelems == 0; // [] and [0] are the same here
	t->size = size;
}

static void fill_record(struct btf *b, struct btf_type raw, struct type *t)
{
	bool is_union = BTF_INFO_KIND(raw.info) == BTF_KIND_UNION;
	if (raw.size > SIZE_MAX_OF_TYPE)
		return;
	t->kind = is_union ? TYPE_UNION : TYPE_STRUCT;
	t->size = raw.size;
	t->is_complete = false;
	if (t->name.len)
		t->name = arena_printf(b->arena, "%s %.*s", is_union ? "union" : "struct",
				       STR_ARG(t->name));
}

static void fill_forward(struct btf *b, struct btf_type raw, struct type *t)
{
	bool is_union = BTF_INFO_KFLAG(raw.info);
	t->kind = is_union ? TYPE_UNION : TYPE_STRUCT;
	t->is_declaration = true;
	t->is_complete = false;
	t->name =
		arena_printf(b->arena, "%s %.*s", is_union ? "union" : "struct", STR_ARG(t->name));
}

static void fill_enum(struct btf *b, uint32_t id, struct btf_type raw, struct type *t)
{
	bool is_wide = BTF_INFO_KIND(raw.info) == BTF_KIND_ENUM_64;
	uint32_t n = BTF_INFO_VLEN(raw.info);
	if (raw.size != 1 && raw.size != 2 && raw.size != 4 && raw.size != 8)
		return;
	t->kind = TYPE_ENUM;
	t->size = raw.size;
	t->is_signed = BTF_INFO_KFLAG(raw.info);
	t->enumerators = ARENA_ARRAY(b->arena, struct type_enumerator, n);
	t->n_enumerators = n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t w[3] = { 0 }; // name, value, upper half of the value
		btf_item(b, id, i, w, is_wide ? 12 : 8);
		int64_t v = is_wide ? (int64_t)((uint64_t)w[2] << 32 | w[1]) : (int32_t)w[1];
		// Before Linux 6.0 nothing told which ones have a sign.
		t->is_signed |= !is_wide && v < 0;
		t->enumerators[i] = (struct type_enumerator) { btf_text(b, w[0]), v };
	}
	if (t->name.len)
		t->name = arena_printf(b->arena, "enum %.*s", STR_ARG(t->name));
}

static void fill_alias(struct btf *b, struct btf_type raw, struct type *t, const char *word,
		       unsigned depth)
{
	t->kind = TYPE_NAMED;
	t->qualifier = str_from(word);
	t->elem = type_of(b, raw.type, depth + 1);
	t->size = t->elem->size;
}

static void fill_func(struct btf *b, uint32_t id, struct btf_type raw, struct type *t,
		      unsigned depth)
{
	uint32_t n = BTF_INFO_VLEN(raw.info);
	t->kind = TYPE_FUNC;
	t->ret = raw.type ? type_of(b, raw.type, depth + 1) : NULL;
	t->params = ARENA_ARRAY(b->arena, struct type_param, n);
	for (uint32_t i = 0; i < n; i++) {
		struct btf_param p;
		btf_item(b, id, i, &p, sizeof(p));
		t->is_variadic |= p.type == 0;
		if (p.type == 0)
			continue;
		t->params[t->n_params++] = (struct type_param) {
			.name = btf_text(b, p.name_off),
			.type = type_of(b, p.type, depth + 1),
		};
	}
}

static void fill(struct btf *b, uint32_t id, struct btf_type raw, struct type *t, unsigned depth)
{
	switch (BTF_INFO_KIND(raw.info)) {
	case BTF_KIND_INT:
		fill_int(b, id, raw, t);
		break;
	case BTF_KIND_FLOAT:
		t->kind = TYPE_FLOAT;
		t->size = raw.size;
		break;
	case BTF_KIND_PTR:
		t->kind = TYPE_PTR;
		t->size = 8;
		t->elem = raw.type ? type_of(b, raw.type, depth + 1) : NULL;
		break;
	case BTF_KIND_ARRAY:
		fill_array(b, id, t, depth);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		fill_record(b, raw, t);
		break;
	case BTF_KIND_FWD:
		fill_forward(b, raw, t);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM_64:
		fill_enum(b, id, raw, t);
		break;
	case BTF_KIND_TYPEDEF:
		fill_alias(b, raw, t, "", depth);
		break;
	case BTF_KIND_CONST:
		fill_alias(b, raw, t, "const", depth);
		break;
	case BTF_KIND_VOLATILE:
		fill_alias(b, raw, t, "volatile", depth);
		break;
	case BTF_KIND_RESTRICT:
		fill_alias(b, raw, t, "restrict", depth);
		break;
	case BTF_KIND_FUNC_PROTO:
		fill_func(b, id, raw, t, depth);
		break;
	default: // variables, sections, tags: no types of values
		break;
	}
}

// Never NULL: what cannot be described is of an unknown kind.
static struct type *type_of(struct btf *b, uint32_t id, unsigned depth)
{
	for (int i = 0; i < BTF_DEPTH_MAX; i++) {
		struct btf_type tag = btf_at(b, id);
		if (BTF_INFO_KIND(tag.info) != BTF_KIND_TYPE_TAG)
			break;
		id = tag.type;
	}
	struct made_type *known = id ? map_get(&b->made, id) : NULL;
	if (known)
		return &known->t;
	struct type *t = type_new(b, id ? TYPE_UNKNOWN : TYPE_VOID, id);
	if (!id || id >= b->offs.n || depth > BTF_DEPTH_MAX)
		return t;
	struct btf_type raw = btf_at(b, id);
	t->name = btf_text(b, raw.name_off);
	// Known before it is filled: types refer to themselves.
	map_put(&b->made, id, t);
	fill(b, id, raw, t, depth);
	return t;
}

// --- members ---

static void fill_members(struct btf *b, struct made_type *made, unsigned depth);

// The struct whose bytes are in a value of that type.
static struct type *record_in(struct type *t)
{
	for (int i = 0; i < BTF_DEPTH_MAX && t; i++) {
		t = type_strip(t);
		if (t->kind != TYPE_ARRAY)
			break;
		t = t->elem;
	}
	return t && (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION) ? t : NULL;
}

// A struct that is in itself, or in too many others, is no member that can be looked into.
static bool takes_member(struct btf *b, struct made_type *made, struct type *t, unsigned depth)
{
	struct type *record = record_in(t);
	struct made_type *inner = record ? made_of(b, record) : NULL;
	if (!inner)
		return true;
	if (inner->is_open || depth > BTF_DEPTH_MAX)
		return false;
	fill_members(b, inner, depth + 1);
	if (made->n_members + inner->n_members > MEMBERS_MAX)
		return false;
	made->n_members += inner->n_members;
	return true;
}

static void fill_member(struct btf *b, struct made_type *made, struct btf_type raw, uint32_t i,
			unsigned depth)
{
	struct type *t = &made->t;
	struct btf_member m;
	btf_item(b, (uint32_t)t->id, i, &m, sizeof(m));
	struct btf_bits bits = btf_bits_of(b, raw, &m);
	struct type_field f = { .name = btf_text(b, m.name_off), .off = bits.off / 8 };
	f.type = type_of(b, m.type, 0);
	uint64_t end = f.off + f.type->size;
	if (bits.size) {
		f.bit_size = (uint16_t)bits.size;
		f.bit_off = (uint16_t)(bits.off % 8);
		end = f.off + (f.bit_off + bits.size + 7) / 8;
	}
	bool is_odd =
		bits.size ? bits.size > 64 || bits.size > f.type->size * 8 : bits.off % 8 != 0;
	if (end > t->size || is_odd || !takes_member(b, made, f.type, depth))
		return;
	made->n_members++;
	t->fields[t->n_fields++] = f;
}

static void fill_members(struct btf *b, struct made_type *made, unsigned depth)
{
	struct type *t = &made->t;
	struct btf_type raw = btf_at(b, (uint32_t)t->id);
	if (t->is_complete)
		return;
	t->is_complete = true;
	if (t->is_declaration)
		return;
	made->is_open = true;
	t->fields = ARENA_ARRAY(b->arena, struct type_field, BTF_INFO_VLEN(raw.info));
	for (uint32_t i = 0; i < BTF_INFO_VLEN(raw.info); i++)
		fill_member(b, made, raw, i, depth);
	made->is_open = false;
}

static struct err *complete(struct type_source *src, struct type *t)
{
	struct btf *b = (struct btf *)((char *)src - offsetof(struct btf, source));
	struct made_type *made = made_of(b, t);
	fill_members(b, made, 0);
	t->fields = made->t.fields;
	t->n_fields = made->t.n_fields;
	return NULL;
}

// --- by name ---

#define SET(kind)  (1u << (kind))
#define ENUMS      (SET(BTF_KIND_ENUM) | SET(BTF_KIND_ENUM_64))
#define BARE_NAMES (SET(BTF_KIND_TYPEDEF) | SET(BTF_KIND_INT) | SET(BTF_KIND_FLOAT))

static const struct {
	const char *word;
	uint32_t kinds;
} words[] = {
	{ "struct ", SET(BTF_KIND_STRUCT) },
	{ "union ", SET(BTF_KIND_UNION) },
	{ "enum ", ENUMS },
};

// What kinds of types such a name is of, and the name as it stands in the file.
static uint32_t kinds_of(struct str *name)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_starts(*name, str_from(words[i].word)))
			continue;
		*name = str_from_off(*name, strlen(words[i].word));
		return words[i].kinds;
	}
	return BARE_NAMES;
}

struct type *btf_find_type(struct btf *b, struct str name)
{
	uint32_t kinds = kinds_of(&name);
	uint32_t id = btf_find(b, kinds, name);
	return id ? type_of(b, id, 0) : NULL;
}

void btf_offer(struct btf *b, struct near *near)
{
	struct near of_kind = near_init(near->want);
	uint32_t kinds = kinds_of(&of_kind.want);
	size_t word_len = near->want.len - of_kind.want.len;
	for (uint32_t i = 1; i < b->offs.n; i++) {
		struct btf_type t = btf_at(b, i);
		if (kinds >> BTF_INFO_KIND(t.info) & 1)
			near_offer(&of_kind, btf_text(b, t.name_off));
	}
	for (size_t i = 0; i < of_kind.n; i++)
		near_offer(near, arena_printf(b->arena, "%.*s%.*s", (int)word_len, near->want.p,
					      STR_ARG(of_kind.best[i])));
}
