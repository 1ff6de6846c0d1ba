// SPDX-License-Identifier: Apache-2.0
// What Error() returns for the errors of Go's own packages.
#include <inttypes.h>

#include "value/render.h"

#define JOINED_MAX 64

// Adds the text in a field; false if some of it is missing.
static bool put_field(struct render *r, struct val v, struct str name, struct out_buf *out)
{
	struct str have;
	uint64_t len;
	if (!val_text_field(r, v, name, &have, &len))
		return false;
	out_buf_str(out, have);
	return have.len == len;
}

static bool put_quoted(struct render *r, struct val v, struct str name, struct out_buf *out)
{
	struct str have;
	uint64_t len;
	if (!val_text_field(r, v, name, &have, &len))
		return false;
	out_go_quote(have, out);
	return have.len == len;
}

static bool is_empty(struct render *r, struct val v, struct str name)
{
	struct val field;
	return !val_field(r, v, name, &field) || value_is_zero(r, field);
}

// --- errors inside of errors ---

// Errors that say one thing only, whatever their fields are.
static const struct {
	struct str type, text;
} constants[] = {
	{ { "context.deadlineExceededError", 29 }, { "context deadline exceeded", 25 } },
	{ { "internal/poll.DeadlineExceededError", 35 }, { "i/o timeout", 11 } },
	{ { "internal/poll.TimeoutError", 26 }, { "i/o timeout", 11 } },
	{ { "internal/poll.errNetClosing", 27 }, { "use of closed network connection", 32 } },
	{ { "net.timeoutError", 16 }, { "i/o timeout", 11 } },
	{ { "net.canceledError", 17 }, { "operation was canceled", 22 } },
};

static struct str constant_text(const struct shape *s)
{
	for (size_t i = 0; i < ARRAY_LEN(constants); i++)
		if (str_eq(s->type->name, constants[i].type))
			return constants[i].text;
	return STR("");
}

// The text of what an interface holds.
static bool put_inside(struct render *r, struct val inside, struct val iface, struct out_buf *out)
{
	struct val target = inside;
	bool is_ptr = inside.s->kind == TYPE_PTR;
	struct shape *type = is_ptr ? shape_elem(r, inside.s) : inside.s;
	struct str text =
		type && !(is_ptr && !word_at(inside.v, 0)) ? constant_text(type) : STR("");
	const struct special *special = type ? type->special : NULL;
	if (text.len) {
		out_buf_str(out, text);
		return true;
	}
	// syscall.Errno is an error itself, of the others pointers are.
	if (special && special->error && (special->show != NULL) != is_ptr &&
	    (!is_ptr || val_target(r, inside, &target)))
		return special->error(r, target, out);
	render_to_text(r, iface, WHERE_TYPED, out);
	return true;
}

static bool put_error(struct render *r, struct val iface, struct out_buf *out)
{
	struct val inside;
	if (iface.s->kind != TYPE_IFACE || !is_whole(iface.v, iface.s->size) ||
	    r->depth >= OUT_DEPTH_MAX || !render_step(r, 1))
		return false;
	if (word_at(iface.v, 0) == 0) {
		out_buf_str(out, STR("nil"));
		return true;
	}
	if (!val_inside(r, iface, &inside))
		return false;
	r->depth++;
	bool is_complete = put_inside(r, inside, iface, out);
	r->depth--;
	return is_complete;
}

static bool put_error_field(struct render *r, struct val v, struct str name, struct out_buf *out)
{
	struct val field;
	return val_field(r, v, name, &field) && put_error(r, field, out);
}

static bool put(struct str s, struct out_buf *out)
{
	out_buf_str(out, s);
	return true;
}

// --- one by one ---

bool error_string(struct render *r, struct val v, struct out_buf *out)
{
	return put_field(r, v, STR("s"), out);
}

bool error_wrap(struct render *r, struct val v, struct out_buf *out)
{
	return put_field(r, v, STR("msg"), out);
}

bool error_join(struct render *r, struct val v, struct out_buf *out)
{
	struct val errs, items;
	uint64_t n;
	if (!val_field(r, v, STR("errs"), &errs) || !val_slice(r, errs, &items, &n))
		return false;
	for (uint64_t i = 0; i < n; i++) {
		struct val one = { items.s, bytes_at(items.v, i * items.s->size, items.s->size),
				   0 };
		if (i)
			put(STR("\n"), out);
		if (i >= JOINED_MAX || !put_error(r, one, out))
			return false;
	}
	return true;
}

bool error_path(struct render *r, struct val v, struct out_buf *out)
{
	return put_field(r, v, STR("Op"), out) && put(STR(" "), out) &&
	       put_field(r, v, STR("Path"), out) && put(STR(": "), out) &&
	       put_error_field(r, v, STR("Err"), out);
}

bool error_link(struct render *r, struct val v, struct out_buf *out)
{
	return put_field(r, v, STR("Op"), out) && put(STR(" "), out) &&
	       put_field(r, v, STR("Old"), out) && put(STR(" "), out) &&
	       put_field(r, v, STR("New"), out) && put(STR(": "), out) &&
	       put_error_field(r, v, STR("Err"), out);
}

