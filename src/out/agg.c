// SPDX-License-Identifier: Apache-2.0
// Aggregations: one value out of every CPU's part, and which bucket of a histogram a number is in.
#include "out/layout.h"

size_t out_agg_size(const struct out_type *t)
{
	switch (t->kind) {
	case OUT_COUNT:
	case OUT_SUM:
		return 8;
	case OUT_MIN:
	case OUT_MAX:
		return sizeof(struct out_extreme);
	case OUT_AVG:
	case OUT_STATS:
		return sizeof(struct out_total);
	case OUT_HIST:
		return 8 * OUT_HIST_BUCKETS(MIN(t->bits, OUT_HIST_BITS_MAX));
	case OUT_LHIST:
		return 8 * out_lhist_buckets(t->lhist.min, t->lhist.max, t->lhist.step);
	case OUT_TSERIES:
		return sizeof(struct out_tslot) * t->tseries.n_intervals;
	case OUT_TIMES:
		return sizeof(struct out_times) + 8 * OUT_HIST_BUCKETS(OUT_TIMES_BITS);
	case OUT_NONE:
	case OUT_INT:
	case OUT_UINT:
	case OUT_BOOL:
	case OUT_POINTER:
	case OUT_ENUM:
	case OUT_FLOAT:
	case OUT_COMPLEX:
	case OUT_STRING:
	case OUT_TEXT:
	case OUT_SLICE:
	case OUT_BUFFER:
	case OUT_ARRAY:
	case OUT_TUPLE:
	case OUT_RECORD:
	case OUT_TIMESTAMP:
	case OUT_DURATION:
	case OUT_MAC:
	case OUT_INET:
	case OUT_SYMBOL:
	case OUT_STACK:
	case OUT_NAME:
	case OUT_GO:
		break;
	}
	return 0;
}

static bool is_less(uint64_t a, uint64_t b, bool is_signed)
{
	return is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static void merge_extreme(const struct out_type *t, enum out_kind kind, struct out_extreme *to,
			  struct out_extreme from)
{
	bool is_better = kind == OUT_MIN ? is_less(from.value, to->value, t->is_signed)
					 : is_less(to->value, from.value, t->is_signed);
	if (!from.is_set)
		return;
	if (!to->is_set || is_better)
		*to = from;
	to->is_set = 1;
}

static void merge_slot(const struct out_type *t, struct out_tslot *to, struct out_tslot from)
{
	struct out_extreme a = { to->value, 1 };
	// A part that is an interval behind still has what this slot was before.
	if (from.epoch == 0 || from.epoch < to->epoch)
		return;
	if (from.epoch > to->epoch) {
		*to = from;
		return;
	}
	if (t->tseries.agg == OUT_SUM) {
		to->value += from.value;
	} else if (t->tseries.agg == OUT_AVG) {
		to->value += from.value;
		to->extra += from.extra;
	} else if (t->tseries.agg == OUT_MIN || t->tseries.agg == OUT_MAX) {
		merge_extreme(t, t->tseries.agg, &a, (struct out_extreme) { from.value, 1 });
		to->value = a.value;
	} else if (from.extra > to->extra) {
		*to = from;
	}
}

uint64_t out_extreme_mask(const struct out_type *t)
{
	uint64_t sign = t->is_signed && t->kind != OUT_TIMES ? (uint64_t)1 << 63 : 0;
	return t->kind == OUT_MIN ? ~sign : sign;
}

static void merge_sums(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i + 8 <= size; i += 8) {
		uint64_t a;
		uint64_t b;
		memcpy(&a, to + i, 8);
		memcpy(&b, from + i, 8);
		a += b;
		memcpy(to + i, &a, 8);
	}
}

static void merge_times(uint8_t *to, const uint8_t *from, size_t size)
{
	struct out_times a;
	struct out_times b;
	memcpy(&a, to, sizeof(a));
	memcpy(&b, from, sizeof(b));
	a.total += b.total;
	a.errors += b.errors;
	a.max.value = MAX(a.max.value, b.max.value);
	a.max.is_set |= b.max.is_set;
	memcpy(to, &a, sizeof(a));
	merge_sums(to + sizeof(a), from + sizeof(b), size - sizeof(a));
}

static void merge_one(const struct out_type *t, uint8_t *to, const uint8_t *from, size_t size)
{
	if (t->kind == OUT_MIN || t->kind == OUT_MAX) {
		struct out_extreme a;
		struct out_extreme b;
		memcpy(&a, to, sizeof(a));
		memcpy(&b, from, sizeof(b));
		b.value ^= out_extreme_mask(t);
		merge_extreme(t, t->kind, &a, b);
		memcpy(to, &a, sizeof(a));
	} else if (t->kind == OUT_TSERIES) {
		for (size_t i = 0; i < size; i += sizeof(struct out_tslot)) {
			struct out_tslot a;
			struct out_tslot b;
			memcpy(&a, to + i, sizeof(a));
			memcpy(&b, from + i, sizeof(b));
			merge_slot(t, &a, b);
			memcpy(to + i, &a, sizeof(a));
		}
	} else if (t->kind == OUT_TIMES) {
		merge_times(to, from, size);
	} else {
		merge_sums(to, from, size);
	}
}

void out_agg_merge(const struct out_type *t, const void *parts, size_t n, size_t stride,
		   void *merged)
{
	size_t size = out_agg_size(t);
	memset(merged, 0, size);
	for (size_t i = 0; i < n; i++)
		merge_one(t, merged, (const uint8_t *)parts + i * stride, size);
}

// --- buckets ---

size_t out_hist_index(int64_t x, unsigned k)
{
	uint64_t mask = (1ULL << k) - 1;
	uint64_t v = (uint64_t)x;
	if (x < 0)
		return 0;
	if (v <= mask)
		return (size_t)v + 1;
	unsigned top = 63 - (unsigned)__builtin_clzll(v);
	return ((size_t)(top - k + 1) << k) + (size_t)((v >> (top - k)) & mask) + 1;
}

uint64_t out_hist_low(size_t i, unsigned k)
{
	size_t n = (size_t)1 << k;
	size_t at = i - 1;
	if (at < n)
		return at;
	return (uint64_t)(n + (at & (n - 1))) << ((at >> k) - 1);
}

size_t out_lhist_index(int64_t x, int64_t min, int64_t max, uint64_t step)
{
	uint64_t last = ((uint64_t)max - (uint64_t)min) / step;
	if (x < min)
		return 0;
	return (size_t)MIN(((uint64_t)x - (uint64_t)min) / step, last) + 1;
}

size_t out_lhist_buckets(int64_t min, int64_t max, uint64_t step)
{
	return out_lhist_index(max, min, max, step) + 1;
}
