// SPDX-License-Identifier: Apache-2.0
// time.Time and time.Duration.
#include <inttypes.h>

#include "value/render.h"

#define NSEC_MASK     ((1u << 30) - 1)
#define HAS_MONOTONIC (1ull << 63)
#define DAY           86400
// From 0001-01-01 to 1885-01-01, where the short form of wall counts from, and to 1970-01-01.
#define WALL_TO_INTERNAL ((1884 * 365 + 1884 / 4 - 1884 / 100 + 1884 / 400) * (int64_t)DAY)
#define UNIX_TO_INTERNAL ((1969 * 365 + 1969 / 4 - 1969 / 100 + 1969 / 400) * (int64_t)DAY)
#define DAYS_PER_ERA     146097 // 400 years
#define MARCH_TO_YEAR1   306    // days from 0000-03-01 to 0001-01-01

struct zone {
	struct str name;
	int64_t offset; // seconds east of UTC
};

struct date {
	int64_t year;
	unsigned month, day;
};

static int64_t add_wrapping(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

// Years are counted from March on, so that the day that some have is their last.
static struct date date_of(int64_t days)
{
	days += MARCH_TO_YEAR1;
	int64_t era = floor_div(days, DAYS_PER_ERA);
	int64_t day = days - era * DAYS_PER_ERA;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned rest = (unsigned)(day - (365 * year + year / 4 - year / 100));
	unsigned month = (5 * rest + 2) / 153;
	return (struct date) {
		.year = year + era * 400 + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = rest - (153 * month + 2) / 5 + 1,
	};
}

// Go's: the sign does not count as one of the four digits.
static void put_date(struct date d, struct out_buf *out)
{
	uint64_t year = d.year < 0 ? -(uint64_t)d.year : (uint64_t)d.year;
	out_buf_printf(out, "%s%04" PRIu64 "-%02u-%02u", d.year < 0 ? "-" : "", year, d.month,
		       d.day);
}

static void put_fraction(uint32_t nsec, struct out_buf *out)
{
	int digits = 9;
	if (!nsec)
		return;
	for (; nsec % 10 == 0; digits--)
		nsec /= 10;
	out_buf_printf(out, ".%0*" PRIu32, digits, nsec);
}

static void put_zone(struct zone z, struct out_buf *out)
{
	int64_t minutes = z.offset / 60;
	char sign = minutes < 0 ? '-' : '+';
	uint64_t n = minutes < 0 ? -(uint64_t)minutes : (uint64_t)minutes;
	out_buf_printf(out, " %c%02" PRIu64 "%02" PRIu64 " ", sign, n / 60, n % 60);
	if (z.name.len)
		put_plain(z.name, out);
	else
		out_buf_printf(out, "%c%02" PRIu64 "%02" PRIu64, sign, n / 60, n % 60);
}

static bool read_zone(struct render *r, struct val zone, struct zone *out)
{
	uint64_t len;
	return val_text_field(r, zone, STR("name"), &out->name, &len) && out->name.len == len &&
	       val_int(r, zone, STR("offset"), &out->offset);
}

// The zone that the location has used last, if it holds at that moment, or the only one.
static bool find_zone(struct render *r, struct val location, int64_t unix_sec, struct zone *out)
{
	struct val cached, zone, zones;
	int64_t start, end;
	uint64_t n;
	if (val_field(r, location, STR("cacheZone"), &cached) && val_target(r, cached, &zone) &&
	    val_int(r, location, STR("cacheStart"), &start) &&
	    val_int(r, location, STR("cacheEnd"), &end) && start <= unix_sec && unix_sec < end)
		return read_zone(r, zone, out);
	if (!val_field(r, location, STR("zone"), &zones) || !val_slice(r, zones, &zone, &n) ||
	    n != 1)
		return false;
	zone.v = bytes_at(zone.v, 0, zone.s->size);
	return read_zone(r, zone, out);
}

bool show_time(struct render *r, struct val v, enum where w)
{
	uint64_t wall;
	int64_t sec;
	struct val loc, location;
	struct zone zone = { STR("UTC"), 0 }, found;
	struct out_buf text = { 0 };
	if (!val_uint(r, v, STR("wall"), &wall) || !val_int(r, v, STR("ext"), &sec))
		return false;
	if (wall & HAS_MONOTONIC)
		sec = WALL_TO_INTERNAL + (int64_t)(wall << 1 >> 31);
	if (val_field(r, v, STR("loc"), &loc) && val_target(r, loc, &location) &&
	    find_zone(r, location, add_wrapping(sec, -UNIX_TO_INTERNAL), &found))
		zone = found;
	int64_t local = add_wrapping(sec, zone.offset);
	int64_t days = floor_div(local, DAY);
	unsigned clock = (unsigned)(local - days * DAY);
	put_date(date_of(days), &text);
	out_buf_printf(&text, " %02u:%02u:%02u", clock / 3600, clock / 60 % 60, clock % 60);
	put_fraction((uint32_t)wall & NSEC_MASK, &text);
	put_zone(zone, &text);
	r->sink->text(r, v.s,
		      &(struct special_text) { .form = TEXT_BARE, .text = out_buf_view(&text) }, w);
	out_buf_free(&text);
	return true;
}

bool show_duration(struct render *r, struct val v, enum where w)
{
	struct out_buf text = { 0 };
	if (v.s->kind != TYPE_INT || v.s->size != 8)
		return false;
	int64_t ns = (int64_t)word_at(v.v, 0);
	out_go_duration(ns, &text);
	r->sink->text(r, v.s,
		      &(struct special_text) {
			      .form = TEXT_BARE,
			      .text = out_buf_view(&text),
			      .number = "ns",
			      .n = ns,
		      },
		      w);
	out_buf_free(&text);
	return true;
}
