// SPDX-License-Identifier: Apache-2.0
// The walk over a value and all that it refers to, for text and JSON alike.
#include "value/render.h"

#define STEPS_MAX      (2u << 20)
#define OUTPUT_MAX     (1u << 20)
#define ZERO_DEPTH_MAX 32

// --- bounds ---

static size_t output_size(const struct render *r)
{
	return r->out ? r->out->n : 0;
}

bool render_is_full(const struct render *r)
{
	return r->steps == 0 || output_size(r) > r->output_max;
}

bool render_step(struct render *r, uint64_t n)
{
	r->steps = r->steps > n ? r->steps - n : 0;
	return r->steps != 0;
}

// --- zero values ---

// What must not be seen is not known to be zero.
static bool has_secret(struct render *r, struct shape *s, int depth)
{
	if (s->knows_secret || depth > ZERO_DEPTH_MAX)
		return s->has_secret;
	s->knows_secret = true;
	if (s->kind == TYPE_ARRAY) {
		struct shape *elem = shape_elem(r, s);
		s->has_secret = elem && has_secret(r, elem, depth + 1);
	}
	for (size_t i = 0; i < s->n_fields && !s->has_secret; i++) {
		struct shape_field *f = &s->fields[i];
		struct shape *inside = f->is_blank ? NULL : field_shape(r, f);
		s->has_secret = f->is_secret || (inside && has_secret(r, inside, depth + 1));
	}
	return s->has_secret;
}

static bool is_zero(struct render *r, struct val v, int depth);

static bool has_zero_fields(struct render *r, struct val v, int depth)
{
	for (size_t i = 0; i < v.s->n_fields; i++) {
		struct shape_field *f = &v.s->fields[i];
		struct shape *s = f->is_blank ? NULL : field_shape(r, f);
		if (s && !is_zero(r, (struct val) { s, bytes_at(v.v, f->off, s->size), 0 }, depth))
			return false;
	}
	return true;
}

static bool has_zero_items(struct render *r, struct val v, int depth)
{
	struct shape *elem = shape_elem(r, v.s);
	for (uint64_t off = 0; elem && elem->size && off < v.v.len; off += elem->size)
		if (!is_zero(r, (struct val) { elem, bytes_at(v.v, off, elem->size), 0 }, depth))
			return false;
	return elem != NULL;
}

// Padding between fields and the address of an empty string do not count.
static bool is_zero(struct render *r, struct val v, int depth)
{
	if (v.v.len < v.s->size || has_secret(r, v.s, 0))
		return false;
	if (bytes_are_zero(v.v))
		return true;
	if (depth > ZERO_DEPTH_MAX)
		return false;
	if (v.s->kind == TYPE_STRING)
		return word_at(v.v, 8) == 0;
	if (v.s->kind == TYPE_STRUCT)
		return v.s->n_fields && has_zero_fields(r, v, depth + 1);
	return v.s->kind == TYPE_ARRAY && has_zero_items(r, v, depth + 1);
}

bool value_is_zero(struct render *r, struct val v)
{
	return is_zero(r, v, 0);
}

// --- references ---

static bool is_around(const struct render *r, uint64_t addr, uint32_t type)
{
	for (const struct frame *f = r->frames; f; f = f->outer)
		if (f->addr == addr && f->type == type)
			return true;
	return false;
}

static struct item *find(const struct render *r, uint64_t addr, const struct shape *s)
{
	return s && s->has_number ? snapshot_find(&r->snapshot, addr, s->number) : NULL;
}

// Bytes are captured as bytes, whatever their type is called.
static struct item *find_bytes(const struct render *r, uint64_t addr, const struct shape *elem)
{
	struct item *it = snapshot_find(&r->snapshot, addr, 0);
	return it ? it : find(r, addr, elem);
}

static struct item *find_items(const struct render *r, uint64_t addr, const struct shape *elem)
{
	bool is_byte = elem && elem->kind == TYPE_UINT && elem->size == 1;
	return is_byte ? find_bytes(r, addr, elem) : find(r, addr, elem);
}

static void render_target(struct render *r, struct val ptr, struct val target, uint32_t number,
			  enum where w)
{
	struct frame frame = { target.addr, number, r->frames };
	// C's literals say what a pointer's target is wherever they stand.
	if (!ptr.s->is_go)
		w = WHERE_TYPED;
	if (special_error(r, ptr, target))
		return;
	r->frames = &frame;
	r->sink->ptr_begin(r, ptr.s, target.addr, target.s);
	render_value(r, target, w);
	r->sink->ptr_end(r);
	r->frames = frame.outer;
}

