// SPDX-License-Identifier: Apache-2.0
// Histograms and time series as values of maps.
#include <inttypes.h>
#include <time.h>

#include "out/layout.h"

#define NS_PER_S 1000000000u

// --- buckets ---

#define BAR_WIDTH 52

// The buckets of a histogram that are shown: from the first to the last that is not empty.
struct buckets {
	const struct out_type *t;
	struct bytes v;
	size_t first;
	size_t end;
	uint64_t max;
};

static uint64_t bucket_count(const struct buckets *h, size_t i)
{
	return layout_uint(h->v, i * 8, 8);
}

static struct buckets find_buckets(const struct out_type *t, struct bytes v)
{
	struct buckets h = { .t = t, .v = v };
	size_t n = MIN(v.len, out_agg_size(t)) / 8;
	for (size_t i = 0; i < n; i++) {
		uint64_t count = bucket_count(&h, i);
		if (!count)
			continue;
		if (!h.end)
			h.first = i;
		h.end = i + 1;
		h.max = MAX(h.max, count);
	}
	return h;
}

// Where bucket i starts, i being at least 1; one past the last bucket too.
static uint64_t low_end(const struct buckets *h, size_t i)
{
	if (h->t->kind == OUT_HIST)
		return out_hist_low(i, h->t->bits);
	return (uint64_t)h->t->lhist.min + (i - 1) * h->t->lhist.step;
}

// The last bucket of lhist has no upper end.
static bool is_open(const struct buckets *h, size_t i)
{
	const struct out_type *t = h->t;
	return t->kind == OUT_LHIST &&
	       i + 1 == out_lhist_buckets(t->lhist.min, t->lhist.max, t->lhist.step);
}

// True where ends of buckets are written as plain numbers.
static bool is_plain(const struct buckets *h, size_t i)
{
	if (h->t->kind == OUT_HIST)
		return i - 1 <= (size_t)2 << h->t->bits;
	return h->t->lhist.step % 1024 != 0 || low_end(h, i) == 0;
}

// Powers of two get the suffix of their size; what stands before it may be more than 1,024.
static void hist_label(struct out_buf *b, size_t i, unsigned k)
{
	uint64_t n = 1ULL << k;
	unsigned power = (unsigned)((i - 1) >> k) - 1;
	out_buf_printf(b, "%" PRIu64, (n + ((i - 1) & (n - 1))) << (power % 10));
	if (power >= 10)
		out_buf_fill(b, "KMGTPE"[power / 10 - 1], 1);
}

static void lhist_label(struct out_buf *b, int64_t v)
{
	if (v % (1024 * 1024) == 0)
		out_buf_printf(b, "%" PRId64 "M", v / (1024 * 1024));
	else if (v % 1024 == 0)
		out_buf_printf(b, "%" PRId64 "K", v / 1024);
	else
		out_buf_printf(b, "%" PRId64, v);
}

static void label(struct out_buf *b, const struct buckets *h, size_t i)
{
	if (is_plain(h, i))
		out_buf_printf(b, "%" PRId64, (int64_t)low_end(h, i));
	else if (h->t->kind == OUT_HIST)
		hist_label(b, i, h->t->bits);
	else
		lhist_label(b, (int64_t)low_end(h, i));
}

static void range_text(struct out_buf *b, const struct buckets *h, size_t i)
{
	out_buf_str(b, i ? STR("[") : STR("("));
	if (i)
		label(b, h, i);
	else
		out_buf_str(b, STR("..."));
	if (is_open(h, i)) {
		out_buf_str(b, STR(", ...)"));
	} else if (i && is_plain(h, i) && is_plain(h, i + 1) &&
		   low_end(h, i) + 1 == low_end(h, i + 1)) {
		out_buf_str(b, STR("]"));
	} else {
		out_buf_str(b, STR(", "));
		label(b, h, i + 1);
		out_buf_str(b, STR(")"));
	}
}

// Only hist() divides its counts; lhist() of bpftrace does not.
static uint64_t shown(const struct layout *l, const struct buckets *h, uint64_t count)
{
	return h->t->kind == OUT_HIST ? count / l->div : count;
}

void layout_hist_text(const struct layout *l, const struct out_type *t, struct bytes v)
{
	struct buckets h = find_buckets(t, v);
	uint64_t max = shown(l, &h, h.max);
	for (size_t i = h.first; i < h.end; i++) {
		uint64_t count = shown(l, &h, bucket_count(&h, i));
		size_t start = l->b->n;
		range_text(l->b, &h, i);
		size_t width = l->b->n - start;
		out_buf_fill(l->b, ' ', width < 16 ? 16 - width : 0);
		// Single precision, so that a bar is as long as bpftrace's.
		size_t bar = max ? (size_t)((float)count / (float)max * BAR_WIDTH) : 0;
		out_buf_printf(l->b, "%8" PRIu64 " |", count);
		out_buf_fill(l->b, '@', bar);
		out_buf_fill(l->b, ' ', BAR_WIDTH - bar);
		out_buf_str(l->b, STR("|\n"));
	}
}

