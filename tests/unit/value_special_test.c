// SPDX-License-Identifier: Apache-2.0
// How types of Go's own packages look that have a form of their own. That their fields are as they
// are in each version of Go, tests on programs show.
#include "value_look.h"

static struct type *a_struct_of(struct world *w, const char *name, const char *field,
				struct type *type)
{
	struct type *t = a_struct(w->arena, name);
	add_field(t, field, type);
	end_struct(t);
	return t;
}

// --- time ---

struct times {
	struct type *time, *location, *zone;
};

static struct times times(struct world *w)
{
	struct times t = {
		.time = a_struct(w->arena, "time.Time"),
		.location = a_struct(w->arena, "time.Location"),
		.zone = a_struct(w->arena, "time.zone"),
	};
	add_field(t.zone, "name", w->t.string);
	add_field(t.zone, "offset", w->t.integer);
	end_struct(t.zone);
	add_field(t.location, "name", w->t.string);
	add_field(t.location, "zone", a_slice(w->arena, t.zone));
	add_field(t.location, "cacheStart", w->t.int64);
	add_field(t.location, "cacheEnd", w->t.int64);
	add_field(t.location, "cacheZone", a_ptr(w->arena, t.zone));
	end_struct(t.location);
	add_field(t.time, "wall", w->t.uint64);
	add_field(t.time, "ext", w->t.int64);
	add_field(t.time, "loc", a_ptr(w->arena, t.location));
	end_struct(t.time);
	return t;
}

#define UNIX_TO_INTERNAL 62135596800ll

TEST(special_time)
{
	WORLD(w);
	struct times t = times(w);
	LOOK_AT(w, t.time);
	ROOT(w, 0, 0, 0);
	CHECK_LOOK(w, "0001-01-01 00:00:00 +0000 UTC");
	CHECK_JSON(w, "{\"type\":\"time.Time\",\"text\":\"0001-01-01 00:00:00 +0000 UTC\"}");
	ROOT(w, 123456789, 1795886663 + UNIX_TO_INTERNAL, 0);
	CHECK_LOOK(w, "2026-11-28 17:24:23.123456789 +0000 UTC");
	ROOT(w, 120000000, 1709164800 + UNIX_TO_INTERNAL, 0x1000);
	CHECK_LOOK(w, "2024-02-29 00:00:00.12 +0000 UTC");
	// With a monotonic clock: seconds since 1885 in the middle of wall.
	ROOT(w, 1ull << 63 | (1795886663ull + 2682288000ull) << 30 | 5, 999, 0);
	CHECK_LOOK(w, "2026-11-28 17:24:23.000000005 +0000 UTC");
	ROOT(w, 0, -5ll * 366 * 86400, 0);
	CHECK_LOOK(w, "-0005-12-29 00:00:00 +0000 UTC");
	ROOT(w, UINT64_MAX >> 1, (uint64_t)INT64_MAX, 0);
	CHECK(look_text(w, &(struct value_style) { 0 }).len > 0);
	ROOT(w, 0, (uint64_t)INT64_MIN, 0);
	CHECK(look_text(w, &(struct value_style) { 0 }).len > 0);
	put_root(w, "abc", 3);
	CHECK_LOOK(w, "time.Time{wall: ..., ...}");
}

