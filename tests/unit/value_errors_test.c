// SPDX-License-Identifier: Apache-2.0
// How errors look.
#include <stdarg.h>

#include "value_look.h"

struct errors {
	struct type *text, *text_ptr, *path, *path_ptr, *errno_type, *own, *own_ptr;
};

static struct type *an_error(struct world *w, const char *name, ...)
{
	struct type *t = a_struct(w->arena, name);
	va_list ap;
	va_start(ap, name);
	for (const char *field; (field = va_arg(ap, const char *));)
		add_field(t, field, va_arg(ap, struct type *));
	va_end(ap);
	end_struct(t);
	return t;
}

static struct errors errors(struct world *w)
{
	struct errors e = { 0 };
	e.text = an_error(w, "errors.errorString", "s", w->t.string, NULL);
	e.path = an_error(w, "io/fs.PathError", "Op", w->t.string, "Path", w->t.string, "Err",
			  w->t.error, NULL);
	e.own = an_error(w, "main.MyErr", "Code", w->t.integer, NULL);
	e.errno_type = a_type(w->arena, TYPE_UINT, "syscall.Errno", 8, KIND_UINTPTR);
	e.text_ptr = a_ptr(w->arena, e.text);
	e.path_ptr = a_ptr(w->arena, e.path);
	e.own_ptr = a_ptr(w->arena, e.own);
	return e;
}

TEST(errors_text)
{
	WORLD(w);
	struct errors e = errors(w);
	LOOK_AT(w, w->t.error, e.text_ptr);
	ROOT(w, 0, 0);
	CHECK_LOOK(w, "nil");
	ROOT(w, e.text_ptr->go_rtype, 0x1000);
	CHECK_LOOK(w, "&errors.errorString{...}");
	AT(w, 0x1000, e.text, 0x2000, 6);
	CHECK_LOOK(w, "error \"...\"");
	put_text(w, 0x2000, "boom\n!");
	CHECK_LOOK(w, "error \"boom\\n!\"");
	CHECK_JSON(w, "{\"type\":\"*errors.errorString\",\"addr\":\"0x1000\",\"text\":\"boom\\n!\","
		      "\"fields\":{\"s\":\"boom\\n!\"}}");
	ROOT(w, e.text_ptr->go_rtype, 0x1000);
	AT(w, 0x1000, e.text, 0x2000, 60);
	put_text(w, 0x2000, "boom");
	CHECK_LOOK(w, "error \"boom...\"");
	CHECK_JSON(w, "{\"type\":\"*errors.errorString\",\"addr\":\"0x1000\",\"text\":\"boom...\","
		      "\"cut\":true,\"fields\":{\"s\":{\"type\":\"string\",\"len\":60,\"text\":"
		      "\"boom\",\"cut\":true}}}");
	put_unreadable(w, 0x2000, 0);
	ROOT(w, e.text_ptr->go_rtype, 0x1000);
	AT(w, 0x1000, e.text, 0x2000, 60);
	put_unreadable(w, 0x2000, 0);
	CHECK_LOOK(w, "error \"...\"");
}

static void put_path_error(struct world *w, struct errors *e, uint64_t type, uint64_t data)
{
	ROOT(w, e->path_ptr->go_rtype, 0x1000);
	AT(w, 0x1000, e->path, 0x2000, 4, 0x3000, 2, type, data);
	put_text(w, 0x2000, "open");
	put_text(w, 0x3000, "/x");
}

