// SPDX-License-Identifier: Apache-2.0
// Types of which more is known than their fields say, and those whose insides nobody wants to see.
#include "value/book.h"

struct known_field {
	const char *type; // with its import path, without type arguments
	const char *field;
	enum field_rule rule;
};

static const struct known_field known_fields[] = {
	// A time's zone: its name and, for local time, what holds now.
	{ "time.Time", "loc", FIELD_FREE },
	{ "time.Location", "cacheZone", FIELD_FREE },
	{ "time.Location", "zone", FIELD_SKIP },
	{ "time.Location", "tx", FIELD_SKIP },
	{ "time.Location", "extend", FIELD_SKIP },
	// Itself, to find out about copies.
	{ "strings.Builder", "addr", FIELD_SKIP },
	{ "math/big.Int", "abs", FIELD_FREE },
	{ "math/big.Float", "mant", FIELD_FREE },
	{ "net/netip.Addr", "z", FIELD_FREE },
	{ "sync/atomic.Pointer", "v", FIELD_POINTEE },
	// sync.Map until 1.23: of 1.19 and before it holds readOnly in an interface.
	{ "sync.Map", "read", FIELD_FREE },
	{ "sync.Map", "dirty", FIELD_FREE },
	{ "sync.readOnly", "m", FIELD_FREE },
	{ "sync.entry", "p", FIELD_ANY },
	// sync.Map from 1.24 on.
	{ "internal/sync.HashTrieMap", "keyHash", FIELD_SKIP },
	{ "internal/sync.HashTrieMap", "valEqual", FIELD_SKIP },
	{ "internal/sync.indirect", "parent", FIELD_SKIP },
	// The pool's insides change under our feet.
	{ "sync.Pool", "New", FIELD_SKIP },
};

// "type.name" without type arguments.
static struct str book_plain_name(const struct type *t)
{
	struct str name = t->name;
	const char *args = name.len ? memchr(name.p, '[', name.len) : NULL;
	return args ? str_first(name, (size_t)(args - name.p)) : name;
}

enum field_rule field_rule(const struct type *holder, struct str field)
{
	struct str name = book_plain_name(holder);
	// All of them are of packages whose path begins so: most structs need no further look.
	if (name.len < 8 || !memchr("imnst", name.p[0], 5))
		return FIELD_PLAIN;
	for (size_t i = 0; i < ARRAY_LEN(known_fields); i++) {
		const struct known_field *k = &known_fields[i];
		if (str_eq(name, str_from(k->type)) && str_eq(field, str_from(k->field)))
			return k->rule;
	}
	return FIELD_PLAIN;
}

// Pointers to the tables of virtual functions and to the counters of shared pointers.
bool is_library_inside(const struct type *t)
{
	return str_eq(t->name, STR("__vtbl_ptr_type")) ||
	       str_starts(t->name, STR("std::_Sp_counted_base<"));
}

bool is_runtime_inside(const struct type *t)
{
	struct str name = t->name;
	if (str_starts(name, STR("runtime.")))
		// Errors and what programs may ask for have names of their own.
		return name.len > 8 && !(name.p[8] >= 'A' && name.p[8] <= 'Z');
	return str_starts(name, STR("runtime/internal/")) ||
	       str_starts(name, STR("internal/abi.")) ||
	       str_starts(name, STR("internal/runtime/")) || str_eq(name, STR("reflect.rtype"));
}

bool is_part(const struct type *t)
{
	struct str name = book_plain_name(t);
	return str_eq(name, STR("sync.entry")) || str_eq(name, STR("sync.readOnly")) ||
	       str_eq(name, STR("internal/sync.indirect"));
}

// --- what is behind unsafe pointers ---

// T of a struct with a field "_ [0]*T".
static struct type *type_argument(const struct type *holder)
{
	for (size_t i = 0; i < holder->n_fields; i++) {
		struct type *t = holder->fields[i].type ? type_strip(holder->fields[i].type) : NULL;
		struct type *elem =
			t && t->kind == TYPE_ARRAY && t->elem ? type_strip(t->elem) : NULL;
		if (elem && elem->kind == TYPE_PTR && elem->elem)
			return elem->elem;
	}
	return NULL;
}

static void describe_any(struct sketch *s, const struct entry *e)
{
	static const struct type any = { .kind = TYPE_IFACE, .size = 16, .is_empty_iface = true };
	(void)e;
	sketch_interface(s, &any, 0);
}

void sketch_unsafe(struct sketch *s, const struct type *holder, enum field_rule rule, uint64_t off)
{
	struct value_book *b = s->book;
	if (rule == FIELD_ANY) {
		if (!b->any)
			b->any = book_add_inside(b, 16, describe_any, NULL);
		sketch_ref(s, VALUE_POINTER, off, b->any, 0);
		return;
	}
	struct type *to = type_argument(holder);
	if (!to || type_strip(to)->size == 0 || is_runtime_inside(type_strip(to)))
		return;
	if (s->trie && is_trie_head(type_strip(to)))
		sketch_trie(s, off);
	else
		sketch_to(s, VALUE_POINTER, off, to, is_part(type_strip(to)) ? 0 : 1);
}

// Up to Go 1.22 a netip.Addr of version 4 has the pointer that is in a variable.
static uint64_t find_ip4(struct value_book *b)
{
	const struct elf_sym *sym = NULL;
	if (!b->has_ip4 && b->target)
		sym = elf_find_symbol(target_elf(b->target), STR("net/netip.z4"));
	if (sym && sym->vaddr <= UINT32_MAX)
		b->ip4 = sym->vaddr;
	b->has_ip4 = true;
	return b->ip4;
}

void sketch_known(struct sketch *s, const struct type *holder, const struct type_field *f,
		  uint64_t off)
{
	bool is_zone = str_eq(holder->name, STR("net/netip.Addr")) && str_eq(f->name, STR("z")) &&
		       type_strip(f->type)->kind == TYPE_PTR;
	uint64_t vaddr = is_zone ? find_ip4(s->book) : 0;
	if (vaddr)
		sketch_same(s, off, vaddr);
}

// --- strings of other languages ---

static bool has_field_at(const struct type *t, const char *name, uint64_t off)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (str_eq(t->fields[i].name, str_from(name)))
			return t->fields[i].off == off;
	return false;
}

bool sketch_string(struct sketch *s, const struct type *t, uint64_t off)
{
	bool is_cpp = str_starts(t->name, STR("std::__cxx11::basic_string<char,")) &&
		      has_field_at(t, "_M_dataplus", 0) && has_field_at(t, "_M_string_length", 8);
	bool is_rust = str_eq(t->name, STR("&str")) && has_field_at(t, "data_ptr", 0) &&
		       has_field_at(t, "length", 8);
	if (is_cpp || is_rust)
		sketch_ref(s, VALUE_STRING, off, 0, 0);
	return is_cpp || is_rust;
}
