// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <time.h>

#include "out/out.h"

#define NS_PER_S 1000000000u

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts = { 0 };
	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

// What to add to that clock. The wall clock is read between two readings of the other; the
// narrowest of several pairs is the best one, as we may lose the processor in the middle.
static uint64_t to_wall(clockid_t id)
{
	uint64_t best_width = UINT64_MAX;
	uint64_t best = 0;
	for (int i = 0; i < 5; i++) {
		uint64_t before = clock_ns(id);
		uint64_t wall = clock_ns(CLOCK_REALTIME);
		uint64_t width = clock_ns(id) - before;
		if (width < best_width) {
			best_width = width;
			best = wall - (before + width / 2);
		}
	}
	return best;
}

struct out_clocks out_clocks_now(void)
{
	return (struct out_clocks) { .to_wall = {
					     [OUT_CLOCK_BOOT] = to_wall(CLOCK_BOOTTIME),
					     [OUT_CLOCK_MONOTONIC] = to_wall(CLOCK_MONOTONIC),
					     [OUT_CLOCK_TAI] = to_wall(CLOCK_TAI),
				     } };
}

// The format with %f replaced, and a NUL after it.
static void put_micros(struct out_buf *b, struct str format, uint64_t wall_ns)
{
	for (size_t i = 0; i < format.len; i++) {
		char c = format.p[i];
		if (c == '\0')
			break;
		if (c != '%' || i + 1 == format.len) {
			// A lone % at the end is itself; strftime would read past it.
			out_buf_add(b, "%%", c == '%' ? 2 : 0);
			out_buf_add(b, &c, c != '%');
			continue;
		}
		i++;
		if (format.p[i] == 'f')
			out_buf_printf(b, "%06u", (unsigned)(wall_ns % NS_PER_S / 1000));
		else
			out_buf_add(b, &format.p[i - 1], 2);
	}
	out_buf_add(b, "", 1);
}

#pragma GCC diagnostic push
// The script's author writes the format.
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t format_time(char *p, size_t size, const char *format, const struct tm *tm)
{
	return strftime(p, size, format, tm);
}
#pragma GCC diagnostic pop

void out_strftime(struct out_buf *b, struct str format, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;
	if (!localtime_r(&seconds, &tm))
		return;
	struct out_buf ready = { 0 };
	put_micros(&ready, format, wall_ns);
	// strftime returns 0 both for "" and for too little room; no conversion gives more than
	// this, except for widths, which are a GNU extension that nobody can want to be long.
	size_t room = ready.n * 64 + 1;
	out_buf_fill(b, '\0', room);
	b->n -= room;
	b->n += format_time(b->p + b->n, room, ready.p, &tm);
	out_buf_free(&ready);
}

// value/scale with three digits: 1.21, 88.1, 412.
static void three_digits(struct out_buf *b, uint64_t value, uint64_t scale, const char *unit)
{
	uint64_t hundredths = (value * 100 + scale / 2) / scale;
	uint64_t tenths = (value * 10 + scale / 2) / scale;
	if (hundredths < 1000)
		out_buf_printf(b, "%" PRIu64 ".%02" PRIu64 "%s", hundredths / 100, hundredths % 100,
			       unit);
	else if (tenths < 1000)
		out_buf_printf(b, "%" PRIu64 ".%" PRIu64 "%s", tenths / 10, tenths % 10, unit);
	else
		out_buf_printf(b, "%" PRIu64 "%s", (value + scale / 2) / scale, unit);
}

void out_duration(struct out_buf *b, uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_S;
	// Just under 1,000 of a unit would be rounded up to 1,000 of it.
	if (ns < 1000)
		out_buf_printf(b, "%" PRIu64 "ns", ns);
	else if (ns < 999500)
		three_digits(b, ns, 1000, "us");
	else if (ns < 999500000)
		three_digits(b, ns, 1000000, "ms");
	else if (ns < 999500000000)
		three_digits(b, ns, NS_PER_S, "s");
	else if (seconds < 6000)
		out_buf_printf(b, "%" PRIu64 "m%" PRIu64 "s", seconds / 60, seconds % 60);
	else
		out_buf_printf(b, "%" PRIu64 "h%" PRIu64 "m", seconds / 3600, seconds % 3600 / 60);
}

void out_wall_time(struct out_buf *b, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000);
	char text[32];
	struct tm tm;
	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	out_buf_printf(b, "%s.%06uZ", text, (unsigned)(wall_ns % 1000000000 / 1000));
}

void out_amount(struct out_buf *b, uint64_t n)
{
	if (n < 1000) {
		out_buf_printf(b, "%" PRIu64, n);
		return;
	}
	out_amount(b, n / 1000);
	out_buf_printf(b, ",%03" PRIu64, n % 1000);
}