static void render_ptr(struct render *r, struct val v, enum where w)
{
	struct shape *elem = shape_elem(r, v.s);
	uint64_t addr = word_at(v.v, 0);
	if (!addr) {
		r->sink->nil(r, v.s, w);
		return;
	}
	if (!elem || elem->kind == TYPE_VOID || is_shape_pointer(v.s->type)) {
		r->sink->scalar(r, v, w);
		return;
	}
	struct item *it = find(r, addr, elem);
	if (!it && elem->size) {
		r->sink->far(r, v.s, addr, FAR_CUT, w);
	} else if (it && is_around(r, addr, it->type)) {
		r->sink->far(r, v.s, addr, FAR_CYCLE, w);
	} else if (it && it->is_unreadable) {
		r->sink->ptr_begin(r, v.s, addr, elem);
		r->sink->mark(r, MARK_UNREADABLE);
		r->sink->ptr_end(r);
	} else {
		struct bytes none = { 0 };
		struct val target = { elem, it ? bytes_at(it->v, 0, elem->size) : none, addr };
		render_target(r, v, target, it ? it->type : UINT32_MAX, w);
	}
}

static void render_string(struct render *r, struct val v, enum where w)
{
	struct str have;
	uint64_t len;
	if (val_text(r, v, &have, &len))
		r->sink->string(r, v.s, have, len, w);
	else
		r->sink->mark(r, MARK_UNREADABLE);
}

// A text of the script: up to a NUL, or, of Go, as long as its last word says (OUT_END_CUT).
static void render_text(struct render *r, struct val v, enum where w)
{
	struct str have = { (const char *)v.v.p, v.v.len };
	uint64_t end = have.len >= 8 ? word_at(v.v, have.len - 8) : 0;
	bool is_unreadable =
		str_eq(v.s->type->name, STR("?")) || (v.s->is_go && end & OUT_END_UNREADABLE);
	if (is_unreadable) {
		r->sink->mark(r, MARK_UNREADABLE);
	} else if (!v.s->is_go) {
		have.len = strnlen(have.p, have.len);
		r->sink->string(r, v.s, have, have.len, w);
	} else {
		have.len = have.len >= 8 ? MIN((uint32_t)end, have.len - 8) : 0;
		r->sink->string(r, v.s, have, have.len + (end & OUT_END_CUT ? 1 : 0), w);
	}
}

// --- lists ---

// n items, of which the first in items are there, and at most max are shown.
static void render_list(struct render *r, struct val v, struct val items, uint64_t n, enum where w)
{
	uint64_t size = items.s->size, shown = MIN(n, (uint64_t)r->limits->items), i = 0;
	if (size)
		shown = MIN(shown, items.v.len / size);
	r->sink->open(r, v.s, GROUP_LIST, n, w, false);
	for (; i < shown && !render_is_full(r); i++) {
		r->sink->item(r);
		struct val item = { items.s, bytes_at(items.v, i * size, size),
				    items.addr ? items.addr + i * size : 0 };
		render_value(r, item, WHERE_ELEM);
	}
	if (i < n)
		r->sink->more(r, n - i);
	r->sink->close(r, GROUP_LIST, false);
}

static void render_byte_list(struct render *r, struct val v, struct bytes have, uint64_t n,
			     enum where w)
{
	struct bytes shown = bytes_at(have, 0, MIN(n, (uint64_t)r->limits->text));
	if (n) {
		r->sink->bytes(r, v.s, (struct str) { (const char *)shown.p, shown.len }, n);
		return;
	}
	r->sink->open(r, v.s, GROUP_LIST, 0, w, false);
	r->sink->close(r, GROUP_LIST, false);
}

static void render_unreadable_list(struct render *r, struct val v, uint64_t n, enum where w)
{
	r->sink->open(r, v.s, GROUP_LIST, n, w, false);
	r->sink->unreadable(r);
	r->sink->close(r, GROUP_LIST, false);
}

static void render_array(struct render *r, struct val v, enum where w)
{
	struct shape *elem = shape_elem(r, v.s);
	uint64_t n = v.s->under->count;
	if (!elem)
		r->sink->mark(r, MARK_CUT);
	else if (elem->is_byte)
		render_byte_list(r, v, v.v, n, w);
	else
		render_list(r, v, (struct val) { elem, v.v, v.addr }, n, w);
}