TEST(special_time_zones)
{
	WORLD(w);
	struct times t = times(w);
	const int64_t now = 1795886663;
	LOOK_AT(w, t.time);
	ROOT(w, 0, now + UNIX_TO_INTERNAL, 0x1000);
	AT(w, 0x1000, t.location, 0, 0, 0x3000, 2, 2, now, now + 1, 0x2000);
	AT(w, 0x2000, t.zone, 0x4000, 4, -12600);
	put_text(w, 0x4000, "HERE");
	CHECK_LOOK(w, "2026-11-28 13:54:23 -0330 HERE");
	// It does not hold at that moment.
	ROOT(w, 0, now + 1 + UNIX_TO_INTERNAL, 0x1000);
	AT(w, 0x1000, t.location, 0, 0, 0x3000, 2, 2, now, now + 1, 0x2000);
	AT(w, 0x2000, t.zone, 0x4000, 4, 3600);
	put_text(w, 0x4000, "HERE");
	CHECK_LOOK(w, "2026-11-28 17:24:24 +0000 UTC");
	// A name that is not there at all, and one that is empty.
	ROOT(w, 0, now + UNIX_TO_INTERNAL, 0x1000);
	AT(w, 0x1000, t.location, 0, 0, 0x3000, 2, 2, now, now + 1, 0x2000);
	AT(w, 0x2000, t.zone, 0x4000, 4, 3600);
	CHECK_LOOK(w, "2026-11-28 17:24:23 +0000 UTC");
	ROOT(w, 0, now + UNIX_TO_INTERNAL, 0x1000);
	AT(w, 0x1000, t.location, 0, 0, 0x3000, 2, 2, now, now + 1, 0x2000);
	AT(w, 0x2000, t.zone, 0, 0, 3600);
	CHECK_LOOK(w, "2026-11-28 18:24:23 +0100 +0100");
}

TEST(special_time_in_places)
{
	WORLD(w);
	struct times t = times(w);
	struct type *duration = a_type(w->arena, TYPE_INT, "time.Duration", 8, KIND_INT64);
	LOOK_AT(w, w->t.any, t.time, duration);
	ROOT(w, t.time->go_rtype, 0x1000);
	AT(w, 0x1000, t.time, 0, 0, 0);
	CHECK_LOOK(w, "time.Time(0001-01-01 00:00:00 +0000 UTC)");
	ROOT(w, duration->go_rtype, 0x1000);
	AT(w, 0x1000, duration, 1500000000);
	CHECK_LOOK(w, "time.Duration(1.5s)");
	CHECK_JSON(w, "{\"type\":\"time.Duration\",\"ns\":1500000000,\"text\":\"1.5s\"}");
	LOOK_AT(w, duration);
	ROOT(w, 88);
	CHECK_LOOK(w, "88ns");
	// Of the same name, but not the one.
	struct type *other = a_type(w->arena, TYPE_INT, "main.Duration", 8, KIND_INT64);
	LOOK_AT(w, other);
	ROOT(w, 88);
	CHECK_LOOK(w, "88");
}

TEST(special_of_unknown_layout)
{
	WORLD(w);
	LOOK_AT(w, a_struct_of(w, "time.Time", "nanoseconds", w->t.integer));
	ROOT(w, 5);
	CHECK_LOOK(w, "time.Time{nanoseconds: 5}");
	LOOK_AT(w, a_struct_of(w, "sync.Mutex", "state", w->t.string));
	ROOT(w, 0, 0);
	CHECK_LOOK(w, "sync.Mutex{}");
}

// --- addresses ---

static struct str ip_look(struct world *w, const char *bytes, size_t n)
{
	ROOT(w, 0x1000, n, n);
	put_number(w, 0x1000, 0, bytes, n);
	return look_text(w, &(struct value_style) { 0 });
}

TEST(special_ip)
{
	WORLD(w);
	LOOK_AT(w, a_name(w->arena, "net.IP", a_slice(w->arena, w->t.uint8)));
	CHECK_VIEW(ip_look(w, "\xc0\xa8\1\1", 4), "net.IP(192.168.1.1)");
	CHECK_JSON(w, "{\"type\":\"net.IP\",\"text\":\"192.168.1.1\"}");
	CHECK_VIEW(ip_look(w, "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4", 16), "net.IP(1.2.3.4)");
	CHECK_VIEW(ip_look(w, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16), "net.IP(::1)");
	CHECK_VIEW(ip_look(w, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), "net.IP(::)");
	CHECK_VIEW(ip_look(w, "\x20\1\xd\xb8\0\0\0\0\0\1\0\0\0\0\0\1", 16),
		   "net.IP(2001:db8::1:0:0:1)");
	CHECK_VIEW(ip_look(w, "\xfe\x80\0\0\0\1\0\2\0\3\0\4\0\0\0\0", 16),
		   "net.IP(fe80:0:1:2:3:4::)");
	CHECK_VIEW(ip_look(w, "\0\1\0\0\0\1\0\2\0\3\0\4\0\0\0\5", 16), "net.IP(1:0:1:2:3:4:0:5)");
	CHECK_VIEW(ip_look(w, "\1\2\3", 3), "net.IP(0x010203)");
	ROOT(w, 0x1000, 4, 4);
	CHECK_LOOK(w, "net.IP(\"\"...)");
	ROOT(w, 0, 0, 0);
	CHECK_LOOK(w, "nil");
}

