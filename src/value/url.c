// SPDX-License-Identifier: Apache-2.0
// net/url.URL, as its Redacted() returns it.
#include "value/render.h"

// Which parts of a URL a character may stand in as it is, by letters: h host, p path, u user,
// f fragment.
enum part { PART_HOST = 'h', PART_PATH = 'p', PART_USER = 'u', PART_FRAGMENT = 'f' };

static bool is_in(const char *set, unsigned char c)
{
	return c && strchr(set, c) != NULL;
}

static bool is_escaped(unsigned char c, enum part part)
{
	bool is_letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	if (is_letter || is_in("-_.~", c))
		return false;
	switch (part) {
	case PART_HOST:
		return !is_in("!$&'()*+,;=:[]<>\"", c);
	case PART_PATH:
		return !is_in("$&+,/:;=@", c);
	case PART_USER:
		return !is_in("$&+,;=", c);
	case PART_FRAGMENT:
		return !is_in("$&+,/:;=?@!()*", c);
	}
	return true;
}

static void put_escaped(struct str s, enum part part, struct out_buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (is_escaped(c, part))
			out_buf_printf(out, "%%%02X", c);
		else
			out_buf_fill(out, (char)c, 1);
	}
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Whether raw is a way to write plain in that part.
static bool is_spelling_of(struct str raw, struct str plain, enum part part)
{
	size_t at = 0;
	for (size_t i = 0; i < raw.len; i++, at++) {
		unsigned char c = (unsigned char)raw.p[i];
		if (c == '%') {
			int high = i + 2 < raw.len ? digit_of(raw.p[i + 1]) : -1;
			int low = high < 0 ? -1 : digit_of(raw.p[i + 2]);
			if (low < 0)
				return false;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		} else if (is_escaped(c, part) && !is_in("!$&'()*+,;=:@[]", c)) {
			return false;
		}
		if (at >= plain.len || (unsigned char)plain.p[at] != c)
			return false;
	}
	return at == plain.len;
}

struct url {
	struct render *r;
	struct val v;
	struct out_buf out;
	bool is_cut;
	struct str scheme, opaque, host, path, raw_path, query, fragment, raw_fragment, user;
	bool has_user, has_password, omits_host, forces_query;
	bool is_user_missing; // nobody knows who it is
};

// A text that is not there as a whole ends the URL where it would stand.
static bool read_text(struct url *u, struct val v, struct str name, struct str *out)
{
	uint64_t len;
	*out = STR("");
	if (!val_text_field(u->r, v, name, out, &len))
		return false;
	if (out->len < len)
		u->is_cut = true;
	return true;
}

static bool read_flag(struct url *u, struct val v, struct str name)
{
	uint64_t n;
	return val_uint(u->r, v, name, &n) && n;
}

static bool read_url(struct url *u)
{
	struct val user, info;
	if (!read_text(u, u->v, STR("Scheme"), &u->scheme) ||
	    !read_text(u, u->v, STR("Opaque"), &u->opaque) ||
	    !read_text(u, u->v, STR("Host"), &u->host) ||
	    !read_text(u, u->v, STR("Path"), &u->path) ||
	    !read_text(u, u->v, STR("RawPath"), &u->raw_path) ||
	    !read_text(u, u->v, STR("RawQuery"), &u->query) ||
	    !read_text(u, u->v, STR("Fragment"), &u->fragment) ||
	    !read_text(u, u->v, STR("RawFragment"), &u->raw_fragment) ||
	    !val_field(u->r, u->v, STR("User"), &user))
		return false;
	u->omits_host = read_flag(u, u->v, STR("OmitHost"));
	u->forces_query = read_flag(u, u->v, STR("ForceQuery"));
	u->has_user = word_at(user.v, 0) != 0;
	if (!u->has_user)
		return true;
	if (!val_target(u->r, user, &info)) {
		u->is_user_missing = true;
		u->user = val_is_unreadable(u->r, user) ? STR("<unreadable>") : STR("...");
		return true;
	}
	u->has_password = read_flag(u, info, STR("passwordSet"));
	return read_text(u, info, STR("username"), &u->user);
}

static void put_spelling(struct url *u, struct str raw, struct str plain, enum part part)
{
	if (raw.len && is_spelling_of(raw, plain, part))
		out_buf_str(&u->out, raw);
	else if (part == PART_PATH && str_eq(plain, STR("*")))
		out_buf_str(&u->out, plain);
	else
		put_escaped(plain, part, &u->out);
}

static void put_authority(struct url *u)
{
	bool is_empty = !u->host.len && !u->has_user;
	if (!u->scheme.len && is_empty)
		return;
	if (u->omits_host && is_empty)
		return;
	if (u->host.len || u->path.len || u->has_user)
		out_buf_str(&u->out, STR("//"));
	if (u->has_user) {
		if (u->is_user_missing)
			out_buf_str(&u->out, u->user);
		else
			put_escaped(u->user, PART_USER, &u->out);
		out_buf_str(&u->out, u->has_password ? STR(":xxxxx@") : STR("@"));
	}
	put_escaped(u->host, PART_HOST, &u->out);
}

// "a:b" in front of the first slash would be taken for a scheme.
static bool looks_like_scheme(struct str path)
{
	const char *colon = path.len ? memchr(path.p, ':', path.len) : NULL;
	return colon && !memchr(path.p, '/', (size_t)(colon - path.p));
}

static void put_path(struct url *u)
{
	size_t start = u->out.n;
	put_spelling(u, u->raw_path, u->path, PART_PATH);
	struct out_buf path = { 0 };
	out_buf_str(&path, str_from_off(out_buf_view(&u->out), start));
	u->out.n = start;
	struct str text = out_buf_view(&path);
	if (u->omits_host && !u->host.len && !u->has_user && str_starts(text, STR("//"))) {
		out_buf_str(&u->out, STR("%2F"));
		text = str_from_off(text, 1);
	}
	if (text.len && text.p[0] != '/' && u->host.len)
		out_buf_str(&u->out, STR("/"));
	if (u->out.n == 0 && looks_like_scheme(text))
		out_buf_str(&u->out, STR("./"));
	out_buf_str(&u->out, text);
	out_buf_free(&path);
}

static void put_url(struct url *u)
{
	if (u->scheme.len) {
		out_buf_str(&u->out, u->scheme);
		out_buf_str(&u->out, STR(":"));
	}
	if (u->opaque.len) {
		out_buf_str(&u->out, u->opaque);
	} else {
		put_authority(u);
		put_path(u);
	}
	if (u->forces_query || u->query.len) {
		out_buf_str(&u->out, STR("?"));
		out_buf_str(&u->out, u->query);
	}
	if (u->fragment.len) {
		out_buf_str(&u->out, STR("#"));
		put_spelling(u, u->raw_fragment, u->fragment, PART_FRAGMENT);
	}
}

bool show_url(struct render *r, struct val v, enum where w)
{
	struct url u = { .r = r, .v = v };
	if (!is_whole(v.v, v.s->size) || !read_url(&u))
		return false;
	put_url(&u);
	r->sink->text(r, v.s,
		      &(struct special_text) {
			      .form = TEXT_QUOTED,
			      .text = out_buf_view(&u.out),
			      .is_cut = u.is_cut,
		      },
		      w);
	out_buf_free(&u.out);
	return true;
}