static void json_low_end(struct json *j, const struct buckets *h, size_t i, uint64_t less)
{
	uint64_t v = low_end(h, i) - less;
	if (h->t->kind == OUT_HIST && i > 1)
		json_exact_u64(j, v);
	else
		json_exact_i64(j, (int64_t)v);
}

void layout_hist_json(const struct layout *l, const struct out_type *t, struct bytes v,
		      struct json *j)
{
	struct buckets h = find_buckets(t, v);
	json_open(j, '[');
	for (size_t i = h.first; i < h.end; i++) {
		json_open(j, '{');
		if (i) {
			json_key(j, "min");
			json_low_end(j, &h, i, 0);
		}
		if (!is_open(&h, i)) {
			json_key(j, "max");
			json_low_end(j, &h, i + 1, 1);
		}
		json_ku64(j, "count", shown(l, &h, bucket_count(&h, i)));
		json_close(j, '}');
	}
	json_close(j, ']');
}

// --- series ---

#define GRAPH_WIDTH 53
#define SIGN_BIT    ((uint64_t)1 << 63)

struct series {
	const struct layout *l;
	const struct out_type *t;
	struct bytes v;
	uint64_t last; // epoch
	uint64_t n;    // epochs that are shown, of which it is the last
	int64_t min;
	int64_t max;
};

static struct out_tslot slot_at(const struct out_type *t, struct bytes v, uint64_t i)
{
	struct out_tslot slot = { 0 };
	struct bytes have = layout_slice(v, (size_t)i * sizeof(slot), sizeof(slot));
	if (i < t->tseries.n_intervals && have.len == sizeof(slot))
		memcpy(&slot, have.p, sizeof(slot));
	return slot;
}

uint64_t layout_tseries_last(const struct out_type *t, struct bytes v)
{
	uint64_t last = 0;
	for (uint32_t i = 0; i < t->tseries.n_intervals; i++)
		last = MAX(last, slot_at(t, v, i).epoch);
	return last;
}

static bool value_at(const struct series *s, uint64_t epoch, struct number *out)
{
	struct out_tslot slot = slot_at(s->t, s->v, epoch % MAX(s->t->tseries.n_intervals, 1u));
	*out = (struct number) { slot.value, s->t->is_signed };
	if (s->t->tseries.agg == OUT_AVG)
		*out = layout_divide(*out, slot.extra);
	return epoch != 0 && slot.epoch == epoch;
}

// The order of signed and unsigned numbers alike: as if they were signed, with the sign turned
// around for unsigned ones.
static int64_t ordinal(const struct series *s, uint64_t bits)
{
	return (int64_t)(s->t->is_signed ? bits : bits ^ SIGN_BIT);
}

static struct series find_series(const struct layout *l, const struct out_type *t, struct bytes v,
				 uint64_t last)
{
	struct series s = { .l = l, .t = t, .v = v, .last = last };
	uint64_t n = MIN(t->tseries.n_intervals, last);
	for (uint64_t i = 0; i < n; i++) {
		struct number number;
		if (!value_at(&s, last - i, &number))
			continue;
		int64_t at = ordinal(&s, number.bits);
		s.min = s.n == 0 ? at : MIN(s.min, at);
		s.max = s.n == 0 ? at : MAX(s.max, at);
		s.n = i + 1;
	}
	return s;
}

static uint64_t start_ns(const struct series *s, uint64_t epoch)
{
	return epoch * s->t->tseries.interval_ns +
	       s->l->env->clocks.to_wall[s->t->clock % OUT_N_CLOCKS];
}

static void add_ordinal(const struct series *s, int64_t at, int width)
{
	if (s->t->is_signed)
		out_buf_printf(s->l->b, "%*" PRId64, width, at);
	else
		out_buf_printf(s->l->b, "%*" PRIu64, width, (uint64_t)at ^ SIGN_BIT);
}

// Digits after the second that intervals are told by. A single one is shown in full.
static unsigned digits_of(const struct series *s)
{
	uint64_t ns = s->n == 1 ? 0 : s->t->tseries.interval_ns;
	if (ns == 0 || ns % 1000)
		return 9;
	return ns % 1000000 ? 6 : ns % NS_PER_S ? 3 : 0;
}