static struct type *netip_addr(struct world *w, struct type *z)
{
	struct type *t = a_struct(w->arena, "net/netip.Addr");
	struct type *number = a_struct(w->arena, "net/netip.uint128");
	add_field(number, "hi", w->t.uint64);
	add_field(number, "lo", w->t.uint64);
	end_struct(number);
	add_field(t, "addr", number);
	add_field(t, "z", z);
	end_struct(t);
	return t;
}

TEST(special_netip)
{
	WORLD(w);
	struct type *detail = a_struct(w->arena, "net/netip.addrDetail");
	add_field(detail, "isV6", w->t.boolean);
	add_field(detail, "zoneV6", w->t.string);
	end_struct(detail);
	struct type *handle = a_struct_of(w, "unique.Handle[net/netip.addrDetail]", "value",
					  a_ptr(w->arena, detail));
	struct type *addr = netip_addr(w, handle), *port = a_struct(w->arena, "net/netip.AddrPort");
	struct type *prefix = a_struct(w->arena, "net/netip.Prefix");
	add_field(port, "ip", addr);
	add_field(port, "port", w->t.uint16);
	end_struct(port);
	add_field(prefix, "ip", addr);
	add_field(prefix, "bitsPlusOne", w->t.uint8);
	end_struct(prefix);
	LOOK_AT(w, addr);
	ROOT(w, 0, 0, 0);
	CHECK_LOOK(w, "netip.Addr(invalid IP)");
	ROOT(w, 0, 0xffff01020304, 0x1000);
	CHECK_LOOK(w, "netip.Addr(1.2.3.4)");
	AT(w, 0x1000, detail, 1, 0, 0);
	CHECK_LOOK(w, "netip.Addr(::ffff:1.2.3.4)");
	ROOT(w, 0xfe80ull << 48, 1, 0x1000);
	AT(w, 0x1000, detail, 1, 0x2000, 4);
	put_text(w, 0x2000, "eth0");
	CHECK_LOOK(w, "netip.Addr(fe80::1%eth0)");
	LOOK_AT(w, port);
	ROOT(w, 0, 0xffff01020304, 0x1000, 80);
	CHECK_LOOK(w, "netip.AddrPort(1.2.3.4:80)");
	ROOT(w, 0, 1, 0x1000, 80);
	CHECK_LOOK(w, "netip.AddrPort([::1]:80)");
	ROOT(w, 0, 0, 0, 80);
	CHECK_LOOK(w, "netip.AddrPort(invalid AddrPort)");
	LOOK_AT(w, prefix);
	ROOT(w, 0, 0xffff0a000000, 0x1000, 9);
	CHECK_LOOK(w, "netip.Prefix(10.0.0.0/8)");
	ROOT(w, 0, 0xffff0a000000, 0x1000, 0);
	CHECK_LOOK(w, "netip.Prefix(invalid Prefix)");
}

// --- URLs ---

struct url {
	uint64_t scheme[2], opaque[2], user, host[2], path[2], raw_path[2];
	bool omits_host, forces_query;
	uint64_t query[2], fragment[2], raw_fragment[2];
};

struct url_types {
	struct type *url, *user;
};