static void render_slice(struct render *r, struct val v, enum where w)
{
	struct shape *elem = shape_elem(r, v.s);
	uint64_t addr = word_at(v.v, 0), n = word_at(v.v, 8), cap = word_at(v.v, 16);
	if (!addr && !n && !cap) {
		r->sink->nil(r, v.s, w);
		return;
	}
	if (!elem || (int64_t)n < 0 || n > cap) {
		r->sink->mark(r, MARK_UNREADABLE);
		return;
	}
	struct item *it = n && elem->size ? find_items(r, addr, elem) : NULL;
	struct val items = { elem, it ? it->v : (struct bytes) { 0 }, addr };
	if ((it && it->is_unreadable) || (!addr && n && elem->size)) {
		render_unreadable_list(r, v, n, w);
	} else if (elem->is_byte) {
		render_byte_list(r, v, items.v, n, w);
	} else if (it && is_around(r, addr, it->type)) {
		r->sink->far(r, v.s, addr, FAR_CYCLE, w);
	} else {
		struct frame frame = { addr, it ? it->type : UINT32_MAX, r->frames };
		r->frames = it ? &frame : frame.outer;
		render_list(r, v, items, n, w);
		r->frames = frame.outer;
	}
}

static void render_map_once(struct render *r, struct val v, enum where w)
{
	uint64_t addr = word_at(v.v, 0);
	struct frame frame = { addr, UINT32_MAX, r->frames };
	if (!addr) {
		r->sink->nil(r, v.s, w);
	} else if (is_around(r, addr, UINT32_MAX)) {
		r->sink->far(r, v.s, addr, FAR_CYCLE, w);
	} else {
		r->frames = &frame;
		render_map(r, v, w);
		r->frames = frame.outer;
	}
}

// --- structs ---

// The bytes of a field; a bit-field's number is taken out into store.
static struct bytes field_bytes(const struct shape_field *f, const struct shape *s, struct bytes v,
				uint64_t *store)
{
	unsigned off = f->bit_off & 63, size = f->bit_size;
	if (!size || size > 64)
		return bytes_at(v, f->off, s->size);
	uint64_t n = word_at(v, f->off) >> off;
	if (off + size > 64)
		n |= uint_at(v, f->off + 8, 1) << (64 - off);
	n = n << (64 - size) >> (64 - size);
	bool is_signed = s->kind == TYPE_INT || s->under->is_signed;
	if (is_signed && n >> (size - 1))
		n |= size < 64 ? UINT64_MAX << size : 0;
	*store = n;
	return (struct bytes) { (const uint8_t *)store, (size_t)MIN(s->size, 8u) };
}

// False if the field is not there, and those behind it are not either.
static bool render_field(struct render *r, struct val v, size_t i, bool shows_zero, enum where w)
{
	uint64_t store = 0;
	struct shape_field *f = &v.s->fields[i];
	bool is_unread = r->depth <= 1 && r->unread >> MIN(i, (size_t)VALUE_MARK_MAX) & 1;
	struct shape *s = field_shape(r, f);
	if (f->is_blank || !s)
		return true;
	if (f->off >= v.v.len && s->size)
		return false;
	struct val field = { s, field_bytes(f, s, v.v, &store), v.addr ? v.addr + f->off : 0 };
	if (!f->is_secret && !shows_zero && value_is_zero(r, field))
		return true;
	r->sink->field(r, v.s, f->name);
	if (f->is_secret || is_unread)
		r->sink->mark(r, f->is_secret ? MARK_REDACTED : MARK_UNREADABLE);
	else
		render_value(r, field, w);
	return true;
}

// What stands for several values of a script.
static enum group group_of(const struct render *r, const struct shape *s)
{
	if (s->kind == TYPE_TUPLE)
		return GROUP_TUPLE;
	bool is_args = r->depth <= 1 && !s->is_go && str_eq(s->type->name, STR("args"));
	return is_args && s->kind == TYPE_STRUCT ? GROUP_ARGS : GROUP_STRUCT;
}

void render_fields(struct render *r, struct val v)
{
	bool is_root = group_of(r, v.s) != GROUP_STRUCT;
	bool shows_zeros = r->shows_zeros || is_root;
	enum where w = v.s->is_go || is_root ? WHERE_TYPED : WHERE_ELEM;
	bool is_cut = v.s->is_opaque || !render_step(r, v.s->n_fields / 8);
	for (size_t i = 0; i < v.s->n_fields && !is_cut; i++)
		is_cut = render_is_full(r) || !render_field(r, v, i, shows_zeros, w);
	if (is_cut)
		r->sink->more(r, UINT64_MAX);
}

