// SPDX-License-Identifier: Apache-2.0
// Addresses: net.IP, net/netip, and those that errors of net tell.
#include <inttypes.h>

#include "value/render.h"

enum { IP4_LEN = 4, IP6_LEN = 16, IP6_GROUPS = 8 };

// --- their texts ---

static void put_ip4(const uint8_t *p, struct out_buf *out)
{
	out_buf_printf(out, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
}

static bool is_mapped(const uint8_t *p)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	return memcmp(p, prefix, sizeof(prefix)) == 0;
}

// The first of the longest runs of two or more zero groups, which "::" stands for.
static void find_zeros(const unsigned *groups, unsigned *start, unsigned *end)
{
	*start = *end = IP6_GROUPS;
	for (unsigned i = 0; i < IP6_GROUPS; i++) {
		unsigned to = i;
		while (to < IP6_GROUPS && groups[to] == 0)
			to++;
		if (to - i >= 2 && to - i > *end - *start) {
			*start = i;
			*end = to;
		}
		if (to > i)
			i = to - 1;
	}
}

static void put_ip6(const uint8_t *p, struct out_buf *out)
{
	unsigned groups[IP6_GROUPS], start, end;
	for (unsigned i = 0; i < IP6_GROUPS; i++)
		groups[i] = (unsigned)p[2 * i] << 8 | p[2 * i + 1];
	find_zeros(groups, &start, &end);
	for (unsigned i = 0; i < IP6_GROUPS; i++) {
		if (i == start) {
			out_buf_str(out, STR("::"));
			i = end - 1;
			continue;
		}
		out_buf_printf(out, i && i != end ? ":%x" : "%x", groups[i]);
	}
}

static bool net_ip_text(struct bytes ip, struct out_buf *out)
{
	if (ip.len == IP4_LEN)
		put_ip4(ip.p, out);
	else if (ip.len == IP6_LEN && is_mapped(ip.p))
		put_ip4(ip.p + 12, out);
	else if (ip.len == IP6_LEN)
		put_ip6(ip.p, out);
	else
		return false;
	return true;
}

static bool show(struct render *r, struct shape *s, struct out_buf *text, enum where w)
{
	struct special_text t = { .form = TEXT_CALL, .text = out_buf_view(text) };
	r->sink->text(r, s, &t, w);
	out_buf_free(text);
	return true;
}

// The bytes of a net.IP; false if they are not all there.
static bool ip_bytes(struct render *r, struct val v, struct bytes *out)
{
	struct str have;
	uint64_t len;
	if (!val_text(r, v, &have, &len) || have.len != len)
		return false;
	*out = (struct bytes) { (const uint8_t *)have.p, have.len };
	return true;
}

bool show_ip(struct render *r, struct val v, enum where w)
{
	struct out_buf text = { 0 };
	struct bytes ip;
	if (!ip_bytes(r, v, &ip) || !net_ip_text(ip, &text))
		return false;
	return show(r, v.s, &text, w);
}

// --- net/netip ---

struct ip_addr {
	bool is_valid;
	bool is_4;
	uint8_t bytes[IP6_LEN];
	struct str zone;
};

// Up to Go 1.22 z points to an interface that holds the zone, if there is one; afterwards to
// addrDetail. False if it was not captured.
static bool read_detail(struct render *r, struct val z, struct ip_addr *out, bool *is_4)
{
	struct val word = z, detail, value, zone;
	uint64_t is_6, len;
	if (z.s->kind == TYPE_STRUCT && !val_field(r, z, STR("value"), &word))
		return false;
	if (!val_target(r, word, &detail))
		return false;
	if (val_uint(r, detail, STR("isV6"), &is_6)) {
		*is_4 = !is_6;
		val_text_field(r, detail, STR("zoneV6"), &out->zone, &len);
		return true;
	}
	if (val_field(r, detail, STR("cmpVal"), &value) && val_inside(r, value, &zone))
		val_text(r, zone, &out->zone, &len);
	return false;
}

static bool read_addr(struct render *r, struct val v, struct ip_addr *out)
{
	struct val addr, z;
	uint64_t hi, lo;
	*out = (struct ip_addr) { .zone = STR("") };
	if (!val_field(r, v, STR("addr"), &addr) || !val_field(r, v, STR("z"), &z) ||
	    !val_uint(r, addr, STR("hi"), &hi) || !val_uint(r, addr, STR("lo"), &lo))
		return false;
	hi = __builtin_bswap64(hi);
	lo = __builtin_bswap64(lo);
	memcpy(out->bytes, &hi, 8);
	memcpy(out->bytes + 8, &lo, 8);
	out->is_valid = !bytes_are_zero(z.v);
	// Where it is not known, what looks like version 4 is.
	bool is_4 = is_mapped(out->bytes);
	if (z.s->kind == TYPE_PTR && book_knows_ip4(r->book))
		is_4 = word_at(z.v, 0) == 1;
	read_detail(r, z, out, &is_4);
	out->is_4 = is_4 && !out->zone.len;
	return true;
}