static void add_time(struct out_buf *b, uint64_t ns, unsigned digits)
{
	static const unsigned scale[10] = { [3] = 1000000, [6] = 1000, [9] = 1 };
	out_strftime(b, STR("%H:%M:%S"), ns);
	if (digits)
		out_buf_printf(b, ".%0*u", (int)digits, (unsigned)(ns % NS_PER_S) / scale[digits]);
}

static void add_scale(const struct series *s, int indent)
{
	struct out_buf *b = s->l->b;
	out_buf_fill(b, ' ', (size_t)indent);
	add_ordinal(s, s->min, -21);
	add_ordinal(s, s->max, GRAPH_WIDTH - 21);
	out_buf_str(b, STR("\n"));
}

// Column of a value between the two ends; in single precision as bpftrace does.
static size_t column(int64_t at, int64_t min, int64_t max, int width)
{
	float range = (float)((uint64_t)max - (uint64_t)min);
	float part = (float)((uint64_t)at - (uint64_t)min);
	size_t c = (size_t)((float)width * part / range);
	return MIN(c, (size_t)GRAPH_WIDTH - 1);
}

static void add_point(const struct series *s, uint64_t epoch, size_t zero)
{
	struct out_buf *b = s->l->b;
	struct number n;
	char line[GRAPH_WIDTH];
	bool has_value = value_at(s, epoch, &n);
	memset(line, ' ', sizeof(line));
	line[0] = '|';
	line[GRAPH_WIDTH - 1] = '|';
	if (zero)
		line[zero] = '.';
	if (has_value)
		line[column(ordinal(s, n.bits), s->min, s->max, GRAPH_WIDTH - 1)] = '*';
	out_buf_add(b, line, sizeof(line));
	out_buf_str(b, STR(" "));
	if (has_value)
		add_ordinal(s, ordinal(s, n.bits), 0);
	else
		out_buf_str(b, STR("-"));
	out_buf_str(b, STR("\n"));
}

void layout_tseries_text(const struct layout *l, const struct out_type *t, struct bytes v,
			 uint64_t last_epoch)
{
	struct series s = find_series(l, t, v, last_epoch);
	struct out_buf *b = l->b;
	if (s.n == 0) {
		out_buf_str(b, STR("<no data>"));
		return;
	}
	if (s.min == s.max) {
		int64_t lowest = t->is_signed ? INT64_MIN : ordinal(&s, 0);
		s.min -= s.min > lowest;
		s.max += s.max < INT64_MAX;
	}
	unsigned digits = digits_of(&s);
	const char *unit = digits == 9 ? ".ns" : digits == 6 ? ".us" : digits == 3 ? ".ms" : "";
	int indent = 9 + (digits ? (int)digits + 1 : 0);
	size_t zero = 0;
	if (t->is_signed && s.min < 0 && s.max > 0)
		zero = column(0, s.min, s.max, GRAPH_WIDTH);
	add_scale(&s, indent);
	out_buf_printf(b, "hh:mm:ss%-*s|", indent - 8, unit);
	out_buf_fill(b, '_', GRAPH_WIDTH - 2);
	out_buf_str(b, STR("|\n"));
	for (uint64_t i = s.n; i-- > 0;) {
		uint64_t epoch = s.last - i;
		add_time(b, start_ns(&s, epoch), digits);
		out_buf_str(b, STR(" "));
		add_point(&s, epoch, zero);
	}
	out_buf_fill(b, ' ', (size_t)indent);
	out_buf_str(b, STR("v"));
	out_buf_fill(b, '_', GRAPH_WIDTH - 2);
	out_buf_str(b, STR("v\n"));
	add_scale(&s, indent);
}

static void json_start(struct json *j, uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	struct tm tm = { 0 };
	char text[96] = "";
	if (gmtime_r(&seconds, &tm))
		snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d.%09u",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			 tm.tm_sec, (unsigned)(ns % NS_PER_S));
	json_kstr(j, "interval_start", str_from(text));
}

void layout_tseries_json(const struct layout *l, const struct out_type *t, struct bytes v,
			 uint64_t last_epoch, struct json *j)
{
	struct series s = find_series(l, t, v, last_epoch);
	bool is_spaced = j->is_spaced;
	json_open(j, '[');
	for (uint64_t i = s.n; i-- > 0;) {
		uint64_t epoch = s.last - i;
		struct number n;
		if (!value_at(&s, epoch, &n))
			continue;
		// bpftrace has no blanks in these.
		j->is_spaced = false;
		json_open(j, '{');
		json_start(j, start_ns(&s, epoch));
		json_key(j, "value");
		if (t->is_signed)
			json_i64(j, (int64_t)n.bits);
		else
			json_u64(j, n.bits);
		json_close(j, '}');
		j->is_spaced = is_spaced;
	}
	json_close(j, ']');
}
