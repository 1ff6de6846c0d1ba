// SPDX-License-Identifier: Apache-2.0
// The book: numbers for types, and the search for all that the roots lead to.
#include "value/book.h"

// What one type's description may take, and all together: no file makes us work without end.
#define STEPS_PER_TYPE (1u << 14)
#define STEPS_MAX      (1u << 24)

static struct map *new_map(struct arena *a)
{
	struct map *m = ARENA_NEW(a, struct map);
	*m = map_init(a);
	return m;
}

static void describe_nothing(struct sketch *s, const struct entry *e)
{
	(void)s;
	(void)e;
}

// What a channel begins with: how many values wait, for how many there is room, whether it is
// closed.
#define CHANNEL_HEAD 32

struct value_book *value_book_new(struct arena *a, struct target *t,
				  const struct value_limits *limits,
				  const struct value_secrets *secrets)
{
	struct value_book *b = ARENA_NEW(a, struct value_book);
	*b = (struct value_book) {
		.arena = a,
		.target = t,
		.limits = *limits,
		.secrets = secrets,
		.numbers = new_map(a),
		.canon = new_map(a),
		.maps = new_map(a),
		.tries = new_map(a),
		.names = new_map(a),
		.alike = new_map(a),
		.shapes = new_map(a),
		.steps = STEPS_MAX,
	};
	book_add_inside(b, 1, describe_nothing, NULL); // number 0: bytes
	b->channel = book_add_inside(b, CHANNEL_HEAD, describe_nothing, NULL);
	return b;
}

const struct value_limits *value_book_limits(const struct value_book *b)
{
	return &b->limits;
}

struct target *book_target(const struct value_book *b)
{
	return b->target;
}

uint32_t book_channel(const struct value_book *b)
{
	return b->channel;
}

const struct value_secrets *book_secrets(const struct value_book *b)
{
	return b->secrets;
}

// --- types and numbers ---

static uint64_t key_of(const struct type *t)
{
	return (uint64_t)(uintptr_t)t;
}

// Names of types are C's, and Go's for what a type parameter stands for.
static bool is_mere_name(const struct type *t)
{
	return t->kind == TYPE_NAMED && t->elem && (t->go_kind == 0 || t->dict_index >= 0);
}

#define CHAIN_MAX 64

// A struct of C without a name is called what its typedef says.
static void name_nameless(const struct value_book *b, const struct type *name)
{
	const struct type *t = name->elem;
	bool is_nameless =
		t->name.len == 0 && t->go_kind == 0 &&
		(t->kind == TYPE_STRUCT || t->kind == TYPE_UNION || t->kind == TYPE_ENUM);
	if (!is_nameless || name->name.len == 0 || map_get(b->names, key_of(t)))
		return;
	struct str *kept = ARENA_NEW(b->arena, struct str);
	*kept = name->name;
	map_put(b->names, key_of(t), kept);
}

struct type *book_canon_of(const struct value_book *b, struct type *t)
{
	struct type *canon = map_get(b->canon, key_of(t));
	if (canon)
		return canon;
	canon = t;
	for (int i = 0; i < CHAIN_MAX && is_mere_name(canon); i++, canon = canon->elem)
		name_nameless(b, canon);
	struct type *own = b->target && canon->go_kind ? target_go_type_of(b->target, canon) : NULL;
	canon = own ? own : canon;
	map_put(b->canon, key_of(t), canon);
	return canon;
}

struct type *book_canon(struct value_book *b, struct type *t)
{
	return book_canon_of(b, t);
}

static uint32_t add_entry(struct value_book *b, struct entry e)
{
	e.size = MAX(MIN(e.size, (uint64_t)VALUE_ITEM_MAX), (uint64_t)1);
	VEC_PUSH(b->arena, &b->entries, e);
	return (uint32_t)(b->entries.n - 1);
}

uint32_t book_add_inside(struct value_book *b, uint64_t size,
			 void (*describe)(struct sketch *, const struct entry *),
			 const void *inside)
{
	return add_entry(b,
			 (struct entry) { .describe = describe, .inside = inside, .size = size });
}

uint32_t book_add(struct value_book *b, struct type *canon)
{
	uint32_t number;
	if (book_number(b, canon, &number))
		return number;
	struct entry e = { .type = canon, .describe = describe_type, .size = canon->size };
	number = add_entry(b, e);
	map_put(b->numbers, key_of(canon), (void *)(uintptr_t)number);
	return number;
}

bool book_number(const struct value_book *b, struct type *t, uint32_t *out)
{
	void *number = map_get(b->numbers, key_of(t));
	if (!number)
		number = map_get(b->numbers, key_of(book_canon_of(b, t)));
	*out = (uint32_t)(uintptr_t)number;
	return number;
}

struct type *book_type(const struct value_book *b, uint32_t number)
{
	return number < b->entries.n ? b->entries.v[number].type : NULL;
}

struct map *book_shapes(struct value_book *b)
{
	return b->shapes;
}

// Without a program the types that were given are all that there are.
static struct type *given_type(const struct value_book *b, uint64_t rtype)
{
	for (size_t i = 0; i < b->entries.n; i++)
		if (b->entries.v[i].type && b->entries.v[i].type->go_rtype == rtype)
			return b->entries.v[i].type;
	return NULL;
}

struct type *book_dynamic(struct value_book *b, uint64_t rtype)
{
	return b->target ? target_go_type_at(b->target, rtype) : given_type(b, rtype);
}

// --- the search ---

void book_reach(struct value_book *b, uint32_t number, unsigned depth)
{
	struct entry *e = &b->entries.v[number];
	if (e->is_reached && e->depth <= depth)
		return;
	e->is_reached = true;
	e->depth = (uint16_t)depth;
	VEC_PUSH(b->arena, depth == b->depth ? &b->now : &b->next, number);
}

