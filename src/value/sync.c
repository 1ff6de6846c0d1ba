// SPDX-License-Identifier: Apache-2.0
// Go's locks and counters: sync and sync/atomic.
#include <inttypes.h>

#include "value/render.h"

// Bits of sync.Mutex.
enum { MUTEX_LOCKED = 1, MUTEX_WAITER_SHIFT = 3 };

static bool show(struct render *r, struct shape *s, struct out_buf *text, enum where w)
{
	struct special_text t = { .form = TEXT_CALL, .text = out_buf_view(text) };
	r->sink->text(r, s, &t, w);
	out_buf_free(text);
	return true;
}

bool show_mutex(struct render *r, struct val v, enum where w)
{
	struct val inner = v;
	struct out_buf text = { 0 };
	int64_t state;
	// From Go 1.24 on the work is done in another package.
	if (val_field(r, v, STR("mu"), &inner) && inner.s->kind != TYPE_STRUCT)
		return false;
	if (!val_int(r, inner, STR("state"), &state))
		return false;
	uint32_t waiting = (uint32_t)state >> MUTEX_WAITER_SHIFT;
	out_buf_str(&text, state & MUTEX_LOCKED ? STR("locked") : STR("unlocked"));
	if (state & MUTEX_LOCKED && waiting)
		out_buf_printf(&text, ", %" PRIu32 " waiting", waiting);
	return show(r, v.s, &text, w);
}

bool show_rwmutex(struct render *r, struct val v, enum where w)
{
	struct out_buf text = { 0 };
	int64_t readers;
	if (!val_int(r, v, STR("readerCount"), &readers))
		return false;
	if (readers < 0)
		out_buf_str(&text, STR("locked"));
	else if (readers == 0)
		out_buf_str(&text, STR("unlocked"));
	else
		out_buf_printf(&text, "%" PRId64 " reader%s", readers, readers == 1 ? "" : "s");
	return show(r, v.s, &text, w);
}

bool show_once(struct render *r, struct val v, enum where w)
{
	struct out_buf text = { 0 };
	uint64_t is_done;
	if (!val_uint(r, v, STR("done"), &is_done))
		return false;
	out_buf_str(&text, is_done ? STR("done") : STR("not done"));
	return show(r, v.s, &text, w);
}

// The counter is the upper half of a word that lies, up to Go 1.17, where it is aligned within
// three halves of one: waiters, counter and semaphore, or the semaphore first. The semaphore is
// hardly ever set.
static bool count_of_halves(struct render *r, struct val v, int32_t *out)
{
	struct val state;
	if (!val_field(r, v, STR("state1"), &state) || state.s->kind != TYPE_ARRAY ||
	    state.v.len < 12)
		return false;
	int32_t second = (int32_t)uint_at(state.v, 4, 4), third = (int32_t)uint_at(state.v, 8, 4);
	if (state.addr)
		*out = state.addr % 8 ? third : second;
	else
		*out = third ? third : second;
	return true;
}

bool show_waitgroup(struct render *r, struct val v, enum where w)
{
	struct out_buf text = { 0 };
	uint64_t state;
	int32_t count;
	if (val_uint(r, v, STR("state"), &state) || val_uint(r, v, STR("state1"), &state))
		count = (int32_t)(state >> 32);
	else if (!count_of_halves(r, v, &count))
		return false;
	out_buf_printf(&text, "%" PRId32, count);
	return show(r, v.s, &text, w);
}

// --- sync/atomic ---

bool show_atomic(struct render *r, struct val v, enum where w)
{
	struct val number;
	(void)w;
	if (!val_field(r, v, STR("v"), &number) || !is_whole(number.v, number.s->size))
		return false;
	r->sink->call_begin(r, v.s);
	render_value(r, number, WHERE_TYPED);
	r->sink->call_end(r);
	return true;
}

bool show_atomic_bool(struct render *r, struct val v, enum where w)
{
	uint64_t n;
	(void)w;
	if (!val_uint(r, v, STR("v"), &n))
		return false;
	uint8_t byte = n != 0;
	r->sink->call_begin(r, v.s);
	render_value(r, (struct val) { shape_bool(r), { &byte, 1 }, 0 }, WHERE_TYPED);
	r->sink->call_end(r);
	return true;
}

bool show_atomic_value(struct render *r, struct val v, enum where w)
{
	struct val inner;
	(void)w;
	if (!val_field(r, v, STR("v"), &inner) || inner.s->kind != TYPE_IFACE)
		return false;
	r->sink->call_begin(r, v.s);
	render_value(r, inner, WHERE_TYPED);
	r->sink->call_end(r);
	return true;
}

// What the pointer points to, the first, empty field says: [0]*T. In Go 1.19 there is none.
static struct shape *pointee(struct render *r, struct shape *s)
{
	for (size_t i = 0; i < s->n_fields; i++) {
		struct shape *field = field_shape(r, &s->fields[i]);
		if (field && field->kind == TYPE_ARRAY && field->under->count == 0)
			return shape_elem(r, field);
	}
	return NULL;
}

bool val_atomic_pointer(struct render *r, struct val v, struct val *out)
{
	struct shape *ptr = pointee(r, v.s);
	if (!val_field(r, v, STR("v"), out) || !is_whole(out->v, 8) || out->s->kind != TYPE_PTR)
		return false;
	if (ptr && ptr->kind == TYPE_PTR)
		out->s = ptr;
	return true;
}

bool show_atomic_pointer(struct render *r, struct val v, enum where w)
{
	struct val word;
	(void)w;
	if (!val_atomic_pointer(r, v, &word))
		return false;
	r->sink->call_begin(r, v.s);
	render_value(r, word, WHERE_TYPED);
	r->sink->call_end(r);
	return true;
}