static void render_struct(struct render *r, struct val v, enum where w)
{
	enum group g = group_of(r, v.s);
	r->sink->open(r, v.s, g, 0, w, false);
	render_fields(r, v);
	r->sink->close(r, g, false);
}

// --- interfaces, functions, channels ---

static void render_inside(struct render *r, struct shape *s, struct val iface)
{
	uint64_t data = word_at(iface.v, 8);
	struct item *it = find(r, data, s);
	struct bytes none = { 0 };
	if (s->is_direct) {
		render_value(r, (struct val) { s, bytes_at(iface.v, 8, 8), 0 }, WHERE_ANY);
	} else if (s->size == 0) {
		render_value(r, (struct val) { s, none, 0 }, WHERE_ANY);
	} else if (!it || is_around(r, data, it->type)) {
		r->sink->absent(r, s, 0);
	} else if (it->is_unreadable) {
		r->sink->mark(r, MARK_UNREADABLE);
	} else {
		struct frame frame = { data, it->type, r->frames };
		r->frames = &frame;
		render_value(r, (struct val) { s, bytes_at(it->v, 0, s->size), data }, WHERE_ANY);
		r->frames = frame.outer;
	}
}

static void render_iface(struct render *r, struct val v, enum where w)
{
	uint64_t rtype = word_at(v.v, 0);
	if (!rtype) {
		r->sink->nil(r, v.s, w == WHERE_ANY ? WHERE_TYPED : w);
		return;
	}
	if (rtype == VALUE_UNREADABLE) {
		r->sink->mark(r, MARK_UNREADABLE);
		return;
	}
	struct shape *s = shape_of(r, book_dynamic(r->book, rtype));
	if (s)
		render_inside(r, s, v);
	else
		r->sink->absent(r, NULL, rtype);
}

static void render_func(struct render *r, struct val v, enum where w)
{
	struct target *t = book_target(r->book);
	uint64_t code = word_at(v.v, 0);
	if (!code)
		r->sink->nil(r, v.s, w);
	else if (code == VALUE_UNREADABLE)
		r->sink->mark(r, MARK_UNREADABLE);
	else
		r->sink->func(r, v.s, t ? target_go_func_name(t, code) : STR(""), code);
}

// Of runtime.hchan, the same in all versions.
enum { CHAN_LEN = 0, CHAN_CAP = 8, CHAN_CLOSED = 28, CHAN_SIZE = 32 };

static void render_chan(struct render *r, struct val v, enum where w)
{
	uint64_t addr = word_at(v.v, 0);
	struct item *it = addr ? snapshot_find(&r->snapshot, addr, book_channel(r->book)) : NULL;
	if (!addr) {
		r->sink->nil(r, v.s, w);
	} else if (!it) {
		r->sink->far(r, v.s, addr, FAR_CUT, w);
	} else if (!is_whole(it->v, CHAN_SIZE)) {
		r->sink->far(r, v.s, addr, FAR_UNREADABLE, w);
	} else {
		struct chan_facts c = {
			.len = word_at(it->v, CHAN_LEN),
			.cap = word_at(it->v, CHAN_CAP),
			.is_closed = uint_at(it->v, CHAN_CLOSED, 4) != 0,
		};
		r->sink->chan(r, v.s, &c);
	}
}

// --- all kinds ---

static void render_by_kind(struct render *r, struct val v, enum where w)
{
	switch (v.s->kind) {
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_UINT:
	case TYPE_CHAR:
	case TYPE_FLOAT:
	case TYPE_COMPLEX:
	case TYPE_ENUM:
		r->sink->scalar(r, v, w);
		break;
	case TYPE_PTR:
		render_ptr(r, v, w);
		break;
	case TYPE_ARRAY:
		render_array(r, v, w);
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
	case TYPE_TUPLE:
		render_struct(r, v, w);
		break;
	case TYPE_TEXT:
		render_text(r, v, w);
		break;
	case TYPE_FUNC:
		render_func(r, v, w);
		break;
	case TYPE_STRING:
		render_string(r, v, w);
		break;
	case TYPE_SLICE:
		render_slice(r, v, w);
		break;
	case TYPE_IFACE:
		render_iface(r, v, w);
		break;
	case TYPE_MAP:
		render_map_once(r, v, w);
		break;
	case TYPE_CHAN:
		render_chan(r, v, w);
		break;
	case TYPE_VOID:
	case TYPE_NAMED:
	case TYPE_UNKNOWN:
	case TYPE_BUFFER:
	case TYPE_OPAQUE:
		r->sink->mark(r, MARK_CUT);
		break;
	}
}