uint32_t value_book_root(struct value_book *b, struct type *t)
{
	uint32_t number = book_add(b, book_canon(b, t));
	book_reach(b, number, 0);
	return number;
}

// Many types have the same references: funcs, interfaces, what is laid out alike. They share them.
static bool share(struct value_book *b, struct entry *e, uint64_t hash)
{
	const struct entry *other;
	void *known = map_get(b->alike, hash);
	other = known ? &b->entries.v[(uintptr_t)known] : NULL;
	if (!other || other->n_refs != e->n_refs ||
	    memcmp(&b->refs.v[other->first_ref], &b->refs.v[e->first_ref],
		   e->n_refs * sizeof(struct value_ref)) != 0)
		return false;
	b->refs.n = e->first_ref;
	e->first_ref = other->first_ref;
	return true;
}

static void keep(struct value_book *b, uint32_t number, const struct sketch *s)
{
	struct entry *e = &b->entries.v[number];
	e->first_ref = (uint32_t)b->refs.n;
	// What must not be seen is gone before anything is followed.
	for (size_t i = 0; i < s->erased.n && e->n_refs < UINT16_MAX; i++, e->n_refs++)
		VEC_PUSH(b->arena, &b->refs, s->erased.v[i]);
	for (size_t i = 0; i < s->refs.n && e->n_refs < UINT16_MAX; i++, e->n_refs++)
		VEC_PUSH(b->arena, &b->refs, s->refs.v[i]);
	if (e->n_refs == 0)
		return;
	struct str bytes = { (const char *)&b->refs.v[e->first_ref],
			     e->n_refs * sizeof(struct value_ref) };
	uint64_t hash = str_hash(bytes);
	if (!share(b, e, hash))
		map_put(b->alike, hash, (void *)(uintptr_t)number);
}

static void describe(struct value_book *b, uint32_t number)
{
	// A copy: describing it gives numbers to others.
	struct entry e = b->entries.v[number];
	struct sketch *s = &b->sketch;
	if (e.is_described)
		return;
	s->book = b;
	s->size = e.size;
	s->depth = e.depth;
	s->steps = STEPS_PER_TYPE;
	s->is_free = s->is_secret = s->is_end = false;
	s->guard = VALUE_ALWAYS;
	s->guard_off = 0;
	s->trie = NULL;
	s->refs.n = s->erased.n = 0;
	e.describe(s, &e);
	b->entries.v[number].is_described = true;
	keep(b, number, s);
}

bool book_is_too_large(const struct value_book *b)
{
	return b->entries.n * sizeof(struct value_type) + b->refs.n * sizeof(struct value_ref) >
	       TABLE_MAX;
}

// All that is at b->depth. Its free references lead to more of it.
static void describe_level(struct value_book *b)
{
	for (size_t i = 0; i < b->now.n && !book_is_too_large(b); i++) {
		describe(b, b->now.v[i]);
		if (b->wants_dynamic)
			dynamic_reach(b, b->depth);
	}
}

static void search(struct value_book *b)
{
	for (; b->now.n && !book_is_too_large(b); b->depth++) {
		describe_level(b);
		struct numbers spare = b->now;
		b->now = b->next;
		b->next = spare;
		b->next.n = 0;
	}
}

// --- the table ---

static struct value_type table_type(const struct entry *e)
{
	bool is_direct = e->type && e->type->go_is_direct;
	return (struct value_type) {
		.size = (uint32_t)e->size,
		.first_ref = e->first_ref,
		.n_refs = e->n_refs,
		.flags = is_direct ? VALUE_TYPE_DIRECT : 0,
	};
}

static void make_table(struct value_book *b, const struct value_dynamic *slots)
{
	struct value_table *t = &b->table;
	t->n_types = (uint32_t)b->entries.n;
	t->n_refs = (uint32_t)b->refs.n;
	t->refs_off = (t->n_types * (uint32_t)sizeof(struct value_type) + 7) & ~7u;
	t->dynamic_off = t->refs_off + t->n_refs * (uint32_t)sizeof(struct value_ref);
	size_t len = t->dynamic_off + t->n_slots * sizeof(struct value_dynamic);
	uint8_t *p = ARENA_ARRAY(b->arena, uint8_t, len);
	for (uint32_t i = 0; i < t->n_types; i++) {
		struct value_type type = table_type(&b->entries.v[i]);
		memcpy(p + i * sizeof(type), &type, sizeof(type));
	}
	if (t->n_refs)
		memcpy(p + t->refs_off, b->refs.v, t->n_refs * sizeof(struct value_ref));
	if (t->n_slots)
		memcpy(p + t->dynamic_off, slots, t->n_slots * sizeof(struct value_dynamic));
	t->bytes = (struct bytes) { p, len };
}

static struct err *too_large(const struct value_book *b)
{
	struct err *e =
		err_new(ERR_UNSUPPORTED,
			"%s: too much to follow: %zu types with %zu references are reached",
			b->target ? target_name(b->target) : "values", b->entries.n, b->refs.n);
	return err_note(e, "print a field instead of the whole value, or follow less deep");
}

struct err *value_book_finish(struct value_book *b)
{
	AUTO(arena_autofree) struct arena *scratch = arena_new();
	const struct value_dynamic *slots = NULL;
	search(b);
	if (book_is_too_large(b))
		return too_large(b);
	if (b->target)
		target_go_types(b->target, &b->table.types_base, &b->table.types_size);
	if (b->has_dynamic) {
		slots = dynamic_slots(b, scratch, &b->table.n_slots);
		if (!slots)
			return too_large(b);
	}
	make_table(b, slots);
	return NULL;
}

const struct value_table *value_book_table(const struct value_book *b)
{
	return &b->table;
}