static struct url_types url_types(struct world *w)
{
	struct url_types t = { a_struct(w->arena, "net/url.URL"),
			       a_struct(w->arena, "net/url.Userinfo") };
	add_field(t.user, "username", w->t.string);
	add_field(t.user, "password", w->t.string);
	add_field(t.user, "passwordSet", w->t.boolean);
	end_struct(t.user);
	add_field(t.url, "Scheme", w->t.string);
	add_field(t.url, "Opaque", w->t.string);
	add_field(t.url, "User", a_ptr(w->arena, t.user));
	add_field(t.url, "Host", w->t.string);
	add_field(t.url, "Path", w->t.string);
	add_field(t.url, "RawPath", w->t.string);
	add_field(t.url, "OmitHost", w->t.boolean);
	add_field(t.url, "ForceQuery", w->t.boolean);
	add_field(t.url, "RawQuery", w->t.string);
	add_field(t.url, "Fragment", w->t.string);
	add_field(t.url, "RawFragment", w->t.string);
	end_struct(t.url);
	return t;
}

TEST(special_url)
{
	WORLD(w);
	struct url_types t = url_types(w);
	struct url u = { 0 };
	LOOK_AT(w, t.url);
	CHECK_INT(t.url->size, sizeof(u));
	put_root(w, &u, sizeof(u));
	CHECK_LOOK(w, "url.URL(\"\")");
	u = (struct url) {
		.scheme = { 0x5000, 5 },
		.user = 0x4000,
		.host = { 0x5100, 7 },
		.path = { 0x5200, 6 },
		.query = { 0x5300, 3 },
		.fragment = { 0x5400, 5 },
	};
	put_root(w, &u, sizeof(u));
	AT(w, 0x4000, t.user, 0x5500, 3, 0x9000, 6, 1);
	put_text(w, 0x5000, "https");
	put_text(w, 0x5100, "host:80");
	put_text(w, 0x5200, "/a b/c");
	put_text(w, 0x5300, "q=1");
	put_text(w, 0x5400, "fr ag");
	put_text(w, 0x5500, "a@b");
	CHECK_LOOK(w, "url.URL(\"https://a%40b:xxxxx@host:80/a%20b/c?q=1#fr%20ag\")");
	CHECK_JSON(w, "{\"type\":\"url.URL\",\"text\":"
		      "\"https://a%40b:xxxxx@host:80/a%20b/c?q=1#fr%20ag\"}");
}

static struct str url_of_path(struct world *w, const char *path, const char *raw)
{
	struct url u = { .path = { 0x7000, strlen(path) }, .raw_path = { 0x8000, strlen(raw) } };
	put_root(w, &u, sizeof(u));
	put_text(w, 0x7000, path);
	put_text(w, 0x8000, raw);
	return look_text(w, &(struct value_style) { 0 });
}

TEST(special_url_paths)
{
	WORLD(w);
	LOOK_AT(w, url_types(w).url);
	CHECK_VIEW(url_of_path(w, "/x/y:z", ""), "url.URL(\"/x/y:z\")");
	CHECK_VIEW(url_of_path(w, "a:b", ""), "url.URL(\"./a:b\")");
	CHECK_VIEW(url_of_path(w, "*", ""), "url.URL(\"*\")");
	CHECK_VIEW(url_of_path(w, "/\xc3\xa9?", ""), "url.URL(\"/%C3%A9%3F\")");
	CHECK_VIEW(url_of_path(w, "/a/b", "/a%2Fb"), "url.URL(\"/a%2Fb\")");
	CHECK_VIEW(url_of_path(w, "/a/b", "/a%2Fc"), "url.URL(\"/a/b\")");
	CHECK_VIEW(url_of_path(w, "/a/b", "/a%2"), "url.URL(\"/a/b\")");
	struct url u = { .path = { 0x7000, 9 } };
	put_root(w, &u, sizeof(u));
	put_text(w, 0x7000, "/cut");
	CHECK_LOOK(w, "url.URL(\"/cut\"...)");
	CHECK_JSON(w, "{\"type\":\"url.URL\",\"text\":\"/cut\",\"cut\":true}");
	u = (struct url) { .user = 0x1000, .host = { 0x8000, 1 } };
	put_root(w, &u, sizeof(u));
	put_text(w, 0x8000, "h");
	CHECK_LOOK(w, "url.URL(\"//...@h\")");
}

