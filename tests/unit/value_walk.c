// SPDX-License-Identifier: Apache-2.0
#include "value_walk.h"

struct walker {
	const struct value_table *table;
	const struct value_limits *limits;
	const struct walk_memory *memory;
	uint8_t *out;
	size_t len;
};

// What a reference leads to, before limits.
struct lead {
	uint64_t addr;
	uint64_t count;
	uint64_t max; // how many of them may be read
	uint32_t type;
	uint8_t cost;
	bool is_text; // up to a NUL
	bool is_node; // leaves half of the room to what it leads to
};

static struct value_type type_at(const struct walker *w, uint32_t number)
{
	struct value_type t;
	memcpy(&t, w->table->bytes.p + number * sizeof(t), sizeof(t));
	return t;
}

static struct value_ref ref_at(const struct walker *w, uint32_t i)
{
	struct value_ref r;
	memcpy(&r, w->table->bytes.p + w->table->refs_off + i * sizeof(r), sizeof(r));
	return r;
}

static uint64_t word(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static bool guard_holds(const struct value_ref *r, const uint8_t *p)
{
	p += r->guard_off;
	switch ((int)r->guard) {
	case VALUE_ALWAYS:
		return true;
	case VALUE_IF_ZERO:
		return *p == 0;
	case VALUE_IF_NOT_ZERO:
		return *p != 0;
	case VALUE_IF_TOPHASH:
		return *p >= 5;
	case VALUE_IF_CTRL:
		return *p < 128;
	case VALUE_IF_WORD_ZERO:
		return word(p) == 0;
	case VALUE_IF_WORD_NOT_ZERO:
		return word(p) != 0;
	}
	return false;
}

static bool is_there(const struct walker *w, const struct value_item *want)
{
	struct value_item item;
	for (size_t at = 0; at < w->len; at += sizeof(item) + ((item.size + 7) & ~7u)) {
		memcpy(&item, w->out + at, sizeof(item));
		if (at && item.addr == want->addr && item.type == want->type &&
		    item.size == want->size)
			return true;
	}
	return false;
}

static bool read_text(const struct walk_memory *m, uint64_t addr, uint8_t *out, uint32_t max,
		      struct value_item *item)
{
	item->want = UINT32_MAX;
	for (uint32_t i = 0; i < max; i++) {
		if (!m->read(m->ctx, addr + i, out + i, 1))
			return false;
		if (out[i] == 0) {
			item->size = item->want = i;
			break;
		}
	}
	return true;
}

static bool read_item(struct walker *w, const struct lead *l, uint8_t *out, struct value_item *item)
{
	if (l->is_text)
		return read_text(w->memory, l->addr, out, item->size, item);
	return w->memory->read(w->memory->ctx, l->addr, out, item->size);
}

static void append(struct walker *w, const struct lead *l, unsigned depth)
{
	uint64_t size = type_at(w, l->type).size, want;
	uint64_t bytes = MIN(MIN(l->count, l->max), VALUE_ITEM_MAX / size) * size;
	if (l->addr == 0 || bytes == 0 || depth + l->cost > w->limits->depth)
		return;
	if (__builtin_mul_overflow(l->count, size, &want) || want > UINT32_MAX)
		want = UINT32_MAX;
	struct value_item item = {
		.addr = l->addr,
		.type = l->type,
		.size = (uint32_t)bytes,
		.want = (uint32_t)want,
		.depth = (uint16_t)(depth + l->cost),
	};
	size_t end = l->is_node ? w->limits->bytes - w->limits->bytes / 2 : w->limits->bytes;
	size_t room = end > w->len ? end - w->len : 0;
	if (!l->is_text && is_there(w, &item))
		return;
	if (room < sizeof(item) || room - sizeof(item) < ((bytes + 7) & ~(uint64_t)7))
		return;
	uint8_t *out = w->out + w->len + sizeof(item);
	memset(out, 0, (bytes + 7) & ~(uint64_t)7);
	if (!read_item(w, l, out, &item)) {
		item.flags = VALUE_ITEM_UNREADABLE;
		item.size = 0;
	}
	if (is_there(w, &item))
		return;
	memcpy(w->out + w->len, &item, sizeof(item));
	memset(out + item.size, 0, ((bytes + 7) & ~(uint64_t)7) - item.size);
	w->len += sizeof(item) + ((item.size + 7) & ~7u);
}

// --- by kind ---

static bool plain_lead(const struct walker *w, const struct value_ref *r, const uint8_t *p,
		       struct lead *l)
{
	uint8_t b = 0;
	*l = (struct lead) {
		.addr = word(p), .count = 1, .max = 1, .type = r->type, .cost = r->cost
	};
	switch ((int)r->how) {
	case VALUE_POINTER:
		l->is_node = r->cost == 0;
		return true;
	case VALUE_STRING:
		l->count = word(p + 8);
		l->max = w->limits->text;
		return true;
	case VALUE_CSTRING:
		l->count = l->max = w->limits->text;
		l->is_text = true;
		return true;
	case VALUE_SLICE:
		l->count = word(p + 8);
		l->max = w->limits->items;
		return true;
	case VALUE_BUCKETS:
		b = p[-7];
		break;
	case VALUE_OLD_BUCKETS:
		b = (uint8_t)(p[-15] - (p[-16] & 8 ? 0 : 1));
		break;
	case VALUE_GROUPS:
		l->count = word(p + 8) + 1;
		l->max = w->limits->items / 2 + 1;
		return true;
	default:
		return false;
	}
	l->count = (uint64_t)1 << (b & 63);
	l->max = w->limits->items / 2 + 1;
	return true;
}

static void follow_func(struct walker *w, uint8_t *p)
{
	uint64_t code, addr = word(p);
	if (addr == 0)
		return;
	if (w->memory->read(w->memory->ctx, addr, &code, sizeof(code)))
		code -= w->memory->bias;
	else
		code = VALUE_UNREADABLE;
	memcpy(p, &code, sizeof(code));
}

static uint32_t find_dynamic(const struct walker *w, uint64_t descriptor)
{
	const struct value_table *t = w->table;
	uint64_t off = descriptor - t->types_base;
	for (uint32_t i = 0; i < VALUE_PROBES && t->n_slots && off < t->types_size; i++) {
		struct value_dynamic d;
		uint32_t at = (value_hash((uint32_t)off) + i) & (t->n_slots - 1);
		memcpy(&d, t->bytes.p + t->dynamic_off + at * sizeof(d), sizeof(d));
		if (d.type && d.rtype == off)
			return d.type;
	}
	return 0;
}

// The file's address of the descriptor in place of the word at p; false if there is none.
static bool take_descriptor(struct walker *w, const struct value_ref *r, uint8_t *p)
{
	uint64_t d = word(p);
	if (d == 0)
		return false;
	bool ok = r->how == VALUE_EFACE || w->memory->read(w->memory->ctx, d + 8, &d, sizeof(d));
	bool is_in_file = ok && d - w->memory->bias - w->table->types_base < w->table->types_size;
	uint64_t any;
	if (is_in_file)
		d -= w->memory->bias;
	else
		ok = ok && w->memory->read(w->memory->ctx, d, &any, sizeof(any));
	d = ok ? d : VALUE_UNREADABLE;
	memcpy(p, &d, sizeof(d));
	return ok;
}

static void follow_interface(struct walker *w, const struct value_ref *r, uint8_t *p,
			     unsigned depth)
{
	struct lead l;
	uint32_t number = take_descriptor(w, r, p) ? find_dynamic(w, word(p)) : 0;
	if (number == 0)
		return;
	struct value_type t = type_at(w, number);
	if (!(t.flags & VALUE_TYPE_DIRECT)) {
		l = (struct lead) {
			.addr = word(p + 8), .count = 1, .max = 1, .type = number, .cost = r->cost
		};
		append(w, &l, depth);
		return;
	}
	if (t.n_refs == 0)
		return;
	struct value_ref first = ref_at(w, t.first_ref);
	if (first.how == VALUE_FUNC)
		follow_func(w, p + 8);
	else if (plain_lead(w, &first, p + 8, &l))
		append(w, &l, depth);
}

static void follow(struct walker *w, const struct value_ref *r, uint8_t *element, unsigned depth)
{
	struct lead l;
	uint8_t *p = element + r->off;
	if (!guard_holds(r, element))
		return;
	switch ((int)r->how) {
	case VALUE_ERASE:
		memset(p, 0, r->type);
		break;
	case VALUE_FUNC:
		follow_func(w, p);
		break;
	case VALUE_EFACE:
	case VALUE_IFACE:
		follow_interface(w, r, p, depth);
		break;
	default:
		if (plain_lead(w, r, p, &l))
			append(w, &l, depth);
		break;
	}
}

static void follow_item(struct walker *w, const struct value_item *item, uint8_t *bytes)
{
	struct value_type t = type_at(w, item->type);
	for (uint32_t at = 0; t.n_refs && at + t.size <= item->size; at += t.size)
		for (uint32_t i = 0; i < t.n_refs; i++) {
			struct value_ref r = ref_at(w, t.first_ref + i);
			follow(w, &r, bytes + at, item->depth);
		}
}

size_t value_walk(const struct value_table *table, const struct value_limits *limits, uint32_t root,
		  uint64_t addr, const struct walk_memory *memory, uint8_t *out)
{
	struct walker w = { table, limits, memory, out, 0 };
	struct value_type t = type_at(&w, root);
	struct value_item item = { .type = root, .size = t.size, .want = t.size };
	size_t padded = (t.size + 7) & ~7u;
	if (sizeof(item) + padded > limits->bytes)
		return 0;
	memset(out + sizeof(item), 0, padded);
	if (!memory->read(memory->ctx, addr, out + sizeof(item), t.size))
		return 0;
	memcpy(out, &item, sizeof(item));
	w.len = sizeof(item) + padded;
	for (size_t pos = 0; pos < w.len; pos += sizeof(item) + ((item.size + 7) & ~7u)) {
		memcpy(&item, out + pos, sizeof(item));
		follow_item(&w, &item, out + pos + sizeof(item));
	}
	return w.len;
}