static void put_addr(const struct ip_addr *a, struct out_buf *out)
{
	if (!a->is_valid) {
		out_buf_str(out, STR("invalid IP"));
		return;
	}
	if (a->is_4) {
		put_ip4(a->bytes + 12, out);
		return;
	}
	if (is_mapped(a->bytes)) {
		out_buf_str(out, STR("::ffff:"));
		put_ip4(a->bytes + 12, out);
	} else {
		put_ip6(a->bytes, out);
	}
	if (a->zone.len) {
		out_buf_str(out, STR("%"));
		put_plain(a->zone, out);
	}
}

bool show_netip_addr(struct render *r, struct val v, enum where w)
{
	struct out_buf text = { 0 };
	struct ip_addr a;
	if (!read_addr(r, v, &a))
		return false;
	put_addr(&a, &text);
	return show(r, v.s, &text, w);
}

bool show_netip_addrport(struct render *r, struct val v, enum where w)
{
	struct out_buf text = { 0 };
	struct ip_addr a;
	struct val ip;
	uint64_t port;
	if (!val_field(r, v, STR("ip"), &ip) || !read_addr(r, ip, &a) ||
	    !val_uint(r, v, STR("port"), &port))
		return false;
	if (!a.is_valid) {
		out_buf_str(&text, STR("invalid AddrPort"));
		return show(r, v.s, &text, w);
	}
	out_buf_str(&text, a.is_4 ? STR("") : STR("["));
	put_addr(&a, &text);
	out_buf_printf(&text, "%s%" PRIu64, a.is_4 ? ":" : "]:", port);
	return show(r, v.s, &text, w);
}

bool show_netip_prefix(struct render *r, struct val v, enum where w)
{
	struct out_buf text = { 0 };
	struct ip_addr a;
	struct val ip;
	uint64_t more;
	int64_t bits;
	if (!val_field(r, v, STR("ip"), &ip) || !read_addr(r, ip, &a))
		return false;
	// Go 1.20 and later keep one more than the number, so that 0 is none.
	if (val_uint(r, v, STR("bitsPlusOne"), &more))
		bits = (int64_t)more - 1;
	else if (!val_int(r, v, STR("bits"), &bits))
		return false;
	if (!a.is_valid || bits < 0) {
		out_buf_str(&text, STR("invalid Prefix"));
		return show(r, v.s, &text, w);
	}
	put_addr(&a, &text);
	out_buf_printf(&text, "/%" PRId64, bits);
	return show(r, v.s, &text, w);
}

// --- what net.Addr holds ---

static bool put_host(struct render *r, struct val v, struct out_buf *out)
{
	struct val field;
	struct bytes ip;
	struct str zone;
	uint64_t len;
	if (!val_field(r, v, STR("IP"), &field) || !ip_bytes(r, field, &ip) ||
	    (ip.len && !net_ip_text(ip, out)) || !val_text_field(r, v, STR("Zone"), &zone, &len) ||
	    zone.len != len)
		return false;
	if (zone.len) {
		out_buf_str(out, STR("%"));
		out_buf_str(out, zone);
	}
	return true;
}

static bool put_host_port(struct render *r, struct val v, struct out_buf *out)
{
	struct out_buf host = { 0 };
	int64_t port;
	bool is_known = val_int(r, v, STR("Port"), &port) && put_host(r, v, &host);
	bool has_brackets = host.n && (memchr(host.p, ':', host.n) || memchr(host.p, '%', host.n));
	if (is_known) {
		out_buf_str(out, has_brackets ? STR("[") : STR(""));
		out_buf_str(out, out_buf_view(&host));
		out_buf_printf(out, "%s:%" PRId64, has_brackets ? "]" : "", port);
	}
	out_buf_free(&host);
	return is_known;
}

bool net_addr_text(struct render *r, struct val v, struct out_buf *out)
{
	struct val target = v;
	struct str name, text;
	uint64_t len;
	if (v.s->kind == TYPE_PTR && !val_target(r, v, &target))
		return false;
	name = target.s->type->name;
	if (str_eq(name, STR("net.TCPAddr")) || str_eq(name, STR("net.UDPAddr")))
		return put_host_port(r, target, out);
	if (str_eq(name, STR("net.IPAddr")))
		return put_host(r, target, out);
	if (!str_eq(name, STR("net.UnixAddr")) ||
	    !val_text_field(r, target, STR("Name"), &text, &len))
		return false;
	out_buf_str(out, text);
	return text.len == len;
}