// --- bytes and big numbers ---

TEST(special_buffers)
{
	WORLD(w);
	struct type *list = a_slice(w->arena, w->t.uint8), *t = a_struct(w->arena, "bytes.Buffer");
	add_field(t, "buf", list);
	add_field(t, "off", w->t.integer);
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 0x1000, 5, 64, 2);
	put_text(w, 0x1000, "hello");
	CHECK_LOOK(w, "bytes.Buffer(\"llo\")");
	CHECK_JSON(w, "{\"type\":\"bytes.Buffer\",\"len\":3,\"text\":\"llo\"}");
	ROOT(w, 0x1000, 9, 64, 2);
	put_text(w, 0x1000, "h\1\2\3");
	CHECK_LOOK(w, "bytes.Buffer(0x0203...)");
	ROOT(w, 0, 0, 0, 0);
	CHECK_LOOK(w, "bytes.Buffer(\"\")");
	ROOT(w, 0x1000, 5, 64, 6);
	CHECK_LOOK(w, "bytes.Buffer{buf: []byte(\"\"...), off: 6}");
	LOOK_AT(w, a_struct_of(w, "strings.Builder", "buf", list));
	ROOT(w, 0x1000, 2, 8);
	put_text(w, 0x1000, "ab");
	CHECK_LOOK(w, "strings.Builder(\"ab\")");
}

TEST(special_big_int)
{
	WORLD(w);
	struct type *t = a_struct(w->arena, "math/big.Int");
	struct type *word = a_type(w->arena, TYPE_UINT, "math/big.Word", 8, 7);
	uint32_t number = 0;
	add_field(t, "neg", w->t.boolean);
	add_field(t, "abs", a_name(w->arena, "math/big.nat", a_slice(w->arena, word)));
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 0, 0, 0, 0);
	CHECK_LOOK(w, "big.Int(0)");
	ROOT(w, 1, 0x1000, 1, 4);
	AT(w, 0x1000, word, 12345);
	CHECK_LOOK(w, "big.Int(-12345)");
	ROOT(w, 1, 0x1000, 2, 4);
	AT(w, 0x1000, word, 0xc373e0ee4e3f0ad2, 0x18ee90ff6);
	CHECK_LOOK(w, "big.Int(-123456789012345678901234567890)");
	CHECK_JSON(w, "{\"type\":\"big.Int\",\"text\":\"-123456789012345678901234567890\"}");
	ROOT(w, 0, 0x1000, 2, 4);
	AT(w, 0x1000, word, 0, 1);
	CHECK_LOOK(w, "big.Int(18446744073709551616)");
	ROOT(w, 0, 0x1000, 3, 4);
	AT(w, 0x1000, word, 0, 1);
	CHECK_LOOK(w, "big.Int(...)");
	ROOT(w, 0, 0x1000, 3, 4);
	CHECK(book_number(w->book, word, &number));
	put_unreadable(w, 0x1000, number);
	CHECK_LOOK(w, "big.Int(<unreadable>)");
	CHECK_JSON(w, "{\"type\":\"big.Int\",\"unreadable\":true}");
}

// --- locks ---

TEST(special_mutex)
{
	WORLD(w);
	struct type *inner = a_struct(w->arena, "internal/sync.Mutex");
	add_field(inner, "state", w->t.int32);
	add_field(inner, "sema", w->t.uint32);
	end_struct(inner);
	LOOK_AT(w, a_struct_of(w, "sync.Mutex", "mu", inner));
	ROOT(w, 0);
	CHECK_LOOK(w, "sync.Mutex(unlocked)");
	ROOT(w, 1);
	CHECK_LOOK(w, "sync.Mutex(locked)");
	ROOT(w, 3 << 3 | 4 | 1);
	CHECK_LOOK(w, "sync.Mutex(locked, 3 waiting)");
	CHECK_JSON(w, "{\"type\":\"sync.Mutex\",\"text\":\"locked, 3 waiting\"}");
}