TEST(errors_inside_of_errors)
{
	WORLD(w);
	struct errors e = errors(w);
	LOOK_AT(w, w->t.error, e.path_ptr, e.text_ptr, e.errno_type, e.own_ptr);
	put_path_error(w, &e, e.errno_type->go_rtype, 0x4000);
	AT(w, 0x4000, e.errno_type, 2);
	CHECK_LOOK(w, "*fs.PathError \"open /x: no such file or directory\"");
	CHECK_JSON(w, "{\"type\":\"*fs.PathError\",\"addr\":\"0x1000\",\"text\":"
		      "\"open /x: no such file or directory\",\"fields\":{\"Op\":\"open\",\"Path\":"
		      "\"/x\",\"Err\":{\"type\":\"syscall.Errno\",\"errno\":2,\"text\":"
		      "\"no such file or directory\"}}}");
	put_path_error(w, &e, e.errno_type->go_rtype, 0x4000);
	CHECK_LOOK(w, "*fs.PathError \"open /x: ...\"");
	put_path_error(w, &e, 0, 0);
	CHECK_LOOK(w, "*fs.PathError \"open /x: nil\"");
	put_path_error(w, &e, e.text_ptr->go_rtype, 0x4000);
	AT(w, 0x4000, e.text, 0x3000, 2);
	CHECK_LOOK(w, "*fs.PathError \"open /x: /x\"");
	put_path_error(w, &e, e.own_ptr->go_rtype, 0x4000);
	AT(w, 0x4000, e.own, 5);
	CHECK_LOOK(w, "*fs.PathError \"open /x: &main.MyErr{Code: 5}\"");
	// An error that wraps itself.
	put_path_error(w, &e, e.path_ptr->go_rtype, 0x1000);
	struct str text = look_text(w, &(struct value_style) { 0 });
	CHECK(str_starts(text, STR("*fs.PathError \"open /x: open /x: ")));
	CHECK(str_ends(text, STR(": ...\"")));
}

TEST(errors_errno)
{
	WORLD(w);
	struct errors e = errors(w);
	LOOK_AT(w, w->t.error, e.errno_type);
	ROOT(w, e.errno_type->go_rtype, 0x1000);
	AT(w, 0x1000, e.errno_type, 111);
	CHECK_LOOK(w, "syscall.ECONNREFUSED \"connection refused\"");
	LOOK_AT(w, e.errno_type);
	ROOT(w, 116);
	CHECK_LOOK(w, "syscall.ESTALE \"stale file handle\"");
	ROOT(w, 0);
	CHECK_LOOK(w, "syscall.Errno(0)");
	ROOT(w, 133);
	CHECK_LOOK(w, "syscall.Errno(133)");
	ROOT(w, 73);
	CHECK_LOOK(w, "syscall.EDOTDOT \"RFS specific error\"");
}

TEST(errors_of_no_known_text)
{
	WORLD(w);
	struct errors e = errors(w);
	struct type *text = a_type(w->arena, TYPE_STRING, "main.StrErr", 16, KIND_STRING);
	LOOK_AT(w, w->t.error, e.own_ptr, text);
	ROOT(w, e.own_ptr->go_rtype, 0x1000);
	AT(w, 0x1000, e.own, 5);
	CHECK_LOOK(w, "&main.MyErr{Code: 5}");
	ROOT(w, text->go_rtype, 0x1000);
	AT(w, 0x1000, text, 0x2000, 1);
	put_text(w, 0x2000, "x");
	CHECK_LOOK(w, "main.StrErr(\"x\")");
}

// Fields that are all texts "x", but for an inner error "e".
static struct str one_error(struct world *w, struct errors *e, struct type *t)
{
	struct type *ptr = a_ptr(w->arena, t);
	uint64_t words[32] = { 0 };
	LOOK_AT(w, w->t.error, ptr, e->text_ptr);
	for (size_t i = 0; i < t->n_fields; i++) {
		struct type_field *f = &t->fields[i];
		bool is_text = f->type == w->t.string;
		words[f->off / 8] = is_text ? 0x3000 : e->text_ptr->go_rtype;
		words[f->off / 8 + 1] = is_text ? 1 : 0x2000;
	}
	ROOT(w, ptr->go_rtype, 0x1000);
	put(w, 0x1000, t, words, t->size);
	AT(w, 0x2000, e->text, 0x4000, 1);
	put_text(w, 0x3000, "x");
	put_text(w, 0x4000, "e");
	return look_text(w, &(struct value_style) { 0 });
}