static bool is_made_of_parts(const struct shape *s)
{
	return s->kind == TYPE_STRUCT || s->kind == TYPE_UNION || s->kind == TYPE_ARRAY ||
	       s->kind == TYPE_TUPLE;
}

// An error among the results themselves.
static bool is_error(const struct render *r, struct val v)
{
	return r->depth <= 1 && v.s->kind == TYPE_IFACE && str_eq(v.s->type->name, STR("error")) &&
	       word_at(v.v, 0);
}

void render_value(struct render *r, struct val v, enum where w)
{
	if (!v.s || r->depth >= OUT_DEPTH_MAX || !render_step(r, 1) || render_is_full(r) ||
	    (v.v.len < v.s->size && !is_made_of_parts(v.s))) {
		r->sink->mark(r, MARK_CUT);
		return;
	}
	if (v.s->is_secret && v.s->kind != TYPE_STRUCT) {
		r->sink->mark(r, MARK_REDACTED);
		return;
	}
	bool is_red = r->colours && is_error(r, v);
	if (is_red)
		out_buf_str(r->out, STR("\033[31m"));
	r->depth++;
	bool is_done = v.s->special && v.s->special->show && v.s->special->show(r, v, w);
	if (!is_done && !v.s->is_go)
		is_done = render_c(r, v, w);
	if (!is_done)
		render_by_kind(r, v, w);
	r->depth--;
	if (is_red)
		out_buf_str(r->out, STR("\033[0m"));
}

// --- the outside ---

static void render_root(struct render *r, const struct value_book *b, uint32_t root,
			struct bytes snapshot)
{
	// The book keeps what rendering finds out of its types.
	r->book = (struct value_book *)(uintptr_t)b;
	r->limits = value_book_limits(b);
	// JSON takes a step a byte.
	r->steps = r->json ? OUTPUT_MAX : STEPS_MAX;
	r->output_max = output_size(r) + OUTPUT_MAX;
	snapshot_init(&r->snapshot, snapshot);
	struct val v = { .s = shape_of(r, book_type(b, root)) };
	if (r->snapshot.n) {
		v.v = r->snapshot.v[0].v;
		r->unread = r->snapshot.v[0].addr;
	}
	if (v.s)
		v.v = bytes_at(v.v, 0, v.s->size);
	if (r->snapshot.n && r->snapshot.v[0].is_unreadable)
		r->sink->mark(r, MARK_UNREADABLE);
	else
		render_value(r, v, WHERE_TYPED);
	snapshot_free(&r->snapshot);
}

void value_text(const struct value_book *b, uint32_t root, struct bytes snapshot,
		const struct value_style *style, struct out_buf *out)
{
	struct breaks breaks = { 0 };
	struct render r = {
		.sink = &text_sink,
		.out = out,
		.breaks = style->width ? &breaks : NULL,
		.shows_zeros = style->shows_zeros,
		.is_call = style->is_call,
		.is_bare = style->is_bare,
		.colours = style->colours,
	};
	size_t start = out->n;
	render_root(&r, b, root, snapshot);
	if (style->width)
		breaks_apply(&breaks, style, out, start);
	breaks_free(&breaks);
}

void value_json(const struct value_book *b, uint32_t root, struct bytes snapshot, struct json *j)
{
	struct render r = { .sink = &json_sink, .json = j, .shows_zeros = true };
	render_root(&r, b, root, snapshot);
}

void render_to_text(struct render *r, struct val v, enum where w, struct out_buf *out)
{
	const struct sink *sink = r->sink;
	struct out_buf *outer = r->out;
	struct breaks *breaks = r->breaks;
	bool is_first = r->is_first, shows_zeros = r->shows_zeros;
	size_t output_max = r->output_max;
	r->sink = &text_sink;
	r->out = out;
	r->breaks = NULL;
	r->output_max = OUTPUT_MAX;
	r->shows_zeros = shows_zeros && sink == &text_sink;
	render_value(r, v, w);
	r->sink = sink;
	r->out = outer;
	r->breaks = breaks;
	r->is_first = is_first;
	r->shows_zeros = shows_zeros;
	r->output_max = output_max;
}