TEST(special_other_locks)
{
	WORLD(w);
	struct type *int32 = a_struct_of(w, "sync/atomic.Int32", "v", w->t.int32);
	LOOK_AT(w, a_struct_of(w, "sync.RWMutex", "readerCount", int32));
	ROOT(w, 2);
	CHECK_LOOK(w, "sync.RWMutex(2 readers)");
	ROOT(w, 1);
	CHECK_LOOK(w, "sync.RWMutex(1 reader)");
	ROOT(w, 0);
	CHECK_LOOK(w, "sync.RWMutex(unlocked)");
	ROOT(w, 0xc0000001);
	CHECK_LOOK(w, "sync.RWMutex(locked)");
	LOOK_AT(w, a_struct_of(w, "sync.Once", "done", w->t.uint32));
	ROOT(w, 1);
	CHECK_LOOK(w, "sync.Once(done)");
	ROOT(w, 0);
	CHECK_LOOK(w, "sync.Once(not done)");
	LOOK_AT(w, a_struct_of(w, "sync.WaitGroup", "state",
			       a_struct_of(w, "sync/atomic.Uint64", "v", w->t.uint64)));
	ROOT(w, 3ull << 32 | 1);
	CHECK_LOOK(w, "sync.WaitGroup(3)");
	LOOK_AT(w, a_struct_of(w, "sync.WaitGroup", "state1", an_array(w->arena, w->t.uint32, 3)));
	put_root(w, (const uint32_t[]) { 1, 2, 0 }, 12);
	CHECK_LOOK(w, "sync.WaitGroup(2)");
	put_root(w, (const uint32_t[]) { 0, 1, 3 }, 12);
	CHECK_LOOK(w, "sync.WaitGroup(3)");
}

TEST(special_atomics)
{
	WORLD(w);
	struct type *point = a_struct_of(w, "main.Point", "X", w->t.integer);
	LOOK_AT(w, a_struct_of(w, "sync/atomic.Int64", "v", w->t.int64));
	ROOT(w, -5);
	CHECK_LOOK(w, "atomic.Int64(-5)");
	CHECK_JSON(w, "{\"type\":\"atomic.Int64\",\"value\":-5}");
	LOOK_AT(w, a_struct_of(w, "sync/atomic.Bool", "v", w->t.uint32));
	ROOT(w, 1);
	CHECK_LOOK(w, "atomic.Bool(true)");
	CHECK_JSON(w, "{\"type\":\"atomic.Bool\",\"value\":true}");
	LOOK_AT(w, a_struct_of(w, "sync/atomic.Value", "v", w->t.any), point);
	ROOT(w, point->go_rtype, 0x1000);
	AT(w, 0x1000, point, 1);
	CHECK_LOOK(w, "atomic.Value(main.Point{X: 1})");
	struct type *t = a_struct(w->arena, "sync/atomic.Pointer[main.Point]");
	add_field(t, "_", an_array(w->arena, a_ptr(w->arena, point), 0));
	add_field(t, "v", w->t.unsafe);
	end_struct(t);
	LOOK_AT(w, t);
	ROOT(w, 0x1000);
	AT(w, 0x1000, point, 1);
	CHECK_LOOK(w, "atomic.Pointer[main.Point](&main.Point{X: 1})");
	CHECK_JSON(w,
		   "{\"type\":\"atomic.Pointer[main.Point]\",\"value\":{\"type\":\"*main.Point\","
		   "\"addr\":\"0x1000\",\"fields\":{\"X\":1}}}");
	ROOT(w, 0);
	CHECK_LOOK(w, "atomic.Pointer[main.Point](nil)");
}