TEST(errors_one_by_one)
{
	WORLD(w);
	struct errors e = errors(w);
	struct type *s = w->t.string, *err = w->t.error;
	CHECK_VIEW(one_error(w, &e, an_error(w, "fmt.wrapError", "msg", s, "err", err, NULL)),
		   "error \"x\"");
	CHECK_VIEW(one_error(w, &e,
			     an_error(w, "os.PathError", "Op", s, "Path", s, "Err", err, NULL)),
		   "*os.PathError \"x x: e\"");
	CHECK_VIEW(one_error(w, &e,
			     an_error(w, "os.LinkError", "Op", s, "Old", s, "New", s, "Err", err,
				      NULL)),
		   "*os.LinkError \"x x x: e\"");
	CHECK_VIEW(one_error(w, &e, an_error(w, "os.SyscallError", "Syscall", s, "Err", err, NULL)),
		   "*os.SyscallError \"x: e\"");
	CHECK_VIEW(one_error(w, &e, an_error(w, "os/exec.Error", "Name", s, "Err", err, NULL)),
		   "*exec.Error \"exec: \\\"x\\\": e\"");
	CHECK_VIEW(
		one_error(w, &e,
			  an_error(w, "strconv.NumError", "Func", s, "Num", s, "Err", err, NULL)),
		"*strconv.NumError \"strconv.x: parsing \\\"x\\\": e\"");
	CHECK_VIEW(one_error(w, &e,
			     an_error(w, "net/url.Error", "Op", s, "URL", s, "Err", err, NULL)),
		   "*url.Error \"x \\\"x\\\": e\"");
	CHECK_VIEW(one_error(w, &e,
			     an_error(w, "net.DNSError", "Err", s, "Name", s, "Server", s, NULL)),
		   "*net.DNSError \"lookup x on x: x\"");
	CHECK_VIEW(one_error(w, &e,
			     an_error(w, "net.OpError", "Op", s, "Net", s, "Err", err, NULL)),
		   "*net.OpError \"x x: e\"");
}

TEST(errors_joined)
{
	WORLD(w);
	struct errors e = errors(w);
	struct type *join =
		an_error(w, "errors.joinError", "errs", a_slice(w->arena, w->t.error), NULL);
	struct type *ptr = a_ptr(w->arena, join);
	LOOK_AT(w, w->t.error, ptr, e.text_ptr);
	ROOT(w, ptr->go_rtype, 0x1000);
	AT(w, 0x1000, join, 0x2000, 3, 3);
	AT(w, 0x2000, w->t.error, e.text_ptr->go_rtype, 0x3000, e.text_ptr->go_rtype, 0x3000);
	AT(w, 0x3000, e.text, 0x4000, 1);
	put_text(w, 0x4000, "x");
	CHECK_LOOK(w, "error \"x\\nx\\n...\"");
}

TEST(errors_of_connections)
{
	WORLD(w);
	struct errors e = errors(w);
	struct type *ip = a_name(w->arena, "net.IP", a_slice(w->arena, w->t.uint8));
	struct type *tcp = an_error(w, "net.TCPAddr", "IP", ip, "Port", w->t.integer, "Zone",
				    w->t.string, NULL);
	struct type *tcp_ptr = a_ptr(w->arena, tcp);
	struct type *op = an_error(w, "net.OpError", "Op", w->t.string, "Net", w->t.string,
				   "Source", w->t.any, "Addr", w->t.any, "Err", w->t.error, NULL);
	struct type *ptr = a_ptr(w->arena, op);
	LOOK_AT(w, w->t.error, ptr, e.text_ptr, tcp_ptr);
	ROOT(w, ptr->go_rtype, 0x1000);
	AT(w, 0x1000, op, 0x5000, 4, 0x5100, 3, tcp_ptr->go_rtype, 0x2000, tcp_ptr->go_rtype,
	   0x2100, e.text_ptr->go_rtype, 0x3000);
	AT(w, 0x2000, tcp, 0x2200, 4, 4, 80, 0, 0);
	AT(w, 0x2100, tcp, 0x2300, 16, 16, 443, 0x5300, 1);
	put_number(w, 0x2200, 0, "\1\2\3\4", 4);
	put_number(w, 0x2300, 0, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	AT(w, 0x3000, e.text, 0x5200, 1);
	put_text(w, 0x5000, "read");
	put_text(w, 0x5100, "tcp");
	put_text(w, 0x5200, "e");
	put_text(w, 0x5300, "z");
	CHECK_LOOK(w, "*net.OpError \"read tcp 1.2.3.4:80->[fe80::1%z]:443: e\"");
}