bool error_syscall(struct render *r, struct val v, struct out_buf *out)
{
	return put_field(r, v, STR("Syscall"), out) && put(STR(": "), out) &&
	       put_error_field(r, v, STR("Err"), out);
}

bool error_num(struct render *r, struct val v, struct out_buf *out)
{
	return put(STR("strconv."), out) && put_field(r, v, STR("Func"), out) &&
	       put(STR(": parsing "), out) && put_quoted(r, v, STR("Num"), out) &&
	       put(STR(": "), out) && put_error_field(r, v, STR("Err"), out);
}

bool error_exec(struct render *r, struct val v, struct out_buf *out)
{
	return put(STR("exec: "), out) && put_quoted(r, v, STR("Name"), out) &&
	       put(STR(": "), out) && put_error_field(r, v, STR("Err"), out);
}

bool error_url(struct render *r, struct val v, struct out_buf *out)
{
	return put_field(r, v, STR("Op"), out) && put(STR(" "), out) &&
	       put_quoted(r, v, STR("URL"), out) && put(STR(": "), out) &&
	       put_error_field(r, v, STR("Err"), out);
}

bool error_dns(struct render *r, struct val v, struct out_buf *out)
{
	if (!put(STR("lookup "), out) || !put_field(r, v, STR("Name"), out))
		return false;
	if (!is_empty(r, v, STR("Server")) &&
	    (!put(STR(" on "), out) || !put_field(r, v, STR("Server"), out)))
		return false;
	return put(STR(": "), out) && put_field(r, v, STR("Err"), out);
}

static bool put_addr(struct render *r, struct val v, struct str name, struct out_buf *out)
{
	struct val field, inside;
	return val_field(r, v, name, &field) && val_inside(r, field, &inside) &&
	       net_addr_text(r, inside, out);
}

bool error_op(struct render *r, struct val v, struct out_buf *out)
{
	bool has_source = !is_empty(r, v, STR("Source"));
	if (!put_field(r, v, STR("Op"), out))
		return false;
	if (!is_empty(r, v, STR("Net")) &&
	    (!put(STR(" "), out) || !put_field(r, v, STR("Net"), out)))
		return false;
	if (has_source && (!put(STR(" "), out) || !put_addr(r, v, STR("Source"), out)))
		return false;
	if (!is_empty(r, v, STR("Addr")) &&
	    (!put(has_source ? STR("->") : STR(" "), out) || !put_addr(r, v, STR("Addr"), out)))
		return false;
	return put(STR(": "), out) && put_error_field(r, v, STR("Err"), out);
}

// --- system calls ---

// "go1.24.4": 24; 0 if it is not known.
static unsigned go_minor(struct render *r)
{
	struct target *t = book_target(r->book);
	struct str version = t ? target_go_version(t) : STR("");
	struct str rest = str_from_off(version, str_starts(version, STR("go1.")) ? 4 : version.len);
	unsigned minor = 0;
	for (size_t i = 0; i < rest.len && i < 4 && rest.p[i] >= '0' && rest.p[i] <= '9'; i++)
		minor = minor * 10 + (unsigned)(rest.p[i] - '0');
	return minor;
}

static bool find_errno(struct render *r, uint64_t n, struct str *name, struct str *text)
{
	unsigned minor = go_minor(r);
	return errno_text(n, minor && minor < 25, name, text);
}

bool error_errno(struct render *r, struct val v, struct out_buf *out)
{
	struct str name, text;
	uint64_t n = uint_at(v.v, 0, v.s->size);
	if (find_errno(r, n, &name, &text))
		out_buf_str(out, text);
	else
		out_buf_printf(out, "errno %" PRIu64, n);
	return true;
}

bool error_deadline(struct render *r, struct val v, struct out_buf *out)
{
	(void)r, (void)v;
	out_buf_str(out, STR("context deadline exceeded"));
	return true;
}

bool show_deadline(struct render *r, struct val v, enum where w)
{
	const struct special_text t = { .form = TEXT_ERROR,
					.label = STR("error"),
					.text = STR("context deadline exceeded") };
	r->sink->text(r, v.s, &t, w);
	return true;
}

bool show_errno(struct render *r, struct val v, enum where w)
{
	struct str name = STR(""), text = STR("");
	struct out_buf out = { 0 };
	uint64_t n = uint_at(v.v, 0, v.s->size);
	struct special_text t = { .form = TEXT_CALL, .number = "errno", .n = (int64_t)n };
	if (v.s->kind != TYPE_UINT)
		return false;
	if (find_errno(r, n, &name, &text)) {
		out_buf_printf(&out, "syscall.%.*s", STR_ARG(name));
		t.form = TEXT_ERROR;
		t.label = out_buf_view(&out);
		t.text = text;
	} else {
		out_buf_printf(&out, "%" PRIu64, n);
		t.text = out_buf_view(&out);
	}
	r->sink->text(r, v.s, &t, w);
	out_buf_free(&out);
	return true;
}
